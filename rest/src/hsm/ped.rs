//! PEDs of the HSM: `/api/lunasa/hsms/{hsmid}/ped`, and the time limits that only LunaSH sets.

use serde::{Deserialize, Serialize};

use crate::call::{Nothing, calls};

calls! {
    /// Shows a PED: `0` is the local one, `1` and up are remote. `{}` on a password-authenticated HSM.
    pub const PED: Call<Nothing, Ped> = Call::get("/api/lunasa/hsms/{hsmid}/ped/peds/{pedid}");
    /// Runs `connect`, `disconnect`, `vectorInitialize` or `vectorErase`.
    pub const PED_ACT: Call<PedAction, Nothing> =
        Call::post("/api/lunasa/hsms/{hsmid}/ped/peds/{pedid}/actions/{actionid}");
    /// Shows the PED time limits; emulated appliance only.
    pub const PED_TIMEOUTS: Call<Nothing, PedTimeouts> = Call::get("/emulator/lunash/hsm/ped/timeouts");
    /// Sets a PED time limit; emulated appliance only.
    pub const SET_PED_TIMEOUT: Call<SetPedTimeout, Nothing> =
        Call::put("/emulator/lunash/hsm/ped/timeouts/{type}");
}

/// A PED; all fields are missing on a password-authenticated HSM.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Ped {
    /// Where its actions are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actions: Option<String>,
    /// The address of the PED server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_address: Option<String>,
    /// Whether it is connected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_connected: Option<bool>,
    /// Its number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ped_id: Option<u32>,
    /// The port of the PED server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// The name of the PED server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
}

/// The body of a PED's action; only `connect` sends it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PedAction {
    /// The address of the PED server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_address: Option<String>,
    /// Its port, 80 to 65535.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_port: Option<u16>,
}

/// The PED time limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PedTimeouts {
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

impl Default for PedTimeouts {
    fn default() -> Self {
        PedTimeouts { rped: 1800, pedk: 200, pedo: 920, wdel: None }
    }
}

/// A new time limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SetPedTimeout {
    /// Seconds, or microseconds for `wdel`; 0 is the default of `rped` and `pedk`.
    pub seconds: u32,
}
