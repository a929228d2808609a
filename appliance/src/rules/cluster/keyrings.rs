//! Keyrings: `/api/keyrings`. What clients do with them is in `keyring_clients.rs`.
//!
//! A keyring is a row, its objects are blocks of rows: a change of one object stores its block
//! alone, and a block that nobody looks at stays the text it was stored as.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use luna_rest::Nothing;
use luna_rest::clusters::refusal;
use luna_rest::keyrings::{
    CHANGE, CREATE, ChangeKeyring, DELETE, DeleteKeyring, Keyring, KeyringEntry,
    Keyrings as KeyringList, LIST, NewKeyrings, SHOW,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::core::message::{Failure, Reply};
use crate::core::password::PasswordHash;
use crate::core::table::Table;
use crate::request::context::Context;
use crate::request::route::{ADMIN, Ids, MONITOR, Routes};
use crate::rules::cluster::access::{refuse, require_active, require_member, vouched_by_co};
use crate::rules::cluster::lifecycle::{check_label, has_release};
use crate::rules::cluster::members::find_client;
use crate::state::{Area, Visit};

/// The most keyrings of a cluster.
pub const MOST: usize = 3500;
/// The most keyrings that one request creates.
const MOST_AT_ONCE: u32 = 100;
/// The most objects of a keyring before the package 1.0.5.
const MOST_OBJECTS: usize = 256;
/// Objects in a block.
pub(crate) const BLOCK: u32 = 64;
/// Failed logins that lock a keyring.
pub(crate) const ATTEMPTS: u32 = 10;

/// What is kept of the keyrings. All of it is shared.
#[derive(Debug, Default)]
pub struct Keyrings {
    /// The keyrings by UUID.
    pub keyrings: Table<KeyringRow>,
    /// The objects in blocks: by the keyring's UUID and the number of the block.
    pub objects: Table<Block>,
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
    /// Logins that failed since the last good one.
    pub failed: u32,
    /// How many objects there are.
    pub objects: usize,
    /// The last handle that was given to an object.
    pub last_handle: u32,
    /// UUIDs of the clients it is assigned to.
    pub clients: BTreeSet<String>,
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
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Block(Box<RawValue>);

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
    fn fields(&mut self, visit: Visit<'_>) {
        visit("keyrings", &mut self.keyrings);
        visit("keyrings/objects", &mut self.objects);
    }
}

fn block_key(keyring: &str, handle: u32) -> String {
    format!("{keyring}/{:08}", handle / BLOCK)
}

impl Keyrings {
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
    pub(crate) fn add(&mut self, keyring: &str, objects: Vec<(String, u8)>) -> u32 {
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

    /// Removes all objects of a keyring.
    pub(crate) fn erase(&mut self, keyring: &str) {
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
    pub(crate) fn put(&mut self, keyring: &str, objects: Vec<KeyObject>) {
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

    /// Forgets everything: this appliance left its cluster.
    pub(crate) fn forget(&mut self) {
        self.keyrings.retain(|_, _| false);
        self.objects.retain(|_, _| false);
    }
}

pub(crate) fn routes(r: &mut Routes) {
    r.on(&LIST, MONITOR, list);
    r.on(&CREATE, ADMIN, create);
    r.on(&SHOW, MONITOR, show);
    r.on(&CHANGE, ADMIN, change);
    r.on(&DELETE, ADMIN, delete);
}

/// How many objects a keyring may hold; none for any number.
pub(crate) fn most_objects(cx: &Context<'_>) -> Option<usize> {
    (!has_release(cx, "1.0.5")).then_some(MOST_OBJECTS)
}

fn entry((uuid, row): (&str, &KeyringRow)) -> KeyringEntry {
    KeyringEntry { key_ring_label: row.label.clone(), key_ring_uuid: uuid.to_owned() }
}

fn list(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<KeyringList>, Failure> {
    require_member(cx)?;
    let mut data: Vec<KeyringEntry> = cx.state.keyrings.keyrings.iter().map(entry).collect();
    data.sort_by(|a, b| a.key_ring_label.cmp(&b.key_ring_label));
    Ok(Reply::ok(KeyringList { data }))
}

fn check_password(password: &str) -> Result<(), Failure> {
    // Assumed: the rules of a partition's passwords.
    if (8..=255).contains(&password.len()) && password.chars().all(|c| (' '..='~').contains(&c)) {
        return Ok(());
    }
    Err(Failure::bad_request("A keyring's password takes 8 to 255 printable ASCII characters."))
}

impl Password {
    /// A new password, if it can be one.
    pub(crate) fn new(
        cx: &mut Context<'_>,
        password: &str,
        to_be_changed: bool,
    ) -> Result<Password, Failure> {
        check_password(password)?;
        Ok(Password { hash: cx.hash(password), long: password.len() > 16, to_be_changed })
    }
}

fn create(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    body: NewKeyrings,
) -> Result<Reply<KeyringList>, Failure> {
    require_active(cx)?;
    let label = check_label("keyRingLabel", &body.key_ring_label, 32)?;
    let total = body.total.unwrap_or(1);
    if !(1..=MOST_AT_ONCE).contains(&total) {
        return Err(Failure::bad_request(format!("'total' must be 1 to {MOST_AT_ONCE}.")));
    }
    let labels: Vec<String> = match (body.total, body.index) {
        (None, None) => vec![label.to_owned()],
        (_, first) => {
            // Assumed: without a first number they count from 1.
            let first = first.unwrap_or(1);
            (first..first.saturating_add(total)).map(|number| format!("{label}{number}")).collect()
        }
    };
    vouched_by_co(cx, &body.authentication)?;
    let there = cx.state.keyrings.keyrings.len();
    if there + labels.len() > MOST {
        return Err(refuse(
            refusal::LIMIT,
            format!("A cluster holds at most {MOST} keyrings; there are {there}."),
        ));
    }
    let taken: HashSet<&str> =
        cx.state.keyrings.keyrings.values().map(|row| row.label.as_str()).collect();
    if let Some(label) = labels.iter().find(|label| taken.contains(label.as_str())) {
        return Err(refuse(refusal::NOT_ALLOWED, format!("There is a keyring '{label}' already.")));
    }
    // One hash for all: whoever knows the password of one knows that of the others.
    let so = Password::new(cx, body.key_ring_password.expose(), true)?;
    let mut data = Vec::with_capacity(labels.len());
    for label in labels {
        let uuid = cx.random().uuid();
        let serial = cx.random().number(1_000_000_000_000, 9_999_999_999_999).to_string();
        let row = KeyringRow { label, serial, so: so.clone(), ..KeyringRow::default() };
        data.push(entry((&uuid, &row)));
        cx.state.keyrings.keyrings.insert(uuid, row);
    }
    Ok(Reply::ok(KeyringList { data }))
}

/// A keyring by UUID or label: its UUID.
pub(crate) fn find(cx: &Context<'_>, id: &str) -> Result<String, Failure> {
    let keyrings = &cx.state.keyrings.keyrings;
    let uuid = id.to_ascii_lowercase();
    if keyrings.contains(&uuid) {
        return Ok(uuid);
    }
    let found = keyrings.iter().find(|(_, row)| row.label == id);
    found
        .map(|(uuid, _)| uuid.to_owned())
        .ok_or_else(|| refuse(refusal::NO_KEYRING, format!("There is no keyring '{id}'.")))
}

fn show(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Keyring>, Failure> {
    require_member(cx)?;
    let uuid = find(cx, &ids[0])?;
    let row = cx.state.keyrings.keyrings.get(&uuid).cloned().unwrap_or_default();
    let clients = &cx.state.clusters.clients;
    let assigned = |uuid: &String| clients.get(uuid).map(|row| row.name.clone());
    let names: Vec<String> = match cx.state.clusters.cluster.get().manual {
        true => row.clients.iter().filter_map(assigned).collect(),
        false => clients.values().map(|row| row.name.clone()).collect(),
    };
    Ok(Reply::ok(Keyring {
        key_ring_label: row.label,
        key_ring_uuid: uuid,
        serial_number: row.serial,
        locked: row.failed >= ATTEMPTS,
        failed_logins: row.failed,
        password_changed: !row.so.to_be_changed,
        krco_initialized: row.co.is_some(),
        objects: row.objects,
        max_objects: most_objects(cx).unwrap_or(0),
        clients: names,
    }))
}

fn change(
    cx: &mut Context<'_>,
    ids: &Ids<1>,
    body: ChangeKeyring,
) -> Result<Reply<Nothing>, Failure> {
    require_active(cx)?;
    let uuid = find(cx, &ids[0])?;
    let action = body.action.as_deref().unwrap_or("unlock");
    let client = match action {
        "unlock" => {
            vouched_by_co(cx, &body.authentication)?;
            if let Some(row) = cx.state.keyrings.keyrings.get_mut(&uuid) {
                row.failed = 0;
            }
            return Ok(Reply::done());
        }
        "assign" | "unassign" => body.client.as_deref().unwrap_or_default(),
        _ => return Err(Failure::bad_request("'action' must be unlock, assign or unassign.")),
    };
    if !cx.state.clusters.cluster.get().manual {
        return Err(refuse(
            refusal::NOT_ALLOWED,
            "In auto-assignment mode every client sees every keyring; switch to manual first.",
        ));
    }
    let client = find_client(cx, client)?;
    let Some(row) = cx.state.keyrings.keyrings.get_mut(&uuid) else { return Ok(Reply::done()) };
    let changed = match action {
        "assign" => row.clients.insert(client),
        _ => row.clients.remove(&client),
    };
    if changed {
        return Ok(Reply::done());
    }
    let state = if action == "assign" { "already" } else { "not" };
    Err(refuse(refusal::NOT_ALLOWED, format!("The keyring is {state} assigned to this client.")))
}

fn delete(
    cx: &mut Context<'_>,
    ids: &Ids<1>,
    body: DeleteKeyring,
) -> Result<Reply<Nothing>, Failure> {
    require_active(cx)?;
    let uuid = find(cx, &ids[0])?;
    vouched_by_co(cx, &body.authentication)?;
    cx.state.keyrings.erase(&uuid);
    cx.state.keyrings.keyrings.remove(&uuid);
    for session in cx.sessions.iter_mut() {
        session.keyring_logins.remove(&uuid);
    }
    Ok(Reply::done())
}

/// What automatic assignment comes to, once it ends: every client has every keyring.
pub(crate) fn assign_to_all_clients(cx: &mut Context<'_>) {
    let clients: Vec<String> = cx.state.clusters.clients.keys().map(str::to_owned).collect();
    let keyrings: Vec<String> = cx.state.keyrings.keyrings.keys().map(str::to_owned).collect();
    for uuid in keyrings {
        if let Some(row) = cx.state.keyrings.keyrings.get_mut(&uuid) {
            row.clients.extend(clients.iter().cloned());
        }
    }
}

/// A client is no longer registered.
pub(crate) fn forget_client(cx: &mut Context<'_>, client: &str) {
    let with = |(uuid, row): (&str, &KeyringRow)| row.clients.contains(client).then(|| uuid.into());
    let keyrings: Vec<String> = cx.state.keyrings.keyrings.iter().filter_map(with).collect();
    for uuid in keyrings {
        if let Some(row) = cx.state.keyrings.keyrings.get_mut(&uuid) {
            row.clients.remove(client);
        }
    }
}

#[cfg(test)]
mod tests;
