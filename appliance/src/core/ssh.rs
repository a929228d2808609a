//! The SSH server, as the machine sees it: what it is told of the state. Who serves is the business of
//! whoever made the machine.

use std::net::IpAddr;

/// The SSH server of an appliance. Whoever calls it never waits.
pub trait SshServer: Send + Sync {
    /// Listens on this port too from now on, in place of another such; 22, that of the factory, for none. It
    /// goes on listening where it was started, so that nobody is locked out. At addresses of this machine that
    /// are in `only` it alone lets in; where none of them can be listened at, it lets in as it was started.
    fn listen(&self, port: u16, only: &[IpAddr]);
}

/// No SSH server.
#[derive(Debug)]
pub struct NoServer;

impl SshServer for NoServer {
    fn listen(&self, _: u16, _: &[IpAddr]) {}
}
