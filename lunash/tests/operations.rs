//! `lunash firewall`, `incident` and `evidence`: what a client needs, where it fails, and what proves that it works.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::TcpListener;

use luna_grammar::Outcome;
use luna_rest::{Client, Fingerprint, Nothing, hsm, ntls, partitions, services};
use luna_shell::CommandResult;
use serde_json::Value;

#[allow(dead_code, reason = "others use the rest")]
mod several;

use several::{Fleet, assign, local, onboard, register};

/// An appliance, with the port of its NTLS as an argument.
struct Site {
    fleet: Fleet,
    client: Client,
    ntls: String,
}

impl Site {
    fn new() -> Site {
        let fleet = Fleet::of(1);
        let (running, _) = &fleet.running[0];
        let client = local(running);
        let ntls = running.ntls_address().unwrap().port().to_string();
        Site { fleet, client, ntls }
    }

    fn json(&self, arguments: &[&str]) -> (i32, Value) {
        let head = [arguments[0], "--output", "json", "--profile", "hsm0"];
        let arguments: Vec<&str> = head.iter().chain(&arguments[1..]).copied().collect();
        let (status, output, told) = self.fleet.run(&arguments);
        assert!(!output.is_empty(), "{arguments:?}: {told}");
        let result: CommandResult = serde_json::from_str(&output).unwrap();
        assert_eq!(i32::from(result.status), status, "{output}");
        (status, result.view.unwrap_or_default())
    }

    /// Status and view of an incident of `app1`.
    fn incident(&self) -> (i32, Value) {
        self.json(&["incident", "--client", "app1", "--ntls-port", &self.ntls])
    }

    /// Expects that this layer is named, and those behind it are not tried.
    fn expect(&self, layer: &str) -> Value {
        let (status, view) = self.incident();
        assert_eq!((status, &view["broken"]), (1, &layer.into()), "{view}");
        let layers = view["layers"].as_array().unwrap();
        let at = layers.iter().position(|step| step["layer"] == layer).unwrap();
        for (place, step) in layers.iter().enumerate() {
            let expected = match place {
                place if place < at => "ok",
                place if place == at => "failed",
                _ => "not_tried",
            };
            assert_eq!(step["result"], expected, "{view}");
        }
        let grammar = lunash::catalogue().grammar;
        let fixes = view["fix"].as_array().unwrap();
        assert!(!fixes.is_empty(), "{view}");
        let lines = fixes.iter().map(|line| line.as_str().unwrap());
        for line in lines.filter(|line| !line.contains("   (") && !line.starts_with("lunash ")) {
            let known = !matches!(grammar.resolve(line), Outcome::Unknown { .. });
            let advice = ["compare ", "correct ", "give ", "where "];
            assert!(known || advice.iter().any(|word| line.starts_with(word)), "{line}");
        }
        view
    }

    fn profile(&self, change: impl Fn(String) -> String) {
        let file = self.fleet.home.path().join(".config/luna/config.toml");
        let text = change(std::fs::read_to_string(&file).unwrap());
        std::fs::write(file, text).unwrap();
    }
}

/// Initializes the partition and its Crypto Officer.
fn take_into_use(client: &Client, at: [&str; 2]) {
    let init = partitions::InitPartition {
        label: Some("p1".to_owned()),
        password: Some("po-Passw0rd".into()),
        domain: Some("domain".into()),
        ..partitions::InitPartition::default()
    };
    client.call(&partitions::INIT, &at, &init).unwrap();
    let login = partitions::Login::new("so", "po-Passw0rd".into());
    client.call(&partitions::LOGIN, &at, &login).unwrap();
    let co = partitions::InitRole { password: Some("co-Passw0rd".into()), ..Default::default() };
    client.call(&partitions::INIT_ROLE, &[at[0], at[1], "co"], &co).unwrap();
    client.call(&partitions::LOGOUT, &at, &Nothing {}).unwrap();
}

