//! The words of scripts (see [`luna_shell::transcript`]) that begin a program on the appliances of a rehearsal, or
//! make something happen to them. Sessions first:
//!
//! - `@lunash [ARGUMENTS]` begins a session; `--pipe` makes its lines come from a pipe; `--user NAME` logs
//!   that account in, with `@secret PASSWORD`;
//! - `@lunacm [ARGUMENTS]` begins a session of LunaCM; `--client NAME` says whose slots it shows;
//!   `@linked [ARGUMENTS]` begins one over the links that the client's files configure;
//! - `@vtl ARGUMENTS` runs that program with the client's files, `{client}` in what is typed is their folder;
//! - `@cmu FUNCTION OPTIONS` runs that function, as lunacm's client; the folder of the rehearsal is `/luna`;
//! - `@lnhclientregistration ARGUMENTS` runs that program, with the client's files that lunacm has.
//!
//! What brings an appliance into a state, and is not in the transcript:
//!
//! - `@file NAME TEXT` puts a file with that text among admin's files, `\n` in it begins a new line;
//! - `@certificate NAME` puts NAME.pem, a client certificate, among admin's files;
//! - `@here NAME TEXT` puts a file with that text into the client's folder;
//! - `@package NAME VERSION CODE` puts NAME-VERSION.spkg among admin's files, a package with that authorization
//!   code; `@damaged NAME VERSION CODE` a copy of it that was changed on its way;
//! - `@register NAME [LABEL]` registers a client with the cluster;
//! - `@cluster LABEL` makes the appliance the first member of a cluster;
//! - `@keyring LABEL PASSWORD` makes a keyring in it;
//! - `@fetch NAME` fetches the appliance's server.pem into the client's folder under this name, `@send NAME` puts
//!   the client's NAME.pem, which vtl has made, among admin's files;
//! - `@object PARTITION, TYPE, LABEL` puts an object into a partition, as an application would;
//! - `@backup-hsm SERIAL` plugs a new Backup HSM in;
//! - `@clock SECONDS` moves the clocks of all appliances on.
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

use luna_shell::transcript::{Arguments, Asked, ScriptedTerminal, Stage};
use luna_shell::{Failure, Secrets, Status};

use super::{Rehearsal, client_certificate, run, wrong};

impl Stage for Rehearsal {
    fn is_program(&self, word: &str) -> bool {
        matches!(word, "lunash" | "lunacm" | "linked" | "cmu" | "lnhclientregistration" | "vtl")
    }

    fn run(&mut self, asked: Asked<'_>) -> Result<(ScriptedTerminal, Status), Failure> {
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
        let Arguments { options, client, pipe, .. } = Arguments::read(words)?;
        let terminal = ScriptedTerminal::new(typed.clone(), !pipe);
        let given = Secrets::only(asked.given());
        let status = match program {
            "lunash" => self.lunash(&terminal, options, given)?,
            "cmu" => self.cmu(&terminal, options, given, client)?,
            "linked" => {
                let opened = self.open_linked(Box::new(terminal.clone()), &options, given);
                run(opened, lunacm::catalogue(), options)?
            }
            _ => self.lunacm(&terminal, options, given, client)?,
        };
        Ok((terminal, status))
    }

    fn happen(&mut self, word: &str, rest: &str) -> Result<bool, Failure> {
        match self.set_up(word, rest)? {
            true => Ok(false),
            false => self.change(word, rest).map(|()| true),
        }
    }

    fn typed(&mut self, line: &str) -> Result<String, Failure> {
        let folder = self.client_folder();
        self.appliances.typed(&line.replace("{client}", &folder.to_string_lossy()))
    }

    fn shown(&self, screen: &str) -> String {
        self.on_screen(screen)
    }
}

/// As many parts of a directive as it has, the last with all that is left.
fn parts<'r, const N: usize>(
    rest: &'r str,
    between: &str,
    is: &str,
) -> Result<[&'r str; N], Failure> {
    let parts: Vec<&str> = rest.splitn(N, between).collect();
    parts.try_into().map_err(|_| wrong(format!("It is {is}.")))
}

impl Rehearsal {
    /// Does what brings an appliance into a state and is not in the transcript; false for other words.
    fn set_up(&mut self, word: &str, rest: &str) -> Result<bool, Failure> {
        match word {
            "cluster" => drop(self.cluster(rest)?),
            "keyring" => {
                let [label, password] = parts(rest, " ", "@keyring LABEL PASSWORD")?;
                self.keyring(label, password)?;
            }
            "certificate" => {
                self.upload(&format!("{rest}.pem"), client_certificate(rest)?.as_bytes())?;
            }
            "file" => {
                let [name, text] = parts(rest, " ", "@file NAME TEXT")?;
                self.upload(name, format!("{text}\n").replace("\\n", "\n").as_bytes())?;
            }
            "here" => {
                let [name, text] = parts(rest, " ", "@here NAME TEXT")?;
                self.write_here(name, &format!("{text}\n"))?;
            }
            "package" | "damaged" => {
                let is = format!("@{word} NAME VERSION CODE");
                let [name, version, code] = parts(rest, " ", &is)?;
                self.package(name, version, code, word == "damaged")?;
            }
            "fetch" => self.fetch(rest)?,
            "send" => self.send(rest)?,
            "register" => {
                let (name, label) = rest.split_once(' ').unzip();
                self.register(name.unwrap_or(rest), label)?;
            }
            "object" => {
                let [partition, kind, label] = parts(rest, ", ", "@object PARTITION, TYPE, LABEL")?;
                self.object(partition, kind, label)?;
            }
            "backup-hsm" => self.backup_hsm(rest)?,
            "clock" => {
                self.advance(rest.parse().map_err(|_| wrong("It is @clock SECONDS."))?)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Does what happens to appliances and the links between them.
    fn change(&mut self, word: &str, rest: &str) -> Result<(), Failure> {
        let words: Vec<&str> = rest.split_whitespace().collect();
        match (word, &words[..]) {
            ("appliance", [name]) => self.appliances.choose(name)?,
            ("carry", [serial, name]) => self.carry(serial, name)?,
            ("copy", [file, name]) => self.copy(file, name)?,
            ("cut", [from, to]) => self.appliances.cut(from, to, "both")?,
            ("cut", [from, to, direction]) => self.appliances.cut(from, to, direction)?,
            ("heal", []) => self.appliances.heal()?,
            ("kill", [name]) => self.appliances.kill(name)?,
            ("attach", [name]) => self.attach(name)?,
            ("start", [name]) => self.appliances.start(name)?,
            ("settle", []) => {}
            // What stands behind it may be a secret.
            _ => return Err(wrong(format!("There is no '@{word}' with these words behind it."))),
        }
        self.appliances.settle()
    }
}
