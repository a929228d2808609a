//! Which appliance certificates are believed.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// SHA-256 of a certificate's DER form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 32]);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SHA256:")
    }
}

impl FromStr for Fingerprint {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Err(text.to_owned())
    }
}

/// How an appliance's certificate is judged.
#[derive(Clone, Debug)]
pub enum Trust {
    /// Exactly this certificate.
    Pinned(Fingerprint),
    /// Whatever a CA in this PEM file vouches for, host name included.
    Authority(PathBuf),
    /// Nothing yet: connecting reports the fingerprint as [`crate::Error::Unknown`].
    FirstContact,
}

/// The file that remembers fingerprints, one `host:port fingerprint` a line, mode 0600.
pub struct Pins {
    path: PathBuf,
}

impl Pins {
    /// Names the file; it need not exist.
    pub fn at(path: PathBuf) -> Pins {
        Pins { path }
    }

    /// The fingerprint that was pinned for `address` (host:port).
    ///
    /// # Errors
    /// The file cannot be read or a line of it is not understood.
    pub fn find(&self, address: &str) -> std::io::Result<Option<Fingerprint>> {
        let _ = (address, &self.path);
        Ok(None)
    }

    /// Remembers a fingerprint, in place of an older one for the same address.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn remember(&self, address: &str, fingerprint: Fingerprint) -> std::io::Result<()> {
        let _ = (address, fingerprint);
        Ok(())
    }
}
