//! The server of this API: `/api/lunasa/webServer`.

use serde::{Deserialize, Serialize};

use crate::call::{Nothing, calls};
use crate::ntls::ServerCertificate;
use crate::tasks::Actions;

calls! {
    /// Shows the settings.
    pub const SHOW: Call<Nothing, WebServer> = Call::get("/api/lunasa/webServer");
    /// Changes some settings.
    pub const CHANGE: Call<ChangeWebServer, Nothing> = Call::patch("/api/lunasa/webServer");
    /// Shows when an account that breaks the rules is blocked.
    pub const BLOCKLIST: Call<Nothing, Blocklist> = Call::get("/api/lunasa/webServer/blocklist");
    /// Lists the actions on them: none (assumed; the page was not found).
    pub const BLOCKLIST_ACTIONS: Call<Nothing, Actions> =
        Call::get("/api/lunasa/webServer/blocklist/actions");
    /// Replaces those settings.
    pub const REPLACE_BLOCKLIST: Call<ChangeBlocklist, Nothing> =
        Call::put("/api/lunasa/webServer/blocklist");
    /// Changes some of them.
    pub const CHANGE_BLOCKLIST: Call<ChangeBlocklist, Nothing> =
        Call::patch("/api/lunasa/webServer/blocklist");
    /// Shows the certificate. The product's resource is known by its path only, not by its answer.
    pub const CERTIFICATE: Call<Nothing, ServerCertificate> =
        Call::get("/emulator/lunash/webserver/certificate");
    /// Makes a new key and certificate, which the next connection sees.
    pub const MAKE_CERTIFICATE: Call<Nothing, Nothing> =
        Call::post("/emulator/lunash/webserver/certificate");
}

/// The settings. The page of the GET was not found: the fields are those of the PATCH, and
/// `maxFileSize`, which other pages name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct WebServer {
    /// Where it says when an account is blocked; assumed.
    pub blocklist: String,
    /// Ciphers of TLS 1.2 and 1.3, joined by colons.
    pub cipher_list: String,
    /// Largest upload in bytes.
    pub max_file_size: u64,
    /// The device it listens on; `all` and `all_ipv4` mean every one.
    pub net_device: String,
    /// The port it listens on.
    pub port: u16,
}

/// Settings to change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ChangeWebServer {
    /// Ciphers, joined by colons.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cipher_list: Option<String>,
    /// Largest upload in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_file_size: Option<u64>,
    /// `eth0` to `eth3`, `bond0`, `bond1`, `all`, `all_ipv4`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub net_device: Option<String>,
    /// The port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
}

/// When an account that breaks the rules is blocked, and for how long.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Blocklist {
    /// Where the actions are.
    pub actions: String,
    /// Offences before an account is blocked.
    pub max_infraction_count: u32,
    /// Seconds of the first block.
    pub timeout_start: u32,
    /// What each further block is longer by.
    pub timeout_multiplier: f64,
}

/// Those settings to change; `severity` stands for the other three.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ChangeBlocklist {
    /// Offences before an account is blocked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_infraction_count: Option<u32>,
    /// Seconds of the first block.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_start: Option<u32>,
    /// What each further block is longer by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_multiplier: Option<f64>,
    /// Percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<u8>,
}
