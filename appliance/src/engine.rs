//! The machine and its store together: a change is acknowledged once it is stored.
//!
//! In a cluster only the primary member changes shared state. [`Engine::step`] returns the result
//! of a request: it is done; it was a change on the primary, which has to be shipped; or it would
//! be a change on another member, which has to be proposed. `crate::replica` sends both.

use std::collections::{BTreeMap, BTreeSet};

use luna_rest::Resource;
use luna_rest::peers::{Answer, History, Position, Row};
use time::OffsetDateTime;

use crate::core::message::{Failure, Request, Response};
use crate::machine::Machine;
use crate::panics;
use crate::request::options::Options;
use crate::state::clusters::{ClusterRow, Phase, PositionRow};
use crate::state::{Change, is_shared};
use crate::store::{Store, StoreError};

/// Why a stored state cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The store itself.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A row is damaged.
    #[error("the row '{key}' of '{field}' cannot be read: {reason}")]
    Row {
        /// The field.
        field: String,
        /// The row's key.
        key: String,
        /// What is wrong with it.
        reason: serde_json::Error,
    },
}

/// Names of rows that are kept for members that were away; one that missed more copies all.
const RECENT: usize = 100_000;
/// How many changes a member may have missed and still be believed: no cluster makes more.
const MOST_MISSED: u64 = 1 << 40;
/// About how many bytes of rows go into one answer.
const PAGE: usize = 1 << 20;

/// A machine whose state is kept.
pub struct Engine {
    pub(crate) machine: Machine,
    store: Store,
    recent: Recent,
}

/// The result of a request.
pub enum Step {
    /// It is answered, and whatever it changed is stored.
    Done(Response),
    /// It changed shared state on the primary: stored, and to be shipped before it is answered.
    Lead(Response, Shipment),
    /// It would change shared state on another member: nothing is stored.
    Propose(Response, Proposal),
}

/// A stored change of shared state.
pub struct Shipment {
    /// The position that a member must have to apply it.
    pub after: Position,
    /// Its position afterwards.
    pub reaches: Position,
    /// The changed rows.
    pub rows: Vec<Row>,
}

/// A change that the primary has to make.
pub struct Proposal {
    /// The position of this member.
    pub after: Position,
    /// The changed rows.
    pub rows: Vec<Row>,
    own: Vec<Change>,
}

/// Which rows the last changes changed, by the number of the change.
#[derive(Default)]
struct Recent {
    floor: u64,
    names: BTreeMap<u64, Vec<(String, String)>>,
    count: usize,
}

impl Recent {
    fn record(&mut self, change: u64, rows: &[Row]) {
        let names: Vec<_> = rows.iter().map(|row| (row.field.clone(), row.key.clone())).collect();
        self.count += names.len();
        self.names.insert(change, names);
        while self.count > RECENT
            && let Some((change, names)) = self.names.pop_first()
        {
            self.count -= names.len();
            self.floor = change;
        }
    }

    fn since(&self, change: u64) -> Option<BTreeSet<(String, String)>> {
        let newer = || self.names.range(change + 1..).flat_map(|(_, names)| names.iter().cloned());
        (change >= self.floor).then(|| newer().collect())
    }

    fn restart(&mut self, floor: u64) {
        *self = Recent { floor, ..Recent::default() };
    }
}

fn row_of(change: Change) -> Result<Row, StoreError> {
    let row = change.row.map(String::from_utf8).transpose().map_err(corrupted)?;
    Ok(Row { field: change.field.to_owned(), key: change.key, row })
}

fn corrupted(error: impl ToString) -> StoreError {
    StoreError::Database(Box::new(redb::Error::Corrupted(error.to_string())))
}

