//! The drift of the appliance's clock: measured between two times that somebody gives, kept, and
//! corrected.
//!
//! Assumed for the emulator: its clock keeps the pace of the machine's, so the correction is kept and
//! shown but leaves the pace as it is. A measurement is interrupted by what changes the time for
//! which the appliance is up: a restart, or setting the clock.

use luna_rest::Nothing;
use luna_rest::drift::{
    Drift, INIT, MOST, NOT_ALLOWED, PreciseTime, RESET, SET, SHOW, START, STOP, SetDrift,
};
use luna_rest::ntp::RUNNING;
use time::{Duration, OffsetDateTime};

use crate::core::message::{Failure, Reply};
use crate::request::context::Context;
use crate::request::route::{EVERYONE, Ids, OPERATOR, Routes};
use crate::rules::sysconf::clock::{require_clock_right, set, time_in_zone, today_at};
use crate::state::sysconf::DriftRow;

pub(crate) fn routes(r: &mut Routes) {
    r.on(&SHOW, EVERYONE, show);
    r.on(&START, OPERATOR, start);
    r.on(&STOP, OPERATOR, stop);
    r.on(&INIT, OPERATOR, init);
    r.on(&SET, OPERATOR, set_drift);
    r.on(&RESET, OPERATOR, reset);
}

/// The guide: a measurement runs for three days at least.
const LEAST: Duration = Duration::days(3);

fn refuse(details: impl Into<String>) -> Failure {
    Failure::new(409, NOT_ALLOWED, "The clock's drift does not allow it.").details(details)
}

fn interrupted(cx: &Context<'_>) -> bool {
    let row = cx.state.sysconf.drift.get();
    row.started.is_some() && row.stopped.is_none() && row.booted != cx.state.status.booted()
}

