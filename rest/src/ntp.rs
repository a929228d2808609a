//! Network time: `/api/lunasa/ntp`. Whether it runs, and starts with the appliance, is a matter of
//! the service `ntp` (see `services.rs`).
//!
//! Pages were found for adding and changing a server and for [`SYNCHRONIZE`]; other fields are
//! assumed.

use serde::{Deserialize, Serialize};

use crate::call::{Nothing, calls};
use crate::error_id::short_names;
use crate::secret::Secret;
use crate::tasks::{Actions, Link};

calls! {
    /// Shows whether it runs, and where the rest is.
    pub const SHOW: Call<Nothing, Ntp> = Call::get("/api/lunasa/ntp");
    /// Shows peers, associations and the clock's discipline.
    pub const STATUS: Call<Nothing, Status> = Call::get("/api/lunasa/ntp/status");
    /// Lists what can be done; assumed.
    pub const ACTIONS: Call<Nothing, Actions> = Call::get("/api/lunasa/ntp/actions");
    /// Sets the clock by a server, once; 409 while the service runs.
    pub const SYNCHRONIZE: Call<Synchronize, Nothing> =
        Call::post("/api/lunasa/ntp/actions/synchronize");
    /// Lists the servers.
    pub const SERVERS: Call<Nothing, Servers> = Call::get("/api/lunasa/ntp/servers");
    /// Adds a server.
    pub const ADD_SERVER: Call<NewServer, Nothing> = Call::post("/api/lunasa/ntp/servers");
    /// Shows a server; assumed.
    pub const SERVER: Call<Nothing, Server> = Call::get("/api/lunasa/ntp/servers/{serverid}");
    /// Changes a server.
    pub const CHANGE_SERVER: Call<ChangeServer, Nothing> =
        Call::put("/api/lunasa/ntp/servers/{serverid}");
    /// Removes a server; assumed.
    pub const DELETE_SERVER: Call<Nothing, Nothing> =
        Call::delete("/api/lunasa/ntp/servers/{serverid}");

    /// Lists the symmetric keys, without their values. Emulated appliances only, as all that follows
    /// here: no such resource of the product was found.
    pub const KEYS: Call<Nothing, Keys> = Call::get("/emulator/lunash/ntp/keys");
    /// Adds a symmetric key.
    pub const ADD_KEY: Call<NewKey, Nothing> = Call::post("/emulator/lunash/ntp/keys");
    /// Removes all symmetric keys.
    pub const CLEAR_KEYS: Call<Nothing, Nothing> = Call::delete("/emulator/lunash/ntp/keys");
    /// Removes a symmetric key.
    pub const DELETE_KEY: Call<Nothing, Nothing> = Call::delete("/emulator/lunash/ntp/keys/{keyid}");
    /// Trusts a symmetric key.
    pub const TRUST_KEY: Call<Nothing, Nothing> = Call::put("/emulator/lunash/ntp/trustedKeys/{keyid}");
    /// Trusts a symmetric key no longer.
    pub const DISTRUST_KEY: Call<Nothing, Nothing> =
        Call::delete("/emulator/lunash/ntp/trustedKeys/{keyid}");
    /// Trusts no symmetric key any longer.
    pub const CLEAR_TRUST: Call<Nothing, Nothing> = Call::delete("/emulator/lunash/ntp/trustedKeys");
    /// Makes the AutoKey key of this client.
    pub const GENERATE_AUTOKEY: Call<Autokey, Nothing> = Call::put("/emulator/lunash/ntp/autokey");
    /// Installs the identity scheme of a server.
    pub const INSTALL_SCHEME: Call<Scheme, Nothing> =
        Call::post("/emulator/lunash/ntp/autokey/schemes");
    /// Shows the end of the log.
    pub const LOG: Call<Nothing, Log> = Call::get("/emulator/lunash/ntp/log");
}

short_names! {
    RUNNING = SYSCONF_CONFIG_NTP_SERVICE_RUNNING,
    BAD_AUTHENTICATION = NTP_INVALID_AUTHENTICATION,
    SERVER_EXISTS = NTP_SERVER_ALREADY_EXISTS,
    NO_SERVER = NTP_SERVER_DOES_NOT_EXIST,
    KEY_EXISTS = NTP_KEY_ALREADY_EXISTS,
    NO_KEY = NTP_KEY_DOES_NOT_EXIST,
}

/// The address under which the appliance's own clock is listed.
pub const LOCAL_CLOCK: &str = "127.127.1.0";

/// Network time as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Ntp {
    /// Where the actions are.
    pub actions: String,
    /// Whether the service starts with the appliance.
    pub is_enabled: bool,
    /// Whether the service runs.
    pub is_running: bool,
    /// Whether this client has an AutoKey key.
    pub is_autokey_configured: bool,
    /// Where the servers are.
    pub servers: String,
    /// Where the status is.
    pub status: String,
}

/// The servers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Servers {
    /// In the order in which they were added; the appliance's own clock is not among them.
    pub servers: Vec<Link>,
}

