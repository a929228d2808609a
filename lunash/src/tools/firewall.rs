//! `lunash firewall`: what a firewall has to let through for a client, as a request that people approve. The
//! client's way to its partitions and the way of those who manage the appliance are rows apart.

use std::net::{IpAddr, TcpStream, ToSocketAddrs};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum, ValueHint};
use luna_rest::{clusters, network, ntls, ssh};
use luna_shell::{Device, Failure, Format, Kind, Page, Secrets, Status, Table, Text, View, finish};
use serde::Serialize;
use time::Date;
use time::macros::format_description;

use super::Surroundings;
use super::forms::{cell, csv, json, write};
use super::state::{Reading, Unread, open};

/// The port of NTLS; the product has no other.
pub(super) const NTLS_PORT: u16 = 1792;
/// How long a connection may take to come up.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// Its arguments.
#[derive(Args, Debug)]
pub struct Firewall {
    /// The client, registered or not
    #[arg(long, value_name = "NAME")]
    client: String,

    /// The client's address [default: the one it is registered with]
    #[arg(long, value_name = "HOST")]
    source: Option<String>,

    /// The address from where the appliance is managed [default: that of this machine]
    #[arg(long, value_name = "HOST")]
    admin: Option<String>,

    /// The port of NTLS, where something on the way translates it
    #[arg(long, value_name = "PORT", default_value_t = NTLS_PORT)]
    ntls_port: u16,

    /// Who answers for the rules [default: the owner in the profile]
    #[arg(long, value_name = "NAME")]
    owner: Option<String>,

    /// The day on which the rules end, or are reviewed
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = date)]
    expires: Option<String>,

    /// Try a TCP connection to each destination, from this machine
    #[arg(long)]
    check: bool,

    /// How the request is written [default: text, or json with --output json]
    #[arg(long, value_enum, value_name = "FORM")]
    format: Option<Form>,

    /// Write it into this file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    to: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// A table
    Text,
    /// One JSON object
    Json,
    /// Comma-separated values
    Csv,
}

fn date(text: &str) -> Result<String, String> {
    Date::parse(text, format_description!("[year]-[month]-[day]"))
        .map(|_| text.to_owned())
        .map_err(|_| "it is a day such as 2027-01-31".to_owned())
}

/// The request.
#[derive(Serialize)]
struct Request {
    client: String,
    /// `host:port` of the appliance it was read from.
    appliance: String,
    rules: Vec<Rule>,
    unread: Vec<Unread>,
}

/// What one rule lets through.
#[derive(Serialize)]
struct Rule {
    /// `client`, `management` or `cluster`: whose way it is.
    path: &'static str,
    source: String,
    destination: String,
    protocol: &'static str,
    port: u16,
    purpose: &'static str,
    owner: Option<String>,
    expires: Option<String>,
    /// Whether a connection from this machine came up; null if none was tried.
    reachable: Option<bool>,
    /// Why it did not.
    problem: Option<String>,
}

impl Firewall {
    pub(super) fn run(self, mut device: Box<dyn Device>, surroundings: &Surroundings) -> Status {
        let output = surroundings.options.output;
        let written = self.request(&mut *device, surroundings).and_then(|request| {
            let closed = request.rules.iter().any(|rule| rule.reachable == Some(false));
            let status = if closed { Status::Failed } else { Status::Success };
            let default = if output == Format::Json { Form::Json } else { Form::Text };
            let text = match self.format.unwrap_or(default) {
                Form::Text => View::text(&request),
                Form::Json => json(&request, status)?,
                Form::Csv => request.csv(),
            };
            write(&mut *device, self.to.as_deref(), &text)?;
            Ok(status)
        });
        let status = written.unwrap_or_else(|failure| super::report(&mut *device, output, failure));
        finish("lunash", &mut *device, status)
    }

