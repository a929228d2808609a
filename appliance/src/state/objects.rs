//! What objects of partitions and keyrings are made of.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The contents of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ContentsRow {
    /// Its attributes by the names of PKCS#11; a secret value is none of them.
    pub attributes: BTreeMap<String, AttributeRow>,
    /// Its secret value in Base64, encrypted with the key of its partition or keyring; empty for none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub sealed: String,
}

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum AttributeRow {
    /// A flag.
    Flag(bool),
    /// A number.
    Number(u64),
    /// A text, a name, a date, or bytes in lower-case hexadecimal digits.
    Text(String),
}
