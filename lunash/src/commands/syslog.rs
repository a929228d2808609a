//! `syslog`: the logs of the appliance.

pub(super) mod certificate;
pub(super) mod remotehost;

use luna_rest::syslog::{self, ChangeLog, ChangeSyslog, Tail as TailOf};

use crate::prelude::*;
use crate::refusals::refused_in_detail;
use crate::views::Done;

pub(super) const MENUS: &[Menu] = &[
    Menu { path: "syslog", help: "Logs of the appliance" },
    Menu { path: "syslog severity", help: "How grave a line has to be to be kept" },
];

const NAME_ONLY: Known = Known::Assumed("the page was not found: output as that of its neighbours");

pub(super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "syslog cleanup [-force|-f]",
        help: "Delete the log files",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[syslog::ACT.resource()],
        known: Known::Seen("syslog-cleanup-5"),
        run: call::<Cleanup>(),
    },
    Command {
        syntax: "syslog export",
        help: "Copy the system log into a file of yours",
        options: &[],
        roles: Role::MONITOR,
        rest: &[syslog::EXPORT.resource()],
        known: Known::Assumed(
            "the page was not found: the file's name and the sentence are chosen",
        ),
        run: call::<Export>(),
    },
    Command {
        syntax: "syslog period <period>",
        help: "Set how often new log files are begun",
        options: &[("period", "daily, weekly or monthly")],
        roles: Role::OPERATOR,
        rest: &[syslog::CHANGE.resource()],
        known: NAME_ONLY,
        run: call::<Period>(),
    },
    Command {
        syntax: "syslog rotate",
        help: "Begin new log files now",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[syslog::ACT.resource()],
        known: NAME_ONLY,
        run: call::<Rotate>(),
    },
    Command {
        syntax: "syslog rotations <number>",
        help: "Set how many older files of a log are kept",
        options: &[("number", "1 to 100")],
        roles: Role::OPERATOR,
        rest: &[syslog::CHANGE.resource()],
        known: NAME_ONLY,
        run: call::<Rotations>(),
    },
    Command {
        syntax: "syslog severity set -logname|-logn <logname> -loglevel|-logl <loglevel>",
        help: "Set how grave a line has to be to be kept in a log",
        options: &[
            ("-logname", "Name of a log; 'syslog show' names them"),
            ("-loglevel", "emergency, alert, critical, error, warning, notice, info or debug"),
        ],
        roles: Role::OPERATOR,
        rest: &[syslog::CHANGE_LOG.resource()],
        known: NAME_ONLY,
        run: call::<SeveritySet>(),
    },
    Command {
        syntax: "syslog show",
        help: "Show the logs, what they keep, and how they are rotated",
        options: &[],
        roles: Role::MONITOR,
        rest: &[syslog::SHOW.resource(), syslog::LOGS.resource(), syslog::LOG.resource()],
        known: Known::Assumed("the page was not found: a line a setting, then a line a log"),
        run: call::<Show>(),
    },
    Command {
        syntax: "syslog tail -logname|-l <logname> [-entries|-e <number>] [-search|-s <string>]",
        help: "Show the last lines of a log",
        options: &[
            ("-logname", "Name of a log; 'syslog show' names them"),
            ("-entries", "At most so many lines (default: all)"),
            ("-search", "Only lines that hold this text, as it is written"),
        ],
        roles: Role::MONITOR,
        rest: &[syslog::TAIL.resource()],
        known: Known::Documented("sa_appliance_admin/logging/logging_about.htm@7.1"),
        run: call::<Tail>(),
    },
    Command {
        syntax: "syslog tarlogs",
        help: "Pack all logs into a file of yours",
        options: &[],
        roles: Role::MONITOR,
        rest: &[syslog::ARCHIVE.resource()],
        known: Known::Assumed("the page was not found: a public guide names logs.tgz"),
        run: call::<Tarlogs>(),
    },
];

#[derive(Deserialize)]
struct Cleanup {
    force: bool,
}

/// Log files that were deleted.
#[derive(Serialize)]
struct Deleted {
    deleted: bool,
}

impl Run<Session> for Cleanup {
    type View = Deleted;

    fn run(self, session: &mut Session) -> Result<Deleted, Failure> {
        session.confirm_warning(self.force, "This command will delete all log files.")?;
        session.call(&syslog::ACT, &["cleanup"], &Nothing {})?;
        Ok(Deleted { deleted: true })
    }
}

impl Text for Deleted {
    fn write(&self, page: &mut Page) {
        page.line("Deleting log files ...");
        page.line("restart the rsyslogd service if it's running");
    }
}

#[derive(Deserialize)]
struct Rotate {}

impl Run<Session> for Rotate {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        session.call(&syslog::ACT, &["rotate"], &Nothing {})?;
        Ok(Done { done: "syslog rotate" })
    }
}

#[derive(Deserialize)]
struct Period {
    period: String,
}

impl Run<Session> for Period {
    type View = Settings;

    fn run(self, session: &mut Session) -> Result<Settings, Failure> {
        change(session, ChangeSyslog { period: Some(self.period), rotations: None })
    }
}

