//! `stcconfig cipher…` and `hmac…`: what a channel encrypts with, and how it holds messages together.

use luna_rest::stc::{ALGORITHMS, Algorithms, CIPHERS, HMACS, SET_ALGORITHMS};
use luna_shell::Table;

use super::Target;
use crate::prelude::*;

const KNOWN: Known = Known::Assumed(
    "known by name; administration/stc/stc_settings.htm@6.3 has the ciphers, options and output are ours",
);

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "stcconfig|stcc cipherdisable {-id <cipher_id:1-3> | -all}",
        help: "Turn a cipher off; without any, messages are not encrypted",
        options: &[("-id", "Number of the cipher"), ("-all", "All of them")],
        roles: Role::OPERATOR,
        rest: &[ALGORITHMS.resource(), SET_ALGORITHMS.resource()],
        known: KNOWN,
        run: call::<CipherDisable>(),
    },
    Command {
        syntax: "stcconfig|stcc cipherenable {-id <cipher_id:1-3> | -all}",
        help: "Turn a cipher on",
        options: &[("-id", "Number of the cipher"), ("-all", "All of them")],
        roles: Role::OPERATOR,
        rest: &[ALGORITHMS.resource(), SET_ALGORITHMS.resource()],
        known: KNOWN,
        run: call::<CipherEnable>(),
    },
    Command {
        syntax: "stcconfig|stcc ciphershow",
        help: "Show the ciphers",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[ALGORITHMS.resource()],
        known: KNOWN,
        run: call::<CipherShow>(),
    },
    Command {
        syntax: "stcconfig|stcc hmacdisable -id <hmac_id:0-1>",
        help: "Turn an algorithm of message integrity off; one stays on",
        options: &[("-id", "Number of the algorithm")],
        roles: Role::OPERATOR,
        rest: &[ALGORITHMS.resource(), SET_ALGORITHMS.resource()],
        known: KNOWN,
        run: call::<HmacDisable>(),
    },
    Command {
        syntax: "stcconfig|stcc hmacenable {-id <hmac_id:0-1> | -all}",
        help: "Turn an algorithm of message integrity on",
        options: &[("-id", "Number of the algorithm"), ("-all", "All of them")],
        roles: Role::OPERATOR,
        rest: &[ALGORITHMS.resource(), SET_ALGORITHMS.resource()],
        known: KNOWN,
        run: call::<HmacEnable>(),
    },
    Command {
        syntax: "stcconfig|stcc hmacshow",
        help: "Show the algorithms of message integrity",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[ALGORITHMS.resource()],
        known: KNOWN,
        run: call::<HmacShow>(),
    },
];

/// One of the two lists of algorithms.
#[derive(Clone, Copy)]
enum List {
    Ciphers,
    Hmacs,
}

impl List {
    fn all(self) -> &'static [(u32, &'static str)] {
        match self {
            List::Ciphers => CIPHERS,
            List::Hmacs => HMACS,
        }
    }

    fn of(self, algorithms: &mut Algorithms) -> &mut Vec<u32> {
        match self {
            List::Ciphers => &mut algorithms.ciphers,
            List::Hmacs => &mut algorithms.hmacs,
        }
    }

    fn title(self) -> &'static str {
        match self {
            List::Ciphers => "Cipher",
            List::Hmacs => "HMAC",
        }
    }

    fn show(self, session: &Session) -> Result<Listed, Failure> {
        let target = Target::of(session, None)?;
        let mut on = target.client.get(&ALGORITHMS, &[target.partition()])?;
        Ok(self.listed(target.slot, self.of(&mut on)))
    }

    /// Turns one, or all, on or off.
    fn switch(self, session: &Session, id: Option<u32>, on: bool) -> Result<Listed, Failure> {
        let target = Target::of(session, None)?;
        let mut algorithms = target.client.get(&ALGORITHMS, &[target.partition()])?;
        let numbers = self.of(&mut algorithms);
        let meant = |number: u32| id.is_none_or(|id| id == number);
        numbers.retain(|number| !meant(*number));
        if on {
            numbers.extend(self.all().iter().map(|(number, _)| *number).filter(|n| meant(*n)));
            numbers.sort_unstable();
        }
        if algorithms.hmacs.is_empty() {
            return Err(codes::failure(
                codes::NOT_ALLOWED,
                "One algorithm of message integrity has to stay on.",
            ));
        }
        target.client.call(&SET_ALGORITHMS, &[target.partition()], &algorithms)?;
        Ok(self.listed(target.slot, self.of(&mut algorithms)))
    }

    fn listed(self, slot: usize, on: &[u32]) -> Listed {
        let algorithm = |(id, name): &(u32, &'static str)| Algorithm {
            id: *id,
            name,
            enabled: on.contains(id),
        };
        Listed { slot, algorithms: self.all().iter().map(algorithm).collect(), list: self }
    }
}

