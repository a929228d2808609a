//! The drift of the appliance's clock. Emulated appliances only: the product has no such resource.

use serde::{Deserialize, Serialize};

use crate::call::{Nothing, calls};
use crate::error_id::short_names;
use crate::time::Time;

calls! {
    /// Shows the measurement and what came of it.
    pub const SHOW: Call<Nothing, Drift> = Call::get("/emulator/lunash/drift");
    /// Sets the clock and begins a measurement, in place of any before.
    pub const START: Call<PreciseTime, Nothing> = Call::post("/emulator/lunash/drift/actions/start");
    /// Ends the measurement and keeps the drift.
    pub const STOP: Call<PreciseTime, Nothing> = Call::post("/emulator/lunash/drift/actions/stop");
    /// Sets the clock and begins to correct it by the drift.
    pub const INIT: Call<PreciseTime, Nothing> = Call::post("/emulator/lunash/drift/actions/init");
    /// Sets the drift without a measurement.
    pub const SET: Call<SetDrift, Nothing> = Call::put("/emulator/lunash/drift");
    /// Forgets measurement and drift, and ends the correction.
    pub const RESET: Call<Nothing, Nothing> = Call::delete("/emulator/lunash/drift");
}

short_names! {
    NOT_ALLOWED = SYSCONF_DRIFT_OPERATION_NOT_ALLOWED,
}

/// The longest drift, in milliseconds a day.
pub const MOST: i64 = 3_600_000;

/// The time of day by a better clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PreciseTime {
    /// `HH:MM:SS`, in the appliance's time zone.
    pub current_precise_time: String,
}

/// The drift to set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SetDrift {
    /// What the clock gains in a day; negative when it loses. At most [`MOST`].
    pub milliseconds_per_day: i64,
}

/// The measurement and what came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Drift {
    /// When the measurement was started, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started: Option<Time>,
    /// When it was stopped, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Time>,
    /// Whether it came to nothing: the clock was set, or the appliance restarted.
    pub is_interrupted: bool,
    /// What the clock gains in a day, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub milliseconds_per_day: Option<i64>,
    /// Whether the clock is corrected by that.
    pub is_correcting: bool,
}
