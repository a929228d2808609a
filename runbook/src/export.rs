//! What an appliance has, as a file says it: applied there, it changes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::file::{
    Appliance, AssignmentMode, Client, Cluster, ClusterMember, Hsm, IdentityMode, Keyring, Ntls,
    Ntp, Partition, Snmp, SnmpUser, Syslog, SyslogHost, SyslogProtocol, User,
};
use crate::source::SecretSource;
use crate::state;

/// Accounts that every appliance has.
const BUILT_IN: [&str; 4] = ["admin", "operator", "monitor", "audit"];

/// What was read, as a file says it.
#[derive(Debug, Default)]
pub struct Exported {
    /// The appliance; how it is reached is left to who knows it.
    pub appliance: Appliance,
    /// The cluster, with this appliance as the only member that is named.
    pub cluster: Option<Cluster>,
    /// The certificates of clients, as far as they are told, by the names of their files.
    pub certificates: BTreeMap<PathBuf, String>,
    /// What the file cannot say.
    pub notes: Vec<String>,
}

/// A secret where the shells look for it too.
fn in_environment(name: &str) -> Option<SecretSource> {
    Some(SecretSource::Environment(format!("LUNA_{name}")))
}

/// Writes down what was read of the appliance that the file calls `name`.
pub fn export(name: &str, state: &state::Appliance) -> Exported {
    let mut exported = Exported::default();
    if let Some(there) = &state.cluster {
        match cluster(name, state, there) {
            Ok(cluster) => exported.cluster = cluster,
            Err(why) => exported.notes.push(format!("the cluster is left out: {why}")),
        }
        let others = there.members.iter().filter(|member| !member.local);
        let others: Vec<&str> = others.map(|member| member.address.as_str()).collect();
        if exported.cluster.is_some() && !others.is_empty() {
            let note = format!("the cluster's other members are left out: {}", others.join(", "));
            exported.notes.push(note);
        }
    }
    let appliance = &mut exported.appliance;
    let there = &state.hsm;
    if there.initialized {
        let values = there.policies.iter().filter(|(_, policy)| policy.changeable);
        appliance.hsm = Some(Hsm {
            serial: Some(there.serial.clone()),
            label: there.label.clone(),
            so_password: in_environment("HSM_PASSWORD"),
            domain: in_environment("DOMAIN"),
            policies: values.map(|(number, policy)| (number.to_string(), policy.value)).collect(),
            may_erase: None,
        });
    } else {
        exported
            .notes
            .push("the HSM is not initialized: the file has neither it nor partitions".into());
    }
    for one in &state.partitions {
        appliance.partitions.insert(one.name.clone(), partition(one));
    }
    for (name, one) in &state.clients {
        let names = state.partitions.iter().filter(|of| one.partitions.contains(&of.serial));
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let file = one.certificate.as_ref().map(|_| PathBuf::from(format!("{name}.pem")));
        if let (Some(file), Some(pem)) = (&file, &one.certificate) {
            exported.certificates.insert(file.clone(), pem.clone());
        }
        let client = Client {
            hostname: given(&one.hostname),
            ip: given(&one.ip),
            certificate: file,
            partitions: names.map(|of| of.name.clone()).collect(),
        };
        appliance.clients.insert(name.clone(), client);
    }
    if state.binding.is_some() || state.ip_check.is_some() {
        let bind = state.binding.as_ref().map(|binding| binding.device.clone());
        appliance.ntls = Some(Ntls { bind, ip_check: state.ip_check });
    }
    let enabled = |service: Option<state::OnOff>| service.map(|service| service.running);
    appliance.ntp = Some(Ntp { servers: state.ntp_servers.clone(), enabled: enabled(state.ntp) });
    let (plain, with_tls): (Vec<_>, Vec<_>) = state.syslog.iter().partition(|host| !host.tls);
    for host in with_tls {
        exported.notes.push(format!(
            "lines of the logs go to {}:{} with TLS, which a runbook does not have",
            host.address, host.port
        ));
    }
    let hosts = plain.into_iter().map(|host| SyslogHost {
        host: host.address.clone(),
        port: Some(host.port),
        protocol: Some(match host.protocol.as_str() {
            "tcp" => SyslogProtocol::Tcp,
            _ => SyslogProtocol::Udp,
        }),
    });
    appliance.syslog = Some(Syslog { hosts: hosts.collect() });
    let user = |name: &String| {
        let auth_password = in_environment("SNMP_AUTH_PASSWORD");
        let priv_password = in_environment("SNMP_PRIV_PASSWORD");
        (name.clone(), SnmpUser { auth_password, priv_password })
    };
    let users = state.snmp_users.iter().map(user).collect();
    appliance.snmp = Some(Snmp { enabled: enabled(state.snmp), users });
    for (name, role) in state.users.iter().filter(|(name, _)| !BUILT_IN.contains(&name.as_str())) {
        if role.is_empty() {
            exported.notes.push(format!("the account '{name}' has no role: it is left out"));
            continue;
        }
        let user = User { role: role.clone(), password: in_environment("USER_PASSWORD") };
        appliance.users.insert(name.clone(), user);
    }
    if state.ssh_keys.as_ref().is_some_and(|keys| !keys.is_empty()) {
        let note = "the appliance tells only the fingerprints of SSH keys: ssh_keys is left out";
        exported.notes.push(note.to_owned());
    }
    exported
}

