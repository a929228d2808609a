//! `lunash inventory`: a row an appliance, whatever becomes of the others.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command};
use std::thread;

use luna_rest::{config, syslog};
use luna_shell::CommandResult;
use serde_json::Value;

#[allow(dead_code, reason = "the tests of the client use all of it")]
#[path = "../../rest/tests/wire/server.rs"]
mod server;
#[allow(dead_code, reason = "others use the rest")]
mod several;

use server::{Server, answer, located};
use several::{Fleet, local, onboard, register};

/// Two appliances with a client that has a partition on each, and one that is down.
fn fleet() -> Fleet {
    let fleet = Fleet::of(2);
    for (running, _) in &fleet.running {
        let client = local(running);
        onboard(&client, "app1");
        client.call(&config::BACK_UP, &[], &config::NewBackup::default()).unwrap();
        client.close();
    }
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let file = fleet.home.path().join(".config/luna/config.toml");
    let profiles = std::fs::read_to_string(&file).unwrap();
    let profiles = profiles.replace(
        "[profiles.hsm1]\n",
        "[profiles.hsm1]\nowner = \"Payments, \\\"EU\\\"\"\nnotes = \"rack 4\"\n",
    );
    let down = format!("[profiles.gone]\nhost = \"{nobody}\"\nowner = \"nobody\"\n");
    std::fs::write(file, profiles + &down).unwrap();
    fleet
}

#[test]
fn every_appliance_has_its_row_and_one_that_is_down_hides_no_other() {
    let fleet = fleet();
    let (status, output, told) = fleet.run(&["inventory", "--output", "json"]);
    assert_eq!(status, 3, "{told}");
    assert!(told.contains("gone: "), "{told}");
    let result: CommandResult = serde_json::from_str(&output).unwrap();
    let rows = result.view.unwrap()["appliances"].as_array().unwrap().clone();
    let names: Vec<&str> = rows.iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["gone", "hsm0", "hsm1"]);
    assert_eq!((&rows[0]["state"], &rows[0]["owner"]), (&Value::Null, &"nobody".into()));
    assert!(rows[0]["error"].as_str().unwrap().contains("refused"), "{output}");
    let state = &rows[2]["state"];
    for (name, value) in [
        ("label", Value::from("pay")),
        ("partitions_used", 1.into()),
        ("clients", 1.into()),
        ("tampered", false.into()),
        ("unread", Value::Array(Vec::new())),
    ] {
        assert_eq!(state[name], value, "{name}: {state}");
    }
    assert_eq!(state["shared_with"], Value::from(vec!["hsm0"]));
    assert_eq!(state["backups"]["count"], 1);
    for moment in ["ntls_certificate_not_after", "web_certificate_not_after"] {
        assert!(state[moment].as_str().unwrap().ends_with('Z'), "{state}");
    }
    assert!(state["sensors"]["battery_volts"].as_f64().unwrap() > 2.0);

    let (status, table, _) = fleet.run(&["inventory"]);
    assert_eq!(status, 3);
    assert!(table.starts_with("Appliance  Serial"), "{table}");
    assert!(table.contains("gone  error: "), "{table}");
    assert!(table.ends_with("2 of 3 appliances read\n"), "{table}");

    let (status, rows, _) = fleet.run(&["inventory", "--format", "csv"]);
    assert_eq!((status, rows.lines().count()), (3, 4), "{rows}");
    assert!(rows.contains(",\"Payments, \"\"EU\"\"\",rack 4,\n"), "{rows}");

    let (status, one, _) = fleet.run(&["inventory", "--profile", "hsm0"]);
    assert_eq!(status, 0);
    assert!(one.ends_with("1 of 1 appliances read\n"), "{one}");
}

#[test]
fn without_a_password_no_login_is_tried() {
    let fleet = Fleet::of(1);
    let output = fleet.program(&["inventory"]).env_remove("LUNA_PASSWORD").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(4));
    assert!(text.contains("error: No password for 'admin'"), "{text}");
    assert!(text.contains("LUNA_PASSWORD_FILE"), "{text}");
    let logins = || {
        let search = Some("/auth/session".to_owned());
        let tail = syslog::Tail { search, ..syslog::Tail::default() };
        local(&fleet.running[0].0).call(&syslog::TAIL, &["lunalogs"], &tail).unwrap().lines
    };
    assert_eq!(logins(), Vec::<String>::new());
    // The same with a wrong one is seen there.
    let wrong = fleet.program(&["inventory"]).env("LUNA_PASSWORD", "wrong").output().unwrap();
    assert_eq!((wrong.status.code(), logins().len()), (Some(3), 1));
}

