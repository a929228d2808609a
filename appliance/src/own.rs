//! The appliance of a folder of one's own: the one that runs there, or else one started here.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use luna_rest::{Secret, Target, Trust};

use crate::{Appliance, Options, Running, StartError};

/// How long another program may take from holding the folder to listening.
const STARTUP_TIMEOUT: Duration = Duration::from_secs(5);
/// How often the folder is looked at meanwhile.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// An appliance of one's own, ready to be talked to.
#[derive(Debug)]
pub struct Own {
    /// Where it listens, and what certificate it has.
    pub target: Target,
    /// The key that opens a local session.
    pub key: Secret,
    /// The appliance itself if it was started here; it stops when this is dropped.
    pub running: Option<Running>,
    /// Its folder.
    pub folder: PathBuf,
}

impl Own {
    /// Finds the appliance that runs on `folder`, or starts it.
    ///
    /// # Errors
    /// The folder cannot be used, or another program has just taken it and does not listen yet.
    pub fn open(folder: &Path) -> Result<Own, StartError> {
        let deadline = Instant::now() + STARTUP_TIMEOUT;
        loop {
            if let Some(found) = Own::find(folder) {
                return Ok(found);
            }
            match Appliance::start(Options::new(folder)) {
                Ok(running) => {
                    return Ok(Own {
                        target: target(running.address(), running.fingerprint()),
                        key: running.local_key().clone(),
                        running: Some(running),
                        folder: folder.to_owned(),
                    });
                }
                // Another program was quicker: it can be used once it listens.
                Err(StartError::InUse { .. }) if Instant::now() < deadline => {
                    std::thread::sleep(POLL_INTERVAL);
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn find(folder: &Path) -> Option<Own> {
        let endpoint = Appliance::locate(folder)?;
        let key = Appliance::local_key(folder).ok()?;
        let address = endpoint.address.parse().ok()?;
        let target = target(address, endpoint.fingerprint.parse().ok()?);
        Some(Own { target, key, running: None, folder: folder.to_owned() })
    }
}

fn target(address: std::net::SocketAddr, fingerprint: luna_rest::Fingerprint) -> Target {
    Target {
        host: address.ip().to_string(),
        port: address.port(),
        trust: Trust::Pinned(fingerprint),
        limit: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_finds_what_the_first_started() {
        let folder = tempfile::tempdir().unwrap();
        let first = Own::open(folder.path()).unwrap();
        assert!(first.running.is_some());
        let second = Own::open(folder.path()).unwrap();
        assert!(second.running.is_none());
        assert_eq!(first.target.port, second.target.port);
        drop(first);
        assert!(Own::open(folder.path()).unwrap().running.is_some());
    }

    #[test]
    fn of_many_that_open_it_at_once_one_starts_it() {
        let folder = tempfile::tempdir().unwrap();
        let open = || Own::open(folder.path()).unwrap();
        let all: Vec<Own> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..6).map(|_| scope.spawn(open)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(all.iter().filter(|own| own.running.is_some()).count(), 1);
        assert!(all.iter().all(|own| own.target.port == all[0].target.port));
    }
}
