//! LunaCM, the client shell of a Luna Network HSM, as a program for your own machine.
//!
//! `commands/` has a file per menu: each command's declaration, arguments, what it does and its
//! view stand together. `session.rs` is what they work with: the slots and the current one.

pub mod chrystoki;
pub mod commands;
mod glossary;
mod local;
mod session;

pub use commands::catalogue;
pub use local::own_appliance;
pub use session::Session;

/// What the commands of this shell are made with.
mod prelude {
    #[allow(unused_imports, reason = "not every menu needs all of them")]
    pub(crate) use luna_grammar::Menu;
    pub(crate) use luna_shell::{Failure, Known, Role, Run};
    pub(crate) use serde::Deserialize;

    pub(crate) use crate::session::Session;

    /// A command of this shell.
    pub(crate) type Command = luna_shell::Command<Session>;

    /// The handler that fills `R` from the line and runs it.
    pub(crate) const fn call<R: Run<Session>>() -> luna_shell::Handler<Session> {
        luna_shell::handler::<R, Session>()
    }
}
