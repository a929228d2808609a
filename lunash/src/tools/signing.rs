//! The signature that `lunash evidence --sign` makes: over this machine's links as a client where the partition is one of
//! their slots, as an application would, and over the session of the account where it is not.

use std::sync::Arc;

use luna_rest::Secret;
use luna_shell::{
    Connection, Device, Failure, Folders, Input, Secrets, Session as _, answered_secret,
};
use lunacm::cmu::{Cmu, Proof};
use secrecy::ExposeSecret;
use serde::Serialize;
use zeroize::Zeroizing;

use super::state::PartitionState;
use super::{Surroundings, client_side};

/// A signature, and how it was asked for.
#[derive(Serialize)]
pub(super) struct Signing {
    /// `NTLS`, as a client of partitions, or `REST`, as an account of an emulated appliance.
    pub over: &'static str,
    #[serde(flatten)]
    pub proof: Proof,
}

/// Signs `data` with the key of this label, over the link of `side` where it has the partition.
///
/// # Errors
/// There is no password, the login is refused, or the key does not sign.
pub(super) fn sign(
    (all, folders): (&Surroundings, &Folders),
    connection: &Connection,
    side: Option<&mut Cmu>,
    (device, secrets): (&mut dyn Device, &mut Secrets),
    (partition, label, data): (&PartitionState, &str, &str),
) -> Result<Signing, Failure> {
    let mut own;
    let (cmu, over) = match side.filter(|cmu| cmu.has_slot(&partition.serial)) {
        Some(cmu) => (cmu, "NTLS"),
        None => {
            let (client, watch) = (Arc::clone(&connection.client), Arc::clone(connection.watch()));
            own = client_side::over(&all.options, Connection::external(client, watch))?;
            (&mut own, "REST")
        }
    };
    cmu.ui().keep_state_in(&folders.state);
    let password = co_password(device, secrets, &partition.name)?;
    let proof = cmu.prove(&partition.serial, label, data, password).map_err(|failure| {
        match over == "REST" && failure.lacks_resource() {
            true => Failure::refused("This appliance signs for its clients alone.")
                .hint("on a machine that is linked with it as a client, --sign works"),
            false => failure,
        }
    })?;
    Ok(Signing { over, proof })
}

fn co_password(
    device: &mut dyn Device,
    secrets: &mut Secrets,
    partition: &str,
) -> Result<Secret, Failure> {
    if let Some(known) = secrets.find("CO_PASSWORD")? {
        return Ok(known.expose_secret().into());
    }
    let none = || {
        Failure::refused("--sign needs the Crypto Officer's password, and nobody is there to ask.")
            .hint("give it in LUNA_CO_PASSWORD, LUNA_CO_PASSWORD_FILE or LUNA_CO_PASSWORD_FD")
    };
    if !device.attended() {
        return Err(none());
    }
    match device.secret(&format!("Crypto Officer's password of the partition '{partition}': ")) {
        Input::Line(password) => answered_secret(&Zeroizing::new(password), true),
        Input::NotText | Input::Cancelled | Input::End => Err(none()),
    }
}
