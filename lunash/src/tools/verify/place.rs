//! Where transcripts are played: on fresh emulated appliances of their own, or on the appliance that is named.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use luna_shell::transcript::{
    Arguments, Asked, Player, Recording, ScriptedTerminal, Stage, steady,
};
use luna_shell::{Catalogue, Device, Failure, Kind, Options, Secrets, Session, Status, Stdio};
use lunacm::cmu::{self, Cmu};

use crate::tools::Surroundings;
use crate::tools::rehearsal::{Opened, Rehearsal, run};

/// What there is to play on.
pub(super) struct Place<'s> {
    surroundings: &'s Surroundings,
    /// The fresh appliances; none where one is named.
    fresh: Option<Rehearsal>,
}

/// A recorded session, as its head has it.
pub(super) struct Recorded<'r> {
    /// The program.
    pub(super) program: &'r str,
    /// What stands behind it.
    pub(super) arguments: &'r str,
    /// What was shown, and typed.
    pub(super) shown: &'r str,
    /// The secrets that were given in advance.
    pub(super) given: &'r [(String, String)],
}

/// Where a recording goes that is compared.
#[derive(Clone, Default)]
struct Captured(Rc<RefCell<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What opens a session of the client's side.
struct Client<'r> {
    options: &'r Options,
    secrets: Secrets,
    name: Option<String>,
    linked: bool,
}

fn wrong(why: impl Into<String>) -> Failure {
    Failure::new(Kind::NotUnderstood, why)
}

/// The failure of what cannot be done to an appliance that is named.
fn for_fresh_ones(what: &str) -> Failure {
    Failure::refused(format!("{what} is for a fresh emulated appliance alone."))
        .hint("'lunash verify FILE' without a host plays on one")
}

/// A command of a program without its secrets.
fn masked(program: &str, line: &str) -> String {
    match program {
        "lunacm" => lunacm::catalogue().grammar.masked(line),
        "cmu" => cmu::catalogue().grammar.masked(line),
        _ => crate::catalogue().grammar.masked(line),
    }
}

/// Runs a session to its end; what its recording would hold.
fn captured<S: Session>(
    opened: Opened<S>,
    catalogue: Catalogue<S>,
    options: Options,
) -> Result<String, Failure> {
    let mut session = opened.map_err(|(_, failure)| failure)?;
    let page = Captured::default();
    let recording = Recording::to(Box::new(page.clone()), "the transcript");
    session.ui().record(recording, &options);
    run(Ok(session), catalogue, options)?;
    Ok(String::from_utf8_lossy(&page.0.take()).into_owned())
}

