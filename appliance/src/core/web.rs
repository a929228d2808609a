//! The web server, as the machine sees it: what it is told of the state. Who serves is the business of
//! whoever made the machine.

/// The web server that serves an appliance. Whoever calls it never waits.
pub trait Web: Send + Sync {
    /// Offers the ciphers of this list from the next connection on.
    fn offer(&self, ciphers: &str);
    /// Listens on this port too from now on, in place of another such; 0 for none. It goes on
    /// listening where it was started, so that nobody is locked out.
    fn listen(&self, port: u16);
}

/// No web server, for machines that nobody serves.
#[derive(Debug)]
pub struct Unserved;

impl Web for Unserved {
    fn offer(&self, _: &str) {}
    fn listen(&self, _: u16) {}
}
