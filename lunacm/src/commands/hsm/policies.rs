//! `hsm showpolicies`, `changehsmpolicy`, `changesopolicy`: what the HSM allows.

use std::path::PathBuf;

use luna_rest::{hsm, users};

use crate::carried;
use crate::commands::Done;
use crate::commands::administrative::{forget_login, require_so, sure};
use crate::commands::partition::policies::line;
use crate::prelude::*;

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "hsm changehsmpolicy|changehp -policy|-p <policy:0-999> -value|-v <value:0-4294967295> [-force|-f]",
        help: "Set a policy of the HSM",
        options: &[("-value", "0 off, 1 on, or a number")],
        roles: Role::OPERATOR,
        rest: &[hsm::SHOW.resource(), hsm::POLICY.resource(), hsm::SET_POLICY.resource()],
        known: Known::Assumed(
            "pages type the line (decommission_luna-pci-e.htm@10.2); its question is that of \
             'partition changepolicy'",
        ),
        run: call::<ChangeHsmPolicy>(),
    },
    Command {
        syntax: "hsm changesopolicy -policy|-p <policy:0-999> -value|-v <value:0-4294967295> [-force|-f]",
        help: "Set a policy of the SO's partition, which firmware 7 has none of",
        options: &[("-value", "0 off, 1 on, or a number")],
        roles: Role::OPERATOR,
        rest: &[],
        known: Known::Assumed(
            "known by name only; firmware 7 shows no such policies, so that it is refused",
        ),
        run: call::<ChangeSoPolicy>(),
    },
    Command {
        syntax: "hsm showpolicies [-exporttemplate|-et <template_file>]",
        help: "Show capabilities and policies",
        options: &[("-exporttemplate", "Write the policies as a template into this file")],
        roles: Role::MONITOR,
        rest: &[
            hsm::SHOW.resource(),
            hsm::CAPABILITIES.resource(),
            hsm::POLICIES.resource(),
            hsm::EXPORT_POLICIES.resource(),
            users::DOWNLOAD.resource(),
            users::DELETE_FILE.resource(),
        ],
        known: Known::Assumed(
            "pages name it and its option; the layout is that of 'partition showpolicies'",
        ),
        run: call::<ShowPolicies>(),
    },
];

#[derive(Deserialize)]
struct ChangeHsmPolicy {
    policy: u32,
    value: u32,
    force: bool,
}

impl Run<Session> for ChangeHsmPolicy {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        require_so(session)?;
        let id = self.policy.to_string();
        let (client, serial) = session.backup_hsm()?;
        let policy = client.get(&hsm::POLICY, &[serial, &id])?;
        let zeroizes = policy.zeroizes && policy.value != self.value;
        if zeroizes || (policy.destructive && policy.value != self.value) {
            let what = if policy.zeroizes { "contents" } else { "partitions" };
            let destroyed = format!(
                "{id}: {}\n\n        All {what} of the HSM will be destroyed.",
                policy.name
            );
            sure(session, self.force, "change a destructive policy", Some(&destroyed))?;
        }
        let (client, serial) = session.backup_hsm()?;
        client.call(&hsm::SET_POLICY, &[serial, &id], &hsm::SetPolicy { value: self.value })?;
        match zeroizes {
            true => forget_login(session)?,
            false => session.refresh_slot()?,
        }
        Ok(Done::new("hsm changehsmpolicy"))
    }
}

#[derive(Deserialize)]
struct ChangeSoPolicy {
    policy: u32,
    #[serde(rename = "value")]
    _value: u32,
    #[serde(rename = "force")]
    _force: bool,
}

impl Run<Session> for ChangeSoPolicy {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        require_so(session)?;
        Err(codes::failure(
            codes::POLICY_ID_INVALID,
            format!("The SO has no policy {}.", self.policy),
        )
        .hint("'hsm changehsmpolicy' changes policies of the HSM"))
    }
}

#[derive(Deserialize)]
struct ShowPolicies {
    exporttemplate: Option<PathBuf>,
}

/// Capabilities and policies of an HSM.
#[derive(Serialize)]
struct Policies {
    label: String,
    capabilities: Vec<Entry>,
    policies: Vec<Entry>,
    /// Where a template was written to; then nothing else is shown.
    template: Option<PathBuf>,
}

#[derive(Serialize)]
struct Entry {
    number: u32,
    name: String,
    value: u32,
}

impl Run<Session> for ShowPolicies {
    type View = Policies;

    fn run(self, session: &mut Session) -> Result<Policies, Failure> {
        let (client, serial) = session.backup_hsm()?;
        if let Some(path) = &self.exporttemplate {
            let file = format!("lunacm-{serial}.txt");
            let body = hsm::ExportPolicies { file: file.clone() };
            client.call(&hsm::EXPORT_POLICIES, &[serial], &body)?;
            let content = carried::take(client, (session.backup_hsm_account()?, &file))?;
            carried::write("template", path, &content)?;
        }
        let entry = |id: &str, name, value| -> Result<Entry, Failure> {
            Ok(Entry { number: codes::number(id)?, name, value })
        };
        let capabilities = client.get(&hsm::CAPABILITIES, &[serial])?.capabilities;
        let capabilities = capabilities.into_iter().map(|one| entry(&one.id, one.name, one.value));
        let policies = client.get(&hsm::POLICIES, &[serial])?.policies;
        let policies = policies.into_iter().map(|one| entry(&one.id, one.name, one.value));
        Ok(Policies {
            label: client.get(&hsm::SHOW, &[serial])?.label,
            capabilities: capabilities.collect::<Result<_, _>>()?,
            policies: policies.collect::<Result<_, _>>()?,
            template: self.exporttemplate,
        })
    }
}

impl Text for Policies {
    fn write(&self, page: &mut Page) {
        if let Some(path) = &self.template {
            page.line(format!("        HSM policies for HSM: {}", self.label));
            page.line(format!("        written to: {}", path.display()));
            return;
        }
        page.line("        HSM Capabilities");
        table(page, &self.capabilities);
        page.blank();
        page.line("        HSM Policies");
        table(page, &self.policies);
    }
}

fn table(page: &mut Page, entries: &[Entry]) {
    for entry in entries {
        page.line(line(entry.number, &entry.name, entry.value));
    }
}
