//! Roles of a partition and their logins.
//!
//! The Partition SO (`so`) initializes the Crypto Officer (`co`), who initializes the Crypto User
//! (`cu`) and the Limited Crypto Officer (`lco`). A session has at most one role logged in to a
//! partition. Failed logins are kept: a locked SO zeroizes the partition, the others lock out.

use luna_rest::partitions::{
    CHANGE_ROLE, ChangePassword, INIT_ROLE, InitRole, LOGIN, LOGOUT, Login, PUT_ROLE_PASSWORD,
    ROLE, ROLE_ACT, ROLE_ACTIONS, ROLES, Role, RoleAction, RoleRef, Roles, SHOW, refusal,
};
use luna_rest::tasks::{Actions, Link};
use luna_rest::{Nothing, Secret};

use crate::core::message::{Failure, Reply};
use crate::request::context::Context;
use crate::request::route::{Ids, MONITOR, OPERATOR, Routes};
use crate::rules::partition::access::{
    hsm_policy, not_allowed, partition, partition_mut, place, require_initialized, usable, zeroize,
};
use crate::state::hsm_policies::FORCE_CHANGE;
use crate::state::partition_policies::{MAX_FAILED_LOGINS, MAX_PIN, MIN_PIN_INVERTED, policy};
use crate::state::partitions::{PartitionRow, RoleRow};

/// Failed logins after which the partition of an SO is zeroized.
const SO_ATTEMPTS: u32 = 10;
/// HSM policy: the SO may reset a partition's password.
const HSM_SO_MAY_RESET: u32 = 15;

/// The roles and what people call them, in the order of the reference's list.
const ROLES_BY_ID: [(&str, &str); 4] = [
    ("co", "Crypto Officer"),
    ("cu", "Crypto User"),
    ("lco", "Limited Crypto Officer"),
    ("so", "Security Officer"),
];

/// What can be done with a role.
const ACTIONS: [&str; 3] = ["createChallenge", "deactivate", "reset"];

pub(crate) fn routes(r: &mut Routes) {
    r.on(&LOGIN, OPERATOR.private().linked(), login);
    r.on(&LOGOUT, OPERATOR.private().linked(), logout);
    r.on(&ROLES, MONITOR.linked(), roles);
    r.on(&ROLE, MONITOR.linked(), role);
    r.on(&INIT_ROLE, OPERATOR.private().linked(), init_role);
    r.on(&CHANGE_ROLE, OPERATOR.linked(), change_role);
    r.on(&PUT_ROLE_PASSWORD, OPERATOR, put_password);
    r.on(&ROLE_ACTIONS, MONITOR.linked(), role_actions);
    r.on(&ROLE_ACT, OPERATOR.private().linked(), act);
}

fn name_of(role: &str) -> Result<&'static str, Failure> {
    let found = ROLES_BY_ID.iter().find(|(id, _)| *id == role);
    found.map(|(_, name)| *name).ok_or_else(|| {
        Failure::new(404, refusal::INVALID_ROLE, "The role does not exist.")
            .details(format!("A partition has no role '{role}'; it has so, co, lco and cu."))
    })
}

/// What texts call a role: the list's own word for the SO could be the HSM's.
fn called(role: &str) -> Result<&'static str, Failure> {
    name_of(role).map(|name| if role == "so" { "Partition SO" } else { name })
}

/// Goes on with one of these roles logged in to the partition, and its password its own.
pub(crate) fn require_role(cx: &Context<'_>, serial: &str, any: &[&str]) -> Result<(), Failure> {
    let Some(role) = cx.session().partition_logins.get(serial).filter(|r| any.contains(&&***r))
    else {
        let names: Vec<&str> = any.iter().filter_map(|role| called(role).ok()).collect();
        return Err(Failure::new(401, refusal::NOT_LOGGED_IN, "The role is not logged in.")
            .details(format!("The {} must be logged in to the partition.", names.join(" or "))));
    };
    let row = partition(cx, serial)?;
    if row.roles.get(role.as_str()).is_some_and(|role| role.to_be_changed) {
        return Err(Failure::new(403, refusal::PASSWORD_EXPIRED, "The password has expired.")
            .details(format!(
                "The {} must change the password that was set for the role before anything else.",
                called(role)?
            )));
    }
    Ok(())
}

