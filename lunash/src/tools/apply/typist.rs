//! The sessions that lines are typed into: those of LunaSH and LunaCM themselves, with a device that keeps
//! what is written. Secrets reach the commands as those of the environment do, never in a line. `together.rs`
//! has the lines that concern several appliances.

use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use luna_rest::{Client, Secret, partitions};
use luna_runbook::plan::{PolicyIs, Program, Step};
use luna_runbook::state::{self, Parts};
use luna_runbook::{Vault, file};
use luna_shell::{Connection, Failure, Folders, Format, Kind, Options, Secrets, Shell};
use lunacm::ClientSide;

use crate::session::Session;
use crate::ssh::{Wire, WireOptions};
use crate::start::own;
use crate::tools::kept::Kept;
use crate::tools::screens;

mod together;

pub(super) use together::{Linked, register, type_as_client, type_as_member};

/// What comes of a line: the remarks of its command, or why it failed.
pub(super) type Done = Result<Vec<String>, Failure>;

/// An appliance of the file, and what its sessions are opened with.
pub(super) struct Appliance<'f> {
    /// What the file says of it.
    pub(super) wanted: &'f file::Appliance,
    options: Options,
    folders: &'f Folders,
    wire: &'f WireOptions,
    password: Option<Secret>,
    first_password: Option<Secret>,
}

impl<'f> Appliance<'f> {
    /// An appliance of the file, with its passwords.
    ///
    /// # Errors
    /// It has no address or several, or a password cannot be read.
    pub(super) fn new(
        wanted: &'f file::Appliance,
        folders: &'f Folders,
        (options, wire): (&Options, &'f WireOptions),
        vault: &mut Vault,
    ) -> Result<Appliance<'f>, Failure> {
        let wrong = |why: &str| Failure::new(Kind::NotUnderstood, why.to_owned());
        if wanted.address.is_some() == wanted.data.is_some() {
            return Err(wrong("An appliance has either an 'address' or a folder, 'data'."));
        }
        if wanted.address.is_some() && wanted.password.is_none() {
            return Err(wrong("An appliance with an 'address' needs a 'password'."));
        }
        let mut read = |source: &Option<_>| source.as_ref().map(|one| vault.read(one)).transpose();
        let (password, first_password) = (read(&wanted.password)?, read(&wanted.first_password)?);
        let options = Options {
            host: wanted.address.clone(),
            user: wanted.user.clone(),
            fingerprint: wanted.fingerprint.clone(),
            ca: wanted.ca.clone(),
            timeout: options.timeout,
            last_attempt: options.last_attempt,
            output: Format::Json,
            quiet: true,
            ..Options::default()
        };
        Ok(Appliance { wanted, options, folders, wire, password, first_password })
    }

    /// Reads what is there.
    ///
    /// # Errors
    /// It is not reached, or the account may not see it.
    pub(super) fn read(&self, parts: Parts) -> Result<state::Appliance, Failure> {
        let (connection, ssh, _) = self.reach()?;
        if connection.client.is_absent() {
            let (_, state) =
                screens::read((connection, ssh), &self.options, || self.account(), parts)?;
            return Ok(state);
        }
        let read = state::Appliance::read(&connection.client, parts);
        connection.client.close();
        read
    }

    /// What logs the account in.
    fn account(&self) -> Option<(&'static str, &str)> {
        self.password.as_ref().map(|password| ("PASSWORD", password.expose()))
    }

    /// Waits for something, at most as long as a command may take.
    fn wait(
        &self,
        not_yet: &str,
        is_so: impl Fn(&Client) -> Result<bool, Failure>,
    ) -> Result<(), Failure> {
        let (connection, _) = self.connect()?;
        let end = Instant::now() + self.options.timeout.get();
        while !is_so(&connection.client)? {
            if Instant::now() >= end {
                return Err(Failure::command(format!("The time limit ended, and {not_yet}.")));
            }
            thread::sleep(LOOK);
        }
        connection.client.close();
        Ok(())
    }

    /// Whether something is so there.
    fn is(&self, is_so: impl Fn(&Client) -> Result<bool, Failure>) -> Result<bool, Failure> {
        let (connection, _) = self.connect()?;
        let found = is_so(&connection.client);
        connection.client.close();
        found
    }

