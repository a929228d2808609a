//! What the Cluster Administration Guide says of members, rule by rule.

use luna_rest::peers::{Applicant, Message};
use time::format_description::well_known::Rfc3339;

use super::*;
use crate::engine::Step;
use crate::state::keyrings::Password;

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
fn an_answer_from_before_a_cut_does_not_show_a_member_again() {
    let (net, nodes) = cluster_of(2);
    let replica = nodes[1].replica();
    let sees = || !replica.engine().machine.peers.here.is_empty();
    let (cutting, there) = (Arc::clone(&net), nodes[1].replica());
    let addresses = (nodes[0].address.clone(), nodes[1].address.clone());
    *lock(&net.meanwhile) = Some(Box::new(move || {
        lock(&cutting.cuts).insert(addresses);
        there.probe_members();
    }));
    assert!(sees());
    replica.probe_members();
    assert!(!sees(), "the later probe found nobody");
    heal(&net);
    replica.probe_members();
    assert!(sees());
}

#[test]
fn a_member_that_was_killed_catches_up_and_takes_its_authorization() {
    let (_net, mut nodes) = cluster_of(2);
    nodes[1].kill();
    assert_eq!(nodes[0].create("k").0, 200);
    nodes[1].start();
    assert!(nodes[1].active());
    assert_eq!(nodes[1].keyrings(), nodes[0].keyrings());
    // All of them fail: no member is left to take authorization from.
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
fn promotion_moves_the_primary_and_no_other_member_writes() {
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
fn a_promotion_that_was_pulled_before_it_was_shipped_leaves_the_new_primary_in_sight() {
    let (_net, nodes) = cluster_of(2);
    let (replica, heir) = (nodes[0].replica(), nodes[1].member());
    let step = replica.engine().step_with(|machine| {
        let at = machine.state.clusters.own.get().at;
        machine.state.clusters.cluster.get_mut().promote(&heir, at, 2, 7);
        Response { status: 204, ..Response::default() }
    });
    let Step::Lead(_, shipment) = step else { panic!("not the primary") };
    nodes[1].settle();
    assert_eq!(nodes[1].primary(), heir);
    replica.ship(shipment, None);
    assert!(replica.engine().machine.peers.here.contains_key(&heir));
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
    let temporary = |is: bool| {
        let replica = nodes[0].replica();
        let mark = |machine: &mut crate::machine::Machine| {
            machine.state.users.users.get_mut("admin").unwrap().temporary = is;
        };
        replica.engine().change_own(mark).unwrap();
    };
    temporary(true);
    let (status, said) = refused(&other, "admin-password");
    assert!(status == 409 && said.contains("opens nothing else"), "{said}");
    temporary(false);
    let clock = json!({"advance": 31});
    assert_eq!(other.send(Method::Put, "/emulator/clock", clock).0, 204);
    let (status, said) = refused(&other, "admin-password");
    assert!(status == 409 && said.contains("30 seconds apart"), "{said}");
    assert!(other.cluster().is_none() && other.member().is_empty());
}

#[test]
fn the_modes_of_a_cluster_are_asked_of_who_joins_it() {
    let (_net, nodes) = cluster_of(1);
    let other = Node::new(&nodes[0].net, 8);
    let release = |node: &Node, package: &str, software: &str| {
        let replica = node.replica();
        let become_it = |machine: &mut crate::machine::Machine| {
            let state = &mut machine.state;
            state.packages.installed.get_mut(PACKAGE).unwrap().version = package.to_owned();
            state.lunasa.settings.get_mut().version = software.to_owned();
        };
        replica.engine().change_own(become_it).unwrap();
    };
    let (old, new) = (("1.0.4-122", "7.8.5-20"), ("1.0.5-30", "7.9.0-42"));
    release(&nodes[0], new.0, new.1);
    let mode = json!({"action": "config", "identityMode": "dual"});
    let (status, said) = nodes[0].send(Method::Put, &nodes[0].cluster().unwrap(), mode);
    assert_eq!(status, 204, "{said}");
    for (package, software) in [old, (old.0, new.1), (new.0, old.1)] {
        release(&other, package, software);
        let (status, said) = other.join(&nodes[0]);
        let reason = said["details"].as_str().unwrap_or_default();
        assert!(status == 409 && reason.contains("software 7.9.0 and the package"), "{said}");
        assert!(reason.contains("lnh_cluster 1.0.5"), "{said}");
        assert!(other.cluster().is_none() && other.member().is_empty());
    }
    release(&other, new.0, new.1);
    let (status, said) = other.join(&nodes[0]);
    assert_eq!(status, 204, "{said}");
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
            certificate: certificate(&format!("127.1.0.{number}")),
            domain: PasswordHash::of_domain("domain").domain_mark(),
            time: clock().format(&Rfc3339).unwrap(),
            ..Applicant::default()
        };
        let (cluster, shown) = (cluster.to_owned(), shown(&applicant.address));
        let message = Message::Join(applicant);
        nodes[0].replica().receive(Envelope { cluster, from: member, message }, shown)
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
    // The second member of the group dies: the first serves all; the far one is not asked.
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

/// A client's session on a node with the KRCO of the node's only keyring logged in: who sends as
/// this client, and the keyring's path.
fn client(node: &Node) -> (Node, String) {
    let uuid = node.keyrings().into_iter().next().unwrap();
    let cookie = node.replica().engine().machine.open_client_session("client", &uuid, clock());
    let path = format!("/emulator{}/keyrings/{uuid}", &node.cluster().unwrap()[4..]);
    (Node { cookie, ..node_like(node) }, path)
}

/// Gives a keyring's KRCO this password.
fn set_password(node: &Node, password: &str) {
    let replica = node.replica();
    let password = Password { hash: hash(password), ..Password::default() };
    let step = replica.engine().step_with(|machine| {
        let uuid = machine.state.keyrings.keyrings.keys().next().unwrap().to_owned();
        machine.state.keyrings.keyrings.get_mut(&uuid).unwrap().co = Some(password.clone());
        Response { status: 204, ..Response::default() }
    });
    let Step::Lead(_, shipment) = step else { panic!("not the primary") };
    replica.ship(shipment, None);
}

#[test]
fn a_client_writes_only_while_its_entry_member_may() {
    let (net, nodes) = cluster_of(3);
    nodes[0].create("k");
    set_password(&nodes[0], "co-password");
    nodes.iter().for_each(Node::settle);
    let (entry, path) = client(&nodes[2]);
    let new = json!({"label": "key", "type": "Symmetric Key"});
    let write = || entry.send(Method::Post, &format!("{path}/objects"), new.clone());
    let objects = |node: &Node| {
        let replica = node.replica();
        let engine = replica.engine();
        engine.machine.state.keyrings.keyrings.values().next().unwrap().objects
    };
    for count in 1..=6 {
        assert_eq!(write().0, 200);
        assert_eq!(objects(&nodes[0]), count);
    }
    cut(&net, &nodes[0], &nodes[2]);
    for _ in 0..9 {
        let (status, said) = write();
        assert_eq!((status, &said["id"]), (403, &json!("CLUSTER_MEMBER_READ_ONLY")));
        // The members of its group go on serving its reads.
        assert_eq!(entry.send(Method::Get, &format!("{path}/objects"), json!({})).0, 200);
    }
    assert_eq!(objects(&nodes[0]), 6);
    heal(&net);
    nodes[2].settle();
    // A member of its group that may not write is no reason for a write to fail.
    cut(&net, &nodes[0], &nodes[1]);
    for count in 7..=12 {
        assert_eq!(write().0, 200, "{count}");
        assert_eq!(objects(&nodes[0]), count);
    }
}

#[test]
fn logins_that_fail_without_the_primary_are_counted_and_told_later() {
    let (net, nodes) = cluster_of(3);
    nodes[0].create("k");
    set_password(&nodes[0], "co-password");
    let uuid = nodes[0].keyrings().into_iter().next().unwrap();
    let login = |node: &Node, password: &str| {
        // A session of its own for each: a good login of the one would be in the way of the other.
        let cookie = node.replica().engine().machine.open_client_session("client", "", clock());
        let sender = Node { cookie, ..node_like(node) };
        let path = format!("/emulator{}/keyrings/{uuid}/login", &nodes[0].cluster().unwrap()[4..]);
        sender.send(Method::Post, &path, json!({"role": "co", "password": password})).0
    };
    let failed = |node: &Node| {
        let (_, shown) = node.send(Method::Get, "/api/keyrings/k", json!({}));
        shown["failedLogins"].as_u64().unwrap()
    };
    for node in &nodes[1..] {
        cut(&net, &nodes[0], node);
    }
    assert_eq!(login(&nodes[1], "wrong-password"), 401);
    assert_eq!(login(&nodes[1], "co-password"), 204, "reading goes on");
    assert_eq!((failed(&nodes[0]), failed(&nodes[1])), (0, 0), "a good login forgets them");
    for count in 1..=4 {
        assert_eq!(login(&nodes[1], "wrong-password"), 401);
        assert_eq!(login(&nodes[2], "wrong-password"), 401);
        assert_eq!((failed(&nodes[0]), failed(&nodes[1]), failed(&nodes[2])), (0, count, count));
    }
    heal(&net);
    nodes.iter().for_each(Node::settle);
    assert!(nodes.iter().all(|node| failed(node) == 8), "told and added up");
    cut(&net, &nodes[0], &nodes[2]);
    assert_eq!(login(&nodes[2], "wrong-password"), 401);
    assert_eq!(login(&nodes[2], "wrong-password"), 401, "the last attempt");
    for password in ["wrong-password", "co-password"] {
        assert_eq!(login(&nodes[2], password), 403, "locked");
    }
    let mut restarted = node_like(&nodes[2]);
    restarted.kill();
    restarted.start();
    assert_eq!(failed(&restarted), 10, "over a restart too");
    heal(&net);
    restarted.settle();
    assert_eq!(failed(&nodes[0]), 10);
    assert_eq!(login(&nodes[0], "co-password"), 403);
}

#[test]
fn a_panic_in_the_middle_of_a_change_leaves_the_state_as_it_was() {
    let (_net, nodes) = cluster_of(1);
    assert_eq!(nodes[0].create("k").0, 200);
    let before = nodes[0].shared();
    let replica = nodes[0].replica();
    let panicked = panics::catch(|| {
        let _write = lock(&replica.write_lock);
        let mut engine = replica.engine();
        engine.machine.state.users.users.remove("monitor");
        panic!("with both locks held");
    });
    assert!(panicked.is_err());
    assert_eq!(nodes[0].shared(), before);
    assert_eq!(nodes[0].create("l").0, 200);
}

fn delete(node: &Node, lost: &str) -> (u16, Value) {
    let path = format!("{}/members/{lost}", node.cluster().unwrap());
    let authentication = json!([{"type": "CO", "password": "co-password"}]);
    node.send(Method::Delete, &path, json!({"authentication": authentication, "force": true}))
}

#[test]
fn of_two_sides_that_both_delete_the_primary_one_is_parted_at_the_first_contact() {
    let (net, nodes) = cluster_of(3);
    let lost = nodes[0].member();
    nodes[0].kill();
    cut(&net, &nodes[1], &nodes[2]);
    for node in &nodes[1..] {
        let (status, said) = delete(node, &lost);
        assert_eq!(status, 204, "{said}");
        assert_eq!(node.create(&format!("at-{}", node.address)).0, 200);
    }
    heal(&net);
    nodes[1].settle();
    let (stays, parted) = match nodes[1].parted() {
        true => (&nodes[2], &nodes[1]),
        false => (&nodes[1], &nodes[2]),
    };
    assert!(parted.parted() && !stays.parted());
    assert_eq!(stays.create("later").0, 200);
    // The other one says so, can be read and backed up, and changes nothing.
    assert_eq!(parted.create("there").1["id"], "CLUSTER_MEMBER_PARTED");
    assert_eq!(parted.keyrings().len(), 1);
    assert_eq!(parted.send(Method::Get, "/api/keyrings", json!({})).0, 200);
    let warned = parted.replica().handle(&Request {
        cookie: Some(parted.cookie.clone()),
        ..Request::new(Method::Get, "/api/keyrings")
    });
    assert!(warned.warning.is_some_and(|text| text.contains("parted from its cluster")));
    let backup = json!({"action": "run", "filename": "rescued", "password": "backup-password"});
    let path = format!("{}/backup", parted.cluster().unwrap());
    let (status, said) = parted.send(Method::Put, &path, backup);
    assert_eq!(status, 200, "{said}");
    // It comes back by leaving and joining, though its entry is still there.
    assert_eq!(leave(parted), 204);
    let (status, said) = parted.join(stays);
    assert_eq!(status, 204, "{said}");
    assert_eq!(parted.shared(), stays.shared());
    assert_eq!(parted.create("again").0, 200);
}

#[test]
fn the_side_that_more_members_began_stays() {
    let (net, nodes) = cluster_of(4);
    let lost = nodes[0].member();
    nodes[0].kill();
    for node in &nodes[2..] {
        cut(&net, &nodes[1], node);
    }
    assert_eq!(delete(&nodes[1], &lost).0, 204);
    assert_eq!(nodes[1].create("few").0, 200);
    nodes[2].settle();
    assert_eq!(delete(&nodes[3], &lost).0, 204);
    heal(&net);
    nodes[2].settle();
    let parted: Vec<bool> = nodes[1..].iter().map(Node::parted).collect();
    assert_eq!(parted, [true, false, false]);
    assert_eq!(nodes[2].create("many").0, 200);
}

#[test]
fn a_primary_that_was_only_cut_off_warns_and_learns_that_it_was_deleted() {
    let (_net, mut nodes) = cluster_of(2);
    let [old, new] = &mut nodes[..] else { panic!("two") };
    let (lost, survivor) = (old.member(), new.member());
    let link = |node: &Node, action: &str, peer: Option<&str>| {
        let body = json!({"action": action, "peer": peer});
        node.send(Method::Put, "/emulator/links", body).0
    };
    assert_eq!(link(new, "cut", Some(&lost)), 204);
    assert_eq!(delete(new, &lost).0, 204);
    // Nobody is seen: what is changed here may be lost.
    let request = Request {
        cookie: Some(old.cookie.clone()),
        content_type: "application/vnd.safenetinc.lunasa+json;version=".into(),
        body: Body::Plain(
            json!({"authentication": co(), "keyRingLabel": "k", "keyRingPassword": "keyring-password"})
                .to_string()
                .into_bytes(),
        ),
        ..Request::new(Method::Post, "/api/keyrings")
    };
    let response = old.replica().handle(&request);
    assert_eq!(response.status, 200);
    assert!(response.warning.is_some_and(|text| text.contains("reaches no other member")));
    // The cut outlives the entry and the process; it is shown, and heals by its name or with all.
    new.kill();
    new.start();
    assert_eq!(new.authorize(), 204);
    let (_, links) = new.send(Method::Get, "/emulator/links", json!({}));
    assert_eq!(links["data"][0]["memberUUID"], lost.as_str(), "{links}");
    assert_eq!(link(new, "cut", Some(&lost)), 404, "it is no member");
    old.settle();
    assert!(!old.parted(), "still cut off");
    assert_eq!(link(new, "heal", Some("00000000-0000-0000-0000-000000000000")), 204);
    assert_eq!(link(new, "heal", None), 204);
    let (_, links) = new.send(Method::Get, "/emulator/links", json!({}));
    assert_eq!(links["data"], json!([]));
    old.settle();
    assert!(old.parted() && old.keyrings().len() == 1);
    old.kill();
    old.start();
    assert!(old.parted(), "it is stored");
    assert_eq!((new.primary(), new.create("l").0), (survivor, 200));
    assert_eq!(leave(old), 204);
    assert_eq!(old.join(new).0, 204);
}

#[test]
fn a_member_that_joined_after_the_histories_parted_is_not_taken_for_a_deleted_one() {
    let (net, mut nodes) = cluster_of(4);
    let lost = nodes[0].member();
    nodes[0].kill();
    // The last one is cut off and alone; the others are more, and a new one joins them.
    for node in &nodes[1..3] {
        cut(&net, node, &nodes[3]);
    }
    assert_eq!(delete(&nodes[1], &lost).0, 204);
    assert_eq!(delete(&nodes[3], &lost).0, 204);
    nodes.push(Node::new(&net, 7));
    assert_eq!(nodes[4].join(&nodes[1]).0, 204);
    heal(&net);
    nodes[4].settle();
    assert!(!nodes[4].parted(), "the other side never knew it");
    nodes[1].settle();
    let parted: Vec<bool> = nodes[1..].iter().map(Node::parted).collect();
    assert_eq!(parted, [false, false, true, false]);
}

#[test]
fn positions_do_not_jump_and_nobody_speaks_for_another_member() {
    use luna_rest::peers::{Position, Row};

    let (_net, nodes) = cluster_of(3);
    let receiver = nodes[1].replica();
    let cluster = receiver.engine().machine.state.clusters.cluster.get().uuid.clone();
    let say = |from: &Node, by: &Node, message: Message| {
        let (cluster, from) = (cluster.clone(), from.member());
        receiver.receive(Envelope { cluster, from, message }, shown(&by.address))
    };
    let at = receiver.engine().at();
    let role = Row { field: "roles".into(), key: "thief".into(), row: Some("{}".into()) };
    let ship =
        |reaches: Position, rows: &[Row]| Message::Ship { after: at, reaches, rows: rows.to_vec() };
    let next = Position { change: at.change + 1, ..at };
    let rows = std::slice::from_ref(&role);
    // Not as the primary, and not as the receiver itself.
    for name in [&nodes[0], &nodes[1]] {
        let said = say(name, &nodes[2], ship(next, rows));
        assert!(matches!(said, Some(Answer::Nothing)), "{said:?}");
    }
    let own = say(&nodes[1], &nodes[1], ship(next, rows));
    assert!(matches!(own, Some(Answer::Nothing)), "with its very certificate: {own:?}");
    // A member that is not primary ships nothing, in no era; the primary one change at a time.
    let mut era = Row { field: "cluster".into(), key: String::new(), row: None };
    let mut row = receiver.engine().machine.state.clusters.cluster.get().clone();
    row.promote(&nodes[2].member(), at.into(), 3, 7);
    era.row = Some(serde_json::to_string(&row).unwrap());
    let new_era = Position { era: at.era + 1, change: at.change + 1, id: 7 };
    let jump = Position { change: at.change + 1000, ..at };
    let far_era = Position { era: at.era + 5, ..next };
    for (from, message) in [
        (&nodes[2], ship(next, rows)),
        (&nodes[2], ship(new_era, &[era.clone(), role.clone()])),
        (&nodes[0], ship(jump, rows)),
        (&nodes[0], ship(far_era, rows)),
        (&nodes[0], ship(Position { id: 1, ..next }, rows)),
    ] {
        say(from, from, message.clone());
        let engine = receiver.engine();
        assert_eq!(engine.at(), at, "{message:?}");
        assert!(!engine.machine.state.roles.roles.contains("thief"), "{message:?}");
    }
    // No member gives another one a new certificate.
    let primary = nodes[0].replica();
    let mut member =
        primary.engine().machine.state.clusters.members.get(&nodes[1].member()).cloned().unwrap();
    member.certificate = certificate("another");
    let row = Some(serde_json::to_string(&member).unwrap());
    let rows = vec![Row { field: "cluster/members".into(), key: nodes[1].member(), row }];
    let (cluster, from) = (cluster.clone(), nodes[2].member());
    let envelope = Envelope { cluster, from, message: Message::Propose { after: at, rows } };
    let said = primary.receive(envelope, shown(&nodes[2].address));
    assert!(matches!(said, Some(Answer::Refused { .. })), "{said:?}");
}
