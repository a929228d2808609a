//! Log files, as the machine sees them: lines are written to them and read again. Where they lie is
//! the business of whoever made the machine.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use luna_rest::Secret;
use time::OffsetDateTime;

use crate::core::text::clock_text;

/// The log of what administrators did.
pub const LUNALOGS: &str = "lunalogs";
/// The log of the system: services, the HSM.
pub const MESSAGES: &str = "messages";
/// The logs, by name: those that the product's guides speak of.
pub const LOGS: [&str; 2] = [LUNALOGS, MESSAGES];
/// Severities of RFC 5424, the gravest first.
pub const SEVERITIES: [&str; 8] =
    ["emergency", "alert", "critical", "error", "warning", "notice", "info", "debug"];

/// How grave a line is: its place in [`SEVERITIES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "named as RFC 5424 does")]
pub enum Severity {
    Emergency,
    Alert,
    Critical,
    /// Something failed.
    Error,
    /// Something is to be looked at, such as a refused login.
    Warning,
    Notice,
    /// What was done.
    Info,
    /// What was read.
    Debug,
}

impl Severity {
    /// The severity of this name.
    pub fn of(name: &str) -> Option<Severity> {
        let all = [
            Severity::Emergency,
            Severity::Alert,
            Severity::Critical,
            Severity::Error,
            Severity::Warning,
            Severity::Notice,
            Severity::Info,
            Severity::Debug,
        ];
        SEVERITIES.iter().zip(all).find(|(known, _)| **known == name).map(|(_, severity)| severity)
    }

    /// The severity of a level of `logger`: a name, or its short form.
    pub fn of_level(level: &str) -> Option<Severity> {
        match level {
            "crit" => Some(Severity::Critical),
            "err" => Some(Severity::Error),
            "warn" => Some(Severity::Warning),
            level => Severity::of(level),
        }
    }

    /// As a line of a log has it, `warn` and `info` as recorded.
    pub fn short(self) -> &'static str {
        match self {
            Severity::Emergency => "emerg",
            Severity::Alert => "alert",
            Severity::Critical => "crit",
            Severity::Error => "err",
            Severity::Warning => "warn",
            Severity::Notice => "notice",
            Severity::Info => "info",
            Severity::Debug => "debug",
        }
    }
}

/// A line of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// One of [`LOGS`].
    pub log: &'static str,
    /// How grave it is.
    pub severity: Severity,
    /// The time on the appliance, UTC.
    pub time: OffsetDateTime,
    /// The appliance's host name.
    pub host: String,
    /// `lunash`, `webserver` and so on.
    pub process: String,
    /// What happened: printable ASCII.
    pub text: String,
}

impl Entry {
    /// As the product's guide shows lines of this log.
    pub fn line(&self) -> String {
        let Entry { log, severity, time, host, process, text } = self;
        let (day, clock, severity) = (day_text(*time), clock_text(*time), severity.short());
        match *log {
            // The number is that of the product's example: nobody here has process numbers.
            LUNALOGS => {
                format!("{day} {clock} {host}  local5 {severity}  {process} [1234]: {text}")
            }
            _ => format!("{day} {clock} {host} daemon {severity} {process}: {text}"),
        }
    }
}

/// `2012 Feb 29`.
fn day_text(time: OffsetDateTime) -> String {
    let month = time.month().to_string();
    format!("{:04} {} {:02}", time.year(), &month[..3], time.day())
}

/// A host that lines are sent to.
#[derive(Clone, Debug)]
pub struct RemoteHost {
    /// A host name or address.
    pub address: String,
    /// The port it listens on.
    pub port: u16,
    /// Over TCP; otherwise over UDP.
    pub tcp: bool,
    /// TLS, if it is spoken.
    pub tls: Option<HostTls>,
}

impl RemoteHost {
    /// Whether lines go the same way to both, whatever is said of TLS.
    pub fn is_where(&self, other: &RemoteHost) -> bool {
        (&self.address, self.port, self.tcp) == (&other.address, other.port, other.tcp)
    }
}

/// What TLS to a host takes.
#[derive(Clone, Debug)]
pub struct HostTls {
    /// The authority that the host's certificate is signed by, or that certificate itself: PEM.
    pub trusted: String,
    /// The name that the host's certificate must have, if it is not the address.
    pub name: Option<String>,
    /// The appliance's certificate in PEM and its key, PKCS#8 in base64, where both ends show one.
    pub identity: Option<(String, Secret)>,
}

