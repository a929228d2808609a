//! `sysconf config`: backups of the configuration, and going back to factory settings.

use luna_rest::config::{
    BACK_UP, BACKUP, BACKUPS, CLEAR, DELETE, EXPORT, EXPORTED, Elsewhere, FACTORY_RESET, IMPORT,
    NewBackup, OfService, RESTORE,
};

use crate::commands::hsm::require_so_login_if_forced;
use crate::prelude::*;
use crate::questions::{SURE, warning};
use crate::refusals::refused_in_detail;
use luna_rest::{config, hsm, ntls};

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
        syntax: "sysconf config backup -description|-d <comment>",
        help: "Back the configuration up",
        options: &[("-description", "A comment that the list shows")],
        roles: Role::ADMIN,
        rest: &[config::BACK_UP.resource()],
        known: Known::Documented("lunash/commands/sysconf/sysconf_config_backup.htm@7.2"),
        run: call::<BackUp>(),
    },
    Command {
        syntax: "sysconf config clear [-force|-f]",
        help: "Delete all backups in the file system",
        options: &[],
        roles: Role::ADMIN,
        rest: &[config::CLEAR.resource()],
        known: Known::Assumed(
            "sysconf_config_clear.htm@7.2 has -devicetype and -serialnumber too, for backups on an \
             HSM; those stay here",
        ),
        run: call::<Clear>(),
    },
    Command {
        syntax: "sysconf config delete -file|-fi <backup> [-force|-fo]",
        help: "Delete a backup in the file system",
        options: &[FILE],
        roles: Role::ADMIN,
        rest: &[config::BACKUP.resource(), config::DELETE.resource()],
        known: Known::Documented("lunash/commands/sysconf/sysconf_config_delete.htm@7.2"),
        run: call::<Delete>(),
    },
    Command {
        syntax: "sysconf config export -file|-fi <backup> [-deviceType|-d <devicetype:hsm|token>] [-serialNumber|-s <serial_number>] [-force|-fo]",
        help: "Copy a backup to the HSM or to a backup HSM",
        options: &[FILE, DEVICE, SERIAL],
        roles: Role::ADMIN,
        rest: &[config::EXPORT.resource()],
        known: Known::Documented("lunash/commands/sysconf/sysconf_config_export.htm@7.2"),
        run: call::<Export>(),
    },
    Command {
        syntax: "sysconf config factoryReset -service|-s <service:network|ssh|ntls|syslog|ntp|snmp|users|system|webserver|cluster|ismigration|ctc|all> [-force|-f]",
        help: "Set a service, or all, back to factory settings",
        options: &[SERVICE],
        roles: Role::ADMIN,
        rest: &[
            hsm::SHOW.resource(),
            ntls::INFORMATION.resource(),
            config::FACTORY_RESET.resource(),
        ],
        known: Known::Documented("lunash/commands/sysconf/sysconf_config_factoryreset.htm@7.2"),
        run: call::<FactoryReset>(),
    },
    Command {
        syntax: "sysconf config import -file|-fi <backup> [-deviceType|-d <devicetype:hsm|token>] [-serialNumber|-s <serial_number>] [-force|-fo]",
        help: "Copy a backup from the HSM or from a backup HSM",
        options: &[FILE, DEVICE, SERIAL],
        roles: Role::ADMIN,
        rest: &[config::IMPORT.resource()],
        known: Known::Documented("lunash/commands/sysconf/sysconf_config_import.htm@7.2"),
        run: call::<Import>(),
    },
    Command {
        syntax: "sysconf config list [-deviceType|-d <devicetype:hsm|token>] [-serialNumber|-s <serial_number>]",
        help: "List the backups in the file system, or on an HSM",
        options: &[DEVICE, SERIAL],
        roles: Role::MONITOR,
        rest: &[config::BACKUPS.resource(), config::BACKUP.resource(), config::EXPORTED.resource()],
        known: Known::Documented("lunash/commands/sysconf/sysconf_config_list.htm@7.2"),
        run: call::<List>(),
    },
    Command {
        syntax: "sysconf config restore -file|-fi <backup> -service|-s <service:network|ssh|ntls|syslog|ntp|snmp|users|system|webserver|cluster|ismigration|ctc|all> [-force|-fo]",
        help: "Restore a service, or all, from a backup",
        options: &[FILE, SERVICE],
        roles: Role::ADMIN,
        rest: &[
            config::BACKUP.resource(),
            config::BACKUPS.resource(),
            hsm::SHOW.resource(),
            config::RESTORE.resource(),
        ],
        known: Known::Documented("lunash/commands/sysconf/sysconf_config_restore.htm@7.2"),
        run: call::<Restore>(),
    },
    Command {
        syntax: "sysconf config show -file|-fi <backup>",
        help: "Show a backup",
        options: &[FILE],
        roles: Role::MONITOR,
        rest: &[config::BACKUP.resource()],
        known: Known::Assumed(
            "sysconf_config_show.htm@7.2 has what the appliance was when the backup was made; a \
             backup keeps less of it",
        ),
        run: call::<Show>(),
    },
];

