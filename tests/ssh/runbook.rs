//! A runbook over SSH alone, as an appliance without a REST API needs it: state and lines through its own shell.

use std::io::{BufRead, BufReader};
use std::process::Command;

use crate::door::{Door, PASSWORD, Ran, feed, program};

/// All that is planned of one appliance and typed into LunaSH.
const RUNBOOK: &str = r#"
password = { environment = "LUNA_PASSWORD" }
ssh_keys = ["key.pub"]
[appliances.hsm1.hsm]
label = "hsm1"
so_password = { environment = "LUNA_HSM_PASSWORD" }
domain = { environment = "LUNA_DOMAIN" }
policies = { 49 = 1 }
[appliances.hsm1.partitions.app1]
size = 500000
po_password = { environment = "LUNA_PO_PASSWORD" }
co_password = { environment = "LUNA_CO_PASSWORD" }
[appliances.hsm1.clients.app1]
certificate = "app1.pem"
partitions = ["app1"]
[appliances.hsm1.ntls]
bind = "eth0"
ip_check = false
[appliances.hsm1.ntp]
servers = ["ntp1.example.com"]
enabled = true
[[appliances.hsm1.syslog.hosts]]
host = "log.example.com"
protocol = "tcp"
[appliances.hsm1.snmp]
enabled = true
[appliances.hsm1.snmp.users.monitor]
auth_password = { environment = "LUNA_USER_PASSWORD" }
priv_password = { environment = "LUNA_USER_PASSWORD" }
[appliances.hsm1.users.bob]
role = "operator"
password = { environment = "LUNA_USER_PASSWORD" }
"#;

const SECRETS: [(&str, &str); 6] = [
    ("LUNA_PASSWORD", PASSWORD),
    ("LUNA_HSM_PASSWORD", "so-Passw0rd"),
    ("LUNA_DOMAIN", "domain-1"),
    ("LUNA_PO_PASSWORD", "po-Passw0rd"),
    ("LUNA_CO_PASSWORD", "co-Passw0rd"),
    ("LUNA_USER_PASSWORD", "First-Passw0rd"),
];

/// `lunash` with these words, over SSH.
fn over_ssh(door: &Door, words: &[&str]) -> Command {
    let known = format!("UserKnownHostsFile={}", door.path().join("known_hosts").display());
    let port = door.port.to_string();
    let mut arguments = vec!["--via", "ssh", "--ssh-port", &port];
    for option in [known.as_str(), "StrictHostKeyChecking=no", "LogLevel=ERROR"] {
        arguments.extend(["--ssh-option", option]);
    }
    arguments.extend(words);
    let mut command = door.command(program("lunash").to_str().unwrap(), arguments);
    command.envs(SECRETS);
    command
}

fn write(door: &Door, place: &str) {
    door.file("one.toml", format!("[appliances.hsm1]\n{place}{RUNBOOK}").as_bytes());
}

fn lunash(door: &Door, words: &[&str]) -> Ran {
    let mut command = door.command(program("lunash").to_str().unwrap(), words);
    command.envs(SECRETS);
    feed(command, "")
}

#[test]
fn an_appliance_is_what_a_file_says_and_rest_tells_the_same() {
    let door = Door::open();
    door.certificate("app1");
    door.run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", "key"]).good();
    write(&door, "address = \"127.0.0.1\"\n");
    let apply = ["apply", "--yes", "one.toml"];

    // A run that is killed leaves what was done.
    let mut deadline = over_ssh(&door, &apply).spawn().unwrap();
    let lines = BufReader::new(deadline.stderr.take().unwrap()).lines();
    let created = |line: &String| line.contains("done: partition create");
    let seen = lines.map(|line| line.unwrap()).find(created);
    assert!(seen.is_some());
    let id = deadline.id().to_string();
    assert!(Command::new("pkill").args(["-KILL", "-P", &id]).status().unwrap().success());
    deadline.wait().unwrap();

    let ran = feed(over_ssh(&door, &apply), "");
    assert_eq!(ran.status, 0, "{ran:?}");
    assert!(!ran.out.contains("hsm init"), "{ran:?}");
    let nothing = "Nothing to do: the appliance is as the file says.\n";
    assert_eq!(feed(over_ssh(&door, &apply), "").good(), nothing);

    // The other way sees the same.
    let (host, port) = (&door.target.host, door.target.port);
    let print = door.client().fingerprint().to_string();
    write(&door, &format!("address = \"{host}:{port}\"\nfingerprint = \"{print}\"\n"));
    assert_eq!(lunash(&door, &apply).good(), nothing);
    let exported = |ran: Ran| -> Vec<String> {
        // Where it was reached, and partitions' policies that their screen does not show, since nobody may change them.
        let differs = ["address = ", "fingerprint = ", "policies = { 0 ="];
        let text = ran.good();
        let lines = text.lines().filter(|line| !differs.iter().any(|one| line.starts_with(one)));
        lines.map(str::to_owned).collect()
    };
    let screens = exported(feed(over_ssh(&door, &["--host", "127.0.0.1", "-q", "export"]), ""));
    let at = format!("{host}:{port}");
    let rest = exported(lunash(&door, &["--host", &at, "--fingerprint", &print, "-q", "export"]));
    assert_eq!(screens, rest);
    assert!(rest.len() > 30, "{rest:?}");

    // What a client of several appliances needs goes over REST.
    let mut text = String::from_utf8(door.read("one.toml")).unwrap();
    text = text.replace(&format!("{host}:{port}"), "127.0.0.1");
    text += "[client]\nname = \"web1\"\nconfiguration = \"Chrystoki.conf\"\npartitions = { hsm1 = [\"app1\"] }\n";
    door.file("one.toml", text.as_bytes());
    let ran = feed(over_ssh(&door, &apply), "");
    assert_eq!(ran.status, 4, "{ran:?}");
    assert!(
        ran.err.contains("'clientconfig deploy") && ran.err.contains("needs the REST API"),
        "{ran:?}"
    );
}
