//! `partition list`, `show`, `showContents`.

use luna_rest::partitions;

use super::{CO, CU, PSO, Target, close_questions};
use crate::prelude::*;

pub(super) const LIST: Command = Command {
    syntax: "partition list",
    help: "List the partitions and the storage they use",
    options: &[],
    roles: Role::MONITOR,
    rest: &[partitions::LIST.resource(), partitions::SHOW.resource()],
    known: Known::Seen("partition-list-7.8.5"),
    run: call::<List>(),
};

pub(super) const SHOW: Command = Command {
    syntax: "partition show|sh [-partition|-p <partition_name> | -all|-a]",
    help: "Show the state of a partition, or of all",
    options: &[
        ("-partition", "Name of a partition; all of them without it"),
        ("-all", "All partitions, as without options"),
    ],
    roles: Role::MONITOR,
    rest: &[partitions::LIST.resource(), partitions::SHOW.resource(), partitions::ROLE.resource()],
    known: Known::Documented("lunash/commands/partition/partition_show.htm@7.2"),
    run: call::<Show>(),
};

pub(super) const SHOW_CONTENTS: Command = Command {
    syntax: "partition showContents -partition|-p <partition_name> [-password <password>]",
    help: "List the objects in a partition",
    options: &[("-password", "Password of the Crypto Officer")],
    roles: Role::OPERATOR,
    rest: &[
        partitions::LIST.resource(),
        partitions::SHOW.resource(),
        partitions::OBJECTS.resource(),
        partitions::OBJECT.resource(),
        partitions::ROLE.resource(),
        partitions::LOGIN.resource(),
        partitions::LOGOUT.resource(),
    ],
    known: Known::Seen("lunash-partition-showcontents-7.8.5"),
    run: call::<ShowContents>(),
};

/// Bytes of a partition.
#[derive(Serialize)]
struct Storage {
    total: u64,
    used: u64,
    free: u64,
}

impl Storage {
    fn of(shown: &partitions::Partition) -> Storage {
        Storage {
            total: shown.total_storage_space,
            used: shown.used_storage_space,
            free: shown.free_storage_space,
        }
    }
}

impl std::fmt::Display for Storage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Total={}, Used={}, Free={}", self.total, self.used, self.free)
    }
}

/// All partitions, in the appliance's order.
fn all(session: &Session) -> Result<Vec<Target>, Failure> {
    let hsm = session.hsm()?;
    let target = |shown| Ok(Target { hsm: hsm.to_owned(), shown: shown? });
    session.partitions()?.map(target).collect()
}

#[derive(Deserialize)]
struct List {}

/// The partitions.
#[derive(Serialize)]
struct Listed {
    partitions: Vec<ListedPartition>,
}

#[derive(Serialize)]
struct ListedPartition {
    serial: String,
    name: String,
    version: u8,
    objects: u64,
    storage: Storage,
}

impl Run<Session> for List {
    type View = Listed;

    fn run(self, session: &mut Session) -> Result<Listed, Failure> {
        let line = |target: Target| ListedPartition {
            version: target.shown.version,
            objects: target.shown.object_count,
            storage: Storage::of(&target.shown),
            serial: target.shown.id,
            name: target.shown.name,
        };
        Ok(Listed { partitions: all(session)?.into_iter().map(line).collect() })
    }
}

impl Text for Listed {
    fn write(&self, page: &mut Page) {
        if self.partitions.is_empty() {
            return page.line("   There are no partitions.");
        }
        // The headers of the last columns are aligned left, their numbers right.
        page.line(format!("{:78}Storage (bytes)", ""));
        page.line(format!("{:55}Partition    {}", "", "-".repeat(34)));
        let mut line = |cells: [&str; 7]| {
            let [serial, name, version, objects, total, used, free] = cells;
            let line = format!(
                "{serial:19}  {name:32}  {version:11}  {objects:>7}  {total:>7}  {used:>7}  \
                 {free:>7}"
            );
            page.line(line.trim_end());
        };
        line(["Partition", "Name", "Version", "Objects", "Total  ", "Used  ", "Free  "]);
        line([19, 32, 11, 7, 7, 7, 7].map(|width| &"================================"[..width]));
        for ListedPartition { serial, name, version, objects, storage } in &self.partitions {
            let Storage { total, used, free } = storage;
            let numbers =
                [(*version).into(), *objects, *total, *used, *free].map(|n| n.to_string());
            let [version, objects, total, used, free] = numbers.each_ref().map(String::as_str);
            line([serial, name, version, objects, total, used, free]);
        }
    }
}

