//! The session loop: reads lines, runs their commands, writes the results.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use luna_grammar::{Invocation, Outcome, tokenize};
use luna_rest::Resource;

use crate::arguments::{end, finish, report, unserializable};
use crate::command::{Catalogue, Command, Prepared, Role, View};
use crate::connect::Connection;
use crate::device::{Device, Input, Stdio};
use crate::diagnostics::{self, Advice};
use crate::editor::LineAssistant;
use crate::failure::{Failure, Kind};
use crate::generate;
use crate::json::{self, CommandResult, ResultLine};
use crate::older::{self, Older};
use crate::options::{self, Format, Options};
use crate::secrets::accepted_in;
use crate::status::Status;
use crate::transcript::{Head, Recorder, Recording};
use crate::ui::{Frame, Ui};

/// How long completion waits for names from the appliance.
const COMPLETION_LIMIT: Duration = Duration::from_millis(150);

/// The target of the span that each command runs in, with the fields `shell` and `path`.
pub const COMMANDS: &str = "luna_shell::commands";

/// Returns the possible values of a placeholder, such as the names of partitions.
pub type CompletionValues = Arc<dyn Fn(&str) -> Vec<String> + Send + Sync>;

/// What the session loop needs of a shell.
pub trait Session: Sized + 'static {
    /// The program's name.
    const NAME: &'static str;
    /// Whether the result line is also written after a single command given as arguments.
    const RESULT_AFTER_WORDS: bool;
    /// Whether an empty line follows the questions of a command.
    const SPACE_AFTER_QUESTIONS: bool = false;

    /// Output, notes and questions.
    fn ui(&mut self) -> &mut Ui;
    /// The session with the appliance.
    fn connection_mut(&mut self) -> &mut Connection;
    /// The prompt, without a trailing blank.
    fn prompt(&self) -> String;
    /// The text before the first prompt.
    fn greeting(&mut self) -> Result<String, Failure>;
    /// CompletionValues for completion.
    fn completion_values(&self) -> CompletionValues;
    /// Number and text of the result line, and the whole line.
    fn result_line(&self, failure: Option<&Failure>) -> (u32, String, String);
    /// The product's text for a failure of the command `path`.
    fn error_text(&self, path: &str, failure: &Failure) -> String;
    /// Replaces the appliance's error identifiers by those of this shell, if it has its own.
    fn translate(&self, failure: Failure) -> Failure {
        failure
    }
    /// A hint for a line that starts with these words and is not known: the other shell, a new name.
    fn hint_for_unknown(&self, words: &[&str]) -> Option<String>;
    /// Commands to which an empty secret in the line says that there is none.
    const TAKES_EMPTY_SECRETS: &'static [&'static str] = &[];
    /// Commands in the spelling of older releases.
    const OLDER: &'static [Older] = &[];
    /// The product's own text for a word that a menu does not have, where it is known.
    fn text_of_unknown(&self, _menu: &str, _word: &str) -> Option<String> {
        None
    }
    /// Whether this session has the command `path`: the appliance knows it, and the account may use it.
    fn has(&self, _path: &str) -> bool {
        true
    }
    /// Hears of each command that was run, in full spelling and without secrets, and how it ended.
    fn ran(&mut self, _command: &str, _failure: Option<&Failure>) {}
    /// What was warned of in answers since this was last asked, each text once.
    fn take_warnings(&mut self) -> Vec<String> {
        self.connection_mut().client.take_warnings()
    }
    /// Has the appliance's own shell answer a resolved command; `failed` says how it failed here.
    /// `None` where the command is to run here, or its failure stands.
    fn relay(
        &mut self,
        _asked: &Asked<'_>,
        _failed: Option<&Failure>,
    ) -> Option<Result<Box<dyn View>, Failure>> {
        None
    }
    /// The way that the last command took, where there are several.
    fn way(&self) -> Option<&'static str> {
        None
    }
    /// Arguments of the program's own that open a session as this one, each with a blank before it: they stand
    /// in the head of its recording.
    fn own_arguments(&self) -> String {
        String::new()
    }
    /// Opens the session with the appliance again and says so. False if that fails.
    fn reopen(&mut self) -> bool {
        let reopened = self.connection_mut().reopen();
        if reopened {
            self.ui().note(
                "note: the session had timed out and was opened again; HSM and partition logins \
                 are gone",
            );
        }
        reopened
    }
    /// Repairs what kept a command from starting, such as a session that had timed out. True if
    /// the command may run again.
    fn recover(&mut self, failure: &Failure) -> bool {
        failure.session_ended() && self.reopen()
    }
}

