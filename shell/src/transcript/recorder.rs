//! Writes a session down while it goes on, without its secrets.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::rc::Rc;

use luna_grammar::{MASK, is_mask};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use zeroize::Zeroizing;

use super::filters::Filter;
use super::play::exit_line;
use crate::device::{Device, Input};
use crate::editor::LineAssistant;
use crate::failure::Failure;
use crate::options::{Format, Options, SECRETS, quoted};
use crate::printable::{printable, printable_value};
use crate::secrets::is_given;
use crate::status::Status;

/// The word that begins a script.
pub(crate) const SETUP: &str = "@setup";
/// The word that begins a session.
pub(crate) const RECORDED: &str = "@recorded";
/// The word that says when.
pub(crate) const TIME: &str = "@time ";
/// How the last line of a session begins.
pub(crate) const EXIT: &str = "[exit status: ";
/// What stands where Ctrl-C was pressed.
pub(crate) const CTRL_C: &str = "^C";
/// What stands where the input ended.
pub(crate) const CTRL_D: &str = "^D";
/// What stands between the options of a program and the one command that it runs.
pub(crate) const WORDS: &str = " -- ";
/// What a secret is called whose question has no variable.
const NAMELESS: &str = "SECRET";
/// The prompt of a question without one.
const BARE_PROMPT: &str = "> ";

/// Where a session is written.
pub struct Recording {
    to: Box<dyn Write>,
    /// What people call it.
    name: String,
    times: bool,
    error: Option<io::Error>,
    at_line_start: bool,
    /// The rest of a command whose secrets have no names yet.
    held: Option<Held>,
    /// The secrets of each variable, since a wrong one may be typed before the right one.
    known: HashMap<String, Vec<Zeroizing<String>>>,
}

/// The part of a command from its first secret on, masked.
struct Held {
    rest: String,
    /// The options that had secrets and what these are called.
    names: Vec<(String, String)>,
}

impl Recording {
    /// Begins the recording that `options` ask for, if they do.
    ///
    /// # Errors
    /// The file is there already, or cannot be written.
    pub(crate) fn asked_for(options: &Options) -> Result<Option<Recording>, Failure> {
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
        let recording = Recording::to(Box::new(file), &path.display().to_string());
        Ok(Some(Recording { times: options.record_times, ..recording }))
    }

    /// A recording to another place.
    pub fn to(to: Box<dyn Write>, name: &str) -> Recording {
        Recording {
            to,
            name: name.to_owned(),
            times: false,
            error: None,
            at_line_start: true,
            held: None,
            known: HashMap::new(),
        }
    }

    /// Writes the lines before the session of `program` with `place`, masked by `mask`.
    pub(crate) fn head(
        &mut self,
        (program, own): (&str, &str),
        place: &str,
        options: &Options,
        pipe: bool,
        mask: impl Fn(&str) -> String,
    ) {
        let given = SECRETS.iter().map(|(name, _)| *name);
        // That of the account opens the session, which goes on without it.
        let given = given.filter(|name| *name != "PASSWORD" && is_given(name));
        let secrets: String = given.map(|name| format!("@secret {name}\n")).collect();
        let arguments = arguments(options, pipe);
        let version = env!("CARGO_PKG_VERSION");
        let place = printable_value(place);
        self.put(&format!(
            "# {program} {version}, {place}\n{secrets}@filter {}\n{RECORDED} {program}{own}{arguments}",
            Filter::names(" ")
        ));
        let words = options.one_shot().then(|| options.lines().ok().flatten()).flatten();
        match words.into_iter().flatten().next() {
            Some(line) => self.typed(WORDS, &mask(&line)),
            None => self.put("\n"),
        }
    }

    fn put(&mut self, text: &str) {
        if self.error.is_none() {
            self.error = self.to.write_all(text.as_bytes()).err();
        }
        self.at_line_start = text.ends_with('\n');
    }

