//! The command language shared by `lunash` and `lunacm`.
//!
//! A shell declares its commands in the notation of Luna's own manuals (see [`notation`]); this
//! crate reads a typed line against them: tokens, abbreviations, options, help and completion.
//! No input or output, no global state, and nothing of the rest of the workspace.

mod abbreviations;
mod args;
mod complete;
mod fit;
mod help;
mod invocation;
mod lint;
mod mask;
pub mod notation;
mod resolve;
mod suggest;
mod token;
mod tree;

pub use args::{BadArgument, fields_of};
pub use complete::{Candidate, Completion};
pub use invocation::Invocation;
pub use resolve::{Grammar, Outcome};
pub use token::{Token, tokenize};

/// What a shell says of one command.
#[derive(Clone, Copy, Debug)]
pub struct Declaration {
    /// Path, positionals and options in the notation of Luna's manuals.
    pub syntax: &'static str,
    /// One line, imperative or descriptive, without a full stop.
    pub help: &'static str,
    /// What an option or positional means here, where the glossary's general text does not do.
    pub options: &'static [(&'static str, &'static str)],
}

/// What a shell says of a menu: a word that has commands below it.
#[derive(Clone, Copy, Debug)]
pub struct Menu {
    /// Its words from the top, such as `sysconf ssh`.
    pub path: &'static str,
    /// One line.
    pub help: &'static str,
}
