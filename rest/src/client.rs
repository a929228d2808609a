//! The client of one appliance: a session over one keep-alive TLS connection.
//!
//! A change is sent once. A read is repeated once if its connection broke. If a call becomes a task
//! of the appliance, the client waits for its end and reports its errors as those of the call.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, de::DeserializeOwned};

use crate::answer;
use crate::call::{Call, Method, Nothing};
use crate::error::{ApiError, Error};
use crate::follow::task_of;
use crate::keyrings::{self, ClientSession, Entry};
use crate::link::{self, Link};
use crate::transport::{Body, Credential, Failure, Request, Response, Transport};
use crate::trust::{Fingerprint, Identity, Trust};

/// The address of an appliance and the trust in its certificate.
#[derive(Clone, Debug)]
pub struct Target {
    /// Host name or address, without a port.
    pub host: String,
    /// The port of the web server; 8443 on a product.
    pub port: u16,
    /// Which certificate is accepted.
    pub trust: Trust,
    /// The longest time for a call outside of a command, its task included; `None`: no limit.
    pub limit: Option<Duration>,
}

/// The end of the time that a command has for all of its calls; shared by the clients of a session.
#[derive(Debug, Default)]
pub struct CommandDeadline(Mutex<Option<Deadline>>);

/// The end of a time limit, and the limit for its error.
#[derive(Clone, Copy, Debug)]
struct Deadline {
    end: Instant,
    limit: Duration,
}

impl CommandDeadline {
    /// A command begins, and has `limit` from now on.
    pub fn start(&self, limit: Duration) {
        *lock(&self.0) = Some(Deadline { end: Instant::now() + limit, limit });
    }

    /// `time` does not count, such as that of a question to the user.
    pub fn extend(&self, time: Duration) {
        if let Some(deadline) = &mut *lock(&self.0) {
            deadline.end += time;
        }
    }

    /// The command is over.
    pub fn clear(&self) {
        *lock(&self.0) = None;
    }
}

/// An answer with its status and header.
#[derive(Clone, Debug)]
pub struct Answer<A> {
    /// HTTP status.
    pub status: u16,
    /// The `Location` header: a new resource, or a task.
    pub location: Option<String>,
    /// The body; the default of its type if the appliance sent none.
    pub body: A,
}

/// How a test lets time pass.
type TimePasses = Arc<dyn Fn(Duration) + Send + Sync>;

/// A session with one appliance.
pub struct Client {
    pub(crate) transport: Transport,
    limit: Option<Duration>,
    call_limit: Option<Duration>,
    command: Option<Arc<CommandDeadline>>,
    time_passes: Option<TimePasses>,
    user: Option<String>,
    /// How many changes were sent.
    changes: AtomicU64,
    cookies: Mutex<BTreeMap<String, String>>,
    warnings: Mutex<Vec<String>>,
}

/// The target of the tracing event of each call; its field `resource` holds the [`crate::Resource`].
pub const CALLS: &str = "luna_rest::calls";

/// The account of a session that is opened with the key of an emulated appliance.
const LOCAL_USER: &str = "admin";
/// The longest wait for the answer to a logout.
const LOGOUT_TIMEOUT: Duration = Duration::from_secs(2);

/// A call in progress: its name in errors and its deadline. A task's requests belong to the call.
#[derive(Clone)]
pub(crate) struct PendingCall {
    method: Method,
    path: String,
    pub(crate) deadline: Option<Instant>,
    limit: Option<Duration>,
}

impl Client {
    /// Opens a connection and checks the certificate, without a login.
    ///
    /// # Errors
    /// [`Error::Unreachable`], [`Error::Unknown`] or [`Error::Changed`].
    pub fn connect(target: Target) -> Result<Client, Error> {
        Client::open(target, None)
    }

    /// The same, with a certificate that proves who the client is.
    ///
    /// # Errors
    /// As of [`Client::connect`]; who does not accept the certificate is unreachable.
    pub fn connect_as(target: Target, identity: &Identity) -> Result<Client, Error> {
        Client::open(target, Some(identity))
    }

