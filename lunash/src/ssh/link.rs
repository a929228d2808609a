//! The kept session with the appliance's shell: a line goes there, its answer comes back, and what
//! is asked in between is answered.

use std::time::{Duration, Instant};

use luna_shell::{Failure, Kind as FailureKind};
use zeroize::Zeroizing;

use super::askpass::Asking;
use super::process::{Destination, Event, Process, Task};
use super::reader::{Answer, End, Kind, Question, Reader};

/// Who answers questions, and says when to give up.
pub(crate) trait Asker {
    /// The longest time for a line, questions apart.
    fn limit(&self) -> Duration;
    /// Whether the user wants the line to end.
    fn interrupted(&self) -> bool;
    /// Time passes.
    fn waiting(&self);
    /// Answers a question of the appliance.
    fn answer(&mut self, question: &Question) -> Result<Zeroizing<String>, Failure>;
    /// Answers a question that ssh asks; `direct` tells that it is about the appliance, not about a
    /// host on the way. `None` refuses the answer, and an error ends ssh.
    fn ssh(&mut self, text: &str, direct: bool) -> Result<Option<Zeroizing<String>>, Failure>;
    /// Hears what ssh has to say.
    fn hear(&mut self, text: &str);
}

impl Process {
    /// Has a question of ssh answered, or what it tells heard: how long that took.
    ///
    /// # Errors
    /// The answer is none, and ssh is to end.
    pub(crate) fn have_answered(
        &self,
        asking: Asking,
        asker: &mut dyn Asker,
    ) -> Result<Duration, Failure> {
        let asked = Instant::now();
        if asking.notice {
            asker.hear(&asking.text);
        } else if let Some(answer) = asker.ssh(&asking.text, self.is(asking.by))? {
            // If ssh has ended meanwhile, that is seen next.
            let _ = asking.answer(&answer);
        }
        Ok(asked.elapsed())
    }
}

/// What is known of a line that is sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Order {
    /// The command, without secrets.
    pub(crate) command: String,
    /// Whether it changes the appliance.
    pub(crate) changes: bool,
    /// The command that shows what became of it.
    pub(crate) truth: Option<String>,
}

/// The session.
pub(crate) struct Link {
    pub(crate) to: Destination,
    process: Option<Process>,
    /// The appliance's name, as its prompt says.
    pub(crate) name: Option<String>,
    /// What the shell has said before its first prompt.
    pub(crate) greeting: String,
    /// The list that was asked for last, and its text, until another line is sent.
    pub(crate) listed: Option<(&'static str, String)>,
    /// Whether the shell shows the end of a line although it does not show the line.
    newline: bool,
}

/// Silence behind a prompt or a question, before it counts as one.
const QUIET: Duration = Duration::from_millis(300);
/// The same, behind what may be output that pauses.
const DOUBT: Duration = Duration::from_secs(5);
/// How often the clock and Ctrl-C are looked at.
const TICK: Duration = Duration::from_millis(50);
/// How long the appliance has to come back to its prompt once a line was given up.
const TO_RETURN: Duration = Duration::from_secs(5);
/// The longest line: what a terminal takes at once.
const LONGEST: usize = 4000;
/// The most that is taken for an answer, in bytes.
const MOST: usize = 64 * 1024 * 1024;

const CTRL_C: &str = "\u{3}";

impl Link {
    pub(crate) fn new(to: Destination) -> Link {
        let (process, name, listed) = Default::default();
        Link { to, process, name, greeting: String::new(), listed, newline: false }
    }

    /// Opens the session unless it is open; true if it was opened now.
    ///
    /// # Errors
    /// Not reached, not trusted, or the login was refused.
    pub(crate) fn open(&mut self, asker: &mut dyn Asker) -> Result<bool, Failure> {
        if self.is_open() {
            return Ok(false);
        }
        self.process = Some(Process::start(&self.to, &Task::Shell)?);
        self.first_prompts(asker).inspect_err(|_| self.process = None)?;
        Ok(true)
    }

    /// Reads to the first prompt. An empty line behind it shows what the shell makes of a line's end.
    fn first_prompts(&mut self, asker: &mut dyn Asker) -> Result<(), Failure> {
        let greeting = self.converse(Reader::default(), asker, None)?.text;
        self.send("", None, asker.limit())?;
        let again = self.converse(Reader::default(), asker, None)?.text;
        let blank = usize::from(greeting.ends_with("\n\n") || greeting == "\n");
        self.newline = again.matches('\n').count() > blank;
        // The empty line before a prompt is part of none of them.
        self.greeting = match greeting.trim_end_matches('\n') {
            "" => String::new(),
            text => format!("{text}\n"),
        };
        Ok(())
    }

