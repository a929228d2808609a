//! A LunaCM session: the links to appliances and to clusters, the slots, and the current one.
//!
//! Slots are read when the session begins and kept, as the product keeps them: what others change
//! meanwhile shows after `clientconfig restart` or in a new session.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use luna_rest::partitions::{LOGIN, Login, ROLE};
use luna_rest::{Client, Secret, keyrings};
use luna_shell::{
    Attempt, Code, CompletionValues, Connection, Counter, Device, Failure, Kind, LocalAppliance,
    Older, Options, Page, Question, Secrets, Ui, Watch, naming, naming::Rule, quoted,
};

use crate::backup_hsm::{BackupHsm, Remote};
use crate::chrystoki::Chrystoki;
use crate::cluster_connection::ClusterConnection;
use crate::clusters::registrations;
use crate::codes;
use crate::commands::appid::AppId;
use crate::group_token::{self, HaLog, Member, NotBack, Recovery, Reopen};
use crate::ha::{self, groups};
use crate::link;
use crate::owner::{ClientSide, Owner};
use crate::role::PartitionRole;
use crate::servers::Server;
use crate::slot::{Appliance, Behind, Slot, write_blocks};
use crate::slot_backend::SlotBackend;
use crate::token::Single;

const BANNER: &str =
    "lunacm (64-bit) v10.7.2-16. Copyright (c) 2024 Thales Group. All rights reserved.";

/// The most keyrings of a client, in all its clusters together.
const MAX_KEYRINGS: usize = 3500;

/// The question that ends in `proceed` or `quit`.
pub(crate) const PROCEED: &str = "        Type 'proceed' to continue, or 'quit' to quit now ->";

/// What commands work with.
pub struct Session {
    ui: Ui,
    connection: Connection,
    side: ClientSide,
    /// The one of the account, or those that this client is linked with; none where only clusters are
    /// configured.
    appliances: Vec<Appliance>,
    links: Vec<ClusterConnection>,
    backup_hsms: Vec<BackupHsm>,
    watch: Arc<Watch>,
    slots: Vec<Slot>,
    current: Option<usize>,
    /// What logged roles in to HA groups, by the group's number: members that come back get it too.
    group_logins: BTreeMap<String, Login>,
    /// The access IDs that are open, each with the serial number of its slot.
    app_ids: BTreeSet<(String, AppId)>,
}

impl Session {
    /// A session over an opened link to the appliance and over those to the clusters of the
    /// configuration, for the client that this machine is.
    ///
    /// # Errors
    /// The appliance does not answer, the client's configuration cannot be read, or there is
    /// neither an appliance nor a cluster; the device is given back.
    pub fn open(
        connection: Option<Connection>,
        mut device: Box<dyn Device>,
        secrets: Secrets,
        options: &Options,
        mut side: ClientSide,
    ) -> Result<Session, (Box<dyn Device>, Failure)> {
        if let (None, Some(connection)) = (&side.name, &connection) {
            side.name.clone_from(&connection.profile.client);
        }
        let watch = connection.as_ref().map_or_else(
            || Watch::new(device.attended(), options.timeout.get()),
            |one| Arc::clone(one.watch()),
        );
        let mut notes = Vec::new();
        let links = open_links(&side, &watch, &mut notes);
        let mut read = || {
            let appliances = match &connection {
                Some(connection) => vec![Appliance::read(&connection.client)?],
                None => open_appliances(&side, &watch, &mut notes)?,
            };
            let slots = partitions(&appliances, &side, &links, &mut notes)?;
            Ok((appliances, slots))
        };
        let read = read();
        for note in notes {
            device.note(&note);
        }
        let (appliances, mut slots) = match read {
            Ok(read) => read,
            Err(failure) => return Err((device, codes::in_own_words(failure))),
        };
        let linked = appliances.first().map(|appliance| &appliance.client);
        let first = linked.or(links.first().map(ClusterConnection::client)).map(Arc::clone);
        // Servers that are all down leave a client without a slot, not without a session.
        let absent = || Some(Arc::new(Client::absent(side.first_server()?.as_str())));
        let connection = match (connection, first.or_else(absent)) {
            (Some(connection), _) => connection,
            (None, Some(client)) => Connection::external(client, Arc::clone(&watch)),
            (None, None) => {
                let failure = Failure::new(Kind::Unreachable, "No cluster can be reached.")
                    .hint("to use an appliance instead, name it with --host");
                return Err((device, failure));
            }
        };
        let mut notes = Vec::new();
        for (number, link) in links.iter().enumerate() {
            notes.extend(add_keyrings(&mut slots, number, &link.label, link.found()));
        }
        for note in notes {
            device.note(&note);
        }
        // A file that cannot be read has been told where it matters.
        if let Ok(file) = Chrystoki::read(&side.configuration) {
            add_groups(&mut slots, &file);
        }
        let ui = Ui::new(&connection, device, secrets, options);
        let current = (!slots.is_empty()).then_some(0);
        let (group_logins, app_ids) = (BTreeMap::new(), BTreeSet::new());
        let backup_hsms = Vec::new();
        Ok(Session {
            ui,
            connection,
            side,
            appliances,
            links,
            backup_hsms,
            watch,
            slots,
            current,
            group_logins,
            app_ids,
        })
    }

