//! The HSM: `/api/lunasa/hsms`.
//!
//! Here: the HSM itself, its roles, its actions and its tamper events. `policies.rs` has policies and
//! capabilities, `parts.rs` firmware, storage, licences and usage, `ped.rs` the PEDs, `lunash.rs`
//! what only LunaSH has on a real appliance.

pub(crate) mod lunash;
pub(crate) mod parts;
pub(crate) mod ped;
pub(crate) mod policies;

pub use lunash::*;
pub use parts::*;
pub use ped::*;
pub use policies::*;

use serde::{Deserialize, Serialize};

use crate::call::{Nothing, calls};
use crate::error_id::short_names;
use crate::partitions::{InitRole, RoleAction};
use crate::secret::Secret;
use crate::tasks::{Actions, Link};

short_names! {
    WRONG_PASSWORD = LUNA_RET_UM_PIN_INCORRECT,
    ZEROIZED_BY_FAILURES = LUNA_RET_SO_LOGIN_FAILURE_THRESHOLD,
    NOT_INITIALIZED = HSMPLUGIN_HSM_NOT_INITIALIZED,
    FORBIDDEN = OPERATION_RESTRICTED,
    IN_TRANSPORT = HSMPLUGIN_HSM_IN_SECURE_TRANSPORT_MODE,
}

/// The model of a Backup HSM at a client. Assumed, as the family is called.
pub const BACKUP_MODEL: &str = "Luna G7";

calls! {
    /// Lists the HSMs of the appliance: exactly one.
    pub const LIST: Call<Nothing, Hsms> = Call::get("/api/lunasa/hsms");
    /// Shows the HSM.
    pub const SHOW: Call<Nothing, Hsm> = Call::get("/api/lunasa/hsms/{hsmid}");
    /// Initializes the HSM; erases all partitions.
    pub const INIT: Call<Init, Nothing> = Call::put("/api/lunasa/hsms/{hsmid}");
    /// Logs a role in, for this session.
    pub const LOGIN: Call<Login, Nothing> = Call::post("/api/lunasa/hsms/{hsmid}/login");
    /// Logs every HSM role of this session out.
    pub const LOGOUT: Call<Nothing, Nothing> = Call::post("/api/lunasa/hsms/{hsmid}/logout");
    /// Lists the roles: `so` and `audit`.
    pub const ROLES: Call<Nothing, Roles> = Call::get("/api/lunasa/hsms/{hsmid}/roles");
    /// Shows a role.
    pub const ROLE: Call<Nothing, Role> = Call::get("/api/lunasa/hsms/{hsmid}/roles/{roleid}");
    /// Changes a role's password; answers 202.
    pub const CHANGE_PASSWORD: Call<ChangePassword, Nothing> =
        Call::patch("/api/lunasa/hsms/{hsmid}/roles/{roleid}");
    /// The same as one of the vendor's clients sends it; answers 204. No page confirms it.
    pub const PUT_PASSWORD: Call<ChangePassword, Nothing> =
        Call::put("/api/lunasa/hsms/{hsmid}/roles/{roleid}/password");
    /// Initializes a role; the HSM refuses it (documented).
    pub const INIT_ROLE: Call<InitRole, Nothing> =
        Call::put("/api/lunasa/hsms/{hsmid}/roles/{roleid}");
    /// Runs `reset`, `createChallenge` or `deactivate` on a role; none applies to `so`.
    pub const ROLE_ACT: Call<RoleAction, Nothing> =
        Call::post("/api/lunasa/hsms/{hsmid}/roles/{roleid}/actions/{actionid}");
    /// Lists what can be done with a role.
    pub const ROLE_ACTIONS: Call<Nothing, Actions> =
        Call::get("/api/lunasa/hsms/{hsmid}/roles/{roleid}/actions");
    /// Shows the certificate that another HSM encrypts to, for an indirect login: one of
    /// [`CERTIFICATE_TYPES`], asked for with `?type=`; the last one without it.
    pub const CERTIFICATE: Call<Nothing, WrappingCertificate> =
        Call::get("/api/lunasa/hsms/{hsmid}/certificate");
    /// Lists the actions of the HSM. Assumed: every other resource with actions has this.
    pub const ACTIONS: Call<Nothing, Actions> = Call::get("/api/lunasa/hsms/{hsmid}/actions");
    /// Runs `factoryReset`, `zeroize`, `stmTransport` or `stmRecover` as a waiting task.
    pub const ACT: Call<Action, Transport> = Call::post("/api/lunasa/hsms/{hsmid}/actions/{actionid}");
    /// Shows the detected tamper events.
    pub const TAMPER: Call<Nothing, Tamper> = Call::get("/api/lunasa/hsms/{hsmid}/tamper");
    /// Lists what can be done with them.
    pub const TAMPER_ACTIONS: Call<Nothing, Actions> =
        Call::get("/api/lunasa/hsms/{hsmid}/tamper/actions");
    /// Runs `clear`.
    pub const TAMPER_ACT: Call<Nothing, Nothing> =
        Call::post("/api/lunasa/hsms/{hsmid}/tamper/actions/{actionid}");
}

