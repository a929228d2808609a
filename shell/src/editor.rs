//! Line editing at a terminal, with history and completion.

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

/// What the line editor needs of the command language.
pub trait LineAssistant {
    /// The byte offset of the word at `cursor`, and its completions.
    fn complete(&self, line: &str, cursor: usize) -> (usize, Vec<String>);
    /// The line without its secrets, for the history.
    fn masked(&self, line: &str) -> String;
}

/// The most lines in the history.
const HISTORY_SIZE: usize = 1000;

pub(crate) struct Editor {
    inner: rustyline::Editor<EditorHelper, DefaultHistory>,
    history: Option<PathBuf>,
}

#[derive(Default)]
struct EditorHelper {
    assistant: Option<Rc<dyn LineAssistant>>,
}

impl Editor {
    pub(crate) fn new(history: Option<&Path>) -> Option<Editor> {
        let config = Config::builder()
            .completion_type(CompletionType::List)
            .max_history_size(HISTORY_SIZE)
            .ok()?
            .auto_add_history(false)
            .build();
        let mut inner = rustyline::Editor::with_config(config).ok()?;
        inner.set_helper(Some(EditorHelper::default()));
        let history = history.filter(|path| make_private(path).is_ok()).map(Path::to_owned);
        if let Some(path) = &history {
            // If it cannot be read, the history starts empty.
            let _ = inner.load_history(path);
        }
        Some(Editor { inner, history })
    }

    pub(crate) fn command(&mut self, prompt: &str, assistant: Rc<dyn LineAssistant>) -> Input {
        if let Some(helper) = self.inner.helper_mut() {
            helper.assistant = Some(Rc::clone(&assistant));
        }
        let line = self.inner.readline(prompt);
        if let Ok(line) = &line
            && !line.trim().is_empty()
        {
            // A history that cannot be written is no reason to disturb the session.
            let _ = self.inner.add_history_entry(assistant.masked(line));
            if let Some(path) = &self.history {
                let _ = self.inner.save_history(path);
            }
        }
        input(line)
    }

    pub(crate) fn answer(&mut self, prompt: &str) -> Input {
        if let Some(helper) = self.inner.helper_mut() {
            helper.assistant = None;
        }
        // Without history, so that the arrow keys bring up no commands as answers.
        let history = std::mem::take(self.inner.history_mut());
        let line = self.inner.readline(prompt);
        *self.inner.history_mut() = history;
        let _ = self.inner.history_mut().set_max_len(HISTORY_SIZE);
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

/// Creates the file if needed, and makes it readable for its owner only.
fn make_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
    file.set_permissions(std::fs::Permissions::from_mode(0o600))
}

impl Completer for EditorHelper {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        cursor: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let Some(assistant) = &self.assistant else { return Ok((cursor, Vec::new())) };
        let (start, candidates) = assistant.complete(line, cursor);
        let pairs = candidates
            .into_iter()
            .map(|word| Pair { replacement: format!("{word} "), display: word })
            .collect();
        Ok((start, pairs))
    }
}

impl Hinter for EditorHelper {
    type Hint = String;
}

impl Highlighter for EditorHelper {
    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        Cow::Borrowed(prompt)
    }
}

impl Validator for EditorHelper {}
impl Helper for EditorHelper {}

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
