//! The Backup HSMs at this machine: emulated ones, a data folder each. The administrative partition of
//! each is a slot; its backups are read and made through `partition archive`.

use std::path::Path;
use std::sync::Arc;

use luna_appliance::Own;
use luna_rest::{Client, Nothing, emulator, hsm};
use luna_shell::{Connection, Failure, Kind, LocalAppliance, Watch};

use crate::slot::{Behind, Slot};

/// What LunaCM calls the partition that administers a Backup HSM. Assumed after the one of a PCIe HSM.
const CONFIGURATION: &str = "Luna HSM Admin Partition (PW) Backup Device";

/// Finds the Backup HSM of a folder, or starts it; a new folder is a new Backup HSM.
///
/// # Errors
/// The folder cannot be used.
pub fn find(folder: &Path) -> Result<LocalAppliance, Failure> {
    let own = Own::open(folder).map_err(LocalAppliance::unusable)?;
    Ok(LocalAppliance {
        notice: format!("note: the Backup HSM in {} is emulated", folder.display()),
        target: own.target.clone(),
        key: own.key.clone(),
        keep: Some(Box::new(own)),
    })
}

/// A Backup HSM at this machine.
pub(crate) struct BackupHsm {
    connection: Connection,
    /// Its serial number, which is that of its administrative partition, too.
    pub(crate) serial: String,
}

impl BackupHsm {
    /// Opens a session with it.
    ///
    /// # Errors
    /// It does not answer, or its folder is that of an appliance that is in use.
    pub(crate) fn open(local: LocalAppliance, watch: &Arc<Watch>) -> Result<BackupHsm, Failure> {
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
        Ok(BackupHsm { connection, serial })
    }

    /// The session with it.
    pub(crate) fn client(&self) -> &Arc<Client> {
        &self.connection.client
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
