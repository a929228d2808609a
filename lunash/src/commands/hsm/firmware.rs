//! `hsm firmware`.

use luna_rest::hsm;

use super::{require_so, state};
use crate::prelude::*;

pub(in super::super) const MENUS: &[Menu] =
    &[Menu { path: "hsm firmware", help: "Firmware of the HSM" }];

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "hsm firmware rollback [-force|-f]",
        help: "Go back to the former firmware, which zeroizes the HSM",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[hsm::SHOW.resource(), hsm::FIRMWARE_ACT.resource()],
        known: Known::Documented("lunash/commands/hsm/hsm_firmware_rollback.htm@7.2"),
        run: call::<Rollback>(),
    },
    Command {
        syntax: "hsm firmware show",
        help: "Show the firmware and what it can go back to",
        options: &[],
        roles: Role::MONITOR,
        rest: &[hsm::FIRMWARE.resource()],
        known: Known::Documented("lunash/commands/hsm/hsm_firmware_show.htm@7.2"),
        run: call::<Show>(),
    },
    Command {
        syntax: "hsm firmware upgrade [-force|-f]",
        help: "Install the firmware that waits on the appliance",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[hsm::SHOW.resource(), hsm::FIRMWARE_ACT.resource()],
        known: Known::Documented("lunash/commands/hsm/hsm_firmware_upgrade.htm@7.2"),
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

/// That a version that is missing is called `none` is assumed.
impl Text for Firmware {
    fn write(&self, page: &mut Page) {
        let or_none = |text: &str| if text.is_empty() { "none" } else { text }.to_owned();
        page.field("   Current Firmware:", 39, &self.version);
        page.field("   Rollback Firmware:", 39, or_none(&self.rollback_version));
        page.field("   Upgrade Firmware:", 39, or_none(&self.upgrade_version));
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

/// Asks whether to go on with what `warning` says, for which the HSM SO has to be logged in. Assumed:
/// with `-force` nothing is said of the question.
fn confirm(session: &mut Session, force: bool, warning: &str) -> Result<(), Failure> {
    require_so(&state(session)?)?;
    session.ui().show("   The HSM Administrator is logged in. Proceeding...\n\n");
    if !force {
        session.confirm(
            false,
            &format!(
                "   WARNING: {warning}\n   Type 'proceed' to continue, or 'quit' to quit now.\n\n   > "
            ),
        )?;
        session.ui().show("   Proceeding...\n\n");
    }
    Ok(())
}

#[derive(Deserialize)]
struct Rollback {
    force: bool,
}

impl Run<Session> for Rollback {
    type View = Told;

    fn run(self, session: &mut Session) -> Result<Told, Failure> {
        confirm(
            session,
            self.force,
            "This operation will rollback your HSM to the previous firmware version !!!\n\n\
             \x20        (1) This is a destructive operation.\n\
             \x20        (2) You will lose all your partitions.\n\
             \x20        (3) You might lose some capabilities.\n\
             \x20        (4) You must re-initialize the HSM.\n\
             \x20        (5) If the PED use is remote, you must re-connect it.\n",
        )?;
        let ids = [session.hsm()?, "rollback"];
        session.call(&hsm::FIRMWARE_ACT, &ids, &Nothing {})?;
        Ok(Told::new(
            "hsm firmware rollback",
            "Rolling back firmware.  This may take several minutes.\n",
        ))
    }
}

#[derive(Deserialize)]
struct Upgrade {
    force: bool,
}

impl Run<Session> for Upgrade {
    type View = Told;

    fn run(self, session: &mut Session) -> Result<Told, Failure> {
        confirm(
            session,
            self.force,
            "This operation will upgrade the firmware and restart NTLS/STC !!!\n\n\
             \x20        (1) All current NTLS and/or STC sessions will be reset.\n\
             \x20        (2) If the server keys are in hardware, you must re-activate them.\n\
             \x20        (3) If the PED use is remote, you must re-connect it.\n",
        )?;
        let ids = [session.hsm()?, "upgrade"];
        session.call(&hsm::FIRMWARE_ACT, &ids, &Nothing {})?;
        let restarts = ["ntls", "stcd"].map(|daemon| {
            let stop = format!("Stopping {daemon}:");
            let start = format!("Starting {daemon}:");
            format!("{stop:<59}[  OK  ]\n\n{start:<59}[  OK  ]")
        });
        let text =
            format!("Update Result : 0 (Success)\nresetting HSM ...\n{}", restarts.join("\n"));
        Ok(Told::new("hsm firmware upgrade", text))
    }
}
