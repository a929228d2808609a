//! What an appliance has: read through its REST API, and changed by nothing here.

use std::collections::{BTreeMap, BTreeSet};

use luna_rest::{
    Client as Link, ErrorId, hsm, lunasa, ntls, ntp, partitions, services, snmp, syslog, users,
};
use luna_shell::Failure;

use crate::file;

mod cluster;

pub use cluster::{ClusterClient, ClusterMember, ClusterState};

/// What an appliance has. A part that was not asked for, or that the appliance does not tell, is `None`.
#[derive(Clone, Debug, Default)]
pub struct Appliance {
    /// Whether the account has to change its password first; then nothing else is known.
    pub password_is_due: bool,
    /// Whether it was read from the screens of the appliance's own shell.
    pub of_screens: bool,
    /// The HSM.
    pub hsm: Hsm,
    /// The partitions, in the appliance's order.
    pub partitions: Vec<Partition>,
    /// The clients, by name.
    pub clients: BTreeMap<String, Client>,
    /// What it has of a cluster.
    pub cluster: Option<ClusterState>,
    /// The certificate of NTLS, as PEM; empty where it is not told.
    pub server_certificate: String,
    /// What NTLS is bound to.
    pub binding: Option<ntls::Binding>,
    /// Whether NTLS checks the addresses of clients.
    pub ip_check: Option<bool>,
    /// The NTP servers, as they were added.
    pub ntp_servers: Vec<String>,
    /// Whether NTP runs, and starts with the appliance.
    pub ntp: Option<OnOff>,
    /// The hosts that lines of the logs are sent to.
    pub syslog: Vec<syslog::RemoteHost>,
    /// Names of the SNMP users.
    pub snmp_users: BTreeSet<String>,
    /// Whether the SNMP agent runs, and starts with the appliance.
    pub snmp: Option<OnOff>,
    /// The accounts with their roles, empty where they have none.
    pub users: BTreeMap<String, String>,
    /// Fingerprints of the keys that the account may log in with over SSH.
    pub ssh_keys: Option<BTreeSet<String>>,
}

/// A service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OnOff {
    /// Whether it starts with the appliance.
    pub on_boot: bool,
    /// Whether it runs.
    pub running: bool,
}

/// The HSM.
#[derive(Clone, Debug, Default)]
pub struct Hsm {
    /// Its serial number.
    pub serial: String,
    /// Its label; empty while it is not initialized.
    pub label: String,
    /// Whether it has an SO.
    pub initialized: bool,
    /// Whether keys of a PED stand in for passwords.
    pub multifactor: bool,
    /// The policies, by number.
    pub policies: BTreeMap<u32, hsm::Policy>,
}

/// A partition.
#[derive(Clone, Debug, Default)]
pub struct Partition {
    /// Its serial number.
    pub serial: String,
    /// Its name.
    pub name: String,
    /// Its label; empty while it is not initialized.
    pub label: String,
    /// Whether it has a Partition SO.
    pub initialized: bool,
    /// 0 or 1.
    pub version: u8,
    /// Bytes for objects.
    pub size: u64,
    /// How many objects there are.
    pub objects: u64,
    /// The Crypto Officer.
    pub co: Role,
    /// The Crypto User.
    pub cu: Role,
    /// The policies, by number.
    pub policies: BTreeMap<u32, partitions::Policy>,
}

/// A role of a partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Role {
    /// Whether it has a password.
    pub initialized: bool,
    /// Whether that has to be changed at first use.
    pub to_be_changed: bool,
}

/// A client of partitions.
#[derive(Clone, Debug, Default)]
pub struct Client {
    /// Its host name; empty where it was registered by address.
    pub hostname: String,
    /// Its address; empty where it was registered by host name.
    pub ip: String,
    /// Its certificate, where the appliance shows it.
    pub certificate: Option<String>,
    /// Serial numbers of the partitions that are assigned to it.
    pub partitions: BTreeSet<String>,
}

