//! `hsm information`: counters of the HSM; `monitor.rs` shows how busy it is.

use luna_rest::hsm;

use crate::prelude::*;

pub(in super::super) const MENUS: &[Menu] =
    &[Menu { path: "hsm information", help: "Counters of the HSM" }];

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "hsm information reset",
        help: "Set the counters of the HSM to zero",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[hsm::RESET_INFORMATION.resource()],
        known: Known::Documented("lunash/commands/hsm/hsm_information_reset.htm@7.2"),
        run: call::<Reset>(),
    },
    Command {
        syntax: "hsm information show",
        help: "Show the counters of the HSM",
        options: &[],
        roles: Role::MONITOR,
        rest: &[hsm::COUNTER.resource()],
        known: Known::Documented("monitoring/other_logging.htm"),
        run: call::<Show>(),
    },
];

#[derive(Deserialize)]
struct Reset {}

impl Run<Session> for Reset {
    type View = Told;

    fn run(self, session: &mut Session) -> Result<Told, Failure> {
        session.call(&hsm::RESET_INFORMATION, &[], &Nothing {})?;
        Ok(Told::silent("hsm information reset"))
    }
}

#[derive(Deserialize)]
struct Show {}

/// The counters of the HSM.
#[derive(Serialize)]
struct Counters {
    operation_requests: u64,
    operation_errors: u64,
    crypto_operation_requests: u64,
    crypto_operation_errors: u64,
    critical_events: u64,
    noncritical_events: u64,
}

impl Run<Session> for Show {
    type View = Counters;

    fn run(self, session: &mut Session) -> Result<Counters, Failure> {
        let counter = session.get(&hsm::COUNTER, &[session.hsm()?])?;
        Ok(Counters {
            operation_requests: counter.operation_requests,
            operation_errors: counter.operation_errors,
            crypto_operation_requests: counter.crypto_requests,
            crypto_operation_errors: counter.crypto_errors,
            critical_events: counter.critical_events,
            noncritical_events: counter.noncritical_events,
        })
    }
}

impl Text for Counters {
    fn write(&self, page: &mut Page) {
        page.blank();
        page.line("HSM Event Counters:");
        page.blank();
        for (label, count) in [
            ("Operation Requests:", self.operation_requests),
            ("Operation Errors:", self.operation_errors),
            ("Crypto Operation Requests:", self.crypto_operation_requests),
            ("Crypto Operation Errors:", self.crypto_operation_errors),
            ("Critical Events:", self.critical_events),
            ("Non-Critical Events:", self.noncritical_events),
        ] {
            page.line(format!("{label:<26}{count:>25}"));
        }
        page.blank();
    }
}
