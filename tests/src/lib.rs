//! A stage for tests that cross crates: a fresh seeded appliance, both shells on it, and a script
//! in place of the person at the terminal.

mod script;
mod stage;
mod transcript;

pub use script::{Script, Seat};
pub use stage::{Stage, client_certificate};
pub use transcript::play;
