//! Settings of the appliance: time zone, NTP, SSH, the web server, backups of the configuration.
//!
//! Fields are named `sysconf/SERVICE…`, which is how a backup finds what belongs to a service.

use std::collections::BTreeMap;
use std::fmt;

use luna_rest::Secret;
use luna_rest::tls::CIPHERS;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use crate::core::random::{self, Random};
use crate::core::table::{Cell, Rows, Table};
use crate::state::area::{Area, FieldVisitor, Setup};

/// What is kept of the settings.
#[derive(Debug, Default)]
pub struct Sysconf {
    /// Time zone and what happens after a failure.
    pub system: Cell<System>,
    /// The text that is shown at every login; empty for none.
    pub banner: Cell<String>,
    /// The drift of the clock.
    pub drift: Cell<DriftRow>,
    /// Network time.
    pub ntp: Cell<NtpRow>,
    /// Its servers by address.
    pub ntp_servers: Table<NtpServerRow>,
    /// Its symmetric keys by number.
    pub ntp_keys: Table<NtpKeyRow>,
    /// The SSH server.
    pub ssh: Cell<SshRow>,
    /// The SSH server's own key.
    pub ssh_host_key: Cell<HostKeyRow>,
    /// The SSH server's other keys, by algorithm; made when it first starts.
    pub ssh_further_keys: Table<FurtherKeyRow>,
    /// From where an account may log in over SSH.
    pub ssh_clients: Table<Vec<String>>,
    /// Logins over SSH that were refused for their address, oldest first.
    pub ssh_rejected: Cell<Vec<RejectedRow>>,
    /// When each account last logged in over SSH.
    pub ssh_last_logins: Table<LastLoginRow>,
    /// TLS of the appliance as a whole.
    pub tls: Cell<TlsRow>,
    /// The server of the API.
    pub web_server: Cell<WebServerRow>,
    /// The port that the server of the API was bound to when it was last started; 0 before it was
    /// bound to one.
    pub web_port: Cell<u16>,
    /// When accounts are blocked.
    pub blocklist: Cell<BlocklistRow>,
    /// Backups of the configuration in the file system.
    pub backups: Table<BackupRow>,
    /// The same on the HSM.
    pub exported: Table<BackupRow>,
}

impl Area for Sysconf {
    fn fields(&mut self, visit: FieldVisitor<'_>) {
        visit("sysconf/system", &mut self.system);
        visit("sysconf/banner", &mut self.banner);
        visit("sysconf/drift", &mut self.drift);
        visit("sysconf/ntp", &mut self.ntp);
        visit("sysconf/ntp/servers", &mut self.ntp_servers);
        visit("sysconf/ntp/keys", &mut self.ntp_keys);
        visit("sysconf/ssh", &mut self.ssh);
        visit("sysconf/ssh/host_key", &mut self.ssh_host_key);
        visit("sysconf/ssh/further_keys", &mut self.ssh_further_keys);
        visit("sysconf/ssh/clients", &mut self.ssh_clients);
        visit("sysconf/ssh/rejected", &mut self.ssh_rejected);
        visit("sysconf/ssh/last_logins", &mut self.ssh_last_logins);
        visit("sysconf/tls", &mut self.tls);
        visit("sysconf/webserver", &mut self.web_server);
        visit("sysconf/webserver/port", &mut self.web_port);
        visit("sysconf/webserver/blocklist", &mut self.blocklist);
        visit("sysconf/backups", &mut self.backups);
        visit("sysconf/exported", &mut self.exported);
    }

    fn factory(&mut self, setup: &mut Setup<'_>) {
        self.ssh_host_key.set(HostKeyRow::factory(setup.random));
    }
}

impl Sysconf {
    /// The server of the API was started: the port that it was bound to counts from now on. The one
    /// from the factory stands for wherever the appliance listens.
    pub fn web_server_started(&mut self) {
        let bound = self.web_server.get().port;
        let port = if bound == WebServerRow::default().port { 0 } else { bound };
        if *self.web_port.get() != port {
            self.web_port.set(port);
        }
    }
}

/// Time zone, and what happens after a failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct System {
    /// The code of the time zone.
    pub time_zone: String,
    /// Whether it restarts after its kernel failed. Assumed to be off from the factory.
    pub reboot_on_panic: bool,
}

impl Default for System {
    fn default() -> Self {
        System { time_zone: "UTC".to_owned(), reboot_on_panic: false }
    }
}

/// The drift of the clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DriftRow {
    /// When its measurement was started, seconds since 1970.
    pub started: Option<i64>,
    /// When that was stopped.
    pub stopped: Option<i64>,
    /// When the appliance had come up at the start: another value later, and it was interrupted.
    pub booted: i64,
    /// What the clock gains in a day.
    pub milliseconds_per_day: Option<i64>,
    /// Whether the clock is corrected by that.
    pub correcting: bool,
}

/// Network time as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NtpRow {
    /// When the service was started last, seconds since 1970.
    pub started: i64,
    /// When the AutoKey key was made, if it was.
    pub autokey: Option<i64>,
    /// Installed identity schemes.
    pub schemes: Vec<SchemeRow>,
    /// The log, oldest line first.
    pub log: Vec<String>,
    /// The process number of the service, which its log shows.
    pub process: u32,
    /// What the next server is ordered by.
    pub next: u64,
}

/// A server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NtpServerRow {
    /// Servers are listed in the order in which they were added.
    pub order: u64,
    /// Its settings.
    pub server: NtpServer,
}

