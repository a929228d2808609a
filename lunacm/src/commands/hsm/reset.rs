//! `hsm clear`, `factoryreset`, `restart`, `zeroize`: what erases the HSM or ends all its logins.

use luna_rest::{Nothing, hsm};

use crate::commands::Done;
use crate::commands::administrative::{forget_login, require_so, require_so_if_any, sure};
use crate::prelude::*;

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "hsm clear [-force|-f]",
        help: "Delete the objects of the SO",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[],
        known: Known::Assumed(
            "known by name only; its lines are those of 'partition clear', and an emulated HSM has no \
             objects outside of partitions",
        ),
        run: call::<Clear>(),
    },
    Command {
        syntax: "hsm factoryreset [-force|-f]",
        help: "Erase the HSM, its policies and its Auditor",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[hsm::SHOW.resource(), hsm::ACT.resource()],
        known: Known::Documented(
            "KeySecure k570 installation guide, which names it; its question is assumed",
        ),
        run: call::<FactoryReset>(),
    },
    Command {
        syntax: "hsm restart [-force|-f]",
        help: "Restart the HSM, which ends all its logins",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[hsm::SHOW.resource(), hsm::RESTART.resource()],
        known: Known::Assumed("known by name only; its question is assumed"),
        run: call::<Restart>(),
    },
    Command {
        syntax: "hsm zeroize [-force|-f]",
        help: "Erase the HSM but keep its policies",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[hsm::SHOW.resource(), hsm::ACT.resource()],
        known: Known::Assumed(
            "pages say what it does, not what it asks; REST wants the SO, as it does of LunaSH",
        ),
        run: call::<Zeroize>(),
    },
];

const DESTROYED: &str = "All contents of the HSM will be destroyed.";

fn act(session: &mut Session, action: &str) -> Result<(), Failure> {
    let (client, serial) = session.backup_hsm()?;
    client.call(&hsm::ACT, &[serial, action], &hsm::Action::default())?;
    forget_login(session)
}

#[derive(Deserialize)]
struct Clear {
    force: bool,
}

/// The objects that were deleted.
#[derive(Serialize)]
struct Cleared {
    done: &'static str,
    objects: u64,
}

impl Run<Session> for Clear {
    type View = Cleared;

    fn run(self, session: &mut Session) -> Result<Cleared, Failure> {
        require_so(session)?;
        sure(session, self.force, "delete all token objects of the SO", None)?;
        Ok(Cleared { done: "hsm clear", objects: 0 })
    }
}

impl Text for Cleared {
    fn write(&self, page: &mut Page) {
        page.line(format!("        {} objects were deleted.", self.objects));
    }
}

#[derive(Deserialize)]
struct FactoryReset {
    force: bool,
}

/// Documented: nobody needs to be logged in.
impl Run<Session> for FactoryReset {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        session.backup_hsm()?;
        let destroyed = format!("{DESTROYED}\n        So will be its policies and its Auditor.");
        sure(session, self.force, "factory reset the HSM", Some(&destroyed))?;
        act(session, "factoryReset")?;
        Ok(Done::new("hsm factoryreset"))
    }
}

#[derive(Deserialize)]
struct Restart {
    force: bool,
}

impl Run<Session> for Restart {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        require_so_if_any(session)?;
        sure(session, self.force, "restart the HSM", None)?;
        let (client, _) = session.backup_hsm()?;
        client.call(&hsm::RESTART, &[], &Nothing {})?;
        forget_login(session)?;
        Ok(Done::new("hsm restart"))
    }
}

#[derive(Deserialize)]
struct Zeroize {
    force: bool,
}

impl Run<Session> for Zeroize {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        require_so_if_any(session)?;
        sure(session, self.force, "zeroize the HSM", Some(DESTROYED))?;
        act(session, "zeroize")?;
        Ok(Done::new("hsm zeroize"))
    }
}
