//! The server's own keys: Ed25519 from the start, RSA and ECDSA made when they are first needed.

use std::io;

use russh::keys::key::safe_rng;
use russh::keys::ssh_key::LineEnding;
use russh::keys::ssh_key::private::{Ed25519Keypair, KeypairData, RsaKeypair};
use russh::keys::{Algorithm, EcdsaCurve, HashAlg, PrivateKey};

use crate::core::random::from_hex;
use crate::replica::SshSettings;
use crate::state::sysconf::FurtherKeyRow;

/// Length of the RSA key.
const RSA_BITS: usize = 3072;
/// Length of the ECDSA key.
const ECDSA_BITS: u32 = 256;

fn fault(error: impl std::fmt::Display) -> io::Error {
    io::Error::other(format!("the SSH host key: {error}"))
}

/// New keys beside the Ed25519 key, each with its name.
pub(super) fn make() -> io::Result<Vec<(&'static str, FurtherKeyRow)>> {
    let mut random = safe_rng();
    let rsa = RsaKeypair::random(&mut random, RSA_BITS).map_err(fault)?;
    let rsa = PrivateKey::new(KeypairData::Rsa(rsa), "").map_err(fault)?;
    let curve = Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 };
    let ecdsa = PrivateKey::random(&mut random, curve).map_err(fault)?;
    let row = |key: &PrivateKey, bits| -> io::Result<FurtherKeyRow> {
        let pem = key.to_openssh(LineEnding::LF).map_err(fault)?;
        let fingerprint = key.fingerprint(HashAlg::Sha256).to_string();
        Ok(FurtherKeyRow { pem: pem.as_str().into(), bits, fingerprint })
    };
    Ok(vec![
        ("ecdsa-sha2-nistp256", row(&ecdsa, ECDSA_BITS)?),
        ("ssh-rsa", row(&rsa, u32::try_from(RSA_BITS).unwrap_or_default())?),
    ])
}

/// The keys as the server takes them.
pub(super) fn read(settings: &SshSettings) -> io::Result<Vec<PrivateKey>> {
    let seed = from_hex(settings.seed.expose()).and_then(|seed| seed.try_into().ok());
    let seed = seed.ok_or_else(|| fault("it is damaged"))?;
    let first = KeypairData::Ed25519(Ed25519Keypair::from_seed(&seed));
    let mut keys = vec![PrivateKey::new(first, "").map_err(fault)?];
    for pem in &settings.further_keys {
        keys.push(PrivateKey::from_openssh(pem.expose()).map_err(fault)?);
    }
    Ok(keys)
}
