//! The HSM's audit log. REST has no resource for it: a real appliance answers 404, the emulated one
//! offers what LunaSH does with it below `/emulator/lunash/audit`, to accounts of the role audit alone.

use serde::{Deserialize, Serialize};

use crate::call::{Nothing, calls};
use crate::error_id::short_names;
use crate::secret::Secret;
use crate::syslog::{Archive, Lines};

short_names! {
    NO_LOG = AUDIT_LOG_DOES_NOT_EXIST,
    NOT_VERIFIED = AUDIT_LOG_NOT_VERIFIED,
    FULL = AUDIT_LOG_FULL,
    UNUSABLE_SECRET = AUDIT_SECRET_UNUSABLE,
    LOGIN_NEEDED = AUDIT_REQUIRE_LOGIN,
    NO_AUDITOR = AUDIT_ROLE_NOT_INITIALIZED,
    LOCKED = AUDIT_ROLE_LOCKED,
    HOST_EXISTS = AUDIT_REMOTE_HOST_ALREADY_EXISTS,
    NO_HOST = AUDIT_REMOTE_HOST_DOES_NOT_EXIST,
}

calls! {
    /// Shows the Auditor, what is recorded, and how far the log is.
    pub const SHOW: Call<Nothing, Audit> = Call::get("/emulator/lunash/audit");
    /// Makes the Auditor, with a log secret of its own, in place of the one that there may be.
    pub const INIT: Call<Init, Nothing> = Call::put("/emulator/lunash/audit");
    /// Sets what is recorded, and how often a new file is begun; with the Auditor logged in.
    pub const CONFIGURE: Call<Configure, Nothing> = Call::patch("/emulator/lunash/audit");
    /// Logs the Auditor in.
    pub const LOGIN: Call<Login, Nothing> = Call::post("/emulator/lunash/audit/login");
    /// Logs the Auditor out.
    pub const LOGOUT: Call<Nothing, Nothing> = Call::post("/emulator/lunash/audit/logout");
    /// Changes the Auditor's password with the old one.
    pub const CHANGE_PASSWORD: Call<ChangePassword, Nothing> =
        Call::put("/emulator/lunash/audit/password");
    /// Gives the Auditor another domain; with it logged in.
    pub const SET_DOMAIN: Call<SetDomain, Nothing> = Call::put("/emulator/lunash/audit/domain");
    /// Writes a message into the log; with the Auditor logged in.
    pub const WRITE: Call<Message, Nothing> = Call::post("/emulator/lunash/audit/messages");
    /// Sets the HSM's clock to the appliance's; with the Auditor logged in.
    pub const SYNC: Call<Nothing, Nothing> = Call::post("/emulator/lunash/audit/time/sync");
    /// Lists the files of the log.
    pub const LOGS: Call<Nothing, Logs> = Call::get("/emulator/lunash/audit/logs");
    /// Removes the files of the log.
    pub const CLEAR: Call<Nothing, Nothing> = Call::delete("/emulator/lunash/audit/logs");
    /// Shows the last records.
    pub const TAIL: Call<Tail, Lines> = Call::post("/emulator/lunash/audit/logs/tail");
    /// Packs the log into a file of the account that asks.
    pub const PACK: Call<Nothing, PackedLogs> = Call::post("/emulator/lunash/audit/logs/pack");
    /// Unpacks such a file into files of the account.
    pub const UNPACK: Call<Packed, PackedLogs> = Call::post("/emulator/lunash/audit/logs/unpack");
    /// Verifies the records of a file; with the Auditor logged in.
    pub const VERIFY: Call<Verify, Verified> = Call::post("/emulator/lunash/audit/logs/verify");
    /// Writes the log secret, encrypted, into a file of the account; with the Auditor logged in.
    pub const EXPORT_SECRET: Call<Nothing, Archive> = Call::post("/emulator/lunash/audit/secret");
    /// Takes the log secret of another HSM from a file of the account; with the Auditor logged in.
    pub const IMPORT_SECRET: Call<ImportSecret, Imported> = Call::put("/emulator/lunash/audit/secret");

    /// Lists the hosts that records are sent to.
    pub const HOSTS: Call<Nothing, RemoteHosts> = Call::get("/emulator/lunash/audit/remoteHosts");
    /// Adds one.
    pub const ADD_HOST: Call<RemoteHost, Nothing> = Call::post("/emulator/lunash/audit/remoteHosts");
    /// Removes all of them.
    pub const CLEAR_HOSTS: Call<Nothing, Nothing> =
        Call::delete("/emulator/lunash/audit/remoteHosts");
    /// Removes one: `ADDRESS:PORT`.
    pub const DELETE_HOST: Call<Nothing, Nothing> =
        Call::delete("/emulator/lunash/audit/remoteHosts/{hostid}");
}

