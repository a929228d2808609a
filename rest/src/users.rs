//! Accounts, roles and files: `/users`, `/roles`, `/api/lunasa/user/config`.
//!
//! Appliance accounts are shared by REST and LunaSH. A password set by an administrator is
//! temporary: until its owner changes it, every other call ends in [`CHANGE_PASSWORD_FIRST`].

use serde::{Deserialize, Serialize};

use crate::call::{Nothing, calls};
use crate::error_id::short_names;
use crate::secret::Secret;
use crate::tasks::{Actions, Link};

short_names! {
    CHANGE_PASSWORD_FIRST = FRAMEWORK_PASSWORD_CHANGE_REQUIRED,
}

calls! {
    /// Lists the accounts.
    pub const LIST: Call<Nothing, Users> = Call::get("/users");
    /// Creates an account.
    pub const CREATE: Call<NewUser, Nothing> = Call::post("/users");
    /// Shows an account.
    pub const SHOW: Call<Nothing, User> = Call::get("/users/{userid}");
    /// Changes some fields of an account.
    pub const CHANGE: Call<ChangeUser, Nothing> = Call::patch("/users/{userid}");
    /// Replaces the fields of an account.
    pub const REPLACE: Call<ReplaceUser, Nothing> = Call::put("/users/{userid}");
    /// Removes an account and its files.
    pub const DELETE: Call<Nothing, Nothing> = Call::delete("/users/{userid}");
    /// Lists what can be done with an account.
    pub const ACTIONS: Call<Nothing, Actions> = Call::get("/users/{userid}/actions");
    /// Runs `changePassword`, `enable`, `disable` or `roleClear`.
    pub const ACT: Call<UserAction, Nothing> = Call::post("/users/{userid}/actions/{actionid}");

    /// Shows the certificate that the account may log in with; assumed, the page was not found.
    pub const CERTIFICATES: Call<Nothing, Certificates> = Call::get("/users/{userid}/certificates");
    /// Stores the certificate that the account may log in with; it replaces the one before.
    pub const ADD_CERTIFICATE: Call<NewCertificate, Nothing> =
        Call::post("/users/{userid}/certificates");
    /// Removes it; assumed, the page was not found.
    pub const CLEAR_CERTIFICATES: Call<Nothing, Nothing> =
        Call::delete("/users/{userid}/certificates");

    /// Lists the files of the account that asks.
    pub const FILES: Call<Nothing, Files> = Call::get("/users/{userid}/files");
    /// Uploads one file; the body is multipart, not JSON.
    pub const UPLOAD: Call<Nothing, Nothing> = Call::post("/users/{userid}/files");
    /// Removes all files of an account; assumed, the page was not found.
    pub const CLEAR_FILES: Call<Nothing, Nothing> = Call::delete("/users/{userid}/files");
    /// Shows date and size of a file.
    pub const FILE: Call<Nothing, File> = Call::get("/users/{userid}/files/{fileid}");
    /// Removes a file; assumed, the page was not found.
    pub const DELETE_FILE: Call<Nothing, Nothing> = Call::delete("/users/{userid}/files/{fileid}");
    /// Downloads a file as a tgz that holds it; the answer is not JSON.
    pub const DOWNLOAD: Call<Nothing, Nothing> = Call::get("/users/{userid}/files/{fileid}/download");

    /// Lists the roles.
    pub const ROLES: Call<Nothing, Roles> = Call::get("/roles");
    /// Creates a role.
    pub const CREATE_ROLE: Call<NewRole, Nothing> = Call::post("/roles");
    /// Shows a role; assumed, the page was not found.
    pub const ROLE: Call<Nothing, Role> = Call::get("/roles/{roleid}");
    /// Removes a role that no account has; assumed, the page was not found.
    pub const DELETE_ROLE: Call<Nothing, Nothing> = Call::delete("/roles/{roleid}");
    /// The access rules of a role: text, a `METHOD:PATH` a line; asked with the octet-stream type.
    pub const RULES: Call<Nothing, Nothing> = Call::get("/roles/{roleid}/resources");
    /// Sets the access rules of a role; the body is text of the octet-stream type.
    pub const SET_RULES: Call<Nothing, Nothing> = Call::put("/roles/{roleid}/resources");

    /// The LunaSH commands of the account that asks.
    pub const OWN_COMMANDS: Call<Nothing, OwnCommands> = Call::get("/emulator/lunash/commands");

    /// The access control list as a CSV file: accounts with their roles, roles with their rules. Assumed,
    /// as its form.
    pub const ACL: Call<Nothing, Nothing> = Call::get("/acl");
    /// Replaces the access control list; what the file does not have is removed.
    pub const SET_ACL: Call<Nothing, Nothing> = Call::put("/acl");
    /// Sets what the file has.
    pub const PATCH_ACL: Call<Nothing, Nothing> = Call::patch("/acl");

    /// Shows where the rules for passwords and logins are; assumed, the page was not found.
    pub const CONFIG: Call<Nothing, Config> = Call::get("/api/lunasa/user/config");
    /// Shows the password rules.
    pub const PASSWORD_RULES: Call<Nothing, PasswordRules> =
        Call::get("/api/lunasa/user/config/password");
    /// Changes the password rules.
    pub const CHANGE_PASSWORD_RULES: Call<ChangePasswordRules, Nothing> =
        Call::patch("/api/lunasa/user/config/password");
    /// Lists the actions on the password rules; assumed shape.
    pub const PASSWORD_ACTIONS: Call<Nothing, Actions> =
        Call::get("/api/lunasa/user/config/password/actions");
    /// Turns checks of expiry and history on (`enable`) or off (`disable`).
    pub const PASSWORD_ACT: Call<Toggle, Nothing> =
        Call::post("/api/lunasa/user/config/password/actions/{actionid}");
    /// Shows the lockout rules.
    pub const LOGIN_RULES: Call<Nothing, LoginRules> = Call::get("/api/lunasa/user/config/login");
    /// Lists the actions on the lockout rules: none (assumed; the page was not found).
    pub const LOGIN_ACTIONS: Call<Nothing, Actions> =
        Call::get("/api/lunasa/user/config/login/actions");
    /// Sets the lockout rules.
    pub const SET_LOGIN_RULES: Call<SetLoginRules, Nothing> =
        Call::put("/api/lunasa/user/config/login");

    /// Creates an account whose password a RADIUS server judges. Emulated appliances only.
    pub const CREATE_RADIUS: Call<NewRadiusUser, Nothing> = Call::post("/emulator/lunash/users/radius");
    /// Lists the SSH public keys of an account. Emulated appliances only, as all calls on these keys.
    pub const KEYS: Call<Nothing, PublicKeys> = Call::get("/emulator/lunash/users/{userid}/publicKeys");
    /// Adds an SSH public key.
    pub const ADD_KEY: Call<NewPublicKey, PublicKey> =
        Call::post("/emulator/lunash/users/{userid}/publicKeys");
    /// Removes all SSH public keys of an account.
    pub const CLEAR_KEYS: Call<Nothing, Nothing> =
        Call::delete("/emulator/lunash/users/{userid}/publicKeys");
    /// Removes an SSH public key.
    pub const DELETE_KEY: Call<Nothing, Nothing> =
        Call::delete("/emulator/lunash/users/{userid}/publicKeys/{keyid}");
}

