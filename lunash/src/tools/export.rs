//! `lunash export`: writes a runbook of an appliance as it is. Applied there, it changes nothing.

use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use luna_rest::network;
use luna_runbook::SecretSource;
use luna_runbook::export::{Exported, export};
use luna_runbook::file::{Form, Runbook};
use luna_runbook::state::{Appliance, Parts};
use luna_shell::{
    Device, Failure, Named, Page, Secrets, Status, Text, View, finish, replace_file, write_result,
};
use secrecy::ExposeSecret;
use serde::Serialize;

use super::{Surroundings, screens};
use crate::start::own;

/// Its arguments.
#[derive(Args, Debug)]
pub struct Export {
    /// Where it is written, and certificates of clients beside it, as TOML or JSON by its name; without it TOML
    /// is shown
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    runbook: Option<PathBuf>,
}

/// A runbook of an appliance.
#[derive(Serialize)]
struct Written {
    /// The files that were written.
    files: Vec<PathBuf>,
    /// What stands in it.
    runbook: Runbook,
    #[serde(skip)]
    shown: bool,
}

impl Text for Written {
    fn write(&self, page: &mut Page) {
        if self.shown {
            self.runbook.text(Form::Toml).lines().for_each(|line| page.line(line));
        }
        for file in &self.files {
            page.line(format!("{} was written", file.display()));
        }
    }
}

impl Export {
    pub(super) fn run(self, mut device: Box<dyn Device>, surroundings: Surroundings) -> Status {
        let output = surroundings.options.output;
        let written = self.write(&mut *device, surroundings);
        let view = written.map(|written| Box::new(written) as Box<dyn View>);
        let status = write_result("lunash", &mut *device, output, view);
        finish("lunash", &mut *device, status)
    }

    fn write(
        self,
        device: &mut dyn Device,
        surroundings: Surroundings,
    ) -> Result<Written, Failure> {
        let form = self.runbook.as_deref().map(Form::of).transpose()?;
        let Surroundings { options, folders, wire } = surroundings;
        let folders = folders?;
        let named = Named::find(&options, &folders)?;
        let mut secrets = Secrets::from_environment();
        let mut folder = None;
        let local = |of: &Path| {
            folder = Some(of.to_owned());
            own(of)
        };
        let (connection, ssh) = wire.connect(&options, &folders, device, &mut secrets, local)?;
        let (name, state) = match connection.client.is_absent() {
            true => {
                let password = secrets.find("PASSWORD")?;
                let password = password.as_ref().map(|known| ("PASSWORD", known.expose_secret()));
                screens::read((connection, ssh), &options, || password, Parts::ALL)?
            }
            false => {
                let client = &connection.client;
                let state = Appliance::read(client, Parts::ALL)?;
                (client.get(&network::SHOW, &[])?.hostname, state)
            }
        };
        let Exported { mut appliance, cluster, certificates, notes } = export(&name, &state);
        for note in notes {
            device.note(&format!("note: {note}"));
        }
        match named {
            Some(Named { host, port, user, profile }) => {
                let six = host.contains(':');
                let host = if six { format!("[{host}]") } else { host };
                let port = port.map_or_else(String::new, |port| format!(":{port}"));
                appliance.address = Some(host + &port);
                appliance.user = Some(user).filter(|user| user != "admin");
                appliance.password = Some(SecretSource::Environment("LUNA_PASSWORD".to_owned()));
                let given = options.fingerprint.clone().or(profile.fingerprint);
                appliance.fingerprint = given;
                appliance.ca = options.ca.clone().or(profile.ca);
            }
            None => appliance.data = folder,
        }
        let mut files = Vec::new();
        let shown = self.runbook.is_none();
        if shown {
            // There is no folder in which they could lie.
            appliance.clients.values_mut().for_each(|client| client.certificate = None);
        }
        let mut runbook = Runbook { cluster, ..Runbook::default() };
        runbook.appliances.insert(name, appliance);
        if let (Some(file), Some(form)) = (self.runbook, form) {
            let beside = file.parent().unwrap_or(Path::new("")).to_owned();
            let pems = certificates.iter().map(|(name, pem)| (beside.join(name), pem.clone()));
            for (path, text) in pems.chain([(file.clone(), runbook.text(form))]) {
                replace_file(&path, text.as_bytes()).map_err(|error| {
                    Failure::command(format!("cannot write {}: {error}.", path.display()))
                })?;
                files.push(path);
            }
        }
        Ok(Written { files, runbook, shown })
    }
}
