//! `sysconf radius`: servers that judge the passwords of accounts.

use luna_rest::radius::{ADD_SERVER, DELETE_SERVER, NewServer, SHOW, SWITCH};
use luna_rest::sysconf::Toggle;

use crate::prelude::*;
use crate::refusals::refused_in_detail;

pub(in super::super) const MENUS: &[Menu] =
    &[Menu { path: "sysconf radius", help: "RADIUS servers that judge passwords of accounts" }];

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "sysconf radius addServer -server|-s <address> -port|-p <port:0-65535> -timeout|-t <seconds:1-300> [-secret <radius_secret>]",
        help: "Add a RADIUS server",
        options: &[
            ("-server", "Host name or address of the server"),
            ("-port", "Port that the server listens on, such as 1812"),
            ("-timeout", "Seconds to wait for the server"),
            // The page asks for the secret only; the option is for scripts.
            ("-secret", "Secret that is shared with the server; asked for when left out"),
        ],
        roles: Role::ADMIN,
        rest: &[ADD_SERVER.resource()],
        known: Known::Documented("lunash/commands/sysconf/sysconf_radius_addserver.htm@7.2"),
        run: call::<AddServer>(),
    },
    Command {
        syntax: "sysconf radius deleteServer -server|-s <address>",
        help: "Remove a RADIUS server",
        options: &[("-server", "The server, as it was added")],
        roles: Role::ADMIN,
        rest: &[DELETE_SERVER.resource()],
        known: Known::Documented("lunash/commands/sysconf/sysconf_radius_deleteserver.htm@7.2"),
        run: call::<DeleteServer>(),
    },
    Command {
        syntax: "sysconf radius disable",
        help: "Let no RADIUS server judge passwords",
        options: &[],
        roles: Role::ADMIN,
        rest: &[SWITCH.resource()],
        known: Known::Documented("lunash/commands/sysconf/sysconf_radius_disable.htm@7.2"),
        run: call::<Disable>(),
    },
    Command {
        syntax: "sysconf radius enable",
        help: "Let RADIUS servers judge passwords of their accounts",
        options: &[],
        roles: Role::ADMIN,
        rest: &[SWITCH.resource()],
        known: Known::Documented("lunash/commands/sysconf/sysconf_radius_enable.htm@7.2"),
        run: call::<Enable>(),
    },
    Command {
        syntax: "sysconf radius show",
        help: "Show the RADIUS servers, without their secrets",
        options: &[],
        roles: Role::ADMIN,
        rest: &[SHOW.resource()],
        known: Known::Documented("lunash/commands/sysconf/sysconf_radius_show.htm@7.2"),
        run: call::<Show>(),
    },
];

#[derive(Deserialize)]
struct AddServer {
    server: String,
    port: u16,
    timeout: u32,
    secret: Option<Secret>,
}

impl Run<Session> for AddServer {
    type View = Added;

    fn run(self, session: &mut Session) -> Result<Added, Failure> {
        let question = Question {
            text: "\nEnter the server secret:",
            again: Some("Re-enter the server secret:"),
            variable: "RADIUS_SECRET",
            option: "-secret",
        };
        let asked = self.secret.is_none();
        let secret = session.ui().secret(self.secret, question)?;
        let AddServer { server: address, port, timeout, .. } = self;
        let (port, timeout) = (Some(port), Some(timeout));
        let server = NewServer { address, port, timeout, secret };
        session.client().call(&ADD_SERVER, &[], &server).map_err(refused_in_detail)?;
        Ok(Added { message: format!("RADIUS server {} added.", server.address), asked })
    }
}

/// A server was added, which the product says only by the result.
#[derive(Serialize)]
struct Added {
    message: String,
    /// Whether the secret was asked for, which an empty line ends.
    #[serde(skip)]
    asked: bool,
}

impl Text for Added {
    fn write(&self, page: &mut Page) {
        if self.asked {
            page.line("");
        }
    }
}

#[derive(Deserialize)]
struct DeleteServer {
    server: String,
}

impl Run<Session> for DeleteServer {
    type View = Untold<Message>;

    fn run(self, session: &mut Session) -> Result<Untold<Message>, Failure> {
        let server = self.server;
        session
            .client()
            .call(&DELETE_SERVER, &[&server], &Nothing {})
            .map_err(refused_in_detail)?;
        Ok(Untold(Message::new(format!("RADIUS server {server} deleted."))))
    }
}

#[derive(Deserialize)]
struct Disable {}

impl Run<Session> for Disable {
    type View = Untold<Switched>;

    fn run(self, session: &mut Session) -> Result<Untold<Switched>, Failure> {
        switch(session, false)
    }
}

#[derive(Deserialize)]
struct Enable {}

impl Run<Session> for Enable {
    type View = Untold<Switched>;

    fn run(self, session: &mut Session) -> Result<Untold<Switched>, Failure> {
        switch(session, true)
    }
}

fn switch(session: &Session, enabled: bool) -> Result<Untold<Switched>, Failure> {
    session.client().call(&SWITCH, &[], &Toggle { enabled }).map_err(refused_in_detail)?;
    Ok(Untold(Switched { enabled }))
}

/// Whether RADIUS servers judge passwords.
#[derive(Serialize)]
struct Switched {
    enabled: bool,
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
        // Assumed: what is said while it is disabled.
        let state = if self.enabled { "enabled" } else { "disabled" };
        page.line(format!("RADIUS for SSH is {state} with the following deployed servers:"));
        page.blank();
        let row = |server: &str, timeout: &str| format!("{server:>64}{timeout:>12}");
        page.line(row("server:port", "timeout"));
        page.line(row("-------------", "----------"));
        for Server { address, port, timeout } in &self.servers {
            page.line(row(&format!("{address}:{port}"), &timeout.to_string()));
        }
        page.blank();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use luna_shell::View;

    /// The example of the page.
    #[test]
    fn the_servers_are_written_as_the_page_has_them() {
        let server = Server { address: "192.20.15.182".into(), port: 1812, timeout: 60 };
        let text = Servers { enabled: true, servers: vec![server] }.text();
        let blank = " ".repeat(46);
        assert_eq!(
            text,
            format!(
                "RADIUS for SSH is enabled with the following deployed servers:\n\n\
                 {blank}       server:port     timeout\n{blank}     -------------  ----------\n\
                 {blank}192.20.15.182:1812          60\n\n"
            )
        );
    }
}
