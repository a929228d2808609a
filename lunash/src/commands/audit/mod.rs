//! `audit`: the HSM's audit log, for accounts of the role audit alone. This file has the menu and what
//! its commands share.
//!
//! `auditor.rs` has the HSM role, `config.rs` what is recorded, `log.rs` the files, `secret.rs` the log
//! secret, `remotehost.rs` the hosts that records are sent to.

pub(super) mod auditor;
pub(super) mod config;
pub(super) mod log;
pub(super) mod remotehost;
pub(super) mod secret;

use luna_rest::audit;

use crate::prelude::*;

pub(super) const MENUS: &[Menu] = &[
    Menu { path: "audit", help: "The HSM's audit log: its role, events, files, secret and hosts" },
    Menu { path: "audit log", help: "Files of the audit log" },
    Menu { path: "audit remotehost", help: "Hosts that the audit log is sent to" },
    Menu { path: "audit secret", help: "What the records of the audit log are made sure with" },
];

/// What is said of an option that picks the HSM.
const SERIAL: (&str, &str) = ("-serial", "Serial number of the HSM; an appliance has one");

/// Why a leaf without its page is as it is.
const NAME_ONLY: Known = Known::Assumed("the page was not found: output as that of its neighbours");

/// That something was done; the product says no more than its result line.
#[derive(Serialize)]
struct Silent {
    /// The command's words.
    done: &'static str,
    /// Whether a question stands before it.
    #[serde(skip)]
    asked: bool,
}

impl Text for Silent {
    fn write(&self, page: &mut Page) {
        if self.asked {
            page.blank();
        }
    }
}

/// The Auditor and its log.
fn state(session: &Session) -> Result<audit::Audit, Failure> {
    session.get(&audit::SHOW, &[])
}

/// Refuses the serial number of another HSM than the appliance's.
fn check_serial(session: &Session, serial: Option<&str>) -> Result<(), Failure> {
    let own = session.hsm()?;
    match serial.filter(|serial| *serial != own) {
        None => Ok(()),
        Some(serial) => Err(Failure::command(format!(
            "There is no HSM with the serial number {serial}; the appliance's is {own}."
        ))),
    }
}
