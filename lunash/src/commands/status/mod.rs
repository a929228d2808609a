//! `status`: what the appliance measures of itself. This file has processors, processes, memory,
//! disk, sensors; `clock.rs` has date and time, `net.rs` the network, `sysstat.rs` the operational
//! state.

pub(super) mod clock;
pub(super) mod net;
pub(super) mod sysstat;

use luna_rest::{status, time};

use crate::prelude::*;

pub(super) const MENUS: &[Menu] =
    &[Menu { path: "status", help: "Load, memory, disk, network and sensors of the appliance" }];

pub(super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "status cpu",
        help: "Show the load of the processors",
        options: &[],
        roles: Role::MONITOR,
        rest: &[status::CPU.resource(), time::SHOW.resource()],
        known: Known::Documented("lunash/commands/status/status_cpu.htm@7.2"),
        run: call::<ShowCpu>(),
    },
    Command {
        syntax: "status disk",
        help: "Show the use of the disk",
        options: &[],
        roles: Role::MONITOR,
        rest: &[
            status::DISK_PARTITIONS.resource(),
            status::DISK_PARTITION.resource(),
            status::DISK_REPORT.resource(),
        ],
        known: Known::Documented("lunash/commands/status/status_disk.htm@7.2"),
        run: call::<ShowDisk>(),
    },
    Command {
        syntax: "status mem",
        help: "Show the use of memory",
        options: &[],
        roles: Role::MONITOR,
        rest: &[status::MEMORY.resource()],
        known: Known::Documented("lunash/commands/status/status_mem.htm@7.2"),
        run: call::<ShowMemory>(),
    },
    Command {
        syntax: "status memmap",
        help: "Show the memory of each process",
        options: &[],
        roles: Role::MONITOR,
        rest: &[status::PROCESSES.resource()],
        known: Known::Documented("lunash/commands/status/status_memmap.htm@7.2"),
        run: call::<ShowMemoryMap>(),
    },
    Command {
        syntax: "status ps",
        help: "Show the processes",
        options: &[],
        roles: Role::MONITOR,
        rest: &[status::PROCESSES.resource()],
        known: Known::Documented("lunash/commands/status/status_ps.htm@7.2"),
        run: call::<ShowProcesses>(),
    },
    Command {
        syntax: "status sensors",
        help: "Show the hardware sensors",
        options: &[],
        roles: Role::MONITOR,
        rest: &[
            status::SENSORS.resource(),
            status::SENSOR.resource(),
            status::CHASSIS_REPORT.resource(),
        ],
        known: Known::Assumed(
            "status_sensors.htm@7.2 has -log too, and does not show what it prints",
        ),
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
    /// As `date` writes it.
    now: String,
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
            now: clock::Clock::from(session.get(&time::SHOW, &[])?).line(),
        })
    }
}

impl Text for Load {
    fn write(&self, page: &mut Page) {
        let [one, five, fifteen] = self.load_average;
        page.line("CPU Load Averages:");
        page.line(format!(
            "{one:.2} {five:.2} {fifteen:.2} {}/{} {}",
            self.running, self.processes, self.last_pid
        ));
        page.blank();
        let minutes = self.uptime_seconds / 60;
        let (days, hours, minutes) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
        let days = match days {
            0 => String::new(),
            1 => "1 day, ".to_owned(),
            days => format!("{days} days, "),
        };
        page.line("System uptime:");
        page.line(format!("At {}, I am up {days}{hours}:{minutes:02}", self.now));
    }
}

#[derive(Deserialize)]
struct ShowDisk {}

/// The file systems, sizes in KiB.
#[derive(Serialize)]
struct Disk {
    partitions: Vec<FileSystem>,
    report: Vec<String>,
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
        // A real appliance has no resource for it.
        let report = session.client().get(&status::DISK_REPORT, &[]).unwrap_or_default().lines;
        Ok(Disk { partitions, report })
    }
}

