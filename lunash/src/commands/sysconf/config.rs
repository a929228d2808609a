//! `sysconf config`: backups of the configuration, and going back to factory settings.

use luna_rest::config::{
    BACK_UP, BACKUP, BACKUPS, CLEAR, DELETE, EXPORT, EXPORTED, Elsewhere, FACTORY_RESET, IMPORT,
    NewBackup, OfService, RESTORE,
};

use crate::commands::hsm::require_so_login_if_forced;
use crate::prelude::*;
use crate::refusals::refused_in_detail;
use luna_rest::{config, hsm};

pub(in super::super) const MENUS: &[Menu] = &[Menu {
    path: "sysconf config",
    help: "Back up, restore and reset the configuration of services",
}];

/// The devices of `-deviceType`.
const DEVICE: (&str, &str) =
    ("-deviceType", "hsm: the HSM of the appliance; token: a backup HSM. hsm when left out");
const SERIAL: (&str, &str) = ("-serialNumber", "Serial number of the backup HSM");
const FILE: (&str, &str) = ("-file", "Name of a backup");
const SERVICE: (&str, &str) = ("-service", "One service, or all");

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "sysconf config backup [-description|-d <comment>]",
        help: "Back the configuration up",
        options: &[("-description", "A comment that the list shows")],
        roles: Role::ADMIN,
        rest: &[config::BACK_UP.resource()],
        known: Known::Assumed("known by name only"),
        run: call::<BackUp>(),
    },
    Command {
        syntax: "sysconf config clear [-force|-f]",
        help: "Delete all backups in the file system",
        options: &[],
        roles: Role::ADMIN,
        rest: &[config::CLEAR.resource()],
        known: Known::Documented("github: AWS CloudHSM CLI tools, luna_outputs test data @5.1-5.3"),
        run: call::<Clear>(),
    },
    Command {
        syntax: "sysconf config delete -file|-fi <backup> [-force|-f]",
        help: "Delete a backup in the file system",
        options: &[FILE],
        roles: Role::ADMIN,
        rest: &[config::BACKUP.resource(), config::DELETE.resource()],
        known: Known::Assumed("known by name only"),
        run: call::<Delete>(),
    },
    Command {
        syntax: "sysconf config export -file|-fi <backup> [-deviceType|-d <devicetype:hsm|token>] [-serialNumber|-s <serial_number>]",
        help: "Copy a backup to the HSM or to a backup HSM",
        options: &[FILE, DEVICE, SERIAL],
        roles: Role::ADMIN,
        rest: &[config::EXPORT.resource()],
        known: Known::Assumed("known by name only"),
        run: call::<Export>(),
    },
    Command {
        syntax: "sysconf config factoryReset -service|-s <service:network|ssh|ntls|syslog|ntp|snmp|users|system|webserver|cluster|ismigration|ctc|all> [-force|-f]",
        help: "Set a service, or all, back to factory settings",
        options: &[SERVICE],
        roles: Role::ADMIN,
        rest: &[hsm::SHOW.resource(), config::FACTORY_RESET.resource()],
        known: Known::Documented("github: Microsoft Azure Dedicated HSM tutorial @7.2"),
        run: call::<FactoryReset>(),
    },
    Command {
        syntax: "sysconf config import -file|-fi <backup> [-deviceType|-d <devicetype:hsm|token>] [-serialNumber|-s <serial_number>]",
        help: "Copy a backup from the HSM or from a backup HSM",
        options: &[FILE, DEVICE, SERIAL],
        roles: Role::ADMIN,
        rest: &[config::IMPORT.resource()],
        known: Known::Assumed("known by name only"),
        run: call::<Import>(),
    },
    Command {
        syntax: "sysconf config list",
        help: "List the backups",
        options: &[],
        roles: Role::ADMIN,
        rest: &[config::BACKUPS.resource(), config::BACKUP.resource(), config::EXPORTED.resource()],
        known: Known::Assumed("known by name only"),
        run: call::<List>(),
    },
    Command {
        syntax: "sysconf config restore -file|-fi <backup> -service|-s <service:network|ssh|ntls|syslog|ntp|snmp|users|system|webserver|cluster|ismigration|ctc|all> [-force|-f]",
        help: "Restore a service, or all, from a backup",
        options: &[FILE, SERVICE],
        roles: Role::ADMIN,
        rest: &[config::BACKUP.resource(), hsm::SHOW.resource(), config::RESTORE.resource()],
        known: Known::Assumed("known by name only; the services are those of the REST resource"),
        run: call::<Restore>(),
    },
    Command {
        syntax: "sysconf config show -file|-fi <backup>",
        help: "Show a backup",
        options: &[FILE],
        roles: Role::ADMIN,
        rest: &[config::BACKUP.resource()],
        known: Known::Assumed("known by name only"),
        run: call::<Show>(),
    },
];

