//! `partition showpolicies` and `changepolicy`: what the partition allows.

use std::path::PathBuf;

use luna_rest::partitions as rest;

use luna_rest::{partitions, users};

use crate::carried;
use crate::prelude::*;

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "partition|par changepolicy|changepo -policy|-p <policy> -value|-v <value> [-force|-f]",
        help: "Change policies",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[
            partitions::SHOW.resource(),
            partitions::CAPABILITIES.resource(),
            partitions::POLICIES.resource(),
            partitions::SET_POLICY.resource(),
        ],
        known: Known::Seen("lunacm-partition-policy-change-k6"),
        run: call::<Change>(),
    },
    Command {
        syntax: "partition|par showpolicies [-slot|-s <slotnum>] [-verbose|-v] [-exporttemplate|-et <template_file>]",
        help: "Show capabilities and policies",
        options: &[
            ("-exporttemplate", "Write the policies as a template into this file"),
            ("-verbose", "Tell which changes erase the partition"),
        ],
        roles: Role::MONITOR,
        rest: &[
            partitions::CAPABILITIES.resource(),
            partitions::POLICIES.resource(),
            users::DOWNLOAD.resource(),
            partitions::EXPORT_TEMPLATE.resource(),
            users::DELETE_FILE.resource(),
        ],
        known: Known::Seen("lunacm-partition-policy-change-k6"),
        run: call::<Show>(),
    },
];

#[derive(Deserialize)]
struct Change {
    policy: String,
    value: String,
    force: bool,
}

/// The policies that were changed, and their new values.
#[derive(Serialize)]
struct Changed {
    policies: Vec<NewValue>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
struct NewValue {
    policy: u32,
    value: u32,
}

/// `33,37` and `0,1` as pairs.
fn pairs(policies: &str, values: &str) -> Result<Vec<NewValue>, Failure> {
    let wrong = |why: String| codes::failure(codes::ARGUMENTS_BAD, why);
    let numbers = |option: &str, list: &str| {
        list.split(',')
            .map(|text| text.trim().parse().map_err(|_| (option.to_owned(), text.to_owned())))
            .collect::<Result<Vec<u32>, _>>()
            .map_err(|(option, text)| wrong(format!("'{option}': '{text}' is not a number.")))
    };
    let (policies, values) = (numbers("-policy", policies)?, numbers("-value", values)?);
    if policies.len() != values.len() {
        return Err(wrong(format!(
            "As many values as policies are needed: {} and {} were given.",
            values.len(),
            policies.len()
        )));
    }
    if let Some(twice) = (1..policies.len()).find(|at| policies[..*at].contains(&policies[*at])) {
        return Err(wrong(format!("Policy {} was given twice.", policies[twice])));
    }
    let pair = |(policy, value)| NewValue { policy, value };
    Ok(policies.into_iter().zip(values).map(pair).collect())
}

impl Run<Session> for Change {
    type View = Changed;

    fn run(self, session: &mut Session) -> Result<Changed, Failure> {
        let [hsm, partition] = session.partition(None)?;
        let wanted = pairs(&self.policy, &self.value)?;
        session.require(&[PartitionRole::Po])?;
        let known = session.client().get(&rest::POLICIES, &[&hsm, &partition])?.policies;
        let able = session.client().get(&rest::CAPABILITIES, &[&hsm, &partition])?.capabilities;
        let mut destructive = Vec::new();
        for new in &wanted {
            let Some(policy) = known.iter().find(|policy| policy.id == new.policy.to_string())
            else {
                return Err(codes::failure(
                    codes::POLICY_ID_INVALID,
                    format!("There is no policy {}.", new.policy),
                )
                .hint("'partition showpolicies' shows the policies"));
            };
            // Told for all of a list before any of it is changed.
            let limit = able.iter().find(|able| able.id == policy.id).map(|able| able.value);
            if limit.is_some_and(|limit| new.value > limit) {
                return Err(codes::failure(
                    codes::CONFIG_ILLEGAL,
                    format!(
                        "Policy {} cannot be {}: its capability is {}.",
                        new.policy,
                        new.value,
                        limit.unwrap_or_default()
                    ),
                )
                .hint("nothing was changed"));
            }
            let destroys = match (policy.value, new.value) {
                (0, 1..) => policy.off_to_on_destructive,
                (1.., 0) => policy.on_to_off_destructive,
                _ => false,
            };
            if destroys {
                destructive.push(format!("        {}: {}\n", policy.id, policy.name));
            }
        }
        session.require(&[PartitionRole::Po])?;
        if !destructive.is_empty() && !self.force {
            session.confirm(
                &format!(
                    "        You are about to change a destructive policy:\n\n{}\n        \
                     All contents of the partition will be destroyed.\n\n        \
                     Are you sure you wish to continue?",
                    destructive.concat()
                ),
                "-force",
            )?;
        }
        let mut done: Vec<String> = Vec::new();
        for new in &wanted {
            let id = new.policy.to_string();
            let body = rest::SetPolicy { value: new.value };
            let set = session.client().call(&rest::SET_POLICY, &[&hsm, &partition, &id], &body);
            if let Err(error) = set {
                let failure = codes::in_own_words(error.into());
                return Err(match done.is_empty() {
                    true => failure,
                    false => failure.hint(format!(
                        "changed before this happened to policy {id}: {}",
                        done.join(", ")
                    )),
                });
            }
            done.push(id);
        }
        session.refresh_slot()?;
        Ok(Changed { policies: wanted })
    }
}

impl Text for Changed {
    fn write(&self, _: &mut Page) {}
}

#[derive(Deserialize)]
struct Show {
    slot: Option<usize>,
    verbose: bool,
    exporttemplate: Option<PathBuf>,
}

/// Capabilities and policies of a partition.
#[derive(Serialize)]
struct Policies {
    label: String,
    capabilities: Vec<Capability>,
    policies: Vec<Policy>,
    #[serde(skip)]
    verbose: bool,
    /// Where a template was written to; then nothing else is shown.
    template: Option<PathBuf>,
}

#[derive(Serialize)]
struct Capability {
    number: u32,
    name: String,
    value: u32,
}

#[derive(Serialize)]
struct Policy {
    number: u32,
    name: String,
    value: u32,
    off_to_on_destructive: bool,
    on_to_off_destructive: bool,
}

impl Run<Session> for Show {
    type View = Policies;

