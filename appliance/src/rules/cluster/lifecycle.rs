//! The cluster this appliance belongs to: `/api/cluster/config`, `/api/clusters`.
//!
//! Kept here: the settings of the cluster service, which are this appliance's own, and the cluster
//! itself with its members and clients, which all members share (`state::SHARED`). How changes
//! travel between members is not the model's business (`crate::replica`); what it knows of the
//! other members while it answers stands in [`Peers`]. Who may do what is in `cluster_access.rs`,
//! the service in `cluster_service.rs`, members are in `cluster_members.rs`, backups in
//! `cluster_backup.rs`, keyrings in `keyrings.rs`.

use std::collections::BTreeMap;
use std::net::IpAddr;

use luna_rest::clusters::{
    CHANGE, CREATE, ChangeCluster, Cluster, ClusterEntry, Clusters as ClusterList, LIST, MEMBER,
    NewCluster, SHOW, refusal,
};
use luna_rest::peers::{Applicant, Here, Position};
use luna_rest::{Nothing, Secret};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::core::message::{Failure, Reply};
use crate::core::random::hex;
use crate::core::table::{Cell, Table};
use crate::core::text::{is_name, time_text};
use crate::request::context::Context;
use crate::request::route::{ADMIN, Ids, MONITOR, Routes};
use crate::rules::appliance::packages::later;
use crate::rules::cluster::access::{
    not_parted, refuse, require_active, require_cluster, require_running, vouched_by_co,
    vouched_by_so,
};
use crate::rules::cluster::backup::{BackupRow, RestoreRow, Schedule};
use crate::rules::cluster::keyrings::assign_to_all_clients;
use crate::state::{Area, State, Visit};

/// The package that brings clusters.
pub const PACKAGE: &str = "lnh_cluster";
/// The port on which members talk to each other. Assumed: the product's is not documented.
pub const CORE_PORT: u16 = 50_050;
/// The port for administration: clients are registered here.
pub const ADMIN_PORT: u16 = 50_070;
/// The port for clients' operations.
pub const CRYPTO_PORT: u16 = 50_052;
/// How long the service takes to start, on the appliance's clock. Assumed: the guide says one to
/// two minutes at most.
pub const START: Duration = Duration::seconds(30);

/// What is kept of the cluster.
#[derive(Debug, Default)]
pub struct Clusters {
    /// This appliance's own settings and place.
    pub own: Cell<Own>,
    /// The cluster. Shared.
    pub cluster: Cell<ClusterRow>,
    /// The members by UUID. Shared.
    pub members: Table<MemberRow>,
    /// The registered clients by UUID. Shared.
    pub clients: Table<ClientRow>,
}

/// What is this appliance's own.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Own {
    /// The address for core traffic; empty until it is set.
    pub core: String,
    /// Device and port for administration.
    pub admin: Traffic,
    /// Device and port for clients.
    pub crypto: Traffic,
    /// From when to when the service's certificate is valid, in seconds since 1970.
    pub certificate: Option<(i64, i64)>,
    /// When the service was started, in seconds since 1970.
    pub started: i64,
    /// Something was changed that takes effect with a restart of the service.
    pub restart: bool,
    /// This member's UUID; empty outside of a cluster.
    pub member: String,
    /// The serial number of the cluster partition; empty until it is known.
    pub partition: String,
    /// How far this member has followed the cluster's changes.
    pub at: Position,
    /// The state is being copied from a member and is not whole.
    pub copying: bool,
    /// The member is in the making.
    pub joining: bool,
    /// This member's history parted from the cluster's, or it was deleted there.
    pub parted: bool,
    /// Whether and how scheduled backups are made here.
    pub backup: BackupRow,
    /// The last restore.
    pub restored: RestoreRow,
}

/// Where a class of traffic goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Traffic {
    /// The network device; empty for that of the core address.
    pub interface: String,
    /// The port; 0 for the usual one.
    pub port: u16,
}

/// The cluster.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ClusterRow {
    /// Its UUID; empty while there is none.
    pub uuid: String,
    /// Its label.
    pub label: String,
    /// What members know each other by.
    pub secret: String,
    /// The identity of its SKS master key.
    pub smk: String,
    /// The mark of the cloning domain that members' partitions have.
    pub domain: String,
    /// UUID of the primary member.
    pub primary: String,
    /// The eras: one for each primary member there was.
    pub eras: Vec<Era>,
    /// Whether KRSO and KRCO have passwords of their own.
    pub dual: bool,
    /// Whether clients see only the keyrings that were assigned to them.
    pub manual: bool,
    /// The schedule of backups.
    pub schedule: Schedule,
}