#[test]
fn what_an_appliance_does_not_tell_is_not_claimed() {
    let server = Server::start(|seen| match seen.line.as_str() {
        "POST /auth/session" => located(204, "Set-Cookie: sid=1", ""),
        "GET /api/lunasa/hsms" => answer(200, r#"{"hsms":[{"id":"123456"}]}"#),
        "GET /api/lunasa/ntp/status" => answer(404, r#"{"id":"FRAMEWORK_NO_RESOURCE"}"#),
        _ => answer(200, "{}"),
    });
    let fleet = Fleet::of(0);
    let (host, fingerprint) =
        (format!("127.0.0.1:{}", server.port), server.fingerprint.to_string());
    let connect = ["--host", &host, "--fingerprint", &fingerprint, "--output", "json"];
    let (status, output, told) = fleet.run(&[&["inventory"], &connect[..]].concat());
    assert_eq!(status, 0, "{told}");
    let result: CommandResult = serde_json::from_str(&output).unwrap();
    let state = &result.view.unwrap()["appliances"][0]["state"];
    for name in ["tampered", "zeroized", "fips_mode", "sensors", "ntp", "partitions_allowed"] {
        assert_eq!(state[name], Value::Null, "{name}: {state}");
    }
    let unread = state["unread"].as_array().unwrap();
    let unread: Vec<&str> = unread.iter().map(|one| one["what"].as_str().unwrap()).collect();
    assert_eq!(unread, ["state of the HSM", "battery and temperature", "NTP"]);
}

#[test]
fn what_is_reached_over_ssh_alone_is_said_to_be_not_read() {
    let fleet = Fleet::of(1);
    let (status, output, _) = fleet.run(&["--via", "ssh", "inventory"]);
    assert_eq!(status, 4, "{output}");
    assert!(output.contains("hsm0  error: It is to be reached over SSH"), "{output}");
}

#[test]
fn one_that_never_answers_ends_at_its_time_limit() {
    let fleet = Fleet::of(1);
    // Connections wait there, and nobody takes them.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let file = fleet.home.path().join(".config/luna/config.toml");
    let profiles = std::fs::read_to_string(&file).unwrap();
    let address = silent.local_addr().unwrap();
    std::fs::write(file, format!("{profiles}[profiles.mute]\nhost = \"{address}\"\n")).unwrap();
    let (status, output, _) = fleet.run(&["inventory", "--timeout", "1"]);
    assert_eq!(status, 3, "{output}");
    assert!(output.contains("mute  error: "), "{output}");
    assert!(output.ends_with("1 of 2 appliances read\n"), "{output}");
}

/// The samples of a text by metric, if each line is what Prometheus reads.
fn parse(text: &str) -> BTreeMap<String, Vec<(String, f64)>> {
    let mut metrics = BTreeMap::<String, Vec<(String, f64)>>::new();
    let mut closed = BTreeSet::new();
    let mut current = String::new();
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    assert!(text.ends_with('\n'));
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap();
            assert!(is_name(name) && !help.is_empty() && !help.contains('\\'), "{line}");
            assert_eq!(lines.next().unwrap(), format!("# TYPE {name} gauge"));
            // promtool: a gauge is no counter, and no other unit than a base unit stands at the end.
            for end in ["_total", "_count", "_sum", "_bucket", "_milliseconds", "_days", "_mib"] {
                assert!(!name.ends_with(end), "{name}");
            }
            assert!(closed.insert(name.to_owned()), "{name} is there twice");
            name.clone_into(&mut current);
            continue;
        }
        let (name, rest) = line.split_once('{').unwrap();
        assert_eq!(name, current, "{line}");
        let (labels, value) = rest.rsplit_once("} ").unwrap();
        let mut left = labels;
        while !left.is_empty() {
            let (label, rest) = left.split_once("=\"").unwrap();
            assert!(is_name(label), "{label}");
            let mut escaped = false;
            let end = rest.find(|c| {
                let ends = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                ends
            });
            let rest = &rest[end.unwrap() + 1..];
            left = rest.strip_prefix(',').unwrap_or(rest);
        }
        let value = value.parse().unwrap();
        metrics.entry(name.to_owned()).or_default().push((labels.to_owned(), value));
    }
    metrics
}

