//! LunaCM over an appliance that was prepared through REST: what no transcript can show.

use std::os::unix::fs::PermissionsExt;

use luna_rest::{Client, hsm, ntls, partitions};
use luna_shell::{Format, Options, Secrets, Status};
use luna_tests::{ScriptedTerminal, TestAppliance, client_certificate};

/// An appliance with these partitions, assigned to no client.
fn prepared(names: &[&str]) -> (TestAppliance, Client, String) {
    let appliance = TestAppliance::new().unwrap();
    let client = appliance.client().unwrap();
    let hsm = client.get(&hsm::LIST, &[]).unwrap().hsms.remove(0).id;
    let (password, domain) = (Some("so-Passw0rd".into()), Some("domain-1".into()));
    let label = "luna1".to_owned();
    let init = hsm::Init { label, password, domain, ..Default::default() };
    client.call(&hsm::INIT, &[&hsm], &init).unwrap();
    let password = Some("so-Passw0rd".into());
    let login = hsm::Login { role: "so".into(), password, ped: "0".into() };
    client.call(&hsm::LOGIN, &[&hsm], &login).unwrap();
    for name in names {
        let name = (*name).to_owned();
        let new = partitions::NewPartition { name, has_pso: true, ..Default::default() };
        client.call(&partitions::CREATE, &[&hsm], &new).unwrap();
    }
    (appliance, client, hsm)
}

/// Registers a client by host name and assigns it the partitions of these places, in this order.
pub(crate) fn assign(client: &Client, hsm: &str, name: &str, host: &str, places: &[usize]) {
    let certificate = Some(client_certificate(host).unwrap());
    let (client_name, hostname) = (name.to_owned(), Some(host.to_owned()));
    let new = ntls::NewClient { client_name, hostname, certificate, ip: None };
    client.call(&ntls::REGISTER, &[], &new).unwrap();
    let list = client.get(&partitions::LIST, &[hsm]).unwrap().partitions;
    for place in places {
        let url = list[*place].url.clone();
        client.call(&ntls::ASSIGN, &[name], &ntls::NewLink { url }).unwrap();
    }
}

/// What LunaCM shows where these lines are typed.
fn typed(appliance: &TestAppliance, client: Option<&str>, lines: &[&str]) -> (String, Status) {
    let terminal = ScriptedTerminal::new(lines.iter().map(|line| (*line).to_owned()), true);
    let client = client.map(str::to_owned);
    let status =
        appliance.lunacm(&terminal, Options::default(), Secrets::only([]), client).unwrap();
    let screen = terminal.take_screen();
    assert_eq!(terminal.left(), Vec::<String>::new(), "{screen}");
    (screen, status)
}