    /// Adds a Backup HSM at this machine, whose slot stands before the HA groups. One that cannot be used is
    /// noted, and is no slot.
    pub fn attach(&mut self, found: Result<LocalAppliance, Failure>) {
        if let Err(failure) = found.and_then(|found| self.add(found)) {
            self.ui.note(format!("note: Backup HSM: {}", failure.message));
        }
    }

    fn add(&mut self, found: LocalAppliance) -> Result<(), Failure> {
        self.ui.note(&found.notice);
        self.backup_hsms.push(BackupHsm::open(found, &self.watch)?);
        self.slots.retain(|slot| !slot.is_group() && !slot.is_administrative());
        let mut slots = std::mem::take(&mut self.slots);
        let added = self.add_last(&mut slots);
        self.slots = slots;
        added?;
        self.current = self.current.or(Some(0));
        Ok(())
    }

    /// Adds the slots that stand behind partitions and keyrings: Backup HSMs, then HA groups. A configuration
    /// that cannot be read has been told where it matters.
    fn add_last(&self, slots: &mut Vec<Slot>) -> Result<(), Failure> {
        for (device, backup_hsm) in self.backup_hsms.iter().enumerate() {
            slots.push(backup_hsm.slot(slots.len(), device)?);
        }
        if let Ok(file) = Chrystoki::read(&self.side.configuration) {
            add_groups(slots, &file);
        }
        Ok(())
    }

    /// The Backup HSM that the current slot administers: its session and its serial number.
    ///
    /// # Errors
    /// The current slot administers none.
    pub(crate) fn backup_hsm(&self) -> Result<(&Arc<Client>, &str), Failure> {
        self.backup_hsm_of(None)
    }

    /// The same of another slot, the current one if none is given.
    ///
    /// # Errors
    /// There is no such slot, or it administers no HSM.
    pub(crate) fn backup_hsm_of(
        &self,
        number: Option<usize>,
    ) -> Result<(&Arc<Client>, &str), Failure> {
        let device = self.attached(number)?;
        Ok((device.client(), &*device.serial))
    }

    /// The account of the Backup HSM of the current slot, whose files its rules read and write.
    ///
    /// # Errors
    /// The current slot administers none.
    pub(crate) fn backup_hsm_account(&self) -> Result<&str, Failure> {
        Ok(self.attached(None)?.account())
    }

    /// Whether there is a Backup HSM at this machine.
    pub(crate) fn has_backup_hsm(&self) -> bool {
        !self.backup_hsms.is_empty()
    }

    fn attached(&self, number: Option<usize>) -> Result<&BackupHsm, Failure> {
        let slot = self.slot_or_current(number)?;
        let device = match slot.behind {
            Behind::Administrative { device, .. } => self.backup_hsms.get(device),
            _ => None,
        };
        device.ok_or_else(|| {
            needs_another_slot(format!("Slot {} is not an administrative slot.", slot.slot))
        })
    }

    /// Where the Backup HSM of a slot is, the current one if none is given.
    ///
    /// # Errors
    /// There is no such slot, or it administers no HSM.
    pub(crate) fn device_of(&self, number: Option<usize>) -> Result<Remote, Failure> {
        Ok(self.attached(number)?.remote().clone())
    }

    /// The roles of the current slot.
    pub(crate) fn roles(&self) -> Vec<PartitionRole> {
        match self.slot() {
            Ok(slot) if slot.is_administrative() => PartitionRole::ADMINISTRATIVE.to_vec(),
            Ok(slot) if slot.is_keyring() => {
                PartitionRole::ALL.into_iter().filter(|role| role.is_of_keyrings()).collect()
            }
            _ => PartitionRole::ALL.to_vec(),
        }
    }

    /// The session with the appliance of the current slot.
    pub fn client(&self) -> &Client {
        let appliance = self.slot().ok().and_then(|slot| self.appliance_of(slot));
        let appliance = appliance.or(self.appliances.first());
        appliance.map_or(&self.connection.client, |appliance| &appliance.client)
    }

    /// The session with the appliance of a slot, the current one if none is given.
    pub(crate) fn client_of(&self, number: Option<usize>) -> Result<&Client, Failure> {
        let appliance = self.appliance_of(self.slot_or_current(number)?);
        Ok(appliance.map_or(self.client(), |appliance| &appliance.client))
    }

    /// The appliance that has a slot; none for one that is no partition.
    pub(crate) fn appliance_of(&self, slot: &Slot) -> Option<&Appliance> {
        match slot.behind {
            Behind::Partition { place } => self.appliances.get(place),
            _ => None,
        }
    }

    /// The account at the appliance, where files of it and its administration are needed.
    ///
    /// # Errors
    /// This is a client's session, without an account.
    pub(crate) fn account(&self) -> Result<&str, Failure> {
        if self.appliances.iter().any(|appliance| appliance.server.is_some()) {
            return Err(codes::failure(
                codes::NOT_SUPPORTED,
                "A client's link has no account at the appliance, which this needs.",
            )
            .hint("start 'lunacm --host HOST' to log in with one"));
        }
        Ok(&self.connection.user)
    }

    /// Output, notes and questions.
    pub fn ui(&mut self) -> &mut Ui {
        &mut self.ui
    }

    /// The access IDs that are open, each with the serial number of its slot.
    pub(crate) fn app_ids(&mut self) -> &mut BTreeSet<(String, AppId)> {
        &mut self.app_ids
    }

    /// The files of this client.
    pub(crate) fn side(&self) -> &ClientSide {
        &self.side
    }

