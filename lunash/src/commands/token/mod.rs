//! `token backup`: Backup HSMs at the USB ports of the appliance. Here: the menus, and what the
//! commands share with `partition backup` and `partition restore`.
//!
//! `device.rs` deals with a Backup HSM itself, `partitions.rs` with the backups on it, `update.rs`
//! with its firmware and licences.

pub(super) mod device;
pub(super) mod partitions;
pub(super) mod update;

use luna_rest::partitions::refusal::WRONG_PASSWORD;
use luna_rest::tokens::{self, Token, refusal};

use crate::prelude::*;

pub(super) const MENUS: &[Menu] = &[
    Menu { path: "token", help: "Backup HSMs at the appliance" },
    Menu { path: "token backup", help: "Backup HSMs at the USB ports of the appliance" },
    Menu { path: "token backup partition", help: "Backups on a Backup HSM" },
    Menu { path: "token backup update", help: "Firmware and licences of a Backup HSM" },
];

/// The Backup HSM of this serial number.
pub(super) fn find(session: &Session, serial: &str) -> Result<Token, Failure> {
    session.client().get(&tokens::SHOW, &[serial]).map_err(refused)
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

const LAST: &str = "\
Caution:  This is your LAST available login attempt of the SO. If the
          wrong password is provided the backup HSM will be ZEROIZED!!!

          Type 'proceed' to log in, or 'quit'
          to quit now.
          > ";

/// The password of a Backup HSM's SO, guarded as that of the HSM inside.
pub(super) fn so_password(
    session: &mut Session,
    token: &Token,
    given: Option<Secret>,
    option: &str,
) -> Result<Secret, Failure> {
    session.ui().guard_attempts(token.so_logins_left, LAST)?;
    let lead = if session.ui().has_output() { "\n" } else { "" };
    session.ui().secret(
        given,
        Question {
            text: &format!("{lead}  Please enter the password of the backup HSM's SO:\n  > "),
            again: None,
            variable: "BACKUP_SO_PASSWORD",
            option,
        },
    )
}

/// What to do next.
pub(super) fn refused(error: luna_rest::Error) -> Failure {
    let id = error.id().unwrap_or_default().to_owned();
    let failure = Failure::from(error);
    match id.as_str() {
        WRONG_PASSWORD => failure.code(0x00A0_0000, "LUNA_RET_UM_PIN_INCORRECT"),
        refusal::NOT_ATTACHED => failure.hint(
            "'token backup list' shows the attached ones; 'luna-appliance attach-backup-hsm' \
             attaches one to an emulated appliance",
        ),
        refusal::NOT_INITIALIZED => failure.hint("'token backup init' initializes it"),
        refusal::NOT_LOGGED_IN => failure.hint("'token backup login' logs it in"),
        refusal::INVALID_BACKUP => failure.hint("'token backup partition list' shows the backups"),
        _ => failure,
    }
}
