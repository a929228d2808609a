//! `network interface bonding`: two ports as one device.

use std::net::Ipv4Addr;

use luna_rest::network;

use super::interface::Changed;
use super::{confirm, devices, dotted, mask_length};
use crate::prelude::*;

pub(in crate::commands) const MENUS: &[Menu] = &[Menu {
    path: "network interface bonding",
    help: "Two ports as one: bond0 is eth0 and eth1, bond1 is eth2 and eth3",
}];

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "network interface bonding config -ip <ip_address> -netmask <netmask> -gateway <ip_address> -name|-n <bond:bond0|bond1> [-mode <mode:active-backup|broadcast|lacp>] [-force|-f]",
        help: "Give a bond its address",
        options: &[
            ("-name", "The bond"),
            ("-mode", "How the two ports share the work; active-backup if nothing is said"),
        ],
        roles: Role::OPERATOR,
        rest: &[network::SET_IP4.resource()],
        known: Known::Documented("admin_appliance/client_connections/port_bonding.htm"),
        run: call::<Config>(),
    },
    Command {
        syntax: "network interface bonding disable -name|-n <bond:bond0|bond1> [-keeproutes] [-force|-f]",
        help: "Give a bond's ports back",
        options: &[
            ("-name", "The bond"),
            ("-keeproutes", "Keep the routes that were added to the bond"),
        ],
        roles: Role::OPERATOR,
        rest: &[network::ACT_ON_DEVICE.resource()],
        known: Known::Assumed("known by name only: the fields of its REST resource as options"),
        run: call::<Disable>(),
    },
    Command {
        syntax: "network interface bonding enable -name|-n <bond:bond0|bond1> [-force|-f]",
        help: "Put a configured bond into service",
        options: &[("-name", "The bond")],
        roles: Role::OPERATOR,
        rest: &[network::ACT_ON_DEVICE.resource()],
        known: Known::Assumed("known by name only: the fields of its REST resource as options"),
        run: call::<Enable>(),
    },
    Command {
        syntax: "network interface bonding show",
        help: "Show the bonds",
        options: &[],
        roles: Role::MONITOR,
        rest: &[network::DEVICES.resource(), network::DEVICE.resource()],
        known: Known::Assumed("known by name only: labels and values a line each, by bond"),
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
    force: bool,
}

impl Run<Session> for Config {
    type View = Changed;

    fn run(self, session: &mut Session) -> Result<Changed, Failure> {
        let mask = mask_length(&self.netmask)?;
        confirm(session, self.force, "Configuring a bond")?;
        let (ip, gateway) = (self.ip.to_string(), self.gateway.to_string());
        let body = network::Ip4 { ip, mask, gateway, mode: self.mode };
        session.call(&network::SET_IP4, &[&self.name], &body)?;
        Ok(Changed::new("configured", self.name))
    }
}

#[derive(Deserialize)]
struct Enable {
    name: String,
    force: bool,
}

impl Run<Session> for Enable {
    type View = Changed;

    fn run(self, session: &mut Session) -> Result<Changed, Failure> {
        confirm(session, self.force, "Enabling a bond")?;
        let ids = [self.name.as_str(), network::ENABLE];
        session.call(&network::ACT_ON_DEVICE, &ids, &network::DeviceAction::default())?;
        Ok(Changed::new("enabled", self.name))
    }
}

#[derive(Deserialize)]
struct Disable {
    name: String,
    keeproutes: bool,
    force: bool,
}

impl Run<Session> for Disable {
    type View = Changed;

    fn run(self, session: &mut Session) -> Result<Changed, Failure> {
        confirm(session, self.force, "Disabling a bond")?;
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
}

impl Run<Session> for Show {
    type View = Bonds;

    fn run(self, session: &mut Session) -> Result<Bonds, Failure> {
        let bonds = devices(session)?.into_iter().filter(|device| !device.members.is_empty());
        let bonds = bonds.map(|device| {
            let (enabled, members, name) = (device.up, device.members, device.id);
            match device.ip4 {
                None => {
                    let (mode, ip, netmask, gateway) = Default::default();
                    Bond { name, members, enabled, mode, ip, netmask, gateway }
                }
                Some(ip4) => Bond {
                    name,
                    members,
                    enabled,
                    mode: ip4.mode,
                    ip: Some(ip4.ip),
                    netmask: Some(dotted(ip4.mask).to_string()),
                    gateway: Some(ip4.gateway),
                },
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
            page.line(&bond.name);
            let mut field = |label: &str, value: &str| page.field(label, 25, value);
            field("   Devices:", &bond.members.join(", "));
            field("   Enabled:", if bond.enabled { "yes" } else { "no" });
            let or_not_set =
                |value: &Option<String>| value.clone().unwrap_or_else(|| "<not set>".to_owned());
            field("   Mode:", &or_not_set(&bond.mode));
            field("   IP Address:", &or_not_set(&bond.ip));
            field("   Mask:", &or_not_set(&bond.netmask));
            field("   Gateway:", &or_not_set(&bond.gateway));
        }
    }
}
