//! Random runs: whatever happens, one primary, no write without it, nothing acknowledged lost.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::*;

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
                // A member that was stopped is not authorized until another one answers it.
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
        // A second cluster can only come about where one was founded anew; which never happens here.
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
fn nothing_acknowledged_is_lost_and_no_member_writes_without_the_primary() {
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
