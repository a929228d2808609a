//! The secrets of logins with a certificate: what was asked and not answered yet, and the key that
//! answers are encrypted to. They end with the process.
//!
//! The key is not that of the TLS certificate: decrypting for strangers with that one could reveal
//! what its connections carried.

use std::collections::VecDeque;

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use rsa::pkcs8::EncodePrivateKey;
use rsa::{Pkcs1v15Encrypt, RsaPrivateKey, RsaPublicKey};
use rustls_pki_types::PrivatePkcs8KeyDer;
use subtle::ConstantTimeEq;
use time::{Duration, OffsetDateTime};

use crate::core::random::Random;

/// Bits of the key that answers are encrypted to.
const BITS: usize = 2048;
/// How long a challenge can be answered. Assumed.
const VALIDITY: Duration = Duration::minutes(2);
/// So many can wait for an answer at once, the oldest makes room. Assumed.
const WAITING: usize = 64;

/// Challenges, and the key of their answers.
#[derive(Default)]
pub(crate) struct Challenges {
    key: Option<Key>,
    /// What another HSM encrypts to.
    wrapping: Option<Key>,
    waiting: VecDeque<Waiting>,
}

struct Key {
    private: RsaPrivateKey,
    /// Self-signed, PEM.
    certificate: String,
    /// The same, DER.
    der: Vec<u8>,
}

struct Waiting {
    user: String,
    answer: [u8; 32],
    until: OffsetDateTime,
}

/// A challenge to send.
pub(crate) struct Challenge {
    /// Random bytes, encrypted to the account's key.
    pub(crate) encrypted: Vec<u8>,
    /// What the answer is XORed with.
    pub(crate) nonce: [u8; 32],
    /// What the answer is encrypted to, PEM.
    pub(crate) certificate: String,
}

impl Challenges {
    /// Asks the owner of `public`. The first time a key is made, which takes a moment.
    ///
    /// # Errors
    /// Why the library refuses one of the keys.
    pub(crate) fn ask(
        &mut self,
        user: &str,
        public: &RsaPublicKey,
        random: &mut Random,
        now: OffsetDateTime,
    ) -> Result<Challenge, String> {
        let key = match self.key.take() {
            Some(key) => key,
            None => Key::new("webserver", random, now)?,
        };
        let certificate = self.key.insert(key).certificate.clone();
        let (secret, nonce) = (random.block(), random.block());
        let encrypted =
            public.encrypt(random, Pkcs1v15Encrypt, &secret).map_err(|error| error.to_string())?;
        let mut answer = secret;
        answer.iter_mut().zip(nonce).for_each(|(byte, with)| *byte ^= with);
        self.waiting.retain(|waiting| waiting.until > now);
        if self.waiting.len() == WAITING {
            self.waiting.pop_front();
        }
        self.waiting.push_back(Waiting { user: user.to_owned(), answer, until: now + VALIDITY });
        Ok(Challenge { encrypted, nonce, certificate })
    }

    /// The certificate that another HSM encrypts to, DER. The first time a key is made, which takes a
    /// moment.
    ///
    /// # Errors
    /// Why the library refuses the key.
    pub(crate) fn wrapping_certificate(
        &mut self,
        name: &str,
        random: &mut Random,
        now: OffsetDateTime,
    ) -> Result<&[u8], String> {
        let key = match self.wrapping.take() {
            Some(key) => key,
            None => Key::new(name, random, now)?,
        };
        Ok(&self.wrapping.insert(key).der)
    }

    /// The account whose challenge this answers; it is answered once.
    pub(crate) fn answered(
        &mut self,
        response: &[u8],
        random: &mut Random,
        now: OffsetDateTime,
    ) -> Option<String> {
        let key = &self.key.as_ref()?.private;
        let answer = key.decrypt_blinded(random, Pkcs1v15Encrypt, response).ok()?;
        self.waiting.retain(|waiting| waiting.until > now);
        let place = self.waiting.iter().position(|waiting| waiting.answer.ct_eq(&answer).into())?;
        self.waiting.remove(place).map(|waiting| waiting.user)
    }
}

impl std::fmt::Debug for Challenges {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Challenges(***)")
    }
}

impl Key {
    fn new(name: &str, random: &mut Random, now: OffsetDateTime) -> Result<Key, String> {
        let private = RsaPrivateKey::new(random, BITS).map_err(|e| e.to_string())?;
        let der = private.to_pkcs8_der().map_err(|error| error.to_string())?;
        let der = PrivatePkcs8KeyDer::from(der.as_bytes());
        let signer = KeyPair::try_from(&der).map_err(|error| error.to_string())?;
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.not_before = now - Duration::days(1);
        params.not_after = now + Duration::days(3650);
        let certificate = params.self_signed(&signer).map_err(|error| error.to_string())?;
        Ok(Key { private, certificate: certificate.pem(), der: certificate.der().to_vec() })
    }
}
