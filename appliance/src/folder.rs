//! The data folder of an appliance: its files, and the lock that gives it to one process.
//!
//! `state.redb` the state, `state.mark` how many changes it has seen (`store`), `state.redb.stopped` the
//! state as the last orderly stop left it, `web.pem` the web server's key and certificate, `local.key` what opens a
//! session without a password, `endpoint.json` where the running appliance listens, `lock` held by
//! the process that runs it, `logs/` the log files (`log_folder`), `audit/` those of the HSM's audit log
//! (`audit_folder`). Beside one's own appliance (`own`) there are `starting`, held by the
//! program that starts it, `users`, shared by the programs that use it, and `appliance.log`. All are
//! readable by their owner alone.

use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::net::IpAddr;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
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
    lock: File,
}

/// Where a running appliance listens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Address and port, such as `127.0.0.1:8443`.
    pub address: String,
    /// `SHA256:…` of its certificate.
    pub fingerprint: String,
    /// The process that runs it; 0 if an older version does, which did not tell.
    #[serde(default)]
    pub process: u32,
    /// The version of that program; empty if it did not tell.
    #[serde(default)]
    pub version: String,
}

const STATE: &str = "state.redb";
const STOPPED: &str = "state.redb.stopped";
const WEB: &str = "web.pem";
const LOCAL_KEY: &str = "local.key";
const ENDPOINT: &str = "endpoint.json";
const LOCK: &str = "lock";
const STARTING: &str = "starting";
const USERS: &str = "users";
const LOG: &str = "appliance.log";
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
        make(path)?;
        let lock = private().create(true).open(path.join(LOCK)).map_err(fail)?;
        let mut retries = LOCK_RETRIES;
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(Folder { path: path.to_owned(), lock }),
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

    /// Keeps a copy of the state as an orderly stop leaves it, to go back to when the state is damaged.
    pub(crate) fn keep_copy(&self) -> io::Result<()> {
        if is_gone(&self.path, &self.lock) {
            return Ok(());
        }
        let mut new = NamedTempFile::new_in(&self.path)?;
        io::copy(&mut File::open(self.path.join(STATE))?, &mut new)?;
        new.persist(self.path.join(STOPPED))?;
        Ok(())
    }

    /// Tells whether the folder is still there, and is this process's.
    pub(crate) fn watch(&self) -> io::Result<Watch> {
        Ok(Watch { path: self.path.clone(), lock: self.lock.try_clone()? })
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
        self.read_certificate(&self.once(WEB, make)?)
    }

    /// A new certificate and key in place of those of [`Folder::certificate`].
    pub(crate) fn new_certificate(
        &self,
        hostname: &str,
        listen: IpAddr,
    ) -> Result<Certificate, StartError> {
        let fail = |reason| StartError::folder(&self.path.join(WEB), reason);
        let pem = certificate(hostname, listen).map_err(io::Error::other).map_err(fail)?;
        let made = self.read_certificate(&pem)?;
        self.replace(WEB, &pem).map_err(fail)?;
        // Whoever finds the appliance by its folder pins what stands there.
        if let Some(endpoint) = announced(&self.path) {
            self.announce(&Endpoint { fingerprint: made.fingerprint().to_string(), ..endpoint })?;
        }
        Ok(made)
    }

    fn read_certificate(&self, pem: &str) -> Result<Certificate, StartError> {
        let broken = |reason: rustls_pki_types::pem::Error| self.unusable_certificate(reason);
        let end = pem.find(KEY_BEGINS).unwrap_or(pem.len());
        Ok(Certificate {
            pem: pem[..end].to_owned(),
            certificate: CertificateDer::from_pem_slice(pem.as_bytes()).map_err(broken)?,
            key: PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(broken)?,
        })
    }

    /// The web server's file is there, but is of no use.
    pub(crate) fn unusable_certificate(&self, reason: impl std::fmt::Display) -> StartError {
        let reason = format!("{reason}; remove it, and a new one is made");
        StartError::folder(&self.path.join(WEB), io::Error::other(reason))
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
        if !is_gone(&self.path, &self.lock) {
            withdraw(&self.path);
        }
    }
}

