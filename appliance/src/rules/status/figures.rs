//! What the appliance measures of itself: load, processes, memory, disk, sensors, sockets.
//!
//! Nothing here is measured on the machine the emulator runs on: every value follows from the
//! emulated state and the emulated clock, so the same state shows the same figures. What a fresh
//! appliance looks like is assumed.

use luna_rest::Nothing;
use luna_rest::status::{
    CHASSIS_REPORT, CPU, Cpu, DISK, DISK_PARTITION, DISK_PARTITIONS, DISK_REPORT, Disk,
    DiskPartition, DiskPartitions, MEMORY, Memory, PROCESSES, Processes, Report, SENSOR, SENSORS,
    SOCKETS, Sensor, Sensors, Socket, Sockets, UnixSocket,
};
use luna_rest::tasks::Link;

use crate::core::message::{Failure, Reply};
use crate::request::context::Context;
use crate::request::route::{EVERYONE, Ids, Routes};
use crate::rules::status::{machine, sensors, smart};

pub(crate) fn routes(r: &mut Routes) {
    r.on(&CPU, EVERYONE, cpu);
    r.on(&PROCESSES, EVERYONE, processes);
    r.on(&MEMORY, EVERYONE, memory);
    r.on(&DISK, EVERYONE, disk);
    r.on(&DISK_PARTITIONS, EVERYONE, disk_partitions);
    r.on(&DISK_PARTITION, EVERYONE, disk_partition);
    r.on(&DISK_REPORT, EVERYONE, disk_report);
    r.on(&CHASSIS_REPORT, EVERYONE, chassis_report);
    r.on(&SENSORS, EVERYONE, list_sensors);
    r.on(&SENSOR, EVERYONE, sensor);
    r.on(&SOCKETS, EVERYONE, sockets);
}

