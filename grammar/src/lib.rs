//! The command language shared by `lunash` and `lunacm`.
//!
//! A shell declares its commands in the notation of Luna's own manuals (see [`notation`]). This
//! crate resolves typed lines against them: tokens, abbreviations, options, help and completion.
//! It does no input or output, has no global state, and depends on no other crate of ours.

mod abbreviations;
mod args;
mod complete;
mod help;
mod invocation;
mod lint;
mod mask;
mod matching;
pub mod notation;
mod resolve;
mod suggest;
mod token;
mod tree;

pub use args::{BadArgument, fields_of};
pub use complete::{Candidate, Completion};
pub use invocation::{Invocation, MASK, is_mask};
pub use resolve::{Grammar, Outcome};
pub use token::{Token, tokenize};

/// The declaration of one command.
#[derive(Clone, Copy, Debug)]
pub struct Declaration {
    /// Path, positionals and options in the notation of Luna's manuals.
    pub syntax: &'static str,
    /// One line of help, without a full stop.
    pub help: &'static str,
    /// Help for options and positionals that the glossary has no suitable text for.
    pub options: &'static [(&'static str, &'static str)],
}

/// The declaration of a menu: a word that has commands below it.
#[derive(Clone, Copy, Debug)]
pub struct Menu {
    /// Its words from the top, such as `sysconf ssh`.
    pub path: &'static str,
    /// One line of help.
    pub help: &'static str,
}
