//! The bench: a factory-fresh machine with a fixed clock, and short ways to talk to it.
//!
//! ```ignore
//! let mut bench = TestMachine::new();                       // logged in as admin, locally
//! let made = bench.post("/users", json!({…}));        // any call
//! assert_eq!(made.created(), "/users/jane");          // 204 with a Location
//! assert_eq!(bench.get("/x").error(), (404, "FRAMEWORK_NO_RESOURCE"));
//! bench.restart();                                    // only what was stored is left
//! ```
//! Every change goes through its stored form, as in the real process.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use luna_rest::emulator::{MOVE_CLOCK, SESSION};
use luna_rest::{Call, Method, Secret, auth, users};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::datetime;

use crate::core::message::{Body, Request, Response};
use crate::machine::Machine;
use crate::request::options::Options;
use crate::request::route::Routes;
use crate::request::session::Session;

pub(crate) const KEY: &str = "0123456789abcdef";
const NOW: OffsetDateTime = datetime!(2025-01-02 03:04:05 UTC);
/// Where the bench would listen.
pub(crate) const ADDRESS: std::net::IpAddr =
    std::net::IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 9, 1));
const LUNASA_JSON: &str = "application/vnd.safenetinc.lunasa+json;version=17";
const LUNASA_OCTETS: &str = "application/vnd.safenetinc.lunasa+octet-stream;version=17";

/// A machine, its store, and one user's session.
pub(crate) struct TestMachine {
    /// The machine itself, for a look inside.
    pub(crate) machine: Machine,
    store: BTreeMap<(String, String), Vec<u8>>,
    cookie: Option<String>,
    basic: Option<(String, String)>,
    bearer: Option<String>,
    link: Option<(Vec<u8>, SocketAddr)>,
    more: fn(&mut Routes),
}

/// An answer, with short ways to look at it.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// HTTP status.
    pub(crate) status: u16,
    /// The body.
    pub(crate) body: Vec<u8>,
    location: Option<String>,
    link: Option<String>,
}

impl TestMachine {
    /// A factory-fresh appliance of seed 1 at 2025-01-02 03:04:05 UTC; `admin` is logged in
    /// locally, without a password.
    pub(crate) fn new() -> TestMachine {
        TestMachine::with(|_| {})
    }

    /// The same with more routes.
    pub(crate) fn with(more: fn(&mut Routes)) -> TestMachine {
        let (store, cookie, basic, bearer, link) = Default::default();
        let mut bench =
            TestMachine { machine: machine(more), store, cookie, basic, bearer, link, more };
        bench.machine.factory(NOW);
        bench.store();
        bench.local_login();
        bench
    }

    /// Starts the process anew from what was stored; `admin` is logged in locally again.
    pub(crate) fn restart(&mut self) {
        self.machine = machine(self.more);
        for ((field, key), row) in &self.store {
            assert!(self.machine.load(field, key, row).unwrap(), "{field} is not a field");
        }
        self.local_login();
    }

    pub(crate) fn store(&mut self) {
        for change in self.machine.changes().unwrap() {
            let key = (change.field.to_owned(), change.key);
            match change.row {
                Some(row) => self.store.insert(key, row),
                None => self.store.remove(&key),
            };
        }
        self.machine.keep();
    }

    /// Moves the clock on, whoever is logged in.
    pub(crate) fn advance(&mut self, seconds: u32) {
        let (cookie, basic) = (self.cookie.clone(), self.basic.clone());
        self.local_login();
        let moved = self.put(MOVE_CLOCK.template(), json!({"advance": seconds}));
        assert_eq!(moved.status, 204, "{}", moved.text());
        (self.cookie, self.basic) = (cookie, basic);
    }

    /// Logs in as `admin` with the data folder's key.
    pub(crate) fn local_login(&mut self) -> Answer {
        self.local_login_with(KEY)
    }

    /// The same with another key.
    pub(crate) fn local_login_with(&mut self, key: &str) -> Answer {
        (self.cookie, self.basic, self.bearer, self.link) = (None, None, None, None);
        let mut request = Request::new(Method::Post, SESSION.template());
        request.local_key = Some(Secret::from(key));
        self.send(request)
    }

    /// Logs in with a password, into a private session.
    pub(crate) fn login(&mut self, user: &str, password: &str) -> Answer {
        self.cookie = None;
        self.basic = Some((user.to_owned(), password.to_owned()));
        let answer = self.post(auth::LOGIN.template(), json!({}));
        self.basic = None;
        answer
    }

    /// Sends Basic authorization with every request from now on, without a private session.
    pub(crate) fn basic(&mut self, user: &str, password: &str) {
        (self.cookie, self.bearer) = (None, None);
        self.basic = Some((user.to_owned(), password.to_owned()));
    }

    /// Sends a bearer token with every request from now on.
    pub(crate) fn bearer(&mut self, token: &str) {
        (self.cookie, self.basic) = (None, None);
        self.bearer = Some(token.to_owned());
    }

    /// Comes as a client of partitions with this certificate, DER, from this address, without a session.
    pub(crate) fn come_with(&mut self, certificate: &[u8], from: &str) {
        (self.cookie, self.basic, self.bearer) = (None, None, None);
        self.link = Some((certificate.to_owned(), SocketAddr::new(from.parse().unwrap(), 40_000)));
    }

    /// Does something as `admin`, logged in locally; whoever was there before goes on after it.
    pub(crate) fn as_admin<T>(&mut self, act: impl FnOnce(&mut TestMachine) -> T) -> T {
        let before = (self.cookie.clone(), self.basic.clone(), self.link.clone());
        self.local_login();
        let done = act(self);
        (self.cookie, self.basic, self.link) = before;
        done
    }