/// Which parts are of interest.
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs, reason = "as in Appliance")]
pub struct Parts {
    pub clients: bool,
    pub server_certificate: bool,
    pub cluster: bool,
    pub ntls: bool,
    pub ntp: bool,
    pub syslog: bool,
    pub snmp: bool,
    pub users: bool,
    pub ssh_keys: bool,
}

impl Parts {
    /// All of them.
    pub const ALL: Parts = Parts {
        clients: true,
        server_certificate: true,
        cluster: true,
        ntls: true,
        ntp: true,
        syslog: true,
        snmp: true,
        users: true,
        ssh_keys: true,
    };

    /// Those that a file says something of.
    pub fn of(file: &file::Runbook, name: &str) -> Parts {
        let own = file.client.as_ref().is_some_and(|own| own.partitions.contains_key(name));
        let cluster = file.cluster.as_ref().is_some_and(|one| one.members.contains_key(name));
        let Some(file) = file.appliances.get(name) else { return Parts::default() };
        Parts {
            clients: own || !file.clients.is_empty(),
            server_certificate: own,
            cluster,
            ntls: file.ntls.is_some(),
            ntp: file.ntp.is_some(),
            syslog: file.syslog.is_some(),
            snmp: file.snmp.is_some(),
            users: !file.users.is_empty(),
            ssh_keys: !file.ssh_keys.is_empty(),
        }
    }
}

impl Appliance {
    /// Reads these parts, and the HSM with its partitions.
    ///
    /// # Errors
    /// The appliance does not answer, or refuses what the account may not see.
    pub fn read(link: &Link, parts: Parts) -> Result<Appliance, Failure> {
        if let Err(error) = link.get(&lunasa::SHOW, &[])
            && error.id() == Some(ErrorId::FRAMEWORK_PASSWORD_CHANGE_REQUIRED)
        {
            return Ok(Appliance { password_is_due: true, ..Appliance::default() });
        }
        let mut read = Appliance { hsm: hsm(link)?, ..Appliance::default() };
        let serial = read.hsm.serial.clone();
        for entry in link.get(&partitions::LIST, &[&serial])?.partitions {
            read.partitions.push(partition(link, &serial, entry.id)?);
        }
        if parts.clients {
            for entry in link.get(&ntls::CLIENTS, &[])?.clients {
                let client = client(link, &entry.client_id)?;
                read.clients.insert(entry.client_id, client);
            }
        }
        if parts.server_certificate {
            read.server_certificate = link.get(&ntls::CERTIFICATE, &[])?.certificate;
        }
        if parts.cluster {
            read.cluster = Some(ClusterState::read(link)?);
        }
        if parts.ntls {
            read.binding = told(link.get(&ntls::BINDING, &[]))?;
            read.ip_check = Some(link.get(&ntls::SETTINGS, &[])?.ip_check_enabled);
        }
        if parts.ntp {
            for entry in link.get(&ntp::SERVERS, &[])?.servers {
                read.ntp_servers.push(entry.id);
            }
            read.ntp = Some(service(link, "ntp")?);
        }
        if parts.syslog {
            for entry in link.get(&syslog::HOSTS, &[])?.remote_hosts {
                read.syslog.push(link.get(&syslog::HOST, &[&entry.id])?);
            }
        }
        if parts.snmp {
            let users = link.get(&snmp::USERS, &[])?.users;
            read.snmp_users = users.into_iter().map(|entry| entry.id).collect();
            read.snmp = Some(service(link, "snmp")?);
        }
        if parts.users {
            for entry in link.get(&users::LIST, &[])?.users {
                let role = link.get(&users::SHOW, &[&entry.id])?.role;
                read.users.insert(entry.id, role);
            }
        }
        if parts.ssh_keys {
            let keys = told(link.get(&users::KEYS, &[link.user().unwrap_or_default()]))?;
            let prints = |keys: users::PublicKeys| {
                keys.public_keys.into_iter().map(|key| key.fingerprint).collect()
            };
            read.ssh_keys = keys.map(prints);
        }
        Ok(read)
    }

