//! LunaSH as the login shell of an emulated appliance: its SSH server starts this program with
//! `--login-shell DESCRIPTOR [terminal]`, and hands it a session of the account that has logged in.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::ExitCode;

use luna_rest::ssh::LoginShell;
use luna_rest::{Target, Trust};
use luna_shell::{Connection, Failure, Kind, LoginShellStyle, Options, Secrets, Status, Watch};
use rustix::process::{ioctl_tiocsctty, setsid};

use crate::session::Session;

const MODE: &str = "--login-shell";
/// The longest line that is handed over.
const LONGEST: u64 = 64 * 1024;

/// Runs the shell, if the program was started as one.
pub fn run_if_asked() -> Option<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    if arguments.next()? != MODE {
        return None;
    }
    let (descriptor, terminal) = (arguments.next()?, arguments.next());
    if terminal.is_some() {
        // From here on Ctrl-C and the end of the terminal are this program's. It was started in its server's
        // session, which has no terminal.
        let taken = setsid().and_then(|_| ioctl_tiocsctty(std::io::stdin()));
        if taken.is_err() {
            return Some(Status::Failed.into());
        }
    }
    let Some(handed) = take(&descriptor) else { return Some(Status::Failed.into()) };
    Some(run(handed))
}

fn take(descriptor: &str) -> Option<LoginShell> {
    let number: u32 = descriptor.parse().ok()?;
    let file = File::open(format!("/dev/fd/{number}")).ok()?;
    let mut line = String::new();
    BufReader::new(file.take(LONGEST)).read_line(&mut line).ok()?;
    serde_json::from_str(&line).ok()
}

fn run(handed: LoginShell) -> ExitCode {
    let LoginShell { version, dense, .. } = &handed;
    let words = handed.command.iter().map(|line| line.expose().to_owned()).collect();
    let style = LoginShellStyle { version: version.clone(), dense: *dense };
    let options = Options { words, login_shell: Some(style), ..Options::default() };
    let mut nothing = clap::Command::new("lunash");
    let folder = Path::new(&handed.folder);
    luna_shell::main(options, &mut nothing, crate::catalogue(), Some(folder), |device, options| {
        match connect(&handed, Watch::new(device.attended(), options.timeout.get())) {
            Ok(connection) => Session::open(connection, device, Secrets::none(), options),
            Err(failure) => Err((device, failure)),
        }
    })
}

fn connect(handed: &LoginShell, watch: std::sync::Arc<Watch>) -> Result<Connection, Failure> {
    let damaged = || Failure::new(Kind::Unreachable, "What the SSH server handed on is damaged.");
    let address: std::net::SocketAddr = handed.address.parse().map_err(|_| damaged())?;
    let pinned = handed.fingerprint.parse().map_err(|_| damaged())?;
    let target = Target {
        host: address.ip().to_string(),
        port: address.port(),
        trust: Trust::Pinned(pinned),
        limit: Some(watch.limit()),
    };
    Connection::handed(target, &handed.user, &handed.cookie, watch)
}
