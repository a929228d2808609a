//! `network`: the host name and an overview; `interface.rs`, `bonding.rs`, `route.rs`, `dns.rs`
//! have the menus below.
//!
//! No page of these commands is public but a few lines: what is marked Assumed takes the option
//! names from those lines and from the API's fields.

pub(super) mod bonding;
pub(super) mod dns;
pub(super) mod interface;
pub(super) mod route;

use std::net::Ipv4Addr;

use luna_rest::network;

use crate::prelude::*;

pub(super) const MENUS: &[Menu] =
    &[Menu { path: "network", help: "Host name, devices, routes and name servers" }];

pub(super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "network hostname <hostname>",
        help: "Set the host name of the appliance",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[network::SHOW.resource(), network::CHANGE.resource()],
        known: Known::Seen("network-hostname-5"),
        run: call::<Hostname>(),
    },
    Command {
        syntax: "network ping <address>",
        help: "Send an echo request to a host",
        options: &[],
        roles: Role::MONITOR,
        rest: &[network::ACT.resource()],
        known: Known::Assumed("the command was seen, its output was not: a short form of ping(8)"),
        run: call::<Ping>(),
    },
    Command {
        syntax: "network show",
        help: "Show the network configuration",
        options: &[],
        roles: Role::MONITOR,
        rest: &[network::SHOW.resource(), network::DEVICES.resource(), network::DEVICE.resource()],
        known: Known::Assumed("the output was not seen: labels and values a line each, by device"),
        run: call::<Show>(),
    },
];

/// The devices, in the appliance's order.
pub(in crate::commands) fn devices(session: &Session) -> Result<Vec<network::Device>, Failure> {
    let list = session.get(&network::DEVICES, &[])?.devices;
    let show = |entry: luna_rest::tasks::Link| session.get(&network::DEVICE, &[&entry.id]);
    list.into_iter().map(show).collect()
}

/// Asks before something that can end this very connection.
pub(super) fn confirm(session: &mut Session, force: bool, what: &str) -> Result<(), Failure> {
    session.confirm_lockout(
        force,
        &format!(
            "{what} can end your connection to the
appliance."
        ),
    )
}

/// The dotted mask of a prefix length.
pub(in crate::commands) fn dotted(mask: u8) -> Ipv4Addr {
    let host_bits = 32 - u32::from(mask.min(32));
    Ipv4Addr::from_bits(u32::MAX.checked_shl(host_bits).unwrap_or(0))
}

/// The length of a prefix, which was typed as such or as a dotted mask.
///
/// # Errors
/// It is neither.
pub(super) fn mask_length(text: &str) -> Result<u8, Failure> {
    let dotted = |text: &str| {
        let bits = text.parse::<Ipv4Addr>().ok()?.to_bits();
        let whole = bits.leading_ones() + bits.trailing_zeros() == 32;
        if whole { u8::try_from(bits.leading_ones()).ok() } else { None }
    };
    text.parse::<u8>()
        .ok()
        .filter(|length| *length <= 128)
        .or_else(|| dotted(text))
        .ok_or_else(|| Failure::command(format!("'{text}' is not a network mask.")))
        .map_err(|failure| failure.hint("write 255.255.255.0, or 24"))
}

#[derive(Deserialize)]
struct Hostname {
    hostname: String,
}

/// The host name that was set.
#[derive(Serialize)]
struct HostnameSet {
    hostname: String,
}

impl Run<Session> for Hostname {
    type View = HostnameSet;

    fn run(self, session: &mut Session) -> Result<HostnameSet, Failure> {
        let hostname = Some(self.hostname.clone());
        session.call(&network::CHANGE, &[], &network::NewHostname { hostname })?;
        session.refresh_hostname();
        Ok(HostnameSet { hostname: self.hostname })
    }
}

impl Text for HostnameSet {
    fn write(&self, page: &mut Page) {
        page.line(format!("Success: Hostname {} set.", self.hostname));
    }
}

#[derive(Deserialize)]
struct Ping {
    address: String,
}

/// That a host answered.
#[derive(Serialize)]
struct Answered {
    address: String,
    milliseconds: f64,
}

impl Run<Session> for Ping {
    type View = Answered;

