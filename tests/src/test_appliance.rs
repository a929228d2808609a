//! Fresh appliances with fixed seeds and clocks, and both shells on them.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use anyhow::{Context, Result, anyhow, bail};
use luna_appliance::Running;
use luna_appliance::package::{Manifest, Package};
use luna_rest::{Client, Nothing, Target, clusters, hsm, keyrings, ntls, partitions, tokens};
use luna_shell::{
    Connection, Device, Failure, Folders, LocalAppliance, Options, Secrets, Session, Shell, Status,
    connect,
};
use lunacm::ClientSide;
use lunacm::cmu::{self, Cmu};
use time::macros::datetime;

use crate::appliances::{Appliances, session, target};
use crate::network::Network;
use luna_shell::transcript::{ScriptedTerminal, steady};

/// The folder of the client's files, below the appliance's own.
pub(crate) const CLIENT_FOLDER: &str = "client";

/// A session, or why there is none.
pub type Opened<S> = Result<S, (Box<dyn Device>, Failure)>;

/// Appliances of a test's own; what is done is done to the one that is chosen, the first at first.
pub struct TestAppliance {
    appliances: Appliances,
    /// Whether LunaSH sessions go over SSH.
    pub(crate) ssh: bool,
    /// Those that are Backup HSMs at the client's machine.
    backup_hsms: Vec<String>,
    folder: tempfile::TempDir,
}

