//! `network show`: the host name, the devices and the routing table.

use std::net::Ipv6Addr;

use luna_rest::network;

use super::{devices, dotted, route};
use crate::prelude::*;

pub(in crate::commands) const COMMANDS: &[Command] = &[Command {
    syntax: "network show [-verbose|-v]",
    help: "Show the network configuration",
    options: &[("-verbose", "Also what the ports can do, and what was negotiated")],
    roles: Role::MONITOR,
    rest: &[
        network::SHOW.resource(),
        network::DEVICES.resource(),
        network::DEVICE.resource(),
        network::KERNEL_ROUTES.resource(),
        network::PORT_REPORT.resource(),
    ],
    known: Known::Documented("lunash/commands/network/network_show.htm@7.2"),
    run: call::<Show>(),
}];

#[derive(Deserialize)]
struct Show {
    verbose: bool,
}

/// The network configuration.
#[derive(Serialize)]
struct Overview {
    hostname: String,
    devices: Vec<Device>,
    #[serde(skip)]
    kernel: Vec<network::KernelRoute>,
    #[serde(skip)]
    verbose: bool,
}

/// A device of the overview.
#[derive(Serialize)]
struct Device {
    device: String,
    mac: String,
    link: bool,
    up: bool,
    configuration: String,
    slaac: bool,
    ip: Option<String>,
    netmask: Option<String>,
    gateway: Option<String>,
    ipv6: Vec<String>,
    name_servers: Vec<String>,
    search_domains: Vec<String>,
    bond: Option<String>,
    members: Vec<String>,
    mode: Option<String>,
    #[serde(skip)]
    addresses: Vec<Address>,
    /// What the port says of itself, if that is asked for.
    #[serde(skip)]
    report: Vec<String>,
}

/// An address of a device, and where it comes from.
struct Address {
    ip: String,
    mask: String,
    gateway: String,
    kind: &'static str,
    protocol: &'static str,
}

impl Address {
    fn four(ip4: &network::Ip4, configuration: &str) -> Address {
        Address {
            ip: format!("{}/{}", ip4.ip, ip4.mask),
            mask: dotted(ip4.mask).to_string(),
            gateway: ip4.gateway.clone(),
            kind: "IPv4",
            protocol: if configuration == "dhcp" { "DHCP" } else { "Static" },
        }
    }

    fn six(ip6: &network::Ip6, device: &network::Device) -> Address {
        let host_bits = 128 - u32::from(ip6.mask.min(128));
        let mask = u128::MAX.checked_shl(host_bits).unwrap_or(0);
        let network = ip6.ip.parse::<Ipv6Addr>().map(|ip| Ipv6Addr::from_bits(ip.to_bits() & mask));
        Address {
            ip: format!("{}/{}", ip6.ip, ip6.mask),
            mask: network.map(|network| format!("{network}/{}", ip6.mask)).unwrap_or_default(),
            gateway: ip6.gateway.clone().unwrap_or_default(),
            kind: "IPv6",
            protocol: match device {
                device if device.dhcp6 => "DHCP",
                device if device.slaac => "SLAAC",
                _ => "Static",
            },
        }
    }

    /// A device without an address waits for DHCP.
    fn none() -> Address {
        let (ip, mask, gateway) = Default::default();
        Address { ip, mask, gateway, kind: "IPv4", protocol: "DHCP" }
    }
}

impl From<network::Device> for Device {
    fn from(device: network::Device) -> Device {
        let full = |text: String| Some(text).filter(|text| !text.is_empty());
        let four = device.ip4.iter().map(|ip4| Address::four(ip4, &device.configuration));
        let six = device.ip6.iter().map(|ip6| Address::six(ip6, &device));
        let addresses: Vec<Address> = four.chain(six).collect();
        let ip4 = device.ip4.unwrap_or_default();
        let netmask = full(ip4.ip.clone()).map(|_| dotted(ip4.mask).to_string());
        Device {
            device: device.id,
            mac: device.mac,
            link: device.link,
            up: device.up,
            configuration: device.configuration,
            slaac: device.slaac,
            netmask,
            ip: full(ip4.ip),
            gateway: full(ip4.gateway),
            ipv6: device.ip6.into_iter().map(|ip6| format!("{}/{}", ip6.ip, ip6.mask)).collect(),
            name_servers: device.name_servers,
            search_domains: device.search_domains,
            bond: full(device.bond),
            members: device.members,
            mode: ip4.mode,
            addresses,
            report: Vec::new(),
        }
    }
}

