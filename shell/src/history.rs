//! The lines that were typed, in a file of the user.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::files::open_private_file;

/// The most lines that are kept in memory.
const MOST: usize = 1000;

/// The lines that were typed, the oldest first.
pub(crate) struct History {
    lines: Vec<String>,
    file: Option<PathBuf>,
}

impl History {
    /// The history of a file, which becomes readable for its owner only. One that cannot be used is empty.
    pub(crate) fn open(file: Option<&Path>) -> History {
        let file = file.filter(|path| open_private_file(path).is_ok()).map(Path::to_owned);
        let text = file.as_ref().and_then(|path| std::fs::read_to_string(path).ok());
        let lines = text.iter().flat_map(|text| text.lines());
        let mut lines: Vec<String> =
            lines.filter(|line| *line != "#V2").map(str::to_owned).collect();
        lines.drain(..lines.len().saturating_sub(MOST));
        History { lines, file }
    }

    pub(crate) fn lines(&self) -> &[String] {
        &self.lines
    }

    /// Adds a line, unless it is empty or the last one again. Other programs may add theirs to the
    /// file at the same time.
    pub(crate) fn add(&mut self, line: &str) {
        if line.is_empty() || self.lines.last().is_some_and(|last| last == line) {
            return;
        }
        self.lines.push(line.to_owned());
        // A history that cannot be written is no reason to disturb the session.
        let _ = self.file.as_ref().map(|path| append(path, line));
    }
}

fn append(path: &Path, line: &str) -> std::io::Result<()> {
    let mut file = open_private_file(path)?;
    file.write_all(format!("{line}\n").as_bytes())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn two_shells_keep_each_others_lines() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/history");
        let mut one = History::open(Some(&path));
        let mut other = History::open(Some(&path));
        one.add("first");
        other.add("second");
        one.add("third");
        one.add("");
        assert_eq!(History::open(Some(&path)).lines(), ["first", "second", "third"]);
    }

    #[test]
    fn the_history_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/history");
        std::fs::create_dir(folder.path().join("deep")).unwrap();
        std::fs::write(&path, "").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        History::open(Some(&path));
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&folder.path().join("deep"))), (0o600, 0o700));
    }
}
