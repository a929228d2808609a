//! The running web server follows the state: the ciphers that are set, a certificate that is made anew,
//! the port that it was bound to. Connections that are open stay as they are.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, Weak};

use axum_server::Handle;
use luna_rest::Fingerprint;
use tokio::runtime;

use crate::core::web::Web;
use crate::folder::{Certificate, Folder};
use crate::further_ports::FurtherPorts;
use crate::http::{Port, Server};
use crate::replica::{WebTls, lock};

/// What the web server shows and offers.
pub(crate) struct FolderTls {
    folder: Weak<Folder>,
    server: Weak<Server>,
    listen: IpAddr,
    current: Mutex<Current>,
    fingerprint: Arc<Mutex<Fingerprint>>,
    runtime: runtime::Handle,
    /// The port it was bound to.
    bound: FurtherPorts<Handle<SocketAddr>>,
}

struct Current {
    certificate: Certificate,
    /// What was offered last; empty before.
    ciphers: String,
}

impl FolderTls {
    /// That of a server and its folder; `fingerprint` is kept to be that of the certificate.
    pub(crate) fn new(
        folder: &Arc<Folder>,
        server: &Arc<Server>,
        listen: IpAddr,
        certificate: Certificate,
        fingerprint: Arc<Mutex<Fingerprint>>,
        runtime: runtime::Handle,
    ) -> FolderTls {
        FolderTls {
            folder: Arc::downgrade(folder),
            server: Arc::downgrade(server),
            listen,
            current: Mutex::new(Current { certificate, ciphers: String::new() }),
            fingerprint,
            runtime,
            bound: FurtherPorts::none(),
        }
    }

    fn open(&self, address: SocketAddr) -> io::Result<Handle<SocketAddr>> {
        let server = self.server.upgrade().ok_or_else(|| io::Error::other("it stops"))?;
        server.open(&self.runtime, address, Port::Clients)
    }
}

impl Web for FolderTls {
    fn offer(&self, ciphers: &str) {
        let mut current = lock(&self.current);
        let Some(server) = self.server.upgrade().filter(|_| current.ciphers != ciphers) else {
            return;
        };
        match server.reload(&current.certificate, ciphers) {
            Ok(()) => ciphers.clone_into(&mut current.ciphers),
            Err(error) => tracing::error!(%error, "the ciphers were not changed"),
        }
    }

    fn listen(&self, port: u16) {
        let wanted = Some(port).filter(|port| *port != 0).map(|port| (self.listen, port).into());
        // Requests under way are answered.
        let close = |handle: Handle<SocketAddr>| handle.graceful_shutdown(None);
        self.bound.set(wanted.as_slice(), "webserver", close, |address| self.open(address));
    }
}

impl WebTls for FolderTls {
    fn make_certificate(&self, hostname: &str) -> Result<Certificate, String> {
        let mut current = lock(&self.current);
        let (Some(folder), Some(server)) = (self.folder.upgrade(), self.server.upgrade()) else {
            return Err("the appliance stops".to_owned());
        };
        let made = folder.new_certificate(hostname, self.listen);
        let made = made.map_err(|error| error.to_string())?;
        server.reload(&made, &current.ciphers).map_err(|error| error.to_string())?;
        *lock(&self.fingerprint) = made.fingerprint();
        current.certificate = made.clone();
        Ok(made)
    }
}
