//! `audit secret`: the log secret on its way to another HSM.

use luna_rest::{audit, users};

use super::{SERIAL, check_serial};
use crate::prelude::*;
use crate::refusals::refused_in_detail;

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "audit secret export [-serial|-s <serialnum>]",
        help: "Write the encrypted log secret into a file of yours",
        options: &[SERIAL],
        roles: Role::AUDIT,
        rest: &[audit::EXPORT_SECRET.resource()],
        known: Known::Documented("lunash/commands/audit/audit_secret_export.htm@7.2"),
        run: call::<Export>(),
    },
    Command {
        syntax: "audit secret import -serialtarget|-serialt <serialnum> -serialsource|-serials <serialnum> -file|-f <filename>",
        help: "Take the log secret of another HSM in place of the own one, to verify its logs",
        options: &[
            ("-serialtarget", "Serial number of this HSM"),
            ("-serialsource", "Serial number of the HSM that exported it"),
            ("-file", "A file that 'audit secret export' wrote there"),
        ],
        roles: Role::AUDIT,
        rest: &[users::FILES.resource(), users::UPLOAD.resource(), audit::IMPORT_SECRET.resource()],
        known: Known::Documented("lunash/commands/audit/audit_secret_import.htm@7.2"),
        run: call::<Import>(),
    },
];

#[derive(Deserialize)]
struct Export {
    serial: Option<String>,
}

/// A log secret that was exported.
#[derive(Serialize)]
struct Exported {
    file: String,
}

impl Run<Session> for Export {
    type View = Exported;

    fn run(self, session: &mut Session) -> Result<Exported, Failure> {
        check_serial(session, self.serial.as_deref())?;
        let made = session.call(&audit::EXPORT_SECRET, &[], &Nothing {})?;
        Ok(Exported { file: made.file })
    }
}

impl Text for Exported {
    fn write(&self, page: &mut Page) {
        page.line(format!("The encrypted log secret file {} now available for scp.", self.file));
        page.blank();
        page.line("Now that you have exported your log secret, if you wish to verify your logs");
        page.line("on another HSM see the 'audit secret import' command. If you wish to verify");
        page.line("your logs on another SA see the 'audit log tar' command.");
    }
}

#[derive(Deserialize)]
struct Import {
    serialtarget: String,
    serialsource: String,
    file: String,
}

/// A log secret that was imported.
#[derive(Serialize)]
struct Imported {
    /// The serial number of the HSM that it is of.
    serial: String,
    file: String,
}

impl Run<Session> for Import {
    type View = Imported;

    fn run(self, session: &mut Session) -> Result<Imported, Failure> {
        check_serial(session, Some(&self.serialtarget))?;
        let file = session.provide(&self.file)?;
        let body = audit::ImportSecret { file, source: Some(self.serialsource) };
        let taken = session.client().call(&audit::IMPORT_SECRET, &[], &body);
        Ok(Imported { serial: taken.map_err(refused_in_detail)?.serial, file: body.file })
    }
}

impl Text for Imported {
    fn write(&self, page: &mut Page) {
        page.line(format!("Successfully imported the encrypted log secret {}", self.file));
        page.blank();
        page.line("Now that you have imported a log secret if you wish to verify");
        page.line("your logs please see the 'audit log verify' command.");
    }
}
