//! `partition contents`, `show`, `clear`: what is in the partition.

use luna_rest::partitions as rest;

use crate::commands::Done;
use crate::slot_backend::Space;
use luna_rest::{keyrings, partitions};

use crate::prelude::*;

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "partition|par ciphershow",
        help: "Show the cipher suites for cloning",
        options: &[],
        roles: Role::MONITOR,
        rest: &[],
        known: Known::Assumed("known by name only; there is no REST resource"),
        run: call::<CipherShow>(),
    },
    Command {
        syntax: "partition|par clear [-force|-f]",
        help: "Delete all objects",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[
            partitions::SHOW.resource(),
            keyrings::SLOT.resource(),
            keyrings::CLEAR.resource(),
            partitions::CLEAR.resource(),
        ],
        known: Known::Documented("lunacm/commands/partition/partition_clear.htm@7.2"),
        run: call::<Clear>(),
    },
    Command {
        syntax: "partition|par contents|con",
        help: "List the objects that the logged-in role can see",
        options: &[],
        roles: Role::MONITOR,
        rest: &[
            partitions::OBJECTS.resource(),
            partitions::OBJECT.resource(),
            keyrings::OBJECTS.resource(),
        ],
        known: Known::Documented("lunacm/commands/partition/partition_contents.htm@7.2"),
        run: call::<Contents>(),
    },
    Command {
        syntax: "partition|par show",
        help: "Show settings and number of objects",
        options: &[],
        roles: Role::MONITOR,
        rest: &[partitions::SHOW.resource(), keyrings::SLOT.resource()],
        known: Known::Assumed("named in a runbook only; the storage lines are those of showinfo"),
        run: call::<Show>(),
    },
];

/// What the product's client hears from the cryptographic API and REST does not tell.
fn no_resource(session: &Session, what: &str) -> Failure {
    match session.slot() {
        Err(failure) => failure,
        Ok(_) => codes::failure(
            codes::NOT_SUPPORTED,
            format!("{what}: the REST API of the appliance has no resource for it."),
        ),
    }
}

#[derive(Deserialize)]
struct CipherShow {}

impl Run<Session> for CipherShow {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        Err(no_resource(session, "Cipher suites for cloning are told by the cryptographic API"))
    }
}

#[derive(Deserialize)]
struct Clear {
    force: bool,
}

/// A partition whose objects were deleted.
#[derive(Serialize)]
struct Cleared {
    done: &'static str,
    objects: u64,
}

impl Run<Session> for Clear {
    type View = Cleared;

    fn run(self, session: &mut Session) -> Result<Cleared, Failure> {
        session.require(&[PartitionRole::Co])?;
        if !self.force {
            session.confirm(
                "        You are about to delete all token objects.\n        \
                 Are you sure you wish to continue?",
                "-force",
            )?;
        }
        let objects = session.backend()?.show()?.objects;
        session.backend()?.clear()?;
        Ok(Cleared { done: "partition clear", objects })
    }
}

impl Text for Cleared {
    fn write(&self, page: &mut Page) {
        page.line(format!("        {} objects were deleted.", self.objects));
    }
}

#[derive(Deserialize)]
struct Contents {}

/// The objects of a partition, as a role sees them.
#[derive(Serialize)]
struct Objects {
    role: Option<PartitionRole>,
    objects: Vec<Object>,
}

#[derive(Serialize)]
struct Object {
    label: String,
    handle: u64,
    #[serde(rename = "type")]
    kind: String,
    uid: String,
}

impl Run<Session> for Contents {
    type View = Objects;

    fn run(self, session: &mut Session) -> Result<Objects, Failure> {
        let object = |object: rest::Object| {
            Ok(Object {
                label: object.label,
                handle: codes::number(&object.id)?,
                kind: object.kind,
                uid: object.uid,
            })
        };
        let objects = session.backend()?.objects()?.into_iter().map(object);
        let objects = objects.collect::<Result<_, Failure>>()?;
        Ok(Objects { role: session.slot()?.role, objects })
    }
}

impl Text for Objects {
    fn write(&self, page: &mut Page) {
        match self.role {
            Some(role) => page.line(format!(
                "        The '{role}' is currently logged in.  Looking for objects\n        \
                 accessible to the '{role}'."
            )),
            None => page.line(
                "        No role is currently logged in.  Looking for public objects in the\n        \
                 partition.",
            ),
        }
        page.blank();
        if self.objects.is_empty() {
            page.line("        No objects were found.");
            return;
        }
        page.line("        Object list:");
        for object in &self.objects {
            page.blank();
            page.field("        Label:", 23, &object.label);
            page.field("        Handle:", 23, object.handle);
            page.field("        Object Type:", 23, &object.kind);
            page.field("        Object UID:", 23, &object.uid);
        }
        page.blank();
        page.blank();
        page.line(format!("        Number of objects:  {}", self.objects.len()));
        page.blank();
    }
}

/// Bytes and objects; a keyring has no bytes of its own.
#[derive(Serialize)]
pub(in crate::commands) struct Storage {
    #[serde(flatten)]
    pub(in crate::commands) space: Option<Space>,
    pub(in crate::commands) objects: u64,
    /// Bytes that the partition itself takes, where it is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::commands) overhead: Option<u64>,
}

impl Storage {
    pub(in crate::commands) fn write(&self, page: &mut Page) {
        page.line("        Partition Storage:");
        let mut line = |label: &str, value: u64| {
            page.field(&format!("                {label}:"), 38, value);
        };
        if let Some(space) = &self.space {
            line("Total Storage Space", space.total);
            line("Used Storage Space", space.used);
            line("Free Storage Space", space.free);
        }
        line("Object Count", self.objects);
        if let Some(overhead) = self.overhead {
            line("Overhead", overhead);
        }
    }
}

#[derive(Deserialize)]
struct Show {}

/// Settings of a partition.
#[derive(Serialize)]
struct Settings {
    label: String,
    serial: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u8>,
    initialized: bool,
    storage: Storage,
}

impl Run<Session> for Show {
    type View = Settings;

    fn run(self, session: &mut Session) -> Result<Settings, Failure> {
        let shown = session.backend()?.show()?;
        Ok(Settings {
            label: shown.label,
            serial: session.slot()?.serial.clone(),
            version: shown.version,
            initialized: shown.initialized,
            storage: Storage { space: shown.space, objects: shown.objects, overhead: None },
        })
    }
}

impl Text for Settings {
    fn write(&self, page: &mut Page) {
        page.line(format!("        Partition Label -> {}", self.label).trim_end());
        page.line(format!("        Partition Serial Number -> {}", self.serial));
        if let Some(version) = self.version {
            page.line(format!("        Partition Version -> {version}"));
        }
        let state = if self.initialized { "Initialized" } else { "Zeroized" };
        page.line(format!("        Partition Status -> {state}"));
        page.blank();
        self.storage.write(page);
    }
}
