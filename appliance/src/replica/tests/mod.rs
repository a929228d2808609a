//! Several members in one process: messages travel through a network whose links can be cut.
//! `members.rs` has the guide's rules one by one, `runs.rs` what must hold whatever happens.

mod members;
mod runs;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use luna_rest::peers::{Answer, Envelope};
use luna_rest::{Fingerprint, Method, Secret, emulator};
use redb::StorageBackend;
use redb::backends::InMemoryBackend;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::datetime;

use super::{Peer, Replica, SendError, Transport, lock};
use crate::core::message::{Body, Request, Response};
use crate::core::password::PasswordHash;
use crate::core::random::Random;
use crate::engine::Engine;
use crate::panics;
use crate::request::options::Options;
use crate::state::clusters::PACKAGE;
use crate::state::packages::PackageRow;
use crate::state::partitions::{DomainRow, PartitionRow, RoleRow};
use crate::state::services::ServiceRow;
use crate::store::Store;

const START: OffsetDateTime = datetime!(2026-03-02 09:00:00 UTC);
/// Seconds since [`START`], the same for all.
static SECONDS: AtomicI64 = AtomicI64::new(0);

fn clock() -> OffsetDateTime {
    START + time::Duration::seconds(SECONDS.load(Ordering::SeqCst))
}

/// A disk that outlives the process.
#[derive(Clone, Debug, Default)]
struct Disk(Arc<InMemoryBackend>);

impl StorageBackend for Disk {
    fn len(&self) -> Result<u64, std::io::Error> {
        self.0.len()
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), std::io::Error> {
        self.0.read(offset, out)
    }
    fn set_len(&self, len: u64) -> Result<(), std::io::Error> {
        self.0.set_len(len)
    }
    fn sync_data(&self) -> Result<(), std::io::Error> {
        self.0.sync_data()
    }
    fn write(&self, offset: u64, data: &[u8]) -> Result<(), std::io::Error> {
        self.0.write(offset, data)
    }
}

/// The network: who is there, by address, and which links are cut.
#[derive(Default)]
struct Net {
    there: Mutex<BTreeMap<String, Arc<Replica>>>,
    cuts: Mutex<BTreeSet<(String, String)>>,
    /// What happens once, while the next answer is on its way.
    meanwhile: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

struct Wire {
    net: Arc<Net>,
    from: String,
}

impl Transport for Wire {
    fn identify(&self, _: luna_rest::Identity) {}

    fn send(&self, peer: &Peer, envelope: &Envelope) -> Result<Answer, SendError> {
        if !self.net.linked(&self.from, &peer.address) {
            return Err(SendError::Unreachable);
        }
        let there = lock(&self.net.there).get(&peer.address).cloned();
        let there = there.ok_or(SendError::Unreachable)?;
        let answer = there.receive(envelope.clone(), shown(&self.from));
        let meanwhile = lock(&self.net.meanwhile).take();
        if let Some(happen) = meanwhile {
            happen();
        }
        answer.ok_or(SendError::Unreachable)
    }
}

impl Net {
    fn linked(&self, a: &str, b: &str) -> bool {
        let cuts = lock(&self.cuts);
        !cuts.contains(&(a.into(), b.into())) && !cuts.contains(&(b.into(), a.into()))
    }
}

/// What stands for the certificate of the appliance at an address.
fn certificate(address: &str) -> String {
    let body = STANDARD.encode(address);
    format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")
}

fn shown(address: &str) -> Fingerprint {
    Fingerprint::of_pem(&certificate(address)).unwrap()
}

/// One appliance: its disk, and its process while it runs.
struct Node {
    net: Arc<Net>,
    address: String,
    disk: Disk,
    cookie: String,
}

fn hash(password: &str) -> PasswordHash {
    PasswordHash::new(password, &mut Random::from_number(9))
}

impl Node {
    /// An appliance configured for a cluster; its service runs.
    fn new(net: &Arc<Net>, number: usize) -> Node {
        let address = format!("127.1.0.{number}");
        let mut node = Node {
            net: Arc::clone(net),
            address: address.clone(),
            disk: Disk::default(),
            cookie: String::new(),
        };
        node.start();
        node.configure();
        node
    }

