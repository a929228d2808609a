//! Date, time and time zone: `/api/lunasa/time`.

use luna_rest::Nothing;
use luna_rest::time::{CHANGE, ChangeTime, PUT, SHOW, Time, ZONES, Zones};
use time::{Date, Duration, Month, OffsetDateTime, PrimitiveDateTime};

use crate::core::message::{Failure, Reply};
use crate::core::text::{clock_text, date_text};
use crate::core::time_zones::{self as zones, Zone};
use crate::request::context::Context;
use crate::request::route::{EVERYONE, Ids, OPERATOR, Routes};

pub(crate) fn routes(r: &mut Routes) {
    r.on(&SHOW, EVERYONE, show);
    r.on(&CHANGE, OPERATOR, change);
    r.on(&PUT, OPERATOR, change);
    r.on(&ZONES, EVERYONE, list);
}

/// Sets the clock. Unlike time that passes, this ends no session and counts for no service. The
/// HSM's own clock stays what it is.
///
/// # Errors
/// The clock does not hold such a time.
pub(crate) fn set(cx: &mut Context<'_>, now: OffsetDateTime) -> Result<(), Failure> {
    let by = now - cx.now;
    cx.set_clock(now)?;
    let started = &mut cx.state.sysconf.ntp.get_mut().started;
    *started = started.saturating_add(by.whole_seconds());
    cx.state.status.clock_set(by.whole_seconds());
    cx.sessions.clock_set(by);
    let ahead = &mut cx.state.hsm.hsm.get_mut().clock_ahead;
    *ahead = ahead.saturating_sub(i64::try_from(by.whole_milliseconds()).unwrap_or_default());
    Ok(())
}

