//! This machine as a client of partitions, for tools that look or sign as its applications do.

use luna_shell::{Connection, Failure, Options, Secrets};
use lunacm::ClientSide;
use lunacm::cmu::Cmu;

use super::kept::Kept;

/// The slots of a client's links; none where its configuration names no appliance, or where no link can be opened.
pub(super) fn linked(options: &Options, side: ClientSide) -> Option<Cmu> {
    side.is_linked().then(|| open(options, None, side).ok()).flatten()
}

/// The partitions of an appliance as slots, over the session of an account.
///
/// # Errors
/// The appliance does not answer.
pub(super) fn over(options: &Options, connection: Connection) -> Result<Cmu, Failure> {
    open(options, Some(connection), ClientSide::of_nobody())
}

/// At a device where nobody is.
fn open(
    options: &Options,
    connection: Option<Connection>,
    side: ClientSide,
) -> Result<Cmu, Failure> {
    Cmu::open(connection, Box::new(Kept::default()), Secrets::none(), options, side)
        .map_err(|(_, failure)| failure)
}
