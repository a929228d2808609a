//! The objects of an HA group: what is used is shared out over the members that are there, what is made is
//! made at one of them and cloned to the others.
//!
//! A member that does not answer, or has lost its session, is dropped, and what only used a key goes on with
//! another one. A link to it is tried anew in the background, as the settings of recovery say; a member that
//! is back gets what it missed when that is used there. Objects are the same where their unique identifiers
//! are; a handle is the one at the first member that is there.
//!
//! What was deleted while a member was away stays there. The pages tell of keys alone that they follow a
//! member when it returns; nothing was found that a deletion does. Assumed: it does not, so that no key is
//! lost because a member was away.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use luna_rest::objects::{Attributes, Create, FoundObject, Generate, Made, Operation, Use, Used};
use luna_rest::{Error, ErrorId, partitions};
use time::OffsetDateTime;
use time::macros::format_description;

use crate::token::Single;

const OUID: &str = "CKA_OUID";
/// Handles from here on are given out where that of a member is taken already.
const OWN_HANDLES: u32 = 1 << 31;

/// A group.
pub(crate) struct Group {
    number: String,
    members: Vec<Member>,
    /// Whether what is made is cloned to all members.
    synchronized: bool,
    log: Option<HaLog>,
    recovery: Recovery,
    state: Mutex<State>,
}

/// Opens a member anew, with its role logged in.
pub(crate) type Reopen = Arc<dyn Fn() -> Result<Single, NotBack> + Send + Sync>;

/// Why a member is not back.
pub(crate) enum NotBack {
    /// It does not answer yet.
    Yet,
    /// It does not let this client in, and is not asked again: a login that fails is counted there.
    Ever,
}

/// When a member is looked for that was dropped: `hagroup retry`, `interval` and `recover`.
pub(crate) struct Recovery {
    /// How many times; -1 without end, 0 never.
    pub(crate) retry: i32,
    /// Time from one attempt to the next.
    pub(crate) interval: Duration,
    /// How often somebody has asked for it by hand: once it is another number, each that is away is looked for.
    pub(crate) requests: Box<dyn Fn() -> u64 + Send + Sync>,
}

/// A member of a group.
pub(crate) struct Member {
    pub(crate) slot: Single,
    /// Whether it is used only while no other member is there.
    pub(crate) stands_by: bool,
    /// How it is opened anew; none where it cannot be.
    pub(crate) reopen: Option<Reopen>,
}

/// The absence of a member.
struct Absence {
    /// When it was dropped or looked for last.
    since: Instant,
    /// How often it was looked for.
    tried: i32,
    /// Whether it is not to be looked for any more.
    given_up: bool,
    /// Whether it is to be looked for in any case, as soon as no other look is under way.
    is_asked_for: bool,
    attempt: Option<Arc<Mutex<Attempt>>>,
}

/// A look for a member.
enum Attempt {
    Running,
    Over(Result<Single, NotBack>),
}

/// What is known of a group while it is worked with.
#[derive(Default)]
struct State {
    dropped: BTreeMap<usize, Absence>,
    /// Members that were opened anew.
    back: BTreeMap<usize, Single>,
    /// Where the next operation goes.
    next: usize,
    /// What `Recovery::requests` was last.
    requests: u64,
    /// How many operations each member has done.
    done: BTreeMap<usize, u64>,
    /// Unique identifiers by handle.
    known: BTreeMap<u32, String>,
    /// Handles at the members.
    handles: BTreeMap<(usize, String), u32>,
}

/// The log of HA groups.
pub(crate) struct HaLog {
    pub(crate) file: PathBuf,
    /// A file that has become so long makes room for a new one.
    pub(crate) length: u64,
}

impl HaLog {
    /// Writes a line. Assumed: no page with the product's lines was found.
    fn write(&self, text: &str) -> std::io::Result<()> {
        let form = format_description!(
            "[weekday repr:short] [month repr:short] [day padding:space] [hour]:[minute]:[second] [year]"
        );
        let now = OffsetDateTime::now_utc();
        let time = now.format(form).map_err(std::io::Error::other)?;
        if std::fs::metadata(&self.file).is_ok_and(|file| file.len() >= self.length) {
            std::fs::rename(&self.file, rotated(&self.file, now))?;
        }
        let mut file = OpenOptions::new().append(true).create(true).open(&self.file)?;
        writeln!(file, "{time} : [{}] {text}", std::process::id())
    }
}