impl TestAppliance {
    /// An appliance in factory state, at 127.0.0.1 and a free port.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn new() -> Result<TestAppliance> {
        TestAppliance::on(Rc::new(Network::shared()), 1, false)
    }

    /// An appliance in factory state in a network of its own, where the fixed ports of a cluster's
    /// services are free.
    ///
    /// # Errors
    /// It cannot be started, or all networks are taken.
    pub fn with_network() -> Result<TestAppliance> {
        TestAppliance::on(Rc::new(Network::claim().context("all networks are taken")?), 1, false)
    }

    /// Another appliance in factory state in this one's network, with this number from 2 to 9.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn another(&self, number: u8) -> Result<TestAppliance> {
        TestAppliance::on(Rc::clone(self.appliances.network()), number, false)
    }

    pub(crate) fn on(network: Rc<Network>, number: u8, ssh: bool) -> Result<TestAppliance> {
        let folder = tempfile::tempdir()?;
        let appliances = Appliances::new(folder.path(), network, number, ssh)?;
        Ok(TestAppliance { appliances, ssh, backup_hsms: Vec::new(), folder })
    }

    /// The address with this number, from 1 to 9, in this appliance's network.
    pub fn address(&self, number: u8) -> IpAddr {
        self.appliances.network().address(number)
    }

    /// The folder of all files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The appliances.
    pub(crate) fn appliances(&mut self) -> &mut Appliances {
        &mut self.appliances
    }

    /// A line as the appliance is to get it: names of members and addresses filled in.
    pub(crate) fn typed_line(&mut self, line: &str) -> Result<String> {
        let folder = self.client_folder();
        self.appliances.typed(&line.replace("{client}", &folder.to_string_lossy()))
    }

    /// The folder of the client's files.
    pub fn client_folder(&self) -> PathBuf {
        self.folder().join(CLIENT_FOLDER)
    }

    /// Fetches the appliance's certificate of NTLS into the client's folder.
    ///
    /// # Errors
    /// The appliance does not answer.
    pub fn fetch(&self, name: &str) -> Result<()> {
        let pem = self.client()?.get(&ntls::CERTIFICATE, &[])?.certificate;
        std::fs::create_dir_all(self.client_folder())?;
        Ok(std::fs::write(self.client_folder().join(name), pem)?)
    }

    /// Runs `vtl` with this client's files.
    pub fn vtl(&self, terminal: &ScriptedTerminal, line: &str) -> Status {
        let folder = self.client_folder();
        let file = folder.join("Chrystoki.conf");
        let options = [("--config", &file), ("--install-dir", &folder)];
        let options = options.map(|(name, value)| [name.to_owned(), value.display().to_string()]);
        let typed = line.split_whitespace().map(str::to_owned);
        let words: Vec<String> = options.into_iter().flatten().chain(typed).collect();
        lunacm::vtl::run(&words, Ok(self.folders()), Box::new(terminal.clone()))
    }

    fn folders(&self) -> Folders {
        let folder = |name| self.folder().join(name);
        Folders { config: folder("config"), appliance: folder("none"), state: folder("state") }
    }

    /// Runs a LunaCM session over this client's links to its end.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn linked(
        &self,
        terminal: &ScriptedTerminal,
        options: Options,
        secrets: Secrets,
    ) -> Result<Status> {
        let configuration = self.client_folder().join("Chrystoki.conf");
        let side = ClientSide { name: None, configuration };
        let device = Box::new(terminal.clone());
        let opened = lunacm::Session::open(None, device, secrets, &options, side);
        let opened = opened.map(|session| keeping_state(session, self.folder()));
        run(opened, lunacm::catalogue(), options)
    }

    /// What a screen shows, without what differs from run to run.
    pub(crate) fn shown(&self, screen: &str) -> String {
        let folder = self.folder().to_string_lossy();
        // The web certificate is made anew for each appliance.
        let own = self.running().map(|running| running.fingerprint().to_string()).ok();
        let lines = steady(&screen.replace(&*folder, "/luna"), own.as_deref());
        let mut hashes = Vec::new();
        let lines: String =
            lines.split_inclusive('\n').map(|line| without_hashes(line, &mut hashes)).collect();
        self.appliances.network().shown(&lines)
    }

    /// The appliance.
    ///
    /// # Errors
    /// It does not run.
    pub fn running(&self) -> Result<&Running> {
        self.appliances.chosen()
    }

    /// Where the appliance is.
    ///
    /// # Errors
    /// It does not run.
    pub fn target(&self) -> Result<Target> {
        Ok(target(self.running()?))
    }

    /// A session with the appliance.
    ///
    /// # Errors
    /// The appliance does not answer.
    pub fn client(&self) -> Result<Client> {
        session(self.running()?)
    }

    /// Moves the clocks of all appliances on.
    ///
    /// # Errors
    /// An appliance does not answer.
    pub fn advance(&self, seconds: u32) -> Result<()> {
        self.appliances.advance(seconds)
    }

    /// Puts a file among admin's files.
    ///
    /// # Errors
    /// The appliance refuses it.
    pub fn upload(&self, name: &str, content: &[u8]) -> Result<()> {
        self.client()?.upload("admin", name, content.to_vec())?;
        Ok(())
    }

    /// Puts NAME-VERSION.spkg, a package file, among admin's files; `damaged` on its way or whole.
    ///
    /// # Errors
    /// The appliance refuses it.
    pub fn package(&self, name: &str, version: &str, code: &str, damaged: bool) -> Result<()> {
        let (name, version) = (name.to_owned(), version.to_owned());
        let manifest = Manifest { name, version, ..Manifest::default() };
        let file = format!("{}.spkg", manifest.id());
        let mut content = Package { manifest, payload: Vec::new() }.seal(code, [0; 16])?;
        if damaged && let Some(last) = content.last_mut() {
            *last ^= 1;
        }
        self.upload(&file, &content)
    }

    /// Registers a client with the cluster, as LNHClientRegistration does.
    ///
    /// # Errors
    /// The appliance belongs to no cluster, or refuses the client.
    pub fn register(&self, name: &str, label: Option<&str>) -> Result<()> {
        let client = self.client()?;
        let clusters = client.get(&clusters::LIST, &[])?.data;
        let cluster = clusters.first().context("there is no cluster")?;
        let mut parameters = rcgen::CertificateParams::new(Vec::<String>::new())?;
        parameters.distinguished_name = rcgen::DistinguishedName::new();
        parameters.distinguished_name.push(rcgen::DnType::CommonName, name);
        let certificate = parameters.self_signed(&rcgen::KeyPair::generate()?)?.pem();
        let label = label.map(ToOwned::to_owned);
        let new = keyrings::NewClient { certificate, label, ..keyrings::NewClient::default() };
        client.call(&keyrings::REGISTER, &[&cluster.cluster_uuid], &new)?;
        Ok(())
    }

    /// Puts an object into the partition of that name, as an application would.
    ///
    /// # Errors
    /// There is no such partition, or it has no room.
    pub fn object(&self, partition: &str, kind: &str, label: &str) -> Result<()> {
        let client = self.client()?;
        for hsm in client.get(&hsm::LIST, &[])?.hsms {
            for entry in client.get(&partitions::LIST, &[&hsm.id])?.partitions {
                let found = client.get(&partitions::SHOW, &[&hsm.id, &entry.id])?;
                if found.name == partition {
                    let object = partitions::NewObject {
                        label: label.to_owned(),
                        kind: kind.to_owned(),
                        ..Default::default()
                    };
                    client.call(&partitions::ADD_OBJECT, &[&entry.id], &object)?;
                    return Ok(());
                }
            }
        }
        bail!("there is no partition '{partition}'")
    }

    /// Plugs a new Backup HSM in.
    ///
    /// # Errors
    /// The appliance refuses it.
    pub fn backup_hsm(&self, serial: &str) -> Result<()> {
        let device = tokens::BackupHsm { serial: serial.to_owned(), ..Default::default() };
        self.client()?.call(&tokens::ATTACH, &[], &device)?;
        Ok(())
    }

    /// Attaches an appliance that nobody has used to the client's machine, as a Backup HSM.
    ///
    /// # Errors
    /// It does not start.
    pub(crate) fn attach(&mut self, name: &str) -> Result<()> {
        self.appliances.start(name)?;
        self.backup_hsms.push(name.to_owned());
        Ok(())
    }

    /// Pulls a Backup HSM out and plugs it into another appliance.
    ///
    /// # Errors
    /// It is not there, or the other appliance refuses it.
    pub(crate) fn carry(&self, serial: &str, to: &str) -> Result<()> {
        let (from, to) = (self.client()?, session(self.appliances.running(to)?)?);
        let device = from.get(&tokens::CONTENTS, &[serial])?;
        from.call(&tokens::DETACH, &[serial], &Nothing {})?;
        to.call(&tokens::ATTACH, &[], &device)?;
        Ok(())
    }

    /// Copies one of admin's files to another appliance.
    ///
    /// # Errors
    /// It is not there, or the other appliance refuses it.
    pub(crate) fn copy(&self, file: &str, to: &str) -> Result<()> {
        let content = self.client()?.download("admin", file)?;
        session(self.appliances.running(to)?)?.upload("admin", file, content)?;
        Ok(())
    }

    fn access(&self) -> Result<Connection> {
        Connection::rehearsal(local(self.running()?)).map_err(plain)
    }

    /// The access of the account that `--user` names, with its password; otherwise admin's own.
    fn access_as(
        &self,
        terminal: &ScriptedTerminal,
        options: &Options,
        mut secrets: Secrets,
    ) -> Result<Result<(Connection, Secrets), Failure>> {
        if options.user.is_none() {
            return Ok(Ok((self.access()?, secrets)));
        }
        let running = self.running()?;
        let options = Options {
            host: Some(running.address().to_string()),
            fingerprint: Some(running.fingerprint().to_string()),
            ..options.clone()
        };
        let folders = self.folders();
        let none = |_: &Path| Err(Failure::command("no appliance of one's own"));
        let access = connect(&options, &folders, &mut terminal.clone(), &mut secrets, none);
        Ok(access.map(|access| (access, secrets)))
    }

    /// Runs a LunaSH session to its end.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn lunash(
        &self,
        terminal: &ScriptedTerminal,
        options: Options,
        secrets: Secrets,
    ) -> Result<Status> {
        let (access, secrets) = match self.access_as(terminal, &options, secrets)? {
            Ok(opened) => opened,
            Err(failure) => return Ok(refused::<lunash::Session>(&mut terminal.clone(), &failure)),
        };
        run(self.lunash_over(access, terminal, &options, secrets), lunash::catalogue(), options)
    }

    /// Opens a LunaSH session.
    ///
    /// # Errors
    /// There is no access to the appliance.
    pub fn open_lunash(
        &self,
        terminal: &ScriptedTerminal,
        options: &Options,
        secrets: Secrets,
    ) -> Result<Opened<lunash::Session>> {
        Ok(self.lunash_over(self.access()?, terminal, options, secrets))
    }

    pub(crate) fn lunash_over(
        &self,
        access: Connection,
        terminal: &ScriptedTerminal,
        options: &Options,
        secrets: Secrets,
    ) -> Opened<lunash::Session> {
        let device = Box::new(terminal.clone());
        let opened = lunash::Session::open(access, device, secrets, options);
        opened.map(|session| keeping_state(session, self.folder()))
    }

    /// Runs a LunaCM session to its end.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn lunacm(
        &self,
        terminal: &ScriptedTerminal,
        options: Options,
        secrets: Secrets,
        client: Option<String>,
    ) -> Result<Status> {
        run(self.open_lunacm(terminal, &options, secrets, client)?, lunacm::catalogue(), options)
    }

    /// The words of a line for `cmu`, with the test's folder in place of `/luna/`.
    pub(crate) fn cmu_words<'w>(&self, words: impl Iterator<Item = &'w str>) -> Vec<String> {
        let folder = format!("{}/", self.folder().to_string_lossy());
        cmu::separated(words.map(|word| word.replace("/luna/", &folder)))
    }

    /// Runs a function of `cmu`.
    ///
    /// # Errors
    /// There is no access to the appliance.
    pub fn cmu(
        &self,
        terminal: &ScriptedTerminal,
        options: Options,
        secrets: Secrets,
        client: Option<String>,
    ) -> Result<Status> {
        let (device, side) = (Box::new(terminal.clone()), self.client_side(client));
        let opened = Cmu::open(Some(self.access()?), device, secrets, &options, side);
        let opened = opened.map(|session| keeping_state(session, self.folder()));
        run(opened, cmu::catalogue(), options)
    }

    /// Runs a function of `cmu` over this client's links.
    ///
    /// # Errors
    /// The options hold no line.
    pub fn linked_cmu(
        &self,
        terminal: &ScriptedTerminal,
        options: Options,
        secrets: Secrets,
    ) -> Result<Status> {
        let (device, side) = (Box::new(terminal.clone()), self.client_side(None));
        let opened = Cmu::open(None, device, secrets, &options, side);
        let opened = opened.map(|session| keeping_state(session, self.folder()));
        run(opened, cmu::catalogue(), options)
    }

    fn client_side(&self, client: Option<String>) -> ClientSide {
        let configuration = self.folder().join(CLIENT_FOLDER).join("Chrystoki.conf");
        ClientSide { name: client, configuration }
    }

    /// Opens a LunaCM session.
    ///
    /// # Errors
    /// There is no access to the appliance.
    pub fn open_lunacm(
        &self,
        terminal: &ScriptedTerminal,
        options: &Options,
        secrets: Secrets,
        client: Option<String>,
    ) -> Result<Opened<lunacm::Session>> {
        let device = Box::new(terminal.clone());
        let side = self.client_side(client);
        let opened = lunacm::Session::open(Some(self.access()?), device, secrets, options, side);
        let mut opened = opened.map(|session| keeping_state(session, self.folder()));
        if let Ok(session) = &mut opened {
            for name in &self.backup_hsms {
                let running = self.appliances.running(name)?;
                session.attach(Ok(local(running)));
            }
        }
        Ok(opened)
    }
}