    fn run(self, session: &mut Session) -> Result<Answered, Failure> {
        let ping = network::Ping { address: self.address.clone() };
        let pong = session.call(&network::ACT, &[network::PING], &ping)?;
        if pong.time <= 0.0 {
            return Err(Failure::command(format!("No answer from {}.", self.address))
                .hint("'network route show' shows where the appliance looks for it"));
        }
        let milliseconds = (pong.time * 1_000_000.0).round() / 1000.0;
        Ok(Answered { address: self.address, milliseconds })
    }
}

impl Text for Answered {
    fn write(&self, page: &mut Page) {
        page.line(format!("--- {} ping statistics ---", self.address));
        page.line("1 packets transmitted, 1 received, 0% packet loss");
        page.line(format!("rtt {:.3} ms", self.milliseconds));
    }
}

#[derive(Deserialize)]
struct Show {}

/// The network configuration.
#[derive(Serialize)]
struct Overview {
    hostname: String,
    devices: Vec<Device>,
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
}

impl From<network::Device> for Device {
    fn from(device: network::Device) -> Device {
        let full = |text: String| Some(text).filter(|text| !text.is_empty());
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
        }
    }
}

impl Run<Session> for Show {
    type View = Overview;

    fn run(self, session: &mut Session) -> Result<Overview, Failure> {
        let hostname = session.get(&network::SHOW, &[])?.hostname;
        let devices = devices(session)?.into_iter().map(Device::from).collect();
        Ok(Overview { hostname, devices })
    }
}

/// Width of the labels.
const LABEL: usize = 25;

impl Text for Overview {
    fn write(&self, page: &mut Page) {
        page.field("Hostname:", LABEL, &self.hostname);
        // A bond without configuration is not shown.
        let shown = |device: &&Device| device.members.is_empty() || device.ip.is_some();
        for device in self.devices.iter().filter(shown) {
            device.write(page);
        }
    }
}

impl Text for Device {
    fn write(&self, page: &mut Page) {
        page.blank();
        page.line(&self.device);
        let mut field = |label: &str, value: &str| {
            page.field(&format!("   {label}:"), LABEL, value);
        };
        let list = |values: &[String]| match values {
            [] => "<not set>".to_owned(),
            values => values.join(", "),
        };
        let yes = |yes: bool| if yes { "yes" } else { "no" };
        field("HW Address", &self.mac);
        field("Link detected", yes(self.link));
        if let Some(bond) = &self.bond {
            field("Serves", bond);
        }
        if !self.members.is_empty() {
            field("Devices", &list(&self.members));
            field("Enabled", yes(self.up));
        }
        if let Some(mode) = &self.mode {
            field("Mode", mode);
        }
        let how = match (self.configuration.as_str(), self.slaac) {
            ("none", true) => "slaac".to_owned(),
            (how, true) => format!("{how}, slaac"),
            (how, false) => how.to_owned(),
        };
        field("Configuration", &how);
        if let (Some(ip), Some(netmask), Some(gateway)) = (&self.ip, &self.netmask, &self.gateway) {
            field("IP Address", ip);
            field("Mask", netmask);
            field("Gateway", gateway);
        }
        for ipv6 in &self.ipv6 {
            field("IPv6 Address", ipv6);
        }
        field("Name Servers", &list(&self.name_servers));
        field("Search Domains", &list(&self.search_domains));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_take_the_names_of_the_appliances_devices() {
        let commands = crate::catalogue().commands;
        let lists: Vec<&str> = commands
            .iter()
            .flat_map(|command| command.syntax.split([':', '>']))
            .filter(|values| values.split('|').any(|value| value == "eth0"))
            .collect();
        assert!(!lists.is_empty());
        for list in lists {
            let names: Vec<&str> =
                list.split('|').filter(|name| !name.starts_with("all")).collect();
            // All of them, or those that are no bonds.
            assert!(names.len() >= 4 && network::DEVICE_NAMES.starts_with(&names), "{list}");
        }
    }

    #[test]
    fn masks_are_read_in_both_forms_and_written_dotted() {
        for (text, length) in [("24", 24), ("255.255.255.0", 24), ("0.0.0.0", 0), ("64", 64)] {
            assert_eq!(mask_length(text).unwrap(), length, "{text}");
        }
        for text in ["255.0.255.0", "129", "", "x"] {
            assert!(mask_length(text).is_err(), "{text}");
        }
        assert_eq!(dotted(0).to_string(), "0.0.0.0");
        assert_eq!(dotted(23).to_string(), "255.255.254.0");
        assert_eq!(dotted(32).to_string(), "255.255.255.255");
    }
}
