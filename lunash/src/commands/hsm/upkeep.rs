//! What keeps an HSM healthy: tests, certificates, licences, clock, support, backup.

use luna_rest::{hsm, users};

use super::{require_so, state};
use crate::prelude::*;
use crate::questions::{caution, proceed};

const NAME_ONLY: Known = Known::Assumed("the page was not found: output as that of its neighbours");

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "hsm backup -serial <serialnum> [-force|-f]",
        help: "Copy the HSM's own objects to a backup HSM",
        options: &[("-serial", "Serial number of the backup HSM")],
        roles: Role::ADMIN,
        rest: &[],
        known: Known::Assumed("only the name is known, REST has no resource for it"),
        run: call::<Backup>(),
    },
    Command {
        syntax: "hsm checkCertificates",
        help: "Check the certificates that the HSM was made with",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[hsm::CERTIFICATES.resource()],
        known: Known::Assumed("the page was not found: a line a certificate"),
        run: call::<CheckCertificates>(),
    },
    Command {
        syntax: "hsm displayLicenses",
        help: "List the licences of the HSM",
        options: &[],
        roles: Role::MONITOR,
        rest: &[hsm::LICENSES.resource()],
        known: Known::Assumed("the page was not found: a table of what REST names"),
        run: call::<DisplayLicenses>(),
    },
    Command {
        syntax: "hsm generateDAK [-force|-f]",
        help: "Make the device authentication key anew",
        options: &[],
        roles: Role::ADMIN,
        rest: &[hsm::SHOW.resource(), hsm::MAKE_DAK.resource()],
        known: NAME_ONLY,
        run: call::<GenerateDak>(),
    },
    Command {
        syntax: "hsm restore -serial <serialnum> [-force|-f]",
        help: "Copy the HSM's own objects from a backup HSM",
        options: &[("-serial", "Serial number of the backup HSM")],
        roles: Role::ADMIN,
        rest: &[],
        known: Known::Assumed("only the name is known, REST has no resource for it"),
        run: call::<Restore>(),
    },
    Command {
        syntax: "hsm selfTest",
        help: "Let the HSM test itself",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[hsm::SELF_TEST.resource()],
        known: NAME_ONLY,
        run: call::<SelfTest>(),
    },
    Command {
        syntax: "hsm setLegacyDomain [-domain|-d <legacy_domain>]",
        help: "Set the cloning domain of older HSMs, to take keys from them",
        options: &[("-domain", "Cloning domain of the older HSM")],
        roles: Role::ADMIN,
        rest: &[hsm::SET_LEGACY_DOMAIN.resource()],
        known: NAME_ONLY,
        run: call::<SetLegacyDomain>(),
    },
    Command {
        syntax: "hsm supportInfo",
        help: "Write what support asks for into a file of yours",
        options: &[],
        roles: Role::MONITOR,
        rest: &[hsm::SUPPORT_INFO.resource()],
        known: Known::Assumed("the page was not found: the cluster guide names the file"),
        run: call::<SupportInfo>(),
    },
    Command {
        syntax: "hsm time get",
        help: "Show the clock of the HSM",
        options: &[],
        roles: Role::MONITOR,
        rest: &[hsm::TIME.resource()],
        known: Known::Assumed("the page was not found: both clocks, a line each"),
        run: call::<TimeGet>(),
    },
    Command {
        syntax: "hsm time sync",
        help: "Set the clock of the HSM to that of the appliance",
        options: &[],
        roles: Role::ADMIN,
        rest: &[hsm::SYNC_TIME.resource()],
        known: Known::Assumed("the page was not found: both clocks, a line each"),
        run: call::<TimeSync>(),
    },
    Command {
        syntax: "hsm update capability -capability|-c <filename> [-force|-f]",
        help: "Apply a capability upgrade",
        options: &[("-capability", "Licence file, its name ends in .lic")],
        roles: Role::ADMIN,
        rest: &[users::FILES.resource(), hsm::UPGRADE.resource()],
        known: NAME_ONLY,
        run: call::<UpdateCapability>(),
    },
    Command {
        syntax: "hsm update show",
        help: "List the capability upgrades that were applied",
        options: &[],
        roles: Role::MONITOR,
        rest: &[hsm::UPGRADES.resource()],
        known: Known::Assumed("the page was not found: a line an upgrade"),
        run: call::<UpdateShow>(),
    },
];

