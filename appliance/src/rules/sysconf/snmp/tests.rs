use crate::test_machine::TestMachine;
use serde_json::{Value, json};

const SNMP: &str = "/api/lunasa/snmp";

fn user(name: &str) -> Value {
    json!({
        "securityName": name, "authenticationPassword": "auth-secret1",
        "privacyPassword": "priv-secret1",
    })
}

fn target(address: &str) -> Value {
    json!({
        "address": address, "port": 162, "type": "inform",
        "authenticationPassword": "auth-secret2", "privacyPassword": "priv-secret2",
    })
}

fn trap(address: &str) -> Value {
    json!({
        "address": address, "securityName": "myUser", "engineId": "000000000F",
        "authenticationProtocol": "SHA", "privacyProtocol": "AES",
        "authenticationPassword": "auth-secret3", "privacyPassword": "priv-secret3",
        "trapType": "trap",
    })
}

fn with_user() -> TestMachine {
    let mut bench = TestMachine::new();
    let made = bench.post(&format!("{SNMP}/users"), user("myUser"));
    assert_eq!(made.created(), "/api/lunasa/snmp/users/myUser");
    bench
}

#[test]
fn users_are_added_shown_and_removed_and_their_passwords_never_show() {
    let mut bench = with_user();
    let users = format!("{SNMP}/users");
    assert_eq!(bench.post(&users, user("myUser")).error(), (400, "SNMP_USER_ALREADY_EXISTS"));
    bench.restart();
    assert_eq!(bench.get(&users).json()["users"][0]["id"], "myUser");
    let shown = bench.get(&format!("{users}/myUser"));
    assert!(!shown.text().contains("secret"), "{}", shown.text());
    assert_eq!(shown.json()["authenticationProtocol"], "SHA");
    assert!(!format!("{:?}", bench.machine.state.snmp).contains("secret1"));
    assert_eq!(bench.delete(&format!("{users}/myUser")).status, 204);
    let missing = (404, "SNMP_USER_DOES_NOT_EXIST");
    assert_eq!(bench.get(&format!("{users}/myUser")).error(), missing);
    assert_eq!(bench.delete(&format!("{users}/myUser")).error(), missing);
}

#[test]
fn names_passwords_and_protocols_are_judged_and_no_password_is_repeated() {
    let mut bench = TestMachine::new();
    for (field, value) in [
        ("securityName", "abc"),
        ("securityName", "with blank"),
        ("securityName", &"x".repeat(33)),
        ("authenticationPassword", "short77"),
        ("authenticationPassword", "with\"quotes"),
        ("privacyPassword", &"p".repeat(129)),
        ("authenticationProtocol", "MD5"),
        ("privacyProtocol", "DES"),
    ] {
        let mut body = user("myUser");
        body[field] = json!(value);
        let answer = bench.post(&format!("{SNMP}/users"), body);
        assert_eq!(answer.error(), (400, "FRAMEWORK_BAD_REQUEST"), "{field}: {value}");
        assert!(!field.ends_with("Password") || !answer.text().contains(value), "{field}");
    }
}

