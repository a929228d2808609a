//! The `lnhclientregistration` program: arguments in, a registration, an exit status out.

use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use luna_shell::{
    Device, Folders, Format, Generate, Status, Stdio, finish, generate, parse, write_result,
};
use lunacm::registration::{self, Arguments};

const NAME: &str = "lnhclientregistration";

/// Register this client with a cluster of Luna Network HSMs
///
/// Makes a key and a certificate for this client, registers the certificate with a member of the
/// cluster, and writes the cluster into the client's configuration file. Only emulated appliances
/// take such a client: what the product says to clients of clusters is not public.
#[derive(Parser)]
#[command(name = "lnhclientregistration", version, after_long_help = AFTER)]
struct Program {
    #[command(flatten)]
    arguments: Arguments,

    /// How the result is written
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,

    /// Write a manual page or a completion script
    #[arg(long, value_enum, hide = true, value_name = "WHAT", exclusive = true)]
    generate: Option<Generate>,
}

const AFTER: &str = "\
Files, below the installation's folder:
  cert/client/<UUID>/<COMMON_NAME>.pem, <COMMON_NAME>Key.pem   the client's own
  cert/server/<UUID>/lnh_ca.pem, members.json                  the members'

Exit status:
  0  it was done
  1  it failed
  2  the arguments were not understood
  3  the member could not be reached, or is not trusted
  4  a question had no answer
  5  unclear: the connection ended during the registration";

fn main() -> ExitCode {
    let Program { arguments, output, generate: what } = match parse() {
        Ok(program) => program,
        Err(ended) => return ended,
    };
    let mut device = Stdio::new(false, None);
    let status = match what {
        Some(what) => {
            device.print(&generate(what, &mut Program::command()));
            Status::Success
        }
        None => {
            let done = Folders::of_user()
                .and_then(|folders| registration::run(&arguments, &folders, &mut device));
            write_result(NAME, &mut device, output, done)
        }
    };
    finish(NAME, &mut device, status).into()
}
