//! A session with a cluster, through one of its members.
//!
//! The entry member of the configuration is tried first, then the members of its affinity group, then
//! those of other groups. The list of members comes from the member that was reached last, and is
//! stored as `members.json` in the folder of their certificates.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use luna_rest::keyrings::{self, ClientSession, Entry, EntryMember};
use luna_rest::{Client, Error, Fingerprint, Target, Trust};
use luna_shell::{Failure, Kind, Watch, replace_file};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use zeroize::Zeroizing;

use crate::clusters::Registration;
use crate::owner::common_name;

/// A session with a cluster.
pub(crate) struct ClusterConnection {
    /// Its entry in the configuration.
    pub(crate) registration: Registration,
    /// The cluster's label.
    pub(crate) label: String,
    client: Arc<Client>,
    found: Vec<keyrings::Slot>,
    watch: Arc<Watch>,
}

impl ClusterConnection {
    /// Opens a session with the first member that can be reached. Also returns a note for the user
    /// if that is not the entry member.
    ///
    /// # Errors
    /// No member takes this client, or its files cannot be used.
    pub(crate) fn open(
        registration: Registration,
        watch: Arc<Watch>,
    ) -> Result<(ClusterConnection, Option<String>), Failure> {
        let (MemberSession { client, found, label }, note) = connect_any(&registration, &watch)?;
        Ok((ClusterConnection { registration, label, client, found, watch }, note))
    }

    /// Opens the session again, possibly with another member.
    ///
    /// # Errors
    /// As [`ClusterConnection::open`].
    pub(crate) fn reopen(&mut self) -> Result<Option<String>, Failure> {
        let (entered, note) = connect_any(&self.registration, &self.watch)?;
        (self.client, self.label) = (entered.client, entered.label);
        Ok(note)
    }

    /// The session.
    pub(crate) fn client(&self) -> &Arc<Client> {
        &self.client
    }

    /// The cluster's UUID.
    pub(crate) fn cluster(&self) -> &str {
        self.registration.cluster()
    }

    /// The keyrings that were visible when the session was opened.
    pub(crate) fn found(&self) -> &[keyrings::Slot] {
        &self.found
    }

    /// The keyrings that are visible now.
    ///
    /// # Errors
    /// The member does not answer.
    pub(crate) fn keyrings(&self) -> Result<Vec<keyrings::Slot>, Error> {
        Ok(self.client.get(&keyrings::SLOTS, &[self.cluster()])?.data)
    }
}

/// An open session with a member.
struct MemberSession {
    client: Arc<Client>,
    found: Vec<keyrings::Slot>,
    label: String,
}

fn connect_any(
    registration: &Registration,
    watch: &Arc<Watch>,
) -> Result<(MemberSession, Option<String>), Failure> {
    let unusable = |error: io::Error| Failure::command(format!("{error}."));
    let identity = Identity::read(registration).map_err(unusable)?;
    let file = registration.authorities.with_file_name("members.json");
    let known = read_members(&file).map_err(unusable)?;
    let mut refused: Vec<(Endpoint, String)> = Vec::new();
    for endpoint in endpoints(registration, identity.trusted.first(), &known) {
        let (client, entry, found) = match identity.connect(&endpoint, &known, watch) {
            Ok(entered) => entered,
            // The other members would refuse this client too.
            Err(error @ Error::LoginRefused { .. }) => return Err(error.into()),
            Err(error) => {
                refused.push((endpoint, reason(&error)));
                continue;
            }
        };
        if entry != known {
            // The folder may be writable for root only; the next session gets the list again.
            if let Err(error) = write_members(&file, &entry) {
                tracing::debug!(%error, "the members are not kept");
            }
        }
        let label = entry.cluster_label;
        let note = refused.first().map(|(entry, reason)| {
            let group = match endpoint.other_group {
                Some(group) => format!(" of the group '{group}'"),
                None => String::new(),
            };
            format!(
                "note: cluster '{label}': member {} cannot be reached ({reason}); member {}{group} \
                 serves instead",
                entry.address, endpoint.address
            )
        });
        return Ok((MemberSession { client: Arc::new(client), found, label }, note));
    }
    let tried = refused.iter().map(|(endpoint, reason)| format!("{}: {reason}", endpoint.address));
    let tried = tried.collect::<Vec<_>>().join("; ");
    Err(Failure::new(
        Kind::Unreachable,
        format!("Cluster {} cannot be reached ({tried}).", registration.cluster()),
    ))
}

