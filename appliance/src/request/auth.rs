//! Who is asking: sessions, Basic authorization, roles and their rules.

use std::net::SocketAddr;

use luna_rest::auth::{LOGIN, LOGOUT};
use luna_rest::users::{ACT, CHANGE_PASSWORD_FIRST};
use luna_rest::{Nothing, Resource, Secret};
use time::{Duration, OffsetDateTime};

use crate::core::message::{Failure, Reply};
use crate::core::password::{PasswordHash, is_same_secret};
use crate::core::text::time_text;
use crate::request::context::Context;
use crate::request::link;
use crate::request::route::{AUDIT, Access, Ids, OPEN, Route, Routes};
use crate::request::session::{Key, Session, Sessions};
use crate::state::State;

pub(crate) fn routes(r: &mut Routes) {
    r.on(&LOGIN, OPEN, login);
    r.on(&LOGOUT, OPEN.linked(), logout);
}

/// Finds the session of a request and lets it pass, or says why not.
pub(crate) fn admit(cx: &mut Context<'_>, route: &Route, ids: &[String]) -> Result<(), Failure> {
    if let Some(certificate) = &cx.request.link {
        return link::admit(cx, route, ids, certificate);
    }
    if route.access.open {
        return Ok(());
    }
    if route.access.client {
        match find_client(cx) {
            Ok(key) => {
                cx.key = key;
                return Ok(());
            }
            Err(failure) if route.access.roles().is_empty() => return Err(failure),
            // An account may do the same.
            Err(_) => {}
        }
    }
    cx.key = find_session(cx)?;
    let Session { user, local, private, over_ssh_from, .. } = cx.session().clone();
    if !local && over_ssh_from.is_none() {
        require_web_server(cx)?;
    }
    let Some(row) = cx.state.users.users.get(&user).filter(|row| row.enabled) else {
        cx.sessions.retain(|session| session.user != user);
        return Err(no_session());
    };
    let role = row.role.clone();
    let changes_own = changes_password_of(&user, route, ids);
    if !local && cx.state.users.must_change(row, cx.now) && !changes_own {
        return Err(Failure::new(
            403,
            CHANGE_PASSWORD_FIRST,
            "The password must be changed first.",
        )
        .details(format!("Change it with POST /users/{user}/actions/changePassword.")));
    }
    let passes = allowed(cx, route.access, &role, route.resource) || role.is_empty() && changes_own;
    if !passes {
        let rule = rule_of(route.resource);
        return Err(Failure::new(401, "FRAMEWORK_NO_ACL_RULE", "The role has no rule for this.")
            .details(format!("The role '{role}' of user '{user}' has no rule {rule}.")));
    }
    if route.access.private && !private {
        return Err(Failure::new(
            401,
            "FRAMEWORK_SESSION_NOT_PRIVATE",
            "The session is not private.",
        )
        .details("Open a session with POST /auth/session first."));
    }
    cx.session_mut().role = role;
    Ok(())
}

fn allowed(cx: &Context<'_>, access: Access, role: &str, resource: Resource) -> bool {
    // What is the auditor's alone cannot be given to anybody else.
    if access.roles() == AUDIT.roles() && !access.open {
        // Who is at the machine of a Backup HSM has no other account.
        return access.allows(role) || cx.state.hsm.hsm.get().backup;
    }
    match cx.state.roles.rules(role) {
        Some(rules) => rules.iter().any(|rule| covers(rule, resource, &cx.request.path)),
        None => access.allows(role),
    }
}

/// The access rule that lets a role use a resource.
fn rule_of(resource: Resource) -> String {
    format!("{}:{}", resource.method, resource.template)
}

