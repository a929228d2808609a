//! Clusters: their modes, their clients, and who sees which keyring.

use luna_rest::{clusters, keyrings};
use luna_shell::{Options, Secrets, Status};
use luna_tests::ScriptedTerminal;

use super::Bench;

const CODE: &str = "abcdEFGH01234567";

/// A cluster of one member with a keyring.
pub(super) const CLUSTER: &str = r#"
[appliances.hsm1.hsm]
label = "myhsm"
so_password = { file = "so" }
domain = { file = "domain" }
[appliances.hsm1.partitions.clusterpar]
version = 1
po_password = { file = "po" }
co_password = { file = "co" }
policies = { 40 = 0 }
[cluster]
label = "prod"
partition = "clusterpar"
first = "hsm1"
authcode = { file = "code" }
package = "cluster.spkg"
"#;

impl Bench {
    /// These appliances, which are in a network of their own, beside a package that brings clusters.
    pub(super) fn clustered(version: &str, bench: Bench) -> Bench {
        bench.appliance.package("lnh_cluster", version, CODE, false).unwrap();
        let file = format!("lnh_cluster-{version}.spkg");
        let package = bench.client().download("admin", &file).unwrap();
        std::fs::write(bench.appliance.folder().join("cluster.spkg"), package).unwrap();
        std::fs::write(bench.appliance.folder().join("code"), CODE).unwrap();
        bench
    }

    /// Brings the software that knows the modes of clusters.
    fn updated(self) -> Bench {
        self.appliance.package("lunasa_update", "7.9.0-42", CODE, false).unwrap();
        let command = [
            "hsm init -label luna -force".to_owned(),
            "hsm login".to_owned(),
            format!("package update lunasa_update-7.9.0-42.spkg -authcode {CODE} -force"),
            "hsm factoryReset -force".to_owned(),
            "sysconf appliance reboot -force".to_owned(),
        ];
        let options = Options { command: command.into(), ..Options::default() };
        let secrets = Secrets::only([("HSM_PASSWORD", "so-Passw0rd"), ("DOMAIN", "a-domain")]);
        let terminal = ScriptedTerminal::new(Vec::new(), false);
        let status = self.appliance.lunash(&terminal, options, secrets).unwrap();
        assert_eq!(status, Status::Success, "{}", terminal.take_screen());
        self.appliance.advance(60).unwrap();
        self
    }

    /// Writes a cluster of this appliance, with more of the cluster, its member and what stands below.
    pub(super) fn write_cluster(&self, more: &str, below: &str) {
        let ip = self.appliance.address(1);
        self.write(&format!("{CLUSTER}{more}\n[cluster.members.hsm1]\nip = \"{ip}\"\n{below}"));
    }

    pub(super) fn client_ids(&self, name: &str) -> Vec<String> {
        let client = self.client();
        let cluster = &client.get(&clusters::LIST, &[]).unwrap().data[0].cluster_uuid;
        let clients = client.get(&clusters::CLIENTS, &[cluster]).unwrap().data;
        let found = clients.into_iter().filter(|one| one.common_name == name);
        found.map(|one| one.client_uuid).collect()
    }

    fn who_sees(&self, keyring: &str) -> Vec<String> {
        let mut names = self.client().get(&keyrings::SHOW, &[keyring]).unwrap().clients;
        names.sort();
        names
    }

    /// Applies the runbook, with this status, and then once more without a change.
    pub(super) fn settles(&self) -> String {
        let (status, screen) = self.apply();
        assert_eq!(status, Status::Success, "{screen}");
        let (_, again) = self.apply();
        assert_eq!(again, "Nothing to do: the appliance is as the file says.\n", "{screen}");
        screen
    }
}

/// This machine as a client of it.
pub(super) const OWN: &str = "[client]\nname = \"web1\"\nconfiguration = \"client/Chrystoki.conf\"\n\
                   cluster = { entry = \"hsm1\", label = \"web\" }\n";

fn keyring(more: &str) -> String {
    format!("[cluster.keyrings.payment]\npassword = {{ file = \"first\" }}\n{more}\n{OWN}")
}

