//! The keys that were used lately, ready to be computed with: to read a private RSA key takes longer than
//! most of its uses.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::core::message::Failure;
use crate::cryptoki::keys::Key;

/// How many keys are held.
const MOST: usize = 64;

/// The keys by the sealed form of their values, which no two values share; the latest first.
#[derive(Default)]
pub(crate) struct KeyCache(Mutex<VecDeque<(String, Arc<Key>)>>);

impl KeyCache {
    /// The key whose value is sealed so, read if it is not held.
    ///
    /// # Errors
    /// It could not be read.
    pub(crate) fn key(
        &self,
        sealed: &str,
        read: impl FnOnce() -> Result<Key, Failure>,
    ) -> Result<Arc<Key>, Failure> {
        if let Some(key) = self.held(sealed) {
            return Ok(key);
        }
        // Others use theirs meanwhile; who reads the same one at the same time holds it twice.
        let key = Arc::new(read()?);
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        keys.push_front((sealed.to_owned(), Arc::clone(&key)));
        keys.truncate(MOST);
        Ok(key)
    }

    /// Forgets all of them.
    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn held(&self, sealed: &str) -> Option<Arc<Key>> {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = keys.iter().position(|(known, _)| known == sealed)?;
        let entry = keys.remove(place)?;
        let key = Arc::clone(&entry.1);
        keys.push_front(entry);
        Some(key)
    }
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;

    #[test]
    fn a_key_is_read_once_while_it_is_used() {
        let cache = KeyCache::default();
        let read = |name: &str| {
            let mut read = false;
            let key = cache.key(name, || {
                read = true;
                Ok(Key::Secret(Zeroizing::new(name.as_bytes().to_vec())))
            });
            let Ok(key) = key else { panic!("it can be read") };
            let Key::Secret(value) = &*key else { panic!("it is a secret key") };
            assert_eq!(value[..], *name.as_bytes());
            read
        };
        assert!(read("used") && !read("used"));
        for other in 0..MOST {
            assert!(read(&other.to_string()));
            assert!(!read("used"), "it was used meanwhile");
        }
        assert!(read("0"), "it was not");
        cache.clear();
        assert!(read("used"));
        assert!(cache.key("broken", || Err(Failure::internal("broken"))).is_err());
    }
}
