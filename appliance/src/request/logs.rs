//! Lines of the appliance's logs: which are kept, and the line of a call.

use std::net::SocketAddr;

use time::OffsetDateTime;

use crate::core::logs::{Entry, LUNALOGS, Severity};
use crate::request::context::Context;
use crate::state::State;

/// A line before it is written.
pub(crate) struct Line<'a> {
    pub(crate) log: &'static str,
    pub(crate) severity: Severity,
    /// `lunash`, `webserver` and so on.
    pub(crate) process: &'a str,
    pub(crate) text: &'a str,
}

impl Line<'_> {
    /// The line as it is kept; none when the log keeps graver lines only, or the log's service does
    /// not run.
    pub(crate) fn entry(&self, state: &State, now: OffsetDateTime) -> Option<Entry> {
        let Line { log, severity, process, text } = *self;
        if !keeps(state, log, severity) {
            return None;
        }
        let host = state.lunasa.settings.get().hostname.clone();
        let (process, text) = (process.to_owned(), printable(text));
        Some(Entry { log, severity, time: now, host, process, text })
    }
}

/// Whether a log keeps lines of this severity now.
fn keeps(state: &State, log: &str, severity: Severity) -> bool {
    severity <= state.syslog.severity(log) && state.services.is_running("syslog")
}

/// One line of what was said, however it was meant: a log is read at a terminal.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' }).collect()
}

/// Who made a call, and from where.
pub(crate) struct Asker {
    user: String,
    console: bool,
    over_ssh_from: Option<SocketAddr>,
}

impl Asker {
    /// Whom the request's session belongs to. A name that no account has is none: what was typed for
    /// a name may have been a password.
    pub(crate) fn of(cx: &Context<'_>) -> Asker {
        let session = cx.session();
        let tried = cx.request.basic.as_ref().map(|(user, _)| user);
        let user = match tried.filter(|_| session.user.is_empty()) {
            Some(user) if cx.state.users.users.contains(user) => user.clone(),
            Some(_) => "unknown user".to_owned(),
            None => session.user.clone(),
        };
        let console = session.local || cx.request.from.is_none();
        Asker { user, console, over_ssh_from: session.over_ssh_from }
    }

    /// As the end of a line has it: user, and `Console` or address and port.
    pub(crate) fn text(&self, from: Option<SocketAddr>) -> String {
        let place = match self.over_ssh_from.or(from.filter(|_| !self.console)) {
            Some(from) => format!("{}/{}", from.ip(), from.port()),
            None => "Console".to_owned(),
        };
        format!("{} : {place}", if self.user.is_empty() { "-" } else { &self.user })
    }
}

/// The line of a call: changes and refused logins are kept, reads where the log keeps everything.
/// Assumed: what the product's web server logs was not found; the form is that of LunaSH's lines.
pub(crate) fn call_line(cx: &Context<'_>, status: u16, came: OffsetDateTime) -> Option<Entry> {
    let request = cx.request;
    let severity = match status {
        500.. => Severity::Error,
        401 | 403 => Severity::Warning,
        _ if request.method.changes() => Severity::Info,
        _ => Severity::Debug,
    };
    // What shells and other members of a cluster tell each other is no act of somebody.
    if request.path.starts_with("/emulator/") && severity >= Severity::Info {
        return None;
    }
    // Most calls are reads that are not kept: nothing is worded for them.
    if !keeps(cx.state, LUNALOGS, severity) {
        return None;
    }
    let by = Asker::of(cx).text(request.from);
    let (method, path) = (request.method.name(), &request.path);
    let text = format!("{} : {status} : {method} {path} : {by}", severity.short());
    Line { log: LUNALOGS, severity, process: "webserver", text: &text }.entry(cx.state, came)
}
