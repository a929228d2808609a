//! `audit log`: the files of the audit log.

use std::path::Path;

use luna_rest::{audit, users};

use super::{PROCEED, SERIAL, Silent, check_serial, times};
use crate::prelude::*;
use crate::refusals::refused_in_detail;

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "audit log clear [-serial|-s <serialnum>] [-force|-f]",
        help: "Remove all files of the audit log",
        options: &[SERIAL],
        roles: Role::AUDIT,
        rest: &[audit::CLEAR.resource()],
        known: Known::Documented("lunash/commands/audit/audit_log_clear.htm@7.2"),
        run: call::<Clear>(),
    },
    Command {
        syntax: "audit log list [-serial|-s <serialnum>]",
        help: "List the files of the audit log",
        options: &[SERIAL],
        roles: Role::AUDIT,
        rest: &[audit::LOGS.resource()],
        known: Known::Documented("lunash/commands/audit/audit_log_list.htm@7.2"),
        run: call::<List>(),
    },
    Command {
        syntax: "audit log tail -file|-f <filename> [-serial|-ser <serialnum>] [-entries|-e <logentries>] [-search|-sea <string>]",
        help: "Show the last records of a file of the audit log",
        options: &[
            ("-file", "A file that 'audit log list' shows"),
            SERIAL,
            ("-entries", "At most so many records (default: all)"),
            ("-search", "Only those of them that hold this text, as it is written"),
        ],
        roles: Role::AUDIT,
        rest: &[audit::TAIL.resource()],
        known: Known::Documented("lunash/commands/audit/audit_log_tail.htm@7.2"),
        run: call::<Tail>(),
    },
    Command {
        syntax: "audit log tarlogs [-serial|-s <serialnum>]",
        help: "Pack the audit log into a file of yours",
        options: &[SERIAL],
        roles: Role::AUDIT,
        rest: &[audit::PACK.resource()],
        known: Known::Documented("lunash/commands/audit/audit_log_tarlogs.htm@7.2"),
        run: call::<Tarlogs>(),
    },
    Command {
        syntax: "audit log untarlogs [-file|-f <logfilename>]",
        help: "Unpack a packed audit log into files of yours",
        options: &[("-file", "A file that 'audit log tarlogs' made (default: that of this HSM)")],
        roles: Role::AUDIT,
        rest: &[users::FILES.resource(), users::UPLOAD.resource(), audit::UNPACK.resource()],
        known: Known::Documented("lunash/commands/audit/audit_log_untarlogs.htm@7.2"),
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
            ("-external", "Verify with the log secret that was imported"),
        ],
        roles: Role::AUDIT,
        rest: &[
            audit::LOGS.resource(),
            users::FILES.resource(),
            users::UPLOAD.resource(),
            audit::VERIFY.resource(),
        ],
        known: Known::Documented("lunash/commands/audit/audit_log_verify.htm@7.2"),
        run: call::<Verify>(),
    },
];

#[derive(Deserialize)]
struct Clear {
    serial: Option<String>,
    force: bool,
}

impl Run<Session> for Clear {
    type View = Silent;

    fn run(self, session: &mut Session) -> Result<Silent, Failure> {
        check_serial(session, self.serial.as_deref())?;
        let question = format!(
            "   *** WARNING ***\n\n        All audit logs for this HSM will be destroyed!!!\n\n        \
             Are you sure you wish to continue?\n\n{PROCEED}"
        );
        session.confirm(self.force, &question)?;
        session.call(&audit::CLEAR, &[], &Nothing {})?;
        Ok(Silent { done: "audit log clear", asked: session.ui().has_output() })
    }
}

#[derive(Deserialize)]
struct List {
    serial: Option<String>,
}

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
    /// When its last record was made, RFC 3339.
    modified: String,
}

impl Run<Session> for List {
    type View = Logs;

    fn run(self, session: &mut Session) -> Result<Logs, Failure> {
        check_serial(session, self.serial.as_deref())?;
        Ok(Logs { logs: session.get(&audit::LOGS, &[])?.logs.into_iter().map(log).collect() })
    }
}

