//! `hsm showinfo`: the HSM and its administrative partition at a glance.

use luna_rest::hsm;

use crate::commands::administrative::{date, seconds_between, state};
use crate::commands::partition::contents::Storage;
use crate::commands::partition::information::{NO_KEY, flags};
use crate::prelude::*;
use crate::slot::Behind;
use crate::slot_backend::Space;

pub(in crate::commands) const COMMANDS: &[Command] = &[Command {
    syntax: "hsm showinfo",
    help: "Show the HSM, its administrative partition and its storage",
    options: &[],
    roles: Role::MONITOR,
    rest: &[
        hsm::SHOW.resource(),
        hsm::FIRMWARE.resource(),
        hsm::STORAGE.resource(),
        hsm::TIME.resource(),
        hsm::LICENSES.resource(),
    ],
    known: Known::Documented(
        "lunacm/commands/hsm/hsm_showinfo.htm, in a copy that lost its indents, which are those of \
         'partition showinfo'; lines about fans and bootloader are left out, which REST does not tell",
    ),
    run: call::<ShowInfo>(),
}];

/// Bytes of the administrative partition, and of them those that it takes itself, as the page has them;
/// an emulated HSM keeps nothing there.
const SIZE: u64 = 655_360;
const OVERHEAD: u64 = 16_192;

#[derive(Deserialize)]
struct ShowInfo {}

/// An HSM, its administrative partition, and the session with it.
#[derive(Serialize)]
struct Information {
    label: String,
    model: String,
    serial: String,
    status: String,
    hsm_part_number: String,
    flags: Vec<&'static str>,
    rpv_initialized: bool,
    slot: usize,
    session_state: &'static str,
    role: Option<PartitionRole>,
    extended_flags: Vec<&'static str>,
    ouid: String,
    storage: Storage,
    fips: bool,
    firmware: String,
    rollback_firmware: String,
    hsm_time: String,
    host_time: String,
    battery_voltage: f64,
    battery_warning_voltage: f64,
    temperature: i32,
    temperature_warning: i32,
    hsm_storage: Space,
    partitions_allowed: u32,
    partitions: u32,
    licenses: Vec<License>,
}

#[derive(Serialize)]
struct License {
    id: String,
    description: String,
}

impl Run<Session> for ShowInfo {
    type View = Information;

    fn run(self, session: &mut Session) -> Result<Information, Failure> {
        let shown = state(session)?;
        let (client, serial) = session.backup_hsm()?;
        let firmware = client.get(&hsm::FIRMWARE, &[serial])?;
        let storage = client.get(&hsm::STORAGE, &[serial])?;
        let time = client.get(&hsm::TIME, &[])?;
        let licenses = client.get(&hsm::LICENSES, &[serial])?.licenses;
        let slot = session.slot()?;
        let mut flags = vec!["CKF_RNG", "CKF_RESTORE_KEY_NOT_NEEDED"];
        let mut extended_flags = Vec::new();
        if !shown.zeroized {
            flags.push("CKF_TOKEN_INITIALIZED");
            extended_flags.push("TOKEN_KCV_CREATED");
        }
        Ok(Information {
            label: shown.label,
            model: shown.model,
            serial: serial.to_owned(),
            status: match &slot.behind {
                Behind::Administrative { status, .. } => status.clone(),
                _ => String::new(),
            },
            hsm_part_number: shown.part_number,
            flags,
            rpv_initialized: shown.rpv_initialized,
            slot: slot.slot,
            session_state: match slot.role {
                None => "CKS_RW_PUBLIC_SESSION",
                Some(PartitionRole::So) => "CKS_RW_SO_FUNCTIONS",
                Some(_) => "CKS_RW_USER_FUNCTIONS",
            },
            role: slot.role,
            extended_flags,
            ouid: ouid(serial),
            storage: Storage {
                space: Some(Space { total: SIZE, used: 0, free: SIZE }),
                objects: 0,
                overhead: Some(OVERHEAD),
            },
            fips: shown.fips_mode,
            firmware: firmware.version,
            rollback_firmware: firmware.rollback_version,
            hsm_time: time.hsm,
            host_time: time.appliance,
            battery_voltage: shown.environment.battery_voltage,
            battery_warning_voltage: shown.environment.battery_warning_voltage,
            temperature: shown.environment.temperature,
            temperature_warning: shown.environment.temperature_warning,
            hsm_storage: Space { total: storage.total, used: storage.used, free: storage.free },
            partitions_allowed: shown.partitions_allowed,
            partitions: shown.partitions_created,
            licenses: licenses
                .into_iter()
                .map(|one| License { id: one.id, description: one.description })
                .collect(),
        })
    }
}

