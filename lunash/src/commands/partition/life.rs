//! `partition create`, `delete`, `rename`, `resize`, `clear`.

use luna_rest::hsm;
use luna_rest::partitions::{self, ChangePartition, NewPartition};

use super::{CO, Target, close_questions};
use crate::commands::hsm::require_so_login;
use crate::prelude::*;
use crate::questions::{allowed, caution, proceed, proceed_or};

pub(super) const CREATE: Command = Command {
    syntax: "partition create|cr -partition|-par <name> [-size|-s <bytes> | -allfreestorage|-a] [-version|-v <0|1>] [-force|-f]",
    help: "Create a partition",
    options: &[
        ("-partition", "Name of the new partition"),
        ("-size", "Bytes for objects; an equal share of the HSM without it"),
        ("-allfreestorage", "Take all the storage that is left"),
        ("-version", "0, or 1 for clusters and per-key authorization"),
    ],
    roles: Role::OPERATOR,
    rest: &[hsm::SHOW.resource(), partitions::CREATE.resource()],
    known: Known::Seen("lunash-partition-create-assign-7.0"),
    run: call::<Create>(),
};

pub(super) const DELETE: Command = Command {
    syntax: "partition delete -partition|-p <partition_name> [-force|-f]",
    help: "Delete a partition with all that is in it",
    options: &[],
    roles: Role::OPERATOR,
    rest: &[
        partitions::LIST.resource(),
        partitions::SHOW.resource(),
        hsm::SHOW.resource(),
        partitions::DELETE.resource(),
    ],
    known: Known::Seen("partition-delete-5"),
    run: call::<Delete>(),
};

pub(super) const RENAME: Command = Command {
    syntax: "partition rename -partition|-p <partition_name> -newname|-n <new_name> [-force|-f]",
    help: "Give a partition another name",
    options: &[("-newname", "The new name")],
    roles: Role::OPERATOR,
    rest: &[
        partitions::LIST.resource(),
        partitions::SHOW.resource(),
        hsm::SHOW.resource(),
        partitions::CHANGE.resource(),
    ],
    known: Known::Documented("lunash/commands/partition/partition_rename.htm@7.2"),
    run: call::<Rename>(),
};

pub(super) const RESIZE: Command = Command {
    syntax: "partition resize -partition|-p <partition_name> {-size|-s <bytes> | -allfreestorage|-a} [-force|-f]",
    help: "Change the storage of a partition",
    options: &[
        ("-size", "Bytes for objects"),
        ("-allfreestorage", "Take all the storage that is left"),
    ],
    roles: Role::OPERATOR,
    rest: &[
        partitions::LIST.resource(),
        partitions::SHOW.resource(),
        hsm::SHOW.resource(),
        partitions::CHANGE.resource(),
    ],
    known: Known::Documented("lunash/commands/partition/partition_resize.htm@7.2"),
    run: call::<Resize>(),
};

pub(super) const CLEAR: Command = Command {
    syntax: "partition clear -partition|-par <partition_name> [-password|-pas <password>] [-force|-f]",
    help: "Delete all objects in a partition",
    options: &[("-password", "Password of the Crypto Officer")],
    roles: Role::OPERATOR,
    rest: &[
        partitions::LIST.resource(),
        partitions::SHOW.resource(),
        partitions::ROLE.resource(),
        partitions::LOGIN.resource(),
        partitions::LOGOUT.resource(),
        partitions::CLEAR.resource(),
    ],
    known: Known::Assumed("known by name only; options as those of partition showContents"),
    run: call::<Clear>(),
};

#[derive(Deserialize)]
struct Create {
    partition: String,
    size: Option<u64>,
    allfreestorage: bool,
    version: Option<u8>,
    force: bool,
}

impl Run<Session> for Create {
    type View = Made<Done>;

    fn run(self, session: &mut Session) -> Result<Made<Done>, Failure> {
        require_so_login(session)?;
        allowed(naming::PARTITION_NAME, &self.partition)?;
        session.confirm(self.force, &proceed_or("create the partition"))?;
        let partition = NewPartition {
            name: self.partition,
            all_storage_space: self.allfreestorage.then_some(true),
            has_pso: true,
            size: self.size,
            version: self.version,
        };
        let hsm = session.hsm()?;
        let id = session.create(&partitions::CREATE, &[hsm], &partition)?;
        Ok(Made { done: Done { done: "partition create" }, id })
    }
}

#[derive(Deserialize)]
struct Delete {
    partition: String,
    force: bool,
}

impl Run<Session> for Delete {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let target = Target::find(session, &self.partition)?;
        require_so_login(session)?;
        session.confirm_deletion(self.force, ("the partition", "partition"), &self.partition)?;
        session.call(&partitions::DELETE, &target.place(), &Nothing {})?;
        Ok(Done { done: "partition delete" })
    }
}

#[derive(Deserialize)]
struct Rename {
    partition: String,
    newname: String,
    force: bool,
}

impl Run<Session> for Rename {
    type View = Told;

    fn run(self, session: &mut Session) -> Result<Told, Failure> {
        let target = Target::find(session, &self.partition)?;
        require_so_login(session)?;
        allowed(naming::PARTITION_NAME, &self.newname)?;
        let (name, new) = (&self.partition, &self.newname);
        let question = caution(
            &format!(
                "Are you sure you wish to make the following changes to partition \"{name}\"?:\n\
                 \x20   Partition name:   {new}\n\
                 \x20   Partition label:  no change\n"
            ),
            &proceed("change the partition name/label"),
        );
        session.confirm(self.force, &format!("\n{question}"))?;
        let change = ChangePartition { name: Some(self.newname), ..ChangePartition::default() };
        session.call(&partitions::CHANGE, &target.place(), &change)?;
        Ok(Told::new(
            "partition rename",
            "        Partition name successfully updated in the partition file list.\n\
             \x20       Partition name successfully updated in the Client Authenticate Configuration \
             File.\n\n\
             'partition rename' successful.\n",
        ))
    }
}

#[derive(Deserialize)]
struct Resize {
    partition: String,
    size: Option<u64>,
    allfreestorage: bool,
    #[serde(rename = "force")]
    _force: bool,
}

/// The page has -force, and an example that asks nothing.
impl Run<Session> for Resize {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let target = Target::find(session, &self.partition)?;
        require_so_login(session)?;
        let change = ChangePartition {
            size: self.size,
            all_storage_space: self.allfreestorage.then_some(true),
            ..ChangePartition::default()
        };
        session.call(&partitions::CHANGE, &target.place(), &change)?;
        Ok(Done { done: "partition resize" })
    }
}

#[derive(Deserialize)]
struct Clear {
    partition: String,
    password: Option<Secret>,
    force: bool,
}

impl Run<Session> for Clear {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let target = Target::find(session, &self.partition)?.initialized()?;
        let place = target.place();
        let attempt = CO.attempt(session, place)?;
        let password = CO.password(session, self.password, "-password")?;
        close_questions(session);
        if !self.force {
            let name = &self.partition;
            session.confirm(
                false,
                &caution(
                    &format!(
                        "Are you sure you wish to delete all objects in the partition named:\n\
                 \x20 {name}"
                    ),
                    &proceed("clear the partition"),
                ),
            )?;
        }
        CO.during(session, place, (password, attempt), |session| {
            session.call(&partitions::CLEAR, &[place[1]], &Nothing {})
        })?;
        Ok(Done { done: "partition clear" })
    }
}