    /// Writes text of the session.
    fn write(&mut self, text: &str) {
        self.settle();
        if text.is_empty() {
            return;
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
    fn settle(&mut self) {
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

    fn command(&mut self, prompt: &str, typed: &str) {
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
    fn name(&mut self, variable: &str, secret: &str) -> String {
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

/// A question before its last line, and that line: where the answer is typed.
pub(crate) fn prompt_line(question: &str) -> (&str, &str) {
    match question {
        "" => ("", BARE_PROMPT),
        _ => question.split_at(question.rfind('\n').map_or(0, |end| end + 1)),
    }
}

/// A device whose session is recorded.
pub struct Recorder {
    device: Box<dyn Device>,
    recording: Recording,
    /// Whether an empty line stands before a prompt that the device does not show.
    spaced: bool,
    quiet: bool,
    /// The variable of the secret that is asked for.
    asked: String,
    told: bool,
}

impl Recorder {
    /// Records what goes on at `device`.
    pub fn new(device: Box<dyn Device>, recording: Recording, options: &Options) -> Recorder {
        let (spaced, quiet) = (options.output == Format::Luna, options.quiet);
        Recorder { device, recording, spaced, quiet, asked: String::new(), told: false }
    }

    /// Tells once that nothing is recorded any more.
    fn tell_loss(&mut self) {
        if let Some(error) = self.recording.error.as_ref().filter(|_| !self.told) {
            self.told = true;
            let name = &self.recording.name;
            self.device.report(&format!(
                "warning: cannot write {name}: {error}; the session is not recorded any more"
            ));
        }
    }

    fn show(&mut self, text: &str) {
        self.recording.write(&printable(text));
        self.tell_loss();
    }

    fn ask(&mut self, question: &str, read: impl FnOnce(&mut dyn Device) -> Input) -> Input {
        let (before, prompt) = prompt_line(question);
        self.show(&format!("{before}{prompt}"));
        read(&mut *self.device)
    }

    fn answered(
        &mut self,
        input: Input,
        shown: impl FnOnce(&mut Recording, &str) -> String,
    ) -> Input {
        let shown = match &input {
            Input::Line(line) => shown(&mut self.recording, line),
            Input::NotText => "[..]".to_owned(),
            Input::Cancelled => CTRL_C.to_owned(),
            Input::End => CTRL_D.to_owned(),
        };
        self.show(&format!("{}\n", printable_value(&shown)));
        input
    }

    fn secret_answered(&mut self, input: Input) -> Input {
        let variable = std::mem::take(&mut self.asked);
        self.answered(input, |recording, secret| match secret {
            "" => String::new(),
            // It was not taken for one.
            mask if is_mask(mask) => mask.to_owned(),
            secret => format!("{{{}}}", recording.name(&variable, secret)),
        })
    }
}

impl Device for Recorder {
    fn command(&mut self, prompt: &str, assistant: &Rc<dyn LineAssistant>) -> Input {
        let input = self.device.command(prompt, assistant);
        let shown = match &input {
            Input::Line(line) => assistant.masked(line),
            Input::NotText => "[..]".to_owned(),
            Input::Cancelled => CTRL_C.to_owned(),
            Input::End => return input,
        };
        if !self.device.interactive() && self.spaced {
            self.show("\n");
        }
        self.recording.command(prompt, &shown);
        self.tell_loss();
        input
    }

    fn given(&mut self, prompt: &str, line: &str, assistant: &Rc<dyn LineAssistant>) {
        if self.spaced {
            self.show("\n");
        }
        self.recording.command(prompt, &assistant.masked(line));
        self.tell_loss();
    }

    fn about_secret(&mut self, variable: &str, given: Option<(&str, &str)>) {
        match given {
            Some((option, secret)) => {
                let name = self.recording.name(variable, secret);
                if let Some(held) = &mut self.recording.held {
                    held.names.push((option.to_owned(), name));
                }
            }
            None => variable.clone_into(&mut self.asked),
        }
    }

    fn answer(&mut self, question: &str) -> Input {
        let input = self.ask(question, |device| device.answer(question));
        // Whatever else is typed there may be the password of the next question.
        let unsafe_to_show = question.contains("proceed");
        self.answered(input, |_, answer| match answer.trim().to_ascii_lowercase().as_str() {
            "proceed" | "quit" | "" => answer.to_owned(),
            _ if unsafe_to_show => MASK.to_owned(),
            _ => answer.to_owned(),
        })
    }

    fn secret(&mut self, question: &str) -> Input {
        let input = self.ask(question, |device| device.secret(question));
        self.secret_answered(input)
    }

    fn hidden(&mut self, question: &str) -> Input {
        let input = self.ask(question, |device| device.hidden(question));
        self.secret_answered(input)
    }

    fn print(&mut self, text: &str) {
        self.device.print(text);
        self.show(text);
    }

    fn note(&mut self, text: &str) {
        self.device.note(text);
        if !self.quiet {
            self.show(&format!("{text}\n"));
        }
    }

    fn report(&mut self, text: &str) {
        self.device.report(text);
        self.show(&format!("{text}\n"));
    }

    fn flush(&mut self) {
        self.device.flush();
    }

    fn output_error(&self) -> Option<&io::Error> {
        self.device.output_error()
    }

    fn recording_error(&self) -> Option<&io::Error> {
        self.recording.error.as_ref()
    }

    fn ended(&mut self, status: Status) {
        self.recording.settle();
        if !self.recording.at_line_start {
            self.recording.write("\n");
        }
        self.recording.put(&exit_line(status));
        self.tell_loss();
    }

    fn attended(&self) -> bool {
        self.device.attended()
    }

    fn discard_input(&mut self) {
        self.device.discard_input();
    }

    fn interactive(&self) -> bool {
        self.device.interactive()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::transcript::ScriptedTerminal;

    #[derive(Clone, Default)]
    struct Page(Rc<RefCell<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn recorded(typed: &[&str], session: impl FnOnce(&mut Recorder)) -> String {
        let page = Page::default();
        let recording = Recording::to(Box::new(page.clone()), "page");
        let terminal = ScriptedTerminal::new(typed.iter().map(|line| (*line).to_owned()), true);
        let mut recorder = Recorder::new(Box::new(terminal), recording, &Options::default());
        session(&mut recorder);
        recorder.ended(Status::Success);
        String::from_utf8(page.0.take()).unwrap()
    }

    #[test]
    fn a_secret_that_is_typed_has_the_name_of_its_variable() {
        let text = recorded(&["> wrong", "> right", "> wrong", "> ********"], |recorder| {
            for _ in 0..4 {
                recorder.about_secret("HSM_PASSWORD", None);
                let _ = recorder.secret("HSM:\n  > ");
            }
        });
        let asked = |answer: &str| format!("HSM:\n  > {answer}\n");
        let expected = [
            asked("{HSM_PASSWORD}"),
            asked("{HSM_PASSWORD_2}"),
            asked("{HSM_PASSWORD}"),
            asked("********"),
            "[exit status: 0]\n".to_owned(),
        ];
        assert_eq!(text, expected.concat());
    }

    #[test]
    fn a_secret_of_an_option_has_the_name_of_its_variable() {
        let text = recorded(&[], |recorder| {
            recorder.recording.command("> ", "role changepw -old ******** -newpw ********");
            recorder.about_secret("NEW_PASSWORD", Some(("-newpw", "n")));
            recorder.about_secret("CO_PASSWORD", Some(("-oldpw", "o")));
            recorder.print("done\n");
            recorder.recording.command("> ", "hsm login -p ******** -x");
        });
        assert_eq!(
            text,
            "> role changepw -old {CO_PASSWORD} -newpw {NEW_PASSWORD}\ndone\n\
             > hsm login -p ******** -x\n[exit status: 0]\n"
        );
    }

    #[test]
    fn a_line_that_looks_like_a_directive_is_none() {
        let text = recorded(&[], |recorder| {
            recorder.print("a@b\n@recorded x\n@");
            recorder.print("@\n");
        });
        assert_eq!(text, "a@b\n[..]recorded x\n[..]@\n[exit status: 0]\n");
    }
}
