//! `hsm`: the HSM inside the appliance. Here: the menu, and what its commands share.
//!
//! `access.rs` has initialization, login and password, `show.rs` the overview, `reset.rs` what
//! erases or restarts, `upkeep.rs` tests, licences and support; each menu below has its own file.

pub(super) mod access;
pub(super) mod firmware;
pub(super) mod fm;
pub(super) mod information;
pub(super) mod ped;
pub(super) mod policies;
pub(super) mod reset;
pub(super) mod show;
pub(super) mod stc;
pub(super) mod stm;
pub(super) mod tamper;
pub(super) mod upkeep;

use luna_rest::hsm;
use luna_shell::Code;

use crate::prelude::*;

/// The identifier of a refusal for want of the HSM SO.
const SO_LOGIN: &str = "APPLIANCE_REQUIRE_SO_LOGIN";

pub(super) const MENUS: &[Menu] = &[
    Menu { path: "hsm", help: "The HSM inside the appliance" },
    Menu { path: "hsm time", help: "Clock of the HSM" },
    Menu { path: "hsm update", help: "Capability upgrades" },
];

/// A success that the product frames with more empty lines than its own shell does.
#[derive(Serialize)]
struct Spaced {
    done: &'static str,
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
fn state(session: &Session) -> Result<hsm::Hsm, Failure> {
    Ok(session.client().get(&hsm::SHOW, &[session.hsm()?])?)
}

/// Goes on with the HSM SO logged in, or with an HSM that has none: nobody is asked to confirm what
/// would be refused. Where the appliance does not tell, it will refuse by itself.
fn require_so(hsm: &hsm::Hsm) -> Result<(), Failure> {
    if hsm.so_logged_in != Some(false) || hsm.zeroized || hsm.secure_transport_mode {
        return Ok(());
    }
    // As the appliance would say it.
    let mut failure = Failure::command("The HSM SO must be logged in.");
    failure.code = Some(Code { number: None, name: SO_LOGIN.into() });
    Err(failure.hint("'hsm login' logs the HSM SO in"))
}

/// The product's words for refusals that the HSM's commands share.
fn refused(error: luna_rest::Error) -> Failure {
    match error.id() {
        Some(hsm::WRONG_PASSWORD) => {
            Failure::command("The password is not correct.").code(0xA0_0000, hsm::WRONG_PASSWORD)
        }
        // Recorded: two blanks more than elsewhere, and a result line of success.
        Some(hsm::ZEROIZED_BY_FAILURES) => {
            Failure::command("  The HSM is in the factory reset (zeroized) state.")
                .code(0x30_000F, hsm::ZEROIZED_BY_FAILURES)
                .reported_as_success()
        }
        Some(SO_LOGIN) => Failure::from(error).hint("'hsm login' logs the HSM SO in"),
        Some(hsm::NOT_INITIALIZED) => {
            Failure::from(error).hint("'hsm init -label LABEL' gives it a label and an HSM SO")
        }
        Some(hsm::IN_TRANSPORT) => {
            Failure::from(error).hint("'hsm stm recover' ends Secure Transport Mode")
        }
        _ => error.into(),
    }
}

/// Asks for `proceed` unless it was forced: a caution, then what to type.
fn caution(session: &mut Session, force: bool, text: &str) -> Result<(), Failure> {
    if force { Ok(()) } else { session.ui().confirm(text, "-force") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_not_told_of_a_login_is_not_taken_for_logged_out() {
        let told = |so_logged_in| hsm::Hsm { so_logged_in, ..hsm::Hsm::default() };
        assert!(require_so(&told(Some(true))).is_ok());
        assert!(require_so(&told(None)).is_ok());
        assert!(require_so(&told(Some(false))).is_err());
    }
}
