//! `audit log`: the files of the audit log.

use luna_rest::{audit, users};

use super::check_serial;
use crate::prelude::*;
use crate::refusals::refused_in_detail;

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "audit log clear [-force]",
        help: "Remove all files of the audit log",
        options: &[],
        roles: Role::AUDIT,
        rest: &[audit::CLEAR.resource()],
        known: Known::Assumed("the page was not found: -force is in a script of the menu's page"),
        run: call::<Clear>(),
    },
    Command {
        syntax: "audit log list",
        help: "List the files of the audit log",
        options: &[],
        roles: Role::AUDIT,
        rest: &[audit::LOGS.resource()],
        known: Known::Assumed("the page was not found: a table of names and sizes"),
        run: call::<List>(),
    },
    Command {
        syntax: "audit log tail [-file <filename>] [-entries <number>] [-search <string>]",
        help: "Show the last records of the audit log",
        options: &[
            ("-file", "A file that 'audit log list' shows (default: all)"),
            ("-entries", "At most so many records (default: all)"),
            ("-search", "Only records that hold this text, as it is written"),
        ],
        roles: Role::AUDIT,
        rest: &[audit::TAIL.resource()],
        known: Known::Assumed("the page was not found: options as those of 'syslog tail'"),
        run: call::<Tail>(),
    },
    Command {
        syntax: "audit log tarlogs",
        help: "Pack the audit log into a file of yours",
        options: &[],
        roles: Role::AUDIT,
        rest: &[audit::PACK.resource()],
        known: Known::Assumed("the page was not found: a script names the file audit-*.tgz"),
        run: call::<Tarlogs>(),
    },
    Command {
        syntax: "audit log untarlogs -file <filename>",
        help: "Unpack a packed audit log into files of yours",
        options: &[("-file", "A file that 'audit log tarlogs' made")],
        roles: Role::AUDIT,
        rest: &[users::FILES.resource(), users::UPLOAD.resource(), audit::UNPACK.resource()],
        known: Known::Assumed("the page was not found: the option and where it unpacks are chosen"),
        run: call::<Untarlogs>(),
    },
    Command {
        syntax: "audit log verify -file|-f <filename> [-serialtarget|-serialt <serialnum>] [-serialsource|-serials <serialnum>] [-start|-st <number>] [-end|-en <number>] [-external|-ex]",
        help: "Verify the records of a file of the audit log",
        options: &[
            ("-file", "A file that 'audit log list' shows, or one of yours"),
            ("-serialtarget", "Serial number of the HSM that verifies"),
            ("-serialsource", "Serial number of the HSM that wrote the file"),
            ("-start", "Number of the first record (default: that of the file)"),
            ("-end", "Number of the last record (default: that of the file)"),
            ("-external", "The file is another HSM's, whose log secret was imported"),
        ],
        roles: Role::AUDIT,
        rest: &[
            audit::LOGS.resource(),
            users::FILES.resource(),
            users::UPLOAD.resource(),
            audit::VERIFY.resource(),
        ],
        known: Known::Documented("lunash/commands/audit/audit_log_verify.htm@7.7.0"),
        run: call::<Verify>(),
    },
];

#[derive(Deserialize)]
struct Clear {
    force: bool,
}

impl Run<Session> for Clear {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        session
            .confirm_warning(self.force, "This command will delete all files of the audit log.")?;
        session.call(&audit::CLEAR, &[], &Nothing {})?;
        Ok(Done { done: "audit log clear" })
    }
}

#[derive(Deserialize)]
struct List {}

/// The files of the audit log.
#[derive(Serialize)]
struct Logs {
    logs: Vec<Log>,
}

/// A file.
#[derive(Serialize)]
struct Log {
    file: String,
    /// Bytes.
    size: u64,
    /// Whether it is written no more.
    archived: bool,
}

impl Run<Session> for List {
    type View = Logs;

    fn run(self, session: &mut Session) -> Result<Logs, Failure> {
        Ok(Logs { logs: session.get(&audit::LOGS, &[])?.logs.into_iter().map(log).collect() })
    }
}

fn log(log: audit::LogFile) -> Log {
    Log { file: log.id, size: log.size, archived: log.archived }
}

