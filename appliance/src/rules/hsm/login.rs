//! Roles of the HSM: login, logout, passwords, and the attempts that are left: the third wrong SO
//! password in a row zeroizes the HSM.

use luna_rest::hsm::{
    CHANGE_PASSWORD, ChangePassword, FORBIDDEN, INIT_ROLE, LOGIN, LOGOUT, Login, NOT_INITIALIZED,
    PUT_PASSWORD, ROLE, ROLE_ACT, ROLE_ACTIONS, ROLES, Role, RoleLink, Roles, WRONG_PASSWORD,
    ZEROIZED_BY_FAILURES,
};
use luna_rest::partitions::{InitRole, RoleAction};
use luna_rest::tasks::{Actions, Link};
use luna_rest::{Nothing, Secret};

use crate::core::logs::{LUNALOGS, Severity};
use crate::core::message::{Failure, Reply};
use crate::request::context::Context;
use crate::request::route::{Ids, MONITOR, OPERATOR, Routes};
use crate::rules::hsm::access;
use crate::rules::hsm::actions::no_action;

/// Wrong SO passwords in a row that zeroize the HSM.
pub(crate) const SO_ATTEMPTS: u32 = 3;

/// Identifier and name of each role.
const NAMES: [(&str, &str); 2] = [("audit", "Auditor"), ("so", "Security Officer")];

/// What can be done with a role, as the reference lists it.
const ACTIONS: [&str; 3] = ["createChallenge", "deactivate", "reset"];

pub(crate) fn routes(r: &mut Routes) {
    r.on(&LOGIN, OPERATOR.private(), login);
    r.on(&LOGOUT, OPERATOR.private(), logout);
    r.on(&ROLES, MONITOR, roles);
    r.on(&ROLE, MONITOR, role);
    r.on(&CHANGE_PASSWORD, OPERATOR.private(), change_password);
    r.on(&PUT_PASSWORD, OPERATOR.private(), put_password);
    r.on(&INIT_ROLE, OPERATOR.private(), init_role);
    r.on(&ROLE_ACTIONS, MONITOR, role_actions);
    r.on(&ROLE_ACT, OPERATOR.private(), act);
}

fn known(role: &str) -> Result<&'static str, Failure> {
    let found = NAMES.iter().find(|(id, _)| *id == role);
    found.map(|(_, name)| *name).ok_or_else(|| {
        Failure::new(404, "HSMPLUGIN_INVALID_ROLE", "The role does not exist.")
            .details(format!("An HSM has the roles 'so' and 'audit', not '{role}'."))
    })
}

fn not_initialized(cx: &Context<'_>, role: &str) -> Failure {
    if role == "audit" && cx.state.audit.auditor.get().initialized {
        let (id, message) = ("OPERATION_RESTRICTED", "The operation is not allowed.");
        return Failure::new(403, id, message).details(
            "The Auditor is for accounts of the role audit, with the menu audit of LunaSH.",
        );
    }
    if role == "so" {
        return Failure::new(
            400,
            NOT_INITIALIZED,
            "The HSM is in the factory reset (zeroized) state.",
        )
        .details("Initialize it first.");
    }
    Failure::new(400, "HSMPLUGIN_ROLE_NOT_INITIALIZED", "The role is not initialized.")
}

