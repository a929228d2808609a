use luna_rest::Method;
use luna_rest::peers::Operation;
use serde_json::{Value, json};

use crate::core::message::{Body, Request};
use crate::rules::cluster::lifecycle::tests::{cluster, co};
use crate::state::clusters::{ClientRow, MemberRow};
use crate::test_machine::{Answer, TestMachine};

const SHORT: &str = "sixteen-letters!";
const LONG: &str = "seventeen-letters";

/// A bench with a cluster and a keyring `k`: the keyring's path for clients.
fn keyring(version: &str, password: &str) -> (TestMachine, String) {
    let (mut bench, path) = cluster(version);
    let body = json!({
        "authentication": co(), "keyRingLabel": "k", "keyRingPassword": password,
    });
    let made = bench.post("/api/keyrings", body).json();
    let uuid = made["data"][0]["keyRingUUID"].as_str().unwrap();
    let path = format!("/emulator{}/keyrings/{uuid}", path.strip_prefix("/api").unwrap());
    (bench, path)
}

/// A client's call, with `role` logged in to the keyring.
fn call(bench: &mut TestMachine, role: &str, method: Method, path: &str, body: Value) -> Answer {
    let uuid = path.split('/').nth(5).unwrap().to_owned();
    let logins = [(uuid, role.to_owned())].into_iter().filter(|(_, role)| !role.is_empty());
    let operation =
        Operation { client: "client".into(), logins: logins.collect(), ..Operation::default() };
    bench.send(Request {
        content_type: "application/vnd.safenetinc.lunasa+json;version=17".into(),
        operation: Some(operation),
        body: Body::Plain(body.to_string().into_bytes()),
        ..Request::new(method, path)
    })
}

fn login(bench: &mut TestMachine, path: &str, role: &str, password: &str) -> Answer {
    let body = json!({"role": role, "password": password});
    call(bench, "", Method::Post, &format!("{path}/login"), body)
}

fn change(bench: &mut TestMachine, path: &str, role: &str, old: &str, new: &str) -> Answer {
    let body = json!({"oldPassword": old, "newPassword": new});
    call(bench, role, Method::Patch, &format!("{path}/roles/{role}"), body)
}

fn init(bench: &mut TestMachine, path: &str, password: &str) -> Answer {
    let body = json!({"password": password});
    call(bench, "so", Method::Put, &format!("{path}/roles/co"), body)
}

fn failed(bench: &mut TestMachine) -> Value {
    bench.get("/api/keyrings/k").json()["failedLogins"].clone()
}

#[test]
fn in_single_identity_mode_both_roles_have_one_password() {
    let (mut bench, path) = keyring("1.0.4-122", "first-password");
    assert_eq!(login(&mut bench, &path, "so", "first-password").status, 204);
    assert_eq!(login(&mut bench, &path, "co", "first-password").status, 409, "not initialized");
    assert_eq!(init(&mut bench, &path, "first-password").status, 403, "changed first");
    assert_eq!(change(&mut bench, &path, "so", "first-password", SHORT).status, 204);
    assert_eq!(init(&mut bench, &path, "another-password").status, 422, "the KRSO's own");
    assert_eq!(init(&mut bench, &path, SHORT).status, 204);
    assert_eq!(login(&mut bench, &path, "co", SHORT).status, 204);
    assert_eq!(change(&mut bench, &path, "co", SHORT, "third-password").status, 204);
    for role in ["so", "co"] {
        assert_eq!(login(&mut bench, &path, role, SHORT).status, 401);
        assert_eq!(login(&mut bench, &path, role, "third-password").status, 204);
    }
}

/// The same in dual-identity mode.
fn dual() -> (TestMachine, String) {
    let (mut bench, cluster_path) = cluster("1.0.5-10");
    let dual = json!({"action": "config", "identityMode": "dual"});
    assert_eq!(bench.put(&cluster_path, dual).status, 204);
    let body = json!({
        "authentication": co(), "keyRingLabel": "k", "keyRingPassword": "first-password",
    });
    let made = bench.post("/api/keyrings", body).json();
    let uuid = made["data"][0]["keyRingUUID"].as_str().unwrap();
    let path = format!("/emulator{}/keyrings/{uuid}", cluster_path.strip_prefix("/api").unwrap());
    (bench, path)
}

fn reset(bench: &mut TestMachine, path: &str, by: &str, role: &str) -> Answer {
    let body = json!({"password": "reset-password"});
    call(bench, by, Method::Post, &format!("{path}/roles/{role}/actions/reset"), body)
}

