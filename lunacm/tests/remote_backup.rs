//! A Backup HSM at one machine, used from another one.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

const TIME_LIMIT: Duration = Duration::from_secs(60);

fn lunacm(home: &Path, backup_hsm: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lunacm"));
    command
        .env_clear()
        .env("HOME", home)
        .env("ChrystokiConfigurationPath", home)
        .arg("--data")
        .arg(home.join("appliance"))
        .arg("--backup-hsm")
        .arg(backup_hsm)
        .args(words)
        .stdin(Stdio::null());
    command
}

fn output(mut command: Command) -> (String, String) {
    let output = command.output().unwrap();
    (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
}

/// A running service, ended with the test.
struct Service(Child);

impl Drop for Service {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// Starts the service, and waits until it says that it serves.
fn serve(mut command: Command) -> Service {
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (said, saying) = mpsc::channel();
    std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            if said.send(line).is_err() {
                return;
            }
        }
    });
    let service = Service(child);
    while !saying.recv_timeout(TIME_LIMIT).unwrap().contains("is served at 127.0.0.1:") {}
    service
}

#[test]
fn a_backup_hsm_is_served_to_another_machine_until_the_service_ends() {
    let [here, there] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let device = here.path().join("backup-hsm");
    let (slots, _) = output(lunacm(here.path(), &device, &["slot", "list"]));
    assert!(slots.contains("Luna G7"), "{slots}");

    let file = here.path().join("backup.json");
    let start = ["remotebackup", "start", "-address", "127.0.0.1", "-port", "0", "-file"];
    let start: Vec<&str> = start.into_iter().chain([file.to_str().unwrap()]).collect();
    let service = serve(lunacm(here.path(), &device, &start));
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "it opens a session");

    let (seen, noted) = output(lunacm(there.path(), &file, &["slot", "list"]));
    assert_eq!(seen, slots, "{noted}");
    drop(service);
    let (seen, noted) = output(lunacm(there.path(), &file, &["slot", "list"]));
    assert!(!seen.contains("Luna G7") && noted.contains("note: Backup HSM: "), "{seen}{noted}");

    std::fs::write(&file, "{\"key\": \"secret-key\", nonsense").unwrap();
    let (_, noted) = output(lunacm(there.path(), &file, &["slot", "list"]));
    assert!(noted.contains("line 1 is not understood") && !noted.contains("secret-key"), "{noted}");
    for folder in [here.path().join("appliance"), device, there.path().join("appliance")] {
        luna_appliance::Appliance::stop(&folder).unwrap();
    }
}
