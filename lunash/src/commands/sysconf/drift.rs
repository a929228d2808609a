//! `sysconf drift`: what the appliance's clock gains or loses where there is no NTP.

use luna_rest::drift::{INIT, PreciseTime, RESET, SET, SHOW, START, STOP, SetDrift};

use crate::commands::status::clock::Clock;
use crate::prelude::*;
use crate::refusals::refused_in_detail;

pub(in super::super) const MENUS: &[Menu] =
    &[Menu { path: "sysconf drift", help: "Drift of the clock where there is no NTP" }];

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "sysconf drift init -currentprecisetime|-c <time>",
        help: "Set the time and correct the clock by its drift from now on",
        options: &[PRECISE],
        roles: Role::OPERATOR,
        rest: &[INIT.resource(), SHOW.resource(), luna_rest::time::SHOW.resource()],
        known: Known::Documented("lunash/commands/sysconf/sysconf_drift_init.htm@7.2"),
        run: call::<Init>(),
    },
    Command {
        syntax: "sysconf drift reset [-force|-f]",
        help: "Forget the drift, and correct the clock no longer",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[RESET.resource()],
        known: Known::Documented("lunash/commands/sysconf/sysconf_drift_reset.htm@7.2"),
        run: call::<Reset>(),
    },
    Command {
        syntax: "sysconf drift set [-value <seconds_per_day>] [-force|-f]",
        help: "Set the drift without measuring it",
        options: &[(
            // The page asks for both; the options are for scripts.
            "-value",
            "Seconds that the clock gains in a day, such as 1.5; negative when it loses; asked for",
        )],
        roles: Role::OPERATOR,
        rest: &[SET.resource()],
        known: Known::Documented("lunash/commands/sysconf/sysconf_drift_set.htm@7.2"),
        run: call::<Set>(),
    },
    Command {
        syntax: "sysconf drift startmeasure -currentprecisetime|-c <time>",
        help: "Set the time and begin to measure the drift",
        options: &[PRECISE],
        roles: Role::OPERATOR,
        rest: &[START.resource(), luna_rest::time::SHOW.resource()],
        known: Known::Seen("sysconf-drift-5.3"),
        run: call::<StartMeasure>(),
    },
    Command {
        syntax: "sysconf drift status",
        help: "Show the measurement and the drift",
        options: &[],
        roles: Role::MONITOR,
        rest: &[SHOW.resource()],
        known: Known::Seen("sysconf-drift-5.3"),
        run: call::<Status>(),
    },
    Command {
        syntax: "sysconf drift stopmeasure -currentprecisetime|-c <time>",
        help: "End the measurement, after three days at least, and keep the drift",
        options: &[PRECISE],
        roles: Role::OPERATOR,
        rest: &[STOP.resource(), SHOW.resource()],
        known: Known::Documented("lunash/commands/sysconf/sysconf_drift_stopmeasure.htm@7.2"),
        run: call::<StopMeasure>(),
    },
];

const PRECISE: (&str, &str) = ("-currentprecisetime", "The time by a better clock, HH:MM:SS");

/// The clock after it was set.
#[derive(Serialize)]
struct Began {
    #[serde(skip)]
    what: String,
    #[serde(flatten)]
    clock: Clock,
}

impl Text for Began {
    fn write(&self, page: &mut Page) {
        page.line(format!("{}\n", self.what));
        page.line(format!("Current date and time set to: {}", self.clock.line()));
    }
}

#[derive(Deserialize)]
struct Init {
    currentprecisetime: String,
}

/// That the clock is corrected from now on.
#[derive(Serialize)]
struct Initialized {
    #[serde(skip)]
    precise: String,
    #[serde(skip)]
    drift: i64,
    #[serde(flatten)]
    clock: Clock,
}

impl Run<Session> for Init {
    type View = Initialized;

