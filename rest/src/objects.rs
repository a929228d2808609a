//! Objects and what is done with them: the calls of a cryptographic token, for partitions and
//! keyrings alike.
//!
//! The product's clients do this over a protocol that is not public, so these calls are the emulated
//! appliance's own, below `/emulator/slots`. A slot is named by its owner, the serial number of an HSM
//! or the UUID of a cluster, and by its own identifier, the serial number of a partition or the UUID
//! of a keyring. Names, values and refusals are those of PKCS#11 2.40. Bytes of attributes are lower-case
//! hexadecimal digits, data of operations is Base64.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::call::{Nothing, calls};
use crate::secret::Secret;

calls! {
    /// Finds the objects that have all attributes of a template.
    pub const FIND: Call<Find, Found> =
        Call::post("/emulator/slots/{ownerid}/{slotid}/objects/find");
    /// Makes an object from the values of a template, or a copy that another slot gave out.
    pub const CREATE: Call<Create, Made> =
        Call::post("/emulator/slots/{ownerid}/{slotid}/objects");
    /// Generates a key or a key pair.
    pub const GENERATE: Call<Generate, Made> =
        Call::post("/emulator/slots/{ownerid}/{slotid}/keys");
    /// Shows the attributes of an object that may be read.
    pub const READ: Call<Nothing, FoundObject> =
        Call::get("/emulator/slots/{ownerid}/{slotid}/objects/{objectid}");
    /// Changes attributes of an object.
    pub const CHANGE: Call<Change, Nothing> =
        Call::patch("/emulator/slots/{ownerid}/{slotid}/objects/{objectid}");
    /// Deletes an object.
    pub const DESTROY: Call<Nothing, Nothing> =
        Call::delete("/emulator/slots/{ownerid}/{slotid}/objects/{objectid}");
    /// Does something with an object, see [`Operation`].
    pub const USE: Call<Use, Used> =
        Call::post("/emulator/slots/{ownerid}/{slotid}/objects/{objectid}/{operation}");
    /// Digests data.
    pub const DIGEST: Call<Use, Used> = Call::post("/emulator/slots/{ownerid}/{slotid}/digest");
    /// Draws random bytes.
    pub const RANDOM: Call<Random, Used> = Call::post("/emulator/slots/{ownerid}/{slotid}/random");
    /// Lists the mechanisms.
    pub const MECHANISMS: Call<Nothing, Mechanisms> =
        Call::get("/emulator/slots/{ownerid}/{slotid}/mechanisms");
    /// Gives the SKS master key of a version 1 partition out, for another slot of its cloning domain.
    pub const GIVE_SMK: Call<Nothing, Used> =
        Call::post("/emulator/slots/{ownerid}/{slotid}/smk/clone");
    /// Puts the SKS master key of another slot in the place of this slot's.
    pub const TAKE_SMK: Call<SmkClone, Nothing> = Call::put("/emulator/slots/{ownerid}/{slotid}/smk");
}

/// What is done with an object: the last word of [`USE`]'s path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Signs `data`, or makes its message authentication code; answers `data`.
    Sign,
    /// Checks `signature` of `data`; `CKR_SIGNATURE_INVALID` where it is another one.
    Verify,
    /// Encrypts `data`.
    Encrypt,
    /// Decrypts `data`.
    Decrypt,
    /// Wraps the key `key` with this one; answers `data`.
    Wrap,
    /// Makes a key of `template` from `data`, which this one wrapped; answers `handle`.
    Unwrap,
    /// Makes a secret key of `template` from this one and `data`; answers `handle`.
    Derive,
    /// Copies the object with the changes of `template`; answers `handle`.
    Copy,
    /// Gives the object out for another slot of the same cloning domain; answers `data` for
    /// [`Create::clone`].
    Clone,
    /// Proves with the certificates of the HSM that a key was made in it; answers `data`, a chain of
    /// certificates.
    Attest,
}