    /// The appliance of the current slot, or the first one.
    ///
    /// # Errors
    /// There is none: only clusters are configured, and none was named.
    pub(crate) fn appliance(&self) -> Result<&Appliance, Failure> {
        let current = self.slot().ok().and_then(|slot| self.appliance_of(slot));
        current.or(self.appliances.first()).ok_or_else(|| {
            codes::failure(codes::NOT_SUPPORTED, "This session has no appliance, only clusters.")
                .hint("start 'lunacm --host HOST'")
        })
    }

    /// All slots.
    pub(crate) fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// The current slot.
    ///
    /// # Errors
    /// This client has none.
    pub(crate) fn slot(&self) -> Result<&Slot, Failure> {
        self.current.and_then(|current| self.slots.get(current)).ok_or_else(|| {
            codes::failure(codes::SLOT_INVALID, "This client has no slot.").hint(
                "the appliance's administrator assigns partitions with 'client assignPartition' \
                 in lunash; then start lunacm again",
            )
        })
    }

    /// The slot of a number, or the current one.
    ///
    /// # Errors
    /// There is none of that number.
    pub(crate) fn slot_or_current(&self, number: Option<usize>) -> Result<&Slot, Failure> {
        let Some(number) = number else { return self.slot() };
        self.slots.get(number).ok_or_else(|| {
            codes::failure(codes::SLOT_INVALID, format!("There is no slot {number}."))
                .hint("'slot list' shows the slots")
        })
    }

    /// The slot of a number, or the current one, if it is one for applications.
    ///
    /// # Errors
    /// There is none of that number, or it is an administrative slot.
    pub(crate) fn application_slot(&self, number: Option<usize>) -> Result<&Slot, Failure> {
        let slot = self.slot_or_current(number)?;
        if !slot.is_administrative() {
            return Ok(slot);
        }
        Err(needs_another_slot(format!(
            "Slot {} is an administrative slot; only partitions have this.",
            slot.slot
        )))
    }

    /// The partition or keyring of the current slot.
    ///
    /// # Errors
    /// This client has no slot.
    pub(crate) fn backend(&self) -> Result<SlotBackend, Failure> {
        Ok(self.backend_of(self.slot()?))
    }

    fn backend_of(&self, slot: &Slot) -> SlotBackend {
        match &slot.behind {
            Behind::Keyring { id, link, .. } if let Some(link) = self.links.get(*link) => {
                SlotBackend::keyring(Arc::clone(link.client()), link.cluster(), id)
            }
            Behind::Administrative { device, .. }
                if let Some(device) = self.backup_hsms.get(*device) =>
            {
                SlotBackend::administrative(Arc::clone(device.client()), &device.serial)
            }
            Behind::Group { members } if let Some(group) = self.group_of(&slot.serial, members) => {
                group
            }
            _ => match self.appliance_of(slot) {
                Some(Appliance { client, hsm, .. }) => {
                    SlotBackend::partition(Arc::clone(client), hsm, &slot.serial)
                }
                None => {
                    let client = Arc::clone(&self.connection.client);
                    SlotBackend::partition(client, "", &slot.serial)
                }
            },
        }
    }

    /// The members of an HA group that are reached.
    fn group_of(&self, number: &str, members: &[String]) -> Option<SlotBackend> {
        let slots = members.iter().filter_map(|serial| self.slot_of(serial));
        let backends: Vec<SlotBackend> = slots.map(|slot| self.backend_of(slot)).collect();
        let file = Chrystoki::read(&self.side.configuration).ok()?;
        let group = groups(&file).into_iter().find(|group| group.is(number))?;
        let settings = ha::Settings::of(&file);
        let log = settings.log_file().filter(|_| settings.log);
        let log = log.map(|file| HaLog { file: file.into(), length: settings.log_length.into() });
        let login = self.group_logins.get(number);
        let member = |backend: &SlotBackend| {
            let slot = backend.single();
            let stands_by = group.standby.iter().any(|serial| serial == slot.slot());
            let reopen = login.and_then(|login| self.reopening(&file, slot.slot(), login));
            Member { slot, stands_by, reopen }
        };
        let members = backends.iter().map(member).collect();
        let interval = Duration::from_secs(settings.interval.into());
        let (configuration, of) = (self.side.configuration.clone(), group.clone());
        let requests = move || Chrystoki::read(&configuration).map_or(0, |file| of.requests(&file));
        let recovery = Recovery { retry: settings.retry, interval, requests: Box::new(requests) };
        let token =
            group_token::Group::new(number.to_owned(), members, group.synchronized, log, recovery);
        SlotBackend::group(backends, Arc::new(token))
    }

    /// How a member of a group is opened anew: a link to its server, and the role logged in that was logged
    /// in to the group. None where its server is not of the configuration.
    fn reopening(&self, file: &Chrystoki, serial: &str, login: &Login) -> Option<Reopen> {
        let appliance = self.appliance_of(self.slot_of(serial)?)?;
        let (server, hsm) = (appliance.server.clone()?, appliance.hsm.clone());
        let (file, watch, login) = (file.clone(), Arc::clone(&self.watch), login.clone());
        let serial = serial.to_owned();
        Some(Arc::new(move || {
            let client = link::open(&file, &server, &watch).map_err(|_| NotBack::Yet)?.client;
            let role = client.get(&ROLE, &[&hsm, &serial, &login.role]);
            let left = role.map_err(|_| NotBack::Yet)?.attempts_left();
            // The password may have been changed meanwhile; the last attempt is a person's.
            if left.is_none_or(|left| left <= 1) {
                return Err(NotBack::Ever);
            }
            client.call(&LOGIN, &[&hsm, &serial], &login).map_err(|_| NotBack::Ever)?;
            Ok(Single::new(client, [hsm.clone(), serial.clone()]))
        }))
    }

