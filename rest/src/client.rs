//! The client's end of a session with one appliance: one keep-alive TLS connection, one cookie.
//!
//! A change is sent once. A read whose connection broke is sent a second time. What becomes a task
//! on the appliance is followed to its end, and its failures are reported as the call's own.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, de::DeserializeOwned};

use crate::call::{Call, Method, Nothing};
use crate::error::{ApiError, Error};
use crate::follow::task_of;
use crate::keyrings::{self, ClientSession, Entry};
use crate::trust::{Fingerprint, Trust};
use crate::wire::{Body, Credential, Failure, Request, Response, Wire};

/// Where an appliance is and how its certificate is judged.
#[derive(Clone, Debug)]
pub struct Target {
    /// Host name or address, without a port.
    pub host: String,
    /// The port of the web server; 8443 on a product.
    pub port: u16,
    /// How its certificate is judged.
    pub trust: Trust,
    /// How long a call may take, its task included; `None` waits as long as the appliance does.
    pub limit: Option<Duration>,
}

/// An answer with what its header says.
#[derive(Clone, Debug)]
pub struct Answer<A> {
    /// HTTP status.
    pub status: u16,
    /// The `Location` header: a new resource, or a task.
    pub location: Option<String>,
    /// The body; the default of its type where the appliance sent none.
    pub body: A,
}

/// A session with one appliance.
pub struct Client {
    pub(crate) wire: Wire,
    limit: Option<Duration>,
    user: Option<String>,
    cookies: Mutex<BTreeMap<String, String>>,
}

/// The target of the event that each call is, with its [`crate::Resource`] in the field `resource`.
pub const CALLS: &str = "luna_rest::calls";

/// The account that a local session belongs to.
const LOCAL_USER: &str = "admin";
/// How long a shell that is leaving waits for the appliance to take notice.
const FAREWELL: Duration = Duration::from_secs(2);
/// The call that somebody waits for: its name in errors, and until when.
#[derive(Clone)]
pub(crate) struct Errand {
    method: Method,
    path: String,
    pub(crate) deadline: Option<Instant>,
    limit: Option<Duration>,
}

impl Client {
    /// Opens a connection and looks at the certificate; nobody is logged in yet.
    ///
    /// # Errors
    /// [`Error::Unreachable`], [`Error::Unknown`] or [`Error::Changed`].
    pub fn connect(target: Target) -> Result<Client, Error> {
        let wire = Wire::open(&target)?;
        Ok(Client { wire, limit: target.limit, user: None, cookies: Mutex::default() })
    }

    /// Opens a private session (`POST /auth/session`) as `user`.
    ///
    /// # Errors
    /// [`Error::LoginRefused`], or what any call can end in.
    pub fn login(&mut self, user: &str, password: &SecretString) -> Result<(), Error> {
        let pair = BASE64_STANDARD.encode(format!("{user}:{}", password.expose_secret()));
        let credential = Credential::Basic(format!("Basic {pair}"));
        self.open_session("/auth/session", user, credential, nothing()).map(drop)
    }

    /// Opens an administrator's session on an emulated appliance of one's own
    /// (`POST /emulator/session`); `key` is read from its data folder.
    ///
    /// # Errors
    /// [`Error::LoginRefused`], or what any call can end in.
    pub fn login_locally(&mut self, key: &str) -> Result<(), Error> {
        let credential = Credential::LocalKey(key.to_owned());
        self.open_session("/emulator/session", LOCAL_USER, credential, nothing()).map(drop)
    }

    /// Opens the session of a cluster's client ([`keyrings::SESSION`]).
    ///
    /// # Errors
    /// [`Error::LoginRefused`], or what any call can end in.
    pub fn enter(&mut self, cluster: &str, session: &ClientSession) -> Result<Entry, Error> {
        let errand = self.errand_of(&keyrings::SESSION, &[cluster])?;
        let body = errand.json(session)?;
        let (path, user) = (&errand.path, &session.common_name);
        let response = self.open_session(path, user, Credential::Session, body)?;
        errand.read(&response)
    }

    fn open_session(
        &mut self,
        path: &str,
        user: &str,
        credential: Credential,
        body: Body,
    ) -> Result<Response, Error> {
        self.forget_session();
        let errand = self.errand(Method::Post, path.to_owned());
        let request = Request { method: Method::Post, path: path.to_owned(), body, credential };
        // A session that may or may not have been opened changes nothing that anybody keeps.
        let address = self.address().to_owned();
        let unreachable = |reason: String| Error::Unreachable { address, reason };
        let response = match self.exchange(&errand, request) {
            Err(Error::Unclear { reason, .. }) => return Err(unreachable(reason)),
            Err(error @ Error::TimedOut { .. }) => return Err(unreachable(error.to_string())),
            result => result?,
        };
        if let 401 | 403 = response.status {
            let answer = ApiError::read(response.status, &response.body);
            self.forget_session();
            return Err(Error::LoginRefused { user: user.to_owned(), answer });
        }
        let response = match errand.succeeded(response) {
            Err(Error::Protocol { reason, .. }) => return Err(unreachable(reason)),
            result => result?,
        };
        if lock(&self.cookies).is_empty() {
            return Err(unreachable(format!(
                "{errand}: status {} without a session cookie",
                response.status
            )));
        }
        self.user = Some(user.to_owned());
        Ok(response)
    }

