//! `lunash apply` on appliances in factory state: the second run changes nothing. Here are the bench and what
//! concerns one appliance, in the folder `runbook` clients, clusters, the examples and interrupted runs.

use std::net::SocketAddr;

use clap::Parser;
use luna_rest::Client;
use luna_shell::{Folders, Options, Status};
use luna_tests::{Proxy, ScriptedTerminal, TestAppliance, client_certificate};
use lunash::WireOptions;
use lunash::tools::{Surroundings, Tool};

mod clients;
mod clusters;
mod examples;
mod files;
mod interrupted;

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
    /// Ways to the appliances that may break, all as one; closed before their network is another test's.
    proxies: Vec<Proxy>,
    appliance: TestAppliance,
    others: Vec<TestAppliance>,
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
        Bench { appliance, others: Vec::new(), proxies: Vec::new() }
    }

    /// Where this one of the appliances is reached, counted from 0.
    fn address(&self, number: usize) -> SocketAddr {
        let all = [&self.appliance].into_iter().chain(&self.others);
        let own = || all.skip(number).map(|one| one.running().unwrap().address()).next().unwrap();
        self.proxies.get(number).map_or_else(own, Proxy::address)
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
        for (number, other) in (1..).zip(&self.others) {
            let name = format!("hsm{}", number + 1);
            places += &place(&name, other, self.address(number));
        }
        places + &place("hsm1", &self.appliance, self.address(0))
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