/// A resolved command, as a session sees it that has another shell answer it.
pub struct Asked<'a> {
    /// The line.
    pub invocation: &'a Invocation<'a>,
    /// The resources that the command calls.
    pub rest: &'static [Resource],
    /// The roles that have it.
    pub roles: &'static [Role],
}

/// The session loop of a shell.
pub struct Shell<S: Session> {
    session: S,
    catalogue: Rc<Catalogue<S>>,
    options: Options,
    status: Status,
    /// When the line came that runs.
    begun: Instant,
    substitution_noted: bool,
    older_noted: BTreeSet<String>,
}

/// The path of what is told about commands, which is no command itself.
const HELP: &str = "help";

/// The result of a line, before it is written.
struct LineResult<'c> {
    path: &'static str,
    canonical: String,
    result: Result<Box<dyn View + 'c>, Failure>,
}

impl<S: Session> Shell<S> {
    /// A shell over an opened session.
    pub fn new(mut session: S, mut catalogue: Catalogue<S>, options: Options) -> Shell<S> {
        catalogue.grammar.retain(|path| session.has(path));
        let catalogue = Rc::new(catalogue);
        let known = Rc::clone(&catalogue);
        session.ui().is_command = Box::new(move |line| {
            let grammar = &known.grammar;
            grammar.is_command(line) || older::in_todays_spelling(S::OLDER, grammar, line).is_some()
        });
        Shell {
            session,
            catalogue,
            options,
            status: Status::Success,
            begun: Instant::now(),
            substitution_noted: false,
            older_noted: BTreeSet::new(),
        }
    }

    /// The session that the lines are run in.
    pub fn session(&mut self) -> &mut S {
        &mut self.session
    }

    /// Runs the given lines, or those of the device until its end.
    pub fn run(&mut self, lines: Option<Vec<String>>) -> Status {
        let json = self.options.output == Format::Json;
        let interactive = lines.is_none() && self.session.ui().device.interactive();
        if !self.options.quiet && !json && !self.options.one_shot() {
            match self.session.greeting() {
                Ok(text) => self.session.ui().device.print(&text),
                Err(failure) => self.report(&failure),
            }
        }
        match lines {
            Some(lines) => {
                for line in lines {
                    self.tell_given(&line);
                    if self.run_line(&line) {
                        break;
                    }
                }
            }
            None => loop {
                if let Some(line) = self.session.ui().untaken.pop_front() {
                    self.tell_given(&line);
                    if self.run_line(&line) {
                        break;
                    }
                    continue;
                }
                let assistant = self.assistant();
                let prompt = self.session.prompt();
                let typed = self.session.ui().device.interactive();
                let dense = self.options.login_shell.as_ref().is_some_and(|style| style.dense);
                if typed && !json && !dense {
                    self.session.ui().device.print("\n");
                }
                match self.session.ui().device.command(&prompt, &assistant) {
                    Input::Line(line) => {
                        if self.run_line(&line) {
                            break;
                        }
                    }
                    Input::NotText => {
                        if self.refuse_line() {
                            break;
                        }
                    }
                    Input::Cancelled => {}
                    Input::End => {
                        // After Ctrl-D the cursor is still behind the prompt.
                        if typed {
                            self.session.ui().device.print("\n");
                        }
                        break;
                    }
                }
            },
        }
        let status = match interactive {
            // A person has seen what failed; the status is that of the session itself.
            true => Status::Success,
            false => self.status,
        };
        let device = &mut *self.session.ui().device;
        finish(S::NAME, device, status)
    }

    fn assistant(&self) -> Rc<dyn LineAssistant> {
        let (catalogue, values) = (Rc::clone(&self.catalogue), self.session.completion_values());
        Rc::new(CommandAssistant { catalogue, values })
    }

    /// Tells the device of a command that it has not read.
    fn tell_given(&mut self, line: &str) {
        if !self.options.one_shot() {
            let (prompt, assistant) = (self.session.prompt(), self.assistant());
            self.session.ui().device.given(&prompt, line, &assistant);
        }
    }

