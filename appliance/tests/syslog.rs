//! Logs on their way to real receivers: rsyslogd over UDP, TCP and TLS, while it is killed and comes back,
//! and while the appliance is; and what full logs cost at its start.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::net::UdpSocket;
use std::path::Path;
use std::time::{Duration, Instant};

use common::Process;
use common::receiver::{Authority, DEADLINE, Receiver, Tls};
use luna_rest::ntls::{CertificateFile, NewCertificate, NewKey, NewRequest};
use luna_rest::services::{self, ServiceAction};
use luna_rest::syslog::certificates::{ADD_AUTHORITY, GENERATE, INSTALL, REQUEST};
use luna_rest::syslog::{ADD_HOST, CLEAR_HOSTS, HOST, NewRemoteHost};
use luna_rest::users::{CREATE_ROLE, DELETE_ROLE, NewRole};
use luna_rest::{Client, Nothing};
use tempfile::tempdir;

fn add(client: &Client, receiver: &Receiver, protocol: &str) {
    add_host(client, receiver, NewRemoteHost { protocol: Some(protocol.to_owned()), ..tls(false) });
}

fn add_host(client: &Client, receiver: &Receiver, host: NewRemoteHost) {
    let port = Some(receiver.port);
    let host = NewRemoteHost { address: "127.0.0.1".to_owned(), port, ..host };
    client.call(&ADD_HOST, &[], &host).unwrap();
}

fn tls(mutual: bool) -> NewRemoteHost {
    let mode = mutual.then(|| "mutual".to_owned());
    NewRemoteHost { mode, ..NewRemoteHost::default() }
}

fn with_tls(mutual: bool) -> NewRemoteHost {
    NewRemoteHost { tls: Some(true), name: Some("loghost".to_owned()), ..tls(mutual) }
}

/// The end of the line of the last change with this number.
fn mark(number: usize) -> String {
    format!(" : DELETE /roles/role{number:03} : admin : Console")
}

/// Makes changes, each with a line that has its number.
fn change(client: &Client, numbers: std::ops::Range<usize>) {
    for number in numbers {
        let role_id = format!("role{number:03}");
        let role = NewRole { role_id: role_id.clone(), ..NewRole::default() };
        client.call(&CREATE_ROLE, &[], &role).unwrap();
        client.call(&DELETE_ROLE, &[&role_id], &Nothing {}).unwrap();
    }
}

/// The receiver gets the lines of these changes next: each whole, once and in order.
fn receives(receiver: &Receiver, numbers: std::ops::Range<usize>) {
    let mut lines = receiver.until(&mark(numbers.end - 1));
    // In front of them may be those of what was set up.
    lines.retain(|line| line.contains("/roles"));
    assert_eq!(lines.len(), 2 * numbers.len(), "{lines:#?}");
    for (number, pair) in numbers.zip(lines.chunks(2)) {
        assert!(pair[0].ends_with(" : POST /roles : admin : Console"), "{lines:#?}");
        assert!(pair[1].ends_with(&mark(number)), "{number} of {lines:#?}");
        for line in pair {
            assert!(
                line.starts_with("<174>1 20") && line.contains(" webserver - - - info"),
                "{line}"
            );
        }
    }
}

/// Why lines wait for the receiver, once they do.
fn problem(client: &Client, receiver: &Receiver) -> String {
    let (deadline, id) = (Instant::now() + DEADLINE, format!("127.0.0.1:{}", receiver.port));
    loop {
        if let Some(problem) = client.get(&HOST, &[&id]).unwrap().problem {
            return problem;
        }
        assert!(Instant::now() < deadline, "no problem is told");
        std::thread::yield_now();
    }
}

/// Why lines wait for a receiver that listens.
fn told(client: &Client, receiver: &Receiver) -> String {
    let deadline = Instant::now() + DEADLINE;
    loop {
        let problem = problem(client, receiver);
        if !problem.starts_with("Connection refused") {
            return problem;
        }
        assert!(Instant::now() < deadline, "rsyslogd does not listen");
    }
}

