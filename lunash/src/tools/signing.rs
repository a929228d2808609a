//! The signature that `lunash evidence --sign` makes: over this machine's links as a client where the partition is one of
//! their slots, as an application would, and over the session of the account where it is not.

use std::sync::Arc;

use luna_rest::Secret;
use luna_shell::transcript::ScriptedTerminal;
use luna_shell::{
    Connection, Device, Failure, Folders, Input, Secrets, Session as _, answered_secret,
};
use lunacm::ClientSide;
use lunacm::cmu::{Cmu, Proof};
use secrecy::ExposeSecret;
use serde::Serialize;
use zeroize::Zeroizing;

use super::Surroundings;
use super::state::PartitionState;

/// A signature, and how it was asked for.
#[derive(Serialize)]
pub(super) struct Signing {
    /// `NTLS`, as a client of partitions, or `REST`, as an account of an emulated appliance.
    pub over: &'static str,
    #[serde(flatten)]
    pub proof: Proof,
}

/// Signs `data` with the key of this label.
///
/// # Errors
/// There is no password, the login is refused, or the key does not sign.
pub(super) fn sign(
    (all, folders): (&Surroundings, &Folders),
    connection: &Connection,
    device: &mut dyn Device,
    secrets: &mut Secrets,
    (partition, label, data): (&PartitionState, &str, &str),
) -> Result<Signing, Failure> {
    let side = ClientSide::of_machine(None, folders);
    // Links that cannot be opened have no slots.
    let linked = side.is_linked().then(|| opened(all, None, side).ok()).flatten();
    let linked = linked.filter(|cmu| cmu.has_slot(&partition.serial));
    let (mut cmu, over) = match linked {
        Some(cmu) => (cmu, "NTLS"),
        None => {
            let shared = Connection::external(
                Arc::clone(&connection.client),
                Arc::clone(connection.watch()),
            );
            // No configuration of a client: all partitions are slots.
            let side = ClientSide { name: None, configuration: "/dev/null".into() };
            (opened(all, Some(shared), side)?, "REST")
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

/// The slots, at a device where nobody is.
fn opened(
    all: &Surroundings,
    connection: Option<Connection>,
    side: ClientSide,
) -> Result<Cmu, Failure> {
    let nobody = Box::new(ScriptedTerminal::new([], false));
    Cmu::open(connection, nobody, Secrets::none(), &all.options, side)
        .map_err(|(_, failure)| failure)
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