/// The types of the certificate for indirect logins: for firmware up to 7.4.0, for protocol 1.1 and 2.0
/// of later ones.
pub const CERTIFICATE_TYPES: [&str; 3] = ["legacyKey", "key", "pkc"];

/// The certificate that another HSM encrypts to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WrappingCertificate {
    /// Base64.
    pub certificate: String,
}

/// The HSMs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Hsms {
    /// One entry; its `id` is the serial number.
    pub hsms: Vec<Link>,
}

/// The HSM. `label` and `soLoginsLeft` are what real clients read; the other names are assumed: the
/// page was not found, the values are those of `hsm show`. That it names its children is documented.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs, reason = "a path each from `actions` on, named as the part it leads to")]
pub struct Hsm {
    /// Empty while zeroized.
    pub label: String,
    /// Its identifier in paths, too.
    pub serial_number: String,
    /// Firmware version.
    pub firmware: String,
    /// `Luna K7`.
    pub model: String,
    /// Such as `808-000066-001`.
    pub part_number: String,
    /// `Password` or `PED`.
    pub authentication_method: String,
    /// Whether it has no SO and no content: initialize it first.
    pub zeroized: bool,
    /// Wrong SO passwords until zeroization; 0 while zeroized, none where it is not told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub so_logins_left: Option<u32>,
    /// Whether the SO is logged in, in the session that asks; none where it is not told.
    pub so_logged_in: Option<bool>,
    /// Whether it has a Remote PED Vector.
    pub rpv_initialized: bool,
    /// Whether the auditor was initialized.
    pub audit_role_initialized: bool,
    /// Whether remote login was initialized.
    pub remote_login_initialized: bool,
    /// Whether somebody zeroized it on purpose.
    pub manually_zeroized: bool,
    /// Whether it is in Secure Transport Mode.
    pub secure_transport_mode: bool,
    /// Whether there are tamper events that were not cleared.
    pub tampered: bool,
    /// Whether only algorithms approved by FIPS 140 are allowed.
    pub fips_mode: bool,
    /// The most partitions it may have now.
    pub partitions_allowed: u32,
    /// Partitions it has.
    pub partitions_created: u32,
    /// Readings of its sensors.
    pub environment: Environment,
    pub actions: String,
    pub capabilities: String,
    pub certificate: String,
    pub counter: String,
    /// The shorter name is the version's.
    pub firmware_url: String,
    pub licenses: String,
    pub metrics: String,
    pub partitions: String,
    pub ped: String,
    pub policies: String,
    pub roles: String,
    pub storage_space: String,
    pub tamper: String,
    pub utilization: String,
}

impl Hsm {
    /// Wrong SO passwords until zeroization: none while zeroized. `None` where it is not told.
    pub fn attempts_left(&self) -> Option<u32> {
        if self.zeroized { Some(0) } else { self.so_logins_left }
    }
}

