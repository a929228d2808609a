//! The network: `/api/lunasa/network`.

use serde::{Deserialize, Serialize};

use crate::call::{Call, Method, Nothing};

/// Shows the host name and where the devices are.
pub const SHOW: Call<Nothing, Network> = Call::get("/api/lunasa/network");
/// Sets the host name.
pub const CHANGE: Call<NewHostname, Nothing> = Call::patch("/api/lunasa/network");

/// Every resource of this area.
pub const ALL: &[(Method, &str)] = &[SHOW.resource(), CHANGE.resource()];

/// The network as a whole. The page of this answer is not public: the fields are assumed from
/// the request that changes it and from the vendor's samples.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Network {
    /// The appliance's host name.
    pub hostname: String,
    /// Path of the devices.
    pub devices: String,
}

/// What changes of the network as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NewHostname {
    /// 1 to 64 of letters, digits, `.` and `-`; a letter or digit at both ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
}
