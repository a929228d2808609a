//! `keyring`: what the cluster's members share, for applications much like a partition.
//!
//! Names and options are those of the vendor's Cluster Administration Guide; of outputs nothing is
//! known but `Success`, which is that of `cluster member authorize`. Taking a keyring out of use is in
//! `keyring/state.rs`.

use luna_rest::keyrings::{self, ChangeKeyring, DeleteKeyring, NewKeyrings};

use super::cluster::{GUIDE, GUIDE_SHOWN, UUID, crypto_officer, refused, table};
use luna_rest::{hsm, partitions};

use crate::prelude::*;

pub(super) const MENUS: &[Menu] =
    &[Menu { path: "keyring", help: "Keyrings that the cluster's members share" }];

pub(super) mod state;

const KEYRING: (&str, &str) = ("-keyringid", "UUID of the keyring");
const LABEL: (&str, &str) = ("-label", "Label of the keyring");
const CLIENT: (&str, &str) = ("-client", "UUID or name of a client; 'cluster client list'");
const CO_PASSWORD: (&str, &str) =
    ("-copassword", "Password of the Crypto Officer of the cluster partition");

pub(super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "keyring assign {-keyringid|-k <keyring_id> | -label|-l <keyring_label>} -client|-c <cluster_client>",
        help: "Let a client see a keyring, in manual assignment mode",
        options: &[KEYRING, LABEL, CLIENT],
        roles: Role::ADMIN,
        rest: &[keyrings::CHANGE.resource()],
        known: Known::Assumed("known by name only (7.9); made like keyring unlock"),
        run: call::<Assign>(),
    },
    Command {
        syntax: "keyring create -label|-l <label> [-password|-pas <keyring_password>] -partition|-par <partition_name> [-total|-t <total:1-100>] [-index|-i <index>] [-copassword|-c <co_password>]",
        help: "Create keyrings",
        options: &[
            ("-label", "Label; with -total or -index a number is appended"),
            ("-password", "First password of the keyring, to be changed before use"),
            ("-partition", "Label of this appliance's cluster partition"),
            ("-total", "How many"),
            ("-index", "The first number"),
            CO_PASSWORD,
        ],
        roles: Role::ADMIN,
        rest: &[
            hsm::SHOW.resource(),
            partitions::LIST.resource(),
            partitions::SHOW.resource(),
            partitions::ROLE.resource(),
            keyrings::CREATE.resource(),
        ],
        known: GUIDE,
        run: call::<Create>(),
    },
    Command {
        syntax: "keyring delete {-label|-l <keyring_label> | -keyringid|-k <keyring_id>} [-copassword|-c <co_password>]",
        help: "Delete a keyring with its objects",
        options: &[LABEL, KEYRING, CO_PASSWORD],
        roles: Role::ADMIN,
        rest: &[
            hsm::SHOW.resource(),
            partitions::LIST.resource(),
            partitions::SHOW.resource(),
            partitions::ROLE.resource(),
            keyrings::DELETE.resource(),
        ],
        known: GUIDE,
        run: call::<Delete>(),
    },
    Command {
        syntax: "keyring list",
        help: "List the keyrings",
        options: &[],
        roles: Role::MONITOR,
        rest: &[keyrings::LIST.resource()],
        known: GUIDE_SHOWN,
        run: call::<List>(),
    },
    Command {
        syntax: "keyring show {-keyringid|-k <keyring_id> | -label|-l <keyring_label>}",
        help: "Show a keyring",
        options: &[KEYRING, LABEL],
        roles: Role::MONITOR,
        rest: &[keyrings::SHOW.resource()],
        known: GUIDE_SHOWN,
        run: call::<Show>(),
    },
    Command {
        syntax: "keyring unassign {-keyringid|-k <keyring_id> | -label|-l <keyring_label>} -client|-c <cluster_client>",
        help: "Hide a keyring from a client, in manual assignment mode",
        options: &[KEYRING, LABEL, CLIENT],
        roles: Role::ADMIN,
        rest: &[keyrings::CHANGE.resource()],
        known: Known::Assumed("known by name only (7.9); made like keyring unlock"),
        run: call::<Unassign>(),
    },
    Command {
        syntax: "keyring unlock {-keyringid|-k <keyring_id> | -label|-l <keyring_label>} [-copassword|-c <co_password>]",
        help: "Unlock a keyring that ten wrong logins have locked",
        options: &[KEYRING, LABEL, CO_PASSWORD],
        roles: Role::ADMIN,
        rest: &[
            hsm::SHOW.resource(),
            partitions::LIST.resource(),
            partitions::SHOW.resource(),
            partitions::ROLE.resource(),
            keyrings::CHANGE.resource(),
        ],
        known: Known::Documented("lunash/commands/keyring/keyring_unlock.htm"),
        run: call::<Unlock>(),
    },
];

