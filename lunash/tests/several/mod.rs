//! Appliances with one password of admin, and a home that has a profile of each.

use std::process::{Command, Output, Stdio};

use luna_appliance::{Appliance, Ntls, Options, Running};
use luna_rest::users::{ACT, UserAction};
use luna_rest::{Client, Target, Trust, hsm, ntls, partitions};
use tempfile::TempDir;

/// The password of admin.
pub(crate) const PASSWORD: &str = "Abcdef12";

/// The appliances.
pub(crate) struct Fleet {
    pub(crate) home: TempDir,
    pub(crate) running: Vec<(Running, TempDir)>,
}

impl Fleet {
    pub(crate) fn of(count: usize) -> Fleet {
        let fleet = Fleet {
            home: tempfile::tempdir().unwrap(),
            running: (0..count).map(|_| start()).collect(),
        };
        let folder = fleet.home.path().join(".config/luna");
        std::fs::create_dir_all(&folder).unwrap();
        let mut profiles = String::new();
        for (number, (running, _)) in fleet.running.iter().enumerate() {
            let (host, fingerprint) = (running.address(), running.fingerprint());
            profiles += &format!(
                "[profiles.hsm{number}]\nhost = \"{host}\"\nfingerprint = \"{fingerprint}\"\n"
            );
        }
        std::fs::write(folder.join("config.toml"), profiles).unwrap();
        fleet
    }

    pub(crate) fn program(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lunash"));
        command.args(arguments).env_clear().env("HOME", self.home.path());
        command.env("LUNA_PASSWORD", PASSWORD).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        seen(self.program(arguments).output().unwrap())
    }
}

pub(crate) fn seen(output: Output) -> (i32, String, String) {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn start() -> (Running, TempDir) {
    let data = tempfile::tempdir().unwrap();
    let ntls = Some(Ntls { address: ([127, 0, 0, 1], 0).into(), any_port: true });
    let running = Appliance::start(Options { ntls, ..Options::new(data.path()) }).unwrap();
    let client = local(&running);
    let own = UserAction { password: Some(PASSWORD.into()), current_password: None };
    client.call(&ACT, &["admin", "changePassword"], &own).unwrap();
    (running, data)
}

/// A session of admin's, without a password.
pub(crate) fn local(running: &Running) -> Client {
    let target = Target {
        host: running.address().ip().to_string(),
        port: running.address().port(),
        trust: Trust::Pinned(running.fingerprint()),
        limit: None,
    };
    let mut client = Client::connect(target).unwrap();
    client.login_locally(running.local_key().expose()).unwrap();
    client
}

/// Initializes the HSM, makes the partition `p1` and registers a client that it is assigned to: the serial numbers
/// of HSM and partition.
pub(crate) fn onboard(client: &Client, name: &str) -> (String, String) {
    let id = client.get(&hsm::LIST, &[]).unwrap().hsms[0].id.clone();
    let init = hsm::Init {
        label: "pay".to_owned(),
        password: Some("so-Passw0rd".into()),
        domain: Some("domain".into()),
        ..hsm::Init::default()
    };
    client.call(&hsm::INIT, &[&id], &init).unwrap();
    client.call(&hsm::LOGIN, &[&id], &so_login()).unwrap();
    let new = partitions::NewPartition {
        name: "p1".to_owned(),
        has_pso: true,
        ..partitions::NewPartition::default()
    };
    client.call(&partitions::CREATE, &[&id], &new).unwrap();
    register(client, name);
    let serial = client.get(&partitions::LIST, &[&id]).unwrap().partitions[0].id.clone();
    assign(client, name, (&id, &serial));
    (id, serial)
}

fn so_login() -> hsm::Login {
    hsm::Login { role: "so".to_owned(), password: Some("so-Passw0rd".into()), ..Default::default() }
}

/// Registers a client by its name as host name.
pub(crate) fn register(client: &Client, name: &str) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let new = ntls::NewClient {
        client_name: name.to_owned(),
        hostname: Some(name.to_owned()),
        certificate: Some(made.cert.pem()),
        ..ntls::NewClient::default()
    };
    client.call(&ntls::REGISTER, &[], &new).unwrap();
}

/// Assigns a partition of an HSM to a client.
pub(crate) fn assign(client: &Client, name: &str, (id, serial): (&str, &str)) {
    let url = format!("/api/lunasa/hsms/{id}/partitions/{serial}");
    client.call(&ntls::ASSIGN, &[name], &ntls::NewLink { url }).unwrap();
}
