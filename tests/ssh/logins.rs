//! Who is let in: passwords, keys, and the settings of `sysconf ssh`.

use std::os::unix::fs::PermissionsExt;

use crate::door::{Door, PASSWORD, feed};

const KEY_ALONE: [&str; 4] = ["-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes"];

impl Door {
    /// A new key pair, whose public half is `admin`'s.
    fn add_key(&self, kind: &str) {
        let made = self.run("ssh-keygen", ["-q", "-t", kind, "-N", "", "-C", kind, "-f", kind]);
        made.good();
        let public = format!("{kind}.pub");
        self.scp(&["-O", &public, ":"]).good();
        self.ssh(&[], &["my", "public-key", "add", &public]).good();
    }

    /// Whether a key lets in.
    fn enters_by_key(&self, kind: &str, options: &[&str]) -> bool {
        let options = [&KEY_ALONE[..], &["-i", kind], options].concat();
        self.ssh(&options, &["status", "date"]).status == 0
    }

    fn enters_by(&self, method: &str) -> bool {
        let method = format!("PreferredAuthentications={method}");
        self.ssh(&["-o", &method], &["status", "date"]).status == 0
    }
}

#[test]
fn six_refused_passwords_are_the_last_of_a_connection() {
    let door = Door::open();
    door.file("ask", b"#!/bin/sh\necho asked >> asked\necho wrong\n");
    std::fs::set_permissions(door.path().join("ask"), PermissionsExt::from_mode(0o700)).unwrap();
    let mut arguments = vec!["-o".to_owned(), "NumberOfPasswordPrompts=20".to_owned()];
    arguments.extend(door.options("-p"));
    arguments.extend(["admin@127.0.0.1", "client list"].map(str::to_owned));
    let mut command = door.command("ssh", ["-o", "PreferredAuthentications=password"]);
    command.args(arguments).env("SSH_ASKPASS", "./ask").env("SSH_ASKPASS_REQUIRE", "force");
    let refused = feed(command, "");
    assert_eq!(refused.status, 255, "{refused:?}");
    assert_eq!(door.read("asked").split(|byte| *byte == b'\n').count() - 1, 6, "{refused:?}");
    // The account is locked as it would be over REST, by the first three.
    assert!(!door.accepts_over_rest(PASSWORD));
}

#[test]
fn keys_of_every_kind_let_in_and_settings_of_the_server_hold() {
    let door = Door::open();
    for kind in ["rsa", "ecdsa", "ed25519"] {
        door.add_key(kind);
        assert!(door.enters_by_key(kind, &[]), "{kind}");
    }
    for old in ["rsa-sha2-256", "rsa-sha2-512", "ssh-rsa"] {
        assert!(
            door.enters_by_key("rsa", &["-o", &format!("PubkeyAcceptedAlgorithms={old}")]),
            "{old}"
        );
    }
    door.run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", "other"]).good();
    assert!(!door.enters_by_key("other", &[]));
    door.ssh(&[], &["sysconf", "ssh", "publickey", "disable"]).good();
    assert!(!door.enters_by_key("rsa", &[]));
    door.ssh(&[], &["sysconf", "ssh", "publickey", "enable"]).good();
    assert!(door.enters_by("password") && door.enters_by("keyboard-interactive"));
    door.ssh(&[], &["sysconf", "ssh", "password", "disable"]).good();
    assert!(!door.enters_by("password") && !door.enters_by("keyboard-interactive"));
    assert!(door.enters_by_key("rsa", &[]));
}

#[test]
fn ciphers_hosts_and_the_service_are_as_they_were_set() {
    let door = Door::open();
    let set = "sysconf ssh ciphers set -list aes256-ctr";
    door.ssh(&[], &[set]).good();
    let with =
        |cipher: &str| door.ssh(&["-o", &format!("Ciphers={cipher}")], &["status date"]).status;
    assert_eq!((with("aes256-ctr"), with("aes128-ctr")), (0, 255));
    door.ssh(&[], &["sysconf ssh ciphers reset"]).good();
    assert_eq!(with("aes128-ctr"), 0);
    door.ssh(&[], &["sysconf ssh client add -userId admin -host 192.0.2.1 -force"]).good();
    assert_ne!(door.ssh(&[], &["status date"]).status, 0);
}

#[test]
fn a_stopped_service_lets_nobody_in() {
    let door = Door::open();
    door.ssh(&[], &["service stop ssh -force"]);
    assert_ne!(door.ssh(&[], &["status date"]).status, 0);
    assert!(door.accepts_over_rest(PASSWORD));
}

#[test]
fn the_host_key_is_the_one_that_is_shown_until_another_is_made() {
    let door = Door::open();
    let seen = door.host_key("ssh-ed25519");
    let shown = door.ssh(&[], &["sysconf fingerprint ssh"]).good();
    assert!(shown.contains(&seen), "{seen}: {shown}");
    let rsa = door.host_key("ssh-rsa");
    door.lines(&[], "sysconf ssh regenKeyPair\nproceed\n").good();
    let now = ["ssh-ed25519", "ssh-rsa"].map(|algorithm| {
        std::fs::remove_file(door.path().join("known_hosts")).unwrap_or_default();
        door.host_key(algorithm)
    });
    assert!(now[0] != seen && now[1] != rsa, "{now:?}");
    std::fs::remove_file(door.path().join("known_hosts")).unwrap_or_default();
    assert!(door.ssh(&[], &["sysconf fingerprint ssh"]).good().contains(&now[0]));
}
