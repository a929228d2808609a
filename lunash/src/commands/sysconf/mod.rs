//! `sysconf`: the settings of the appliance. A file per menu below it; here `regenCert` and what
//! the menus share.

pub(super) mod appliance;
pub(super) mod banner;
pub(super) mod config;
pub(super) mod drift;
pub(super) mod fingerprint;
pub(super) mod force_so_login;
pub(super) mod ntp;
pub(super) mod ntp_auth;
pub(super) mod radius;
pub(super) mod reimage;
pub(super) mod snmp;
pub(super) mod snmp_notification;
pub(super) mod snmp_trap;
pub(super) mod ssh;
pub(super) mod ssh_access;
pub(super) mod time;
pub(super) mod tls;
pub(super) mod user_password;

mod ntp_status;

use luna_rest::ntls;

use crate::prelude::*;
use crate::refusals::refused_in_detail;

pub(super) const MENUS: &[Menu] = &[Menu { path: "sysconf", help: "Settings of the appliance" }];

pub(super) const COMMANDS: &[Command] = &[Command {
    syntax: "sysconf regenCert [-csr] [-force|-f]",
    help: "Make a new key and certificate for NTLS",
    options: &[("-csr", "Make a certificate request, serverCSR.pem, to be signed by an authority")],
    roles: Role::OPERATOR,
    rest: &[ntls::REGENERATE.resource(), ntls::REQUEST.resource()],
    known: Known::Seen("sysconf-regencert-5"),
    run: call::<RegenCert>(),
}];

#[derive(Deserialize)]
struct RegenCert {
    csr: bool,
    force: bool,
}

/// What was made.
#[derive(Serialize)]
struct Regenerated {
    /// A certificate request instead of a certificate.
    csr: bool,
}

impl Run<Session> for RegenCert {
    type View = Regenerated;

    fn run(self, session: &mut Session) -> Result<Regenerated, Failure> {
        session.confirm_warning(
            self.force,
            "This command will overwrite the current server certificate and private key.\n\
             All clients will have to add this server again with this new certificate.",
        )?;
        if self.csr {
            session
                .client()
                .call(&ntls::REQUEST, &[], &ntls::NewRequest::default())
                .map_err(refused_in_detail)?;
        } else {
            session
                .client()
                .call(&ntls::REGENERATE, &[], &ntls::Regenerate::default())
                .map_err(refused_in_detail)?;
        }
        Ok(Regenerated { csr: self.csr })
    }
}

impl Text for Regenerated {
    fn write(&self, page: &mut Page) {
        if self.csr {
            // Assumed: the product's words for a request were not found.
            page.line(
                "'sysconf regenCert' successful. The certificate request is in serverCSR.pem.",
            );
            return;
        }
        page.line(
            "'sysconf regenCert' successful. NTLS must be (re)started before clients can connect.\n\
             \n\
             Please use the 'ntls show' command to ensure that NTLS is bound to an appropriate \
             network device or IP address/hostname\n\
             for the network device(s) NTLS should be active on. Use 'ntls bind' to change this \
             binding if necessary.",
        );
    }
}
