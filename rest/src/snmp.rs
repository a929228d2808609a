//! SNMP: `/api/lunasa/snmp`. Whether the agent runs, and starts with the appliance, is a matter of the
//! service `snmp` (see `services.rs`).
//!
//! Pages were found for adding a user, a notification target and a trap target, for showing a trap
//! target, for its actions and its test, and for the one trap target of API 4; the rest is assumed.

use serde::{Deserialize, Serialize};

use crate::call::{Nothing, calls};
use crate::error_id::short_names;
use crate::secret::Secret;
use crate::tasks::{Actions, Link};

calls! {
    /// Shows whether the agent runs, and where the rest is.
    pub const SHOW: Call<Nothing, Snmp> = Call::get("/api/lunasa/snmp");

    /// Lists the users; assumed.
    pub const USERS: Call<Nothing, Users> = Call::get("/api/lunasa/snmp/users");
    /// Adds a user.
    pub const ADD_USER: Call<NewUser, Nothing> = Call::post("/api/lunasa/snmp/users");
    /// Removes all users with their notification targets; assumed.
    pub const CLEAR_USERS: Call<Nothing, Nothing> = Call::delete("/api/lunasa/snmp/users");
    /// Shows a user; assumed.
    pub const USER: Call<Nothing, User> = Call::get("/api/lunasa/snmp/users/{userid}");
    /// Removes a user with its notification targets; assumed.
    pub const DELETE_USER: Call<Nothing, Nothing> = Call::delete("/api/lunasa/snmp/users/{userid}");

    /// Lists the notification targets of a user; assumed.
    pub const NOTIFICATIONS: Call<Nothing, Notifications> =
        Call::get("/api/lunasa/snmp/users/{userid}/notifications");
    /// Adds a notification target to a user.
    pub const ADD_NOTIFICATION: Call<NewNotification, Nothing> =
        Call::post("/api/lunasa/snmp/users/{userid}/notifications");
    /// Removes all notification targets of a user; assumed.
    pub const CLEAR_NOTIFICATIONS: Call<Nothing, Nothing> =
        Call::delete("/api/lunasa/snmp/users/{userid}/notifications");
    /// Shows a notification target; assumed.
    pub const NOTIFICATION: Call<Nothing, Notification> =
        Call::get("/api/lunasa/snmp/users/{userid}/notifications/{notificationid}");
    /// Removes a notification target; assumed.
    pub const DELETE_NOTIFICATION: Call<Nothing, Nothing> =
        Call::delete("/api/lunasa/snmp/users/{userid}/notifications/{notificationid}");

    /// Lists the trap targets; assumed.
    pub const TRAPS: Call<Nothing, Traps> = Call::get("/api/lunasa/snmp/traps");
    /// Adds a trap target.
    pub const ADD_TRAP: Call<NewTrap, AddedTrap> = Call::post("/api/lunasa/snmp/traps");
    /// Removes all trap targets; assumed.
    pub const CLEAR_TRAPS: Call<Nothing, Nothing> = Call::delete("/api/lunasa/snmp/traps");
    /// Shows a trap target.
    pub const TRAP: Call<Nothing, Trap> = Call::get("/api/lunasa/snmp/traps/{trapid}");
    /// Replaces a trap target; assumed.
    pub const SET_TRAP: Call<NewTrap, Nothing> = Call::put("/api/lunasa/snmp/traps/{trapid}");
    /// Removes a trap target; assumed.
    pub const DELETE_TRAP: Call<Nothing, Nothing> = Call::delete("/api/lunasa/snmp/traps/{trapid}");
    /// Lists the actions on traps.
    pub const TRAP_ACTIONS: Call<Nothing, Actions> = Call::get("/api/lunasa/snmp/traps/actions");
    /// Turns traps on (`enable`) or off (`disable`).
    pub const TRAP_ACT: Call<Nothing, Nothing> =
        Call::post("/api/lunasa/snmp/traps/actions/{actionid}");
    /// Writes a line into the log that sets off a trap.
    pub const TEST_TRAP: Call<TestTrap, Nothing> = Call::post("/api/lunasa/snmp/traps/test");

    /// Sets the one trap target of API 4.
    pub const SET_ONE_TRAP: Call<NewTrap, Nothing> = Call::put("/api/lunasa/snmp/trap");
    /// Changes the one trap target of API 4.
    pub const CHANGE_ONE_TRAP: Call<ChangeTrap, Nothing> = Call::patch("/api/lunasa/snmp/trap");
}

short_names! {
    USER_EXISTS = SNMP_USER_ALREADY_EXISTS,
    NO_USER = SNMP_USER_DOES_NOT_EXIST,
    NOTIFICATION_EXISTS = SNMP_NOTIFICATION_ALREADY_EXISTS,
    NO_NOTIFICATION = SNMP_NOTIFICATION_DOES_NOT_EXIST,
    TRAP_EXISTS = SNMP_TRAP_ALREADY_EXISTS,
    NO_TRAP = SNMP_TRAP_DOES_NOT_EXIST,
    NO_TRAPS = SNMP_TRAP_NOT_CONFIGURED,
    NO_TRAP_ACTION = SNMP_TRAP_ACTION_INVALID,
}

