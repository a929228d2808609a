//! `hsm zeroize`, `factoryReset`, `restart`: what erases the HSM or ends all its logins.

use luna_rest::hsm;

use super::{require_so, state};
use crate::prelude::*;
use crate::questions::{caution, proceed, proceed_or};

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
    session.call(&hsm::ACT, &ids, &hsm::Action::default())?;
    Ok(())
}

#[derive(Deserialize)]
struct FactoryReset {
    force: bool,
}

impl Run<Session> for FactoryReset {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        session.confirm(
            self.force,
            &caution(
                "Are you sure you wish to reset this HSM to\n\
                 factory default settings?  All data will be erased.\n",
                &proceed_or("return the HSM to factory default"),
            ),
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
        session.confirm(
            self.force,
            &caution(
                "Are you sure you wish to zeroize this HSM?\n\
                 All partitions will be erased.  Policies will be kept.\n",
                &proceed("zeroize the HSM"),
            ),
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
        session.confirm(
            self.force,
            "WARNING !!  This command will restart the HSM card.\n\
             If you are sure that you wish to proceed, then type 'proceed', otherwise type 'quit'\n\
             > ",
        )?;
        session.call(&hsm::RESTART, &[], &Nothing {})?;
        Ok(Message::new("Proceeding...\nRestarting HSM card in progress. Please wait..."))
    }
}
