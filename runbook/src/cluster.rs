//! The plan of a cluster: its package, its service, its members one after the other, their affinity groups,
//! its modes and its keyrings; `clients.rs` has who sees them. The partition that holds the cluster's key on each
//! member is planned before it.

use std::collections::BTreeMap;

use luna_rest::Secret;
use luna_shell::{ClientFiles, Failure, quoted};

use crate::client::Joint;
use crate::file::{AssignmentMode, Cluster, IdentityMode, Runbook};
use crate::plan::{Program, Step, needed};
use crate::source::{Credential, SecretSource, Vault};
use crate::state::{Appliance, ClusterState};

mod clients;

/// What stands in a line for the UUID of a cluster that is not made yet.
pub const CLUSTER_ID: &str = "<UUID of the cluster>";

/// What stands in a line for the UUID of a member that has not joined yet.
pub fn member_id(appliance: &str) -> String {
    format!("<UUID of the member {appliance}>")
}

/// Plans the cluster, and this machine as a client of it.
pub fn plan(runbook: &Runbook, states: &BTreeMap<&str, Appliance>, files: &ClientFiles) -> Joint {
    let mut joint = Joint::default();
    let entry = runbook.client.as_ref().and_then(|client| client.cluster.as_ref());
    let Some(cluster) = &runbook.cluster else {
        if entry.is_some() {
            joint
                .refusals
                .push("the client: the file has no cluster to register it with".to_owned());
        }
        return joint;
    };
    if states.values().any(|state| state.password_is_due) {
        return joint;
    }
    let mut planner = Planner { runbook, cluster, states, files, joint: &mut joint };
    planner.plan();
    if !joint.refusals.is_empty() {
        joint.steps.clear();
    }
    joint
}

struct Planner<'a> {
    runbook: &'a Runbook,
    cluster: &'a Cluster,
    states: &'a BTreeMap<&'a str, Appliance>,
    files: &'a ClientFiles,
    joint: &'a mut Joint,
}

