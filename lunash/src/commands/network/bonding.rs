//! `network interface bonding`: two ports as one device.

use std::net::Ipv4Addr;

use luna_rest::network;

use super::interface::Changed;
use super::{devices, dotted, mask_length};
use crate::prelude::*;

pub(in crate::commands) const MENUS: &[Menu] = &[Menu {
    path: "network interface bonding",
    help: "Two ports as one: bond0 is eth0 and eth1, bond1 is eth2 and eth3",
}];

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "network interface bonding config -ip|-i <ip_address> -netmask|-ne <netmask> -name|-na <bond:bond0|bond1> -gateway|-g <ip_address> [-mode <mode:active-backup|broadcast|lacp>]",
        help: "Give a bond its address",
        options: &[
            ("-name", "The bond"),
            // Assumed, as -keeproutes below: newer than the page, named as the field of the API.
            ("-mode", "How the two ports share the work; active-backup if nothing is said"),
        ],
        roles: Role::OPERATOR,
        rest: &[network::SET_IP4.resource()],
        known: Known::Documented(
            "lunash/commands/network/network_interface_bonding_config.htm@7.2",
        ),
        run: call::<Config>(),
    },
    Command {
        syntax: "network interface bonding disable -name|-n <bond:bond0|bond1> [-keeproutes]",
        help: "Give a bond's ports back",
        options: &[
            ("-name", "The bond"),
            ("-keeproutes", "Keep the routes that were added to the bond"),
        ],
        roles: Role::OPERATOR,
        rest: &[network::ACT_ON_DEVICE.resource()],
        known: Known::Documented(
            "lunash/commands/network/network_interface_bonding_disable.htm@7.2",
        ),
        run: call::<Disable>(),
    },
    Command {
        syntax: "network interface bonding enable -name|-n <bond:bond0|bond1>",
        help: "Put a configured bond into service",
        options: &[("-name", "The bond")],
        roles: Role::OPERATOR,
        rest: &[network::ACT_ON_DEVICE.resource()],
        known: Known::Documented(
            "lunash/commands/network/network_interface_bonding_enable.htm@7.2",
        ),
        run: call::<Enable>(),
    },
    Command {
        syntax: "network interface bonding show",
        help: "Show the bonds",
        options: &[],
        roles: Role::MONITOR,
        rest: &[network::DEVICES.resource(), network::DEVICE.resource()],
        known: Known::Documented("lunash/commands/network/network_interface_bonding_show.htm@7.2"),
        run: call::<Show>(),
    },
];

#[derive(Deserialize)]
struct Config {
    ip: Ipv4Addr,
    netmask: String,
    gateway: Ipv4Addr,
    name: String,
    mode: Option<String>,
}

impl Run<Session> for Config {
    type View = Untold<Changed>;

    fn run(self, session: &mut Session) -> Result<Untold<Changed>, Failure> {
        let mask = mask_length(&self.netmask)?;
        let (ip, gateway) = (self.ip.to_string(), self.gateway.to_string());
        let body = network::Ip4 { ip, mask, gateway, mode: self.mode };
        session.call(&network::SET_IP4, &[&self.name], &body)?;
        Ok(Changed::new("configured", self.name))
    }
}

#[derive(Deserialize)]
struct Enable {
    name: String,
}

impl Run<Session> for Enable {
    type View = Untold<Changed>;

    fn run(self, session: &mut Session) -> Result<Untold<Changed>, Failure> {
        let ids = [self.name.as_str(), network::ENABLE];
        session.call(&network::ACT_ON_DEVICE, &ids, &network::DeviceAction::default())?;
        Ok(Changed::new("enabled", self.name))
    }
}

#[derive(Deserialize)]
struct Disable {
    name: String,
    keeproutes: bool,
}

impl Run<Session> for Disable {
    type View = Untold<Changed>;

    fn run(self, session: &mut Session) -> Result<Untold<Changed>, Failure> {
        let ids = [self.name.as_str(), network::DISABLE];
        let body = network::DeviceAction { keep_routes: Some(self.keeproutes) };
        session.call(&network::ACT_ON_DEVICE, &ids, &body)?;
        Ok(Changed::new("disabled", self.name))
    }
}

#[derive(Deserialize)]
struct Show {}

/// The bonds.
#[derive(Serialize)]
struct Bonds {
    bonds: Vec<Bond>,
}

/// A bond.
#[derive(Serialize)]
struct Bond {
    name: String,
    members: Vec<String>,
    enabled: bool,
    mode: Option<String>,
    ip: Option<String>,
    netmask: Option<String>,
    gateway: Option<String>,
    ports: Vec<Port>,
}

/// A device that serves a bond.
#[derive(Serialize)]
struct Port {
    name: String,
    mac: String,
    link: bool,
}

impl Run<Session> for Show {
    type View = Bonds;

