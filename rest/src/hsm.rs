//! The HSM: `/api/lunasa/hsms`.

use serde::{Deserialize, Serialize};

use crate::call::{Call, Method, Nothing};

/// Lists the HSMs of the appliance: exactly one.
pub const LIST: Call<Nothing, Hsms> = Call::get("/api/lunasa/hsms");

/// Every resource of this area.
pub const ALL: &[(Method, &str)] = &[LIST.resource()];

/// The HSMs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Hsms {
    /// One entry; its `id` is the serial number.
    pub hsms: Vec<crate::tasks::Link>,
}