    fn request(&self, device: &mut dyn Device, all: &Surroundings) -> Result<Request, Failure> {
        let folders = all.folders.as_ref().map_err(Clone::clone)?;
        let mut secrets = Secrets::from_environment();
        let connection = open((&all.options, all.wire.via), folders, device, &mut secrets)?;
        let mut reading = Reading::begin(&connection.client)?;
        let profile = &connection.profile;
        let address = connection.client.address().to_owned();
        let (host, rest_port) = split(&address);
        let client = match &self.source {
            Some(source) => source.clone(),
            None => reading
                .client_state(&self.client)?
                .map(|it| it.address().to_owned())
                .ok_or_else(|| {
                    let why = format!("The client '{}' is not registered yet.", self.client);
                    Failure::new(Kind::NotUnderstood, why).hint("name its address with --source")
                })?,
        };
        let admin = match &self.admin {
            Some(admin) => admin.clone(),
            None => reach(host, rest_port).map_or("localhost".to_owned(), |own| own.to_string()),
        };
        let mut rules = Vec::new();
        let mut add = |path, source: &str, destination: String, port, purpose| {
            rules.push(Rule {
                path,
                source: source.to_owned(),
                destination,
                protocol: "tcp",
                port,
                purpose,
                owner: self.owner.clone().or_else(|| profile.owner.clone()),
                expires: self.expires.clone(),
                reachable: None,
                problem: None,
            });
        };
        let bound = reading.binding_of_ntls()?;
        let ntls = reading.address_of(bound.iter().map(String::as_str), host)?;
        add("client", &client, ntls, self.ntls_port, "NTLS: the client's partitions");
        let shown = reading.told("SSH", connection.client.get(&ssh::SHOW, &[]))?;
        let shown = shown.unwrap_or_default();
        let destination = match shown.ip {
            Some(ip) => ip,
            None => reading.address_of(shown.network_devices.iter().map(String::as_str), host)?,
        };
        let port = all.wire.ssh_port.or(profile.ssh_port).unwrap_or(if shown.port == 0 {
            22
        } else {
            shown.port
        });
        add("management", &admin, destination, port, "SSH: LunaSH and files");
        add("management", &admin, host.to_owned(), rest_port, "HTTPS: the REST API");
        for service in reading.cluster_services()? {
            let destination = match service.ip_address.as_str() {
                "" => reading.address_of([service.interface.as_str()], host)?,
                ip => ip.to_owned(),
            };
            match service.service.as_str() {
                "core" => {
                    for member in reading.other_members()? {
                        let purpose = "cluster: among its members";
                        add("cluster", &member, destination.clone(), service.port, purpose);
                    }
                }
                "admin" => {
                    let purpose = "cluster: the client registers itself";
                    add("client", &client, destination, service.port, purpose);
                }
                _ => {
                    let purpose = "cluster: the client's keyrings";
                    add("client", &client, destination, service.port, purpose);
                }
            }
        }
        connection.client.close();
        if self.check {
            rules.iter_mut().for_each(Rule::check);
        }
        Ok(Request {
            client: self.client.clone(),
            appliance: address,
            rules,
            unread: reading.unread,
        })
    }
}

impl Reading<'_> {
    /// The device that NTLS is bound to; none where it listens on all, or that is not told.
    fn binding_of_ntls(&mut self) -> Result<Option<String>, Failure> {
        let answer = self.client.get(&ntls::BINDING, &[]);
        Ok(self.told("binding of NTLS", answer)?.map(|binding| binding.active))
    }

    /// The address of the one device of these that is no collection of devices; else `host`.
    fn address_of<'d>(
        &mut self,
        devices: impl IntoIterator<Item = &'d str>,
        host: &str,
    ) -> Result<String, Failure> {
        let mut devices = devices.into_iter();
        let (Some(device), None) = (devices.next(), devices.next()) else {
            return Ok(host.to_owned());
        };
        if !network::DEVICE_NAMES.contains(&device) {
            return Ok(host.to_owned());
        }
        let answer = self.client.get(&network::DEVICE, &[device]);
        let shown = self.told("network devices", answer)?;
        Ok(shown.and_then(|device| device.ip4).map_or_else(|| host.to_owned(), |ip4| ip4.ip))
    }

    /// Where the services of the cluster listen; none without a cluster.
    fn cluster_services(&mut self) -> Result<Vec<clusters::ServiceConfig>, Failure> {
        if self.cluster()?.is_none() {
            return Ok(Vec::new());
        }
        let answer = self.client.get(&clusters::CONFIG, &[]);
        Ok(self.told("ports of the cluster", answer)?.unwrap_or_default().data)
    }
}