impl Run<Session> for Show {
    type View = Overview;

    fn run(self, session: &mut Session) -> Result<Overview, Failure> {
        let hostname = session.get(&network::SHOW, &[])?.hostname;
        let mut devices: Vec<Device> = devices(session)?.into_iter().map(Device::from).collect();
        let ports = devices.iter_mut().filter(|device| device.members.is_empty());
        for port in ports.filter(|_| self.verbose) {
            // A real appliance has no resource for it, nor for the routing table.
            let report = session.client().get(&network::PORT_REPORT, &[&port.device]);
            port.report = report.unwrap_or_default().lines;
        }
        let kernel = session.client().get(&network::KERNEL_ROUTES, &[]).unwrap_or_default().routes;
        Ok(Overview { hostname, devices, kernel, verbose: self.verbose })
    }
}

/// How many name servers are asked: the first ones of all devices.
const NAME_SERVERS: usize = 3;

impl Overview {
    /// What the devices that are up have, each once.
    fn of_all(&self, list: fn(&Device) -> &[String]) -> Vec<&str> {
        let mut all: Vec<&str> = Vec::new();
        for one in self.devices.iter().filter(|device| device.up).flat_map(list) {
            if !all.contains(&one.as_str()) {
                all.push(one);
            }
        }
        all
    }
}

impl Text for Overview {
    fn write(&self, page: &mut Page) {
        const LABEL: usize = 20;
        const GAP: &str = "      ";
        let mut servers = self.of_all(|device| &device.name_servers);
        servers.truncate(NAME_SERVERS);
        let domains = match &self.of_all(|device| &device.search_domains)[..] {
            [] => "<not set>".to_owned(),
            domains => domains.join(GAP),
        };
        page.field("   Hostname", LABEL, format!(": {}", self.hostname));
        page.field("   Name Server(s)", LABEL, format!(": {}", servers.join(GAP)));
        page.field("   Search Domain(s)", LABEL, format!(": {domains}"));
        page.blank();
        page.line("Interface settings and status");
        for device in &self.devices {
            page.blank();
            device.write(page);
        }
        page.blank();
        route::write_kernel(&self.kernel, page);
        if self.verbose {
            page.blank();
            page.line("Device and Connection Details");
            for port in self.devices.iter().filter(|device| device.members.is_empty()) {
                page.blank();
                port.write_details(page);
            }
        }
    }
}

impl Text for Device {
    /// Assumed: the second address of a device, and a bond that is not enabled.
    fn write(&self, page: &mut Page) {
        let name = &self.device;
        let yes = |yes: bool| if yes { "Yes" } else { "No" };
        if !self.members.is_empty() && !self.up {
            let state =
                if self.ip.is_some() { "Configured, but not enabled" } else { "Not configured" };
            page.field(&format!("   Status ({name})"), 24, format!(": {state}"));
            return;
        }
        let width = format!("   Link detected ({name}) ").len();
        let mut field = |label: &str, value: &str| {
            page.field(&format!("   {label} ({name})"), width, format!(": {value}"));
        };
        field("HW Address", &self.mac);
        if let Some(bond) = &self.bond {
            field("Bond master", bond);
            field("Link detected", yes(self.link));
            return;
        }
        let none = [Address::none()];
        let addresses = if self.addresses.is_empty() { &none[..] } else { &self.addresses[..] };
        for (number, address) in addresses.iter().enumerate() {
            field("IP Address", &address.ip);
            field("Mask", &address.mask);
            field("Gateway", &address.gateway);
            if number == 0 {
                field("DNS", &self.name_servers.join(" "));
                field("DNS Search", &self.search_domains.join(" "));
            }
            field("IP Protocol", address.kind);
            field("Protocol", address.protocol);
        }
        field("Auto Connect", yes(!self.addresses.is_empty()));
        field("Activated", yes(self.up));
        field("Link detected", yes(self.link));
        if !self.members.is_empty() {
            field("Active Slaves", &self.members.join(" "));
        }
    }
}

