//! A whole appliance, over TLS: what clients, data folders and processes see of it.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use common::{Process, client, command, connect};
use luna_appliance::{Appliance, Options, Own, StartError};
use luna_rest::users::{self, NewRole, NewUser, UserAction};
use luna_rest::{Error, ErrorId, Fingerprint, Nothing, Secret, Trust, auth, hsm, lunasa, tokens};
use redb::{Database, TableDefinition};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use tempfile::tempdir;

#[test]
fn a_client_and_an_appliance_understand_each_other() {
    let data = tempdir().unwrap();
    let running = Appliance::start(Options::new(data.path())).unwrap();
    let client = client(running.address(), running.fingerprint(), data.path());

    assert_eq!(client.get(&lunasa::SHOW, &[]).unwrap().version, "7.8.5-20");
    assert_eq!(client.get(&hsm::LIST, &[]).unwrap().hsms.len(), 1);

    let jane = NewUser {
        user_id: "jane".into(),
        role: "monitor".into(),
        password: Secret::from("Abcdef12"),
        ..NewUser::default()
    };
    let made = client.send(&users::CREATE, &[], &jane).unwrap();
    assert_eq!((made.status, made.location.as_deref()), (204, Some("/users/jane")));
    let again = client.call(&users::CREATE, &[], &jane).unwrap_err();
    assert_eq!(again.id(), Some(ErrorId::SERVERPLUGIN_USERID_ALREADY_EXISTS));

    let content: Vec<u8> = (0..3_000_000_u32).map(|number| number as u8).collect();
    client.upload("admin", "my file.bin", content.clone()).unwrap();
    assert_eq!(client.get(&users::FILES, &["admin"]).unwrap().files[0].id, "my file.bin");
    assert_eq!(client.download("admin", "my file.bin").unwrap(), content);

    client
        .call(&users::CREATE_ROLE, &[], &NewRole { role_id: "watch".into(), ..NewRole::default() })
        .unwrap();
    client.call_with_file(&users::SET_RULES, &["watch"], b"GET:/api\n".to_vec()).unwrap();
    assert_eq!(client.get_file(&users::RULES, &["watch"]).unwrap(), b"GET:/api\n");
}

#[test]
fn the_first_login_changes_the_factory_password() {
    let data = tempdir().unwrap();
    let running = Appliance::start(Options::new(data.path())).unwrap();
    let mut client = connect(running.address(), running.fingerprint());
    let wrong = client.login("admin", &"password".into()).unwrap_err();
    assert!(matches!(wrong, Error::LoginRefused { .. }), "{wrong}");
    client.login("admin", &"PASSWORD".into()).unwrap();
    let early = client.get(&users::LIST, &[]).unwrap_err();
    assert_eq!(early.id(), Some(ErrorId::FRAMEWORK_PASSWORD_CHANGE_REQUIRED));
    let change = UserAction {
        password: Some(Secret::from("Abcdef12")),
        current_password: Some(Secret::from("PASSWORD")),
    };
    client.call(&users::ACT, &["admin", "changePassword"], &change).unwrap();
    assert_eq!(client.get(&users::LIST, &[]).unwrap().users.len(), 4);
    client.call(&auth::LOGOUT, &[], &Nothing {}).unwrap();
    let after = client.get(&users::LIST, &[]).unwrap_err();
    assert_eq!(after.id(), Some(ErrorId::FRAMEWORK_NO_SESSION_COOKIE));
}

#[test]
fn a_second_start_on_a_folder_is_refused_and_finds_the_first() {
    let data = tempdir().unwrap();
    assert_eq!(Appliance::locate(data.path()), None);
    let running = Appliance::start(Options::new(data.path())).unwrap();
    let endpoint = Appliance::locate(data.path()).unwrap();
    assert_eq!(endpoint.address, running.address().to_string());
    assert_eq!(endpoint.fingerprint, running.fingerprint().to_string());

    let error = Appliance::start(Options::new(data.path())).unwrap_err();
    assert!(matches!(error, StartError::InUse { .. }), "{error}");
    let other = command(data.path()).output().unwrap();
    let said = String::from_utf8(other.stderr).unwrap();
    assert_eq!(other.status.code(), Some(1));
    assert!(said.contains("another process runs the appliance in"), "{said}");
    assert!(said.contains(data.path().to_str().unwrap()), "{said}");

    let (fingerprint, key) = (running.fingerprint(), running.local_key().expose().to_owned());
    running.stop();
    assert_eq!(Appliance::locate(data.path()), None);
    let again = Appliance::start(Options::new(data.path())).unwrap();
    assert_eq!(again.fingerprint(), fingerprint, "the certificate stays");
    assert_eq!(again.local_key().expose(), key);
}

#[test]
fn a_terminated_process_tidies_up_and_a_killed_one_is_not_taken_for_alive() {
    let data = tempdir().unwrap();
    let endpoint = data.path().join("endpoint.json");
    let process = Process::start(data.path());
    assert!(endpoint.exists());
    let output = process.terminate();
    assert!(output.status.success());
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert!(!endpoint.exists());

    Process::start(data.path()).kill();
    assert!(endpoint.exists());
    assert_eq!(Appliance::locate(data.path()), None);
}

