//! What the files of a client say, for programs that only look: LunaCM's library reads them, runbooks are
//! compared with them.

use std::collections::{BTreeMap, BTreeSet};

/// The configuration of a client, and the certificates that it names.
#[derive(Clone, Debug, Default)]
pub struct ClientFiles {
    /// The common name of the client's certificate; empty where certificate or key are not there.
    pub name: String,
    /// The certificate, as PEM.
    pub certificate: String,
    /// The appliances.
    pub servers: BTreeSet<String>,
    /// The certificates of appliances that are trusted, as PEM.
    pub authorities: String,
    /// The HA groups, by label.
    pub groups: BTreeMap<String, HaMembers>,
    /// What holds for all HA groups.
    pub ha: HaFacts,
    /// The clusters, by their UUIDs.
    pub clusters: BTreeMap<String, ClusterFiles>,
}

/// The members of an HA group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HaMembers {
    /// Serial numbers, the first one's that of the primary member.
    pub members: Vec<String>,
    /// Those of them that stand by.
    pub standby: Vec<String>,
}

/// What holds for all HA groups of a client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HaFacts {
    /// How a member that returns is taken up again, as LunaCM calls it.
    pub recovery_mode: &'static str,
    /// Seconds between two attempts to recover a member.
    pub interval: u32,
    /// How often that is tried: 0 for never, -1 without limit.
    pub retry: i32,
    /// Whether applications see the groups alone.
    pub only: bool,
}

/// The registration with a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterFiles {
    /// Its place in the configuration, from 0.
    pub place: usize,
    /// The entry member's host.
    pub entry: String,
    /// The common name of the client's certificate; empty where a file of the registration is not there.
    pub name: String,
    /// The certificate's fingerprint, as the cluster shows it; empty as the name is.
    pub fingerprint: String,
}
