//! How the programs of the client's side come to the appliance whose slots they show.

use std::path::Path;

use luna_appliance::Own;
use luna_shell::{Connection, Device, Failure, Folders, LocalAppliance, Options, Secrets, connect};

use crate::owner::ClientSide;

/// The connection to the appliance, none where the configuration leads elsewhere; the secrets given in
/// advance; and whose slots are shown.
///
/// # Errors
/// The appliance cannot be reached, or the configuration of the shells cannot be read.
pub fn start(
    device: &mut dyn Device,
    options: &Options,
    folders: Result<Folders, Failure>,
    client: Option<String>,
) -> Result<(Option<Connection>, Secrets, ClientSide), Failure> {
    let (folders, mut secrets) = (folders?, Secrets::from_environment());
    let side = ClientSide::of_machine(client, &folders);
    let connection = match side.needs_appliance(options, &folders)? {
        true => Some(connect(options, &folders, device, &mut secrets, own)?),
        false => None,
    };
    Ok((connection, secrets, side))
}

/// The emulated appliance of a folder, started if it does not run.
///
/// # Errors
/// The folder cannot be used.
pub(crate) fn own(folder: &Path) -> Result<LocalAppliance, Failure> {
    let own = Own::open(folder).map_err(LocalAppliance::unusable)?;
    Ok(LocalAppliance {
        notice: own.notice(),
        target: own.target.clone(),
        key: own.key.clone(),
        keep: Some(Box::new(own)),
    })
}
