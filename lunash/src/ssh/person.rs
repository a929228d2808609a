//! Who answers what the appliance and ssh ask: the person at the terminal, or what was given in
//! advance.

use std::time::Duration;

use luna_rest::Secret;
use luna_shell::{Failure, Kind as FailureKind, Question as Asked, Ui, printable};
use zeroize::Zeroizing;

use super::link::Asker;
use super::reader::{Kind, Question};
use super::secrets::{last_paragraph, variable};

/// How often a person is asked for the account's password.
const ATTEMPTS: u32 = 3;

/// What is known of the account's password.
#[derive(Default)]
pub(crate) struct Login {
    /// What a person has typed, for the next session.
    known: Option<Secret>,
    tries: u32,
    /// The question about a host key that nobody has answered with yes.
    pub(crate) unknown_key: Option<String>,
}

impl Login {
    /// A session is about to be opened.
    pub(crate) fn begin(&mut self) {
        self.tries = 0;
        self.unknown_key = None;
    }

    /// The failure of a session that was not opened, because nobody knows the host's key.
    pub(crate) fn explain(&self, failure: Failure) -> Failure {
        let Some(question) = &self.unknown_key else { return failure };
        let facts = question.lines().filter(|line| !line.contains("(yes/no"));
        let facts = facts.collect::<Vec<_>>().join("\n");
        Failure::new(FailureKind::Unreachable, printable(&facts)).hint(
            "compare the fingerprint with the appliance's own ('sysconf fingerprint ssh'), then \
             connect at a terminal and answer yes, or add the key to ssh's known hosts",
        )
    }

    /// The account has a new password.
    fn changed(&mut self, password: &Secret) {
        self.known = Some(password.clone());
    }
}

/// The user interface as the one who answers.
pub(crate) struct Person<'a> {
    pub(crate) ui: &'a mut Ui,
    pub(crate) login: &'a mut Login,
    pub(crate) user: &'a str,
    pub(crate) host: &'a str,
    /// The command; empty while the session is opened.
    pub(crate) path: &'a str,
    /// Whether a login attempt was agreed to, even if it is the last one.
    pub(crate) agreed: bool,
    /// Whether a single command was given, of which only its own output is shown.
    pub(crate) one_shot: bool,
    /// Whether a question was answered without being shown.
    pub(crate) silent: bool,
    /// Questions that were answered with what was given in advance.
    given: Vec<(&'static str, String)>,
    /// The variable of the last question for a secret.
    last: Option<&'static str>,
}

impl<'a> Person<'a> {
    pub(crate) fn new(
        ui: &'a mut Ui,
        login: &'a mut Login,
        (user, host): (&'a str, &'a str),
        path: &'a str,
    ) -> Person<'a> {
        Person {
            ui,
            login,
            user,
            host,
            path,
            agreed: false,
            one_shot: false,
            silent: false,
            given: Vec::new(),
            last: None,
        }
    }

    fn refused(&self) -> Failure {
        let message = format!("The appliance refused the login of '{}'.", self.user);
        Failure::new(FailureKind::Unreachable, message)
    }

    fn no_password(&self) -> Failure {
        Failure::refused(format!("No password for '{}' at {}.", self.user, self.host))
    }

    /// The account's password.
    fn password(&mut self, question: &str) -> Result<Zeroizing<String>, Failure> {
        self.login.tries += 1;
        let preset = self.ui.preset_secret("PASSWORD")?;
        let given = preset.is_some();
        // It is tried once: the next question says that it was wrong.
        match self.login.known.clone().or(preset) {
            Some(known) if self.login.tries == 1 => return Ok(known.expose().to_owned().into()),
            Some(_) if given => return Err(self.refused()),
            _ => {}
        }
        if !self.ui.attended() {
            // Standard input may hold commands, which must not be taken for a password.
            return Err(self.no_password().hint(
                "give it in LUNA_PASSWORD, LUNA_PASSWORD_FILE or LUNA_PASSWORD_FD, or a key to ssh",
            ));
        }
        if self.login.tries > ATTEMPTS {
            return Err(self.refused());
        }
        let answer = self.ui.ask_person(&printable(question), true);
        let answer =
            answer.filter(|answer| !answer.is_empty()).ok_or_else(|| self.no_password())?;
        self.login.known = Some(Secret::from(answer.as_str()));
        Ok(answer)
    }

    fn secret(&mut self, text: &str, again: bool) -> Result<Zeroizing<String>, Failure> {
        let known = self.last.filter(|_| again).or_else(|| variable(self.path, text));
        let Some(variable) = known else {
            self.ui.welcome("");
            let answer = self.ui.ask_person(text, true);
            return answer.ok_or_else(|| no_answer(text));
        };
        self.last = Some(variable);
        let preset = self.ui.preset_secret(variable)?.is_some();
        if preset {
            let asked = (variable, text.to_owned());
            if self.given.contains(&asked) {
                return Err(Failure::refused(format!(
                    "The appliance asks again for what LUNA_{variable} gave: it did not take it."
                )));
            }
            self.given.push(asked);
            self.show_before(text);
            self.silent = true;
        } else if self.path.is_empty() && !self.ui.attended() {
            let user = self.user;
            return Err(Failure::refused(format!(
                "'{user}' must change the password before anything else: it is temporary or has \
                 expired."
            ))
            .hint(format!(
                "give the new one in LUNA_{variable}, LUNA_{variable}_FILE or LUNA_{variable}_FD"
            )));
        } else {
            self.ui.welcome("");
        }
        let question = Asked { text, again: None, variable, option: "" };
        let secret = match variable {
            "NEW_PASSWORD" | "USER_PASSWORD" => self.ui.hidden_secret(question)?,
            _ => self.ui.secret(None, question)?,
        };
        if variable == "NEW_PASSWORD" && matches!(self.path, "" | "my password set") {
            if self.path.is_empty() && preset && self.one_shot && !again {
                let user = self.user;
                self.ui.note(format!("note: the password of '{user}' had to be changed, and was"));
            }
            self.login.changed(&secret);
        }
        Ok(secret.expose().to_owned().into())
    }
}