    /// Runs a line; true if the session ends with it.
    fn run_line(&mut self, line: &str) -> bool {
        let status = self.execute(line);
        self.status = self.status.max(status);
        // What follows could not be seen either.
        let device = &self.session.ui().device;
        let unseen = device.output_error().is_some();
        let failed = status != Status::Success || device.recording_error().is_some();
        unseen || self.session.ui().leaving || (self.options.fail_fast && failed)
    }

    /// Writes the result of a line that is no text; true if the session ends with it.
    fn refuse_line(&mut self) -> bool {
        self.begin_line();
        let message = "The line is not valid UTF-8; nothing was run.";
        let result = Err(Failure::new(Kind::NotUnderstood, message));
        let status = self.write(LineResult { path: "", canonical: String::new(), result });
        self.status = self.status.max(status);
        self.options.fail_fast
    }

    fn begin_line(&mut self) {
        self.begun = Instant::now();
        let ui = self.session.ui();
        ui.frame = match self.options.output {
            Format::Json => Frame::Json,
            Format::Luna if self.options.one_shot() => Frame::Begun,
            Format::Luna => Frame::BlankDue,
        };
        ui.shown = false;
    }

    /// Runs a line and writes its result.
    pub fn execute(&mut self, line: &str) -> Status {
        let catalogue = Rc::clone(&self.catalogue);
        // Files from Windows may begin with a byte order mark.
        let line = line.strip_prefix('\u{feff}').unwrap_or(line);
        self.note_substitutions(line);
        self.begin_line();
        let today = older::in_todays_spelling(S::OLDER, &catalogue.grammar, line);
        if let Some(today) = &today {
            self.note_older_spelling(&catalogue.grammar.masked(today));
        }
        let line = today.as_deref().unwrap_or(line);
        let line_result = match catalogue.grammar.resolve(line) {
            Outcome::Empty => return Status::Success,
            Outcome::Help(text) => LineResult {
                path: HELP,
                canonical: catalogue.grammar.masked(line.trim()),
                result: Ok(Box::new(generate::Help { help: text })),
            },
            Outcome::Match(invocation) => {
                let command = catalogue.commands[invocation.command];
                match command.run.prepare(&invocation) {
                    // Nothing is run while results of earlier lines cannot be written; the end says so.
                    Ok(_) if !self.earlier_output_is_written() => return Status::Success,
                    Ok(prepared) => {
                        self.session.ui().start_watch();
                        LineResult {
                            path: invocation.path(),
                            canonical: invocation.canonical(),
                            result: self.invoke(command, &invocation, prepared),
                        }
                    }
                    Err(argument) => {
                        let at = invocation.value_span(&argument.option).unwrap_or(0..line.len());
                        self.unresolved(line, Outcome::BadValue { at, argument })
                    }
                }
            }
            other => self.unresolved(line, other),
        };
        self.write(line_result)
    }

    fn earlier_output_is_written(&mut self) -> bool {
        let device = &mut self.session.ui().device;
        device.flush();
        device.output_error().is_none()
    }

