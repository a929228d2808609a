//! Backup HSMs at the appliance's USB ports. A real appliance has no REST resource for them and
//! answers 404; the emulated one has them below `/emulator`.
//!
//! `/emulator/backupHsms` plugs them in and pulls them out, `/emulator/lunash/tokens` is what
//! LunaSH's `token backup` does with them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::call::{Nothing, calls};
use crate::hsm::License;
use crate::secret::Secret;
use crate::tasks::Link;

calls! {
    /// Lists the attached Backup HSMs.
    pub const ATTACHED: Call<Nothing, Attached> = Call::get("/emulator/backupHsms");
    /// Attaches a Backup HSM: one that was detached elsewhere, or a new one.
    pub const ATTACH: Call<BackupHsm, Nothing> = Call::post("/emulator/backupHsms");
    /// Shows a Backup HSM with all that is on it, to be attached to another appliance.
    pub const CONTENTS: Call<Nothing, BackupHsm> = Call::get("/emulator/backupHsms/{serial}");
    /// Detaches a Backup HSM; what is on it goes with it.
    pub const DETACH: Call<Nothing, Nothing> = Call::delete("/emulator/backupHsms/{serial}");

    /// Shows the attached Backup HSMs.
    pub const LIST: Call<Nothing, Tokens> = Call::get("/emulator/lunash/tokens");
    /// Shows one.
    pub const SHOW: Call<Nothing, Token> = Call::get("/emulator/lunash/tokens/{serial}");
    /// Initializes it, which erases all backups.
    pub const INIT: Call<InitToken, Nothing> = Call::put("/emulator/lunash/tokens/{serial}");
    /// Logs its SO in.
    pub const LOGIN: Call<TokenLogin, Nothing> = Call::post("/emulator/lunash/tokens/{serial}/login");
    /// Logs its SO out.
    pub const LOGOUT: Call<Nothing, Nothing> = Call::post("/emulator/lunash/tokens/{serial}/logout");
    /// Makes it as it left the factory.
    pub const RESET: Call<Nothing, Nothing> =
        Call::post("/emulator/lunash/tokens/{serial}/factoryReset");
    /// Applies a capability upgrade, with its SO logged in.
    pub const UPGRADE: Call<TokenUpgrade, Nothing> =
        Call::post("/emulator/lunash/tokens/{serial}/upgrades");
    /// Installs the firmware that waits for it, with its SO logged in.
    pub const UPDATE_FIRMWARE: Call<Nothing, Nothing> =
        Call::post("/emulator/lunash/tokens/{serial}/firmware");
    /// Shows the backups on it.
    pub const BACKUPS: Call<Nothing, Backups> =
        Call::get("/emulator/lunash/tokens/{serial}/partitions");
    /// Shows the objects of a backup to whom has its password; a wrong one is an attempt.
    pub const OBJECTS: Call<BackupLogin, BackupObjects> =
        Call::post("/emulator/lunash/tokens/{serial}/partitions/{partitionid}/objects");
    /// Deletes a backup, with its SO logged in.
    pub const DELETE_BACKUP: Call<Nothing, Nothing> =
        Call::delete("/emulator/lunash/tokens/{serial}/partitions/{partitionid}");

    /// Copies a partition to a Backup HSM, with the partition's CO logged in.
    pub const BACKUP: Call<Backup, Copied> =
        Call::post("/emulator/lunash/partitions/{partitionid}/token/backup");
    /// Copies a backup into a partition, with the partition's CO logged in.
    pub const RESTORE: Call<Restore, Copied> =
        Call::post("/emulator/lunash/partitions/{partitionid}/token/restore");
}

/// Short names for the identifiers of refusals of Backup HSMs.
pub mod refusal {
    use crate::error_id::short_names;

    short_names! {
        NOT_ATTACHED = HSMPLUGIN_BACKUP_HSM_NOT_FOUND,
        ATTACHED = EMULATOR_BACKUP_HSM_ATTACHED,
        NOT_INITIALIZED = HSMPLUGIN_BACKUP_DEVICE_NOT_INITIALIZED,
        NOT_LOGGED_IN = HSMPLUGIN_BACKUP_DEVICE_USER_NOT_AUTHENTICATED,
        INVALID_BACKUP = HSMPLUGIN_INVALID_BACKUP,
        BACKUP_EXISTS = HSMPLUGIN_BACKUP_ALREADY_EXISTS,
        DOMAIN = HSMPLUGIN_CERTIFICATE_INVALID,
    }
}

