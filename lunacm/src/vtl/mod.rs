//! `vtl`, the tool of a client for its half of the links: certificates, servers, slots.
//!
//! `words.rs` reads what is typed, in any of the spellings of its releases; each other file has commands
//! with what they do and their views. The text is the product's where it is known; beside it are an exit
//! status, `--output json`, and notes of what will not work later.

mod certificates;
mod examine;
mod ha;
mod servers;
mod slots;
mod support;
mod words;

use std::io;
use std::path::{Path, PathBuf};

use clap::{CommandFactory, Parser, Subcommand, ValueHint};
use luna_shell::{
    Device, Failure, Folders, Format, Generate, Kind, Page, Status, Text, View, finish, generate,
    write_result,
};
use serde::Serialize;

use crate::chrystoki::Chrystoki;
use crate::deploy;
use crate::owner::ClientSide;
use ha::Lent;

const NAME: &str = "vtl";
/// The banner of the newest recording.
const BANNER: &str =
    "vtl (64-bit) v10.7.2-16. Copyright (c) 2024 Thales Group. All rights reserved.";
/// Where the product's client is installed.
const INSTALLED: &str = "/usr/safenet/lunaclient";

/// Manage the certificates and the servers of a client of Luna Network HSMs
///
/// Commands may be shortened and written in any case; the dash that old releases put before them is
/// accepted.
#[derive(Parser)]
#[command(name = "vtl", version, after_long_help = AFTER, infer_long_args = true)]
pub struct Program {
    /// The client's configuration file; without it Chrystoki.conf in the folder that
    /// ChrystokiConfigurationPath names, or in /etc if there is one, or else in ~/.config/luna
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    config: Option<PathBuf>,

    /// Where the client is installed; without it the parent of the configuration's ToolsDir, or
    /// /usr/safenet/lunaclient if it is there, or the folder of the configuration file
    #[arg(long, global = true, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    install_dir: Option<PathBuf>,

    /// How the result is written
    #[arg(long, global = true, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,

    /// Write a manual page or a completion script
    #[arg(long, value_enum, hide = true, value_name = "WHAT", exclusive = true)]
    generate: Option<Generate>,

    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Make the client's key and certificate
    #[command(name = "createCert")]
    CreateCert(certificates::CreateCert),
    /// Trust an appliance and link with it
    #[command(name = "addServer")]
    AddServer(servers::AddServer),
    /// Forget an appliance
    #[command(name = "deleteServer")]
    DeleteServer(servers::DeleteServer),
    /// Put an appliance, or its new certificate, in the place of another
    #[command(name = "replaceServer")]
    ReplaceServer(servers::ReplaceServer),
    /// List the appliances
    #[command(name = "listServers")]
    ListServers,
    /// Open every link and show the partitions behind them
    #[command(name = "verify")]
    Verify,
    /// List the slots
    #[command(name = "listSlots")]
    ListSlots,
    /// Show the fingerprint of a certificate, the client's own without a file
    #[command(name = "fingerprint")]
    Fingerprint(examine::CertificateFile),
    /// Show a certificate, the client's own without a file
    #[command(name = "examineCert")]
    ExamineCert(examine::CertificateFile),
    /// Manage HA groups as clients 5.x and 6.x did; 'lunacm hagroup' does it today
    #[command(name = "haAdmin")]
    HaAdmin(ha::HaAdmin),
    /// Write what support asks for into c_supportInfo.txt
    #[command(name = "supportInfo")]
    SupportInfo,
    /// Show the version
    #[command(name = "version")]
    Version,
}

const AFTER: &str = "\
Exit status:
  0  it was done
  1  it failed
  2  the arguments were not understood
  3  no server could be reached";

/// The files of this client.
struct Client {
    /// `Chrystoki.conf`.
    configuration: PathBuf,
    file: Chrystoki,
    /// `cert` of the installation.
    certificates: PathBuf,
    /// Where sessions keep what must outlast them.
    state: PathBuf,
    notes: Vec<String>,
}

impl Client {
    fn of(program: &Program, folders: &Folders) -> Result<Client, Failure> {
        let configuration = match &program.config {
            Some(file) => file.clone(),
            None => ClientSide::of_machine(None, folders).configuration,
        };
        let file = Chrystoki::read(&configuration).map_err(|error| failure(&error))?;
        let installed = Path::new(INSTALLED);
        let install = match (&program.install_dir, deploy::installed(&file)) {
            (Some(folder), _) => folder.clone(),
            (None, Some(folder)) => folder.to_owned(),
            (None, None) if installed.exists() => installed.to_owned(),
            // Nothing is made for all users that none of them has installed.
            (None, None) => configuration.parent().unwrap_or(Path::new("")).to_owned(),
        };
        let install = std::path::absolute(&install).map_err(|error| failure(&error))?;
        let (certificates, state) = (install.join("cert"), folders.state.clone());
        Ok(Client { configuration, file, certificates, state, notes: Vec::new() })
    }

