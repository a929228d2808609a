//! `ntls ciphers`: the TLS ciphers that clients may use.

use luna_rest::{ntls, tls};

use super::RESTART;
use crate::prelude::*;

pub(in crate::commands) const MENUS: &[Menu] =
    &[Menu { path: "ntls ciphers", help: "The TLS ciphers that clients may use" }];

const WHY: &str = "known by name only: made after the cipherList of PUT /api/lunasa/ntls";

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "ntls ciphers reset",
        help: "Allow every cipher the appliance knows",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[ntls::SETTINGS.resource(), ntls::SET_SETTINGS.resource()],
        known: Known::Assumed(WHY),
        run: call::<Reset>(),
    },
    Command {
        syntax: "ntls ciphers set -list|-l <ciphers>",
        help: "Allow these ciphers only, the preferred one first",
        options: &[("-list", "Names of ciphers, separated by colons")],
        roles: Role::OPERATOR,
        rest: &[ntls::SETTINGS.resource(), ntls::SET_SETTINGS.resource()],
        known: Known::Assumed(WHY),
        run: call::<Set>(),
    },
    Command {
        syntax: "ntls ciphers show",
        help: "Show the ciphers that are allowed",
        options: &[],
        roles: Role::MONITOR,
        rest: &[ntls::SETTINGS.resource()],
        known: Known::Assumed(WHY),
        run: call::<Show>(),
    },
];

fn set(session: &mut Session, list: &str) -> Result<Message, Failure> {
    let settings = session.get(&ntls::SETTINGS, &[])?;
    let new = ntls::NewSettings { cipher_list: list.to_owned(), ..settings.into() };
    session.call(&ntls::SET_SETTINGS, &[], &new)?;
    Ok(Message::new(format!("NTLS TLS ciphers set.\n{RESTART}")))
}

#[derive(Deserialize)]
struct Reset {}

impl Run<Session> for Reset {
    type View = Message;

    fn run(self, session: &mut Session) -> Result<Message, Failure> {
        set(session, tls::CIPHERS)
    }
}

#[derive(Deserialize)]
struct Set {
    list: String,
}

impl Run<Session> for Set {
    type View = Message;

    fn run(self, session: &mut Session) -> Result<Message, Failure> {
        set(session, &self.list)
    }
}

#[derive(Deserialize)]
struct Show {}

/// The ciphers that are allowed, the preferred one first.
#[derive(Serialize)]
pub(in crate::commands) struct Ciphers {
    #[serde(skip)]
    whose: &'static str,
    ciphers: Vec<String>,
}

impl Ciphers {
    /// Those of a list that is joined by colons; `whose` begins the line above them.
    pub(in crate::commands) fn new(whose: &'static str, list: &str) -> Ciphers {
        Ciphers { whose, ciphers: list.split(':').map(ToOwned::to_owned).collect() }
    }
}

impl Run<Session> for Show {
    type View = Ciphers;

    fn run(self, session: &mut Session) -> Result<Ciphers, Failure> {
        let list = session.get(&ntls::SETTINGS, &[])?.cipher_list;
        Ok(Ciphers::new("NTLS", &list))
    }
}

impl Text for Ciphers {
    fn write(&self, page: &mut Page) {
        page.line(format!("{} TLS ciphers, the preferred one first:", self.whose));
        page.blank();
        for cipher in &self.ciphers {
            page.line(format!("   {cipher}"));
        }
    }
}
