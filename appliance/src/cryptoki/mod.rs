//! What a cryptographic token computes, by the rules of PKCS#11 2.40: attributes, keys, mechanisms.
//!
//! Covered: token objects of the classes data, X.509 certificate, public, private and secret key; their
//! creation, generation, copies and changes; digests, signatures and MACs, encryption, wrapping, ECDH, and
//! random numbers, each in one part. Not covered: session objects, operations in several parts, domain
//! parameters, DSA, DH, DES, and the vendor's own mechanisms.
//!
//! Everything here is pure: which object a handle means, who is logged in and what is stored is in
//! `crate::rules::objects`. A refusal carries the name of its `CKR_` code as identifier.
//!
//! | file | what lives there |
//! |---|---|
//! | `attributes.rs` | which attributes there are, and the rules of templates and changes |
//! | `mechanisms.rs` | the table of mechanisms |
//! | `key_cache.rs` | the keys that were used lately |
//! | `keys.rs` | key material: made, read, encoded |
//! | `operations.rs` | signing, encrypting, wrapping, and their counterparts |
//! | `seal.rs` | how values are encrypted where they are kept, and on their way to another token |

pub mod attributes;
pub(crate) mod key_cache;
pub mod keys;
pub mod mechanisms;
pub mod operations;
pub mod seal;

use crate::core::message::Failure;

/// A refusal by its `CKR_` code.
pub(crate) fn refuse(code: &'static str, details: impl Into<String>) -> Failure {
    Failure::new(422, code, message(code)).details(details)
}

/// The codes in a few words.
fn message(code: &str) -> &'static str {
    use luna_rest::objects::refusal as r;
    match code {
        r::ATTRIBUTE_READ_ONLY => "The attribute cannot be changed.",
        r::ATTRIBUTE_SENSITIVE => "The attribute is sensitive.",
        r::ATTRIBUTE_TYPE_INVALID => "The object has no such attribute.",
        r::ATTRIBUTE_VALUE_INVALID => "The attribute cannot have this value.",
        r::DATA_INVALID | r::DATA_LEN_RANGE => "The mechanism cannot take this data.",
        r::ENCRYPTED_DATA_INVALID => "The data was not encrypted with this key.",
        r::KEY_FUNCTION_NOT_PERMITTED => "The key may not be used for this.",
        r::KEY_HANDLE_INVALID | r::OBJECT_HANDLE_INVALID => "The object does not exist.",
        r::KEY_SIZE_RANGE => "The key has the wrong size.",
        r::KEY_TYPE_INCONSISTENT => "The key is of the wrong type.",
        r::KEY_UNEXTRACTABLE => "The key may not leave.",
        r::MECHANISM_INVALID => "The mechanism does not do this.",
        r::MECHANISM_PARAM_INVALID => "The mechanism's parameters are wrong.",
        r::SIGNATURE_INVALID => "The signature is not that of the data.",
        r::TEMPLATE_INCOMPLETE => "The template lacks an attribute.",
        r::TEMPLATE_INCONSISTENT => "The template contradicts itself.",
        r::WRAPPED_KEY_INVALID => "The wrapped key cannot be read.",
        _ => "The operation is not possible.",
    }
}
