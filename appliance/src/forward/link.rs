//! The way to a host: a socket for datagrams, or a connection with or without TLS.
//!
//! No receiver of syslog acknowledges a line. When a connection breaks, what was sent over it within the
//! last seconds is sent anew: the system gives a connection up before a line is older than that and not
//! acknowledged by the other system. A receiver that had read everything before it closed gets nothing
//! twice.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::net::sockopt::set_tcp_user_timeout;
use rustls::{ClientConnection, StreamOwned};

use super::spool::MOST;
use super::tls;
use crate::core::logs::RemoteHost;

/// How long a connection may take to open, and to take a line.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the other system may leave unacknowledged what was sent to it.
const UNACKNOWLEDGED: Duration = Duration::from_secs(10);
/// How long a line is remembered after it was sent.
const REMEMBERED: Duration = Duration::from_secs(15);

/// The way to a host, open or not.
pub(super) struct Link {
    host: Arc<RemoteHost>,
    open: Option<Open>,
    /// The last lines that went over the connection, and when.
    sent: VecDeque<(Instant, Arc<str>)>,
}

enum Open {
    Datagrams(UdpSocket, SocketAddr),
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Link {
    pub(super) fn new(host: Arc<RemoteHost>) -> Link {
        Link { host, open: None, sent: VecDeque::new() }
    }

    /// Goes to this host from now on, if it is another one, or is spoken to in another way.
    pub(super) fn aim(&mut self, host: &Arc<RemoteHost>) {
        if !Arc::ptr_eq(&self.host, host) {
            self.host = Arc::clone(host);
            self.open = None;
            self.sent.clear();
        }
    }

    /// Sends a line. After a failure the way is opened anew, and [`Link::take_unsure`] has what may not
    /// have arrived.
    pub(super) fn send(&mut self, line: &Arc<str>) -> io::Result<()> {
        let mut open = match self.look()? {
            Some(open) => open,
            None => Open::to(&self.host)?,
        };
        open.send(line)?;
        if !matches!(open, Open::Datagrams(..)) {
            self.remember(Arc::clone(line));
        }
        self.open = Some(open);
        Ok(())
    }

    /// The way, if it is open still.
    fn look(&mut self) -> io::Result<Option<Open>> {
        let Some(mut open) = self.open.take() else { return Ok(None) };
        if open.is_open()? {
            return Ok(Some(open));
        }
        self.sent.clear();
        Ok(None)
    }

    fn remember(&mut self, line: Arc<str>) {
        let now = Instant::now();
        self.forget(now);
        self.sent.push_back((now, line));
    }

    fn forget(&mut self, now: Instant) {
        let is_old = |(sent, _): &(Instant, Arc<str>)| now.duration_since(*sent) > REMEMBERED;
        while self.sent.len() >= MOST.0 || self.sent.front().is_some_and(is_old) {
            self.sent.pop_front();
        }
    }

    /// What was sent over a connection that broke and may not have arrived, the oldest first.
    pub(super) fn take_unsure(&mut self) -> Vec<Arc<str>> {
        self.forget(Instant::now());
        self.sent.drain(..).map(|(_, line)| line).collect()
    }
}

impl Open {
    fn to(host: &RemoteHost) -> io::Result<Open> {
        if !host.tcp {
            let to = addresses(host)?.next().ok_or_else(no_address)?;
            let any = if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
            return Ok(Open::Datagrams(UdpSocket::bind(any)?, to));
        }
        let stream = connect(host)?;
        match &host.tls {
            None => Ok(Open::Plain(stream)),
            Some(settings) => {
                let stream = tls::open(stream, settings, &host.address, PATIENCE)?;
                Ok(Open::Tls(Box::new(stream)))
            }
        }
    }

    /// Whether the other end has closed in order: what is written then is lost without an error.
    ///
    /// # Errors
    /// The connection broke, or was refused after it was opened.
    fn is_open(&mut self) -> io::Result<bool> {
        let stream = match self {
            Open::Datagrams(..) => return Ok(true),
            Open::Plain(stream) => &*stream,
            Open::Tls(stream) => &stream.sock,
        };
        stream.set_nonblocking(true)?;
        let looked = match self {
            Open::Datagrams(..) => Ok(()),
            Open::Plain(stream) => look(stream),
            Open::Tls(stream) => tls::look(stream),
        };
        let stream = match self {
            Open::Datagrams(..) => return Ok(true),
            Open::Plain(stream) => &*stream,
            Open::Tls(stream) => &stream.sock,
        };
        match looked {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                stream.set_nonblocking(false)?;
                Ok(true)
            }
            Err(error) => Err(error),
            // With something unread on its side, the other system says that it is reset.
            Ok(()) => stream.take_error()?.map_or(Ok(false), Err),
        }
    }

    fn send(&mut self, line: &str) -> io::Result<()> {
        match self {
            Open::Datagrams(socket, to) => socket.send_to(line.as_bytes(), *to).map(|_| ()),
            Open::Plain(stream) => stream.write_all(framed(line).as_bytes()),
            Open::Tls(stream) => {
                stream.write_all(framed(line).as_bytes())?;
                stream.flush()
            }
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Open::Tls(stream) = self {
            stream.conn.send_close_notify();
            // The other end may be gone.
            let _ = stream.flush();
        }
    }
}

/// A line as it goes over a connection: behind its length.
pub(super) fn framed(line: &str) -> String {
    format!("{} {line}", line.len())
}

/// Reads what a receiver says, none should; returns when it has closed.
fn look(mut stream: &TcpStream) -> io::Result<()> {
    let mut said = [0; 512];
    while stream.read(&mut said)? > 0 {}
    Ok(())
}

fn addresses(host: &RemoteHost) -> io::Result<impl Iterator<Item = SocketAddr>> {
    (host.address.as_str(), host.port).to_socket_addrs()
}

fn no_address() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "the host name has no address")
}

fn connect(host: &RemoteHost) -> io::Result<TcpStream> {
    let mut failure = no_address();
    for address in addresses(host)? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                stream.set_write_timeout(Some(PATIENCE))?;
                set_tcp_user_timeout(&stream, UNACKNOWLEDGED.as_millis() as u32)?;
                return Ok(stream);
            }
            Err(error) => failure = error,
        }
    }
    Err(failure)
}
