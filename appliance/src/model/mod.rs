//! The appliance as a pure state machine: state + request → state + response.
//!
//! No I/O and no clock of its own. A file per area holds the area's kept state, its routes and its
//! rules; `hsm.rs` is the shortest to read first. `testing.rs` has the bench that tests use.

pub mod context;
pub mod message;
pub mod password;
pub mod random;
pub mod route;
pub mod session;
pub mod state;
pub mod table;
pub mod task;

mod auth;
mod ssh_key;

pub(crate) mod cluster_access;
pub mod cluster_backup;
mod cluster_members;
mod cluster_service;
pub mod clusters;
pub mod emulator;
pub mod files;
pub mod hsm;
pub mod hsm_actions;
pub mod hsm_lunash;
pub mod hsm_parts;
pub mod hsm_policies;
pub mod hsm_roles;
mod keyring_clients;
pub mod keyrings;
pub mod lunasa;
pub mod network;
pub mod ntls;
pub mod objects;
pub mod packages;
pub mod partition_domains;
pub mod partition_policies;
pub mod partition_roles;
pub mod partitions;
pub mod public_keys;
pub mod roles;
pub mod services;
pub mod status;
pub mod sysconf;
pub mod tasks;
pub mod token_backups;
pub mod tokens;
pub mod user_config;
pub mod users;

#[cfg(test)]
pub(crate) mod testing;

use std::collections::BTreeMap;
use std::net::IpAddr;

use luna_rest::{Method, Resource, Secret};
use time::{Duration, OffsetDateTime};

use clusters::{Errand, Peers};
use context::Context;
use message::{JSON, Request, Response};
use random::Random;
use route::Routes;
use session::Sessions;
use state::{Change, State};
use task::Tasks;

/// What is decided when the process starts.
#[derive(Debug, Default)]
pub struct Options {
    /// The host name in factory state.
    pub hostname: String,
    /// Makes serial numbers and UUIDs repeatable.
    pub seed: Option<u64>,
    /// Where the clock stands still; otherwise it runs with the system's.
    pub clock: Option<OffsetDateTime>,
    /// The key that opens a local session.
    pub local_key: Secret,
    /// The address that the web server listens on.
    pub address: Option<IpAddr>,
    /// The web server's certificate, PEM.
    pub certificate: String,
}

