//! What the audit log records, how far it is, and the HSM's clock.

use luna_rest::Nothing;
use luna_rest::audit::{Audit, CONFIGURE, Configure, SHOW, SYNC};
use time::Duration;

use crate::core::message::{Failure, Reply};
use crate::core::text::time_text;
use crate::request::context::Context;
use crate::request::route::{AUDIT, Ids, Routes};
use crate::rules::audit::auditor::require_auditor;
use crate::rules::audit::events::EVENTS;
use crate::state::audit::{LIMIT, ROTATIONS};

pub(crate) fn routes(r: &mut Routes) {
    r.on(&SHOW, AUDIT, show);
    r.on(&CONFIGURE, AUDIT.private(), configure);
    r.on(&SYNC, AUDIT.private(), sync);
}

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

/// The events to record. The vendor has it that whoever names a category names results, too.
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
    if categories.is_empty() || results.is_empty() && !all {
        return Err(Failure::bad_request(
            "Name at least one category, and f (failures), s (successes) or both with it.",
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
    Ok(Reply::done())
}

fn sync(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    require_auditor(cx)?;
    cx.state.hsm.hsm.get_mut().clock_ahead = 0;
    Ok(Reply::done())
}
