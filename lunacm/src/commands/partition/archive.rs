//! `partition archive`: backups of a partition's objects on a Backup HSM at this machine. A backup is a
//! partition of that HSM; what is in it travels as clones, within the cloning domain.
//!
//! The order of the questions and the lines of the answers are assumed: the stored pages end before them.

use std::sync::Arc;

use luna_rest::partitions::{InitPartition, InitRole, Login, NewPartition, Partition};
use luna_rest::{Client, Nothing, hsm, objects, partitions};

use super::clone::{One, chosen, copy, given_out};
use crate::backup_hsm::partitions_of;
use crate::commands::Done;
use crate::prelude::*;
use crate::slot_backend::SlotBackend;
use crate::token::Token;

pub(super) const MENU: Menu =
    Menu { path: "partition archive", help: "Backups of objects on a Backup HSM at this machine" };

const SLOT: (&str, &str) = ("-slot", "Number of the Backup HSM's slot");
const PARTITION: (&str, &str) = ("-partition", "Name of the backup");
const PASSWORD: (&str, &str) = ("-password", "Password of the backup");
const OBJECTS: (&str, &str) = ("-objects", "Handles with commas between them, or 0 for all");
const SMK_ONLY: (&str, &str) = ("-smkonly", "The SKS master key alone");

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "partition|par archive backup -slot <slotnum> -partition <backup_partition> [-sopassword <so_password>] [-password <password>] [-domain <domain>] [-append | -replace] [-objects <handles>] [-smkonly]",
        help: "Back the objects of the current slot up",
        options: &[
            SLOT,
            PARTITION,
            ("-sopassword", "Password of the Backup HSM's SO, for a new backup"),
            PASSWORD,
            ("-domain", "Cloning domain, for a new backup"),
            ("-append", "Add to a backup that there is already"),
            ("-replace", "Put other objects in the place of those of a backup"),
            OBJECTS,
            SMK_ONLY,
        ],
        roles: Role::OPERATOR,
        rest: &[
            hsm::SHOW.resource(),
            hsm::ROLE.resource(),
            hsm::LOGIN.resource(),
            hsm::LOGOUT.resource(),
            partitions::LIST.resource(),
            partitions::SHOW.resource(),
            partitions::CREATE.resource(),
            partitions::INIT.resource(),
            partitions::ROLE.resource(),
            partitions::INIT_ROLE.resource(),
            partitions::LOGIN.resource(),
            partitions::LOGOUT.resource(),
            objects::FIND.resource(),
            objects::USE.resource(),
            objects::CREATE.resource(),
            objects::DESTROY.resource(),
            objects::GIVE_SMK.resource(),
            objects::TAKE_SMK.resource(),
        ],
        known: Known::Assumed(
            "lunacm/commands/partition/partition_archive_backup.htm@10.1 tells what it does, its syntax \
             was cut: options as a runbook has them; -password as of restore; the lines are assumed",
        ),
        run: call::<BackUp>(),
    },
    Command {
        syntax: "partition|par archive contents -slot <slotnum> -partition <backup_partition> [-password <password>]",
        help: "List the objects of a backup",
        options: &[SLOT, PARTITION, PASSWORD],
        roles: Role::OPERATOR,
        rest: &[
            partitions::LIST.resource(),
            partitions::SHOW.resource(),
            partitions::ROLE.resource(),
            partitions::LOGIN.resource(),
            partitions::LOGOUT.resource(),
            objects::FIND.resource(),
        ],
        known: Known::Assumed("known by name only; options as of restore"),
        run: call::<Contents>(),
    },
    Command {
        syntax: "partition|par archive delete -slot <slotnum> -partition <backup_partition> [-force]",
        help: "Delete a backup",
        options: &[SLOT, PARTITION],
        roles: Role::OPERATOR,
        rest: &[
            partitions::LIST.resource(),
            partitions::SHOW.resource(),
            partitions::DELETE.resource(),
        ],
        known: Known::Assumed("known by name only; options as of restore"),
        run: call::<Delete>(),
    },
    Command {
        syntax: "partition|par archive list -slot <slotnum>",
        help: "List the backups on a Backup HSM",
        options: &[SLOT],
        roles: Role::OPERATOR,
        rest: &[
            hsm::SHOW.resource(),
            hsm::STORAGE.resource(),
            partitions::LIST.resource(),
            partitions::SHOW.resource(),
        ],
        known: Known::Assumed("known by name only; the lines are assumed"),
        run: call::<List>(),
    },
    Command {
        syntax: "partition|par archive restore -slot <slotnum> -partition <backup_partition> [-password <password>] [-objects <handles>] [-smkonly]",
        help: "Restore objects of a backup to the current slot",
        options: &[SLOT, PARTITION, PASSWORD, OBJECTS, SMK_ONLY],
        roles: Role::OPERATOR,
        rest: &[
            partitions::LIST.resource(),
            partitions::SHOW.resource(),
            partitions::ROLE.resource(),
            partitions::LOGIN.resource(),
            partitions::LOGOUT.resource(),
            objects::FIND.resource(),
            objects::USE.resource(),
            objects::CREATE.resource(),
            objects::GIVE_SMK.resource(),
            objects::TAKE_SMK.resource(),
        ],
        known: Known::Assumed(
            "lunacm/commands/partition/partition_archive_restore.htm tells what it does, its syntax was \
             cut: options as a runbook has them; the lines are assumed",
        ),
        run: call::<Restore>(),
    },
];

