//! The port of NTLS, as clients see it: real TLS with certificates on both sides, whatever speaks it.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::command;
use common::network::Network;
use luna_appliance::{Appliance, Ntls, Options, Running};
use luna_rest::services::{self, ServiceAction};
use luna_rest::{Client, Error, ErrorId, Identity, Target, Trust, hsm, ntls, partitions};
use tempfile::{TempDir, tempdir};

/// An appliance with a partition of the client `app`, whose certificate is in the folder.
struct Served {
    folder: TempDir,
    running: Running,
    hsm: String,
    partition: String,
}

/// Runs a program within a folder, and expects its success.
fn run(folder: &Path, program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {error}");
    String::from_utf8(output.stdout).unwrap() + &error
}

/// Makes a key as openssl does, and a certificate for it.
fn certify(folder: &Path, name: &str, key: &[&str]) {
    let key_file = format!("{name}Key.pem");
    run(folder, "openssl", &[key, &["-out", &key_file]].concat());
    let (subject, out) = (format!("/CN={name}"), format!("{name}.pem"));
    let request = ["req", "-x509", "-new", "-sha256", "-days", "3650", "-key", &key_file];
    run(folder, "openssl", &[&request[..], &["-subj", &subject, "-out", &out]].concat());
}

const EC: [&str; 4] = ["genpkey", "-algorithm", "EC", "-pkeyopt=ec_paramgen_curve:P-256"];

impl Served {
    fn start() -> Served {
        let folder = tempdir().unwrap();
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        let running = Appliance::start(Options {
            ntls: Some(Ntls { address: free, any_port: false }),
            ..Options::new(folder.path().join("data"))
        });
        let (hsm, partition) = Default::default();
        let mut served = Served { folder, running: running.unwrap(), hsm, partition };
        let admin = served.admin();
        let hsm = admin.get(&hsm::LIST, &[]).unwrap().hsms[0].id.clone();
        let init = hsm::Init {
            label: "luna1".to_owned(),
            password: Some("so-Passw0rd".into()),
            domain: Some("domain-1".into()),
            ..Default::default()
        };
        admin.call(&hsm::INIT, &[&hsm], &init).unwrap();
        let login =
            hsm::Login { role: "so".into(), password: Some("so-Passw0rd".into()), ped: "0".into() };
        admin.call(&hsm::LOGIN, &[&hsm], &login).unwrap();
        let new = partitions::NewPartition {
            name: "par1".to_owned(),
            has_pso: true,
            ..Default::default()
        };
        admin.call(&partitions::CREATE, &[&hsm], &new).unwrap();
        let listed = admin.get(&partitions::LIST, &[&hsm]).unwrap().partitions;
        (served.partition, served.hsm) = (listed[0].id.clone(), hsm);
        certify(served.folder.path(), "app", &EC);
        served.register("app");
        fs::write(served.path("server.pem"), served.certificate()).unwrap();
        served
    }