/// Readings of the HSM's sensors; assumed names.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Environment {
    /// Volts.
    pub battery_voltage: f64,
    /// A lower voltage is a warning, volts.
    pub battery_warning_voltage: f64,
    /// Degrees Celsius.
    pub temperature: i32,
    /// A higher temperature is a warning, degrees Celsius.
    pub temperature_warning: i32,
}

/// What the HSM is initialized with.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Init {
    /// 1 to 32 letters, digits and underscores.
    pub label: String,
    /// The SO's password, 8 to 255 characters; not with a PED.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    /// The cloning domain, 1 to 128 characters; not with a PED.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<Secret>,
    /// Use the default cloning domain; deprecated by the vendor.
    #[serde(default)]
    pub default_domain: bool,
    /// `0` local PED, `1` remote PED, empty on a password-authenticated HSM.
    #[serde(default)]
    pub ped: String,
    /// A policy template among the user's files. The name of this field is assumed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_template: Option<String>,
    /// Changes of the time need the SO from now on. Assumed: LunaSH has the option, the page of
    /// REST was cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time_config: Option<bool>,
}

/// A login.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Login {
    /// `so` or `audit`.
    #[serde(default)]
    pub role: String,
    /// Its password; not with a PED.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    /// `0` local PED, `1` remote PED; ignored by a password-authenticated HSM.
    #[serde(default)]
    pub ped: String,
}

/// The roles of an HSM.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Roles {
    /// By identifier.
    pub roles: Vec<RoleLink>,
}

/// A role in a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RoleLink {
    /// `so`, `audit`.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Its path.
    pub url: String,
}

/// A role of the HSM (or of a partition).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Role {
    /// Whether it stays logged in; PED only.
    pub activated: bool,
    /// Whether the challenge has to be changed first.
    pub challenge_to_be_changed: bool,
    /// Wrong old passwords until the role is locked.
    pub change_password_attempts_left: u32,
    /// `so`, `audit`.
    pub id: String,
    /// `None` on a password-authenticated HSM.
    pub indirect_login_version: String,
    /// Whether it has a password.
    pub initialized: bool,
    /// Whether too many wrong passwords locked it.
    pub locked_out: bool,
    /// Wrong passwords until it is locked (the SO: until zeroization).
    pub login_attempts_left: u32,
    /// What people call it.
    pub name: String,
    /// Whether the password has to be changed first.
    pub pin_to_be_changed: bool,
    /// `PIN` or `PED`.
    pub primary_authentication: String,
    /// `None`, or the challenge.
    pub secondary_authentication: String,
}

/// A change of a password.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangePassword {
    /// The present one.
    pub old_password: Secret,
    /// The new one.
    pub new_password: Secret,
    /// Sent by one of the vendor's clients; ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ped: Option<String>,
}

/// The body of an action; all but `stmRecover` send none of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Action {
    /// The string that `stmTransport` returned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub random_user_string: Option<String>,
}

/// The strings of Secure Transport Mode; both empty after other actions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Transport {
    /// To be entered for recovery; only `stmTransport` answers with it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub random_user_string: String,
    /// To be compared at recovery.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub verification: String,
}

/// The detected tamper events. Two pages of the vendor differ in the names; these are of the newer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Tamper {
    /// Where its actions are.
    pub actions_url: String,
    /// When the last one was detected, `2016-11-18T11:34:41`; empty without any.
    pub tamper_time: String,
    /// The events.
    pub tampers: Vec<TamperEvent>,
    /// Degrees Celsius at an environmental tamper.
    pub temperature: Option<i64>,
    /// Battery voltage at an environmental tamper.
    pub vbat: Option<i64>,
    /// Supply voltage at an environmental tamper.
    pub vcci: Option<i64>,
    /// Reference voltage at an environmental tamper.
    pub vref: Option<i64>,
}

/// A tamper event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TamperEvent {
    /// `0` and up.
    pub index: String,
    /// What was detected, such as `Chassis_open`.
    pub tamper: String,
}
