//! One HTTP exchange with one appliance, over reqwest.
//!
//! This file adds to reqwest that nothing is ever sent twice, that a wait can be cancelled, and that
//! an error says whether the request may have arrived.
//!
//! If the appliance has closed an idle keep-alive connection, the HTTP library notices before it
//! writes, and opens another.

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
    AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderMap, HeaderValue, LOCATION, SERVER, SET_COOKIE,
    WARNING,
};
use rustls::{ClientConfig, ClientConnection};
use rustls_pki_types::ServerName;

use crate::call::Method;
use crate::client::Target;
use crate::error::Error;
use crate::media::{JSON, MULTIPART, OCTETS};
use crate::trust::{CertificateVerifier, Identity, Rejection};

/// The longest time for opening a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The interval at which a wait checks the cancel flag.
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// The longest accepted answer, in bytes.
pub(crate) const MAX_ANSWER: u64 = 256 * 1024 * 1024;

/// Called at every [`POLL_INTERVAL`] while a call is in progress.
pub(crate) type WaitCallback = Arc<dyn Fn() + Send + Sync>;

/// The body of a request.
pub(crate) enum Body {
    /// No body.
    Empty,
    /// Serialized JSON.
    Json(Vec<u8>),
    /// No body; the answer is to be a file.
    ExpectFile,
    /// A file as the body.
    File(Vec<u8>),
    /// A file as the only part of a form.
    Form { name: String, content: Vec<u8> },
}

/// How a request is authenticated.
pub(crate) enum Credential {
    /// The session's cookie.
    Session,
    /// The value of an `Authorization: Basic` header.
    Basic(String),
    /// The key of an emulated appliance, which only its owner can read.
    LocalKey(String),
}

/// A request.
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) body: Body,
    pub(crate) credential: Credential,
}

impl Request {
    /// A request of the session, without a body.
    pub(crate) fn without_body(method: Method, path: String) -> Request {
        Request { method, path, body: Body::Empty, credential: Credential::Session }
    }
}

/// An answer. It has no `Debug`, since cookies and bodies hold secrets.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) cookies: Vec<String>,
    /// The texts of its `Warning` headers.
    pub(crate) warnings: Vec<String>,
    pub(crate) body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// No connection, or a certificate that is not trusted; nothing was sent.
    Connect(Error),
    /// The connection broke; the request may have arrived.
    Broken(String),
    /// The deadline passed; the request may have arrived.
    TimedOut,
    /// The cancel flag was set; the request may have arrived.
    Cancelled,
    /// The request could not be built.
    Unsendable(String),
}

/// The connection to one appliance.
pub(crate) struct Transport {
    /// `None` where the session does without the REST API.
    connection: Option<Arc<HttpConnection>>,
    address: String,
    certificate: Vec<u8>,
    on_wait: Option<WaitCallback>,
    cancel_flag: Option<Arc<AtomicBool>>,
    worker: Mutex<Option<Worker>>,
}

/// The HTTP client, shared with the worker thread.
struct HttpConnection {
    http: reqwest::blocking::Client,
    verifier: Arc<CertificateVerifier>,
    address: String,
    base: String,
    /// Whether an answer said that it comes from an emulated appliance.
    emulated: AtomicBool,
}

/// A thread that waits for answers, so that the caller can stop waiting at any time.
struct Worker {
    jobs: mpsc::Sender<Job>,
}

struct Job {
    request: Request,
    cookie: Option<String>,
    limit: Option<Duration>,
    done: mpsc::Sender<Result<Response, Failure>>,
}

impl Transport {
    /// Checks the certificate in a TLS handshake, before any request is sent.
    pub(crate) fn open(target: &Target, identity: Option<&Identity>) -> Result<Transport, Error> {
        let address = address(target);
        let unreachable = |reason: String| Error::Unreachable { address: address.clone(), reason };
        // No global provider, so that programs do not have to install one.
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = CertificateVerifier::new(&target.trust, Arc::clone(&provider));
        let verifier = Arc::new(verifier.map_err(unreachable)?);
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| unreachable(error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&verifier) as _);
        let tls = match identity {
            None => tls.with_no_client_auth(),
            Some(identity) => tls
                .with_client_auth_cert(vec![identity.certificate.clone()], identity.key.clone_key())
                .map_err(|error| unreachable(error.to_string()))?,
        };

        let (peer, certificate) = probe_tls(target, &tls).map_err(|reason| {
            rejection(&verifier, &address).unwrap_or_else(|| unreachable(reason))
        })?;

