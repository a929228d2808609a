//! SNMP: `/api/lunasa/snmp`. Users and targets are kept; whether the agent runs and starts with the
//! appliance is kept with the service `snmp`. No password is ever shown.
//!
//! Assumed for the emulator: there is no agent, so that nothing answers and nothing is sent.

use luna_rest::Nothing;
use luna_rest::snmp::{
    ADD_NOTIFICATION, ADD_TRAP, ADD_USER, AddedTrap, CHANGE_ONE_TRAP, CLEAR_NOTIFICATIONS,
    CLEAR_TRAPS, CLEAR_USERS, ChangeTrap, DELETE_NOTIFICATION, DELETE_TRAP, DELETE_USER, DISABLE,
    ENABLE, FACILITIES, LEVELS, NO_NOTIFICATION, NO_TRAP, NO_TRAP_ACTION, NO_TRAPS, NO_USER,
    NOTIFICATION, NOTIFICATION_EXISTS, NOTIFICATIONS, NewNotification, NewTrap, NewUser,
    Notification, Notifications, PORT, SET_ONE_TRAP, SET_TRAP, SHOW, Snmp, TEST_TRAP, TRAP,
    TRAP_ACT, TRAP_ACTIONS, TRAP_EXISTS, TRAPS, TestTrap, Tested, Trap, Traps, USER, USER_EXISTS,
    USERS, User, Users,
};
use luna_rest::tasks::{Actions, Link};

use crate::core::checks::check_address;
use crate::core::message::{Failure, Reply};
use crate::core::text::is_name;
use crate::request::context::Context;
use crate::request::route::{Ids, MONITOR, OPERATOR, Routes};
use crate::state::snmp::{NotificationRow, SecurityRow, SnmpUserRow, TrapRow};

