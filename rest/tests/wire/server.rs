//! A small TLS server that answers, hangs or disconnects as a test says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread;

use luna_rest::{Client, Fingerprint, Target, Trust};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

/// A received request.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// The number of its connection; the first is the TLS probe without a request.
    pub(crate) connection: usize,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// What the server does with a request.
pub(crate) enum Reply {
    /// Status, further header lines, body.
    Answer(u16, &'static str, Vec<u8>),
    /// The same, then the connection is closed without an announcement.
    AnswerAndClose(u16, &'static str, Vec<u8>),
    /// The connection is closed without an answer.
    Close,
    /// Half of the answer is sent, then the connection is closed.
    Half(u16, Vec<u8>),
    /// No answer; the connection stays open until the end of the test.
    Hang,
}

pub(crate) fn answer(status: u16, body: &str) -> Reply {
    Reply::Answer(status, "", body.as_bytes().to_vec())
}

pub(crate) fn located(status: u16, header: &'static str, body: &str) -> Reply {
    Reply::Answer(status, header, body.as_bytes().to_vec())
}

pub(crate) struct Server {
    pub(crate) port: u16,
    pub(crate) fingerprint: Fingerprint,
    /// Every request, in the order of arrival.
    pub(crate) seen: Receiver<Seen>,
    /// A message for every connection that the server has closed.
    pub(crate) closed: Receiver<()>,
    /// The CA that has signed the certificate of the server, for `localhost`.
    pub(crate) authority: tempfile::NamedTempFile,
}

type Script = Arc<Mutex<dyn FnMut(&Seen) -> Reply + Send>>;

impl Server {
    pub(crate) fn start(script: impl FnMut(&Seen) -> Reply + Send + 'static) -> Server {
        Server::listen(0, usize::MAX, script)
    }

    /// A server on a given port that ends after a number of connections, with one more message on
    /// `closed`.
    pub(crate) fn listen(
        port: u16,
        connections: usize,
        script: impl FnMut(&Seen) -> Reply + Send + 'static,
    ) -> Server {
        let ca_key = KeyPair::generate().unwrap();
        let mut ca = CertificateParams::new(Vec::new()).unwrap();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca_certificate = ca.self_signed(&ca_key).unwrap();
        let mut authority = tempfile::NamedTempFile::new().unwrap();
        authority.write_all(ca_certificate.pem().as_bytes()).unwrap();
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &Issuer::new(ca, ca_key)).unwrap();

        let der: CertificateDer<'static> = certificate.der().clone();
        let fingerprint = Fingerprint::of(&der);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![der], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
            .unwrap();
        let config = Arc::new(config);

        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let script: Script = Arc::new(Mutex::new(script));
        let (seen_by, seen) = mpsc::channel();
        let (closing, closed) = mpsc::channel();
        thread::spawn(move || {
            for (connection, stream) in listener.incoming().enumerate().take(connections) {
                let (config, script) = (Arc::clone(&config), Arc::clone(&script));
                let (seen_by, closing) = (seen_by.clone(), closing.clone());
                thread::spawn(move || {
                    serve(stream.unwrap(), config, script, connection, seen_by, closing)
                });
            }
            drop(listener);
            let _ = closing.send(());
        });
        Server { port, fingerprint, seen, closed, authority }
    }

    pub(crate) fn target(&self, trust: Trust) -> Target {
        Target { host: "127.0.0.1".to_owned(), port: self.port, trust, limit: None }
    }

    pub(crate) fn client(&self) -> Client {
        Client::connect(self.target(Trust::Pinned(self.fingerprint))).unwrap()
    }

    /// The request lines that have arrived so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.seen.try_iter().map(|seen| seen.line).collect()
    }
}

fn serve(
    tcp: TcpStream,
    config: Arc<ServerConfig>,
    script: Script,
    connection: usize,
    seen_by: Sender<Seen>,
    closing: Sender<()>,
) {
    tcp.set_nodelay(true).unwrap();
    let mut tls = BufReader::new(StreamOwned::new(ServerConnection::new(config).unwrap(), tcp));
    while let Some(seen) = read(&mut tls, connection) {
        let reply = (script.lock().unwrap())(&seen);
        let _ = seen_by.send(seen);
        let out = tls.get_mut();
        let mut send = |status: u16, header: &str, body: &[u8], shown: usize| {
            let length = if status == 204 {
                String::new()
            } else {
                format!("Content-Length: {}\r\n", body.len())
            };
            let header = if header.is_empty() { String::new() } else { format!("{header}\r\n") };
            let mut bytes = format!("HTTP/1.1 {status} X\r\n{length}{header}\r\n").into_bytes();
            if status != 204 {
                bytes.extend_from_slice(&body[..shown]);
            }
            out.write_all(&bytes).unwrap();
            out.flush().unwrap();
        };
        match reply {
            Reply::Answer(status, header, body) => {
                send(status, header, &body, body.len());
                continue;
            }
            Reply::AnswerAndClose(status, header, body) => send(status, header, &body, body.len()),
            Reply::Half(status, body) => send(status, "", &body, body.len() / 2),
            Reply::Close => {}
            Reply::Hang => {
                let _ = tls.read(&mut [0]);
            }
        }
        break;
    }
    drop(tls);
    let _ = closing.send(());
}

/// The next request, or nothing at the connection's end.
fn read(tls: &mut impl BufRead, connection: usize) -> Option<Seen> {
    let mut next = || {
        let mut line = String::new();
        tls.read_line(&mut line).ok()?;
        Some(line.trim_end().to_owned())
    };
    let line = next()?.strip_suffix(" HTTP/1.1")?.to_owned();
    let mut headers = Vec::new();
    loop {
        let line = next()?;
        let Some((name, value)) = line.split_once(": ") else { break };
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let mut seen = Seen { line, headers, body: Vec::new(), connection };
    let length = seen.header("content-length").map_or(0, |length| length.parse().unwrap());
    seen.body.resize(length, 0);
    tls.read_exact(&mut seen.body).ok()?;
    Some(seen)
}
