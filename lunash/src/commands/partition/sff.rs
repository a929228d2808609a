//! `partition sff`: copies on a small form factor device.

use luna_rest::partitions::{self, CopyObjects};

use super::{CO, Target, close_questions};
use crate::prelude::*;
use crate::questions::proceed_or;

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
