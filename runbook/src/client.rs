//! The plan of this machine as a client of several appliances: certificate, links, HA groups and what holds
//! for all of them. What an appliance has of its own is planned before it.

use std::collections::BTreeMap;

use luna_rest::Secret;
use luna_shell::{ClientFiles, Failure, quoted};

use crate::file::{HaGroup, HaSettings, OwnClient, Runbook};
use crate::plan::{Program, Step, host_of, same_lines, serial_of};
use crate::source::{Credential, SecretSource, Vault};
use crate::state::Appliance;

/// What is to be done once the appliances are as the file says: steps with the appliance that each is
/// about, one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Joint {
    /// The steps, in order, each with the name of an appliance.
    pub steps: Vec<(String, Step)>,
    /// As of a plan of one appliance.
    pub refusals: Vec<String>,
}

/// Plans the client.
pub fn plan(runbook: &Runbook, states: &BTreeMap<&str, Appliance>, files: &ClientFiles) -> Joint {
    let mut joint = Joint::default();
    let Some(client) = &runbook.client else { return joint };
    // Their partitions are seen once their passwords are changed.
    if states.values().any(|state| state.password_is_due) {
        return joint;
    }
    for (appliance, partitions) in &client.partitions {
        for partition in partitions {
            joint.deploy(runbook, states, files, (client, appliance, partition));
        }
    }
    for (label, group) in &client.groups {
        joint.group(runbook, states, files, (client, label, group));
    }
    if let Some(settings) = &client.ha {
        joint.settings(client, settings, files);
    }
    joint
}

impl Joint {
    fn push(
        &mut self,
        appliance: &str,
        program: Program,
        line: String,
        secret: Option<Credential>,
    ) {
        let secrets = secret.into_iter().map(|secret| ("CO_PASSWORD", secret)).collect();
        let step = Step { program, line, secrets, then_look: false, unless: None };
        self.steps.push((appliance.to_owned(), step));
    }

    fn deploy(
        &mut self,
        runbook: &Runbook,
        states: &BTreeMap<&str, Appliance>,
        files: &ClientFiles,
        (client, appliance, partition): (&OwnClient, &str, &str),
    ) {
        let known = runbook.appliances.get(appliance).zip(states.get(appliance));
        let Some((file, state)) = known else {
            return self.refusals.push(format!("the client: there is no appliance '{appliance}'"));
        };
        let there = state.partition(partition);
        if there.is_none() && !file.partitions.contains_key(partition) {
            return self
                .refusals
                .push(format!("the client: there is no partition '{partition}' on '{appliance}'"));
        }
        let server = host_of(file);
        let registered = state.clients.get(&client.name).is_some_and(|known| {
            let address = if known.hostname.is_empty() { &known.ip } else { &known.hostname };
            let shown = known.certificate.as_ref();
            files.name == *address
                && shown.is_none_or(|shown| same_lines(shown, &files.certificate))
                && there.is_some_and(|there| known.partitions.contains(&there.serial))
        });
        let trusted = contains_lines(&files.authorities, &state.server_certificate);
        if registered && trusted && files.servers.contains(server) {
            return;
        }
        let line = format!(
            "clientconfig deploy -server {} -client {} -partition {}",
            quoted(server),
            quoted(&client.name),
            quoted(partition)
        );
        self.push(appliance, Program::Deploy, line, None);
    }

    fn group(
        &mut self,
        runbook: &Runbook,
        states: &BTreeMap<&str, Appliance>,
        files: &ClientFiles,
        (client, label, group): (&OwnClient, &str, &HaGroup),
    ) {
        let partition = &group.partition;
        let there = files.groups.get(label);
        let serial =
            |appliance: &str| Some(states.get(appliance)?.partition(partition)?.serial.clone());
        if let Some(standby) = &group.standby
            && let Err(why) = check_standby(group, standby)
        {
            return self.refusals.push(format!("the HA group '{label}': {why}"));
        }
        let stands_by = |appliance: &str| {
            there
                .zip(serial(appliance))
                .is_some_and(|(there, serial)| there.standby.contains(&serial))
        };
        let wanted = |appliance: &String| Some(group.standby.as_ref()?.contains(appliance));
        let line = |command: &str, appliance: &str| {
            let serial = serial(appliance).unwrap_or_else(|| serial_of(partition, appliance));
            format!("hagroup {command} -serialnumber {serial} -group {}", quoted(label))
        };
        // Before others stand by: one member takes part at any time.
        for appliance in &group.appliances {
            if wanted(appliance) == Some(false) && stands_by(appliance) {
                let line = line("removestandby", appliance);
                self.push(appliance, linked(appliance, partition), line, None);
            }
        }
        let mut exists = there.is_some();
        for appliance in &group.appliances {
            let assigned = client.partitions.get(appliance);
            if !assigned.is_some_and(|assigned| assigned.contains(partition)) {
                self.refusals.push(format!(
                    "the HA group '{label}': the client's partitions on '{appliance}' do not have \
                     '{partition}'"
                ));
                continue;
            }
            if let Some((there, serial)) = there.zip(serial(appliance))
                && there.members.contains(&serial)
            {
                continue;
            }
            let of_file = runbook.appliances.get(appliance);
            let password =
                of_file.and_then(|file| file.partitions.get(partition)?.co_password.clone());
            let Some(password) = password else {
                self.refusals.push(format!(
                    "the HA group '{label}': the file does not say where co_password of '{partition}' \
                     on '{appliance}' is"
                ));
                continue;
            };
            let line = match exists {
                false => line("creategroup", appliance).replacen(" -group ", " -label ", 1),
                true => line("addmember", appliance),
            };
            exists = true;
            let password = Some(Credential::Of(password));
            self.push(appliance, linked(appliance, partition), line, password);
        }
        for appliance in &group.appliances {
            if wanted(appliance) == Some(true) && !stands_by(appliance) {
                let line = line("addstandby", appliance);
                self.push(appliance, linked(appliance, partition), line, None);
            }
        }
    }