impl Text for Logs {
    fn write(&self, page: &mut Page) {
        let mut table = Table::new(0, 2, &[(40, false), (10, true)]);
        table.row(["Audit Log", "Bytes"]);
        table.row([&"-".repeat(40), &"-".repeat(10)]);
        for log in &self.logs {
            table.row([&log.file, &log.size.to_string()]);
        }
        page.table(&table);
    }
}

#[derive(Deserialize)]
struct Tail {
    file: Option<String>,
    entries: Option<u32>,
    search: Option<String>,
}

/// Records of the audit log.
#[derive(Serialize)]
struct Records {
    /// The oldest first.
    records: Vec<String>,
}

impl Run<Session> for Tail {
    type View = Records;

    fn run(self, session: &mut Session) -> Result<Records, Failure> {
        let entries = self.entries.map(|number| number as usize);
        let wanted = audit::Tail { file: self.file, entries, search: self.search };
        let found = session.client().call(&audit::TAIL, &[], &wanted);
        Ok(Records { records: found.map_err(refused_in_detail)?.lines })
    }
}

impl Text for Records {
    fn write(&self, page: &mut Page) {
        for record in &self.records {
            page.line(record);
        }
    }
}

#[derive(Deserialize)]
struct Tarlogs {}

/// A file that was written.
#[derive(Serialize)]
struct Written {
    file: String,
}

impl Run<Session> for Tarlogs {
    type View = Written;

    fn run(self, session: &mut Session) -> Result<Written, Failure> {
        let made = session.call(&audit::PACK, &[], &Nothing {})?;
        Ok(Written { file: made.file })
    }
}

impl Text for Written {
    fn write(&self, page: &mut Page) {
        page.line(format!("The logs lie among your files as {}.", self.file));
    }
}

#[derive(Deserialize)]
struct Untarlogs {
    file: String,
}

/// Files that were unpacked.
#[derive(Serialize)]
struct Unpacked {
    logs: Vec<String>,
}

impl Run<Session> for Untarlogs {
    type View = Unpacked;

    fn run(self, session: &mut Session) -> Result<Unpacked, Failure> {
        let file = session.provide(&self.file)?;
        let found = session.client().call(&audit::UNPACK, &[], &audit::Packed { file });
        let logs = found.map_err(refused_in_detail)?.logs;
        Ok(Unpacked { logs: logs.into_iter().map(|log| log.id).collect() })
    }
}

impl Text for Unpacked {
    fn write(&self, page: &mut Page) {
        page.line("These logs lie among your files now:");
        for log in &self.logs {
            page.line(format!("  {log}"));
        }
    }
}

#[derive(Deserialize)]
struct Verify {
    file: String,
    serialtarget: Option<String>,
    serialsource: Option<String>,
    start: Option<u64>,
    end: Option<u64>,
    external: bool,
}

/// What was verified.
#[derive(Serialize)]
struct Verified {
    file: String,
    /// The HSM that verified it.
    serial: String,
    first: u64,
    last: u64,
    /// Whether nothing can be missing behind it.
    complete: bool,
}

impl Run<Session> for Verify {
    type View = Verified;

    fn run(self, session: &mut Session) -> Result<Verified, Failure> {
        check_serial(session, self.serialtarget.as_deref())?;
        let Verify { file, external, start, end, serialsource: source, .. } = self;
        let own = |log: &audit::LogFile| log.id.rsplit('/').next() == file.rsplit('/').next();
        let is_own = !external && session.get(&audit::LOGS, &[])?.logs.iter().any(own);
        let file = if is_own { file } else { session.provide(&file)? };
        let body = audit::Verify { file, external, source, start, end };
        let found = session.client().call(&audit::VERIFY, &[], &body).map_err(refused_in_detail)?;
        let audit::Verified { file, first, last, complete } = found;
        Ok(Verified { file, serial: session.hsm()?.to_owned(), first, last, complete })
    }
}

impl Text for Verified {
    fn write(&self, page: &mut Page) {
        page.line(format!("Log file being verified {}.", self.file));
        page.line(format!("Verifying log on HSM with serial {}", self.serial));
        page.line(format!("Verified messages {} to {}", self.first, self.last));
        if !self.complete {
            page.line(format!(
                "The file was not closed: what followed message {} cannot be known here.",
                self.last
            ));
        }
    }
}
