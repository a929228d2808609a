//! The files of the HSM's audit log in the data folder: `audit/hsm_SERIAL_NUMBER.log` is written to,
//! older ones lie in `audit/ready_for_archive`. Only the owner may read them.
//!
//! A record is put at its place, so that one which a crash kept from its file can be put there again.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::core::audit::{ARCHIVE, AuditFile, AuditFiles};

/// The files in a folder.
#[derive(Debug)]
pub(crate) struct AuditFolder {
    folder: PathBuf,
    open: Option<Open>,
    /// Files that were written to and may not be safe yet.
    unsafe_files: Vec<File>,
}

#[derive(Debug)]
struct Open {
    name: String,
    file: File,
    size: u64,
}

impl AuditFolder {
    /// Files in this folder, which is made with the first record.
    pub(crate) fn new(folder: impl Into<PathBuf>) -> AuditFolder {
        AuditFolder { folder: folder.into(), open: None, unsafe_files: Vec::new() }
    }

    fn archived(&self, file: &str) -> PathBuf {
        self.folder.join(ARCHIVE).join(file)
    }

    /// Where a file lies, or belongs while it is written to.
    fn place(&self, file: &str) -> PathBuf {
        let archived = self.archived(file);
        if archived.exists() { archived } else { self.folder.join(file) }
    }

    fn open(&mut self, name: &str) -> io::Result<&mut Open> {
        let same = self.open.take_if(|open| open.name == name);
        let open = match same {
            Some(open) => open,
            None => {
                let path = self.place(name);
                let mut options = fs::OpenOptions::new();
                make(&self.folder)?;
                let file =
                    options.write(true).create(true).truncate(false).mode(0o600).open(path)?;
                // The folder has to keep the file's name, too.
                File::open(&self.folder)?.sync_all()?;
                self.unsafe_files.push(file.try_clone()?);
                Open { name: name.to_owned(), size: file.metadata()?.len(), file }
            }
        };
        Ok(self.open.insert(open))
    }

    fn list_of(&self, archived: bool) -> Vec<AuditFile> {
        let folder = if archived { self.folder.join(ARCHIVE) } else { self.folder.clone() };
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let file = |entry: fs::DirEntry| {
            let name = entry.file_name().into_string().ok()?;
            let known = name.starts_with("hsm_") && name.ends_with(".log");
            known.then_some(AuditFile { size: entry.metadata().ok()?.len(), name, archived })
        };
        entries.filter_map(file).collect()
    }
}

fn make(folder: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

impl AuditFiles for AuditFolder {
    fn write(&mut self, file: &str, at: u64, bytes: &[u8]) -> io::Result<bool> {
        let open = self.open(file)?;
        let end = at + bytes.len() as u64;
        if open.size >= end {
            return Ok(false);
        }
        match open.file.write_all_at(bytes, at) {
            Ok(()) => open.size = end,
            Err(error) => {
                // What it holds now is looked up when it is tried anew.
                self.open = None;
                return Err(error);
            }
        }
        Ok(true)
    }

    fn sync(&mut self) -> io::Result<()> {
        for file in &self.unsafe_files {
            file.sync_data()?;
        }
        // The one that is open is written to again.
        let open = self.open.as_ref().map(|open| open.file.try_clone()).transpose()?;
        self.unsafe_files = open.into_iter().collect();
        Ok(())
    }

    fn archive(&mut self, file: &str) -> io::Result<()> {
        let from = self.folder.join(file);
        if !from.exists() {
            return Ok(());
        }
        make(&self.folder.join(ARCHIVE))?;
        fs::rename(from, self.archived(file))?;
        File::open(self.folder.join(ARCHIVE))?.sync_all()
    }

    fn remove(&mut self, file: &str) -> io::Result<()> {
        self.open.take_if(|open| open.name == file);
        fs::remove_file(self.place(file))
    }

    fn list(&self) -> Vec<AuditFile> {
        let mut files = [self.list_of(true), self.list_of(false)].concat();
        files.sort_by(|a, b| a.name.cmp(&b.name));
        files
    }

    fn read(&self, file: &str) -> Option<Vec<u8>> {
        let known = self.list().iter().any(|known| known.name == file);
        known.then(|| fs::read(self.place(file)).ok()).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::audit::MemoryFiles;
    use std::os::unix::fs::PermissionsExt;

    const A: &str = "hsm_1_00000001.log";
    const B: &str = "hsm_1_00000002.log";

    #[test]
    fn folder_and_memory_do_alike() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit");
        let kinds: [Box<dyn AuditFiles>; 2] =
            [Box::new(AuditFolder::new(path)), Box::<MemoryFiles>::default()];
        for mut files in kinds {
            assert_eq!(files.list(), []);
            assert!(files.write(A, 0, b"one\n").unwrap());
            assert!(files.write(A, 4, b"two\n").unwrap());
            assert!(!files.write(A, 4, b"two\n").unwrap(), "it is there");
            files.archive(A).unwrap();
            files.archive(A).unwrap();
            assert!(files.write(A, 8, b"end\n").unwrap(), "also where it lies now");
            assert!(files.write(B, 0, b"three\n").unwrap());
            files.sync().unwrap();
            let file = |name: &str, archived, size| AuditFile { name: name.into(), archived, size };
            assert_eq!(files.list(), [file(A, true, 12), file(B, false, 6)]);
            assert_eq!(files.read(A).unwrap(), b"one\ntwo\nend\n");
            assert_eq!(files.read("../audit/hsm_1_00000002.log"), None);
            files.remove(A).unwrap();
            files.remove(B).unwrap();
            assert_eq!(files.list(), []);
        }
    }

    #[test]
    fn a_record_that_was_cut_off_is_completed_and_others_cannot_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit");
        AuditFolder::new(&path).write(A, 0, b"one\ntw").unwrap();
        let mut files = AuditFolder::new(&path);
        assert!(files.write(A, 4, b"two\n").unwrap());
        assert_eq!(files.read(A).unwrap(), b"one\ntwo\n");
        files.archive(A).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&path.join(ARCHIVE))), (0o700, 0o700));
        assert_eq!(mode(&files.place(A)), 0o600);
    }
}