        let http = reqwest::blocking::Client::builder()
            .tls_backend_preconfigured(tls)
            .https_only(true)
            .http1_only()
            .tcp_nodelay(true)
            .pool_max_idle_per_host(1)
            .pool_idle_timeout(None)
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(None)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            // The administration of an HSM must not pass through what HTTPS_PROXY names.
            .no_proxy()
            // All connections of a session go to one address, even if the name has several.
            .resolve(&target.host.to_ascii_lowercase(), peer)
            .build()
            .map_err(|error| unreachable(describe(&error)))?;
        let base = format!("https://{address}");
        let connection = Arc::new(HttpConnection {
            http,
            verifier,
            address: address.clone(),
            base,
            emulated: AtomicBool::new(false),
        });
        let connection = Some(connection);
        let worker = Mutex::new(None);
        Ok(Transport { connection, address, certificate, cancel_flag: None, on_wait: None, worker })
    }

    /// No connection: every exchange fails, and nothing is sent.
    pub(crate) fn absent(address: String) -> Transport {
        Transport {
            connection: None,
            address,
            certificate: Vec::new(),
            on_wait: None,
            cancel_flag: None,
            worker: Mutex::new(None),
        }
    }

    pub(crate) fn is_absent(&self) -> bool {
        self.connection.is_none()
    }

    /// The appliance's certificate in DER form; empty without a connection.
    pub(crate) fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn is_emulated(&self) -> bool {
        self.connection.as_ref().is_some_and(|open| open.emulated.load(Ordering::Relaxed))
    }

    pub(crate) fn set_cancel_flag(&mut self, flag: Arc<AtomicBool>) {
        self.cancel_flag = Some(flag);
    }

    pub(crate) fn set_wait_callback(&mut self, callback: WaitCallback) {
        self.on_wait = Some(callback);
    }

    fn call_back(&self) {
        if let Some(callback) = &self.on_wait {
            callback();
        }
    }

    /// Whether the cancel flag is set.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancel_flag.as_ref().is_some_and(|flag| flag.load(Ordering::SeqCst))
    }

    /// Sleeps for `time`; false if cancelled before that.
    pub(crate) fn pause(&self, time: Duration) -> bool {
        let end = Instant::now() + time;
        while !self.is_cancelled() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            self.call_back();
            thread::sleep(left.min(POLL_INTERVAL));
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
        let Some(connection) = &self.connection else {
            let (address, reason) = (self.address.clone(), "its REST API is not used".to_owned());
            return Err(Failure::Connect(Error::Unreachable { address, reason }));
        };
        if self.is_cancelled() {
            return Err(Failure::Cancelled);
        }
        let limit = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if limit.is_some_and(|limit| limit.is_zero()) {
            return Err(Failure::TimedOut);
        }
        if self.cancel_flag.is_none() && limit.is_none() {
            return connection.exchange(request, cookie, None);
        }
        // The worker thread waits for the answer, so that this one can stop waiting at any time.
        let (done, answer) = mpsc::channel();
        let mut job = Job { request, cookie, limit, done };
        let mut worker = self.worker.lock().unwrap_or_else(PoisonError::into_inner).take();
        loop {
            let ready = match worker.take() {
                Some(ready) => ready,
                None => Worker::start(connection)
                    .map_err(|error| Failure::Unsendable(error.to_string()))?,
            };
            match ready.jobs.send(job) {
                Ok(()) => {
                    worker = Some(ready);
                    break;
                }
                // That worker has ended: start another.
                Err(mpsc::SendError(returned)) => job = returned,
            }
        }
        let result = loop {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            match answer.recv_timeout(left.map_or(POLL_INTERVAL, |left| left.min(POLL_INTERVAL))) {
                Ok(result) => break result,
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Failure::Broken("the waiting thread ended".to_owned()));
                }
                // The busy worker is dropped; it ends after its answer has come or failed.
                Err(RecvTimeoutError::Timeout) if self.is_cancelled() => {
                    return Err(Failure::Cancelled);
                }
                Err(RecvTimeoutError::Timeout) if left.is_some_and(|left| left.is_zero()) => {
                    return Err(Failure::TimedOut);
                }
                Err(RecvTimeoutError::Timeout) => self.call_back(),
            }
        };
        *self.worker.lock().unwrap_or_else(PoisonError::into_inner) = worker;
        result
    }
}

impl Worker {
    fn start(connection: &Arc<HttpConnection>) -> io::Result<Worker> {
        let (jobs, inbox) = mpsc::channel::<Job>();
        let connection = Arc::clone(connection);
        thread::Builder::new().name("appliance".to_owned()).spawn(move || {
            for job in inbox {
                // After a cancelled call there is no receiver.
                let _ = job.done.send(connection.exchange(job.request, job.cookie, job.limit));
            }
        })?;
        Ok(Worker { jobs })
    }
}

