//! The configuration file and the folders of a user.
//!
//! `config.toml` in the configuration folder:
//!
//! ```toml
//! default = "production"
//! require_host = true            # never an emulated appliance of your own
//!
//! [profiles.production]
//! host = "hsm1.example.com"      # or host:port
//! user = "operator"
//! fingerprint = "SHA256:…"       # or ca = "/etc/luna/ca.pem"
//! client = "app1"                # lunacm: whose slots are shown
//! via = "ssh"                    # lunash: or "auto"; else "rest"
//! ssh_port = 2222                # lunash: else that of ssh's own configuration
//! ssh_options = ["ProxyJump=j"]  # lunash: as behind ssh's -o
//! owner = "payments team"        # lunash: who answers for it, in inventories and requests
//! notes = "rack 4, Frankfurt"    # lunash: anything else, in inventories
//! ```

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::failure::{Failure, Kind};
use crate::options::Via;

/// The folders of the user.
#[derive(Clone, Debug)]
pub struct Folders {
    /// For `config.toml` and the pins.
    pub config: PathBuf,
    /// For the emulated appliance.
    pub appliance: PathBuf,
    /// For the line histories.
    pub state: PathBuf,
}

impl Folders {
    /// The folders of the platform for this user.
    ///
    /// # Errors
    /// The user has no home.
    pub fn of_user() -> Result<Folders, Failure> {
        let folders = directories::ProjectDirs::from("", "", "luna").ok_or_else(|| {
            Failure::new(Kind::NotUnderstood, "No home folder: HOME is not set.")
                .hint("set HOME, or name the folder of the emulated appliance with --data")
        })?;
        Ok(Folders {
            config: folders.config_dir().to_owned(),
            appliance: folders.data_dir().join("appliance"),
            state: folders.state_dir().unwrap_or(folders.data_dir()).to_owned(),
        })
    }

    /// The file of pinned certificates.
    pub fn pins(&self) -> PathBuf {
        self.config.join("pins")
    }
}

/// The configuration file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The profile to use if none is named.
    pub default: Option<String>,
    /// Without a host, refuse instead of using an emulated appliance.
    #[serde(default)]
    pub require_host: bool,
    /// Profiles by name.
    #[serde(default)]
    pub profiles: BTreeMap<String, Profile>,
}

/// An appliance and how to connect to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Host name or address, with an optional `:port`.
    pub host: String,
    /// The appliance account.
    pub user: Option<String>,
    /// The fingerprint its certificate must have.
    pub fingerprint: Option<String>,
    /// A PEM file of authorities for its certificate.
    pub ca: Option<PathBuf>,
    /// The NTLS client whose partitions `lunacm` shows.
    pub client: Option<String>,
    /// The way that `lunash` takes.
    pub via: Option<Via>,
    /// The port of the appliance's SSH, where it is not that of ssh's own configuration.
    pub ssh_port: Option<u16>,
    /// Options for ssh, each as behind its `-o`.
    #[serde(default)]
    pub ssh_options: Vec<String>,
    /// Who answers for the appliance, for people who read inventories, requests and evidence.
    pub owner: Option<String>,
    /// Whatever else they should know.
    pub notes: Option<String>,
}

impl Config {
    /// Reads the file; a missing file is like an empty one.
    ///
    /// # Errors
    /// It cannot be read or parsed; the message has file, line and column.
    pub fn read(path: &Path) -> Result<Config, Failure> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Config::default());
            }
            Err(error) => {
                return Err(Failure::new(
                    Kind::NotUnderstood,
                    format!("cannot read {}: {error}.", path.display()),
                ));
            }
        };
        // No part of the file is quoted: somebody may have put a password into it.
        toml::from_str(&text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let (line, column) = position(before);
            let what = error.message().split(['`', '"', '\'']).next().unwrap_or_default();
            let what = what.trim_end_matches([' ', ':', ',']);
            let place = format!("{}, line {line}, column {column}", path.display());
            Failure::new(Kind::NotUnderstood, format!("{place}: {what}.")).hint(
                "it may hold default and require_host, and host, user, fingerprint, ca, client, \
                     via, ssh_port, ssh_options, owner and notes of each profile",
            )
        })
    }

    /// The profile called `name`, or the default one.
    ///
    /// # Errors
    /// There is no such profile; the message lists those that exist.
    pub fn profile(&self, name: Option<&str>) -> Result<Option<&Profile>, Failure> {
        let Some(name) = name.or(self.default.as_deref()) else { return Ok(None) };
        self.profiles.get(name).map(Some).ok_or_else(|| {
            let known: Vec<&str> = self.profiles.keys().map(String::as_str).collect();
            Failure::new(Kind::NotUnderstood, format!("There is no profile '{name}'.")).hint(
                match known[..] {
                    [] => "the configuration file has no profiles".to_owned(),
                    _ => format!("known profiles: {}", known.join(", ")),
                },
            )
        })
    }
}

/// Line and column of what follows a text, both from 1.
fn position(before: &str) -> (usize, usize) {
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_profile_must_exist() {
        let config: Config =
            toml::from_str("default='a'\n[profiles.a]\nhost='h:1'\nuser='operator'").unwrap();
        assert_eq!(config.profile(None).unwrap().unwrap().host, "h:1");
        let failure = config.profile(Some("b")).unwrap_err();
        assert_eq!(failure.hints, ["known profiles: a"]);
    }

    #[test]
    fn an_error_has_its_place_and_quotes_nothing() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for text in [
            "[profiles.a]\nhost = 'h'\npasswort = 's3cr3t-1'\n",
            "[profiles.a]\nhost = 's3cr3t-1\n",
            "[profiles.a]\nhost = s3cr3t-1\n",
            "[profiles.a]\nhost = ['s3cr3t-1']\n",
            "require_host = 's3cr3t-1'\n",
        ] {
            std::fs::write(file.path(), text).unwrap();
            let told = Config::read(file.path()).unwrap_err().message;
            assert!(!told.contains("s3cr3t"), "{told}");
            assert!(told.contains(", line "), "{told}");
        }
    }

    #[test]
    fn an_unknown_key_is_an_error() {
        assert!(toml::from_str::<Config>("[profiles.a]\nhost='h'\nusr='x'").is_err());
    }

    #[test]
    fn a_missing_file_is_like_an_empty_one() {
        assert!(Config::read(Path::new("/nonexistent/config.toml")).unwrap().profiles.is_empty());
    }
}