#[test]
fn in_dual_identity_mode_roles_are_locked_one_by_one_and_the_krso_resets_the_krco() {
    let (mut bench, path) = dual();
    change(&mut bench, &path, "so", "first-password", "so-password");
    assert_eq!(
        reset(&mut bench, &path, "so", "co").error(),
        (409, "HSMPLUGIN_ROLE_NOT_INITIALIZED")
    );
    init(&mut bench, &path, "co-password");
    for _ in 0..10 {
        assert_eq!(login(&mut bench, &path, "co", "wrong-password").status, 401);
    }
    assert_eq!(login(&mut bench, &path, "co", "co-password").status, 403, "locked");
    assert_eq!(login(&mut bench, &path, "so", "wrong-password").status, 401);
    assert_eq!(login(&mut bench, &path, "so", "so-password").status, 204, "not the KRSO");
    for (by, role, status) in [("co", "co", 401), ("so", "so", 422), ("", "co", 401)] {
        assert_eq!(reset(&mut bench, &path, by, role).status, status, "{by} resets {role}");
    }
    assert_eq!(reset(&mut bench, &path, "so", "co").status, 204);
    assert_eq!(login(&mut bench, &path, "co", "reset-password").status, 204, "not locked any more");
    let new = json!({"label": "key", "type": "Symmetric Key"});
    let refused = call(&mut bench, "co", Method::Post, &format!("{path}/objects"), new);
    assert_eq!(refused.status, 403, "somebody else set it");
    for _ in 0..10 {
        login(&mut bench, &path, "so", "wrong-password");
    }
    assert_eq!(login(&mut bench, &path, "so", "so-password").status, 403);
    assert_eq!(login(&mut bench, &path, "co", "reset-password").status, 204);
    assert_eq!(bench.get("/api/keyrings/k").json()["locked"], true);
    assert_eq!(bench.patch("/api/keyrings/k", json!({"authentication": co()})).status, 204);
    assert_eq!(login(&mut bench, &path, "so", "so-password").status, 204);
}

#[test]
fn in_single_identity_mode_nobody_resets_the_krco() {
    let (mut bench, path) = keyring("1.0.4-122", "first-password");
    change(&mut bench, &path, "so", "first-password", SHORT);
    init(&mut bench, &path, SHORT);
    assert_eq!(reset(&mut bench, &path, "so", "co").status, 422);
    assert_eq!(login(&mut bench, &path, "co", SHORT).status, 204);
}

#[test]
fn finished_labels_are_judged_and_all_that_were_asked_for_are_made() {
    let (mut bench, _) = cluster("1.0.4-122");
    let mut create = |label: &str, total: u64, index: u64| {
        let body = json!({
            "authentication": co(), "keyRingLabel": label, "keyRingPassword": "keyringpassword",
            "total": total, "index": index,
        });
        bench.post("/api/keyrings", body)
    };
    assert_eq!(create("k", 10, 4_294_967_290).error(), (400, "FRAMEWORK_BAD_REQUEST"));
    assert_eq!(create("k", 1, 4_294_967_296).status, 400);
    assert_eq!(create("k", 6, 4_294_967_290).json()["data"][5]["keyRingLabel"], "k4294967295");
    let long = "l".repeat(31);
    let refused = create(&long, 2, 9);
    assert!(refused.text().contains(&format!("'{long}10' has more than 32")), "{}", refused.text());
    assert_eq!(create(&long, 1, 9).status, 200);
    let uuid = json!({
        "authentication": co(), "keyRingLabel": "528b9b72-c305-4dd1-bebc-a4ca24f8c28b",
        "keyRingPassword": "keyringpassword",
    });
    assert_eq!(bench.post("/api/keyrings", uuid).status, 400, "keyrings are found by UUID too");
    assert_eq!(bench.get("/api/keyrings").json()["data"].as_array().unwrap().len(), 7);
}

