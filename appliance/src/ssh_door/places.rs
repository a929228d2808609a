//! Where the door is open: the address that it was opened at, and those of `sysconf ssh port`, `ip` and `device`.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::sync::Weak;

use tokio::runtime;
use tokio::task::AbortHandle;

use crate::core::ssh::SshServer;
use crate::further_ports::FurtherPorts;
use crate::replica::lock;
use crate::ssh_door::Door;

/// The port of the settings as they leave the factory: it stands for the one that the door was opened at.
const FACTORY_PORT: u16 = 22;
/// The name of this server in the log.
const NAME: &str = "ssh";

pub(super) struct Places {
    pub(super) door: Weak<Door>,
    pub(super) runtime: runtime::Handle,
    /// Where it was opened.
    pub(super) first: SocketAddr,
    pub(super) further: FurtherPorts<AbortHandle>,
}

impl SshServer for Places {
    fn listen(&self, port: u16, only: &[IpAddr]) {
        let Some(door) = self.door.upgrade() else { return };
        let port = if port == FACTORY_PORT { self.first.port() } else { port };
        let own: Vec<IpAddr> = only.iter().copied().filter(is_own).collect();
        let restricted = if own.is_empty() { Vec::new() } else { self.open(&own, port) };
        if restricted.is_empty() {
            self.open(&[self.first.ip()], port);
        }
        *lock(&door.only) = restricted;
    }
}

impl Places {
    /// Listens with this port at these addresses, and at no others but the first; returns those that are open.
    fn open(&self, hosts: &[IpAddr], port: u16) -> Vec<SocketAddr> {
        let behind = |ip: IpAddr| if self.covers(ip) { self.first.ip() } else { ip };
        let place = |ip: &IpAddr| SocketAddr::from((behind(*ip), port));
        let mut wanted: Vec<SocketAddr> = hosts.iter().map(place).collect();
        wanted.sort_unstable();
        wanted.dedup();
        wanted.retain(|place| *place != self.first);
        let close = |open: AbortHandle| open.abort();
        let opened = self.further.set(&wanted, NAME, close, |place| {
            let door = self.door.upgrade().ok_or_else(|| io::Error::other("it stops"))?;
            door.let_in(TcpListener::bind(place)?, &self.runtime)
        });
        let is_open = |place: SocketAddr| place == self.first || opened.contains(&place);
        let open = hosts.iter().filter(|ip| is_open(place(ip)));
        open.map(|ip| SocketAddr::from((*ip, port))).collect()
    }

    /// Whether who comes to this address comes to the first one: no other can be bound beside it.
    fn covers(&self, ip: IpAddr) -> bool {
        let first = self.first.ip();
        first == ip || first.is_unspecified() && (first.is_ipv6() || ip.is_ipv4())
    }
}

/// Whether this machine has the address; if not, that is told in the log.
fn is_own(ip: &IpAddr) -> bool {
    let bound = TcpListener::bind((*ip, 0));
    if let Err(error) = &bound {
        tracing::error!(%error, %ip, server = NAME, "an address was not listened at");
    }
    bound.is_ok()
}
