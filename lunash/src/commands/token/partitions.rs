//! `token backup partition list`, `show`, `delete`: the backups on a Backup HSM.

use luna_rest::tokens::{self, BackupLogin, BackupObject, BackupPartition};

use luna_shell::Counter;

use super::{no_so, ready};
use crate::prelude::*;
use crate::questions::{caution, last_attempt, proceed, unknown_attempts};

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "token backup partition delete -partition|-p <backup_name> -serial|-s <serialnum> [-force|-f]",
        help: "Delete a backup from a Backup HSM",
        options: &[
            ("-partition", "Name of the backup"),
            ("-serial", "Serial number of the Backup HSM"),
        ],
        roles: Role::OPERATOR,
        rest: &[
            tokens::SHOW.resource(),
            tokens::BACKUPS.resource(),
            tokens::DELETE_BACKUP.resource(),
        ],
        known: Known::Documented("lunash/commands/token/token_backup_partition_delete.htm@7.2"),
        run: call::<Delete>(),
    },
    Command {
        syntax: "token backup partition list -serial|-s <serialnum>",
        help: "List the backups on a Backup HSM",
        options: &[("-serial", "Serial number of the Backup HSM")],
        roles: Role::MONITOR,
        rest: &[tokens::BACKUPS.resource()],
        known: Known::Documented("lunash/commands/token/token_backup_partition_list.htm@7.2"),
        run: call::<List>(),
    },
    Command {
        syntax: "token backup partition show -partition|-par <backup_name> -serial|-s <serialnum> [-password|-pas <password>]",
        help: "Show a backup on a Backup HSM, and its objects",
        options: &[
            ("-partition", "Name of the backup"),
            ("-serial", "Serial number of the Backup HSM"),
            ("-password", "Password of the backup"),
        ],
        roles: Role::MONITOR,
        rest: &[tokens::BACKUPS.resource(), tokens::OBJECTS.resource()],
        known: Known::Documented("lunash/commands/token/token_backup_partition_show.htm@7.2"),
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
    storage_total: u64,
    storage_used: u64,
    storage_free: u64,
    login_attempts_left: Option<u32>,
}

impl From<BackupPartition> for Shown {
    fn from(backup: BackupPartition) -> Shown {
        let (total, used) = (backup.total_storage_space, backup.used_storage_space);
        Shown {
            name: backup.name,
            serial: backup.id,
            version: backup.version,
            objects: backup.object_count,
            smk: backup.smk,
            storage_total: total,
            storage_used: used,
            storage_free: total.saturating_sub(used),
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
        page.blank();
        page.line(format!("{:54}Storage (bytes)", ""));
        page.line(format!("{:48}{}", "", "-".repeat(28)));
        page.line(" Partition    Name                     Objects     Total      Used      Free");
        page.line(format!(" {}", "=".repeat(75)));
        for shown in &self.partitions {
            let Shown { name, serial, objects, storage_total, storage_used, storage_free, .. } =
                shown;
            let numbers =
                format!("{objects:>9}{storage_total:>10}{storage_used:>10}{storage_free:>10}");
            page.field(&format!(" {serial}  {name}"), 37, numbers);
        }
        page.blank();
    }
}

#[derive(Deserialize)]
struct Show {
    partition: String,
    serial: String,
    password: Option<Secret>,
}

/// A backup with its objects.
#[derive(Serialize)]
struct Contents {
    #[serde(flatten)]
    shown: Shown,
    contents: Vec<Object>,
}

#[derive(Serialize)]
struct Object {
    label: String,
    #[serde(rename = "type")]
    kind: String,
    handle: u32,
}

impl Run<Session> for Show {
    type View = Contents;