/// An appliance of the test as one of this machine.
fn local(running: &Running) -> LocalAppliance {
    LocalAppliance {
        target: target(running),
        key: running.local_key().clone(),
        notice: "note: the Backup HSM is emulated".to_owned(),
        keep: None,
    }
}

/// A line without the SHA-1 of the identities of STC, whose keys are made anew: each has the number of its
/// place among those that were `seen`.
fn without_hashes(line: &str, seen: &mut Vec<String>) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(start) = rest.find(|c: char| c.is_ascii_hexdigit()) {
        let (before, from) = rest.split_at(start);
        let length = from.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(from.len());
        let (digits, after) = from.split_at(length);
        shown.push_str(before);
        if length == 40 {
            let place = seen.iter().position(|known| known == digits).unwrap_or(seen.len());
            if place == seen.len() {
                seen.push(digits.to_owned());
            }
            shown.push_str(&format!("(SHA-1 number {})", place + 1));
        } else {
            shown.push_str(digits);
        }
        rest = after;
    }
    shown.push_str(rest);
    shown
}

pub(crate) fn run<S: Session>(
    session: Opened<S>,
    catalogue: luna_shell::Catalogue<S>,
    options: Options,
) -> Result<Status> {
    let session = match session {
        Ok(session) => session,
        Err((mut device, failure)) => return Ok(refused::<S>(&mut *device, &failure)),
    };
    let lines = options.lines().map_err(|failure| anyhow::anyhow!(failure.message))?;
    Ok(Shell::new(session, catalogue, options).run(lines))
}

