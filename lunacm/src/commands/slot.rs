//! `slot`: the partitions this client may use.

use super::Done;
use crate::prelude::*;
use crate::slot::{Slot, write_blocks};

pub(super) const MENUS: &[Menu] = &[Menu { path: "slot", help: "Slots of this client" }];

pub(super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "slot configset -slot|-s <slotnum> -name|-n <setting> -value|-v <value>",
        help: "Change a setting of a slot",
        options: &[("-name", "Name of the setting"), ("-value", "Its new value")],
        roles: Role::ANY,
        rest: &[],
        known: Known::Assumed("known by name only; network slots have nothing to set"),
        run: call::<ConfigSet>(),
    },
    Command {
        syntax: "slot configshow [-slot|-s <slotnum>]",
        help: "Show the settings of a slot",
        options: &[],
        roles: Role::ANY,
        rest: &[],
        known: Known::Assumed("known by name only; network slots have nothing to set"),
        run: call::<ConfigShow>(),
    },
    Command {
        syntax: "slot list",
        help: "List the slots",
        options: &[],
        roles: Role::ANY,
        rest: &[],
        known: Known::Documented("admin_partition/ha/manage/add_remove.htm"),
        run: call::<List>(),
    },
    Command {
        syntax: "slot partitionlist [-slot|-s <slotnum>]",
        help: "List the partitions behind a slot",
        options: &[],
        roles: Role::ANY,
        rest: &[],
        known: Known::Assumed("known by name only; a network slot has one partition"),
        run: call::<PartitionList>(),
    },
    Command {
        syntax: "slot set -slot|-s <slotnum>",
        help: "Make a slot the current one",
        options: &[],
        roles: Role::ANY,
        rest: &[],
        known: Known::Assumed(
            "one line of its output is known, from client 7.0; the rest is chosen",
        ),
        run: call::<Set>(),
    },
];

#[derive(Deserialize)]
struct ConfigSet {
    slot: usize,
    name: String,
    #[serde(rename = "value")]
    _value: String,
}

impl Run<Session> for ConfigSet {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        session.slot_or_current(Some(self.slot))?;
        let name = self.name;
        Err(codes::failure(
            codes::NOT_SUPPORTED,
            format!("Slot {} is a network slot: it has no setting '{name}'.", self.slot),
        ))
    }
}

#[derive(Deserialize)]
struct ConfigShow {
    slot: Option<usize>,
}

/// A slot and what it is.
#[derive(Serialize)]
struct Configuration {
    slot: usize,
    configuration: String,
}

impl Run<Session> for ConfigShow {
    type View = Configuration;

    fn run(self, session: &mut Session) -> Result<Configuration, Failure> {
        let slot = session.slot_or_current(self.slot)?;
        Ok(Configuration { slot: slot.slot, configuration: slot.configuration.clone() })
    }
}

impl Text for Configuration {
    fn write(&self, page: &mut Page) {
        page.field("        Slot Id ->", 32, self.slot);
        page.field("        Configuration ->", 32, &self.configuration);
    }
}

#[derive(Deserialize)]
struct List {}

/// The slots and the current one.
#[derive(Serialize)]
struct Slots {
    slots: Vec<Slot>,
    current: Option<usize>,
}

impl Run<Session> for List {
    type View = Slots;

    fn run(self, session: &mut Session) -> Result<Slots, Failure> {
        let current = session.slot().ok().map(|slot| slot.slot);
        Ok(Slots { slots: session.slots().to_vec(), current })
    }
}

impl Text for Slots {
    fn write(&self, page: &mut Page) {
        write_blocks(page, &self.slots);
        if !self.slots.is_empty() {
            page.line("\n");
        }
        let current = self.current.map_or("None".to_owned(), |current| current.to_string());
        page.line(format!("        Current Slot Id: {current}"));
    }
}

#[derive(Deserialize)]
struct PartitionList {
    slot: Option<usize>,
}

/// The partitions behind a slot.
#[derive(Serialize)]
struct Partitions {
    partitions: Vec<String>,
}

impl Run<Session> for PartitionList {
    type View = Partitions;

    fn run(self, session: &mut Session) -> Result<Partitions, Failure> {
        let slot = session.slot_or_current(self.slot)?;
        Ok(Partitions { partitions: vec![slot.label.clone()] })
    }
}

impl Text for Partitions {
    fn write(&self, page: &mut Page) {
        page.line(format!("        Number of Partitions: {}", self.partitions.len()));
        page.blank();
        for (number, name) in self.partitions.iter().enumerate() {
            page.field(&format!("        Name of Partition {number}:"), 30, name);
        }
    }
}

#[derive(Deserialize)]
struct Set {
    slot: usize,
}

/// The current slot, and what it is.
#[derive(Serialize)]
struct Current {
    current: usize,
    summary: String,
}

impl Run<Session> for Set {
    type View = Current;

    fn run(self, session: &mut Session) -> Result<Current, Failure> {
        let summary = session.slot_or_current(Some(self.slot))?.summary();
        session.select(self.slot);
        Ok(Current { current: self.slot, summary })
    }
}

impl Text for Current {
    fn write(&self, page: &mut Page) {
        page.line(format!("        Current Slot Id: {} ({})", self.current, self.summary));
    }
}
