//! What a command says to the user and asks of them: output, notes, questions, secrets.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use luna_rest::Secret;
use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use crate::connect::Connection;
use crate::device::{Device, Input};
use crate::failure::Failure;
use crate::options::{Format, Options, SECRETS};
use crate::secrets::{Secrets, accepted, answered_secret};
use crate::transcript::{Player, Recorder, Recording};
use crate::watch::Watch;

/// The user interface of a session.
pub struct Ui {
    pub(crate) device: Box<dyn Device>,
    secrets: Secrets,
    answers: VecDeque<String>,
    yes: bool,
    pub(crate) last_attempt: bool,
    /// The folder of the locks of logins.
    pub(crate) attempts: Option<PathBuf>,
    pub(crate) messages: Vec<String>,
    pub(crate) frame: Frame,
    pub(crate) shown: bool,
    pub(crate) leaving: bool,
    /// Whether a line is a command, and those that a question for a secret did not take.
    pub(crate) is_command: Box<dyn Fn(&str) -> bool>,
    pub(crate) untaken: VecDeque<String>,
    watch: Arc<Watch>,
}

/// The state of the output of the running command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    /// An empty line is due before the first output.
    BlankDue,
    /// Output has begun, or needs no empty line.
    Begun,
    /// Only the JSON object is written.
    Json,
}

/// A question for a secret.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The text before the answer: `\n  Please enter …:\n  > `.
    pub text: &'a str,
    /// For a new secret: the text before the second entry.
    pub again: Option<&'a str>,
    /// Its variable in the environment, without `LUNA_`.
    pub variable: &'a str,
    /// The option that gives it, such as `-password`; empty if there is none.
    pub option: &'a str,
}

impl Ui {
    /// The interface at `device` of a session over `connection`.
    pub fn new(
        connection: &Connection,
        device: Box<dyn Device>,
        secrets: Secrets,
        options: &Options,
    ) -> Ui {
        Ui::watched(device, secrets, options, Arc::clone(connection.watch()))
    }

    /// The interface at `device` of a program that opens its sessions elsewhere.
    pub fn without_session(device: Box<dyn Device>, options: &Options) -> Ui {
        let watch = Watch::new(false, options.timeout.get());
        Ui::watched(device, Secrets::none(), options, watch)
    }

    /// Takes these secrets from now on, in place of those given before.
    pub fn give_secrets(&mut self, secrets: Secrets) {
        self.secrets = secrets;
    }

    /// The interface at `device` of a session whose calls `watch` watches over.
    pub(crate) fn watched(
        device: Box<dyn Device>,
        secrets: Secrets,
        options: &Options,
        watch: Arc<Watch>,
    ) -> Ui {
        Ui {
            device,
            secrets,
            answers: options.answer.iter().cloned().collect(),
            yes: options.yes,
            last_attempt: options.last_attempt,
            attempts: None,
            messages: Vec::new(),
            frame: if options.output == Format::Json { Frame::Json } else { Frame::BlankDue },
            shown: false,
            leaving: false,
            is_command: Box::new(|_| false),
            untaken: VecDeque::new(),
            watch,
        }
    }

    /// Keeps what outlives the session in this folder of the user.
    pub fn keep_state_in(&mut self, folder: &Path) {
        self.attempts = Some(folder.join("attempts"));
    }

    /// The secret of this variable (without `LUNA_`), if the environment gives it.
    ///
    /// # Errors
    /// Its file or descriptor cannot be read.
    pub fn preset_secret(&mut self, variable: &str) -> Result<Option<Secret>, Failure> {
        debug_assert!(
            SECRETS.iter().any(|(name, _)| *name == variable),
            "{variable} is not listed"
        );
        Ok(self.secrets.find(variable)?.map(|known| known.expose_secret().into()))
    }

    /// Shows text before the first command, without an empty line before it.
    pub fn welcome(&mut self, text: &str) {
        if self.frame == Frame::BlankDue {
            self.frame = Frame::Begun;
        }
        self.show(text);
    }

    /// Has the session recorded from now on.
    pub fn record(&mut self, recording: Recording, options: &Options) {
        let nobody = Box::new(Player::default());
        let device = std::mem::replace(&mut self.device, nobody);
        self.device = Box::new(Recorder::new(device, recording, options));
    }

    /// Tells the device that this session only copies files, those that the words name.
    pub fn tell_copies(&mut self, place: &str, words: &str) {
        self.device.copies(place, words);
    }

