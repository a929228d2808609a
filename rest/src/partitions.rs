//! Application partitions: `/api/lunasa/hsms/{hsmid}/partitions`.
//!
//! A partition is created by the HSM SO and initialized by its own Security Officer; its roles
//! log in to it within a session, one at a time. Of the answers' fields the reference names only
//! some: what is assumed says so. The identifiers of refusals stand in [`refusal`].

mod contents;
pub mod refusal;

pub use contents::*;

use serde::{Deserialize, Serialize};

use crate::call::{Nothing, calls};
use crate::secret::Secret;
use crate::tasks::{Actions, Link};

calls! {
    /// Lists the partitions.
    pub const LIST: Call<Nothing, Partitions> = Call::get("/api/lunasa/hsms/{hsmid}/partitions");
    /// Creates a partition; the HSM SO is logged in.
    pub const CREATE: Call<NewPartition, Nothing> = Call::post("/api/lunasa/hsms/{hsmid}/partitions");
    /// Shows a partition.
    pub const SHOW: Call<Nothing, Partition> =
        Call::get("/api/lunasa/hsms/{hsmid}/partitions/{partitionid}");
    /// Initializes a partition and its Security Officer; again with the same password, it erases all
    /// but those two and the domain.
    pub const INIT: Call<InitPartition, Nothing> =
        Call::put("/api/lunasa/hsms/{hsmid}/partitions/{partitionid}");
    /// Renames or resizes a partition (HSM SO), or changes its label (Partition SO). Assumed: the page
    /// was not found.
    pub const CHANGE: Call<ChangePartition, Nothing> =
        Call::patch("/api/lunasa/hsms/{hsmid}/partitions/{partitionid}");
    /// Deletes a partition with all that is in it; the HSM SO is logged in.
    pub const DELETE: Call<Nothing, Nothing> =
        Call::delete("/api/lunasa/hsms/{hsmid}/partitions/{partitionid}");

    /// Logs a role in to a partition, for this session.
    pub const LOGIN: Call<Login, Nothing> =
        Call::post("/api/lunasa/hsms/{hsmid}/partitions/{partitionid}/login");
    /// Logs this session's role out of a partition.
    pub const LOGOUT: Call<Nothing, Nothing> =
        Call::post("/api/lunasa/hsms/{hsmid}/partitions/{partitionid}/logout");

    /// Asks for a challenge that another HSM is to answer, for an indirect login of a role.
    pub const CHALLENGE: Call<IndirectLogin, IndirectChallenge> =
        Call::post("/api/lunasa/hsms/{hsmid}/partitions/{partitionid}/indirect/challenges");

    /// Lists the roles: `so`, `co`, `lco`, `cu`. That `lco` is among them is assumed.
    pub const ROLES: Call<Nothing, Roles> =
        Call::get("/api/lunasa/hsms/{hsmid}/partitions/{partitionid}/roles");
    /// Shows a role.
    pub const ROLE: Call<Nothing, Role> =
        Call::get("/api/lunasa/hsms/{hsmid}/partitions/{partitionid}/roles/{roleid}");
    /// Initializes a role: `co` with the Partition SO logged in, `cu` and `lco` with the CO.
    pub const INIT_ROLE: Call<InitRole, Nothing> =
        Call::put("/api/lunasa/hsms/{hsmid}/partitions/{partitionid}/roles/{roleid}");
    /// Changes a role's own password; a task.
    pub const CHANGE_ROLE: Call<ChangePassword, Nothing> =
        Call::patch("/api/lunasa/hsms/{hsmid}/partitions/{partitionid}/roles/{roleid}");
    /// The same as one of the vendor's clients sends it, for `co` and `pso`; answers 204. No page
    /// confirms it.
    pub const PUT_ROLE_PASSWORD: Call<ChangePassword, Nothing> =
        Call::put("/api/lunasa/hsms/{hsmid}/partitions/{partitionid}/roles/{roleid}/password");
    /// Lists what can be done with a role; assumed by analogy with the HSM's.
    pub const ROLE_ACTIONS: Call<Nothing, Actions> =
        Call::get("/api/lunasa/hsms/{hsmid}/partitions/{partitionid}/roles/{roleid}/actions");
    /// Runs `reset`, `createChallenge` or `deactivate` on a role; a task.
    pub const ROLE_ACT: Call<RoleAction, Nothing> = Call::post(
        "/api/lunasa/hsms/{hsmid}/partitions/{partitionid}/roles/{roleid}/actions/{actionid}",
    );

    /// Lists the policies; each entry is a whole [`Policy`] (assumed; at least `id` and `url`).
    pub const POLICIES: Call<Nothing, Policies> =
        Call::get("/api/lunasa/hsms/{hsmid}/partitions/{partitionid}/policies");
    /// Shows a policy; assumed, the page was not found.
    pub const POLICY: Call<Nothing, Policy> =
        Call::get("/api/lunasa/hsms/{hsmid}/partitions/{partitionid}/policies/{policyid}");
    /// Changes a policy with the Partition SO logged in; a destructive change is a waiting task.
    pub const SET_POLICY: Call<SetPolicy, Nothing> =
        Call::put("/api/lunasa/hsms/{hsmid}/partitions/{partitionid}/policies/{policyid}");
    /// Exports the policies as a template into a file of the user, replacing it.
    pub const EXPORT_TEMPLATE: Call<ExportTemplate, Nothing> =
        Call::post("/api/lunasa/hsms/{hsmid}/partitions/{partitionid}/policies");
    /// Lists the capabilities, each entry whole; assumed as [`POLICIES`].
    pub const CAPABILITIES: Call<Nothing, Capabilities> =
        Call::get("/api/lunasa/hsms/{hsmid}/partitions/{partitionid}/capabilities");

    /// Lists the objects that this session may see.
    pub const OBJECTS: Call<Nothing, Objects> =
        Call::get("/api/lunasa/hsms/{hsmid}/partitions/{partitionid}/object/objects");
    /// The same at its path of API 4 to 12.
    pub const OBJECTS_OLD: Call<Nothing, Objects> =
        Call::get("/api/lunasa/hsms/{hsmid}/partitions/{partitionid}/objects");
    /// Shows an object; empty when it is private and nobody is logged in.
    pub const OBJECT: Call<Nothing, Object> =
        Call::get("/api/lunasa/hsms/{hsmid}/partitions/{partitionid}/object/objects/{objectid}");
    /// Copies objects to (`backup`) or from (`restore`) the small form factor device; a task.
    pub const OBJECT_ACT: Call<CopyObjects, CopiedObjects> =
        Call::post("/api/lunasa/hsms/{hsmid}/partitions/{partitionid}/object/actions/{actionid}");
    /// Shows the small form factor backup device; a task.
    pub const SFF: Call<Nothing, Sff> =
        Call::get("/api/lunasa/hsms/{hsmid}/partitions/{partitionid}/sff");
    /// Shows the SKS master key `smk-fw7-primary` or `smk-fw7-rollover`.
    pub const SMK: Call<Nothing, Smk> =
        Call::get("/api/lunasa/hsms/{hsmid}/partitions/{partitionid}/smk/{smkid}");
    /// Lists what can be done with an SKS master key.
    pub const SMK_ACTIONS: Call<Nothing, Actions> =
        Call::get("/api/lunasa/hsms/{hsmid}/partitions/{partitionid}/smk/{smkid}/actions");
    /// Runs `start` or `end` on `smk-fw7-rollover`, with the CO logged in.
    pub const SMK_ACT: Call<Nothing, Smk> =
        Call::post("/api/lunasa/hsms/{hsmid}/partitions/{partitionid}/smk/{smkid}/actions/{actionid}");

    /// Puts an object into a partition, as an application would; no login is needed. Emulated
    /// appliances only.
    pub const ADD_OBJECT: Call<NewObject, AddedObject> =
        Call::post("/emulator/partitions/{partitionid}/objects");
    /// Removes all objects, with the CO logged in. Emulated appliances only.
    pub const CLEAR: Call<Nothing, Nothing> =
        Call::delete("/emulator/partitions/{partitionid}/objects");
    /// Lists the cloning domains. Emulated appliances only: clients do it in the cryptographic API.
    pub const DOMAINS: Call<Nothing, Domains> = Call::get("/emulator/partitions/{partitionid}/domains");
    /// Adds a cloning domain, with the Partition SO logged in. Emulated appliances only.
    pub const ADD_DOMAIN: Call<NewDomain, Nothing> =
        Call::post("/emulator/partitions/{partitionid}/domains");
    /// Changes a domain's label, or makes it the primary one. Emulated appliances only.
    pub const CHANGE_DOMAIN: Call<ChangeDomain, Nothing> =
        Call::patch("/emulator/partitions/{partitionid}/domains/{domainid}");
    /// Removes a domain that is not the primary one. Emulated appliances only.
    pub const DELETE_DOMAIN: Call<Nothing, Nothing> =
        Call::delete("/emulator/partitions/{partitionid}/domains/{domainid}");
    /// Sets the domain of an older HSM. Emulated appliances only.
    pub const SET_LEGACY_DOMAIN: Call<LegacyDomain, Nothing> =
        Call::put("/emulator/lunash/partitions/{partitionid}/legacyDomain");
    /// Writes the partition's STC identity into a file of the user. Emulated appliances only.
    pub const EXPORT_IDENTITY: Call<Nothing, FileName> =
        Call::post("/emulator/lunash/partitions/{partitionid}/stcIdentity");
    /// Erases the small form factor device. Emulated appliances only.
    pub const CLEAR_SFF: Call<Nothing, Nothing> =
        Call::delete("/emulator/lunash/partitions/{partitionid}/sff");
    /// Takes a policy template from a file of the user into the store. Emulated appliances only.
    pub const IMPORT_TEMPLATE: Call<ImportTemplate, Nothing> =
        Call::post("/emulator/lunash/partitionPolicyTemplates");
}

