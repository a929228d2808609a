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
        known: Known::Assumed(
            "public guides type 'sysconf time HH:MM YYYYMMDD'; its output is not public",
        ),
        run: call::<Set>(),
    },
    Command {
        syntax: "sysconf timezone list",
        help: "List the codes of the time zones",
        options: &[],
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
        known: Known::Assumed("known by name only"),
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
struct ListZones {}

/// The codes of the time zones.
#[derive(Serialize)]
struct Zones {
    time_zones: Vec<String>,
}

impl Run<Session> for ListZones {
    type View = Zones;

    fn run(self, session: &mut Session) -> Result<Zones, Failure> {
        Ok(Zones { time_zones: session.get(&ZONES, &[])?.zones })
    }
}

/// Widest line of minor names.
const WIDTH: usize = 76;

/// A major name and its minor names below it; how the product sets them was not found.
impl Text for Zones {
    fn write(&self, page: &mut Page) {
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
    #[serde(skip)]
    set: bool,
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
        Ok(Zone { time_zone, set: true })
    }
}

#[derive(Deserialize)]
struct ShowZone {}

impl Run<Session> for ShowZone {
    type View = Zone;

    fn run(self, session: &mut Session) -> Result<Zone, Failure> {
        let time_zone = session.get(&SHOW, &[])?.time_zone;
        Ok(Zone { time_zone, set: false })
    }
}

impl Text for Zone {
    fn write(&self, page: &mut Page) {
        if self.set {
            page.line(format!("Timezone set to {}", self.time_zone));
        } else {
            page.line(&self.time_zone);
        }
    }
}
