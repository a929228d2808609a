//! Where SNMP traps go: `/api/lunasa/snmp/traps`, and the one target of API 4, `/api/lunasa/snmp/trap`.
//! What sets them off are lines of the logs.

use luna_rest::Nothing;
use luna_rest::snmp::{
    ADD_TRAP, AddedTrap, CHANGE_ONE_TRAP, CLEAR_TRAPS, ChangeTrap, DELETE_TRAP, DISABLE, ENABLE,
    FACILITIES, LEVELS, NO_TRAP, NO_TRAP_ACTION, NO_TRAPS, NewTrap, PORT, SET_ONE_TRAP, SET_TRAP,
    TEST_TRAP, TRAP, TRAP_ACT, TRAP_ACTIONS, TRAP_EXISTS, TRAPS, TestTrap, Trap, Traps,
};
use luna_rest::tasks::{Actions, Link};

use crate::core::checks::check_address;
use crate::core::logs::{LUNALOGS, MESSAGES, Severity};
use crate::core::message::{Failure, Reply};
use crate::core::text::is_name;
use crate::request::context::Context;
use crate::request::route::{Ids, MONITOR, OPERATOR, Routes};
use crate::rules::sysconf::snmp::{check_engine, check_kind, find_user, security};
use crate::state::snmp::TrapRow;

pub(crate) fn routes(r: &mut Routes) {
    r.on(&TRAPS, MONITOR, traps);
    r.on(&ADD_TRAP, OPERATOR, add_trap);
    r.on(&CLEAR_TRAPS, OPERATOR, clear_traps);
    r.on(&TRAP, MONITOR, trap);
    r.on(&SET_TRAP, OPERATOR, set_trap);
    r.on(&DELETE_TRAP, OPERATOR, delete_trap);
    r.on(&TRAP_ACTIONS, MONITOR, trap_actions);
    r.on(&TRAP_ACT, OPERATOR, trap_act);
    r.on(&TEST_TRAP, OPERATOR, test_trap);
    r.on(&SET_ONE_TRAP, OPERATOR, set_one_trap);
    r.on(&CHANGE_ONE_TRAP, OPERATOR, change_one_trap);
}

fn no_trap(address: &str) -> Failure {
    Failure::new(404, NO_TRAP, "The SNMP trap target does not exist.")
        .details(format!("There is no SNMP trap target '{address}'."))
}

fn no_traps() -> Failure {
    Failure::new(404, NO_TRAPS, "The SNMP trap is not configured.")
        .details("There is no SNMP trap target.")
}

/// Without a target no traps are sent, whatever was enabled before.
pub(super) fn stop_without_traps(cx: &mut Context<'_>) {
    if cx.state.snmp.traps.is_empty() {
        cx.state.snmp.traps_enabled.set(false);
    }
}

