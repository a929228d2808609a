//! What the SNMP agent shows of the appliance: the system group of MIB-2, the tables of
//! SAFENET-HSM-MIB, and the counters of CHRYSALIS-UTSP-MIB.
//!
//! Tables and columns are those of the vendor's page snmp_safenet-hsm-mib.htm@7.2. The numbers of the
//! tables are those that public monitoring software asks for; the one of the licences follows from
//! the page's order. Assumed: the indexes beyond the serial numbers that the page names.

use time::OffsetDateTime;

use crate::core::snmp::{Oid, Settings, Target, User, Value};
use crate::rules::hsm::login::SO_ATTEMPTS;
use crate::rules::hsm::parts::FACTORY_LICENSES;
use crate::rules::partition::policies::value_of;
use crate::state::State;
use crate::state::hsm::STORAGE;
use crate::state::hsm_policies::{POLICY_TABLE, Values};
use crate::state::partition_policies::{self, ACTIVATION, KNOWN};
use crate::state::snmp::SecurityRow;

const SYSTEM: [u32; 7] = [1, 3, 6, 1, 2, 1, 1];
/// `chrysalis-itsa`, by which monitoring software knows the appliance; below it the counters.
const UTSP: [u32; 9] = [1, 3, 6, 1, 4, 1, 12383, 3, 1];
/// `luna` in SAFENET-GLOBAL-MIB.
const LUNA: [u32; 9] = [1, 3, 6, 1, 4, 1, 23629, 1, 5];

/// The numbers of the tables below `hsm`.
const HSM: u32 = 2;
const LICENSES: u32 = 3;
const PARTITIONS: u32 = 4;
const HSM_POLICIES: u32 = 5;
const PARTITION_POLICIES: u32 = 6;
const CLIENTS: u32 = 7;
const ASSIGNMENTS: u32 = 8;

/// `policy(2)`, as against `capability(1)`.
const POLICY: i32 = 2;

/// The subtrees that the agent answers for.
pub(crate) fn roots() -> [Oid; 3] {
    [SYSTEM.to_vec(), UTSP.to_vec(), LUNA.to_vec()]
}

/// Every object with its value, in no order.
pub(crate) fn objects(state: &State, now: OffsetDateTime) -> Vec<(Oid, Value)> {
    let mut mib = Mib::default();
    system(state, &mut mib);
    counters(state, &mut mib);
    hsm(state, now, &mut mib);
    partitions(state, &mut mib);
    clients(state, &mut mib);
    mib.objects
}

/// What the agent does by the state. Assumed: it tells the notification targets what it tells the
/// trap targets, since an emulated appliance has no daemon for each.
pub(crate) fn settings(state: &State) -> Settings {
    let user = |name: &str, row: &SecurityRow| User {
        name: name.to_owned(),
        authentication: row.authentication_password.clone(),
        privacy: row.privacy_password.clone(),
    };
    let snmp = &state.snmp;
    let traps = snmp.traps.iter().map(|(address, row)| Target {
        address: address.to_owned(),
        port: luna_rest::snmp::PORT,
        user: user(&row.user, &row.security),
        engine: row.engine_id.clone(),
        inform: row.kind == "inform",
    });
    let notifications = snmp.notifications.iter().map(|(key, row)| Target {
        address: row.address.clone(),
        port: row.port,
        user: user(key.split('/').next().unwrap_or(key), &row.security),
        engine: row.engine_id.clone().unwrap_or_default(),
        inform: row.kind == "inform",
    });
    let running = state.services.is_running("snmp");
    Settings {
        running,
        serial: state.hsm.hsm.get().serial,
        users: snmp.users.iter().map(|(name, row)| user(name, &row.security)).collect(),
        targets: match running && *snmp.traps_enabled.get() {
            true => traps.chain(notifications).collect(),
            false => Vec::new(),
        },
    }
}

#[derive(Default)]
struct Mib {
    objects: Vec<(Oid, Value)>,
}

impl Mib {
    fn scalar(&mut self, group: &[u32], number: u32, value: Value) {
        self.objects.push(([group, &[number, 0]].concat(), value));
    }

    /// A row of a table below `hsm`: its columns, numbered from `first` on.
    fn row(&mut self, table: u32, index: &[u32], first: u32, columns: Vec<Value>) {
        for (number, value) in (first..).zip(columns) {
            self.objects.push(([&LUNA, &[1, table, 1, number][..], index].concat(), value));
        }
    }
}

/// A text as a part of an index: its length, then its bytes.
fn index(texts: &[&str]) -> Vec<u32> {
    let part = |text: &&str| {
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        std::iter::once(length).chain(text.bytes().map(u32::from)).collect::<Vec<_>>()
    };
    texts.iter().flat_map(part).collect()
}

