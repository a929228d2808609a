use serde_json::{Value, json};

use crate::core::password::PasswordHash;
use crate::core::random::Random;
use crate::rules::partition::lifecycle::tests::{CO, SO, bench, initialized};
use crate::state::clusters::{PACKAGE, START};
use crate::state::packages::PackageRow;
use crate::test_machine::{ADDRESS, Bench};

const CONFIG: &str = "/api/cluster/config";
const SERVICE: &str = "/api/lunasa/services/cluster";
const SO_PASSWORD: &str = "hsm-password";

/// An appliance with the package, the V1 partition `app` and the core address.
pub(crate) fn configured(version: &str) -> Bench {
    let mut bench = bench();
    let path = initialized(&mut bench, 1);

    let so = bench.machine.state.hsm.hsm.get_mut();
    so.initialized = true;
    so.so = PasswordHash::new(SO_PASSWORD, &mut Random::from_number(1));
    bench.store();

    bench
        .post(&format!("{path}/login"), json!({"role": "so", "password": SO, "ped": "0"}))
        .created();
    let task = bench.put(&format!("{path}/policies/40"), json!({"value": 0})).created();
    bench.post(&format!("{task}/actions/start"), json!({}));
    bench.put(&format!("{path}/roles/co"), json!({"password": "initial-co"})).created();
    bench.post(&format!("{path}/logout"), json!({}));
    let change = json!({"oldPassword": "initial-co", "newPassword": CO});
    assert_eq!(bench.patch(&format!("{path}/roles/co"), change).status, 202);
    let row = PackageRow { version: version.into(), ..PackageRow::default() };
    bench.machine.state.packages.installed.insert(PACKAGE, row);
    bench.store();
    let core = json!({"service": "core", "IpAddress": ADDRESS.to_string()});
    assert_eq!(bench.put(CONFIG, core).status, 204);
    bench
}

/// The same with the service running.
pub(crate) fn running(version: &str) -> Bench {
    let mut bench = configured(version);
    bench.post(&format!("{SERVICE}/actions/start"), json!({})).created();
    bench.advance(START.whole_seconds() as u32);
    bench
}

pub(crate) fn co() -> Value {
    json!([{"type": "CO", "password": CO, "partitionLabel": "app"}])
}

/// The same with a cluster whose only member is authorized: its path.
pub(crate) fn cluster(version: &str) -> (Bench, String) {
    let mut bench = running(version);
    let so = json!([{"type": "SO", "password": SO_PASSWORD}]);
    let body = json!({"authentication": so, "clusterLabel": "myNewCluster"});
    let path = bench.post("/api/clusters", body).created();
    let members = bench.get(&format!("{path}/members")).json();
    let member = members["data"][0]["memberUUID"].as_str().unwrap().to_owned();
    let body = json!({"action": "authorize", "authentication": co()});
    bench.put(&format!("{path}/members/{member}"), body).created();
    (bench, path)
}

#[test]
fn the_service_starts_for_a_while_and_only_where_it_can() {
    let mut bench = configured("1.0.4-122");
    let state = |bench: &mut Bench| {
        let shown = bench.get(SERVICE).json();
        (shown["status"].as_str().unwrap().to_owned(), shown["starting"] == true)
    };
    assert_eq!(state(&mut bench), ("stopped".into(), false));
    bench.post(&format!("{SERVICE}/actions/start"), json!({})).created();
    assert_eq!(state(&mut bench), ("stopped".into(), true));
    assert_eq!(bench.get("/api/clusters").error(), (409, "CLUSTER_SERVICE_NOT_RUNNING"));
    bench.advance(30);
    assert_eq!(state(&mut bench), ("running".into(), false));
    assert_eq!(bench.get("/api/clusters").json(), json!({"data": []}));
    bench.post(&format!("{SERVICE}/actions/stop"), json!({})).created();
    bench.put("/emulator/clock", json!({"set": "2024-12-31T00:00:00Z"}));
    bench.local_login();
    let refused = bench.post(&format!("{SERVICE}/actions/start"), json!({}));
    assert_eq!(refused.error(), (400, "APPLIANCE_SERVICE_ACTION_FAILED"));
    assert!(refused.text().contains("valid from 2025-01-02"), "{}", refused.text());
}

#[test]
fn after_a_reboot_the_service_starts_anew_or_not_at_all() {
    let (mut bench, path) = cluster("1.0.4-122");
    let mut reboot = |on_boot: bool| {
        assert_eq!(bench.patch(SERVICE, json!({"onBoot": on_boot})).status, 200);
        bench.post("/emulator/lunash/hardReboot", json!({}));
        bench.local_login();
        let starting = bench.get(SERVICE).json()["starting"] == true;
        bench.advance(START.whole_seconds() as u32);
        (starting, bench.get(&format!("{path}/members")).json()["data"][0]["memberActive"].clone())
    };
    assert_eq!(reboot(true), (true, json!(false)), "its authorization is lost");
    assert_eq!(reboot(false), (false, Value::Null));
}