/// A Backup HSM, and the slot that administers it.
struct Device {
    slot: usize,
    client: Arc<Client>,
    hsm: String,
}

impl Device {
    fn of(session: &Session, slot: usize) -> Result<Device, Failure> {
        let (client, hsm) = session.backup_hsm_of(Some(slot))?;
        Ok(Device { slot, client: Arc::clone(client), hsm: hsm.to_owned() })
    }

    fn backups(&self) -> Result<Vec<Partition>, Failure> {
        partitions_of(&self.client, &self.hsm)
    }

    /// The backup of a name, if there is one.
    fn backup(&self, name: &str) -> Result<Option<Partition>, Failure> {
        Ok(self.backups()?.into_iter().find(|backup| backup.name == name))
    }

    /// The same where there has to be one.
    fn existing(&self, name: &str) -> Result<Partition, Failure> {
        self.backup(name)?.ok_or_else(|| {
            let text = format!("There is no backup '{name}' on slot {}.", self.slot);
            codes::failure(codes::ARGUMENTS_BAD, text)
                .hint(format!("'partition archive list -slot {}' shows the backups", self.slot))
        })
    }

    fn backend(&self, backup: &str) -> SlotBackend {
        SlotBackend::partition(Arc::clone(&self.client), &self.hsm, backup)
    }

    /// Logs the officer of a backup in.
    fn log_in(
        &self,
        session: &mut Session,
        backup: &str,
        password: Option<Secret>,
    ) -> Result<SlotBackend, Failure> {
        let backend = self.backend(backup);
        log_in(session, &backend, PartitionRole::Co, |session| {
            let origin = ("BACKUP_PASSWORD", "-password");
            session.secret(password, "enter password of the backup", None, origin)
        })?;
        Ok(backend)
    }

    /// Does something as the SO of the Backup HSM: the one that 'role login' has logged in, or one for as
    /// long as it takes.
    fn as_so<T>(
        &self,
        session: &mut Session,
        password: Option<Secret>,
        work: impl FnOnce(&mut Session) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        if session.slot_or_current(Some(self.slot))?.role == Some(PartitionRole::So) {
            return work(session);
        }
        if self.client.get(&hsm::SHOW, &[&self.hsm])?.zeroized {
            let text = format!("The Backup HSM of slot {} is not initialized.", self.slot);
            return Err(codes::failure(codes::NOT_ALLOWED, text)
                .hint(format!("slot set -slot {}, then hsm init", self.slot)));
        }
        let backend = SlotBackend::administrative(Arc::clone(&self.client), &self.hsm);
        log_in(session, &backend, PartitionRole::So, |session| {
            let origin = ("BACKUP_SO_PASSWORD", "-sopassword");
            let text = format!("enter password of the SO on slot {}", self.slot);
            session.secret(password, &text, None, origin)
        })?;
        let done = work(session);
        let out = backend.log_out();
        let done = done?;
        out?;
        Ok(done)
    }

