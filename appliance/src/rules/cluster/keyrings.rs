//! Keyrings: `/api/keyrings`. What clients do with them is in `keyring_clients.rs`.

use std::collections::HashSet;

use luna_rest::Nothing;
use luna_rest::clusters::refusal;
use luna_rest::keyrings::{
    CHANGE, CREATE, ChangeKeyring, DELETE, DeleteKeyring, Keyring, KeyringEntry,
    Keyrings as KeyringList, LIST, NewKeyrings, SHOW,
};

use crate::core::checks::check_label;
use crate::core::message::{Failure, Reply};
use crate::request::context::Context;
use crate::request::route::{ADMIN, Ids, MONITOR, Routes};
use crate::rules::cluster::access::{
    has_release, refuse, require_active, require_member, vouched_by_co,
};
use crate::rules::cluster::keyring_clients::{failed_logins, is_locked};
use crate::rules::cluster::members::find_client;
use crate::state::keyrings::{KeyringRow, Password};

/// The most keyrings of a cluster.
pub const MOST: usize = 3500;
/// The most keyrings that one request creates.
const MOST_AT_ONCE: u32 = 100;
/// The most objects of a keyring before the package 1.0.5.
const MOST_OBJECTS: usize = 256;
/// The longest label of a keyring, its number included.
const LABEL: usize = 32;
/// Failed logins that lock a keyring.
pub(crate) const ATTEMPTS: u32 = 10;

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
    Ok(Reply::ok(KeyringList {
        data: cx.state.keyrings.in_order().into_iter().map(entry).collect(),
    }))
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

/// The labels of new keyrings.
fn labels(body: &NewKeyrings) -> Result<Vec<String>, Failure> {
    let label = check_label("keyRingLabel", &body.key_ring_label, LABEL)?;
    if is_uuid(label) {
        return Err(Failure::bad_request(
            "'keyRingLabel' has the form of a UUID, by which keyrings are found too.",
        ));
    }
    if (body.total, body.index) == (None, None) {
        return Ok(vec![label.to_owned()]);
    }
    let total = body.total.unwrap_or(1);
    if !(1..=MOST_AT_ONCE).contains(&total) {
        return Err(Failure::bad_request(format!("'total' must be 1 to {MOST_AT_ONCE}.")));
    }
    // Assumed: without a first number they count from 1.
    let first = body.index.unwrap_or(1);
    let last = first.checked_add(total - 1).ok_or_else(|| {
        Failure::bad_request(format!("'index' is too large: the last number is {}.", u32::MAX))
    })?;
    let labels: Vec<String> = (first..=last).map(|number| format!("{label}{number}")).collect();
    if let Some(label) = labels.iter().find(|label| label.chars().count() > LABEL) {
        return Err(Failure::bad_request(format!(
            "'keyRingLabel' is too long: with its number, '{label}' has more than {LABEL} \
             characters."
        )));
    }
    Ok(labels)
}

/// Whether a text has the form of a UUID.
fn is_uuid(text: &str) -> bool {
    let groups = text
        .split('-')
        .map(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(group.len()));
    groups.eq([8, 4, 4, 4, 12].map(Some))
}

fn create(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    body: NewKeyrings,
) -> Result<Reply<KeyringList>, Failure> {
    require_active(cx)?;
    let labels = labels(&body)?;
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
        let made = next(cx);
        let row = KeyringRow { label, serial, made, so: so.clone(), ..KeyringRow::default() };
        data.push(entry((&uuid, &row)));
        cx.state.keyrings.keyrings.insert(uuid, row);
    }
    Ok(Reply::ok(KeyringList { data }))
}

/// The number of the next keyring that is made.
pub(crate) fn next(cx: &mut Context<'_>) -> u64 {
    let row = cx.state.clusters.cluster.get_mut();
    row.made += 1;
    row.made
}

