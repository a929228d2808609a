//! `cluster member`: the members of the cluster.

use luna_rest::clusters::{self, ChangeMember, DeleteMember};

use super::{
    CLUSTER, CO_PASSWORD, GUIDE, GUIDE_ASKS, GUIDE_SHOWN, MEMBER, UUID, cluster, crypto_officer,
    refused, table,
};
use luna_rest::{hsm, partitions};

use crate::prelude::*;
use crate::questions::{caution, proceed};

pub(in super::super) const MENUS: &[Menu] =
    &[Menu { path: "cluster member", help: "Members of the cluster" }];

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "cluster member authorize -partition|-p <partition_name> [-copassword|-c <co_password>] [-memberid|-m <member_id>]",
        help: "Let a member create objects in the cluster's keyrings",
        options: &[
            ("-partition", "Label of the partition that holds the cluster's master key"),
            CO_PASSWORD,
            ("-memberid", "The member's UUID; this appliance when left out"),
        ],
        roles: Role::ADMIN,
        rest: &[
            clusters::LIST.resource(),
            clusters::MEMBERS.resource(),
            hsm::SHOW.resource(),
            partitions::LIST.resource(),
            partitions::SHOW.resource(),
            partitions::ROLE.resource(),
            clusters::CHANGE_MEMBER.resource(),
        ],
        known: Known::Documented("lunash/commands/cluster/cluster_member_authorize.htm"),
        run: call::<Authorize>(),
    },
    Command {
        syntax: "cluster member config -memberid|-m <member_id> {-group|-g <group> | -primary|-p}",
        help: "Move a member to an affinity group, or promote it to primary",
        options: &[
            MEMBER,
            ("-group", "Name of the group; made when there is none of this name"),
            ("-primary", "Make it the primary member"),
        ],
        roles: Role::ADMIN,
        rest: &[clusters::LIST.resource(), clusters::CHANGE_MEMBER.resource()],
        known: GUIDE,
        run: call::<Config>(),
    },
    Command {
        syntax: "cluster member delete -memberid|-m <member_id> [-copassword|-c <co_password>] [-force|-f]",
        help: "Delete a member that is lost for good",
        options: &[MEMBER, CO_PASSWORD, ("-force", "Do not ask for confirmation")],
        roles: Role::ADMIN,
        rest: &[
            clusters::LIST.resource(),
            clusters::MEMBERS.resource(),
            hsm::SHOW.resource(),
            partitions::LIST.resource(),
            partitions::SHOW.resource(),
            partitions::ROLE.resource(),
            clusters::DELETE_MEMBER.resource(),
        ],
        known: GUIDE_ASKS,
        run: call::<Delete>(),
    },
    Command {
        syntax: "cluster member list [-clusterid|-c <cluster_id>]",
        help: "List the members",
        options: &[CLUSTER],
        roles: Role::MONITOR,
        rest: &[clusters::LIST.resource(), clusters::MEMBERS.resource()],
        known: Known::Documented(
            "Cluster Administration Guide (7.8.5): the marks P, *, x and R; the layout is assumed",
        ),
        run: call::<List>(),
    },
    Command {
        syntax: "cluster member show [-memberid|-m <member_id>]",
        help: "Show a member",
        options: &[("-memberid", "UUID of the member; this appliance when left out")],
        roles: Role::MONITOR,
        rest: &[
            clusters::LIST.resource(),
            clusters::MEMBERS.resource(),
            clusters::MEMBER.resource(),
        ],
        known: GUIDE_SHOWN,
        run: call::<Show>(),
    },
];

/// The members of the cluster.
pub(super) fn members(session: &Session, cluster: &str) -> Result<Vec<clusters::Member>, Failure> {
    Ok(session.client().get(&clusters::MEMBERS, &[cluster]).map_err(refused)?.data)
}

