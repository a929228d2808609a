//! `partition showPolicies`, `changePolicy`, `policyTemplate import`.

use luna_rest::partitions::{self, Capability, ImportTemplate, Policy, SetPolicy};

use super::{PSO, Target, close_questions};
use crate::prelude::*;
use crate::questions::{caution, proceed};
use luna_rest::users;

pub(super) const SHOW_POLICIES: Command = Command {
    syntax: "partition showPolicies -partition|-p <partition_name>",
    help: "Show the capabilities and policies of a partition",
    options: &[],
    roles: Role::MONITOR,
    rest: &[
        partitions::LIST.resource(),
        partitions::SHOW.resource(),
        partitions::CAPABILITIES.resource(),
        partitions::POLICIES.resource(),
    ],
    known: Known::Assumed(
        "no output was found: the tables are those of hsm showPolicies, the names those of \
         lunacm's partition showpolicies",
    ),
    run: call::<ShowPolicies>(),
};

pub(super) const CHANGE_POLICY: Command = Command {
    syntax: "partition changePolicy -partition|-pa <partition_name> -policy|-po <policy> -value|-v <value> [-psopin|-ps <password>] [-force|-f]",
    help: "Change a policy of a partition",
    options: &[("-value", "1 for on, 0 for off, or a number")],
    roles: Role::OPERATOR,
    rest: &[
        partitions::LIST.resource(),
        partitions::SHOW.resource(),
        partitions::POLICY.resource(),
        partitions::ROLE.resource(),
        partitions::LOGIN.resource(),
        partitions::LOGOUT.resource(),
        partitions::SET_POLICY.resource(),
    ],
    known: Known::Documented("lunash/commands/partition/partition_changepolicy.htm"),
    run: call::<ChangePolicy>(),
};

pub(super) const IMPORT_TEMPLATE: Command = Command {
    syntax: "partition policyTemplate import -filename|-fi <filename> [-rename|-d <template_name>] [-force|-fo]",
    help: "Take a policy template from your files into the store",
    options: &[("-rename", "Name of the template in the store; the file's name without it")],
    roles: Role::OPERATOR,
    rest: &[users::FILES.resource(), partitions::IMPORT_TEMPLATE.resource()],
    known: Known::Documented("lunash/commands/partition/partition_policytemplate_import.htm@6.3"),
    run: call::<Import>(),
};

#[derive(Deserialize)]
struct ShowPolicies {
    partition: String,
}

/// What a partition can do, and what it is allowed.
#[derive(Serialize)]
struct Policies {
    partition: String,
    serial: String,
    label: String,
    capabilities: Vec<ShownCapability>,
    policies: Vec<ShownPolicy>,
}

#[derive(Serialize)]
struct ShownCapability {
    code: u32,
    description: String,
    value: u32,
}

#[derive(Serialize)]
struct ShownPolicy {
    code: u32,
    description: String,
    value: u32,
    destructive_off_to_on: bool,
    destructive_on_to_off: bool,
}

impl Run<Session> for ShowPolicies {
    type View = Policies;

    fn run(self, session: &mut Session) -> Result<Policies, Failure> {
        let target = Target::find(session, &self.partition)?;
        let place = target.place();
        let capabilities = session.get(&partitions::CAPABILITIES, &place)?;
        let capability = |capability: Capability| ShownCapability {
            code: capability.id.parse().unwrap_or_default(),
            description: capability.name,
            value: capability.value,
        };
        let mut policies = Vec::new();
        for entry in session.get(&partitions::POLICIES, &place)?.policies {
            let policy = match entry.name.is_empty() {
                // A bare list of links: each policy has to be asked for.
                true => {
                    let ids = [place[0], place[1], &entry.id];
                    let policy = session.get(&partitions::POLICY, &ids)?;
                    Policy { id: entry.id, ..policy }
                }
                false => entry,
            };
            policies.push(ShownPolicy {
                code: policy.id.parse().unwrap_or_default(),
                description: policy.name,
                value: policy.value,
                destructive_off_to_on: policy.off_to_on_destructive,
                destructive_on_to_off: policy.on_to_off_destructive,
            });
        }
        Ok(Policies {
            partition: target.shown.name,
            serial: target.shown.id,
            label: target.shown.label,
            capabilities: capabilities.capabilities.into_iter().map(capability).collect(),
            policies,
        })
    }
}

/// Policies whose value is a number; the others are on or off.
const NUMBERS: [u32; 4] = [20, 25, 26, 41];

