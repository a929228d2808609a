//! The programs as scripts use them, where no appliance is: arguments, files, exit statuses.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

mod common;

const CLUSTER: &str = "c2c94c40-6491-409e-bd3d-16e236544b7f";

/// A home of its own for each test, with the client's configuration in it.
struct Home {
    folder: tempfile::TempDir,
}

impl Drop for Home {
    fn drop(&mut self) {
        luna_appliance::Appliance::stop(&self.path("data")).unwrap();
    }
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

#[test]
fn lunacm_starts_with_a_configuration_as_installed_and_deploys_the_client() {
    let home = Home::new("");
    let folder = home.path("client");
    let text = format!(
        "LunaSA Client = {{\n   ClientPrivKeyFile = {0}/cert/client/ClientNameKey.pem;\n   \
         ClientCertFile = {0}/cert/client/ClientNameCert.pem;\n}}\nMisc = {{\n   ToolsDir = \
         {0}/bin/;\n}}\n",
        folder.display()
    );
    std::fs::write(home.path("Chrystoki.conf"), text).unwrap();
    let (lunacm, data) = (env!("CARGO_BIN_EXE_lunacm"), home.path("data"));
    let run = |arguments: &[&str]| {
        home.run(lunacm, &[&["--data", data.to_str().unwrap()], arguments].concat())
    };
    let seen = run(&["slot", "list"]);
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    assert!(seen.stdout.contains("Current Slot Id: None"), "{}", seen.stdout);
    assert!(seen.stderr.contains("ClientNameCert.pem is not made yet"), "{}", seen.stderr);

    let client = common::client(&data);
    let deploy = ["clientconfig", "deploy", "-server", "127.0.0.1", "-client", "app1"];
    let deploy = [&deploy[..], &["-partition", "par1"]].concat();
    // A file that cannot be written is told before the appliance hears of anything.
    let blocked = home.path("Chrystoki.conf.before");
    std::fs::create_dir(&blocked).unwrap();
    let seen = run(&deploy);
    assert_ne!(seen.status, 0);
    assert!(seen.stdout.contains("Chrystoki.conf.before"), "{}{}", seen.stdout, seen.stderr);
    assert!(client.get(&luna_rest::ntls::CLIENTS, &[]).unwrap().clients.is_empty());
    std::fs::remove_dir(&blocked).unwrap();
    // There is no such partition, but the way to it is free.
    let seen = run(&deploy);
    assert!(seen.stdout.contains("CKR_ARGUMENTS_BAD"), "{}{}", seen.stdout, seen.stderr);

    common::make_partition(&client, "par1");
    let seen = run(&deploy);
    assert_eq!(seen.status, 0, "{}{}", seen.stdout, seen.stderr);
    assert!(folder.join("cert/client/app1Key.pem").exists());
    assert!(home.configuration().contains("cert/client/app1.pem;"), "{}", home.configuration());
    let seen = run(&["slot", "list"]);
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    assert!(seen.stdout.contains("Current Slot Id: 0"), "{}{}", seen.stdout, seen.stderr);
    assert!(!seen.stderr.contains("is not made yet"), "{}", seen.stderr);
}

#[test]
fn a_file_that_is_displayed_does_not_command_the_terminal() {
    let home = Home::new("");
    let path = home.path("note");
    std::fs::write(&path, "one\r\n\x1b]0;owned\x07\u{202e}two\ttabs\n").unwrap();
    let (data, path) = (home.path("data"), path.display().to_string());
    let run = |output: &str| {
        let display = ["file", "display", "-filename", &path];
        let data = ["--data", data.to_str().unwrap(), "--output", output];
        home.run(env!("CARGO_BIN_EXE_lunacm"), &[&data[..], &display].concat())
    };
    let seen = run("luna");
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    let text = "one\n\\x1b]0;owned\\x07\\u{202e}two\ttabs\n";
    assert!(seen.stdout.contains(text), "{:?}", seen.stdout);
    let seen = run("json");
    assert!(!seen.stdout.contains(['\x1b', '\x07', '\u{202e}']), "{:?}", seen.stdout);
    let shown: serde_json::Value = serde_json::from_str(&seen.stdout).unwrap();
    assert_eq!(shown["view"]["text"], "one\r\n\x1b]0;owned\x07\u{202e}two\ttabs\n");
}
