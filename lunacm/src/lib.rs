//! LunaCM, the client shell of a Luna Network HSM, as a program for your own machine.
//!
//! `commands/` has a file per menu: each command's declaration, arguments, what it does and its
//! view stand together. `session.rs` is what they work with: the slots and the current one;
//! `owner.rs` whose slots these are, `link.rs` the links to the appliances that have them, `backup_hsm.rs` the
//! Backup HSMs at this machine, `codes.rs` what refusals are called here, `chrystoki.rs`, `servers.rs` and `ha.rs` the client's configuration file.
//! `token.rs` has the objects of a slot, `group_token.rs` those of an HA group, `soft_token.rs` the client's
//! identity for the Secure Trusted Channel. `cmu/`, `vtl/` and `registration.rs` are the other programs;
//! `carried.rs` brings files to an HSM and back.

mod backup_hsm;
mod carried;
mod certificate;
pub mod chrystoki;
mod client_files;
mod cluster_connection;
mod clusters;
pub mod cmu;
mod codes;
pub mod commands;
mod deploy;
mod glossary;
mod group_state;
mod group_token;
mod ha;
mod link;
mod local_file;
mod owner;
pub mod registration;
mod role;
mod servers;
mod session;
mod slot;
mod slot_backend;
mod soft_token;
mod start;
mod token;
pub mod vtl;

pub use backup_hsm::find as find_backup_hsm;
pub use client_files::client_files;
pub use commands::catalogue;
pub use group_state::{GroupState, MemberState};
pub use owner::ClientSide;
pub use session::Session;
pub use start::start;

/// What the commands of this shell are made with.
mod prelude {
    pub(crate) use luna_grammar::Menu;
    pub(crate) use luna_rest::Secret;
    pub(crate) use luna_shell::{Failure, Known, Page, Role, Run, Text, naming, refuse};
    pub(crate) use serde::{Deserialize, Serialize};

    pub(crate) use crate::codes;
    pub(crate) use crate::role::PartitionRole;
    pub(crate) use crate::session::Session;

    /// A command of this shell.
    pub(crate) type Command = luna_shell::Command<Session>;

    /// The handler that fills `R` from the line and runs it.
    pub(crate) const fn call<R: Run<Session>>() -> luna_shell::Handler<Session> {
        luna_shell::handler::<R, Session>()
    }
}
