//! `hsm tamper`: what the HSM detected, and that somebody looked at it.

use luna_rest::hsm;

use crate::prelude::*;

pub(in super::super) const MENUS: &[Menu] =
    &[Menu { path: "hsm tamper", help: "Detected tamper events" }];

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "hsm tamper clear [-force|-f]",
        help: "Clear the tamper events once they were looked into",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[hsm::TAMPER_ACT.resource()],
        known: Known::Assumed("the page was not found: output as that of its neighbours"),
        run: call::<Clear>(),
    },
    Command {
        syntax: "hsm tamper show",
        help: "Show the detected tamper events",
        options: &[],
        roles: Role::MONITOR,
        rest: &[hsm::TAMPER.resource()],
        known: Known::Assumed("the output was not seen: a line an event, values of REST's page"),
        run: call::<Show>(),
    },
];

#[derive(Deserialize)]
struct Clear {
    #[serde(rename = "force")]
    _force: bool,
}

impl Run<Session> for Clear {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let ids = [session.hsm()?, "clear"];
        session.call(&hsm::TAMPER_ACT, &ids, &Nothing {})?;
        Ok(Done { done: "hsm tamper clear" })
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
            page.line("No active tampers.");
            return;
        }
        page.field("Time:", 12, &self.time);
        for tamper in &self.tampers {
            page.field("Tamper:", 12, tamper);
        }
        page.blank();
        page.line("Clear them with 'hsm tamper clear' once they were looked into.");
    }
}
