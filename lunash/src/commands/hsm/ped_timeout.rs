//! `hsm ped timeout`: how long PED operations may take.

use luna_rest::hsm;

use crate::prelude::*;

pub(in super::super) const MENUS: &[Menu] =
    &[Menu { path: "hsm ped timeout", help: "Time limits of PED operations" }];

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "hsm ped timeout set -type|-t <rped|pedk|pedo|wdel> -seconds|-s <seconds:0-99999>",
        help: "Set a time limit of PED operations",
        options: &[
            ("-type", "Idle connection, key, operation, or delay between two writes"),
            ("-seconds", "Seconds, or microseconds for wdel; 0 is the default of rped and pedk"),
        ],
        roles: Role::OPERATOR,
        rest: &[hsm::SET_PED_TIMEOUT.resource()],
        known: Known::Documented("lunash/commands/hsm/hsm_ped_timeout_set.htm"),
        run: call::<Set>(),
    },
    Command {
        syntax: "hsm ped timeout show",
        help: "Show the time limits of PED operations",
        options: &[],
        roles: Role::MONITOR,
        rest: &[hsm::PED_TIMEOUTS.resource()],
        known: Known::Documented("lunash/commands/hsm/hsm_ped_timeout_show.htm@7.2"),
        run: call::<Show>(),
    },
];

#[derive(Deserialize)]
struct Set {
    r#type: String,
    seconds: u32,
}

/// A time limit that was set.
#[derive(Serialize)]
struct Limit {
    r#type: String,
    seconds: u32,
}

impl Run<Session> for Set {
    type View = Limit;

    fn run(self, session: &mut Session) -> Result<Limit, Failure> {
        let body = hsm::SetPedTimeout { seconds: self.seconds };
        session.call(&hsm::SET_PED_TIMEOUT, &[&self.r#type], &body)?;
        Ok(Limit { r#type: self.r#type, seconds: self.seconds })
    }
}

impl Text for Limit {
    fn write(&self, page: &mut Page) {
        let unit = if self.r#type == "wdel" { "microseconds" } else { "seconds" };
        page.line(format!("Set the timeout value to {} {unit}.", self.seconds));
    }
}

#[derive(Deserialize)]
struct Show {}

/// The PED time limits: seconds, and microseconds for `wdel`.
#[derive(Serialize)]
struct Limits {
    rped: u32,
    pedk: u32,
    pedo: u32,
    wdel: Option<u32>,
}

impl Run<Session> for Show {
    type View = Limits;

    fn run(self, session: &mut Session) -> Result<Limits, Failure> {
        let hsm::PedTimeouts { rped, pedk, pedo, wdel } = session.get(&hsm::PED_TIMEOUTS, &[])?;
        Ok(Limits { rped, pedk, pedo, wdel })
    }
}

/// The line of the delay, which 7.2 did not have, is assumed.
impl Text for Limits {
    fn write(&self, page: &mut Page) {
        for (label, limit) in [
            ("The remote PED connection timeout value (seconds) =  ", self.rped),
            ("The PED key interaction timeout value (seconds)    = ", self.pedk),
            ("The entire PED operation timeout value (seconds)  =  ", self.pedo),
        ] {
            page.field(label, 0, limit);
        }
        if let Some(delay) = self.wdel {
            page.field("The PED write delay value (microseconds)          =  ", 0, delay);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use luna_shell::View;

    /// From the product's page of `hsm ped timeout show`.
    #[test]
    fn time_limits_have_the_bytes_of_the_product() {
        assert_eq!(
            Limits { rped: 1800, pedk: 200, pedo: 830, wdel: None }.text(),
            "The remote PED connection timeout value (seconds) =  1800\n\
             The PED key interaction timeout value (seconds)    = 200\n\
             The entire PED operation timeout value (seconds)  =  830\n"
        );
    }
}
