//! `lunash apply` on appliances in factory state: the second run changes nothing, and whatever ends a run,
//! the next one goes on from what is there.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use clap::Parser;
use luna_appliance::package::{Manifest, Package};
use luna_rest::Client;
use luna_shell::{Folders, Options, Status};
use luna_tests::{Break, Proxy, ScriptedTerminal, TestAppliance, client_certificate};
use lunash::WireOptions;
use lunash::tools::{Surroundings, Tool};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

#[derive(Parser)]
#[command(no_binary_name = true)]
struct Line {
    #[command(flatten)]
    options: Options,
    #[command(flatten)]
    wire: WireOptions,
    #[command(subcommand)]
    tool: Tool,
}

/// A folder with a runbook, and the appliances that it is about: `hsm1`, whose folder it is, `hsm2` and so on.
struct Bench {
    appliance: TestAppliance,
    others: Vec<TestAppliance>,
    proxy: Option<Proxy>,
}

/// The secrets of all runbooks here, each in a file of its own.
const SECRETS: &[(&str, &str)] = &[
    ("factory", "PASSWORD"),
    ("admin", "Iamtheadmin1"),
    ("so", "so-Passw0rd"),
    ("po", "po-Passw0rd"),
    ("co", "co-Passw0rd"),
    ("cu", "cu-Passw0rd"),
    ("domain", "a-domain"),
    ("first", "First-Passw0rd"),
];

/// An appliance, its HSM and a partition with all roles, as far as nothing else is needed.
const PARTITION: &str = r#"
[appliances.hsm1.hsm]
label = "myhsm"
so_password = { file = "so" }
domain = { file = "domain" }
policies = { 49 = 1 }

[appliances.hsm1.partitions.app1]
size = 500000
po_password = { file = "po" }
co_password = { file = "co" }
cu_password = { file = "cu" }
policies = { 20 = 8 }

[appliances.hsm1.clients.app1]
certificate = "app1.pem"
partitions = ["app1"]
"#;

/// What else an appliance has.
const REST: &str = r#"
[appliances.hsm1.ntls]
bind = "eth0"
ip_check = false
[appliances.hsm1.ntp]
servers = ["ntp1.example.com", "ntp2.example.com"]
enabled = true
[[appliances.hsm1.syslog.hosts]]
host = "log.example.com"
protocol = "tcp"
[appliances.hsm1.snmp]
enabled = true
[appliances.hsm1.snmp.users.monitor]
auth_password = { file = "first" }
priv_password = { file = "first" }
[appliances.hsm1.users.bob]
role = "operator"
password = { file = "first" }
"#;

impl Bench {
    fn new() -> Bench {
        Bench::with(TestAppliance::new().unwrap())
    }

    /// Several appliances in a network of their own, where clients find their ports.
    fn several(count: u8) -> Bench {
        let bench = Bench::with(TestAppliance::with_network().unwrap());
        let others = (2..=count).map(|number| bench.appliance.another(number).unwrap()).collect();
        Bench { others, ..bench }
    }

    fn with(appliance: TestAppliance) -> Bench {
        for (name, secret) in SECRETS {
            std::fs::write(appliance.folder().join(name), format!("{secret}\n")).unwrap();
        }
        let pem = client_certificate("app1").unwrap();
        std::fs::write(appliance.folder().join("app1.pem"), pem).unwrap();
        Bench { appliance, others: Vec::new(), proxy: None }
    }

    /// Whose way to the appliance may break.
    fn breakable() -> Bench {
        let bench = Bench::new();
        let proxy = Proxy::to(bench.appliance.running().unwrap().address()).unwrap();
        Bench { proxy: Some(proxy), ..bench }
    }

    fn address(&self) -> SocketAddr {
        let own = || self.appliance.running().unwrap().address();
        self.proxy.as_ref().map_or_else(own, Proxy::address)
    }

    /// How the appliances are reached, as the runbook has it.
    fn places(&self) -> String {
        let place = |name: &str, appliance: &TestAppliance, address: SocketAddr| {
            let fingerprint = appliance.running().unwrap().fingerprint();
            format!(
                "[appliances.{name}]\naddress = \"{address}\"\nfingerprint = \"{fingerprint}\"\n\
                 password = {{ file = \"admin\" }}\nfirst_password = {{ file = \"factory\" }}\n"
            )
        };
        let mut places = String::new();
        for (number, other) in (2..).zip(&self.others) {
            let address = other.running().unwrap().address();
            places += &place(&format!("hsm{number}"), other, address);
        }
        places + &place("hsm1", &self.appliance, self.address())
    }

