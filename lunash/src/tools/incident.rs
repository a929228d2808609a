//! `lunash incident`: why a client does not get to its keys. From this machine it tries one layer after the other and
//! names the first that fails, with what mends it; it changes nothing.

use std::net::ToSocketAddrs;

use clap::Args;
use luna_rest::{Client, Error, Fingerprint, Target, Trust};
use luna_shell::{
    CertificateFacts, Connection, Device, Failure, Folders, Format, Named, Options, Page, Secrets,
    Status, Table, Text, Via, View, finish,
};
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Surroundings;
use super::firewall::{NTLS_PORT, reach, split};
use super::forms::json;
use super::state::{Appliance, PartitionState, Reading, open};

/// Its arguments.
#[derive(Args, Debug)]
pub struct Incident {
    /// The client, by the name it is registered with
    #[arg(long, value_name = "NAME")]
    client: String,

    /// The port of NTLS, where something on the way translates it
    #[arg(long, value_name = "PORT", default_value_t = NTLS_PORT)]
    ntls_port: u16,
}

/// The layers, in the order in which they are tried.
const LAYERS: [&str; 9] = [
    "name",
    "connection",
    "tls",
    "login",
    "certificate",
    "registration",
    "assignment",
    "partition",
    "hsm",
];

/// How many lines of the log that name the client are shown.
const LOG_LINES: usize = 5;

/// The ladder as it was climbed.
#[derive(Serialize)]
struct Ladder {
    client: String,
    /// `host:port`.
    appliance: String,
    layers: Vec<Step>,
    /// The first layer that failed; null if none did.
    broken: Option<&'static str>,
    /// What mends it, in this order.
    fix: Vec<String>,
    /// What proves it mended.
    prove: Vec<String>,
    /// The last lines of the appliance's log that name the client, where the account may read it.
    log: Vec<String>,
}

/// A layer.
#[derive(Serialize)]
struct Step {
    layer: &'static str,
    result: Verdict,
    /// What was found; null if it was not tried.
    found: Option<String>,
}

#[derive(Clone, Copy, Serialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Ok,
    Failed,
    NotTried,
}

/// A layer that failed: what was found, and what mends it.
struct Broken {
    found: String,
    fix: Vec<String>,
}

fn broken<const FIXES: usize>(found: impl Into<String>, fix: [&str; FIXES]) -> Broken {
    Broken { found: found.into(), fix: fix.map(str::to_owned).to_vec() }
}

impl Incident {
    pub(super) fn run(self, mut device: Box<dyn Device>, surroundings: &Surroundings) -> Status {
        let output = surroundings.options.output;
        let climbed = self.ladder(&mut *device, surroundings).and_then(|ladder| {
            let status = if ladder.broken.is_some() { Status::Failed } else { Status::Success };
            let text = match output {
                Format::Luna => View::text(&ladder),
                Format::Json => json(&ladder, status)?,
            };
            device.print(&text);
            Ok(status)
        });
        let status = climbed.unwrap_or_else(|failure| super::report(&mut *device, output, failure));
        finish("lunash", &mut *device, status)
    }

    fn ladder(&self, device: &mut dyn Device, all: &Surroundings) -> Result<Ladder, Failure> {
        let folders = all.folders.as_ref().map_err(Clone::clone)?;
        let mut climb = Climb {
            incident: self,
            options: &all.options,
            via: all.wire.via,
            folders,
            address: String::new(),
            passed: Vec::new(),
            log: Vec::new(),
        };
        let climbed = match Named::find(&all.options, folders)? {
            Some(named) => climb.climb_to(&named, device),
            None => climb.on_own(device)?,
        };
        let Climb { address, passed, log, .. } = climb;
        let reached = passed.len();
        let (found, fix) = match climbed {
            Ok(()) => (None, Vec::new()),
            Err(Broken { found, fix }) => (Some(found), fix),
        };
        let failed = found.is_some();
        let mut told = passed.into_iter().chain(found);
        let step = |(place, layer): (usize, &&'static str)| Step {
            layer,
            result: match () {
                () if place < reached => Verdict::Ok,
                () if place == reached && failed => Verdict::Failed,
                () => Verdict::NotTried,
            },
            found: told.next(),
        };
        let again = format!("lunash incident --client {}", self.client);
        Ok(Ladder {
            client: self.client.clone(),
            appliance: address,
            layers: LAYERS.iter().enumerate().map(step).collect(),
            broken: failed.then(|| LAYERS.get(reached).copied()).flatten(),
            fix,
            prove: vec![
                again,
                "vtl verify   (at the client: it lists the partitions)".to_owned(),
                format!("lunash evidence --client {}", self.client),
            ],
            log,
        })
    }
}

