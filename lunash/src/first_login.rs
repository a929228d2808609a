//! The login of an account whose password is temporary or has expired: it has to be changed before
//! anything else.

use luna_rest::{Error, ErrorId};
use luna_shell::{Failure, Format, Kind, Options};

use crate::passwords;
use crate::session::{self, Session};

/// The banner without the version: the appliance names it only after the change, unless it has started this
/// shell itself.
fn banner(options: &Options) -> String {
    match &options.login_shell {
        Some(style) => format!("\n{}", session::banner(&style.version)),
        None => session::banner("").replace(" v.", "."),
    }
}

const NOTICE: &str = "\
*****************************************************
**                                                 **
**   For security purposes, you must change your   **
**   password.                                     **
**                                                 **
**   Please ensure you store your new password     **
**   in a secure location.                         **
**                                                 **
**               DO NOT LOSE IT!                   **
**                                                 **
*****************************************************
";

/// How often a person may choose again when the appliance refuses a password.
const ATTEMPTS: u32 = 3;

/// Whether a call was refused because the account has to change its password first.
pub(crate) fn is_due<A>(answer: &Result<A, Error>) -> bool {
    let id = answer.as_ref().err().and_then(Error::id);
    id == Some(ErrorId::FRAMEWORK_PASSWORD_CHANGE_REQUIRED)
}

/// Leads through the change. A script gives the new password in advance: its input is commands,
/// never passwords.
pub(crate) fn run(session: &mut Session, options: &Options) -> Result<(), Failure> {
    let user = session.connection().user.clone();
    let given = session.ui().preset_secret(passwords::OWN)?;
    let attended = session.ui().attended();
    if given.is_none() && !attended {
        let message = format!(
            "'{user}' must change the password before anything else: it is temporary or has expired."
        );
        return Err(Failure::refused(message).hint(match options.login_shell {
            // No variable of the environment comes this way.
            Some(_) => "log in at a terminal, with 'ssh -t' and no command",
            None => {
                "give the new one in LUNA_NEW_PASSWORD, LUNA_NEW_PASSWORD_FILE or \
                 LUNA_NEW_PASSWORD_FD"
            }
        }));
    }
    // What a program reads must hold nothing but the output of commands.
    let silent = options.output == Format::Json || options.quiet || options.one_shot();
    if silent && given.is_some() {
        let new = passwords::ask(session, passwords::OWN)?;
        passwords::set(session, &user, &new)?;
        session.ui().note(format!("note: the password of '{user}' had to be changed, and was"));
        return Ok(());
    }
    session.ui().welcome(&banner(options));
    let rules = passwords::rules(&user, 8);
    session.ui().show(&format!("\n\n{NOTICE}\n{rules}"));
    let mut left = if given.is_some() { 1 } else { ATTEMPTS };
    loop {
        left -= 1;
        let chosen = passwords::ask(session, passwords::OWN)
            .and_then(|new| passwords::set(session, &user, &new));
        match chosen {
            Ok(()) => break,
            Err(failure) if left > 0 && may_try_again(&failure) => {
                session.ui().show(&format!("{}\n\n", failure.message));
            }
            Err(failure) => return Err(failure),
        }
    }
    session.ui().show(&format!("{}\nPassword change successful.\n", passwords::UPDATED));
    Ok(())
}

/// A refused password, or two different entries; not a person who gave up.
fn may_try_again(failure: &Failure) -> bool {
    failure.kind == Kind::Command && !failure.is_cancelled()
}
