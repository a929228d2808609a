//! `network`: the host name and echo requests; `show.rs` has the overview, `interface.rs`,
//! `bonding.rs`, `route.rs`, `dns.rs` the menus below.

pub(super) mod bonding;
pub(super) mod dns;
pub(super) mod interface;
pub(super) mod route;
pub(super) mod show;

use std::net::{IpAddr, Ipv4Addr};

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
        syntax: "network ping <address> [-ipv6|-i]",
        help: "Send an echo request to a host",
        options: &[("-ipv6", "The host has an IPv6 address")],
        roles: Role::MONITOR,
        rest: &[network::ACT.resource()],
        known: Known::Documented("lunash/commands/network/network_ping.htm@7.2"),
        run: call::<Ping>(),
    },
];

/// The devices, in the appliance's order.
pub(in crate::commands) fn devices(session: &Session) -> Result<Vec<network::Device>, Failure> {
    let list = session.get(&network::DEVICES, &[])?.devices;
    let show = |entry: luna_rest::tasks::Link| session.get(&network::DEVICE, &[&entry.id]);
    list.into_iter().map(show).collect()
}

/// Asks before a device is restarted, which can end this very connection, and says that it goes on.
fn confirm_restart(session: &mut Session, force: bool, device: &str) -> Result<(), Failure> {
    session.confirm_aloud(
        force,
        &format!(
            "NOTICE: The network connection for device {device} will be restarted for new network \
             settings to take effect.\n\
             If you are sure that you wish to restart the device connection, then type 'proceed', \
             otherwise type 'quit'\n\n> "
        ),
    )
}

/// Whether an address is of the kind that `-ipv6`, or its absence, says.
///
/// # Errors
/// It is of the other kind.
fn of_kind(ip: IpAddr, ipv6: bool) -> Result<(), Failure> {
    match (ip, ipv6) {
        (IpAddr::V4(_), true) => {
            Err(Failure::command(format!("'{ip}' is no IPv6 address.")).hint("leave out -ipv6"))
        }
        (IpAddr::V6(_), false) => {
            Err(Failure::command(format!("'{ip}' is an IPv6 address.")).hint("say -ipv6 too"))
        }
        _ => Ok(()),
    }
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
    ipv6: bool,
}

/// That a host answered.
#[derive(Serialize)]
struct Answered {
    address: String,
    milliseconds: f64,
    #[serde(skip)]
    ipv6: bool,
}

impl Run<Session> for Ping {
    type View = Answered;

    fn run(self, session: &mut Session) -> Result<Answered, Failure> {
        if let Ok(ip) = self.address.parse() {
            of_kind(ip, self.ipv6)?;
        }
        let ping = network::Ping { address: self.address.clone() };
        let pong = session.call(&network::ACT, &[network::PING], &ping)?;
        if pong.time <= 0.0 {
            return Err(Failure::command(format!("No answer from {}.", self.address))
                .hint("'network route show' shows where the appliance looks for it"));
        }
        let milliseconds = (pong.time * 1_000_000.0).round() / 1000.0;
        Ok(Answered { address: self.address, milliseconds, ipv6: self.ipv6 })
    }
}

impl Text for Answered {
    /// Assumed: the address of a host that was named, which the appliance does not tell, and the
    /// first line of IPv6, as ping6(8) has it.
    fn write(&self, page: &mut Page) {
        let Answered { address, milliseconds: time, ipv6 } = self;
        page.line(match ipv6 {
            false => format!("PING {address} ({address}) 56(84) bytes of data."),
            true => format!("PING {address}({address}) 56 data bytes"),
        });
        page.line(format!("64 bytes from {address}: icmp_seq=1 ttl=64 time={time:.3} ms"));
        page.blank();
        page.line(format!("--- {address} ping statistics ---"));
        page.line("1 packets transmitted, 1 received, 0% packet loss, time 0ms");
        page.line(format!("rtt min/avg/max/mdev = {time:.3}/{time:.3}/{time:.3}/0.000 ms"));
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

    /// The example of the page.
    #[test]
    fn an_answer_is_written_as_the_page_has_it() {
        let answered =
            Answered { address: "192.20.11.40".into(), milliseconds: 0.525, ipv6: false };
        let mut page = Page::new();
        answered.write(&mut page);
        insta::assert_snapshot!(page.into_text(), @r"
        PING 192.20.11.40 (192.20.11.40) 56(84) bytes of data.
        64 bytes from 192.20.11.40: icmp_seq=1 ttl=64 time=0.525 ms

        --- 192.20.11.40 ping statistics ---
        1 packets transmitted, 1 received, 0% packet loss, time 0ms
        rtt min/avg/max/mdev = 0.525/0.525/0.525/0.000 ms
        ");
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
