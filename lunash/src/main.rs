//! The `lunash` program: arguments in, a session, an exit status out.

use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use luna_shell::{Device, Failure, Folders, Options, Stdio, Via, parse_from};
use lunash::fleet::{self, Fleet, FleetOptions};
use lunash::tools::{Surroundings, Tool, with_forms};
use lunash::{Copies, WireOptions};

/// LunaSH, the appliance shell of a Luna Network HSM
///
/// Without a host, an emulated appliance of your own is started and used.
#[derive(Parser)]
#[command(name = "lunash", version, after_long_help = luna_shell::after_help())]
// 'help' is a command of the appliance.
#[command(disable_help_subcommand = true)]
struct Arguments {
    #[command(flatten)]
    options: Options,
    #[command(flatten)]
    wire: WireOptions,
    #[command(flatten)]
    fleet: FleetOptions,
    #[command(subcommand)]
    tool: Option<Tool>,
}

fn main() -> ExitCode {
    luna_rest::guard_memory();
    if let Some(status) = luna_appliance::run_if_asked().or_else(lunash::answer_if_asked) {
        return status;
    }
    if let Some(status) = lunash::login_shell::run_if_asked() {
        return status;
    }
    let (mut options, wire, mut fleet, tool) = match parse_from(with_forms(std::env::args_os())) {
        Ok(Arguments { options, wire, fleet, tool }) => (options, wire, fleet, tool),
        Err(ended) => return ended,
    };
    let folders = Folders::of_user();
    if let Some(tool) = tool {
        return tool.run(Surroundings { options, wire, folders });
    }
    if !fleet::narrow(&mut options, &mut fleet)
        && let Some(ended) = several(&options, fleet, &wire, &folders)
    {
        return ended;
    }
    let state = folders.as_ref().ok().map(|folders| folders.state.clone());
    let open =
        |device: Box<dyn Device>, options: &Options| lunash::open(device, options, &wire, folders);
    if let Some(copies) = Copies::asked_for(&wire, &options) {
        return copies.run(Box::new(Stdio::new(options.quiet, None)), &options, open).into();
    }
    let catalogue = lunash::catalogue();
    luna_shell::main(options, &mut Arguments::command(), catalogue, state.as_deref(), open)
}

/// Runs the commands on several appliances, if several are meant.
fn several(
    options: &Options,
    fleet: FleetOptions,
    wire: &WireOptions,
    folders: &Result<Folders, Failure>,
) -> Option<ExitCode> {
    let folders = folders.as_ref().ok()?;
    let mut device = Stdio::new(options.quiet, None);
    // A key may do for ssh.
    let asks = wire.via != Some(Via::Ssh);
    match Fleet::of(options, fleet, asks, folders, &mut device) {
        Ok(fleet) => fleet.map(|fleet| fleet.run(&mut device)),
        Err(failure) => Some(luna_shell::end("lunash", &mut device, options.output, &failure)),
    }
}
