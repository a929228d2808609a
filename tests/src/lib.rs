//! What tests that cross crates share: a fresh seeded appliance, both shells on it, and a terminal
//! that types a script.

mod appliances;
mod calls;
mod cluster;
mod network;
mod over_ssh;
mod proxy;
mod recording;
mod similarity;
mod test_appliance;
mod transcript;

pub use calls::{Calls, never_made, record_calls, undeclared};
pub use luna_shell::transcript::{Script, ScriptedTerminal};
pub use over_ssh::play_over_ssh;
pub use proxy::{Break, NTLS, Proxy};
pub use recording::{
    Compared, KnownDifference, compare_recording, known_differences, recorded_lines, recording,
    recordings,
};
pub use similarity::Similarity;
pub use test_appliance::{Opened, TestAppliance, client_certificate};
pub use transcript::play;
