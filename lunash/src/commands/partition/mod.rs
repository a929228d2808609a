//! `partition`: application partitions, as far as the appliance manages them.
//!
//! The declarations are next to the code: `information.rs` shows, `life.rs` creates and
//! deletes, `roles.rs` deals with roles and their passwords, `policies.rs` with policies,
//! `backup.rs` and `sff.rs` with backups, `ties.rs` with older domains and identities. This file has
//! the menu and what they share.

mod backup;
mod information;
mod life;
mod policies;
mod roles;
mod sff;
mod ties;

use luna_rest::partitions;
use luna_shell::Counter;

use crate::prelude::*;
use crate::questions::{last_attempt, unknown_attempts};

pub(super) const MENUS: &[Menu] = &[
    Menu { path: "partition", help: "Application partitions" },
    Menu { path: "partition policyTemplate", help: "Templates of partition policies" },
    Menu { path: "partition sff", help: "Backups on a small form factor device" },
    Menu { path: "partition stcIdentity", help: "Identity for secure trusted channels" },
];

pub(super) const COMMANDS: &[Command] = &[
    roles::ACTIVATE,
    backup::BACKUP,
    policies::CHANGE_POLICY,
    roles::CHANGE_PW,
    life::CLEAR,
    life::CREATE,
    roles::CREATE_CHALLENGE,
    roles::DEACTIVATE,
    life::DELETE,
    roles::INIT,
    roles::INIT_CO,
    information::LIST,
    policies::IMPORT_TEMPLATE,
    life::RENAME,
    roles::RESET_PW,
    life::RESIZE,
    backup::RESTORE,
    ties::SET_LEGACY_DOMAIN,
    sff::SFF_BACKUP,
    sff::SFF_CLEAR,
    sff::SFF_LIST,
    sff::SFF_RESTORE,
    information::SHOW,
    information::SHOW_CONTENTS,
    policies::SHOW_POLICIES,
    ties::EXPORT_IDENTITY,
];

/// A role that a command logs in for its own time.
pub(super) struct Officer {
    id: &'static str,
    name: &'static str,
    question: &'static str,
    variable: &'static str,
}

/// The Partition SO. The words of its question are assumed, like those of the Crypto Officer's.
const PSO: Officer = Officer {
    id: "so",
    name: "Partition SO",
    question: "  Please enter the Partition SO's password:\n  > ",
    variable: "PO_PASSWORD",
};

/// The Crypto Officer.
pub(super) const CO: Officer = Officer {
    id: "co",
    name: "Crypto Officer",
    question: "  Please enter the Crypto Officer's password:\n  > ",
    variable: "CO_PASSWORD",
};

/// The Crypto User.
const CU: Officer = Officer {
    id: "cu",
    name: "Crypto User",
    question: "  Please enter the Crypto User's password:\n  > ",
    variable: "CU_PASSWORD",
};

impl Officer {
    /// An attempt of the role, so that the last one is not used by mistake.
    pub(super) fn attempt(
        &self,
        session: &mut Session,
        place: [&str; 2],
    ) -> Result<Attempt<Session>, Failure> {
        let (hsm, partition) = (place[0].to_owned(), place[1].to_owned());
        let (id, name) = (self.id, self.name);
        let loss =
            if self.id == "so" { "the partition is erased" } else { "the role is locked out" };
        let counter = Counter {
            id: format!("partition {hsm} {partition} {id}"),
            last: last_attempt(&format!(
                "You have only ONE {name} login attempt left. If it\nfails, {loss}."
            )),
            unknown: unknown_attempts(),
            left: Box::new(move |session: &Session| {
                let ids = [hsm.as_str(), partition.as_str(), id];
                Ok(session.get(&partitions::ROLE, &ids)?.attempts_left())
            }),
        };
        let left = (counter.left)(session)?;
        Attempt::begin(session, counter, left)
    }

    /// The role's present password: given with `option`, in advance, or asked for.
    pub(super) fn password(
        &self,
        session: &mut Session,
        given: Option<Secret>,
        option: &str,
    ) -> Result<Secret, Failure> {
        let lead = session.lead();
        let (text, variable) = (format!("{lead}{}", self.question), self.variable);
        session.ui().secret(given, Question { text: &text, again: None, variable, option })
    }

    /// Logs the role in, does the work, and logs it out again even if the work failed.
    fn during<T>(
        &self,
        session: &mut Session,
        place: [&str; 2],
        (password, attempt): (Secret, Attempt<Session>),
        work: impl FnOnce(&mut Session) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let login = partitions::Login::new(self.id, password);
        attempt.spend(session, |session| session.call(&partitions::LOGIN, &place, &login))?;
        let done = work(session);
        let out = session.call(&partitions::LOGOUT, &place, &Nothing {});
        let done = done?;
        out?;
        Ok(done)
    }
}

/// What a command knows about the partition it was given: its place in paths, and its state.
struct Target {
    hsm: String,
    shown: partitions::Partition,
}

impl Target {
    /// The partition called `name`.
    fn find(session: &Session, name: &str) -> Result<Target, Failure> {
        Ok(Target { hsm: session.hsm()?.to_owned(), shown: session.partition(name)? })
    }

    /// HSM and partition, as paths need them.
    fn place(&self) -> [&str; 2] {
        [&self.hsm, &self.shown.id]
    }

    /// Goes on only with an initialized partition.
    fn initialized(self) -> Result<Target, Failure> {
        if self.shown.is_initialized() {
            return Ok(self);
        }
        Err(Failure::command(format!("The partition '{}' is not initialized.", self.shown.name))
            .hint("'partition init' initializes it, or 'partition init' in lunacm"))
    }
}

/// After questions for passwords, an empty line goes before the rest of the output.
pub(super) fn close_questions(session: &mut Session) {
    if session.ui().has_output() {
        session.ui().show("\n");
    }
}
