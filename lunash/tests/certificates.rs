//! Files of this machine that commands send: which one is taken, and what of it leaves.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::process::{Command, Stdio};

use luna_appliance::Appliance;
use rcgen::{CertifiedKey, generate_simple_self_signed};

#[allow(dead_code, reason = "the tests of the client use all of it")]
#[path = "../../rest/tests/wire/server.rs"]
mod server;

use server::{Seen, Server, answer, located};

/// A working directory, and with it an emulated appliance of its own.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Home {
        Home(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, content: &str) {
        fs::write(self.0.path().join(name), content).unwrap();
    }

    fn program(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lunash"));
        command
            .args(arguments)
            .env_clear()
            .env("HOME", self.0.path())
            .current_dir(self.0.path())
            .stdin(Stdio::null());
        command
    }

    /// Output, messages, and whether it succeeded.
    fn run(&self, line: &str) -> (String, String, bool) {
        run(self.program(&["-c", line]))
    }

    fn fingerprint(&self, client: &str) -> String {
        let (shown, _, succeeded) = self.run(&format!("client fingerprint -c {client}"));
        assert!(succeeded, "{shown}");
        shown.lines().find(|line| line.starts_with("Certificate fingerprint: ")).unwrap().to_owned()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        Appliance::stop(&self.0.path().join(".local/share/luna/appliance")).unwrap();
    }
}

fn run(mut command: Command) -> (String, String, bool) {
    let output = command.env("LUNA_PASSWORD", "PASSWORD").output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr), output.status.success())
}

/// A certificate and its private key, both PEM.
fn certificate(name: &str) -> (String, String) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed([name.to_owned()]).unwrap();
    (cert.pem(), signing_key.serialize_pem())
}

#[test]
fn a_renewed_certificate_replaces_the_registered_one() {
    let home = Home::new();
    home.write("app1.pem", &certificate("app1").0);
    let (shown, told, succeeded) = home.run("client register -c app1 -h app1");
    assert!(succeeded, "{shown}{told}");
    assert!(told.contains("note: using app1.pem from the working directory\n"), "{told}");
    let first = home.fingerprint("app1");

    let renewed = certificate("app1").0;
    home.write("app1.pem", &renewed);
    let (shown, told, succeeded) = home.run("client register -c app1 -h app1 -force");
    assert!(succeeded, "{shown}{told}");
    assert!(told.contains("note: replaced the certificate of app1\n"), "{told}");
    let second = home.fingerprint("app1");
    assert_ne!(first, second);

    home.write("same.pem", &renewed);
    assert!(home.run("client register -c same -h same").2);
    assert_eq!(home.fingerprint("same"), second);

    let (files, ..) = home.run("my file list");
    assert!(!files.contains("app1.pem"), "{files}");
}

#[test]
fn a_file_of_the_working_directory_goes_before_one_on_the_appliance() {
    let home = Home::new();
    // The upload stays, although its content is no template.
    home.write("app1.pem", "an older file");
    let (_, told, _) = home.run("partition policyTemplate import -filename app1.pem");
    assert!(told.contains("note: uploaded app1.pem from the working directory\n"), "{told}");

    home.write("app1.pem", &certificate("app1").0);
    let (shown, told, succeeded) = home.run("client register -c app1 -h app1");
    assert!(succeeded, "{shown}{told}");
    let taken = "note: using app1.pem from the working directory, not from admin's files on the \
                 appliance\n";
    assert!(told.contains(taken), "{told}");

    let (_, told, _) = home.run("partition policyTemplate import -filename app1.pem");
    let replaced = "note: uploaded app1.pem from the working directory, in place of the one among \
                    admin's files\n";
    assert!(told.contains(replaced), "{told}");
}

/// Plays a line against a server that accepts everything, and gives what it was asked.
fn requests(home: &Home, line: &str) -> (Vec<Seen>, String, bool) {
    let server = Server::start(|seen| match seen.line.as_str() {
        "POST /auth/session" => located(204, "Set-Cookie: sid=1", ""),
        _ => answer(200, "{}"),
    });
    let (host, fingerprint) =
        (format!("127.0.0.1:{}", server.port), server.fingerprint.to_string());
    let connect = ["--host", &host, "--fingerprint", &fingerprint, "--user", "admin", "-c", line];
    let (shown, told, succeeded) = run(home.program(&connect));
    (server.seen.try_iter().collect(), format!("{shown}{told}"), succeeded)
}

/// The first line of base64 in a PEM text.
fn first_line(pem: &str) -> &str {
    pem.lines().nth(1).unwrap()
}

#[test]
fn only_the_certificate_of_a_file_is_sent() {
    let home = Home::new();
    let (certificate, key) = certificate("app1");
    home.write("app1.pem", &format!("{key}{certificate}"));
    let (seen, told, succeeded) = requests(&home, "client register -c app1 -h app1");
    assert!(succeeded, "{told}");
    let register = seen.iter().find(|seen| seen.line == "POST /api/lunasa/ntls/clients").unwrap();
    assert!(register.text().contains(first_line(&certificate)), "{}", register.text());
    for seen in &seen {
        assert!(!seen.text().contains("PRIVATE KEY"), "{}", seen.line);
        assert!(!seen.text().contains(first_line(&key)), "{}", seen.line);
    }
}

#[test]
fn a_file_without_certificate_is_refused_before_anything_is_sent() {
    let home = Home::new();
    let key = certificate("app1").1;
    for name in ["app1.pem", "app1.pub"] {
        home.write(name, &key);
    }
    home.write("app1.fm", "a module");
    let lines = [
        "client register -c app1 -h app1",
        "hsm fm load -fmFile app1.fm -certFile app1.pem",
        "my public-key add app1.pub",
        "sysconf ssh publickey add -filename app1.pub",
    ];
    for line in lines {
        let (seen, told, succeeded) = requests(&home, line);
        assert!(!succeeded && told.contains("private key"), "{line}: {told}");
        assert!(told.contains("nothing was sent."), "{line}: {told}");
        for seen in seen {
            let body = seen.text();
            assert!(!body.contains("PRIVATE KEY") && !body.contains(first_line(&key)), "{line}");
            let is_of_session =
                seen.line.ends_with("/auth/session") || seen.line.starts_with("GET ");
            assert!(is_of_session, "{line}: {}", seen.line);
        }
    }
}
