//! REST over TLS: turns HTTP requests into the model's, and the model's responses back.
//!
//! One fallback handler takes everything; which paths exist is the model's business. The runtime's
//! few threads read and write, and answer what waits for nothing. Every other request is answered on
//! a thread that may wait for the model, a password's hash, the disk or another member.

use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::body::{Body as HttpBody, Bytes};
use axum::extract::{
    ConnectInfo, DefaultBodyLimit, FromRequest, Multipart, Request as HttpRequest, State,
};
use axum::http::header::{
    self, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HeaderMap, HeaderName, HeaderValue,
    TRANSFER_ENCODING,
};
use axum::http::{Method as HttpMethod, StatusCode};
use axum::{Extension, Router};
use axum_server::Handle;
use axum_server::tls::TlsInfo;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use luna_rest::emulator::SESSION_COOKIE;
use luna_rest::tls::CIPHERS;
use luna_rest::{Fingerprint, Method, Secret, emulator, peers};
use tokio::runtime;
use tokio::sync::Semaphore;
use zeroize::Zeroize;

use crate::connections::{Connections, Counted};
use crate::core::message::{Body, Failure, Request, Response};
use crate::folder::Certificate;
use crate::replica::{Replica, lock};
use crate::request::route::{JSON_BODY, SMALL_BODY};
use crate::{panics, tls};

/// How many files are received at the same time; each takes up to 64 MiB twice.
const FILES: usize = 4;
/// How long the body of a request may take.
const BODY_TIME: Duration = Duration::from_secs(300);

/// What clients may take of the server.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// How long a connection may wait for a request, and a request's head may take. Longer than
    /// clients keep an idle connection (reqwest: 90 seconds), so that theirs is the one to close it.
    idle: Duration,
    /// How many connections may be open.
    connections: usize,
}

const LIMITS: Limits = Limits { idle: Duration::from_secs(120), connections: 1000 };

/// How many requests of clients are answered at the same time; later ones wait for a free place.
///
/// What they do is mostly done one after another, under the model's lock: a password's hash (7 MiB)
/// too, so that parallel logins take no more memory than one. More threads would only wait.
const CLIENT_REQUESTS: usize = 32;
/// The threads that are kept for messages of other members, which never wait for clients' requests:
/// a member that answers a client waits for its peers, and two such members must not wait for each
/// other. Each request of a client makes at most one message to a member at a time, so that this
/// many serve a cluster of 16 members.
const PEER_MESSAGES: usize = 15 * CLIENT_REQUESTS;
/// The threads that may wait. They are started when needed and end when idle.
pub(crate) const BLOCKING_THREADS: usize = CLIENT_REQUESTS + PEER_MESSAGES;

/// Who talks to a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Port {
    /// Clients and administrators, who show no certificate.
    Clients,
    /// Other members of the cluster, each with its certificate; nobody else is answered.
    Members,
    /// Clients of partitions, each with its certificate.
    Links,
}

/// When the appliance was last used.
#[derive(Debug)]
pub(crate) struct Activity(Mutex<Instant>);

impl Activity {
    fn note(&self) {
        *lock(&self.0) = Instant::now();
    }

    /// Whether nobody has asked for anything for so long.
    pub(crate) fn is_idle_for(&self, time: Duration) -> bool {
        lock(&self.0).elapsed() >= time
    }
}

/// The web server, on however many ports.
pub(crate) struct Server {
    activity: Arc<Activity>,
    replica: Arc<Replica>,
    tls: RustlsConfig,
    members_tls: RustlsConfig,
    links_tls: RustlsConfig,
    client_requests: Arc<Semaphore>,
    files: Semaphore,
    limits: Limits,
    connections: Arc<Connections>,
    links: Arc<Connections>,
}

impl Server {
    pub(crate) fn new(
        replica: Arc<Replica>,
        certificate: &Certificate,
    ) -> Result<Arc<Server>, rustls::Error> {
        Server::with_limits(replica, certificate, LIMITS)
    }