/// Judges a role's password; a wrong one is counted, and may lock the role.
pub(crate) fn check_password(
    cx: &mut Context<'_>,
    serial: &str,
    role: &str,
    password: &str,
) -> Result<(), Failure> {
    let name = called(role)?;
    let (allowed, found) = may_log_in(cx, serial, role)?;
    let good = found.hash.matches(password);
    let Some(found) = partition_mut(cx, serial)?.roles.get_mut(role) else { return Ok(()) };
    if good {
        found.failed = 0;
        return Ok(());
    }
    found.failed += 1;
    let left = allowed.saturating_sub(found.failed);
    if left == 0 && role == "so" {
        zeroize(cx, serial);
        return Err(Failure::new(401, refusal::WRONG_PASSWORD, "The password is wrong.")
            .details("It was the last attempt: the partition has been zeroized.")
            .keeping_changes());
    }
    let details = match left {
        0 => format!("It was the last attempt: the {name} is locked out."),
        1 => format!("The {name} has 1 login attempt left."),
        left => format!("The {name} has {left} login attempts left."),
    };
    Err(Failure::new(401, refusal::WRONG_PASSWORD, "The password is wrong.")
        .details(details)
        .keeping_changes())
}

/// A role that has a password and is not locked out, and how many of its logins may fail.
pub(crate) fn may_log_in<'c>(
    cx: &'c Context<'_>,
    serial: &str,
    role: &str,
) -> Result<(u32, &'c RoleRow), Failure> {
    let name = called(role)?;
    cx.require_operable()?;
    let row = partition(cx, serial)?;
    require_initialized(row)?;
    let allowed = attempts(row, role);
    let Some(found) = row.roles.get(role) else {
        return Err(Failure::new(
            409,
            refusal::ROLE_NOT_INITIALIZED,
            "The role is not initialized.",
        )
        .details(format!("The {name} of this partition has no password yet.")));
    };
    if found.failed >= allowed {
        return Err(locked(name));
    }
    Ok((allowed, found))
}

fn locked(name: &str) -> Failure {
    Failure::new(403, refusal::LOCKED, "The role is locked out.")
        .details(format!("Too many logins of the {name} failed."))
}

/// How many logins of a role may fail.
fn attempts(row: &PartitionRow, role: &str) -> u32 {
    if role == "so" { SO_ATTEMPTS } else { policy(row, MAX_FAILED_LOGINS) }
}

/// Whether a password can be one of this role.
pub(crate) fn check_new_password(
    row: &PartitionRow,
    role: &str,
    password: &str,
) -> Result<(), Failure> {
    // The SO's password is set before there are policies.
    let (least, most) = match role {
        "so" => (8, 255),
        _ => (255 - policy(row, MIN_PIN_INVERTED).min(255), policy(row, MAX_PIN)),
    };
    let length = u32::try_from(password.len()).unwrap_or(u32::MAX);
    let allowed = |c: char| c.is_ascii_alphanumeric() || " !#$%'()*+,-./:=?@[]^_{}~".contains(c);
    if (least..=most).contains(&length) && password.chars().all(allowed) {
        return Ok(());
    }
    Err(Failure::bad_request(format!(
        "A password takes {least} to {most} letters, digits, blanks and !#$%'()*+,-./:=?@[]^_{{}}~ ."
    )))
}

fn login(cx: &mut Context<'_>, ids: &Ids<2>, body: Login) -> Result<Reply<Nothing>, Failure> {
    let serial = usable(cx, &ids[0], &ids[1])?;
    name_of(&body.role)?;
    if let Some(other) = cx.session().partition_logins.get(serial) {
        return Err(Failure::new(409, refusal::ALREADY_LOGGED_IN, "A role is logged in already.")
            .details(format!("The {} is logged in to this partition.", called(other)?)));
    }
    may_log_in(cx, serial, &body.role)?;
    let password = body.password.ok_or_else(|| {
        Failure::bad_request("'password' is required: this HSM authenticates by password.")
    })?;
    check_password(cx, serial, &body.role, password.expose())?;
    let location = format!("{}/{}/1", LOGIN.path(&[&ids[0], serial]), body.role);
    cx.session_mut().partition_logins.insert(serial.to_owned(), body.role);
    Ok(Reply::created(location))
}

fn logout(cx: &mut Context<'_>, ids: &Ids<2>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    let serial = place(cx, &ids[0], &ids[1])?;
    cx.session_mut().partition_logins.remove(serial);
    Ok(Reply::created(SHOW.path(&[&ids[0], serial])))
}

