//! The network: `/api/lunasa/network`.
//!
//! The answers of its GETs are not on any public page: their fields are assumed, named as the
//! requests of the same resources name them. What LunaSH can do and no page shows a resource for
//! is below `/emulator/lunash/network`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::call::{Nothing, calls};
use crate::status::Report;
use crate::tasks::{Actions, Link};

calls! {
    /// Shows the host name and where the devices are.
    pub const SHOW: Call<Nothing, Network> = Call::get("/api/lunasa/network");
    /// Sets the host name.
    pub const CHANGE: Call<NewHostname, Nothing> = Call::patch("/api/lunasa/network");
    /// Lists the actions of the network; assumed.
    pub const ACTIONS: Call<Nothing, Actions> = Call::get("/api/lunasa/network/actions");
    /// Runs an action of the network; there is one, see [`PING`].
    pub const ACT: Call<Ping, Pong> = Call::post("/api/lunasa/network/actions/{actionid}");
    /// Lists the devices.
    pub const DEVICES: Call<Nothing, Devices> = Call::get("/api/lunasa/network/devices");
    /// Shows a device.
    pub const DEVICE: Call<Nothing, Device> = Call::get("/api/lunasa/network/devices/{deviceid}");
    /// Shows a device's traffic counters.
    pub const STATS: Call<Nothing, Stats> = Call::get("/api/lunasa/network/devices/{deviceid}/stats");
    /// Gives a device a static IPv4 address.
    pub const SET_IP4: Call<Ip4, Nothing> = Call::put("/api/lunasa/network/devices/{deviceid}/ip4");
    /// Gives a device a static IPv6 address; assumed by analogy with [`SET_IP4`].
    pub const SET_IP6: Call<Ip6, Nothing> = Call::put("/api/lunasa/network/devices/{deviceid}/ip6");
    /// Enables or disables a bond: the actions are [`ENABLE`] and [`DISABLE`].
    pub const ACT_ON_DEVICE: Call<DeviceAction, Nothing> =
        Call::post("/api/lunasa/network/devices/{deviceid}/actions/{actionid}");
    /// Lists the routes that were added to a device; assumed by analogy with [`DELETE_ROUTE`].
    pub const ROUTES: Call<Nothing, Routes> =
        Call::get("/api/lunasa/network/devices/{deviceid}/routes");
    /// Adds a route; assumed by analogy with [`DELETE_ROUTE`].
    pub const ADD_ROUTE: Call<NewRoute, Nothing> =
        Call::post("/api/lunasa/network/devices/{deviceid}/routes");
    /// Shows a route; assumed by analogy with [`DELETE_ROUTE`].
    pub const ROUTE: Call<Nothing, Route> =
        Call::get("/api/lunasa/network/devices/{deviceid}/routes/{routeid}");
    /// Removes a route; the body says once more which.
    pub const DELETE_ROUTE: Call<NewRoute, Nothing> =
        Call::delete("/api/lunasa/network/devices/{deviceid}/routes/{routeid}");

    /// Lists the classes of traffic of a device; assumed by analogy with [`SET_CLASS`].
    pub const CLASSES: Call<Nothing, Classes> =
        Call::get("/api/lunasa/network/devices/{deviceid}/classes");
    /// Shows a class; assumed as [`CLASSES`] is.
    pub const CLASS: Call<Nothing, Class> =
        Call::get("/api/lunasa/network/devices/{deviceid}/classes/{classid}");
    /// Creates or changes a class.
    pub const SET_CLASS: Call<NewClass, Nothing> =
        Call::put("/api/lunasa/network/devices/{deviceid}/classes/{classid}");
    /// Removes a class; assumed as [`CLASSES`] is.
    pub const DELETE_CLASS: Call<Nothing, Nothing> =
        Call::delete("/api/lunasa/network/devices/{deviceid}/classes/{classid}");
    /// Shows whether bandwidth is measured; only its path is known.
    pub const MEASUREMENT: Call<Nothing, Measurement> = Call::get("/api/lunasa/network/measurement");
    /// Lists what can be done with it; assumed.
    pub const MEASUREMENT_ACTIONS: Call<Nothing, Actions> =
        Call::get("/api/lunasa/network/measurement/actions");
    /// Turns the measurement on or off: the actions are [`ENABLE`] and [`DISABLE`].
    pub const MEASURE: Call<MeasureAction, Nothing> =
        Call::post("/api/lunasa/network/measurement/actions/{actionid}");
    /// Shows what each client used within the last `?duration=` seconds.
    pub const MEASUREMENT_STATS: Call<Nothing, MeasurementStats> =
        Call::get("/api/lunasa/network/devices/{deviceid}/measurementStats");

    /// Changes how a device gets its addresses: the actions are [`DHCP`], [`DHCP6`],
    /// [`SLAAC`] and [`CLEAR`].
    /// Emulated appliances only, as all that follows here: no public page shows such a resource.
    pub const CONFIGURE: Call<Nothing, Nothing> =
        Call::post("/emulator/lunash/network/devices/{deviceid}/actions/{actionid}");
    /// Adds a name server or a search domain to a device.
    pub const ADD_DNS: Call<Dns, Nothing> =
        Call::post("/emulator/lunash/network/devices/{deviceid}/dns");
    /// Removes it.
    pub const DELETE_DNS: Call<Dns, Nothing> =
        Call::delete("/emulator/lunash/network/devices/{deviceid}/dns");
    /// Shows what a port can do, and what was negotiated, as ethtool(8) tells it.
    pub const PORT_REPORT: Call<Nothing, Report> =
        Call::get("/emulator/lunash/network/devices/{deviceid}/report");
    /// Shows the kernel's routing table.
    pub const KERNEL_ROUTES: Call<Nothing, KernelRoutes> =
        Call::get("/emulator/lunash/network/kernelRoutes");
}

