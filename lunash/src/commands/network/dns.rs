//! `network dns`: name servers and search domains.

use std::net::IpAddr;

use luna_rest::network;

use super::devices;
use crate::prelude::*;

pub(in crate::commands) const MENUS: &[Menu] = &[
    Menu { path: "network dns", help: "Name servers and search domains" },
    Menu { path: "network dns add", help: "Add a name server or a search domain" },
    Menu { path: "network dns delete", help: "Remove a name server or a search domain" },
];

/// Why nothing of this menu is documented.
const WHY: &str = "known by name only: the value, and the device it belongs to";

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "network dns add nameserver <ip_address> [-device|-d <device:eth0|eth1|eth2|eth3|bond0|bond1>]",
        help: "Add a name server",
        options: SERVER,
        roles: Role::OPERATOR,
        rest: &[
            network::DEVICES.resource(),
            network::DEVICE.resource(),
            network::ADD_DNS.resource(),
        ],
        known: Known::Assumed(WHY),
        run: call::<AddServer>(),
    },
    Command {
        syntax: "network dns add searchdomain <netdomain> [-device|-d <device:eth0|eth1|eth2|eth3|bond0|bond1>]",
        help: "Add a search domain",
        options: DOMAIN,
        roles: Role::OPERATOR,
        rest: &[network::ADD_DNS.resource()],
        known: Known::Assumed(WHY),
        run: call::<AddDomain>(),
    },
    Command {
        syntax: "network dns delete nameserver <ip_address> [-device|-d <device:eth0|eth1|eth2|eth3|bond0|bond1>]",
        help: "Remove a name server",
        options: SERVER,
        roles: Role::OPERATOR,
        rest: &[
            network::DEVICES.resource(),
            network::DEVICE.resource(),
            network::DELETE_DNS.resource(),
        ],
        known: Known::Assumed(WHY),
        run: call::<DeleteServer>(),
    },
    Command {
        syntax: "network dns delete searchdomain <netdomain> [-device|-d <device:eth0|eth1|eth2|eth3|bond0|bond1>]",
        help: "Remove a search domain",
        options: DOMAIN,
        roles: Role::OPERATOR,
        rest: &[network::DELETE_DNS.resource()],
        known: Known::Assumed(WHY),
        run: call::<DeleteDomain>(),
    },
];

/// What is said of the device in both.
const DEVICE: (&str, &str) =
    ("-device", "The device it belongs to; the first one in use if nothing is said");
const SERVER: &[(&str, &str)] = &[("ip_address", "Address of the name server"), DEVICE];
const DOMAIN: &[(&str, &str)] = &[("netdomain", "The domain"), DEVICE];

/// What is added or removed, and by which call.
type DnsCall = luna_rest::Call<network::Dns, Nothing, 1>;

fn change(
    session: &Session,
    call: &DnsCall,
    device: Option<String>,
    entry: &network::Dns,
) -> Result<(), Failure> {
    let device = match device {
        Some(device) => device,
        None => devices(session)?
            .into_iter()
            .find(|device| device.up)
            .map(|device| device.id)
            .ok_or_else(|| Failure::command("No network device is in use."))?,
    };
    session.call(call, &[&device], entry)?;
    Ok(())
}

fn server(ip: IpAddr) -> network::Dns {
    network::Dns { name_server: Some(ip.to_string()), search_domain: None }
}

fn domain(domain: &str) -> network::Dns {
    network::Dns { name_server: None, search_domain: Some(domain.to_owned()) }
}

#[derive(Deserialize)]
struct AddServer {
    ip_address: IpAddr,
    device: Option<String>,
}

impl Run<Session> for AddServer {
    type View = Message;

    fn run(self, session: &mut Session) -> Result<Message, Failure> {
        change(session, &network::ADD_DNS, self.device, &server(self.ip_address))?;
        Ok(Message::new(format!("Success: Nameserver {} added.", self.ip_address)))
    }
}

#[derive(Deserialize)]
struct DeleteServer {
    ip_address: IpAddr,
    device: Option<String>,
}

impl Run<Session> for DeleteServer {
    type View = Message;

    fn run(self, session: &mut Session) -> Result<Message, Failure> {
        change(session, &network::DELETE_DNS, self.device, &server(self.ip_address))?;
        Ok(Message::new(format!("Success: Nameserver {} deleted.", self.ip_address)))
    }
}

#[derive(Deserialize)]
struct AddDomain {
    netdomain: String,
    device: Option<String>,
}

impl Run<Session> for AddDomain {
    type View = Message;

    fn run(self, session: &mut Session) -> Result<Message, Failure> {
        change(session, &network::ADD_DNS, self.device, &domain(&self.netdomain))?;
        Ok(Message::new(format!("Success: Searchdomain {} added.", self.netdomain)))
    }
}

#[derive(Deserialize)]
struct DeleteDomain {
    netdomain: String,
    device: Option<String>,
}

impl Run<Session> for DeleteDomain {
    type View = Message;

    fn run(self, session: &mut Session) -> Result<Message, Failure> {
        change(session, &network::DELETE_DNS, self.device, &domain(&self.netdomain))?;
        Ok(Message::new(format!("Success: Searchdomain {} deleted.", self.netdomain)))
    }
}
