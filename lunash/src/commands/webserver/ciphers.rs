//! `webserver ciphers`: the TLS ciphers that the web server offers.

use luna_rest::{tls, web_server};

use crate::commands::ntls::ciphers::Ciphers;
use crate::prelude::*;

pub(in crate::commands) const MENUS: &[Menu] =
    &[Menu { path: "webserver ciphers", help: "The TLS ciphers that the web server offers" }];

const WHY: &str =
    "the page was not found: made after the cipherList of PATCH /api/lunasa/webServer";

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "webserver ciphers reset",
        help: "Offer every cipher the appliance knows",
        options: &[],
        roles: Role::ADMIN,
        rest: &[web_server::CHANGE.resource()],
        known: Known::Assumed(WHY),
        run: call::<Reset>(),
    },
    Command {
        syntax: "webserver ciphers set -list <ciphers>",
        help: "Offer these ciphers only, the preferred one first",
        options: &[("-list", "Names of ciphers, separated by colons")],
        roles: Role::ADMIN,
        rest: &[web_server::CHANGE.resource()],
        known: Known::Assumed(WHY),
        run: call::<Set>(),
    },
    Command {
        syntax: "webserver ciphers show",
        help: "Show the ciphers that are allowed",
        options: &[],
        roles: Role::MONITOR,
        rest: &[web_server::SHOW.resource()],
        known: Known::Assumed(WHY),
        run: call::<Show>(),
    },
];

fn set(session: &mut Session, list: &str) -> Result<Message, Failure> {
    let cipher_list = Some(list.to_owned());
    let change = web_server::ChangeWebServer { cipher_list, ..Default::default() };
    session.call(&web_server::CHANGE, &[], &change)?;
    Ok(Message::new(
        "Web server TLS ciphers set.\n\
         They count from the next connection on.",
    ))
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
        let list = session.get(&web_server::SHOW, &[])?.cipher_list;
        Ok(Ciphers::new("Web server", &list))
    }
}
