//! Rules for passwords and lockouts of accounts: `/api/lunasa/user/config`.

use luna_rest::Nothing;
use luna_rest::tasks::{Actions, Link};
use luna_rest::users::{
    CHANGE_PASSWORD_RULES, CONFIG, ChangePasswordRules, Config, LOGIN_ACTIONS, LOGIN_RULES,
    LoginRules, PASSWORD_ACT, PASSWORD_ACTIONS, PASSWORD_RULES, PasswordRules, SET_LOGIN_RULES,
    SetLoginRules, Toggle,
};

use crate::core::message::{Failure, Reply};
use crate::request::context::Context;
use crate::request::route::{ADMIN, Ids, Routes};
use crate::state::users::LoginSettings;

pub(crate) fn routes(r: &mut Routes) {
    r.on(&CONFIG, ADMIN, config);
    r.on(&PASSWORD_RULES, ADMIN, password_rules);
    r.on(&CHANGE_PASSWORD_RULES, ADMIN, change_password_rules);
    r.on(&PASSWORD_ACTIONS, ADMIN, password_actions);
    r.on(&PASSWORD_ACT, ADMIN, password_act);
    r.on(&LOGIN_RULES, ADMIN, login_rules);
    r.on(&LOGIN_ACTIONS, ADMIN, login_actions);
    r.on(&SET_LOGIN_RULES, ADMIN, set_login_rules);
}

fn config(_: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Config>, Failure> {
    let (login, password) = (LOGIN_RULES.template(), PASSWORD_RULES.template());
    Ok(Reply::ok(Config { login: login.to_owned(), password: password.to_owned() }))
}

fn login_actions(_: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Actions>, Failure> {
    Ok(Reply::ok(Actions::default()))
}

fn password_rules(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    _: Nothing,
) -> Result<Reply<PasswordRules>, Failure> {
    let rules = cx.state.users.password_rules.get();
    Ok(Reply::ok(PasswordRules {
        actions: PASSWORD_ACTIONS.template().to_owned(),
        expiry_days: rules.expiry_days,
        history: rules.history,
        minimum_length: rules.minimum_length,
    }))
}

fn within(name: &str, value: u32, low: u32, high: u32) -> Result<u32, Failure> {
    if (low..=high).contains(&value) {
        return Ok(value);
    }
    Err(Failure::bad_request(format!("'{name}' must be {low} to {high}.")))
}

fn change_password_rules(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    body: ChangePasswordRules,
) -> Result<Reply<Nothing>, Failure> {
    let rules = cx.state.users.password_rules.get_mut();
    if let Some(days) = body.expiry_days {
        rules.expiry_days = within("expiryDays", days, 1, 365)?;
    }
    if let Some(history) = body.history {
        rules.history = within("history", history, 1, 10)?;
    }
    if let Some(length) = body.minimum_length {
        rules.minimum_length = within("minimumLength", length, 8, 30)?;
    }
    Ok(Reply::done())
}

fn password_actions(
    _: &mut Context<'_>,
    _: &Ids<0>,
    _: Nothing,
) -> Result<Reply<Actions>, Failure> {
    let link = |id: &&str| Link::below(PASSWORD_ACTIONS.template(), id);
    Ok(Reply::ok(Actions { actions: ["enable", "disable"].iter().map(link).collect() }))
}

fn password_act(
    cx: &mut Context<'_>,
    ids: &Ids<1>,
    body: Toggle,
) -> Result<Reply<Nothing>, Failure> {
    let on = match ids[0].as_str() {
        "enable" => true,
        "disable" => false,
        _ => {
            let id = "APPLIANCE_ACTION_DOES_NOT_EXIST";
            return Err(Failure::new(404, id, "The action does not exist."));
        }
    };
    let both = || vec!["expiryDays".to_owned(), "history".to_owned()];
    let rules = cx.state.users.password_rules.get_mut();
    for setting in body.settings_to_toggle.unwrap_or_else(both) {
        match setting.as_str() {
            "expiryDays" => rules.expires = on,
            "history" => rules.remembers = on,
            _ => {
                return Err(Failure::bad_request(
                    "'settingsToToggle' takes expiryDays and history.",
                ));
            }
        }
    }
    Ok(Reply::done())
}

fn login_rules(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<LoginRules>, Failure> {
    let rules = cx.state.users.login_rules.get();
    Ok(Reply::ok(LoginRules {
        actions: LOGIN_ACTIONS.template().to_owned(),
        detection_window_seconds: rules.detection_window_seconds,
        lockout_duration_seconds: rules.lockout_duration_seconds,
        max_failed_attempts: rules.max_failed_attempts,
    }))
}

fn set_login_rules(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    body: SetLoginRules,
) -> Result<Reply<Nothing>, Failure> {
    let seconds = |name, value| within(name, value, 60, 86_400);
    cx.state.users.login_rules.set(LoginSettings {
        detection_window_seconds: seconds("detectionWindowSeconds", body.detection_window_seconds)?,
        lockout_duration_seconds: seconds("lockoutDurationSeconds", body.lockout_duration_seconds)?,
        max_failed_attempts: body.max_failed_attempts,
    });
    Ok(Reply::done())
}

#[cfg(test)]
mod tests {
    use crate::test_machine::TestMachine;
    use serde_json::json;

    #[test]
    fn history_and_expiry_work_once_they_are_on() {
        let mut bench = TestMachine::new();
        bench.user("jane", "Abcdef12", "admin");
        let rules = "/api/lunasa/user/config/password";
        assert_eq!(bench.patch(rules, json!({"history": 2, "expiryDays": 3})).status, 204);
        assert_eq!(bench.post(&format!("{rules}/actions/enable"), json!({})).status, 204);
        assert_eq!(bench.get("/users/jane").json()["passwordExpiryDaysRemaining"], 3);
        bench.login("jane", "Abcdef12");
        let mut change = |old: &str, new: &str| {
            let body = json!({"password": new, "currentPassword": old});
            bench.post("/users/jane/actions/changePassword", body).status
        };
        assert_eq!(change("Abcdef12", "Abcdef12"), 400);
        assert_eq!(change("Abcdef12", "Abcdef13"), 204);
        assert_eq!(change("Abcdef13", "Abcdef12"), 400);
        assert_eq!(change("Abcdef13", "Abcdef14"), 204);
        bench.advance(4 * 86_400);
        bench.login("jane", "Abcdef14");
        assert_eq!(bench.get("/users").error(), (403, "FRAMEWORK_PASSWORD_CHANGE_REQUIRED"));
    }

    #[test]
    fn a_refused_rule_changes_none() {
        let mut bench = TestMachine::new();
        let rules = "/api/lunasa/user/config/password";
        assert_eq!(bench.patch(rules, json!({"history": 2, "minimumLength": 31})).status, 400);
        assert_eq!(bench.get(rules).json()["history"], 4);
        let login = "/api/lunasa/user/config/login";
        assert_eq!(bench.get(login).json()["maxFailedAttempts"], 3);
        let body = json!({"detectionWindowSeconds": 60, "lockoutDurationSeconds": 60, "maxFailedAttempts": 0});
        assert_eq!(bench.put(login, body).status, 204);
        bench.user("jane", "Abcdef12", "");
        (0..9).for_each(|_| drop(bench.login("jane", "wrong")));
        assert_eq!(bench.login("jane", "Abcdef12").status, 204, "0 never locks");
    }
}
