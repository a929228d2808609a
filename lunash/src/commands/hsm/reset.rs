//! `hsm zeroize`, `factoryReset`, `restart`: what erases the HSM or ends all its logins.

use luna_rest::hsm;

use super::{require_so, state};
use crate::prelude::*;
use crate::questions::{caution, proceed_or};

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "hsm factoryReset [-force|-f]",
        help: "Erase the HSM and give its policies the values they came with",
        options: &[],
        roles: Role::ADMIN,
        rest: &[hsm::ACT.resource()],
        known: Known::Documented("lunash/commands/hsm/hsm_factoryreset.htm@7.2"),
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
        known: Known::Documented("lunash/commands/hsm/hsm_zeroize.htm@7.2"),
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

/// The product wants its serial console, which an emulated one does not have.
impl Run<Session> for FactoryReset {
    type View = Told;

    fn run(self, session: &mut Session) -> Result<Told, Failure> {
        session.confirm(
            self.force,
            &caution(
                "Are you sure you wish to reset this HSM to factory\n\
                 default settings? All partitions and data will be erased.\n\
                 Partition policies will be reverted to factory settings.\n\
                 HSM level policies will be reverted to factory settings.\n\
                 If you want to erase partitions and data only, use zeroize.\n\
                 Remote PED vector will be erased.",
                &proceed_or("return the HSM to factory default"),
            ),
        )?;
        act(session, "factoryReset")?;
        Ok(Told::new(
            "hsm factoryReset",
            format!(
                "{}'hsm factoryReset' successful.\n\n\
                 Please wait while the HSM is reset to complete the process.\n\
                 The remote PED vector (RPV) has been erased on HSM.",
                session.lead()
            ),
        ))
    }
}

#[derive(Deserialize)]
struct Zeroize {
    force: bool,
}

/// The product does it at its serial console only, without a login; REST wants the HSM SO.
impl Run<Session> for Zeroize {
    type View = Told;

    fn run(self, session: &mut Session) -> Result<Told, Failure> {
        require_so(&state(session)?)?;
        session.confirm(
            self.force,
            &format!(
                "\n\
                 CAUTION: Are you sure you wish to zeroize this HSM?\n\
                 \x20         All partitions and data will be erased.\n\
                 \x20         HSM level policies will not be changed.\n\
                 \x20         All current NTLS and/or STC sessions will be terminated.\n\
                 \x20         If you want policies reverted as well, use factory reset.\n{}",
                proceed_or("return the HSM to factory default")
            ),
        )?;
        act(session, "zeroize")?;
        Ok(Told::new(
            "hsm zeroize",
            "'hsm zeroize' successful.\n\n\
             Please wait while the HSM is reset to complete the\n\
             process.\n",
        ))
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
