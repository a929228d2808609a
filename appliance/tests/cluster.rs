//! Members of a cluster as real processes: TLS between them, kill -9, and one that was deleted.

#![allow(clippy::unwrap_used, reason = "a test")]

mod common;

use std::collections::BTreeSet;

use common::cluster::{CO, Member, new_keyrings};
use common::network::Network;
use luna_appliance::state::clusters::CORE_PORT;
use luna_rest::clusters::{self, Authentication};
use luna_rest::peers::{
    self, Answer, Applicant, Envelope, History, Message, Operation, Position, Row,
};
use luna_rest::{Client, ErrorId, Identity, Target, Trust, keyrings, users};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

#[test]
fn what_a_member_acknowledges_is_on_the_others_whichever_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::claim().unwrap();
    let member = |number| Member::new(folder.path(), &network, number, "1.0.4-122");
    let mut members: Vec<Member> = (1..=3).map(member).collect();
    members[0].found();
    members[1].join(&members[0]);
    members[2].join(&members[1]);
    let names: Vec<_> = members[0].members().into_iter().map(|member| member.member_name).collect();
    assert_eq!(names.len(), 3, "{names:?}");
    assert!(members.iter().all(|member| member.members().iter().all(|seen| {
        seen.visible_to_servicing_node && seen.member_active && seen.mode == "Read-Write"
    })));

    let mut acknowledged = BTreeSet::new();
    let mut number = 0;
    for round in 0..6 {
        let victim = 1 + round % 2;
        let client = members[(victim + 1) % 3].client();
        for _ in 0..5 {
            let made = client.call(&keyrings::CREATE, &[], &new_keyrings(2, number)).unwrap();
            acknowledged.extend(made.data.into_iter().map(|made| made.key_ring_uuid));
            number += 2;
        }
        // Killed while the others go on; it catches up when it is back.
        members[victim].kill();
        let made = client.call(&keyrings::CREATE, &[], &new_keyrings(1, number)).unwrap();
        acknowledged.extend(made.data.into_iter().map(|made| made.key_ring_uuid));
        number += 1;
        members[victim].start();
        members[victim].settle();
    }
    // The primary itself: without it no member writes, with it all do.
    members[0].kill();
    let refused = members[1].client().call(&keyrings::CREATE, &[], &new_keyrings(1, number));
    assert_eq!(refused.unwrap_err().id(), Some(ErrorId::CLUSTER_MEMBER_READ_ONLY));
    members[0].start();
    members.iter().for_each(Member::settle);
    members[2].client().call(&keyrings::CREATE, &[], &new_keyrings(1, number)).unwrap();
    for member in &members {
        let list = member.client().get(&keyrings::LIST, &[]).unwrap().data;
        let there: BTreeSet<String> = list.into_iter().map(|entry| entry.key_ring_uuid).collect();
        assert!(acknowledged.is_subset(&there));
        assert_eq!(there.len(), acknowledged.len() + 1);
    }
}

/// What a member that was deleted has left: its key, and a program of its own.
struct Thief {
    identity: Identity,
    cluster: String,
}

impl Thief {
    fn of(member: &Member, cluster: &str) -> Thief {
        let pem = std::fs::read(member.data.join("web.pem")).unwrap();
        let identity = Identity {
            certificate: CertificateDer::from_pem_slice(&pem).unwrap(),
            key: PrivateKeyDer::from_pem_slice(&pem).unwrap(),
        };
        Thief { identity, cluster: cluster.to_owned() }
    }

    fn ask(&self, client: &Client, from: &str, message: &Message) -> Answer {
        let (cluster, from) = (self.cluster.clone(), from.to_owned());
        let envelope = Envelope { cluster, from, message: message.clone() };
        client.call(&peers::SEND, &[], &envelope).unwrap()
    }
}

