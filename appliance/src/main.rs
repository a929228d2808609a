//! `luna-appliance`: runs an emulated appliance until it is told to stop.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};
use luna_appliance::{Appliance, FACTORY_HOSTNAME, Options};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::signal::unix::{SignalKind, signal};

/// An emulated Luna Network HSM appliance.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the REST API of one appliance until SIGTERM or Ctrl-C.
    Serve {
        /// The folder that holds the appliance; made when it is not there.
        #[arg(long, value_name = "DIR", default_value = "luna-appliance")]
        data: PathBuf,
        /// Where to listen; port 0 takes a free one.
        #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8443")]
        listen: SocketAddr,
        /// Make serial numbers and UUIDs repeatable.
        #[arg(long, value_name = "N")]
        seed: Option<u64>,
        /// Let the appliance's clock stand still at this time.
        #[arg(long, value_name = "RFC3339", value_parser = time)]
        clock: Option<OffsetDateTime>,
        /// The host name in factory state.
        #[arg(long, value_name = "NAME", default_value = FACTORY_HOSTNAME)]
        hostname: String,
    },
}

fn time(text: &str) -> Result<OffsetDateTime, String> {
    OffsetDateTime::parse(text, &Rfc3339)
        .map_err(|_| "not an RFC 3339 time such as 2025-01-02T03:04:05Z".to_owned())
}

fn main() -> ExitCode {
    if std::env::var_os("RUST_LOG").is_some() {
        tracing_subscriber::fmt()
            .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
            .with_writer(std::io::stderr)
            .init();
    }
    let Command::Serve { data, listen, seed, clock, hostname } = Arguments::parse().command;
    match serve(Options { data, listen, seed, clock, hostname }) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to be done if stderr is gone.
            let _ = writeln!(std::io::stderr(), "luna-appliance: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn serve(options: Options) -> anyhow::Result<()> {
    let waiting = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    waiting.block_on(async {
        // Before the appliance starts, so that no signal is missed once it is announced.
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let running = Appliance::start(options)?;
        writeln!(
            std::io::stdout(),
            "listening on https://{} ({})",
            running.address(),
            running.fingerprint()
        )
        .context("cannot write to standard output")?;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        running.stop();
        Ok(())
    })
}