    fn unresolved<'c>(&self, line: &str, outcome: Outcome<'_>) -> LineResult<'c> {
        let grammar = &self.catalogue.grammar;
        let advice = OfSession { session: &self.session, misplaced: self.misplaced(line) };
        let failure = diagnostics::failure(grammar, line, outcome, &advice);
        LineResult { path: "", canonical: grammar.masked(line), result: Err(failure) }
    }

    /// A hint for a line with something in it that is no part of a command.
    fn misplaced(&self, line: &str) -> Option<String> {
        if let Some((prompt, command)) = line.split_once(&format!("{}:>", S::NAME)) {
            let command = self.catalogue.grammar.masked(command.trim());
            let (prompt, name) = (prompt.trim_start(), S::NAME);
            return Some(format!("'{prompt}{name}:>' is the prompt; the command is '{command}'"));
        }
        let option = options::program_option(line)?;
        let name = S::NAME;
        Some(format!(
            "'{option}' is an option of {name} itself, before the command: {name} {option} …"
        ))
    }

    fn invoke(
        &mut self,
        command: &Command<S>,
        invocation: &Invocation<'_>,
        prepared: Prepared<S>,
    ) -> Result<Box<dyn View>, Failure> {
        if self.options.strict && !invocation.exact() {
            return Err(Failure::new(
                Kind::NotUnderstood,
                format!("Abbreviated, which --strict refuses; in full: {}", invocation.canonical()),
            ));
        }
        if !S::TAKES_EMPTY_SECRETS.contains(&invocation.path()) {
            accepted_in(invocation)?;
        }
        let span = tracing::trace_span!(target: COMMANDS, "command", shell = S::NAME, path = invocation.path());
        let _running = span.entered();
        let asked = Asked { invocation, rest: command.rest, roles: command.roles };
        if let Some(answer) = self.session.relay(&asked, None) {
            return answer;
        }
        let done = self.run_here(command, invocation, prepared);
        match &done {
            Err(failure) => self.session.relay(&asked, Some(failure)).unwrap_or(done),
            Ok(_) => done,
        }
    }

    fn run_here(
        &mut self,
        command: &Command<S>,
        invocation: &Invocation<'_>,
        prepared: Prepared<S>,
    ) -> Result<Box<dyn View>, Failure> {
        match prepared(&mut self.session) {
            Err(failure) if self.session.recover(&failure) => {
                let again = command
                    .run
                    .prepare(invocation)
                    .map_err(|bad| Failure::new(Kind::BadArguments, bad.to_string()))?;
                again(&mut self.session)
            }
            result => result,
        }
    }

    fn write(&mut self, line_result: LineResult<'_>) -> Status {
        let LineResult { path, canonical, result } = line_result;
        let result = result.map_err(|failure| self.session.translate(failure));
        let failure = result.as_ref().err().cloned();
        let status = match self.options.output {
            Format::Json => self.write_json(canonical.clone(), result),
            Format::Luna => self.write_text(path, result),
        };
        if !path.is_empty() && path != HELP {
            // The result is shown even if the appliance does not answer any more.
            self.session.ui().device.flush();
            self.session.ran(&canonical, failure.as_ref());
        }
        self.session.ui().stop_watch();
        status
    }

    fn write_text(&mut self, path: &str, result: Result<Box<dyn View + '_>, Failure>) -> Status {
        let warnings = self.session.take_warnings();
        let (_, _, line) = self.session.result_line(result.as_ref().err());
        let status = result.as_ref().err().map_or(Status::Success, Failure::status);
        let body = match &result {
            Ok(view) => view.text(),
            Err(failure) => self.session.error_text(path, failure),
        };
        let one_shot = self.options.one_shot();
        let leaving = self.session.ui().leaving;
        let ui = self.session.ui();
        ui.messages.clear();
        if leaving && body.is_empty() {
            return status;
        }
        if one_shot {
            let body = body.trim_matches('\n');
            if !body.is_empty() {
                ui.device.print(body);
                ui.device.print("\n");
            }
        } else {
            if S::SPACE_AFTER_QUESTIONS && ui.has_output() {
                ui.device.print("\n");
            }
            ui.show(&body);
        }
        if !one_shot || S::RESULT_AFTER_WORDS {
            // A body of empty lines alone ends with them.
            if !body.trim_matches('\n').is_empty() {
                ui.device.print("\n");
            }
            ui.device.print(&line);
            ui.device.print("\n");
        }
        write_remarks(&mut *ui.device, &warnings, result.as_ref().err());
        status
    }

    fn write_json(&mut self, line: String, result: Result<Box<dyn View + '_>, Failure>) -> Status {
        let warnings = self.session.take_warnings();
        let result = result.and_then(|view| view.json().map_err(|error| unserializable(&error)));
        let (code, text, _) = self.session.result_line(result.as_ref().err());
        let status = result.as_ref().err().map_or(Status::Success, Failure::status);
        let connection = self.session.connection_mut();
        let appliance = json::Appliance {
            host: connection.client.address().to_owned(),
            emulated: connection.client.is_emulated(),
        };
        let user = connection.user.clone();
        let via = self.session.way().map(str::to_owned);
        let ui = self.session.ui();
        let mut messages = std::mem::take(&mut ui.messages);
        write_remarks(&mut *ui.device, &warnings, result.as_ref().err());
        messages.extend(warnings);
        messages
            .extend(result.as_ref().err().into_iter().flat_map(|failure| failure.hints.clone()));
        let object = CommandResult {
            line,
            appliance: Some(appliance),
            user: Some(user),
            result: Some(ResultLine { code, text }),
            status: status as u8,
            duration_ms: self.begun.elapsed().as_micros() as f64 / 1000.0,
            error: result.as_ref().err().map(json::Error::of),
            view: result.ok(),
            messages,
            via,
        };
        ui.device.print(&format!("{}\n", object.text()));
        status
    }

    /// Reports a failure outside of commands.
    fn report(&mut self, failure: &Failure) {
        self.status = self.status.max(failure.status());
        report(S::NAME, &mut *self.session.ui().device, self.options.output, failure);
    }

    /// Says once for each command that its line was one of an older release.
    fn note_older_spelling(&mut self, today: &str) {
        let command = today.split(" -").next().unwrap_or(today).to_owned();
        if self.older_noted.insert(command) {
            self.session.ui().note(format!("note: read in the spelling of today: {today}"));
        }
    }

    fn note_substitutions(&mut self, line: &str) {
        if self.substitution_noted || line.is_ascii() {
            return;
        }
        let (_, substitutions) = tokenize(line);
        if let Some((from, to)) = substitutions.first() {
            self.substitution_noted = true;
            self.session.ui().note(format!("note: '{from}' was read as '{to}'"));
        }
    }
}