#[test]
fn an_appliance_of_ones_own_is_found_again_and_ends_itself() {
    let program = Path::new(env!("CARGO_BIN_EXE_luna-appliance"));
    let folder = tempdir().unwrap();
    let data = folder.path().join("new");
    let open = |idle| Own::open_with(program, &data, Duration::from_secs(idle)).unwrap();
    // An appliance holds its folder's lock for as long as it runs.
    let lock = || fs::File::open(data.join("lock")).unwrap();
    let ended = |lock: fs::File| {
        let (send, free) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let taken = lock.lock().is_ok();
            drop(lock);
            send.send(taken)
        });
        assert!(free.recv_timeout(Duration::from_secs(20)).expect("it does not end"));
        assert_eq!(Appliance::locate(&data), None);
    };
    let first = open(0);
    assert!(first.started && first.other_version.is_none());
    assert_ne!(Appliance::locate(&data).unwrap().process, std::process::id());
    let second = open(0);
    assert!(!second.started);
    assert_eq!(second.target.port, first.target.port);
    let held = lock();
    drop((first, second));
    ended(held);
    // Whoever comes while it ends itself gets the next one.
    for _ in 0..3 {
        let own = open(0);
        client(SocketAddr::from(([127, 0, 0, 1], own.target.port)), pinned(&own), &data);
    }
    // One whose folder is taken away ends as well.
    let own = open(600);
    let held = lock();
    fs::remove_dir_all(&data).unwrap();
    ended(held);
    drop(own);
}

fn pinned(own: &Own) -> Fingerprint {
    let Trust::Pinned(fingerprint) = own.target.trust else { panic!("not pinned") };
    fingerprint
}

