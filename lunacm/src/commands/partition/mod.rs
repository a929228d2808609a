//! `partition`: the partition behind the current slot; its contents, domains, information,
//! mechanisms, policies and SKS master key have files of their own.

pub(super) mod archive;
pub(super) mod clone;
pub(super) mod contents;
pub(super) mod create;
pub(super) mod domains;
pub(super) mod information;
pub(super) mod mechanisms;
pub(super) mod policies;
pub(super) mod smk;

use std::path::{Path, PathBuf};

use luna_rest::partitions as rest;

use super::Done;
use super::role::{act, log_in};
use crate::carried;
use luna_rest::partitions;

use crate::prelude::*;

pub(super) const MENUS: &[Menu] =
    &[Menu { path: "partition", help: "The partition of the current slot" }, archive::MENU];

pub(super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "partition|par activate [-password|-p <password>]",
        help: "Cache the credential of the Crypto Officer (multifactor partitions)",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[],
        known: Known::Assumed("known by name only; a page of 5.3 tells what it was for"),
        run: call::<Activate>(),
    },
    Command {
        syntax: "partition|par changelabel -label|-l <label> [-slot|-s <slotnum>] [-force|-f]",
        help: "Change the label",
        options: &[("-slot", "The current slot; no other one can be named")],
        roles: Role::OPERATOR,
        rest: &[
            partitions::SHOW.resource(),
            partitions::CAPABILITIES.resource(),
            partitions::CHANGE.resource(),
        ],
        known: Known::Documented("lunacm/commands/partition/partition_changelabel.htm@7.2"),
        run: call::<ChangeLabel>(),
    },
    Command {
        syntax: "partition|par createchallenge|crc -slot|-sl <slotnum> [-defchallenge|-d]",
        help: "Create the challenge of the Crypto Officer (partitions without a Partition SO)",
        options: &[("-defchallenge", "Take the default challenge")],
        roles: Role::OPERATOR,
        rest: &[],
        known: Known::Documented(
            "lunacm/commands/partition/partition_createchallenge.htm@7.2; the words of its refusal \
             are assumed",
        ),
        run: call::<CreateChallenge>(),
    },
    Command {
        syntax: "partition|par deactivate",
        help: "Forget the cached credential of the Crypto Officer (multifactor partitions)",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[partitions::ROLE_ACT.resource()],
        known: Known::Assumed("known by name only; role deactivate does the same"),
        run: call::<Deactivate>(),
    },
    Command {
        syntax: "partition|par init -label <label> [-password <password>] [-domain|-d <domain> | -defaultdomain|-def | -importpeddomain] [-domainlabel <domain_label>] [-applytemplate|-at <template_file>] [-auth|-a] [-force]",
        help: "Initialize the partition and its Security Officer",
        options: &[
            ("-applytemplate", "A file with a policy template, on this machine"),
            ("-auth", "Log the Partition SO in afterwards"),
            ("-defaultdomain", "Use the factory's own domain (deprecated)"),
            ("-importpeddomain", "Take the domain from a PED (multifactor partitions)"),
            ("-password", "Password of the Partition SO"),
        ],
        roles: Role::OPERATOR,
        rest: &[
            partitions::SHOW.resource(),
            partitions::CAPABILITIES.resource(),
            partitions::ROLE.resource(),
            partitions::INIT.resource(),
            partitions::LOGIN.resource(),
        ],
        known: Known::Seen("lunacm-partition-init-7.1"),
        run: call::<Init>(),
    },
];

#[derive(Deserialize)]
struct Activate {
    #[serde(rename = "password")]
    _password: Option<Secret>,
}

impl Run<Session> for Activate {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        session.partition(None)?;
        Err(codes::failure(
            codes::NOT_ALLOWED,
            "Activation belongs to multifactor authentication; this partition authenticates by \
             password.",
        )
        .hint("on multifactor partitions a role is activated by 'role login' with policy 22 on"))
    }
}

#[derive(Deserialize)]
struct ChangeLabel {
    label: String,
    slot: Option<usize>,
    force: bool,
}