#[test]
fn the_first_broken_layer_is_named_with_what_mends_it() {
    let site = Site::new();
    let good = std::fs::read_to_string(site.fleet.home.path().join(".config/luna/config.toml"));
    let good = good.unwrap();

    // From the bottom: the name, the ports, TLS, the account.
    site.profile(|_| "[profiles.hsm0]\nhost = \"nowhere.invalid\"\n".to_owned());
    site.expect("name");
    // No machine has a way to the broadcast address that it takes without being told to broadcast.
    site.profile(|_| "[profiles.hsm0]\nhost = \"255.255.255.255:8443\"\n".to_owned());
    site.expect("route");
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    site.profile(|_| format!("[profiles.hsm0]\nhost = \"{nobody}\"\n"));
    let view = site.expect("connection");
    assert!(view["fix"].to_string().contains("service restart webserver"), "{view}");
    let other = Fingerprint([7; 32]);
    let address = site.fleet.running[0].0.address();
    site.profile(|_| format!("[profiles.hsm0]\nhost = \"{address}\"\nfingerprint = \"{other}\"\n"));
    site.expect("tls");
    site.profile(|_| good.clone());
    let stop = services::ServiceAction::default();
    site.client.call(&services::ACT, &["ntls", "stop"], &stop).unwrap();
    let view = site.expect("tls");
    assert!(view["fix"].to_string().contains("service restart ntls"), "{view}");
    site.client.call(&services::ACT, &["ntls", "start"], &stop).unwrap();
    site.profile(|text| format!("{text}user = \"nobody\"\n"));
    site.expect("login");
    site.profile(|_| good.clone());

    // Then what the appliance knows.
    let view = site.expect("registration");
    assert!(view["fix"].to_string().contains("client register -client app1"), "{view}");
    register(&site.client, "app1");
    site.expect("assignment");
    let (id, serial) = onboard(&site.client, "other");
    assign(&site.client, "app1", (&id, &serial));
    let view = site.expect("partition");
    assert!(view["fix"].to_string().contains("partition init -partition p1"), "{view}");
    take_into_use(&site.client, [&id, &serial]);
    let (status, view) = site.incident();
    assert_eq!((status, &view["broken"]), (0, &Value::Null), "{view}");

    let new =
        partitions::NewPartition { name: "p2".to_owned(), has_pso: true, ..Default::default() };
    site.client.call(&partitions::CREATE, &[&id], &new).unwrap();
    let list = site.client.get(&partitions::LIST, &[&id]).unwrap().partitions;
    let locked = list.into_iter().map(|entry| entry.id).find(|entry| *entry != serial).unwrap();
    take_into_use(&site.client, [&id, &locked]);
    let role = || site.client.get(&partitions::ROLE, &[&id, &locked, "co"]).unwrap();
    let wrong = partitions::Login::new("co", "wrong-Passw0rd".into());
    for _ in 0..role().login_attempts_left.unwrap() {
        site.client.call(&partitions::LOGIN, &[&id, &locked], &wrong).unwrap_err();
    }
    assert!(role().locked_out);
    assign(&site.client, "app1", (&id, &locked));
    let view = site.expect("partition");
    assert!(view["fix"].to_string().contains("partition resetPw -partition p2"), "{view}");
    site.client.call(&ntls::REVOKE, &["app1", &locked], &Nothing {}).unwrap();

    let tamper = hsm::CauseTamper { tamper: "Chassis_open".to_owned() };
    site.client.call(&hsm::CAUSE_TAMPER, &[], &tamper).unwrap();
    site.expect("hsm");

    let (status, text, _) = site.fleet.run(&[
        "incident",
        "--client",
        "app1",
        "--profile",
        "hsm0",
        "--ntls-port",
        &site.ntls,
    ]);
    assert_eq!(status, 1);
    assert!(text.contains("hsm           FAILED     The HSM has detected a tamper"), "{text}");
}

#[test]
fn a_certificate_that_has_ended_or_is_not_shown_yet_is_named() {
    let site = Site::new();
    let past = ntls::NewKey {
        start_date: Some("2020-01-01".to_owned()),
        days: Some(1),
        ..ntls::NewKey::default()
    };
    site.client.call(&ntls::RENEW, &[], &past).unwrap();
    let view = site.expect("certificate");
    assert!(view["layers"].to_string().contains("shows another certificate"), "{view}");
    let restart = services::ServiceAction::default();
    site.client.call(&services::ACT, &["ntls", "restart"], &restart).unwrap();
    let view = site.expect("certificate");
    assert!(view["layers"].to_string().contains("ended at 2020-01-02"), "{view}");
    assert!(view["fix"].to_string().contains("sysconf regenCert"), "{view}");
}

