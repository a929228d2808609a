//! The machine and its store together: a change is acknowledged once it is stored.

use luna_rest::Method;
use time::OffsetDateTime;

use crate::model::message::{Failure, Request, Response};
use crate::model::{Machine, Options};
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

/// A machine whose state is kept.
pub struct Engine {
    machine: Machine,
    store: Store,
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
        let mut engine = Engine { machine: Machine::new(options, secret), store };
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
        engine.commit()?;
        Ok(engine)
    }

    /// Answers a request; when it changed something, only after that is stored.
    pub fn handle(&mut self, request: &Request, system: OffsetDateTime) -> Response {
        let response = self.machine.handle(request, system);
        match self.commit() {
            Ok(()) => response,
            Err(error) => {
                tracing::error!(%error, "a change could not be stored and was taken back");
                self.machine.undo();
                Failure::internal(format!("The change could not be stored: {error}"))
                    .into_response()
            }
        }
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        if !self.machine.changed() {
            return Ok(());
        }
        // A type that has no JSON form is a fault of this program; nothing is stored then.
        let changes = self.machine.changes().map_err(|error| {
            StoreError::Database(Box::new(redb::Error::Corrupted(error.to_string())))
        })?;
        self.store.write(&changes)?;
        self.machine.keep();
        Ok(())
    }

    /// Every method and path template that is answered.
    pub fn resources(&self) -> Vec<(Method, &'static str)> {
        self.machine.resources()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::message::Body;
    use luna_rest::{Secret, emulator};
    use redb::StorageBackend;
    use redb::backends::InMemoryBackend;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    /// Counts syncs, and can refuse them.
    #[derive(Debug, Default)]
    struct Counting {
        memory: InMemoryBackend,
        syncs: Arc<AtomicUsize>,
        full: Arc<AtomicBool>,
    }

    impl StorageBackend for Counting {
        fn len(&self) -> Result<u64, std::io::Error> {
            self.memory.len()
        }
        fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), std::io::Error> {
            self.memory.read(offset, out)
        }
        fn set_len(&self, len: u64) -> Result<(), std::io::Error> {
            self.memory.set_len(len)
        }
        fn sync_data(&self) -> Result<(), std::io::Error> {
            if self.full.load(Ordering::SeqCst) {
                return Err(std::io::Error::other("disk full"));
            }
            self.syncs.fetch_add(1, Ordering::SeqCst);
            self.memory.sync_data()
        }
        fn write(&self, offset: u64, data: &[u8]) -> Result<(), std::io::Error> {
            self.memory.write(offset, data)
        }
    }

    fn send(engine: &mut Engine, cookie: &str, method: Method, path: &str, body: &str) -> Response {
        let request = Request {
            cookie: Some(cookie.to_owned()),
            content_type: "application/vnd.safenetinc.lunasa+json;version=".into(),
            body: Body::Plain(body.into()),
            ..Request::new(method, path)
        };
        engine.handle(&request, OffsetDateTime::UNIX_EPOCH)
    }

    /// An engine on such a backend, and the cookie of a local session.
    fn engine(backend: Counting) -> (Engine, String) {
        let store = Store::with_backend(backend).unwrap();
        let options = Options { local_key: Secret::from("key"), ..Options::default() };
        let mut engine = Engine::load(store, options, [0; 32], OffsetDateTime::UNIX_EPOCH).unwrap();
        let login = Request {
            local_key: Some(Secret::from("key")),
            ..Request::new(Method::Post, emulator::SESSION.template)
        };
        let cookie = engine.handle(&login, OffsetDateTime::UNIX_EPOCH).cookie.unwrap();
        (engine, cookie)
    }

    #[test]
    fn each_acknowledged_change_is_synced_and_no_read_is() {
        let backend = Counting::default();
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
    fn a_change_that_cannot_be_stored_is_refused_and_taken_back() {
        let backend = Counting::default();
        let full = Arc::clone(&backend.full);
        let (mut engine, cookie) = engine(backend);
        full.store(true, Ordering::SeqCst);
        let refused = send(&mut engine, &cookie, Method::Post, "/roles", r#"{"roleId":"r"}"#);
        let said = String::from_utf8(refused.body).unwrap();
        assert!(refused.status == 500 && said.contains("could not be stored"), "{said}");
        assert_eq!(send(&mut engine, &cookie, Method::Get, "/roles/r", "").status, 404);
    }
}