/// Why a member cannot be used, in few words.
fn reason(error: &Error) -> String {
    match error {
        Error::Unreachable { reason, .. } => reason.clone(),
        Error::Answered { answer, .. } => answer.message.trim_end_matches('.').to_owned(),
        Error::Unknown { seen, .. } => {
            format!("its certificate {seen} is none of those in the file of LNHServerCAFile")
        }
        error => error.to_string(),
    }
}

/// The address of a member.
#[derive(Debug, PartialEq, Eq)]
struct Endpoint {
    address: String,
    port: u16,
    /// Its affinity group, if it is not that of the entry member.
    other_group: Option<String>,
}

/// The endpoints in the order to try them: the entry member, its group, the others.
fn endpoints(
    registration: &Registration,
    entry: Option<&Fingerprint>,
    known: &Entry,
) -> Vec<Endpoint> {
    let configured = registration.entry();
    let is_entry = |member: &&EntryMember| {
        configured.is_some_and(|(host, _)| host == member.address)
            || entry.is_some_and(|entry| member.fingerprint == entry.to_string())
    };
    let group = known.members.iter().find(is_entry).map(|member| member.group.as_str());
    let mut endpoints: Vec<Endpoint> = configured
        .map(|(host, port)| Endpoint { address: host.to_owned(), port, other_group: None })
        .into_iter()
        .collect();
    let (own, others): (Vec<_>, Vec<_>) =
        known.members.iter().partition(|member| group.is_none_or(|group| group == member.group));
    for member in own.into_iter().chain(others) {
        let other = group.is_some_and(|group| group != member.group);
        let endpoint = Endpoint {
            address: member.address.clone(),
            port: member.port,
            other_group: other.then(|| member.group.clone()),
        };
        if !endpoints.iter().any(|one| one.address == endpoint.address && one.port == endpoint.port)
        {
            endpoints.push(endpoint);
        }
    }
    endpoints
}

/// The identity of this client, and the certificates that it trusts.
struct Identity {
    cluster: String,
    name: String,
    key: EcdsaKeyPair,
    trusted: Vec<Fingerprint>,
}

impl Identity {
    fn read(registration: &Registration) -> io::Result<Identity> {
        Ok(Identity {
            cluster: registration.cluster().to_owned(),
            name: common_name(&registration.certificate)?,
            key: read_key(&registration.key)?,
            trusted: read_certificates(&registration.authorities)?,
        })
    }

    /// Opens a session with a member that shows a certificate of this cluster.
    fn connect(
        &self,
        endpoint: &Endpoint,
        known: &Entry,
        watch: &Arc<Watch>,
    ) -> Result<(Client, Entry, Vec<keyrings::Slot>), Error> {
        let target = |trust| Target {
            host: endpoint.address.clone(),
            port: endpoint.port,
            trust,
            limit: Some(watch.limit()),
        };
        let is_member = |seen: &Fingerprint| {
            self.trusted.contains(seen)
                || known.members.iter().any(|member| member.fingerprint == seen.to_string())
        };
        let mut client = match Client::connect(target(Trust::FirstContact)) {
            Err(Error::Unknown { seen, .. }) if is_member(&seen) => {
                Client::connect(target(Trust::Pinned(seen)))?
            }
            other => other?,
        };
        watch.attach(&mut client);
        let text = ClientSession::text(&self.cluster, &client.fingerprint().to_string());
        let signature = self.key.sign(&SystemRandom::new(), text.as_bytes());
        let signature = signature.map_err(|_| Error::Unreachable {
            address: client.address().to_owned(),
            reason: "the client's key does not sign".to_owned(),
        })?;
        let session = ClientSession {
            common_name: self.name.clone(),
            signature: BASE64_STANDARD.encode(signature),
        };
        let entry = client.login_to_cluster(&self.cluster, &session)?;
        // A member that is not authorized refuses this call.
        let found = client.get(&keyrings::SLOTS, &[&self.cluster])?.data;
        Ok((client, entry, found))
    }
}

/// Adds the path to an error.
fn at(path: &Path, kind: io::ErrorKind, reason: impl std::fmt::Display) -> io::Error {
    io::Error::new(kind, format!("{}: {reason}", path.display()))
}

/// A text signed with the key of a file, in Base64.
pub(crate) fn sign(key: &Path, text: &str) -> io::Result<String> {
    let signature = read_key(key)?.sign(&SystemRandom::new(), text.as_bytes());
    let signature = signature.map_err(|_| at(key, io::ErrorKind::Other, "it does not sign"))?;
    Ok(BASE64_STANDARD.encode(signature))
}