    /// Returns the device, for a session that cannot be opened.
    pub fn into_device(self) -> Box<dyn Device> {
        self.device
    }

    /// Starts the time of a command, lets Ctrl-C cancel its calls, and reports a long wait.
    pub(crate) fn start_watch(&self) {
        self.watch.start();
    }

    /// Ends that while the user types.
    pub(crate) fn stop_watch(&self) {
        self.watch.stop();
    }

    /// Writes a remark: to standard error, and to `messages` of the JSON object.
    pub fn note(&mut self, text: impl Into<String>) {
        let text = text.into();
        self.device.note(&text);
        self.messages.push(text);
    }

    /// Shows output of the running command at once, before something that takes long.
    pub fn show_now(&mut self, text: &str) {
        self.show(text);
        self.device.flush();
    }

    /// Shows output of the running command.
    pub fn show(&mut self, text: &str) {
        self.shown = true;
        match self.frame {
            Frame::BlankDue => {
                self.device.print("\n");
                self.frame = Frame::Begun;
                self.device.print(text);
            }
            Frame::Begun => self.device.print(text),
            Frame::Json => {}
        }
    }

    /// Whether the running command has shown output or a question.
    pub fn has_output(&self) -> bool {
        self.shown
    }

    /// Whether a user is present to answer questions.
    pub fn attended(&self) -> bool {
        self.device.attended()
    }

    /// Ends the session after this command.
    pub fn leave(&mut self) {
        self.leaving = true;
    }

    /// Asks for `proceed` or `quit`. After another answer a user is asked again, a script is refused.
    ///
    /// `text` is shown before the answer; `option` is the option that makes the question unnecessary.
    ///
    /// # Errors
    /// `quit`, or no answer.
    pub fn confirm(&mut self, text: &str, option: &str) -> Result<(), Failure> {
        if self.yes {
            return Ok(());
        }
        loop {
            let answer = self.ask(text, &format!("{option} or --yes"))?;
            match answer.trim() {
                word if word.eq_ignore_ascii_case("proceed") => return Ok(()),
                word if word.eq_ignore_ascii_case("quit") => return Err(cancelled()),
                _ if self.attended() => {}
                _ => {
                    if (self.is_command)(&answer) {
                        self.untaken.push_back(answer);
                    }
                    return Err(Failure::refused("The answer was neither 'proceed' nor 'quit'."));
                }
            }
        }
    }

    /// Asks for a line of text.
    ///
    /// # Errors
    /// No answer; the hint names `instead`, the option that gives it.
    pub fn ask(&mut self, text: &str, instead: &str) -> Result<String, Failure> {
        if let Some(answer) = self.answers.pop_front() {
            return Ok(answer);
        }
        self.begin_output();
        match self.put(text, |device, text| device.answer(text)) {
            Input::Line(line) => Ok(line),
            Input::NotText => Err(not_text()),
            Input::Cancelled => Err(cancelled()),
            Input::End => Err(unanswered(text, instead)),
        }
    }

    /// The secret of an option, or else of the environment, or else asks for it, twice if it is new.
    ///
    /// # Errors
    /// No answer, or two different ones.
    pub fn secret(
        &mut self,
        given: Option<Secret>,
        secret: Question<'_>,
    ) -> Result<Secret, Failure> {
        match given {
            Some(given) => {
                accepted(given.expose(), secret.option)?;
                self.device.about_secret(secret.variable, Some((secret.option, given.expose())));
                Ok(given)
            }
            None => self.take_secret(secret, |device, text| device.secret(text)),
        }
    }

    /// As [`Ui::secret`], without an option and without asterisks while it is typed.
    ///
    /// # Errors
    /// No answer, or two different ones.
    pub fn hidden_secret(&mut self, secret: Question<'_>) -> Result<Secret, Failure> {
        self.take_secret(secret, |device, text| device.hidden(text))
    }

    fn take_secret(
        &mut self,
        secret: Question<'_>,
        ask: fn(&mut dyn Device, &str) -> Input,
    ) -> Result<Secret, Failure> {
        if let Some(known) = self.preset_secret(secret.variable)? {
            return Ok(known);
        }
        let first = self.ask_secret(secret.text, secret, ask)?;
        if let Some(again) = secret.again {
            let second = self.ask_secret(again, secret, ask)?;
            if first.expose() != second.expose() {
                return Err(Failure::command("The two entries do not match.")
                    .hint("nothing was changed; run the command again"));
            }
        }
        Ok(first)
    }

