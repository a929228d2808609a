//! `hsm information`, `hsm monitor`: how much the HSM has done, and how busy it is.

use std::time::Duration;

use luna_rest::{Client, Nothing, hsm};

use crate::prelude::*;

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "hsm information [-reset]",
        help: "Show the counters of the HSM",
        options: &[("-reset", "Set them to zero instead")],
        roles: Role::MONITOR,
        rest: &[hsm::COUNTER.resource(), hsm::RESET_INFORMATION.resource()],
        known: Known::Assumed("known by name only; the counters are those that LunaSH shows"),
        run: call::<Information>(),
    },
    Command {
        syntax: "hsm monitor [-interval <seconds:5-999>] [-rounds <rounds:1-65535>]",
        help: "Measure how busy the HSM is",
        options: &[
            ("-interval", "Seconds between two readings, 5 without it"),
            ("-rounds", "How many times to measure, once without it"),
        ],
        roles: Role::MONITOR,
        rest: &[hsm::COUNTER.resource(), hsm::UTILIZATION.resource(), hsm::UP_TIME.resource()],
        known: Known::Assumed(
            "known by name only; the options are two of LunaSH's, the layout is ours",
        ),
        run: call::<Monitor>(),
    },
];

#[derive(Deserialize)]
struct Information {
    reset: bool,
}

/// The counters of the HSM; none when they were set to zero.
#[derive(Serialize)]
struct Counters {
    reset: bool,
    counters: Vec<Counter>,
}

#[derive(Serialize)]
struct Counter {
    name: &'static str,
    count: u64,
}

impl Run<Session> for Information {
    type View = Counters;

    fn run(self, session: &mut Session) -> Result<Counters, Failure> {
        let (client, serial) = session.backup_hsm()?;
        if self.reset {
            client.call(&hsm::RESET_INFORMATION, &[], &Nothing {})?;
            return Ok(Counters { reset: true, counters: Vec::new() });
        }
        let shown = client.get(&hsm::COUNTER, &[serial])?;
        let counter = |(name, count)| Counter { name, count };
        let counters = [
            ("Operation Requests", shown.operation_requests),
            ("Operation Errors", shown.operation_errors),
            ("Crypto Operation Requests", shown.crypto_requests),
            ("Crypto Operation Errors", shown.crypto_errors),
            ("Critical Events", shown.critical_events),
            ("Non-Critical Events", shown.noncritical_events),
        ];
        Ok(Counters { reset: false, counters: counters.map(counter).into() })
    }
}

impl Text for Counters {
    fn write(&self, page: &mut Page) {
        if self.reset {
            return;
        }
        page.line("        HSM Event Counters:");
        for Counter { name, count } in &self.counters {
            page.field(&format!("                {name}:"), 44, count);
        }
    }
}

#[derive(Deserialize)]
struct Monitor {
    interval: Option<u32>,
    rounds: Option<u32>,
}

/// A reading of the HSM.
#[derive(Serialize)]
struct Reading {
    up_seconds: u64,
    commands: u64,
    /// Per cent.
    utilization: u32,
}

impl Reading {
    fn take(client: &Client, serial: &str) -> Result<Reading, Failure> {
        Ok(Reading {
            up_seconds: client.get(&hsm::UP_TIME, &[])?.seconds,
            commands: client.get(&hsm::COUNTER, &[serial])?.operation_requests,
            utilization: client.get(&hsm::UTILIZATION, &[serial])?.utilization,
        })
    }
}

/// All readings.
#[derive(Serialize)]
struct Readings {
    readings: Vec<Reading>,
}

/// How many seconds to wait at most between two calls, so that the session does not time out.
const CALLS: u32 = 60;

impl Run<Session> for Monitor {
    type View = Readings;

    fn run(self, session: &mut Session) -> Result<Readings, Failure> {
        let (client, serial) = session.backup_hsm()?;
        let mut readings = Vec::new();
        for _ in 0..self.rounds.unwrap_or(1) {
            let mut left = self.interval.unwrap_or(5);
            while left > 0 {
                let time = left.min(CALLS);
                if !session.client().wait(Duration::from_secs(time.into())) {
                    return Err(codes::cancelled("The measurement was cancelled."));
                }
                left -= time;
                if left > 0 {
                    Reading::take(client, serial)?;
                }
            }
            readings.push(Reading::take(client, serial)?);
        }
        Ok(Readings { readings })
    }
}

impl Text for Readings {
    fn write(&self, page: &mut Page) {
        page.line("        HSM Uptime (Secs)   HSM Command Count   HSM Utilization (%)");
        page.line("        ============================================================");
        for Reading { up_seconds, commands, utilization } in &self.readings {
            page.line(format!("        {up_seconds:<20}{commands:<20}{utilization}"));
        }
    }
}
