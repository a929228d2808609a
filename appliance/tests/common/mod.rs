//! What the tests of whole processes share: the binary as a child, and a client for it.
#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(clippy::unwrap_used, reason = "tests; clippy takes this file for none")]

pub(crate) mod cluster;
#[path = "../../../lunash/src/tools/rehearsal/network.rs"]
pub(crate) mod network;
pub(crate) mod receiver;

use std::io::{BufRead, BufReader, Read};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use luna_appliance::Appliance;
use luna_rest::{Client, Fingerprint, Target, Trust};

/// A `luna-appliance serve` that listens.
pub(crate) struct Process {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) fingerprint: Fingerprint,
}

pub(crate) fn command(data: &Path) -> Command {
    command_at(data, IpAddr::from([127, 0, 0, 1]))
}

fn command_at(data: &Path, address: IpAddr) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_luna-appliance"));
    command
        .args(["serve", "--no-ssh", "--no-ntls", "--listen", &format!("{address}:0"), "--data"])
        .arg(data);
    if address == IpAddr::from([127, 0, 0, 1]) {
        command.args(["--seed", "1"]);
    }
    command
}

impl Process {
    pub(crate) fn start(data: &Path) -> Process {
        Process::of(command(data))
    }

    /// The same on an address of its own, and with serial numbers of its own.
    pub(crate) fn start_at(data: &Path, address: IpAddr) -> Process {
        Process::of(command_at(data, address))
    }

    /// What this command starts; it must have the action `serve`.
    pub(crate) fn of(mut command: Command) -> Process {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.env_remove("RUST_LOG");
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        let said = line.trim().strip_prefix("listening on https://").and_then(|rest| {
            let (address, fingerprint) = rest.strip_suffix(')')?.split_once(" (")?;
            Some((address.parse().ok()?, fingerprint.parse().ok()?))
        });
        let Some((address, fingerprint)) = said else {
            let mut error = String::new();
            child.stderr.take().unwrap().read_to_string(&mut error).unwrap();
            panic!("no address in {line:?}: {error}");
        };
        Process { child, address, fingerprint }
    }

    /// A client with a local session.
    pub(crate) fn client(&self, data: &Path) -> Client {
        client(self.address, self.fingerprint, data)
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Stops it with SIGTERM. Its standard output has been read for the address.
    pub(crate) fn terminate(mut self) -> Output {
        let sent = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(sent.success());
        let mut stderr = Vec::new();
        self.child.stderr.take().unwrap().read_to_end(&mut stderr).unwrap();
        Output { status: self.child.wait().unwrap(), stdout: Vec::new(), stderr }
    }
}

impl Drop for Process {
    /// Also where a test panics.
    fn drop(&mut self) {
        // It has ended already where the test has ended it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A client without a session.
pub(crate) fn connect(address: SocketAddr, fingerprint: Fingerprint) -> Client {
    let trust = Trust::Pinned(fingerprint);
    let (host, port) = (address.ip().to_string(), address.port());
    Client::connect(Target { host, port, trust, limit: None }).unwrap()
}

/// A client with a local session.
pub(crate) fn client(address: SocketAddr, fingerprint: Fingerprint, data: &Path) -> Client {
    let mut client = connect(address, fingerprint);
    client.login_locally(Appliance::local_key(data).unwrap().expose()).unwrap();
    client
}