    fn admin(&self) -> Client {
        let data = self.folder.path().join("data");
        common::client(self.running.address(), self.running.fingerprint(), &data)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn address(&self) -> SocketAddr {
        self.running.ntls_address().unwrap()
    }

    /// The appliance's certificate, as `server.pem` has it.
    fn certificate(&self) -> String {
        self.admin().get(&ntls::CERTIFICATE, &[]).unwrap().certificate
    }

    fn register(&self, name: &str) {
        let new = ntls::NewClient {
            client_name: name.to_owned(),
            hostname: Some(name.to_owned()),
            certificate: Some(fs::read_to_string(self.path(&format!("{name}.pem"))).unwrap()),
            ip: None,
        };
        let admin = self.admin();
        admin.call(&ntls::REGISTER, &[], &new).unwrap();
        let url = partitions::SHOW.path(&[&self.hsm, &self.partition]);
        admin.call(&ntls::ASSIGN, &[name], &ntls::NewLink { url }).unwrap();
    }

    fn act_on_service(&self, action: &str) {
        let body = ServiceAction::default();
        self.admin().call(&services::ACT, &["ntls", action], &body).unwrap();
    }

    /// A connection of a client, with its files and what it trusts.
    fn connect(&self, name: &str) -> Result<Client, Error> {
        let file = |end: &str| self.path(&format!("{name}{end}.pem"));
        let identity = Identity::read(&file(""), &file("Key")).unwrap();
        let (host, port) = (self.address().ip().to_string(), self.address().port());
        let trust = Trust::Listed(self.path("server.pem"));
        Client::connect_as(Target { host, port, trust, limit: None }, &identity)
    }
}

#[test]
fn a_client_comes_with_a_key_of_any_form() {
    let served = Served::start();
    let forms: [(&str, &[&str]); 4] = [
        ("pkcs1", &["genrsa", "-traditional"]),
        ("pkcs8", &["genpkey", "-algorithm", "RSA"]),
        ("sec1", &["ecparam", "-name", "secp384r1", "-genkey", "-noout"]),
        ("ed", &["genpkey", "-algorithm", "ed25519"]),
    ];
    for (name, key) in forms {
        certify(served.folder.path(), name, key);
        served.register(name);
        let mut client = served.connect(name).unwrap();
        let link = client.open_link().unwrap();
        assert_eq!((link.client_id.as_str(), &link.hsm_id), (name, &served.hsm));
        assert_eq!(link.partitions, std::slice::from_ref(&served.partition));
        let shown = client.get(&partitions::SHOW, &[&served.hsm, &served.partition]).unwrap();
        assert_eq!(shown.name, "par1");
        client.logout();
        assert!(client.get(&partitions::SHOW, &[&served.hsm, &served.partition]).is_err());
    }
    certify(served.folder.path(), "stranger", &EC);
    let refused = served.connect("stranger").unwrap().open_link().unwrap_err();
    assert_eq!(refused.id(), Some(ErrorId::EMULATOR_LINK_UNKNOWN_CLIENT), "{refused}");
    let encrypted = ["-aes-256-cbc", "-pass", "pass:S3cr3t-Word"];
    certify_key(served.folder.path(), &encrypted);
    let read = Identity::read(&served.path("app.pem"), &served.path("encrypted.pem"));
    let error = read.err().unwrap().to_string();
    assert!(error.contains("encrypted.pem: the key is encrypted"), "{error}");
}

fn certify_key(folder: &Path, more: &[&str]) {
    let key = ["genpkey", "-algorithm", "RSA", "-out", "encrypted.pem"];
    run(folder, "openssl", &[&key[..], more].concat());
}

#[test]
fn openssl_and_curl_shake_hands_with_certificates_on_both_sides() {
    let served = Served::start();
    let (folder, address) = (served.folder.path(), served.address().to_string());
    let own = ["-cert", "app.pem", "-key", "appKey.pem"];
    let connect = ["s_client", "-connect", &address, "-CAfile", "server.pem"];
    let said = run(folder, "openssl", &[&connect[..], &own].concat());
    assert!(said.contains("CN = local_host") || said.contains("CN=local_host"), "{said}");
    assert!(said.contains("Verify return code: 0 (ok)"), "{said}");
    let url = format!("https://{address}/emulator/link");
    let ask = ["-sk", "-X", "POST", &url];
    let keys = ["--cert", "app.pem", "--key", "appKey.pem"];
    let said = run(folder, "curl", &[&ask[..], &keys].concat());
    assert!(said.contains("\"clientID\":\"app\""), "{said}");
    let without = Command::new("curl").args(ask).output().unwrap();
    assert!(!without.status.success(), "nobody comes in without a certificate");
}

#[test]
fn a_stopped_service_turns_everybody_away_until_it_is_started() {
    let served = Served::start();
    let mut client = served.connect("app").unwrap();
    client.open_link().unwrap();
    let show = |client: &Client| client.get(&partitions::SHOW, &[&served.hsm, &served.partition]);
    show(&client).unwrap();
    served.act_on_service("stop");
    assert!(matches!(show(&client), Err(Error::Unreachable { .. })), "the link is gone");
    assert!(matches!(served.connect("app"), Err(Error::Unreachable { .. })));
    served.act_on_service("start");
    let again = show(&client).unwrap_err();
    assert_eq!(again.id(), Some(ErrorId::new("FRAMEWORK_NO_SESSION_COOKIE")), "{again}");
    served.connect("app").unwrap().open_link().unwrap();
}

#[test]
fn a_new_certificate_is_shown_from_the_restart_on() {
    let served = Served::start();
    let regenerate = ntls::Regenerate::default();
    let old = served.certificate();
    served.admin().call(&ntls::REGENERATE, &[], &regenerate).unwrap();
    assert_ne!(served.certificate(), old);
    served.connect("app").unwrap().open_link().unwrap();
    served.act_on_service("restart");
    assert!(matches!(served.connect("app"), Err(Error::Unknown { .. })), "another certificate");
    fs::write(served.path("server.pem"), old + &served.certificate()).unwrap();
    served.connect("app").unwrap().open_link().unwrap();
}

#[test]
fn the_default_port_is_taken_if_it_is_free_and_another_told_if_not() {
    let network = Network::claim().unwrap();
    let folder = tempdir().unwrap();
    let _taken = TcpListener::bind((network.address(2), 1792)).unwrap();
    for (number, told) in [(1, ":1792\n"), (2, " (not 1792: ")] {
        let mut serve = command(&folder.path().join(number.to_string()));
        serve.args(["--listen", &format!("{}:0", network.address(number))]);
        let mut child = without_no_ntls(&serve).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let (mut text, deadline) = (String::new(), Instant::now() + Duration::from_secs(60));
        while !text.contains("link to:\n") && Instant::now() < deadline {
            assert!(lines.read_line(&mut text).unwrap() > 0, "{text}");
        }
        lines.read_line(&mut text).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(text.contains(told), "{text}");
        lines.read_to_string(&mut text).unwrap();
    }
}

/// The same command with the port of NTLS at its default, and one address to listen at.
fn without_no_ntls(command: &Command) -> Command {
    let mut other = Command::new(command.get_program());
    let arguments: Vec<_> = command.get_args().collect();
    let first = arguments.iter().position(|argument| *argument == "--listen").unwrap();
    let kept = arguments.iter().enumerate().filter(|(place, argument)| {
        **argument != "--no-ntls" && *place != first && *place != first + 1
    });
    other.args(kept.map(|(_, argument)| argument));
    other
}