/// Whether an access rule allows a resource at this path. A placeholder of the rule may have any
/// name; where the resource has a placeholder, the rule may name one value of it, as in the
/// reference's example `POST:/users/{userid}/actions/changePassword`.
fn covers(rule: &str, resource: Resource, path: &str) -> bool {
    let Some((method, rule)) = rule.split_once(':') else { return false };
    let segments = |path: &str| path.trim_end_matches('/').split('/').count();
    let mut path = path.trim_end_matches('/').split('/');
    let same = |(rule, template): (&str, &str)| {
        let given = path.next();
        match (rule.starts_with('{'), template.starts_with('{')) {
            (true, true) => true,
            (false, true) => given == Some(rule),
            _ => rule == template,
        }
    };
    method == resource.method.name()
        && segments(rule) == segments(resource.template)
        && rule.trim_end_matches('/').split('/').zip(resource.template.split('/')).all(same)
}

fn changes_password_of(user: &str, route: &Route, ids: &[String]) -> bool {
    route.resource == ACT.resource() && ids == [user, "changePassword"]
}

/// The cookie's session, or the shared one of Basic authorization or a bearer token.
fn find_session(cx: &mut Context<'_>) -> Result<Key, Failure> {
    if let Some(cookie) = &cx.request.cookie {
        let key = Key::Cookie(cookie.clone());
        // That of a client is for its own calls alone.
        if cx.sessions.touch(&key, cx.now) && !cx.sessions.get(&key).user.is_empty() {
            return Ok(key);
        }
    }
    require_web_server(cx)?;
    let user = match &cx.request.bearer {
        Some(token) => cx.sessions.tokens.user(token.expose(), cx.now).ok_or_else(no_token)?,
        None => check_basic(cx)?,
    };
    let key = Key::Shared(user.clone());
    if !cx.sessions.touch(&key, cx.now) {
        cx.sessions.insert(key.clone(), Session { user, ..Session::default() }, cx.now);
    }
    Ok(key)
}

/// The session of a client of the cluster, or that of the operation which a member passed on.
fn find_client(cx: &mut Context<'_>) -> Result<Key, Failure> {
    if let Some(operation) = &cx.request.operation {
        let (client, keyring_logins) = (operation.client.clone(), operation.logins.clone());
        let session = Session { client, keyring_logins, private: true, ..Session::default() };
        cx.sessions.insert(Key::Operation, session, cx.now);
        return Ok(Key::Operation);
    }
    let key = Key::Cookie(cx.request.cookie.clone().ok_or_else(no_session)?);
    if !cx.sessions.touch(&key, cx.now) || cx.sessions.get(&key).client.is_empty() {
        return Err(no_session());
    }
    Ok(key)
}

pub(crate) fn no_session() -> Failure {
    Failure::new(401, "FRAMEWORK_NO_SESSION_COOKIE", "No session cookie was found.")
}

/// The refusal of a bearer token.
pub(crate) fn no_token() -> Failure {
    not_authenticated("The token is not valid: it has expired or was revoked.")
}

/// Checks user and password of Basic authorization: the user's name.
pub(crate) fn check_basic(cx: &mut Context<'_>) -> Result<String, Failure> {
    let Some((user, password)) = &cx.request.basic else { return Err(no_session()) };
    check_password(cx.state, cx.sessions, user, password, cx.now)?;
    Ok(user.clone())
}

/// Checks the password of an account; a wrong one counts towards a lockout.
pub(crate) fn check_password(
    state: &State,
    sessions: &mut Sessions,
    user: &str,
    password: &Secret,
    now: OffsetDateTime,
) -> Result<(), Failure> {
    refuse_locked(sessions, user, now)?;
    let row = state.users.users.get(user);
    // Nothing here can judge the password, so that nothing is counted either.
    if row.is_some_and(|row| row.radius) {
        let users = &state.users;
        let why = match (users.radius.get(), users.radius_servers.is_empty()) {
            (false, _) => "RADIUS is disabled",
            (true, true) => "there is no RADIUS server",
            (true, false) => "an emulated appliance asks no RADIUS server",
        };
        let details = format!("A RADIUS server judges the password of '{user}': {why}.");
        return Err(not_authenticated(details));
    }
    // An unknown user takes as long as a known one.
    let nobody = PasswordHash::default();
    let right = row.map_or(&nobody, |row| &row.hash).matches(password.expose());
    let Some(row) = row.filter(|_| right) else {
        if row.is_some() {
            let rules = state.users.login_rules.get();
            let seconds = |number: u32| Duration::seconds(number.into());
            let window = seconds(rules.detection_window_seconds);
            let lock = seconds(rules.lockout_duration_seconds);
            sessions.login_failed(user, now, rules.max_failed_attempts, window, lock);
        }
        return Err(not_authenticated("The user name or the password is wrong."));
    };
    if !row.enabled {
        return Err(disabled());
    }
    sessions.login_succeeded(user);
    Ok(())
}

