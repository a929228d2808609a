//! The appliance's own end of NTLS: settings, certificate, binding.
//!
//! The vendor's reference has settings, certificate and certificate request. What LunaSH sets
//! beyond that is below `/emulator/lunash`, where a real appliance answers 404.

use serde::{Deserialize, Serialize};

use crate::call::{Nothing, calls};

calls! {
    /// Shows the settings. Assumed to answer with the fields that [`SET_SETTINGS`] takes: the page of
    /// the GET was not found.
    pub const SETTINGS: Call<Nothing, Settings> = Call::get("/api/lunasa/ntls");
    /// Sets all settings at once.
    pub const SET_SETTINGS: Call<NewSettings, Nothing> = Call::put("/api/lunasa/ntls");
    /// Shows the appliance's certificate. Its fields are assumed: the page was not found.
    pub const CERTIFICATE: Call<Nothing, ServerCertificate> = Call::get("/api/lunasa/ntls/certificate");
    /// Installs a certificate that an authority signed; a task that waits to be started.
    pub const INSTALL: Call<CertificateFile, Nothing> = Call::put("/api/lunasa/ntls/certificate");
    /// Makes a new key and a self-signed certificate; assumed to be a waiting task as [`INSTALL`] is.
    pub const RENEW: Call<NewKey, Nothing> = Call::patch("/api/lunasa/ntls/certificate");
    /// Makes a certificate request, `serverCSR.pem` among the user's files.
    pub const REQUEST: Call<NewRequest, Nothing> = Call::post("/api/lunasa/ntls/csr");
    /// Makes a new key and a self-signed certificate: what LunaSH's `sysconf regenCert` calls.
    pub const REGENERATE: Call<Regenerate, Nothing> =
        Call::post("/api/lunasa/actions/regenerateCertificate");

    /// Shows what NTLS is bound to.
    pub const BINDING: Call<Nothing, Binding> = Call::get("/emulator/lunash/ntls/binding");
    /// Binds NTLS to a network device, or to all.
    pub const BIND: Call<NewBinding, Nothing> = Call::put("/emulator/lunash/ntls/binding");
    /// Shows the TCP keepalive settings.
    pub const KEEPALIVE: Call<Nothing, Keepalive> = Call::get("/emulator/lunash/ntls/keepalive");
    /// Sets them.
    pub const SET_KEEPALIVE: Call<Keepalive, Nothing> = Call::put("/emulator/lunash/ntls/keepalive");
    /// Shows how many threads serve.
    pub const THREADS: Call<Nothing, Threads> = Call::get("/emulator/lunash/ntls/threads");
    /// Sets it.
    pub const SET_THREADS: Call<NewThreads, Nothing> = Call::put("/emulator/lunash/ntls/threads");
    /// Shows state and counters.
    pub const INFORMATION: Call<Nothing, Information> = Call::get("/emulator/lunash/ntls/information");
    /// Sets the counters back to 0.
    pub const RESET_INFORMATION: Call<Nothing, Nothing> =
        Call::delete("/emulator/lunash/ntls/information");
    /// Shows the watch over the certificate's end.
    pub const MONITOR: Call<Nothing, Monitor> = Call::get("/emulator/lunash/ntls/certificate/monitor");
    /// Changes some of it.
    pub const SET_MONITOR: Call<NewMonitor, Nothing> =
        Call::patch("/emulator/lunash/ntls/certificate/monitor");
}

/// The key exchange groups that the reference names. Assumed: the default list has them all.
pub const GROUPS: &str = "secp256r1:P-256:secp384r1:P-384:secp521r1:P-521:x25519:x448:\
    brainpoolP256r1tls13:brainpoolP384r1tls13:brainpoolP512r1tls13:ffdhe2048:ffdhe3072:ffdhe4096:\
    ffdhe6144:ffdhe8192:MLKEM512:MLKEM768:MLKEM1024:SecP256r1MLKEM768:X25519MLKEM768:\
    SecP384r1MLKEM1024";

/// The settings, with the paths of their parts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Settings {
    /// Seconds allowed for setting up a connection, 1 to 300.
    pub receive_timeout_timer: u32,
    /// Whether a client's source address is checked.
    pub ip_check_enabled: bool,
    /// TLS ciphers in order, joined by colons.
    pub cipher_list: String,
    /// Key exchange groups in order, joined by colons.
    pub group_list: String,
    /// Path of the appliance's certificate.
    pub certificate: String,
    /// Path of the clients.
    pub clients: String,
}

