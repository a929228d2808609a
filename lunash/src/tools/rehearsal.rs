//! Where transcripts are played: a fresh emulated appliance of its own, or the one that is named.

use std::cell::RefCell;
use std::io::{self, Write};
use std::net::Ipv4Addr;
use std::path::Path;
use std::rc::Rc;

use luna_appliance::{Appliance, Running};
use luna_rest::emulator::{MOVE_CLOCK, MoveClock};
use luna_rest::tokens::{ATTACH, BackupHsm};
use luna_shell::transcript::{
    Arguments, Asked, Player, Recording, ScriptedTerminal, Stage, steady,
};
use luna_shell::{
    Connection, Device, Failure, Folders, Kind, LocalAppliance, Options, Secrets, Session as _,
    Shell, Status, Stdio, connect, write_result,
};
use tempfile::TempDir;

use super::Surroundings;
use crate::session::Session;
use crate::start::own;

/// The seed of a fresh appliance, that of the project's own transcripts.
const SEED: u64 = 1;

/// An appliance to play on.
pub(super) struct Rehearsal<'s> {
    surroundings: &'s Surroundings,
    /// The fresh one; none where one is named.
    fresh: Option<Fresh>,
}

struct Fresh {
    running: Running,
    folder: TempDir,
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

type Opened = Result<Session, (Box<dyn Device>, Failure)>;

fn wrong(why: impl Into<String>) -> Failure {
    Failure::new(Kind::NotUnderstood, why)
}

impl<'s> Rehearsal<'s> {
    /// The named appliance, or a fresh one.
    ///
    /// # Errors
    /// It cannot be started.
    pub(super) fn new(surroundings: &'s Surroundings) -> Result<Rehearsal<'s>, Failure> {
        let Options { host, profile, data, real, .. } = &surroundings.options;
        // What the configuration names for every day is not meant: commands of a transcript change appliances.
        let named = host.is_some() || profile.is_some() || data.is_some() || *real;
        let fresh = if named { None } else { Some(Fresh::start()?) };
        Ok(Rehearsal { surroundings, fresh })
    }

    /// Plays a recorded session; what its recording would hold.
    ///
    /// # Errors
    /// It is no session of this program, a secret is missing, or there is no way to the appliance.
    pub(super) fn recorded(
        &mut self,
        (program, arguments): (&str, &str),
        shown: &str,
        given: &[(String, String)],
        known: &mut Secrets,
    ) -> Result<String, Failure> {
        if !self.is_program(program) {
            return Err(wrong(format!("It is a session of {program}, no one of lunash.")));
        }
        let (before, line) = arguments.split_once("-- ").unzip();
        let (words, _) = luna_grammar::tokenize(before.unwrap_or(arguments));
        let Arguments { options, pipe, .. } =
            Arguments::read(words.into_iter().map(|word| word.text.into_owned()))?;
        let mut player = Player::new(shown, !pipe, known)?;
        let words = match line {
            Some(line) => {
                player.learn(line, known)?;
                vec![player.filled(line, true).to_string()]
            }
            None => options.words.clone(),
        };
        let options = Options { words, ..self.options(options) };
        let secrets =
            Secrets::only(given.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let mut session =
            self.open(Box::new(player), &options, secrets).map_err(|(_, failure)| failure)?;
        let page = Captured::default();
        let recording = Recording::to(Box::new(page.clone()), "the transcript");
        session.ui().record(recording, &options);
        let lines = options.lines()?;
        Shell::new(session, crate::catalogue(), options).run(lines);
        Ok(String::from_utf8_lossy(&page.0.take()).into_owned())
    }

    /// The options of a session, with the appliance of these surroundings.
    fn options(&self, of_session: Options) -> Options {
        let ours = self.surroundings.options.clone();
        Options {
            output: of_session.output,
            quiet: of_session.quiet,
            fail_fast: of_session.fail_fast,
            strict: of_session.strict,
            yes: of_session.yes,
            answer: of_session.answer,
            last_attempt: of_session.last_attempt,
            words: of_session.words,
            user: of_session.user.or(ours.user.clone().filter(|_| self.fresh.is_none())),
            ..ours
        }
    }

    fn open(&self, device: Box<dyn Device>, options: &Options, mut secrets: Secrets) -> Opened {
        let Surroundings { wire, folders, .. } = self.surroundings;
        // A person answers the questions of the login.
        let mut here = Stdio::new(options.quiet, None);
        let connected = match &self.fresh {
            Some(fresh) => {
                fresh.connect(options, &mut here, &mut secrets).map(|opened| (opened, None))
            }
            None => folders.clone().and_then(|folders| {
                wire.connect(options, &folders, &mut here, &mut Secrets::from_environment(), own)
            }),
        };
        let opened = match connected {
            Ok((connection, ssh)) => Session::open_over(connection, ssh, device, secrets, options),
            Err(failure) => Err((device, failure)),
        };
        opened.map(|mut session| {
            let state = match (&self.fresh, folders) {
                (Some(fresh), _) => Some(fresh.folders().state),
                (None, folders) => folders.as_ref().ok().map(|folders| folders.state.clone()),
            };
            state.into_iter().for_each(|state| session.ui().keep_state_in(&state));
            session
        })
    }

    fn fresh(&self, word: &str) -> Result<&Fresh, Failure> {
        self.fresh.as_ref().ok_or_else(|| {
            Failure::refused(format!("'@{word}' is for a fresh emulated appliance alone."))
        })
    }
}

impl Stage for Rehearsal<'_> {
    fn is_program(&self, word: &str) -> bool {
        word == Session::NAME
    }

    fn run(&mut self, asked: Asked<'_>) -> Result<(ScriptedTerminal, Status), Failure> {
        let Arguments { options, pipe, .. } = Arguments::read(asked.arguments.split_whitespace())?;
        let options = self.options(options);
        let given = Secrets::only(asked.given());
        let terminal = ScriptedTerminal::new(asked.typed, !pipe);
        let status = match self.open(Box::new(terminal.clone()), &options, given) {
            Ok(session) => {
                let lines = options.lines()?;
                Shell::new(session, crate::catalogue(), options).run(lines)
            }
            Err((mut device, failure)) => {
                write_result(Session::NAME, &mut *device, options.output, Err(failure))
            }
        };
        Ok((terminal, status))
    }

    fn happen(&mut self, word: &str, rest: &str) -> Result<bool, Failure> {
        let client = |connection: Connection| connection.client;
        match word {
            "file" => {
                let (name, text) =
                    rest.split_once(' ').ok_or_else(|| wrong("It is @file NAME TEXT."))?;
                let content = format!("{text}\n").replace("\\n", "\n").into_bytes();
                client(self.fresh(word)?.local()?).upload("admin", name, content)?;
            }
            "backup-hsm" => {
                let device = BackupHsm { serial: rest.to_owned(), ..BackupHsm::default() };
                client(self.fresh(word)?.local()?).call(&ATTACH, &[], &device)?;
            }
            "clock" => {
                let seconds = rest.parse().map_err(|_| wrong("It is @clock SECONDS."))?;
                let advance = MoveClock { advance: Some(seconds), ..MoveClock::default() };
                client(self.fresh(word)?.local()?).call(&MOVE_CLOCK, &[], &advance)?;
            }
            _ => return Err(wrong(format!("lunash verify has no '@{word}'."))),
        }
        Ok(false)
    }

    fn shown(&self, screen: &str) -> String {
        let own = self.fresh.as_ref().map(|fresh| fresh.running.fingerprint().to_string());
        steady(screen, own.as_deref())
    }
}

impl Fresh {
    fn start() -> Result<Fresh, Failure> {
        let folder = tempfile::tempdir().map_err(LocalAppliance::unusable)?;
        let data = folder.path().join("appliance");
        let options = luna_appliance::Options::repeatable(data, Ipv4Addr::LOCALHOST.into(), SEED);
        let running = Appliance::start(options).map_err(LocalAppliance::unusable)?;
        Ok(Fresh { running, folder })
    }

    fn folders(&self) -> Folders {
        let folder = |name| self.folder.path().join(name);
        Folders { config: folder("config"), appliance: folder("none"), state: folder("state") }
    }

    /// A session of admin's, without a password.
    fn local(&self) -> Result<Connection, Failure> {
        Connection::rehearsal(LocalAppliance {
            target: luna_rest::Target {
                host: self.running.address().ip().to_string(),
                port: self.running.address().port(),
                trust: luna_rest::Trust::Pinned(self.running.fingerprint()),
                limit: None,
            },
            key: self.running.local_key().clone(),
            notice: String::new(),
            keep: None,
        })
    }

    fn connect(
        &self,
        options: &Options,
        here: &mut dyn Device,
        secrets: &mut Secrets,
    ) -> Result<Connection, Failure> {
        if options.user.is_none() {
            return self.local();
        }
        let options = Options {
            host: Some(self.running.address().to_string()),
            fingerprint: Some(self.running.fingerprint().to_string()),
            ..options.clone()
        };
        let none = |folder: &Path| Err(LocalAppliance::unusable(folder.display()));
        connect(&options, &self.folders(), here, secrets, none)
    }
}
