//! Clusters of appliances: `/api/cluster`, `/api/clusters`. Only appliances with the cluster
//! package have them.
//!
//! Paths and request bodies are those of the vendor's Cluster Administration Guide (7.8.5), odd
//! spellings included. It shows the answer of [`LIST`] alone; of a member it names `mode`,
//! `memberActive`, `visibleToServicingNode`, `restartService` and `primaryNode`. Every other field
//! of an answer is assumed, and so are [`GROUPS`], [`SHOW`] and the modes of 7.9.

use serde::{Deserialize, Serialize};

use crate::call::{Nothing, calls};
use crate::secret::Secret;

calls! {
    /// Shows where all that concerns the cluster is; only the path is known. Empty without the cluster
    /// package.
    pub const OVERVIEW: Call<Nothing, Overview> = Call::get("/api/lunasa/cluster");
    /// Shows the network settings of the cluster service.
    pub const CONFIG: Call<Nothing, Config> = Call::get("/api/cluster/config");
    /// Sets the network settings of one class of traffic.
    pub const CONFIGURE: Call<Configure, Nothing> = Call::put("/api/cluster/config");
    /// Lists the clusters this appliance belongs to.
    pub const LIST: Call<Nothing, Clusters> = Call::get("/api/clusters");
    /// Creates a cluster on this appliance, with the HSM SO's password.
    pub const CREATE: Call<NewCluster, Nothing> = Call::post("/api/clusters");
    /// Shows the cluster. Assumed.
    pub const SHOW: Call<Nothing, Cluster> = Call::get("/api/clusters/{clusterid}");
    /// `join`: joins an existing cluster, called on the joining appliance; it answers at once and goes
    /// on in the background. `config`: sets the modes (assumed).
    pub const CHANGE: Call<ChangeCluster, Nothing> = Call::put("/api/clusters/{clusterid}");
    /// Lists the members.
    pub const MEMBERS: Call<Nothing, Members> = Call::get("/api/clusters/{clusterid}/members");
    /// Shows a member.
    pub const MEMBER: Call<Nothing, Member> = Call::get("/api/clusters/{clusterid}/members/{memberid}");
    /// `authorize`, or `config` for the affinity group and for promotion.
    pub const CHANGE_MEMBER: Call<ChangeMember, Nothing> =
        Call::put("/api/clusters/{clusterid}/members/{memberid}");
    /// `leave`: called on the leaving appliance.
    pub const LEAVE: Call<Leave, Nothing> = Call::patch("/api/clusters/{clusterid}/members/{memberid}");
    /// Deletes a member that is lost, called on another one.
    pub const DELETE_MEMBER: Call<DeleteMember, Nothing> =
        Call::delete("/api/clusters/{clusterid}/members/{memberid}");
    /// Lists the affinity groups. Assumed.
    pub const GROUPS: Call<Nothing, Groups> = Call::get("/api/clusters/{clusterid}/groups");
    /// Lists the registered clients. Assumed.
    pub const CLIENTS: Call<Nothing, Clients> = Call::get("/api/clusters/{clusterid}/clients");
    /// Takes a client's registration back. Assumed.
    pub const DELETE_CLIENT: Call<Nothing, Nothing> =
        Call::delete("/api/clusters/{clusterid}/clients/{clientid}");
    /// `run`, `config`, `enable`, `disable` or `show`: backups of the cluster, `show` a PUT too.
    pub const BACKUP: Call<Backup, BackupState> = Call::put("/api/clusters/{clusterid}/backup");
    /// Restores the cluster from a backup file.
    pub const RESTORE: Call<Restore, Nothing> = Call::put("/api/cluster/restore");
    /// Shows how far the restore is.
    pub const RESTORE_STATE: Call<Nothing, RestoreState> = Call::get("/api/cluster/restore");
}

/// Short names for the identifiers of refusals of clusters.
pub mod refusal {
    use crate::error_id::short_names;