impl Device {
    fn write_details(&self, page: &mut Page) {
        let rule = |width: usize| "=".repeat(width);
        page.line(format!("{} {} {}", rule(33), self.device, rule(53)));
        let static_one = self.configuration == "static";
        let protocol = if static_one { "static" } else { "dhcp" };
        page.line(format!("{:<40}{protocol}", "BOOT PROTOCOL:"));
        page.line(rule(92));
        self.report.iter().for_each(|line| page.line(line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The four devices of the page's examples: static, in a bond, with SLAAC, without an address.
    #[test]
    fn devices_are_written_as_the_page_has_them() {
        let device = |id: &str, change: fn(&mut network::Device)| {
            let mut device = network::Device { id: id.into(), ..network::Device::default() };
            change(&mut device);
            Device::from(device)
        };
        let devices = [
            device("eth0", |eth0| {
                eth0.mac = "00:15:B2:A8:FD:A8".into();
                eth0.configuration = "static".into();
                (eth0.link, eth0.up) = (true, true);
                eth0.ip4 = Some(network::Ip4 {
                    ip: "192.20.9.109".into(),
                    mask: 24,
                    gateway: "192.20.9.10".into(),
                    mode: None,
                });
            }),
            device("eth1", |eth1| {
                eth1.mac = "3C:FD:FE:CB:45:30".into();
                (eth1.link, eth1.bond) = (true, "bond0".into());
            }),
            device("eth2", |eth2| {
                eth2.mac = "00:15:B2:A8:FD:AA".into();
                eth2.slaac = true;
                eth2.search_domains = vec!["sfnt.local.com".into()];
                eth2.ip6 = vec![network::Ip6 {
                    ip: "2019:2:3:4:215:b2ff:fea8:fda2".into(),
                    mask: 64,
                    gateway: Some("fe80::c800:5ff:fe95:8".into()),
                }];
            }),
            device("eth3", |eth3| eth3.mac = "00:15:B2:A8:FD:AB".into()),
            device("bond0", |bond0| {
                bond0.mac = "3C:FD:FE:CB:45:30".into();
                bond0.configuration = "static".into();
                bond0.members = vec!["eth0".into(), "eth1".into()];
                (bond0.link, bond0.up) = (true, true);
                bond0.ip4 = Some(network::Ip4 {
                    ip: "172.20.11.7".into(),
                    mask: 24,
                    gateway: "172.20.11.10".into(),
                    mode: None,
                });
            }),
            device("bond1", |bond1| bond1.members = vec!["eth2".into(), "eth3".into()]),
        ];
        let mut page = Page::new();
        devices.iter().for_each(|device| device.write(&mut page));
        insta::assert_snapshot!(page.into_text(), @r"
           HW Address (eth0)    : 00:15:B2:A8:FD:A8
           IP Address (eth0)    : 192.20.9.109/24
           Mask (eth0)          : 255.255.255.0
           Gateway (eth0)       : 192.20.9.10
           DNS (eth0)           :
           DNS Search (eth0)    :
           IP Protocol (eth0)   : IPv4
           Protocol (eth0)      : Static
           Auto Connect (eth0)  : Yes
           Activated (eth0)     : Yes
           Link detected (eth0) : Yes
           HW Address (eth1)    : 3C:FD:FE:CB:45:30
           Bond master (eth1)   : bond0
           Link detected (eth1) : Yes
           HW Address (eth2)    : 00:15:B2:A8:FD:AA
           IP Address (eth2)    : 2019:2:3:4:215:b2ff:fea8:fda2/64
           Mask (eth2)          : 2019:2:3:4::/64
           Gateway (eth2)       : fe80::c800:5ff:fe95:8
           DNS (eth2)           :
           DNS Search (eth2)    : sfnt.local.com
           IP Protocol (eth2)   : IPv6
           Protocol (eth2)      : SLAAC
           Auto Connect (eth2)  : Yes
           Activated (eth2)     : No
           Link detected (eth2) : No
           HW Address (eth3)    : 00:15:B2:A8:FD:AB
           IP Address (eth3)    :
           Mask (eth3)          :
           Gateway (eth3)       :
           DNS (eth3)           :
           DNS Search (eth3)    :
           IP Protocol (eth3)   : IPv4
           Protocol (eth3)      : DHCP
           Auto Connect (eth3)  : No
           Activated (eth3)     : No
           Link detected (eth3) : No
           HW Address (bond0)    : 3C:FD:FE:CB:45:30
           IP Address (bond0)    : 172.20.11.7/24
           Mask (bond0)          : 255.255.255.0
           Gateway (bond0)       : 172.20.11.10
           DNS (bond0)           :
           DNS Search (bond0)    :
           IP Protocol (bond0)   : IPv4
           Protocol (bond0)      : Static
           Auto Connect (bond0)  : Yes
           Activated (bond0)     : Yes
           Link detected (bond0) : Yes
           Active Slaves (bond0) : eth0 eth1
           Status (bond1)       : Not configured
        ");
    }
}
