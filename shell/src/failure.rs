//! The failure of a command, which each shell writes in its own form.

use std::borrow::Cow;
use std::fmt;

use crate::status::Status;

/// The kind of a failure, which decides the exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The command ran and failed.
    Command,
    /// The line was not understood.
    NotUnderstood,
    /// An argument of the command is missing or not valid.
    BadArguments,
    /// No connection, or the login was refused.
    Unreachable,
    /// Refused for safety, or because a question had no answer.
    Refused,
    /// A change may or may not have happened.
    Unclear,
}

impl Kind {
    /// The kind of failure that ends with this status, as far as it tells.
    pub fn of(status: Status) -> Kind {
        match status {
            Status::NotUnderstood => Kind::NotUnderstood,
            Status::Unreachable => Kind::Unreachable,
            Status::Refused => Kind::Refused,
            Status::Unclear => Kind::Unclear,
            Status::Success | Status::Failed | Status::ChangesDue => Kind::Command,
        }
    }
}

/// A result code of the product: a number and its name, as in `C000040A : RC_OBJECT_NOT_IN_LIST`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// The number; `None` where only a name is known.
    pub number: Option<u32>,
    /// The name.
    pub name: Cow<'static, str>,
}

impl Code {
    /// A code with number and name.
    pub const fn new(number: u32, name: &'static str) -> Code {
        Code { number: Some(number), name: Cow::Borrowed(name) }
    }
}

/// The failure of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Its kind.
    pub kind: Kind,
    /// The product's code, if known.
    pub code: Option<Code>,
    /// What happened; may have several lines. Never holds a secret.
    pub message: String,
    /// What to do next; shown on standard error.
    pub hints: Vec<String>,
    /// What a word that was not understood could stand for.
    pub candidates: Vec<String>,
    /// The product's result line reports success for this failure.
    pub reported_as_success: bool,
    /// The message is the whole text, without the usual text around errors.
    pub verbatim: bool,
    /// Number and text of the result line that the appliance's own shell gave.
    pub result: Option<(u32, String)>,
}

impl Failure {
    /// A failure of the given kind.
    pub fn new(kind: Kind, message: impl Into<String>) -> Failure {
        Failure {
            kind,
            code: None,
            message: message.into(),
            hints: Vec::new(),
            candidates: Vec::new(),
            reported_as_success: false,
            verbatim: false,
            result: None,
        }
    }

    /// The command ran and failed.
    pub fn command(message: impl Into<String>) -> Failure {
        Failure::new(Kind::Command, message)
    }

    /// Refused for safety, or because a question had no answer.
    pub fn refused(message: impl Into<String>) -> Failure {
        Failure::new(Kind::Refused, message)
    }

    /// Adds the product's code.
    #[must_use]
    pub fn code(mut self, number: u32, name: &'static str) -> Failure {
        self.code = Some(Code::new(number, name));
        self
    }

