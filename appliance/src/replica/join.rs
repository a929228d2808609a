//! Joining a cluster: the applicant's side, and that of the member it applies to.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use luna_rest::Fingerprint;
use luna_rest::clusters::refusal;
use luna_rest::peers::{Answer, Applicant, Envelope, Message};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::receive::is_unreachable;
use super::{Peer, Replica, SendError, lock, refuse};
use crate::core::message::{Failure, Response};
use crate::engine::Step;
use crate::panics;
use crate::rules::cluster::lifecycle::knows_modes;
use crate::state::clusters::MemberRow;

/// How far the clocks of the two appliances may be apart.
const MAX_CLOCK_SKEW: time::Duration = time::Duration::seconds(30);
/// How long a member that never finished joining keeps others from it.
const JOIN_TIMEOUT: Duration = Duration::from_secs(300);

impl Replica {
    /// Asks the member at this address to join. When it agrees, the rest goes on in the background.
    pub(super) fn request_join(
        self: &Arc<Self>,
        address: IpAddr,
        cluster: &str,
        applicant: Applicant,
    ) -> Result<(), Failure> {
        let unreachable = || {
            refuse(
                refusal::JOIN_REFUSED,
                format!(
                    "The member at {address} does not answer: its cluster service must run, and \
                     both appliances must reach each other."
                ),
            )
        };
        let member = applicant.member.clone();
        let mut peer =
            Peer { member: String::new(), address: address.to_string(), certificate: None };
        let envelope = Envelope {
            cluster: cluster.to_owned(),
            from: member.clone(),
            message: Message::Join(applicant),
        };
        let answer = self.transport.send(&peer, &envelope).map_err(|_| unreachable())?;
        let smk = match answer {
            Answer::Welcome { smk, member } => {
                peer.member = member;
                smk
            }
            Answer::Refused { reason } => return Err(refuse(refusal::JOIN_REFUSED, reason)),
            _ => return Err(unreachable()),
        };
        let begun = self.engine().change_own(|machine| {
            let state = &mut machine.state;
            let row = state.clusters.cluster.get_mut();
            cluster.clone_into(&mut row.uuid);
            let own = state.clusters.own.get_mut();
            own.member = member;
            (own.copying, own.joining) = (true, true);
            // The SKS master key of the cluster replaces that of the cluster partition.
            if let Some(partition) = state.partitions.partitions.get_mut(&own.partition) {
                partition.smk_id = smk;
            }
        });
        begun.map_err(|error| Failure::internal(error.to_string()))?;
        self.spawn_background(move |replica| {
            let joined = panics::catch(|| replica.complete_join(&peer));
            if !matches!(joined, Ok(Ok(()))) {
                tracing::error!(?joined, "joining the cluster failed; nothing of it is kept");
                let forgotten = replica.engine().change_own(|machine| machine.forget_cluster());
                if let Err(error) = forgotten {
                    tracing::error!(%error, "that the join failed could not be stored");
                }
            }
        });
        Ok(())
    }

    /// Copies the state, becomes a member, and catches up.
    fn complete_join(self: &Arc<Self>, peer: &Peer) -> Result<(), SendError> {
        self.pull(peer)?;
        match self.send(peer, Message::Joined)? {
            Answer::Done { .. } => {}
            _ => return Err(SendError::Broken),
        }
        self.pull(peer)?;
        let joined = self.engine().change_own(|machine| {
            let own = machine.state.clusters.own.get_mut();
            (own.joining, own.parted) = (false, false);
            machine.peers.active = true;
            machine.peers.operations = 0;
        });
        joined.map_err(|error| {
            tracing::error!(%error, "the join could not be stored");
            SendError::Broken
        })?;
        self.maintain();
        Ok(())
    }

