//! The `lunash` program: arguments in, a session, an exit status out.

use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use luna_appliance::Own;
use luna_shell::{Device, Failure, Folders, LocalAppliance, Options, Secrets, connect, parse};
use lunash::Session;

/// LunaSH, the appliance shell of a Luna Network HSM
///
/// Without a host, an emulated appliance of your own is started and used.
#[derive(Parser)]
#[command(name = "lunash", version, after_long_help = luna_shell::after_help())]
struct Arguments {
    #[command(flatten)]
    options: Options,
}

fn main() -> ExitCode {
    luna_rest::guard_memory();
    if let Some(status) = luna_appliance::run_if_asked() {
        return status;
    }
    if let Some(status) = lunash::login_shell::run_if_asked() {
        return status;
    }
    let options = match parse::<Arguments>() {
        Ok(arguments) => arguments.options,
        Err(ended) => return ended,
    };
    let folders = Folders::of_user();
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
