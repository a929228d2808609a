//! The same scripts a second time, each LunaSH session over the system's ssh and the SSH server of the
//! appliance.

use std::path::Path;
use std::rc::Rc;

use anyhow::{Context, Result};
use luna_rest::Client;
use luna_rest::users::{ACT, UserAction};
use luna_shell::{Connection, Named, Options, Profile, Secrets, Status, Via, Watch};
use lunash::Wire;

use crate::cluster::ADMIN;
use crate::network::Network;
use crate::test_appliance::{TestAppliance, keeping_state, run};
use crate::transcript::play_on;
use luna_shell::transcript::ScriptedTerminal;

/// The password of admin in these sessions.
const PASSWORD: &str = "Over-Ssh-Passw0rd";

/// As [`crate::play`], with the LunaSH sessions over SSH.
///
/// # Errors
/// As there; or ssh is not there.
pub fn play_over_ssh(script: &str) -> Result<String> {
    provide_shell()?;
    let network = Rc::new(Network::claim().context("all networks are taken")?);
    let mut appliance = TestAppliance::on(network, 1, true)?;
    play_on(&mut appliance, script)
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

impl TestAppliance {
    /// The password that admin has; that of the factory is changed first. A third one that is wrong would lock.
    fn admin_password(&self) -> Result<&'static str> {
        for password in [PASSWORD, ADMIN] {
            let mut client = Client::connect(self.target()?)?;
            if client.login("admin", &password.into()).is_ok() {
                client.logout();
                return Ok(password);
            }
        }
        let (password, current_password) = (Some(PASSWORD.into()), Some("PASSWORD".into()));
        let body = UserAction { password, current_password };
        self.client()?.call(&ACT, &["admin", "changePassword"], &body)?;
        Ok(PASSWORD)
    }

    /// Runs a LunaSH session over SSH to its end.
    ///
    /// # Errors
    /// It cannot be opened.
    pub(crate) fn lunash_over_ssh(
        &self,
        terminal: &ScriptedTerminal,
        options: Options,
        given: &[(&str, &str)],
    ) -> Result<Status> {
        let address = self.running()?.ssh_address().context("there is no SSH")?;
        let named = Named {
            host: address.ip().to_string(),
            port: Some(address.port()),
            user: options.user.clone().unwrap_or("admin".to_owned()),
            profile: Profile::default(),
        };
        let known = self.folder().join("known_hosts");
        let settings = [
            format!("UserKnownHostsFile={}", known.display()),
            "GlobalKnownHostsFile=/dev/null".to_owned(),
            "StrictHostKeyChecking=accept-new".to_owned(),
            "PubkeyAuthentication=no".to_owned(),
            "LogLevel=ERROR".to_owned(),
        ];
        let wire = Wire::new(&named, Via::Ssh, None, &settings);
        let mut secrets = given.to_vec();
        if options.user.is_none() {
            secrets.push(("PASSWORD", self.admin_password()?));
        }
        let watch = Watch::new(false, options.timeout.get());
        let connection = Connection::absent(&named, watch);
        let device = Box::new(terminal.clone());
        let secrets = Secrets::only(secrets);
        let opened = lunash::Session::open_over(connection, Some(wire), device, secrets, &options);
        let opened = opened.map(|session| keeping_state(session, self.folder()));
        run(opened, lunash::catalogue(), options)
    }
}