impl Engine {
    /// Loads the state, or makes that of the factory when there is none.
    ///
    /// # Errors
    /// Any [`LoadError`].
    pub fn load(
        store: Store,
        options: Options,
        secret: [u8; 32],
        system: OffsetDateTime,
    ) -> Result<Engine, LoadError> {
        let rows = store.rows()?;
        let machine = Machine::new(options, secret);
        let mut engine = Engine { machine, store, recent: Recent::default() };
        if rows.is_empty() {
            engine.machine.factory(system);
        }
        for (field, key, row) in rows {
            match engine.machine.load(&field, &key, &row) {
                Ok(true) => {}
                // Left alone: a later version may have a use for it.
                Ok(false) => tracing::warn!(field, key, "a stored row belongs to no known field"),
                Err(reason) => return Err(LoadError::Row { field, key, reason }),
            }
        }
        engine.machine.set_fixed_clock();
        // A join that the process did not survive begins anew when it is asked for.
        if engine.machine.state.clusters.own.get().joining {
            engine.machine.forget_cluster();
        }
        engine.commit()?;
        engine.recent.restart(engine.at().change);
        Ok(engine)
    }

    /// Answers a request; what it changed is stored, or waits to be proposed. A handler that
    /// panics answers 500 and changes nothing.
    pub fn step(&mut self, request: &Request, system: OffsetDateTime) -> Step {
        let step = panics::catch(|| self.step_with(|machine| machine.handle(request, system)));
        step.unwrap_or_else(|panic| {
            self.machine.undo();
            let (method, path) = (request.method, self.machine.template(request));
            tracing::error!(%method, path, %panic, "a handler panicked; its changes were undone");
            let details =
                format!("The request changed nothing; a fault of the program at {panic}.");
            Step::Done(Failure::internal(details).into_response())
        })
    }

    /// The same for a change that no request asked for.
    pub fn step_with(&mut self, work: impl FnOnce(&mut Machine) -> Response) -> Step {
        let before = &self.machine.state.clusters;
        let (was_member, led) = (before.is_member(), before.is_primary());
        let response = work(&mut self.machine);
        let result = self.conclude(was_member, led);
        self.answered(response, result)
    }

    /// The same as if this member were the primary: the old one does not answer any more.
    pub fn take_over_with(&mut self, work: impl FnOnce(&mut Machine)) -> Step {
        work(&mut self.machine);
        let result = self.conclude(true, true);
        self.answered(Response { status: 204, ..Response::default() }, result)
    }

    fn answered(&mut self, response: Response, result: Result<Concluded, StoreError>) -> Step {
        match result {
            Ok(Concluded::Stored) => Step::Done(response),
            Ok(Concluded::Led(shipment)) => Step::Lead(response, shipment),
            Ok(Concluded::Proposed(proposal)) => Step::Propose(response, proposal),
            Err(error) => {
                tracing::error!(%error, "a change could not be stored and was taken back");
                self.machine.undo();
                let details = format!("The change could not be stored and was not made: {error}");
                Step::Done(Failure::internal(details).into_response())
            }
        }
    }

    fn conclude(&mut self, was_member: bool, led: bool) -> Result<Concluded, StoreError> {
        if !self.machine.changed() {
            return Ok(Concluded::Stored);
        }
        let changes = self.machine.changes().map_err(corrupted)?;
        let shared = changes.iter().any(|change| is_shared(change.field));
        let clusters = &self.machine.state.clusters;
        // Who parted from the cluster is alone with its accounts until it leaves.
        if !shared || !was_member || !clusters.is_member() || clusters.own.get().parted {
            self.write(&changes)?;
            return Ok(Concluded::Stored);
        }
        let after = self.at();
        if !led {
            self.machine.undo();
            let (rows, own): (Vec<_>, Vec<_>) =
                changes.into_iter().partition(|change| is_shared(change.field));
            let rows = rows.into_iter().map(row_of).collect::<Result<_, _>>()?;
            return Ok(Concluded::Proposed(Proposal { after, rows, own }));
        }
        let shared = changes.into_iter().filter(|change| is_shared(change.field));
        let rows: Vec<Row> = shared.map(row_of).collect::<Result<_, _>>()?;
        let reaches = self.advance(after.change + 1);
        self.commit()?;
        self.recent.record(reaches.change, &rows);
        Ok(Concluded::Led(Shipment { after, reaches, rows }))
    }

