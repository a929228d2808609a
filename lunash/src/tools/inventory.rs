//! `lunash inventory`: what every appliance of the configuration is and holds, a row each.
//!
//! No question is asked: an appliance that cannot be read has a row with the reason, and hides no other.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum, ValueHint};
use luna_shell::{
    Config, Device, Failure, Folders, Format, Kind, Named, Options, Page, Secrets, Status, Table,
    Text, TimeLimit, Via, View, finish,
};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Surroundings;
use super::forms::{cell, csv, json, write};
use super::kept::Kept;
use super::prometheus::Metrics;
use super::state::{Appliance, Backups, Cluster, Ntp, Reading, Sensors, Unread, open};
use crate::fleet::at_once;

/// How long an appliance may take if no time limit is given.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// Its arguments.
#[derive(Args, Debug)]
pub struct Inventory {
    /// How the rows are written [default: text, or json with --output json]
    #[arg(long, value_enum, value_name = "FORM")]
    format: Option<Form>,

    /// Write them into this file, replacing it at once, as node_exporter's textfile collector needs it
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
    /// Metrics in the text format of Prometheus
    Prometheus,
}

/// The appliances.
#[derive(Serialize)]
pub(super) struct Rows {
    appliances: Vec<Row>,
}

/// An appliance.
#[derive(Serialize)]
struct Row {
    /// The name of its profile, or the host that was named.
    name: String,
    /// `host:port`.
    host: Option<String>,
    owner: Option<String>,
    notes: Option<String>,
    /// Why it was not read.
    error: Option<String>,
    /// What it is; null if it was not read.
    state: Option<Stock>,
    read_seconds: f64,
    #[serde(skip)]
    status: Status,
    #[serde(skip)]
    failure: Option<Failure>,
}

/// What an appliance is and holds.
#[derive(Serialize)]
struct Stock {
    #[serde(flatten)]
    appliance: Appliance,
    sensors: Option<Sensors>,
    /// Null where they are not told.
    clients: Option<usize>,
    cluster: Option<Cluster>,
    /// Other appliances where a client of the same name has a partition too, as an HA group needs it. The groups
    /// themselves are known to clients alone.
    shared_with: Vec<String>,
    backups: Option<Backups>,
    /// The last moment of the NTLS certificate, RFC 3339.
    ntls_certificate_not_after: Option<String>,
    /// The last moment of the web server's certificate, RFC 3339.
    web_certificate_not_after: Option<String>,
    ntp: Option<Ntp>,
    unread: Vec<Unread>,
    /// Clients that have a partition.
    #[serde(skip)]
    served: Vec<String>,
}

/// One appliance to read.
struct Member {
    name: String,
    options: Options,
}

impl Inventory {
    pub(super) fn run(self, mut device: Box<dyn Device>, surroundings: &Surroundings) -> Status {
        // Read once: a descriptor gives it to one reader only.
        let password = Secrets::from_environment().find("PASSWORD");
        let rows =
            password.and_then(|password| read(surroundings, password.as_ref(), &BTreeMap::new()));
        let written = rows.and_then(|rows| {
            let status = rows.appliances.iter().map(|row| row.status).max().unwrap_or_default();
            let text = self.text(&rows, status, surroundings.options.output)?;
            write(&mut *device, self.to.as_deref(), &text)?;
            Ok((rows, status))
        });
        let status = match written {
            Ok((rows, status)) => {
                device.flush();
                for row in &rows.appliances {
                    if let Some(error) = &row.error {
                        device.report(&format!("{}: {error}", row.name));
                    }
                }
                status
            }
            Err(failure) => super::report(&mut *device, surroundings.options.output, failure),
        };
        finish("lunash", &mut *device, status)
    }

    fn text(&self, rows: &Rows, status: Status, output: Format) -> Result<String, Failure> {
        let default = if output == Format::Json { Form::Json } else { Form::Text };
        Ok(match self.format.unwrap_or(default) {
            Form::Text => View::text(rows),
            Form::Json => json(rows, status)?,
            Form::Csv => rows.csv(),
            Form::Prometheus => rows.metrics(),
        })
    }
}

