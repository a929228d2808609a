//! The partitions with their objects, and the imported policy templates.
//!
//! All of a partition but its objects is one row.

use std::collections::{BTreeMap, BTreeSet};

use luna_rest::Secret;
use serde::{Deserialize, Serialize};

use crate::core::password::PasswordHash;
use crate::core::table::Table;
use crate::state::area::{Area, FieldVisitor};
use crate::state::hsm::STORAGE;
use crate::state::is_default;
use crate::state::objects::ContentsRow;

/// Bytes that a partition takes in addition to its size.
pub const OVERHEAD: u64 = 9_648;

/// What is kept of the partitions.
#[derive(Debug, Default)]
pub struct Partitions {
    /// The partitions by serial number.
    pub partitions: Table<PartitionRow>,
    /// The objects by `serial/handle`, the handle in ten digits.
    pub objects: Table<ObjectRow>,
    /// Imported policy templates by name.
    pub templates: Table<TemplateRow>,
    /// Settings of Secure Trusted Channels by the partition's serial number, where they were set.
    pub stc: Table<StcRow>,
    /// Identities of clients of Secure Trusted Channels by `serial/number`, the number in ten digits.
    pub stc_clients: Table<StcClientRow>,
}

/// The identity of a client of a Secure Trusted Channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StcClientRow {
    /// Its label.
    pub label: String,
    /// The SHA-1 of the identity, in hexadecimal digits.
    pub fingerprint: String,
}

/// The settings of a partition's Secure Trusted Channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StcRow {
    /// Seconds that a client has to open the channel.
    pub activation_timeout: u32,
    /// Millions of messages until the key changes; 0 for never.
    pub rekey_threshold: u32,
    /// Packets of the replay window.
    pub replay_window: u32,
    /// Ciphers that were turned off, by their numbers.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub no_ciphers: BTreeSet<u32>,
    /// Algorithms of message integrity that were turned off, by their numbers.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub no_hmacs: BTreeSet<u32>,
}

/// The documented defaults; that of the time limit is assumed.
impl Default for StcRow {
    fn default() -> Self {
        StcRow {
            activation_timeout: 120,
            rekey_threshold: 400,
            replay_window: 120,
            no_ciphers: BTreeSet::new(),
            no_hmacs: BTreeSet::new(),
        }
    }
}

/// A partition.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PartitionRow {
    /// Partitions are listed in the order of this number.
    pub made: u64,
    /// The name.
    pub name: String,
    /// The label; empty while not initialized.
    pub label: String,
    /// Bytes for objects.
    pub size: u64,
    /// 0 or 1, as it was created; policy 41 changes it.
    pub version: u8,
    /// Whether it is initialized.
    pub initialized: bool,
    /// Its initialized roles by identifier.
    pub roles: BTreeMap<String, RoleRow>,
    /// Its cloning domains, the primary one first.
    pub domains: Vec<DomainRow>,
    /// The domain of an older HSM, if one was set.
    pub legacy_domain: Option<PasswordHash>,
    /// Policies that differ from their default, by number.
    pub policies: BTreeMap<u32, u32>,
    /// Policies whose destructiveness a template changed: off to on, on to off.
    pub destructive: BTreeMap<u32, (bool, bool)>,
    /// The last handle that was given to an object.
    pub last_handle: u32,
    /// Which SKS master key a version 1 partition has, in 32 hexadecimal digits; empty for none.
    pub smk_id: String,
    /// The key before it while a rollover is going on; else empty.
    pub old_smk_id: String,
    /// What the values of its objects are encrypted with, in Base64; made with the first of them.
    #[serde(skip_serializing_if = "Secret::is_empty")]
    pub key: Secret,
}

impl Area for Partitions {
    fn fields(&mut self, visit: FieldVisitor<'_>) {
        visit("partitions", &mut self.partitions);
        visit("partitions/objects", &mut self.objects);
        visit("partitions/templates", &mut self.templates);
        visit("partitions/stc", &mut self.stc);
        visit("partitions/stc/clients", &mut self.stc_clients);
    }
}

