//! `hsm ped`: connections to PEDs. A password-authenticated HSM has no use for them and says so.

use luna_rest::hsm;

use crate::prelude::*;

pub(in super::super) const MENUS: &[Menu] = &[
    Menu { path: "hsm ped", help: "Connections to Luna PEDs" },
    Menu { path: "hsm ped server", help: "Registered PED servers" },
    Menu { path: "hsm ped timeout", help: "Time limits of PED operations" },
    Menu { path: "hsm ped vector", help: "The remote PED vector, which the orange key holds" },
];

const SERVERS: Known = Known::Assumed(
    "only the name is known: REST has no resource for it, and a password-authenticated HSM no PED",
);
const CONNECT: Known = Known::Documented("administration/ped/remote-ped_and_pedclient.htm@5.3");
const NAMED: Known = Known::Documented("lunash/commands/hsm/hsm_ped_timeout_set.htm");

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "hsm ped connect [-ip <address>] [-port <port:80-65535>] [-serial <serialnum>]",
        help: "Connect to a remote PED",
        options: &[("-ip", "Address of the PED server"), ("-port", "Port of the PED server")],
        roles: Role::OPERATOR,
        rest: &[hsm::PED.resource(), hsm::PED_ACT.resource()],
        known: CONNECT,
        run: call::<Connect>(),
    },
    Command {
        syntax: "hsm ped deregister -name <name>",
        help: "Forget a PED server that had connected to the appliance",
        options: &[("-name", "Name of the PED server")],
        roles: Role::OPERATOR,
        rest: &[hsm::PED.resource()],
        known: SERVERS,
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
        syntax: "hsm ped server delete -name <name>",
        help: "Remove a PED server",
        options: &[("-name", "Name of the PED server")],
        roles: Role::OPERATOR,
        rest: &[hsm::PED.resource()],
        known: SERVERS,
        run: call::<ServerDelete>(),
    },
    Command {
        syntax: "hsm ped server list",
        help: "List the PED servers",
        options: &[],
        roles: Role::MONITOR,
        rest: &[hsm::PED.resource()],
        known: SERVERS,
        run: call::<ServerList>(),
    },
    Command {
        syntax: "hsm ped server register -certificate <filename>",
        help: "Trust a PED server by its certificate",
        options: &[("-certificate", "File with the certificate of the PED server")],
        roles: Role::OPERATOR,
        rest: &[hsm::PED.resource()],
        known: SERVERS,
        run: call::<ServerRegister>(),
    },
    Command {
        syntax: "hsm ped set [-ip <address>] [-port <port:80-65535>]",
        help: "Set the PED server to connect to",
        options: &[("-ip", "Address of the PED server"), ("-port", "Port of the PED server")],
        roles: Role::OPERATOR,
        rest: &[hsm::PED.resource()],
        known: SERVERS,
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
        syntax: "hsm ped timeout set -type|-t <rped|pedk|pedo|wdel> -seconds|-s <seconds:0-99999>",
        help: "Set a time limit of PED operations",
        options: &[
            ("-type", "Idle connection, key, operation, or delay between two writes"),
            ("-seconds", "Seconds, or microseconds for wdel; 0 is the default of rped and pedk"),
        ],
        roles: Role::OPERATOR,
        rest: &[hsm::SET_PED_TIMEOUT.resource()],
        known: NAMED,
        run: call::<TimeoutSet>(),
    },
    Command {
        syntax: "hsm ped timeout show",
        help: "Show the time limits of PED operations",
        options: &[],
        roles: Role::MONITOR,
        rest: &[hsm::PED_TIMEOUTS.resource()],
        known: Known::Assumed("the output was not seen: a line a limit"),
        run: call::<TimeoutShow>(),
    },
    Command {
        syntax: "hsm ped vector erase [-force|-f]",
        help: "Erase the remote PED vector",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[hsm::PED.resource(), hsm::PED_ACT.resource()],
        known: Known::Assumed("only the name is known: as 'hsm ped vector init'"),
        run: call::<VectorErase>(),
    },
    Command {
        syntax: "hsm ped vector init [-serial <serialnum>] [-force|-f]",
        help: "Make the remote PED vector",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[hsm::PED.resource(), hsm::PED_ACT.resource()],
        known: Known::Documented("lunash/commands/token/token_backup_factoryreset.htm@6.3"),
        run: call::<VectorInit>(),
    },
];

