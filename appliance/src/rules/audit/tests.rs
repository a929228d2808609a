use luna_rest::audit::{
    ADD_HOST, Audit, CLEAR, CONFIGURE, EXPORT_SECRET, FULL, HOSTS, IMPORT_SECRET, INIT, LOCKED,
    LOGIN, LOGIN_NEEDED, LOGS, NOT_VERIFIED, PACK, RemoteHost, SHOW, TAIL, Tail, UNPACK,
    UNUSABLE_SECRET, VERIFY, Verified,
};
use luna_rest::hsm::WRONG_PASSWORD;
use luna_rest::{Nothing, audit, emulator};
use serde_json::{Value, json};

use crate::core::audit::MemoryFiles;
use crate::core::logs::Nowhere;
use crate::request::audit_log::AuditLog;
use crate::rules::hsm::lifecycle::tests::PASSWORD as SO;
use crate::state::audit::{FILE_LIMIT, LIMIT, TAIL as TAIL_RECORDS};
use crate::test_machine::TestMachine;

const PASSWORD: &str = "auditor-secret";
const ACCOUNT: &str = "Abcdef12";

/// A machine whose Auditor is logged in with the account `eve`, and records everything.
fn bench() -> TestMachine {
    let mut bench = TestMachine::new();
    bench.user("eve", ACCOUNT, "audit");
    bench.login("eve", ACCOUNT);
    let body = json!({"password": PASSWORD, "domain": "audit-domain"});
    assert_eq!(bench.put(INIT.template(), body).status, 204);
    assert_eq!(bench.post(LOGIN.template(), json!({"password": PASSWORD})).status, 204);
    assert_eq!(bench.patch(CONFIGURE.template(), json!({"events": ["all"]})).status, 204);
    bench
}

fn records(bench: &mut TestMachine, search: &str) -> Vec<String> {
    let wanted = Tail { search: Some(search.to_owned()), ..Tail::default() };
    bench.call(&TAIL, &[], &wanted).lines
}

fn show(bench: &mut TestMachine) -> Audit {
    bench.call(&SHOW, &[], &Nothing {})
}

fn files(bench: &mut TestMachine) -> Vec<String> {
    bench.call(&LOGS, &[], &Nothing {}).logs.into_iter().map(|log| log.id).collect()
}

fn verify(bench: &mut TestMachine, file: &str) -> Result<Verified, Value> {
    let answer = bench.post(VERIFY.template(), json!({"file": file}));
    match answer.status {
        200 => Ok(serde_json::from_slice(&answer.body).unwrap()),
        _ => Err(answer.json()["details"].clone()),
    }
}

/// The audit log of a process that was killed: of its files no more than `left` bytes were written.
fn killed(bench: &TestMachine, left: usize) -> AuditLog {
    let log = &bench.machine.audit_log;
    let file = |file: crate::core::audit::AuditFile| {
        let mut content = log.read(&file.name).unwrap();
        content.truncate(left);
        (file.name, (content, file.archived))
    };
    AuditLog::new(MemoryFiles(log.list().into_iter().map(file).collect()), Nowhere)
}

fn restart(bench: &mut TestMachine, log: AuditLog) {
    bench.restart();
    bench.machine.keep_audit_log(log);
    bench.store();
    bench.login("eve", ACCOUNT);
    assert_eq!(bench.post(LOGIN.template(), json!({"password": PASSWORD})).status, 204);
}

#[test]
fn an_operation_is_recorded_with_who_did_it_and_its_result() {
    let mut bench = bench();
    bench.local_login();
    bench.hsm_init().created();
    bench.so_login("wrong-password");
    bench.so_login(SO);
    bench.login("eve", ACCOUNT);
    let serial = bench.machine.state.hsm.hsm.get().serial;
    let found = records(&mut bench, "LUNA_LOGIN");
    let login = format!("POST /api/lunasa/hsms/{serial}/login : admin : Console");
    let start = format!("25/01/02 03:04:05,S/N {serial} session");
    let expected = [
        "Auditor operation LUNA_LOGIN returned RC_OK(0x00000000)",
        &format!(
            "no role operation LUNA_LOGIN returned LUNA_RET_UM_PIN_INCORRECT(0x00a00000) {login}"
        ),
        &format!("SO operation LUNA_LOGIN returned RC_OK(0x00000000) {login}"),
    ];
    // The first login came before logins were recorded.
    assert_eq!(found.len(), 2, "{found:#?}");
    for (line, expected) in found.iter().zip(&expected[1..]) {
        assert!(line.contains(&start) && line.ends_with(expected), "{line}");
    }
    assert_eq!(records(&mut bench, "LUNA_INIT_TOKEN").len(), 1);
}