/// Every operation with its word.
const OPERATIONS: [(Operation, &str); 10] = [
    (Operation::Sign, "sign"),
    (Operation::Verify, "verify"),
    (Operation::Encrypt, "encrypt"),
    (Operation::Decrypt, "decrypt"),
    (Operation::Wrap, "wrap"),
    (Operation::Unwrap, "unwrap"),
    (Operation::Derive, "derive"),
    (Operation::Copy, "copy"),
    (Operation::Clone, "clone"),
    (Operation::Attest, "attest"),
];

impl Operation {
    /// The word in the path.
    pub fn word(self) -> &'static str {
        OPERATIONS.iter().find(|(one, _)| *one == self).map_or("", |(_, word)| word)
    }

    /// The operation of a word.
    pub fn of(word: &str) -> Option<Operation> {
        OPERATIONS.iter().find(|(_, one)| *one == word).map(|(one, _)| *one)
    }
}

/// A value of an attribute.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// `CK_BBOOL`.
    Flag(bool),
    /// `CK_ULONG`, where it is a number.
    Number(u64),
    /// A text, a name such as `CKO_PRIVATE_KEY`, a date `YYYYMMDD`, or bytes in hexadecimal digits.
    Text(String),
}

impl From<bool> for Value {
    fn from(flag: bool) -> Value {
        Value::Flag(flag)
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Value {
        Value::Number(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(text)
    }
}

/// Attributes by their names, `CKA_LABEL` and the like.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Attributes(pub BTreeMap<String, Value>);

impl Attributes {
    /// Attributes from names and values.
    pub fn of<const N: usize>(pairs: [(&str, Value); N]) -> Attributes {
        Attributes(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// A value.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// A flag; false where it is missing.
    pub fn flag(&self, name: &str) -> bool {
        self.get(name) == Some(&Value::Flag(true))
    }

    /// A number; 0 where it is missing.
    pub fn number(&self, name: &str) -> u64 {
        match self.get(name) {
            Some(Value::Number(number)) => *number,
            _ => 0,
        }
    }

    /// A text; empty where it is missing.
    pub fn text(&self, name: &str) -> &str {
        match self.get(name) {
            Some(Value::Text(text)) => text,
            _ => "",
        }
    }

    /// Sets a value.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }
}

/// What is looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Find {
    /// What an object has to have; nothing finds all that are visible.
    pub template: Attributes,
    /// The names of the attributes to be shown of each.
    pub attributes: Vec<String>,
    /// Objects with a larger handle only: to go on after the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<u32>,
    /// How many at most, 1,000 without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
}

/// What was found, by handle.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Found {
    /// One entry an object.
    pub objects: Vec<FoundObject>,
    /// Whether there are more.
    pub more: bool,
}

/// An object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FoundObject {
    /// The handle; it belongs to the object as long as that lives.
    pub handle: u32,
    /// Those of its attributes that were asked for and may be read.
    pub attributes: Attributes,
}

/// A new object.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Create {
    /// All that it is made of. A sensitive value stands in `value`.
    pub template: Attributes,
    /// `CKA_VALUE` of a key or data object in Base64; of a private key its PKCS#8 form (the product takes
    /// no private key in plain text: the emulated one does, for what is imported in a test).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Secret>,
    /// What [`Operation::Clone`] gave out, in place of template and value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clone: Option<String>,
}

/// An SKS master key that another slot gave out.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SmkClone {
    /// What [`GIVE_SMK`] answered.
    pub clone: Secret,
}

/// The handles of what was made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Made {
    /// The object; of a pair the private key.
    pub handle: u32,
    /// The public key of a pair.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_handle: Option<u32>,
}

/// A key or a pair that is to be generated.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Generate {
    /// Such as `CKM_AES_KEY_GEN` or `CKM_RSA_PKCS_KEY_PAIR_GEN`.
    pub mechanism: Mechanism,
    /// Of the key, or of the private key of a pair.
    pub template: Attributes,
    /// Of the public key of a pair.
    pub public_template: Attributes,
}

/// A change of attributes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Change {
    /// The new values.
    pub attributes: Attributes,
}

