//! `hsm ped`: connections to PEDs. A password-authenticated HSM has no use for them and says so.

use luna_rest::hsm;

use super::own_hsm;
use crate::prelude::*;

pub(in super::super) const MENUS: &[Menu] = &[
    Menu { path: "hsm ped", help: "Connections to Luna PEDs" },
    Menu { path: "hsm ped server", help: "Registered PED servers" },
    Menu { path: "hsm ped vector", help: "The remote PED vector, which the orange key holds" },
];

const NAMED: Known = Known::Documented("lunash/commands/hsm/hsm_ped_timeout_set.htm");

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "hsm ped connect [-ip|-i <address>] [-port|-p <port:0-65535>] [-serial|-s <serialnum>] [-force|-f]",
        help: "Connect to a remote PED",
        options: &[
            ("-ip", "Address of the PED server"),
            ("-port", "Port of the PED server, 1503 without it"),
        ],
        roles: Role::OPERATOR,
        rest: &[hsm::PED.resource(), hsm::PED_ACT.resource()],
        known: Known::Documented("lunash/commands/hsm/hsm_ped_connect.htm@7.2"),
        run: call::<Connect>(),
    },
    Command {
        syntax: "hsm ped deregister -name <name>",
        help: "Forget a PED server that had connected to the appliance",
        options: &[("-name", "Name of the PED server")],
        roles: Role::OPERATOR,
        rest: &[hsm::PED.resource()],
        known: Known::Assumed(
            "only the name is known: REST has no resource for it, and a password-authenticated HSM \
             no PED",
        ),
        run: call::<Deregister>(),
    },
    Command {
        syntax: "hsm ped disconnect",
        help: "End the connection to the remote PED",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[hsm::PED.resource(), hsm::PED_ACT.resource()],
        known: NAMED,
        run: call::<Disconnect>(),
    },
    Command {
        syntax: "hsm ped server delete -commonname|-c <common_name> [-force|-f]",
        help: "Remove a PED server",
        options: &[("-commonname", "Common name of the PED server's certificate")],
        roles: Role::OPERATOR,
        rest: &[hsm::PED.resource()],
        known: Known::Documented(
            "lunash/commands/hsm/hsm_ped_server_delete.htm@7.2, whose syntax calls it revoke; it is \
             refused: REST has no resource for it",
        ),
        run: call::<ServerDelete>(),
    },
    Command {
        syntax: "hsm ped server list",
        help: "List the PED servers",
        options: &[],
        roles: Role::MONITOR,
        rest: &[hsm::PED.resource()],
        known: Known::Documented(
            "lunash/commands/hsm/hsm_ped_server_list.htm@7.2; it is refused: REST has no resource \
             for it",
        ),
        run: call::<ServerList>(),
    },
    Command {
        syntax: "hsm ped server register -certificate <filename> [-force]",
        help: "Trust a PED server by its certificate",
        options: &[("-certificate", "File with the certificate of the PED server")],
        roles: Role::OPERATOR,
        rest: &[hsm::PED.resource()],
        known: Known::Documented(
            "lunash/commands/hsm/hsm_ped_server_register.htm@7.2; it is refused: REST has no \
             resource for it",
        ),
        run: call::<ServerRegister>(),
    },
    Command {
        syntax: "hsm ped set [-ip|-i <address>] [-port|-p <port:0-65535>]",
        help: "Set the PED server to connect to",
        options: &[("-ip", "Address of the PED server"), ("-port", "Port of the PED server")],
        roles: Role::ADMIN,
        rest: &[hsm::PED.resource()],
        known: Known::Documented(
            "lunash/commands/hsm/hsm_ped_set.htm@7.2; it is refused: REST has no resource for it",
        ),
        run: call::<Set>(),
    },
    Command {
        syntax: "hsm ped show [server]",
        help: "Show the connection to the remote PED",
        options: &[("server", "Show the side of the PED server")],
        roles: Role::MONITOR,
        rest: &[hsm::PED.resource()],
        known: NAMED,
        run: call::<Show>(),
    },
    Command {
        syntax: "hsm ped vector erase [-serial|-s <serialnum>] [-force|-f]",
        help: "Erase the remote PED vector",
        options: &[],
        roles: Role::ADMIN,
        rest: &[hsm::PED.resource(), hsm::PED_ACT.resource()],
        known: Known::Documented("lunash/commands/hsm/hsm_ped_vector_erase.htm@7.2"),
        run: call::<VectorErase>(),
    },
    Command {
        syntax: "hsm ped vector init [-serial|-s <serialnum>] [-force|-f]",
        help: "Make the remote PED vector",
        options: &[],
        roles: Role::ADMIN,
        rest: &[hsm::PED.resource(), hsm::PED_ACT.resource()],
        known: Known::Documented("lunash/commands/hsm/hsm_ped_vector_init.htm@7.2"),
        run: call::<VectorInit>(),
    },
];