    /// Moves this member's position to a change, in the era that goes on.
    fn advance(&mut self, change: u64) -> Position {
        let clusters = &mut self.machine.state.clusters;
        let at = PositionRow { era: clusters.cluster.get().era(), change };
        clusters.own.get_mut().at = at;
        clusters.cluster.get().position(at)
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        if !self.machine.changed() {
            return Ok(());
        }
        // A type that has no JSON form is a fault of this program; nothing is stored then.
        let changes = self.machine.changes().map_err(corrupted)?;
        self.write(&changes)
    }

    fn write(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        if self.store.is_open() {
            self.store.write(changes)?;
        } else {
            // Storing failed before, perhaps half-way: what is in memory counts, these changes too.
            self.store.open_again()?;
            let stored = self.store.rows()?;
            let changes = self.machine.state.differences(stored).map_err(corrupted)?;
            self.store.write(&changes)?;
        }
        self.machine.keep();
        Ok(())
    }

    /// Changes what is this appliance's own, and stores it.
    ///
    /// # Errors
    /// It could not be stored, and was taken back.
    pub fn change_own(&mut self, work: impl FnOnce(&mut Machine)) -> Result<(), StoreError> {
        self.machine.undo();
        work(&mut self.machine);
        self.commit().inspect_err(|_| self.machine.undo())
    }

    /// Does what is due by the clock.
    pub fn tick(&mut self, system: OffsetDateTime) {
        self.machine.tick(system);
        if let Err(error) = self.commit() {
            tracing::error!(%error, "a scheduled backup could not be stored");
            self.machine.undo();
        }
    }

    /// The position of this member in the history of the cluster.
    pub fn at(&self) -> Position {
        let clusters = &self.machine.state.clusters;
        clusters.cluster.get().position(clusters.own.get().at)
    }

    /// What this member knows of the cluster's history.
    pub fn history(&self) -> History {
        let clusters = &self.machine.state.clusters;
        clusters.cluster.get().history(clusters.own.get().at)
    }

    /// How far the cluster service is.
    pub fn phase(&self, system: OffsetDateTime) -> Phase {
        self.machine.state.cluster_phase(self.machine.now(system))
    }

    /// Stores a shipped or pulled change; false when this member has another position, or the
    /// change is none that can follow.
    ///
    /// # Errors
    /// It could not be stored, and was taken back.
    pub fn follow(
        &mut self,
        after: Position,
        reaches: Position,
        rows: &[Row],
    ) -> Result<bool, StoreError> {
        if self.at() != after {
            return Ok(false);
        }
        self.machine.undo();
        if !self.put_after(after.change, reaches.change, rows)? {
            return Ok(false);
        }
        let clusters = &mut self.machine.state.clusters;
        if clusters.cluster.get().position(reaches.into()) != reaches
            || clusters.cluster.get().era() != reaches.era
        {
            self.machine.undo();
            return Ok(false);
        }
        let gone = !clusters.members.contains(&clusters.own.get().member);
        let own = clusters.own.get_mut();
        own.at = reaches.into();
        own.parted |= gone;
        self.commit().inspect_err(|_| self.machine.undo())?;
        self.recent.record(reaches.change, rows);
        Ok(true)
    }

    /// Stores a proposed change as the primary; nothing when the proposer has another position, or
    /// the change is none that can follow.
    ///
    /// # Errors
    /// It could not be stored, and was taken back.
    pub fn lead(
        &mut self,
        after: Position,
        rows: Vec<Row>,
    ) -> Result<Option<Shipment>, StoreError> {
        if self.at() != after {
            return Ok(None);
        }
        self.machine.undo();
        if !self.put_after(after.change, after.change + 1, &rows)? {
            return Ok(None);
        }
        let reaches = self.advance(after.change + 1);
        self.commit().inspect_err(|_| self.machine.undo())?;
        self.recent.record(reaches.change, &rows);
        Ok(Some(Shipment { after, reaches, rows }))
    }

    /// The primary has made a proposed change: stores it, unless it was shipped already, and what
    /// the request changed of this appliance's own.
    ///
    /// # Errors
    /// It could not be stored, and was taken back.
    pub fn accepted(&mut self, proposal: Proposal, at: Position) -> Result<(), StoreError> {
        self.follow(proposal.after, at, &proposal.rows)?;
        self.change_own(|machine| {
            for change in &proposal.own {
                // Rows of this very process: they are what their fields expect.
                let _ = machine.state.put(change.field, &change.key, change.row.as_deref());
            }
        })
    }

