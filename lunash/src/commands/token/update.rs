//! `token backup update`: firmware and licences of a Backup HSM.

use luna_rest::tokens::{self, TokenUpgrade};

use super::find;
use crate::prelude::*;
use luna_rest::users;

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "token backup update capability -serial|-s <serialnum> -capability|-c <filename> [-force|-f]",
        help: "Apply a capability upgrade to a Backup HSM",
        options: &[
            ("-serial", "Serial number of the Backup HSM"),
            ("-capability", "Licence file, its name ends in .lic"),
        ],
        roles: Role::ADMIN,
        rest: &[tokens::SHOW.resource(), users::FILES.resource(), tokens::UPGRADE.resource()],
        known: Known::Assumed("the page was cut before its syntax: that of hsm update capability"),
        run: call::<Capability>(),
    },
    Command {
        syntax: "token backup update firmware -serial|-s <serialnum> [-force|-f]",
        help: "Install newer firmware on a Backup HSM",
        options: &[("-serial", "Serial number of the Backup HSM")],
        roles: Role::ADMIN,
        rest: &[tokens::UPDATE_FIRMWARE.resource()],
        known: Known::Assumed("known by name only; made like hsm firmware upgrade"),
        run: call::<Firmware>(),
    },
    Command {
        syntax: "token backup update show -serial|-s <serialnum>",
        help: "Show the firmware of a Backup HSM and the upgrades that were applied",
        options: &[("-serial", "Serial number of the Backup HSM")],
        roles: Role::MONITOR,
        rest: &[tokens::SHOW.resource()],
        known: Known::Assumed("known by name only; lines of hsm firmware show, hsm update show"),
        run: call::<Show>(),
    },
];

#[derive(Deserialize)]
struct Capability {
    serial: String,
    capability: String,
    #[serde(rename = "force")]
    _force: bool,
}

impl Run<Session> for Capability {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        find(session, &self.serial)?;
        let body = TokenUpgrade { file: session.provide(&self.capability)? };
        session.call(&tokens::UPGRADE, &[&self.serial], &body)?;
        Ok(Done { done: "token backup update capability" })
    }
}

#[derive(Deserialize)]
struct Firmware {
    serial: String,
    #[serde(rename = "force")]
    _force: bool,
}

impl Run<Session> for Firmware {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let ids = [self.serial.as_str()];
        session.call(&tokens::UPDATE_FIRMWARE, &ids, &Nothing {})?;
        Ok(Done { done: "token backup update firmware" })
    }
}

#[derive(Deserialize)]
struct Show {
    serial: String,
}

/// Firmware, and capability upgrades that were applied.
#[derive(Serialize)]
struct Updates {
    firmware: String,
    upgrades: Vec<String>,
}

impl Run<Session> for Show {
    type View = Updates;

    fn run(self, session: &mut Session) -> Result<Updates, Failure> {
        let token = find(session, &self.serial)?;
        Ok(Updates { firmware: token.firmware, upgrades: token.upgrades })
    }
}

impl Text for Updates {
    fn write(&self, page: &mut Page) {
        page.field("Current Firmware:", 24, &self.firmware);
        page.blank();
        if self.upgrades.is_empty() {
            page.line("No capability upgrades were applied.");
        }
        for upgrade in &self.upgrades {
            page.line(upgrade);
        }
    }
}
