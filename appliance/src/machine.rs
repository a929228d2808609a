//! The appliance as a pure state machine: state + request → state + response.
//!
//! No I/O and no clock of its own. [`crate::state`] is what is kept, [`crate::rules`] are what answers a
//! request, [`crate::request`] brings the one to the other.

use std::collections::BTreeMap;
use std::sync::Arc;

use luna_rest::{Resource, Secret};
use time::{Duration, OffsetDateTime};

use crate::core::clock;
use crate::core::logs::SharedLogs;
use crate::core::message::{Failure, Request, Response};
use crate::core::ntls::{self, NtlsServer, ServerIdentity};
use crate::core::random::Random;
use crate::core::snmp;
use crate::core::ssh::{NoServer, SshServer};
use crate::core::table::Field;
use crate::core::web::{Unserved, Web};
use crate::cryptoki::key_cache::KeyCache;
use crate::request::audit_log::AuditLog;
use crate::request::auth;
use crate::request::context::{Act, Context};
use crate::request::logs::call_line;
use crate::request::options::Options;
use crate::request::peers::{AfterCommit, Peers};
use crate::request::route::Routes;
use crate::request::session::{self, Sessions};
use crate::request::task::Tasks;
use crate::rules;
use crate::rules::audit;
use crate::rules::cluster::access::{PARTED, may_be_old};
use crate::rules::cluster::backup::follow_schedule;
use crate::rules::cluster::lifecycle::era_id;
use crate::rules::sysconf::mib;
use crate::rules::sysconf::ssh::restriction;
use crate::rules::sysconf::syslog::rotate_when_due;
use crate::state::{Change, State};

/// The machine.
pub struct Machine {
    pub(crate) state: State,
    pub(crate) sessions: Sessions,
    tasks: Tasks,
    /// What is known of the cluster's members.
    pub(crate) peers: Peers,
    /// Cookies and salts; never kept, never repeatable.
    secret: Random,
    options: Options,
    /// Keys of objects that were used lately.
    keys: Arc<KeyCache>,
    /// The log files.
    pub(crate) logs: SharedLogs,
    /// The SNMP agent.
    pub(crate) snmp: Box<dyn snmp::Agent>,
    web: Arc<dyn Web>,
    ssh: Box<dyn SshServer>,
    ntls: Box<dyn NtlsServer>,
    /// Whether the NTLS server was told to serve, and how often the service had been started then.
    ntls_told: Option<(bool, u64)>,
    /// The HSM's audit log.
    pub(crate) audit_log: AuditLog,
    pub(crate) routes: Routes,
}

impl Machine {
    /// An empty machine: [`Machine::load`] its state, or [`Machine::factory`] it. `secret` are
    /// unpredictable bytes.
    pub fn new(options: Options, secret: [u8; 32]) -> Machine {
        Machine {
            state: State::default(),
            sessions: Sessions::default(),
            tasks: Tasks::default(),
            peers: Peers::default(),
            secret: Random::from_seed(secret),
            options,
            keys: Arc::default(),
            logs: SharedLogs::default(),
            snmp: Box::new(snmp::NoAgent),
            web: Arc::new(Unserved),
            ssh: Box::new(NoServer),
            ntls: Box::new(ntls::NoServer),
            ntls_told: None,
            audit_log: AuditLog::default(),
            routes: rules::routes(),
        }
    }

    /// The web server shows this certificate, PEM, from now on.
    pub(crate) fn show_certificate(&mut self, pem: String) {
        self.options.certificate = pem;
    }

    /// Puts a stored row in its place; false when no field has this name.
    ///
    /// # Errors
    /// The row is not what its field expects.
    pub fn load(&mut self, field: &str, key: &str, row: &[u8]) -> Result<bool, serde_json::Error> {
        let loaded = self.state.load(field, key, row)?;
        if let ("users/failed", Some(row)) = (field, self.state.users.failed.get(key)) {
            self.sessions.load_failed(key, row);
        }
        Ok(loaded)
    }

    /// Goes to factory state, as a change to be kept. `system` is the system's time.
    pub fn factory(&mut self, system: OffsetDateTime) {
        let now = clock::nearest(self.options.clock.unwrap_or(system));
        let random = self.options.first_random(&mut self.secret);
        self.state.factory(&self.options.hostname, now, random);
    }

