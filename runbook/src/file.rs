//! What stands in a runbook: TOML or JSON, by the file's extension, in the same types. A key that is not
//! known is an error that names it; nothing is ignored.
//!
//! A secret never stands in the file, only where it is: see [`SecretSource`]. Here is what an appliance is to be,
//! and how a file is read and written; `client.rs` has this machine as a client, `cluster.rs` a cluster.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use luna_shell::{Failure, Kind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::source::SecretSource;

mod client;
mod cluster;

pub use client::{ClusterEntry, HaGroup, HaSettings, OwnClient, RecoveryMode};
pub use cluster::{AssignmentMode, Cluster, ClusterMember, IdentityMode, Keyring};

/// Appliances and the client of this machine, as they are to be. Names of files are relative to the
/// folder of this one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Runbook {
    /// Where an editor finds the schema of this file.
    #[serde(rename = "$schema", skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// The appliances, by the names that this file gives them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub appliances: BTreeMap<String, Appliance>,
    /// This machine as a client of partitions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<OwnClient>,
    /// A cluster of these appliances.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<Cluster>,
}

/// An appliance: how it is reached, and how it is to be. What is left out stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Appliance {
    /// Host name or address, with an optional `:port`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Instead of an address: the folder of an emulated appliance, which is started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<PathBuf>,
    /// The appliance account; `admin` without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The password of the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<SecretSource>,
    /// The password that the account has before its first login, such as the factory's. It is tried once
    /// where the other is refused, and replaced by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_password: Option<SecretSource>,
    /// The SHA-256 fingerprint that the appliance's certificate must have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// A PEM file of the authorities that vouch for the appliance's certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca: Option<PathBuf>,
    /// The HSM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hsm: Option<Hsm>,
    /// Partitions, by name. One that is not named here is left alone.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub partitions: BTreeMap<String, Partition>,
    /// Serial numbers of partitions to delete, with all that is in them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub delete_partitions: Vec<String>,
    /// Clients of partitions, by name. One that is not named here is left alone.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub clients: BTreeMap<String, Client>,
    /// The service of the clients' links.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ntls: Option<Ntls>,
    /// Network time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ntp: Option<Ntp>,
    /// Where lines of the logs are sent to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub syslog: Option<Syslog>,
    /// SNMP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snmp: Option<Snmp>,
    /// Appliance accounts, by name. One that is not named here is left alone.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub users: BTreeMap<String, User>,
    /// Files with an OpenSSH public key each, which the account may log in with over SSH.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ssh_keys: Vec<PathBuf>,
}

/// The HSM of an appliance.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Hsm {
    /// The serial number that it must have, whatever is to be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// Its label: letters, digits and underscores.
    pub label: String,
    /// The password of the HSM SO.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub so_password: Option<SecretSource>,
    /// The cloning domain; that of the partitions too which name none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<SecretSource>,
    /// Values of policies, by number.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub policies: BTreeMap<String, u32>,
    /// The serial number of this HSM: allows what erases it, a new initialization under another label and
    /// policies whose change erases its partitions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub may_erase: Option<String>,
}

/// An application partition.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Partition {
    /// Bytes for objects; an equal share of the HSM for a new one without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// 0, or 1 for clusters and per-key authorization.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 1))]
    pub version: Option<u8>,
    /// Its label; its name for a new one without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Its cloning domain; the HSM's without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<SecretSource>,
    /// The password of the Partition SO. Without it the partition is not initialized.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub po_password: Option<SecretSource>,
    /// The password of the Crypto Officer. Without it the role is not initialized.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub co_password: Option<SecretSource>,
    /// The password that the Crypto Officer has until it is changed at first use, where somebody else has
    /// set it. Without it one is made from the other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub co_first_password: Option<SecretSource>,
    /// The password of the Crypto User. Without it the role is not initialized.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cu_password: Option<SecretSource>,
    /// As the Crypto Officer's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cu_first_password: Option<SecretSource>,
    /// Values of policies, by number.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub policies: BTreeMap<String, u32>,
    /// The serial number of this partition: allows changes of policies that erase its objects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub may_erase: Option<String>,
}

