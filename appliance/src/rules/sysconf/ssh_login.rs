//! Logins over SSH: who is let in, from where, with what proof. The server that speaks SSH is
//! `ssh_door.rs`; it asks here with the key of the data folder, and gets the session of the LunaSH that it
//! starts.

use std::net::{IpAddr, SocketAddr};

use luna_rest::auth::LOGIN;
use luna_rest::ssh::{ENTER, Enter, Entered, Proof};
use time::OffsetDateTime;

use crate::core::logs::{MESSAGES, Severity};
use crate::core::message::{Failure, Reply};
use crate::core::text::time_text;
use crate::request::auth;
use crate::request::context::Context;
use crate::request::route::{Ids, OPEN, Routes};
use crate::request::session::Key;
use crate::state::sysconf::{LastLoginRow, RejectedRow};

/// How many refused logins are kept.
const REJECTED: usize = 100;

pub(crate) fn routes(r: &mut Routes) {
    r.on(&ENTER, OPEN, enter);
}

fn enter(cx: &mut Context<'_>, _: &Ids<0>, body: Enter) -> Result<Reply<Entered>, Failure> {
    auth::require_local_key(cx)?;
    let from: SocketAddr =
        body.from.parse().map_err(|_| Failure::bad_request("'from' is no address with port."))?;
    let user = body.user_id.as_str();
    let method = match &body.proof {
        Proof::Password(_) => "password",
        Proof::Key(_) | Proof::Offer(_) => "publickey",
        Proof::Session(cookie) => return further(cx, user, from, cookie.expose()),
    };
    if may_not_come_from(cx, user, from.ip()) {
        tell(cx, Severity::Warning, &format!("Refused {method}"), user, from);
        reject(cx, user, from.ip());
        // No failure, which would take back that it was noted.
        return Ok(Reply::ok(Entered::default()).status(403));
    }
    if let Err(refusal) = prove(cx, user, &body.proof) {
        // A key that is only offered is no attempt yet.
        if !matches!(body.proof, Proof::Offer(_)) {
            tell(cx, Severity::Warning, &format!("Failed {method}"), user, from);
        }
        return Err(refusal);
    }
    if matches!(body.proof, Proof::Offer(_)) {
        return Ok(Reply::ok(Entered::default()));
    }
    tell(cx, Severity::Info, &format!("Accepted {method}"), user, from);
    let last = cx.state.sysconf.ssh_last_logins.get(user).cloned().unwrap_or_default();
    let now = LastLoginRow { time: cx.now.unix_timestamp(), address: from.ip().to_string() };
    cx.state.sysconf.ssh_last_logins.insert(user, now);
    let entered = Entered {
        last_time: if last.address.is_empty() { String::new() } else { seconds_text(last.time) },
        last_address: last.address,
        version: cx.state.lunasa.settings.get().version.clone(),
    };
    Ok(auth::open_private(cx, user.to_owned(), Some(from)).with(entered))
}

/// A further session of the same person: of each LunaSH that he starts.
fn further(
    cx: &mut Context<'_>,
    user: &str,
    from: SocketAddr,
    cookie: &str,
) -> Result<Reply<Entered>, Failure> {
    let key = Key::Cookie(cookie.to_owned());
    let known = cx.sessions.touch(&key, cx.now);
    let first = cx.sessions.get(&key);
    if !known || first.user != user || first.over_ssh_from != Some(from) {
        return Err(auth::not_authenticated("The login has ended."));
    }
    Ok(auth::open_private(cx, user.to_owned(), Some(from)).with(Entered::default()))
}

fn may_not_come_from(cx: &Context<'_>, user: &str, from: IpAddr) -> bool {
    let hosts = cx.state.sysconf.ssh_clients.get(user);
    hosts.is_some_and(|hosts| !hosts.contains(&from.to_string()))
}

/// Checks all else that speaks against letting somebody in.
fn prove(cx: &mut Context<'_>, user: &str, proof: &Proof) -> Result<(), Failure> {
    let refuse = |details: &str| auth::not_authenticated(details);
    if !cx.state.services.is_running("ssh") {
        return Err(refuse("The service ssh does not run."));
    }
    let settings = cx.state.sysconf.ssh.get();
    match proof {
        Proof::Password(_) if !settings.password => Err(refuse("Passwords are not accepted.")),
        Proof::Password(password) => {
            auth::check_password(cx.state, cx.sessions, user, password, cx.now)?;
            auth::may_log_in(cx, user, LOGIN.resource())
        }
        Proof::Key(_) | Proof::Offer(_) if !settings.public_key => {
            Err(refuse("Public keys are not accepted."))
        }
        Proof::Key(fingerprint) | Proof::Offer(fingerprint) => {
            let row = cx.state.users.users.get(user);
            let keys = row.map(|row| row.public_keys.as_slice()).unwrap_or_default();
            if !keys.iter().any(|key| key.fingerprint == *fingerprint) {
                return Err(refuse("The account does not have this public key."));
            }
            auth::may_log_in(cx, user, LOGIN.resource())
        }
        Proof::Session(_) => Err(refuse("A session proves nothing here.")),
    }
}