    /// The partition of this name.
    pub fn partition(&self, name: &str) -> Option<&Partition> {
        self.partitions.iter().find(|partition| partition.name == name)
    }
}

/// An answer; none where the appliance does not have the resource.
fn told<A>(answer: Result<A, luna_rest::Error>) -> Result<Option<A>, Failure> {
    match answer.map_err(Failure::from) {
        Ok(answer) => Ok(Some(answer)),
        Err(failure) if failure.lacks_resource() => Ok(None),
        Err(failure) => Err(failure),
    }
}

fn hsm(link: &Link) -> Result<Hsm, Failure> {
    let list = link.get(&hsm::LIST, &[])?.hsms;
    let serial = list.into_iter().next().map(|entry| entry.id);
    let serial = serial.ok_or_else(|| Failure::command("The appliance reports no HSM."))?;
    let shown = link.get(&hsm::SHOW, &[&serial])?;
    let listed = link.get(&hsm::POLICIES, &[&serial])?.policies;
    let listed = listed.into_iter().map(|entry| (entry.id.clone(), entry.name.is_empty(), entry));
    let policies = numbered(listed, |id| Ok(link.get(&hsm::POLICY, &[&serial, id])?))?;
    Ok(Hsm {
        initialized: !shown.zeroized,
        multifactor: shown.authentication_method == "PED",
        label: shown.label,
        serial,
        policies,
    })
}

/// Policies by number. Where the list is bare, one of links, each has to be asked for.
fn numbered<P>(
    listed: impl Iterator<Item = (String, bool, P)>,
    ask: impl Fn(&str) -> Result<P, Failure>,
) -> Result<BTreeMap<u32, P>, Failure> {
    let mut policies = BTreeMap::new();
    for (id, is_bare, policy) in listed {
        let policy = if is_bare { ask(&id)? } else { policy };
        if let Ok(number) = id.parse() {
            policies.insert(number, policy);
        }
    }
    Ok(policies)
}

fn partition(link: &Link, hsm: &str, serial: String) -> Result<Partition, Failure> {
    let shown = link.get(&partitions::SHOW, &[hsm, &serial])?;
    let initialized = shown.is_initialized();
    let role = |id: &str| -> Result<Role, Failure> {
        let role = link.get(&partitions::ROLE, &[hsm, &serial, id])?;
        Ok(Role { initialized: role.initialized, to_be_changed: role.pin_to_be_changed })
    };
    // Roles that are not there yet need no question.
    let (co, cu) = match initialized {
        true => (role("co")?, role("cu")?),
        false => (Role::default(), Role::default()),
    };
    let listed = link.get(&partitions::POLICIES, &[hsm, &serial])?.policies;
    let listed = listed.into_iter().map(|entry| (entry.id.clone(), entry.name.is_empty(), entry));
    let policies = numbered(listed, |id| Ok(link.get(&partitions::POLICY, &[hsm, &serial, id])?))?;
    Ok(Partition {
        name: shown.name,
        label: shown.label,
        initialized,
        version: shown.version,
        size: shown.total_storage_space,
        objects: shown.object_count,
        serial,
        co,
        cu,
        policies,
    })
}

fn client(link: &Link, name: &str) -> Result<Client, Failure> {
    let shown = link.get(&ntls::CLIENT, &[name])?;
    let links = link.get(&ntls::LINKS, &[name])?.links;
    let certificate = told(link.get(&ntls::CLIENT_CERTIFICATE, &[name]))?;
    Ok(Client {
        hostname: shown.hostname,
        ip: shown.ip,
        certificate: certificate.map(|shown| shown.certificate),
        partitions: links.into_iter().map(|link| link.id).collect(),
    })
}

fn service(link: &Link, name: &str) -> Result<OnOff, Failure> {
    let shown = link.get(&services::SHOW, &[name])?;
    Ok(OnOff { on_boot: shown.on_boot, running: shown.is_running() })
}
