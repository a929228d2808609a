//! Keyrings and their objects.
//!
//! A keyring is a row, its objects are blocks of rows: a change of one object stores its block
//! alone, and a block that is not read stays the text it was stored as.

use std::collections::{BTreeMap, BTreeSet};

use luna_rest::Secret;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use crate::core::password::PasswordHash;
use crate::core::table::Table;
use crate::state::area::{Area, FieldVisitor};
use crate::state::is_default;
use crate::state::objects::ContentsRow;

/// Objects in a block.
pub const BLOCK: u32 = 64;

/// What is kept of the keyrings. All of it is shared.
#[derive(Debug, Default)]
pub struct Keyrings {
    /// The keyrings by UUID.
    pub keyrings: Table<KeyringRow>,
    /// The objects in blocks: by the keyring's UUID and the number of the block.
    pub objects: Table<Block>,
    /// What objects are made of, where they were not only counted in: by the keyring's UUID and the
    /// handle in ten digits.
    pub contents: Table<ContentsRow>,
}

/// A keyring.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct KeyringRow {
    /// The label.
    pub label: String,
    /// The serial number that clients see.
    pub serial: String,
    /// The KRSO's password.
    pub so: Password,
    /// The KRCO's password, once there is one.
    pub co: Option<Password>,
    /// Logins that failed since the last good one; in dual-identity mode those of the KRCO alone.
    pub failed: u32,
    /// The same of the KRSO, in dual-identity mode.
    #[serde(skip_serializing_if = "is_default")]
    pub so_failed: u32,
    /// How many objects there are.
    pub objects: usize,
    /// The last handle that was given to an object.
    pub last_handle: u32,
    /// UUIDs of the clients it is assigned to.
    pub clients: BTreeSet<String>,
    /// Keyrings are listed in the order of this number: that in which they were made.
    #[serde(skip_serializing_if = "is_default")]
    pub made: u64,
    /// Whether all that clients do with it is refused.
    #[serde(skip_serializing_if = "is_default")]
    pub disabled: bool,
    /// What the values of its objects are encrypted with, in Base64; made with the first of them.
    #[serde(skip_serializing_if = "Secret::is_empty")]
    pub key: Secret,
}

/// Failed logins to a keyring that a member counted while it had no link to the primary member.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FailedRow {
    /// As [`KeyringRow::failed`].
    pub failed: u32,
    /// As [`KeyringRow::so_failed`].
    pub so_failed: u32,
}

/// A password of a keyring's role.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Password {
    /// The password.
    pub hash: PasswordHash,
    /// Whether it is so long that failed logins do not count.
    pub long: bool,
    /// Somebody else set it: it has to be changed first.
    pub to_be_changed: bool,
}

/// A block of objects, as the text of a list of [`KeyObject`].
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct Block(Box<RawValue>);

/// Looks at the objects, so that a damaged block is refused when it is read.
impl<'de> Deserialize<'de> for Block {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Block, D::Error> {
        let text = Box::<RawValue>::deserialize(from)?;
        serde_json::from_str::<Vec<KeyObject>>(text.get()).map_err(D::Error::custom)?;
        Ok(Block(text))
    }
}

/// An object: handle, label, and the number of its type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyObject(pub u32, pub String, pub u8);

impl Block {
    /// A list of plain values always has a JSON form.
    fn of(objects: &[KeyObject]) -> Block {
        Block(serde_json::value::to_raw_value(objects).unwrap_or_default())
    }

    fn objects(&self) -> Vec<KeyObject> {
        serde_json::from_str(self.0.get()).unwrap_or_default()
    }
}

impl Area for Keyrings {
    fn fields(&mut self, visit: FieldVisitor<'_>) {
        visit("keyrings", &mut self.keyrings);
        visit("keyrings/contents", &mut self.contents);
        visit("keyrings/objects", &mut self.objects);
    }
}

fn block_key(keyring: &str, handle: u32) -> String {
    format!("{keyring}/{:08}", handle / BLOCK)
}

/// The key of an object's contents.
pub fn contents_key(keyring: &str, handle: u32) -> String {
    format!("{keyring}/{handle:010}")
}

impl Keyrings {
    /// The keyrings in the order in which they were made; those of older releases, which kept no
    /// order, first.
    pub fn in_order(&self) -> Vec<(&str, &KeyringRow)> {
        let mut keyrings: Vec<_> = self.keyrings.iter().collect();
        keyrings.sort_by(|(_, a), (_, b)| (a.made, &a.label).cmp(&(b.made, &b.label)));
        keyrings
    }

