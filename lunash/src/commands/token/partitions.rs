//! `token backup partition list`, `show`, `delete`: the backups on a Backup HSM.

use luna_rest::tokens::{self, BackupPartition};

use super::{ready, so_password};
use crate::prelude::*;

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "token backup partition delete -partition|-p <backup_name> -serial|-s <serialnum> [-tokensopwd|-t <password>] [-force|-f]",
        help: "Delete a backup from a Backup HSM",
        options: &[
            ("-partition", "Name of the backup"),
            ("-serial", "Serial number of the Backup HSM"),
            ("-tokensopwd", "Password of its SO; not needed while it is logged in"),
        ],
        roles: Role::OPERATOR,
        rest: &[
            tokens::SHOW.resource(),
            tokens::BACKUPS.resource(),
            tokens::LOGIN.resource(),
            tokens::LOGOUT.resource(),
            tokens::DELETE_BACKUP.resource(),
        ],
        known: Known::Assumed("named in a guide only; question as that of partition delete"),
        run: call::<Delete>(),
    },
    Command {
        syntax: "token backup partition list -serial|-s <serialnum>",
        help: "List the backups on a Backup HSM",
        options: &[("-serial", "Serial number of the Backup HSM")],
        roles: Role::MONITOR,
        rest: &[tokens::BACKUPS.resource()],
        known: Known::Assumed("named in the cluster guide; lines as those of hsm show"),
        run: call::<List>(),
    },
    Command {
        syntax: "token backup partition show -partition|-p <backup_name> -serial|-s <serialnum>",
        help: "Show a backup on a Backup HSM",
        options: &[
            ("-partition", "Name of the backup"),
            ("-serial", "Serial number of the Backup HSM"),
        ],
        roles: Role::MONITOR,
        rest: &[tokens::BACKUPS.resource()],
        known: Known::Assumed("known by name only; lines as those of partition show"),
        run: call::<Show>(),
    },
];

/// The backup of that name, if there is one.
pub(in super::super) fn backup(
    session: &Session,
    serial: &str,
    name: &str,
) -> Result<Option<BackupPartition>, Failure> {
    let backups = session.get(&tokens::BACKUPS, &[serial])?.partitions;
    Ok(backups.into_iter().find(|backup| backup.name == name))
}

/// The same, where there has to be one.
pub(in super::super) fn existing(
    session: &Session,
    serial: &str,
    name: &str,
) -> Result<BackupPartition, Failure> {
    backup(session, serial, name)?.ok_or_else(|| {
        Failure::command(format!("There is no backup '{name}' on the backup HSM {serial}."))
            .hint("'token backup partition list' shows the backups")
    })
}

/// A backup.
#[derive(Serialize)]
struct Shown {
    name: String,
    serial: String,
    version: u8,
    objects: u64,
    smk: bool,
    storage_used: u64,
    login_attempts_left: Option<u32>,
}

impl From<BackupPartition> for Shown {
    fn from(backup: BackupPartition) -> Shown {
        Shown {
            name: backup.name,
            serial: backup.id,
            version: backup.version,
            objects: backup.object_count,
            smk: backup.smk,
            storage_used: backup.used_storage_space,
            login_attempts_left: backup.login_attempts_left,
        }
    }
}

/// The backups on a Backup HSM.
#[derive(Serialize)]
struct Listed {
    partitions: Vec<Shown>,
}

#[derive(Deserialize)]
struct List {
    serial: String,
}

impl Run<Session> for List {
    type View = Listed;

    fn run(self, session: &mut Session) -> Result<Listed, Failure> {
        let ids = [self.serial.as_str()];
        let partitions = session.get(&tokens::BACKUPS, &ids)?.partitions;
        Ok(Listed { partitions: partitions.into_iter().map(Shown::from).collect() })
    }
}

impl Text for Listed {
    fn write(&self, page: &mut Page) {
        if self.partitions.is_empty() {
            page.line("   There are no partitions.");
        }
        for partition in &self.partitions {
            page.line(format!("   Partition: {},     Name: {}", partition.serial, partition.name));
        }
    }
}

#[derive(Deserialize)]
struct Show {
    partition: String,
    serial: String,
}

impl Run<Session> for Show {
    type View = Shown;

    fn run(self, session: &mut Session) -> Result<Shown, Failure> {
        Ok(existing(session, &self.serial, &self.partition)?.into())
    }
}

impl Text for Shown {
    fn write(&self, page: &mut Page) {
        let mut line = |label: &str, value: &dyn std::fmt::Display| {
            page.field(&format!("   {label}:"), 46, value);
        };
        line("Partition Name", &self.name);
        line("Partition SN", &self.serial);
        line("Partition Version", &self.version);
        let left = self.login_attempts_left;
        let locked = match left {
            Some(0) => "yes",
            Some(_) => "no",
            None => "Unknown",
        };
        line("Crypto Officer Locked Out", &locked);
        line("SKS Master Key", &if self.smk { "yes" } else { "no" });
        line("Partition Object Count", &self.objects);
        line("Space In Use (Bytes)", &self.storage_used);
    }
}

#[derive(Deserialize)]
struct Delete {
    partition: String,
    serial: String,
    tokensopwd: Option<Secret>,
    force: bool,
}

impl Run<Session> for Delete {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let token = ready(session, &self.serial)?;
        let backup = existing(session, &self.serial, &self.partition)?;
        let mut login = None;
        if !token.so_logged_in {
            login = Some(so_password(session, &token, self.tokensopwd, "-tokensopwd")?);
            if session.ui().has_output() {
                session.ui().show("\n");
            }
        }
        session.confirm_deletion(self.force, ("the partition", "partition"), &self.partition)?;
        let serial = [self.serial.as_str()];
        let ids = [serial[0], &backup.id];
        let was_in = login.is_none();
        if let Some((password, attempt)) = login {
            let login = tokens::TokenLogin { password };
            attempt.spend(session, |session| session.call(&tokens::LOGIN, &serial, &login))?;
        }
        let deleted = session.call(&tokens::DELETE_BACKUP, &ids, &Nothing {});
        let out = if was_in {
            Ok(Nothing {})
        } else {
            session.call(&tokens::LOGOUT, &serial, &Nothing {})
        };
        deleted?;
        out?;
        Ok(Done { done: "token backup partition delete" })
    }
}