/// The time of one primary member.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Era {
    /// Its number.
    pub era: u64,
    /// The number of its first change.
    pub began: u64,
}

/// A member.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MemberRow {
    /// Its name.
    pub name: String,
    /// Members are listed in the order of this number.
    pub joined: u64,
    /// Its core address.
    pub address: String,
    /// Its port for clients.
    pub crypto_port: u16,
    /// The certificate of its web server, PEM.
    pub certificate: String,
    /// Its affinity group.
    pub group: String,
}

/// A registered client.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientRow {
    /// The common name of its certificate.
    pub name: String,
    /// Its label.
    pub label: String,
    /// The appliance account tied to it; empty for none.
    pub user: String,
    /// Its certificate, PEM.
    pub certificate: String,
    /// The certificate's fingerprint.
    pub fingerprint: String,
}

impl Area for Clusters {
    fn fields(&mut self, visit: Visit<'_>) {
        visit("cluster", &mut self.cluster);
        visit("cluster/clients", &mut self.clients);
        visit("cluster/members", &mut self.members);
        visit("cluster/own", &mut self.own);
    }
}

impl ClusterRow {
    /// The era that goes on.
    pub fn era(&self) -> u64 {
        self.eras.last().map_or(0, |era| era.era)
    }

    /// Begins an era with another primary member, behind the change `at`.
    pub fn promote(&mut self, primary: &str, at: Position) {
        self.eras.push(Era { era: self.era() + 1, began: at.change + 1 });
        self.primary = primary.to_owned();
    }

    /// Whether a member at `at` has followed this cluster's history, and not one that parted.
    pub fn leads_from(&self, at: Position) -> bool {
        let next = self.eras.iter().find(|era| era.era > at.era);
        at.era <= self.era() && next.is_none_or(|era| at.change < era.began)
    }
}

impl Clusters {
    /// Whether this appliance belongs to a cluster.
    pub fn is_member(&self) -> bool {
        !self.own.get().member.is_empty()
    }

    /// Whether this appliance is the primary member.
    pub fn is_primary(&self) -> bool {
        self.is_member() && self.cluster.get().primary == self.own.get().member
    }

    /// The members in the order in which they joined.
    pub fn in_order(&self) -> Vec<(&str, &MemberRow)> {
        let mut members: Vec<_> = self.members.iter().collect();
        members.sort_by_key(|(_, row)| row.joined);
        members
    }

    /// The port of a class of traffic.
    pub fn port(traffic: &Traffic, usual: u16) -> u16 {
        if traffic.port == 0 { usual } else { traffic.port }
    }

    /// Ends this appliance's belonging to a cluster; its settings stay.
    pub fn forget(&mut self) {
        self.cluster.set(ClusterRow::default());
        self.members.retain(|_, _| false);
        self.clients.retain(|_, _| false);
        let own = self.own.get_mut();
        own.member.clear();
        own.at = Position::default();
        (own.copying, own.joining, own.parted, own.restart) = (false, false, false, false);
        own.backup = BackupRow::default();
    }
}

/// What this member knows of the others, and of itself, while the process runs.
#[derive(Debug, Default)]
pub struct Peers {
    /// Whether this member is authorized to use the cluster's keyrings.
    pub active: bool,
    /// The members that are visible, as they were last heard.
    pub here: BTreeMap<String, Here>,
    /// Operations of clients that were served.
    pub operations: u64,
    /// What is to be done with the other members once the request has been answered.
    pub errand: Option<Errand>,
}

/// What a request leads to between the members.
#[derive(Debug)]
pub enum Errand {
    /// Join the cluster of the member at this address.
    Join {
        /// Its core address.
        address: IpAddr,
        /// The cluster's UUID.
        cluster: String,
        /// What this appliance says of itself.
        applicant: Box<Applicant>,
    },
    /// Forget the cluster, now that this member has left it.
    Forget,
    /// Become primary in place of a member that is lost.
    TakeOver {
        /// UUID of the lost member.
        lost: String,
    },
    /// Links were changed: see who is there.
    Look,
}

/// How far the cluster service is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It does not run.
    Stopped,
    /// It was started a moment ago.
    Starting,
    /// It runs.
    Running,
}

/// How far the cluster service of a state is at `now`.
pub fn phase(state: &State, now: OffsetDateTime) -> Phase {
    if !state.services.is_running("cluster") {
        return Phase::Stopped;
    }
    let since = now.unix_timestamp() - state.clusters.own.get().started;
    // A clock that was set back makes nothing start again.
    if (0..START.whole_seconds()).contains(&since) { Phase::Starting } else { Phase::Running }
}