    /// Makes an account with a password that is its own; `admin` is logged in locally afterwards.
    pub(crate) fn user(&mut self, user: &str, password: &str, role: &str) {
        self.local_login();
        let body = json!({"userId": user, "role": role, "password": password});
        self.post(users::CREATE.template(), body).created();
        self.machine.state.users.users.get_mut(user).unwrap().temporary = false;
        self.store();
    }

    /// An open session of a user.
    pub(crate) fn session(&mut self, user: &str) -> Session {
        self.machine.sessions.iter_mut().find(|session| session.user == user).unwrap().clone()
    }

    /// Sends a call with the types it declares, and expects success.
    pub(crate) fn call<Q: Serialize, A: DeserializeOwned + Default, const N: usize>(
        &mut self,
        call: &Call<Q, A, N>,
        ids: &[&str; N],
        body: &Q,
    ) -> A {
        let body = serde_json::to_value(body).unwrap();
        let answer = self.json(call.method(), &call.path(ids), Some(body));
        assert!(answer.status < 300, "{}: {} {}", call.resource(), answer.status, answer.text());
        if answer.body.is_empty() {
            A::default()
        } else {
            serde_json::from_slice(&answer.body).unwrap()
        }
    }

    /// GET.
    pub(crate) fn get(&mut self, path: &str) -> Answer {
        self.json(Method::Get, path, None)
    }

    /// GET with the octet-stream type.
    pub(crate) fn get_octets(&mut self, path: &str) -> Answer {
        let request = Request::new(Method::Get, path);
        self.send(Request { content_type: LUNASA_OCTETS.into(), ..request })
    }

    /// POST with a JSON body.
    pub(crate) fn post(&mut self, path: &str, body: Value) -> Answer {
        self.json(Method::Post, path, Some(body))
    }

    /// PUT with a JSON body.
    pub(crate) fn put(&mut self, path: &str, body: Value) -> Answer {
        self.json(Method::Put, path, Some(body))
    }

    /// PUT with a text as octet-stream.
    pub(crate) fn put_text(&mut self, path: &str, text: &str) -> Answer {
        self.send_text(Method::Put, path, text)
    }

    /// The same with another method.
    pub(crate) fn send_text(&mut self, method: Method, path: &str, text: &str) -> Answer {
        let request = Request::new(method, path);
        let (content_type, body) = (LUNASA_OCTETS.into(), Body::Plain(text.into()));
        self.send(Request { content_type, body, ..request })
    }

    /// PATCH with a JSON body.
    pub(crate) fn patch(&mut self, path: &str, body: Value) -> Answer {
        self.json(Method::Patch, path, Some(body))
    }

    /// DELETE without a body.
    pub(crate) fn delete(&mut self, path: &str) -> Answer {
        self.json(Method::Delete, path, None)
    }

    /// DELETE with a JSON body.
    #[allow(dead_code, reason = "areas to come")]
    pub(crate) fn delete_with(&mut self, path: &str, body: Value) -> Answer {
        self.json(Method::Delete, path, Some(body))
    }

    /// POST of one file in a multipart form.
    pub(crate) fn upload(&mut self, path: &str, name: &str, content: &[u8]) -> Answer {
        let request = Request::new(Method::Post, path);
        let body = Body::Files(vec![(name.to_owned(), content.to_owned())]);
        self.send(Request { content_type: "multipart/form-data".into(), body, ..request })
    }

    fn json(&mut self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let request = Request::new(method, path);
        let content_type = LUNASA_JSON.to_owned();
        self.send(Request { content_type, query: query.into(), body: Body::Plain(body), ..request })
    }

    /// Sends a request with this bench's session, and stores what it changed.
    pub(crate) fn send(&mut self, mut request: Request) -> Answer {
        request.cookie = self.cookie.clone();
        request.bearer = self.bearer.as_deref().map(Secret::from);
        let basic = self.basic.clone();
        request.basic = basic.map(|(user, password)| (user, Secret::from(password)));
        if let Some((certificate, from)) = &self.link {
            (request.link, request.from) = (Some(certificate.clone()), Some(*from));
        }
        let mut response = self.machine.handle(&request, NOW);
        self.store();
        while request.work.run() {
            response = self.machine.handle(&request, NOW);
            self.store();
        }
        let Response { status, location, link, cookie, body, .. } = response;
        if let Some(cookie) = cookie {
            self.cookie = Some(cookie).filter(|cookie| !cookie.is_empty());
        }
        Answer { status, body, location, link }
    }
}

fn machine(more: fn(&mut Routes)) -> Machine {
    let options = Options {
        hostname: "local_host".into(),
        seed: Some(1),
        clock: Some(NOW),
        local_key: Secret::from(KEY),
        address: Some(ADDRESS),
        certificate: String::new(),
    };
    let mut machine = Machine::new(options, [7; 32]);
    more(&mut machine.routes);
    machine
}

impl Answer {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("{}: {}", self.status, self.text()))
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Status and identifier of a failure.
    pub(crate) fn error(&self) -> (u16, &'static str) {
        let error: luna_rest::ApiError = serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("no error: {} {}", self.status, self.text()));
        assert_eq!(self.status, error.return_code);
        (self.status, Box::leak(error.id.into_boxed_str()))
    }

    /// The `Location` of a 204.
    #[track_caller]
    pub(crate) fn created(&self) -> String {
        assert_eq!(self.status, 204, "{}", self.text());
        self.location.clone().unwrap_or_else(|| panic!("no Location"))
    }

    /// The `Link` header.
    pub(crate) fn link(&self) -> Option<&str> {
        self.link.as_deref()
    }
}
