//! The HSM's Auditor and its log: below `/emulator/lunash/audit`, to accounts of the role audit alone;
//! and what of all requests is recorded.

use crate::request::route::Routes;

pub mod auditor;
pub mod events;
pub mod hosts;
pub mod logs;
pub mod record;
pub mod secrets;
pub mod settings;

#[cfg(test)]
mod tests;

pub(crate) use record::{record, require_room};

pub(crate) fn routes(r: &mut Routes) {
    auditor::routes(r);
    hosts::routes(r);
    logs::routes(r);
    secrets::routes(r);
    settings::routes(r);
}