    /// Remembers what logged a role in to the current slot, where that is an HA group.
    pub(crate) fn remember_login(&mut self, login: Login) {
        let slot = self.current.and_then(|current| self.slots.get(current));
        if let Some(slot) = slot.filter(|slot| matches!(slot.behind, Behind::Group { .. })) {
            self.group_logins.insert(slot.serial.clone(), login);
        }
    }

    /// The slot of the partition with this serial number, if it is reached.
    pub(crate) fn slot_of(&self, serial: &str) -> Option<&Slot> {
        let is_it =
            |slot: &&Slot| matches!(slot.behind, Behind::Partition { .. }) && slot.serial == serial;
        self.slots.iter().find(is_it)
    }

    /// The number of the current slot.
    pub(crate) fn current(&self) -> Option<usize> {
        self.current
    }

    /// The configuration of this client.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) fn configuration(&self) -> Result<Chrystoki, Failure> {
        Chrystoki::read(&self.side.configuration).map_err(unreadable)
    }

    /// Reads the HA groups of the configuration again.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) fn read_groups(&mut self) -> Result<(), Failure> {
        let file = self.configuration()?;
        self.slots.retain(|slot| !slot.is_group());
        add_groups(&mut self.slots, &file);
        if self.current.is_some_and(|current| current >= self.slots.len()) {
            self.current = (!self.slots.is_empty()).then_some(0);
        }
        Ok(())
    }

    /// The HSM and the partition of a slot, the current one if none is given, for calls that
    /// keyrings do not have.
    ///
    /// # Errors
    /// There is no such slot, or it is a keyring.
    pub(crate) fn partition(&self, number: Option<usize>) -> Result<[String; 2], Failure> {
        let slot = self.slot_or_current(number)?;
        if slot.is_group() {
            return Err(codes::failure(
                codes::NOT_SUPPORTED,
                format!("Slot {} is an HA group; its members have this, each its own.", slot.slot),
            )
            .hint("'slot set' makes a member the current slot"));
        }
        if slot.is_keyring() {
            return Err(needs_another_slot(format!(
                "Slot {} is a keyring; only partitions have this.",
                slot.slot
            )));
        }
        self.application_slot(number)?;
        let hsm = match self.appliance_of(slot) {
            Some(appliance) => appliance.hsm.clone(),
            None => self.appliance()?.hsm.clone(),
        };
        Ok([hsm, slot.serial.clone()])
    }

    /// Goes on with one of these roles logged in to the current slot: before a question is asked
    /// whose answer would come to nothing.
    ///
    /// # Errors
    /// None of them is, or this client has no slot.
    pub(crate) fn require(&self, any: &[PartitionRole]) -> Result<(), Failure> {
        if self.slot()?.role.is_some_and(|role| any.contains(&role)) {
            return Ok(());
        }
        let keyring = self.slot()?.is_keyring();
        let names: Vec<String> = any.iter().map(|role| role.names(keyring).1).collect();
        let short = any.first().map_or("", |role| role.names(keyring).0);
        Err(codes::failure(
            codes::NOT_LOGGED_IN,
            format!("The {} must be logged in.", names.join(" or ")),
        )
        .hint(format!("log in first: role login -name {short}")))
    }

    /// Makes a slot the current one.
    pub(crate) fn select(&mut self, number: usize) {
        self.current = Some(number);
    }

    /// Remembers which role is logged in to the current slot.
    pub(crate) fn logged_in(&mut self, role: Option<PartitionRole>) {
        if let Some(slot) = self.current.and_then(|current| self.slots.get_mut(current)) {
            slot.role = role;
            if role.is_none() {
                self.group_logins.remove(&slot.serial);
            }
        }
    }

    /// Looks at the current slot again, after this session has changed it.
    ///
    /// # Errors
    /// The appliance does not answer.
    pub(crate) fn refresh_slot(&mut self) -> Result<(), Failure> {
        let (number, serial, role) = {
            let slot = self.slot()?;
            (slot.slot, slot.serial.clone(), slot.role)
        };
        if let Behind::Administrative { device, .. } = self.slot()?.behind {
            let new =
                self.backup_hsms.get(device).map(|hsm| hsm.slot(number, device)).transpose()?;
            if let Some(new) = new {
                self.slots[number] = Slot { role, ..new };
            }
            return Ok(());
        }
        if let Some(new) = self.appliance()?.slot(number, &serial)? {
            self.slots[number] = Slot { role, ..new };
        }
        Ok(())
    }

    /// The slots as they are now, without making them this session's. A cluster that cannot be
    /// reached any more is noted.
    ///
    /// # Errors
    /// The appliance does not answer, or the configuration cannot be read.
    pub(crate) fn look(&mut self) -> Result<Vec<Slot>, Failure> {
        let mut slots = self.partitions(&mut Vec::new())?;
        for number in 0..self.links.len() {
            let mut found = self.links[number].keyrings();
            if found.is_err() && self.reopen_link(number) {
                found = self.links[number].keyrings();
            }
            let label = &self.links[number].label;
            let note = match found {
                Ok(found) => add_keyrings(&mut slots, number, label, &found),
                Err(error) => {
                    let failure = Failure::from(error);
                    Some(format!("note: cluster '{label}': {}", failure.message))
                }
            };
            if let Some(note) = note {
                self.ui.note(note);
            }
        }
        self.add_last(&mut slots)?;
        Ok(slots)
    }

    fn partitions(&self, notes: &mut Vec<String>) -> Result<Vec<Slot>, Failure> {
        partitions(&self.appliances, &self.side, &self.links, notes)
    }

    /// Reads configuration and slots again, as a new session would. Logins are given up first.
    ///
    /// # Errors
    /// The appliance does not answer, or the configuration cannot be read.
    pub(crate) fn restart(&mut self) -> Result<(), Failure> {
        for slot in self.slots.iter().filter(|slot| slot.role.is_some()) {
            match self.backend_of(slot).log_out() {
                // A keyring's login ends with its session, which is not opened again.
                Err(error) if !slot.is_keyring() => return Err(error.into()),
                _ => {}
            }
        }
        self.group_logins.clear();
        let mut notes = Vec::new();
        self.links = open_links(&self.side, &self.watch, &mut notes);
        if self.appliances.iter().all(|appliance| appliance.server.is_some()) {
            self.appliances = open_appliances(&self.side, &self.watch, &mut notes)?;
        }
        let mut slots = self.partitions(&mut notes)?;
        for (number, link) in self.links.iter().enumerate() {
            notes.extend(add_keyrings(&mut slots, number, &link.label, link.found()));
        }
        self.add_last(&mut slots)?;
        self.current = (!slots.is_empty()).then_some(0);
        self.slots = slots;
        for note in notes {
            self.ui.note(note);
        }
        Ok(())
    }

    /// Opens the session with a cluster anew, perhaps with another member; whether that was done.
    fn reopen_link(&mut self, number: usize) -> bool {
        let Some(link) = self.links.get_mut(number) else { return false };
        let Ok(note) = link.reopen() else { return false };
        let label = link.label.clone();
        if let Some(note) = note {
            self.ui.note(note);
        }
        self.ui.note(format!(
            "note: the session with cluster '{label}' was opened again; logins to its keyrings are \
             gone"
        ));
        self.forget_roles(|slot| slot.link() == Some(number));
        true
    }

    /// Opens the link to the appliance of the current slot anew; whether that was done.
    fn reopen_appliance(&mut self) -> bool {
        let Some(Behind::Partition { place }) = self.slot().ok().map(|slot| slot.behind.clone())
        else {
            return false;
        };
        let server = self.appliances.get(place).and_then(|appliance| appliance.server.clone());
        let (Some(server), Ok(file)) = (server, Chrystoki::read(&self.side.configuration)) else {
            return false;
        };
        let Ok(opened) = link::open(&file, &server, &self.watch) else { return false };
        self.appliances[place] = Appliance::linked(place, opened);
        self.ui.note(format!(
            "note: the link to {} was opened again; logins to its partitions are gone",
            server.server
        ));
        self.forget_roles(
            |slot| matches!(slot.behind, Behind::Partition { place: of } if of == place),
        );
        true
    }

    fn forget_roles(&mut self, of: impl Fn(&Slot) -> bool) {
        for slot in self.slots.iter_mut().filter(|slot| of(slot)) {
            slot.role = None;
        }
    }

    /// The text of a question: an empty line before it unless the shell puts one there.
    pub(crate) fn question(&self, text: &str) -> String {
        let lead = if self.ui.has_output() { "\n" } else { "" };
        format!("{lead}{text}")
    }

    /// Asks for a secret, or for a new one twice. The texts stand without blanks and line ends
    /// around them.
    ///
    /// # Errors
    /// No answer, or two different ones.
    pub(crate) fn secret(
        &mut self,
        given: Option<Secret>,
        text: &str,
        again: Option<&str>,
        (variable, option): (&str, &str),
    ) -> Result<Secret, Failure> {
        let text = self.question(&format!("        {text}: "));
        let again = again.map(|again| format!("\n        {again}: "));
        let question = Question { text: &text, again: again.as_deref(), variable, option };
        self.ui.secret(given, question)
    }

    /// Asks for a secret that need not be given: an empty answer is none, and so is a script's missing one.
    ///
    /// # Errors
    /// The command was given up.
    pub(crate) fn secret_or_none(
        &mut self,
        text: &str,
        origin: (&str, &str),
    ) -> Result<Option<Secret>, Failure> {
        match self.secret(None, text, None, origin) {
            Ok(secret) => Ok(Some(secret).filter(|secret| !secret.expose().is_empty())),
            Err(failure) if failure.is_cancelled() => Err(failure),
            Err(_) => Ok(None),
        }
    }

    /// Whether the partition of a slot answers.
    pub(crate) fn is_alive(&self, slot: &Slot) -> bool {
        self.backend_of(slot).show().is_ok()
    }

    /// A label as the product takes it: cut when it is too long, which is said.
    ///
    /// # Errors
    /// It breaks the rule in another way.
    pub(crate) fn label(&mut self, typed: String) -> Result<String, Failure> {
        self.label_within(naming::LABEL, typed)
    }

    /// The same by another rule.
    ///
    /// # Errors
    /// As for [`Session::label`].
    pub(crate) fn label_within(&mut self, rule: Rule, typed: String) -> Result<String, Failure> {
        let label = match rule.cut(&typed) {
            Some(begin) => {
                self.ui.note(format!("note: the label was cut to '{begin}'"));
                begin.to_owned()
            }
            None => typed,
        };
        codes::allowed(rule, &label)?;
        Ok(label)
    }

    /// Asks for a new password of a role, twice.
    ///
    /// # Errors
    /// No answer, two different ones, or one that breaks the rule.
    pub(crate) fn new_password(
        &mut self,
        given: Option<Secret>,
        origin: (&str, &str),
    ) -> Result<Secret, Failure> {
        let again = Some("re-enter new password");
        let password = self.secret(given, "enter new password", again, origin)?;
        codes::allowed(naming::PASSWORD, password.expose())?;
        Ok(password)
    }

    /// Asks for a domain, twice.
    ///
    /// # Errors
    /// No answer, two different ones, or one that breaks the rule.
    pub(crate) fn new_domain(
        &mut self,
        given: Option<Secret>,
        origin: (&str, &str),
    ) -> Result<Secret, Failure> {
        let again = Some("Re-enter the domain name");
        let domain = self.secret(given, "Enter the domain name", again, origin)?;
        codes::allowed(naming::DOMAIN, domain.expose())?;
        Ok(domain)
    }

    /// Asks for `proceed`, after a warning of whole lines.
    ///
    /// # Errors
    /// `quit`, or no answer.
    pub(crate) fn confirm(&mut self, warning: &str, option: &str) -> Result<(), Failure> {
        let text = self.question(&format!("{warning}\n\n{PROCEED}"));
        self.ui.confirm(&text, option)
    }

    /// The same with the blank behind the arrow that some commands have.
    ///
    /// # Errors
    /// `quit`, or no answer.
    pub(crate) fn confirm_spaced(&mut self, warning: &str, option: &str) -> Result<(), Failure> {
        let gap = if warning.is_empty() { "" } else { "\n\n" };
        let text = self.question(&format!("{warning}{gap}{PROCEED} "));
        self.ui.confirm(&text, option)
    }

    /// An attempt of `role` at the current slot, with `left` of them left now.
    ///
    /// # Errors
    /// The person quit, or a script did not insist.
    pub(crate) fn attempt(
        &mut self,
        left: Option<u32>,
        role: PartitionRole,
    ) -> Result<Attempt<Session>, Failure> {
        let end = match role {
            _ if self.slot()?.is_keyring() => "a wrong password locks the keyring",
            PartitionRole::So => "a wrong password zeroizes the HSM",
            PartitionRole::Po => "a wrong password zeroizes the partition",
            _ => "a wrong password locks the role",
        };
        let backend = self.backend()?;
        self.attempt_on(backend, left, role, end)
    }

    /// An attempt of `role` at something that need be no slot; `end` says what the last one does.
    ///
    /// # Errors
    /// As [`Session::attempt`].
    pub(crate) fn attempt_on(
        &mut self,
        backend: SlotBackend,
        left: Option<u32>,
        role: PartitionRole,
        end: &str,
    ) -> Result<Attempt<Session>, Failure> {
        let caution = |text: &str| {
            self.question(&format!(
                "        Caution:  {text}:\n\x20                 {end}.\n\n{PROCEED}"
            ))
        };
        let counter = Counter {
            id: backend.role_id(role.id()),
            last: caution(&format!("This is the LAST available login attempt of the {role}")),
            unknown: caution(&format!("This could be the LAST login attempt of the {role}")),
            left: Box::new(move |_: &Session| Ok(backend.role(role.id())?.attempts_left())),
        };
        Attempt::begin(self, counter, left)
    }
}

