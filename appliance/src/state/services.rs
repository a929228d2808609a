//! The services.

use serde::{Deserialize, Serialize};

use crate::core::table::Table;
use crate::state::area::{Area, FieldVisitor, Setup};

/// What is kept of the services.
#[derive(Debug, Default)]
pub struct Services {
    /// The services by their documented name.
    pub services: Table<ServiceRow>,
}

/// A service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServiceRow {
    /// Whether it runs.
    pub running: bool,
    /// Whether it starts with the appliance.
    pub on_boot: bool,
}

/// The documented names, and whether the service runs from the factory. Assumed: what serves the
/// appliance itself runs, what has to be configured first does not.
pub const FACTORY: [(&str, bool); 15] = [
    ("cbs", false),
    ("cluster", false),
    ("clusteradmin", false),
    ("ctc", false),
    ("ismigration", false),
    ("lsta", false),
    ("network", true),
    ("ntls", true),
    ("ntp", false),
    ("snmp", false),
    ("ssh", true),
    ("stc", true),
    ("syslog", true),
    ("sysstat", true),
    ("webserver", true),
];

impl Area for Services {
    fn fields(&mut self, visit: FieldVisitor<'_>) {
        visit("services", &mut self.services);
    }

    fn factory(&mut self, _: &mut Setup<'_>) {
        for (name, running) in FACTORY {
            self.services.insert(name, ServiceRow { running, on_boot: running });
        }
    }
}

impl Services {
    /// Whether a service runs; false for one that does not exist.
    pub fn is_running(&self, service: &str) -> bool {
        self.services.get(service).is_some_and(|row| row.running)
    }

    /// Starts or stops a service, without the rules of its action.
    pub fn set_running(&mut self, service: &str, running: bool) {
        if let Some(row) = self.services.get_mut(service) {
            row.running = running;
        }
    }

    /// After a reboot those run that start with the appliance.
    pub fn reboot(&mut self) {
        for (name, _) in FACTORY {
            if let Some(row) = self.services.get_mut(name) {
                row.running = row.on_boot;
            }
        }
    }
}