    /// Makes a backup with room for `size` bytes; its serial number, and its password.
    fn create(&self, session: &mut Session, new: NewBackup) -> Result<(String, Secret), Failure> {
        let again = Some("re-enter password of the backup");
        let origin = ("BACKUP_PASSWORD", "-password");
        let text = "enter new password of the backup";
        let password = session.secret(new.password, text, again, origin)?;
        codes::allowed(naming::PASSWORD, password.expose())?;
        let again = Some("re-enter the domain name");
        let origin = ("DOMAIN", "-domain");
        let domain = session.secret(new.domain, "enter the domain name", again, origin)?;
        let (name, version) = (new.name, Some(new.version));
        let made = NewPartition {
            name: name.clone(),
            has_pso: true,
            size: new.size,
            version,
            ..NewPartition::default()
        };
        self.client.call(&partitions::CREATE, &[&self.hsm], &made)?;
        let serial = self.existing(&name)?.id;
        let init = InitPartition {
            label: Some(name),
            password: Some(password.clone()),
            domain: Some(domain),
            ..InitPartition::default()
        };
        self.client.call(&partitions::INIT, &[&self.hsm, &serial], &init)?;
        Ok((serial, password))
    }

    /// Makes the officer of a new backup, who has the password of its SO, and logs him in.
    fn open_new(
        &self,
        session: &mut Session,
        (serial, password): (String, Secret),
    ) -> Result<SlotBackend, Failure> {
        let backend = self.backend(&serial);
        log_in(session, &backend, PartitionRole::Po, |_| Ok(password.clone()))?;
        let officer = InitRole { password: Some(password.clone()), ..InitRole::default() };
        backend.init_role(PartitionRole::Co.id(), &officer)?;
        backend.log_out()?;
        log_in(session, &backend, PartitionRole::Co, |_| Ok(password))?;
        Ok(backend)
    }
}

/// Logs a role of a Backup HSM in; the attempts that are left are looked at first.
fn log_in(
    session: &mut Session,
    backend: &SlotBackend,
    role: PartitionRole,
    password: impl FnOnce(&mut Session) -> Result<Secret, Failure>,
) -> Result<(), Failure> {
    let left = backend.role(role.id())?.attempts_left();
    let end = match role {
        PartitionRole::So => "a wrong password zeroizes the Backup HSM",
        _ => "a wrong password locks the backup",
    };
    let attempt = session.attempt_on(backend.clone(), left, role, end)?;
    let login = Login::new(role.id(), password(session)?);
    attempt.spend(session, |_| backend.log_in(&login))
}

/// What a backup is made with.
struct NewBackup {
    name: String,
    version: u8,
    size: Option<u64>,
    password: Option<Secret>,
    domain: Option<Secret>,
}

/// Does something with a backup whose officer is logged in, and logs him out.
fn within<T>(
    backend: &SlotBackend,
    work: impl FnOnce(&Token) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let done = work(&backend.token());
    let out = backend.log_out();
    let done = done?;
    out?;
    Ok(done)
}

/// Copies the SKS master key.
fn copy_smk(from: &SlotBackend, to: &SlotBackend) -> Result<(), Failure> {
    Ok(to.take_smk(from.give_smk()?)?)
}

#[derive(Deserialize)]
struct BackUp {
    slot: usize,
    partition: String,
    sopassword: Option<Secret>,
    password: Option<Secret>,
    domain: Option<Secret>,
    append: bool,
    replace: bool,
    objects: Option<String>,
    smkonly: bool,
}

/// What a backup or a restore has done.
#[derive(Serialize)]
struct Archived {
    slot: usize,
    partition: String,
    /// Whether the SKS master key was copied.
    smk: bool,
    objects: Vec<One>,
    #[serde(skip)]
    restored: bool,
}

impl Text for Archived {
    fn write(&self, page: &mut Page) {
        let (name, slot) = (&self.partition, self.slot);
        let (ended, done, way) = match self.restored {
            true => ("Restore Complete.", "restored", "from"),
            false => ("Backup Complete.", "backed up", "to"),
        };
        for one in &self.objects {
            let line = match one.existed {
                true => format!("Object {} is there already (handle {}).", one.source, one.target),
                false => format!(
                    "Cloned object {} {way} partition {name} (new handle {}).",
                    one.source, one.target
                ),
            };
            page.line(format!("        {line}"));
        }
        if self.smk {
            page.line(format!("        Cloned the SKS master key {way} partition {name}."));
        }
        let count = self.objects.iter().filter(|one| !one.existed).count();
        let have = if count == 1 { "object has" } else { "objects have" };
        page.line(format!("\n        {ended}\n"));
        page.line(format!(
            "        {count} {have} been {done} {way} partition {name} on slot {slot}."
        ));
    }
}

