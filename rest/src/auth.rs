//! Sessions: `/auth`.
//!
//! A private session is opened with Basic authorization and held by a cookie; a request with Basic
//! authorization alone uses a shared, limited session of that user.

use crate::call::{Nothing, calls};

calls! {
    /// Opens a private session; `Authorization: Basic` names the user, `Set-Cookie` answers.
    pub const LOGIN: Call<Nothing, Nothing> = Call::post("/auth/session");
    /// Closes the private session.
    pub const LOGOUT: Call<Nothing, Nothing> = Call::delete("/auth/session");
}
