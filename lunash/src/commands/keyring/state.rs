//! `keyring disable`, `enable`, `reset`: taking a keyring out of use, and making it as it was when it
//! was created. Of these nothing but the names is known.

use luna_rest::keyrings::{self, ChangeKeyring};
use luna_rest::{hsm, partitions};

use super::{CO_PASSWORD, KEYRING, LABEL, change, either, first_password};
use crate::commands::cluster::crypto_officer;
use crate::prelude::*;
use crate::questions::{caution, proceed};

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "keyring disable {-keyringid <keyring_id> | -label <keyring_label>}",
        help: "Refuse all that clients do with a keyring",
        options: &[KEYRING, LABEL],
        roles: Role::ADMIN,
        rest: &[keyrings::CHANGE.resource()],
        known: Known::Assumed("the page was not found: made like keyring assign"),
        run: call::<Disable>(),
    },
    Command {
        syntax: "keyring enable {-keyringid <keyring_id> | -label <keyring_label>}",
        help: "Let clients use a keyring again",
        options: &[KEYRING, LABEL],
        roles: Role::ADMIN,
        rest: &[keyrings::CHANGE.resource()],
        known: Known::Assumed("the page was not found: made like keyring assign"),
        run: call::<Enable>(),
    },
    Command {
        syntax: "keyring reset {-keyringid <keyring_id> | -label <keyring_label>} [-password <keyring_password>] [-copassword <co_password>] [-force|-f]",
        help: "Erase a keyring's objects and roles, and give it a first password",
        options: &[
            KEYRING,
            LABEL,
            ("-password", "New first password of the keyring, to be changed before use"),
            CO_PASSWORD,
        ],
        roles: Role::ADMIN,
        rest: &[
            hsm::SHOW.resource(),
            partitions::LIST.resource(),
            partitions::SHOW.resource(),
            partitions::ROLE.resource(),
            keyrings::SHOW.resource(),
            keyrings::CHANGE.resource(),
        ],
        known: Known::Assumed(
            "the page was not found: what partition init does to a partition that is in use; the \
             keyring keeps its label, its serial number and its clients",
        ),
        run: call::<Reset>(),
    },
];

#[derive(Deserialize)]
struct Disable {
    keyringid: Option<String>,
    label: Option<String>,
}

impl Run<Session> for Disable {
    type View = Success;

    fn run(self, session: &mut Session) -> Result<Success, Failure> {
        switch(session, &either(self.keyringid, self.label), "disable")?;
        Ok(Success { done: "keyring disable" })
    }
}

#[derive(Deserialize)]
struct Enable {
    keyringid: Option<String>,
    label: Option<String>,
}

impl Run<Session> for Enable {
    type View = Success;

    fn run(self, session: &mut Session) -> Result<Success, Failure> {
        switch(session, &either(self.keyringid, self.label), "enable")?;
        Ok(Success { done: "keyring enable" })
    }
}

fn switch(session: &Session, keyring: &str, action: &str) -> Result<(), Failure> {
    let action = Some(action.to_owned());
    change(session, keyring, &ChangeKeyring { action, ..ChangeKeyring::default() })
}

#[derive(Deserialize)]
struct Reset {
    keyringid: Option<String>,
    label: Option<String>,
    password: Option<Secret>,
    copassword: Option<Secret>,
    force: bool,
}

impl Run<Session> for Reset {
    type View = Success;

    fn run(self, session: &mut Session) -> Result<Success, Failure> {
        let keyring = either(self.keyringid, self.label);
        let shown = session.client().get(&keyrings::SHOW, &[&keyring]);
        let shown = shown.map_err(super::super::cluster::refused)?;
        let lines = format!(
            "Are you sure you wish to reset the keyring named:\n  {}\n\
             All its objects and passwords will be erased.",
            shown.key_ring_label
        );
        session.confirm(self.force, &caution(&lines, &proceed("reset the keyring")))?;
        let password = Some(first_password(session, self.password)?);
        let (authentication, attempt) = crypto_officer(session, self.copassword, None)?;
        let action = Some("reset".to_owned());
        let key_ring_password = password;
        let body =
            ChangeKeyring { action, authentication, key_ring_password, ..ChangeKeyring::default() };
        attempt.spend(session, |session| change(session, &shown.key_ring_uuid, &body))?;
        Ok(Success { done: "keyring reset" })
    }
}
