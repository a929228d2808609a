//! Where a server listens beside the address it was started at, as the settings say.

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Mutex;

use crate::replica::lock;

/// The addresses with their ports, while they are open, and what closes each.
pub(crate) struct FurtherPorts<H> {
    open: Mutex<BTreeMap<SocketAddr, H>>,
}

impl<H> FurtherPorts<H> {
    pub(crate) fn none() -> FurtherPorts<H> {
        FurtherPorts { open: Mutex::default() }
    }

    /// Listens at these addresses in place of others; returns those of them that are open. One that cannot be
    /// opened is told in the log, with the name of its `server`; where none can, the others stay open.
    pub(crate) fn set(
        &self,
        wanted: &[SocketAddr],
        server: &str,
        close: impl Fn(H),
        open: impl Fn(SocketAddr) -> io::Result<H>,
    ) -> Vec<SocketAddr> {
        let mut current = lock(&self.open);
        for address in
            wanted.iter().filter(|address| !current.contains_key(address)).collect::<Vec<_>>()
        {
            match open(*address) {
                Ok(handle) => {
                    current.insert(*address, handle);
                }
                Err(error) => tracing::error!(%error, %address, server, "a port was not opened"),
            }
        }
        let done: Vec<_> =
            wanted.iter().copied().filter(|address| current.contains_key(address)).collect();
        if wanted.is_empty() || !done.is_empty() {
            let others = current.extract_if(.., |address, _| !wanted.contains(address));
            others.for_each(|(_, handle)| close(handle));
        }
        done
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

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn ports_stay_open_until_another_one_is() {
        let [one, two, taken] = [1, 2, 3].map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
        let ports = FurtherPorts::none();
        let closed = RefCell::new(Vec::new());
        let open = |address| match address == taken {
            true => Err(io::ErrorKind::AddrInUse.into()),
            false => Ok(address),
        };
        let set = |wanted: &[SocketAddr]| {
            let open = ports.set(wanted, "test", |address| closed.borrow_mut().push(address), open);
            (open, closed.take())
        };
        assert_eq!(set(&[one]), (vec![one], vec![]));
        assert_eq!(set(&[taken]), (vec![], vec![]));
        assert_eq!(set(&[taken, two]), (vec![two], vec![one]));
        assert_eq!(set(&[two, one]), (vec![two, one], vec![]));
        assert_eq!(set(&[]), (vec![], vec![one, two]));
    }
}
