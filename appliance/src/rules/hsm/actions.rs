//! Actions of the HSM: zeroization, factory reset, Secure Transport Mode, tampers.

use luna_rest::Nothing;
use luna_rest::hsm::{
    ACT, ACTIONS, Action, CAUSE_TAMPER, CauseTamper, TAMPER, TAMPER_ACT, TAMPER_ACTIONS, Tamper,
    TamperEvent, Transport, VERIFICATION,
};
use luna_rest::tasks::{Actions, Link};
use ring::digest::{SHA256, digest};
use time::OffsetDateTime;

use crate::core::message::{Failure, Reply};
use crate::core::text::{clock_text, date_text, is_name};
use crate::request::audit_log::told;
use crate::request::context::Context;
use crate::request::route::{ADMIN, Ids, MONITOR, OPERATOR, Routes};
use crate::rules::hsm::access;
use crate::state::hsm::HsmRow;
use crate::state::hsm_policies::{DECOMMISSION_ON_TAMPER, DISABLE_DECOMMISSION};

pub(crate) fn routes(r: &mut Routes) {
    r.on(&ACTIONS, MONITOR, actions);
    r.on(&ACT, OPERATOR.private(), act);
    r.on(&VERIFICATION, OPERATOR.private(), verify);
    r.on(&TAMPER, MONITOR, tamper);
    r.on(&TAMPER_ACTIONS, MONITOR, tamper_actions);
    r.on(&TAMPER_ACT, OPERATOR.private(), clear_tamper);
    r.on(&CAUSE_TAMPER, ADMIN, cause_tamper);
}

fn links(parent: &str, ids: &[&str]) -> Actions {
    Actions { actions: ids.iter().map(|id| Link::below(parent, id)).collect() }
}

pub(crate) fn no_action(what: &str, action: &str) -> Failure {
    Failure::new(404, "HSMPLUGIN_INVALID_ACTION", "The action does not exist.")
        .details(format!("{what} has no action '{action}'."))
}

