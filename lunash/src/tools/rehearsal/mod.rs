//! Fresh emulated appliances with fixed seeds and clocks, and a client beside them, to play transcripts on.
//!
//! `words.rs` has the words of scripts, `sessions.rs` the programs that run here, `appliances.rs` and `network.rs`
//! what there is to run them on, `files.rs` what is made for them, `cluster.rs` the shortest way to a cluster.

mod appliances;
mod cluster;
mod files;
mod network;
mod sessions;
mod words;

use std::fmt::Display;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use luna_appliance::{Running, Ssh};
use luna_rest::{Client, Nothing, Target, hsm, partitions, tokens};
use luna_shell::transcript::steady;
use luna_shell::{Failure, Folders, Kind, LocalAppliance};
use tempfile::TempDir;

use appliances::{Appliances, session, target};
use network::Network;

pub use cluster::ADMIN;
pub use files::client_certificate;
pub use sessions::{Opened, run};

/// Appliances of a rehearsal; what is done is done to the one that is chosen, the first at first.
pub struct Rehearsal {
    appliances: Appliances,
    /// Those that are Backup HSMs at the client's machine.
    backup_hsms: Vec<String>,
    /// What recordings call them, each with the appliance.
    recorded_hsms: Vec<(String, String)>,
    folder: TempDir,
}

/// A script that is not understood.
fn wrong(why: impl Into<String>) -> Failure {
    Failure::new(Kind::NotUnderstood, why)
}

/// What this machine does not do.
fn unusable(why: impl Display) -> Failure {
    Failure::command(format!("{why}."))
}