    /// Writes the runbook.
    fn write(&self, text: &str) {
        let text = self.places() + text;
        std::fs::write(self.appliance.folder().join("all.toml"), text).unwrap();
    }

    /// Runs the tool, with a person who gives these answers.
    fn run(&self, arguments: &str, answers: &[&str]) -> (Status, String) {
        let file = self.appliance.folder().join("all.toml").display().to_string();
        let words = arguments.replace("FILE", &file);
        let line = Line::try_parse_from(words.split_whitespace()).unwrap();
        let folder = |name| self.appliance.folder().join(name);
        let folders =
            Folders { config: folder("config"), appliance: folder("none"), state: folder("state") };
        let surroundings =
            Surroundings { options: line.options, wire: line.wire, folders: Ok(folders) };
        let typed = answers.iter().map(|answer| format!("> {answer}"));
        let terminal = ScriptedTerminal::new(typed, !answers.is_empty());
        let status = line.tool.run_at(Box::new(terminal.clone()), surroundings);
        let screen = terminal.take_screen();
        for (name, secret) in SECRETS {
            assert!(*name == "factory" || !screen.contains(secret), "{screen}");
        }
        (status, screen)
    }

    fn apply(&self) -> (Status, String) {
        self.run("apply --yes FILE", &[])
    }

    fn client(&self) -> Client {
        self.appliance.client().unwrap()
    }

    fn hsm(&self) -> luna_rest::hsm::Hsm {
        let client = self.client();
        let serial = &client.get(&luna_rest::hsm::LIST, &[]).unwrap().hsms[0].id;
        client.get(&luna_rest::hsm::SHOW, &[serial]).unwrap()
    }

    /// Wrong logins that are left to the SO, and to the roles of the first partition.
    fn attempts(&self) -> Vec<Option<u32>> {
        use luna_rest::partitions::{LIST, ROLE};
        let (client, hsm) = (self.client(), self.hsm());
        let partitions = client.get(&LIST, &[&hsm.serial_number]).unwrap().partitions;
        let role = |role| {
            let ids = [hsm.serial_number.as_str(), partitions[0].id.as_str(), role];
            client.get(&ROLE, &ids).unwrap().attempts_left()
        };
        vec![hsm.attempts_left(), role("so"), role("co"), role("cu")]
    }
}

#[test]
fn a_second_run_changes_nothing_and_says_so() {
    let bench = Bench::new();
    bench.write(&format!("{PARTITION}{REST}"));
    let (status, screen) = bench.apply();
    assert_eq!(status, Status::Success, "{screen}");
    assert!(
        screen.contains("lunash:> partition init -partition app1 -label app1 -force"),
        "{screen}"
    );
    assert!(screen.contains("lunacm:> role init -name cu"), "{screen}");
    assert!(screen.ends_with("lines: the appliance is as the file says.\n"), "{screen}");
    for arguments in ["apply --yes FILE", "apply --plan FILE"] {
        let (status, screen) = bench.run(arguments, &[]);
        assert_eq!(
            (status, screen.as_str()),
            (Status::Success, "Nothing to do: the appliance is as the file says.\n")
        );
    }
}

#[test]
fn a_plan_changes_nothing_and_has_a_status_of_its_own() {
    let bench = Bench::new();
    bench.write(PARTITION);
    let (status, screen) = bench.run("apply --plan FILE", &[]);
    assert_eq!(status, Status::ChangesDue, "{screen}");
    // Nothing else may be seen before.
    assert!(screen.contains("my password set\n") && !screen.contains("hsm init"), "{screen}");
    assert!(bench.hsm().zeroized);
}

#[test]
fn a_person_is_asked_and_a_script_without_an_answer_is_refused() {
    let bench = Bench::new();
    bench.write(PARTITION);
    let (status, screen) = bench.run("apply FILE", &[]);
    assert_eq!(status, Status::Refused, "{screen}");
    let (status, screen) = bench.run("apply FILE", &["proceed", "quit"]);
    assert_eq!(status, Status::Failed, "{screen}");
    assert!(bench.hsm().zeroized);
    let (status, screen) = bench.run("apply FILE", &["proceed"]);
    assert_eq!(status, Status::Success, "{screen}");
}

