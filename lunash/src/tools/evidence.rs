//! `lunash evidence`: what has to be proved before a change is closed. The appliance, the partition with its policies
//! and roles, the client with its certificate, who is assigned what, and the lines of the logs that name them.
//!
//! The digest is that of the JSON of the evidence, names in the order of the alphabet and no blanks between them. It
//! stands in every form.

use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum, ValueHint};
use luna_rest::Fingerprint;
use luna_shell::{
    Connection, Device, Failure, Folders, Format, Kind, Options, Page, Secrets, Status, Table,
    Text, View, finish,
};
use lunacm::cmu::{Cmu, Proof};
use lunacm::{ClientSide, GroupState, MemberState};
use secrecy::ExposeSecret;
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Surroundings;
use super::client_side::linked;
use super::forms::{cell, json, write};
use super::signing::{Signing, sign};
use super::state::{Appliance, ClientState, PartitionState, Reading, Unread, open};

/// Its arguments.
#[derive(Args, Debug)]
#[command(group = ArgGroup::new("whose").required(true).args(["client", "partition"]))]
pub struct Evidence {
    /// A client, with its partitions
    #[arg(long, value_name = "NAME")]
    client: Option<String>,

    /// A partition, with its clients
    #[arg(long, value_name = "NAME")]
    partition: Option<String>,

    /// How it is written [default: text, or json with --output json]
    #[arg(long, value_enum, value_name = "FORM")]
    format: Option<Form>,

    /// Write it into this file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    to: Option<PathBuf>,

    /// Sign a text that names the evidence with the private key of this label, and verify it
    #[arg(long, value_name = "LABEL")]
    sign: Option<String>,

    /// The account that may read the audit log; without it the one that reads the rest
    #[arg(long, value_name = "NAME")]
    auditor: Option<String>,

    /// How many lines of each log are taken, the last ones
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    lines: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// Text
    Text,
    /// One JSON object
    Json,
    /// One page of HTML, which loads nothing and prints on A4
    Html,
}

/// What was found, and its digest.
#[derive(Serialize)]
struct Sealed {
    evidence: Found,
    /// SHA-256 of the JSON of `evidence` without blanks, in hexadecimal; `jq -cjS .view.evidence` gives its bytes.
    sha256: String,
    #[serde(skip)]
    text: String,
}

/// What was found.
#[derive(Serialize)]
struct Found {
    /// When it was read, by the clock of this machine, RFC 3339.
    read_at: String,
    /// The account that read it.
    read_by: String,
    /// `host:port`.
    host: String,
    owner: Option<String>,
    /// Whose evidence it is: `client NAME` or `partition NAME`.
    subject: String,
    appliance: Appliance,
    clients: Vec<ClientState>,
    partitions: Vec<PartitionState>,
    /// The HA groups of this machine that have one of the partitions; null where it is no client.
    groups: Option<Vec<GroupState>>,
    /// The signature that was asked for.
    signing: Option<Signing>,
    logs: Vec<Log>,
    /// What could not be read, and so is not proved.
    unread: Vec<Unread>,
}

/// Lines of a log that name the subject.
#[derive(Serialize)]
struct Log {
    log: &'static str,
    lines: Vec<String>,
}

impl Evidence {
    pub(super) fn run(self, mut device: Box<dyn Device>, surroundings: &Surroundings) -> Status {
        let output = surroundings.options.output;
        let default = if output == Format::Json { Form::Json } else { Form::Text };
        let written =
            self.read(&mut *device, surroundings).and_then(Sealed::of).and_then(|sealed| {
                let text = match self.format.unwrap_or(default) {
                    Form::Text => View::text(&sealed),
                    Form::Json => json(&sealed, Status::Success)?,
                    Form::Html => sealed.html(),
                };
                write(&mut *device, self.to.as_deref(), &text)
            });
        let status = match written {
            Ok(()) => Status::Success,
            Err(failure) => super::report(&mut *device, output, failure),
        };
        finish("lunash", &mut *device, status)
    }

