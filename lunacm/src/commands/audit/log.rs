//! `audit export`, `import`, `verify`: log secrets and logs as files of this machine.

use std::path::{Path, PathBuf};

use luna_rest::{Nothing, audit, users};

use super::words::{self, Word};
use super::{require_auditor, state};
use crate::carried;
use crate::prelude::*;

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "audit export|e [<argument>...]",
        help: "Write the encrypted log secret into a file",
        options: &[(
            "argument",
            "file (f) NAME, in the folder of 'audit config path' unless it has one; overwrite (o) that \
             file; list (l) the files of that folder instead",
        )],
        roles: Role::OPERATOR,
        rest: &[
            audit::SHOW.resource(),
            audit::EXPORT_SECRET.resource(),
            users::DOWNLOAD.resource(),
            users::DELETE_FILE.resource(),
        ],
        known: Known::Documented(
            "lunacm/commands/audit/audit_export.htm@10.2; what 'list' prints is assumed",
        ),
        run: call::<Export>(),
    },
    Command {
        syntax: "audit import|m <argument>...",
        help: "Take the log secret of another HSM, to verify its logs",
        options: &[("argument", "file (f) NAME, one that 'audit export' wrote")],
        roles: Role::OPERATOR,
        rest: &[
            audit::SHOW.resource(),
            audit::IMPORT_SECRET.resource(),
            users::UPLOAD.resource(),
            users::DELETE_FILE.resource(),
        ],
        known: Known::Documented(
            "lunacm/commands/audit/audit.htm@7.4, which names it; argument and answer are assumed",
        ),
        run: call::<Import>(),
    },
    Command {
        syntax: "audit verify|v <argument>...",
        help: "Verify the records of a log",
        options: &[(
            "argument",
            "file (f) NAME, a log of the HSM or a file; serialsource (s) of the HSM that wrote it; start \
             (st) and end (en) NUMBER of a record; external (ex): with the imported log secret",
        )],
        roles: Role::OPERATOR,
        rest: &[
            audit::SHOW.resource(),
            audit::LOGS.resource(),
            audit::VERIFY.resource(),
            users::UPLOAD.resource(),
            users::DELETE_FILE.resource(),
        ],
        known: Known::Documented(
            "lunacm/commands/audit/audit.htm@7.4, which names it; arguments and answer are LunaSH's",
        ),
        run: call::<Verify>(),
    },
];

/// A file by its name: as a name without a folder in that of the log, as the page has it.
fn place(folder: &str, name: &str) -> Result<PathBuf, Failure> {
    let path = Path::new(name);
    if path.parent().is_some_and(|parent| !parent.as_os_str().is_empty()) {
        return Ok(path.to_owned());
    }
    match Path::new(folder) {
        folder if folder.is_dir() => Ok(folder.join(name)),
        _ => Err(codes::failure(codes::ARGUMENTS_BAD, "There is no folder for the log.")
            .hint("set one: audit config path FOLDER")),
    }
}

fn missing() -> Failure {
    codes::failure(codes::ARGUMENTS_BAD, "The file is missing.").hint("name one: file NAME")
}

/// The end of a path, by which the account's files are named.
fn base_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[derive(Deserialize)]
struct Export {
    #[serde(default)]
    argument: Vec<String>,
}

/// Where the log secret was written to, or the files that are there.
#[derive(Serialize)]
struct Exported {
    file: Option<PathBuf>,
    list: Option<Vec<String>>,
}

const EXPORT: &[Word] = &[("file", "f", true), ("overwrite", "o", false), ("list", "l", false)];

/// `170222131119` of an RFC 3339 time.
fn stamp(rfc3339: &str) -> String {
    rfc3339.chars().filter(char::is_ascii_digit).skip(2).take(12).collect()
}

impl Run<Session> for Export {
    type View = Exported;

    fn run(self, session: &mut Session) -> Result<Exported, Failure> {
        let given = words::read(self.argument, EXPORT)?;
        require_auditor(session)?;
        let audit = state(session)?;
        let (client, serial) = session.backup_hsm()?;
        let default = format!("LogSecret_{}_{serial}.lws", stamp(&audit.host_time));
        let path = place(&audit.path, given.get("file").unwrap_or(&default))?;
        if given.contains_key("list") {
            return Ok(Exported { file: None, list: Some(listed(&path)) });
        }
        if path.exists() && !given.contains_key("overwrite") {
            let text = format!("The file {} exists.", path.display());
            return Err(
                codes::failure(codes::ARGUMENTS_BAD, text).hint("add 'overwrite' to replace it")
            );
        }
        let made = client.call(&audit::EXPORT_SECRET, &[], &Nothing {})?.file;
        let content = carried::take(client, (session.backup_hsm_account()?, &made))?;
        carried::write("log secret", &path, &content)?;
        Ok(Exported { file: Some(path), list: None })
    }
}