#[derive(Deserialize)]
struct Show {
    partition: Option<String>,
    #[serde(rename = "all")]
    _all: bool,
}

/// Partitions with the states of their roles.
#[derive(Serialize)]
struct Shown {
    partitions: Vec<ShownPartition>,
}

#[derive(Serialize)]
struct ShownPartition {
    name: String,
    serial: String,
    label: String,
    version: u8,
    initialized: bool,
    roles: Vec<RoleState>,
    legacy_domain_set: bool,
    storage: Storage,
    objects: u64,
}

#[derive(Serialize)]
struct RoleState {
    id: &'static str,
    name: &'static str,
    initialized: bool,
    password_to_be_changed: bool,
    locked_out: bool,
    login_attempts_left: Option<u32>,
}

impl Run<Session> for Show {
    type View = Shown;

    fn run(self, session: &mut Session) -> Result<Shown, Failure> {
        let targets = match &self.partition {
            Some(name) => vec![Target::find(session, name)?],
            None => all(session)?,
        };
        let mut partitions = Vec::new();
        for target in targets {
            let mut roles = Vec::new();
            for officer in [PSO, CO, CU] {
                let ids = [&target.hsm, target.shown.id.as_str(), officer.id];
                let role = session.get(&partitions::ROLE, &ids)?;
                roles.push(RoleState {
                    id: officer.id,
                    name: officer.name,
                    initialized: role.initialized,
                    password_to_be_changed: role.pin_to_be_changed,
                    locked_out: role.locked_out,
                    login_attempts_left: role.login_attempts_left,
                });
            }
            partitions.push(ShownPartition {
                storage: Storage::of(&target.shown),
                initialized: target.shown.is_initialized(),
                name: target.shown.name,
                serial: target.shown.id,
                label: target.shown.label,
                version: target.shown.version,
                roles,
                legacy_domain_set: target.shown.legacy_domain_set,
                objects: target.shown.object_count,
            });
        }
        Ok(Shown { partitions })
    }
}

impl Text for Shown {
    fn write(&self, page: &mut Page) {
        page.blank();
        if self.partitions.is_empty() {
            page.line("   There are no partitions.");
        }
        for (place, partition) in self.partitions.iter().enumerate() {
            if place > 0 {
                page.blank();
            }
            partition.write(page);
        }
        page.blank();
    }
}

/// The line of the version is that of `partition showContents` of 7.8.5; 7.2 had no versions. That of a
/// role that is not initialized, and the word for an unknown number of attempts, are assumed.
impl ShownPartition {
    fn write(&self, page: &mut Page) {
        let yes = |yes: bool| if yes { "yes" } else { "no" };
        let mut line = |label: &str, value: &dyn std::fmt::Display| {
            page.field(&format!("   {label}:"), 46, value);
        };
        line("Partition Name", &self.name);
        line("Partition SN", &self.serial);
        line("Partition Label", &self.label);
        line("Partition Version", &self.version);
        for role in &self.roles {
            let name = role.name;
            if !role.initialized {
                page.line(format!("   {name} is not initialized."));
                continue;
            }
            let mut line = |label: &str, value: &dyn std::fmt::Display| {
                page.field(&format!("   {name:<16} {label}:"), 46, value);
            };
            line("PIN To Be Changed", &yes(role.password_to_be_changed));
            let lost = if role.id == "so" { "Zeroized" } else { "Locked Out" };
            line(lost, &yes(role.locked_out));
            let left = role.login_attempts_left.map(|left| left.to_string());
            line("Login Attempts Left", &left.as_deref().unwrap_or("Unknown"));
        }
        let mut line = |label: &str, value: &dyn std::fmt::Display| {
            page.field(&format!("   {label}:"), 46, value);
        };
        line("Legacy Domain Has Been Set", &yes(self.legacy_domain_set));
        line("Partition Storage Information (Bytes)", &self.storage);
        line("Partition Object Count", &self.objects);
    }
}

