//! The file that a session is written into while it goes on, without its secrets.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use luna_grammar::MASK;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use zeroize::Zeroizing;

use super::filters::Filter;
use super::play::exit_line;
use crate::failure::Failure;
use crate::options::{Format, Options, SECRETS, quoted};
use crate::printable::printable_value;
use crate::secrets::is_given;
use crate::status::Status;

/// The word that begins a script.
pub(crate) const SETUP: &str = "@setup";
/// The word that begins a session.
pub(crate) const RECORDED: &str = "@recorded";
/// The word before what was shown and answered until the session was open.
pub(crate) const LOGIN: &str = "@login";
/// The word before a copy of files, which is no session.
pub(crate) const COPIED: &str = "@copied";
/// The word that says when.
pub(crate) const TIME: &str = "@time ";
/// How the last line of a session begins.
pub(crate) const EXIT: &str = "[exit status: ";
/// What stands between the options of a program and the one command that it runs.
pub(crate) const WORDS: &str = " -- ";
/// What a secret is called whose question has no variable.
const NAMELESS: &str = "SECRET";
/// Where a session is written.
pub struct Recording {
    to: Box<dyn Write>,
    /// What people call it.
    pub(super) name: String,
    times: bool,
    pub(super) error: Option<io::Error>,
    at_line_start: bool,
    login: Login,
    /// The rest of a command whose secrets have no names yet.
    pub(super) held: Option<Held>,
    /// The secrets of each variable, since a wrong one may be typed before the right one.
    known: HashMap<String, Vec<Zeroizing<String>>>,
}

/// The part of a command from its first secret on, masked.
pub(super) struct Held {
    rest: String,
    /// The options that had secrets and what these are called.
    pub(super) names: Vec<(String, String)>,
}

/// Whether the session is open yet.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Login {
    /// Not yet, and nothing was shown.
    Silent,
    /// Not yet.
    Shown,
    Over,
}

/// What a recording says of a session before its first line.
pub struct Head<'h> {
    /// The program.
    pub program: &'h str,
    /// Arguments of the program's own, each with a blank before it.
    pub own: &'h str,
    /// Whom it is with.
    pub place: &'h str,
    /// The arguments.
    pub options: &'h Options,
    /// Whether its lines come from a pipe.
    pub pipe: bool,
    /// The only command, masked, if it is an argument.
    pub line: Option<&'h str>,
}

impl Recording {
    /// Begins the recording that `options` ask for, if they do.
    ///
    /// # Errors
    /// The file is there already, or cannot be written.
    pub(crate) fn asked_for(
        program: &str,
        options: &Options,
    ) -> Result<Option<Recording>, Failure> {
        let Some(path) = &options.record else { return Ok(None) };
        let file = open(path, options.record_overwrite).map_err(|error| {
            let name = path.display();
            match error.kind() {
                io::ErrorKind::AlreadyExists => {
                    Failure::refused(format!("{name} is there already: nothing was run."))
                        .hint("--record-overwrite replaces it")
                }
                _ => Failure::refused(format!("cannot write {name}: {error}; nothing was run.")),
            }
        })?;
        let mut recording = Recording::to(Box::new(file), &path.display().to_string());
        (recording.times, recording.login) = (options.record_times, Login::Silent);
        recording.put(&format!("# {program} {}\n", env!("CARGO_PKG_VERSION")));
        Ok(Some(recording))
    }

    /// A recording to another place.
    pub fn to(to: Box<dyn Write>, name: &str) -> Recording {
        Recording {
            to,
            name: name.to_owned(),
            times: false,
            error: None,
            at_line_start: true,
            login: Login::Over,
            held: None,
            known: HashMap::new(),
        }
    }

    /// Writes the lines before a session, which is open now.
    pub(super) fn head(&mut self, head: &Head<'_>) {
        let given = SECRETS.iter().map(|(name, _)| *name);
        // That of the account opens the session, which goes on without it.
        let given = given.filter(|name| *name != "PASSWORD" && is_given(name));
        let secrets: String = given.map(|name| format!("@secret {name}\n")).collect();
        let Head { program, own, place, options, pipe, line } = *head;
        let arguments = printable_value(own).into_owned() + &arguments(options, pipe);
        let (place, filters) = (printable_value(place), Filter::names(" "));
        self.begin(&format!(
            "# {place}\n{secrets}@filter {filters}\n{RECORDED} {program}{arguments}"
        ));
        match line {
            Some(line) => self.typed(WORDS, line),
            None => self.put("\n"),
        }
    }

    /// The same for a copy of files, by its words.
    pub(super) fn head_of_copy(&mut self, place: &str, words: &str) {
        let (place, words) = (printable_value(place), printable_value(words));
        self.begin(&format!("# {place}\n{COPIED} {words}\n"));
    }

    /// Ends what was shown before the session was open.
    fn begin(&mut self, text: &str) {
        if !self.at_line_start {
            self.put("\n");
        }
        self.login = Login::Over;
        self.put(text);
    }

