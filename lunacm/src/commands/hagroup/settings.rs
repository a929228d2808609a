//! What holds for all HA groups: recovery, the log, and whether applications see anything else; and the
//! synchronization of one group.

use std::path::Path;

use super::super::clientconfig;
use super::{Told, change, find};
use crate::ha::{Change, LOG_LENGTH, Recovery, Settings};
use crate::prelude::*;

pub(crate) const COMMANDS: &[Command] = &[
    Command {
        syntax: "hagroup|ha halog|hl {-disable|-d | -enable|-e | -maxlength|-m <max_file_length> | -path|-p <filepath> | -show|-s}",
        help: "Set or show the log of HA groups",
        options: &[
            ("-disable", "No log"),
            ("-enable", "A log"),
            ("-maxlength", "The most bytes of the log file, 262144 at least"),
            ("-path", "The folder of the log file"),
            ("-show", "Show the settings"),
        ],
        roles: Role::ANY,
        rest: &[],
        known: Known::Documented("lunacm/commands/hagroup/hagroup_halog.htm@7.2"),
        run: call::<HaLog>(),
    },
    Command {
        syntax: "hagroup|ha haonly|ho {-enable|-e | -disable|-d | -show|-s}",
        help: "Let applications see HA groups alone",
        options: &[
            ("-enable", "Groups alone"),
            ("-disable", "Groups and their members"),
            ("-show", "Show the setting"),
        ],
        roles: Role::ANY,
        rest: &[],
        known: Known::Documented(
            "lunacm/commands/hagroup/hagroup_haonly.htm@7.2, which shows none of the words for off",
        ),
        run: call::<HaOnly>(),
    },
    Command {
        syntax: "hagroup|ha interval|i -interval|-i <seconds:60-1200>",
        help: "Set the time between two attempts to recover a member",
        options: &[("-interval", "Seconds")],
        roles: Role::ANY,
        rest: &[],
        known: Known::Documented("lunacm/commands/hagroup/hagroup_interval.htm@7.2"),
        run: call::<Interval>(),
    },
    Command {
        syntax: "hagroup|ha recover|re -group|-g <label>",
        help: "Let every program that uses an HA group look for its failed members now",
        options: &[],
        roles: Role::ANY,
        rest: &[],
        known: Known::Documented(
            "lunacm/commands/hagroup/hagroup_recover.htm@7.2; that programs hear of it by the number in HARecovery is assumed",
        ),
        run: call::<Recover>(),
    },
    Command {
        syntax: "hagroup|ha recoverymode|m -mode|-m <mode:activeBasic|activeEnhanced>",
        help: "Say how a member that returns is taken up again",
        options: &[(
            "-mode",
            "activeBasic, or activeEnhanced, which restores sessions and logins too",
        )],
        roles: Role::ANY,
        rest: &[],
        known: Known::Documented("lunacm/commands/hagroup/hagroup_recoverymode.htm@7.2"),
        run: call::<RecoveryMode>(),
    },
    Command {
        syntax: "hagroup|ha retry|rt -count|-c <retries>",
        help: "Set how often it is tried to recover a member",
        options: &[("-count", "0 for never, -1 without limit, 500 at most")],
        roles: Role::ANY,
        rest: &[],
        known: Known::Documented("lunacm/commands/hagroup/hagroup_retry.htm@7.2"),
        run: call::<Retry>(),
    },
];

/// What was set or shown.
#[derive(Serialize)]
pub(crate) struct Set {
    done: &'static str,
    #[serde(flatten)]
    settings: Settings,
    #[serde(skip)]
    text: String,
}

impl Text for Set {
    fn write(&self, page: &mut Page) {
        page.line(&self.text);
    }
}

/// Makes a change, or none, and tells what was done in a line that stands as LunaCM's lines do.
fn set(
    session: &mut Session,
    done: &'static str,
    new: Option<Change<'_>>,
    text: impl FnOnce(&Settings) -> String,
) -> Result<Set, Failure> {
    let file = clientconfig::read(session)?;
    if let Some(new) = new {
        change(session, &file, |file| new.write(file))?;
    }
    let settings = Settings::of(&clientconfig::read(session)?);
    let text = text(&settings);
    Ok(Set { done, settings, text })
}

fn line(text: impl std::fmt::Display) -> String {
    format!("        {text}")
}

#[derive(Deserialize)]
struct HaLog {
    disable: bool,
    enable: bool,
    maxlength: Option<u32>,
    path: Option<String>,
    show: bool,
}

impl Run<Session> for HaLog {
    type View = Set;

