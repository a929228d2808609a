//! Where a tool has a session write: nobody is there, what is written is kept, and the objects of lines are read back.

use std::cell::RefCell;
use std::rc::Rc;

use luna_shell::{
    CommandResult, Device, Failure, Input, Kind, LineAssistant, Secrets, Session, Shell, Status,
};

/// A device without a person that keeps what is written.
#[derive(Clone, Default)]
pub(in crate::tools) struct Kept(Rc<RefCell<String>>);

impl Kept {
    /// What was written since it was taken last.
    fn take(&self) -> String {
        self.0.take()
    }

    /// Types a line into the shell of a session that writes JSON here, and reads the object that it answers with.
    ///
    /// # Errors
    /// The line fails.
    pub(in crate::tools) fn answer_to<S: Session>(
        &self,
        shell: &mut Shell<S>,
        line: &str,
        given: Secrets,
    ) -> Result<CommandResult, Failure> {
        shell.session().ui().give_secrets(given);
        let status = shell.execute(line);
        shell.session().ui().give_secrets(Secrets::none());
        let answer: CommandResult = serde_json::from_str(self.take().trim()).unwrap_or_default();
        let Some(error) = answer.error else {
            return match status {
                Status::Success => Ok(answer),
                _ => Err(Failure::command(format!("'{line}' failed, and did not say why."))),
            };
        };
        let kind = Kind::of(status);
        let hints = answer.messages;
        Err(Failure { hints, ..Failure::new(kind, format!("'{line}': {}", error.message)) })
    }
}

impl Device for Kept {
    fn command(&mut self, _: &str, _: &Rc<dyn LineAssistant>) -> Input {
        Input::End
    }
    fn answer(&mut self, _: &str) -> Input {
        Input::End
    }
    fn secret(&mut self, _: &str) -> Input {
        Input::End
    }
    fn print(&mut self, text: &str) {
        self.0.borrow_mut().push_str(text);
    }
    fn note(&mut self, _: &str) {}
    fn flush(&mut self) {}
    fn attended(&self) -> bool {
        false
    }
}
