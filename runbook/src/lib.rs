//! A runbook as a file: what stands in it, what an appliance has, and the lines between the two.
//!
//! `file.rs` has what a file may say and `source.rs` where its secrets are; `state.rs` reads what is
//! there, `screens.rs` the same from what an appliance's own shell shows; `plan.rs` is a pure function of the two for
//! one appliance, `client.rs` for this machine as a client of several, `cluster.rs` for a cluster of them and its
//! clients: the lines that a person would type. They are run where both shells are known, by `lunash apply`.

pub mod client;
pub mod cluster;
pub mod export;
pub mod file;
pub mod plan;
mod screens;
mod source;
mod ssh_key;
pub mod state;

pub use screens::Ask;
pub use source::{Credential, SecretSource, Vault};
pub use ssh_key::fingerprint as ssh_fingerprint;
