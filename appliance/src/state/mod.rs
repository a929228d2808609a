//! Everything the appliance keeps: one struct per area, named here and nowhere else.
//!
//! Rows are types of their own, never those of a request: what is stored changes only where a row
//! is changed here.

pub mod area;
pub mod audit;
pub mod clusters;
pub mod emulator;
pub mod files;
pub mod hsm;
pub mod hsm_policies;
pub mod keyrings;
pub mod lunasa;
pub mod network;
pub mod ntls;
pub mod objects;
pub mod packages;
pub mod partition_policies;
pub mod partitions;
pub mod roles;
pub mod services;
pub mod snmp;
pub mod status;
pub mod sysconf;
pub mod syslog;
pub mod tokens;
pub mod users;

#[cfg(test)]
pub(crate) mod stored_form;

use std::collections::BTreeMap;

use time::OffsetDateTime;

use crate::core::random::Random;
use crate::core::table::RowChange;
use crate::state::area::{Area, FieldVisitor, Setup};
use crate::state::clusters::{Phase, START};

/// The state.
#[derive(Debug, Default)]
#[allow(missing_docs, reason = "each field is its area")]
pub struct State {
    pub audit: audit::Audit,
    pub clusters: clusters::Clusters,
    pub emulator: emulator::Emulator,
    pub files: files::Files,
    pub hsm: hsm::Hsm,
    pub keyrings: keyrings::Keyrings,
    pub lunasa: lunasa::Lunasa,
    pub network: network::Network,
    pub ntls: ntls::Ntls,
    pub packages: packages::Packages,
    pub partitions: partitions::Partitions,
    pub roles: roles::Roles,
    pub services: services::Services,
    pub snmp: snmp::Snmp,
    pub status: status::Status,
    pub sysconf: sysconf::Sysconf,
    pub syslog: syslog::Syslog,
    pub tokens: tokens::Tokens,
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

/// The fields that all members of a cluster share: what one of them changes, all of them store.
const SHARED: [&str; 8] = [
    "cluster",
    "cluster/clients",
    "cluster/members",
    "keyrings",
    "keyrings/contents",
    "keyrings/objects",
    "roles",
    "users",
];

/// Whether a value says nothing, so that a row need not store it.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Whether the members of a cluster share a field.
pub fn is_shared(field: &str) -> bool {
    SHARED.contains(&field)
}

impl State {
    fn areas(&mut self) -> [&mut dyn Area; 19] {
        [
            &mut self.audit,
            &mut self.clusters,
            &mut self.emulator,
            &mut self.files,
            &mut self.hsm,
            &mut self.keyrings,
            &mut self.lunasa,
            &mut self.network,
            &mut self.ntls,
            &mut self.packages,
            &mut self.partitions,
            &mut self.roles,
            &mut self.services,
            &mut self.snmp,
            &mut self.status,
            &mut self.sysconf,
            &mut self.syslog,
            &mut self.tokens,
            &mut self.users,
        ]
    }

    /// How far the cluster service is at `now`.
    pub fn cluster_phase(&self, now: OffsetDateTime) -> Phase {
        if !self.services.is_running("cluster") {
            return Phase::Stopped;
        }
        let since = now.unix_timestamp().saturating_sub(self.clusters.own.get().started);
        // A clock that was set back makes nothing start again.
        if (0..START.whole_seconds()).contains(&since) { Phase::Starting } else { Phase::Running }
    }

    /// Visits every field of every area.
    pub fn fields(&mut self, visit: FieldVisitor<'_>) {
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

    /// Puts a row in its stored form, or takes it away, as a change; false when no field has this
    /// name.
    ///
    /// # Errors
    /// The row is not what its field expects.
    pub fn put(
        &mut self,
        field: &str,
        key: &str,
        row: Option<&[u8]>,
    ) -> Result<bool, serde_json::Error> {
        let mut result = Ok(false);
        self.fields(&mut |name, found| {
            if name == field {
                result = found.put(key, row).map(|()| true);
            }
        });
        result
    }

    /// A shared row in its stored form.
    ///
    /// # Errors
    /// It has no JSON form.
    pub fn shared_row(
        &mut self,
        field: &str,
        key: &str,
    ) -> Result<Option<Vec<u8>>, serde_json::Error> {
        let mut result = Ok(None);
        self.fields(&mut |name, found| {
            if name == field && SHARED.contains(&name) {
                result = found.stored(key);
            }
        });
        result
    }

    /// The shared row behind this one in the order of fields and keys: its field and key.
    pub fn shared_after(&mut self, place: Option<(&str, &str)>) -> Option<(&'static str, String)> {
        let mut next: Option<(&'static str, String)> = None;
        self.fields(&mut |name, found| {
            let key = match place {
                _ if !SHARED.contains(&name) => None,
                Some((field, key)) if field == name => found.key_after(Some(key)),
                Some((field, _)) if name < field => None,
                _ => found.key_after(None),
            };
            if let Some(key) = key
                && next.as_ref().is_none_or(|(field, _)| name < *field)
            {
                next = Some((name, key));
            }
        });
        next
    }

    /// Removes every row of the shared fields for which `which` says so, as a change.
    pub fn clear_shared(&mut self, which: impl Fn(&str) -> bool) {
        self.fields(&mut |name, field| {
            if SHARED.contains(&name) && which(name) {
                field.clear();
            }
        });
    }

    /// What has to be changed in the stored rows (field, key, JSON form) so that they are this state.
    /// Rows of unknown fields are left alone.
    ///
    /// # Errors
    /// A row has no JSON form.
    pub fn differences(
        &mut self,
        stored: Vec<(String, String, Vec<u8>)>,
    ) -> Result<Vec<Change>, serde_json::Error> {
        let mut left: BTreeMap<String, BTreeMap<String, Vec<u8>>> = BTreeMap::new();
        for (field, key, row) in stored {
            left.entry(field).or_default().insert(key, row);
        }
        let mut changes = Ok(Vec::new());
        self.fields(&mut |name, field| {
            let Ok(list) = &mut changes else { return };
            let mut stored = left.remove(name).unwrap_or_default();
            let mut next = field.key_after(None);
            while let Some(key) = next {
                next = field.key_after(Some(&key));
                match field.stored(&key) {
                    Ok(row) if row == stored.remove(&key) => {}
                    Ok(row) => list.push(Change { field: name, key, row }),
                    Err(error) => return changes = Err(error),
                }
            }
            let gone = |key| Change { field: name, key, row: None };
            list.extend(stored.into_keys().map(gone));
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
        assert!(SHARED.iter().all(|name| names.contains(name)), "{names:?}");
    }

    #[test]
    fn shared_rows_are_walked_in_order_and_put_back() {
        let mut state = State::default();
        state.factory("h", OffsetDateTime::UNIX_EPOCH, Random::from_number(1));
        let mut other = State::default();
        let mut place: Option<(&'static str, String)> = None;
        let mut seen = Vec::new();
        loop {
            let at = place.as_ref().map(|(field, key)| (*field, key.as_str()));
            let Some((field, key)) = state.shared_after(at) else { break };
            let row = state.shared_row(field, &key).unwrap().unwrap();
            assert!(other.put(field, &key, Some(&row)).unwrap());
            seen.push((field, key.clone()));
            place = Some((field, key));
        }
        assert!(seen.is_sorted() && seen.contains(&("users", "operator".to_owned())), "{seen:?}");
        assert_eq!(other.users.users.len(), 4);
        assert!(is_shared("users") && !is_shared("hsm") && !is_shared("cluster/own"));
        other.clear_shared(|_| true);
        assert!(other.users.users.is_empty());
    }
}
