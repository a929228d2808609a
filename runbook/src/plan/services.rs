//! The plan of what an appliance serves: NTLS, time, logs, SNMP, its accounts and the clients of partitions.

use std::path::Path;

use luna_shell::quoted;

use super::{Planner, Program, host_of, same_lines};
use crate::file;
use crate::source::Credential;
use crate::state::OnOff;

impl Planner<'_> {
    pub(super) fn network_services(&mut self) {
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

    pub(super) fn accounts(&mut self) {
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

    pub(super) fn client(&mut self, name: &str, wanted: &file::Client) {
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
    fn provide(&mut self, file: &Path, address: &str) {
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