/// The number of the PED that remote commands mean.
const REMOTE: &str = "1";

/// Fails, with a clear text, for an HSM without a PED.
fn ped(session: &Session, id: &str) -> Result<hsm::Ped, Failure> {
    let ped = session.get(&hsm::PED, &[session.hsm()?, id])?;
    if ped == hsm::Ped::default() {
        return Err(Failure::command(
            "This HSM is password-authenticated: it has no PED, and takes passwords instead of PED \
             keys.",
        ));
    }
    Ok(ped)
}

fn act(session: &Session, action: &str, body: &hsm::PedAction) -> Result<(), Failure> {
    ped(session, REMOTE)?;
    let ids = [session.hsm()?, REMOTE, action];
    session.call(&hsm::PED_ACT, &ids, body)?;
    Ok(())
}

/// PED servers are known to LunaSH alone.
fn no_resource(session: &Session) -> Result<Done, Failure> {
    ped(session, REMOTE)?;
    Err(Failure::command("The REST API has no resource for PED servers.")
        .hint("use the appliance's own LunaSH for them"))
}

#[derive(Deserialize)]
struct Connect {
    ip: Option<String>,
    port: Option<u16>,
    serial: Option<String>,
    #[serde(rename = "force")]
    _force: bool,
}

impl Run<Session> for Connect {
    type View = Told;

    fn run(self, session: &mut Session) -> Result<Told, Failure> {
        own_hsm(self.serial.as_deref(), session)?;
        let body = hsm::PedAction { ip_address: self.ip, ip_port: self.port };
        act(session, "connect", &body)?;
        Ok(Told::new(
            "hsm ped connect",
            "Luna PED operation required to connect to Remote PED - use orange PED key(s).\n",
        ))
    }
}

#[derive(Deserialize)]
struct Deregister {
    #[serde(rename = "name")]
    _name: String,
}

impl Run<Session> for Deregister {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        no_resource(session)
    }
}

#[derive(Deserialize)]
struct Disconnect {}

impl Run<Session> for Disconnect {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        act(session, "disconnect", &hsm::PedAction::default())?;
        Ok(Done { done: "hsm ped disconnect" })
    }
}

#[derive(Deserialize)]
struct ServerDelete {
    #[serde(rename = "commonname")]
    _commonname: String,
    #[serde(rename = "force")]
    _force: bool,
}

impl Run<Session> for ServerDelete {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        no_resource(session)
    }
}

#[derive(Deserialize)]
struct ServerList {}

impl Run<Session> for ServerList {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        no_resource(session)
    }
}

#[derive(Deserialize)]
struct ServerRegister {
    #[serde(rename = "certificate")]
    _certificate: String,
    #[serde(rename = "force")]
    _force: bool,
}

impl Run<Session> for ServerRegister {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        no_resource(session)
    }
}

#[derive(Deserialize)]
struct Set {
    #[serde(rename = "ip")]
    _ip: Option<String>,
    #[serde(rename = "port")]
    _port: Option<u16>,
}