    /// Writes the last line of a session.
    pub(super) fn end(&mut self, status: Status) {
        self.settle();
        if !self.at_line_start {
            self.write("\n");
        }
        self.put(&exit_line(status));
    }

    fn put(&mut self, text: &str) {
        if self.error.is_none() {
            self.error = self.to.write_all(text.as_bytes()).err();
        }
        self.at_line_start = text.ends_with('\n');
    }

    /// Writes text of the session.
    pub(super) fn write(&mut self, text: &str) {
        self.settle();
        if text.is_empty() {
            return;
        }
        if self.login == Login::Silent {
            self.login = Login::Shown;
            self.put(&format!("{LOGIN}\n"));
        }
        let mut written = String::with_capacity(text.len());
        for line in text.split_inclusive('\n') {
            let starts = self.at_line_start || !written.is_empty();
            match line.strip_prefix('@').filter(|_| starts) {
                Some(rest) => written.extend(["[..]", rest]),
                None => written.push_str(line),
            }
        }
        self.put(&written);
    }

    /// Writes the rest of a command, now that its secrets have been used or will not be.
    pub(super) fn settle(&mut self) {
        let Some(Held { rest, mut names }) = self.held.take() else { return };
        let mut text = String::with_capacity(rest.len());
        let mut pieces = rest.split(MASK);
        let mut before = pieces.next().unwrap_or_default();
        text.push_str(before);
        for piece in pieces {
            let option = before.split_whitespace().next_back().unwrap_or_default();
            let option = option.trim_end_matches('=').trim_start_matches('-');
            let place = names.iter().position(|(name, _)| {
                !option.is_empty() && name.trim_start_matches('-').starts_with(option)
            });
            let place = place.or((!names.is_empty()).then_some(0));
            match place.map(|place| names.remove(place)) {
                Some((_, name)) => text.extend(["{", &name, "}"]),
                None => text.push_str(MASK),
            }
            text.push_str(piece);
            before = piece;
        }
        text.push('\n');
        self.put(&text);
    }

    pub(super) fn command(&mut self, prompt: &str, typed: &str) {
        self.settle();
        if self.times
            && let Ok(now) = OffsetDateTime::now_utc().format(&Rfc3339)
        {
            if !self.at_line_start {
                self.put("\n");
            }
            self.put(&format!("{TIME}{now}\n"));
        }
        self.typed(prompt, typed);
    }

    /// Writes a masked command behind its prompt, up to its first secret at first.
    fn typed(&mut self, before: &str, typed: &str) {
        let (before, typed) = (printable_value(before), printable_value(typed));
        match typed.find(MASK) {
            // The option stays with the secret, which may be the only one.
            Some(secret) => {
                let option = typed[..secret].trim_end().rfind(' ').map_or(0, |end| end + 1);
                self.put(&format!("{before}{}", &typed[..option]));
                self.held = Some(Held { rest: typed[option..].to_owned(), names: Vec::new() });
            }
            None => self.put(&format!("{before}{typed}\n")),
        }
    }

    /// What a secret is called: its variable, with a number if there was another one before.
    pub(super) fn name(&mut self, variable: &str, secret: &str) -> String {
        let variable = if variable.is_empty() { NAMELESS } else { variable };
        let known = self.known.entry(variable.to_owned()).or_default();
        let place = known.iter().position(|one| one.as_str() == secret).unwrap_or_else(|| {
            known.push(Zeroizing::new(secret.to_owned()));
            known.len() - 1
        });
        match place {
            0 => variable.to_owned(),
            place => format!("{variable}_{}", place + 1),
        }
    }
}

/// Creates the file, readable by its owner only.
fn open(path: &Path, overwrite: bool) -> io::Result<File> {
    const PRIVATE: u32 = 0o600;
    let mut options = OpenOptions::new();
    options.write(true).mode(PRIVATE);
    if !overwrite {
        return options.create_new(true).open(path);
    }
    let file = options.create(true).truncate(true).open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_file() && metadata.permissions().mode() & 0o777 != PRIVATE {
        file.set_permissions(std::fs::Permissions::from_mode(PRIVATE))?;
    }
    Ok(file)
}

/// The arguments that make the session what it is. Which appliance it is with is none of them.
fn arguments(options: &Options, pipe: bool) -> String {
    let flags = [
        (pipe, "--pipe"),
        (options.quiet, "--quiet"),
        (options.output == Format::Json, "--output json"),
        (options.fail_fast, "--fail-fast"),
        (options.strict, "--strict"),
        (options.yes, "--yes"),
        (options.last_attempt, "--last-attempt"),
    ];
    let flags = flags.iter().filter(|(on, _)| *on).map(|(_, flag)| format!(" {flag}"));
    let answers = options.answer.iter().map(|answer| format!(" --answer {}", quoted(answer)));
    printable_value(&flags.chain(answers).collect::<String>()).into_owned()
}