impl Text for Policies {
    fn write(&self, page: &mut Page) {
        page.field("   Partition Name:", 22, &self.partition);
        page.field("   Partition SN:", 22, &self.serial);
        page.field("   Partition Label:", 22, &self.label);
        page.blank();
        page.line("   The following capabilities describe this partition, and cannot be altered");
        page.line("   except via firmware or capability updates.");
        page.blank();
        let row = |page: &mut Page, name: &str, value: &str| {
            page.line(format!("   {name:<41}{value}"));
        };
        row(page, "Description", "Value");
        row(page, "===========", "=====");
        for ShownCapability { code, description, value } in &self.capabilities {
            row(page, description, &shown(*code, *value, ["Disallowed", "Allowed"]));
        }
        page.blank();
        page.line("   The following policies describe the current configuration of");
        page.line("   this partition and may be changed by the Partition SO.");
        page.blank();
        page.line("   Changing policies marked \"destructive\" in the direction that is");
        page.line("   named will erase all objects in the partition.");
        page.blank();
        let row = |page: &mut Page, name: &str, value: &str, code: &str, destructive: &str| {
            page.line(format!("   {name:<41}{value:<13}{code:<10}{destructive}"));
        };
        row(page, "Description", "Value", "Code", "Destructive");
        row(page, "===========", "=====", "====", "===========");
        for policy in &self.policies {
            // Where there is no capability, there is nothing to change.
            let capability = self.capabilities.iter().find(|entry| entry.code == policy.code);
            if capability.is_some_and(|capability| capability.value == 0) {
                continue;
            }
            let value = shown(policy.code, policy.value, ["Off", "On"]);
            let destructive = match (policy.destructive_off_to_on, policy.destructive_on_to_off) {
                (true, true) => "Both ways",
                (true, false) => "Off-to-On",
                (false, true) => "On-to-Off",
                (false, false) => "No",
            };
            row(page, &policy.description, &value, &policy.code.to_string(), destructive);
        }
    }
}

/// A value in words, unless it is a number.
fn shown(code: u32, value: u32, words: [&str; 2]) -> String {
    match (NUMBERS.contains(&code), usize::try_from(value)) {
        (false, Ok(value @ (0 | 1))) => words[value].to_owned(),
        _ => value.to_string(),
    }
}

#[derive(Deserialize)]
struct ChangePolicy {
    partition: String,
    policy: u32,
    value: u32,
    psopin: Option<Secret>,
    force: bool,
}

/// A policy's new value.
#[derive(Serialize)]
struct Changed {
    code: u32,
    policy: String,
    value: u32,
}

impl Run<Session> for ChangePolicy {
    type View = Changed;

    fn run(self, session: &mut Session) -> Result<Changed, Failure> {
        let target = Target::find(session, &self.partition)?.initialized()?;
        let place = target.place();
        let number = self.policy.to_string();
        let ids = [place[0], place[1], number.as_str()];
        let policy = session.get(&partitions::POLICY, &ids)?;
        let attempt = PSO.attempt(session, place)?;
        let password = PSO.password(session, self.psopin, "-psopin")?;
        close_questions(session);
        let destructive = match (policy.value, self.value) {
            (0, 1..) => policy.off_to_on_destructive,
            (1.., 0) => policy.on_to_off_destructive,
            _ => false,
        };
        if destructive && !self.force {
            let name = &policy.name;
            session.confirm(
                false,
                &caution(
                    &format!(
                        "Are you sure you wish to change the destructive policy named:\n\
                 \x20 {name}\n\
                 Changing it will erase all objects in the partition!"
                    ),
                    &proceed("change the policy"),
                ),
            )?;
        }
        let value = PSO.during(session, place, (password, attempt), |session| {
            let change = SetPolicy { value: self.value };
            session.call(&partitions::SET_POLICY, &ids, &change)?;
            Ok(session.get(&partitions::POLICY, &ids)?.value)
        })?;
        Ok(Changed { code: self.policy, policy: policy.name, value })
    }
}

impl Text for Changed {
    fn write(&self, page: &mut Page) {
        page.line("'partition changePolicy' successful.");
        page.blank();
        page.line(format!("Policy {} is now set to value: {}", self.policy, self.value));
    }
}

#[derive(Deserialize)]
struct Import {
    filename: String,
    rename: Option<String>,
    force: bool,
}

impl Run<Session> for Import {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let file = session.provide(&self.filename)?;
        let template = ImportTemplate { file, name: self.rename, replace: self.force };
        session.call(&partitions::IMPORT_TEMPLATE, &[], &template)?;
        Ok(Done { done: "partition policyTemplate import" })
    }
}
