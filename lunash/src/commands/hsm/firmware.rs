//! `hsm firmware`.

use luna_rest::hsm;

use super::{require_so, state};
use crate::prelude::*;
use crate::questions::{caution, proceed};

pub(in super::super) const MENUS: &[Menu] =
    &[Menu { path: "hsm firmware", help: "Firmware of the HSM" }];

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "hsm firmware rollback [-force|-f]",
        help: "Go back to the former firmware, which zeroizes the HSM",
        options: &[],
        roles: Role::ADMIN,
        rest: &[hsm::SHOW.resource(), hsm::FIRMWARE_ACT.resource()],
        known: Known::Assumed("named in a procedure: the caution is made like its neighbours'"),
        run: call::<Rollback>(),
    },
    Command {
        syntax: "hsm firmware show",
        help: "Show the firmware and what it can go back to",
        options: &[],
        roles: Role::MONITOR,
        rest: &[hsm::FIRMWARE.resource()],
        known: Known::Assumed("the output was not seen: labels and values a line each"),
        run: call::<Show>(),
    },
    Command {
        syntax: "hsm firmware upgrade [-force|-f]",
        help: "Install the firmware that waits on the appliance",
        options: &[],
        roles: Role::ADMIN,
        rest: &[hsm::SHOW.resource(), hsm::FIRMWARE_ACT.resource()],
        known: Known::Assumed("the page was not found: the caution is made like its neighbours'"),
        run: call::<Upgrade>(),
    },
];

/// The firmware.
#[derive(Serialize)]
struct Firmware {
    version: String,
    /// What it can go back to; empty for none.
    rollback_version: String,
    /// What waits to be installed; empty for none.
    upgrade_version: String,
}

impl Firmware {
    fn read(session: &Session) -> Result<Firmware, Failure> {
        let firmware = session.get(&hsm::FIRMWARE, &[session.hsm()?])?;
        Ok(Firmware {
            version: firmware.version,
            rollback_version: firmware.rollback_version,
            upgrade_version: firmware.upgrade_version,
        })
    }
}

impl Text for Firmware {
    fn write(&self, page: &mut Page) {
        let or_none = |text: &str| if text.is_empty() { "none" } else { text }.to_owned();
        page.field("Current Firmware:", 24, &self.version);
        page.field("Rollback Firmware:", 24, or_none(&self.rollback_version));
        page.field("Upgrade Firmware:", 24, or_none(&self.upgrade_version));
    }
}

#[derive(Deserialize)]
struct Show {}

impl Run<Session> for Show {
    type View = Firmware;

    fn run(self, session: &mut Session) -> Result<Firmware, Failure> {
        Firmware::read(session)
    }
}

#[derive(Deserialize)]
struct Rollback {
    force: bool,
}

impl Run<Session> for Rollback {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        require_so(&state(session)?)?;
        session.confirm(
            self.force,
            &caution(
                "Are you sure you wish to roll back the firmware of this HSM?\n\
                 The HSM will be zeroized and must be initialized again.\n",
                &proceed("roll back the firmware"),
            ),
        )?;
        let ids = [session.hsm()?, "rollback"];
        session.call(&hsm::FIRMWARE_ACT, &ids, &Nothing {})?;
        Ok(Done { done: "hsm firmware rollback" })
    }
}

#[derive(Deserialize)]
struct Upgrade {
    force: bool,
}

impl Run<Session> for Upgrade {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        require_so(&state(session)?)?;
        session.confirm(
            self.force,
            &caution(
                "Are you sure you wish to upgrade the firmware of this HSM?\n\
                 The HSM will be restarted, which ends all its logins.\n",
                &proceed("upgrade the firmware"),
            ),
        )?;
        let ids = [session.hsm()?, "upgrade"];
        session.call(&hsm::FIRMWARE_ACT, &ids, &Nothing {})?;
        Ok(Done { done: "hsm firmware upgrade" })
    }
}
