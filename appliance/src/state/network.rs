//! The network devices with their addresses, and the added routes.
//!
//! No packet is ever sent: the emulated network knows the appliance's own addresses, and one segment
//! (192.0.2.0/24 and 2001:db8::/64, which are kept for documentation) with a DHCP server and a
//! router. A configured port has its cable plugged in.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use crate::core::table::{Cell, Table};
use crate::state::area::{Area, FieldVisitor, Setup};

pub use luna_rest::network::DEVICE_NAMES;

/// The ports that serve each bond.
pub const BONDS: [(&str, [&str; 2]); 2] =
    [("bond0", ["eth0", "eth1"]), ("bond1", ["eth2", "eth3"])];

/// What is kept of the network.
#[derive(Debug, Default)]
pub struct Network {
    /// Every device by its name.
    pub devices: Table<DeviceRow>,
    /// Added routes by device and destination.
    pub routes: Table<RouteRow>,
    /// Classes of traffic by device and name: `eth0 gold`.
    pub classes: Table<ClassRow>,
    /// Seconds between two measurements of bandwidth; 0 while there are none.
    pub measurement: Cell<u32>,
}

/// A class of traffic, in kbit a second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClassRow {
    /// What it has at least.
    pub min: u32,
    /// What it has at most.
    pub max: u32,
}

/// A network device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeviceRow {
    /// Its IPv4 address.
    pub ip4: Option<Ip4Row>,
    /// Whether the IPv4 address came from DHCP.
    pub dhcp: bool,
    /// Its static IPv6 address.
    pub ip6: Option<Ip6Row>,
    /// Whether that came from DHCPv6.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dhcp6: bool,
    /// Whether it configures an IPv6 address by itself.
    pub slaac: bool,
    /// A bond's mode.
    pub mode: String,
    /// Whether a bond is enabled.
    pub enabled: bool,
    /// Name servers.
    pub name_servers: Vec<IpAddr>,
    /// Search domains.
    pub search_domains: Vec<String>,
    /// Since when it carries traffic, in seconds since 1970.
    pub since: i64,
}

/// An IPv4 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ip4Row {
    /// The address.
    pub ip: Ipv4Addr,
    /// Length of the prefix.
    pub mask: u8,
    /// The gateway.
    pub gateway: Ipv4Addr,
}

/// An IPv6 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ip6Row {
    /// The address.
    pub ip: Ipv6Addr,
    /// Length of the prefix.
    pub mask: u8,
    /// The gateway.
    pub gateway: Option<Ipv6Addr>,
}

/// An added route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteRow {
    /// The device it leads through.
    pub device: String,
    /// Where it leads.
    pub destination: IpAddr,
    /// Length of the prefix.
    pub mask: u8,
    /// Through which gateway.
    pub gateway: Option<IpAddr>,
    /// Cost.
    pub metric: u32,
}

impl Area for Network {
    fn fields(&mut self, visit: FieldVisitor<'_>) {
        visit("network/devices", &mut self.devices);
        visit("network/routes", &mut self.routes);
        visit("network/classes", &mut self.classes);
        visit("network/measurement", &mut self.measurement);
    }

    /// Assumed: `eth0` asks DHCP, everything else waits to be configured.
    fn factory(&mut self, setup: &mut Setup<'_>) {
        for name in DEVICE_NAMES {
            self.devices.insert(name, DeviceRow::default());
        }
        if let Some(row) = self.devices.get_mut("eth0") {
            row.lease("eth0", setup.now.unix_timestamp());
        }
    }
}

/// The router of the emulated segment.
pub const ROUTER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

/// The same router's IPv6 address.
pub const ROUTER6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);

/// What leases begin with: `eth0` gets 192.0.2.10.
pub const FIRST_LEASE: u8 = 10;

/// Length of the segment's IPv4 prefix.
pub const SEGMENT_MASK: u8 = 24;

/// Length of its IPv6 prefix.
pub const SEGMENT_MASK6: u8 = 64;

impl DeviceRow {
    /// Takes an address from the emulated DHCP server.
    pub fn lease(&mut self, name: &str, now: i64) {
        let number = DEVICE_NAMES.iter().position(|known| *known == name).unwrap_or_default();
        let host = FIRST_LEASE.saturating_add(u8::try_from(number).unwrap_or_default());
        let ip = Ipv4Addr::new(192, 0, 2, host);
        self.ip4 = Some(Ip4Row { ip, mask: SEGMENT_MASK, gateway: ROUTER });
        self.dhcp = true;
        self.begin(now);
    }

    /// Takes an IPv6 address from it, in place of the one it has.
    pub fn lease6(&mut self, name: &str, now: i64) {
        let number = DEVICE_NAMES.iter().position(|known| *known == name).unwrap_or_default();
        let host = u16::from(FIRST_LEASE).saturating_add(u16::try_from(number).unwrap_or_default());
        let ip = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 1, host);
        self.ip6 = Some(Ip6Row { ip, mask: SEGMENT_MASK6, gateway: Some(ROUTER6) });
        (self.dhcp6, self.slaac) = (true, false);
        self.begin(now);
    }

    /// Counts traffic from now on, if it did not before.
    pub fn begin(&mut self, now: i64) {
        if self.since == 0 {
            self.since = now;
        }
    }

    /// Whether it has an address.
    pub fn is_configured(&self) -> bool {
        self.ip4.is_some() || self.ip6.is_some() || self.slaac
    }
}

/// The network's address of `ip`.
pub fn masked4(ip: Ipv4Addr, mask: u8) -> Ipv4Addr {
    Ipv4Addr::from_bits(ip.to_bits() & mask4(mask).to_bits())
}