#[test]
fn what_the_third_wrong_password_does_is_recorded() {
    let mut bench = bench();
    bench.local_login();
    bench.hsm_init().created();
    (0..3).for_each(|_| drop(bench.so_login("wrong-password")));
    bench.login("eve", ACCOUNT);
    assert_eq!(records(&mut bench, "LUNA_SO_LOGIN_FAILURE").len(), 0);
    assert_eq!(records(&mut bench, "LUNA_RET_SO_LOGIN_FAILURE_THRESHOLD(0x0030000f)").len(), 1);
    assert_eq!(records(&mut bench, "LUNA_ZEROIZE").len(), 1);
}

#[test]
fn only_what_is_wanted_is_recorded_but_the_gravest_always() {
    let mut bench = bench();
    let set = |bench: &mut TestMachine, events: Value| {
        bench.login("eve", ACCOUNT);
        bench.post(LOGIN.template(), json!({"password": PASSWORD}));
        bench.patch(CONFIGURE.template(), json!({"events": events})).status
    };
    assert_eq!(set(&mut bench, json!(["a", "f"])), 204);
    bench.local_login();
    bench.hsm_init().created();
    bench.so_login("wrong-password");
    bench.so_login(SO);
    assert_eq!(set(&mut bench, json!(["none"])), 204);
    let mut found = records(&mut bench, "LUNA_LOGIN");
    found.retain(|line| line.contains("/api/lunasa/hsms/"));
    assert!(found.len() == 1 && found[0].contains("PIN_INCORRECT"), "{found:#?}");
    assert_eq!(records(&mut bench, "LUNA_INIT_TOKEN").len(), 1);
    for bad in [json!([]), json!(["access"]), json!(["f"]), json!(["loud", "f"]), json!(["n", "f"])]
    {
        assert_eq!(set(&mut bench, bad.clone()), 400, "{bad}");
    }
    assert_eq!(show(&mut bench).events, [""; 0]);
}

#[test]
fn a_task_is_recorded_when_it_is_done() {
    let mut bench = bench();
    bench.local_login();
    bench.hsm_init().created();
    bench.so_login(SO);
    let path = bench.hsm_path("/actions/zeroize");
    let task = bench.post(&path, json!({})).created().to_owned();
    bench.login("eve", ACCOUNT);
    assert_eq!(records(&mut bench, "LUNA_ZEROIZE").len(), 0);
    bench.local_login();
    bench.post(&format!("{task}/actions/start"), json!({}));
    bench.login("eve", ACCOUNT);
    // Another session started it, without the SO.
    let found = records(&mut bench, "LUNA_ZEROIZE");
    assert!(found.len() == 1 && found[0].contains(&path), "{found:#?}");
    assert!(found[0].contains("returned APPLIANCE_REQUIRE_SO_LOGIN"), "{found:#?}");
}

#[test]
fn the_log_is_the_auditors_alone() {
    let mut bench = bench();
    bench.local_login();
    bench.post("/roles", json!({"roleId": "watch"})).created();
    let rules =
        "POST:/auth/session\nGET:/emulator/lunash/audit/logs\nDELETE:/emulator/lunash/audit/logs\n";
    bench.put_text("/roles/watch/resources", rules);
    bench.user("jane", ACCOUNT, "watch");
    let refused = (401, "FRAMEWORK_NO_ACL_RULE");
    let look = |bench: &mut TestMachine| {
        assert_eq!(bench.get(LOGS.template()).error(), refused);
        assert_eq!(bench.delete(CLEAR.template()).error(), refused);
        assert_eq!(bench.get(SHOW.template()).error(), refused);
    };
    look(&mut bench);
    assert_eq!(bench.login("jane", ACCOUNT).status, 204);
    look(&mut bench);
}

