//! `partition backup`, `restore`, `sff`, `setLegacyDomain`, `stcIdentity`: what leaves a partition
//! or comes from elsewhere.

use luna_rest::hsm;
use luna_rest::partitions::{self, CopyObjects, LegacyDomain};
use luna_rest::tokens::{self, BackupPartition, Copied};
use luna_shell::Counter;

use super::super::token::{self, device::DEFAULT_DOMAIN, partitions as backups};
use super::{CO, Target, close_questions};
use crate::passwords::one_domain;
use crate::prelude::*;
use crate::questions::{caution, last_attempt, proceed, proceed_or, unknown_attempts};

pub(super) const BACKUP: Command = Command {
    syntax: "partition backup -partition|-par <partition_name> -serial <serial> [-tokenpar <backup_name>] [-password <password>] [-tokensopwd <token_password>] [-domain <domain>] [-defaultdomain] [-tokenpw <token_password>] [-add | -replace] [-force]",
    help: "Copy a partition to a backup HSM",
    options: &[
        ("-serial", "Serial number of the backup HSM"),
        ("-tokenpar", "Name of the backup; the partition's and the date without it"),
        ("-password", "Password of the Crypto Officer"),
        ("-tokensopwd", "Password of the backup HSM's SO"),
        ("-domain", "Cloning domain of a new backup, the same as the partition's"),
        ("-defaultdomain", "The default cloning domain"),
        ("-tokenpw", "Password of the backup"),
        ("-add", "Keep what is in the backup"),
        ("-replace", "Erase what is in the backup"),
    ],
    roles: Role::OPERATOR,
    rest: &[
        partitions::LIST.resource(),
        partitions::SHOW.resource(),
        partitions::ROLE.resource(),
        hsm::TIME.resource(),
        tokens::SHOW.resource(),
        tokens::BACKUPS.resource(),
        partitions::LOGIN.resource(),
        partitions::LOGOUT.resource(),
        tokens::BACKUP.resource(),
    ],
    known: Known::Documented(
        "lunash/commands/partition/partition_backup.htm@10.1, and the cluster guide for what is \
         asked; the words are assumed",
    ),
    run: call::<Backup>(),
};

pub(super) const RESTORE: Command = Command {
    syntax: "partition restore -partition|-par <partition_name> -serial <serial> -tokenpar <backup_name> [-password <password>] [-tokenpw <token_password>] {-add | -replace} [-force]",
    help: "Copy a backup from a backup HSM into a partition",
    options: &[
        ("-serial", "Serial number of the backup HSM"),
        ("-tokenpar", "Name of the backup"),
        ("-password", "Password of the Crypto Officer"),
        ("-tokenpw", "Password of the backup"),
        ("-add", "Keep what is in the partition"),
        ("-replace", "Erase what is in the partition"),
    ],
    roles: Role::OPERATOR,
    rest: &[
        partitions::LIST.resource(),
        partitions::SHOW.resource(),
        partitions::ROLE.resource(),
        tokens::SHOW.resource(),
        tokens::BACKUPS.resource(),
        partitions::LOGIN.resource(),
        partitions::LOGOUT.resource(),
        tokens::RESTORE.resource(),
    ],
    known: Known::Documented("cluster guide, Restoring the Cluster SMK; further options assumed"),
    run: call::<Restore>(),
};

pub(super) const SFF_BACKUP: Command = Command {
    syntax: "partition sff backup -partition|-par <partition_name> [-label|-l <backup_name>] [-password|-pas <password>] [-force|-f]",
    help: "Copy a partition to a small form factor device",
    options: &[
        ("-label", "Name of the backup; the partition's without it"),
        ("-password", "Password of the Crypto Officer"),
    ],
    roles: Role::OPERATOR,
    rest: &[
        partitions::LIST.resource(),
        partitions::SHOW.resource(),
        partitions::SFF.resource(),
        partitions::OBJECT_ACT.resource(),
    ],
    known: Known::Assumed("known by name only (6.3)"),
    run: call::<SffBackup>(),
};

pub(super) const SFF_RESTORE: Command = Command {
    syntax: "partition sff restore -partition|-par <partition_name> [-password|-pas <password>] [-force|-f]",
    help: "Copy a small form factor backup into a partition",
    options: &[("-password", "Password of the Crypto Officer")],
    roles: Role::OPERATOR,
    rest: &[
        partitions::LIST.resource(),
        partitions::SHOW.resource(),
        partitions::SFF.resource(),
        partitions::OBJECT_ACT.resource(),
    ],
    known: Known::Assumed("known by name only (6.3)"),
    run: call::<SffRestore>(),
};