/// Reads all appliances, but for those whose login was refused before: what was said then is said again.
///
/// # Errors
/// The configuration cannot be read, or names none.
pub(super) fn read(
    surroundings: &Surroundings,
    password: Option<&SecretString>,
    refused: &BTreeMap<String, Failure>,
) -> Result<Rows, Failure> {
    let folders = surroundings.folders.as_ref().map_err(Clone::clone)?;
    let members = members(&surroundings.options, folders)?;
    let mut appliances = Vec::new();
    at_once(
        &members,
        |member| {
            let refused = refused.get(&member.name).cloned();
            member.row(folders, || match refused {
                Some(failure) => Err(failure),
                None => member.read(surroundings.wire.via, folders, password),
            })
        },
        |row| {
            appliances.push(row);
        },
    );
    share(&mut appliances);
    Ok(Rows { appliances })
}

/// The appliances that are named, or those of all profiles.
fn members(options: &Options, folders: &Folders) -> Result<Vec<Member>, Failure> {
    let limited =
        Options { timeout: TimeLimit::of(options.timeout.or(TIME_LIMIT)), ..options.clone() };
    if let Some(hosts) = &options.host {
        let one = |host: &str| {
            let name = host.trim().to_owned();
            Member { options: Options { host: Some(name.clone()), ..limited.clone() }, name }
        };
        return Ok(hosts.split(',').map(one).collect());
    }
    let data = options.data.as_ref().map(|data| data.display().to_string());
    if let Some(name) = options.profile.clone().or(data) {
        return Ok(vec![Member { name, options: limited }]);
    }
    let config = Config::read(&folders.config.join("config.toml"))?;
    let member = |name: String| {
        let profile = Some(name.clone());
        Member { name, options: Options { profile, ..limited.clone() } }
    };
    let members: Vec<Member> = config.profiles.into_keys().map(member).collect();
    if members.is_empty() {
        return Err(Failure::new(Kind::NotUnderstood, "The configuration file has no profiles.")
            .hint("name an appliance with --host, or give each a profile in config.toml"));
    }
    Ok(members)
}

impl Member {
    fn row(&self, folders: &Folders, read: impl FnOnce() -> Result<Stock, Failure>) -> Row {
        let begun = Instant::now();
        let named = Named::find(&self.options, folders);
        let known = named.as_ref().ok().and_then(Option::as_ref);
        let profile = known.map(|named| named.profile.clone()).unwrap_or_default();
        let host = known.map(Named::address);
        let (state, failure) = match read() {
            Ok(stock) => (Some(stock), None),
            Err(failure) => (None, Some(failure)),
        };
        Row {
            name: self.name.clone(),
            host,
            owner: profile.owner,
            notes: profile.notes,
            status: failure.as_ref().map(Failure::status).unwrap_or_default(),
            error: failure.as_ref().map(told),
            failure,
            state,
            read_seconds: begun.elapsed().as_secs_f64(),
        }
    }

    fn read(
        &self,
        via: Option<Via>,
        folders: &Folders,
        password: Option<&SecretString>,
    ) -> Result<Stock, Failure> {
        let given = password.map(|password| ("PASSWORD", password.expose_secret()));
        let mut secrets = Secrets::only(given);
        // Nobody is there to answer: neither a question about a certificate nor one for a password.
        let mut nobody = Kept::default();
        let connection = open((&self.options, via), folders, &mut nobody, &mut secrets)?;
        let stock = Stock::read(&mut Reading::begin(&connection.client)?);
        connection.client.close();
        stock
    }
}

/// A failure with what helps, in one line.
fn told(failure: &Failure) -> String {
    let mut text = failure.message.replace('\n', " ");
    if let Some(hint) = failure.hints.first() {
        text += &format!(" ({hint})");
    }
    text
}

impl Stock {
    fn read(reading: &mut Reading<'_>) -> Result<Stock, Failure> {
        let (appliance, sensors) = reading.appliance()?;
        let names = reading.client_names()?;
        let mut served = Vec::new();
        for name in names.iter().flatten() {
            if !reading.partitions_of(name)?.is_empty() {
                served.push(name.clone());
            }
        }
        Ok(Stock {
            appliance,
            sensors,
            clients: names.map(|names| names.len()),
            cluster: reading.cluster()?,
            shared_with: Vec::new(),
            backups: reading.backups()?,
            ntls_certificate_not_after: reading.ntls_certificate()?.map(|facts| facts.not_after),
            web_certificate_not_after: reading.web_certificate().map(|facts| facts.not_after),
            ntp: reading.ntp()?,
            unread: std::mem::take(&mut reading.unread),
            served,
        })
    }
}

