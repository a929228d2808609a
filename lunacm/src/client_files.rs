//! What the files of a client say, for programs that only look.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use luna_shell::first_certificate;

use crate::chrystoki::Chrystoki;
use crate::ha;
use crate::link::{AUTHORITIES, PRIVATE_KEY};
use crate::owner::{CERTIFICATE, SECTION, common_name};
use crate::servers::servers;

/// The configuration of a client, and the certificates that it names.
#[derive(Clone, Debug, Default)]
pub struct ClientFiles {
    /// The common name of the client's certificate; empty where certificate or key are not there.
    pub name: String,
    /// The certificate, as PEM.
    pub certificate: String,
    /// The appliances.
    pub servers: BTreeSet<String>,
    /// The certificates of appliances that are trusted, as PEM.
    pub authorities: String,
    /// The HA groups by label, with the serial numbers of their members.
    pub groups: BTreeMap<String, Vec<String>>,
}

impl ClientFiles {
    /// Reads a configuration file and what it names; what is not there yet is empty.
    ///
    /// # Errors
    /// A file is there and cannot be read.
    pub fn read(configuration: &Path) -> io::Result<ClientFiles> {
        let file = Chrystoki::read(configuration)?;
        let named = |key| file.get(SECTION, key).map(Path::new).filter(|path| path.exists());
        let mut found = ClientFiles {
            servers: servers(&file).into_iter().map(|server| server.server).collect(),
            ..ClientFiles::default()
        };
        if let (Some(path), Some(_)) = (named(CERTIFICATE), named(PRIVATE_KEY)) {
            found.name = common_name(path)?;
            let content = std::fs::read(path)?;
            let pem = first_certificate(&path.display().to_string(), &content);
            found.certificate = pem.map_err(|failure| io::Error::other(failure.message))?;
        }
        if let Some(path) = named(AUTHORITIES) {
            found.authorities = std::fs::read_to_string(path)?;
        }
        for group in ha::groups(&file) {
            found.groups.insert(group.label, group.members);
        }
        Ok(found)
    }
}