    fn run(self, session: &mut Session) -> Result<Initialized, Failure> {
        let precise = self.currentprecisetime;
        let time = PreciseTime { current_precise_time: precise.clone() };
        session.client().call(&INIT, &[], &time).map_err(refused_in_detail)?;
        let drift = session.get(&SHOW, &[])?.milliseconds_per_day.unwrap_or_default();
        Ok(Initialized { precise, drift, clock: session.get(&luna_rest::time::SHOW, &[])?.into() })
    }
}

impl Text for Initialized {
    fn write(&self, page: &mut Page) {
        page.line("\n   Measuring drift correction data on this appliance.\n");
        page.line(format!(
            "   Setting the time to {} and initializing drift correction of {} seconds per day on \
             this\n   appliance.  The time will be adjusted daily to compensate for this drift.\n",
            self.precise,
            short(self.drift)
        ));
        page.line("   Use the command 'sysconf drift reset' to disable drift correction.\n");
        page.line(format!("   Date and time set to:  {}\n", self.clock.line()));
    }
}

#[derive(Deserialize)]
struct Reset {
    force: bool,
}

impl Run<Session> for Reset {
    type View = Untold<Message>;

    fn run(self, session: &mut Session) -> Result<Untold<Message>, Failure> {
        session.confirm_and_end(
            self.force,
            "\n  If you are sure that you wish to clear all data relating to drift\n  \
             correction, then type 'proceed', otherwise type 'quit'\n\n> ",
        )?;
        session.client().call(&RESET, &[], &Nothing {}).map_err(refused_in_detail)?;
        Ok(Untold(Message::new("Drift data reset.")))
    }
}

#[derive(Deserialize)]
struct Set {
    value: Option<String>,
    force: bool,
}

