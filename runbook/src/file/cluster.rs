//! What a runbook says of a cluster.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::source::SecretSource;

/// A cluster. Members, keyrings and clients that are not named here stay.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    /// Its label.
    pub label: String,
    /// The partition that holds the cluster's key on each member: of version 1, with its policy 40 off.
    pub partition: String,
    /// The member that makes the cluster; the others join it.
    pub first: String,
    /// The package file that brings clusters; needed where it is not installed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<PathBuf>,
    /// The authorization code of the package.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authcode: Option<SecretSource>,
    /// Whether the roles of a keyring share a password; chosen before the first keyring is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_mode: Option<IdentityMode>,
    /// Whether every client sees every keyring.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignment_mode: Option<AssignmentMode>,
    /// UUIDs of clients whose registration is taken back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delete_clients: Vec<String>,
    /// The members, by the names of their appliances.
    pub members: BTreeMap<String, ClusterMember>,
    /// Keyrings, by label.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub keyrings: BTreeMap<String, Keyring>,
}

/// Whether the roles of a keyring share a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum IdentityMode {
    /// One password for both.
    Single,
    /// One each.
    Dual,
}

impl IdentityMode {
    /// As the appliance calls it.
    pub fn name(self) -> &'static str {
        match self {
            IdentityMode::Single => "single",
            IdentityMode::Dual => "dual",
        }
    }

    /// The mode that the appliance calls so.
    pub fn of(name: &str) -> Option<IdentityMode> {
        [IdentityMode::Single, IdentityMode::Dual].into_iter().find(|mode| mode.name() == name)
    }
}

/// Whether every client sees every keyring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AssignmentMode {
    /// Every one.
    Auto,
    /// Those that are assigned to it.
    Manual,
}

impl AssignmentMode {
    /// As the appliance calls it.
    pub fn name(self) -> &'static str {
        match self {
            AssignmentMode::Auto => "auto",
            AssignmentMode::Manual => "manual",
        }
    }

    /// The mode that the appliance calls so.
    pub fn of(name: &str) -> Option<AssignmentMode> {
        [AssignmentMode::Auto, AssignmentMode::Manual].into_iter().find(|mode| mode.name() == name)
    }
}

/// A member of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClusterMember {
    /// The address by which the members reach it.
    pub ip: String,
    /// Its affinity group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
}

/// A keyring of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Keyring {
    /// Its first password; needed to make it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<SecretSource>,
    /// Names of the registered clients that see it, in manual assignment mode. Others that do stay.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub clients: Vec<String>,
    /// UUIDs of clients that are to see it no more.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unassign_clients: Vec<String>,
}