    fn read(&self, device: &mut dyn Device, all: &Surroundings) -> Result<Found, Failure> {
        let folders = all.folders.as_ref().map_err(Clone::clone)?;
        let mut secrets = Secrets::from_environment();
        let connection = open((&all.options, all.wire.via), folders, device, &mut secrets)?;
        let mut reading = Reading::begin(&connection.client)?;
        let (appliance, _) = reading.appliance()?;
        let assigned = reading.assignments()?;
        let (names, serials, subject) = match (&self.client, &self.partition) {
            (Some(name), _) => {
                let client = reading.client_state(name)?;
                let client = client.ok_or_else(|| {
                    Failure::command(format!("The client '{name}' is not registered."))
                        .hint("'client list' shows the clients")
                })?;
                (vec![client.name], client.partitions, format!("client {name}"))
            }
            (None, name) => {
                let name = name.as_deref().unwrap_or_default();
                let serial = reading.find_partition(name)?;
                let names = assigned.get(&serial).cloned().unwrap_or_default();
                (names, vec![serial], format!("partition {name}"))
            }
        };
        let mut clients = Vec::new();
        for name in &names {
            clients.extend(reading.client_state(name)?);
        }
        let mut partitions = Vec::new();
        for serial in &serials {
            let clients = assigned.get(serial).cloned().unwrap_or_default();
            partitions.push(PartitionState { clients, ..reading.partition(serial)? });
        }
        let read_at = OffsetDateTime::now_utc()
            .replace_nanosecond(0)
            .ok()
            .and_then(|now| now.format(&Rfc3339).ok())
            .unwrap_or_default();
        let mut side = linked(&all.options, ClientSide::of_machine(None, folders));
        let signing = match (&self.sign, &partitions[..]) {
            (None, _) => None,
            (Some(label), [one]) => {
                let data = format!("Evidence of {subject}, read at {read_at}");
                let what = (one, label.as_str(), data.as_str());
                let ask = (device as &mut dyn Device, &mut secrets);
                Some(sign((all, folders), &connection, side.as_mut(), ask, what)?)
            }
            (Some(_), several) => {
                let why =
                    format!("--sign needs one partition, and {subject} has {}.", several.len());
                return Err(Failure::new(Kind::NotUnderstood, why)
                    .hint("--partition NAME in place of --client names one"));
            }
        };
        let groups = side.as_ref().map(Cmu::group_states).transpose()?;
        let groups = groups.map(|mut groups| {
            groups.retain(|group| serials.iter().any(|serial| group.has(serial)));
            groups
        });
        if groups.is_none() {
            let why =
                "They are known to the client alone, and this machine is linked with nothing.";
            reading.unread.push(Unread { what: "HA groups", why: why.to_owned() });
        }
        let named = self.client.iter().chain(&self.partition).chain(&serials);
        let texts: Vec<&str> = named.map(String::as_str).collect();
        let lunalogs = reading.log_lines(&texts, self.lines)?;
        let audit = match &self.auditor {
            None => reading.audit_lines(&texts, self.lines)?,
            Some(name) => {
                let auditor = self.auditor(name, (all, folders), &connection, device)?;
                let mut log = Reading::begin(&auditor.client)?;
                let lines = log.audit_lines(&texts, self.lines)?;
                auditor.client.close();
                reading.unread.append(&mut log.unread);
                lines
            }
        };
        let mut logs = Vec::new();
        for (log, lines) in [("lunalogs", lunalogs), ("audit log", audit)] {
            logs.extend(lines.map(|lines| Log { log, lines }));
        }
        connection.client.close();
        Ok(Found {
            read_at,
            read_by: connection.user.clone(),
            host: connection.client.address().to_owned(),
            owner: connection.profile.owner.clone(),
            subject,
            appliance,
            clients,
            partitions,
            groups,
            signing,
            logs,
            unread: reading.unread,
        })
    }

    /// A session of the auditor, at the same appliance.
    fn auditor(
        &self,
        name: &str,
        (all, folders): (&Surroundings, &Folders),
        connection: &Connection,
        device: &mut dyn Device,
    ) -> Result<Connection, Failure> {
        let options = Options {
            host: Some(connection.client.address().to_owned()),
            user: Some(name.to_owned()),
            fingerprint: Some(connection.client.fingerprint().to_string()),
            profile: None,
            data: None,
            ..all.options.clone()
        };
        let given = Secrets::from_environment().find("AUDITOR_PASSWORD")?;
        let given = given.as_ref().map(|password| ("PASSWORD", password.expose_secret()));
        open((&options, all.wire.via), folders, device, &mut Secrets::only(given))
    }
}

impl Sealed {
    /// Writes the JSON once, so that the digest is that of what every form holds.
    fn of(evidence: Found) -> Result<Sealed, Failure> {
        let text = serde_json::to_value(&evidence)
            .map(|value| value.to_string())
            .map_err(|error| Failure::command(format!("It cannot be written as JSON: {error}.")))?;
        let digest = Fingerprint::of(text.as_bytes()).0;
        let sha256 = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Sealed { evidence, sha256, text })
    }
}