/// What sends lines to other hosts. Whoever calls it never waits for them.
pub trait Forward: Send + Sync {
    /// Sends lines to these hosts from now on, and to no others.
    fn aim(&self, hosts: Vec<RemoteHost>);
    /// Sends a line.
    fn forward(&self, entry: &Entry);
    /// Why lines wait for the host at this address and port; none while they are sent.
    fn problem(&self, address: &str, port: u16) -> Option<String>;
}

/// Sends nothing, for machines that are no appliances.
pub(crate) struct Nowhere;

impl Forward for Nowhere {
    fn aim(&self, _: Vec<RemoteHost>) {}
    fn forward(&self, _: &Entry) {}
    fn problem(&self, _: &str, _: u16) -> Option<String> {
        None
    }
}

/// A file of a log: the one that is written to, or an older one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFile {
    /// `lunalogs`, or `lunalogs.1` for the one before it, and so on.
    pub name: String,
    /// Bytes.
    pub size: u64,
}

/// Where logs are kept. A log that cannot be written keeps nobody from working: that is told where
/// the program tells its own faults.
pub trait Logs: Send {
    /// Adds a line to a log.
    fn append(&mut self, log: &str, line: &str);
    /// The files of all logs, by name.
    fn files(&self) -> Vec<LogFile>;
    /// The content of a file.
    fn read(&self, file: &str) -> Option<Vec<u8>>;
    /// Begins a new file for each log that has lines, and keeps as many older ones.
    fn rotate(&mut self, keep: u32);
    /// Removes every file.
    fn clear(&mut self);
}

/// Logs that the machine and the web server both write to.
#[derive(Clone)]
pub struct SharedLogs {
    files: Arc<Mutex<Box<dyn Logs>>>,
    forward: Arc<dyn Forward>,
}

impl SharedLogs {
    /// Shares them.
    pub fn new(logs: impl Logs + 'static, forward: impl Forward + 'static) -> SharedLogs {
        SharedLogs { files: Arc::new(Mutex::new(Box::new(logs))), forward: Arc::new(forward) }
    }

    /// The logs, for this one caller.
    pub fn lock(&self) -> MutexGuard<'_, Box<dyn Logs>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a line to its log and sends it on, in the same order.
    pub fn write(&self, entry: &Entry) {
        let mut files = self.lock();
        files.append(entry.log, &entry.line());
        self.forward.forward(entry);
    }

    /// Sends lines to these hosts from now on.
    pub fn aim(&self, hosts: Vec<RemoteHost>) {
        self.forward.aim(hosts);
    }

    /// Why lines wait for the host at this address and port.
    pub fn problem(&self, address: &str, port: u16) -> Option<String> {
        self.forward.problem(address, port)
    }
}

impl std::fmt::Debug for SharedLogs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SharedLogs")
    }
}

impl Default for SharedLogs {
    fn default() -> SharedLogs {
        SharedLogs::new(MemoryLogs::default(), Nowhere)
    }
}

/// Logs in memory, for machines without a folder.
#[derive(Debug, Default)]
pub struct MemoryLogs(BTreeMap<String, Vec<u8>>);

impl Logs for MemoryLogs {
    fn append(&mut self, log: &str, line: &str) {
        let content = self.0.entry(log.to_owned()).or_default();
        content.extend_from_slice(line.as_bytes());
        content.push(b'\n');
    }

    fn files(&self) -> Vec<LogFile> {
        let file = |(name, content): (&String, &Vec<u8>)| LogFile {
            name: name.clone(),
            size: content.len() as u64,
        };
        self.0.iter().map(file).collect()
    }

    fn read(&self, file: &str) -> Option<Vec<u8>> {
        self.0.get(file).cloned()
    }

    fn rotate(&mut self, keep: u32) {
        for log in LOGS {
            let Some(content) = self.0.remove(log).filter(|content| !content.is_empty()) else {
                continue;
            };
            self.0.retain(|file, _| number(file, log) < Some(keep.max(1)));
            for number in (1..keep).rev() {
                if let Some(content) = self.0.remove(&older(log, number)) {
                    self.0.insert(older(log, number + 1), content);
                }
            }
            if keep > 0 {
                self.0.insert(older(log, 1), content);
            }
        }
    }

    fn clear(&mut self) {
        self.0.clear();
    }
}

/// The name of an older file of a log; 1 is the newest of them.
pub fn older(log: &str, number: u32) -> String {
    format!("{log}.{number}")
}

/// The number of an older file of a log.
pub fn number(file: &str, log: &str) -> Option<u32> {
    file.strip_prefix(log)?.strip_prefix('.')?.parse().ok()
}
