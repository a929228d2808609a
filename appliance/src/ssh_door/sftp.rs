//! SFTP on the account's files: one flat folder. A file is kept when it is closed, all of it or nothing.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use russh::Channel;
use russh::server::Msg;
use russh_sftp::protocol::{
    Attrs, Data, File, FileAttributes, Handle, Name, OpenFlags, Status, StatusCode, Version,
};
use russh_sftp::server::Handler;
use tokio::io::AsyncWriteExt;
use tokio::sync::OwnedSemaphorePermit;

use crate::ssh_door::files::{Entry, Files, LARGEST, Refusal, name_of};
use crate::ssh_door::shell::Control;

/// How many files may be open.
const HANDLES: usize = 4;
/// The most that is sent in one answer, in bytes.
const PIECE: usize = 32 * 1024;

/// What is open.
enum Opened {
    /// The folder, and whether it was listed.
    Folder(bool),
    Reading(Vec<u8>, Entry),
    Writing(String, Vec<u8>),
}

/// What is open, and its place in memory.
type Held = (Opened, Option<OwnedSemaphorePermit>);

struct Server {
    files: Files,
    open: BTreeMap<String, Held>,
    opened: u64,
}

/// Serves SFTP on a channel until the other side is done.
pub(super) fn run(files: Files, channel: Channel<Msg>) -> Control {
    let (control, running) = Control::of_files();
    tokio::spawn(async move {
        let server = Server { files, open: BTreeMap::new(), opened: 0 };
        let (mut read, write) = channel.split();
        // The library keeps its stream: only so is there one left to tell the status on.
        let (ours, theirs) = tokio::io::duplex(2 * PIECE);
        russh_sftp::server::run(theirs, server).await;
        let (mut answers, mut questions) = tokio::io::split(ours);
        let (mut asked, mut answered) = (read.make_reader(), write.make_writer());
        let ask = async {
            let _ = tokio::io::copy(&mut asked, &mut questions).await;
            let _ = questions.shutdown().await;
        };
        let ((), ended) = tokio::join!(ask, tokio::io::copy(&mut answers, &mut answered));
        drop(running);
        let _ = write.exit_status(u32::from(ended.is_err())).await;
        let _ = write.eof().await;
        let _ = write.close().await;
    });
    control
}

/// What an error is here. The library sends no text of ours with it.
fn code(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::NoFile => StatusCode::NoSuchFile,
        Refusal::Other(_) => StatusCode::PermissionDenied,
    }
}

fn done(id: u32) -> Status {
    Status {
        id,
        status_code: StatusCode::Ok,
        error_message: "Ok".to_owned(),
        language_tag: "en".to_owned(),
    }
}

fn refused(id: u32, refusal: &Refusal) -> Status {
    Status { status_code: code(refusal), error_message: refusal.to_string(), ..done(id) }
}

/// As `ls -l` has a file.
fn attributes(entry: &Entry) -> FileAttributes {
    let time = u32::try_from(entry.updated).ok();
    FileAttributes {
        size: Some(entry.size),
        permissions: Some(0o100_600),
        atime: time,
        mtime: time,
        ..FileAttributes::empty()
    }
}

fn folder() -> FileAttributes {
    FileAttributes { size: Some(0), permissions: Some(0o040_700), ..FileAttributes::empty() }
}

/// The name of a path; that of the folder is none. Clients name files as `realpath` does, below `/`.
fn named(path: &str) -> Result<Option<&str>, StatusCode> {
    name_of(path.strip_prefix('/').unwrap_or(path)).map_err(|refusal| code(&refusal))
}

fn file_named(path: &str) -> Result<&str, StatusCode> {
    named(path)?.ok_or(StatusCode::Failure)
}

impl Server {
    async fn attributes_of(&self, id: u32, path: &str) -> Result<Attrs, StatusCode> {
        let attrs = match named(path)? {
            None => folder(),
            Some(name) => {
                let found = self.files.find(name).await.map_err(|refusal| code(&refusal))?;
                attributes(&found)
            }
        };
        Ok(Attrs { id, attrs })
    }

    /// A place for a file in memory.
    async fn place(&self) -> Result<OwnedSemaphorePermit, StatusCode> {
        let places = Arc::clone(&self.files.0.door.files);
        places.acquire_owned().await.map_err(|_| StatusCode::Failure)
    }

    fn keep(&mut self, id: u32, opened: Held) -> Result<Handle, StatusCode> {
        if self.open.len() >= HANDLES {
            return Err(StatusCode::Failure);
        }
        self.opened += 1;
        let handle = self.opened.to_string();
        self.open.insert(handle.clone(), opened);
        Ok(Handle { id, handle })
    }
}

impl Handler for Server {
    type Error = StatusCode;

    fn unimplemented(&self) -> StatusCode {
        StatusCode::OpUnsupported
    }

    async fn init(
        &mut self,
        _version: u32,
        _extensions: HashMap<String, String>,
    ) -> Result<Version, StatusCode> {
        Ok(Version::new())
    }