/// Nothing is lost while the receiver is away.
fn survives(client: &Client, receiver: &mut Receiver) {
    change(client, 0..20);
    receives(receiver, 0..20);
    for round in 1..3 {
        receiver.kill();
        let from = round * 100;
        change(client, from..from + 20);
        assert!(!problem(client, receiver).is_empty());
        receiver.run();
        change(client, from + 20..from + 40);
        receives(receiver, from..from + 40);
    }
}

fn restart_service(client: &Client) {
    client.call(&services::ACT, &["syslog", "restart"], &ServiceAction::default()).unwrap();
}

fn upload(client: &Client, name: &str, content: Vec<u8>) -> String {
    client.upload("admin", name, content).unwrap();
    name.to_owned()
}

fn trust(client: &Client, authority: &Authority) {
    let content = std::fs::read(authority.certificate()).unwrap();
    let file = Some(upload(client, "ca.pem", content));
    client.call(&ADD_AUTHORITY, &[], &NewCertificate { file, certificate: None }).unwrap();
}

/// A receiver that TLS is spoken with.
fn receiver_of(authority: &Authority, sender: Option<&str>) -> Receiver {
    let (certificate, key) = authority.host("loghost");
    let (certificate, key): (&Path, &Path) = (&certificate, &key);
    Receiver::start(Some(&Tls { authority: &authority.certificate(), certificate, key, sender }))
}

#[test]
fn lines_reach_rsyslogd_over_udp() {
    let (data, receiver) = (tempdir().unwrap(), Receiver::start(None));
    let process = Process::start(data.path());
    let client = process.client(data.path());
    let probe = UdpSocket::bind("127.0.0.1:0").unwrap();
    let deadline = Instant::now() + DEADLINE;
    while receiver.next(Duration::from_millis(50)).is_none() {
        assert!(Instant::now() < deadline, "rsyslogd does not listen");
        probe.send_to(b"<13>1 - - - - - - probe", ("127.0.0.1", receiver.port)).unwrap();
    }
    add(&client, &receiver, "udp");
    change(&client, 0..20);
    receives(&receiver, 0..20);
    process.kill();
}

#[test]
fn nothing_is_lost_over_tcp_while_rsyslogd_is_away() {
    let (data, mut receiver) = (tempdir().unwrap(), Receiver::start(None));
    let process = Process::start(data.path());
    let client = process.client(data.path());
    add(&client, &receiver, "tcp");
    survives(&client, &mut receiver);
    process.kill();
}

#[test]
fn nothing_is_lost_over_tls_between_both_certificates_of_one_authority() {
    let (data, authority) = (tempdir().unwrap(), Authority::new("Logs"));
    let mut receiver = receiver_of(&authority, Some("appliance.example.com"));
    let process = Process::start(data.path());
    let client = process.client(data.path());
    trust(&client, &authority);
    let cn = Some("appliance.example.com".to_owned());
    client.call(&REQUEST, &[], &NewRequest { cn, ..NewRequest::default() }).unwrap();
    let signed = authority.sign(&client.download("admin", "syslogCSR.pem").unwrap());
    let file = upload(&client, "signed.pem", signed);
    client.call(&INSTALL, &[], &CertificateFile { file }).unwrap();
    restart_service(&client);
    add_host(&client, &receiver, with_tls(true));
    survives(&client, &mut receiver);
    process.kill();
}

#[test]
fn a_receiver_that_signs_its_own_certificate_is_known_by_it_and_by_its_name() {
    let (data, own) = (tempdir().unwrap(), Authority::new("loghost"));
    let (certificate, key) = (own.certificate(), own.key());
    let tls = Tls { authority: &certificate, certificate: &certificate, key: &key, sender: None };
    let receiver = Receiver::start(Some(&tls));
    let process = Process::start(data.path());
    let client = process.client(data.path());
    trust(&client, &own);
    // Without a name the address is expected.
    add_host(&client, &receiver, NewRemoteHost { name: None, ..with_tls(false) });
    change(&client, 0..1);
    assert!(told(&client, &receiver).starts_with("invalid peer certificate: NotValidForName"));
    client.call(&CLEAR_HOSTS, &[], &Nothing {}).unwrap();
    add_host(&client, &receiver, with_tls(false));
    change(&client, 1..5);
    receives(&receiver, 1..5);
    process.kill();
}

