//! A client's programs and its appliances as processes of their own, with NTLS between them: what is promised
//! of the client's side as a person has it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod client;
#[allow(dead_code, reason = "the tests of SSH use the rest of it")]
#[path = "../ssh/door.rs"]
mod door;
mod evidence;
mod ha;
mod manual;
#[allow(dead_code, reason = "the library uses all of it")]
#[path = "../../lunash/src/tools/rehearsal/network.rs"]
mod network;
mod operations;
#[path = "../../lunash/tests/terminal/person.rs"]
mod person;
mod recordings;
mod servers;

/// What a program under a terminal gets beside its line.
const PROGRAM: (&str, &str) = ("CLIENT", "yes");
