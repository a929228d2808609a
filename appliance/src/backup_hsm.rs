//! The commands that attach a Backup HSM to an appliance and detach it again.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use luna_appliance::{Appliance, Options, Own, Running};
use luna_rest::tokens::{self, BackupHsm};
use luna_rest::{Client, Nothing, Target};
use tempfile::NamedTempFile;

/// The appliance of a folder, which must be there, and a session with it.
pub(crate) fn appliance(data: &Path, limit: Duration) -> anyhow::Result<(Option<Running>, Client)> {
    if Appliance::local_key(data).is_err() {
        bail!("there is no appliance in {}; --data names its folder", data.display());
    }
    // Started for the moment where none runs, so that the folder is free again afterwards.
    let running = match Own::find(data) {
        Some(_) => None,
        None => Some(Appliance::start(Options::new(data))?),
    };
    let own = Own::find(data).context("the appliance has just ended; try again")?;
    let mut client = Client::connect(Target { limit: Some(limit), ..own.target })?;
    client.login_locally(own.key.expose())?;
    Ok((running, client))
}

pub(crate) fn attach(
    data: &Path,
    limit: Duration,
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
    let (_running, client) = appliance(data, limit)?;
    let made = client.send(&tokens::ATTACH, &[], &device)?.location.unwrap_or_default();
    let serial = made.rsplit('/').next().unwrap_or_default();
    writeln!(std::io::stdout(), "serial: {serial}").context("cannot write to standard output")
}

pub(crate) fn detach(
    data: &Path,
    limit: Duration,
    serial: Option<String>,
    out: &Path,
) -> anyhow::Result<()> {
    let (_running, client) = appliance(data, limit)?;
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
    // Detached only once the file is on the disk, so that no failure loses the Backup HSM.
    let device = client.get(&tokens::CONTENTS, &[&serial])?;
    write_new(out, &serde_json::to_vec(&device)?)
        .with_context(|| format!("cannot write {}", out.display()))?;
    client.call(&tokens::DETACH, &[&serial], &Nothing {})?;
    writeln!(std::io::stdout(), "serial: {serial}").context("cannot write to standard output")
}

/// Writes a file that only its owner can read, completely or not at all; an existing one is kept.
fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let folder = parent.unwrap_or(Path::new("."));
    let mut new = NamedTempFile::new_in(folder)?;
    new.write_all(content)?;
    new.as_file().sync_all()?;
    new.persist_noclobber(path)?;
    File::open(folder)?.sync_all()
}
