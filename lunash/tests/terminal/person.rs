//! A person at a terminal in front of a program, named by `PROGRAM` of the test.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use luna_appliance::Appliance;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use super::PROGRAM;

/// A person in front of the program.
pub(crate) struct Person {
    pub(crate) keys: Box<dyn Write + Send>,
    screen: Receiver<Vec<u8>>,
    /// Everything that came, escape sequences included.
    pub(crate) raw: Vec<u8>,
    /// How much of it has been waited for.
    read: usize,
    child: Box<dyn Child + Send + Sync>,
    terminal: Box<dyn MasterPty + Send>,
    pub(crate) home: tempfile::TempDir,
}

impl Person {
    /// Starts a command of the shell, in which the variable of its name is the program.
    pub(crate) fn starts_line(line: &str) -> Person {
        let mut command = CommandBuilder::new("/bin/sh");
        command.args(["-c", line]);
        Person::starts(tempfile::tempdir().unwrap(), command, Some("xterm"))
    }

    pub(crate) fn starts(
        home: tempfile::TempDir,
        mut command: CommandBuilder,
        term: Option<&str>,
    ) -> Person {
        let pair = native_pty_system().openpty(window(120)).unwrap();
        command.env_clear();
        command.env("HOME", home.path());
        command.env("PATH", "/usr/bin:/bin");
        command.env(PROGRAM.0, PROGRAM.1);
        if let Some(term) = term {
            command.env("TERM", term);
        }
        command.cwd(home.path());
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
        Person { keys, screen, raw: Vec::new(), read: 0, child, terminal: pair.master, home }
    }

    /// The folder of the appliance of one's own.
    pub(crate) fn appliance(&self) -> PathBuf {
        self.home.path().join(".local/share/luna/appliance")
    }

    pub(crate) fn types(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Gives the window another width.
    pub(crate) fn resizes(&self, columns: u16) {
        self.terminal.resize(window(columns)).unwrap();
    }

    /// Waits until `text` has come since the last wait.
    pub(crate) fn sees(&mut self, text: &str) {
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

fn window(columns: u16) -> PtySize {
    PtySize { rows: 40, cols: columns, pixel_width: 0, pixel_height: 0 }
}

impl Person {
    pub(crate) fn screen(&self) -> String {
        String::from_utf8_lossy(&self.raw).into_owned()
    }

    /// Waits until the program has closed the terminal.
    pub(crate) fn sees_the_end(&mut self) {
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
