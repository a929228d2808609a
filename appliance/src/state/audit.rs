//! The HSM's Auditor, what the audit log records, and how far it is. The log itself lies in files;
//! its last records are kept here as well, in the change that they tell of, until the files are
//! known to hold them.

use luna_rest::Secret;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::core::audit::{self, BEGINS, ENDS, Mac, unhex};
use crate::core::logs::RemoteHost;
use crate::core::password::PasswordHash;
use crate::core::random::{Random, hex};
use crate::core::table::{Cell, Table};
use crate::state::area::{Area, FieldVisitor};
use crate::state::is_default;

/// Bytes of a file at which the next one is begun. Assumed.
pub const FILE_LIMIT: u64 = if cfg!(test) { 4 << 10 } else { 4 << 20 };
/// Bytes that all files may have before the HSM refuses what it cannot record. Assumed.
pub const LIMIT: u64 = if cfg!(test) { 16 << 10 } else { 64 << 20 };
/// Wrong passwords in a row that lock the Auditor. Documented.
pub const ATTEMPTS: u32 = 3;
/// How long it is locked then, in seconds. Documented.
pub const LOCK: i64 = 600;
/// Records that are kept here before the files are made safe.
pub const TAIL: usize = 64;
/// How often a new file is begun, with its seconds; the first one unless another is set, which is assumed.
pub const ROTATIONS: [(&str, i64); 5] = [
    ("daily", 86_400),
    ("hourly", 3_600),
    ("weekly", 7 * 86_400),
    ("monthly", 30 * 86_400),
    ("never", i64::MAX),
];

/// What is kept of the audit log.
#[derive(Debug, Default)]
pub struct Audit {
    /// The Auditor.
    pub auditor: Cell<AuditorRow>,
    /// What is recorded.
    pub settings: Cell<AuditSettingsRow>,
    /// How far the log is.
    pub chain: Cell<ChainRow>,
    /// The last records by their number, twenty digits.
    pub tail: Table<RecordRow>,
    /// Hosts that records are sent to, by address and port: `ADDRESS:PORT`.
    pub hosts: Table<AuditHostRow>,
}

/// The Auditor of the HSM.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AuditorRow {
    /// Whether the role was initialized.
    pub initialized: bool,
    /// Its password.
    pub password: PasswordHash,
    /// Wrong passwords since the last right one, or since the role was locked.
    pub failures: u32,
    /// Until when it is locked, seconds since 1970.
    pub locked_until: i64,
    /// Its domain; log secrets go from one HSM to another under it.
    pub domain: PasswordHash,
    /// What MACs are made with: 64 hexadecimal digits; empty before the role was initialized.
    pub secret: Secret,
    /// The log secret of another HSM, if one was imported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub imported: Option<ImportedRow>,
}

impl AuditorRow {
    /// Wrong passwords until the role is locked, and until when it is.
    pub fn attempts(&self, now: OffsetDateTime) -> (u32, Option<OffsetDateTime>) {
        let until = OffsetDateTime::from_unix_timestamp(self.locked_until).ok();
        match until.filter(|until| now < *until) {
            _ if !self.initialized => (0, None),
            Some(until) => (0, Some(until)),
            None => (ATTEMPTS.saturating_sub(self.failures), None),
        }
    }
}

/// The log secret of another HSM.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ImportedRow {
    /// The serial number of that HSM.
    pub serial: u64,
    /// Its log secret.
    pub secret: Secret,
}

/// What the audit log records.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AuditSettingsRow {
    /// Events, as the rules name them.
    pub events: Vec<String>,
    /// One of [`ROTATIONS`]; empty for the first one.
    pub rotation: String,
    /// Bytes of a file at which the next one is begun; 0 for [`FILE_LIMIT`].
    #[serde(skip_serializing_if = "is_default")]
    pub file_limit: u64,
    /// A folder at the machine of a Backup HSM, which its LunaCM reads.
    #[serde(skip_serializing_if = "is_default")]
    pub path: String,
}

impl AuditSettingsRow {
    /// Whether a category is named, and not results alone.
    pub fn has_category(&self) -> bool {
        self.events.iter().any(|event| !matches!(event.as_str(), "failure" | "success"))
    }
}

/// How far the log is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChainRow {
    /// The number of the last record.
    pub number: u64,
    /// Its MAC, 64 hexadecimal digits.
    pub mac: String,
    /// The number of the file that is written to; 0 before there is one.
    pub file: u64,
    /// Bytes of that file.
    pub at: u64,
    /// When it was begun, seconds since 1970.
    pub begun: i64,
    /// The first file that is kept.
    pub oldest: u64,
    /// Bytes of all files that are kept.
    pub bytes: u64,
}

/// A record that the files may not hold yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RecordRow {
    /// The number of its file.
    pub file: u64,
    /// Its place there.
    pub at: u64,
    /// When it was made, seconds since 1970.
    pub time: i64,
    /// Its lines.
    pub lines: String,
}

/// A host that records are sent to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AuditHostRow {
    /// Hosts are listed in the order in which they were added.
    pub order: u64,
    /// A host name or address.
    pub address: String,
    /// The port it listens on.
    pub port: u16,
    /// Over TCP; otherwise over UDP.
    #[serde(skip_serializing_if = "is_default")]
    pub tcp: bool,
}

impl Area for Audit {
    fn fields(&mut self, visit: FieldVisitor<'_>) {
        visit("audit/auditor", &mut self.auditor);
        visit("audit/settings", &mut self.settings);
        visit("audit/chain", &mut self.chain);
        visit("audit/tail", &mut self.tail);
        visit("audit/hosts", &mut self.hosts);
    }
}

