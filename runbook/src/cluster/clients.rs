//! The clients of a cluster: the registration of this machine, registrations that are taken back, and who sees
//! which keyring.

use luna_shell::quoted;

use super::{CLUSTER_ID, Planner};
use crate::file::AssignmentMode;
use crate::plan::{Program, Step};
use crate::state::{ClusterClient, ClusterState};

impl Planner<'_> {
    pub(super) fn clients(&mut self) {
        let first = self.cluster.first.clone();
        let there = self.state(&first);
        let is_deleted = |one: &ClusterClient| self.cluster.delete_clients.contains(&one.id);
        let (deleted, known): (Vec<ClusterClient>, Vec<ClusterClient>) =
            there.clients.iter().cloned().partition(is_deleted);
        for client in deleted {
            let line = format!("cluster client delete -clientid {} -force", client.id);
            self.push(&first, true, line, Vec::new());
        }
        self.register(&there, &known);
        self.assignments(&there, &known);
    }

    /// Registers this machine, unless the cluster knows it by the certificate that it has.
    fn register(&mut self, there: &ClusterState, known: &[ClusterClient]) {
        let Some(client) = &self.runbook.client else { return };
        let Some(wanted) = &client.cluster else { return };
        let Some(entry) = self.cluster.members.get(&wanted.entry) else {
            return self.refuse(format!(
                "the client enters by '{}', which is none of its members",
                wanted.entry
            ));
        };
        let id = there.cluster.as_ref().map(|(id, _)| id.as_str());
        let files = id.and_then(|id| self.files.clusters.get(id));
        let is_so = |one: &ClusterClient| {
            let same = |wanted: &Option<String>, there: &str| {
                wanted.as_deref().is_none_or(|wanted| wanted == there)
            };
            one.name == client.name
                && files.is_some_and(|files| {
                    files.name == one.name
                        && files.fingerprint == one.fingerprint
                        && files.entry == entry.ip
                })
                && same(&wanted.label, &one.label)
                && same(&wanted.user, &one.user)
        };
        if known.iter().any(is_so) {
            return;
        }
        let mut line = format!(
            "lnhclientregistration -n {} -i {} -c {}",
            quoted(&client.name),
            quoted(&entry.ip),
            id.unwrap_or(CLUSTER_ID)
        );
        let taken = |(of, files): (&String, &luna_shell::ClusterFiles)| {
            files.place == 0 && Some(of.as_str()) != id
        };
        // The first place is another cluster's, which stays.
        if self.files.clusters.iter().any(taken) {
            line += " -m";
        }
        for (option, value) in [("-l", &wanted.label), ("-u", &wanted.user)] {
            if let Some(value) = value {
                line += &format!(" {option} {}", quoted(value));
            }
        }
        if let Some(file) = &client.configuration {
            line += &format!(" --config {}", quoted(&file.display().to_string()));
        }
        let step = Step {
            program: Program::Register,
            line,
            secrets: Vec::new(),
            then_look: false,
            unless: None,
        };
        self.joint.steps.push((wanted.entry.clone(), step));
    }

    fn assignments(&mut self, there: &ClusterState, known: &[ClusterClient]) {
        let wanted = self.cluster.assignment_mode.map(AssignmentMode::name);
        let manual = AssignmentMode::Manual.name();
        let is_manual = there.assignment_mode == manual;
        let own = self.runbook.client.as_ref().filter(|client| client.cluster.is_some());
        let mut lines = Vec::new();
        for (label, keyring) in &self.cluster.keyrings {
            if keyring.clients.is_empty() && keyring.unassign_clients.is_empty() {
                continue;
            }
            if wanted.unwrap_or(&there.assignment_mode) != manual {
                return self.refuse(format!(
                    "the keyring '{label}' names clients, and in auto-assignment mode every client sees \
                     every keyring: assignment_mode = \"{manual}\""
                ));
            }
            let sees = |one: &ClusterClient| {
                there.keyrings.get(label).is_some_and(|clients| clients.contains(&one.name))
            };
            for name in &keyring.clients {
                let client = known.iter().find(|one| one.name == *name);
                if client.is_none() && own.is_none_or(|own| own.name != *name) {
                    return self.refuse(format!(
                        "the keyring '{label}' is for the client '{name}', which is not registered: \
                         'lnhclientregistration' there first"
                    ));
                }
                if client.is_some_and(|one| keyring.unassign_clients.contains(&one.id)) {
                    return self.refuse(format!(
                        "the client '{name}' is to see the keyring '{label}' and to see it no more"
                    ));
                }
                if !client.is_some_and(sees) {
                    let (label, name) = (quoted(label), quoted(name));
                    lines.push(format!("keyring assign -label {label} -client {name}"));
                }
            }
            let unassigned = known.iter().filter(|one| keyring.unassign_clients.contains(&one.id));
            for one in unassigned.filter(|one| sees(one)) {
                let label = quoted(label);
                lines.push(format!("keyring unassign -label {label} -client {}", one.id));
            }
        }
        // Who sees what is known once the mode is the one that is wanted.
        if is_manual || there.cluster.is_none() {
            let first = self.cluster.first.clone();
            lines.into_iter().for_each(|line| self.push(&first, true, line, Vec::new()));
        }
    }
}
