//! Log files, as the machine sees them: lines are written to them and read again. Where they lie is
//! the business of whoever made the machine.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
pub struct SharedLogs(Arc<Mutex<Box<dyn Logs>>>);

impl SharedLogs {
    /// Shares them.
    pub fn new(logs: impl Logs + 'static) -> SharedLogs {
        SharedLogs(Arc::new(Mutex::new(Box::new(logs))))
    }

    /// The logs, for this one caller.
    pub fn lock(&self) -> MutexGuard<'_, Box<dyn Logs>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for SharedLogs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SharedLogs")
    }
}

impl Default for SharedLogs {
    fn default() -> SharedLogs {
        SharedLogs::new(MemoryLogs::default())
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
