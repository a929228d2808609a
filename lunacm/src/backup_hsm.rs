//! The Backup HSMs at this machine: emulated ones, a data folder each. The administrative partition of
//! each is a slot; its backups are read and made through `partition archive`, and `remotebackup` serves it to another
//! machine, which has a file in place of the folder.

use std::path::Path;
use std::sync::Arc;

use luna_rest::partitions::Partition;
use luna_rest::{Client, Nothing, Secret, Target, Trust, emulator, hsm, partitions};
use luna_shell::{Connection, Failure, Kind, LocalAppliance, Watch};
use serde::{Deserialize, Serialize};

use crate::slot::{Behind, Slot};
use crate::start::own;

/// What LunaCM calls the partition that administers a Backup HSM. Assumed after the one of a PCIe HSM.
const CONFIGURATION: &str = "Luna HSM Admin Partition (PW) Backup Device";

/// Where a Backup HSM is, and what opens a session with it: what `remotebackup start` gives to another
/// machine.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Remote {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Of its certificate.
    pub(crate) fingerprint: String,
    pub(crate) key: Secret,
}

impl Remote {
    /// As the file for the other machine.
    pub(crate) fn to_file(&self) -> Vec<u8> {
        let mut text = serde_json::to_vec_pretty(self).unwrap_or_default();
        text.push(b'\n');
        text
    }

    fn read(file: &Path) -> Result<LocalAppliance, Failure> {
        let unusable = |why: String| {
            let text = format!("cannot use {}: {why}.", file.display());
            Failure::new(Kind::NotUnderstood, text).hint(
                "'remotebackup start' of lunacm makes such a file on the machine with the Backup HSM",
            )
        };
        let text = std::fs::read(file).map_err(|error| unusable(error.to_string()))?;
        // Nothing of the file is repeated: it has a key in it.
        let remote: Remote = serde_json::from_slice(&text)
            .map_err(|error| unusable(format!("line {} is not understood", error.line())))?;
        let fingerprint =
            remote.fingerprint.parse().map_err(|_| unusable("its fingerprint is none".into()))?;
        let Remote { host, port, key, .. } = remote;
        Ok(LocalAppliance {
            notice: format!("note: the Backup HSM at {host}:{port} is emulated"),
            target: Target { host, port, trust: Trust::Pinned(fingerprint), limit: None },
            key,
            keep: None,
        })
    }
}

/// Finds the Backup HSM of a folder, or starts it; a new folder is a new Backup HSM. A file leads to one at
/// another machine.
///
/// # Errors
/// The folder or the file cannot be used.
pub fn find(folder: &Path) -> Result<LocalAppliance, Failure> {
    if folder.is_file() {
        return Remote::read(folder);
    }
    let notice = format!("note: the Backup HSM in {} is emulated", folder.display());
    Ok(LocalAppliance { notice, ..own(folder)? })
}

/// A Backup HSM at this machine.
pub(crate) struct BackupHsm {
    connection: Connection,
    remote: Remote,
    /// Its serial number, which is that of its administrative partition, too.
    pub(crate) serial: String,
}

impl BackupHsm {
    /// Opens a session with it.
    ///
    /// # Errors
    /// It does not answer, or its folder is that of an appliance that is in use.
    pub(crate) fn open(local: LocalAppliance, watch: &Arc<Watch>) -> Result<BackupHsm, Failure> {
        let Trust::Pinned(fingerprint) = local.target.trust else {
            return Err(Failure::command("The Backup HSM has no certificate of its own."));
        };
        let remote = Remote {
            host: local.target.host.clone(),
            port: local.target.port,
            fingerprint: fingerprint.to_string(),
            key: local.key.clone(),
        };
        let connection = Connection::local_under(local, Arc::clone(watch))?;
        let client = &connection.client;
        let serial = client.get(&hsm::LIST, &[])?.hsms.into_iter().next();
        let serial = serial.ok_or_else(|| Failure::command("The Backup HSM is not there."))?.id;
        if client.get(&hsm::SHOW, &[&serial])?.model != hsm::BACKUP_MODEL {
            client.call(&emulator::BECOME_BACKUP_HSM, &[], &Nothing {}).map_err(
                |error| match error.id() {
                    Some(luna_rest::ErrorId::EMULATOR_HSM_IN_USE) => Failure::new(
                        Kind::Unreachable,
                        format!("HSM {serial} is that of an appliance, not a Backup HSM."),
                    )
                    .hint("name a folder of its own with --backup-hsm"),
                    _ => error.into(),
                },
            )?;
        }
        Ok(BackupHsm { connection, remote, serial })
    }

    /// Where it is, and what opens a session with it.
    pub(crate) fn remote(&self) -> &Remote {
        &self.remote
    }

    /// The session with it.
    pub(crate) fn client(&self) -> &Arc<Client> {
        &self.connection.client
    }

    /// The account that its session is one of.
    pub(crate) fn account(&self) -> &str {
        &self.connection.user
    }

    /// Its administrative partition as a slot; `device` is its place among those of this machine.
    ///
    /// # Errors
    /// It does not answer.
    pub(crate) fn slot(&self, number: usize, device: usize) -> Result<Slot, Failure> {
        let shown = self.client().get(&hsm::SHOW, &[&self.serial])?;
        Ok(Slot {
            slot: number,
            label: shown.label.clone(),
            serial: self.serial.clone(),
            model: shown.model.clone(),
            firmware: shown.firmware.clone(),
            configuration: CONFIGURATION.to_owned(),
            behind: Behind::Administrative { device, status: status(&shown) },
            role: None,
            name: String::new(),
        })
    }
}

/// All partitions of an HSM.
///
/// # Errors
/// It does not answer.
pub(crate) fn partitions_of(client: &Client, hsm: &str) -> Result<Vec<Partition>, Failure> {
    let listed = client.get(&partitions::LIST, &[hsm])?.partitions;
    let show = |id: &str| Ok(client.get(&partitions::SHOW, &[hsm, id])?);
    listed.iter().map(|entry| show(&entry.id)).collect()
}

/// The state of an HSM, in the vendor's words.
pub(crate) fn status(shown: &hsm::Hsm) -> String {
    let mut status = "L3 Device".to_owned();
    for (is_so, word) in [
        (shown.secure_transport_mode, "Transport Mode"),
        (shown.zeroized, "Zeroized"),
        (shown.tampered, "Hardware Tamper"),
    ] {
        if is_so {
            status.push_str(", ");
            status.push_str(word);
        }
    }
    status
}