/// The name of a full log file: with the time, as documented.
fn rotated(file: &Path, now: OffsetDateTime) -> PathBuf {
    let name = file.file_stem().unwrap_or_default().to_string_lossy();
    file.with_file_name(format!("{name}_{}.txt", now.unix_timestamp()))
}

/// Whether a member can do nothing more in this session.
fn is_lost(error: &Error) -> bool {
    let gone = [
        Some(ErrorId::new("FRAMEWORK_NO_SESSION_COOKIE")),
        Some(ErrorId::new(partitions::refusal::NOT_LOGGED_IN)),
        Some(ErrorId::EMULATOR_LINK_UNKNOWN_CLIENT),
    ];
    matches!(error, Error::Unreachable { .. } | Error::Unclear { .. } | Error::TimedOut { .. })
        || gone.contains(&error.id())
}

/// Whether doing it twice does no harm.
fn is_repeatable(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::Sign
            | Operation::Verify
            | Operation::Encrypt
            | Operation::Decrypt
            | Operation::Wrap
            | Operation::Clone
            | Operation::Attest
    )
}

impl Group {
    pub(crate) fn new(
        number: String,
        members: Vec<Member>,
        synchronized: bool,
        log: Option<HaLog>,
        recovery: Recovery,
    ) -> Group {
        let requests = (recovery.requests)();
        let state = Mutex::new(State { requests, ..State::default() });
        Group { number, members, synchronized, log, recovery, state }
    }

    /// A member's slot, as it was opened last.
    fn slot(&self, number: usize) -> Single {
        let back = self.state().back.get(&number).cloned();
        back.unwrap_or_else(|| self.members[number].slot.clone())
    }

    fn tell(&self, text: &str) {
        if let Some(log) = &self.log
            && let Err(error) = log.write(text)
        {
            tracing::warn!(%error, "the HA log was not written");
        }
    }

