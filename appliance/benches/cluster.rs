//! The figures of a full cluster: 3,500 keyrings with 256 objects each on four members, each a
//! process of its own, compared with a tenth of it.
//!
//! `cargo bench -p luna-appliance --bench cluster`

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement, not a product")]

#[path = "../tests/common/mod.rs"]
mod common;

use std::time::{Duration, Instant};

use common::cluster::{Member, new_keyrings};
use common::network::Network;
use luna_rest::{Client, keyrings};

const MEMBERS: u8 = 4;
const OBJECTS: u32 = 256;

/// What was measured with so many keyrings.
struct Figures {
    create: Duration,
    fill: Duration,
    list: Duration,
    show: Duration,
    start: Duration,
    join: Duration,
    memory: f64,
}

fn main() {
    let (small, large) = (measure(350), measure(3500));
    println!("{MEMBERS} members, {OBJECTS} objects a keyring        350 keyrings  3,500 keyrings");
    let line = |name: &str, of: fn(&Figures) -> f64, unit: &str, bound: &str| {
        println!("{name:<38} {:>9.1} {unit} {:>11.1} {unit}   {bound}", of(&small), of(&large));
    };
    line("create all, 100 a call", |f| f.create.as_secs_f64() * 1e3, "ms", "bound 10,000 ms");
    line("put the objects in, a call a keyring", |f| f.fill.as_secs_f64() * 1e3, "ms", "");
    line("list, median", |f| f.list.as_secs_f64() * 1e3, "ms", "bound 100 ms");
    line("show by label, median", |f| f.show.as_secs_f64() * 1e3, "ms", "bound 5 ms");
    line("start-up, the slowest member", |f| f.start.as_secs_f64() * 1e3, "ms", "bound 1,000 ms");
    line("join of the last member", |f| f.join.as_secs_f64() * 1e3, "ms", "");
    line("memory, the largest member", |f| f.memory, "MB", "bound 200 MB");
}

fn measure(count: u32) -> Figures {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::claim().unwrap();
    let member = |number| Member::new(folder.path(), &network, number, "1.0.4-122");
    let mut members: Vec<Member> = (1..=MEMBERS).map(member).collect();
    members[0].found();
    for member in &members[1..3] {
        member.join(&members[0]);
    }
    let client = members[0].client();
    let time = Instant::now();
    for index in (0..count).step_by(100) {
        let total = (count - index).min(100);
        client.call(&keyrings::CREATE, &[], &new_keyrings(total, index)).unwrap();
    }
    let create = time.elapsed();
    let time = Instant::now();
    for keyring in client.get(&keyrings::LIST, &[]).unwrap().data {
        let objects = keyrings::NewObjects {
            label: "key-".into(),
            kind: "Symmetric Key".into(),
            count: Some(OBJECTS),
        };
        client.call(&keyrings::FILL, &[&keyring.key_ring_uuid], &objects).unwrap();
    }
    let fill = time.elapsed();
    let time = Instant::now();
    members[3].join(&members[0]);
    let join = time.elapsed();
    let far = members[3].client();
    assert_eq!(far.get(&keyrings::LIST, &[]).unwrap().data.len(), count as usize);
    let list = median(&far, |client, _| {
        client.get(&keyrings::LIST, &[]).unwrap();
    });
    let show = median(&far, |client, round| {
        let label = format!("k{}", (round * 977) % count);
        assert_eq!(client.get(&keyrings::SHOW, &[&label]).unwrap().objects, OBJECTS as usize);
    });
    let full = members.iter().map(memory).fold(0.0, f64::max);
    let mut start = Duration::ZERO;
    for member in &mut members {
        member.kill();
        let time = Instant::now();
        member.start();
        start = start.max(time.elapsed());
        member.settle();
    }
    let memory = members.iter().map(memory).fold(full, f64::max);
    Figures { create, fill, list, show, start, join, memory }
}

fn median(client: &Client, work: impl Fn(&Client, u32)) -> Duration {
    let mut times: Vec<Duration> = (0..51)
        .map(|round| {
            let time = Instant::now();
            work(client, round);
            time.elapsed()
        })
        .collect();
    times.sort();
    times[times.len() / 2]
}

/// The most memory a member ever took, in MB.
fn memory(member: &Member) -> f64 {
    let pid = member.process.as_ref().unwrap().child.id();
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = text.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
}
