//! `cluster restore`: keyrings back from a backup of the cluster.

use luna_rest::clusters::{self, Restore};

use super::{GUIDE, GUIDE_SHOWN, close_questions, refused};

use crate::prelude::*;

pub(in super::super) const MENUS: &[Menu] =
    &[Menu { path: "cluster restore", help: "Restore the cluster from a backup" }];

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "cluster restore run -filename|-f <filename> -type|-t {keyring} [-restorepassword|-r <backup_password>]",
        help: "Restore the keyrings that a backup holds",
        options: &[
            ("-filename", "Name of the backup"),
            ("-type", "What is restored"),
            ("-restorepassword", "Password that the backup was made with"),
        ],
        roles: Role::ADMIN,
        rest: &[clusters::RESTORE.resource()],
        known: GUIDE,
        run: call::<RunNow>(),
    },
    Command {
        syntax: "cluster restore show",
        help: "Show what the last restore did",
        options: &[],
        roles: Role::ADMIN,
        rest: &[clusters::RESTORE_STATE.resource()],
        known: GUIDE_SHOWN,
        run: call::<Show>(),
    },
];

#[derive(Deserialize)]
struct RunNow {
    filename: String,
    #[serde(rename = "type")]
    kind: String,
    restorepassword: Option<Secret>,
}

impl Run<Session> for RunNow {
    type View = Success;

    fn run(self, session: &mut Session) -> Result<Success, Failure> {
        let password = session.ui().secret(
            self.restorepassword,
            Question {
                text: "  Please enter the password of the backup:\n  > ",
                again: None,
                variable: "BACKUP_PASSWORD",
                option: "-restorepassword",
            },
        )?;
        close_questions(session);
        let body = Restore { filename: self.filename, password, kind: self.kind };
        session.client().call(&clusters::RESTORE, &[], &body).map_err(refused)?;
        Ok(Success { done: "cluster restore run" })
    }
}

#[derive(Deserialize)]
struct Show {}

/// The last restore.
#[derive(Serialize)]
struct Restored {
    state: String,
    filename: String,
    time: String,
    keyrings: usize,
    objects: usize,
}

impl Run<Session> for Show {
    type View = Restored;

    fn run(self, session: &mut Session) -> Result<Restored, Failure> {
        let shown = session.client().get(&clusters::RESTORE_STATE, &[]).map_err(refused)?;
        Ok(Restored {
            state: shown.state,
            filename: shown.filename,
            time: shown.time,
            keyrings: shown.keyrings,
            objects: shown.objects,
        })
    }
}

impl Text for Restored {
    fn write(&self, page: &mut Page) {
        if self.filename.is_empty() {
            return page.line("Nothing has been restored.");
        }
        page.field("Status:", 12, &self.state);
        page.field("Filename:", 12, &self.filename);
        page.field("Time:", 12, &self.time);
        page.field("Keyrings:", 12, self.keyrings);
        page.field("Objects:", 12, self.objects);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use luna_shell::View;

    #[test]
    fn a_restore_shows_what_it_restored() {
        let restored = Restored {
            state: "complete".into(),
            filename: "nightly".into(),
            time: "2026-03-02T09:00:00Z".into(),
            keyrings: 2,
            objects: 3,
        };
        assert_eq!(
            restored.text(),
            "\
Status:     complete
Filename:   nightly
Time:       2026-03-02T09:00:00Z
Keyrings:   2
Objects:    3
"
        );
    }
}
