//! Backup HSMs in the hands of a person: plugged in, pulled out, carried to another appliance.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, bail};
use luna_appliance::{Appliance, Own};
use luna_rest::tokens::{self, BackupHsm};
use luna_rest::{Client, Nothing};

/// The appliance of a folder, which must be there, and a session with it.
fn appliance(data: &Path) -> anyhow::Result<(Own, Client)> {
    if Appliance::local_key(data).is_err() {
        bail!("there is no appliance in {}; --data names its folder", data.display());
    }
    let own = Own::open(data)?;
    let mut client = Client::connect(own.target.clone())?;
    client.login_locally(own.key.expose())?;
    Ok((own, client))
}

pub(crate) fn attach(
    data: &Path,
    serial: Option<String>,
    file: Option<&Path>,
) -> anyhow::Result<()> {
    let device = match file {
        Some(path) => {
            let text =
                std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
            let device: BackupHsm = serde_json::from_slice(&text)
                .ok()
                .filter(|device: &BackupHsm| !device.contents.is_null())
                .with_context(|| format!("{} holds no Backup HSM", path.display()))?;
            device
        }
        None => BackupHsm { serial: serial.unwrap_or_default(), ..BackupHsm::default() },
    };
    let (_own, client) = appliance(data)?;
    let made = client.send(&tokens::ATTACH, &[], &device)?.location.unwrap_or_default();
    let serial = made.rsplit('/').next().unwrap_or_default();
    writeln!(std::io::stdout(), "serial: {serial}").context("cannot write to standard output")
}

pub(crate) fn detach(data: &Path, serial: Option<String>, out: &Path) -> anyhow::Result<()> {
    let (_own, client) = appliance(data)?;
    let serial = match serial {
        Some(serial) => serial,
        None => {
            let attached = client.get(&tokens::ATTACHED, &[])?.backup_hsms;
            match attached.as_slice() {
                [only] => only.id.clone(),
                [] => bail!("no Backup HSM is attached"),
                several => {
                    let serials: Vec<&str> = several.iter().map(|link| link.id.as_str()).collect();
                    bail!("several are attached; --serial names one of {}", serials.join(", "));
                }
            }
        }
    };
    // It leaves the appliance when the file is safe: whatever fails, nothing is lost.
    let device = client.get(&tokens::CONTENTS, &[&serial])?;
    let unwritten = || format!("cannot write {}", out.display());
    let mut new = OpenOptions::new();
    let mut file =
        new.write(true).create_new(true).mode(0o600).open(out).with_context(unwritten)?;
    let text = serde_json::to_vec(&device)?;
    if let Err(error) = file.write_all(&text).and_then(|()| file.sync_all()) {
        // A part of it would only stand in the way of the next try.
        let _ = std::fs::remove_file(out);
        return Err(error).with_context(unwritten);
    }
    client.call(&tokens::DETACH, &[&serial], &Nothing {})?;
    writeln!(std::io::stdout(), "serial: {serial}").context("cannot write to standard output")
}
