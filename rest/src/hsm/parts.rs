//! Firmware, storage, licences, usage counters, support information, capability upgrades.
//!
//! Fields are assumed unless a type says otherwise: the vendor's pages were not found.

use serde::{Deserialize, Serialize};

use crate::call::{Nothing, calls};
use crate::tasks::{Actions, Link};

calls! {
    /// Shows the firmware.
    pub const FIRMWARE: Call<Nothing, Firmware> = Call::get("/api/lunasa/hsms/{hsmid}/firmware");
    /// Lists what can be done with it.
    pub const FIRMWARE_ACTIONS: Call<Nothing, Actions> =
        Call::get("/api/lunasa/hsms/{hsmid}/firmware/actions");
    /// Runs `upgrade` or `rollback`; the latter as a waiting task.
    pub const FIRMWARE_ACT: Call<Nothing, Nothing> =
        Call::post("/api/lunasa/hsms/{hsmid}/firmware/actions/{actionid}");
    /// Shows the storage space.
    pub const STORAGE: Call<Nothing, Storage> = Call::get("/api/lunasa/hsms/{hsmid}/storageSpace");
    /// Lists the licences.
    pub const LICENSES: Call<Nothing, Licenses> = Call::get("/api/lunasa/hsms/{hsmid}/licenses");
    /// Counters of use for each partition; needs the SO.
    pub const METRICS: Call<Nothing, Metrics> = Call::get("/api/lunasa/hsms/{hsmid}/metrics");
    /// Counters of the HSM.
    pub const COUNTER: Call<Nothing, Counter> = Call::get("/api/lunasa/hsms/{hsmid}/counter");
    /// Shows how busy the HSM is.
    pub const UTILIZATION: Call<Nothing, Utilization> =
        Call::get("/api/lunasa/hsms/{hsmid}/utilization");
    /// The same, by kinds of operation.
    pub const UTILIZATION_BINS: Call<Nothing, UtilizationBins> =
        Call::get("/api/lunasa/hsms/{hsmid}/utilization/bins");
    /// Writes `supportInfo.txt` among the user's files.
    pub const SUPPORT_INFO: Call<Nothing, Nothing> = Call::post("/api/lunasa/hsms/{hsmid}/supportInfo");
    /// Lists the capability upgrades that were applied.
    pub const UPGRADES: Call<Nothing, Upgrades> = Call::get("/api/lunasa/upgrades");
    /// Shows one.
    pub const APPLIED: Call<Nothing, License> = Call::get("/api/lunasa/upgrades/{upgradeid}");
    /// Applies a capability upgrade; needs the SO.
    pub const UPGRADE: Call<Upgrade, Nothing> = Call::post("/api/lunasa/upgrades");
}

/// The firmware.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Firmware {
    /// Where its actions are.
    pub actions: String,
    /// The version it can go back to; empty for none.
    pub rollback_version: String,
    /// The version that waits to be installed; empty for none.
    pub upgrade_version: String,
    /// The version that runs.
    pub version: String,
}

/// The storage space, bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Storage {
    /// What partitions may still take.
    pub free: u64,
    /// All of it.
    pub total: u64,
    /// What partitions have taken.
    pub used: u64,
}

/// The licences.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Licenses {
    /// By identifier.
    pub licenses: Vec<License>,
}

/// A licence.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct License {
    /// Such as `621000046-000`.
    pub id: String,
    /// What it allows.
    pub description: String,
}

/// Usage counters. Documented: a real client reads these fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Metrics {
    /// An entry a partition.
    pub metrics: Vec<PartitionMetrics>,
    /// When the counters were set to zero.
    pub reset_time: String,
}

/// Usage counters of a partition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PartitionMetrics {
    /// A kind of operation each.
    pub bins: Vec<Bin>,
    /// The partition's label.
    pub label: String,
    /// The partition's serial number.
    pub partition_id: String,
}

/// A kind of operation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Bin {
    /// `ENCRYPT`, `DECRYPT`, `SIGN`, `VERIFY`, `KEY_GENERATION`, `KEY_DERIVATION`.
    pub bin_id: String,
    /// Its counters.
    pub counters: Vec<BinCounter>,
}

/// A counter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct BinCounter {
    /// How often.
    pub count: u64,
    /// `REQUESTS`.
    pub counter_id: String,
}

/// Counters of the HSM since they were reset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Counter {
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

/// How busy the HSM is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Utilization {
    /// Where the kinds of operation are.
    pub bins: String,
    /// Per cent.
    pub utilization: u32,
}

/// How busy the HSM is, by kinds of operation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct UtilizationBins {
    /// A kind of operation each.
    pub bins: Vec<Bin>,
}

/// The capability upgrades.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Upgrades {
    /// In the order of their application.
    pub upgrades: Vec<Link>,
}

/// A capability upgrade to apply.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Upgrade {
    /// Name of a `.lic` among the user's files. Documented field.
    pub file: String,
}
