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

use crate::request::route::Routes;

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
