//! The store: one redb file, one durable transaction per changed request.
//!
//! A row is its field's name, its key and its JSON form. The file carries a schema version; one
//! that is newer than this program is refused. It also carries the number of its changes, and a
//! small file beside it, `state.mark`, says how many there were at least: a damaged header of the
//! store would otherwise bring an earlier state back without a word.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use redb::{
    Builder, Database, DatabaseError, ReadableDatabase, ReadableTable, StorageBackend,
    TableDefinition,
};

use crate::panics;
use crate::state::Change;

/// The version of what the rows mean. Raise it when an older program would misread them.
pub const SCHEMA: u64 = 1;

const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
const ROWS: TableDefinition<'_, (&str, &str), &[u8]> = TableDefinition::new("rows");
const SCHEMA_KEY: &str = "schema";
const CHANGES_KEY: &str = "changes";

/// Pages kept in memory, bytes: the machine has everything in memory itself.
const CACHE: usize = 2 << 20;

/// Why the store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has it open.
    #[error("another process uses it")]
    InUse,
    /// A newer program wrote it.
    #[error(
        "it was written by a newer version (schema {found}, this program knows {SCHEMA}); \
         use that version, or another folder"
    )]
    Newer {
        /// The version in the file.
        found: u64,
    },
    /// What was stored is not there any more, in whole or in part.
    #[error(
        "{file} is damaged: {what}; remove state.mark and put a copy of state.redb in its place \
         (state.redb.stopped is the one of the last orderly stop), or move the folder away to begin \
         with a factory appliance"
    )]
    Damaged {
        /// The file, without its folder.
        file: &'static str,
        /// What is wrong with it.
        what: String,
    },
    /// The file cannot be read or written.
    #[error("{0}")]
    Database(Box<redb::Error>),
}

impl<E: Into<redb::Error>> From<E> for StoreError {
    fn from(error: E) -> Self {
        match error.into() {
            redb::Error::DatabaseAlreadyOpen => StoreError::InUse,
            redb::Error::Corrupted(what) => damaged(what),
            redb::Error::Io(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof
                ) =>
            {
                damaged(error.to_string())
            }
            error => StoreError::Database(Box::new(error)),
        }
    }
}

fn damaged(what: impl Into<String>) -> StoreError {
    StoreError::Damaged { file: "state.redb", what: what.into() }
}

/// Says how many changes there were at least, in a file of its own.
#[derive(Debug)]
struct Mark(File);

impl Mark {
    fn open(path: &Path) -> io::Result<Mark> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        options.open(path).map(Mark)
    }

    fn read(&mut self) -> Result<u64, StoreError> {
        let broken = |what: String| StoreError::Damaged { file: "state.mark", what };
        let mut text = String::new();
        self.0.read_to_string(&mut text).map_err(|error| broken(error.to_string()))?;
        match text.trim_end() {
            "" => Ok(0),
            number => number.parse().map_err(|_| broken("it holds no number".to_owned())),
        }
    }

    /// Not synced: after a power failure it may say less, which does no harm.
    fn write(&self, changes: u64) {
        if let Err(error) = self.0.write_all_at(format!("{changes:020}\n").as_bytes(), 0) {
            tracing::warn!(%error, "state.mark was not written");
        }
    }
}

type Open = dyn Fn() -> Result<Database, DatabaseError> + Send + Sync;

/// The store.
pub struct Store {
    open: Box<Open>,
    /// Nothing after a failure, until it is opened again.
    database: Option<Database>,
    changes: u64,
    mark: Option<Mark>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("changes", &self.changes).finish_non_exhaustive()
    }
}

/// A stored row: field, key, JSON form.
pub type Row = (String, String, Vec<u8>);

/// Faults of the file that the database does not look for end in a panic there.
fn guarded<T>(work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    panics::catch(work).unwrap_or_else(|panic| Err(damaged(format!("it misled redb at {panic}"))))
}

fn builder() -> Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE).set_check_integrity_on_open(true);
    builder
}

