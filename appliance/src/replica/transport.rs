//! How a message reaches another member.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use luna_rest::peers::{Answer, Envelope, SEND};
use luna_rest::{Client, Error, Fingerprint, Identity, Target, Trust};

use super::lock;
use crate::state::clusters::CORE_PORT;

/// How long a message may take; a change at the primary waits for those before it.
const LIMIT: Duration = Duration::from_secs(10);

/// Another member.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Peer {
    /// Its UUID; empty for one that is not known yet.
    pub(crate) member: String,
    /// Its core address.
    pub(crate) address: String,
    /// Its certificate, PEM; a member that is not known yet shows its own.
    pub(crate) certificate: Option<String>,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SendError {
    /// The message did not arrive.
    Unreachable,
    /// It may have arrived.
    Broken,
}

/// Delivers messages.
pub(crate) trait Transport: Send + Sync {
    /// Delivers a message and waits for the answer.
    fn send(&self, peer: &Peer, envelope: &Envelope) -> Result<Answer, SendError>;

    /// Shows another certificate from the next connection on.
    fn identify(&self, identity: Identity);
}

/// Messages as REST over TLS, each member with one keep-alive connection. Both ends show their
/// certificates.
pub(crate) struct Https {
    identity: Mutex<Arc<Identity>>,
    clients: Mutex<BTreeMap<Peer, Arc<Client>>>,
}

impl Https {
    /// Messages of the member that this identity is.
    pub(crate) fn new(identity: Identity) -> Https {
        Https { identity: Mutex::new(Arc::new(identity)), clients: Mutex::default() }
    }

    fn client(&self, peer: &Peer) -> Result<Arc<Client>, SendError> {
        if let Some(client) = lock(&self.clients).get(peer) {
            return Ok(Arc::clone(client));
        }
        let target = |trust| Target {
            host: peer.address.clone(),
            port: CORE_PORT,
            trust,
            limit: Some(LIMIT),
        };
        let identity = Arc::clone(&lock(&self.identity));
        let connect = |fingerprint| {
            let target = target(Trust::Pinned(fingerprint));
            Client::connect_as(target, &identity).map_err(|_| SendError::Unreachable)
        };
        let client = match &peer.certificate {
            Some(pem) => connect(Fingerprint::of_pem(pem).ok_or(SendError::Unreachable)?)?,
            // Assumed: an applicant trusts the address it was given, as the guide's steps do.
            None => match Client::connect_as(target(Trust::FirstContact), &identity) {
                Err(Error::Unknown { seen, .. }) => connect(seen)?,
                _ => return Err(SendError::Unreachable),
            },
        };
        let client = Arc::new(client);
        lock(&self.clients).insert(peer.clone(), Arc::clone(&client));
        Ok(client)
    }
}

impl Transport for Https {
    fn identify(&self, identity: Identity) {
        *lock(&self.identity) = Arc::new(identity);
        lock(&self.clients).clear();
    }

    fn send(&self, peer: &Peer, envelope: &Envelope) -> Result<Answer, SendError> {
        let result = self.client(peer)?.call(&SEND, &[], envelope);
        result.map_err(|error| {
            tracing::debug!(%error, member = peer.member, "no answer from a member");
            match error {
                Error::Unreachable { .. } | Error::Changed { .. } => {
                    // The address may belong to a new process: another connection next time.
                    lock(&self.clients).remove(peer);
                    SendError::Unreachable
                }
                // Its service does not run, or the link is cut there.
                Error::Answered { .. } => SendError::Unreachable,
                _ => SendError::Broken,
            }
        })
    }
}
