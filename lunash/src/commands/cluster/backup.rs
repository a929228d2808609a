//! `cluster backup`: backups of the cluster into files of the primary member, now or by schedule.

use luna_rest::clusters::{self, Backup, BackupState};

use super::{CLUSTER, GUIDE, GUIDE_SHOWN, close_questions, cluster, refused};

use crate::prelude::*;

pub(in super::super) const MENUS: &[Menu] =
    &[Menu { path: "cluster backup", help: "Backups of the cluster" }];

const PASSWORD: (&str, &str) = ("-backuppassword", "Password that a restore will need");

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "cluster backup config [-clusterid|-c <cluster_id>] -filename|-f <backup_name> -number|-n <number:1-15> -time|-t <time>",
        help: "Set when scheduled backups are made, and how many are kept",
        options: &[
            CLUSTER,
            ("-filename", "What the names of the backups begin with"),
            ("-number", "How many backups are kept"),
            ("-time", "Weekly time as d:hh:mm, the day 0 for Sunday, 1 for Monday and so on"),
        ],
        roles: Role::ADMIN,
        rest: &[clusters::LIST.resource(), clusters::BACKUP.resource()],
        known: GUIDE,
        run: call::<Config>(),
    },
    Command {
        syntax: "cluster backup disable [-clusterid|-c <cluster_id>]",
        help: "Make no scheduled backups",
        options: &[CLUSTER],
        roles: Role::ADMIN,
        rest: &[clusters::LIST.resource(), clusters::BACKUP.resource()],
        known: GUIDE,
        run: call::<Disable>(),
    },
    Command {
        syntax: "cluster backup enable [-clusterid|-c <cluster_id>] [-backuppassword|-b <backup_password>]",
        help: "Make scheduled backups",
        options: &[CLUSTER, PASSWORD],
        roles: Role::ADMIN,
        rest: &[clusters::LIST.resource(), clusters::BACKUP.resource()],
        known: GUIDE,
        run: call::<Enable>(),
    },
    Command {
        syntax: "cluster backup run [-clusterid|-c <cluster_id>] -filename|-f <backup_name> [-backuppassword|-b <backup_password>]",
        help: "Back the cluster up now",
        options: &[
            CLUSTER,
            ("-filename", "Name of the backup; a backup of that name is overwritten"),
            PASSWORD,
        ],
        roles: Role::ADMIN,
        rest: &[clusters::LIST.resource(), clusters::BACKUP.resource()],
        known: GUIDE,
        run: call::<RunNow>(),
    },
    Command {
        syntax: "cluster backup show [-clusterid|-c <cluster_id>]",
        help: "Show the schedule of backups",
        options: &[CLUSTER],
        roles: Role::ADMIN,
        rest: &[clusters::LIST.resource(), clusters::BACKUP.resource()],
        known: GUIDE_SHOWN,
        run: call::<Show>(),
    },
];

fn send(session: &Session, cluster: &str, backup: &Backup) -> Result<BackupState, Failure> {
    session.client().call(&clusters::BACKUP, &[cluster], backup).map_err(refused)
}

/// What will open the backups again: given, or entered twice.
fn password(session: &mut Session, given: Option<Secret>) -> Result<Option<Secret>, Failure> {
    let password = session.ui().secret(
        given,
        Question {
            text: "  Please enter a password for the backup:\n  > ",
            again: Some("\n  Please re-enter password to confirm:\n  > "),
            variable: "BACKUP_PASSWORD",
            option: "-backuppassword",
        },
    )?;
    close_questions(session);
    Ok(Some(password))
}

/// Where the files lie, for whom they are not among the own ones.
fn note_owner(session: &mut Session) {
    if session.connection().user != OWNER {
        session.ui().note(format!("note: backups are among the files of the account {OWNER}"));
    }
}

/// Whose files the backups are, whoever makes them.
const OWNER: &str = "admin";

#[derive(Deserialize)]
struct Config {
    clusterid: Option<String>,
    filename: String,
    number: u32,
    time: String,
}

impl Run<Session> for Config {
    type View = Success;

