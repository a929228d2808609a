//! Input and output of a session: a terminal, pipes, or the script of a test.

use std::io::{self, BufRead, BufReader, BufWriter, IsTerminal, Write};
use std::path::PathBuf;
use std::rc::Rc;

use anstyle::{AnsiColor, Style};

use crate::editor::{Editor, LineAssistant};
use crate::printable::printable;
use crate::status::Status;
use crate::transcript::Head;

/// The result of reading a line.
pub enum Input {
    /// A line, without its end.
    Line(String),
    /// A line that is not UTF-8.
    NotText,
    /// The user pressed Ctrl-C.
    Cancelled,
    /// The end of the input.
    End,
}

/// Input and output of a session. Results are written with `print`, remarks with `note`.
pub trait Device {
    /// Reads the next command, with `prompt` at a terminal.
    fn command(&mut self, prompt: &str, assistant: &Rc<dyn LineAssistant>) -> Input;
    /// Shows a question, if it is not empty, and reads its answer.
    fn answer(&mut self, question: &str) -> Input;
    /// Shows a question and reads a secret, shown as asterisks.
    fn secret(&mut self, question: &str) -> Input;
    /// Shows a question and reads a secret without any echo.
    fn hidden(&mut self, question: &str) -> Input {
        self.secret(question)
    }
    /// Writes to the output.
    fn print(&mut self, text: &str);
    /// Writes a remark, apart from the output. `--quiet` silences it.
    fn note(&mut self, text: &str);
    /// Writes why something failed, or what must not be overlooked, apart from the output, whether
    /// remarks are wanted or not.
    fn report(&mut self, text: &str) {
        self.note(text);
    }
    /// Flushes the output.
    fn flush(&mut self);
    /// Why output could not be written, if it could not. Nothing is written after that.
    fn output_error(&self) -> Option<&io::Error> {
        None
    }
    /// Hears of a command that was not read here, with the prompt that it stands behind.
    fn given(&mut self, _prompt: &str, _line: &str, _assistant: &Rc<dyn LineAssistant>) {}
    /// Hears which variable, without `LUNA_`, would have given the secret that is asked for next, or that was
    /// given in the command by an option: its name and the secret.
    fn about_secret(&mut self, _variable: &str, _given: Option<(&str, &str)>) {}
    /// Why the session could not be recorded to its end, if it could not.
    fn recording_error(&self) -> Option<&io::Error> {
        None
    }
    /// Hears that the session is open, and how it can be opened again.
    fn opened(&mut self, _head: &Head<'_>) {}
    /// Hears that it is one that only copies files: whom it is with, and the words that say which.
    fn copies(&mut self, _place: &str, _words: &str) {}
    /// Hears of the end of the session.
    fn ended(&mut self, _status: Status) {}
    /// Whether a user is present to answer questions.
    fn attended(&self) -> bool;
    /// Drops what was typed ahead, for a session that cannot be opened.
    fn discard_input(&mut self) {}
    /// Whether commands are typed at this device, so that prompts are shown.
    fn interactive(&self) -> bool {
        self.attended()
    }
}

/// Standard input, output and error.
///
/// A user is present if standard input is a terminal. Prompts, questions and what is typed are then shown on
/// standard output, or on standard error if standard output is no terminal.
pub struct Stdio {
    output: BufWriter<io::Stdout>,
    input: BufReader<io::Stdin>,
    editor: Option<Editor>,
    history: Option<PathBuf>,
    attended: bool,
    output_is_screen: bool,
    quiet: bool,
    output_error: Option<io::Error>,
}

impl Stdio {
    /// The streams of the process; `quiet` drops remarks. `history` is the file of the line history.
    pub fn new(quiet: bool, history: Option<PathBuf>) -> Stdio {
        Stdio {
            output: BufWriter::with_capacity(1 << 16, io::stdout()),
            input: BufReader::with_capacity(1 << 16, io::stdin()),
            editor: None,
            history,
            attended: io::stdin().is_terminal(),
            output_is_screen: io::stdout().is_terminal(),
            quiet,
            output_error: None,
        }
    }

