//! The `lunash` program at a terminal: prompt, Tab, Ctrl-C, hidden passwords, history.
//!
//! A pseudo-terminal's end is racy, so only text is looked at, never the exit status.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use luna_appliance::{Appliance, Options};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// A person in front of the program.
struct Person {
    keys: Box<dyn Write + Send>,
    screen: Receiver<Vec<u8>>,
    /// Everything that came, escape sequences included.
    raw: Vec<u8>,
    /// How much of it has been waited for.
    read: usize,
    child: Box<dyn Child + Send + Sync>,
    _terminal: Box<dyn MasterPty + Send>,
    home: tempfile::TempDir,
}

impl Person {
    fn sits_down() -> Person {
        Person::sits_down_in(tempfile::tempdir().unwrap(), &[])
    }

    fn sits_down_in(home: tempfile::TempDir, arguments: &[&str]) -> Person {
        let size = PtySize { rows: 40, cols: 120, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_lunash"));
        command.args(arguments);
        command.env_clear();
        command.env("HOME", home.path());
        command.env("TERM", "xterm");
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (send, screen) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            // EIO is the end of a pseudo-terminal on Linux.
            while let Ok(count) = reader.read(&mut buffer) {
                if count == 0 || send.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        let keys = pair.master.take_writer().unwrap();
        Person { keys, screen, raw: Vec::new(), read: 0, child, _terminal: pair.master, home }
    }

    /// The folder of the appliance of one's own.
    fn appliance(&self) -> PathBuf {
        self.home.path().join(".local/share/luna/appliance")
    }

    fn types(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Waits until `text` has come since the last wait.
    fn sees(&mut self, text: &str) {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let fresh = String::from_utf8_lossy(&self.raw[self.read..]).into_owned();
            if let Some(at) = fresh.find(text) {
                self.read += fresh[..at + text.len()].len();
                return;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            match self.screen.recv_timeout(left) {
                Ok(bytes) => self.raw.extend(bytes),
                Err(_) => panic!("no '{text}' in:\n{fresh}"),
            }
        }
    }
}

impl Person {
    /// Waits until the program has closed the terminal.
    fn sees_the_end(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.screen.recv_timeout(left) {
                Ok(bytes) => self.raw.extend(bytes),
                Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => panic!("the program does not end"),
            }
        }
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = Appliance::stop(&self.appliance());
    }
}

const PROMPT: &str = "[local_host] lunash:>";

#[test]
fn a_line_is_completed_without_asking_the_terminal() {
    let mut person = Person::sits_down();
    person.sees(PROMPT);
    person.types("clie\t");
    person.sees("client ");
    person.types("li\t");
    person.sees("list ");
    person.types("\r");
    person.sees("No clients are registered.");
    person.sees("Command Result : 0 (Success)");
    person.sees(PROMPT);
    person.types("client re\t\t");
    person.sees("register");
    person.sees("revokePartition");
    // A cursor query would hang on a serial console that does not answer.
    let query = b"\x1b[6n";
    assert!(!person.raw.windows(query.len()).any(|bytes| bytes == query));
}

#[test]
fn ctrl_c_cancels_the_line_or_the_question_and_nothing_else() {
    let mut person = Person::sits_down();
    person.sees(PROMPT);
    person.types("client li\x03");
    person.sees(PROMPT);
    person.types("hsm zeroize\r");
    person.sees("to quit now.");
    person.sees("> ");
    person.types("\x03");
    person.sees("Command Result : 65535 (Luna Shell execution)");
    person.sees(PROMPT);
    person.types("client list\r");
    person.sees("Command Result : 0 (Success)");
}

#[test]
fn a_long_wait_is_told_of_and_ctrl_c_ends_it() {
    use rustix::process::{Pid, Signal, kill_process};
    let mut person = Person::sits_down();
    person.sees(PROMPT);
    let process = Appliance::locate(&person.appliance()).unwrap().process;
    let process = Pid::from_raw(process.try_into().unwrap()).unwrap();
    kill_process(process, Signal::STOP).unwrap();
    person.types("client list\r");
    person.sees("waiting for the appliance (Ctrl-C gives up)");
    person.types("\x03");
    person.sees("cancelled before the answer came");
    person.sees(PROMPT);
    kill_process(process, Signal::CONT).unwrap();
    person.types("client list\r");
    person.sees("No clients are registered.");
}

#[test]
fn an_unknown_certificate_is_asked_about_once_and_remembered() {
    let data = tempfile::tempdir().unwrap();
    let appliance = Appliance::start(Options::new(data.path())).unwrap();
    let address = appliance.address().to_string();
    let home = tempfile::tempdir().unwrap();
    let mut person = Person::sits_down_in(home, &["--host", &address]);
    person.sees("can't be established");
    person.sees("SHA256:");
    person.sees("(yes/no)? ");
    person.types("perhaps\r");
    person.sees("Please type 'yes' or 'no': ");
    person.types("yes\r");
    person.sees("trusting");
    person.sees("password: ");
    let pins = person.home.path().join(".config/luna/pins");
    let pinned = std::fs::read_to_string(&pins).unwrap();
    assert!(pinned.contains(&address), "{pinned}");
    assert!(pinned.contains(&appliance.fingerprint().to_string()), "{pinned}");
    assert_eq!(pins.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn ctrl_r_finds_what_was_typed_before() {
    let mut person = Person::sits_down();
    person.sees(PROMPT);
    person.types("client list\r");
    person.sees("Command Result : 0 (Success)");
    person.sees(PROMPT);
    person.types("\x12cli");
    person.sees("(reverse-i-search)");
    person.types("\r");
    person.sees("No clients are registered.");
}

#[test]
fn a_password_shows_as_asterisks_and_stays_out_of_the_history() {
    let mut person = Person::sits_down();
    person.sees(PROMPT);
    person.types("hsm init -label a -force\r");
    person.sees("> ");
    person.types("Secret-Word-1\r");
    person.sees("*************");
    person.sees("> ");
    person.types("Secret-Word-1\r");
    person.sees("> ");
    person.types("Secret-Domain\r");
    person.sees("> ");
    person.types("Secret-Domain\r");
    person.sees("'hsm init' successful.");
    person.sees(PROMPT);
    person.types("partition init co -partition x -copin Secret-Word-2\r");
    person.sees(PROMPT);
    person.types("exit\r");
    let history = person.home.path().join(".local/state/luna/lunash.history");
    // The last line is in the history once the program has ended.
    person.sees_the_end();
    let kept = std::fs::read_to_string(&history).unwrap();
    assert!(kept.contains("exit"), "{kept}");
    assert!(kept.contains("-copin ********"), "{kept}");
    assert!(!kept.contains("Secret-"), "{kept}");
    assert_eq!(history.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    // The line editor echoes what is typed into a line; a question's answer never shows.
    let screen = String::from_utf8_lossy(&person.raw).into_owned();
    assert!(!screen.contains("Secret-Word-1") && !screen.contains("Secret-Domain"));
}