    fn settings(&mut self, client: &OwnClient, wanted: &HaSettings, files: &ClientFiles) {
        let Some(appliance) = client.partitions.keys().next() else {
            return self.refusals.push(
                "the client: settings of HA groups are for one that has partitions".to_owned(),
            );
        };
        let there = &files.ha;
        let mut lines = Vec::new();
        if let Some(mode) = wanted.recovery_mode.filter(|mode| mode.name() != there.recovery_mode) {
            lines.push(format!("hagroup recoverymode -mode {}", mode.name()));
        }
        if let Some(seconds) = wanted.interval.filter(|seconds| *seconds != there.interval) {
            lines.push(format!("hagroup interval -interval {seconds}"));
        }
        if let Some(count) = wanted.retry.filter(|count| *count != there.retry) {
            lines.push(format!("hagroup retry -count {count}"));
        }
        if let Some(only) = wanted.only.filter(|only| *only != there.only) {
            lines.push(format!("hagroup haonly {}", if only { "-enable" } else { "-disable" }));
        }
        for line in lines {
            self.push(appliance, Program::Settings, line, None);
        }
    }

    /// Adds what comes after it.
    pub fn append(&mut self, next: Joint) {
        self.steps.extend(next.steps);
        self.refusals.extend(next.refusals);
    }
}

/// The shell that a line about a member of an HA group is typed into.
fn linked(appliance: &str, partition: &str) -> Program {
    Program::Linked { appliance: appliance.to_owned(), partition: partition.to_owned() }
}

/// Whether these appliances of a group can have members that stand by.
fn check_standby(group: &HaGroup, standby: &[String]) -> Result<(), String> {
    if let Some(other) = standby.iter().find(|one| !group.appliances.contains(one)) {
        return Err(format!(
            "the member on '{other}' is to stand by, and is none of its 'appliances'"
        ));
    }
    match group.appliances.iter().all(|one| standby.contains(one)) {
        true => Err("all members are to stand by, and one at least has to take part".to_owned()),
        false => Ok(()),
    }
}

/// What all members of an HA group must have alike, compared before anything is done for a group that is
/// still to be made: the password of the Crypto Officer and the cloning domain. That the partitions have one
/// name is so by the form of the file.
///
/// # Errors
/// A secret cannot be read.
pub fn check_groups(
    runbook: &Runbook,
    joint: &Joint,
    vault: &mut Vault,
) -> Result<Vec<String>, Failure> {
    let mut refusals = Vec::new();
    for (label, group) in runbook.client.iter().flat_map(|client| &client.groups) {
        let due = joint.steps.iter().any(|(_, step)| match &step.program {
            // What stands by or takes part again is a member already, and asks for nothing.
            Program::Linked { partition, .. } => {
                *partition == group.partition && !step.secrets.is_empty()
            }
            _ => false,
        });
        if !due {
            continue;
        }
        let mut alike = |what: &str, of: &dyn Fn(&str) -> Option<SecretSource>| {
            let mut first: Option<(Secret, &str)> = None;
            for appliance in &group.appliances {
                let Some(source) = of(appliance) else {
                    refusals.push(format!(
                        "the HA group '{label}': the file does not say where the {what} on \
                         '{appliance}' is, and the members must have the same"
                    ));
                    continue;
                };
                let secret = vault.read(&source)?;
                match &first {
                    Some((other, of)) if other.expose() != secret.expose() => refusals.push(format!(
                        "the HA group '{label}': the members must have the same {what}; those of \
                         '{of}' and '{appliance}' differ"
                    )),
                    Some(_) => {}
                    None => first = Some((secret, appliance)),
                }
            }
            Ok::<(), Failure>(())
        };
        let file = |appliance: &str| runbook.appliances.get(appliance);
        let partition = |name: &str| file(name)?.partitions.get(&group.partition);
        alike("password of the Crypto Officer", &|name| partition(name)?.co_password.clone())?;
        alike("cloning domain", &|name| {
            let of_hsm = || file(name)?.hsm.as_ref()?.domain.clone();
            partition(name)?.domain.clone().or_else(of_hsm)
        })?;
    }
    Ok(refusals)
}

/// Whether a PEM text is among others; an empty one always is.
fn contains_lines(all: &str, wanted: &str) -> bool {
    let lines = |text: &str| -> Vec<String> {
        text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
    };
    let (all, wanted) = (lines(all), lines(wanted));
    wanted.is_empty() || all.windows(wanted.len()).any(|some| some == wanted)
}
