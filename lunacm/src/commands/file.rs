//! `file`: files of this machine.

use std::path::{Path, PathBuf};

use crate::local_file;
use crate::prelude::*;

pub(super) const MENUS: &[Menu] = &[Menu { path: "file", help: "Files of this machine" }];

pub(super) const COMMANDS: &[Command] = &[Command {
    syntax: "file display -filename <filename>",
    help: "Show a text file of this machine",
    options: &[("-filename", "Its name, with its folder")],
    roles: Role::ANY,
    rest: &[],
    known: Known::Assumed(
        "known by name only: which files the product shows, and how, was not seen",
    ),
    run: call::<Display>(),
}];

/// More is not read on a screen.
const MOST: u64 = 1024 * 1024;

#[derive(Deserialize)]
struct Display {
    filename: PathBuf,
}

/// A file with its text.
#[derive(Serialize)]
struct Shown {
    file: PathBuf,
    text: String,
}

impl Run<Session> for Display {
    type View = Shown;

    fn run(self, _: &mut Session) -> Result<Shown, Failure> {
        let text = text_of(&self.filename)?;
        Ok(Shown { file: self.filename, text })
    }
}

/// The text of a file. One with a zero byte, or that is no UTF-8, is none.
fn text_of(path: &Path) -> Result<String, Failure> {
    let text = String::from_utf8(local_file::read(path, MOST)?).ok();
    text.filter(|text| !text.contains('\0')).ok_or_else(|| {
        codes::failure(codes::ARGUMENTS_BAD, format!("{} is no text file.", path.display()))
    })
}

/// What would command the terminal is made visible by whoever shows the page.
impl Text for Shown {
    fn write(&self, page: &mut Page) {
        for line in self.text.lines() {
            page.line(line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_binary_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for binary in [&b"a\0b"[..], b"\xff\xfe"] {
            std::fs::write(&path, binary).unwrap();
            assert!(text_of(&path).unwrap_err().hints[0].ends_with(" is no text file."));
        }
        std::fs::write(&path, "gr\u{fc}n\n").unwrap();
        assert_eq!(text_of(&path).unwrap(), "gr\u{fc}n\n");
    }
}
