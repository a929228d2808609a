//! Which appliance certificates are trusted.
//!
//! A [`CertificateVerifier`] implements the kinds of [`Trust`] for rustls. It stores what it
//! rejected, because the error that the HTTP library returns has lost the fingerprint.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_cert_signed_by_trust_anchor};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use secrecy::zeroize::Zeroizing;

/// SHA-256 of the DER form of a certificate.
///
/// Displayed as `SHA256:AB:CD:…`; parsed in any letter case, with or without colons and prefix.
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

    /// The fingerprint of a certificate in PEM; none when it is no such.
    pub fn of_pem(pem: &str) -> Option<Fingerprint> {
        CertificateDer::from_pem_slice(pem.as_bytes()).ok().map(|der| Fingerprint::of(&der))
    }
}

/// A certificate and its key, by which a client proves who it is.
pub struct Identity {
    /// The certificate.
    pub certificate: CertificateDer<'static>,
    /// Its private key.
    pub key: PrivateKeyDer<'static>,
}

impl Identity {
    /// That of two files in PEM. The key is one of RSA or of an elliptic curve, in PKCS#1, PKCS#8 or SEC 1.
    ///
    /// # Errors
    /// A file cannot be read, or is not what it should be; the message names it.
    pub fn read(certificate: &Path, key: &Path) -> io::Result<Identity> {
        let read = |path: &Path| {
            std::fs::read(path).map_err(|error| at(path, error.kind(), &error)).map(Zeroizing::new)
        };
        let shown = CertificateDer::from_pem_slice(&read(certificate)?)
            .map_err(|error| at(certificate, io::ErrorKind::InvalidData, &error))?;
        let pem = read(key)?;
        let encrypted = |word: &[u8]| pem.windows(word.len()).any(|part| part == word);
        if [&b"ENCRYPTED PRIVATE KEY"[..], b"Proc-Type: 4,ENCRYPTED"].into_iter().any(encrypted) {
            let reason = "the key is encrypted: a link takes one without a passphrase";
            return Err(at(key, io::ErrorKind::InvalidData, &reason));
        }
        let key = PrivateKeyDer::from_pem_slice(&pem)
            .map_err(|_| at(key, io::ErrorKind::InvalidData, &"it holds no private key in PEM"))?;
        Ok(Identity { certificate: shown, key })
    }
}

fn at(path: &Path, kind: io::ErrorKind, reason: &dyn fmt::Display) -> io::Error {
    io::Error::new(kind, format!("{}: {reason}", path.display()))
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

/// Which certificate of an appliance is accepted.
#[derive(Clone, Debug)]
pub enum Trust {
    /// Exactly this one; its host name and dates are not checked.
    Pinned(Fingerprint),
    /// One that a CA of this PEM file has signed, for the right host name.
    Authority(PathBuf),
    /// One that stands in this PEM file, or that an authority in it has signed. As clients of NTLS do, it
    /// asks for no host name.
    Listed(PathBuf),
    /// None: connecting fails with [`crate::Error::Unknown`], which has the fingerprint.
    FirstContact,
}

/// Why a certificate was rejected.
#[derive(Clone, Debug)]
pub(crate) enum Rejection {
    /// It is not known.
    Unknown(Fingerprint),
    /// Another one is pinned.
    Changed { trusted: Fingerprint, seen: Fingerprint },
    /// It is not accepted by the CAs of the file, for this reason.
    Authority(String),
}

/// The certificate check of a client.
#[derive(Debug)]
pub(crate) struct CertificateVerifier {
    policy: Policy,
    provider: Arc<CryptoProvider>,
    rejection: Mutex<Option<Rejection>>,
}

#[derive(Debug)]
enum Policy {
    Pinned(Fingerprint),
    Authority(Arc<WebPkiServerVerifier>),
    Listed { known: Vec<Fingerprint>, authorities: Arc<RootCertStore> },
    FirstContact,
}

impl CertificateVerifier {
    /// A verifier for `trust`; the error says what is wrong with the CA file.
    pub(crate) fn new(
        trust: &Trust,
        provider: Arc<CryptoProvider>,
    ) -> Result<CertificateVerifier, String> {
        let policy = match trust {
            Trust::Pinned(fingerprint) => Policy::Pinned(*fingerprint),
            Trust::FirstContact => Policy::FirstContact,
            Trust::Listed(file) => {
                listed(file).map_err(|reason| format!("{}: {reason}", file.display()))?
            }
            Trust::Authority(file) => Policy::Authority(
                authority(file, &provider)
                    .map_err(|reason| format!("CA file {}: {reason}", file.display()))?,
            ),
        };
        Ok(CertificateVerifier { policy, provider, rejection: Mutex::new(None) })
    }

    /// Takes the last rejection, after a connection has failed.
    pub(crate) fn take_rejection(&self) -> Option<Rejection> {
        self.rejection.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn reject(&self, rejection: Rejection) -> rustls::Error {
        *self.rejection.lock().unwrap_or_else(PoisonError::into_inner) = Some(rejection);
        rustls::Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure)
    }
}

fn listed(file: &Path) -> Result<Policy, String> {
    let (mut known, mut authorities) = (Vec::new(), RootCertStore::empty());
    for certificate in CertificateDer::pem_file_iter(file).map_err(|error| error.to_string())? {
        let certificate = certificate.map_err(|error| error.to_string())?;
        known.push(Fingerprint::of(&certificate));
        // One that can be no authority is known by itself alone.
        let _ = authorities.add(certificate);
    }
    match known.is_empty() {
        true => Err("no certificate in it".to_owned()),
        false => Ok(Policy::Listed { known, authorities: Arc::new(authorities) }),
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

impl ServerCertVerifier for CertificateVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let seen = Fingerprint::of(end_entity);
        match &self.policy {
            Policy::Pinned(trusted) if *trusted == seen => Ok(ServerCertVerified::assertion()),
            Policy::Pinned(trusted) => {
                Err(self.reject(Rejection::Changed { trusted: *trusted, seen }))
            }
            Policy::Listed { known, .. } if known.contains(&seen) => {
                Ok(ServerCertVerified::assertion())
            }
            Policy::Listed { authorities, .. } => ParsedCertificate::try_from(end_entity)
                .and_then(|parsed| {
                    let algorithms = self.provider.signature_verification_algorithms.all;
                    verify_server_cert_signed_by_trust_anchor(
                        &parsed,
                        authorities,
                        intermediates,
                        now,
                        algorithms,
                    )
                })
                .map(|()| ServerCertVerified::assertion())
                .map_err(|_| self.reject(Rejection::Unknown(seen))),
            Policy::FirstContact => Err(self.reject(Rejection::Unknown(seen))),
            Policy::Authority(verifier) => verifier
                .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
                .map_err(|error| {
                    self.reject(Rejection::Authority(format!(
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
    fn text_that_is_no_fingerprint_is_rejected() {
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
        fn a_fingerprint_is_parsed_in_every_form(bytes: [u8; 32], lower: bool, colons: bool, prefix: bool) {
            let fingerprint = Fingerprint(bytes);
            let mut text = fingerprint.to_string();
            if !prefix { text = text["SHA256:".len()..].to_owned(); }
            if !colons { text = text.replace(':', "").replace("SHA256", "SHA256:"); }
            if lower { text = text.to_lowercase(); }
            prop_assert_eq!(text.parse(), Ok(fingerprint));
        }

        #[test]
        fn parsing_never_panics(text: String) {
            let _ = text.parse::<Fingerprint>();
        }
    }
}