/// A mechanism with its parameters, each where the mechanism has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Mechanism {
    /// `CKM_SHA256_RSA_PKCS` and the like.
    pub name: String,
    /// Initialization vector or initial counter, in hexadecimal digits.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub iv: String,
    /// Additional authenticated data of GCM, in hexadecimal digits.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub aad: String,
    /// The digest of PSS and OAEP, such as `CKM_SHA256`; that of the mechanism without it, else SHA-1 (the
    /// default of PKCS#1).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub digest: String,
    /// Bytes of the salt of PSS; those of its digest without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub salt: Option<usize>,
}

impl Mechanism {
    /// A mechanism without parameters.
    pub fn of(name: &str) -> Mechanism {
        Mechanism { name: name.to_owned(), ..Mechanism::default() }
    }
}

/// What an operation is given.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Use {
    /// The mechanism; copying, cloning and attesting have none.
    pub mechanism: Mechanism,
    /// What is signed, encrypted, decrypted, unwrapped or digested, or the other side's public key.
    #[serde(skip_serializing_if = "Secret::is_empty")]
    pub data: Secret,
    /// The signature to be checked.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub signature: String,
    /// The key to be wrapped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<u32>,
    /// Of the object that is made.
    pub template: Attributes,
}

/// What an operation gives.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Used {
    /// In Base64.
    #[serde(skip_serializing_if = "Secret::is_empty")]
    pub data: Secret,
    /// The object that was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handle: Option<u32>,
}

/// How many random bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Random {
    /// At most 65,536.
    pub length: usize,
}

/// The mechanisms of a slot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Mechanisms {
    /// By number.
    pub mechanisms: Vec<MechanismInfo>,
}

/// `CK_MECHANISM_INFO`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct MechanismInfo {
    /// `CKM_RSA_PKCS` and the like.
    pub name: String,
    /// PKCS#11's number of it.
    pub number: u32,
    /// The smallest key: bits, or bytes of symmetric keys, as PKCS#11 counts.
    pub least: usize,
    /// The largest key.
    pub most: usize,
    /// What it can be used for: `sign`, `verify`, `generate_key_pair` and the like.
    pub flags: Vec<String>,
}

/// The refusals of objects: PKCS#11's return codes by name.
pub mod refusal {
    use crate::error_id::short_names;

    short_names! {
        ATTRIBUTE_READ_ONLY = CKR_ATTRIBUTE_READ_ONLY,
        ATTRIBUTE_SENSITIVE = CKR_ATTRIBUTE_SENSITIVE,
        ATTRIBUTE_TYPE_INVALID = CKR_ATTRIBUTE_TYPE_INVALID,
        ATTRIBUTE_VALUE_INVALID = CKR_ATTRIBUTE_VALUE_INVALID,
        DATA_INVALID = CKR_DATA_INVALID,
        DATA_LEN_RANGE = CKR_DATA_LEN_RANGE,
        ENCRYPTED_DATA_INVALID = CKR_ENCRYPTED_DATA_INVALID,
        KEY_FUNCTION_NOT_PERMITTED = CKR_KEY_FUNCTION_NOT_PERMITTED,
        KEY_HANDLE_INVALID = CKR_KEY_HANDLE_INVALID,
        KEY_SIZE_RANGE = CKR_KEY_SIZE_RANGE,
        KEY_TYPE_INCONSISTENT = CKR_KEY_TYPE_INCONSISTENT,
        KEY_UNEXTRACTABLE = CKR_KEY_UNEXTRACTABLE,
        MECHANISM_INVALID = CKR_MECHANISM_INVALID,
        MECHANISM_PARAM_INVALID = CKR_MECHANISM_PARAM_INVALID,
        OBJECT_HANDLE_INVALID = CKR_OBJECT_HANDLE_INVALID,
        SIGNATURE_INVALID = CKR_SIGNATURE_INVALID,
        TEMPLATE_INCOMPLETE = CKR_TEMPLATE_INCOMPLETE,
        TEMPLATE_INCONSISTENT = CKR_TEMPLATE_INCONSISTENT,
        WRAPPED_KEY_INVALID = CKR_WRAPPED_KEY_INVALID,
    }
}