#[test]
fn a_firewall_request_keeps_the_ways_apart_and_tries_each() {
    let site = Site::new();
    site.profile(|text| format!("{text}owner = \"payments\"\n"));
    let (status, output, told) =
        site.fleet.run(&["firewall", "--client", "app1", "--profile", "hsm0"]);
    assert_eq!((status, output.as_str()), (2, ""));
    assert!(told.contains("not registered yet") && told.contains("--source"), "{told}");

    let port = site.fleet.running[0].0.address().port();
    let asked =
        ["firewall", "--client", "app1", "--ntls-port", &site.ntls, "--expires", "2027-01-31"];
    let (status, view) = site.json(&[&asked[..], &["--source", "10.1.2.3"]].concat());
    assert_eq!(status, 0);
    let rules = view["rules"].as_array().unwrap();
    let rows: Vec<(&str, &str, u64)> = rules
        .iter()
        .map(|rule| {
            let text = |name: &str| rule[name].as_str().unwrap();
            assert_eq!((text("protocol"), text("owner")), ("tcp", "payments"));
            assert_eq!((text("expires"), &rule["reachable"]), ("2027-01-31", &Value::Null));
            (text("path"), text("source"), rule["port"].as_u64().unwrap())
        })
        .collect();
    let expected = [
        ("client", "10.1.2.3", site.ntls.parse().unwrap()),
        ("management", "127.0.0.1", 22),
        ("management", "127.0.0.1", port.into()),
    ];
    assert_eq!(rows, expected);

    // The SSH of this one is not served here; the port of somebody who listens stands in for it.
    let (open, closed) = (TcpListener::bind("127.0.0.1:0").unwrap(), {
        TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
    });
    register(&site.client, "app1");
    let check = [&asked[..], &["--check"]].concat();
    let open_port = open.local_addr().unwrap().port();
    site.profile(|text| format!("{text}ssh_port = {open_port}\n"));
    let (status, view) = site.json(&check);
    assert_eq!((status, &view["rules"][0]["source"]), (0, &"app1".into()), "{view}");
    assert!(view["rules"].as_array().unwrap().iter().all(|rule| rule["reachable"] == true));
    site.profile(|text| text.replace(&open_port.to_string(), &closed.to_string()));
    let (status, view) = site.json(&check);
    assert_eq!((status, &view["rules"][1]["reachable"]), (1, &false.into()), "{view}");
    assert_eq!(view["rules"][2]["reachable"], true);

    let arguments = [&check[..], &["--format", "csv", "--profile", "hsm0"]].concat();
    let (_, rows, _) = site.fleet.run(&arguments);
    assert!(rows.starts_with("path,source,destination,protocol,port,purpose,owner,"), "{rows}");
    assert_eq!(rows.lines().count(), 4, "{rows}");
    let (status, ..) = site.fleet.run(&["firewall", "--client", "a", "--expires", "tomorrow"]);
    assert_eq!(status, 2);
}

/// SHA-256 in hexadecimal.
fn digest(text: &str) -> String {
    Fingerprint::of(text.as_bytes()).0.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn evidence_has_its_digest_in_every_form() {
    let site = Site::new();
    let (id, serial) = onboard(&site.client, "app1");
    take_into_use(&site.client, [&id, &serial]);
    site.profile(|text| format!("{text}owner = \"<b>payments</b> & co\"\n"));

    let (status, output, _) =
        site.fleet.run(&["evidence", "--client", "app1", "--profile", "hsm0", "--output", "json"]);
    assert_eq!(status, 0, "{output}");
    let raw = output.split_once("\"evidence\":").unwrap().1;
    let mut values = serde_json::Deserializer::from_str(raw).into_iter::<Value>();
    let evidence = values.next().unwrap().unwrap();
    let (raw, rest) = raw.split_at(values.byte_offset());
    assert!(rest.starts_with(&format!(",\"sha256\":\"{}\"", digest(raw))), "{rest}");
    let partition = &evidence["partitions"][0];
    assert_eq!((&partition["name"], &partition["clients"][0]), (&"p1".into(), &"app1".into()));
    assert!(partition["policies"].as_array().unwrap().len() > 10);
    let co = partition["roles"].as_array().unwrap().iter().find(|role| role["id"] == "co");
    assert_eq!(co.unwrap()["initialized"], true);
    let certificate = &evidence["clients"][0]["certificate"];
    assert_eq!(certificate["fingerprint"].as_str().unwrap().len(), 95);
    assert!(certificate["not_after"].as_str().unwrap().ends_with('Z'));
    let lines = evidence["logs"][0]["lines"].as_array().unwrap();
    assert!(lines.iter().any(|line| line.as_str().unwrap().contains("app1")), "{evidence}");
    // The audit log is for the auditor alone, and that is said.
    let unread: Vec<&Value> =
        evidence["unread"].as_array().unwrap().iter().map(|one| &one["what"]).collect();
    assert_eq!(unread, ["HA groups", "audit log"], "{evidence}");

    let file = site.fleet.home.path().join("evidence.html");
    let path = file.to_str().unwrap();
    let arguments =
        ["evidence", "--partition", "p1", "--profile", "hsm0", "--format", "html", "--to", path];
    let (status, output, told) = site.fleet.run(&arguments);
    assert_eq!((status, output.as_str()), (0, ""), "{told}");
    let page = std::fs::read_to_string(file).unwrap();
    let json = page.split_once("<pre id=\"json\">").unwrap().1.split_once("</pre>").unwrap().0;
    let json = json.replace("&lt;", "<").replace("&amp;", "&");
    assert!(page.contains(&digest(&json)), "{page}");
    assert!(page.contains("&lt;b&gt;payments&lt;/b&gt; &amp; co") && !page.contains("<b>"));
    for loads in ["http:", "https:", "src=", "href=", "url(", "@import", "<script", "<link"] {
        assert!(!page.contains(loads), "{loads}");
    }
    assert!(page.contains("size: A4"));

    let (status, text, _) = site.fleet.run(&["evidence", "--partition", "p1", "--profile", "hsm0"]);
    assert_eq!(status, 0);
    assert!(text.contains("SHA-256 of its JSON: ") && text.contains("Roles of p1"), "{text}");
    for (option, name) in [("--client", "none"), ("--partition", "none")] {
        let (status, ..) = site.fleet.run(&["evidence", option, name, "--profile", "hsm0"]);
        assert_eq!(status, 1);
    }
}
