//! Lines of the logs on their way to other hosts: RFC 5424 over UDP, a datagram each (RFC 5426), or
//! over one TCP connection with octet counting (RFC 6587).
//!
//! Each host has a thread of its own, so that none waits for another, and no request for any: up to
//! 10,000 lines or 4 MiB wait for a host that is out of reach. Over TCP a line is sent anew unless
//! it was handed to the system whole; what the system had when a connection broke is lost.

mod spool;

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs, UdpSocket};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::core::logs::{Entry, Forward, LUNALOGS, MESSAGES, RemoteHost, Severity};
use crate::core::text::time_text;
use crate::replica::lock;
use spool::Spool;

/// The pause after the first failure; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest one.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How long a connection may take to open, and to take a line.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the appliance's end waits for the last lines.
const LAST_WAIT: Duration = Duration::from_secs(1);
/// The most bytes of a message: what receivers take at least, without a setting of their own.
const LONGEST: usize = 8000;

/// Facility numbers of RFC 5424.
const DAEMON: usize = 3;
const LOCAL5: usize = 21;

/// Sends lines to the hosts that it is aimed at.
#[derive(Debug, Default)]
pub(crate) struct Forwarder {
    senders: Mutex<Vec<Sender>>,
}

/// The thread of a host.
#[derive(Debug)]
struct Sender {
    host: RemoteHost,
    spool: Arc<Spool>,
    /// Disconnected when the thread ends.
    ended: Receiver<()>,
}

impl Sender {
    fn start(host: RemoteHost) -> io::Result<Sender> {
        let spool = Arc::new(Spool::new());
        let (alive, ended) = channel::<()>();
        let (to, lines) = (host.clone(), Arc::clone(&spool));
        std::thread::Builder::new().name("syslog".to_owned()).spawn(move || {
            send_all(to, &lines);
            // Whoever hears of the end finds nothing left of it.
            drop(lines);
            drop(alive);
        })?;
        Ok(Sender { host, spool, ended })
    }
}

impl Forward for Forwarder {
    fn aim(&self, hosts: Vec<RemoteHost>) {
        let mut senders = lock(&self.senders);
        senders.retain(|sender| {
            let stays = hosts.contains(&sender.host);
            if !stays {
                sender.spool.give_up();
            }
            stays
        });
        for host in hosts {
            if senders.iter().any(|sender| sender.host == host) {
                continue;
            }
            match Sender::start(host) {
                Ok(sender) => senders.push(sender),
                Err(error) => tracing::error!(%error, "no thread could be started for a log host"),
            }
        }
    }

    fn forward(&self, entry: &Entry) {
        let senders = lock(&self.senders);
        if senders.is_empty() {
            return;
        }
        let line: Arc<str> = message(entry).into();
        let notice = |dropped: u64| {
            let text = format!("{dropped} lines were dropped: too many waited for this host");
            let (severity, process) = (Severity::Warning, "rsyslogd".to_owned());
            message(&Entry { log: MESSAGES, severity, process, text, ..entry.clone() }).into()
        };
        for sender in senders.iter() {
            sender.spool.push(Arc::clone(&line), notice);
        }
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        let senders = std::mem::take(&mut *lock(&self.senders));
        senders.iter().for_each(|sender| sender.spool.end());
        let deadline = Instant::now() + LAST_WAIT;
        for sender in senders {
            // Whatever waits for a silent host longer than that ends with the process.
            let _ = sender.ended.recv_timeout(deadline.saturating_duration_since(Instant::now()));
        }
    }
}

/// A line as RFC 5424 has it.
fn message(entry: &Entry) -> String {
    let facility = if entry.log == LUNALOGS { LOCAL5 } else { DAEMON };
    let priority = facility * 8 + entry.severity as usize;
    let time = time_text(entry.time);
    let (host, process) = (field(&entry.host, 255), field(&entry.process, 48));
    let mut message = format!("<{priority}>1 {time} {host} {process} - - - {}", entry.text);
    // A line is ASCII, so that every byte of it is a place to cut.
    message.truncate(LONGEST);
    message
}

