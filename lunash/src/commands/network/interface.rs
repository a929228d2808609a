//! `network interface`: how a device gets its addresses.

use std::net::IpAddr;

use luna_rest::network;

use super::{confirm_restart, mask_length, of_kind};
use crate::prelude::*;

pub(in crate::commands) const MENUS: &[Menu] =
    &[Menu { path: "network interface", help: "Addresses of the network devices" }];

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "network interface delete -device|-d <device:eth0|eth1|eth2|eth3>",
        help: "Take all configuration from a device",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[network::CONFIGURE.resource()],
        known: Known::Documented("lunash/commands/network/network_interface_delete.htm@7.2"),
        run: call::<Delete>(),
    },
    Command {
        syntax: "network interface dhcp -device|-d <device:eth0|eth1|eth2|eth3> [-force|-f] [-ipv6|-i]",
        help: "Let a device take its address from DHCP",
        options: &[("-ipv6", "An IPv6 address, by DHCPv6")],
        roles: Role::OPERATOR,
        rest: &[network::CONFIGURE.resource()],
        known: Known::Documented("lunash/commands/network/network_interface_dhcp.htm@7.2"),
        run: call::<Dhcp>(),
    },
    Command {
        syntax: "network interface slaac -device|-d <device:eth0|eth1|eth2|eth3> [-force|-f]",
        help: "Let a device configure its IPv6 address by itself",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[network::CONFIGURE.resource()],
        known: Known::Documented("lunash/commands/network/network_interface_slaac.htm@7.2"),
        run: call::<Slaac>(),
    },
    Command {
        syntax: "network interface static -device|-d <device:eth0|eth1|eth2|eth3> -ip|-i <ip_address> -netmask|-n <netmask> [-gateway|-g <ip_address>] [-force|-f] [-ipv6|-ipv]",
        help: "Give a device a static address",
        options: &[
            ("-ip", "IPv4 or IPv6 address"),
            ("-netmask", "Network mask, dotted or as the length of the prefix"),
            ("-gateway", "Address of the gateway; IPv4 needs one"),
            ("-ipv6", "The address is an IPv6 address"),
        ],
        roles: Role::OPERATOR,
        rest: &[network::SET_IP4.resource(), network::SET_IP6.resource()],
        known: Known::Documented("lunash/commands/network/network_interface_static.htm@7.2"),
        run: call::<Static>(),
    },
];

/// Asks before a device is restarted. Nothing but an empty line follows the answer.
fn confirm(session: &mut Session, force: bool, device: &str) -> Result<(), Failure> {
    confirm_restart(session, force, device)?;
    if !force {
        session.ui().show("\n");
    }
    Ok(())
}

#[derive(Deserialize)]
struct Delete {
    device: String,
}

impl Run<Session> for Delete {
    type View = Untold<Changed>;

    fn run(self, session: &mut Session) -> Result<Untold<Changed>, Failure> {
        session.call(&network::CONFIGURE, &[&self.device, network::CLEAR], &Nothing {})?;
        Ok(Changed::new("deleted", self.device))
    }
}

#[derive(Deserialize)]
struct Dhcp {
    device: String,
    force: bool,
    ipv6: bool,
}

impl Run<Session> for Dhcp {
    type View = Untold<Changed>;

    fn run(self, session: &mut Session) -> Result<Untold<Changed>, Failure> {
        let action = if self.ipv6 { network::DHCP6 } else { network::DHCP };
        confirm(session, self.force, &self.device)?;
        session.call(&network::CONFIGURE, &[&self.device, action], &Nothing {})?;
        Ok(Changed::new("configured for DHCP", self.device))
    }
}

#[derive(Deserialize)]
struct Slaac {
    device: String,
    force: bool,
}

impl Run<Session> for Slaac {
    type View = Untold<Changed>;

    fn run(self, session: &mut Session) -> Result<Untold<Changed>, Failure> {
        confirm(session, self.force, &self.device)?;
        session.call(&network::CONFIGURE, &[&self.device, network::SLAAC], &Nothing {})?;
        Ok(Changed::new("configured for SLAAC", self.device))
    }
}

#[derive(Deserialize)]
struct Static {
    device: String,
    ip: IpAddr,
    netmask: String,
    gateway: Option<IpAddr>,
    force: bool,
    ipv6: bool,
}

impl Run<Session> for Static {
    type View = Untold<Changed>;

    fn run(self, session: &mut Session) -> Result<Untold<Changed>, Failure> {
        of_kind(self.ip, self.ipv6)?;
        let mask = mask_length(&self.netmask)?;
        let gateway = self.gateway.map(|gateway| gateway.to_string());
        let ip = self.ip.to_string();
        let device = [self.device.as_str()];
        match (self.ip, gateway) {
            (IpAddr::V4(_), None) => {
                return Err(Failure::command("An IPv4 address needs a gateway.")
                    .hint("name it with -gateway"));
            }
            (IpAddr::V4(_), Some(gateway)) => {
                confirm(session, self.force, &self.device)?;
                let body = network::Ip4 { ip, mask, gateway, mode: None };
                session.call(&network::SET_IP4, &device, &body)?;
            }
            (IpAddr::V6(_), gateway) => {
                confirm(session, self.force, &self.device)?;
                let body = network::Ip6 { ip, mask, gateway };
                session.call(&network::SET_IP6, &device, &body)?;
            }
        }
        Ok(Changed::new("configured", self.device))
    }
}

/// A device whose configuration was changed.
#[derive(Serialize)]
pub(super) struct Changed {
    device: String,
    change: &'static str,
}

impl Changed {
    pub(super) fn new(change: &'static str, device: String) -> Untold<Changed> {
        Untold(Changed { device, change })
    }
}
