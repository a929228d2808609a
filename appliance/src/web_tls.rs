//! TLS of the running web server follows the state: the ciphers that are set, and a certificate that
//! is made anew. Connections that are open stay as they are.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, Weak};

use luna_rest::Fingerprint;

use crate::core::web::Web;
use crate::folder::{Certificate, Folder};
use crate::http::Server;
use crate::replica::{WebTls, lock};

/// What the web server shows and offers.
pub(crate) struct FolderTls {
    folder: Weak<Folder>,
    server: Weak<Server>,
    listen: IpAddr,
    current: Mutex<Current>,
    fingerprint: Arc<Mutex<Fingerprint>>,
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
    ) -> FolderTls {
        FolderTls {
            folder: Arc::downgrade(folder),
            server: Arc::downgrade(server),
            listen,
            current: Mutex::new(Current { certificate, ciphers: String::new() }),
            fingerprint,
        }
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
