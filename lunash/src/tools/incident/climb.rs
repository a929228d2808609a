//! The layers one after the other: what each finds, and what mends one that fails.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs, UdpSocket};

use luna_rest::{Client, Error, Fingerprint, Target, Trust};
use luna_shell::{
    CertificateFacts, Connection, Device, Failure, Folders, Named, Options, Secrets, Via,
};
use lunacm::ClientSide;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Incident;
use crate::tools::client_side::linked;
use crate::tools::firewall::{reach, split};
use crate::tools::state::{Appliance, ClientState, PartitionState, Reading, open};

/// How many lines of the log that name the client are shown.
const LOG_LINES: usize = 5;

/// A layer that failed: what was found, and what mends it.
pub(super) struct Broken {
    pub(super) found: String,
    pub(super) fix: Vec<String>,
}

fn broken<const FIXES: usize>(found: impl Into<String>, fix: [&str; FIXES]) -> Broken {
    Broken { found: found.into(), fix: fix.map(str::to_owned).to_vec() }
}

/// The way up, as far as it went.
pub(super) struct Climb<'c> {
    pub(super) incident: &'c Incident,
    pub(super) options: &'c Options,
    pub(super) via: Option<Via>,
    pub(super) folders: &'c Folders,
    pub(super) address: String,
    /// What was found at each layer that holds.
    pub(super) passed: Vec<String>,
    pub(super) log: Vec<String>,
}