/// The settings as they are set: all four are required.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "as in Settings")]
pub struct NewSettings {
    pub receive_timeout_timer: u32,
    pub ip_check_enabled: bool,
    pub cipher_list: String,
    pub group_list: String,
}

impl From<Settings> for NewSettings {
    fn from(settings: Settings) -> NewSettings {
        NewSettings {
            receive_timeout_timer: settings.receive_timeout_timer,
            ip_check_enabled: settings.ip_check_enabled,
            cipher_list: settings.cipher_list,
            group_list: settings.group_list,
        }
    }
}

/// The appliance's certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ServerCertificate {
    /// PEM.
    pub certificate: String,
    /// Subject.
    pub subject: String,
    /// Issuer.
    pub issuer: String,
    /// Serial number, upper-case pairs joined by colons.
    pub serial_number: String,
    /// SHA-256 of the DER form, upper-case pairs joined by colons.
    pub fingerprint: String,
    /// First moment of validity, RFC 3339.
    pub not_before: String,
    /// Last moment of validity, RFC 3339.
    pub not_after: String,
}

/// The name of a file of the user.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct CertificateFile {
    /// A `.pem` file.
    pub file: String,
}

/// What a new certificate says; all of it may be left out.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NewKey {
    /// Common name; the host name if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cn: Option<String>,
    /// First day, `YYYY-MM-DD`; today if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_date: Option<String>,
    /// Days of validity, 1 to 3653, which is the default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
    /// The rest of the subject.
    #[serde(flatten)]
    pub subject: Subject,
}

/// What a certificate request says; all of it may be left out.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NewRequest {
    /// Common name; the host name if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cn: Option<String>,
    /// Days of validity, 1 to 3653; the authority decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
    /// The rest of the subject; `CA`, `Ontario`, `Ottawa` and `Thales` where left out.
    #[serde(flatten)]
    pub subject: Subject,
}

/// A subject but for its common name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Subject {
    /// Two upper-case letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// State or province.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// City.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Organization.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// Organizational unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub orgunit: Option<String>,
    /// An e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Up to ten further names, `IP:…` or `DNS:…`. The key's name is assumed: the reference was
    /// cut there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subject_alt_names: Vec<String>,
}

/// What `regenerateCertificate` takes.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Regenerate {
    /// Common name; the host name if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Days of validity, 365 if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
    /// First day, `YYYY-MM-DD`; now if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_date: Option<String>,
}

/// What NTLS is bound to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Binding {
    /// `eth0` to `eth3`, `bond0`, `bond1`, or `all`.
    pub device: String,
    /// The device in use; another one until NTLS is restarted.
    pub active: String,
    /// Whether something that was set waits for NTLS to be restarted.
    pub restart_needed: bool,
}

/// What NTLS is to be bound to.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct NewBinding {
    /// `eth0` to `eth3`, `bond0`, `bond1`, or `all`.
    pub device: String,
}

/// TCP keepalive settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keepalive {
    /// Seconds before the first probe, 10 to 10000.
    pub idle: u32,
    /// Seconds between two probes, 10 to 360.
    pub interval: u32,
    /// Probes without an answer until the link counts as lost, 1 to 30.
    pub probes: u32,
}

/// How many threads serve.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Threads {
    /// Threads that carry data, 1 to 15.
    pub datapath: u32,
    /// Threads that work on commands, 1 to 70.
    pub cmdprocessor: u32,
}

/// A change of the threads; what is left out stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "as in Threads")]
pub struct NewThreads {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub datapath: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cmdprocessor: Option<u32>,
}

/// Seconds allowed for setting up a connection if nothing was set.
pub const RECEIVE_TIMEOUT: u32 = 20;

/// State and counters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Information {
    /// Whether the service runs.
    pub up: bool,
    /// Clients that are connected now.
    pub connected_clients: u64,
    /// Links that are open now.
    pub links: u64,
    /// Connections that came up since the counters were reset.
    pub successful_connections: u64,
    /// Connections that did not.
    pub failed_connections: u64,
}

/// The watch over the certificate's end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Monitor {
    /// Whether it runs.
    pub enabled: bool,
    /// Days before the end when it begins to warn.
    pub days: u32,
    /// Hours between two warnings.
    pub interval: u32,
}

/// A change of the watch; what is left out stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "as in Monitor")]
pub struct NewMonitor {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<u32>,
}
