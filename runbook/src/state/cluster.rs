//! What an appliance has of a cluster.

use std::collections::{BTreeMap, BTreeSet};

use luna_rest::{Client as Link, clusters, keyrings, packages, services};
use luna_shell::Failure;

use super::told;

/// What an appliance has of a cluster.
#[derive(Clone, Debug, Default)]
pub struct ClusterState {
    /// Whether the package that brings clusters is installed.
    pub package: bool,
    /// The address by which other members reach it; empty while none was set.
    pub core_address: String,
    /// Whether the service neither runs nor starts.
    pub stopped: bool,
    /// UUID and label of the cluster.
    pub cluster: Option<(String, String)>,
    /// The members.
    pub members: Vec<ClusterMember>,
    /// `single` or `dual`; empty where it is not told.
    pub identity_mode: String,
    /// `auto` or `manual`; empty where it is not told.
    pub assignment_mode: String,
    /// The keyrings by label, with the names of the clients that see them.
    pub keyrings: BTreeMap<String, BTreeSet<String>>,
    /// The clients that are registered.
    pub clients: Vec<ClusterClient>,
}

/// A member of a cluster.
#[derive(Clone, Debug, Default)]
pub struct ClusterMember {
    /// Its UUID.
    pub id: String,
    /// Its core address.
    pub address: String,
    /// Whether it is the appliance that was asked.
    pub local: bool,
    /// Whether it is authorized.
    pub active: bool,
    /// Its affinity group.
    pub group: String,
}

/// A client that is registered with a cluster.
#[derive(Clone, Debug, Default)]
pub struct ClusterClient {
    /// Its UUID.
    pub id: String,
    /// The common name of its certificate.
    pub name: String,
    /// Its label; empty for none.
    pub label: String,
    /// The appliance account that is tied to it; empty for none.
    pub user: String,
    /// The fingerprint of its certificate.
    pub fingerprint: String,
}

/// The package that brings clusters, as appliances list it: by the name of its file, or by that of the
/// service.
const PACKAGE: [&str; 2] = ["lnh_cluster-", "cluster_service-"];

impl ClusterState {
    /// Reads it.
    ///
    /// # Errors
    /// The appliance does not answer, or refuses what the account may not see.
    pub(super) fn read(link: &Link) -> Result<ClusterState, Failure> {
        let installed = told(link.get(&packages::LIST, &[]))?.unwrap_or_default().packages;
        let package = |one: &packages::Package| PACKAGE.iter().any(|name| one.id.starts_with(name));
        if !installed.iter().any(package) {
            return Ok(ClusterState { stopped: true, ..ClusterState::default() });
        }
        let config = link.get(&clusters::CONFIG, &[])?.data;
        let core = config.into_iter().find(|one| one.service == "core");
        let service = link.get(&services::SHOW, &["cluster"])?;
        let mut read = ClusterState {
            package: true,
            core_address: core.map(|core| core.ip_address).unwrap_or_default(),
            stopped: service.phase() == "stopped",
            ..ClusterState::default()
        };
        if !service.is_running() {
            return Ok(read);
        }
        if let Some(cluster) = link.get(&clusters::LIST, &[])?.data.into_iter().next() {
            read.members_and_keyrings(link, &cluster.cluster_uuid)?;
            read.cluster = Some((cluster.cluster_uuid, cluster.cluster_label));
        }
        Ok(read)
    }

    fn members_and_keyrings(&mut self, link: &Link, cluster: &str) -> Result<(), Failure> {
        for member in link.get(&clusters::MEMBERS, &[cluster])?.data {
            self.members.push(ClusterMember {
                id: member.member_uuid,
                address: member.member_ip_address,
                local: member.local,
                active: member.member_active,
                group: member.group,
            });
        }
        if !self.is_active() {
            return Ok(());
        }
        if let Some(shown) = told(link.get(&clusters::SHOW, &[cluster]))? {
            self.identity_mode = shown.identity_mode;
            self.assignment_mode = shown.client_assignment_mode;
        }
        for entry in link.get(&keyrings::LIST, &[])?.data {
            let shown = link.get(&keyrings::SHOW, &[&entry.key_ring_uuid])?;
            self.keyrings.insert(entry.key_ring_label, shown.clients.into_iter().collect());
        }
        let clients = told(link.get(&clusters::CLIENTS, &[cluster]))?.unwrap_or_default().data;
        self.clients = clients.into_iter().map(ClusterClient::from).collect();
        Ok(())
    }

    /// Whether the appliance that was asked is an authorized member.
    pub fn is_active(&self) -> bool {
        self.members.iter().any(|member| member.local && member.active)
    }
}

impl From<clusters::Client> for ClusterClient {
    fn from(client: clusters::Client) -> ClusterClient {
        ClusterClient {
            id: client.client_uuid,
            name: client.common_name,
            label: client.client_label,
            user: client.user,
            fingerprint: client.fingerprint,
        }
    }
}