#[test]
fn stop_ends_an_appliance_and_says_so() {
    let data = tempdir().unwrap();
    let mut process = Process::start(data.path());
    let stop = || {
        let mut stop = Command::new(env!("CARGO_BIN_EXE_luna-appliance"));
        let output = stop.args(["stop", "--data"]).arg(data.path()).output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(stop(), format!("stopped {}\n", data.path().display()));
    assert!(process.child.wait().unwrap().success());
    assert_eq!(stop(), format!("no appliance runs in {}\n", data.path().display()));
}

#[test]
fn a_state_of_a_newer_version_is_refused_by_name() {
    let data = tempdir().unwrap();
    let database = Database::create(data.path().join("state.redb")).unwrap();
    let transaction = database.begin_write().unwrap();
    let meta: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
    transaction.open_table(meta).unwrap().insert("schema", 99).unwrap();
    transaction.commit().unwrap();
    drop(database);
    let error = Appliance::start(Options::new(data.path())).unwrap_err().to_string();
    let folder = data.path().display();
    assert_eq!(
        error,
        format!(
            "cannot use the state in {folder}: it was written by a newer version (schema 99, this \
             program knows 1); use that version, or another folder"
        )
    );
}

#[test]
fn secrets_are_in_files_of_their_owner_only() {
    let folder = tempdir().unwrap();
    let data = folder.path().join("new/folder");
    let _running = Appliance::start(Options::new(&data)).unwrap();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    for file in fs::read_dir(&data).unwrap() {
        let path = file.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[test]
fn a_seed_makes_the_same_appliance_again() {
    let serial = || {
        let data = tempdir().unwrap();
        let options = Options { seed: Some(42), ..Options::new(data.path()) };
        let running = Appliance::start(options).unwrap();
        let client = client(running.address(), running.fingerprint(), data.path());
        client.get(&hsm::LIST, &[]).unwrap().hsms[0].id.clone()
    };
    assert_eq!(serial(), serial());
}

#[test]
fn a_backup_hsm_is_carried_from_one_appliance_to_another() {
    let (first, second, hand) = (tempdir().unwrap(), tempdir().unwrap(), tempdir().unwrap());
    let file = hand.path().join("backup-hsm");
    let run = |action: &str, data: &Path, more: &[&std::ffi::OsStr]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_luna-appliance"));
        let output = command.arg(action).arg("--data").arg(data).args(more).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        if output.status.success() { Ok(text) } else { Err(error) }
    };
    let nowhere = run("attach-backup-hsm", first.path(), &[]).unwrap_err();
    assert!(nowhere.contains("there is no appliance in"), "{nowhere}");
    assert!(fs::read_dir(first.path()).unwrap().next().is_none(), "and none was made");

    // One that runs, and one that does not.
    let running = Process::start(first.path());
    drop(Appliance::start(Options::new(second.path())).unwrap());
    let serial = run("attach-backup-hsm", first.path(), &["--serial".as_ref(), "475290".as_ref()]);
    assert_eq!(serial.unwrap(), "serial: 475290\n");
    let client = running.client(first.path());
    let init = tokens::InitToken {
        label: "carried".into(),
        password: "token-password".into(),
        domain: "domain".into(),
    };
    client.call(&tokens::INIT, &["475290"], &init).unwrap();

    let out = ["--out".as_ref(), file.as_os_str()];
    assert_eq!(run("detach-backup-hsm", first.path(), &out).unwrap(), "serial: 475290\n");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert!(client.get(&tokens::LIST, &[]).unwrap().tokens.is_empty());
    let none = run("detach-backup-hsm", first.path(), &out).unwrap_err();
    assert!(none.contains("no Backup HSM is attached"), "{none}");

    let input = ["--in".as_ref(), file.as_os_str()];
    assert_eq!(run("attach-backup-hsm", second.path(), &input).unwrap(), "serial: 475290\n");
    let again = run("attach-backup-hsm", second.path(), &input).unwrap_err();
    assert!(again.contains("EMULATOR_BACKUP_HSM_ATTACHED"), "{again}");
    let taken = run("detach-backup-hsm", second.path(), &out).unwrap_err();
    assert!(taken.contains("cannot write"), "{taken}");

    let other = Process::start(second.path());
    let token = other.client(second.path()).get(&tokens::SHOW, &["475290"]).unwrap();
    assert_eq!((token.label.as_str(), token.initialized), ("carried", true));
    running.kill();
    other.kill();
}

#[test]
fn parallel_logins_take_the_memory_of_one() {
    let data = tempdir().unwrap();
    let process = Process::start(data.path());
    let peak = || {
        let status = fs::read_to_string(format!("/proc/{}/status", process.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
    };
    let before = peak();
    let log_in = || {
        let mut client = connect(process.address, process.fingerprint);
        client.login("admin", &"PASSWORD".into()).unwrap();
    };
    std::thread::scope(|scope| {
        (0..32).for_each(|_| drop(scope.spawn(log_in)));
    });
    // Each hash takes 7 MB; connections and threads take about 1 MB.
    let after = peak();
    assert!(after < before + 100, "from {before} to {after} MB");
    process.kill();
}

/// What `luna-appliance` prints when it controls the appliance of a folder.
fn control(data: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_luna-appliance"));
    let output = command.args(arguments).arg("--data").arg(data).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_running_appliance_is_controlled_from_the_command_line() {
    let data = tempdir().unwrap();
    let mut serve = command(data.path());
    serve.args(["--clock", "2026-03-02T09:00:00Z"]);
    let running = Process::of(serve);
    assert_eq!(control(data.path(), &["clock"]), "2026-03-02T09:00:00Z  (stands still)\n");
    let moved = control(data.path(), &["clock", "--advance", "60"]);
    assert_eq!(moved, "2026-03-02T09:01:00Z  (stands still)\n");
    assert_eq!(control(data.path(), &["links"]), "", "it is in no cluster");
    assert_eq!(control(data.path(), &["settle"]), "");
    running.terminate();
}

#[test]
fn serve_says_how_to_log_in() {
    let data = tempdir().unwrap();
    let mut serve = command(data.path());
    let mut child = serve.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(|line| line.unwrap());
    let address = lines.next().unwrap();
    let address = address.split("https://").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    let text: Vec<String> = lines.by_ref().take(6).collect();
    let text = text.join("\n");
    assert!(text.contains(&format!("\n  lunash --data {}\n", data.path().display())), "{text}");
    let elsewhere = format!("\n  lunash --host {address} --fingerprint SHA256:");
    assert!(text.contains(&elsewhere), "{text}");
    let end = format!("https://{address}/users/admin/actions/changePassword");
    assert!(text.contains("curl -k -u admin:PASSWORD") && text.contains(&end), "{text}");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_new_certificate_names_the_address_that_is_listened_on() {
    let data = tempdir().unwrap();
    let listen = "127.0.0.5:0".parse().unwrap();
    let _running = Appliance::start(Options { listen, ..Options::new(data.path()) }).unwrap();
    let certificate = CertificateDer::from_pem_file(data.path().join("web.pem")).unwrap();
    // An address among the alternative names: its tag, its length, its bytes.
    assert!(certificate.windows(6).any(|bytes| bytes == [0x87, 4, 127, 0, 0, 5]));
}

#[test]
fn a_certificate_for_all_addresses_names_each_of_this_machine() {
    let data = tempdir().unwrap();
    let listen = "0.0.0.0:0".parse().unwrap();
    let _running = Appliance::start(Options { listen, ..Options::new(data.path()) }).unwrap();
    let certificate = CertificateDer::from_pem_file(data.path().join("web.pem")).unwrap();
    // The kernel's own list: an address stands in the line before its "/32 host LOCAL".
    let list = fs::read_to_string("/proc/net/fib_trie").unwrap();
    let lines: Vec<&str> = list.lines().collect();
    let local = lines.windows(2).filter(|pair| pair[1].contains("/32 host LOCAL"));
    let addresses = local.map(|pair| pair[0].trim_start_matches([' ', '|', '-']));
    let addresses: Vec<Ipv4Addr> = addresses.map(|text| text.parse().unwrap()).collect();
    assert!(addresses.contains(&Ipv4Addr::LOCALHOST), "{addresses:?}");
    for address in addresses {
        let name = [&[0x87, 4][..], &address.octets()].concat();
        assert!(certificate.windows(6).any(|bytes| bytes == name), "{address}");
    }
}