    short_names! {
        NO_PACKAGE = CLUSTER_PACKAGE_NOT_INSTALLED,
        NOT_RUNNING = CLUSTER_SERVICE_NOT_RUNNING,
        EXISTS = CLUSTER_EXISTS,
        NO_CLUSTER = CLUSTER_NOT_FOUND,
        NO_MEMBER = CLUSTER_MEMBER_NOT_FOUND,
        CLIENT_EXISTS = CLUSTER_CLIENT_EXISTS,
        NO_CLIENT = CLUSTER_CLIENT_NOT_FOUND,
        NO_KEYRING = CLUSTER_KEYRING_NOT_FOUND,
        NOT_AUTHORIZED = CLUSTER_MEMBER_NOT_AUTHORIZED,
        READ_ONLY = CLUSTER_MEMBER_READ_ONLY,
        NOT_PRIMARY = CLUSTER_MEMBER_NOT_PRIMARY,
        PARTED = CLUSTER_MEMBER_PARTED,
        NOT_ALLOWED = CLUSTER_OPERATION_NOT_ALLOWED,
        LIMIT = CLUSTER_LIMIT_REACHED,
        JOIN_REFUSED = CLUSTER_JOIN_REFUSED,
        UNCLEAR = CLUSTER_CHANGE_UNCLEAR,
        BACKUP = CLUSTER_BACKUP_UNUSABLE,
        KEYRING_LOCKED = CLUSTER_KEYRING_LOCKED,
        KEYRING_DISABLED = CLUSTER_KEYRING_DISABLED,
    }
}

/// Who vouches for a request: `SO` with the HSM SO's password, `CO` with that of the cluster
/// partition.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Authentication {
    /// `SO` or `CO`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The password.
    pub password: Secret,
    /// The label of the cluster partition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partition_label: Option<String>,
}

impl Authentication {
    /// The HSM SO vouches.
    pub fn so(password: Secret) -> Vec<Authentication> {
        vec![Authentication { kind: "SO".to_owned(), password, partition_label: None }]
    }

    /// The Crypto Officer of the cluster partition vouches.
    pub fn co(password: Secret, partition_label: Option<String>) -> Vec<Authentication> {
        vec![Authentication { kind: "CO".to_owned(), password, partition_label }]
    }
}

/// Where all that concerns the cluster is: paths. Assumed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Overview {
    /// The cluster that this appliance belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// The network settings of the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<String>,
    /// How far the last restore is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restore: Option<String>,
}

/// A change of network settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Configure {
    /// `core`, `admin` or `crypto`.
    pub service: String,
    /// The address, of `core` alone.
    #[serde(rename = "IpAddress", alias = "ipAddress", skip_serializing_if = "Option::is_none")]
    pub ip_address: Option<String>,
    /// The network device, not of `core`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
    /// The port: admin 50075 to 50079, crypto 50055 to 50059.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
}

/// The network settings of the cluster service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Config {
    /// One entry a class of traffic: core, admin, crypto.
    pub data: Vec<ServiceConfig>,
}

/// The settings of one class of traffic.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServiceConfig {
    /// `core`, `admin` or `crypto`.
    pub service: String,
    /// The address; empty while none was set.
    #[serde(rename = "IpAddress")]
    pub ip_address: String,
    /// The network device; empty for that of the core address.
    pub interface: String,
    /// The port.
    pub port: u16,
}

/// The clusters: none or one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Clusters {
    /// One entry a cluster.
    pub data: Vec<ClusterEntry>,
}

/// A cluster in the list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ClusterEntry {
    /// The label.
    pub cluster_label: String,
    /// Its UUID.
    #[serde(rename = "clusterUUID")]
    pub cluster_uuid: String,
    /// Whether the cluster goes on without this appliance, which only shows what it knew. Assumed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub parted: bool,
}

/// A new cluster.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NewCluster {
    /// The HSM SO.
    pub authentication: Vec<Authentication>,
    /// The label.
    pub cluster_label: String,
}

/// A cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Cluster {
    /// The label.
    pub cluster_label: String,
    /// Its UUID.
    #[serde(rename = "clusterUUID")]
    pub cluster_uuid: String,
    /// `single` or `dual`: whether KRSO and KRCO share one password.
    pub identity_mode: String,
    /// `auto` or `manual`: whether every client sees every keyring.
    pub client_assignment_mode: String,
    /// How many keyrings it holds.
    pub keyrings: usize,
    /// Path of its clients.
    pub clients: String,
    /// Path of its affinity groups.
    pub groups: String,
    /// Path of its members.
    pub members: String,
}