fn reject(cx: &mut Context<'_>, user: &str, from: IpAddr) {
    let time = cx.now.unix_timestamp();
    let rejected = cx.state.sysconf.ssh_rejected.get_mut();
    rejected.push(RejectedRow { user: user.to_owned(), host: from.to_string(), time });
    let surplus = rejected.len().saturating_sub(REJECTED);
    rejected.drain(..surplus);
}

/// A line of the log, as sshd words it. A name that no account has may be a password: it is not named.
fn tell(cx: &Context<'_>, severity: Severity, what: &str, user: &str, from: SocketAddr) {
    let user = if cx.state.users.users.contains(user) { user } else { "invalid user" };
    let (address, port) = (from.ip(), from.port());
    let text = format!("{what} for {user} from {address} port {port} ssh2");
    cx.log(MESSAGES, severity, "sshd", &text);
}

pub(super) fn seconds_text(seconds: i64) -> String {
    time_text(OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH))
}

#[cfg(test)]
mod tests {
    use luna_rest::Method;
    use serde_json::{Value, json};

    use super::*;
    use crate::core::message::{Body, Request};
    use crate::test_machine::{Answer, KEY, TestMachine};

    const ALICE: &str = "Abcdef12";

    fn enter_with(bench: &mut TestMachine, key: &str, body: &Value) -> Answer {
        let mut request = Request::new(Method::Post, ENTER.template());
        request.local_key = Some(key.into());
        request.body = Body::Plain(body.to_string().into_bytes());
        request.content_type = "application/vnd.safenetinc.lunasa+json;version=17".to_owned();
        bench.send(request)
    }

    fn come(bench: &mut TestMachine, user: &str, from: &str, proof: Value) -> Answer {
        let body = json!({"userId": user, "from": format!("{from}:51000"), "proof": proof});
        enter_with(bench, KEY, &body)
    }

    fn bench() -> TestMachine {
        let mut bench = TestMachine::new();
        bench.user("Alice", ALICE, "monitor");
        bench
    }

    #[test]
    fn a_password_opens_a_session_whose_deeds_bear_the_address() {
        let mut bench = bench();
        let entered = come(&mut bench, "Alice", "10.1.0.9", json!({"password": ALICE}));
        assert_eq!(entered.json()["lastTime"], "");
        bench.get("/api/lunasa/syslog");
        bench.post("/emulator/lunash/log", json!({"command": "hsm show", "code": 0}));
        bench.local_login();
        let again = come(&mut bench, "Alice", "10.1.0.8", json!({"password": ALICE})).json();
        assert_eq!(
            (&again["lastTime"], &again["lastAddress"]),
            (&json!("2025-01-02T03:04:05Z"), &json!("10.1.0.9"))
        );
    }

    #[test]
    fn nobody_enters_without_the_key_of_the_folder() {
        let body = json!({"userId": "Alice", "from": "10.1.0.9:1", "proof": {"password": ALICE}});
        let refused = enter_with(&mut bench(), "wrong", &body);
        assert_eq!(refused.error(), (401, "EMULATOR_WRONG_KEY"));
    }

    #[test]
    fn settings_of_the_server_hold() {
        let mut bench = bench();
        let refused = (401, "SERVERPLUGIN_USERID_NOT_AUTHORIZED");
        let password = json!({"password": ALICE});
        bench.post("/emulator/lunash/ssh/clients/Alice", json!({"hosts": ["10.1.0.9"]}));
        assert_eq!(come(&mut bench, "Alice", "10.1.0.8", password.clone()).status, 403);
        bench.local_login();
        let rejected = bench.get("/emulator/lunash/ssh/rejectedClients").json();
        assert_eq!(rejected["clients"][0]["host"], "10.1.0.8");
        assert_eq!(come(&mut bench, "Alice", "10.1.0.9", password.clone()).status, 200);
        bench.local_login();
        bench.patch("/api/lunasa/ssh", json!({"isPasswordAuthenticationEnabled": false}));
        assert_eq!(come(&mut bench, "Alice", "10.1.0.9", password.clone()).error(), refused);
        bench.local_login();
        bench.patch("/api/lunasa/ssh", json!({"isPasswordAuthenticationEnabled": true}));
        bench.machine.state.services.set_running("ssh", false);
        bench.store();
        assert_eq!(come(&mut bench, "Alice", "10.1.0.9", password).error(), refused);
    }

    #[test]
    fn wrong_passwords_lock_as_elsewhere_and_offers_count_for_nothing() {
        let mut bench = bench();
        for _ in 0..5 {
            come(&mut bench, "Alice", "10.1.0.9", json!({"offer": "SHA256:none"}));
        }
        assert_eq!(come(&mut bench, "Alice", "10.1.0.9", json!({"password": ALICE})).status, 200);
        for _ in 0..3 {
            come(&mut bench, "Alice", "10.1.0.9", json!({"password": "wrong"}));
        }
        let locked = come(&mut bench, "Alice", "10.1.0.9", json!({"password": ALICE}));
        assert_eq!(locked.status, 401);
    }
}
