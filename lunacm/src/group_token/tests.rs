use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use luna_appliance::{Appliance, Options, Running};
use luna_rest::objects::Mechanism;
use luna_rest::{Client, Nothing, Target, Trust, hsm};
use tempfile::TempDir;

use super::*;
use crate::token::encoded;

/// An appliance with a partition whose Crypto Officer is logged in.
struct Home {
    running: Running,
    slot: Single,
    _folder: TempDir,
}

fn start(seed: u64, domain: &str) -> Home {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { seed: Some(seed), ..Options::new(folder.path()) };
    let running = Appliance::start(options).unwrap();
    let (host, port) = (running.address().ip().to_string(), running.address().port());
    let trust = Trust::Pinned(running.fingerprint());
    let mut client = Client::connect(Target { host, port, trust, limit: None }).unwrap();
    client.login_locally(running.local_key().expose()).unwrap();
    let id = client.get(&hsm::LIST, &[]).unwrap().hsms.remove(0).id;
    let (password, domain) = (Some("so-Passw0rd".into()), Some(domain.into()));
    let init = hsm::Init { label: "luna".into(), password, domain, ..Default::default() };
    client.call(&hsm::INIT, &[&id], &init).unwrap();
    let password = Some("so-Passw0rd".into());
    let login = hsm::Login { role: "so".into(), password, ped: "0".into() };
    client.call(&hsm::LOGIN, &[&id], &login).unwrap();
    let new = partitions::NewPartition { name: "par".into(), has_pso: true, ..Default::default() };
    client.call(&partitions::CREATE, &[&id], &new).unwrap();
    let serial = client.get(&partitions::LIST, &[&id]).unwrap().partitions.remove(0).id;
    let place = [id.as_str(), &serial];
    let init = partitions::InitPartition {
        label: Some("par".into()),
        password: Some("po-Passw0rd".into()),
        domain: init.domain,
        ..Default::default()
    };
    client.call(&partitions::INIT, &place, &init).unwrap();
    let log_in = |role: &str, password: &str| {
        let login = partitions::Login::new(role, password.into());
        client.call(&partitions::LOGIN, &place, &login).unwrap();
    };
    log_in("so", "po-Passw0rd");
    let first =
        partitions::InitRole { password: Some("first-Passw0rd".into()), ..Default::default() };
    client.call(&partitions::INIT_ROLE, &[&id, &serial, "co"], &first).unwrap();
    client.call(&partitions::LOGOUT, &place, &Nothing {}).unwrap();
    let change = partitions::ChangePassword {
        old_password: "first-Passw0rd".into(),
        new_password: "co-Passw0rd".into(),
        ..Default::default()
    };
    client.call(&partitions::CHANGE_ROLE, &[&id, &serial, "co"], &change).unwrap();
    log_in("co", "co-Passw0rd");
    let slot = Single::new(Arc::new(client), [id, serial]);
    Home { running, slot, _folder: folder }
}

fn group(homes: &[Home], log: Option<HaLog>) -> Group {
    let member = |home: &Home| Member { slot: home.slot.clone(), stands_by: false, reopen: None };
    Group::new("1".to_owned(), homes.iter().map(member).collect(), true, log, recovery(0))
}

/// So many attempts without a pause between them; nobody asks for one by hand.
fn recovery(retry: i32) -> Recovery {
    Recovery { retry, interval: Duration::ZERO, requests: Box::new(|| 0) }
}

/// A member that can be opened anew once `is_back` says so.
fn member(home: &Home, is_back: &Arc<AtomicBool>) -> Member {
    let (slot, is_back) = (home.slot.clone(), Arc::clone(is_back));
    let reopen: Reopen = Arc::new(move || match is_back.load(Ordering::SeqCst) {
        true => Ok(slot.clone()),
        false => Err(NotBack::Yet),
    });
    Member { slot: home.slot.clone(), stands_by: false, reopen: Some(reopen) }
}

/// Waits until a group has as many members as this.
fn await_members(group: &Group, wanted: usize) {
    let until = Instant::now() + Duration::from_secs(30);
    while group.present().len() != wanted {
        assert!(Instant::now() < until, "{} members", group.present().len());
        std::thread::yield_now();
    }
}