#[derive(Deserialize)]
struct Rotations {
    number: u32,
}

impl Run<Session> for Rotations {
    type View = Settings;

    fn run(self, session: &mut Session) -> Result<Settings, Failure> {
        change(session, ChangeSyslog { period: None, rotations: Some(self.number) })
    }
}

/// A setting that was changed.
#[derive(Serialize)]
struct Settings {
    #[serde(skip_serializing_if = "Option::is_none")]
    period: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rotations: Option<u32>,
}

fn change(session: &Session, body: ChangeSyslog) -> Result<Settings, Failure> {
    session.client().call(&syslog::CHANGE, &[], &body).map_err(refused_in_detail)?;
    Ok(Settings { period: body.period, rotations: body.rotations })
}

impl Text for Settings {
    fn write(&self, page: &mut Page) {
        if let Some(period) = &self.period {
            page.line(format!("Log rotation period set to {period}."));
        }
        if let Some(rotations) = self.rotations {
            page.line(format!("Log rotations set to {rotations}."));
        }
    }
}

#[derive(Deserialize)]
struct SeveritySet {
    logname: String,
    loglevel: String,
}

/// What a log keeps from now on.
#[derive(Serialize)]
struct Severity {
    log: String,
    severity: String,
}

impl Run<Session> for SeveritySet {
    type View = Severity;

    fn run(self, session: &mut Session) -> Result<Severity, Failure> {
        let body = ChangeLog { severity: self.loglevel };
        let client = session.client();
        client.call(&syslog::CHANGE_LOG, &[&self.logname], &body).map_err(refused_in_detail)?;
        Ok(Severity { log: self.logname, severity: body.severity })
    }
}

impl Text for Severity {
    fn write(&self, page: &mut Page) {
        page.line(format!("Log level of {} set to {}.", self.log, self.severity));
    }
}

#[derive(Deserialize)]
struct Show {}

/// The settings of the logs.
#[derive(Serialize)]
struct Logs {
    period: String,
    rotations: u32,
    logs: Vec<Log>,
}

/// A log.
#[derive(Serialize)]
struct Log {
    name: String,
    /// The least grave severity that it keeps.
    severity: String,
    /// Bytes of all its files.
    size: u64,
}

impl Run<Session> for Show {
    type View = Logs;

    fn run(self, session: &mut Session) -> Result<Logs, Failure> {
        let settings = session.get(&syslog::SHOW, &[])?;
        let mut logs = Vec::new();
        for link in session.get(&syslog::LOGS, &[])?.logs {
            let log = session.get(&syslog::LOG, &[&link.id])?;
            let size = log.files.iter().map(|file| file.size).sum();
            logs.push(Log { name: log.id, severity: log.severity, size });
        }
        Ok(Logs { period: settings.period, rotations: settings.rotations, logs })
    }
}

impl Text for Logs {
    fn write(&self, page: &mut Page) {
        page.field("Rotation period:", 20, &self.period);
        page.field("Rotations:", 20, self.rotations);
        page.blank();
        let mut table = Table::new(0, 2, &[(10, false), (10, false), (10, true)]);
        table.row(["Log", "Level", "Bytes"]);
        table.row(["----------"; 3]);
        for log in &self.logs {
            table.row([&log.name, &log.severity, &log.size.to_string()]);
        }
        page.table(&table);
    }
}

#[derive(Deserialize)]
struct Tail {
    logname: String,
    entries: Option<u32>,
    search: Option<String>,
}

/// Lines of a log.
#[derive(Serialize)]
struct Lines {
    log: String,
    /// The oldest first.
    lines: Vec<String>,
}

impl Run<Session> for Tail {
    type View = Lines;

    fn run(self, session: &mut Session) -> Result<Lines, Failure> {
        let entries = self.entries.map(|number| number as usize);
        let wanted = TailOf { entries, search: self.search };
        let client = session.client();
        let found = client.call(&syslog::TAIL, &[&self.logname], &wanted);
        Ok(Lines { lines: found.map_err(refused_in_detail)?.lines, log: self.logname })
    }
}

impl Text for Lines {
    fn write(&self, page: &mut Page) {
        for line in &self.lines {
            page.line(line);
        }
    }
}

/// A file that was written.
#[derive(Serialize)]
struct Written {
    file: String,
}

impl Text for Written {
    fn write(&self, page: &mut Page) {
        page.line(format!("The logs lie among your files as {}.", self.file));
    }
}

#[derive(Deserialize)]
struct Tarlogs {}

impl Run<Session> for Tarlogs {
    type View = Written;

    fn run(self, session: &mut Session) -> Result<Written, Failure> {
        let made = session.call(&syslog::ARCHIVE, &[], &Nothing {})?;
        Ok(Written { file: made.file })
    }
}

#[derive(Deserialize)]
struct Export {}

impl Run<Session> for Export {
    type View = Written;

    fn run(self, session: &mut Session) -> Result<Written, Failure> {
        let made = session.call(&syslog::EXPORT, &[], &Nothing {})?;
        Ok(Written { file: made.file })
    }
}
