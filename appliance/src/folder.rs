//! The data folder of an appliance: its files, and the lock that gives it to one process.
//!
//! `state.redb` the state, `web.pem` the web server's key and certificate, `local.key` what opens a
//! session without a password, `endpoint.json` where the running appliance listens, `lock` held by
//! the process that runs it. All are readable by their owner alone.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use luna_rest::{Fingerprint, Identity, Secret};
use ring::rand::{SecureRandom, SystemRandom};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;
use time::{Duration, OffsetDateTime};

use crate::StartError;
use crate::core::random::hex;

/// The data folder, held by this process alone.
pub(crate) struct Folder {
    path: PathBuf,
    _lock: File,
}

/// Where a running appliance listens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Address and port, such as `127.0.0.1:8443`.
    pub address: String,
    /// `SHA256:…` of its certificate.
    pub fingerprint: String,
}

const STATE: &str = "state.redb";
const WEB: &str = "web.pem";
const LOCAL_KEY: &str = "local.key";
const ENDPOINT: &str = "endpoint.json";
const LOCK: &str = "lock";
/// How the key begins, behind the certificate.
const KEY_BEGINS: &str = "-----BEGIN PRIVATE KEY-----";

/// How often, and after what pause, a lock that is held is tried again.
const LOCK_RETRIES: u32 = 3;
const LOCK_RETRY_DELAY: std::time::Duration = std::time::Duration::from_millis(5);

/// How long the web server's certificate is valid.
const VALIDITY: Duration = Duration::days(3650);

impl Folder {
    /// Takes the folder for this process; makes it when it is not there.
    pub(crate) fn take(path: &Path) -> Result<Folder, StartError> {
        let fail = |reason: io::Error| StartError::folder(path, reason);
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(fail)?;
        let lock = private().create(true).open(path.join(LOCK)).map_err(fail)?;
        let mut retries = LOCK_RETRIES;
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(Folder { path: path.to_owned(), _lock: lock }),
                // Perhaps another process only tests the lock (`locate`): that is soon over.
                Err(TryLockError::WouldBlock) if retries > 0 => {
                    retries -= 1;
                    std::thread::sleep(LOCK_RETRY_DELAY);
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(StartError::InUse { folder: path.to_owned() });
                }
                Err(TryLockError::Error(reason)) => return Err(fail(reason)),
            }
        }
    }

    /// The file of the store.
    pub(crate) fn state(&self) -> Result<PathBuf, StartError> {
        let path = self.path.join(STATE);
        // Made here so that it is private from its first moment.
        let made = private().create(true).open(&path);
        made.map(|_| path).map_err(|reason| StartError::folder(&self.path, reason))
    }

    /// The key that opens a local session, in hexadecimal; made once.
    pub(crate) fn local_key(&self) -> Result<Secret, StartError> {
        let make = || Ok(hex(&random()?));
        let key = self.once(LOCAL_KEY, make)?;
        Ok(Secret::from(key.trim()))
    }

    /// The web server's certificate and key; made once, for the addresses it is listened on then: a
    /// new one would not be the one that clients have pinned.
    pub(crate) fn certificate(
        &self,
        hostname: &str,
        listen: IpAddr,
    ) -> Result<Certificate, StartError> {
        let make = || certificate(hostname, listen).map_err(io::Error::other);
        let pem = self.once(WEB, make)?;
        let broken = |reason: rustls_pki_types::pem::Error| {
            let path = self.path.join(WEB);
            StartError::folder(&path, io::Error::new(io::ErrorKind::InvalidData, reason))
        };
        let end = pem.find(KEY_BEGINS).unwrap_or(pem.len());
        Ok(Certificate {
            pem: pem[..end].to_owned(),
            certificate: CertificateDer::from_pem_slice(pem.as_bytes()).map_err(broken)?,
            key: PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(broken)?,
        })
    }

    /// Reads a file, or makes it: under another name first, so that it is never there in part.
    fn once(
        &self,
        name: &str,
        make: impl FnOnce() -> io::Result<String>,
    ) -> Result<String, StartError> {
        let path = self.path.join(name);
        let fail = |reason: io::Error| StartError::folder(&path, reason);
        match std::fs::read_to_string(&path) {
            Ok(content) => return Ok(content),
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(fail(error)),
            Err(_) => {}
        }
        let content = make().map_err(fail)?;
        self.replace(name, &content).map_err(fail)?;
        Ok(content)
    }

    fn replace(&self, name: &str, content: &str) -> io::Result<()> {
        // Only its owner can read a temporary file, as the folder's files have to be.
        let mut new = NamedTempFile::new_in(&self.path)?;
        new.write_all(content.as_bytes())?;
        new.as_file().sync_all()?;
        new.persist(self.path.join(name))?;
        File::open(&self.path)?.sync_all()
    }

    /// Says where the appliance listens.
    pub(crate) fn announce(&self, endpoint: &Endpoint) -> Result<(), StartError> {
        let text = serde_json::to_string(endpoint).map_err(io::Error::from);
        text.and_then(|text| self.replace(ENDPOINT, &text))
            .map_err(|reason| StartError::folder(&self.path.join(ENDPOINT), reason))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Left over after a crash it does no harm: no process holds the lock then.
        let _ = std::fs::remove_file(self.path.join(ENDPOINT));
    }
}