#[derive(Deserialize)]
struct ShowContents {
    partition: String,
    password: Option<Secret>,
}

/// A partition and its objects.
#[derive(Serialize)]
struct Contents {
    name: String,
    serial: String,
    label: String,
    version: u8,
    storage: Storage,
    objects: Vec<ShownObject>,
}

#[derive(Serialize)]
struct ShownObject {
    label: String,
    #[serde(rename = "type")]
    kind: String,
    handle: String,
}

impl Run<Session> for ShowContents {
    type View = Contents;

    fn run(self, session: &mut Session) -> Result<Contents, Failure> {
        let target = Target::find(session, &self.partition)?.initialized()?;
        let place = target.place();
        let attempt = CO.attempt(session, place)?;
        let password = CO.password(session, self.password, "-password")?;
        close_questions(session);
        let mut objects = CO.during(session, place, (password, attempt), |session| {
            let list = session.get(&partitions::OBJECTS, &place)?;
            let mut objects = Vec::new();
            for entry in list.objects {
                let ids = [place[0], place[1], &entry.id];
                let object = session.get(&partitions::OBJECT, &ids)?;
                let (label, kind) = (object.label, object.kind);
                objects.push(ShownObject { label, kind, handle: entry.id });
            }
            Ok(objects)
        })?;
        // Newest first, as recorded.
        objects.sort_by_key(|object| std::cmp::Reverse(object.handle.parse::<u64>().unwrap_or(0)));
        Ok(Contents {
            storage: Storage::of(&target.shown),
            name: target.shown.name,
            serial: target.shown.id,
            label: target.shown.label,
            version: target.shown.version,
            objects,
        })
    }
}

impl Text for Contents {
    fn write(&self, page: &mut Page) {
        let version = self.version.to_string();
        for (label, value) in [
            ("Partition Name:", &self.name),
            ("Partition SN:", &self.serial),
            ("Partition Label:", &self.label),
            ("Partition Version:", &version),
        ] {
            page.line(format!("   {label}{value:>width$}", width = 58 - label.len()));
        }
        page.line(format!("   Storage (Bytes): {}", self.storage));
        page.line(format!("   Number objects:  {}", self.objects.len()));
        for object in &self.objects {
            page.blank();
            page.line(format!("   Object Label:  {}", object.label));
            page.line(format!("   Object Type:   {}", object.kind));
            page.line(format!("   Object Handle: {}", object.handle));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Officer;
    use super::*;
    use luna_shell::View;

    /// The product's page of `partition show`, with the version that 7.2 did not have.
    #[test]
    fn a_partition_is_shown_in_the_layout_of_the_product() {
        let role = |officer: Officer| RoleState {
            id: officer.id,
            name: officer.name,
            initialized: true,
            password_to_be_changed: false,
            locked_out: false,
            login_attempts_left: Some(10),
        };
        let partition = ShownPartition {
            name: "partition1".to_owned(),
            serial: "154438865289".to_owned(),
            label: "jon".to_owned(),
            version: 0,
            initialized: true,
            roles: [PSO, CO, CU].map(role).into(),
            legacy_domain_set: false,
            storage: Storage { total: 324_096, used: 1232, free: 322_864 },
            objects: 6,
        };
        assert_eq!(
            Shown { partitions: vec![partition] }.text(),
            "
   Partition Name:                            partition1
   Partition SN:                              154438865289
   Partition Label:                           jon
   Partition Version:                         0
   Partition SO     PIN To Be Changed:        no
   Partition SO     Zeroized:                 no
   Partition SO     Login Attempts Left:      10
   Crypto Officer   PIN To Be Changed:        no
   Crypto Officer   Locked Out:               no
   Crypto Officer   Login Attempts Left:      10
   Crypto User      PIN To Be Changed:        no
   Crypto User      Locked Out:               no
   Crypto User      Login Attempts Left:      10
   Legacy Domain Has Been Set:                no
   Partition Storage Information (Bytes):     Total=324096, Used=1232, Free=322864
   Partition Object Count:                    6

"
        );
    }
}
