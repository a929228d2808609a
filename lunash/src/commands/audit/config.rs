//! `audit config`: what is recorded, and how often a new file is begun.

use luna_rest::audit;

use super::{SERIAL, Silent, check_serial};
use crate::prelude::*;
use crate::refusals::refused_value;

pub(in crate::commands) const COMMANDS: &[Command] = &[Command {
    syntax: "audit config -parameter|-p <parameter> -value|-v <value> [-serial|-s <serialnum>]",
    help: "Set which events are recorded, or how often a new file is begun",
    options: &[
        ("-parameter", "event or rotation, or the first letter of it"),
        (
            "-value",
            "Of event: f (failures), s (successes) or both, and of which categories, such as access,f,s, or \
             all, none; of rotation: hourly, daily, weekly, monthly or never",
        ),
        SERIAL,
    ],
    roles: Role::AUDIT,
    rest: &[audit::CONFIGURE.resource()],
    known: Known::Documented("lunash/commands/audit/audit_config.htm@7.2"),
    run: call::<Config>(),
}];

/// Assumed: the page says that there is a warning, not which.
const ALL: &str =
    "note: the log grows with every operation of the HSM, and stops the HSM when it is full";

#[derive(Deserialize)]
struct Config {
    parameter: String,
    value: String,
    serial: Option<String>,
}

impl Run<Session> for Config {
    type View = Silent;

    fn run(self, session: &mut Session) -> Result<Silent, Failure> {
        check_serial(session, self.serial.as_deref())?;
        let value = self.value.to_ascii_lowercase();
        let body = match self.parameter.to_ascii_lowercase().as_str() {
            "event" | "e" => {
                let events: Vec<String> =
                    value.split(',').map(|event| event.trim().to_owned()).collect();
                if events.iter().any(|event| matches!(event.as_str(), "all" | "l")) {
                    session.ui().note(ALL);
                }
                audit::Configure { events: Some(events), ..audit::Configure::default() }
            }
            "rotation" | "r" => {
                audit::Configure { rotation: Some(value), ..audit::Configure::default() }
            }
            _ => return Err(Failure::command("The parameter is 'event' or 'rotation'.")),
        };
        session.client().call(&audit::CONFIGURE, &[], &body).map_err(refused_value)?;
        // Assumed: the page shows no answer; `audit init` and `audit sync` have none.
        Ok(Silent { done: "audit config", asked: false })
    }
}
