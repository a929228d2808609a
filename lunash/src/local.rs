//! The emulated appliance that is used when no host is named.

use std::path::Path;

use luna_appliance::Own;
use luna_shell::{Failure, Kind, Local};

/// Starts the appliance of this folder inside this process, or uses the one that already runs.
///
/// # Errors
/// The folder cannot be used.
pub fn own_appliance(folder: &Path) -> Result<Local, Failure> {
    let own =
        Own::open(folder).map_err(|error| Failure::new(Kind::Unreachable, format!("{error}.")))?;
    let how = if own.running.is_some() { "started" } else { "found running" };
    Ok(Local {
        notice: format!("note: this appliance is emulated ({how}, {})", own.folder.display()),
        target: own.target,
        key: own.key,
        keep: own.running.map(|running| Box::new(running) as Box<dyn std::any::Any>),
    })
}