    fn run(self, session: &mut Session) -> Result<Set, Failure> {
        let done = "hagroup halog";
        if let Some(bytes) = self.maxlength {
            if bytes < LOG_LENGTH {
                let text = format!("The log file has {LOG_LENGTH} bytes at least.");
                return Err(codes::failure(codes::ARGUMENTS_BAD, text));
            }
            return set(session, done, Some(Change::LogLength(bytes)), |_| {
                line(format!("HA Log maximum file size was successfully set to {bytes}.")) + "\n"
            });
        }
        if let Some(path) = self.path {
            if !Path::new(&path).is_dir() {
                let text = format!("'{path}' is no folder.");
                return Err(codes::failure(codes::ARGUMENTS_BAD, text)
                    .hint("the log file is made in the folder; make that first"));
            }
            return set(session, done, Some(Change::LogPath(&path)), |_| {
                line(format!("HA Log path successfully set to {path}.")) + "\n"
            });
        }
        if self.show {
            return set(session, done, None, |settings| {
                let state = if settings.log { "enabled" } else { "disabled" };
                let file = settings.log_file().unwrap_or_else(|| "<none>".to_owned());
                format!(
                    "         HA Log: {state}\n       Log File: {file}\nMax File Length: {} bytes\n",
                    settings.log_length
                )
            });
        }
        let enable = self.enable && !self.disable;
        let file = clientconfig::read(session)?;
        if enable && Settings::of(&file).log_path.is_none() {
            session.ui().note("note: 'hagroup halog -path' says where the log file is to be");
        }
        let state = if enable { "enabled" } else { "disabled" };
        set(session, done, Some(Change::Log(enable)), |_| {
            line(format!("HA Log was successfully {state}."))
        })
    }
}

#[derive(Deserialize)]
pub(crate) struct HaOnly {
    pub(crate) enable: bool,
    pub(crate) disable: bool,
    pub(crate) show: bool,
}

impl Run<Session> for HaOnly {
    type View = Set;

    fn run(self, session: &mut Session) -> Result<Set, Failure> {
        let done = "hagroup haonly";
        if self.show {
            // Assumed for off: the page shows what is said while it is on.
            return set(session, done, None, |settings| match settings.only {
                true => {
                    line("This system is configured to show only HA slots.  (HA Only is enabled)")
                }
                false => {
                    line("This system is configured to show all slots.  (HA Only is disabled)")
                }
            });
        }
        let enable = self.enable && !self.disable;
        let state = if enable { "enabled" } else { "disabled" };
        set(session, done, Some(Change::Only(enable)), |_| {
            line(format!("\"HA Only\" has been {state}."))
        })
    }
}

#[derive(Deserialize)]
pub(crate) struct Interval {
    pub(crate) interval: u32,
}

impl Run<Session> for Interval {
    type View = Set;

    fn run(self, session: &mut Session) -> Result<Set, Failure> {
        let seconds = self.interval;
        set(session, "hagroup interval", Some(Change::Interval(seconds)), |_| {
            line(format!("HA Auto Recovery Interval has been set to {seconds} seconds."))
        })
    }
}

#[derive(Deserialize)]
struct RecoveryMode {
    mode: String,
}

impl Run<Session> for RecoveryMode {
    type View = Set;

    fn run(self, session: &mut Session) -> Result<Set, Failure> {
        let mode = match self.mode.eq_ignore_ascii_case("activeEnhanced") {
            true => Recovery::ActiveEnhanced,
            false => Recovery::ActiveBasic,
        };
        set(session, "hagroup recoverymode", Some(Change::Recovery(mode)), |_| {
            line(format!("HA Auto Recovery Mode has been set to {} mode.", mode.name()))
        })
    }
}

#[derive(Deserialize)]
pub(crate) struct Retry {
    pub(crate) count: String,
}

impl Run<Session> for Retry {
    type View = Set;

    fn run(self, session: &mut Session) -> Result<Set, Failure> {
        let count = self.count.parse().ok().filter(|count| (-1..=500).contains(count));
        let count: i32 = count.ok_or_else(|| {
            let text = format!("'{}' is no number of attempts: -1 to 500.", self.count);
            codes::failure(codes::ARGUMENTS_BAD, text)
        })?;
        set(session, "hagroup retry", Some(Change::Retry(count)), |_| {
            line(format!("HA Auto Recovery Count has been set to {count}"))
        })
    }
}

#[derive(Deserialize)]
struct Recover {
    group: String,
}

impl Run<Session> for Recover {
    type View = Told;

    fn run(self, session: &mut Session) -> Result<Told, Failure> {
        let file = clientconfig::read(session)?;
        let group = find(&file, &self.group)?;
        change(session, &file, |file| group.request_recovery(file))?;
        let is_missing = group.members.iter().any(|serial| session.slot_of(serial).is_none());
        if is_missing {
            session.ui().note(
                "note: 'clientconfig restart' links this session with members that have returned",
            );
        }
        let text = format!("Signal sent to HA Group \"{}\" to recover.", group.label);
        Ok(Told { done: "hagroup recover", group: group.label, member: None, text, gap: false })
    }
}
