//! What only the emulated appliance offers: `/emulator`.
//!
//! A real appliance answers 404 to all of it. Programs on the machine that owns the data folder
//! log in without a password here; tests move the clock and go back to factory state.

use serde::{Deserialize, Serialize};

use crate::call::{Nothing, calls};
use crate::error_id::short_names;

/// The request header that carries the key of the data folder, in hexadecimal.
pub const LOCAL_KEY_HEADER: &str = "X-Local-Key";

/// The name of the session cookie. Assumed: the product's was not found, clients take any.
pub const SESSION_COOKIE: &str = "session";

/// The value of the header `Server` in every answer of an emulated appliance.
pub const SERVER: &str = "luna-appliance";

short_names! {
    HSM_IN_USE = EMULATOR_HSM_IN_USE,
}

calls! {
    /// Opens a private session as `admin` for whoever can read the data folder's key.
    pub const SESSION: Call<Nothing, Nothing> = Call::post("/emulator/session");
    /// Shows the emulated clock.
    pub const CLOCK: Call<Nothing, Clock> = Call::get("/emulator/clock");
    /// Sets the emulated clock or moves it on.
    pub const MOVE_CLOCK: Call<MoveClock, Nothing> = Call::put("/emulator/clock");
    /// Lists the sessions that are open.
    pub const SESSIONS: Call<Nothing, Sessions> = Call::get("/emulator/sessions");
    /// Goes back to factory state; every session and task ends.
    pub const RESET: Call<Nothing, Nothing> = Call::post("/emulator/reset");

    /// Makes the HSM that nobody has used yet a Backup HSM, as it is attached to a client's machine:
    /// it has no accounts, whoever is at that machine may do all that its roles let him.
    pub const BECOME_BACKUP_HSM: Call<Nothing, Nothing> = Call::post("/emulator/backupHsm");

    /// Lists the links to the other members of the cluster.
    pub const LINKS: Call<Nothing, Links> = Call::get("/emulator/links");
    /// Cuts or heals links. The answer comes when everything that follows from it is done.
    pub const CHANGE_LINK: Call<ChangeLink, Nothing> = Call::put("/emulator/links");
    /// Waits until nothing is under way in the background: a join, a member that catches up.
    pub const SETTLE: Call<Nothing, Nothing> = Call::post("/emulator/settle");
}

/// The sessions that are open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sessions {
    /// The oldest first.
    pub data: Vec<Session>,
}

/// A session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Session {
    /// Its account; empty for a client of the cluster.
    pub user: String,
    /// Address and port that its user came to the SSH server from; none without SSH.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ssh: Option<String>,
}

/// The links to other members.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Links {
    /// One entry a member.
    pub data: Vec<Link>,
}

/// The link to a member, as the serving appliance has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Link {
    /// The member's UUID.
    #[serde(rename = "memberUUID")]
    pub member_uuid: String,
    /// Its core address.
    pub address: String,
    /// Whether nothing is sent to it.
    pub cut_to: bool,
    /// Whether nothing is taken from it.
    pub cut_from: bool,
}

/// A change of links.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChangeLink {
    /// UUID or core address of the member; all members without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// `cut` or `heal`.
    pub action: String,
    /// `to`, `from` or `both` (the default).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<String>,
}

/// The emulated clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Clock {
    /// The time now, RFC 3339, UTC.
    pub now: String,
    /// Whether it is stopped until it is moved.
    pub fixed: bool,
}

/// A change of the clock: exactly one of the two.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct MoveClock {
    /// The new time, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set: Option<String>,
    /// Seconds to move on by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advance: Option<u32>,
}