/// The refusal of somebody who did not prove who he is. Assumed: the identifier of a wrong password
/// was not found, that of a user who may not act is the closest.
pub(crate) fn not_authenticated(details: impl Into<String>) -> Failure {
    Failure::new(401, "SERVERPLUGIN_USERID_NOT_AUTHORIZED", "Authentication failed.")
        .details(details)
}

fn disabled() -> Failure {
    not_authenticated("The account is disabled.")
}

fn refuse_locked(sessions: &Sessions, user: &str, now: OffsetDateTime) -> Result<(), Failure> {
    let Some((_, until)) = sessions.locked(user, now) else { return Ok(()) };
    let until = time_text(until);
    Err(not_authenticated(format!("Too many failed logins; the account is locked until {until}.")))
}

/// Refuses an account that is locked, disabled or gone, or whose role may not use this resource of
/// the login.
pub(crate) fn may_log_in(cx: &Context<'_>, user: &str, resource: Resource) -> Result<(), Failure> {
    if cx.request.local_key.is_none() {
        require_web_server(cx)?;
    }
    refuse_locked(cx.sessions, user, cx.now)?;
    let row = cx.state.users.users.get(user).filter(|row| row.enabled).ok_or_else(disabled)?;
    if cx.state.roles.rules(&row.role).is_some() && !allowed(cx, OPEN, &row.role, resource) {
        let details = format!("The role '{}' has no rule {}.", row.role, rule_of(resource));
        return Err(Failure::new(401, "FRAMEWORK_NO_ACL_RULE", "The role has no rule for this.")
            .details(details));
    }
    Ok(())
}

/// Refuses whoever comes over the web server while that is stopped. LunaSH on the appliance and over SSH
/// goes through it only here, and is served on.
fn require_web_server(cx: &Context<'_>) -> Result<(), Failure> {
    if cx.state.services.is_running("webserver") {
        return Ok(());
    }
    let message = "The web server does not run.";
    Err(Failure::new(503, "EMULATOR_WEB_SERVER_STOPPED", message)
        .details("'service start webserver' of LunaSH on the appliance starts it."))
}

fn login(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    require_web_server(cx)?;
    let user = check_basic(cx)?;
    may_log_in(cx, &user, LOGIN.resource())?;
    Ok(open_private(cx, user, None))
}

/// Refuses whoever cannot read the data folder's key.
pub(crate) fn require_local_key(cx: &Context<'_>) -> Result<(), Failure> {
    let known = cx.options.local_key.expose().as_bytes();
    let given =
        cx.request.local_key.as_ref().map(|key| key.expose().as_bytes()).unwrap_or_default();
    if !known.is_empty() && is_same_secret(known, given) {
        return Ok(());
    }
    Err(Failure::new(401, "EMULATOR_WRONG_KEY", "The local key is wrong.")
        .details("Send the key from the file local.key of the data folder."))
}

/// Opens the private session of an account; over SSH with the address that its user came from.
pub(crate) fn open_private<A>(
    cx: &mut Context<'_>,
    user: String,
    over_ssh_from: Option<SocketAddr>,
) -> Reply<A> {
    let role = cx.state.users.users.get(&user).map(|row| row.role.clone()).unwrap_or_default();
    open(cx, Session { user, role, private: true, over_ssh_from, ..Session::default() })
}

/// Opens a session and hands out its cookie.
pub(crate) fn open<A>(cx: &mut Context<'_>, session: Session) -> Reply<A> {
    let cookie = cx.secret.token();
    cx.sessions.insert(Key::Cookie(cookie.clone()), session, cx.now);
    Reply::done().cookie(cookie)
}