fn cpu(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Cpu>, Failure> {
    Ok(Reply::ok(machine::cpu(cx)))
}

fn processes(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Processes>, Failure> {
    Ok(Reply::ok(Processes { processes: machine::processes(cx) }))
}

fn memory(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Memory>, Failure> {
    Ok(Reply::ok(machine::memory(cx)))
}

fn disk(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Disk>, Failure> {
    let all = machine::file_systems(cx);
    let sum = |of: fn(&DiskPartition) -> u64| all.iter().map(of).sum();
    Ok(Reply::ok(Disk {
        total: sum(|one| one.total),
        used: sum(|one| one.used),
        available: sum(|one| one.available),
        partitions: DISK_PARTITIONS.template().to_owned(),
    }))
}

/// The name of a file system in paths: the block device's.
fn id_of(partition: &DiskPartition) -> &str {
    partition.name.rsplit('/').next().unwrap_or_default()
}

fn disk_partitions(
    cx: &mut Context<'_>,
    _: &Ids<0>,
    _: Nothing,
) -> Result<Reply<DiskPartitions>, Failure> {
    let link = |one: &DiskPartition| Link::below(DISK_PARTITIONS.template(), id_of(one));
    let partitions = machine::file_systems(cx).iter().map(link).collect();
    Ok(Reply::ok(DiskPartitions { partitions }))
}

fn disk_partition(
    cx: &mut Context<'_>,
    ids: &Ids<1>,
    _: Nothing,
) -> Result<Reply<DiskPartition>, Failure> {
    let found = machine::file_systems(cx).into_iter().find(|one| id_of(one) == ids[0]);
    let none = || Failure::no_resource(format!("There is no disk partition '{}'.", &ids[0]));
    found.map(Reply::ok).ok_or_else(none)
}

fn disk_report(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Report>, Failure> {
    Ok(Reply::ok(Report { lines: smart::lines(cx) }))
}

fn chassis_report(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Report>, Failure> {
    Ok(Reply::ok(Report { lines: sensors::report(cx) }))
}

fn list_sensors(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Sensors>, Failure> {
    let link = |(id, _): (&str, Sensor)| Link::below(SENSORS.template(), id);
    Ok(Reply::ok(Sensors { sensors: sensors::all(cx).into_iter().map(link).collect() }))
}

fn sensor(cx: &mut Context<'_>, ids: &Ids<1>, _: Nothing) -> Result<Reply<Sensor>, Failure> {
    let found = sensors::all(cx).into_iter().find(|(id, _)| *id == ids[0]);
    let none = || Failure::no_resource(format!("There is no sensor '{}'.", &ids[0]));
    found.map(|(_, sensor)| Reply::ok(sensor)).ok_or_else(none)
}

/// The sockets that the running services listen at, each with the protocol's usual port.
fn sockets(cx: &mut Context<'_>, _: &Ids<0>, _: Nothing) -> Result<Reply<Sockets>, Failure> {
    const PORTS: [(&str, &str, u16); 6] = [
        ("ssh", "tcp", 22),
        ("ntls", "tcp", 1792),
        ("stc", "tcp", 5656),
        ("webserver", "tcp", 8443),
        ("ntp", "udp", 123),
        ("snmp", "udp", 161),
    ];
    let open = PORTS.into_iter().filter(|(service, ..)| machine::runs(cx, service));
    let sockets = open.map(|(_, protocol, port)| Socket {
        protocol: protocol.to_owned(),
        local: format!("0.0.0.0:{port}"),
        foreign: "0.0.0.0:*".to_owned(),
        state: if protocol == "tcp" { "LISTEN".to_owned() } else { String::new() },
    });
    let socket = |users, accepts: bool, kind: &str, inode, path: &str| UnixSocket {
        users,
        accepts,
        kind: kind.to_owned(),
        state: if accepts { "LISTENING".to_owned() } else { String::new() },
        inode,
        path: path.to_owned(),
    };
    let unix = vec![
        socket(2, true, "STREAM", 11782, "/var/run/dbus/system_bus_socket"),
        socket(2, false, "DGRAM", 7448, "/run/systemd/notify"),
        socket(2, true, "STREAM", 7458, "/run/systemd/journal/stdout"),
        socket(19, false, "DGRAM", 7463, "/dev/log"),
        socket(2, true, "SEQPACKET", 7993, "/run/udev/control"),
    ];
    Ok(Reply::ok(Sockets { sockets: sockets.collect(), unix }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_machine::TestMachine;

    #[test]
    fn everything_follows_from_state_and_clock() {
        let mut bench = TestMachine::new();
        let shown = |bench: &mut TestMachine| {
            [&CPU.template(), &PROCESSES.template(), &MEMORY.template(), &DISK.template()]
                .map(|path| bench.get(path).json())
        };
        let first = shown(&mut bench);
        assert_eq!(shown(&mut bench), first);
        bench.advance(540);
        let later = shown(&mut bench);
        assert_ne!(later[0], first[0], "the processors");
        assert_ne!(later[1], first[1], "the processes");
        assert_ne!(later[2], first[2], "the memory");
        assert_eq!(later[3], first[3], "the disk changes only with its files");
    }

    #[test]
    pub(crate) fn uptime_counts_from_the_start() {
        let mut bench = TestMachine::new();
        assert_eq!(bench.call(&CPU, &[], &Nothing {}).uptime, 90);
        bench.advance(600);
        bench.restart();
        assert_eq!(bench.call(&CPU, &[], &Nothing {}).uptime, 690);
    }

    #[test]
    fn memory_adds_up_and_counts_the_processes() {
        let mut bench = TestMachine::new();
        let memory = bench.call(&MEMORY, &[], &Nothing {});
        assert_eq!(memory.total, memory.used + memory.free);
        assert_eq!(memory.swap_total, memory.swap_used + memory.swap_free);
        let processes = bench.call(&PROCESSES, &[], &Nothing {}).processes;
        let resident: u64 = processes.iter().map(|process| process.resident_size).sum();
        assert!(memory.used > resident);
        assert_eq!(bench.call(&CPU, &[], &Nothing {}).processes as usize, processes.len());
    }

    #[test]
    fn a_file_fills_the_disk_it_lies_on() {
        let mut bench = TestMachine::new();
        let before = bench.call(&DISK, &[], &Nothing {});
        bench.upload("/users/admin/files", "big.bin", &[0; 8192]);
        let after = bench.call(&DISK, &[], &Nothing {});
        assert_eq!((after.used, after.total), (before.used + 8, before.total));
        let list = bench.call(&DISK_PARTITIONS, &[], &Nothing {}).partitions;
        assert!(list.iter().any(|one| one.id == "sda3"));
        for one in list {
            let one: DiskPartition = serde_json::from_value(bench.get(&one.url).json()).unwrap();
            assert!(one.used + one.available <= one.total, "{one:?}");
        }
        let none = bench.get(&DISK_PARTITION.path(&["sdz9"]));
        assert_eq!(none.error(), (404, "FRAMEWORK_NO_RESOURCE"));
    }

    #[test]
    fn sensors_are_within_what_is_well() {
        let mut bench = TestMachine::new();
        for minute in 0..60 {
            for one in bench.call(&SENSORS, &[], &Nothing {}).sensors {
                let one: Sensor = serde_json::from_value(bench.get(&one.url).json()).unwrap();
                assert!(one.value >= one.low && one.value <= one.high, "{minute}: {one:?}");
                assert_eq!(one.status, "ok");
            }
            bench.advance(61);
        }
        let none = bench.get(&SENSOR.path(&["nose"]));
        assert_eq!(none.error(), (404, "FRAMEWORK_NO_RESOURCE"));
    }
}