#[test]
fn three_wrong_passwords_lock_the_auditor_for_ten_minutes_across_restarts() {
    let mut bench = bench();
    let try_with = |bench: &mut TestMachine, password: &str| {
        bench.post(LOGIN.template(), json!({"password": password}))
    };
    for left in [2, 1] {
        assert_eq!(try_with(&mut bench, "wrong-password").error(), (400, WRONG_PASSWORD));
        assert_eq!(show(&mut bench).logins_left, Some(left));
    }
    let change = json!({"oldPassword": "wrong-password", "newPassword": "other-secret"});
    assert_eq!(bench.put(audit::CHANGE_PASSWORD.template(), change).error(), (400, LOCKED));
    bench.restart();
    bench.login("eve", ACCOUNT);
    assert_eq!(try_with(&mut bench, PASSWORD).error(), (400, LOCKED));
    assert_eq!(show(&mut bench).logins_left, Some(0));
    bench.advance(600);
    bench.login("eve", ACCOUNT);
    assert_eq!(try_with(&mut bench, PASSWORD).status, 204);
    let change = json!({"oldPassword": PASSWORD, "newPassword": "other-secret"});
    assert_eq!(bench.put(audit::CHANGE_PASSWORD.template(), change).status, 204);
    assert_eq!(try_with(&mut bench, "other-secret").status, 204);
}

#[test]
fn what_the_auditor_does_needs_the_login_of_the_same_session() {
    let mut bench = bench();
    bench.login("eve", ACCOUNT);
    assert_eq!(
        bench.patch(CONFIGURE.template(), json!({"events": ["none"]})).error(),
        (400, LOGIN_NEEDED)
    );
    assert_eq!(bench.post(EXPORT_SECRET.template(), json!({})).error(), (400, LOGIN_NEEDED));
    assert_eq!(bench.post(VERIFY.template(), json!({"file": "a"})).error(), (400, LOGIN_NEEDED));
    for bad in [json!({"password": "", "domain": "d"}), json!({"password": PASSWORD, "domain": ""})]
    {
        assert_eq!(bench.put(INIT.template(), bad).error().0, 400);
    }
    assert!(show(&mut bench).initialized, "a refused one takes nothing away");
}

#[test]
fn a_killed_process_loses_no_record_and_doubles_none() {
    let mut bench = bench();
    let file = files(&mut bench)[0].clone();
    let whole = bench.machine.audit_log.read(&file).unwrap();
    for left in 0..=whole.len() {
        let before = bench.machine.state.audit.chain.get().number;
        let log = killed(&bench, left);
        bench.restart();
        bench.machine.keep_audit_log(log);
        assert_eq!(bench.machine.audit_log.read(&file).unwrap(), whole, "{left}");
        assert_eq!(bench.machine.state.audit.chain.get().number, before);
        assert!(!bench.machine.changed());
    }
    let log = killed(&bench, 0);
    restart(&mut bench, log);
    let number = show(&mut bench).last_record;
    assert_eq!(verify(&mut bench, &file).unwrap().last, number);
}

#[test]
fn a_state_older_than_the_log_takes_nothing_from_it() {
    let mut bench = bench();
    let log = killed(&bench, usize::MAX);
    let file = files(&mut bench)[0].clone();
    let older = bench.machine.state.audit.chain.get().clone();
    let chain = bench.machine.state.audit.chain.get_mut();
    chain.at -= 10;
    bench.store();
    restart(&mut bench, log);
    assert_eq!(files(&mut bench).len(), 2);
    assert_eq!(bench.machine.audit_log.read(&file).unwrap().len() as u64, older.at);
    let told = verify(&mut bench, &file).unwrap_err();
    assert!(told.as_str().unwrap().contains("it is cut"), "{told}");
}

