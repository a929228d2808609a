//! The programs that run on the appliances of a rehearsal, each to its end.

use std::path::Path;

use luna_shell::transcript::ScriptedTerminal;
use luna_shell::{
    Catalogue, Connection, Device, Failure, LocalAppliance, Options, Secrets, Shell, Status,
    connect, write_result,
};
use lunacm::ClientSide;
use lunacm::cmu::{self, Cmu};

use super::{Rehearsal, local};
use crate::session::Session;
use crate::ssh::Wire;

/// A session, or why there is none.
pub type Opened<S> = Result<S, (Box<dyn Device>, Failure)>;

/// Runs a session to its end.
///
/// # Errors
/// Its lines cannot be read.
pub fn run<S: luna_shell::Session>(
    opened: Opened<S>,
    catalogue: Catalogue<S>,
    options: Options,
) -> Result<Status, Failure> {
    match opened {
        Ok(session) => {
            let lines = options.lines()?;
            Ok(Shell::new(session, catalogue, options).run(lines))
        }
        Err((mut device, failure)) => {
            Ok(write_result(S::NAME, &mut *device, options.output, Err(failure)))
        }
    }
}

impl Rehearsal {
    fn access(&self) -> Result<Connection, Failure> {
        Connection::rehearsal(local(self.running()?))
    }

    /// The access of the account that `--user` names, with its password; otherwise admin's own.
    fn access_as(
        &self,
        options: &Options,
        device: &mut dyn Device,
        secrets: &mut Secrets,
    ) -> Result<Connection, Failure> {
        if options.user.is_none() {
            return self.access();
        }
        let running = self.running()?;
        let options = Options {
            host: Some(running.address().to_string()),
            fingerprint: Some(running.fingerprint().to_string()),
            ..options.clone()
        };
        let none = |folder: &Path| Err(LocalAppliance::unusable(folder.display()));
        connect(&options, &self.folders(), device, secrets, none)
    }

    /// Runs a LunaSH session to its end.
    ///
    /// # Errors
    /// Its lines cannot be read.
    pub fn lunash(
        &self,
        terminal: &ScriptedTerminal,
        options: Options,
        secrets: Secrets,
    ) -> Result<Status, Failure> {
        let opened = self.open_lunash(Box::new(terminal.clone()), &options, secrets);
        run(opened, crate::catalogue(), options)
    }

    /// Opens a LunaSH session.
    ///
    /// # Errors
    /// There is no access to the appliance.
    pub fn open_lunash(
        &self,
        mut device: Box<dyn Device>,
        options: &Options,
        mut secrets: Secrets,
    ) -> Opened<Session> {
        match self.access_as(options, &mut *device, &mut secrets) {
            Ok(access) => self.open_lunash_over((access, None), device, options, secrets),
            Err(failure) => Err((device, failure)),
        }
    }

    /// Opens a LunaSH session over a connection, or a wire, that is there.
    ///
    /// # Errors
    /// The appliance refuses it.
    pub fn open_lunash_over(
        &self,
        (access, wire): (Connection, Option<Wire>),
        device: Box<dyn Device>,
        options: &Options,
        secrets: Secrets,
    ) -> Opened<Session> {
        Session::open_over(access, wire, device, secrets, options)
            .map(|session| self.keeping_state(session))
    }

    /// Runs a LunaCM session to its end; `client` says whose slots it shows.
    ///
    /// # Errors
    /// Its lines cannot be read.
    pub fn lunacm(
        &self,
        terminal: &ScriptedTerminal,
        options: Options,
        secrets: Secrets,
        client: Option<String>,
    ) -> Result<Status, Failure> {
        let opened = self.open_lunacm(Box::new(terminal.clone()), &options, secrets, client);
        run(opened, lunacm::catalogue(), options)
    }

    /// Opens a LunaCM session of the administrator's.
    ///
    /// # Errors
    /// There is no access to the appliance.
    pub fn open_lunacm(
        &self,
        mut device: Box<dyn Device>,
        options: &Options,
        mut secrets: Secrets,
        client: Option<String>,
    ) -> Opened<lunacm::Session> {
        match self.access_as(options, &mut *device, &mut secrets) {
            Ok(access) => self.open_lunacm_over(Some(access), device, options, secrets, client),
            Err(failure) => Err((device, failure)),
        }
    }