    /// Adds a hint what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Failure {
        self.hints.push(hint.into());
        self
    }

    /// Marks the message as the whole text.
    #[must_use]
    pub fn verbatim(mut self) -> Failure {
        self.verbatim = true;
        self
    }

    /// Makes the result line report success.
    #[must_use]
    pub fn reported_as_success(mut self) -> Failure {
        self.reported_as_success = true;
        self
    }

    /// Whether the appliance had ended the session, so that nothing was done.
    pub fn session_ended(&self) -> bool {
        self.code.as_ref().is_some_and(|code| code.name == "FRAMEWORK_NO_SESSION_COOKIE")
    }

    /// Whether the user gave the command up at a question.
    pub fn is_cancelled(&self) -> bool {
        self.code.as_ref().is_some_and(|code| code.number == Some(0xb))
    }

    /// Whether the appliance does not have the resource that was asked for.
    pub fn lacks_resource(&self) -> bool {
        self.code.is_none() && self.message.starts_with(NO_RESOURCE)
    }

    /// Whether the appliance refused user and password.
    pub fn login_refused(&self) -> bool {
        self.kind == Kind::Unreachable && self.message.starts_with(LOGIN_REFUSED)
    }

    /// Adds the result line of the appliance's own shell.
    #[must_use]
    pub fn result(mut self, code: u32, text: impl Into<String>) -> Failure {
        self.result = Some((code, text.into()));
        self
    }

    /// The exit status.
    pub fn status(&self) -> Status {
        match self.kind {
            Kind::Command => Status::Failed,
            Kind::NotUnderstood | Kind::BadArguments => Status::NotUnderstood,
            Kind::Unreachable => Status::Unreachable,
            Kind::Refused => Status::Refused,
            Kind::Unclear => Status::Unclear,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl From<luna_rest::Error> for Failure {
    fn from(error: luna_rest::Error) -> Failure {
        use luna_rest::Error as E;
        let unclear = error.unclear();
        let text = sentence(&error.to_string());
        match error {
            E::Answered { method, path, status: 404, answer }
                if answer.id == "FRAMEWORK_NO_RESOURCE" || answer.id.is_empty() =>
            {
                Failure::command(format!("{NO_RESOURCE} {method} {path}."))
                    .hint("the command needs newer appliance software, or has no REST counterpart")
            }
            E::Answered { answer, .. } => {
                let message = if answer.details.is_empty() || answer.details == answer.message {
                    answer.message
                } else if answer.message.is_empty() {
                    answer.details
                } else {
                    format!("{} {}", sentence(&answer.message), answer.details)
                };
                let mut failure = Failure::command(sentence(&message));
                if !answer.id.is_empty() {
                    failure.code = Some(Code { number: None, name: answer.id.into() });
                }
                failure
            }
            E::LoginRefused { user, answer } => {
                let mut message = format!("{LOGIN_REFUSED} '{user}'.");
                // The details say why, and until when.
                for text in [&answer.message, &answer.details] {
                    if !text.is_empty() {
                        message.push(' ');
                        message.push_str(&sentence(text));
                    }
                }
                Failure::new(Kind::Unreachable, message)
            }
            E::Changed { .. } => Failure::new(Kind::Unreachable, text).hint(
                "if the certificate was renewed on purpose, name it with --fingerprint, or remove \
                 the line of this appliance from the pins file",
            ),
            E::Unknown { .. } => Failure::new(Kind::Unreachable, text)
                .hint("compare it with the appliance's own, then name it with --fingerprint"),
            E::Unsendable { .. } => Failure::new(Kind::NotUnderstood, text),
            E::Protocol { .. } if unclear => Failure::new(Kind::Unclear, text)
                .hint("the change may have happened: look before it is sent again"),
            E::Unreachable { .. } | E::Protocol { .. } => Failure::new(Kind::Unreachable, text),
            E::Unclear { .. } | E::TimedOut { .. } | E::Cancelled { .. } if unclear => {
                Failure::new(Kind::Unclear, text)
                    .hint("the change may have happened: look before it is sent again")
            }
            E::Unclear { .. } | E::TimedOut { .. } => Failure::new(Kind::Unreachable, text),
            E::Cancelled { .. } => Failure::command(text),
        }
    }
}

/// How the failure begins of a login that was refused.
const LOGIN_REFUSED: &str = "The appliance refused the login of";

/// How the failure begins that names a resource which is not there.
const NO_RESOURCE: &str = "This appliance does not have the resource";

/// Makes a sentence, as the product's messages are: a capital letter first, a full stop last.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let mut sentence: String = match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => return String::new(),
    };
    if !sentence.ends_with(['.', '!', '?', ')']) {
        sentence.push('.');
    }
    sentence
}

#[cfg(test)]
mod tests {
    use luna_rest::{ApiError, Error, Method};

    use super::*;

    fn answered(status: u16, id: &str, message: &str) -> Error {
        let answer = ApiError { id: id.into(), message: message.into(), ..ApiError::default() };
        Error::Answered { method: Method::Get, path: "/api/clusters".into(), status, answer }
    }

    #[test]
    fn the_message_names_a_missing_resource() {
        let failure = Failure::from(answered(404, "FRAMEWORK_NO_RESOURCE", "nothing here"));
        assert_eq!(failure.message, "This appliance does not have the resource GET /api/clusters.");
        assert_eq!(failure.status(), Status::Failed);
    }

    #[test]
    fn the_code_is_the_identifier_of_the_answer() {
        let failure = Failure::from(answered(404, "NTLS_NO_CLIENT", "no such client"));
        assert_eq!(failure.message, "No such client.");
        assert_eq!(failure.code, Some(Code { number: None, name: "NTLS_NO_CLIENT".into() }));
    }

    #[test]
    fn only_a_change_can_be_unclear() {
        let timed = |method| Error::TimedOut { method, path: "/x".into(), seconds: 5 };
        assert_eq!(Failure::from(timed(Method::Post)).status(), Status::Unclear);
        assert_eq!(Failure::from(timed(Method::Get)).status(), Status::Unreachable);
    }
}
