//! Which appliance certificates are believed.
//!
//! A [`Judge`] stands inside the TLS handshake and answers for one of three kinds of [`Trust`].
//! What it refused is kept beside it, because the error that comes back through the HTTP library
//! has lost the fingerprint.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::{CertificateError, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

/// SHA-256 of a certificate's DER form.
///
/// Written as `SHA256:AB:CD:…`; read in any letter case, with or without the colons and the prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// The fingerprint of a certificate in DER form.
    pub fn of(der: &[u8]) -> Fingerprint {
        let digest = ring::digest::digest(&ring::digest::SHA256, der);
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest.as_ref());
        Fingerprint(bytes)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SHA256")?;
        self.0.iter().try_for_each(|byte| write!(f, ":{byte:02X}"))
    }
}

impl FromStr for Fingerprint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is not a SHA-256 fingerprint: expected SHA256: and 64 hexadecimal digits"
            )
        };
        let text = text.trim();
        let hex = match text.get(..7) {
            Some(prefix)
                if prefix.eq_ignore_ascii_case("SHA256:")
                    || prefix.eq_ignore_ascii_case("SHA256=") =>
            {
                &text[7..]
            }
            _ => text,
        };
        let mut digits = hex.chars().filter(|c| *c != ':').map(|c| c.to_digit(16));
        let mut bytes = [0; 32];
        for byte in &mut bytes {
            let (Some(Some(high)), Some(Some(low))) = (digits.next(), digits.next()) else {
                return Err(wrong());
            };
            *byte = u8::try_from(high << 4 | low).map_err(|_| wrong())?;
        }
        if digits.next().is_some() { Err(wrong()) } else { Ok(Fingerprint(bytes)) }
    }
}

/// How an appliance's certificate is judged.
#[derive(Clone, Debug)]
pub enum Trust {
    /// Exactly this certificate; its host name and dates are not looked at.
    Pinned(Fingerprint),
    /// Whatever a CA in this PEM file vouches for, host name included.
    Authority(PathBuf),
    /// Nothing yet: connecting reports the fingerprint as [`crate::Error::Unknown`].
    FirstContact,
}

/// Why a certificate was not accepted.
#[derive(Clone, Debug)]
pub(crate) enum Refusal {
    /// Nobody has agreed to it yet.
    Unknown(Fingerprint),
    /// Another one is pinned.
    Changed { trusted: Fingerprint, seen: Fingerprint },
    /// No CA of the file vouches for it; the reason in words.
    Authority(String),
}

/// The certificate check of one client.
#[derive(Debug)]
pub(crate) struct Judge {
    rule: Rule,
    provider: Arc<CryptoProvider>,
    refusal: Mutex<Option<Refusal>>,
}

#[derive(Debug)]
enum Rule {
    Pinned(Fingerprint),
    Authority(Arc<WebPkiServerVerifier>),
    FirstContact,
}

impl Judge {
    /// Prepares the check; the error says what is wrong with the CA file.
    pub(crate) fn new(trust: &Trust, provider: Arc<CryptoProvider>) -> Result<Judge, String> {
        let rule = match trust {
            Trust::Pinned(fingerprint) => Rule::Pinned(*fingerprint),
            Trust::FirstContact => Rule::FirstContact,
            Trust::Authority(file) => Rule::Authority(
                authority(file, &provider)
                    .map_err(|reason| format!("CA file {}: {reason}", file.display()))?,
            ),
        };
        Ok(Judge { rule, provider, refusal: Mutex::new(None) })
    }

    /// What was refused last; asked once after a failed connection.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        self.refusal.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn refuse(&self, refusal: Refusal) -> rustls::Error {
        *self.refusal.lock().unwrap_or_else(PoisonError::into_inner) = Some(refusal);
        rustls::Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure)
    }
}

fn authority(
    file: &Path,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, String> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|error| error.to_string())? {
        let certificate = certificate.map_err(|error| error.to_string())?;
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    if roots.is_empty() {
        return Err("no certificate in it".to_owned());
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .map_err(|error| error.to_string())
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let seen = Fingerprint::of(end_entity);
        match &self.rule {
            Rule::Pinned(trusted) if *trusted == seen => Ok(ServerCertVerified::assertion()),
            Rule::Pinned(trusted) => Err(self.refuse(Refusal::Changed { trusted: *trusted, seen })),
            Rule::FirstContact => Err(self.refuse(Refusal::Unknown(seen))),
            Rule::Authority(verifier) => verifier
                .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
                .map_err(|error| {
                    self.refuse(Refusal::Authority(format!(
                        "its certificate {seen} is not accepted: {error}"
                    )))
                }),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_fingerprint_is_the_sha256_of_the_der_form() {
        let fingerprint = Fingerprint::of(b"abc");
        assert_eq!(
            fingerprint.to_string(),
            "SHA256:BA:78:16:BF:8F:01:CF:EA:41:41:40:DE:5D:AE:22:23:B0:03:61:A3:96:17:7A:9C:B4:10:FF:61:F2:00:15:AD"
        );
    }

    #[test]
    fn what_is_not_a_fingerprint_is_refused() {
        let good = Fingerprint([0xAB; 32]).to_string();
        for wrong in [
            "",
            "SHA256:",
            "MD5:AB",
            &good[..good.len() - 1],
            &format!("{good}:AB"),
            &good.replace('A', "G"),
            "SHA256:é",
        ] {
            assert!(wrong.parse::<Fingerprint>().is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn a_fingerprint_is_read_back_in_every_form(bytes: [u8; 32], lower: bool, colons: bool, prefix: bool) {
            let fingerprint = Fingerprint(bytes);
            let mut text = fingerprint.to_string();
            if !prefix { text = text["SHA256:".len()..].to_owned(); }
            if !colons { text = text.replace(':', "").replace("SHA256", "SHA256:"); }
            if lower { text = text.to_lowercase(); }
            prop_assert_eq!(text.parse(), Ok(fingerprint));
        }

        #[test]
        fn reading_never_panics(text: String) {
            let _ = text.parse::<Fingerprint>();
        }
    }
}
