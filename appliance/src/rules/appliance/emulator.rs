//! What only the emulator offers: local login, open sessions, the clock, going back to factory state.
//!
//! A request here needs the data folder's key or an administrator's session.

use luna_rest::Nothing;
use luna_rest::emulator::{
    self, BECOME_BACKUP_HSM, CLOCK, Clock, MOVE_CLOCK, MoveClock, RESET, SESSION, SESSIONS,
    Sessions,
};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use crate::core::message::{Failure, Reply};
use crate::core::text::time_text;
use crate::request::auth;
use crate::request::context::Context;
use crate::request::peers::{AfterCommit, Peers};
use crate::request::route::{ADMIN, Ids, OPEN, Routes};
use crate::request::session::Session;
use crate::rules::token::devices;

pub(crate) fn routes(r: &mut Routes) {
    r.on(&SESSION, OPEN, session);
    r.on(&SESSIONS, ADMIN, sessions);
    r.on(&CLOCK, ADMIN, clock);
    r.on(&MOVE_CLOCK, ADMIN, move_clock);
    r.on(&RESET, ADMIN, reset);
    r.on(&BECOME_BACKUP_HSM, ADMIN, become_backup_hsm);
}

fn session(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    auth::require_local_key(cx)?;
    let (user, role) = ("admin".to_owned(), "admin".to_owned());
    Ok(auth::open(cx, Session { user, role, private: true, local: true, ..Session::default() }))
}