/// The member that is meant: the one given, or this appliance.
fn member(session: &Session, cluster: &str, given: Option<String>) -> Result<String, Failure> {
    if let Some(id) = given {
        return Ok(id);
    }
    let local = members(session, cluster)?.into_iter().find(|member| member.local);
    local.map(|member| member.member_uuid).ok_or_else(|| {
        Failure::command("The cluster does not name this appliance among its members.")
            .hint("'cluster member list' shows the members, -memberid names one")
    })
}

/// Asks before the cluster's settings change while further members are not reached: they would not
/// learn of it. Whether it had to be asked.
pub(super) fn warn_of_absent(
    session: &mut Session,
    members: &[clusters::Member],
    leaving: &str,
    force: bool,
) -> Result<bool, Failure> {
    let absent = absent(members, leaving);
    if absent.is_empty() {
        return Ok(false);
    }
    if !force {
        let names = absent.join("\n            ");
        let outcome = match parts(members, leaving) {
            Some((here, all)) => format!(
                "{here} of {all} members is the smaller part. It begins a history of its own, and\n\
                 the larger part will be parted from the cluster: its members only show what\n\
                 they knew, and what they acknowledge meanwhile exists only there, until they\n\
                 leave the cluster and join again."
            ),
            None => "Their cluster service may have to be factory reset.".to_owned(),
        };
        session.confirm(
            false,
            &caution(
                &format!(
                    "These members are not reached and will not learn of the change:\n\
                 \x20 {names}\n\
                 {outcome}"
                ),
                &proceed("go on without them"),
            ),
        )?;
    }
    Ok(true)
}

/// How many members would begin a history of their own, of how many, when the primary member is
/// deleted by no more than half of them.
fn parts(members: &[clusters::Member], leaving: &str) -> Option<(usize, usize)> {
    let primary = members.iter().find(|member| member.primary_node)?;
    let here = members.iter().filter(|member| member.local || member.visible_to_servicing_node);
    let (here, all) = (here.count(), members.len());
    let local = primary.local || !primary.member_uuid.eq_ignore_ascii_case(leaving);
    (!local && here * 2 <= all).then_some((here, all))
}

/// Names of the members that are not reached, without the one that leaves.
fn absent<'m>(members: &'m [clusters::Member], leaving: &str) -> Vec<&'m str> {
    let stays = |member: &&clusters::Member| !member.member_uuid.eq_ignore_ascii_case(leaving);
    let missing = |member: &&clusters::Member| !member.local && !member.visible_to_servicing_node;
    let absent = members.iter().filter(stays).filter(missing);
    absent.map(|member| member.member_name.as_str()).collect()
}

#[derive(Deserialize)]
struct Authorize {
    partition: String,
    copassword: Option<Secret>,
    memberid: Option<String>,
}

impl Run<Session> for Authorize {
    type View = Success;

    fn run(self, session: &mut Session) -> Result<Success, Failure> {
        let cluster = cluster(session, None)?;
        let member = member(session, &cluster, self.memberid)?;
        let (authentication, attempt) =
            crypto_officer(session, self.copassword, Some(&self.partition))?;
        let action = "authorize".to_owned();
        let body = ChangeMember { action, authentication, ..ChangeMember::default() };
        attempt.spend(session, |session| change(session, &cluster, &member, &body))?;
        Ok(Success { done: "cluster member authorize" })
    }
}

fn change(
    session: &Session,
    cluster: &str,
    member: &str,
    body: &ChangeMember,
) -> Result<(), Failure> {
    let client = session.client();
    client.call(&clusters::CHANGE_MEMBER, &[cluster, member], body).map_err(refused)?;
    Ok(())
}

#[derive(Deserialize)]
struct Config {
    memberid: String,
    group: Option<String>,
    primary: bool,
}

impl Run<Session> for Config {
    type View = Success;

    fn run(self, session: &mut Session) -> Result<Success, Failure> {
        let body = ChangeMember {
            action: "config".to_owned(),
            group: self.group,
            primary: self.primary.then_some(true),
            ..ChangeMember::default()
        };
        change(session, &cluster(session, None)?, &self.memberid, &body)?;
        Ok(Success { done: "cluster member config" })
    }
}

