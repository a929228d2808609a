//! `hsm tampershow`, `tamperclear`: the tamper events that the HSM detected.

use luna_rest::{Nothing, hsm};

use crate::commands::Done;
use crate::commands::administrative::{require_so_if_any, sure};
use crate::prelude::*;

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "hsm tamperclear [-force|-f]",
        help: "Clear the tamper events once they were looked into",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[hsm::SHOW.resource(), hsm::TAMPER_ACT.resource()],
        known: Known::Assumed("known by name only; its question is assumed"),
        run: call::<Clear>(),
    },
    Command {
        syntax: "hsm tampershow",
        help: "Show the detected tamper events",
        options: &[],
        roles: Role::MONITOR,
        rest: &[hsm::TAMPER.resource()],
        known: Known::Assumed("known by name only; its lines are those of LunaSH"),
        run: call::<Show>(),
    },
];

#[derive(Deserialize)]
struct Clear {
    force: bool,
}

impl Run<Session> for Clear {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        require_so_if_any(session)?;
        sure(session, self.force, "clear the tamper events of the HSM", None)?;
        let (client, serial) = session.backup_hsm()?;
        client.call(&hsm::TAMPER_ACT, &[serial, "clear"], &Nothing {})?;
        session.refresh_slot()?;
        Ok(Done::new("hsm tamperclear"))
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
        let (client, serial) = session.backup_hsm()?;
        let tamper = client.get(&hsm::TAMPER, &[serial])?;
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
            page.line(format!("        {tamper}"));
        }
    }
}
