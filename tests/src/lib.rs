//! What tests that cross crates share: a fresh seeded appliance, both shells on it, and a terminal
//! that types a script.

mod calls;
mod over_ssh;
mod proxy;
mod recording;
mod similarity;

use std::path::Path;

use anyhow::Result;
use luna_shell::transcript::Stage;

pub use calls::{Calls, never_made, record_calls, undeclared};
pub use luna_shell::transcript::{Script, ScriptedTerminal};
pub use lunash::tools::rehearsal::{Rehearsal as TestAppliance, client_certificate};
pub use over_ssh::play_over_ssh;
pub use proxy::{Break, NTLS, Proxy};
pub use recording::{
    Compared, KnownDifference, compare_recording, known_differences, recorded_lines, recording,
    recordings,
};
pub use similarity::Similarity;

/// Where the scripts are.
const TRANSCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../transcripts");

/// Plays a script against a fresh appliance and returns the transcript.
///
/// # Errors
/// The script is not understood, or lines of it were not asked for.
pub fn play(script: &str) -> Result<String> {
    play_on(&mut TestAppliance::with_network()?, script)
}

/// As [`play`], on appliances that may have been used before.
pub(crate) fn play_on(stage: &mut impl Stage, script: &str) -> Result<String> {
    Ok(luna_shell::transcript::play(script, Path::new(TRANSCRIPTS), stage)?)
}