/// A client of partitions. By its certificate's name and without an address it may be a whole group of
/// machines, which share certificate and key.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Client {
    /// The host name, or any name that the certificate has; its own name without this and `ip`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// The address, instead of a host name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// The PEM file of its certificate; needed to register it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<PathBuf>,
    /// Names of the partitions that are assigned to it. Others stay assigned.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub partitions: Vec<String>,
}

/// The service of the clients' links.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Ntls {
    /// The network device that it serves: `eth0` to `eth3`, `bond0`, `bond1` or `all`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bind: Option<String>,
    /// Whether clients must come from their own address; not behind NAT.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_check: Option<bool>,
}

/// Network time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Ntp {
    /// Host names or addresses of the servers. Others stay.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<String>,
    /// Whether it runs, now and when the appliance starts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

/// Where lines of the logs are sent to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Syslog {
    /// The hosts. Others stay.
    pub hosts: Vec<SyslogHost>,
}

/// A host that lines of the logs are sent to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SyslogHost {
    /// Host name or address.
    pub host: String,
    /// `udp`, which is so without it, or `tcp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<SyslogProtocol>,
    /// The port; 514 without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
}

/// How lines are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SyslogProtocol {
    /// One packet a line.
    #[default]
    Udp,
    /// A connection.
    Tcp,
}

impl SyslogProtocol {
    /// As the appliance calls it.
    pub fn name(self) -> &'static str {
        match self {
            SyslogProtocol::Udp => "udp",
            SyslogProtocol::Tcp => "tcp",
        }
    }
}

/// SNMP.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Snmp {
    /// Whether the agent runs, now and when the appliance starts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Users of version 3, by name. Others stay.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub users: BTreeMap<String, SnmpUser>,
}

/// A user of SNMP version 3.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SnmpUser {
    /// What authenticates; needed to make the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_password: Option<SecretSource>,
    /// What encrypts; needed to make the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priv_password: Option<SecretSource>,
}

/// An appliance account.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct User {
    /// Its role: `admin`, `operator`, `monitor`, `audit` or one of your own that is there.
    pub role: String,
    /// Its first password, which its owner changes at the first login; needed to make the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<SecretSource>,
}

/// The form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `.toml`
    Toml,
    /// `.json`
    Json,
}

impl Form {
    /// The form that the extension of a file says.
    ///
    /// # Errors
    /// It is another one.
    pub fn of(path: &Path) -> Result<Form, Failure> {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some(toml) if toml.eq_ignore_ascii_case("toml") => Ok(Form::Toml),
            Some(json) if json.eq_ignore_ascii_case("json") => Ok(Form::Json),
            _ => {
                Err(wrong(format!("{}: a runbook's name ends in .toml or .json.", path.display())))
            }
        }
    }
}

impl Runbook {
    /// Reads a file.
    ///
    /// # Errors
    /// It cannot be read, or holds what a runbook does not have; the message has the place and repeats no
    /// value, which could be a secret.
    pub fn read(path: &Path) -> Result<Runbook, Failure> {
        let form = Form::of(path)?;
        let text = std::fs::read_to_string(path)
            .map_err(|error| wrong(format!("cannot read {}: {error}.", path.display())))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let mut runbook = Runbook::parse(text, form).map_err(|(place, why)| {
            let place = place.map_or_else(String::new, |(line, column)| {
                format!(", line {line}, column {column}")
            });
            wrong(format!("{}{place}: {why}.", path.display()))
        })?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        if let Some(folder) = folder {
            runbook.place_in(folder);
        }
        Ok(runbook)
    }

    /// Reads a text. An error has its line and column, both from 1, where they are known.
    #[allow(clippy::type_complexity, reason = "its only use")]
    fn parse(text: &str, form: Form) -> Result<Runbook, (Option<(usize, usize)>, String)> {
        match form {
            Form::Toml => toml::from_str(text).map_err(|error| {
                let place = error.span().and_then(|span| text.get(..span.start)).map(position);
                (place, without_values(error.message()))
            }),
            Form::Json => serde_json::from_str(text).map_err(|error| {
                let told = error.to_string();
                let told = told.rsplit_once(" at line ").map_or(&*told, |(told, _)| told);
                (Some((error.line(), error.column())), without_values(told))
            }),
        }
    }

