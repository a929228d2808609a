//! `cluster group`: the affinity groups, between whose members clients' operations are spread.

use luna_rest::clusters;

use super::{CLUSTER, GUIDE_SHOWN, cluster, refused, table};
use crate::prelude::*;

pub(in super::super) const MENUS: &[Menu] =
    &[Menu { path: "cluster group", help: "Affinity groups of the cluster" }];

pub(in super::super) const COMMANDS: &[Command] = &[Command {
    syntax: "cluster group list [-clusterid|-c <cluster_id>]",
    help: "List the affinity groups and their members",
    options: &[CLUSTER],
    roles: Role::MONITOR,
    rest: &[clusters::LIST.resource(), clusters::GROUPS.resource(), clusters::MEMBERS.resource()],
    known: GUIDE_SHOWN,
    run: call::<List>(),
}];

#[derive(Deserialize)]
struct List {
    clusterid: Option<String>,
}

/// The affinity groups.
#[derive(Serialize)]
struct Groups {
    groups: Vec<Group>,
}

/// An affinity group.
#[derive(Serialize)]
struct Group {
    name: String,
    members: Vec<Member>,
}

/// A member of a group.
#[derive(Serialize)]
struct Member {
    id: String,
    name: String,
}

impl Run<Session> for List {
    type View = Groups;

    fn run(self, session: &mut Session) -> Result<Groups, Failure> {
        let cluster = cluster(session, self.clusterid)?;
        let client = session.client();
        let groups = client.get(&clusters::GROUPS, &[&cluster]).map_err(refused)?.data;
        let members = client.get(&clusters::MEMBERS, &[&cluster]).map_err(refused)?.data;
        let named = |id: String| {
            let known = members.iter().find(|member| member.member_uuid == id);
            let name = known.map(|member| member.member_name.clone()).unwrap_or_default();
            Member { id, name }
        };
        let group = |group: clusters::Group| Group {
            name: group.group_name,
            members: group.members.into_iter().map(named).collect(),
        };
        Ok(Groups { groups: groups.into_iter().map(group).collect() })
    }
}

impl Text for Groups {
    fn write(&self, page: &mut Page) {
        if self.groups.is_empty() {
            return page.line("There are no groups.");
        }
        // The name is in the first of its rows only.
        let rows = self.groups.iter().flat_map(|group| {
            group.members.iter().enumerate().map(|(index, member)| {
                let name = if index == 0 { group.name.as_str() } else { "" };
                [name, &member.id, &member.name]
            })
        });
        let columns = [("Group", 16), ("Member ID", super::UUID), ("Member Name", 16)];
        page.table(&table(columns, rows));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use luna_shell::View;

    #[test]
    fn groups_show_their_members() {
        let member = |id: &str, name: &str| Member { id: id.into(), name: name.into() };
        let a = member("ecb8f151-8184-412d-840a-6cd15e8ffb36", "LNH-597149");
        let b = member("0f61f0d3-5f0f-4a0b-9f46-0b8b7f7c3b1a", "LNH-597150");
        let groups = vec![Group { name: "local".into(), members: vec![a, b] }];
        assert_eq!(
            Groups { groups }.text(),
            "\
Group             Member ID                             Member Name
================  ====================================  ================
local             ecb8f151-8184-412d-840a-6cd15e8ffb36  LNH-597149
                  0f61f0d3-5f0f-4a0b-9f46-0b8b7f7c3b1a  LNH-597150
"
        );
    }
}