/// The identifier of the administrative partition: zeros, and the HSM's serial number as it stands in those
/// of other partitions.
fn ouid(serial: &str) -> String {
    let bytes = serial.parse::<u32>().unwrap_or_default().to_le_bytes();
    let serial: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{serial:0>24}")
}

impl Text for Information {
    fn write(&self, page: &mut Page) {
        let line = |page: &mut Page, label: &str, value: &str| {
            page.line(format!("        {label} -> {value}").trim_end());
        };
        line(page, "Partition Label", &self.label);
        line(page, "Partition Manufacturer", "SafeNet");
        line(page, "Partition Model", &self.model);
        line(page, "Partition Serial Number", &self.serial);
        line(page, "Partition Status", &self.status);
        line(page, "HSM Part Number", &self.hsm_part_number);
        line(page, "HSM Serial Number", &self.serial);
        line(page, "Token Flags", "");
        flags(page, &self.flags);
        line(page, "RPV Initialized", if self.rpv_initialized { "Yes" } else { "No" });
        line(page, "Slot Id", &self.slot.to_string());
        line(page, "Session State", self.session_state);
        let role = self.role.map_or("none logged in".into(), |role| format!("{role} logged in"));
        line(page, "Role Status", &role);
        page.blank();
        page.line("        Partition SMK OUIDs:");
        for place in ["FW4", "FW6", "FW7-FM", "FW7-Rollover", "FW7-Primary"] {
            page.line(format!("        SMK-{place}: {NO_KEY}"));
        }
        page.blank();
        line(page, "Extended Token Flags", "");
        flags(page, &self.extended_flags);
        line(page, "Partition OUID", &self.ouid);
        page.blank();
        self.storage.write(page);
        page.blank();
        let not = if self.fips { "" } else { "NOT " };
        page.line(format!("        *** The HSM is {not}in FIPS approved operation mode. ***"));
        page.blank();
        // Assumed: a Backup HSM takes no functionality modules.
        line(page, "FM HW Status", "Non-FM");
        line(page, "Firmware Version", &self.firmware);
        let rollback = self.rollback_firmware.as_str();
        line(
            page,
            "Rollback Firmware Version",
            if rollback.is_empty() { "None" } else { rollback },
        );
        page.blank();
        self.surroundings(page);
    }
}

