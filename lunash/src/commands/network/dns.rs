//! `network dns`: name servers and search domains.

use std::net::IpAddr;

use luna_rest::network;

use crate::prelude::*;

pub(in crate::commands) const MENUS: &[Menu] = &[
    Menu { path: "network dns", help: "Name servers and search domains" },
    Menu { path: "network dns add", help: "Add a name server or a search domain" },
    Menu { path: "network dns delete", help: "Remove a name server or a search domain" },
];

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "network dns add nameserver <ip_address> -device|-d <device:eth0|eth1|eth2|eth3|bond0|bond1>",
        help: "Add a name server",
        options: SERVER,
        roles: Role::OPERATOR,
        rest: &[network::ADD_DNS.resource()],
        known: Known::Documented("lunash/commands/network/network_dns_add_nameserver.htm@7.2"),
        run: call::<AddServer>(),
    },
    Command {
        syntax: "network dns add searchdomain <netdomain> -device|-d <device:eth0|eth1|eth2|eth3|bond0|bond1>",
        help: "Add a search domain",
        options: DOMAIN,
        roles: Role::OPERATOR,
        rest: &[network::ADD_DNS.resource()],
        known: Known::Documented("lunash/commands/network/network_dns_add_searchdomain.htm@7.2"),
        run: call::<AddDomain>(),
    },
    Command {
        syntax: "network dns delete nameserver <ip_address> -device|-d <device:eth0|eth1|eth2|eth3|bond0|bond1>",
        help: "Remove a name server",
        options: SERVER,
        roles: Role::OPERATOR,
        rest: &[network::DELETE_DNS.resource()],
        known: Known::Documented("lunash/commands/network/network_dns_delete_nameserver.htm@7.2"),
        run: call::<DeleteServer>(),
    },
    Command {
        syntax: "network dns delete searchdomain <netdomain> -device|-d <device:eth0|eth1|eth2|eth3|bond0|bond1>",
        help: "Remove a search domain",
        options: DOMAIN,
        roles: Role::OPERATOR,
        rest: &[network::DELETE_DNS.resource()],
        known: Known::Documented("lunash/commands/network/network_dns_delete_searchdomain.htm@7.2"),
        run: call::<DeleteDomain>(),
    },
];

/// What is said of the device in both.
const DEVICE: (&str, &str) =
    ("-device", "The device it belongs to; the appliance asks it while this device is connected");
const SERVER: &[(&str, &str)] = &[
    ("ip_address", "Address of the name server; the first three of the appliance are asked"),
    DEVICE,
];
const DOMAIN: &[(&str, &str)] =
    &[("netdomain", "The domain; six of at most 256 characters together"), DEVICE];

fn server(ip: IpAddr) -> network::Dns {
    network::Dns { name_server: Some(ip.to_string()), search_domain: None }
}

fn domain(domain: &str) -> network::Dns {
    network::Dns { name_server: None, search_domain: Some(domain.to_owned()) }
}

#[derive(Deserialize)]
struct AddServer {
    ip_address: IpAddr,
    device: String,
}

impl Run<Session> for AddServer {
    type View = Untold<Message>;

    fn run(self, session: &mut Session) -> Result<Untold<Message>, Failure> {
        session.call(&network::ADD_DNS, &[&self.device], &server(self.ip_address))?;
        Ok(Untold(Message::new(format!("Success: Nameserver {} added.", self.ip_address))))
    }
}

#[derive(Deserialize)]
struct DeleteServer {
    ip_address: IpAddr,
    device: String,
}

impl Run<Session> for DeleteServer {
    type View = Untold<Message>;

    fn run(self, session: &mut Session) -> Result<Untold<Message>, Failure> {
        session.call(&network::DELETE_DNS, &[&self.device], &server(self.ip_address))?;
        Ok(Untold(Message::new(format!("Success: Nameserver {} deleted.", self.ip_address))))
    }
}

#[derive(Deserialize)]
struct AddDomain {
    netdomain: String,
    device: String,
}

impl Run<Session> for AddDomain {
    type View = Untold<Message>;

    fn run(self, session: &mut Session) -> Result<Untold<Message>, Failure> {
        session.call(&network::ADD_DNS, &[&self.device], &domain(&self.netdomain))?;
        Ok(Untold(Message::new(format!("Success: Searchdomain {} added.", self.netdomain))))
    }
}

#[derive(Deserialize)]
struct DeleteDomain {
    netdomain: String,
    device: String,
}

impl Run<Session> for DeleteDomain {
    type View = Untold<Message>;

    fn run(self, session: &mut Session) -> Result<Untold<Message>, Failure> {
        session.call(&network::DELETE_DNS, &[&self.device], &domain(&self.netdomain))?;
        Ok(Untold(Message::new(format!("Success: Searchdomain {} deleted.", self.netdomain))))
    }
}