/// The appliance takes a UUID or a label for a keyring; one of them was given.
fn either(id: Option<String>, label: Option<String>) -> String {
    id.or(label).unwrap_or_default()
}

fn change(session: &Session, keyring: &str, change: &ChangeKeyring) -> Result<(), Failure> {
    session.client().call(&keyrings::CHANGE, &[keyring], change).map_err(refused)?;
    Ok(())
}

/// The first password of a keyring.
fn first_password(session: &mut Session, given: Option<Secret>) -> Result<Secret, Failure> {
    let text = format!("{}  Please enter a password for the keyring:\n  > ", session.lead());
    let question = Question {
        text: &text,
        again: Some("\n  Please re-enter password to confirm:\n  > "),
        variable: "KEYRING_PASSWORD",
        option: "-password",
    };
    session.ui().secret(given, question)
}

/// Lets a client see a keyring (`assign`), or hides it from the client (`unassign`).
pub(super) fn assignment(
    session: &Session,
    (keyringid, label): (Option<String>, Option<String>),
    client: String,
    action: &str,
) -> Result<(), Failure> {
    let (action, client) = (Some(action.to_owned()), Some(client));
    let body = ChangeKeyring { action, client, ..ChangeKeyring::default() };
    change(session, &either(keyringid, label), &body)
}

#[derive(Deserialize)]
struct Assign {
    keyringid: Option<String>,
    label: Option<String>,
    client: String,
}

impl Run<Session> for Assign {
    type View = Success;

    fn run(self, session: &mut Session) -> Result<Success, Failure> {
        assignment(session, (self.keyringid, self.label), self.client, "assign")?;
        Ok(Success { done: "keyring assign" })
    }
}

#[derive(Deserialize)]
struct Unassign {
    keyringid: Option<String>,
    label: Option<String>,
    client: String,
}

impl Run<Session> for Unassign {
    type View = Success;

    fn run(self, session: &mut Session) -> Result<Success, Failure> {
        assignment(session, (self.keyringid, self.label), self.client, "unassign")?;
        Ok(Success { done: "keyring unassign" })
    }
}

#[derive(Deserialize)]
struct Unlock {
    keyringid: Option<String>,
    label: Option<String>,
    copassword: Option<Secret>,
}

impl Run<Session> for Unlock {
    type View = Success;

    fn run(self, session: &mut Session) -> Result<Success, Failure> {
        let (authentication, attempt) = crypto_officer(session, self.copassword, None)?;
        let action = Some("unlock".to_owned());
        let body = ChangeKeyring { action, authentication, ..ChangeKeyring::default() };
        let keyring = either(self.keyringid, self.label);
        attempt.spend(session, |session| change(session, &keyring, &body))?;
        Ok(Success { done: "keyring unlock" })
    }
}

#[derive(Deserialize)]
struct Create {
    label: String,
    password: Option<Secret>,
    partition: String,
    total: Option<u32>,
    index: Option<u32>,
    copassword: Option<Secret>,
}

/// The keyrings that were made.
#[derive(Serialize)]
struct Created {
    #[serde(flatten)]
    done: Success,
    keyrings: Vec<Listed>,
}

impl Text for Created {
    fn write(&self, page: &mut Page) {
        self.done.write(page);
    }
}

impl Run<Session> for Create {
    type View = Created;

    fn run(self, session: &mut Session) -> Result<Created, Failure> {
        let key_ring_password = first_password(session, self.password)?;
        let (authentication, attempt) =
            crypto_officer(session, self.copassword, Some(&self.partition))?;
        let body = NewKeyrings {
            authentication,
            key_ring_label: self.label,
            key_ring_password,
            total: self.total,
            index: self.index,
        };
        let made = attempt.spend(session, |session| {
            session.client().call(&keyrings::CREATE, &[], &body).map_err(refused)
        })?;
        let keyrings = made.data.into_iter().map(Listed::from).collect();
        Ok(Created { done: Success { done: "keyring create" }, keyrings })
    }
}

#[derive(Deserialize)]
struct Delete {
    label: Option<String>,
    keyringid: Option<String>,
    copassword: Option<Secret>,
}

impl Run<Session> for Delete {
    type View = Success;

    fn run(self, session: &mut Session) -> Result<Success, Failure> {
        let keyring = either(self.keyringid, self.label);
        let (authentication, attempt) = crypto_officer(session, self.copassword, None)?;
        let body = DeleteKeyring { authentication };
        attempt.spend(session, |session| {
            session.client().call(&keyrings::DELETE, &[&keyring], &body).map_err(refused)
        })?;
        Ok(Success { done: "keyring delete" })
    }
}

#[derive(Deserialize)]
struct List {}

/// The keyrings, in the order in which they were made.
#[derive(Serialize)]
struct Keyrings {
    keyrings: Vec<Listed>,
}

