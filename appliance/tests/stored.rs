//! A data folder that an earlier release wrote is served as it was.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::io::Read;

use common::Process;
use flate2::read::GzDecoder;
use luna_rest::{hsm, lunasa, ntls, ntp, partitions, services, tokens, users};

#[test]
fn a_data_folder_of_schema_1_shows_what_was_stored() {
    let folder = tempfile::tempdir().unwrap();
    let packed: &[u8] = include_bytes!("data/schema-1.redb.gz");
    let mut state = Vec::new();
    GzDecoder::new(packed).read_to_end(&mut state).unwrap();
    std::fs::write(folder.path().join("state.redb"), state).unwrap();

    let process = Process::start(folder.path());
    let client = process.client(folder.path());
    let shown = client.get(&lunasa::SHOW, &[]).unwrap();
    assert!(shown.force_so_login);
    let hsms = client.get(&hsm::LIST, &[]).unwrap().hsms;
    let hsm = hsms[0].id.as_str();
    let shown = client.get(&hsm::SHOW, &[hsm]).unwrap();
    assert_eq!((hsm, shown.label.as_str(), shown.so_logins_left), ("4223070", "myhsm", Some(2)));
    let limits = client.get(&hsm::PED_TIMEOUTS, &[]).unwrap();
    assert_eq!((limits.rped, limits.pedk), (100, 200));

    let listed = client.get(&partitions::LIST, &[hsm]).unwrap().partitions;
    let ids = [hsm, &listed[0].id];
    let shown = client.get(&partitions::SHOW, &ids).unwrap();
    assert_eq!((shown.label.as_str(), shown.object_count, shown.version), ("labels0", 1, 0));
    let policy = client.get(&partitions::POLICY, &[ids[0], ids[1], "20"]).unwrap();
    assert_eq!(policy.value, 8);

    let links = client.get(&ntls::LINKS, &["app1"]).unwrap().links;
    assert_eq!(links[0].id, listed[0].id);
    let keepalive = client.get(&ntls::KEEPALIVE, &[]).unwrap();
    assert_eq!(keepalive, ntls::Keepalive { idle: 20, interval: 30, probes: 4 });
    let threads = client.get(&ntls::THREADS, &[]).unwrap();
    assert_eq!(threads, ntls::Threads { datapath: 7, cmdprocessor: 40 });

    let server = client.get(&ntp::SERVER, &["ntp.example.com"]).unwrap();
    assert_eq!((server.key_id, server.is_burst_enabled), (Some(12), true));
    let ntp = client.get(&services::SHOW, &["ntp"]).unwrap();
    assert_eq!(ntp.state, "running");
    let user = client.get(&users::SHOW, &["ada"]).unwrap();
    assert_eq!((user.role.as_str(), user.full_name.as_str()), ("auditors", "Ada L"));
    let keys = client.get(&users::KEYS, &["admin"]).unwrap().public_keys;
    assert_eq!((keys[0].name.as_str(), keys[0].bits), ("ada@example.com", 256));
    let backups = client.get(&tokens::BACKUPS, &["475290"]).unwrap().partitions;
    assert_eq!((backups[0].name.as_str(), backups[0].object_count), ("bck", 1));
    process.terminate();
}