/// Host and port of `host:port`, without brackets.
pub(super) fn split(address: &str) -> (&str, u16) {
    let (host, port) = address.rsplit_once(':').unwrap_or((address, ""));
    (host.trim_start_matches('[').trim_end_matches(']'), port.parse().unwrap_or_default())
}

/// Tries a TCP connection: this machine's address at its end.
///
/// # Errors
/// The name has no address, or no connection came up; why, in words.
pub(super) fn reach(host: &str, port: u16) -> Result<IpAddr, String> {
    let addresses = (host, port).to_socket_addrs().map_err(|_| "host name not found".to_owned())?;
    let mut why = "host name has no address".to_owned();
    for address in addresses {
        let connected = TcpStream::connect_timeout(&address, CONNECT_LIMIT);
        match connected.and_then(|stream| stream.local_addr()) {
            Ok(own) => return Ok(own.ip()),
            Err(error) => why = error.kind().to_string(),
        }
    }
    Err(why)
}

impl Rule {
    fn check(&mut self) {
        let reached = reach(&self.destination, self.port);
        self.reachable = Some(reached.is_ok());
        self.problem = reached.err();
    }

    fn cells(&self) -> [String; 8] {
        [
            self.path.to_owned(),
            self.source.clone(),
            self.destination.clone(),
            self.protocol.to_owned(),
            self.port.to_string(),
            self.purpose.to_owned(),
            cell(&self.owner),
            cell(&self.expires),
        ]
    }
}

impl Request {
    fn csv(&self) -> String {
        let heads = [
            "path",
            "source",
            "destination",
            "protocol",
            "port",
            "purpose",
            "owner",
            "expires",
            "reachable",
            "problem",
        ];
        let row = |rule: &Rule| {
            let checked = [cell(&rule.reachable), cell(&rule.problem)];
            rule.cells().into_iter().chain(checked).collect::<Vec<_>>()
        };
        let heads = heads.map(str::to_owned).to_vec();
        csv([heads].into_iter().chain(self.rules.iter().map(row)))
    }
}

impl Text for Request {
    fn write(&self, page: &mut Page) {
        page.line(format!(
            "Firewall request for the client '{}' of {}",
            self.client, self.appliance
        ));
        page.blank();
        let mut table = Table::new(0, 2, &[(1, false); 9]);
        table.row([
            "Path",
            "Source",
            "Destination",
            "Protocol",
            "Port",
            "Purpose",
            "Owner",
            "Expires",
            "Reachable",
        ]);
        for rule in &self.rules {
            let reachable = match (rule.reachable, &rule.problem) {
                (None, _) => "not tried".to_owned(),
                (Some(true), _) => "yes".to_owned(),
                (Some(false), problem) => format!("no: {}", cell(problem)),
            };
            let shown = |text: String| if text.is_empty() { "-".to_owned() } else { text };
            table.row(rule.cells().map(shown).into_iter().chain([reachable]));
        }
        page.table(&table);
        for Unread { what, why } in &self.unread {
            page.field("not read: ", 0, format!("{what}: {why}"));
        }
        if self.rules.iter().any(|rule| rule.reachable.is_some()) {
            page.line("Connections were tried from this machine alone.");
        }
    }
}
