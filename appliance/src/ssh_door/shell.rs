//! Starts LunaSH for somebody, on a terminal or on pipes, and carries bytes between it and the channel.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use luna_rest::Secret;
use luna_rest::ssh::LoginShell;
use russh::server::Msg;
use russh::{ChannelMsg, ChannelReadHalf, ChannelWriteHalf};
use rustix::io::{Errno, FdFlags, fcntl_setfd};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, Signal, kill_process};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::unix::pipe;
use tokio::sync::{Notify, OwnedSemaphorePermit, oneshot};
use tokio::task::JoinHandle;

use crate::replica::lock;
use crate::ssh_door::terminal::{self, Size, Wanted};
use crate::ssh_door::visitor::{Person, Task};

/// The program's first argument; the second is the descriptor that [`LoginShell`] comes by, the third `terminal`
/// where it has one.
const MODE: &str = "--login-shell";
/// How long LunaSH may take to end when its channel is closed.
const GOODBYE: Duration = Duration::from_secs(5);
/// The exit status of what a signal ended, as shells have it.
const SIGNALLED: u32 = 128;

/// One program is started at a time: a descriptor that is to be inherited is so by that one alone.
static STARTING: Mutex<()> = Mutex::new(());

/// The LunaSH that lies beside this program.
pub(super) fn program() -> io::Result<PathBuf> {
    Ok(std::env::current_exe()?.with_file_name("lunash"))
}

/// What can be done from outside to something that runs on a channel. It hears of the channel's end by the end
/// of this.
pub(super) struct Control {
    /// None for what has no program: it ends with what it reads from.
    process: Option<Arc<Process>>,
    channel: oneshot::Sender<()>,
}

/// Kept by what runs on a channel as long as it does; it hears of the channel's end.
pub(super) type Running = oneshot::Receiver<()>;

impl Control {
    /// Of something that has no program.
    pub(super) fn of_files() -> (Control, Running) {
        let (channel, running) = oneshot::channel();
        (Control { process: None, channel }, running)
    }

    pub(super) fn has_ended(&self) -> bool {
        self.channel.is_closed()
    }

    pub(super) fn resize(&self, size: Size) {
        if let Some(process) = &self.process {
            process.resize(size);
        }
    }

    /// As Ctrl-C does it.
    pub(super) fn interrupt(&self) {
        if let Some(process) = &self.process {
            process.send(Signal::INT);
        }
    }
}

/// A LunaSH that runs, and the terminal it has.
pub(super) struct Process {
    /// None once it has ended and its number may be another's.
    id: Mutex<Option<Pid>>,
    terminal: Mutex<Option<OwnedFd>>,
}

/// Ends a program, whatever becomes of what waits for it.
struct Ending(Arc<Process>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.send(Signal::KILL);
    }
}

impl Process {
    fn send(&self, signal: Signal) {
        if let Some(id) = *lock(&self.id) {
            // It may have ended just now.
            let _ = kill_process(id, signal);
        }
    }

    /// Whether it reads its terminal key by key.
    fn takes_keys(&self) -> bool {
        lock(&self.terminal).as_ref().is_some_and(terminal::takes_keys)
    }

    fn resize(&self, size: Size) {
        if let Some(open) = &*lock(&self.terminal) {
            terminal::resize(open, size);
        }
    }
}

/// Starts LunaSH on a channel: for one command, or for as many as come. It has `place` until it ends.
pub(super) fn run(task: Task, command: Option<Secret>, place: OwnedSemaphorePermit) -> Control {
    let process = Arc::new(Process { id: Mutex::default(), terminal: Mutex::default() });
    let shown = Arc::clone(&process);
    let (channel, running) = oneshot::channel();
    let ending = Ending(Arc::clone(&process));
    tokio::spawn(async move {
        let Task { person, channel, terminal } = task;
        let (read, write) = channel.split();
        let Some(login) = person.session().await else {
            let _ = write.close().await;
            return;
        };
        let serve = serve(&person, login.cookie(), command, terminal, read, &write, &process);
        tokio::pin!(serve);
        let served = tokio::select! {
            served = &mut serve => served,
            _ = running => {
                process.send(Signal::HUP);
                let ended = tokio::time::timeout(GOODBYE, &mut serve).await;
                ended.unwrap_or_else(|_| Err(io::Error::other("it did not end with its channel")))
            }
        };
        drop((ending, place));
        let status = served.unwrap_or_else(|error| {
            tracing::warn!(%error, user = person.user, "LunaSH did not run to its end");
            Status { code: SIGNALLED - 1 }
        });
        // The other side may have gone.
        let _ = write.exit_status(status.code).await;
        let _ = write.eof().await;
        let _ = write.close().await;
    });
    Control { process: Some(shown), channel }
}