#[test]
fn a_member_that_is_back_gets_what_it_missed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("haErrorLog.txt");
    let homes: Vec<Home> = (1..=2).map(|seed| start(seed, "domain")).collect();
    let is_back = Arc::new(AtomicBool::new(false));
    let members = homes.iter().map(|home| member(home, &is_back)).collect();
    let log = Some(HaLog { file: file.clone(), length: 262_144 });
    let group = Group::new("1".to_owned(), members, true, log, recovery(-1));
    let gone = Error::Unreachable { address: "here".to_owned(), reason: "cut off".to_owned() };
    group.drop_member(1, &gone);
    let made = group.generate(&key("missed")).unwrap();
    assert_eq!((count(&homes[0].slot), count(&homes[1].slot)), (2, 0));
    is_back.store(true, Ordering::SeqCst);
    await_members(&group, 2);
    (0..4).for_each(|_| drop(group.use_object(made.handle, Operation::Sign, &signing()).unwrap()));
    assert_eq!(count(&homes[1].slot), 1, "the key that was used");
    let log = std::fs::read_to_string(&file).unwrap();
    assert!(log.contains("HA group: 1 recovered member: "), "{log}");
}

#[test]
fn a_member_is_looked_for_as_often_as_was_set() {
    let homes = [start(1, "domain")];
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let reopen: Reopen = Arc::new(move || {
        counted.fetch_add(1, Ordering::SeqCst);
        Err(NotBack::Yet)
    });
    let one = Member { slot: homes[0].slot.clone(), stands_by: false, reopen: Some(reopen) };
    let group = Group::new("1".to_owned(), vec![one], true, None, recovery(2));
    let gone = Error::Unreachable { address: "here".to_owned(), reason: "cut off".to_owned() };
    group.drop_member(0, &gone);
    let until = Instant::now() + Duration::from_secs(30);
    let is_over = || {
        group.recover();
        let state = group.state();
        state.dropped[&0].tried == 2 && state.dropped[&0].attempt.is_none()
    };
    while !is_over() {
        assert!(Instant::now() < until, "asked {} times", asked.load(Ordering::SeqCst));
        std::thread::yield_now();
    }
    group.recover();
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

#[test]
fn a_member_is_looked_for_by_hand_where_nothing_else_looks_for_it() {
    let homes = [start(1, "domain")];
    let (requests, is_back) = (Arc::new(AtomicU64::new(7)), Arc::new(AtomicBool::new(true)));
    let asked = Arc::clone(&requests);
    let requested = Box::new(move || asked.load(Ordering::SeqCst));
    let recovery = Recovery { requests: requested, ..recovery(0) };
    let members = homes.iter().map(|home| member(home, &is_back)).collect();
    let group = Group::new("1".to_owned(), members, true, None, recovery);
    let gone = Error::Unreachable { address: "here".to_owned(), reason: "cut off".to_owned() };
    group.drop_member(0, &gone);
    assert!(group.present().is_empty());
    assert_eq!(group.state().dropped[&0].tried, 0);
    requests.store(8, Ordering::SeqCst);
    await_members(&group, 1);
}

#[test]
fn what_was_deleted_while_a_member_was_away_stays_there() {
    let homes: Vec<Home> = (1..=2).map(|seed| start(seed, "domain")).collect();
    let is_back = Arc::new(AtomicBool::new(false));
    let members = homes.iter().map(|home| member(home, &is_back)).collect();
    let group = Group::new("1".to_owned(), members, true, None, recovery(-1));
    let made = group.generate(&key("deleted")).unwrap();
    let gone = Error::Unreachable { address: "here".to_owned(), reason: "cut off".to_owned() };
    group.drop_member(1, &gone);
    group.destroy(made.handle).unwrap();
    is_back.store(true, Ordering::SeqCst);
    await_members(&group, 2);
    assert_eq!((count(&homes[0].slot), count(&homes[1].slot)), (1, 2));
}

fn key(label: &str) -> Generate {
    Generate {
        mechanism: Mechanism::of("CKM_EC_KEY_PAIR_GEN"),
        template: Attributes::of([("CKA_LABEL", label.into()), ("CKA_SIGN", true.into())]),
        public_template: Attributes::of([
            ("CKA_EC_PARAMS", "06082a8648ce3d030107".into()),
            ("CKA_LABEL", label.into()),
            ("CKA_VERIFY", true.into()),
        ]),
    }
}

fn signing() -> Use {
    let data = encoded(b"text").into();
    Use { mechanism: Mechanism::of("CKM_ECDSA_SHA256"), data, ..Use::default() }
}

fn count(slot: &Single) -> usize {
    slot.find(&Attributes::default(), &[]).unwrap().len()
}

#[test]
fn signatures_go_on_while_members_are_lost() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("haErrorLog.txt");
    let mut homes: Vec<Home> = (1..=3).map(|seed| start(seed, "domain")).collect();
    let group = group(&homes, Some(HaLog { file: file.clone(), length: 262_144 }));
    let made = group.generate(&key("signer")).unwrap();
    assert_eq!(homes.iter().map(|home| count(&home.slot)).collect::<Vec<_>>(), [2, 2, 2]);
    assert!(group.load().iter().all(|(_, done)| *done == 0));
    let sign = || group.use_object(made.handle, Operation::Sign, &signing()).unwrap();
    let first = sign();
    (0..5).for_each(|_| assert_eq!(sign().data.expose(), first.data.expose(), "one key at all"));
    let load: Vec<u64> = group.load().into_iter().map(|(_, done)| done).collect();
    assert_eq!(load, [2, 2, 2]);
    // The member that the handle is of, then another one.
    for left in [2, 1] {
        homes.remove(0).running.stop();
        (0..6).for_each(|_| drop(sign()));
        assert_eq!(group.present().len(), left);
    }
    let found = group.find(&Attributes::of([("CKA_SIGN", true.into())]), &[]).unwrap();
    assert_eq!(found[0].handle, made.handle, "the handle stays that of the key");
    let log = std::fs::read_to_string(&file).unwrap();
    assert_eq!(log.matches("HA group: 1 unable to reach member: ").count(), 2, "{log}");
    homes.remove(0).running.stop();
    let none = group.use_object(made.handle, Operation::Sign, &signing());
    assert!(matches!(none, Err(Error::Unreachable { .. })));
}

