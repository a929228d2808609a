//! The process of an appliance of one's own, started by [`crate::Own::open`].
//!
//! It has a session of its own, no terminal, and nothing of the program that started it but a pipe,
//! on which it says once whether it listens.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use crate::{Appliance, EndOfUse, Options, Running, StartError};

/// The first argument, before the folder and the seconds without use after which it ends itself.
pub(crate) const MODE: &str = "--emulated-appliance";
/// What it says once it listens.
pub(crate) const READY: &str = "ready";
/// The exit status when another process has the folder.
pub(crate) const IN_USE: u8 = 3;

/// How often it is looked whether it is still of use.
const WATCH_INTERVAL: Duration = Duration::from_secs(1);

/// Runs an appliance of one's own if this process was started for that, and returns its exit status:
/// to be called first of all in `main`, by every program that calls [`crate::Own::open`].
pub fn run_if_asked() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next()? != MODE {
        return None;
    }
    let folder = PathBuf::from(arguments.next()?);
    let seconds = arguments.next().map(OsString::into_string)?.ok()?.parse().ok()?;
    Some(match leave().and_then(|()| run(&folder, Duration::from_secs(seconds))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to be told if that fails.
            let _ = writeln!(io::stdout(), "{error}");
            match error {
                StartError::InUse { .. } => ExitCode::from(IN_USE),
                _ => ExitCode::FAILURE,
            }
        }
    })
}

/// Leaves the terminal, the session and the open files of the program that started this one: it may
/// have secrets there, and pipes whose readers wait for their end.
fn leave() -> Result<(), StartError> {
    let fail = |reason: io::Error| StartError::Server(reason);
    rustix::process::setsid().map_err(|error| fail(error.into()))?;
    let open: Vec<i32> = std::fs::read_dir("/dev/fd")
        .map_err(fail)?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect();
    for descriptor in open.into_iter().filter(|descriptor| *descriptor > 2) {
        // The one that listed them is closed already.
        let _ = nix::unistd::close(descriptor);
    }
    // So that the name by which the shells are found, and killed, is not this one's. Linux only.
    let _ = std::fs::write("/proc/self/comm", "luna-appliance");
    Ok(())
}

fn run(folder: &Path, idle: Duration) -> Result<(), StartError> {
    // Without RUST_LOG errors alone are logged.
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_ansi(false)
        .with_writer(io::stderr)
        .init();
    let waiting = tokio::runtime::Builder::new_current_thread().enable_all().build();
    waiting.map_err(StartError::Server)?.block_on(async {
        let mut terminate = signal(SignalKind::terminate()).map_err(StartError::Server)?;
        let running = Appliance::start(Options::new(folder))?;
        // Whoever started it may be gone already.
        let _ = writeln!(io::stdout(), "{READY}");
        tokio::select! {
            _ = terminate.recv() => running.stop(),
            end = end_of_use(&running, idle) => {
                running.stop();
                drop(end);
            }
        }
        Ok(())
    })
}

async fn end_of_use(running: &Running, idle: Duration) -> EndOfUse {
    loop {
        tokio::time::sleep(WATCH_INTERVAL).await;
        if let Some(end) = running.end_of_use(idle) {
            return end;
        }
    }
}
