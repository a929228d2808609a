//! One HTTP exchange with one appliance: bytes out, bytes back, or why not.
//!
//! reqwest does the framing. What this file adds is that nothing is ever sent a second time, that
//! a wait can be given up, and that a failure says whether the request may have arrived.
//!
//! An idle keep-alive connection that the appliance has closed is no failure: the HTTP library
//! notices before it writes, and opens another.

use std::error::Error as StdError;
use std::io::{self, ErrorKind, Read};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use reqwest::blocking::multipart::{Form, Part};
use reqwest::header::{
    AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderMap, HeaderValue, LOCATION, SET_COOKIE,
};
use rustls::{ClientConfig, ClientConnection};
use rustls_pki_types::ServerName;

use crate::call::Method;
use crate::client::Target;
use crate::error::Error;
use crate::trust::{Fingerprint, Judge, Refusal};

/// `Content-Type` of a JSON body, and of every request without one; no number means the newest.
const JSON: &str = "application/vnd.safenetinc.lunasa+json;version=";
/// `Content-Type` of a file that is the body.
const OCTETS: &str = "application/vnd.safenetinc.lunasa+octet-stream;version=";
/// `Content-Type` of a form with a file; the boundary follows.
const MULTIPART: &str = "application/vnd.safenetinc.lunasa+multipart;version=";

/// How long a connection may take to come about, in any case.
const CONNECT: Duration = Duration::from_secs(10);
/// How often a wait looks at the cancel flag.
const GLANCE: Duration = Duration::from_millis(20);
/// No answer is longer than this, in bytes.
pub(crate) const LONGEST: u64 = 256 * 1024 * 1024;

/// Called now and then while a call is under way.
pub(crate) type Watcher = Arc<dyn Fn() + Send + Sync>;

/// What is sent as the body.
pub(crate) enum Body {
    /// Nothing at all.
    Empty,
    /// JSON, ready made.
    Json(Vec<u8>),
    /// No body, but an answer that is a file.
    WantsFile,
    /// A file as the body.
    File(Vec<u8>),
    /// A file as the only part of a form.
    Form { name: String, content: Vec<u8> },
}

/// Who asks, where the session's cookie does not say it.
pub(crate) enum Credential {
    /// The session's cookie.
    Session,
    /// `Authorization: Basic`, the value of the header.
    Basic(String),
    /// A secret that only somebody on the emulated appliance's own machine can read.
    LocalKey(String),
}

/// A request, ready to be sent.
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) body: Body,
    pub(crate) credential: Credential,
}

impl Request {
    /// A request without a body in the running session.
    pub(crate) fn bare(method: Method, path: String) -> Request {
        Request { method, path, body: Body::Empty, credential: Credential::Session }
    }
}

/// What came back. No `Debug`: cookies and bodies are secrets.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) cookies: Vec<String>,
    pub(crate) body: Vec<u8>,
}

/// Why nothing came back.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Nothing was sent: no connection, or the wrong certificate.
    Connect(Error),
    /// The request may have arrived.
    Broken(String),
    /// The time was up; the request may have arrived.
    TimedOut,
    /// The flag was set; the request may have arrived.
    Cancelled,
    /// The request could not be built.
    Unsendable(String),
}

/// The connection to one appliance.
pub(crate) struct Wire {
    line: Arc<Line>,
    fingerprint: Fingerprint,
    watcher: Option<Watcher>,
    flag: Option<Arc<AtomicBool>>,
    worker: Mutex<Option<Worker>>,
}

/// What an exchange needs, on whichever thread it runs.
struct Line {
    http: reqwest::blocking::Client,
    judge: Arc<Judge>,
    address: String,
    base: String,
}

/// A thread that waits for answers, so that the caller need not.
struct Worker {
    jobs: mpsc::Sender<Job>,
}

struct Job {
    request: Request,
    cookie: Option<String>,
    limit: Option<Duration>,
    done: mpsc::Sender<Result<Response, Failure>>,
}