    fn with_limits(
        replica: Arc<Replica>,
        certificate: &Certificate,
        limits: Limits,
    ) -> Result<Arc<Server>, rustls::Error> {
        let config = |tls| RustlsConfig::from_config(Arc::new(tls));
        Ok(Arc::new(Server {
            activity: Arc::new(Activity(Mutex::new(Instant::now()))),
            replica,
            tls: config(tls::of_clients(certificate, CIPHERS)?),
            members_tls: config(tls::of_members(certificate)?),
            // Nobody is let in before there is an identity of NTLS.
            links_tls: config(tls::of_links(certificate, CIPHERS)?),
            client_requests: Arc::new(Semaphore::new(CLIENT_REQUESTS)),
            files: Semaphore::new(FILES),
            connections: Connections::new(limits.connections),
            links: Connections::new(limits.connections),
            limits,
        }))
    }

    /// Shows this certificate, and offers these ciphers, from the next connection on.
    pub(crate) fn reload(
        &self,
        certificate: &Certificate,
        ciphers: &str,
    ) -> Result<(), rustls::Error> {
        let (clients, members) =
            (tls::of_clients(certificate, ciphers)?, tls::of_members(certificate)?);
        self.tls.reload_from_config(Arc::new(clients));
        self.members_tls.reload_from_config(Arc::new(members));
        Ok(())
    }

    /// Ends the links there are and takes new ones with this certificate and these ciphers; none without.
    pub(crate) fn serve_links(
        &self,
        identity: Option<(Certificate, String)>,
    ) -> Result<(), rustls::Error> {
        self.links.renew(false);
        let Some((certificate, ciphers)) = identity else { return Ok(()) };
        let tls = tls::of_links(&certificate, &ciphers)?;
        self.links_tls.reload_from_config(Arc::new(tls));
        self.links.renew(true);
        Ok(())
    }

    pub(crate) fn activity(&self) -> Arc<Activity> {
        Arc::clone(&self.activity)
    }

    /// A service of one port that is ready to run, until `handle` stops it.
    pub(crate) fn serve(
        self: &Arc<Self>,
        listener: TcpListener,
        handle: Handle<SocketAddr>,
        port: Port,
    ) -> io::Result<impl Future<Output = io::Result<()>> + use<>> {
        let routes = Router::new().fallback(answer).with_state(Arc::clone(self));
        let routes = routes.layer(Extension(port));
        let (tls, connections) = match port {
            Port::Clients => (&self.tls, &self.connections),
            Port::Members => (&self.members_tls, &self.connections),
            Port::Links => (&self.links_tls, &self.links),
        };
        let counted = Counted(Arc::clone(connections));
        let acceptor = RustlsAcceptor::new(tls.clone()).acceptor(counted);
        // What may be HTTP/2 would be waited for without any limit.
        let server = axum_server::from_tcp(listener)?.acceptor(acceptor).handle(handle);
        let mut server = server.http1_only();
        server.http_builder().http1().header_read_timeout(self.limits.idle);
        Ok(server.serve(routes.into_make_service_with_connect_info::<SocketAddr>()))
    }

    /// Serves at a further address, on this runtime, until the handle stops it.
    pub(crate) fn open(
        self: &Arc<Self>,
        runtime: &runtime::Handle,
        address: SocketAddr,
        port: Port,
    ) -> io::Result<Handle<SocketAddr>> {
        self.open_on(runtime, TcpListener::bind(address)?, port)
    }

    /// The same with a listener that is bound already.
    pub(crate) fn open_on(
        self: &Arc<Self>,
        runtime: &runtime::Handle,
        listener: TcpListener,
        port: Port,
    ) -> io::Result<Handle<SocketAddr>> {
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let handle = Handle::new();
        let _inside = runtime.enter();
        let service = self.serve(listener, handle.clone(), port)?;
        runtime.spawn(async move {
            if let Err(error) = service.await {
                tracing::warn!(%error, %address, "a port was closed");
            }
        });
        Ok(handle)
    }
}

