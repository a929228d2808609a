//! The Secure Trusted Channel of a partition: `/api/lunasa/hsms/{hsmid}/partitions/{partitionid}/stc`,
//! of API 4.

use serde::{Deserialize, Serialize};

use crate::call::{Nothing, calls};

calls! {
    /// Shows the settings. Assumed: the page was not found.
    pub const SHOW: Call<Nothing, Stc> =
        Call::get("/api/lunasa/hsms/{hsmid}/partitions/{partitionid}/stc");
    /// Sets all of them, with the HSM SO logged in.
    pub const SET: Call<Stc, Nothing> =
        Call::put("/api/lunasa/hsms/{hsmid}/partitions/{partitionid}/stc");
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
