//! The exit status of a session: what a script learns without reading text.

use std::process::ExitCode;

/// How a session went; of several commands the worst counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Every command succeeded.
    #[default]
    Success = 0,
    /// A command failed.
    Failed = 1,
    /// A line, or the program's own arguments, were not understood.
    NotUnderstood = 2,
    /// The appliance could not be reached, or refused the login.
    Unreachable = 3,
    /// Refused for safety, or because a question had no answer.
    Refused = 4,
    /// A change may or may not have happened: connection lost, time limit, cancelled.
    Unclear = 5,
    /// Nothing was changed, as was wanted, and there is something to change.
    ChangesDue = 6,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> ExitCode {
        ExitCode::from(status as u8)
    }
}