#[test]
fn a_receiver_of_another_authority_gets_nothing_and_that_is_told() {
    let (data, authority) = (tempdir().unwrap(), Authority::new("Logs"));
    let receiver = receiver_of(&authority, None);
    let process = Process::start(data.path());
    let client = process.client(data.path());
    trust(&client, &Authority::new("Other"));
    add_host(&client, &receiver, with_tls(false));
    change(&client, 0..1);
    assert_eq!(told(&client, &receiver), "invalid peer certificate: UnknownIssuer");
    assert_eq!(receiver.next(Duration::ZERO), None);
    process.kill();
}

#[test]
fn a_receiver_that_does_not_know_the_appliances_certificate_refuses_it_and_that_is_told() {
    let (data, authority) = (tempdir().unwrap(), Authority::new("Logs"));
    let receiver = receiver_of(&authority, Some("appliance.example.com"));
    let process = Process::start(data.path());
    let client = process.client(data.path());
    trust(&client, &authority);
    let cn = Some("appliance.example.com".to_owned());
    client.call(&GENERATE, &[], &NewKey { cn, ..NewKey::default() }).unwrap();
    add_host(&client, &receiver, with_tls(true));
    change(&client, 0..1);
    let refused = "the host closed the connection when it saw the appliance's certificate";
    assert_eq!(told(&client, &receiver), refused);
    assert_eq!(receiver.next(Duration::ZERO), None);
    // Once an authority of the receiver's has signed for it, what waited arrives.
    let cn = Some("appliance.example.com".to_owned());
    client.call(&REQUEST, &[], &NewRequest { cn, ..NewRequest::default() }).unwrap();
    let signed = authority.sign(&client.download("admin", "syslogCSR.pem").unwrap());
    let file = upload(&client, "signed.pem", signed);
    client.call(&INSTALL, &[], &CertificateFile { file }).unwrap();
    restart_service(&client);
    receives(&receiver, 0..1);
    process.kill();
}

#[test]
fn an_appliance_that_was_killed_sends_to_the_same_hosts_again() {
    let (data, receiver) = (tempdir().unwrap(), Receiver::start(None));
    let process = Process::start(data.path());
    let client = process.client(data.path());
    add(&client, &receiver, "tcp");
    change(&client, 0..5);
    receives(&receiver, 0..5);
    process.kill();
    let process = Process::start(data.path());
    change(&process.client(data.path()), 5..10);
    receives(&receiver, 5..10);
    process.kill();
}

/// How many bytes the process of an appliance has read when it serves.
fn read_at_start(data: &Path) -> u64 {
    let process = Process::start(data);
    let counters = std::fs::read_to_string(format!("/proc/{}/io", process.child.id())).unwrap();
    process.kill();
    let read = counters.lines().find_map(|line| line.strip_prefix("rchar: ")).unwrap();
    read.parse().unwrap()
}

#[test]
fn the_start_reads_nothing_of_the_logs_however_full_they_are() {
    let data = tempdir().unwrap();
    Process::start(data.path()).kill();
    let logs = data.path().join("logs");
    assert!(!logs.exists(), "no line was written");
    let empty = read_at_start(data.path());
    std::fs::create_dir_all(&logs).unwrap();
    // The most that there may be: five files of 4 MiB each.
    for log in ["lunalogs", "messages"] {
        for end in ["", ".1", ".2", ".3", ".4"] {
            let file = std::fs::File::create(logs.join(format!("{log}{end}"))).unwrap();
            file.set_len(4 << 20).unwrap();
        }
    }
    let full = read_at_start(data.path());
    assert!(full < empty + (256 << 10), "{full} bytes in place of {empty}");
}