/// The names of an appliance's network devices, in its order.
pub const DEVICE_NAMES: [&str; 6] = ["eth0", "eth1", "eth2", "eth3", "bond0", "bond1"];

/// The action that sends one echo request.
pub const PING: &str = "ping";
/// The action that puts a bond into service.
pub const ENABLE: &str = "enable";
/// The action that takes a bond out of service.
pub const DISABLE: &str = "disable";

/// The action that lets DHCP configure a device.
pub const DHCP: &str = "dhcp";
/// The action that lets DHCPv6 configure a device.
pub const DHCP6: &str = "dhcp6";
/// The action that lets a device configure its IPv6 address by itself.
pub const SLAAC: &str = "slaac";
/// The action that takes all configuration from a device.
pub const CLEAR: &str = "clear";

/// The network as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Network {
    /// The appliance's host name.
    pub hostname: String,
    /// Path of the devices.
    pub devices: String,
    /// Path of the actions.
    pub actions: String,
    /// Path of the measurement of bandwidth.
    pub measurement: String,
}

/// What changes of the network as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NewHostname {
    /// 1 to 64 of letters, digits, `.` and `-`; a letter or digit at both ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
}

/// Whom an echo request is sent to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ping {
    /// Address or host name.
    pub address: String,
}

/// How long the answer to an echo request took.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Pong {
    /// Seconds; 0 when there was no answer. (The page says milliseconds too; its example, 0.000607,
    /// can only be seconds.)
    pub time: f64,
}

/// The network devices.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Devices {
    /// One entry a device: `eth0` to `eth3`, `bond0`, `bond1`.
    pub devices: Vec<Link>,
}

/// A network device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Device {
    /// Its name.
    pub id: String,
    /// Its hardware address, upper-case pairs joined by colons.
    pub mac: String,
    /// Whether a cable with something at its other end is plugged in.
    pub link: bool,
    /// Whether it is in use: configured, and for a bond enabled.
    pub up: bool,
    /// How it gets its IPv4 address: `static`, `dhcp` or `none`.
    pub configuration: String,
    /// Whether it configures its IPv6 address by itself.
    pub slaac: bool,
    /// Whether its IPv6 address came from DHCPv6.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dhcp6: bool,
    /// Its IPv4 address and what belongs to it.
    pub ip4: Option<Ip4>,
    /// Its IPv6 addresses but the link-local one.
    pub ip6: Vec<Ip6>,
    /// Its link-local IPv6 address; empty while it is down.
    pub link_local: String,
    /// Its name servers.
    pub name_servers: Vec<String>,
    /// Its search domains.
    pub search_domains: Vec<String>,
    /// The bond that it serves; empty if none.
    pub bond: String,
    /// A bond's devices.
    pub members: Vec<String>,
    /// Largest packet in bytes.
    pub mtu: u32,
    /// Path of its counters.
    pub stats: String,
    /// Path of its routes.
    pub routes: String,
    /// Path of its classes of traffic.
    pub classes: String,
    /// Path of what its clients used; asked with a duration.
    pub measurement_stats: String,
}

