//! `syslog`: the logs of the appliance.

pub(super) mod certificate;
pub(super) mod remotehost;

use luna_rest::services;
use luna_rest::syslog::{self, ChangeLog, ChangeSyslog, Tail as TailOf};

use crate::commands::service::{Steps, act};
use crate::prelude::*;
use crate::refusals::refused_in_detail;

pub(super) const MENUS: &[Menu] = &[
    Menu { path: "syslog", help: "Logs of the appliance" },
    Menu { path: "syslog severity", help: "How grave a line has to be to be kept" },
];

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
        roles: Role::OPERATOR,
        rest: &[syslog::EXPORT.resource()],
        known: Known::Documented("lunash/commands/syslog/syslog_export.htm@7.2"),
        run: call::<Export>(),
    },
    Command {
        syntax: "syslog period <syslogperiod>",
        help: "Set how often new log files are begun",
        options: &[("syslogperiod", "daily, weekly or monthly")],
        roles: Role::OPERATOR,
        rest: &[syslog::CHANGE.resource()],
        known: Known::Documented("lunash/commands/syslog/syslog_period.htm@7.2"),
        run: call::<Period>(),
    },
    Command {
        syntax: "syslog rotate",
        help: "Begin new log files now",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[syslog::ACT.resource()],
        known: Known::Documented("lunash/commands/syslog/syslog_rotate.htm@7.2"),
        run: call::<Rotate>(),
    },
    Command {
        syntax: "syslog rotations <number>",
        help: "Set how many older files of a log are kept",
        options: &[("number", "1 to 100")],
        roles: Role::OPERATOR,
        rest: &[syslog::CHANGE.resource()],
        known: Known::Documented("lunash/commands/syslog/syslog_rotations.htm@7.2"),
        run: call::<Rotations>(),
    },
    Command {
        syntax: "syslog severity set -logname|-logn <logname> -loglevel|-logl <loglevel>",
        help: "Set how grave a line has to be to be kept in a log",
        options: &[
            ("-logname", "Name of a log; 'syslog show' names them"),
            (
                "-loglevel",
                "emergency, alert, critical or crit, error or err, warning or warn, notice, info or debug",
            ),
        ],
        roles: Role::OPERATOR,
        rest: &[syslog::CHANGE_LOG.resource(), services::SHOW.resource(), services::ACT.resource()],
        known: Known::Assumed(
            "syslog_severity_set.htm@7.2 has -host, too, for the lines that a host is sent: each is sent what \
             its log keeps; the service's steps are those recorded of its restart",
        ),
        run: call::<SeveritySet>(),
    },
    Command {
        syntax: "syslog show",
        help: "Show the logs, what they keep, and how they are rotated",
        options: &[],
        roles: Role::MONITOR,
        rest: &[
            syslog::SHOW.resource(),
            syslog::LOGS.resource(),
            syslog::LOG.resource(),
            syslog::HOSTS.resource(),
            syslog::HOST.resource(),
        ],
        known: Known::Assumed(
            "syslog_show.htm@7.2 has -files, and what happens when the disk is full: REST tells neither",
        ),
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
        known: Known::Documented("lunash/commands/syslog/syslog_tail.htm@7.2"),
        run: call::<Tail>(),
    },
    Command {
        syntax: "syslog tarlogs",
        help: "Pack all logs into a file of yours",
        options: &[],
        roles: Role::MONITOR,
        rest: &[syslog::ARCHIVE.resource()],
        known: Known::Documented("lunash/commands/syslog/syslog_tarlogs.htm@7.2"),
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

/// Log files that were begun anew; the product says nothing of it.
#[derive(Serialize)]
struct Rotated {
    rotated: bool,
}

impl Run<Session> for Rotate {
    type View = Rotated;

    fn run(self, session: &mut Session) -> Result<Rotated, Failure> {
        session.call(&syslog::ACT, &["rotate"], &Nothing {})?;
        Ok(Rotated { rotated: true })
    }
}

impl Text for Rotated {
    fn write(&self, page: &mut Page) {
        page.blank();
    }
}

#[derive(Deserialize)]
struct Period {
    syslogperiod: String,
}

impl Run<Session> for Period {
    type View = Settings;

    fn run(self, session: &mut Session) -> Result<Settings, Failure> {
        change(session, ChangeSyslog { period: Some(self.syslogperiod), rotations: None })
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
        page.blank();
        if let Some(period) = &self.period {
            page.line(format!("Log period set to {period}."));
        }
        if let Some(rotations) = self.rotations {
            page.line(format!("Log rotations set to {rotations}."));
        }
        page.blank();
        page.blank();
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
    /// The product restarts the service to take up the change.
    service: Steps,
}

impl Run<Session> for SeveritySet {
    type View = Severity;

    fn run(self, session: &mut Session) -> Result<Severity, Failure> {
        let body = ChangeLog { severity: self.loglevel };
        let client = session.client();
        client.call(&syslog::CHANGE_LOG, &[&self.logname], &body).map_err(refused_in_detail)?;
        let service = act(session, "syslog".to_owned(), "restart")?;
        Ok(Severity { log: self.logname, severity: body.severity, service })
    }
}

impl Text for Severity {
    fn write(&self, page: &mut Page) {
        let Severity { log, severity, service } = self;
        page.line(format!("This command sets the severity level of {log} local log messages."));
        page.line("Only messages with the severity equal to or higher than the new");
        page.line(format!("log level: \"{severity}\" will be logged."));
        page.blank();
        service.write(page);
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
    /// Addresses of the hosts that the lines of every log are sent to.
    hosts: Vec<String>,
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
        let mut hosts: Vec<String> = Vec::new();
        for (_, host) in remotehost::hosts(session)? {
            if !hosts.contains(&host.address) {
                hosts.push(host.address);
            }
        }
        Ok(Logs { period: settings.period, rotations: settings.rotations, logs, hosts })
    }
}

impl Text for Logs {
    fn write(&self, page: &mut Page) {
        page.blank();
        page.line("Syslog configuration");
        page.blank();
        page.field("   Rotations:", 22, self.rotations);
        page.blank();
        page.field("   Rotation Period:", 22, &self.period);
        page.blank();
        page.line("Local Configured Log Levels:");
        page.line("----------------------------");
        for log in &self.logs {
            page.field(&log.name, 15, &log.severity);
        }
        page.blank();
        page.line("Remote Configured Log Levels:");
        page.line("-----------------------------");
        for log in &self.logs {
            page.line(format!("{}:", log.name));
            for host in &self.hosts {
                page.line(format!("   {host:<19} {}", log.severity));
            }
        }
        page.blank();
        page.blank();
        page.line("Note: '*' means all log levels.");
        page.blank();
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
        if self.logname == "hsm" {
            return Err(Failure::command("HSM log does not exist")
                .verbatim()
                .hint("'syslog tail -logname messages' shows what the HSM tells"));
        }
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

/// A file with all logs.
#[derive(Serialize)]
struct Packed {
    file: String,
}

impl Text for Packed {
    fn write(&self, page: &mut Page) {
        page.line(format!(
            "The tar file containing logs is now available via scp as filename '{}'.",
            self.file
        ));
    }
}

#[derive(Deserialize)]
struct Tarlogs {}

impl Run<Session> for Tarlogs {
    type View = Packed;

    fn run(self, session: &mut Session) -> Result<Packed, Failure> {
        let made = session.call(&syslog::ARCHIVE, &[], &Nothing {})?;
        Ok(Packed { file: made.file })
    }
}

#[derive(Deserialize)]
struct Export {}

/// A copy of the system log.
#[derive(Serialize)]
struct Exported {
    file: String,
}

impl Run<Session> for Export {
    type View = Exported;

    fn run(self, session: &mut Session) -> Result<Exported, Failure> {
        let made = session.call(&syslog::EXPORT, &[], &Nothing {})?;
        Ok(Exported { file: made.file })
    }
}

impl Text for Exported {
    fn write(&self, page: &mut Page) {
        page.blank();
        page.line("System log files successfully prepared for secure transfer.");
        page.line(format!(
            "Use scp from a client machine to get the file named: \"{}\"",
            self.file
        ));
        page.blank();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use luna_shell::View;

    /// The examples of syslog_show.htm@7.2 with the logs there are, and of syslog_period.htm@7.2.
    #[test]
    fn settings_are_shown_as_documented() {
        let log = |name: &str| Log { name: name.to_owned(), severity: "info".to_owned(), size: 0 };
        let logs = Logs {
            period: "weekly".to_owned(),
            rotations: 4,
            logs: vec![log("lunalogs"), log("messages")],
            hosts: vec!["192.20.11.50".to_owned()],
        };
        assert_eq!(
            logs.text(),
            "\n\
             Syslog configuration\n\
             \n   \
             Rotations:         4\n\
             \n   \
             Rotation Period:   weekly\n\
             \n\
             Local Configured Log Levels:\n\
             ----------------------------\n\
             lunalogs       info\n\
             messages       info\n\
             \n\
             Remote Configured Log Levels:\n\
             -----------------------------\n\
             lunalogs:\n   \
             192.20.11.50        info\n\
             messages:\n   \
             192.20.11.50        info\n\
             \n\
             \n\
             Note: '*' means all log levels.\n\
             \n"
        );
        let set = Settings { period: Some("daily".to_owned()), rotations: None };
        assert_eq!(set.text(), "\nLog period set to daily.\n\n\n");
    }
}