#[derive(Deserialize)]
struct BackUp {
    description: Option<String>,
}

/// A backup was made.
#[derive(Serialize)]
struct BackedUp {
    file: String,
}

impl Run<Session> for BackUp {
    type View = BackedUp;

    fn run(self, session: &mut Session) -> Result<BackedUp, Failure> {
        let new = NewBackup { description: self.description };
        let file = session.client().call(&BACK_UP, &[], &new).map_err(refused_in_detail)?.id;
        Ok(BackedUp { file })
    }
}

impl Text for BackedUp {
    fn write(&self, page: &mut Page) {
        page.line(format!("Created configuration backup file: {}", self.file));
    }
}

#[derive(Deserialize)]
struct Clear {
    force: bool,
}

impl Run<Session> for Clear {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        session.confirm_warning(
            self.force,
            "This command will delete all configuration backup files.",
        )?;
        session.call(&CLEAR, &[], &Nothing {})?;
        Ok(Done { done: "sysconf config clear" })
    }
}

#[derive(Deserialize)]
struct Delete {
    file: String,
    force: bool,
}

impl Run<Session> for Delete {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        session.client().get(&BACKUP, &[&self.file]).map_err(refused_in_detail)?;
        let warning =
            format!("This command will delete the configuration backup file {}.", self.file);
        session.confirm_warning(self.force, &warning)?;
        session.client().call(&DELETE, &[&self.file], &Nothing {}).map_err(refused_in_detail)?;
        Ok(Done { done: "sysconf config delete" })
    }
}

#[derive(Deserialize)]
struct Export {
    file: String,
    devicetype: Option<String>,
    serialnumber: Option<String>,
}

impl Run<Session> for Export {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let body = elsewhere(self.file, self.devicetype, self.serialnumber)?;
        session.client().call(&EXPORT, &[], &body).map_err(refused_in_detail)?;
        Ok(Done { done: "sysconf config export" })
    }
}

fn elsewhere(
    file: String,
    device: Option<String>,
    serial_number: Option<String>,
) -> Result<Elsewhere, Failure> {
    let device_type = device.unwrap_or_else(|| "hsm".to_owned());
    if device_type == "token" && serial_number.is_none() {
        return Err(Failure::command("The serial number of the backup HSM is missing.")
            .hint("-serialNumber gives it"));
    }
    Ok(Elsewhere { file, device_type, serial_number })
}

#[derive(Deserialize)]
struct Import {
    file: String,
    devicetype: Option<String>,
    serialnumber: Option<String>,
}

impl Run<Session> for Import {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let body = elsewhere(self.file, self.devicetype, self.serialnumber)?;
        session.client().call(&IMPORT, &[], &body).map_err(refused_in_detail)?;
        Ok(Done { done: "sysconf config import" })
    }
}

#[derive(Deserialize)]
struct FactoryReset {
    service: String,
    force: bool,
}

/// The configuration of services changed.
#[derive(Serialize)]
struct Configured {
    done: &'static str,
    service: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
}

impl Run<Session> for FactoryReset {
    type View = Configured;

    fn run(self, session: &mut Session) -> Result<Configured, Failure> {
        let what = match self.service.as_str() {
            "all" => "all services".to_owned(),
            service => format!("the service {service}"),
        };
        require_so_login_if_forced(session)?;
        // Assumed: that the cluster goes with its service's settings is documented, the words not.
        let loss = match self.service.as_str() {
            "cluster" | "all" => {
                "\nThis appliance's copy of its cluster and keyrings will be erased."
            }
            _ => "",
        };
        session.confirm_warning(
            self.force,
            &format!(
                "This command will set the configuration of {what} back to factory settings.{loss}"
            ),
        )?;
        let body = OfService { service: self.service.clone() };
        session.client().call(&FACTORY_RESET, &[], &body).map_err(refused_in_detail)?;
        Ok(Configured { done: "sysconf config factoryReset", service: self.service, file: None })
    }
}