pub(crate) fn routes(r: &mut Routes) {
    r.on(&SHOW, MONITOR, show);
    r.on(&USERS, MONITOR, users);
    r.on(&ADD_USER, OPERATOR, add_user);
    r.on(&CLEAR_USERS, OPERATOR, clear_users);
    r.on(&USER, MONITOR, user);
    r.on(&DELETE_USER, OPERATOR, delete_user);
    r.on(&NOTIFICATIONS, MONITOR, notifications);
    r.on(&ADD_NOTIFICATION, OPERATOR, add_notification);
    r.on(&CLEAR_NOTIFICATIONS, OPERATOR, clear_notifications);
    r.on(&NOTIFICATION, MONITOR, notification);
    r.on(&DELETE_NOTIFICATION, OPERATOR, delete_notification);
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

fn show(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Snmp>, Failure> {
    Ok(Reply::ok(Snmp {
        is_enabled: cx.state.services.services.get("snmp").is_some_and(|row| row.on_boot),
        is_running: cx.state.services.is_running("snmp"),
        is_trap_enabled: *cx.state.snmp.traps_enabled.get(),
        traps: TRAPS.template().to_owned(),
        users: USERS.template().to_owned(),
    }))
}

/// A password by the reference's pattern. It is in no message.
fn check_password(field: &str, password: &str) -> Result<(), Failure> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_ $()[]{}*+./^!#%,:=@~?'-".contains(c);
    if (8..=128).contains(&password.len()) && password.chars().all(allowed) {
        return Ok(());
    }
    Err(Failure::bad_request(format!(
        "'{field}' has 8 to 128 letters, digits, blanks and characters of _$()[]{{}}*+./^!#%,:=@~?'-."
    )))
}

fn check_protocol(field: &str, given: Option<String>, only: &str) -> Result<String, Failure> {
    match given {
        Some(protocol) if protocol != only => {
            Err(Failure::bad_request(format!("'{field}' is {only}.")))
        }
        _ => Ok(only.to_owned()),
    }
}

/// The protocols, then the passwords, as they come in a request.
fn security(
    authentication: (Option<String>, luna_rest::Secret),
    privacy: (Option<String>, luna_rest::Secret),
) -> Result<SecurityRow, Failure> {
    check_password("authenticationPassword", authentication.1.expose())?;
    check_password("privacyPassword", privacy.1.expose())?;
    Ok(SecurityRow {
        authentication_protocol: check_protocol("authenticationProtocol", authentication.0, "SHA")?,
        authentication_password: authentication.1,
        privacy_protocol: check_protocol("privacyProtocol", privacy.0, "AES")?,
        privacy_password: privacy.1,
    })
}

fn check_kind(field: &str, kind: &str) -> Result<(), Failure> {
    if matches!(kind, "trap" | "inform") {
        return Ok(());
    }
    Err(Failure::bad_request(format!("'{field}' is trap or inform.")))
}

fn check_engine(id: &str) -> Result<(), Failure> {
    if matches!(id.len(), 10 | 12 | 14 | 16) && id.bytes().all(|c| c.is_ascii_hexdigit()) {
        return Ok(());
    }
    Err(Failure::bad_request("'engineId' has 10, 12, 14 or 16 hexadecimal digits."))
}

fn no_user(user: &str) -> Failure {
    Failure::new(404, NO_USER, "The SNMP user does not exist.")
        .details(format!("There is no SNMP user '{user}'."))
}

fn find_user<'c>(cx: &'c Context<'_>, user: &str) -> Result<&'c SnmpUserRow, Failure> {
    cx.state.snmp.users.get(user).ok_or_else(|| no_user(user))
}

fn users(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Users>, Failure> {
    let link = |user| Link::below(USERS.template(), user);
    Ok(Reply::ok(Users { users: cx.state.snmp.users.keys().map(link).collect() }))
}

fn add_user(cx: &mut Context<'_>, _: &Ids<0>, body: NewUser) -> Result<Reply<Nothing>, Failure> {
    let user = body.security_name;
    let allowed = |_, c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    // The page of trap targets has the pattern and up to 31 characters, that of users 4 to 32.
    if user.len() < 4 || !is_name(&user, 32, allowed) {
        return Err(Failure::bad_request(
            "'securityName' has 4 to 32 letters, digits, underscores and dashes.",
        ));
    }
    let security = security(
        (body.authentication_protocol, body.authentication_password),
        (body.privacy_protocol, body.privacy_password),
    )?;
    if cx.state.snmp.users.contains(&user) {
        return Err(Failure::new(400, USER_EXISTS, "The SNMP user exists already.")
            .details(format!("There is an SNMP user '{user}' already.")));
    }
    let location = USER.path(&[&user]);
    cx.state.snmp.users.insert(user, SnmpUserRow { security });
    Ok(Reply::created(location))
}

fn user(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<User>, Failure> {
    let row = find_user(cx, &ids[0])?;
    Ok(Reply::ok(User {
        authentication_protocol: row.security.authentication_protocol.clone(),
        notifications: NOTIFICATIONS.path(&[&ids[0]]),
        privacy_protocol: row.security.privacy_protocol.clone(),
        security_name: ids[0].clone(),
    }))
}

/// Assumed: targets that need a user go with it.
fn delete_user(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    let user = &ids[0];
    cx.state.snmp.users.remove(user).ok_or_else(|| no_user(user))?;
    let own = format!("{user}/");
    cx.state.snmp.notifications.retain(|key, _| !key.starts_with(&own));
    cx.state.snmp.traps.retain(|_, row| row.user != *user);
    stop_without_traps(cx);
    Ok(Reply::done())
}

fn clear_users(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    cx.state.snmp.users.retain(|_, _| false);
    cx.state.snmp.notifications.retain(|_, _| false);
    clear_traps(cx, &[], Nothing {})
}

/// The identifier of a notification target: `10.1.1.1:162`, `[fd00::1]:162`.
fn target(address: &str, port: u16) -> String {
    if address.contains(':') { format!("[{address}]:{port}") } else { format!("{address}:{port}") }
}

fn no_notification(user: &str, target: &str) -> Failure {
    Failure::new(404, NO_NOTIFICATION, "The notification target does not exist.")
        .details(format!("The SNMP user '{user}' has no notification target '{target}'."))
}

fn notifications(
    cx: &mut Context<'_>,
    ids: &Ids<1>,
    _: Nothing,
) -> Result<Reply<Notifications>, Failure> {
    let user = &ids[0];
    find_user(cx, user)?;
    let own = format!("{user}/");
    let link = |(_, row): (&str, &NotificationRow)| {
        let id = target(&row.address, row.port);
        Link { url: NOTIFICATION.path(&[user, &id]), id }
    };
    let notifications = cx.state.snmp.notifications.from(&own, &own).map(link).collect();
    Ok(Reply::ok(Notifications { notifications }))
}

fn add_notification(
    cx: &mut Context<'_>,
    ids: &Ids<1>,
    body: NewNotification,
) -> Result<Reply<Nothing>, Failure> {
    let user = &ids[0];
    find_user(cx, user)?;
    let Ok(address) = body.address.parse::<std::net::IpAddr>() else {
        return Err(Failure::bad_request(format!("'{}' is not an IP address.", body.address)));
    };
    check_kind("type", &body.kind)?;
    if let Some(id) = &body.engine_id {
        check_engine(id)?;
        if body.kind == "inform" {
            return Err(Failure::bad_request("'engineId' does not go with inform."));
        }
    }
    let security = security(
        (body.authentication_protocol, body.authentication_password),
        (body.privacy_protocol, body.privacy_password),
    )?;
    let (address, port) = (address.to_string(), body.port);
    let id = target(&address, port);
    let key = format!("{user}/{id}");
    if cx.state.snmp.notifications.contains(&key) {
        let message = "The notification target exists already.";
        return Err(Failure::new(400, NOTIFICATION_EXISTS, message).details(format!(
            "The SNMP user '{user}' has the notification target '{id}' already."
        )));
    }
    let (kind, engine_id) = (body.kind, body.engine_id);
    let row = NotificationRow { address, port, security, kind, engine_id };
    cx.state.snmp.notifications.insert(key, row);
    Ok(Reply::created(NOTIFICATION.path(&[user, &id])))
}

fn notification(
    cx: &mut Context<'_>,
    ids: &Ids<2>,
    _: Nothing,
) -> Result<Reply<Notification>, Failure> {
    let (user, id) = (&ids[0], &ids[1]);
    find_user(cx, user)?;
    let row = cx.state.snmp.notifications.get(&format!("{user}/{id}"));
    let row = row.ok_or_else(|| no_notification(user, id))?;
    Ok(Reply::ok(Notification {
        address: row.address.clone(),
        authentication_protocol: row.security.authentication_protocol.clone(),
        engine_id: row.engine_id.clone(),
        port: row.port,
        privacy_protocol: row.security.privacy_protocol.clone(),
        kind: row.kind.clone(),
    }))
}

fn delete_notification(
    cx: &mut Context<'_>,
    ids: &Ids<2>,
    _: Nothing,
) -> Result<Reply<Nothing>, Failure> {
    let (user, id) = (&ids[0], &ids[1]);
    find_user(cx, user)?;
    let gone = cx.state.snmp.notifications.remove(&format!("{user}/{id}"));
    gone.map(|_| Reply::done()).ok_or_else(|| no_notification(user, id))
}

fn clear_notifications(
    cx: &mut Context<'_>,
    ids: &Ids<1>,
    _: Nothing,
) -> Result<Reply<Nothing>, Failure> {
    find_user(cx, &ids[0])?;
    let own = format!("{}/", ids[0]);
    cx.state.snmp.notifications.retain(|key, _| !key.starts_with(&own));
    Ok(Reply::done())
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
fn stop_without_traps(cx: &mut Context<'_>) {
    if cx.state.snmp.traps.is_empty() {
        cx.state.snmp.traps_enabled.set(false);
    }
}

fn traps(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Traps>, Failure> {
    let link = |address: &str| Link { id: address.to_owned(), url: TRAP.path(&[address]) };
    Ok(Reply::ok(Traps { traps: cx.state.snmp.traps.keys().map(link).collect() }))
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

fn clear_traps(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
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

/// There is no agent that could send a trap, which the answer says.
fn test_trap(cx: &mut Context<'_>, _: &Ids<0>, body: TestTrap) -> Result<Reply<Tested>, Failure> {
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
    if cx.state.snmp.traps.is_empty() {
        return Err(no_traps());
    }
    Ok(Reply::ok(Tested { sent: Some(false) }))
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

#[cfg(test)]
mod tests;