#[test]
fn an_ambiguous_label_is_refused_with_the_uuids() {
    let (mut bench, path) = keyring("1.0.4-122", "first-password");
    let run = json!({"action": "run", "filename": "file", "password": "backuppasword"});
    let cluster_path = path.split("/keyrings").next().unwrap().replace("/emulator", "/api");
    assert_eq!(bench.put(&format!("{cluster_path}/backup"), run).status, 200);
    let authentication = json!({"authentication": co()});
    assert_eq!(bench.delete_with("/api/keyrings/k", authentication.clone()).status, 204);
    let new = json!({
        "authentication": co(), "keyRingLabel": "k", "keyRingPassword": "first-password",
    });
    bench.post("/api/keyrings", new);
    let restore = json!({"filename": "file", "password": "backuppasword", "type": "keyring"});
    assert_eq!(bench.put("/api/cluster/restore", restore).status, 204);
    let listed = bench.get("/api/keyrings").json();
    let uuids: Vec<&str> = listed["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|keyring| keyring["keyRingUUID"].as_str().unwrap())
        .collect();
    assert_eq!(uuids.len(), 2);
    assert_eq!(uuids[1], path.rsplit('/').next().unwrap(), "what was restored comes last");
    for refused in [
        bench.get("/api/keyrings/k"),
        bench.patch("/api/keyrings/k", authentication.clone()),
        bench.delete_with("/api/keyrings/k", authentication.clone()),
        bench.post("/emulator/keyrings/k/objects", json!({"label": "x", "type": "Data"})),
    ] {
        assert_eq!(refused.error(), (409, "CLUSTER_OPERATION_NOT_ALLOWED"));
        assert!(uuids.iter().all(|uuid| refused.text().contains(uuid)), "{}", refused.text());
    }
    let by_uuid = format!("/api/keyrings/{}", uuids[0]);
    assert_eq!(bench.delete_with(&by_uuid, authentication).status, 204);
    assert_eq!(bench.get("/api/keyrings/k").json()["keyRingUUID"], uuids[1]);
}

#[test]
fn a_new_keyring_moves_no_other_in_either_list() {
    let (mut bench, path) = cluster("1.0.4-122");
    let slots = format!("/emulator{}/keyrings", path.strip_prefix("/api").unwrap());
    for label in ["web2", "web10", "app", "web1"] {
        let body = json!({
            "authentication": co(), "keyRingLabel": label, "keyRingPassword": "keyringpassword",
        });
        assert_eq!(bench.post("/api/keyrings", body).status, 200);
    }
    bench.restart();
    let listed = bench.get("/api/keyrings").json();
    let authorize = bench.get(&format!("{path}/members")).json();
    let member = authorize["data"][0]["memberUUID"].as_str().unwrap().to_owned();
    let body = json!({"action": "authorize", "authentication": co()});
    bench.put(&format!("{path}/members/{member}"), body).created();
    let operation = Operation { client: "client".into(), ..Operation::default() };
    let seen =
        bench.send(Request { operation: Some(operation), ..Request::new(Method::Get, slots) });
    let seen = seen.json();
    for (place, label) in ["web2", "web10", "app", "web1"].into_iter().enumerate() {
        assert_eq!(listed["data"][place]["keyRingLabel"], label);
        assert_eq!(seen["data"][place]["label"], label);
    }
}

#[test]
fn in_dual_identity_mode_each_role_has_its_own() {
    let (mut bench, path) = dual();
    assert_eq!(change(&mut bench, &path, "so", "first-password", "so-password").status, 204);
    assert_eq!(init(&mut bench, &path, "co-password").status, 204);
    let objects = format!("{path}/objects");
    let new = json!({"label": "key", "type": "Symmetric Key"});
    let refused = call(&mut bench, "co", Method::Post, &objects, new.clone());
    assert_eq!(refused.status, 403, "the officer changes what somebody else set");
    assert_eq!(change(&mut bench, &path, "co", "co-password", "own-password").status, 204);
    assert_eq!(call(&mut bench, "co", Method::Post, &objects, new).status, 200);
    assert_eq!(login(&mut bench, &path, "so", "so-password").status, 204, "stayed what it was");
}

#[test]
fn ten_failed_logins_lock_a_keyring_whose_password_is_short() {
    let (mut bench, path) = keyring("1.0.4-122", "first-password");
    change(&mut bench, &path, "so", "first-password", SHORT);
    init(&mut bench, &path, SHORT);
    for _ in 0..20 {
        assert_eq!(login(&mut bench, &path, "co", "sixsix").status, 401);
    }
    assert_eq!(failed(&mut bench), 0, "six characters and fewer never count");
    for count in 1..=9 {
        assert_eq!(login(&mut bench, &path, "co", "seven77").status, 401);
        assert_eq!(failed(&mut bench), count);
    }
    assert_eq!(login(&mut bench, &path, "co", SHORT).status, 204);
    assert_eq!(failed(&mut bench), 0, "a good login forgets them");
    for _ in 0..10 {
        login(&mut bench, &path, "co", "seven77");
    }
    assert_eq!(bench.get("/api/keyrings/k").json()["locked"], true);
    assert_eq!(login(&mut bench, &path, "co", SHORT).error(), (403, "HSMPLUGIN_PIN_LOCKED"));
    bench.restart();
    let serial = bench.get("/api/clusters").json()["data"][0]["clusterUUID"].clone();
    let cluster = format!("/api/clusters/{}", serial.as_str().unwrap());
    let members = bench.get(&format!("{cluster}/members")).json();
    let member = members["data"][0]["memberUUID"].as_str().unwrap().to_owned();
    let body = json!({"action": "authorize", "authentication": co()});
    bench.put(&format!("{cluster}/members/{member}"), body).created();
    assert_eq!(login(&mut bench, &path, "co", SHORT).status, 403, "kept over a restart");
    let unlock = json!({"authentication": co()});
    assert_eq!(bench.patch("/api/keyrings/k", unlock).status, 204);
    assert_eq!(login(&mut bench, &path, "co", SHORT).status, 204);
}

#[test]
fn a_long_password_never_locks_a_keyring() {
    let (mut bench, path) = keyring("1.0.4-122", "first-password");
    change(&mut bench, &path, "so", "first-password", LONG);
    init(&mut bench, &path, LONG);
    for _ in 0..25 {
        assert_eq!(login(&mut bench, &path, "co", "wrong-password").status, 401);
    }
    assert_eq!(failed(&mut bench), 0);
    assert_eq!(login(&mut bench, &path, "co", LONG).status, 204);
}

#[test]
fn an_older_package_limits_the_objects_of_a_keyring() {
    let fill = |bench: &mut TestMachine, count: u32| {
        let body = json!({"label": "key", "type": "Symmetric Key", "count": count});
        bench.post("/emulator/keyrings/k/objects", body)
    };
    let (mut bench, _) = keyring("1.0.4-122", "first-password");
    assert_eq!(fill(&mut bench, 256).status, 200);
    assert_eq!(fill(&mut bench, 1).error(), (409, "CLUSTER_LIMIT_REACHED"));
    assert_eq!(bench.get("/api/keyrings/k").json()["objects"], 256);
    let (mut bench, _) = keyring("1.0.5-10", "first-password");
    assert_eq!(fill(&mut bench, 1000).status, 200);
    bench.restart();
    assert_eq!(bench.get("/api/keyrings/k").json()["objects"], 1000);
    let uuid = bench.get("/api/keyrings/k").json()["keyRingUUID"].as_str().unwrap().to_owned();
    assert_eq!(bench.machine.state.keyrings.objects_of(&uuid).count(), 1000);
}

#[test]
fn a_cluster_holds_3500_keyrings_and_64_groups() {
    let (mut bench, path) = cluster("1.0.4-122");
    let create = |total: u32, index: u32| {
        json!({
            "authentication": co(), "keyRingLabel": "k", "keyRingPassword": "keyringpassword",
            "total": total, "index": index,
        })
    };
    for call in 0..35 {
        assert_eq!(bench.post("/api/keyrings", create(100, call * 100)).status, 200);
    }
    let refused = bench.post("/api/keyrings", create(1, 3500));
    assert_eq!(refused.error(), (409, "CLUSTER_LIMIT_REACHED"));
    assert_eq!(bench.get("/api/keyrings").json()["data"].as_array().unwrap().len(), 3500);

    let members = &mut bench.machine.state.clusters.members;
    let (own, row) =
        members.iter().next().map(|(uuid, row)| (uuid.to_owned(), row.clone())).unwrap();
    for number in 0..63 {
        let row = MemberRow { group: format!("g{number}"), ..row.clone() };
        members.insert(format!("member{number}"), row);
    }
    bench.store();
    let mut to = |member: &str, group: &str| {
        let body = json!({"action": "config", "group": group});
        bench.put(&format!("{path}/members/{member}"), body).status
    };
    assert_eq!(to(&own, "the-65th"), 409, "63 and the group local are all there can be");
    assert_eq!(to("member0", "g1"), 204, "g0 is gone with its last member");
    assert_eq!(to(&own, "the-64th"), 204);
    // The group local counts though nobody is in it.
    assert_eq!(bench.get(&format!("{path}/groups")).json()["data"].as_array().unwrap().len(), 63);
}

#[test]
fn assignments_count_in_manual_mode_and_outlive_the_automatic_one() {
    let (mut bench, path) = cluster("1.0.5-10");
    let row = ClientRow { name: "app".into(), ..Default::default() };
    bench.machine.state.clusters.clients.insert("client", row);
    bench.store();
    let keyring = |label: &str| {
        json!({
            "authentication": co(), "keyRingLabel": label, "keyRingPassword": "keyringpassword",
        })
    };
    bench.post("/api/keyrings", keyring("a"));
    let slots = format!("/emulator{}/keyrings", path.strip_prefix("/api").unwrap());
    let seen = |bench: &mut TestMachine| -> Vec<String> {
        let operation = Operation { client: "client".into(), ..Operation::default() };
        let request =
            Request { operation: Some(operation), ..Request::new(Method::Get, slots.clone()) };
        let list = bench.send(request).json();
        let labels = list["data"].as_array().unwrap().iter();
        labels.map(|slot| slot["label"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(seen(&mut bench), ["a"]);
    let assign = |action: &str| json!({"action": action, "client": "app"});
    assert_eq!(bench.patch("/api/keyrings/a", assign("assign")).status, 409, "automatic");
    let mode = |mode: &str| json!({"action": "config", "clientAssignmentMode": mode});
    assert_eq!(bench.put(&path, mode("manual")).status, 204);
    bench.post("/api/keyrings", keyring("b"));
    assert_eq!(seen(&mut bench), ["a"], "what automatic mode gave stays; b is nobody's");
    assert_eq!(bench.patch("/api/keyrings/b", assign("assign")).status, 204);
    assert_eq!(bench.patch("/api/keyrings/a", assign("unassign")).status, 204);
    assert_eq!(seen(&mut bench), ["b"]);
    assert_eq!(bench.put(&path, mode("auto")).status, 204);
    assert_eq!(seen(&mut bench), ["a", "b"]);
}

#[test]
fn a_disabled_keyring_is_seen_and_cannot_be_used() {
    let (mut bench, path) = keyring("1.0.4-122", "first-password");
    let change = |bench: &mut TestMachine, action: &str| {
        bench.patch("/api/keyrings/k", json!({"action": action}))
    };
    assert_eq!(change(&mut bench, "disable").status, 204);
    assert_eq!(change(&mut bench, "disable").error(), (409, "CLUSTER_OPERATION_NOT_ALLOWED"));
    bench.restart();
    bench.machine.peers.active = true;
    assert_eq!(bench.get("/api/keyrings/k").json()["disabled"], true);
    let refused = (403, "CLUSTER_KEYRING_DISABLED");
    assert_eq!(login(&mut bench, &path, "so", "first-password").error(), refused);
    let objects = call(&mut bench, "co", Method::Get, &format!("{path}/objects"), json!({}));
    assert_eq!(objects.error(), refused);
    let new = json!({"label": "key", "type": "Symmetric Key"});
    let added = call(&mut bench, "co", Method::Post, &format!("{path}/objects"), new);
    assert_eq!(added.error(), refused);
    assert_eq!(call(&mut bench, "", Method::Get, &path, json!({})).status, 200);
    assert_eq!(failed(&mut bench), 0, "no login was judged");
    assert_eq!(change(&mut bench, "enable").status, 204);
    assert_eq!(change(&mut bench, "enable").status, 409);
    assert_eq!(login(&mut bench, &path, "so", "first-password").status, 204);
}

#[test]
fn a_reset_keyring_is_as_it_was_created_but_for_its_name() {
    let (mut bench, path) = keyring("1.0.4-122", "first-password");
    change(&mut bench, &path, "so", "first-password", SHORT);
    init(&mut bench, &path, SHORT);
    let new = json!({"label": "key", "type": "Symmetric Key", "count": 3});
    assert_eq!(bench.post("/emulator/keyrings/k/objects", new).status, 200);
    assert_eq!(login(&mut bench, &path, "so", "wrong-password").status, 401);
    let before = bench.get("/api/keyrings/k").json();
    assert_eq!((&before["objects"], &before["failedLogins"]), (&json!(3), &json!(1)));
    let reset = |bench: &mut TestMachine, authentication: Value, password: Value| {
        let body = json!({
            "action": "reset", "authentication": authentication, "keyRingPassword": password,
        });
        bench.patch("/api/keyrings/k", body)
    };
    assert_eq!(reset(&mut bench, json!([]), json!("another-first")).status, 400);
    assert_eq!(reset(&mut bench, json!(co()), json!("short")).status, 400);
    assert_eq!(reset(&mut bench, json!(co()), Value::Null).status, 400);
    assert_eq!(bench.get("/api/keyrings/k").json(), before, "nothing was reset so far");
    assert_eq!(reset(&mut bench, json!(co()), json!("another-first")).status, 204);
    let after = bench.get("/api/keyrings/k").json();
    assert_eq!(after["serialNumber"], before["serialNumber"]);
    assert_eq!((&after["objects"], &after["failedLogins"]), (&json!(0), &json!(0)));
    assert_eq!(
        (&after["krcoInitialized"], &after["passwordChanged"]),
        (&json!(false), &json!(false))
    );
    assert_eq!(login(&mut bench, &path, "so", SHORT).status, 401);
    assert_eq!(login(&mut bench, &path, "so", "another-first").status, 204);
}