    /// The serial number of the partition of this name.
    fn serial_of(&self, partition: &str) -> Result<String, Failure> {
        let there = self.read(Parts::default())?;
        let found = there.partition(partition).map(|partition| partition.serial.clone());
        found.ok_or_else(|| Failure::command(format!("There is no partition '{partition}'.")))
    }

    /// A session with its REST API, and whether it was the first password that opened it.
    fn connect(&self) -> Result<(Connection, bool), Failure> {
        self.reach().map(|(connection, _, first)| (connection, first))
    }

    /// The same, with the way over SSH where it may be taken; without REST there is no session yet.
    fn reach(&self) -> Result<(Connection, Option<Wire>, bool), Failure> {
        if let Some(folder) = &self.wanted.data {
            return Ok((Connection::local(own(folder)?)?, None, false));
        }
        let reached = |(connection, ssh), first| (connection, ssh, first);
        match (self.reach_with(self.password.as_ref()), &self.first_password) {
            (Err(failure), Some(first)) if failure.login_refused() => {
                Ok(reached(self.reach_with(Some(first))?, true))
            }
            (connected, _) => Ok(reached(connected?, false)),
        }
    }

    fn reach_with(&self, password: Option<&Secret>) -> Result<(Connection, Option<Wire>), Failure> {
        let password = password.map(|password| ("PASSWORD", password.expose()));
        let mut secrets = Secrets::only(password);
        let nowhere = |_: &Path| Err(Failure::refused("There is no appliance of one's own here."));
        let mut nobody = Kept::default();
        self.wire.connect(&self.options, self.folders, &mut nobody, &mut secrets, nowhere)
    }

    /// Types lines in their order, and tells of each that is done; the first failure ends it.
    ///
    /// # Errors
    /// That failure, or no session.
    pub(super) fn type_lines<'s>(
        &self,
        steps: &'s [Step],
        vault: &Vault,
        tell: impl Fn(&'s Step, &Done),
    ) -> Result<(), Failure> {
        let mut typist = Typist::open(self, steps, vault, &tell)?;
        // The login itself has done the first line.
        let done = usize::from(typist.changed_password);
        for step in &steps[done..] {
            let typed = typist.type_line(step, vault);
            tell(step, &typed);
            typed?;
        }
        typist.lunash.session().client().close();
        Ok(())
    }
}

/// The sessions with one appliance.
struct Typist<'a> {
    appliance: &'a Appliance<'a>,
    /// What logs the account in over SSH, where that way may be taken.
    account: Option<(&'static str, &'a str)>,
    lunash: Shell<Session>,
    screen: Kept,
    /// The session of LunaCM, as long as its lines follow each other: it reads the slots once.
    lunacm: Option<(Shell<lunacm::Session>, Kept)>,
    /// Whether the login had to change the account's password, and did.
    changed_password: bool,
}

