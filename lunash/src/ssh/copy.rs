//! Copies files to and from the account's files on the appliance: the protocol of scp over the
//! system's ssh, so that trust and login are those of the shell.

use std::time::{Duration, Instant};

use luna_shell::{Failure, Kind};

use super::link::{Asker, refused};
use super::process::{Destination, Event, Process, Task};

/// How often the clock and Ctrl-C are looked at.
const TICK: Duration = Duration::from_millis(50);
/// The largest file that is taken, in bytes.
const MOST: u64 = 256 * 1024 * 1024;

/// The longest line of the protocol, in bytes.
const LONGEST_LINE: usize = 4096;

/// One run of scp at the appliance.
struct Copy<'a> {
    to: &'a Destination,
    process: Process,
    asker: &'a mut dyn Asker,
    came: Vec<u8>,
    /// How much of it was read.
    read: usize,
    deadline: Instant,
}

/// Puts a file among the account's files, in place of any of that name.
///
/// # Errors
/// Not reached, or the appliance refuses the file.
pub(crate) fn put(
    to: &Destination,
    name: &str,
    content: &[u8],
    asker: &mut dyn Asker,
) -> Result<(), Failure> {
    check(name)?;
    let mut copy = Copy::start(to, &format!("scp -t {name}"), asker)?;
    copy.agreement()?;
    copy.send(format!("C0600 {} {name}\n", content.len()).as_bytes())?;
    copy.agreement()?;
    copy.send(content)?;
    copy.send(&[0])?;
    copy.agreement()?;
    copy.process.close();
    copy.process.end();
    Ok(())
}

/// Reads one of the account's files.
///
/// # Errors
/// Not reached, or there is no such file.
pub(crate) fn get(to: &Destination, name: &str, asker: &mut dyn Asker) -> Result<Vec<u8>, Failure> {
    check(name)?;
    let mut copy = Copy::start(to, &format!("scp -f {name}"), asker)?;
    copy.send(&[0])?;
    let size = loop {
        let line = copy.line()?;
        match line.chars().next() {
            Some('C') => break size(&line),
            // Times of the file, which nobody asked for.
            Some('T') => copy.send(&[0])?,
            _ => return Err(said(&line)),
        }
    };
    let size = size.filter(|size| *size <= MOST);
    let size = size.ok_or_else(|| Failure::command(format!("The size of {name} is no size.")))?;
    copy.send(&[0])?;
    let content = copy.bytes(usize::try_from(size).unwrap_or(usize::MAX))?;
    copy.agreement()?;
    copy.send(&[0])?;
    copy.process.close();
    copy.process.end();
    Ok(content)
}

/// Names that no shell reads in another way.
fn check(name: &str) -> Result<(), Failure> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-+=@%,".contains(c);
    if name.is_empty() || name.starts_with('-') || !name.chars().all(plain) {
        return Err(Failure::command(format!(
            "'{name}' cannot be the name of a file on the appliance: letters, digits and . _ - + = @ \
             % , are allowed."
        )));
    }
    Ok(())
}

/// The size in `C0644 1024 server.pem`.
fn size(line: &str) -> Option<u64> {
    line.split(' ').nth(1)?.parse().ok()
}

/// What the other end says went wrong.
fn said(line: &str) -> Failure {
    let text = line.trim_start_matches(['\u{1}', '\u{2}']).trim();
    let text = text.strip_prefix("scp: ").unwrap_or(text);
    Failure::command(match text {
        "" => "The appliance does not copy files.".to_owned(),
        text => format!("The appliance says: {}.", text.trim_end_matches('.')),
    })
}

impl<'a> Copy<'a> {
    fn start(
        to: &'a Destination,
        command: &str,
        asker: &'a mut dyn Asker,
    ) -> Result<Copy<'a>, Failure> {
        let process = Process::start(to, &Task::Command(command))?;
        let deadline = Instant::now() + asker.limit();
        Ok(Copy { to, process, asker, came: Vec::new(), read: 0, deadline })
    }

    /// Waits until more has come.
    fn more(&mut self) -> Result<(), Failure> {
        loop {
            match self.process.wait(TICK) {
                Ok(Event::Output(bytes)) => {
                    self.came.extend(bytes);
                    return Ok(());
                }
                Ok(Event::Asking(asking)) => {
                    self.deadline += self.process.have_answered(asking, self.asker)?;
                }
                Ok(Event::Ended) | Err(_) => return Err(self.lost()),
                Ok(Event::Nothing) => {}
            }
            self.asker.waiting();
            if self.asker.interrupted() {
                return Err(Failure::command("The copy was cancelled."));
            }
            if Instant::now() >= self.deadline {
                let seconds = self.asker.limit().as_secs();
                let message = format!("The copy was not done within {seconds} seconds.");
                return Err(Failure::new(Kind::Unreachable, message));
            }
        }
    }

    fn lost(&mut self) -> Failure {
        self.process.end();
        refused(self.to, &self.process.told())
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.process.send(bytes, self.deadline).map_err(|_| self.lost())
    }

    fn bytes(&mut self, count: usize) -> Result<Vec<u8>, Failure> {
        while self.came.len() - self.read < count {
            self.more()?;
        }
        let bytes = self.came[self.read..self.read + count].to_vec();
        self.read += count;
        Ok(bytes)
    }

    fn line(&mut self) -> Result<String, Failure> {
        loop {
            let fresh = &self.came[self.read..];
            if let Some(end) = fresh.iter().position(|byte| *byte == b'\n') {
                let line = String::from_utf8_lossy(&fresh[..end]).into_owned();
                self.read += end + 1;
                return Ok(line);
            }
            if fresh.len() > LONGEST_LINE {
                return Err(said(""));
            }
            self.more()?;
        }
    }

    /// The byte with which the other end agrees, or why it does not.
    fn agreement(&mut self) -> Result<(), Failure> {
        match self.bytes(1)?[0] {
            0 => Ok(()),
            1 | 2 => Err(said(&self.line()?)),
            _ => {
                let line = self.line().unwrap_or_default();
                Err(said(&line))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_a_shell_would_read_in_another_way_is_refused() {
        for name in ["server.pem", "a-b_c+d.spkg", "user@host.pem"] {
            check(name).unwrap();
        }
        for name in ["", "-t", "a b", "a;b", "../x", "$(x)", "a\nb", "*"] {
            assert!(check(name).is_err(), "{name}");
        }
    }

    #[test]
    fn the_size_is_read_and_an_error_is_told() {
        assert_eq!(size("C0644 1024 server.pem"), Some(1024));
        assert_eq!(size("C0644 x server.pem"), None);
        let failure = said("\u{1}scp: x: No such file or directory");
        assert_eq!(failure.message, "The appliance says: x: No such file or directory.");
    }
}