/// The name of a file: `hsm_66331_0000000a.log`.
pub fn file_name(serial: u64, number: u64) -> String {
    format!("hsm_{serial}_{number:08x}.log")
}

/// The number in the name of a file of this HSM.
pub fn file_number(serial: u64, name: &str) -> Option<u64> {
    let number = name.strip_prefix(&format!("hsm_{serial}_"))?.strip_suffix(".log")?;
    u64::from_str_radix(number, 16).ok()
}

/// What each record begins with.
fn prefix(serial: u64) -> String {
    format!("S/N {serial} ")
}

/// The bytes of a log secret.
pub fn secret_bytes(secret: &Secret) -> Option<[u8; 32]> {
    unhex(secret.expose().as_bytes())
}

impl Audit {
    /// How often a new file is begun.
    pub fn rotation(&self) -> &str {
        let set = self.settings.get().rotation.as_str();
        if set.is_empty() { ROTATIONS[0].0 } else { set }
    }

    /// Bytes of a file at which the next one is begun.
    pub fn file_limit(&self) -> u64 {
        match self.settings.get().file_limit {
            0 => FILE_LIMIT,
            limit => limit,
        }
    }

    /// Whether the HSM has no room for a record: the log has its most bytes, or its files cannot be
    /// written.
    pub fn is_full(&self) -> bool {
        self.chain.get().bytes >= LIMIT || self.tail.len() >= 4 * TAIL
    }

    /// Adds a record; a new file is begun when that is due. Without an Auditor there is no log.
    pub fn append(&mut self, serial: u64, now: OffsetDateTime, what: &str) {
        if self.auditor.get().secret.is_empty() {
            return;
        }
        let chain = self.chain.get();
        let seconds = now.unix_timestamp();
        let period = ROTATIONS.iter().find(|(name, _)| *name == self.rotation());
        let passed = seconds.saturating_sub(chain.begun);
        // A clock that was set back begins a new period.
        let over = !(0..period.map_or(i64::MAX, |(_, period)| *period)).contains(&passed);
        if chain.at > 0 && (over || chain.at >= self.file_limit()) {
            self.close(serial, now);
        }
        if self.chain.get().at > 0 {
            return self.add(serial, now, what);
        }
        let chain = self.chain.get_mut();
        (chain.file, chain.begun) = (chain.file.max(1), seconds);
        let name = file_name(serial, chain.file);
        // The mark is never what is cut.
        let room = audit::MESSAGE.saturating_sub(BEGINS.len() + name.len() + prefix(serial).len());
        self.add(serial, now, &format!("{what:.room$}{BEGINS}{name}"));
    }

    /// Ends the file with a record of that; the next record begins another one.
    pub fn close(&mut self, serial: u64, now: OffsetDateTime) {
        if self.chain.get().at == 0 {
            return;
        }
        let name = file_name(serial, self.chain.get().file);
        self.add(
            serial,
            now,
            &format!("operation LUNA_LOG_ROTATE returned RC_OK(0x00000000){ENDS}{name}"),
        );
        let chain = self.chain.get_mut();
        (chain.file, chain.at) = (chain.file.saturating_add(1), 0);
    }

    /// Forgets all files so far. They are removed once this is stored.
    pub fn forget_files(&mut self) {
        let chain = self.chain.get_mut();
        (chain.file, chain.at, chain.bytes) = (chain.file.saturating_add(1), 0, 0);
        chain.oldest = chain.file;
        self.tail.retain(|_, _| false);
    }

    /// The log of an appliance that takes the place of one whose log came as far as `former`: none of
    /// its files is kept.
    pub fn begin_anew(&mut self, former: &ChainRow) {
        if former.file > 0 {
            let file = former.file.saturating_add(1);
            self.chain.set(ChainRow { file, oldest: file, ..ChainRow::default() });
        }
    }

    /// Takes the Auditor away, with what it has set. The log stays, and goes on with the next one.
    pub fn remove_auditor(&mut self) {
        self.auditor.set(AuditorRow::default());
        self.settings.set(AuditSettingsRow::default());
    }

    /// Makes the log secret anew; what was recorded before cannot be verified with it.
    pub fn renew_secret(&mut self, secret: &mut Random) {
        self.auditor.get_mut().secret = secret.token().into();
        self.chain.get_mut().mac = hex(&Mac::default());
    }

    fn add(&mut self, serial: u64, now: OffsetDateTime, what: &str) {
        let Some(secret) = secret_bytes(&self.auditor.get().secret) else { return };
        let chain = self.chain.get_mut();
        chain.number = chain.number.saturating_add(1);
        let text = audit::text(chain.number, now, &format!("{}{what}", prefix(serial)));
        let before = unhex(chain.mac.as_bytes()).unwrap_or_default();
        let mac = audit::mac(&secret, &before, text.as_bytes());
        let lines = audit::record(&text, &before, &mac);
        let (file, at, time) = (chain.file, chain.at, now.unix_timestamp());
        chain.mac = hex(&mac);
        chain.at = chain.at.saturating_add(lines.len() as u64);
        chain.bytes = chain.bytes.saturating_add(lines.len() as u64);
        self.tail.insert(format!("{:020}", chain.number), RecordRow { file, at, time, lines });
    }

    /// The hosts that records are sent to.
    pub fn remote_hosts(&self) -> Vec<RemoteHost> {
        let host = |row: &AuditHostRow| RemoteHost {
            address: row.address.clone(),
            port: row.port,
            tcp: row.tcp,
            tls: None,
        };
        self.hosts.values().map(host).collect()
    }
}