fn no_backup_hsm(serial: &str) -> Failure {
    Failure::command(format!(
        "The REST API cannot reach a backup HSM with the serial number {serial}."
    ))
    .hint("connect it to the appliance and use the appliance's own LunaSH")
}

#[derive(Deserialize)]
struct Backup {
    serial: String,
    #[serde(rename = "force")]
    _force: bool,
}

impl Run<Session> for Backup {
    type View = ();

    fn run(self, _: &mut Session) -> Result<(), Failure> {
        Err(no_backup_hsm(&self.serial))
    }
}

#[derive(Deserialize)]
struct Restore {
    serial: String,
    #[serde(rename = "force")]
    _force: bool,
}

impl Run<Session> for Restore {
    type View = ();

    fn run(self, _: &mut Session) -> Result<(), Failure> {
        Err(no_backup_hsm(&self.serial))
    }
}

#[derive(Deserialize)]
struct CheckCertificates {}

/// One of the HSM's own certificates.
#[derive(Serialize)]
struct Certificate {
    name: String,
    valid: bool,
}

/// The HSM's own certificates.
#[derive(Serialize)]
struct Certificates {
    certificates: Vec<Certificate>,
}

impl Run<Session> for CheckCertificates {
    type View = Certificates;

    fn run(self, session: &mut Session) -> Result<Certificates, Failure> {
        let certificates = session.get(&hsm::CERTIFICATES, &[])?.certificates;
        let one = |one: hsm::HsmCertificate| Certificate { name: one.name, valid: one.valid };
        Ok(Certificates { certificates: certificates.into_iter().map(one).collect() })
    }
}

impl Text for Certificates {
    fn write(&self, page: &mut Page) {
        for certificate in &self.certificates {
            let state = if certificate.valid { "OK" } else { "NOT VALID" };
            page.field(&format!("{}:", certificate.name), 8, state);
        }
    }
}

#[derive(Deserialize)]
struct DisplayLicenses {}

/// A licence.
#[derive(Serialize)]
struct License {
    id: String,
    description: String,
}

/// The licences of the HSM.
#[derive(Serialize)]
struct Licenses {
    licenses: Vec<License>,
}

impl Run<Session> for DisplayLicenses {
    type View = Licenses;

    fn run(self, session: &mut Session) -> Result<Licenses, Failure> {
        let licenses = session.get(&hsm::LICENSES, &[session.hsm()?])?.licenses;
        let one = |one: hsm::License| License { id: one.id, description: one.description };
        Ok(Licenses { licenses: licenses.into_iter().map(one).collect() })
    }
}

impl Text for Licenses {
    fn write(&self, page: &mut Page) {
        let mut table = Table::new(0, 2, &[(30, false), (38, false)]);
        table.row(["License ID", "Description"]);
        table.row(["=".repeat(30), "=".repeat(38)]);
        for license in &self.licenses {
            table.row([&license.id, &license.description]);
        }
        page.table(&table);
    }
}

#[derive(Deserialize)]
struct GenerateDak {
    force: bool,
}

/// A new device authentication key.
#[derive(Serialize)]
struct Dak {
    /// SHA-256 of the public key, hexadecimal.
    fingerprint: String,
}

impl Run<Session> for GenerateDak {
    type View = Dak;

    fn run(self, session: &mut Session) -> Result<Dak, Failure> {
        require_so(&state(session)?)?;
        session.confirm(
            self.force,
            &caution(
                "Are you sure you wish to replace the device authentication key?\n",
                &proceed("replace the key"),
            ),
        )?;
        let dak = session.call(&hsm::MAKE_DAK, &[], &Nothing {})?;
        Ok(Dak { fingerprint: dak.fingerprint })
    }
}

impl Text for Dak {
    fn write(&self, page: &mut Page) {
        page.line("'hsm generateDAK' successful.");
        page.blank();
        page.line(format!("Fingerprint of the new key: {}", self.fingerprint));
    }
}