/// Label and value, as text and HTML have them.
type Field = (&'static str, String);

/// A part of the evidence with a title of its own.
struct Part {
    title: String,
    fields: Vec<Field>,
    /// A table, its head first.
    table: Vec<Vec<String>>,
    lines: Vec<String>,
}

/// A value as it is shown.
fn shown(value: &str) -> &str {
    if value.is_empty() { "-" } else { value }
}

fn yes(value: bool) -> String {
    if value { "yes" } else { "no" }.to_owned()
}

impl Found {
    /// What every form shows, in its order.
    fn parts(&self) -> Vec<Part> {
        let part = |title: String, fields: Vec<Field>| Part {
            title,
            fields,
            table: Vec::new(),
            lines: Vec::new(),
        };
        let it = &self.appliance;
        let appliance = part(
            format!("Appliance {}", self.host),
            vec![
                ("Owner", cell(&self.owner)),
                ("Host name", cell(&it.hostname)),
                ("HSM serial", it.serial.clone()),
                ("HSM label", cell(&it.label)),
                ("Model", cell(&it.model)),
                ("Software", cell(&it.software)),
                ("Firmware", cell(&it.firmware)),
                ("Status", cell(&it.status)),
                ("FIPS mode", it.fips_mode.map(yes).unwrap_or_default()),
                ("Tampered", it.tampered.map(yes).unwrap_or_default()),
            ],
        );
        let client = |it: &ClientState| {
            let mut fields = vec![
                ("Registered as", it.address().to_owned()),
                ("Partitions", it.partitions.join(", ")),
            ];
            if let Some(facts) = &it.certificate {
                fields.extend([
                    ("Certificate", facts.subject.clone()),
                    ("Fingerprint", facts.fingerprint.clone()),
                    ("Valid from", facts.not_before.clone()),
                    ("Valid until", facts.not_after.clone()),
                ]);
            }
            part(format!("Client {}", it.name), fields)
        };
        let mut parts = vec![appliance];
        parts.extend(self.clients.iter().map(client));
        parts.extend(self.partitions.iter().flat_map(PartitionState::parts));
        for group in self.groups.iter().flatten() {
            let row = |member: &MemberState| {
                let rank = if member.standby { "standby" } else { "active" };
                let state = if member.alive { "alive" } else { "down" };
                [&member.serial, rank, state].map(str::to_owned).to_vec()
            };
            let head = ["Member", "Rank", "State"].map(str::to_owned).to_vec();
            parts.push(Part {
                table: [head].into_iter().chain(group.members.iter().map(row)).collect(),
                ..part(format!("HA group {}", group.label), Vec::new())
            });
        }
        parts.extend(self.signing.iter().map(|signing| Part {
            lines: signing.proof.public_key.lines().map(str::to_owned).collect(),
            ..part(format!("Signature with the key {}", signing.proof.key), signing.fields())
        }));
        parts.extend(self.logs.iter().map(|log| Part {
            lines: log.lines.clone(),
            ..part(format!("Lines of the {} that name it", log.log), Vec::new())
        }));
        let unread = self.unread.iter().map(|unread| format!("{}: {}", unread.what, unread.why));
        parts.push(Part {
            lines: unread.collect(),
            ..part("Not read, and so not proved".to_owned(), Vec::new())
        });
        parts
    }
}

impl Signing {
    fn fields(&self) -> Vec<Field> {
        let Proof { partition, mechanism, data, signature, .. } = &self.proof;
        vec![
            ("Made over", self.over.to_owned()),
            ("Partition", partition.clone()),
            ("Mechanism", mechanism.clone()),
            ("Text", data.clone()),
            ("Signature", signature.clone()),
            ("Verified", "yes, with the public key".to_owned()),
        ]
    }
}

impl PartitionState {
    fn parts(&self) -> [Part; 3] {
        let row = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>();
        let roles = self.roles.iter().map(|role| {
            let left = role.login_attempts_left.filter(|_| role.initialized);
            let left = left.map_or_else(|| "-".to_owned(), |left| left.to_string());
            row(&[&role.name, &yes(role.initialized), &yes(role.locked_out), &left])
        });
        let policies =
            self.policies.iter().map(|one| row(&[&one.id, &one.name, &one.value.to_string()]));
        let heads = row(&["Role", "Initialized", "Locked out", "Attempts left"]);
        let part = |title: String, fields, table| Part { title, fields, table, lines: Vec::new() };
        [
            part(
                format!("Partition {}", self.name),
                vec![
                    ("Serial", self.serial.clone()),
                    ("Label", cell(&self.label)),
                    ("Initialized", yes(self.initialized)),
                    ("Objects", self.objects.to_string()),
                    ("Bytes used", format!("{} of {}", self.used_bytes, self.total_bytes)),
                    ("Clients", self.clients.join(", ")),
                ],
                Vec::new(),
            ),
            part(
                format!("Roles of {}", self.name),
                Vec::new(),
                [heads].into_iter().chain(roles).collect(),
            ),
            part(
                format!("Policies of {}", self.name),
                Vec::new(),
                [row(&["Number", "Policy", "Value"])].into_iter().chain(policies).collect(),
            ),
        ]
    }
}

impl Text for Sealed {
    fn write(&self, page: &mut Page) {
        let Found { subject, read_at, read_by, .. } = &self.evidence;
        page.field("Evidence of ", 0, subject);
        page.field("Read at ", 0, format!("{read_at} by '{read_by}'"));
        page.field("SHA-256 of its JSON: ", 0, &self.sha256);
        for Part { title, fields, table, lines } in self.evidence.parts() {
            let nothing = fields.is_empty() && table.is_empty() && lines.is_empty();
            page.blank();
            page.field("", 0, title);
            for (label, value) in fields {
                page.field(&format!("  {label}:"), 18, shown(&value));
            }
            if let Some(head) = table.first() {
                let mut shown = Table::new(2, 2, &vec![(1, false); head.len()]);
                table.iter().for_each(|cells| shown.row(cells));
                page.table(&shown);
            }
            lines.iter().for_each(|line| page.field("  ", 0, line));
            if nothing {
                page.line("  none");
            }
        }
    }
}

/// The look of the page; its policy lets it load nothing.
const HEAD: &str = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
<style>\n\
@page { size: A4; margin: 18mm; }\n\
body { font: 10pt/1.4 sans-serif; color: #000; max-width: 174mm; margin: 0 auto; }\n\
h1 { font-size: 15pt; }\n\
h2 { font-size: 11pt; margin: 6mm 0 2mm; border-bottom: 1px solid #999; break-after: avoid; }\n\
table { border-collapse: collapse; width: 100%; }\n\
th, td { text-align: left; vertical-align: top; padding: 1mm 3mm 1mm 0; overflow-wrap: anywhere; }\n\
th[scope] { width: 36mm; overflow-wrap: normal; }\n\
tr { break-inside: avoid; border-bottom: 1px solid #ddd; }\n\
pre { font: 8pt monospace; white-space: pre-wrap; overflow-wrap: anywhere; }\n\
</style>\n";

/// Text for HTML; what would command a terminal is made visible as everywhere.
fn html(text: &str) -> String {
    let text = luna_shell::printable(text);
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

impl Sealed {
    fn html(&self) -> String {
        let Found { subject, read_at, read_by, .. } = &self.evidence;
        let subject = html(subject);
        let mut page = format!(
            "{HEAD}<title>Evidence of {subject}</title>\n</head>\n<body>\n<h1>Evidence of {subject}</h1>\n\
             <p>Read at {} by {}.<br>SHA-256 of the JSON at the end: <code>{}</code></p>\n",
            html(read_at),
            html(read_by),
            self.sha256
        );
        for Part { title, fields, table, lines } in self.evidence.parts() {
            page += &format!("<h2>{}</h2>\n", html(&title));
            let fields = fields.iter().map(|(label, value)| {
                format!("<tr><th scope=\"row\">{label}</th><td>{}</td></tr>\n", html(shown(value)))
            });
            let rows = table.iter().enumerate().map(|(place, cells)| {
                let tag = if place == 0 { "th" } else { "td" };
                let cells = cells.iter().map(|cell| format!("<{tag}>{}</{tag}>", html(cell)));
                format!("<tr>{}</tr>\n", cells.collect::<String>())
            });
            let rows: String = fields.chain(rows).collect();
            if rows.is_empty() && lines.is_empty() {
                page += "<p>None.</p>\n";
            }
            if !rows.is_empty() {
                page += &format!("<table>\n{rows}</table>\n");
            }
            if !lines.is_empty() {
                page += &format!("<pre>{}</pre>\n", html(&lines.join("\n")));
            }
        }
        // Not made visible but escaped: who takes the text out of the page has the digest's bytes.
        let json = self.text.replace('&', "&amp;").replace('<', "&lt;");
        page += &format!("<h2>JSON</h2>\n<pre id=\"json\">{json}</pre>\n</body>\n</html>\n");
        page
    }
}
