//! `status`: what the appliance measures of itself. Here: processors, processes, memory, disk,
//! sensors; `clock.rs` has date and time, `net.rs` the network, `sysstat.rs` the operational state.
//!
//! Only `status interface` was seen. It is the text of the Linux tool behind it (ifconfig), so the
//! others are assumed to be that of theirs: uptime, ps, free, df, pmap.

pub(super) mod clock;
pub(super) mod net;
pub(super) mod sysstat;

use luna_rest::status;

use crate::prelude::*;

pub(super) const MENUS: &[Menu] =
    &[Menu { path: "status", help: "Load, memory, disk, network and sensors of the appliance" }];

pub(super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "status cpu",
        help: "Show the load of the processors",
        options: &[],
        roles: Role::MONITOR,
        rest: &[status::CPU.resource()],
        known: Known::Assumed("output not seen: load averages as /proc/loadavg writes them"),
        run: call::<ShowCpu>(),
    },
    Command {
        syntax: "status disk",
        help: "Show the use of the disk",
        options: &[],
        roles: Role::MONITOR,
        rest: &[status::DISK_PARTITIONS.resource(), status::DISK_PARTITION.resource()],
        known: Known::Assumed("output not seen: the text of df"),
        run: call::<ShowDisk>(),
    },
    Command {
        syntax: "status mem",
        help: "Show the use of memory",
        options: &[],
        roles: Role::MONITOR,
        rest: &[status::MEMORY.resource()],
        known: Known::Assumed("output not seen: the text of free"),
        run: call::<ShowMemory>(),
    },
    Command {
        syntax: "status memmap",
        help: "Show the memory of each process",
        options: &[],
        roles: Role::MONITOR,
        rest: &[status::PROCESSES.resource()],
        known: Known::Assumed("output not seen: a line for each process, sizes in KiB"),
        run: call::<ShowMemoryMap>(),
    },
    Command {
        syntax: "status ps",
        help: "Show the processes",
        options: &[],
        roles: Role::MONITOR,
        rest: &[status::PROCESSES.resource()],
        known: Known::Assumed("output not seen: the text of ps aux"),
        run: call::<ShowProcesses>(),
    },
    Command {
        syntax: "status sensors",
        help: "Show the hardware sensors",
        options: &[],
        roles: Role::MONITOR,
        rest: &[status::SENSORS.resource(), status::SENSOR.resource()],
        known: Known::Assumed("output not seen: a table in the manner of ipmitool"),
        run: call::<ShowSensors>(),
    },
];

#[derive(Deserialize)]
struct ShowCpu {}

/// The load of the processors.
#[derive(Serialize)]
struct Load {
    load_average: [f64; 3],
    running: u32,
    processes: u32,
    last_pid: u32,
    uptime_seconds: u64,
}

impl Run<Session> for ShowCpu {
    type View = Load;

    fn run(self, session: &mut Session) -> Result<Load, Failure> {
        let cpu = session.get(&status::CPU, &[])?;
        Ok(Load {
            load_average: cpu.load_average,
            running: cpu.running,
            processes: cpu.processes,
            last_pid: cpu.last_pid,
            uptime_seconds: cpu.uptime,
        })
    }
}

impl Text for Load {
    fn write(&self, page: &mut Page) {
        let [one, five, fifteen] = self.load_average;
        page.line(format!(
            "CPU Load Averages: {one:.2} {five:.2} {fifteen:.2} {}/{} {}",
            self.running, self.processes, self.last_pid
        ));
        let minutes = self.uptime_seconds / 60;
        let (days, hours, minutes) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
        let days = match days {
            0 => String::new(),
            1 => "1 day, ".to_owned(),
            days => format!("{days} days, "),
        };
        page.line(format!("System uptime: {days}{hours}:{minutes:02}"));
    }
}

#[derive(Deserialize)]
struct ShowDisk {}

/// The file systems, sizes in KiB.
#[derive(Serialize)]
struct Disk {
    partitions: Vec<FileSystem>,
}

/// A file system.
#[derive(Serialize)]
struct FileSystem {
    name: String,
    mount_point: String,
    total: u64,
    used: u64,
    available: u64,
}

impl Run<Session> for ShowDisk {
    type View = Disk;

    fn run(self, session: &mut Session) -> Result<Disk, Failure> {
        let mut partitions = Vec::new();
        for entry in session.get(&status::DISK_PARTITIONS, &[])?.partitions {
            let one = session.get(&status::DISK_PARTITION, &[&entry.id])?;
            let (name, mount_point) = (one.name, one.mount_point);
            let (total, used, available) = (one.total, one.used, one.available);
            partitions.push(FileSystem { name, mount_point, total, used, available });
        }
        Ok(Disk { partitions })
    }
}

impl Text for Disk {
    fn write(&self, page: &mut Page) {
        let mut table = Table::new(
            0,
            1,
            &[(14, false), (9, true), (9, true), (9, true), (4, true), (1, false)],
        );
        table.row(["Filesystem", "1K-blocks", "Used", "Available", "Use%", "Mounted on"]);
        for FileSystem { name, mount_point, total, used, available } in &self.partitions {
            // As df counts: of what users can have, rounded up.
            let share = (used * 100).div_ceil((used + available).max(1));
            let [total, used, available] = [total, used, available].map(u64::to_string);
            table.row([name, &total, &used, &available, &format!("{share}%"), mount_point]);
        }
        page.table(&table);
    }
}

