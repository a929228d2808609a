//! Time zones: a short list of the usual ones, with today's rules for summer time.
//!
//! The product knows the whole tz database. Here are the zones that operators set; rules are those
//! in force, applied to every year.

use time::{Date, Duration, Month, OffsetDateTime, PrimitiveDateTime, Weekday};

/// A time zone.
#[derive(Debug, PartialEq, Eq)]
pub struct Zone {
    /// Its code, such as `Canada/Eastern`.
    pub code: &'static str,
    standard: &'static str,
    /// Minutes ahead of UTC.
    offset: i32,
    summer: Option<(&'static str, &'static Rule)>,
}

/// When summer time, one hour more, begins and ends.
#[derive(Debug, PartialEq, Eq)]
struct Rule {
    begin: Turn,
    end: Turn,
}

/// A Sunday, and the hour at which the clocks are turned.
#[derive(Debug, PartialEq, Eq)]
struct Turn {
    month: Month,
    /// First, second …; 5 is the last.
    week: u8,
    hour: i64,
    basis: Basis,
}

/// By which clock the hour is meant.
#[derive(Debug, PartialEq, Eq)]
enum Basis {
    Utc,
    Standard,
}

const fn turn(month: Month, week: u8, hour: i64, basis: Basis) -> Turn {
    Turn { month, week, hour, basis }
}

use Basis::{Standard, Utc};

/// 2:00 in spring, 2:00 summer time in autumn.
static AMERICA: Rule =
    Rule { begin: turn(Month::March, 2, 2, Standard), end: turn(Month::November, 1, 1, Standard) };
static EUROPE: Rule =
    Rule { begin: turn(Month::March, 5, 1, Utc), end: turn(Month::October, 5, 1, Utc) };
static AUSTRALIA: Rule =
    Rule { begin: turn(Month::October, 1, 2, Standard), end: turn(Month::April, 1, 2, Standard) };
static NEW_ZEALAND: Rule =
    Rule { begin: turn(Month::September, 5, 2, Standard), end: turn(Month::April, 1, 2, Standard) };

const fn fixed(code: &'static str, standard: &'static str, offset: i32) -> Zone {
    Zone { code, standard, offset, summer: None }
}

const fn summer(
    code: &'static str,
    standard: &'static str,
    offset: i32,
    name: &'static str,
    rule: &'static Rule,
) -> Zone {
    Zone { code, standard, offset, summer: Some((name, rule)) }
}