/// A static IPv4 address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ip4 {
    /// The address.
    pub ip: String,
    /// Length of the network's prefix, 1 to 32.
    pub mask: u8,
    /// The gateway, in the same network.
    pub gateway: String,
    /// Bonds only: `active-backup` (if nothing is said), `broadcast` or `lacp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
}

/// An IPv6 address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ip6 {
    /// The address.
    pub ip: String,
    /// Length of the network's prefix, 1 to 128.
    pub mask: u8,
    /// The gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<String>,
}

/// The body of an action on a bond.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DeviceAction {
    /// Whether the bond's routes stay, needed to disable it. The default route never stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_routes: Option<bool>,
}

/// Counters since the appliance started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Stats {
    /// What came in.
    pub received: Counters,
    /// What went out.
    pub sent: Counters,
    /// Collisions.
    pub collisions: u64,
    /// The interrupt of a port; assumed, as the memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interrupt: Option<u32>,
    /// The memory that a port is reached at, such as `fb4c0000-fb4e0000`; empty where it is not told.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub memory: String,
}

/// Counters of one direction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Counters {
    /// Packets.
    pub packets: u64,
    /// Bytes.
    pub bytes: u64,
    /// Packets with faults.
    pub errors: u64,
    /// Packets that were thrown away.
    pub dropped: u64,
}

/// The routes of a device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Routes {
    /// One entry a route.
    pub routes: Vec<Link>,
}

/// What adds or removes a route.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewRoute {
    /// `host` or `network`.
    pub route_type: String,
    /// Address of the host or the network, the latter without host bits.
    pub destination: String,
    /// Dotted mask or length of the prefix; `255.255.255.0` for a network if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub netmask: Option<String>,
    /// The gateway, if it leads through one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<String>,
    /// Cost, 0 if nothing is said; assumed, for the route table of the product has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<u32>,
}

/// A route that was added.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Route {
    /// Its name in paths.
    pub id: String,
    /// `host` or `network`.
    pub route_type: String,
    /// Address of the host or the network.
    pub destination: String,
    /// Length of the prefix.
    pub mask: u8,
    /// The gateway; empty if it leads through none.
    pub gateway: String,
    /// Cost.
    pub metric: u32,
}

/// A name server, or a search domain: exactly one of the two.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Dns {
    /// Address of a name server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_server: Option<String>,
    /// A search domain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search_domain: Option<String>,
}

/// The classes of traffic of a device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Classes {
    /// By name.
    pub classes: Vec<Link>,
}

/// A class of traffic to set; kbit a second, 1 to 1000000.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewClass {
    /// What it has at least.
    pub min_bandwidth: u32,
    /// What it has at most; as much unless it is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_bandwidth: Option<u32>,
}

/// A class of traffic; kbit a second.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Class {
    /// Its name.
    pub id: String,
    /// What it has at least.
    pub min_bandwidth: u32,
    /// What it has at most.
    pub max_bandwidth: u32,
}

/// The measurement of bandwidth; its fields are assumed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Measurement {
    /// Path of its actions.
    pub actions: String,
    /// Whether it is on.
    pub enabled: bool,
    /// Seconds between two measurements; 0 while it is off.
    pub interval: u32,
}

/// The body of an action on the measurement.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MeasureAction {
    /// Seconds, 1 to 99999; needed to enable it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<u32>,
}

/// What clients used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct MeasurementStats {
    /// An entry a client, under its address.
    pub client_statistics: Vec<BTreeMap<String, Bandwidth>>,
}

/// What a client used, with two decimals. The page gives no unit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Bandwidth {
    /// On average.
    pub avg: String,
    /// The class that its traffic belongs to; `default` for none.
    pub class_id: String,
    /// At most.
    pub max: String,
    /// At least.
    pub min: String,
}

/// The kernel's routing table, IPv4.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KernelRoutes {
    /// In the kernel's order.
    pub routes: Vec<KernelRoute>,
}

/// A line of the kernel's routing table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KernelRoute {
    /// Address of the host or the network; `0.0.0.0` for all others.
    pub destination: String,
    /// The gateway; `0.0.0.0` if it leads through none.
    pub gateway: String,
    /// Dotted mask.
    pub genmask: String,
    /// `U` up, `G` through a gateway, `H` to a host.
    pub flags: String,
    /// Cost.
    pub metric: u32,
    /// The device.
    pub device: String,
}