    /// Makes the names of files relative to the working directory.
    fn place_in(&mut self, folder: &Path) {
        if let Some(file) = self.client.as_mut().and_then(|client| client.configuration.as_mut()) {
            *file = folder.join(&*file);
        }
        if let Some(cluster) = &mut self.cluster {
            cluster.package.iter_mut().for_each(|file| *file = folder.join(&*file));
            let keyrings = cluster.keyrings.values_mut().flat_map(|one| &mut one.password);
            for source in cluster.authcode.iter_mut().chain(keyrings) {
                if let SecretSource::File(path) = source {
                    *path = folder.join(&*path);
                }
            }
        }
        for appliance in self.appliances.values_mut() {
            let Appliance { data, ca, clients, ssh_keys, .. } = appliance;
            let certificates = clients.values_mut().filter_map(|one| one.certificate.as_mut());
            for path in data.iter_mut().chain(ca).chain(certificates).chain(ssh_keys) {
                *path = folder.join(&*path);
            }
            for source in appliance.sources_mut() {
                if let SecretSource::File(path) = source {
                    *path = folder.join(&*path);
                }
            }
        }
    }

    /// The file's text.
    pub fn text(&self, form: Form) -> String {
        // These types are plain tables, so this does not fail.
        match form {
            Form::Toml => toml::Table::try_from(self).map_or_else(
                |_| String::new(),
                |all| {
                    let mut text = String::new();
                    write_table(&mut text, "", &all);
                    text.trim_start().to_owned()
                },
            ),
            Form::Json => serde_json::to_string_pretty(self).unwrap_or_default() + "\n",
        }
    }
}

impl Appliance {
    fn sources_mut(&mut self) -> impl Iterator<Item = &mut SecretSource> {
        let of_hsm = self.hsm.iter_mut().flat_map(|hsm| [&mut hsm.so_password, &mut hsm.domain]);
        let of_partitions = self.partitions.values_mut().flat_map(|one| {
            [
                &mut one.domain,
                &mut one.po_password,
                &mut one.co_password,
                &mut one.co_first_password,
                &mut one.cu_password,
                &mut one.cu_first_password,
            ]
        });
        let of_snmp = self.snmp.iter_mut().flat_map(|snmp| snmp.users.values_mut());
        let of_snmp = of_snmp.flat_map(|user| [&mut user.auth_password, &mut user.priv_password]);
        let of_users = self.users.values_mut().map(|user| &mut user.password);
        let own = [&mut self.password, &mut self.first_password].into_iter();
        own.chain(of_hsm).chain(of_partitions).chain(of_snmp).chain(of_users).flatten()
    }
}

/// Writes a table as a person would: its values first, short tables within a line, then the others.
fn write_table(text: &mut String, path: &str, table: &toml::Table) {
    let is_short = |name: &str, value: &toml::Value| {
        let is_source = |table: &toml::Table| {
            table.keys().all(|key| ["environment", "file", "command"].contains(&key.as_str()))
        };
        let inner = value.as_table();
        inner.is_none_or(|inner| name == "policies" || !inner.is_empty() && is_source(inner))
    };
    let (short, long): (Vec<_>, Vec<_>) =
        table.iter().partition(|(name, value)| is_short(name, value));
    let key = |name: &str| {
        let bare = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        let is_bare = !name.is_empty() && name.chars().all(bare);
        if is_bare { name.to_owned() } else { toml::Value::from(name).to_string() }
    };
    if !path.is_empty() && (!short.is_empty() || long.is_empty()) {
        text.push_str(&format!("\n[{path}]\n"));
    }
    for (name, value) in short {
        text.push_str(&format!("{} = {value}\n", key(name)));
    }
    for (name, value) in long {
        let dot = if path.is_empty() { "" } else { "." };
        if let Some(inner) = value.as_table() {
            write_table(text, &format!("{path}{dot}{}", key(name)), inner);
        }
    }
}

