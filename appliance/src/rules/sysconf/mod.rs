//! Settings of the appliance: what is kept of them, and the routes of `sysconf/`.
//!
//! `power` (restart, forceSoLogin), `clock` and `zones` (time), `ntp` with `ntp_auth` and
//! `ntp_status`, `ssh`, `web_server`, `config` (backups). Fields are named `sysconf/SERVICE…`,
//! which is how a backup finds what belongs to a service.

pub mod clock;
pub mod config;
pub mod ntp;
pub mod ntp_auth;
pub mod ntp_status;
pub mod ssh;
pub mod web_server;

use crate::core::table::{Cell, Table};
use crate::request::route::Routes;
use crate::rules::appliance::power::System;
use crate::state::{Area, Setup, Visit};

/// What is kept of the settings.
#[derive(Debug, Default)]
pub struct Sysconf {
    /// Time zone and what happens after a failure.
    pub system: Cell<System>,
    /// Network time.
    pub ntp: Cell<ntp::NtpRow>,
    /// Its servers by address.
    pub ntp_servers: Table<ntp::ServerRow>,
    /// Its symmetric keys by number.
    pub ntp_keys: Table<ntp_auth::KeyRow>,
    /// The SSH server.
    pub ssh: Cell<ssh::SshRow>,
    /// The SSH server's own key.
    pub ssh_host_key: Cell<ssh::HostKeyRow>,
    /// From where an account may log in over SSH.
    pub ssh_clients: Table<Vec<String>>,
    /// The server of the API.
    pub web_server: Cell<web_server::WebServerRow>,
    /// When accounts are blocked.
    pub blocklist: Cell<web_server::BlocklistRow>,
    /// Backups of the configuration in the file system.
    pub backups: Table<config::BackupRow>,
    /// The same on the HSM.
    pub exported: Table<config::BackupRow>,
}

impl Area for Sysconf {
    fn fields(&mut self, visit: Visit<'_>) {
        visit("sysconf/system", &mut self.system);
        visit("sysconf/ntp", &mut self.ntp);
        visit("sysconf/ntp/servers", &mut self.ntp_servers);
        visit("sysconf/ntp/keys", &mut self.ntp_keys);
        visit("sysconf/ssh", &mut self.ssh);
        visit("sysconf/ssh/host_key", &mut self.ssh_host_key);
        visit("sysconf/ssh/clients", &mut self.ssh_clients);
        visit("sysconf/webserver", &mut self.web_server);
        visit("sysconf/webserver/blocklist", &mut self.blocklist);
        visit("sysconf/backups", &mut self.backups);
        visit("sysconf/exported", &mut self.exported);
    }

    fn factory(&mut self, setup: &mut Setup<'_>) {
        self.ssh_host_key.set(ssh::HostKeyRow::factory(setup.random));
    }
}

pub(crate) fn routes(r: &mut Routes) {
    clock::routes(r);
    ntp::routes(r);
    ntp_auth::routes(r);
    ssh::routes(r);
    web_server::routes(r);
    config::routes(r);
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::test_machine::Bench;

    /// Logs the HSM SO in, in every open session.
    pub(crate) fn so(bench: &mut Bench) {
        for session in bench.machine.sessions.iter_mut() {
            session.hsm_logins.insert("so".to_owned());
        }
    }
}
