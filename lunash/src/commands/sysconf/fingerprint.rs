//! `sysconf fingerprint`: what identifies the appliance to others.

use luna_rest::{ntls, ssh, sysconf};

use crate::prelude::*;

pub(in super::super) const MENUS: &[Menu] = &[Menu {
    path: "sysconf fingerprint",
    help: "Fingerprints by which others know the appliance",
}];

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "sysconf fingerprint",
        help: "Show the fingerprint that is compared at the first contact",
        options: &[],
        roles: Role::MONITOR,
        rest: &[],
        known: Known::Assumed(
            "known by name only; the product's shell is reached over SSH, ours over TLS",
        ),
        run: call::<Web>(),
    },
    Command {
        syntax: "sysconf fingerprint license",
        help: "Show the fingerprint that license files are made for",
        options: &[],
        roles: Role::MONITOR,
        rest: &[sysconf::LICENSE_FINGERPRINT.resource()],
        known: Known::Documented("lunash/commands/sysconf/sysconf_fingerprint_license.htm@7.2"),
        run: call::<License>(),
    },
    Command {
        syntax: "sysconf fingerprint ntls",
        help: "Show the fingerprint of the NTLS certificate",
        options: &[],
        roles: Role::MONITOR,
        rest: &[ntls::CERTIFICATE.resource()],
        known: Known::Documented("lunash/commands/sysconf/sysconf_fingerprint_ntls.htm@7.2"),
        run: call::<Ntls>(),
    },
    Command {
        syntax: "sysconf fingerprint ssh",
        help: "Show the fingerprints of the SSH server's keys",
        options: &[],
        roles: Role::MONITOR,
        rest: &[ssh::HOST_KEYS.resource()],
        known: Known::Documented("admin_partition/connections/ntls/CA-signed.htm@7.7.0"),
        run: call::<Ssh>(),
    },
];

#[derive(Deserialize)]
struct Web {}

impl Run<Session> for Web {
    type View = Fingerprint;

    fn run(self, session: &mut Session) -> Result<Fingerprint, Failure> {
        let fingerprint = session.client().fingerprint().to_string();
        Ok(Fingerprint { of: "REST API certificate", fingerprint })
    }
}

#[derive(Deserialize)]
struct License {}

impl Run<Session> for License {
    type View = Licensed;

    fn run(self, session: &mut Session) -> Result<Licensed, Failure> {
        let license = session.get(&sysconf::LICENSE_FINGERPRINT, &[])?;
        let serial = session.hsm()?.to_owned();
        Ok(Licensed { of: "License", fingerprint: license.fingerprint, serial })
    }
}

/// What license files are made for.
#[derive(Serialize)]
struct Licensed {
    of: &'static str,
    fingerprint: String,
    serial: String,
}

impl Text for Licensed {
    fn write(&self, page: &mut Page) {
        page.blank();
        page.line("Fingerprint for Use With Entitlement Management System");
        page.line("-".repeat(55));
        page.line(format!("HSM serial #{} : {}", self.serial, self.fingerprint));
        page.blank();
    }
}

#[derive(Deserialize)]
struct Ntls {}

impl Run<Session> for Ntls {
    type View = OfServer;

    fn run(self, session: &mut Session) -> Result<OfServer, Failure> {
        let certificate = session.get(&ntls::CERTIFICATE, &[])?;
        Ok(OfServer(Fingerprint {
            of: "NTLS server certificate",
            fingerprint: certificate.fingerprint,
        }))
    }
}

/// That of the NTLS certificate, between empty lines. SHA-256 in newer releases than the page's.
#[derive(Serialize)]
#[serde(transparent)]
struct OfServer(Fingerprint);

impl Text for OfServer {
    fn write(&self, page: &mut Page) {
        page.blank();
        self.0.write(page);
        page.blank();
    }
}

/// A fingerprint.
#[derive(Serialize)]
struct Fingerprint {
    of: &'static str,
    fingerprint: String,
}

impl Text for Fingerprint {
    fn write(&self, page: &mut Page) {
        page.line(format!("{} fingerprint: {}", self.of, self.fingerprint));
    }
}

#[derive(Deserialize)]
struct Ssh {}

impl Run<Session> for Ssh {
    type View = HostKeys;

    fn run(self, session: &mut Session) -> Result<HostKeys, Failure> {
        let keys = session.get(&ssh::HOST_KEYS, &[])?.keys;
        let key = |key: ssh::HostKey| HostKey {
            r#type: key.kind,
            bits: key.bits,
            fingerprint: key.fingerprint,
        };
        Ok(HostKeys { keys: keys.into_iter().map(key).collect() })
    }
}

/// The SSH server's keys.
#[derive(Serialize)]
struct HostKeys {
    keys: Vec<HostKey>,
}

/// A key of the SSH server.
#[derive(Serialize)]
struct HostKey {
    r#type: String,
    bits: u32,
    fingerprint: String,
}

/// The layout of 'sysconf ssh publickey list', without names.
impl Text for HostKeys {
    fn write(&self, page: &mut Page) {
        page.line("SSH Server Public Keys:");
        page.blank();
        let width = self.keys.iter().map(|key| key.r#type.len()).max().unwrap_or(0).max(12);
        let row = |kind: &str, bits: &str, print: &str| format!("{kind:<width$} {bits:>5} {print}");
        page.line(row("Type", "Bits", "Fingerprint"));
        page.line("-".repeat(68));
        for key in &self.keys {
            page.line(row(&key.r#type, &key.bits.to_string(), &key.fingerprint));
        }
    }
}