impl Run<Session> for BackUp {
    type View = Archived;

    fn run(self, session: &mut Session) -> Result<Archived, Failure> {
        session.application_slot(None)?;
        session.require(&[PartitionRole::Co])?;
        let device = Device::of(session, self.slot)?;
        codes::allowed(naming::PARTITION_NAME, &self.partition)?;
        let source = session.backend()?;
        let (from, shown) = (source.token(), source.show()?);
        // Version 1 keeps its keys outside: there is the master key to be backed up, and no more.
        let smk = self.smkonly || shown.version == Some(1);
        let mut given = Vec::new();
        if !smk {
            let place = format!("Slot {}", session.slot()?.slot);
            let wanted = self.objects.as_deref().unwrap_or("0");
            given = given_out(&from, &chosen(&from, wanted, &place)?)?;
        }
        let mut is_new = false;
        let there = match self.append {
            true => Some(device.existing(&self.partition)?),
            false => device.backup(&self.partition)?,
        };
        let backend = match there {
            Some(backup) if self.append || self.replace => {
                device.log_in(session, &backup.id, self.password)?
            }
            Some(_) => {
                let text = format!(
                    "There is a backup '{}' on slot {} already.",
                    self.partition, self.slot
                );
                let failure = codes::failure(codes::ARGUMENTS_BAD, text);
                return Err(failure.hint("-append adds to it, -replace puts others in its place"));
            }
            None => {
                let new = NewBackup {
                    name: self.partition.clone(),
                    version: shown.version.unwrap_or_default(),
                    size: shown.space.map(|space| space.total),
                    password: self.password,
                    domain: self.domain,
                };
                let so = self.sopassword;
                let made = device.as_so(session, so, |session| device.create(session, new))?;
                is_new = true;
                device.open_new(session, made)?
            }
        };
        let objects = within(&backend, |to| {
            if smk {
                copy_smk(&source, &backend)?;
            }
            if self.replace {
                for (handle, _) in chosen(to, "0", "The backup")? {
                    to.destroy(handle)?;
                }
            }
            copy(to, &given)
        });
        let objects = objects.map_err(|failure| match is_new {
            // As the product does.
            true => failure.hint(format!(
                "the new backup '{}' was left behind: 'partition archive delete' removes it",
                self.partition
            )),
            false => failure,
        })?;
        Ok(Archived { slot: self.slot, partition: self.partition, smk, objects, restored: false })
    }
}

#[derive(Deserialize)]
struct Restore {
    slot: usize,
    partition: String,
    password: Option<Secret>,
    objects: Option<String>,
    smkonly: bool,
}

impl Run<Session> for Restore {
    type View = Archived;

    fn run(self, session: &mut Session) -> Result<Archived, Failure> {
        session.application_slot(None)?;
        session.require(&[PartitionRole::Co])?;
        let device = Device::of(session, self.slot)?;
        let backup = device.existing(&self.partition)?;
        let target = session.backend()?;
        let smk = self.smkonly || backup.version == 1;
        let wanted = self.objects.unwrap_or_else(|| "0".to_owned());
        let backend = device.log_in(session, &backup.id, self.password)?;
        let given = within(&backend, |from| {
            if smk {
                copy_smk(&backend, &target)?;
                return Ok(Vec::new());
            }
            let place = format!("The backup '{}'", self.partition);
            given_out(from, &chosen(from, &wanted, &place)?)
        })?;
        let objects = copy(&target.token(), &given)?;
        Ok(Archived { slot: self.slot, partition: self.partition, smk, objects, restored: true })
    }
}

#[derive(Deserialize)]
struct List {
    slot: usize,
}

/// The backups on a Backup HSM.
#[derive(Serialize)]
struct Backups {
    slot: usize,
    storage: hsm::Storage,
    partitions_allowed: u32,
    backups: Vec<Listed>,
}

/// One of them.
#[derive(Serialize)]
struct Listed {
    name: String,
    serial: String,
    total: u64,
    used: u64,
    free: u64,
    objects: u64,
}

impl Run<Session> for List {
    type View = Backups;

