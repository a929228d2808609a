//! What the audit log records, how far it is, and the HSM's clock.

use luna_rest::Nothing;
use luna_rest::audit::{Audit, CONFIGURE, Configure, Message, SHOW, SYNC, WRITE};
use time::Duration;

use crate::core::message::{Failure, Reply};
use crate::core::text::time_text;
use crate::request::audit_log::told;
use crate::request::context::Context;
use crate::request::logs::printable;
use crate::request::route::{AUDIT, Ids, Routes};
use crate::rules::audit::auditor::require_auditor;
use crate::rules::audit::events::EVENTS;
use crate::state::audit::{LIMIT, ROTATIONS};

pub(crate) fn routes(r: &mut Routes) {
    r.on(&SHOW, AUDIT, show);
    r.on(&CONFIGURE, AUDIT.private(), configure);
    r.on(&SYNC, AUDIT.private(), sync);
    r.on(&WRITE, AUDIT.private(), write);
}

/// Bytes that a file of the log may have. Assumed.
const SIZES: std::ops::RangeInclusive<u64> = 4 << 10..=LIMIT;
/// The longest path of a folder.
const LONGEST_PATH: usize = 4096;

fn show(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Audit>, Failure> {
    let audit = &cx.state.audit;
    let (row, chain) = (audit.auditor.get(), audit.chain.get());
    let (left, until) = row.attempts(cx.now);
    let ahead = Duration::milliseconds(cx.state.hsm.hsm.get().clock_ahead);
    let waiting = if audit.is_full() { audit.tail.len() as u64 } else { 0 };
    Ok(Reply::ok(Audit {
        initialized: row.initialized,
        logged_in: cx.session().hsm_logins.contains("audit"),
        logins_left: Some(left),
        locked_until: until.map(time_text).unwrap_or_default(),
        events: audit.settings.get().events.clone(),
        rotation: audit.rotation().to_owned(),
        file_limit: audit.file_limit(),
        path: audit.settings.get().path.clone(),
        last_record: chain.number,
        waiting,
        size: chain.bytes,
        limit: LIMIT,
        imported: row.imported.as_ref().map(|imported| imported.serial.to_string()),
        hsm_time: time_text(cx.now.saturating_add(ahead)),
        host_time: time_text(cx.now),
    }))
}

/// An event by its name, or by the short form of it.
fn event(typed: &str) -> Option<&'static str> {
    let is = |(name, short): &&(&str, &str)| typed == *name || typed == *short;
    EVENTS.iter().find(is).map(|(name, _)| *name)
}

/// The events to record. As documented, whoever names a category names results, too; results alone stand for
/// every category.
fn events(typed: &[String]) -> Result<Vec<String>, Failure> {
    if let ["none" | "n"] = typed.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for typed in typed {
        let Some(event) = event(typed) else {
            let known = EVENTS.map(|(name, _)| name).join(", ");
            return Err(Failure::bad_request(format!("The events are {known}, and none alone.")));
        };
        found.push(event);
    }
    let is_result = |event: &&str| matches!(*event, "failure" | "success");
    let (results, categories): (Vec<_>, Vec<_>) = found.iter().partition(|event| is_result(event));
    let all = categories.contains(&"all");
    if results.is_empty() && !all {
        return Err(Failure::bad_request(
            "Name f (failures), s (successes) or both with the categories.",
        ));
    }
    // In one order, each once.
    let named = |(name, _): &&(&str, &str)| found.contains(name);
    Ok(EVENTS.iter().filter(named).map(|(name, _)| (*name).to_owned()).collect())
}

fn configure(cx: &mut Context<'_>, _: &Ids<0>, body: Configure) -> Result<Reply<Nothing>, Failure> {
    require_auditor(cx)?;
    let row = cx.state.audit.settings.get_mut();
    if let Some(typed) = body.events {
        row.events = events(&typed)?;
    }
    if let Some(typed) = body.rotation {
        let is = |(name, _): &&(&str, i64)| typed == *name || typed == name[..1];
        let Some((name, _)) = ROTATIONS.iter().find(is) else {
            let known = ROTATIONS.map(|(name, _)| name).join(", ");
            return Err(Failure::bad_request(format!("The rotation is one of {known}.")));
        };
        row.rotation = (*name).to_owned();
    }
    if let Some(bytes) = body.file_limit {
        if !SIZES.contains(&bytes) {
            let [least, most] = [SIZES.start(), SIZES.end()];
            return Err(Failure::bad_request(format!("The size is {least} to {most} bytes.")));
        }
        row.file_limit = bytes;
    }
    if let Some(path) = body.path {
        if path.len() > LONGEST_PATH || path.chars().any(char::is_control) {
            return Err(Failure::bad_request("The path is no path of a folder."));
        }
        row.path = path;
    }
    Ok(Reply::done())
}

/// A message of the Auditor's own, whatever else is recorded (assumed).
fn write(cx: &mut Context<'_>, _: &Ids<0>, body: Message) -> Result<Reply<Nothing>, Failure> {
    require_auditor(cx)?;
    let what = told(cx, "LUNA_LOG_EXTERNAL", "RC_OK(0x00000000)", (WRITE.method(), ""));
    let what = format!("{} : {}", what.trim_end(), printable(&body.message));
    let serial = cx.state.hsm.hsm.get().serial;
    cx.state.audit.append(serial, cx.now, &what);
    Ok(Reply::done())
}

fn sync(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    require_auditor(cx)?;
    cx.state.hsm.hsm.get_mut().clock_ahead = 0;
    Ok(Reply::done())
}
