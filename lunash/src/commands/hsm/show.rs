//! `hsm show`: the HSM at a glance.

use luna_rest::{hsm, lunasa};

use super::state;
use luna_rest::partitions;

use crate::prelude::*;
use crate::views::attempts_before;

pub(in super::super) const COMMANDS: &[Command] = &[Command {
    syntax: "hsm show",
    help: "Show the state of the HSM",
    options: &[],
    roles: Role::MONITOR,
    rest: &[
        lunasa::SHOW.resource(),
        hsm::SHOW.resource(),
        partitions::LIST.resource(),
        partitions::SHOW.resource(),
        hsm::STORAGE.resource(),
    ],
    known: Known::Seen("hsm-show-zeroized-7.2"),
    run: call::<Show>(),
}];

#[derive(Deserialize)]
struct Show {}

/// A partition of the HSM.
#[derive(Serialize)]
struct Partition {
    serial: String,
    name: String,
}

/// The HSM. A login attempt is one before zeroization.
#[derive(Serialize)]
struct Overview {
    software_version: String,
    label: String,
    serial: String,
    firmware: String,
    model: String,
    part_number: String,
    authentication_method: String,
    logged_in: Option<bool>,
    zeroized: bool,
    login_attempts_left: Option<u32>,
    rpv_initialized: bool,
    audit_role_initialized: bool,
    remote_login_initialized: bool,
    manually_zeroized: bool,
    secure_transport_mode: bool,
    tampered: bool,
    partitions: Vec<Partition>,
    partitions_allowed: u32,
    fips_mode: bool,
    storage_total: u64,
    storage_used: u64,
    storage_free: u64,
    battery_voltage: f64,
    battery_warning_voltage: f64,
    temperature: i32,
    temperature_warning: i32,
}

impl Run<Session> for Show {
    type View = Overview;

    fn run(self, session: &mut Session) -> Result<Overview, Failure> {
        let hsm = state(session)?;
        let id = session.hsm()?;
        let storage = session.get(&hsm::STORAGE, &[id])?;
        let mut partitions = Vec::new();
        for partition in session.partitions()? {
            let partition = partition?;
            partitions.push(Partition { serial: partition.id, name: partition.name });
        }
        Ok(Overview {
            software_version: session.get(&lunasa::SHOW, &[])?.version,
            label: hsm.label,
            serial: id.to_owned(),
            firmware: hsm.firmware,
            model: hsm.model,
            part_number: hsm.part_number,
            authentication_method: hsm.authentication_method,
            logged_in: hsm.so_logged_in,
            zeroized: hsm.zeroized,
            login_attempts_left: hsm.so_logins_left,
            rpv_initialized: hsm.rpv_initialized,
            audit_role_initialized: hsm.audit_role_initialized,
            remote_login_initialized: hsm.remote_login_initialized,
            manually_zeroized: hsm.manually_zeroized,
            secure_transport_mode: hsm.secure_transport_mode,
            tampered: hsm.tampered,
            partitions,
            partitions_allowed: hsm.partitions_allowed,
            fips_mode: hsm.fips_mode,
            storage_total: storage.total,
            storage_used: storage.used,
            storage_free: storage.free,
            battery_voltage: hsm.environment.battery_voltage,
            battery_warning_voltage: hsm.environment.battery_warning_voltage,
            temperature: hsm.environment.temperature,
            temperature_warning: hsm.environment.temperature_warning,
        })
    }
}

fn yes(value: bool) -> &'static str {
    if value { "Yes" } else { "No" }
}

impl Text for Overview {
    fn write(&self, page: &mut Page) {
        page.blank();
        heading(page, "Appliance Details:", 18);
        page.field("   Software Version:", 36, &self.software_version);
        page.blank();
        heading(page, "HSM Details:", 12);
        self.details(page);
        page.blank();
        heading(page, "Partitions created on HSM:", 30);
        for partition in &self.partitions {
            let Partition { serial, name } = partition;
            page.line(format!("   Partition:        {serial}, Name: {name}"));
        }
        if self.partitions.is_empty() {
            page.line("   There are no partitions.");
            page.blank();
        }
        page.blank();
        page.field("   Number of partitions allowed:", 40, self.partitions_allowed);
        page.field("   Number of partitions created:", 40, self.partitions.len());
        page.blank();
        heading(page, "FIPS 140-2 Operation:", 21);
        // The sentence for FIPS mode was not seen; it is the other one without its NOT.
        let not = if self.fips_mode { "" } else { "NOT " };
        page.line(format!("   The HSM is {not}in FIPS 140-2 approved operation mode."));
        page.blank();
        heading(page, "HSM Storage Information:", 24);
        page.field("   Maximum HSM Storage Space (Bytes):", 40, self.storage_total);
        page.field("   Space In Use (Bytes):", 40, self.storage_used);
        page.field("   Free Space Left (Bytes):", 40, self.storage_free);
        page.blank();
        heading(page, "Environmental Information on HSM:", 33);
        let volts = |value: f64| format!("{value:.3} V");
        page.field("   Battery Voltage:", 40, volts(self.battery_voltage));
        let warning = volts(self.battery_warning_voltage);
        page.field("   Battery Warning Threshold Voltage:", 40, warning);
        if self.battery_voltage < self.battery_warning_voltage {
            page.line("   WARNING: Battery Voltage below warning threshold!!");
        }
        page.field("   System Temp:", 40, format!("{} deg. C", self.temperature));
        let warning = format!("{} deg. C", self.temperature_warning);
        page.field("   System Temp Warning Threshold:", 40, warning);
        if self.temperature > self.temperature_warning {
            page.line("   WARNING: System Temperature above warning threshold!!");
        }
        page.blank();
        page.blank();
    }
}

impl Overview {
    fn details(&self, page: &mut Page) {
        let attempts = if self.zeroized {
            "HSM IS ZEROIZED !!!!".to_owned()
        } else {
            attempts_before(self.login_attempts_left, "HSM zeroization!")
        };
        // The word for an unknown login state is assumed.
        let login = match self.logged_in {
            Some(true) => "Logged In",
            Some(false) => "Not Logged In",
            None => "Unknown",
        };
        let tamper = if self.tampered { "Tamper(s) detected" } else { "No tamper(s)" };
        for (label, value) in [
            ("HSM Label:", &*self.label),
            ("Serial #:", &self.serial),
            ("Firmware:", &self.firmware),
            ("HSM Model:", &self.model),
            ("HSM Part Number:", &self.part_number),
            ("Authentication Method:", &self.authentication_method),
            ("HSM Admin login status:", login),
            ("HSM Admin login attempts left:", &attempts),
            ("RPV Initialized:", yes(self.rpv_initialized)),
            ("Audit Role Initialized:", yes(self.audit_role_initialized)),
            ("Remote Login Initialized:", yes(self.remote_login_initialized)),
            ("Manually Zeroized:", yes(self.manually_zeroized)),
            ("Secure Transport Mode:", yes(self.secure_transport_mode)),
            ("HSM Tamper State:", tamper),
        ] {
            page.field(&format!("   {label}"), 39, value);
        }
    }
}

/// A heading and the line below it.
fn heading(page: &mut Page, text: &str, width: usize) {
    page.line(format!("   {text}"));
    page.line(format!("   {}", "=".repeat(width)));
}