/// The partitions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Partitions {
    /// One entry a partition; its `id` is the serial number.
    pub partitions: Vec<Link>,
}

/// A new partition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NewPartition {
    /// The name, 1 to 32 characters, unique.
    pub name: String,
    /// Take all free storage; `size` is not looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub all_storage_space: Option<bool>,
    /// With a Partition SO, as every partition of a Luna 7.
    pub has_pso: bool,
    /// Bytes for objects; an equal share of the HSM without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// 0, or 1 for clusters and per-key authorization.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u8>,
}

/// A partition. `name`, `label`, `state` and `version` are read by recorded clients; the rest is
/// assumed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Partition {
    /// The serial number.
    pub id: String,
    /// The name it was created with.
    pub name: String,
    /// The label it was initialized with; empty before.
    pub label: String,
    /// `initialized` or `zeroized`.
    pub state: String,
    /// 0 or 1.
    pub version: u8,
    /// Whether it has a Partition SO.
    pub has_pso: bool,
    /// Bytes for objects.
    pub total_storage_space: u64,
    /// Bytes that objects take.
    pub used_storage_space: u64,
    /// Bytes that are left.
    pub free_storage_space: u64,
    /// How many objects there are, whoever may see them.
    pub object_count: u64,
    /// Whether the domain of an older HSM was set.
    pub legacy_domain_set: bool,
    /// Bytes that the partition itself takes; 0 where it is not told.
    pub overhead: u64,
    /// Its unique identifier, 24 hexadecimal digits; empty where it is not told.
    pub ouid: String,
    /// Path of its capabilities.
    pub capabilities: String,
    /// Path of its objects.
    pub objects: String,
    /// Path of its policies.
    pub policies: String,
    /// Path of its roles.
    pub roles: String,
    /// Path of the small form factor backup device.
    pub sff: String,
    /// Paths of its SKS master keys.
    pub smk: Vec<String>,
    /// Path of its Secure Trusted Channel.
    pub stc: String,
    /// Path of the clients of it.
    pub stc_clients: String,
}

