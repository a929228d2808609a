//! `partition setLegacyDomain`, `stcIdentity`: what ties a partition to others.

use luna_rest::partitions::{self, LegacyDomain};

use super::{Target, close_questions};
use crate::prelude::*;

pub(super) const SET_LEGACY_DOMAIN: Command = Command {
    syntax: "partition setLegacyDomain -partition|-p <partition_name> [-domain|-d <domain>]",
    help: "Set the domain of an older HSM for good, to restore its objects",
    options: &[("-domain", "Cloning domain of the older HSM")],
    roles: Role::OPERATOR,
    rest: &[
        partitions::LIST.resource(),
        partitions::SHOW.resource(),
        partitions::SET_LEGACY_DOMAIN.resource(),
    ],
    known: Known::Documented("administration/legacy_domains_and_migration.htm@5.3"),
    run: call::<SetLegacyDomain>(),
};

pub(super) const EXPORT_IDENTITY: Command = Command {
    syntax: "partition stcIdentity export -partition|-p <partition_name>",
    help: "Write the identity of a partition into your files",
    options: &[],
    roles: Role::OPERATOR,
    rest: &[
        partitions::LIST.resource(),
        partitions::SHOW.resource(),
        partitions::EXPORT_IDENTITY.resource(),
    ],
    known: Known::Documented("public notes on Luna STC set-up (GitHub)"),
    run: call::<ExportIdentity>(),
};

#[derive(Deserialize)]
struct SetLegacyDomain {
    partition: String,
    domain: Option<Secret>,
}

impl Run<Session> for SetLegacyDomain {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let target = Target::find(session, &self.partition)?.initialized()?;
        let domain = session.ui().secret(
            self.domain,
            Question {
                text: "  Please enter the cloning domain of the older HSM:\n  > ",
                again: Some("\n  Please re-enter cloning domain to confirm:\n  > "),
                variable: "DOMAIN",
                option: "-domain",
            },
        )?;
        close_questions(session);
        let ids = [target.shown.id.as_str()];
        let domain = LegacyDomain { domain };
        session.call(&partitions::SET_LEGACY_DOMAIN, &ids, &domain)?;
        Ok(Done { done: "partition setLegacyDomain" })
    }
}

#[derive(Deserialize)]
struct ExportIdentity {
    partition: String,
}

impl Run<Session> for ExportIdentity {
    type View = Exported;

    fn run(self, session: &mut Session) -> Result<Exported, Failure> {
        let target = Target::find(session, &self.partition)?;
        let ids = [target.shown.id.as_str()];
        let call = partitions::EXPORT_IDENTITY;
        let file = session.call(&call, &ids, &Nothing {})?.file;
        Ok(Exported { partition: self.partition, file })
    }
}

/// Where the identity went.
#[derive(Serialize)]
struct Exported {
    partition: String,
    file: String,
}

impl Text for Exported {
    fn write(&self, page: &mut Page) {
        let Exported { partition, file } = self;
        page.line(format!(
            "Successfully exported partition identity for partition {partition} to file: {file}"
        ));
    }
}
