//! Messages of other members, and the answers to them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use luna_rest::peers::{Answer, Envelope, Here, Message, Operation, Position, Row};
use luna_rest::{Fingerprint, Method};

use super::history::{Relation, compare};
use super::{Peer, Replica, lock, peers_of};
use crate::core::message::{Body, Failure, JSON, Request, Response};
use crate::engine::Engine;
use crate::state::clusters::{ClusterRow, MemberRow, PACKAGE, Phase};

/// How long a vote for another primary binds this member.
const VOTE_VALIDITY: Duration = Duration::from_secs(10);

impl Replica {
    /// Answers a message; 503 when the link is cut, or the cluster service does not run.
    pub(super) fn answer_peer(self: &Arc<Self>, request: &Request) -> Response {
        let Body::Plain(body) = &request.body else {
            return Failure::bad_request("A message is JSON.").into_response();
        };
        let Ok(envelope) = serde_json::from_slice::<Envelope>(body) else {
            return Failure::bad_request("This is no message between members.").into_response();
        };
        let Some(shown) = request.certificate else {
            return Failure::bad_request("A message needs its sender's certificate.")
                .into_response();
        };
        let Some(answer) = self.receive(envelope, shown) else {
            let away = Failure::new(503, "EMULATOR_MEMBER_AWAY", "The member is away.");
            return away.into_response();
        };
        match serde_json::to_vec(&answer) {
            Ok(body) => Response { status: 200, content_type: JSON, body, ..Response::default() },
            Err(error) => Failure::internal(error.to_string()).into_response(),
        }
    }

    /// The answer to a message over a connection whose other end has shown this certificate; none
    /// when the sender gets none.
    pub(crate) fn receive(
        self: &Arc<Self>,
        envelope: Envelope,
        shown: Fingerprint,
    ) -> Option<Answer> {
        let Envelope { cluster, from, message } = envelope;
        let message = match message {
            Message::Join(applicant) if applicant.member == from => {
                return self.on_join(&cluster, applicant, shown);
            }
            message => message,
        };
        {
            let mut engine = self.engine();
            if is_unreachable(&engine, &from, (self.clock)()) {
                return None;
            }
            let clusters = &engine.machine.state.clusters;
            if clusters.own.get().copying {
                return None;
            }
            let sender = clusters.members.get(&from);
            let known = sender.is_some();
            // Nobody speaks for another member, least of all for the receiver.
            let is_own =
                sender.is_none_or(|row| Fingerprint::of_pem(&row.certificate) == Some(shown));
            if clusters.cluster.get().uuid != cluster
                || from == clusters.own.get().member
                || !is_own
            {
                return Some(Answer::Nothing);
            }
            if !known && !self.is_applicant(&from, shown) {
                return Some(Answer::Stranger(engine.history()));
            }
            // Who only wants to join copies the state, and says when it has it.
            if !known && !matches!(message, Message::Pull { .. } | Message::Joined) {
                return Some(Answer::Nothing);
            }
            let relation = match &message {
                Message::Hello(theirs) => compare(&engine.history(), theirs).0,
                _ => Relation::Known,
            };
            match relation {
                // A member that sends a message is visible, and gets the next change.
                Relation::Known | Relation::Ahead if known => {
                    engine.machine.peers.here.entry(from.clone()).or_default();
                }
                Relation::Known | Relation::Ahead => {}
                Relation::Loses => drop(engine.machine.peers.here.remove(&from)),
                Relation::Wins => {
                    drop(engine);
                    self.part();
                    return Some(Answer::Nothing);
                }
            }
        }
        Some(match message {
            Message::Hello(_) => Answer::Here(self.status(&from)),
            Message::Ship { after, reaches, rows } => self.on_ship(&from, after, reaches, &rows),
            Message::Propose { after, rows } => self.on_propose(&from, after, rows),
            Message::Pull { after, cursor } => {
                let rows = self.engine().since(after, cursor);
                rows.unwrap_or_else(|error| {
                    tracing::error!(%error, "the rows for another member cannot be read");
                    Answer::Nothing
                })
            }
            Message::Joined => self.on_joined(&from),
            Message::Yield { era, lost } => self.on_yield(&from, era, &lost),
            Message::Operate(operation) => self.on_operate(operation),
            Message::Join(_) | Message::Nothing => Answer::Nothing,
        })
    }

