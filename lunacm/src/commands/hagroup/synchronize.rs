//! `hagroup synchronize`: every member gets the objects that another one has.
//!
//! Objects are the same where their unique identifiers are: a clone keeps that of its original. What was
//! deleted at one member only comes back from another. Assumed: the pages say nothing of deletions, and a key
//! too many is a smaller loss than the last copy of one.

use std::collections::BTreeMap;

use luna_rest::objects::{CREATE, Create, FIND, Find, Operation, USE, Use};
use luna_rest::{Error, objects};

use super::super::clientconfig;
use super::{as_officer, change, find, password};
use crate::ha::Group;
use crate::prelude::*;

const OUID: &str = "CKA_OUID";

pub(crate) const COMMANDS: &[Command] = &[Command {
    syntax: "hagroup|ha synchronize|s -group|-g <label> [-password|-p <password>] [-enable|-e | -disable|-d]",
    help: "Give all members of an HA group the same objects",
    options: &[
        ("-password", "Password of the Crypto Officer of the members"),
        ("-enable", "Keep the members in step"),
        ("-disable", "Do not: each has keys of its own"),
    ],
    roles: Role::ANY,
    rest: &[
        luna_rest::partitions::ROLE.resource(),
        luna_rest::partitions::LOGIN.resource(),
        luna_rest::partitions::LOGOUT.resource(),
        FIND.resource(),
        USE.resource(),
        CREATE.resource(),
    ],
    known: Known::Documented(
        "lunacm/commands/hagroup/hagroup_synchronize.htm@7.2, which shows none of the words for -enable",
    ),
    run: call::<Synchronize>(),
}];

#[derive(Deserialize)]
pub(crate) struct Synchronize {
    group: String,
    password: Option<Secret>,
    enable: bool,
    disable: bool,
}

impl Synchronize {
    /// The same as `vtl` asks for it.
    pub(crate) fn new(group: &str, password: Option<Secret>) -> Synchronize {
        Synchronize { group: group.to_owned(), password, enable: false, disable: false }
    }
}

/// What was done.
#[derive(Serialize)]
pub(crate) struct Synchronized {
    group: String,
    enabled: bool,
    /// Objects that a member got; none where nothing was compared.
    copied: Option<usize>,
    #[serde(skip)]
    set: Option<bool>,
}

impl Text for Synchronized {
    fn write(&self, page: &mut Page) {
        if let Some(on) = self.set {
            let state = if on { "enabled" } else { "disabled" };
            page.line(format!("        HA synchronization {state}"));
            page.blank();
        }
        page.line(match self.copied {
            Some(_) => "        Synchronization completed.",
            None => "        No synchronization performed/needed.",
        });
    }
}

impl Run<Session> for Synchronize {
    type View = Synchronized;

    fn run(self, session: &mut Session) -> Result<Synchronized, Failure> {
        let file = clientconfig::read(session)?;
        let mut group = find(&file, &self.group)?;
        let set = (self.enable || self.disable).then_some(self.enable);
        if let Some(on) = set {
            group.synchronized = on;
            change(session, &file, |file| group.write(file))?;
        }
        let copied = match set.is_none() && group.synchronized {
            true => {
                let password = password(session, self.password)?;
                Some(bring_level(session, &group, &password)?)
            }
            false => None,
        };
        let (enabled, group) = (group.synchronized, group.label);
        Ok(Synchronized { group, enabled, copied, set })
    }
}

/// The slots of the members that are reached; the others are noted.
fn reached(session: &mut Session, group: &Group) -> Vec<usize> {
    let (mut slots, mut missing) = (Vec::new(), Vec::new());
    for serial in &group.members {
        match session.slot_of(serial) {
            Some(slot) => slots.push(slot.slot),
            None => missing.push(serial.clone()),
        }
    }
    if !missing.is_empty() {
        let text = format!("note: not reached, and left as they are: {}", missing.join(", "));
        session.ui().note(text);
    }
    slots
}

/// Gives every member what the others have: how many objects were copied.
fn bring_level(session: &mut Session, group: &Group, password: &Secret) -> Result<usize, Failure> {
    let slots = reached(session, group);
    at_all(session, &slots, password, &mut |session| {
        let mut held = Vec::new();
        for slot in &slots {
            held.push(objects_of(session, *slot)?);
        }
        let mut everything: BTreeMap<String, (usize, u32)> = BTreeMap::new();
        for (slot, objects) in slots.iter().zip(&held) {
            for (uid, handle) in objects {
                everything.entry(uid.clone()).or_insert((*slot, *handle));
            }
        }
        let mut copied = 0;
        for (slot, objects) in slots.iter().zip(&held) {
            for (uid, (from, handle)) in &everything {
                if !objects.contains_key(uid) {
                    copy(session, (*from, *handle), *slot)?;
                    copied += 1;
                }
            }
        }
        Ok(copied)
    })
}

/// Does something with the Crypto Officer logged in to all of these slots.
fn at_all<T>(
    session: &mut Session,
    slots: &[usize],
    password: &Secret,
    work: &mut dyn FnMut(&mut Session) -> Result<T, Failure>,
) -> Result<T, Failure> {
    match slots {
        [] => work(session),
        [first, others @ ..] => {
            as_officer(session, *first, password, |session| at_all(session, others, password, work))
        }
    }
}

/// The objects of a slot, by their unique identifiers, with their handles.
pub(super) fn objects_of(session: &Session, slot: usize) -> Result<BTreeMap<String, u32>, Failure> {
    let [hsm, partition] = session.partition(Some(slot))?;
    let client = session.client_of(Some(slot))?;
    let mut found = BTreeMap::new();
    let mut after = None;
    loop {
        let find = Find { attributes: vec![OUID.to_owned()], after, ..Find::default() };
        let part: objects::Found = client.call(&FIND, &[&hsm, &partition], &find)?;
        after = part.objects.last().map(|last| last.handle);
        let known = part.objects.into_iter();
        found.extend(known.map(|object| (object.attributes.text(OUID).to_owned(), object.handle)));
        if !part.more || after.is_none() {
            return Ok(found);
        }
    }
}

/// Copies an object from one slot to another.
fn copy(session: &Session, (from, handle): (usize, u32), to: usize) -> Result<(), Failure> {
    let [hsm, partition] = session.partition(Some(from))?;
    let ids = [&*hsm, &partition, &handle.to_string(), Operation::Clone.word()];
    let given = session.client_of(Some(from))?.call(&USE, &ids, &Use::default())?;
    let [hsm, partition] = session.partition(Some(to))?;
    let clone = Some(given.data.expose().to_owned());
    let create = Create { clone, ..Create::default() };
    let taken: Result<_, Error> =
        session.client_of(Some(to))?.call(&CREATE, &[&hsm, &partition], &create);
    taken.map(drop).map_err(|error| {
        let reason = format!("object {handle} of slot {from} was not taken by slot {to}");
        Failure::from(error).hint(reason)
    })
}