pub(crate) fn routes(r: &mut Routes) {
    r.on(&LIST, MONITOR, list);
    r.on(&CREATE, ADMIN, create);
    r.on(&SHOW, MONITOR, show);
    r.on(&CHANGE, ADMIN, change);
}

fn list(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<ClusterList>, Failure> {
    require_running(cx)?;
    not_parted(cx)?;
    let mut data = Vec::new();
    let (own, row) = (cx.state.clusters.own.get(), cx.state.clusters.cluster.get());
    if !own.member.is_empty() && !own.copying {
        let (cluster_label, cluster_uuid) = (row.label.clone(), row.uuid.clone());
        data.push(ClusterEntry { cluster_label, cluster_uuid });
    }
    Ok(Reply::ok(ClusterList { data }))
}

/// A label of a cluster, a group or a keyring. Assumed: the rules of a partition's.
pub(crate) fn check_label<'l>(
    field: &str,
    label: &'l str,
    most: usize,
) -> Result<&'l str, Failure> {
    let label = label.trim();
    let allowed = |_, c: char| c.is_ascii_alphanumeric() || " !@#$%^*()-_=+{}[]:,.'/~".contains(c);
    if is_name(label, most, allowed) {
        return Ok(label);
    }
    Err(Failure::bad_request(format!(
        "'{field}' takes 1 to {most} letters, digits, blanks and !@#$%^*()-_=+{{}}[]:,.'/~ ."
    )))
}

/// This appliance as a member.
pub(crate) fn self_as_member(cx: &Context<'_>) -> MemberRow {
    let own = cx.state.clusters.own.get();
    MemberRow {
        name: format!("LNH-{}", cx.state.hsm.hsm.get().serial),
        joined: 0,
        address: own.core.clone(),
        crypto_port: Clusters::port(&own.crypto, CRYPTO_PORT),
        certificate: cx.options.certificate.clone(),
        group: "local".to_owned(),
    }
}

/// The version of the cluster package.
pub fn package_version(state: &State) -> String {
    state.packages.installed.get(PACKAGE).map(|row| row.version.clone()).unwrap_or_default()
}

/// Whether the cluster package is at least of this release, such as `1.0.5`.
pub(crate) fn has_release(cx: &Context<'_>, release: &str) -> bool {
    later(&package_version(cx.state), release).is_ge()
}

fn create(cx: &mut Context<'_>, _: &Ids<0>, body: NewCluster) -> Result<Reply<Nothing>, Failure> {
    require_running(cx)?;
    let label = check_label("clusterLabel", &body.cluster_label, 32)?.to_owned();
    no_cluster_yet(cx)?;
    vouched_by_so(cx, &body.authentication)?;
    let partitions = cx.state.partitions.partitions.iter();
    let v1: Vec<_> = partitions.filter(|(_, row)| row.version == 1).collect();
    let [(serial, partition)] = v1[..] else {
        return Err(refuse(
            refusal::NOT_ALLOWED,
            "A cluster needs exactly one V1 partition on this appliance.",
        ));
    };
    let domain = partition.domains.first();
    let domain = domain.map(|domain| domain.hash.domain_mark()).unwrap_or_default();
    let (serial, smk) = (serial.to_owned(), partition.smk_id.clone());
    let (uuid, member) = (cx.random().uuid(), cx.random().uuid());
    let secret = cx.secret.token();
    let row = MemberRow { joined: 1, ..self_as_member(cx) };
    let smk = if smk.is_empty() { hex(&cx.random().bytes::<16>()) } else { smk };
    if let Some(partition) = cx.state.partitions.partitions.get_mut(&serial) {
        partition.smk_id.clone_from(&smk);
    }
    let clusters = &mut cx.state.clusters;
    clusters.members.insert(member.clone(), row);
    let location = SHOW.path(&[&uuid]);
    clusters.cluster.set(ClusterRow {
        uuid,
        label,
        secret,
        smk,
        domain,
        primary: member.clone(),
        eras: vec![Era { era: 1, began: 1 }],
        ..ClusterRow::default()
    });
    let own = clusters.own.get_mut();
    (own.member, own.partition) = (member, serial);
    own.at = Position { era: 1, change: 0 };
    cx.peers.active = false;
    cx.peers.operations = 0;
    Ok(Reply::created(location))
}

fn no_cluster_yet(cx: &Context<'_>) -> Result<(), Failure> {
    not_parted(cx)?;
    let clusters = &cx.state.clusters;
    if !clusters.is_member() {
        return Ok(());
    }
    Err(refuse(
        refusal::EXISTS,
        format!("This appliance is a member of the cluster '{}'.", clusters.cluster.get().label),
    ))
}