    fn status(&self, from: &str) -> Here {
        let engine = self.engine();
        let machine = &engine.machine;
        let clusters = &machine.state.clusters;
        let primary = &clusters.cluster.get().primary;
        Here {
            history: engine.history(),
            active: machine.peers.active,
            writes: clusters.is_primary()
                || primary == from
                || machine.peers.here.contains_key(primary),
            restart: clusters.own.get().restart,
            package: machine.state.packages.version(PACKAGE).to_owned(),
            software: machine.state.lunasa.settings.get().version.clone(),
            operations: machine.peers.operations,
        }
    }

    fn peer(&self, member: &str) -> Option<Peer> {
        peers_of(&self.engine()).into_iter().find(|peer| peer.member == member)
    }

    /// Whether a member answers now.
    pub(super) fn can_reach(&self, member: &str) -> bool {
        let hello = Message::Hello(self.engine().history());
        self.peer(member).is_some_and(|peer| matches!(self.send(&peer, hello), Ok(Answer::Here(_))))
    }

    fn on_ship(&self, from: &str, after: Position, reaches: Position, rows: &[Row]) -> Answer {
        let (at, primary) = {
            let engine = self.engine();
            let primary = engine.machine.state.clusters.cluster.get().primary.clone();
            (engine.at(), primary)
        };
        let (voted, elected) = {
            let vote = lock(&self.granted_vote);
            let vote = vote.as_ref().filter(|(.., since)| since.elapsed() < VOTE_VALIDITY);
            let voted = vote.is_some_and(|(era, ..)| *era > reaches.era);
            (voted, vote.is_some_and(|(era, to, _)| *era == reaches.era && to == from))
        };
        // A change comes from the primary, or from the member that this one voted for; a nudge may
        // come from anyone, and so may what was pulled already, such as who is primary now.
        if voted || (!rows.is_empty() && at != reaches && from != primary && !elected) {
            return Answer::Elsewhere { at };
        }
        // The primary ships one change at a time.
        if at < reaches && !rows.is_empty() && reaches.change == after.change + 1 {
            let followed = self.engine().follow(after, reaches, rows);
            match followed {
                Ok(true) => return Answer::Done { at: reaches },
                Ok(false) => {}
                Err(error) => {
                    tracing::error!(%error, "a shipped change could not be stored");
                    return Answer::Elsewhere { at };
                }
            }
        }
        let behind = self.engine().at() < reaches;
        if behind && let Some(peer) = self.peer(from) {
            // What was missed is pulled before the change counts as stored.
            let _ = self.pull(&peer);
        }
        Answer::Done { at: self.engine().at() }
    }

    fn on_propose(&self, from: &str, after: Position, rows: Vec<Row>) -> Answer {
        let _write = lock(&self.write_lock);
        let primary = {
            let engine = self.engine();
            if !engine.machine.state.clusters.is_primary()
                || engine.machine.state.clusters.own.get().parted
            {
                return Answer::NotPrimary;
            }
            primary_in(&rows)
        };
        if !self.keeps_identities(from, &rows) {
            return Answer::Refused { reason: "A member cannot change who another one is.".into() };
        }
        if deleted_in(&rows).any(|member| member != from && self.can_reach(member)) {
            return Answer::Refused {
                reason: "The member to be deleted is visible to the primary member.".into(),
            };
        }
        if let Some(primary) = primary
            && primary != from
            && primary != self.engine().machine.state.clusters.own.get().member
            && !self.can_reach(&primary)
        {
            return Answer::Refused {
                reason: "The member to be promoted is not visible to the primary member.".into(),
            };
        }
        let led = self.engine().lead(after, rows);
        let shipment = match led {
            Ok(Some(shipment)) => shipment,
            Ok(None) => return Answer::Elsewhere { at: self.engine().at() },
            Err(error) => {
                return Answer::Refused { reason: format!("It could not be stored: {error}") };
            }
        };
        let at = shipment.reaches;
        self.ship(shipment, Some(from));
        Answer::Done { at }
    }

