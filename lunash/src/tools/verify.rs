//! `lunash verify FILE…`: plays transcripts and compares what is shown with what they hold.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use luna_shell::{Device, Failure, Kind, Status, write_result};

use super::Surroundings;

/// Its arguments.
#[derive(Args, Debug)]
pub struct Verify {
    /// The transcripts, as --record writes them
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    files: Vec<PathBuf>,
}

impl Verify {
    pub(super) fn run(self, mut device: Box<dyn Device>, surroundings: Surroundings) -> Status {
        let why = format!("Nothing plays these {} transcripts yet.", self.files.len());
        let failure = Failure::new(Kind::NotUnderstood, why);
        write_result("lunash", &mut *device, surroundings.options.output, Err(failure))
    }
}
