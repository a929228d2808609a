//! The SSH door from outside: programs that nobody here wrote come to an appliance of their own. They are
//! OpenSSH's `ssh`, `scp`, `sftp` and `ssh-keygen`, `sshpass`, PuTTY's `plink` and `pscp`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod algorithms;
mod attacks;
#[allow(dead_code, reason = "the tests of links use the rest of it")]
mod door;
mod files;
mod logins;
#[allow(dead_code, reason = "the library uses all of it")]
#[path = "../../lunash/src/tools/rehearsal/network.rs"]
mod network;
#[path = "../../lunash/tests/terminal/person.rs"]
mod person;
mod places;
mod runbook;
mod sessions;
mod terminals;

/// The account's password, where programs under a terminal find it.
const PROGRAM: (&str, &str) = ("SSHPASS", door::PASSWORD);