/// A session of a user whose home is `folder`.
pub(crate) fn keeping_state<S: Session>(mut session: S, folder: &Path) -> S {
    session.ui().keep_state_in(&folder.join("state"));
    session
}

/// What the program shows when its session cannot be opened.
fn refused<S: Session>(device: &mut dyn Device, failure: &Failure) -> Status {
    device.note(&format!("{}: {}", S::NAME, failure.message));
    for hint in &failure.hints {
        device.note(&format!("hint: {hint}"));
    }
    failure.status()
}

fn plain(failure: Failure) -> anyhow::Error {
    anyhow!("{}", failure.message)
}

/// A self-signed client certificate as PEM, the same at every call with the same name.
///
/// # Errors
/// The name cannot be put into a certificate.
pub fn client_certificate(name: &str) -> Result<String> {
    // PKCS#8 version 1 of an Ed25519 key: a fixed head and 32 bytes of seed.
    let mut key = vec![0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    let mut seed = [0x5a; 32];
    for (place, byte) in seed.iter_mut().zip(name.bytes()) {
        *place = byte;
    }
    key.extend(seed);
    let key =
        rcgen::KeyPair::from_pkcs8_der_and_sign_algo(&key.as_slice().into(), &rcgen::PKCS_ED25519)
            .context("the key")?;
    let mut parameters = rcgen::CertificateParams::new(Vec::<String>::new())?;
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    parameters.distinguished_name.push(rcgen::DnType::CommonName, name);
    parameters.not_before = datetime!(2026-01-01 00:00:00 UTC);
    parameters.not_after = datetime!(2036-01-01 00:00:00 UTC);
    parameters.serial_number = Some(rcgen::SerialNumber::from(vec![1]));
    Ok(parameters.self_signed(&key)?.pem())
}