    /// Takes members in that are back, and looks for those whose time it is.
    fn recover(&self) {
        let mut state = self.state();
        if state.dropped.is_empty() {
            return;
        }
        let requests = (self.recovery.requests)();
        let is_asked_for = std::mem::replace(&mut state.requests, requests) != requests;
        let mut returned = Vec::new();
        for (number, absence) in &mut state.dropped {
            absence.is_asked_for |= is_asked_for;
            let Some(reopen) = &self.members[*number].reopen else { continue };
            if let Some(attempt) = &absence.attempt {
                let mut attempt = attempt.lock().unwrap_or_else(PoisonError::into_inner);
                match std::mem::replace(&mut *attempt, Attempt::Running) {
                    Attempt::Running => {}
                    Attempt::Over(Ok(slot)) => returned.push((*number, slot)),
                    Attempt::Over(Err(why)) => {
                        drop(attempt);
                        absence.given_up = matches!(why, NotBack::Ever);
                        (absence.attempt, absence.since) = (None, Instant::now());
                    }
                }
                continue;
            }
            let Recovery { retry, interval, .. } = self.recovery;
            let is_due = !absence.given_up
                && absence.since.elapsed() >= interval
                && (retry < 0 || absence.tried < retry);
            if is_due || std::mem::take(&mut absence.is_asked_for) {
                absence.tried = absence.tried.saturating_add(1);
                let attempt = Arc::new(Mutex::new(Attempt::Running));
                absence.attempt = Some(Arc::clone(&attempt));
                let reopen = Arc::clone(reopen);
                std::thread::spawn(move || {
                    let over = Attempt::Over(reopen());
                    *attempt.lock().unwrap_or_else(PoisonError::into_inner) = over;
                });
            }
        }
        for (number, slot) in returned {
            state.dropped.remove(&number);
            let member = slot.slot().to_owned();
            state.back.insert(number, slot);
            self.tell(&format!("HA group: {} recovered member: {member}", self.number));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The members that take part, the first one first; those that stand by where there is no other.
    fn present(&self) -> Vec<usize> {
        self.recover();
        let state = self.state();
        let there = (0..self.members.len()).filter(|number| !state.dropped.contains_key(number));
        let (standby, active): (Vec<usize>, Vec<usize>) =
            there.partition(|number| self.members[*number].stands_by);
        if active.is_empty() { standby } else { active }
    }

    fn drop_member(&self, number: usize, error: &Error) {
        let absence = Absence {
            since: Instant::now(),
            tried: 0,
            given_up: false,
            is_asked_for: false,
            attempt: None,
        };
        if self.state().dropped.insert(number, absence).is_some() {
            return;
        }
        let (group, member) = (&self.number, self.members[number].slot.slot());
        tracing::warn!(group, member, %error, "a member was dropped");
        self.tell(&format!(
            "HA group: {group} unable to reach member: {member}. Manual Recover or Auto Recovery will be able \
             to recover this member"
        ));
    }

    /// Does something at one member after another, until one is there.
    fn at_one<T>(
        &self,
        in_turn: bool,
        repeatable: bool,
        work: impl Fn(usize, &Single) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut last = None;
        loop {
            let present = self.present();
            let turn = match in_turn {
                true => {
                    let mut state = self.state();
                    state.next = state.next.wrapping_add(1);
                    state.next
                }
                false => 0,
            };
            let Some(number) = present.get(turn.checked_rem(present.len()).unwrap_or(0)) else {
                return Err(last.unwrap_or_else(|| Error::Unreachable {
                    address: format!("HA group {}", self.number),
                    reason: "no member is there".to_owned(),
                }));
            };
            match work(*number, &self.slot(*number)) {
                Err(error) if is_lost(&error) => {
                    self.drop_member(*number, &error);
                    // What may have been done is not done a second time elsewhere.
                    if !repeatable && error.unclear() {
                        return Err(error);
                    }
                    last = Some(error);
                }
                done => return done,
            }
        }
    }

    /// Does something at every member that is there; the first one's refusal is that of the group.
    fn at_all(&self, work: impl Fn(usize, &Single) -> Result<(), Error>) -> Result<(), Error> {
        for number in self.present() {
            match work(number, &self.slot(number)) {
                Err(error) if is_lost(&error) => self.drop_member(number, &error),
                done => done?,
            }
        }
        Ok(())
    }

    /// The handle by which this session knows an object that a member has under `handle`.
    fn intern(&self, number: usize, uid: &str, handle: u32) -> u32 {
        let mut state = self.state();
        state.handles.insert((number, uid.to_owned()), handle);
        if let Some((known, _)) = state.known.iter().find(|(_, known)| *known == uid) {
            return *known;
        }
        let free = |handle: &u32| !state.known.contains_key(handle);
        let given = Some(handle).filter(free).or_else(|| (OWN_HANDLES..).find(free));
        let given = given.unwrap_or(handle);
        state.known.insert(given, uid.to_owned());
        given
    }

    /// The unique identifier of an object.
    fn uid(&self, handle: u32) -> Result<String, Error> {
        if let Some(uid) = self.state().known.get(&handle) {
            return Ok(uid.clone());
        }
        let (number, uid) = self.at_one(false, true, |number, slot| {
            Ok((number, slot.read(handle)?.text(OUID).to_owned()))
        })?;
        self.intern(number, &uid, handle);
        Ok(uid)
    }

    /// The handle of an object at a member, which gets it first if it has it not.
    fn handle_at(&self, number: usize, uid: &str) -> Result<u32, Error> {
        if let Some(handle) = self.state().handles.get(&(number, uid.to_owned())) {
            return Ok(*handle);
        }
        let slot = self.slot(number);
        let wanted = Attributes::of([(OUID, uid.into())]);
        let handle = match slot.find(&wanted, &[])?.first() {
            Some(found) => found.handle,
            None => self.clone_to(number, uid)?,
        };
        self.state().handles.insert((number, uid.to_owned()), handle);
        Ok(handle)
    }

    /// Clones an object to a member from one that has it.
    fn clone_to(&self, number: usize, uid: &str) -> Result<u32, Error> {
        let holders: Vec<(usize, u32)> = {
            let state = self.state();
            let held =
                state.handles.iter().filter(|((from, held), _)| *from != number && held == uid);
            held.map(|((from, _), handle)| (*from, *handle)).collect()
        };
        let mut last = None;
        for (from, handle) in holders {
            let given = self.slot(from).use_object(handle, Operation::Clone, &Use::default());
            match given {
                Ok(given) => {
                    let clone = Some(given.data.expose().to_owned());
                    return self.slot(number).create(&Create { clone, ..Create::default() });
                }
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| Error::Unreachable {
            address: format!("HA group {}", self.number),
            reason: "no member that is there has the object".to_owned(),
        }))
    }

    /// Enters an object that a member has made, and clones it to the others: its handle.
    fn enter(&self, number: usize, handle: u32) -> Result<u32, Error> {
        let uid = self.slot(number).read(handle)?.text(OUID).to_owned();
        let given = self.intern(number, &uid, handle);
        if self.synchronized {
            self.at_all(|other, _| match other == number {
                true => Ok(()),
                false => self.handle_at(other, &uid).map(drop),
            })?;
        }
        Ok(given)
    }

    pub(crate) fn find(
        &self,
        template: &Attributes,
        attributes: &[&str],
    ) -> Result<Vec<FoundObject>, Error> {
        let wanted: Vec<&str> = attributes.iter().copied().chain([OUID]).collect();
        let (number, found) =
            self.at_one(false, true, |number, slot| Ok((number, slot.find(template, &wanted)?)))?;
        let interned = |mut object: FoundObject| {
            let uid = object.attributes.text(OUID).to_owned();
            object.handle = self.intern(number, &uid, object.handle);
            if !attributes.contains(&OUID) {
                object.attributes.0.remove(OUID);
            }
            object
        };
        Ok(found.into_iter().map(interned).collect())
    }

    pub(crate) fn read(&self, handle: u32) -> Result<Attributes, Error> {
        let uid = self.uid(handle)?;
        self.at_one(false, true, |number, slot| slot.read(self.handle_at(number, &uid)?))
    }

    pub(crate) fn create(&self, object: &Create) -> Result<u32, Error> {
        let made = self.at_one(false, false, |number, slot| Ok((number, slot.create(object)?)));
        let (number, handle) = made?;
        self.enter(number, handle)
    }

    pub(crate) fn generate(&self, generate: &Generate) -> Result<Made, Error> {
        let made = self.at_one(false, false, |number, slot| Ok((number, slot.generate(generate)?)));
        let (number, Made { handle, public_handle }) = made?;
        let public_handle = public_handle.map(|handle| self.enter(number, handle)).transpose()?;
        Ok(Made { handle: self.enter(number, handle)?, public_handle })
    }

    pub(crate) fn change(&self, handle: u32, attributes: &Attributes) -> Result<(), Error> {
        let uid = self.uid(handle)?;
        self.at_all(|number, slot| slot.change(self.handle_at(number, &uid)?, attributes.clone()))
    }

    pub(crate) fn destroy(&self, handle: u32) -> Result<(), Error> {
        let uid = self.uid(handle)?;
        let wanted = Attributes::of([(OUID, uid.as_str().into())]);
        self.at_all(|_, slot| match slot.find(&wanted, &[])?.first() {
            Some(found) => slot.destroy(found.handle),
            None => Ok(()),
        })?;
        let mut state = self.state();
        state.known.retain(|_, known| *known != uid);
        state.handles.retain(|(_, known), _| *known != uid);
        Ok(())
    }

    pub(crate) fn use_object(
        &self,
        handle: u32,
        operation: Operation,
        body: &Use,
    ) -> Result<Used, Error> {
        let uid = self.uid(handle)?;
        let key = body.key.map(|key| self.uid(key)).transpose()?;
        let repeatable = is_repeatable(operation);
        let (number, mut used) = self.at_one(repeatable, repeatable, |number, slot| {
            let handle = self.handle_at(number, &uid)?;
            let key = key.as_ref().map(|key| self.handle_at(number, key)).transpose()?;
            let body = Use { key, ..body.clone() };
            Ok((number, slot.use_object(handle, operation, &body)?))
        })?;
        *self.state().done.entry(number).or_default() += 1;
        if let Some(made) = used.handle {
            used.handle = Some(self.enter(number, made)?);
        }
        Ok(used)
    }

    /// How many operations each member has done, by serial number.
    pub(crate) fn load(&self) -> Vec<(String, u64)> {
        let state = self.state();
        let done = |number| state.done.get(&number).copied().unwrap_or_default();
        let members = self.members.iter().enumerate();
        members.map(|(number, member)| (member.slot.slot().to_owned(), done(number))).collect()
    }
}

#[cfg(test)]
mod tests;
