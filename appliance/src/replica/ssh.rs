//! What the SSH server takes from the state, and how it and the NTLS server are set.

use std::io;

use luna_rest::Secret;

use crate::core::ntls::NtlsServer;
use crate::core::ssh::SshServer;
use crate::replica::Replica;
use crate::state::sysconf::FurtherKeyRow;

/// Keys with their names, as the state keeps them.
pub(crate) type FurtherKeys = Vec<(&'static str, FurtherKeyRow)>;

/// The settings of `sysconf ssh` that a connection depends on.
#[derive(Debug, Default)]
pub(crate) struct SshSettings {
    pub(crate) ciphers: Vec<String>,
    pub(crate) macs: Vec<String>,
    pub(crate) password: bool,
    pub(crate) public_key: bool,
    /// Of the Ed25519 key.
    pub(crate) seed: Secret,
    /// The other keys.
    pub(crate) further_keys: Vec<Secret>,
}

impl SshSettings {
    fn keys(&self) -> impl Iterator<Item = &str> {
        [&self.seed].into_iter().chain(&self.further_keys).map(Secret::expose)
    }
}

impl PartialEq for SshSettings {
    fn eq(&self, other: &SshSettings) -> bool {
        (&self.ciphers, &self.macs) == (&other.ciphers, &other.macs)
            && (self.password, self.public_key) == (other.password, other.public_key)
            && self.keys().eq(other.keys())
    }
}

impl Replica {
    /// Sets the SSH server, which listens from now on where the state says.
    pub(crate) fn set_ssh(&self, ssh: impl SshServer + 'static) {
        self.engine().machine.set_ssh(Box::new(ssh));
    }

    /// Sets the NTLS server, which takes clients from now on as the state says.
    pub(crate) fn set_ntls(&self, ntls: impl NtlsServer + 'static) {
        self.engine().machine.set_ntls(Box::new(ntls));
    }

    /// The settings as they are now; missing keys are made first.
    ///
    /// # Errors
    /// The keys cannot be made or stored.
    pub(crate) fn ssh_settings(
        &self,
        make: impl FnOnce() -> io::Result<FurtherKeys>,
    ) -> io::Result<SshSettings> {
        let missing = self.engine().machine.state.sysconf.ssh_further_keys.is_empty();
        // It takes a second, in which others are answered.
        let made = if missing { make()? } else { Vec::new() };
        let mut engine = self.engine();
        if engine.machine.state.sysconf.ssh_further_keys.is_empty() {
            engine
                .change_own(|machine| {
                    let keys = &mut machine.state.sysconf.ssh_further_keys;
                    made.into_iter().for_each(|(name, row)| keys.insert(name, row));
                })
                .map_err(io::Error::other)?;
        }
        let sysconf = &engine.machine.state.sysconf;
        let row = sysconf.ssh.get();
        Ok(SshSettings {
            ciphers: row.ciphers.clone(),
            macs: row.macs.clone(),
            password: row.password,
            public_key: row.public_key,
            seed: sysconf.ssh_host_key.get().seed.clone(),
            further_keys: sysconf.ssh_further_keys.values().map(|row| row.pem.clone()).collect(),
        })
    }
}