#[test]
fn clients_of_a_cluster_see_the_keyrings_that_the_file_says() {
    let bench = Bench::clustered("1.0.5-10", Bench::several(1)).updated();
    bench.write_cluster("", &keyring(""));
    let (status, screen) = bench.with_clocks(|| bench.apply());
    assert_eq!(status, Status::Success, "{screen}");
    assert!(screen.contains("$ lnhclientregistration -n web1 -i 127."), "{screen}");
    bench.appliance.register("web2", None).unwrap();
    bench.settles();

    // Until now every client saw every keyring.
    let manual = "assignment_mode = \"manual\"";
    bench.write_cluster("", &keyring("clients = [\"web1\"]"));
    let (status, screen) = bench.apply();
    assert!(status == Status::Refused && screen.contains(manual), "{screen}");
    bench.write_cluster(manual, &keyring("clients = [\"web1\"]"));
    let screen = bench.settles();
    assert!(screen.contains("what is to be seen after it"), "{screen}");
    assert_eq!(bench.who_sees("payment"), ["web1", "web2"]);

    // What goes is named exactly.
    let web2 = bench.client_ids("web2").remove(0);
    let unassign = format!("clients = [\"web1\"]\nunassign_clients = [\"{web2}\"]");
    bench.write_cluster(manual, &keyring(&unassign));
    bench.settles();
    assert_eq!(bench.who_sees("payment"), ["web1"]);
    let both = unassign.replace("[\"web1\"]", "[\"web1\", \"web2\"]");
    bench.write_cluster(manual, &keyring(&both));
    let (status, screen) = bench.apply();
    assert!(status == Status::Refused && screen.contains("see it no more"), "{screen}");
    bench.write_cluster(manual, &keyring("clients = [\"web1\", \"web2\"]"));
    bench.settles();
    assert_eq!(bench.who_sees("payment"), ["web1", "web2"]);
    bench.write_cluster(manual, &keyring("clients = [\"web9\"]"));
    let (status, screen) = bench.apply();
    assert!(status == Status::Refused && screen.contains("'web9', which is not reg"), "{screen}");
    let delete = format!("{manual}\ndelete_clients = [\"{web2}\"]");
    bench.write_cluster(&delete, &keyring("clients = [\"web1\"]"));
    bench.settles();
    assert_eq!((bench.client_ids("web2").len(), bench.client_ids("web1").len()), (0, 1));
}

#[test]
fn a_client_that_lost_its_key_registers_anew_once_the_old_one_is_named() {
    let bench = Bench::clustered("1.0.4-122", Bench::several(1));
    bench.write_cluster("", &keyring(""));
    let (status, screen) = bench.with_clocks(|| bench.apply());
    assert_eq!(status, Status::Success, "{screen}");
    std::fs::remove_dir_all(bench.appliance.client_folder()).unwrap();
    let (status, screen) = bench.apply();
    assert_eq!(status, Status::Failed, "{screen}");
    assert!(screen.contains("A client 'web1' is registered with another key."), "{screen}");
    let old = bench.client_ids("web1").remove(0);
    bench.write_cluster(&format!("delete_clients = [\"{old}\"]"), &keyring(""));
    bench.settles();
    assert_ne!(bench.client_ids("web1"), [old]);
}

#[test]
fn an_exported_member_of_a_cluster_changes_nothing_where_it_was() {
    let bench = Bench::clustered("1.0.5-10", Bench::several(1)).updated();
    let modes = "assignment_mode = \"manual\"\nidentity_mode = \"dual\"";
    bench.write_cluster(modes, &keyring("clients = [\"web1\"]"));
    let (status, screen) = bench.with_clocks(|| bench.apply());
    assert_eq!(status, Status::Success, "{screen}");
    let running = bench.appliance.running().unwrap();
    let (address, fingerprint) = (running.address(), running.fingerprint());
    let file = bench.appliance.folder().join("out.toml");
    let line = format!("export --host {address} --fingerprint {fingerprint} {}", file.display());
    let (status, screen) = bench.run(&line, &["Iamtheadmin1"]);
    assert_eq!(status, Status::Success, "{screen}");
    let text = std::fs::read_to_string(&file).unwrap();
    for part in [
        "[cluster]\nassignment_mode = \"manual\"\nfirst = \"local_host\"\nidentity_mode = \"dual\"\n",
        "clients = [\"web1\"]",
    ] {
        assert!(text.contains(part), "{text}");
    }
    let text = text.replace("{ environment = \"LUNA_PASSWORD\" }", "{ file = \"admin\" }");
    std::fs::write(&file, text).unwrap();
    let (_, screen) = bench.run(&format!("apply --plan {}", file.display()), &[]);
    assert_eq!(screen, "Nothing to do: the appliance is as the file says.\n");
}