/// The dotted mask of a prefix length.
pub fn mask4(mask: u8) -> Ipv4Addr {
    let host_bits = 32 - u32::from(mask.min(32));
    Ipv4Addr::from_bits(u32::MAX.checked_shl(host_bits).unwrap_or(0))
}

impl Ip4Row {
    /// Whether an address is in the same network.
    pub fn reaches(&self, other: Ipv4Addr) -> bool {
        masked4(self.ip, self.mask) == masked4(other, self.mask)
    }
}

impl Network {
    /// The enabled bond that a port serves.
    pub fn bond_of(&self, name: &str) -> Option<&'static str> {
        let serves = |(bond, members): &(&'static str, [&str; 2])| {
            (members.contains(&name) && self.row(bond).is_some_and(|row| row.enabled))
                .then_some(*bond)
        };
        BONDS.iter().find_map(serves)
    }

    /// The row of a device.
    pub fn row(&self, name: &str) -> Option<&DeviceRow> {
        self.devices.get(name)
    }

    /// Whether a device carries addresses of its own now.
    pub fn is_up(&self, name: &str) -> bool {
        self.row(name).is_some_and(|row| match members(name) {
            Some(_) => row.enabled,
            None => row.is_configured() && self.bond_of(name).is_none(),
        })
    }

    /// Whether a cable is plugged in: wherever there is something to do.
    pub fn has_link(&self, name: &str) -> bool {
        self.is_up(name) || self.bond_of(name).is_some()
    }

    /// The devices that are up with an IPv4 address, in their order.
    pub fn active4(&self) -> impl Iterator<Item = (&'static str, Ip4Row)> + '_ {
        DEVICE_NAMES
            .into_iter()
            .filter(|name| self.is_up(name))
            .filter_map(|name| Some((name, self.row(name)?.ip4?)))
    }

    /// Whether `ip` is an address of this appliance.
    pub fn is_own(&self, ip: IpAddr) -> bool {
        match ip {
            IpAddr::V4(ip) => self.active4().any(|(_, own)| own.ip == ip),
            IpAddr::V6(ip) => DEVICE_NAMES.iter().any(|name| {
                let own = |row: &DeviceRow| row.ip6.is_some_and(|own| own.ip == ip);
                self.is_up(name) && self.row(name).is_some_and(own)
            }),
        }
    }

    /// Whether `ip` is the emulated router and a device is on its segment.
    pub fn is_router(&self, ip: IpAddr) -> bool {
        match ip {
            IpAddr::V4(ip) => ip == ROUTER && self.active4().any(|(_, own)| own.reaches(ROUTER)),
            IpAddr::V6(ip) => {
                let hears = |name: &str| self.row(name).is_some_and(|row| row.slaac);
                ip == ROUTER6
                    && DEVICE_NAMES.iter().filter(|name| self.is_up(name)).any(|name| hears(name))
            }
        }
    }

    /// Whether the device's network has the gateway in it.
    pub fn reaches(&self, device: &str, gateway: IpAddr) -> bool {
        let Some(row) = self.devices.get(device) else { return false };
        match gateway {
            IpAddr::V4(gateway) => row.ip4.is_some_and(|own| own.reaches(gateway)),
            IpAddr::V6(gateway) => {
                row.ip6.is_some_and(|own| masked6(own.ip, own.mask) == masked6(gateway, own.mask))
            }
        }
    }

    /// Takes the routes of a device that its addresses do not reach any more.
    pub fn forget_lost_routes(&mut self, device: &str) {
        let has_address = self.devices.get(device).is_some_and(|row| row.ip4.is_some());
        let lost: Vec<String> = self
            .routes
            .iter()
            .filter(|(_, route)| route.device == device)
            .filter(|(_, route)| match route.gateway {
                Some(gateway) => !self.reaches(device, gateway),
                None => !has_address,
            })
            .map(|(key, _)| key.to_owned())
            .collect();
        for key in lost {
            self.routes.remove(&key);
        }
    }

    /// Numbers of what is amiss, as `systemStatusCodes` lists them. Assumed: 60 to 63 are ports
    /// without a link, which fits the recorded appliance with one cable.
    pub fn status_codes(&self) -> String {
        let ports = DEVICE_NAMES.iter().zip(60..).filter(|(name, _)| members(name).is_none());
        let down = ports.filter(|(name, _)| !self.has_link(name));
        down.map(|(_, code): (_, u32)| code.to_string()).collect::<Vec<_>>().join(",")
    }
}

/// The ports that serve a bond; nothing for a port.
pub fn members(name: &str) -> Option<[&'static str; 2]> {
    BONDS.iter().find(|(bond, _)| *bond == name).map(|(_, members)| *members)
}

impl RouteRow {
    /// Its name in paths: only letters, digits, `_`, `:` and `.` may stand there.
    pub fn id(&self) -> String {
        format!("{}_{}", self.destination, self.mask)
    }

    /// The key of its row.
    pub fn key(&self) -> String {
        format!("{} {}", self.device, self.id())
    }

    /// Whether it leads to one address.
    pub fn is_host(&self) -> bool {
        self.mask == if self.destination.is_ipv4() { 32 } else { 128 }
    }
}

/// The network's address of `ip`.
pub fn masked6(ip: Ipv6Addr, mask: u8) -> Ipv6Addr {
    let host_bits = 128 - u32::from(mask.min(128));
    Ipv6Addr::from_bits(ip.to_bits() & u128::MAX.checked_shl(host_bits).unwrap_or(0))
}