    /// Accepts or refuses an applicant.
    pub(super) fn on_join(
        &self,
        cluster: &str,
        applicant: Applicant,
        shown: Fingerprint,
    ) -> Option<Answer> {
        let system = (self.clock)();
        let refused = |reason: String| Some(Answer::Refused { reason });
        let mut engine = self.engine();
        if is_unreachable(&engine, &applicant.member, system) {
            return None;
        }
        let now = engine.machine.now(system);
        let clusters = &engine.machine.state.clusters;
        let row = clusters.cluster.get().clone();
        let own = clusters.own.get().clone();
        let primary = &row.primary;
        let sees_primary = engine.machine.peers.here.contains_key(&row.primary);
        if !row.uuid.eq_ignore_ascii_case(cluster) {
            return refused(format!("The member there belongs to no cluster {cluster}."));
        }
        if own.copying || !engine.machine.peers.active {
            return refused("The member there is not authorized.".to_owned());
        }
        if !clusters.is_primary() && !sees_primary {
            return refused("The member there is read-only.".to_owned());
        }
        if Fingerprint::of_pem(&applicant.certificate) != Some(shown)
            || clusters.members.contains(&applicant.member)
            || applicant.address.parse::<IpAddr>().is_err()
        {
            return refused("The appliance is not the one that it says it is.".to_owned());
        }
        // The appliance of an entry may come back under a new one, unless its old one is in use.
        let comes_back = |(member, row): &(&str, &MemberRow)| {
            row.certificate == applicant.certificate
                && **member != **primary
                && !engine.machine.peers.here.contains_key(*member)
        };
        if let Some(entry) = clusters.members.iter().find(|(_, row)| {
            row.address == applicant.address || row.certificate == applicant.certificate
        }) && !comes_back(&entry)
        {
            return refused(format!(
                "The appliance is in the cluster already, as the member with the address {}; delete \
                 it first.",
                entry.1.address
            ));
        }
        if let Err(reason) = engine.machine.admits("admin", &applicant.password, system) {
            return refused(format!("The password of the account admin there {reason}."));
        }
        if row.domain != applicant.domain {
            return refused(
                "The cluster partition here has another cloning domain than the cluster."
                    .to_owned(),
            );
        }
        if (row.dual || row.manual) && !knows_modes(&applicant.package, &applicant.software) {
            return refused(
                "The cluster has modes that need appliance software 7.9.0 and the package \
                 lnh_cluster 1.0.5, or newer, on every member."
                    .to_owned(),
            );
        }
        let apart = OffsetDateTime::parse(&applicant.time, &Rfc3339).map(|time| (time - now).abs());
        if apart.is_ok_and(|apart| apart > MAX_CLOCK_SKEW) || apart.is_err() {
            return refused("The clocks of the appliances are more than 30 seconds apart.".into());
        }
        drop(engine);
        let mut pending = lock(&self.applicant);
        if let Some((other, since)) = &*pending
            && other.address != applicant.address
            && since.elapsed() < JOIN_TIMEOUT
        {
            return refused(format!(
                "Another appliance ({}) is joining; one can join at a time.",
                other.name
            ));
        }
        *pending = Some((applicant, Instant::now()));
        Some(Answer::Welcome { smk: row.smk, member: own.member })
    }

    /// Whether this is the member that is joining through this one, over a connection of its own.
    /// One that says nothing for long has given up.
    pub(super) fn is_applicant(&self, member: &str, shown: Fingerprint) -> bool {
        let mut pending = lock(&self.applicant);
        let Some((applicant, since)) = pending.as_mut() else { return false };
        let is_applicant = applicant.member == member
            && Fingerprint::of_pem(&applicant.certificate) == Some(shown)
            && since.elapsed() < JOIN_TIMEOUT;
        if is_applicant {
            *since = Instant::now();
        }
        is_applicant
    }

    /// Makes the applicant a member: it has copied the state.
    pub(super) fn on_joined(self: &Arc<Self>, member: &str) -> Answer {
        let Some((applicant, _)) = lock(&self.applicant).clone() else { return Answer::Nothing };
        if applicant.member != member {
            return Answer::Nothing;
        }
        let response = self.change(|| -> Step {
            self.engine().step_with(|machine| {
                let clusters = &mut machine.state.clusters;
                let since = clusters.own.get().at.change + 1;
                let members = &mut clusters.members;
                // The entry of the same appliance, from before it left or was parted.
                members.retain(|_, row| row.certificate != applicant.certificate);
                let joined = members.values().map(|row| row.joined).max().unwrap_or(0) + 1;
                let row = MemberRow {
                    name: applicant.name.clone(),
                    joined,
                    since,
                    address: applicant.address.clone(),
                    crypto_port: applicant.crypto_port,
                    certificate: applicant.certificate.clone(),
                    group: "local".to_owned(),
                };
                members.insert(applicant.member.clone(), row);
                Response { status: 204, ..Response::default() }
            })
        });
        *lock(&self.applicant) = None;
        match response.status {
            204 => Answer::Done { at: self.engine().at() },
            _ => Answer::Refused { reason: "The cluster is read-only.".to_owned() },
        }
    }
}
