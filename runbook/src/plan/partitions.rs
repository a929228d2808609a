//! The plan of a partition: that it is there, its label, its policies and its roles.

use luna_shell::quoted;

use super::{Planner, PolicyIs, Program, Secrets};
use crate::file;
use crate::source::{Credential, SecretSource};
use crate::state::{Partition, Role};

/// The policy of the HSM by which roles change their first password before use.
const FORCED_CHANGE: u32 = 21;

impl Planner<'_> {
    pub(super) fn partition(&mut self, name: &str, wanted: &file::Partition) {
        let word = quoted(name);
        let there = self.state.partition(name).cloned();
        match &there {
            None => {
                let mut line = format!("partition create -partition {word}");
                if let Some(size) = wanted.size {
                    line += &format!(" -size {size}");
                }
                if let Some(version) = wanted.version {
                    line += &format!(" -version {version}");
                }
                self.so();
                self.lunash(line + " -force");
            }
            Some(there) => {
                if let Some(version) = wanted.version.filter(|version| *version != there.version) {
                    self.refuse(format!(
                        "the partition '{name}' ({}) is of version {}, which cannot become {version}",
                        there.serial, there.version
                    ));
                }
                if let Some(size) = wanted.size.filter(|size| *size != there.size) {
                    self.so();
                    self.lunash(format!("partition resize -partition {word} -size {size} -force"));
                }
            }
        }
        let there = there.unwrap_or_default();
        if !there.initialized && !self.initialize(name, wanted) {
            return;
        }
        self.label(name, wanted, &there);
        self.partition_policies(name, wanted, &there);
        self.crypto_officer(name, wanted, &there);
        self.crypto_user(name, wanted, &there);
    }

    /// Initializes a partition; false where the file leaves that to others.
    fn initialize(&mut self, name: &str, wanted: &file::Partition) -> bool {
        let Some(password) = &wanted.po_password else {
            let more = [wanted.co_password.is_some(), wanted.cu_password.is_some()];
            if more.contains(&true) || !wanted.policies.is_empty() {
                self.refuse(format!(
                    "the partition '{name}' is not initialized, which its roles and policies need, and \
                     the file does not say where po_password is"
                ));
            }
            return false;
        };
        if self.state.hsm.multifactor {
            let by_hand = format!("'partition init -partition {}' by hand", quoted(name));
            self.refuse(format!(
                "the partition '{name}' is initialized with keys at a PED: {by_hand}"
            ));
            return false;
        }
        let of_hsm = self.file.hsm.as_ref().and_then(|hsm| hsm.domain.as_ref());
        let domain = wanted.domain.as_ref().or(of_hsm);
        let what = format!("the cloning domain of the partition '{name}'");
        let Some(domain) = self.secret(domain, &what) else { return false };
        let label = wanted.label.as_deref().unwrap_or(name);
        let line =
            format!("partition init -partition {} -label {} -force", quoted(name), quoted(label));
        let secrets = vec![
            ("PO_PASSWORD", Credential::Of(password.clone())),
            ("DOMAIN", Credential::Of(domain)),
        ];
        self.push(Program::LunaSh, line, secrets);
        true
    }

    fn label(&mut self, name: &str, wanted: &file::Partition, there: &Partition) {
        let Some(label) = &wanted.label else { return };
        if !there.initialized || *label == there.label {
            return;
        }
        let what = format!("po_password of the partition '{name}'");
        let Some(password) = self.secret(wanted.po_password.as_ref(), &what) else { return };
        let change = format!("partition changelabel -label {} -force", quoted(label));
        self.as_role(name, "po", ("PO_PASSWORD", Credential::Of(password)), (change, Vec::new()));
    }

    /// A LunaCM line with a role logged in to the partition.
    fn as_role(
        &mut self,
        name: &str,
        role: &str,
        login: (&'static str, Credential),
        (line, secrets): (String, Secrets),
    ) {
        let slot = self.slot_of(name);
        let lines = [
            (format!("slot set -slot {slot}"), Vec::new()),
            (format!("role login -name {role}"), vec![login]),
            (line, secrets),
            ("role logout".to_owned(), Vec::new()),
        ];
        for (line, secrets) in lines {
            let partition = name.to_owned();
            self.push(Program::LunaCm { partition }, line, secrets);
        }
    }

    /// The slot that a partition is, or will be: a new one comes behind those that are there.
    fn slot_of(&self, name: &str) -> usize {
        let there = |name: &str| self.state.partitions.iter().position(|one| one.name == name);
        there(name).unwrap_or_else(|| {
            let kept = |one: &&Partition| !self.file.delete_partitions.contains(&one.serial);
            let new = self.file.partitions.keys().filter(|other| there(other).is_none());
            let before = new.take_while(|other| *other != name).count();
            self.state.partitions.iter().filter(kept).count() + before
        })
    }

    fn partition_policies(&mut self, name: &str, wanted: &file::Partition, there: &Partition) {
        let may_erase = wanted.may_erase.as_ref().is_some_and(|serial| *serial == there.serial);
        if let Some(other) = wanted.may_erase.as_ref().filter(|_| !may_erase) {
            return self.refuse(format!(
                "may_erase names the partition {other}, and '{name}' is {}",
                if there.serial.is_empty() { "none yet" } else { &there.serial }
            ));
        }
        for (number, value) in self.numbered(&wanted.policies, "partition") {
            if let Some(policy) = there.policies.get(&number) {
                if policy.value == value {
                    continue;
                }
                let destructive = match value {
                    0 => policy.on_to_off_destructive,
                    _ => policy.off_to_on_destructive,
                };
                if destructive && there.objects > 0 && !may_erase {
                    self.refuse(format!(
                        "a change of policy {number} ({}) erases the {} objects of the partition \
                         '{name}': may_erase = \"{}\" allows that",
                        policy.name, there.objects, there.serial
                    ));
                    continue;
                }
            }
            let what = format!("po_password of the partition '{name}'");
            let Some(password) = self.secret(wanted.po_password.as_ref(), &what) else { return };
            let line = format!(
                "partition changePolicy -partition {} -policy {number} -value {value} -force",
                quoted(name)
            );
            let secrets = vec![("PO_PASSWORD", Credential::Of(password))];
            self.push(Program::LunaSh, line, secrets);
            // What a partition has from the beginning is known once it is there.
            if there.serial.is_empty()
                && let Some(step) = self.plan.steps.last_mut()
            {
                step.unless = Some(PolicyIs { partition: name.to_owned(), policy: number, value });
            }
        }
    }

    /// Whether roles have to change their first password before use.
    fn forces_change(&self) -> bool {
        let key = FORCED_CHANGE.to_string();
        let wanted = self.file.hsm.as_ref().and_then(|hsm| hsm.policies.get(&key).copied());
        let there = || self.state.hsm.policies.get(&FORCED_CHANGE).map(|policy| policy.value);
        wanted.or_else(there).unwrap_or(1) != 0
    }

    /// The password that a role is made with, and whether it is only the first one.
    fn first(&self, password: &SecretSource, first: Option<&SecretSource>) -> (Credential, bool) {
        let made = || Credential::FirstOf(password.clone());
        match self.forces_change() {
            true => (first.cloned().map_or_else(made, Credential::Of), true),
            false => (Credential::Of(password.clone()), false),
        }
    }

    fn crypto_officer(&mut self, name: &str, wanted: &file::Partition, there: &Partition) {
        let Some(password) = wanted.co_password.clone() else { return };
        let (mut first, mut change) = self.first(&password, wanted.co_first_password.as_ref());
        if !there.co.initialized {
            let what = format!("po_password of the partition '{name}'");
            let Some(officer) = self.secret(wanted.po_password.as_ref(), &what) else { return };
            let line = format!("partition init co -partition {} -force", quoted(name));
            let secrets =
                vec![("PO_PASSWORD", Credential::Of(officer)), ("CO_PASSWORD", first.clone())];
            self.push(Program::LunaSh, line, secrets);
        } else {
            (first, change) = self.present(there.co, &password, wanted.co_first_password.as_ref());
        }
        if change {
            let line = format!("partition changePw -partition {} -force", quoted(name));
            let new = Credential::Of(password);
            self.push(Program::LunaSh, line, vec![("CO_PASSWORD", first), ("NEW_PASSWORD", new)]);
        }
    }

    fn crypto_user(&mut self, name: &str, wanted: &file::Partition, there: &Partition) {
        let Some(password) = wanted.cu_password.clone() else { return };
        let (mut first, mut change) = self.first(&password, wanted.cu_first_password.as_ref());
        if !there.cu.initialized {
            let what =
                format!("co_password of the partition '{name}', which makes its Crypto User,");
            let Some(officer) = self.secret(wanted.co_password.as_ref(), &what) else { return };
            let login = ("CO_PASSWORD", Credential::Of(officer));
            let init = ("role init -name cu".to_owned(), vec![("CU_PASSWORD", first.clone())]);
            self.as_role(name, "co", login, init);
        } else {
            (first, change) = self.present(there.cu, &password, wanted.cu_first_password.as_ref());
        }
        if change {
            let line = format!("partition changePw -partition {} -cu -force", quoted(name));
            let new = Credential::Of(password);
            self.push(Program::LunaSh, line, vec![("CU_PASSWORD", first), ("NEW_PASSWORD", new)]);
        }
    }

    /// The present password of a role that is there, and whether it has to be changed.
    fn present(
        &self,
        role: Role,
        password: &SecretSource,
        first: Option<&SecretSource>,
    ) -> (Credential, bool) {
        let made = || Credential::FirstOf(password.clone());
        (first.cloned().map_or_else(made, Credential::Of), role.to_be_changed)
    }
}
