//! The chapters "Configuring Luna Servers", "Configuring Luna Clients" and "Configuring Luna HA Cluster" of the
//! article "Cloud HSM Automation - Part 2", typed as they are printed.
//!
//! Not as printed:
//! - `manager` is the account that the cloud made; here it is made first, and gets the role `admin`.
//! - `sysc ssh pu esysc ssh pu a -f` is two lines that the page has run together.
//! - `hsm init`, `sysconf re`, `par cr …` and `c a …` are printed without what they need, or without their
//!   questions: it is added. `ntls bind` has to have a device today, and no longer restarts NTLS: it says that
//!   `service restart ntls` has to follow.
//! - `/usr/lunasa` is the machine's own; the client's folder is another one here.
//! - `vtl verify` shows `Luna SA Slots/Partitions` with blanks where the page has lost its columns.
//! - `vtl haAdmin -show` begins with the settings that hold for all groups, as releases 5.4 had them.
//! - Java, its samples, and the author's own program `luna_mech` are no part of Luna.

use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt;

use luna_rest::users::{CREATE, NewUser};

use crate::client::{CO_PASSWORD, Client, address};
use crate::door::Door;
use crate::network::Network;

const MANAGER: &str = "manager";
/// The password that the account has first.
const TEMPORARY: &str = "Temporary-1";

impl Client {
    /// Has `ssh` and `scp` find the ports of these appliances, know their keys and give the password.
    fn knows(&self, appliances: &[Door]) {
        let folder = self.path().display();
        let mut settings = format!(
            "Host *\n  UserKnownHostsFile {folder}/known_hosts\n  StrictHostKeyChecking no\n  LogLevel ERROR\n  \
             IdentityFile {folder}/id_rsa\n  IdentitiesOnly yes\n"
        );
        for Door { address, port, .. } in appliances {
            settings += &format!("Host {address}\n  Port {port}\n");
        }
        self.write("ssh_config", &settings);
        std::fs::create_dir(self.path().join("bin")).unwrap();
        for name in ["ssh", "scp"] {
            let file = format!("bin/{name}");
            let script = format!(
                "#!/bin/sh\nexec sshpass -e /usr/bin/{name} -F {folder}/ssh_config \"$@\"\n"
            );
            self.write(&file, &script);
            let mode = std::fs::Permissions::from_mode(0o755);
            std::fs::set_permissions(self.path().join(file), mode).unwrap();
        }
    }

    /// Types lines to LunaSH over SSH, each of which has to succeed: what it shows.
    fn types(&self, appliance: Ipv4Addr, lines: &str) -> String {
        let said = self.run("ssh", &[&format!("{MANAGER}@{appliance}")], lines).good();
        assert!(!said.contains("Error"), "{said}");
        let results = said.matches("Command Result : ").count();
        let good = said.matches("Command Result : 0 (Success)").count();
        assert!(good > 0 && results == good, "{said}");
        said
    }
}

#[test]
fn the_article_on_a_cluster_in_a_cloud_runs_as_it_is_printed() {
    let network = Network::claim().unwrap();
    let addresses = [1, 2].map(|number| address(&network, number));
    let appliances = addresses.map(|address| Door::with_clients(address, 1792));
    let client = Client::new();
    client.knows(&appliances);
    for appliance in &appliances {
        let account = NewUser {
            user_id: MANAGER.to_owned(),
            role: "admin".to_owned(),
            password: TEMPORARY.into(),
            ..NewUser::default()
        };
        appliance.client().call(&CREATE, &[], &account).unwrap();
        appliance.choose_password(MANAGER, TEMPORARY);
    }

    // Configuring Luna Servers
    client.run("ssh-keygen", &["-q", "-t", "rsa", "-N", "", "-f", "id_rsa"], "").good();
    for luna_ip in addresses {
        client.good(&format!("scp id_rsa.pub manager@{luna_ip}:."));
        client.types(luna_ip, "sysc ssh pu e\nsysc ssh pu a -f id_rsa.pub\n");
        // From here on the key opens the door.
        let key = ["-o", "PasswordAuthentication=no", "-o", "KbdInteractiveAuthentication=no"];
        let account = format!("{MANAGER}@{luna_ip}");
        let words = [&key[..], &[account.as_str(), "status date"]].concat();
        client.run("ssh", &words, "").good();
        client.types(
            luna_ip,
            "hsm init -label luna -password so-Passw0rd -domain domain-1 -force\n\
             sysconf re -force\n\
             ntls bind eth0\n\
             service restart ntls -force\n\
             hsm login -password so-Passw0rd\n\
             par cr -partition par -force\n",
        );
    }

    // Configuring Luna Clients
    client.good("vtl createCert -n app");
    let certificates = client.path().join("cert/client");
    for luna_server in addresses {
        let certificate = certificates.join("app.pem");
        client.good(&format!("scp {} manager@{luna_server}:.", certificate.display()));
        client.types(luna_server, "c reg -c autoscaled -h app\nc a -c autoscaled -p par\n");
    }
    let configuration = client.read("Chrystoki.conf");
    for (key, file) in [("ClientPrivKeyFile", "appKey.pem"), ("ClientCertFile", "app.pem")] {
        let line = format!("{key} = {};", certificates.join(file).display());
        assert!(configuration.contains(&line), "{line}: {configuration}");
    }
    for luna_server_host in addresses {
        client.good(&format!("scp manager@{luna_server_host}:server.pem ."));
        client.good(&format!("vtl addServer -n {luna_server_host} -c server.pem"));
    }
    client.initialize(2);

    // Configuring Luna HA Cluster
    let verified = client.good("vtl verify");
    assert!(verified.contains("The following Luna SA Slots/Partitions were found:"), "{verified}");
    let columns: Vec<Vec<&str>> =
        verified.lines().map(|line| line.split_whitespace().collect()).collect();
    for head in
        [["Slot", "Serial", "#", "Label"].as_slice(), &["====", "================", "====="]]
    {
        assert!(columns.iter().any(|words| words[..] == *head), "{verified}");
    }
    let serials = client.serials();
    let group = format!("1{}", serials[0]);
    let made = client.good(&format!(
        "vtl haAdmin -newGroup -serialNum {} -label ha_group -password {CO_PASSWORD}",
        serials[0]
    ));
    assert!(made.contains(&group), "{made}");
    client.good(&format!(
        "vtl haAdmin -addMember -serialNum {} -group {group} -password {CO_PASSWORD}",
        serials[1]
    ));
    let shown = client.good("vtl haAdmin -show");
    let both = serials.join(", ");
    for line in [
        "================ HA Group and Member Information ================",
        "HA Group Label:  ha_group",
        &format!("HA Group Number:  {group}"),
        "Synchronization:  enabled",
        &format!("Group Members:  {both}"),
    ] {
        let words: Vec<&str> = line.split_whitespace().collect();
        let is_there = |shown: &str| shown.split_whitespace().eq(words.iter().copied());
        assert!(shown.lines().any(is_there), "{line}: {shown}");
    }
    assert_eq!(shown.matches(" alive").count(), 2, "{shown}");
    // What the group is for: a key that both members have.
    client.good("cmu --quiet gen -curvetype=3 -sign=1 -verify=1 -label=signer -slot=ha_group");
    for serial in &serials {
        let listed = client.good(&format!("cmu --quiet list -slot={serial}"));
        assert_eq!(listed.matches("label=signer").count(), 2, "{listed}");
    }
}
