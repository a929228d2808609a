//! Plays the scripts of `transcripts/` (see [`luna_shell::transcript`]) on the appliances of a test, where there
//! are more words:
//!
//! - `@lunacm [ARGUMENTS]` begins a session of LunaCM; `--client NAME` says whose slots it shows;
//! - `@certificate NAME` puts NAME.pem, a client certificate, among admin's files;
//! - `@here NAME TEXT` puts a file with that text into the client's folder;
//! - `@package NAME VERSION CODE` puts NAME-VERSION.spkg there, a package with that authorization
//!   code; `@damaged NAME VERSION CODE` a copy of it that was changed on its way;
//! - `@register NAME [LABEL]` registers a client with the cluster;
//! - `@cluster LABEL` makes the appliance the first member of a cluster;
//! - `@keyring LABEL PASSWORD` makes a keyring in it;
//! - `@lnhclientregistration ARGUMENTS` runs that program, with the client's files that lunacm has;
//! - `@cmu FUNCTION OPTIONS` runs that function, as lunacm's client; the test's own folder is `/luna`;
//! - `@vtl ARGUMENTS` runs that program with the same files, `{client}` in what is typed is their folder;
//!   `@linked [ARGUMENTS]` begins a session of lunacm over the links that they configure;
//! - `@fetch NAME` fetches the appliance's server.pem into that folder under this name, `@send NAME` puts the
//!   client's NAME.pem from there among admin's files;
//! - `@object PARTITION, TYPE, LABEL` puts an object into a partition, as an application would.
//!
//! There may be several appliances: A, B and so on, with the addresses 127.0.0.1, 127.0.0.2 and so
//! on. These lines are in the transcript too, and each waits until what follows from it is done:
//!
//! - `@appliance B` goes over to that appliance, which is started when it is named first;
//! - `@attach B` makes a new appliance a Backup HSM at the machine of lunacm;
//! - `@carry SERIAL B` pulls a Backup HSM out and plugs it into that appliance;
//! - `@copy FILE B` copies one of admin's files there;
//! - `@cut A B [to|from|both]` cuts the link between two members as A has it, `@heal` heals all;
//! - `@kill B` ends an appliance without notice, `@start B` starts it again;
//! - `@settle` waits for what goes on in the background.
//!
//! In what is typed `{address}` is the appliance's own address, `{cluster}` the UUID of the cluster,
//! `{B}` that of the member B, as they are when the session begins.

use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use luna_shell::transcript::{Arguments, Asked, ScriptedTerminal, Stage};
use luna_shell::{Failure, Secrets, Status};

use crate::test_appliance::{TestAppliance, client_certificate};

/// Where the scripts are.
const TRANSCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../transcripts");

/// Plays a script against a fresh appliance and returns the transcript.
///
/// # Errors
/// The script is not understood, or lines of it were not asked for.
pub fn play(script: &str) -> Result<String> {
    play_on(&mut TestAppliance::with_network()?, script)
}

/// As [`play`], on an appliance that may have been used before.
pub(crate) fn play_on(appliance: &mut TestAppliance, script: &str) -> Result<String> {
    luna_shell::transcript::play(script, Path::new(TRANSCRIPTS), appliance)
        .map_err(|failure| anyhow!(failure.message))
}

impl Stage for TestAppliance {
    fn is_program(&self, word: &str) -> bool {
        matches!(word, "lunash" | "lunacm" | "linked" | "cmu" | "lnhclientregistration" | "vtl")
    }

    fn run(&mut self, asked: Asked<'_>) -> Result<(ScriptedTerminal, Status), Failure> {
        self.run_program(asked).map_err(failed)
    }

    fn happen(&mut self, word: &str, rest: &str) -> Result<bool, Failure> {
        match self.set_up(word, rest) {
            Ok(true) => Ok(false),
            Ok(false) => happen(self, word, rest).map(|()| true).map_err(failed),
            Err(error) => Err(failed(error)),
        }
    }

    fn typed(&mut self, line: &str) -> Result<String, Failure> {
        self.typed_line(line).map_err(failed)
    }

    fn shown(&self, screen: &str) -> String {
        TestAppliance::shown(self, screen)
    }
}

fn failed(error: anyhow::Error) -> Failure {
    Failure::command(format!("{error:#}"))
}

