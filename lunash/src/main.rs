//! The `lunash` program: arguments in, a session, an exit status out.

use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use luna_appliance::Own;
use luna_shell::{
    Device, Failure, Folders, LocalAppliance, Options, Secrets, Stdio, connect, parse,
};
use lunash::Session;
use lunash::fleet::{self, Fleet, FleetOptions};

/// LunaSH, the appliance shell of a Luna Network HSM
///
/// Without a host, an emulated appliance of your own is started and used.
#[derive(Parser)]
#[command(name = "lunash", version, after_long_help = luna_shell::after_help())]
struct Arguments {
    #[command(flatten)]
    options: Options,
    #[command(flatten)]
    fleet: FleetOptions,
}

fn main() -> ExitCode {
    luna_rest::guard_memory();
    if let Some(status) = luna_appliance::run_if_asked() {
        return status;
    }
    if let Some(status) = lunash::login_shell::run_if_asked() {
        return status;
    }
    let (mut options, mut fleet) = match parse::<Arguments>() {
        Ok(Arguments { options, fleet }) => (options, fleet),
        Err(ended) => return ended,
    };
    let folders = Folders::of_user();
    if !fleet::narrow(&mut options, &mut fleet)
        && let Some(ended) = several(&options, fleet, &folders)
    {
        return ended;
    }
    let state = folders.as_ref().ok().map(|folders| folders.state.clone());
    luna_shell::main(
        options,
        &mut Arguments::command(),
        lunash::catalogue(),
        state.as_deref(),
        |mut device, options| match open(&mut *device, options, folders) {
            Ok((connection, secrets)) => Session::open(connection, device, secrets, options),
            Err(failure) => Err((device, failure)),
        },
    )
}

/// Runs the commands on several appliances, if several are meant.
fn several(
    options: &Options,
    fleet: FleetOptions,
    folders: &Result<Folders, Failure>,
) -> Option<ExitCode> {
    let folders = folders.as_ref().ok()?;
    let mut device = Stdio::new(options.quiet, None);
    match Fleet::of(options, fleet, true, folders, &mut device) {
        Ok(fleet) => fleet.map(|fleet| fleet.run(&mut device)),
        Err(failure) => Some(luna_shell::end("lunash", &mut device, options.output, &failure)),
    }
}

fn open(
    device: &mut dyn Device,
    options: &Options,
    folders: Result<Folders, Failure>,
) -> Result<(luna_shell::Connection, Secrets), Failure> {
    let mut secrets = Secrets::from_environment();
    let connection = connect(options, &folders?, device, &mut secrets, |folder| {
        let own = Own::open(folder).map_err(LocalAppliance::unusable)?;
        Ok(LocalAppliance {
            notice: own.notice(),
            target: own.target.clone(),
            key: own.key.clone(),
            keep: Some(Box::new(own)),
        })
    })?;
    Ok((connection, secrets))
}