fn sessions(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Sessions>, Failure> {
    let shown = |session: &Session| emulator::Session {
        user: session.user.clone(),
        ssh: session.over_ssh_from.map(|from| from.to_string()),
    };
    Ok(Reply::ok(Sessions { data: cx.sessions.list(cx.now).into_iter().map(shown).collect() }))
}

fn clock(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Clock>, Failure> {
    Ok(Reply::ok(Clock { now: time_text(cx.now), fixed: cx.options.clock.is_some() }))
}

fn move_clock(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    body: MoveClock,
) -> Result<Reply<Nothing>, Failure> {
    let time = match (body.set, body.advance) {
        (Some(text), None) => OffsetDateTime::parse(&text, &Rfc3339)
            .map_err(|_| Failure::bad_request("'set' is no RFC 3339 time."))?,
        (None, Some(seconds)) => cx.now + Duration::seconds(seconds.into()),
        _ => return Err(Failure::bad_request("Give either 'set' or 'advance'.")),
    };
    cx.set_clock(time)?;
    cx.peers.after_commit = Some(AfterCommit::Look);
    Ok(Reply::done())
}

fn reset(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    let random = cx.options.first_random(cx.secret);
    let audited = cx.state.audit.chain.get().clone();
    cx.state.factory(&cx.options.hostname, cx.options.clock.unwrap_or(cx.now), random);
    cx.state.audit.begin_anew(&audited);
    cx.sessions.reset();
    cx.tasks.clear();
    *cx.peers = Peers::default();
    Ok(Reply::done())
}

fn become_backup_hsm(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    _: Nothing,
) -> Result<Reply<Nothing>, Failure> {
    let row = cx.state.hsm.hsm.get_mut();
    if row.initialized || row.manually_zeroized {
        return Err(Failure::new(409, emulator::HSM_IN_USE, "The HSM is in use.")
            .details("Only one that nobody has used yet becomes a Backup HSM."));
    }
    row.backup = true;
    // It cannot go back: an older one is not known.
    (row.firmware, row.rollback) = (devices::FIRMWARE.to_owned(), String::new());
    Ok(Reply::done())
}

#[cfg(test)]
mod tests {
    use crate::test_machine::TestMachine;
    use serde_json::json;

    #[test]
    fn an_hsm_becomes_a_backup_hsm_until_it_is_used() {
        let mut bench = TestMachine::new();
        bench.local_login();
        let audit = luna_rest::audit::SHOW.template();
        assert_eq!(bench.get(audit).error().1, "FRAMEWORK_NO_ACL_RULE");
        let path = luna_rest::emulator::BECOME_BACKUP_HSM.template();
        assert_eq!(bench.post(path, json!({})).status, 204);
        assert_eq!(bench.get(&bench.hsm_path("")).json()["model"], "Luna G7");
        assert_eq!(bench.get(audit).status, 200, "it has no accounts");

        let mut used = TestMachine::with_so();
        used.local_login();
        assert_eq!(used.post(path, json!({})).error(), (409, "EMULATOR_HSM_IN_USE"));
    }

    #[test]
    fn the_clock_stands_still_until_it_is_moved() {
        let mut bench = TestMachine::new();
        let now = |bench: &mut TestMachine| bench.get("/emulator/clock").json()["now"].clone();
        assert_eq!(now(&mut bench), "2025-01-02T03:04:05Z");
        assert_eq!(bench.put("/emulator/clock", json!({"advance": 60})).status, 204);
        assert_eq!(now(&mut bench), "2025-01-02T03:05:05Z");
        let set = json!({"set": "2026-01-01T00:00:00+01:00"});
        assert_eq!(bench.put("/emulator/clock", set).status, 204);
        bench.local_login();
        assert_eq!(now(&mut bench), "2025-12-31T23:00:00Z");
        assert_eq!(bench.put("/emulator/clock", json!({})).error(), (400, "FRAMEWORK_BAD_REQUEST"));
    }

    #[test]
    fn open_sessions_are_listed_until_they_have_been_idle() {
        let mut bench = TestMachine::new();
        bench.user("jane", "Abcdef12", "monitor");
        bench.login("jane", "Abcdef12");
        let jane_after = |bench: &mut TestMachine, seconds: u32| {
            bench.advance(seconds);
            bench.local_login();
            let listed = bench.get("/emulator/sessions").json()["data"].take();
            listed.as_array().unwrap().contains(&json!({"user": "jane"}))
        };
        assert!(jane_after(&mut bench, 599));
        assert!(!jane_after(&mut bench, 1));
    }

    #[test]
    fn the_clock_takes_no_time_that_dates_cannot_hold_and_can_be_set_right_again() {
        let mut bench = TestMachine::new();
        let clock = "/emulator/clock";
        for wrong in [
            json!({"set": "9999-12-31T23:59:59Z"}),
            json!({"set": "0000-01-01T00:00:00Z"}),
            json!({"set": "2100-01-01T00:00:00Z"}),
            json!({"set": "2099-12-31T23:59:59-01:00"}),
            json!({"set": "1970-01-01T00:00:00+01:00"}),
            json!({"advance": u32::MAX}),
        ] {
            assert_eq!(bench.put(clock, wrong).error(), (400, "FRAMEWORK_BAD_REQUEST"));
        }
        assert_eq!(bench.get(clock).json()["now"], "2025-01-02T03:04:05Z");
        for (stored, shown) in [
            (i64::MAX, "2099-12-31T23:59:59Z"),
            (i64::MIN, "1970-01-01T00:00:00Z"),
            (253_402_300_799_000, "2099-12-31T23:59:59Z"),
        ] {
            bench.machine.state.emulator.clock.set(stored);
            bench.store();
            bench.restart();
            assert_eq!(bench.get(clock).json()["now"], shown);
            assert_eq!(bench.put(clock, json!({"set": "2025-01-02T03:04:05Z"})).status, 204);
            bench.local_login();
            assert_eq!(bench.get(clock).json()["now"], "2025-01-02T03:04:05Z");
        }
    }

    #[test]
    fn reset_makes_the_same_appliance_again() {
        let mut bench = TestMachine::new();
        let serial = bench.get("/api/lunasa/hsms").json();
        bench.user("jane", "Abcdef12", "monitor");
        assert_eq!(bench.post("/emulator/reset", json!({})).status, 204);
        assert_eq!(bench.get("/users").error(), (401, "FRAMEWORK_NO_SESSION_COOKIE"));
        bench.local_login();
        assert_eq!(bench.get("/users/jane").status, 404);
        assert_eq!(bench.get("/api/lunasa/hsms").json(), serial);
        bench.restart();
        assert_eq!(bench.get("/users/jane").status, 404, "the store forgot her too");
    }

    #[test]
    fn only_the_key_of_the_folder_opens_a_local_session() {
        let mut bench = TestMachine::new();
        for key in ["", "x", "0000"] {
            assert_eq!(bench.local_login_with(key).error(), (401, "EMULATOR_WRONG_KEY"), "{key}");
        }
    }
}