/// The action that turns traps on.
pub const ENABLE: &str = "enable";
/// The action that turns traps off.
pub const DISABLE: &str = "disable";

/// The port that targets listen on unless another is given.
pub const PORT: u16 = 162;

/// Facilities of a line that tests the traps.
pub const FACILITIES: [&str; 15] = [
    "kern", "user", "daemon", "auth", "syslog", "authpriv", "cron", "local0", "local1", "local2",
    "local3", "local4", "local5", "local6", "local7",
];
/// Levels of a line that tests the traps.
pub const LEVELS: [&str; 11] = [
    "emergency",
    "alert",
    "critical",
    "crit",
    "error",
    "err",
    "warning",
    "warn",
    "notice",
    "info",
    "debug",
];

/// SNMP as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Snmp {
    /// Whether the agent starts with the appliance.
    pub is_enabled: bool,
    /// Whether the agent runs.
    pub is_running: bool,
    /// Whether traps are sent.
    pub is_trap_enabled: bool,
    /// Where the trap targets are.
    pub traps: String,
    /// Where the users are.
    pub users: String,
}

/// The users.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Users {
    /// By name.
    pub users: Vec<Link>,
}

/// A new user.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewUser {
    /// Its name, 4 to 32 characters.
    pub security_name: String,
    /// 8 to 128 characters.
    pub authentication_password: Secret,
    /// `SHA`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authentication_protocol: Option<String>,
    /// 8 to 128 characters.
    pub privacy_password: Secret,
    /// `AES`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub privacy_protocol: Option<String>,
}

/// A user, without its passwords.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct User {
    /// `SHA`.
    pub authentication_protocol: String,
    /// Where its notification targets are.
    pub notifications: String,
    /// `AES`.
    pub privacy_protocol: String,
    /// Its name.
    pub security_name: String,
}

/// The notification targets of a user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Notifications {
    /// By address and port.
    pub notifications: Vec<Link>,
}

/// A new notification target.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewNotification {
    /// IPv4 or IPv6.
    pub address: String,
    /// 0 to 65535.
    pub port: u16,
    /// 8 to 128 characters.
    pub authentication_password: Secret,
    /// `SHA`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authentication_protocol: Option<String>,
    /// 8 to 128 characters.
    pub privacy_password: Secret,
    /// `AES`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub privacy_protocol: Option<String>,
    /// `trap` or `inform`.
    #[serde(rename = "type")]
    pub kind: String,
    /// 10, 12, 14 or 16 hexadecimal digits; not for `inform`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine_id: Option<String>,
}

/// A notification target, without its passwords.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Notification {
    /// IPv4 or IPv6.
    pub address: String,
    /// `SHA`.
    pub authentication_protocol: String,
    /// Hexadecimal digits; left out where none were given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engine_id: Option<String>,
    /// 0 to 65535.
    pub port: u16,
    /// `AES`.
    pub privacy_protocol: String,
    /// `trap` or `inform`.
    #[serde(rename = "type")]
    pub kind: String,
}

/// The trap targets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Traps {
    /// Where the actions on all of them are; assumed.
    pub actions: String,
    /// By address.
    pub traps: Vec<Link>,
}

/// A new trap target.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewTrap {
    /// IPv4, IPv6 or a host name, up to 64 characters.
    pub address: String,
    /// 8 to 128 characters.
    pub authentication_password: Secret,
    /// `SHA`.
    pub authentication_protocol: String,
    /// 10, 12, 14 or 16 hexadecimal digits.
    pub engine_id: String,
    /// 8 to 128 characters.
    pub privacy_password: Secret,
    /// `AES`.
    pub privacy_protocol: String,
    /// The name of a user.
    pub security_name: String,
    /// `trap` or `inform`; API 4 does not have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trap_type: Option<String>,
}

/// What changes of the one trap target of API 4.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs, reason = "as in NewTrap")]
pub struct ChangeTrap {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authentication_password: Option<Secret>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authentication_protocol: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engine_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub privacy_password: Option<Secret>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub privacy_protocol: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_name: Option<String>,
}

/// The trap target that was added.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AddedTrap {
    /// Its address.
    pub id: String,
}

/// A trap target, without its passwords.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Trap {
    /// `SHA`.
    pub authentication_protocol: String,
    /// Hexadecimal digits.
    pub engine_id: String,
    /// The port it listens on.
    pub port: u16,
    /// `AES`.
    pub privacy_protocol: String,
    /// `authPriv`.
    pub security_level: String,
    /// The name of a user.
    pub security_name: String,
    /// `trap` or `inform`.
    pub trap_type: String,
}

/// The line that tests the traps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TestTrap {
    /// One of [`FACILITIES`].
    pub log_facility: String,
    /// One of [`LEVELS`].
    pub log_level: String,
    /// 1 to 128 characters.
    pub message: String,
    /// Whether a process id is in the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<bool>,
    /// The process that the line is from, up to 32 letters, digits and underscores.
    pub process: String,
}