/// What a batch prints, one JSON object a line, with these secrets given in advance.
fn objects(
    appliance: &TestAppliance,
    lines: &[&str],
    secrets: &[(&str, &str)],
) -> Vec<serde_json::Value> {
    let terminal = ScriptedTerminal::new(Vec::new(), false).as_recorded();
    let command = lines.iter().map(|line| (*line).to_owned()).collect();
    let options = Options { output: Format::Json, command, ..Options::default() };
    let secrets = Secrets::only(secrets.iter().copied());
    appliance.lunacm(&terminal, options, secrets, Some("app".into())).unwrap();
    let screen = terminal.take_screen();
    screen.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn slots_are_numbered_in_the_order_of_the_links() {
    let (appliance, client, hsm) = prepared(&["par0", "par1", "par2"]);
    assign(&client, &hsm, "app", "app.example.com", &[2, 0]);
    let list = client.get(&partitions::LIST, &[&hsm]).unwrap().partitions;
    let listed = objects(&appliance, &["slot list"], &[]);
    let slots = listed[0]["view"]["slots"].as_array().unwrap().clone();
    let serials: Vec<&str> = slots.iter().map(|slot| slot["serial"].as_str().unwrap()).collect();
    assert_eq!(serials, [list[2].id.as_str(), &list[0].id]);
    assert_eq!(listed[0]["view"]["current"], 0);
}

#[test]
fn the_certificate_of_the_configuration_says_whose_slots_these_are() {
    let (appliance, client, hsm) = prepared(&["par0", "par1"]);
    assign(&client, &hsm, "app", "app.example.com", &[1]);
    let folder = appliance.folder().join("client");
    std::fs::create_dir(&folder).unwrap();
    let pem = folder.join("own.pem");
    std::fs::write(&pem, client_certificate("app.example.com").unwrap()).unwrap();
    let text = format!("LunaSA Client = {{\n   ClientCertFile = {};\n}}\n", pem.display());
    std::fs::write(folder.join("Chrystoki.conf"), text).unwrap();
    let (screen, _) = typed(&appliance, None, &["exit"]);
    assert_eq!(screen.matches("Slot Id ->").count(), 1, "{screen}");
    // The certificate of another client gets no slots, and the reason is shown.
    std::fs::write(&pem, client_certificate("other.example.com").unwrap()).unwrap();
    let (screen, _) = typed(&appliance, None, &["exit"]);
    assert!(screen.contains("Current Slot Id: None"), "{screen}");
    assert!(screen.contains("has no client 'other.example.com'"), "{screen}");
}

#[test]
fn a_deployment_makes_a_client_and_repeats_without_a_change() {
    let (appliance, client, hsm) = prepared(&["par0"]);
    let folder = appliance.folder().join("client");
    std::fs::create_dir(&folder).unwrap();
    let configuration = folder.join("Chrystoki.conf");
    let before = "# ours\nLunaSA Client = {\n   NetClient = 1;\n}\n";
    std::fs::write(&configuration, before).unwrap();
    let deploy = "clientconfig deploy -server 127.0.0.1 -client app.example.com -partition par0";
    let (screen, status) =
        typed(&appliance, None, &[deploy, "clientconfig restart -force", "exit"]);
    assert_eq!(status, Status::Success, "{screen}");
    assert_eq!(screen.matches("Current Slot Id: 0").count(), 2, "{screen}");
    let links = client.get(&ntls::LINKS, &["app.example.com"]).unwrap().links;
    assert_eq!(links[0].id, client.get(&partitions::LIST, &[&hsm]).unwrap().partitions[0].id);

    let written = std::fs::read_to_string(&configuration).unwrap();
    assert!(written.starts_with("# ours\nLunaSA Client = {\n   NetClient = 1;\n   Client"));
    assert!(written.contains("   ServerName00 = 127.0.0.1;\n   ServerPort00 = 1792;\n"));
    let key = folder.join("cert/client/app.example.comKey.pem");
    assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    let authorities = std::fs::read_to_string(folder.join("cert/server/CAFile.pem")).unwrap();
    assert_eq!(authorities.matches("BEGIN CERTIFICATE").count(), 1);

    let verbose = format!("{deploy} -verbose");
    let (screen, _) = typed(&appliance, None, &[&verbose, "clientconfig verify", "exit"]);
    assert_eq!(screen.matches("already there").count(), 6, "{screen}");
    assert_eq!(std::fs::read_to_string(&configuration).unwrap(), written);
    let (screen, status) = typed(&appliance, None, &["clientconfig rollback", "exit"]);
    assert_eq!(status, Status::Success, "{screen}");
    assert_eq!(std::fs::read_to_string(&configuration).unwrap(), before);
}

#[test]
fn a_deployment_at_another_appliance_is_refused() {
    let (appliance, _, _) = prepared(&["par0"]);
    let deploy = "clientconfig deploy -server hsm9 -client app -partition par0";
    let (screen, _) = typed(&appliance, None, &[deploy]);
    assert!(screen.contains("This session is one with 127.0.0.1, not with 'hsm9'."), "{screen}");
    assert!(!appliance.folder().join("client").exists());
}

#[test]
fn secrets_given_in_advance_are_used_and_not_shown() {
    let (appliance, client, hsm) = prepared(&["par0"]);
    assign(&client, &hsm, "app", "app.example.com", &[0]);
    let lines = [
        "partition init -label par0 -force",
        "role login -name po",
        "role init -name co",
        "role logout",
        "role login -name co",
        "role changepw -name co -force",
        "partition contents",
    ];
    let secrets = [
        ("PO_PASSWORD", "po-Passw0rd"),
        ("CO_PASSWORD", "co-Passw0rd"),
        ("NEW_PASSWORD", "new-Passw0rd"),
        ("DOMAIN", "domain-1"),
    ];
    let answers = objects(&appliance, &lines, &secrets);
    for answer in &answers {
        assert_eq!(answer["status"], 0, "{answer}");
        assert!(!answer.to_string().contains("Passw0rd"), "{answer}");
    }
    assert_eq!(answers[6]["view"], serde_json::json!({"role": "co", "objects": []}));
    let wrong = objects(&appliance, &["role login -name co -password wrong-Passw0rd"], &[]);
    assert_eq!(wrong[0]["line"], "role login -name co -password ********");
    assert_eq!(wrong[0]["result"]["code"], 0xa0);
    assert_eq!(wrong[0]["error"]["name"], "CKR_PIN_INCORRECT");
}

#[test]
fn a_script_does_not_use_the_last_login_attempt() {
    let (appliance, client, hsm) = prepared(&["par0"]);
    assign(&client, &hsm, "app", "app.example.com", &[0]);
    let secrets =
        [("PO_PASSWORD", "po-Passw0rd"), ("CO_PASSWORD", "co-Passw0rd"), ("DOMAIN", "domain-1")];
    let lines = [
        "partition init -label par0 -force -auth",
        "partition changepolicy -policy 20 -value 2",
        "role init -name co",
        "role logout",
    ];
    for answer in objects(&appliance, &lines, &secrets) {
        assert_eq!(answer["status"], 0, "{answer}");
    }
    let wrong = "role login -name co -password wrong-Passw0rd";
    let answers = objects(&appliance, &[wrong, wrong, "role show -name co"], &[]);
    assert_eq!(answers[0]["result"]["code"], 0xa0);
    assert_eq!(answers[1]["status"], Status::Refused as u8);
    assert_eq!(answers[2]["view"]["login_attempts_left"], 1);
    assert_eq!(answers[2]["view"]["locked_out"], false);
}

#[test]
fn a_template_goes_from_one_partition_to_another() {
    let (appliance, client, hsm) = prepared(&["par0", "par1"]);
    assign(&client, &hsm, "app", "app.example.com", &[0, 1]);
    let file = appliance.folder().join("par0.ppt");
    let file = file.to_str().unwrap();
    let lines = [
        "partition init -label par0 -force -auth",
        "partition changepolicy -policy 33,34 -value 0,0",
        &format!("partition showpolicies -exporttemplate {file}"),
        "slot set -slot 1",
        &format!("partition init -label par1 -force -applytemplate {file}"),
        "partition showpolicies",
        "partition init -label par1 -force -applytemplate /none.ppt",
    ];
    let secrets = [("PO_PASSWORD", "po-Passw0rd"), ("DOMAIN", "domain-1")];
    let answers = objects(&appliance, &lines, &secrets);
    for answer in &answers[..6] {
        assert_eq!(answer["status"], 0, "{answer}");
    }
    assert!(std::fs::read_to_string(file).unwrap().contains("\n33:"));
    let policies = answers[5]["view"]["policies"].as_array().unwrap();
    let value = |number| {
        let policy = policies.iter().find(|policy| policy["number"] == number).unwrap();
        policy["value"].clone()
    };
    assert_eq!((value(33), value(34), value(0)), (0.into(), 0.into(), 1.into()));
    assert_eq!(answers[6]["error"]["name"], "CKR_ARGUMENTS_BAD");
    // The copies on the way are gone.
    let user = client.user().unwrap();
    let files = client.get(&luna_rest::users::FILES, &[user]).unwrap().files;
    assert!(files.iter().all(|file| !file.id.starts_with("lunacm-")), "{files:?}");
}
