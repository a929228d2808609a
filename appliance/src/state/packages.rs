//! The installed software packages.

use serde::{Deserialize, Serialize};

use crate::core::table::{Cell, Table};
use crate::state::area::{Area, FieldVisitor, Setup};
use crate::state::clusters::PACKAGE;

/// What is kept of the packages.
#[derive(Debug, Default)]
pub struct Packages {
    /// The installed packages by name.
    pub installed: Table<PackageRow>,
    /// The version that the appliance's software has after the next reboot.
    pub pending: Cell<Option<String>>,
    /// The HSM firmware that can be installed after the next reboot; empty for no other.
    pub firmware: Cell<String>,
}

/// An installed package.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PackageRow {
    /// The version.
    pub version: String,
    /// Its place in the list.
    pub place: usize,
    /// Whether it belongs to the appliance's own software.
    pub system: bool,
}

/// The system's packages. Assumed: names after a recorded list (software 5.1), the
/// versions are made to fit software 7.8.5; an empty one is the appliance's own.
pub const FACTORY: [(&str, &str); 15] = [
    ("configurator", ""),
    ("lunacm", ""),
    ("lunausb", ""),
    ("lush-utils", ""),
    ("pedClient", ""),
    ("salogin", ""),
    ("sysstatd", ""),
    ("sa_cmd_processor", ""),
    ("sa_webserver", ""),
    ("setup", "2.8.71-11.el7"),
    ("basesystem", "10.0-7.el7.centos"),
    ("bash", "4.2.46-35.el7_9"),
    ("tzdata", "2023c-1.el7"),
    ("cracklib-dicts", "2.9.0-11.el7"),
    ("glibc", "2.17-326.el7_9"),
];

impl Area for Packages {
    fn fields(&mut self, visit: FieldVisitor<'_>) {
        visit("packages", &mut self.installed);
        visit("packages/firmware", &mut self.firmware);
        visit("packages/pending", &mut self.pending);
    }

    fn factory(&mut self, _: &mut Setup<'_>) {
        for (place, (name, version)) in FACTORY.into_iter().enumerate() {
            let version = if version.is_empty() { "7.8.5-20" } else { version }.to_owned();
            self.installed.insert(name, PackageRow { version, place, system: true });
        }
    }
}

impl Packages {
    /// Whether a package of this name is installed.
    pub fn is_installed(&self, name: &str) -> bool {
        self.installed.contains(name)
    }

    /// The installed packages as they are listed, those of the system first.
    pub fn listed(&self) -> Vec<(String, &PackageRow)> {
        let mut rows: Vec<_> = self.installed.iter().collect();
        rows.sort_by_key(|(_, row)| (!row.system, row.place));
        rows.into_iter().map(|(name, row)| (listed_as(name, &row.version), row)).collect()
    }

    /// The version of an installed package; empty for none.
    pub fn version(&self, name: &str) -> &str {
        self.installed.get(name).map(|row| row.version.as_str()).unwrap_or_default()
    }

    /// Adds a package, or replaces the version there is.
    pub fn install(&mut self, name: &str, version: &str) {
        let next = self.installed.values().map(|row| row.place + 1).max().unwrap_or_default();
        let place = self.installed.get(name).map_or(next, |row| row.place);
        let row = PackageRow { version: version.to_owned(), place, system: false };
        self.installed.insert(name, row);
    }
}

/// How the list names a package. The cluster package is listed by the service it brings, as the
/// Cluster Administration Guide shows it.
pub fn listed_as(name: &str, version: &str) -> String {
    match name {
        PACKAGE => format!("cluster_service-{version}.x86_64"),
        _ => format!("{name}-{version}"),
    }
}
