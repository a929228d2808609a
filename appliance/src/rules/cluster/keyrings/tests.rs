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

#[test]
fn in_dual_identity_mode_each_role_has_its_own() {
    let (mut bench, cluster_path) = cluster("1.0.5-10");
    let dual = json!({"action": "config", "identityMode": "dual"});
    assert_eq!(bench.put(&cluster_path, dual).status, 204);
    let body = json!({
        "authentication": co(), "keyRingLabel": "k", "keyRingPassword": "first-password",
    });
    let made = bench.post("/api/keyrings", body).json();
    let uuid = made["data"][0]["keyRingUUID"].as_str().unwrap();
    let path = format!("/emulator{}/keyrings/{uuid}", cluster_path.strip_prefix("/api").unwrap());
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
