//! Becoming primary in place of a member that does not come back.

use luna_rest::clusters::refusal;
use luna_rest::peers::{Answer, Message};

use super::{Replica, peers_of, refuse};
use crate::core::message::Failure;
use crate::engine::Step;

impl Replica {
    /// Deletes the lost primary member and becomes primary, once all visible members agree.
    pub(super) fn take_over(&self, lost: &str) -> Result<(), Failure> {
        let not_now = |reason: &str| Err(refuse(refusal::NOT_ALLOWED, reason));
        let (peers, own, era) = {
            let engine = self.engine();
            let here = &engine.machine.peers.here;
            let clusters = &engine.machine.state.clusters;
            let peers: Vec<_> = peers_of(&engine)
                .into_iter()
                .filter(|peer| here.contains_key(&peer.member) && peer.member != lost)
                .collect();
            (peers, clusters.own.get().member.clone(), clusters.cluster.get().era() + 1)
        };
        if !self.grant_vote(&own, era) {
            return not_now("Another member is being promoted.");
        }
        let message = Message::Yield { era, lost: lost.to_owned() };
        let (mut best, members) = (None, peers.len() as u64 + 1);
        for (member, answer) in self.send_to(&peers, &message) {
            match answer {
                Ok(Answer::Done { at }) => best = best.max(Some((at, member))),
                Ok(Answer::Refused { reason }) => return not_now(&reason),
                _ => return not_now("Not all members answered; try again."),
            }
        }
        // The change that the primary shipped last may have reached another member only.
        let own_at = self.engine().at();
        if let Some((at, member)) = best
            && at > own_at
            && let Some(peer) = peers.iter().find(|peer| peer.member == member)
            && self.pull(peer).is_err()
        {
            return not_now("A member that knows more than this one is not there any more.");
        }
        let step = {
            let mut engine = self.engine();
            let at = engine.at();
            engine.take_over_with(|machine| {
                let id = machine.era_id();
                let clusters = &mut machine.state.clusters;
                clusters.members.remove(lost);
                clusters.cluster.get_mut().promote(&own, at.into(), members, id);
            })
        };
        match step {
            Step::Lead(_, shipment) => {
                self.ship(shipment, None);
                Ok(())
            }
            _ => Err(Failure::internal("The change of the primary member could not be stored.")),
        }
    }
}
