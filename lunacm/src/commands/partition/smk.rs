//! `partition smk…`: the SKS master key.

use luna_rest::partitions as rest;
use luna_rest::{objects, partitions};
use luna_shell::Kind;

use crate::commands::Done;
use crate::commands::role::log_in;
use crate::prelude::*;
use crate::slot_backend::SlotBackend;

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "partition|par smkclone -slot|-s <slotnum> [-password|-p <password>] [-force|-f]",
        help: "Clone the SKS master key to another slot",
        options: &[("-password", "Password of the other slot's Crypto Officer")],
        roles: Role::OPERATOR,
        rest: &[
            partitions::ROLE.resource(),
            partitions::LOGIN.resource(),
            partitions::LOGOUT.resource(),
            objects::GIVE_SMK.resource(),
            objects::TAKE_SMK.resource(),
        ],
        known: Known::Assumed("known by name only; it asks as 'partition clone' does"),
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
    password: Option<Secret>,
    force: bool,
}

impl Run<Session> for Clone {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        session.partition(None)?;
        session.partition(Some(self.slot))?;
        session.require(&[PartitionRole::Co])?;
        let (source, from) = (session.slot()?.slot, session.backend()?);
        if source == self.slot {
            return Err(Failure::new(Kind::BadArguments, "-slot is the current slot."));
        }
        if !self.force {
            session.confirm(
                "        You are about to replace the SKS master key of the other slot.\n        \
                 What was extracted from it before cannot be inserted again.\n        \
                 Are you sure you wish to continue?",
                "-force",
            )?;
        }
        session.select(self.slot);
        let done = take(session, self.password, &from);
        session.select(source);
        done?;
        Ok(Done::new("partition smkclone"))
    }
}

/// Gives the current slot the master key of another one, and logs in to it for that.
fn take(
    session: &mut Session,
    password: Option<Secret>,
    from: &SlotBackend,
) -> Result<(), Failure> {
    let key = from.give_smk()?;
    let logged_in = session.slot()?.role == Some(PartitionRole::Co);
    if !logged_in {
        log_in(session, PartitionRole::Co, password)?;
    }
    let done = session.backend()?.take_smk(key);
    if !logged_in {
        session.backend()?.log_out()?;
        session.logged_in(None);
    }
    Ok(done?)
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