/// Checks a password of the SO that there is. A wrong one uses up an attempt, the last one zeroizes
/// the HSM; the attempt is gone even though the request fails.
///
/// # Errors
/// The password is wrong.
pub(crate) fn check_so(cx: &mut Context<'_>, password: &Secret) -> Result<(), Failure> {
    let row = cx.state.hsm.hsm.get_mut();
    if row.so.matches(password.expose()) {
        row.so_failures = 0;
        return Ok(());
    }
    row.so_failures += 1;
    row.counters.operation_errors += 1;
    let zeroized = row.so_failures >= SO_ATTEMPTS;
    cx.log(
        LUNALOGS,
        Severity::Warning,
        "lunash",
        match zeroized {
            true => "HSM Admin Login: HSM Zeroized due to three consecutive bad login attempts.",
            false => "HSM Admin Login: incorrect password or PED key",
        },
    );
    let row = cx.state.hsm.hsm.get_mut();
    if row.so_failures < SO_ATTEMPTS {
        let left = SO_ATTEMPTS.saturating_sub(row.so_failures);
        return Err(Failure::new(400, WRONG_PASSWORD, "The password is not correct.")
            .details(format!("Attempts left before the HSM is zeroized: {left}."))
            .keeping_changes());
    }
    row.counters.critical_events += 1;
    access::zeroize(cx);
    Err(Failure::new(
        400,
        ZEROIZED_BY_FAILURES,
        "The HSM is in the factory reset (zeroized) state.",
    )
    .details("Three wrong passwords in a row zeroized it.")
    .keeping_changes())
}

fn login(cx: &mut Context<'_>, ids: &Ids<1>, body: Login) -> Result<Reply<Nothing>, Failure> {
    access::begin(cx, &ids[0])?;
    cx.require_no_transport()?;
    known(&body.role)?;
    if body.role != "so" || !cx.state.hsm.hsm.get().initialized {
        return Err(not_initialized(cx, &body.role));
    }
    let Some(password) = body.password else {
        return Err(Failure::bad_request("missing field `password`"));
    };
    cx.session_mut().hsm_logins.remove("so");
    check_so(cx, &password)?;
    cx.session_mut().hsm_logins.insert("so".to_owned());
    // Assumed: what the last part of this path counts was not found.
    Ok(Reply::created(format!("{}/so/0", LOGIN.path(&[&ids[0]]))))
}

fn logout(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    access::begin(cx, &ids[0])?;
    cx.session_mut().hsm_logins.clear();
    Ok(Reply::created(luna_rest::hsm::SHOW.path(&[&ids[0]])))
}