    /// Takes the terminal now, not with the first question: what is typed ahead does not show before its prompt.
    pub fn take_terminal(&mut self) {
        if self.attended && self.editor.is_none() {
            let is_screen = self.output_is_screen || io::stderr().is_terminal();
            self.editor = Editor::new(is_screen && can_move_cursor(), self.history.as_deref());
        }
    }

    /// Shows all of a question but its last line, and reads with that line as the prompt.
    fn read(
        &mut self,
        question: &str,
        read: impl FnOnce(&mut Editor, &mut dyn Write, &str) -> Input,
    ) -> Input {
        self.take_terminal();
        let Some(editor) = &mut self.editor else { return Input::End };
        let (before, prompt) = last_line(question);
        if self.output_is_screen {
            // Not flushed: the prompt goes out in one piece with what is before it.
            let _ = self.output.write_all(printable(before).as_bytes());
            return read(editor, &mut self.output, prompt);
        }
        let _ = self.output.flush();
        let mut screen = io::stderr();
        let _ = screen.write_all(printable(before).as_bytes());
        read(editor, &mut screen, prompt)
    }

    fn next_line(&mut self) -> Input {
        let mut line = Vec::new();
        match self.input.read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => Input::End,
            Ok(_) => {
                while line.last().is_some_and(|end| matches!(end, b'\n' | b'\r')) {
                    line.pop();
                }
                String::from_utf8(line).map_or(Input::NotText, Input::Line)
            }
        }
    }
}

impl Device for Stdio {
    fn command(&mut self, prompt: &str, assistant: &Rc<dyn LineAssistant>) -> Input {
        if self.attended {
            return self.read(prompt, |editor, out, prompt| {
                editor.command(out, prompt, assistant.as_ref())
            });
        }
        // A program may wait for our output before it writes the next line.
        if self.input.buffer().is_empty() {
            self.flush();
        }
        self.next_line()
    }

    fn answer(&mut self, question: &str) -> Input {
        if self.attended {
            return self.read(question, Editor::answer);
        }
        if !question.is_empty() {
            self.print(question);
            self.print("\n");
        }
        self.flush();
        self.next_line()
    }

    fn secret(&mut self, question: &str) -> Input {
        if self.attended {
            return self
                .read(question, |editor, out, prompt| editor.secret(out, prompt, Some('*')));
        }
        self.answer(question)
    }

    fn hidden(&mut self, question: &str) -> Input {
        if self.attended {
            return self.read(question, |editor, out, prompt| editor.secret(out, prompt, None));
        }
        self.answer(question)
    }

    fn print(&mut self, text: &str) {
        if self.output_error.is_none() {
            self.output_error = self.output.write_all(printable(text).as_bytes()).err();
        }
    }

    fn note(&mut self, text: &str) {
        if !self.quiet {
            self.report(text);
        }
    }

    fn report(&mut self, text: &str) {
        self.flush();
        let mut stream = anstream::stderr();
        let faint = Style::new().fg_color(Some(AnsiColor::Cyan.into()));
        let text = printable(text);
        let (word, rest) = text.split_once(": ").unwrap_or(("", &text));
        // If standard error is closed, the remark is lost.
        let _ = if matches!(word, "hint" | "note" | "warning") {
            writeln!(stream, "{faint}{word}:{faint:#} {rest}")
        } else {
            writeln!(stream, "{text}")
        };
    }

    fn flush(&mut self) {
        if self.output_error.is_none() {
            self.output_error = self.output.flush().err();
        }
    }

    fn output_error(&self) -> Option<&io::Error> {
        self.output_error.as_ref()
    }

    fn attended(&self) -> bool {
        self.attended
    }

    fn discard_input(&mut self) {
        if let Some(editor) = &mut self.editor {
            editor.discard();
        }
    }
}

/// Whether the terminal understands the escape sequences that move a cursor. One without a name does not.
fn can_move_cursor() -> bool {
    std::env::var("TERM").is_ok_and(|name| !matches!(&*name, "" | "dumb" | "emacs"))
}

/// Splits a question before its last line.
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