#[test]
fn a_deleted_member_has_no_power_left_with_its_old_key() {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::claim().unwrap();
    let member = |number| Member::new(folder.path(), &network, number, "1.0.4-122");
    let mut members: Vec<Member> = (1..=3).map(member).collect();
    members[0].found();
    members[1].join(&members[0]);
    members[2].join(&members[0]);
    let cluster = members[0].cluster();
    let uuids: Vec<String> =
        members[0].members().into_iter().map(|member| member.member_uuid).collect();
    let before = members[0].client().get(&users::LIST, &[]).unwrap().users;
    let thief = Thief::of(&members[2], &cluster);
    let (host, first) = (members[0].address.to_string(), members[0].process.as_ref().unwrap());
    let (web_port, trust) = (first.address.port(), Trust::Pinned(first.fingerprint));
    let target = |port| Target { host: host.clone(), port, trust: trust.clone(), limit: None };
    let client = Client::connect_as(target(CORE_PORT), &thief.identity).unwrap();
    let pull = Message::Pull { after: Position::default(), cursor: None };
    let Answer::Rows { rows, at, .. } = thief.ask(&client, &uuids[2], &pull) else {
        panic!("a member copies")
    };
    // An account with the role admin, with a hash that is known.
    let admin = rows.iter().find(|row| row.field == "users" && row.key == "admin").unwrap();
    let rows = vec![Row { key: "thief".into(), ..admin.clone() }];
    for name in &uuids[..2] {
        let said = thief.ask(&client, name, &pull);
        assert!(matches!(said, Answer::Nothing), "in the name of another member: {said:?}");
    }

    let gone = members.split_off(2);
    drop(gone);
    let body = clusters::DeleteMember {
        authentication: Authentication::co(CO.into(), None),
        ..clusters::DeleteMember::default()
    };
    members[1].client().call(&clusters::DELETE_MEMBER, &[&cluster, &uuids[2]], &body).unwrap();
    let after = members[0].client().get(&clusters::MEMBERS, &[&cluster]).unwrap().data;
    assert_eq!(after.len(), 2);
    let later = Position { change: at.change + 1, ..at };
    let promoted = History { at: Position { era: 9, ..later }, eras: Vec::new() };
    let join = Applicant {
        password: "PASSWORD".into(),
        member: uuids[2].clone(),
        address: network.address(3).to_string(),
        ..Applicant::default()
    };
    // The connection is the old one.
    for message in [
        pull.clone(),
        Message::Pull { after: at, cursor: None },
        Message::Propose { after: later, rows: rows.clone() },
        Message::Ship { after: later, reaches: Position { change: 99, ..at }, rows },
        Message::Yield { era: 9, lost: uuids[0].clone() },
        Message::Hello(promoted),
        Message::Joined,
        Message::Operate(Operation::default()),
    ] {
        let said = thief.ask(&client, &uuids[2], &message);
        assert!(matches!(said, Answer::Stranger(_)), "{message:?}: {said:?}");
        for name in &uuids[..2] {
            let said = thief.ask(&client, name, &message);
            assert!(matches!(said, Answer::Nothing), "{message:?} as {name}: {said:?}");
        }
    }
    let said = thief.ask(&client, &uuids[2], &Message::Join(join));
    assert!(matches!(said, Answer::Refused { .. }), "{said:?}");

    // Neither without a certificate, nor on the port of administrators.
    let hello = |client: &Client| {
        let message = Message::Hello(History::default());
        let (cluster, from) = (cluster.clone(), uuids[1].clone());
        client.call(&peers::SEND, &[], &Envelope { cluster, from, message })
    };
    assert!(Client::connect(target(CORE_PORT)).and_then(|client| hello(&client)).is_err());
    let web = Client::connect_as(target(web_port), &thief.identity).unwrap();
    assert!(matches!(hello(&web), Err(luna_rest::Error::Answered { status: 404, .. })));

    assert_eq!(members[0].client().get(&users::LIST, &[]).unwrap().users.len(), before.len());
    let made = members[1].client().call(&keyrings::CREATE, &[], &new_keyrings(1, 0)).unwrap();
    assert_eq!(made.data.len(), 1, "the cluster goes on");
}
