//! Lines of the logs on their way to other hosts: RFC 5424 over UDP, a datagram each (RFC 5426), or
//! over one TCP connection with octet counting (RFC 6587).
//!
//! Each host has a thread of its own, so that none waits for another, and no request for any: up to
//! 10,000 lines or 4 MiB wait for a host that is out of reach, later ones are dropped, and their number
//! is told to the host when it is back. `link.rs` is the way to a host, with `tls.rs` for TLS (RFC 5425).

mod link;
mod spool;
mod tls;

use std::io;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::core::logs::{Entry, Forward, LUNALOGS, MESSAGES, RemoteHost, Severity};
use crate::core::text::time_text;
use crate::replica::lock;
use link::Link;
use spool::Spool;

/// The pause after the first failure; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest one.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
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

/// A host, and what waits for it.
#[derive(Debug)]
struct Destination {
    host: Mutex<Arc<RemoteHost>>,
    spool: Spool,
    problem: Mutex<Option<String>>,
}

impl Destination {
    fn problem(&self, problem: Option<String>) {
        *lock(&self.problem) = problem;
    }

    fn is(&self, host: &RemoteHost) -> bool {
        lock(&self.host).is_where(host)
    }
}

/// The thread of a host.
#[derive(Debug)]
struct Sender {
    to: Arc<Destination>,
    /// Disconnected when the thread ends.
    ended: Receiver<()>,
}

impl Sender {
    fn start(host: RemoteHost) -> io::Result<Sender> {
        let host = Mutex::new(Arc::new(host));
        let to = Arc::new(Destination { host, spool: Spool::new(), problem: Mutex::default() });
        let (alive, ended) = channel::<()>();
        let destination = Arc::clone(&to);
        std::thread::Builder::new().name("syslog".to_owned()).spawn(move || {
            send_all(&destination);
            // Whoever hears of the end finds nothing left of it.
            drop(destination);
            drop(alive);
        })?;
        Ok(Sender { to, ended })
    }
}

impl Forward for Forwarder {
    fn aim(&self, hosts: Vec<RemoteHost>) {
        let mut senders = lock(&self.senders);
        senders.retain(|sender| {
            let stays = hosts.iter().any(|host| sender.to.is(host));
            if !stays {
                sender.to.spool.give_up();
            }
            stays
        });
        for host in hosts {
            if let Some(Sender { to, .. }) = senders.iter().find(|sender| sender.to.is(&host)) {
                // What TLS takes may have changed; a connection without it stays.
                if host.tls.is_some() {
                    *lock(&to.host) = Arc::new(host);
                    to.spool.hurry();
                }
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
            sender.to.spool.push(Arc::clone(&line), notice);
        }
    }

    fn problem(&self, address: &str, port: u16) -> Option<String> {
        let senders = lock(&self.senders);
        let is = |host: &RemoteHost| host.address == address && host.port == port;
        let sender = senders.iter().find(|sender| is(&lock(&sender.to.host)))?;
        lock(&sender.to.problem).clone()
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        let senders = std::mem::take(&mut *lock(&self.senders));
        senders.iter().for_each(|sender| sender.to.spool.end());
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

/// Sends the lines of a spool until it ends.
fn send_all(to: &Destination) {
    let mut link = Link::new(Arc::clone(&lock(&to.host)));
    let mut pause = FIRST_PAUSE;
    while let Some(line) = to.spool.first() {
        link.aim(&lock(&to.host));
        let Err(error) = link.send(&line) else {
            to.spool.sent();
            to.problem(None);
            pause = FIRST_PAUSE;
            continue;
        };
        to.spool.put_back(link.take_unsure());
        let error = error.to_string();
        if pause == FIRST_PAUSE {
            let RemoteHost { address, port, .. } = &**lock(&to.host);
            tracing::warn!(error, address, port, "lines of the logs cannot be sent; they wait");
        }
        to.problem(Some(error));
        if !to.spool.pause(pause) {
            return;
        }
        pause = LONGEST_PAUSE.min(pause * 2);
    }
}

#[cfg(test)]
mod tests;
