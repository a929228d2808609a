//! What a runbook says of this machine as a client.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// This machine as a client of partitions and of a cluster: its certificates are made where there are none,
/// its appliances are put into its configuration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnClient {
    /// The name that its certificate gets: its host name or address.
    pub name: String,
    /// Its `Chrystoki.conf`; without it that of the machine, as `lunacm` finds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration: Option<PathBuf>,
    /// Names of partitions that are assigned to it, by the appliance that has them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub partitions: BTreeMap<String, Vec<String>>,
    /// HA groups, by label.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub groups: BTreeMap<String, HaGroup>,
    /// What holds for all its HA groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ha: Option<HaSettings>,
    /// Its registration with the cluster of this file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<ClusterEntry>,
}

/// An HA group: partitions of one name, one cloning domain and one password of the Crypto Officer on several
/// appliances. What is in the group and not named here stays in it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HaGroup {
    /// The name of the partitions.
    pub partition: String,
    /// The appliances, the primary member's first.
    pub appliances: Vec<String>,
    /// Those of them whose member stands by; the others take part. Without it each stays as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standby: Option<Vec<String>>,
}

/// What holds for all HA groups of a client. What is left out stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HaSettings {
    /// How a member that returns is taken up again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovery_mode: Option<RecoveryMode>,
    /// Seconds between two attempts to recover a member.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 60, max = 1200))]
    pub interval: Option<u32>,
    /// How often that is tried: 0 for never, -1 without limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -1, max = 500))]
    pub retry: Option<i32>,
    /// Whether applications see the groups alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only: Option<bool>,
}

/// How a member that returns is taken up again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum RecoveryMode {
    /// Its sessions are not restored.
    ActiveBasic,
    /// They are, with their logins.
    ActiveEnhanced,
}

impl RecoveryMode {
    /// As LunaCM calls it.
    pub fn name(self) -> &'static str {
        match self {
            RecoveryMode::ActiveBasic => "activeBasic",
            RecoveryMode::ActiveEnhanced => "activeEnhanced",
        }
    }
}

/// The registration of a client with a cluster.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClusterEntry {
    /// The member that it is registered through, and enters by.
    pub entry: String,
    /// A label for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// An appliance account with the role monitor, which is tied to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
}