/// Where the appliance of a folder listens, if one runs.
pub(crate) fn locate(path: &Path) -> Option<Endpoint> {
    let lock = File::open(path.join(LOCK)).ok()?;
    // Shared, so that two tests at once do not take each other for an appliance.
    match lock.try_lock_shared() {
        Err(TryLockError::WouldBlock) => {}
        Ok(()) | Err(TryLockError::Error(_)) => return None,
    }
    serde_json::from_str(&std::fs::read_to_string(path.join(ENDPOINT)).ok()?).ok()
}

/// The key that opens a local session at the appliance of a folder.
pub(crate) fn local_key(path: &Path) -> io::Result<Secret> {
    let mut key = String::new();
    File::open(path.join(LOCAL_KEY))?.read_to_string(&mut key)?;
    Ok(Secret::from(key.trim()))
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    options
}

/// 32 unpredictable bytes.
pub(crate) fn random() -> io::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| io::Error::other("the system gives no random bytes"))?;
    Ok(bytes)
}

/// The web server's certificate with its key.
pub(crate) struct Certificate {
    /// The certificate alone, PEM.
    pub(crate) pem: String,
    pub(crate) certificate: CertificateDer<'static>,
    pub(crate) key: PrivateKeyDer<'static>,
}

impl Certificate {
    pub(crate) fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.certificate)
    }

    /// What proves to other members of a cluster who this appliance is.
    pub(crate) fn identity(&self) -> Identity {
        Identity { certificate: self.certificate.clone(), key: self.key.clone_key() }
    }
}

/// The addresses that others reach this one by: itself, or those of the machine when it is all of them.
fn listened_on(listen: IpAddr) -> Vec<IpAddr> {
    if !listen.is_unspecified() {
        return vec![listen];
    }
    // The system tells which address it would send from; nothing is sent.
    let ways: [(IpAddr, IpAddr); 2] = [
        (Ipv4Addr::UNSPECIFIED.into(), Ipv4Addr::new(192, 0, 2, 1).into()),
        (Ipv6Addr::UNSPECIFIED.into(), Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into()),
    ];
    let own = |(from, to): (IpAddr, IpAddr)| {
        let socket = UdpSocket::bind((from, 0)).ok()?;
        socket.connect((to, 9)).ok()?;
        Some(socket.local_addr().ok()?.ip())
    };
    ways.into_iter().filter_map(own).filter(|address| !address.is_loopback()).collect()
}

/// A self-signed certificate and its key, in PEM.
fn certificate(hostname: &str, listen: IpAddr) -> Result<String, rcgen::Error> {
    // `local_host`, the factory's name, is no DNS name: it is in the subject only.
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    if hostname != "localhost" && hostname.split('.').all(is_label) {
        names.push(hostname.to_owned());
    }
    let addresses = listened_on(listen).into_iter().map(|address| address.to_string());
    for address in addresses {
        if !names.contains(&address) {
            names.push(address);
        }
    }
    let key = rcgen::KeyPair::generate()?;
    let mut params = rcgen::CertificateParams::new(names)?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(rcgen::DnType::CommonName, hostname);
    // The system's time, not the emulated one: clients check it against theirs.
    params.not_before = OffsetDateTime::now_utc() - Duration::days(1);
    params.not_after = params.not_before + VALIDITY;
    let certificate = params.self_signed(&key)?;
    Ok(certificate.pem() + &key.serialize_pem())
}