    /// Closes the session; an error is of no use to anybody and is dropped.
    pub fn logout(&mut self) {
        if let Some(cookie) = self.cookie() {
            let request = Request::bare(Method::Delete, "/auth/session".to_owned());
            let wait = self.limit.unwrap_or(FAREWELL).min(FAREWELL);
            let _ = self.wire.exchange(request, Some(cookie), Some(Instant::now() + wait));
        }
        self.forget_session();
    }

    fn forget_session(&mut self) {
        self.user = None;
        lock(&self.cookies).clear();
    }

    /// The account that is logged in.
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// The fingerprint of the certificate that the appliance showed when connecting.
    pub fn fingerprint(&self) -> Fingerprint {
        self.wire.fingerprint()
    }

    /// Host and port, as they stand in the pins' file.
    pub fn address(&self) -> &str {
        self.wire.address()
    }

    /// Sends a call and returns its answer's body; a task is followed to its end.
    ///
    /// # Errors
    /// Any [`Error`].
    pub fn call<Q: Serialize, A: DeserializeOwned + Default, const IDS: usize>(
        &self,
        call: &Call<Q, A, IDS>,
        ids: &[&str; IDS],
        body: &Q,
    ) -> Result<A, Error> {
        let errand = self.errand_of(call, ids)?;
        let body = errand.json(body)?;
        self.finish(&errand, call, body)
    }

    /// Reads a resource.
    ///
    /// # Errors
    /// Any [`Error`].
    pub fn get<A: DeserializeOwned + Default, const IDS: usize>(
        &self,
        call: &Call<Nothing, A, IDS>,
        ids: &[&str; IDS],
    ) -> Result<A, Error> {
        self.call(call, ids, &Nothing {})
    }

    /// Sends a call and returns its answer with status and `Location`; tasks are not followed.
    ///
    /// # Errors
    /// Any [`Error`].
    pub fn send<Q: Serialize, A: DeserializeOwned + Default, const IDS: usize>(
        &self,
        call: &Call<Q, A, IDS>,
        ids: &[&str; IDS],
        body: &Q,
    ) -> Result<Answer<A>, Error> {
        let errand = self.errand_of(call, ids)?;
        let body = errand.json(body)?;
        let response = errand.succeeded(self.exchange(&errand, errand.request(body))?)?;
        // A task's description may stand where the answer's body will be later.
        let body = if task_of(call, &response).is_some() {
            errand.read(&response).unwrap_or_default()
        } else {
            errand.read(&response)?
        };
        Ok(Answer { status: response.status, location: response.location, body })
    }

    /// A flag that ends the call under way with [`Error::Cancelled`] once it is set (Ctrl-C).
    pub fn cancelled_by(&mut self, flag: Arc<AtomicBool>) {
        self.wire.cancelled_by(flag);
    }

    /// Something to be called a few dozen times a second while a call is under way; it takes effect
    /// together with [`Client::cancelled_by`].
    pub fn watched_by(&mut self, watcher: Arc<dyn Fn() + Send + Sync>) {
        self.wire.watched_by(watcher);
    }

    /// Sends the errand's own request and follows the task that it may become.
    pub(crate) fn finish<Q, A: DeserializeOwned + Default, const IDS: usize>(
        &self,
        errand: &Errand,
        call: &Call<Q, A, IDS>,
        body: Body,
    ) -> Result<A, Error> {
        let response = errand.succeeded(self.exchange(errand, errand.request(body))?)?;
        match task_of(call, &response) {
            Some(task) => {
                let response = self.follow(errand, &task)?;
                errand.read(&response)
            }
            None if response.status == 303 => {
                Err(errand.protocol("a redirect that is no task".to_owned()))
            }
            None => errand.read(&response),
        }
    }

    /// Sends a request: a change once, a read a second time if its connection broke.
    pub(crate) fn exchange(&self, errand: &Errand, request: Request) -> Result<Response, Error> {
        let again = (request.method == Method::Get).then(|| {
            let body =
                if matches!(request.body, Body::WantsFile) { Body::WantsFile } else { Body::Empty };
            Request { body, ..Request::bare(Method::Get, request.path.clone()) }
        });
        let result = match (self.exchange_once(errand, request), again) {
            (Err(Failure::Broken(_)), Some(again)) => self.exchange_once(errand, again),
            (result, _) => result,
        };
        result.map_err(|failure| match failure {
            Failure::Broken(reason) if !errand.method.changes() => {
                Error::Unreachable { address: self.address().to_owned(), reason }
            }
            failure => errand.failed(failure),
        })
    }

