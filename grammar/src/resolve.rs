//! From a typed line to the one command it means.

use std::ops::Range;

use crate::args::BadArgument;
use crate::complete::Completion;
use crate::{Declaration, Menu};

/// The commands of one shell, ready to read lines.
pub struct Grammar {}

/// What a line means.
#[derive(Debug)]
pub enum Outcome<'l> {
    /// Nothing but blanks or a comment.
    Empty,
    /// A question about the language: `help`, `?`, or a line that ends in `?`. The text is laid out.
    Help(String),
    /// Exactly one command.
    Match(Invocation<'l>),
    /// Several commands, or several options, fit: nothing runs.
    Ambiguous {
        /// Where in the line the ambiguous word stands.
        at: Range<usize>,
        /// The full spellings that fit, at least two.
        candidates: Vec<String>,
    },
    /// A word fits nothing.
    Unknown {
        /// Where in the line it stands.
        at: Range<usize>,
        /// The words before it, spelt in full (`partition`); empty for the first word.
        parent: String,
        /// What could stand there, closest first, three at most.
        closest: Vec<String>,
    },
    /// The line stops too early.
    Incomplete {
        /// What it is so far, spelt in full (`client register`).
        command: String,
        /// The commands or the required options that could follow.
        missing: Vec<String>,
        /// Usage or menu, laid out as help does.
        usage: String,
    },
    /// An option's value does not fit.
    BadValue {
        /// Where in the line the value stands.
        at: Range<usize>,
        /// Which option, and why.
        argument: BadArgument,
    },
}

/// A line that means exactly one command.
#[derive(Debug)]
pub struct Invocation<'l> {
    /// Index of the command, in the order given to [`Grammar::new`].
    pub command: usize,
    line: std::marker::PhantomData<&'l str>,
}

impl Invocation<'_> {
    /// The command's words, spelt in full.
    pub fn path(&self) -> &'static str {
        ""
    }

    /// The whole line spelt in full, secrets as eight asterisks.
    pub fn canonical(&self) -> String {
        String::new()
    }

    /// Whether every word and option name was typed in full or in an official short form.
    pub fn exact(&self) -> bool {
        true
    }

    /// Whether the option or positional with this name was given.
    pub fn has(&self, name: &str) -> bool {
        let _ = name;
        false
    }

    /// Fills the command's arguments struct.
    ///
    /// # Errors
    /// A value does not fit its field.
    pub fn arguments<T: serde::de::DeserializeOwned>(&self) -> Result<T, BadArgument> {
        Err(BadArgument { option: String::new(), reason: String::new() })
    }
}

impl Grammar {
    /// Takes a shell's menus, commands and glossary (what an option means wherever it stands).
    pub fn new(menus: &'static [Menu], commands: Vec<Declaration>, glossary: &'static [(&'static str, &'static str)]) -> Grammar {
        let _ = (menus, commands, glossary);
        Grammar {}
    }

    /// Reads a line.
    pub fn resolve<'l>(&self, line: &'l str) -> Outcome<'l> {
        let _ = line;
        Outcome::Empty
    }

    /// What can stand at byte offset `cursor` of `line`.
    pub fn complete(&self, line: &str, cursor: usize) -> Completion {
        let _ = line;
        Completion { start: cursor, candidates: Vec::new(), value: None }
    }

    /// Help on a path as typed (`""` for the main menu, `c reg`); `None` where nothing fits.
    pub fn help(&self, path: &str) -> Option<String> {
        let _ = path;
        None
    }

    /// `line` with the values of secret options as eight asterisks, whether or not it resolves.
    pub fn masked(&self, line: &str) -> String {
        line.to_owned()
    }

    /// Faults of the declarations: unreadable notation, collisions, words or options without help.
    pub fn faults(&self) -> Vec<String> {
        Vec::new()
    }

    /// The shortest accepted spelling of every command, a line each: `shortest<TAB>full`.
    pub fn abbreviations(&self) -> String {
        String::new()
    }
}
