//! `audit secret`: the log secret on its way to another HSM.

use luna_rest::{audit, users};

use crate::prelude::*;
use crate::refusals::refused_in_detail;

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "audit secret export",
        help: "Write the encrypted log secret into a file of yours",
        options: &[],
        roles: Role::AUDIT,
        rest: &[audit::EXPORT_SECRET.resource()],
        known: Known::Documented("lunash/commands/audit/audit_log_verify.htm@7.7.0"),
        run: call::<Export>(),
    },
    Command {
        syntax: "audit secret import -file <filename>",
        help: "Take the log secret of another HSM, to verify its logs",
        options: &[("-file", "A file that 'audit secret export' wrote there")],
        roles: Role::AUDIT,
        rest: &[users::FILES.resource(), users::UPLOAD.resource(), audit::IMPORT_SECRET.resource()],
        known: Known::Assumed("the page was not found: the option and the sentence are chosen"),
        run: call::<Import>(),
    },
];

#[derive(Deserialize)]
struct Export {}

/// A log secret that was exported.
#[derive(Serialize)]
struct Exported {
    file: String,
}

impl Run<Session> for Export {
    type View = Exported;

    fn run(self, session: &mut Session) -> Result<Exported, Failure> {
        let made = session.call(&audit::EXPORT_SECRET, &[], &Nothing {})?;
        Ok(Exported { file: made.file })
    }
}

impl Text for Exported {
    fn write(&self, page: &mut Page) {
        page.line(format!("The encrypted log secret file {} now available for scp.", self.file));
    }
}

#[derive(Deserialize)]
struct Import {
    file: String,
}

/// A log secret that was imported.
#[derive(Serialize)]
struct Imported {
    /// The serial number of the HSM that it is of.
    serial: String,
}

impl Run<Session> for Import {
    type View = Imported;

    fn run(self, session: &mut Session) -> Result<Imported, Failure> {
        let file = session.provide(&self.file)?;
        let taken = session.client().call(&audit::IMPORT_SECRET, &[], &audit::Packed { file });
        Ok(Imported { serial: taken.map_err(refused_in_detail)?.serial })
    }
}

impl Text for Imported {
    fn write(&self, page: &mut Page) {
        page.line(format!("The log secret of the HSM {} was imported.", self.serial));
    }
}
