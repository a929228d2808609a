//! The `lunacm` program: arguments in, a session, an exit status out.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, ValueHint};
use luna_shell::{Folders, Options, parse};
use lunacm::Session;

/// LunaCM, the client shell of a Luna Network HSM
///
/// Without a host, the appliances that Chrystoki.conf names are linked with by its certificate and key,
/// as the product's clients do. Where it names none, an emulated appliance of your own is started and
/// used, unless the file names clusters and there is no such appliance yet. Keyrings of clusters stand
/// behind the partitions.
#[derive(Parser)]
#[command(name = "lunacm", version, after_long_help = luna_shell::after_help())]
struct Arguments {
    #[command(flatten)]
    options: Options,

    /// The NTLS client whose slots are shown; without it the one whose certificate Chrystoki.conf
    /// names
    #[arg(long, env = "LUNA_CLIENT", value_name = "NAME")]
    client: Option<String>,

    /// An emulated Backup HSM at this machine, by its folder, which is made when it is not there (can be
    /// repeated)
    #[arg(long, env = "LUNA_BACKUP_HSM", value_delimiter = ':', value_name = "FOLDER",
        value_hint = ValueHint::DirPath)]
    backup_hsm: Vec<PathBuf>,
}

fn main() -> ExitCode {
    luna_rest::guard_memory();
    if let Some(status) = luna_appliance::run_if_asked() {
        return status;
    }
    let Arguments { options, client, backup_hsm } = match parse() {
        Ok(arguments) => arguments,
        Err(ended) => return ended,
    };
    let folders = Folders::of_user();
    let state = folders.as_ref().ok().map(|folders| folders.state.clone());
    luna_shell::main(
        options,
        &mut Arguments::command(),
        lunacm::catalogue(),
        state.as_deref(),
        |mut device, options| match lunacm::start(&mut *device, options, folders, client) {
            Ok((connection, secrets, side)) => {
                let mut session = Session::open(connection, device, secrets, options, side)?;
                for folder in &backup_hsm {
                    session.attach(lunacm::find_backup_hsm(folder));
                }
                Ok(session)
            }
            Err(failure) => Err((device, failure)),
        },
    )
}
