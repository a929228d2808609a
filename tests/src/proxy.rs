//! A way to an appliance that breaks when it is told to: it carries bytes, and knows nothing of TLS.

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
    /// A way to `target`.
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
        let (address, closed) = (listener.local_addr()?, Arc::new(AtomicBool::default()));
        let (way, ends) = (Arc::clone(&armed), Arc::clone(&closed));
        let listener = thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if ends.load(Ordering::SeqCst) {
                    return;
                }
                if let Ok(server) = TcpStream::connect(target) {
                    carry(client, server, &way);
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

/// Carries bytes both ways until one side ends, or the connection is to break.
fn carry(client: TcpStream, server: TcpStream, armed: &Arc<AtomicU8>) {
    // Small pieces are carried at once, as without a proxy.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let swallows = Arc::new(AtomicU8::new(0));
    for to_server in [true, false] {
        let (Ok(client), Ok(server)) = (client.try_clone(), server.try_clone()) else { return };
        let (armed, swallows) = (Arc::clone(armed), Arc::clone(&swallows));
        thread::spawn(move || {
            let (mut from, mut to) =
                if to_server { (&client, &server) } else { (&server, &client) };
            let mut bytes = [0; 1 << 14];
            while let Ok(count @ 1..) = from.read(&mut bytes) {
                if to_server {
                    let when = armed.swap(0, Ordering::SeqCst);
                    if when == Break::BeforeRequest as u8 {
                        break;
                    }
                    if when == Break::BeforeAnswer as u8 {
                        swallows.store(1, Ordering::SeqCst);
                    }
                } else if swallows.load(Ordering::SeqCst) != 0 {
                    break;
                }
                if to.write_all(&bytes[..count]).is_err() {
                    break;
                }
            }
            let _ = (client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both));
        });
    }
}