#[test]
fn a_notification_target_belongs_to_its_user_and_goes_with_it() {
    let mut bench = with_user();
    let targets = format!("{SNMP}/users/myUser/notifications");
    let made = bench.post(&targets, target("10.1.1.1")).created();
    assert_eq!(made, "/api/lunasa/snmp/users/myUser/notifications/10.1.1.1%3A162");
    assert_eq!(bench.get(&made).json()["type"], "inform");
    assert!(!bench.get(&made).text().contains("secret"));
    let again = bench.post(&targets, target("10.1.1.1"));
    assert_eq!(again.error(), (400, "SNMP_NOTIFICATION_ALREADY_EXISTS"));
    let six = bench.post(&targets, target("fd00:0::1")).created();
    assert_eq!(bench.delete(&six).status, 204);
    assert_eq!(bench.delete(&six).error(), (404, "SNMP_NOTIFICATION_DOES_NOT_EXIST"));
    for (field, value) in [
        ("address", json!("host")),
        ("type", json!("email")),
        ("engineId", json!("000000000F")),
        ("port", json!(65_536)),
    ] {
        let mut body = target("10.1.1.2");
        body[field] = value;
        assert_eq!(bench.post(&targets, body).status, 400, "{field}");
    }
    let nobody = bench.post(&format!("{SNMP}/users/nobody/notifications"), target("10.1.1.2"));
    assert_eq!(nobody.error(), (404, "SNMP_USER_DOES_NOT_EXIST"));
    bench.post(&format!("{SNMP}/users"), user("myUser2")).created();
    bench.post(&format!("{SNMP}/users/myUser2/notifications"), target("10.1.1.3")).created();
    bench.restart();
    assert_eq!(bench.get(&targets).json()["notifications"].as_array().unwrap().len(), 1);
    assert_eq!(bench.delete(&format!("{SNMP}/users/myUser")).status, 204);
    assert_eq!(bench.machine.state.snmp.notifications.len(), 1);
    assert_eq!(bench.delete(&format!("{SNMP}/users/myUser2/notifications")).status, 204);
    assert_eq!(bench.machine.state.snmp.notifications.len(), 0);
}

#[test]
fn trap_targets_are_added_replaced_and_removed() {
    let mut bench = with_user();
    let traps = format!("{SNMP}/traps");
    assert_eq!(
        bench.post(&traps, trap("mon.example.com")).json(),
        json!({"id": "mon.example.com"})
    );
    let again = bench.post(&traps, trap("mon.example.com"));
    assert_eq!(again.error(), (400, "SNMP_TRAP_ALREADY_EXISTS"));
    let shown = json!({
        "authenticationProtocol": "SHA", "engineId": "000000000F", "port": 162,
        "privacyProtocol": "AES", "securityLevel": "authPriv", "securityName": "myUser",
        "trapType": "trap",
    });
    assert_eq!(bench.get(&format!("{traps}/mon.example.com")).json(), shown);
    let mut other = trap("10.1.1.1");
    other["engineId"] = json!("0000000000000F");
    assert_eq!(bench.put(&format!("{traps}/mon.example.com"), other).status, 204);
    bench.restart();
    assert_eq!(bench.get(&format!("{traps}/10.1.1.1")).json()["engineId"], "0000000000000F");
    let missing = (404, "SNMP_TRAP_DOES_NOT_EXIST");
    assert_eq!(bench.get(&format!("{traps}/mon.example.com")).error(), missing);
    for (field, value) in [("securityName", "nobody"), ("engineId", "0F"), ("trapType", "mail")] {
        let mut body = trap("10.1.1.2");
        body[field] = json!(value);
        assert!((400..=404).contains(&bench.post(&traps, body).status), "{field}");
    }
    assert_eq!(bench.delete(&format!("{traps}/10.1.1.1")).status, 204);
    assert_eq!(bench.delete(&format!("{traps}/10.1.1.1")).error(), missing);
}

#[test]
fn traps_are_on_only_while_there_is_a_target() {
    let mut bench = with_user();
    let act = |bench: &mut TestMachine, action: &str| {
        bench.post(&format!("{SNMP}/traps/actions/{action}"), json!({}))
    };
    let on = |bench: &mut TestMachine| bench.get(SNMP).json()["isTrapEnabled"] == true;
    assert_eq!(act(&mut bench, "enable").error(), (404, "SNMP_TRAP_NOT_CONFIGURED"));
    assert_eq!(act(&mut bench, "kick").error(), (404, "SNMP_TRAP_ACTION_INVALID"));
    assert_eq!(bench.post(&format!("{SNMP}/traps"), trap("10.1.1.1")).status, 200);
    assert_eq!(act(&mut bench, "enable").status, 204);
    assert!(on(&mut bench));
    assert_eq!(act(&mut bench, "disable").status, 204);
    assert!(!on(&mut bench));
    assert_eq!(act(&mut bench, "enable").status, 204);
    assert_eq!(bench.delete(&format!("{SNMP}/users/myUser")).status, 204);
    assert!(!on(&mut bench), "the target went with its user");
    let actions = bench.get(&format!("{SNMP}/traps/actions")).json();
    assert_eq!(actions["actions"][1]["url"], "/api/lunasa/snmp/traps/actions/disable");
}