#[test]
fn an_initialized_hsm_is_not_initialized_again_unless_the_file_names_it() {
    let bench = Bench::new();
    bench.write(PARTITION);
    assert_eq!(bench.apply().0, Status::Success);
    let serial = bench.hsm().serial_number;
    let other = PARTITION.replace("label = \"myhsm\"", "label = \"other\"");
    bench.write(&other);
    let (status, screen) = bench.apply();
    assert_eq!(status, Status::Refused, "{screen}");
    assert!(screen.contains(&format!("may_erase = \"{serial}\"")), "{screen}");
    let allow = |serial: &str| {
        other.replace("policies = { 49", &format!("may_erase = \"{serial}\"\npolicies = {{ 49"))
    };
    bench.write(&allow("123456"));
    assert_eq!(bench.apply().0, Status::Refused);
    assert_eq!(bench.hsm().label, "myhsm");
    bench.write(&allow(&serial));
    let (status, screen) = bench.apply();
    assert_eq!((status, bench.hsm().label.as_str()), (Status::Success, "other"), "{screen}");
    assert_eq!(bench.apply().1, "Nothing to do: the appliance is as the file says.\n");
}

#[test]
fn a_partition_is_deleted_only_by_its_serial_number() {
    let bench = Bench::new();
    bench.write(PARTITION);
    assert_eq!(bench.apply().0, Status::Success);
    let hsm = bench.hsm().serial_number;
    let partitions =
        || bench.client().get(&luna_rest::partitions::LIST, &[&hsm]).unwrap().partitions;
    let head = PARTITION.split("[appliances.hsm1.partitions").next().unwrap();
    bench.write(head);
    assert_eq!(bench.apply().0, Status::Success);
    assert_eq!(partitions().len(), 1, "what the file does not name is left alone");
    bench.write(&format!("delete_partitions = [\"{}\"]\n{head}", partitions()[0].id));
    let (status, screen) = bench.apply();
    assert_eq!((status, partitions().len()), (Status::Success, 0), "{screen}");
    assert_eq!(bench.apply().1, "Nothing to do: the appliance is as the file says.\n");
}

#[test]
fn a_wrong_password_is_tried_once_in_a_run_and_never_as_the_last_attempt() {
    let bench = Bench::new();
    bench.write(PARTITION);
    assert_eq!(bench.apply().0, Status::Success);
    std::fs::write(bench.appliance.folder().join("so"), "wrong-Passw0rd\n").unwrap();
    bench.write(&PARTITION.replace("500000", "400000"));
    for left in [2, 1] {
        let (status, screen) = bench.apply();
        assert_eq!(status, Status::Failed, "{screen}");
        assert_eq!(bench.hsm().so_logins_left, Some(left), "{screen}");
    }
    let (status, screen) = bench.apply();
    assert_eq!((status, bench.hsm().so_logins_left), (Status::Refused, Some(1)), "{screen}");
    assert!(screen.contains("--last-attempt"), "{screen}");
}

/// Two appliances with a partition each, and this machine as their client with both in one group.
fn pair() -> String {
    let [one, two] = ["hsm1", "hsm2"].map(|name| PARTITION.replace("hsm1", name));
    format!(
        "{one}{two}\n[client]\nname = \"web1\"\nconfiguration = \"client/Chrystoki.conf\"\n\
         partitions = {{ hsm1 = [\"app1\"], hsm2 = [\"app1\"] }}\n\
         [client.groups.ha1]\npartition = \"app1\"\nappliances = [\"hsm1\", \"hsm2\"]\n"
    )
}

#[test]
fn a_client_is_linked_with_two_appliances_and_has_an_ha_group() {
    let bench = Bench::several(2);
    bench.write(&pair());
    let (status, screen) = bench.apply();
    assert_eq!(status, Status::Success, "{screen}");
    assert!(
        screen.contains("hagroup creategroup -serialnumber <serial number of app1 on hsm1>"),
        "{screen}"
    );
    let file =
        std::fs::read_to_string(bench.appliance.client_folder().join("Chrystoki.conf")).unwrap();
    assert!(file.contains("VirtualToken00Label = ha1;"), "{file}");
    let members = file.lines().find(|line| line.contains("VirtualToken00Members")).unwrap();
    assert_eq!(members.matches(',').count(), 1, "{file}");
    let (status, screen) = bench.apply();
    let nothing = "Nothing to do: 2 appliances are as the file says.\n";
    assert_eq!((status, screen.as_str()), (Status::Success, nothing));
}