impl Planner<'_> {
    fn refuse(&mut self, why: String) {
        self.joint.refusals.push(format!("the cluster: {why}"));
    }

    fn push(
        &mut self,
        appliance: &str,
        runs: bool,
        line: String,
        secrets: Vec<(&'static str, Credential)>,
    ) {
        let program = Program::Cluster { runs };
        let step = Step { program, line, secrets, then_look: false, unless: None };
        self.joint.steps.push((appliance.to_owned(), step));
    }

    /// The first member, then the others by name.
    fn members(&self) -> Vec<String> {
        let first = &self.cluster.first;
        let others = self.cluster.members.keys().filter(|name| *name != first);
        std::iter::once(first).chain(others).cloned().collect()
    }

    fn state(&self, name: &str) -> ClusterState {
        self.states.get(name).and_then(|state| state.cluster.clone()).unwrap_or_default()
    }

    /// A secret of the file; a refusal where it does not name it.
    fn secret(&mut self, source: Option<SecretSource>, what: &str) -> Option<Credential> {
        if source.is_none() {
            self.refuse(needed(what));
        }
        source.map(Credential::Of)
    }

    fn co_password(&mut self, name: &str) -> Option<Credential> {
        let partition = &self.cluster.partition;
        let source = co_password(self.runbook, self.cluster, name);
        self.secret(source, &format!("co_password of '{partition}' on '{name}'"))
    }

    fn plan(&mut self) {
        let members = self.members();
        for name in &members {
            let known = self.cluster.members.contains_key(name)
                && self.runbook.appliances.contains_key(name);
            if !known {
                return self
                    .refuse(format!("'{name}' is no member with an appliance of this file"));
            }
        }
        for name in &members {
            self.package(name);
        }
        for name in &members {
            let Some(wanted) = self.cluster.members.get(name) else { continue };
            let state = self.state(name);
            if state.core_address.is_empty() {
                let line =
                    format!("cluster config -service core -ipaddress {}", quoted(&wanted.ip));
                self.push(name, false, line, Vec::new());
            } else if state.core_address != wanted.ip {
                self.refuse(format!(
                    "'{name}' has the core address {}, and the file wants {}: 'cluster config' by hand",
                    state.core_address, wanted.ip
                ));
            }
        }
        for name in &members {
            if self.state(name).stopped {
                self.push(name, false, "cluster enable".to_owned(), Vec::new());
            }
        }
        self.found();
        for name in &members[1..] {
            self.join(name);
        }
        for name in &members {
            self.group(name);
        }
        self.modes();
        self.keyrings();
        self.clients();
    }

    fn package(&mut self, name: &str) {
        if self.state(name).package {
            return;
        }
        let Some(file) = self.cluster.package.clone() else {
            return self.refuse(format!(
                "'{name}' does not have the package lnh_cluster, and the file names no 'package'"
            ));
        };
        let what = "the authcode of the package";
        let Some(code) = self.secret(self.cluster.authcode.clone(), what) else { return };
        let line = format!("package update {} -useevp -force", quoted(&file.display().to_string()));
        self.push(name, false, line, vec![("AUTHCODE", code)]);
    }

    /// The first member makes the cluster.
    fn found(&mut self) {
        let first = self.cluster.first.clone();
        let state = self.state(&first);
        match &state.cluster {
            Some((_, label)) if *label != self.cluster.label => {
                return self.refuse(format!(
                    "'{first}' belongs to the cluster '{label}': 'cluster delete' or 'leave' by hand"
                ));
            }
            Some(_) => {}
            None => {
                let hsm = self.runbook.appliances.get(&first).and_then(|one| one.hsm.as_ref());
                let source = hsm.and_then(|hsm| hsm.so_password.clone());
                let what = format!("so_password of '{first}'");
                let Some(so) = self.secret(source, &what) else { return };
                let line = format!("cluster create -label {}", quoted(&self.cluster.label));
                self.push(&first, true, line, vec![("HSM_PASSWORD", so)]);
            }
        }
        if !state.is_active() {
            let Some(co) = self.co_password(&first) else { return };
            let line =
                format!("cluster member authorize -partition {}", quoted(&self.cluster.partition));
            self.push(&first, true, line, vec![("CO_PASSWORD", co)]);
        }
    }

    fn join(&mut self, name: &str) {
        let first = self.cluster.first.clone();
        let (founded, state) = (self.state(&first).cluster, self.state(name).cluster);
        match (&founded, &state) {
            (Some((id, _)), Some((own, _))) if id == own => return,
            (_, Some((_, label))) => {
                return self.refuse(format!(
                    "'{name}' belongs to another cluster, '{label}': 'cluster leave' by hand"
                ));
            }
            (_, None) => {}
        }
        let id = founded.map_or_else(|| CLUSTER_ID.to_owned(), |(id, _)| id);
        let ip =
            self.cluster.members.get(&first).map(|member| member.ip.clone()).unwrap_or_default();
        let source = self.runbook.appliances.get(&first).and_then(|one| one.password.clone());
        let what = format!("the password of the account at '{first}'");
        let (Some(admin), Some(co)) = (self.secret(source, &what), self.co_password(name)) else {
            return;
        };
        let line = format!(
            "cluster join -clusterid {id} -clusteripaddress {} -partition {} -force",
            quoted(&ip),
            quoted(&self.cluster.partition)
        );
        self.push(name, true, line, vec![("REMOTE_PASSWORD", admin), ("CO_PASSWORD", co)]);
    }

    fn group(&mut self, name: &str) {
        let Some(wanted) = self.cluster.members.get(name) else { return };
        let Some(group) = wanted.group.clone() else { return };
        let first = self.cluster.first.clone();
        let there = self.state(&first);
        let there = there.members.iter().find(|member| member.address == wanted.ip);
        if there.is_some_and(|there| there.group == group) {
            return;
        }
        let id = there.map_or_else(|| member_id(name), |there| there.id.clone());
        let line = format!("cluster member config -memberid {id} -group {}", quoted(&group));
        self.push(&first, true, line, Vec::new());
    }

    /// The modes of the cluster; a new one is in single-identity and auto-assignment mode.
    fn modes(&mut self) {
        let first = self.cluster.first.clone();
        let there = self.state(&first);
        let is_new = there.cluster.is_none();
        let present =
            |shown: &str, new: &str| if is_new { new.to_owned() } else { shown.to_owned() };
        let identity = present(&there.identity_mode, "single");
        let assignment = present(&there.assignment_mode, "auto");
        let wanted = [
            ("identitymode", self.cluster.identity_mode.map(IdentityMode::name), identity),
            ("assignmentmode", self.cluster.assignment_mode.map(AssignmentMode::name), assignment),
        ];
        for (option, wanted, present) in wanted {
            let Some(wanted) = wanted.filter(|wanted| *wanted != present) else { continue };
            if present.is_empty() {
                self.refuse(format!(
                    "'{first}' does not tell its modes, which come with the package lnh_cluster 1.0.5: \
                     leave 'identity_mode' and 'assignment_mode' out"
                ));
                return;
            }
            if option == "identitymode" && (present == "dual" || !there.keyrings.is_empty()) {
                self.refuse(format!(
                    "it is in {present}-identity mode, which is chosen before the first keyring is made \
                     and cannot become {wanted} any more"
                ));
                continue;
            }
            self.push(&first, true, format!("cluster config -{option} {wanted}"), Vec::new());
            // Who had seen every keyring by itself has them assigned then.
            if option == "assignmentmode" && !is_new {
                self.look();
            }
        }
    }

    /// What follows is planned when the last step is done.
    fn look(&mut self) {
        if let Some((_, last)) = self.joint.steps.last_mut() {
            last.then_look = true;
        }
    }

    fn keyrings(&mut self) {
        let first = self.cluster.first.clone();
        let there = self.state(&first).keyrings;
        for (label, keyring) in &self.cluster.keyrings {
            if there.contains_key(label) {
                continue;
            }
            let what = format!("the password of the keyring '{label}'");
            let password = self.secret(keyring.password.clone(), &what);
            let (Some(password), Some(co)) = (password, self.co_password(&first)) else { continue };
            let line = format!(
                "keyring create -label {} -partition {}",
                quoted(label),
                quoted(&self.cluster.partition)
            );
            let secrets = vec![("KEYRING_PASSWORD", password), ("CO_PASSWORD", co)];
            self.push(&first, true, line, secrets);
        }
    }
}

