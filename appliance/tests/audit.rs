//! The HSM's audit log of real processes: what a kill leaves of it, what a changed file shows, and how
//! it is verified elsewhere.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use common::receiver::Receiver;
use common::{Process, connect};
use luna_appliance::core::random::Random;
use luna_rest::audit::{
    ADD_HOST, CLEAR_HOSTS, CONFIGURE, Configure, EXPORT_SECRET, IMPORT_SECRET, INIT, ImportSecret,
    Init, LOGIN, LOGS, Login, PACK, Packed, RemoteHost, SHOW, TAIL, Tail, UNPACK, VERIFY, Verified,
    Verify,
};
use luna_rest::users::{ACT, CREATE, NewUser, UserAction};
use luna_rest::{Client, Error, Nothing, ntls};
use tempfile::tempdir;

const ROUNDS: usize = 15;
const TEMPORARY: &str = "Secret-98";
const ACCOUNT: &str = "Secret-99";
const PASSWORD: &str = "auditor-secret";

/// A session of the account `eve` with the Auditor logged in.
fn auditor(process: &Process) -> Client {
    let mut client = connect(process.address, process.fingerprint);
    client.login("eve", &ACCOUNT.to_owned().into()).unwrap();
    client.call(&LOGIN, &[], &Login { password: PASSWORD.into() }).unwrap();
    client
}

/// Makes the account and the Auditor, who has everything recorded.
fn prepare(process: &Process, data: &Path) -> Client {
    let admin = process.client(data);
    let (user_id, role, password) = ("eve".to_owned(), "audit".to_owned(), TEMPORARY.into());
    let user = NewUser { user_id, full_name: None, email: None, role, password };
    admin.create(&CREATE, &[], &user).unwrap();
    let mut client = connect(process.address, process.fingerprint);
    client.login("eve", &TEMPORARY.to_owned().into()).unwrap();
    let (password, current_password) = (Some(ACCOUNT.into()), Some(TEMPORARY.into()));
    let body = UserAction { password, current_password };
    client.call(&ACT, &["eve", "changePassword"], &body).unwrap();
    client.login("eve", &ACCOUNT.to_owned().into()).unwrap();
    let domain = Some("audit-domain".into());
    let init = Init { password: PASSWORD.into(), domain, default_domain: false };
    client.call(&INIT, &[], &init).unwrap();
    let client = auditor(process);
    let events = Some(vec!["all".to_owned()]);
    client.call(&CONFIGURE, &[], &Configure { events, ..Default::default() }).unwrap();
    client
}

fn file(client: &Client) -> String {
    client.get(&LOGS, &[]).unwrap().logs.pop().unwrap().id
}

fn verify(client: &Client, file: &str, external: bool) -> Result<Verified, String> {
    let body = Verify { file: file.to_owned(), external, ..Verify::default() };
    client.call(&VERIFY, &[], &body).map_err(|error| match error {
        Error::Answered { answer, .. } => answer.details,
        error => panic!("{error}"),
    })
}

/// A client is removed over and over until the process is killed: how many removals were acknowledged.
fn remove_until_killed(data: &Path, delay: Duration) -> usize {
    let mut process = Process::start(data);
    let admin = process.client(data);
    let (started, start) = mpsc::channel();
    let (ended, end) = mpsc::channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            start.recv().unwrap();
            // The moment is random on purpose; nothing waits for it to pass but the kill.
            assert!(end.recv_timeout(delay).is_err(), "the loop ended before the kill");
            process.child.kill().unwrap();
            process.child.wait().unwrap();
        });
        started.send(()).unwrap();
        let mut done = 0;
        let remove = || admin.call(&ntls::DEREGISTER, &["app1"], &Nothing {});
        while let Err(Error::Answered { .. }) = remove() {
            done += 1;
        }
        drop(ended);
        done
    })
}

