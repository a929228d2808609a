//! The client against a server that misbehaves on purpose.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests as well")]

mod breaks;
mod server;
mod session;
mod tasks;
mod trust;
