//! The client's own key and certificate, as `vtl createCert` makes them.

use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use time::{Duration, OffsetDateTime};

/// How long a certificate is valid; the product's default.
const VALIDITY: Duration = Duration::days(3650);
/// Clocks of client and appliance may differ by this much.
const SKEW: Duration = Duration::days(1);

/// A new key and its certificate, both PEM.
pub(crate) struct Made {
    /// The certificate.
    pub(crate) certificate: String,
    /// The private key.
    pub(crate) key: secrecy::SecretString,
}

/// Makes a key and a self-signed certificate for it whose common name is `name`.
///
/// Assumed: a P-256 key instead of the product's RSA one, which the cryptography at hand cannot
/// make; appliances accept both.
pub(crate) fn make(name: &str) -> io::Result<Made> {
    let key = rcgen::KeyPair::generate().map_err(io::Error::other)?;
    let mut parameters =
        rcgen::CertificateParams::new(Vec::<String>::new()).map_err(io::Error::other)?;
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    parameters.distinguished_name.push(rcgen::DnType::CommonName, name);
    let now = OffsetDateTime::now_utc();
    (parameters.not_before, parameters.not_after) = (now - SKEW, now + VALIDITY);
    let certificate = parameters.self_signed(&key).map_err(io::Error::other)?.pem();
    Ok(Made { certificate, key: key.serialize_pem().into() })
}

/// Writes a private key, readable by its owner alone; never replaces one.
pub(crate) fn write_key(path: &Path, key: &secrecy::SecretString) -> io::Result<()> {
    let mut file =
        std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(secrecy::ExposeSecret::expose_secret(key).as_bytes())?;
    file.sync_all()
}