impl Information {
    /// The lines that no partition has.
    fn surroundings(&self, page: &mut Page) {
        let deep = |page: &mut Page, label: &str, value: &str| {
            page.line(format!("                {label} : {value}"));
        };
        page.line("        System Times:");
        deep(page, "HSM", &date(&self.hsm_time));
        deep(page, "Host", &date(&self.host_time));
        let apart = seconds_between(&self.hsm_time, &self.host_time);
        let apart = apart.map_or("Unknown".to_owned(), |seconds| format!("{seconds} sec"));
        page.line(format!("                Difference: {apart}"));
        page.blank();
        page.line("        Environmental:");
        deep(page, "Battery Voltage", &format!("{:.3} V", self.battery_voltage));
        let warning = format!("{:.3} V", self.battery_warning_voltage);
        deep(page, "Battery Warning Threshold Voltage", &warning);
        deep(page, "System Temp", &format!("{} deg. C", self.temperature));
        let warning = format!("{} deg. C", self.temperature_warning);
        deep(page, "System Temperature Warning Threshold", &warning);
        page.blank();
        page.line("        HSM Storage:");
        let mut line = |label: &str, value: u64| {
            page.field(&format!("                {label}:"), 38, value);
        };
        line("Total Storage Space", self.hsm_storage.total);
        line("Used Storage Space", self.hsm_storage.used);
        line("Free Storage Space", self.hsm_storage.free);
        line("Allowed Partitions", self.partitions_allowed.into());
        line("Number of Partitions", self.partitions.into());
        page.blank();
        page.line("        License Count:");
        for (number, License { id, description }) in (1..).zip(&self.licenses) {
            page.line(format!("                {number}. {id} {description}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use luna_shell::View;

    /// The lines of the page, without their indents and without those about fans, bootloader and modules.
    const PAGE: &str = "\
Partition Label -> myPCIeHSM
Partition Manufacturer -> SafeNet
Partition Model -> Luna K7
Partition Serial Number -> 67842
Partition Status -> L3 Device
HSM Part Number -> 808-000048-002
HSM Serial Number -> 67842
Token Flags ->
CKF_RNG
CKF_RESTORE_KEY_NOT_NEEDED
CKF_TOKEN_INITIALIZED
RPV Initialized -> No
Slot Id -> 16
Session State -> CKS_RW_SO_FUNCTIONS
Role Status -> SO logged in
Partition SMK OUIDs:
SMK-FW4: Not Initialized
SMK-FW6: Not Initialized
SMK-FW7-FM: Not Initialized
SMK-FW7-Rollover: Not Initialized
SMK-FW7-Primary: Not Initialized
Extended Token Flags ->
TOKEN_KCV_CREATED
Partition OUID -> 000000000000000002090100
Partition Storage:
Total Storage Space: 655360
Used Storage Space: 0
Free Storage Space: 655360
Object Count: 0
Overhead: 16192
*** The HSM is NOT in FIPS approved operation mode. ***
FM HW Status -> Non-FM
Firmware Version -> 7.8.4
Rollback Firmware Version -> 7.4.2
System Times:
HSM : Wed Nov 27 20:20:21 UTC 2024
Host : Wed Nov 27 20:20:21 UTC 2024
Difference: 0 sec
Environmental:
Battery Voltage : 3.093 V
Battery Warning Threshold Voltage : 2.750 V
System Temp : 64 deg. C
System Temperature Warning Threshold : 75 deg. C
HSM Storage:
Total Storage Space: 67108864
Used Storage Space: 7315283
Free Storage Space: 59793581
Allowed Partitions: 1
Number of Partitions: 1
License Count:
1. 621000068-000 Test Cert : K7 Base
2. 621010185-003 Key backup via cloning protocol
";

    #[test]
    fn the_lines_of_the_page_stand_in_its_order() {
        let license = |id: &str, description: &str| License {
            id: id.to_owned(),
            description: description.to_owned(),
        };
        let shown = Information {
            label: "myPCIeHSM".into(),
            model: "Luna K7".into(),
            serial: "67842".into(),
            status: "L3 Device".into(),
            hsm_part_number: "808-000048-002".into(),
            flags: vec!["CKF_RNG", "CKF_RESTORE_KEY_NOT_NEEDED", "CKF_TOKEN_INITIALIZED"],
            rpv_initialized: false,
            slot: 16,
            session_state: "CKS_RW_SO_FUNCTIONS",
            role: Some(PartitionRole::So),
            extended_flags: vec!["TOKEN_KCV_CREATED"],
            ouid: ouid("67842"),
            storage: Storage {
                space: Some(Space { total: SIZE, used: 0, free: SIZE }),
                objects: 0,
                overhead: Some(OVERHEAD),
            },
            fips: false,
            firmware: "7.8.4".into(),
            rollback_firmware: "7.4.2".into(),
            hsm_time: "2024-11-27T20:20:21Z".into(),
            host_time: "2024-11-27T20:20:21Z".into(),
            battery_voltage: 3.093,
            battery_warning_voltage: 2.75,
            temperature: 64,
            temperature_warning: 75,
            hsm_storage: Space { total: 67_108_864, used: 7_315_283, free: 59_793_581 },
            partitions_allowed: 1,
            partitions: 1,
            licenses: vec![
                license("621000068-000", "Test Cert : K7 Base"),
                license("621010185-003", "Key backup via cloning protocol"),
            ],
        };
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        let text = shown.text();
        let lines: Vec<String> = text.lines().map(words).filter(|line| !line.is_empty()).collect();
        assert_eq!(lines, PAGE.lines().collect::<Vec<_>>());
    }
}
