//! `hsm`: the HSM inside the appliance. This file has the menu, and what its commands share.
//!
//! `access.rs` has initialization, login and password, `show.rs` the overview, `reset.rs` what
//! erases or restarts, `upkeep.rs` tests, licences and support; each menu below has its own file.

pub(super) mod access;
pub(super) mod firmware;
pub(super) mod fm;
pub(super) mod information;
pub(super) mod monitor;
pub(super) mod ped;
pub(super) mod ped_timeout;
pub(super) mod policies;
pub(super) mod reset;
pub(super) mod show;
pub(super) mod stc;
pub(super) mod stm;
pub(super) mod tamper;
pub(super) mod update;
pub(super) mod upkeep;

use luna_rest::hsm;
use luna_rest::lunasa;

use crate::prelude::*;
use crate::refusals;

pub(super) const MENUS: &[Menu] = &[
    Menu { path: "hsm", help: "The HSM inside the appliance" },
    Menu { path: "hsm time", help: "Clock of the HSM" },
];

/// A success that the product frames with more empty lines than its own shell does.
#[derive(Serialize)]
struct Spaced {
    done: &'static str,
    /// An empty line comes before it, as after a question.
    #[serde(skip)]
    asked: bool,
}

impl Text for Spaced {
    fn write(&self, page: &mut Page) {
        if self.asked {
            page.blank();
        }
        page.line(format!("'{}' successful.", self.done));
        page.blank();
    }
}

/// What the HSM says about itself.
pub(in crate::commands) fn state(session: &Session) -> Result<hsm::Hsm, Failure> {
    session.get(&hsm::SHOW, &[session.hsm()?])
}

/// Whether a firmware is older than 7.7.0, which took the Secure Trusted Channel from LunaSH; one that
/// the appliance does not name is not.
pub(in crate::commands) fn is_before_7_7(firmware: &str) -> bool {
    let numbers: Vec<u32> = firmware.split('.').filter_map(|part| part.parse().ok()).collect();
    !numbers.is_empty() && numbers.as_slice() < [7, 7, 0].as_slice()
}

/// The same for commands of other menus. A custom role may lack the rule to ask for the state; then,
/// too, the appliance refuses by itself.
pub(in crate::commands) fn require_so_login(session: &Session) -> Result<(), Failure> {
    state(session).map_or(Ok(()), |hsm| require_so(&hsm))
}

/// As [`require_so_login`], where `sysconf forceSOLogin` demands it.
pub(in crate::commands) fn require_so_login_if_forced(session: &Session) -> Result<(), Failure> {
    let settings = session.get(&lunasa::SHOW, &[]);
    if settings.is_ok_and(|settings| settings.force_so_login) {
        require_so_login(session)?;
    }
    Ok(())
}

/// Fails if the HSM has an SO who is not logged in, so that no question precedes a refusal. Where
/// the appliance does not say who is logged in, it refuses by itself.
fn require_so(hsm: &hsm::Hsm) -> Result<(), Failure> {
    if hsm.so_logged_in != Some(false) || hsm.zeroized || hsm.secure_transport_mode {
        return Ok(());
    }
    Err(refusals::so_login())
}

/// Another HSM than the built-in one is a backup HSM, which REST does not reach.
fn own_hsm(serial: Option<&str>, session: &Session) -> Result<(), Failure> {
    match serial {
        Some(serial) if serial != session.hsm()? => {
            Err(Failure::command(format!("There is no HSM with the serial number {serial}.")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_login_state_is_not_taken_for_logged_out() {
        let hsm = |so_logged_in| hsm::Hsm { so_logged_in, ..hsm::Hsm::default() };
        assert!(require_so(&hsm(Some(true))).is_ok());
        assert!(require_so(&hsm(None)).is_ok());
        assert!(require_so(&hsm(Some(false))).is_err());
    }
}