/// Opens a session with every cluster of the configuration. One that cannot be reached is noted,
/// and its keyrings are no slots.
fn open_links(
    side: &ClientSide,
    watch: &Arc<Watch>,
    notes: &mut Vec<String>,
) -> Vec<ClusterConnection> {
    let file = match Chrystoki::read(&side.configuration) {
        Ok(file) => file,
        // Without a name the file is needed for more, and its error is told as one.
        Err(error) => {
            if side.name.is_some() {
                notes.push(format!("note: {error}: clusters are not shown"));
            }
            return Vec::new();
        }
    };
    let mut links = Vec::new();
    for registration in registrations(&file) {
        let (index, server) = (registration.index, registration.server.clone());
        match ClusterConnection::open(registration, Arc::clone(watch)) {
            Ok((link, note)) => {
                notes.extend(note);
                links.push(link);
            }
            Err(failure) => {
                notes.push(format!("note: cluster {index:02} ({server}): {}", failure.message));
            }
        }
    }
    links
}

/// Opens the link to every appliance of the configuration. One that cannot be reached is noted, and
/// its partitions are no slots.
fn open_appliances(
    side: &ClientSide,
    watch: &Arc<Watch>,
    notes: &mut Vec<String>,
) -> Result<Vec<Appliance>, Failure> {
    let file = Chrystoki::read(&side.configuration).map_err(unreadable)?;
    let mut appliances = Vec::new();
    for (server, opened) in link::open_all(&file, Some(watch)) {
        match opened {
            Ok(link) => appliances.push(Appliance::linked(appliances.len(), link)),
            Err(reason) => notes.push(format!("note: server {}: {reason}", server.server)),
        }
    }
    Ok(appliances)
}

