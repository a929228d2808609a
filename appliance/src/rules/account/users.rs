//! Accounts: `/users`. The rules for passwords and lockouts are set in `settings.rs`.

use luna_rest::Nothing;
use luna_rest::tasks::{Actions, Link};
use luna_rest::users::{
    ACT, ACTIONS, CERTIFICATES, CHANGE, CREATE, CREATE_RADIUS, ChangeUser, DELETE, FILES, LIST,
    NewRadiusUser, NewUser, REPLACE, ReplaceUser, SHOW, User, UserAction, Users as UserList,
};
use time::OffsetDateTime;

use crate::core::message::{Failure, Reply};
use crate::core::password;
use crate::core::text::{clock_text, date_text, is_name};
use crate::request::auth;
use crate::request::context::Context;
use crate::request::route::{ADMIN, EVERYONE, Ids, Routes};
use crate::state::users::UserRow;

pub(crate) fn routes(r: &mut Routes) {
    r.on(&LIST, ADMIN, list);
    r.on(&CREATE, ADMIN, create);
    r.on(&CREATE_RADIUS, ADMIN, create_radius);
    r.on(&SHOW, EVERYONE, show);
    r.on(&CHANGE, ADMIN, change);
    r.on(&REPLACE, ADMIN, replace);
    r.on(&DELETE, ADMIN, delete);
    r.on(&ACTIONS, EVERYONE, actions);
    r.on(&ACT, EVERYONE, act);
}

/// Names of Linux users, groups and services that no account may have. The vendor says that there
/// is such a list, not its content, except `sshd`.
const RESERVED: &[&str] = &[
    "adm",
    "audio",
    "bin",
    "cdrom",
    "chrony",
    "daemon",
    "dbus",
    "disk",
    "ftp",
    "games",
    "halt",
    "hsm",
    "kmem",
    "lp",
    "mail",
    "man",
    "named",
    "nobody",
    "ntls",
    "ntp",
    "polkitd",
    "recover",
    "root",
    "rpc",
    "shutdown",
    "snmp",
    "sshd",
    "stc",
    "sync",
    "sys",
    "syslog",
    "systemd",
    "tcpdump",
    "tty",
    "users",
    "utmp",
    "webserver",
    "wheel",
];

/// Refuses names of the system; `what` cannot be done to them.
pub(crate) fn not_reserved(user: &str, what: &str) -> Result<(), Failure> {
    if !RESERVED.contains(&user) {
        return Ok(());
    }
    let message = format!("'{user}' is reserved for system use and cannot be {what}.");
    Err(Failure::new(403, "SERVERPLUGIN_USERID_RESERVED_FOR_SYSTEM_USE", message))
}

fn no_user(user: &str) -> Failure {
    Failure::new(404, "SERVERPLUGIN_INVALID_USERID", "The user does not exist.")
        .details(format!("There is no user '{user}'."))
}

pub(crate) fn forbidden(details: impl Into<String>) -> Failure {
    Failure::new(403, "OPERATION_RESTRICTED", "This operation is forbidden.").details(details)
}

/// An administrator may act on anybody, everybody else on himself.
pub(crate) fn may_act_on(cx: &Context<'_>, user: &str) -> Result<(), Failure> {
    let session = cx.session();
    if session.role == "admin" || session.user == user {
        return Ok(());
    }
    Err(Failure::new(401, "SERVERPLUGIN_USERID_NOT_AUTHORIZED", "The user is not authorized.")
        .details(format!("'{}' may not act on user '{user}'.", session.user)))
}

pub(crate) fn find<'c>(cx: &'c mut Context<'_>, user: &str) -> Result<&'c mut UserRow, Failure> {
    cx.state.users.users.get_mut(user).ok_or_else(|| no_user(user))
}

/// An account that may be changed or removed.
fn find_changeable<'c>(
    cx: &'c mut Context<'_>,
    user: &str,
    what: &str,
) -> Result<&'c mut UserRow, Failure> {
    not_reserved(user, what)?;
    let row = find(cx, user)?;
    if row.built_in {
        return Err(forbidden(format!("'{user}' is a built-in user and cannot be {what}.")));
    }
    Ok(row)
}

fn check_role(cx: &Context<'_>, role: &str) -> Result<(), Failure> {
    if role.is_empty() || cx.state.roles.exists(role) {
        return Ok(());
    }
    Err(Failure::bad_request(format!("There is no role '{role}'.")))
}

