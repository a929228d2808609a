//! The network: `/api/lunasa/network`.

use serde::{Deserialize, Serialize};

use crate::call::{Call, Method, Nothing};

/// Shows the host name and where the devices are.
pub const SHOW: Call<Nothing, Network> = Call::get("/api/lunasa/network");

/// Every resource of this area.
pub const ALL: &[(Method, &str)] = &[SHOW.resource()];

/// The network as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Network {
    /// The appliance's host name.
    pub hostname: String,
    /// Path of the devices.
    pub devices: String,
}
