//! The HSM.

use std::collections::BTreeMap;

use luna_rest::Secret;
use serde::{Deserialize, Serialize};

use crate::core::password::PasswordHash;
use crate::core::table::{Cell, Table};
use crate::state::area::{Area, FieldVisitor, Setup};
use crate::state::hsm_policies::{
    CLONING, FACTORY_PARTITIONS, FORCE_CHANGE, MAX_PARTITIONS, MOST_PARTITIONS, NON_FIPS, find,
};

/// Bytes that the HSM has for partitions.
pub const STORAGE: u64 = 33_554_432;

/// What is kept of the HSM.
#[derive(Debug, Default)]
pub struct Hsm {
    /// The HSM itself.
    pub hsm: Cell<HsmRow>,
    /// Values of policies that differ from the factory's, by number.
    pub policies: Cell<BTreeMap<u32, u32>>,
    /// The functionality modules by identifier.
    pub fms: Table<FmRow>,
    /// Applied capability upgrades by identifier: what each allows.
    pub upgrades: Table<String>,
    /// What confirms the keys that it makes.
    pub attestation: Cell<AttestationRow>,
}

/// The key and certificates with which the HSM confirms keys; it survives everything.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AttestationRow {
    /// The private key, PKCS#8 in PEM.
    pub key: Secret,
    /// The HSM's certificate and that of its maker, DER in Base64.
    pub certificates: Vec<String>,
}

/// The HSM.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct HsmRow {
    /// Serial number, seven digits; it survives everything.
    pub serial: u64,
    /// Its label; empty while not initialized.
    pub label: String,
    /// Whether it was initialized since it was made or zeroized.
    pub initialized: bool,
    /// The SO's password.
    pub so: PasswordHash,
    /// Wrong SO passwords since the last right one.
    pub so_failures: u32,
    /// The cloning domain; nothing for the default one.
    pub domain: Option<PasswordHash>,
    /// The domain of older HSMs, if one was set.
    pub legacy_domain: Option<PasswordHash>,
    /// Changes of the time need the SO.
    pub auth_time_config: bool,
    /// Somebody zeroized it on purpose since it was last initialized.
    pub manually_zeroized: bool,
    /// What the random user string of Secure Transport Mode is checked with, while in it.
    pub transport: Option<String>,
    /// Detected tampers that were not cleared, oldest first.
    pub tampers: Vec<String>,
    /// When the last of them was detected, seconds since 1970.
    pub tampered_at: i64,
    /// The firmware that runs.
    pub firmware: String,
    /// The firmware it can go back to; empty for none.
    pub rollback: String,
    /// The firmware that waits to be installed; empty for none.
    pub upgrade: String,
    /// Whether it is a Backup HSM, attached to a client's machine.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub backup: bool,
    /// Policy 50 was on at some time: no more rollback.
    pub fms_ever_allowed: bool,
    /// Counters since they were reset.
    pub counters: CountersRow,
    /// How far its clock is ahead of the appliance's, milliseconds.
    pub clock_ahead: i64,
    /// When it was last started, seconds since 1970.
    pub started: i64,
    /// PED time limits.
    pub ped_timeouts: PedTimeoutsRow,
}

impl Area for Hsm {
    fn fields(&mut self, visit: FieldVisitor<'_>) {
        visit("hsm", &mut self.hsm);
        visit("hsm/policies", &mut self.policies);
        visit("hsm/fms", &mut self.fms);
        visit("hsm/upgrades", &mut self.upgrades);
        visit("hsm/attestation", &mut self.attestation);
    }

    fn factory(&mut self, setup: &mut Setup<'_>) {
        let serial = setup.random.number(1_000_000, 9_999_999);
        // Assumed: the version before in the vendor's list is what it can go back to.
        let (firmware, rollback) = ("7.8.4".to_owned(), "7.8.2".to_owned());
        let started = setup.now.unix_timestamp();
        self.hsm.set(HsmRow { serial, firmware, rollback, started, ..HsmRow::default() });
    }
}

impl Hsm {
    /// The value of an HSM policy; 0 for one that does not exist.
    pub fn policy(&self, number: u32) -> u32 {
        self.policies.get().get(&number).copied().unwrap_or_else(|| self.unchanged(number))
    }

    /// The value of an HSM policy that was never changed.
    pub fn unchanged(&self, number: u32) -> u32 {
        match find(number) {
            Some(policy) if policy.number == MAX_PARTITIONS => self.licensed_partitions(),
            // A backup keeps the password that it was made with.
            Some(policy) if policy.number == FORCE_CHANGE && self.hsm.get().backup => 0,
            Some(policy) => policy.factory,
            None => 0,
        }
    }

    /// As many partitions as the licences allow. Assumed: a licence says so in its description.
    pub fn licensed_partitions(&self) -> u32 {
        let number = |text: &str| {
            text.strip_prefix("Maximum ")?.strip_suffix(" partitions")?.parse::<u32>().ok()
        };
        let upgraded = self.upgrades.iter().filter_map(|(_, text)| number(text)).max();
        upgraded.unwrap_or(0).clamp(FACTORY_PARTITIONS, MOST_PARTITIONS)
    }

    /// Whether keys may be cloned to other HSMs: policy 7.
    pub fn cloning_allowed(&self) -> bool {
        self.policy(CLONING) == 1
    }

    /// Whether only algorithms approved by FIPS 140 are allowed: policy 12 is off.
    pub fn fips(&self) -> bool {
        self.policy(NON_FIPS) == 0
    }

    /// The most partitions there may be: policy 33.
    pub fn max_partitions(&self) -> usize {
        self.policy(MAX_PARTITIONS) as usize
    }
}

/// Counters of the HSM since they were reset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CountersRow {
    /// Faults that ended in zeroization or decommissioning.
    pub critical_events: u64,
    /// Requests of applications that it refused.
    pub crypto_errors: u64,
    /// Requests of applications that it got.
    pub crypto_requests: u64,
    /// Tampers, restarts, refused logins.
    pub noncritical_events: u64,
    /// Requests it refused.
    pub operation_errors: u64,
    /// Requests that it got.
    pub operation_requests: u64,
}

/// The PED time limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PedTimeoutsRow {
    /// Idle time of a remote PED connection, seconds.
    pub rped: u32,
    /// Time to present a PED key, seconds.
    pub pedk: u32,
    /// Time for a whole PED operation, seconds.
    pub pedo: u32,
    /// Delay between two writes to the PED, microseconds; no default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wdel: Option<u32>,
}

impl Default for PedTimeoutsRow {
    fn default() -> Self {
        PedTimeoutsRow { rped: 1800, pedk: 200, pedo: 920, wdel: None }
    }
}

/// A functionality module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FmRow {
    /// What it is called.
    pub label: String,
    /// Who signed it.
    pub manufacturer: String,
    /// When it was loaded, as text.
    pub built: String,
    /// Ten bytes in hexadecimal, blanks between.
    pub fingerprint: String,
    /// Bytes.
    pub size: u64,
    /// Whether the HSM was restarted since it was loaded.
    pub enabled: bool,
}
