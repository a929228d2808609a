//! `partition create`, `delete` and `resize`: the partitions of a Backup HSM, from its administrative slot.
//! Backups are partitions, too.
//!
//! *Assumed*: the product shows the partitions of an HSM at this machine as slots of their own, and names
//! them by these; a Backup HSM's are named by label or serial number here.

use luna_rest::partitions as rest;
use luna_rest::partitions;
use luna_shell::Kind;

use crate::backup_hsm::partitions_of;
use crate::commands::administrative::{require_so, sure};
use crate::commands::{Done, hint_for_unknown};
use crate::prelude::*;

const BY_NAME: &str =
    "known by name only; the options are chosen after those of 'partition create'";

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "partition|par create [-slot|-sl <slotnum>] [-size|-si <bytes>] [-force|-f]",
        help: "Create a partition (administrative slots)",
        options: &[
            ("-slot", "The administrative slot, if it is not the current one"),
            ("-size", "Size in bytes"),
        ],
        roles: Role::OPERATOR,
        rest: &[
            partitions::LIST.resource(),
            partitions::SHOW.resource(),
            partitions::CREATE.resource(),
        ],
        known: Known::Documented(
            "lunacm/commands/partition/partition_create.htm@7.2; its question and its answer are \
             assumed",
        ),
        run: call::<Create>(),
    },
    Command {
        syntax: "partition|par delete [-slot|-s <slotnum>] [-label <partition_label>] [-force|-f]",
        help: "Delete a partition (administrative slots)",
        options: &[
            ("-slot", "The administrative slot, if it is not the current one"),
            ("-label", "Its label or serial number; the only one there is without it"),
        ],
        roles: Role::OPERATOR,
        rest: &[
            partitions::LIST.resource(),
            partitions::SHOW.resource(),
            partitions::DELETE.resource(),
        ],
        known: Known::Assumed(BY_NAME),
        run: call::<Delete>(),
    },
    Command {
        syntax: "partition|par resize [-slot|-sl <slotnum>] [-size|-si <bytes>] [-label <partition_label>] [-force|-f]",
        help: "Resize a partition (administrative slots)",
        options: &[
            ("-slot", "The administrative slot, if it is not the current one"),
            ("-size", "New size in bytes; all that is free without it"),
            ("-label", "Its label or serial number; the only one there is without it"),
        ],
        roles: Role::OPERATOR,
        rest: &[
            partitions::LIST.resource(),
            partitions::SHOW.resource(),
            partitions::CHANGE.resource(),
        ],
        known: Known::Assumed(BY_NAME),
        run: call::<Resize>(),
    },
];

/// A client of a Network HSM has no such slot, and the product's menu does not show the commands there.
fn absent(word: &str) -> Failure {
    let failure = Failure::new(
        Kind::NotUnderstood,
        format!("There is no command 'partition {word}' on a network slot."),
    );
    match hint_for_unknown(&["partition", word]) {
        Some(told) => failure.hint(told),
        None => failure,
    }
}

/// The slot that is administered must be the current one: its SO is logged in to that.
fn administered(session: &Session, word: &str, slot: Option<usize>) -> Result<(), Failure> {
    if !session.has_backup_hsm() {
        return Err(absent(word));
    }
    session.backup_hsm_of(slot)?;
    let current = session.slot()?.slot;
    if slot.is_some_and(|slot| slot != current) {
        return Err(codes::failure(
            codes::ARGUMENTS_BAD,
            format!("The SO logs in to the current slot, which is {current}."),
        )
        .hint("make the other one current first: slot set -slot N"));
    }
    require_so(session)
}

