//! Package files (`*.spkg`) of the emulated appliance: a stand-in for the vendor's signed ones.
//!
//! A package file is a head, a check of the authorization code, a tag, and a tar archive with
//! `manifest.toml` and the payload. Both the check and the tag are HMAC-SHA256 with the code as the
//! key: the first detects a wrong code, the second a file that was changed.

use std::io::{self, Read};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac::{Context, HMAC_SHA256, Key};
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};

const MAGIC: &[u8] = b"LUNA-SPKG-1\n";
const SALT: usize = 16;
const TAG: usize = 32;
const MANIFEST: &str = "manifest.toml";
/// The largest file in a package, bytes; more than an emulated appliance needs.
const MAX_PAYLOAD: u64 = 64 << 20;

/// Name and version of what a package holds, and what it needs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The name, such as `lnh_cluster`.
    pub name: String,
    /// The version, such as `1.0.4-12`.
    pub version: String,
    /// Packages that have to be there: `NAME`, or `NAME VERSION` for that version or a later one.
    /// The appliance's own software is called `appliance`.
    #[serde(default)]
    pub requires: Vec<String>,
    /// The HSM firmware that an update of the appliance's software brings; empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub firmware: String,
}

impl Manifest {
    /// Name and version in one word, as `package list` shows them.
    pub fn id(&self) -> String {
        format!("{}-{}", self.name, self.version)
    }
}

/// A package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Package {
    /// What it is.
    pub manifest: Manifest,
    /// Names and contents of the files it brings.
    pub payload: Vec<(String, Vec<u8>)>,
}

/// Why a package file cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file is no package.
    #[error("the file is not a secure package: {0}")]
    NotAPackage(String),
    /// The authorization code belongs to another package.
    #[error("the authorization code does not belong to this package")]
    WrongCode,
    /// The file was changed after it was made.
    #[error("the file was changed after it was made, or was not copied completely")]
    Damaged,
}

impl Package {
    /// The package file; `code` opens it again.
    ///
    /// # Errors
    /// A name in the payload has no place in an archive.
    pub fn seal(&self, code: &str, salt: [u8; SALT]) -> io::Result<Vec<u8>> {
        let manifest = toml::to_string(&self.manifest).map_err(io::Error::other)?;
        let mut archive = tar::Builder::new(Vec::new());
        let mut add = |name: &str, content: &[u8]| {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            archive.append_data(&mut header, name, content)
        };
        add(MANIFEST, manifest.as_bytes())?;
        for (name, content) in &self.payload {
            add(name, content)?;
        }
        let archive = archive.into_inner()?;
        let mut file = [MAGIC, &salt].concat();
        file.extend(check(code, &salt).sign().as_ref());
        file.extend(tag(code, &salt, &archive).sign().as_ref());
        file.extend(archive);
        Ok(file)
    }

    /// Reads a package file.
    ///
    /// # Errors
    /// Any [`OpenError`].
    pub fn open(file: &[u8], code: &str) -> Result<Package, OpenError> {
        let short = || OpenError::NotAPackage("it is too short".to_owned());
        let rest = file
            .strip_prefix(MAGIC)
            .ok_or_else(|| OpenError::NotAPackage("it begins differently".to_owned()))?;
        let (salt, rest) = rest.split_at_checked(SALT).ok_or_else(short)?;
        let (checked, rest) = rest.split_at_checked(TAG).ok_or_else(short)?;
        let (tagged, archive) = rest.split_at_checked(TAG).ok_or_else(short)?;
        if !check(code, salt).is(checked) {
            return Err(OpenError::WrongCode);
        }
        if !tag(code, salt, archive).is(tagged) {
            return Err(OpenError::Damaged);
        }
        unpack(archive)
    }
}

