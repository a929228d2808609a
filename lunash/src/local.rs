//! The emulated appliance that is used when no host is named.

use std::path::Path;

use luna_shell::{Failure, Kind, Local};

/// Starts the appliance of this folder inside this process, or uses the one that already runs.
///
/// # Errors
/// The folder cannot be used.
pub fn own_appliance(folder: &Path) -> Result<Local, Failure> {
    Err(Failure::new(Kind::Unreachable, format!("{}: no appliance", folder.display())))
}
