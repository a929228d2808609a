//! Measured values: processor, memory, disk, sensors.
//!
//! The vendor's pages of these answers are not public: their fields are assumed, as far as
//! possible from what the vendor's sample programs look for.

use serde::{Deserialize, Serialize};

use crate::call::{Nothing, calls};
use crate::tasks::Link;

calls! {
    /// Shows the load of the processors.
    pub const CPU: Call<Nothing, Cpu> = Call::get("/api/lunasa/cpu");
    /// Lists the processes.
    pub const PROCESSES: Call<Nothing, Processes> = Call::get("/api/lunasa/cpu/process/processes");
    /// Shows the use of memory.
    pub const MEMORY: Call<Nothing, Memory> = Call::get("/api/lunasa/memory");
    /// Shows the use of the disk as a whole.
    pub const DISK: Call<Nothing, Disk> = Call::get("/api/lunasa/disk");
    /// Lists the file systems.
    pub const DISK_PARTITIONS: Call<Nothing, DiskPartitions> = Call::get("/api/lunasa/disk/partitions");
    /// Shows a file system.
    pub const DISK_PARTITION: Call<Nothing, DiskPartition> =
        Call::get("/api/lunasa/disk/partitions/{partitionid}");
    /// Lists the sensors.
    pub const SENSORS: Call<Nothing, Sensors> = Call::get("/api/lunasa/sensors");
    /// Shows a sensor.
    pub const SENSOR: Call<Nothing, Sensor> = Call::get("/api/lunasa/sensors/{sensorid}");
    /// Shows what the disk reports of itself. Emulated appliances only: no public page shows such a
    /// resource.
    pub const DISK_REPORT: Call<Nothing, Report> = Call::get("/emulator/lunash/status/disk");
    /// Shows what is told of power supplies, fans and chassis. Emulated appliances only.
    pub const CHASSIS_REPORT: Call<Nothing, Report> = Call::get("/emulator/lunash/status/chassis");
    /// Lists the sockets. Emulated appliances only: no public page shows such a resource.
    pub const SOCKETS: Call<Nothing, Sockets> = Call::get("/emulator/lunash/status/sockets");
}

/// The load of the processors.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Cpu {
    /// Processes that want to run, averaged over 1, 5 and 15 minutes.
    pub load_average: [f64; 3],
    /// Processes that run.
    pub running: u32,
    /// Processes there are.
    pub processes: u32,
    /// Where they are.
    pub processes_url: String,
    /// The last process number given.
    pub last_pid: u32,
    /// Seconds since the appliance started.
    pub uptime: u64,
}

/// The processes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Processes {
    /// By process number.
    pub processes: Vec<Process>,
}

/// A process.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Process {
    /// The account it runs as.
    pub user: String,
    /// Process number.
    pub pid: u32,
    /// Share of a processor, in percent.
    pub cpu: f64,
    /// Share of the memory, in percent.
    pub memory: f64,
    /// Virtual size in KiB.
    pub virtual_size: u64,
    /// Resident size in KiB.
    pub resident_size: u64,
    /// Of the resident size, what it shares with others, in KiB.
    pub shared_size: u64,
    /// State, as `ps` shows it.
    pub state: String,
    /// When it started, `HH:MM` on the day it is asked for, `Mmm DD` before.
    pub start: String,
    /// Seconds of processor time it used.
    pub time: u64,
    /// What was started.
    pub command: String,
}

/// The use of memory, in KiB.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[allow(missing_docs, reason = "the columns of free(1)")]
pub struct Memory {
    pub total: u64,
    pub used: u64,
    pub free: u64,
    pub shared: u64,
    pub buffers: u64,
    pub cached: u64,
    pub swap_total: u64,
    pub swap_used: u64,
    pub swap_free: u64,
}

/// The use of the disk as a whole, in KiB.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Disk {
    /// Size.
    pub total: u64,
    /// In use.
    pub used: u64,
    /// Still there for data.
    pub available: u64,
    /// Path of the file systems.
    pub partitions: String,
}

/// What a tool of the appliance wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// Its lines.
    pub lines: Vec<String>,
}

/// The file systems.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DiskPartitions {
    /// One entry each.
    pub partitions: Vec<Link>,
}

/// A file system; sizes in KiB.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DiskPartition {
    /// The block device.
    pub name: String,
    /// Where it is mounted.
    pub mount_point: String,
    /// Size.
    pub total: u64,
    /// In use.
    pub used: u64,
    /// Still there for data.
    pub available: u64,
}

/// The sensors.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sensors {
    /// One entry each.
    pub sensors: Vec<Link>,
}

/// A sensor.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sensor {
    /// What it measures, such as `CPU Temp`.
    pub name: String,
    /// The reading.
    pub value: f64,
    /// Such as `degrees C`, `RPM`, `Volts`.
    pub unit: String,
    /// `ok`, or what is amiss.
    pub status: String,
    /// The least reading that is well.
    pub low: f64,
    /// The greatest reading that is well.
    pub high: f64,
    /// What is critically low, low, high, and critically high; empty where that is not told.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub thresholds: Vec<Option<f64>>,
}

/// The sockets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sockets {
    /// By protocol and port.
    pub sockets: Vec<Socket>,
    /// Those inside the appliance.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unix: Vec<UnixSocket>,
}

/// A socket inside the appliance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct UnixSocket {
    /// How many use it.
    pub users: u32,
    /// Whether it takes connections.
    pub accepts: bool,
    /// `STREAM`, `DGRAM` or `SEQPACKET`.
    pub kind: String,
    /// As `netstat` shows it; may be empty.
    pub state: String,
    /// Its number in the file system.
    pub inode: u32,
    /// Its name in the file system; may be empty.
    pub path: String,
}

/// A socket.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Socket {
    /// `tcp` or `udp`.
    pub protocol: String,
    /// Address and port at this end.
    pub local: String,
    /// Address and port at the other end.
    pub foreign: String,
    /// As `netstat` shows it; empty for `udp`.
    pub state: String,
}