/// Writes what is said beside a result.
fn write_remarks(device: &mut dyn Device, warnings: &[String], failure: Option<&Failure>) {
    for warning in warnings {
        device.note(&format!("warning: {warning}"));
    }
    for hint in failure.into_iter().flat_map(|failure| &failure.hints) {
        device.note(&format!("hint: {hint}"));
    }
}

/// What a session adds to the diagnosis of a line.
struct OfSession<'s, S> {
    session: &'s S,
    /// What is in the line and no part of a command.
    misplaced: Option<String>,
}

impl<S: Session> Advice for OfSession<'_, S> {
    fn for_words(&self, words: &[&str]) -> Option<String> {
        self.misplaced.clone().or_else(|| self.session.hint_for_unknown(words))
    }

    fn for_option(&self, command: &str, option: &str) -> Option<String> {
        let older = || older::elsewhere(S::OLDER, command, option).map(str::to_owned);
        self.misplaced.clone().or_else(older)
    }

    fn text_of_unknown(&self, menu: &str, word: &str) -> Option<String> {
        self.session.text_of_unknown(menu, word)
    }
}

/// Completion and masking for the line editor.
struct CommandAssistant<S: 'static> {
    catalogue: Rc<Catalogue<S>>,
    values: CompletionValues,
}

impl<S> LineAssistant for CommandAssistant<S> {
    fn complete(&self, line: &str, cursor: usize) -> (usize, Vec<String>) {
        let completion = self.catalogue.grammar.complete(line, cursor);
        let mut words: Vec<String> =
            completion.candidates.into_iter().map(|candidate| candidate.text).collect();
        if let Some((placeholder, typed)) = completion.value {
            let (send, receive) = mpsc::channel();
            let values = Arc::clone(&self.values);
            thread::spawn(move || send.send(values(placeholder)));
            let found = receive.recv_timeout(COMPLETION_LIMIT).unwrap_or_default();
            words.extend(found.into_iter().filter(|value| value.starts_with(&typed)).map(
                |value| {
                    if value.contains(char::is_whitespace) { format!("\"{value}\"") } else { value }
                },
            ));
        }
        (completion.start, words)
    }

    fn masked(&self, line: &str) -> String {
        self.catalogue.grammar.masked(line)
    }

    fn kept(&self, line: &str) -> String {
        self.catalogue.grammar.without_secrets(line)
    }
}

/// Runs a shell program on the streams of the process, as its arguments ask. What outlives it is
/// kept in the folder `state` of the user.
pub fn main<S: Session>(
    options: Options,
    program: &mut clap::Command,
    catalogue: Catalogue<S>,
    state: Option<&Path>,
    open: impl FnOnce(Box<dyn Device>, &Options) -> Result<S, (Box<dyn Device>, Failure)>,
) -> ExitCode {
    start_log();
    let history = state.filter(|_| options.login_shell.is_none());
    let history = history.map(|folder| folder.join(format!("{}.history", S::NAME)));
    let mut device = Stdio::new(options.quiet || options.login_shell.is_some(), history);
    let written = match options.generate {
        Some(what) => Some(generate::text(what, program, &catalogue)),
        None => options.list_commands.then(|| catalogue.list()),
    };
    if let Some(text) = written {
        device.print(&text);
        return finish(S::NAME, &mut device, Status::Success).into();
    }
    let output = options.output;
    let lines = match options.lines() {
        Ok(lines) => lines,
        Err(failure) => {
            report(S::NAME, &mut device, output, &failure);
            return failure.status().into();
        }
    };
    if lines.is_none() {
        device.take_terminal();
    }
    let device = match recorded(S::NAME, Box::new(device), &options) {
        Ok(device) => device,
        Err((mut device, failure)) => return end(S::NAME, &mut *device, output, &failure),
    };
    match open(device, &options) {
        Ok(mut session) => {
            state.into_iter().for_each(|folder| session.ui().keep_state_in(folder));
            tell_opened(&mut session, &catalogue, &options, lines.is_some());
            Shell::new(session, catalogue, options).run(lines).into()
        }
        Err((mut device, failure)) => {
            // It was meant for the session, and would go to the program that started this one.
            device.discard_input();
            report(S::NAME, &mut *device, output, &failure);
            finish(S::NAME, &mut *device, failure.status()).into()
        }
    }
}

