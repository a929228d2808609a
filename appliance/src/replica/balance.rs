//! Operations of clients: the entry member distributes them among the members of its group.
//!
//! Logins stay with the entry member, since the session is there. When no member of the group can
//! take an operation, a read goes to another group, and a write fails, as in the product. A write
//! fails too while the entry member is read-only, whoever of its group could make it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use luna_rest::clusters::refusal;
use luna_rest::peers::{Answer, Message, Operation};
use luna_rest::{ApiError, ErrorId};

use super::{Peer, Replica, SendError, peers_of, read_only, refuse};
use crate::core::message::{Body, JSON, Request, Response};

/// Whether a path is that of a client's operation on a keyring.
pub(super) fn is_operation(path: &str) -> bool {
    if path.starts_with("/emulator/slots/") {
        return true;
    }
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
        let writes = writes(request);
        if writes && !self.reaches_primary() {
            return Some(read_only().into_response());
        }
        let (near, far, active) = self.candidates(writes);
        // The entry member is one of its group, the last one.
        let places = near.len() + usize::from(active);
        let first = self.next_candidate.fetch_add(1, Ordering::Relaxed);
        for place in 0..places {
            match near.get((first + place) % places) {
                None => return None,
                Some(peer) => match self.forward(peer, &operation) {
                    Ok(response) => return Some(response),
                    // It may have been done: no other member may do it again.
                    Err(SendError::Broken) if writes => return Some(unclear()),
                    Err(_) => {}
                },
            }
        }
        if !writes
            && let Some(response) = far.iter().find_map(|peer| self.forward(peer, &operation).ok())
        {
            return Some(response);
        }
        let details = "No member of the affinity group can take the operation.";
        Some(refuse(refusal::NOT_AUTHORIZED, details).into_response())
    }

    /// Whether this member is the primary one, or has an answer from it now.
    fn reaches_primary(&self) -> bool {
        let primary = {
            let engine = self.engine();
            let clusters = &engine.machine.state.clusters;
            if clusters.is_primary() {
                return true;
            }
            clusters.cluster.get().primary.clone()
        };
        self.can_reach(&primary)
    }

    /// The visible authorized members of this member's group, the others, and whether this one is
    /// authorized. For a write, only members that see the primary one.
    fn candidates(&self, writes: bool) -> (Vec<Peer>, Vec<Peer>, bool) {
        let engine = self.engine();
        let (clusters, here) = (&engine.machine.state.clusters, &engine.machine.peers.here);
        let group = |member: &str| clusters.members.get(member).map(|row| &row.group);
        let own = group(&clusters.own.get().member);
        let able = peers_of(&engine).into_iter().filter(|peer| {
            let how = here.get(&peer.member);
            how.is_some_and(|how| how.active && (how.writes || !writes))
        });
        let (near, far) = able.partition(|peer| group(&peer.member) == own);
        (near, far, engine.machine.peers.active)
    }

    fn forward(&self, peer: &Peer, operation: &Operation) -> Result<Response, SendError> {
        let error = match self.send(peer, Message::Operate(operation.clone())) {
            // The member has lost the primary one meanwhile: nothing was done.
            Ok(Answer::Response { status: 403, body }) if is_read_only(&body) => {
                return Err(SendError::Unreachable);
            }
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

/// Whether an operation may change what is kept. The use of a key is asked for with POST, and is a read.
fn writes(request: &Request) -> bool {
    const READS: [&str; 8] =
        ["find", "sign", "verify", "encrypt", "decrypt", "wrap", "digest", "random"];
    let last = request.path.rsplit('/').next().unwrap_or_default();
    let is_use = request.path.starts_with("/emulator/slots/") && READS.contains(&last);
    request.method.changes() && !is_use
}

fn is_read_only(body: &str) -> bool {
    let said = serde_json::from_str::<ApiError>(body);
    said.is_ok_and(|said| ErrorId::new(&said.id) == ErrorId::CLUSTER_MEMBER_READ_ONLY)
}

fn unclear() -> Response {
    let details = "The link to the member broke during the operation; it may have been done.";
    refuse(refusal::UNCLEAR, details).into_response()
}
