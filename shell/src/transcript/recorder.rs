//! Records what goes on at a device, without secrets.

use std::io;
use std::rc::Rc;

use luna_grammar::{MASK, is_mask};

use super::record::{Head, Recording};
use crate::device::{Device, Input};
use crate::editor::LineAssistant;
use crate::options::{Format, Options};
use crate::printable::{printable, printable_value};
use crate::status::Status;

/// What stands where Ctrl-C was pressed.
pub(crate) const CTRL_C: &str = "^C";
/// What stands where the input ended.
pub(crate) const CTRL_D: &str = "^D";
/// The prompt of a question without one.
const BARE_PROMPT: &str = "> ";

/// What a question says that takes one of a few words, and these.
const CHOICES: [(&str, &[&str]); 3] = [
    ("proceed", &["proceed", "quit"]),
    ("(yes/no)", &["yes", "no"]),
    ("'yes' or 'no'", &["yes", "no"]),
];

/// A question before its last line, and that line: where the answer is typed.
pub(crate) fn prompt_line(question: &str) -> (&str, &str) {
    match question {
        "" => ("", BARE_PROMPT),
        _ => question.split_at(question.rfind('\n').map_or(0, |end| end + 1)),
    }
}

/// A device whose session is recorded.
pub struct Recorder {
    device: Box<dyn Device>,
    recording: Recording,
    /// Whether an empty line stands before a prompt that the device does not show.
    spaced: bool,
    quiet: bool,
    /// The variable of the secret that is asked for.
    asked: String,
    told: bool,
}

impl Recorder {
    /// Records what goes on at `device`.
    pub fn new(device: Box<dyn Device>, recording: Recording, options: &Options) -> Recorder {
        let (spaced, quiet) = (options.output == Format::Luna, options.quiet);
        Recorder { device, recording, spaced, quiet, asked: String::new(), told: false }
    }

    /// Tells once that nothing is recorded any more.
    fn tell_loss(&mut self) {
        if let Some(error) = self.recording.error.as_ref().filter(|_| !self.told) {
            self.told = true;
            let name = &self.recording.name;
            self.device.report(&format!(
                "warning: cannot write {name}: {error}; the session is not recorded any more"
            ));
        }
    }

    fn show(&mut self, text: &str) {
        self.recording.write(&printable(text));
        self.tell_loss();
    }

    fn ask(&mut self, question: &str, read: impl FnOnce(&mut dyn Device) -> Input) -> Input {
        let (before, prompt) = prompt_line(question);
        self.show(&format!("{before}{prompt}"));
        read(&mut *self.device)
    }

    fn answered(
        &mut self,
        input: Input,
        shown: impl FnOnce(&mut Recording, &str) -> String,
    ) -> Input {
        let shown = match &input {
            Input::Line(line) => shown(&mut self.recording, line),
            Input::NotText => "[..]".to_owned(),
            Input::Cancelled => CTRL_C.to_owned(),
            Input::End => CTRL_D.to_owned(),
        };
        self.show(&format!("{}\n", printable_value(&shown)));
        input
    }

    fn secret_answered(&mut self, input: Input) -> Input {
        let variable = std::mem::take(&mut self.asked);
        self.answered(input, |recording, secret| match secret {
            "" => String::new(),
            // It was not taken for one.
            mask if is_mask(mask) => mask.to_owned(),
            secret => format!("{{{}}}", recording.name(&variable, secret)),
        })
    }
}

impl Device for Recorder {
    fn command(&mut self, prompt: &str, assistant: &Rc<dyn LineAssistant>) -> Input {
        let input = self.device.command(prompt, assistant);
        let shown = match &input {
            Input::Line(line) => assistant.masked(line),
            Input::NotText => "[..]".to_owned(),
            Input::Cancelled => CTRL_C.to_owned(),
            Input::End => return input,
        };
        if !self.device.interactive() && self.spaced {
            self.show("\n");
        }
        self.recording.command(prompt, &shown);
        self.tell_loss();
        input
    }

    fn given(&mut self, prompt: &str, line: &str, assistant: &Rc<dyn LineAssistant>) {
        if self.spaced {
            self.show("\n");
        }
        self.recording.command(prompt, &assistant.masked(line));
        self.tell_loss();
    }

    fn about_secret(&mut self, variable: &str, given: Option<(&str, &str)>) {
        match given {
            Some((option, secret)) => {
                let name = self.recording.name(variable, secret);
                if let Some(held) = &mut self.recording.held {
                    held.names.push((option.to_owned(), name));
                }
            }
            None => variable.clone_into(&mut self.asked),
        }
    }