/// The device, and what goes on at it is recorded if the options ask for it.
///
/// # Errors
/// The file is there already, or cannot be written; the device is given back.
pub fn recorded(
    program: &str,
    device: Box<dyn Device>,
    options: &Options,
) -> Result<Box<dyn Device>, (Box<dyn Device>, Failure)> {
    match Recording::asked_for(program, options) {
        Ok(Some(recording)) => Ok(Box::new(Recorder::new(device, recording, options))),
        Ok(None) => Ok(device),
        Err(failure) => Err((device, failure)),
    }
}

/// Whom a connection is with, for a recording.
pub fn place_of(connection: &Connection) -> String {
    let emulated = if connection.client.is_emulated() { ", emulated" } else { "" };
    format!("{} at {}{emulated}", connection.user, connection.client.address())
}

/// Tells the device that the session is open.
fn tell_opened<S: Session>(
    session: &mut S,
    catalogue: &Catalogue<S>,
    options: &Options,
    given: bool,
) {
    let (own, place) = (session.own_arguments(), place_of(session.connection_mut()));
    let ui = session.ui();
    let pipe = if options.one_shot() { !ui.attended() } else { given || !ui.device.interactive() };
    let lines = options.one_shot().then(|| options.lines().ok().flatten()).flatten();
    let line = lines.and_then(|lines| lines.into_iter().next());
    let line = line.map(|line| catalogue.grammar.masked(&line));
    let (program, own, place, line) = (S::NAME, &*own, &*place, line.as_deref());
    ui.device.opened(&Head { program, own, place, options, pipe, line });
}

/// Logs to standard error if `RUST_LOG` is set.
fn start_log() {
    if std::env::var_os("RUST_LOG").is_some() {
        let filter = tracing_subscriber::EnvFilter::from_default_env();
        let _ = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(std::io::stderr)
            .try_init();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Instant;

    use super::*;
    use crate::command::{Command, Known, Role, Run, handler};

    #[derive(serde::Deserialize)]
    struct Show {
        #[serde(rename = "name")]
        _name: String,
    }

    impl Run<()> for Show {
        type View = ();

        fn run(self, (): &mut ()) -> Result<(), Failure> {
            Ok(())
        }
    }

    const COMMANDS: &[Command<()>] = &[Command {
        syntax: "show -name <label>",
        help: "Show it",
        options: &[],
        roles: Role::ANY,
        rest: &[],
        known: Known::Assumed("a test"),
        run: handler::<Show, ()>(),
    }];

    fn tab(values: CompletionValues) -> Vec<String> {
        let catalogue = Rc::new(Catalogue::new(&[], &[COMMANDS], &[]));
        CommandAssistant { catalogue, values }.complete("show -name ", 11).1
    }

    #[test]
    fn completion_offers_names_of_the_appliance() {
        let found = tab(Arc::new(|placeholder| vec![placeholder.into(), "two words".into()]));
        assert_eq!(found, ["label", "\"two words\""]);
    }

    #[test]
    fn completion_does_not_wait_for_a_silent_appliance() {
        let (keep, never) = mpsc::channel::<String>();
        let never = Mutex::new(never);
        let begun = Instant::now();
        let found = tab(Arc::new(move |_| never.lock().unwrap().recv().into_iter().collect()));
        assert!(found.is_empty());
        // It waited for its limit, not for the answer, which comes only now.
        assert!(begun.elapsed() >= COMPLETION_LIMIT);
        drop(keep);
    }
}