impl Run<Session> for Set {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        no_resource(session)
    }
}

#[derive(Deserialize)]
struct Show {
    #[serde(rename = "server")]
    _server: Option<String>,
}

/// A PED connection.
#[derive(Serialize)]
struct Connection {
    connected: bool,
    ip: Option<String>,
    port: Option<u16>,
    server: Option<String>,
}

impl Run<Session> for Show {
    type View = Connection;

    fn run(self, session: &mut Session) -> Result<Connection, Failure> {
        let ped = ped(session, REMOTE)?;
        Ok(Connection {
            connected: ped.is_connected.unwrap_or_default(),
            ip: ped.ip_address,
            port: ped.port,
            server: ped.server,
        })
    }
}

/// Of the product's lines those that REST knows of; the word for what is missing is assumed.
impl Text for Connection {
    fn write(&self, page: &mut Page) {
        let (ip, port) = (self.ip.as_deref(), self.port.map(|port| port.to_string()));
        let none = "none";
        page.field("Configured Remote PED Server IP address: ", 0, ip.unwrap_or(none));
        page.field("Configured Remote PED Server Port: ", 0, port.as_deref().unwrap_or(none));
        page.blank();
        if let Some(server) = &self.server {
            page.field("      Server Hostname:", 42, server);
            page.blank();
        }
        page.field("   Number of Connected PED Server :", 41, u8::from(self.connected));
        page.blank();
        page.line("Show command passed.");
    }
}

/// Changes the remote PED vector, once `question` is answered.
fn change_vector(
    session: &mut Session,
    serial: Option<&str>,
    force: bool,
    (question, action): (&str, &str),
) -> Result<(), Failure> {
    own_hsm(serial, session)?;
    ped(session, REMOTE)?;
    if !force {
        session.confirm(false, &format!("If you are sure that you wish to {question}\n\n> "))?;
        session.ui().show("Proceeding...\n\n");
    }
    act(session, action, &hsm::PedAction::default())
}

#[derive(Deserialize)]
struct VectorErase {
    serial: Option<String>,
    force: bool,
}

impl Run<Session> for VectorErase {
    type View = Told;

    fn run(self, session: &mut Session) -> Result<Told, Failure> {
        let question = "erase remote PED vector (RPV), then type 'proceed', otherwise type 'quit'";
        let serial = self.serial.as_deref();
        change_vector(session, serial, self.force, (question, "vectorErase"))?;
        let erased = "The remote PED vector (RPV) has been erased on HSM.";
        Ok(Told::new("hsm ped vector erase", erased))
    }
}

#[derive(Deserialize)]
struct VectorInit {
    serial: Option<String>,
    force: bool,
}

impl Run<Session> for VectorInit {
    type View = Told;

    fn run(self, session: &mut Session) -> Result<Told, Failure> {
        let question =
            "initialize remote PED vector (RPV), then enter 'proceed', otherwise type 'quit'.";
        let serial = self.serial.as_deref();
        change_vector(session, serial, self.force, (question, "vectorInitialize"))?;
        Ok(Told::new(
            "hsm ped vector init",
            "Luna PED operation required to initialize remote PED key vector - use orange PED key(s).",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use luna_shell::View;

    /// Lines of the product's page of `hsm ped show`.
    #[test]
    fn a_connection_is_shown_in_lines_of_the_product() {
        let connection = Connection {
            connected: false,
            ip: Some("192.20.11.64".to_owned()),
            port: Some(1503),
            server: Some("192.20.11.64".to_owned()),
        };
        assert_eq!(
            connection.text(),
            "Configured Remote PED Server IP address: 192.20.11.64\n\
             Configured Remote PED Server Port: 1503\n\
             \n      Server Hostname:                    192.20.11.64\n\
             \n   Number of Connected PED Server :      0\n\
             \nShow command passed.\n"
        );
    }
}
