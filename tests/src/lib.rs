//! A stage for tests that cross crates: a fresh seeded appliance, both shells on it, and a script
//! in place of the person at the terminal.

mod appliances;
mod calls;
mod cluster;
mod likeness;
mod network;
mod recording;
mod script;
mod stage;
mod transcript;

pub use calls::{Calls, never_made, record_calls, undeclared};
pub use likeness::Likeness;
pub use recording::{
    Compared, compare_recordings, conformance_summary, known_differences, recorded_lines,
    summary_of,
};
pub use script::{Script, Seat};
pub use stage::{Opened, Stage, client_certificate};
pub use transcript::play;
