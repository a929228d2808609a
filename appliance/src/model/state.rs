//! Everything the appliance keeps: one struct per area, named here and nowhere else.

use time::OffsetDateTime;

use super::random::Random;
use super::table::{Field, RowChange};
use super::{
    emulator, files, hsm, lunasa, network, ntls, packages, partitions, roles, services, status,
    sysconf, users,
};

/// How an area shows its fields: `visit("ntls/clients", &mut self.clients)` for each.
///
/// The name is the field's name in the store and never changes.
pub type Visit<'a> = &'a mut dyn FnMut(&'static str, &mut dyn Field);

/// A part of the state.
pub trait Area {
    /// Shows every table and cell.
    fn fields(&mut self, visit: Visit<'_>);

    /// Fills in what a factory-fresh appliance has; everything is empty before.
    fn factory(&mut self, _setup: &mut Setup<'_>) {}
}

/// What factory state is made from.
pub struct Setup<'a> {
    /// The host name.
    pub hostname: &'a str,
    /// The time on the appliance.
    pub now: OffsetDateTime,
    /// Emulated randomness.
    pub random: &'a mut Random,
}

/// The state.
#[derive(Debug, Default)]
#[allow(missing_docs, reason = "each field is its area")]
pub struct State {
    pub emulator: emulator::Emulator,
    pub files: files::Files,
    pub hsm: hsm::Hsm,
    pub lunasa: lunasa::Lunasa,
    pub network: network::Network,
    pub ntls: ntls::Ntls,
    pub packages: packages::Packages,
    pub partitions: partitions::Partitions,
    pub roles: roles::Roles,
    pub services: services::Services,
    pub status: status::Status,
    pub sysconf: sysconf::Sysconf,
    pub users: users::Users,
}

/// A changed row, as the store takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The field's name.
    pub field: &'static str,
    /// The row's key; empty for a cell.
    pub key: String,
    /// Its JSON form; nothing when it was removed.
    pub row: Option<Vec<u8>>,
}

impl State {
    fn areas(&mut self) -> [&mut dyn Area; 13] {
        [
            &mut self.emulator,
            &mut self.files,
            &mut self.hsm,
            &mut self.lunasa,
            &mut self.network,
            &mut self.ntls,
            &mut self.packages,
            &mut self.partitions,
            &mut self.roles,
            &mut self.services,
            &mut self.status,
            &mut self.sysconf,
            &mut self.users,
        ]
    }

    /// Visits every field of every area.
    pub fn fields(&mut self, visit: Visit<'_>) {
        for area in self.areas() {
            area.fields(visit);
        }
    }

    /// Puts a stored row in its place; false when no field has this name.
    ///
    /// # Errors
    /// The row is not what its field expects.
    pub fn load(&mut self, field: &str, key: &str, row: &[u8]) -> Result<bool, serde_json::Error> {
        let mut result = Ok(false);
        self.fields(&mut |name, found| {
            if name == field {
                result = found.load(key, row).map(|()| true);
            }
        });
        result
    }

    /// Whether the request changed anything so far.
    pub fn changed(&mut self) -> bool {
        let mut changed = false;
        self.fields(&mut |_, field| changed |= field.changed());
        changed
    }

    /// Everything that changed since the last keep or undo.
    ///
    /// # Errors
    /// A row has no JSON form.
    pub fn changes(&mut self) -> Result<Vec<Change>, serde_json::Error> {
        let mut changes = Ok(Vec::new());
        self.fields(&mut |name, field| {
            if let Ok(list) = &mut changes {
                let change = |(key, row): RowChange| Change { field: name, key, row };
                match field.changes() {
                    Ok(found) => list.extend(found.into_iter().map(change)),
                    Err(error) => changes = Err(error),
                }
            }
        });
        changes
    }

    /// Makes the changes final.
    pub fn keep(&mut self) {
        self.fields(&mut |_, field| field.keep());
    }

    /// Takes the changes back.
    pub fn undo(&mut self) {
        self.fields(&mut |_, field| field.undo());
    }

    /// Goes to factory state, as a change.
    pub fn factory(&mut self, hostname: &str, now: OffsetDateTime, mut random: Random) {
        self.fields(&mut |_, field| field.clear());
        let mut setup = Setup { hostname, now, random: &mut random };
        for area in self.areas() {
            area.factory(&mut setup);
        }
        self.emulator.random.set(random);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_has_a_name_of_its_own() {
        let mut names = Vec::new();
        State::default().fields(&mut |name, _| names.push(name));
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count, "{names:?}");
    }
}
