//! `partition contents`, `show`, `showinfo`, `showmechanism`, `clear`: what is in the partition.

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
        rest: &[keyrings::CLEAR.resource(), partitions::CLEAR.resource()],
        known: Known::Assumed("known by name only; there is no REST resource"),
        run: call::<Clear>(),
    },
    Command {
        syntax: "partition|par contents",
        help: "List the objects that the logged-in role can see",
        options: &[],
        roles: Role::MONITOR,
        rest: &[
            partitions::OBJECTS.resource(),
            partitions::OBJECT.resource(),
            keyrings::OBJECTS.resource(),
        ],
        known: Known::Seen("cmu-importkey-lunacm-contents-k6"),
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
    Command {
        syntax: "partition|par showinfo",
        help: "Show the partition, its session and its storage",
        options: &[],
        roles: Role::MONITOR,
        rest: &[
            partitions::SHOW.resource(),
            partitions::ROLE.resource(),
            keyrings::SLOT.resource(),
            keyrings::ROLE.resource(),
        ],
        known: Known::Assumed("lines and flags from runbooks; their whole order was not seen"),
        run: call::<ShowInfo>(),
    },
    Command {
        syntax: "partition|par showmechanism [-m <mechanism>]",
        help: "List the mechanisms",
        options: &[("-m", "Number of a mechanism, to show it alone")],
        roles: Role::MONITOR,
        rest: &[],
        known: Known::Assumed("known by name only; there is no REST resource"),
        run: call::<ShowMechanism>(),
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
struct ShowMechanism {
    #[serde(rename = "m")]
    _mechanism: Option<String>,
}

impl Run<Session> for ShowMechanism {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        Err(no_resource(session, "Mechanisms are told by the cryptographic API"))
    }
}

#[derive(Deserialize)]
struct Clear {
    force: bool,
}

impl Run<Session> for Clear {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        session.require(&[PartitionRole::Co])?;
        if !self.force {
            let what = if session.slot()?.is_keyring() { "keyring" } else { "partition" };
            session.confirm(
                &format!(
                    "        You are about to delete all objects of the {what}.\n        Are you \
                     sure you wish to continue?"
                ),
                "-force",
            )?;
        }
        session.backend()?.clear()?;
        Ok(Done::new("partition clear"))
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
        // Seen with the one role of an older partition, which was called User.
        match self.role {
            Some(role) => page.line(format!(
                "        The {role} is currently logged in.  Looking for objects in the\n        \
                 {role}'s partition."
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
    }
}

/// Bytes and objects; a keyring has no bytes of its own.
#[derive(Serialize)]
struct Storage {
    #[serde(flatten)]
    space: Option<Space>,
    objects: u64,
}

impl Storage {
    fn write(&self, page: &mut Page) {
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
            storage: Storage { space: shown.space, objects: shown.objects },
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

#[derive(Deserialize)]
struct ShowInfo {}

/// A partition, the session with it, and its storage.
#[derive(Serialize)]
struct Information {
    label: String,
    manufacturer: &'static str,
    model: String,
    serial: String,
    status: &'static str,
    flags: Vec<&'static str>,
    slot: usize,
    session_state: &'static str,
    role: Option<PartitionRole>,
    storage: Storage,
}

impl Run<Session> for ShowInfo {
    type View = Information;

    fn run(self, session: &mut Session) -> Result<Information, Failure> {
        let backend = session.backend()?;
        let shown = backend.show()?;
        let officer = backend.role(PartitionRole::Co.id())?;
        let initialized = shown.initialized;
        let mut flags = vec!["CKF_RNG", "CKF_LOGIN_REQUIRED"];
        if officer.initialized {
            flags.push("CKF_USER_PIN_INITIALIZED");
        }
        flags.push("CKF_RESTORE_KEY_NOT_NEEDED");
        if initialized {
            flags.push("CKF_TOKEN_INITIALIZED");
        }
        let slot = session.slot()?;
        Ok(Information {
            storage: Storage { space: shown.space, objects: shown.objects },
            label: shown.label,
            manufacturer: "Gemalto",
            model: slot.model.clone(),
            serial: slot.serial.clone(),
            status: if initialized { "L3 Device, OK" } else { "L3 Device, Zeroized" },
            flags,
            slot: slot.slot,
            session_state: match slot.role {
                None => "CKS_RW_PUBLIC_SESSION",
                Some(PartitionRole::Po) => "CKS_RW_SO_FUNCTIONS",
                Some(_) => "CKS_RW_USER_FUNCTIONS",
            },
            role: slot.role,
        })
    }
}

impl Text for Information {
    fn write(&self, page: &mut Page) {
        let mut line = |label: &str, value: &str| {
            page.line(format!("        {label} -> {value}").trim_end());
        };
        line("Partition Label", &self.label);
        line("Partition Manufacturer", self.manufacturer);
        line("Partition Model", &self.model);
        line("Partition Serial Number", &self.serial);
        line("Partition Status", self.status);
        line("Token Flags", "");
        for flag in &self.flags {
            page.line(format!("                {flag}"));
        }
        let mut line = |label: &str, value: &str| page.line(format!("        {label} -> {value}"));
        line("Slot Id", &self.slot.to_string());
        line("Session State", self.session_state);
        line("Role Status", &self.role.map_or("none logged in".into(), |role| role.to_string()));
        page.blank();
        self.storage.write(page);
    }
}
