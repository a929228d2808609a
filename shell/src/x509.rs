//! A certificate in words, as openssl 1.0 writes it, which the product shows.

use luna_rest::Fingerprint;
use serde::Serialize;
use time::format_description::well_known::Rfc3339;
use x509_parser::certificate::X509Certificate;
use x509_parser::oid_registry::{Oid, asn1_rs::oid};
use x509_parser::pem::Pem;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;
use x509_parser::time::ASN1Time;

/// All of a certificate in PEM but its extensions' rarer kinds; nothing if it is none.
pub fn x509_text(pem: &str) -> Option<String> {
    let block = Pem::iter_from_buffer(pem.as_bytes()).next()?.ok()?;
    let (_, certificate) = X509Certificate::from_der(&block.contents).ok()?;
    let algorithm = algorithm_name(certificate.signature_algorithm.oid());
    let version = certificate.version().0;
    let mut text = format!("    Data:\n        Version: {} ({version:#x})\n", version + 1);
    text += &serial(certificate.raw_serial());
    text += &format!(
        "    Signature Algorithm: {algorithm}\n        Issuer: {}\n        Validity\n            \
         Not Before: {}\n            Not After : {}\n        Subject: {}\n",
        certificate.issuer(),
        moment(certificate.validity().not_before),
        moment(certificate.validity().not_after),
        certificate.subject(),
    );
    text += &public_key(&certificate);
    text += &extensions(&certificate);
    text += &format!("    Signature Algorithm: {algorithm}\n");
    text += &bytes(&certificate.signature_value.data, 18, 8);
    Some(text)
}

/// What a certificate says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CertificateFacts {
    /// Subject.
    pub subject: String,
    /// SHA-256 of the DER form, upper-case pairs joined by colons.
    pub fingerprint: String,
    /// First moment of validity, RFC 3339.
    pub not_before: String,
    /// Last moment of validity, RFC 3339.
    pub not_after: String,
}

impl CertificateFacts {
    /// Those of a certificate in DER form; nothing if it is none.
    pub fn of(der: &[u8]) -> Option<CertificateFacts> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let moment = |time: ASN1Time| time.to_datetime().format(&Rfc3339).ok();
        let fingerprint = Fingerprint::of(der).to_string();
        Some(CertificateFacts {
            subject: certificate.subject().to_string(),
            fingerprint: fingerprint.trim_start_matches("SHA256:").to_owned(),
            not_before: moment(certificate.validity().not_before)?,
            not_after: moment(certificate.validity().not_after)?,
        })
    }

    /// Those of the first certificate in PEM.
    pub fn of_pem(pem: &str) -> Option<CertificateFacts> {
        CertificateFacts::of(&Pem::iter_from_buffer(pem.as_bytes()).next()?.ok()?.contents)
    }
}

/// The kind of a certificate's key, `rsa` or `ecc`, and its size in bits.
pub fn key_of(pem: &str) -> Option<(String, usize)> {
    let block = Pem::iter_from_buffer(pem.as_bytes()).next()?.ok()?;
    let (_, certificate) = X509Certificate::from_der(&block.contents).ok()?;
    match certificate.public_key().parsed().ok()? {
        PublicKey::RSA(rsa) => Some(("rsa".to_owned(), rsa.key_size())),
        PublicKey::EC(ec) => Some(("ecc".to_owned(), ec.key_size())),
        _ => None,
    }
}

/// A serial number: as a number if it is a small one, else as bytes.
fn serial(raw: &[u8]) -> String {
    let label = "        Serial Number:";
    match raw {
        raw if raw.len() <= 8 && raw.first().is_none_or(|first| *first < 0x80) => {
            let number = raw.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
            format!("{label} {number} ({number:#x})\n")
        }
        raw => format!("{label}\n            {}\n", pairs(raw)),
    }
}

