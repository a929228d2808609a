//! Several members in one process: messages travel through a network whose links can be cut.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use luna_rest::peers::{Answer, Applicant, Envelope, Message};
use luna_rest::{Method, Secret, emulator};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use redb::StorageBackend;
use redb::backends::InMemoryBackend;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::datetime;

use super::{Lost, Peer, Replica, Transport, lock};
use crate::engine::Engine;
use crate::model::Options;
use crate::model::clusters::PACKAGE;
use crate::model::message::{Body, Request, Response};
use crate::model::packages::PackageRow;
use crate::model::partition_domains::DomainRow;
use crate::model::partition_roles::RoleRow;
use crate::model::partitions::PartitionRow;
use crate::model::password::PasswordHash;
use crate::model::random::Random;
use crate::model::services::ServiceRow;
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
}

struct Wire {
    net: Arc<Net>,
    from: String,
}

impl Transport for Wire {
    fn send(&self, peer: &Peer, envelope: &Envelope) -> Result<Answer, Lost> {
        if !self.net.linked(&self.from, &peer.address) {
            return Err(Lost::Unreachable);
        }
        let there = lock(&self.net.there).get(&peer.address).cloned();
        let there = there.ok_or(Lost::Unreachable)?;
        there.receive(envelope.clone()).ok_or(Lost::Unreachable)
    }
}