/// A keyring in the list.
#[derive(Serialize)]
struct Listed {
    id: String,
    label: String,
}

impl From<keyrings::KeyringEntry> for Listed {
    fn from(entry: keyrings::KeyringEntry) -> Listed {
        Listed { id: entry.key_ring_uuid, label: entry.key_ring_label }
    }
}

impl Run<Session> for List {
    type View = Keyrings;

    fn run(self, session: &mut Session) -> Result<Keyrings, Failure> {
        let list = session.client().get(&keyrings::LIST, &[]).map_err(refused)?.data;
        Ok(Keyrings { keyrings: list.into_iter().map(Listed::from).collect() })
    }
}

impl Text for Keyrings {
    fn write(&self, page: &mut Page) {
        if self.keyrings.is_empty() {
            return page.line("There are no keyrings.");
        }
        let rows = self.keyrings.iter().map(|one| [one.id.as_str(), &one.label]);
        page.table(&table([("Keyring ID", UUID), ("Keyring Label", 32)], rows));
    }
}

#[derive(Deserialize)]
struct Show {
    keyringid: Option<String>,
    label: Option<String>,
}

/// A keyring.
#[derive(Serialize)]
struct Keyring {
    id: String,
    label: String,
    serial: String,
    enabled: bool,
    locked: bool,
    failed_logins: u32,
    password_changed: bool,
    krco_initialized: bool,
    objects: usize,
    /// None: as many as one likes.
    max_objects: Option<usize>,
    clients: Vec<String>,
}

impl Run<Session> for Show {
    type View = Keyring;

    fn run(self, session: &mut Session) -> Result<Keyring, Failure> {
        let id = either(self.keyringid, self.label);
        let shown = session.client().get(&keyrings::SHOW, &[&id]).map_err(refused)?;
        Ok(Keyring {
            id: shown.key_ring_uuid,
            label: shown.key_ring_label,
            serial: shown.serial_number,
            enabled: !shown.disabled,
            locked: shown.locked,
            failed_logins: shown.failed_logins,
            password_changed: shown.password_changed,
            krco_initialized: shown.krco_initialized,
            objects: shown.objects,
            max_objects: Some(shown.max_objects).filter(|most| *most > 0),
            clients: shown.clients,
        })
    }
}

/// Truths are written as `cluster member show` writes them.
impl Text for Keyring {
    fn write(&self, page: &mut Page) {
        let truth = |is: bool| if is { "True" } else { "False" };
        let objects = match self.max_objects {
            Some(most) => format!("{} of {most}", self.objects),
            None => self.objects.to_string(),
        };
        let clients = self.clients.join(", ");
        for (label, value) in [
            ("Keyring ID", self.id.as_str()),
            ("Keyring Label", &self.label),
            ("Serial Number", &self.serial),
            ("Enabled", truth(self.enabled)),
            ("Locked", truth(self.locked)),
            ("Failed Logins", &self.failed_logins.to_string()),
            ("Initial Password Changed", truth(self.password_changed)),
            ("KRCO Initialized", truth(self.krco_initialized)),
            ("Objects", &objects),
            ("Clients", &clients),
        ] {
            page.field(&format!("{label}: "), 0, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use luna_shell::View;

    const ID: &str = "528b9b72-c305-4dd1-bebc-a4ca24f8c28b";

    #[test]
    fn keyrings_are_listed_with_their_ids() {
        let keyrings = vec![Listed { id: ID.into(), label: "app100".into() }];
        assert_eq!(
            Keyrings { keyrings }.text(),
            "\
Keyring ID                            Keyring Label
====================================  ================================
528b9b72-c305-4dd1-bebc-a4ca24f8c28b  app100
"
        );
        assert_eq!(Keyrings { keyrings: Vec::new() }.text(), "There are no keyrings.\n");
    }

    #[test]
    fn a_keyring_shows_whether_it_can_be_used() {
        let mut keyring = Keyring {
            id: ID.into(),
            label: "app100".into(),
            serial: "1528597149".into(),
            enabled: true,
            locked: true,
            failed_logins: 10,
            password_changed: true,
            krco_initialized: false,
            objects: 3,
            max_objects: Some(256),
            clients: vec!["web1".into(), "web2".into()],
        };
        assert_eq!(
            keyring.text(),
            "\
Keyring ID: 528b9b72-c305-4dd1-bebc-a4ca24f8c28b
Keyring Label: app100
Serial Number: 1528597149
Enabled: True
Locked: True
Failed Logins: 10
Initial Password Changed: True
KRCO Initialized: False
Objects: 3 of 256
Clients: web1, web2
"
        );
        keyring.max_objects = None;
        assert!(keyring.text().contains("\nObjects: 3\n"));
    }
}
