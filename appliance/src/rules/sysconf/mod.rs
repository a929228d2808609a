//! Settings of the appliance: time and drift, the banner, NTP, SNMP, SSH, logs, TLS, the web server, backups of
//! the configuration.

pub mod banner;
pub mod clock;
pub mod config;
pub mod drift;
pub mod mib;
pub mod ntp;
pub mod ntp_auth;
pub mod ntp_status;
pub mod snmp;
pub mod snmp_traps;
pub mod ssh;
pub mod ssh_login;
pub mod syslog;
pub mod syslog_certificates;
pub mod syslog_hosts;
pub mod tls;
pub mod web_server;

use crate::request::route::Routes;

pub(crate) fn routes(r: &mut Routes) {
    clock::routes(r);
    drift::routes(r);
    banner::routes(r);
    ntp::routes(r);
    ntp_auth::routes(r);
    ntp_status::routes(r);
    snmp::routes(r);
    snmp_traps::routes(r);
    ssh::routes(r);
    ssh_login::routes(r);
    syslog::routes(r);
    syslog_hosts::routes(r);
    syslog_certificates::routes(r);
    tls::routes(r);
    web_server::routes(r);
    config::routes(r);
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::test_machine::TestMachine;

    /// Logs the HSM SO in, in every open session.
    pub(crate) fn so(bench: &mut TestMachine) {
        for session in bench.machine.sessions.iter_mut() {
            session.hsm_logins.insert("so".to_owned());
        }
    }
}
