//! The plan of an appliance: a pure function of what a file says and what is there.
//!
//! `partitions.rs` and `services.rs` plan these; here are the HSM and what all plans share.
//!
//! A step is a line that a person would type in LunaSH or LunaCM. It makes one thing true, and is planned only
//! while that is not so: whatever ends a run, the next one plans what is left.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use luna_shell::quoted;

use crate::file;
use crate::source::{Credential, SecretSource};
use crate::state::Appliance;

mod partitions;
mod services;

/// Who understands a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Program {
    /// The appliance's shell.
    LunaSh,
    /// The client's shell, over a session with the appliance; a slot is that of the partition of this name.
    LunaCm {
        /// The partition.
        partition: String,
    },
    /// The client's shell, over a session with an appliance and with the client's own files.
    Deploy,
    /// The client's shell, over the links of the client's configuration. Where the line has the place of a
    /// serial number, it is that of the partition of this name on this appliance.
    Linked {
        /// The appliance.
        appliance: String,
        /// The partition.
        partition: String,
    },
    /// The client's shell, over the same links; the line is about the client's configuration alone.
    Settings,
    /// The client's program that registers it with the cluster.
    Register,
    /// The appliance's shell, in a session of its own: the menus of clusters come with their package.
    Cluster {
        /// Whether the cluster's service has to run first.
        runs: bool,
    },
    /// The appliance's side of `scp`: a file becomes one of the account.
    Scp {
        /// The file on this machine.
        file: PathBuf,
        /// Its name on the appliance.
        name: String,
    },
}

impl Program {
    /// What a person types the line into.
    pub fn name(&self) -> &'static str {
        match self {
            Program::LunaSh | Program::Cluster { .. } => "lunash",
            Program::LunaCm { .. }
            | Program::Deploy
            | Program::Linked { .. }
            | Program::Settings => "lunacm",
            Program::Register => "lnhclientregistration",
            Program::Scp { .. } => "scp",
        }
    }
}

/// A line, and the secrets that it will ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Who understands it.
    pub program: Program,
    /// The line, which never holds a secret.
    pub line: String,
    /// The secrets, by the names of their variables without `LUNA_`.
    pub secrets: Vec<(&'static str, Credential)>,
    /// Whether what follows can only be planned after it.
    pub then_look: bool,
    /// What may be so already, which is seen only when the line is due: then it is not typed.
    pub unless: Option<PolicyIs>,
}

/// The value of a policy of a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "as in the line")]
pub struct PolicyIs {
    pub partition: String,
    pub policy: u32,
    pub value: u32,
}

/// What is to be done, or why it cannot be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// What the file wants and must not or cannot be done. While there is any, nothing is done.
    pub refusals: Vec<String>,
}

/// What stands in a line for the serial number of a partition that is not made yet.
pub fn serial_of(partition: &str, appliance: &str) -> String {
    format!("<serial number of {partition} on {appliance}>")
}

/// What of this machine's files the plan depends on.
#[derive(Clone, Debug, Default)]
pub struct LocalFiles {
    /// The certificates of clients, as PEM, by their files.
    pub certificates: BTreeMap<PathBuf, String>,
    /// Fingerprints of SSH keys, by their files.
    pub keys: BTreeMap<PathBuf, String>,
    /// Those of the files that lie in the working directory, where LunaSH finds them.
    pub at_hand: BTreeSet<PathBuf>,
}

/// Plans an appliance.
pub fn plan(file: &file::Appliance, state: &Appliance, local: &LocalFiles) -> Plan {
    let mut planner = Planner { file, state, local, plan: Plan::default(), so_logged_in: false };
    planner.appliance();
    // Nothing of a plan is done while a part of it is refused.
    if !planner.plan.refusals.is_empty() {
        planner.plan.steps.clear();
    }
    planner.plan
}

struct Planner<'a> {
    file: &'a file::Appliance,
    state: &'a Appliance,
    local: &'a LocalFiles,
    plan: Plan,
    so_logged_in: bool,
}

