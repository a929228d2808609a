//! Members of a cluster as real processes: TLS between them, and kill -9.

#![allow(clippy::unwrap_used, reason = "a test")]

mod common;

use std::collections::BTreeSet;

use common::cluster::{Member, new_keyrings};
use common::network::Network;
use luna_rest::{ErrorId, keyrings};

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
