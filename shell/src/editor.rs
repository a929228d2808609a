//! Line editing at a terminal, with history and completion.

use std::borrow::Cow;
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
use crate::files::open_private_file;

/// What the line editor needs of the command language.
pub trait LineAssistant {
    /// The byte offset of the word at `cursor`, and its completions.
    fn complete(&self, line: &str, cursor: usize) -> (usize, Vec<String>);
    /// The line with asterisks in place of its secrets, for whatever shows it.
    fn masked(&self, line: &str) -> String;
    /// The line without its secrets, for the history: sent again, it asks for them. Empty where
    /// nothing is kept.
    fn kept(&self, line: &str) -> String;
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
        let history = history.filter(|path| open_private_file(path).is_ok()).map(Path::to_owned);
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
        if let Ok(line) = &line {
            self.remember(line, &*assistant);
        }
        input(line)
    }

    /// Puts a line into the history, unless it begins with a blank. Other programs may add theirs to
    /// the file at the same time.
    fn remember(&mut self, line: &str, assistant: &dyn LineAssistant) {
        let kept = if line.starts_with(char::is_whitespace) {
            String::new()
        } else {
            assistant.kept(line)
        };
        if kept.is_empty() {
            return;
        }
        // A history that cannot be written is no reason to disturb the session.
        let _ = self.inner.add_history_entry(kept);
        if let Some(path) = &self.history {
            let _ = self.inner.append_history(path);
        }
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

    struct NoSecrets;

    impl LineAssistant for NoSecrets {
        fn complete(&self, _: &str, cursor: usize) -> (usize, Vec<String>) {
            (cursor, Vec::new())
        }
        fn masked(&self, line: &str) -> String {
            line.to_owned()
        }
        fn kept(&self, line: &str) -> String {
            line.replace("-p SECRET", "").trim_end().to_owned()
        }
    }

    fn lines(path: &Path) -> Vec<String> {
        let editor = Editor::new(Some(path)).unwrap();
        editor.inner.history().iter().cloned().collect()
    }

    #[test]
    fn two_editors_keep_each_others_lines_but_no_secrets_and_none_after_a_blank() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/history");
        let mut both = [Editor::new(Some(&path)).unwrap(), Editor::new(Some(&path)).unwrap()];
        for number in 0..6 {
            both[number % 2].remember(&format!("line {number} -p SECRET"), &NoSecrets);
            both[number % 2].remember(" private", &NoSecrets);
            both[number % 2].remember("", &NoSecrets);
        }
        assert_eq!(lines(&path), (0..6).map(|n| format!("line {n}")).collect::<Vec<_>>());
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    }
}