impl Text for Configured {
    fn write(&self, page: &mut Page) {
        page.line(format!("'{}' successful.", self.done));
        page.blank();
        page.line("Please reboot the appliance for the changes to take effect.");
    }
}

#[derive(Deserialize)]
struct Restore {
    file: String,
    service: String,
    force: bool,
}

impl Run<Session> for Restore {
    type View = Configured;

    fn run(self, session: &mut Session) -> Result<Configured, Failure> {
        session.client().get(&BACKUP, &[&self.file]).map_err(refused_in_detail)?;
        require_so_login_if_forced(session)?;
        let warning = format!(
            "This command will restore the configuration from the backup file {}.\n\
             It first creates a backup of the current configuration.",
            self.file
        );
        session.confirm_warning(self.force, &warning)?;
        let body = OfService { service: self.service.clone() };
        session.client().call(&RESTORE, &[&self.file], &body).map_err(refused_in_detail)?;
        let file = Some(self.file);
        Ok(Configured { done: "sysconf config restore", service: self.service, file })
    }
}

#[derive(Deserialize)]
struct List {}

/// The backups.
#[derive(Serialize)]
struct Backups {
    file_system: Vec<Backup>,
    hsm: Vec<String>,
}

/// A backup.
#[derive(Serialize)]
struct Backup {
    file: String,
    size: u64,
    description: String,
}

impl Run<Session> for List {
    type View = Backups;

    fn run(self, session: &mut Session) -> Result<Backups, Failure> {
        let mut file_system = Vec::new();
        for link in session.get(&BACKUPS, &[])?.backups {
            let shown = session.get(&BACKUP, &[&link.id])?;
            let (size, description) = (shown.size, shown.description);
            file_system.push(Backup { file: link.id, size, description });
        }
        // A real appliance has no resource for those on the HSM.
        let hsm = session.client().get(&EXPORTED, &[]).unwrap_or_default().backups;
        Ok(Backups { file_system, hsm: hsm.into_iter().map(|link| link.id).collect() })
    }
}

impl Text for Backups {
    fn write(&self, page: &mut Page) {
        page.line("Configuration backup files in file system:");
        page.blank();
        if self.file_system.is_empty() {
            page.line("There are no configuration backup files.");
        } else {
            let row = |size: &str, file: &str, description: &str| {
                format!("{size:>8} | {file:<46} | {description}").trim_end().to_owned()
            };
            page.line(row("Size", "File Name", "Description"));
            page.line("-".repeat(78));
            for Backup { file, size, description } in &self.file_system {
                page.line(row(&size.to_string(), file, description));
            }
        }
        if !self.hsm.is_empty() {
            page.line("\nConfiguration backup files on the HSM:\n");
            self.hsm.iter().for_each(|file| page.line(file));
        }
    }
}

#[derive(Deserialize)]
struct Show {
    file: String,
}

/// What a backup is.
#[derive(Serialize)]
struct Shown {
    file: String,
    description: String,
    hostname: String,
    version: String,
    time: String,
    size: u64,
    services: Vec<String>,
}

impl Run<Session> for Show {
    type View = Shown;

    fn run(self, session: &mut Session) -> Result<Shown, Failure> {
        let shown = session.client().get(&BACKUP, &[&self.file]).map_err(refused_in_detail)?;
        Ok(Shown {
            file: self.file,
            description: shown.description,
            hostname: shown.hostname,
            version: shown.version,
            time: shown.time,
            size: shown.size,
            services: shown.services,
        })
    }
}

impl Text for Shown {
    fn write(&self, page: &mut Page) {
        page.field("File Name:", 20, &self.file);
        page.field("Description:", 20, &self.description);
        page.field("Hostname:", 20, &self.hostname);
        page.field("Software Version:", 20, &self.version);
        page.field("Created:", 20, &self.time);
        page.field("Size:", 20, format!("{} bytes", self.size));
        page.field("Services:", 20, self.services.join(", "));
    }
}
