//! Which members are visible, and catching up with them.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use luna_rest::peers::{Answer, Here, Message, Position, Row};

use super::history::{Relation, compare};
use super::{Peer, Replica, SendError, Statuses, lock, peers_of};
use crate::engine::is_held_back;
use crate::state::clusters::Phase;

/// Rounds of a pull; more only follow when changes come faster than they are pulled.
const MAX_ROUNDS: usize = 10_000;

impl Replica {
    /// Asks every other member for its status: those that answer are visible. Of probes at the same time
    /// the one that began last counts: another one may not know that a link was cut or healed.
    pub(super) fn probe_members(&self) {
        let probe = self.next_probe.fetch_add(1, Ordering::Relaxed);
        let (peers, hello) = {
            let engine = self.engine();
            if engine.phase((self.clock)()) != Phase::Running {
                return;
            }
            (peers_of(&engine), Message::Hello(engine.history()))
        };
        let mut here = Statuses::new();
        for (member, answer) in self.send_to(&peers, &hello) {
            if let Some(how) = self.is_of_our_history(answer) {
                here.insert(member, how);
            }
        }
        let mut engine = self.engine();
        let is_newest = self.last_probe.fetch_max(probe, Ordering::Relaxed) < probe;
        if is_newest && !engine.machine.state.clusters.own.get().parted {
            engine.machine.peers.here = here;
        }
    }

    /// Greets one member, to find out how its history stands to this one's.
    fn greet(&self, peer: &Peer) {
        let hello = Message::Hello(self.engine().history());
        let answer = self.send(peer, hello);
        self.is_of_our_history(answer);
    }

    /// The status of a member that has answered a greeting, unless its history and this one's parted.
    /// When the other one stays, this member is parted.
    fn is_of_our_history(&self, answer: Result<Answer, SendError>) -> Option<Here> {
        let (how, theirs) = match answer {
            Ok(Answer::Here(how)) => (Some(how.clone()), how.history),
            Ok(Answer::Stranger(theirs)) => (None, theirs),
            Ok(_) | Err(_) => return None,
        };
        let relation = {
            let engine = self.engine();
            let clusters = &engine.machine.state.clusters;
            let own = clusters.own.get();
            if own.joining || own.copying {
                return None;
            }
            let since = clusters.members.get(&own.member).map_or(0, |row| row.since);
            let (relation, known) = compare(&engine.history(), &theirs);
            // Who has no entry for this member and does not only lag behind has deleted it, or has
            // parted before it joined.
            let deleted = how.is_none() && relation != Relation::Known && since <= known;
            if deleted { Relation::Wins } else { relation }
        };
        if relation == Relation::Wins {
            self.part();
        }
        how.filter(|_| matches!(relation, Relation::Ahead | Relation::Known))
    }

    /// The cluster goes on without this member: from now on it only shows what it knew.
    pub(super) fn part(&self) {
        let mut engine = self.engine();
        let marked =
            engine.change_own(|machine| machine.state.clusters.own.get_mut().parted = true);
        if let Err(error) = marked {
            tracing::error!(%error, "that the history parted could not be stored");
        }
        engine.machine.peers.active = false;
        engine.machine.peers.here.clear();
    }

    /// Does what is due by the clock, finds out which members are visible, catches up, lets others
    /// catch up, and takes authorization from an active member.
    pub(crate) fn maintain(self: &Arc<Self>) {
        self.engine().tick((self.clock)());
        self.update_listeners();
        self.probe_members();
        let (peers, here, mut at) = {
            let engine = self.engine();
            (peers_of(&engine), engine.machine.peers.here.clone(), engine.at())
        };
        let mut visible: Vec<(&Peer, &Here)> =
            peers.iter().filter_map(|peer| Some((peer, here.get(&peer.member)?))).collect();
        visible.sort_by_key(|(_, how)| std::cmp::Reverse(how.history.at));
        if let Some((best, how)) = visible.first()
            && how.history.at > at
        {
            if let Err(error) = self.pull(best) {
                tracing::debug!(?error, member = best.member, "not caught up");
            }
            at = self.engine().at();
        }
        for (peer, how) in &visible {
            if how.history.at < at {
                let nudge = Message::Ship { after: at, reaches: at, rows: Vec::new() };
                // A member that does not answer is asked again in the next round.
                let _ = self.send(peer, nudge);
            }
        }
        let mut engine = self.engine();
        let own = engine.machine.state.clusters.own.get();
        let whole = engine.machine.state.clusters.is_member() && !own.copying && !own.parted;
        let active = visible.iter().any(|(_, how)| how.active && how.history.at <= at);
        if whole && active && !engine.machine.peers.active {
            engine.machine.peers.active = true;
        }
    }

    /// Pulls from a member everything that it knows and this one does not.
    pub(super) fn pull(&self, peer: &Peer) -> Result<(), SendError> {
        let _pulling = lock(&self.pulling);
        for _ in 0..MAX_ROUNDS {
            let after = self.engine().at();
            let message = Message::Pull { after, cursor: None };
            match self.send(peer, message)? {
                Answer::Rows { at, whole: false, rows, .. } => {
                    if at == after {
                        return Ok(());
                    }
                    let followed = self.engine().follow(after, at, &rows);
                    match followed {
                        Ok(true) => {}
                        // What it has pulled meanwhile was shipped, or is none that can follow.
                        Ok(false) if self.engine().at() != after => {}
                        Ok(false) => return Err(SendError::Broken),
                        Err(error) => {
                            tracing::error!(%error, "a pulled change could not be stored");
                            return Err(SendError::Broken);
                        }
                    }
                }
                Answer::Rows { at, whole: true, rows, cursor } => {
                    self.copy(peer, at, rows, cursor)?;
                }
                Answer::Parted => {
                    // Which of the two histories stays shows when they are compared.
                    self.greet(peer);
                    return Err(SendError::Broken);
                }
                _ => return Err(SendError::Broken),
            }
        }
        Err(SendError::Broken)
    }

    /// Copies everything, from its first page on; what changes meanwhile is pulled afterwards.
    fn copy(
        &self,
        peer: &Peer,
        at: Position,
        rows: Vec<Row>,
        cursor: Option<(String, String)>,
    ) -> Result<(), SendError> {
        let broken = |error: crate::store::StoreError| {
            tracing::error!(%error, "a copied page could not be stored");
            SendError::Broken
        };
        self.engine().machine.peers.active = false;
        self.engine().begin_copy().map_err(broken)?;
        let (mut page, mut next) = (rows, cursor);
        let mut held_back = Vec::new();
        loop {
            let (kept, rows): (Vec<Row>, Vec<Row>) =
                page.into_iter().partition(|row| is_held_back(&row.field));
            held_back.extend(kept);
            self.engine().copy(&rows).map_err(broken)?;
            let Some(cursor) = next else { break };
            let message = Message::Pull { after: Position::default(), cursor: Some(cursor) };
            let Answer::Rows { rows, cursor, .. } = self.send(peer, message)? else {
                return Err(SendError::Broken);
            };
            (page, next) = (rows, cursor);
        }
        self.engine().end_copy(at, &held_back).map_err(broken)
    }
}