/// `1.5` seconds as milliseconds.
fn milliseconds(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let (negative, whole) = match whole.strip_prefix('-') {
        Some(whole) => (true, whole),
        None => (false, whole),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || fraction.len() > 3 || !digits(whole) || !digits(fraction) {
        return None;
    }
    let thousandths: i64 = format!("{fraction:0<3}").parse().ok()?;
    let all = whole.parse::<i64>().ok()?.checked_mul(1000)?.checked_add(thousandths)?;
    Some(if negative { -all } else { all })
}

/// Milliseconds as seconds: `2`, `-1.5`.
fn short(milliseconds: i64) -> String {
    let text = seconds(milliseconds);
    let text = text.trim_start_matches('+').trim_end_matches('0').trim_end_matches('.');
    text.to_owned()
}

/// Milliseconds as seconds: `+1.500`.
fn seconds(milliseconds: i64) -> String {
    let sign = if milliseconds < 0 { '-' } else { '+' };
    let all = milliseconds.unsigned_abs();
    format!("{sign}{}.{:03}", all / 1000, all % 1000)
}

/// The drift.
#[derive(Serialize)]
struct Kept {
    milliseconds_per_day: i64,
}

impl Run<Session> for Set {
    type View = Kept;

    fn run(self, session: &mut Session) -> Result<Kept, Failure> {
        let value = match self.value {
            Some(value) => value,
            None => session.ui().ask(
                "\n   Enter the value to be used for drift (in seconds per day): ",
                "-value",
            )?,
        };
        let milliseconds_per_day = milliseconds(value.trim()).ok_or_else(|| {
            Failure::command(format!("'{value}' is no number of seconds."))
                .hint("such as 2, 1.5 or -0.25")
        })?;
        if !self.force {
            session.confirm(
                false,
                "\n   This value will overwrite the previous value of the drift that may have\n   \
                 been measured.  If you are sure that you wish to overwrite it, then type\n   \
                 'proceed', otherwise type 'quit'\n   > ",
            )?;
            session.ui().show("   Proceeding...\n\n");
        }
        let drift = SetDrift { milliseconds_per_day };
        session.client().call(&SET, &[], &drift).map_err(refused_in_detail)?;
        Ok(Kept { milliseconds_per_day })
    }
}

impl Text for Kept {
    fn write(&self, page: &mut Page) {
        page.line(
            "   NOTE: The new value will not take effect until 'sysconf drift init' is run.\n",
        );
    }
}

#[derive(Deserialize)]
struct StartMeasure {
    currentprecisetime: String,
}

impl Run<Session> for StartMeasure {
    type View = Began;

    fn run(self, session: &mut Session) -> Result<Began, Failure> {
        let what = format!(
            "Setting the time to {} and recording data for drift correction mechanism.",
            self.currentprecisetime
        );
        let time = PreciseTime { current_precise_time: self.currentprecisetime };
        session.client().call(&START, &[], &time).map_err(refused_in_detail)?;
        Ok(Began { what, clock: session.get(&luna_rest::time::SHOW, &[])?.into() })
    }
}

#[derive(Deserialize)]
struct Status {}

/// The measurement and the drift.
#[derive(Serialize)]
struct Drift {
    started: Option<Clock>,
    stopped: Option<Clock>,
    interrupted: bool,
    milliseconds_per_day: Option<i64>,
    correcting: bool,
}

fn status(session: &Session) -> Result<Drift, Failure> {
    let shown = session.get(&SHOW, &[])?;
    Ok(Drift {
        started: shown.started.map(Clock::from),
        stopped: shown.stopped.map(Clock::from),
        interrupted: shown.is_interrupted,
        milliseconds_per_day: shown.milliseconds_per_day,
        correcting: shown.is_correcting,
    })
}

impl Run<Session> for Status {
    type View = Drift;

    fn run(self, session: &mut Session) -> Result<Drift, Failure> {
        status(session)
    }
}

/// The lines of a measurement that goes on are the product's; the others were not found.
impl Text for Drift {
    fn write(&self, page: &mut Page) {
        match &self.started {
            Some(clock) => page.line(format!("Drift measurement started on: {}\n", clock.line())),
            None => page.line("No drift measurement was started."),
        }
        match (&self.stopped, self.started.is_some()) {
            (Some(clock), _) => {
                page.line(format!("Drift measurement stopped on: {}", clock.line()));
            }
            (None, true) if self.interrupted => page
                .line("Measurement was interrupted: the clock was set or the appliance restarted."),
            (None, true) => page.line("Measurement has yet to be stopped."),
            (None, false) => {}
        }
        if let Some(drift) = self.milliseconds_per_day {
            page.line(format!("\nDrift: {} seconds per day", seconds(drift)));
            let correction = if self.correcting { "enabled" } else { "disabled" };
            page.line(format!("\nDrift correction is {correction}"));
        }
    }
}

#[derive(Deserialize)]
struct StopMeasure {
    currentprecisetime: String,
}

/// The drift that was measured.
#[derive(Serialize)]
#[serde(transparent)]
struct Measured(Drift);

impl Run<Session> for StopMeasure {
    type View = Measured;

    fn run(self, session: &mut Session) -> Result<Measured, Failure> {
        let time = PreciseTime { current_precise_time: self.currentprecisetime };
        session.client().call(&STOP, &[], &time).map_err(refused_in_detail)?;
        Ok(Measured(status(session)?))
    }
}

impl Text for Measured {
    fn write(&self, page: &mut Page) {
        let drift = short(self.0.milliseconds_per_day.unwrap_or_default());
        page.line("\n   Measuring drift correction data on this appliance.\n");
        page.line(format!(
            "   Storing measured drift of {drift} seconds/day in internal configuration files.\n   \
             Use the command 'sysconf drift init' to initialize drift correction.\n"
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_read_and_written_to_the_thousandth() {
        for (text, read, written) in [
            ("2", 2000, "+2.000"),
            ("-0.25", -250, "-0.250"),
            ("1.005", 1005, "+1.005"),
            ("-3600", -3_600_000, "-3600.000"),
            ("0", 0, "+0.000"),
        ] {
            assert_eq!(milliseconds(text), Some(read), "{text}");
            assert_eq!(seconds(read), written);
        }
        assert_eq!([2000, -1500, 20_000, 0].map(short), ["2", "-1.5", "20", "0"]);
        for text in ["", "-", ".5", "1.0005", "1,5", "+1", "--1", "1e3", "99999999999999999999"] {
            assert_eq!(milliseconds(text), None, "{text}");
        }
    }
}