fn traps(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Traps>, Failure> {
    let link = |address: &str| Link { id: address.to_owned(), url: TRAP.path(&[address]) };
    let actions = TRAP_ACTIONS.template().to_owned();
    Ok(Reply::ok(Traps { actions, traps: cx.state.snmp.traps.keys().map(link).collect() }))
}

fn trap_row(cx: &Context<'_>, body: NewTrap) -> Result<(String, TrapRow), Failure> {
    check_address(&body.address)?;
    check_engine(&body.engine_id)?;
    let kind = body.trap_type.unwrap_or_else(|| "trap".to_owned());
    check_kind("trapType", &kind)?;
    let security = security(
        (Some(body.authentication_protocol), body.authentication_password),
        (Some(body.privacy_protocol), body.privacy_password),
    )?;
    find_user(cx, &body.security_name)?;
    let (user, engine_id) = (body.security_name, body.engine_id);
    Ok((body.address, TrapRow { user, security, engine_id, kind }))
}

fn add_trap(cx: &mut Context<'_>, _: &Ids<0>, body: NewTrap) -> Result<Reply<AddedTrap>, Failure> {
    let (id, row) = trap_row(cx, body)?;
    if cx.state.snmp.traps.contains(&id) {
        return Err(Failure::new(400, TRAP_EXISTS, "The SNMP trap target exists already.")
            .details(format!("There is an SNMP trap target '{id}' already.")));
    }
    cx.state.snmp.traps.insert(id.as_str(), row);
    Ok(Reply::ok(AddedTrap { id }))
}

fn trap(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Trap>, Failure> {
    let row = cx.state.snmp.traps.get(&ids[0]).ok_or_else(|| no_trap(&ids[0]))?;
    Ok(Reply::ok(Trap {
        authentication_protocol: row.security.authentication_protocol.clone(),
        engine_id: row.engine_id.clone(),
        port: PORT,
        privacy_protocol: row.security.privacy_protocol.clone(),
        security_level: "authPriv".to_owned(),
        security_name: row.user.clone(),
        trap_type: row.kind.clone(),
    }))
}

fn set_trap(cx: &mut Context<'_>, ids: &Ids<1>, body: NewTrap) -> Result<Reply<Nothing>, Failure> {
    let (address, row) = trap_row(cx, body)?;
    if address != ids[0] && cx.state.snmp.traps.contains(&address) {
        return Err(Failure::new(400, TRAP_EXISTS, "The SNMP trap target exists already.")
            .details(format!("There is an SNMP trap target '{address}' already.")));
    }
    cx.state.snmp.traps.remove(&ids[0]).ok_or_else(|| no_trap(&ids[0]))?;
    cx.state.snmp.traps.insert(address, row);
    Ok(Reply::done())
}

fn delete_trap(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    cx.state.snmp.traps.remove(&ids[0]).ok_or_else(|| no_trap(&ids[0]))?;
    stop_without_traps(cx);
    Ok(Reply::done())
}

pub(super) fn clear_traps(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    _: Nothing,
) -> Result<Reply<Nothing>, Failure> {
    cx.state.snmp.traps.retain(|_, _| false);
    stop_without_traps(cx);
    Ok(Reply::done())
}

fn trap_actions(_: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Actions>, Failure> {
    let link = |id| Link::below(TRAP_ACTIONS.template(), id);
    Ok(Reply::ok(Actions { actions: [ENABLE, DISABLE].map(link).to_vec() }))
}

fn trap_act(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    let on = match ids[0].as_str() {
        ENABLE => true,
        DISABLE => false,
        _ => {
            return Err(Failure::new(404, NO_TRAP_ACTION, "The action does not exist.")
                .details("SNMP traps have the actions enable and disable."));
        }
    };
    if cx.state.snmp.traps.is_empty() {
        return Err(no_traps());
    }
    cx.state.snmp.traps_enabled.set(on);
    Ok(Reply::done())
}

/// Writes a line as the vendor's page sysconf_snmp_trap_test.htm@7.2 shows it, whether or not traps are
/// sent. Assumed: the log of each facility, and the answer.
fn test_trap(cx: &mut Context<'_>, _: &Ids<0>, body: TestTrap) -> Result<Reply<Nothing>, Failure> {
    if !FACILITIES.contains(&body.log_facility.as_str()) {
        let known = FACILITIES.join(", ");
        return Err(Failure::bad_request(format!("'logFacility' is one of {known}.")));
    }
    if !LEVELS.contains(&body.log_level.as_str()) {
        let known = LEVELS.join(", ");
        return Err(Failure::bad_request(format!("'logLevel' is one of {known}.")));
    }
    if !is_name(&body.process, 32, |_, c| c.is_ascii_alphanumeric() || c == '_') {
        return Err(Failure::bad_request("'process' has 1 to 32 letters, digits and underscores."));
    }
    let allowed =
        |_, c: char| c.is_ascii_alphanumeric() || "_ $()[]{}*+./^!<>#%,:=@~?'-".contains(c);
    if !is_name(&body.message, 128, allowed) {
        return Err(Failure::bad_request(
            "'message' has 1 to 128 letters, digits, blanks and characters of \
             _$()[]{}*+./^!<>#%,:=@~?'-.",
        ));
    }
    let log = if body.log_facility == "local5" { LUNALOGS } else { MESSAGES };
    let severity = Severity::of_level(&body.log_level).unwrap_or(Severity::Info);
    // Nobody here has process numbers.
    let process = if body.pid == Some(true) { body.process + "[1234]" } else { body.process };
    cx.log(log, severity, &process, &format!("***TEST : {}", body.message));
    Ok(Reply::done())
}

fn set_one_trap(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    body: NewTrap,
) -> Result<Reply<Nothing>, Failure> {
    let (address, row) = trap_row(cx, body)?;
    cx.state.snmp.traps.retain(|_, _| false);
    cx.state.snmp.traps.insert(address, row);
    Ok(Reply::done())
}

/// Assumed: with several targets, which API 4 does not have, none of them is meant.
fn change_one_trap(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    body: ChangeTrap,
) -> Result<Reply<Nothing>, Failure> {
    if cx.state.snmp.traps.len() > 1 {
        return Err(Failure::bad_request("There are several SNMP trap targets."));
    }
    let only = cx.state.snmp.traps.iter().next();
    let (address, row) = only.map(|(id, row)| (id.to_owned(), row.clone())).ok_or_else(no_traps)?;
    let old = row.security;
    let changed = NewTrap {
        address: body.address.unwrap_or(address),
        authentication_password: body
            .authentication_password
            .unwrap_or(old.authentication_password),
        authentication_protocol: body
            .authentication_protocol
            .unwrap_or(old.authentication_protocol),
        engine_id: body.engine_id.unwrap_or(row.engine_id),
        privacy_password: body.privacy_password.unwrap_or(old.privacy_password),
        privacy_protocol: body.privacy_protocol.unwrap_or(old.privacy_protocol),
        security_name: body.security_name.unwrap_or(row.user),
        trap_type: Some(row.kind),
    };
    set_one_trap(cx, &[], changed)
}
