//! The appliance as a member of a cluster: what one member changes, all visible members store.
//!
//! The primary applies a change and ships it to the visible members before it acknowledges it. On
//! another member a request is run, its change taken back and proposed to the primary, which ships
//! it to everybody; a proposal made from an old state is refused and run again. A member that was
//! away pulls what it missed. Nothing is elected: the primary is the one that the product's own
//! commands name (`join.rs`, `take_over.rs`), and without it no other member writes.
//!
//! Two locks: `write_lock` is held for the whole of a change on this member, `engine` only while the
//! state is looked at or changed. What other members say needs `engine` alone, except a proposal,
//! and only the primary takes those: so no two members wait for each other.

mod balance;
mod catch_up;
mod history;
mod join;
mod receive;
mod ssh;
mod take_over;
mod transport;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use luna_rest::clusters::refusal;
use luna_rest::peers::{Answer, Envelope, Message};
use luna_rest::{Method, clusters, emulator, peers};
use time::OffsetDateTime;

use crate::core::logs::SharedLogs;
use crate::core::message::{Failure, Request, Response};
use crate::core::snmp;
use crate::core::web::Web;
use crate::engine::{Engine, Proposal, Shipment, Step};
use crate::folder::Certificate;
use crate::panics;
use crate::request::peers::AfterCommit;
use crate::request::route::{FILE_BODY, SMALL_BODY};
use crate::rules::cluster::access::IS_READ_ONLY;
use crate::rules::cluster::keyring_clients::report_failed;
use crate::state::clusters::{ADMIN_PORT, CORE_PORT, CRYPTO_PORT, Clusters, Phase};

pub(crate) use ssh::SshSettings;
pub(crate) use transport::{Https, Peer, SendError, Transport};

/// How often a change is run anew because another member was quicker.
const MAX_TRIES: usize = 50;
/// The time between two rounds of maintenance when nothing happens.
const MAINTENANCE_INTERVAL: Duration = Duration::from_secs(1);

/// What a primary member that sees no other one says to those who change something.
const ALONE: &str = "The primary member reaches no other member. If they delete it meanwhile, what \
                     is changed here now is lost to the cluster; back it up.";

/// An appliance, and its links to the other members of its cluster.
pub(crate) struct Replica {
    engine: Mutex<Engine>,
    logs: SharedLogs,
    write_lock: Mutex<()>,
    /// One copy or pull at a time.
    pulling: Mutex<()>,
    /// Counts probes of the members, in the order in which they begin.
    next_probe: AtomicUsize,
    /// The last of them that has said who is visible.
    last_probe: AtomicUsize,
    transport: Box<dyn Transport>,
    /// The system's time.
    clock: fn() -> OffsetDateTime,
    /// The member that is joining through this one, and since when.
    applicant: Mutex<Option<(peers::Applicant, Instant)>>,
    /// The era, the member that has this member's vote to begin it, and since when.
    granted_vote: Mutex<Option<(u64, String, Instant)>>,
    /// Work in the background that has not ended.
    busy: Mutex<usize>,
    idle: Condvar,
    /// Counts operations, so that the members of the group take them one after another.
    next_candidate: AtomicUsize,
    stopping: Mutex<bool>,
    wake: Condvar,
    /// Opens and closes the ports of the cluster service.
    listeners: OnceLock<Box<dyn Fn(Ports) + Send + Sync>>,
    web_tls: OnceLock<Arc<dyn WebTls>>,
}

/// TLS of the web server that serves this appliance.
pub(crate) trait WebTls: Web {
    /// Makes a new certificate and shows it; why it could not.
    fn make_certificate(&self, hostname: &str) -> Result<Certificate, String>;
}

/// Locks what is whole at every moment: a panic of another holder does no harm.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where the cluster service listens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ports {
    /// The core address; empty while nothing is listened on.
    pub(crate) address: String,
    /// The ports.
    pub(crate) ports: Vec<u16>,
}

/// The result of a proposal.
enum Proposed {
    Made,
    Again,
    /// The primary cannot be asked, and is no longer visible.
    OutOfSight(Failure),
    Refused(Failure),
}

