//! `syslog remotehost cert`: the authority that certificates of log hosts are signed by, and the
//! appliance's own certificate, for hosts that want one.

use luna_rest::ntls::{CertificateFile, NewCertificate, NewKey, NewRequest};
use luna_rest::syslog::certificates::{
    ADD_AUTHORITY, DELETE, DELETE_AUTHORITY, GENERATE, INSTALL, REQUEST,
};
use luna_rest::users;

use crate::prelude::*;
use crate::refusals::refused_in_detail;

pub(in crate::commands) const MENUS: &[Menu] =
    &[Menu { path: "syslog remotehost cert", help: "Certificates for TLS with those hosts" }];

const NAMED: Known = Known::Assumed(
    "the page was not found: admin_appliance/logging/syslog_encryption.htm has the name alone",
);

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "syslog remotehost cert delete [-force|-f]",
        help: "Delete the appliance's key and certificate for its logs (software 7.8.3 and newer)",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[DELETE.resource()],
        known: NAMED,
        run: call::<Delete>(),
    },
    Command {
        syntax: "syslog remotehost cert deleteCA [-force|-f]",
        help: "Trust the authority no more (software 7.8.3 and newer)",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[DELETE_AUTHORITY.resource()],
        known: NAMED,
        run: call::<DeleteAuthority>(),
    },
    Command {
        syntax: "syslog remotehost cert gen [-csr] [-commonname|-com <common_name>] [-force|-f]",
        help: "Make a new key and certificate for the logs (newer than software 7.8.3)",
        options: &[
            ("-csr", "Make a certificate request, syslogCSR.pem, to be signed by an authority"),
            ("-commonname", "Name in the certificate; the host name when left out"),
        ],
        roles: Role::OPERATOR,
        rest: &[GENERATE.resource(), REQUEST.resource()],
        known: Known::Assumed(
            "the page was not found: made after 'sysconf regenCert' and the resources of REST",
        ),
        run: call::<Generate>(),
    },
    Command {
        syntax: "syslog remotehost cert install -filename|-f <filename>",
        help: "Install a signed certificate for the logs (software 7.8.3 and newer)",
        options: &[("-filename", "The certificate that an authority made of the request")],
        roles: Role::OPERATOR,
        rest: &[users::FILES.resource(), INSTALL.resource()],
        known: NAMED,
        run: call::<Install>(),
    },
    Command {
        syntax: "syslog remotehost cert installCA -filename|-f <filename>",
        help: "Trust the authority of the hosts' certificates (software 7.8.3 and newer)",
        options: &[(
            "-filename",
            "Certificate of the authority, or of a host that has signed its own",
        )],
        roles: Role::OPERATOR,
        rest: &[users::FILES.resource(), ADD_AUTHORITY.resource()],
        known: NAMED,
        run: call::<InstallAuthority>(),
    },
];

/// What REST says of every change.
const RESTART: &str =
    "The syslog service must be (re)started before a secure connection can be made.";

fn done(command: &str) -> Message {
    Message::new(format!("'{command}' successful.\n{RESTART}"))
}

#[derive(Deserialize)]
struct Generate {
    csr: bool,
    commonname: Option<String>,
    force: bool,
}

/// What was made.
#[derive(Serialize)]
struct Generated {
    /// A certificate request instead of a certificate.
    csr: bool,
    /// The file among the user's.
    file: &'static str,
}

impl Run<Session> for Generate {
    type View = Generated;

    fn run(self, session: &mut Session) -> Result<Generated, Failure> {
        let Generate { csr, commonname: cn, force } = self;
        if csr {
            let new = NewRequest { cn, ..NewRequest::default() };
            session.client().call(&REQUEST, &[], &new).map_err(refused_in_detail)?;
            return Ok(Generated { csr, file: "syslogCSR.pem" });
        }
        session.confirm_warning(
            force,
            "This command will overwrite the present key and certificate for the logs.\n\
             Hosts that know the appliance by them must get the new certificate.",
        )?;
        let new = NewKey { cn, ..NewKey::default() };
        session.client().call(&GENERATE, &[], &new).map_err(refused_in_detail)?;
        Ok(Generated { csr, file: "syslog.pem" })
    }
}

impl Text for Generated {
    fn write(&self, page: &mut Page) {
        let what = if self.csr { "certificate request" } else { "certificate" };
        page.line(format!(
            "'syslog remotehost cert gen' successful. The {what} is in {}.",
            self.file
        ));
        if !self.csr {
            page.line(RESTART);
        }
    }
}

#[derive(Deserialize)]
struct Install {
    filename: String,
}

impl Run<Session> for Install {
    type View = Message;

    fn run(self, session: &mut Session) -> Result<Message, Failure> {
        let file = session.provide(&self.filename)?;
        let new = CertificateFile { file };
        session.client().call(&INSTALL, &[], &new).map_err(refused_in_detail)?;
        Ok(done("syslog remotehost cert install"))
    }
}

#[derive(Deserialize)]
struct InstallAuthority {
    filename: String,
}

impl Run<Session> for InstallAuthority {
    type View = Message;

    fn run(self, session: &mut Session) -> Result<Message, Failure> {
        let file = Some(session.provide(&self.filename)?);
        let new = NewCertificate { file, certificate: None };
        session.client().call(&ADD_AUTHORITY, &[], &new).map_err(refused_in_detail)?;
        Ok(done("syslog remotehost cert installCA"))
    }
}

#[derive(Deserialize)]
struct Delete {
    force: bool,
}

impl Run<Session> for Delete {
    type View = Message;

    fn run(self, session: &mut Session) -> Result<Message, Failure> {
        let warning = "This command will delete the key and certificate for the logs.";
        session.confirm_warning(self.force, warning)?;
        session.client().call(&DELETE, &[], &Nothing {}).map_err(refused_in_detail)?;
        Ok(done("syslog remotehost cert delete"))
    }
}

#[derive(Deserialize)]
struct DeleteAuthority {
    force: bool,
}

impl Run<Session> for DeleteAuthority {
    type View = Message;

    fn run(self, session: &mut Session) -> Result<Message, Failure> {
        let warning = "This command will delete the certificate of the authority.";
        session.confirm_warning(self.force, warning)?;
        session.client().call(&DELETE_AUTHORITY, &[], &Nothing {}).map_err(refused_in_detail)?;
        Ok(done("syslog remotehost cert deleteCA"))
    }
}