#[test]
fn records_in_the_state_are_few_and_the_log_goes_on() {
    let mut bench = bench();
    for _ in 0..3 * TAIL_RECORDS {
        bench.post(LOGIN.template(), json!({"password": PASSWORD}));
        assert!(bench.machine.state.audit.tail.len() <= TAIL_RECORDS + 1);
        if show(&mut bench).size > LIMIT / 2 {
            bench.delete(CLEAR.template());
        }
    }
    for file in files(&mut bench) {
        verify(&mut bench, &file).unwrap();
    }
}

#[test]
fn files_are_rotated_by_size_and_time_and_each_verifies_alone() {
    let mut bench = bench();
    let fill = |bench: &mut TestMachine, most: u64| {
        while show(bench).size < most {
            bench.post(LOGIN.template(), json!({"password": PASSWORD}));
        }
    };
    fill(&mut bench, 2 * FILE_LIMIT);
    let found = files(&mut bench);
    assert!(found.len() >= 2 && found[0].starts_with("ready_for_archive/hsm_"), "{found:?}");
    bench.advance(86_400);
    bench.login("eve", ACCOUNT);
    bench.post(LOGIN.template(), json!({"password": PASSWORD}));
    assert_eq!(files(&mut bench).len(), found.len() + 1);
    assert_eq!(records(&mut bench, " begins=").len(), found.len() + 1, "the last of all files");
    let last = Tail { entries: Some(1), ..Tail::default() };
    assert!(bench.call(&TAIL, &[], &last).lines[0].contains(" begins="));
    let mut next = 1;
    for file in files(&mut bench) {
        let verified = verify(&mut bench, &file).unwrap();
        assert_eq!(verified.first, next);
        next = verified.last + 1;
    }
}

#[test]
fn a_full_log_stops_what_it_would_record_until_the_auditor_clears_it() {
    let mut bench = bench();
    bench.local_login();
    bench.hsm_init().created();
    bench.machine.state.audit.chain.get_mut().bytes = LIMIT;
    bench.store();
    assert_eq!(bench.so_login(SO).status, 204, "logins go on");
    let create = |bench: &mut TestMachine| {
        let path = bench.hsm_path("/partitions");
        bench.post(&path, json!({"name": "app1", "hasPso": true}))
    };
    assert_eq!(create(&mut bench).error(), (400, FULL));
    assert_eq!(bench.post("/roles", json!({"roleId": "r"})).status, 204, "no operation of the HSM");
    bench.login("eve", ACCOUNT);
    assert_eq!(bench.delete(CLEAR.template()).status, 204);
    let found = records(&mut bench, "");
    assert!(found.len() == 1 && found[0].contains("LUNA_LOG_CLEAR"), "{found:#?}");
    assert!(found[0].contains(": eve : Console begins="), "{found:#?}");
    bench.local_login();
    bench.so_login(SO);
    assert_eq!(create(&mut bench).status, 204);
}

#[test]
fn a_new_secret_begins_a_new_file() {
    let mut bench = bench();
    let first = files(&mut bench)[0].clone();
    let body = json!({"password": PASSWORD, "defaultDomain": true});
    assert_eq!(bench.put(INIT.template(), body).status, 204);
    bench.post(LOGIN.template(), json!({"password": PASSWORD}));
    let found = files(&mut bench);
    assert_eq!(found.len(), 2);
    verify(&mut bench, &found[1]).unwrap();
    let told = verify(&mut bench, &first).unwrap_err();
    assert!(told.as_str().unwrap().contains("another one"), "{told}");
}

#[test]
fn zeroization_leaves_the_auditor_and_a_factory_reset_takes_it_with_a_last_record() {
    let mut bench = bench();
    let act = |bench: &mut TestMachine, action: &str| {
        bench.local_login();
        let path = bench.hsm_path(&format!("/actions/{action}"));
        let task = bench.post(&path, json!({})).created().to_owned();
        bench.post(&format!("{task}/actions/start"), json!({}));
        bench.login("eve", ACCOUNT);
    };
    act(&mut bench, "zeroize");
    assert!(show(&mut bench).initialized);
    act(&mut bench, "factoryReset");
    assert!(!show(&mut bench).initialized);
    let found = records(&mut bench, "");
    assert!(found.last().unwrap().contains("LUNA_LOG_ROTATE"), "{found:#?}");
    assert_eq!(records(&mut bench, "LUNA_FACTORY_RESET").len(), 1);
}

