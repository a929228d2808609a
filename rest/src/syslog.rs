//! The appliance's logs: `/api/lunasa/syslog`, `/api/lunasa/logs`. The certificates for hosts that they
//! are sent to are in `syslog/certificates.rs`.
//!
//! Assumed: of most of these resources only the path is known; the fields are named as the options
//! of LunaSH.

pub mod certificates;

use serde::{Deserialize, Serialize};

use crate::call::{Nothing, calls};
use crate::error_id::short_names;
use crate::tasks::{Actions, Link};

short_names! {
    NO_LOG = SYSLOG_LOG_DOES_NOT_EXIST,
    HOST_EXISTS = SYSLOG_REMOTE_HOST_ALREADY_EXISTS,
    NO_HOST = SYSLOG_REMOTE_HOST_DOES_NOT_EXIST,
}

calls! {
    /// Shows the settings.
    pub const SHOW: Call<Nothing, Syslog> = Call::get("/api/lunasa/syslog");
    /// Changes how often logs are rotated and how many older files are kept.
    pub const CHANGE: Call<ChangeSyslog, Nothing> = Call::patch("/api/lunasa/syslog");
    /// Lists the logs.
    pub const LOGS: Call<Nothing, Logs> = Call::get("/api/lunasa/syslog/logs");
    /// Shows a log's files and what it keeps.
    pub const LOG: Call<Nothing, Log> = Call::get("/api/lunasa/syslog/logs/{logid}");
    /// Sets the least grave severity that a log keeps.
    pub const CHANGE_LOG: Call<ChangeLog, Nothing> = Call::patch("/api/lunasa/syslog/logs/{logid}");
    /// Lists what can be done with the logs.
    pub const ACTIONS: Call<Nothing, Actions> = Call::get("/api/lunasa/syslog/actions");
    /// Runs `rotate` or `cleanup`.
    pub const ACT: Call<Nothing, Nothing> = Call::post("/api/lunasa/syslog/actions/{actionid}");
    /// Writes a line into `lunalogs`; clients use it to keep their session open.
    pub const WRITE: Call<LogLine, Nothing> = Call::post("/api/lunasa/logs/lunalogs");

    /// Lists the hosts that lines are sent to.
    pub const HOSTS: Call<Nothing, RemoteHosts> = Call::get("/api/lunasa/syslog/remoteHosts");
    /// Adds one.
    pub const ADD_HOST: Call<NewRemoteHost, Nothing> = Call::post("/api/lunasa/syslog/remoteHosts");
    /// Removes all of them.
    pub const CLEAR_HOSTS: Call<Nothing, Nothing> = Call::delete("/api/lunasa/syslog/remoteHosts");
    /// Shows one.
    pub const HOST: Call<Nothing, RemoteHost> =
        Call::get("/api/lunasa/syslog/remoteHosts/{hostid}");
    /// Removes one.
    pub const DELETE_HOST: Call<Nothing, Nothing> =
        Call::delete("/api/lunasa/syslog/remoteHosts/{hostid}");

    /// The last lines of a log. Emulated appliances only, as what follows.
    pub const TAIL: Call<Tail, Lines> = Call::post("/emulator/lunash/syslog/{logid}/tail");
    /// Packs all logs into `logs.tgz` among the files of the account that asks.
    pub const ARCHIVE: Call<Nothing, Archive> = Call::post("/emulator/lunash/syslog/archive");
    /// Copies the log `messages` into `syslog` among the files of the account that asks.
    pub const EXPORT: Call<Nothing, Archive> = Call::post("/emulator/lunash/syslog/export");
    /// Tells what was done in LunaSH: a login or a command and its result.
    pub const TELL: Call<Told, Nothing> = Call::post("/emulator/lunash/told");
}

/// The port of a host unless another is given.
pub const PORT: u16 = 514;
/// How lines may be sent; the first one unless another is given, and the second one with TLS.
pub const PROTOCOLS: [&str; 2] = ["udp", "tcp"];
/// Who shows a certificate with TLS: the host alone, which is so unless the other is given, or both. The
/// second value is assumed: the page was cut before it.
pub const MODES: [&str; 2] = ["server", "mutual"];

/// The settings of the logs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Syslog {
    /// Where the actions are.
    pub actions: String,
    /// Where the logs are.
    pub logs: String,
    /// `daily`, `weekly` or `monthly`.
    pub period: String,
    /// Where the hosts are that lines are sent to.
    pub remote_hosts: String,
    /// How many older files of a log are kept.
    pub rotations: u32,
}

/// Settings to change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ChangeSyslog {
    /// `daily`, `weekly` or `monthly`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<String>,
    /// How many older files of a log are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotations: Option<u32>,
}

/// The logs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Logs {
    /// By name.
    pub logs: Vec<Link>,
}

/// A log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Log {
    /// Its files: the one that is written to and older ones, `messages.1` the newest of them.
    pub files: Vec<LogFile>,
    /// Its name.
    pub id: String,
    /// The least grave severity that it keeps.
    pub severity: String,
}

/// A file of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LogFile {
    /// Its name.
    pub id: String,
    /// Bytes.
    pub size: u64,
}

/// What a log is to keep.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeLog {
    /// `emergency`, `alert`, `critical`, `error`, `warning`, `notice`, `info` or `debug`.
    pub severity: String,
}

/// A line to write.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LogLine {
    /// Its text.
    pub message: String,
}

/// The hosts that lines are sent to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RemoteHosts {
    /// In the order in which they were added; their ids are address and port, `ADDRESS:PORT`.
    pub remote_hosts: Vec<Link>,
}

/// A new host; the names of the fields are documented.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewRemoteHost {
    /// A host name or address.
    pub address: String,
    /// One of [`PROTOCOLS`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// 1 to 65535; [`PORT`] unless it is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Who shows a certificate, with TLS: one of [`MODES`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// The name in the host's certificate, with TLS; its address unless another is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether TLS is spoken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<bool>,
}

/// A host that lines are sent to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RemoteHost {
    /// A host name or address.
    pub address: String,
    /// The port it listens on.
    pub port: u16,
    /// One of [`PROTOCOLS`].
    pub protocol: String,
    /// Whether TLS is spoken.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub tls: bool,
    /// Who shows a certificate, with TLS: one of [`MODES`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// The name that the host's certificate must have, with TLS, if it is not the address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Why lines wait; none while they are sent. Emulated appliances only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// Which lines of a log are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tail {
    /// At most so many, the last ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entries: Option<usize>,
    /// Those alone that hold this text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
}

/// Lines of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Lines {
    /// The oldest first.
    pub lines: Vec<String>,
}

/// An archive that was made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Archive {
    /// Its name among the account's files.
    pub file: String,
}

/// What was done in LunaSH.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Told {
    /// The command in full spelling, without secrets; none for the login itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Its result, 0 for success.
    pub code: u32,
}