impl Net {
    fn linked(&self, a: &str, b: &str) -> bool {
        let cuts = lock(&self.cuts);
        !cuts.contains(&(a.into(), b.into())) && !cuts.contains(&(b.into(), a.into()))
    }
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
                state.users.users.get_mut("admin").unwrap().hash = hash("admin-password");
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
        let options = Options { local_key: Secret::from("key"), ..Options::default() };
        let store = Store::with_backend(self.disk.clone()).unwrap();
        // The address makes the UUIDs differ.
        let mut secret = [0; 32];
        secret[..self.address.len()].copy_from_slice(self.address.as_bytes());
        let engine = Engine::load(store, options, secret, clock()).unwrap();
        let wire = Wire { net: Arc::clone(&self.net), from: self.address.clone() };
        let replica = Replica::new(engine, Box::new(wire), clock);
        lock(&self.net.there).insert(self.address.clone(), Arc::clone(&replica));
        let login = Request {
            local_key: Some(Secret::from("key")),
            ..Request::new(Method::Post, emulator::SESSION.template)
        };
        self.cookie = replica.handle(&login).cookie.unwrap();
        replica.tend();
    }

    /// The process ends at once; only the disk is left.
    fn kill(&self) {
        let replica = lock(&self.net.there).remove(&self.address);
        // A thread that ends with the process lets go of the disk before the next one takes it.
        while replica.as_ref().is_some_and(|replica| Arc::strong_count(replica) > 1) {
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
        assert_eq!(self.send(Method::Post, emulator::SETTLE.template, json!({})).0, 204);
    }

    /// The cluster, as this appliance knows it: its path.
    fn cluster(&self) -> Option<String> {
        let (status, list) = self.send(Method::Get, "/api/clusters", json!({}));
        assert_eq!(status, if self.parted() { 409 } else { 200 }, "{list}");
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

#[test]
fn a_keyring_made_anywhere_is_everywhere_when_it_is_acknowledged() {
    let (_net, nodes) = cluster_of(4);
    for (number, node) in nodes.iter().enumerate() {
        let (status, body) = node.create(&format!("k{number}"));
        assert_eq!(status, 200, "{body}");
        assert!(nodes.iter().all(|node| node.keyrings().len() == number + 1));
    }
    assert!(nodes.iter().all(|node| node.shared() == nodes[0].shared()));
}

#[test]
fn who_joins_takes_the_users_of_the_cluster_and_later_ones_reach_all() {
    let net = Arc::new(Net::default());
    let nodes = [Node::new(&net, 0), Node::new(&net, 1)];
    let user = |id: &str| json!({"userId": id, "role": "monitor", "password": "Abcdef12"});
    assert_eq!(nodes[1].send(Method::Post, "/users", user("own")).0, 204);
    nodes[0].found();
    nodes[0].authorize();
    assert_eq!(nodes[0].send(Method::Post, "/users", user("jane")).0, 204);
    assert_eq!(nodes[1].join(&nodes[0]).0, 204);
    let there = |id: &str| nodes[1].send(Method::Get, &format!("/users/{id}"), json!({})).0;
    assert_eq!((there("own"), there("jane")), (404, 200));
    assert_eq!(nodes[1].send(Method::Post, "/users", user("joe")).0, 204);
    assert_eq!(nodes[0].send(Method::Get, "/users/joe", json!({})).0, 200);
}

#[test]
fn without_a_link_to_the_primary_a_member_is_read_only_until_it_is_back() {
    let (net, nodes) = cluster_of(3);
    cut(&net, &nodes[0], &nodes[2]);
    let (status, body) = nodes[2].create("k");
    assert_eq!((status, body["id"].as_str()), (403, Some("CLUSTER_MEMBER_READ_ONLY")), "{body}");
    assert_eq!(modes(&nodes[2])[2], (true, "Read-Only".into(), true));
    assert!(!modes(&nodes[2])[0].0, "the primary is not visible");
    assert_eq!(nodes[1].create("k").0, 200);
    assert!(nodes[2].keyrings().is_empty());
    heal(&net);
    nodes[2].settle();
    assert_eq!(nodes[2].keyrings().len(), 1, "it caught up");
    assert_eq!(nodes[2].create("l").0, 200);
    assert_eq!(modes(&nodes[2])[2].1, "Read-Write");
}

#[test]
fn a_member_that_was_killed_catches_up_and_takes_its_authorization() {
    let (_net, mut nodes) = cluster_of(2);
    nodes[1].kill();
    assert_eq!(nodes[0].create("k").0, 200);
    nodes[1].start();
    assert!(nodes[1].active());
    assert_eq!(nodes[1].keyrings(), nodes[0].keyrings());
    // All of them fail: nobody is there to take authorization from.
    nodes[0].kill();
    nodes[1].kill();
    nodes[1].start();
    nodes[0].start();
    assert_eq!(nodes[0].create("l").1["id"], "CLUSTER_MEMBER_NOT_AUTHORIZED");
    assert_eq!(nodes[0].authorize(), 204);
    nodes[1].settle();
    assert_eq!(nodes[1].create("l").0, 200);
}

#[test]
fn promotion_moves_the_primary_and_nobody_else_writes() {
    let (net, nodes) = cluster_of(3);
    let path = format!("{}/members/{}", nodes[0].cluster().unwrap(), nodes[1].member());
    let promote = json!({"action": "config", "primary": true});
    cut(&net, &nodes[0], &nodes[1]);
    let (status, body) = nodes[2].send(Method::Put, &path, promote.clone());
    assert!(status >= 400, "a read-only member cannot be promoted: {body}");
    heal(&net);
    nodes[1].settle();
    assert_eq!(nodes[2].send(Method::Put, &path, promote).0, 204);
    assert!(nodes.iter().all(|node| node.primary() == nodes[1].member()));
    cut(&net, &nodes[1], &nodes[0]);
    assert_eq!(nodes[0].create("k").0, 403);
    assert_eq!(nodes[1].create("k").0, 200);
}

#[test]
fn a_lost_primary_is_deleted_and_fenced_off_when_it_returns() {
    let (_net, mut nodes) = cluster_of(3);
    assert_eq!(nodes[0].create("k").0, 200);
    nodes[0].kill();
    assert_eq!(nodes[1].create("l").0, 403, "read-only without the primary");
    let lost = {
        let replica = nodes[1].replica();
        let engine = replica.engine();
        engine.machine.state.clusters.cluster.get().primary.clone()
    };
    let path = format!("{}/members/{lost}", nodes[1].cluster().unwrap());
    let body = json!({"authentication": [{"type": "CO", "password": "co-password"}]});
    let (status, said) = nodes[1].send(Method::Delete, &path, body);
    assert_eq!(status, 204, "{said}");
    assert!(nodes[1..].iter().all(|node| node.primary() == nodes[1].member()));
    assert_eq!(nodes[2].create("l").0, 200);
    assert_eq!(nodes[1].keyrings().len(), 2);
    nodes[0].start();
    assert!(nodes[0].parted());
    let (status, body) = nodes[0].create("m");
    assert_eq!((status, body["id"].as_str()), (409, Some("CLUSTER_MEMBER_PARTED")));
    let reset = "/api/lunasa/services/cluster/actions/factoryreset";
    assert_eq!(nodes[0].send(Method::Post, reset, json!({})).0, 204);
    nodes[0].configure();
    assert_eq!(nodes[0].join(&nodes[2]).0, 204);
    assert_eq!(nodes[0].keyrings().len(), 2);
    assert_eq!(nodes[0].create("m").0, 200);
}

#[test]
fn a_lost_primary_is_not_deleted_while_others_are_away() {
    let (net, nodes) = cluster_of(3);
    nodes[0].kill();
    cut(&net, &nodes[1], &nodes[2]);
    let path = format!("{}/members/{}", nodes[1].cluster().unwrap(), nodes[1].primary());
    let body = json!({"authentication": [{"type": "CO", "password": "co-password"}]});
    let (status, said) = nodes[1].send(Method::Delete, &path, body);
    assert!(status == 409 && said["details"].as_str().unwrap().contains("not online"), "{said}");
}

#[test]
fn the_guides_reasons_not_to_join() {
    let (_net, nodes) = cluster_of(2);
    let other = Node::new(&nodes[0].net, 8);
    let cluster = nodes[0].cluster().unwrap();
    let refused = |node: &Node, password: &str| {
        let body = json!({
            "action": "join", "authentication": co(), "remoteAdminPassword": password,
            "remoteClusterIpAddress": nodes[0].address,
        });
        let (status, said) = node.send(Method::Put, &cluster, body);
        (status, said["details"].as_str().unwrap_or_default().to_owned())
    };
    let (status, said) = refused(&nodes[1], "admin-password");
    assert!(status == 409 && said.contains("member of the cluster 'myCluster'"), "{said}");
    let (status, said) = refused(&other, "wrong");
    assert!(status == 409 && said.contains("admin there is wrong"), "{said}");
    let domain = |mark: &str| {
        let replica = other.replica();
        let mark = mark.to_owned();
        replica
            .engine()
            .change_own(|machine| {
                let row = machine.state.partitions.partitions.get_mut("1").unwrap();
                row.domains[0].hash = PasswordHash::of_domain(&mark);
            })
            .unwrap();
    };
    domain("another");
    let (status, said) = refused(&other, "admin-password");
    assert!(status == 409 && said.contains("another cloning domain"), "{said}");
    domain("domain");
    let clock = json!({"advance": 31});
    assert_eq!(other.send(Method::Put, "/emulator/clock", clock).0, 204);
    let (status, said) = refused(&other, "admin-password");
    assert!(status == 409 && said.contains("30 seconds apart"), "{said}");
    assert!(other.cluster().is_none() && other.member().is_empty());
}

#[test]
fn one_joins_at_a_time() {
    let (_net, nodes) = cluster_of(1);
    let path = nodes[0].cluster().unwrap();
    let cluster = path.strip_prefix("/api/clusters/").unwrap();
    let apply = |number: u8| {
        let member = format!("member-{number}");
        let applicant = Applicant {
            password: "admin-password".into(),
            member: member.clone(),
            name: format!("LNH-{number}"),
            address: format!("127.1.0.{number}"),
            domain: PasswordHash::of_domain("domain").domain_mark(),
            time: clock().format(&Rfc3339).unwrap(),
            ..Applicant::default()
        };
        let (cluster, secret) = (cluster.to_owned(), Secret::default());
        let message = Message::Join(applicant);
        nodes[0].replica().receive(Envelope { cluster, from: member, secret, message })
    };
    assert!(matches!(apply(7), Some(Answer::Welcome { .. })));
    let refused = apply(8);
    let Some(Answer::Refused { reason }) = refused else { panic!("{refused:?}") };
    assert!(reason.contains("(LNH-7) is joining; one can join at a time"), "{reason}");
    assert!(matches!(apply(7), Some(Answer::Welcome { .. })), "it may try again");
}

#[test]
fn who_is_seen_by_the_primary_is_not_deleted_by_another_member() {
    let (net, nodes) = cluster_of(3);
    let path = format!("{}/members/{}", nodes[1].cluster().unwrap(), nodes[2].member());
    let body = json!({"authentication": [{"type": "CO", "password": "co-password"}]});
    cut(&net, &nodes[1], &nodes[2]);
    let (status, said) = nodes[1].send(Method::Delete, &path, body.clone());
    assert_eq!((status, nodes[2].parted()), (409, false), "{said}");
    assert!(said["details"].as_str().unwrap().contains("visible to the primary"), "{said}");
    cut(&net, &nodes[0], &nodes[2]);
    assert_eq!(nodes[1].send(Method::Delete, &path, body).0, 204);
    heal(&net);
    nodes[2].settle();
    assert!(nodes[2].parted());
}

#[test]
fn a_cluster_may_be_named_in_capitals() {
    let (net, nodes) = cluster_of(1);
    let node = Node::new(&net, 1);
    let cluster = nodes[0].cluster().unwrap();
    let path = cluster.to_uppercase().replace("/API/CLUSTERS/", "/api/clusters/");
    let body = json!({
        "action": "join", "authentication": co(), "remoteAdminPassword": "admin-password",
        "remoteClusterIpAddress": nodes[0].address,
    });
    assert_eq!(node.send(Method::Put, &path, body).0, 204);
    node.settle();
    assert_eq!(node.cluster(), Some(cluster));
}

#[test]
fn operations_are_shared_out_within_the_group_and_reads_go_on_elsewhere() {
    let (_net, nodes) = cluster_of(3);
    nodes[0].create("k");
    let cluster = nodes[0].cluster().unwrap();
    let group = |node: &Node, group: &str| {
        let path = format!("{cluster}/members/{}", node.member());
        let body = json!({"action": "config", "group": group});
        assert_eq!(node.send(Method::Put, &path, body).0, 204);
    };
    group(&nodes[2], "far");
    let uuid = nodes[0].keyrings().into_iter().next().unwrap();
    let path = format!("/emulator{}/keyrings/{uuid}", &cluster[4..]);
    let served = |nodes: &[Node]| -> Vec<u64> {
        let count = |node: &Node| node.replica().engine().machine.peers.operations;
        nodes.iter().map(count).collect()
    };
    let client = |node: &Node| {
        let replica = node.replica();
        let mut engine = replica.engine();
        engine.machine.open_client_session("client", &uuid, clock())
    };
    let mut entry = Node { cookie: client(&nodes[0]), ..node_like(&nodes[0]) };
    // The far member has to know that the others are there.
    nodes.iter().for_each(Node::settle);
    for _ in 0..10 {
        assert_eq!(entry.send(Method::Get, &format!("{path}/objects"), json!({})).0, 200);
    }
    assert_eq!(served(&nodes), [5, 5, 0]);
    // The second member of the group dies: the first serves all; nobody asks the far one.
    nodes[1].kill();
    for _ in 0..4 {
        assert_eq!(entry.send(Method::Get, &format!("{path}/objects"), json!({})).0, 200);
    }
    assert_eq!(served(&[node_like(&nodes[0]), node_like(&nodes[2])]), [9, 0]);
    // The far member as entry: itself, while it can; reads go to the other group when it cannot.
    entry = Node { cookie: client(&nodes[2]), ..node_like(&nodes[2]) };
    entry.replica().engine().machine.peers.active = false;
    assert_eq!(entry.send(Method::Get, &format!("{path}/objects"), json!({})).0, 200);
    assert_eq!(served(&[node_like(&nodes[0]), node_like(&nodes[2])]), [10, 0]);
    assert_eq!(entry.send(Method::Delete, &format!("{path}/objects"), json!({})).0, 403);
}

fn node_like(node: &Node) -> Node {
    Node {
        net: Arc::clone(&node.net),
        address: node.address.clone(),
        disk: node.disk.clone(),
        cookie: node.cookie.clone(),
    }
}

/// What may happen.
#[derive(Clone, Debug)]
enum Event {
    Create(usize),
    Delete(usize, usize),
    WrongLogin(usize, usize),
    Authorize(usize),
    Join(usize, usize),
    Leave(usize),
    Promote(usize, usize),
    DeleteMember(usize, usize),
    Cut(usize, usize),
    Heal,
    Kill(usize),
    Restart(usize),
    Backup(usize),
    Restore(usize),
}

fn event(nodes: usize) -> impl Strategy<Value = Event> {
    let n = 0..nodes;
    prop_oneof![
        10 => n.clone().prop_map(Event::Create),
        3 => (n.clone(), 0..20_usize).prop_map(|(n, k)| Event::Delete(n, k)),
        3 => (n.clone(), 0..20_usize).prop_map(|(n, k)| Event::WrongLogin(n, k)),
        3 => n.clone().prop_map(Event::Authorize),
        6 => (n.clone(), n.clone()).prop_map(|(n, m)| Event::Join(n, m)),
        1 => (n.clone(), 0..3_usize).prop_map(|(n, sure)| match sure {
            0 => Event::Leave(n),
            _ => Event::Heal,
        }),
        4 => (n.clone(), n.clone()).prop_map(|(n, m)| Event::Promote(n, m)),
        3 => (n.clone(), n.clone()).prop_map(|(n, m)| Event::DeleteMember(n, m)),
        5 => (n.clone(), n.clone()).prop_map(|(n, m)| Event::Cut(n, m)),
        4 => Just(Event::Heal),
        3 => n.clone().prop_map(Event::Kill),
        8 => n.clone().prop_map(Event::Restart),
        2 => n.clone().prop_map(Event::Backup),
        2 => n.prop_map(Event::Restore),
    ]
}

/// The cluster as a person at its consoles sees it, and what must hold.
struct World {
    net: Arc<Net>,
    nodes: Vec<Node>,
    /// Acknowledged keyrings, by UUID.
    keyrings: BTreeSet<String>,
    /// Members that others have deleted and that have not been reset since.
    deleted: BTreeSet<String>,
    /// Keyrings in the backup file, by the node that has it.
    backups: BTreeMap<usize, BTreeSet<String>>,
    labels: usize,
    /// How often what was tried succeeded.
    done: BTreeMap<&'static str, usize>,
}

impl World {
    fn new(count: usize) -> World {
        let (net, nodes) = cluster_of(count);
        World {
            net,
            nodes,
            keyrings: BTreeSet::new(),
            deleted: BTreeSet::new(),
            backups: BTreeMap::new(),
            labels: 0,
            done: BTreeMap::new(),
        }
    }

    /// Whether a write on this node could be accepted: it is primary, or linked to it.
    fn may_write(&self, node: &Node) -> bool {
        let primary = node.primary();
        if primary.is_empty() {
            return false;
        }
        self.nodes.iter().any(|other| {
            other.is_there()
                && other.member() == primary
                && other.primary() == primary
                && (other.address == node.address || self.net.linked(&node.address, &other.address))
        })
    }

    fn wrote(
        done: &mut BTreeMap<&'static str, usize>,
        node: &Node,
        could: bool,
        what: &'static str,
    ) {
        *done.entry(what).or_default() += 1;
        assert!(could, "{what} was accepted by {} without a primary", node.address);
    }

    fn happen(&mut self, event: &Event) {
        let there = |n: &usize| self.nodes[*n].is_there();
        match event {
            Event::Create(n) if there(n) => {
                self.labels += 1;
                let node = &self.nodes[*n];
                let could = self.may_write(node);
                let (status, made) = node.create(&format!("k{}", self.labels));
                if status == 200 {
                    World::wrote(&mut self.done, node, could, "a keyring");
                    let uuid = made["data"][0]["keyRingUUID"].as_str().unwrap();
                    self.keyrings.insert(uuid.to_owned());
                }
            }
            Event::Delete(n, k) if there(n) => {
                let node = &self.nodes[*n];
                let Some(uuid) = node.keyrings().into_iter().nth(*k) else { return };
                let could = self.may_write(node);
                let body = json!({"authentication": co()});
                let path = format!("/api/keyrings/{uuid}");
                if node.send(Method::Delete, &path, body).0 == 204 {
                    World::wrote(&mut self.done, node, could, "a deletion");
                    self.keyrings.remove(&uuid);
                }
            }
            Event::WrongLogin(n, k) if there(n) => {
                let node = &self.nodes[*n];
                let Some(cluster) = node.cluster() else { return };
                let Some(uuid) = node.keyrings().into_iter().nth(*k) else { return };
                let count = || {
                    let replica = node.replica();
                    let engine = replica.engine();
                    engine.machine.state.keyrings.keyrings.get(&uuid).map(|row| row.failed)
                };
                let (could, before) = (self.may_write(node), count());
                let request = Request {
                    content_type: "application/vnd.safenetinc.lunasa+json;version=".into(),
                    operation: Some(luna_rest::peers::Operation::default()),
                    body: Body::Plain(br#"{"role": "so", "password": "wrong-password"}"#.to_vec()),
                    ..Request::new(
                        Method::Post,
                        format!("/emulator{}/keyrings/{uuid}/login", &cluster[4..]),
                    )
                };
                assert!(node.replica().handle(&request).status >= 400);
                if count() != before {
                    World::wrote(&mut self.done, node, could, "a counted login");
                }
            }
            // Whoever authorizes by hand a member that was deleted elsewhere has two clusters: the
            // guide has it reset first.
            Event::Authorize(n) if there(n) && !self.deleted.contains(&self.nodes[*n].member()) => {
                self.nodes[*n].authorize();
            }
            Event::Join(n, m) if n != m && there(n) && there(m) => {
                let node = &self.nodes[*n];
                if node.parted() {
                    let reset = "/api/lunasa/services/cluster/actions/factoryreset";
                    self.deleted.remove(&node.member());
                    assert_eq!(node.send(Method::Post, reset, json!({})).0, 204);
                    node.configure();
                }
                if node.join(&self.nodes[*m]).0 == 204 {
                    *self.done.entry("a join").or_default() += 1;
                }
            }
            Event::Leave(n) if there(n) => {
                let node = &self.nodes[*n];
                let Some(cluster) = node.cluster() else { return };
                let alone = node.replica().engine().machine.state.clusters.members.len() == 1;
                let path = format!("{cluster}/members/{}", node.member());
                let body = json!({"action": "leave", "authentication": co()});
                let left = node.send(Method::Patch, &path, body).0 == 204;
                *self.done.entry("a leave").or_default() += usize::from(left);
                if left && alone {
                    let others = self.nodes.iter().filter(|other| other.is_there());
                    if others.into_iter().all(|other| other.cluster().is_none()) {
                        self.keyrings.clear();
                    }
                }
            }
            Event::Promote(n, m) if there(n) && there(m) => {
                let node = &self.nodes[*n];
                let Some(cluster) = node.cluster() else { return };
                let could = self.may_write(node);
                let path = format!("{cluster}/members/{}", self.nodes[*m].member());
                let before = node.primary();
                let body = json!({"action": "config", "primary": true});
                let (status, _) = node.send(Method::Put, &path, body);
                if status == 204 && node.primary() != before {
                    World::wrote(&mut self.done, node, could, "a promotion");
                }
            }
            // The guide: a member that cannot be reached any more.
            Event::DeleteMember(n, m) if there(n) && !there(m) => {
                let node = &self.nodes[*n];
                let Some(cluster) = node.cluster() else { return };
                let address = &self.nodes[*m].address;
                let lost = {
                    let replica = node.replica();
                    let engine = replica.engine();
                    let mut members = engine.machine.state.clusters.members.iter();
                    members.find(|(_, row)| row.address == *address).map(|(id, _)| id.to_owned())
                };
                let Some(lost) = lost else { return };
                let body = json!({"authentication": [{"type": "CO", "password": "co-password"}]});
                let path = format!("{cluster}/members/{lost}");
                let primary = node.primary() == lost;
                if node.send(Method::Delete, &path, body).0 == 204 {
                    let what = if primary { "a take-over" } else { "a member's deletion" };
                    *self.done.entry(what).or_default() += 1;
                    self.deleted.insert(lost);
                    // What only the lost member had is lost with it.
                    let mut left = BTreeSet::new();
                    for node in self.nodes.iter().filter(|node| node.is_there()) {
                        left.extend(node.keyrings());
                    }
                    self.keyrings.retain(|uuid| left.contains(uuid));
                }
            }
            Event::Cut(n, m) if n != m => cut(&self.net, &self.nodes[*n], &self.nodes[*m]),
            Event::Heal => {
                heal(&self.net);
                self.settle();
            }
            Event::Kill(n) if there(n) => self.nodes[*n].kill(),
            Event::Restart(n) if !there(n) => self.nodes[*n].start(),
            Event::Backup(n) if there(n) => {
                let node = &self.nodes[*n];
                let Some(cluster) = node.cluster() else { return };
                let body = json!({"action": "run", "filename": "b", "password": "b-password"});
                let path = format!("{cluster}/backup");
                if node.send(Method::Put, &path, body).0 == 200 {
                    self.backups.insert(*n, node.keyrings());
                }
            }
            Event::Restore(n) if there(n) => {
                let services = |action: &str| {
                    let path = format!("/api/lunasa/services/cluster/actions/{action}");
                    for (other, node) in self.nodes.iter().enumerate() {
                        if other != *n && node.is_there() {
                            assert_eq!(node.send(Method::Post, &path, json!({})).0, 204);
                        }
                    }
                };
                services("stop");
                let body = json!({"filename": "b", "password": "b-password", "type": "keyring"});
                let (status, _) = self.nodes[*n].send(Method::Put, "/api/cluster/restore", body);
                services("start");
                SECONDS.fetch_add(60, Ordering::SeqCst);
                if status == 204 {
                    *self.done.entry("a restore").or_default() += 1;
                    self.keyrings.extend(self.backups[n].clone());
                }
                // Whoever was stopped has lost its authorization until it is heard again.
                self.settle();
            }
            _ => {}
        }
    }

    fn settle(&self) {
        // Twice, for those that were asked before others had caught up.
        for _ in 0..2 {
            for node in self.nodes.iter().filter(|node| node.is_there()) {
                node.settle();
            }
        }
    }

    /// Never two that both accept writes as primary.
    fn one_primary(&self) {
        let mut primaries = Vec::new();
        for node in self.nodes.iter().filter(|node| node.is_there()) {
            let primary = node.replica().engine().machine.state.clusters.is_primary();
            if primary && node.active() && !node.parted() {
                primaries.push(node.address.clone());
            }
        }
        // A second cluster can only come about where one was founded anew; nobody does that here.
        assert!(primaries.len() <= 1, "{primaries:?}");
    }

    fn end(&mut self) {
        heal(&self.net);
        for node in &mut self.nodes {
            if !node.is_there() {
                node.start();
            }
        }
        self.settle();
        let whole: Vec<&Node> =
            self.nodes.iter().filter(|node| !node.member().is_empty() && !node.parted()).collect();
        let Some(first) = whole.first() else {
            assert!(self.keyrings.is_empty(), "the cluster is gone, but not its keyrings");
            return;
        };
        for node in &whole {
            let equal = node.shared() == first.shared();
            assert!(equal, "they differ:\n{}\n{}", node.summary(), first.summary());
        }
        let there = first.keyrings();
        let lost: Vec<_> = self.keyrings.difference(&there).collect();
        assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    }
}

#[test]
fn nothing_acknowledged_is_lost_and_nobody_writes_without_the_primary() {
    let runs = std::env::var("CLUSTER_RUNS").ok().and_then(|runs| runs.parse().ok());
    let config = Config {
        cases: runs.unwrap_or(200),
        failure_persistence: None,
        max_shrink_iters: 2000,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let runs = (2..=4_usize)
        .prop_flat_map(|count| (Just(count), proptest::collection::vec(event(count), 50)));
    let done = Mutex::new(BTreeMap::new());
    let result = runner.run(&runs, |(count, events)| {
        let mut world = World::new(count);
        for event in &events {
            world.happen(event);
            world.one_primary();
        }
        world.end();
        for (what, count) in world.done {
            *lock(&done).entry(what).or_insert(0) += count;
        }
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    // A run in which nothing succeeds would show nothing.
    let done = lock(&done);
    for what in WHAT {
        assert!(done.get(what).is_some_and(|count| *count >= 5), "{what}: {done:?}");
    }
}

/// What has to have succeeded a few times.
const WHAT: [&str; 9] = [
    "a keyring",
    "a deletion",
    "a counted login",
    "a join",
    "a leave",
    "a promotion",
    "a take-over",
    "a member's deletion",
    "a restore",
];