/// The attached Backup HSMs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Attached {
    /// One entry a Backup HSM; its `id` is the serial number.
    pub backup_hsms: Vec<Link>,
}

/// A Backup HSM as it is carried from one appliance to another.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct BackupHsm {
    /// The serial number, six digits or more; to attach a new one without it makes one.
    pub serial: String,
    /// All that is on it; only the emulated appliance looks inside. Null for a new one.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub contents: Value,
}

/// The attached Backup HSMs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Tokens {
    /// By serial number.
    pub tokens: Vec<Token>,
}

/// A Backup HSM.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Token {
    /// The serial number.
    pub serial: String,
    /// The label; empty while not initialized.
    pub label: String,
    /// The firmware.
    pub firmware: String,
    /// The model.
    pub model: String,
    /// Whether it was initialized.
    pub initialized: bool,
    /// Whether its SO is logged in, in this session.
    pub so_logged_in: bool,
    /// Logins of its SO that may still fail before it is zeroized; none where it is not told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub so_logins_left: Option<u32>,
    /// How many backups it may hold.
    pub partitions_allowed: u32,
    /// How many it holds.
    pub partitions: u64,
    /// Bytes for backups.
    pub storage_total: u64,
    /// Bytes that backups take.
    pub storage_used: u64,
    /// Identifiers of the capability upgrades that were applied.
    pub upgrades: Vec<String>,
    /// The same with what they allow.
    pub licenses: Vec<License>,
}

/// What initializes a Backup HSM.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct InitToken {
    /// The label, 1 to 32 characters.
    pub label: String,
    /// The password of its SO, 8 to 255 characters.
    pub password: Secret,
    /// Its cloning domain, 1 to 128 characters.
    pub domain: Secret,
}

/// What logs the SO of a Backup HSM in.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TokenLogin {
    /// The password.
    pub password: Secret,
}

/// A capability upgrade.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TokenUpgrade {
    /// The licence file, among the user's files.
    pub file: String,
}

/// The backups on a Backup HSM, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Backups {
    /// One entry a backup.
    pub partitions: Vec<BackupPartition>,
}

/// A backup: a partition of the Backup HSM.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct BackupPartition {
    /// The serial number.
    pub id: String,
    /// The name.
    pub name: String,
    /// 0 or 1, that of the partition it was made from.
    pub version: u8,
    /// How many objects it holds.
    pub object_count: u64,
    /// Whether it holds an SKS master key.
    pub smk: bool,
    /// Bytes it takes.
    pub total_storage_space: u64,
    /// Bytes that its objects take.
    pub used_storage_space: u64,
    /// Logins of its CO that may still fail before it is locked; none where it is not told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login_attempts_left: Option<u32>,
}

/// What shows the objects of a backup.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct BackupLogin {
    /// The password of the backup's CO.
    pub password: Secret,
}

/// The objects of a backup.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct BackupObjects {
    /// By handle.
    pub objects: Vec<BackupObject>,
}

/// An object of a backup.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct BackupObject {
    /// The handle.
    pub handle: u32,
    /// The label.
    pub label: String,
    /// Such as `Public Key`.
    #[serde(rename = "type")]
    pub kind: String,
}

/// What a backup needs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Backup {
    /// Serial number of the Backup HSM.
    pub serial: String,
    /// The backup's name.
    pub name: String,
    /// The password of the Backup HSM's SO; not needed while he is logged in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub so_password: Option<Secret>,
    /// The password of the backup's CO; a new one for a new backup.
    pub password: Secret,
    /// For a new backup: its cloning domain, one of the partition's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<Secret>,
    /// For a backup that is there: true erases what it holds, false keeps it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replace: Option<bool>,
}

/// What a restore needs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Restore {
    /// Serial number of the Backup HSM.
    pub serial: String,
    /// The backup's name.
    pub name: String,
    /// The password of the backup's CO.
    pub password: Secret,
    /// True erases what the partition holds, false keeps it.
    pub replace: bool,
}

/// What was copied.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Copied {
    /// How many objects.
    pub objects: u64,
    /// Whether it was the SKS master key.
    pub smk: bool,
    /// The objects.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cloned: Vec<Cloned>,
}

/// An object that was copied.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Cloned {
    /// The label.
    pub label: String,
    /// Its handle where it came from.
    pub source: u32,
    /// Its handle where it went.
    pub target: u32,
}
