//! `partition backup`, `restore`, `sff`, `setLegacyDomain`, `stcIdentity`: what leaves a partition
//! or comes from elsewhere.

use luna_rest::partitions::{self, CopyObjects, CopyToToken, LegacyDomain};

use super::{CO, Target, close_questions, refused};
use crate::prelude::*;

pub(super) const BACKUP: Command = Command {
    syntax: "partition backup -partition|-par <partition_name> -serial <serial> [-tokenpar <backup_name>] [-password <password>] [-tokensopwd <token_password>] [-domain <domain>] [-defaultdomain] [-tokenpw <token_password>] [-add | -replace] [-force]",
    help: "Copy a partition to a backup HSM",
    options: &[
        ("-serial", "Serial number of the backup HSM"),
        ("-tokenpar", "Name of the backup"),
        ("-password", "Password of the Crypto Officer"),
        ("-tokensopwd", "Password of the backup HSM's SO"),
        ("-defaultdomain", "The default cloning domain"),
        ("-tokenpw", "Password of the backup"),
        ("-add", "Keep what is in the backup"),
        ("-replace", "Erase what is in the backup"),
    ],
    roles: Role::OPERATOR,
    rest: &["POST /emulator/lunash/partitions/{partitionid}/token/{actionid}"],
    known: Known::Documented("lunash/commands/partition/partition_backup.htm@10.1"),
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
    rest: &["POST /emulator/lunash/partitions/{partitionid}/token/{actionid}"],
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
        "GET /api/lunasa/hsms/{hsmid}/partitions/{partitionid}/sff",
        "POST /api/lunasa/hsms/{hsmid}/partitions/{partitionid}/object/actions/{actionid}",
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
        "GET /api/lunasa/hsms/{hsmid}/partitions/{partitionid}/sff",
        "POST /api/lunasa/hsms/{hsmid}/partitions/{partitionid}/object/actions/{actionid}",
    ],
    known: Known::Assumed("known by name only (6.3)"),
    run: call::<SffRestore>(),
};

pub(super) const SFF_LIST: Command = Command {
    syntax: "partition sff list -partition|-p <partition_name>",
    help: "Show the backup on a small form factor device",
    options: &[],
    roles: Role::MONITOR,
    rest: &["GET /api/lunasa/hsms/{hsmid}/partitions/{partitionid}/sff"],
    known: Known::Assumed("known by name only (6.3)"),
    run: call::<SffList>(),
};

pub(super) const SFF_CLEAR: Command = Command {
    syntax: "partition sff clear -partition|-p <partition_name> [-force|-f]",
    help: "Erase a small form factor device",
    options: &[],
    roles: Role::OPERATOR,
    rest: &["DELETE /emulator/lunash/partitions/{partitionid}/sff"],
    known: Known::Assumed("known by name only (6.3)"),
    run: call::<SffClear>(),
};

pub(super) const SET_LEGACY_DOMAIN: Command = Command {
    syntax: "partition setLegacyDomain -partition|-p <partition_name> [-domain|-d <domain>]",
    help: "Set the domain of an older HSM for good, to restore its objects",
    options: &[("-domain", "Cloning domain of the older HSM")],
    roles: Role::OPERATOR,
    rest: &["PUT /emulator/lunash/partitions/{partitionid}/legacyDomain"],
    known: Known::Documented("administration/legacy_domains_and_migration.htm@5.3"),
    run: call::<SetLegacyDomain>(),
};

pub(super) const EXPORT_IDENTITY: Command = Command {
    syntax: "partition stcIdentity export -partition|-p <partition_name>",
    help: "Write the identity of a partition into your files",
    options: &[],
    roles: Role::OPERATOR,
    rest: &["POST /emulator/lunash/partitions/{partitionid}/stcIdentity"],
    known: Known::Documented("public notes on Luna STC set-up (GitHub)"),
    run: call::<ExportIdentity>(),
};

/// Runs an action with a backup HSM.
fn token(session: &Session, name: &str, serial: String, action: &str) -> Result<(), Failure> {
    let target = Target::find(session, name)?.initialized()?;
    let ids = [target.shown.id.as_str(), action];
    session
        .client()
        .call(&partitions::TOKEN_ACT, &ids, &CopyToToken { serial })
        .map_err(refused)?;
    Ok(())
}

/// The passwords are asked for by the backup HSM, once there is one.
#[derive(Deserialize)]
#[allow(dead_code, reason = "an emulated appliance has no backup HSM to give them to")]
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
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        token(session, &self.partition, self.serial, "backup")?;
        Ok(Done { done: "partition backup" })
    }
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "an emulated appliance has no backup HSM to give them to")]
struct Restore {
    partition: String,
    serial: String,
    tokenpar: String,
    password: Option<Secret>,
    tokenpw: Option<Secret>,
    add: bool,
    replace: bool,
    force: bool,
}

impl Run<Session> for Restore {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        token(session, &self.partition, self.serial, "restore")?;
        Ok(Done { done: "partition restore" })
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
    // Without a device nobody is asked for a password.
    session.client().get(&partitions::SFF, &place).map_err(refused)?;
    CO.guard(session, place)?;
    let password = CO.password(session, password, "-password")?;
    close_questions(session);
    if !force {
        let text = format!(
            "          Type 'proceed' to {action} the partition, or\n\
             \x20         'quit' to quit now.\n\
             \x20         > "
        );
        session.desk().confirm(&text, "-force")?;
    }
    CO.during(session, place, password, |session| {
        let ids = [place[0], place[1], action];
        let objects = CopyObjects { name, ids: Vec::new() };
        session.client().call(&partitions::OBJECT_ACT, &ids, &objects).map_err(refused)
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
        let sff = session.client().get(&partitions::SFF, &target.place()).map_err(refused)?;
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
        session.client().get(&partitions::SFF, &target.place()).map_err(refused)?;
        if !self.force {
            session.desk().confirm(
                "          Type 'proceed' to erase the device, or\n\
                 \x20         'quit' to quit now.\n\
                 \x20         > ",
                "-force",
            )?;
        }
        let ids = [target.shown.id.as_str()];
        session.client().call(&partitions::CLEAR_SFF, &ids, &Nothing {}).map_err(refused)?;
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
        let domain = session.desk().secret(
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
        session.client().call(&partitions::SET_LEGACY_DOMAIN, &ids, &domain).map_err(refused)?;
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
        let file = session.client().call(&call, &ids, &Nothing {}).map_err(refused)?.file;
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
