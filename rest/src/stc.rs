//! The Secure Trusted Channel of a partition: `/api/lunasa/hsms/{hsmid}/partitions/{partitionid}/stc`,
//! of API 4. That has no algorithms and no identity of the partition: those are below `/emulator`.
//! Assumed: the Partition SO may do what the pages have the HSM SO do, as firmware 7.7.0 and newer wants it.

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
    /// Shows which algorithms a channel may use. Emulated appliances only.
    pub const ALGORITHMS: Call<Nothing, Algorithms> =
        Call::get("/emulator/partitions/{partitionid}/stc/algorithms");
    /// Sets which algorithms a channel may use. Emulated appliances only.
    pub const SET_ALGORITHMS: Call<Algorithms, Nothing> =
        Call::put("/emulator/partitions/{partitionid}/stc/algorithms");
    /// Shows the partition's own identity. Emulated appliances only.
    pub const PARTITION_IDENTITY: Call<Nothing, PartitionIdentity> =
        Call::get("/emulator/partitions/{partitionid}/stc/identity");
    /// Asks what a channel with a client would use, as the two ends agree before there is one. Emulated
    /// appliances only.
    pub const AGREE: Call<Offer, Agreement> =
        Call::post("/emulator/partitions/{partitionid}/stc/agreement");
}

/// The ciphers by their numbers. Assumed but for the lengths of their keys.
pub const CIPHERS: &[(u32, &str)] = &[
    (1, "AES 128 Bit with Cipher Block Chaining"),
    (2, "AES 192 Bit with Cipher Block Chaining"),
    (3, "AES 256 Bit with Cipher Block Chaining"),
];

/// The algorithms of message integrity by their numbers. Assumed.
pub const HMACS: &[(u32, &str)] = &[(0, "HMAC with SHA 256 Bit"), (1, "HMAC with SHA 512 Bit")];

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

/// Which algorithms a channel may use, by their numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Algorithms {
    /// Of [`CIPHERS`]; without any, messages are not encrypted.
    pub ciphers: Vec<u32>,
    /// Of [`HMACS`], at least one.
    pub hmacs: Vec<u32>,
}

/// The identity of a partition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PartitionIdentity {
    /// The content of the partition's `.pid` file, in base64.
    pub identity: String,
    /// Its SHA-1 in 40 hexadecimal digits.
    pub fingerprint: String,
}

/// Which client asks for a channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// The fingerprint of the client's identity.
    pub fingerprint: String,
}

/// What a channel would use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Agreement {
    /// Whether the identity is registered with the partition.
    pub registered: bool,
    /// Of [`CIPHERS`]; none where messages are not encrypted.
    pub cipher: Option<u32>,
    /// Of [`HMACS`].
    pub hmac: u32,
}
