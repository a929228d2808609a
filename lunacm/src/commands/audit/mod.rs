//! `audit`: the log of the HSM that the current slot administers, and its Auditor. Arguments of this menu stand
//! without dashes: `words.rs` reads them.
//!
//! `auditor.rs` has the role, `config.rs` what is recorded, `log.rs` the files on this machine.

pub(super) mod auditor;
pub(super) mod config;
pub(super) mod log;
mod words;

use luna_rest::audit;

use crate::prelude::*;

pub(super) const MENUS: &[Menu] =
    &[Menu { path: "audit", help: "The audit log of the HSM (administrative slots)" }];

/// The Auditor and its log.
fn state(session: &Session) -> Result<audit::Audit, Failure> {
    let (client, _) = session.backup_hsm()?;
    Ok(client.get(&audit::SHOW, &[])?)
}

/// Goes on with the Auditor logged in.
fn require_auditor(session: &Session) -> Result<(), Failure> {
    session.backup_hsm()?;
    session.require(&[PartitionRole::Au])
}
