//! The programs as scripts use them, where no appliance is: arguments, files, exit statuses.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const CLUSTER: &str = "c2c94c40-6491-409e-bd3d-16e236544b7f";

/// A home of its own for each test, with the client's configuration in it.
struct Home {
    folder: tempfile::TempDir,
}

/// What a run of a program came to.
struct Seen {
    stdout: String,
    stderr: String,
    status: i32,
}

impl Home {
    fn new(configuration: &str) -> Home {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("Chrystoki.conf"), configuration).unwrap();
        Home { folder }
    }

    fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(path)
    }

    fn configuration(&self) -> String {
        std::fs::read_to_string(self.path("Chrystoki.conf")).unwrap()
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Seen {
        let output = Command::new(program)
            .args(arguments)
            .env_clear()
            .env("HOME", self.folder.path())
            .env("ChrystokiConfigurationPath", self.folder.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        Seen {
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            status: output.status.code().unwrap(),
        }
    }

    fn register(&self, arguments: &[&str]) -> Seen {
        self.run(env!("CARGO_BIN_EXE_lnhclientregistration"), arguments)
    }
}

/// A configuration with a cluster whose files are gone.
fn gone() -> String {
    format!(
        "LunaSA Client = {{\n   LNHServer00 = 127.0.0.1:1;\n   \
         LNHServerClientCert00 = /none/x.pem;\n   LNHServerClientKey00 = /none/xKey.pem;\n   \
         LNHServerCAFile00 = /none/{CLUSTER}/lnh_ca.pem;\n   \
         LNHServerCN00 = lnh.thalesgroup.com;\n}}\n"
    )
}

#[test]
fn the_configuration_of_the_environment_is_listed() {
    let home = Home::new(&gone());
    let seen = home.register(&["--list"]);
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    assert!(seen.stdout.contains(&format!("\n00     127.0.0.1:1            {CLUSTER}\n")));
    let seen = home.register(&["--list", "--output", "json"]);
    let listed: serde_json::Value = serde_json::from_str(&seen.stdout).unwrap();
    assert_eq!(listed["view"]["clusters"][0]["cluster"], CLUSTER);
}

#[test]
fn a_registration_ends_with_the_status_of_its_failure() {
    let home = Home::new(&gone());
    let text = home.configuration();
    let status = |arguments: &[&str]| {
        let install = home.path("lunaclient");
        let add = ["-n", "2.3.4.5", "--install-dir", install.to_str().unwrap()];
        let seen = home.register(&[&add[..], arguments].concat());
        assert!(!install.join(format!("cert/client/{CLUSTER}")).exists());
        (seen.status, seen.stderr)
    };
    assert_eq!(status(&["-i", "127.0.0.1"]).0, 2);
    assert_eq!(status(&["-i", "127.0.0.1", "-c", "myCluster"]).0, 2);
    let member = ["-i", "127.0.0.1", "--admin-port", "1"];
    let (unreachable, said) = status(&[&member[..], &["-c", CLUSTER]].concat());
    assert_eq!(unreachable, 3);
    assert!(said.contains("127.0.0.1:1: connection refused"), "{said}");
    let other = "3fed78e8-58ad-4aec-be5f-4a12a04ff073";
    let (unanswered, said) = status(&[&member[..], &["-c", other]].concat());
    assert_eq!(unanswered, 4);
    assert!(said.contains("--yes"), "{said}");
    assert_eq!(home.configuration(), text);
}

#[test]
fn lunacm_makes_no_appliance_for_a_client_of_clusters() {
    let home = Home::new(&gone());
    let lunacm = env!("CARGO_BIN_EXE_lunacm");
    let seen = home.run(lunacm, &["slot", "list"]);
    assert_eq!(seen.status, 3, "{}", seen.stdout);
    assert!(seen.stderr.contains("note: cluster 00 (127.0.0.1:1): /none/x.pem"), "{}", seen.stderr);
    assert!(seen.stderr.contains("lunacm: No cluster can be reached."), "{}", seen.stderr);
    assert!(!home.path(".local").exists());
    // With an appliance, a cluster that is away is noted and no more.
    let data = home.path("data");
    let seen = home.run(lunacm, &["--data", data.to_str().unwrap(), "slot", "list"]);
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    assert!(seen.stdout.contains("Current Slot Id: None"), "{}", seen.stdout);
    assert!(seen.stderr.contains("note: cluster 00"), "{}", seen.stderr);
}