/// The algorithms of a list, and which are on.
#[derive(Serialize)]
struct Listed {
    slot: usize,
    algorithms: Vec<Algorithm>,
    #[serde(skip)]
    list: List,
}

#[derive(Serialize)]
struct Algorithm {
    id: u32,
    name: &'static str,
    enabled: bool,
}

impl Text for Listed {
    fn write(&self, page: &mut Page) {
        if matches!(self.list, List::Ciphers) {
            let on = self.algorithms.iter().any(|algorithm| algorithm.enabled);
            page.field("        Encryption ->", 32, if on { "On" } else { "Off" });
            page.blank();
        }
        let title = self.list.title();
        let mut table = Table::new(8, 2, &[(9, false), (40, false), (7, false)]);
        table.row([&format!("{title} ID"), &format!("{title} Name"), "Enabled"]);
        table.row(["=".repeat(9), "=".repeat(40), "=".repeat(7)]);
        for Algorithm { id, name, enabled } in &self.algorithms {
            table.row([id.to_string().as_str(), *name, if *enabled { "Yes" } else { "No" }]);
        }
        page.table(&table);
    }
}

#[derive(Deserialize)]
struct CipherDisable {
    id: Option<u32>,
    #[serde(rename = "all")]
    _all: bool,
}

impl Run<Session> for CipherDisable {
    type View = Listed;

    fn run(self, session: &mut Session) -> Result<Listed, Failure> {
        List::Ciphers.switch(session, self.id, false)
    }
}

#[derive(Deserialize)]
struct CipherEnable {
    id: Option<u32>,
    #[serde(rename = "all")]
    _all: bool,
}

impl Run<Session> for CipherEnable {
    type View = Listed;

    fn run(self, session: &mut Session) -> Result<Listed, Failure> {
        List::Ciphers.switch(session, self.id, true)
    }
}

#[derive(Deserialize)]
struct CipherShow {}

impl Run<Session> for CipherShow {
    type View = Listed;

    fn run(self, session: &mut Session) -> Result<Listed, Failure> {
        List::Ciphers.show(session)
    }
}

#[derive(Deserialize)]
struct HmacDisable {
    id: u32,
}

impl Run<Session> for HmacDisable {
    type View = Listed;

    fn run(self, session: &mut Session) -> Result<Listed, Failure> {
        List::Hmacs.switch(session, Some(self.id), false)
    }
}

#[derive(Deserialize)]
struct HmacEnable {
    id: Option<u32>,
    #[serde(rename = "all")]
    _all: bool,
}

impl Run<Session> for HmacEnable {
    type View = Listed;

    fn run(self, session: &mut Session) -> Result<Listed, Failure> {
        List::Hmacs.switch(session, self.id, true)
    }
}

#[derive(Deserialize)]
struct HmacShow {}

impl Run<Session> for HmacShow {
    type View = Listed;

    fn run(self, session: &mut Session) -> Result<Listed, Failure> {
        List::Hmacs.show(session)
    }
}
