//! Policies and capabilities of the HSM.
//!
//! Pages of these resources were not found: their existence is documented, the fields are assumed.

use serde::{Deserialize, Serialize};

use crate::call::{Nothing, calls};

calls! {
    /// Lists the policies with their values.
    pub const POLICIES: Call<Nothing, Policies> = Call::get("/api/lunasa/hsms/{hsmid}/policies");
    /// Shows a policy.
    pub const POLICY: Call<Nothing, Policy> = Call::get("/api/lunasa/hsms/{hsmid}/policies/{policyid}");
    /// Sets a policy; a destructive one as a waiting task.
    pub const SET_POLICY: Call<SetPolicy, Nothing> =
        Call::put("/api/lunasa/hsms/{hsmid}/policies/{policyid}");
    /// Writes the policies to a template among the user's files; answers 201. Assumed by analogy with the same
    /// resource of partitions.
    pub const EXPORT_POLICIES: Call<ExportPolicies, Nothing> =
        Call::post("/api/lunasa/hsms/{hsmid}/policies");
    /// Lists the capabilities.
    pub const CAPABILITIES: Call<Nothing, Capabilities> =
        Call::get("/api/lunasa/hsms/{hsmid}/capabilities");
}

/// The policies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Policies {
    /// By number.
    pub policies: Vec<Policy>,
}

/// A policy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Policy {
    /// Whether the SO may change it.
    pub changeable: bool,
    /// Whether a change erases all partitions.
    pub destructive: bool,
    /// Its number.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// `flag` (0 is off, 1 is on) or `number`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its path.
    pub url: String,
    /// Its value.
    pub value: u32,
    /// Whether a change zeroizes the HSM.
    pub zeroizes: bool,
}

/// A new value of a policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SetPolicy {
    /// 0, 1 or a number.
    pub value: u32,
}

/// Where the policies are written to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportPolicies {
    /// Name of the file, 1 to 64 characters.
    pub file: String,
}

/// The capabilities.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Capabilities {
    /// By number.
    pub capabilities: Vec<Capability>,
}

/// A capability: what the model and its licences allow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Capability {
    /// Its number.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// `flag` (0 is disallowed, 1 is allowed) or `number`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its value.
    pub value: u32,
}
