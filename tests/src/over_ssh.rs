//! The same scripts a second time, each LunaSH session over the system's ssh and the SSH server of the
//! appliance.

use std::path::Path;

use anyhow::{Context, Result};
use luna_rest::Client;
use luna_rest::users::{ACT, UserAction};
use luna_shell::transcript::{Arguments, Asked, ScriptedTerminal, Stage};
use luna_shell::{Connection, Failure, Named, Options, Profile, Secrets, Status, Via, Watch};
use lunash::Wire;
use lunash::tools::rehearsal::{ADMIN, run};

use crate::{TestAppliance, play_on};

/// The password of admin in these sessions.
const PASSWORD: &str = "Over-Ssh-Passw0rd";

/// As [`crate::play`], with the LunaSH sessions over SSH.
///
/// # Errors
/// As there; or ssh is not there.
pub fn play_over_ssh(script: &str) -> Result<String> {
    provide_shell()?;
    play_on(&mut OverSsh(TestAppliance::with_ssh()?), script)
}

/// The appliances, their LunaSH over SSH.
struct OverSsh(TestAppliance);

impl Stage for OverSsh {
    fn is_program(&self, word: &str) -> bool {
        self.0.is_program(word)
    }

    fn run(&mut self, asked: Asked<'_>) -> Result<(ScriptedTerminal, Status), Failure> {
        if asked.program != "lunash" {
            return self.0.run(asked);
        }
        let Arguments { options, pipe, .. } = Arguments::read(asked.arguments.split_whitespace())?;
        let terminal = ScriptedTerminal::new(asked.typed.clone(), !pipe);
        let status = self.lunash(&terminal, options, asked.given().collect());
        let status = status.map_err(|error| Failure::command(format!("{error:#}")))?;
        Ok((terminal, status))
    }

    fn happen(&mut self, word: &str, rest: &str) -> Result<bool, Failure> {
        self.0.happen(word, rest)
    }

    fn typed(&mut self, line: &str) -> Result<String, Failure> {
        self.0.typed(line)
    }

    fn shown(&self, screen: &str) -> String {
        self.0.shown(screen)
    }
}

/// The SSH server starts the `lunash` beside it, which for a test is one folder above.
fn provide_shell() -> Result<()> {
    let here = std::env::current_exe()?;
    let folder = here.parent().context("this program has no folder")?;
    match std::os::unix::fs::symlink(Path::new("../lunash"), folder.join("lunash")) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error.into()),
        _ => Ok(()),
    }
}

impl OverSsh {
    /// The password that admin has; that of the factory is changed first. A third one that is wrong would lock.
    fn admin_password(&self) -> Result<&'static str> {
        for password in [PASSWORD, ADMIN] {
            let mut client = Client::connect(self.0.target()?)?;
            if client.login("admin", &password.into()).is_ok() {
                client.logout();
                return Ok(password);
            }
        }
        let (password, current_password) = (Some(PASSWORD.into()), Some("PASSWORD".into()));
        let body = UserAction { password, current_password };
        self.0.client()?.call(&ACT, &["admin", "changePassword"], &body)?;
        Ok(PASSWORD)
    }

    /// Runs a LunaSH session over SSH to its end.
    fn lunash(
        &self,
        terminal: &ScriptedTerminal,
        options: Options,
        mut secrets: Vec<(&str, &str)>,
    ) -> Result<Status> {
        let address = self.0.running()?.ssh_address().context("there is no SSH")?;
        let named = Named {
            host: address.ip().to_string(),
            port: Some(address.port()),
            user: options.user.clone().unwrap_or("admin".to_owned()),
            profile: Profile::default(),
        };
        let known = self.0.folder().join("known_hosts");
        let settings = [
            format!("UserKnownHostsFile={}", known.display()),
            "GlobalKnownHostsFile=/dev/null".to_owned(),
            "StrictHostKeyChecking=accept-new".to_owned(),
            "PubkeyAuthentication=no".to_owned(),
            "LogLevel=ERROR".to_owned(),
        ];
        let wire = Wire::new(&named, Via::Ssh, None, &settings);
        if options.user.is_none() {
            secrets.push(("PASSWORD", self.admin_password()?));
        }
        let watch = Watch::new(false, options.timeout.get());
        let connection = Connection::absent(&named, watch);
        let device = Box::new(terminal.clone());
        let secrets = Secrets::only(secrets);
        let opened = self.0.open_lunash_over((connection, Some(wire)), device, &options, secrets);
        Ok(run(opened, lunash::catalogue(), options)?)
    }
}