    /// Whether a proposal leaves address and certificate of every member as they are, and names a
    /// member as the primary one.
    fn keeps_identities(&self, from: &str, rows: &[Row]) -> bool {
        let engine = self.engine();
        let members = &engine.machine.state.clusters.members;
        let keeps = |row: &Row| {
            let known = members.get(&row.key).filter(|_| row.key != from);
            let new =
                row.row.as_deref().and_then(|row| serde_json::from_str::<MemberRow>(row).ok());
            known.zip(new).is_none_or(|(known, new)| {
                (&known.address, &known.certificate) == (&new.address, &new.certificate)
            })
        };
        rows.iter().filter(|row| row.field == "cluster/members").all(keeps)
            && primary_in(rows).is_none_or(|primary| members.contains(&primary))
    }

    /// Votes for another member as the primary, unless the old primary answers, or a third member
    /// has the vote.
    fn on_yield(&self, from: &str, era: u64, lost: &str) -> Answer {
        let refused = |reason: &str| Answer::Refused { reason: reason.to_owned() };
        if self.engine().machine.state.clusters.cluster.get().era() >= era {
            return refused("Another member was promoted already.");
        }
        if self.can_reach(lost) {
            return refused("The member to be deleted is visible to another member.");
        }
        if self.grant_vote(from, era) {
            Answer::Done { at: self.engine().at() }
        } else {
            refused("Another member is being promoted.")
        }
    }

    /// Gives a member this member's vote to begin an era; false when another has it.
    pub(super) fn grant_vote(&self, member: &str, era: u64) -> bool {
        let mut vote = lock(&self.granted_vote);
        let free = match &*vote {
            Some((voted, to, since)) => {
                since.elapsed() >= VOTE_VALIDITY || to == member || *voted < era
            }
            None => true,
        };
        if free {
            *vote = Some((era, member.to_owned(), Instant::now()));
        }
        free
    }

    fn on_operate(self: &Arc<Self>, operation: Operation) -> Answer {
        let methods = [Method::Get, Method::Post, Method::Put, Method::Patch, Method::Delete];
        let Some(method) = methods.into_iter().find(|known| known.name() == operation.method)
        else {
            return Answer::Nothing;
        };
        let request = Request {
            content_type: "application/vnd.safenetinc.lunasa+json;version=".to_owned(),
            body: Body::Plain(operation.body.clone().into_bytes()),
            operation: Some(operation.clone()),
            ..Request::new(method, operation.path)
        };
        let response = self.answer_locally(&request);
        match String::from_utf8(response.body) {
            Ok(body) => Answer::Response { status: response.status, body },
            // Every operation answers with JSON.
            Err(_) => Answer::Response { status: 500, body: String::new() },
        }
    }
}

/// Whether a sender gets no answer: the link is cut, or the cluster service does not run.
pub(super) fn is_unreachable(engine: &Engine, from: &str, system: time::OffsetDateTime) -> bool {
    let state = &engine.machine.state;
    let cuts = state.emulator.cuts.get();
    cuts.from.contains(from)
        || cuts.to.contains(from)
        || engine.phase(system) != Phase::Running
        || !state.clusters.is_member()
        || state.clusters.own.get().parted
}

/// The members that a change deletes.
fn deleted_in(rows: &[Row]) -> impl Iterator<Item = &str> {
    let deleted = |row: &&Row| row.field == "cluster/members" && row.row.is_none();
    rows.iter().filter(deleted).map(|row| row.key.as_str())
}

/// The primary member that a change names, if it changes the cluster's own row.
fn primary_in(rows: &[Row]) -> Option<String> {
    let row = rows.iter().find(|row| row.field == "cluster")?.row.as_ref()?;
    serde_json::from_str::<ClusterRow>(row).ok().map(|row| row.primary)
}
