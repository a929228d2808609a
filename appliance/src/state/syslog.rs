//! The settings of the logs, the hosts that lines are sent to, and the certificates for them. What the
//! logs hold is not kept here but in files of their own.

use std::collections::BTreeMap;

use luna_rest::Secret;
use serde::{Deserialize, Serialize};

use crate::core::logs::{HostTls, RemoteHost, Severity};
use crate::core::table::{Cell, Table};
use crate::state::area::{Area, FieldVisitor};

/// What is kept of the logs.
#[derive(Debug, Default)]
pub struct Syslog {
    /// The settings.
    pub settings: Cell<SyslogRow>,
    /// Hosts that lines are sent to, by address and port: `ADDRESS:PORT`.
    pub hosts: Table<RemoteHostRow>,
    /// The certificates for hosts that TLS is spoken with.
    pub certificates: Cell<CertificatesRow>,
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
    /// TLS, if it is spoken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<HostTlsRow>,
}

/// TLS with a host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HostTlsRow {
    /// Whether the appliance shows its certificate, too.
    pub mutual: bool,
    /// The name that the host's certificate must have, if it is not the address.
    pub name: Option<String>,
}

/// The certificates for hosts that TLS is spoken with.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CertificatesRow {
    /// The authority that is trusted, PEM; empty for none.
    pub authority: String,
    /// The appliance's certificate, PEM; empty for none.
    pub certificate: String,
    /// The appliance's key: PKCS#8 in base64; empty for none.
    pub key: Secret,
    /// Whether what was changed waits for the service to be restarted.
    pub restart_needed: bool,
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
        visit("syslog/certificates", &mut self.certificates);
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
        let CertificatesRow { authority, certificate, key, .. } = self.certificates.get();
        let tls = |row: &HostTlsRow| HostTls {
            trusted: authority.clone(),
            name: row.name.clone(),
            identity: row.mutual.then(|| (certificate.clone(), key.clone())),
        };
        let host = |row: &RemoteHostRow| RemoteHost {
            address: row.address.clone(),
            port: row.port,
            tcp: row.protocol == "tcp",
            tls: row.tls.as_ref().map(tls),
        };
        self.hosts.values().map(host).collect()
    }

    /// The service was started or restarted: certificates that were changed take effect.
    pub fn service_started(&mut self) {
        if self.certificates.get().restart_needed {
            self.certificates.get_mut().restart_needed = false;
        }
    }
}
