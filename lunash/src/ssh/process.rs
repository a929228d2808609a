//! The system's ssh, started under a terminal of its own: known hosts, names, keys, agent and jump
//! hosts are those of OpenSSH.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use luna_shell::{Failure, Kind};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::Errno;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, OptionalActions, Winsize, tcgetattr, tcsetattr, tcsetwinsize};

use super::askpass::{Asking, Askpass};

/// Where ssh goes.
#[derive(Clone, Debug)]
pub(crate) struct Destination {
    pub(crate) host: String,
    pub(crate) user: String,
    /// Where it is not that of ssh's own configuration.
    pub(crate) port: Option<u16>,
    /// As behind `-o`.
    pub(crate) options: Vec<String>,
}

/// What ssh is to do there.
pub(crate) enum Task<'a> {
    /// The shell, at a terminal that shows nothing of what is sent.
    Shell,
    /// A command, without a terminal.
    Command(&'a str),
}

/// What has happened.
pub(crate) enum Event {
    /// This came from the appliance.
    Output(Vec<u8>),
    /// ssh asks something.
    Asking(Asking),
    /// ssh has closed its output.
    Ended,
    /// Nothing, for as long as was waited.
    Nothing,
}

/// A running ssh.
pub(crate) struct Process {
    child: Child,
    /// What is written here is sent.
    input: Option<File>,
    output: ChildStdout,
    errors: Option<ChildStderr>,
    told: Vec<u8>,
    askpass: Askpass,
}

/// Wide enough that no line wraps, and high enough that nothing waits for a key.
const WINDOW: Winsize = Winsize { ws_row: 2000, ws_col: 2000, ws_xpixel: 0, ws_ypixel: 0 };

/// Ours, where neither the caller nor the configuration of ssh says otherwise.
const OPTIONS: [&str; 4] =
    ["ConnectTimeout=10", "ServerAliveInterval=15", "ServerAliveCountMax=3", "RemoteCommand=none"];

/// The most that is kept of what ssh itself says, in bytes.
const MOST_TOLD: usize = 16 * 1024;

/// The time between two looks at whether ssh has ended.
const PAUSE: Duration = Duration::from_millis(20);

/// How long ssh may take to end after its output has.
const TO_END: Duration = Duration::from_secs(2);

impl Process {
    /// Starts ssh.
    ///
    /// # Errors
    /// There is none, or it cannot be started.
    pub(crate) fn start(to: &Destination, task: &Task<'_>) -> Result<Process, Failure> {
        let failed = |error: io::Error| {
            let failure =
                Failure::new(Kind::Unreachable, format!("ssh cannot be started: {error}."));
            match error.kind() {
                io::ErrorKind::NotFound => {
                    failure.hint("install OpenSSH's client, or take --via rest")
                }
                _ => failure,
            }
        };
        let askpass = Askpass::open().map_err(failed)?;
        let mut command = command(to, task);
        askpass.serve(&mut command).map_err(failed)?;
        let (terminal, input) = match task {
            Task::Shell => {
                let (ours, theirs) = terminal().map_err(|error| failed(error.into()))?;
                (Some(File::from(ours)), Stdio::from(theirs))
            }
            Task::Command(_) => (None, Stdio::piped()),
        };
        let started = command.stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        // It holds ssh's end of the terminal open.
        drop(command);
        let mut child = started.map_err(failed)?;
        let piped = child.stdin.take().map(|pipe| File::from(OwnedFd::from(pipe)));
        let (input, output) = (terminal.or(piped), child.stdout.take());
        let output = output.ok_or_else(|| failed(io::ErrorKind::BrokenPipe.into()))?;
        if let Some(input) = &input {
            never_wait(input).map_err(|error| failed(error.into()))?;
        }
        let errors = child.stderr.take();
        Ok(Process { child, input, output, errors, told: Vec::new(), askpass })
    }

    /// Whether this is the process that was started, and none that it has started in turn.
    pub(crate) fn is(&self, process: u32) -> bool {
        self.child.id() == process
    }

    /// What ssh itself has said.
    pub(crate) fn told(&self) -> String {
        String::from_utf8_lossy(&self.told).replace('\r', "").trim().to_owned()
    }

    /// Waits for what happens next.
    pub(crate) fn wait(&mut self, longest: Duration) -> io::Result<Event> {
        let (output, askpass) = (self.output.as_fd(), self.askpass.listener.as_fd());
        let mut watched = vec![
            PollFd::from_borrowed_fd(output, PollFlags::IN),
            PollFd::from_borrowed_fd(askpass, PollFlags::IN),
        ];
        if let Some(errors) = &self.errors {
            watched.push(PollFd::from_borrowed_fd(errors.as_fd(), PollFlags::IN));
        }
        if !ready(&mut watched, longest)? {
            return Ok(Event::Nothing);
        }
        let due: Vec<bool> = watched.iter().map(|one| !one.revents().is_empty()).collect();
        if due.get(2) == Some(&true) {
            self.hear();
        }
        if due[0] {
            let mut bytes = vec![0; 1 << 16];
            let count = self.output.read(&mut bytes)?;
            bytes.truncate(count);
            return Ok(if count == 0 { Event::Ended } else { Event::Output(bytes) });
        }
        if due[1] {
            return Ok(self.askpass.accept().map_or(Event::Nothing, Event::Asking));
        }
        Ok(Event::Nothing)
    }

