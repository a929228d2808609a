//! The clusters that `Chrystoki.conf` names, in its section `LunaSA Client`.
//!
//! A cluster has an index from 00 to 09 and five entries that end in it, as the product's
//! registration script writes them. Its UUID is only in the paths of its files.

use std::path::{Path, PathBuf};

use crate::chrystoki::{Chrystoki, Malformed};
use crate::owner::SECTION;

/// How many clusters a client can have.
pub(crate) const PLACES: usize = 10;
/// The name in the certificates of cluster services, whatever the member.
const SERVICE_NAME: &str = "lnh.thalesgroup.com";

const SERVER: &str = "LNHServer";
const CERTIFICATE: &str = "LNHServerClientCert";
const KEY: &str = "LNHServerClientKey";
const AUTHORITIES: &str = "LNHServerCAFile";
const NAME: &str = "LNHServerCN";

/// A cluster of the configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Registration {
    /// Its place, 0 to 9.
    pub(crate) index: usize,
    /// The entry member's address and port.
    pub(crate) server: String,
    /// The client's certificate.
    pub(crate) certificate: PathBuf,
    /// Its private key.
    pub(crate) key: PathBuf,
    /// The members' certificates.
    pub(crate) authorities: PathBuf,
}

impl Registration {
    /// The UUID of the cluster: the folder that holds the members' certificates.
    pub(crate) fn cluster(&self) -> &str {
        let folder = self.authorities.parent().and_then(Path::file_name);
        folder.and_then(|name| name.to_str()).unwrap_or_default()
    }

    /// Host and port of the entry member.
    pub(crate) fn entry(&self) -> Option<(&str, u16)> {
        let (host, port) = self.server.rsplit_once(':')?;
        Some((host.trim_matches(['[', ']']), port.parse().ok()?))
    }
}

fn key(name: &str, index: usize) -> String {
    format!("{name}{index:02}")
}

/// The clusters, in the order of their indexes.
pub(crate) fn registrations(file: &Chrystoki) -> Vec<Registration> {
    let get = |name, index| file.get(SECTION, &key(name, index)).unwrap_or_default();
    let all = (0..PLACES).filter(|index| !get(SERVER, *index).is_empty());
    all.map(|index| Registration {
        index,
        server: get(SERVER, index).to_owned(),
        certificate: get(CERTIFICATE, index).into(),
        key: get(KEY, index).into(),
        authorities: get(AUTHORITIES, index).into(),
    })
    .collect()
}

/// The lowest index of which no entry is there.
pub(crate) fn free(file: &Chrystoki) -> Option<usize> {
    let taken = |index| {
        let names = [SERVER, CERTIFICATE, KEY, AUTHORITIES, NAME];
        names.iter().any(|name| file.get(SECTION, &key(name, index)).is_some())
    };
    (0..PLACES).find(|index| !taken(*index))
}

/// Writes the five entries of a cluster.
pub(crate) fn set(file: &mut Chrystoki, cluster: &Registration) -> Result<(), Malformed> {
    let path = |path: &Path| path.display().to_string();
    for (name, value) in [
        (SERVER, cluster.server.clone()),
        (CERTIFICATE, path(&cluster.certificate)),
        (KEY, path(&cluster.key)),
        (AUTHORITIES, path(&cluster.authorities)),
        (NAME, SERVICE_NAME.to_owned()),
    ] {
        file.set(SECTION, &key(name, cluster.index), &value)?;
    }
    Ok(())
}

/// Takes the five entries of an index out.
pub(crate) fn remove(file: &mut Chrystoki, index: usize) -> Result<(), Malformed> {
    for name in [SERVER, CERTIFICATE, KEY, AUTHORITIES, NAME] {
        file.remove(SECTION, &key(name, index))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const UUID: &str = "c2c94c40-6491-409e-bd3d-16e236544b7f";

    fn cluster(index: usize) -> Registration {
        let root = "/usr/safenet/lunaclient/cert";
        Registration {
            index,
            server: "1.2.3.4:50052".into(),
            certificate: format!("{root}/client/{UUID}/2.3.4.5.pem").into(),
            key: format!("{root}/client/{UUID}/2.3.4.5Key.pem").into(),
            authorities: format!("{root}/server/{UUID}/lnh_ca.pem").into(),
        }
    }

    /// The example of the Cluster Administration Guide.
    #[test]
    fn the_entries_are_those_of_the_guide() {
        let mut file = Chrystoki::parse("LunaSA Client = {\n    TCPKeepAlive = 1;\n}\n").unwrap();
        set(&mut file, &cluster(0)).unwrap();
        assert_eq!(
            file.text(),
            "LunaSA Client = {\n    TCPKeepAlive = 1;\n    LNHServer00 = 1.2.3.4:50052;\n    \
             LNHServerClientCert00 = /usr/safenet/lunaclient/cert/client/c2c94c40-6491-409e-bd3d-16e236544b7f/2.3.4.5.pem;\n    \
             LNHServerClientKey00 = /usr/safenet/lunaclient/cert/client/c2c94c40-6491-409e-bd3d-16e236544b7f/2.3.4.5Key.pem;\n    \
             LNHServerCAFile00 = /usr/safenet/lunaclient/cert/server/c2c94c40-6491-409e-bd3d-16e236544b7f/lnh_ca.pem;\n    \
             LNHServerCN00 = lnh.thalesgroup.com;\n}\n"
        );
        let read = registrations(&file);
        assert_eq!(read, [cluster(0)]);
        assert_eq!((read[0].cluster(), read[0].entry()), (UUID, Some(("1.2.3.4", 50052))));
    }

    #[test]
    fn ten_come_and_go_without_a_trace() {
        let text =
            "# ours\nMisc = {\n   x = 1;\n}\nLunaSA Client = {\n   NetClient = 1;\n   # end\n}\n";
        let mut file = Chrystoki::parse(text).unwrap();
        for index in 0..PLACES {
            assert_eq!(free(&file), Some(index));
            set(&mut file, &cluster(index)).unwrap();
        }
        assert_eq!(free(&file), None);
        assert_eq!(registrations(&file).len(), PLACES);
        assert!(file.text().contains("   LNHServerCN09 = lnh.thalesgroup.com;\n"));
        remove(&mut file, 4).unwrap();
        assert_eq!(free(&file), Some(4));
        for index in 0..PLACES {
            remove(&mut file, index).unwrap();
        }
        assert_eq!(file.text(), text);
    }

    #[test]
    fn an_entry_without_a_server_holds_its_index() {
        let text = "LunaSA Client = {\n   LNHServerCN00 = x;\n}\n";
        let file = Chrystoki::parse(text).unwrap();
        assert_eq!((free(&file), registrations(&file)), (Some(1), Vec::new()));
        let mut six = cluster(0);
        six.server = "[fd00::1]:50055".into();
        assert_eq!(six.entry(), Some(("fd00::1", 50055)));
    }
}
