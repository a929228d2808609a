//! The settings of the logs, and the hosts that lines are sent to. What the logs hold is not kept here but in files of their own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::core::logs::{RemoteHost, Severity};
use crate::core::table::{Cell, Table};
use crate::state::area::{Area, FieldVisitor};

/// What is kept of the logs.
#[derive(Debug, Default)]
pub struct Syslog {
    /// The settings.
    pub settings: Cell<SyslogRow>,
    /// Hosts that lines are sent to, by address and port: `ADDRESS:PORT`.
    pub hosts: Table<RemoteHostRow>,
}

/// The settings of the logs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SyslogRow {
    /// How many older files of a log are kept.
    pub rotations: u32,
    /// How often new files are begun: one of [`PERIODS`].
    pub period: String,
    /// When they were begun, seconds since 1970; 0 before the first time.
    pub rotated: i64,
    /// The least grave severity that a log keeps, by log; `info` for one that is not named.
    pub severities: BTreeMap<String, String>,
}

/// A host that lines are sent to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RemoteHostRow {
    /// Hosts are listed in the order in which they were added.
    pub order: u64,
    /// A host name or address.
    pub address: String,
    /// The port it listens on.
    pub port: u16,
    /// `tcp` or `udp`.
    pub protocol: String,
}

/// How often new files may be begun, and days between.
pub const PERIODS: [(&str, i64); 3] = [("daily", 1), ("weekly", 7), ("monthly", 30)];

impl Default for SyslogRow {
    /// Assumed: the factory's settings were not found.
    fn default() -> SyslogRow {
        SyslogRow {
            rotations: 4,
            period: "weekly".to_owned(),
            rotated: 0,
            severities: BTreeMap::new(),
        }
    }
}

impl Area for Syslog {
    fn fields(&mut self, visit: FieldVisitor<'_>) {
        visit("syslog", &mut self.settings);
        visit("syslog/hosts", &mut self.hosts);
    }
}

impl Syslog {
    /// The least grave severity that a log keeps.
    pub fn severity(&self, log: &str) -> Severity {
        let name = self.settings.get().severities.get(log);
        name.and_then(|name| Severity::of(name)).unwrap_or(Severity::Info)
    }

    /// The hosts that lines are sent to.
    pub fn remote_hosts(&self) -> Vec<RemoteHost> {
        let host = |row: &RemoteHostRow| RemoteHost {
            address: row.address.clone(),
            port: row.port,
            tcp: row.protocol == "tcp",
        };
        self.hosts.values().map(host).collect()
    }
}
