//! Whose slots are shown: the NTLS client that this machine is to the appliance.
//!
//! It is named on the command line or in the profile, or else it is the common name of the
//! certificate that `Chrystoki.conf` names. Where no client is named, every partition is a slot.

use std::io;
use std::path::{Path, PathBuf};

use luna_rest::{Client, ErrorId, ntls};
use luna_shell::{Failure, Folders, Options, names_appliance};

use crate::chrystoki::Chrystoki;
use crate::clusters::registrations;
use crate::link;
use crate::servers::servers;

/// The section of the configuration file that network clients read.
pub(crate) const SECTION: &str = "LunaSA Client";
/// The key that names the client's certificate.
pub(crate) const CERTIFICATE: &str = "ClientCertFile";

/// The client's side of this machine: its name if one was given, and its configuration file.
#[derive(Clone, Debug, Default)]
pub struct ClientSide {
    /// The name given on the command line or in the profile.
    pub name: Option<String>,
    /// `Chrystoki.conf`.
    pub configuration: PathBuf,
}

impl ClientSide {
    /// The side of this machine: the file of `ChrystokiConfigurationPath`, or that of `/etc` if there
    /// is one, or else the user's own: nothing is written for all users that none of them has made.
    pub fn of_machine(name: Option<String>, folders: &Folders) -> ClientSide {
        let named = std::env::var_os("ChrystokiConfigurationPath").map(PathBuf::from);
        ClientSide { name, configuration: configuration(named, Path::new("/etc"), folders) }
    }

    /// No client's side: where an account's session shows slots, all partitions are.
    pub fn of_nobody() -> ClientSide {
        ClientSide { name: None, configuration: "/dev/null".into() }
    }

    /// Whether there is to be a session of an account with an appliance. A client that is linked with
    /// appliances needs none; nor does a client of clusters, where no appliance is named and there is none
    /// of one's own yet.
    ///
    /// # Errors
    /// The configuration of the shells cannot be read.
    pub fn needs_appliance(&self, options: &Options, folders: &Folders) -> Result<bool, Failure> {
        if names_appliance(options, folders)? || options.data.is_some() {
            return Ok(true);
        }
        let Ok(file) = Chrystoki::read(&self.configuration) else { return Ok(true) };
        let own = !options.real && folders.appliance.exists();
        Ok(servers(&file).is_empty() && (registrations(&file).is_empty() || own))
    }

    /// Whether the configuration names appliances that this machine is a client of.
    pub fn is_linked(&self) -> bool {
        self.first_server().is_some()
    }

    /// Whether this machine is the client whose certificate is for this host name or address.
    pub fn is_client(&self, address: &str) -> bool {
        let file = Chrystoki::read(&self.configuration).ok();
        let path = file.and_then(|file| file.get(SECTION, CERTIFICATE).map(PathBuf::from));
        path.and_then(|path| common_name(&path).ok()).is_some_and(|name| name == address)
    }

    /// Tries the link with an appliance, by its name in the configuration: whether it comes about, or why not. None
    /// where the configuration does not name it.
    pub fn probe(&self, host: &str) -> Option<Result<(), String>> {
        link::probe(&Chrystoki::read(&self.configuration).ok()?, host)
    }

    /// The first appliance that the configuration names.
    pub(crate) fn first_server(&self) -> Option<String> {
        let file = Chrystoki::read(&self.configuration).ok()?;
        servers(&file).into_iter().next().map(|server| server.server)
    }

    /// Whose slots are to be shown. A certificate that is not made yet, as in a configuration just
    /// installed, is nobody's.
    ///
    /// # Errors
    /// The configuration file or the certificate it names cannot be read; the message names it.
    pub(crate) fn owner(&self) -> io::Result<Owner> {
        if let Some(name) = &self.name {
            return Ok(Owner::Named(name.clone()));
        }
        let file = Chrystoki::read(&self.configuration)?;
        match file.get(SECTION, CERTIFICATE).filter(|path| !path.is_empty()) {
            None => Ok(Owner::Anybody),
            Some(path) => match common_name(Path::new(path)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    Ok(Owner::Uncertified(PathBuf::from(path)))
                }
                name => name.map(Owner::Certified),
            },
        }
    }
}

