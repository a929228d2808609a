//! `hsm tamper`: the tamper events that the HSM detected, and their acknowledgement.

use luna_rest::hsm;

use super::{require_so, state};
use crate::prelude::*;

pub(in super::super) const MENUS: &[Menu] =
    &[Menu { path: "hsm tamper", help: "Detected tamper events" }];

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "hsm tamper clear [-force|-f]",
        help: "Clear the tamper events once they were looked into",
        options: &[],
        roles: Role::ADMIN,
        rest: &[hsm::SHOW.resource(), hsm::TAMPER_ACT.resource()],
        known: Known::Documented("lunash/commands/hsm/hsm_tamper_clear.htm@7.2"),
        run: call::<Clear>(),
    },
    Command {
        syntax: "hsm tamper show",
        help: "Show the detected tamper events",
        options: &[],
        roles: Role::MONITOR,
        rest: &[hsm::TAMPER.resource()],
        known: Known::Documented("lunash/commands/hsm/hsm_tamper_show.htm@7.2"),
        run: call::<Show>(),
    },
];

#[derive(Deserialize)]
struct Clear {
    force: bool,
}

impl Run<Session> for Clear {
    type View = Told;

    fn run(self, session: &mut Session) -> Result<Told, Failure> {
        require_so(&state(session)?)?;
        session.confirm(
            self.force,
            "\nWARNING !!  You are about to clear the HSM Tamper State..\n\
             \x20           If you are sure that you wish to proceed, then type 'proceed', otherwise type 'quit'.\n\
             \n\
             > ",
        )?;
        let ids = [session.hsm()?, "clear"];
        session.call(&hsm::TAMPER_ACT, &ids, &Nothing {})?;
        Ok(Told::new(
            "hsm tamper clear",
            "Proceeding...\n\nHSM Tamper State was successfully cleared.\n\n",
        ))
    }
}

#[derive(Deserialize)]
struct Show {}

/// The detected tamper events.
#[derive(Serialize)]
struct Tampers {
    tampers: Vec<String>,
    /// UTC; empty without events.
    time: String,
}

impl Run<Session> for Show {
    type View = Tampers;

    fn run(self, session: &mut Session) -> Result<Tampers, Failure> {
        let tamper = session.get(&hsm::TAMPER, &[session.hsm()?])?;
        let tampers = tamper.tampers.into_iter().map(|event| event.tamper).collect();
        Ok(Tampers { tampers, time: tamper.tamper_time })
    }
}

impl Text for Tampers {
    fn write(&self, page: &mut Page) {
        if self.tampers.is_empty() {
            page.line("        No active tampers.");
            return;
        }
        page.line("        WARNING - Tamper(s) Detected:");
        for tamper in &self.tampers {
            page.field("", 8, tamper);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use luna_shell::View;

    /// From the product's page of the command.
    #[test]
    fn a_tamper_is_shown_in_the_words_of_the_product() {
        let tampers = vec!["Chassis intrusion".to_owned()];
        assert_eq!(
            Tampers { tampers, time: String::new() }.text(),
            "        WARNING - Tamper(s) Detected:\n        Chassis intrusion\n"
        );
    }
}