/// The JSON schema of [`Runbook`], by which editors complete a file.
pub fn schema() -> String {
    let schema = schemars::schema_for!(Runbook);
    // A schema is plain JSON, so this does not fail.
    serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
}

fn wrong(why: String) -> Failure {
    Failure::new(Kind::NotUnderstood, why)
}

/// Line and column of what follows a text, both from 1.
fn position(before: &str) -> (usize, usize) {
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// A parser's message without the value that it complains of. Names of keys stay.
fn without_values(message: &str) -> String {
    let message = message.lines().next().unwrap_or_default().trim_end_matches('.');
    if ["unknown field", "missing field", "duplicate"].iter().any(|one| message.starts_with(one)) {
        return message.to_owned();
    }
    let (told, expected) = match message.rsplit_once(", expected ") {
        Some((told, expected)) => (told, format!(", expected {expected}")),
        None => (message, String::new()),
    };
    let told = told.split(['`', '"', '\'']).next().unwrap_or_default();
    format!("{}{expected}", told.trim_end_matches([' ', ':', ',']))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = r#"
[appliances.hsm1]
address = "hsm1.example.com"
password = { environment = "ADMIN" }

[appliances.hsm1.hsm]
label = "myhsm"
so_password = { file = "so" }
domain = { command = ["pass", "show", "luna/domain"] }
policies = { 15 = 1 }

[appliances.hsm1.partitions.app1]
co_password = { environment = "CO" }
"#;

    #[test]
    fn toml_and_json_say_the_same() {
        let toml = Runbook::parse(SAMPLE, Form::Toml).unwrap();
        let json = Runbook::parse(&toml.text(Form::Json), Form::Json).unwrap();
        assert_eq!(toml, json);
        assert_eq!(Runbook::parse(&json.text(Form::Toml), Form::Toml).unwrap(), toml);
        assert_eq!(toml.appliances["hsm1"].hsm.as_ref().unwrap().policies["15"], 1);
    }

    #[test]
    fn a_secret_in_the_file_is_refused_and_not_repeated() {
        for (text, form) in [
            ("[appliances.a.hsm]\nlabel = 'x'\nso_password = 's3cr3t-1'", Form::Toml),
            (
                r#"{"appliances": {"a": {"hsm": {"label": "x", "so_password": "s3cr3t-1"}}}}"#,
                Form::Json,
            ),
        ] {
            let (place, why) = Runbook::parse(text, form).unwrap_err();
            assert!(place.is_some() && why.contains("secret itself"), "{why}");
            assert!(!why.contains("s3cr3t"), "{why}");
        }
        for text in [
            "[appliances.a]\npassword = { environment = ['s3cr3t-1'] }",
            "[appliances.a]\npassword = ['s3cr3t-1']",
            "[appliances.a]\naddress = ['s3cr3t-1']",
            "[appliances.a.partitions.p]\nsize = 's3cr3t-1'",
            "[appliances.a]\nsyslog.hosts = [{ host = 'h', protocol = 's3cr3t-1' }]",
            "[appliances.a]\npassword = s3cr3t-1",
        ] {
            let (_, why) = Runbook::parse(text, Form::Toml).unwrap_err();
            assert!(!why.contains("s3cr3t"), "{why}");
        }
    }

    #[test]
    fn an_unknown_key_is_named_with_its_place() {
        let (place, why) =
            Runbook::parse("[appliances.a]\naddress = 'h'\nhostnam = 'x'", Form::Toml).unwrap_err();
        assert_eq!(place, Some((3, 1)));
        assert!(why.contains("`hostnam`"), "{why}");
        let (_, why) =
            Runbook::parse("[appliances.a]\npassword = { vault = 'x' }", Form::Toml).unwrap_err();
        assert!(why.contains("'vault'"), "{why}");
    }

    #[test]
    fn names_of_files_are_relative_to_the_runbook() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("all.toml");
        std::fs::write(&path, SAMPLE).unwrap();
        let runbook = Runbook::read(&path).unwrap();
        let hsm = runbook.appliances["hsm1"].hsm.clone().unwrap();
        assert_eq!(hsm.so_password, Some(SecretSource::File(folder.path().join("so"))));
    }
}
