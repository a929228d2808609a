//! Keyrings of a cluster: `/api/keyrings` for administrators, `/emulator/clusters/…` for clients.
//!
//! Administrators' paths and request bodies are those of the Cluster Administration Guide (7.8.5);
//! answers are assumed. What clients do with keyrings goes over a protocol of the product that is
//! not public: the emulated appliance takes it as REST, with the types of a partition, so that a
//! client treats both alike.

use serde::{Deserialize, Serialize};

use crate::call::{Nothing, calls};
use crate::clusters::Authentication;
use crate::partitions::{
    AddedObject, ChangePassword, InitRole, Login, Object, Role, RoleAction, Roles,
};
use crate::secret::Secret;

calls! {
    /// Lists the keyrings.
    pub const LIST: Call<Nothing, Keyrings> = Call::get("/api/keyrings");
    /// Creates keyrings, with the Crypto Officer of the cluster partition.
    pub const CREATE: Call<NewKeyrings, Keyrings> = Call::post("/api/keyrings");
    /// Shows a keyring; given by UUID or label.
    pub const SHOW: Call<Nothing, Keyring> = Call::get("/api/keyrings/{keyringid}");
    /// `unlock`; `assign`, `unassign`, `disable`, `enable` and `reset` are assumed.
    pub const CHANGE: Call<ChangeKeyring, Nothing> = Call::patch("/api/keyrings/{keyringid}");
    /// Deletes a keyring with its objects.
    pub const DELETE: Call<DeleteKeyring, Nothing> = Call::delete("/api/keyrings/{keyringid}");

    /// Registers a client's certificate. Whoever knows the cluster's UUID may, but takes no name that
    /// is registered. Emulated appliances only.
    pub const REGISTER: Call<NewClient, Registered> =
        Call::post("/emulator/clusters/{clusterid}/clients");
    /// Opens a client's session. Emulated appliances only.
    pub const SESSION: Call<ClientSession, Entry> =
        Call::post("/emulator/clusters/{clusterid}/session");
    /// Lists the keyrings that the client sees. Emulated appliances only, as all that follows.
    pub const SLOTS: Call<Nothing, Slots> = Call::get("/emulator/clusters/{clusterid}/keyrings");
    /// Shows a keyring as the client sees it.
    pub const SLOT: Call<Nothing, Slot> =
        Call::get("/emulator/clusters/{clusterid}/keyrings/{keyringid}");
    /// Logs KRSO (`so`) or KRCO (`co`) in.
    pub const LOGIN: Call<Login, Nothing> =
        Call::post("/emulator/clusters/{clusterid}/keyrings/{keyringid}/login");
    /// Logs the session's role out.
    pub const LOGOUT: Call<Nothing, Nothing> =
        Call::post("/emulator/clusters/{clusterid}/keyrings/{keyringid}/logout");
    /// Lists the roles.
    pub const ROLES: Call<Nothing, Roles> =
        Call::get("/emulator/clusters/{clusterid}/keyrings/{keyringid}/roles");
    /// Shows a role.
    pub const ROLE: Call<Nothing, Role> =
        Call::get("/emulator/clusters/{clusterid}/keyrings/{keyringid}/roles/{roleid}");
    /// Initializes the KRCO, with the KRSO logged in.
    pub const INIT_ROLE: Call<InitRole, Nothing> =
        Call::put("/emulator/clusters/{clusterid}/keyrings/{keyringid}/roles/{roleid}");
    /// Changes a role's password.
    pub const CHANGE_ROLE: Call<ChangePassword, Nothing> =
        Call::patch("/emulator/clusters/{clusterid}/keyrings/{keyringid}/roles/{roleid}");
    /// Runs `reset` on a role: the KRSO gives the KRCO a new password, in dual-identity mode.
    pub const RESET_ROLE: Call<RoleAction, Nothing> =
        Call::post("/emulator/clusters/{clusterid}/keyrings/{keyringid}/roles/{roleid}/actions/{actionid}");
    /// Lists the objects.
    pub const OBJECTS: Call<Nothing, ObjectList> =
        Call::get("/emulator/clusters/{clusterid}/keyrings/{keyringid}/objects");
    /// Shows an object.
    pub const OBJECT: Call<Nothing, Object> =
        Call::get("/emulator/clusters/{clusterid}/keyrings/{keyringid}/objects/{objectid}");
    /// Creates objects, with the KRCO logged in.
    pub const ADD_OBJECTS: Call<NewObjects, AddedObject> =
        Call::post("/emulator/clusters/{clusterid}/keyrings/{keyringid}/objects");
    /// Deletes all objects, with the KRCO logged in.
    pub const CLEAR: Call<Nothing, Nothing> =
        Call::delete("/emulator/clusters/{clusterid}/keyrings/{keyringid}/objects");

    /// Puts objects into a keyring, as an application would; no login is needed.
    pub const FILL: Call<NewObjects, AddedObject> =
        Call::post("/emulator/keyrings/{keyringid}/objects");
}

