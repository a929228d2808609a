//! The other way to an appliance: its own shell, over the ssh program of this machine.
//!
//! A line is resolved here first, and then sent in full spelling. `process.rs` runs ssh, `askpass.rs`
//! gives it its answers, `reader.rs` sees where an answer of the shell ends, `link.rs` leads the
//! conversation, `person.rs` and `secrets.rs` answer its questions, `guard.rs` counts login attempts,
//! `names.rs` has names for Tab, `copy.rs` copies files. This file ties them to the session.

mod askpass;
mod copy;
mod files;
mod guard;
mod link;
mod names;
mod options;
mod person;
mod process;
mod reader;
mod secrets;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use luna_grammar::Invocation;
use luna_rest::Resource;
use luna_shell::{Asked, Code, CompletionValues, Failure, Named, Page, Role, Text, Ui, Via, View};
use serde::Serialize;
use zeroize::Zeroizing;

pub use askpass::answer_if_asked;
pub use options::WireOptions;

use crate::session::Session;
use link::{Link, Order};
use person::{Login, Person};
use process::Destination;
use reader::Answer;

/// The session with the appliance's shell, which is opened when it is needed first.
pub struct Wire {
    link: Arc<Mutex<Link>>,
    login: Login,
    user: String,
    via: Via,
    /// Whether the command that runs takes this way.
    taken: bool,
    /// Changes over REST before that.
    changes: u64,
}

impl Wire {
    /// The way to an appliance; `port` and `options` go before those of its profile.
    pub fn new(named: &Named, via: Via, port: Option<u16>, options: &[String]) -> Wire {
        // Over SSH alone the port behind the host is that of SSH.
        let of_host = named.port.filter(|_| via == Via::Ssh);
        let to = Destination {
            host: named.host.clone(),
            user: named.user.clone(),
            port: port.or(named.profile.ssh_port).or(of_host),
            options: options.iter().chain(&named.profile.ssh_options).cloned().collect(),
        };
        let link = Arc::new(Mutex::new(Link::new(to)));
        let (user, login) = (named.user.clone(), Login::default());
        Wire { link, login, user, via, taken: via == Via::Ssh, changes: 0 }
    }
}

fn lock(link: &Mutex<Link>) -> MutexGuard<'_, Link> {
    link.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The shortest secret that is looked for in an answer: shorter ones are words.
const SHORTEST_SECRET: usize = 6;

/// Commands of this program, which the appliance never sees.
const OWN: [&str; 2] = ["help", "exit"];

/// The result of a command that the appliance's shell has answered.
#[derive(Serialize)]
struct Lines {
    lines: Vec<String>,
    /// What is still to be written.
    #[serde(skip)]
    rest: String,
}

impl Text for Lines {
    fn write(&self, page: &mut Page) {
        self.rest.lines().for_each(|line| page.line(line));
    }
}

/// Whether a command has no resource on a real appliance.
fn without_resource(rest: &[Resource]) -> bool {
    rest.is_empty() || rest.iter().any(Resource::is_emulated)
}

/// Whether a command changes something, as far as its declaration tells.
fn changes(asked: &Asked<'_>) -> bool {
    match asked.rest {
        [] => !asked.roles.contains(&Role::Monitor),
        calls => calls.iter().any(|call| call.method.changes()),
    }
}

/// The command that shows what has become of a change: `list` or `show` of its menu.
fn truth(path: &str) -> Option<String> {
    let known = crate::commands::paths();
    let mut menu = path;
    while let Some((above, _)) = menu.rsplit_once(' ') {
        menu = above;
        let shows = ["list", "show", "status"].map(|word| format!("{menu} {word}"));
        if let Some(shown) = shows.into_iter().find(|shown| known.contains(shown)) {
            return Some(shown);
        }
    }
    None
}