/// The number of the PED that remote commands mean.
const REMOTE: &str = "1";

/// Goes on with an HSM that has a PED; says clearly that there is none otherwise.
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

/// Another HSM than the built-in one is a backup HSM, which REST does not reach.
fn own_hsm(serial: Option<&str>, session: &Session) -> Result<(), Failure> {
    match serial {
        Some(serial) if serial != session.hsm()? => {
            Err(Failure::command(format!("There is no HSM with the serial number {serial}.")))
        }
        _ => Ok(()),
    }
}

#[derive(Deserialize)]
struct Connect {
    ip: Option<String>,
    port: Option<u16>,
    serial: Option<String>,
}

impl Run<Session> for Connect {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        own_hsm(self.serial.as_deref(), session)?;
        let body = hsm::PedAction { ip_address: self.ip, ip_port: self.port };
        act(session, "connect", &body)?;
        Ok(Done { done: "hsm ped connect" })
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
    #[serde(rename = "name")]
    _name: String,
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

/// Assumed: the output was not seen.
impl Text for Connection {
    fn write(&self, page: &mut Page) {
        let connected = if self.connected { "Yes" } else { "No" };
        page.field("Connected:", 24, connected);
        page.field("PED Server:", 24, self.server.as_deref().unwrap_or("none"));
        page.field("IP Address:", 24, self.ip.as_deref().unwrap_or("none"));
        let port = self.port.map(|port| port.to_string());
        page.field("Port:", 24, port.as_deref().unwrap_or("none"));
    }
}

#[derive(Deserialize)]
struct TimeoutSet {
    r#type: String,
    seconds: u32,
}

/// A time limit that was set.
#[derive(Serialize)]
struct Limit {
    r#type: String,
    seconds: u32,
}

impl Run<Session> for TimeoutSet {
    type View = Limit;

    fn run(self, session: &mut Session) -> Result<Limit, Failure> {
        let body = hsm::SetPedTimeout { seconds: self.seconds };
        session.call(&hsm::SET_PED_TIMEOUT, &[&self.r#type], &body)?;
        Ok(Limit { r#type: self.r#type, seconds: self.seconds })
    }
}

impl Text for Limit {
    fn write(&self, page: &mut Page) {
        let unit = if self.r#type == "wdel" { "microseconds" } else { "seconds" };
        page.line(format!("Set the timeout value to {} {unit}.", self.seconds));
    }
}

#[derive(Deserialize)]
struct TimeoutShow {}

/// The PED time limits: seconds, and microseconds for `wdel`.
#[derive(Serialize)]
struct Limits {
    rped: u32,
    pedk: u32,
    pedo: u32,
    wdel: Option<u32>,
}

impl Run<Session> for TimeoutShow {
    type View = Limits;

    fn run(self, session: &mut Session) -> Result<Limits, Failure> {
        let hsm::PedTimeouts { rped, pedk, pedo, wdel } = session.get(&hsm::PED_TIMEOUTS, &[])?;
        Ok(Limits { rped, pedk, pedo, wdel })
    }
}

impl Text for Limits {
    fn write(&self, page: &mut Page) {
        page.field("rped (seconds):", 24, self.rped);
        page.field("pedk (seconds):", 24, self.pedk);
        page.field("pedo (seconds):", 24, self.pedo);
        let wdel = self.wdel.map_or("not set".to_owned(), |delay| delay.to_string());
        page.field("wdel (microseconds):", 24, wdel);
    }
}

#[derive(Deserialize)]
struct VectorErase {
    #[serde(rename = "force")]
    _force: bool,
}

impl Run<Session> for VectorErase {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        act(session, "vectorErase", &hsm::PedAction::default())?;
        Ok(Done { done: "hsm ped vector erase" })
    }
}

#[derive(Deserialize)]
struct VectorInit {
    serial: Option<String>,
    #[serde(rename = "force")]
    _force: bool,
}

impl Run<Session> for VectorInit {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        own_hsm(self.serial.as_deref(), session)?;
        act(session, "vectorInitialize", &hsm::PedAction::default())?;
        Ok(Done { done: "hsm ped vector init" })
    }
}