/// By code.
pub(crate) static ZONES: &[Zone] = &[
    fixed("Africa/Johannesburg", "SAST", 120),
    fixed("Africa/Lagos", "WAT", 60),
    fixed("Africa/Nairobi", "EAT", 180),
    summer("America/Anchorage", "AKST", -540, "AKDT", &AMERICA),
    fixed("America/Argentina/Buenos_Aires", "-03", -180),
    fixed("America/Bogota", "-05", -300),
    summer("America/Chicago", "CST", -360, "CDT", &AMERICA),
    summer("America/Denver", "MST", -420, "MDT", &AMERICA),
    summer("America/Halifax", "AST", -240, "ADT", &AMERICA),
    summer("America/Los_Angeles", "PST", -480, "PDT", &AMERICA),
    fixed("America/Mexico_City", "CST", -360),
    summer("America/Montreal", "EST", -300, "EDT", &AMERICA),
    summer("America/New_York", "EST", -300, "EDT", &AMERICA),
    fixed("America/Phoenix", "MST", -420),
    fixed("America/Sao_Paulo", "-03", -180),
    summer("America/St_Johns", "NST", -210, "NDT", &AMERICA),
    summer("America/Toronto", "EST", -300, "EDT", &AMERICA),
    summer("America/Vancouver", "PST", -480, "PDT", &AMERICA),
    fixed("Asia/Bangkok", "+07", 420),
    fixed("Asia/Dubai", "+04", 240),
    fixed("Asia/Hong_Kong", "HKT", 480),
    fixed("Asia/Jakarta", "WIB", 420),
    fixed("Asia/Karachi", "PKT", 300),
    fixed("Asia/Kolkata", "IST", 330),
    fixed("Asia/Kuala_Lumpur", "+08", 480),
    fixed("Asia/Manila", "PST", 480),
    fixed("Asia/Riyadh", "+03", 180),
    fixed("Asia/Seoul", "KST", 540),
    fixed("Asia/Shanghai", "CST", 480),
    fixed("Asia/Singapore", "+08", 480),
    fixed("Asia/Taipei", "CST", 480),
    fixed("Asia/Tokyo", "JST", 540),
    fixed("Atlantic/Reykjavik", "GMT", 0),
    summer("Australia/Adelaide", "ACST", 570, "ACDT", &AUSTRALIA),
    fixed("Australia/Brisbane", "AEST", 600),
    fixed("Australia/Darwin", "ACST", 570),
    summer("Australia/Melbourne", "AEST", 600, "AEDT", &AUSTRALIA),
    fixed("Australia/Perth", "AWST", 480),
    summer("Australia/Sydney", "AEST", 600, "AEDT", &AUSTRALIA),
    summer("CET", "CET", 60, "CEST", &EUROPE),
    summer("CST6CDT", "CST", -360, "CDT", &AMERICA),
    summer("Canada/Atlantic", "AST", -240, "ADT", &AMERICA),
    summer("Canada/Central", "CST", -360, "CDT", &AMERICA),
    summer("Canada/Eastern", "EST", -300, "EDT", &AMERICA),
    summer("Canada/Mountain", "MST", -420, "MDT", &AMERICA),
    summer("Canada/Newfoundland", "NST", -210, "NDT", &AMERICA),
    summer("Canada/Pacific", "PST", -480, "PDT", &AMERICA),
    fixed("Canada/Saskatchewan", "CST", -360),
    summer("EET", "EET", 120, "EEST", &EUROPE),
    fixed("EST", "EST", -300),
    summer("EST5EDT", "EST", -300, "EDT", &AMERICA),
    fixed("Etc/GMT", "GMT", 0),
    fixed("Etc/UTC", "UTC", 0),
    summer("Europe/Amsterdam", "CET", 60, "CEST", &EUROPE),
    summer("Europe/Athens", "EET", 120, "EEST", &EUROPE),
    summer("Europe/Berlin", "CET", 60, "CEST", &EUROPE),
    summer("Europe/Brussels", "CET", 60, "CEST", &EUROPE),
    summer("Europe/Copenhagen", "CET", 60, "CEST", &EUROPE),
    summer("Europe/Dublin", "GMT", 0, "IST", &EUROPE),
    summer("Europe/Helsinki", "EET", 120, "EEST", &EUROPE),
    fixed("Europe/Istanbul", "+03", 180),
    summer("Europe/Lisbon", "WET", 0, "WEST", &EUROPE),
    summer("Europe/London", "GMT", 0, "BST", &EUROPE),
    summer("Europe/Madrid", "CET", 60, "CEST", &EUROPE),
    fixed("Europe/Moscow", "MSK", 180),
    summer("Europe/Oslo", "CET", 60, "CEST", &EUROPE),
    summer("Europe/Paris", "CET", 60, "CEST", &EUROPE),
    summer("Europe/Prague", "CET", 60, "CEST", &EUROPE),
    summer("Europe/Rome", "CET", 60, "CEST", &EUROPE),
    summer("Europe/Stockholm", "CET", 60, "CEST", &EUROPE),
    summer("Europe/Vienna", "CET", 60, "CEST", &EUROPE),
    summer("Europe/Warsaw", "CET", 60, "CEST", &EUROPE),
    summer("Europe/Zurich", "CET", 60, "CEST", &EUROPE),
    fixed("GMT", "GMT", 0),
    fixed("HST", "HST", -600),
    summer("MET", "MET", 60, "MEST", &EUROPE),
    fixed("MST", "MST", -420),
    summer("MST7MDT", "MST", -420, "MDT", &AMERICA),
    summer("PST8PDT", "PST", -480, "PDT", &AMERICA),
    summer("Pacific/Auckland", "NZST", 720, "NZDT", &NEW_ZEALAND),
    fixed("Pacific/Honolulu", "HST", -600),
    summer("US/Alaska", "AKST", -540, "AKDT", &AMERICA),
    fixed("US/Arizona", "MST", -420),
    summer("US/Central", "CST", -360, "CDT", &AMERICA),
    summer("US/Eastern", "EST", -300, "EDT", &AMERICA),
    fixed("US/Hawaii", "HST", -600),
    summer("US/Mountain", "MST", -420, "MDT", &AMERICA),
    summer("US/Pacific", "PST", -480, "PDT", &AMERICA),
    fixed("UTC", "UTC", 0),
    summer("WET", "WET", 0, "WEST", &EUROPE),
];