impl Store {
    /// Opens the file, or makes it.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub fn open(path: &Path) -> Result<Store, StoreError> {
        let mut mark = Mark::open(&path.with_extension("mark")).map_err(redb::Error::Io)?;
        let known = mark.read()?;
        if known > 0 && std::fs::metadata(path).map_or(0, |file| file.len()) == 0 {
            return Err(damaged(format!("it is empty, and has held {known} changes")));
        }
        let path = path.to_owned();
        Store::new(Box::new(move || builder().create(&path)), Some(mark), known)
    }

    /// Opens a store on something else than a file, for tests of durability: on what `backend`
    /// returns, now and after each failure.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub fn with_backend<B: StorageBackend>(
        backend: impl Fn() -> B + Send + Sync + 'static,
    ) -> Result<Store, StoreError> {
        Store::new(Box::new(move || builder().create_with_backend(backend())), None, 0)
    }

    fn new(open: Box<Open>, mark: Option<Mark>, known: u64) -> Result<Store, StoreError> {
        let mut store = Store { open, database: None, changes: known, mark };
        store.open_again()?;
        Ok(store)
    }

    /// Whether it can be written to; after a failure it cannot until it is opened again.
    pub fn is_open(&self) -> bool {
        self.database.is_some()
    }

    /// Opens it again after a failure. It holds what was stored before that, and perhaps the change
    /// that failed.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub fn open_again(&mut self) -> Result<(), StoreError> {
        let (database, changes) = guarded(|| {
            let database = (self.open)()?;
            let changes = prepare(&database)?;
            Ok((database, changes))
        })?;
        if changes < self.changes {
            let lost = self.changes - changes;
            return Err(damaged(format!("its last changes ({lost}) are missing")));
        }
        (self.database, self.changes) = (Some(database), changes);
        Ok(())
    }

    fn database(&self) -> Result<&Database, StoreError> {
        self.database.as_ref().ok_or_else(|| redb::Error::DatabaseClosed.into())
    }

    /// Every row.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub fn rows(&self) -> Result<Vec<Row>, StoreError> {
        let database = self.database()?;
        guarded(|| {
            let table = database.begin_read()?.open_table(ROWS)?;
            let mut rows = Vec::new();
            for entry in table.iter()? {
                let (key, row) = entry?;
                let (field, key) = key.value();
                rows.push((field.to_owned(), key.to_owned(), row.value().to_owned()));
            }
            Ok(rows)
        })
    }

    /// Writes changes; they survive a power failure once this has returned. Nothing is written,
    /// and nothing is synced, when there are none.
    ///
    /// # Errors
    /// Any [`StoreError`]; then none of the changes counts, and the store has to be opened again.
    pub fn write(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        if changes.is_empty() {
            return Ok(());
        }
        let (database, number) = (self.database()?, self.changes + 1);
        let written = guarded(|| write(database, changes, number));
        if written.is_err() {
            let database = self.database.take();
            // Closing it may fail as well.
            let _ = panics::catch(|| drop(database));
            return written;
        }
        self.changes = number;
        if let Some(mark) = &self.mark {
            mark.write(number);
        }
        Ok(())
    }
}

/// Makes the tables of a new store; returns the number of changes that it holds.
fn prepare(database: &Database) -> Result<u64, StoreError> {
    let transaction = database.begin_write()?;
    let (found, changes) = {
        let meta = transaction.open_table(META)?;
        let found = meta.get(SCHEMA_KEY)?.map(|version| version.value());
        (found, meta.get(CHANGES_KEY)?.map_or(0, |changes| changes.value()))
    };
    match found {
        Some(found) if found > SCHEMA => return Err(StoreError::Newer { found }),
        Some(_) => transaction.abort()?,
        None => {
            transaction.open_table(META)?.insert(SCHEMA_KEY, SCHEMA)?;
            transaction.open_table(ROWS)?;
            transaction.commit()?;
        }
    }
    Ok(changes)
}

fn write(database: &Database, changes: &[Change], number: u64) -> Result<(), StoreError> {
    // The default durability of redb: the commit returns after a sync.
    let transaction = database.begin_write()?;
    transaction.open_table(META)?.insert(CHANGES_KEY, number)?;
    {
        let mut table = transaction.open_table(ROWS)?;
        for Change { field, key, row } in changes {
            match row {
                Some(row) => table.insert((*field, key.as_str()), row.as_slice())?,
                None => table.remove((*field, key.as_str()))?,
            };
        }
    }
    Ok(transaction.commit()?)
}

#[cfg(test)]
mod tests {
    use redb::backends::InMemoryBackend;

    use super::*;

    fn change(key: &str, row: Option<&str>) -> Change {
        Change { field: "f", key: key.into(), row: row.map(|row| row.as_bytes().to_vec()) }
    }

