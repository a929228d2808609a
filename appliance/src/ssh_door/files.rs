//! The files of whoever is at the door, as scp and SFTP see them: one flat folder.

use std::sync::Arc;

use luna_rest::media::{JSON, MULTIPART, OCTETS};
use luna_rest::users::{DELETE_FILE, DOWNLOAD, FILE, FILES, File, Files as List, UPLOAD};
use luna_rest::{ApiError, Method, unpack};
use serde::de::DeserializeOwned;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

use crate::core::message::{Body, Request, Response};
use crate::request::route::FILE_BODY;
use crate::ssh_door::visitor::Person;

/// The largest file that is taken, in bytes: as over REST.
pub(super) const LARGEST: u64 = FILE_BODY as u64;
/// The longest name of a file, as file systems have it.
const NAME: usize = 255;

/// The files of a person.
pub(super) struct Files(pub(super) Arc<Person>);

/// A file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) size: u64,
    /// When it was last written, seconds since 1970.
    pub(super) updated: i64,
}

/// Why something was not done: what scp and sftp print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    NoFile,
    /// In the words of the appliance.
    Other(String),
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Refusal::NoFile => f.write_str("No such file or directory"),
            Refusal::Other(text) => f.write_str(text),
        }
    }
}

/// The name that a path means: there is one folder, `.` and `/` and the empty path at once. None for
/// the folder itself.
pub(super) fn name_of(path: &str) -> Result<Option<&str>, Refusal> {
    let outside = || Refusal::Other("Permission denied".to_owned());
    let rest = path.strip_prefix("./").unwrap_or(path).trim_end_matches('/');
    match rest {
        "" | "." | "~" => Ok(None),
        name if is_name(name) => Ok(Some(name)),
        _ => Err(outside()),
    }
}

/// Whether a file may have this name: no way out of the folder, and nothing that does something to a screen.
pub(super) fn is_name(name: &str) -> bool {
    let good = |c: char| c != '/' && !c.is_control();
    !matches!(name, "" | ".")
        && !name.starts_with("..")
        && name.len() <= NAME
        && name.chars().all(good)
}

impl Files {
    async fn ask(
        &self,
        method: Method,
        path: String,
        kind: &str,
        body: Body,
    ) -> Result<Response, Refusal> {
        let person = &self.0;
        let mut request = Request::new(method, path);
        request.cookie = Some(person.cookie().expose().to_owned());
        request.content_type = kind.to_owned();
        request.body = body;
        let response = person.door.ask(person.from, request).await;
        match response.status {
            200..300 => Ok(response),
            404 => Err(Refusal::NoFile),
            status => {
                let error = ApiError::read(status, &response.body);
                let details = if error.details.is_empty() { error.message } else { error.details };
                Err(Refusal::Other(details))
            }
        }
    }

    async fn get<A: DeserializeOwned>(&self, path: String) -> Result<A, Refusal> {
        let empty = Body::Plain(Vec::new());
        let response = self.ask(Method::Get, path, JSON, empty).await?;
        serde_json::from_slice(&response.body).map_err(|error| Refusal::Other(error.to_string()))
    }

    /// One file.
    pub(super) async fn find(&self, name: &str) -> Result<Entry, Refusal> {
        let file: File = self.get(FILE.path(&[&self.0.user, name])).await?;
        let form = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
        let updated = PrimitiveDateTime::parse(&file.last_updated, form)
            .map_or(OffsetDateTime::UNIX_EPOCH, PrimitiveDateTime::assume_utc);
        let (name, size, updated) = (name.to_owned(), file.size, updated.unix_timestamp());
        Ok(Entry { name, size, updated })
    }

    /// All files, by name.
    pub(super) async fn list(&self) -> Result<Vec<Entry>, Refusal> {
        let list: List = self.get(FILES.path(&[&self.0.user])).await?;
        let mut entries = Vec::new();
        for file in list.files {
            match self.find(&file.id).await {
                // It was deleted meanwhile.
                Err(Refusal::NoFile) => {}
                found => entries.push(found?),
            }
        }
        Ok(entries)
    }

    /// The content of a file.
    pub(super) async fn read(&self, name: &str) -> Result<Vec<u8>, Refusal> {
        let path = DOWNLOAD.path(&[&self.0.user, name]);
        let packed = self.ask(Method::Get, path, OCTETS, Body::Plain(Vec::new())).await?.body;
        unpack(&packed, LARGEST).map_err(Refusal::Other)
    }

    /// Writes a file, in place of one of the same name.
    pub(super) async fn write(&self, name: &str, content: Vec<u8>) -> Result<(), Refusal> {
        let path = UPLOAD.path(&[&self.0.user]);
        let body = Body::Files(vec![(name.to_owned(), content)]);
        self.ask(Method::Post, path, MULTIPART, body).await.map(drop)
    }

    /// Deletes a file.
    pub(super) async fn remove(&self, name: &str) -> Result<(), Refusal> {
        let path = DELETE_FILE.path(&[&self.0.user, name]);
        self.ask(Method::Delete, path, JSON, Body::Plain(Vec::new())).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_to_the_one_folder_or_a_file_in_it() {
        for folder in ["", ".", "./", "/", "~"] {
            assert_eq!(name_of(folder), Ok(None), "{folder}");
        }
        for (path, name) in [("server.pem", "server.pem"), ("./a b.pem", "a b.pem")] {
            assert_eq!(name_of(path), Ok(Some(name)));
        }
        let long = "x".repeat(256);
        for path in
            ["..", "../x", "/etc/passwd", "a/b", "./../x", "..x", "a\nb", "\u{1b}[2J", "a\0", &long]
        {
            assert!(name_of(path).is_err(), "{path}");
        }
    }
}