/// A field of the head: printable and without blanks, `-` for one that is empty.
fn field(text: &str, longest: usize) -> String {
    let printable = text.chars().filter(char::is_ascii_graphic).take(longest).collect::<String>();
    if printable.is_empty() { "-".to_owned() } else { printable }
}

/// A line as it goes over TCP: behind its length.
fn framed(line: &str) -> String {
    format!("{} {line}", line.len())
}

/// Sends the lines of a spool until it ends.
fn send_all(host: RemoteHost, spool: &Spool) {
    let (address, port) = (host.address.clone(), host.port);
    let mut link = if host.tcp { Link::Tcp(host, None) } else { Link::Udp(host, None) };
    let mut pause = FIRST_PAUSE;
    while let Some(line) = spool.first() {
        let Err(error) = link.send(&line) else {
            spool.sent();
            pause = FIRST_PAUSE;
            continue;
        };
        if pause == FIRST_PAUSE {
            tracing::warn!(%error, address, port, "lines of the logs cannot be sent; they wait");
        }
        if !spool.pause(pause) {
            return;
        }
        pause = LONGEST_PAUSE.min(pause * 2);
    }
}

/// The way to a host, once it is open.
enum Link {
    Udp(RemoteHost, Option<(UdpSocket, SocketAddr)>),
    Tcp(RemoteHost, Option<TcpStream>),
}

impl Link {
    /// Sends a line; what failed is opened anew the next time.
    fn send(&mut self, line: &str) -> io::Result<()> {
        match self {
            Link::Udp(host, open) => {
                let (socket, to) = match open.take() {
                    Some(open) => open,
                    None => bind(host)?,
                };
                socket.send_to(line.as_bytes(), to)?;
                *open = Some((socket, to));
            }
            Link::Tcp(host, open) => {
                let mut stream = match open.take() {
                    Some(stream) if !is_closed(&stream) => stream,
                    _ => connect(host)?,
                };
                stream.write_all(framed(line).as_bytes())?;
                *open = Some(stream);
            }
        }
        Ok(())
    }
}

fn addresses(host: &RemoteHost) -> io::Result<impl Iterator<Item = SocketAddr>> {
    (host.address.as_str(), host.port).to_socket_addrs()
}

fn no_address() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "the host name has no address")
}

fn bind(host: &RemoteHost) -> io::Result<(UdpSocket, SocketAddr)> {
    let to = addresses(host)?.next().ok_or_else(no_address)?;
    let any = if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    Ok((UdpSocket::bind(any)?, to))
}

fn connect(host: &RemoteHost) -> io::Result<TcpStream> {
    let mut failure = no_address();
    for address in addresses(host)? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                stream.set_write_timeout(Some(PATIENCE))?;
                return Ok(stream);
            }
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