short_names! {
    NO_KEY = LUNASH_PUBLIC_KEY_DOES_NOT_EXIST,
}

/// The accounts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Users {
    /// By name.
    pub users: Vec<Link>,
}

/// A new account.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewUser {
    /// The name, up to 32 characters.
    pub user_id: String,
    /// A person's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_name: Option<String>,
    /// An address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The role; `""` makes an account without one.
    pub role: String,
    /// The temporary password.
    pub password: Secret,
}

/// An account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct User {
    /// When it was locked after failed logins, `2025-10-08 12:35:17 UTC`; empty when it is not.
    pub account_lock_time: String,
    /// When the lock ends; empty when it is not locked.
    pub account_unlock_time: String,
    /// Where its actions are.
    pub actions: String,
    /// Where its certificates are.
    pub certificates: String,
    /// False for the built-in accounts.
    pub changeable: bool,
    /// An address.
    pub email: String,
    /// Where its files are.
    pub files: String,
    /// A person's name.
    pub full_name: String,
    /// Whether failed logins locked it.
    pub locked_out: bool,
    /// Days until the password expires; missing while passwords do not expire.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_expiry_days_remaining: Option<i64>,
    /// `YYYY-MM-DD`.
    pub password_last_changed: String,
    /// Whether a RADIUS server judges the password; assumed, and sent only when it does.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub radius: bool,
    /// `admin`, `operator`, `monitor`, `audit`, a custom role, or empty.
    pub role: String,
    /// `enabled` or `disabled`.
    pub status: String,
    /// The name.
    pub user_id: String,
}