#[derive(Deserialize)]
struct BackUp {
    description: String,
}

/// A backup was made.
#[derive(Serialize)]
struct BackedUp {
    file: String,
}

impl Run<Session> for BackUp {
    type View = BackedUp;

    fn run(self, session: &mut Session) -> Result<BackedUp, Failure> {
        let new = NewBackup { description: Some(self.description) };
        let file = session.client().call(&BACK_UP, &[], &new).map_err(refused_in_detail)?.id;
        Ok(BackedUp { file })
    }
}

impl Text for BackedUp {
    fn write(&self, page: &mut Page) {
        page.blank();
        page.line(format!("Created configuration backup file: {}", self.file));
        page.blank();
    }
}

#[derive(Deserialize)]
struct Clear {
    force: bool,
}

impl Run<Session> for Clear {
    type View = Told;

    fn run(self, session: &mut Session) -> Result<Told, Failure> {
        session.confirm_and_end(
            self.force,
            "WARNING !!  This command deletes all the configuration backup files except the initial \
             factory configuration file.\n\n\
             If you are sure that you wish to proceed, then type 'proceed', otherwise type \
             'quit'.\n> ",
        )?;
        session.call(&CLEAR, &[], &Nothing {})?;
        Ok(Told::silent("sysconf config clear"))
    }
}

#[derive(Deserialize)]
struct Delete {
    file: String,
    force: bool,
}

impl Run<Session> for Delete {
    type View = Told;

    fn run(self, session: &mut Session) -> Result<Told, Failure> {
        session.client().get(&BACKUP, &[&self.file]).map_err(refused_in_detail)?;
        let lines = format!("This command deletes the configuration backup file: {}.", self.file);
        session.confirm_and_end(self.force, &format!("\n{}", warning(&lines)))?;
        session.client().call(&DELETE, &[&self.file], &Nothing {}).map_err(refused_in_detail)?;
        Ok(Told::silent("sysconf config delete"))
    }
}

#[derive(Deserialize)]
struct Export {
    file: String,
    devicetype: Option<String>,
    serialnumber: Option<String>,
    force: bool,
}

impl Run<Session> for Export {
    type View = Told;

    fn run(self, session: &mut Session) -> Result<Told, Failure> {
        let body = elsewhere(self.file, self.devicetype, self.serialnumber)?;
        let (file, device) = (&body.file, &body.device_type);
        let lines = format!(
            "This command exports the configuration backup file: {file} to the {device}.\n\
             It will overwrite the existing configuration file with the same name on the {device}."
        );
        session.confirm_and_end(self.force, &format!("\n{}", warning(&lines)))?;
        session.client().call(&EXPORT, &[], &body).map_err(refused_in_detail)?;
        Ok(Told::silent("sysconf config export"))
    }
}

fn serial_number_missing() -> Failure {
    Failure::command("The serial number of the backup HSM is missing.")
        .hint("-serialNumber gives it")
}

fn elsewhere(
    file: String,
    device: Option<String>,
    serial_number: Option<String>,
) -> Result<Elsewhere, Failure> {
    let device_type = device.unwrap_or_else(|| "hsm".to_owned());
    if device_type == "token" && serial_number.is_none() {
        return Err(serial_number_missing());
    }
    Ok(Elsewhere { file, device_type, serial_number })
}

#[derive(Deserialize)]
struct Import {
    file: String,
    devicetype: Option<String>,
    serialnumber: Option<String>,
    force: bool,
}

impl Run<Session> for Import {
    type View = Told;

