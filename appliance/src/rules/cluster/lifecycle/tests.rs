use luna_rest::peers::Here;
use serde_json::{Value, json};

use crate::core::password::PasswordHash;
use crate::core::random::Random;
use crate::rules::partition::lifecycle::tests::{CO, SO, bench, initialized};
use crate::state::clusters::{MemberRow, PACKAGE, START};
use crate::state::packages::PackageRow;
use crate::test_machine::{ADDRESS, TestMachine};

const CONFIG: &str = "/api/cluster/config";
const SERVICE: &str = "/api/lunasa/services/cluster";
const SO_PASSWORD: &str = "hsm-password";

/// An appliance with the package, the V1 partition `app` and the core address.
pub(crate) fn configured(version: &str) -> TestMachine {
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
    if version.starts_with("1.0.5") {
        bench.machine.state.lunasa.settings.get_mut().version = "7.9.0-42".into();
    }
    bench.store();
    let core = json!({"service": "core", "IpAddress": ADDRESS.to_string()});
    assert_eq!(bench.put(CONFIG, core).status, 204);
    bench
}

/// The same with the service running.
pub(crate) fn running(version: &str) -> TestMachine {
    let mut bench = configured(version);
    bench.post(&format!("{SERVICE}/actions/start"), json!({})).created();
    bench.advance(START.whole_seconds() as u32);
    bench
}

pub(crate) fn co() -> Value {
    json!([{"type": "CO", "password": CO, "partitionLabel": "app"}])
}

