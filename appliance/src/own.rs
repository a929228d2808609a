//! The appliance of a folder of one's own: the one that runs there, or else one started here.

use std::path::{Path, PathBuf};

use luna_rest::{Secret, Target, Trust};

use crate::{Appliance, Options, Running, StartError};

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
    /// The folder cannot be used, or somebody has just taken it and does not listen yet.
    pub fn open(folder: &Path) -> Result<Own, StartError> {
        if let Some(found) = Own::find(folder) {
            return Ok(found);
        }
        match Appliance::start(Options::new(folder)) {
            Ok(running) => Ok(Own {
                target: target(running.address(), running.fingerprint()),
                key: running.local_key().clone(),
                running: Some(running),
                folder: folder.to_owned(),
            }),
            // Another program was quicker: then it can be used.
            Err(StartError::InUse { folder: taken }) => {
                Own::find(folder).ok_or(StartError::InUse { folder: taken })
            }
            Err(error) => Err(error),
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
}