pub(super) const SFF_LIST: Command = Command {
    syntax: "partition sff list -partition|-p <partition_name>",
    help: "Show the backup on a small form factor device",
    options: &[],
    roles: Role::MONITOR,
    rest: &[partitions::LIST.resource(), partitions::SHOW.resource(), partitions::SFF.resource()],
    known: Known::Assumed("known by name only (6.3)"),
    run: call::<SffList>(),
};

pub(super) const SFF_CLEAR: Command = Command {
    syntax: "partition sff clear -partition|-p <partition_name> [-force|-f]",
    help: "Erase a small form factor device",
    options: &[],
    roles: Role::OPERATOR,
    rest: &[
        partitions::LIST.resource(),
        partitions::SHOW.resource(),
        partitions::SFF.resource(),
        partitions::CLEAR_SFF.resource(),
    ],
    known: Known::Assumed("known by name only (6.3)"),
    run: call::<SffClear>(),
};

pub(super) const SET_LEGACY_DOMAIN: Command = Command {
    syntax: "partition setLegacyDomain -partition|-p <partition_name> [-domain|-d <domain>]",
    help: "Set the domain of an older HSM for good, to restore its objects",
    options: &[("-domain", "Cloning domain of the older HSM")],
    roles: Role::OPERATOR,
    rest: &[
        partitions::LIST.resource(),
        partitions::SHOW.resource(),
        partitions::SET_LEGACY_DOMAIN.resource(),
    ],
    known: Known::Documented("administration/legacy_domains_and_migration.htm@5.3"),
    run: call::<SetLegacyDomain>(),
};

pub(super) const EXPORT_IDENTITY: Command = Command {
    syntax: "partition stcIdentity export -partition|-p <partition_name>",
    help: "Write the identity of a partition into your files",
    options: &[],
    roles: Role::OPERATOR,
    rest: &[
        partitions::LIST.resource(),
        partitions::SHOW.resource(),
        partitions::EXPORT_IDENTITY.resource(),
    ],
    known: Known::Documented("public notes on Luna STC set-up (GitHub)"),
    run: call::<ExportIdentity>(),
};

/// What was copied between a partition and a backup.
#[derive(Serialize)]
struct Transfer {
    done: &'static str,
    backup: String,
    serial: String,
    objects: u64,
    smk: bool,
    #[serde(skip)]
    way: &'static str,
}

impl Text for Transfer {
    fn write(&self, page: &mut Page) {
        let Transfer { done, backup, serial, objects, smk, way } = self;
        let what = match (smk, objects) {
            (true, _) => "The SKS master key was".to_owned(),
            (false, 1) => "1 object was".to_owned(),
            (false, count) => format!("{count} objects were"),
        };
        page.line(format!("'{done}' successful."));
        page.blank();
        page.line(format!("{what} {way} the backup '{backup}' on the backup HSM {serial}."));
    }
}

/// The name of a backup that was given none: the partition's, and the date of the HSM's clock.
fn default_name(session: &Session, partition: &str) -> Result<String, Failure> {
    let time = session.get(&hsm::TIME, &[])?.hsm;
    let date: String = time.chars().take(10).filter(char::is_ascii_digit).collect();
    Ok(format!("{partition}_{date}"))
}

/// The password of a backup, and the attempt that it takes.
fn backup_password(
    session: &mut Session,
    given: Option<Secret>,
    serial: &str,
    there: Option<&BackupPartition>,
) -> Result<(Secret, Attempt<Session>), Failure> {
    let attempt = match there {
        Some(there) => {
            let (serial, name) = (serial.to_owned(), there.name.clone());
            let counter = Counter {
                id: format!("backup {serial} {}", there.id),
                last: last_attempt(
                    "You have only ONE login attempt of the backup left. If it\n\
                     fails, the backup is locked.",
                ),
                unknown: unknown_attempts(),
                left: Box::new(move |session: &Session| {
                    Ok(backups::existing(session, &serial, &name)?.login_attempts_left)
                }),
            };
            Attempt::begin(session, counter, there.login_attempts_left)?
        }
        None => Attempt::uncounted(),
    };
    let lead = session.lead();
    let (text, again) = match there {
        Some(_) => ("Please enter the password of the backup", None),
        None => (
            "Please enter a new password for the backup",
            Some("\n  Please re-enter password to confirm:\n  > "),
        ),
    };
    let text = format!("{lead}  {text}:\n  > ");
    let (variable, option) = ("BACKUP_PASSWORD", "-tokenpw");
    let question = Question { text: &text, again, variable, option };
    Ok((session.ui().secret(given, question)?, attempt))
}

/// Asks before something is overwritten.
fn confirm_overwriting(
    session: &mut Session,
    force: bool,
    (what, name): (&str, &str),
    action: &str,
) -> Result<(), Failure> {
    let lines = format!(
        "Are you sure you wish to overwrite the {what} named:
  {name}"
    );
    session.confirm(force, &caution(&lines, &proceed(action)))
}

