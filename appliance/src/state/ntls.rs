//! NTLS: settings, registered clients, and the appliance's own key and certificate.

use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use luna_rest::Secret;
use luna_rest::ntls::{GROUPS, RECEIVE_TIMEOUT};
use luna_rest::tls::CIPHERS;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_ED25519};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::core::random::Random;
use crate::core::table::{Cell, Table};
use crate::state::area::{Area, FieldVisitor, Setup};

/// What is kept of NTLS.
#[derive(Debug, Default)]
pub struct Ntls {
    /// The clients by name.
    pub clients: Table<ClientRow>,
    /// Its settings.
    pub settings: Cell<SettingsRow>,
    /// The appliance's own key and certificate.
    pub server: Cell<ServerRow>,
    /// The authorities that sign certificates of clients, by fingerprint.
    pub authorities: Table<AuthorityRow>,
    /// How often the service was started since the program was; not stored.
    pub starts: u64,
}

/// An authority that is trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AuthorityRow {
    /// Its certificate in PEM.
    pub certificate: String,
}

/// The settings. Some take effect when the service is restarted only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SettingsRow {
    /// Seconds allowed for setting up a connection.
    pub receive_timeout: u32,
    /// Whether a client's source address is checked.
    pub ip_check: bool,
    /// TLS ciphers joined by colons.
    pub ciphers: String,
    /// Key exchange groups joined by colons.
    pub groups: String,
    /// The network device, or `all`.
    pub device: String,
    /// The device in use.
    pub active_device: String,
    /// TCP keepalive.
    pub keepalive: KeepaliveRow,
    /// Threads.
    pub threads: ThreadsRow,
    /// The watch over the certificate's end.
    pub monitor: MonitorRow,
    /// Connections that came up, and that did not, since the counters were reset.
    pub connections: (u64, u64),
    /// Whether something that was set waits for a restart.
    pub restart_needed: bool,
}

/// TCP keepalive settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeepaliveRow {
    /// Seconds before the first probe, 10 to 10000.
    pub idle: u32,
    /// Seconds between two probes, 10 to 360.
    pub interval: u32,
    /// Probes without an answer until the link counts as lost, 1 to 30.
    pub probes: u32,
}

/// How many threads serve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ThreadsRow {
    /// Threads that carry data, 1 to 15.
    pub datapath: u32,
    /// Threads that work on commands, 1 to 70.
    pub cmdprocessor: u32,
}

/// When it is warned of the certificate's end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MonitorRow {
    /// Whether the certificate is watched.
    pub enabled: bool,
    /// Days before the end when the warnings begin.
    pub days: u32,
    /// Hours between two warnings.
    pub interval: u32,
}

impl Default for SettingsRow {
    fn default() -> SettingsRow {
        SettingsRow {
            receive_timeout: RECEIVE_TIMEOUT,
            ip_check: true,
            ciphers: CIPHERS.to_owned(),
            groups: GROUPS.to_owned(),
            device: "all".to_owned(),
            active_device: "all".to_owned(),
            keepalive: KeepaliveRow { idle: 10, interval: 10, probes: 2 },
            // Assumed; no page with the defaults was found.
            threads: ThreadsRow { datapath: 5, cmdprocessor: 50 },
            // The days and hours of the vendor's example; that it is off is documented.
            monitor: MonitorRow { enabled: false, days: 5, interval: 12 },
            connections: (0, 0),
            restart_needed: false,
        }
    }
}

impl Area for Ntls {
    fn fields(&mut self, visit: FieldVisitor<'_>) {
        visit("ntls/clients", &mut self.clients);
        visit("ntls/settings", &mut self.settings);
        visit("ntls/server", &mut self.server);
        visit("ntls/authorities", &mut self.authorities);
    }

    fn factory(&mut self, setup: &mut Setup<'_>) {
        self.starts += 1;
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, setup.hostname);
        // Fails for a host name that no certificate can hold; `sysconf regenCert` then makes one.
        let validity = (setup.now, LONGEST);
        if let Ok(row) = ServerRow::self_signed(setup.random, params, validity, setup.now) {
            self.server.set(row);
        }
    }
}