/// The Auditor and its log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Audit {
    /// Whether there is an Auditor.
    pub initialized: bool,
    /// Whether it is logged in in this session.
    pub logged_in: bool,
    /// Wrong passwords until it is locked; 0 while it is, or where there is none.
    pub logins_left: Option<u32>,
    /// Until when it is locked, RFC 3339; empty while it is not.
    pub locked_until: String,
    /// What is recorded.
    pub events: Vec<String>,
    /// How often a new file is begun.
    pub rotation: String,
    /// Bytes at which a new file is begun, too.
    pub file_limit: u64,
    /// The folder at the client's machine that `audit config path` names; the HSM only keeps it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// The number of the last record.
    pub last_record: u64,
    /// Records that the HSM holds because the files could not be written.
    pub waiting: u64,
    /// Bytes of all files.
    pub size: u64,
    /// Bytes that they may have.
    pub limit: u64,
    /// The HSM whose log secret was imported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub imported: Option<String>,
    /// The HSM's clock, RFC 3339.
    pub hsm_time: String,
    /// The appliance's clock, RFC 3339.
    pub host_time: String,
}

/// A new Auditor.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Init {
    /// Its password.
    pub password: Secret,
    /// Its domain, which HSMs share that verify each other's logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<Secret>,
    /// The default domain instead.
    pub default_domain: bool,
}

/// What is to be recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Configure {
    /// Events, in full or by their short names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<Vec<String>>,
    /// How often a new file is begun, in full or by its first letter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotation: Option<String>,
    /// Bytes at which a new file is begun, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_limit: Option<u64>,
    /// A folder at the client's machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// Another domain of the Auditor.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SetDomain {
    /// It.
    pub domain: Secret,
}

/// A message for the log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// It.
    pub message: String,
}

/// The Auditor's password.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Login {
    /// It.
    pub password: Secret,
}

/// A new password of the Auditor.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangePassword {
    /// The present one.
    pub old_password: Secret,
    /// The next one.
    pub new_password: Secret,
}

/// The files of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Logs {
    /// By name.
    pub logs: Vec<LogFile>,
}

/// A file of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LogFile {
    /// Its name.
    pub id: String,
    /// Bytes.
    pub size: u64,
    /// Whether it is written no more.
    pub archived: bool,
    /// When its last record was made, RFC 3339; empty where that is not known.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub modified: String,
}

/// Which records are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tail {
    /// A file; all of them without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// At most so many, the last ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entries: Option<usize>,
    /// Those of them alone that hold this text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
}

/// A file of the account that asks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Packed {
    /// Its name.
    pub file: String,
}

/// An archive of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PackedLogs {
    /// Its name among the files of the account.
    pub file: String,
    /// What it holds, folders too.
    pub entries: Vec<String>,
}

/// The log secret of another HSM.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImportSecret {
    /// A file of the account that asks.
    pub file: String,
    /// The serial number of the HSM that it is of, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// What is to be verified.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Verify {
    /// A file of the log, or one of the account.
    pub file: String,
    /// It is verified with the log secret that was imported.
    pub external: bool,
    /// The serial number of the HSM that wrote it, if that is known; another HSM's is verified with the
    /// log secret that was imported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The number of the first record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<u64>,
    /// The number of the last record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<u64>,
}

/// What was verified.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Verified {
    /// The file with its folder.
    pub file: String,
    /// The serial number of the HSM that wrote it.
    pub source: String,
    /// The number of the first record.
    pub first: u64,
    /// The number of the last record.
    pub last: u64,
    /// Whether nothing can be missing behind it.
    pub complete: bool,
}

/// A log secret that was imported.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Imported {
    /// The serial number of the HSM that it is of.
    pub serial: String,
}

/// The hosts that records are sent to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RemoteHosts {
    /// In the order in which they were added.
    pub remote_hosts: Vec<RemoteHost>,
}

/// A host that records are sent to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RemoteHost {
    /// A host name or address.
    pub address: String,
    /// The port it listens on; 514 where it is 0.
    pub port: u16,
    /// `udp` or `tcp`; `udp` where it is empty.
    pub protocol: String,
}
