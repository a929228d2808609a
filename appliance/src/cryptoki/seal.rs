//! How values are encrypted: where they are kept under the key of their slot, and on their way to another
//! slot under a key that both have, AES-256-GCM each.

use aes_gcm::Aes256Gcm;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ring::digest::{Context, SHA256};
use zeroize::Zeroizing;

use crate::core::message::Failure;
use crate::cryptoki::keys::{Value, fresh};

/// A key that seals; wiped when dropped.
pub(crate) struct SealingKey(Zeroizing<[u8; 32]>);

/// Bytes of the nonce before what is sealed.
const NONCE: usize = 12;

impl SealingKey {
    /// A key from its bytes.
    pub(crate) fn of(bytes: [u8; 32]) -> SealingKey {
        SealingKey(Zeroizing::new(bytes))
    }

    /// The key that follows from a secret, for one purpose.
    pub(crate) fn derived(purpose: &str, secret: &str) -> SealingKey {
        let mut digest = Context::new(&SHA256);
        digest.update(purpose.as_bytes());
        digest.update(&[0]);
        digest.update(secret.as_bytes());
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest.finish().as_ref());
        SealingKey::of(bytes)
    }

    /// Seals bytes together with `what` they are, which is not sealed: Base64.
    pub(crate) fn seal(&self, what: &str, bytes: &[u8]) -> Result<String, Failure> {
        let nonce: [u8; NONCE] = fresh()?.bytes();
        let cipher = Aes256Gcm::new(&(*self.0).into());
        let payload = Payload { msg: bytes, aad: what.as_bytes() };
        let sealed = cipher.encrypt(&nonce.into(), payload);
        let sealed = sealed.map_err(|_| Failure::internal("A value could not be sealed."))?;
        Ok(BASE64_STANDARD.encode([&nonce[..], &sealed].concat()))
    }

    /// Opens what was sealed; nothing where the key, the text or `what` it is is another one.
    pub(crate) fn open(&self, what: &str, sealed: &str) -> Option<Value> {
        let sealed = BASE64_STANDARD.decode(sealed).ok()?;
        let (nonce, sealed) = sealed.split_at_checked(NONCE)?;
        let nonce: [u8; NONCE] = nonce.try_into().ok()?;
        let cipher = Aes256Gcm::new(&(*self.0).into());
        let payload = Payload { msg: sealed, aad: what.as_bytes() };
        cipher.decrypt(&nonce.into(), payload).ok().map(Zeroizing::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_key_and_purpose_open_it() {
        let key = SealingKey::derived("clone", "domain");
        let sealed = key.seal("object", b"value").unwrap();
        assert_eq!(key.open("object", &sealed).unwrap()[..], *b"value");
        assert_ne!(sealed, key.seal("object", b"value").unwrap());
        assert!(key.open("other", &sealed).is_none());
        assert!(SealingKey::derived("clone", "other").open("object", &sealed).is_none());
        assert!(key.open("object", &sealed[..8]).is_none());
    }
}