#[derive(Deserialize)]
struct SelfTest {}

impl Run<Session> for SelfTest {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let test = session.call(&hsm::SELF_TEST, &[], &Nothing {})?;
        if !test.passed {
            return Err(Failure::command("The HSM did not pass its self test."));
        }
        Ok(Done { done: "hsm selfTest" })
    }
}

#[derive(Deserialize)]
struct SetLegacyDomain {
    domain: Option<Secret>,
}

impl Run<Session> for SetLegacyDomain {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let domain = session.ui().secret(
            self.domain,
            Question {
                text: "  Please enter the legacy cloning domain:\n  > ",
                again: Some("\n  Please re-enter legacy cloning domain to confirm:\n  > "),
                variable: "LEGACY_DOMAIN",
                option: "-domain",
            },
        )?;
        let body = hsm::LegacyDomain { domain };
        session.call(&hsm::SET_LEGACY_DOMAIN, &[], &body)?;
        Ok(Done { done: "hsm setLegacyDomain" })
    }
}

#[derive(Deserialize)]
struct SupportInfo {}

/// A file that was written.
#[derive(Serialize)]
struct Written {
    file: &'static str,
}

impl Run<Session> for SupportInfo {
    type View = Written;

    fn run(self, session: &mut Session) -> Result<Written, Failure> {
        session.call(&hsm::SUPPORT_INFO, &[session.hsm()?], &Nothing {})?;
        Ok(Written { file: "supportInfo.txt" })
    }
}

impl Text for Written {
    fn write(&self, page: &mut Page) {
        page.line("'hsm supportInfo' successful.");
        page.blank();
        page.line(format!("The information lies among your files as {}.", self.file));
    }
}

/// The HSM's clock beside the appliance's.
#[derive(Serialize)]
struct Clocks {
    /// UTC.
    hsm: String,
    /// UTC.
    appliance: String,
}

impl Text for Clocks {
    fn write(&self, page: &mut Page) {
        page.field("HSM time:", 18, &self.hsm);
        page.field("Appliance time:", 18, &self.appliance);
    }
}

impl From<hsm::HsmTime> for Clocks {
    fn from(time: hsm::HsmTime) -> Clocks {
        Clocks { hsm: time.hsm, appliance: time.appliance }
    }
}

#[derive(Deserialize)]
struct TimeGet {}

impl Run<Session> for TimeGet {
    type View = Clocks;

    fn run(self, session: &mut Session) -> Result<Clocks, Failure> {
        Ok(session.get(&hsm::TIME, &[])?.into())
    }
}

#[derive(Deserialize)]
struct TimeSync {}

impl Run<Session> for TimeSync {
    type View = Clocks;

    fn run(self, session: &mut Session) -> Result<Clocks, Failure> {
        let time = session.call(&hsm::SYNC_TIME, &[], &Nothing {})?;
        Ok(time.into())
    }
}

#[derive(Deserialize)]
struct UpdateCapability {
    capability: String,
    #[serde(rename = "force")]
    _force: bool,
}

impl Run<Session> for UpdateCapability {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let body = hsm::Upgrade { file: session.provide(&self.capability)? };
        session.call(&hsm::UPGRADE, &[], &body)?;
        Ok(Done { done: "hsm update capability" })
    }
}

#[derive(Deserialize)]
struct UpdateShow {}

/// The capability upgrades that were applied.
#[derive(Serialize)]
struct Upgrades {
    upgrades: Vec<String>,
}

impl Run<Session> for UpdateShow {
    type View = Upgrades;

    fn run(self, session: &mut Session) -> Result<Upgrades, Failure> {
        let upgrades = session.get(&hsm::UPGRADES, &[])?.upgrades;
        Ok(Upgrades { upgrades: upgrades.into_iter().map(|upgrade| upgrade.id).collect() })
    }
}

impl Text for Upgrades {
    fn write(&self, page: &mut Page) {
        if self.upgrades.is_empty() {
            page.line("No capability upgrades were applied.");
        }
        for upgrade in &self.upgrades {
            page.line(upgrade);
        }
    }
}