impl<'a> Typist<'a> {
    fn open<'s>(
        appliance: &'a Appliance<'a>,
        steps: &'s [Step],
        vault: &Vault,
        tell: &impl Fn(&'s Step, &Done),
    ) -> Result<Typist<'a>, Failure> {
        let (connection, ssh, first) = appliance.reach()?;
        // Its login comes when its shell is needed first, and again where its connection has ended.
        let account = appliance.account().filter(|_| ssh.is_some());
        let screen = Kept::default();
        let device = Box::new(screen.clone());
        let options = &appliance.options;
        let step = steps.first().filter(|_| first);
        let given = match step {
            Some(step) => secrets(step, vault, account),
            None => Secrets::only(account),
        };
        let opened = Session::open_over(connection, ssh, device, given, options);
        let mut session = match (opened, step) {
            (Ok(session), step) => {
                step.into_iter().for_each(|step| tell(step, &Ok(Vec::new())));
                session
            }
            (Err((_, failure)), step) => {
                let failed = Err(failure.clone());
                step.into_iter().for_each(|step| tell(step, &failed));
                return Err(failure);
            }
        };
        session.ui().keep_state_in(&appliance.folders.state);
        let lunash = Shell::new(session, crate::catalogue(), options.clone());
        let changed_password = step.is_some();
        Ok(Typist { appliance, account, lunash, screen, lunacm: None, changed_password })
    }

    fn type_line(&mut self, step: &Step, vault: &Vault) -> Done {
        if let Some(known) = &step.unless
            && self.is_so(known)?
        {
            return Ok(Vec::new());
        }
        let given = secrets(step, vault, self.account);
        match &step.program {
            Program::LunaSh => {
                self.lunacm = None;
                typed(&mut self.lunash, &self.screen, &step.line, given)
            }
            Program::LunaCm { partition } => {
                let line = match step.line.starts_with(SLOT_SET) {
                    true => &self.slot_set(partition)?,
                    false => &step.line,
                };
                let (shell, screen) = self.lunacm()?;
                typed(shell, screen, line, given)
            }
            Program::Scp { file, name } => {
                let content = std::fs::read(file).map_err(|error| {
                    Failure::command(format!("cannot read {}: {error}.", file.display()))
                })?;
                let session = self.lunash.session();
                session.ui().give_secrets(given);
                let put = session.put(name, &content);
                session.ui().give_secrets(Secrets::none());
                put.map(|()| Vec::new())
            }
            Program::Deploy
            | Program::Linked { .. }
            | Program::Settings
            | Program::Register
            | Program::Cluster { .. } => {
                Err(Failure::command("This line is not one of this appliance alone."))
            }
        }
    }

    /// Whether a policy of a partition has the value already.
    fn is_so(&mut self, known: &PolicyIs) -> Result<bool, Failure> {
        let session = self.lunash.session();
        let partition = session.partition(&known.partition)?.id;
        let ids = [session.hsm()?, &partition, &known.policy.to_string()];
        Ok(session.get(&partitions::POLICY, &ids)?.value == known.value)
    }

    /// The line that makes the partition of this name the current slot: whatever was planned, no role is
    /// logged in to another one.
    fn slot_set(&mut self, partition: &str) -> Result<String, Failure> {
        let names = self.lunash.session().partitions()?;
        let names: Vec<String> =
            names.map(|shown| Ok(shown?.name)).collect::<Result<_, Failure>>()?;
        let slot = names.iter().position(|name| name == partition).ok_or_else(|| {
            Failure::command(format!("The partition '{partition}' does not exist any more."))
        })?;
        Ok(format!("{SLOT_SET} {slot}"))
    }

    fn lunacm(&mut self) -> Result<(&mut Shell<lunacm::Session>, &Kept), Failure> {
        if self.lunacm.is_none() {
            let shared = self.lunash.session().connection();
            let connection =
                Connection::external(Arc::clone(&shared.client), Arc::clone(shared.watch()));
            let screen = Kept::default();
            let side = ClientSide::of_nobody();
            let (options, given) = (&self.appliance.options, Secrets::none());
            let device = Box::new(screen.clone());
            let opened = lunacm::Session::open(Some(connection), device, given, options, side);
            let mut session = opened.map_err(|(_, failure)| failure)?;
            session.ui().keep_state_in(&self.appliance.folders.state);
            let shell = Shell::new(session, lunacm::catalogue(), options.clone());
            self.lunacm = Some((shell, screen));
        }
        match &mut self.lunacm {
            Some((shell, screen)) => Ok((shell, screen)),
            None => Err(Failure::command("There is no session of LunaCM.")),
        }
    }
}

/// How long is waited between two looks at a service that starts, or at a member that joins.
const LOOK: Duration = Duration::from_millis(500);

/// How the line begins that chooses a slot.
const SLOT_SET: &str = "slot set -slot";

/// The secrets of a step, and that of the account.
fn secrets(step: &Step, vault: &Vault, account: Option<(&str, &str)>) -> Secrets {
    let known: Vec<(&str, Secret)> = step
        .secrets
        .iter()
        .filter_map(|(variable, credential)| Some((*variable, vault.get(credential)?)))
        .collect();
    let of_step = known.iter().map(|(variable, secret)| (*variable, secret.expose()));
    Secrets::only(of_step.chain(account))
}

/// Types a line: the remarks of its command.
fn typed<S: luna_shell::Session>(
    shell: &mut Shell<S>,
    screen: &Kept,
    line: &str,
    given: Secrets,
) -> Done {
    screen.answer_to(shell, line, given).map(|answer| answer.messages)
}