    /// Whether the session is still there. What the appliance has said since its prompt is dropped.
    pub(crate) fn is_open(&mut self) -> bool {
        while let Some(process) = &mut self.process {
            match process.wait(Duration::ZERO) {
                Ok(Event::Nothing) => return true,
                Ok(Event::Output(_) | Event::Asking(_)) => {}
                Ok(Event::Ended) | Err(_) => self.process = None,
            }
        }
        false
    }

    /// Sends a line and returns its answer.
    ///
    /// # Errors
    /// It cannot be sent, a question had no answer, or the connection or the time ended.
    pub(crate) fn ask(
        &mut self,
        line: &str,
        order: &Order,
        asker: &mut dyn Asker,
    ) -> Result<Answer, Failure> {
        sendable(line)?;
        self.listed = None;
        self.send(line, Some(order), asker.limit())?;
        self.converse(Reader::after(line, self.newline), asker, Some(order))
    }

    /// Ends the session as a person does.
    pub(crate) fn leave(&mut self) {
        if let Some(mut process) = self.process.take()
            && process.send(b"exit\r", Instant::now() + TICK).is_ok()
        {
            process.end();
        }
    }

    fn send(&mut self, text: &str, order: Option<&Order>, limit: Duration) -> Result<(), Failure> {
        let line = Zeroizing::new(format!("{text}\r"));
        let sent = match &mut self.process {
            Some(process) => process.send(line.as_bytes(), Instant::now() + limit),
            None => Err(std::io::ErrorKind::NotConnected.into()),
        };
        sent.map_err(|_| self.lost(order))
    }

    /// Reads to the prompt, and has questions answered.
    fn converse(
        &mut self,
        mut reader: Reader,
        asker: &mut dyn Asker,
        order: Option<&Order>,
    ) -> Result<Answer, Failure> {
        let limit = asker.limit();
        let mut deadline = Instant::now() + limit;
        let mut last = Instant::now();
        let mut given_up: Option<Instant> = None;
        let (mut end, mut secret) = (None, false);
        loop {
            let Some(process) = &mut self.process else { return Err(self.lost(order)) };
            let longest = if end.is_some() { TICK } else { Duration::ZERO };
            match process.wait(longest) {
                Ok(Event::Output(bytes)) => {
                    reader.push(&bytes);
                    if reader.len() > MOST {
                        self.process = None;
                        return Err(self.ended("The answer is longer than any can be.", order));
                    }
                    (last, end) = (Instant::now(), None);
                    continue;
                }
                Ok(Event::Asking(asking)) => match process.have_answered(asking, asker) {
                    Ok(taken) => deadline += taken,
                    Err(failure) => {
                        self.process = None;
                        return Err(failure);
                    }
                },
                Ok(Event::Ended) | Err(_) => {
                    // With a restart the result is the last that is said.
                    let answer = order.and(reader.last_words()).ok_or_else(|| self.lost(order))?;
                    self.process = None;
                    return Ok(Answer { name: self.name.clone(), ..answer });
                }
                Ok(Event::Nothing) => {}
            }
            let quiet = last.elapsed();
            match end.get_or_insert_with(|| reader.end()) {
                End::Prompt(answer)
                    if answer.result.is_some() || order.is_none() || quiet >= QUIET =>
                {
                    if given_up.is_some() && answer.result.is_none() {
                        return Err(cancelled(order));
                    }
                    self.name.clone_from(&answer.name);
                    return Ok(answer.clone());
                }
                End::Question(question)
                    if given_up.is_none() && quiet >= if question.sure { QUIET } else { DOUBT } =>
                {
                    let (mut question, asked) = (question.clone(), Instant::now());
                    // What repeats a question for a secret asks for that secret.
                    if secret && question.kind == Kind::Other && question.again() {
                        question.kind = Kind::Secret;
                    }
                    secret = question.kind == Kind::Secret;
                    let answer = asker.answer(&question).and_then(|answer| {
                        sendable(&answer)?;
                        Ok(answer)
                    });
                    let answer = match answer {
                        Ok(answer) => answer,
                        Err(failure) => {
                            self.withdraw(&question);
                            return Err(failure);
                        }
                    };
                    self.send(&answer, order, limit)?;
                    deadline += asked.elapsed();
                    let newline = self.newline || question.kind == Kind::Secret;
                    reader = Reader::after(&answer, newline);
                    (last, end) = (Instant::now(), None);
                    continue;
                }
                _ => {}
            }
            asker.waiting();
            let now = Instant::now();
            if now >= deadline {
                self.process = None;
                let seconds = limit.as_secs();
                return Err(self.ended(
                    &format!("The appliance did not answer within {seconds} seconds."),
                    order,
                ));
            }
            match given_up {
                None if asker.interrupted() => {
                    self.interrupt();
                    given_up = Some(now);
                }
                Some(since) if since.elapsed() >= TO_RETURN => {
                    self.process = None;
                    return Err(cancelled(order));
                }
                _ => {}
            }
        }
    }

