//! Operations of clients: the entry member shares them out among the members of its group.
//!
//! Logins stay with the entry member, since the session is there. An operation that needs no write
//! goes to another group when nobody of this one can take it; one that does fails, as in the
//! product.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use luna_rest::Method;
use luna_rest::clusters::refusal;
use luna_rest::peers::{Answer, Message, Operation};

use super::{Lost, Peer, Replica, peers_of, refuse};
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
    pub(super) fn balanced(self: &Arc<Self>, request: &Request) -> Option<Response> {
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
        let (near, far, active) = self.helpers();
        // The entry member is one of its group, the last.
        let seats = near.len() + usize::from(active);
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        for seat in 0..seats {
            match near.get((first + seat) % seats) {
                None => return None,
                Some(peer) => match self.passed(peer, &operation) {
                    Ok(response) => return Some(response),
                    // It may have been done: nobody else may do it again.
                    Err(Lost::Broken) if request.method.changes() => return Some(unclear()),
                    Err(_) => {}
                },
            }
        }
        if request.method == Method::Get
            && let Some(response) = far.iter().find_map(|peer| self.passed(peer, &operation).ok())
        {
            return Some(response);
        }
        let details = "No member of the affinity group can take the operation.";
        Some(refuse(refusal::NOT_AUTHORIZED, details).into_response())
    }

    /// The visible authorized members of this member's group, the others, and whether this one is
    /// authorized.
    fn helpers(&self) -> (Vec<Peer>, Vec<Peer>, bool) {
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

    fn passed(&self, peer: &Peer, operation: &Operation) -> Result<Response, Lost> {
        let lost = match self.send(peer, Message::Operate(operation.clone())) {
            Ok(Answer::Response { status, body }) => {
                let body = body.into_bytes();
                return Ok(Response { status, content_type: JSON, body, ..Response::default() });
            }
            Ok(_) => Lost::Unreachable,
            Err(lost) => lost,
        };
        self.engine().machine.peers.here.remove(&peer.member);
        Err(lost)
    }
}

fn unclear() -> Response {
    let details = "The link to the member broke during the operation; it may have been done.";
    refuse(refusal::UNCLEAR, details).into_response()
}
