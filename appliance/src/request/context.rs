//! What a handler may see and change while it answers one request.

use std::borrow::Cow;
use std::sync::Arc;

use luna_rest::Method;
use luna_rest::hsm::IN_TRANSPORT;
use serde::Serialize;
use time::{Duration, OffsetDateTime};

use crate::core::clock;
use crate::core::logs::{Severity, SharedLogs};
use crate::core::message::{Failure, Reply, Request};
use crate::core::password::PasswordHash;
use crate::core::random::Random;
use crate::core::text::time_text;
use crate::core::time_zones::{self, ZONES, Zone};
use crate::cryptoki::key_cache::KeyCache;
use crate::request::audit_log::AuditLog;
use crate::request::logs::Line;
use crate::request::options::Options;
use crate::request::peers::Peers;
use crate::request::session::{Key, Session, Sessions};
use crate::request::task::{self, Task, TaskState, Tasks};
use crate::state::State;
use crate::state::hsm_policies::CONTROLLED_TAMPER_RECOVERY;

/// One request's view of the machine.
pub struct Context<'a> {
    /// Everything that is kept; changes are undone when the handler fails.
    pub state: &'a mut State,
    /// All sessions; changes to them stay even when the handler fails.
    pub sessions: &'a mut Sessions,
    /// The time on the appliance, UTC.
    pub now: OffsetDateTime,
    /// What it would be if the clock had not been set.
    pub unset: OffsetDateTime,
    /// What is known of the cluster's members.
    pub peers: &'a mut Peers,
    pub(crate) tasks: &'a mut Tasks,
    pub(crate) key: Key,
    pub(crate) secret: &'a mut Random,
    pub(crate) options: &'a Options,
    pub(crate) keys: &'a Arc<KeyCache>,
    pub(crate) request: &'a Request,
    pub(crate) logs: &'a SharedLogs,
    pub(crate) audit_log: &'a mut AuditLog,
    /// What the audit log is told of.
    pub(crate) act: Act,
}

/// What a request does, for the audit log.
#[derive(Clone, Debug, Default)]
pub(crate) enum Act {
    /// What it says.
    #[default]
    Own,
    /// Nothing yet: a task waits for its start.
    Later,
    /// What the request did that made the task, and its refusal if there was one.
    Of(Method, String, Option<String>),
}