fn text(text: impl Into<String>) -> Value {
    Value::Text(text.into())
}

/// `TruthValue`.
fn truth(value: bool) -> Value {
    Value::Integer(if value { 1 } else { 2 })
}

fn unsigned(value: u64) -> Value {
    Value::Unsigned(u32::try_from(value).unwrap_or(u32::MAX))
}

/// The value of a policy, as `hsm showPolicies` has it.
fn policy(value: u32, is_flag: bool) -> Value {
    match (is_flag, value) {
        (true, 0) => text("Off"),
        (true, _) => text("On"),
        (false, value) => text(value.to_string()),
    }
}

fn system(state: &State, mib: &mut Mib) {
    let settings = state.lunasa.settings.get();
    mib.scalar(&SYSTEM, 1, text(format!("Luna Network HSM {}", settings.version)));
    mib.scalar(&SYSTEM, 2, Value::Oid([&UTSP[..], &[1]].concat()));
    mib.scalar(&SYSTEM, 4, text(""));
    mib.scalar(&SYSTEM, 5, text(settings.hostname.clone()));
    mib.scalar(&SYSTEM, 6, text(""));
    mib.scalar(&[&LUNA[..], &[2]].concat(), 1, text(settings.version.clone()));
}

fn counters(state: &State, mib: &mut Mib) {
    let counted = &state.hsm.hsm.get().counters;
    let hsm = [&UTSP[..], &[1]].concat();
    mib.scalar(&hsm, 1, Value::Counter64(counted.operation_requests));
    mib.scalar(&hsm, 2, Value::Counter64(counted.operation_errors));
    mib.scalar(&hsm, 3, Value::Counter64(counted.critical_events));
    mib.scalar(&hsm, 4, Value::Counter64(counted.noncritical_events));
    let ntls = [&UTSP[..], &[2]].concat();
    let (succeeded, failed) = state.ntls.settings.get().connections;
    mib.scalar(&ntls, 1, truth(state.services.is_running("ntls")));
    mib.scalar(&ntls, 2, Value::Unsigned(0));
    mib.scalar(&ntls, 3, Value::Unsigned(0));
    mib.scalar(&ntls, 4, Value::Counter64(succeeded));
    mib.scalar(&ntls, 5, Value::Counter64(failed));
}

fn hsm(state: &State, now: OffsetDateTime, mib: &mut Mib) {
    let row = state.hsm.hsm.get();
    let serial = row.serial.to_string();
    let used = state.partitions.used_storage();
    let (most, count) = (state.hsm.max_partitions() as u64, state.partitions.count() as u64);
    let up = now.unix_timestamp().saturating_sub(row.started);
    let columns = vec![
        text(serial.clone()),
        text(row.firmware.clone()),
        text(row.label.clone()),
        text("Luna K7"),
        // password(2)
        Value::Integer(2),
        // notSupported(1)
        Value::Integer(1),
        truth(state.hsm.fips()),
        Value::Integer(15),
        unsigned(STORAGE),
        unsigned(used),
        unsigned(STORAGE.saturating_sub(used)),
        unsigned(most),
        unsigned(count),
        unsigned(most.saturating_sub(count)),
        // none(2), cloning(3)
        Value::Integer(if state.hsm.cloning_allowed() { 3 } else { 2 }),
        Value::Counter32(SO_ATTEMPTS.saturating_sub(row.so_failures)),
        // yes(1), no(2)
        truth(state.audit.auditor.get().initialized),
        truth(row.manually_zeroized),
        Value::Counter64(u64::try_from(up).unwrap_or_default()),
        Value::Counter64(0),
        Value::Counter64(row.counters.operation_requests),
    ];
    mib.row(HSM, &index(&[&serial]), 1, columns);
    let applied = state.hsm.upgrades.iter().map(|(id, text)| (id, text.as_str()));
    for (id, description) in FACTORY_LICENSES.into_iter().chain(applied) {
        mib.row(LICENSES, &index(&[&serial, id]), 1, vec![text(id), text(description)]);
    }
    for known in POLICY_TABLE {
        let index = [&index(&[&serial])[..], &[POLICY as u32, known.number]].concat();
        let value = policy(state.hsm.policy(known.number), known.values == Values::Flag);
        let columns =
            vec![Value::Integer(POLICY), Value::Unsigned(known.number), text(known.name), value];
        mib.row(HSM_POLICIES, &index, 1, columns);
    }
}