async fn answer(State(server): State<Arc<Server>>, http: HttpRequest) -> axum::response::Response {
    server.activity.note();
    let response = match read(&server, http).await {
        Ok(request) => respond(&server, request).await,
        Err(failure) => failure.into_response(),
    };
    server.activity.note();
    write(response)
}

async fn respond(server: &Arc<Server>, mut request: Request) -> Response {
    let (method, path) = (request.method, request.path.clone());
    // Most reads are over before another thread would have begun.
    let response = match server.replica.answer_at_once(&request) {
        Some(response) => response,
        None => {
            let work = server.in_background(Replica::is_message(&request), move |replica| {
                let response = handle(replica, &request);
                request.body.wipe();
                response
            });
            work.await.unwrap_or_else(Failure::into_response)
        }
    };
    if let Some(entry) = &response.log {
        server.replica.logs().write(entry);
    }
    tracing::info!(%method, path, status = response.status, "answered");
    response
}

impl Server {
    /// Runs work on a thread that may wait.
    async fn in_background<T: Send + 'static>(
        &self,
        of_member: bool,
        work: impl FnOnce(&Arc<Replica>) -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let permit = match of_member {
            true => None,
            // The semaphore is never closed.
            false => Arc::clone(&self.client_requests).acquire_owned().await.ok(),
        };
        let replica = Arc::clone(&self.replica);
        let work = tokio::task::spawn_blocking(move || {
            // Held by the thread itself: the client may hang up before it is done.
            let _permit = permit;
            work(&replica)
        });
        work.await.map_err(|_| Failure::new(503, "SERVER_INTERNAL_ERROR", "The appliance stops."))
    }
}

/// Answers a request on a thread that may wait; a panic is answered with 500.
pub(crate) fn handle(replica: &Arc<Replica>, request: &Request) -> Response {
    panics::catch(|| replica.handle(request)).unwrap_or_else(|panic| {
        let (method, path) = (request.method, replica.template(request));
        tracing::error!(%method, path, %panic, "answering a request panicked");
        Failure::internal(format!("A fault of the program at {panic}.")).into_response()
    })
}

async fn read(server: &Arc<Server>, http: HttpRequest) -> Result<Request, Failure> {
    let method = match *http.method() {
        HttpMethod::GET => Method::Get,
        HttpMethod::POST => Method::Post,
        HttpMethod::PUT => Method::Put,
        HttpMethod::PATCH => Method::Patch,
        HttpMethod::DELETE => Method::Delete,
        ref other => {
            return Err(Failure::wrong_method(format!("No resource knows the method {other}.")));
        }
    };
    let tls = http.extensions().get::<Arc<TlsInfo>>();
    let shown = tls.and_then(|tls| tls.peer_certificates.first());
    let linked = http.extensions().get::<Port>() == Some(&Port::Links);
    let link = shown.filter(|_| linked).map(|der| der.to_vec());
    let certificate = shown.filter(|_| !linked).map(|der| Fingerprint::of(der));
    let message = http.uri().path() == peers::SEND.template();
    if message != certificate.is_some() {
        // Assumed: the product's protocol between members is not public.
        return Err(Failure::no_resource(match message {
            true => "Members of a cluster talk to each other on the core port alone.",
            false => "This port is for messages of members of the cluster alone.",
        }));
    }
    let from = http.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
    let headers = http.headers();
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let content_type = text(CONTENT_TYPE)
        .or_else(|| text(HeaderName::from_static("accept-type")))
        .unwrap_or_default()
        .to_owned();
    let mut request = Request {
        query: http.uri().query().unwrap_or_default().to_owned(),
        basic: text(AUTHORIZATION).and_then(basic),
        bearer: text(AUTHORIZATION).and_then(bearer),
        cookie: cookie(headers),
        local_key: headers
            .get(emulator::LOCAL_KEY_HEADER)
            .and_then(|value| value.to_str().ok())
            .map(Secret::from),
        content_type,
        certificate,
        link,
        from,
        ..Request::new(method, http.uri().path())
    };
    let declared = headers.get(CONTENT_LENGTH).map(|length| length.to_str().ok()?.parse().ok());
    let small = match declared {
        Some(length) => length.is_some_and(|length: usize| length <= SMALL_BODY),
        None => !headers.contains_key(TRANSFER_ENCODING),
    };
    let mut limit = SMALL_BODY;
    if !small {
        // Nobody's large body is received before it is known that he may send one.
        let of_member = Replica::is_message(&request);
        let allowed = server.in_background(of_member, move |replica| {
            let limit = panics::catch(|| replica.body_limit(&request));
            (request, limit.unwrap_or(Ok(SMALL_BODY)))
        });
        let (asked, allowed) = allowed.await?;
        (request, limit) = (asked, allowed?);
    }
    let _place = match limit > JSON_BODY && !Replica::is_message(&request) {
        true => server.files.acquire().await.ok(),
        false => None,
    };
    request.body = body(http, &request.content_type, limit).await?;
    Ok(request)
}

