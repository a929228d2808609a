//! What is inside a partition: objects, backups of them, SKS master keys, cloning domains.

use serde::{Deserialize, Serialize};

use crate::secret::Secret;
use crate::tasks::Link;

/// The objects of a partition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Objects {
    /// One entry an object; its `id` is the handle.
    pub objects: Vec<Link>,
}

/// An object; its fields are assumed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Object {
    /// The handle.
    pub id: String,
    /// The label.
    pub label: String,
    /// `Symmetric Key`, `Private Key`, `Public Key`, `Certificate` or `Data`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The unique identifier, 24 hexadecimal digits.
    pub uid: String,
    /// Whether only a logged-in role sees it.
    pub private: bool,
    /// Bytes it takes.
    pub size: u64,
}

/// A new object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NewObject {
    /// The label.
    pub label: String,
    /// As in [`Object`].
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether only a logged-in role sees it; true without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private: Option<bool>,
    /// Bytes; what its type usually takes without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
}

/// The handle of a new object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AddedObject {
    /// The handle.
    pub id: String,
}

/// What goes to or comes from the backup device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CopyObjects {
    /// Name for the backup.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The handles; none means all.
    pub ids: Vec<String>,
}

/// The handles of what was copied.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CopiedObjects {
    /// The handles.
    pub ids: Vec<String>,
}

/// The small form factor backup device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Sff {
    /// The backup's name.
    pub name: String,
    /// How many objects it holds.
    pub object_count: u64,
    /// Its identifier.
    pub uid: String,
}

/// An SKS master key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Smk {
    /// Path of its actions.
    pub actions: String,
    /// `smk-fw7-primary` or `smk-fw7-rollover`.
    pub id: String,
    /// `Not Initialized` or `Initialized`.
    pub state: String,
    /// Its unique identifier, 24 hexadecimal digits; empty where there is none or it is not told.
    /// Assumed: the vendor's client hears it from the cryptographic API.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub ouid: String,
}

/// The cloning domains of a partition, the primary one first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Domains {
    /// One entry a domain.
    pub domains: Vec<Domain>,
}

/// A cloning domain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Domain {
    /// Its number.
    pub id: String,
    /// Its label; empty for none.
    pub label: String,
    /// Whether new objects are bound to it.
    pub primary: bool,
}

/// A further cloning domain.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NewDomain {
    /// The domain, 1 to 128 characters.
    pub domain: Secret,
    /// Its label, 1 to 32 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Make it the primary one.
    pub primary: bool,
}

/// A change of a cloning domain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ChangeDomain {
    /// The new label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Make it the primary one.
    pub primary: bool,
}

/// The domain of an older HSM.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct LegacyDomain {
    /// The domain.
    pub domain: Secret,
}

/// A file that was written among the user's files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FileName {
    /// Its name.
    pub file: String,
}