/// The keyrings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Keyrings {
    /// One entry a keyring, in the order in which they were made (assumed).
    pub data: Vec<KeyringEntry>,
}

/// A keyring in a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct KeyringEntry {
    /// The label.
    pub key_ring_label: String,
    /// Its UUID.
    #[serde(rename = "keyRingUUID")]
    pub key_ring_uuid: String,
}

/// New keyrings.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NewKeyrings {
    /// The Crypto Officer of the cluster partition.
    pub authentication: Vec<Authentication>,
    /// The label; with `total` or `index` a number is appended.
    pub key_ring_label: String,
    /// The KRSO's first password.
    pub key_ring_password: Secret,
    /// How many, 1 to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u32>,
    /// The first number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<u32>,
}

/// A keyring.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Keyring {
    /// The label.
    pub key_ring_label: String,
    /// Its UUID.
    #[serde(rename = "keyRingUUID")]
    pub key_ring_uuid: String,
    /// The serial number that clients see.
    pub serial_number: String,
    /// Whether all that clients do with it is refused; assumed, and sent only when it is.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
    /// Whether too many logins failed.
    pub locked: bool,
    /// Logins that failed since the last good one.
    pub failed_logins: u32,
    /// Whether the KRSO has replaced the first password.
    pub password_changed: bool,
    /// Whether the KRCO is initialized.
    pub krco_initialized: bool,
    /// How many objects it holds.
    pub objects: usize,
    /// How many it may hold; 0 for any number.
    pub max_objects: usize,
    /// Common names of the clients it is assigned to.
    pub clients: Vec<String>,
}

/// A change of a keyring.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ChangeKeyring {
    /// `unlock` (the default), `assign`, `unassign`, `disable`, `enable` or `reset`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The Crypto Officer of the cluster partition.
    pub authentication: Vec<Authentication>,
    /// UUID or common name of the client to assign to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// The KRSO's first password after `reset`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_ring_password: Option<Secret>,
}

/// What deletes a keyring.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DeleteKeyring {
    /// The Crypto Officer of the cluster partition.
    pub authentication: Vec<Authentication>,
}

/// A client that is to be registered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NewClient {
    /// Its certificate in PEM, with an ECDSA P-256 key; the common name is the client's name.
    pub certificate: String,
    /// A label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// An appliance account with the role monitor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// What a client needs that is registered already: [`NewClient::text`], signed with the key that
    /// it has been registered with until now, in Base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof: Option<String>,
}

impl NewClient {
    /// What the key of a registered client signs: the cluster, the fingerprint of the certificate that
    /// the appliance showed, and that of the new certificate.
    pub fn text(cluster: &str, fingerprint: &str, new: &str) -> String {
        format!("luna cluster client, new key\n{cluster}\n{fingerprint}\n{new}\n")
    }
}

/// What a client keeps of its registration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Registered {
    /// Its UUID.
    #[serde(rename = "clientUUID")]
    pub client_uuid: String,
    /// The cluster's label.
    pub cluster_label: String,
    /// The port for cryptographic traffic of the member.
    pub crypto_port: u16,
    /// The members' certificates in PEM, that of the registering member first.
    pub ca: String,
}

/// What opens a client's session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ClientSession {
    /// Common name of the certificate.
    pub common_name: String,
    /// The signature (ECDSA P-256, SHA-256, ASN.1, Base64) of [`ClientSession::text`].
    pub signature: String,
}

impl ClientSession {
    /// What is signed: the cluster, and the fingerprint of the certificate that the appliance
    /// showed, so that the signature opens no session elsewhere.
    pub fn text(cluster: &str, fingerprint: &str) -> String {
        format!("luna cluster client\n{cluster}\n{fingerprint}\n")
    }
}

/// What a client learns when it enters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Entry {
    /// The cluster's label.
    pub cluster_label: String,
    /// Where the members take clients, the entry member first, then those of its group.
    pub members: Vec<EntryMember>,
}

/// Where a member takes clients.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct EntryMember {
    /// Its address.
    pub address: String,
    /// Its port for cryptographic traffic.
    pub port: u16,
    /// The fingerprint of its certificate.
    pub fingerprint: String,
    /// Its affinity group.
    pub group: String,
}

/// The keyrings that a client sees.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Slots {
    /// One entry a keyring.
    pub data: Vec<Slot>,
}

/// A keyring as a client sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Slot {
    /// Its UUID.
    pub id: String,
    /// The label.
    pub label: String,
    /// The serial number.
    pub serial: String,
    /// How many objects it holds.
    pub objects: usize,
}

/// The objects of a keyring.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ObjectList {
    /// One entry an object.
    pub data: Vec<Object>,
}

/// New objects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewObjects {
    /// The label; of several, a number is appended.
    pub label: String,
    /// As in [`Object`].
    #[serde(rename = "type")]
    pub kind: String,
    /// How many; one without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
}