/// The refusal of what a slot of this kind does not have.
fn needs_another_slot(why: String) -> Failure {
    codes::failure(codes::NOT_SUPPORTED, why)
        .hint("'slot list' shows the slots, 'slot set' makes another one the current one")
}

fn unreadable(error: std::io::Error) -> Failure {
    Failure::new(Kind::NotUnderstood, format!("{error}."))
        .hint("name the client with --client, or set the file right")
}

/// The partitions of a client as slots, and what its person should know about them.
fn partitions(
    appliances: &[Appliance],
    side: &ClientSide,
    links: &[ClusterConnection],
    notes: &mut Vec<String>,
) -> Result<Vec<Slot>, Failure> {
    let mut slots = Vec::new();
    for appliance in appliances {
        let Some(Server { server, .. }) = &appliance.server else {
            return partitions_of_account(appliance, side, links, notes);
        };
        match appliance.linked_slots(slots.len()) {
            Ok(found) if found.is_empty() => notes.push(format!(
                "note: server {server}: no partition is assigned to this client: it is assigned with \
                 'client assignPartition' in lunash"
            )),
            Ok(found) => slots.extend(found),
            Err(failure) => notes.push(format!("note: server {server}: {}", failure.message)),
        }
    }
    Ok(slots)
}

fn partitions_of_account(
    appliance: &Appliance,
    side: &ClientSide,
    links: &[ClusterConnection],
    notes: &mut Vec<String>,
) -> Result<Vec<Slot>, Failure> {
    let owner = side.owner().map_err(unreadable)?;
    let found = appliance.slots(&owner)?;
    match (&owner, found.registered, found.slots.is_empty()) {
        // A client of clusters alone.
        (Owner::Anybody, _, true) if !links.is_empty() => {}
        (Owner::Anybody, ..) => notes.push(
            "note: no client is named (--client NAME, or a certificate in Chrystoki.conf): \
             showing every partition"
                .to_owned(),
        ),
        (Owner::Uncertified(path), ..) => notes.push(format!(
            "note: the certificate {} is not made yet: 'clientconfig deploy' makes one",
            path.display()
        )),
        (Owner::Named(name) | Owner::Certified(name), None, _) => notes.push(format!(
            "note: the appliance has no client '{name}': it is registered with 'client register' \
             in lunash"
        )),
        (_, Some(name), true) => notes.push(format!(
            "note: no partition is assigned to client '{name}': it is assigned with \
             'client assignPartition' in lunash"
        )),
        (_, Some(_), false) => {}
    }
    Ok(found.slots)
}

