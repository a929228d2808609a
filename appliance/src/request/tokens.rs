//! Bearer tokens: JSON Web Tokens (HS256) of accounts. Key and tokens end with the process.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac::{HMAC_SHA256, Key, sign, verify};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::core::random::Random;

/// What a token says of itself, as the reference names it.
#[derive(Serialize, Deserialize)]
struct Claims {
    exp: i64,
    jti: String,
    user: String,
}

/// The tokens that were given out and have not ended.
#[derive(Default)]
pub(crate) struct Tokens {
    key: Option<Key>,
    /// Account and end, by identifier.
    valid: BTreeMap<String, (String, OffsetDateTime)>,
}

impl Tokens {
    /// A token of an account that is valid for so long.
    ///
    /// # Errors
    /// A part has no JSON form.
    pub(crate) fn issue(
        &mut self,
        user: &str,
        lasting: Duration,
        random: &mut Random,
        now: OffsetDateTime,
    ) -> Result<String, serde_json::Error> {
        self.valid.retain(|_, (_, end)| now < *end);
        let end = now + lasting;
        let claims =
            Claims { exp: end.unix_timestamp(), jti: random.token(), user: user.to_owned() };
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
        let payload = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&claims)?);
        let signed = format!("{header}.{payload}");
        let key = self.key.get_or_insert_with(|| Key::new(HMAC_SHA256, &random.block()));
        let tag = URL_SAFE_NO_PAD.encode(sign(key, signed.as_bytes()));
        self.valid.insert(claims.jti, (claims.user, end));
        Ok(format!("{signed}.{tag}"))
    }

    /// The identifier of a token that is signed here, has not ended and was not revoked.
    fn identify(&self, token: &str, now: OffsetDateTime) -> Option<String> {
        let (signed, tag) = token.rsplit_once('.')?;
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        verify(self.key.as_ref()?, signed.as_bytes(), &tag).ok()?;
        let payload = URL_SAFE_NO_PAD.decode(signed.split_once('.')?.1).ok()?;
        let claims: Claims = serde_json::from_slice(&payload).ok()?;
        self.valid.get(&claims.jti).is_some_and(|(_, end)| now < *end).then_some(claims.jti)
    }

    /// The account of a token.
    pub(crate) fn user(&self, token: &str, now: OffsetDateTime) -> Option<String> {
        self.valid.get(&self.identify(token, now)?).map(|(user, _)| user.clone())
    }

    /// Ends a token; false when it was none.
    pub(crate) fn revoke(&mut self, token: &str, now: OffsetDateTime) -> bool {
        let found = self.identify(token, now);
        found.is_some_and(|id| self.valid.remove(&id).is_some())
    }

    /// Ends the tokens of accounts for which `keep` says no.
    pub(crate) fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.valid.retain(|_, (user, _)| keep(user));
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens(***)")
    }
}