    /// Reads what ssh says of itself; no more of it is kept than can be shown.
    fn hear(&mut self) {
        let mut bytes = [0; 4096];
        match self.errors.as_mut().map(|errors| errors.read(&mut bytes)) {
            Some(Ok(count @ 1..)) => {
                self.told.extend(&bytes[..count]);
                self.told.truncate(MOST_TOLD);
            }
            _ => self.errors = None,
        }
    }

    /// Sends bytes.
    ///
    /// # Errors
    /// ssh has ended, or takes nothing before `deadline`.
    pub(crate) fn send(&mut self, mut bytes: &[u8], deadline: Instant) -> io::Result<()> {
        let Some(input) = &self.input else { return Err(io::ErrorKind::BrokenPipe.into()) };
        while !bytes.is_empty() {
            match rustix::io::write(input, bytes) {
                Ok(count) => bytes = &bytes[count..],
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    let mut watched = [PollFd::new(input, PollFlags::OUT)];
                    if left.is_zero() || !ready(&mut watched, left)? {
                        return Err(io::ErrorKind::TimedOut.into());
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Sends the end of what is sent. A terminal has none: to close it drops what was not read.
    pub(crate) fn close(&mut self) {
        self.input = None;
    }

    /// Waits for the end of ssh, for a short while, and hears what it says.
    pub(crate) fn end(&mut self) {
        let deadline = Instant::now() + TO_END;
        let mut open = true;
        while Instant::now() < deadline {
            if open {
                open = matches!(self.wait(PAUSE), Ok(Event::Output(_) | Event::Nothing));
                continue;
            }
            // What it says at the end says why.
            let mut watched: Vec<PollFd<'_>> =
                self.errors.iter().map(|errors| PollFd::new(errors, PollFlags::IN)).collect();
            match ready(&mut watched, PAUSE) {
                Ok(true) => self.hear(),
                _ if matches!(self.child.try_wait(), Ok(Some(_))) => return,
                _ => {}
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Without an error it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(to: &Destination, task: &Task<'_>) -> Command {
    let mut command = Command::new("ssh");
    command.args(["-a", "-x", "-e", "none"]);
    command.arg(match task {
        Task::Shell => "-tt",
        Task::Command(_) => "-T",
    });
    for option in to.options.iter().map(String::as_str).chain(OPTIONS) {
        command.args(["-o", option]);
    }
    if let Some(port) = to.port {
        command.args(["-p", &port.to_string()]);
    }
    command.args(["-l", &to.user, "--", &to.host]);
    if let Task::Command(line) = task {
        command.arg(line);
    }
    // Ctrl-C is ours: it is sent to the appliance, and does not end ssh.
    command.env("TERM", "dumb").process_group(0);
    // A configuration may send variables on.
    let ours = std::env::vars_os().map(|(name, _)| name);
    ours.filter(|name| name.to_string_lossy().starts_with("LUNA_")).for_each(|name| {
        command.env_remove(name);
    });
    command
}

/// Both ends of a terminal without an echo, which ssh has the other side take over.
fn terminal() -> rustix::io::Result<(OwnedFd, OwnedFd)> {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    rustix::io::fcntl_setfd(&ours, rustix::io::FdFlags::CLOEXEC)?;
    grantpt(&ours)?;
    unlockpt(&ours)?;
    let name = ptsname(&ours, Vec::new())?;
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let theirs = rustix::fs::open(name.as_c_str(), flags, Mode::empty())?;
    let mut modes = tcgetattr(&theirs)?;
    modes.local_modes.remove(LocalModes::ECHO | LocalModes::ECHONL);
    tcsetattr(&theirs, OptionalActions::Now, &modes)?;
    tcsetwinsize(&theirs, WINDOW)?;
    Ok((ours, theirs))
}

fn never_wait(input: &File) -> rustix::io::Result<()> {
    fcntl_setfl(input, fcntl_getfl(input)? | OFlags::NONBLOCK)
}

/// Whether one of them is ready before `longest` has passed; a signal ends the wait.
fn ready(watched: &mut [PollFd<'_>], longest: Duration) -> io::Result<bool> {
    let longest = Timespec::try_from(longest).unwrap_or(Timespec { tv_sec: 1, tv_nsec: 0 });
    match poll(watched, Some(&longest)) {
        Ok(count) => Ok(count > 0),
        Err(Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