/// Whether the other end has closed: what is written then is lost without an error.
fn is_closed(mut stream: &TcpStream) -> bool {
    let mut said = [0; 512];
    let mut look = || {
        stream.set_nonblocking(true)?;
        // What a receiver says, none should, is of no interest.
        while stream.read(&mut said)? > 0 {}
        Ok(())
    };
    let found: io::Result<()> = look();
    let open = found.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock);
    !open || stream.set_nonblocking(false).is_err()
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;
    use std::net::TcpListener;

    use time::macros::datetime;

    use super::*;

    /// How long anything may take here.
    const DEADLINE: Duration = Duration::from_secs(30);

    fn entry(text: &str) -> Entry {
        Entry {
            log: LUNALOGS,
            severity: Severity::Info,
            time: datetime!(2026-01-02 03:04:05 UTC),
            host: "local_host".to_owned(),
            process: "lunash".to_owned(),
            text: text.to_owned(),
        }
    }

    fn on_loopback(port: u16, tcp: bool) -> RemoteHost {
        RemoteHost { address: "127.0.0.1".to_owned(), port, tcp }
    }

    /// A connection, once there is one.
    fn accepted(listener: &TcpListener) -> BufReader<TcpStream> {
        listener.set_nonblocking(true).unwrap();
        let deadline = Instant::now() + DEADLINE;
        let stream = loop {
            match listener.accept() {
                Ok((stream, _)) => break stream,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    assert!(Instant::now() < deadline, "nobody connects");
                    std::thread::yield_now();
                }
                Err(error) => panic!("{error}"),
            }
        };
        stream.set_nonblocking(false).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        BufReader::new(stream)
    }

    /// The text of the next line of a connection.
    fn received(from: &mut BufReader<TcpStream>) -> String {
        let mut length = 0;
        loop {
            let mut byte = [0];
            from.read_exact(&mut byte).unwrap();
            match byte[0] {
                b' ' => break,
                digit => length = length * 10 + usize::from(digit - b'0'),
            }
        }
        let mut line = vec![0; length];
        from.read_exact(&mut line).unwrap();
        String::from_utf8(line).unwrap().split_once(" - - - ").unwrap().1.to_owned()
    }

    #[test]
    fn a_line_is_a_message_of_rfc_5424_and_counted_over_tcp() {
        let line = message(&entry("info : 0 : Lush user login"));
        let expected =
            "<174>1 2026-01-02T03:04:05Z local_host lunash - - - info : 0 : Lush user login";
        assert_eq!(line, expected);
        assert_eq!(framed(&line), format!("78 {expected}"));
        let (log, severity, host) = (MESSAGES, Severity::Warning, String::new());
        let other = Entry { log, severity, host, process: "a b".to_owned(), ..entry("x") };
        assert_eq!(message(&other), "<28>1 2026-01-02T03:04:05Z - ab - - - x");
        assert_eq!(message(&entry(&"x".repeat(LONGEST))).len(), LONGEST);
    }

    #[test]
    fn lines_reach_their_hosts_also_one_that_was_away() {
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        udp.set_read_timeout(Some(DEADLINE)).unwrap();
        let datagram = || {
            let mut bytes = [0; 1000];
            let length = udp.recv(&mut bytes).unwrap();
            String::from_utf8(bytes[..length].to_vec()).unwrap()
        };
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let tcp = listener.local_addr().unwrap();
        let forwarder = Forwarder::default();
        forwarder.forward(&entry("to nobody"));
        let hosts = vec![
            on_loopback(udp.local_addr().unwrap().port(), false),
            on_loopback(tcp.port(), true),
        ];
        forwarder.aim(hosts.clone());
        forwarder.forward(&entry("one"));
        forwarder.forward(&entry("two"));
        assert_eq!([datagram(), datagram()], [message(&entry("one")), message(&entry("two"))]);
        let mut connection = accepted(&listener);
        assert_eq!([received(&mut connection), received(&mut connection)], ["one", "two"]);

        drop((connection, listener));
        forwarder.forward(&entry("three"));
        assert_eq!(datagram(), message(&entry("three")), "nobody waits for the other host");
        let listener = TcpListener::bind(tcp).unwrap();
        forwarder.forward(&entry("four"));
        let mut connection = accepted(&listener);
        assert_eq!([received(&mut connection), received(&mut connection)], ["three", "four"]);

        assert_eq!(datagram(), message(&entry("four")));
        // The connection of a host that stays is kept.
        forwarder.aim(hosts[1..].to_vec());
        forwarder.forward(&entry("five"));
        drop(forwarder);
        assert_eq!(received(&mut connection), "five");
        assert_eq!(connection.read(&mut [0]).unwrap(), 0, "it ends with the appliance");
        udp.set_nonblocking(true).unwrap();
        assert!(udp.recv(&mut [0]).is_err(), "nothing goes to a host that was deleted");
    }

    #[test]
    fn a_host_out_of_reach_keeps_no_appliance_from_ending() {
        let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let forwarder = Forwarder::default();
        forwarder.aim(vec![on_loopback(closed.port(), true)]);
        forwarder.forward(&entry("lost"));
        let spool = Arc::downgrade(&lock(&forwarder.senders)[0].spool);
        drop(forwarder);
        assert!(spool.upgrade().is_none(), "its thread has ended");
    }
}