    /// The objects of a keyring by handle.
    pub fn objects_of<'k>(&'k self, keyring: &'k str) -> impl Iterator<Item = KeyObject> {
        self.objects.from(&block_key(keyring, 0), keyring).flat_map(|(_, block)| block.objects())
    }

    /// One object.
    pub fn object(&self, keyring: &str, handle: u32) -> Option<KeyObject> {
        let block = self.objects.get(&block_key(keyring, handle))?.objects();
        block.into_iter().find(|object| object.0 == handle)
    }

    /// Adds objects behind those that are there.
    pub fn add(&mut self, keyring: &str, objects: Vec<(String, u8)>) -> u32 {
        let Some(row) = self.keyrings.get_mut(keyring) else { return 0 };
        let mut blocks: BTreeMap<String, Vec<KeyObject>> = BTreeMap::new();
        for (label, kind) in objects {
            row.last_handle += 1;
            row.objects += 1;
            let object = KeyObject(row.last_handle, label, kind);
            blocks.entry(block_key(keyring, object.0)).or_default().push(object);
        }
        let last = row.last_handle;
        for (key, new) in blocks {
            let mut all = self.objects.get(&key).map(Block::objects).unwrap_or_default();
            all.extend(new);
            self.objects.insert(key, Block::of(&all));
        }
        last
    }

    /// What an object is made of.
    pub fn contents_of(&self, keyring: &str, handle: u32) -> Option<&ContentsRow> {
        self.contents.get(&contents_key(keyring, handle))
    }

    /// Says what an object is made of, and how it is called.
    pub fn set_contents(&mut self, keyring: &str, handle: u32, label: &str, row: ContentsRow) {
        let key = block_key(keyring, handle);
        let mut all = self.objects.get(&key).map(Block::objects).unwrap_or_default();
        if let Some(object) = all.iter_mut().find(|object| object.0 == handle && object.1 != label)
        {
            label.clone_into(&mut object.1);
            self.objects.insert(key, Block::of(&all));
        }
        self.contents.insert(contents_key(keyring, handle), row);
    }

    /// Removes an object.
    pub fn remove(&mut self, keyring: &str, handle: u32) {
        let key = block_key(keyring, handle);
        let mut all = self.objects.get(&key).map(Block::objects).unwrap_or_default();
        all.retain(|object| object.0 != handle);
        match all.is_empty() {
            true => drop(self.objects.remove(&key)),
            false => self.objects.insert(key, Block::of(&all)),
        }
        self.contents.remove(&contents_key(keyring, handle));
        if let Some(row) = self.keyrings.get_mut(keyring) {
            row.objects = row.objects.saturating_sub(1);
        }
    }

    /// Removes all objects of a keyring.
    pub fn erase(&mut self, keyring: &str) {
        let kept: Vec<String> = self
            .contents
            .from(&contents_key(keyring, 0), keyring)
            .map(|(key, _)| key.to_owned())
            .collect();
        kept.iter().for_each(|key| drop(self.contents.remove(key)));
        let keys: Vec<String> =
            self.objects.from(&block_key(keyring, 0), keyring).map(|(key, _)| key.into()).collect();
        for key in keys {
            self.objects.remove(&key);
        }
        if let Some(row) = self.keyrings.get_mut(keyring) {
            row.objects = 0;
        }
    }

    /// Replaces a keyring's objects whose handles are among these, and adds the others.
    pub fn put(&mut self, keyring: &str, objects: Vec<KeyObject>) {
        let mut blocks: BTreeMap<String, Vec<KeyObject>> = BTreeMap::new();
        for object in objects {
            blocks.entry(block_key(keyring, object.0)).or_default().push(object);
        }
        for (key, new) in blocks {
            let mut all = self.objects.get(&key).map(Block::objects).unwrap_or_default();
            all.retain(|object| new.iter().all(|other| other.0 != object.0));
            all.extend(new);
            all.sort_by_key(|object| object.0);
            self.objects.insert(key, Block::of(&all));
        }
        let (count, last) = self
            .objects_of(keyring)
            .fold((0, 0), |(count, last), object| (count + 1, last.max(object.0)));
        if let Some(row) = self.keyrings.get_mut(keyring) {
            row.objects = count;
            row.last_handle = row.last_handle.max(last);
        }
    }

    /// Assigns every keyring to these clients.
    pub fn assign_all(&mut self, clients: &[String]) {
        let keyrings: Vec<String> = self.keyrings.keys().map(str::to_owned).collect();
        for uuid in keyrings {
            if let Some(row) = self.keyrings.get_mut(&uuid) {
                row.clients.extend(clients.iter().cloned());
            }
        }
    }

    /// Takes every keyring from a client that is no longer registered.
    pub fn forget_client(&mut self, client: &str) {
        let with =
            |(uuid, row): (&str, &KeyringRow)| row.clients.contains(client).then(|| uuid.into());
        let keyrings: Vec<String> = self.keyrings.iter().filter_map(with).collect();
        for uuid in keyrings {
            if let Some(row) = self.keyrings.get_mut(&uuid) {
                row.clients.remove(client);
            }
        }
    }

    /// Forgets everything: this appliance left its cluster.
    pub fn forget(&mut self) {
        self.keyrings.retain(|_, _| false);
        self.objects.retain(|_, _| false);
        self.contents.retain(|_, _| false);
    }
}
