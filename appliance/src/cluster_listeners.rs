//! The ports of the cluster service: open while it runs, and served by the same web server.

use std::net::SocketAddr;
use std::sync::{Mutex, Weak};

use axum_server::Handle;
use tokio::runtime;

use crate::http::{Port, Server};
use crate::replica::{Ports, lock};
use crate::state::clusters::CORE_PORT;

/// The open ports.
pub(crate) struct ClusterListeners {
    runtime: runtime::Handle,
    server: Weak<Server>,
    open: Mutex<(Ports, Vec<Handle<SocketAddr>>)>,
}

impl ClusterListeners {
    pub(crate) fn new(runtime: runtime::Handle, server: Weak<Server>) -> ClusterListeners {
        ClusterListeners { runtime, server, open: Mutex::default() }
    }

    /// Opens what has to be open and closes what has not. What cannot be opened is tried again the
    /// next time: another process may have the port for a moment.
    pub(crate) fn adjust(&self, wanted: &Ports) {
        let mut open = lock(&self.open);
        if open.0 == *wanted {
            return;
        }
        for handle in open.1.drain(..) {
            handle.shutdown();
        }
        open.0 = Ports::default();
        let mut handles = Vec::new();
        for port in &wanted.ports {
            match self.open(&wanted.address, *port) {
                Ok(handle) => handles.push(handle),
                Err(error) => {
                    tracing::warn!(%error, address = wanted.address, port, "port not opened");
                    handles.iter().for_each(Handle::shutdown);
                    return;
                }
            }
        }
        *open = (wanted.clone(), handles);
    }

    fn open(&self, address: &str, port: u16) -> std::io::Result<Handle<SocketAddr>> {
        let address: std::net::IpAddr = address.parse().map_err(std::io::Error::other)?;
        let server = self.server.upgrade().ok_or_else(|| std::io::Error::other("it stops"))?;
        let kind = if port == CORE_PORT { Port::Members } else { Port::Clients };
        server.open(&self.runtime, (address, port).into(), kind)
    }
}
