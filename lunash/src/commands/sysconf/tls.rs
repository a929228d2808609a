//! `sysconf tls ciphers`: the TLS ciphers of the appliance as a whole.

use luna_rest::tls;

use crate::commands::ntls::ciphers::Ciphers;
use crate::prelude::*;

pub(in crate::commands) const MENUS: &[Menu] = &[
    Menu { path: "sysconf tls", help: "TLS of the appliance as a whole" },
    Menu { path: "sysconf tls ciphers", help: "The TLS ciphers of the appliance as a whole" },
];

const WHY: &str = "the page was not found: made after 'ntls ciphers', with a list of its own";

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "sysconf tls ciphers reset",
        help: "Allow every cipher the appliance knows",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[tls::SET.resource()],
        known: Known::Assumed(WHY),
        run: call::<Reset>(),
    },
    Command {
        syntax: "sysconf tls ciphers set -list <ciphers>",
        help: "Allow these ciphers only, the preferred one first",
        options: &[("-list", "Names of ciphers, separated by colons")],
        roles: Role::OPERATOR,
        rest: &[tls::SET.resource()],
        known: Known::Assumed(WHY),
        run: call::<Set>(),
    },
    Command {
        syntax: "sysconf tls ciphers show",
        help: "Show the ciphers that are allowed",
        options: &[],
        roles: Role::MONITOR,
        rest: &[tls::SHOW.resource()],
        known: Known::Assumed(WHY),
        run: call::<Show>(),
    },
];

fn set(session: &mut Session, list: &str) -> Result<Message, Failure> {
    let new = tls::Tls { cipher_list: list.to_owned() };
    session.call(&tls::SET, &[], &new)?;
    Ok(Message::new("Appliance TLS ciphers set."))
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

impl Run<Session> for Show {
    type View = Ciphers;

    fn run(self, session: &mut Session) -> Result<Ciphers, Failure> {
        let list = session.get(&tls::SHOW, &[])?.cipher_list;
        Ok(Ciphers::new("Appliance", &list))
    }
}