    /// Puts changed rows in their places; false, and nothing is put, when they make another history
    /// of this one.
    fn put_after(&mut self, after: u64, reaches: u64, rows: &[Row]) -> Result<bool, StoreError> {
        if reaches <= after || reaches - after > MOST_MISSED {
            return Ok(false);
        }
        let former: ClusterRow = self.machine.state.clusters.cluster.get().clone();
        self.put(rows)?;
        let follows = self.machine.state.clusters.cluster.get().continues(&former, after, reaches);
        if !follows {
            tracing::warn!("a change of another member does not follow this history");
            self.machine.undo();
        }
        Ok(follows)
    }

    fn put(&mut self, rows: &[Row]) -> Result<(), StoreError> {
        for row in rows.iter().filter(|row| is_shared(&row.field)) {
            let bytes = row.row.as_ref().map(String::as_bytes);
            if let Err(error) = self.machine.state.put(&row.field, &row.key, bytes) {
                self.machine.undo();
                return Err(corrupted(error));
            }
        }
        Ok(())
    }

    /// Begins a copy of another member's state.
    ///
    /// # Errors
    /// It could not be stored, and was taken back.
    pub fn begin_copy(&mut self) -> Result<(), StoreError> {
        self.change_own(|machine| {
            machine.state.clear_shared(|field| !is_held_back(field));
            let own = machine.state.clusters.own.get_mut();
            (own.at, own.copying) = (Position::default().into(), true);
        })
    }

    /// Stores a page of the copy, without the rows that `is_held_back` names.
    ///
    /// # Errors
    /// It could not be stored, and was taken back.
    pub fn copy(&mut self, rows: &[Row]) -> Result<(), StoreError> {
        self.machine.undo();
        self.put(rows)?;
        self.commit().inspect_err(|_| self.machine.undo())
    }

    /// Ends the copy of what was the state at `at`.
    ///
    /// # Errors
    /// It could not be stored, and was taken back.
    pub fn end_copy(&mut self, at: Position, held_back: &[Row]) -> Result<(), StoreError> {
        self.machine.undo();
        let former = self.machine.state.clusters.cluster.get().clone();
        self.machine.state.clear_shared(is_held_back);
        self.put(held_back)?;
        // The first era begins ahead of the first change.
        if !self.machine.state.clusters.cluster.get().continues(&former, 0, at.change + 1) {
            self.machine.undo();
            return Err(corrupted("the copy is of another history"));
        }
        let own = self.machine.state.clusters.own.get_mut();
        (own.at, own.copying) = (at.into(), false);
        self.commit().inspect_err(|_| self.machine.undo())?;
        self.recent.restart(at.change);
        Ok(())
    }

    /// What has changed since a position: rows, or a page of everything.
    ///
    /// # Errors
    /// A row has no JSON form.
    pub fn since(
        &mut self,
        after: Position,
        cursor: Option<(String, String)>,
    ) -> Result<Answer, StoreError> {
        let at = self.at();
        let begins_anew = after == Position::default();
        if !begins_anew && !self.has_passed(after) {
            return Ok(Answer::Parted);
        }
        let recent = self.recent.since(after.change).filter(|_| !begins_anew && cursor.is_none());
        let mut rows = Vec::new();
        if let Some(names) = recent {
            for (field, key) in names {
                let row = self.stored(&field, &key)?;
                rows.push(Row { field, key, row });
            }
            return Ok(Answer::Rows { at, whole: false, rows, cursor: None });
        }
        let mut bytes = 0;
        let mut place = cursor;
        loop {
            let from = place.as_ref().map(|(field, key)| (field.as_str(), key.as_str()));
            let Some((field, key)) = self.machine.state.shared_after(from) else {
                return Ok(Answer::Rows { at, whole: true, rows, cursor: None });
            };
            let row = self.stored(field, &key)?;
            bytes += row.as_ref().map_or(0, String::len);
            rows.push(Row { field: field.to_owned(), key: key.clone(), row });
            place = Some((field.to_owned(), key));
            if bytes >= PAGE {
                return Ok(Answer::Rows { at, whole: true, rows, cursor: place });
            }
        }
    }

