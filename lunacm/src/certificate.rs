//! The client's own key and certificate, as `vtl createCert` makes them.

use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rcgen::{CertificateParams, DistinguishedName, DnType, DnValue, KeyPair, PKCS_RSA_SHA256};
use ring::rand::{SecureRandom, SystemRandom};
use rsa::RsaPrivateKey;
use rsa::pkcs1::EncodeRsaPrivateKey;
use rsa::pkcs8::{EncodePrivateKey, LineEnding};
use rsa::rand_core::{Infallible, TryCryptoRng, TryRng};
use rustls_pki_types::PrivatePkcs8KeyDer;
use time::{Duration, OffsetDateTime};

/// The size of an RSA key.
const BITS: usize = 2048;

/// How many days a certificate is valid; the product's default.
pub(crate) const VALIDITY: u32 = 3650;
/// Clocks of client and appliance may differ by this much.
const SKEW: Duration = Duration::days(1);

/// A new key and its certificate, both PEM.
pub(crate) struct Made {
    /// The certificate.
    pub(crate) certificate: String,
    /// The private key.
    pub(crate) key: secrecy::SecretString,
}

/// Makes a P-256 key and a self-signed certificate for it whose common name is `name`: what a client of
/// clusters has here, where the product's own kind is not known.
pub(crate) fn make(name: &str) -> io::Result<Made> {
    let key = KeyPair::generate().map_err(io::Error::other)?;
    let certificate = certify(&key, name, &Subject::default(), Duration::days(VALIDITY.into()))?;
    Ok(Made { certificate, key: key.serialize_pem().into() })
}

/// Makes an RSA key of 2048 bits, in PKCS#1 as the product's client takes it, and a self-signed
/// certificate for it that is valid for so many days.
pub(crate) fn make_rsa(name: &str, subject: &Subject, days: u32) -> io::Result<Made> {
    let private = rsa_key()?;
    let der = private.to_pkcs8_der().map_err(io::Error::other)?;
    let der = PrivatePkcs8KeyDer::from(der.as_bytes());
    let key = KeyPair::from_pkcs8_der_and_sign_algo(&der, &PKCS_RSA_SHA256);
    let certificate =
        certify(&key.map_err(io::Error::other)?, name, subject, Duration::days(days.into()))?;
    let pem = private.to_pkcs1_pem(LineEnding::LF).map_err(io::Error::other)?;
    Ok(Made { certificate, key: pem.as_str().into() })
}

/// A new RSA key of 2048 bits.
pub(crate) fn rsa_key() -> io::Result<RsaPrivateKey> {
    let mut draws = SystemDraws::default();
    let private = RsaPrivateKey::new(&mut draws, BITS).map_err(io::Error::other)?;
    match draws.failed {
        true => Err(io::Error::other("the system gives no randomness")),
        false => Ok(private),
    }
}

/// What a certificate says besides its common name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Subject {
    pub(crate) country: Option<String>,
    pub(crate) state: Option<String>,
    pub(crate) locality: Option<String>,
    pub(crate) organization: Option<String>,
    pub(crate) unit: Option<String>,
    pub(crate) email: Option<String>,
}

impl Subject {
    /// The fields that are there, with their short names, in the order of the certificate.
    pub(crate) fn fields(&self, name: &str) -> Vec<(&'static str, String)> {
        let fields = [
            ("C", self.country.as_deref()),
            ("ST", self.state.as_deref()),
            ("L", self.locality.as_deref()),
            ("O", self.organization.as_deref()),
            ("OU", self.unit.as_deref()),
            ("CN", Some(name)),
            ("emailAddress", self.email.as_deref()),
        ];
        fields.into_iter().filter_map(|(name, value)| Some((name, value?.to_owned()))).collect()
    }
}

fn certify(key: &KeyPair, name: &str, subject: &Subject, validity: Duration) -> io::Result<String> {
    let mut parameters = CertificateParams::new(Vec::<String>::new()).map_err(io::Error::other)?;
    parameters.distinguished_name = DistinguishedName::new();
    for (field, value) in subject.fields(name) {
        let kind = match field {
            "C" => DnType::CountryName,
            "ST" => DnType::StateOrProvinceName,
            "L" => DnType::LocalityName,
            "O" => DnType::OrganizationName,
            "OU" => DnType::OrganizationalUnitName,
            "CN" => DnType::CommonName,
            // emailAddress of PKCS#9.
            _ => {
                let email = value.as_str().try_into().map_err(io::Error::other)?;
                let kind = DnType::CustomDnType(vec![1, 2, 840, 113_549, 1, 9, 1]);
                parameters.distinguished_name.push(kind, DnValue::Ia5String(email));
                continue;
            }
        };
        parameters.distinguished_name.push(kind, value);
    }
    let now = OffsetDateTime::now_utc();
    (parameters.not_before, parameters.not_after) = (now - SKEW, now + validity);
    Ok(parameters.self_signed(key).map_err(io::Error::other)?.pem())
}

/// The system's randomness, as the library asks for it; whether there was none is asked afterwards.
#[derive(Default)]
struct SystemDraws {
    failed: bool,
}

impl SystemDraws {
    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.failed |= SystemRandom::new().fill(&mut bytes).is_err();
        bytes
    }
}

impl TryRng for SystemDraws {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_le_bytes(self.bytes()))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_le_bytes(self.bytes()))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.failed |= SystemRandom::new().fill(bytes).is_err();
        Ok(())
    }
}

impl TryCryptoRng for SystemDraws {}

/// Writes a private key, readable by its owner alone; never replaces one.
pub(crate) fn write_key(path: &Path, key: &secrecy::SecretString) -> io::Result<()> {
    let mut file =
        std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(secrecy::ExposeSecret::expose_secret(key).as_bytes())?;
    file.sync_all()
}