fn unpack(archive: &[u8]) -> Result<Package, OpenError> {
    let broken = |error: io::Error| OpenError::NotAPackage(error.to_string());
    let mut manifest = None;
    let mut payload = Vec::new();
    for entry in tar::Archive::new(archive).entries().map_err(broken)? {
        let entry = entry.map_err(broken)?;
        let name = entry.path().map_err(broken)?.to_string_lossy().into_owned();
        let mut content = Vec::new();
        entry.take(MAX_PAYLOAD).read_to_end(&mut content).map_err(broken)?;
        if name == MANIFEST {
            let read: Manifest = toml::from_slice(&content)
                .map_err(|error| OpenError::NotAPackage(error.message().to_owned()))?;
            manifest = Some(read);
        } else {
            payload.push((name, content));
        }
    }
    let manifest =
        manifest.ok_or_else(|| OpenError::NotAPackage(format!("it has no {MANIFEST}")))?;
    Ok(Package { manifest, payload })
}

/// What an HMAC is computed over, and with.
struct Mac {
    key: Key,
    text: Vec<u8>,
}

impl Mac {
    fn new(code: &str, text: &[&[u8]]) -> Mac {
        Mac { key: Key::new(HMAC_SHA256, code.as_bytes()), text: text.concat() }
    }

    fn sign(&self) -> ring::hmac::Tag {
        let mut context = Context::with_key(&self.key);
        context.update(&self.text);
        context.sign()
    }

    fn is(&self, tag: &[u8]) -> bool {
        ring::hmac::verify(&self.key, &self.text, tag).is_ok()
    }
}

fn check(code: &str, salt: &[u8]) -> Mac {
    Mac::new(code, &[b"authcode", salt])
}

fn tag(code: &str, salt: &[u8], archive: &[u8]) -> Mac {
    Mac::new(code, &[b"package", salt, archive])
}

/// Whether a text has the form of an authorization code: 16 letters, digits and slashes.
pub fn is_code(code: &str) -> bool {
    code.len() == 16 && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'/')
}

/// A fresh authorization code and a fresh salt.
///
/// # Errors
/// The system gives no random numbers.
pub fn fresh() -> io::Result<(String, [u8; SALT])> {
    let random = SystemRandom::new();
    let failed = |_| io::Error::other("the system gives no random numbers");
    let (mut bytes, mut salt) = ([0; 12], [0; SALT]);
    random.fill(&mut bytes).map_err(failed)?;
    random.fill(&mut salt).map_err(failed)?;
    Ok((STANDARD.encode(bytes).replace('+', "/"), salt))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = "5/Rd79MAGd/G9EY5";

    fn package() -> Package {
        Package {
            manifest: Manifest {
                name: "lnh_cluster".into(),
                version: "1.0.4-12".into(),
                requires: vec!["appliance 7.8.5".into()],
                ..Manifest::default()
            },
            payload: vec![("bin/clusterd".into(), b"\x7fELF".to_vec())],
        }
    }

    #[test]
    fn a_package_comes_back_as_it_was_sealed() {
        let file = package().seal(CODE, [1; SALT]).unwrap();
        assert_eq!(Package::open(&file, CODE).unwrap(), package());
    }

    #[test]
    fn a_wrong_code_a_changed_file_and_another_file_are_told_apart() {
        let file = package().seal(CODE, [1; SALT]).unwrap();
        assert!(matches!(Package::open(&file, "5/Rd79MAGd/G9EY6"), Err(OpenError::WrongCode)));
        let mut changed = file.clone();
        *changed.last_mut().unwrap() ^= 1;
        assert!(matches!(Package::open(&changed, CODE), Err(OpenError::Damaged)));
        let cut = &file[..file.len() - 512];
        assert!(matches!(Package::open(cut, CODE), Err(OpenError::Damaged)));
        for other in [&b"\x1f\x8b"[..], b"", &file[..20]] {
            assert!(matches!(Package::open(other, CODE), Err(OpenError::NotAPackage(_))));
        }
    }

    #[test]
    fn a_fresh_code_has_the_form_that_the_appliance_asks_for() {
        let (code, _) = fresh().unwrap();
        assert!(is_code(&code), "{code}");
        assert!(!is_code("5/Rd79MAGd/G9EY") && !is_code("5/Rd79MAGd/G9EY+"));
    }
}