    fn configure(&self) {
        let address = self.address.clone();
        self.replica()
            .engine()
            .change_own(|machine| {
                let state = &mut machine.state;
                let hsm = state.hsm.hsm.get_mut();
                (hsm.initialized, hsm.so) = (true, hash("so-password"));
                let role = RoleRow { hash: hash("co-password"), ..RoleRow::default() };
                let partition = PartitionRow {
                    label: "clusterpar".into(),
                    version: 1,
                    initialized: true,
                    roles: BTreeMap::from([("co".into(), role)]),
                    domains: vec![DomainRow {
                        hash: PasswordHash::of_domain("domain"),
                        ..DomainRow::default()
                    }],
                    policies: BTreeMap::from([(40, 0)]),
                    ..PartitionRow::default()
                };
                state.partitions.partitions.insert("1", partition);
                let row = PackageRow { version: "1.0.4-122".into(), ..PackageRow::default() };
                state.packages.installed.insert(PACKAGE, row);
                let row = ServiceRow { running: true, on_boot: true };
                state.services.services.insert("cluster", row);
                let admin = state.users.users.get_mut("admin").unwrap();
                (admin.hash, admin.temporary) = (hash("admin-password"), false);
                let own = state.clusters.own.get_mut();
                own.core = address;
                own.certificate = Some((0, i64::MAX));
            })
            .unwrap();
    }

    fn is_there(&self) -> bool {
        lock(&self.net.there).contains_key(&self.address)
    }

    fn start(&mut self) {
        let (local_key, certificate) = (Secret::from("key"), certificate(&self.address));
        let options = Options { local_key, certificate, ..Options::default() };
        let disk = self.disk.clone();
        let store = Store::with_backend(move || disk.clone()).unwrap();
        // The address makes the UUIDs differ.
        let mut secret = [0; 32];
        secret[..self.address.len()].copy_from_slice(self.address.as_bytes());
        let engine = Engine::load(store, options, secret, clock()).unwrap();
        let wire = Wire { net: Arc::clone(&self.net), from: self.address.clone() };
        let replica = Replica::new(engine, Box::new(wire), clock);
        lock(&self.net.there).insert(self.address.clone(), Arc::clone(&replica));
        let login = Request {
            local_key: Some(Secret::from("key")),
            ..Request::new(Method::Post, emulator::SESSION.template())
        };
        self.cookie = replica.handle(&login).cookie.unwrap();
        replica.maintain();
    }

    /// The process ends at once; only the disk is left.
    fn kill(&self) {
        let replica = lock(&self.net.there).remove(&self.address);
        // A thread that ends with the process lets go of the disk before the next one takes it.
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while replica.as_ref().is_some_and(|replica| Arc::strong_count(replica) > 1) {
            assert!(std::time::Instant::now() < deadline, "a thread does not let go of the disk");
            std::thread::yield_now();
        }
    }

    fn replica(&self) -> Arc<Replica> {
        Arc::clone(&lock(&self.net.there)[&self.address])
    }

    fn send(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        let request = Request {
            cookie: Some(self.cookie.clone()),
            content_type: "application/vnd.safenetinc.lunasa+json;version=".into(),
            body: Body::Plain(body.to_string().into_bytes()),
            ..Request::new(method, path)
        };
        let Response { status, body, location, .. } = self.replica().handle(&request);
        let body = serde_json::from_slice(&body).unwrap_or(json!({"location": location}));
        (status, body)
    }

    fn settle(&self) {
        assert_eq!(self.send(Method::Post, emulator::SETTLE.template(), json!({})).0, 204);
    }

    /// The cluster, as this appliance knows it: its path.
    fn cluster(&self) -> Option<String> {
        let (status, list) = self.send(Method::Get, "/api/clusters", json!({}));
        assert_eq!(status, 200, "{list}");
        Some(format!("/api/clusters/{}", list["data"][0]["clusterUUID"].as_str()?))
    }

    fn member(&self) -> String {
        self.replica().engine().machine.state.clusters.own.get().member.clone()
    }

    fn primary(&self) -> String {
        self.replica().engine().machine.state.clusters.cluster.get().primary.clone()
    }

    fn summary(&self) -> String {
        let replica = self.replica();
        let engine = replica.engine();
        let (machine, clusters) = (&engine.machine, &engine.machine.state.clusters);
        let own = clusters.own.get();
        format!(
            "{}: member {} at {:?}, copying {}, joining {}, parted {}, active {}; primary {}, eras \
             {:?}, members {:?}, here {:?}, {} keyrings",
            self.address,
            own.member,
            own.at,
            own.copying,
            own.joining,
            own.parted,
            machine.peers.active,
            clusters.cluster.get().primary,
            clusters.cluster.get().eras,
            clusters.members.keys().collect::<Vec<_>>(),
            machine.peers.here.keys().collect::<Vec<_>>(),
            machine.state.keyrings.keyrings.len(),
        )
    }

