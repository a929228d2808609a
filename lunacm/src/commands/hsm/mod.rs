//! `hsm`: the HSM that the current slot administers.
//!
//! `access.rs` has initialization and the SO's login, `show.rs` the overview, `usage.rs` counters, `reset.rs`
//! what erases or restarts, `firmware.rs` updates, `policies.rs`, `tamper.rs` and `keys.rs` what they are called.

pub(super) mod access;
pub(super) mod firmware;
pub(super) mod keys;
pub(super) mod policies;
pub(super) mod reset;
pub(super) mod show;
pub(super) mod tamper;
pub(super) mod usage;

use crate::prelude::*;

pub(super) const MENUS: &[Menu] =
    &[Menu { path: "hsm", help: "The HSM of an administrative slot" }];
