//! Backups of the configuration: `/api/lunasa/config`.
//!
//! Only the restoring of a backup is documented; the other calls are assumed by analogy. Services
//! are named as in [`SERVICES`].

use serde::{Deserialize, Serialize};

use crate::call::{Nothing, calls};
use crate::error_id::short_names;
use crate::tasks::{Actions, Link};

calls! {
    /// Shows where the backups are.
    pub const SHOW: Call<Nothing, Config> = Call::get("/api/lunasa/config");
    /// Lists the backups.
    pub const BACKUPS: Call<Nothing, Backups> = Call::get("/api/lunasa/config/backups");
    /// Makes a backup of the present configuration.
    pub const BACK_UP: Call<NewBackup, BackedUp> = Call::post("/api/lunasa/config/backups");
    /// Removes all backups.
    pub const CLEAR: Call<Nothing, Nothing> = Call::delete("/api/lunasa/config/backups");
    /// Shows a backup.
    pub const BACKUP: Call<Nothing, Backup> = Call::get("/api/lunasa/config/backups/{backupid}");
    /// Removes a backup.
    pub const DELETE: Call<Nothing, Nothing> = Call::delete("/api/lunasa/config/backups/{backupid}");
    /// Lists what can be done with a backup.
    pub const BACKUP_ACTIONS: Call<Nothing, Actions> =
        Call::get("/api/lunasa/config/backups/{backupid}/actions");
    /// Restores one service or all from a backup.
    pub const RESTORE: Call<OfService, Nothing> =
        Call::post("/api/lunasa/config/backups/{backupid}/actions/restore");

    /// Sets one service or all back to factory settings. Emulated appliances only, as all that follows
    /// here: the product has no such resource.
    pub const FACTORY_RESET: Call<OfService, Nothing> =
        Call::post("/emulator/lunash/config/factoryReset");
    /// Copies a backup from the file system to the HSM or to a backup HSM.
    pub const EXPORT: Call<Elsewhere, Nothing> = Call::post("/emulator/lunash/config/export");
    /// Copies a backup from the HSM or a backup HSM to the file system.
    pub const IMPORT: Call<Elsewhere, Nothing> = Call::post("/emulator/lunash/config/import");
    /// Lists the backups on the HSM.
    pub const EXPORTED: Call<Nothing, Backups> = Call::get("/emulator/lunash/config/exported");
}

/// What can be restored or reset.
pub const SERVICES: [&str; 13] = [
    "network",
    "ssh",
    "ntls",
    "syslog",
    "ntp",
    "snmp",
    "users",
    "system",
    "webserver",
    "cluster",
    "ismigration",
    "ctc",
    "all",
];

short_names! {
    BAD_SERVICE = SYSCONF_CONFIG_SERVICE_NAME_INVALID,
    NO_BACKUP = SYSCONF_CONFIG_BACKUP_FILE_DOES_NOT_EXIST,
    BACKUP_EXISTS = SYSCONF_CONFIG_BACKUP_FILE_EXISTS,
    NO_DEVICE = SYSCONF_CONFIG_DEVICE_NOT_FOUND,
}

/// Where the backups are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// Their path.
    pub backups: String,
}

/// The backups.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Backups {
    /// By name.
    pub backups: Vec<Link>,
}

/// What is said of a new backup.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewBackup {
    /// A comment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// The name a backup got.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BackedUp {
    /// The file's name.
    pub id: String,
}

/// A backup.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Backup {
    /// Where its actions are.
    pub actions: String,
    /// The comment given when it was made.
    pub description: String,
    /// The host name of the appliance it was made on.
    pub hostname: String,
    /// Bytes.
    pub size: u64,
    /// When it was made, RFC 3339, UTC.
    pub time: String,
    /// The software it was made with.
    pub version: String,
    /// What it holds.
    pub services: Vec<String>,
}

/// What is restored or reset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfService {
    /// One of [`SERVICES`].
    pub service: String,
}

/// A backup and the device it is copied to or from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Elsewhere {
    /// The backup.
    pub file: String,
    /// `hsm`, or `token` for a backup HSM.
    pub device_type: String,
    /// The backup HSM's serial number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial_number: Option<String>,
}