impl TestAppliance {
    fn run_program(&mut self, asked: Asked<'_>) -> Result<(ScriptedTerminal, Status)> {
        let Asked { program, arguments, ref typed, .. } = asked;
        if matches!(program, "lnhclientregistration" | "vtl") {
            let terminal = ScriptedTerminal::new(typed.clone(), true);
            let status = match program {
                "vtl" => self.vtl(&terminal, arguments),
                _ => self.lnhclientregistration(&terminal, arguments)?,
            };
            return Ok((terminal, status));
        }
        let words = arguments.split_whitespace();
        let words = match program {
            "cmu" => self.cmu_words(words),
            _ => words.map(str::to_owned).collect(),
        };
        let Arguments { options, client, pipe } =
            Arguments::read(words).map_err(|failure| anyhow!(failure.message))?;
        let terminal = ScriptedTerminal::new(typed.clone(), !pipe);
        let given = Secrets::only(asked.given());
        let status = match program {
            "lunash" if self.ssh => {
                self.lunash_over_ssh(&terminal, options, &asked.given().collect::<Vec<_>>())?
            }
            "lunash" => self.lunash(&terminal, options, given)?,
            "cmu" => self.cmu(&terminal, options, given, client)?,
            "linked" => self.linked(&terminal, options, given)?,
            _ => self.lunacm(&terminal, options, given, client)?,
        };
        Ok((terminal, status))
    }

    /// Does what brings an appliance into a state and is not in the transcript; false for other words.
    fn set_up(&mut self, word: &str, rest: &str) -> Result<bool> {
        match word {
            "cluster" => drop(self.cluster(rest)?),
            "keyring" => {
                let (label, password) = rest.split_once(' ').context("@keyring LABEL PASSWORD")?;
                self.keyring(label, password)?;
            }
            "certificate" => {
                self.upload(&format!("{rest}.pem"), client_certificate(rest)?.as_bytes())?;
            }
            "file" => {
                let (name, text) = rest.split_once(' ').context("@file NAME TEXT")?;
                self.upload(name, format!("{text}\n").replace("\\n", "\n").as_bytes())?;
            }
            "here" => {
                let (name, text) = rest.split_once(' ').context("@here NAME TEXT")?;
                std::fs::create_dir_all(self.client_folder())?;
                std::fs::write(self.client_folder().join(name), format!("{text}\n"))?;
            }
            "package" | "damaged" => {
                let mut parts = rest.splitn(3, ' ');
                let mut part = || parts.next().context("@package NAME VERSION CODE");
                self.package(part()?, part()?, part()?, word == "damaged")?;
            }
            "fetch" => self.fetch(rest)?,
            "send" => {
                let file = format!("{rest}.pem");
                let path = self.client_folder().join("cert/client").join(&file);
                self.upload(&file, &std::fs::read(path)?)?;
            }
            "register" => {
                let (name, label) = rest.split_once(' ').unzip();
                self.register(name.unwrap_or(rest), label)?;
            }
            "object" => {
                let mut parts = rest.splitn(3, ", ");
                let mut part = || parts.next().context("@object PARTITION, TYPE, LABEL");
                self.object(part()?, part()?, part()?)?;
            }
            "backup-hsm" => self.backup_hsm(rest)?,
            "clock" => self.advance(rest.parse().context("@clock SECONDS")?)?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// What happens to appliances and the links between them.
fn happen(appliance: &mut TestAppliance, word: &str, rest: &str) -> Result<()> {
    let words: Vec<&str> = rest.split_whitespace().collect();
    match (word, &words[..]) {
        ("appliance", [name]) => appliance.appliances().choose(name)?,
        ("carry", [serial, name]) => appliance.carry(serial, name)?,
        ("copy", [file, name]) => appliance.copy(file, name)?,
        ("cut", [from, to]) => appliance.appliances().cut(from, to, "both")?,
        ("cut", [from, to, direction]) => appliance.appliances().cut(from, to, direction)?,
        ("heal", []) => appliance.appliances().heal()?,
        ("kill", [name]) => appliance.appliances().kill(name)?,
        ("attach", [name]) => appliance.attach(name)?,
        ("start", [name]) => appliance.appliances().start(name)?,
        ("settle", []) => {}
        _ => bail!("'@{word} {rest}' is no directive"),
    }
    appliance.appliances().settle()
}
