//! Logs in files of the data folder, `logs/NAME` with `logs/NAME.1` and so on before it.
//!
//! A line is one write to an open file, without a sync: a log that slowed every request down, or
//! kept the appliance from starting, would do more harm than a line that is lost with the power.
//! Nothing is read at the start. A file that reaches its limit is rotated, whatever the settings say.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::core::logs::{LOGS, LogFile, Logs, number, older};

/// The most bytes of one file.
const LIMIT: u64 = 4 << 20;
/// How many older files are kept when a file reached its limit.
const KEPT_AT_LIMIT: u32 = 4;

/// Logs in a folder.
#[derive(Debug)]
pub(crate) struct LogFolder {
    folder: PathBuf,
    open: BTreeMap<String, Open>,
    limit: u64,
}

#[derive(Debug)]
struct Open {
    file: File,
    size: u64,
}

impl LogFolder {
    /// Logs in this folder, which is made with the first line.
    pub(crate) fn new(folder: impl Into<PathBuf>) -> LogFolder {
        LogFolder { folder: folder.into(), open: BTreeMap::new(), limit: LIMIT }
    }

    fn write(&mut self, log: &str, line: &str) -> io::Result<()> {
        if !self.open.contains_key(log) {
            let open = open(&self.folder, log)?;
            self.open.insert(log.to_owned(), open);
        }
        let Some(open) = self.open.get_mut(log) else { return Ok(()) };
        let line = format!("{line}\n");
        open.file.write_all(line.as_bytes())?;
        open.size += line.len() as u64;
        if open.size >= self.limit {
            self.rotate_one(log, KEPT_AT_LIMIT)?;
        }
        Ok(())
    }

    fn rotate_one(&mut self, log: &str, keep: u32) -> io::Result<()> {
        self.open.remove(log);
        let path = |name: &str| self.folder.join(name);
        if fs::metadata(path(log)).map_or(true, |file| file.len() == 0) {
            return Ok(());
        }
        // Those beyond the number to keep may be left from another setting.
        for file in self.files().iter().filter(|file| number(&file.name, log) >= Some(keep.max(1)))
        {
            fs::remove_file(path(&file.name))?;
        }
        if keep == 0 {
            return fs::remove_file(path(log));
        }
        for number in (1..keep).rev() {
            match fs::rename(path(&older(log, number)), path(&older(log, number + 1))) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        fs::rename(path(log), path(&older(log, 1)))
    }
}

fn open(folder: &Path, log: &str) -> io::Result<Open> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let file =
        fs::OpenOptions::new().append(true).create(true).mode(0o600).open(folder.join(log))?;
    let size = file.metadata()?.len();
    Ok(Open { file, size })
}

fn told(result: io::Result<()>, folder: &Path) {
    if let Err(error) = result {
        tracing::error!(%error, folder = %folder.display(), "a log cannot be written");
    }
}

impl Logs for LogFolder {
    fn append(&mut self, log: &str, line: &str) {
        let written = self.write(log, line);
        if written.is_err() {
            // The next line tries anew.
            self.open.remove(log);
        }
        told(written, &self.folder);
    }

    fn files(&self) -> Vec<LogFile> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let file = |entry: fs::DirEntry| {
            let name = entry.file_name().into_string().ok()?;
            let known = LOGS.iter().any(|log| name == *log || number(&name, log).is_some());
            known.then_some(LogFile { size: entry.metadata().ok()?.len(), name })
        };
        let mut files: Vec<LogFile> = entries.filter_map(file).collect();
        files.sort_by(|a, b| a.name.cmp(&b.name));
        files
    }

    fn read(&self, file: &str) -> Option<Vec<u8>> {
        let known = self.files().iter().any(|known| known.name == file);
        known.then(|| fs::read(self.folder.join(file)).ok()).flatten()
    }

    fn rotate(&mut self, keep: u32) {
        for log in LOGS {
            told(self.rotate_one(log, keep), &self.folder);
        }
    }

    fn clear(&mut self) {
        self.open.clear();
        for file in self.files() {
            told(fs::remove_file(self.folder.join(file.name)), &self.folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::logs::MemoryLogs;
    use std::os::unix::fs::PermissionsExt;

    fn content(logs: &dyn Logs) -> Vec<(String, String)> {
        let read = |file: LogFile| {
            let text = String::from_utf8(logs.read(&file.name).unwrap()).unwrap();
            assert_eq!(text.len() as u64, file.size);
            (file.name, text)
        };
        logs.files().into_iter().map(read).collect()
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn folder_and_memory_rotate_alike() {
        let folder = tempfile::tempdir().unwrap();
        let mut kinds: [Box<dyn Logs>; 2] =
            [Box::new(LogFolder::new(folder.path().join("logs"))), Box::<MemoryLogs>::default()];
        for logs in &mut kinds {
            assert_eq!(content(&**logs), []);
            logs.rotate(2);
            for line in ["one", "two", "three", "four"] {
                logs.append("messages", line);
                logs.rotate(2);
            }
            logs.append("messages", "five");
            let expected =
                [("messages", "five\n"), ("messages.1", "four\n"), ("messages.2", "three\n")];
            assert_eq!(content(&**logs), pairs(&expected));
            logs.rotate(1);
            assert_eq!(content(&**logs), pairs(&[("messages.1", "five\n")]));
            logs.append("lunalogs", "six");
            logs.rotate(0);
            assert_eq!(content(&**logs), pairs(&[("messages.1", "five\n")]));
            assert_eq!(logs.read("../logs/messages.1"), None);
            logs.clear();
            assert_eq!(content(&**logs), []);
        }
    }

    #[test]
    fn a_log_goes_on_after_a_restart_and_never_grows_without_end() {
        let folder = tempfile::tempdir().unwrap();
        let open = || LogFolder { limit: 100, ..LogFolder::new(folder.path().join("logs")) };
        for round in 0..65 {
            open().append("messages", &format!("line {round:04}"));
        }
        let files = open().files();
        let size: u64 = files.iter().map(|file| file.size).sum();
        assert!(files.len() == 5 && size <= 500, "{files:?}");
        assert!(content(&open())[0].1.ends_with("line 0064\n"));
        let mode =
            |path: &str| fs::metadata(folder.path().join(path)).unwrap().permissions().mode();
        assert_eq!((mode("logs") & 0o777, mode("logs/messages") & 0o777), (0o700, 0o600));
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_no_fault_of_a_request() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("logs"), "a file").unwrap();
        let mut logs = LogFolder::new(folder.path().join("logs"));
        logs.append("messages", "lost");
        assert_eq!(logs.files(), []);
        fs::remove_file(folder.path().join("logs")).unwrap();
        logs.append("messages", "kept");
        assert_eq!(content(&logs), pairs(&[("messages", "kept\n")]));
    }
}