/// A change of a cluster, or of this appliance's belonging to one.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ChangeCluster {
    /// `join` or `config`.
    pub action: String,
    /// `join`: the Crypto Officer of this appliance's cluster partition.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authentication: Vec<Authentication>,
    /// `join`: the core address of a member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote_cluster_ip_address: Option<String>,
    /// `join`: the password of that member's account `admin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote_admin_password: Option<Secret>,
    /// `config`: `single` or `dual`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity_mode: Option<String>,
    /// `config`: `auto` or `manual`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_assignment_mode: Option<String>,
}

/// The members.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Members {
    /// One entry a member, in the order in which they joined.
    pub data: Vec<Member>,
}

/// A member, as the serving member sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Member {
    /// Its UUID.
    #[serde(rename = "memberUUID")]
    pub member_uuid: String,
    /// `LNH-` and the serial number of its HSM.
    pub member_name: String,
    /// Its core address.
    pub member_ip_address: String,
    /// Whether it is the serving member itself.
    pub local: bool,
    /// Whether it is the primary member.
    #[serde(alias = "primarynode")]
    pub primary_node: bool,
    /// Whether the serving member reaches it, and is reached by it.
    pub visible_to_servicing_node: bool,
    /// Whether it is authorized.
    pub member_active: bool,
    /// Whether its cluster service has to be restarted.
    pub restart_service: bool,
    /// `Read-Write` or `Read-Only`.
    pub mode: String,
    /// Its affinity group.
    pub group: String,
    /// The cluster package it runs.
    pub package_version: String,
    /// Operations of clients it has served since its service started.
    pub operations: u64,
}

/// A change of a member.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ChangeMember {
    /// `authorize` or `config`.
    pub action: String,
    /// `authorize`: the Crypto Officer of its cluster partition.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authentication: Vec<Authentication>,
    /// `config`: the affinity group to move it to; made when there is none of this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// `config`: `true` promotes it to primary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub primary: Option<bool>,
}

/// What a member says that leaves.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Leave {
    /// `leave`.
    pub action: String,
    /// The Crypto Officer of its cluster partition.
    pub authentication: Vec<Authentication>,
}

/// What deletes a lost member.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DeleteMember {
    /// The Crypto Officer of the serving member's cluster partition.
    pub authentication: Vec<Authentication>,
    /// Although further members are not online. Assumed: the guide warns only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub force: Option<bool>,
}

/// The affinity groups.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Groups {
    /// One entry a group.
    pub data: Vec<Group>,
}

/// An affinity group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Group {
    /// Its name.
    pub group_name: String,
    /// UUIDs of its members.
    pub members: Vec<String>,
}

/// The registered clients.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Clients {
    /// One entry a client.
    pub data: Vec<Client>,
}

/// A registered client.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Client {
    /// Its UUID.
    #[serde(rename = "clientUUID")]
    pub client_uuid: String,
    /// The common name of its certificate.
    pub common_name: String,
    /// Its label; empty for none.
    pub client_label: String,
    /// The appliance account tied to it; empty for none.
    pub user: String,
    /// Fingerprint of its certificate, `SHA256:…`.
    pub fingerprint: String,
}

/// What is to be done about backups.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Backup {
    /// `run`, `config`, `enable`, `disable` or `show`.
    pub action: String,
    /// `run`: the file; `config`: what all files' names begin with. At most 64 of `-.0-9A-Z_a-z`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    /// `run`, `enable`: what opens the file again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    /// `config`: how many backups are kept, 1 to 15.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u32>,
    /// `config`: `d:hh:mm`, the day 0 for Sunday.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
}

/// The schedule of backups.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct BackupState {
    /// Whether backups are made.
    pub enabled: bool,
    /// What the files' names begin with; empty while none was configured.
    pub filename: String,
    /// How many are kept.
    pub total: u32,
    /// When.
    pub time: String,
    /// The last file that the schedule made; empty for none.
    pub last: String,
    /// When the last backup since then was due and could not be made, and why; empty for none.
    pub missed: String,
}

/// What a restore starts from.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Restore {
    /// A file among those of the account.
    pub filename: String,
    /// What opens it.
    pub password: Secret,
    /// `keyring`.
    #[serde(rename = "type")]
    pub kind: String,
}

/// How far the last restore is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RestoreState {
    /// `none` or `complete`.
    pub state: String,
    /// The file.
    pub filename: String,
    /// When it was done, RFC 3339.
    pub time: String,
    /// How many keyrings were restored.
    pub keyrings: usize,
    /// How many objects were restored.
    pub objects: usize,
}