    #[test]
    fn rows_survive_a_reopening() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.redb");
        let mut store = Store::open(&path).unwrap();
        store.write(&[change("a", Some("1")), change("b", Some("2"))]).unwrap();
        store.write(&[change("a", None), change("", Some("3"))]).unwrap();
        drop(store);
        let rows = Store::open(&path).unwrap().rows().unwrap();
        let expected = [("f", "", "3"), ("f", "b", "2")];
        assert_eq!(rows, expected.map(|(f, k, r)| (f.into(), k.into(), r.as_bytes().to_vec())));
    }

    #[test]
    fn a_newer_schema_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.redb");
        let store = Store::open(&path).unwrap();
        let transaction = store.database().unwrap().begin_write().unwrap();
        transaction.open_table(META).unwrap().insert(SCHEMA_KEY, SCHEMA + 1).unwrap();
        transaction.commit().unwrap();
        drop(store);
        for _ in 0..2 {
            let error = Store::open(&path).unwrap_err();
            assert!(matches!(error, StoreError::Newer { found } if found == SCHEMA + 1), "{error}");
        }
    }

    #[test]
    fn a_file_that_is_no_store_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.redb");
        std::fs::write(&path, "something else").unwrap();
        assert!(matches!(Store::open(&path).unwrap_err(), StoreError::Damaged { .. }));
        assert_eq!(std::fs::read(&path).unwrap(), b"something else");
    }

    /// A folder with a store that has seen some changes, its rows, and its file as it was before it
    /// was closed.
    fn used() -> (tempfile::TempDir, Vec<Row>, Vec<u8>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.redb");
        let mut store = Store::open(&path).unwrap();
        for number in 0..40 {
            let row = format!("{{\"number\":{number}}}");
            store.write(&[change(&format!("k{}", number % 15), Some(&row))]).unwrap();
        }
        let rows = store.rows().unwrap();
        let open = std::fs::read(&path).unwrap();
        (folder, rows, open)
    }

    #[test]
    fn a_state_that_has_become_empty_or_short_is_refused_by_name() {
        let (folder, ..) = used();
        let path = folder.path().join("state.redb");
        let whole = std::fs::read(&path).unwrap();
        for length in [0, 1, 511, 4096, whole.len() / 2, whole.len() - 1] {
            std::fs::write(&path, &whole[..length]).unwrap();
            let said = Store::open(&path).unwrap_err().to_string();
            assert!(said.starts_with("state.redb is damaged: "), "{length}: {said}");
            assert!(said.contains("state.redb.stopped"), "{said}");
        }
        std::fs::remove_file(&path).unwrap();
        let said = Store::open(&path).unwrap_err().to_string();
        assert!(said.contains("it is empty, and has held 40 changes"), "{said}");
        assert!(!path.exists(), "and none is made");
    }

    #[test]
    fn an_earlier_state_is_not_taken_for_the_last_one() {
        let (folder, ..) = used();
        let path = folder.path().join("state.redb");
        let before = std::fs::read(&path).unwrap();
        Store::open(&path).unwrap().write(&[change("a", Some("1"))]).unwrap();
        std::fs::write(&path, before).unwrap();
        let said = Store::open(&path).unwrap_err().to_string();
        assert!(said.contains("its last changes (1) are missing"), "{said}");
        std::fs::remove_file(folder.path().join("state.mark")).unwrap();
        assert_eq!(Store::open(&path).unwrap().rows().unwrap().len(), 15);
        std::fs::write(folder.path().join("state.mark"), "many").unwrap();
        let said = Store::open(&path).unwrap_err().to_string();
        assert!(said.starts_with("state.mark is damaged: "), "{said}");
    }

    /// Opens a store that has seen so many changes, in memory.
    fn open_bytes(bytes: Vec<u8>, known: u64) -> Result<Store, StoreError> {
        let open = move || {
            let memory = InMemoryBackend::new();
            memory.set_len(bytes.len() as u64).unwrap();
            memory.write(0, &bytes).unwrap();
            builder().create_with_backend(memory)
        };
        Store::new(Box::new(open), None, known)
    }

    #[test]
    fn a_flipped_bit_changes_nothing_or_is_refused() {
        let (folder, rows, open) = used();
        let closed = std::fs::read(folder.path().join("state.redb")).unwrap();
        let mut random = crate::core::random::Random::from_number(1);
        let (mut taken, mut refused) = (0, 0);
        for file in [closed, open] {
            let bits = file.len() as u64 * 8;
            // The header all over, and many places elsewhere.
            let header = (0..512 * 8).step_by(7);
            let elsewhere: Vec<u64> = (0..150).map(|_| random.number(0, bits - 1)).collect();
            for bit in header.chain(elsewhere) {
                let mut flipped = file.clone();
                flipped[bit as usize / 8] ^= 1 << (bit % 8);
                match open_bytes(flipped, 40).and_then(|store| store.rows()) {
                    Ok(found) => {
                        assert_eq!(found, rows, "bit {bit}");
                        taken += 1;
                    }
                    Err(_) => refused += 1,
                }
            }
        }
        assert!(taken > 100 && refused > 100, "{taken} and {refused}");
    }
}
