//! Members of a cluster as processes of their own, each on an address of its own.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use luna_appliance::package::{Manifest, Package};
use luna_rest::clusters::{self, Authentication};
use luna_rest::{
    Client, Nothing, emulator, hsm, keyrings, packages, partitions, services, tasks, users,
};

use super::Process;
use super::network::Network;

const AUTHCODE: &str = "5/Rd79MAGd/G9EY5";
pub(crate) const SO: &str = "so-Password1";
pub(crate) const CO: &str = "co-Password2";
/// The password of the account `admin`.
const ADMIN: &str = "Adm1n-password";

/// An appliance that is configured for a cluster.
pub(crate) struct Member {
    pub(crate) process: Option<Process>,
    pub(crate) address: IpAddr,
    pub(crate) data: PathBuf,
}

impl Member {
    /// Configures a factory-fresh appliance, the one with this number in the network, as chapter 2 of the Cluster Administration Guide says;
    /// its cluster service runs.
    pub(crate) fn new(folder: &Path, network: &Network, number: u8, version: &str) -> Member {
        let data = folder.join(format!("member{number}"));
        let mut member = Member { process: None, address: network.address(number), data };
        member.start();
        member.configure(version);
        member
    }

    pub(crate) fn start(&mut self) {
        self.process = Some(Process::start_at(&self.data, self.address));
    }

    pub(crate) fn kill(&mut self) {
        self.process.take().unwrap().kill();
    }

    pub(crate) fn client(&self) -> Client {
        self.process.as_ref().unwrap().client(&self.data)
    }

    fn configure(&self, version: &str) {
        let client = self.client();
        let hsm_id = client.get(&hsm::LIST, &[]).unwrap().hsms[0].id.clone();
        let hsm_ids = [hsm_id.as_str()];
        let init = hsm::Init {
            label: "hsm".into(),
            password: Some(SO.into()),
            domain: Some("domain".into()),
            ..hsm::Init::default()
        };
        client.call(&hsm::INIT, &hsm_ids, &init).unwrap();
        let login =
            hsm::Login { role: "so".into(), password: Some(SO.into()), ..hsm::Login::default() };
        client.call(&hsm::LOGIN, &hsm_ids, &login).unwrap();
        let new = partitions::NewPartition {
            name: "clusterpar".into(),
            has_pso: true,
            version: Some(1),
            ..partitions::NewPartition::default()
        };
        client.call(&partitions::CREATE, &hsm_ids, &new).unwrap();
        let serial = client.get(&partitions::LIST, &hsm_ids).unwrap().partitions[0].id.clone();
        let ids = [hsm_id.as_str(), serial.as_str()];
        let init = partitions::InitPartition {
            password: Some("po-Password1".into()),
            domain: Some("domain".into()),
            ..partitions::InitPartition::default()
        };
        client.call(&partitions::INIT, &ids, &init).unwrap();
        let login = partitions::Login::new("so", "po-Password1".into());
        client.call(&partitions::LOGIN, &ids, &login).unwrap();
        let policy = partitions::SetPolicy { value: 0 };
        let ids_of_policy = [ids[0], ids[1], "40"];
        let task = client.send(&partitions::SET_POLICY, &ids_of_policy, &policy).unwrap();
        let task = task.location.unwrap();
        let number = task.rsplit('/').next().unwrap();
        client.call(&tasks::ACT, &[number, "start"], &Nothing {}).unwrap();
        let role = [ids[0], ids[1], "co"];
        let body = partitions::InitRole {
            password: Some("co-Password1".into()),
            ..partitions::InitRole::default()
        };
        client.call(&partitions::INIT_ROLE, &role, &body).unwrap();
        client.call(&partitions::LOGOUT, &ids, &Nothing {}).unwrap();
        let change = partitions::ChangePassword {
            old_password: "co-Password1".into(),
            new_password: CO.into(),
            ..partitions::ChangePassword::default()
        };
        client.call(&partitions::CHANGE_ROLE, &role, &change).unwrap();
        let manifest =
            Manifest { name: "lnh_cluster".into(), version: version.into(), ..Manifest::default() };
        let package = Package { manifest, payload: Vec::new() }.seal(AUTHCODE, [7; 16]).unwrap();
        client.upload("admin", "lnh_cluster.spkg", package).unwrap();
        let using = packages::UsePackage {
            file: "lnh_cluster.spkg".into(),
            auth_code: AUTHCODE.into(),
            ..packages::UsePackage::default()
        };
        client.call(&packages::UPDATE, &[], &using).unwrap();
        let change = users::UserAction {
            password: Some(ADMIN.into()),
            current_password: Some("PASSWORD".into()),
        };
        client.call(&users::ACT, &["admin", "changePassword"], &change).unwrap();
        let core = clusters::Configure {
            service: "core".into(),
            ip_address: Some(self.address.to_string()),
            ..clusters::Configure::default()
        };
        client.call(&clusters::CONFIGURE, &[], &core).unwrap();
        let action = services::ServiceAction::default();
        client.call(&services::ACT, &["cluster", "start"], &action).unwrap();
        let later = emulator::MoveClock { advance: Some(30), ..emulator::MoveClock::default() };
        client.call(&emulator::MOVE_CLOCK, &[], &later).unwrap();
    }

    /// Creates a cluster and authorizes its first member.
    pub(crate) fn found(&self) {
        let client = self.client();
        let new = clusters::NewCluster {
            authentication: Authentication::so(SO.into()),
            cluster_label: "myNewCluster".into(),
        };
        client.call(&clusters::CREATE, &[], &new).unwrap();
        self.authorize();
    }

    pub(crate) fn cluster(&self) -> String {
        self.client().get(&clusters::LIST, &[]).unwrap().data[0].cluster_uuid.clone()
    }

    pub(crate) fn members(&self) -> Vec<clusters::Member> {
        self.client().get(&clusters::MEMBERS, &[&self.cluster()]).unwrap().data
    }

    pub(crate) fn authorize(&self) {
        let own = self.members().into_iter().find(|member| member.local).unwrap().member_uuid;
        let change = clusters::ChangeMember {
            action: "authorize".into(),
            authentication: Authentication::co(CO.into(), Some("clusterpar".into())),
            ..clusters::ChangeMember::default()
        };
        let ids = [self.cluster(), own];
        let ids = [ids[0].as_str(), ids[1].as_str()];
        self.client().call(&clusters::CHANGE_MEMBER, &ids, &change).unwrap();
    }

    pub(crate) fn join(&self, at: &Member) {
        let join = clusters::ChangeCluster {
            action: "join".into(),
            authentication: Authentication::co(CO.into(), Some("clusterpar".into())),
            remote_cluster_ip_address: Some(at.address.to_string()),
            remote_admin_password: Some(ADMIN.into()),
            ..clusters::ChangeCluster::default()
        };
        self.client().call(&clusters::CHANGE, &[&at.cluster()], &join).unwrap();
        self.settle();
    }

    pub(crate) fn settle(&self) {
        self.client().call(&emulator::SETTLE, &[], &Nothing {}).unwrap();
    }
}

/// What creates so many keyrings, numbered from `index`.
pub(crate) fn new_keyrings(total: u32, index: u32) -> keyrings::NewKeyrings {
    keyrings::NewKeyrings {
        authentication: Authentication::co(CO.into(), Some("clusterpar".into())),
        key_ring_label: "k".into(),
        key_ring_password: "keyring-password".into(),
        total: Some(total),
        index: Some(index),
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        if let Some(process) = self.process.take() {
            process.kill();
        }
    }
}
