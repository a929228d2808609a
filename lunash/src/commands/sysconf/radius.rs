//! `sysconf radius`: servers that judge the passwords of accounts.

use luna_rest::radius::{ADD_SERVER, DELETE_SERVER, NewServer, SHOW, SWITCH};
use luna_rest::sysconf::Toggle;

use crate::prelude::*;
use crate::refusals::refused_in_detail;

pub(in super::super) const MENUS: &[Menu] =
    &[Menu { path: "sysconf radius", help: "RADIUS servers that judge passwords of accounts" }];

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "sysconf radius addServer -server <address> [-port <port:1-65535>] [-timeout <seconds:1-60>] [-secret <radius_secret>]",
        help: "Add a RADIUS server",
        options: &[
            ("-server", "Host name or address of the server"),
            ("-port", "Port that the server listens on; 1812 when left out"),
            ("-timeout", "Seconds to wait for the server; 3 when left out"),
            ("-secret", "Secret that is shared with the server; asked for when left out"),
        ],
        roles: Role::ADMIN,
        rest: &[ADD_SERVER.resource()],
        known: Known::Assumed(
            "the page was not found: the guide names address and secret; the options were chosen",
        ),
        run: call::<AddServer>(),
    },
    Command {
        syntax: "sysconf radius deleteServer -server <address>",
        help: "Remove a RADIUS server",
        options: &[("-server", "The server, as it was added")],
        roles: Role::ADMIN,
        rest: &[DELETE_SERVER.resource()],
        known: Known::Assumed("the page was not found: the option of addServer"),
        run: call::<DeleteServer>(),
    },
    Command {
        syntax: "sysconf radius disable",
        help: "Let no RADIUS server judge passwords",
        options: &[],
        roles: Role::ADMIN,
        rest: &[SWITCH.resource()],
        known: Known::Assumed("the page was not found: the words of 'sysconf snmp'"),
        run: call::<Disable>(),
    },
    Command {
        syntax: "sysconf radius enable",
        help: "Let RADIUS servers judge passwords of their accounts",
        options: &[],
        roles: Role::ADMIN,
        rest: &[SWITCH.resource()],
        known: Known::Assumed("the page was not found: the words of 'sysconf snmp'"),
        run: call::<Enable>(),
    },
    Command {
        syntax: "sysconf radius show",
        help: "Show the RADIUS servers, without their secrets",
        options: &[],
        roles: Role::ADMIN,
        rest: &[SHOW.resource()],
        known: Known::Assumed("the page was not found: made like 'sysconf snmp trap show'"),
        run: call::<Show>(),
    },
];

#[derive(Deserialize)]
struct AddServer {
    server: String,
    port: Option<u16>,
    timeout: Option<u32>,
    secret: Option<Secret>,
}

impl Run<Session> for AddServer {
    type View = Message;

    fn run(self, session: &mut Session) -> Result<Message, Failure> {
        let question = Question {
            text: "Please enter the secret of the RADIUS server:\n> ",
            again: Some("Please enter it again:\n> "),
            variable: "RADIUS_SECRET",
            option: "-secret",
        };
        let secret = session.ui().secret(self.secret, question)?;
        let AddServer { server: address, port, timeout, .. } = self;
        let server = NewServer { address, port, timeout, secret };
        session.client().call(&ADD_SERVER, &[], &server).map_err(refused_in_detail)?;
        Ok(Message::new(format!("RADIUS server {} added.", server.address)))
    }
}

#[derive(Deserialize)]
struct DeleteServer {
    server: String,
}

impl Run<Session> for DeleteServer {
    type View = Message;

    fn run(self, session: &mut Session) -> Result<Message, Failure> {
        let server = self.server;
        session
            .client()
            .call(&DELETE_SERVER, &[&server], &Nothing {})
            .map_err(refused_in_detail)?;
        Ok(Message::new(format!("RADIUS server {server} deleted.")))
    }
}

#[derive(Deserialize)]
struct Disable {}

impl Run<Session> for Disable {
    type View = Switched;

    fn run(self, session: &mut Session) -> Result<Switched, Failure> {
        switch(session, false)
    }
}

#[derive(Deserialize)]
struct Enable {}

impl Run<Session> for Enable {
    type View = Switched;

    fn run(self, session: &mut Session) -> Result<Switched, Failure> {
        switch(session, true)
    }
}

fn switch(session: &Session, enabled: bool) -> Result<Switched, Failure> {
    session.client().call(&SWITCH, &[], &Toggle { enabled }).map_err(refused_in_detail)?;
    Ok(Switched { enabled })
}

/// Whether RADIUS servers judge passwords.
#[derive(Serialize)]
struct Switched {
    enabled: bool,
}

impl Text for Switched {
    fn write(&self, page: &mut Page) {
        page.line(enabled(self.enabled));
    }
}

fn enabled(enabled: bool) -> &'static str {
    if enabled { "RADIUS is enabled" } else { "RADIUS is disabled" }
}

#[derive(Deserialize)]
struct Show {}

/// The servers.
#[derive(Serialize)]
struct Servers {
    enabled: bool,
    servers: Vec<Server>,
}

/// A server.
#[derive(Serialize)]
struct Server {
    address: String,
    port: u16,
    timeout: u32,
}

impl Run<Session> for Show {
    type View = Servers;

    fn run(self, session: &mut Session) -> Result<Servers, Failure> {
        let radius = session.get(&SHOW, &[])?;
        let server = |one: luna_rest::radius::Server| Server {
            address: one.address,
            port: one.port,
            timeout: one.timeout,
        };
        let servers = radius.servers.into_iter().map(server).collect();
        Ok(Servers { enabled: radius.is_enabled, servers })
    }
}

impl Text for Servers {
    fn write(&self, page: &mut Page) {
        page.line(enabled(self.enabled));
        page.blank();
        let mut table = Table::new(0, 2, &[(32, false), (5, true), (7, true)]);
        table.row(["RADIUS Server", "Port", "Timeout"]);
        table.row(["=".repeat(32), "=".repeat(5), "=".repeat(7)]);
        for Server { address, port, timeout } in &self.servers {
            table.row([address.as_str(), &port.to_string(), &timeout.to_string()]);
        }
        page.table(&table);
    }
}