impl Ntls {
    /// The service was started or restarted: what was set takes effect.
    pub fn service_started(&mut self) {
        self.starts += 1;
        let settings = self.settings.get_mut();
        settings.active_device = settings.device.clone();
        settings.restart_needed = false;
    }

    /// The clients by the order of their registration.
    pub fn by_number(&self) -> Vec<(&str, &ClientRow)> {
        let mut clients: Vec<_> = self.clients.iter().collect();
        clients.sort_by_key(|(_, row)| row.number);
        clients
    }

    /// Takes a partition from every client: it was deleted.
    pub fn forget_partition(&mut self, id: &str) {
        let has = |row: &ClientRow| row.links.iter().any(|link| link == id);
        let names: Vec<String> =
            self.clients.iter().filter(|(_, row)| has(row)).map(|(name, _)| name.into()).collect();
        for name in names {
            if let Some(row) = self.clients.get_mut(&name) {
                row.links.retain(|link| link != id);
            }
        }
    }

    /// The appliance's certificate in PEM: what `server.pem` holds.
    pub fn server_certificate(&self) -> &str {
        &self.server.get().certificate
    }

    /// Something was set that takes effect at the next start of the service.
    pub fn restart_needed(&mut self) {
        self.settings.get_mut().restart_needed = true;
    }
}

/// A registered client.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientRow {
    /// Its place in the order of registration.
    pub number: u64,
    /// Its address, if it was registered by one.
    pub ip: Option<IpAddr>,
    /// Its host name, if it was registered by one.
    pub hostname: Option<String>,
    /// Its certificate in PEM.
    pub certificate: Option<String>,
    /// The distinguished name that its certificate must have.
    pub filter: Option<String>,
    /// The address of its host name where no name server knows it.
    pub host_address: Option<IpAddr>,
    /// The serial numbers of its partitions, in the order of their assignment.
    pub links: Vec<String>,
}

/// The longest validity in days, which is the default.
pub const LONGEST: u32 = 3653;

/// The appliance's key and certificate.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ServerRow {
    /// The private key: PKCS#8 in base64.
    pub key: Secret,
    /// The certificate in PEM.
    pub certificate: String,
    /// When it was made or installed, seconds since 1970.
    pub made: i64,
}

impl ServerRow {
    /// A new key and a certificate of it that it signs itself; the other fields of the certificate are
    /// those of `params`.
    ///
    /// # Errors
    /// The fields cannot be encoded.
    pub fn self_signed(
        random: &mut Random,
        mut params: CertificateParams,
        (start, days): (OffsetDateTime, u32),
        now: OffsetDateTime,
    ) -> Result<ServerRow, rcgen::Error> {
        // PKCS#8 version 1 of an Ed25519 key: a fixed head and 32 bytes of seed.
        let mut key = vec![0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
        key.extend(random.block());
        let mut serial = random.bytes::<16>();
        // A first bit of 1 would need a byte more, of 0 the whole number could need one less.
        serial[0] = serial[0] & 0x3f | 0x40;
        params.serial_number = Some(serial.to_vec().into());
        params.not_before = start;
        params.not_after = start + Duration::days(days.into());
        let certificate = params.self_signed(&from_pkcs8(&key)?)?.pem();
        let made = now.unix_timestamp();
        Ok(ServerRow { key: STANDARD.encode(&key).into(), certificate, made })
    }

    /// The key.
    ///
    /// # Errors
    /// There is none.
    pub fn key_pair(&self) -> Result<KeyPair, rcgen::Error> {
        key_pair(&self.key)
    }
}

/// The key pair of a stored key, PKCS#8 in base64.
///
/// # Errors
/// There is none.
pub fn key_pair(key: &Secret) -> Result<KeyPair, rcgen::Error> {
    from_pkcs8(&STANDARD.decode(key.expose()).unwrap_or_default())
}

fn from_pkcs8(pkcs8: &[u8]) -> Result<KeyPair, rcgen::Error> {
    KeyPair::from_pkcs8_der_and_sign_algo(&pkcs8.into(), &PKCS_ED25519)
}
