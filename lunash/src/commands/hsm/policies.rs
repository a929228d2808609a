//! `hsm showPolicies`, `hsm changePolicy`.

use luna_rest::hsm;

use super::{require_so, state};
use crate::prelude::*;

pub(in super::super) const MENUS: &[Menu] = &[];

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "hsm changePolicy -policy|-p <policy:0-999> -value|-v <value:0-4294967295> [-force|-f]",
        help: "Set a policy of the HSM",
        options: &[("-value", "0 off, 1 on, or a number")],
        roles: Role::OPERATOR,
        rest: &[hsm::SHOW.resource(), hsm::POLICY.resource(), hsm::SET_POLICY.resource()],
        known: Known::Documented(
            "configuration/initial_setup/set_hsm_policies_ped_authentication.htm@7.4",
        ),
        run: call::<ChangePolicy>(),
    },
    Command {
        syntax: "hsm showPolicies [-exporttemplate|-et <filename>]",
        help: "Show capabilities and policies of the HSM",
        options: &[("-exporttemplate", "Also write the policies to this file of yours")],
        roles: Role::MONITOR,
        rest: &[
            hsm::SHOW.resource(),
            hsm::CAPABILITIES.resource(),
            hsm::POLICIES.resource(),
            hsm::EXPORT_POLICIES.resource(),
        ],
        known: Known::Seen("hsm-showpolicies-6.20"),
        run: call::<ShowPolicies>(),
    },
];

#[derive(Deserialize)]
struct ChangePolicy {
    policy: u32,
    value: u32,
    force: bool,
}

/// A policy that was changed.
#[derive(Serialize)]
struct Changed {
    policy: u32,
    name: String,
    value: u32,
}

impl Run<Session> for ChangePolicy {
    type View = Changed;

    fn run(self, session: &mut Session) -> Result<Changed, Failure> {
        let hsm = session.hsm()?.to_owned();
        let ids = [&*hsm, &*self.policy.to_string()];
        let policy = session.get(&hsm::POLICY, &ids)?;
        if policy.value != self.value {
            let text = match (policy.zeroizes, policy.destructive) {
                (true, _) => {
                    "        Changing this policy will result in zeroizing the HSM.\n\
                     \n\
                     \x20       Type 'proceed' to zeroize the HSM or 'quit' to quit now.\n\
                     \x20       >"
                }
                (false, true) => {
                    "        Changing this policy will result in erasing all partitions\n\
                     \x20       on the HSM.\n\
                     \n\
                     \x20       Type 'proceed' to erase all partitions or 'quit' to quit now.\n\
                     \x20       >"
                }
                (false, false) => "",
            };
            // Whoever may not change it hears so before the question.
            if !text.is_empty() {
                require_so(&state(session)?)?;
                session.confirm(self.force, text)?;
            }
        }
        let body = hsm::SetPolicy { value: self.value };
        session.call(&hsm::SET_POLICY, &ids, &body)?;
        Ok(Changed { policy: self.policy, name: policy.name, value: self.value })
    }
}

impl Text for Changed {
    fn write(&self, page: &mut Page) {
        page.line("'hsm changePolicy' successful.");
        page.blank();
        page.line(format!("Policy {} is now set to value: {}", self.name, self.value));
    }
}

#[derive(Deserialize)]
struct ShowPolicies {
    exporttemplate: Option<String>,
}

/// A capability, or a policy that follows from the HSM's configuration.
#[derive(Serialize)]
struct Fixed {
    code: u32,
    name: String,
    value: u32,
    /// Off or on, rather than a number.
    flag: bool,
}

/// A policy that the HSM SO may change.
#[derive(Serialize)]
struct Policy {
    code: u32,
    name: String,
    value: u32,
    /// Off or on, rather than a number.
    flag: bool,
    destructive: bool,
}

