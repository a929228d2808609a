//! SNMP: `/api/lunasa/snmp`, its users and notification targets; trap targets are in `snmp_traps.rs`.
//! Whether the agent runs and starts with the appliance is kept with the service `snmp`. No password
//! is ever shown.

use luna_rest::Nothing;
use luna_rest::snmp::{
    ADD_NOTIFICATION, ADD_USER, CLEAR_NOTIFICATIONS, CLEAR_USERS, DELETE_NOTIFICATION, DELETE_USER,
    NO_NOTIFICATION, NO_USER, NOTIFICATION, NOTIFICATION_EXISTS, NOTIFICATIONS, NewNotification,
    NewUser, Notification, Notifications, SHOW, Snmp, TRAPS, USER, USER_EXISTS, USERS, User, Users,
};
use luna_rest::tasks::Link;

use crate::core::message::{Failure, Reply};
use crate::core::text::is_name;
use crate::request::context::Context;
use crate::request::route::{Ids, MONITOR, OPERATOR, Routes};
use crate::rules::sysconf::snmp_traps::{clear_traps, stop_without_traps};
use crate::state::snmp::{NotificationRow, SecurityRow, SnmpUserRow};

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
pub(super) fn security(
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

pub(super) fn check_kind(field: &str, kind: &str) -> Result<(), Failure> {
    if matches!(kind, "trap" | "inform") {
        return Ok(());
    }
    Err(Failure::bad_request(format!("'{field}' is trap or inform.")))
}

pub(super) fn check_engine(id: &str) -> Result<(), Failure> {
    if matches!(id.len(), 10 | 12 | 14 | 16) && id.bytes().all(|c| c.is_ascii_hexdigit()) {
        return Ok(());
    }
    Err(Failure::bad_request("'engineId' has 10, 12, 14 or 16 hexadecimal digits."))
}

fn no_user(user: &str) -> Failure {
    Failure::new(404, NO_USER, "The SNMP user does not exist.")
        .details(format!("There is no SNMP user '{user}'."))
}

pub(super) fn find_user<'c>(cx: &'c Context<'_>, user: &str) -> Result<&'c SnmpUserRow, Failure> {
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

#[cfg(test)]
mod tests;