impl Climb<'_> {
    fn passed(&mut self, found: impl Into<String>) {
        self.passed.push(found.into());
    }

    /// All layers of an appliance that is named.
    pub(super) fn climb_to(
        &mut self,
        named: &Named,
        device: &mut dyn Device,
    ) -> Result<(), Broken> {
        self.address = named.address();
        let (host, port) = self.name()?;
        self.route(&host, port)?;
        self.connection(&host, port)?;
        if let Err(failure) = named.greet(self.options, self.folders) {
            return Err(broken(
                told(&failure),
                [
                    "compare the fingerprint with 'sysconf fingerprint' at the appliance, then name it \
                     in the profile or with --fingerprint",
                    "where the web server says nothing: service restart webserver",
                ],
            ));
        }
        let seen = self.handshake(&host)?;
        let mut secrets = Secrets::from_environment();
        let opened = open((self.options, self.via), self.folders, device, &mut secrets);
        let connection = opened.map_err(|failure| no_login(&failure))?;
        self.inside(&connection, seen)
    }

    /// Those of an emulated appliance of one's own, which has to be started before anything is tried.
    pub(super) fn on_own(
        &mut self,
        device: &mut dyn Device,
    ) -> Result<Result<(), Broken>, Failure> {
        let connection =
            open((self.options, self.via), self.folders, device, &mut Secrets::none())?;
        connection.client.address().clone_into(&mut self.address);
        let climbed = self.name().and_then(|(host, port)| {
            self.route(&host, port)?;
            self.connection(&host, port)?;
            let seen = self.handshake(&host)?;
            self.inside(&connection, seen)
        });
        Ok(climbed)
    }

    fn name(&mut self) -> Result<(String, u16), Broken> {
        let (host, port) = split(&self.address);
        let (host, port) = (host.to_owned(), port);
        let addresses: Vec<String> = match (host.as_str(), port).to_socket_addrs() {
            Ok(addresses) => addresses.map(|address| address.ip().to_string()).collect(),
            Err(_) => Vec::new(),
        };
        if addresses.is_empty() {
            return Err(broken(
                format!("The name '{host}' has no address on this machine."),
                [
                    "network show   (at the appliance's console: its addresses)",
                    "correct the name in config.toml and Chrystoki.conf, or the name server's answer",
                ],
            ));
        }
        self.passed(format!("{host} is {}", addresses.join(", ")));
        Ok((host, port))
    }

    /// Whether this machine would send anything there: no packet leaves it for that.
    fn route(&mut self, host: &str, port: u16) -> Result<(), Broken> {
        let any: [SocketAddr; 2] =
            [(Ipv4Addr::UNSPECIFIED, 0).into(), (Ipv6Addr::UNSPECIFIED, 0).into()];
        let here = any.iter().map(|any| {
            let socket = UdpSocket::bind(any)?;
            socket.connect((host, port))?;
            socket.local_addr()
        });
        let mut why = None;
        for here in here {
            match here {
                Ok(here) => {
                    self.passed(format!("from {}", here.ip()));
                    return Ok(());
                }
                // The first is that of the older family of addresses, which most appliances have.
                Err(error) => why = why.or(Some(error)),
            }
        }
        let why = why.map(|error| error.to_string()).unwrap_or_default();
        Err(broken(
            format!("This machine has no way to {host}: {why}."),
            [
                "ip route get ADDRESS   (at this machine)",
                "network show   (at the appliance's console)",
            ],
        ))
    }

    fn connection(&mut self, host: &str, rest: u16) -> Result<(), Broken> {
        let ntls = self.incident.ntls_port;
        let check = format!("lunash firewall --client {} --check", self.incident.client);
        for (port, service) in [(ntls, "ntls"), (rest, "webserver")] {
            if let Err(why) = reach(host, port) {
                let restart = format!("service restart {service}");
                return Err(broken(
                    format!("No connection to port {port} ({service}): {why}."),
                    [&restart, &check],
                ));
            }
        }
        self.passed(format!("ports {ntls} (NTLS) and {rest} (REST) take connections"));
        Ok(())
    }

    /// What the port of NTLS shows; the client's own certificate is not at hand, so it goes no further.
    fn handshake(&mut self, host: &str) -> Result<Fingerprint, Broken> {
        let port = self.incident.ntls_port;
        let limit = Some(self.options.timeout.get());
        let trust = Trust::FirstContact;
        match Client::connect(Target { host: host.to_owned(), port, trust, limit }) {
            Err(Error::Unknown { seen, .. }) => {
                self.passed(format!("NTLS shows a certificate, {seen}"));
                Ok(seen)
            }
            Err(error) => Err(broken(
                format!("NTLS speaks no TLS: {}", told(&error.into())),
                ["service status ntls", "service restart ntls"],
            )),
            Ok(_) => Err(broken("NTLS shows no certificate.", ["service restart ntls"])),
        }
    }

    /// What an account sees.
    fn inside(&mut self, connection: &Connection, seen: Fingerprint) -> Result<(), Broken> {
        let mut reading =
            Reading::begin(&connection.client).map_err(|failure| no_login(&failure))?;
        self.passed(format!("'{}' may look", connection.user));
        let climbed = self.layers(&mut reading, seen);
        let lines = reading.log_lines(&[&self.incident.client], LOG_LINES);
        self.log = lines.ok().flatten().unwrap_or_default();
        connection.client.close();
        climbed
    }

    fn layers(&mut self, reading: &mut Reading<'_>, seen: Fingerprint) -> Result<(), Broken> {
        self.certificate(reading, seen)?;
        let client = self.registration(reading)?;
        let serials = &client.partitions;
        let side = ClientSide::of_machine(None, self.folders);
        // Another machine's link and groups are seen there alone.
        let side = Some(side).filter(|side| side.is_client(client.address()));
        self.link(side.as_ref())?;
        self.partitions(reading, serials)?;
        self.ha(side.as_ref(), serials)?;
        self.hsm(reading)
    }

    fn link(&mut self, side: Option<&ClientSide>) -> Result<(), Broken> {
        let Some(side) = side else {
            self.passed("this machine is not the client, whose own links are tried there");
            return Ok(());
        };
        let (host, _) = split(&self.address);
        let host = host.to_owned();
        match side.probe(&host) {
            Some(Ok(())) => self.passed(format!("this client is linked with {host}")),
            None => {
                let found = format!("This client's configuration does not name {host}.");
                let add = format!(
                    "vtl addServer -n {host} -c server.pem   (with the appliance's certificate)"
                );
                return Err(broken(found, ["lunash get server.pem", &add]));
            }
            Some(Err(why)) => {
                let replace = format!(
                    "vtl replaceServer -o {host} -n {host} -c server.pem   (where its certificate is another one now)"
                );
                return Err(broken(
                    format!("This client has no link with {host}: {why}."),
                    ["vtl verify   (at the client)", "lunash get server.pem", &replace],
                ));
            }
        }
        Ok(())
    }

    fn certificate(&mut self, reading: &mut Reading<'_>, seen: Fingerprint) -> Result<(), Broken> {
        let facts = reading.ntls_certificate().map_err(unread)?;
        let Some(facts) = facts else {
            self.passed("the appliance does not tell which certificate NTLS should show");
            return Ok(());
        };
        if facts.fingerprint != seen.to_string().trim_start_matches("SHA256:") {
            return Err(broken(
                "NTLS shows another certificate than the one that the appliance has now.",
                [
                    "service restart ntls",
                    "vtl replaceServer -o HOST -n HOST -c server.pem   (at each client, with the new certificate)",
                ],
            ));
        }
        if let Some(found) = outside(&facts, "The certificate of NTLS") {
            return Err(broken(
                found,
                [
                    "sysconf regenCert",
                    "service restart ntls",
                    "vtl replaceServer -o HOST -n HOST -c server.pem   (at each client, with the new certificate)",
                ],
            ));
        }
        self.passed(format!("that of NTLS lasts until {}", facts.not_after));
        Ok(())
    }

    fn registration(&mut self, reading: &mut Reading<'_>) -> Result<ClientState, Broken> {
        let name = &self.incident.client;
        let Some(client) = reading.client_state(name).map_err(unread)? else {
            let register = format!("client register -client {name} -hostname {name}");
            let found = format!("The client '{name}' is not registered.");
            return Err(broken(found, ["client list", &register]));
        };
        let address = client.address().to_owned();
        if let Some(facts) = &client.certificate
            && let Some(found) = outside(facts, "The client's certificate")
        {
            let option = if client.ip.is_some() { "-ip" } else { "-hostname" };
            let make = format!("vtl createCert -n {address}   (at the client)");
            let replace = format!("client register -client {name} {option} {address} -force");
            return Err(broken(found, [&make, &replace]));
        }
        self.passed(format!("registered as {address}"));
        if client.partitions.is_empty() {
            let assign = format!("client assignPartition -client {name} -partition PARTITION");
            let found = format!("The client '{name}' has no partition.");
            return Err(broken(found, ["partition list", &assign]));
        }
        self.passed(format!("partitions {}", client.partitions.join(", ")));
        Ok(client)
    }

    fn partitions(&mut self, reading: &mut Reading<'_>, serials: &[String]) -> Result<(), Broken> {
        let mut found = Vec::new();
        for serial in serials {
            let partition = reading.partition(serial).map_err(unread)?;
            usable(&partition)?;
            let officer = match partition.role("co") {
                Some(_) => "its Crypto Officer is not locked out",
                None => "of its Crypto Officer nothing is told",
            };
            found.push(format!("{} is initialized, {officer}", partition.name));
        }
        self.passed(found.join("; "));
        Ok(())
    }

    /// The HA groups of this machine that have one of the partitions.
    fn ha(&mut self, side: Option<&ClientSide>, serials: &[String]) -> Result<(), Broken> {
        let Some(side) = side.and_then(|side| linked(self.options, side.clone())) else {
            self.passed("this machine is not the client, which alone knows its groups");
            return Ok(());
        };
        let groups = side.group_states().map_err(unread)?;
        let groups: Vec<_> =
            groups.iter().filter(|group| serials.iter().any(|serial| group.has(serial))).collect();
        for group in &groups {
            if let Some(down) = group.members.iter().find(|member| !member.alive) {
                let (label, serial) = (&group.label, &down.serial);
                let again = format!(
                    "lunash incident --client {} --host HOST   (at the appliance of {serial})",
                    self.incident.client
                );
                let recover = format!("hagroup recover -group {label}   (lunacm, once it answers)");
                return Err(broken(
                    format!("The member {serial} of the HA group '{label}' does not answer."),
                    ["vtl verify   (which appliances this client reaches)", &again, &recover],
                ));
            }
        }
        let labels: Vec<&str> = groups.iter().map(|group| group.label.as_str()).collect();
        self.passed(match labels.is_empty() {
            true => "the partitions are in no HA group of this machine".to_owned(),
            false => format!("all members of {} answer", labels.join(", ")),
        });
        Ok(())
    }

    fn hsm(&mut self, reading: &mut Reading<'_>) -> Result<(), Broken> {
        let (appliance, _) = reading.appliance().map_err(unread)?;
        let Appliance { tampered, secure_transport_mode, zeroized, status, .. } = appliance;
        if tampered == Some(true) {
            let found = "The HSM has detected a tamper that was not cleared.";
            return Err(broken(found, ["hsm tamper show", "hsm login", "hsm tamper clear"]));
        }
        if secure_transport_mode == Some(true) {
            let found = "The HSM is in Secure Transport Mode.";
            return Err(broken(found, ["hsm login", "hsm stm recover -randomuserstring STRING"]));
        }
        if zeroized == Some(true) {
            let found = "The HSM is zeroized: what was on it is gone.";
            return Err(broken(found, ["hsm init -label LABEL"]));
        }
        let status = status.unwrap_or_else(|| "status not told".to_owned());
        if status.starts_with("OOS") {
            let found = format!("The appliance is out of service: {status}.");
            return Err(broken(found, ["status sysstat show", "syslog tail -logname lunalogs"]));
        }
        self.passed(match tampered {
            Some(_) => status,
            None => format!("{status}; of the HSM's own state nothing is told"),
        });
        Ok(())
    }
}