#[derive(Deserialize)]
struct ShowMemory {}

/// The use of memory, in KiB.
#[derive(Serialize)]
struct Memory {
    #[serde(flatten)]
    memory: status::Memory,
}

impl Run<Session> for ShowMemory {
    type View = Memory;

    fn run(self, session: &mut Session) -> Result<Memory, Failure> {
        Ok(Memory { memory: session.get(&status::MEMORY, &[])? })
    }
}

impl Text for Memory {
    fn write(&self, page: &mut Page) {
        let m = &self.memory;
        let mut table = Table::new(
            0,
            1,
            &[(7, false), (10, true), (10, true), (10, true), (10, true), (10, true), (10, true)],
        );
        table.row(["", "total", "used", "free", "shared", "buffers", "cached"]);
        let row = |name: &str, values: &[u64]| {
            std::iter::once(name.to_owned())
                .chain(values.iter().map(u64::to_string))
                .chain(std::iter::repeat(String::new()))
                .take(7)
                .collect::<Vec<_>>()
        };
        table.row(row("Mem:", &[m.total, m.used, m.free, m.shared, m.buffers, m.cached]));
        table.row(row("Swap:", &[m.swap_total, m.swap_used, m.swap_free]));
        page.table(&table);
    }
}

/// The processes, by number.
fn processes(session: &Session) -> Result<Vec<status::Process>, Failure> {
    Ok(session.get(&status::PROCESSES, &[])?.processes)
}

#[derive(Deserialize)]
struct ShowMemoryMap {}

/// The memory of each process.
#[derive(Serialize)]
struct MemoryMap {
    processes: Vec<ProcessMemory>,
}

/// The memory of a process, in KiB.
#[derive(Serialize)]
struct ProcessMemory {
    pid: u32,
    virtual_size: u64,
    resident_size: u64,
    shared_size: u64,
    command: String,
}

impl Run<Session> for ShowMemoryMap {
    type View = MemoryMap;

    fn run(self, session: &mut Session) -> Result<MemoryMap, Failure> {
        let memory = |one: status::Process| ProcessMemory {
            pid: one.pid,
            virtual_size: one.virtual_size,
            resident_size: one.resident_size,
            shared_size: one.shared_size,
            command: one.command,
        };
        Ok(MemoryMap { processes: processes(session)?.into_iter().map(memory).collect() })
    }
}

impl Text for MemoryMap {
    fn write(&self, page: &mut Page) {
        let mut table = Table::new(0, 1, &[(5, true), (8, true), (8, true), (8, true), (1, false)]);
        table.row(["PID", "VIRTUAL", "RESIDENT", "SHARED", "COMMAND"]);
        for one in &self.processes {
            table.row([
                one.pid.to_string(),
                one.virtual_size.to_string(),
                one.resident_size.to_string(),
                one.shared_size.to_string(),
                one.command.clone(),
            ]);
        }
        page.table(&table);
    }
}

#[derive(Deserialize)]
struct ShowProcesses {}

/// The processes.
#[derive(Serialize)]
struct Processes {
    processes: Vec<status::Process>,
}

impl Run<Session> for ShowProcesses {
    type View = Processes;

    fn run(self, session: &mut Session) -> Result<Processes, Failure> {
        Ok(Processes { processes: processes(session)? })
    }
}

impl Text for Processes {
    fn write(&self, page: &mut Page) {
        page.line("USER       PID %CPU %MEM     VSZ   RSS TTY      STAT START   TIME COMMAND");
        for one in &self.processes {
            page.line(format!(
                "{:<8} {:>5} {:>4.1} {:>4.1} {:>7} {:>5} ?        {:<4} {:<5} {:>3}:{:02} {}",
                one.user,
                one.pid,
                one.cpu,
                one.memory,
                one.virtual_size,
                one.resident_size,
                one.state,
                one.start,
                one.time / 60,
                one.time % 60,
                one.command
            ));
        }
    }
}

#[derive(Deserialize)]
struct ShowSensors {}

/// The sensors.
#[derive(Serialize)]
struct Sensors {
    sensors: Vec<status::Sensor>,
}

impl Run<Session> for ShowSensors {
    type View = Sensors;

    fn run(self, session: &mut Session) -> Result<Sensors, Failure> {
        let list = session.get(&status::SENSORS, &[])?.sensors;
        let show = |entry: luna_rest::tasks::Link| session.get(&status::SENSOR, &[&entry.id]);
        Ok(Sensors { sensors: list.into_iter().map(show).collect::<Result<_, _>>()? })
    }
}

impl Text for Sensors {
    fn write(&self, page: &mut Page) {
        let mut table = Table::new(0, 2, &[(16, false), (10, true), (10, false), (8, false)]);
        table.row(["Sensor", "Reading", "Unit", "Status"]);
        table.row(["----------------", "----------", "----------", "--------"]);
        for one in &self.sensors {
            table.row([&one.name, &format!("{:.3}", one.value), &one.unit, &one.status]);
        }
        page.table(&table);
    }
}
