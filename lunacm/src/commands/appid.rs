//! `appid`: access IDs, two numbers under which processes share what is logged in. What is set is
//! remembered in `Chrystoki.conf`, what is open lasts as long as the session.

use super::clientconfig::{read, write};
use super::{Done, malformed};
use crate::chrystoki::Chrystoki;
use crate::prelude::*;

pub(super) const MENUS: &[Menu] =
    &[Menu { path: "appid", help: "Access IDs, under which processes share a login" }];

const NUMBERS: &[(&str, &str)] =
    &[("-major", "Its first number, of 32 bits"), ("-minor", "Its second number, of 32 bits")];

pub(super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "appid close|c -major|-ma <value:0-4294967295> -minor|-mi <value:0-4294967295>",
        help: "Close an access ID that is open",
        options: NUMBERS,
        roles: Role::ANY,
        rest: &[],
        known: Known::Documented(
            "lunacm/commands/appid/appid_close.htm@7.7; the refusal of one that is not open is assumed",
        ),
        run: call::<Close>(),
    },
    Command {
        syntax: "appid info|i",
        help: "Show the access ID that is set and those that are open",
        options: &[],
        roles: Role::ANY,
        rest: &[],
        known: Known::Assumed("lunacm/commands/appid/appid.htm has its name; the output is ours"),
        run: call::<Info>(),
    },
    Command {
        syntax: "appid open|o -major|-ma <value:0-4294967295> -minor|-mi <value:0-4294967295>",
        help: "Open an access ID at the current slot",
        options: NUMBERS,
        roles: Role::ANY,
        rest: &[],
        known: Known::Documented(
            "lunacm/commands/appid/appid_open.htm@7.0; that it lasts as long as the session is assumed",
        ),
        run: call::<Open>(),
    },
    Command {
        syntax: "appid set|s -major|-ma <value:0-4294967295> -minor|-mi <value:0-4294967295>",
        help: "Set the access ID of this client",
        options: NUMBERS,
        roles: Role::ANY,
        rest: &[],
        known: Known::Documented(
            "lunacm/commands/appid/appid_set.htm@7.7; that AppIdMajor and AppIdMinor of the \
             configuration remember it is assumed",
        ),
        run: call::<Set>(),
    },
];

const SECTION: &str = "Misc";
const KEYS: [&str; 2] = ["AppIdMajor", "AppIdMinor"];

/// An access ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct AppId {
    major: u32,
    minor: u32,
}

/// The one that a configuration remembers.
fn remembered(file: &Chrystoki) -> Option<AppId> {
    let number = |key| file.get(SECTION, key)?.parse().ok();
    Some(AppId { major: number(KEYS[0])?, minor: number(KEYS[1])? })
}

#[derive(Deserialize)]
struct Set {
    major: u32,
    minor: u32,
}

impl Run<Session> for Set {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let old = read(session)?;
        let mut new = old.clone();
        for (key, value) in KEYS.into_iter().zip([self.major, self.minor]) {
            new.set(SECTION, key, &value.to_string())
                .map_err(|error| malformed(session, &error))?;
        }
        write(session, &old, &new)?;
        Ok(Done::new("appid set"))
    }
}

#[derive(Deserialize)]
struct Open {
    major: u32,
    minor: u32,
}

impl Run<Session> for Open {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let serial = session.slot()?.serial.clone();
        let id = AppId { major: self.major, minor: self.minor };
        session.app_ids().insert((serial, id));
        Ok(Done::new("appid open"))
    }
}

#[derive(Deserialize)]
struct Close {
    major: u32,
    minor: u32,
}

impl Run<Session> for Close {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let serial = session.slot()?.serial.clone();
        let id = AppId { major: self.major, minor: self.minor };
        if session.app_ids().remove(&(serial, id)) {
            return Ok(Done::new("appid close"));
        }
        let AppId { major, minor } = id;
        Err(codes::failure(
            codes::ARGUMENTS_BAD,
            format!("This session has no access ID {major}:{minor} open at the current slot."),
        )
        .hint("'appid info' shows those that are open"))
    }
}

#[derive(Deserialize)]
struct Info {}

/// The access IDs.
#[derive(Serialize)]
struct AppIds {
    /// What the configuration remembers.
    set: Option<AppId>,
    /// Those open at the current slot.
    open: Vec<AppId>,
}

impl Run<Session> for Info {
    type View = AppIds;

    fn run(self, session: &mut Session) -> Result<AppIds, Failure> {
        let set = remembered(&read(session)?);
        let serial = session.slot().map(|slot| slot.serial.clone()).unwrap_or_default();
        let here = session.app_ids().iter().filter(|(of, _)| *of == serial);
        let open = here.map(|(_, id)| *id).collect();
        Ok(AppIds { set, open })
    }
}

impl Text for AppIds {
    fn write(&self, page: &mut Page) {
        let text = |id: &AppId| format!("{}:{}", id.major, id.minor);
        page.field("        Set ->", 32, self.set.as_ref().map_or("none".to_owned(), text));
        let open: Vec<String> = self.open.iter().map(text).collect();
        let open = if open.is_empty() { "none".to_owned() } else { open.join(", ") };
        page.field("        Open ->", 32, open);
    }
}
