//! The lines that were typed, in a file of the user.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

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
        let file = file.filter(|path| make_private(path).is_ok()).map(Path::to_owned);
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

    /// Adds a line, unless it is the last one again.
    pub(crate) fn add(&mut self, line: &str) {
        if self.lines.last().is_some_and(|last| last == line) {
            return;
        }
        self.lines.push(line.to_owned());
        // A history that cannot be written is no reason to disturb the session.
        let _ = self.file.as_ref().map(|path| append(path, line));
    }
}

fn append(path: &Path, line: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new().append(true).open(path)?;
    file.write_all(format!("{line}\n").as_bytes())
}

/// Creates the file if needed, and makes it readable for its owner only.
fn make_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
    file.set_permissions(std::fs::Permissions::from_mode(0o600))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_history_file_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/history");
        make_private(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        make_private(&path).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}