    fn answer(&mut self, question: &str) -> Input {
        let input = self.ask(question, |device| device.answer(question));
        // Whatever else is typed there may be the password of the next question.
        let choices = CHOICES.iter().find(|(asked, _)| question.contains(asked));
        self.answered(input, |_, answer| match choices {
            Some((_, choices)) => {
                let chosen = answer.trim().to_ascii_lowercase();
                let expected = chosen.is_empty() || choices.contains(&&*chosen);
                if expected { answer.to_owned() } else { MASK.to_owned() }
            }
            None => answer.to_owned(),
        })
    }

    fn secret(&mut self, question: &str) -> Input {
        let input = self.ask(question, |device| device.secret(question));
        self.secret_answered(input)
    }

    fn hidden(&mut self, question: &str) -> Input {
        let input = self.ask(question, |device| device.hidden(question));
        self.secret_answered(input)
    }

    fn print(&mut self, text: &str) {
        self.device.print(text);
        self.show(text);
    }

    fn note(&mut self, text: &str) {
        self.device.note(text);
        if !self.quiet {
            self.show(&format!("{text}\n"));
        }
    }

    fn report(&mut self, text: &str) {
        self.device.report(text);
        self.show(&format!("{text}\n"));
    }

    fn flush(&mut self) {
        self.device.flush();
    }

    fn output_error(&self) -> Option<&io::Error> {
        self.device.output_error()
    }

    fn recording_error(&self) -> Option<&io::Error> {
        self.recording.error.as_ref()
    }

    fn opened(&mut self, head: &Head<'_>) {
        self.recording.head(head);
        self.tell_loss();
    }

    fn copies(&mut self, place: &str, words: &str) {
        self.recording.head_of_copy(place, words);
        self.tell_loss();
    }

    fn ended(&mut self, status: Status) {
        self.recording.end(status);
        self.tell_loss();
    }

    fn attended(&self) -> bool {
        self.device.attended()
    }

    fn discard_input(&mut self) {
        self.device.discard_input();
    }

    fn interactive(&self) -> bool {
        self.device.interactive()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::io::Write;

    use super::*;
    use crate::transcript::ScriptedTerminal;

    #[derive(Clone, Default)]
    struct Page(Rc<RefCell<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn recorded(typed: &[&str], session: impl FnOnce(&mut Recorder)) -> String {
        let page = Page::default();
        let recording = Recording::to(Box::new(page.clone()), "page");
        let terminal = ScriptedTerminal::new(typed.iter().map(|line| (*line).to_owned()), true);
        let mut recorder = Recorder::new(Box::new(terminal), recording, &Options::default());
        session(&mut recorder);
        recorder.ended(Status::Success);
        String::from_utf8(page.0.take()).unwrap()
    }

    #[test]
    fn a_secret_that_is_typed_has_the_name_of_its_variable() {
        let text = recorded(&["> wrong", "> right", "> wrong", "> ********"], |recorder| {
            for _ in 0..4 {
                recorder.about_secret("HSM_PASSWORD", None);
                let _ = recorder.secret("HSM:\n  > ");
            }
        });
        let asked = |answer: &str| format!("HSM:\n  > {answer}\n");
        let expected = [
            asked("{HSM_PASSWORD}"),
            asked("{HSM_PASSWORD_2}"),
            asked("{HSM_PASSWORD}"),
            asked("********"),
            "[exit status: 0]\n".to_owned(),
        ];
        assert_eq!(text, expected.concat());
    }

    #[test]
    fn a_secret_of_an_option_has_the_name_of_its_variable() {
        let text = recorded(&[], |recorder| {
            recorder.recording.command("> ", "role changepw -old ******** -newpw ********");
            recorder.about_secret("NEW_PASSWORD", Some(("-newpw", "n")));
            recorder.about_secret("CO_PASSWORD", Some(("-oldpw", "o")));
            recorder.print("done\n");
            recorder.recording.command("> ", "hsm login -p ******** -x");
        });
        assert_eq!(
            text,
            "> role changepw -old {CO_PASSWORD} -newpw {NEW_PASSWORD}\ndone\n\
             > hsm login -p ******** -x\n[exit status: 0]\n"
        );
    }

    #[test]
    fn a_line_that_looks_like_a_directive_is_none() {
        let text = recorded(&[], |recorder| {
            recorder.print("a@b\n@recorded x\n@");
            recorder.print("@\n");
        });
        assert_eq!(text, "a@b\n[..]recorded x\n[..]@\n[exit status: 0]\n");
    }
}