#[test]
fn what_is_changed_and_deleted_is_so_at_every_member() {
    let homes: Vec<Home> = (1..=2).map(|seed| start(seed, "domain")).collect();
    let group = group(&homes, None);
    let made = group.generate(&key("a")).unwrap();
    // One that a member has alone comes to the others when it is used there.
    let alone = homes[0].slot.generate(&key("alone")).unwrap();
    (0..2).for_each(|_| drop(group.use_object(alone.handle, Operation::Sign, &signing()).unwrap()));
    assert_eq!(count(&homes[1].slot), 3);
    let label = |text: &str| Attributes::of([("CKA_LABEL", text.into())]);
    group.change(made.handle, &label("b")).unwrap();
    for home in &homes {
        assert_eq!(home.slot.find(&label("b"), &[]).unwrap().len(), 1);
    }
    group.destroy(made.handle).unwrap();
    for home in &homes {
        assert!(home.slot.find(&label("b"), &[]).unwrap().is_empty());
    }
    assert!(group.read(made.handle).is_err());
}

#[test]
fn members_of_two_domains_do_not_clone() {
    let homes = [start(1, "domain"), start(2, "another")];
    let group = group(&homes, None);
    let refused = group.generate(&key("a")).unwrap_err();
    assert!(refused.to_string().contains("domains differ"), "{refused}");
}

#[test]
fn the_log_makes_room_once_it_is_full() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("haErrorLog.txt");
    let log = HaLog { file: file.clone(), length: 60 };
    log.write("HA group: 11 unable to reach member: 1").unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    let process = std::process::id();
    assert!(text.contains(&format!(" : [{process}] HA group: 11 unable")), "{text}");
    log.write("second").unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    assert!(std::fs::read_to_string(&file).unwrap().ends_with("] second\n"));
}