    pub(crate) fn exchange_once(
        &self,
        errand: &Errand,
        request: Request,
    ) -> Result<Response, Failure> {
        let response = self.wire.exchange(request, self.cookie(), errand.deadline)?;
        let mut cookies = lock(&self.cookies);
        for cookie in &response.cookies {
            let pair = cookie.split(';').next().unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                let (name, value) = (name.trim().to_owned(), value.trim().to_owned());
                // An emptied cookie is how a server takes one back.
                if value.is_empty() {
                    cookies.remove(&name)
                } else {
                    cookies.insert(name, value)
                };
            }
        }
        Ok(response)
    }

    fn cookie(&self) -> Option<String> {
        let cookies = lock(&self.cookies);
        let pairs: Vec<String> =
            cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    pub(crate) fn errand(&self, method: Method, path: String) -> Errand {
        Errand {
            method,
            path,
            deadline: self.limit.map(|limit| Instant::now() + limit),
            limit: self.limit,
        }
    }

    /// The errand of a call, if its path means what its template says.
    ///
    /// `..` and nothing at all are not places in a path: `DELETE /clients/{id}` would become
    /// `DELETE /clients/`, which some appliance may read as all of them.
    pub(crate) fn errand_of<Q, A, const IDS: usize>(
        &self,
        call: &Call<Q, A, IDS>,
        ids: &[&str; IDS],
    ) -> Result<Errand, Error> {
        if let Some(id) = ids.iter().find(|id| matches!(**id, "" | "." | "..")) {
            let reason = format!("`{id}` cannot be a name");
            let path = call.template().to_owned();
            return Err(Error::Unsendable { method: call.method(), path, reason });
        }
        tracing::trace!(target: CALLS, resource = %call.resource());
        Ok(self.errand(call.method(), call.path(ids)))
    }
}

/// The body of a request that says nothing but must have one.
fn nothing() -> Body {
    Body::Json(b"{}".to_vec())
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("address", &self.address())
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Errand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

impl Errand {
    pub(crate) fn request(&self, body: Body) -> Request {
        Request { body, ..Request::bare(self.method, self.path.clone()) }
    }

    /// The JSON body; an object without fields is not sent where the method needs none.
    fn json<Q: Serialize>(&self, body: &Q) -> Result<Body, Error> {
        let json = serde_json::to_vec(body)
            .map_err(|error| self.failed(Failure::Unsendable(error.to_string())))?;
        match self.method {
            Method::Get => Ok(Body::Empty),
            Method::Delete if json == b"{}" => Ok(Body::Empty),
            _ => Ok(Body::Json(json)),
        }
    }

    /// Tells an error answer from a good one.
    pub(crate) fn succeeded(&self, response: Response) -> Result<Response, Error> {
        match response.status {
            200..=299 | 303 => Ok(response),
            400..=599 => {
                Err(self.answered(response.status, ApiError::read(response.status, &response.body)))
            }
            status => Err(self.protocol(format!("HTTP status {status}"))),
        }
    }

    /// The body of a good answer.
    pub(crate) fn read<A: DeserializeOwned + Default>(
        &self,
        response: &Response,
    ) -> Result<A, Error> {
        let body = response.body.trim_ascii();
        if response.status == 204 || body.is_empty() || body == b"{}" {
            return Ok(A::default());
        }
        serde_json::from_slice(body).map_err(|error| {
            // The place and the kind of mistake, but no piece of the body: it may hold a secret.
            let kind = match error.classify() {
                serde_json::error::Category::Data => "JSON of another shape",
                _ => "not JSON",
            };
            self.protocol(format!("{kind} (line {}, column {})", error.line(), error.column()))
        })
    }

    pub(crate) fn answered(&self, status: u16, answer: ApiError) -> Error {
        Error::Answered { method: self.method, path: self.path.clone(), status, answer }
    }

    pub(crate) fn protocol(&self, reason: String) -> Error {
        Error::Protocol { method: self.method, path: self.path.clone(), reason }
    }

    /// An error that hides what became of a task. The call itself was accepted, so an appliance
    /// that is away or a session that has ended does not mean that nothing happened.
    pub(crate) fn lost_sight(&self, error: Error) -> Error {
        let reason = match error {
            Error::Unreachable { reason, .. } => reason,
            Error::Answered { answer, .. } => answer.to_string(),
            Error::Changed { .. } | Error::Unknown { .. } => error.to_string(),
            error => return error,
        };
        if self.method.changes() {
            Error::Unclear { method: self.method, path: self.path.clone(), reason }
        } else {
            self.protocol(format!("its task cannot be followed: {reason}"))
        }
    }

    /// A failed exchange as this call's error.
    pub(crate) fn failed(&self, failure: Failure) -> Error {
        let (method, path) = (self.method, self.path.clone());
        match failure {
            Failure::Connect(error) => error,
            Failure::Broken(reason) => Error::Unclear { method, path, reason },
            Failure::TimedOut => {
                let seconds = self.limit.map_or(0, |limit| limit.as_secs());
                Error::TimedOut { method, path, seconds }
            }
            Failure::Cancelled => Error::Cancelled { method, path },
            Failure::Unsendable(reason) => Error::Unsendable { method, path, reason },
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