/// The configuration file of a folder: `Chrystoki.conf`, or the `crystoki.ini` of Windows where it is
/// the only one there.
pub(crate) fn configuration_in(folder: &Path) -> PathBuf {
    let [conf, ini] = ["Chrystoki.conf", "crystoki.ini"].map(|name| folder.join(name));
    if !conf.exists() && ini.exists() { ini } else { conf }
}

fn configuration(named: Option<PathBuf>, installed: &Path, folders: &Folders) -> PathBuf {
    let installed = configuration_in(installed);
    match named {
        Some(folder) => configuration_in(&folder),
        None if installed.exists() => installed,
        None => configuration_in(&folders.config),
    }
}

/// Whose slots are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The client of this name.
    Named(String),
    /// The client whose certificate has this common name.
    Certified(String),
    /// The client whose certificate is still to be made: no partition.
    Uncertified(PathBuf),
    /// None was named: all partitions.
    Anybody,
}

impl Owner {
    /// The name of the client, if there is one.
    pub(crate) fn into_name(self) -> Option<String> {
        match self {
            Owner::Named(name) | Owner::Certified(name) => Some(name),
            Owner::Uncertified(_) | Owner::Anybody => None,
        }
    }

    /// The name under which the appliance knows this client; none if it does not.
    pub(crate) fn registered(&self, client: &Client) -> Result<Option<String>, luna_rest::Error> {
        let name = match self {
            Owner::Named(name) | Owner::Certified(name) => name,
            Owner::Uncertified(_) | Owner::Anybody => return Ok(None),
        };
        let is_it = |shown: &ntls::Client| match self {
            // A certificate speaks for the host it names, whatever the client is called.
            Owner::Certified(name) => shown.hostname == *name || shown.ip == *name,
            _ => shown.client_id == *name,
        };
        match client.get(&ntls::CLIENT, &[name]) {
            Ok(shown) if is_it(&shown) => return Ok(Some(shown.client_id)),
            Ok(_) => {}
            Err(error) if error.id() == Some(ErrorId::NTLS_NO_CLIENT) => {}
            Err(error) => return Err(error),
        }
        let mut by_name = None;
        for entry in client.get(&ntls::CLIENTS, &[])?.clients {
            let shown = client.get(&ntls::CLIENT, &[&entry.client_id])?;
            if shown.hostname == *name || shown.ip == *name {
                return Ok(Some(entry.client_id));
            }
            if shown.client_id == *name {
                by_name = Some(entry.client_id);
            }
        }
        Ok(by_name)
    }
}