fn log(log: audit::LogFile) -> Log {
    Log { file: log.id, size: log.size, archived: log.archived, modified: log.modified }
}

impl Logs {
    /// The newest first, sizes below each other; names without their folder.
    fn write_part(&self, page: &mut Page, archived: bool) {
        let logs = self.logs.iter().rev().filter(|log| log.archived == archived);
        let rows: Vec<(String, String, &str)> = logs
            .map(|log| {
                let name = log.file.rsplit('/').next().unwrap_or_default();
                (log.size.to_string(), times(&log.modified).1, name)
            })
            .collect();
        let width = rows.iter().map(|(size, ..)| size.len()).max().unwrap_or_default();
        for (size, modified, name) in rows {
            page.line(format!("{size:>width$} {modified} {name}"));
        }
    }
}

impl Text for Logs {
    fn write(&self, page: &mut Page) {
        page.line("Logs that are in progress");
        page.blank();
        self.write_part(page, false);
        page.blank();
        page.line("Logs that are ready for archive:");
        page.blank();
        self.write_part(page, true);
    }
}

#[derive(Deserialize)]
struct Tail {
    file: String,
    serial: Option<String>,
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
        check_serial(session, self.serial.as_deref())?;
        let entries = self.entries.map(|number| number as usize);
        let wanted = audit::Tail { file: Some(self.file), entries, search: self.search };
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
struct Tarlogs {
    serial: Option<String>,
}

/// An archive that was written.
#[derive(Serialize)]
struct Written {
    file: String,
    /// What it holds, folders too.
    entries: Vec<String>,
    /// The name of the log secret's file.
    #[serde(skip)]
    secret: String,
}

impl Run<Session> for Tarlogs {
    type View = Written;

    fn run(self, session: &mut Session) -> Result<Written, Failure> {
        check_serial(session, self.serial.as_deref())?;
        let made = session.call(&audit::PACK, &[], &Nothing {})?;
        let secret = format!("{}.lws", session.hsm()?);
        Ok(Written { file: made.file, entries: made.entries, secret })
    }
}

impl Text for Written {
    fn write(&self, page: &mut Page) {
        if !self.entries.iter().any(|entry| entry.ends_with(&self.secret)) {
            let secret = &self.secret;
            page.line(format!(
                "WARNING: You will need to export the encrypted log secret {secret}"
            ));
            page.line("         by running the 'audit secret export' command in order to");
            page.line("         verify these logs on another HSM!");
        }
        page.blank();
        page.line("Compressing log files:");
        page.blank();
        for entry in &self.entries {
            page.line(entry);
        }
        page.blank();
        page.line(format!(
            "The tar file containing logs is now available as file '{}'.",
            self.file
        ));
        page.line("If you wish to verify your logs on another SA, scp them to another SA's audit");
        page.line("directory then use the 'audit log untar' command.");
    }
}

#[derive(Deserialize)]
struct Untarlogs {
    file: Option<String>,
}

/// Files that were unpacked.
#[derive(Serialize)]
struct Unpacked {
    /// With the folders that they had in the archive.
    logs: Vec<String>,
}

impl Run<Session> for Untarlogs {
    type View = Unpacked;

