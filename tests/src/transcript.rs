//! Golden transcripts: a script of what is typed becomes the session a person sees.
//!
//! A script (`transcripts/NAME.in`) begins with comment lines that say where it comes from; they
//! are the description in the head of its snapshot. Then, a line each:
//!
//! - a line as it is typed, Tabs included;
//! - `> text` answers a question;
//! - `@after NAME` goes on where the transcript NAME ended, which is played unseen;
//! - `@lunash [ARGUMENTS]`, `@lunacm [ARGUMENTS]` begin a session; `--pipe` as the first argument
//!   makes its lines come from a pipe; `--client NAME` says whose slots lunacm shows; `--user NAME`
//!   logs that account into lunash, with `@secret PASSWORD`;
//! - `@secret NAME VALUE` gives the next sessions a secret in advance;
//! - `@certificate NAME` puts NAME.pem, a client certificate, among admin's files;
//! - `@file NAME TEXT` puts a file with that text there, `\n` in it begins a new line;
//! - `@here NAME TEXT` puts such a file into the client's folder;
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

use anyhow::{Context, Result, bail};
use clap::Parser;
use luna_shell::{Options, Secrets};

use crate::script::ScriptedTerminal;
use crate::test_appliance::{TestAppliance, client_certificate};

/// Where the scripts are.
const TRANSCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../transcripts");

#[derive(Parser)]
#[command(no_binary_name = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) options: Options,
    /// Lines come from a pipe.
    #[arg(long)]
    pub(crate) pipe: bool,
    /// Whose slots lunacm shows.
    #[arg(long)]
    pub(crate) client: Option<String>,
}

/// Plays a script against a fresh appliance and returns the transcript.
///
/// # Errors
/// The script is not understood, or lines of it were not asked for.
pub fn play(script: &str) -> Result<String> {
    play_on(&mut TestAppliance::with_network()?, script)
}

/// As [`play`], on an appliance that may have been used before.
pub(crate) fn play_on(appliance: &mut TestAppliance, script: &str) -> Result<String> {
    let mut transcript = String::new();
    let mut secrets: Vec<(&str, &str)> = Vec::new();
    let mut lines = script.lines().peekable();
    while let Some(line) = lines.next() {
        if line.starts_with('#') {
            transcript.push_str(line);
            transcript.push('\n');
            continue;
        }
        let Some(directive) = line.strip_prefix('@') else {
            bail!("'{line}' is outside of any session");
        };
        let (word, rest) = directive.split_once(' ').unwrap_or((directive, ""));
        match word {
            "after" => {
                let path = format!("{TRANSCRIPTS}/{rest}.in");
                let script = std::fs::read_to_string(&path).context(path)?;
                play_on(appliance, &script)?;
            }
            "cluster" => drop(appliance.cluster(rest)?),
            "keyring" => {
                let (label, password) = rest.split_once(' ').context("@keyring LABEL PASSWORD")?;
                appliance.keyring(label, password)?;
            }
            "lunash" | "lunacm" | "linked" | "cmu" | "lnhclientregistration" | "vtl" => {
                let mut typed = Vec::new();
                while let Some(line) = lines.next_if(|line| !line.starts_with('@')) {
                    typed.push(line.to_owned());
                }
                let (typed, rest) = (appliance.typed(&typed)?, appliance.typed_line(rest)?);
                let shown = if word == "linked" { "lunacm" } else { word };
                let head = format!("$ {shown} {}", appliance.shown(&rest));
                transcript.push_str(&format!("{}\n", head.trim_end()));
                let (terminal, status) = if word == "lnhclientregistration" {
                    let terminal = ScriptedTerminal::new(typed, true);
                    let status = appliance.lnhclientregistration(&terminal, &rest)?;
                    (terminal, status)
                } else if word == "vtl" {
                    let terminal = ScriptedTerminal::new(typed, true);
                    let status = appliance.vtl(&terminal, &rest);
                    (terminal, status)
                } else {
                    let words = rest.split_whitespace();
                    let words = match word {
                        "cmu" => appliance.cmu_words(words),
                        _ => words.map(str::to_owned).collect(),
                    };
                    let arguments = Arguments::try_parse_from(words)?;
                    let terminal = ScriptedTerminal::new(typed, !arguments.pipe);
                    let given = Secrets::only(secrets.iter().copied());
                    let Arguments { options, client, .. } = arguments;
                    let status = match word {
                        "lunash" if appliance.ssh => {
                            appliance.lunash_over_ssh(&terminal, options, &secrets)?
                        }
                        "lunash" => appliance.lunash(&terminal, options, given)?,
                        "cmu" => appliance.cmu(&terminal, options, given, client)?,
                        "linked" => appliance.linked(&terminal, options, given)?,
                        _ => appliance.lunacm(&terminal, options, given, client)?,
                    };
                    (terminal, status)
                };
                transcript.push_str(&appliance.shown(&terminal.take_screen()));
                transcript.push_str(&format!("[exit status: {}]\n", status as u8));
                if let Some(line) = terminal.left().first() {
                    bail!("'{line}' was not asked for; so far:\n{transcript}");
                }
            }
            "secret" => secrets.push(rest.split_once(' ').context("@secret NAME VALUE")?),
            "certificate" => {
                appliance.upload(&format!("{rest}.pem"), client_certificate(rest)?.as_bytes())?;
            }
            "file" => {
                let (name, text) = rest.split_once(' ').context("@file NAME TEXT")?;
                appliance.upload(name, format!("{text}\n").replace("\\n", "\n").as_bytes())?;
            }
            "here" => {
                let (name, text) = rest.split_once(' ').context("@here NAME TEXT")?;
                std::fs::create_dir_all(appliance.client_folder())?;
                std::fs::write(appliance.client_folder().join(name), format!("{text}\n"))?;
            }
            "package" | "damaged" => {
                let mut parts = rest.splitn(3, ' ');
                let mut part = || parts.next().context("@package NAME VERSION CODE");
                appliance.package(part()?, part()?, part()?, word == "damaged")?;
            }
            "fetch" => appliance.fetch(rest)?,
            "send" => {
                let file = format!("{rest}.pem");
                let path = appliance.client_folder().join("cert/client").join(&file);
                appliance.upload(&file, &std::fs::read(path)?)?;
            }
            "register" => {
                let (name, label) = rest.split_once(' ').unzip();
                appliance.register(name.unwrap_or(rest), label)?;
            }
            "object" => {
                let mut parts = rest.splitn(3, ", ");
                let mut part = || parts.next().context("@object PARTITION, TYPE, LABEL");
                appliance.object(part()?, part()?, part()?)?;
            }
            "backup-hsm" => appliance.backup_hsm(rest)?,
            "clock" => appliance.advance(rest.parse().context("@clock SECONDS")?)?,
            _ => {
                happen(appliance, word, rest)?;
                transcript.push_str(&format!("{line}\n"));
            }
        }
    }
    Ok(transcript)
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