fn roles(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Roles>, Failure> {
    access::check_id(cx, &ids[0])?;
    let link = |(id, name): &(&str, &str)| RoleLink {
        id: (*id).to_owned(),
        name: (*name).to_owned(),
        url: ROLE.path(&[&ids[0], id]),
    };
    Ok(Reply::ok(Roles { roles: NAMES.iter().map(link).collect() }))
}

fn role(cx: &mut Context<'_>, ids: &Ids<2>, _: Nothing) -> Result<Reply<Role>, Failure> {
    access::check_id(cx, &ids[0])?;
    let name = known(&ids[1])?;
    let row = cx.state.hsm.hsm.get();
    let auditor = cx.state.audit.auditor.get();
    let (auditors_left, locked) = auditor.attempts(cx.now);
    let initialized = if &ids[1] == "so" { row.initialized } else { auditor.initialized };
    let left = match ids[1].as_str() {
        "so" if initialized => SO_ATTEMPTS.saturating_sub(row.so_failures),
        "so" => 0,
        _ if initialized => auditors_left,
        // As in the reference's example of an auditor that is not initialized.
        _ => 10,
    };
    Ok(Reply::ok(Role {
        activated: false,
        challenge_to_be_changed: false,
        change_password_attempts_left: left.min(SO_ATTEMPTS),
        id: ids[1].to_owned(),
        indirect_login_version: "None".to_owned(),
        initialized,
        locked_out: &ids[1] == "audit" && locked.is_some(),
        login_attempts_left: left,
        name: name.to_owned(),
        pin_to_be_changed: false,
        primary_authentication: "PIN".to_owned(),
        secondary_authentication: "None".to_owned(),
    }))
}

fn change_password(
    cx: &mut Context<'_>,
    ids: &Ids<2>,
    body: ChangePassword,
) -> Result<Reply<Nothing>, Failure> {
    set_password(cx, &ids[0], &ids[1], &body)?;
    Ok(Reply::accepted(ROLE.path(&[&ids[0], &ids[1]])))
}

fn put_password(
    cx: &mut Context<'_>,
    ids: &Ids<2>,
    body: ChangePassword,
) -> Result<Reply<Nothing>, Failure> {
    set_password(cx, &ids[0], &ids[1], &body)?;
    Ok(Reply::done())
}

/// Assumed: a wrong old password counts as a failed login, since its answer reveals as much.
fn set_password(
    cx: &mut Context<'_>,
    hsm: &str,
    role: &str,
    body: &ChangePassword,
) -> Result<(), Failure> {
    access::begin(cx, hsm)?;
    cx.require_no_transport()?;
    known(role)?;
    if role != "so" || !cx.state.hsm.hsm.get().initialized {
        return Err(not_initialized(cx, role));
    }
    access::check_password(body.new_password.expose())?;
    check_so(cx, &body.old_password)?;
    let hash = cx.hash(body.new_password.expose());
    cx.state.hsm.hsm.get_mut().so = hash;
    Ok(())
}

fn role_actions(cx: &mut Context<'_>, ids: &Ids<2>, _: Nothing) -> Result<Reply<Actions>, Failure> {
    access::check_id(cx, &ids[0])?;
    known(&ids[1])?;
    let parent = ROLE_ACTIONS.path(&[&ids[0], &ids[1]]);
    Ok(Reply::ok(Actions { actions: ACTIONS.map(|id| Link::below(&parent, id)).to_vec() }))
}

/// The SO is made with the HSM, and the auditor by LunaSH: the reference calls this forbidden.
fn init_role(cx: &mut Context<'_>, ids: &Ids<2>, _: InitRole) -> Result<Reply<Nothing>, Failure> {
    access::begin(cx, &ids[0])?;
    known(&ids[1])?;
    Err(Failure::new(403, FORBIDDEN, "This operation is forbidden.").details(
        "The Security Officer is initialized with the HSM, the Auditor by LunaSH's audit init.",
    ))
}

/// The actions are for roles that an HSM of this kind has not: the reference says that they do not
/// apply to the SO, and that challenges belong to multifactor authentication. That the auditor cannot
/// be reset either is assumed.
fn act(cx: &mut Context<'_>, ids: &Ids<3>, _: RoleAction) -> Result<Reply<Nothing>, Failure> {
    access::begin(cx, &ids[0])?;
    known(&ids[1])?;
    let refused = |details: String| {
        let id = "HSMPLUGIN_FUNC_NOT_SUPPORTED";
        Err(Failure::new(400, id, "The role does not have this action.").details(details))
    };
    match ids[2].as_str() {
        "reset" => refused(format!("Nobody can reset the password of the role '{}'.", ids[1])),
        "createChallenge" | "deactivate" => refused(
            "Challenges and activation belong to multifactor authentication; this HSM \
             authenticates by password."
                .to_owned(),
        ),
        other => Err(no_action("A role", other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::hsm::lifecycle::tests::PASSWORD;
    use crate::test_machine::TestMachine;
    use serde_json::json;

    #[test]
    fn three_wrong_passwords_in_a_row_zeroize_the_hsm_across_restarts() {
        let mut bench = TestMachine::new();
        bench.hsm_init().created();
        assert_eq!(bench.so_login("wrong").error(), (400, WRONG_PASSWORD));
        assert_eq!(bench.hsm()["soLoginsLeft"], 2);
        bench.restart();
        assert_eq!(bench.so_login("wrong").error(), (400, WRONG_PASSWORD));
        bench.restart();
        assert_eq!(bench.hsm()["soLoginsLeft"], 1);
        assert_eq!(bench.so_login("wrong").error(), (400, ZEROIZED_BY_FAILURES));
        bench.restart();
        let hsm = bench.hsm();
        assert_eq!((&hsm["zeroized"], &hsm["label"]), (&json!(true), &json!("")));
        assert_eq!(hsm["manuallyZeroized"], false);
        assert_eq!(bench.so_login(PASSWORD).error(), (400, NOT_INITIALIZED));
    }

    #[test]
    fn a_right_password_gives_the_attempts_back() {
        let mut bench = TestMachine::new();
        bench.hsm_init().created();
        for _ in 0..2 {
            bench.so_login("wrong");
        }
        assert_eq!(bench.so_login(PASSWORD).status, 204);
        let role = bench.get(&bench.hsm_path("/roles/so")).json();
        assert_eq!((&role["loginAttemptsLeft"], &role["initialized"]), (&json!(3), &json!(true)));
        assert_eq!(bench.so_login("wrong").error(), (400, WRONG_PASSWORD));
        assert_eq!(bench.hsm()["soLoggedIn"], false, "a failed login leaves nobody logged in");
    }

    #[test]
    fn a_login_belongs_to_its_session_and_zeroization_ends_all() {
        let mut bench = TestMachine::with_so();
        bench.user("jane", "Abcdef12", "admin");
        bench.login("jane", "Abcdef12");
        assert_eq!(bench.hsm()["soLoggedIn"], false);
        bench.so_login(PASSWORD);
        let jane = |bench: &mut TestMachine| bench.session("jane").is_so();
        assert!(jane(&mut bench));
        bench.local_login();
        for _ in 0..3 {
            bench.so_login("wrong");
        }
        assert!(!jane(&mut bench));
    }

    #[test]
    fn a_login_needs_a_private_session() {
        let mut bench = TestMachine::new();
        bench.hsm_init().created();
        bench.user("jane", "Abcdef12", "admin");
        bench.basic("jane", "Abcdef12");
        assert_eq!(bench.so_login(PASSWORD).error(), (401, "FRAMEWORK_SESSION_NOT_PRIVATE"));
    }

    #[test]
    fn a_logout_ends_the_login() {
        let mut bench = TestMachine::with_so();
        assert_eq!(bench.post(&bench.hsm_path("/logout"), json!({})).status, 204);
        assert_eq!(bench.hsm()["soLoggedIn"], false);
    }

    #[test]
    fn the_so_changes_the_password_with_the_old_one() {
        let mut bench = TestMachine::new();
        bench.hsm_init().created();
        let body = |old: &str, new: &str| json!({"oldPassword": old, "newPassword": new});
        let role = bench.hsm_path("/roles/so");
        assert_eq!(
            bench.patch(&role, body("wrong", "new-password")).error(),
            (400, WRONG_PASSWORD)
        );
        assert_eq!(bench.hsm()["soLoginsLeft"], 2);
        assert_eq!(bench.patch(&role, body(PASSWORD, "short")).error().0, 400);
        assert_eq!(bench.patch(&role, body(PASSWORD, "new-password")).status, 202);
        assert_eq!(bench.so_login("new-password").status, 204);
        let put = bench.hsm_path("/roles/so/password");
        assert_eq!(bench.put(&put, body("new-password", PASSWORD)).status, 204);
        let audit = bench.hsm_path("/roles/audit");
        assert_eq!(bench.patch(&audit, body("x", PASSWORD)).error().0, 400);
        assert_eq!(bench.get(&bench.hsm_path("/roles/cu")).error().0, 404);
    }

    #[test]
    fn roles_are_not_initialized_here_and_have_no_challenges() {
        let mut bench = TestMachine::with_so();
        let password = json!({"password": PASSWORD});
        for role in ["so", "audit"] {
            let path = bench.hsm_path(&format!("/roles/{role}"));
            assert_eq!(bench.put(&path, password.clone()).error(), (403, FORBIDDEN));
            let actions = bench.get(&format!("{path}/actions")).json();
            for action in actions["actions"].as_array().unwrap() {
                let refused = bench.post(action["url"].as_str().unwrap(), password.clone());
                assert_eq!(refused.error(), (400, "HSMPLUGIN_FUNC_NOT_SUPPORTED"), "{action}");
            }
            let unknown = bench.post(&format!("{path}/actions/promote"), json!({}));
            assert_eq!(unknown.error().0, 404);
        }
        assert_eq!(bench.put(&bench.hsm_path("/roles/cu"), password).error().0, 404);
        assert_eq!(bench.so_login(PASSWORD).status, 204, "nothing has changed");
    }
}