#[test]
fn metrics_are_what_prometheus_reads() {
    let fleet = fleet();
    let file = fleet.home.path().join("luna.prom");
    let path = file.to_str().unwrap();
    let arguments = ["inventory", "--output", "prometheus", "--to", path];
    let (status, output, _) = fleet.run(&arguments);
    assert_eq!((status, output.as_str()), (3, ""));
    let metrics = parse(&std::fs::read_to_string(&file).unwrap());
    let of = |name: &str, labels: &str| {
        let samples = metrics.get(name).unwrap_or_else(|| panic!("{name}"));
        samples.iter().find(|(shown, _)| shown == labels).unwrap_or_else(|| panic!("{name}")).1
    };
    let ups: Vec<f64> = metrics["luna_up"].iter().map(|(_, value)| *value).collect();
    assert_eq!(ups, [0.0, 1.0, 1.0]);
    assert_eq!(of("luna_clients", "appliance=\"hsm0\""), 1.0);
    assert_eq!(metrics["luna_battery_volts"].len(), 2);
    let labels = "appliance=\"hsm1\",certificate=\"ntls\"";
    assert!(of("luna_certificate_not_after_timestamp_seconds", labels) > 1e9);
    let info = &metrics["luna_appliance_info"][1].0;
    assert!(info.contains("owner=\"Payments, \\\"EU\\\"\""), "{info}");
}

/// `lunash serve-metrics`, which ends when it is asked to.
struct Metrics {
    process: Child,
    address: String,
}

impl Metrics {
    fn of(fleet: &Fleet, password: &str) -> Metrics {
        let mut command = fleet.program(&["serve-metrics", "--listen", "127.0.0.1:0"]);
        let mut process = command.env("LUNA_PASSWORD", password).spawn().unwrap();
        let mut told = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut told).unwrap();
        let address =
            told.trim().strip_prefix("Metrics are at ").unwrap_or_else(|| panic!("{told}"));
        Metrics { process, address: address.to_owned() }
    }

    fn get(&self, path: &str) -> (u16, String) {
        let address = self.address.replace("/metrics", path);
        let ran =
            Command::new("curl").args(["-s", "-w", "%{http_code}", &address]).output().unwrap();
        let mut text = String::from_utf8(ran.stdout).unwrap();
        let status = text.split_off(text.len() - 3);
        (status.parse().unwrap(), text)
    }

    fn end(mut self) {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        assert!(self.process.wait().unwrap().success());
    }
}

impl Drop for Metrics {
    fn drop(&mut self) {
        // It has ended already where the test went well.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn each_scrape_reads_anew_and_a_refused_login_is_not_tried_again() {
    let fleet = fleet();
    let server = Metrics::of(&fleet, several::PASSWORD);
    let clients = || {
        let (status, text) = server.get("/metrics");
        assert_eq!(status, 200, "{text}");
        let metrics = parse(&text);
        assert_eq!(metrics["luna_up"].iter().map(|(_, up)| *up).sum::<f64>(), 2.0);
        metrics["luna_clients"].iter().map(|(_, value)| *value).sum::<f64>()
    };
    assert_eq!(clients(), 2.0);
    register(&local(&fleet.running[0].0), "app2");
    assert_eq!(clients(), 3.0);
    assert_eq!(server.get("/elsewhere").0, 404);
    let both = thread::scope(|scope| {
        [(), ()].map(|()| scope.spawn(|| server.get("/metrics").0)).map(|one| one.join().unwrap())
    });
    assert_eq!(both, [200, 200]);
    // A configuration that is being edited ends nothing.
    let file = fleet.home.path().join(".config/luna/config.toml");
    let good = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, "[profiles").unwrap();
    assert_eq!(server.get("/metrics").0, 500);
    std::fs::write(&file, good).unwrap();
    assert_eq!(clients(), 3.0);
    server.end();

    let refused = || {
        let client = local(&fleet.running[0].0);
        let log = client.call(&syslog::TAIL, &["lunalogs"], &syslog::Tail::default()).unwrap();
        log.lines.iter().filter(|line| line.contains(" 401 ")).count()
    };
    let before = refused();
    let server = Metrics::of(&fleet, "wrong-Passw0rd");
    for _ in 0..3 {
        let (status, text) = server.get("/metrics");
        assert_eq!((status, parse(&text)["luna_up"][1].1), (200, 0.0), "{text}");
    }
    assert_eq!(refused(), before + 1);
    server.end();
}