#[derive(Deserialize)]
struct Delete {
    memberid: String,
    copassword: Option<Secret>,
    force: bool,
}

impl Run<Session> for Delete {
    type View = Success;

    fn run(self, session: &mut Session) -> Result<Success, Failure> {
        let cluster = cluster(session, None)?;
        let (authentication, attempt) = crypto_officer(session, self.copassword, None)?;
        let members = members(session, &cluster)?;
        let insists = warn_of_absent(session, &members, &self.memberid, self.force)?;
        let body = DeleteMember { authentication, force: insists.then_some(true) };
        let ids = [cluster.as_str(), &self.memberid];
        attempt.spend(session, |session| {
            session.client().call(&clusters::DELETE_MEMBER, &ids, &body).map_err(refused)
        })?;
        Ok(Success { done: "cluster member delete" })
    }
}

#[derive(Deserialize)]
struct List {
    clusterid: Option<String>,
}

/// The members, in the order in which they joined.
#[derive(Serialize)]
struct Members {
    members: Vec<Member>,
}

/// A member.
#[derive(Serialize)]
struct Member {
    id: String,
    name: String,
    ip_address: String,
    group: String,
    local: bool,
    primary: bool,
    visible: bool,
    authorized: bool,
    mode: String,
    restart_service: bool,
    package_version: String,
    operations: u64,
}

impl From<clusters::Member> for Member {
    fn from(member: clusters::Member) -> Member {
        Member {
            id: member.member_uuid,
            name: member.member_name,
            ip_address: member.member_ip_address,
            group: member.group,
            local: member.local,
            primary: member.primary_node,
            visible: member.visible_to_servicing_node,
            authorized: member.member_active,
            mode: member.mode,
            restart_service: member.restart_service,
            package_version: member.package_version,
            operations: member.operations,
        }
    }
}

impl Run<Session> for List {
    type View = Members;

    fn run(self, session: &mut Session) -> Result<Members, Failure> {
        let cluster = cluster(session, self.clusterid)?;
        let members = members(session, &cluster)?;
        Ok(Members { members: members.into_iter().map(Member::from).collect() })
    }
}

/// What the marks in front of a member mean; the guide explains them in its text.
const LEGEND: &str = "\
P: primary member    *: this appliance    x: not reached
R: its cluster service has to be restarted";

impl Member {
    fn marks(&self) -> String {
        let marks = [
            ("P", self.primary),
            ("*", self.local),
            ("x", !self.visible),
            ("R", self.restart_service),
        ];
        marks.iter().filter(|(_, set)| *set).map(|(mark, _)| *mark).collect()
    }
}

impl Text for Members {
    fn write(&self, page: &mut Page) {
        let marks: Vec<String> = self.members.iter().map(Member::marks).collect();
        let rows = marks.iter().zip(&self.members).map(|(marks, member)| {
            [marks.as_str(), &member.id, &member.name, &member.ip_address, &member.group]
        });
        let columns =
            [("", 4), ("Member ID", UUID), ("Member Name", 16), ("IP Address", 15), ("Group", 8)];
        page.table(&table(columns, rows));
        page.blank();
        page.line(LEGEND);
    }
}

#[derive(Deserialize)]
struct Show {
    memberid: Option<String>,
}

/// A member, in full.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    member: Member,
}

impl Run<Session> for Show {
    type View = Shown;

    fn run(self, session: &mut Session) -> Result<Shown, Failure> {
        let cluster = cluster(session, None)?;
        let member = member(session, &cluster, self.memberid)?;
        let shown =
            session.client().get(&clusters::MEMBER, &[&cluster, &member]).map_err(refused)?;
        Ok(Shown { member: shown.into() })
    }
}

