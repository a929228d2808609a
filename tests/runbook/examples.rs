//! The files of `examples/`, each applied to appliances in factory state, twice.

use std::fmt::Debug;

use luna_appliance::package::{Manifest, Package};
use luna_rest::{Client, hsm, partitions};
use luna_shell::{Options, Secrets, Status};
use luna_tests::{ScriptedTerminal, TestAppliance, client_certificate};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::Bench;

/// Applies a file of `examples/` to appliances in factory state, twice, and returns the bench. Their places, and the sources of
/// secrets that a test cannot give, are its own.
fn example(file: &str, count: u8) -> Bench {
    let bench = Bench::several(count);
    let folder = bench.appliance.folder();
    for part in ["secrets", "certs", "keys", "packages"] {
        std::fs::create_dir_all(folder.join(part)).unwrap();
    }
    let secrets = [
        ("secrets/factory", "PASSWORD"),
        ("secrets/domain", "a-domain"),
        ("secrets/authcode", "abcdEFGH01234567"),
        ("LUNA_KEYRING_PASSWORD", "keyring-Passw0rd"),
        ("LUNA_PASSWORD", "Iamtheadmin1"),
        ("LUNA_DOMAIN", "a-domain"),
        ("LUNA_HSM_PASSWORD", "so-Passw0rd"),
        ("LUNA_PO_PASSWORD", "po-Passw0rd"),
        ("LUNA_CO_PASSWORD", "co-Passw0rd"),
        ("LUNA_CU_PASSWORD", "cu-Passw0rd"),
        ("LUNA_SNMP_AUTH_PASSWORD", "First-Passw0rd"),
        ("LUNA_SNMP_PRIV_PASSWORD", "First-Passw0rd"),
        ("LUNA_USER_PASSWORD", "First-Passw0rd"),
    ];
    for (name, secret) in secrets {
        std::fs::write(folder.join(name), format!("{secret}\n")).unwrap();
    }
    for name in ["app1", "web-shared"] {
        let pem = client_certificate(name).unwrap();
        std::fs::write(folder.join(format!("certs/{name}.pem")), pem).unwrap();
    }
    // What an Ed25519 key of OpenSSH looks like.
    let key = "AAAAC3NzaC1lZDI1NTE5AAAAIE1k1nJ0mB2yP0V0aVm8y9Kj7m0gZk3vM2n3xq1c9w8T";
    std::fs::write(folder.join("keys/operator.pub"), format!("ssh-ed25519 {key} operator\n"))
        .unwrap();
    let manifest = Manifest {
        name: "lnh_cluster".to_owned(),
        version: "1.0.4-122".to_owned(),
        ..Manifest::default()
    };
    let package =
        Package { manifest, payload: Vec::new() }.seal("abcdEFGH01234567", [0; 16]).unwrap();
    std::fs::write(folder.join("packages/lnh_cluster-1.0.4-122.spkg"), package).unwrap();
    let path = format!("{}/../examples/{file}", env!("CARGO_MANIFEST_DIR"));
    let mut text = std::fs::read_to_string(path).unwrap();
    text = text.replace("environment", "file");
    text = text.replace("secrets/domain", &folder.join("secrets/domain").display().to_string());
    let json = file.ends_with(".json");
    for (number, appliance) in (1..).zip([&bench.appliance].into_iter().chain(&bench.others)) {
        let running = appliance.running().unwrap();
        let (address, fingerprint) = (running.address(), running.fingerprint());
        text = text.replace(&format!("192.0.2.1{number}"), &address.ip().to_string());
        let place = format!("\"hsm{number}.example.com\"");
        text = text.replace(
            &place,
            &match json {
                true => format!("\"{address}\", \"fingerprint\": \"{fingerprint}\""),
                false => format!("\"{address}\"\nfingerprint = \"{fingerprint}\""),
            },
        );
    }
    let configuration = "[client]\nconfiguration = \"client/Chrystoki.conf\"";
    text = text.replace("[client]", configuration);
    let name = if json { "all.json" } else { "all.toml" };
    std::fs::write(folder.join(name), text).unwrap();
    let line = format!("apply --yes {}", folder.join(name).display());
    let (status, screen) = bench.with_clocks(|| bench.run(&line, &[]));
    assert_eq!(status, Status::Success, "{screen}");
    let (status, screen) = bench.run(&line, &[]);
    assert!(status == Status::Success && screen.starts_with("Nothing to do: "), "{screen}");
    bench
}

