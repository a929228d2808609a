//! Reading a certificate that somebody gave: what it is, or why it is none.

use luna_rest::ntls::{EXPIRED_CERTIFICATE, INVALID_CERTIFICATE};
use ring::digest::{SHA256, digest};
use time::OffsetDateTime;
use x509_parser::certificate::X509Certificate;
use x509_parser::pem::Pem;
use x509_parser::prelude::FromDer;

use crate::core::checks::{COMMON_NAME, is_common_name};
use crate::core::message::Failure;
use crate::core::text::{pem_text, time_text};

/// A certificate that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Certificate {
    /// PEM, this certificate alone.
    pub(crate) pem: String,
    /// The subject, such as `CN=app1, O=Example`.
    pub(crate) subject: String,
    /// The issuer.
    pub(crate) issuer: String,
    /// Serial number, upper-case pairs joined by colons.
    pub(crate) serial: String,
    /// The public key in its DER form, SubjectPublicKeyInfo.
    pub(crate) public_key: Vec<u8>,
    /// The first common name of the subject.
    pub(crate) common_name: Option<String>,
    /// Whether it may sign others: the basic constraints say so.
    pub(crate) is_authority: bool,
    /// SHA-256 of the DER form, upper-case pairs joined by colons.
    pub(crate) fingerprint: String,
    /// First moment of validity.
    pub(crate) not_before: OffsetDateTime,
    /// Last moment of validity.
    pub(crate) not_after: OffsetDateTime,
}

impl Certificate {
    /// Reads PEM; of several certificates the first is taken, the client's own in every chain.
    ///
    /// # Errors
    /// `NTLS_INVALID_CERTIFICATE` with what was found instead.
    pub(crate) fn read(bytes: &[u8]) -> Result<Certificate, Failure> {
        let mut labels = Vec::new();
        for block in Pem::iter_from_buffer(bytes) {
            let block = block.map_err(|error| {
                // A key is named as one even when its end was lost.
                let head = b"PRIVATE KEY-----";
                let is_key = bytes.windows(head.len()).any(|window| window == head);
                let damaged = || format!("The PEM is damaged ({error}).");
                invalid(if is_key { PRIVATE_KEY.to_owned() } else { damaged() })
            })?;
            match block.label.as_str() {
                "CERTIFICATE" | "X509 CERTIFICATE" => {
                    return Certificate::from_der(&block.contents);
                }
                _ => labels.push(block.label),
            }
        }
        Err(invalid(match labels.first().map(String::as_str) {
            Some(label) if label.ends_with("PRIVATE KEY") => PRIVATE_KEY.to_owned(),
            Some(label) if label.ends_with("CERTIFICATE REQUEST") => {
                "This is a certificate request. Let a certificate authority sign it, and give what \
                 it answers with."
                    .to_owned()
            }
            Some(label) => format!("This is a {label}, not a CERTIFICATE."),
            None => not_pem(bytes),
        }))
    }

    fn from_der(der: &[u8]) -> Result<Certificate, Failure> {
        let (rest, parsed) = X509Certificate::from_der(der)
            .map_err(|error| invalid(format!("The certificate cannot be read ({error}).")))?;
        if !rest.is_empty() {
            return Err(invalid(format!("{} bytes follow the certificate.", rest.len())));
        }
        let common_name = parsed.subject().iter_common_name().next();
        let common_name = common_name.and_then(|name| name.as_str().ok()).map(ToOwned::to_owned);
        if let Some(name) = &common_name
            && !is_common_name(name)
        {
            return Err(invalid(format!("The common name has 1 to 64 {COMMON_NAME}")));
        }
        Ok(Certificate {
            pem: pem_text("CERTIFICATE", der),
            subject: parsed.subject().to_string(),
            issuer: parsed.issuer().to_string(),
            serial: pairs(parsed.raw_serial()),
            public_key: parsed.public_key().raw.to_vec(),
            common_name,
            is_authority: parsed.is_ca(),
            fingerprint: fingerprint(der),
            not_before: parsed.validity().not_before.to_datetime(),
            not_after: parsed.validity().not_after.to_datetime(),
        })
    }

    /// Whether the key of another certificate, PEM, has signed it.
    pub(crate) fn is_signed_by(&self, other: &str) -> bool {
        let read = |pem: &str| Pem::iter_from_buffer(pem.as_bytes()).next()?.ok();
        let (Some(own), Some(other)) = (read(&self.pem), read(other)) else { return false };
        let (Ok(own), Ok(other)) = (own.parse_x509(), other.parse_x509()) else { return false };
        own.issuer() == other.subject() && own.verify_signature(Some(other.public_key())).is_ok()
    }

    /// Reads a certificate that must be valid at `now`. One that is valid later only is taken: the
    /// reference speaks of expired ones alone.
    ///
    /// # Errors
    /// As [`Certificate::read`], and `APPLIANCE_EXPIRED_CERT`.
    pub(crate) fn read_valid(bytes: &[u8], now: OffsetDateTime) -> Result<Certificate, Failure> {
        let certificate = Certificate::read(bytes)?;
        if certificate.not_after < now {
            let details = format!(
                "The certificate of {} expired at {}; the appliance's clock says {}.",
                certificate.subject,
                time_text(certificate.not_after),
                time_text(now)
            );
            return Err(Failure::new(400, EXPIRED_CERTIFICATE, "The certificate has expired.")
                .details(details));
        }
        Ok(certificate)
    }
}

const PRIVATE_KEY: &str = "This is a private key, which belongs on the client alone. Give the \
                           certificate that was made with it (NAME.pem, not NAMEKey.pem).";

pub(crate) fn invalid(details: impl Into<String>) -> Failure {
    Failure::new(400, INVALID_CERTIFICATE, "The certificate is not valid.").details(details)
}