#[test]
fn the_core_address_is_an_own_one_and_stays() {
    let mut bench = configured("1.0.4-122");
    let mut put = |body: Value| {
        let answer = bench.put(CONFIG, body);
        (answer.status, answer.text())
    };
    assert_eq!(put(json!({"service": "core", "IpAddress": ADDRESS.to_string()})).0, 204);
    let (status, text) = put(json!({"service": "core", "IpAddress": "10.1.2.3"}));
    assert!(status == 409 && text.contains("not the address"), "{text}");
    assert_eq!(put(json!({"service": "core", "IpAddress": "host"})).0, 400);
    assert_eq!(put(json!({"service": "crypto", "port": 50055})).0, 204);
    assert_eq!(put(json!({"service": "crypto", "port": 50075})).0, 400);
    assert_eq!(put(json!({"service": "admin", "interface": "eth0", "port": 50079})).0, 204);
    assert_eq!(put(json!({"service": "admin", "interface": "eth3"})).0, 409);
    assert_eq!(put(json!({"service": "other"})).0, 400);
    let shown = bench.get(CONFIG).json();
    assert_eq!(shown["data"][0]["IpAddress"], ADDRESS.to_string());
    assert_eq!(shown["data"][1]["port"], 50079);
    assert_eq!(shown["data"][2]["port"], 50055);
}

#[test]
fn a_cluster_has_its_first_member_as_primary() {
    let (mut bench, path) = cluster("1.0.4-122");
    let serial = bench.machine.state.hsm.hsm.get().serial;
    let members = bench.get(&format!("{path}/members")).json();
    let member = &members["data"][0];
    assert_eq!(member["memberName"], format!("LNH-{serial}"));
    assert_eq!(member["primaryNode"], true);
    assert_eq!(member["mode"], "Read-Write");
    assert_eq!(member["memberActive"], true);
    assert_eq!(member["group"], "local");
    assert_eq!(member["packageVersion"], "cluster_service-1.0.4-122.x86_64");
    let so = json!([{"type": "SO", "password": SO_PASSWORD}]);
    let again = json!({"authentication": so, "clusterLabel": "second"});
    assert_eq!(bench.post("/api/clusters", again).error(), (409, "CLUSTER_EXISTS"));
    bench.restart();
    let members = bench.get(&format!("{path}/members")).json();
    assert_eq!(members["data"][0]["memberActive"], false, "authorization ends with the process");
}

#[test]
fn a_member_without_authorization_makes_no_keyrings() {
    let (mut bench, _) = cluster("1.0.4-122");
    let body = json!({
        "authentication": co(), "keyRingLabel": "k", "keyRingPassword": "keyringpassword",
    });
    assert_eq!(bench.post("/api/keyrings", body.clone()).status, 200);
    bench.restart();
    assert_eq!(bench.post("/api/keyrings", body).error(), (403, "CLUSTER_MEMBER_NOT_AUTHORIZED"));
    assert_eq!(bench.get("/api/keyrings").json()["data"][0]["keyRingLabel"], "k");
}

#[test]
fn keyrings_are_numbered_found_and_deleted() {
    let (mut bench, _) = cluster("1.0.4-122");
    let create = |total: Value, index: Value| {
        json!({
            "authentication": co(), "keyRingLabel": "myKeyring",
            "keyRingPassword": "keyringpassword", "total": total, "index": index,
        })
    };
    let made = bench.post("/api/keyrings", create(json!(10), json!(100))).json();
    assert_eq!(made["data"][9]["keyRingLabel"], "myKeyring109");
    assert_eq!(bench.post("/api/keyrings", create(json!(101), json!(1))).status, 400);
    let taken = bench.post("/api/keyrings", create(json!(2), json!(108)));
    assert_eq!(taken.error(), (409, "CLUSTER_OPERATION_NOT_ALLOWED"));
    let shown = bench.get("/api/keyrings/myKeyring103").json();
    assert_eq!((&shown["objects"], &shown["maxObjects"]), (&json!(0), &json!(256)));
    let uuid = shown["keyRingUUID"].as_str().unwrap();
    let wrong = json!({"authentication": [{"type": "CO", "password": "wrong-password"}]});
    let path = format!("/api/keyrings/{uuid}");
    assert_eq!(bench.delete_with(&path, wrong).status, 401);
    let right = json!({"authentication": [{"type": "CO", "password": CO}]});
    assert_eq!(bench.delete_with(&path, right).status, 204);
    assert_eq!(bench.get(&path).error(), (404, "CLUSTER_KEYRING_NOT_FOUND"));
    bench.restart();
    assert_eq!(bench.get("/api/keyrings").json()["data"].as_array().unwrap().len(), 9);
}