#[test]
fn the_example_of_one_appliance_is_applied_once() {
    example("one-appliance.toml", 1);
}

impl Bench {
    /// Does something while the appliances' clocks go on whenever somebody waits for a service.
    pub(super) fn with_clocks<T>(&self, work: impl FnOnce() -> T) -> T {
        tracing::subscriber::with_default(self.clocks(), work)
    }

    pub(super) fn clocks(&self) -> Clocks {
        let all = [&self.appliance].into_iter().chain(&self.others);
        let clock = |one: &TestAppliance| {
            (one.target().unwrap(), one.running().unwrap().local_key().clone())
        };
        Clocks(all.map(clock).collect())
    }
}

/// Lets the clocks of appliances pass while somebody waits for a service.
pub(super) struct Clocks(Vec<(luna_rest::Target, luna_rest::Secret)>);

impl Clocks {
    /// Lets them, if that is what this request is about.
    pub(super) fn seen(&self, resource: &str) {
        if resource != luna_rest::services::SHOW.resource().to_string() {
            return;
        }
        // On a thread of its own, whose calls are not seen here.
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for (target, key) in &self.0 {
                    let mut client = Client::connect(target.clone()).unwrap();
                    client.login_locally(key.expose()).unwrap();
                    let advance = Some(10);
                    let on = luna_rest::emulator::MoveClock { advance, ..Default::default() };
                    client.call(&luna_rest::emulator::MOVE_CLOCK, &[], &on).unwrap();
                }
            });
        });
    }
}

impl Subscriber for Clocks {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == luna_rest::CALLS
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        self.seen(&resource_of(event));
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

pub(super) fn resource_of(event: &Event<'_>) -> String {
    struct Resource(String);
    impl Visit for Resource {
        fn record_debug(&mut self, _: &Field, value: &dyn Debug) {
            self.0 = format!("{value:?}");
        }
    }
    let mut resource = Resource(String::new());
    event.record(&mut resource);
    resource.0
}

#[test]
fn the_example_of_a_cluster_is_applied_once() {
    example("cluster.toml", 4);
}

#[test]
fn the_example_of_a_pair_is_applied_once() {
    let bench = example("ha-pair.toml", 2);
    // One command made a pair that works: what is made in the group is at both members.
    let words = "gen -curvetype=3 -sign=1 -verify=1 -label=signer -slot=payment-ha";
    let words = lunacm::cmu::separated(words.split_whitespace().map(str::to_owned));
    let options = Options { words, ..Options::default() };
    let secrets = Secrets::only([("CO_PASSWORD", "co-Passw0rd")]);
    let terminal = ScriptedTerminal::new(Vec::new(), false);
    let status = bench.appliance.linked_cmu(&terminal, options, secrets).unwrap();
    assert_eq!(status, Status::Success, "{}", terminal.take_screen());
    for appliance in [&bench.appliance, &bench.others[0]] {
        let client = appliance.client().unwrap();
        let hsm = &client.get(&hsm::LIST, &[]).unwrap().hsms[0].id;
        let partition = &client.get(&partitions::LIST, &[hsm]).unwrap().partitions[0].id;
        let shown = client.get(&partitions::SHOW, &[hsm, partition]).unwrap();
        assert_eq!((shown.name.as_str(), shown.object_count), ("payment", 2));
    }
}

#[test]
fn the_example_of_a_scaling_group_is_applied_once() {
    example("scaling-group.json", 1);
}

#[test]
fn the_readme_shows_an_example_and_the_schema_is_current() {
    let file = |name: &str| {
        let path = format!("{}/../{name}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(path).unwrap()
    };
    let example = file("examples/ha-pair.toml");
    let (_, example) = example.split_once('\n').unwrap();
    assert!(file("README.md").contains(&format!("```toml\n{example}```")));
    assert_eq!(file("schema/runbook.json"), luna_runbook::file::schema(), "run .ci/generate");
}
