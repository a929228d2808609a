//! `audit config`: what is recorded, and how often a new file is begun.

use luna_rest::audit;

use super::{SERIAL, check_serial};
use crate::prelude::*;
use crate::refusals::refused_value;

pub(in crate::commands) const COMMANDS: &[Command] = &[Command {
    syntax: "audit config -parameter|-p <parameter> -value|-v <value> [-serial|-s <serialnum>]",
    help: "Set which events are recorded, or how often a new file is begun",
    options: &[
        ("-parameter", "event or rotation, or the first letter of it"),
        (
            "-value",
            "Of event: categories and f (failures), s (successes), such as access,f,s, or all, none; \
             of rotation: hourly, daily, weekly, monthly or never",
        ),
        SERIAL,
    ],
    roles: Role::AUDIT,
    rest: &[audit::CONFIGURE.resource()],
    known: Known::Assumed(
        "audit_config.htm is cut before its list of values: the other events are those of LunaCM's \
         page, rotations and answer are chosen",
    ),
    run: call::<Config>(),
}];

#[derive(Deserialize)]
struct Config {
    parameter: String,
    value: String,
    serial: Option<String>,
}

impl Run<Session> for Config {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        check_serial(session, self.serial.as_deref())?;
        let value = self.value.to_ascii_lowercase();
        let body = match self.parameter.to_ascii_lowercase().as_str() {
            "event" | "e" => {
                let events = value.split(',').map(|event| event.trim().to_owned()).collect();
                audit::Configure { events: Some(events), rotation: None }
            }
            "rotation" | "r" => audit::Configure { events: None, rotation: Some(value) },
            _ => return Err(Failure::command("The parameter is 'event' or 'rotation'.")),
        };
        session.client().call(&audit::CONFIGURE, &[], &body).map_err(refused_value)?;
        Ok(Done { done: "audit config" })
    }
}
