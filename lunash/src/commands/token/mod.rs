//! `token backup`: Backup HSMs at the USB ports of the appliance. This file has the menus, and what
//! the commands share with `partition backup` and `partition restore`.
//!
//! `device.rs` deals with a Backup HSM itself, `partitions.rs` with the backups on it, `update.rs`
//! with its firmware and licences.

pub(super) mod device;
pub(super) mod partitions;
pub(super) mod update;

use luna_rest::tokens::{self, Token};
use luna_shell::Counter;

use crate::prelude::*;
use crate::questions::{last_attempt, unknown_attempts};

pub(super) const MENUS: &[Menu] = &[
    Menu { path: "token", help: "Backup HSMs at the appliance" },
    Menu { path: "token backup", help: "Backup HSMs at the USB ports of the appliance" },
    Menu { path: "token backup partition", help: "Backups on a Backup HSM" },
    Menu { path: "token backup update", help: "Firmware and licences of a Backup HSM" },
];

/// The serial number that was typed, or that of the one Backup HSM there is: scripts of older releases
/// name none.
pub(super) fn named_or_only(
    session: &mut Session,
    typed: Option<String>,
) -> Result<String, Failure> {
    if let Some(typed) = typed {
        return Ok(typed);
    }
    let mut found = session.get(&tokens::LIST, &[])?.tokens;
    match (found.pop(), found.is_empty()) {
        (Some(only), true) => {
            let serial = only.serial;
            session.ui().note(format!("note: -serial {serial}: the one backup HSM there is"));
            Ok(serial)
        }
        (found, _) => Err(Failure::command(match found {
            None => "No backup HSM is attached.",
            Some(_) => "Several backup HSMs are attached.",
        })
        .hint("name one with -serial; 'token backup list' shows them")),
    }
}

/// The Backup HSM of this serial number.
pub(super) fn find(session: &Session, serial: &str) -> Result<Token, Failure> {
    session.get(&tokens::SHOW, &[serial])
}

/// The same, if it is initialized.
pub(super) fn ready(session: &Session, serial: &str) -> Result<Token, Failure> {
    let token = find(session, serial)?;
    if token.initialized {
        return Ok(token);
    }
    Err(Failure::command(format!("The backup HSM {serial} is not initialized."))
        .hint("'token backup init' initializes it"))
}

fn no_so() -> Failure {
    Failure::command("The SO of the backup HSM must be logged in.")
}

const LAST: &str = "This is your LAST available login attempt of the SO. If the
\
                    wrong password is provided the backup HSM will be ZEROIZED!!!
";

/// The password of a Backup HSM's SO, and the attempt that it takes, as of the HSM inside. `lead` comes
/// before the question.
pub(super) fn so_password(
    session: &mut Session,
    token: &Token,
    given: Option<Secret>,
    (lead, option): (&str, &str),
) -> Result<(Secret, Attempt<Session>), Failure> {
    let serial = token.serial.clone();
    let counter = Counter {
        id: format!("token {serial} so"),
        last: last_attempt(LAST),
        unknown: unknown_attempts(),
        left: Box::new(move |session: &Session| Ok(find(session, &serial)?.so_logins_left)),
    };
    let attempt = Attempt::begin(session, counter, token.so_logins_left)?;
    let password = session.ui().secret(
        given,
        Question {
            text: &format!("{lead}  Please enter Token Administrator's password:\n  > "),
            again: None,
            variable: "BACKUP_SO_PASSWORD",
            option,
        },
    )?;
    Ok((password, attempt))
}
