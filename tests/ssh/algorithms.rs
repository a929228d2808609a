//! What the two sides agree on: each algorithm that a client of old may name, and none of these where they
//! are not wanted.

use crate::door::Door;

const KEX: &[&str] = &[
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "diffie-hellman-group14-sha256",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group18-sha512",
    "diffie-hellman-group-exchange-sha256",
];
const OLD_KEX: &[&str] = &["diffie-hellman-group14-sha1", "diffie-hellman-group-exchange-sha1"];
const KEYS: &[&str] = &["ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-256", "rsa-sha2-512"];
const OLD_KEYS: &[&str] = &["ssh-rsa"];
const CIPHERS: &[&str] = &[
    "chacha20-poly1305@openssh.com",
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "aes128-ctr",
    "aes192-ctr",
    "aes256-ctr",
];
const OLD_CIPHERS: &[&str] = &["aes128-cbc", "aes192-cbc", "aes256-cbc"];
/// Beside a cipher that has none of its own.
const MACS: &[&str] = &[
    "hmac-sha2-256",
    "hmac-sha2-512",
    "hmac-sha2-256-etm@openssh.com",
    "hmac-sha2-512-etm@openssh.com",
];
const OLD_MACS: &[&str] = &["hmac-sha1", "hmac-sha1-etm@openssh.com"];

/// Each list by the option that names it.
const NEW: [(&str, &[&str]); 4] =
    [("KexAlgorithms", KEX), ("HostKeyAlgorithms", KEYS), ("Ciphers", CIPHERS), ("MACs", MACS)];
const OLD: [(&str, &[&str]); 4] = [
    ("KexAlgorithms", OLD_KEX),
    ("HostKeyAlgorithms", OLD_KEYS),
    ("Ciphers", OLD_CIPHERS),
    ("MACs", OLD_MACS),
];

impl Door {
    /// The algorithms of these lists with which no session comes about.
    fn refused(&self, lists: &[(&str, &'static [&'static str])]) -> Vec<&'static str> {
        let mut refused = Vec::new();
        for (option, names) in lists {
            for name in *names {
                let known = format!("UserKnownHostsFile={}", self.path().join(name).display());
                let wanted = format!("{option}={name}");
                let cipher =
                    if *option == "MACs" { "Ciphers=aes256-ctr" } else { "Compression=no" };
                let options = ["-o", &known, "-o", &wanted, "-o", cipher];
                if self.ssh(&options, &["status", "date"]).status != 0 {
                    refused.push(*name);
                }
            }
        }
        refused
    }
}

#[test]
fn every_algorithm_that_scripts_name_is_served() {
    let door = Door::open();
    assert_eq!(door.refused(&NEW), [""; 0]);
    assert_eq!(door.refused(&OLD), [""; 0]);
}

#[test]
fn a_modern_door_refuses_what_is_old_and_nothing_else() {
    let door = Door::with(&["--modern-ssh"]);
    assert_eq!(door.refused(&NEW), [""; 0]);
    let all: Vec<&str> = OLD.iter().flat_map(|(_, names)| names.iter().copied()).collect();
    assert_eq!(door.refused(&OLD), all);
}