/// The guide prints `Local: True`, `Mode: Read-Write` and so on, with one blank.
impl Text for Shown {
    fn write(&self, page: &mut Page) {
        let truth = |is: bool| if is { "True" } else { "False" };
        let member = &self.member;
        let operations = member.operations.to_string();
        for (label, value) in [
            ("Member ID", member.id.as_str()),
            ("Member Name", &member.name),
            ("IP Address", &member.ip_address),
            ("Group", &member.group),
            ("Local", truth(member.local)),
            ("Primary", truth(member.primary)),
            ("Visible", truth(member.visible)),
            ("Authorized", truth(member.authorized)),
            ("Mode", &member.mode),
            ("Restart Service", truth(member.restart_service)),
            ("Package Version", &member.package_version),
            ("Operations", &operations),
        ] {
            page.field(&format!("{label}: "), 0, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use luna_shell::View;

    fn first() -> clusters::Member {
        clusters::Member {
            member_uuid: "ecb8f151-8184-412d-840a-6cd15e8ffb36".to_owned(),
            member_name: "LNH-597149".to_owned(),
            member_ip_address: "192.168.0.10".to_owned(),
            local: true,
            primary_node: true,
            visible_to_servicing_node: true,
            member_active: true,
            mode: "Read-Write".to_owned(),
            group: "local".to_owned(),
            package_version: "cluster_service-1.0.4-122.x86_64".to_owned(),
            operations: 7,
            ..clusters::Member::default()
        }
    }

    /// A member that is not reached.
    fn second() -> clusters::Member {
        clusters::Member {
            member_uuid: "0f61f0d3-5f0f-4a0b-9f46-0b8b7f7c3b1a".to_owned(),
            member_name: "LNH-597150".to_owned(),
            member_ip_address: "192.168.0.11".to_owned(),
            group: "remote".to_owned(),
            restart_service: true,
            ..clusters::Member::default()
        }
    }

    #[test]
    fn the_warning_names_members_that_stay_and_are_not_reached() {
        let members = [first(), second()];
        assert_eq!(absent(&members, &first().member_uuid), ["LNH-597150"]);
        assert!(absent(&members, &second().member_uuid.to_uppercase()).is_empty());
        assert!(absent(&members[..1], "").is_empty(), "this appliance reaches itself");
    }

    #[test]
    fn the_smaller_part_is_told_what_it_does_to_the_larger_one() {
        let primary = clusters::Member { primary_node: true, ..second() };
        let local = clusters::Member { primary_node: false, ..first() };
        let third = clusters::Member { member_uuid: "3".to_owned(), ..second() };
        let lost = primary.member_uuid.to_uppercase();
        assert_eq!(parts(&[primary.clone(), local.clone(), third.clone()], &lost), Some((1, 3)));
        assert_eq!(parts(&[primary.clone(), local.clone(), third.clone()], "3"), None);
        let seen = clusters::Member { visible_to_servicing_node: true, ..third };
        assert_eq!(parts(&[primary, local, seen], &lost), None, "two of three are no smaller part");
    }

    #[test]
    fn members_are_listed_with_their_marks() {
        let members = [first(), second()].map(Member::from).into();
        assert_eq!(
            Members { members }.text(),
            "\
\x20     Member ID                             Member Name       IP Address       Group
====  ====================================  ================  ===============  ========
P*    ecb8f151-8184-412d-840a-6cd15e8ffb36  LNH-597149        192.168.0.10     local
xR    0f61f0d3-5f0f-4a0b-9f46-0b8b7f7c3b1a  LNH-597150        192.168.0.11     remote

P: primary member    *: this appliance    x: not reached
R: its cluster service has to be restarted
"
        );
    }

    #[test]
    fn a_member_is_shown_in_the_guides_words() {
        assert_eq!(
            Shown { member: first().into() }.text(),
            "\
Member ID: ecb8f151-8184-412d-840a-6cd15e8ffb36
Member Name: LNH-597149
IP Address: 192.168.0.10
Group: local
Local: True
Primary: True
Visible: True
Authorized: True
Mode: Read-Write
Restart Service: False
Package Version: cluster_service-1.0.4-122.x86_64
Operations: 7
"
        );
    }
}