impl Wire {
    /// Looks at the certificate once, before anything of ours is sent, and prepares the session.
    pub(crate) fn open(target: &Target) -> Result<Wire, Error> {
        let address = address(target);
        let unreachable = |reason: String| Error::Unreachable { address: address.clone(), reason };
        // No global provider: who links this library should not have to install one.
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let judge =
            Arc::new(Judge::new(&target.trust, Arc::clone(&provider)).map_err(unreachable)?);
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| unreachable(error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&judge) as _)
            .with_no_client_auth();

        let (peer, fingerprint) = greet(target, &tls)
            .map_err(|reason| refused(&judge, &address).unwrap_or_else(|| unreachable(reason)))?;

        let http = reqwest::blocking::Client::builder()
            .tls_backend_preconfigured(tls)
            .https_only(true)
            .http1_only()
            .tcp_nodelay(true)
            .pool_max_idle_per_host(1)
            .pool_idle_timeout(None)
            .connect_timeout(CONNECT)
            .timeout(None)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            // An HSM's administration does not pass through whatever HTTPS_PROXY names.
            .no_proxy()
            // A session belongs to one appliance, even behind a name with several addresses.
            .resolve(&target.host.to_ascii_lowercase(), peer)
            .build()
            .map_err(|error| unreachable(words(&error)))?;
        let base = format!("https://{address}");
        let line = Arc::new(Line { http, judge, address, base });
        Ok(Wire { line, fingerprint, flag: None, watcher: None, worker: Mutex::new(None) })
    }

    pub(crate) fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    pub(crate) fn address(&self) -> &str {
        &self.line.address
    }

    pub(crate) fn cancelled_by(&mut self, flag: Arc<AtomicBool>) {
        self.flag = Some(flag);
    }

    pub(crate) fn watched_by(&mut self, watcher: Watcher) {
        self.watcher = Some(watcher);
    }

    fn glance(&self) {
        if let Some(watcher) = &self.watcher {
            watcher();
        }
    }

    /// Whether somebody has given up waiting.
    pub(crate) fn cancelled(&self) -> bool {
        self.flag.as_ref().is_some_and(|flag| flag.load(Ordering::SeqCst))
    }

    /// Waits between two looks at a task; false when that was cut short.
    pub(crate) fn pause(&self, time: Duration) -> bool {
        let end = Instant::now() + time;
        while !self.cancelled() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            self.glance();
            thread::sleep(left.min(GLANCE));
        }
        false
    }

    /// Sends one request once.
    pub(crate) fn exchange(
        &self,
        request: Request,
        cookie: Option<String>,
        deadline: Option<Instant>,
    ) -> Result<Response, Failure> {
        if self.cancelled() {
            return Err(Failure::Cancelled);
        }
        let limit = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if limit.is_some_and(|limit| limit.is_zero()) {
            return Err(Failure::TimedOut);
        }
        if self.flag.is_none() && limit.is_none() {
            return self.line.exchange(request, cookie, None);
        }
        // Another thread waits for the answer, so that this one can give up at any moment.
        let (done, answer) = mpsc::channel();
        let mut job = Job { request, cookie, limit, done };
        let mut worker = self.worker.lock().unwrap_or_else(PoisonError::into_inner).take();
        loop {
            let ready = match worker.take() {
                Some(ready) => ready,
                None => Worker::start(&self.line)
                    .map_err(|error| Failure::Unsendable(error.to_string()))?,
            };
            match ready.jobs.send(job) {
                Ok(()) => {
                    worker = Some(ready);
                    break;
                }
                Err(mpsc::SendError(back)) => job = back,
            }
        }
        let result = loop {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            match answer.recv_timeout(left.map_or(GLANCE, |left| left.min(GLANCE))) {
                Ok(result) => break result,
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Failure::Broken("the waiting thread ended".to_owned()));
                }
                // The busy worker is left to itself: it ends once its answer has come or failed.
                Err(RecvTimeoutError::Timeout) if self.cancelled() => {
                    return Err(Failure::Cancelled);
                }
                Err(RecvTimeoutError::Timeout) if left.is_some_and(|left| left.is_zero()) => {
                    return Err(Failure::TimedOut);
                }
                Err(RecvTimeoutError::Timeout) => self.glance(),
            }
        };
        *self.worker.lock().unwrap_or_else(PoisonError::into_inner) = worker;
        result
    }
}

