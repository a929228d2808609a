//! What keeps an HSM healthy: tests, certificates, licences, clock, support, backup.

use luna_rest::hsm;

use super::{require_so, state};
use crate::prelude::*;
use crate::questions::{caution, proceed};

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "hsm backup -serial|-s <serialnum> [-password|-p <hsm_admin_password>] [-tokenadminpw|-t <token_password>]",
        help: "Copy the HSM's own objects to a backup HSM",
        options: OF_BACKUP_HSM,
        roles: Role::OPERATOR,
        rest: &[],
        known: Known::Documented(
            "lunash/commands/hsm/hsm_backup.htm@7.2; it is refused: REST has no resource for it",
        ),
        run: call::<Backup>(),
    },
    Command {
        syntax: "hsm checkCertificates",
        help: "Check the certificates that the HSM was made with",
        options: &[],
        roles: Role::MONITOR,
        rest: &[hsm::CERTIFICATES.resource()],
        known: Known::Documented("lunash/commands/hsm/hsm_checkcertificates.htm@7.2"),
        run: call::<CheckCertificates>(),
    },
    Command {
        syntax: "hsm displayLicenses",
        help: "List the licences of the HSM",
        options: &[],
        roles: Role::MONITOR,
        rest: &[hsm::LICENSES.resource()],
        known: Known::Documented("lunash/commands/hsm/hsm_displaylicences.htm@7.2"),
        run: call::<DisplayLicenses>(),
    },
    Command {
        syntax: "hsm generateDAK [-force|-f]",
        help: "Make the device authentication key anew",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[hsm::SHOW.resource(), hsm::MAKE_DAK.resource()],
        known: Known::Documented("lunash/commands/hsm/hsm_generatedak.htm@7.2"),
        run: call::<GenerateDak>(),
    },
    Command {
        syntax: "hsm restore -serial|-s <serialnum> [-password|-p <hsm_admin_password>] [-tokenadminpw|-t <token_password>] [-force|-f]",
        help: "Copy the HSM's own objects from a backup HSM",
        options: OF_BACKUP_HSM,
        roles: Role::OPERATOR,
        rest: &[],
        known: Known::Documented(
            "lunash/commands/hsm/hsm_restore.htm@7.2; it is refused: REST has no resource for it",
        ),
        run: call::<Restore>(),
    },
    Command {
        syntax: "hsm selfTest",
        help: "Let the HSM test itself",
        options: &[],
        roles: Role::MONITOR,
        rest: &[hsm::SELF_TEST.resource()],
        known: Known::Documented("lunash/commands/hsm/hsm_selftest.htm@7.2"),
        run: call::<SelfTest>(),
    },
    Command {
        syntax: "hsm setLegacyDomain [-domain|-d <legacy_domain>]",
        help: "Set the cloning domain of older HSMs, to take keys from them",
        options: &[("-domain", "Cloning domain of the older HSM")],
        roles: Role::ADMIN,
        rest: &[hsm::SET_LEGACY_DOMAIN.resource()],
        known: Known::Documented("lunash/commands/hsm/hsm_setlegacydomain.htm@7.2"),
        run: call::<SetLegacyDomain>(),
    },
    Command {
        syntax: "hsm supportInfo",
        help: "Write what support asks for into a file of yours",
        options: &[],
        roles: Role::MONITOR,
        rest: &[hsm::SUPPORT_INFO.resource()],
        known: Known::Documented("lunash/commands/hsm/hsm_supportinfo.htm@7.2"),
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
];

const OF_BACKUP_HSM: &[(&str, &str)] = &[
    ("-serial", "Serial number of the backup HSM"),
    ("-password", "Password of the HSM SO"),
    ("-tokenadminpw", "Password of the SO of the backup HSM"),
];

fn no_resource(serial: &str) -> Failure {
    Failure::command(format!(
        "The REST API cannot reach a backup HSM with the serial number {serial}."
    ))
    .hint("connect it to the appliance and use the appliance's own LunaSH")
}

#[derive(Deserialize)]
struct Backup {
    serial: String,
    #[serde(rename = "password")]
    _password: Option<Secret>,
    #[serde(rename = "tokenadminpw")]
    _tokenadminpw: Option<Secret>,
}

impl Run<Session> for Backup {
    type View = ();

    fn run(self, _: &mut Session) -> Result<(), Failure> {
        Err(no_resource(&self.serial))
    }
}

#[derive(Deserialize)]
struct Restore {
    serial: String,
    #[serde(rename = "password")]
    _password: Option<Secret>,
    #[serde(rename = "tokenadminpw")]
    _tokenadminpw: Option<Secret>,
    #[serde(rename = "force")]
    _force: bool,
}