fn show(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Time>, Failure> {
    Ok(Reply::ok(time_in_zone(cx.time_zone(), cx.now)))
}

/// What the clocks of a zone show at a moment.
pub(super) fn time_in_zone(zone: &Zone, moment: OffsetDateTime) -> Time {
    let (abbreviation, utc_offset) = zone.at(moment);
    let local = moment + Duration::minutes(utc_offset.into());
    Time {
        date: date_text(local),
        time: clock_text(local),
        time_zone: zone.code.to_owned(),
        abbreviation: abbreviation.to_owned(),
        utc_offset,
    }
}

/// The moment of today at which the clocks of the appliance show this time of day.
///
/// # Errors
/// The text is no time.
pub(super) fn today_at(cx: &Context<'_>, text: &str) -> Result<OffsetDateTime, Failure> {
    let time = read_time(text).ok_or_else(|| no_time(text))?;
    Ok(cx.time_zone().moment(PrimitiveDateTime::new(cx.local_time().date(), time)))
}

fn no_time(text: &str) -> Failure {
    Failure::bad_request(format!("'{text}' is no time HH:MM:SS."))
}

/// Goes on where nothing asks for the HSM SO to set the clock, or with the SO logged in.
///
/// # Errors
/// The SO has to log in first.
pub(super) fn require_clock_right(cx: &Context<'_>) -> Result<(), Failure> {
    cx.require_so_if_forced()?;
    // 'hsm init -authtimeconfig' asks for it.
    if cx.state.hsm.hsm.get().auth_time_config { cx.require_so() } else { Ok(()) }
}

/// The zone first, then the clock in that zone.
fn change(cx: &mut Context<'_>, _: &Ids<0>, body: ChangeTime) -> Result<Reply<Nothing>, Failure> {
    require_clock_right(cx)?;
    let zone = match &body.time_zone {
        Some(code) => zones::find(code).ok_or_else(|| {
            Failure::bad_request(format!("The emulated appliance has no time zone '{code}'."))
        })?,
        None => cx.time_zone(),
    };
    if body.time.is_some() || body.date.is_some() {
        let shown = cx.now + Duration::minutes(zone.at(cx.now).1.into());
        let date = match &body.date {
            Some(text) => read_date(text)
                .ok_or_else(|| Failure::bad_request(format!("'{text}' is no date YYYY-MM-DD.")))?,
            None => shown.date(),
        };
        let time = match &body.time {
            Some(text) => read_time(text).ok_or_else(|| no_time(text))?,
            None => shown.time(),
        };
        let now = zone.moment(PrimitiveDateTime::new(date, time));
        set(cx, now)?;
    }
    cx.state.sysconf.system.get_mut().time_zone = zone.code.to_owned();
    Ok(Reply::done())
}

fn read_date(text: &str) -> Option<Date> {
    let [year, month, day] = numbers(text, '-', [4, 2, 2])?;
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    // What the appliance's clock can hold.
    if !(1970..=2099).contains(&year) {
        return None;
    }
    Date::from_calendar_date(i32::try_from(year).ok()?, month, u8::try_from(day).ok()?).ok()
}

fn read_time(text: &str) -> Option<time::Time> {
    let [hour, minute, second] = numbers(text, ':', [2, 2, 2])?;
    let small = |number| u8::try_from(number).ok();
    time::Time::from_hms(small(hour)?, small(minute)?, small(second)?).ok()
}

/// Exactly three numbers of so many digits each.
fn numbers(text: &str, between: char, digits: [usize; 3]) -> Option<[u32; 3]> {
    let mut numbers = [0; 3];
    let mut parts = text.split(between);
    for (number, digits) in numbers.iter_mut().zip(digits) {
        let part = parts.next()?;
        if part.len() != digits || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}

fn list(_: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Zones>, Failure> {
    Ok(Reply::ok(Zones { zones: zones::ZONES.iter().map(|zone| zone.code.to_owned()).collect() }))
}

#[cfg(test)]
mod tests {
    use crate::rules::sysconf::tests::so;
    use crate::test_machine::TestMachine;
    use serde_json::json;

    const TIME: &str = "/api/lunasa/time";

    #[test]
    fn the_clock_follows_what_is_set() {
        let mut bench = TestMachine::new();
        let shown = json!({
            "date": "2025-01-02", "time": "03:04:05", "timeZone": "UTC", "abbreviation": "UTC",
            "utcOffset": 0,
        });
        assert_eq!(bench.get(TIME).json(), shown);
        let change = json!({"time": "15:00:00", "date": "2016-05-27", "timeZone": "EST5EDT"});
        so(&mut bench);
        assert_eq!(bench.patch(TIME, change).status, 204);
        assert!(bench.session("admin").is_so(), "setting the clock ends no session");
        let shown = bench.get(TIME).json();
        assert_eq!((&shown["time"], &shown["date"]), (&json!("15:00:00"), &json!("2016-05-27")));
        assert_eq!((&shown["abbreviation"], &shown["utcOffset"]), (&json!("EDT"), &json!(-240)));
        assert_eq!(bench.get("/emulator/clock").json()["now"], "2016-05-27T19:00:00Z");
        // A zone alone leaves the moment what it is.
        assert_eq!(bench.put(TIME, json!({"timeZone": "UTC"})).status, 204);
        assert_eq!(bench.get(TIME).json()["time"], "19:00:00");
    }

    #[test]
    fn the_clock_of_the_hsm_stays_until_it_is_synchronized() {
        let mut bench = TestMachine::new();
        so(&mut bench);
        let times = |bench: &mut TestMachine| {
            let shown = bench.get("/emulator/lunash/hsm/time").json();
            [&shown["hsm"], &shown["appliance"]].map(|time| time.as_str().unwrap().to_owned())
        };
        let [hsm, appliance] = times(&mut bench);
        assert_eq!(bench.patch(TIME, json!({"time": "04:04:05"})).status, 204);
        assert_eq!(times(&mut bench)[0], hsm);
        assert_ne!(times(&mut bench)[1], appliance);
        assert_eq!(bench.post("/emulator/lunash/hsm/time/sync", json!({})).status, 200);
        let [hsm, appliance] = times(&mut bench);
        assert_eq!(hsm, appliance);
    }

    #[test]
    fn nonsense_changes_nothing() {
        let mut bench = TestMachine::new();
        for change in [
            json!({"time": "25:00:00"}),
            json!({"time": "1:00:00"}),
            json!({"time": "10:00"}),
            json!({"date": "2016-02-30"}),
            json!({"date": "1916-02-01"}),
            json!({"date": "2100-01-01"}),
            json!({"date": "1970-01-01", "time": "00:00:00", "timeZone": "Asia/Tokyo"}),
            json!({"date": "2099-12-31", "time": "23:00:00", "timeZone": "EST"}),
            json!({"timeZone": "Mars/Olympus", "date": "2020-01-01"}),
        ] {
            assert_eq!(bench.patch(TIME, change).error(), (400, "FRAMEWORK_BAD_REQUEST"));
        }
        assert_eq!(bench.get(TIME).json()["date"], "2025-01-02");
    }

    #[test]
    fn with_force_so_login_the_clock_needs_the_so() {
        let mut bench = TestMachine::new();
        bench.machine.state.lunasa.settings.get_mut().force_so_login = true;
        bench.machine.keep();
        let change = json!({"timeZone": "EST"});
        assert_eq!(bench.patch(TIME, change.clone()).error(), (400, "APPLIANCE_REQUIRE_SO_LOGIN"));
        so(&mut bench);
        assert_eq!(bench.patch(TIME, change).status, 204);
    }

    #[test]
    fn every_listed_zone_can_be_set() {
        let mut bench = TestMachine::new();
        let zones = bench.get("/emulator/lunash/timezones").json();
        let zones = zones["zones"].as_array().unwrap().clone();
        assert!(zones.contains(&json!("Canada/Eastern")));
        for zone in zones {
            assert_eq!(bench.patch(TIME, json!({"timeZone": zone})).status, 204);
        }
    }
}
