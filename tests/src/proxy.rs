//! A way to an appliance that breaks when it is told to: it carries bytes, and knows nothing of TLS.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread;

use anyhow::Result;

/// When a connection breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Break {
    /// Before the next request reaches the appliance.
    BeforeRequest = 1,
    /// When the next request has been answered: the answer is lost.
    BeforeAnswer = 2,
}

/// The way.
#[derive(Clone)]
pub struct Proxy {
    address: SocketAddr,
    armed: Arc<AtomicU8>,
}

impl Proxy {
    /// A way to `target`, open as long as the process lives.
    ///
    /// # Errors
    /// No port is free.
    pub fn to(target: SocketAddr) -> Result<Proxy> {
        let listener = TcpListener::bind((target.ip(), 0))?;
        let proxy = Proxy { address: listener.local_addr()?, armed: Arc::default() };
        let armed = Arc::clone(&proxy.armed);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if let Ok(server) = TcpStream::connect(target) {
                    carry(client, server, &armed);
                }
            }
        });
        Ok(proxy)
    }

    /// Where it is entered.
    pub fn address(&self) -> SocketAddr {
        self.address
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
