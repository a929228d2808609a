//! The files of the accounts.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::core::table::Table;
use crate::state::area::{Area, FieldVisitor};

/// What is kept of the files.
#[derive(Debug, Default)]
pub struct Files {
    /// The files by `user/name`.
    pub files: Table<FileRow>,
}

/// A file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FileRow {
    /// Its bytes.
    #[serde(with = "bytes")]
    pub content: Vec<u8>,
    /// When it was written, seconds since 1970.
    pub updated: i64,
}

/// Bytes as base64 in JSON.
mod bytes {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<u8>, D::Error> {
        STANDARD.decode(String::deserialize(d)?).map_err(D::Error::custom)
    }
}

impl Area for Files {
    fn fields(&mut self, visit: FieldVisitor<'_>) {
        visit("files", &mut self.files);
    }
}

impl Files {
    /// A file of a user.
    pub fn get(&self, user: &str, name: &str) -> Option<&FileRow> {
        self.files.get(&format!("{user}/{name}"))
    }

    /// Writes a file of a user.
    pub fn put(&mut self, user: &str, name: &str, content: Vec<u8>, now: OffsetDateTime) {
        let row = FileRow { content, updated: now.unix_timestamp() };
        self.files.insert(format!("{user}/{name}"), row);
    }

    /// Removes a file of a user; false when there is none.
    pub fn remove(&mut self, user: &str, name: &str) -> bool {
        self.files.remove(&format!("{user}/{name}")).is_some()
    }

    /// Removes all files of a user.
    pub fn clear(&mut self, user: &str) {
        self.files.retain(|key, _| key.split('/').next() != Some(user));
    }

    /// Bytes of all files of all users.
    pub fn size(&self) -> u64 {
        self.files.values().map(|row| row.content.len() as u64).sum()
    }

    /// Bytes of all files of a user.
    pub fn size_of(&self, user: &str) -> u64 {
        let own = self.files.iter().filter(|(key, _)| key.split('/').next() == Some(user));
        own.map(|(_, row)| row.content.len() as u64).sum()
    }

    /// The names of a user's files.
    pub fn names(&self, user: &str) -> impl Iterator<Item = &str> {
        let name = move |key| str::split_once(key, '/').filter(|(owner, _)| *owner == user);
        self.files.keys().filter_map(name).map(|(_, name)| name)
    }
}