/// The machine.
pub struct Machine {
    pub(crate) state: State,
    sessions: Sessions,
    tasks: Tasks,
    /// What is known of the cluster's members.
    pub(crate) peers: Peers,
    /// Cookies and salts; never kept, never repeatable.
    secret: Random,
    options: Options,
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
            routes: routes(),
        }
    }

    /// Puts a stored row in its place; false when no field has this name.
    ///
    /// # Errors
    /// The row is not what its field expects.
    pub fn load(&mut self, field: &str, key: &str, row: &[u8]) -> Result<bool, serde_json::Error> {
        self.state.load(field, key, row)
    }

    /// Goes to factory state, as a change to be kept. `system` is the system's time.
    pub fn factory(&mut self, system: OffsetDateTime) {
        let now = self.options.clock.unwrap_or(system);
        let random = first_random(&self.options, &mut self.secret);
        self.state.factory(&self.options.hostname, now, random);
    }

    /// What a handler sees while it answers `request`, and the routes.
    fn context<'a>(
        &'a mut self,
        request: &'a Request,
        now: OffsetDateTime,
    ) -> (Context<'a>, &'a Routes) {
        let Machine { state, sessions, tasks, peers, secret, options, routes } = self;
        let key = session::Key::Nobody;
        (Context { state, sessions, now, tasks, peers, key, secret, options, request }, routes)
    }

    /// Answers a request. What it changed waits to be kept or undone.
    pub fn handle(&mut self, request: &Request, system: OffsetDateTime) -> Response {
        // Left over only when a request before this one panicked half-way.
        self.state.undo();
        let now = self.now(system);
        let (mut cx, routes) = self.context(request, now);

        let answered = routes.find(request.method, &request.path).and_then(|(route, ids)| {
            auth::admit(&mut cx, route, &ids)?;
            (route.run)(&mut cx, &ids, request)
        });
        match answered {
            Ok(response) => {
                if !request.method.changes() {
                    cx.state.undo();
                }
                page(request, response)
            }
            Err(failure) => {
                if !failure.keeps() {
                    cx.state.undo();
                }
                failure.into_response()
            }
        }
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
        self.state.keep();
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

    /// Judges the password of an account that another appliance gives, as a login would.
    pub fn is_password(&mut self, user: &str, password: Secret, system: OffsetDateTime) -> bool {
        let now = self.now(system);
        let request =
            Request { basic: Some((user.to_owned(), password)), ..Request::new(Method::Post, "") };
        let (mut cx, _) = self.context(&request, now);
        auth::check_basic(&mut cx).is_ok()
    }

    /// The time on the appliance.
    pub fn now(&self, system: OffsetDateTime) -> OffsetDateTime {
        let offset = Duration::milliseconds(*self.state.emulator.clock.get());
        self.options.clock.unwrap_or(system) + offset
    }

    /// Does what is due by the clock: scheduled backups of the cluster. What it changed waits to be
    /// kept or undone.
    pub fn tick(&mut self, system: OffsetDateTime) {
        self.state.undo();
        let now = self.now(system);
        let request = Request::new(Method::Post, "");
        let (mut cx, _) = self.context(&request, now);
        if let Err(failure) = cluster_backup::follow_schedule(&mut cx) {
            cx.state.undo();
            tracing::error!(?failure, "a scheduled backup of the cluster failed");
        }
    }

    /// What is to be done with the other members of the cluster, now that a request is answered.
    pub fn take_errand(&mut self) -> Option<Errand> {
        self.peers.errand.take()
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

fn first_random(options: &Options, secret: &mut Random) -> Random {
    match options.seed {
        Some(seed) => Random::from_number(seed),
        None => Random::from_seed(secret.block()),
    }
}

/// Every route of every area.
fn routes() -> Routes {
    let mut routes = Routes::default();
    for area in [
        auth::routes,
        clusters::routes,
        emulator::routes,
        files::routes,
        hsm::routes,
        keyrings::routes,
        lunasa::routes,
        network::routes,
        ntls::routes,
        packages::routes,
        partitions::routes,
        public_keys::routes,
        roles::routes,
        services::routes,
        status::routes,
        sysconf::routes,
        tasks::routes,
        tokens::routes,
        user_config::routes,
        users::routes,
    ] {
        area(&mut routes);
    }
    routes
}

/// `?limit=N&offset=M` acts on the first array of an answer; more to come is a `Link` header.
fn page(request: &Request, mut response: Response) -> Response {
    let number = |name| request.query(name).and_then(|value| value.parse::<usize>().ok());
    let (limit, offset) = (number("limit"), number("offset"));
    if request.method != Method::Get
        || response.status != 200
        || response.content_type != JSON
        || (limit.is_none() && offset.is_none())
    {
        return response;
    }
    let Ok(mut body) = serde_json::from_slice::<serde_json::Value>(&response.body) else {
        return response;
    };
    let Some(list) = body
        .as_object_mut()
        .and_then(|object| object.values_mut().find_map(serde_json::Value::as_array_mut))
    else {
        return response;
    };
    let offset = offset.unwrap_or(0).min(list.len());
    list.drain(..offset);
    if let Some(limit) = limit
        && list.len() > limit
    {
        list.truncate(limit);
        let next = offset + limit;
        response.link =
            Some(format!("<{}?limit={limit}&offset={next}>; rel=\"next\"", request.path));
    }
    response.body = serde_json::to_vec(&body).unwrap_or_default();
    response
}

/// `YYYY-MM-DDTHH:MM:SSZ`, UTC.
pub fn time_text(time: OffsetDateTime) -> String {
    format!("{}T{}Z", date_text(time), clock_text(time))
}

/// `YYYY-MM-DD`, UTC.
pub fn date_text(time: OffsetDateTime) -> String {
    format!("{:04}-{:02}-{:02}", time.year(), u8::from(time.month()), time.day())
}

/// `HH:MM:SS`, UTC.
pub fn clock_text(time: OffsetDateTime) -> String {
    format!("{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second())
}

/// Whether a name has 1 to `longest` characters, all of them allowed; `allowed` is asked for each
/// with its place.
pub fn is_name(name: &str, longest: usize, allowed: impl Fn(usize, char) -> bool) -> bool {
    !name.is_empty()
        && name.len() <= longest
        && name.chars().enumerate().all(|(i, c)| allowed(i, c))
}

#[cfg(test)]
mod tests {
    use super::testing::Bench;
    use super::*;
    use serde_json::json;

    #[test]
    fn unknown_paths_and_bad_bodies_are_told_apart() {
        let mut bench = Bench::new();
        assert_eq!(bench.get("/api/lunasa/nonsense").error(), (404, "FRAMEWORK_NO_RESOURCE"));
        let post = Request::new(Method::Post, "/users");
        let with = |content_type: &str, body: &str| Request {
            content_type: content_type.into(),
            body: message::Body::Plain(body.into()),
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
        let mut bench = Bench::new();
        let answer =
            bench.post("/users/admin/actions/changePassword", json!({"password": ["Secret99"]}));
        assert_eq!(answer.error(), (400, "FRAMEWORK_BAD_REQUEST"));
        let answer = bench.post("/users", json!("Secret99"));
        assert_eq!(answer.error(), (400, "FRAMEWORK_BAD_REQUEST"));
        assert!(!answer.text().contains("Secret99"), "{}", answer.text());
    }

    #[test]
    fn lists_are_paged() {
        let mut bench = Bench::new();
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
