//! Operations of clients: the entry member distributes them among the members of its group.
//!
//! Logins stay with the entry member, since the session is there. When no member of the group can
//! take an operation, a read goes to another group, and a write fails, as in the product.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use luna_rest::Method;
use luna_rest::clusters::refusal;
use luna_rest::peers::{Answer, Message, Operation};

use super::{Peer, Replica, SendError, peers_of, refuse};
use crate::core::message::{Body, JSON, Request, Response};

/// Whether a path is that of a client's operation on a keyring.
pub(super) fn is_operation(path: &str) -> bool {
    let Some(rest) = path.strip_prefix("/emulator/clusters/") else { return false };
    let mut parts = rest.split('/').skip(1);
    parts.next() == Some("keyrings")
        && parts.nth(1).is_some_and(|part| part != "login" && part != "logout")
}

impl Replica {
    /// Has another member answer an operation; none when this one is to do it.
    pub(super) fn balance(self: &Arc<Self>, request: &Request) -> Option<Response> {
        if request.operation.is_some() {
            return None;
        }
        let (client, logins) = self.engine().machine.client(request.cookie.as_deref()?)?;
        let body = match &request.body {
            Body::Plain(body) => String::from_utf8(body.clone()).ok()?,
            Body::Files(_) => return None,
        };
        let operation = Operation {
            client,
            logins,
            method: request.method.name().to_owned(),
            path: request.path.clone(),
            body,
        };
        let (near, far, active) = self.candidates();
        // The entry member is one of its group, the last one.
        let places = near.len() + usize::from(active);
        let first = self.next_candidate.fetch_add(1, Ordering::Relaxed);
        for place in 0..places {
            match near.get((first + place) % places) {
                None => return None,
                Some(peer) => match self.forward(peer, &operation) {
                    Ok(response) => return Some(response),
                    // It may have been done: no other member may do it again.
                    Err(SendError::Broken) if request.method.changes() => return Some(unclear()),
                    Err(_) => {}
                },
            }
        }
        if request.method == Method::Get
            && let Some(response) = far.iter().find_map(|peer| self.forward(peer, &operation).ok())
        {
            return Some(response);
        }
        let details = "No member of the affinity group can take the operation.";
        Some(refuse(refusal::NOT_AUTHORIZED, details).into_response())
    }

    /// The visible authorized members of this member's group, the others, and whether this one is
    /// authorized.
    fn candidates(&self) -> (Vec<Peer>, Vec<Peer>, bool) {
        let engine = self.engine();
        let (clusters, here) = (&engine.machine.state.clusters, &engine.machine.peers.here);
        let group = |member: &str| clusters.members.get(member).map(|row| &row.group);
        let own = group(&clusters.own.get().member);
        let able = peers_of(&engine)
            .into_iter()
            .filter(|peer| here.get(&peer.member).is_some_and(|how| how.active));
        let (near, far) = able.partition(|peer| group(&peer.member) == own);
        (near, far, engine.machine.peers.active)
    }

    fn forward(&self, peer: &Peer, operation: &Operation) -> Result<Response, SendError> {
        let error = match self.send(peer, Message::Operate(operation.clone())) {
            Ok(Answer::Response { status, body }) => {
                let body = body.into_bytes();
                return Ok(Response { status, content_type: JSON, body, ..Response::default() });
            }
            Ok(_) => SendError::Unreachable,
            Err(error) => error,
        };
        self.engine().machine.peers.here.remove(&peer.member);
        Err(error)
    }
}

fn unclear() -> Response {
    let details = "The link to the member broke during the operation; it may have been done.";
    refuse(refusal::UNCLEAR, details).into_response()
}