    /// Opens a LunaCM session over the links that the client's files configure.
    ///
    /// # Errors
    /// They configure none, or none can be used.
    pub fn open_linked(
        &self,
        device: Box<dyn Device>,
        options: &Options,
        secrets: Secrets,
    ) -> Opened<lunacm::Session> {
        self.open_lunacm_over(None, device, options, secrets, None)
    }

    fn open_lunacm_over(
        &self,
        access: Option<Connection>,
        device: Box<dyn Device>,
        options: &Options,
        secrets: Secrets,
        client: Option<String>,
    ) -> Opened<lunacm::Session> {
        let side = self.client_side(client);
        let opened = lunacm::Session::open(access, device, secrets, options, side);
        opened.map(|session| {
            let mut session = self.keeping_state(session);
            for name in &self.backup_hsms {
                session.attach(self.appliances.running(name).map(local));
            }
            session
        })
    }

    /// Runs a function of `cmu`.
    ///
    /// # Errors
    /// Its lines cannot be read.
    pub fn cmu(
        &self,
        terminal: &ScriptedTerminal,
        options: Options,
        secrets: Secrets,
        client: Option<String>,
    ) -> Result<Status, Failure> {
        let opened = self.open_cmu(Box::new(terminal.clone()), &options, secrets, client);
        run(opened, cmu::catalogue(), options)
    }

    /// Runs a function of `cmu` over the links that the client's files configure.
    ///
    /// # Errors
    /// Its lines cannot be read.
    pub fn linked_cmu(
        &self,
        terminal: &ScriptedTerminal,
        options: Options,
        secrets: Secrets,
    ) -> Result<Status, Failure> {
        let opened = self.open_linked_cmu(Box::new(terminal.clone()), &options, secrets);
        run(opened, cmu::catalogue(), options)
    }

    /// Opens a session of `cmu`, of the administrator's.
    ///
    /// # Errors
    /// There is no access to the appliance.
    pub fn open_cmu(
        &self,
        device: Box<dyn Device>,
        options: &Options,
        secrets: Secrets,
        client: Option<String>,
    ) -> Opened<Cmu> {
        match self.access() {
            Ok(access) => self.open_cmu_over(Some(access), device, options, secrets, client),
            Err(failure) => Err((device, failure)),
        }
    }

    /// Opens a session of `cmu` over the links that the client's files configure.
    ///
    /// # Errors
    /// They configure none, or none can be used.
    pub fn open_linked_cmu(
        &self,
        device: Box<dyn Device>,
        options: &Options,
        secrets: Secrets,
    ) -> Opened<Cmu> {
        self.open_cmu_over(None, device, options, secrets, None)
    }

    fn open_cmu_over(
        &self,
        access: Option<Connection>,
        device: Box<dyn Device>,
        options: &Options,
        secrets: Secrets,
        client: Option<String>,
    ) -> Opened<Cmu> {
        let opened = Cmu::open(access, device, secrets, options, self.client_side(client));
        opened.map(|session| self.keeping_state(session))
    }

    /// The words of a line for `cmu`, with the folder of the rehearsal in place of `/luna/`.
    pub(super) fn cmu_words<'w>(&self, words: impl Iterator<Item = &'w str>) -> Vec<String> {
        let folder = format!("{}/", self.folder().to_string_lossy());
        cmu::separated(words.map(|word| word.replace("/luna/", &folder)))
    }

    /// Runs `vtl` with this client's files.
    pub fn vtl(&self, terminal: &ScriptedTerminal, line: &str) -> Status {
        let (folder, file) = (self.client_folder(), self.configuration());
        let options = [("--config", &file), ("--install-dir", &folder)];
        let options = options.map(|(name, value)| [name.to_owned(), value.display().to_string()]);
        let typed = line.split_whitespace().map(str::to_owned);
        let words: Vec<String> = options.into_iter().flatten().chain(typed).collect();
        lunacm::vtl::run(&words, Ok(self.folders()), Box::new(terminal.clone()))
    }

    fn client_side(&self, name: Option<String>) -> ClientSide {
        ClientSide { name, configuration: self.configuration() }
    }

    /// A session of a user whose home is the folder of the rehearsal.
    fn keeping_state<S: luna_shell::Session>(&self, mut session: S) -> S {
        session.ui().keep_state_in(&self.folders().state);
        session
    }
}