/// A new server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewServer {
    /// Host name or address.
    pub address: String,
    /// Sends eight packets instead of one at each poll.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_burst_enabled: Option<bool>,
    /// The same while the server is unreachable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_initial_burst_enabled: Option<bool>,
    /// The symmetric key that authenticates it, 1-65535.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<u16>,
    /// Authenticates with NTS; version 4 only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nts: Option<bool>,
    /// Authenticates with AutoKey (older appliances).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_autokey_enabled: Option<bool>,
    /// Prefers it over the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_preferred_server: Option<bool>,
    /// 3 or 4; older appliances take 1 and 2 too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol_version: Option<u8>,
    /// The port of the NTS key exchange; only with `nts`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
}

/// A server's settings, all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangeServer {
    /// As in [`NewServer`].
    pub key_id: u16,
    /// As in [`NewServer`].
    pub protocol_version: u8,
    /// As in [`NewServer`].
    pub is_autokey_enabled: bool,
    /// As in [`NewServer`].
    pub is_burst_enabled: bool,
    /// As in [`NewServer`].
    pub is_initial_burst_enabled: bool,
    /// As in [`NewServer`].
    pub is_preferred_server: bool,
}

/// A server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Server {
    /// Host name or address.
    pub address: String,
    /// As in [`NewServer`].
    pub is_burst_enabled: bool,
    /// As in [`NewServer`].
    pub is_initial_burst_enabled: bool,
    /// As in [`NewServer`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_id: Option<u16>,
    /// As in [`NewServer`].
    pub nts: bool,
    /// As in [`NewServer`].
    pub is_autokey_enabled: bool,
    /// As in [`NewServer`].
    pub is_preferred_server: bool,
    /// As in [`NewServer`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol_version: Option<u8>,
    /// As in [`NewServer`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
}

/// Which server the clock is set by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Synchronize {
    /// Host name or address; without one, the configured servers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// Authenticates with NTS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nts: Option<bool>,
    /// The symmetric key that authenticates it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_id: Option<u16>,
    /// 3 or 4.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol_version: Option<u8>,
}

/// What the service knows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Status {
    /// Whether the service starts with the appliance.
    pub is_enabled: bool,
    /// Whether the service runs; nothing else is there when it does not.
    pub is_running: bool,
    /// The appliance's own clock first.
    pub peers: Vec<Peer>,
    /// In the order of the peers.
    pub associations: Vec<Association>,
    /// The clock and its discipline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock: Option<Discipline>,
}

/// A peer, as `ntpq -p` shows it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Peer {
    /// Whether the clock follows it.
    pub selected: bool,
    /// Its address.
    pub remote: String,
    /// What it follows itself.
    pub refid: String,
    /// How many steps it is away from a clock.
    pub stratum: u8,
    /// `l` for the own clock, `u` for unicast.
    #[serde(rename = "type")]
    pub kind: String,
    /// Seconds since it was heard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<u64>,
    /// Seconds between polls.
    pub poll: u64,
    /// Which of the last eight polls were answered, a bit each.
    pub reach: u8,
    /// Milliseconds to it and back.
    pub delay: f64,
    /// Milliseconds it is ahead.
    pub offset: f64,
    /// Milliseconds.
    pub jitter: f64,
}

/// An association, as `ntpq -c associations` shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Association {
    /// Its number.
    pub id: u16,
    /// The status word.
    pub status: u16,
    /// Whether it is configured.
    pub configured: bool,
    /// Whether it is reachable.
    pub reachable: bool,
    /// `none`, `ok` or `bad`.
    pub authentication: String,
    /// What was decided about it, such as `sys.peer`.
    pub condition: String,
    /// The last event.
    pub last_event: String,
    /// How often events happened.
    pub count: u8,
}

/// The clock and its discipline, as `ntptime` shows them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Discipline {
    /// Seconds since 1900.
    pub seconds: u64,
    /// Microseconds of the second.
    pub microseconds: u32,
    /// Whether the clock follows somebody.
    pub synchronized: bool,
    /// Microseconds.
    pub maximum_error: u64,
    /// Microseconds.
    pub estimated_error: u64,
    /// The time constant of the loop.
    pub time_constant: u8,
}

/// The symmetric keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Keys {
    /// By number.
    pub keys: Vec<Key>,
}

/// A symmetric key, without its value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Key {
    /// 1-65535.
    pub id: u16,
    /// `M`, `S`, `A`, `N`, or an algorithm such as `SHA256`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether it is trusted.
    pub trusted: bool,
}

/// A new symmetric key.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct NewKey {
    /// 1-65535.
    pub id: u16,
    /// `M`, `S`, `A`, `N`, or an algorithm such as `SHA256`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The key itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Secret>,
    /// Bits of a key that the appliance makes itself, 128-4096; in place of `value`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u16>,
}

/// What the AutoKey key is protected with.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Autokey {
    /// The password.
    pub password: Secret,
}

/// An identity scheme.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Scheme {
    /// `IFF`, `GQ` or `MV`.
    pub scheme: String,
    /// A file of the account that asks.
    pub file: String,
}

/// The end of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Log {
    /// Oldest first.
    pub lines: Vec<String>,
}