fn co_password(runbook: &Runbook, cluster: &Cluster, name: &str) -> Option<SecretSource> {
    runbook.appliances.get(name)?.partitions.get(&cluster.partition)?.co_password.clone()
}

/// What members must have alike before one joins: whoever joins gets the accounts of the cluster, and would
/// not be reached with another password any more.
///
/// # Errors
/// A secret cannot be read.
pub fn check(runbook: &Runbook, joint: &Joint, vault: &mut Vault) -> Result<Vec<String>, Failure> {
    let Some(cluster) = &runbook.cluster else { return Ok(Vec::new()) };
    let mut refusals = Vec::new();
    if !joint.steps.iter().any(|(_, step)| step.line.starts_with("cluster join")) {
        return Ok(refusals);
    }
    let mut first: Option<Secret> = None;
    let names = std::iter::once(&cluster.first).chain(cluster.members.keys());
    for name in names {
        let source = runbook.appliances.get(name).and_then(|one| one.password.as_ref());
        let Some(source) = source else { continue };
        let password = vault.read(source)?;
        match &first {
            Some(first) if first.expose() != password.expose() => refusals.push(format!(
                "the cluster: '{name}' and '{}' have different passwords of the account, and who joins \
                 gets that of the cluster",
                cluster.first
            )),
            Some(_) => {}
            None => first = Some(password),
        }
    }
    Ok(refusals)
}
