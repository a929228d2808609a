//! Which members are visible, and catching up with them.

use std::sync::Arc;

use luna_rest::peers::{Answer, Here, Message, Position, Row};

use super::{Peer, Replica, SendError, Statuses, lock, peers_of};
use crate::engine::is_held_back;
use crate::state::clusters::Phase;

/// Rounds of a pull; more only follow when changes come faster than they are pulled.
const MAX_ROUNDS: usize = 10_000;

impl Replica {
    /// Asks every other member for its status: those that answer are visible.
    pub(super) fn probe_members(&self) {
        let peers = {
            let engine = self.engine();
            if engine.phase((self.clock)()) != Phase::Running {
                return;
            }
            peers_of(&engine)
        };
        if peers.is_empty() {
            self.engine().machine.peers.here.clear();
            return;
        }
        let mut here = Statuses::new();
        let (mut parted, mut strangers) = (false, Vec::new());
        let at = self.engine().at();
        for (member, answer) in self.send_to(&peers, &Message::Hello) {
            match answer {
                Ok(Answer::Here(how)) => drop(here.insert(member, how)),
                // A member that knows later changes, but not this member, knows of its deletion.
                Ok(Answer::Stranger { at: theirs }) if theirs > at => parted = true,
                // One that knows no later ones may have been away when this member joined.
                Ok(Answer::Stranger { .. }) => strangers.push(member),
                Ok(_) | Err(_) => {}
            }
        }
        for peer in peers.iter().filter(|peer| strangers.contains(&peer.member)) {
            if let Some(message) = self.introduction()
                && matches!(self.send(peer, message), Ok(Answer::Done { .. }))
                && let Ok(Answer::Here(how)) = self.send(peer, Message::Hello)
            {
                here.insert(peer.member.clone(), how);
            }
        }
        let mut engine = self.engine();
        engine.machine.peers.here = here;
        if parted && engine.at() == at {
            let marked =
                engine.change_own(|machine| machine.state.clusters.own.get_mut().parted = true);
            if let Err(error) = marked {
                tracing::error!(%error, "that this member was deleted could not be stored");
            }
            engine.machine.peers.active = false;
            engine.machine.peers.here.clear();
        }
    }

    fn introduction(&self) -> Option<Message> {
        let engine = self.engine();
        let clusters = &engine.machine.state.clusters;
        let row = clusters.members.get(&clusters.own.get().member)?;
        let (address, certificate) = (row.address.clone(), row.certificate.clone());
        Some(Message::Introduce { address, certificate })
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
        visible.sort_by_key(|(_, how)| std::cmp::Reverse(how.at));
        if let Some((best, how)) = visible.first()
            && how.at > at
        {
            if let Err(error) = self.pull(best) {
                tracing::debug!(?error, member = best.member, "not caught up");
            }
            at = self.engine().at();
        }
        for (peer, how) in &visible {
            if how.at < at {
                let nudge = Message::Ship { after: at, reaches: at, rows: Vec::new() };
                // A member that does not answer is asked again in the next round.
                let _ = self.send(peer, nudge);
            }
        }
        let mut engine = self.engine();
        let own = engine.machine.state.clusters.own.get();
        let whole = engine.machine.state.clusters.is_member() && !own.copying && !own.parted;
        let active = visible.iter().any(|(_, how)| how.active && how.at <= at);
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
                    if let Err(error) = followed {
                        tracing::error!(%error, "a pulled change could not be stored");
                        return Err(SendError::Broken);
                    }
                }
                Answer::Rows { at, whole: true, rows, cursor } => {
                    self.copy(peer, at, rows, cursor)?;
                }
                Answer::Parted => {
                    let mut engine = self.engine();
                    engine.machine.peers.active = false;
                    let parted = engine
                        .change_own(|machine| machine.state.clusters.own.get_mut().parted = true);
                    if let Err(error) = parted {
                        tracing::error!(%error, "that the history parted could not be stored");
                    }
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
