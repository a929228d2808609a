//! `audit config`, `status`, `time`, `sync`, `logmsg`: what is recorded, and how far the log is.

use std::path::Path;

use luna_rest::{Nothing, audit};

use super::words::{self, Word};
use super::{require_auditor, state};
use crate::commands::Done;
use crate::commands::administrative::{date, sure};
use crate::prelude::*;

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "audit config|c <setting>...",
        help: "Set or show what is recorded",
        options: &[(
            "setting",
            "get (g); evmask (e) EVENTS, such as f,s,access, all or none; interval (i) hourly, daily, \
             weekly, monthly or never; size (s) of a file, with k or m; path (p) FOLDER; force (f)",
        )],
        roles: Role::OPERATOR,
        rest: &[audit::SHOW.resource(), audit::CONFIGURE.resource()],
        known: Known::Documented(
            "lunacm/commands/audit/audit_config.htm; cut before what it prints, which is assumed",
        ),
        run: call::<Config>(),
    },
    Command {
        syntax: "audit logmsg|logm -message <message>...",
        help: "Write a message to the log",
        options: &[("-message", "The message; its words are joined by one blank")],
        roles: Role::OPERATOR,
        rest: &[audit::WRITE.resource()],
        known: Known::Documented(
            "lunacm/commands/audit/audit.htm@7.4, which names it; its argument is assumed",
        ),
        run: call::<LogMessage>(),
    },
    Command {
        syntax: "audit status|s",
        help: "Show the log, the Auditor, the clocks, and what is recorded",
        options: &[],
        roles: Role::MONITOR,
        rest: &[audit::SHOW.resource()],
        known: Known::Documented(
            "lunacm/commands/audit/audit.htm@7.4, which names it; its lines are those of LunaSH's 'audit \
             show' (assumed)",
        ),
        run: call::<Status>(),
    },
    Command {
        syntax: "audit sync",
        help: "Set the clock of the HSM to that of this machine, as audit time sync does",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[audit::SYNC.resource()],
        known: Known::Assumed("known by name only"),
        run: call::<Sync>(),
    },
    Command {
        syntax: "audit time|t <action>...",
        help: "Show the clocks, or set the HSM's to that of this machine",
        options: &[("action", "get (g) or sync (s)")],
        roles: Role::OPERATOR,
        rest: &[audit::SHOW.resource(), audit::SYNC.resource()],
        known: Known::Documented(
            "lunacm/commands/audit/audit.htm@7.4, which says what it does; its two words are assumed",
        ),
        run: call::<Time>(),
    },
];

#[derive(Deserialize)]
struct Config {
    setting: Vec<String>,
}

const SETTINGS: &[Word] = &[
    ("get", "g", false),
    ("path", "p", true),
    ("evmask", "e", true),
    ("interval", "i", true),
    ("size", "s", true),
    ("force", "f", false),
];

/// The events of a mask. What a page of LunaCM calls usage is two events by now.
fn events(mask: &str) -> Vec<String> {
    let event = |event: &str| match event.trim().to_ascii_lowercase().as_str() {
        "usage" | "u" => vec!["asymmetric".to_owned(), "symmetric".to_owned()],
        event => vec![event.to_owned()],
    };
    mask.split(',').flat_map(event).collect()
}

/// Bytes of `64k` or `4m`.
fn bytes(size: &str) -> Option<u64> {
    let split = size.len().checked_sub(1).filter(|at| size.is_char_boundary(*at))?;
    let (number, unit) = size.split_at(split);
    let unit = match unit {
        "k" | "K" => 1 << 10,
        "m" | "M" => 1 << 20,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit)
}

impl Run<Session> for Config {
    type View = Configuration;

    fn run(self, session: &mut Session) -> Result<Configuration, Failure> {
        let mut given = words::read(self.setting, SETTINGS)?;
        require_auditor(session)?;
        let force = given.remove("force").is_some();
        if given.contains_key("get") {
            return Ok(state(session)?.into());
        }
        let bad = |text: String| codes::failure(codes::ARGUMENTS_BAD, text);
        let events = given.remove("evmask").map(|mask| events(&mask));
        let path = match given.remove("path") {
            None => None,
            Some(path) => {
                let folder = Path::new(&path).canonicalize().ok().filter(|path| path.is_dir());
                let folder = folder.ok_or_else(|| bad(format!("There is no folder '{path}'.")))?;
                Some(folder.display().to_string())
            }
        };
        let size = given.remove("size").map(|size| {
            bytes(&size).ok_or_else(|| bad(format!("'{size}' is no number with k or m behind it.")))
        });
        let file_limit = size.transpose()?;
        if events.iter().flatten().any(|event| matches!(event.as_str(), "all" | "l")) {
            let grows = "The log grows with every operation, and stops the HSM when it is full.";
            sure(session, force, "log everything", Some(grows))?;
        }
        let rotation = given.remove("interval").map(|interval| interval.to_ascii_lowercase());
        let (client, _) = session.backup_hsm()?;
        let body = audit::Configure { events, rotation, file_limit, path };
        client.call(&audit::CONFIGURE, &[], &body)?;
        Ok(state(session)?.into())
    }
}

/// What is recorded.
#[derive(Serialize)]
struct Configuration {
    events: Vec<String>,
    rotation: String,
    /// Bytes.
    file_limit: u64,
    path: String,
}