/// The zone of a code, which is written exactly so.
pub(crate) fn find(code: &str) -> Option<&'static Zone> {
    ZONES.iter().find(|zone| zone.code == code)
}

impl Zone {
    /// Abbreviation and minutes ahead of UTC at a moment.
    pub fn at(&self, moment: OffsetDateTime) -> (&'static str, i32) {
        match self.summer {
            Some((name, rule)) if self.in_summer(rule, moment) => (name, self.offset + 60),
            _ => (self.standard, self.offset),
        }
    }

    /// The moment at which the zone's clocks show a time; the earlier one of two.
    pub fn moment(&self, local: PrimitiveDateTime) -> OffsetDateTime {
        let standard = local.assume_utc() - Duration::minutes(self.offset.into());
        let summer = standard - Duration::hours(1);
        match self.summer {
            Some((_, rule)) if self.in_summer(rule, summer) => summer,
            _ => standard,
        }
    }

    fn in_summer(&self, rule: &Rule, moment: OffsetDateTime) -> bool {
        let year = (moment + Duration::minutes(self.offset.into())).year();
        let (begin, end) = (self.turn(&rule.begin, year), self.turn(&rule.end, year));
        if begin < end { (begin..end).contains(&moment) } else { !(end..begin).contains(&moment) }
    }

    fn turn(&self, turn: &Turn, year: i32) -> OffsetDateTime {
        let ahead = match turn.basis {
            Basis::Utc => 0,
            Basis::Standard => self.offset,
        };
        let day = sunday(year, turn.month, turn.week);
        day.midnight().assume_utc() + Duration::hours(turn.hour) - Duration::minutes(ahead.into())
    }
}

/// The first, second … Sunday of a month; the last for 5.
fn sunday(year: i32, month: Month, week: u8) -> Date {
    let days = (1..=month.length(year)).rev();
    let mut sundays: Vec<Date> = days
        .filter_map(|day| Date::from_calendar_date(year, month, day).ok())
        .filter(|date| date.weekday() == Weekday::Sunday)
        .collect();
    let last = sundays.first().copied();
    sundays.reverse();
    sundays.get(usize::from(week) - 1).copied().or(last).unwrap_or(Date::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn at(code: &str, moment: OffsetDateTime) -> (&'static str, i32) {
        find(code).unwrap().at(moment)
    }

    #[test]
    fn clocks_turn_at_the_right_second() {
        assert_eq!(at("Canada/Eastern", datetime!(2026-03-08 06:59:59 UTC)), ("EST", -300));
        assert_eq!(at("Canada/Eastern", datetime!(2026-03-08 07:00:00 UTC)), ("EDT", -240));
        assert_eq!(at("Canada/Eastern", datetime!(2026-11-01 05:59:59 UTC)), ("EDT", -240));
        assert_eq!(at("Canada/Eastern", datetime!(2026-11-01 06:00:00 UTC)), ("EST", -300));
        assert_eq!(at("Europe/Berlin", datetime!(2026-03-29 00:59:59 UTC)), ("CET", 60));
        assert_eq!(at("Europe/Berlin", datetime!(2026-03-29 01:00:00 UTC)), ("CEST", 120));
        assert_eq!(at("Europe/Berlin", datetime!(2026-10-25 01:00:00 UTC)), ("CET", 60));
        assert_eq!(at("Australia/Sydney", datetime!(2026-01-01 00:00:00 UTC)), ("AEDT", 660));
        assert_eq!(at("Australia/Sydney", datetime!(2026-04-04 15:59:59 UTC)), ("AEDT", 660));
        assert_eq!(at("Australia/Sydney", datetime!(2026-04-04 16:00:00 UTC)), ("AEST", 600));
        assert_eq!(at("Asia/Kolkata", datetime!(2026-07-01 00:00:00 UTC)), ("IST", 330));
    }

    #[test]
    fn a_time_shown_goes_back_to_its_moment() {
        for zone in ZONES {
            for day in 0..365 {
                let moment = datetime!(2026-01-01 12:00:00 UTC) + Duration::days(day);
                let (_, offset) = zone.at(moment);
                let local = moment + Duration::minutes(offset.into());
                let local = PrimitiveDateTime::new(local.date(), local.time());
                assert_eq!(zone.moment(local), moment, "{}", zone.code);
            }
        }
    }

    #[test]
    fn codes_are_sorted_and_unique() {
        assert!(ZONES.is_sorted_by(|a, b| a.code < b.code));
    }
}