impl HttpConnection {
    fn exchange(
        &self,
        request: Request,
        cookie: Option<String>,
        limit: Option<Duration>,
    ) -> Result<Response, Failure> {
        let (method, path, start) = (request.method, request.path.clone(), Instant::now());
        let result = self.send(request, cookie, limit);
        let ms = start.elapsed().as_millis();
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
            Body::ExpectFile => kind = OCTETS.to_owned(),
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
        headers.insert(CONTENT_TYPE, header_value(&kind, false)?);
        if kind.starts_with(OCTETS) {
            headers.insert(
                reqwest::header::ACCEPT,
                HeaderValue::from_static("application/octet-stream"),
            );
        }
        match &request.credential {
            Credential::Session => {}
            Credential::Basic(value) => {
                drop(headers.insert(AUTHORIZATION, header_value(value, true)?))
            }
            Credential::LocalKey(key) => {
                drop(headers.insert("x-local-key", header_value(key, true)?))
            }
        }
        if let Some(cookie) = &cookie {
            headers.insert(COOKIE, header_value(cookie, true)?);
        }
        outgoing = outgoing.headers(headers);
        if let Some(limit) = limit {
            outgoing = outgoing.timeout(limit);
        }
        let outgoing = outgoing.build().map_err(|error| Failure::Unsendable(describe(&error)))?;

        let mut incoming = self.http.execute(outgoing).map_err(|error| self.failure(&error))?;
        if incoming.headers().get(SERVER).is_some_and(|server| server == crate::emulator::SERVER) {
            self.emulated.store(true, Ordering::Relaxed);
        }
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let mut response = Response {
            status: incoming.status().as_u16(),
            location: incoming.headers().get(LOCATION).map(text),
            cookies: incoming.headers().get_all(SET_COOKIE).iter().map(text).collect(),
            warnings: incoming.headers().get_all(WARNING).iter().filter_map(warning).collect(),
            body: Vec::new(),
        };
        let read = incoming.by_ref().take(MAX_ANSWER + 1).read_to_end(&mut response.body);
        read.map_err(|error| match error.kind() {
            ErrorKind::TimedOut => Failure::TimedOut,
            _ => Failure::Broken(describe(&error)),
        })?;
        if response.body.len() as u64 > MAX_ANSWER {
            return Err(Failure::Broken(format!("an answer of more than {MAX_ANSWER} bytes")));
        }
        Ok(response)
    }

    fn failure(&self, error: &reqwest::Error) -> Failure {
        if error.is_connect() {
            let error = rejection(&self.verifier, &self.address).unwrap_or_else(|| {
                Error::Unreachable { address: self.address.clone(), reason: describe(error) }
            });
            Failure::Connect(error)
        } else if error.is_timeout() {
            Failure::TimedOut
        } else {
            Failure::Broken(describe(error))
        }
    }
}

/// The text of a `Warning` header: `199 - "text"`.
fn warning(value: &HeaderValue) -> Option<String> {
    let (_, text) = value.to_str().ok()?.split_once('"')?;
    Some(text.strip_suffix('"')?.to_owned())
}

/// The value of a header; a secret one is left out of debug output.
fn header_value(value: &str, secret: bool) -> Result<HeaderValue, Failure> {
    let mut value = HeaderValue::from_str(value).map_err(|_| {
        Failure::Unsendable("a header holds a character that cannot be sent".to_owned())
    })?;
    value.set_sensitive(secret);
    Ok(value)
}

/// `host:port`, as in a URL and in the file of pins.
fn address(target: &Target) -> String {
    let Target { host, port, .. } = target;
    if host.contains(':') && !host.starts_with('[') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

/// Makes a TLS handshake and nothing else. Returns the address that answered and its certificate in
/// DER form.
fn probe_tls(target: &Target, tls: &ClientConfig) -> Result<(SocketAddr, Vec<u8>), String> {
    let host = target.host.trim_start_matches('[').trim_end_matches(']');
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| "not a valid host name or address".to_owned())?;
    let limit =
        target.limit.unwrap_or(CONNECT_TIMEOUT).clamp(Duration::from_millis(1), CONNECT_TIMEOUT);
    let peers =
        (host, target.port).to_socket_addrs().map_err(|_| "host name not found".to_owned())?;
    let mut reason = "host name has no address".to_owned();
    for peer in peers {
        let mut stream = match TcpStream::connect_timeout(&peer, limit) {
            Ok(stream) => stream,
            Err(error) => {
                reason = describe(&error);
                continue;
            }
        };
        return handshake(&mut stream, tls, name, limit)
            .map(|certificate| (peer, certificate))
            .map_err(|error| describe(&error));
    }
    Err(reason)
}

fn handshake(
    stream: &mut TcpStream,
    tls: &ClientConfig,
    name: ServerName<'static>,
    limit: Duration,
) -> io::Result<Vec<u8>> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(limit))?;
    stream.set_write_timeout(Some(limit))?;
    let mut session =
        ClientConnection::new(Arc::new(tls.clone()), name).map_err(io::Error::other)?;
    while session.is_handshaking() {
        session.complete_io(stream)?;
    }
    session.send_close_notify();
    // The certificate is known; it does not matter if the appliance has closed the connection.
    let _ = session.complete_io(stream);
    let certificate = session.peer_certificates().and_then(<[_]>::first);
    certificate.map(|der| der.to_vec()).ok_or_else(|| io::Error::other("it shows no certificate"))
}

/// What the verifier rejected, as an error.
fn rejection(verifier: &CertificateVerifier, address: &str) -> Option<Error> {
    let address = address.to_owned();
    Some(match verifier.take_rejection()? {
        Rejection::Unknown(seen) => Error::Unknown { address, seen },
        Rejection::Changed { trusted, seen } => Error::Changed { address, trusted, seen },
        Rejection::Authority(reason) => Error::Unreachable { address, reason },
    })
}

/// The innermost cause of an error, as text for the user.
fn describe(error: &(dyn StdError + 'static)) -> String {
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