impl Run<Session> for ChangeLabel {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let [hsm, partition] = session.partition(None)?;
        let current = session.slot()?.slot;
        if self.slot.is_some_and(|slot| slot != current) {
            return Err(codes::failure(
                codes::ARGUMENTS_BAD,
                format!("The label can be changed on the current slot only, which is {current}."),
            )
            .hint("'slot set' makes another slot the current one"));
        }
        session.require(&[PartitionRole::Po])?;
        let label = session.label(self.label)?;
        if !self.force {
            session.confirm_spaced(
                "        You are about to change the partition label.\n        \
                 Are you sure you wish to continue?",
                "-force",
            )?;
        }
        let body = rest::ChangePartition { label: Some(label), ..Default::default() };
        session.client().call(&rest::CHANGE, &[&hsm, &partition], &body)?;
        session.refresh_slot()?;
        Ok(Done::new("partition changelabel"))
    }
}

#[derive(Deserialize)]
struct CreateChallenge {
    slot: usize,
    #[serde(rename = "defchallenge")]
    _defchallenge: bool,
}

impl Run<Session> for CreateChallenge {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        session.partition(Some(self.slot))?;
        Err(codes::failure(
            codes::NOT_ALLOWED,
            "This command is for partitions without a Partition SO.",
        )
        .hint("'role createchallenge' does it for others"))
    }
}

#[derive(Deserialize)]
struct Deactivate {}

impl Run<Session> for Deactivate {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        act(session, PartitionRole::Co, "deactivate", None)?;
        Ok(Done::new("partition deactivate"))
    }
}

#[derive(Deserialize)]
struct Init {
    label: String,
    password: Option<Secret>,
    domain: Option<Secret>,
    defaultdomain: bool,
    importpeddomain: bool,
    domainlabel: Option<String>,
    applytemplate: Option<PathBuf>,
    auth: bool,
    force: bool,
}

const WARNING: &str = "\
\x20       You are about to initialize the partition.
        All contents of the partition will be destroyed.

        Are you sure you wish to continue?";

impl Run<Session> for Init {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let [hsm, partition] = session.partition(None)?;
        if self.importpeddomain {
            return Err(codes::failure(
                codes::NOT_ALLOWED,
                "A PED's domain needs multifactor authentication; this partition authenticates by \
                 password.",
            ));
        }
        let label = session.label(self.label)?;
        let domain_label = self.domainlabel.map(|label| session.label(label)).transpose()?;
        let password = session.secret(
            self.password,
            "Enter password for Partition SO",
            Some("Re-enter password for Partition SO"),
            ("PO_PASSWORD", "-password"),
        )?;
        codes::allowed(naming::PASSWORD, password.expose())?;
        let domain = match self.defaultdomain {
            true => None,
            // The product's prompt takes the default domain for an empty answer; here that is said with
            // -defaultdomain, since an empty secret is more often a mistake.
            false => {
                Some(session.new_domain(self.domain, ("DOMAIN", "-domain or -defaultdomain"))?)
            }
        };
        if !self.force {
            session.confirm(WARNING, "-force")?;
        }
        let template = match &self.applytemplate {
            Some(path) => Some(import_template(session, path, &partition)?),
            None => None,
        };
        let body = rest::InitPartition {
            label: Some(label),
            password: Some(password.clone()),
            default_domain: Some(domain.is_none()),
            domain,
            domain_label,
            template,
            ..Default::default()
        };
        session.client().call(&rest::INIT, &[&hsm, &partition], &body)?;
        session.logged_in(None);
        session.refresh_slot()?;
        if self.auth {
            log_in(session, PartitionRole::Po, Some(password))?;
        }
        Ok(Done::new("partition init"))
    }
}

/// Brings a policy template of this machine to the appliance; its name there.
fn import_template(session: &mut Session, path: &Path, partition: &str) -> Result<String, Failure> {
    let content = carried::read("template", path)?;
    let name = format!("lunacm-{partition}.txt");
    let user = session.account()?.to_owned();
    let import = rest::ImportTemplate { file: name.clone(), name: None, replace: true };
    let client = session.client();
    carried::lend(client, (&user, &name), content, || {
        Ok(client.call(&rest::IMPORT_TEMPLATE, &[], &import)?)
    })?;
    Ok(name)
}