struct Status {
    code: u32,
}

impl From<ExitStatus> for Status {
    fn from(status: ExitStatus) -> Status {
        let code = status.code().and_then(|code| u32::try_from(code).ok());
        Status { code: code.unwrap_or(SIGNALLED) }
    }
}

async fn serve(
    person: &Arc<Person>,
    cookie: &Secret,
    command: Option<Secret>,
    terminal: Option<Wanted>,
    read: ChannelReadHalf,
    write: &ChannelWriteHalf<Msg>,
    process: &Arc<Process>,
) -> io::Result<Status> {
    let door = &person.door;
    let greets = terminal.is_some() && command.is_none();
    let handed = LoginShell {
        address: door.web.to_string(),
        fingerprint: lock(&door.fingerprint).to_string(),
        user: person.user.clone(),
        cookie: cookie.clone(),
        version: person.entered.version.clone(),
        command,
        dense: door.settings.dense,
        folder: door.folder.to_string_lossy().into_owned(),
    };
    if greets && let Some(text) = last_login(person) {
        write.data_bytes(text).await.map_err(io::Error::other)?;
    }
    let (child, streams) = match terminal {
        Some(wanted) => on_terminal(person, &handed, &wanted, process)?,
        None => on_pipes(person, &handed)?,
    };
    let ended = wait(child, process);
    let carried = carry(streams, (read, door.settings.idle), write, process).await;
    *lock(&process.terminal) = None;
    if carried.is_err() {
        process.send(Signal::KILL);
    }
    Ok(ended.await??.into())
}

/// What sshd says of the login before.
fn last_login(person: &Person) -> Option<String> {
    let time = OffsetDateTime::parse(&person.entered.last_time, &Rfc3339).ok()?;
    let form = format_description!(
        "[weekday repr:short] [month repr:short] [day padding:space] [hour]:[minute]:[second] [year]"
    );
    let (time, address) = (time.format(form).ok()?, &person.entered.last_address);
    Some(format!("Last login: {time} from {address}\r\n"))
}

/// Starts the program, which reads `handed` from a descriptor of its own.
fn start(
    person: &Person,
    handed: &LoginShell,
    kind: Option<&str>,
    [input, output, error]: [Stdio; 3],
) -> io::Result<Child> {
    let line = serde_json::to_string(handed)? + "\n";
    let starting = lock(&STARTING);
    let (theirs, ours) = pipe_with(PipeFlags::CLOEXEC)?;
    fcntl_setfd(&theirs, FdFlags::empty())?;
    let mut command = Command::new(&person.door.lunash);
    // As a login shell is called.
    command.arg0("-lunash").arg(MODE).arg(theirs.as_raw_fd().to_string());
    command.env_clear().current_dir("/").stdin(input).stdout(output).stderr(error);
    if let Some(kind) = kind {
        command.arg("terminal").env("TERM", kind);
    }
    let mut child = command.spawn()?;
    drop((theirs, starting));
    // A pipe has room for it, as a line is at most 16 KiB.
    if let Err(error) = File::from(ours).write_all(line.as_bytes()) {
        let _ = child.kill();
        let _ = child.wait();
        return Err(error);
    }
    Ok(child)
}

/// Waits for the end of a program that is known by its number until then.
fn wait(mut child: Child, process: &Arc<Process>) -> JoinHandle<io::Result<ExitStatus>> {
    let process = Arc::clone(process);
    *lock(&process.id) = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    tokio::task::spawn_blocking(move || {
        let ended = child.wait();
        *lock(&process.id) = None;
        ended
    })
}

/// The program's standard streams, as this side has them.
struct Streams {
    input: pipe::Sender,
    output: pipe::Receiver,
    /// None on a terminal, which shows all.
    error: Option<pipe::Receiver>,
}

/// Starts the program on a terminal.
fn on_terminal(
    person: &Person,
    handed: &LoginShell,
    wanted: &Wanted,
    process: &Arc<Process>,
) -> io::Result<(Child, Streams)> {
    let (ours, theirs) = wanted.open()?;
    let stream = || theirs.try_clone().map(Stdio::from);
    let child = start(person, handed, Some(wanted.kind()), [stream()?, stream()?, stream()?])?;
    // A terminal is waited for as a pipe is.
    let input = pipe::Sender::from_owned_fd_unchecked(ours.try_clone()?)?;
    let output = pipe::Receiver::from_owned_fd_unchecked(ours.try_clone()?)?;
    *lock(&process.terminal) = Some(ours);
    Ok((child, Streams { input, output, error: None }))
}

