//! What can go wrong between a shell and an appliance.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::call::Method;
use crate::error_id::ErrorId;
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

impl ApiError {
    /// Reads an error body, keeping whatever of it can be understood.
    ///
    /// Absent fields, `null`s and numbers in place of text are taken as they come; a body that is
    /// no JSON object becomes the message.
    pub fn read(status: u16, body: &[u8]) -> ApiError {
        let Ok(Value::Object(fields)) = serde_json::from_slice(body) else {
            let text = String::from_utf8_lossy(body);
            let message = match joined(&text).as_str() {
                "" => format!("HTTP status {status}, without an explanation"),
                text => text.chars().take(LONGEST_MESSAGE).collect(),
            };
            return ApiError { message, return_code: status, ..ApiError::default() };
        };
        let text = |name: &str| match fields.get(name) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => joined(text),
            Some(other) => other.to_string(),
        };
        ApiError {
            details: text("details"),
            id: text("id"),
            message: text("message"),
            return_code: text("returnCode").parse().unwrap_or(status),
            status: text("status"),
            kind: text("type"),
        }
    }
}

/// The lines of a text one behind the other: a line of a message could be taken for one of ours.
fn joined(text: &str) -> String {
    let lines = text.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join(" ")
}

/// How much of a body that is not JSON (a proxy's page, say) is worth showing, in characters.
const LONGEST_MESSAGE: usize = 500;

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = [&self.id, &self.message].map(String::as_str);
        let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
        match words.as_slice() {
            [] => write!(f, "HTTP status {}", self.return_code),
            words => f.write_str(&words.join(" ")),
        }
    }
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
    /// The appliance's certificate is new, and was not accepted.
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
    #[error("{method} {path}: {answer}")]
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
    /// The call was not sent, because its path would have meant something else.
    #[error("{method} {path}: not sent: {reason}")]
    Unsendable {
        /// The call's method.
        method: Method,
        /// The call's path template.
        path: String,
        /// What is wrong with it.
        reason: String,
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
    pub fn id(&self) -> Option<ErrorId<'_>> {
        match self {
            Error::Answered { answer, .. } | Error::LoginRefused { answer, .. } => {
                Some(ErrorId::new(&answer.id))
            }
            _ => None,
        }
    }

    /// Whether a change may have happened although no answer came, or none that can be understood.
    pub fn unclear(&self) -> bool {
        match self {
            Error::Unclear { .. } => true,
            Error::TimedOut { method, .. }
            | Error::Cancelled { method, .. }
            | Error::Protocol { method, .. } => method.changes(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_body_is_kept_whole() {
        let body = br#"{"details":"d","id":"FRAMEWORK_NO_RESOURCE","message":"m","returnCode":404,"status":"ERROR","type":"FRAMEWORK"}"#;
        let error = ApiError::read(404, body);
        assert_eq!(serde_json::to_vec(&error).unwrap(), body);
        assert_eq!(error.to_string(), "FRAMEWORK_NO_RESOURCE m");
    }

    #[test]
    fn a_poor_error_body_gives_what_it_has() {
        let error =
            ApiError::read(400, br#"{"id":"X","message":null,"returnCode":"409","extra":1}"#);
        assert_eq!((error.id.as_str(), error.message.as_str(), error.return_code), ("X", "", 409));
        assert_eq!(
            ApiError::read(502, b" <html>Bad Gateway</html>\n").message,
            "<html>Bad Gateway</html>"
        );
        assert_eq!(ApiError::read(500, b"").to_string(), "HTTP status 500, without an explanation");
        assert_eq!(ApiError::read(500, b"{}").to_string(), "HTTP status 500");
    }
}
