//! The link of a client: what a registered client of partitions begins with on the port of NTLS.
//!
//! The product's NTLS protocol is not public. On an emulated appliance it is REST over mutual TLS: the
//! client's certificate says who it is, and it sees the calls of its own partitions and no others.

use serde::{Deserialize, Serialize};

use crate::call::{Nothing, calls};

calls! {
    /// Opens a session for the client whose certificate was shown.
    pub const OPEN: Call<Nothing, Link> = Call::post("/emulator/link");
    /// Shows what the link leads to.
    pub const SHOW: Call<Nothing, Link> = Call::get("/emulator/link");
    /// Proves the partition's primary cloning domain, with its Crypto Officer logged in: two partitions of
    /// one domain give the same proof for one challenge.
    pub const PROVE_DOMAIN: Call<DomainChallenge, DomainProof> =
        Call::post("/emulator/link/partitions/{partitionid}/domain");
}

/// What is to be proved for: any text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DomainChallenge {
    /// Of at most 255 characters.
    pub challenge: String,
}

/// The proof.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DomainProof {
    /// In hexadecimal.
    pub proof: String,
}

/// What a link leads to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Link {
    /// The name under which the client is registered.
    #[serde(rename = "clientID")]
    pub client_id: String,
    /// The HSM's serial number.
    #[serde(rename = "hsmID")]
    pub hsm_id: String,
    /// The version of the appliance's software.
    pub version: String,
    /// The HSM's firmware.
    pub firmware: String,
    /// Serial numbers of the client's partitions, in the order of their assignment.
    pub partitions: Vec<String>,
}