    /// What a handler sees while it answers `request`, and the routes.
    fn context<'a>(
        &'a mut self,
        request: &'a Request,
        system: OffsetDateTime,
    ) -> (Context<'a>, &'a Routes) {
        let (now, unset) = (self.now(system), self.options.clock.unwrap_or(system));
        let Machine {
            state,
            sessions,
            tasks,
            peers,
            secret,
            options,
            keys,
            logs,
            audit_log,
            routes,
            ..
        } = self;
        let key = session::Key::Anonymous;
        let cx = Context {
            state,
            sessions,
            now,
            unset,
            tasks,
            peers,
            key,
            secret,
            options,
            keys,
            request,
            logs,
            audit_log,
            act: Act::default(),
        };
        (cx, routes)
    }

    /// Answers a request. What it changed waits to be kept or undone.
    pub fn handle(&mut self, request: &Request, system: OffsetDateTime) -> Response {
        // Left over only when a request before this one panicked half-way.
        self.state.undo();
        let (mut cx, routes) = self.context(request, system);
        let came = cx.now;

        let mut admitted = false;
        let answered = routes.find(request.method, &request.path).and_then(|(route, ids)| {
            auth::admit(&mut cx, route, &ids)?;
            audit::require_room(&cx, routes)?;
            admitted = true;
            (route.run)(&mut cx, &ids, request)
        });
        if request.work.is_asked() {
            return Response::default();
        }
        let refused = answered.as_ref().err().map(|failure| failure.id().to_owned());
        let mut response = match answered {
            Ok(mut response) => {
                if !request.method.changes() {
                    cx.state.undo();
                    response.warning = may_be_old(&cx);
                }
                let of_cluster = ["/api/cluster", "/api/keyrings"];
                if cx.state.clusters.own.get().parted
                    && of_cluster.iter().any(|path| request.path.starts_with(path))
                {
                    response.warning = Some(PARTED);
                }
                response
            }
            Err(failure) => {
                if !failure.keeps() {
                    cx.state.undo();
                }
                failure.into_response()
            }
        };
        if admitted {
            audit::record(&mut cx, routes, refused.as_deref());
        }
        response.log = call_line(&cx, response.status, came);
        // A failed login counts, whatever else is taken back.
        for (user, row) in self.sessions.take_unstored() {
            match row {
                Some(row) => self.state.users.failed.insert(user, row),
                None => {
                    self.state.users.failed.remove(&user);
                }
            }
        }
        response
    }

    /// How large the body of a request may be, in bytes, before it is received: its asker is let pass
    /// or refused as when it is answered.
    ///
    /// # Errors
    /// The refusal.
    pub fn body_limit(
        &mut self,
        request: &Request,
        system: OffsetDateTime,
    ) -> Result<usize, Failure> {
        self.state.undo();
        let (mut cx, routes) = self.context(request, system);
        let limit = routes.find(request.method, &request.path).and_then(|(route, ids)| {
            auth::admit(&mut cx, route, &ids)?;
            Ok(route.limit)
        });
        self.state.undo();
        limit
    }

    /// What the last request changed.
    ///
    /// # Errors
    /// A row has no JSON form.
    pub fn changes(&mut self) -> Result<Vec<Change>, serde_json::Error> {
        self.state.changes()
    }

    /// Whether the last request changed anything.
    pub fn changed(&mut self) -> bool {
        self.state.changed()
    }

    /// With a fixed clock, the time is what was asked for at this start, however far the clock was
    /// moved before.
    pub fn set_fixed_clock(&mut self) {
        if self.options.clock.is_some() && *self.state.emulator.clock.get() != 0 {
            self.state.emulator.clock.set(0);
        }
    }

    /// Makes those changes final: they are in the store.
    pub fn keep(&mut self) {
        let syslog = &self.state.syslog;
        let hosts_changed = syslog.hosts.changed()
            || syslog.certificates.changed() && !syslog.certificates.get().restart_needed;
        let sysconf = &self.state.sysconf;
        let web_changed = sysconf.web_server.changed() || sysconf.web_port.changed();
        let ssh_changed = sysconf.ssh.changed() || self.state.network.devices.changed();
        let audit_hosts_changed = self.state.audit.hosts.changed();
        let audited = self.state.audit.chain.changed();
        let snmp_changed = self.state.snmp.changed() || self.state.services.services.changed();
        self.state.keep();
        if snmp_changed {
            self.aim_snmp();
        }
        if audited {
            self.audit_log.follow(&self.state);
        }
        if audit_hosts_changed {
            self.audit_log.aim(&self.state.audit);
        }
        if hosts_changed {
            self.aim_logs();
        }
        if web_changed {
            self.tell_web();
        }
        if ssh_changed {
            self.tell_ssh();
        }
        self.tell_ntls();
    }

    /// Takes up the audit log where the stored state left it.
    pub(crate) fn keep_audit_log(&mut self, log: AuditLog) {
        self.audit_log = log;
        self.audit_log.recover(&mut self.state);
    }

    /// Sends the lines of the logs to the hosts that are kept.
    pub(crate) fn aim_logs(&self) {
        self.logs.aim(self.state.syslog.remote_hosts());
    }

    /// Has the SNMP agent do what is kept.
    pub(crate) fn aim_snmp(&self) {
        self.snmp.aim(mib::settings(&self.state));
    }

    /// Every object that the SNMP agent shows.
    pub(crate) fn snmp_objects(&self, system: OffsetDateTime) -> Vec<(snmp::Oid, snmp::Value)> {
        mib::objects(&self.state, self.now(system))
    }

    /// Sets the web server, which does from now on what the state says.
    pub(crate) fn set_web(&mut self, web: Arc<dyn Web>) {
        self.web = web;
        self.tell_web();
    }

    fn tell_web(&self) {
        self.web.offer(&self.state.sysconf.web_server.get().cipher_list);
        self.web.listen(*self.state.sysconf.web_port.get());
    }

    /// Sets the SSH server, which does from now on what the state says.
    pub(crate) fn set_ssh(&mut self, ssh: Box<dyn SshServer>) {
        self.ssh = ssh;
        self.tell_ssh();
    }

    fn tell_ssh(&self) {
        self.ssh.listen(self.state.sysconf.ssh.get().port, &restriction(&self.state));
    }

    /// Sets the NTLS server, which does from now on what the state says.
    pub(crate) fn set_ntls(&mut self, ntls: Box<dyn NtlsServer>) {
        self.ntls = ntls;
        self.ntls_told = None;
        self.tell_ntls();
    }

    /// Tells the NTLS server of a start or an end of its service; a certificate that is made meanwhile
    /// waits for that, as the product's does.
    fn tell_ntls(&mut self) {
        let state = (self.state.services.is_running("ntls"), self.state.ntls.starts);
        if self.ntls_told == Some(state) {
            return;
        }
        self.ntls_told = Some(state);
        let row = self.state.ntls.server.get();
        let identity = ServerIdentity {
            certificate: row.certificate.clone(),
            key: row.key.clone(),
            ciphers: self.state.ntls.settings.get().ciphers.clone(),
        };
        self.ntls.serve(Some(identity).filter(|_| state.0));
    }

    /// Ends this appliance's belonging to a cluster, as a change.
    pub fn forget_cluster(&mut self) {
        self.state.clusters.forget();
        self.state.keyrings.forget();
        self.peers = Peers::default();
    }

    /// The client of a session, and its logins to keyrings.
    pub fn client(&self, cookie: &str) -> Option<(String, BTreeMap<String, String>)> {
        let session = self.sessions.get(&session::Key::Cookie(cookie.to_owned()));
        let found = !session.client.is_empty();
        found.then(|| (session.client.clone(), session.keyring_logins.clone()))
    }

    /// Opens a client's session with the KRCO logged in to a keyring: its cookie.
    #[cfg(test)]
    pub(crate) fn open_client_session(
        &mut self,
        client: &str,
        keyring: &str,
        now: OffsetDateTime,
    ) -> String {
        let cookie = self.secret.token();
        let session = session::Session {
            client: client.to_owned(),
            keyring_logins: BTreeMap::from([(keyring.to_owned(), "co".to_owned())]),
            private: true,
            ..session::Session::default()
        };
        self.sessions.insert(session::Key::Cookie(cookie.clone()), session, now);
        cookie
    }

    /// What tells a new era of the cluster from all others.
    pub(crate) fn era_id(&mut self) -> u64 {
        era_id(&mut self.secret)
    }

    /// Checks the password of an account that another appliance gives, as a login would, and that it
    /// opens more than its own change.
    ///
    /// # Errors
    /// What is wrong with the password.
    pub fn admits(
        &mut self,
        user: &str,
        password: &Secret,
        system: OffsetDateTime,
    ) -> Result<(), &'static str> {
        let now = self.now(system);
        auth::check_password(&self.state, &mut self.sessions, user, password, now)
            .map_err(|_| "is wrong")?;
        let users = &self.state.users;
        match users.users.get(user).is_some_and(|row| users.must_change(row, now)) {
            true => Err("has to be changed first; it opens nothing else"),
            false => Ok(()),
        }
    }

    /// The time on the appliance.
    pub fn now(&self, system: OffsetDateTime) -> OffsetDateTime {
        let offset = Duration::milliseconds(*self.state.emulator.clock.get());
        clock::nearest(self.options.clock.unwrap_or(system).saturating_add(offset))
    }

    /// Does what is due by the clock: scheduled backups of the cluster. What it changed waits to be
    /// kept or undone.
    pub fn tick(&mut self, system: OffsetDateTime) {
        self.state.undo();
        let now = self.now(system);
        rotate_when_due(&mut self.state, &self.logs, now);
        let made = follow_schedule(&mut self.state, &self.peers, &mut self.secret, now);
        if let Err(failure) = made {
            self.state.undo();
            tracing::error!(?failure, "a scheduled backup of the cluster failed");
        }
    }

    /// What is to be done with the other members of the cluster, now that a request is answered.
    pub fn take_after_commit(&mut self) -> Option<AfterCommit> {
        self.peers.after_commit.take()
    }

    /// Takes those changes back: they could not be stored.
    pub fn undo(&mut self) {
        self.state.undo();
    }

    /// The path template of a request's resource, for logs: the path itself may name anything.
    pub(crate) fn template(&self, request: &Request) -> &'static str {
        let found = self.routes.find(request.method, &request.path);
        found.map_or("", |(route, _)| route.resource.template)
    }

    /// Every method and path template that is answered.
    pub fn resources(&self) -> Vec<Resource> {
        self.routes.all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::message::Body;
    use crate::panics;
    use crate::state::stored_form::{filled, stored};
    use crate::test_machine::TestMachine;
    use luna_rest::Method;
    use serde_json::{Value, json};

    #[test]
    fn unknown_paths_and_bad_bodies_are_told_apart() {
        let mut bench = TestMachine::new();
        assert_eq!(bench.get("/api/lunasa/nonsense").error(), (404, "FRAMEWORK_NO_RESOURCE"));
        let post = Request::new(Method::Post, "/users");
        let with = |content_type: &str, body: &str| Request {
            content_type: content_type.into(),
            body: Body::Plain(body.into()),
            ..Request::new(Method::Post, post.path.clone())
        };
        let lunasa = "application/vnd.safenetinc.lunasa+json;version=17";
        assert_eq!(bench.send(with(lunasa, "{")).error(), (400, "FRAMEWORK_BAD_REQUEST"));
        assert_eq!(
            bench.send(with(lunasa, r#"{"userId":1}"#)).error(),
            (400, "FRAMEWORK_BAD_REQUEST")
        );
        assert_eq!(
            bench.send(with("text/plain", r#"{"userId":"x"}"#)).error(),
            (400, "FRAMEWORK_HEADER_DOES_NOT_MATCH_MEDIA_TYPE_TEMPLATE")
        );
    }

    #[test]
    fn an_error_never_repeats_a_value() {
        let mut bench = TestMachine::new();
        let answer =
            bench.post("/users/admin/actions/changePassword", json!({"password": ["Secret99"]}));
        assert_eq!(answer.error(), (400, "FRAMEWORK_BAD_REQUEST"));
        let answer = bench.post("/users", json!("Secret99"));
        assert_eq!(answer.error(), (400, "FRAMEWORK_BAD_REQUEST"));
        assert!(!answer.text().contains("Secret99"), "{}", answer.text());
    }

    /// Where the numbers of a value are.
    fn numbers(value: &Value, at: &str, found: &mut Vec<String>) {
        match value {
            Value::Number(_) => found.push(at.to_owned()),
            Value::Array(values) => {
                for (index, value) in values.iter().enumerate() {
                    numbers(value, &format!("{at}/{index}"), found);
                }
            }
            Value::Object(values) => {
                for (name, value) in values {
                    let name = name.replace('~', "~0").replace('/', "~1");
                    numbers(value, &format!("{at}/{name}"), found);
                }
            }
            _ => {}
        }
    }

    /// A machine in whose rows every number is `extreme`, but for those whose field refuses it.
    fn extreme_machine(extreme: &Value) -> (TestMachine, Vec<String>) {
        let mut bench = TestMachine::new();
        let mut keys = Vec::new();
        for (field, rows) in stored(&mut filled()) {
            for (key, mut row) in rows {
                let mut places = Vec::new();
                numbers(&row, "", &mut places);
                for place in places {
                    let mut changed = row.clone();
                    *changed.pointer_mut(&place).unwrap() = extreme.clone();
                    let taken = State::default().load(&field, &key, changed.to_string().as_bytes());
                    if taken.is_ok() {
                        row = changed;
                    }
                }
                bench.machine.load(&field, &key, row.to_string().as_bytes()).unwrap();
                keys.push(key);
            }
        }
        (bench, keys)
    }

    #[test]
    fn no_stored_number_and_no_time_makes_an_answer_panic() {
        let mut faults = Vec::new();
        for extreme in [json!(i64::MIN), json!(i64::MAX), json!(253_402_300_799_i64)] {
            let (mut bench, mut keys) = extreme_machine(&extreme);
            keys.push(bench.machine.state.hsm.hsm.get().serial.to_string());
            let system = time::OffsetDateTime::UNIX_EPOCH;
            assert!(panics::catch(|| bench.machine.tick(system)).is_ok(), "{extreme}");
            let resources = bench.machine.resources();
            let reads = resources.iter().filter(|resource| !resource.method.changes());
            for resource in reads {
                let parts: Vec<&str> = resource.template.split('/').collect();
                let ids = parts.iter().filter(|part| part.starts_with('{')).count();
                let firsts = if ids > 1 { &keys[..] } else { &keys[..1] };
                let lasts = if ids > 0 { &keys[..] } else { &keys[..1] };
                for (first, last) in firsts.iter().flat_map(|f| lasts.iter().map(move |l| (f, l))) {
                    let mut left = ids;
                    let path = parts.iter().map(|part| match part.starts_with('{') {
                        true => {
                            left -= 1;
                            if left > 0 { first.as_str() } else { last.as_str() }
                        }
                        false => part,
                    });
                    let path = path.collect::<Vec<_>>().join("/");
                    if let Err(panic) = panics::catch(|| bench.get(&path)) {
                        faults.push(format!("{extreme}: {resource} at {panic}"));
                        break;
                    }
                }
            }
        }
        faults.sort();
        faults.dedup();
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }

    #[test]
    fn lists_are_paged() {
        let mut bench = TestMachine::new();
        let first = bench.get("/users?limit=2");
        assert_eq!(first.json()["users"][0]["id"], "admin");
        assert_eq!(first.json()["users"].as_array().unwrap().len(), 2);
        assert_eq!(first.link(), Some("</users?limit=2&offset=2>; rel=\"next\""));
        let rest = bench.get("/users?limit=2&offset=2");
        assert_eq!(rest.json()["users"][0]["id"], "monitor");
        assert_eq!(rest.link(), None);
        assert_eq!(bench.get("/users?offset=99").json()["users"], json!([]));
    }

    #[test]
    fn a_call_is_answered_as_it_is_declared() {
        let answered = Machine::new(Options::default(), [0; 32]).resources();
        let declared: Vec<Resource> = luna_rest::resources().collect();
        for resource in &answered {
            assert!(declared.contains(resource), "{resource} is not declared");
        }
        for resource in &declared {
            // Members of a cluster speak to each other below the machine.
            let below = *resource == luna_rest::peers::SEND.resource();
            assert!(below || answered.contains(resource), "{resource} is not answered");
        }
    }
}