impl Context<'_> {
    /// The session of this request.
    pub fn session(&self) -> &Session {
        self.sessions.get(&self.key)
    }

    /// The session of this request, to change it.
    pub fn session_mut(&mut self) -> &mut Session {
        self.sessions.get_mut(&self.key)
    }

    /// A value of the query, decoded.
    pub fn query(&self, name: &str) -> Option<Cow<'_, str>> {
        self.request.query(name)
    }

    /// Emulated randomness, the same for the same seed. Not for reads: a read keeps no change.
    pub fn random(&mut self) -> &mut Random {
        self.state.emulator.random.get_mut()
    }

    /// The outcome of work that takes long and needs nothing of the state. It is done while other requests
    /// are answered, and the rule is run again from its beginning: what it changed before stays, so that
    /// nothing is drawn twice.
    ///
    /// # Errors
    /// The work is still to be done; the rule has to end with this failure.
    pub(crate) fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let waits = || Failure::internal("The work was not done.").keeping_changes();
        self.request.work.outcome(work).ok_or_else(waits)
    }

    /// Whether the work of this request is done: what it was made from need not be drawn again.
    pub(crate) fn work_is_done(&self) -> bool {
        self.request.work.is_done()
    }

    /// Hashes a password to keep it.
    pub fn hash(&mut self, password: &str) -> PasswordHash {
        PasswordHash::new(password, self.secret)
    }

    /// Goes on only with the HSM SO logged in.
    ///
    /// # Errors
    /// [`Failure::so_login`].
    pub fn require_so(&self) -> Result<(), Failure> {
        if self.session().is_so() { Ok(()) } else { Err(Failure::so_login()) }
    }

    /// Goes on when `forceSoLogin` is off, or with the HSM SO logged in.
    ///
    /// # Errors
    /// [`Failure::so_login`].
    pub fn require_so_if_forced(&self) -> Result<(), Failure> {
        if self.state.lunasa.settings.get().force_so_login { self.require_so() } else { Ok(()) }
    }

    /// Goes on only with an HSM that serves partitions: it is not in Secure Transport Mode, and its
    /// tampers were cleared where policy 48 wants that (assumed: the policy's name says it).
    ///
    /// # Errors
    /// What keeps it from working, and what ends that.
    pub fn require_operable(&self) -> Result<(), Failure> {
        self.require_no_transport()?;
        if self.state.hsm.hsm.get().tampers.is_empty()
            || self.state.hsm.policy(CONTROLLED_TAMPER_RECOVERY) == 0
        {
            return Ok(());
        }
        Err(Failure::new(400, "HSMPLUGIN_HSM_TAMPERED", "The HSM has detected a tamper.")
            .details("The HSM SO must clear it first."))
    }

    /// Goes on only with an HSM that is not in Secure Transport Mode: all that its SO needs.
    ///
    /// # Errors
    /// It is, and what ends that.
    pub(crate) fn require_no_transport(&self) -> Result<(), Failure> {
        if self.state.hsm.hsm.get().transport.is_none() {
            return Ok(());
        }
        Err(Failure::new(400, IN_TRANSPORT, "The HSM is in Secure Transport Mode.")
            .details("Recover it with the random user string first."))
    }

    /// The appliance's time zone.
    pub fn time_zone(&self) -> &'static Zone {
        let code = &self.state.sysconf.system.get().time_zone;
        time_zones::find(code).unwrap_or(&ZONES[0])
    }

    /// What the clocks show where the appliance is, marked as UTC.
    pub fn local_time(&self) -> OffsetDateTime {
        self.now + Duration::minutes(self.time_zone().at(self.now).1.into())
    }

    /// Moves the appliance's clock to `time`.
    ///
    /// # Errors
    /// The clock does not hold such a time.
    pub fn set_clock(&mut self, time: OffsetDateTime) -> Result<(), Failure> {
        let offset = i64::try_from((time - self.unset).whole_milliseconds());
        let (Ok(offset), true) = (offset, clock::holds(time)) else {
            let (first, last) = (time_text(clock::EARLIEST), time_text(clock::LATEST));
            let details = format!("The appliance's clock holds times from {first} to {last}.");
            return Err(Failure::bad_request(details));
        };
        self.state.emulator.clock.set(offset);
        self.now = time;
        Ok(())
    }

    /// Writes a line into a log, unless its severity is below what the log keeps.
    pub fn log(&self, log: &'static str, severity: Severity, process: &str, text: &str) {
        let line = Line { log, severity, process, text };
        if let Some(entry) = line.entry(self.state, self.now) {
            self.logs.write(&entry);
        }
    }

    /// Answers with a finished task: for work that the product does in the background.
    ///
    /// # Errors
    /// The body has no JSON form.
    pub fn finished_task<A, B: Serialize>(&mut self, reply: Reply<B>) -> Result<Reply<A>, Failure> {
        let state = TaskState::Finished(self.now, Box::new(reply.into_response()?));
        Ok(self.task(Some(self.now), state))
    }

    /// Answers with a task that waits for `POST /tasks/{taskid}/actions/start`: for destructive
    /// actions. `work` runs then, with the context of whoever starts it.
    pub fn waiting_task<A, B, F>(&mut self, work: F) -> Reply<A>
    where
        B: Serialize,
        F: FnOnce(&mut Context<'_>) -> Result<Reply<B>, Failure> + Send + 'static,
    {
        self.act = Act::Later;
        self.task(None, TaskState::Waiting(Box::new(move |cx| work(cx)?.into_response())))
    }

    fn task<A>(&mut self, started: Option<OffsetDateTime>, state: TaskState) -> Reply<A> {
        let (owner, source) = (self.session().owner(), self.request.path.clone());
        let method = self.request.method;
        task::reply(self.tasks.add(Task { owner, method, source, started, state }))
    }
}