impl<'s> Place<'s> {
    /// The named appliance, or a fresh one.
    ///
    /// # Errors
    /// It cannot be started.
    pub(super) fn new(surroundings: &'s Surroundings) -> Result<Place<'s>, Failure> {
        let Options { host, profile, data, real, .. } = &surroundings.options;
        // What the configuration names for every day is not meant: commands of a transcript change appliances.
        let named = host.is_some() || profile.is_some() || data.is_some() || *real;
        let fresh = if named { None } else { Some(Rehearsal::anywhere()?) };
        Ok(Place { surroundings, fresh })
    }

    /// Plays a recorded session; what its recording would hold.
    ///
    /// # Errors
    /// It is no session of these programs, a secret is missing, or there is no way to the appliance.
    pub(super) fn recorded(
        &mut self,
        recorded: &Recorded<'_>,
        known: &mut Secrets,
    ) -> Result<String, Failure> {
        let &Recorded { program, arguments, shown, given } = recorded;
        let (before, line) = arguments.split_once("-- ").unzip();
        let (words, _) = luna_grammar::tokenize(before.unwrap_or(arguments));
        let Arguments { options, pipe, client, greeted, linked, backup_hsm } =
            Arguments::read(words.into_iter().map(|word| word.text.into_owned()))?;
        let mut player = Player::new(&self.here(shown), !pipe, known)?;
        let words = match line {
            Some(line) => {
                let line = self.here(line);
                player.learn(&line, known)?;
                vec![player.filled(&line, |line| masked(program, line)).to_string()]
            }
            None => options.words.clone(),
        };
        match &mut self.fresh {
            Some(fresh) => fresh.plug_in(&backup_hsm)?,
            None if backup_hsm.is_empty() => {}
            None => return Err(for_fresh_ones("A Backup HSM at the client")),
        }
        let options = Options { words, ..self.options(options) };
        let secrets =
            Secrets::only(given.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let device = Box::new(player);
        let side = Client { options: &options, secrets, name: client, linked };
        let page = match program {
            "lunash" => {
                let opened = self.open_lunash(device, &options, side.secrets);
                let opened =
                    opened.map(|session| if greeted { session.greeted() } else { session });
                captured(opened, crate::catalogue(), options)?
            }
            "lunacm" => {
                let opened = self.open_lunacm(device, side);
                captured(opened, lunacm::catalogue(), options)?
            }
            "cmu" => {
                let opened = self.open_cmu(device, side);
                captured(opened, cmu::catalogue(), options)?
            }
            program => {
                let why = format!("It is a session of {program}, none of lunash, lunacm or cmu.");
                return Err(wrong(why));
            }
        };
        Ok(self.fresh.as_ref().map(|fresh| fresh.there(&page)).unwrap_or(page))
    }

    fn here(&self, text: &str) -> String {
        self.fresh.as_ref().map_or(text.to_owned(), |fresh| fresh.here(text))
    }

    /// The options of a session, with the appliance of these surroundings.
    fn options(&self, of_session: Options) -> Options {
        let ours = match &self.fresh {
            Some(_) => Options { timeout: self.surroundings.options.timeout, ..Options::default() },
            None => self.surroundings.options.clone(),
        };
        Options {
            output: of_session.output,
            quiet: of_session.quiet,
            fail_fast: of_session.fail_fast,
            strict: of_session.strict,
            yes: of_session.yes,
            answer: of_session.answer,
            last_attempt: of_session.last_attempt,
            command: of_session.command,
            words: of_session.words,
            user: of_session.user.or(ours.user.clone()),
            ..ours
        }
    }

    fn open_lunash(
        &self,
        device: Box<dyn Device>,
        options: &Options,
        secrets: Secrets,
    ) -> Opened<crate::Session> {
        if let Some(fresh) = &self.fresh {
            return fresh.open_lunash(device, options, secrets);
        }
        let Surroundings { wire, folders, .. } = self.surroundings;
        // A person answers the questions of the login.
        let mut here = Stdio::new(options.quiet, None);
        let mut of_login = Secrets::from_environment();
        let connected = folders.clone().and_then(|folders| {
            wire.connect(options, &folders, &mut here, &mut of_login, crate::start::own)
        });
        match connected {
            Ok((connection, ssh)) => {
                let opened = crate::Session::open_over(connection, ssh, device, secrets, options);
                opened.map(|session| self.keeping_state(session))
            }
            Err(failure) => Err((device, failure)),
        }
    }

    fn open_lunacm(&self, device: Box<dyn Device>, side: Client<'_>) -> Opened<lunacm::Session> {
        let Client { options, secrets, name, linked } = side;
        if let Some(fresh) = &self.fresh {
            return match linked {
                true => fresh.open_linked(device, options, secrets).map_err(unlinked),
                false => fresh.open_lunacm(device, options, secrets, name),
            };
        }
        let mut here = Stdio::new(options.quiet, None);
        match lunacm::start(&mut here, options, self.surroundings.folders.clone(), name) {
            Ok((connection, _, side)) => {
                let opened = lunacm::Session::open(connection, device, secrets, options, side);
                opened.map(|session| self.keeping_state(session))
            }
            Err(failure) => Err((device, failure)),
        }
    }

    fn open_cmu(&self, device: Box<dyn Device>, side: Client<'_>) -> Opened<Cmu> {
        let Client { options, secrets, name, linked } = side;
        if let Some(fresh) = &self.fresh {
            return match linked {
                true => fresh.open_linked_cmu(device, options, secrets).map_err(unlinked),
                false => fresh.open_cmu(device, options, secrets, name),
            };
        }
        let mut here = Stdio::new(options.quiet, None);
        match lunacm::start(&mut here, options, self.surroundings.folders.clone(), name) {
            Ok((connection, _, side)) => {
                let opened = Cmu::open(connection, device, secrets, options, side);
                opened.map(|session| self.keeping_state(session))
            }
            Err(failure) => Err((device, failure)),
        }
    }

    fn keeping_state<S: Session>(&self, mut session: S) -> S {
        if let Ok(folders) = &self.surroundings.folders {
            session.ui().keep_state_in(&folders.state);
        }
        session
    }
}

/// Why a client's session cannot be opened where nothing links the client with an appliance.
fn unlinked((device, failure): (Box<dyn Device>, Failure)) -> (Box<dyn Device>, Failure) {
    let hint = "the session was that of a linked client: before it, '@setup' with @vtl or \
        @lnhclientregistration links one";
    (device, failure.hint(hint))
}

impl Stage for Place<'_> {
    fn is_program(&self, word: &str) -> bool {
        match &self.fresh {
            Some(fresh) => fresh.is_program(word),
            None => matches!(word, "lunash" | "lunacm" | "cmu"),
        }
    }

    fn run(&mut self, asked: Asked<'_>) -> Result<(ScriptedTerminal, Status), Failure> {
        if let Some(fresh) = &mut self.fresh {
            return fresh.run(asked);
        }
        let words = asked.arguments.split_whitespace().map(str::to_owned);
        let words = match asked.program {
            "cmu" => cmu::separated(words),
            _ => words.collect(),
        };
        let Arguments { options, pipe, client, .. } = Arguments::read(words)?;
        let options = self.options(options);
        let secrets = Secrets::only(asked.given());
        let terminal = ScriptedTerminal::new(asked.typed.clone(), !pipe);
        let device = Box::new(terminal.clone());
        let side = Client { options: &options, secrets, name: client, linked: false };
        let status = match asked.program {
            "lunacm" => run(self.open_lunacm(device, side), lunacm::catalogue(), options)?,
            "cmu" => run(self.open_cmu(device, side), cmu::catalogue(), options)?,
            _ => {
                let opened = self.open_lunash(device, &options, side.secrets);
                run(opened, crate::catalogue(), options)?
            }
        };
        Ok((terminal, status))
    }

    fn happen(&mut self, word: &str, rest: &str) -> Result<bool, Failure> {
        match &mut self.fresh {
            Some(fresh) => fresh.happen(word, rest),
            None => Err(for_fresh_ones(&format!("'@{word}'"))),
        }
    }

    fn typed(&mut self, line: &str) -> Result<String, Failure> {
        match &mut self.fresh {
            Some(fresh) => fresh.typed(line),
            None => Ok(line.to_owned()),
        }
    }

    fn shown(&self, screen: &str) -> String {
        match &self.fresh {
            Some(fresh) => fresh.shown(screen),
            None => steady(screen, None),
        }
    }
}