#[derive(Deserialize)]
struct Backup {
    partition: String,
    serial: String,
    tokenpar: Option<String>,
    password: Option<Secret>,
    tokensopwd: Option<Secret>,
    domain: Option<Secret>,
    defaultdomain: bool,
    tokenpw: Option<Secret>,
    add: bool,
    replace: bool,
    force: bool,
}

impl Run<Session> for Backup {
    type View = Transfer;

    /// Asks in the order of the cluster guide. A backup that is there has its domain already, and
    /// is not overwritten unasked.
    fn run(self, session: &mut Session) -> Result<Transfer, Failure> {
        let target = Target::find(session, &self.partition)?.initialized()?;
        let place = target.place();
        let device = token::ready(session, &self.serial)?;
        let name = match self.tokenpar {
            Some(name) => name,
            None => default_name(session, &self.partition)?,
        };
        let there = backups::backup(session, &self.serial, &name)?;
        if there.is_some() && target.shown.version == 0 && !self.add && !self.replace {
            return Err(Failure::command(format!("There is a backup '{name}' already."))
                .hint("-add keeps what is in it, -replace erases that first"));
        }
        let attempt = CO.attempt(session, place)?;
        let password = CO.password(session, self.password, "-password")?;
        let (mut so_password, mut so_attempt) = (None, Attempt::uncounted());
        if !device.so_logged_in {
            let given = self.tokensopwd;
            let so = token::so_password(session, &device, given, "-tokensopwd")?;
            (so_password, so_attempt) = (Some(so.0), so.1);
        }
        let (backup_password, backup_attempt) =
            backup_password(session, self.tokenpw, &self.serial, there.as_ref())?;
        one_domain(self.domain.as_ref(), self.defaultdomain)?;
        let domain = match (&there, self.domain, self.defaultdomain) {
            (Some(_), ..) => None,
            (None, _, true) => Some(Secret::from(DEFAULT_DOMAIN)),
            (None, given, false) => {
                let lead = session.lead();
                let text = format!("{lead}  Please enter the cloning domain of the backup:\n  > ");
                let (text, variable, option) = (text.as_str(), "DOMAIN", "-domain");
                let question = Question { text, again: None, variable, option };
                Some(session.ui().secret(given, question)?)
            }
        };
        close_questions(session);
        if there.is_some() && (self.replace || target.shown.version == 1) {
            confirm_overwriting(session, self.force, ("backup", &name), "overwrite it")?;
        }
        let body = tokens::Backup {
            serial: self.serial.clone(),
            name: name.clone(),
            so_password,
            password: backup_password,
            domain,
            replace: (self.add || self.replace).then_some(self.replace),
        };
        let copy = |session: &mut Session| {
            let copied = session.client().call(&tokens::BACKUP, &[place[1]], &body);
            copied.map_err(refused)
        };
        let Copied { objects, smk } =
            CO.during(session, place, (password, attempt), |session| {
                so_attempt.spend(session, |session| backup_attempt.spend(session, copy))
            })?;
        let (done, way) = ("partition backup", "copied to");
        Ok(Transfer { done, backup: name, serial: self.serial, objects, smk, way })
    }
}

#[derive(Deserialize)]
struct Restore {
    partition: String,
    serial: String,
    tokenpar: String,
    password: Option<Secret>,
    tokenpw: Option<Secret>,
    #[serde(rename = "add")]
    _add: bool,
    replace: bool,
    force: bool,
}

impl Run<Session> for Restore {
    type View = Transfer;

    fn run(self, session: &mut Session) -> Result<Transfer, Failure> {
        let target = Target::find(session, &self.partition)?.initialized()?;
        let place = target.place();
        token::ready(session, &self.serial)?;
        let there = backups::existing(session, &self.serial, &self.tokenpar)?;
        let (backup_password, backup_attempt) =
            backup_password(session, self.tokenpw, &self.serial, Some(&there))?;
        let attempt = CO.attempt(session, place)?;
        let password = CO.password(session, self.password, "-password")?;
        close_questions(session);
        if self.replace {
            let named = ("partition", self.partition.as_str());
            confirm_overwriting(session, self.force, named, "restore it")?;
        }
        let body = tokens::Restore {
            serial: self.serial.clone(),
            name: self.tokenpar.clone(),
            password: backup_password,
            replace: self.replace,
        };
        let Copied { objects, smk } =
            CO.during(session, place, (password, attempt), |session| {
                let restore =
                    |session: &mut Session| session.call(&tokens::RESTORE, &[place[1]], &body);
                backup_attempt.spend(session, restore)
            })?;
        let (done, way) = ("partition restore", "restored from");
        Ok(Transfer { done, backup: self.tokenpar, serial: self.serial, objects, smk, way })
    }
}

