//! What an appliance has, over its own shell alone: each line that shows something is typed, and its screen read.

use luna_runbook::state::{Appliance, Parts};
use luna_shell::{Connection, Failure, Format, Options, Secrets, Shell};

use super::kept::Kept;
use crate::session::Session;
use crate::ssh::Wire;

/// Reads these parts; the host name comes with them. `account` gives the name and the value of the password.
///
/// # Errors
/// Not reached, the login was refused, or a screen is one that is not known.
pub(super) fn read<'s>(
    (connection, ssh): (Connection, Option<Wire>),
    options: &Options,
    account: impl Fn() -> Option<(&'static str, &'s str)>,
    parts: Parts,
) -> Result<(String, Appliance), Failure> {
    let screen = Kept::default();
    let options = Options { output: Format::Json, quiet: true, ..options.clone() };
    let (device, given) = (Box::new(screen.clone()), Secrets::only(account()));
    let opened = Session::open_over(connection, ssh, device, given, &options);
    let session = opened.map_err(|(_, failure)| failure)?;
    let mut shell = Shell::new(session, crate::catalogue(), options);
    let mut ask = |line: &str| {
        // A connection that has ended is opened anew.
        let answer = screen.answer_to(&mut shell, line, Secrets::only(account()))?;
        let view = answer.view.unwrap_or_default();
        let lines = view["lines"].as_array().into_iter().flatten();
        Ok(lines.filter_map(|line| line.as_str().map(str::to_owned)).collect())
    };
    let read = Appliance::read_screens(&mut ask, parts)?;
    Ok((shell.session().hostname.clone(), read))
}
