//! Public key confirmations: certificates by which an HSM proves that it made a key.
//!
//! A confirmation is a PKCS#7 structure of certificates alone, as `openssl pkcs7 -print_certs` reads it: that
//! of the key, signed with a key of the HSM; that of the HSM; and that of its maker, here the emulator
//! itself. Assumed: names, algorithms (ECDSA P-256) and validity; the product's are the vendor's own.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use luna_rest::Secret;
use luna_rest::objects::{Attributes, refusal};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SigningKey,
};
use time::{Duration, OffsetDateTime};

use crate::core::message::Failure;
use crate::cryptoki::keys::Key;
use crate::cryptoki::refuse;
use crate::request::context::Context;
use crate::state::hsm::AttestationRow;

/// How long certificates are valid.
const VALIDITY: Duration = Duration::days(20 * 365);

/// The DER of the object identifiers: ecdsa-with-SHA256, commonName, signedData, data.
const ECDSA_SHA256: &[u8] = &[0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
const COMMON_NAME: &[u8] = &[0x06, 3, 0x55, 4, 3];
const SIGNED_DATA: &[u8] = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
const DATA: &[u8] = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const UTF8_STRING: u8 = 0x0c;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
/// `[0]`, constructed.
const FIRST: u8 = 0xa0;

/// A value in DER.
fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = content.len().to_be_bytes();
    let length = &length[length.iter().take_while(|byte| **byte == 0).count()..];
    let mut whole = vec![tag];
    match content.len() {
        0..0x80 => whole.push(length.first().copied().unwrap_or(0)),
        _ => {
            // At most 8 bytes.
            whole.push(0x80 | u8::try_from(length.len()).unwrap_or(8));
            whole.extend(length);
        }
    }
    whole.extend(content);
    whole
}

fn failed(error: rcgen::Error) -> Failure {
    Failure::internal(format!("The HSM's certificate cannot be made: {error}"))
}

fn params(name: &str, now: OffsetDateTime) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    (params.not_before, params.not_after) = (now, now + VALIDITY);
    params
}

/// The HSM's key and certificates; made when they are first needed.
fn attestation(cx: &mut Context<'_>) -> Result<AttestationRow, Failure> {
    if cx.state.hsm.attestation.get().certificates.is_empty() {
        let serial = cx.state.hsm.hsm.get().serial;
        let maker = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(failed)?;
        let hsm = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(failed)?;
        let of_maker = params("Emulated Luna HSM Root", cx.now);
        let root = of_maker.self_signed(&maker).map_err(failed)?;
        let issuer = Issuer::new(of_maker, maker);
        let own = params(&format!("Emulated Luna HSM {serial}"), cx.now);
        let own = own.signed_by(&hsm, &issuer).map_err(failed)?;
        cx.state.hsm.attestation.set(AttestationRow {
            key: Secret::from(hsm.serialize_pem()),
            certificates: [own, root].map(|one| BASE64_STANDARD.encode(one.der())).to_vec(),
        });
    }
    Ok(cx.state.hsm.attestation.get().clone())
}

/// Confirms a key pair of this HSM.
///
/// # Errors
/// `CKR_KEY_FUNCTION_NOT_PERMITTED`: it is no private key, or was not made here.
pub(super) fn confirm(
    cx: &mut Context<'_>,
    own: &Attributes,
    uid: &str,
    key: &Key,
) -> Result<Vec<u8>, Failure> {
    if own.text("CKA_CLASS") != "CKO_PRIVATE_KEY" || !own.flag("CKA_LOCAL") {
        let why = "Only a private key that this HSM generated is confirmed.";
        return Err(refuse(refusal::KEY_FUNCTION_NOT_PERMITTED, why));
    }
    let row = attestation(cx)?;
    let signing = KeyPair::from_pem(row.key.expose()).map_err(failed)?;
    let certificates: Option<Vec<Vec<u8>>> =
        row.certificates.iter().map(|one| BASE64_STANDARD.decode(one).ok()).collect();
    let damaged = || Failure::internal("The HSM's certificate in the store is damaged.");
    let certificates = certificates.ok_or_else(damaged)?;
    let hsm = certificates.first().ok_or_else(damaged)?;
    let (_, parsed) = x509_parser::parse_x509_certificate(hsm).map_err(|_| damaged())?;

    let name = der(SEQUENCE, &[COMMON_NAME, &der(UTF8_STRING, &[uid.as_bytes()])]);
    let name = der(SEQUENCE, &[&der(SET, &[&name])]);
    let time = |time: OffsetDateTime| {
        let format = time::macros::format_description!("[year][month][day][hour][minute][second]Z");
        der(GENERALIZED_TIME, &[time.format(&format).unwrap_or_default().as_bytes()])
    };
    // The identifier is unique, and as a serial number positive.
    let number = [&[1], &crate::cryptoki::attributes::bytes(uid).unwrap_or_default()[..]].concat();
    let algorithm = der(SEQUENCE, &[ECDSA_SHA256]);
    let content = der(
        SEQUENCE,
        &[
            &der(FIRST, &[&der(INTEGER, &[&[2]])]),
            &der(INTEGER, &[&number]),
            &algorithm,
            parsed.subject().as_raw(),
            &der(SEQUENCE, &[&time(cx.now), &time(cx.now + VALIDITY)]),
            &name,
            &key.public_info()?,
        ],
    );
    let signature = signing.sign(&content).map_err(failed)?;
    let confirmed = der(SEQUENCE, &[&content, &algorithm, &der(BIT_STRING, &[&[0], &signature])]);
    let chain: Vec<&[u8]> =
        std::iter::once(&confirmed).chain(&certificates).map(Vec::as_slice).collect();
    let signed = der(
        SEQUENCE,
        &[
            &der(INTEGER, &[&[1]]),
            &der(SET, &[]),
            &der(SEQUENCE, &[DATA]),
            &der(FIRST, &chain),
            &der(SET, &[]),
        ],
    );
    Ok(der(SEQUENCE, &[SIGNED_DATA, &der(FIRST, &[&signed])]))
}
