//! `partition showinfo`: all that the client knows of the partition and of the session with it.

use luna_rest::{ErrorId, hsm, keyrings, partitions};

use super::contents::Storage;
use crate::prelude::*;

pub(in crate::commands) const COMMANDS: &[Command] = &[Command {
    syntax: "partition|par showinfo|si",
    help: "Show the partition, its session and its storage",
    options: &[],
    roles: Role::MONITOR,
    rest: &[
        partitions::SHOW.resource(),
        partitions::ROLE.resource(),
        partitions::SMK.resource(),
        partitions::POLICY.resource(),
        hsm::SHOW.resource(),
        keyrings::SLOT.resource(),
        keyrings::ROLE.resource(),
    ],
    known: Known::Seen("lunacm-partition-showinfo-network-7"),
    run: call::<ShowInfo>(),
}];

/// The policy that lets a partition use algorithms which FIPS 140 does not approve.
const NON_FIPS: &str = "43";

#[derive(Deserialize)]
struct ShowInfo {}

/// A partition, the session with it, and its storage.
#[derive(Serialize)]
struct Information {
    label: String,
    manufacturer: &'static str,
    model: String,
    serial: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hsm_part_number: Option<String>,
    flags: Vec<&'static str>,
    rpv_initialized: &'static str,
    slot: usize,
    session_state: &'static str,
    role: Option<PartitionRole>,
    #[serde(skip_serializing_if = "Option::is_none")]
    smk: Option<MasterKeys>,
    extended_flags: Vec<&'static str>,
    #[serde(skip_serializing_if = "String::is_empty")]
    ouid: String,
    storage: Storage,
    #[serde(skip_serializing_if = "Option::is_none")]
    fips: Option<bool>,
}

/// The SKS master keys that a partition of version 1 can have: identifiers, or their states where the
/// appliance tells no more. Those of older firmware come with a migration, which REST does not tell.
#[derive(Serialize)]
struct MasterKeys {
    fw4: &'static str,
    fw6: &'static str,
    fw7_fm: &'static str,
    fw7_rollover: String,
    fw7_primary: String,
}

/// What a place without a key says.
pub(in crate::commands) const NO_KEY: &str = "Not Initialized";

impl Run<Session> for ShowInfo {
    type View = Information;

    fn run(self, session: &mut Session) -> Result<Information, Failure> {
        session.application_slot(None)?;
        let backend = session.backend()?;
        let shown = backend.show()?;
        let officer = backend.role(PartitionRole::Co.id())?;
        let initialized = shown.initialized;
        let mut flags = vec!["CKF_LOGIN_REQUIRED"];
        if officer.initialized {
            flags.push("CKF_USER_PIN_INITIALIZED");
        }
        flags.push("CKF_RESTORE_KEY_NOT_NEEDED");
        if initialized {
            flags.push("CKF_TOKEN_INITIALIZED");
        }
        // A keyring is on no one HSM.
        let (part, fips) = match session.slot()?.is_keyring() {
            true => (None, None),
            false => {
                let (part, fips) = of_hsm(session)?;
                (Some(part), Some(fips))
            }
        };
        let slot = session.slot()?;
        Ok(Information {
            label: shown.label,
            manufacturer: "Safenet, Inc.",
            model: slot.model.clone(),
            serial: slot.serial.clone(),
            status: if initialized { "L3 Device" } else { "L3 Device, Zeroized" },
            hsm_part_number: part,
            flags,
            rpv_initialized: "Not Supported",
            slot: slot.slot,
            session_state: match slot.role {
                None => "CKS_RW_PUBLIC_SESSION",
                Some(PartitionRole::Po) => "CKS_RW_SO_FUNCTIONS",
                Some(_) => "CKS_RW_USER_FUNCTIONS",
            },
            role: slot.role,
            smk: if shown.version == Some(1) { Some(master_keys(session)?) } else { None },
            extended_flags: if initialized { vec!["TOKEN_KCV_CREATED"] } else { Vec::new() },
            ouid: shown.ouid,
            storage: Storage {
                space: shown.space,
                objects: shown.objects,
                overhead: shown.overhead,
            },
            fips,
        })
    }
}

/// The HSM's part number, and whether the partition uses approved algorithms only.
fn of_hsm(session: &Session) -> Result<(String, bool), Failure> {
    let [hsm, partition] = session.partition(None)?;
    let shown = session.client().get(&hsm::SHOW, &[&hsm])?;
    let policy = session.client().get(&partitions::POLICY, &[&hsm, &partition, NON_FIPS]);
    let non_fips = match policy {
        Ok(policy) => policy.value,
        // Firmware before 7.7 has the HSM's policy only.
        Err(error) if error.id() == Some(ErrorId::HSMPLUGIN_INVALID_POLICY) => 1,
        Err(error) => return Err(error.into()),
    };
    Ok((shown.part_number, shown.fips_mode || non_fips == 0))
}

fn master_keys(session: &Session) -> Result<MasterKeys, Failure> {
    let [hsm, partition] = session.partition(None)?;
    let key = |id: &str| -> Result<String, Failure> {
        let key = session.client().get(&partitions::SMK, &[&hsm, &partition, id])?;
        Ok(if key.ouid.is_empty() { key.state } else { key.ouid })
    };
    Ok(MasterKeys {
        fw4: NO_KEY,
        fw6: NO_KEY,
        fw7_fm: NO_KEY,
        fw7_rollover: key("smk-fw7-rollover")?,
        fw7_primary: key("smk-fw7-primary")?,
    })
}

impl Text for Information {
    fn write(&self, page: &mut Page) {
        let mut line = |label: &str, value: &str| {
            page.line(format!("        {label} -> {value}").trim_end());
        };
        line("Partition Label", &self.label);
        line("Partition Manufacturer", self.manufacturer);
        line("Partition Model", &self.model);
        line("Partition Serial Number", &self.serial);
        line("Partition Status", self.status);
        if let Some(part) = &self.hsm_part_number {
            line("HSM Part Number", part);
        }
        line("Token Flags", "");
        flags(page, &self.flags);
        let mut line = |label: &str, value: &str| page.line(format!("        {label} -> {value}"));
        line("RPV Initialized", self.rpv_initialized);
        line("Slot Id", &self.slot.to_string());
        line("Session State", self.session_state);
        let role = self.role.map_or("none logged in".into(), |role| format!("{role} logged in"));
        line("Role Status", &role);
        if let Some(keys) = &self.smk {
            page.blank();
            page.line("        Partition SMK OUIDs:");
            let mut line = |place: &str, key: &str| page.line(format!("        {place}: {key}"));
            line("SMK-FW4", keys.fw4);
            line("SMK-FW6", keys.fw6);
            line("SMK-FW7-FM", keys.fw7_fm);
            line("SMK-FW7-Rollover", &keys.fw7_rollover);
            line("SMK-FW7-Primary", &keys.fw7_primary);
            page.blank();
        }
        page.line("        Token Flags ->");
        flags(page, &self.extended_flags);
        if !self.ouid.is_empty() {
            page.line(format!("        Partition OUID: {}", self.ouid));
        }
        page.blank();
        self.storage.write(page);
        if let Some(fips) = self.fips {
            page.blank();
            let not = if fips { "" } else { "NOT " };
            page.line(format!(
                "        *** The partition is {not}in FIPS 140-2 approved operation mode. ***"
            ));
        }
    }
}

pub(in crate::commands) fn flags(page: &mut Page, flags: &[&str]) {
    for flag in flags {
        page.line(format!("                {flag}"));
    }
}