impl Person<'_> {
    fn ask_whether(&mut self, text: &str) -> Result<(), Failure> {
        self.ui.welcome("");
        self.ui.confirm(text, "-force")
    }

    /// Shows what the appliance has said before a question that is not shown, as it has its answer.
    fn show_before(&mut self, text: &str) {
        let question = last_paragraph(text);
        let before = text.find(question).map_or("", |at| &text[..at]);
        let wanted = !self.path.is_empty() || !self.one_shot;
        if wanted && !before.trim().is_empty() {
            self.ui.welcome(before);
        }
    }
}

impl Asker for Person<'_> {
    fn limit(&self) -> Duration {
        self.ui.time_limit()
    }

    fn interrupted(&self) -> bool {
        self.ui.interrupted()
    }

    fn waiting(&self) {
        self.ui.waiting();
    }

    fn answer(&mut self, question: &Question) -> Result<Zeroizing<String>, Failure> {
        let text = printable(&question.text).into_owned();
        // The empty lines before a question that is shown are the appliance's own.
        match question.kind {
            // It was asked here already.
            Kind::Proceed if self.agreed && text.to_lowercase().contains("attempt") => {
                self.silent = true;
                Ok("proceed".to_owned().into())
            }
            Kind::Proceed if self.ui.agrees() => {
                self.silent = true;
                Ok("proceed".to_owned().into())
            }
            Kind::Proceed => match self.ask_whether(&text) {
                Ok(()) => Ok("proceed".to_owned().into()),
                // The appliance says itself what comes of it.
                Err(failure) if failure.is_cancelled() => Ok("quit".to_owned().into()),
                Err(failure) => Err(failure),
            },
            Kind::Secret => self.secret(&text, question.again()),
            Kind::Other => {
                self.ui.welcome("");
                self.ui.ask_in_doubt(&text, "--answer").map(Zeroizing::new)
            }
        }
    }

    fn ssh(&mut self, text: &str, direct: bool) -> Result<Option<Zeroizing<String>>, Failure> {
        let lower = text.to_lowercase();
        let asked = lower.trim_end();
        if asked.contains("(yes/no") || asked.starts_with("please type 'yes'") {
            let answer = self.ui.ask_person(&printable(text), false);
            let agreed = answer.as_ref().is_some_and(|answer| !answer.trim().is_empty());
            if !agreed || answer.as_ref().is_some_and(|answer| answer.trim() == "no") {
                self.login.unknown_key = Some(text.to_owned());
                return Ok(Some("no".to_owned().into()));
            }
            return Ok(answer);
        }
        if direct && (asked.contains("new password") || asked.contains("retype")) {
            return self.secret(text, asked.contains("retype")).map(Some);
        }
        if direct && asked.ends_with("password:") {
            return self.password(text).map(Some);
        }
        match self.ui.ask_person(&printable(text), true) {
            Some(answer) => Ok(Some(answer)),
            // Without a key's passphrase ssh tries what else there is.
            None if asked.contains("passphrase") => Ok(None),
            None => Err(no_answer(text)),
        }
    }

    fn hear(&mut self, text: &str) {
        self.ui.note(format!("note: ssh: {}", text.trim()));
    }
}

fn no_answer(question: &str) -> Failure {
    let words: Vec<&str> = question.split_whitespace().collect();
    Failure::refused(format!("A question had no answer: \"{}\"", words.join(" ")))
}

/// Nobody: for lines that ask nothing.
pub(crate) struct Nobody<'a>(pub(crate) &'a Ui);

impl Asker for Nobody<'_> {
    fn limit(&self) -> Duration {
        self.0.time_limit()
    }

    fn interrupted(&self) -> bool {
        self.0.interrupted()
    }

    fn waiting(&self) {
        self.0.waiting();
    }

    fn answer(&mut self, question: &Question) -> Result<Zeroizing<String>, Failure> {
        Err(no_answer(&question.text))
    }

    fn ssh(&mut self, text: &str, _: bool) -> Result<Option<Zeroizing<String>>, Failure> {
        Err(no_answer(text))
    }

    fn hear(&mut self, _: &str) {}
}
