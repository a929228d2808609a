//! A secret in a request: serialized as a plain string, never shown, wiped when dropped; and the memory
//! of a process that holds some.

use std::fmt;

use rustix::process::{Resource, Rlimit, setrlimit};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A password, domain or challenge in a request.
///
/// [`secrecy`] does not serialize secrets; requests need it, so this is the one type that does. Its
/// `Debug` form hides the value.
#[derive(Clone, Default)]
pub struct Secret(SecretString);

impl Secret {
    /// The value itself; keep it short-lived.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Whether nothing was given.
    pub fn is_empty(&self) -> bool {
        self.expose().is_empty()
    }
}

impl From<&str> for Secret {
    fn from(value: &str) -> Self {
        Secret(value.into())
    }
}

impl From<String> for Secret {
    fn from(value: String) -> Self {
        Secret(value.into())
    }
}

impl From<SecretString> for Secret {
    fn from(value: SecretString) -> Self {
        Secret(value)
    }
}

impl From<&SecretString> for Secret {
    fn from(value: &SecretString) -> Self {
        Secret(value.clone())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.expose())
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Secret::from)
    }
}

/// Lets no other process of this user look into this one's memory, and the system write no core of it:
/// for every program that holds secrets, first of all in its `main`. Where the system has no such
/// thing it stays as it is.
pub fn guard_memory() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guarded_process_writes_no_core_and_is_not_looked_into() {
        guard_memory();
        let core = rustix::process::getrlimit(Resource::Core);
        assert_eq!((core.current, core.maximum), (Some(0), Some(0)));
        #[cfg(target_os = "linux")]
        assert_eq!(
            rustix::process::dumpable_behavior().unwrap(),
            rustix::process::DumpableBehavior::NotDumpable
        );
    }

    #[test]
    fn a_secret_is_serialized_but_not_shown() {
        let secret = Secret::from("PASSWORD");
        assert_eq!(serde_json::to_string(&secret).unwrap(), "\"PASSWORD\"");
        assert_eq!(format!("{secret:?}"), "Secret(***)");
    }
}
