//! Random runs: whatever happens, one primary, no write without it, nothing acknowledged lost.
//!
//! In forced runs members are deleted that are only cut off, on whichever side: there may be several
//! histories for a while, and at the first contact all but one are parted.

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
    /// Whether members are deleted although others are away, and although they run.
    forced: bool,
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
    fn new(count: usize, forced: bool) -> World {
        let (net, nodes) = cluster_of(count);
        World {
            net,
            nodes,
            forced,
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
                let parted = self.nodes[*n].parted();
                if parted {
                    self.erases(*n);
                }
                let node = &self.nodes[*n];
                if parted && n < m {
                    assert_eq!(leave(node), 204);
                } else if parted {
                    let reset = "/api/lunasa/services/cluster/actions/factoryreset";
                    assert_eq!(node.send(Method::Post, reset, json!({})).0, 204);
                    node.configure();
                }
                if node.join(&self.nodes[*m]).0 == 204 {
                    *self.done.entry("a join").or_default() += 1;
                }
            }
            Event::Leave(n) if there(n) => {
                let node = &self.nodes[*n];
                if node.cluster().is_none() {
                    return;
                }
                let alone = node.replica().engine().machine.state.clusters.members.len() == 1;
                let (parted, had) = (node.parted(), node.keyrings());
                let left = leave(node) == 204;
                if left && (parted || self.forced) {
                    self.lose(*n, &had);
                }
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
            Event::DeleteMember(n, m) if n != m && there(n) && (self.forced || !there(m)) => {
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
                let authentication = json!([{"type": "CO", "password": "co-password"}]);
                let body = json!({"authentication": authentication, "force": self.forced});
                let path = format!("{cluster}/members/{lost}");
                let primary = node.primary() == lost;
                if node.send(Method::Delete, &path, body).0 == 204 {
                    let what = if primary { "a take-over" } else { "a member's deletion" };
                    *self.done.entry(what).or_default() += 1;
                    self.deleted.insert(lost);
                    if self.forced {
                        return;
                    }
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
                // Long enough for a start, too short to keep a member of another test from joining.
                SECONDS.fetch_add(30, Ordering::SeqCst);
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

    fn settle(&mut self) {
        let parted =
            |nodes: &[Node]| nodes.iter().filter(|node| node.is_there() && node.parted()).count();
        let before = parted(&self.nodes);
        // Twice, for those that were asked before others had caught up.
        for _ in 0..2 {
            for node in self.nodes.iter().filter(|node| node.is_there()) {
                node.settle();
            }
        }
        *self.done.entry("a parting").or_default() += parted(&self.nodes).saturating_sub(before);
    }

    /// What only this node has is erased.
    fn erases(&mut self, node: usize) {
        self.deleted.remove(&self.nodes[node].member());
        let had = self.nodes[node].keyrings();
        self.lose(node, &had);
    }

    /// This node had these keyrings and has them no more; those that no other one has are lost.
    fn lose(&mut self, node: usize, had: &BTreeSet<String>) {
        let others = self.nodes.iter().enumerate();
        let others = others.filter(|(other, there)| *other != node && there.is_there());
        let left: BTreeSet<String> = others.flat_map(|(_, other)| other.keyrings()).collect();
        self.keyrings.retain(|uuid| left.contains(uuid) || !had.contains(uuid));
    }

    /// Never two that both accept writes as primary.
    fn one_primary(&self) {
        let mut primaries = Vec::new();
        for node in self.nodes.iter().filter(|node| node.is_there()) {
            let primary = node.replica().engine().machine.state.clusters.is_primary();
            if primary && node.active() && !node.parted() {
                primaries.push(node);
            }
        }
        // A second cluster can only come about where one was founded anew; which never happens here.
        let rivals = |a: &Node, b: &Node| !self.forced || knows(a, b) || knows(b, a);
        for (place, one) in primaries.iter().enumerate() {
            let other = primaries[..place].iter().find(|other| rivals(one, other));
            assert!(other.is_none(), "{}\n{}", one.summary(), other.unwrap().summary());
        }
    }

    fn end(&mut self) {
        heal(&self.net);
        for node in &mut self.nodes {
            if !node.is_there() {
                node.start();
            }
        }
        self.settle();
        self.one_primary();
        let whole: Vec<&Node> =
            self.nodes.iter().filter(|node| !node.member().is_empty() && !node.parted()).collect();
        // All that it knew are gone: nobody is left that it could believe.
        let stranded = |node: &Node| {
            whole.iter().all(|other| other.address == node.address || !knows(node, other))
        };
        let joined: Vec<&&Node> = whole.iter().filter(|node| !stranded(node)).collect();
        for (a, b) in joined.iter().flat_map(|a| joined.iter().map(move |b| (a, b))) {
            // Two that deleted each other are two clusters, as they were told to be.
            let apart = self.forced && !knows(a, b) && !knows(b, a);
            let equal = apart || a.shared() == b.shared();
            assert!(equal, "they differ:\n{}\n{}", a.summary(), b.summary());
        }
        // What a parted member acknowledged can be rescued there.
        let kept = self.nodes.iter().filter(|node| self.forced || !node.parted());
        let there: BTreeSet<String> = kept.flat_map(Node::keyrings).collect();
        let lost: Vec<_> = self.keyrings.difference(&there).collect();
        assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    }
}

/// Whether a node has another one among its members.
fn knows(node: &Node, other: &Node) -> bool {
    let other = other.member();
    node.replica().engine().machine.state.clusters.members.contains(&other)
}

/// Plays random runs; each of `succeeded` has to have happened a few times.
fn play(forced: bool, cases: u32, succeeded: &[&str]) {
    // They move the clock, which all tests share.
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = lock(&ALONE);
    let runs = std::env::var("CLUSTER_RUNS").ok().and_then(|runs| runs.parse().ok());
    let config = Config {
        cases: runs.unwrap_or(cases),
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
        let mut world = World::new(count, forced);
        for event in &events {
            world.happen(event);
            if !forced || matches!(event, Event::Heal) {
                world.one_primary();
            }
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
    for what in succeeded {
        assert!(done.get(what).is_some_and(|count| *count >= 5), "{what}: {done:?}");
    }
}

#[test]
fn nothing_acknowledged_is_lost_and_no_member_writes_without_the_primary() {
    let succeeded = [
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
    play(false, 200, &succeeded);
}

#[test]
fn of_histories_that_deletions_on_several_sides_began_one_stays_and_the_others_can_be_rescued() {
    play(true, 200, &["a keyring", "a join", "a take-over", "a member's deletion", "a parting"]);
}