    fn run(self, session: &mut Session) -> Result<Told, Failure> {
        let body = elsewhere(self.file, self.devicetype, self.serialnumber)?;
        let lines = format!(
            "This command imports the configuration backup file: {} from the {}.\n\
             It will overwrite the existing configuration file with the same name.",
            body.file, body.device_type
        );
        session.confirm_and_end(self.force, &format!("\n{}", warning(&lines)))?;
        session.client().call(&IMPORT, &[], &body).map_err(refused_in_detail)?;
        Ok(Told::silent("sysconf config import"))
    }
}

#[derive(Deserialize)]
struct FactoryReset {
    service: String,
    force: bool,
}

impl Run<Session> for FactoryReset {
    type View = FactoryState;

    fn run(self, session: &mut Session) -> Result<FactoryState, Failure> {
        require_so_login_if_forced(session)?;
        let clients = session.get(&ntls::INFORMATION, &[])?.connected_clients;
        let clients = match clients {
            0 => " There are no active clients at this time.\n\n".to_owned(),
            count => format!(
                " WARNING !! There are {count} client(s) connected to this Luna SA\n \
                 appliance. It is recommended that you disconnect all clients\n \
                 before using this command.\n"
            ),
        };
        if self.force {
            session.ui().show(&format!(
                " Checking for connected clients\n{clients} Force option used. Proceed prompt \
                 bypassed.\n\n"
            ));
        } else {
            let line = if clients.ends_with("\n\n") { "\n" } else { "" };
            session.confirm_aloud(
                false,
                &format!(
                    " Checking for connected clients\n\n\n{clients}{line} This command resets the \
                     configuration of the selected service(s) to factory defaults.\n \
                     Resetting services to factory defaults can affect connectivity and the \
                     operation of the HSM.\n{} \
                     If you are sure that you wish to proceed, then type 'proceed', otherwise type \
                     'quit'.\n\n> ",
                    lost(&self.service)
                ),
            )?;
        }
        let body = OfService { service: self.service.clone() };
        session.client().call(&FACTORY_RESET, &[], &body).map_err(refused_in_detail)?;
        Ok(FactoryState { done: "sysconf config factoryReset", service: self.service })
    }
}

/// Assumed: that the cluster goes with its service's settings is documented, the words not.
fn lost(service: &str) -> &'static str {
    match service {
        "cluster" | "all" => " This appliance's copy of its cluster and keyrings will be erased.\n",
        _ => "",
    }
}

/// The services that were set back.
#[derive(Serialize)]
struct FactoryState {
    done: &'static str,
    service: String,
}

/// The services in the order in which they are set back; the first three are newer than the page.
const ORDER: [&str; 12] = [
    "cluster",
    "ismigration",
    "ctc",
    "webserver",
    "users",
    "snmp",
    "ntp",
    "ntls",
    "system",
    "ssh",
    "syslog",
    "network",
];

impl Text for FactoryState {
    fn write(&self, page: &mut Page) {
        page.blank();
        page.line(" Resetting service(s) to factory defaults:");
        page.line(" -----------------------------------------");
        for service in ORDER.iter().filter(|it| self.service == "all" || self.service == **it) {
            page.line(format!(" {service:<9} :          succeeded"));
        }
    }
}

#[derive(Deserialize)]
struct Restore {
    file: String,
    service: String,
    force: bool,
}

/// The configuration of services was restored.
#[derive(Serialize)]
struct Configured {
    done: &'static str,
    service: String,
    file: String,
    /// The backup that was made before.
    #[serde(skip_serializing_if = "Option::is_none")]
    backup: Option<String>,
}

impl Run<Session> for Restore {
    type View = Configured;

    fn run(self, session: &mut Session) -> Result<Configured, Failure> {
        let Restore { file, service, force } = self;
        session.client().get(&BACKUP, &[&file]).map_err(refused_in_detail)?;
        require_so_login_if_forced(session)?;
        session.confirm_aloud(
            force,
            &format!(
                "\nWARNING !! This command restores the configuration from the backup file: \
                 {file}.\n\
                 It first creates a backup of the current configuration before restoring: \
                 {file}.\n{SURE}.\n\n> "
            ),
        )?;
        let before = names(session)?;
        let body = OfService { service: service.clone() };
        session.client().call(&RESTORE, &[&file], &body).map_err(refused_in_detail)?;
        let backup = names(session)?.into_iter().find(|name| !before.contains(name));
        Ok(Configured { done: "sysconf config restore", service, file, backup })
    }
}