/// The common name of a certificate in a PEM file.
pub(crate) fn common_name(path: &Path) -> io::Result<String> {
    let fail = |kind, reason: &dyn std::fmt::Display| {
        io::Error::new(kind, format!("{}: {reason}", path.display()))
    };
    let content = std::fs::read(path).map_err(|error| fail(error.kind(), &error))?;
    let broken = |reason: &dyn std::fmt::Display| fail(io::ErrorKind::InvalidData, reason);
    let (_, pem) = x509_parser::pem::parse_x509_pem(&content).map_err(|error| broken(&error))?;
    let certificate = pem.parse_x509().map_err(|error| broken(&error))?;
    let mut names = certificate.subject().iter_common_name();
    let name = names.next().and_then(|name| name.as_str().ok());
    name.map(str::to_owned).ok_or_else(|| broken(&"the certificate has no common name"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(folder: &Path, configuration: &str) -> ClientSide {
        let path = folder.join("Chrystoki.conf");
        std::fs::write(&path, configuration).unwrap();
        ClientSide { name: None, configuration: path }
    }

    #[test]
    fn a_name_that_was_given_counts_before_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let mut side = side(folder.path(), "not understood");
        assert!(side.owner().unwrap_err().to_string().contains("Chrystoki.conf: line 1"));
        side.name = Some("app1".into());
        assert_eq!(side.owner().unwrap(), Owner::Named("app1".into()));
    }

    #[test]
    fn the_certificate_of_the_configuration_tells_who_this_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app1.pem");
        let text = format!("LunaSA Client = {{\n   ClientCertFile = {};\n}}\n", path.display());
        let side = side(folder.path(), &text);
        assert_eq!(side.owner().unwrap(), Owner::Uncertified(path.clone()));
        std::fs::write(&path, "nonsense").unwrap();
        assert!(side.owner().unwrap_err().to_string().contains("app1.pem"));
        let made = crate::certificate::make("app1.example.com").unwrap();
        std::fs::write(&path, made.certificate).unwrap();
        assert_eq!(side.owner().unwrap(), Owner::Certified("app1.example.com".into()));
    }

    #[test]
    fn without_a_name_and_a_certificate_it_is_anybody() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(side(folder.path(), "Misc = {\n}\n").owner().unwrap(), Owner::Anybody);
        let missing = ClientSide { configuration: folder.path().join("x"), name: None };
        assert_eq!(missing.owner().unwrap(), Owner::Anybody);
    }

    #[test]
    fn the_file_of_windows_is_read_where_there_is_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let is = |name: &str| assert!(configuration_in(folder.path()).ends_with(name), "{name}");
        is("Chrystoki.conf");
        std::fs::write(
            folder.path().join("crystoki.ini"),
            "[LunaSA Client]\r\nLNHServer00=1.2.3.4:50052\r\n",
        )
        .unwrap();
        is("crystoki.ini");
        let file = Chrystoki::read(&configuration_in(folder.path())).unwrap();
        assert_eq!(registrations(&file).len(), 1);
        std::fs::write(folder.path().join("Chrystoki.conf"), "").unwrap();
        is("Chrystoki.conf");
    }

    /// Those of a user whose home is this folder.
    fn folders(home: &Path) -> Folders {
        Folders {
            config: home.join("config"),
            appliance: home.join("appliance"),
            state: home.join("state"),
        }
    }

    #[test]
    fn the_configuration_is_the_named_one_the_installed_one_or_the_users_own() {
        let folder = tempfile::tempdir().unwrap();
        let within = |name: &str| folder.path().join(name);
        let folders = folders(folder.path());
        let of = |named: Option<PathBuf>| configuration(named, &within("etc"), &folders);
        assert_eq!(of(None), within("config/Chrystoki.conf"));
        assert_eq!(of(Some(within("named"))), within("named/Chrystoki.conf"));
        std::fs::create_dir(within("etc")).unwrap();
        std::fs::write(within("etc/Chrystoki.conf"), "").unwrap();
        assert_eq!(of(None), within("etc/Chrystoki.conf"));
        assert_eq!(of(Some(within("named"))), within("named/Chrystoki.conf"));
    }

    #[test]
    fn a_client_of_clusters_or_with_links_needs_no_account() {
        let folder = tempfile::tempdir().unwrap();
        let within = |name: &str| folder.path().join(name);
        let folders = folders(folder.path());
        let none = Options::default();
        let of_partitions = side(folder.path(), "LunaSA Client = {\n}\n");
        assert!(of_partitions.needs_appliance(&none, &folders).unwrap());
        let clusters = "LunaSA Client = {\n   LNHServer00 = 1.2.3.4:50052;\n}\n";
        let of_clusters = side(folder.path(), clusters);
        assert!(!of_clusters.needs_appliance(&none, &folders).unwrap());
        let host = Options { host: Some("hsm1".into()), ..Options::default() };
        let data = Options { data: Some(within("data")), ..Options::default() };
        for options in [host, data] {
            assert!(of_clusters.needs_appliance(&options, &folders).unwrap());
        }
        std::fs::create_dir(&folders.appliance).unwrap();
        assert!(of_clusters.needs_appliance(&none, &folders).unwrap());
        let linked = side(folder.path(), "LunaSA Client = {\n   ServerName00 = hsm1;\n}\n");
        assert!(!linked.needs_appliance(&none, &folders).unwrap());
        let host = Options { host: Some("hsm1".into()), ..Options::default() };
        assert!(linked.needs_appliance(&host, &folders).unwrap());
    }
}