#[test]
fn a_test_writes_a_line_that_says_so() {
    let mut bench = TestMachine::new();
    let test = json!({
        "logFacility": "local0", "logLevel": "info", "process": "snmpd",
        "message": "This is a test message", "pid": true,
    });
    let path = format!("{SNMP}/traps/test");
    assert_eq!(bench.post(&path, test.clone()).status, 204, "with or without a target");
    let log = bench.machine.logs.lock().read("messages").unwrap();
    let log = String::from_utf8(log).unwrap();
    assert!(log.ends_with("daemon info snmpd[1234]: ***TEST : This is a test message\n"), "{log}");
    for (field, value) in
        [("logFacility", "mail"), ("logLevel", "loud"), ("process", "a b"), ("message", "\u{1b}[m")]
    {
        let mut body = test.clone();
        body[field] = json!(value);
        assert_eq!(bench.post(&path, body).error(), (400, "FRAMEWORK_BAD_REQUEST"), "{field}");
    }
}

#[test]
fn the_one_trap_of_api_4_is_set_and_changed() {
    let mut bench = with_user();
    let one = format!("{SNMP}/trap");
    let change = json!({"address": "1.2.3.5"});
    assert_eq!(bench.patch(&one, change.clone()).error(), (404, "SNMP_TRAP_NOT_CONFIGURED"));
    for address in ["10.1.1.1", "10.1.1.2"] {
        assert_eq!(bench.post(&format!("{SNMP}/traps"), trap(address)).status, 200);
    }
    assert_eq!(bench.patch(&one, change.clone()).error(), (400, "FRAMEWORK_BAD_REQUEST"));
    let mut body = trap("1.2.3.4");
    body.as_object_mut().unwrap().remove("trapType");
    assert_eq!(bench.put(&one, body).status, 204);
    assert_eq!(bench.patch(&one, change).status, 204);
    assert_eq!(bench.get(&format!("{SNMP}/traps")).json()["traps"][0]["id"], "1.2.3.5");
    assert_eq!(bench.machine.state.snmp.traps.len(), 1);
    let unknown = bench.patch(&one, json!({"securityName": "nobody"}));
    assert_eq!(unknown.error(), (404, "SNMP_USER_DOES_NOT_EXIST"));
}

#[test]
fn a_monitor_only_looks() {
    let mut bench = with_user();
    bench.user("jane", "Abcdef12", "monitor");
    bench.login("jane", "Abcdef12");
    assert_eq!(bench.get(&format!("{SNMP}/users")).status, 200);
    let refused = bench.post(&format!("{SNMP}/users"), user("other"));
    assert_eq!(refused.error(), (401, "FRAMEWORK_NO_ACL_RULE"));
}

#[test]
fn a_backup_of_snmp_brings_users_and_targets_back() {
    let mut bench = with_user();
    assert_eq!(bench.post(&format!("{SNMP}/traps"), trap("10.1.1.1")).status, 200);
    let made = bench.post("/api/lunasa/config/backups", json!({})).json();
    let name = made["id"].as_str().unwrap().to_owned();
    assert_eq!(bench.delete(&format!("{SNMP}/users")).status, 204);
    assert_eq!(bench.get(&format!("{SNMP}/traps")).json()["traps"], json!([]));
    let restore = format!("/api/lunasa/config/backups/{name}/actions/restore");
    assert_eq!(bench.post(&restore, json!({"service": "snmp"})).status, 204);
    assert_eq!(bench.get(&format!("{SNMP}/traps")).json()["traps"][0]["id"], "10.1.1.1");
    assert_eq!(bench.get(&format!("{SNMP}/users")).json()["users"][0]["id"], "myUser");
}