/// Adds the keyrings of a cluster behind the slots there are, as many as a client may have; a note of
/// those that are left out.
fn add_keyrings(
    slots: &mut Vec<Slot>,
    number: usize,
    label: &str,
    found: &[keyrings::Slot],
) -> Option<String> {
    let there = slots.iter().filter(|slot| slot.is_keyring()).count();
    let room = MAX_KEYRINGS.saturating_sub(there);
    for keyring in found.iter().take(room) {
        slots.push(Slot::keyring(slots.len(), number, label, keyring));
    }
    let left_out = found.len().saturating_sub(room);
    (left_out > 0).then(|| {
        format!(
            "note: a client has at most {MAX_KEYRINGS} keyrings in all its clusters: {left_out} of \
             cluster '{label}' are not shown"
        )
    })
}

/// Adds the HA groups of the configuration behind all other slots.
fn add_groups(slots: &mut Vec<Slot>, file: &Chrystoki) {
    for group in groups(file) {
        let is_member = |slot: &&Slot| slot.is_partition() && group.members.contains(&slot.serial);
        let first = slots.iter().find(is_member).cloned();
        slots.push(Slot::group(slots.len(), &group, first.as_ref()));
    }
}

impl luna_shell::Session for Session {
    const NAME: &'static str = "lunacm";
    const RESULT_AFTER_WORDS: bool = true;
    const SPACE_AFTER_QUESTIONS: bool = true;

    fn ui(&mut self) -> &mut Ui {
        &mut self.ui
    }

