//! What a command says to the user and asks of them: output, notes, questions, secrets.

use std::collections::VecDeque;
use std::sync::Arc;

use luna_rest::Secret;
use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use crate::connect::Connection;
use crate::device::{Device, Input};
use crate::failure::Failure;
use crate::options::{Format, Options};
use crate::secrets::Secrets;
use crate::watch::Watch;

/// The user interface of a session.
pub struct Ui {
    pub(crate) device: Box<dyn Device>,
    secrets: Secrets,
    answers: VecDeque<String>,
    yes: bool,
    last_attempt: bool,
    pub(crate) messages: Vec<String>,
    pub(crate) frame: Frame,
    pub(crate) shown: bool,
    pub(crate) leaving: bool,
    watch: Option<Arc<Watch>>,
}

/// How the output of the running command is framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    /// An empty line is due before the first output.
    Due,
    /// Output has begun, or no empty line is wanted.
    Open,
    /// Nothing but the JSON object goes out.
    Json,
}

/// A question for a secret.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// What is shown, up to the place of the answer: `\n  Please enter …:\n  > `.
    pub text: &'a str,
    /// For a new secret: what is shown for the second time.
    pub again: Option<&'a str>,
    /// Its name in the environment, without `LUNA_`.
    pub variable: &'a str,
    /// The option that would have given it, such as `-password`; empty if there is none.
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
        Ui {
            device,
            secrets,
            answers: options.answer.iter().cloned().collect(),
            yes: options.yes,
            last_attempt: options.last_attempt,
            messages: Vec::new(),
            frame: if options.output == Format::Json { Frame::Json } else { Frame::Due },
            shown: false,
            leaving: false,
            watch: connection.watch().cloned(),
        }
    }

    /// The secret that was given in advance under this name (without `LUNA_`).
    ///
    /// # Errors
    /// It was given by a file or descriptor that cannot be read.
    pub fn preset_secret(&mut self, variable: &str) -> Result<Option<Secret>, Failure> {
        Ok(self.secrets.find(variable)?.map(|known| known.expose_secret().into()))
    }

    /// Shows text that stands before any command, without an empty line in front of it.
    pub fn welcome(&mut self, text: &str) {
        if self.frame == Frame::Due {
            self.frame = Frame::Open;
        }
        self.show(text);
    }

    /// Gives the device back, where no session comes about.
    pub fn into_device(self) -> Box<dyn Device> {
        self.device
    }

    /// Starts the clock of a command: Ctrl-C cancels its calls, and a long wait is told.
    pub(crate) fn begin(&mut self) {
        if let Some(watch) = &self.watch {
            watch.reset();
        }
    }

    /// Stops that clock while the user types a command.
    pub(crate) fn rest(&mut self) {
        if let Some(watch) = &self.watch {
            watch.rest();
        }
    }

    /// Says something beside the output: on standard error, and among the messages of JSON.
    pub fn note(&mut self, text: impl Into<String>) {
        let text = text.into();
        self.device.note(&text);
        self.messages.push(text);
    }

    /// Shows a part of the command's output before the command is done.
    pub fn show(&mut self, text: &str) {
        self.shown = true;
        match self.frame {
            Frame::Due => {
                self.device.print("\n");
                self.frame = Frame::Open;
                self.device.print(text);
            }
            Frame::Open => self.device.print(text),
            Frame::Json => {}
        }
    }

    /// Whether the running command has shown something already, a question included.
    pub fn has_output(&self) -> bool {
        self.shown
    }

    /// Whether a person is there to answer.
    pub fn attended(&self) -> bool {
        self.device.attended()
    }

    /// Ends the session after this command.
    pub fn leave(&mut self) {
        self.leaving = true;
    }

    /// Asks for `proceed` or `quit`; anything else is asked again, and refused from a script.
    ///
    /// `text` is shown up to the place of the answer; `option` would have spared the question.
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
                    return Err(Failure::refused("The answer was neither 'proceed' nor 'quit'."));
                }
            }
        }
    }

    /// Asks for a line of text.
    ///
    /// # Errors
    /// No answer; `instead` names what would have given it.
    pub fn ask(&mut self, text: &str, instead: &str) -> Result<String, Failure> {
        if let Some(answer) = self.answers.pop_front() {
            return Ok(answer);
        }
        self.open();
        match self.put(text, |device, text| device.answer(text)) {
            Input::Line(line) => Ok(line),
            Input::Cancelled => Err(cancelled()),
            Input::End => Err(unanswered(text, instead)),
        }
    }

    /// The secret that an option gave, or else the one given in advance, or else asks for it. A new
    /// secret is asked for twice.
    ///
    /// # Errors
    /// No answer, or two different ones.
    pub fn secret(
        &mut self,
        given: Option<Secret>,
        secret: Question<'_>,
    ) -> Result<Secret, Failure> {
        match given {
            Some(given) => Ok(given),
            None => self.take_secret(secret, |device, text| device.secret(text)),
        }
    }

    /// As [`Ui::secret`], where the product shows nothing of what is typed, not even stars.
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
        self.open();
        match self.put(text, ask) {
            Input::Line(line) => {
                let line = Zeroizing::new(line);
                Ok(Secret::from(line.as_str()))
            }
            Input::Cancelled => Err(cancelled()),
            Input::End => {
                let variable = format!("LUNA_{}", secret.variable);
                let instead = match secret.option {
                    "" => variable,
                    option => format!("{option} or {variable}"),
                };
                Err(unanswered(text, &instead))
            }
        }
    }

    /// Guards a login: at one attempt left a person is shown `warning` and asked to proceed, and a
    /// script is refused unless it said `--last-attempt`.
    ///
    /// # Errors
    /// The person quit, or the script did not insist.
    pub fn guard_attempts(&mut self, left: u32, warning: &str) -> Result<(), Failure> {
        if left != 1 || self.last_attempt {
            return Ok(());
        }
        if !self.attended() {
            return Err(Failure::refused(
                "Only one login attempt is left, and a wrong password would be the last: not tried.",
            )
            .hint("give --last-attempt if the password is certain"));
        }
        // `--yes` was said before anybody knew that this is the last attempt.
        let yes = std::mem::replace(&mut self.yes, false);
        let answer = self.confirm(warning, "--last-attempt");
        self.yes = yes;
        answer
    }

    fn open(&mut self) {
        if self.frame == Frame::Due {
            self.device.print("\n");
            self.frame = Frame::Open;
        }
    }

    fn put(&mut self, text: &str, ask: fn(&mut dyn Device, &str) -> Input) -> Input {
        self.shown = true;
        // With JSON nothing but objects may reach a pipe.
        let silent = self.frame == Frame::Json && !self.device.attended();
        let answer = ask(&mut *self.device, if silent { "" } else { text });
        // The time a person thinks is not time the appliance takes.
        self.begin();
        answer
    }
}

fn cancelled() -> Failure {
    Failure::command("The command was cancelled.").code(0xb, "User Cancelled Operation")
}

fn unanswered(question: &str, instead: &str) -> Failure {
    // What is asked is the last paragraph; cautions stand above it.
    let asked = question.trim_end_matches([' ', ':', '>', '-', '\n']);
    let asked = asked.rsplit("\n\n").next().unwrap_or_default();
    let words: Vec<&str> = asked.split_whitespace().collect();
    Failure::refused(format!("A question had no answer: \"{}\"", words.join(" ")))
        .hint(format!("{instead} would have answered it"))
}
