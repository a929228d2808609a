//! The figures of an appliance, measured against the program itself over TLS on one connection:
//! reads and durable changes a second, beside those of a bare server and those of an appliance that logs
//! nothing in the same run; the first answer on a new connection; memory when full.
//!
//! `cargo bench -p luna-appliance --bench figures`

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement, not a product")]

mod bare;

use std::io::{BufRead, BufReader, Read};
use std::net::{TcpListener, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use luna_appliance::Appliance;
use luna_rest::{
    Client, Nothing, Secret, Target, Trust, audit, hsm, network, ntls, partitions, syslog, users,
};

/// The two servers take turns, so that what else the machine does meets both.
const TURNS: u32 = 10;
const READS: u32 = 2_000;
const CHANGES: u32 = 300;
const CONNECTIONS: usize = 500;
const PARTITIONS: usize = 100;
const CLIENTS: usize = 1_000;

/// A running appliance program; it ends with this.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// An appliance of its own, and where and how to log in.
struct Served {
    program: Program,
    target: Target,
    key: Secret,
    _folder: tempfile::TempDir,
}

impl Served {
    fn open(&self) -> Client {
        let mut client = Client::connect(self.target.clone()).unwrap();
        client.login_locally(self.key.expose()).unwrap();
        client
    }
}

fn serve() -> Served {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_luna-appliance"))
        .args([
            "serve",
            "--no-ssh",
            "--no-ntls",
            "--listen",
            "127.0.0.1:0",
            "--seed",
            "1",
            "--data",
        ])
        .arg(folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut ready = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
    let program = Program(child);

    let endpoint = Appliance::locate(folder.path()).unwrap();
    let address: std::net::SocketAddr = endpoint.address.parse().unwrap();
    let target = Target {
        host: address.ip().to_string(),
        port: address.port(),
        trust: Trust::Pinned(endpoint.fingerprint.parse().unwrap()),
        limit: None,
    };
    let key = Appliance::local_key(folder.path()).unwrap();
    Served { program, target, key, _folder: folder }
}

/// Has the HSM record every operation, with an Auditor and an account for it.
fn audit_all(served: &Served) {
    let words = ["Secret-98", "Secret-99"];
    let [first, own] = words.map(Secret::from);
    let (user_id, role) = ("eve".to_owned(), "audit".to_owned());
    let user =
        users::NewUser { user_id, full_name: None, email: None, role, password: first.clone() };
    served.open().create(&users::CREATE, &[], &user).unwrap();
    let mut client = Client::connect(served.target.clone()).unwrap();
    client.login("eve", &words[0].to_owned().into()).unwrap();
    let change =
        users::UserAction { password: Some(own.clone()), current_password: Some(first.clone()) };
    client.call(&users::ACT, &["eve", "changePassword"], &change).unwrap();
    client.login("eve", &words[1].to_owned().into()).unwrap();
    let domain = Some("audit-domain".into());
    let init = audit::Init { password: own.clone(), domain, default_domain: false };
    client.call(&audit::INIT, &[], &init).unwrap();
    client.call(&audit::LOGIN, &[], &audit::Login { password: own }).unwrap();
    let events = Some(vec!["all".to_owned()]);
    client
        .call(&audit::CONFIGURE, &[], &audit::Configure { events, ..Default::default() })
        .unwrap();
}

/// Turns off the logs of an appliance; its HSM records nothing without an Auditor.
fn log_nothing(client: &Client) {
    for log in ["lunalogs", "messages"] {
        let nothing = syslog::ChangeLog { severity: "emergency".into() };
        client.call(&syslog::CHANGE_LOG, &[log], &nothing).unwrap();
    }
}

/// Sends the logs of an appliance on to receivers of this process, over UDP and over TCP.
fn forward(client: &Client) {
    let (udp, tcp) =
        (UdpSocket::bind("127.0.0.1:0").unwrap(), TcpListener::bind("127.0.0.1:0").unwrap());
    let ports = [udp.local_addr().unwrap().port(), tcp.local_addr().unwrap().port()];
    std::thread::spawn(move || while udp.recv(&mut [0; 9000]).is_ok() {});
    std::thread::spawn(move || {
        let (mut stream, _) = tcp.accept().unwrap();
        while stream.read(&mut [0; 9000]).is_ok_and(|length| length > 0) {}
    });
    for (protocol, port) in syslog::PROTOCOLS.into_iter().zip(ports) {
        let (protocol, port) = (Some(protocol.to_owned()), Some(port));
        let address = "127.0.0.1".to_owned();
        let host = syslog::NewRemoteHost { address, protocol, port, ..Default::default() };
        client.call(&syslog::ADD_HOST, &[], &host).unwrap();
    }
}

fn main() {
    let served = serve();
    let (program, open) = (&served.program, || served.open());
    let client = open();
    println!("memory in factory state: {:.1} MB", memory(program));

    let read = |client: &Client, _| {
        client.get(&hsm::LIST, &[]).unwrap();
    };
    let change = |client: &Client, number| {
        let body = network::NewHostname { hostname: Some(format!("host{number}")) };
        client.call(&network::CHANGE, &[], &body).unwrap();
    };
    let bare = ("a bare server", &bare::client(tempfile::tempfile().unwrap()));
    compare("reads", (READS, 0.5), &client, bare, read);
    compare("durable changes", (CHANGES, 0.3), &client, bare, change);

    let (logging, silent) = (serve(), serve());
    let (loud, quiet) = (logging.open(), silent.open());
    forward(&loud);
    audit_all(&logging);
    log_nothing(&quiet);
    log_in_so(&loud);
    log_in_so(&quiet);
    let quiet = ("one that records nothing", &quiet);
    // An operation of the HSM that costs little else.
    let operate = |client: &Client, _| {
        client.call(&hsm::SYNC_TIME, &[], &Nothing {}).unwrap();
    };
    compare("reads, logged to two hosts and audited", (READS, 0.85), &loud, quiet, read);
    compare("durable changes, logged to two hosts", (CHANGES, 0.85), &loud, quiet, change);
    compare("operations of the HSM, logged and audited", (CHANGES, 0.85), &loud, quiet, operate);
    drop((logging, silent));

    let mut times: Vec<Duration> = (0..CONNECTIONS)
        .map(|_| {
            let time = Instant::now();
            drop(open());
            time.elapsed()
        })
        .collect();
    times.sort();
    let half = times[CONNECTIONS / 2].as_secs_f64() * 1e3;
    let p99 = times[CONNECTIONS * 99 / 100].as_secs_f64() * 1e3;
    println!(
        "new connection to first answer: p50 {half:.2} ms, p99 {p99:.2} ms (bound: 10 ms){}",
        missed(p99 < 10.0)
    );

    fill(&client);
    let time = Instant::now();
    let clients = client.get(&ntls::CLIENTS, &[]).unwrap().clients.len();
    println!("listing {clients} clients: {:.1} ms", time.elapsed().as_secs_f64() * 1e3);
    let most = peak(program);
    println!(
        "memory with {PARTITIONS} partitions and {CLIENTS} clients: {:.1} MB, at most {most:.1} MB \
         (bound: 40 MB){}",
        memory(program),
        missed(most < 40.0)
    );
}

/// Does the same with both servers in turns, so often each time, and prints both rates.
fn compare(
    what: &str,
    (count, bound): (u32, f64),
    ours: &Client,
    (name, theirs): (&str, &Client),
    work: impl Fn(&Client, u32),
) {
    let servers = [ours, theirs];
    let mut spent = [Duration::ZERO; 2];
    for _ in 0..TURNS {
        for (client, spent) in servers.iter().zip(&mut spent) {
            let time = Instant::now();
            (0..count).for_each(|number| work(client, number));
            *spent += time.elapsed();
        }
    }
    let [ours, theirs] = spent.map(|time| f64::from(count * TURNS) / time.as_secs_f64());
    let ratio = ours / theirs;
    println!(
        "{what}, one connection: {ours:.0}/s; {name}: {theirs:.0}/s; ratio {ratio:.2} (bound: \
         {bound}){}",
        missed(ratio >= bound)
    );
}

fn missed(holds: bool) -> &'static str {
    if holds { "" } else { " MISSED" }
}

/// Initializes the HSM and logs its SO in: the HSM's serial number.
fn log_in_so(client: &Client) -> String {
    let hsm_id = client.get(&hsm::LIST, &[]).unwrap().hsms[0].id.clone();
    let ids = [hsm_id.as_str()];
    let init = hsm::Init {
        label: "bench".into(),
        password: Some("so-Password1".into()),
        domain: Some("domain".into()),
        ..hsm::Init::default()
    };
    client.call(&hsm::INIT, &ids, &init).unwrap();
    let login = hsm::Login {
        role: "so".into(),
        password: Some("so-Password1".into()),
        ..hsm::Login::default()
    };
    client.call(&hsm::LOGIN, &ids, &login).unwrap();
    hsm_id
}

fn fill(client: &Client) {
    let hsm_id = log_in_so(client);
    let ids = [hsm_id.as_str()];
    // From the factory it has a licence for ten.
    let license = format!("BENCH Maximum {PARTITIONS} partitions\n");
    client.upload("admin", "more.lic", license.into_bytes()).unwrap();
    let upgrade = hsm::Upgrade { file: "more.lic".into() };
    client.call(&hsm::UPGRADE, &[], &upgrade).unwrap();
    for number in 0..PARTITIONS {
        let new = partitions::NewPartition {
            name: format!("p{number}"),
            size: Some(100_000),
            has_pso: true,
            ..partitions::NewPartition::default()
        };
        client.call(&partitions::CREATE, &ids, &new).unwrap();
    }
    for number in 0..CLIENTS {
        let name = format!("client{number}");
        let new = ntls::NewClient {
            hostname: Some(name.clone()),
            certificate: Some(certificate(&name)),
            client_name: name,
            ..ntls::NewClient::default()
        };
        client.call(&ntls::REGISTER, &[], &new).unwrap();
    }
    client.call(&hsm::LOGOUT, &ids, &Nothing {}).unwrap();
}

fn certificate(name: &str) -> String {
    rcgen::generate_simple_self_signed([name.to_owned()]).unwrap().cert.pem()
}

/// Resident memory now, in MB.
fn memory(program: &Program) -> f64 {
    status(program, "VmRSS:")
}

/// The most it ever was, in MB.
fn peak(program: &Program) -> f64 {
    status(program, "VmHWM:")
}

fn status(program: &Program, field: &str) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{}/status", program.0.id())).unwrap();
    let line = text.lines().find(|line| line.starts_with(field)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
}