#[test]
fn modes_need_the_newer_package_and_identity_an_empty_cluster() {
    let (mut bench, path) = cluster("1.0.4-122");
    let dual = json!({"action": "config", "identityMode": "dual"});
    assert_eq!(bench.put(&path, dual.clone()).error(), (409, "CLUSTER_OPERATION_NOT_ALLOWED"));
    let (mut bench, path) = cluster("1.0.5-10");
    assert_eq!(bench.put(&path, dual).status, 204);
    let body = json!({
        "authentication": co(), "keyRingLabel": "k", "keyRingPassword": "keyringpassword",
    });
    assert_eq!(bench.post("/api/keyrings", body).status, 200);
    assert_eq!(bench.get("/api/keyrings/k").json()["maxObjects"], 0, "no limit any more");
    let single = json!({"action": "config", "identityMode": "single"});
    assert_eq!(bench.put(&path, single).status, 409);
    let manual = json!({"action": "config", "clientAssignmentMode": "manual"});
    assert_eq!(bench.put(&path, manual).status, 204);
    assert_eq!(bench.get(&path).json()["clientAssignmentMode"], "manual");
}

#[test]
fn a_factory_reset_of_the_service_forgets_the_cluster() {
    let (mut bench, _) = cluster("1.0.4-122");
    bench.post(&format!("{SERVICE}/actions/factoryreset"), json!({})).created();
    assert_eq!(bench.get("/api/clusters").error(), (409, "CLUSTER_SERVICE_NOT_RUNNING"));
    assert_eq!(bench.get(CONFIG).json()["data"][0]["IpAddress"], "");
    bench.restart();
    assert!(bench.machine.state.keyrings.keyrings.is_empty());
}

#[test]
fn backups_follow_their_schedule_and_the_oldest_go() {
    let (mut bench, path) = cluster("1.0.4-122");
    let backup = format!("{path}/backup");
    let mut put = |body: Value| bench.put(&backup, body);
    let enable = json!({"action": "enable", "password": "backuppasword"});
    assert_eq!(put(enable.clone()).status, 409, "not configured");
    // The bench's day is a Thursday, 03:04:05.
    let config = |time: &str| json!({"action": "config", "total": 2, "time": time, "filename": "myClusterBackup"});
    assert_eq!(put(config("7:09:30")).status, 400);
    assert_eq!(put(config("4:09:30")).status, 200);
    assert_eq!(put(enable).status, 200);
    assert_eq!(put(config("4:09:31")).status, 409, "disable first");
    for (days, file) in [
        (0, "myClusterBackup_20250102_0930"),
        (7, "myClusterBackup_20250109_0930"),
        (7, "myClusterBackup_20250116_0930"),
    ] {
        bench.advance(days * 86_400 + if days == 0 { 7 * 3600 } else { 0 });
        bench.machine.tick(bench.machine.now(time::OffsetDateTime::UNIX_EPOCH));
        bench.store();
        let files: Vec<_> = bench.machine.state.files.names("admin").map(str::to_owned).collect();
        assert!(files.iter().any(|name| name == file), "{files:?}");
        assert!(files.len() <= 2, "{files:?}");
    }
}

#[test]
fn a_restore_brings_back_what_the_backup_has_and_leaves_the_rest() {
    let (mut bench, path) = cluster("1.0.4-122");
    let keyring = |label: &str| {
        json!({
            "authentication": co(), "keyRingLabel": label, "keyRingPassword": "keyringpassword",
        })
    };
    bench.post("/api/keyrings", keyring("old"));
    let uuid = bench.get("/api/keyrings/old").json()["keyRingUUID"].as_str().unwrap().to_owned();
    bench.machine.state.keyrings.add(&uuid, vec![("a".into(), 0), ("b".into(), 1)]);
    bench.store();
    let run = json!({"action": "run", "filename": "file", "password": "backuppasword"});
    assert_eq!(bench.put(&format!("{path}/backup"), run).status, 200);
    bench.post("/api/keyrings", keyring("new"));
    bench.machine.state.keyrings.erase(&uuid);
    bench.machine.state.keyrings.add(&uuid, vec![("c".into(), 0)]);
    bench.machine.state.keyrings.keyrings.get_mut(&uuid).unwrap().failed = 10;
    bench.store();
    let restore =
        |password: &str| json!({"filename": "file", "password": password, "type": "keyring"});
    let before = bench.get("/api/keyrings/old").json();
    let refused = bench.put("/api/cluster/restore", restore("wrong-password"));
    assert_eq!(refused.error(), (400, "CLUSTER_BACKUP_UNUSABLE"));
    assert_eq!(bench.get("/api/keyrings/old").json(), before, "nothing was touched");
    assert_eq!(bench.put("/api/cluster/restore", restore("backuppasword")).status, 204);
    let labels: Vec<String> =
        bench.machine.state.keyrings.objects_of(&uuid).map(|object| object.1).collect();
    assert_eq!(labels, ["a", "b", "c"]);
    let shown = bench.get("/api/keyrings/old").json();
    assert_eq!((&shown["locked"], &shown["objects"]), (&json!(false), &json!(3)));
    assert_eq!(bench.get("/api/keyrings/new").status, 200);
    let state = bench.get("/api/cluster/restore").json();
    assert_eq!((&state["state"], &state["objects"]), (&json!("complete"), &json!(2)));
}