/// Whether a folder was removed, or another one stands in its place, which is somebody else's.
fn is_gone(path: &Path, lock: &File) -> bool {
    let same =
        |found: &Metadata, held: &Metadata| (found.dev(), found.ino()) == (held.dev(), held.ino());
    match (std::fs::metadata(path.join(LOCK)), lock.metadata()) {
        (Ok(found), Ok(held)) => !same(&found, &held),
        (Err(error), _) => error.kind() == io::ErrorKind::NotFound,
        _ => false,
    }
}

/// Makes the folder when it is not there.
pub(crate) fn make(path: &Path) -> Result<(), StartError> {
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|reason| StartError::folder(path, reason))
}

/// Lets nobody find the appliance any more.
pub(crate) fn withdraw(path: &Path) {
    // Left over after a crash it does no harm: no process holds the lock then.
    let _ = std::fs::remove_file(path.join(ENDPOINT));
}

/// Looks after the folder of a running appliance.
#[derive(Debug)]
pub(crate) struct Watch {
    pub(crate) path: PathBuf,
    lock: File,
}

impl Watch {
    /// Whether the folder was removed, or another one stands in its place.
    pub(crate) fn is_gone(&self) -> bool {
        is_gone(&self.path, &self.lock)
    }

    /// The file `users`, if no program uses the appliance; none can while it is kept.
    pub(crate) fn without_users(&self) -> Option<File> {
        let users = open(&self.path, USERS).ok()?;
        users.try_lock().is_ok().then_some(users)
    }
}

/// Waits until this program is the only one that starts the appliance of a folder; until the file is
/// closed.
pub(crate) fn starting(path: &Path) -> io::Result<File> {
    let file = open(path, STARTING)?;
    file.lock()?;
    Ok(file)
}

/// Counts this program among those that use the appliance of a folder, until the file is closed.
/// Waits for an appliance that is ending itself.
pub(crate) fn user(path: &Path) -> io::Result<File> {
    let file = open(path, USERS)?;
    file.lock_shared()?;
    Ok(file)
}

/// What one's own appliance has to say: errors, and what `RUST_LOG` asks for.
pub(crate) fn log(path: &Path) -> io::Result<File> {
    private().append(true).create(true).open(path.join(LOG))
}

fn open(path: &Path, name: &str) -> io::Result<File> {
    private().create(true).open(path.join(name))
}

/// Whether a process runs the appliance of a folder.
pub(crate) fn is_held(path: &Path) -> bool {
    let Ok(lock) = File::open(path.join(LOCK)) else { return false };
    // Shared, so that two tests at once do not take each other for an appliance.
    matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock))
}

/// Where the appliance of a folder listens, if one runs.
pub(crate) fn locate(path: &Path) -> Option<Endpoint> {
    // Read first: the lock of an appliance that is just starting is left alone.
    let endpoint = announced(path)?;
    is_held(path).then_some(endpoint)
}

fn announced(path: &Path) -> Option<Endpoint> {
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

impl Clone for Certificate {
    fn clone(&self) -> Certificate {
        let Certificate { pem, certificate, key } = self;
        Certificate { pem: pem.clone(), certificate: certificate.clone(), key: key.clone_key() }
    }
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
    // Where the interfaces cannot be listed, the certificate names this machine alone.
    let interfaces = nix::ifaddrs::getifaddrs().into_iter().flatten();
    let addresses = interfaces.filter_map(|interface| interface.address);
    let addresses = addresses.filter_map(|address| match address.as_sockaddr_in() {
        Some(v4) => Some(IpAddr::V4(v4.ip())),
        None => address.as_sockaddr_in6().map(|v6| IpAddr::V6(v6.ip())),
    });
    let reached = |address: &IpAddr| match address {
        IpAddr::V4(_) => true,
        // A link-local address is reached by its zone as well, which no certificate can name.
        IpAddr::V6(v6) => listen.is_ipv6() && !v6.is_unicast_link_local(),
    };
    addresses.filter(|address| !address.is_loopback()).filter(reached).collect()
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