    fn run(self, session: &mut Session) -> Result<Contents, Failure> {
        let backup = existing(session, &self.serial, &self.partition)?;
        let attempt = attempt(session, &self.serial, &backup)?;
        let password = session.ui().secret(
            self.password,
            Question {
                text: "\n  Please enter the user password for the token:\n  > ",
                again: None,
                variable: "BACKUP_PASSWORD",
                option: "-password",
            },
        )?;
        if session.ui().has_output() {
            session.ui().show("\n");
        }
        let login = BackupLogin { password };
        let ids = [self.serial.as_str(), &backup.id];
        let found =
            attempt.spend(session, |session| session.call(&tokens::OBJECTS, &ids, &login))?;
        let object = |found: BackupObject| Object {
            label: found.label,
            kind: found.kind,
            handle: found.handle,
        };
        Ok(Contents {
            shown: backup.into(),
            contents: found.objects.into_iter().map(object).collect(),
        })
    }
}

/// An attempt at the password of a backup.
pub(in super::super) fn attempt(
    session: &mut Session,
    serial: &str,
    backup: &BackupPartition,
) -> Result<Attempt<Session>, Failure> {
    let (serial, name) = (serial.to_owned(), backup.name.clone());
    let counter = Counter {
        id: format!("backup {serial} {}", backup.id),
        last: last_attempt(
            "You have only ONE login attempt of the backup left. If it\n\
             fails, the backup is locked.",
        ),
        unknown: unknown_attempts(),
        left: Box::new(move |session: &Session| {
            Ok(existing(session, &serial, &name)?.login_attempts_left)
        }),
    };
    Attempt::begin(session, counter, backup.login_attempts_left)
}

/// The label of a backup is its name. The line of an SKS master key is assumed.
impl Text for Contents {
    fn write(&self, page: &mut Page) {
        let Shown { name, serial, smk, objects, .. } = &self.shown;
        page.blank();
        page.field("   Partition Name:", 46, name);
        page.field("   Partition SN:", 46, serial);
        page.field("   Partition Label:", 46, name);
        let Shown { storage_total, storage_used, storage_free, .. } = &self.shown;
        page.line(format!(
            "   Storage (Bytes): Total={storage_total}, Used={storage_used}, Free={storage_free}"
        ));
        page.field("   Number objects:  ", 0, objects);
        if *smk {
            page.line("   SKS Master Key:  yes");
        }
        for object in &self.contents {
            page.blank();
            page.field("   Object Label:  ", 0, &object.label);
            page.field("   Object Type:   ", 0, &object.kind);
            page.field("   Object Handle: ", 0, object.handle);
        }
        page.blank();
    }
}

#[derive(Deserialize)]
struct Delete {
    partition: String,
    serial: String,
    force: bool,
}

impl Run<Session> for Delete {
    type View = Told;

    fn run(self, session: &mut Session) -> Result<Told, Failure> {
        if !ready(session, &self.serial)?.so_logged_in {
            return Err(no_so().hint("'token backup login' logs it in"));
        }
        let backup = existing(session, &self.serial, &self.partition)?;
        let lines =
            format!("Are you sure you wish to delete the partition named:\n  {}", self.partition);
        let question = caution(&lines, &proceed("delete the partition"));
        session.confirm(self.force, &format!("\n{question}"))?;
        session.call(&tokens::DELETE_BACKUP, &[&self.serial, &backup.id], &Nothing {})?;
        Ok(Told::new(
            "token backup partition delete",
            "'token backup partition delete' successful.\n",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use luna_shell::View;

    fn shown(id: &str, name: &str, objects: u64, total: u64, used: u64) -> Shown {
        Shown::from(BackupPartition {
            id: id.to_owned(),
            name: name.to_owned(),
            object_count: objects,
            total_storage_space: total,
            used_storage_space: used,
            ..BackupPartition::default()
        })
    }

    /// From the product's page of `token backup partition list`.
    #[test]
    fn backups_are_listed_in_the_layout_of_the_product() {
        let partitions = vec![
            shown("496771005", "sa78par1backup", 6, 9480, 9348),
            shown("496771010", "sa78par2backup", 12, 18_960, 18_696),
        ];
        assert_eq!(
            Listed { partitions }.text(),
            "
                                                      Storage (bytes)
                                                ----------------------------
 Partition    Name                     Objects     Total      Used      Free
 ===========================================================================
 496771005  sa78par1backup                   6      9480      9348       132
 496771010  sa78par2backup                  12     18960     18696       264

"
        );
    }

    /// From the product's page of `token backup partition show`, with one of its six objects.
    #[test]
    fn a_backup_is_shown_in_the_layout_of_the_product() {
        let object = Object {
            label: "MT RSA 4096-bit Public KeyGen".to_owned(),
            kind: "Public Key".to_owned(),
            handle: 14,
        };
        let contents = Contents {
            shown: shown("496771005", "sa78par1backup", 6, 9480, 9348),
            contents: vec![object],
        };
        assert_eq!(
            contents.text(),
            "
   Partition Name:                            sa78par1backup
   Partition SN:                              496771005
   Partition Label:                           sa78par1backup
   Storage (Bytes): Total=9480, Used=9348, Free=132
   Number objects:  6

   Object Label:  MT RSA 4096-bit Public KeyGen
   Object Type:   Public Key
   Object Handle: 14

"
        );
    }
}
