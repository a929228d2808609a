//! Line editing at a terminal: history, Ctrl-R, Tab.

use std::borrow::Cow;
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use rustyline::completion::{Completer, Pair};
use rustyline::config::Configurer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::{DefaultHistory, History};
use rustyline::validate::Validator;
use rustyline::{CompletionType, Config, Context, Helper};

use crate::device::Input;

/// What the editor knows of the language: completion, and what must not be remembered.
pub trait Words {
    /// Where the word at `cursor` begins, and what can stand there.
    fn complete(&self, line: &str, cursor: usize) -> (usize, Vec<String>);
    /// The line as the history may keep it.
    fn masked(&self, line: &str) -> String;
}

/// The most lines the history keeps.
const REMEMBERED: usize = 1000;

pub(crate) struct Editor {
    inner: rustyline::Editor<Assistant, DefaultHistory>,
    history: Option<PathBuf>,
}

#[derive(Default)]
struct Assistant {
    words: Option<Rc<dyn Words>>,
}

impl Editor {
    pub(crate) fn new(history: Option<&Path>) -> Option<Editor> {
        let config = Config::builder()
            .completion_type(CompletionType::List)
            .max_history_size(REMEMBERED)
            .ok()?
            .auto_add_history(false)
            .build();
        let mut inner = rustyline::Editor::with_config(config).ok()?;
        inner.set_helper(Some(Assistant::default()));
        let history = history.filter(|path| private(path).is_ok()).map(Path::to_owned);
        if let Some(path) = &history {
            // A history that cannot be read is an empty one.
            let _ = inner.load_history(path);
        }
        Some(Editor { inner, history })
    }

    pub(crate) fn command(&mut self, prompt: &str, words: Rc<dyn Words>) -> Input {
        if let Some(assistant) = self.inner.helper_mut() {
            assistant.words = Some(Rc::clone(&words));
        }
        let line = self.inner.readline(prompt);
        if let Ok(line) = &line
            && !line.trim().is_empty()
        {
            // Losing the history is not worth an error in the middle of a session.
            let _ = self.inner.add_history_entry(words.masked(line));
            if let Some(path) = &self.history {
                let _ = self.inner.save_history(path);
            }
        }
        input(line)
    }

    pub(crate) fn answer(&mut self, prompt: &str) -> Input {
        if let Some(assistant) = self.inner.helper_mut() {
            assistant.words = None;
        }
        // Answers are no commands: the arrow keys shall not bring commands up here.
        let history = std::mem::take(self.inner.history_mut());
        let line = self.inner.readline(prompt);
        *self.inner.history_mut() = history;
        let _ = self.inner.history_mut().set_max_len(REMEMBERED);
        self.inner.set_auto_add_history(false);
        input(line)
    }
}

fn input(line: rustyline::Result<String>) -> Input {
    match line {
        Ok(line) => Input::Line(line),
        Err(ReadlineError::Interrupted) => Input::Cancelled,
        Err(_) => Input::End,
    }
}

/// Makes sure that the file exists and that nobody else can read it.
fn private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
    file.set_permissions(std::fs::Permissions::from_mode(0o600))
}

impl Completer for Assistant {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        cursor: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let Some(words) = &self.words else { return Ok((cursor, Vec::new())) };
        let (start, candidates) = words.complete(line, cursor);
        let pairs = candidates
            .into_iter()
            .map(|word| Pair { replacement: format!("{word} "), display: word })
            .collect();
        Ok((start, pairs))
    }
}

impl Hinter for Assistant {
    type Hint = String;
}

impl Highlighter for Assistant {
    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        Cow::Borrowed(prompt)
    }
}

impl Validator for Assistant {}
impl Helper for Assistant {}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_history_file_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/history");
        private(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        private(&path).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}
