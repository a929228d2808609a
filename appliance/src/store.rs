//! The store: one redb file, one durable transaction per changed request.
//!
//! A row is its field's name, its key and its JSON form. The file carries a schema version; one
//! that is newer than this program is refused.

use std::path::Path;

use redb::{
    Database, DatabaseError, ReadableDatabase, ReadableTable, StorageBackend, TableDefinition,
};

use crate::state::Change;

/// The version of what the rows mean. Raise it when an older program would misread them.
pub const SCHEMA: u64 = 1;

const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
const ROWS: TableDefinition<'_, (&str, &str), &[u8]> = TableDefinition::new("rows");
const SCHEMA_KEY: &str = "schema";

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
    /// The file cannot be read or written, or is no store.
    #[error("{0}")]
    Database(Box<redb::Error>),
}

impl<E: Into<redb::Error>> From<E> for StoreError {
    fn from(error: E) -> Self {
        match error.into() {
            redb::Error::DatabaseAlreadyOpen => StoreError::InUse,
            error => StoreError::Database(Box::new(error)),
        }
    }
}

/// The store.
#[derive(Debug)]
pub struct Store {
    database: Database,
}

/// A stored row: field, key, JSON form.
pub type Row = (String, String, Vec<u8>);

impl Store {
    /// Opens the file, or makes it.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub fn open(path: &Path) -> Result<Store, StoreError> {
        Store::prepare(Database::builder().set_cache_size(CACHE).create(path))
    }

    /// Opens a store on something else than a file, for tests of durability.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub fn with_backend(backend: impl StorageBackend) -> Result<Store, StoreError> {
        Store::prepare(Database::builder().set_cache_size(CACHE).create_with_backend(backend))
    }

    fn prepare(opened: Result<Database, DatabaseError>) -> Result<Store, StoreError> {
        let store = Store { database: opened? };
        let transaction = store.database.begin_write()?;
        let found = transaction.open_table(META)?.get(SCHEMA_KEY)?.map(|version| version.value());
        match found {
            Some(found) if found > SCHEMA => return Err(StoreError::Newer { found }),
            Some(_) => transaction.abort()?,
            None => {
                transaction.open_table(META)?.insert(SCHEMA_KEY, SCHEMA)?;
                transaction.open_table(ROWS)?;
                transaction.commit()?;
            }
        }
        Ok(store)
    }

    /// Every row.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub fn rows(&self) -> Result<Vec<Row>, StoreError> {
        let table = self.database.begin_read()?.open_table(ROWS)?;
        let mut rows = Vec::new();
        for entry in table.iter()? {
            let (key, row) = entry?;
            let (field, key) = key.value();
            rows.push((field.to_owned(), key.to_owned(), row.value().to_owned()));
        }
        Ok(rows)
    }

    /// Writes changes; they survive a power failure once this has returned. Nothing is written,
    /// and nothing is synced, when there are none.
    ///
    /// # Errors
    /// Any [`StoreError`]; then none of the changes is stored.
    pub fn write(&self, changes: &[Change]) -> Result<(), StoreError> {
        if changes.is_empty() {
            return Ok(());
        }
        // The default durability of redb: the commit returns after a sync.
        let transaction = self.database.begin_write()?;
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
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(key: &str, row: Option<&str>) -> Change {
        Change { field: "f", key: key.into(), row: row.map(|row| row.as_bytes().to_vec()) }
    }

    #[test]
    fn rows_survive_a_reopening() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.redb");
        let store = Store::open(&path).unwrap();
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
        let transaction = store.database.begin_write().unwrap();
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
        assert!(matches!(Store::open(&path).unwrap_err(), StoreError::Database(_)));
        assert_eq!(std::fs::read(&path).unwrap(), b"something else");
    }
}