/// Fields of an account to change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ChangeUser {
    /// The role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// A person's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full_name: Option<String>,
    /// An address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// All changeable fields of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplaceUser {
    /// The role.
    pub role: String,
    /// A person's name.
    pub full_name: String,
    /// An address.
    pub email: String,
}

/// The body of an account's action; all but `changePassword` send none of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct UserAction {
    /// The new password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    /// The present one; left out when an administrator resets another account's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_password: Option<Secret>,
}

/// A certificate for the login.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewCertificate {
    /// PEM.
    pub certificate: String,
}

/// The certificates of an account: none or one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Certificates {
    /// PEM.
    pub certificates: Vec<String>,
}

/// The files of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Files {
    /// By name.
    pub files: Vec<Link>,
}

/// A file of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct File {
    /// Where its content is.
    pub download: String,
    /// `YYYY-MM-DD HH:MM:SS`, UTC.
    pub last_updated: String,
    /// Bytes.
    pub size: u64,
}

/// The roles.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Roles {
    /// By name.
    pub roles: Vec<Link>,
}

/// A new role.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewRole {
    /// The name: letters, digits and underscores, up to 64.
    pub role_id: String,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_name: Option<String>,
    /// The file on the appliance with its LunaSH commands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

/// A role; fields assumed after those of [`NewRole`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Role {
    /// False for the built-in roles.
    pub changeable: bool,
    /// What people call it.
    pub full_name: String,
    /// Where its access rules are.
    pub resources: String,
    /// The name.
    pub role_id: String,
}

/// Where the rules for passwords and logins are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// Those for logins.
    pub login: String,
    /// Those for passwords.
    pub password: String,
}

/// The LunaSH commands of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OwnCommands {
    /// Those that the file of its role lists; absent where the role has no such file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commands: Option<Vec<String>>,
}

/// The password rules.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PasswordRules {
    /// Where the actions are.
    pub actions: String,
    /// Days until a password expires.
    pub expiry_days: u32,
    /// How many former passwords are refused.
    pub history: u32,
    /// Characters.
    pub minimum_length: u32,
}

/// Password rules to change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ChangePasswordRules {
    /// 1 to 365.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiry_days: Option<u32>,
    /// 1 to 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history: Option<u32>,
    /// 8 to 30.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum_length: Option<u32>,
}

/// Which checks an action turns on or off.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Toggle {
    /// `expiryDays`, `history`; both when left out (assumed).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings_to_toggle: Option<Vec<String>>,
}

/// The lockout rules of appliance logins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct LoginRules {
    /// Where the actions are.
    pub actions: String,
    /// Failed logins count together within this many seconds.
    pub detection_window_seconds: u32,
    /// How long a lock lasts, seconds.
    pub lockout_duration_seconds: u32,
    /// Failed logins until the lock; 0 never locks.
    pub max_failed_attempts: u32,
}

/// New lockout rules; all fields are needed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SetLoginRules {
    /// 60 to 86400.
    pub detection_window_seconds: u32,
    /// 60 to 86400.
    pub lockout_duration_seconds: u32,
    /// 0 never locks.
    pub max_failed_attempts: u32,
}

/// A new account whose password a RADIUS server judges.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewRadiusUser {
    /// The name, up to 32 characters.
    pub user_id: String,
}

/// The SSH public keys of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PublicKeys {
    /// By name.
    pub public_keys: Vec<PublicKey>,
}

/// An SSH public key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PublicKey {
    /// Its name: the comment in the key's line, unless another was given.
    pub name: String,
    /// `ssh-rsa`, `ssh-ed25519` and so on.
    #[serde(rename = "type")]
    pub kind: String,
    /// Length of the key.
    pub bits: u32,
    /// `SHA256:` and the digest in base64, as `ssh-keygen -l` shows it.
    pub fingerprint: String,
}

/// A public key to add: the line itself, or the name of a file of the account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewPublicKey {
    /// The name it gets; otherwise the comment in its line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The line of an OpenSSH public key file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// A file of the account that holds the line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}
