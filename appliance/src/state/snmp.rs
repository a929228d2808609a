//! SNMP: its users, notification targets and trap targets. Whether the agent runs and starts with the
//! appliance is kept with the service `snmp`.

use luna_rest::Secret;
use serde::{Deserialize, Serialize};

use crate::core::table::{Cell, Field, Table};
use crate::state::area::{Area, FieldVisitor};

/// What is kept of SNMP.
#[derive(Debug, Default)]
pub struct Snmp {
    /// Whether traps are sent.
    pub traps_enabled: Cell<bool>,
    /// Users by name.
    pub users: Table<SnmpUserRow>,
    /// Notification targets by user, address and port: `USER/ADDRESS:PORT`.
    pub notifications: Table<NotificationRow>,
    /// Trap targets by address.
    pub traps: Table<TrapRow>,
}

impl Area for Snmp {
    fn fields(&mut self, visit: FieldVisitor<'_>) {
        visit("snmp/traps_enabled", &mut self.traps_enabled);
        visit("snmp/users", &mut self.users);
        visit("snmp/notifications", &mut self.notifications);
        visit("snmp/traps", &mut self.traps);
    }
}

impl Snmp {
    /// Whether anything changed since it was kept.
    pub fn changed(&self) -> bool {
        self.traps_enabled.changed()
            || self.users.changed()
            || self.notifications.changed()
            || self.traps.changed()
    }
}

/// The passwords of a user or target, and what they are for.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SecurityRow {
    /// `SHA`.
    pub authentication_protocol: String,
    /// The password that messages are authenticated with.
    pub authentication_password: Secret,
    /// `AES`.
    pub privacy_protocol: String,
    /// The password that messages are encrypted with.
    pub privacy_password: Secret,
}

/// A user.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SnmpUserRow {
    /// Its passwords.
    pub security: SecurityRow,
}

/// A notification target.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NotificationRow {
    /// IPv4 or IPv6.
    pub address: String,
    /// The port it listens on.
    pub port: u16,
    /// Its passwords.
    pub security: SecurityRow,
    /// `trap` or `inform`.
    pub kind: String,
    /// Hexadecimal digits, if any were given.
    pub engine_id: Option<String>,
}

/// A trap target.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TrapRow {
    /// The name of a user.
    pub user: String,
    /// Its passwords.
    pub security: SecurityRow,
    /// Hexadecimal digits.
    pub engine_id: String,
    /// `trap` or `inform`.
    pub kind: String,
}