    fn interrupt(&mut self) {
        if let Some(process) = &mut self.process {
            // A session that has ended is seen as such.
            let _ = process.send(CTRL_C.as_bytes(), Instant::now() + TICK);
        }
    }

    /// Leaves a question without an answer, as a person would, and comes back to the prompt.
    fn withdraw(&mut self, question: &Question) {
        let way_out = match question.kind {
            Kind::Proceed => "quit\r",
            Kind::Secret | Kind::Other => CTRL_C,
        };
        let deadline = Instant::now() + TO_RETURN;
        let mut reader = Reader::default();
        let Some(process) = &mut self.process else { return };
        let mut open = process.send(way_out.as_bytes(), deadline).is_ok();
        while open && Instant::now() < deadline {
            match process.wait(TICK) {
                Ok(Event::Output(bytes)) => reader.push(&bytes),
                Ok(Event::Nothing) if matches!(reader.end(), End::Prompt(_)) => return,
                Ok(Event::Ended) | Err(_) => open = false,
                Ok(_) => {}
            }
        }
        self.process = None;
    }

    /// The failure of a connection that is gone.
    fn lost(&mut self, order: Option<&Order>) -> Failure {
        let mut told = String::new();
        if let Some(mut process) = self.process.take() {
            process.end();
            told = process.told();
        }
        match order {
            Some(_) => self.ended(&sentence("The SSH connection broke", &told), order),
            None => refused(&self.to, &told),
        }
    }

    fn ended(&self, why: &str, order: Option<&Order>) -> Failure {
        match order {
            Some(order) if order.changes => unclear(why, order),
            _ => Failure::new(FailureKind::Unreachable, format!("{}: {why}", self.to.host)),
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.leave();
    }
}

/// Refuses what a terminal would take for more than a line, or for less.
fn sendable(line: &str) -> Result<(), Failure> {
    let why = if line.chars().any(char::is_control) {
        "There is a control character in it, which the appliance's shell would take for a key."
    } else if line.len() > LONGEST {
        "It is longer than a line of the appliance's shell can be."
    } else {
        return Ok(());
    };
    Err(Failure::refused(format!("{why} Nothing was sent.")))
}

fn unclear(why: &str, order: &Order) -> Failure {
    let failure = Failure::new(
        FailureKind::Unclear,
        format!("{why} It is unclear whether '{}' was done.", order.command),
    );
    match &order.truth {
        Some(truth) => failure.hint(format!("'{truth}' shows whether the change happened")),
        None => failure.hint("the change may have happened: look before it is sent again"),
    }
}

fn cancelled(order: Option<&Order>) -> Failure {
    match order {
        Some(order) if order.changes => unclear("The command was cancelled.", order),
        _ => Failure::command("The command was cancelled."),
    }
}

/// Why ssh could not open the session, in its own words.
pub(crate) fn refused(to: &Destination, told: &str) -> Failure {
    let Destination { host, user, .. } = to;
    if told.contains("Permission denied") {
        let message = sentence(&format!("The appliance refused the login of '{user}'"), told);
        return Failure::new(FailureKind::Unreachable, message);
    }
    let failure = Failure::new(
        FailureKind::Unreachable,
        sentence(&format!("No SSH session with {host}"), told),
    );
    if told.contains("IDENTIFICATION HAS CHANGED") {
        return failure.hint(
            "if the key was renewed on purpose, remove the old one from the file of known hosts",
        );
    }
    failure
}

fn sentence(what: &str, told: &str) -> String {
    match told {
        "" => format!("{what}."),
        told if told.contains('\n') => format!("{what}:\n{told}"),
        told => format!("{what}: {}.", told.trim_end_matches('.')),
    }
}
