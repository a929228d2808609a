//! Texts of an appliance that would command the terminal: none comes through, whatever field it is in.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "hostile/relay.rs"]
mod relay;
#[allow(dead_code, reason = "the tests of the client use all of it")]
#[path = "../../rest/tests/wire/server.rs"]
mod server;

/// The beginnings of lines that end the session, the appliance, or what the others need, and of the one
/// that takes its time between two readings.
const ENDS: &[&str] = &[
    "exit",
    "quit",
    "sysconf a",
    "sysconf re",
    "service",
    "hsm f",
    "hsm z",
    "hsm information m",
    "package",
];

#[test]
fn no_text_of_an_appliance_commands_the_terminal() {
    let mut lines = relay::lines("lunash");
    lines.retain(|line| !ENDS.iter().any(|word| line.starts_with(word)));
    // Before anything is changed.
    lines.sort_by_key(|line| {
        !["show", "list", "status", "get"].iter().any(|word| line.contains(word))
    });
    lines.insert(0, "hsm login".to_owned());
    relay::try_all(env!("CARGO_BIN_EXE_lunash"), &lines);
}
