//! Input and output of a session: a terminal, pipes, or the script of a test.

use std::io::{self, BufRead, BufReader, BufWriter, IsTerminal, Write};
use std::rc::Rc;

use anstyle::{AnsiColor, Style};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::editor::{Editor, LineAssistant};

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
    /// Whether a user is present to answer questions.
    fn attended(&self) -> bool;
    /// Whether commands are typed at this device, so that prompts are shown.
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
    output_error: Option<io::Error>,
}

impl Stdio {
    /// The streams of the process; `quiet` drops remarks. `history` is the file of the line history.
    pub fn new(quiet: bool, history: Option<std::path::PathBuf>) -> Stdio {
        Stdio {
            output: BufWriter::with_capacity(1 << 16, io::stdout()),
            input: BufReader::with_capacity(1 << 16, io::stdin()),
            editor: None,
            history,
            attended: io::stdin().is_terminal() && io::stdout().is_terminal(),
            quiet,
            output_error: None,
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
        // Before the question is shown, since the answer may be typed at once.
        let _echo_off = EchoOff::new();
        self.print(question);
        self.flush();
        match rpassword::read_password_with_config(config) {
            Ok(secret) => Input::Line(secret),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Input::Cancelled,
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Input::NotText,
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
                String::from_utf8(line).map_or(Input::NotText, Input::Line)
            }
        }
    }
}

impl Device for Stdio {
    fn command(&mut self, prompt: &str, assistant: &Rc<dyn LineAssistant>) -> Input {
        if self.attended {
            self.flush();
            let assistant = Rc::clone(assistant);
            return match self.editor() {
                Some(editor) => editor.command(prompt, assistant),
                None => Input::End,
            };
        }
        // A program may wait for our output before it writes the next line.
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
        if self.output_error.is_none() {
            self.output_error = self.output.write_all(text.as_bytes()).err();
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
        let (word, rest) = text.split_once(": ").unwrap_or(("", text));
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
}

/// Turns the echo of the terminal off until it is dropped.
struct EchoOff(Termios);

impl EchoOff {
    fn new() -> Option<EchoOff> {
        let before = tcgetattr(io::stdin()).ok()?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Now, &quiet).ok()?;
        Some(EchoOff(before))
    }
}

impl Drop for EchoOff {
    fn drop(&mut self) {
        // An error means that the terminal has gone away.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
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
