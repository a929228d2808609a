//! The software token of this client for the Secure Trusted Channel: who the client is, and which
//! partitions it knows.
//!
//! It is one file, `token.db` in `SoftTokenDir`, readable by its owner alone and replaced in one step.
//! Where it is, the vendor documents; its content is ours. What is exported of it, the public key, has
//! the form of the REST API's example.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use luna_rest::Secret;
use luna_rest::stc::IDENTITY;
use luna_shell::{make_private_folder, replace_file, replace_private_file};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use rsa::RsaPrivateKey;
use rsa::pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey, LineEnding};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::certificate::rsa_key;
use crate::chrystoki::Chrystoki;
use crate::deploy::installed;
use crate::token::hex;

/// The section that names the folders.
const SECTION: &str = "Secure Trusted Channel";
/// What stands between [`IDENTITY`] and the public key.
const VERSION: [u8; 6] = [0, 0, 0, 0, 0, 1];
/// What a partition's identity has in its first bytes, after the name of the vendor or the product.
const OF_PARTITION: &[u8] = b"StcPartitionIdentityPub";
/// The form of the token's file.
const FORMAT: u32 = 1;
/// Tokens are small: a private key and a few lines a partition.
const USUAL_SIZE: usize = 16 * 1024;

/// The folders of the channel's files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StcFolders {
    /// That of the token.
    pub(crate) token: PathBuf,
    /// Where public keys of this client are exported to.
    pub(crate) clients: PathBuf,
    /// Where public keys of partitions are exported to.
    pub(crate) partitions: PathBuf,
}

impl StcFolders {
    /// Those that a configuration names, or else those of an installation, below the folder of the
    /// configuration where there is none. That the token's is `configData/token` is assumed.
    pub(crate) fn of(file: &Chrystoki, configuration: &Path) -> StcFolders {
        let root = installed(file).or(configuration.parent()).unwrap_or(Path::new(""));
        let folder = |key: &str, usual: &str| match file.get(SECTION, key) {
            Some(path) if !path.is_empty() => PathBuf::from(path),
            _ => root.join(usual),
        };
        StcFolders {
            token: folder("SoftTokenDir", "configData/token"),
            clients: folder("ClientIdentitiesDir", "data/client_identities"),
            partitions: folder("PartitionIdentitiesDir", "data/partition_identities"),
        }
    }

    fn token_file(&self) -> PathBuf {
        self.token.join("token.db")
    }

    /// The token; none while there is no file.
    ///
    /// # Errors
    /// The file cannot be read or understood; the message names it and nothing of its content.
    pub(crate) fn read(&self) -> io::Result<Option<SoftToken>> {
        let path = self.token_file();
        let content = match std::fs::read(&path) {
            Ok(content) => Zeroizing::new(content),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(named(&path, error.kind(), &error)),
        };
        let broken = |why: &str| named(&path, ErrorKind::InvalidData, &why);
        let token: SoftToken = serde_json::from_slice(&content)
            .map_err(|_| broken("it is no token of this program"))?;
        match token.format {
            FORMAT => Ok(Some(token)),
            _ => Err(broken("it was made by a newer program")),
        }
    }

    /// Replaces the token: whoever reads sees the old or the new one.
    ///
    /// # Errors
    /// The file cannot be written; the message names it.
    pub(crate) fn write(&self, token: &SoftToken) -> io::Result<()> {
        let path = self.token_file();
        let at = |error: io::Error| named(&path, error.kind(), &error);
        // A folder that is there is shared as its owner wants it.
        if !self.token.exists() {
            make_private_folder(&self.token).map_err(at)?;
        }
        let mut content = Zeroizing::new(Vec::with_capacity(USUAL_SIZE));
        serde_json::to_writer_pretty(&mut *content, token).map_err(io::Error::from).map_err(at)?;
        content.push(b'\n');
        replace_private_file(&path, &content).map_err(at)
    }
}

fn named(path: &Path, kind: ErrorKind, reason: &dyn std::fmt::Display) -> io::Error {
    io::Error::new(kind, format!("{}: {reason}", path.display()))
}

/// Writes a public key into a file, whose folder is made if it is not there.
///
/// # Errors
/// It cannot be written; the message names it.
pub(crate) fn export(path: &Path, content: &[u8]) -> io::Result<()> {
    let at = |error: io::Error| named(path, error.kind(), &error);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(at)?;
    }
    replace_file(path, content).map_err(at)
}

/// The token.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SoftToken {
    format: u32,
    /// Its label.
    pub(crate) label: String,
    /// Who this client is.
    pub(crate) identity: Option<Identity>,
    /// The partitions that were registered.
    pub(crate) partitions: Vec<KnownPartition>,
}

/// A partition that this client knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KnownPartition {
    pub(crate) label: String,
    pub(crate) serial: String,
    /// The SHA-1 of its identity, in hexadecimal digits.
    pub(crate) hash: String,
}

impl SoftToken {
    /// A new one, without an identity.
    pub(crate) fn new(label: String) -> SoftToken {
        SoftToken { format: FORMAT, label, identity: None, partitions: Vec::new() }
    }
}

/// Who this client is: a label and a key pair.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Identity {
    pub(crate) label: String,
    /// PKCS#8 in PEM.
    key: Secret,
}

impl Identity {
    /// A new RSA key of 2048 bits.
    ///
    /// # Errors
    /// The system gives no randomness.
    pub(crate) fn new(label: String) -> io::Result<Identity> {
        let pem = rsa_key()?.to_pkcs8_pem(LineEnding::LF).map_err(io::Error::other)?;
        Ok(Identity { label, key: Secret::from(pem.as_str()) })
    }