    fn parted(&self) -> bool {
        self.replica().engine().machine.state.clusters.own.get().parted
    }

    fn active(&self) -> bool {
        self.replica().engine().machine.peers.active
    }

    fn create(&self, label: &str) -> (u16, Value) {
        let body = json!({
            "authentication": co(), "keyRingLabel": label, "keyRingPassword": "keyring-password",
        });
        self.send(Method::Post, "/api/keyrings", body)
    }

    fn keyrings(&self) -> BTreeSet<String> {
        let replica = self.replica();
        let engine = replica.engine();
        engine.machine.state.keyrings.keyrings.keys().map(str::to_owned).collect()
    }

    /// Every shared row.
    fn shared(&self) -> BTreeMap<(String, String), Vec<u8>> {
        let replica = self.replica();
        let mut engine = replica.engine();
        let state = &mut engine.machine.state;
        let mut rows = BTreeMap::new();
        let mut place: Option<(&'static str, String)> = None;
        loop {
            let from = place.as_ref().map(|(field, key)| (*field, key.as_str()));
            let Some((field, key)) = state.shared_after(from) else { return rows };
            let row = state.shared_row(field, &key).unwrap().unwrap();
            rows.insert((field.to_owned(), key.clone()), row);
            place = Some((field, key));
        }
    }

    fn found(&self) -> u16 {
        let so = json!([{"type": "SO", "password": "so-password"}]);
        let body = json!({"authentication": so, "clusterLabel": "myCluster"});
        self.send(Method::Post, "/api/clusters", body).0
    }

    fn authorize(&self) -> u16 {
        let Some(cluster) = self.cluster() else { return 404 };
        let path = format!("{cluster}/members/{}", self.member());
        let body = json!({"action": "authorize", "authentication": co()});
        self.send(Method::Put, &path, body).0
    }

    fn join(&self, at: &Node) -> (u16, Value) {
        let Some(cluster) = at.cluster() else { return (404, Value::Null) };
        let body = json!({
            "action": "join", "authentication": co(), "remoteClusterIpAddress": at.address,
            "remoteAdminPassword": "admin-password",
        });
        let answer = self.send(Method::Put, &cluster, body);
        self.settle();
        answer
    }
}

fn co() -> Value {
    json!([{"type": "CO", "password": "co-password", "partitionLabel": "clusterpar"}])
}

/// A cluster of so many members; the first is primary.
fn cluster_of(count: usize) -> (Arc<Net>, Vec<Node>) {
    let net = Arc::new(Net::default());
    let nodes: Vec<Node> = (0..count).map(|number| Node::new(&net, number)).collect();
    assert_eq!(nodes[0].found(), 204);
    assert_eq!(nodes[0].authorize(), 204);
    for node in &nodes[1..] {
        let (status, body) = node.join(&nodes[0]);
        assert_eq!(status, 204, "{body}");
    }
    (net, nodes)
}

fn cut(net: &Net, a: &Node, b: &Node) {
    lock(&net.cuts).insert((a.address.clone(), b.address.clone()));
}

fn heal(net: &Net) {
    lock(&net.cuts).clear();
}

fn modes(node: &Node) -> Vec<(bool, String, bool)> {
    let path = format!("{}/members", node.cluster().unwrap());
    let (_, list) = node.send(Method::Get, &path, json!({}));
    let member = |member: &Value| {
        let mode = member["mode"].as_str().unwrap().to_owned();
        let visible = member["visibleToServicingNode"] == true;
        (visible, mode, member["memberActive"] == true)
    };
    list["data"].as_array().unwrap().iter().map(member).collect()
}

fn leave(node: &Node) -> u16 {
    let path = format!("{}/members/{}", node.cluster().unwrap(), node.member());
    node.send(Method::Patch, &path, json!({"action": "leave", "authentication": co()})).0
}

fn node_like(node: &Node) -> Node {
    Node {
        net: Arc::clone(&node.net),
        address: node.address.clone(),
        disk: node.disk.clone(),
        cookie: node.cookie.clone(),
    }
}
