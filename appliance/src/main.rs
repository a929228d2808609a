//! `luna-appliance`: runs an emulated appliance until it is told to stop, stops one, writes packages
//! that it installs, and carries Backup HSMs from one appliance to another.

mod backup_hsm;
mod controls;
mod generate;

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::{CommandFactory, Parser, Subcommand};
use luna_appliance::core::clock;
use luna_appliance::package::{self, Manifest, Package};
use luna_appliance::{Appliance, FACTORY_HOSTNAME, Ntls, Options, Own, Running, Ssh};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::signal::unix::{SignalKind, signal};

/// An emulated Luna Network HSM appliance.
#[derive(Parser)]
#[command(name = "luna-appliance", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,

    /// The longest time for a request to an appliance.
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 300,
        value_parser = clap::value_parser!(u64).range(1..=MAX_TIMEOUT))]
    timeout: u64,
}

/// Where SSH is served, if nothing else is said.
const SSH_PORT: u16 = 2222;

/// Where clients of partitions come to, if nothing else is said.
const NTLS_PORT: u16 = 1792;

/// In seconds; a year is as good as no limit.
const MAX_TIMEOUT: u64 = 365 * 24 * 3600;

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
        /// Where the SNMP agent answers over UDP, once LunaSH's 'sysconf snmp enable' has started it.
        #[arg(long, value_name = "ADDRESS:PORT")]
        snmp: Option<SocketAddr>,
        /// Where LunaSH is reached over SSH [default: port 2222 of the address of --listen, or a free one].
        #[arg(long, value_name = "ADDRESS:PORT")]
        ssh: Option<SocketAddr>,
        /// No SSH.
        #[arg(long, conflicts_with_all = ["ssh", "modern_ssh", "no_sftp", "layout", "ssh_grace", "ssh_idle"])]
        no_ssh: bool,
        /// Refuse the SSH algorithms that only old scripts name: SHA-1, CBC.
        #[arg(long)]
        modern_ssh: bool,
        /// Files over SSH by `scp -O` alone, as on appliances of old.
        #[arg(long)]
        no_sftp: bool,
        /// How long a login over SSH may take.
        #[arg(long, value_name = "SECONDS", default_value_t = Ssh::GRACE.as_secs(),
            value_parser = clap::value_parser!(u64).range(1..=MAX_TIMEOUT))]
        ssh_grace: u64,
        /// How long nobody may type over SSH before LunaSH ends.
        #[arg(long, value_name = "SECONDS", default_value_t = Ssh::IDLE.as_secs(),
            value_parser = clap::value_parser!(u64).range(1..=Ssh::IDLE.as_secs()))]
        ssh_idle: u64,
        /// The layout of LunaSH over SSH: 5 has no empty line before a prompt, and leaves the question for the
        /// password to the client.
        #[arg(long, value_name = "RELEASE", default_value = "7", value_parser = ["5", "7"])]
        layout: String,
        /// Where clients of partitions come to with their certificates (NTLS) [default: port 1792 of the address
        /// of --listen, or a free one].
        #[arg(long, value_name = "ADDRESS:PORT")]
        ntls: Option<SocketAddr>,
        /// No NTLS: clients of partitions cannot come.
        #[arg(long, conflicts_with = "ntls")]
        no_ntls: bool,
        /// The host name in factory state.
        #[arg(long, value_name = "NAME", default_value = FACTORY_HOSTNAME)]
        hostname: String,
    },
    /// End the appliance that runs on a folder: all it has acknowledged is stored, requests under way
    /// are answered.
    Stop {
        /// The folder that holds the appliance; without it that of the appliance which the shells
        /// start for you.
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
    },
    /// Write a package file that the emulated appliance installs, and print its authorization code.
    Package {
        /// The package's name, such as `lnh_cluster`.
        name: String,
        /// Its version, such as `1.0.4-12`.
        version: String,
        /// Where to write it; the appliance takes files called *.spkg.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// A package that has to be there first: NAME, or "NAME VERSION"; `appliance` is its own
        /// software (can be repeated).
        #[arg(long, value_name = "PACKAGE")]
        requires: Vec<String>,
        /// The HSM firmware that comes with `lunasa_update`, such as 7.8.7.
        #[arg(long, value_name = "VERSION", default_value = "", hide_default_value = true)]
        firmware: String,
        /// A file to put into the package (can be repeated).
        #[arg(long, value_name = "FILE")]
        payload: Vec<PathBuf>,
        /// The authorization code; a fresh one when it is not given.
        #[arg(long, value_name = "CODE", value_parser = code)]
        authcode: Option<String>,
    },
    /// Plug a Backup HSM into an appliance's USB port, and print its serial number.
    ///
    /// A new one, or one that `detach-backup-hsm` took from another appliance. The appliance need
    /// not run: it is started for the moment. LunaSH's `token backup` and `partition backup` find
    /// the Backup HSM then.
    AttachBackupHsm {
        /// The folder that holds the appliance.
        #[arg(long, value_name = "DIR", default_value = "luna-appliance")]
        data: PathBuf,
        /// Serial number of a new Backup HSM, 6 to 12 digits; made up without it.
        #[arg(long, value_name = "N", conflicts_with = "file")]
        serial: Option<String>,
        /// A Backup HSM that was detached: the file it was written to. The file stays.
        #[arg(long = "in", value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Pull a Backup HSM out of an appliance's USB port and write it, with all that is on it, to a
    /// file that `attach-backup-hsm --in` takes.
    DetachBackupHsm {
        /// The folder that holds the appliance; it need not run.
        #[arg(long, value_name = "DIR", default_value = "luna-appliance")]
        data: PathBuf,
        /// Serial number; not needed where only one is attached.
        #[arg(long, value_name = "N")]
        serial: Option<String>,
        /// Where to write it; a file that is there already is never overwritten.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Show, cut or heal the links to the other members of the cluster.
    Links {
        /// The folder that holds the appliance, which runs.
        #[arg(long, value_name = "DIR", default_value = "luna-appliance", global = true)]
        data: PathBuf,
        /// What to do; the links are shown without it.
        #[command(subcommand)]
        action: Option<controls::Links>,
    },
    /// Show the appliance's clock, or move it.
    Clock {
        /// The folder that holds the appliance, which runs.
        #[arg(long, value_name = "DIR", default_value = "luna-appliance")]
        data: PathBuf,
        /// The new time.
        #[arg(long, value_name = "RFC3339", value_parser = time, conflicts_with = "advance")]
        set: Option<OffsetDateTime>,
        /// Move it on by so many seconds.
        #[arg(long, value_name = "SECONDS")]
        advance: Option<u32>,
    },
    /// Wait until nothing is under way in the background: a join, a member that catches up.
    Settle {
        /// The folder that holds the appliance, which runs.
        #[arg(long, value_name = "DIR", default_value = "luna-appliance")]
        data: PathBuf,
    },
    /// Write the manual page or a completion script to standard output.
    #[command(hide = true)]
    Generate {
        /// What to write.
        form: generate::Form,
    },
}

fn code(text: &str) -> Result<String, String> {
    match package::is_code(text) {
        true => Ok(text.to_owned()),
        false => Err("a code has 16 letters, digits and slashes".to_owned()),
    }
}

fn time(text: &str) -> Result<OffsetDateTime, String> {
    let time = OffsetDateTime::parse(text, &Rfc3339)
        .map_err(|_| "not an RFC 3339 time such as 2025-01-02T03:04:05Z".to_owned())?;
    match clock::holds(time) {
        true => Ok(time),
        false => Err(format!(
            "the appliance's clock holds times from {} to {}",
            clock::EARLIEST.date(),
            clock::LATEST.date()
        )),
    }
}

fn main() -> ExitCode {
    luna_rest::guard_memory();
    if let Some(status) = luna_appliance::run_if_asked() {
        return status;
    }
    // Without RUST_LOG errors alone are logged.
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let Arguments { command, timeout } = match arguments() {
        Ok(arguments) => arguments,
        Err(ended) => return ended,
    };
    let limit = Duration::from_secs(timeout);
    let done = match command {
        Command::Serve {
            data,
            listen,
            seed,
            clock,
            hostname,
            snmp,
            ssh,
            no_ssh,
            modern_ssh,
            no_sftp,
            ssh_grace,
            ssh_idle,
            layout,
            ntls,
            no_ntls,
        } => {
            let ssh = (!no_ssh).then(|| Ssh {
                address: ssh.unwrap_or((listen.ip(), SSH_PORT).into()),
                any_port: ssh.is_none(),
                modern: modern_ssh,
                sftp: !no_sftp,
                dense: layout == "5",
                grace: Duration::from_secs(ssh_grace),
                idle: Duration::from_secs(ssh_idle),
            });
            let ntls = (!no_ntls).then(|| Ntls {
                address: ntls.unwrap_or((listen.ip(), NTLS_PORT).into()),
                any_port: ntls.is_none(),
            });
            serve(Options { data, listen, seed, clock, hostname, snmp, ssh, ntls })
        }
        Command::Stop { data } => stop(data),
        Command::Package { name, version, out, requires, firmware, payload, authcode } => {
            let manifest = Manifest { name, version, requires, firmware };
            write_package(manifest, &payload, &out, authcode)
        }
        Command::AttachBackupHsm { data, serial, file } => {
            backup_hsm::attach(&data, limit, serial, file.as_deref())
        }
        Command::DetachBackupHsm { data, serial, out } => {
            backup_hsm::detach(&data, limit, serial, &out)
        }
        Command::Links { data, action } => controls::links(&data, limit, action),
        Command::Clock { data, set, advance } => controls::clock(&data, limit, set, advance),
        Command::Settle { data } => controls::settle(&data, limit),
        Command::Generate { form } => {
            generate::write(form, Arguments::command(), &mut std::io::stdout())
                .context("cannot write to standard output")
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to be done if stderr is gone.
            let _ = writeln!(std::io::stderr(), "luna-appliance: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The arguments; where help was asked for or they are not understood, that is written.
fn arguments() -> Result<Arguments, ExitCode> {
    Arguments::try_parse().map_err(|error| {
        let written = error.print().and_then(|()| std::io::stdout().flush());
        if error.use_stderr() {
            return ExitCode::from(2);
        }
        match written {
            // A closed pipe, as `head` leaves it, is no failure.
            Err(reason) if reason.kind() != std::io::ErrorKind::BrokenPipe => {
                let told = format!("luna-appliance: cannot write to standard output: {reason}");
                let _ = writeln!(std::io::stderr(), "{told}");
                ExitCode::FAILURE
            }
            _ => ExitCode::SUCCESS,
        }
    })
}

fn stop(data: Option<PathBuf>) -> anyhow::Result<()> {
    let data =
        data.or_else(Own::default_folder).context("--data names no folder, nor does HOME")?;
    let said = match Appliance::stop(&data)? {
        true => "stopped",
        false => "no appliance runs in",
    };
    writeln!(std::io::stdout(), "{said} {}", data.display())
        .context("cannot write to standard output")
}

fn write_package(
    manifest: Manifest,
    payload: &[PathBuf],
    out: &Path,
    authcode: Option<String>,
) -> anyhow::Result<()> {
    let read = |path: &PathBuf| {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let content =
            std::fs::read(path).with_context(|| format!("cannot read {}", path.display()));
        Ok((name, content?))
    };
    let payload = payload.iter().map(read).collect::<anyhow::Result<_>>()?;
    let (fresh, salt) = package::fresh()?;
    let authcode = authcode.unwrap_or(fresh);
    let file = Package { manifest, payload }.seal(&authcode, salt)?;
    std::fs::write(out, file).with_context(|| format!("cannot write {}", out.display()))?;
    writeln!(std::io::stdout(), "authcode: {authcode}").context("cannot write to standard output")
}

/// How to log in to an appliance that was just started, with lines that can be copied.
fn how_to_log_in(running: &Running, data: &Path) -> String {
    let (address, fingerprint) = (running.address(), running.fingerprint());
    let mut text = format!("log in on this machine:\n  lunash --data {}\n", quoted(data));
    text += &format!(
        "log in from elsewhere, as admin:\n  lunash --host {address} --fingerprint {fingerprint}\n"
    );
    if let Some(ssh) = running.ssh_address() {
        text += &format!("log in over SSH:\n  ssh -p {} admin@{}\n", ssh.port(), ssh.ip());
    }
    if let Some(ntls) = running.ntls_address() {
        let taken = match ntls.port() {
            NTLS_PORT => String::new(),
            port => format!(" (not {NTLS_PORT}: 'vtl addServer' takes -port {port})"),
        };
        text += &format!("clients of partitions link to:\n  {ntls}{taken}\n");
    }
    if running.has_factory_password() {
        text += &format!(
            "the password is PASSWORD and has to be changed first; over REST:\n  curl -k -u \
             admin:PASSWORD -H 'Content-Type: application/vnd.safenetinc.lunasa+json;version=17' \
             -d '{{\"currentPassword\":\"PASSWORD\",\"password\":\"NEW-Password1\"}}' \
             https://{address}/users/admin/actions/changePassword\n"
        );
    }
    text
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let path = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    if path.chars().all(plain) { path } else { format!("'{}'", path.replace('\'', "'\\''")) }
}

fn serve(options: Options) -> anyhow::Result<()> {
    let waiting = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    waiting.block_on(async {
        // Before the appliance starts, so that no signal is missed once it is announced.
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let data = options.data.clone();
        let running = Appliance::start(options)?;
        // At once: programs read the first line and close the pipe.
        let text = format!(
            "listening on https://{} ({})\n{}",
            running.address(),
            running.fingerprint(),
            how_to_log_in(&running, &data)
        );
        std::io::stdout().write_all(text.as_bytes()).context("cannot write to standard output")?;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        running.stop();
        Ok(())
    })
}
