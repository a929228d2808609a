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
use yasna::models::{GeneralizedTime, ObjectIdentifier};
use yasna::{DERWriter, Tag, construct_der};

use crate::core::message::Failure;
use crate::cryptoki::attributes::bytes;
use crate::cryptoki::keys::Key;
use crate::cryptoki::refuse;
use crate::request::context::Context;
use crate::state::hsm::AttestationRow;

/// How long certificates are valid.
const VALIDITY: Duration = Duration::days(20 * 365);

/// Object identifiers: ecdsa-with-SHA256, commonName, signedData, data.
const ECDSA_SHA256: &[u64] = &[1, 2, 840, 10_045, 4, 3, 2];
const COMMON_NAME: &[u64] = &[2, 5, 4, 3];
const SIGNED_DATA: &[u64] = &[1, 2, 840, 113_549, 1, 7, 2];
const DATA: &[u64] = &[1, 2, 840, 113_549, 1, 7, 1];

fn write_oid(writer: DERWriter<'_>, oid: &[u64]) {
    writer.write_oid(&ObjectIdentifier::from_slice(oid));
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

    // The identifier is unique, and as a serial number positive.
    let number = [&[1], &bytes(uid).unwrap_or_default()[..]].concat();
    let info = key.public_info()?;
    let write_time = |writer: DERWriter<'_>, time: OffsetDateTime| {
        writer.write_generalized_time(&GeneralizedTime::from_datetime(
            time.replace_nanosecond(0).unwrap_or(time),
        ));
    };
    let content = construct_der(|writer| {
        writer.write_sequence(|writer| {
            writer.next().write_tagged(Tag::context(0), |writer| writer.write_i8(2));
            writer.next().write_bigint_bytes(&number, true);
            writer.next().write_sequence(|writer| write_oid(writer.next(), ECDSA_SHA256));
            writer.next().write_der(parsed.subject().as_raw());
            writer.next().write_sequence(|writer| {
                write_time(writer.next(), cx.now);
                write_time(writer.next(), cx.now + VALIDITY);
            });
            writer.next().write_sequence(|writer| {
                writer.next().write_set(|writer| {
                    writer.next().write_sequence(|writer| {
                        write_oid(writer.next(), COMMON_NAME);
                        writer.next().write_utf8_string(uid);
                    });
                });
            });
            writer.next().write_der(&info);
        });
    });
    let signature = signing.sign(&content).map_err(failed)?;
    let confirmed = construct_der(|writer| {
        writer.write_sequence(|writer| {
            writer.next().write_der(&content);
            writer.next().write_sequence(|writer| write_oid(writer.next(), ECDSA_SHA256));
            writer.next().write_bitvec_bytes(&signature, signature.len() * 8);
        });
    });
    Ok(construct_der(|writer| {
        writer.write_sequence(|writer| {
            write_oid(writer.next(), SIGNED_DATA);
            writer.next().write_tagged(Tag::context(0), |writer| {
                writer.write_sequence(|writer| {
                    writer.next().write_i8(1);
                    writer.next().write_set(|_| {});
                    writer.next().write_sequence(|writer| write_oid(writer.next(), DATA));
                    writer.next().write_tagged_implicit(Tag::context(0), |writer| {
                        // Not sorted, as a set would be: the key's own comes first.
                        writer.write_sequence(|writer| {
                            writer.next().write_der(&confirmed);
                            certificates.iter().for_each(|one| writer.next().write_der(one));
                        });
                    });
                    writer.next().write_set(|_| {});
                });
            });
        });
    }))
}