type Secrets = Vec<(&'static str, Credential)>;

impl Planner<'_> {
    fn appliance(&mut self) {
        if self.state.password_is_due {
            return self.own_password();
        }
        let Some(hsm) = &self.file.hsm else {
            if !self.file.partitions.is_empty() && !self.state.hsm.initialized {
                self.refuse("the HSM is not initialized, and the file does not say how".to_owned());
            }
            self.rest();
            return;
        };
        if let Some(serial) = &hsm.serial
            && *serial != self.state.hsm.serial
        {
            let there = &self.state.hsm.serial;
            return self.refuse(format!("the HSM is {there}, and the file wants {serial}"));
        }
        self.hsm(hsm);
        self.rest();
    }

    fn rest(&mut self) {
        self.deletions();
        for (name, partition) in &self.file.partitions {
            self.partition(name, partition);
        }
        self.network_services();
        self.accounts();
        for (name, client) in &self.file.clients {
            self.client(name, client);
        }
    }

    fn refuse(&mut self, why: String) {
        self.plan.refusals.push(why);
    }

    fn push(&mut self, program: Program, line: String, secrets: Secrets) {
        let step = Step { program, line, secrets, then_look: false, unless: None };
        self.plan.steps.push(step);
    }

    fn lunash(&mut self, line: impl Into<String>) {
        self.push(Program::LunaSh, line.into(), Vec::new());
    }

    /// A secret of the file; a refusal where it does not name it.
    fn secret(&mut self, source: Option<&SecretSource>, what: &str) -> Option<SecretSource> {
        if source.is_none() {
            self.refuse(needed(what));
        }
        source.cloned()
    }

    fn own_password(&mut self) {
        let what = "the password of the account, which has to be changed,";
        let Some(password) = self.secret(self.file.password.as_ref(), what) else { return };
        let secrets = vec![("NEW_PASSWORD", Credential::Of(password))];
        self.push(Program::LunaSh, "my password set".to_owned(), secrets);
        self.look();
    }

    /// What follows is planned when the last step is done.
    fn look(&mut self) {
        if let Some(last) = self.plan.steps.last_mut() {
            last.then_look = true;
        }
    }

    fn hsm(&mut self, wanted: &file::Hsm) {
        let there = &self.state.hsm;
        let may_erase = wanted.may_erase.as_ref() == Some(&there.serial);
        if let Some(other) = wanted.may_erase.as_ref().filter(|_| !may_erase) {
            return self.refuse(format!(
                "may_erase names the HSM {other}, and this one is {}",
                there.serial
            ));
        }
        let initialize = !there.initialized || there.label != wanted.label;
        if initialize && there.initialized && !may_erase {
            return self.refuse(format!(
                "the HSM {} is initialized as '{}', and to make it '{}' would erase it: may_erase = \
                 \"{0}\" allows that",
                there.serial, there.label, wanted.label
            ));
        }
        if initialize {
            if there.multifactor {
                return self.refuse(format!(
                    "the HSM {} is initialized with keys at its PED: 'hsm init -label {}' by hand",
                    there.serial,
                    quoted(&wanted.label)
                ));
            }
            let password = self.secret(wanted.so_password.as_ref(), "the HSM SO's password");
            let domain = self.secret(wanted.domain.as_ref(), "the HSM's cloning domain");
            let (Some(password), Some(domain)) = (password, domain) else { return };
            let secrets = vec![
                ("HSM_PASSWORD", Credential::Of(password)),
                ("DOMAIN", Credential::Of(domain)),
            ];
            if there.initialized {
                self.so();
            }
            let line = format!("hsm init -label {} -force", quoted(&wanted.label));
            self.push(Program::LunaSh, line, secrets);
            // Partitions and values of policies are others now.
            if there.initialized {
                return self.look();
            }
        }
        for (number, value) in self.numbered(&wanted.policies, "HSM") {
            let Some(policy) = there.policies.get(&number) else {
                self.refuse(format!("the HSM has no policy {number}"));
                continue;
            };
            if policy.value == value {
                continue;
            }
            let erases = policy.zeroizes || policy.destructive && !self.state.partitions.is_empty();
            if erases && !may_erase {
                let what = if policy.zeroizes { "zeroizes it" } else { "erases its partitions" };
                self.refuse(format!(
                    "a change of policy {number} ({}) of the HSM {} {what}: may_erase = \"{1}\" allows \
                     that",
                    policy.name, there.serial
                ));
                continue;
            }
            self.so();
            self.lunash(format!("hsm changePolicy -policy {number} -value {value} -force"));
            if erases {
                self.look();
            }
        }
    }

    /// Logs the HSM SO in, once.
    fn so(&mut self) {
        if self.so_logged_in {
            return;
        }
        self.so_logged_in = true;
        let source = self.file.hsm.as_ref().and_then(|hsm| hsm.so_password.as_ref());
        if let Some(password) = self.secret(source, "the HSM SO's password") {
            let secrets = vec![("HSM_PASSWORD", Credential::Of(password))];
            self.push(Program::LunaSh, "hsm login".to_owned(), secrets);
        }
    }

    /// Policies by their numbers.
    fn numbered(&mut self, policies: &BTreeMap<String, u32>, of: &str) -> Vec<(u32, u32)> {
        let mut numbered = Vec::new();
        for (number, value) in policies {
            match number.parse() {
                Ok(number) => numbered.push((number, *value)),
                Err(_) => self.refuse(format!("'{number}' is no number of a policy of the {of}")),
            }
        }
        numbered.sort_unstable();
        numbered
    }

    fn deletions(&mut self) {
        for serial in &self.file.delete_partitions {
            let Some(there) = self.state.partitions.iter().find(|one| one.serial == *serial) else {
                continue;
            };
            if self.file.partitions.contains_key(&there.name) {
                self.refuse(format!(
                    "the partition {serial} is to be deleted, and '{}', which it is, to be there",
                    there.name
                ));
                continue;
            }
            self.so();
            self.lunash(format!("partition delete -partition {} -force", quoted(&there.name)));
        }
    }
}

/// Why a plan ends without a secret.
pub(crate) fn needed(what: &str) -> String {
    format!("{what} is needed, and the file does not say where it is")
}

/// How an appliance is named in commands of other machines: its address without the port.
pub(crate) fn host_of(file: &file::Appliance) -> &str {
    let address = file.address.as_deref().unwrap_or("appliance");
    // An address of IPv6 may have colons of its own.
    if let Some(rest) = address.strip_prefix('[') {
        return rest.split(']').next().unwrap_or(rest);
    }
    match address.split_once(':') {
        Some((host, port)) if !port.contains(':') => host,
        _ => address,
    }
}

/// Whether two PEM texts are the same but for blanks around their lines.
pub(crate) fn same_lines(one: &str, other: &str) -> bool {
    let lines = |text: &str| -> Vec<String> {
        text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
    };
    lines(one) == lines(other)
}

#[cfg(test)]
mod tests;
