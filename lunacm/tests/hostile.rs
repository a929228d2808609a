//! Texts of an appliance that would command the terminal: none comes through, whatever field it is in.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../lunash/tests/hostile/relay.rs"]
mod relay;
#[allow(dead_code, reason = "the tests of the client use all of it")]
#[path = "../../rest/tests/wire/server.rs"]
mod server;

#[test]
fn no_text_of_an_appliance_commands_the_terminal() {
    let mut lines = relay::lines("lunacm");
    lines.retain(|line| !["exit", "quit"].iter().any(|word| line.starts_with(word)));
    // Before anything is changed.
    lines.sort_by_key(|line| !["show", "list"].iter().any(|word| line.contains(word)));
    relay::try_all(env!("CARGO_BIN_EXE_lunacm"), &lines);
}