    fn open(target: Target, identity: Option<&Identity>) -> Result<Client, Error> {
        Ok(Client::over(Transport::open(&target, identity)?, target.limit))
    }

    /// The client of an appliance whose REST API is not used: each call fails, and none is sent.
    pub fn absent(address: &str) -> Client {
        Client::over(Transport::absent(address.to_owned()), None)
    }

    /// Whether the REST API is not used.
    pub fn is_absent(&self) -> bool {
        self.transport.is_absent()
    }

    fn over(transport: Transport, limit: Option<Duration>) -> Client {
        Client {
            transport,
            limit,
            call_limit: None,
            command: None,
            time_passes: None,
            user: None,
            changes: AtomicU64::new(0),
            cookies: Mutex::default(),
            warnings: Mutex::default(),
        }
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

    /// Goes on with a session that is open already, of which only an emulated appliance hands out the cookie.
    pub fn use_session(&mut self, user: &str, cookie: &crate::Secret) {
        self.user = Some(user.to_owned());
        let mut cookies = lock(&self.cookies);
        cookies.insert(crate::emulator::SESSION_COOKIE.to_owned(), cookie.expose().to_owned());
    }

    /// Opens a session as admin on an emulated appliance (`POST /emulator/session`) with the key in
    /// its data folder.
    ///
    /// # Errors
    /// [`Error::LoginRefused`], or what any call can end in.
    pub fn login_locally(&mut self, key: &str) -> Result<(), Error> {
        let credential = Credential::LocalKey(key.to_owned());
        self.open_session("/emulator/session", LOCAL_USER, credential, nothing()).map(drop)
    }

    /// Opens the session of a client of a cluster ([`keyrings::SESSION`]).
    ///
    /// # Errors
    /// [`Error::LoginRefused`], or what any call can end in.
    pub fn login_to_cluster(
        &mut self,
        cluster: &str,
        session: &ClientSession,
    ) -> Result<Entry, Error> {
        let pending = self.pending_call(&keyrings::SESSION, &[cluster])?;
        let body = pending.json(session)?;
        let (path, user) = (&pending.path, &session.common_name);
        let response = self.open_session(path, user, Credential::Session, body)?;
        pending.read(&response)
    }

    /// Opens the session of a client of partitions ([`crate::link::OPEN`]), who has shown its certificate.
    ///
    /// # Errors
    /// [`Error::LoginRefused`], or what any call can end in.
    pub fn open_link(&mut self) -> Result<Link, Error> {
        let pending = self.pending_call(&link::OPEN, &[])?;
        let path = &pending.path;
        let response = self.open_session(path, "", Credential::Session, nothing())?;
        let link: Link = pending.read(&response)?;
        self.user = Some(link.client_id.clone());
        Ok(link)
    }

    fn open_session(
        &mut self,
        path: &str,
        user: &str,
        credential: Credential,
        body: Body,
    ) -> Result<Response, Error> {
        self.forget_session();
        let pending = self.pending(Method::Post, path.to_owned());
        let request = Request { method: Method::Post, path: path.to_owned(), body, credential };
        // A session that was perhaps opened is no change of the appliance: not `Unclear`.
        let address = self.address().to_owned();
        let unreachable = |reason: String| Error::Unreachable { address, reason };
        let response = match self.exchange(&pending, request) {
            Err(Error::Unclear { reason, .. }) => return Err(unreachable(reason)),
            Err(error @ Error::TimedOut { .. }) => return Err(unreachable(error.to_string())),
            result => result?,
        };
        if let 401 | 403 = response.status {
            let answer = ApiError::read(response.status, &response.body);
            self.forget_session();
            return Err(Error::LoginRefused { user: user.to_owned(), answer });
        }
        let response = match pending.succeeded(response) {
            Err(Error::Protocol { reason, .. }) => return Err(unreachable(reason)),
            result => result?,
        };
        if lock(&self.cookies).is_empty() {
            return Err(unreachable(format!(
                "{pending}: status {} without a session cookie",
                response.status
            )));
        }
        self.user = Some(user.to_owned());
        Ok(response)
    }

    /// Closes the session; errors are ignored.
    pub fn logout(&mut self) {
        self.close();
        self.user = None;
    }

    /// The same where others have the client too, which they cannot use any more.
    pub fn close(&self) {
        if let Some(cookie) = self.cookie() {
            let request = Request::without_body(Method::Delete, "/auth/session".to_owned());
            let wait = self.limit.unwrap_or(LOGOUT_TIMEOUT).min(LOGOUT_TIMEOUT);
            let _ = self.transport.exchange(request, Some(cookie), Some(Instant::now() + wait));
        }
        lock(&self.cookies).clear();
    }

    fn forget_session(&mut self) {
        self.user = None;
        lock(&self.cookies).clear();
    }

    /// The account that is logged in.
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// What the appliance has warned of since this was asked last, each text once.
    pub fn take_warnings(&self) -> Vec<String> {
        std::mem::take(&mut *lock(&self.warnings))
    }

    /// How many changes the appliance has taken or may have taken, refused ones apart.
    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::Relaxed)
    }

    /// The fingerprint of the appliance's certificate; zeros without its REST API.
    pub fn fingerprint(&self) -> Fingerprint {
        match self.certificate() {
            [] => Fingerprint([0; 32]),
            der => Fingerprint::of(der),
        }
    }

    /// The appliance's certificate in DER form; empty without its REST API.
    pub fn certificate(&self) -> &[u8] {
        self.transport.certificate()
    }

    /// Whether the appliance has said, in an answer, that it is an emulated one.
    pub fn is_emulated(&self) -> bool {
        self.transport.is_emulated()
    }

    /// `host:port`, as in the file of pins.
    pub fn address(&self) -> &str {
        self.transport.address()
    }

    /// Sends a call and returns the body of its answer, after the end of its task if there is one.
    ///
    /// # Errors
    /// Any [`Error`].
    pub fn call<Q: Serialize, A: DeserializeOwned + Default, const IDS: usize>(
        &self,
        call: &Call<Q, A, IDS>,
        ids: &[&str; IDS],
        body: &Q,
    ) -> Result<A, Error> {
        let pending = self.pending_call(call, ids)?;
        let body = pending.json(body)?;
        self.finish(&pending, call, body)
    }

    /// Sends a call that makes something, and returns the body of its answer with the id of what was
    /// made: the end of the answer's `Location`, after the end of its task if there is one. `None` if
    /// the appliance does not name it.
    ///
    /// # Errors
    /// Any [`Error`].
    pub fn create<Q: Serialize, A: DeserializeOwned + Default, const IDS: usize>(
        &self,
        call: &Call<Q, A, IDS>,
        ids: &[&str; IDS],
        body: &Q,
    ) -> Result<(A, Option<String>), Error> {
        let pending = self.pending_call(call, ids)?;
        let body = pending.json(body)?;
        let response = self.respond(&pending, call, body)?;
        let id = response.location.as_deref().and_then(last_segment);
        Ok((pending.read(&response)?, id))
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

    /// Sends a call and returns its answer with status and `Location`, without waiting for a task.
    ///
    /// # Errors
    /// Any [`Error`].
    pub fn send<Q: Serialize, A: DeserializeOwned + Default, const IDS: usize>(
        &self,
        call: &Call<Q, A, IDS>,
        ids: &[&str; IDS],
        body: &Q,
    ) -> Result<Answer<A>, Error> {
        let pending = self.pending_call(call, ids)?;
        let body = pending.json(body)?;
        let response = pending.succeeded(self.exchange(&pending, pending.request(body))?)?;
        // The body may describe the task instead of the result.
        let body = if task_of(call, &response).is_some() {
            pending.read(&response).unwrap_or_default()
        } else {
            pending.read(&response)?
        };
        Ok(Answer { status: response.status, location: response.location, body })
    }

    /// The deadline of the command that calls belong to; while there is none, each call has the
    /// limit of its target.
    pub fn set_command_deadline(&mut self, deadline: Arc<CommandDeadline>) {
        self.command = Some(deadline);
    }

    /// The longest time of each call from now on, also within a command, which may have more for all its calls
    /// together.
    pub fn set_call_limit(&mut self, limit: Duration) {
        self.call_limit = Some(limit);
    }

    /// Lets `time` pass between two calls of a command, whose limit does not count it; false if the
    /// flag of [`Client::set_cancel_flag`] was set before that.
    pub fn wait(&self, time: Duration) -> bool {
        let passed = match &self.time_passes {
            Some(time_passes) => {
                time_passes(time);
                true
            }
            None => self.transport.pause(time),
        };
        if let Some(command) = &self.command {
            command.extend(time);
        }
        passed
    }

    /// What [`Client::wait`] does instead of waiting: a test moves the clock of its appliance.
    pub fn set_time_passes(&mut self, time_passes: Arc<dyn Fn(Duration) + Send + Sync>) {
        self.time_passes = Some(time_passes);
    }

    /// A flag that ends the call in progress with [`Error::Cancelled`] when set (Ctrl-C).
    pub fn set_cancel_flag(&mut self, flag: Arc<AtomicBool>) {
        self.transport.set_cancel_flag(flag);
    }

    /// A function that is called about 50 times a second while a call is in progress. Needs
    /// [`Client::set_cancel_flag`].
    pub fn set_wait_callback(&mut self, callback: Arc<dyn Fn() + Send + Sync>) {
        self.transport.set_wait_callback(callback);
    }

    /// Sends the request of a call, waits for the end of its task if there is one, and reads the body.
    pub(crate) fn finish<Q, A: DeserializeOwned + Default, const IDS: usize>(
        &self,
        pending: &PendingCall,
        call: &Call<Q, A, IDS>,
        body: Body,
    ) -> Result<A, Error> {
        pending.read(&self.respond(pending, call, body)?)
    }

    /// Sends the request of a call, and waits for the end of its task if there is one.
    fn respond<Q, A, const IDS: usize>(
        &self,
        pending: &PendingCall,
        call: &Call<Q, A, IDS>,
        body: Body,
    ) -> Result<Response, Error> {
        let response = pending.succeeded(self.exchange(pending, pending.request(body))?)?;
        match task_of(call, &response) {
            Some(task) => self.wait_for_task(pending, &task),
            None if response.status == 303 => {
                Err(pending.protocol("a redirect that is no task".to_owned()))
            }
            None => Ok(response),
        }
    }

    /// Sends a request; a read is repeated once if its connection broke.
    pub(crate) fn exchange(
        &self,
        pending: &PendingCall,
        request: Request,
    ) -> Result<Response, Error> {
        let again = (request.method == Method::Get).then(|| {
            let body = if matches!(request.body, Body::ExpectFile) {
                Body::ExpectFile
            } else {
                Body::Empty
            };
            Request { body, ..Request::without_body(Method::Get, request.path.clone()) }
        });
        let changes = request.method.changes();
        let result = match (self.exchange_once(pending, request), again) {
            (Err(Failure::Broken(_)), Some(again)) => self.exchange_once(pending, again),
            (result, _) => result,
        };
        let refused = result.as_ref().is_ok_and(|response| response.status >= 400);
        if changes && !refused {
            self.changes.fetch_add(1, Ordering::Relaxed);
        }
        result.map_err(|failure| match failure {
            Failure::Broken(reason) if !pending.method.changes() => {
                Error::Unreachable { address: self.address().to_owned(), reason }
            }
            failure => pending.failed(failure),
        })
    }

    pub(crate) fn exchange_once(
        &self,
        pending: &PendingCall,
        request: Request,
    ) -> Result<Response, Failure> {
        let response = self.transport.exchange(request, self.cookie(), pending.deadline)?;
        let mut warnings = lock(&self.warnings);
        for warning in &response.warnings {
            if !warnings.contains(warning) {
                warnings.push(warning.clone());
            }
        }
        drop(warnings);
        let mut cookies = lock(&self.cookies);
        for cookie in &response.cookies {
            let pair = cookie.split(';').next().unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                let (name, value) = (name.trim().to_owned(), value.trim().to_owned());
                // Servers delete a cookie by emptying it.
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

    pub(crate) fn pending(&self, method: Method, path: String) -> PendingCall {
        let of_command = self.command.as_ref().and_then(|command| *lock(&command.0));
        let from_now = |limit: Duration| Deadline { end: Instant::now() + limit, limit };
        let deadline = of_command.or_else(|| self.limit.map(from_now));
        let deadlines = deadline.into_iter().chain(self.call_limit.map(from_now));
        let deadline = deadlines.min_by_key(|deadline| deadline.end);
        PendingCall {
            method,
            path,
            deadline: deadline.map(|deadline| deadline.end),
            limit: deadline.map(|deadline| deadline.limit),
        }
    }

    /// A call whose ids keep the meaning of its path.
    ///
    /// Empty ids and `..` are refused: `DELETE /clients/{id}` would become `DELETE /clients/`, which
    /// an appliance may read as all clients.
    pub(crate) fn pending_call<Q, A, const IDS: usize>(
        &self,
        call: &Call<Q, A, IDS>,
        ids: &[&str; IDS],
    ) -> Result<PendingCall, Error> {
        if let Some(id) = ids.iter().find(|id| matches!(**id, "" | "." | "..")) {
            let reason = format!("`{id}` cannot be a name");
            let path = call.template().to_owned();
            return Err(Error::Unsendable { method: call.method(), path, reason });
        }
        tracing::trace!(target: CALLS, resource = %call.resource());
        Ok(self.pending(call.method(), call.path(ids)))
    }
}

/// The empty JSON object, for requests that must have a body.
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

impl fmt::Display for PendingCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

impl PendingCall {
    pub(crate) fn request(&self, body: Body) -> Request {
        Request { body, ..Request::without_body(self.method, self.path.clone()) }
    }

    /// The JSON body; an empty object is not sent where the method needs no body.
    fn json<Q: Serialize>(&self, body: &Q) -> Result<Body, Error> {
        let json = serde_json::to_vec(body)
            .map_err(|error| self.failed(Failure::Unsendable(error.to_string())))?;
        match self.method {
            Method::Get => Ok(Body::Empty),
            Method::Delete if json == b"{}" => Ok(Body::Empty),
            _ => Ok(Body::Json(json)),
        }
    }

    /// Turns an answer with an error status into an error.
    pub(crate) fn succeeded(&self, response: Response) -> Result<Response, Error> {
        match response.status {
            200..=299 | 303 => Ok(response),
            400..=599 => {
                Err(self.answered(response.status, ApiError::read(response.status, &response.body)))
            }
            status => Err(self.protocol(format!("HTTP status {status}"))),
        }
    }

    /// Deserializes the body.
    pub(crate) fn read<A: DeserializeOwned + Default>(
        &self,
        response: &Response,
    ) -> Result<A, Error> {
        answer::read(self.method, response.status, &response.body)
            .map_err(|reason| self.protocol(reason))
    }

    pub(crate) fn answered(&self, status: u16, answer: ApiError) -> Error {
        Error::Answered { method: self.method, path: self.path.clone(), status, answer }
    }

    pub(crate) fn protocol(&self, reason: String) -> Error {
        Error::Protocol { method: self.method, path: self.path.clone(), reason }
    }

    /// The error of a call whose task can no longer be polled. The call was accepted, so its change
    /// may have happened even if the appliance is unreachable or the session has ended.
    pub(crate) fn task_lost(&self, error: Error) -> Error {
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

    /// The error of this call for a failed exchange.
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

/// The end of a path, decoded.
fn last_segment(location: &str) -> Option<String> {
    let path = location.split(['?', '#']).next()?.trim_end_matches('/');
    let segment = path.rsplit('/').next().filter(|segment| !segment.is_empty())?;
    Some(percent_encoding::percent_decode_str(segment).decode_utf8_lossy().into_owned())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