#[test]
fn no_acknowledged_operation_is_missing_after_kills() {
    let data = tempdir().unwrap();
    let process = Process::start(data.path());
    prepare(&process, data.path());
    process.kill();
    let mut random = Random::from_number(1);
    let mut acknowledged = 0;
    for round in 0..ROUNDS {
        let done =
            remove_until_killed(data.path(), Duration::from_micros(random.number(0, 60_000)));
        acknowledged += done;
        let process = Process::start(data.path());
        let client = auditor(&process);
        let (file, last) = (file(&client), client.get(&SHOW, &[]).unwrap().last_record);
        let verified = verify(&client, &file, false).unwrap();
        assert_eq!((verified.first, verified.last), (1, last), "round {round}");
        let search = Some("admin : Console : DELETE /api/lunasa/ntls/clients/app1".to_owned());
        let wanted = Tail { search, ..Tail::default() };
        let found = client.call(&TAIL, &[], &wanted).unwrap().lines.len();
        // One a round may have been recorded that nobody was told of.
        assert!((acknowledged..=acknowledged + round + 1).contains(&found), "{found}");
        process.kill();
    }
    assert!(acknowledged > ROUNDS, "only {acknowledged} operations");
}

fn log_file(data: &Path, name: &str) -> PathBuf {
    data.join("audit").join(name)
}

#[test]
fn a_log_is_verified_elsewhere_with_its_secret_and_whatever_was_changed_is_told() {
    let folders = [tempdir().unwrap(), tempdir().unwrap()];
    let [here, there] = folders.each_ref().map(|folder| folder.path());
    let (own, other) = (Process::start(here), Process::start_at(there, [127, 0, 0, 2].into()));
    let client = prepare(&own, here);
    for _ in 0..5 {
        let admin = own.client(here);
        admin.call(&ntls::DEREGISTER, &["app1"], &Nothing {}).unwrap_err();
    }
    let name = file(&client);
    let last = verify(&client, &name, false).unwrap().last;
    let archive = client.call(&PACK, &[], &Nothing {}).unwrap().file;
    let secret = client.call(&EXPORT_SECRET, &[], &Nothing {}).unwrap().file;

    let elsewhere = prepare(&other, there);
    for carried in [&archive, &secret] {
        let content = client.download("eve", carried).unwrap();
        elsewhere.upload("eve", carried, content).unwrap();
    }
    elsewhere.call(&UNPACK, &[], &Packed { file: archive }).unwrap();
    assert!(verify(&elsewhere, &name, true).unwrap_err().contains("was not imported"));
    assert!(verify(&elsewhere, &name, false).unwrap_err().contains("no record has a MAC"));
    let source = None;
    elsewhere.call(&IMPORT_SECRET, &[], &ImportSecret { file: secret, source }).unwrap();
    // The records of the verification and of the export came later.
    assert!(verify(&elsewhere, &name, true).unwrap().last > last);

    let path = log_file(here, &name);
    let whole = fs::read(&path).unwrap();
    let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    let told = |content: &[u8]| {
        fs::write(&path, content).unwrap();
        verify(&client, &name, false).unwrap_err()
    };
    let mut flipped = whole.clone();
    flipped[lines[..2].concat().len() + 20] ^= 1;
    assert_eq!(told(&flipped), format!("{name}: record 3 was changed."));
    let missing = [&lines[..2], &lines[3..]].concat().concat();
    assert_eq!(told(&missing), format!("{name}: records 3 to 3 are missing."));
    let cut = lines[..3].concat();
    assert_eq!(told(&cut), format!("{name}: it is cut: what follows record 3 is missing."));
    let torn = &whole[..lines[..3].concat().len() + 30];
    assert_eq!(told(torn), format!("{name}: it is cut: what follows record 3 is missing."));
    own.kill();
    other.kill();
}

#[test]
fn records_reach_a_receiver_over_tcp_and_udp_while_they_are_made() {
    let data = tempdir().unwrap();
    let process = Process::start(data.path());
    let (client, admin) = (prepare(&process, data.path()), process.client(data.path()));
    for protocol in ["tcp", "udp"] {
        let receiver = Receiver::start(None);
        let (address, protocol) = ("127.0.0.1".to_owned(), protocol.to_owned());
        let host = RemoteHost { address, port: receiver.port, protocol };
        client.call(&ADD_HOST, &[], &host).unwrap();
        // Over UDP what comes before the receiver listens is lost: it is asked for until something comes.
        let line = receiver.first(|| {
            admin.call(&ntls::DEREGISTER, &["app1"], &Nothing {}).unwrap_err();
        });
        assert!(
            line.contains("LUNA_LOG_EXTERNAL") && line.contains(" : admin : Console"),
            "{line}"
        );
        client.call(&CLEAR_HOSTS, &[], &Nothing {}).unwrap();
    }
    process.kill();
}