    fn ask_secret(
        &mut self,
        text: &str,
        secret: Question<'_>,
        ask: fn(&mut dyn Device, &str) -> Input,
    ) -> Result<Secret, Failure> {
        self.begin_output();
        self.device.about_secret(secret.variable, None);
        match self.put(text, ask) {
            Input::Line(line) if !self.attended() && (self.is_command)(&line) => {
                self.untaken.push_back(line);
                Err(Failure::refused(
                    "The next line of standard input is a command, no secret: it was not sent.",
                )
                .hint(format!("{} gives the secret", instead(secret))))
            }
            Input::Line(line) => answered_secret(&Zeroizing::new(line), self.attended()),
            Input::NotText => Err(not_text()),
            Input::Cancelled => Err(cancelled()),
            Input::End => Err(unanswered(text, &instead(secret))),
        }
    }

    /// As [`Ui::confirm`], for what `--yes` does not answer: it was given before this was known.
    ///
    /// # Errors
    /// As [`Ui::confirm`].
    pub(crate) fn confirm_anew(&mut self, text: &str, option: &str) -> Result<(), Failure> {
        let yes = std::mem::replace(&mut self.yes, false);
        let answer = self.confirm(text, option);
        self.yes = yes;
        answer
    }

    /// Whether the user pressed Ctrl-C since the command began.
    pub fn interrupted(&self) -> bool {
        self.watch.interrupted()
    }

    /// The longest time for the calls of a command together.
    pub fn time_limit(&self) -> Duration {
        self.watch.limit()
    }

    /// Whether `proceed` is the answer to every question for it.
    pub fn agrees(&self) -> bool {
        self.yes
    }

    /// Says so, once, if a command takes long.
    pub fn waiting(&self) {
        self.watch.check();
    }

    /// Has a person answer a question of another program; `None` where nobody is there, or gives up.
    pub fn ask_person(&mut self, text: &str, hidden: bool) -> Option<Zeroizing<String>> {
        if !self.attended() {
            return None;
        }
        let ask = |device: &mut dyn Device, text: &str| match hidden {
            true => device.hidden(text),
            false => device.answer(text),
        };
        match self.put(text, ask) {
            Input::Line(line) => Some(Zeroizing::new(line)),
            Input::NotText | Input::Cancelled | Input::End => None,
        }
    }

    /// As [`Ui::ask`], for a question that only looks like one: a command on standard input is none
    /// of its answers.
    ///
    /// # Errors
    /// As [`Ui::ask`].
    pub fn ask_in_doubt(&mut self, text: &str, instead: &str) -> Result<String, Failure> {
        let given = !self.answers.is_empty();
        let answer = self.ask(text, instead)?;
        if !given && !self.attended() && (self.is_command)(&answer) {
            self.untaken.push_back(answer);
            return Err(unanswered(text, instead));
        }
        Ok(answer)
    }

    fn begin_output(&mut self) {
        if self.frame == Frame::BlankDue {
            self.device.print("\n");
            self.frame = Frame::Begun;
        }
    }

    fn put(&mut self, text: &str, ask: impl FnOnce(&mut dyn Device, &str) -> Input) -> Input {
        self.shown = true;
        // In JSON mode only objects may be written to a pipe.
        let silent = self.frame == Frame::Json && !self.device.attended();
        let asked = Instant::now();
        let answer = ask(&mut *self.device, if silent { "" } else { text });
        self.watch.go_on(asked.elapsed());
        answer
    }
}

/// What gives a secret without a question.
fn instead(secret: Question<'_>) -> String {
    let variable = format!("LUNA_{}", secret.variable);
    match secret.option {
        "" => variable,
        option => format!("{option} or {variable}"),
    }
}

/// The failure for an answer that is not UTF-8.
pub(crate) fn not_text() -> Failure {
    Failure::refused("The answer is not valid UTF-8: nothing was sent.")
}

pub(crate) fn cancelled() -> Failure {
    Failure::command("The command was cancelled.").code(0xb, "User Cancelled Operation")
}

fn unanswered(question: &str, instead: &str) -> Failure {
    // The question is the last paragraph, after warnings.
    let asked = question.trim_end_matches([' ', ':', '>', '-', '\n']);
    let asked = asked.rsplit("\n\n").next().unwrap_or_default();
    let words: Vec<&str> = asked.split_whitespace().collect();
    Failure::refused(format!("A question had no answer: \"{}\"", words.join(" ")))
        .hint(format!("{instead} would have answered it"))
}