fn roles(cx: &mut Context<'_>, ids: &Ids<2>, _: Nothing) -> Result<Reply<Roles>, Failure> {
    let serial = place(cx, &ids[0], &ids[1])?;
    // The documented urls have no leading slash.
    let parent = ROLES.path(&[&ids[0], serial]);
    let entry = |(id, name): (&str, &str)| RoleRef {
        id: id.to_owned(),
        name: name.to_owned(),
        url: format!("{}/{id}", parent.trim_start_matches('/')),
    };
    Ok(Reply::ok(Roles { roles: ROLES_BY_ID.into_iter().map(entry).collect() }))
}

fn role(cx: &mut Context<'_>, ids: &Ids<3>, _: Nothing) -> Result<Reply<Role>, Failure> {
    let serial = place(cx, &ids[0], &ids[1])?;
    let (id, name) = (&ids[2], name_of(&ids[2])?);
    let row = partition(cx, serial)?;
    let found = row.roles.get(id);
    let left = found.map_or(0, |role| attempts(row, id).saturating_sub(role.failed));
    Ok(Reply::ok(Role {
        activated: false,
        challenge_to_be_changed: false,
        id: id.to_owned(),
        initialized: found.is_some(),
        locked_out: found.is_some() && left == 0,
        login_attempts_left: Some(left),
        name: name.to_owned(),
        pin_to_be_changed: found.is_some_and(|role| role.to_be_changed),
        primary_authentication: "PIN".to_owned(),
        secondary_authentication: "None".to_owned(),
    }))
}

fn init_role(
    cx: &mut Context<'_>,
    ids: &Ids<3>,
    body: InitRole,
) -> Result<Reply<Nothing>, Failure> {
    let serial = place(cx, &ids[0], &ids[1])?;
    let (id, name) = (&ids[2], name_of(&ids[2])?);
    match id.as_str() {
        "so" => {
            return Err(not_allowed("The SO of a partition is made when it is initialized."));
        }
        "co" => require_role(cx, serial, &["so"])?,
        _ => require_role(cx, serial, &["co"])?,
    }
    let row = partition(cx, serial)?;
    if row.roles.contains_key(id) {
        return Err(Failure::new(
            409,
            refusal::ROLE_INITIALIZED,
            "The role is initialized already.",
        )
        .details(format!("The {name} of this partition has a password already.")));
    }
    give_password(cx, serial, id, body.password)?;
    Ok(Reply::created(ROLE.path(&[&ids[0], serial, id])))
}

/// Gives a role a password that somebody else chose, and no failed logins.
fn give_password(
    cx: &mut Context<'_>,
    serial: &str,
    id: &str,
    password: Option<Secret>,
) -> Result<(), Failure> {
    let password = password.ok_or_else(|| {
        Failure::bad_request("'password' is required: this HSM authenticates by password.")
    })?;
    check_new_password(partition(cx, serial)?, id, password.expose())?;
    let role = RoleRow {
        hash: cx.hash(password.expose()),
        failed: 0,
        to_be_changed: hsm_policy(cx, FORCE_CHANGE) == 1,
    };
    partition_mut(cx, serial)?.roles.insert(id.to_owned(), role);
    Ok(())
}

fn change_role(
    cx: &mut Context<'_>,
    ids: &Ids<3>,
    body: ChangePassword,
) -> Result<Reply<Nothing>, Failure> {
    set_password(cx, ids, &ids[2], &body)?;
    Ok(cx.finished_task(Reply::<Nothing>::done())?.status(202))
}

fn put_password(
    cx: &mut Context<'_>,
    ids: &Ids<3>,
    body: ChangePassword,
) -> Result<Reply<Nothing>, Failure> {
    // The client calls the Partition SO by another name than the list does.
    let id = if ids[2] == "pso" { "so" } else { &ids[2] };
    set_password(cx, ids, id, &body)?;
    Ok(Reply::done())
}

fn set_password(
    cx: &mut Context<'_>,
    ids: &Ids<3>,
    id: &str,
    body: &ChangePassword,
) -> Result<(), Failure> {
    let serial = place(cx, &ids[0], &ids[1])?;
    check_password(cx, serial, id, body.old_password.expose())?;
    check_new_password(partition(cx, serial)?, id, body.new_password.expose())?;
    let hash = cx.hash(body.new_password.expose());
    if let Some(role) = partition_mut(cx, serial)?.roles.get_mut(id) {
        (role.hash, role.to_be_changed) = (hash, false);
    }
    Ok(())
}

