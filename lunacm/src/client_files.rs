//! Reads what the files of a client say, for programs that only look.

use std::io;
use std::path::Path;

use luna_rest::Fingerprint;
use luna_shell::{ClientFiles, ClusterFiles, HaFacts, HaMembers, first_certificate};

use crate::chrystoki::Chrystoki;
use crate::clusters::{Registration, registrations};
use crate::ha::{self, Settings};
use crate::link::{AUTHORITIES, PRIVATE_KEY};
use crate::owner::{CERTIFICATE, SECTION, common_name};
use crate::servers::servers;

/// Reads a configuration file and what it names; what is not there yet is empty.
///
/// # Errors
/// A file is there and cannot be read.
pub fn client_files(configuration: &Path) -> io::Result<ClientFiles> {
    let file = Chrystoki::read(configuration)?;
    let named = |key| file.get(SECTION, key).map(Path::new).filter(|path| path.exists());
    let settings = Settings::of(&file);
    let mut found = ClientFiles {
        servers: servers(&file).into_iter().map(|server| server.server).collect(),
        ha: HaFacts {
            recovery_mode: settings.recovery.name(),
            interval: settings.interval,
            retry: settings.retry,
            only: settings.only,
        },
        ..ClientFiles::default()
    };
    if let (Some(path), Some(_)) = (named(CERTIFICATE), named(PRIVATE_KEY)) {
        found.name = common_name(path)?;
        found.certificate = certificate(path)?;
    }
    if let Some(path) = named(AUTHORITIES) {
        found.authorities = std::fs::read_to_string(path)?;
    }
    for group in ha::groups(&file) {
        let members = HaMembers { members: group.members, standby: group.standby };
        found.groups.insert(group.label, members);
    }
    for one in registrations(&file) {
        found.clusters.insert(one.cluster().to_owned(), cluster(&one)?);
    }
    Ok(found)
}

fn certificate(path: &Path) -> io::Result<String> {
    let content = std::fs::read(path)?;
    let pem = first_certificate(&path.display().to_string(), &content);
    pem.map_err(|failure| io::Error::other(failure.message))
}

fn cluster(one: &Registration) -> io::Result<ClusterFiles> {
    let mut files = ClusterFiles {
        place: one.index,
        entry: one.entry().map(|(host, _)| host.to_owned()).unwrap_or_default(),
        ..ClusterFiles::default()
    };
    if [&one.certificate, &one.key, &one.authorities].into_iter().all(|path| path.exists()) {
        files.name = common_name(&one.certificate)?;
        let print = Fingerprint::of_pem(&certificate(&one.certificate)?);
        files.fingerprint = print.map(|print| print.to_string()).unwrap_or_default();
    }
    Ok(files)
}