/// Copies all objects to or from the small form factor device.
fn copy(
    session: &mut Session,
    partition: &str,
    password: Option<Secret>,
    action: &str,
    name: Option<String>,
    force: bool,
) -> Result<(), Failure> {
    let target = Target::find(session, partition)?.initialized()?;
    let place = target.place();
    // Fails without a device, before a password is asked for.
    session.get(&partitions::SFF, &place)?;
    let attempt = CO.attempt(session, place)?;
    let password = CO.password(session, password, "-password")?;
    close_questions(session);
    session.confirm(force, &proceed_or(&format!("{action} the partition")))?;
    CO.during(session, place, (password, attempt), |session| {
        let ids = [place[0], place[1], action];
        let objects = CopyObjects { name, ids: Vec::new() };
        session.call(&partitions::OBJECT_ACT, &ids, &objects)
    })?;
    Ok(())
}

#[derive(Deserialize)]
struct SffBackup {
    partition: String,
    label: Option<String>,
    password: Option<Secret>,
    force: bool,
}

impl Run<Session> for SffBackup {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let name = self.label.unwrap_or_else(|| self.partition.clone());
        copy(session, &self.partition, self.password, "backup", Some(name), self.force)?;
        Ok(Done { done: "partition sff backup" })
    }
}

#[derive(Deserialize)]
struct SffRestore {
    partition: String,
    password: Option<Secret>,
    force: bool,
}

impl Run<Session> for SffRestore {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        copy(session, &self.partition, self.password, "restore", None, self.force)?;
        Ok(Done { done: "partition sff restore" })
    }
}

#[derive(Deserialize)]
struct SffList {
    partition: String,
}

/// The backup on a small form factor device.
#[derive(Serialize)]
struct Sff {
    name: String,
    objects: u64,
    uid: String,
}

impl Run<Session> for SffList {
    type View = Sff;

    fn run(self, session: &mut Session) -> Result<Sff, Failure> {
        let target = Target::find(session, &self.partition)?;
        let sff = session.get(&partitions::SFF, &target.place())?;
        Ok(Sff { name: sff.name, objects: sff.object_count, uid: sff.uid })
    }
}

impl Text for Sff {
    fn write(&self, page: &mut Page) {
        page.field("Backup Name:", 18, &self.name);
        page.field("Backup UID:", 18, &self.uid);
        page.field("Object Count:", 18, self.objects);
    }
}

#[derive(Deserialize)]
struct SffClear {
    partition: String,
    force: bool,
}

impl Run<Session> for SffClear {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let target = Target::find(session, &self.partition)?;
        session.get(&partitions::SFF, &target.place())?;
        session.confirm(self.force, &proceed_or("erase the device"))?;
        let ids = [target.shown.id.as_str()];
        session.call(&partitions::CLEAR_SFF, &ids, &Nothing {})?;
        Ok(Done { done: "partition sff clear" })
    }
}

#[derive(Deserialize)]
struct SetLegacyDomain {
    partition: String,
    domain: Option<Secret>,
}

impl Run<Session> for SetLegacyDomain {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let target = Target::find(session, &self.partition)?.initialized()?;
        let domain = session.ui().secret(
            self.domain,
            Question {
                text: "  Please enter the cloning domain of the older HSM:\n  > ",
                again: Some("\n  Please re-enter cloning domain to confirm:\n  > "),
                variable: "DOMAIN",
                option: "-domain",
            },
        )?;
        close_questions(session);
        let ids = [target.shown.id.as_str()];
        let domain = LegacyDomain { domain };
        session.call(&partitions::SET_LEGACY_DOMAIN, &ids, &domain)?;
        Ok(Done { done: "partition setLegacyDomain" })
    }
}

#[derive(Deserialize)]
struct ExportIdentity {
    partition: String,
}

impl Run<Session> for ExportIdentity {
    type View = Exported;

    fn run(self, session: &mut Session) -> Result<Exported, Failure> {
        let target = Target::find(session, &self.partition)?;
        let ids = [target.shown.id.as_str()];
        let call = partitions::EXPORT_IDENTITY;
        let file = session.call(&call, &ids, &Nothing {})?.file;
        Ok(Exported { partition: self.partition, file })
    }
}

/// Where the identity went.
#[derive(Serialize)]
struct Exported {
    partition: String,
    file: String,
}

impl Text for Exported {
    fn write(&self, page: &mut Page) {
        let Exported { partition, file } = self;
        page.line(format!(
            "Successfully exported partition identity for partition {partition} to file: {file}"
        ));
    }
}