impl Text for Disk {
    fn write(&self, page: &mut Page) {
        page.blank();
        page.line("===================== Hard Disk utilization =====================");
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
        page.blank();
        page.line("===================== Hard Disk SMART Report =====================");
        page.blank();
        self.report.iter().for_each(|line| page.line(line));
        page.blank();
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
    /// Assumed: what is available is what is free or can be freed.
    fn write(&self, page: &mut Page) {
        let m = &self.memory;
        let cache = m.buffers + m.cached;
        let used = m.used.saturating_sub(cache);
        let available = (m.free + cache).saturating_sub(m.shared);
        page.line(
            "              total        used        free      shared  buff/cache   available",
        );
        page.line(format!(
            "Mem:    {:>11} {used:>11} {:>11} {:>11} {cache:>11} {available:>11}",
            m.total, m.free, m.shared
        ));
        page.line(format!("Swap:   {:>11} {:>11} {:>11}", m.swap_total, m.swap_used, m.swap_free));
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
    /// Assumed: what is written or private is what is resident and not shared.
    fn write(&self, page: &mut Page) {
        page.line("   PID CMD                                  MAPPED(K)  WR/PR(K) SHARED(K)");
        for one in &self.processes {
            let ProcessMemory { pid, virtual_size, resident_size, shared_size, command } = one;
            let command = command.split(' ').next().unwrap_or_default();
            let private = resident_size.saturating_sub(*shared_size);
            page.line(format!(
                "{pid:>6} {command:<36} {virtual_size:>9} {private:>9} {shared_size:>9}"
            ));
        }
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
        page.line("USER       PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND");
        for one in &self.processes {
            // As ps does: a wide column takes from the blanks behind it.
            let sizes = format!("{:>6} {:>5}", one.virtual_size, one.resident_size);
            let sizes = format!("{sizes} {:<w$}", "?", w = 20_usize.saturating_sub(sizes.len()));
            page.line(format!(
                "{:<8} {:>5} {:>4.1} {:>4.1} {sizes} {:<4} {:<5} {:>3}:{:02} {}",
                one.user,
                one.pid,
                one.cpu,
                one.memory,
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
    /// Power supplies, fans and chassis, as the product words them.
    report: Vec<String>,
}

impl Run<Session> for ShowSensors {
    type View = Sensors;

    fn run(self, session: &mut Session) -> Result<Sensors, Failure> {
        let list = session.get(&status::SENSORS, &[])?.sensors;
        let show = |entry: luna_rest::tasks::Link| session.get(&status::SENSOR, &[&entry.id]);
        let sensors = list.into_iter().map(show).collect::<Result<_, _>>()?;
        // A real appliance has no resource for the rest.
        let report = session.client().get(&status::CHASSIS_REPORT, &[]).unwrap_or_default().lines;
        Ok(Sensors { sensors, report })
    }
}

impl Text for Sensors {
    fn write(&self, page: &mut Page) {
        page.line(
            "\nThis command displays the fan speed, temperature and voltage of the motherboard and \
             power supply units.\n",
        );
        page.line("Sensor           | Reading    | Unit       |status | Thresholds");
        page.line("-".repeat(92));
        for one in &self.sensors {
            let status::Sensor { name, value, unit, status, thresholds, .. } = one;
            let reading = format!("{value:.3}");
            let limit = |place: usize| match thresholds.get(place) {
                Some(Some(limit)) => format!("{limit:.3}"),
                _ => "na".to_owned(),
            };
            page.line(format!(
                "{name:<15}. | {reading:<10} | {unit:<10} | {status:<6}| {:<9} | {:<9} | {:<9} | {}",
                limit(0),
                limit(1),
                limit(2),
                limit(3)
            ));
        }
        page.line(
            "\nNotes:\n  \
             NR: Not Reading (Error)\n  \
             CR: Critical\n  \
             0.00 RPM means fan unplugged, failed, or sensors not readable\n  \
             DIMM: Dual In-Line Memory Module\n  \
             PSU1: Power Supply Unit 1\n  \
             PSU2: Power Supply Unit 2\n  \
             Fan1, Fan2 and Fan3 are pluggable modules on the front of the appliance.\n  \
             Each fan unit contains two fans: A and B.\n",
        );
        self.report.iter().for_each(|line| page.line(line));
        page.blank();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use luna_shell::View;

    /// Lines of the pages.
    #[test]
    fn figures_are_written_as_the_pages_have_them() {
        let load = Load {
            load_average: [0.30, 0.22, 0.18],
            running: 2,
            processes: 365,
            last_pid: 27794,
            uptime_seconds: 62_640,
            now: "Wed Mar  1 09:24:11 EST 2017".into(),
        };
        assert_eq!(
            load.text(),
            "CPU Load Averages:\n0.30 0.22 0.18 2/365 27794\n\nSystem uptime:\n\
             At Wed Mar  1 09:24:11 EST 2017, I am up 17:24\n"
        );
        let memory = status::Memory {
            total: 3_958_580,
            used: 655_508,
            free: 3_303_072,
            shared: 17_120,
            buffers: 0,
            cached: 486_216,
            swap_total: 4_064_252,
            swap_used: 0,
            swap_free: 4_064_252,
        };
        let text = Memory { memory }.text();
        let lines: Vec<&str> = text.lines().collect();
        let head =
            "              total        used        free      shared  buff/cache   available";
        assert_eq!(lines[0], head);
        let page = "Mem:        3958580      169292     3303072       17120      486216     ";
        assert!(lines[1].starts_with(page), "{text}");
        assert_eq!(lines[2], "Swap:       4064252           0     4064252");
    }

    /// Lines of the page.
    #[test]
    fn sensors_are_written_as_the_page_has_them() {
        let sensor = |name: &str, value, unit: &str, thresholds: [Option<f64>; 4]| status::Sensor {
            name: name.into(),
            value,
            unit: unit.into(),
            status: "ok".into(),
            thresholds: thresholds.to_vec(),
            ..status::Sensor::default()
        };
        let sensors = vec![
            sensor("Fan1A", 3700.0, "RPM", [Some(1000.0), Some(2000.0), None, None]),
            sensor("PSU1_+12V_value", 12.36, "Volts", [None, Some(10.8), Some(13.2), None]),
        ];
        let text = Sensors { sensors, report: Vec::new() }.text();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[5..7],
            [
                "Fan1A          . | 3700.000   | RPM        | ok    | 1000.000  | 2000.000  | na        | na",
                "PSU1_+12V_value. | 12.360     | Volts      | ok    | na        | 10.800    | 13.200    | na",
            ]
        );
    }

    /// Lines of the pages: what a process has of its own there is more than resident memory.
    #[test]
    fn processes_are_written_as_the_pages_have_them() {
        let process =
            |pid, virtual_size, resident_size, state: &str, command: &str| status::Process {
                user: "root".into(),
                pid,
                virtual_size,
                resident_size,
                state: state.into(),
                start: "Feb28".into(),
                command: command.into(),
                ..status::Process::default()
            };
        let ntls = "/usr/lunasa/vts/ntls_vtsd --application NTLS";
        let processes = vec![
            process(5, 0, 0, "S<", "[kworker/0:0H]"),
            process(14400, 1_012_848, 13_700, "S<l", ntls),
        ];
        insta::assert_snapshot!(Processes { processes }.text(), @r"
        USER       PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND
        root         5  0.0  0.0      0     0 ?        S<   Feb28   0:00 [kworker/0:0H]
        root     14400  0.0  0.0 1012848 13700 ?       S<l  Feb28   0:00 /usr/lunasa/vts/ntls_vtsd --application NTLS
        ");
        let processes = vec![ProcessMemory {
            pid: 14400,
            virtual_size: 1_012_848,
            resident_size: 592_160,
            shared_size: 40,
            command: ntls.into(),
        }];
        insta::assert_snapshot!(MemoryMap { processes }.text(), @r"
           PID CMD                                  MAPPED(K)  WR/PR(K) SHARED(K)
         14400 /usr/lunasa/vts/ntls_vtsd              1012848    592120        40
        ");
    }
}