impl From<audit::Audit> for Configuration {
    fn from(audit: audit::Audit) -> Configuration {
        let audit::Audit { events, rotation, file_limit, path, .. } = audit;
        Configuration { events, rotation, file_limit, path }
    }
}

impl Text for Configuration {
    fn write(&self, page: &mut Page) {
        let mask = match self.events.as_slice() {
            [] => "Log nothing".to_owned(),
            events if events.iter().any(|event| event == "all") => "Log everything".to_owned(),
            events => format!("Log {}", events.join(",")),
        };
        page.line("        Current Logging Configuration");
        page.line("        -----------------------------");
        page.line(format!("        event mask        : {mask}"));
        page.line(format!("        rotation interval : {}", self.rotation));
        page.line(format!("        rotation size     : {} KB", self.file_limit >> 10));
        let path = if self.path.is_empty() { "not set" } else { &self.path };
        page.line(format!("        path              : {path}"));
    }
}

#[derive(Deserialize)]
struct LogMessage {
    message: String,
}

impl Run<Session> for LogMessage {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        require_auditor(session)?;
        let (client, _) = session.backup_hsm()?;
        let body = audit::Message { message: self.message };
        client.call(&audit::WRITE, &[], &body)?;
        Ok(Done::new("audit logmsg"))
    }
}

#[derive(Deserialize)]
struct Status {}

/// The log, the Auditor and the clocks.
#[derive(Serialize)]
struct Shown {
    initialized: bool,
    logged_in: bool,
    /// Until when it is locked, RFC 3339; empty while it is not.
    locked_until: String,
    last_record: u64,
    /// Records that the HSM holds because they cannot be written.
    waiting: u64,
    /// Bytes of all files.
    size: u64,
    /// Bytes that they may have.
    limit: u64,
    /// The HSM whose log secret was imported.
    imported: Option<String>,
    #[serde(flatten)]
    clocks: Clocks,
    configuration: Configuration,
}

impl Run<Session> for Status {
    type View = Shown;

    fn run(self, session: &mut Session) -> Result<Shown, Failure> {
        let audit = state(session)?;
        Ok(Shown {
            initialized: audit.initialized,
            logged_in: audit.logged_in,
            locked_until: audit.locked_until.clone(),
            last_record: audit.last_record,
            waiting: audit.waiting,
            size: audit.size,
            limit: audit.limit,
            imported: audit.imported.clone(),
            clocks: Clocks::of(&audit),
            configuration: audit.into(),
        })
    }
}

impl Text for Shown {
    fn write(&self, page: &mut Page) {
        let role = match (self.initialized, &*self.locked_until, self.logged_in) {
            (false, ..) => "not initialized".to_owned(),
            (true, until, _) if !until.is_empty() => format!("locked until {}", date(until)),
            (true, _, true) => "logged in".to_owned(),
            (true, _, false) => "logged out".to_owned(),
        };
        let nothing = self.configuration.events.is_empty();
        let configured = if nothing { "has not been" } else { "has been" };
        page.line("        HSM Logging Status:");
        page.blank();
        page.line("        HSM found logging daemon");
        page.line(format!("        Logging {configured} configured"));
        page.line(format!("        HSM is currently storing {} log records.", self.waiting));
        page.blank();
        page.line(format!("        HSM Audit Role: {role}"));
        page.blank();
        self.clocks.write(page);
        // As LunaSH has it.
        if self.logged_in {
            page.blank();
            self.configuration.write(page);
        }
    }
}

/// The clocks, RFC 3339.
#[derive(Serialize)]
struct Clocks {
    hsm_time: String,
    host_time: String,
}

impl Clocks {
    fn of(audit: &audit::Audit) -> Clocks {
        Clocks { hsm_time: audit.hsm_time.clone(), host_time: audit.host_time.clone() }
    }
}

impl Text for Clocks {
    fn write(&self, page: &mut Page) {
        page.line(format!("        HSM Time  : {}", date(&self.hsm_time)));
        page.line(format!("        HOST Time : {}", date(&self.host_time)));
    }
}

#[derive(Deserialize)]
struct Sync {}

fn sync(session: &Session) -> Result<(), Failure> {
    require_auditor(session)?;
    let (client, _) = session.backup_hsm()?;
    client.call(&audit::SYNC, &[], &Nothing {})?;
    Ok(())
}

impl Run<Session> for Sync {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        sync(session)?;
        Ok(Done::new("audit sync"))
    }
}

#[derive(Deserialize)]
struct Time {
    action: Vec<String>,
}

impl Run<Session> for Time {
    type View = Clocks;

    fn run(self, session: &mut Session) -> Result<Clocks, Failure> {
        let actions = words::read(self.action, &[("get", "g", false), ("sync", "s", false)])?;
        if actions.contains_key("sync") {
            sync(session)?;
        }
        Ok(Clocks::of(&state(session)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_a_unit() {
        assert_eq!((bytes("64k"), bytes("4M")), (Some(65_536), Some(4 << 20)));
        for wrong in ["64", "k", "", "4g", "é", "-1k", "99999999999999999999k"] {
            assert_eq!(bytes(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn usage_is_that_of_both_kinds_of_keys() {
        assert_eq!(events("F, u"), ["f", "asymmetric", "symmetric"]);
    }
}
