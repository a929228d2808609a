//! What can go wrong between a shell and an appliance.

use serde::{Deserialize, Serialize};

use crate::call::Method;
use crate::trust::Fingerprint;

/// The body of an error answer, kept whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ApiError {
    /// Longer text; may be empty.
    pub details: String,
    /// The error's identifier, such as `FRAMEWORK_BAD_REQUEST`.
    pub id: String,
    /// The title.
    pub message: String,
    /// The HTTP status once more.
    pub return_code: u16,
    /// Always `ERROR`.
    pub status: String,
    /// `API`, `DOCS`, `FRAMEWORK`, `PLUGIN` or `SERVER`.
    #[serde(rename = "type")]
    pub kind: String,
}

/// Why a call failed. The variants are what a caller can act on, not what a library reports.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No connection came about; nothing was sent.
    #[error("cannot reach the appliance at {address}: {reason}")]
    Unreachable {
        /// Host and port.
        address: String,
        /// What the system said.
        reason: String,
    },
    /// The appliance's certificate has never been seen, and nobody agreed to it.
    #[error("the certificate of {address} is not known: {seen}")]
    Unknown {
        /// Host and port.
        address: String,
        /// The fingerprint it showed.
        seen: Fingerprint,
    },
    /// The appliance shows another certificate than the one that was trusted.
    #[error("the certificate of {address} has changed: trusted {trusted}, seen {seen}")]
    Changed {
        /// Host and port.
        address: String,
        /// The pinned fingerprint.
        trusted: Fingerprint,
        /// The fingerprint it showed.
        seen: Fingerprint,
    },
    /// The appliance refused the user or the password.
    #[error("the appliance refused the login of {user}")]
    LoginRefused {
        /// The appliance account.
        user: String,
        /// What it said.
        answer: ApiError,
    },
    /// The appliance understood the call and answered with an error.
    #[error("{method} {path}: {} {}", .answer.id, .answer.message)]
    Answered {
        /// The call's method.
        method: Method,
        /// The call's path, filled.
        path: String,
        /// HTTP status.
        status: u16,
        /// The error body.
        answer: ApiError,
    },
    /// The connection broke after a change was sent: it may or may not have happened.
    #[error("{method} {path}: the connection was lost before the answer came ({reason})")]
    Unclear {
        /// The call's method.
        method: Method,
        /// The call's path, filled.
        path: String,
        /// What the system said.
        reason: String,
    },
    /// The time limit ran out before the answer came.
    #[error("{method} {path}: no answer within {seconds} s")]
    TimedOut {
        /// The call's method.
        method: Method,
        /// The call's path, filled.
        path: String,
        /// The limit.
        seconds: u64,
    },
    /// The person at the terminal gave up waiting.
    #[error("{method} {path}: cancelled before the answer came")]
    Cancelled {
        /// The call's method.
        method: Method,
        /// The call's path, filled.
        path: String,
    },
    /// The answer is not what the API promises.
    #[error("{method} {path}: unexpected answer: {reason}")]
    Protocol {
        /// The call's method.
        method: Method,
        /// The call's path, filled.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl Error {
    /// The identifier of the appliance's error answer, if there was one.
    pub fn id(&self) -> Option<&str> {
        match self {
            Error::Answered { answer, .. } | Error::LoginRefused { answer, .. } => Some(&answer.id),
            _ => None,
        }
    }

    /// Whether a change may have happened although no answer came.
    pub fn unclear(&self) -> bool {
        match self {
            Error::Unclear { .. } => true,
            Error::TimedOut { method, .. } | Error::Cancelled { method, .. } => method.changes(),
            _ => false,
        }
    }
}