    /// Whether a position is one of this member's history.
    fn has_passed(&self, place: Position) -> bool {
        let (at, eras) = (self.at(), &self.machine.state.clusters.cluster.get().eras);
        let Some(era) = eras.iter().position(|era| (era.era, era.id) == (place.era, place.id))
        else {
            return false;
        };
        let end = eras.get(era + 1).map_or(at.change, |next| next.began.saturating_sub(1));
        place.change <= end
    }

    fn stored(&mut self, field: &str, key: &str) -> Result<Option<String>, StoreError> {
        let row = self.machine.state.shared_row(field, key).map_err(corrupted)?;
        row.map(String::from_utf8).transpose().map_err(corrupted)
    }

    /// Every method and path template that is answered.
    pub fn resources(&self) -> Vec<Resource> {
        self.machine.resources()
    }
}

/// Whether a field is replaced at the end of a copy, all at once: without members the copy could
/// not go on after a crash, without accounts no client could log in and ask for its progress.
pub(crate) fn is_held_back(field: &str) -> bool {
    matches!(field, "cluster" | "cluster/members" | "roles" | "users")
}

enum Concluded {
    Stored,
    Led(Shipment),
    Proposed(Proposal),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::message::Body;
    use crate::panics::faulty;
    use luna_rest::{Method, Secret, emulator};
    use redb::StorageBackend;
    use redb::backends::InMemoryBackend;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Counts syncs, and can refuse them.
    #[derive(Clone, Debug, Default)]
    struct Counting {
        memory: Arc<InMemoryBackend>,
        syncs: Arc<AtomicUsize>,
        left: Arc<AtomicUsize>,
    }

    impl Counting {
        fn new() -> Counting {
            Counting { left: Arc::new(AtomicUsize::new(usize::MAX)), ..Counting::default() }
        }
    }

