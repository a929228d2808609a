//! A way to an appliance that breaks when it is told to. It carries bytes, and knows of TLS only what tells a
//! request from the greeting of a connection.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::thread::{self, JoinHandle};

use anyhow::Result;

/// When a connection breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Break {
    /// Before the next request reaches the appliance.
    BeforeRequest = 1,
    /// When the next request has been answered: the answer is lost.
    BeforeAnswer = 2,
}

/// The port of clients' links, where no session is resumed.
pub const NTLS: u16 = 1792;
/// In how many records the other ports give tickets to a client.
const TICKETS: usize = 1;

/// The way, open as long as it or a copy lives.
#[derive(Clone)]
pub struct Proxy {
    entry: Arc<Entry>,
    armed: Arc<AtomicU8>,
}

/// Where it is entered. What was carried already goes on without it.
struct Entry {
    address: SocketAddr,
    closed: Arc<AtomicBool>,
    listener: Option<JoinHandle<()>>,
}

impl Drop for Entry {
    /// Afterwards the address is free.
    fn drop(&mut self) {
        self.closed.store(true, Ordering::SeqCst);
        let woken = TcpStream::connect(self.address);
        if let (Ok(_), Some(listener)) = (woken, self.listener.take()) {
            let _ = listener.join();
        }
    }
}

impl Proxy {
    /// A way to `target`, which is a port of the API.
    ///
    /// # Errors
    /// No port is free.
    pub fn to(target: SocketAddr) -> Result<Proxy> {
        Proxy::from((target.ip(), 0).into(), target, Arc::default())
    }

    /// A further way from one address to another, which breaks with this one: whichever is used next.
    ///
    /// # Errors
    /// The first address is taken.
    pub fn and(&self, from: SocketAddr, target: SocketAddr) -> Result<Proxy> {
        Proxy::from(from, target, Arc::clone(&self.armed))
    }

    fn from(from: SocketAddr, target: SocketAddr, armed: Arc<AtomicU8>) -> Result<Proxy> {
        let listener = TcpListener::bind(from)?;
        let tickets = if target.port() == NTLS { 0 } else { TICKETS };
        let (address, closed) = (listener.local_addr()?, Arc::new(AtomicBool::default()));
        let (way, ends) = (Arc::clone(&armed), Arc::clone(&closed));
        let listener = thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if ends.load(Ordering::SeqCst) {
                    return;
                }
                if let Ok(server) = TcpStream::connect(target) {
                    carry(client, server, &way, tickets);
                }
            }
        });
        let entry = Entry { address, closed, listener: Some(listener) };
        Ok(Proxy { entry: Arc::new(entry), armed })
    }

    /// Where it is entered.
    pub fn address(&self) -> SocketAddr {
        self.entry.address
    }

    /// Lets the connection break that carries the next request.
    pub fn arm(&self, when: Break) {
        self.armed.store(when as u8, Ordering::SeqCst);
    }
}

/// What a record of a handshake begins with, and one of all that is encrypted.
const HANDSHAKE: u8 = 22;
const ENCRYPTED: u8 = 23;
/// The bytes before a record, the last two of which have its length.
const HEAD: usize = 5;
/// The end of a greeting is shorter than this, and every request longer.
const GREETING: usize = 128;

/// The records of TLS that an appliance sends, counted from the greeting's end on.
#[derive(Default)]
struct Records {
    head: Vec<u8>,
    left: usize,
    count: usize,
}

impl Records {
    /// Counts those that begin in these bytes.
    fn read(&mut self, mut bytes: &[u8], counts: bool) {
        while !bytes.is_empty() {
            let rest = self.left.min(bytes.len());
            (self.left, bytes) = (self.left - rest, &bytes[rest..]);
            let head = (HEAD - self.head.len()).min(bytes.len());
            self.head.extend(&bytes[..head]);
            bytes = &bytes[head..];
            if self.head.len() == HEAD {
                self.count += usize::from(counts && self.head[0] == ENCRYPTED);
                self.left = usize::from(self.head[3]) << 8 | usize::from(self.head[4]);
                self.head.clear();
            }
        }
    }
}

/// Carries bytes both ways until one side ends, or the connection is to break. After the greeting an appliance
/// sends so many records of tickets, which are no answer.
fn carry(client: TcpStream, server: TcpStream, armed: &Arc<AtomicU8>, tickets: usize) {
    // Small pieces are carried at once, as without a proxy.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let [swallows, greeted] = [(); 2].map(|()| Arc::new(AtomicBool::default()));
    for to_server in [true, false] {
        let (Ok(client), Ok(server)) = (client.try_clone(), server.try_clone()) else { return };
        let armed = Arc::clone(armed);
        let (swallows, greeted) = (Arc::clone(&swallows), Arc::clone(&greeted));
        thread::spawn(move || {
            let (mut from, mut to) =
                if to_server { (&client, &server) } else { (&server, &client) };
            let mut bytes = [0; 1 << 14];
            let mut records = Records::default();
            while let Ok(count @ 1..) = from.read(&mut bytes) {
                let bytes = &bytes[..count];
                if !to_server {
                    records.read(bytes, greeted.load(Ordering::SeqCst));
                    if swallows.load(Ordering::SeqCst) && records.count > tickets {
                        break;
                    }
                } else if bytes[0] != HANDSHAKE {
                    greeted.store(true, Ordering::SeqCst);
                    if bytes.len() > GREETING {
                        let when = armed.swap(0, Ordering::SeqCst);
                        if when == Break::BeforeRequest as u8 {
                            break;
                        }
                        if when == Break::BeforeAnswer as u8 {
                            swallows.store(true, Ordering::SeqCst);
                        }
                    }
                }
                if to.write_all(bytes).is_err() {
                    break;
                }
            }
            let _ = (client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both));
        });
    }
}
