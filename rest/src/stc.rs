//! The Secure Trusted Channel of a partition: `/api/lunasa/hsms/{hsmid}/partitions/{partitionid}/stc`,
//! of API 4.

use serde::{Deserialize, Serialize};

use crate::call::{Nothing, calls};
use crate::tasks::Link;

calls! {
    /// Shows the settings. Assumed: the page was not found.
    pub const SHOW: Call<Nothing, Stc> =
        Call::get("/api/lunasa/hsms/{hsmid}/partitions/{partitionid}/stc");
    /// Sets all of them, with the HSM SO logged in.
    pub const SET: Call<Stc, Nothing> =
        Call::put("/api/lunasa/hsms/{hsmid}/partitions/{partitionid}/stc");
    /// Lists the registered identities of clients. Assumed: the page was not found.
    pub const CLIENTS: Call<Nothing, Clients> =
        Call::get("/api/lunasa/hsms/{hsmid}/partitions/{partitionid}/stc/clients");
    /// Registers the identity of a client, with the HSM SO logged in.
    pub const REGISTER: Call<NewClient, Nothing> =
        Call::post("/api/lunasa/hsms/{hsmid}/partitions/{partitionid}/stc/clients");
    /// Shows a registered identity.
    pub const CLIENT: Call<Nothing, Client> =
        Call::get("/api/lunasa/hsms/{hsmid}/partitions/{partitionid}/stc/clients/{clientid}");
    /// Removes a registered identity. Assumed: the page was not found.
    pub const DEREGISTER: Call<Nothing, Nothing> =
        Call::delete("/api/lunasa/hsms/{hsmid}/partitions/{partitionid}/stc/clients/{clientid}");
}

/// What a decoded identity begins with.
pub const IDENTITY: &str = "SafeNetStcClientIdentityPub";

/// The registered identities of a partition's clients.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Clients {
    /// By number.
    pub clients: Vec<Link>,
}

/// The identity of a client to register.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewClient {
    /// The file that LunaCM makes, in base64; it begins with [`IDENTITY`].
    pub identity: String,
    /// Its label.
    pub label: String,
}

/// A registered identity of a client.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Client {
    /// 40 hexadecimal digits.
    pub fingerprint: String,
    /// Its label.
    pub label: String,
}

/// The settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stc {
    /// Seconds that a client has to open the channel, 1 to 240 (the range is assumed).
    pub activation_timeout: u32,
    /// Millions of messages until the key changes, 0 to 4000; 0 for never.
    pub rekey_threshold: u32,
    /// Packets, 100 to 1000.
    pub replay_window: u32,
}
