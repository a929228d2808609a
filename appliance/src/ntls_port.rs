//! The port of NTLS, to which clients of partitions come with their certificates.
//!
//! The product's protocol behind TLS is not public: here it is the REST of `request/link.rs`. TLS is real,
//! with the appliance's NTLS certificate. The port stays this program's own while the service is
//! stopped; whoever comes then is turned away before a word is said.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Weak};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::runtime;

use crate::core::ntls::{NtlsServer, ServerIdentity};
use crate::folder::Certificate;
use crate::further_ports::bind;
use crate::http::{Port, Server};

/// How the port is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ntls {
    /// Where it listens. Port 0 takes a free one.
    pub address: SocketAddr,
    /// Whether another port is taken where that one is in use.
    pub any_port: bool,
}

/// Opens the port: where it listens, and what is to be told of the state.
pub(crate) fn open(
    settings: Ntls,
    server: &Arc<Server>,
    runtime: &runtime::Handle,
) -> io::Result<(SocketAddr, impl NtlsServer + 'static)> {
    let listener = bind(settings.address, settings.any_port)?;
    let address = listener.local_addr()?;
    server.open_on(runtime, listener, Port::Links)?;
    Ok((address, Links(Arc::downgrade(server))))
}

struct Links(Weak<Server>);

impl NtlsServer for Links {
    fn serve(&self, identity: Option<ServerIdentity>) {
        let Some(server) = self.0.upgrade() else { return };
        let identity = identity.and_then(|ServerIdentity { certificate, key, ciphers }| {
            let parsed = CertificateDer::from_pem_slice(certificate.as_bytes()).ok()?;
            let key = PrivatePkcs8KeyDer::from(STANDARD.decode(key.expose()).ok()?);
            let key = PrivateKeyDer::Pkcs8(key);
            Some((Certificate { pem: certificate, certificate: parsed, key }, ciphers))
        });
        if let Err(error) = server.serve_links(identity) {
            tracing::error!(%error, "the port of NTLS is closed");
        }
    }
}