#[test]
fn a_reset_appliance_keeps_no_log() {
    let mut bench = bench();
    bench.local_login();
    bench.post(emulator::RESET.template(), json!({}));
    bench.local_login();
    assert_eq!(bench.machine.audit_log.list(), []);
}

#[test]
fn a_log_verifies_on_another_hsm_with_its_secret_alone() {
    let mut own = bench();
    own.call(&EXPORT_SECRET, &[], &Nothing {});
    let packed = own.call(&PACK, &[], &Nothing {}).file;
    let serial = own.machine.state.hsm.hsm.get().serial;
    let of = |file: &str| own.machine.state.files.get("eve", file).unwrap().content.clone();
    let (archive, secret) = (of(&packed), of(&format!("{serial}.lws")));

    let carried = |domain: &str| {
        let mut other = bench();
        let body = json!({"password": PASSWORD, "domain": domain});
        other.put(INIT.template(), body);
        other.post(LOGIN.template(), json!({"password": PASSWORD}));
        let now = time::OffsetDateTime::UNIX_EPOCH;
        other.machine.state.files.put("eve", "logs.tgz", archive.clone(), now);
        other.machine.state.files.put("eve", "secret.lws", secret.clone(), now);
        other.store();
        other.post(UNPACK.template(), json!({"file": "logs.tgz"}));
        other
    };
    let log = format!("hsm_{serial}_00000001.log");
    let external = json!({"file": log, "external": true});
    let import = json!({"file": "secret.lws"});

    let mut other = carried("audit-domain");
    assert_eq!(other.post(VERIFY.template(), external.clone()).error(), (400, UNUSABLE_SECRET));
    assert_eq!(other.put(IMPORT_SECRET.template(), import.clone()).status, 200);
    let verified = other.post(VERIFY.template(), external).json();
    assert_eq!((&verified["first"], &verified["complete"]), (&json!(1), &json!(false)));
    let source = json!({"file": log, "external": true, "source": "1"});
    assert_eq!(other.post(VERIFY.template(), source).error(), (400, UNUSABLE_SECRET));

    let mut stranger = carried("other-domain");
    assert_eq!(stranger.put(IMPORT_SECRET.template(), import).error(), (400, UNUSABLE_SECRET));
    let answer = stranger.post(VERIFY.template(), json!({"file": "logs.tgz"}));
    assert_eq!(answer.error(), (400, NOT_VERIFIED));
    let answer = stranger.post(UNPACK.template(), json!({"file": "secret.lws"}));
    assert_eq!(answer.error().0, 400);
}

#[test]
fn hosts_are_kept_in_order() {
    let mut bench = bench();
    let host = |address: &str, port, protocol: &str| RemoteHost {
        address: address.to_owned(),
        port,
        protocol: protocol.to_owned(),
    };
    bench.call(&ADD_HOST, &[], &host("192.0.2.7", 0, ""));
    bench.call(&ADD_HOST, &[], &host("192.0.2.1", 1660, "tcp"));
    let again = json!({"address": "192.0.2.7", "port": 514, "protocol": "tcp"});
    assert_eq!(bench.post(ADD_HOST.template(), again).error().0, 400);
    bench.restart();
    bench.login("eve", ACCOUNT);
    let hosts = bench.call(&HOSTS, &[], &Nothing {}).remote_hosts;
    assert_eq!(hosts, [host("192.0.2.7", 514, "udp"), host("192.0.2.1", 1660, "tcp")]);
    assert_eq!(bench.delete(&audit::DELETE_HOST.path(&["192.0.2.7:514"])).status, 204);
    assert_eq!(bench.delete(&audit::DELETE_HOST.path(&["192.0.2.7:514"])).status, 404);
    for bad in [json!({"address": "1.2.3"}), json!({"address": "h", "protocol": "tls"})] {
        assert_eq!(bench.post(ADD_HOST.template(), bad).error().0, 400);
    }
}
