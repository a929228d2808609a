//! Processors, processes, memory and disk of the emulated appliance.

use luna_rest::status::{Cpu, DiskPartition, Memory, PROCESSES, Process};

use crate::core::text::clock_text;
use crate::request::context::Context;

/// Memory in KiB.
const MEMORY: u64 = 16_277_216;
/// Swap in KiB.
const SWAP: u64 = 2_097_148;
/// What the kernel takes for itself, in KiB.
const KERNEL: u64 = 412_836;

/// Processes that are always there: number, account, virtual and resident KiB, what was started.
const ALWAYS: [(u32, &str, u64, u64, &str); 7] = [
    (1, "root", 128_164, 6_712, "/sbin/init"),
    (2, "root", 0, 0, "[kthreadd]"),
    (9, "root", 0, 0, "[rcu_sched]"),
    (562, "root", 47_692, 5_508, "/usr/lib/systemd/systemd-udevd"),
    (811, "dbus", 66_476, 2_548, "/usr/bin/dbus-daemon --system"),
    (903, "root", 126_388, 1_692, "/usr/sbin/crond -n"),
    (1102, "root", 110_208, 864, "/sbin/agetty ttyS0"),
];

/// A service's process, in the same order after the service's name.
const OF_SERVICES: [(&str, u32, &str, u64, u64, &str); 11] = [
    ("network", 938, "root", 222_740, 8_412, "/usr/sbin/networkd"),
    ("ssh", 1017, "root", 112_984, 4_352, "/usr/sbin/sshd -D"),
    ("syslog", 1021, "root", 222_804, 6_044, "/usr/sbin/rsyslogd -n"),
    ("sysstat", 1188, "root", 95_312, 3_120, "/usr/sbin/sysstatd"),
    ("ntls", 1243, "root", 412_016, 21_864, "/usr/sbin/NTLSd"),
    ("stc", 1266, "root", 388_420, 18_716, "/usr/sbin/stcd"),
    ("cbs", 1290, "root", 301_152, 9_884, "/usr/sbin/cbsd"),
    ("ntp", 1311, "ntp", 29_956, 2_164, "/usr/sbin/ntpd -g"),
    ("snmp", 1334, "root", 214_016, 7_328, "/usr/sbin/snmpd -f"),
    ("webserver", 1402, "root", 1_142_660, 88_204, "/usr/sbin/webserverd"),
    ("cluster", 1477, "root", 640_312, 52_440, "/usr/sbin/clusterd"),
];

/// A session's process begins with this number.
const FIRST_SESSION: u32 = 2101;

/// Whether a service runs.
pub(crate) fn runs(cx: &Context<'_>, service: &str) -> bool {
    cx.state.services.is_running(service)
}

/// The processes, by number.
pub(crate) fn processes(cx: &mut Context<'_>) -> Vec<Process> {
    let uptime = uptime(cx);
    let booted = time::OffsetDateTime::from_unix_timestamp(cx.state.status.booted());
    let booted = booted.unwrap_or(cx.now);
    let start = if booted.date() == cx.now.date() {
        clock_text(booted).chars().take(5).collect()
    } else {
        format!("{}{:02}", short_month(booted.month()), booted.day())
    };
    let process = |pid, user: &str, virtual_size: u64, resident_size: u64, command: &str| {
        // What is bigger does more; nothing here is busy.
        let time = uptime * resident_size / 20_000_000;
        let share = |part: u64, whole: u64| {
            let tenths = (part * 1000).checked_div(whole).unwrap_or_default();
            f64::from(u32::try_from(tenths).unwrap_or_default()) / 10.0
        };
        Process {
            user: user.to_owned(),
            pid,
            cpu: share(time, uptime),
            memory: share(resident_size, MEMORY),
            virtual_size,
            resident_size,
            shared_size: resident_size * 2 / 5,
            state: if command.starts_with('[') { "S" } else { "Ss" }.to_owned(),
            start: start.clone(),
            time,
            command: command.to_owned(),
        }
    };
    let always = ALWAYS.iter().map(|&(pid, user, virtual_size, resident, command)| {
        process(pid, user, virtual_size, resident, command)
    });
    let services = OF_SERVICES.iter().filter(|(service, ..)| runs(cx, service)).map(
        |&(_, pid, user, virtual_size, resident, command)| {
            process(pid, user, virtual_size, resident, command)
        },
    );
    let mut all: Vec<Process> = always.chain(services).collect();
    let mut users: Vec<String> = cx.sessions.iter_mut().map(|s| s.user.clone()).collect();
    users.sort();
    for (pid, user) in (FIRST_SESSION..).zip(users) {
        all.push(process(pid, &user, 148_320, 5_204, "lush"));
    }
    all.sort_by_key(|process| process.pid);
    all
}

fn short_month(month: time::Month) -> String {
    month.to_string().chars().take(3).collect()
}

/// The processors: a little load for each session, which the averages follow slowly.
pub(crate) fn cpu(cx: &mut Context<'_>) -> Cpu {
    let processes = processes(cx);
    let uptime = uptime(cx);
    let sessions = u32::try_from(cx.sessions.iter_mut().count()).unwrap_or(u32::MAX);
    let load = 0.04 + 0.03 * f64::from(sessions.min(100));
    let seconds = f64::from(u32::try_from(uptime).unwrap_or(u32::MAX));
    let average = |span: f64| {
        let reached = 1.0 - (-seconds / span).exp();
        (load * reached * 100.0).round() / 100.0
    };
    Cpu {
        load_average: [average(60.0), average(300.0), average(900.0)],
        running: 1,
        processes: u32::try_from(processes.len()).unwrap_or(u32::MAX),
        processes_url: PROCESSES.template().to_owned(),
        last_pid: processes.last().map_or(1, |process| process.pid),
        uptime,
    }
}

/// The memory: the kernel, the processes, and what was read since the start.
pub(crate) fn memory(cx: &mut Context<'_>) -> Memory {
    let processes = processes(cx);
    let resident: u64 = processes.iter().map(|process| process.resident_size).sum();
    let shared: u64 = processes.iter().map(|process| process.shared_size).sum();
    let steps = uptime(cx) / 360;
    let buffers = (38_400 + steps * 52).min(262_144);
    let cached = (524_288 + steps * 910).min(4_194_304);
    let used = KERNEL + resident + buffers + cached;
    Memory {
        total: MEMORY,
        used,
        free: MEMORY - used,
        shared,
        buffers,
        cached,
        swap_total: SWAP,
        swap_used: 0,
        swap_free: SWAP,
    }
}

/// The file systems; what users copied to the appliance is on the third.
pub(crate) fn file_systems(cx: &Context<'_>) -> Vec<DiskPartition> {
    let files = cx.state.files.size().div_ceil(1024);
    let system = |name: &str, mount_point: &str, total: u64, used: u64| DiskPartition {
        name: format!("/dev/{name}"),
        mount_point: mount_point.to_owned(),
        total,
        used,
        // Five of a hundred are kept for the system itself.
        available: (total - total / 20).saturating_sub(used),
    };
    vec![
        system("sda1", "/boot", 999_320, 142_820),
        system("sda2", "/", 20_511_356, 4_730_624),
        system("sda3", "/home", 61_795_094, 91_204 + files),
        system("sda5", "/var", 41_022_688, 612_416),
    ]
}

/// Seconds since the appliance started.
pub(crate) fn uptime(cx: &Context<'_>) -> u64 {
    u64::try_from(cx.now.unix_timestamp().saturating_sub(cx.state.status.booted().max(0)))
        .unwrap_or_default()
}
