//! Passwords of appliance accounts, which the product asks for in a dialog of its own, and cloning
//! domains.

use luna_rest::Secret;
use luna_rest::users::{ACT, PASSWORD_RULES, UserAction};
use luna_shell::{Failure, Question};

use crate::refusals::refused_value;
use crate::session::Session;

/// What the product prints once a password is set.
pub(crate) const UPDATED: &str = "passwd: all authentication tokens updated successfully.";

/// The variable of one's own new password.
pub(crate) const OWN: &str = "NEW_PASSWORD";
/// The variable of another account's new password.
pub(crate) const OTHERS: &str = "USER_PASSWORD";

/// What the product prints before it asks for a new password.
pub(crate) fn rules(user: &str, minimum: u32) -> String {
    format!(
        "Changing password for user {user}.\n\
         \n\
         You can now choose the new password.\n\
         \n\
         The password must be at least {minimum} characters long.\n\
         The password must contain characters from at least 3 of the following 4 categories:\n\
         \x20   - Uppercase letters (A through Z)\n\
         \x20   - Lowercase letters (a through z)\n\
         \x20   - Numbers (0 through 9)\n\
         \x20   - Non-alphanumeric characters (such as !, $, #, %)\n\
         \n"
    )
}

/// The shortest password that is allowed; the default where only an administrator may ask.
pub(crate) fn minimum(session: &Session) -> u32 {
    let rules = session.client().get(&PASSWORD_RULES, &[]).ok();
    rules.map(|rules| rules.minimum_length).filter(|length| *length > 0).unwrap_or(8)
}

/// Shows the rules and takes the new password of `user`, twice.
pub(crate) fn choose(session: &mut Session, user: &str, minimum: u32) -> Result<Secret, Failure> {
    let variable = if user == session.connection().user { OWN } else { OTHERS };
    session.ui().show(&rules(user, minimum));
    ask(session, variable)
}

/// Takes a new password, twice.
pub(crate) fn ask(session: &mut Session, variable: &str) -> Result<Secret, Failure> {
    let question = Question {
        text: "New password:",
        again: Some("Retype new password:"),
        variable,
        option: "",
    };
    session.ui().hidden_secret(question)
}

/// Sets the password of an account. One's own needs the present one, with which this session was
/// opened.
pub(crate) fn set(session: &mut Session, user: &str, new: &Secret) -> Result<(), Failure> {
    let own = user == session.connection().user;
    let current_password = if own { session.connection().password() } else { None };
    let body = UserAction { password: Some(new.clone()), current_password };
    session.client().call(&ACT, &[user, "changePassword"], &body).map_err(refused_value)?;
    if own {
        session.connection_mut().password_changed(new.expose().into());
    }
    Ok(())
}

/// Refuses a cloning domain beside the request for the default one.
pub(crate) fn one_domain(given: Option<&Secret>, default: bool) -> Result<(), Failure> {
    if given.is_some() && default {
        return Err(Failure::command("-domain and -defaultdomain exclude each other."));
    }
    Ok(())
}
