//! `partition create`, `delete` and `resize`: commands of administrative slots.
//!
//! A client of a Network HSM has no such slot, and the product's menu does not show them there.
//! They are declared so that their names do not pass for the beginning of longer ones.

use luna_shell::Kind;

use crate::commands::{Done, hint_for_unknown};
use crate::prelude::*;

const ANSWER: &str = "shown on administrative slots only; the answer on others is ours";

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "partition|par create [-slot|-sl <slotnum>] [-size|-si <bytes>] [-force|-f]",
        help: "Create a partition (administrative slots)",
        options: &[("-size", "Size in bytes")],
        roles: Role::ANY,
        rest: &[],
        known: Known::Documented("lunacm/commands/partition/partition_create.htm"),
        run: call::<Create>(),
    },
    Command {
        syntax: "partition|par delete [-slot|-s <slotnum>] [-force|-f]",
        help: "Delete a partition (administrative slots)",
        options: &[],
        roles: Role::ANY,
        rest: &[],
        known: Known::Assumed(ANSWER),
        run: call::<Delete>(),
    },
    Command {
        syntax: "partition|par resize [-slot|-sl <slotnum>] [-size|-si <bytes>] [-force|-f]",
        help: "Resize a partition (administrative slots)",
        options: &[("-size", "New size in bytes")],
        roles: Role::ANY,
        rest: &[],
        known: Known::Assumed(ANSWER),
        run: call::<Resize>(),
    },
];

fn absent(word: &str) -> Failure {
    let failure = Failure::new(
        Kind::NotUnderstood,
        format!("There is no command 'partition {word}' on a network slot."),
    );
    match hint_for_unknown(&["partition", word]) {
        Some(told) => failure.hint(told),
        None => failure,
    }
}

#[derive(Deserialize)]
struct Create {
    #[serde(rename = "slot")]
    _slot: Option<usize>,
    #[serde(rename = "size")]
    _size: Option<u64>,
    #[serde(rename = "force")]
    _force: bool,
}

impl Run<Session> for Create {
    type View = Done;

    fn run(self, _: &mut Session) -> Result<Done, Failure> {
        Err(absent("create"))
    }
}

#[derive(Deserialize)]
struct Delete {
    #[serde(rename = "slot")]
    _slot: Option<usize>,
    #[serde(rename = "force")]
    _force: bool,
}

impl Run<Session> for Delete {
    type View = Done;

    fn run(self, _: &mut Session) -> Result<Done, Failure> {
        Err(absent("delete"))
    }
}

#[derive(Deserialize)]
struct Resize {
    #[serde(rename = "slot")]
    _slot: Option<usize>,
    #[serde(rename = "size")]
    _size: Option<u64>,
    #[serde(rename = "force")]
    _force: bool,
}

impl Run<Session> for Resize {
    type View = Done;

    fn run(self, _: &mut Session) -> Result<Done, Failure> {
        Err(absent("resize"))
    }
}
