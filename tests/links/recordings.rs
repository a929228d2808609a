//! Sessions of a client's programs that are recorded, and played again by `lunash verify`.

use crate::client::{Client, address};
use crate::door::Door;
use crate::network::Network;

/// What the recorded sessions find on their appliance, for a fresh one.
const CERTIFICATE: &str = "@setup\n@certificate app\n";
/// The same for a client that is linked.
const LINK: &str = "\
@setup
@vtl createCert -n app
@send app
@fetch server.pem
@vtl addServer -n 127.0.0.1 -c {client}/server.pem
@secret HSM_PASSWORD so-Passw0rd
@secret DOMAIN domain-1
@lunash --yes
hsm init -label luna
hsm login
partition create -partition par
client register -client app -hostname app
client assignPartition -client app -partition par
";

/// Verifies a file with this text: the exit status and what is shown.
fn verifies(client: &Client, text: &str) -> (i32, String) {
    client.write("all.txt", text);
    let ran = client.run("lunash", &["verify", "all.txt"], "");
    (ran.status, ran.out)
}

#[test]
fn sessions_of_both_programs_are_recorded_and_played_again_as_one() {
    let client = Client::new();
    client.certify();
    let bad = ["lunash", "--record", "put.txt", "-c", "user list", "put", "app.pem"];
    assert_ne!(client.run(bad[0], &bad[1..], "").status, 0);
    client.good("lunash --record put.txt --record-overwrite put app.pem");
    let put = client.read("put.txt");
    let copied = "@copied put app.pem\napp.pem is among the account's files\n[exit status: 0]\n";
    assert!(put.ends_with(copied), "{put}");

    let lines = "hsm init -label luna\nhsm login\npartition create -partition app1\n\
        client register -client app -hostname app\nclient assignPartition -client app -partition app1\n";
    client.run("lunash", &["--record", "admin.txt", "--yes"], lines).good();
    let lines =
        "slot list\npartition init -label one\nrole login -n po\nslot set -slot 1\nhsm showinfo\n";
    let options = ["--record", "client.txt", "--yes", "--client", "app", "--backup-hsm", "bk"];
    client.run("lunacm", &options, lines).good();
    // The same Backup HSM a second time, and another one.
    let options = [
        &["--record", "again.txt", "--client", "app", "--backup-hsm", "bk2"][..],
        &["--backup-hsm", "bk", "slot", "list"],
    ];
    client.run("lunacm", &options.concat(), "").good();
    client.run("cmu", &["--record", "cmu.txt", "--client", "app", "list"], "");
    for folder in ["bk", "bk2"] {
        luna_appliance::Appliance::stop(&client.path().join(folder)).unwrap();
    }

    let names = ["admin.txt", "client.txt", "again.txt", "cmu.txt"];
    let recorded = names.map(|name| client.read(name)).concat();
    for line in
        ["@recorded lunacm --client app --backup-hsm ", "@recorded cmu --client app --pipe "]
    {
        assert!(recorded.contains(line), "no {line:?} in:\n{recorded}");
    }
    for secret in ["so-Passw0rd", "domain-1", "po-Passw0rd"] {
        assert!(!recorded.contains(secret), "{secret} is in:\n{recorded}");
    }
    // The copy is evidence; what it has put there is in the setup.
    let all = format!("{put}{CERTIFICATE}{recorded}");
    let (status, shown) = verifies(&client, &all);
    assert_eq!(status, 0, "{shown}");
    let changed = all.replacen("Net Token Slot", "Some Slot", 1);
    assert_ne!(changed, all);
    let (status, shown) = verifies(&client, &changed);
    assert_eq!(status, 1, "{shown}");
    assert!(shown.contains("Slot Description ->     Some Slot\n+"), "{shown}");
    client.good("lunash verify --update all.txt");
    assert_eq!(client.read("all.txt"), all);
}

#[test]
fn a_session_over_links_is_played_where_the_setup_makes_the_link() {
    let network = Network::claim().unwrap();
    let appliance = Door::with_clients(address(&network, 1), 1792);
    let client = Client::new();
    client.certify();
    client.prepare(&appliance, "par");
    client.link(&appliance, "");
    let lines = "slot list\npartition init -label par0\npartition showinfo\n";
    client.run("lunacm", &["--record", "linked.txt", "--yes"], lines).good();
    let recorded = client.read("linked.txt");
    // In a folder without app.pem, which 'client register' would take.
    let client = Client::new();
    assert!(recorded.contains("@recorded lunacm --linked --pipe --yes\n"), "{recorded}");
    let (status, shown) = verifies(&client, &format!("{LINK}{recorded}"));
    assert_eq!(status, 0, "{shown}");
    let (status, shown) = verifies(&client, &recorded);
    assert_eq!(status, 3, "{shown}");
    assert!(shown.contains("hint: the session was that of a linked client"), "{shown}");
}