impl Worker {
    fn start(line: &Arc<Line>) -> io::Result<Worker> {
        let (jobs, inbox) = mpsc::channel::<Job>();
        let line = Arc::clone(line);
        thread::Builder::new().name("appliance".to_owned()).spawn(move || {
            for job in inbox {
                // Nobody listens any more after a cancelled call; that is no error.
                let _ = job.done.send(line.exchange(job.request, job.cookie, job.limit));
            }
        })?;
        Ok(Worker { jobs })
    }
}

impl Line {
    fn exchange(
        &self,
        request: Request,
        cookie: Option<String>,
        limit: Option<Duration>,
    ) -> Result<Response, Failure> {
        let (method, path, begun) = (request.method, request.path.clone(), Instant::now());
        let result = self.send(request, cookie, limit);
        let ms = begun.elapsed().as_millis();
        match &result {
            Ok(response) => {
                tracing::debug!(%method, path, status = response.status, ms, "answered")
            }
            Err(_) => tracing::debug!(%method, path, ms, "failed"),
        }
        result
    }

    fn send(
        &self,
        request: Request,
        cookie: Option<String>,
        limit: Option<Duration>,
    ) -> Result<Response, Failure> {
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Patch => reqwest::Method::PATCH,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut outgoing = self.http.request(method, format!("{}{}", self.base, request.path));
        let mut kind = JSON.to_owned();
        match request.body {
            Body::Empty => {}
            Body::Json(json) => outgoing = outgoing.body(json),
            Body::WantsFile => kind = OCTETS.to_owned(),
            Body::File(content) => {
                kind = OCTETS.to_owned();
                outgoing = outgoing.body(content);
            }
            Body::Form { name, content } => {
                let form = Form::new().part("file", Part::bytes(content).file_name(name));
                // Assumed: the boundary follows the media type, as curl appends it for -F.
                kind = format!("{MULTIPART};boundary={}", form.boundary());
                outgoing = outgoing.multipart(form);
            }
        }
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, secret(&kind, false)?);
        if kind.starts_with(OCTETS) {
            headers.insert(
                reqwest::header::ACCEPT,
                HeaderValue::from_static("application/octet-stream"),
            );
        }
        match &request.credential {
            Credential::Session => {}
            Credential::Basic(value) => drop(headers.insert(AUTHORIZATION, secret(value, true)?)),
            Credential::LocalKey(key) => drop(headers.insert("x-local-key", secret(key, true)?)),
        }
        if let Some(cookie) = &cookie {
            headers.insert(COOKIE, secret(cookie, true)?);
        }
        outgoing = outgoing.headers(headers);
        if let Some(limit) = limit {
            outgoing = outgoing.timeout(limit);
        }
        let outgoing = outgoing.build().map_err(|error| Failure::Unsendable(words(&error)))?;

        let mut incoming = self.http.execute(outgoing).map_err(|error| self.failure(&error))?;
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let mut response = Response {
            status: incoming.status().as_u16(),
            location: incoming.headers().get(LOCATION).map(text),
            cookies: incoming.headers().get_all(SET_COOKIE).iter().map(text).collect(),
            body: Vec::new(),
        };
        let read = incoming.by_ref().take(LONGEST + 1).read_to_end(&mut response.body);
        read.map_err(|error| match error.kind() {
            ErrorKind::TimedOut => Failure::TimedOut,
            _ => Failure::Broken(words(&error)),
        })?;
        if response.body.len() as u64 > LONGEST {
            return Err(Failure::Broken(format!("an answer of more than {LONGEST} bytes")));
        }
        Ok(response)
    }

    fn failure(&self, error: &reqwest::Error) -> Failure {
        if error.is_connect() {
            let error = refused(&self.judge, &self.address).unwrap_or_else(|| Error::Unreachable {
                address: self.address.clone(),
                reason: words(error),
            });
            Failure::Connect(error)
        } else if error.is_timeout() {
            Failure::TimedOut
        } else {
            Failure::Broken(words(error))
        }
    }
}