    fn run(self, session: &mut Session) -> Result<Success, Failure> {
        let backup = Backup {
            action: "config".to_owned(),
            filename: Some(self.filename),
            total: Some(self.number),
            time: Some(self.time),
            ..Backup::default()
        };
        send(session, &cluster(session, self.clusterid)?, &backup)?;
        Ok(Success { done: "cluster backup config" })
    }
}

#[derive(Deserialize)]
struct Disable {
    clusterid: Option<String>,
}

impl Run<Session> for Disable {
    type View = Success;

    fn run(self, session: &mut Session) -> Result<Success, Failure> {
        let backup = Backup { action: "disable".to_owned(), ..Backup::default() };
        send(session, &cluster(session, self.clusterid)?, &backup)?;
        Ok(Success { done: "cluster backup disable" })
    }
}

#[derive(Deserialize)]
struct Enable {
    clusterid: Option<String>,
    backuppassword: Option<Secret>,
}

impl Run<Session> for Enable {
    type View = Success;

    fn run(self, session: &mut Session) -> Result<Success, Failure> {
        let cluster = cluster(session, self.clusterid)?;
        let password = password(session, self.backuppassword)?;
        let backup = Backup { action: "enable".to_owned(), password, ..Backup::default() };
        send(session, &cluster, &backup)?;
        note_owner(session);
        Ok(Success { done: "cluster backup enable" })
    }
}

#[derive(Deserialize)]
struct RunNow {
    clusterid: Option<String>,
    filename: String,
    backuppassword: Option<Secret>,
}

impl Run<Session> for RunNow {
    type View = Success;

    fn run(self, session: &mut Session) -> Result<Success, Failure> {
        let cluster = cluster(session, self.clusterid)?;
        let password = password(session, self.backuppassword)?;
        let filename = Some(self.filename);
        let backup = Backup { action: "run".to_owned(), filename, password, ..Backup::default() };
        send(session, &cluster, &backup)?;
        note_owner(session);
        Ok(Success { done: "cluster backup run" })
    }
}

#[derive(Deserialize)]
struct Show {
    clusterid: Option<String>,
}

/// The schedule of backups.
#[derive(Serialize)]
struct Schedule {
    enabled: bool,
    filename: String,
    number: u32,
    time: String,
    last: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    missed: String,
}

impl Run<Session> for Show {
    type View = Schedule;

    fn run(self, session: &mut Session) -> Result<Schedule, Failure> {
        let backup = Backup { action: "show".to_owned(), ..Backup::default() };
        let state = send(session, &cluster(session, self.clusterid)?, &backup)?;
        Ok(Schedule {
            enabled: state.enabled,
            filename: state.filename,
            number: state.total,
            time: state.time,
            last: state.last,
            missed: state.missed,
        })
    }
}

impl Text for Schedule {
    fn write(&self, page: &mut Page) {
        let enabled = if self.enabled { "enabled" } else { "disabled" };
        page.field("Scheduled backups:", 20, enabled);
        if self.filename.is_empty() {
            return page.line("No schedule has been configured.");
        }
        page.field("Filename:", 20, &self.filename);
        page.field("Backups kept:", 20, self.number);
        page.field("Time (d:hh:mm):", 20, &self.time);
        page.field("Last backup:", 20, if self.last.is_empty() { "none" } else { &self.last });
        if !self.missed.is_empty() {
            page.field("Missed backup:", 20, &self.missed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use luna_shell::View;

    #[test]
    fn a_schedule_is_shown_once_there_is_one() {
        let mut schedule = Schedule {
            enabled: false,
            filename: String::new(),
            number: 0,
            time: String::new(),
            last: String::new(),
            missed: String::new(),
        };
        assert_eq!(
            schedule.text(),
            "Scheduled backups:  disabled\nNo schedule has been configured.\n"
        );
        schedule.enabled = true;
        schedule.filename = "nightly".into();
        schedule.number = 5;
        schedule.time = "0:09:30".into();
        assert_eq!(
            schedule.text(),
            "\
Scheduled backups:  enabled
Filename:           nightly
Backups kept:       5
Time (d:hh:mm):     0:09:30
Last backup:        none
"
        );
        schedule.missed = "2025-01-02 09:30: the member was not authorized".into();
        assert!(
            schedule
                .text()
                .ends_with("Missed backup:      2025-01-02 09:30: the member was not authorized\n")
        );
    }
}
