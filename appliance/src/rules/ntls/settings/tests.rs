use serde_json::{Value, json};

use crate::rules::ntls::settings::*;
use crate::test_machine::TestMachine;

const NTLS: &str = "/api/lunasa/ntls";

fn settings(change: Value) -> Value {
    let mut all = json!({
        "receiveTimeoutTimer": 20, "ipCheckEnabled": true, "cipherList": CIPHERS,
        "groupList": GROUPS,
    });
    all.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    all
}

#[test]
fn settings_begin_with_the_defaults_and_stay_as_they_are_set() {
    let mut bench = TestMachine::new();
    let mut shown = settings(json!({}));
    shown["certificate"] = json!("/api/lunasa/ntls/certificate");
    shown["clients"] = json!("/api/lunasa/ntls/clients");
    assert_eq!(bench.get(NTLS).json(), shown);
    let change = settings(json!({
        "receiveTimeoutTimer": 300, "ipCheckEnabled": false,
        "cipherList": "aes256-sha256:TLS_AES_256_GCM_SHA384", "groupList": "x25519",
    }));
    assert_eq!(bench.put(NTLS, change).status, 204);
    bench.restart();
    let answer = bench.get(NTLS).json();
    assert_eq!(answer["receiveTimeoutTimer"], 300);
    assert_eq!(answer["ipCheckEnabled"], false);
    assert_eq!(answer["cipherList"], "AES256-SHA256:TLS_AES_256_GCM_SHA384");
    assert_eq!(answer["groupList"], "x25519");
}

#[test]
fn settings_keep_to_their_bounds() {
    let mut bench = TestMachine::new();
    for change in [
        json!({"receiveTimeoutTimer": 0}),
        json!({"receiveTimeoutTimer": 301}),
        json!({"cipherList": ""}),
        json!({"cipherList": "RC4-MD5"}),
        json!({"cipherList": "AES256-SHA256:AES256-SHA256"}),
        json!({"cipherList": "AES256-SHA256:"}),
        json!({"groupList": "secp192r1"}),
    ] {
        let answer = bench.put(NTLS, settings(change.clone()));
        assert_eq!(answer.error(), (400, "FRAMEWORK_BAD_REQUEST"), "{change}");
    }
    // All four are required.
    let answer = bench.put(NTLS, json!({"ipCheckEnabled": false}));
    assert_eq!(answer.error(), (400, "FRAMEWORK_BAD_REQUEST"));
}

#[test]
fn a_binding_takes_effect_when_ntls_is_restarted() {
    let mut bench = TestMachine::new();
    let binding = |bench: &mut TestMachine| bench.call(&BINDING, &[], &Nothing {});
    let all = Binding { device: "all".into(), active: "all".into(), restart_needed: false };
    assert_eq!(binding(&mut bench), all);
    assert_eq!(bench.put(BIND.template(), json!({"device": "bond1"})).status, 204);
    let waiting = Binding { device: "bond1".into(), restart_needed: true, ..all };
    assert_eq!(binding(&mut bench), waiting);
    assert_eq!(bench.put(BIND.template(), json!({"device": "eth4"})).error().0, 400);
    bench.post("/api/lunasa/services/ntls/actions/restart", json!({}));
    let active = Binding { active: "bond1".into(), restart_needed: false, ..waiting };
    assert_eq!(binding(&mut bench), active);
}

#[test]
fn keepalive_and_threads_keep_to_their_bounds() {
    let mut bench = TestMachine::new();
    let documented = Keepalive { idle: 10, interval: 10, probes: 2 };
    assert_eq!(bench.call(&KEEPALIVE, &[], &Nothing {}), documented);
    let good = json!({"idle": 10_000, "interval": 360, "probes": 30});
    assert_eq!(bench.put(KEEPALIVE.template(), good.clone()).status, 204);
    for (name, value) in [
        ("idle", 9),
        ("idle", 10_001),
        ("interval", 9),
        ("interval", 361),
        ("probes", 0),
        ("probes", 31),
    ] {
        let mut body = good.clone();
        body[name] = json!(value);
        assert_eq!(bench.put(KEEPALIVE.template(), body).error().0, 400, "{name} {value}");
    }
    assert_eq!(bench.get(KEEPALIVE.template()).json(), good);

    assert_eq!(bench.put(THREADS.template(), json!({"datapath": 15})).status, 204);
    for body in [json!({"datapath": 0}), json!({"datapath": 16}), json!({"cmdprocessor": 71})] {
        assert_eq!(bench.put(THREADS.template(), body.clone()).error().0, 400, "{body}");
    }
    let threads = bench.call(&THREADS, &[], &Nothing {});
    assert_eq!(threads, Threads { datapath: 15, cmdprocessor: 50 });
}

#[test]
fn the_watch_over_the_certificate_is_off_until_it_is_enabled() {
    let mut bench = TestMachine::new();
    assert!(!bench.call(&MONITOR, &[], &Nothing {}).enabled);
    assert_eq!(bench.patch(MONITOR.template(), json!({"enabled": true})).status, 204);
    assert_eq!(bench.patch(MONITOR.template(), json!({"days": 30, "interval": 24})).status, 204);
    for body in [json!({"days": 0}), json!({"interval": 0}), json!({"days": 3654})] {
        assert_eq!(bench.patch(MONITOR.template(), body.clone()).error().0, 400, "{body}");
    }
    let monitor = bench.call(&MONITOR, &[], &Nothing {});
    assert_eq!(monitor, Monitor { enabled: true, days: 30, interval: 24 });
}

#[test]
fn counters_are_reset_and_the_state_follows_the_service() {
    let mut bench = TestMachine::new();
    bench.machine.state.ntls.settings.get_mut().connections = (3, 1);
    bench.store();
    let service = |bench: &mut TestMachine, action: &str| {
        let done = bench.post(&format!("/api/lunasa/services/ntls/actions/{action}"), json!({}));
        assert!(done.status < 300, "{}", done.text());
    };
    service(&mut bench, "stop");
    let information = bench.call(&INFORMATION, &[], &Nothing {});
    assert_eq!(
        (information.up, information.successful_connections, information.failed_connections),
        (false, 3, 1)
    );
    assert_eq!(bench.delete(INFORMATION.template()).status, 204);
    service(&mut bench, "start");
    let reset = Information { up: true, ..Information::default() };
    assert_eq!(bench.call(&INFORMATION, &[], &Nothing {}), reset);
}

#[test]
fn an_operator_changes_and_a_monitor_looks() {
    let mut bench = TestMachine::new();
    bench.user("olga", "Wolf1234", "operator");
    bench.user("mona", "Wolf1234", "monitor");
    bench.login("olga", "Wolf1234");
    assert_eq!(bench.put(NTLS, settings(json!({}))).status, 204);
    bench.login("mona", "Wolf1234");
    assert_eq!(bench.get(NTLS).status, 200);
    assert_eq!(bench.put(NTLS, settings(json!({}))).error(), (401, "FRAMEWORK_NO_ACL_RULE"));
}
