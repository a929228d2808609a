//! The appliance of a folder of one's own: the one that runs there, or else one started for it.
//!
//! It runs in a process of its own (`own_process`), so that it outlives the program that started
//! it. Whoever comes first starts it, all others wait for that and find it.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use luna_rest::{Secret, Target, Trust};
use rustix::process::{Pid, Signal, kill_process};

use crate::own_process::{IN_USE, MODE, READY};
use crate::request::session;
use crate::{Appliance, StartError, VERSION, folder};

/// How long another program may take from holding the folder to listening, or to giving it back.
const STARTUP_TIMEOUT: Duration = Duration::from_secs(10);
/// How often the folder is looked at meanwhile.
const POLL_INTERVAL: Duration = Duration::from_millis(10);
/// How long an appliance may take to end.
const STOP_TIMEOUT: Duration = Duration::from_secs(30);

/// An appliance of one's own, ready to be talked to. It runs at least until this is dropped.
#[derive(Debug)]
pub struct Own {
    /// Where it listens, and what certificate it has.
    pub target: Target,
    /// The key that opens a local session.
    pub key: Secret,
    /// Whether it was started here.
    pub started: bool,
    /// The version of the program that runs it, where that is another than this one's; empty if
    /// that is not known.
    pub other_version: Option<String>,
    /// Its folder.
    pub folder: PathBuf,
    /// Held for as long as this program uses it.
    _user: Option<File>,
}

/// Why an appliance could not be ended.
#[derive(Debug, thiserror::Error)]
pub enum StopError {
    /// It does not say which process it is.
    #[error("the appliance in {} does not say which process it is; end it where it was started", .0.display())]
    Unknown(PathBuf),
    /// The system does not let it be ended.
    #[error("cannot end process {process}, the appliance in {}: {reason}", .folder.display())]
    Refused {
        /// The data folder.
        folder: PathBuf,
        /// The process.
        process: u32,
        /// What the system said.
        reason: io::Error,
    },
    /// It was told to end and goes on.
    #[error("process {process}, the appliance in {}, does not end; 'kill -9 {process}' loses nothing that it acknowledged", .folder.display())]
    Runs {
        /// The data folder.
        folder: PathBuf,
        /// The process.
        process: u32,
    },
}

impl Own {
    /// The folder of the appliance that is used where none is named; none without a home.
    pub fn default_folder() -> Option<PathBuf> {
        let folders = directories::ProjectDirs::from("", "", "luna")?;
        Some(folders.data_dir().join("appliance"))
    }

    /// Finds the appliance that runs on `folder`, or has this very program start it: its `main` has
    /// to begin with [`crate::run_if_asked`]. An appliance that was started so ends itself when no
    /// program has used it for 10 minutes.
    ///
    /// # Errors
    /// The folder cannot be used, or another program has just taken it and does not listen yet.
    pub fn open(folder: &Path) -> Result<Own, StartError> {
        let program = std::env::current_exe();
        let program = program.map_err(|error| StartError::Process(error.to_string()))?;
        // As long as a session without a request: nothing is lost that was still there.
        Own::open_with(&program, folder, session::IDLE.unsigned_abs())
    }