/// The names of the backups.
fn names(session: &Session) -> Result<Vec<String>, Failure> {
    let links = session.get(&BACKUPS, &[])?.backups;
    Ok(links.into_iter().map(|link| link.id).collect())
}

impl Text for Configured {
    fn write(&self, page: &mut Page) {
        if let Some(backup) = &self.backup {
            page.line(format!("\n\nCreated configuration backup file: {backup}"));
        }
        page.line(format!("\n\nRestore the {} configuration: Succeeded.", self.service));
        page.line(
            "\nYou must either reboot the appliance or restart the service(s) for the changes to \
             take effect.\n\
             Please check the new configurations BEFORE rebooting or restarting the services.\n\
             You can restore the previous configurations if the new settings are not acceptable.\n\n",
        );
    }
}

#[derive(Deserialize)]
struct List {
    devicetype: Option<String>,
    serialnumber: Option<String>,
}

/// The backups in the file system, or on an HSM.
#[derive(Serialize)]
struct Backups {
    file_system: Vec<Backup>,
    hsm: Vec<String>,
    #[serde(skip)]
    on_hsm: bool,
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
        match (self.devicetype.as_deref(), self.serialnumber) {
            (Some("token"), None) => Err(serial_number_missing()),
            (Some("token"), Some(serial)) => Err(Failure::command(format!(
                "What lies on the backup HSM {serial} cannot be listed."
            ))
            .hint("'sysconf config import' takes a backup by its name")),
            (Some(_), _) => {
                let exported = session.client().get(&EXPORTED, &[]).map_err(refused_in_detail)?;
                let hsm = exported.backups.into_iter().map(|link| link.id).collect();
                Ok(Backups { file_system: Vec::new(), hsm, on_hsm: true })
            }
            (None, _) => {
                let mut file_system = Vec::new();
                for file in names(session)? {
                    let shown = session.get(&BACKUP, &[&file])?;
                    let (size, description) = (shown.size, shown.description);
                    file_system.push(Backup { file, size, description });
                }
                Ok(Backups { file_system, hsm: Vec::new(), on_hsm: false })
            }
        }
    }
}

impl Text for Backups {
    /// Assumed: the list of those on an HSM, which have no size there.
    fn write(&self, page: &mut Page) {
        page.blank();
        if self.on_hsm {
            page.line("Configuration backup files in hsm:");
            page.blank();
            self.hsm.iter().for_each(|file| page.line(file));
            return;
        }
        let row = |size: &str, file: &str, description: &str| {
            format!("{size:<8}|  {file:<57}|  {description}").trim_end().to_owned()
        };
        page.line("Configuration backup files in file system:");
        page.blank();
        page.line(row("Size", "File Name", "Description"));
        page.line("-".repeat(101));
        for Backup { file, size, description } in &self.file_system {
            page.line(row(&size.to_string(), file, description));
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

#[cfg(test)]
mod tests {
    use super::*;
    use luna_shell::View;

    /// The examples of the pages.
    #[test]
    fn backups_are_written_as_the_pages_have_them() {
        let backup = Backup {
            file: "local_host_Config_20170301_1200.tar.gz".into(),
            size: 14551,
            description: "Configuration Backup 17-03-01".into(),
        };
        let list = Backups { file_system: vec![backup], hsm: Vec::new(), on_hsm: false };
        insta::assert_snapshot!(list.text(), @r"

        Configuration backup files in file system:

        Size    |  File Name                                                |  Description
        -----------------------------------------------------------------------------------------------------
        14551   |  local_host_Config_20170301_1200.tar.gz                   |  Configuration Backup 17-03-01
        ");
        let restored = Configured {
            done: "sysconf config restore",
            service: "ntls".into(),
            file: "local_host_Config_20170301_1212.tar.gz".into(),
            backup: Some("local_host_Config_20170301_1222.tar.gz".into()),
        };
        assert_eq!(
            restored.text(),
            "\n\nCreated configuration backup file: local_host_Config_20170301_1222.tar.gz\n\
             \n\nRestore the ntls configuration: Succeeded.\n\n\
             You must either reboot the appliance or restart the service(s) for the changes to take \
             effect.\n\
             Please check the new configurations BEFORE rebooting or restarting the services.\n\
             You can restore the previous configurations if the new settings are not \
             acceptable.\n\n\n"
        );
    }
}