/// What bytes without a PEM block are.
fn not_pem(bytes: &[u8]) -> String {
    if bytes.trim_ascii().is_empty() {
        return "The file is empty.".to_owned();
    }
    if X509Certificate::from_der(bytes).is_ok() {
        return "This is a certificate in DER form. Turn it into PEM: openssl x509 -inform der -in \
                FILE -out NAME.pem"
            .to_owned();
    }
    if is_der_key(bytes) {
        return PRIVATE_KEY.to_owned();
    }
    "There is no PEM in it: a certificate begins with -----BEGIN CERTIFICATE-----.".to_owned()
}

/// Whether bytes are a SEQUENCE that fills them and begins with an INTEGER of one byte, as PKCS#1,
/// SEC 1 and PKCS#8 keys do and certificates do not.
fn is_der_key(bytes: &[u8]) -> bool {
    let Some((0x30, rest)) = bytes.split_first().map(|(tag, rest)| (*tag, rest)) else {
        return false;
    };
    let (length, content) = match rest {
        [0x81, length, content @ ..] => (usize::from(*length), content),
        [0x82, high, low, content @ ..] => {
            (usize::from(u16::from_be_bytes([*high, *low])), content)
        }
        [length @ 0..=0x7f, content @ ..] => (usize::from(*length), content),
        _ => return false,
    };
    content.len() == length && matches!(content, [0x02, 0x01, 0..=3, ..])
}

/// SHA-256, upper-case pairs joined by colons.
fn fingerprint(der: &[u8]) -> String {
    pairs(digest(&SHA256, der).as_ref())
}

/// Upper-case pairs of digits joined by colons.
fn pairs(bytes: &[u8]) -> String {
    let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::core::message::Failure;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2025-01-02 03:04:05 UTC);

    /// A self-signed certificate in PEM, valid for ten years from 2020.
    pub(crate) fn pem(common_name: &str) -> String {
        certificate(common_name, 2030).0.pem()
    }

    /// The same of an authority.
    pub(crate) fn authority() -> String {
        let mut params = rcgen::CertificateParams::default();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap().pem()
    }

    fn certificate(common_name: &str, until: i32) -> (rcgen::Certificate, rcgen::KeyPair) {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(rcgen::DnType::CommonName, common_name);
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(until, 1, 1);
        (params.self_signed(&key).unwrap(), key)
    }

    fn details(failure: Failure) -> (String, String) {
        let error: luna_rest::ApiError =
            serde_json::from_slice(&failure.into_response().body).unwrap();
        (error.id, error.details)
    }

    fn refused(bytes: &[u8]) -> String {
        let (id, details) = details(Certificate::read_valid(bytes, NOW).unwrap_err());
        assert_eq!(id, "NTLS_INVALID_CERTIFICATE");
        details
    }

    #[test]
    fn a_certificate_is_read_whatever_stands_around_it() {
        let (made, _) = certificate("app.example.com", 2030);
        let plain = Certificate::read_valid(made.pem().as_bytes(), NOW).unwrap();
        assert_eq!(plain.subject, "CN=app.example.com");
        assert_eq!(plain.common_name.as_deref(), Some("app.example.com"));
        assert_eq!(plain.not_after, datetime!(2030-01-01 00:00 UTC));
        assert_eq!(plain.fingerprint, fingerprint(made.der()));
        assert_eq!(plain.fingerprint.len(), 32 * 3 - 1);
        let around = format!("Certificate:\r\n    Data\r\n{}{}", plain.pem, pem("issuer"));
        let crlf = around.replace('\n', "\r\n");
        assert_eq!(Certificate::read_valid(around.as_bytes(), NOW).unwrap(), plain);
        assert_eq!(Certificate::read_valid(crlf.as_bytes(), NOW).unwrap(), plain);
    }

    #[test]
    fn what_is_no_certificate_is_told_apart() {
        let (made, key) = certificate("app", 2030);
        assert!(refused(b"").contains("empty"));
        assert!(refused(b"hello").contains("no PEM"));
        assert!(refused(made.der()).contains("DER"));
        assert!(refused(key.serialized_der()).contains("private key"));
        assert!(refused(key.serialize_pem().as_bytes()).contains("private key"));
        let request = rcgen::CertificateParams::default().serialize_request(&key).unwrap();
        assert!(refused(request.pem().unwrap().as_bytes()).contains("request"));
        assert!(refused(key.public_key_pem().as_bytes()).contains("PUBLIC KEY"));
        let cut = pem_text("CERTIFICATE", &made.der()[..100]);
        assert!(refused(cut.as_bytes()).contains("cannot be read"));
        assert!(refused(b"-----BEGIN RSA PRIVATE KEY-----\nMII").contains("private key"));
        let half = made.pem()[..200].to_owned();
        assert!(refused(half.as_bytes()).contains("damaged"));
        assert!(refused(pem("a/b").as_bytes()).contains("common name"));
        let long = [made.der().as_ref(), b"x"].concat();
        assert!(refused(pem_text("CERTIFICATE", &long).as_bytes()).contains("1 bytes follow"));
    }

    #[test]
    fn an_expired_certificate_is_refused_by_the_appliances_clock() {
        let (old, _) = certificate("old", 2024);
        let pem = old.pem();
        assert!(Certificate::read_valid(pem.as_bytes(), datetime!(2023-06-01 0:00 UTC)).is_ok());
        let (id, details) = details(Certificate::read_valid(pem.as_bytes(), NOW).unwrap_err());
        assert_eq!(id, "APPLIANCE_EXPIRED_CERT");
        assert_eq!(
            details,
            "The certificate of CN=old expired at 2024-01-01T00:00:00Z; the appliance's clock \
             says 2025-01-02T03:04:05Z."
        );
    }
}