impl Partitions {
    /// The serial numbers, oldest partition first.
    pub fn serials(&self) -> Vec<&str> {
        let mut serials: Vec<(u64, &str)> =
            self.partitions.iter().map(|(serial, row)| (row.made, serial)).collect();
        serials.sort_unstable();
        serials.into_iter().map(|(_, serial)| serial).collect()
    }

    /// How many partitions there are.
    pub fn count(&self) -> usize {
        self.partitions.keys().count()
    }

    /// Bytes of the HSM that partitions take, their overhead included.
    pub fn used_storage(&self) -> u64 {
        self.partitions.values().map(|row| row.size + OVERHEAD).sum()
    }

    /// Bytes of the HSM that are left.
    pub fn free_storage(&self) -> u64 {
        STORAGE.saturating_sub(self.used_storage())
    }

    /// The objects of a partition by their handles.
    pub fn objects_of<'p>(&'p self, serial: &'p str) -> impl Iterator<Item = (u32, &'p ObjectRow)> {
        let handle = move |key| {
            let (owner, handle) = str::split_once(key, '/')?;
            (owner == serial).then(|| handle.parse().ok())?
        };
        let of_partition = self.objects.from(&object_key(serial, 0), serial);
        of_partition.filter_map(move |(key, row)| Some((handle(key)?, row)))
    }

    /// The clients of a partition's Secure Trusted Channel by their numbers.
    pub fn stc_clients_of(&self, serial: &str) -> impl Iterator<Item = (u32, &StcClientRow)> {
        let number = move |key| {
            let (owner, number) = str::split_once(key, '/')?;
            (owner == serial).then(|| number.parse().ok())?
        };
        self.stc_clients.iter().filter_map(move |(key, row)| Some((number(key)?, row)))
    }

    /// Forgets the Secure Trusted Channel of a partition.
    pub fn forget_stc(&mut self, serial: &str) {
        self.stc.remove(serial);
        self.stc_clients.retain(|key, _| key.split('/').next() != Some(serial));
    }

    /// Removes all objects of a partition.
    pub fn erase_objects(&mut self, serial: &str) {
        self.objects.retain(|key, _| key.split('/').next() != Some(serial));
    }

    /// Number of a partition's objects, and the bytes they take.
    pub fn contents(&self, serial: &str) -> (u64, u64) {
        self.objects_of(serial).fold((0, 0), |(count, size), (_, row)| (count + 1, size + row.size))
    }
}

/// An initialized role.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RoleRow {
    /// Its password.
    pub hash: PasswordHash,
    /// Logins that failed since the last good one.
    pub failed: u32,
    /// Somebody else set the password: it has to be changed first.
    pub to_be_changed: bool,
}

/// A cloning domain.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DomainRow {
    /// Its number within the partition.
    pub number: u32,
    /// Its label; empty for none.
    pub label: String,
    /// The domain itself.
    pub hash: PasswordHash,
}

/// A policy template in the store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TemplateRow {
    /// Values by policy number.
    pub policies: BTreeMap<u32, u32>,
    /// Destructiveness by policy number: off to on, on to off.
    pub destructive: BTreeMap<u32, (bool, bool)>,
}

/// An object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ObjectRow {
    /// The label.
    pub label: String,
    /// One of the types.
    pub kind: String,
    /// The unique identifier.
    pub uid: String,
    /// Whether only a logged-in role sees it.
    pub private: bool,
    /// Bytes it takes.
    pub size: u64,
    /// What it is made of; nothing where it was only counted in.
    #[serde(skip_serializing_if = "is_default")]
    pub contents: ContentsRow,
}

/// The key of an object's row.
pub fn object_key(serial: &str, handle: u32) -> String {
    format!("{serial}/{handle:010}")
}
