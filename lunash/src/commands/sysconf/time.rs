//! `sysconf time`, `sysconf timezone`: the appliance's clock.

use luna_rest::time::{CHANGE, ChangeTime, SHOW, ZONES};
use time::{Date, Month};

use crate::commands::status::clock::Clock;

use crate::prelude::*;
use crate::refusals::refused_in_detail;

pub(in super::super) const MENUS: &[Menu] =
    &[Menu { path: "sysconf timezone", help: "The appliance's time zone" }];

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "sysconf time <time> [<date>]",
        help: "Set the appliance's clock",
        options: &[
            ("time", "HH:MM or HH:MM:SS, of 24 hours"),
            ("date", "YYYYMMDD; today when left out"),
        ],
        roles: Role::OPERATOR,
        rest: &[SHOW.resource(), CHANGE.resource()],
        known: Known::Documented("lunash/commands/sysconf/sysconf_time.htm@7.2"),
        run: call::<Set>(),
    },
    Command {
        syntax: "sysconf timezone list [<region>]",
        help: "List the codes of the time zones",
        options: &[("region", "Only codes with this word in them, such as Kentucky")],
        roles: Role::MONITOR,
        rest: &[ZONES.resource()],
        known: Known::Documented("admin_appliance/network_config/set_system_date_and_time.htm"),
        run: call::<ListZones>(),
    },
    Command {
        syntax: "sysconf timezone set <time_zone_code>",
        help: "Set the time zone",
        options: &[("time_zone_code", "Such as EST5EDT or Canada/Eastern")],
        roles: Role::OPERATOR,
        rest: &[CHANGE.resource()],
        known: Known::Documented("admin_appliance/network_config/set_system_date_and_time.htm"),
        run: call::<SetZone>(),
    },
    Command {
        syntax: "sysconf timezone show",
        help: "Show the time zone",
        options: &[],
        roles: Role::MONITOR,
        rest: &[SHOW.resource()],
        known: Known::Documented("lunash/commands/sysconf/sysconf_timezone.htm@7.2"),
        run: call::<ShowZone>(),
    },
];

/// `YYYYMMDD`.
fn read_date(text: &str) -> Option<Date> {
    if text.len() != 8 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let month = Month::try_from(text[4..6].parse::<u8>().ok()?).ok()?;
    Date::from_calendar_date(text[..4].parse().ok()?, month, text[6..].parse().ok()?).ok()
}

#[derive(Deserialize)]
struct Set {
    time: String,
    date: Option<String>,
}

impl Run<Session> for Set {
    type View = Clock;

    fn run(self, session: &mut Session) -> Result<Clock, Failure> {
        let time = if self.time.matches(':').count() == 1 {
            format!("{}:00", self.time)
        } else {
            self.time
        };
        let date = self.date.map(|text| match read_date(&text) {
            Some(date) => {
                Ok(format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day()))
            }
            None => Err(Failure::command(format!("'{text}' is no date YYYYMMDD."))),
        });
        let change = ChangeTime { time: Some(time), date: date.transpose()?, time_zone: None };
        session.client().call(&CHANGE, &[], &change).map_err(refused_in_detail)?;
        Ok(session.get(&SHOW, &[])?.into())
    }
}

#[derive(Deserialize)]
struct ListZones {
    region: Option<String>,
}

/// The codes of the time zones.
#[derive(Serialize)]
struct Zones {
    time_zones: Vec<String>,
    /// Whether they are those of a region.
    #[serde(skip)]
    region: bool,
}

impl Run<Session> for ListZones {
    type View = Zones;

    fn run(self, session: &mut Session) -> Result<Zones, Failure> {
        let mut time_zones = session.get(&ZONES, &[])?.zones;
        let region = self.region.is_some();
        if let Some(region) = self.region.map(|region| region.to_lowercase()) {
            time_zones.retain(|zone| zone.to_lowercase().contains(&region));
        }
        Ok(Zones { time_zones, region })
    }
}

/// Widest line of minor names.
const WIDTH: usize = 76;

/// A major name and its minor names below it; how the product sets them was not found.
impl Text for Zones {
    fn write(&self, page: &mut Page) {
        if self.region {
            page.line("Available time zones:\n");
            self.time_zones.iter().for_each(|zone| page.line(zone));
            return;
        }
        let mut zones = self.time_zones.iter().peekable();
        while let Some(zone) = zones.next() {
            let Some((major, minor)) = zone.split_once('/') else {
                page.line(zone);
                continue;
            };
            page.line(major);
            let mut line = format!("    {minor}");
            let below = |zone: &&String| zone.split_once('/').is_some_and(|(m, _)| m == major);
            while let Some(next) = zones.next_if(below) {
                let minor = &next[major.len() + 1..];
                if line.len() + 1 + minor.len() > WIDTH {
                    page.line(&line);
                    line = format!("    {minor}");
                } else {
                    line.push(' ');
                    line.push_str(minor);
                }
            }
            page.line(line);
        }
    }
}

#[derive(Deserialize)]
struct SetZone {
    time_zone_code: String,
}

/// The time zone.
#[derive(Serialize)]
struct Zone {
    time_zone: String,
    /// What it is called now, which changes with daylight saving time.
    #[serde(skip)]
    now: Option<String>,
}

impl Run<Session> for SetZone {
    type View = Zone;

    fn run(self, session: &mut Session) -> Result<Zone, Failure> {
        let time_zone = self.time_zone_code;
        let change = ChangeTime { time_zone: Some(time_zone.clone()), ..ChangeTime::default() };
        session.client().call(&CHANGE, &[], &change).map_err(|error| match error.id() {
            Some(ErrorId::FRAMEWORK_BAD_REQUEST) => {
                refused_in_detail(error).hint("'sysconf timezone list' shows the codes")
            }
            _ => refused_in_detail(error),
        })?;
        Ok(Zone { time_zone, now: None })
    }
}

#[derive(Deserialize)]
struct ShowZone {}

impl Run<Session> for ShowZone {
    type View = Zone;

    fn run(self, session: &mut Session) -> Result<Zone, Failure> {
        let shown = session.get(&SHOW, &[])?;
        let known = Some(shown.abbreviation).filter(|name| !name.is_empty());
        let now = known.or_else(|| Some(shown.time_zone.clone()));
        Ok(Zone { time_zone: shown.time_zone, now })
    }
}

impl Text for Zone {
    fn write(&self, page: &mut Page) {
        match &self.now {
            Some(now) => page.line(now),
            None => page.line(format!("Time zone set to {}", self.time_zone)),
        }
    }
}