    fn run(self, session: &mut Session) -> Result<Unpacked, Failure> {
        // Assumed: which one is taken where none is named.
        let file = match self.file {
            Some(file) => file,
            None => format!("audit-{}.tgz", session.hsm()?),
        };
        let file = match session.provide(&file) {
            Err(failure)
                if failure.code.is_none()
                    && (session.is_login_shell() || !Path::new(&file).exists()) =>
            {
                return Err(no_archive(session)?);
            }
            provided => provided?,
        };
        let found = session.client().call(&audit::UNPACK, &[], &audit::Packed { file });
        let logs = found.map_err(refused_in_detail)?.entries;
        Ok(Unpacked { logs })
    }
}

/// The product's words for an archive that is not there, with the files that are.
fn no_archive(session: &Session) -> Result<Failure, Failure> {
    let user = session.connection().user.clone();
    let files = session.get(&users::FILES, &[&user])?.files;
    let names: Vec<String> = files.into_iter().map(|file| file.id).collect();
    Ok(Failure::command(format!(
        "Cannot find the file in /home/{user}/lush_files/\nFound files:\n{}",
        names.join("  ")
    ))
    .verbatim())
}

impl Text for Unpacked {
    fn write(&self, page: &mut Page) {
        page.line("Extracting logs to audit home:");
        page.blank();
        for log in &self.logs {
            page.line(log);
        }
        page.blank();
        page.line("To verify these logs see the 'audit secret import' command to import the HSM's");
        page.line("log secret.");
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
    /// The HSM that wrote it.
    source: String,
    /// Whether the log secret that was imported was taken.
    #[serde(skip)]
    external: bool,
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
        let own_serial = session.hsm()?;
        let external = external || source.as_deref().is_some_and(|source| source != own_serial);
        let is_own = !external && session.get(&audit::LOGS, &[])?.logs.iter().any(own);
        let file = if is_own { file } else { session.provide(&file)? };
        let body = audit::Verify { file, external, source, start, end };
        let found = session.client().call(&audit::VERIFY, &[], &body).map_err(refused_in_detail)?;
        let audit::Verified { file, source, first, last, complete } = found;
        let serial = session.hsm()?.to_owned();
        Ok(Verified { file, serial, source, external, first, last, complete })
    }
}

impl Text for Verified {
    fn write(&self, page: &mut Page) {
        let Verified { file, serial, source, .. } = self;
        if self.external {
            page.blank();
        }
        page.line(format!("Log file being verified {file}."));
        page.blank();
        if self.external {
            page.line(format!(
                "Verifying log from HSM with serial {source} on HSM with serial {serial}"
            ));
            page.line(" Make sure that you have already imported the audit log secret.");
        } else {
            page.line(format!("Verifying log on HSM with serial {serial}"));
        }
        page.blank();
        page.line(format!("Verified messages {} to {}", self.first, self.last));
        if !self.complete {
            page.line(format!(
                "The file was not closed: what followed message {} cannot be known here.",
                self.last
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use luna_shell::View;

    /// The example of audit_log_list.htm@7.2.
    #[test]
    fn logs_are_listed_as_documented() {
        let log = |archived, number: &str, size, modified: &str| Log {
            file: match archived {
                true => format!("ready_for_archive/hsm_66331_{number}.log"),
                false => format!("hsm_66331_{number}.log"),
            },
            size,
            archived,
            modified: format!("2017-02-27T{modified}:31Z"),
        };
        let logs = vec![
            log(true, "00000002", 445_968, "10:00"),
            log(true, "00000009", 1_624_728, "17:00"),
            log(false, "0000000a", 116_280, "17:03"),
        ];
        assert_eq!(
            Logs { logs }.text(),
            "Logs that are in progress\n\
             \n\
             116280 Feb 27 17:03 hsm_66331_0000000a.log\n\
             \n\
             Logs that are ready for archive:\n\
             \n\
             1624728 Feb 27 17:00 hsm_66331_00000009.log\n \
             445968 Feb 27 10:00 hsm_66331_00000002.log\n"
        );
    }

    /// The examples of audit_log_verify.htm@7.2.
    #[test]
    fn what_was_verified_is_told_as_documented() {
        let mut verified = Verified {
            file: "ready_for_archive/hsm_66331_00000002.log".to_owned(),
            serial: "66331".to_owned(),
            source: "66331".to_owned(),
            external: false,
            first: 270_723,
            last: 271_699,
            complete: true,
        };
        assert_eq!(
            verified.text(),
            "Log file being verified ready_for_archive/hsm_66331_00000002.log.\n\n\
             Verifying log on HSM with serial 66331\n\n\
             Verified messages 270723 to 271699\n"
        );
        (verified.external, verified.source) = (true, "153593".to_owned());
        assert!(verified.text().contains(
            "\n\nVerifying log from HSM with serial 153593 on HSM with serial 66331\n \
                 Make sure that you have already imported the audit log secret.\n\nVerified"
        ));
    }
}
