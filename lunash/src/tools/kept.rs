//! Where a tool has a session write: nobody is there, and what is written is kept.

use std::cell::RefCell;
use std::rc::Rc;

use luna_shell::{Device, Input, LineAssistant};

/// A device without a person that keeps what is written.
#[derive(Clone, Default)]
pub(in crate::tools) struct Kept(Rc<RefCell<String>>);

impl Kept {
    /// What was written since it was taken last.
    pub(in crate::tools) fn take(&self) -> String {
        self.0.take()
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
