//! `hsm zeroize`, `factoryReset`, `restart`: what erases the HSM or ends all its logins.

use luna_rest::hsm;

use super::{caution, refused, require_so, state};
use crate::prelude::*;

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "hsm factoryReset [-force|-f]",
        help: "Erase the HSM and give its policies the values they came with",
        options: &[],
        roles: Role::ADMIN,
        rest: &[hsm::ACT.resource()],
        known: Known::Assumed(
            "the page was cut before its example: the caution of 'token backup factoryReset'; the \
             product wants its serial console, an emulated one has none",
        ),
        run: call::<FactoryReset>(),
    },
    Command {
        syntax: "hsm restart [-force|-f]",
        help: "Restart the HSM, which ends all its logins",
        options: &[],
        roles: Role::ADMIN,
        rest: &[hsm::SHOW.resource(), hsm::RESTART.resource()],
        known: Known::Seen("hsm-restart-7.7"),
        run: call::<Restart>(),
    },
    Command {
        syntax: "hsm zeroize [-force|-f]",
        help: "Erase the HSM but keep its policies",
        options: &[],
        roles: Role::ADMIN,
        rest: &[hsm::SHOW.resource(), hsm::ACT.resource()],
        known: Known::Assumed("the page was not found: the caution is made like its neighbours'"),
        run: call::<Zeroize>(),
    },
];

fn act(session: &Session, action: &str) -> Result<(), Failure> {
    let ids = [session.hsm()?, action];
    session.client().call(&hsm::ACT, &ids, &hsm::Action::default()).map_err(refused)?;
    Ok(())
}

#[derive(Deserialize)]
struct FactoryReset {
    force: bool,
}

impl Run<Session> for FactoryReset {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        caution(
            session,
            self.force,
            "CAUTION:  Are you sure you wish to reset this HSM to\n\
             \x20         factory default settings?  All data will be erased.\n\
             \n\
             \x20         Type 'proceed' to return the HSM to factory default, or\n\
             \x20         'quit' to quit now.\n\
             \x20         > ",
        )?;
        act(session, "factoryReset")?;
        Ok(Done { done: "hsm factoryReset" })
    }
}

#[derive(Deserialize)]
struct Zeroize {
    force: bool,
}

impl Run<Session> for Zeroize {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        require_so(&state(session)?)?;
        caution(
            session,
            self.force,
            "CAUTION:  Are you sure you wish to zeroize this HSM?\n\
             \x20         All partitions will be erased.  Policies will be kept.\n\
             \n\
             \x20         Type 'proceed' to zeroize the HSM, or 'quit'\n\
             \x20         to quit now.\n\
             \x20         > ",
        )?;
        act(session, "zeroize")?;
        Ok(Done { done: "hsm zeroize" })
    }
}

#[derive(Deserialize)]
struct Restart {
    force: bool,
}

impl Run<Session> for Restart {
    type View = Message;

    fn run(self, session: &mut Session) -> Result<Message, Failure> {
        require_so(&state(session)?)?;
        caution(
            session,
            self.force,
            "WARNING !!  This command will restart the HSM card.\n\
             If you are sure that you wish to proceed, then type 'proceed', otherwise type 'quit'\n\
             > ",
        )?;
        session.client().call(&hsm::RESTART, &[], &Nothing {}).map_err(refused)?;
        Ok(Message::new("Proceeding...\nRestarting HSM card in progress. Please wait..."))
    }
}
