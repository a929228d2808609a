//! The file of a transcript, as editors of any system leave it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::files::replace_file;
use crate::options::text_of;

/// What may stand before the text of a file from Windows.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// A transcript's file: its text with `\n` at the end of each line, and how it is written.
#[derive(Debug)]
pub struct TextFile {
    /// The text.
    pub text: String,
    path: PathBuf,
    marked: bool,
    with_returns: bool,
}

impl TextFile {
    /// Reads it.
    ///
    /// # Errors
    /// It cannot be read, or is no text.
    pub fn read(path: &Path) -> Result<TextFile, Failure> {
        let whole = text_of(path)?;
        let (marked, text) = match whole.strip_prefix(BYTE_ORDER_MARK) {
            Some(text) => (true, text),
            None => (false, &*whole),
        };
        let with_returns = text.contains("\r\n");
        Ok(TextFile {
            text: text.replace("\r\n", "\n"),
            path: path.to_owned(),
            marked,
            with_returns,
        })
    }

    /// Puts another text into it, written in the same way.
    ///
    /// # Errors
    /// It is read-only, or cannot be written.
    pub fn write(&self, text: &str) -> Result<(), Failure> {
        let name = self.path.display();
        // It could be replaced all the same; who has made it read-only does not want that.
        if fs::metadata(&self.path).is_ok_and(|file| file.permissions().readonly()) {
            return Err(Failure::refused(format!("{name} is read-only, and stays as it is.")));
        }
        let mut content = String::with_capacity(text.len());
        content.extend(self.marked.then_some(BYTE_ORDER_MARK));
        match self.with_returns {
            true => content.push_str(&text.replace('\n', "\r\n")),
            false => content.push_str(text),
        }
        replace_file(&self.path, content.as_bytes())
            .map_err(|error| Failure::command(format!("cannot write {name}: {error}.")))
    }
}
