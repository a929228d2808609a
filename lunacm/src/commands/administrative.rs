//! What the commands of administrative slots share: the HSM behind the slot, who must be logged in, the
//! question before what destroys something.

use luna_rest::hsm;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

use crate::prelude::*;

/// What the HSM of the current slot says of itself.
pub(super) fn state(session: &Session) -> Result<hsm::Hsm, Failure> {
    let (client, serial) = session.backup_hsm()?;
    Ok(client.get(&hsm::SHOW, &[serial])?)
}

/// Goes on with the SO logged in to an administrative slot.
pub(super) fn require_so(session: &Session) -> Result<(), Failure> {
    session.backup_hsm()?;
    session.require(&[PartitionRole::So])
}

/// The same where the HSM has an SO who can log in: not while it is zeroized or in Secure Transport Mode.
pub(super) fn require_so_if_any(session: &Session) -> Result<hsm::Hsm, Failure> {
    let hsm = state(session)?;
    if !hsm.zeroized && !hsm.secure_transport_mode {
        require_so(session)?;
    }
    Ok(hsm)
}

/// Asks whether to go on with what is said of it; `destroyed` is a sentence of its own.
pub(super) fn sure(
    session: &mut Session,
    force: bool,
    about: &str,
    destroyed: Option<&str>,
) -> Result<(), Failure> {
    if force {
        return Ok(());
    }
    let destroyed = destroyed.map_or(String::new(), |text| format!("        {text}\n\n"));
    let text = format!(
        "        You are about to {about}.\n{destroyed}        Are you sure you wish to continue?"
    );
    session.confirm(&text, "-force")
}

/// After what ended the login: forgets it, and looks at the HSM again.
pub(super) fn forget_login(session: &mut Session) -> Result<(), Failure> {
    session.logged_in(None);
    session.refresh_slot()
}

/// `Wed Nov 27 20:20:21 UTC 2024`; a time that is written another way stays as it is.
pub(super) fn date(rfc3339: &str) -> String {
    let format = format_description!(
        "[weekday repr:short] [month repr:short] [day padding:space] [hour]:[minute]:[second] UTC [year]"
    );
    let time = OffsetDateTime::parse(rfc3339, &Rfc3339).ok();
    time.and_then(|time| time.format(&format).ok()).unwrap_or_else(|| rfc3339.to_owned())
}

/// Seconds between two times, where both are understood.
pub(super) fn seconds_between(one: &str, other: &str) -> Option<u64> {
    let time = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok();
    Some((time(one)? - time(other)?).whole_seconds().unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shown_as_the_product_shows_them() {
        assert_eq!(date("2024-11-27T20:20:21Z"), "Wed Nov 27 20:20:21 UTC 2024");
        assert_eq!(date("2024-11-07T20:20:21Z"), "Thu Nov  7 20:20:21 UTC 2024");
        assert_eq!(date("soon"), "soon");
        assert_eq!(seconds_between("2024-11-27T20:20:21Z", "2024-11-27T20:20:26Z"), Some(5));
        assert_eq!(seconds_between("2024-11-27T20:20:21Z", ""), None);
    }
}