/// Whether applications can log in to a partition.
fn usable(partition: &PartitionState) -> Result<(), Broken> {
    let PartitionState { name, serial, .. } = partition;
    if !partition.initialized {
        return Err(broken(
            format!("The partition '{name}' ({serial}) is not initialized."),
            [
                &format!("partition init -partition {name}"),
                &format!("partition init co -partition {name}"),
            ],
        ));
    }
    let Some(co) = partition.role("co") else { return Ok(()) };
    if !co.initialized {
        return Err(broken(
            format!("The partition '{name}' ({serial}) has no Crypto Officer."),
            [&format!("partition init co -partition {name}")],
        ));
    }
    if co.locked_out || co.login_attempts_left == Some(0) {
        return Err(broken(
            format!("The Crypto Officer of '{name}' ({serial}) is locked out."),
            [
                &format!("partition resetPw -partition {name}"),
                "where HSM policy 15 forbids that: restore a backup, as turning it on erases all partitions",
            ],
        ));
    }
    Ok(())
}

/// What is wrong with a certificate's days, if something is.
fn outside(facts: &CertificateFacts, what: &str) -> Option<String> {
    let moment = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok();
    let now = OffsetDateTime::now_utc();
    if moment(&facts.not_after).is_some_and(|end| end < now) {
        return Some(format!("{what} ended at {}.", facts.not_after));
    }
    let early = moment(&facts.not_before).is_some_and(|begin| begin > now);
    early.then(|| format!("{what} begins at {} only.", facts.not_before))
}

/// A failure with what helps, in one line.
fn told(failure: &Failure) -> String {
    failure.message.replace('\n', " ")
}

fn no_login(failure: &Failure) -> Broken {
    let mut fix: Vec<String> = failure.hints.clone();
    fix.push("user list   (as admin: whether the account is enabled)".to_owned());
    Broken { found: told(failure), fix }
}

/// The appliance stopped answering, or does not show this to the account.
fn unread(failure: Failure) -> Broken {
    let fix = "look with an account of the role monitor, operator or admin";
    broken(told(&failure), [fix])
}