fn check_full_name(name: &str) -> Result<(), Failure> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_ -".contains(c);
    if name.chars().all(allowed) {
        return Ok(());
    }
    Err(Failure::bad_request("'fullName' takes letters, digits, underscore, blank and dash."))
}

fn check_email(email: &str) -> Result<(), Failure> {
    let plain = |byte: u8| (b'!'..=b'~').contains(&byte);
    if !email.is_empty() && email.bytes().all(plain) {
        return Ok(());
    }
    Err(Failure::bad_request("'email' must not be empty."))
}

/// Whether a name follows the rules of account names.
pub(crate) fn is_user_name(name: &str) -> bool {
    is_name(name, 32, |place, c| {
        c.is_ascii_alphabetic() || c == '_' || place > 0 && (c.is_ascii_digit() || ".-".contains(c))
    })
}

fn list(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<UserList>, Failure> {
    let users =
        cx.state.users.users.keys().map(|user| Link::below(LIST.template(), user)).collect();
    Ok(Reply::ok(UserList { users }))
}

/// Whether an account may get this name.
fn check_new(cx: &Context<'_>, user: &str) -> Result<(), Failure> {
    if !is_user_name(user) {
        return Err(Failure::bad_request(
            "'userId' takes 1 to 32 letters, digits, dots, dashes and underscores, and begins with \
             a letter or an underscore.",
        ));
    }
    not_reserved(user, "added")?;
    if cx.state.users.users.contains(user) {
        // Assumed: a conflict, the identifier was not found.
        let id = "SERVERPLUGIN_USERID_ALREADY_EXISTS";
        return Err(Failure::new(409, id, "The user exists already.")
            .details(format!("There is a user '{user}' already.")));
    }
    Ok(())
}

fn create_radius(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    body: NewRadiusUser,
) -> Result<Reply<Nothing>, Failure> {
    let user = body.user_id;
    check_new(cx, &user)?;
    let changed = cx.now.unix_timestamp();
    let row = UserRow { enabled: true, radius: true, changed, ..UserRow::default() };
    let location = SHOW.path(&[&user]);
    cx.state.users.users.insert(user, row);
    Ok(Reply::created(location))
}

fn create(cx: &mut Context<'_>, _: &Ids<0>, body: NewUser) -> Result<Reply<Nothing>, Failure> {
    let user = body.user_id;
    check_new(cx, &user)?;
    check_role(cx, &body.role)?;
    body.full_name.as_deref().map_or(Ok(()), check_full_name)?;
    body.email.as_deref().map_or(Ok(()), check_email)?;
    check_password(cx, body.password.expose())?;
    let row = UserRow {
        full_name: body.full_name.unwrap_or_default(),
        email: body.email.unwrap_or_default(),
        role: body.role,
        enabled: true,
        hash: cx.hash(body.password.expose()),
        temporary: true,
        changed: cx.now.unix_timestamp(),
        ..UserRow::default()
    };
    let location = SHOW.path(&[&user]);
    cx.state.users.users.insert(user, row);
    Ok(Reply::created(location))
}

fn show(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<User>, Failure> {
    let user = &ids[0];
    may_act_on(cx, user)?;
    let row = cx.state.users.users.get(user).ok_or_else(|| no_user(user))?;
    let lock = cx.sessions.locked(user, cx.now);
    let moment = |time| format!("{} {} UTC", date_text(time), clock_text(time));
    let changed = OffsetDateTime::from_unix_timestamp(row.changed);
    Ok(Reply::ok(User {
        account_lock_time: lock.map(|(since, _)| moment(since)).unwrap_or_default(),
        account_unlock_time: lock.map(|(_, until)| moment(until)).unwrap_or_default(),
        actions: ACTIONS.path(&[user]),
        certificates: CERTIFICATES.path(&[user]),
        changeable: !row.built_in,
        email: row.email.clone(),
        files: FILES.path(&[user]),
        full_name: row.full_name.clone(),
        locked_out: lock.is_some(),
        password_expiry_days_remaining: cx.state.users.days_left(row, cx.now),
        password_last_changed: changed.map(date_text).unwrap_or_default(),
        radius: row.radius,
        role: row.role.clone(),
        status: if row.enabled { "enabled" } else { "disabled" }.to_owned(),
        user_id: user.to_owned(),
    }))
}

fn change(cx: &mut Context<'_>, ids: &Ids<1>, body: ChangeUser) -> Result<Reply<Nothing>, Failure> {
    body.role.as_deref().map_or(Ok(()), |role| check_role(cx, role))?;
    body.full_name.as_deref().map_or(Ok(()), check_full_name)?;
    body.email.as_deref().map_or(Ok(()), check_email)?;
    let row = find_changeable(cx, &ids[0], "modified")?;
    row.role = body.role.unwrap_or(std::mem::take(&mut row.role));
    row.full_name = body.full_name.unwrap_or(std::mem::take(&mut row.full_name));
    row.email = body.email.unwrap_or(std::mem::take(&mut row.email));
    Ok(Reply::done())
}

fn replace(
    cx: &mut Context<'_>,
    ids: &Ids<1>,
    body: ReplaceUser,
) -> Result<Reply<Nothing>, Failure> {
    let ReplaceUser { role, full_name, email } = body;
    let all = ChangeUser { role: Some(role), full_name: Some(full_name), email: Some(email) };
    change(cx, ids, all)
}

fn delete(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    let user = &ids[0];
    find_changeable(cx, user, "deleted")?;
    cx.state.users.users.remove(user);
    cx.state.users.certificates.remove(user);
    cx.state.files.clear(user);
    cx.sessions.retain(|session| session.user != *user);
    cx.sessions.login_succeeded(user);
    Ok(Reply::done())
}

fn actions(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Actions>, Failure> {
    let user = &ids[0];
    may_act_on(cx, user)?;
    find(cx, user)?;
    let all = ["changePassword", "enable", "disable", "roleClear"];
    let own = if cx.session().role == "admin" { &all[..] } else { &all[..1] };
    let parent = ACTIONS.path(&[user]);
    Ok(Reply::ok(Actions { actions: own.iter().map(|id| Link::below(&parent, id)).collect() }))
}

fn act(cx: &mut Context<'_>, ids: &Ids<2>, body: UserAction) -> Result<Reply<Nothing>, Failure> {
    let (user, action) = (&ids[0], &ids[1]);
    may_act_on(cx, user)?;
    not_reserved(user, "modified")?;
    find(cx, user)?;
    if action != "changePassword" && cx.session().role != "admin" {
        return Err(forbidden("Only an administrator may do this."));
    }
    match action.as_str() {
        "changePassword" => change_password(cx, user, &body)?,
        "enable" => find(cx, user)?.enabled = true,
        "disable" if user == "admin" => {
            // Assumed: no account could enable it again.
            return Err(forbidden("The user 'admin' cannot be disabled."));
        }
        "disable" => {
            find(cx, user)?.enabled = false;
            cx.sessions.retain(|session| session.user != *user);
        }
        "roleClear" => find_changeable(cx, user, "modified")?.role.clear(),
        _ => {
            return Err(Failure::no_resource(format!("A user has no action '{action}'.")));
        }
    }
    Ok(Reply::done())
}

fn check_password(cx: &Context<'_>, password: &str) -> Result<(), Failure> {
    let minimum = cx.state.users.password_rules.get().minimum_length;
    password::check(password, minimum as usize).map_err(Failure::bad_request)
}

fn change_password(cx: &mut Context<'_>, user: &str, body: &UserAction) -> Result<(), Failure> {
    let Some(new) = body.password.as_ref() else {
        return Err(Failure::bad_request("missing field `password`"));
    };
    let own = cx.session().user == user;
    let row = find(cx, user)?.clone();
    if row.radius {
        return Err(forbidden(format!("The password of '{user}' is kept by a RADIUS server.")));
    }
    match &body.current_password {
        // A wrong one counts as a failed login, since its answer reveals as much.
        Some(current) => {
            auth::check_password(cx.state, cx.sessions, user, current, cx.now)?;
        }
        // A local session belongs to the owner of the data folder, who knows no password; the product's
        // LunaSH does not ask for it either.
        None if !own || cx.session().local || cx.session().over_ssh_from.is_some() => {}
        _ => {
            let id = "SERVERPLUGIN_USERID_NOT_AUTHORIZED";
            return Err(Failure::new(401, id, "Authentication failed.")
                .details("'currentPassword' is missing."));
        }
    }
    check_password(cx, new.expose())?;
    let rules = cx.state.users.password_rules.get().clone();
    let kept = if rules.remembers { rules.history as usize } else { 0 };
    let former = row.former.iter().rev().take(kept.saturating_sub(1)).chain([&row.hash]);
    if kept > 0 && former.into_iter().any(|hash| hash.matches(new.expose())) {
        return Err(Failure::bad_request("The password was used before."));
    }
    let (hash, now) = (cx.hash(new.expose()), cx.now.unix_timestamp());
    let row = find(cx, user)?;
    row.former.push(std::mem::replace(&mut row.hash, hash));
    // 10 is the most that the history may ever look back.
    row.former.drain(..row.former.len().saturating_sub(10));
    row.temporary = !own;
    row.changed = now;
    // Assumed: whoever knew only the former password is out.
    let key = cx.key.clone();
    cx.sessions.retain_others(&key, |session| session.user != user);
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::test_machine::TestMachine;
    use serde_json::json;

    #[test]
    fn the_factory_has_four_accounts_and_only_admin_may_log_in() {
        let mut bench = TestMachine::new();
        let users = bench.get("/users").json();
        let ids: Vec<_> =
            users["users"].as_array().unwrap().iter().map(|user| &user["id"]).collect();
        assert_eq!(ids, ["admin", "audit", "monitor", "operator"]);
        assert_eq!(bench.get("/users/monitor").json()["status"], "disabled");
        let admin = bench.get("/users/admin").json();
        let shown = json!({
            "accountLockTime": "", "accountUnlockTime": "", "actions": "/users/admin/actions",
            "certificates": "/users/admin/certificates", "changeable": false, "email": "",
            "files": "/users/admin/files", "fullName": "Administrator", "lockedOut": false,
            "passwordLastChanged": "2025-01-02", "role": "admin", "status": "enabled",
            "userId": "admin",
        });
        assert_eq!(admin, shown);
        assert_eq!(bench.login("monitor", "PASSWORD").status, 401);
    }

    #[test]
    fn accounts_are_made_changed_and_removed() {
        let mut bench = TestMachine::new();
        let jane =
            json!({"userId": "jane", "role": "", "password": "Abcdef12", "email": "j@x.org"});
        assert_eq!(bench.post("/users", jane.clone()).created(), "/users/jane");
        assert_eq!(bench.post("/users", jane).error(), (409, "SERVERPLUGIN_USERID_ALREADY_EXISTS"));
        assert_eq!(bench.patch("/users/jane", json!({"role": "monitor"})).status, 204);
        bench.restart();
        let shown = bench.get("/users/jane").json();
        assert_eq!((&shown["role"], &shown["email"]), (&json!("monitor"), &json!("j@x.org")));
        let all = json!({"role": "operator", "fullName": "Jane D", "email": "d@x.org"});
        assert_eq!(bench.put("/users/jane", all).status, 204);
        assert_eq!(bench.post("/users/jane/actions/roleClear", json!({})).status, 204);
        assert_eq!(bench.get("/users/jane").json()["role"], "");
        assert_eq!(bench.delete("/users/jane").status, 204);
        assert_eq!(bench.get("/users/jane").error(), (404, "SERVERPLUGIN_INVALID_USERID"));
    }

    #[test]
    fn names_roles_and_passwords_are_judged() {
        let mut bench = TestMachine::new();
        let mut refused = |user: &str, role: &str, password: &str| {
            let body = json!({"userId": user, "role": role, "password": password});
            bench.post("/users", body).error().1.to_owned()
        };
        for name in ["", "1jane", "-jane", ".jane", "ja ne", "ja/ne", &"j".repeat(33)] {
            assert_eq!(refused(name, "", "Abcdef12"), "FRAMEWORK_BAD_REQUEST", "{name}");
        }
        assert_eq!(refused("sshd", "", "Abcdef12"), "SERVERPLUGIN_USERID_RESERVED_FOR_SYSTEM_USE");
        assert_eq!(refused("jane", "boss", "Abcdef12"), "FRAMEWORK_BAD_REQUEST");
        assert_eq!(refused("jane", "", "abcdef12"), "FRAMEWORK_BAD_REQUEST");
    }

    #[test]
    fn built_in_accounts_stay() {
        let mut bench = TestMachine::new();
        let restricted = (403, "OPERATION_RESTRICTED");
        assert_eq!(bench.delete("/users/operator").error(), restricted);
        assert_eq!(bench.patch("/users/admin", json!({"role": "monitor"})).error(), restricted);
        assert_eq!(bench.post("/users/admin/actions/disable", json!({})).error(), restricted);
        assert_eq!(bench.post("/users/audit/actions/enable", json!({})).status, 204);
        assert_eq!(bench.get("/users/audit").json()["status"], "enabled");
    }

    #[test]
    fn a_reset_password_is_temporary_and_ones_own_needs_the_present_one() {
        let mut bench = TestMachine::new();
        bench.user("jane", "Abcdef12", "operator");
        bench.login("jane", "Abcdef12");
        let act = "/users/jane/actions/changePassword";
        assert_eq!(bench.post(act, json!({"password": "Abcdef13"})).status, 401);
        bench.local_login();
        assert_eq!(bench.post(act, json!({"password": "Abcdef14"})).status, 204);
        bench.login("jane", "Abcdef14");
        assert_eq!(bench.get("/api/lunasa").error(), (403, "FRAMEWORK_PASSWORD_CHANGE_REQUIRED"));
        let body = json!({"password": "Abcdef15", "currentPassword": "Abcdef14"});
        assert_eq!(bench.post(act, body).status, 204);
        assert_eq!(bench.get("/api/lunasa").status, 200);
        let other = bench.get("/users/admin");
        assert_eq!(other.error(), (401, "SERVERPLUGIN_USERID_NOT_AUTHORIZED"));
    }

    #[test]
    fn guesses_at_a_change_of_the_password_count_as_failed_logins() {
        let mut bench = TestMachine::new();
        bench.user("jane", "Abcdef12", "operator");
        bench.login("jane", "Abcdef12");
        let act = "/users/jane/actions/changePassword";
        for guess in ["Wrong-01", "Wrong-02", "Wrong-03", "Abcdef12"] {
            let body = json!({"password": "Abcdef15", "currentPassword": guess});
            assert_eq!(bench.post(act, body).status, 401, "{guess}");
        }
        assert_eq!(bench.login("jane", "Abcdef12").status, 401);
        bench.local_login();
        assert_eq!(bench.get("/users/jane").json()["lockedOut"], true);
    }

    #[test]
    fn a_new_password_ends_the_other_sessions_of_its_account() {
        let mut bench = TestMachine::new();
        bench.user("jane", "Abcdef12", "operator");
        bench.login("jane", "Abcdef12");
        bench.login("jane", "Abcdef12");
        let body = json!({"password": "Abcdef15", "currentPassword": "Abcdef12"});
        assert_eq!(bench.post("/users/jane/actions/changePassword", body).status, 204);
        assert_eq!(bench.get("/api/lunasa").status, 200);
        assert_eq!(bench.machine.sessions.iter_mut().filter(|one| one.user == "jane").count(), 1);
        bench.local_login();
        let body = json!({"password": "Abcdef16"});
        assert_eq!(bench.post("/users/jane/actions/changePassword", body).status, 204);
        assert_eq!(bench.machine.sessions.iter_mut().filter(|one| one.user == "jane").count(), 0);
    }

    #[test]
    fn a_radius_account_has_no_password_here() {
        let mut bench = TestMachine::new();
        let radius = "/emulator/lunash/users/radius";
        assert_eq!(bench.post(radius, json!({"userId": "rad"})).created(), "/users/rad");
        assert_eq!(bench.post(radius, json!({"userId": "rad"})).status, 409);
        assert_eq!(bench.get("/users/rad").json()["radius"], true);
        let body = json!({"password": "Abcdef12"});
        let change = bench.post("/users/rad/actions/changePassword", body);
        assert_eq!(change.error(), (403, "OPERATION_RESTRICTED"));
        assert_eq!(bench.login("rad", "").status, 401);
    }

    #[test]
    fn reserved_names_are_refused_for_every_change() {
        let mut bench = TestMachine::new();
        let reserved = (403, "SERVERPLUGIN_USERID_RESERVED_FOR_SYSTEM_USE");
        let message =
            |what: &str| format!("'sshd' is reserved for system use and cannot be {what}.");
        let radius = bench.post("/emulator/lunash/users/radius", json!({"userId": "sshd"}));
        assert_eq!(radius.error(), reserved);
        assert_eq!(radius.json()["message"], message("added"));
        let act = bench.post("/users/sshd/actions/enable", json!({}));
        assert_eq!((act.error(), &act.json()["message"]), (reserved, &json!(message("modified"))));
        assert_eq!(bench.delete("/users/sshd").json()["message"], message("deleted"));
    }
}
