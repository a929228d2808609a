//! The certificates of a PEM file, which are all of it that may be sent. Such a file often holds the
//! private key as well.

use pem::{EncodeConfig, LineEnding, Pem};

use crate::failure::Failure;

const CERTIFICATE: &str = "CERTIFICATE";

/// The first certificate of the PEM file `name`, as PEM: the owner's own in every chain.
///
/// # Errors
/// There is none in it.
pub fn first_certificate(name: &str, content: &[u8]) -> Result<String, Failure> {
    certificates(name, content).map(|certificates| encode(&certificates[..1]))
}

/// All certificates of the PEM file `name`, as PEM.
///
/// # Errors
/// There is none in it.
pub fn all_certificates(name: &str, content: &[u8]) -> Result<String, Failure> {
    certificates(name, content).map(|certificates| encode(&certificates))
}

/// Whether a private key is in the file.
pub fn has_private_key(content: &[u8]) -> bool {
    String::from_utf8_lossy(content)
        .lines()
        .any(|line| line.starts_with("-----BEGIN ") && line.contains("PRIVATE KEY-----"))
}

/// At least one certificate.
fn certificates(name: &str, content: &[u8]) -> Result<Vec<Pem>, Failure> {
    let blocks = pem::parse_many(content).map_err(|error| {
        Failure::command(format!("'{name}' cannot be read as PEM ({error}); nothing was sent."))
    })?;
    let tags: Vec<String> = blocks.iter().map(|block| block.tag().to_owned()).collect();
    let certificates: Vec<Pem> =
        blocks.into_iter().filter(|block| block.tag() == CERTIFICATE).collect();
    if !certificates.is_empty() {
        return Ok(certificates);
    }
    let holds = |kind: &str| tags.iter().any(|tag| tag.ends_with(kind));
    let refusal =
        |what: &str| Failure::command(format!("'{name}' holds {what}; nothing was sent."));
    Err(if holds("PRIVATE KEY") {
        refusal("a private key and no certificate")
            .hint("give the certificate that was made with it: NAME.pem, not NAMEKey.pem")
    } else if holds("CERTIFICATE REQUEST") {
        refusal("a certificate request and no certificate")
            .hint("let a certificate authority sign it, and give what it returns")
    } else if content.starts_with(&[0x30, 0x82]) {
        refusal("no PEM").hint(format!(
            "if it is a certificate in DER form: openssl x509 -inform der -in {name} -out NAME.pem"
        ))
    } else {
        refusal("no certificate").hint("a certificate begins with -----BEGIN CERTIFICATE-----")
    })
}

fn encode(certificates: &[Pem]) -> String {
    // Headers of the blocks are left out as well.
    let bare: Vec<Pem> =
        certificates.iter().map(|one| Pem::new(CERTIFICATE, one.contents())).collect();
    pem::encode_many_config(&bare, EncodeConfig::new().set_line_ending(LineEnding::LF))
}

#[cfg(test)]
mod tests {
    use rcgen::{CertifiedKey, generate_simple_self_signed};

    use super::*;

    fn made(name: &str) -> (String, String) {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed([name.to_owned()]).unwrap();
        (cert.pem(), signing_key.serialize_pem())
    }

    fn one_line_ends(text: &str) -> String {
        text.replace("\r\n", "\n")
    }

    #[test]
    fn of_a_file_with_key_and_certificate_only_the_certificate_is_taken() {
        let (certificate, key) = made("app1");
        for content in [format!("{key}{certificate}"), format!("a remark\n{certificate}{key}\n")] {
            let taken = first_certificate("app1.pem", content.as_bytes()).unwrap();
            assert_eq!(taken, one_line_ends(&certificate));
        }
    }

    #[test]
    fn of_a_chain_the_first_is_taken_or_all() {
        let ((own, key), (authority, _)) = (made("app1"), made("ca"));
        let content = format!("{own}{key}{authority}");
        let first = first_certificate("app1.pem", content.as_bytes()).unwrap();
        assert_eq!(first, one_line_ends(&own));
        let all = all_certificates("app1.pem", content.as_bytes()).unwrap();
        assert_eq!(pem::parse_many(all.as_bytes()).unwrap().len(), 2);
        assert!(!all.contains("PRIVATE"));
    }

    #[test]
    fn a_file_without_certificate_is_refused_with_the_reason() {
        let (certificate, key) = made("app1");
        let refusal = |content: &[u8]| {
            let failure = first_certificate("x.pem", content).unwrap_err();
            assert_eq!(failure.hints.len(), 1);
            failure.message
        };
        assert_eq!(
            refusal(key.as_bytes()),
            "'x.pem' holds a private key and no certificate; nothing was sent."
        );
        assert_eq!(refusal(b"text"), "'x.pem' holds no certificate; nothing was sent.");
        let der = pem::parse(&certificate).unwrap();
        assert_eq!(refusal(der.contents()), "'x.pem' holds no PEM; nothing was sent.");
    }

    #[test]
    fn private_keys_are_recognized_in_every_form() {
        let (certificate, key) = made("app1");
        assert!(has_private_key(key.as_bytes()));
        assert!(has_private_key(b"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaA==\n"));
        assert!(!has_private_key(certificate.as_bytes()));
    }
}
