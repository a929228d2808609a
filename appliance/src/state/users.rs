//! The accounts, the rules for their passwords and lockouts, and RADIUS servers.

use luna_rest::Secret;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::core::password::PasswordHash;
use crate::core::table::{Cell, Table};
use crate::state::area::{Area, FieldVisitor, Setup};

/// The password that every built-in account has from the factory.
pub const FACTORY_PASSWORD: &str = "PASSWORD";

/// What is kept of the accounts.
#[derive(Debug, Default)]
pub struct Users {
    /// The accounts by name.
    pub users: Table<UserRow>,
    /// Rules for passwords.
    pub password_rules: Cell<PasswordSettings>,
    /// Rules for lockouts.
    pub login_rules: Cell<LoginSettings>,
    /// Failed logins by account; sessions keep them, this is what outlives a restart.
    pub failed: Table<FailedLoginsRow>,
    /// Whether RADIUS servers judge the passwords of their accounts.
    pub radius: Cell<bool>,
    /// RADIUS servers by host name or address.
    pub radius_servers: Table<RadiusServerRow>,
    /// The certificates that accounts may log in with, by account.
    pub certificates: Table<CertificateRow>,
}

/// A RADIUS server.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RadiusServerRow {
    /// Servers are listed in the order in which they were added.
    pub order: u64,
    /// The port it listens on.
    pub port: u16,
    /// Seconds until it counts as silent.
    pub timeout: u32,
    /// What the appliance shares with it.
    pub secret: Secret,
}

/// A certificate that its account may log in with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CertificateRow {
    /// The certificate alone, in PEM.
    pub pem: String,
}

/// Failed logins of an account, in seconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FailedLoginsRow {
    /// When they failed, since the last lock-out.
    pub times: Vec<i64>,
    /// Since when and until when the account is locked.
    pub locked: Option<(i64, i64)>,
}

/// An account.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct UserRow {
    /// A person's name.
    pub full_name: String,
    /// An address.
    pub email: String,
    /// The role; empty for none.
    pub role: String,
    /// Whether it may log in.
    pub enabled: bool,
    /// One of the four accounts that are always there.
    pub built_in: bool,
    /// The password.
    pub hash: PasswordHash,
    /// Somebody else set the password: its owner has to change it first.
    pub temporary: bool,
    /// When the password was set, seconds since 1970.
    pub changed: i64,
    /// Former passwords, newest last.
    pub former: Vec<PasswordHash>,
    /// A RADIUS server judges the password; the emulated appliance asks none, so every login is refused.
    pub radius: bool,
    /// SSH public keys.
    pub public_keys: Vec<PublicKeyRow>,
}

/// An SSH public key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PublicKeyRow {
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

impl Area for Users {
    fn fields(&mut self, visit: FieldVisitor<'_>) {
        visit("users", &mut self.users);
        visit("users/password", &mut self.password_rules);
        visit("users/login", &mut self.login_rules);
        visit("users/failed", &mut self.failed);
        visit("users/radius", &mut self.radius);
        visit("users/radius/servers", &mut self.radius_servers);
        visit("users/certificates", &mut self.certificates);
    }

    fn factory(&mut self, setup: &mut Setup<'_>) {
        let hash = PasswordHash::new(FACTORY_PASSWORD, setup.random);
        // Names of persons: admin's is documented, the others are assumed.
        for (user, full_name) in [
            ("admin", "Administrator"),
            ("audit", "Auditor"),
            ("monitor", "Monitor"),
            ("operator", "Operator"),
        ] {
            let row = UserRow {
                full_name: full_name.to_owned(),
                role: user.to_owned(),
                enabled: user == "admin",
                built_in: true,
                hash: hash.clone(),
                temporary: true,
                changed: setup.now.unix_timestamp(),
                ..UserRow::default()
            };
            self.users.insert(user, row);
        }
    }
}

impl Users {
    /// Whether an account has to change its password before it may do anything else.
    pub fn must_change(&self, row: &UserRow, now: OffsetDateTime) -> bool {
        row.temporary || self.days_left(row, now).is_some_and(|days| days < 0)
    }

    /// Whether somebody else set the account's password, and it has to be changed first.
    pub fn is_temporary(&self, user: &str) -> bool {
        self.users.get(user).is_some_and(|row| row.temporary)
    }

    /// Days until the password expires: at the end of the UTC day.
    pub fn days_left(&self, row: &UserRow, now: OffsetDateTime) -> Option<i64> {
        let rules = self.password_rules.get();
        let day = |seconds: i64| seconds.div_euclid(86_400);
        let age = day(now.unix_timestamp()).saturating_sub(day(row.changed));
        rules.expires.then(|| i64::from(rules.expiry_days).saturating_sub(age))
    }
}

/// Rules for passwords. Both checks are off from the factory (assumed: the defaults of the numbers
/// are documented, whether they are on is not).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "named as the options of LunaSH")]
pub struct PasswordSettings {
    pub expires: bool,
    pub expiry_days: u32,
    pub remembers: bool,
    pub history: u32,
    pub minimum_length: u32,
}

impl Default for PasswordSettings {
    fn default() -> Self {
        PasswordSettings {
            expires: false,
            expiry_days: 90,
            remembers: false,
            history: 4,
            minimum_length: 8,
        }
    }
}

/// Rules for lockouts, with the documented defaults.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs, reason = "named as the options of LunaSH")]
pub struct LoginSettings {
    pub detection_window_seconds: u32,
    pub lockout_duration_seconds: u32,
    pub max_failed_attempts: u32,
}

impl Default for LoginSettings {
    fn default() -> Self {
        LoginSettings {
            detection_window_seconds: 900,
            lockout_duration_seconds: 600,
            max_failed_attempts: 3,
        }
    }
}