fn logout(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    let key = cx.request.cookie.clone().map(Key::Cookie).ok_or_else(no_session)?;
    if !cx.sessions.touch(&key, cx.now) {
        return Err(no_session());
    }
    cx.sessions.remove(&key);
    Ok(Reply::done().cookie(String::new()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_machine::TestMachine;
    use luna_rest::ntls;
    use serde_json::json;

    #[test]
    fn a_rule_names_its_placeholders_as_it_likes() {
        let (link, path) = (ntls::REVOKE.resource(), "/api/lunasa/ntls/clients/app1/links/7");
        for client in ["{clientid}", "{clientName}", "{x}", "app1"] {
            for end in ["{linkid}", "{x}/", "7"] {
                let rule = format!("DELETE:/api/lunasa/ntls/clients/{client}/links/{end}");
                assert!(covers(&rule, link, path), "{rule}");
            }
        }
        for rule in [
            "DELETE:/api/lunasa/ntls/clients/app2/links/{linkid}",
            "DELETE:/api/lunasa/ntls/{clients}/app1/links/{linkid}",
            "DELETE:/api/lunasa/ntls/clients/{clientid}",
            "DELETE:/api/lunasa/ntls/clients/{clientid}/links/{linkid}/{x}",
            "GET:/api/lunasa/ntls/clients/{clientid}/links/{linkid}",
            "DELETE",
            "",
        ] {
            assert!(!covers(rule, link, path), "{rule}");
        }
    }

    #[test]
    fn a_session_ends_by_logout_and_after_ten_idle_minutes() {
        let mut bench = TestMachine::new();
        bench.advance(599);
        assert_eq!(bench.get("/users").status, 200);
        bench.advance(599);
        assert_eq!(bench.get("/users").status, 200, "each use counts");
        bench.advance(600);
        assert_eq!(bench.get("/users").error(), (401, "FRAMEWORK_NO_SESSION_COOKIE"));

        let mut bench = TestMachine::new();
        assert_eq!(bench.delete("/auth/session").status, 204);
        assert_eq!(bench.get("/users").error(), (401, "FRAMEWORK_NO_SESSION_COOKIE"));
    }

    #[test]
    fn the_factory_password_opens_nothing_but_its_own_change() {
        let mut bench = TestMachine::new();
        assert_eq!(bench.login("admin", "PASSWORD").status, 204);
        assert_eq!(bench.get("/users").error(), (403, "FRAMEWORK_PASSWORD_CHANGE_REQUIRED"));
        let body = json!({"currentPassword": "PASSWORD", "password": "Abcdef12"});
        let answer = bench.post("/users/operator/actions/changePassword", body.clone());
        assert_eq!(answer.error(), (403, "FRAMEWORK_PASSWORD_CHANGE_REQUIRED"));
        assert_eq!(bench.post("/users/admin/actions/changePassword", body).status, 204);
        assert_eq!(bench.get("/users").status, 200);
        assert_eq!(bench.login("admin", "PASSWORD").status, 401);
        assert_eq!(bench.login("admin", "Abcdef12").status, 204);
    }

    #[test]
    fn a_stopped_web_server_answers_the_shells_of_the_appliance_alone() {
        let mut bench = TestMachine::new();
        bench.user("jane", "Abcdef12", "monitor");
        let stop = "/api/lunasa/services/webserver/actions/stop";
        bench.post(stop, json!({})).created();
        let stopped = (503, "EMULATOR_WEB_SERVER_STOPPED");
        assert_eq!(bench.login("jane", "Abcdef12").error(), stopped);
        assert_eq!(bench.get("/users").error(), stopped, "nor with Basic authorization alone");
        assert_eq!(bench.local_login().status, 204);
        assert_eq!(bench.get("/users").status, 200);
        bench.post("/api/lunasa/services/webserver/actions/start", json!({}));
        assert_eq!(bench.login("jane", "Abcdef12").status, 204);
    }

    #[test]
    fn three_failed_logins_lock_an_account_for_ten_minutes() {
        let mut bench = TestMachine::new();
        bench.user("jane", "Abcdef12", "monitor");
        for _ in 0..2 {
            bench.login("jane", "wrong");
        }
        bench.advance(901);
        bench.login("jane", "wrong");
        assert_eq!(bench.login("jane", "Abcdef12").status, 204, "the window has passed");
        for _ in 0..3 {
            assert_eq!(
                bench.login("jane", "wrong").error(),
                (401, "SERVERPLUGIN_USERID_NOT_AUTHORIZED")
            );
        }
        assert_eq!(bench.login("jane", "Abcdef12").status, 401);
        bench.restart();
        let locked = bench.login("jane", "Abcdef12");
        assert_eq!(locked.status, 401, "a lock-out survives a restart");
        assert!(locked.text().contains("locked until"), "{}", locked.text());
        bench.local_login();
        assert_eq!(bench.get("/users/jane").json()["lockedOut"], true);
        bench.advance(600);
        assert_eq!(bench.login("jane", "Abcdef12").status, 204);
    }

    #[test]
    fn built_in_roles_reach_what_is_theirs() {
        let mut bench = TestMachine::new();
        bench.user("jane", "Abcdef12", "monitor");
        bench.login("jane", "Abcdef12");
        assert_eq!(bench.get("/users").error(), (401, "FRAMEWORK_NO_ACL_RULE"));
        assert_eq!(bench.get("/api/lunasa").status, 200);
    }

    #[test]
    fn a_custom_role_reaches_what_its_rules_list() {
        let mut bench = TestMachine::new();
        bench.post("/roles", json!({"roleId": "watch"})).created();
        bench.user("jane", "Abcdef12", "watch");
        assert_eq!(bench.login("jane", "Abcdef12").error(), (401, "FRAMEWORK_NO_ACL_RULE"));
        bench.local_login();
        bench.put_text("/roles/watch/resources", "POST:/auth/session\nGET:/users/{userid}\n");
        assert_eq!(bench.login("jane", "Abcdef12").status, 204);
        assert_eq!(bench.get("/users/jane").status, 200);
        assert_eq!(bench.get("/api/lunasa").error(), (401, "FRAMEWORK_NO_ACL_RULE"));
    }

    #[test]
    fn a_rule_may_name_one_action_of_many() {
        let mut bench = TestMachine::new();
        bench.post("/roles", json!({"roleId": "watch"})).created();
        bench.user("jane", "Abcdef12", "watch");
        let rules = "POST:/auth/session\nPOST:/users/{userid}/actions/changePassword\n";
        bench.put_text("/roles/watch/resources", rules);
        assert_eq!(bench.login("jane", "Abcdef12").status, 204);
        let body = json!({"password": "Abcdef13", "currentPassword": "Abcdef12"});
        assert_eq!(bench.post("/users/jane/actions/changePassword", body).status, 204);
        let other = bench.post("/users/jane/actions/disable", json!({}));
        assert_eq!(other.error(), (401, "FRAMEWORK_NO_ACL_RULE"));
    }

    #[test]
    fn basic_authorization_alone_is_a_shared_session() {
        let mut bench = TestMachine::new();
        bench.user("jane", "Abcdef12", "admin");
        bench.basic("jane", "Abcdef12");
        assert_eq!(bench.get("/users").status, 200);
        assert!(!bench.session("jane").private);
        bench.basic("jane", "wrong");
        assert_eq!(bench.get("/users").status, 401);
    }

    #[test]
    fn a_disabled_or_deleted_account_loses_its_session() {
        let mut bench = TestMachine::new();
        bench.user("jane", "Abcdef12", "admin");
        bench.login("jane", "Abcdef12");
        assert_eq!(bench.post("/users/jane/actions/disable", json!({})).status, 204);
        assert_eq!(bench.get("/users").error(), (401, "FRAMEWORK_NO_SESSION_COOKIE"));
    }
}
