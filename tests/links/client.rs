//! A client: its folder, and the programs that it runs there.

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::door::{Door, PASSWORD, Ran, feed, program};
use crate::network::Network;

/// How long a program may take.
const DEADLINE: &str = "60";

/// What the programs find in their environment, so that nothing asks for it.
const SECRETS: [(&str, &str); 10] = [
    ("LUNA_PASSWORD", PASSWORD),
    ("LUNA_USER_PASSWORD", PASSWORD),
    ("LUNA_AUDITOR_PASSWORD", PASSWORD),
    ("LUNA_AUDIT_PASSWORD", "auditor-Passw0rd"),
    ("LUNA_AUDIT_DOMAIN", "audit-domain"),
    ("LUNA_HSM_PASSWORD", "so-Passw0rd"),
    ("LUNA_DOMAIN", "domain-1"),
    ("LUNA_PO_PASSWORD", "po-Passw0rd"),
    ("LUNA_CO_PASSWORD", CO_PASSWORD),
    ("SSHPASS", PASSWORD),
];
/// The password of every Crypto Officer.
pub(crate) const CO_PASSWORD: &str = "co-Passw0rd";

/// A client.
pub(crate) struct Client {
    folder: TempDir,
}

impl Drop for Client {
    /// A shell may have started an appliance of its own.
    fn drop(&mut self) {
        let own = self.path().join(".local/share/luna/appliance");
        luna_appliance::Appliance::stop(&own).unwrap();
    }
}

impl Client {
    /// A client that gives up an appliance which does not answer for five seconds.
    pub(crate) fn new() -> Client {
        let client = Client { folder: tempfile::tempdir().unwrap() };
        client.write("Chrystoki.conf", "LunaSA Client = {\n   ReceiveTimeout = 5000;\n}\n");
        client
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).unwrap();
    }

    pub(crate) fn read(&self, name: impl AsRef<Path>) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap()
    }

    fn environment(&self) -> Vec<(&str, String)> {
        let (folder, programs) = (self.path().display(), program("lunacm"));
        let programs = programs.parent().unwrap().display();
        let mut environment = vec![
            ("PATH", format!("{folder}/bin:{programs}:/usr/bin:/bin")),
            ("HOME", folder.to_string()),
            ("ChrystokiConfigurationPath", folder.to_string()),
        ];
        environment.extend(SECRETS.map(|(name, value)| (name, value.to_owned())));
        environment
    }

    /// A line for a shell that has the same environment as other programs here.
    pub(crate) fn line(&self, line: &str) -> String {
        let mut script = String::new();
        for (name, value) in self.environment() {
            writeln!(script, "export {name}='{value}'").unwrap();
        }
        self.write("environment", &script);
        let folder = self.path().display();
        format!("cd {folder} && . ./environment && {line}")
    }

    /// Runs a program, with this input.
    pub(crate) fn run(&self, name: &str, words: &[&str], input: &str) -> Ran {
        let mut command = Command::new("timeout");
        command
            .args([DEADLINE, name])
            .args(words)
            .current_dir(self.path())
            .env_clear()
            .envs(self.environment())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        feed(command, input)
    }

    /// The words of a line run as a program, which has to succeed.
    pub(crate) fn good(&self, line: &str) -> String {
        let words: Vec<&str> = line.split_whitespace().collect();
        self.run(words[0], &words[1..], "").good()
    }

    /// Types lines to LunaCM, or to LunaSH at an appliance, up to the first that fails.
    fn shell(&self, arguments: &[&str], lines: &[&str]) -> String {
        let lines = lines.iter().flat_map(|line| ["-c", line]);
        let options = ["--quiet", "--yes", "--fail-fast"].into_iter();
        let words: Vec<&str> = arguments[1..].iter().copied().chain(options).chain(lines).collect();
        self.run(arguments[0], &words, "").good()
    }

    pub(crate) fn lunacm(&self, lines: &[&str]) -> String {
        self.shell(&["lunacm"], lines)
    }

    pub(crate) fn lunash(&self, appliance: &Door, lines: &[&str]) -> String {
        let data = appliance.data();
        self.shell(&["lunash", "--data", data.to_str().unwrap()], lines)
    }

    /// Runs a command of LunaSH that moves a file between an appliance and this folder.
    pub(crate) fn file(&self, appliance: &Door, words: &str) {
        self.good(&format!("lunash --data {} --quiet {words}", appliance.data().display()));
    }

    /// An appliance that has a partition for the client `app`, whose certificate is `app.pem` in this folder.
    pub(crate) fn prepare(&self, appliance: &Door, partition: &str) {
        self.file(appliance, "put app.pem");
        let create = format!("partition create -partition {partition}");
        let assign = format!("client assignPartition -client app -partition {partition}");
        let register = "client register -client app -hostname app";
        let lines = ["hsm init -label luna", "hsm login", &create, register, &assign];
        self.lunash(appliance, &lines);
    }

    /// Makes the key and the certificate of `app`.
    pub(crate) fn certify(&self) {
        self.good("vtl createCert -n app");
        std::fs::copy(self.path().join("cert/client/app.pem"), self.path().join("app.pem"))
            .unwrap();
    }

    /// Trusts an appliance and links with it.
    pub(crate) fn link(&self, appliance: &Door, port: &str) {
        self.file(appliance, "get server.pem");
        let address = appliance.address;
        self.good(&format!("vtl addServer -n {address} -c server.pem {port}"));
        std::fs::remove_file(self.path().join("server.pem")).unwrap();
    }

    /// Initializes the partitions in these slots, with the password of a Crypto Officer each.
    pub(crate) fn initialize(&self, slots: usize) {
        let lines: Vec<String> = (0..slots)
            .flat_map(|slot| {
                [
                    format!("slot set -slot {slot}"),
                    format!("partition init -label par{slot}"),
                    "role login -name po".to_owned(),
                    "role init -name co -password first-Passw0rd".to_owned(),
                    "role logout".to_owned(),
                    "role login -name co -password first-Passw0rd".to_owned(),
                    format!("role changepw -name co -oldpw first-Passw0rd -newpw {CO_PASSWORD}"),
                ]
            })
            .collect();
        self.lunacm(&lines.iter().map(String::as_str).collect::<Vec<_>>());
    }

    /// The serial numbers of the partitions that are reached.
    pub(crate) fn serials(&self) -> Vec<String> {
        let json = self.good("vtl --output json verify");
        let json: serde_json::Value = serde_json::from_str(json.trim()).unwrap();
        let partitions = json["view"]["partitions"].as_array().unwrap();
        partitions.iter().map(|found| found["serial"].as_str().unwrap().to_owned()).collect()
    }
}

/// The address of an appliance in a network of a test.
pub(crate) fn address(network: &Network, number: u8) -> Ipv4Addr {
    match network.address(number) {
        IpAddr::V4(address) => address,
        IpAddr::V6(address) => panic!("{address}"),
    }
}