impl Replica {
    pub(crate) fn new(
        engine: Engine,
        transport: Box<dyn Transport>,
        clock: fn() -> OffsetDateTime,
    ) -> Arc<Replica> {
        Arc::new(Replica {
            logs: engine.machine.logs.clone(),
            engine: Mutex::new(engine),
            write_lock: Mutex::default(),
            pulling: Mutex::default(),
            next_probe: AtomicUsize::new(1),
            last_probe: AtomicUsize::new(0),
            transport,
            clock,
            applicant: Mutex::default(),
            granted_vote: Mutex::default(),
            busy: Mutex::default(),
            idle: Condvar::new(),
            next_candidate: AtomicUsize::new(0),
            stopping: Mutex::new(false),
            wake: Condvar::new(),
            listeners: OnceLock::new(),
            web_tls: OnceLock::new(),
        })
    }

    fn engine(&self) -> MutexGuard<'_, Engine> {
        self.engine.lock().unwrap_or_else(|poisoned| {
            // A thread panicked in the middle of a change: nothing of it may be seen or stored.
            let mut engine = poisoned.into_inner();
            engine.machine.undo();
            self.engine.clear_poison();
            engine
        })
    }

    /// The path template of a request's resource, for logs.
    pub(crate) fn template(&self, request: &Request) -> &'static str {
        self.engine().machine.template(request)
    }

    /// Every object that the SNMP agent shows.
    pub(crate) fn snmp_objects(&self) -> Vec<(snmp::Oid, snmp::Value)> {
        self.engine().machine.snmp_objects((self.clock)())
    }

    /// Whether a request is a message of another member.
    pub(crate) fn is_message(request: &Request) -> bool {
        request.method == Method::Post && request.path == peers::SEND.template()
    }

    /// The appliance's log files.
    pub(crate) fn logs(&self) -> &SharedLogs {
        &self.logs
    }

    /// Answers a request.
    pub(crate) fn handle(self: &Arc<Self>, request: &Request) -> Response {
        if Replica::is_message(request) {
            return self.answer_peer(request);
        }
        if balance::is_operation(&request.path)
            && let Some(response) = self.balance(request)
        {
            return response;
        }
        if shows_visible_members(request) {
            if request.path == emulator::SETTLE.template() {
                self.settle();
            } else {
                self.probe_members();
            }
        }
        self.answer_locally(request)
    }

    /// How large the body of a request may be, in bytes; whoever may not send it is refused.
    pub(crate) fn body_limit(&self, request: &Request) -> Result<usize, Failure> {
        let mut engine = self.engine();
        if Replica::is_message(request) {
            let clusters = &engine.machine.state.clusters;
            // Of the sender nothing is known yet; but outside of a cluster nobody has to send much.
            let expected = clusters.is_member() || clusters.own.get().joining;
            return Ok(if expected { FILE_BODY } else { SMALL_BODY });
        }
        engine.machine.body_limit(request, (self.clock)())
    }

    /// Answers a read that waits for nothing: no other request, no password's hash, no other member.
    pub(crate) fn answer_at_once(&self, request: &Request) -> Option<Response> {
        let may_wait = request.method.changes()
            || request.basic.is_some()
            || balance::is_operation(&request.path)
            || shows_visible_members(request)
            // Those are packed.
            || request.path.contains("/files/");
        let mut engine = if may_wait { None } else { self.engine.try_lock().ok() }?;
        match engine.step(request, (self.clock)()) {
            Step::Done(response) | Step::Lead(response, _) | Step::Propose(response, _) => {
                Some(response)
            }
        }
    }

    /// Answers a request on this very member.
    fn answer_locally(self: &Arc<Self>, request: &Request) -> Response {
        if request.method.changes() {
            let mut response = self.change(|| self.engine().step(request, (self.clock)()));
            while request.work.run() {
                response = self.change(|| self.engine().step(request, (self.clock)()));
            }
            return response;
        }
        match self.engine().step(request, (self.clock)()) {
            Step::Done(response) | Step::Lead(response, _) | Step::Propose(response, _) => response,
        }
    }

    /// Makes a change, wherever it has to be made.
    fn change(self: &Arc<Self>, mut run: impl FnMut() -> Step) -> Response {
        let _write = lock(&self.write_lock);
        for _ in 0..MAX_TRIES {
            self.engine().machine.take_after_commit();
            let response = match run() {
                Step::Done(response) => response,
                Step::Lead(response, shipment) => {
                    self.ship(shipment, None);
                    let warning = response.warning.or(self.is_alone().then_some(ALONE));
                    Response { warning, ..response }
                }
                Step::Propose(response, proposal) => match self.propose(proposal) {
                    Proposed::Made => response,
                    Proposed::Again => continue,
                    // What the refusal counts is counted here now: the primary is out of sight.
                    Proposed::OutOfSight(_) if response.status >= 400 => continue,
                    Proposed::OutOfSight(failure) | Proposed::Refused(failure) => {
                        self.engine().machine.take_after_commit();
                        failure.into_response()
                    }
                },
            };
            let after_commit = self.engine().machine.take_after_commit();
            return match after_commit {
                Some(after_commit) if response.status < 400 => self.run(after_commit, response),
                _ => response,
            };
        }
        refuse(refusal::READ_ONLY, "The cluster is too busy; try again.").into_response()
    }

    fn run(self: &Arc<Self>, after_commit: AfterCommit, response: Response) -> Response {
        match after_commit {
            AfterCommit::Look => {
                self.maintain();
                response
            }
            AfterCommit::MakeCertificate { hostname } => match self.make_certificate(&hostname) {
                Ok(()) => response,
                Err(reason) => Failure::internal(reason).into_response(),
            },
            AfterCommit::Forget => {
                let forgotten = self.engine().change_own(|machine| machine.forget_cluster());
                match forgotten {
                    Ok(()) => Response { warning: None, ..response },
                    Err(error) => Failure::internal(error.to_string()).into_response(),
                }
            }
            AfterCommit::TakeOver { lost } => match self.take_over(&lost) {
                Ok(()) => response,
                Err(failure) => failure.into_response(),
            },
            AfterCommit::Join { address, cluster, applicant } => {
                match self.request_join(address, &cluster, *applicant) {
                    Ok(()) => response,
                    Err(failure) => failure.into_response(),
                }
            }
        }
    }

    /// Whether this is a primary member that sees no other one.
    fn is_alone(&self) -> bool {
        let engine = self.engine();
        let machine = &engine.machine;
        let clusters = &machine.state.clusters;
        clusters.is_primary() && clusters.members.len() > 1 && machine.peers.here.is_empty()
    }

    /// Ships a change to the visible members and waits for them; a member that does not store it
    /// is no longer visible. `also` is a member that has just sent a message.
    fn ship(&self, shipment: Shipment, also: Option<&str>) {
        let Shipment { after, reaches, rows } = shipment;
        let message = Message::Ship { after, reaches, rows };
        let answers = self.send_to_visible(&message, also);
        let mut engine = self.engine();
        for (member, answer) in answers {
            let stored = matches!(answer, Ok(Answer::Done { at }) if at >= reaches);
            if !stored {
                engine.machine.peers.here.remove(&member);
            }
        }
    }

    /// Sends a message to every visible member at once.
    fn send_to_visible(
        &self,
        message: &Message,
        also: Option<&str>,
    ) -> Vec<(String, Result<Answer, SendError>)> {
        let peers: Vec<Peer> = {
            let engine = self.engine();
            let here = &engine.machine.peers.here;
            peers_of(&engine)
                .into_iter()
                .filter(|peer| here.contains_key(&peer.member) || also == Some(&peer.member))
                .collect()
        };
        self.send_to(&peers, message)
    }

    fn send_to(
        &self,
        peers: &[Peer],
        message: &Message,
    ) -> Vec<(String, Result<Answer, SendError>)> {
        let send = |peer: &Peer| {
            let answer = panics::catch(|| self.send(peer, message.clone()));
            let answer = answer.unwrap_or_else(|panic| {
                tracing::error!(%panic, "sending to a member panicked");
                Err(SendError::Broken)
            });
            (peer.member.clone(), answer)
        };
        match peers {
            [] => Vec::new(),
            [peer] => vec![send(peer)],
            [first, rest @ ..] => std::thread::scope(|scope| {
                let threads: Vec<_> =
                    rest.iter().map(|peer| scope.spawn(move || send(peer))).collect();
                let mut answers = vec![send(first)];
                answers.extend(threads.into_iter().filter_map(|thread| thread.join().ok()));
                answers
            }),
        }
    }

    /// Sends a message to a member, unless the link is cut.
    fn send(&self, peer: &Peer, message: Message) -> Result<Answer, SendError> {
        let envelope = {
            let engine = self.engine();
            let state = &engine.machine.state;
            let cuts = state.emulator.cuts.get();
            if cuts.to.contains(&peer.member) || cuts.from.contains(&peer.member) {
                return Err(SendError::Unreachable);
            }
            let row = state.clusters.cluster.get();
            Envelope {
                cluster: row.uuid.clone(),
                from: state.clusters.own.get().member.clone(),
                message,
            }
        };
        self.transport.send(peer, &envelope)
    }

    /// Has the primary make a change that was run here.
    fn propose(&self, proposal: Proposal) -> Proposed {
        let primary = {
            let engine = self.engine();
            let state = &engine.machine.state;
            let primary = &state.clusters.cluster.get().primary;
            let found = peers_of(&engine).into_iter().find(|peer| peer.member == *primary);
            found.filter(|_| engine.phase((self.clock)()) == Phase::Running)
        };
        let Some(primary) = primary else { return Proposed::Refused(read_only()) };
        let out_of_sight = |failure| {
            self.engine().machine.peers.here.remove(&primary.member);
            Proposed::OutOfSight(failure)
        };
        let Proposal { after, rows, .. } = &proposal;
        let message = Message::Propose { after: *after, rows: rows.clone() };
        match self.send(&primary, message) {
            Ok(Answer::Done { at }) => match self.engine().accepted(proposal, at) {
                Ok(()) => Proposed::Made,
                Err(error) => Proposed::Refused(Failure::internal(error.to_string())),
            },
            Ok(Answer::Elsewhere { .. }) => match self.pull(&primary) {
                Ok(()) => Proposed::Again,
                Err(_) => out_of_sight(read_only()),
            },
            // Another member is primary now; it is known as soon as this one catches up.
            Ok(Answer::NotPrimary) => match self.pull(&primary) {
                Ok(())
                    if self.engine().machine.state.clusters.cluster.get().primary
                        != primary.member =>
                {
                    Proposed::Again
                }
                _ => out_of_sight(read_only()),
            },
            Ok(Answer::Refused { reason }) => {
                Proposed::Refused(refuse(refusal::NOT_ALLOWED, reason))
            }
            Ok(_) | Err(SendError::Unreachable) => out_of_sight(read_only()),
            Err(SendError::Broken) => out_of_sight(refuse(
                refusal::UNCLEAR,
                "The link to the primary member broke during the change; it may have been made. \
                 It shows once the link is back.",
            )),
        }
    }

    /// Tells the primary of the failed logins that were counted while it was out of sight.
    fn report_failed_logins(self: &Arc<Self>) {
        let is_due = {
            let engine = self.engine();
            let clusters = &engine.machine.state.clusters;
            let own = clusters.own.get();
            let sees = engine.machine.peers.here.contains_key(&clusters.cluster.get().primary);
            !own.failed.is_empty() && !own.parted && (clusters.is_primary() || sees)
        };
        if is_due {
            self.change(|| {
                self.engine().step_with(|machine| {
                    report_failed(&mut machine.state);
                    Response { status: 204, ..Response::default() }
                })
            });
        }
    }

    /// Sets what opens and closes the ports of the cluster service; it is called whenever they
    /// may have to change, and must not wait.
    pub(crate) fn set_listeners(&self, listen: impl Fn(Ports) + Send + Sync + 'static) {
        // Set once, when the appliance starts.
        let _ = self.listeners.set(Box::new(listen));
    }

    /// Sets the TLS of the web server, which offers from now on what the state says.
    pub(crate) fn set_web_tls(&self, tls: impl WebTls + 'static) {
        let tls = Arc::new(tls);
        self.engine().machine.set_web(Arc::clone(&tls) as Arc<dyn Web>);
        // Set once, when the appliance starts.
        let _ = self.web_tls.set(tls);
    }

    fn make_certificate(&self, hostname: &str) -> Result<(), String> {
        let tls = self.web_tls.get().ok_or("No web server serves this appliance.")?;
        let made = tls.make_certificate(hostname)?;
        self.transport.identify(made.identity());
        self.engine().machine.show_certificate(made.pem);
        Ok(())
    }

    pub(super) fn update_listeners(&self) {
        if let Some(listen) = self.listeners.get() {
            listen(self.ports());
        }
    }

    /// Where the cluster service has to listen: from its start on, so that no client that sees it
    /// run comes too early. Until it runs, members get no answer there.
    fn ports(&self) -> Ports {
        let engine = self.engine();
        let own = engine.machine.state.clusters.own.get();
        if engine.phase((self.clock)()) == Phase::Stopped || own.core.is_empty() {
            return Ports::default();
        }
        let (admin, crypto) = own.traffic_now();
        let (admin, crypto) =
            (Clusters::port(admin, ADMIN_PORT), Clusters::port(crypto, CRYPTO_PORT));
        Ports { address: own.core.clone(), ports: vec![CORE_PORT, admin, crypto] }
    }

    /// Maintains the cluster until [`Replica::stop_maintenance`].
    pub(crate) fn run_maintenance(self: &Arc<Self>) {
        let mut stop = lock(&self.stopping);
        while !*stop {
            drop(stop);
            let maintained = panics::catch(|| {
                self.maintain();
                self.report_failed_logins();
            });
            if let Err(panic) = maintained {
                tracing::error!(%panic, "maintenance of the cluster panicked; it goes on");
            }
            stop = lock(&self.stopping);
            if !*stop {
                stop = self
                    .wake
                    .wait_timeout(stop, MAINTENANCE_INTERVAL)
                    .unwrap_or_else(PoisonError::into_inner)
                    .0;
            }
        }
    }

    /// Ends [`Replica::run_maintenance`].
    pub(crate) fn stop_maintenance(&self) {
        *lock(&self.stopping) = true;
        self.wake.notify_all();
    }

    /// Waits until nothing is under way in the background.
    fn settle(self: &Arc<Self>) {
        let busy = lock(&self.busy);
        drop(self.idle.wait_while(busy, |busy| *busy > 0).unwrap_or_else(PoisonError::into_inner));
        self.maintain();
        self.report_failed_logins();
    }

    /// Runs work in the background; [`Replica::settle`] waits for it.
    fn spawn_background(self: &Arc<Self>, work: impl FnOnce(Arc<Replica>) + Send + 'static) {
        *lock(&self.busy) += 1;
        let replica = Arc::clone(self);
        let done = Arc::clone(self);
        let run = move || {
            if let Err(panic) = panics::catch(|| work(replica)) {
                tracing::error!(%panic, "work in the background panicked");
            }
            *lock(&done.busy) -= 1;
            done.idle.notify_all();
        };
        if std::thread::Builder::new().name("cluster".to_owned()).spawn(run).is_err() {
            *lock(&self.busy) -= 1;
            tracing::error!("no thread could be started for work in the background");
        }
    }
}