impl Run<Session> for Restore {
    type View = ();

    fn run(self, _: &mut Session) -> Result<(), Failure> {
        Err(no_resource(&self.serial))
    }
}

#[derive(Deserialize)]
struct CheckCertificates {}

/// One of the HSM's own certificates.
#[derive(Serialize)]
struct Certificate {
    name: String,
    valid: bool,
    /// What it says of the HSM.
    policies: String,
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
        let one = |one: hsm::HsmCertificate| Certificate {
            name: one.name,
            valid: one.valid,
            policies: one.policies,
        };
        Ok(Certificates { certificates: certificates.into_iter().map(one).collect() })
    }
}

/// The words for a certificate that is missing or that nobody signed are assumed.
impl Text for Certificates {
    fn write(&self, page: &mut Page) {
        page.blank();
        for Certificate { name, valid, policies } in &self.certificates {
            if *valid {
                page.line(format!(" {name} found -- certificatePolicies: {policies}"));
            } else {
                page.line(format!(" {name} not found"));
            }
            page.blank();
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
        page.blank();
        page.blank();
        page.line("   HSM CAPABILITY LICENSES");
        page.line("   License ID          Description");
        page.line(format!("   {}    {}", "=".repeat(16), "=".repeat(38)));
        for license in &self.licenses {
            page.field(&format!("   {:>16}    ", license.id), 0, &license.description);
        }
        page.blank();
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
    /// The request for its certificate, a file of the user's.
    file: &'static str,
}

impl Run<Session> for GenerateDak {
    type View = Dak;

    fn run(self, session: &mut Session) -> Result<Dak, Failure> {
        require_so(&state(session)?)?;
        session.confirm(
            self.force,
            &caution(
                "Are you sure you wish to re-generate the DAK?\n\
                 All existing DACs on the HSM will be erased.\n",
                &proceed("generate the DAK"),
            ),
        )?;
        let dak = session.call(&hsm::MAKE_DAK, &[], &Nothing {})?;
        Ok(Dak { fingerprint: dak.fingerprint, file: "DAKCertRequest.bin" })
    }
}

impl Text for Dak {
    fn write(&self, page: &mut Page) {
        page.line("'hsm generateDAK' successfully completed.");
        page.blank();
        page.line(SCP);
        page.line(self.file);
        page.blank();
    }
}

#[derive(Deserialize)]
struct SelfTest {}

impl Run<Session> for SelfTest {
    type View = Told;

    fn run(self, session: &mut Session) -> Result<Told, Failure> {
        let test = session.call(&hsm::SELF_TEST, &[], &Nothing {})?;
        if !test.passed {
            return Err(Failure::command("The HSM did not pass its self test."));
        }
        Ok(Told::new(
            "hsm selfTest",
            "\nSelf Test. Testing HSM cryptographic capabilities.\n\n\
             'hsm selfTest' passed.\n\nHSM working as expected.\n",
        ))
    }
}

#[derive(Deserialize)]
struct SetLegacyDomain {
    domain: Option<Secret>,
}

/// The page shows a PED at work, and no word behind it; the question is assumed.
impl Run<Session> for SetLegacyDomain {
    type View = Told;

    fn run(self, session: &mut Session) -> Result<Told, Failure> {
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
        Ok(Told::silent("hsm setLegacyDomain"))
    }
}

#[derive(Deserialize)]
struct SupportInfo {}

/// What the product says before the name of a file of the user's.
const SCP: &str = "Use 'scp' from a client machine to get file named:";

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
        page.line(SCP);
        page.line(self.file);
        page.blank();
    }
}

/// The clocks of the HSM and of the appliance.
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

#[cfg(test)]
mod tests {
    use super::*;
    use luna_shell::View;

    /// From the product's page of `hsm displayLicenses`.
    #[test]
    fn licences_are_listed_in_the_layout_of_the_product() {
        let license = |(id, description): (&str, &str)| License {
            id: id.to_owned(),
            description: description.to_owned(),
        };
        let licenses = [
            ("621000153-000", "K7 base configuration"),
            ("621000046-002", "Maximum 100 partitions"),
        ];
        assert_eq!(
            Licenses { licenses: licenses.map(license).into() }.text(),
            "\n\n   HSM CAPABILITY LICENSES\n\
             \x20  License ID          Description\n\
             \x20  ================    ======================================\n\
             \x20     621000153-000    K7 base configuration\n\
             \x20     621000046-002    Maximum 100 partitions\n\n"
        );
    }
}
