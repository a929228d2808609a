//! What the tools read of an appliance, in one place: the appliance and its HSM, its surroundings, clients and
//! partitions. Beside it how a tool opens an appliance.
//!
//! An appliance that answers but does not tell something hides nothing else: what was not told is null, and why
//! stands in `unread`. One that does not answer ends the reading.

use std::collections::BTreeMap;

use luna_rest::{
    Call, Client, Error, ErrorId, Nothing, audit, clusters, config, hsm, lunasa, network, ntls,
    ntp, partitions, syslog,
};
use luna_shell::{
    CertificateFacts, Connection, Device, Failure, Folders, Named, Options, Secrets, Via, connect,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::start::own;

/// Something that the appliance did not tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Unread {
    /// What it is.
    pub what: &'static str,
    /// Why it was not told.
    pub why: String,
}

/// A reading of one appliance.
pub(super) struct Reading<'c> {
    /// The link.
    pub client: &'c Client,
    /// What was not told so far.
    pub unread: Vec<Unread>,
    hsm: String,
}

/// The appliance and its HSM.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Appliance {
    pub hostname: Option<String>,
    pub software: Option<String>,
    /// Such as `ISO (In Service Okay)`.
    pub status: Option<String>,
    /// The serial number of the HSM.
    pub serial: String,
    pub model: Option<String>,
    pub label: Option<String>,
    pub firmware: Option<String>,
    pub fips_mode: Option<bool>,
    pub zeroized: Option<bool>,
    pub tampered: Option<bool>,
    pub secure_transport_mode: Option<bool>,
    pub so_logins_left: Option<u32>,
    pub partitions_used: Option<usize>,
    /// Null where it is not told.
    pub partitions_allowed: Option<u32>,
    pub storage: Option<Storage>,
}

/// The storage of the HSM, in bytes.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Storage {
    pub total_bytes: u64,
    pub used_bytes: u64,
    pub free_bytes: u64,
}

/// Readings of the HSM's sensors.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Sensors {
    pub battery_volts: f64,
    pub battery_warning_volts: f64,
    pub temperature_celsius: i32,
    pub temperature_warning_celsius: i32,
}

/// The cluster that the appliance is a member of.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Cluster {
    pub label: String,
    pub members: usize,
    /// Members that this one reaches, itself included.
    pub members_reached: usize,
    /// Whether the cluster goes on without this appliance.
    pub parted: bool,
}

/// Backups of the appliance's configuration.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Backups {
    pub count: usize,
    /// When the newest was made, RFC 3339; null where there is none.
    pub newest: Option<String>,
}

/// How the clock is set.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Ntp {
    pub running: bool,
    pub synchronized: bool,
    /// The server that it follows.
    pub server: Option<String>,
    pub offset_seconds: Option<f64>,
}

/// A client that is registered.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct ClientState {
    pub name: String,
    pub hostname: Option<String>,
    pub ip: Option<String>,
    /// Null where the appliance does not show it: no public resource of the product does.
    pub certificate: Option<CertificateFacts>,
    /// Serial numbers of its partitions.
    pub partitions: Vec<String>,
}

impl ClientState {
    /// The address or host name that it is registered with.
    pub(super) fn address(&self) -> &str {
        self.ip.as_deref().or(self.hostname.as_deref()).unwrap_or_default()
    }
}

/// A partition.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct PartitionState {
    pub serial: String,
    pub name: String,
    pub label: Option<String>,
    pub initialized: bool,
    pub objects: u64,
    pub total_bytes: u64,
    pub used_bytes: u64,
    pub roles: Vec<RoleState>,
    pub policies: Vec<Policy>,
    /// Clients that it is assigned to.
    pub clients: Vec<String>,
}

impl PartitionState {
    /// One of its roles: `so`, `co`, `lco` or `cu`.
    pub(super) fn role(&self, id: &str) -> Option<&RoleState> {
        self.roles.iter().find(|role| role.id == id)
    }
}

/// A role of a partition.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct RoleState {
    pub id: String,
    pub name: String,
    pub initialized: bool,
    pub locked_out: bool,
    pub login_attempts_left: Option<u32>,
}

/// A policy of a partition.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Policy {
    pub id: String,
    pub name: String,
    pub value: u32,
}