/// The names of the files beside this one, sorted.
fn listed(path: &Path) -> Vec<String> {
    let entries = path.parent().and_then(|folder| std::fs::read_dir(folder).ok());
    let files = entries.into_iter().flatten().flatten().map(|entry| entry.path());
    let mut names: Vec<String> =
        files.filter(|path| path.is_file()).map(|path| base_name(&path)).collect();
    names.sort_unstable();
    names
}

impl Text for Exported {
    fn write(&self, page: &mut Page) {
        if let Some(file) = &self.file {
            page.line(format!(
                "        Successfully exported wrapped log secret to file '{}'",
                file.display()
            ));
        }
        for name in self.list.iter().flatten() {
            page.line(format!("        {name}"));
        }
    }
}

#[derive(Deserialize)]
struct Import {
    argument: Vec<String>,
}

/// A log secret that was imported.
#[derive(Serialize)]
struct Imported {
    file: PathBuf,
    /// The HSM that it is of.
    serial: String,
}

impl Run<Session> for Import {
    type View = Imported;

    fn run(self, session: &mut Session) -> Result<Imported, Failure> {
        let given = words::read(self.argument, &[("file", "f", true)])?;
        require_auditor(session)?;
        let path = place(&state(session)?.path, given.get("file").ok_or_else(missing)?)?;
        let content = carried::read("log secret", &path)?;
        let file = base_name(&path);
        let (client, _) = session.backup_hsm()?;
        let taken = carried::lend(client, (session.backup_hsm_account()?, &file), content, || {
            let body = audit::ImportSecret { file: file.clone(), source: None };
            Ok(client.call(&audit::IMPORT_SECRET, &[], &body)?)
        })?;
        Ok(Imported { file: path, serial: taken.serial })
    }
}

impl Text for Imported {
    fn write(&self, page: &mut Page) {
        page.line(format!(
            "        Successfully imported wrapped log secret from file '{}'",
            self.file.display()
        ));
    }
}

#[derive(Deserialize)]
struct Verify {
    argument: Vec<String>,
}

/// What was verified.
#[derive(Serialize)]
struct Verified {
    file: String,
    /// The HSM that wrote it.
    source: String,
    first: u64,
    last: u64,
    /// Whether nothing can be missing behind it.
    complete: bool,
}

const VERIFY: &[Word] = &[
    ("file", "f", true),
    ("serialsource", "s", true),
    ("start", "st", true),
    ("end", "en", true),
    ("external", "ex", false),
];

fn number(typed: &str) -> Result<u64, Failure> {
    let bad = |_| codes::failure(codes::ARGUMENTS_BAD, format!("'{typed}' is no number."));
    typed.parse().map_err(bad)
}

impl Run<Session> for Verify {
    type View = Verified;

    fn run(self, session: &mut Session) -> Result<Verified, Failure> {
        let given = words::read(self.argument, VERIFY)?;
        require_auditor(session)?;
        let name = given.get("file").ok_or_else(missing)?;
        let number = |which| given.get(which).map(|typed| number(typed)).transpose();
        let (client, serial) = session.backup_hsm()?;
        let source = given.get("serialsource").cloned();
        let external = given.contains_key("external")
            || source.as_deref().is_some_and(|source| source != serial);
        let file = base_name(Path::new(name));
        let body =
            audit::Verify { file, external, source, start: number("start")?, end: number("end")? };
        let is_it = |log: &audit::LogFile| base_name(Path::new(&log.id)) == body.file;
        let verify = || Ok(client.call(&audit::VERIFY, &[], &body)?);
        let found = match !external && client.get(&audit::LOGS, &[])?.logs.iter().any(is_it) {
            true => verify()?,
            false => {
                let path = place(&state(session)?.path, name)?;
                let content = carried::read("log", &path)?;
                let file = (session.backup_hsm_account()?, &*body.file);
                carried::lend(client, file, content, verify)?
            }
        };
        let audit::Verified { source, first, last, complete, .. } = found;
        Ok(Verified { file: name.clone(), source, first, last, complete })
    }
}

impl Text for Verified {
    fn write(&self, page: &mut Page) {
        let Verified { file, source, first, last, complete } = self;
        page.line(format!("        Log file being verified {file}."));
        page.line(format!("        Verifying log of HSM with serial {source}"));
        page.line(format!("        Verified messages {first} to {last}"));
        if !complete {
            page.line(format!(
                "        The file was not closed: what followed message {last} cannot be known here."
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The name of the page's example.
    #[test]
    fn a_file_without_a_name_has_the_time_in_it() {
        assert_eq!(stamp("2017-02-22T13:11:19Z"), "170222131119");
    }
}
