//! `sysconf banner`: the text that is shown at every login.

use luna_rest::sysconf::{CLEAR_BANNER, NewBanner, SET_BANNER};
use luna_rest::users;

use crate::prelude::*;
use crate::refusals::refused_in_detail;

pub(in super::super) const MENUS: &[Menu] =
    &[Menu { path: "sysconf banner", help: "Text that is shown at every login" }];

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "sysconf banner add -file <filename>",
        help: "Show the text of a file at every login, in place of the one before",
        options: &[],
        roles: Role::ADMIN,
        rest: &[users::FILES.resource(), SET_BANNER.resource()],
        known: Known::Assumed("the page was not found: known by name only; a file as elsewhere"),
        run: call::<Add>(),
    },
    Command {
        syntax: "sysconf banner clear",
        help: "Show no text of your own at login",
        options: &[],
        roles: Role::ADMIN,
        rest: &[CLEAR_BANNER.resource()],
        known: Known::Assumed("the page was not found: known by name only"),
        run: call::<Clear>(),
    },
];

#[derive(Deserialize)]
struct Add {
    file: String,
}

impl Run<Session> for Add {
    type View = Message;

    fn run(self, session: &mut Session) -> Result<Message, Failure> {
        let file = session.provide(&self.file)?;
        session.client().call(&SET_BANNER, &[], &NewBanner { file }).map_err(refused_in_detail)?;
        Ok(Message::new("Banner added; it is shown at the next login."))
    }
}

#[derive(Deserialize)]
struct Clear {}

impl Run<Session> for Clear {
    type View = Message;

    fn run(self, session: &mut Session) -> Result<Message, Failure> {
        session.call(&CLEAR_BANNER, &[], &Nothing {})?;
        Ok(Message::new("Banner cleared."))
    }
}
