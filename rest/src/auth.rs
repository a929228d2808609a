//! Sessions: `/auth`.
//!
//! A private session is opened with Basic authorization and held by a cookie; a request with Basic
//! authorization alone uses a shared, limited session of that user. Who stored a certificate with
//! [`crate::users::ADD_CERTIFICATE`] may prove its key instead of giving a password.

use serde::{Deserialize, Serialize};

use crate::call::{Nothing, calls};
use crate::secret::Secret;

calls! {
    /// Opens a private session; `Authorization: Basic` names the user, `Set-Cookie` answers.
    pub const LOGIN: Call<Nothing, Nothing> = Call::post("/auth/session");
    /// Closes the private session.
    pub const LOGOUT: Call<Nothing, Nothing> = Call::delete("/auth/session");
    /// Makes a bearer token for who is named by `Authorization: Basic`; it opens what that does. Of API
    /// 5, as [`REVOKE`]; later pages do not have it any more.
    pub const TOKEN: Call<NewToken, Token> = Call::post("/auth/jwt");
    /// Ends the bearer token that it is sent with; only its method and path are known.
    pub const REVOKE: Call<Nothing, Nothing> = Call::delete("/auth/jwt");
    /// First step of the login with a certificate.
    pub const CHALLENGE: Call<CertificateOfUser, Challenge> = Call::post("/auth/login/challenge");
    /// Second step; `Set-Cookie` answers with a private session.
    pub const ANSWER: Call<ChallengeAnswer, Nothing> = Call::post("/auth/login/basic");
}

/// A bearer token to make.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NewToken {
    /// Seconds that it is valid for; 600 unless it is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<u32>,
}

/// A bearer token.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Token {
    /// To be sent as `Authorization: Bearer`.
    pub access_token: Secret,
}

/// Who wants to log in with a certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateOfUser {
    /// The account.
    pub username: String,
    /// Its certificate in PEM, as it was stored.
    pub certificate: String,
}

/// What only the owner of the certificate's key can answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Challenge {
    /// Random bytes, encrypted to the account's certificate (RSA, PKCS#1 v1.5), in base64.
    pub challenge: String,
    /// As many random bytes, in base64.
    pub nonce: String,
    /// The certificate that the answer is encrypted to, in PEM.
    pub certificate: String,
}

/// The answer to a [`Challenge`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChallengeAnswer {
    /// The decrypted challenge XOR the nonce, encrypted to the challenge's certificate (RSA, PKCS#1
    /// v1.5), in base64.
    pub challenge_response: String,
}