    /// What is exported: the public key, as partitions take it.
    ///
    /// # Errors
    /// The token's key is damaged.
    pub(crate) fn exported(&self) -> io::Result<Vec<u8>> {
        let damaged = "the private key of the client's token is damaged";
        let damaged = || io::Error::new(ErrorKind::InvalidData, damaged);
        let key = RsaPrivateKey::from_pkcs8_pem(self.key.expose()).map_err(|_| damaged())?;
        let pem = key.to_public_key().to_public_key_pem(LineEnding::LF).map_err(|_| damaged())?;
        Ok([IDENTITY.as_bytes(), &VERSION, pem.as_bytes()].concat())
    }

    /// The SHA-1 of what is exported, which a partition shows for this client.
    ///
    /// # Errors
    /// The token's key is damaged.
    pub(crate) fn hash(&self) -> io::Result<String> {
        Ok(hash(&self.exported()?))
    }
}

/// The SHA-1 of an exported identity, in hexadecimal digits.
pub(crate) fn hash(exported: &[u8]) -> String {
    hex(digest(&SHA1_FOR_LEGACY_USE_ONLY, exported).as_ref())
}

/// The partition of a `.pid` file: it is named by the partition's serial number.
///
/// # Errors
/// Why it is none.
pub(crate) fn partition_of(path: &Path, content: &[u8]) -> Result<(String, String), &'static str> {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let head = &content[..content.len().min(64)];
    if !head.windows(OF_PARTITION.len()).any(|part| part == OF_PARTITION) {
        return Err("it has no identity of a partition");
    }
    if stem.is_empty() || !stem.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("its name is not the serial number of a partition");
    }
    Ok((stem.to_owned(), hash(content)))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn folders(root: &Path) -> StcFolders {
        StcFolders::of(&Chrystoki::default(), &root.join("Chrystoki.conf"))
    }

    fn token() -> SoftToken {
        let mut token = SoftToken::new("token 1".to_owned());
        token.identity = Some(Identity::new("client 1".to_owned()).unwrap());
        let (label, serial, hash) = ("p".to_owned(), "154438865304".to_owned(), "00".to_owned());
        token.partitions.push(KnownPartition { label, serial, hash });
        token
    }

    #[test]
    fn the_configuration_names_the_folders_or_the_installation_has_them() {
        let text = "Misc = {\n   ToolsDir = /usr/safenet/lunaclient/bin/;\n}\n\
                    Secure Trusted Channel = {\n   SoftTokenDir = /opt/token;\n}\n";
        let file = Chrystoki::parse(text).unwrap();
        let found = StcFolders::of(&file, Path::new("/etc/Chrystoki.conf"));
        assert_eq!(found.token_file(), Path::new("/opt/token/token.db"));
        assert_eq!(found.clients, Path::new("/usr/safenet/lunaclient/data/client_identities"));
        let found = folders(Path::new("/etc"));
        assert_eq!(found.partitions, Path::new("/etc/data/partition_identities"));
    }

    #[test]
    fn a_token_is_its_owners_alone_and_survives_a_write_that_was_cut_short() {
        let root = tempfile::tempdir().unwrap();
        let folders = folders(root.path());
        assert!(folders.read().unwrap().is_none());
        let token = token();
        folders.write(&token).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folders.token), mode(&folders.token_file())), (0o700, 0o600));
        // What a killed process leaves: the half of a new file beside the old one.
        let whole = fs::read(folders.token_file()).unwrap();
        fs::write(folders.token.join(".half.new"), &whole[..whole.len() / 2]).unwrap();
        let read = folders.read().unwrap().unwrap();
        assert_eq!(read.label, token.label);
        assert_eq!(read.partitions, token.partitions);
        let hash = |token: &SoftToken| token.identity.as_ref().unwrap().hash().unwrap();
        assert_eq!(hash(&read), hash(&token));
        folders.write(&read).unwrap();
        assert_eq!(mode(&folders.token_file()), 0o600);
    }

    #[test]
    fn a_damaged_token_is_refused_without_its_content() {
        let root = tempfile::tempdir().unwrap();
        let folders = folders(root.path());
        folders.write(&token()).unwrap();
        let text = fs::read_to_string(folders.token_file()).unwrap();
        let newer = text.replace("\"format\": 1", "\"format\": 2");
        for (content, why) in [(&text[..300], "no token"), (&newer, "newer program")] {
            fs::write(folders.token_file(), content).unwrap();
            let told = folders.read().unwrap_err().to_string();
            assert!(told.contains("token.db: ") && told.contains(why), "{told}");
            assert!(!told.contains("KEY"), "{told}");
        }
    }

    #[test]
    fn an_identity_is_exported_as_in_the_example_of_the_rest_api() {
        let identity = Identity::new("client".to_owned()).unwrap();
        let exported = identity.exported().unwrap();
        let head = b"SafeNetStcClientIdentityPub\0\0\0\0\0\x01-----BEGIN PUBLIC KEY-----\n";
        assert!(exported.starts_with(head));
        // As long as the example: an RSA key of 2048 bits.
        assert_eq!(exported.len(), 484);
        assert_eq!(identity.hash().unwrap().len(), 40);
        assert!(!format!("{identity:?}").contains("PRIVATE"));
    }

    #[test]
    fn a_partition_is_known_by_its_files_name() {
        let of = |name: &str, content: &[u8]| partition_of(Path::new(name), content);
        let content = b"LunaStcPartitionIdentityPub 154438865304 00\n";
        assert_eq!(of("/x/154438865304.pid", content).unwrap().0, "154438865304");
        assert!(of("/x/app.pid", content).unwrap_err().contains("name"));
        assert!(of("/x/154438865304.pid", b"-----BEGIN CERTIFICATE-----").is_err());
        assert!(of("", b"").is_err());
    }
}