/// The partition that is meant.
fn meant(session: &Session, named: Option<&str>) -> Result<rest::Partition, Failure> {
    let (client, hsm) = session.backup_hsm()?;
    let mut found = partitions_of(client, hsm)?;
    let number = found.len();
    let is_it = |one: &rest::Partition| {
        named.is_none_or(|name| [&one.id, &one.label, &one.name].into_iter().any(|has| has == name))
    };
    found.retain(is_it);
    match (found.pop(), named) {
        (Some(one), _) if found.is_empty() => Ok(one),
        (None, Some(name)) => {
            let text = format!("The HSM has no partition '{name}'.");
            Err(codes::failure(codes::ARGUMENTS_BAD, text))
        }
        (Some(_), Some(name)) => {
            let text = format!("The HSM has several partitions '{name}'.");
            Err(codes::failure(codes::ARGUMENTS_BAD, text)
                .hint("name the serial number with -label"))
        }
        (None, None) => Err(codes::failure(codes::ARGUMENTS_BAD, "The HSM has no partition.")),
        (Some(_), None) => {
            let text = format!("The HSM has {number} partitions.");
            Err(codes::failure(codes::ARGUMENTS_BAD, text).hint("name one with -label"))
        }
    }
}

/// What a partition is called in a question: by its label, or its name while it has none.
fn called(partition: &rest::Partition) -> String {
    let label = if partition.label.is_empty() { &partition.name } else { &partition.label };
    format!("{} ({label})", partition.id)
}

/// A partition that was made or changed.
#[derive(Serialize)]
struct Made {
    serial: String,
    name: String,
    size: u64,
}

impl From<rest::Partition> for Made {
    fn from(partition: rest::Partition) -> Made {
        let (serial, name) = (partition.id, partition.name);
        Made { serial, name, size: partition.total_storage_space }
    }
}

impl Text for Made {
    fn write(&self, page: &mut Page) {
        page.line(format!("        Partition Serial Number -> {}", self.serial));
        page.line(format!("        Total Storage Space -> {}", self.size));
    }
}

#[derive(Deserialize)]
struct Create {
    slot: Option<usize>,
    size: Option<u64>,
    force: bool,
}

impl Run<Session> for Create {
    type View = Made;

    fn run(self, session: &mut Session) -> Result<Made, Failure> {
        administered(session, "create", self.slot)?;
        sure(session, self.force, "create a partition", None)?;
        let (client, hsm) = session.backup_hsm()?;
        // The product's partitions have no name, only the label that initialization gives.
        let taken: Vec<String> =
            partitions_of(client, hsm)?.into_iter().map(|one| one.name).collect();
        let mut names = (1..).map(|number: u32| format!("partition{number}"));
        let name = names.find(|name| !taken.contains(name)).unwrap_or_default();
        let body = rest::NewPartition {
            name: name.clone(),
            has_pso: true,
            size: self.size,
            ..Default::default()
        };
        client.call(&rest::CREATE, &[hsm], &body)?;
        Ok(meant(session, Some(&name))?.into())
    }
}

#[derive(Deserialize)]
struct Delete {
    slot: Option<usize>,
    label: Option<String>,
    force: bool,
}

impl Run<Session> for Delete {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        administered(session, "delete", self.slot)?;
        let partition = meant(session, self.label.as_deref())?;
        let about = format!("delete the partition {}", called(&partition));
        let destroyed = "All contents of the partition will be destroyed.";
        sure(session, self.force, &about, Some(destroyed))?;
        let (client, hsm) = session.backup_hsm()?;
        client.call(&rest::DELETE, &[hsm, &partition.id], &luna_rest::Nothing {})?;
        Ok(Done::new("partition delete"))
    }
}

#[derive(Deserialize)]
struct Resize {
    slot: Option<usize>,
    size: Option<u64>,
    label: Option<String>,
    force: bool,
}

impl Run<Session> for Resize {
    type View = Made;

    fn run(self, session: &mut Session) -> Result<Made, Failure> {
        administered(session, "resize", self.slot)?;
        let partition = meant(session, self.label.as_deref())?;
        let about = format!("resize the partition {}", called(&partition));
        sure(session, self.force, &about, None)?;
        let (client, hsm) = session.backup_hsm()?;
        let all_storage_space = self.size.is_none().then_some(true);
        let body =
            rest::ChangePartition { size: self.size, all_storage_space, ..Default::default() };
        client.call(&rest::CHANGE, &[hsm, &partition.id], &body)?;
        Ok(meant(session, Some(&partition.id))?.into())
    }
}
