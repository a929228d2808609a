//! The plan of an appliance: a pure function of what a file says and what is there.
//!
//! A step is a line that a person would type in LunaSH or LunaCM. It makes one thing true, and is planned only
//! while that is not so: whatever ends a run, the next one plans what is left.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use luna_shell::quoted;

use crate::file;
use crate::source::{Credential, SecretSource};
use crate::state::{Appliance, OnOff, Partition, Role};

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

/// The policy of the HSM by which roles change their first password before use.
const FORCED_CHANGE: u32 = 21;

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

    fn partition(&mut self, name: &str, wanted: &file::Partition) {
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

    fn network_services(&mut self) {
        if let Some(wanted) = &self.file.ntls {
            self.ntls(wanted);
        }
        if let Some(wanted) = &self.file.ntp {
            for server in &wanted.servers {
                if !self.state.ntp_servers.contains(server) {
                    self.lunash(format!("sysconf ntp addserver {}", quoted(server)));
                }
            }
            self.switch(wanted.enabled, self.state.ntp, "sysconf ntp");
        }
        for wanted in self.file.syslog.iter().flat_map(|syslog| &syslog.hosts) {
            self.syslog_host(wanted);
        }
        if let Some(wanted) = &self.file.snmp {
            for (name, user) in &wanted.users {
                if self.state.snmp_users.contains(name) {
                    continue;
                }
                let what = |which: &str| format!("{which} of the SNMP user '{name}'");
                let auth = self.secret(user.auth_password.as_ref(), &what("auth_password"));
                let private = self.secret(user.priv_password.as_ref(), &what("priv_password"));
                let (Some(auth), Some(private)) = (auth, private) else { continue };
                let secrets = vec![
                    ("SNMP_AUTH_PASSWORD", Credential::Of(auth)),
                    ("SNMP_PRIV_PASSWORD", Credential::Of(private)),
                ];
                let line = format!("sysconf snmp user add -secName {}", quoted(name));
                self.push(Program::LunaSh, line, secrets);
            }
            self.switch(wanted.enabled, self.state.snmp, "sysconf snmp");
        }
    }

    fn switch(&mut self, wanted: Option<bool>, there: Option<OnOff>, command: &str) {
        let Some(wanted) = wanted else { return };
        let there = there.unwrap_or_default();
        if there.on_boot != wanted || there.running != wanted {
            let word = if wanted { "enable" } else { "disable" };
            self.lunash(format!("{command} {word}"));
        }
    }

    fn ntls(&mut self, wanted: &file::Ntls) {
        if let Some(device) = &wanted.bind {
            match &self.state.binding {
                None => self.refuse(
                    "this appliance does not tell what NTLS is bound to: leave 'bind' out, and bind it \
                     with 'ntls bind' over SSH"
                        .to_owned(),
                ),
                Some(there) => {
                    let bound = there.device == *device;
                    if !bound {
                        self.lunash(format!("ntls bind {}", quoted(device)));
                    }
                    if !bound || there.restart_needed {
                        self.lunash("service restart ntls -force");
                    }
                }
            }
        }
        if let Some(check) = wanted.ip_check
            && self.state.ip_check != Some(check)
        {
            self.lunash(format!("ntls ipcheck {}", if check { "enable" } else { "disable" }));
        }
    }

    fn syslog_host(&mut self, wanted: &file::SyslogHost) {
        let port = wanted.port.unwrap_or(luna_rest::syslog::PORT);
        let protocol = wanted.protocol.unwrap_or_default().name();
        let there =
            self.state.syslog.iter().find(|one| one.address == wanted.host && one.port == port);
        match there {
            None => self.lunash(format!(
                "syslog remotehost add -host {} -protocol {protocol} -port {port}",
                quoted(&wanted.host)
            )),
            Some(there) if there.protocol != protocol || there.tls => self.refuse(format!(
                "lines of the logs go to {}:{port} in another way: 'syslog remotehost delete' first",
                wanted.host
            )),
            Some(_) => {}
        }
    }

    fn accounts(&mut self) {
        for (name, wanted) in &self.file.users {
            let there = self.state.users.get(name);
            if there.is_none() {
                let what = format!("the first password of the account '{name}'");
                let Some(password) = self.secret(wanted.password.as_ref(), &what) else { continue };
                let secrets = vec![("USER_PASSWORD", Credential::Of(password))];
                self.push(Program::LunaSh, format!("user add -username {}", quoted(name)), secrets);
            }
            if there != Some(&wanted.role) {
                self.lunash(format!(
                    "user role add -username {} -role {}",
                    quoted(name),
                    quoted(&wanted.role)
                ));
            }
        }
        for file in &self.file.ssh_keys {
            let (Some(print), Some(there)) = (self.local.keys.get(file), &self.state.ssh_keys)
            else {
                self.refuse(
                    "this appliance does not tell which SSH keys there are: leave 'ssh_keys' out"
                        .to_owned(),
                );
                return;
            };
            if !there.contains(print) {
                let file = file.display().to_string();
                self.lunash(format!("my public-key add {}", quoted(&file)));
            }
        }
    }

    fn client(&mut self, name: &str, wanted: &file::Client) {
        let address = wanted.ip.as_ref().or(wanted.hostname.as_ref()).map_or(name, |one| one);
        let option = if wanted.ip.is_some() { "-ip" } else { "-hostname" };
        if wanted.ip.is_some() && wanted.hostname.is_some() {
            return self
                .refuse(format!("the client '{name}' has an 'ip' and a 'hostname': one of them"));
        }
        let there = self.state.clients.get(name);
        let own = wanted.certificate.as_ref();
        let certificate = own.and_then(|file| Some((file, self.local.certificates.get(file)?)));
        let register =
            format!("client register -client {} {option} {}", quoted(name), quoted(address));
        match there {
            None => {
                let Some((file, _)) = certificate else {
                    return self.refuse(format!(
                        "the client '{name}' is not registered, and the file does not name its \
                         certificate"
                    ));
                };
                self.provide(file, address);
                self.lunash(register);
            }
            Some(there) => {
                let known = if wanted.ip.is_some() { &there.ip } else { &there.hostname };
                if !known.eq_ignore_ascii_case(address) {
                    let known = if there.ip.is_empty() { &there.hostname } else { &there.ip };
                    return self.refuse(format!(
                        "the client '{name}' is registered as {known}, not as {address}: 'client \
                         delete' first"
                    ));
                }
                if let (Some((file, new)), Some(old)) = (certificate, &there.certificate)
                    && !same_lines(new, old)
                {
                    self.provide(file, address);
                    self.lunash(register + " -force");
                }
            }
        }
        for partition in &wanted.partitions {
            let known = self.state.partition(partition);
            if known.is_none() && !self.file.partitions.contains_key(partition) {
                self.refuse(format!("there is no partition '{partition}' for the client '{name}'"));
                continue;
            }
            let serial = known.map(|known| &known.serial);
            let assigned = serial
                .zip(there)
                .is_some_and(|(serial, client)| client.partitions.contains(serial));
            if !assigned {
                self.lunash(format!(
                    "client assignPartition -client {} -partition {}",
                    quoted(name),
                    quoted(partition)
                ));
            }
        }
    }

    /// Puts a certificate where `client register` finds it by its name, unless it lies there.
    fn provide(&mut self, file: &std::path::Path, address: &str) {
        let name = format!("{address}.pem");
        if self.local.at_hand.contains(file)
            && file.file_name().is_some_and(|found| found == name.as_str())
        {
            return;
        }
        let user = self.file.user.as_deref().unwrap_or("admin");
        let host = host_of(self.file);
        let line = format!("scp {} {user}@{host}:{name}", quoted(&file.display().to_string()));
        let program = Program::Scp { file: file.to_owned(), name };
        self.push(program, line, Vec::new());
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
mod tests {
    use luna_rest::{hsm, ntls, partitions};

    use super::*;
    use crate::file::Runbook;

    const FILE: &str = r#"
hsm = { label = "myhsm", so_password = { file = "so" }, domain = { file = "d" }, policies = { 12 = 0 } }
ntls = { bind = "eth0" }
[partitions.app]
po_password = { file = "po" }
co_password = { file = "co" }
policies = { 0 = 0 }
[clients.app]
certificate = "app.pem"
partitions = ["app"]
"#;

    fn file(text: &str) -> file::Appliance {
        toml::from_str(text).unwrap()
    }

    fn planned(text: &str, state: &Appliance) -> Plan {
        let mut local = LocalFiles::default();
        local.certificates.insert("app.pem".into(), "PEM".to_owned());
        local.at_hand.insert("app.pem".into());
        plan(&file(text), state, &local)
    }

    fn lines(plan: &Plan) -> Vec<&str> {
        assert_eq!(plan.refusals, [""; 0]);
        plan.steps.iter().map(|step| step.line.as_str()).collect()
    }

    fn factory() -> Appliance {
        let mut state = Appliance::default();
        state.hsm.serial = "1".to_owned();
        let policy = |value| hsm::Policy { value, destructive: true, ..hsm::Policy::default() };
        state.hsm.policies = [(12, policy(1)), (21, policy(1))].into();
        state.binding = Some(ntls::Binding { device: "all".to_owned(), ..Default::default() });
        state
    }

    /// What the file wants.
    fn settled() -> Appliance {
        let mut state = factory();
        (state.hsm.initialized, state.hsm.label) = (true, "myhsm".to_owned());
        state.hsm.policies.get_mut(&12).unwrap().value = 0;
        state.binding.as_mut().unwrap().device = "eth0".to_owned();
        let erases = partitions::Policy { on_to_off_destructive: true, ..Default::default() };
        state.partitions.push(Partition {
            serial: "11".to_owned(),
            name: "app".to_owned(),
            label: "app".to_owned(),
            initialized: true,
            co: Role { initialized: true, to_be_changed: false },
            policies: [(0, erases)].into(),
            ..Partition::default()
        });
        let client = crate::state::Client {
            hostname: "app".to_owned(),
            partitions: ["11".to_owned()].into(),
            ..Default::default()
        };
        state.clients.insert("app".to_owned(), client);
        state
    }

    #[test]
    fn an_appliance_in_factory_state_gets_everything_in_order() {
        let plan = planned(FILE, &factory());
        assert_eq!(
            lines(&plan),
            [
                "hsm init -label myhsm -force",
                "hsm login",
                "hsm changePolicy -policy 12 -value 0 -force",
                "partition create -partition app -force",
                "partition init -partition app -label app -force",
                "partition changePolicy -partition app -policy 0 -value 0 -force",
                "partition init co -partition app -force",
                "partition changePw -partition app -force",
                "ntls bind eth0",
                "service restart ntls -force",
                "client register -client app -hostname app",
                "client assignPartition -client app -partition app",
            ]
        );
    }

    #[test]
    fn nothing_is_planned_where_nothing_differs() {
        assert_eq!(planned(FILE, &settled()), Plan::default());
    }

    #[test]
    fn a_first_password_that_was_not_changed_yet_is_changed() {
        let mut state = settled();
        state.partitions[0].co.to_be_changed = true;
        let plan = planned(FILE, &state);
        assert_eq!(lines(&plan), ["partition changePw -partition app -force"]);
        let co = SecretSource::File("co".into());
        let secrets = [
            ("CO_PASSWORD", Credential::FirstOf(co.clone())),
            ("NEW_PASSWORD", Credential::Of(co)),
        ];
        assert_eq!(plan.steps[0].secrets, secrets);
        // Where the HSM does not force a change, the role has its password from the beginning.
        let mut state = settled();
        state.hsm.policies.get_mut(&21).unwrap().value = 0;
        state.partitions[0].co.initialized = false;
        assert_eq!(lines(&planned(FILE, &state)), ["partition init co -partition app -force"]);
    }

    #[test]
    fn what_erases_is_refused_and_nothing_beside_it_is_done() {
        let mut state = settled();
        state.hsm.policies.get_mut(&12).unwrap().value = 1;
        state.binding.as_mut().unwrap().device = "all".to_owned();
        let plan = planned(FILE, &state);
        assert!(
            plan.steps.is_empty() && plan.refusals[0].contains("may_erase = \"1\""),
            "{plan:?}"
        );
        let allowed = FILE.replace("domain =", "may_erase = \"1\", domain =");
        let plan = planned(&allowed, &state);
        assert_eq!(lines(&plan)[..2], ["hsm login", "hsm changePolicy -policy 12 -value 0 -force"]);
        assert!(plan.steps[1].then_look);

        let mut state = settled();
        state.partitions[0].policies.get_mut(&0).unwrap().value = 1;
        let change = "partition changePolicy -partition app -policy 0 -value 0 -force";
        assert_eq!(lines(&planned(FILE, &state)), [change]);
        state.partitions[0].objects = 3;
        assert!(planned(FILE, &state).refusals[0].contains("may_erase = \"11\""));
        let allowed = FILE.replace("[partitions.app]", "[partitions.app]\nmay_erase = \"11\"");
        assert_eq!(lines(&planned(&allowed, &state)), [change]);
    }

    #[test]
    fn names_with_blanks_are_quoted_and_slots_counted() {
        let text = r#"
[partitions."a b"]
po_password = { file = "po" }
domain = { file = "d" }
co_password = { file = "co" }
cu_password = { file = "cu" }
[hsm]
label = "myhsm"
so_password = { file = "so" }
"#;
        let plan = planned(text, &settled());
        assert_eq!(lines(&plan)[1], "partition create -partition \"a b\" -force");
        assert!(lines(&plan).contains(&"slot set -slot 1"));
    }

    #[test]
    fn a_runbook_of_the_schema_is_one_that_is_read() {
        let schema: serde_json::Value = serde_json::from_str(&file::schema()).unwrap();
        assert_eq!(schema["additionalProperties"], false);
        assert!(schema["properties"]["appliances"].is_object());
        assert_eq!(Runbook::default().text(file::Form::Toml), "");
    }
}
