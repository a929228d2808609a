//! Plays scripts: of what is typed becomes the session that a person sees.

use std::path::Path;

use clap::builder::Resettable;
use clap::{CommandFactory, FromArgMatches, Parser};

use super::file::TextFile;
use super::terminal::ScriptedTerminal;
use crate::failure::{Failure, Kind};
use crate::options::Options;
use crate::status::Status;

/// What may stand behind the program in the line that begins a session.
#[derive(Debug, Parser)]
#[command(no_binary_name = true)]
pub struct Arguments {
    /// Those of the program.
    #[command(flatten)]
    pub options: Options,
    /// Lines come from a pipe.
    #[arg(long)]
    pub pipe: bool,
    /// Whose slots lunacm shows.
    #[arg(long)]
    pub client: Option<String>,
    /// Its greeting was shown while it was opened.
    #[arg(long)]
    pub greeted: bool,
    /// Its session is one over the links of the client.
    #[arg(long)]
    pub linked: bool,
    /// The Backup HSMs at the client, each by a name of its own.
    #[arg(long)]
    pub backup_hsm: Vec<String>,
}

impl Arguments {
    /// Reads them.
    ///
    /// # Errors
    /// They are not understood.
    pub fn read<W: Into<String>>(words: impl IntoIterator<Item = W>) -> Result<Arguments, Failure> {
        let program = Arguments::command().mut_args(|arg| match arg.get_env() {
            // A transcript is played the same everywhere.
            Some(_) => arg.env(Resettable::Reset),
            None => arg,
        });
        let words = words.into_iter().map(Into::<String>::into);
        program
            .try_get_matches_from(words)
            .and_then(|matches| Arguments::from_arg_matches(&matches))
            .map_err(|error| wrong(error.to_string().trim_end().to_owned()))
    }
}

/// A session that a script asks for.
pub struct Asked<'a> {
    /// The program: the word behind the `@`.
    pub program: &'a str,
    /// What stands behind it.
    pub arguments: &'a str,
    /// The lines that are typed.
    pub typed: Vec<String>,
    /// The secrets that were given before, and their names.
    pub secrets: &'a [(String, String)],
}

impl Asked<'_> {
    /// The secrets as [`crate::Secrets::only`] takes them.
    pub fn given(&self) -> impl Iterator<Item = (&str, &str)> {
        self.secrets.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// Where a script is played: the appliances, and the programs on them.
pub trait Stage {
    /// Whether this word begins a session.
    fn is_program(&self, word: &str) -> bool;
    /// Runs a session to its end.
    ///
    /// # Errors
    /// It is not understood, or there is no way to the appliance.
    fn run(&mut self, asked: Asked<'_>) -> Result<(ScriptedTerminal, Status), Failure>;
    /// Does what another directive says; true if its line belongs into the transcript.
    ///
    /// # Errors
    /// It is not understood, or the appliance refuses it.
    fn happen(&mut self, word: &str, rest: &str) -> Result<bool, Failure>;
    /// A line for the appliance, with the placeholders filled in.
    ///
    /// # Errors
    /// A placeholder is not known.
    fn typed(&mut self, line: &str) -> Result<String, Failure> {
        Ok(line.to_owned())
    }
    /// What a screen shows, without what differs from run to run.
    fn shown(&self, screen: &str) -> String {
        screen.to_owned()
    }
}

/// Plays a script and returns the transcript. Scripts that it names are in `folder`.
///
/// # Errors
/// The script is not understood, or lines of it were not asked for.
pub fn play(script: &str, folder: &Path, stage: &mut impl Stage) -> Result<String, Failure> {
    let mut transcript = String::new();
    let mut secrets: Vec<(String, String)> = Vec::new();
    let mut lines = script.lines().peekable();
    while let Some(line) = lines.next() {
        if line.starts_with('#') {
            transcript.push_str(line);
            transcript.push('\n');
            continue;
        }
        let Some(directive) = line.strip_prefix('@') else {
            return Err(wrong(format!("'{line}' is outside of any session.")));
        };
        let (word, rest) = directive.split_once(' ').unwrap_or((directive, ""));
        match word {
            "after" => {
                let path = folder.join(rest).with_added_extension("in");
                play(&TextFile::read(&path)?.text, folder, stage)?;
            }
            "secret" => {
                let (name, value) =
                    rest.split_once(' ').ok_or_else(|| wrong("It is @secret NAME VALUE."))?;
                secrets.push((name.to_owned(), value.to_owned()));
            }
            word if stage.is_program(word) => {
                let mut typed = Vec::new();
                while let Some(line) = lines.next_if(|line| !line.starts_with('@')) {
                    typed.push(stage.typed(line)?);
                }
                let rest = stage.typed(rest)?;
                let shown = if word == "linked" { "lunacm" } else { word };
                let head = format!("$ {shown} {}", stage.shown(&rest));
                transcript.push_str(&format!("{}\n", head.trim_end()));
                let asked = Asked { program: word, arguments: &rest, typed, secrets: &secrets };
                let (terminal, status) = stage.run(asked)?;
                transcript.push_str(&stage.shown(&terminal.take_screen()));
                transcript.push_str(&exit_line(status));
                if let Some(line) = terminal.left().first() {
                    let so_far = format!("'{line}' was not asked for; so far:\n{transcript}");
                    return Err(Failure::command(so_far));
                }
            }
            _ => {
                if stage.happen(word, rest)? {
                    transcript.push_str(&format!("{line}\n"));
                }
            }
        }
    }
    Ok(transcript)
}

/// The last line of a session.
pub(crate) fn exit_line(status: Status) -> String {
    format!("[exit status: {}]\n", status as u8)
}

/// The failure of a transcript that is not understood.
pub(crate) fn wrong(why: impl Into<String>) -> Failure {
    Failure::new(Kind::NotUnderstood, why)
}