/// The same with a cluster whose only member is authorized: its path.
pub(crate) fn cluster(version: &str) -> (TestMachine, String) {
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
    let state = |bench: &mut TestMachine| {
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
fn modes_need_the_newer_package_and_software_on_every_member() {
    let dual = json!({"action": "config", "identityMode": "dual"});
    let refused = (409, "CLUSTER_OPERATION_NOT_ALLOWED");
    let (mut bench, path) = cluster("1.0.4-122");
    assert_eq!(bench.put(&path, dual.clone()).error(), refused);
    let (mut bench, path) = cluster("1.0.5-10");
    let settings = bench.machine.state.lunasa.settings.get_mut();
    let newer = std::mem::replace(&mut settings.version, "7.8.5-20".into());
    bench.store();
    assert_eq!(bench.put(&path, dual.clone()).error(), refused);
    bench.machine.state.lunasa.settings.get_mut().version.clone_from(&newer);
    let row = MemberRow { name: "LNH-2".into(), joined: 2, ..MemberRow::default() };
    bench.machine.state.clusters.members.insert("other", row);
    bench.store();
    let away = bench.put(&path, dual.clone());
    assert!(away.status == 409 && away.text().contains("not online: LNH-2."), "{}", away.text());
    for (package, software, status) in
        [("1.0.4-122", &*newer, 409), ("1.0.5-1", "7.8.5-20", 409), ("1.0.5-1", &newer, 204)]
    {
        let here = Here { package: package.into(), software: software.into(), ..Here::default() };
        bench.machine.peers.here.insert("other".into(), here);
        assert_eq!(bench.put(&path, dual.clone()).status, status, "{package}, {software}");
    }
}

#[test]
fn identity_is_chosen_once_before_the_first_keyring() {
    let (mut bench, path) = cluster("1.0.5-10");
    let mode = |mode: &str| json!({"action": "config", "identityMode": mode});
    assert_eq!(bench.put(&path, mode("single")).status, 204, "it is that already");
    assert_eq!(bench.put(&path, mode("dual")).status, 204);
    let refused = bench.put(&path, mode("single"));
    assert_eq!(refused.error(), (409, "CLUSTER_OPERATION_NOT_ALLOWED"));
    assert!(refused.text().contains("Only a factory reset"), "{}", refused.text());
    let (mut bench, path) = cluster("1.0.5-10");
    let body = json!({
        "authentication": co(), "keyRingLabel": "k", "keyRingPassword": "keyringpassword",
    });
    assert_eq!(bench.post("/api/keyrings", body).status, 200);
    assert_eq!(bench.get("/api/keyrings/k").json()["maxObjects"], 0, "no limit any more");
    assert_eq!(bench.delete_with("/api/keyrings/k", json!({"authentication": co()})).status, 204);
    bench.restart();
    let members = bench.get(&format!("{path}/members")).json();
    let member = members["data"][0]["memberUUID"].as_str().unwrap().to_owned();
    let body = json!({"action": "authorize", "authentication": co()});
    bench.put(&format!("{path}/members/{member}"), body).created();
    assert_eq!(bench.put(&path, mode("dual")).status, 409, "there was a keyring");
    let manual = json!({"action": "config", "clientAssignmentMode": "manual"});
    assert_eq!(bench.put(&path, manual).status, 204);
    assert_eq!(bench.get(&path).json()["clientAssignmentMode"], "manual");
}

#[test]
fn a_backup_is_restored_into_its_own_identity_mode_alone() {
    let (mut bench, path) = cluster("1.0.5-10");
    let run = json!({"action": "run", "filename": "file", "password": "backuppasword"});
    assert_eq!(bench.put(&format!("{path}/backup"), run).status, 200);
    assert_eq!(bench.put(&path, json!({"action": "config", "identityMode": "dual"})).status, 204);
    let restore = json!({"filename": "file", "password": "backuppasword", "type": "keyring"});
    let refused = bench.put("/api/cluster/restore", restore);
    assert_eq!(refused.error(), (400, "CLUSTER_BACKUP_UNUSABLE"));
    assert!(refused.text().contains("identity mode"), "{}", refused.text());
}

#[test]
fn an_admin_port_is_opened_by_the_restart_that_the_mark_asks_for() {
    let (mut bench, path) = cluster("1.0.4-122");
    let port = |bench: &TestMachine| {
        let own = bench.machine.state.clusters.own.get();
        (own.traffic_now().0.port, own.restart)
    };
    let config = json!({"service": "admin", "port": 50075});
    assert_eq!(bench.put(CONFIG, config).status, 204);
    assert_eq!(port(&bench), (0, true));
    assert_eq!(bench.get(CONFIG).json()["data"][1]["port"], 50075, "what was set");
    let members = bench.get(&format!("{path}/members")).json();
    assert_eq!(members["data"][0]["restartService"], true);
    bench.restart();
    assert_eq!(port(&bench), (0, true), "the program's restart is none of the service");
    bench.post(&format!("{SERVICE}/actions/restart"), json!({})).created();
    assert_eq!(port(&bench), (50075, false));
}

#[test]
fn both_ways_of_resetting_the_service_leave_the_same() {
    let states = ["", "/emulator/lunash/config/factoryReset"].map(|lunash| {
        let (mut bench, _) = cluster("1.0.4-122");
        assert_eq!(bench.patch(SERVICE, json!({"onBoot": true})).status, 200);
        match lunash {
            "" => bench.post(&format!("{SERVICE}/actions/factoryreset"), json!({})),
            lunash => bench.post(lunash, json!({"service": "cluster"})),
        };
        let service = bench.get(SERVICE).json();
        assert_eq!((&service["onBoot"], &service["status"]), (&json!(false), &json!("stopped")));
        (service, bench.get(CONFIG).json(), bench.get("/api/clusters").json())
    });
    assert_eq!(states[0], states[1]);
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
    let guide = put(config("7:09:30"));
    assert!(guide.status == 400 && guide.text().contains("7:09:30"), "{}", guide.text());
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

/// A cluster whose schedule is followed every Thursday at 09:30, and what its backups are called.
fn scheduled() -> (TestMachine, String) {
    let (mut bench, path) = cluster("1.0.4-122");
    let backup = format!("{path}/backup");
    let config = json!({"action": "config", "total": 3, "time": "4:09:30", "filename": "nightly"});
    assert_eq!(bench.put(&backup, config).status, 200);
    let enable = json!({"action": "enable", "password": "backuppasword"});
    assert_eq!(bench.put(&backup, enable).status, 200);
    (bench, backup)
}

/// What is due by the clock of the bench.
fn tick(bench: &mut TestMachine) -> Vec<String> {
    bench.machine.tick(bench.machine.now(time::OffsetDateTime::UNIX_EPOCH));
    bench.store();
    // What was waited for ended the session.
    bench.local_login();
    bench.machine.state.files.names("admin").map(str::to_owned).collect()
}

#[test]
fn a_backup_that_is_due_without_authorization_fails_and_is_not_made_later() {
    let (mut bench, backup) = scheduled();
    bench.machine.peers.active = false;
    bench.advance(7 * 3600);
    assert!(tick(&mut bench).is_empty());
    bench.machine.peers.active = true;
    assert!(tick(&mut bench).is_empty(), "its time is over");
    let show = json!({"action": "show"});
    let missed = bench.put(&backup, show.clone()).json()["missed"].clone();
    assert_eq!(missed, "2025-01-02 09:30: the member was not authorized");
    bench.advance(7 * 86_400);
    assert_eq!(tick(&mut bench), ["nightly_20250109_0930"]);
    assert_eq!(bench.put(&backup, show).json()["missed"], "");
}

#[test]
fn a_schedule_goes_on_when_the_clock_was_ahead_and_overwrites_nothing() {
    let (mut bench, _) = scheduled();
    let clock = |bench: &mut TestMachine, time: &str| {
        bench.put("/emulator/clock", json!({"set": time}));
        bench.local_login();
        tick(bench)
    };
    assert_eq!(clock(&mut bench, "2026-01-01T10:00:00Z"), ["nightly_20260101_0930"]);
    let kept = bench.machine.state.files.get("admin", "nightly_20260101_0930").unwrap().clone();
    clock(&mut bench, "2025-01-02T03:05:00Z");
    let made = clock(&mut bench, "2025-01-02T09:30:00Z");
    assert_eq!(made, ["nightly_20250102_0930", "nightly_20260101_0930"]);
    clock(&mut bench, "2026-01-01T09:29:00Z");
    let made = clock(&mut bench, "2026-01-01T09:30:00Z");
    assert!(made.contains(&"nightly_20260101_0930_2".to_owned()), "{made:?}");
    if let Some(row) = bench.machine.state.files.get("admin", "nightly_20260101_0930") {
        assert_eq!(row, &kept);
    }
}

#[test]
fn a_schedule_neither_overwrites_nor_removes_a_file_of_the_user() {
    let (mut bench, _) = scheduled();
    let (due, made) = ("nightly_20250102_0930", "nightly_20250102_0930_2");
    bench.upload("/users/admin/files", due, b"mine");
    bench.advance(7 * 3600);
    assert_eq!(tick(&mut bench), [due, made]);
    // Another one takes the place of what the schedule made.
    bench.machine.state.files.remove("admin", made);
    bench.store();
    bench.upload("/users/admin/files", made, b"mine too");
    for _ in 0..4 {
        bench.advance(7 * 86_400);
        tick(&mut bench);
    }
    let files = tick(&mut bench);
    assert_eq!(files.len(), 2 + 3, "{files:?}");
    let content =
        |name: &str| bench.machine.state.files.get("admin", name).unwrap().content.clone();
    assert_eq!((content(due), content(made)), (b"mine".to_vec(), b"mine too".to_vec()));
}

#[test]
fn a_v0_partition_with_the_label_of_the_cluster_partition_is_not_taken_for_it() {
    let (mut bench, _) = cluster("1.0.4-122");
    let partitions = &mut bench.machine.state.partitions.partitions;
    let (serial, row) = partitions.iter().find(|(_, row)| row.label == "app").unwrap();
    let (serial, mut other) = (serial.to_owned(), row.clone());
    (other.version, other.roles) = (0, Default::default());
    // Before it in the order of serial numbers, and behind it.
    for same in [format!("0{serial}"), format!("{serial}9")] {
        partitions.insert(&same, other.clone());
    }
    bench.store();
    let body = json!({
        "authentication": co(), "keyRingLabel": "k", "keyRingPassword": "keyringpassword",
    });
    assert_eq!(bench.post("/api/keyrings", body.clone()).status, 200);
    // Alone under the label it is refused for what it is.
    bench.machine.state.partitions.partitions.get_mut(&serial).unwrap().label = "other".into();
    bench.store();
    let refused = bench.post("/api/keyrings", body);
    assert_eq!(refused.error(), (409, "CLUSTER_OPERATION_NOT_ALLOWED"));
    assert!(refused.text().contains("'app' is a V0 partition"), "{}", refused.text());
}

#[test]
fn a_backup_takes_the_place_of_a_backup_alone() {
    let (mut bench, path) = cluster("1.0.4-122");
    bench.upload("/users/admin/files", "tools.spkg", b"package");
    let mut run = |name: &str| {
        let body = json!({"action": "run", "filename": name, "password": "backuppasword"});
        bench.put(&format!("{path}/backup"), body)
    };
    for taken in ["server.pem", "tools.spkg"] {
        let refused = run(taken);
        assert_eq!(refused.error(), (400, "CLUSTER_BACKUP_UNUSABLE"), "{taken}");
        assert!(refused.text().contains("no backup of a cluster"), "{}", refused.text());
    }
    for name in [".hidden", "a..b", "-", "b.", "...", &"x".repeat(64)] {
        assert_eq!(run(name).status, 200, "{name}");
    }
    for name in ["", ".", "..", "a/b", "a b", "\u{e4}", &"x".repeat(65)] {
        assert_eq!(run(name).error(), (400, "FRAMEWORK_BAD_REQUEST"), "{name}");
    }
    assert_eq!(run(".hidden").status, 200, "a backup is overwritten");
    let file = bench.machine.state.files.get("admin", "tools.spkg").unwrap();
    assert_eq!(file.content, b"package");
}

#[test]
fn a_backup_made_by_hand_is_no_longer_one_of_the_schedule() {
    let (mut bench, backup) = scheduled();
    bench.advance(7 * 3600);
    assert_eq!(tick(&mut bench), ["nightly_20250102_0930"]);
    let run = json!({
        "action": "run", "filename": "nightly_20250102_0930", "password": "backuppasword",
    });
    assert_eq!(bench.put(&backup, run).status, 200);
    for _ in 0..5 {
        bench.advance(7 * 86_400);
        tick(&mut bench);
    }
    let files = tick(&mut bench);
    assert_eq!((files.len(), files[0].as_str()), (4, "nightly_20250102_0930"), "{files:?}");
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
