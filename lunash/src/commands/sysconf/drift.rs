//! `sysconf drift`: what the appliance's clock gains or loses where there is no NTP.

use luna_rest::drift::{INIT, PreciseTime, RESET, SET, SHOW, START, STOP, SetDrift};

use crate::commands::status::clock::Clock;
use crate::prelude::*;
use crate::refusals::refused_in_detail;

pub(in super::super) const MENUS: &[Menu] =
    &[Menu { path: "sysconf drift", help: "Drift of the clock where there is no NTP" }];

const GUIDE: &str = "admin_appliance/network_config/drift_and_correction_non-ntp.htm";

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "sysconf drift init -currentprecisetime <time>",
        help: "Set the time and correct the clock by its drift from now on",
        options: &[PRECISE],
        roles: Role::OPERATOR,
        rest: &[INIT.resource(), luna_rest::time::SHOW.resource()],
        known: Known::Assumed("the page was not found: the option and the words of startmeasure"),
        run: call::<Init>(),
    },
    Command {
        syntax: "sysconf drift reset [-force|-f]",
        help: "Forget the drift, and correct the clock no longer",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[RESET.resource()],
        known: Known::Assumed("the page was not found: asks as the clears of ntp"),
        run: call::<Reset>(),
    },
    Command {
        syntax: "sysconf drift set -value <seconds_per_day>",
        help: "Set the drift without measuring it",
        options: &[(
            "-value",
            "Seconds that the clock gains in a day, such as 1.5; negative when it loses",
        )],
        roles: Role::OPERATOR,
        rest: &[SET.resource()],
        known: Known::Assumed("the page was not found: known by name only"),
        run: call::<Set>(),
    },
    Command {
        syntax: "sysconf drift startmeasure -currentprecisetime <time>",
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
        syntax: "sysconf drift stopmeasure -currentprecisetime <time>",
        help: "End the measurement, after three days at least, and keep the drift",
        options: &[PRECISE],
        roles: Role::OPERATOR,
        rest: &[STOP.resource(), SHOW.resource()],
        known: Known::Documented(GUIDE),
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

impl Run<Session> for Init {
    type View = Began;

    fn run(self, session: &mut Session) -> Result<Began, Failure> {
        let what = format!(
            "Setting the time to {} and initializing drift correction.",
            self.currentprecisetime
        );
        let time = PreciseTime { current_precise_time: self.currentprecisetime };
        session.client().call(&INIT, &[], &time).map_err(refused_in_detail)?;
        Ok(Began { what, clock: session.get(&luna_rest::time::SHOW, &[])?.into() })
    }
}

#[derive(Deserialize)]
struct Reset {
    force: bool,
}

impl Run<Session> for Reset {
    type View = Message;

    fn run(self, session: &mut Session) -> Result<Message, Failure> {
        session.confirm_warning(
            self.force,
            "This command will delete the drift data and stop the drift correction.",
        )?;
        session.client().call(&RESET, &[], &Nothing {}).map_err(refused_in_detail)?;
        Ok(Message::new("Drift data reset."))
    }
}

#[derive(Deserialize)]
struct Set {
    value: String,
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
        let milliseconds_per_day = milliseconds(&self.value).ok_or_else(|| {
            Failure::command(format!("'{}' is no number of seconds.", self.value))
                .hint("such as 2, 1.5 or -0.25")
        })?;
        let drift = SetDrift { milliseconds_per_day };
        session.client().call(&SET, &[], &drift).map_err(refused_in_detail)?;
        Ok(Kept { milliseconds_per_day })
    }
}

impl Text for Kept {
    fn write(&self, page: &mut Page) {
        page.line(format!("Drift set to {} seconds per day.", seconds(self.milliseconds_per_day)));
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

impl Run<Session> for StopMeasure {
    type View = Drift;

    fn run(self, session: &mut Session) -> Result<Drift, Failure> {
        let time = PreciseTime { current_precise_time: self.currentprecisetime };
        session.client().call(&STOP, &[], &time).map_err(refused_in_detail)?;
        status(session)
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
        for text in ["", "-", ".5", "1.0005", "1,5", "+1", "--1", "1e3", "99999999999999999999"] {
            assert_eq!(milliseconds(text), None, "{text}");
        }
    }
}