/// A keyring by UUID or label: its UUID. A restored keyring may have the label of another one.
pub(crate) fn find(cx: &Context<'_>, id: &str) -> Result<String, Failure> {
    let keyrings = &cx.state.keyrings;
    let uuid = id.to_ascii_lowercase();
    if keyrings.keyrings.contains(&uuid) {
        return Ok(uuid);
    }
    let named = keyrings.in_order().into_iter().filter(|(_, row)| row.label == id);
    let found: Vec<&str> = named.map(|(uuid, _)| uuid).collect();
    match found[..] {
        [] => Err(refuse(refusal::NO_KEYRING, format!("There is no keyring '{id}'."))),
        [uuid] => Ok(uuid.to_owned()),
        _ => Err(refuse(
            refusal::NOT_ALLOWED,
            format!(
                "{} keyrings have the label '{id}': {}. Name the one that is meant by its UUID.",
                found.len(),
                found.join(", ")
            ),
        )),
    }
}

fn show(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Keyring>, Failure> {
    require_member(cx)?;
    let uuid = find(cx, &ids[0])?;
    let row = cx.state.keyrings.keyrings.get(&uuid).cloned().unwrap_or_default();
    let (locked, failed_logins) = (is_locked(cx, &uuid), failed_logins(cx, &uuid));
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
        disabled: row.disabled,
        locked,
        failed_logins,
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
                (row.failed, row.so_failed) = (0, 0);
            }
            if cx.state.clusters.own.get().failed.contains_key(&uuid) {
                cx.state.clusters.own.get_mut().failed.remove(&uuid);
            }
            return Ok(Reply::done());
        }
        "disable" | "enable" => return switch(cx, &uuid, action == "disable"),
        "reset" => return reset(cx, &uuid, &body),
        "assign" | "unassign" => body.client.as_deref().unwrap_or_default(),
        _ => {
            return Err(Failure::bad_request(
                "'action' must be unlock, assign, unassign, disable, enable or reset.",
            ));
        }
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

fn switch(cx: &mut Context<'_>, uuid: &str, disabled: bool) -> Result<Reply<Nothing>, Failure> {
    let Some(row) = cx.state.keyrings.keyrings.get_mut(uuid) else { return Ok(Reply::done()) };
    if row.disabled == disabled {
        let state = if disabled { "disabled" } else { "enabled" };
        return Err(refuse(refusal::NOT_ALLOWED, format!("The keyring is {state} already.")));
    }
    row.disabled = disabled;
    if disabled {
        log_out_everywhere(cx, uuid);
    }
    Ok(Reply::done())
}

/// Makes a keyring as it was when it was created, but for its clients and whether it is disabled; and
/// gives it a first password. Assumed: that is what initializing does to a partition in use.
fn reset(
    cx: &mut Context<'_>,
    uuid: &str,
    body: &ChangeKeyring,
) -> Result<Reply<Nothing>, Failure> {
    let given = body.key_ring_password.as_ref();
    let given = given.ok_or_else(|| Failure::bad_request("'keyRingPassword' is required."))?;
    vouched_by_co(cx, &body.authentication)?;
    let so = Password::new(cx, given.expose(), true)?;
    cx.state.keyrings.erase(uuid);
    if let Some(row) = cx.state.keyrings.keyrings.get_mut(uuid) {
        (row.so, row.co, row.failed, row.so_failed) = (so, None, 0, 0);
    }
    if cx.state.clusters.own.get().failed.contains_key(uuid) {
        cx.state.clusters.own.get_mut().failed.remove(uuid);
    }
    log_out_everywhere(cx, uuid);
    Ok(Reply::done())
}

fn log_out_everywhere(cx: &mut Context<'_>, uuid: &str) {
    for session in cx.sessions.iter_mut() {
        session.keyring_logins.remove(uuid);
    }
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
    log_out_everywhere(cx, &uuid);
    Ok(Reply::done())
}

#[cfg(test)]
mod tests;