    /// The same with another program, and with another time after which the appliance ends itself.
    ///
    /// # Errors
    /// As for [`Own::open`].
    pub fn open_with(program: &Path, folder: &Path, idle: Duration) -> Result<Own, StartError> {
        let fail = |reason: io::Error| StartError::folder(folder, reason);
        let folder = &std::path::absolute(folder).map_err(fail)?;
        folder::make(folder)?;
        let user = folder::user(folder).map_err(fail)?;
        let open = |found: Own| Own { _user: Some(user), ..found };
        if let Some(found) = Own::find(folder) {
            return Ok(open(found));
        }
        let _starting = folder::starting(folder).map_err(fail)?;
        let deadline = Instant::now() + STARTUP_TIMEOUT;
        let mut started = false;
        loop {
            if let Some(found) = Own::find(folder) {
                return Ok(open(Own { started, ..found }));
            }
            match start(program, folder, idle) {
                Ok(()) => started = true,
                // One that was started otherwise, and does not listen yet or is just ending.
                Err(StartError::InUse { .. }) if Instant::now() < deadline => {
                    std::thread::sleep(POLL_INTERVAL);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The appliance that runs on `folder`, if one does.
    pub fn find(folder: &Path) -> Option<Own> {
        let endpoint = Appliance::locate(folder)?;
        let key = Appliance::local_key(folder).ok()?;
        let address: std::net::SocketAddr = endpoint.address.parse().ok()?;
        let target = Target {
            host: address.ip().to_string(),
            port: address.port(),
            trust: Trust::Pinned(endpoint.fingerprint.parse().ok()?),
            limit: None,
        };
        let other_version = Some(endpoint.version).filter(|version| version != VERSION);
        let folder = folder.to_owned();
        Some(Own { target, key, started: false, other_version, folder, _user: None })
    }

    /// How it came to be used, for people.
    pub fn notice(&self) -> String {
        let how = if self.started { "started" } else { "found running" };
        let notice = format!("note: this appliance is emulated ({how}, {})", self.folder.display());
        let version = match self.other_version.as_deref() {
            None => return notice,
            Some("") => "an older version",
            Some(version) => &format!("version {version}"),
        };
        format!(
            "{notice}\nnote: {version} runs it, this program has version {VERSION}: 'luna-appliance \
             stop --data {}' ends it, the next program starts its own version",
            self.folder.display()
        )
    }
}

/// Starts the appliance of a folder in a process of its own; it listens when this returns.
fn start(program: &Path, folder: &Path, idle: Duration) -> Result<(), StartError> {
    let fail = |error: io::Error| {
        StartError::Process(format!("cannot start {} as appliance: {error}", program.display()))
    };
    let log = folder::log(folder).map_err(|reason| StartError::folder(folder, reason))?;
    let mut child = Command::new(program)
        .arg(MODE)
        .arg(folder)
        .arg(idle.as_secs().to_string())
        // Secrets of this program's environment are none of its business.
        .env_clear()
        .envs(std::env::var_os("RUST_LOG").map(|filter| ("RUST_LOG", filter)))
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .map_err(fail)?;
    let mut said = String::new();
    let mut output = child.stdout.take().map(io::BufReader::new);
    if let Some(output) = &mut output {
        // It says one thing: that it listens, or why it does not.
        io::BufRead::read_line(output, &mut said).map_err(fail)?;
    }
    if said.trim_end() == READY {
        return Ok(());
    }
    if let Some(output) = &mut output {
        output.read_to_string(&mut said).map_err(fail)?;
    }
    let status = child.wait().map_err(fail)?;
    Err(match status.code() {
        Some(code) if code == i32::from(IN_USE) => StartError::InUse { folder: folder.to_owned() },
        _ if said.is_empty() => StartError::Process(format!(
            "the appliance in {} did not start ({status}); see appliance.log there",
            folder.display()
        )),
        _ => StartError::Process(said.trim_end().to_owned()),
    })
}

/// Ends the appliance of a folder; false when none runs.
pub(crate) fn stop(folder: &Path) -> Result<bool, StopError> {
    let deadline = Instant::now() + STOP_TIMEOUT;
    let mut told = None;
    while folder::is_held(folder) {
        let found = folder::locate(folder);
        if let (None, Some(endpoint)) = (told, &found) {
            let process = i32::try_from(endpoint.process).ok().and_then(Pid::from_raw);
            let process = process.ok_or_else(|| StopError::Unknown(folder.to_owned()))?;
            kill_process(process, Signal::TERM).map_err(|reason| StopError::Refused {
                folder: folder.to_owned(),
                process: endpoint.process,
                reason: reason.into(),
            })?;
            told = Some(endpoint.process);
        }
        if Instant::now() >= deadline {
            let process = told.ok_or_else(|| StopError::Unknown(folder.to_owned()))?;
            return Err(StopError::Runs { folder: folder.to_owned(), process });
        }
        std::thread::sleep(POLL_INTERVAL);
    }
    Ok(told.is_some())
}