fn role_actions(cx: &mut Context<'_>, ids: &Ids<3>, _: Nothing) -> Result<Reply<Actions>, Failure> {
    let serial = place(cx, &ids[0], &ids[1])?;
    name_of(&ids[2])?;
    let parent = ROLE_ACTIONS.path(&[&ids[0], serial, &ids[2]]);
    Ok(Reply::ok(Actions { actions: ACTIONS.map(|id| Link::below(&parent, id)).to_vec() }))
}

fn act(cx: &mut Context<'_>, ids: &Ids<4>, body: RoleAction) -> Result<Reply<Nothing>, Failure> {
    let serial = place(cx, &ids[0], &ids[1])?;
    name_of(&ids[2])?;
    match ids[3].as_str() {
        "reset" => reset(cx, serial, &ids[2], body)?,
        "createChallenge" | "deactivate" => {
            return Err(not_allowed(
                "Challenges and activation belong to multifactor authentication; this HSM \
                 authenticates by password.",
            ));
        }
        other => {
            return Err(Failure::new(404, refusal::INVALID_ACTION, "The action does not exist.")
                .details(format!("A role has no action '{other}'.")));
        }
    }
    cx.finished_task(Reply::<Nothing>::done())
}

/// The SO resets the others where HSM policy 15 lets him. That the CO may reset those below him,
/// whatever that policy says, is assumed: he made them.
fn reset(cx: &mut Context<'_>, serial: &str, id: &str, body: RoleAction) -> Result<(), Failure> {
    let allowed = hsm_policy(cx, HSM_SO_MAY_RESET) == 1;
    match id {
        "so" => return Err(not_allowed("Nobody can reset the password of the Partition SO.")),
        "co" => require_role(cx, serial, &["so"])?,
        _ => require_role(cx, serial, &["so", "co"])?,
    }
    let by_so = cx.session().partition_logins.get(serial).is_some_and(|role| role == "so");
    if by_so && !allowed {
        return Err(not_allowed(
            "HSM policy 15 (SO can reset partition PIN) is off: turn it on first.",
        ));
    }
    let row = partition(cx, serial)?;
    if !row.roles.contains_key(id) {
        return Err(Failure::new(
            409,
            refusal::ROLE_NOT_INITIALIZED,
            "The role is not initialized.",
        )
        .details(format!("The {} of this partition has no password yet.", name_of(id)?)));
    }
    give_password(cx, serial, id, body.password)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::partition::lifecycle::tests::{CO, SO, bench, initialized};
    use crate::test_machine::{Answer, TestMachine};
    use serde_json::{Value, json};

    const NEW: &str = "new-password";

    fn login(bench: &mut TestMachine, path: &str, role: &str, password: &str) -> Answer {
        let body = json!({"role": role, "password": password, "ped": "0"});
        bench.post(&format!("{path}/login"), body)
    }

    fn logout(bench: &mut TestMachine, path: &str) {
        assert_eq!(bench.post(&format!("{path}/logout"), json!({})).status, 204);
    }

    fn init(bench: &mut TestMachine, path: &str, role: &str) -> Answer {
        bench.put(&format!("{path}/roles/{role}"), json!({"password": CO}))
    }

    fn change(bench: &mut TestMachine, path: &str, role: &str, old: &str, new: &str) -> Answer {
        let body = json!({"oldPassword": old, "newPassword": new});
        bench.patch(&format!("{path}/roles/{role}"), body)
    }

    fn shown(bench: &mut TestMachine, path: &str, role: &str) -> Value {
        bench.get(&format!("{path}/roles/{role}")).json()
    }

    /// With a Crypto Officer whose first password still has to be changed; nobody is logged in.
    fn with_co(bench: &mut TestMachine) -> String {
        let path = initialized(bench, 0);
        assert_eq!(login(bench, &path, "so", SO).status, 204);
        assert_eq!(init(bench, &path, "co").status, 204);
        logout(bench, &path);
        path
    }

    #[test]
    fn roles_are_listed_as_recorded() {
        let mut bench = bench();
        let path = initialized(&mut bench, 0);
        let listed = bench.get(&format!("{path}/roles")).json();
        let url = format!("{}/roles/co", path.trim_start_matches('/'));
        assert_eq!(listed["roles"][0], json!({"id": "co", "name": "Crypto Officer", "url": url}));
        assert_eq!(shown(&mut bench, &path, "so")["initialized"], true);
        assert_eq!(shown(&mut bench, &path, "co")["initialized"], false);
        assert_eq!(bench.get(&format!("{path}/roles/po")).error(), (404, refusal::INVALID_ROLE));
    }

    #[test]
    fn each_role_is_made_by_the_one_above_it() {
        let mut bench = bench();
        let path = initialized(&mut bench, 0);
        let refused = (401, refusal::NOT_LOGGED_IN);
        assert_eq!(init(&mut bench, &path, "co").error(), refused);
        assert_eq!(
            login(&mut bench, &path, "co", CO).error(),
            (409, refusal::ROLE_NOT_INITIALIZED)
        );
        login(&mut bench, &path, "so", SO).created();
        assert_eq!(init(&mut bench, &path, "so").error(), (422, refusal::NOT_ALLOWED));
        assert_eq!(init(&mut bench, &path, "cu").error(), refused);
        assert_eq!(init(&mut bench, &path, "co").status, 204);
        assert_eq!(init(&mut bench, &path, "co").error(), (409, refusal::ROLE_INITIALIZED));
        logout(&mut bench, &path);
        change(&mut bench, &path, "co", CO, NEW);
        login(&mut bench, &path, "co", NEW).created();
        assert_eq!(init(&mut bench, &path, "cu").status, 204);
        assert_eq!(init(&mut bench, &path, "lco").status, 204);
    }

    #[test]
    fn a_password_that_was_set_by_another_must_be_changed_first() {
        let mut bench = bench();
        let path = with_co(&mut bench);
        assert_eq!(shown(&mut bench, &path, "co")["pinToBeChanged"], true);
        assert_eq!(login(&mut bench, &path, "co", CO).status, 204);
        let expired = (403, refusal::PASSWORD_EXPIRED);
        assert_eq!(init(&mut bench, &path, "cu").error(), expired);
        assert_eq!(bench.get(&format!("{path}/object/objects")).error(), expired);
        let changed = change(&mut bench, &path, "co", CO, NEW);
        assert_eq!(changed.status, 202, "{}", changed.text());
        assert_eq!(init(&mut bench, &path, "cu").status, 204);
        assert_eq!(bench.get(&format!("{path}/object/objects")).status, 200);
        logout(&mut bench, &path);
        assert_eq!(login(&mut bench, &path, "co", CO).error(), (401, refusal::WRONG_PASSWORD));
    }

    #[test]
    fn a_password_is_put_as_well_as_patched() {
        let mut bench = bench();
        let path = with_co(&mut bench);
        for (role, old) in [("co", CO), ("pso", SO)] {
            let body = json!({"oldPassword": old, "newPassword": NEW});
            let put = format!("{path}/roles/{role}/password");
            assert_eq!(bench.put(&put, body.clone()).status, 204);
            assert_eq!(bench.put(&put, body).error(), (401, refusal::WRONG_PASSWORD));
        }
        assert_eq!(login(&mut bench, &path, "so", NEW).status, 204);
    }

    #[test]
    fn one_role_at_a_time_in_a_session() {
        let mut bench = bench();
        let path = with_co(&mut bench);
        let first = login(&mut bench, &path, "so", SO).created();
        assert_eq!(first, format!("{path}/login/so/1"));
        assert_eq!(login(&mut bench, &path, "co", CO).error(), (409, refusal::ALREADY_LOGGED_IN));
        bench.local_login();
        assert_eq!(login(&mut bench, &path, "co", CO).status, 204, "another session");
    }

    #[test]
    fn ten_failed_logins_lock_an_officer_out_even_over_a_restart() {
        let mut bench = bench();
        let path = with_co(&mut bench);
        let wrong = (401, refusal::WRONG_PASSWORD);
        for _ in 0..5 {
            assert_eq!(login(&mut bench, &path, "co", "wrong-one").error(), wrong);
        }
        bench.restart();
        assert_eq!(shown(&mut bench, &path, "co")["loginAttemptsLeft"], 5);
        for _ in 0..5 {
            assert_eq!(login(&mut bench, &path, "co", "wrong-one").error(), wrong);
        }
        assert_eq!(login(&mut bench, &path, "co", CO).error(), (403, refusal::LOCKED));
        assert_eq!(shown(&mut bench, &path, "co")["lockedOut"], true);
        assert_eq!(change(&mut bench, &path, "co", CO, NEW).error(), (403, refusal::LOCKED));
    }

    #[test]
    fn a_good_login_gives_all_attempts_back() {
        let mut bench = bench();
        let path = with_co(&mut bench);
        for _ in 0..9 {
            login(&mut bench, &path, "co", "wrong-one");
        }
        assert_eq!(shown(&mut bench, &path, "co")["loginAttemptsLeft"], 1);
        login(&mut bench, &path, "co", CO).created();
        assert_eq!(shown(&mut bench, &path, "co")["loginAttemptsLeft"], 10);
    }

    #[test]
    fn ten_failed_logins_of_the_so_zeroize_the_partition() {
        let mut bench = bench();
        let path = with_co(&mut bench);
        for _ in 0..10 {
            assert_eq!(
                login(&mut bench, &path, "so", "wrong-one").error(),
                (401, refusal::WRONG_PASSWORD)
            );
        }
        let partition = bench.get(&path).json();
        assert_eq!((&partition["state"], &partition["name"]), (&json!("zeroized"), &json!("app")));
        assert_eq!(login(&mut bench, &path, "so", SO).error(), (409, refusal::NOT_INITIALIZED));
    }

    #[test]
    fn passwords_have_the_length_that_the_policies_say() {
        let mut bench = bench();
        let path = initialized(&mut bench, 0);
        login(&mut bench, &path, "so", SO).created();
        let policy = format!("{path}/policies/25");
        assert_eq!(bench.put(&policy, json!({"value": 240})).status, 204);
        assert_eq!(init(&mut bench, &path, "co").error(), (400, "FRAMEWORK_BAD_REQUEST"));
        let long = json!({"password": "fifteen-letters"});
        assert_eq!(bench.put(&format!("{path}/roles/co"), long).status, 204);
    }

    #[test]
    fn an_officer_is_reset_only_where_the_hsm_lets_the_so() {
        let mut bench = bench();
        let path = with_co(&mut bench);
        let reset = format!("{path}/roles/co/actions/reset");
        let body = json!({"password": NEW});
        assert_eq!(bench.post(&reset, body.clone()).error(), (401, refusal::NOT_LOGGED_IN));
        login(&mut bench, &path, "so", SO).created();
        assert_eq!(bench.post(&reset, body).error(), (422, refusal::NOT_ALLOWED));
        bench.machine.state.hsm.policies.get_mut().insert(15, 1);
        bench.machine.keep();
        let task = bench.post(&reset, json!({"password": NEW})).created();
        assert_eq!(bench.get(&format!("{task}/response")).status, 204);
        for action in ["createChallenge", "deactivate"] {
            let path = format!("{path}/roles/co/actions/{action}");
            assert_eq!(bench.post(&path, json!({})).error(), (422, refusal::NOT_ALLOWED));
        }
        for _ in 0..10 {
            bench.local_login();
            login(&mut bench, &path, "co", "wrong-one");
        }
        bench.local_login();
        login(&mut bench, &path, "so", SO).created();
        bench.post(&reset, json!({"password": CO})).created();
        let role = shown(&mut bench, &path, "co");
        assert_eq!((&role["lockedOut"], &role["pinToBeChanged"]), (&json!(false), &json!(true)));
    }

    #[test]
    fn no_change_is_forced_where_the_hsm_does_not_want_it() {
        let mut bench = bench();
        bench.machine.state.hsm.policies.get_mut().insert(21, 0);
        bench.machine.keep();
        let path = with_co(&mut bench);
        assert_eq!(shown(&mut bench, &path, "co")["pinToBeChanged"], false);
    }

    #[test]
    fn the_officer_resets_the_user() {
        let mut bench = bench();
        let path = with_co(&mut bench);
        change(&mut bench, &path, "co", CO, NEW);
        login(&mut bench, &path, "co", NEW).created();
        init(&mut bench, &path, "cu").created();
        let reset = format!("{path}/roles/cu/actions/reset");
        let task = bench.post(&reset, json!({"password": "another-one"})).created();
        assert_eq!(bench.get(&format!("{task}/response")).status, 204);
        logout(&mut bench, &path);
        assert_eq!(login(&mut bench, &path, "cu", "another-one").status, 204);
        assert_eq!(shown(&mut bench, &path, "cu")["pinToBeChanged"], true);
    }
}
