//! LunaSH, the appliance shell of a Luna Network HSM, as a program for your own machine.
//!
//! `commands/` has a file per menu, with the declaration, the arguments, the code and the view of
//! each command. They work with the session (`session.rs`) and share how refusals are worded
//! (`refusals.rs`), questions are asked (`questions.rs`), and files are found (`files.rs`). `ssh/` is the
//! way to the appliance's own shell instead of REST.

pub mod commands;
mod copies;
mod dates;
mod files;
mod first_login;
pub mod fleet;
mod glossary;
pub mod login_shell;
mod passwords;
mod questions;
mod refusals;
mod session;
mod ssh;
mod start;
pub mod tools;
mod views;

pub use commands::catalogue;
pub use copies::Copies;
pub use session::{SESSION_CALLS, Session};
pub use ssh::{Wire, WireOptions, answer_if_asked};
pub use start::open;

/// What the commands of this shell are made with.
#[allow(unused_imports, reason = "no menu needs all of them")]
mod prelude {
    pub(crate) use luna_grammar::Menu;
    pub(crate) use luna_rest::{Error, ErrorId, Nothing, Secret};
    pub(crate) use luna_shell::{
        Attempt, Failure, Known, Page, Question, Role, Run, Table, Text, naming,
    };
    pub(crate) use serde::{Deserialize, Serialize};

    pub(crate) use crate::refusals::refused;
    pub(crate) use crate::session::Session;
    pub(crate) use crate::views::{Done, Made, Message, Success, Told, Untold};

    /// A command of this shell.
    pub(crate) type Command = luna_shell::Command<Session>;

    /// The handler that fills `R` from the line and runs it.
    pub(crate) const fn call<R: Run<Session>>() -> luna_shell::Handler<Session> {
        luna_shell::handler::<R, Session>()
    }
    /// The handler of a command that REST cannot do: it only says `why`.
    pub(crate) const fn refuse(why: fn(&mut Session) -> Failure) -> luna_shell::Handler<Session> {
        luna_shell::refuse(why)
    }
}