    /// Changes the configuration file.
    fn change(
        &mut self,
        change: impl FnOnce(&mut Chrystoki) -> Result<(), crate::chrystoki::Malformed>,
    ) -> Result<(), Failure> {
        let mut new = self.file.clone();
        change(&mut new).map_err(|error| {
            Failure::command(format!("{}: {error}.", self.configuration.display()))
        })?;
        let folder = self.configuration.parent().unwrap_or(Path::new(""));
        std::fs::create_dir_all(folder).map_err(|error| at(folder, &error))?;
        new.write_with_backup(&self.file, &self.configuration).map_err(|error| failure(&error))?;
        self.file = new;
        Ok(())
    }

    fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }
}

/// A failure of a file on this machine.
fn failure(error: &io::Error) -> Failure {
    let failure = Failure::command(format!("{error}."));
    match error.kind() {
        io::ErrorKind::PermissionDenied => failure.hint(
            "name files and folders of your own with --config and --install-dir, or run this as root",
        ),
        _ => failure,
    }
}

/// The same with the file's name.
fn at(path: &Path, error: &io::Error) -> Failure {
    failure(&io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

/// An error in the words of the product.
fn product(text: &str) -> Failure {
    Failure { verbatim: true, ..Failure::command(text) }
}

/// Runs the program with what was typed behind its name.
pub fn run(typed: &[String], folders: Result<Folders, Failure>, device: Box<dyn Device>) -> Status {
    let lent = Lent::new(device);
    let status = run_on(typed, folders, &lent);
    lent.with(|device| finish(NAME, device, status))
}

fn run_on(typed: &[String], folders: Result<Folders, Failure>, lent: &Lent) -> Status {
    let device: &mut dyn Device = &mut lent.clone();
    let words = [NAME.to_owned()].into_iter();
    let program = words::read(typed).and_then(|typed| {
        Program::try_parse_from(words.chain(typed)).map_err(|error| {
            let text = error.render().to_string();
            let kind = match error.use_stderr() {
                true => Kind::NotUnderstood,
                // Help and version are what was asked for.
                false => Kind::Command,
            };
            Failure { verbatim: !error.use_stderr(), ..Failure::new(kind, text.trim_end()) }
        })
    });
    let program = match program {
        Ok(program) => program,
        Err(help) if help.verbatim => {
            device.print(&format!("{}\n", help.message));
            return Status::Success;
        }
        Err(failure) => {
            let message = failure.message.trim_start_matches("error: ");
            device.report(&format!("{NAME}: {message}"));
            return failure.status();
        }
    };
    if let Some(what) = program.generate {
        device.print(&generate(what, &mut Program::command()));
        return Status::Success;
    }
    let luna = program.output == Format::Luna;
    if luna {
        device.print(&format!("{BANNER}\n\n"));
    }
    let done = folders.and_then(|folders| {
        let mut client = Client::of(&program, &folders)?;
        let done = act(program.command.as_ref(), &mut client, lent);
        client.notes.iter().for_each(|note| device.note(&format!("note: {note}")));
        done
    });
    match done {
        Err(failure) if failure.verbatim && luna => {
            device.print(&format!("{}\n", failure.message));
            for hint in &failure.hints {
                device.report(&format!("hint: {hint}"));
            }
            failure.status()
        }
        done => write_result(NAME, device, program.output, done),
    }
}

fn act(
    command: Option<&Command>,
    client: &mut Client,
    lent: &Lent,
) -> Result<Box<dyn View>, Failure> {
    fn view(view: impl View + 'static) -> Box<dyn View> {
        Box::new(view)
    }
    Ok(match command {
        Some(Command::CreateCert(new)) => view(certificates::create(new, client)?),
        Some(Command::AddServer(new)) => view(servers::add(new, client)?),
        Some(Command::DeleteServer(old)) => view(servers::delete(old, client)?),
        Some(Command::ReplaceServer(change)) => view(servers::replace(change, client)?),
        Some(Command::ListServers) => view(servers::list(client)?),
        Some(Command::Verify) => view(slots::verify(client)?),
        Some(Command::ListSlots) => view(slots::list(client)?),
        Some(Command::Fingerprint(file)) => view(examine::fingerprint(file, client)?),
        Some(Command::ExamineCert(file)) => view(examine::examine(file, client)?),
        Some(Command::HaAdmin(asked)) => ha::administer(asked, client, lent)?,
        Some(Command::SupportInfo) => view(support::write(client)?),
        Some(Command::Version) => view(Version { version: env!("CARGO_PKG_VERSION") }),
        None => view(Help { help: Program::command().render_help().to_string() }),
    })
}

/// The version, which the banner has told as that of the product.
#[derive(Serialize)]
struct Version {
    version: &'static str,
}

impl Text for Version {
    fn write(&self, _: &mut Page) {}
}

/// The help, where no command was typed.
#[derive(Serialize)]
struct Help {
    help: String,
}

impl Text for Help {
    fn write(&self, page: &mut Page) {
        page.line(self.help.trim_end());
    }
}