    fn connection_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }

    fn own_arguments(&self) -> String {
        let linked = !self.appliances.iter().any(|appliance| appliance.server.is_none());
        let client = self.side.owner().ok().and_then(Owner::into_name).filter(|_| !linked);
        let client = client.map(|name| format!(" --client {}", quoted(&name)));
        // A folder is the machine's own; the serial number says which is meant.
        let devices = self.backup_hsms.iter().map(|one| format!(" --backup-hsm {}", one.serial));
        let linked = linked.then(|| " --linked".to_owned());
        linked.into_iter().chain(client).chain(devices).collect()
    }

    /// What the product shows on administrative slots only is there with a Backup HSM.
    fn has(&self, path: &str) -> bool {
        self.has_backup_hsm() || !crate::commands::is_of_administrative_slots(path)
    }

    fn prompt(&self) -> String {
        "lunacm:>".to_owned()
    }

    fn greeting(&mut self) -> Result<String, Failure> {
        let mut page = Page::new();
        page.line(format!("{BANNER}\n\n\n        Available HSMs:"));
        if !self.slots.is_empty() {
            page.blank();
            write_blocks(&mut page, &self.slots);
        }
        let current = self.current.map_or("None".to_owned(), |current| current.to_string());
        page.line(format!("\n\n        Current Slot Id: {current}"));
        Ok(page.into_text())
    }

    fn completion_values(&self) -> CompletionValues {
        let slots: Vec<String> = self.slots.iter().map(|slot| slot.slot.to_string()).collect();
        let keyring = self.slot().is_ok_and(Slot::is_keyring);
        let roles = self.roles().into_iter();
        let roles: Vec<String> = roles.map(|role| role.names(keyring).0.to_owned()).collect();
        let client = Arc::clone(&self.connection.client);
        let configuration = self.side.configuration.clone();
        let hsm = self.appliances.first().map(|appliance| appliance.hsm.clone());
        // Completion that finds nothing is silent, whatever the reason.
        Arc::new(move |placeholder| match placeholder {
            "slotnum" => slots.clone(),
            "role" => roles.clone(),
            "server" => crate::servers::registered(&configuration).unwrap_or_default(),
            "partition_name" => hsm
                .as_deref()
                .and_then(|hsm| partition_names(&client, hsm).ok())
                .unwrap_or_default(),
            _ => Vec::new(),
        })
    }

    fn result_line(&self, failure: Option<&Failure>) -> (u32, String, String) {
        let Some(failure) = failure else {
            return (0, "No Error".to_owned(), "Command Result : No Error".to_owned());
        };
        let (number, name) = match &failure.code {
            Some(Code { number, name }) => (number.unwrap_or(5), name.to_string()),
            None => (5, "CKR_GENERAL_ERROR".to_owned()),
        };
        (number, name.clone(), format!("Command Result : 0x{number:x} ({name})"))
    }

    fn error_text(&self, _path: &str, failure: &Failure) -> String {
        let message = failure.message.trim_end_matches('\n');
        if failure.verbatim {
            return format!("{message}\n");
        }
        match (failure.kind, failure.code.as_ref().map(|code| code.name.as_ref())) {
            // A line that was not understood is shown, not run.
            (Kind::NotUnderstood | Kind::BadArguments, _) => indented(message),
            (_, Some(name)) if name == codes::CANCELLED.name && failure.kind == Kind::Command => {
                "Error in execution: command cancelled.\n".to_owned()
            }
            (_, Some(name)) if name == message => {
                format!("Error in execution: {message}.\n")
            }
            _ => format!("Error in execution: {message}\n"),
        }
    }

    fn translate(&self, failure: Failure) -> Failure {
        codes::in_own_words(failure)
    }

    const TAKES_EMPTY_SECRETS: &'static [&'static str] = &["hagroup listgroups"];

    const OLDER: &'static [Older] = crate::commands::OLDER;

    /// As client 10.9 words it.
    fn text_of_unknown(&self, _menu: &str, word: &str) -> Option<String> {
        Some(format!("Subcommand \"{word}\" not found."))
    }

    fn hint_for_unknown(&self, words: &[&str]) -> Option<String> {
        crate::commands::hint_for_unknown(words)
    }

    fn take_warnings(&mut self) -> Vec<String> {
        let mut warnings = self.connection.client.take_warnings();
        for Appliance { client, server, .. } in &self.appliances {
            let Some(server) = server else { continue };
            let told = client.take_warnings();
            warnings.extend(told.iter().map(|text| format!("server {}: {text}", server.server)));
        }
        for link in &self.links {
            let of_link = link.client().take_warnings();
            warnings.extend(of_link.iter().map(|text| format!("cluster '{}': {text}", link.label)));
        }
        warnings
    }

    fn recover(&mut self, failure: &Failure) -> bool {
        if !failure.session_ended() && failure.kind != Kind::Unreachable {
            return false;
        }
        // Whether it was the cluster's session or the appliance's, the failure does not say.
        if let Some(link) = self.slot().ok().and_then(Slot::link)
            && self.links.get(link).is_some_and(|link| link.keyrings().is_err())
        {
            return self.reopen_link(link);
        }
        if failure.session_ended() && self.reopen_appliance() {
            return true;
        }
        let reopened = failure.session_ended() && self.reopen();
        if reopened {
            self.forget_roles(|slot| !slot.is_keyring());
        }
        reopened
    }
}

/// Every line of a text by eight blanks further in.
fn indented(text: &str) -> String {
    let line = |line: &str| match line {
        "" => "\n".to_owned(),
        line => format!("        {line}\n"),
    };
    text.lines().map(line).collect()
}

fn partition_names(client: &Client, hsm: &str) -> Result<Vec<String>, luna_rest::Error> {
    use luna_rest::partitions::{LIST, SHOW};
    let list = client.get(&LIST, &[hsm])?.partitions;
    list.iter().map(|entry| Ok(client.get(&SHOW, &[hsm, &entry.id])?.name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_has_3500_keyrings_over_all_its_clusters() {
        let found = |count: usize| -> Vec<keyrings::Slot> {
            (0..count).map(|_| keyrings::Slot::default()).collect()
        };
        let mut slots = Vec::new();
        assert_eq!(add_keyrings(&mut slots, 0, "a", &found(3000)), None);
        assert_eq!(add_keyrings(&mut slots, 1, "b", &found(500)), None);
        let note = add_keyrings(&mut slots, 2, "c", &found(7)).unwrap();
        assert!(note.contains(": 7 of cluster 'c' are not shown"), "{note}");
        assert_eq!(slots.len(), MAX_KEYRINGS);
    }
}
