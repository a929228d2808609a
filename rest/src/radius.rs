//! RADIUS servers that judge the passwords of accounts. Emulated appliances only: the product has no
//! such resource.

use serde::{Deserialize, Serialize};

use crate::call::{Nothing, calls};
use crate::error_id::short_names;
use crate::secret::Secret;
use crate::sysconf::Toggle;

calls! {
    /// Shows whether RADIUS is on, and the servers without their secrets.
    pub const SHOW: Call<Nothing, Radius> = Call::get("/emulator/lunash/radius");
    /// Turns RADIUS on or off.
    pub const SWITCH: Call<Toggle, Nothing> = Call::put("/emulator/lunash/radius");
    /// Adds a server.
    pub const ADD_SERVER: Call<NewServer, Nothing> = Call::post("/emulator/lunash/radius/servers");
    /// Removes a server.
    pub const DELETE_SERVER: Call<Nothing, Nothing> =
        Call::delete("/emulator/lunash/radius/servers/{serverid}");
}

short_names! {
    SERVER_EXISTS = RADIUS_SERVER_ALREADY_EXISTS,
    NO_SERVER = RADIUS_SERVER_DOES_NOT_EXIST,
}

/// The port of a server where none is given.
pub const PORT: u16 = 1812;
/// Seconds until a server counts as silent, where none are given.
pub const TIMEOUT: u32 = 3;

/// RADIUS as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Radius {
    /// Whether it is on.
    pub is_enabled: bool,
    /// In the order in which they were added.
    pub servers: Vec<Server>,
}

/// A server, without its secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Server {
    /// Host name or address.
    pub address: String,
    /// The port it listens on.
    pub port: u16,
    /// Seconds.
    pub timeout: u32,
}

/// A new server.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct NewServer {
    /// Host name or address.
    pub address: String,
    /// [`PORT`] without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// 1 to 300 seconds; [`TIMEOUT`] without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u32>,
    /// What the appliance shares with the server, 1 to 128 characters.
    pub secret: Secret,
}