#[test]
fn members_of_an_ha_group_that_differ_are_refused_before_anything_is_done() {
    let bench = Bench::several(2);
    let (before, after) = pair()
        .split_once("[appliances.hsm2.hsm]")
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    for (same, other, told) in [
        ("co_password = { file = \"co\" }", "co_password = { file = \"cu\" }", "Crypto Officer"),
        ("domain = { file = \"domain\" }", "domain = { file = \"first\" }", "cloning domain"),
    ] {
        let after = after.replacen(same, other, 1);
        bench.write(&format!("{before}[appliances.hsm2.hsm]{after}"));
        // The passwords of the accounts are changed first, or nothing can be seen.
        let (status, screen) = bench.apply();
        assert_eq!(status, Status::Refused, "{screen}");
        assert!(
            screen.contains("the members must have the same") && screen.contains(told),
            "{screen}"
        );
        assert!(bench.hsm().zeroized);
    }
}

/// Applies a file of `examples/` to appliances in factory state, twice. Their places, and the sources of
/// secrets that a test cannot give, are its own.
fn example(file: &str, count: u8) {
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
    let clocks = [&bench.appliance].into_iter().chain(&bench.others);
    let clocks =
        clocks.map(|one| (one.target().unwrap(), one.running().unwrap().local_key().clone()));
    let line = format!("apply --yes {}", folder.join(name).display());
    let (status, screen) =
        tracing::subscriber::with_default(Clocks(clocks.collect()), || bench.run(&line, &[]));
    assert_eq!(status, Status::Success, "{screen}");
    let (status, screen) = bench.run(&line, &[]);
    assert!(status == Status::Success && screen.starts_with("Nothing to do: "), "{screen}");
}

#[test]
fn the_example_of_one_appliance_is_applied_once() {
    example("one-appliance.toml", 1);
}

