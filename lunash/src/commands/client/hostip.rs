//! `client hostip`: addresses of host names that no name server knows.

use luna_rest::ntls;

use crate::prelude::*;

pub(in crate::commands) const MENUS: &[Menu] =
    &[Menu { path: "client hostip", help: "Addresses of clients that no name server knows" }];

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "client hostip map -client|-c <client_name> -ip|-i <address>",
        help: "Give the host name of a client an address",
        options: &[("-ip", "Address of the client")],
        roles: Role::OPERATOR,
        rest: &[ntls::MAP_HOST.resource()],
        known: Known::Documented("admin_partition/connections/ntls/assign_revoke.htm"),
        run: call::<Map>(),
    },
    Command {
        syntax: "client hostip show",
        help: "Show the addresses given to host names",
        options: &[],
        roles: Role::MONITOR,
        rest: &[ntls::HOST_ADDRESSES.resource()],
        known: Known::Documented("lunash/commands/client/client_hostip_show.htm@7.2"),
        run: call::<Show>(),
    },
    Command {
        syntax: "client hostip unmap -client|-c <client_name>",
        help: "Take the address from the host name of a client",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[ntls::UNMAP_HOST.resource()],
        known: Known::Documented("lunash/commands/client/client_hostip_unmap.htm@7.2"),
        run: call::<Unmap>(),
    },
];

#[derive(Deserialize)]
struct Map {
    client: String,
    ip: std::net::IpAddr,
}

/// That it says nothing is known from the page of 7.2.
impl Run<Session> for Map {
    type View = Told;

    fn run(self, session: &mut Session) -> Result<Told, Failure> {
        let address = ntls::NewHostAddress { ip: self.ip.to_string() };
        session.call(&ntls::MAP_HOST, &[&self.client], &address)?;
        Ok(Told::silent("client hostip map"))
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
        page.blank();
        page.line(format!("{:<28}{:<26}Host IP", "Client Name", "Host Name"));
        page.line("-".repeat(70));
        let mut table = Table::new(0, 1, &[(27, false), (25, false), (1, false)]);
        for entry in &self.addresses {
            table.row([&entry.client, &entry.hostname, &entry.ip]);
        }
        page.table(&table);
        page.blank();
    }
}

#[derive(Deserialize)]
struct Unmap {
    client: String,
}

impl Run<Session> for Unmap {
    type View = Told;

    fn run(self, session: &mut Session) -> Result<Told, Failure> {
        session.call(&ntls::UNMAP_HOST, &[&self.client], &Nothing {})?;
        Ok(Told::silent("client hostip unmap"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use luna_shell::View;

    /// From the product's page of `client hostip show`.
    #[test]
    fn addresses_are_listed_in_the_layout_of_the_product() {
        let [client, hostname, ip] = ["myPC", "myPC", "168.10.10.254"].map(str::to_owned);
        assert_eq!(
            Addresses { addresses: vec![Address { client, hostname, ip }] }.text(),
            "
Client Name                 Host Name                 Host IP
----------------------------------------------------------------------
myPC                        myPC                      168.10.10.254

"
        );
    }
}