    async fn open(
        &mut self,
        id: u32,
        filename: String,
        flags: OpenFlags,
        _attrs: FileAttributes,
    ) -> Result<Handle, StatusCode> {
        let name = file_named(&filename)?;
        // Nobody waits for a place who has some already.
        if self.open.len() >= HANDLES {
            return Err(StatusCode::Failure);
        }
        let place = self.place().await?;
        if !flags.contains(OpenFlags::WRITE) {
            let found = self.files.find(name).await.map_err(|refusal| code(&refusal))?;
            let content = self.files.read(name).await.map_err(|refusal| code(&refusal))?;
            return self.keep(id, (Opened::Reading(content, found), Some(place)));
        }
        let there = self.files.read(name).await;
        let content = match (flags.contains(OpenFlags::TRUNCATE), there) {
            (_, Ok(_)) if flags.contains(OpenFlags::EXCLUDE) => return Err(StatusCode::Failure),
            (false, Ok(content)) => content,
            (false, Err(_)) if !flags.contains(OpenFlags::CREATE) => {
                return Err(StatusCode::NoSuchFile);
            }
            _ => Vec::new(),
        };
        self.keep(id, (Opened::Writing(name.to_owned(), content), Some(place)))
    }

    async fn close(&mut self, id: u32, handle: String) -> Result<Status, StatusCode> {
        let (opened, _place) = self.open.remove(&handle).ok_or(StatusCode::Failure)?;
        match opened {
            Opened::Writing(name, content) => match self.files.write(&name, content).await {
                Ok(()) => Ok(done(id)),
                Err(refusal) => Ok(refused(id, &refusal)),
            },
            Opened::Folder(_) | Opened::Reading(..) => Ok(done(id)),
        }
    }

    async fn read(
        &mut self,
        id: u32,
        handle: String,
        offset: u64,
        len: u32,
    ) -> Result<Data, StatusCode> {
        let Some((Opened::Reading(content, _), _)) = self.open.get(&handle) else {
            return Err(StatusCode::Failure);
        };
        let start = usize::try_from(offset).ok().filter(|start| *start < content.len());
        let start = start.ok_or(StatusCode::Eof)?;
        let length = PIECE.min(len as usize).min(content.len() - start);
        Ok(Data { id, data: content[start..start + length].to_vec() })
    }

    async fn write(
        &mut self,
        id: u32,
        handle: String,
        offset: u64,
        data: Vec<u8>,
    ) -> Result<Status, StatusCode> {
        let Some((Opened::Writing(_, content), _)) = self.open.get_mut(&handle) else {
            return Err(StatusCode::Failure);
        };
        let end = offset.checked_add(data.len() as u64).filter(|end| *end <= LARGEST);
        let Some(end) = end.and_then(|end| usize::try_from(end).ok()) else {
            return Ok(refused(id, &Refusal::Other("File too large".to_owned())));
        };
        if content.len() < end {
            content.resize(end, 0);
        }
        content[end - data.len()..end].copy_from_slice(&data);
        Ok(done(id))
    }

    async fn lstat(&mut self, id: u32, path: String) -> Result<Attrs, StatusCode> {
        self.attributes_of(id, &path).await
    }

    async fn stat(&mut self, id: u32, path: String) -> Result<Attrs, StatusCode> {
        self.attributes_of(id, &path).await
    }

    async fn fstat(&mut self, id: u32, handle: String) -> Result<Attrs, StatusCode> {
        let (opened, _) = self.open.get(&handle).ok_or(StatusCode::Failure)?;
        let attrs = match opened {
            Opened::Folder(_) => folder(),
            Opened::Reading(_, entry) => attributes(entry),
            Opened::Writing(_, content) => {
                FileAttributes { size: Some(content.len() as u64), ..folder() }
            }
        };
        Ok(Attrs { id, attrs })
    }

    // Modes and times are the appliance's own; clients set them after every upload.
    async fn setstat(
        &mut self,
        id: u32,
        path: String,
        _attrs: FileAttributes,
    ) -> Result<Status, StatusCode> {
        named(&path)?;
        Ok(done(id))
    }

    async fn fsetstat(
        &mut self,
        id: u32,
        _handle: String,
        _attrs: FileAttributes,
    ) -> Result<Status, StatusCode> {
        Ok(done(id))
    }

    async fn opendir(&mut self, id: u32, path: String) -> Result<Handle, StatusCode> {
        match named(&path)? {
            None => self.keep(id, (Opened::Folder(false), None)),
            Some(_) => Err(StatusCode::NoSuchFile),
        }
    }

    async fn readdir(&mut self, id: u32, handle: String) -> Result<Name, StatusCode> {
        match self.open.get_mut(&handle) {
            Some((Opened::Folder(listed), _)) if !*listed => *listed = true,
            Some((Opened::Folder(_), _)) => return Err(StatusCode::Eof),
            _ => return Err(StatusCode::Failure),
        }
        let entries = self.files.list().await.map_err(|refusal| code(&refusal))?;
        let file = |entry: &Entry| File::new(entry.name.clone(), attributes(entry));
        Ok(Name { id, files: entries.iter().map(file).collect() })
    }

    async fn remove(&mut self, id: u32, filename: String) -> Result<Status, StatusCode> {
        match self.files.remove(file_named(&filename)?).await {
            Ok(()) => Ok(done(id)),
            Err(refusal) => Ok(refused(id, &refusal)),
        }
    }

    async fn rename(&mut self, id: u32, from: String, to: String) -> Result<Status, StatusCode> {
        let (from, to) = (file_named(&from)?, file_named(&to)?);
        let content = self.files.read(from).await.map_err(|refusal| code(&refusal))?;
        let moved = match self.files.write(to, content).await {
            Ok(()) => self.files.remove(from).await,
            Err(refusal) => Err(refusal),
        };
        Ok(moved.map_or_else(|refusal| refused(id, &refusal), |()| done(id)))
    }

    async fn realpath(&mut self, id: u32, path: String) -> Result<Name, StatusCode> {
        let path = match named(&path)? {
            None => "/".to_owned(),
            Some(name) => format!("/{name}"),
        };
        Ok(Name { id, files: vec![File::dummy(path)] })
    }
}
