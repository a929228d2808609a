//! `client hostip`: addresses that stand in for a name server.

use luna_rest::ntls;

use crate::prelude::*;

const SYNTAX: &str = "admin_partition/connections/ntls/assign_revoke.htm";

pub(in crate::commands) const MENUS: &[Menu] =
    &[Menu { path: "client hostip", help: "Addresses of clients that no name server knows" }];

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "client hostip map -client|-c <client_name> -ip|-i <address>",
        help: "Give the host name of a client an address",
        options: &[("-ip", "Address of the client")],
        roles: Role::OPERATOR,
        rest: &[ntls::MAP_HOST.resource()],
        known: Known::Documented(SYNTAX),
        run: call::<Map>(),
    },
    Command {
        syntax: "client hostip show",
        help: "Show the addresses given to host names",
        options: &[],
        roles: Role::MONITOR,
        rest: &[ntls::HOST_ADDRESSES.resource()],
        known: Known::Assumed("known by name only: a table of what map takes"),
        run: call::<Show>(),
    },
    Command {
        syntax: "client hostip unmap -client|-c <client_name>",
        help: "Take the address from the host name of a client",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[ntls::UNMAP_HOST.resource()],
        known: Known::Assumed("known by name only: takes the client as map does"),
        run: call::<Unmap>(),
    },
];

#[derive(Deserialize)]
struct Map {
    client: String,
    ip: std::net::IpAddr,
}

impl Run<Session> for Map {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let address = ntls::NewHostAddress { ip: self.ip.to_string() };
        session.call(&ntls::MAP_HOST, &[&self.client], &address)?;
        Ok(Done { done: "client hostip map" })
    }
}

#[derive(Deserialize)]
struct Show {}

/// The addresses given to host names.
#[derive(Serialize)]
struct Addresses {
    addresses: Vec<Address>,
}

#[derive(Serialize)]
struct Address {
    client: String,
    hostname: String,
    ip: String,
}

impl Run<Session> for Show {
    type View = Addresses;

    fn run(self, session: &mut Session) -> Result<Addresses, Failure> {
        let list = session.get(&ntls::HOST_ADDRESSES, &[])?.host_addresses;
        let address = |entry: ntls::HostAddress| Address {
            client: entry.client_id,
            hostname: entry.hostname,
            ip: entry.ip,
        };
        Ok(Addresses { addresses: list.into_iter().map(address).collect() })
    }
}

impl Text for Addresses {
    fn write(&self, page: &mut Page) {
        if self.addresses.is_empty() {
            page.line("No client hostnames are mapped to IP addresses.");
            return;
        }
        let mut table = Table::new(0, 2, &[(20, false), (20, false), (15, false)]);
        table.row(["Client", "Hostname", "IP Address"]);
        table.row(["-".repeat(20), "-".repeat(20), "-".repeat(15)]);
        for entry in &self.addresses {
            table.row([&entry.client, &entry.hostname, &entry.ip]);
        }
        page.table(&table);
    }
}

#[derive(Deserialize)]
struct Unmap {
    client: String,
}

impl Run<Session> for Unmap {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        session.call(&ntls::UNMAP_HOST, &[&self.client], &Nothing {})?;
        Ok(Done { done: "client hostip unmap" })
    }
}