/// Lets the clocks of appliances pass while somebody waits for a service.
struct Clocks(Vec<(luna_rest::Target, luna_rest::Secret)>);

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
        if resource_of(event) != luna_rest::services::SHOW.resource().to_string() {
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
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

fn resource_of(event: &Event<'_>) -> String {
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
    example("ha-pair.toml", 2);
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

#[test]
fn what_is_exported_changes_nothing_where_it_was_and_makes_the_same_elsewhere() {
    let bench = Bench::new();
    bench.write(&format!("{PARTITION}{REST}"));
    assert_eq!(bench.apply().0, Status::Success);
    let running = bench.appliance.running().unwrap();
    let (address, fingerprint) = (running.address(), running.fingerprint());
    for name in ["out.toml", "out.json"] {
        let file = bench.appliance.folder().join(name);
        let place = format!("--host {address} --fingerprint {fingerprint}");
        let (status, screen) =
            bench.run(&format!("export {place} {}", file.display()), &["Iamtheadmin1"]);
        assert_eq!(status, Status::Success, "{screen}");
        let mut text = std::fs::read_to_string(&file).unwrap().replace("environment", "file");
        for (name, file) in [
            ("PASSWORD", "admin"),
            ("HSM_PASSWORD", "so"),
            ("DOMAIN", "domain"),
            ("PO_PASSWORD", "po"),
            ("CO_PASSWORD", "co"),
            ("CU_PASSWORD", "cu"),
            ("SNMP_AUTH_PASSWORD", "first"),
            ("SNMP_PRIV_PASSWORD", "first"),
            ("USER_PASSWORD", "first"),
        ] {
            text = text.replace(&format!("\"LUNA_{name}\""), &format!("\"{file}\""));
        }
        std::fs::write(&file, &text).unwrap();
        let (status, screen) = bench.run(&format!("apply --plan {}", file.display()), &[]);
        assert_eq!(
            (status, screen.as_str()),
            (Status::Success, "Nothing to do: the appliance is as the file says.\n")
        );
        // Another appliance gets the same; it has another serial number.
        let other = Bench::new();
        let running = other.appliance.running().unwrap();
        let serial = bench.hsm().serial_number;
        let text = text
            .replace(&address.to_string(), &running.address().to_string())
            .replace(&fingerprint.to_string(), &running.fingerprint().to_string())
            .replace(&serial, &other.hsm().serial_number);
        let (toml, json) = ("password = { file = \"admin\" }", "\"file\": \"admin\"\n      }");
        let text = text
            .replace(toml, &format!("{toml}\nfirst_password = {{ file = \"factory\" }}"))
            .replace(json, &format!("{json},\n\"first_password\": {{\"file\": \"factory\"}}"));
        let file = other.appliance.folder().join(name);
        std::fs::write(&file, text).unwrap();
        let (status, screen) = other.run(&format!("apply --yes {}", file.display()), &[]);
        assert_eq!(status, Status::Success, "{screen}");
    }
}

/// Counts changes, and lets the way break at the one that is chosen.
struct Breaker {
    proxy: Proxy,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    /// How often each was called.
    changes: BTreeMap<String, u32>,
    count: u32,
    breaks: Option<(u32, Break)>,
    broken: Option<String>,
}

/// Whether it changes the appliance: not sessions, logins, what is told to the log, and a file that is put
/// there in the place of itself.
fn is_change(resource: &str) -> bool {
    let none = ["/login", "/logout", "/auth/session", "/emulator/lunash/told", "/files"];
    !resource.starts_with("GET ") && !none.iter().any(|end| resource.ends_with(end))
}

impl Subscriber for Breaker {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == luna_rest::CALLS
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let resource = resource_of(event);
        if resource.starts_with("GET ") || resource.ends_with("/told") {
            return;
        }
        let mut seen = self.seen.lock().unwrap();
        seen.count += 1;
        if is_change(&resource) {
            *seen.changes.entry(resource.clone()).or_default() += 1;
        }
        if let Some((at, when)) = seen.breaks
            && at == seen.count
        {
            seen.broken = Some(resource);
            self.proxy.arm(when);
        }
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

impl Bench {
    /// Applies the runbook while the way breaks at the n-th request that is no reading.
    fn apply_broken(&self, breaks: Option<(u32, Break)>) -> (Status, String, Seen) {
        let seen = Arc::new(Mutex::new(Seen { breaks, ..Seen::default() }));
        let breaker = Breaker { proxy: self.proxy.clone().unwrap(), seen: Arc::clone(&seen) };
        let (status, screen) = tracing::subscriber::with_default(breaker, || self.apply());
        let seen = std::mem::take(&mut *seen.lock().unwrap());
        (status, screen, seen)
    }
}

/// Each change and each login is interrupted in turn, in runs that begin in factory state.
fn interrupted(when: Break) {
    let whole = Bench::breakable();
    whole.write(PARTITION);
    let (status, screen, all) = whole.apply_broken(None);
    assert_eq!(status, Status::Success, "{screen}");
    let attempts = whole.attempts();
    for at in 1..=all.count {
        let bench = Bench::breakable();
        bench.write(PARTITION);
        let (status, screen, first) = bench.apply_broken(Some((at, when)));
        let broken = first.broken.clone().unwrap();
        let told = format!("{when:?} {at}: {broken}\n{screen}");
        assert!(status != Status::Success || !is_change(&broken), "{told}");
        let (status, screen, second) = bench.apply_broken(None);
        let told = format!("{told}\n{screen}");
        assert_eq!(status, Status::Success, "{told}");
        let mut twice = first.changes;
        for (resource, count) in second.changes {
            *twice.entry(resource).or_default() += count;
        }
        // What did not reach the appliance has to be sent again, and nothing else.
        if when == Break::BeforeRequest && is_change(&broken) {
            *twice.get_mut(&broken).unwrap() -= 1;
        }
        assert_eq!(twice, all.changes, "{told}");
        assert_eq!(bench.attempts(), attempts, "{told}");
        assert_eq!(
            bench.apply().1,
            "Nothing to do: the appliance is as the file says.\n",
            "{told}"
        );
    }
}

#[test]
fn a_run_that_was_stopped_before_any_request_is_gone_on_with() {
    interrupted(Break::BeforeRequest);
}

#[test]
fn a_run_that_was_stopped_before_any_answer_is_gone_on_with() {
    interrupted(Break::BeforeAnswer);
}
