//! `partition domain…`: the cloning domains, and that of an older HSM.

use luna_rest::partitions as rest;

use crate::commands::Done;
use luna_rest::partitions;

use crate::prelude::*;

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "partition|par domainadd [-domain|-d <domain> | -domainped] [-domainlabel <domain_label>] [-primary]",
        help: "Add a cloning domain",
        options: &[("-domainped", "Take the domain from a PED (multifactor partitions)")],
        roles: Role::OPERATOR,
        rest: &[partitions::ADD_DOMAIN.resource()],
        known: Known::Documented("lunacm/commands/partition/partition_domainadd.htm"),
        run: call::<Add>(),
    },
    Command {
        syntax: "partition|par domainchangelabel -domainlabel <domain_label> [-newlabel <new_label>] [-primary]",
        help: "Change the label of a cloning domain, or make it the primary one",
        options: &[("-newlabel", "Its new label")],
        roles: Role::OPERATOR,
        rest: &[partitions::DOMAINS.resource(), partitions::CHANGE_DOMAIN.resource()],
        known: Known::Documented("lunacm/commands/partition/partition_domainchangelabel.htm"),
        run: call::<ChangeLabel>(),
    },
    Command {
        syntax: "partition|par domaindelete -domainlabel <domain_label> [-force|-f]",
        help: "Delete a cloning domain that is not the primary one",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[partitions::DOMAINS.resource(), partitions::DELETE_DOMAIN.resource()],
        known: Known::Assumed("known by name only"),
        run: call::<Delete>(),
    },
    Command {
        syntax: "partition|par domainlist",
        help: "List the cloning domains",
        options: &[],
        roles: Role::MONITOR,
        rest: &[partitions::DOMAINS.resource()],
        known: Known::Assumed("known by name only"),
        run: call::<List>(),
    },
    Command {
        syntax: "partition|par setlegacydomain [-legacydomain|-ld <domain>] [-force|-f]",
        help: "Set the cloning domain of an older HSM",
        options: &[("-legacydomain", "Cloning domain of the older HSM")],
        roles: Role::OPERATOR,
        rest: &[partitions::SET_LEGACY_DOMAIN.resource()],
        known: Known::Documented("lunacm/commands/partition/partition_setlegacydomain.htm@7.2"),
        run: call::<SetLegacy>(),
    },
];

/// The number of the domain with this label.
fn numbered(session: &Session, partition: &str, label: &str) -> Result<String, Failure> {
    let domains = session.client().get(&rest::DOMAINS, &[partition])?.domains;
    let found = domains.into_iter().find(|domain| domain.label == label);
    found.map(|domain| domain.id).ok_or_else(|| {
        codes::failure(
            codes::ARGUMENTS_BAD,
            format!("The partition has no domain with the label '{label}'."),
        )
        .hint("'partition domainlist' shows the domains")
    })
}

#[derive(Deserialize)]
struct Add {
    domain: Option<Secret>,
    domainped: bool,
    domainlabel: Option<String>,
    primary: bool,
}

impl Run<Session> for Add {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let [_, partition] = session.partition(None)?;
        if self.domainped {
            return Err(codes::failure(
                codes::NOT_ALLOWED,
                "A PED's domain needs multifactor authentication; this partition authenticates by \
                 password.",
            ));
        }
        session.require(&[PartitionRole::Po])?;
        let label = self.domainlabel.map(|label| session.label(label)).transpose()?;
        let domain = session.secret(
            self.domain,
            "Enter the domain name",
            Some("Re-enter the domain name"),
            ("DOMAIN", "-domain"),
        )?;
        codes::allowed(naming::DOMAIN, domain.expose())?;
        let body = rest::NewDomain { domain, label, primary: self.primary };
        session.client().call(&rest::ADD_DOMAIN, &[&partition], &body)?;
        Ok(Done::new("partition domainadd"))
    }
}

#[derive(Deserialize)]
struct ChangeLabel {
    domainlabel: String,
    newlabel: Option<String>,
    primary: bool,
}

impl Run<Session> for ChangeLabel {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let [_, partition] = session.partition(None)?;
        if self.newlabel.is_none() && !self.primary {
            return Err(codes::failure(
                codes::ARGUMENTS_BAD,
                "Give -newlabel, -primary, or both: nothing would change.",
            ));
        }
        session.require(&[PartitionRole::Po])?;
        let label = self.newlabel.map(|label| session.label(label)).transpose()?;
        let id = numbered(session, &partition, &self.domainlabel)?;
        let body = rest::ChangeDomain { label, primary: self.primary };
        session.client().call(&rest::CHANGE_DOMAIN, &[&partition, &id], &body)?;
        Ok(Done::new("partition domainchangelabel"))
    }
}

#[derive(Deserialize)]
struct Delete {
    domainlabel: String,
    force: bool,
}

impl Run<Session> for Delete {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let [_, partition] = session.partition(None)?;
        session.require(&[PartitionRole::Po])?;
        let id = numbered(session, &partition, &self.domainlabel)?;
        if !self.force {
            session.confirm(
                &format!(
                    "        You are about to delete the domain '{}'.\n        \
                     Objects cannot be cloned in it any more.\n        \
                     Are you sure you wish to continue?",
                    self.domainlabel
                ),
                "-force",
            )?;
        }
        let nothing = luna_rest::Nothing {};
        session.client().call(&rest::DELETE_DOMAIN, &[&partition, &id], &nothing)?;
        Ok(Done::new("partition domaindelete"))
    }
}

#[derive(Deserialize)]
struct List {}

/// The cloning domains of a partition.
#[derive(Serialize)]
struct Domains {
    domains: Vec<Domain>,
}

#[derive(Serialize)]
struct Domain {
    label: String,
    primary: bool,
}

impl Run<Session> for List {
    type View = Domains;

    fn run(self, session: &mut Session) -> Result<Domains, Failure> {
        let [_, partition] = session.partition(None)?;
        let domains = session.client().get(&rest::DOMAINS, &[&partition])?.domains;
        let domain = |domain: rest::Domain| Domain { label: domain.label, primary: domain.primary };
        Ok(Domains { domains: domains.into_iter().map(domain).collect() })
    }
}

impl Text for Domains {
    fn write(&self, page: &mut Page) {
        page.line(format!("        Number of domains: {}", self.domains.len()));
        if !self.domains.is_empty() {
            page.blank();
        }
        for (number, domain) in self.domains.iter().enumerate() {
            let label = if domain.label.is_empty() { "(no label)" } else { &domain.label };
            let primary = if domain.primary { "  (primary)" } else { "" };
            page.line(format!("        Domain {number}: {label}{primary}"));
        }
    }
}

#[derive(Deserialize)]
struct SetLegacy {
    legacydomain: Option<Secret>,
    force: bool,
}

impl Run<Session> for SetLegacy {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let [_, partition] = session.partition(None)?;
        if !self.force {
            session.confirm(
                "        Existing Legacy Cloning Domain will be destroyed.\n        \
                 Are you sure you wish to continue?",
                "-force",
            )?;
        }
        let domain = session.secret(
            self.legacydomain,
            "Enter the legacy domain name",
            Some("Re-enter the legacy domain name"),
            ("DOMAIN", "-legacydomain"),
        )?;
        let body = rest::LegacyDomain { domain };
        session.client().call(&rest::SET_LEGACY_DOMAIN, &[&partition], &body)?;
        Ok(Done::new("partition setlegacydomain"))
    }
}
