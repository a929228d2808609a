//! The SSH server: `/api/lunasa/ssh`.

use serde::{Deserialize, Serialize};

use crate::call::{Nothing, calls};
use crate::error_id::short_names;
use crate::secret::Secret;
use crate::tasks::Actions;

calls! {
    /// Shows the settings.
    pub const SHOW: Call<Nothing, Ssh> = Call::get("/api/lunasa/ssh");
    /// Changes some settings.
    pub const CHANGE: Call<ChangeSsh, Nothing> = Call::patch("/api/lunasa/ssh");
    /// Lists what can be done; assumed.
    pub const ACTIONS: Call<Nothing, Actions> = Call::get("/api/lunasa/ssh/actions");
    /// Runs [`REGENERATE_KEY`] or [`RESET_CIPHERS`].
    pub const ACT: Call<Nothing, Nothing> = Call::post("/api/lunasa/ssh/actions/{actionid}");

    /// Shows the public keys of the server. Emulated appliances only, as all that follows here: the
    /// product has no such resource.
    pub const HOST_KEYS: Call<Nothing, HostKeys> = Call::get("/emulator/lunash/ssh/hostKeys");
    /// Binds the server to one address.
    pub const BIND_ADDRESS: Call<BindAddress, Nothing> = Call::put("/emulator/lunash/ssh/address");
    /// Shows from where each account may log in.
    pub const CLIENTS: Call<Nothing, Clients> = Call::get("/emulator/lunash/ssh/clients");
    /// Takes all restrictions back.
    pub const CLEAR_CLIENTS: Call<Nothing, Nothing> = Call::delete("/emulator/lunash/ssh/clients");
    /// Lets an account log in from further addresses.
    pub const ADD_CLIENTS: Call<Hosts, Nothing> = Call::post("/emulator/lunash/ssh/clients/{userid}");
    /// Takes addresses from an account; without any it may log in from everywhere again.
    pub const REMOVE_CLIENTS: Call<Hosts, Nothing> =
        Call::delete("/emulator/lunash/ssh/clients/{userid}");
    /// Lists the logins that were refused for the address they came from.
    pub const REJECTED: Call<Nothing, Rejected> = Call::get("/emulator/lunash/ssh/rejectedClients");
    /// Opens a session for somebody who proves to the SSH server who he is. Needs the key of the data
    /// folder.
    pub const ENTER: Call<Enter, Entered> = Call::post("/emulator/lunash/ssh/sessions");
}

/// The action that makes new host keys.
pub const REGENERATE_KEY: &str = "keyRegenerate";
/// The action that goes back to the default ciphers.
pub const RESET_CIPHERS: &str = "resetCiphers";
short_names! {
    BAD_CIPHERS = SSH_FAILED_TO_SET_CIPHERS,
    BAD_ADDRESS = SSH_CLIENT_ADDRESS_INVALID,
    NO_USER = SERVERPLUGIN_USERID_DOES_NOT_EXIST,
    NO_CLIENT = SSH_CLIENT_DOES_NOT_EXIST,
}

/// Ciphers the server can be told to accept, in the reference's order.
pub const CIPHERS: [&str; 16] = [
    "3des-cbc",
    "blowfish-cbc",
    "cast128-cbc",
    "arcfour",
    "arcfour128",
    "arcfour256",
    "aes128-cbc",
    "aes192-cbc",
    "aes256-cbc",
    "rijndael-cbc@lysator.liu.se",
    "aes128-ctr",
    "aes192-ctr",
    "aes256-ctr",
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "chacha20-poly1305@openssh.com",
];
/// Codes for message authentication, which may stand in the same list.
pub const MACS: [&str; 4] =
    ["hmac-sha2-256-etm", "hmac-sha2-512-etm", "hmac-sha2-256", "hmac-sha2-512"];

/// The settings. The page of the GET was not found: the fields are those of the PATCH; `ip` and
/// `actions` are assumed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Ssh {
    /// Where the actions are.
    pub actions: String,
    /// Ciphers, joined by colons.
    pub cipher_list: String,
    /// Whether a password opens a session.
    pub is_password_authentication_enabled: bool,
    /// Whether a public key opens a session.
    pub is_key_authentication_enabled: bool,
    /// 22 or 1024-65535.
    pub port: u16,
    /// Network devices the server listens on, or `all`.
    pub network_devices: Vec<String>,
    /// The one address it listens on; left out where there is no such restriction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
}

/// Settings to change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ChangeSsh {
    /// Ciphers, joined by colons.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cipher_list: Option<String>,
    /// Whether a password opens a session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_password_authentication_enabled: Option<bool>,
    /// Whether a public key opens a session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_key_authentication_enabled: Option<bool>,
    /// 22 or 1024-65535.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Network devices to listen on, or `all`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_devices: Option<Vec<String>>,
}

/// The public keys of the server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HostKeys {
    /// One entry a key.
    pub keys: Vec<HostKey>,
}

/// A public key of the server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HostKey {
    /// `ssh-ed25519` and so on.
    #[serde(rename = "type")]
    pub kind: String,
    /// Length of the key.
    pub bits: u32,
    /// `SHA256:` and the digest in base64, as `ssh-keygen -l` shows it.
    pub fingerprint: String,
}

/// The address to listen on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BindAddress {
    /// IPv4 or IPv6.
    pub ip: String,
}

/// From where the accounts may log in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Clients {
    /// One entry an account.
    pub clients: Vec<Client>,
}

/// From where an account may log in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Client {
    /// The account.
    pub user_id: String,
    /// Addresses; none: from everywhere.
    pub hosts: Vec<String>,
}

/// Addresses to add or to remove.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hosts {
    /// IPv4 or IPv6.
    pub hosts: Vec<String>,
}

/// Refused logins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rejected {
    /// Oldest first.
    pub clients: Vec<RejectedClient>,
}

/// A refused login.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RejectedClient {
    /// The account.
    pub user_id: String,
    /// The address it came from.
    pub host: String,
    /// When, RFC 3339, UTC.
    pub time: String,
}

/// Somebody at the SSH server.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Enter {
    /// The account.
    pub user_id: String,
    /// Where he comes from: `address:port`.
    pub from: String,
    /// His proof.
    pub proof: Proof,
}

/// What somebody shows to be let in.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Proof {
    /// The account's password.
    Password(Secret),
    /// The fingerprint, `SHA256:…`, of a public key whose owner he has proved to be.
    Key(String),
    /// The fingerprint of a public key that he may prove to own: no session is opened.
    Offer(String),
    /// The cookie of a session that a proof has opened: a further one is opened.
    Session(Secret),
}

impl Default for Proof {
    fn default() -> Self {
        Proof::Offer(String::new())
    }
}

/// A session of the SSH server; its cookie comes with the answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Entered {
    /// When the account was last let in, RFC 3339, UTC; empty if it never was.
    pub last_time: String,
    /// From where.
    pub last_address: String,
    /// The software's version, for the greeting.
    pub version: String,
}

/// What the SSH server of an emulated appliance hands to the LunaSH that it starts for somebody, as one line of
/// JSON over a descriptor.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct LoginShell {
    /// The web server: `address:port`.
    pub address: String,
    /// The fingerprint of its certificate.
    pub fingerprint: String,
    /// The account.
    pub user: String,
    /// The cookie of its session.
    pub cookie: Secret,
    /// The software's version.
    pub version: String,
    /// The only command to run, as it was typed.
    pub command: Option<Secret>,
    /// Whether no empty line stands before a prompt, as in 5.x.
    pub dense: bool,
    /// A folder for what several shells share.
    pub folder: String,
}
