//! `partition backup`, `restore`: copies on a Backup HSM.

use luna_rest::hsm;
use luna_rest::partitions;
use luna_rest::tokens::{self, BackupPartition, Copied};

use super::super::token::{self, partitions as backups};
use super::{CO, Target, close_questions};
use crate::passwords::one_domain;
use crate::prelude::*;
use crate::questions::{caution, proceed};

pub(super) const BACKUP: Command = Command {
    syntax: "partition backup -partition|-par <partition_name> -serial|-s <serial> [-tokenpar|-tokenpa <backup_name>] [-password|-pas <password>] [-tokensopwd|-tokens <token_password>] [-domain|-do <domain>] [-defaultdomain|-de] [-tokenpw <token_password>] [-add|-a | -replace|-r] [-force|-f]",
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
        "lunash/commands/partition/partition_backup.htm@7.2, and the cluster guide for the SKS \
         master key",
    ),
    run: call::<Backup>(),
};

pub(super) const RESTORE: Command = Command {
    syntax: "partition restore -partition|-par <partition_name> -serial|-s <serial> -tokenpar|-tokenpa <backup_name> [-password|-pas <password>] [-tokenpw <token_password>] {-add|-a | -replace|-r} [-force|-f]",
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
    known: Known::Documented(
        "lunash/commands/partition/partition_restore.htm@7.2, and the cluster guide for the SKS \
         master key",
    ),
    run: call::<Restore>(),
};

/// What was copied between a partition and a backup.
#[derive(Serialize)]
struct Transfer {
    done: &'static str,
    backup: String,
    serial: String,
    objects: u64,
    smk: bool,
    cloned: Vec<ClonedObject>,
    #[serde(skip)]
    way: &'static str,
}

/// An object that was copied, with its handles.
#[derive(Serialize)]
struct ClonedObject {
    label: String,
    source: u32,
    target: u32,
}

impl From<tokens::Cloned> for ClonedObject {
    fn from(object: tokens::Cloned) -> ClonedObject {
        let tokens::Cloned { label, source, target } = object;
        ClonedObject { label, source, target }
    }
}

/// The sentence on an SKS master key is assumed.
impl Text for Transfer {
    fn write(&self, page: &mut Page) {
        let Transfer { done, backup, serial, smk, way, cloned, .. } = self;
        for ClonedObject { label, source, target } in cloned {
            let rest = format!("{label}\" (handle {source}) cloned to handle {target} on target");
            page.field("Object \"", 0, rest);
        }
        if *smk {
            page.line(format!(
                "The SKS master key was {way} the backup '{backup}' on the backup HSM {serial}."
            ));
        }
        page.line(format!("'{done}' successful."));
        if *done == "partition restore" {
            page.blank();
        }
    }
}

/// The name of a backup that was given none: the partition's, and the date of the HSM's clock.
fn default_name(session: &Session, partition: &str) -> Result<String, Failure> {
    let time = session.get(&hsm::TIME, &[])?.hsm;
    let date: String = time.chars().take(10).filter(char::is_ascii_digit).collect();
    Ok(format!("{partition}_{date}"))
}

/// The domain of `-defaultdomain`, as partitions have it.
const DEFAULT_DOMAIN: &str = "default";

/// What the product asks for: the password that a backup gets or has, and the one that it needs.
const NEW: &str = "Please enter a password for the user on the backup token";
const EXISTING: &str = "Please enter the password for the token user partition";

/// The password of the partition's Crypto Officer.
fn user_password(session: &mut Session, given: Option<Secret>) -> Result<Secret, Failure> {
    let lead = session.lead();
    let text = format!("{lead}  Please enter the password for the HSM user partition:\n  > ");
    let (variable, option) = ("CO_PASSWORD", "-password");
    session.ui().secret(given, Question { text: &text, again: None, variable, option })
}

/// The password of a backup, and the attempt that it takes.
fn backup_password(
    session: &mut Session,
    (given, question): (Option<Secret>, &str),
    serial: &str,
    there: Option<&BackupPartition>,
) -> Result<(Secret, Attempt<Session>), Failure> {
    let attempt = match there {
        Some(there) => backups::attempt(session, serial, there)?,
        None => Attempt::uncounted(),
    };
    let lead = if question == EXISTING { "\n" } else { session.lead() };
    let text = format!("{lead}  {question}:\n  > ");
    let (variable, option) = ("BACKUP_PASSWORD", "-tokenpw");
    let question = Question { text: &text, again: None, variable, option };
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
        let password = user_password(session, self.password)?;
        let (mut so_password, mut so_attempt) = (None, Attempt::uncounted());
        if !device.so_logged_in {
            let given = self.tokensopwd;
            let how = (session.lead(), "-tokensopwd");
            let so = token::so_password(session, &device, given, how)?;
            (so_password, so_attempt) = (Some(so.0), so.1);
        }
        let (backup_password, backup_attempt) =
            backup_password(session, (self.tokenpw, NEW), &self.serial, there.as_ref())?;
        one_domain(self.domain.as_ref(), self.defaultdomain)?;
        let domain = match (&there, self.domain, self.defaultdomain) {
            (Some(_), ..) => None,
            (None, _, true) => Some(Secret::from(DEFAULT_DOMAIN)),
            (None, given, false) => {
                let lead = session.lead();
                let text = format!(
                    "{lead}  Please enter the cloning domain set when the HSM user partition was \
                     created:\n  > "
                );
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
        let Copied { objects, smk, cloned } =
            CO.during(session, place, (password, attempt), |session| {
                so_attempt.spend(session, |session| backup_attempt.spend(session, copy))
            })?;
        let (done, way, serial) = ("partition backup", "copied to", self.serial);
        let cloned = cloned.into_iter().map(ClonedObject::from).collect();
        Ok(Transfer { done, backup: name, serial, objects, smk, cloned, way })
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
            backup_password(session, (self.tokenpw, EXISTING), &self.serial, Some(&there))?;
        let attempt = CO.attempt(session, place)?;
        let password = user_password(session, self.password)?;
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
        let Copied { objects, smk, cloned } =
            CO.during(session, place, (password, attempt), |session| {
                let restore =
                    |session: &mut Session| session.call(&tokens::RESTORE, &[place[1]], &body);
                backup_attempt.spend(session, restore)
            })?;
        let (done, way) = ("partition restore", "restored from");
        let (backup, serial) = (self.tokenpar, self.serial);
        let cloned = cloned.into_iter().map(ClonedObject::from).collect();
        Ok(Transfer { done, backup, serial, objects, smk, cloned, way })
    }
}