impl Session {
    /// The way of the command that runs, where there are two.
    pub(crate) fn way_taken(&self) -> Option<&'static str> {
        self.ssh.as_ref().map(|wire| if wire.taken { "ssh" } else { "rest" })
    }

    /// Opens the shell; true if it was opened now.
    ///
    /// # Errors
    /// Not reached, not trusted, or the login was refused.
    pub(crate) fn open_ssh(&mut self) -> Result<bool, Failure> {
        let Some(Wire { link, login, user, .. }) = &mut self.ssh else { return Ok(false) };
        let mut link = lock(link);
        login.begin();
        let host = link.to.host.clone();
        let mut person = Person::new(&mut self.ui, login, (user, &host), "");
        person.one_shot = self.one_shot;
        let opened = link.open(&mut person).map_err(|failure| login.explain(failure))?;
        if opened && let Some(name) = &link.name {
            self.hostname.clone_from(name);
        }
        Ok(opened)
    }

    /// What the appliance's shell has said before its first prompt.
    pub(crate) fn greeting_over_ssh(&self) -> Option<String> {
        let wire = self.ssh.as_ref().filter(|_| self.client().is_absent())?;
        Some(lock(&wire.link).greeting.clone())
    }

    /// Names for Tab, where no resource tells them.
    pub(crate) fn names_over_ssh(&self) -> Option<CompletionValues> {
        let wire = self.ssh.as_ref().filter(|_| self.client().is_absent())?;
        let (link, limit) = (Arc::clone(&wire.link), self.ui.time_limit());
        Some(Arc::new(move |placeholder| names::of(&link, placeholder, limit)))
    }

    /// Has the appliance's shell answer a command, if that is its way.
    pub(crate) fn relay_over_ssh(
        &mut self,
        asked: &Asked<'_>,
        failed: Option<&Failure>,
    ) -> Option<Result<Box<dyn View>, Failure>> {
        let client = self.connection.client.clone();
        let wire = self.ssh.as_mut()?;
        if OWN.contains(&asked.invocation.path()) {
            return None;
        }
        let taken = match failed {
            None => {
                wire.changes = client.changes();
                client.is_absent() || !client.is_emulated() && without_resource(asked.rest)
            }
            // What was done over REST is not done a second time.
            Some(failure) => failure.lacks_resource() && wire.changes == client.changes(),
        };
        wire.taken = taken;
        if wire.via == Via::Auto && taken {
            self.ui.note("note: over SSH: the appliance's own shell answers");
        }
        taken.then(|| self.over_ssh(asked).map(|lines| Box::new(lines) as Box<dyn View>))
    }

    fn over_ssh(&mut self, asked: &Asked<'_>) -> Result<Lines, Failure> {
        let invocation = asked.invocation;
        if self.open_ssh()? && self.opened_before {
            self.ui.note(
                "note: the SSH session had ended and was opened again; HSM and partition logins are \
                 gone",
            );
        }
        self.opened_before = true;
        let line = Zeroizing::new(invocation.spelt_out());
        let line = self.provide_over_ssh(invocation, line)?;
        let path = invocation.path();
        let order = Order {
            command: invocation.canonical(),
            changes: changes(asked),
            truth: truth(path).filter(|shown| shown != path),
        };
        let (attempt, agreed) = self.attempt_over_ssh(invocation)?;
        attempt.spend(self, |session| {
            let (mut answer, silent) = session.send_over_ssh(&line, &order, path, agreed)?;
            answer.text = without_secrets(answer.text, invocation);
            session.told(answer, silent)
        })
    }

    fn send_over_ssh(
        &mut self,
        line: &str,
        order: &Order,
        path: &str,
        agreed: bool,
    ) -> Result<(Answer, bool), Failure> {
        let Some(Wire { link, login, user, .. }) = &mut self.ssh else { return Err(no_wire()) };
        let mut link = lock(link);
        let host = link.to.host.clone();
        let mut person = Person::new(&mut self.ui, login, (user, &host), path);
        person.agreed = agreed;
        let answer = link.ask(line, order, &mut person)?;
        let silent = person.silent;
        self.hostname = answer.name.clone().unwrap_or_default();
        Ok((answer, silent))
    }

    /// The appliance's answer as the result of the command, shown as it is; behind a question that
    /// was not shown, with the empty line that would have been before that.
    fn told(&mut self, answer: Answer, silent: bool) -> Result<Lines, Failure> {
        let Answer { text, result, .. } = answer;
        let lines = text.trim_matches('\n').lines().map(str::to_owned).collect();
        let rest = match self.one_shot {
            true => text.clone(),
            false => {
                match silent && !text.starts_with('\n') {
                    true => self.ui.show(&text),
                    false => self.ui.welcome(&text),
                }
                String::new()
            }
        };
        match result {
            Some((0, _)) => Ok(Lines { lines, rest }),
            Some((code, result)) => {
                let failure = Failure::command(text.trim_matches('\n')).verbatim();
                Err(Failure { code: code_in(&text), ..failure.result(code, result) })
            }
            None => Err(Failure::command(text.trim_matches('\n'))
                .verbatim()
                .result(65535, "Luna Shell execution")
                .hint("the appliance gave no result line")),
        }
    }

    /// The wire to the appliance's shell, for a look.
    fn link(&self) -> Result<MutexGuard<'_, Link>, Failure> {
        self.ssh.as_ref().map(|wire| lock(&wire.link)).ok_or_else(no_wire)
    }

    /// Whether the command that runs takes this way.
    fn ssh_is_taken(&self) -> bool {
        self.ssh.as_ref().is_some_and(|wire| wire.taken)
    }

    fn ui_to_look(&self) -> &Ui {
        &self.ui
    }
}

/// The text without the secrets of the line, which a shell may repeat where it does not understand it.
fn without_secrets(text: String, invocation: &Invocation<'_>) -> String {
    let long = |secret: &str| secret.len() >= SHORTEST_SECRET && text.contains(secret);
    let shown: Vec<_> = invocation.secrets().filter(|(_, secret)| long(secret)).collect();
    shown.iter().fold(text.clone(), |text, (_, secret)| text.replace(&**secret, "********"))
}

/// The product's code in `Error:  'hsm login' failed. (A00000 : LUNA_RET_UM_PIN_INCORRECT)`.
fn code_in(text: &str) -> Option<Code> {
    let (_, rest) = text.split_once("failed. (")?;
    let (code, _) = rest.split_once(')')?;
    let (number, name) = code.split_once(" : ")?;
    let number = u32::from_str_radix(number.trim().trim_start_matches("0x"), 16).ok()?;
    Some(Code { number: Some(number), name: name.trim().to_owned().into() })
}

fn no_wire() -> Failure {
    Failure::command("This session has no way over SSH.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_products_code_is_read_from_its_text() {
        let code = code_in("Error:  'client show' failed. (C000040A : RC_OBJECT_NOT_IN_LIST)\n\n");
        let code = code.unwrap();
        assert_eq!((code.number, &*code.name), (Some(0xC000_040A), "RC_OBJECT_NOT_IN_LIST"));
        assert_eq!(code_in("Error:  'x' failed.\n"), None);
    }

    #[test]
    fn a_change_names_the_command_that_shows_it() {
        assert_eq!(truth("client register").as_deref(), Some("client list"));
        assert_eq!(truth("hsm init").as_deref(), Some("hsm show"));
        assert_eq!(truth("sysconf banner clear"), None);
    }
}