    fn run(self, session: &mut Session) -> Result<Backups, Failure> {
        let device = Device::of(session, self.slot)?;
        let shown = device.client.get(&hsm::SHOW, &[&device.hsm])?;
        let storage = device.client.get(&hsm::STORAGE, &[&device.hsm])?;
        let listed = |backup: Partition| Listed {
            name: backup.name,
            serial: backup.id,
            total: backup.total_storage_space,
            used: backup.used_storage_space,
            free: backup.free_storage_space,
            objects: backup.object_count,
        };
        Ok(Backups {
            slot: self.slot,
            storage,
            partitions_allowed: shown.partitions_allowed,
            backups: device.backups()?.into_iter().map(listed).collect(),
        })
    }
}

impl Text for Backups {
    fn write(&self, page: &mut Page) {
        let field = |page: &mut Page, label: &str, value: &dyn std::fmt::Display| {
            page.field(&format!("                {label}:"), 48, value.to_string());
        };
        page.line(format!("        HSM Storage Information for slot {}:\n", self.slot));
        field(page, "Total HSM Storage Space", &self.storage.total);
        field(page, "Used HSM Storage Space", &self.storage.used);
        field(page, "Free HSM Storage Space", &self.storage.free);
        field(page, "Allowed Partitions", &self.partitions_allowed);
        field(page, "Number Of Partitions", &self.backups.len());
        page.line(format!("\n        Partition list for slot {}", self.slot));
        for backup in &self.backups {
            page.blank();
            field(page, "Name", &backup.name);
            field(page, "Total Storage Size", &backup.total);
            field(page, "Used Storage Size", &backup.used);
            field(page, "Free Storage Size", &backup.free);
            field(page, "Number Of Objects", &backup.objects);
        }
    }
}

#[derive(Deserialize)]
struct Contents {
    slot: usize,
    partition: String,
    password: Option<Secret>,
}

/// The objects of a backup.
#[derive(Serialize)]
struct Content {
    slot: usize,
    partition: String,
    objects: Vec<Object>,
}

#[derive(Serialize)]
struct Object {
    handle: u32,
    class: String,
    label: String,
    ouid: String,
}

impl Run<Session> for Contents {
    type View = Content;

    fn run(self, session: &mut Session) -> Result<Content, Failure> {
        let device = Device::of(session, self.slot)?;
        let backup = device.existing(&self.partition)?;
        let backend = device.log_in(session, &backup.id, self.password)?;
        let attributes = ["CKA_CLASS", "CKA_LABEL", "CKA_OUID"];
        let found = within(&backend, |token| Ok(token.find(&Default::default(), &attributes)?))?;
        let object = |found: objects::FoundObject| Object {
            handle: found.handle,
            class: found.attributes.text("CKA_CLASS").to_owned(),
            label: found.attributes.text("CKA_LABEL").to_owned(),
            ouid: found.attributes.text("CKA_OUID").to_owned(),
        };
        let objects = found.into_iter().map(object).collect();
        Ok(Content { slot: self.slot, partition: self.partition, objects })
    }
}

impl Text for Content {
    fn write(&self, page: &mut Page) {
        page.line(format!(
            "        Contents of partition {}\n        at slot {}\n",
            self.partition, self.slot
        ));
        page.line(format!("        Number of objects: {}", self.objects.len()));
        for object in &self.objects {
            page.blank();
            for (label, value) in [
                ("Object Label", &object.label),
                ("Object Handle", &object.handle.to_string()),
                ("Object Class", &object.class),
                ("Object UID", &object.ouid),
            ] {
                page.field(&format!("        {label}:"), 32, value);
            }
        }
    }
}

#[derive(Deserialize)]
struct Delete {
    slot: usize,
    partition: String,
    force: bool,
}

impl Run<Session> for Delete {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let device = Device::of(session, self.slot)?;
        let backup = device.existing(&self.partition)?;
        if session.slot_or_current(Some(self.slot))?.role != Some(PartitionRole::So) {
            let text = format!("The SO must be logged in on slot {}.", self.slot);
            return Err(codes::failure(codes::NOT_LOGGED_IN, text)
                .hint(format!("log in first: slot set -slot {}, role login -name so", self.slot)));
        }
        if !self.force {
            let warning = format!(
                "        You are about to delete the backup {} on slot {}.\n        \
                 Are you sure you wish to continue?",
                self.partition, self.slot
            );
            session.confirm(&warning, "-force")?;
        }
        device.client.call(&partitions::DELETE, &[&device.hsm, &backup.id], &Nothing {})?;
        Ok(Done::new("partition archive delete"))
    }
}
