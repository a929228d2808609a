//! Ports beside that of the web server: one that another is taken for, and one that the settings name.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Mutex;

use crate::replica::lock;

/// The port, while it is open, and what closes it.
pub(crate) struct FurtherPort<H> {
    open: Mutex<Option<(u16, H)>>,
}

impl<H> FurtherPort<H> {
    pub(crate) fn none() -> FurtherPort<H> {
        FurtherPort { open: Mutex::new(None) }
    }

    /// Listens on this port in place of another one; none closes it. A port that cannot be opened is told in the
    /// log, with the name of its `server`.
    pub(crate) fn set(
        &self,
        port: Option<u16>,
        server: &str,
        close: impl FnOnce(H),
        open: impl FnOnce(u16) -> io::Result<H>,
    ) {
        let mut current = lock(&self.open);
        if current.as_ref().map(|(open, _)| *open) == port {
            return;
        }
        if let Some((_, handle)) = current.take() {
            close(handle);
        }
        let Some(port) = port else { return };
        match open(port) {
            Ok(handle) => *current = Some((port, handle)),
            Err(error) => tracing::error!(%error, port, server, "a port was not opened"),
        }
    }
}

/// Listens at an address; with `any_port` at a free port of it where the port is in use.
pub(crate) fn bind(address: SocketAddr, any_port: bool) -> io::Result<TcpListener> {
    match TcpListener::bind(address) {
        Err(error) if any_port && error.kind() == io::ErrorKind::AddrInUse => {
            TcpListener::bind((address.ip(), 0))
        }
        bound => bound,
    }
}
