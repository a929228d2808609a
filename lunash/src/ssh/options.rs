//! The arguments of `lunash` that choose the way to the appliance, and open it.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use luna_shell::{
    Connection, Device, Failure, Folders, LocalAppliance, Named, Options, Secrets, Via, Watch,
    connect,
};

use super::Wire;

/// Arguments of `lunash` alone.
#[derive(Args, Clone, Debug, Default)]
pub struct WireOptions {
    /// The way to the appliance: its REST API, its own shell over ssh, or what each command needs
    ///
    /// Over ssh the lines are read here first, as over REST, and then sent to the appliance's own
    /// shell in full spelling by the ssh program of this machine: its configuration, known hosts,
    /// keys, agent and jump hosts hold. The text is the appliance's. Its questions are answered from
    /// the same places as over REST; LUNA_PASSWORD is the account's password there too.
    #[arg(long, env = "LUNA_VIA", value_enum, value_name = "WAY")]
    pub via: Option<Via>,

    /// The port of the appliance's SSH, where ssh's own configuration does not say it; with --via ssh
    /// that behind the host is taken too
    #[arg(long, env = "LUNA_SSH_PORT", value_name = "PORT")]
    pub ssh_port: Option<u16>,

    /// An option for ssh, as behind its -o (can be repeated)
    #[arg(long, value_name = "NAME=VALUE")]
    pub ssh_option: Vec<String>,

    /// Copy these files to the account's files on the appliance; no command is run
    #[arg(long, value_name = "FILE", num_args = 1.., value_hint = ValueHint::FilePath,
        conflicts_with_all = ["words", "command", "file"])]
    pub put: Vec<PathBuf>,

    /// Copy files of the account on the appliance to the working directory; no command is run
    #[arg(long, value_name = "NAME", num_args = 1.., conflicts_with_all = ["words", "command", "file"])]
    pub get: Vec<String>,
}

impl WireOptions {
    /// Opens the connection that the arguments and the configuration ask for, and the way over SSH
    /// where it may be taken; that is opened when it is needed.
    ///
    /// # Errors
    /// Not reached, not trusted, or the login was refused.
    pub fn connect(
        &self,
        options: &Options,
        folders: &Folders,
        device: &mut dyn Device,
        secrets: &mut Secrets,
        local: impl FnOnce(&std::path::Path) -> Result<LocalAppliance, Failure>,
    ) -> Result<(Connection, Option<Wire>), Failure> {
        let named = Named::find(options, folders)?;
        let of_profile = named.as_ref().and_then(|named| named.profile.via);
        let via = self.via.or(of_profile).unwrap_or_default();
        let named = match named {
            Some(named) if via != Via::Rest => named,
            None if via == Via::Ssh => {
                return Err(Failure::refused(
                    "An emulated appliance of your own is not reached over SSH.",
                )
                .hint("name an appliance with --host, LUNA_HOST, --profile or LUNA_PROFILE"));
            }
            _ => return Ok((connect(options, folders, device, secrets, local)?, None)),
        };
        let wire = Some(Wire::new(&named, via, self.ssh_port, &self.ssh_option));
        let answers = via == Via::Auto && named.answers(options, folders)?;
        if !answers {
            if via == Via::Auto {
                device.note("note: the web server does not answer: everything goes over SSH");
            }
            let watch = Watch::new(device.attended(), options.timeout.get());
            return Ok((Connection::absent(&named, watch), wire));
        }
        Ok((connect(options, folders, device, secrets, local)?, wire))
    }
}