/// A refusal of the cluster.
fn refuse(id: &'static str, details: impl Into<String>) -> Failure {
    crate::rules::cluster::access::refuse(id, details)
}

/// What a change is told while the primary is out of sight.
fn read_only() -> Failure {
    refuse(refusal::READ_ONLY, IS_READ_ONLY)
}

/// Whether the answer depends on which members are visible.
fn shows_visible_members(request: &Request) -> bool {
    let path = request.path.as_str();
    path == emulator::SETTLE.template()
        || path == clusters::RESTORE.template() && request.method.changes()
        || path.strip_prefix("/api/clusters/").is_some_and(|rest| rest.contains("/members"))
}

/// The other members, in the order in which they joined.
fn peers_of(engine: &Engine) -> Vec<Peer> {
    let clusters = &engine.machine.state.clusters;
    let own = clusters.own.get();
    if own.member.is_empty() || own.parted {
        return Vec::new();
    }
    clusters
        .in_order()
        .into_iter()
        .filter(|(member, _)| *member != own.member)
        .map(|(member, row)| Peer {
            member: member.to_owned(),
            address: row.address.clone(),
            certificate: Some(row.certificate.clone()),
        })
        .collect()
}

/// The visible members, with the status that each last sent.
type Statuses = BTreeMap<String, peers::Here>;
