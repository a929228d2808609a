//! Where lines come from and where text goes: a terminal, a pipe, or a test's script.

use std::io::{self, BufRead, BufReader, BufWriter, IsTerminal, Write};
use std::rc::Rc;

use anstyle::{AnsiColor, Style};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::editor::{Editor, Words};

/// What came in.
pub enum Input {
    /// A line, without its end.
    Line(String),
    /// The person took it back (Ctrl-C).
    Cancelled,
    /// Nothing more will come.
    End,
}

/// The outside of a session. Data goes to `print`, everything beside it to `note`.
pub trait Device {
    /// Reads the next command, showing `prompt` where a person is typing.
    fn command(&mut self, prompt: &str, words: &Rc<dyn Words>) -> Input;
    /// Shows a question (nothing if it is empty) and reads its answer.
    fn answer(&mut self, question: &str) -> Input;
    /// Shows a question and reads a secret, which is not shown.
    fn secret(&mut self, question: &str) -> Input;
    /// The same, and not even its length is shown.
    fn hidden(&mut self, question: &str) -> Input {
        self.secret(question)
    }
    /// Writes data.
    fn print(&mut self, text: &str);
    /// Writes a remark beside the data.
    fn note(&mut self, text: &str);
    /// Makes what was printed visible.
    fn flush(&mut self);
    /// Whether a person is there to read and to answer.
    fn attended(&self) -> bool;
    /// Whether commands are typed at this device by a person (prompts, echo).
    fn interactive(&self) -> bool {
        self.attended()
    }
}

/// Standard input, output and error.
pub struct Stdio {
    output: BufWriter<io::Stdout>,
    input: BufReader<io::Stdin>,
    editor: Option<Editor>,
    history: Option<std::path::PathBuf>,
    attended: bool,
    quiet: bool,
    broken: bool,
}

impl Stdio {
    /// The process's own streams; `quiet` drops notes. Typed lines are remembered in `history`.
    pub fn new(quiet: bool, history: Option<std::path::PathBuf>) -> Stdio {
        Stdio {
            output: BufWriter::with_capacity(1 << 16, io::stdout()),
            input: BufReader::with_capacity(1 << 16, io::stdin()),
            editor: None,
            history,
            attended: io::stdin().is_terminal() && io::stdout().is_terminal(),
            quiet,
            broken: false,
        }
    }

    fn editor(&mut self) -> Option<&mut Editor> {
        if self.editor.is_none() {
            self.editor = Editor::new(self.history.as_deref());
        }
        self.editor.as_mut()
    }

    fn password(&mut self, question: &str, config: rpassword::Config) -> Input {
        if !self.attended {
            return self.answer(question);
        }
        // Before the question can be read: some answer it at once.
        let _unseen = Unseen::begin();
        self.print(question);
        self.flush();
        match rpassword::read_password_with_config(config) {
            Ok(secret) => Input::Line(secret),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Input::Cancelled,
            Err(_) => Input::End,
        }
    }

    fn next_line(&mut self) -> Input {
        let mut line = Vec::new();
        match self.input.read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => Input::End,
            Ok(_) => {
                while line.last().is_some_and(|end| matches!(end, b'\n' | b'\r')) {
                    line.pop();
                }
                Input::Line(match String::from_utf8(line) {
                    Ok(line) => line,
                    Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
                })
            }
        }
    }
}

impl Device for Stdio {
    fn command(&mut self, prompt: &str, words: &Rc<dyn Words>) -> Input {
        if self.attended {
            self.flush();
            let words = Rc::clone(words);
            return match self.editor() {
                Some(editor) => editor.command(prompt, words),
                None => Input::End,
            };
        }
        // Whoever waits for our text before writing the next line gets it now.
        if self.input.buffer().is_empty() {
            self.flush();
        }
        self.next_line()
    }

    fn answer(&mut self, question: &str) -> Input {
        if self.attended {
            let (before, prompt) = last_line(question);
            self.print(before);
            self.flush();
            return match self.editor() {
                Some(editor) => editor.answer(prompt),
                None => Input::End,
            };
        }
        if !question.is_empty() {
            self.print(question);
            self.print("\n");
        }
        self.flush();
        self.next_line()
    }

    fn secret(&mut self, question: &str) -> Input {
        let stars = rpassword::ConfigBuilder::new().password_feedback_mask('*').build();
        self.password(question, stars)
    }

    fn hidden(&mut self, question: &str) -> Input {
        let nothing = rpassword::ConfigBuilder::new().build();
        self.password(question, nothing)
    }

    fn print(&mut self, text: &str) {
        // A reader that went away (`| head`) is no error of ours; the rest is dropped.
        if !self.broken && self.output.write_all(text.as_bytes()).is_err() {
            self.broken = true;
        }
    }

    fn note(&mut self, text: &str) {
        if self.quiet {
            return;
        }
        self.flush();
        let mut stream = anstream::stderr();
        let faint = Style::new().fg_color(Some(AnsiColor::Cyan.into()));
        let (word, rest) = text.split_once(": ").unwrap_or(("", text));
        // Standard error may be closed; then there is nobody to tell.
        let _ = if matches!(word, "hint" | "note" | "warning") {
            writeln!(stream, "{faint}{word}:{faint:#} {rest}")
        } else {
            writeln!(stream, "{text}")
        };
    }

    fn flush(&mut self) {
        if !self.broken && self.output.flush().is_err() {
            self.broken = true;
        }
    }

    fn attended(&self) -> bool {
        self.attended
    }
}

/// What is typed at the terminal does not show; it does again when this is dropped.
struct Unseen(Termios);

impl Unseen {
    fn begin() -> Option<Unseen> {
        let before = tcgetattr(io::stdin()).ok()?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Now, &quiet).ok()?;
        Some(Unseen(before))
    }
}

impl Drop for Unseen {
    fn drop(&mut self) {
        // A terminal that has gone away needs no restoring.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}

/// Splits a question into what stands above its last line, and that line.
fn last_line(question: &str) -> (&str, &str) {
    question.split_at(question.rfind('\n').map_or(0, |end| end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_of_a_question_is_its_prompt() {
        assert_eq!(last_line("a\n  b\n  > "), ("a\n  b\n", "  > "));
        assert_eq!(last_line("sure? "), ("", "sure? "));
    }
}
