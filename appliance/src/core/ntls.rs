//! The NTLS server, as the machine sees it: what it is told of the state. Who serves is the business of
//! whoever made the machine.

use luna_rest::Secret;

/// The NTLS server of an appliance. Whoever calls it never waits.
pub trait NtlsServer: Send + Sync {
    /// Ends all connections, and takes new ones with this identity; none without one.
    fn serve(&self, identity: Option<ServerIdentity>);
}

/// What the server shows and offers.
#[derive(Debug)]
pub struct ServerIdentity {
    /// Its certificate in PEM.
    pub certificate: String,
    /// Its private key: PKCS#8 in base64.
    pub key: Secret,
    /// TLS ciphers joined by colons, the first one preferred.
    pub ciphers: String,
}

/// No NTLS server.
#[derive(Debug)]
pub struct NoServer;

impl NtlsServer for NoServer {
    fn serve(&self, _: Option<ServerIdentity>) {}
}
