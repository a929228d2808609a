//! What is made for a rehearsal: files of the client and of the appliance's accounts, certificates and packages.

use std::path::{Component, Path, PathBuf};

use luna_appliance::package::{Manifest, Package};
use luna_rest::{keyrings, ntls};
use luna_shell::Failure;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_ED25519, SerialNumber};
use time::macros::datetime;

use super::{Rehearsal, unusable, wrong};

impl Rehearsal {
    /// Puts a file among admin's files.
    ///
    /// # Errors
    /// The appliance refuses it.
    pub fn upload(&self, name: &str, content: &[u8]) -> Result<(), Failure> {
        self.client()?.upload("admin", name, content.to_vec())?;
        Ok(())
    }

    /// Puts NAME-VERSION.spkg, a package file, among admin's files; `damaged` on its way or whole.
    ///
    /// # Errors
    /// The appliance refuses it.
    pub fn package(
        &self,
        name: &str,
        version: &str,
        code: &str,
        damaged: bool,
    ) -> Result<(), Failure> {
        let (name, version) = (name.to_owned(), version.to_owned());
        let manifest = Manifest { name, version, ..Manifest::default() };
        let file = format!("{}.spkg", manifest.id());
        let package = Package { manifest, payload: Vec::new() };
        let mut content = package.seal(code, [0; 16]).map_err(unusable)?;
        if damaged && let Some(last) = content.last_mut() {
            *last ^= 1;
        }
        self.upload(&file, &content)
    }

    /// Writes a file into the client's folder.
    ///
    /// # Errors
    /// The name is that of a place elsewhere, or the file cannot be written.
    pub(super) fn write_here(&self, name: &str, text: &str) -> Result<(), Failure> {
        let file = plain(name)?;
        std::fs::create_dir_all(self.client_folder()).map_err(unusable)?;
        std::fs::write(self.client_folder().join(file), text).map_err(unusable)
    }

    /// Fetches the appliance's certificate of NTLS into the client's folder.
    ///
    /// # Errors
    /// The appliance does not answer, or the file cannot be written.
    pub(super) fn fetch(&self, name: &str) -> Result<(), Failure> {
        let pem = self.client()?.get(&ntls::CERTIFICATE, &[])?.certificate;
        self.write_here(name, &pem)
    }

    /// Puts the certificate that the client has made among admin's files.
    ///
    /// # Errors
    /// There is none, or the appliance refuses it.
    pub(super) fn send(&self, name: &str) -> Result<(), Failure> {
        let file = format!("{name}.pem");
        let path = self.client_folder().join("cert/client").join(plain(&file)?);
        let content =
            std::fs::read(path).map_err(|error| wrong(format!("There is no {file}: {error}.")))?;
        self.upload(&file, &content)
    }

    /// Registers a client with the cluster, as LNHClientRegistration does.
    ///
    /// # Errors
    /// The appliance belongs to no cluster, or refuses the client.
    pub fn register(&self, name: &str, label: Option<&str>) -> Result<(), Failure> {
        let cluster = self.cluster_id()?;
        let mut parameters = CertificateParams::new(Vec::<String>::new()).map_err(unusable)?;
        parameters.distinguished_name = DistinguishedName::new();
        parameters.distinguished_name.push(DnType::CommonName, name);
        let signed = KeyPair::generate().and_then(|key| parameters.self_signed(&key));
        let certificate = signed.map_err(unusable)?.pem();
        let label = label.map(ToOwned::to_owned);
        let new = keyrings::NewClient { certificate, label, ..keyrings::NewClient::default() };
        self.client()?.call(&keyrings::REGISTER, &[&cluster], &new)?;
        Ok(())
    }
}

/// The name of a file that lies in the folder where it is looked for, not elsewhere.
fn plain(name: &str) -> Result<PathBuf, Failure> {
    let path = Path::new(name);
    let mut parts = path.components();
    match (parts.next(), parts.next()) {
        (Some(Component::Normal(_)), None) => Ok(path.to_owned()),
        _ => Err(wrong(format!("'{name}' is no plain file name."))),
    }
}

/// A self-signed client certificate as PEM, the same at every call with the same name.
///
/// # Errors
/// The name cannot be put into a certificate.
pub fn client_certificate(name: &str) -> Result<String, Failure> {
    // PKCS#8 version 1 of an Ed25519 key: a fixed head and 32 bytes of seed.
    let mut key = vec![0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    let mut seed = [0x5a; 32];
    for (place, byte) in seed.iter_mut().zip(name.bytes()) {
        *place = byte;
    }
    key.extend(seed);
    let key = KeyPair::from_pkcs8_der_and_sign_algo(&key.as_slice().into(), &PKCS_ED25519)
        .map_err(unusable)?;
    let mut parameters = CertificateParams::new(Vec::<String>::new()).map_err(unusable)?;
    parameters.distinguished_name = DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters.not_before = datetime!(2026-01-01 00:00:00 UTC);
    parameters.not_after = datetime!(2036-01-01 00:00:00 UTC);
    parameters.serial_number = Some(SerialNumber::from(vec![1]));
    Ok(parameters.self_signed(&key).map_err(unusable)?.pem())
}