fn actions(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Actions>, Failure> {
    access::check_id(cx, &ids[0])?;
    let all = ["factoryReset", "zeroize", "stmTransport", "stmRecover"];
    Ok(Reply::ok(links(&ACTIONS.path(&[&ids[0]]), &all)))
}

fn act(cx: &mut Context<'_>, ids: &Ids<2>, body: Action) -> Result<Reply<Transport>, Failure> {
    access::begin(cx, &ids[0])?;
    match ids[1].as_str() {
        // The product does this at its serial console only; there is none here.
        "factoryReset" => Ok(cx.waiting_task(|cx| {
            factory_reset(cx);
            Ok(Reply::<Nothing>::done())
        })),
        "zeroize" => {
            may_zeroize(cx)?;
            Ok(cx.waiting_task(|cx| {
                may_zeroize(cx)?;
                access::zeroize(cx);
                cx.state.hsm.hsm.get_mut().manually_zeroized = true;
                Ok(Reply::<Nothing>::done())
            }))
        }
        "stmTransport" => {
            may_transport(cx)?;
            Ok(cx.waiting_task(|cx| {
                may_transport(cx)?;
                Ok(Reply::ok(enter_transport(cx)))
            }))
        }
        "stmRecover" => {
            let entered = entered(body)?;
            in_transport(cx.state.hsm.hsm.get())?;
            Ok(cx.waiting_task(move |cx| Ok(Reply::ok(leave_transport(cx, &entered)?))))
        }
        action => Err(no_action("An HSM", action)),
    }
}

/// Zeroization keeps policies and functionality modules; it needs the SO while there is one.
fn may_zeroize(cx: &Context<'_>) -> Result<(), Failure> {
    cx.require_no_transport()?;
    if cx.state.hsm.hsm.get().initialized { cx.require_so() } else { Ok(()) }
}

/// Back to how it left the factory: policies go as well, serial number, firmware and applied
/// upgrades stay. It ends Secure Transport Mode, too (assumed).
fn factory_reset(cx: &mut Context<'_>) {
    remove_auditor(cx);
    access::zeroize(cx);
    cx.state.hsm.policies.get_mut().clear();
    cx.state.hsm.fms.retain(|_, _| false);
    let row = cx.state.hsm.hsm.get_mut();
    *row = HsmRow {
        serial: row.serial,
        firmware: row.firmware.clone(),
        rollback: row.rollback.clone(),
        upgrade: row.upgrade.clone(),
        backup: row.backup,
        fms_ever_allowed: row.fms_ever_allowed,
        counters: row.counters,
        clock_ahead: row.clock_ahead,
        started: row.started,
        ..HsmRow::default()
    };
}

/// Takes the Auditor away, as the vendor has it of the factory reset alone; the last record under its
/// log secret tells that.
fn remove_auditor(cx: &mut Context<'_>) {
    let serial = cx.state.hsm.hsm.get().serial;
    let path = ACT.path(&[&serial.to_string(), "factoryReset"]);
    let call = (ACT.method(), path.as_str());
    let what = told(cx, "LUNA_ZEROIZE", "RC_OK(0x00000000)", call);
    let audit = &mut cx.state.audit;
    audit.append(serial, cx.now, &what);
    audit.close(serial, cx.now);
    audit.remove_auditor();
    for session in cx.sessions.iter_mut() {
        session.hsm_logins.remove("audit");
    }
}

fn may_transport(cx: &Context<'_>) -> Result<(), Failure> {
    cx.require_no_transport()?;
    if cx.state.hsm.hsm.get().initialized { cx.require_so() } else { Ok(()) }
}

fn in_transport(row: &HsmRow) -> Result<&str, Failure> {
    row.transport.as_deref().ok_or_else(|| {
        let id = "HSMPLUGIN_HSM_NOT_IN_SECURE_TRANSPORT_MODE";
        Failure::new(400, id, "The HSM is not in Secure Transport Mode.")
    })
}

/// The two strings: one is drawn, the other is made from it and a secret of the HSM, so that a
/// wrong one at recovery leads to another verification string.
fn enter_transport(cx: &mut Context<'_>) -> Transport {
    let random_user_string = groups(&cx.random().block());
    let secret = cx.random().token();
    let verification = verification(&secret, &random_user_string);
    access::log_out_everywhere(cx);
    for session in cx.sessions.iter_mut() {
        session.partition_logins.clear();
    }
    cx.state.hsm.hsm.get_mut().transport = Some(secret);
    Transport { random_user_string, verification }
}

fn entered(body: Action) -> Result<String, Failure> {
    let missing = || Failure::bad_request("missing field `randomUserString`");
    body.random_user_string.ok_or_else(missing)
}

/// What LunaSH shows before it asks whether to recover.
fn verify(cx: &mut Context<'_>, _: &Ids<0>, body: Action) -> Result<Reply<Transport>, Failure> {
    let verification = verification(in_transport(cx.state.hsm.hsm.get())?, &entered(body)?);
    Ok(Reply::ok(Transport { random_user_string: String::new(), verification }))
}

/// Whatever string is entered, the HSM is recovered; whether the verification string is the one
/// that was recorded is for people to judge.
fn leave_transport(cx: &mut Context<'_>, entered: &str) -> Result<Transport, Failure> {
    let row = cx.state.hsm.hsm.get_mut();
    let verification = verification(in_transport(row)?, entered);
    row.transport = None;
    Ok(Transport { random_user_string: String::new(), verification })
}

fn verification(secret: &str, random_user_string: &str) -> String {
    groups(digest(&SHA256, format!("{secret}/{random_user_string}").as_bytes()).as_ref())
}

/// Sixteen characters in groups of four, as in `59bt-3CXF-7/Tt-qKTx`.
fn groups(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = |byte: &u8| char::from(DIGITS[usize::from(byte % 64)]);
    let digits: Vec<char> = bytes.iter().take(16).map(digit).collect();
    let groups: Vec<String> = digits.chunks(4).map(|group| group.iter().collect()).collect();
    groups.join("-")
}

fn tamper(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Tamper>, Failure> {
    access::check_id(cx, &ids[0])?;
    let row = cx.state.hsm.hsm.get();
    let time = OffsetDateTime::from_unix_timestamp(row.tampered_at).ok();
    let time = time.filter(|_| !row.tampers.is_empty());
    let event = |(index, tamper): (usize, &String)| TamperEvent {
        index: index.to_string(),
        tamper: tamper.clone(),
    };
    Ok(Reply::ok(Tamper {
        actions_url: TAMPER_ACTIONS.path(&[&ids[0]]),
        tamper_time: time
            .map(|time| format!("{}T{}", date_text(time), clock_text(time)))
            .unwrap_or_default(),
        tampers: row.tampers.iter().enumerate().map(event).collect(),
        ..Tamper::default()
    }))
}

fn tamper_actions(
    cx: &mut Context<'_>,
    ids: &Ids<1>,
    _: Nothing,
) -> Result<Reply<Actions>, Failure> {
    access::check_id(cx, &ids[0])?;
    Ok(Reply::ok(links(&TAMPER_ACTIONS.path(&[&ids[0]]), &["clear"])))
}

/// Needs the SO while there is one (assumed: the vendor's tamper page wants the HSM's owner).
fn clear_tamper(cx: &mut Context<'_>, ids: &Ids<2>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    access::begin(cx, &ids[0])?;
    if &ids[1] != "clear" {
        return Err(no_action("A tamper", &ids[1]));
    }
    if cx.state.hsm.hsm.get().initialized {
        cx.require_so()?;
    }
    cx.state.hsm.hsm.get_mut().tampers.clear();
    cx.finished_task(Reply::<Nothing>::done())
}

/// The HSM detects a tamper. Everybody is logged out; with policy 40 on it is decommissioned, which
/// zeroizes it, unless policy 46 forbids that.
fn cause_tamper(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    body: CauseTamper,
) -> Result<Reply<Nothing>, Failure> {
    if !is_name(&body.tamper, 64, |_, c| c.is_ascii_alphanumeric() || "_- ".contains(c)) {
        return Err(Failure::bad_request("'tamper' has 1 to 64 letters, digits, dashes, blanks."));
    }
    let now = cx.now.unix_timestamp();
    let row = cx.state.hsm.hsm.get_mut();
    row.tampers.push(body.tamper);
    row.tampered_at = now;
    row.counters.noncritical_events += 1;
    access::log_out_everywhere(cx);
    for session in cx.sessions.iter_mut() {
        session.partition_logins.clear();
    }
    let policy = |number| cx.state.hsm.policy(number) == 1;
    if policy(DECOMMISSION_ON_TAMPER) && !policy(DISABLE_DECOMMISSION) {
        cx.state.hsm.hsm.get_mut().counters.critical_events += 1;
        access::zeroize(cx);
    }
    Ok(Reply::done())
}

#[cfg(test)]
mod tests {
    use super::VERIFICATION;
    use crate::rules::hsm::lifecycle::tests::PASSWORD;
    use crate::test_machine::{Answer, TestMachine};
    use serde_json::json;

    impl TestMachine {
        fn act(&mut self, action: &str) -> Answer {
            let path = self.hsm_path(&format!("/actions/{action}"));
            self.post(&path, json!({}))
        }
    }

    #[test]
    fn zeroization_needs_the_so_and_keeps_policies() {
        let mut bench = TestMachine::with_so();
        bench.put(&bench.hsm_path("/policies/16"), json!({"value": 0}));
        bench.post(&bench.hsm_path("/logout"), json!({}));
        assert_eq!(bench.act("zeroize").error(), (400, "APPLIANCE_REQUIRE_SO_LOGIN"));
        bench.so_login(PASSWORD);
        let task = bench.act("zeroize");
        assert_eq!(bench.hsm()["zeroized"], false);
        assert_eq!(bench.start(&task).status, 204);
        let hsm = bench.hsm();
        assert_eq!((&hsm["zeroized"], &hsm["manuallyZeroized"]), (&json!(true), &json!(true)));
        assert_eq!(bench.machine.state.hsm.policy(16), 0);
        bench.hsm_init().created();
        assert_eq!(bench.hsm()["manuallyZeroized"], false);
    }

    #[test]
    fn a_factory_reset_needs_nobody_and_takes_policies_along() {
        let mut bench = TestMachine::with_so();
        bench.put(&bench.hsm_path("/policies/16"), json!({"value": 0}));
        bench.post(&bench.hsm_path("/logout"), json!({}));
        let serial = bench.hsm()["serialNumber"].clone();
        let task = bench.act("factoryReset");
        assert_eq!(bench.start(&task).status, 204);
        bench.restart();
        let hsm = bench.hsm();
        assert_eq!((&hsm["zeroized"], &hsm["serialNumber"]), (&json!(true), &serial));
        assert_eq!(bench.machine.state.hsm.policy(16), 1);
    }

    #[test]
    fn in_secure_transport_mode_nothing_works_but_recovery() {
        let mut bench = TestMachine::with_so();
        let task = bench.act("stmTransport");
        let strings = bench.start(&task).json();
        let random = strings["randomUserString"].as_str().unwrap().to_owned();
        assert_eq!((random.len(), random.matches('-').count()), (19, 3));
        bench.restart();
        assert_eq!(bench.hsm()["secureTransportMode"], true);
        let refused = (400, luna_rest::hsm::IN_TRANSPORT);
        assert_eq!(bench.so_login(PASSWORD).error(), refused);
        assert_eq!(bench.hsm_init().error(), refused);
        assert_eq!(bench.act("zeroize").error(), refused);

        let entered = json!({"randomUserString": random});
        let shown = bench.post(VERIFICATION.template(), entered).json();
        assert_eq!(shown["verification"], strings["verification"]);
        assert_eq!(bench.hsm()["secureTransportMode"], true);

        let path = bench.hsm_path("/actions/stmRecover");
        let wrong = bench.post(&path, json!({"randomUserString": "AAAA-BBBB-CCCC-DDDD"}));
        let right = bench.post(&path, json!({"randomUserString": random}));
        assert_eq!(bench.start(&right).json()["verification"], strings["verification"]);
        assert_eq!(bench.hsm()["secureTransportMode"], false);
        assert_eq!(bench.start(&wrong).error().0, 400, "recovered already");
        assert_eq!(bench.so_login(PASSWORD).status, 204);

        let task = bench.act("stmTransport");
        let strings = bench.start(&task).json();
        let wrong = bench.post(&path, json!({"randomUserString": "AAAA-BBBB-CCCC-DDDD"}));
        assert_ne!(bench.start(&wrong).json()["verification"], strings["verification"]);
    }

    #[test]
    fn a_tamper_is_shown_until_the_so_clears_it() {
        let mut bench = TestMachine::with_so();
        let tampered = bench.post("/emulator/hsm/tamper", json!({"tamper": "Chassis_open"}));
        assert_eq!(tampered.status, 204);
        assert_eq!(bench.hsm()["soLoggedIn"], false);
        let shown = bench.get(&bench.hsm_path("/tamper")).json();
        assert_eq!(shown["tampers"], json!([{"index": "0", "tamper": "Chassis_open"}]));
        assert_eq!(shown["tamperTime"], "2025-01-02T03:04:05");
        let clear = bench.hsm_path("/tamper/actions/clear");
        assert_eq!(bench.post(&clear, json!({})).error().1, "APPLIANCE_REQUIRE_SO_LOGIN");
        bench.so_login(PASSWORD);
        assert_eq!(bench.post(&clear, json!({})).created(), "/tasks/0");
        assert_eq!(bench.hsm()["tampered"], false);
    }

    #[test]
    fn with_policy_40_a_tamper_zeroizes() {
        let mut bench = TestMachine::with_so();
        let task = bench.put(&bench.hsm_path("/policies/40"), json!({"value": 1}));
        bench.start(&task);
        bench.post("/emulator/hsm/tamper", json!({"tamper": "Chassis_open"}));
        assert_eq!(bench.hsm()["zeroized"], true);
    }
}
