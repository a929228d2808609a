//! A person at a terminal, whose OpenSSH comes to the door.

use std::time::{Duration, Instant};

use portable_pty::CommandBuilder;

use crate::door::{Door, PASSWORD};
use crate::person::Person;

const PROMPT: &str = "[local_host] lunash:>";
/// The cursor goes behind the prompt.
const BEGINNING: &str = "\r\x1b[21C";
const TWO_UP: &str = "\x1b[2A";
const DEADLINE: Duration = Duration::from_secs(20);

impl Person {
    /// Goes to the end of the line and to its beginning until that shows `text`: nothing tells when the new width
    /// has reached the other side.
    fn moves_until(&mut self, text: &str) {
        let (begin, end) = (self.raw.len(), Instant::now() + DEADLINE);
        while !String::from_utf8_lossy(&self.raw[begin..]).contains(text) {
            assert!(Instant::now() < end, "no {text:?}: {}", self.screen());
            self.types("\x05\x01");
            self.sees(BEGINNING);
        }
    }
}

impl Door {
    /// Somebody logs in at a terminal of 120 columns.
    fn person(&self) -> Person {
        let mut command = CommandBuilder::new("ssh");
        command.args(self.options("-p"));
        command.args(["-o", "PreferredAuthentications=password", "admin@127.0.0.1"]);
        let mut person = Person::starts(tempfile::tempdir().unwrap(), command, Some("xterm"));
        person.sees("password: ");
        person.types(&format!("{PASSWORD}\r"));
        person
    }
}

#[test]
fn a_window_of_another_width_wraps_the_line_that_is_typed() {
    let door = Door::open();
    let mut person = door.person();
    person.sees(PROMPT);
    // One row of 120 columns, and three of 30: from the end to the beginning is two rows up then.
    let line = "x".repeat(80 - PROMPT.len());
    person.types(&line);
    person.sees(&line);
    person.moves_until(BEGINNING);
    assert!(!person.screen().contains(TWO_UP), "{}", person.screen());
    person.resizes(30);
    person.moves_until(TWO_UP);
    person.resizes(120);
    person.moves_until("\r\x1b[80C");
    person.types("\x05\x15client list\r");
    person.sees("No clients are registered.");
    person.sees(PROMPT);
    person.types("exit\r");
    person.sees_the_end();
}

#[test]
fn who_types_nothing_is_out_after_the_idle_time() {
    let door = Door::with(&["--ssh-idle", "1"]);
    let mut person = door.person();
    person.sees_the_end();
    assert!(!person.screen().contains("denied"), "{}", person.screen());
    assert_eq!(door.sessions(), 0);
}
