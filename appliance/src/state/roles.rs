//! The custom roles.

use serde::{Deserialize, Serialize};

use crate::core::table::Table;
use crate::state::area::{Area, FieldVisitor};

/// The roles that are always there; their rules stand at the routes.
pub const BUILT_IN: [&str; 4] = ["admin", "audit", "monitor", "operator"];

/// What is kept of the roles: the custom ones.
#[derive(Debug, Default)]
pub struct Roles {
    /// The custom roles by name.
    pub roles: Table<RoleRow>,
}

/// A custom role.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RoleRow {
    /// What people call it.
    pub full_name: String,
    /// The file with its LunaSH commands; empty for none.
    pub file: String,
    /// The commands in that file when the role was made.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<String>,
    /// Its access rules, `METHOD:TEMPLATE` each.
    pub rules: Vec<String>,
}

impl Area for Roles {
    fn fields(&mut self, visit: FieldVisitor<'_>) {
        visit("roles", &mut self.roles);
    }
}

impl Roles {
    /// Whether there is such a role.
    pub fn exists(&self, role: &str) -> bool {
        BUILT_IN.contains(&role) || self.roles.contains(role)
    }

    /// The access rules of a custom role.
    pub fn rules(&self, role: &str) -> Option<&[String]> {
        self.roles.get(role).map(|row| row.rules.as_slice())
    }
}
