//! Clusters of appliances: `/api/clusters`. Only appliances with the cluster package have them.

use serde::{Deserialize, Serialize};

use crate::call::{Call, Method, Nothing};

/// Lists the clusters this appliance belongs to.
pub const LIST: Call<Nothing, Clusters> = Call::get("/api/clusters");

/// Every resource of this area.
pub const ALL: &[(Method, &str)] = &[LIST.resource()];

/// The clusters: none or one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Clusters {
    /// One entry a cluster.
    pub clusters: Vec<crate::tasks::Link>,
}