/// The settings of a server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NtpServer {
    /// Host name or address.
    pub address: String,
    /// Whether it is asked several times at each poll.
    pub is_burst_enabled: bool,
    /// Whether it is asked several times at the first poll.
    pub is_initial_burst_enabled: bool,
    /// The symmetric key that authenticates it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_id: Option<u16>,
    /// Whether NTS authenticates it.
    pub nts: bool,
    /// Whether AutoKey authenticates it.
    pub is_autokey_enabled: bool,
    /// Whether it is preferred to the others.
    pub is_preferred_server: bool,
    /// The version of the protocol; nothing for the usual one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol_version: Option<u8>,
    /// The port of NTS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
}

/// An installed identity scheme of AutoKey.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SchemeRow {
    /// `IFF`, `GQ` or `MV`.
    pub scheme: String,
    /// The file it was installed from.
    pub file: String,
}

/// A symmetric key.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NtpKeyRow {
    /// `M`, `S`, `A`, `N`, or an algorithm such as `SHA256`.
    pub kind: String,
    /// The key itself.
    pub value: Secret,
    /// Whether it is trusted.
    pub trusted: bool,
}

/// Numbers sort as numbers.
pub fn key_name(id: u16) -> String {
    format!("{id:05}")
}

/// The settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "named as the settings of sshd")]
pub struct SshRow {
    pub ciphers: Vec<String>,
    /// Codes for message authentication; none: the server's own choice.
    pub macs: Vec<String>,
    pub password: bool,
    pub public_key: bool,
    pub port: u16,
    pub devices: Vec<String>,
    pub ip: Option<String>,
}

/// Public keys are accepted from the factory, as every sample shows; that is assumed.
impl Default for SshRow {
    fn default() -> Self {
        SshRow {
            ciphers: default_ciphers(),
            macs: Vec::new(),
            password: true,
            public_key: true,
            port: 22,
            devices: vec!["all".to_owned()],
            ip: None,
        }
    }
}

/// The ciphers of the factory.
pub fn default_ciphers() -> Vec<String> {
    ["aes192-ctr", "aes256-ctr"].map(str::to_owned).to_vec()
}

/// The server's own key.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct HostKeyRow {
    /// The seed of an Ed25519 key, in hexadecimal.
    pub seed: Secret,
}

impl HostKeyRow {
    /// The first key. It is made from a copy of the randomness: nothing else of the same seed
    /// changes by it.
    pub fn factory(random: &Random) -> HostKeyRow {
        let block = random.clone().block();
        HostKeyRow::new(digest(&SHA256, &[&block[..], b"ssh host key"].concat()).as_ref())
    }

    /// The key of a seed.
    pub fn new(seed: &[u8]) -> HostKeyRow {
        HostKeyRow { seed: random::hex(seed).into() }
    }
}

/// A key of the SSH server beside its Ed25519 key.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FurtherKeyRow {
    /// The private key, as OpenSSH keeps it.
    pub pem: Secret,
    /// Length of the key.
    pub bits: u32,
    /// `SHA256:` and the digest in base64, as `ssh-keygen -l` shows it.
    pub fingerprint: String,
}

/// A login that was refused for the address it came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RejectedRow {
    /// The account.
    pub user: String,
    /// The address.
    pub host: String,
    /// Seconds since 1970.
    pub time: i64,
}

/// The last login of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LastLoginRow {
    /// Seconds since 1970.
    pub time: i64,
    /// From where.
    pub address: String,
}

/// TLS of the appliance as a whole. Assumed from the factory: all ciphers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TlsRow {
    /// Ciphers in order, joined by colons.
    pub ciphers: String,
}

impl Default for TlsRow {
    fn default() -> Self {
        TlsRow { ciphers: CIPHERS.to_owned() }
    }
}

/// The settings. Assumed from the factory: all ciphers, all devices, port 8443, 100 MiB.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "named as the options of LunaSH")]
pub struct WebServerRow {
    pub cipher_list: String,
    pub max_file_size: u64,
    pub net_device: String,
    pub port: u16,
}

impl Default for WebServerRow {
    fn default() -> Self {
        WebServerRow {
            cipher_list: CIPHERS.to_owned(),
            max_file_size: 100 << 20,
            net_device: "all".to_owned(),
            port: 8443,
        }
    }
}

/// When accounts are blocked. Assumed from the factory: the numbers of the reference's example.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "named as the options of LunaSH")]
pub struct BlocklistRow {
    pub max_infraction_count: u32,
    pub timeout_start: u32,
    pub timeout_multiplier: f64,
}

impl Default for BlocklistRow {
    fn default() -> Self {
        BlocklistRow { max_infraction_count: 10, timeout_start: 5, timeout_multiplier: 1.5 }
    }
}

/// Rows by the names of their fields.
pub type Snapshot = BTreeMap<String, Rows>;

/// A backup. Its content has password hashes and keys in it and never shows.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct BackupRow {
    /// What its maker wrote about it.
    pub description: String,
    /// The host name when it was made.
    pub hostname: String,
    /// The software when it was made.
    pub version: String,
    /// Seconds since 1970.
    pub made: i64,
    /// The rows of the fields it holds.
    pub content: Snapshot,
}

impl fmt::Debug for BackupRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackupRow").field("made", &self.made).finish_non_exhaustive()
    }
}

impl BackupRow {
    /// Bytes it takes.
    pub fn size(&self) -> usize {
        serde_json::to_vec(&self.content).map(|bytes| bytes.len()).unwrap_or_default()
    }
}
