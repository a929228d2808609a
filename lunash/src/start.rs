//! Opens a session with the appliance that the arguments and the configuration name, or with one of one's own.

use std::path::Path;

use luna_appliance::Own;
use luna_shell::{Device, Failure, Folders, LocalAppliance, Options, Secrets};

use crate::session::Session;
use crate::ssh::WireOptions;

/// Opens a session at `device`.
///
/// # Errors
/// The appliance cannot be reached, or refuses the login; the device is given back.
pub fn open(
    mut device: Box<dyn Device>,
    options: &Options,
    wire: &WireOptions,
    folders: Result<Folders, Failure>,
) -> Result<Session, (Box<dyn Device>, Failure)> {
    let mut secrets = Secrets::from_environment();
    let connected = folders
        .and_then(|folders| wire.connect(options, &folders, &mut *device, &mut secrets, own));
    match connected {
        Ok((connection, ssh)) => Session::open_over(connection, ssh, device, secrets, options),
        Err(failure) => Err((device, failure)),
    }
}

/// The appliance of one's own in a folder.
///
/// # Errors
/// It cannot be started.
pub(crate) fn own(folder: &Path) -> Result<LocalAppliance, Failure> {
    let own = Own::open(folder).map_err(LocalAppliance::unusable)?;
    Ok(LocalAppliance {
        notice: own.notice(),
        target: own.target.clone(),
        key: own.key.clone(),
        keep: Some(Box::new(own)),
    })
}
