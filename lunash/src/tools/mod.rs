//! Words of the program beside those of LunaSH: `lunash apply FILE`, `export`, `verify FILE…`. A file or a folder a
//! tool, and `state.rs` for what those that only look read of an appliance; a word of theirs is no beginning of a
//! command of the appliance, and is never abbreviated.

mod apply;
mod client_side;
mod evidence;
mod export;
mod firewall;
mod forms;
mod incident;
mod inventory;
mod kept;
mod prometheus;
pub mod rehearsal;
mod screens;
mod serve_metrics;
mod signing;
mod state;
mod verify;

use std::process::ExitCode;

use clap::Subcommand;
use luna_shell::{
    Device, Failure, Folders, Format, Kind, Options, Status, Stdio, end, write_result,
};

use crate::ssh::WireOptions;

pub use forms::with_forms;

/// What a tool is run with.
pub struct Surroundings {
    /// The arguments before and behind the word that are not the tool's own.
    pub options: Options,
    /// The way to the appliance.
    pub wire: WireOptions,
    /// The folders of the user.
    pub folders: Result<Folders, Failure>,
}

/// A tool, with its arguments.
#[derive(Debug, Subcommand)]
pub enum Tool {
    /// Make appliances what a runbook says: see what is there, show the lines to type, ask, and type them
    Apply(apply::Apply),
    /// Write a runbook of an appliance as it is
    Export(export::Export),
    /// Show what has to be proved of a client or a partition before a change is closed
    Evidence(evidence::Evidence),
    /// Write what a firewall has to let through for a client, and try it
    Firewall(firewall::Firewall),
    /// Find the layer at which a client fails, and what mends it
    Incident(incident::Incident),
    /// List every appliance of the configuration, or those that are named: what each is and holds
    Inventory(inventory::Inventory),
    /// Serve the inventory as metrics that Prometheus scrapes, until Ctrl-C or SIGTERM
    ServeMetrics(serve_metrics::ServeMetrics),
    /// Play transcripts, and compare what is shown with what they hold
    Verify(verify::Verify),
}

impl Tool {
    /// Runs it to its end on the streams of the process.
    pub fn run(self, surroundings: Surroundings) -> ExitCode {
        let device = Box::new(Stdio::new(surroundings.options.quiet, None));
        self.run_at(device, surroundings).into()
    }

    /// The same at a device.
    pub fn run_at(self, mut device: Box<dyn Device>, surroundings: Surroundings) -> Status {
        let options = &surroundings.options;
        let session =
            !options.command.is_empty() || options.file.is_some() || options.record.is_some();
        if session {
            let why = "A tool takes no commands: -c, -f and --record do not go with it.";
            let failure = Failure::new(Kind::NotUnderstood, why);
            end("lunash", &mut *device, options.output, &failure);
            return failure.status();
        }
        match self {
            Tool::Apply(apply) => apply.run(device, surroundings),
            Tool::Export(export) => export.run(device, surroundings),
            Tool::Evidence(evidence) => evidence.run(device, &surroundings),
            Tool::Firewall(firewall) => firewall.run(device, &surroundings),
            Tool::Incident(incident) => incident.run(device, &surroundings),
            Tool::Inventory(inventory) => inventory.run(device, &surroundings),
            Tool::ServeMetrics(serve) => serve.run(device, &surroundings),
            Tool::Verify(verify) => verify.run(device, surroundings),
        }
    }
}

/// Says why a tool could not do its work: its exit status.
fn report(device: &mut dyn Device, output: Format, failure: Failure) -> Status {
    write_result("lunash", device, output, Err(failure))
}

#[cfg(test)]
mod tests {
    use luna_grammar::Outcome;

    use super::*;

    #[test]
    fn no_tool_hides_a_command_or_an_abbreviation() {
        let program = Tool::augment_subcommands(clap::Command::new("lunash"));
        let grammar = crate::catalogue().grammar;
        for name in program.get_subcommands().map(clap::Command::get_name) {
            let unknown = matches!(grammar.resolve(name), Outcome::Unknown { .. });
            assert!(unknown, "'{name}' is a word of LunaSH");
        }
    }
}