fn read_key(path: &Path) -> io::Result<EcdsaKeyPair> {
    let pem = std::fs::read(path).map_err(|error| at(path, error.kind(), error))?;
    let pem = Zeroizing::new(pem);
    let broken = |reason: &str| at(path, io::ErrorKind::InvalidData, reason);
    let (_, key) =
        x509_parser::pem::parse_x509_pem(&pem).map_err(|_| broken("not a key in PEM form"))?;
    let key = Zeroizing::new(key.contents);
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &key, &SystemRandom::new())
        .map_err(|_| broken("not an ECDSA P-256 key in PKCS#8 form"))
}

/// The fingerprints of the certificates in a PEM file, in their order.
fn read_certificates(path: &Path) -> io::Result<Vec<Fingerprint>> {
    let content = std::fs::read(path).map_err(|error| at(path, error.kind(), error))?;
    x509_parser::pem::Pem::iter_from_buffer(&content)
        .map(|pem| match pem {
            Ok(pem) => Ok(Fingerprint::of(&pem.contents)),
            Err(error) => Err(at(path, io::ErrorKind::InvalidData, error)),
        })
        .collect()
}

/// The stored list of members; empty before the first session.
fn read_members(path: &PathBuf) -> io::Result<Entry> {
    match std::fs::read(path) {
        Ok(json) => serde_json::from_slice(&json)
            .map_err(|error| at(path, io::ErrorKind::InvalidData, error)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Entry::default()),
        Err(error) => Err(at(path, error.kind(), error)),
    }
}

fn write_members(path: &Path, entry: &Entry) -> io::Result<()> {
    let mut json = serde_json::to_vec_pretty(entry)?;
    json.push(b'\n');
    replace_file(path, &json)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(address: &str, group: &str, byte: u8) -> EntryMember {
        EntryMember {
            address: address.into(),
            port: 50052,
            fingerprint: Fingerprint([byte; 32]).to_string(),
            group: group.into(),
        }
    }

    fn registration(server: &str) -> Registration {
        Registration {
            index: 0,
            server: server.into(),
            certificate: "c.pem".into(),
            key: "k.pem".into(),
            authorities: "/x/lnh_ca.pem".into(),
        }
    }

    #[test]
    fn members_of_the_entry_group_are_tried_first() {
        let members = vec![
            member("10.0.0.3", "remote", 3),
            member("10.0.0.2", "local", 2),
            member("10.0.0.1", "local", 1),
        ];
        let known = Entry { cluster_label: "prod".into(), members };
        let seen = |server, entry: Option<&Fingerprint>| -> Vec<(String, Option<String>)> {
            let endpoints = endpoints(&registration(server), entry, &known);
            endpoints.into_iter().map(|endpoint| (endpoint.address, endpoint.other_group)).collect()
        };
        let at = |address: &str| (address.to_owned(), None);
        let remote = ("10.0.0.3".to_owned(), Some("remote".to_owned()));
        assert_eq!(seen("10.0.0.1:50052", None), [at("10.0.0.1"), at("10.0.0.2"), remote.clone()]);
        // Under another address, the entry member is recognized by its certificate.
        assert_eq!(
            seen("192.0.2.1:50052", Some(&Fingerprint([1; 32]))),
            [at("192.0.2.1"), at("10.0.0.2"), at("10.0.0.1"), remote]
        );
    }

    #[test]
    fn a_generated_key_can_sign() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("k.pem");
        let made = crate::certificate::make("app").unwrap();
        crate::certificate::write_key(&path, &made.key).unwrap();
        let signature = read_key(&path).unwrap().sign(&SystemRandom::new(), b"text").unwrap();
        let (_, pem) = x509_parser::pem::parse_x509_pem(made.certificate.as_bytes()).unwrap();
        let certificate = pem.parse_x509().unwrap();
        let public = &certificate.public_key().subject_public_key.data;
        ring::signature::UnparsedPublicKey::new(
            &ring::signature::ECDSA_P256_SHA256_ASN1,
            public.as_ref(),
        )
        .verify(b"text", signature.as_ref())
        .unwrap();
        std::fs::write(&path, "nonsense").unwrap();
        assert!(read_key(&path).err().unwrap().to_string().contains("k.pem"));
    }

    #[test]
    fn members_are_stored_and_a_missing_file_is_like_an_empty_list() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("members.json");
        assert_eq!(read_members(&path).unwrap(), Entry::default());
        let known =
            Entry { cluster_label: "prod".into(), members: vec![member("10.0.0.1", "local", 1)] };
        write_members(&path, &known).unwrap();
        assert_eq!(read_members(&path).unwrap(), known);
    }
}
