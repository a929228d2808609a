//! `partition smk…`: the SKS master key.

use luna_rest::partitions as rest;

use crate::commands::Done;
use luna_rest::partitions;

use crate::prelude::*;

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "partition|par smkclone -slot|-s <slotnum> [-password|-p <password>] [-force|-f]",
        help: "Clone the SKS master key to another slot",
        options: &[("-password", "Password of the other slot's Crypto Officer")],
        roles: Role::OPERATOR,
        rest: &[],
        known: Known::Assumed("known by name only; there is no REST resource"),
        run: call::<Clone>(),
    },
    Command {
        syntax: "partition|par smkrollover {-start|-s | -end|-e}",
        help: "Replace the SKS master key in two steps",
        options: &[
            ("-start", "Make a new key beside the present one"),
            ("-end", "Give up the old key"),
        ],
        roles: Role::OPERATOR,
        rest: &[partitions::SMK_ACT.resource()],
        known: Known::Assumed("known by name only; the options are those of hsm smkrollover"),
        run: call::<Rollover>(),
    },
];

#[derive(Deserialize)]
struct Clone {
    slot: usize,
    #[serde(rename = "password")]
    _password: Option<Secret>,
    #[serde(rename = "force")]
    _force: bool,
}

impl Run<Session> for Clone {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        session.slot_or_current(Some(self.slot))?;
        Err(codes::failure(
            codes::NOT_SUPPORTED,
            "Cloning needs the cryptographic API: the REST API of the appliance has no resource \
             for it.",
        ))
    }
}

#[derive(Deserialize)]
struct Rollover {
    start: bool,
    #[serde(rename = "end")]
    _end: bool,
}

impl Run<Session> for Rollover {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let [hsm, partition] = session.partition(None)?;
        let action = if self.start { "start" } else { "end" };
        let key = [hsm.as_str(), &partition, "smk-fw7-rollover", action];
        session.client().call(&rest::SMK_ACT, &key, &luna_rest::Nothing {})?;
        Ok(Done::new("partition smkrollover"))
    }
}
