//! `cluster`: members that share keyrings. The appliance needs the cluster package for it.

use luna_rest::clusters;

use crate::prelude::*;

pub(super) const MENUS: &[Menu] = &[
    Menu { path: "cluster", help: "Clusters of appliances that share keyrings" },
    Menu { path: "cluster member", help: "Members of the cluster" },
];

pub(super) const COMMANDS: &[Command] = &[Command {
    syntax: "cluster member authorize -partition|-p <partition_name> [-copassword|-c <co_password>] [-memberid|-m <member_id>]",
    help: "Let a member create objects in the cluster's keyrings",
    options: &[
        ("-partition", "Label of the partition that holds the cluster's master key"),
        ("-memberid", "The member's UUID; this appliance when left out"),
    ],
    roles: Role::ADMIN,
    rest: &["GET /api/clusters"],
    known: Known::Documented("lunash/commands/cluster/cluster_member_authorize.htm"),
    run: call::<Authorize>(),
}];

#[derive(Deserialize)]
#[allow(dead_code, reason = "read once an appliance has clusters")]
struct Authorize {
    partition: String,
    copassword: Option<Secret>,
    memberid: Option<String>,
}

impl Run<Session> for Authorize {
    type View = Message;

    fn run(self, session: &mut Session) -> Result<Message, Failure> {
        session.client().get(&clusters::LIST, &[])?;
        Err(Failure::command("This program does not authorize cluster members yet."))
    }
}