fn show(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Cluster>, Failure> {
    require_cluster(cx, &ids[0])?;
    let row = cx.state.clusters.cluster.get();
    Ok(Reply::ok(Cluster {
        cluster_label: row.label.clone(),
        cluster_uuid: row.uuid.clone(),
        identity_mode: if row.dual { "dual" } else { "single" }.to_owned(),
        client_assignment_mode: if row.manual { "manual" } else { "auto" }.to_owned(),
        keyrings: cx.state.keyrings.keyrings.len(),
    }))
}

fn change(
    cx: &mut Context<'_>,
    ids: &Ids<1>,
    body: ChangeCluster,
) -> Result<Reply<Nothing>, Failure> {
    match body.action.as_str() {
        "join" => join(cx, &ids[0], body),
        "config" => set_modes(cx, &ids[0], body),
        _ => Err(Failure::bad_request("'action' must be join or config.")),
    }
}

fn join(cx: &mut Context<'_>, uuid: &str, body: ChangeCluster) -> Result<Reply<Nothing>, Failure> {
    require_running(cx)?;
    no_cluster_yet(cx)?;
    let text = body
        .remote_cluster_ip_address
        .ok_or_else(|| Failure::bad_request("'remoteClusterIpAddress' is required."))?;
    let address: IpAddr =
        text.parse().map_err(|_| Failure::bad_request(format!("'{text}' is no IP address.")))?;
    let serial = vouched_by_co(cx, &body.authentication)?;
    let member = cx.random().uuid();
    let row = self_as_member(cx);
    let partition = cx.state.partitions.partitions.get(&serial);
    let domain = partition.and_then(|row| row.domains.first());
    let applicant = Applicant {
        password: body.remote_admin_password.unwrap_or_default(),
        member,
        name: row.name,
        address: row.address,
        crypto_port: row.crypto_port,
        certificate: row.certificate,
        domain: domain.map(|domain| domain.hash.domain_mark()).unwrap_or_default(),
        time: time_text(cx.now),
        package: package_version(cx.state),
    };
    cx.state.clusters.own.get_mut().partition = serial;
    cx.peers.errand = Some(Errand::Join {
        address,
        cluster: uuid.to_ascii_lowercase(),
        applicant: Box::new(applicant),
    });
    Ok(Reply::done())
}

/// The modes of 7.9. Identity is chosen before there are keyrings; assignment at any time, and what
/// was assigned stays so.
fn set_modes(
    cx: &mut Context<'_>,
    uuid: &str,
    body: ChangeCluster,
) -> Result<Reply<Nothing>, Failure> {
    require_cluster(cx, uuid)?;
    require_active(cx)?;
    let choice = |field: &str, value: &Option<String>, words: [&str; 2]| match value.as_deref() {
        None => Ok(None),
        Some(word) if word == words[0] => Ok(Some(false)),
        Some(word) if word == words[1] => Ok(Some(true)),
        Some(_) => {
            Err(Failure::bad_request(format!("'{field}' must be {} or {}.", words[0], words[1])))
        }
    };
    let dual = choice("identityMode", &body.identity_mode, ["single", "dual"])?;
    let manual = choice("clientAssignmentMode", &body.client_assignment_mode, ["auto", "manual"])?;
    if dual.is_none() && manual.is_none() {
        return Err(Failure::bad_request("Give identityMode, clientAssignmentMode, or both."));
    }
    if !has_release(cx, "1.0.5") {
        return Err(refuse(
            refusal::NOT_ALLOWED,
            "The modes need the package lnh_cluster 1.0.5 or newer.",
        ));
    }
    let row = cx.state.clusters.cluster.get();
    let (was_dual, was_manual) = (row.dual, row.manual);
    if let Some(dual) = dual.filter(|dual| *dual != was_dual) {
        if !cx.state.keyrings.keyrings.is_empty() {
            return Err(refuse(
                refusal::NOT_ALLOWED,
                "The identity mode cannot be changed any more: the cluster has keyrings. A \
                 factory reset of the cluster service goes back to its beginning.",
            ));
        }
        cx.state.clusters.cluster.get_mut().dual = dual;
    }
    if let Some(manual) = manual.filter(|manual| *manual != was_manual) {
        if manual {
            assign_to_all_clients(cx);
        }
        cx.state.clusters.cluster.get_mut().manual = manual;
    }
    Ok(Reply::done())
}

/// The path of a member, for `Location`.
pub(crate) fn member_path(cx: &Context<'_>, member: &str) -> String {
    MEMBER.path(&[&cx.state.clusters.cluster.get().uuid, member])
}

/// The secret of the cluster, as members send it.
pub fn secret(row: &ClusterRow) -> Secret {
    Secret::from(row.secret.as_str())
}

#[cfg(test)]
pub(crate) mod tests;
