//! The SNMP agent, asked and heard by net-snmp's programs.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::io::{BufRead, BufReader};
use std::net::UdpSocket;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use common::Process;
use luna_rest::services::{ACT, ServiceAction};
use luna_rest::snmp::{
    ADD_NOTIFICATION, ADD_TRAP, ADD_USER, ENABLE, NewNotification, NewTrap, NewUser, TEST_TRAP,
    TRAP_ACT, TestTrap,
};
use luna_rest::{Client, Nothing};

const AUTHENTICATION: &str = "auth-Passw0rd";
const PRIVACY: &str = "priv-Passw0rd";
/// The longest that anything here may take.
const DEADLINE: Duration = Duration::from_secs(60);

fn free_port() -> u16 {
    UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn start(data: &Path, port: u16) -> Process {
    let mut command = common::command(data);
    command.args(["--snmp", &format!("127.0.0.1:{port}")]);
    Process::of(command)
}

fn add_user(client: &Client, name: &str) {
    let user = NewUser {
        security_name: name.to_owned(),
        authentication_protocol: None,
        authentication_password: AUTHENTICATION.into(),
        privacy_protocol: None,
        privacy_password: PRIVACY.into(),
    };
    client.call(&ADD_USER, &[], &user).unwrap();
}

fn run_agent(client: &Client, action: &str) {
    client.call(&ACT, &["snmp", action], &ServiceAction::default()).unwrap();
}

/// What `snmpwalk` prints of everything, or of its failure, when it asks as `pete`.
fn walk(port: u16, security: &[&str]) -> String {
    let mut command = Command::new("snmpwalk");
    command.env("MIBS", "").args(["-v3", "-On", "-t", "5", "-r", "3", "-u", "pete"]).args(security);
    let output = command.args([&format!("127.0.0.1:{port}"), "1.3"]).output().unwrap();
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

const AUTH_PRIV: [&str; 10] =
    ["-l", "authPriv", "-a", "SHA", "-A", AUTHENTICATION, "-x", "AES", "-X", PRIVACY];

/// Walks until the agent, which begins in the background, answers.
fn answered(port: u16) -> String {
    let begun = std::time::Instant::now();
    loop {
        let shown = walk(port, &AUTH_PRIV);
        if !shown.contains("Timeout") {
            return shown;
        }
        assert!(begun.elapsed() < DEADLINE, "no agent answers");
    }
}

#[test]
fn users_with_both_passwords_see_the_appliance_and_nobody_else_does() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let process = start(folder.path(), port);
    let client = process.client(folder.path());
    add_user(&client, "pete");
    run_agent(&client, "start");

    let shown = answered(port);
    let hsm = client.get(&luna_rest::hsm::LIST, &[]).unwrap().hsms.remove(0).id;
    for line in [
        ".1.3.6.1.2.1.1.2.0 = OID: .1.3.6.1.4.1.12383.3.1.1".to_owned(),
        ".1.3.6.1.2.1.1.5.0 = STRING: \"local_host\"".to_owned(),
        ".1.3.6.1.4.1.12383.3.1.2.1.0 = INTEGER: 1".to_owned(),
        format!(" = STRING: \"{hsm}\""),
        " = Gauge32: 33554432".to_owned(),
        "STRING: \"Allow cloning\"".to_owned(),
    ] {
        assert!(shown.contains(&line), "no {line} in {shown}");
    }
    let refused = walk(port, &["-l", "noAuthNoPriv"]);
    assert!(refused.contains("authorizationError"), "{refused}");
    let refused = walk(port, &["-l", "authNoPriv", "-a", "SHA", "-A", AUTHENTICATION]);
    assert!(refused.contains("authorizationError"), "{refused}");
    let mut wrong = AUTH_PRIV;
    wrong[5] = "other-Passw0rd";
    let refused = walk(port, &wrong);
    assert!(refused.contains("Authentication failure"), "{refused}");

    // A manager that has talked to it goes on after a restart, since boots are counted.
    process.kill();
    let process = start(folder.path(), port);
    assert!(answered(port).contains("local_host"));
    assert_eq!(std::fs::read_to_string(folder.path().join("snmp-boots")).unwrap(), "2\n");
    let client = process.client(folder.path());
    run_agent(&client, "stop");
    let begun = std::time::Instant::now();
    while !walk(port, &AUTH_PRIV).contains("Timeout") {
        assert!(begun.elapsed() < DEADLINE, "the agent does not stop");
    }
}

/// net-snmp's `snmptrapd`, which prints what it gets.
struct Daemon {
    child: Child,
    lines: Receiver<String>,
}

impl Daemon {
    fn start(folder: &Path, port: u16, engine: &str) -> Daemon {
        let secrets = format!("SHA {AUTHENTICATION} AES {PRIVACY}");
        let configuration = format!(
            "createUser -e 0x{engine} pete {secrets}\ncreateUser pete {secrets}\nauthUser log pete\n"
        );
        let file = folder.join("snmptrapd.conf");
        std::fs::write(&file, configuration).unwrap();
        let path = ["/usr/sbin", &std::env::var("PATH").unwrap()].join(":");
        let mut command = Command::new("snmptrapd");
        command.env("PATH", path).env("MIBS", "").env("SNMP_PERSISTENT_DIR", folder);
        command.args(["-f", "-Lo", "-On", "-C", "-c"]).arg(file);
        command.arg(format!("udp:127.0.0.1:{port}"));
        command.stdout(Stdio::piped()).stderr(Stdio::null()).stdin(Stdio::null());
        let mut child = command.spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let daemon = Daemon { child, lines };
        daemon.until("NET-SNMP version");
        daemon
    }

    /// The next line with this in it.
    fn until(&self, text: &str) -> String {
        loop {
            let line = self.lines.recv_timeout(DEADLINE).unwrap();
            if line.contains(text) {
                return line;
            }
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn target(port: u16, engine: Option<&str>) -> NewNotification {
    NewNotification {
        address: "127.0.0.1".to_owned(),
        port,
        kind: if engine.is_some() { "trap" } else { "inform" }.to_owned(),
        engine_id: engine.map(str::to_owned),
        authentication_protocol: None,
        authentication_password: AUTHENTICATION.into(),
        privacy_protocol: None,
        privacy_password: PRIVACY.into(),
    }
}

fn test(client: &Client, process: &str, message: &str) {
    let test = TestTrap {
        log_facility: "daemon".to_owned(),
        log_level: "crit".to_owned(),
        message: message.to_owned(),
        pid: Some(true),
        process: process.to_owned(),
    };
    client.call(&TEST_TRAP, &[], &test).unwrap();
}

#[test]
fn lines_that_need_attention_reach_a_trap_daemon() {
    let folder = tempfile::tempdir().unwrap();
    let engine = "8000000001020304";
    let ports = [free_port(), free_port()];
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let daemons = [0, 1].map(|at| Daemon::start(folders[at].path(), ports[at], engine));
    let process = start(folder.path(), free_port());
    let client = process.client(folder.path());
    add_user(&client, "pete");
    for (port, engine) in [(ports[0], Some(engine)), (ports[1], None)] {
        client.call(&ADD_NOTIFICATION, &["pete"], &target(port, engine)).unwrap();
    }
    // Traps are enabled where there is a trap target; nobody listens there.
    let trap = NewTrap {
        address: "127.0.0.9".to_owned(),
        authentication_password: AUTHENTICATION.into(),
        authentication_protocol: "SHA".to_owned(),
        engine_id: engine.to_owned(),
        privacy_password: PRIVACY.into(),
        privacy_protocol: "AES".to_owned(),
        security_name: "pete".to_owned(),
        trap_type: None,
    };
    client.call(&ADD_TRAP, &[], &trap).unwrap();
    run_agent(&client, "start");
    test(&client, "smartd", "before traps are enabled");
    client.call(&TRAP_ACT, &[ENABLE], &Nothing {}).unwrap();
    test(&client, "smartd", "Temperature 45 Celsius reached limit of 44 Celsius");
    test(&client, "lunash", "needs nobody's attention");
    test(&client, "ipmievd", "Fan1A . Lower Critical going low");
    for daemon in &daemons {
        let line = daemon.until("23629");
        assert!(line.contains("OID: .1.3.6.1.4.1.23629.1.5.2.2.5"), "{line}");
        assert!(line.contains("/ smartd[1234] / 1]"), "{line}");
        let line = daemon.until("23629");
        assert!(line.contains("OID: .1.3.6.1.4.1.23629.1.5.2.2.2"), "{line}");
        assert!(line.contains("[local_host:127.0.0.1 / messages / "), "{line}");
    }
}
