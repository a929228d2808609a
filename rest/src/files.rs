//! Calls whose body or answer is a file.

use std::io::Read;

use serde::de::DeserializeOwned;

use crate::call::{Call, Nothing};
use crate::client::Client;
use crate::error::Error;
use crate::transport::{Body, MAX_ANSWER};
use crate::users::{DOWNLOAD, UPLOAD};

impl Client {
    /// Uploads a file into a user's area.
    ///
    /// # Errors
    /// Any [`Error`].
    pub fn upload(&self, user: &str, name: &str, content: Vec<u8>) -> Result<(), Error> {
        let pending = self.pending_call(&UPLOAD, &[user])?;
        let body = Body::Form { name: name.to_owned(), content };
        self.finish(&pending, &UPLOAD, body).map(|Nothing {}| ())
    }

    /// Downloads a file from a user's area and unpacks it.
    ///
    /// # Errors
    /// Any [`Error`].
    pub fn download(&self, user: &str, name: &str) -> Result<Vec<u8>, Error> {
        let ids = &[user, name];
        let archive = self.read_bytes(&DOWNLOAD, ids, Body::Empty)?;
        unpack(&archive, MAX_ANSWER)
            .map_err(|reason| self.pending(DOWNLOAD.method(), DOWNLOAD.path(ids)).protocol(reason))
    }

    /// Sends a call whose body is a file (`+octet-stream`), and waits for its task if there is one.
    ///
    /// # Errors
    /// Any [`Error`].
    pub fn call_with_file<Q, A: DeserializeOwned + Default, const IDS: usize>(
        &self,
        call: &Call<Q, A, IDS>,
        ids: &[&str; IDS],
        content: Vec<u8>,
    ) -> Result<A, Error> {
        let pending = self.pending_call(call, ids)?;
        self.finish(&pending, call, Body::File(content))
    }

    /// Reads a resource whose answer is a file (`+octet-stream`).
    ///
    /// # Errors
    /// Any [`Error`].
    pub fn get_file<A, const IDS: usize>(
        &self,
        call: &Call<Nothing, A, IDS>,
        ids: &[&str; IDS],
    ) -> Result<Vec<u8>, Error> {
        self.read_bytes(call, ids, Body::ExpectFile)
    }

    fn read_bytes<A, const IDS: usize>(
        &self,
        call: &Call<Nothing, A, IDS>,
        ids: &[&str; IDS],
        body: Body,
    ) -> Result<Vec<u8>, Error> {
        let pending = self.pending_call(call, ids)?;
        let request = pending.request(body);
        pending.succeeded(self.exchange(&pending, request)?).map(|response| response.body)
    }
}

/// The first file in a tgz archive, if it has at most `longest` bytes.
///
/// # Errors
/// It holds none, a longer one, or is damaged: what is wrong with it.
pub fn unpack(archive: &[u8], longest: u64) -> Result<Vec<u8>, String> {
    let broken = |error: std::io::Error| format!("not a compressed tar archive: {error}");
    // The limit includes headers, so that endless headers are caught as well.
    let bounded = flate2::read::GzDecoder::new(archive).take(longest.saturating_add(64 * 1024));
    for entry in tar::Archive::new(bounded).entries().map_err(broken)? {
        let entry = entry.map_err(broken)?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let size = entry.size();
        if size > longest {
            return Err(format!(
                "the file has {size} bytes, more than the {longest} that are taken"
            ));
        }
        let mut content = Vec::new();
        entry.take(longest).read_to_end(&mut content).map_err(broken)?;
        if content.len() as u64 != size {
            return Err("the archive ends in the middle of its file".to_owned());
        }
        return Ok(content);
    }
    Err("an archive without a file".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};

    fn tgz(entries: &[(tar::EntryType, &str, &[u8])]) -> Vec<u8> {
        let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for (kind, name, content) in entries {
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(*kind);
            header.set_size(content.len() as u64);
            archive.append_data(&mut header, name, *content).unwrap();
        }
        archive.into_inner().unwrap().finish().unwrap()
    }

    #[test]
    fn a_file_in_a_folder_is_unpacked() {
        let folder = (tar::EntryType::Directory, "admin/", &b""[..]);
        let archive = tgz(&[folder, (tar::EntryType::Regular, "admin/app.pem", b"content")]);
        assert_eq!(unpack(&archive, 7).unwrap(), b"content");
        assert_eq!(
            unpack(&archive, 6).unwrap_err(),
            "the file has 7 bytes, more than the 6 that are taken"
        );
        assert_eq!(unpack(&tgz(&[folder]), 7).unwrap_err(), "an archive without a file");
    }

    #[test]
    fn a_broken_archive_is_an_error() {
        let archive = tgz(&[(tar::EntryType::Regular, "a", &[7; 5000])]);
        for wrong in [&b"not an archive"[..], &archive[..archive.len() / 2]] {
            assert!(unpack(wrong, 5000).is_err());
        }
    }

    #[test]
    fn a_decompression_bomb_is_not_unpacked() {
        let archive = tgz(&[(tar::EntryType::Regular, "a", &vec![0; 1 << 20])]);
        assert!(unpack(&archive, 1 << 19).is_err());
    }
}
