//! `network interface`: how a device gets its addresses.

use std::net::IpAddr;

use luna_rest::network;

use super::{confirm, mask_length};
use crate::prelude::*;

pub(in crate::commands) const MENUS: &[Menu] =
    &[Menu { path: "network interface", help: "Addresses of the network devices" }];

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "network interface delete -device|-d <device:eth0|eth1|eth2|eth3|bond0|bond1> [-force|-f]",
        help: "Take all configuration from a device",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[network::CONFIGURE.resource()],
        known: Known::Assumed("a public tutorial types this line on 7.2; its output is not public"),
        run: call::<Delete>(),
    },
    Command {
        syntax: "network interface dhcp -device|-d <device:eth0|eth1|eth2|eth3> [-force|-f]",
        help: "Let a device take its address from DHCP",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[network::CONFIGURE.resource()],
        known: Known::Assumed("known by name only: the options of 'network interface delete'"),
        run: call::<Dhcp>(),
    },
    Command {
        syntax: "network interface slaac -device|-d <device:eth0|eth1|eth2|eth3> [-force|-f]",
        help: "Let a device configure its IPv6 address by itself",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[network::CONFIGURE.resource()],
        known: Known::Assumed("known by name only: the options of 'network interface delete'"),
        run: call::<Slaac>(),
    },
    Command {
        syntax: "network interface static -device|-d <device:eth0|eth1|eth2|eth3> -ip|-i <ip_address> -netmask|-n <netmask> [-gateway|-g <ip_address>] [-force|-f]",
        help: "Give a device a static address",
        options: &[
            ("-ip", "IPv4 or IPv6 address"),
            ("-netmask", "Network mask, dotted or as the length of the prefix"),
            ("-gateway", "Address of the gateway; IPv4 needs one"),
        ],
        roles: Role::OPERATOR,
        rest: &[network::SET_IP4.resource(), network::SET_IP6.resource()],
        known: Known::Assumed(
            "known by name only: the options that 'network interface' had in 5.x",
        ),
        run: call::<Static>(),
    },
];

/// Runs an action that changes where a device has its addresses from.
fn configure(
    session: &mut Session,
    device: &str,
    action: &'static str,
    force: bool,
    what: &str,
) -> Result<(), Failure> {
    confirm(session, force, what)?;
    session.call(&network::CONFIGURE, &[device, action], &Nothing {})?;
    Ok(())
}

#[derive(Deserialize)]
struct Delete {
    device: String,
    force: bool,
}

impl Run<Session> for Delete {
    type View = Changed;

    fn run(self, session: &mut Session) -> Result<Changed, Failure> {
        configure(
            session,
            &self.device,
            network::CLEAR,
            self.force,
            "Deleting the configuration of a device",
        )?;
        Ok(Changed::new("deleted", self.device))
    }
}

#[derive(Deserialize)]
struct Dhcp {
    device: String,
    force: bool,
}

impl Run<Session> for Dhcp {
    type View = Changed;

    fn run(self, session: &mut Session) -> Result<Changed, Failure> {
        configure(
            session,
            &self.device,
            network::DHCP,
            self.force,
            "Changing the configuration of a device",
        )?;
        Ok(Changed::new("configured for DHCP", self.device))
    }
}

#[derive(Deserialize)]
struct Slaac {
    device: String,
    force: bool,
}

impl Run<Session> for Slaac {
    type View = Changed;

    fn run(self, session: &mut Session) -> Result<Changed, Failure> {
        configure(
            session,
            &self.device,
            network::SLAAC,
            self.force,
            "Changing the configuration of a device",
        )?;
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
}

impl Run<Session> for Static {
    type View = Changed;

    fn run(self, session: &mut Session) -> Result<Changed, Failure> {
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
                confirm(session, self.force, "Changing the configuration of a device")?;
                let body = network::Ip4 { ip, mask, gateway, mode: None };
                session.call(&network::SET_IP4, &device, &body)?;
            }
            (IpAddr::V6(_), gateway) => {
                confirm(session, self.force, "Changing the configuration of a device")?;
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
    pub(super) fn new(change: &'static str, device: String) -> Changed {
        Changed { device, change }
    }
}

impl Text for Changed {
    /// Assumed: in the manner of the sentence of `network hostname`.
    fn write(&self, page: &mut Page) {
        page.line(format!("Success: Interface {} {}.", self.device, self.change));
    }
}
