//! Date, time and time zone: `/api/lunasa/time`.

use serde::{Deserialize, Serialize};

use crate::call::{Nothing, calls};

calls! {
    /// Shows date, time and zone.
    pub const SHOW: Call<Nothing, Time> = Call::get("/api/lunasa/time");
    /// Sets some of them.
    pub const CHANGE: Call<ChangeTime, Nothing> = Call::patch("/api/lunasa/time");
    /// The same, as the Cluster Administration Guide calls it.
    pub const PUT: Call<ChangeTime, Nothing> = Call::put("/api/lunasa/time");
    /// Lists the codes that a time zone can be set to. Emulated appliances only: the product has no
    /// such resource.
    pub const ZONES: Call<Nothing, Zones> = Call::get("/emulator/lunash/timezones");
}

/// Date and time where the appliance is. The page of the GET was not found: the first three fields
/// are those of the PATCH, the others are assumed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Time {
    /// `YYYY-MM-DD`.
    pub date: String,
    /// `HH:MM:SS`.
    pub time: String,
    /// The zone's code, such as `Canada/Eastern`.
    pub time_zone: String,
    /// What the zone is called at this moment, such as `EDT`.
    pub abbreviation: String,
    /// How far the zone is ahead of UTC at this moment, in minutes.
    pub utc_offset: i32,
}

/// What changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ChangeTime {
    /// `HH:MM:SS`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// The zone's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
}

/// The codes of the time zones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Zones {
    /// By name; `major/minor` where there are two parts.
    pub zones: Vec<String>,
}