fn given(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

/// The last of the lines that hold one of these texts.
fn last_with(mut lines: Vec<String>, texts: &[&str], most: usize) -> Vec<String> {
    lines.retain(|line| texts.iter().any(|text| line.contains(text)));
    lines.split_off(lines.len().saturating_sub(most))
}

/// Opens an appliance for a tool that reads over REST.
///
/// # Errors
/// As of [`luna_shell::connect`]; or `via` or its profile says that it is reached over SSH alone.
pub(super) fn open(
    (options, via): (&Options, Option<Via>),
    folders: &Folders,
    device: &mut dyn Device,
    secrets: &mut Secrets,
) -> Result<Connection, Failure> {
    let named = Named::find(options, folders)?;
    if via.or(named.and_then(|named| named.profile.via)) == Some(Via::Ssh) {
        let why = "It is to be reached over SSH, and this is read over the REST API alone.";
        return Err(Failure::refused(why)
            .hint("--via rest in front of the tool's word, or via = \"rest\" in the profile"));
    }
    let connection = connect(options, folders, device, secrets, own)?;
    // The limit is one for all that is read.
    connection.watch().start();
    Ok(connection)
}

impl<'c> Reading<'c> {
    /// Begins with the HSM, without which there is nothing to read.
    ///
    /// # Errors
    /// The appliance does not answer, or tells nothing to this account.
    pub(super) fn begin(client: &'c Client) -> Result<Reading<'c>, Failure> {
        let hsm = crate::session::hsm_of(client)?;
        Ok(Reading { client, unread: Vec::new(), hsm })
    }

    /// What the appliance tells; nothing if it refuses that one thing.
    fn get<A: DeserializeOwned + Default, const IDS: usize>(
        &mut self,
        what: &'static str,
        call: &Call<Nothing, A, IDS>,
        ids: &[&str; IDS],
    ) -> Result<Option<A>, Failure> {
        self.told(what, self.client.get(call, ids))
    }

    /// The same of a call that is no GET.
    pub(super) fn told<A>(
        &mut self,
        what: &'static str,
        answer: Result<A, Error>,
    ) -> Result<Option<A>, Failure> {
        match answer {
            Ok(answer) => Ok(Some(answer)),
            Err(error @ Error::Answered { .. })
                if error.id() != Some(ErrorId::FRAMEWORK_PASSWORD_CHANGE_REQUIRED)
                    && error.id() != Some(ErrorId::FRAMEWORK_NO_SESSION_COOKIE) =>
            {
                let why = Failure::from(error).message;
                if !self.unread.iter().any(|unread| unread.what == what && unread.why == why) {
                    self.unread.push(Unread { what, why });
                }
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The appliance, and the readings of its sensors.
    pub(super) fn appliance(&mut self) -> Result<(Appliance, Option<Sensors>), Failure> {
        let id = self.hsm.clone();
        let shown = self.client.get(&hsm::SHOW, &[&id])?;
        let appliance = self.get("software", &lunasa::SHOW, &[])?.unwrap_or_default();
        let network = self.get("host name", &network::SHOW, &[])?.unwrap_or_default();
        let storage = self.get("storage", &hsm::STORAGE, &[&id])?;
        let partitions = self.get("partitions", &partitions::LIST, &[&id])?;
        let environment = shown.environment;
        // The names of these fields are assumed. An appliance that has others would look as if it had no tamper, and
        // a flat battery.
        let told = !shown.firmware.is_empty();
        let measured = environment.battery_voltage > 0.0;
        for (there, what) in [(told, "state of the HSM"), (measured, "battery and temperature")] {
            if !there {
                let why =
                    "The HSM's answer does not have it under a name that is known.".to_owned();
                self.unread.push(Unread { what, why });
            }
        }
        let sensors = measured.then_some(Sensors {
            battery_volts: environment.battery_voltage,
            battery_warning_volts: environment.battery_warning_voltage,
            temperature_celsius: environment.temperature,
            temperature_warning_celsius: environment.temperature_warning,
        });
        let state = Appliance {
            hostname: given(network.hostname),
            software: given(appliance.version),
            status: given(appliance.system_status),
            serial: id,
            model: given(shown.model),
            label: given(shown.label),
            firmware: given(shown.firmware),
            fips_mode: told.then_some(shown.fips_mode),
            zeroized: told.then_some(shown.zeroized),
            tampered: told.then_some(shown.tampered),
            secure_transport_mode: told.then_some(shown.secure_transport_mode),
            so_logins_left: shown.so_logins_left,
            partitions_used: partitions.map(|list| list.partitions.len()),
            partitions_allowed: Some(shown.partitions_allowed).filter(|allowed| *allowed > 0),
            storage: storage.map(|storage| Storage {
                total_bytes: storage.total,
                used_bytes: storage.used,
                free_bytes: storage.free,
            }),
        };
        Ok((state, sensors))
    }

    /// The cluster; none where there is none or the package is not there.
    pub(super) fn cluster(&mut self) -> Result<Option<Cluster>, Failure> {
        // Appliances without the package do not have the resource.
        let list = match self.client.get(&clusters::LIST, &[]) {
            Err(Error::Answered { status: 404, .. }) => return Ok(None),
            answer => self.told("cluster", answer)?.unwrap_or_default(),
        };
        let Some(entry) = list.data.into_iter().next() else { return Ok(None) };
        let members =
            self.get("members of the cluster", &clusters::MEMBERS, &[&entry.cluster_uuid])?;
        let members = members.unwrap_or_default().data;
        let reached = members.iter().filter(|one| one.local || one.visible_to_servicing_node);
        Ok(Some(Cluster {
            label: entry.cluster_label,
            members_reached: reached.count(),
            members: members.len(),
            parted: entry.parted,
        }))
    }

    /// The core addresses of the cluster's other members.
    pub(super) fn other_members(&mut self) -> Result<Vec<String>, Failure> {
        let list = self.get("cluster", &clusters::LIST, &[])?.unwrap_or_default().data;
        let Some(entry) = list.into_iter().next() else { return Ok(Vec::new()) };
        let members =
            self.get("members of the cluster", &clusters::MEMBERS, &[&entry.cluster_uuid])?;
        let others = members.unwrap_or_default().data.into_iter().filter(|member| !member.local);
        Ok(others.map(|member| member.member_ip_address).collect())
    }

    /// Backups of the configuration.
    pub(super) fn backups(&mut self) -> Result<Option<Backups>, Failure> {
        let what = "backups of the configuration";
        let Some(list) = self.get(what, &config::BACKUPS, &[])? else { return Ok(None) };
        let mut newest = None;
        for entry in &list.backups {
            let made = self.get(what, &config::BACKUP, &[&entry.id])?;
            newest = newest.max(made.and_then(|backup| given(backup.time)));
        }
        Ok(Some(Backups { count: list.backups.len(), newest }))
    }

    /// How the clock is set.
    pub(super) fn ntp(&mut self) -> Result<Option<Ntp>, Failure> {
        let Some(status) = self.get("NTP", &ntp::STATUS, &[])? else { return Ok(None) };
        let followed = status.peers.into_iter().find(|peer| peer.selected && peer.kind != "l");
        Ok(Some(Ntp {
            running: status.is_running,
            synchronized: status.clock.is_some_and(|clock| clock.synchronized),
            offset_seconds: followed.as_ref().map(|peer| peer.offset / 1000.0),
            server: followed.map(|peer| peer.remote),
        }))
    }

    /// The certificate of NTLS.
    pub(super) fn ntls_certificate(&mut self) -> Result<Option<CertificateFacts>, Failure> {
        let what = "certificate of NTLS";
        let told = self.get(what, &ntls::CERTIFICATE, &[])?;
        Ok(told.and_then(|told| CertificateFacts::of_pem(&told.certificate)))
    }

    /// The certificate of the web server, which it has shown.
    pub(super) fn web_certificate(&self) -> Option<CertificateFacts> {
        CertificateFacts::of(self.client.certificate())
    }

    /// The names of the clients; none where they are not told.
    pub(super) fn client_names(&mut self) -> Result<Option<Vec<String>>, Failure> {
        let list = self.get("clients", &ntls::CLIENTS, &[])?;
        Ok(list.map(|list| list.clients.into_iter().map(|one| one.client_id).collect()))
    }

    /// The serial numbers of a client's partitions.
    pub(super) fn partitions_of(&mut self, client: &str) -> Result<Vec<String>, Failure> {
        let links = self.get("assignments", &ntls::LINKS, &[client])?.unwrap_or_default().links;
        Ok(links.into_iter().map(|link| link.id).collect())
    }

    /// A client; none if it is not registered.
    ///
    /// # Errors
    /// The appliance does not answer, or does not show clients to this account.
    pub(super) fn client_state(&mut self, name: &str) -> Result<Option<ClientState>, Failure> {
        let shown = match self.client.get(&ntls::CLIENT, &[name]) {
            Err(error) if error.id() == Some(ErrorId::NTLS_NO_CLIENT) => return Ok(None),
            shown => shown?,
        };
        let certificate =
            self.get("certificate of the client", &ntls::CLIENT_CERTIFICATE, &[name])?;
        Ok(Some(ClientState {
            name: shown.client_id,
            hostname: given(shown.hostname),
            ip: given(shown.ip),
            certificate: certificate.and_then(|one| CertificateFacts::of_pem(&one.certificate)),
            partitions: self.partitions_of(name)?,
        }))
    }

    /// Which clients each partition is assigned to, by its serial number.
    pub(super) fn assignments(&mut self) -> Result<BTreeMap<String, Vec<String>>, Failure> {
        let mut assigned = BTreeMap::<String, Vec<String>>::new();
        for client in self.client_names()?.unwrap_or_default() {
            for partition in self.partitions_of(&client)? {
                assigned.entry(partition).or_default().push(client.clone());
            }
        }
        Ok(assigned)
    }

    /// The last lines of the appliance's log that hold one of these texts; none where the account may not read it.
    pub(super) fn log_lines(
        &mut self,
        texts: &[&str],
        most: usize,
    ) -> Result<Option<Vec<String>>, Failure> {
        let told = self.client.call(&syslog::TAIL, &["lunalogs"], &syslog::Tail::default());
        Ok(self.told("lunalogs", told)?.map(|told| last_with(told.lines, texts, most)))
    }

    /// The same of the HSM's audit log.
    pub(super) fn audit_lines(
        &mut self,
        texts: &[&str],
        most: usize,
    ) -> Result<Option<Vec<String>>, Failure> {
        let told = self.client.call(&audit::TAIL, &[], &audit::Tail::default());
        Ok(self.told("audit log", told)?.map(|told| last_with(told.lines, texts, most)))
    }

    /// The serial number of the partition called `name`.
    ///
    /// # Errors
    /// There is none, or the appliance does not show it.
    pub(super) fn find_partition(&self, name: &str) -> Result<String, Failure> {
        for entry in self.client.get(&partitions::LIST, &[&self.hsm])?.partitions {
            if self.client.get(&partitions::SHOW, &[&self.hsm, &entry.id])?.name == name {
                return Ok(entry.id);
            }
        }
        Err(crate::refusals::not_in_list(format!("The partition '{name}' does not exist.")))
    }

    /// A partition, without its clients.
    pub(super) fn partition(&mut self, serial: &str) -> Result<PartitionState, Failure> {
        let id = self.hsm.clone();
        let at = [id.as_str(), serial];
        let shown = self.client.get(&partitions::SHOW, &at)?;
        let mut roles = Vec::new();
        for role in self.get("roles", &partitions::ROLES, &at)?.unwrap_or_default().roles {
            let Some(shown) = self.get("roles", &partitions::ROLE, &[&id, serial, &role.id])?
            else {
                continue;
            };
            roles.push(RoleState {
                id: role.id,
                login_attempts_left: shown.attempts_left(),
                name: shown.name,
                initialized: shown.initialized,
                locked_out: shown.locked_out,
            });
        }
        let policies =
            self.get("policies", &partitions::POLICIES, &at)?.unwrap_or_default().policies;
        let policy =
            |one: partitions::Policy| Policy { id: one.id, name: one.name, value: one.value };
        Ok(PartitionState {
            serial: serial.to_owned(),
            initialized: shown.is_initialized(),
            name: shown.name,
            label: given(shown.label),
            objects: shown.object_count,
            total_bytes: shown.total_storage_space,
            used_bytes: shown.used_storage_space,
            roles,
            policies: policies.into_iter().map(policy).collect(),
            clients: Vec::new(),
        })
    }
}