impl Partition {
    /// Whether it has been initialized.
    pub fn is_initialized(&self) -> bool {
        self.state == "initialized"
    }
}

/// What initializes a partition.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct InitPartition {
    /// The label, 1 to 32 characters; the partition's name without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The password of the Partition SO, 8 to 255 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    /// The cloning domain, 1 to 128 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<Secret>,
    /// The factory's own domain instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_domain: Option<bool>,
    /// `0` for a local PED; a password HSM does not look at it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ped: Option<String>,
    /// A label for the domain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain_label: Option<String>,
    /// The name of an imported policy template. Assumed by analogy with the HSM's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
}

/// A change of a partition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ChangePartition {
    /// The new name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The new label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The new size in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Take all free storage; `size` is not looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub all_storage_space: Option<bool>,
}

/// What logs a role in.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Login {
    /// `so`, `co`, `lco` or `cu`.
    pub role: String,
    /// Its password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    /// `0`: by password.
    pub ped: String,
}

impl Login {
    /// A login by password.
    pub fn new(role: &str, password: Secret) -> Login {
        Login { role: role.to_owned(), password: Some(password), ped: "0".to_owned() }
    }
}

/// Who is to log in, and the HSM that is to answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct IndirectLogin {
    /// `0`: by password.
    pub ped: String,
    /// `so`, `co`, `lco` or `cu`.
    pub role: String,
    /// The certificate of the other HSM, see [`crate::hsm::CERTIFICATE`].
    pub certificate: String,
}

