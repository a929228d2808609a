//! What every rule of the HSM begins with: its id in a path, the count of requests; and how it is
//! zeroized.

use crate::core::message::Failure;
use crate::core::password::PasswordHash;
use crate::request::context::Context;
use crate::rules::partition::access::erase_all;
use crate::state::hsm::HsmRow;

/// A request to the HSM that changes something: the id in its path is checked, and it is counted.
pub(crate) fn begin<'c>(cx: &'c mut Context<'_>, hsm: &str) -> Result<&'c mut HsmRow, Failure> {
    check_id(cx, hsm)?;
    let row = cx.state.hsm.hsm.get_mut();
    row.counters.operation_requests += 1;
    Ok(row)
}

/// Goes on only with the id of this appliance's HSM.
pub(crate) fn check_id(cx: &Context<'_>, hsm: &str) -> Result<(), Failure> {
    if cx.state.hsm.hsm.get().serial.to_string() == hsm {
        return Ok(());
    }
    Err(Failure::new(404, "HSMPLUGIN_INVALID_HSM", "The HSM does not exist.")
        .details(format!("There is no HSM with the serial number {hsm}.")))
}

/// Erases everything that belongs to users: all partitions, the SO, label and domain. Policies,
/// functionality modules and tampers stay.
pub(crate) fn zeroize(cx: &mut Context<'_>) {
    erase_all(cx);
    log_out_everywhere(cx);
    cx.keys.clear();
    let row = cx.state.hsm.hsm.get_mut();
    *row = HsmRow {
        label: String::new(),
        initialized: false,
        so: PasswordHash::default(),
        so_failures: 0,
        domain: None,
        legacy_domain: None,
        auth_time_config: false,
        ..row.clone()
    };
}

/// Ends the SO's logins of all sessions.
pub(crate) fn log_out_everywhere(cx: &mut Context<'_>) {
    for session in cx.sessions.iter_mut() {
        session.hsm_logins.remove("so");
    }
}

/// Whether an SO password may be set: 8 to 255 characters of those that the vendor's pattern names.
pub(crate) fn check_password(password: &str) -> Result<(), Failure> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_!#$%'()*+,-./:=? @[]^{}~".contains(c);
    if (8..=255).contains(&password.len()) && password.chars().all(allowed) {
        return Ok(());
    }
    Err(Failure::bad_request(
        "A password has 8 to 255 letters, digits, blanks and characters of _!#$%'()*+,-./:=?@[]^{}~.",
    ))
}
