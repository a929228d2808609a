//! The `cmu` program: arguments in, a function, an exit status out.

use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use luna_shell::{Folders, Options, parse_from};
use lunacm::cmu::{self, Cmu};

/// The Certificate Management Utility: keys and certificates of a slot
///
/// A function and its options, which may be written -name=value: cmu list -slot=0. The slots are those
/// of lunacm; the Crypto Officer's password is asked for, or given in LUNA_CO_PASSWORD.
#[derive(Parser)]
#[command(name = "cmu", version, after_long_help = luna_shell::after_help())]
struct Arguments {
    #[command(flatten)]
    options: Options,

    /// The NTLS client whose slots are shown; without it the one whose certificate Chrystoki.conf
    /// names
    #[arg(long, env = "LUNA_CLIENT", value_name = "NAME")]
    client: Option<String>,
}

fn main() -> ExitCode {
    luna_rest::guard_memory();
    if let Some(status) = luna_appliance::run_if_asked() {
        return status;
    }
    let given = std::env::args_os().map(|argument| argument.to_string_lossy().into_owned());
    let Arguments { mut options, client } = match parse_from(cmu::separated(given)) {
        Ok(arguments) => arguments,
        Err(ended) => return ended,
    };
    let folders = Folders::of_user();
    let state = folders.as_ref().ok().map(|folders| folders.state.clone());
    if options.words.is_empty() && options.command.is_empty() && options.file.is_none() {
        options.words = vec!["help".to_owned()];
    }
    luna_shell::main(
        options,
        &mut Arguments::command(),
        cmu::catalogue(),
        state.as_deref(),
        |mut device, options| match lunacm::start(&mut *device, options, folders, client) {
            Ok((connection, secrets, side)) => {
                Cmu::open(connection, device, secrets, options, side)
            }
            Err(failure) => Err((device, failure)),
        },
    )
}
