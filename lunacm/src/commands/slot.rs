//! `slot`: the partitions this client may use.

use super::Done;
use crate::prelude::*;
use crate::slot::{Slot, write_blocks};

pub(super) const MENUS: &[Menu] = &[Menu { path: "slot", help: "Slots of this client" }];

pub(super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "slot configset -slot|-s <slotnum> -partitionname|-p <partition_name>",
        help: "Choose the partition behind the slot of a Backup HSM",
        options: &[("-partitionname", "Name of the partition on the Backup HSM")],
        roles: Role::ANY,
        rest: &[],
        known: Known::Documented(
            "lunacm/commands/slot/slot_configset.htm@7.2; it is refused: for older Backup HSMs only",
        ),
        run: call::<ConfigSet>(),
    },
    Command {
        syntax: "slot configshow -slot|-s <slotnum>",
        help: "Show the settings of a slot",
        options: &[],
        roles: Role::ANY,
        rest: &[],
        known: Known::Documented("lunacm/commands/slot/slot_configshow.htm@7.2"),
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
        syntax: "slot partitionlist -slot|-s <slotnum>",
        help: "List the partitions behind a slot",
        options: &[],
        roles: Role::ANY,
        rest: &[],
        known: Known::Documented("lunacm/commands/slot/slot_partitionlist.htm@7.2"),
        run: call::<PartitionList>(),
    },
    Command {
        syntax: "slot set -slot|-s <slotnum>",
        help: "Make a slot the current one",
        options: &[],
        roles: Role::ANY,
        rest: &[],
        known: Known::Documented("lunacm/commands/role/role_list.htm@7.2"),
        run: call::<Set>(),
    },
];

#[derive(Deserialize)]
struct ConfigSet {
    slot: usize,
    partitionname: String,
}

impl Run<Session> for ConfigSet {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        session.slot_or_current(Some(self.slot))?;
        Err(codes::failure(
            codes::NOT_SUPPORTED,
            format!(
                "Slot {} is a network slot: no other partition, such as '{}', can be put behind it.",
                self.slot, self.partitionname
            ),
        ))
    }
}

#[derive(Deserialize)]
struct ConfigShow {
    slot: usize,
}

/// A slot, what it is, and the partition behind it.
#[derive(Serialize)]
struct Configuration {
    slot: usize,
    configuration: String,
    partition: String,
}

impl Run<Session> for ConfigShow {
    type View = Configuration;

    fn run(self, session: &mut Session) -> Result<Configuration, Failure> {
        let slot = session.slot_or_current(Some(self.slot))?;
        Ok(Configuration {
            slot: slot.slot,
            configuration: slot.configuration.clone(),
            partition: slot.label.clone(),
        })
    }
}

impl Text for Configuration {
    fn write(&self, page: &mut Page) {
        page.line("        Slot Configuration:");
        page.blank();
        page.field("                Slot ID:", 41, self.slot);
        page.blank();
        page.field("                User Partition Name:", 41, &self.partition);
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
    slot: usize,
}

/// The partitions behind a slot.
#[derive(Serialize)]
struct Partitions {
    partitions: Vec<String>,
}

impl Run<Session> for PartitionList {
    type View = Partitions;

    fn run(self, session: &mut Session) -> Result<Partitions, Failure> {
        let slot = session.slot_or_current(Some(self.slot))?;
        Ok(Partitions { partitions: vec![slot.label.clone()] })
    }
}

impl Text for Partitions {
    fn write(&self, page: &mut Page) {
        page.line(format!("        Number of Partitions: {}", self.partitions.len()));
        for (number, name) in (1..).zip(&self.partitions) {
            page.blank();
            page.line(format!("                Partition #: {number}"));
            page.field("                Partition Name: ", 0, name);
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
        page.line(format!("        Current Slot Id:    {}     ({})", self.current, self.summary));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use luna_shell::View;

    /// From the product's page of `slot partitionlist`.
    #[test]
    fn partitions_are_listed_in_the_layout_of_the_product() {
        let partitions = ["par0", "par1"].map(str::to_owned).into();
        assert_eq!(
            Partitions { partitions }.text(),
            "        Number of Partitions: 2

                Partition #: 1
                Partition Name: par0

                Partition #: 2
                Partition Name: par1
"
        );
    }

    /// From the product's page of `slot configshow`.
    #[test]
    fn a_configuration_is_shown_in_the_layout_of_the_product() {
        let (configuration, partition) = (String::new(), "Cryptoki User".to_owned());
        assert_eq!(
            Configuration { slot: 2, configuration, partition }.text(),
            "        Slot Configuration:

                Slot ID:                 2

                User Partition Name:     Cryptoki User
"
        );
    }
}