/// `Basic base64(user:password)`.
fn basic(header: &str) -> Option<(String, Secret)> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let mut decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let pair = decoded.split_once(':').map(|(user, password)| (user.to_owned(), password.into()));
    decoded.zeroize();
    pair
}

/// `Bearer token`.
fn bearer(header: &str) -> Option<Secret> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().into())
}

fn cookie(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(SESSION_COOKIE)?.strip_prefix('='))
        .map(str::to_owned)
}

async fn body(http: HttpRequest, content_type: &str, limit: usize) -> Result<Body, Failure> {
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    let form = kind.ends_with("+multipart") || kind.eq_ignore_ascii_case("multipart/form-data");
    let received = tokio::time::timeout(BODY_TIME, axum::body::to_bytes(http.into_body(), limit));
    let bytes = received
        .await
        .map_err(|_| Failure::new(408, "FRAMEWORK_BAD_REQUEST", "The body did not come in time."))?
        .map_err(|_| {
            // Assumed: the identifier of a body that is too large was not found.
            Failure::new(400, "FRAMEWORK_BAD_REQUEST", "The body is too large.")
                .details(format!("A body may have {limit} bytes here."))
        })?;
    if !form {
        let plain = Body::Plain(bytes.to_vec());
        // It may have been a password.
        if let Ok(mut bytes) = bytes.try_into_mut() {
            bytes.zeroize();
        }
        return Ok(plain);
    }
    // Without a boundary in the header it is what the body begins with: the documented header has
    // none.
    let first = bytes.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let boundary = content_type
        .split(';')
        .find_map(|part| part.trim().strip_prefix("boundary="))
        .map(|boundary| boundary.trim_matches('"'))
        .or_else(|| std::str::from_utf8(first).ok()?.strip_prefix("--"));
    match boundary {
        Some(boundary) => files(boundary.to_owned(), bytes).await.map(Body::Files),
        // The model answers that this is no form.
        None => Ok(Body::Plain(bytes.into())),
    }
}

async fn files(boundary: String, bytes: Bytes) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let unreadable = |reason: String| Failure::bad_request(format!("The form is broken: {reason}"));
    let mut http = HttpRequest::builder()
        .header(CONTENT_TYPE, format!("multipart/form-data; boundary={boundary}"))
        .body(HttpBody::from(bytes))
        .map_err(|error| unreadable(error.to_string()))?;
    // The body is here already; its size was checked before.
    DefaultBodyLimit::disable().apply(&mut http);
    let mut form =
        Multipart::from_request(http, &()).await.map_err(|error| unreadable(error.body_text()))?;
    let mut files = Vec::new();
    while let Some(field) =
        form.next_field().await.map_err(|error| unreadable(error.body_text()))?
    {
        let name = field.file_name().or(field.name()).unwrap_or_default().to_owned();
        let content = field.bytes().await.map_err(|error| unreadable(error.body_text()))?;
        files.push((name, content.into()));
    }
    Ok(files)
}