/// The way up, as far as it went.
struct Climb<'c> {
    incident: &'c Incident,
    options: &'c Options,
    via: Option<Via>,
    folders: &'c Folders,
    address: String,
    /// What was found at each layer that holds.
    passed: Vec<String>,
    log: Vec<String>,
}

impl Climb<'_> {
    fn passed(&mut self, found: impl Into<String>) {
        self.passed.push(found.into());
    }

    /// All layers of an appliance that is named.
    fn climb_to(&mut self, named: &Named, device: &mut dyn Device) -> Result<(), Broken> {
        self.address = named.address();
        let (host, port) = self.name()?;
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
    fn on_own(&mut self, device: &mut dyn Device) -> Result<Result<(), Broken>, Failure> {
        let connection =
            open((self.options, self.via), self.folders, device, &mut Secrets::none())?;
        connection.client.address().clone_into(&mut self.address);
        let climbed = self.name().and_then(|(host, port)| {
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
        let lines = reading.log_lines(&self.incident.client, LOG_LINES);
        self.log = lines.ok().flatten().unwrap_or_default();
        connection.client.close();
        climbed
    }

    fn layers(&mut self, reading: &mut Reading<'_>, seen: Fingerprint) -> Result<(), Broken> {
        self.certificate(reading, seen)?;
        let serials = self.registration(reading)?;
        self.partitions(reading, &serials)?;
        self.hsm(reading)
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
                    "vtl replaceServer -n HOST -c server.pem   (at each client, with the new certificate)",
                ],
            ));
        }
        if let Some(found) = outside(&facts, "The certificate of NTLS") {
            return Err(broken(
                found,
                [
                    "sysconf regenCert",
                    "service restart ntls",
                    "vtl replaceServer -n HOST -c server.pem   (at each client, with the new certificate)",
                ],
            ));
        }
        self.passed(format!("that of NTLS lasts until {}", facts.not_after));
        Ok(())
    }

    /// The serial numbers of the client's partitions.
    fn registration(&mut self, reading: &mut Reading<'_>) -> Result<Vec<String>, Broken> {
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
        Ok(client.partitions)
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

impl Text for Ladder {
    fn write(&self, page: &mut Page) {
        page.line(format!("The client '{}' at {}", self.client, self.appliance));
        page.blank();
        let mut table = Table::new(0, 2, &[(12, false), (9, false), (1, false)]);
        for Step { layer, result, found } in &self.layers {
            let result = match result {
                Verdict::Ok => "ok",
                Verdict::Failed => "FAILED",
                Verdict::NotTried => "not tried",
            };
            table.row([layer, result, found.as_deref().unwrap_or_default()]);
        }
        page.table(&table);
        let lines: [(&str, &[String]); 3] =
            [("Log", &self.log), ("Mend it", &self.fix), ("Prove it", &self.prove)];
        for (title, lines) in lines {
            if !lines.is_empty() {
                page.blank();
                page.line(format!("{title}:"));
                lines.iter().for_each(|line| page.field("    ", 0, line));
            }
        }
        if self.broken.is_none() {
            page.blank();
            page.line("Nothing is amiss from here: look at the application, its library and its password.");
        }
    }
}
