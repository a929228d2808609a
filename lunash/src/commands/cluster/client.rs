//! `cluster client`: the clients that were registered with the cluster.

use luna_rest::{clusters, keyrings};

use super::{CLUSTER, UUID, cluster, refused, table};
use crate::commands::keyring::assignment;
use crate::prelude::*;

pub(in super::super) const MENUS: &[Menu] =
    &[Menu { path: "cluster client", help: "Clients of the cluster" }];

/// A command that was chosen after keyring assign.
const BY_KEYRING: Known =
    Known::Assumed("the page was not found: what keyring assign and unassign do, by the client");
const KEYRING: (&str, &str) = ("-keyringid", "UUID of the keyring");
const LABEL: (&str, &str) = ("-label", "Label of the keyring");
const CLIENT: (&str, &str) = ("-clientid", "UUID or name of the client");

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "cluster client assign -clientid <cluster_client> {-keyringid <keyring_id> | -label <keyring_label>}",
        help: "Let a client see a keyring, in manual assignment mode",
        options: &[CLIENT, KEYRING, LABEL],
        roles: Role::ADMIN,
        rest: &[keyrings::CHANGE.resource()],
        known: BY_KEYRING,
        run: call::<Assign>(),
    },
    Command {
        syntax: "cluster client delete -clientid|-cli <cluster_client> [-clusterid|-clu <cluster_id>] [-force|-f]",
        help: "Take a client's registration back",
        options: &[("-clientid", "UUID of the client"), CLUSTER],
        roles: Role::ADMIN,
        rest: &[
            clusters::LIST.resource(),
            clusters::CLIENTS.resource(),
            clusters::DELETE_CLIENT.resource(),
        ],
        known: Known::Assumed("known by name only; made like client delete"),
        run: call::<Delete>(),
    },
    Command {
        syntax: "cluster client list [-clusterid|-c <cluster_id>]",
        help: "List the registered clients",
        options: &[CLUSTER],
        roles: Role::MONITOR,
        rest: &[clusters::LIST.resource(), clusters::CLIENTS.resource()],
        known: Known::Assumed("known by name only; the facts are those that clients register with"),
        run: call::<List>(),
    },
    Command {
        syntax: "cluster client unassign -clientid <cluster_client> {-keyringid <keyring_id> | -label <keyring_label>}",
        help: "Hide a keyring from a client, in manual assignment mode",
        options: &[CLIENT, KEYRING, LABEL],
        roles: Role::ADMIN,
        rest: &[keyrings::CHANGE.resource()],
        known: BY_KEYRING,
        run: call::<Unassign>(),
    },
];

#[derive(Deserialize)]
struct Assign {
    clientid: String,
    keyringid: Option<String>,
    label: Option<String>,
}

impl Run<Session> for Assign {
    type View = Success;

    fn run(self, session: &mut Session) -> Result<Success, Failure> {
        assignment(session, (self.keyringid, self.label), self.clientid, "assign")?;
        Ok(Success { done: "cluster client assign" })
    }
}

#[derive(Deserialize)]
struct Unassign {
    clientid: String,
    keyringid: Option<String>,
    label: Option<String>,
}

impl Run<Session> for Unassign {
    type View = Success;

    fn run(self, session: &mut Session) -> Result<Success, Failure> {
        assignment(session, (self.keyringid, self.label), self.clientid, "unassign")?;
        Ok(Success { done: "cluster client unassign" })
    }
}

#[derive(Deserialize)]
struct Delete {
    clientid: String,
    clusterid: Option<String>,
    force: bool,
}

impl Run<Session> for Delete {
    type View = Success;

    fn run(self, session: &mut Session) -> Result<Success, Failure> {
        let cluster = cluster(session, self.clusterid)?;
        let clients = session.client().get(&clusters::CLIENTS, &[&cluster]).map_err(refused)?.data;
        // A client that does not exist is refused by the appliance, without a question.
        if let Some(client) = clients.iter().find(|client| client.client_uuid == self.clientid) {
            session.confirm_deletion(self.force, ("client", "client"), &client.common_name)?;
        }
        let ids = [cluster.as_str(), &self.clientid];
        session.client().call(&clusters::DELETE_CLIENT, &ids, &Nothing {}).map_err(refused)?;
        Ok(Success { done: "cluster client delete" })
    }
}

#[derive(Deserialize)]
struct List {
    clusterid: Option<String>,
}

/// The registered clients.
#[derive(Serialize)]
struct Clients {
    clients: Vec<Client>,
}

/// A registered client.
#[derive(Serialize)]
struct Client {
    id: String,
    name: String,
    label: String,
    user: String,
    fingerprint: String,
}

impl Run<Session> for List {
    type View = Clients;

    fn run(self, session: &mut Session) -> Result<Clients, Failure> {
        let cluster = cluster(session, self.clusterid)?;
        let list = session.client().get(&clusters::CLIENTS, &[&cluster]).map_err(refused)?.data;
        let client = |one: clusters::Client| Client {
            id: one.client_uuid,
            name: one.common_name,
            label: one.client_label,
            user: one.user,
            fingerprint: one.fingerprint,
        };
        Ok(Clients { clients: list.into_iter().map(client).collect() })
    }
}

impl Text for Clients {
    fn write(&self, page: &mut Page) {
        if self.clients.is_empty() {
            return page.line("No clients are registered.");
        }
        let rows =
            self.clients.iter().map(|one| [one.id.as_str(), &one.name, &one.label, &one.user]);
        let columns = [("Client ID", UUID), ("Client Name", 20), ("Label", 16), ("User", 8)];
        page.table(&table(columns, rows));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use luna_shell::View;

    #[test]
    fn clients_are_listed_with_label_and_account() {
        let client = Client {
            id: "5be39a0f-1f87-4f0e-a0a5-43c7a3ab6c0e".into(),
            name: "192.168.0.20".into(),
            label: "web".into(),
            user: "jane".into(),
            fingerprint: String::new(),
        };
        assert_eq!(
            Clients { clients: vec![client] }.text(),
            "\
Client ID                             Client Name           Label             User
====================================  ====================  ================  ========
5be39a0f-1f87-4f0e-a0a5-43c7a3ab6c0e  192.168.0.20          web               jane
"
        );
        assert_eq!(Clients { clients: Vec::new() }.text(), "No clients are registered.\n");
    }
}