fn show(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Drift>, Failure> {
    let row = cx.state.sysconf.drift.get();
    let shown = |seconds: Option<i64>| {
        let moment = OffsetDateTime::from_unix_timestamp(seconds?).ok()?;
        Some(time_in_zone(cx.time_zone(), moment))
    };
    Ok(Reply::ok(Drift {
        started: shown(row.started),
        stopped: shown(row.stopped),
        is_interrupted: interrupted(cx),
        milliseconds_per_day: row.milliseconds_per_day,
        is_correcting: row.correcting,
    }))
}

/// What sets the clock by hand is refused while NTP does, as NTP's own actions are.
fn require_no_ntp(cx: &Context<'_>) -> Result<(), Failure> {
    if cx.state.services.is_running("ntp") {
        return Err(Failure::new(409, RUNNING, "The NTP service is running.")
            .details("Stop the service ntp first."));
    }
    Ok(())
}

fn start(cx: &mut Context<'_>, _: &Ids<0>, body: PreciseTime) -> Result<Reply<Nothing>, Failure> {
    require_clock_right(cx)?;
    require_no_ntp(cx)?;
    let precise = today_at(cx, &body.current_precise_time)?;
    set(cx, precise)?;
    let (started, booted) = (Some(cx.now.unix_timestamp()), cx.state.status.booted());
    cx.state.sysconf.drift.set(DriftRow { started, booted, ..DriftRow::default() });
    Ok(Reply::done())
}

fn stop(cx: &mut Context<'_>, _: &Ids<0>, body: PreciseTime) -> Result<Reply<Nothing>, Failure> {
    require_clock_right(cx)?;
    let row = cx.state.sysconf.drift.get();
    let (Some(started), None) = (row.started, row.stopped) else {
        return Err(refuse("No measurement of the drift is going on."));
    };
    if interrupted(cx) {
        return Err(refuse("The measurement was interrupted: start it again."));
    }
    let elapsed = Duration::seconds(cx.now.unix_timestamp().saturating_sub(started));
    if elapsed < LEAST {
        let days = elapsed.whole_days();
        return Err(refuse(format!("The measurement takes 3 days; {days} have passed.")));
    }
    let precise = today_at(cx, &body.current_precise_time)?;
    let mut gained = (cx.now - precise).whole_milliseconds();
    // A time of day alone: midnight may lie between the two clocks.
    let day = Duration::DAY.whole_milliseconds();
    gained -= (2 * gained + day).div_euclid(2 * day) * day;
    let per_day = i64::try_from(gained * day / elapsed.whole_milliseconds()).unwrap_or_default();
    check(per_day)?;
    let (now, row) = (cx.now.unix_timestamp(), cx.state.sysconf.drift.get_mut());
    row.stopped = Some(now);
    row.milliseconds_per_day = Some(per_day);
    Ok(Reply::done())
}

fn check(per_day: i64) -> Result<(), Failure> {
    if (-MOST..=MOST).contains(&per_day) {
        return Ok(());
    }
    Err(Failure::bad_request("A clock gains or loses at most 3600 seconds a day."))
}

fn init(cx: &mut Context<'_>, _: &Ids<0>, body: PreciseTime) -> Result<Reply<Nothing>, Failure> {
    require_clock_right(cx)?;
    require_no_ntp(cx)?;
    if cx.state.sysconf.drift.get().milliseconds_per_day.is_none() {
        return Err(refuse("The drift is not known: measure it, or set it."));
    }
    let precise = today_at(cx, &body.current_precise_time)?;
    set(cx, precise)?;
    cx.state.sysconf.drift.get_mut().correcting = true;
    Ok(Reply::done())
}

fn set_drift(cx: &mut Context<'_>, _: &Ids<0>, body: SetDrift) -> Result<Reply<Nothing>, Failure> {
    require_clock_right(cx)?;
    check(body.milliseconds_per_day)?;
    let milliseconds_per_day = Some(body.milliseconds_per_day);
    let correcting = cx.state.sysconf.drift.get().correcting;
    let row = DriftRow { milliseconds_per_day, correcting, ..DriftRow::default() };
    cx.state.sysconf.drift.set(row);
    Ok(Reply::done())
}

fn reset(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    require_clock_right(cx)?;
    cx.state.sysconf.drift.set(DriftRow::default());
    Ok(Reply::done())
}

#[cfg(test)]
mod tests {
    use crate::test_machine::{Answer, TestMachine};
    use serde_json::json;

    const DRIFT: &str = "/emulator/lunash/drift";
    const REFUSED: (u16, &str) = (409, "SYSCONF_DRIFT_OPERATION_NOT_ALLOWED");

    fn act(bench: &mut TestMachine, action: &str, time: &str) -> Answer {
        bench.post(&format!("{DRIFT}/actions/{action}"), json!({"currentPreciseTime": time}))
    }

    /// Nobody stays logged in for so long.
    fn later(bench: &mut TestMachine, seconds: u32) {
        bench.advance(seconds);
        bench.local_login();
    }

    #[test]
    fn a_drift_is_measured_over_days_and_a_restart() {
        let mut bench = TestMachine::new();
        assert_eq!(bench.get(DRIFT).json(), json!({"isInterrupted": false, "isCorrecting": false}));
        assert_eq!(act(&mut bench, "stop", "10:00:00").error(), REFUSED);
        assert_eq!(act(&mut bench, "start", "10:00:00").status, 204);
        assert_eq!(bench.get("/api/lunasa/time").json()["time"], "10:00:00");
        later(&mut bench, 3 * 86_400 - 1);
        assert_eq!(act(&mut bench, "stop", "10:00:00").error(), REFUSED);
        later(&mut bench, 1 + 86_400);
        bench.restart();
        assert_eq!(act(&mut bench, "stop", "09:59:52").status, 204);
        let shown = bench.get(DRIFT).json();
        assert_eq!(shown["millisecondsPerDay"], 2000);
        assert_eq!(shown["stopped"]["date"], "2025-01-06");
        assert_eq!(act(&mut bench, "init", "09:59:53").status, 204);
        assert_eq!(bench.get("/api/lunasa/time").json()["time"], "09:59:53");
        let shown = bench.get(DRIFT).json();
        assert_eq!(
            (&shown["isCorrecting"], &shown["isInterrupted"]),
            (&json!(true), &json!(false))
        );
        assert_eq!(bench.delete(DRIFT).status, 204);
        assert_eq!(bench.get(DRIFT).json(), json!({"isInterrupted": false, "isCorrecting": false}));
    }

    #[test]
    fn midnight_between_the_clocks_makes_no_day() {
        for (begin, end, per_day) in [
            ("23:59:59", "00:00:03", -1000),
            ("00:00:01", "23:59:57", 1000),
            ("12:00:00", "12:00:00", 0),
        ] {
            let mut bench = TestMachine::new();
            assert_eq!(act(&mut bench, "start", begin).status, 204);
            later(&mut bench, 4 * 86_400);
            assert_eq!(act(&mut bench, "stop", end).status, 204);
            assert_eq!(bench.get(DRIFT).json()["millisecondsPerDay"], per_day, "{begin} {end}");
        }
    }

    #[test]
    fn a_clock_that_is_set_interrupts_the_measurement() {
        let mut bench = TestMachine::new();
        assert_eq!(act(&mut bench, "start", "10:00:00").status, 204);
        assert_eq!(bench.patch("/api/lunasa/time", json!({"time": "11:00:00"})).status, 204);
        assert_eq!(bench.get(DRIFT).json()["isInterrupted"], true);
        later(&mut bench, 4 * 86_400);
        assert_eq!(act(&mut bench, "stop", "11:00:00").error(), REFUSED);
        assert_eq!(act(&mut bench, "start", "10:00:00").status, 204);
        assert_eq!(bench.post("/emulator/lunash/hardReboot", json!({})).status, 204);
        bench.local_login();
        later(&mut bench, 4 * 86_400);
        assert_eq!(act(&mut bench, "stop", "10:00:00").error(), REFUSED);
    }

    #[test]
    fn a_drift_is_set_without_a_measurement_within_bounds() {
        let mut bench = TestMachine::new();
        assert_eq!(act(&mut bench, "init", "10:00:00").error(), REFUSED);
        let set = |bench: &mut TestMachine, drift: i64| {
            bench.put(DRIFT, json!({"millisecondsPerDay": drift})).status
        };
        assert_eq!(set(&mut bench, 3_600_001), 400);
        assert_eq!(set(&mut bench, -1500), 204);
        assert_eq!(act(&mut bench, "init", "25:00:00").error(), (400, "FRAMEWORK_BAD_REQUEST"));
        assert_eq!(act(&mut bench, "init", "10:00:00").status, 204);
        bench.restart();
        let shown =
            json!({"isInterrupted": false, "isCorrecting": true, "millisecondsPerDay": -1500});
        assert_eq!(bench.get(DRIFT).json(), shown);
    }

    #[test]
    fn ntp_and_the_so_keep_the_clock() {
        let mut bench = TestMachine::new();
        bench.post("/api/lunasa/services/ntp/actions/start", json!({})).created();
        let running = (409, "SYSCONF_CONFIG_NTP_SERVICE_RUNNING");
        assert_eq!(act(&mut bench, "start", "10:00:00").error(), running);
        bench.machine.state.lunasa.settings.get_mut().force_so_login = true;
        bench.machine.keep();
        assert_eq!(bench.delete(DRIFT).error(), (400, "APPLIANCE_REQUIRE_SO_LOGIN"));
    }
}