impl Rehearsal {
    /// An appliance in factory state, at 127.0.0.1 and a free port.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn new() -> Result<Rehearsal, Failure> {
        Rehearsal::on(Network::shared(), None)
    }

    /// An appliance in factory state in a network of its own, where the fixed ports of a cluster's
    /// services are free.
    ///
    /// # Errors
    /// It cannot be started, or all networks are taken.
    pub fn with_network() -> Result<Rehearsal, Failure> {
        Rehearsal::on(Rehearsal::network()?, None)
    }

    /// The same, reached over SSH too.
    ///
    /// # Errors
    /// As for [`Rehearsal::with_network`].
    pub fn with_ssh() -> Result<Rehearsal, Failure> {
        let network = Rehearsal::network()?;
        let ssh = Ssh {
            address: (network.address(1), 0).into(),
            any_port: false,
            modern: false,
            sftp: false,
            dense: false,
            grace: Ssh::GRACE,
            idle: Ssh::IDLE,
        };
        Rehearsal::on(network, Some(ssh))
    }

    /// In a network of its own if there is one, which most systems besides Linux do not have.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn anywhere() -> Result<Rehearsal, Failure> {
        Rehearsal::on(Network::claim().unwrap_or_else(Network::shared), None)
    }

    fn network() -> Result<Network, Failure> {
        Network::claim().ok_or_else(|| Failure::command("All networks of rehearsals are taken."))
    }

    fn on(network: Network, ssh: Option<Ssh>) -> Result<Rehearsal, Failure> {
        Rehearsal::numbered(Rc::new(network), 1, ssh)
    }

    /// Another appliance in factory state in this one's network, with this number from 2 to 9.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn another(&self, number: u8) -> Result<Rehearsal, Failure> {
        Rehearsal::numbered(Rc::clone(self.appliances.network()), number, None)
    }

    fn numbered(network: Rc<Network>, number: u8, ssh: Option<Ssh>) -> Result<Rehearsal, Failure> {
        let folder = tempfile::tempdir().map_err(LocalAppliance::unusable)?;
        let appliances = Appliances::new(folder.path(), network, number, ssh)?;
        let (backup_hsms, recorded_hsms) = (Vec::new(), Vec::new());
        Ok(Rehearsal { appliances, backup_hsms, recorded_hsms, folder })
    }

    /// The address with this number, from 1 to 9, in this network.
    pub fn address(&self, number: u8) -> IpAddr {
        self.appliances.network().address(number)
    }

    /// The folder of all files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The folder of the client's files.
    pub fn client_folder(&self) -> PathBuf {
        self.folder().join("client")
    }

    /// The client's configuration file.
    fn configuration(&self) -> PathBuf {
        self.client_folder().join("Chrystoki.conf")
    }

    fn folders(&self) -> Folders {
        let folder = |name| self.folder().join(name);
        Folders { config: folder("config"), appliance: folder("none"), state: folder("state") }
    }

    /// The text of a session as it is to be typed here: in place of the addresses of scripts those of this network.
    pub fn here(&self, text: &str) -> String {
        self.appliances.network().typed(text)
    }

    /// The text of a session as a transcript has it.
    pub fn there(&self, text: &str) -> String {
        let folder = self.folder().to_string_lossy();
        self.appliances.network().shown(&text.replace(&*folder, "/luna"))
    }

    /// What a screen shows, without what differs from run to run.
    fn on_screen(&self, screen: &str) -> String {
        // The web certificate is made anew for each appliance.
        let own = self.running().map(|running| running.fingerprint().to_string()).ok();
        let lines = steady(&self.there(screen), own.as_deref());
        let mut hashes = Vec::new();
        lines.split_inclusive('\n').map(|line| without_hashes(line, &mut hashes)).collect()
    }

    /// The appliance.
    ///
    /// # Errors
    /// It does not run.
    pub fn running(&self) -> Result<&Running, Failure> {
        self.appliances.chosen()
    }

    /// Where the appliance is.
    ///
    /// # Errors
    /// It does not run.
    pub fn target(&self) -> Result<Target, Failure> {
        Ok(target(self.running()?))
    }

    /// A session with the appliance.
    ///
    /// # Errors
    /// The appliance does not answer.
    pub fn client(&self) -> Result<Client, Failure> {
        session(self.running()?)
    }

    /// Moves the clocks of all appliances on.
    ///
    /// # Errors
    /// An appliance does not answer.
    pub fn advance(&self, seconds: u32) -> Result<(), Failure> {
        self.appliances.advance(seconds)
    }

    /// Puts an object into the partition of that name, as an application would.
    ///
    /// # Errors
    /// There is no such partition, or it has no room.
    pub fn object(&self, partition: &str, kind: &str, label: &str) -> Result<(), Failure> {
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
        Err(wrong(format!("There is no partition '{partition}'.")))
    }

    /// Plugs a new Backup HSM in.
    ///
    /// # Errors
    /// The appliance refuses it.
    pub fn backup_hsm(&self, serial: &str) -> Result<(), Failure> {
        let device = tokens::BackupHsm { serial: serial.to_owned(), ..Default::default() };
        self.client()?.call(&tokens::ATTACH, &[], &device)?;
        Ok(())
    }

    /// Attaches an appliance that nobody has used to the client's machine, as a Backup HSM.
    ///
    /// # Errors
    /// It does not start.
    pub(crate) fn attach(&mut self, name: &str) -> Result<(), Failure> {
        self.appliances.start(name)?;
        self.backup_hsms.push(name.to_owned());
        Ok(())
    }

    /// Has those Backup HSMs at the client's machine that a recording names, if it names any: under a name that
    /// is new the next one that is there, or a new one.
    ///
    /// # Errors
    /// One does not start.
    pub fn plug_in(&mut self, names: &[String]) -> Result<(), Failure> {
        for name in names {
            let taken = |one: &String| self.recorded_hsms.iter().any(|(_, taken)| taken == one);
            if self.recorded_hsms.iter().all(|(known, _)| known != name) {
                let appliance = match self.backup_hsms.iter().find(|one| !taken(one)) {
                    Some(there) => there.clone(),
                    None => self.appliances.start_another()?,
                };
                self.recorded_hsms.push((name.clone(), appliance));
            }
        }
        if !names.is_empty() {
            let named = self.recorded_hsms.iter().filter(|(name, _)| names.contains(name));
            self.backup_hsms = named.map(|(_, appliance)| appliance.clone()).collect();
        }
        Ok(())
    }

    /// Pulls a Backup HSM out and plugs it into another appliance.
    ///
    /// # Errors
    /// It is not there, or the other appliance refuses it.
    pub(crate) fn carry(&self, serial: &str, to: &str) -> Result<(), Failure> {
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
    pub(crate) fn copy(&self, file: &str, to: &str) -> Result<(), Failure> {
        let content = self.client()?.download("admin", file)?;
        session(self.appliances.running(to)?)?.upload("admin", file, content)?;
        Ok(())
    }
}

/// An appliance of the rehearsal as one of this machine.
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