/// A header's value; a secret one is left out of every debug output.
fn secret(value: &str, secret: bool) -> Result<HeaderValue, Failure> {
    let mut value = HeaderValue::from_str(value).map_err(|_| {
        Failure::Unsendable("a header holds a character that cannot be sent".to_owned())
    })?;
    value.set_sensitive(secret);
    Ok(value)
}

/// Host and port as they stand in a URL and in the pins' file.
fn address(target: &Target) -> String {
    let Target { host, port, .. } = target;
    if host.contains(':') && !host.starts_with('[') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

/// The TLS handshake alone: the address that answers and the certificate it shows.
fn greet(target: &Target, tls: &ClientConfig) -> Result<(SocketAddr, Fingerprint), String> {
    let host = target.host.trim_start_matches('[').trim_end_matches(']');
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| "not a valid host name or address".to_owned())?;
    let limit = target.limit.unwrap_or(CONNECT).clamp(Duration::from_millis(1), CONNECT);
    let peers =
        (host, target.port).to_socket_addrs().map_err(|_| "host name not found".to_owned())?;
    let mut reason = "host name has no address".to_owned();
    for peer in peers {
        let mut stream = match TcpStream::connect_timeout(&peer, limit) {
            Ok(stream) => stream,
            Err(error) => {
                reason = words(&error);
                continue;
            }
        };
        return shake(&mut stream, tls, name, limit)
            .map(|seen| (peer, seen))
            .map_err(|error| words(&error));
    }
    Err(reason)
}

fn shake(
    stream: &mut TcpStream,
    tls: &ClientConfig,
    name: ServerName<'static>,
    limit: Duration,
) -> io::Result<Fingerprint> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(limit))?;
    stream.set_write_timeout(Some(limit))?;
    let mut session =
        ClientConnection::new(Arc::new(tls.clone()), name).map_err(io::Error::other)?;
    while session.is_handshaking() {
        session.complete_io(stream)?;
    }
    session.send_close_notify();
    // What matters is done; an appliance that has hung up already is as good.
    let _ = session.complete_io(stream);
    let certificate = session.peer_certificates().and_then(<[_]>::first);
    certificate
        .map(|der| Fingerprint::of(der))
        .ok_or_else(|| io::Error::other("it shows no certificate"))
}

fn refused(judge: &Judge, address: &str) -> Option<Error> {
    let address = address.to_owned();
    Some(match judge.refusal()? {
        Refusal::Unknown(seen) => Error::Unknown { address, seen },
        Refusal::Changed { trusted, seen } => Error::Changed { address, trusted, seen },
        Refusal::Authority(reason) => Error::Unreachable { address, reason },
    })
}

/// The innermost cause of an error, in plain words.
fn words(error: &(dyn StdError + 'static)) -> String {
    let mut last = error;
    loop {
        let inner = match last.downcast_ref::<io::Error>() {
            // An io::Error's `source` skips the error that it wraps.
            Some(io) => io.get_ref().map(|inner| inner as &(dyn StdError + 'static)),
            None => last.source(),
        };
        match inner {
            Some(inner) => last = inner,
            None => break,
        }
    }
    if let Some(rustls::Error::InvalidMessage(_)) = last.downcast_ref::<rustls::Error>() {
        return "what answers there does not speak TLS".to_owned();
    }
    let kind = last.downcast_ref::<io::Error>().map(io::Error::kind);
    match kind {
        Some(ErrorKind::ConnectionRefused) => "connection refused".to_owned(),
        Some(ErrorKind::TimedOut | ErrorKind::WouldBlock) => "timed out".to_owned(),
        Some(ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::ConnectionAborted) => {
            "connection reset".to_owned()
        }
        Some(ErrorKind::UnexpectedEof) => "connection closed by the other end".to_owned(),
        Some(ErrorKind::HostUnreachable) => "no route to host".to_owned(),
        Some(ErrorKind::NetworkUnreachable) => "network is unreachable".to_owned(),
        _ => last.to_string(),
    }
}