/// Finds which appliances serve the same clients.
fn share(rows: &mut [Row]) {
    let mut places = BTreeMap::<String, Vec<String>>::new();
    for row in rows.iter() {
        for client in row.state.iter().flat_map(|stock| &stock.served) {
            places.entry(client.clone()).or_default().push(row.name.clone());
        }
    }
    for row in rows {
        let Some(stock) = &mut row.state else { continue };
        let others = stock.served.iter().filter_map(|client| places.get(client)).flatten();
        stock.shared_with = others.filter(|name| **name != row.name).cloned().collect();
        stock.shared_with.sort();
        stock.shared_with.dedup();
    }
}

/// The day of a moment in RFC 3339.
fn day(moment: &Option<String>) -> String {
    cell(moment).split('T').next().unwrap_or_default().to_owned()
}

fn yes(value: bool) -> String {
    if value { "yes" } else { "no" }.to_owned()
}

/// The columns of the table, and of CSV, with their cells.
type Column = (&'static str, fn(&Stock) -> String);

const COLUMNS: [Column; 15] = [
    ("Serial", |it| it.appliance.serial.clone()),
    ("Software", |it| cell(&it.appliance.software)),
    ("Firmware", |it| cell(&it.appliance.firmware)),
    ("FIPS", |it| it.appliance.fips_mode.map(yes).unwrap_or_default()),
    ("State", |it| it.state().to_owned()),
    ("Partitions", |it| {
        let allowed = it.appliance.partitions_allowed;
        let allowed = allowed.map_or_else(|| "?".to_owned(), |allowed| allowed.to_string());
        let used = it.appliance.partitions_used;
        let used = used.map_or_else(|| "?".to_owned(), |used| used.to_string());
        format!("{used}/{allowed}")
    }),
    ("Free MiB", |it| cell(&it.appliance.storage.map(|storage| storage.free_bytes / (1 << 20)))),
    ("Clients", |it| cell(&it.clients)),
    ("Cluster", |it| match &it.cluster {
        Some(cluster) => {
            format!("{} {}/{}", cluster.label, cluster.members_reached, cluster.members)
        }
        None => String::new(),
    }),
    ("Shared with", |it| it.shared_with.join(" ")),
    ("Backup", |it| it.backups.as_ref().map(|it| day(&it.newest)).unwrap_or_default()),
    ("NTLS until", |it| day(&it.ntls_certificate_not_after)),
    ("Web until", |it| day(&it.web_certificate_not_after)),
    ("NTP", |it| match &it.ntp {
        Some(ntp) if ntp.synchronized => "synchronized".to_owned(),
        Some(ntp) if ntp.running => "not synchronized".to_owned(),
        Some(_) => "stopped".to_owned(),
        None => String::new(),
    }),
    ("Battery, temperature", |it| match &it.sensors {
        Some(it) => format!("{:.2} V, {} C", it.battery_volts, it.temperature_celsius),
        None => String::new(),
    }),
];

impl Stock {
    /// The gravest thing that there is to say of the HSM.
    fn state(&self) -> &str {
        let Appliance { tampered, zeroized, secure_transport_mode, .. } = self.appliance;
        match () {
            () if tampered == Some(true) => "tampered",
            () if secure_transport_mode == Some(true) => "in transport",
            () if zeroized == Some(true) => "zeroized",
            () => self.appliance.status.as_deref().unwrap_or_default(),
        }
    }
}

impl Text for Rows {
    fn write(&self, page: &mut Page) {
        let mut table = Table::new(0, 2, &[(1, false); COLUMNS.len() + 3]);
        let heads = COLUMNS.iter().map(|(head, _)| *head);
        table.row(["Appliance"].into_iter().chain(heads).chain(["Owner", "Notes"]));
        let shown = |text: String| if text.is_empty() { "-".to_owned() } else { text };
        for row in self.appliances.iter().filter(|row| row.state.is_some()) {
            let cells = row.state.iter().flat_map(|it| COLUMNS.iter().map(|(_, cell)| cell(it)));
            let cells = [row.name.clone()].into_iter().chain(cells);
            table.row(cells.chain([cell(&row.owner), cell(&row.notes)]).map(shown));
        }
        page.table(&table);
        for row in &self.appliances {
            let name = format!("{}  ", row.name);
            if let Some(error) = &row.error {
                page.field(&name, 0, format!("error: {error}"));
            }
            for Unread { what, why } in row.state.iter().flat_map(|it| &it.unread) {
                page.field(&name, 0, format!("not read: {what}: {why}"));
            }
        }
        let read = self.appliances.iter().filter(|row| row.state.is_some()).count();
        page.line(format!("{read} of {} appliances read", self.appliances.len()));
    }
}

/// The columns that CSV has for the appliance, each with a value of one kind.
const CSV: [Column; 29] = [
    ("serial", |it| it.appliance.serial.clone()),
    ("hostname", |it| cell(&it.appliance.hostname)),
    ("model", |it| cell(&it.appliance.model)),
    ("label", |it| cell(&it.appliance.label)),
    ("software", |it| cell(&it.appliance.software)),
    ("firmware", |it| cell(&it.appliance.firmware)),
    ("status", |it| cell(&it.appliance.status)),
    ("fips_mode", |it| cell(&it.appliance.fips_mode)),
    ("zeroized", |it| cell(&it.appliance.zeroized)),
    ("tampered", |it| cell(&it.appliance.tampered)),
    ("secure_transport_mode", |it| cell(&it.appliance.secure_transport_mode)),
    ("partitions_used", |it| cell(&it.appliance.partitions_used)),
    ("partitions_allowed", |it| cell(&it.appliance.partitions_allowed)),
    ("storage_total_bytes", |it| cell(&it.appliance.storage.map(|it| it.total_bytes))),
    ("storage_free_bytes", |it| cell(&it.appliance.storage.map(|it| it.free_bytes))),
    ("clients", |it| cell(&it.clients)),
    ("cluster", |it| cell(&it.cluster.as_ref().map(|it| &it.label))),
    ("cluster_members", |it| cell(&it.cluster.as_ref().map(|it| it.members))),
    ("cluster_members_reached", |it| cell(&it.cluster.as_ref().map(|it| it.members_reached))),
    ("shared_with", |it| it.shared_with.join(" ")),
    ("backups", |it| cell(&it.backups.as_ref().map(|it| it.count))),
    ("backup_newest", |it| it.backups.as_ref().map(|it| cell(&it.newest)).unwrap_or_default()),
    ("ntls_certificate_not_after", |it| cell(&it.ntls_certificate_not_after)),
    ("web_certificate_not_after", |it| cell(&it.web_certificate_not_after)),
    ("ntp_running", |it| cell(&it.ntp.as_ref().map(|it| it.running))),
    ("ntp_synchronized", |it| cell(&it.ntp.as_ref().map(|it| it.synchronized))),
    ("battery_volts", |it| cell(&it.sensors.map(|it| it.battery_volts))),
    ("temperature_celsius", |it| cell(&it.sensors.map(|it| it.temperature_celsius))),
    ("unread", |it| {
        let unread: Vec<&str> = it.unread.iter().map(|unread| unread.what).collect();
        unread.join("; ")
    }),
];

impl Rows {
    fn csv(&self) -> String {
        let heads = ["name", "host"].into_iter().chain(CSV.iter().map(|(head, _)| *head));
        let heads = heads.chain(["owner", "notes", "error"]).map(str::to_owned).collect();
        let row = |row: &Row| -> Vec<String> {
            let cells =
                CSV.iter().map(|(_, cell)| row.state.as_ref().map(cell).unwrap_or_default());
            let ends = [cell(&row.owner), cell(&row.notes), cell(&row.error)];
            [row.name.clone(), cell(&row.host)].into_iter().chain(cells).chain(ends).collect()
        };
        csv([heads].into_iter().chain(self.appliances.iter().map(row)))
    }

    /// The appliances that refused the login, and how.
    pub(super) fn logins_refused(&self) -> impl Iterator<Item = (String, Failure)> {
        self.appliances.iter().filter_map(|row| {
            let failure = row.failure.clone().filter(Failure::login_refused)?;
            Some((row.name.clone(), failure))
        })
    }

    pub(super) fn metrics(&self) -> String {
        let mut metrics = Metrics::default();
        for row in &self.appliances {
            row.measure(&mut metrics);
        }
        metrics.text()
    }
}

/// Seconds since 1970 of a moment in RFC 3339.
#[allow(clippy::cast_precision_loss, reason = "a moment has far fewer digits than a float holds")]
fn seconds(moment: &Option<String>) -> Option<f64> {
    let moment = OffsetDateTime::parse(moment.as_deref()?, &Rfc3339).ok()?;
    Some(moment.unix_timestamp() as f64)
}

impl Row {
    fn measure(&self, metrics: &mut Metrics) {
        let name = [("appliance", self.name.as_str())];
        let mut add = |metric, value: Option<f64>| {
            value.into_iter().for_each(|value| metrics.gauge(metric, &name, value));
        };
        let flag = |value: bool| Some(f64::from(u8::from(value)));
        add(("luna_up", "Whether the appliance could be read."), flag(self.state.is_some()));
        let took = ("luna_read_duration_seconds", "How long reading the appliance took.");
        add(took, Some(self.read_seconds));
        let Some(Stock { appliance, sensors, clients, cluster, backups, ntp, .. }) = &self.state
        else {
            return;
        };
        let count = |value: usize| u32::try_from(value).ok().map(f64::from);
        #[allow(clippy::cast_precision_loss, reason = "a storage of petabytes is none of an HSM")]
        let bytes = |value: u64| value as f64;
        add(
            ("luna_fips_mode", "Whether FIPS algorithms alone are allowed."),
            appliance.fips_mode.and_then(flag),
        );
        add(("luna_zeroized", "Whether the HSM is zeroized."), appliance.zeroized.and_then(flag));
        add(
            ("luna_tampered", "Whether a tamper was not cleared."),
            appliance.tampered.and_then(flag),
        );
        let left = ("luna_so_logins_left", "Failed logins of the HSM SO until zeroization.");
        add(left, appliance.so_logins_left.map(f64::from));
        let used = ("luna_partitions", "Partitions that there are.");
        add(used, appliance.partitions_used.and_then(count));
        let allowed = ("luna_partitions_allowed", "Partitions that there may be.");
        add(allowed, appliance.partitions_allowed.map(f64::from));
        let storage =
            |pick: fn(&super::state::Storage) -> u64| appliance.storage.as_ref().map(pick);
        let size = ("luna_storage_size_bytes", "Storage of the HSM.");
        add(size, storage(|it| it.total_bytes).map(bytes));
        let free = ("luna_storage_free_bytes", "Storage that partitions may still take.");
        add(free, storage(|it| it.free_bytes).map(bytes));
        add(("luna_clients", "Clients that are registered."), clients.and_then(count));
        let members = cluster.as_ref().map_or(0, |cluster| cluster.members);
        add(("luna_cluster_members", "Members of the cluster; 0 without one."), count(members));
        let reached = cluster.as_ref().map(|cluster| cluster.members_reached);
        let help = "Members of the cluster that this one reaches, itself included.";
        add(("luna_cluster_members_reached", help), reached.and_then(count));
        let help = "Backups of the configuration on the appliance.";
        add(("luna_backups", help), backups.as_ref().and_then(|backups| count(backups.count)));
        let help = "When the newest backup of the configuration was made.";
        let newest = backups.as_ref().and_then(|backups| seconds(&backups.newest));
        add(("luna_backup_newest_timestamp_seconds", help), newest);
        let help = "Whether the clock follows a server.";
        let synchronized = ntp.as_ref().and_then(|ntp| flag(ntp.synchronized));
        add(("luna_ntp_synchronized", help), synchronized);
        let help = "How far the server is ahead of the clock.";
        let offset = ntp.as_ref().and_then(|ntp| ntp.offset_seconds);
        add(("luna_ntp_offset_seconds", help), offset);
        let volts = sensors.map(|sensors| sensors.battery_volts);
        add(("luna_battery_volts", "Voltage of the HSM's battery."), volts);
        let degrees = sensors.map(|sensors| sensors.temperature_celsius.into());
        add(("luna_temperature_celsius", "Temperature of the HSM."), degrees);
        self.measure_labelled(metrics);
    }

    /// What has labels of its own.
    fn measure_labelled(&self, metrics: &mut Metrics) {
        let Some(stock) = &self.state else { return };
        let help = "When a certificate ends.";
        let certificates = [
            ("ntls", &stock.ntls_certificate_not_after),
            ("web_server", &stock.web_certificate_not_after),
        ];
        for (of, end) in certificates {
            if let Some(end) = seconds(end) {
                let labels = [("appliance", self.name.as_str()), ("certificate", of)];
                let metric = ("luna_certificate_not_after_timestamp_seconds", help);
                metrics.gauge(metric, &labels, end);
            }
        }
        let Appliance { serial, software, firmware, model, label, .. } = &stock.appliance;
        let texts = [&self.host, software, firmware, model, label, &self.owner].map(cell);
        let names = ["host", "software", "firmware", "model", "label", "owner"];
        let mut labels = vec![("appliance", self.name.as_str()), ("serial", serial)];
        labels.extend(names.into_iter().zip(texts.iter().map(String::as_str)));
        metrics.gauge(("luna_appliance_info", "What the appliance is."), &labels, 1.0);
    }
}