    fn run(self, session: &mut Session) -> Result<Policies, Failure> {
        let [hsm, partition] = session.partition(self.slot)?;
        let label = session.slot_or_current(self.slot)?.label.clone();
        let place = [hsm.as_str(), &partition];
        if let Some(path) = &self.exporttemplate {
            export(session, place, path)?;
        }
        let client = session.client_of(self.slot)?;
        let capabilities = client.get(&rest::CAPABILITIES, &place)?.capabilities;
        let capabilities = capabilities.into_iter().map(|entry| {
            let number = codes::number(&entry.id)?;
            Ok(Capability { number, name: entry.name, value: entry.value })
        });
        let capabilities = capabilities.collect::<Result<Vec<_>, Failure>>()?;
        let mut policies = Vec::new();
        for entry in client.get(&rest::POLICIES, &place)?.policies {
            let number = codes::number(&entry.id)?;
            // The Partition SO cannot change what the partition is not capable of.
            if capabilities.iter().any(|able| able.number == number && able.value != 0) {
                policies.push(Policy {
                    number,
                    name: entry.name,
                    value: entry.value,
                    off_to_on_destructive: entry.off_to_on_destructive,
                    on_to_off_destructive: entry.on_to_off_destructive,
                });
            }
        }
        Ok(Policies {
            label,
            policies,
            capabilities,
            verbose: self.verbose,
            template: self.exporttemplate,
        })
    }
}

/// Writes the template into a file of this machine, by way of a file on the appliance.
fn export(session: &mut Session, place: [&str; 2], path: &std::path::Path) -> Result<(), Failure> {
    let user = session.account()?.to_owned();
    let file = format!("lunacm-{}.txt", place[1]);
    let body = rest::ExportTemplate { file: file.clone() };
    session.client().call(&rest::EXPORT_TEMPLATE, &place, &body)?;
    let content = carried::take(session.client(), (&user, &file))?;
    carried::write("template", path, &content)
}

impl Text for Policies {
    fn write(&self, page: &mut Page) {
        if let Some(path) = &self.template {
            // The page's sample is cut behind the label.
            page.line(format!("        Partition policies for Partition: {}", self.label));
            page.line(format!("        written to: {}", path.display()));
            return;
        }
        page.line("        Partition Capabilities");
        for entry in &self.capabilities {
            page.line(line(entry.number, &entry.name, entry.value));
        }
        page.blank();
        page.line("        Partition Policies");
        for entry in &self.policies {
            page.line(line(entry.number, &entry.name, entry.value));
            if self.verbose {
                let text = |on| if on { "Yes" } else { "No" };
                page.line(format!(
                    "                    Off to On destructive: {}, On to Off destructive: {}",
                    text(entry.off_to_on_destructive),
                    text(entry.on_to_off_destructive)
                ));
            }
        }
    }
}

/// A line of capabilities and policies.
pub(in crate::commands) fn line(number: u32, name: &str, value: u32) -> String {
    format!("                {number:>2}: {name} : {value}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_become_pairs() {
        let pair = |policy, value| NewValue { policy, value };
        assert_eq!(pairs("33,37,40", "0,1,1").unwrap(), [pair(33, 0), pair(37, 1), pair(40, 1)]);
        assert_eq!(pairs("22", "1").unwrap(), [pair(22, 1)]);
        for (policies, values) in [("33,37", "0"), ("33,x", "0,1"), ("33,33", "0,1"), ("", "")] {
            let failure = pairs(policies, values).unwrap_err();
            assert_eq!(failure.code, Some(codes::ARGUMENTS_BAD), "{policies} {values}");
        }
    }

    /// The lines of the recorded session.
    #[test]
    fn a_line_stands_where_it_was_seen() {
        assert_eq!(line(22, "Allow activation", 1), "                22: Allow activation : 1");
        assert_eq!(line(0, "x", 1), "                 0: x : 1");
    }
}
