//! What operators do from a request to a closed change, and from a ticket to a mended service.

use serde_json::Value;

use crate::client::{Client, address};
use crate::door::{Door, Ran};
use crate::network::Network;

/// An appliance as its administrators reach it, with the fingerprint that they have compared.
fn place(appliance: &Door) -> String {
    let (target, client) = (&appliance.target, appliance.client());
    format!("--host {}:{} --fingerprint {}", target.host, target.port, client.fingerprint())
}

fn tool(client: &Client, appliance: &Door, line: &str) -> Ran {
    let line = format!("{} --quiet {line}", place(appliance));
    client.run("lunash", &line.split_whitespace().collect::<Vec<_>>(), "")
}

fn json(ran: &Ran) -> Value {
    let result: Value = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{ran:?}"));
    result["view"].clone()
}

/// Has the HSM record everything from now on, read by an account of its own, `eve`.
fn audit(client: &Client, appliance: &Door) {
    client
        .lunash(appliance, &["user add -username eve", "user role add -username eve -role audit"]);
    appliance.choose_password("eve", crate::door::PASSWORD);
    let line = format!("{} --user eve --quiet --yes --fail-fast", place(appliance));
    let lines = "audit init\naudit login\naudit config -parameter event -value all\n";
    client.run("lunash", &line.split_whitespace().collect::<Vec<_>>(), lines).good();
}

/// The layer of an incident that failed, and the lines that mend it.
fn broken(ran: &Ran) -> (String, Vec<String>) {
    let ladder = json(ran);
    let fix =
        ladder["fix"].as_array().unwrap().iter().map(|line| line.as_str().unwrap().to_owned());
    (ladder["broken"].as_str().unwrap_or_default().to_owned(), fix.collect())
}

#[test]
fn an_application_is_onboarded_from_request_to_closed_change() {
    let network = Network::claim().unwrap();
    let appliance = Door::with_clients(address(&network, 1), 1792);
    let client = Client::new();
    client.certify();

    // The request comes before the client is registered, and names both ways apart.
    let request = tool(
        &client,
        &appliance,
        "firewall --client app --source 192.0.2.7 --owner payments --expires 2027-01-31 --output json",
    );
    assert_eq!(request.status, 0, "{request:?}");
    let rows = json(&request)["rules"].to_string();
    assert!(rows.contains("1792") && rows.contains("payments"), "{request:?}");
    let check = "firewall --client app --source 192.0.2.7 --check";
    let checked = tool(&client, &appliance, check).out;
    let own = checked.lines().find(|line| line.starts_with("client ")).unwrap();
    assert!(own.contains(" 1792 ") && own.ends_with("yes"), "{checked}");

    client.lunash(&appliance, &["hsm init -label luna"]);
    audit(&client, &appliance);
    client.file(&appliance, "put app.pem");
    client.lunash(
        &appliance,
        &[
            "hsm login",
            "partition create -partition par",
            "client register -client app -hostname app",
            "client assignPartition -client app -partition par",
        ],
    );
    let incident = || tool(&client, &appliance, "--output json incident --client app");
    let (layer, fix) = broken(&incident());
    assert!(layer == "link" && fix[1].starts_with("vtl addServer -n 127."), "{layer}: {fix:?}");
    client.link(&appliance, "");
    assert_eq!(broken(&incident()).0, "partition");
    client.initialize(1);
    client.good("cmu --quiet gen -curvetype=3 -sign=1 -verify=1 -label=signer");
    let ran = incident();
    assert_eq!((ran.status, broken(&ran).0.as_str()), (0, ""), "{ran:?}");

    let evidence = tool(
        &client,
        &appliance,
        "--output json evidence --client app --sign signer --auditor eve",
    );
    assert_eq!(evidence.status, 0, "{evidence:?}");
    let evidence = &json(&evidence)["evidence"];
    assert_eq!(
        (&evidence["signing"]["over"], &evidence["unread"]),
        (&"NTLS".into(), &Value::Array(Vec::new()))
    );
    assert_eq!(evidence["groups"], Value::Array(Vec::new()));
    let audit = evidence["logs"].as_array().unwrap().iter().find(|log| log["log"] == "audit log");
    let audit = audit.unwrap_or_else(|| panic!("{evidence}")).to_string();
    for operation in ["LUNA_LOGIN", "LUNA_SIGN"] {
        assert!(audit.contains(operation), "{operation}: {audit}");
    }
}

#[test]
fn the_member_that_a_weekends_change_broke_is_found_and_mended() {
    let network = Network::claim().unwrap();
    let appliances = [1, 2].map(|number| Door::with_clients(address(&network, number), 1792));
    let client = Client::new();
    client.certify();
    for appliance in &appliances {
        client.prepare(appliance, "pin");
        client.link(appliance, "");
    }
    client.initialize(2);
    client
        .lunacm(&["hagroup creategroup -slot 0 -label ha", "hagroup addmember -slot 1 -group ha"]);
    client.good("cmu --quiet gen -curvetype=3 -sign=1 -verify=1 -label=pin -slot=ha");
    let incident =
        |number: usize| tool(&client, &appliances[number], "--output json incident --client app");
    for number in [0, 1] {
        assert_eq!(broken(&incident(number)).0, "");
    }

    // The second is given a new certificate, and goes into service before any client was looked at.
    client.lunash(&appliances[1], &["sysconf regenCert -force", "service restart ntls"]);
    client.write("pan", "to be verified");
    client.good("cmu --quiet sign -label=pin -inputFile=pan -outputFile=pan.sig -slot=ha");
    let serials = appliances.each_ref().map(|appliance| {
        let client = appliance.client();
        let hsm = client.get(&luna_rest::hsm::LIST, &[]).unwrap().hsms[0].id.clone();
        client.get(&luna_rest::partitions::LIST, &[&hsm]).unwrap().partitions[0].id.clone()
    });
    // Healthy as the first is, its group is not; the second names the layer.
    let first = incident(0);
    let (layer, fix) = broken(&first);
    let recover = fix.last().unwrap().split("   (").next().unwrap().to_owned();
    assert_eq!((layer.as_str(), recover.as_str()), ("ha", "hagroup recover -group ha"));
    assert!(first.out.contains(&format!("The member {} of the HA group", serials[1])), "{first:?}");
    let (layer, fix) = broken(&incident(1));
    assert_eq!(layer, "link");
    let evidence = |number: usize| {
        let ran =
            tool(&client, &appliances[number], "--output json evidence --client app --sign pin");
        assert_eq!(ran.status, 0, "{ran:?}");
        json(&ran)["evidence"].clone()
    };
    assert_eq!(evidence(0)["groups"][0]["members"][1]["alive"], false);

    // As the fix says.
    client.file(&appliances[1], "get server.pem");
    let replace = fix.iter().find(|line| line.starts_with("vtl replaceServer")).unwrap();
    client.good(replace.split("   (").next().unwrap());
    client.lunacm(&[&recover]);
    for number in [0, 1] {
        let ran = incident(number);
        assert_eq!((ran.status, broken(&ran).0.as_str()), (0, ""), "{ran:?}");
        let evidence = evidence(number);
        let members = evidence["groups"][0]["members"].as_array().unwrap();
        assert!(members.iter().all(|member| member["alive"] == true), "{evidence}");
        assert_eq!(evidence["signing"]["over"], "NTLS", "{evidence}");
    }
}