/// Starts the program on pipes.
fn on_pipes(person: &Person, handed: &LoginShell) -> io::Result<(Child, Streams)> {
    let piped = [Stdio::piped(), Stdio::piped(), Stdio::piped()];
    let mut child = start(person, handed, None, piped)?;
    let missing = || io::Error::other("a pipe is missing");
    let input = OwnedFd::from(child.stdin.take().ok_or_else(missing)?);
    let output = OwnedFd::from(child.stdout.take().ok_or_else(missing)?);
    let error = OwnedFd::from(child.stderr.take().ok_or_else(missing)?);
    let streams = Streams {
        input: pipe::Sender::from_owned_fd(input)?,
        output: pipe::Receiver::from_owned_fd(output)?,
        error: Some(pipe::Receiver::from_owned_fd(error)?),
    };
    Ok((child, streams))
}

/// Carries bytes both ways until the program has said all, or nobody has typed for too long.
async fn carry(
    streams: Streams,
    (mut read, idle): (ChannelReadHalf, Duration),
    write: &ChannelWriteHalf<Msg>,
    process: &Process,
) -> io::Result<()> {
    let Streams { input, output, error } = streams;
    let on_terminal = error.is_none();
    let shown = Notify::new();
    let typed = async {
        let (mut input, mut at_end) = (Some(input), false);
        loop {
            let typed = tokio::select! {
                typed = next(&mut read, idle) => typed,
                () = shown.notified(), if at_end => Typed::End,
            };
            let bytes = match typed {
                Typed::Bytes(bytes) => bytes,
                // Somebody who has sent all he had waits for what the program still says.
                Typed::End if on_terminal => {
                    at_end = true;
                    // Before the program has taken the terminal, the end of a line would be all they mean.
                    if !process.takes_keys() {
                        continue;
                    }
                    NO_MORE.to_vec()
                }
                Typed::End => {
                    input = None;
                    continue;
                }
                Typed::HungUp => break,
            };
            if let Some(open) = &mut input
                && open.write_all(&bytes).await.is_err()
            {
                // It has ended, and what is left is of no use to it.
                input = None;
            }
        }
        process.send(Signal::HUP);
        std::future::pending::<()>().await;
    };
    let said = async {
        let errors = async {
            match error {
                Some(error) => {
                    copy(error, write.make_writer_ext(Some(STANDARD_ERROR)), &shown).await
                }
                None => Ok(()),
            }
        };
        let (output, errors) = tokio::join!(copy(output, write.make_writer(), &shown), errors);
        output.and(errors)
    };
    tokio::select! {
        result = said => result,
        () = typed => Ok(()),
    }
}

/// The number of standard error in the protocol.
const STANDARD_ERROR: u32 = 1;

/// Copies all there is, and tells `shown` of each piece.
async fn copy(
    mut from: pipe::Receiver,
    mut to: impl AsyncWrite + Unpin,
    shown: &Notify,
) -> io::Result<()> {
    let mut buffer = vec![0; 8192];
    loop {
        match from.read(&mut buffer).await {
            Ok(0) => return Ok(()),
            Ok(length) => {
                to.write_all(&buffer[..length]).await?;
                shown.notify_one();
            }
            // A terminal whose program has ended.
            Err(error) if error.raw_os_error() == Some(Errno::IO.raw_os_error()) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

/// The end of what is typed at a terminal: Ctrl-U, so that half a line is none, and Ctrl-D. A question takes
/// it as well as a prompt, and may have dropped it before: it is sent again after all that is shown.
const NO_MORE: [u8; 2] = [0x15, 0x04];

/// What comes from the other side.
enum Typed {
    Bytes(Vec<u8>),
    End,
    HungUp,
}

async fn next(read: &mut ChannelReadHalf, idle: Duration) -> Typed {
    loop {
        match tokio::time::timeout(idle, read.wait()).await {
            Ok(Some(ChannelMsg::Data { data })) => return Typed::Bytes(data.to_vec()),
            Ok(Some(ChannelMsg::Eof)) => return Typed::End,
            Ok(Some(ChannelMsg::Close) | None) | Err(_) => return Typed::HungUp,
            Ok(Some(_)) => {}
        }
    }
}