/// Capabilities and policies.
#[derive(Serialize)]
struct Policies {
    label: String,
    serial: String,
    firmware: String,
    authentication_method: String,
    capabilities: Vec<Fixed>,
    policies: Vec<Policy>,
    exported: Option<String>,
}

impl Run<Session> for ShowPolicies {
    type View = Policies;

    fn run(self, session: &mut Session) -> Result<Policies, Failure> {
        let hsm = state(session)?;
        let id = session.hsm()?;
        let code = |id: &str| id.parse().unwrap_or_default();
        let capabilities = session.get(&hsm::CAPABILITIES, &[id])?.capabilities;
        let capabilities = capabilities.into_iter().map(|one| Fixed {
            code: code(&one.id),
            name: one.name,
            value: one.value,
            flag: one.kind != "number",
        });
        let policies = session.get(&hsm::POLICIES, &[id])?.policies;
        let policies = policies.into_iter().filter(|one| one.changeable).map(|one| Policy {
            code: code(&one.id),
            name: one.name,
            value: one.value,
            flag: one.kind != "number",
            destructive: one.destructive || one.zeroizes,
        });
        if let Some(file) = &self.exporttemplate {
            let body = hsm::ExportPolicies { file: file.clone() };
            session.call(&hsm::EXPORT_POLICIES, &[id], &body)?;
        }
        Ok(Policies {
            label: hsm.label,
            serial: id.to_owned(),
            firmware: hsm.firmware,
            authentication_method: hsm.authentication_method,
            capabilities: capabilities.collect(),
            policies: policies.collect(),
            exported: self.exporttemplate,
        })
    }
}

fn value(flag: bool, value: u32, words: [&str; 2]) -> String {
    if flag { words[usize::from(value != 0)].to_owned() } else { value.to_string() }
}

/// The heading and the columns are those of the recorded fragments, 6.20 and 6.21; where the
/// records differ in letters only, the one with exact columns counts.
impl Text for Policies {
    fn write(&self, page: &mut Page) {
        page.field("   HSM Label:", 16, &self.label);
        page.field("   Serial #:", 16, &self.serial);
        page.field("   Firmware:", 16, &self.firmware);
        page.blank();
        page.line("   The following capabilities describe this HSM, and cannot be altered");
        page.line("   except via firmware or capability updates.");
        page.blank();
        let row = |page: &mut Page, name: &str, value: &str| {
            page.line(format!("   {name:<41}{value}"));
        };
        row(page, "Description", "Value");
        row(page, "===========", "=====");
        for one in &self.capabilities {
            let shown = value(one.flag, one.value, ["Disallowed", "Allowed"]);
            row(page, &one.name, &shown);
        }
        page.blank();
        page.line("   The following policies are set due to current configuration of");
        page.line("   this HSM and cannot be altered directly by the user.");
        page.blank();
        row(page, "Description", "Value");
        row(page, "===========", "=====");
        let kind = if self.authentication_method == "PED" { "PED" } else { "PIN" };
        row(page, &format!("{kind}-based authentication"), "True");
        page.blank();
        page.line("   The following policies describe the current configuration of");
        page.line("   this HSM and may by changed by the HSM Administrator.");
        page.blank();
        page.line("   Changing policies marked \"destructive\" will zeroize (erase");
        page.line("   completely) the entire HSM.");
        page.blank();
        let row = |page: &mut Page, name: &str, value: &str, code: &str, destructive: &str| {
            page.line(format!("   {name:<41}{value:<13}{code:<10}{destructive}"));
        };
        row(page, "Description", "Value", "Code", "Destructive");
        row(page, "===========", "=====", "====", "===========");
        for one in &self.policies {
            let shown = value(one.flag, one.value, ["Off", "On"]);
            let destructive = if one.destructive { "Yes" } else { "No" };
            row(page, &one.name, &shown, &one.code.to_string(), destructive);
        }
        if let Some(file) = &self.exported {
            page.blank();
            page.line(format!("   The policies were written to your file {file}."));
        }
    }
}