    impl StorageBackend for Counting {
        fn len(&self) -> Result<u64, std::io::Error> {
            self.memory.len()
        }
        fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), std::io::Error> {
            self.memory.read(offset, out)
        }
        fn set_len(&self, len: u64) -> Result<(), std::io::Error> {
            self.check()?;
            self.memory.set_len(len)
        }
        fn sync_data(&self) -> Result<(), std::io::Error> {
            self.check()?;
            self.syncs.fetch_add(1, Ordering::SeqCst);
            self.memory.sync_data()
        }
        fn write(&self, offset: u64, data: &[u8]) -> Result<(), std::io::Error> {
            self.check()?;
            self.memory.write(offset, data)
        }
    }

    impl Counting {
        /// Takes so many writes more before the disk is full.
        fn check(&self) -> Result<(), std::io::Error> {
            let take = |left: usize| left.checked_sub(1);
            match self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take) {
                Ok(_) => Ok(()),
                Err(_) => Err(std::io::ErrorKind::StorageFull.into()),
            }
        }
    }

    fn send(engine: &mut Engine, cookie: &str, method: Method, path: &str, body: &str) -> Response {
        let request = Request {
            cookie: Some(cookie.to_owned()),
            content_type: "application/vnd.safenetinc.lunasa+json;version=".into(),
            body: Body::Plain(body.into()),
            ..Request::new(method, path)
        };
        handle(engine, &request)
    }

    fn handle(engine: &mut Engine, request: &Request) -> Response {
        match engine.step(request, OffsetDateTime::UNIX_EPOCH) {
            Step::Done(response) => response,
            _ => panic!("there is no cluster"),
        }
    }

    /// An engine on such a backend, and the cookie of a local session.
    fn engine(backend: Counting) -> (Engine, String) {
        let store = Store::with_backend(move || backend.clone()).unwrap();
        let options = Options { local_key: Secret::from("key"), ..Options::default() };
        let mut engine = Engine::load(store, options, [0; 32], OffsetDateTime::UNIX_EPOCH).unwrap();
        let login = Request {
            local_key: Some(Secret::from("key")),
            ..Request::new(Method::Post, emulator::SESSION.template())
        };
        let cookie = handle(&mut engine, &login).cookie.unwrap();
        (engine, cookie)
    }

    #[test]
    fn each_acknowledged_change_is_synced_and_no_read_is() {
        let backend = Counting::new();
        let syncs = Arc::clone(&backend.syncs);
        let (mut engine, cookie) = engine(backend);
        let mut counted = |method, path: &str, body: &str| {
            let before = syncs.load(Ordering::SeqCst);
            let status = send(&mut engine, &cookie, method, path, body).status;
            (status, syncs.load(Ordering::SeqCst) - before)
        };
        for number in 0..20 {
            let role = format!(r#"{{"roleId":"r{number}"}}"#);
            let (status, syncs) = counted(Method::Post, "/roles", &role);
            assert!(status == 204 && syncs >= 1, "{status} with {syncs} syncs");
            assert_eq!(counted(Method::Get, "/roles", ""), (200, 0));
            assert_eq!(counted(Method::Post, "/roles", &role), (409, 0), "refused");
        }
    }

    #[test]
    fn a_full_disk_refuses_changes_and_takes_them_again_once_there_is_space() {
        // Full at every moment of a change, and once it is noted that there was space again.
        for moment in 0..40 {
            let backend = Counting::new();
            let left = Arc::clone(&backend.left);
            let disk = backend.clone();
            let (mut engine, cookie) = engine(backend);
            let create = |engine: &mut Engine, id: &str| {
                let role = format!(r#"{{"roleId":"{id}"}}"#);
                let answer = send(engine, &cookie, Method::Post, "/roles", &role);
                (answer.status, String::from_utf8(answer.body).unwrap())
            };
            assert_eq!(create(&mut engine, "before").0, 204);
            left.store(moment, Ordering::SeqCst);
            let mut refusals = 0;
            for id in ["a", "b", "c"] {
                let (status, said) = create(&mut engine, id);
                if status != 204 {
                    assert!(status == 500 && said.contains("could not be stored"), "{said}");
                    refusals += 1;
                }
                left.store(moment / 2, Ordering::SeqCst);
            }
            left.store(usize::MAX, Ordering::SeqCst);
            assert_eq!(create(&mut engine, "after").0, 204, "{moment}");
            let mut status = |id: &str| {
                send(&mut engine, &cookie, Method::Get, &format!("/roles/{id}"), "").status
            };
            assert_eq!((status("before"), status("after")), (200, 200));
            let there: Vec<_> = ["a", "b", "c"].iter().filter(|id| status(id) == 200).collect();
            assert_eq!(there.len(), 3 - refusals, "{moment}");
            // The file has what was acknowledged and nothing else, and opens again.
            let known = engine.store.rows().unwrap();
            drop(engine);
            let stored = Store::with_backend(move || disk.clone()).unwrap().rows().unwrap();
            assert_eq!(stored, known);
            let roles = stored.iter().filter(|row| row.0 == "roles").count();
            assert_eq!(roles, 2 + there.len(), "{moment}");
        }
    }

    #[test]
    fn a_handler_that_panics_answers_500_and_changes_nothing() {
        let (mut engine, cookie) = engine(Counting::new());
        faulty::add_to(&mut engine.machine);
        let role = |id: &str| format!(r#"{{"roleId":"{id}"}}"#);
        assert_eq!(send(&mut engine, &cookie, Method::Post, "/roles", &role("before")).status, 204);

        let failed = send(&mut engine, &cookie, Method::Post, faulty::CALL.template(), "{}");
        let said = String::from_utf8(failed.body).unwrap();
        assert!(failed.status == 500 && said.contains("panics.rs:"), "{said}");
        assert!(!said.contains("secret"), "{said}");

        let mut status = |path: &str| send(&mut engine, &cookie, Method::Get, path, "").status;
        assert_eq!((status("/roles/before"), status("/roles/faulty")), (200, 404));
        // What is stored next does not bring the undone change along.
        assert_eq!(send(&mut engine, &cookie, Method::Post, "/roles", &role("after")).status, 204);
        let stored = engine.store.rows().unwrap();
        let roles: Vec<_> =
            stored.iter().filter(|row| row.0 == "roles").map(|row| row.1.as_str()).collect();
        assert_eq!(roles, ["after", "before"]);
    }
}
