//! The audit log on its way from the state to its files: a record is stored with the change that it
//! tells of, and written to its file once that is done. What a crash keeps from its file is written at
//! the next start, from the state.

use std::io;

use luna_rest::Method;
use time::OffsetDateTime;

use crate::core::audit::{AuditFile, AuditFiles, MemoryFiles};
use crate::core::logs::{Entry, Forward, Nowhere, Severity};
use crate::request::context::Context;
use crate::request::logs::{Asker, printable};
use crate::state::State;
use crate::state::audit::{Audit, RecordRow, TAIL, file_name, file_number};

/// The most of a path that a record repeats.
const LONGEST_PATH: usize = 256;

/// The files of the log, and the hosts that records are sent to.
pub(crate) struct AuditLog {
    files: Box<dyn AuditFiles>,
    forward: Box<dyn Forward>,
    /// The number of the last record that its file holds.
    written: u64,
    /// The file that was written to last.
    file: u64,
}

impl std::fmt::Debug for AuditLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AuditLog").field("written", &self.written).finish_non_exhaustive()
    }
}

impl Default for AuditLog {
    fn default() -> AuditLog {
        AuditLog::new(MemoryFiles::default(), Nowhere)
    }
}

impl AuditLog {
    /// A log in these files.
    pub(crate) fn new(
        files: impl AuditFiles + 'static,
        forward: impl Forward + 'static,
    ) -> AuditLog {
        AuditLog { files: Box::new(files), forward: Box::new(forward), written: 0, file: 0 }
    }

    /// The files, by name.
    pub(crate) fn list(&self) -> Vec<AuditFile> {
        self.files.list()
    }

    /// The content of a file.
    pub(crate) fn read(&self, file: &str) -> Option<Vec<u8>> {
        self.files.read(file)
    }

    /// Sends records to the hosts that are kept.
    pub(crate) fn aim(&self, audit: &Audit) {
        self.forward.aim(audit.remote_hosts());
    }

    /// Makes the files what the stored state says, at the start. Where they have more than it knows of,
    /// the state is an older one: nothing of them is touched, and the log goes on in a new file.
    pub(crate) fn recover(&mut self, state: &mut State) {
        self.aim(&state.audit);
        let serial = state.hsm.hsm.get().serial;
        let number = |file: &AuditFile| Some((file_number(serial, &file.name)?, file.size));
        let last = self.list().iter().filter_map(number).max();
        let chain = state.audit.chain.get();
        match last {
            Some((file, size)) if (file, size) > (chain.file, chain.at) => {
                let chain = state.audit.chain.get_mut();
                (chain.file, chain.at) = (file.saturating_add(1), 0);
            }
            _ => {}
        }
        self.follow(state);
    }

    /// Makes the files what the state says: it is stored.
    pub(crate) fn follow(&mut self, state: &State) {
        if let Err(error) = self.try_to_follow(state) {
            tracing::error!(%error, "the audit log cannot be written; its records wait in the state");
        }
    }

    fn try_to_follow(&mut self, state: &State) -> io::Result<()> {
        let (audit, serial) = (&state.audit, state.hsm.hsm.get().serial);
        let chain = audit.chain.get();
        // The numbers begin anew with a new appliance.
        self.written = self.written.min(chain.number);
        for (key, row) in audit.tail.from(&format!("{:020}", self.written.saturating_add(1)), "") {
            let file = file_name(serial, row.file);
            if self.files.write(&file, row.at, row.lines.as_bytes())? {
                self.forward.forward(&entry(state, row));
            }
            self.written = key.parse().unwrap_or(self.written);
        }
        if self.file == chain.file {
            return Ok(());
        }
        for file in self.files.list() {
            match file_number(serial, &file.name) {
                Some(number) if number < chain.oldest => self.files.remove(&file.name)?,
                Some(number) if number < chain.file => self.files.archive(&file.name)?,
                Some(_) => {}
                // That of an HSM that this one has taken the place of.
                None => self.files.remove(&file.name)?,
            }
        }
        self.file = chain.file;
        Ok(())
    }

    /// Lets go of the records in the state, once there are many and the files are safe with them.
    pub(crate) fn settle(&mut self, audit: &mut Audit) {
        if audit.tail.len() < TAIL || self.written < audit.chain.get().number {
            return;
        }
        match self.files.sync() {
            Ok(()) => audit.tail.retain(|_, _| false),
            Err(error) => tracing::error!(%error, "the audit log could not be made safe"),
        }
    }
}

/// A record as it goes to other hosts: without its MACs.
fn entry(state: &State, row: &RecordRow) -> Entry {
    Entry {
        log: "audit",
        severity: Severity::Info,
        time: OffsetDateTime::from_unix_timestamp(row.time).unwrap_or(OffsetDateTime::UNIX_EPOCH),
        host: state.lunasa.settings.get().hostname.clone(),
        process: "cbs".to_owned(),
        text: row.lines.lines().next().unwrap_or_default().to_owned(),
    }
}

/// What a record says behind its number and time: the session and its role as an HSM knows them, the
/// operation and its result, and the call with who made it, which the appliance knows.
pub(crate) fn told(
    cx: &Context<'_>,
    operation: &str,
    result: &str,
    (method, path): (Method, &str),
) -> String {
    let session = cx.session();
    let of_partition = path.split('/').find_map(|part| session.partition_logins.get(part));
    let role = match of_partition.map(String::as_str) {
        Some("so") => "Partition SO",
        Some("co") => "Crypto Officer",
        Some("lco") => "Limited Crypto Officer",
        Some(_) => "Crypto User",
        None if !session.keyring_logins.is_empty() => "keyring role",
        None if session.hsm_logins.contains("audit") => "Auditor",
        None if session.is_so() => "SO",
        None => "no role",
    };
    let path: String = path.chars().take(LONGEST_PATH).collect();
    let client = Some(&session.client).filter(|client| !client.is_empty());
    let by = match client {
        Some(client) => format!("client {client}"),
        None => Asker::of(cx).text(cx.request.from),
    };
    printable(&format!(
        "session {} {role} operation {operation} returned {result} {method} {path} : {by}",
        session.number
    ))
}
