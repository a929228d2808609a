//! Application partitions: `/api/lunasa/hsms/{hsmid}/partitions`.

use serde::{Deserialize, Serialize};

use crate::call::{Call, Method, Nothing};
use crate::tasks::Link;

/// Lists the partitions.
pub const LIST: Call<Nothing, Partitions> = Call::get("/api/lunasa/hsms/{hsmid}/partitions");
/// Shows a partition.
pub const SHOW: Call<Nothing, Partition> =
    Call::get("/api/lunasa/hsms/{hsmid}/partitions/{partitionid}");

/// Every resource of this area.
pub const ALL: &[(Method, &str)] = &[LIST.resource(), SHOW.resource()];

/// The partitions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Partitions {
    /// One entry a partition; its `id` is the serial number.
    pub partitions: Vec<Link>,
}

/// A partition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Partition {
    /// The name it was created with.
    pub name: String,
    /// The label it was initialised with.
    pub label: String,
    /// `initialized` or `zeroized`.
    pub state: String,
    /// 0 or 1.
    pub version: u8,
}