fn partitions(state: &State, mib: &mut Mib) {
    let hsm = state.hsm.hsm.get().serial.to_string();
    for (serial, row) in state.partitions.partitions.iter() {
        let (objects, bytes) = state.partitions.contents(serial);
        let at = index(&[&hsm, serial]);
        let columns = vec![
            text(serial),
            text(row.name.clone()),
            truth(partition_policies::policy(row, ACTIVATION) == 1),
            unsigned(row.size),
            unsigned(bytes),
            unsigned(row.size.saturating_sub(bytes)),
            unsigned(objects),
        ];
        mib.row(PARTITIONS, &at, 1, columns);
        for known in KNOWN {
            let index = [&at[..], &[POLICY as u32, known.number]].concat();
            let value = policy(value_of(state, row, known), known.is_flag());
            let columns = vec![
                Value::Integer(POLICY),
                Value::Unsigned(known.number),
                text(known.policy),
                value,
            ];
            mib.row(PARTITION_POLICIES, &index, 1, columns);
        }
    }
}

fn clients(state: &State, mib: &mut Mib) {
    let hsm = state.hsm.hsm.get().serial.to_string();
    for (name, row) in state.ntls.clients.iter() {
        let address = row.ip.map(|ip| ip.to_string()).or(row.hostname.clone());
        // HTL is gone since release 7: never required, no token.
        let columns =
            vec![text(name), text(address.unwrap_or_default()), truth(false), Value::Integer(-1)];
        mib.row(CLIENTS, &index(&[name]), 1, columns);
        for partition in &row.links {
            let columns = vec![text(hsm.clone()), text(partition.clone())];
            mib.row(ASSIGNMENTS, &index(&[name, &hsm, partition]), 1, columns);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::test_machine::TestMachine;

    /// The value of a column of a table, and how many rows it has.
    fn column(objects: &[(Oid, Value)], table: u32, number: u32) -> (Option<Value>, usize) {
        let start = [&LUNA[..], &[1, table, 1, number]].concat();
        let mut rows = objects.iter().filter(|(oid, _)| oid.starts_with(&start));
        let first = rows.next().map(|(_, value)| value.clone());
        let more = rows.count();
        (first.clone(), more + usize::from(first.is_some()))
    }

    #[test]
    fn tables_show_what_the_appliance_has() {
        let mut bench = TestMachine::with_so();
        let partition = json!({"name": "par1", "size": 100_000, "hasPso": true});
        bench.post(&bench.hsm_path("/partitions"), partition).created();
        let objects = objects(&bench.machine.state, OffsetDateTime::UNIX_EPOCH);
        let shown = |table, number| column(&objects, table, number);
        assert_eq!(shown(PARTITIONS, 2), (Some(text("par1")), 1));
        assert_eq!(shown(PARTITIONS, 4), (Some(Value::Unsigned(100_000)), 1));
        assert_eq!(shown(HSM, 13), (Some(Value::Unsigned(1)), 1));
        assert_eq!(shown(HSM, 14), (Some(Value::Unsigned(9)), 1));
        assert_eq!(shown(LICENSES, 1).1, FACTORY_LICENSES.len());
        assert_eq!(shown(HSM_POLICIES, 4).1, POLICY_TABLE.len());
        assert_eq!(shown(PARTITION_POLICIES, 3).1, KNOWN.len());
        let numbers: std::collections::BTreeSet<_> = objects.iter().map(|(oid, _)| oid).collect();
        assert_eq!(numbers.len(), objects.len(), "no number twice");
        for (oid, _) in &objects {
            assert!(roots().iter().any(|root| oid.starts_with(root)), "{oid:?}");
        }
    }

    #[test]
    fn the_agent_has_targets_while_traps_are_on() {
        let mut bench = TestMachine::new();
        let user = json!({
            "securityName": "pete",
            "authenticationPassword": "auth-Passw0rd",
            "privacyPassword": "priv-Passw0rd",
        });
        bench.post("/api/lunasa/snmp/users", user).created();
        let target = json!({
            "address": "10.1.0.9", "port": 1162, "type": "inform",
            "authenticationPassword": "auth-Passw0rd", "privacyPassword": "priv-Passw0rd",
        });
        bench.post("/api/lunasa/snmp/users/pete/notifications", target).created();
        let shown = settings(&bench.machine.state);
        assert_eq!((shown.running, shown.users.len(), shown.targets.len()), (false, 1, 0));
        bench.machine.state.services.set_running("snmp", true);
        bench.machine.state.snmp.traps_enabled.set(true);
        let shown = settings(&bench.machine.state);
        let target = &shown.targets[0];
        assert_eq!((&*target.user.name, target.port, target.inform), ("pete", 1162, true));
    }
}
