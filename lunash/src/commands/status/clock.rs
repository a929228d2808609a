//! `status date`, `status time`, `status zone`: the clock of the appliance.

use ::time::{Date, Month, Weekday};
use luna_rest::time;

use crate::prelude::*;

pub(in crate::commands) const MENUS: &[Menu] = &[];

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "status date",
        help: "Show date and time",
        options: &[],
        roles: Role::MONITOR,
        rest: &[time::SHOW.resource()],
        known: Known::Documented("lunash/commands/status/status_date.htm@7.2"),
        run: call::<ShowDate>(),
    },
    Command {
        syntax: "status time",
        help: "Show the time of day",
        options: &[],
        roles: Role::MONITOR,
        rest: &[time::SHOW.resource()],
        known: Known::Documented("lunash/commands/status/status_time.htm@7.2"),
        run: call::<ShowTime>(),
    },
    Command {
        syntax: "status zone",
        help: "Show the time zone",
        options: &[],
        roles: Role::MONITOR,
        rest: &[time::SHOW.resource()],
        known: Known::Documented("lunash/commands/status/status_zone.htm@7.2"),
        run: call::<ShowZone>(),
    },
];

fn now(session: &Session) -> Result<time::Time, Failure> {
    session.get(&time::SHOW, &[])
}

/// What the zone is called now; its code where the appliance does not say.
fn zone(now: &time::Time) -> &str {
    if now.abbreviation.is_empty() { &now.time_zone } else { &now.abbreviation }
}

#[derive(Deserialize)]
struct ShowDate {}

/// Date and time; `sysconf time` and `sysconf ntp ntpdate` show them too.
#[derive(Serialize)]
pub(in crate::commands) struct Clock {
    date: String,
    time: String,
    zone: String,
}

impl From<time::Time> for Clock {
    fn from(now: time::Time) -> Clock {
        Clock { zone: zone(&now).to_owned(), date: now.date, time: now.time }
    }
}

impl Run<Session> for ShowDate {
    type View = Clock;

    fn run(self, session: &mut Session) -> Result<Clock, Failure> {
        Ok(now(session)?.into())
    }
}

/// Reads `YYYY-MM-DD`.
pub(in crate::commands) fn date_of(text: &str) -> Option<Date> {
    let mut parts = text.splitn(3, '-');
    let year = parts.next()?.parse().ok()?;
    let month: u8 = parts.next()?.parse().ok()?;
    let day = parts.next()?.parse().ok()?;
    Date::from_calendar_date(year, Month::try_from(month).ok()?, day).ok()
}

impl Clock {
    /// As `date` writes it.
    pub(in crate::commands) fn line(&self) -> String {
        let Clock { date, time, zone } = self;
        let Some(day) = date_of(date) else {
            // An appliance that writes its date another way: better its way than none.
            return format!("{date} {time} {zone}");
        };
        let weekday = match day.weekday() {
            Weekday::Monday => "Mon",
            Weekday::Tuesday => "Tue",
            Weekday::Wednesday => "Wed",
            Weekday::Thursday => "Thu",
            Weekday::Friday => "Fri",
            Weekday::Saturday => "Sat",
            Weekday::Sunday => "Sun",
        };
        let month: String = day.month().to_string().chars().take(3).collect();
        format!("{weekday} {month} {:>2} {time} {zone} {}", day.day(), day.year())
    }
}

impl Text for Clock {
    fn write(&self, page: &mut Page) {
        page.line(self.line());
    }
}

#[derive(Deserialize)]
struct ShowTime {}

/// The time of day.
#[derive(Serialize)]
struct TimeOfDay {
    time: String,
}

impl Run<Session> for ShowTime {
    type View = TimeOfDay;

    fn run(self, session: &mut Session) -> Result<TimeOfDay, Failure> {
        Ok(TimeOfDay { time: now(session)?.time })
    }
}

impl Text for TimeOfDay {
    /// The page has a dot before the seconds.
    fn write(&self, page: &mut Page) {
        match self.time.rsplit_once(':') {
            Some((minutes, seconds)) if minutes.contains(':') => {
                page.line(format!("{minutes}.{seconds}"));
            }
            _ => page.line(&self.time),
        }
    }
}

#[derive(Deserialize)]
struct ShowZone {}

/// The time zone.
#[derive(Serialize)]
struct Zone {
    zone: String,
    time_zone: String,
}

impl Run<Session> for ShowZone {
    type View = Zone;

    fn run(self, session: &mut Session) -> Result<Zone, Failure> {
        let now = now(session)?;
        Ok(Zone { zone: zone(&now).to_owned(), time_zone: now.time_zone })
    }
}

impl Text for Zone {
    fn write(&self, page: &mut Page) {
        page.line(&self.zone);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_is_written_as_date_writes_it() {
        let text = |date: &str| {
            let (time, zone) = ("09:00:00".to_owned(), "UTC".to_owned());
            let mut page = Page::new();
            Clock { date: date.to_owned(), time, zone }.write(&mut page);
            page.into_text()
        };
        assert_eq!(text("2026-03-02"), "Mon Mar  2 09:00:00 UTC 2026\n");
        assert_eq!(text("2024-12-31"), "Tue Dec 31 09:00:00 UTC 2024\n");
        assert_eq!(text("31.12."), "31.12. 09:00:00 UTC\n");
        let mut page = Page::new();
        TimeOfDay { time: "10:23:11".to_owned() }.write(&mut page);
        assert_eq!(page.into_text(), "10:23.11\n");
    }
}