fn write(response: Response) -> axum::response::Response {
    let Response { status, location, link, cookie, warning, content_type, body, .. } = response;
    let mut http = axum::response::Response::new(HttpBody::from(body));
    *http.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let cookie = cookie.map(|value| {
        let end = if value.is_empty() { "; Max-Age=0" } else { "" };
        format!("{SESSION_COOKIE}={value}; Path=/; Secure; HttpOnly{end}")
    });
    let headers = http.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::SERVER, HeaderValue::from_static(luna_rest::emulator::SERVER));
    // Both are on every documented answer, although browsers take no credentials with a star.
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    // 199 is a warning of any kind.
    let warning = warning.map(|text| format!("199 - \"{text}\""));
    for (name, value) in [
        (header::LOCATION, location),
        (header::LINK, link),
        (header::SET_COOKIE, cookie),
        (header::WARNING, warning),
    ] {
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
            headers.insert(name, value);
        }
    }
    http
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;

    use luna_rest::peers;
    use redb::backends::InMemoryBackend;
    use rustls_pki_types::CertificateDer;
    use time::OffsetDateTime;

    use super::*;
    use crate::engine::Engine;
    use crate::replica::Https;
    use crate::request::options::Options;
    use crate::store::Store;

    fn server() -> Arc<Server> {
        server_with(LIMITS).0
    }

    /// A server with these limits, and its certificate.
    fn server_with(limits: Limits) -> (Arc<Server>, CertificateDer<'static>) {
        let store = Store::with_backend(InMemoryBackend::new).unwrap();
        let epoch = OffsetDateTime::UNIX_EPOCH;
        let engine = Engine::load(store, Options::default(), [0; 32], epoch).unwrap();
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let certificate = Certificate {
            pem: made.cert.pem(),
            certificate: made.cert.der().clone(),
            key: made.signing_key.into(),
        };
        let shown = certificate.certificate.clone();
        let transport = Box::new(Https::new(certificate.identity()));
        let replica = Replica::new(engine, transport, OffsetDateTime::now_utc);
        (Server::with_limits(replica, &certificate, limits).unwrap(), shown)
    }

    /// Runs it on a free port, within the runtime.
    fn run(server: &Arc<Server>) -> (SocketAddr, Handle<SocketAddr>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let (address, handle) = (listener.local_addr().unwrap(), Handle::new());
        let service = server.serve(listener, handle.clone(), Port::Clients).unwrap();
        tokio::spawn(service);
        (address, handle)
    }

    fn dial(address: SocketAddr) -> TcpStream {
        let stream = TcpStream::connect(address).unwrap();
        // Sooner than the ten seconds of a handshake.
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        stream
    }

    #[test]
    fn the_oldest_idle_connection_is_closed_for_a_new_one() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let (server, _) = server_with(Limits { connections: 3, ..LIMITS });
        let (address, _handle) = runtime.block_on(async { run(&server) });
        let mut all: Vec<TcpStream> = Vec::new();
        let open = |count: usize| {
            let deadline = Instant::now() + Duration::from_secs(20);
            while lock(&server.connections.open).len() < count {
                assert!(Instant::now() < deadline);
                std::thread::yield_now();
            }
        };
        for count in 1..=3 {
            all.push(dial(address));
            open(count);
        }
        all.push(dial(address));
        assert_eq!(all[0].read(&mut [0; 8]).unwrap(), 0, "closed");
        assert_eq!(lock(&server.connections.open).len(), 3);
        all[1].set_nonblocking(true).unwrap();
        assert!(all[1].read(&mut [0; 8]).is_err(), "still open");
    }

    #[test]
    fn half_a_request_and_an_idle_connection_come_to_an_end() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let (server, certificate) =
            server_with(Limits { idle: Duration::from_millis(300), ..LIMITS });
        let (address, _handle) = runtime.block_on(async { run(&server) });
        let mut roots = rustls::RootCertStore::empty();
        roots.add(certificate).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let config = Arc::new(config);
        let whole = "GET /users HTTP/1.1\r\nHost: localhost\r\n\r\n";
        for (sent, answered) in [("", false), ("GET /users HT", false), (whole, true)] {
            let name = "localhost".try_into().unwrap();
            let mut session = rustls::ClientConnection::new(Arc::clone(&config), name).unwrap();
            let mut socket = dial(address);
            while session.is_handshaking() || session.wants_write() {
                session.complete_io(&mut socket).unwrap();
            }
            let mut stream = rustls::StreamOwned::new(session, socket);
            stream.write_all(sent.as_bytes()).unwrap();
            stream.flush().unwrap();
            let mut got = Vec::new();
            let end = stream.read_to_end(&mut got);
            let timed_out = |error: &io::Error| error.kind() == io::ErrorKind::WouldBlock;
            assert!(!end.as_ref().is_err_and(timed_out), "{sent:?} stays open");
            assert_eq!(got.starts_with(b"HTTP/1.1 401"), answered, "{sent:?}");
        }
    }

    #[test]
    fn a_large_body_is_not_received_from_somebody_who_may_not_send_it() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let server = server();
        let send = |method: &str, path: &str, length: usize, declared: bool| {
            let mut request =
                HttpRequest::builder().method(method).uri(path).header(AUTHORIZATION, "Basic eDp5");
            request = match declared {
                true => request.header(CONTENT_LENGTH, length),
                false => request.header(TRANSFER_ENCODING, "chunked"),
            };
            let body = HttpBody::from(vec![b' '; if declared { 0 } else { length }]);
            let answer = answer(State(Arc::clone(&server)), request.body(body).unwrap());
            runtime.block_on(answer).status().as_u16()
        };
        for declared in [true, false] {
            // Refused for who it is, not for its size.
            assert_eq!(send("POST", "/users/admin/files", 64 << 20, declared), 401);
            assert_eq!(send("POST", "/users", 100_000, declared), 401);
            assert_eq!(send("POST", "/nonsense", 64 << 20, declared), 404);
        }
        // Without a login nobody needs much.
        assert_eq!(send("POST", "/auth/session", 100_000, false), 400);
        // Not on this port, whatever its size.
        assert_eq!(send("POST", peers::SEND.template(), 100_000, false), 404);
    }

    fn request(method: &str, path: &str) -> HttpRequest {
        HttpRequest::builder().method(method).uri(path).body(HttpBody::empty()).unwrap()
    }

    #[test]
    fn every_answer_lets_other_origins_read_it_and_tells_a_wrong_method() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let server = server();
        for (method, path, status) in
            [("GET", "/users", 401), ("PUT", "/auth/session", 405), ("TRACE", "/users", 405)]
        {
            let answered =
                runtime.block_on(answer(State(Arc::clone(&server)), request(method, path)));
            assert_eq!(answered.status(), status, "{method} {path}");
            let header = |name| answered.headers().get(name).map(HeaderValue::as_bytes);
            assert_eq!(header(header::ACCESS_CONTROL_ALLOW_ORIGIN), Some(&b"*"[..]));
            assert_eq!(header(header::ACCESS_CONTROL_ALLOW_CREDENTIALS), Some(&b"true"[..]));
        }
    }

    #[test]
    fn messages_of_members_do_not_wait_for_requests_of_clients() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let server = server();
        runtime.block_on(async {
            let all = server.client_requests.acquire_many(CLIENT_REQUESTS as u32).await.unwrap();
            let client = answer(State(Arc::clone(&server)), request("POST", "/users"));
            let client = tokio::spawn(client);
            let mut message = request("POST", peers::SEND.template());
            let mut shown = TlsInfo::default();
            shown.peer_certificates = vec![b"a certificate".to_vec()];
            message.extensions_mut().insert(Arc::new(shown));
            let answered = answer(State(Arc::clone(&server)), message).await;
            assert_eq!(answered.status(), StatusCode::BAD_REQUEST, "it has no body");
            assert!(!client.is_finished());
            drop(all);
            assert_eq!(client.await.unwrap().status(), StatusCode::UNAUTHORIZED);
        });
    }
}