    fn run(self, session: &mut Session) -> Result<Bonds, Failure> {
        let devices = devices(session)?;
        let port = |name: &String| {
            let port = devices.iter().find(|device| device.id == *name)?;
            Some(Port { name: name.clone(), mac: port.mac.to_lowercase(), link: port.link })
        };
        let bonds = devices.iter().filter(|device| !device.members.is_empty()).map(|device| {
            let ip4 = device.ip4.as_ref();
            Bond {
                name: device.id.clone(),
                members: device.members.clone(),
                enabled: device.up,
                mode: ip4.and_then(|ip4| ip4.mode.clone()),
                ip: ip4.map(|ip4| ip4.ip.clone()),
                netmask: ip4.map(|ip4| dotted(ip4.mask).to_string()),
                gateway: ip4.map(|ip4| ip4.gateway.clone()),
                ports: device.members.iter().filter_map(port).collect(),
            }
        });
        Ok(Bonds { bonds: bonds.collect() })
    }
}

impl Text for Bonds {
    fn write(&self, page: &mut Page) {
        for (number, bond) in self.bonds.iter().enumerate() {
            if number > 0 {
                page.blank();
            }
            page.line(format!("{}:", bond.name));
            if bond.enabled {
                bond.write(page);
            } else {
                let state = if bond.ip.is_some() {
                    "configured, but not enabled"
                } else {
                    "not configured"
                };
                page.line(format!("{} is {state}.", bond.name));
                page.blank();
                page.line(format!("Bonding Interface: {}", bond.name));
                page.line(format!("Slave devices: {}", bond.members.join(" ")));
            }
            page.line("-".repeat(59));
        }
    }
}

impl Text for Bond {
    /// The status that the kernel keeps of an enabled bond, and the links of its ports. Assumed: the
    /// modes but the first, and the figures that stand still.
    fn write(&self, page: &mut Page) {
        let mode = match self.mode.as_deref() {
            Some("broadcast") => "fault-tolerance (broadcast)",
            Some("lacp") => "IEEE 802.3ad Dynamic link aggregation",
            _ => "fault-tolerance (active-backup)",
        };
        page.blank();
        page.line(format!("Bonding Mode: {mode}"));
        if mode.ends_with("(active-backup)") {
            page.line("Primary Slave: None");
            let active = self.ports.iter().find(|port| port.link);
            let active = active.map_or("None", |port| &port.name);
            page.line(format!("Currently Active Slave: {active}"));
        }
        let status = |up: bool| format!("MII Status: {}", if up { "up" } else { "down" });
        page.line(status(self.ports.iter().any(|port| port.link)));
        page.line("MII Polling Interval (ms): 0\nUp Delay (ms): 0\nDown Delay (ms): 0");
        page.line("ARP Polling Interval (ms): 500");
        let gateway = self.gateway.as_deref().unwrap_or_default();
        page.line(format!("ARP IP target/s (n.n.n.n form): {gateway}"));
        for port in &self.ports {
            page.blank();
            page.line(format!("Slave Interface: {}", port.name));
            page.line(status(port.link));
            page.line("Speed: 1000 Mbps\nDuplex: full\nLink Failure Count: 0");
            page.line(format!("Permanent HW addr: {}", port.mac));
            page.line("Slave queue ID: 0");
        }
        page.blank();
        let mut names: Vec<&Port> = self.ports.iter().collect();
        names.sort_by(|a, b| a.name.cmp(&b.name));
        for Port { name, link, .. } in names {
            let link = if *link { "yes" } else { "no" };
            page.line(format!("Slave status {name}:      Link detected: {link}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the page, but for a port whose link had failed once.
    #[test]
    fn bonds_are_written_as_the_page_has_them() {
        let port = |name: &str, mac: &str| Port { name: name.into(), mac: mac.into(), link: true };
        let bond = |name: &str, members: [&str; 2], enabled: bool| Bond {
            name: name.into(),
            members: members.map(str::to_owned).into(),
            enabled,
            mode: Some("active-backup".into()),
            ip: Some("192.20.11.64".into()),
            netmask: Some("255.255.255.0".into()),
            gateway: Some("192.20.11.10".into()),
            ports: vec![port("eth1", "00:15:b2:a9:b7:85"), port("eth0", "00:15:b2:a9:b7:84")],
        };
        let bonds = Bonds {
            bonds: vec![
                bond("bond0", ["eth0", "eth1"], true),
                bond("bond1", ["eth2", "eth3"], false),
            ],
        };
        let mut page = Page::new();
        bonds.write(&mut page);
        insta::assert_snapshot!(page.into_text(), @r"
        bond0:

        Bonding Mode: fault-tolerance (active-backup)
        Primary Slave: None
        Currently Active Slave: eth1
        MII Status: up
        MII Polling Interval (ms): 0
        Up Delay (ms): 0
        Down Delay (ms): 0
        ARP Polling Interval (ms): 500
        ARP IP target/s (n.n.n.n form): 192.20.11.10

        Slave Interface: eth1
        MII Status: up
        Speed: 1000 Mbps
        Duplex: full
        Link Failure Count: 0
        Permanent HW addr: 00:15:b2:a9:b7:85
        Slave queue ID: 0

        Slave Interface: eth0
        MII Status: up
        Speed: 1000 Mbps
        Duplex: full
        Link Failure Count: 0
        Permanent HW addr: 00:15:b2:a9:b7:84
        Slave queue ID: 0

        Slave status eth0:      Link detected: yes
        Slave status eth1:      Link detected: yes
        -----------------------------------------------------------

        bond1:
        bond1 is configured, but not enabled.

        Bonding Interface: bond1
        Slave devices: eth2 eth3
        -----------------------------------------------------------
        ");
    }
}