/// The policy of partitions that is off in one which holds the key of a cluster.
const PER_KEY: u32 = 40;

/// The cluster that an appliance belongs to, if it does; an error says what of it cannot be written down.
fn cluster(
    name: &str,
    state: &state::Appliance,
    there: &state::ClusterState,
) -> Result<Option<Cluster>, &'static str> {
    let Some((_, label)) = &there.cluster else {
        return match there.package && there.stopped && !there.core_address.is_empty() {
            true => Err("its service does not run"),
            false => Ok(None),
        };
    };
    let own = there.members.iter().find(|member| member.local && member.active);
    let own = own.ok_or("this member is not authorized")?;
    // Which one it is, is not told.
    let mut partitions = state.partitions.iter().filter(|one| {
        let off = one.policies.get(&PER_KEY).is_some_and(|policy| policy.value == 0);
        one.initialized && one.version == 1 && off
    });
    let partition = partitions.next().filter(|_| partitions.next().is_none());
    let partition = partition.ok_or("the appliance does not tell which partition holds its key")?;
    let mode = AssignmentMode::of(&there.assignment_mode);
    let keyring = |(label, clients): (&String, &BTreeSet<String>)| {
        let assigned = clients.iter().filter(|_| mode == Some(AssignmentMode::Manual));
        let keyring = Keyring {
            password: in_environment("KEYRING_PASSWORD"),
            clients: assigned.cloned().collect(),
            ..Keyring::default()
        };
        (label.clone(), keyring)
    };
    let group = Some(own.group.clone()).filter(|group| !group.is_empty());
    let member = ClusterMember { ip: own.address.clone(), group };
    Ok(Some(Cluster {
        label: label.clone(),
        partition: partition.name.clone(),
        first: name.to_owned(),
        identity_mode: IdentityMode::of(&there.identity_mode),
        assignment_mode: mode,
        members: [(name.to_owned(), member)].into(),
        keyrings: there.keyrings.iter().map(keyring).collect(),
        ..Cluster::default()
    }))
}

fn partition(one: &state::Partition) -> Partition {
    let role = |role: state::Role, name| role.initialized.then(|| in_environment(name)).flatten();
    let policies = one.policies.iter();
    Partition {
        size: Some(one.size),
        version: Some(one.version),
        label: one.initialized.then(|| one.label.clone()),
        po_password: one.initialized.then(|| in_environment("PO_PASSWORD")).flatten(),
        // A role whose password is still to be changed is somebody else's, who has to do it.
        co_password: role(one.co, "CO_PASSWORD").filter(|_| !one.co.to_be_changed),
        cu_password: role(one.cu, "CU_PASSWORD").filter(|_| !one.cu.to_be_changed),
        policies: match one.initialized {
            true => policies.map(|(number, policy)| (number.to_string(), policy.value)).collect(),
            false => BTreeMap::new(),
        },
        ..Partition::default()
    }
}