fn algorithm_name(oid: &Oid<'_>) -> String {
    let names: [(Oid<'static>, &str); 9] = [
        (oid!(1.2.840.113549.1.1.1), "rsaEncryption"),
        (oid!(1.2.840.113549.1.1.11), "sha256WithRSAEncryption"),
        (oid!(1.2.840.113549.1.1.12), "sha384WithRSAEncryption"),
        (oid!(1.2.840.113549.1.1.13), "sha512WithRSAEncryption"),
        (oid!(1.2.840.10045.2.1), "id-ecPublicKey"),
        (oid!(1.2.840.10045.4.3.2), "ecdsa-with-SHA256"),
        (oid!(1.2.840.10045.4.3.3), "ecdsa-with-SHA384"),
        (oid!(1.2.840.10045.4.3.4), "ecdsa-with-SHA512"),
        (oid!(1.3.101.112), "ED25519"),
    ];
    let known = names.iter().find(|(known, _)| known == oid);
    known.map_or_else(|| oid.to_id_string(), |&(_, name)| name.to_owned())
}

/// `Feb 20 15:19:21 2017 GMT`.
fn moment(time: ASN1Time) -> String {
    let time = time.to_datetime();
    let month: String = time.month().to_string().chars().take(3).collect();
    let (hour, minute, second) = time.to_hms();
    format!("{month} {:>2} {hour:02}:{minute:02}:{second:02} {} GMT", time.day(), time.year())
}

fn public_key(certificate: &X509Certificate<'_>) -> String {
    let key = certificate.public_key();
    let mut text = format!(
        "        Subject Public Key Info:\n            Public Key Algorithm: {}\n",
        algorithm_name(&key.algorithm.algorithm)
    );
    let point = |kind: &str, bits: Option<usize>, data: &[u8]| {
        let bits = bits.map(|bits| format!(" ({bits} bit)")).unwrap_or_default();
        let data = bytes(data, 15, 20);
        format!("                {kind}Public-Key:{bits}\n                pub:\n{data}")
    };
    text += &match key.parsed() {
        Ok(PublicKey::RSA(rsa)) => {
            let exponent = rsa.try_exponent().unwrap_or_default();
            format!(
                "                Public-Key: ({} bit)\n                Modulus:\n{}                \
                 Exponent: {exponent} ({exponent:#x})\n",
                rsa.key_size(),
                bytes(rsa.modulus, 15, 20)
            )
        }
        Ok(PublicKey::EC(ec)) => point("", Some(ec.key_size()), ec.data()),
        _ => point(
            &format!("{} ", algorithm_name(&key.algorithm.algorithm)),
            None,
            &key.subject_public_key.data,
        ),
    };
    text
}

fn extensions(certificate: &X509Certificate<'_>) -> String {
    use x509_parser::extensions::ParsedExtension::{
        AuthorityKeyIdentifier, BasicConstraints, SubjectKeyIdentifier,
    };
    let mut text = String::new();
    for extension in certificate.extensions() {
        let (name, value) = match extension.parsed_extension() {
            SubjectKeyIdentifier(id) => ("Subject Key Identifier", pairs(id.0).to_uppercase()),
            AuthorityKeyIdentifier(id) => {
                let id = id.key_identifier.as_ref().map(|id| pairs(id.0).to_uppercase());
                ("Authority Key Identifier", format!("keyid:{}\n", id.unwrap_or_default()))
            }
            BasicConstraints(it) if it.ca => ("Basic Constraints", "CA:TRUE".to_owned()),
            BasicConstraints(_) => ("Basic Constraints", "CA:FALSE".to_owned()),
            _ => continue,
        };
        if text.is_empty() {
            text += "        X509v3 extensions:\n";
        }
        let critical = if extension.critical { " critical" } else { "" };
        text += &format!("            X509v3 {name}:{critical}\n                {value}\n");
    }
    text
}

/// Pairs joined by colons, `a_line` of them in a line.
fn bytes(bytes: &[u8], a_line: usize, indent: usize) -> String {
    let lines: Vec<String> = bytes.chunks(a_line).map(pairs).collect();
    let indent = " ".repeat(indent);
    format!("{indent}{}\n", lines.join(&format!(":\n{indent}")))
}

fn pairs(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of the page, but for the values of its certificate.
    #[test]
    fn a_certificate_is_written_as_the_page_has_it() {
        let mut params = rcgen::CertificateParams::new(vec![]).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(rcgen::DnType::CountryName, "CA");
        params.distinguished_name.push(rcgen::DnType::CommonName, "66331");
        params.serial_number = Some(rcgen::SerialNumber::from(vec![0]));
        params.not_before = rcgen::date_time_ymd(2017, 2, 20);
        params.not_after = rcgen::date_time_ymd(2027, 2, 22);
        let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
        let text = x509_text(&params.self_signed(&key).unwrap().pem()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[..13],
            [
                "    Data:",
                "        Version: 3 (0x2)",
                "        Serial Number: 0 (0x0)",
                "    Signature Algorithm: ED25519",
                "        Issuer: C=CA, CN=66331",
                "        Validity",
                "            Not Before: Feb 20 00:00:00 2017 GMT",
                "            Not After : Feb 22 00:00:00 2027 GMT",
                "        Subject: C=CA, CN=66331",
                "        Subject Public Key Info:",
                "            Public Key Algorithm: ED25519",
                "                ED25519 Public-Key:",
                "                pub:",
            ]
        );
        // 32 bytes of key in lines of 15, 64 of signature in lines of 18.
        assert!(lines[13].starts_with("                    ") && lines[13].len() == 20 + 45);
        assert_eq!((lines[15].len(), lines[16]), (20 + 5, "    Signature Algorithm: ED25519"));
        assert_eq!((lines[17].len(), lines.len()), (8 + 54, 21));
        assert_eq!(x509_text("no PEM"), None);
    }
}