/// What the other HSM is to answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct IndirectChallenge {
    /// Base64.
    pub challenge: String,
}

/// The roles of a partition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Roles {
    /// One entry a role.
    pub roles: Vec<RoleRef>,
}

/// A role in a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RoleRef {
    /// `so`, `co`, `lco` or `cu`.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Its path; the documented one lacks the leading slash.
    pub url: String,
}

/// A role of a partition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Role {
    /// Whether its credential is cached so that clients need only the challenge.
    pub activated: bool,
    /// Whether the challenge has to be changed before anything else.
    pub challenge_to_be_changed: bool,
    /// `so`, `co`, `lco` or `cu`.
    pub id: String,
    /// Whether it has a password.
    pub initialized: bool,
    /// Whether too many logins failed.
    pub locked_out: bool,
    /// Logins that may still fail; none where it is not told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login_attempts_left: Option<u32>,
    /// What people call it.
    pub name: String,
    /// Whether the password has to be changed before anything else.
    pub pin_to_be_changed: bool,
    /// `PIN` or `PED`.
    pub primary_authentication: String,
    /// `None` or `PIN`.
    pub secondary_authentication: String,
}

impl Role {
    /// Logins that may still fail: none while it is locked out. `None` where it is not told.
    pub fn attempts_left(&self) -> Option<u32> {
        self.login_attempts_left.map(|left| if self.locked_out { 0 } else { left })
    }
}

/// What initializes a role.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct InitRole {
    /// Its first password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    /// Multifactor HSMs only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_challenge: Option<bool>,
    /// Multifactor HSMs only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ped: Option<String>,
}

/// A change of a role's own password.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ChangePassword {
    /// The present one.
    pub old_password: Secret,
    /// The new one.
    pub new_password: Secret,
    /// Multifactor HSMs only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change_secret: Option<bool>,
    /// Multifactor HSMs only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change_challenge: Option<bool>,
}

/// What an action on a role needs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RoleAction {
    /// `reset`: the new password; `createChallenge`: the wanted challenge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    /// Multifactor HSMs only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_challenge: Option<bool>,
}

/// The policies of a partition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Policies {
    /// By number.
    pub policies: Vec<Policy>,
}

/// A policy. Its fields other than `id` and `url` are assumed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Policy {
    /// Its number.
    pub id: String,
    /// Its path.
    pub url: String,
    /// What it allows.
    pub name: String,
    /// 0, 1, or a number.
    pub value: u32,
    /// Whether turning it on erases the objects.
    pub off_to_on_destructive: bool,
    /// Whether turning it off erases the objects.
    pub on_to_off_destructive: bool,
}

/// A policy's new value; assumed, the page was not found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SetPolicy {
    /// 0, 1, or a number.
    pub value: u32,
}

/// Where a template goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportTemplate {
    /// Name of the file, 1 to 64 characters.
    pub file: String,
}

/// Where a template comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImportTemplate {
    /// Name of the user's file.
    pub file: String,
    /// What it is called in the store; the file's name without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Replace the template of that name.
    #[serde(default)]
    pub replace: bool,
}

/// The capabilities of a partition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Capabilities {
    /// By number.
    pub capabilities: Vec<Capability>,
}

/// A capability; assumed as [`Policy`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Capability {
    /// Its number, the same as its policy's.
    pub id: String,
    /// What it enables.
    pub name: String,
    /// 0, 1, or a number; a policy cannot go beyond.
    pub value: u32,
}
