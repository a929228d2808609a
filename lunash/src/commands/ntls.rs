//! `ntls`: the network trust link service. Here its binding and its state; `certificate.rs`,
//! `ciphers.rs`, `ipcheck.rs` and `tuning.rs` (timer, threads, keepalive) have its sub-menus.

pub(super) mod certificate;
pub(super) mod ciphers;
pub(super) mod ipcheck;
pub(super) mod tuning;

use luna_rest::ntls;

use crate::prelude::*;

pub(super) const MENUS: &[Menu] = &[
    Menu { path: "ntls", help: "The network trust link service" },
    Menu { path: "ntls information", help: "State and counters" },
];

pub(super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "ntls bind <netdevice:eth0|eth1|eth2|eth3|bond0|bond1|all>",
        help: "Serve clients on one network device, or on all",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[ntls::BIND.resource()],
        known: Known::Documented("admin_appliance/network_config/ntls_ssh_binding.htm"),
        run: call::<Bind>(),
    },
    Command {
        syntax: "ntls information reset",
        help: "Set the counters back to 0",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[ntls::RESET_INFORMATION.resource()],
        known: Known::Assumed("known by name only: the usual success line"),
        run: call::<ResetInformation>(),
    },
    Command {
        syntax: "ntls information show",
        help: "Show the state of the service and its counters",
        options: &[],
        roles: Role::MONITOR,
        rest: &[ntls::INFORMATION.resource()],
        known: Known::Assumed("known by name only: the counters that SNMP has"),
        run: call::<ShowInformation>(),
    },
    Command {
        syntax: "ntls show",
        help: "Show the network device and the state of the service",
        options: &[],
        roles: Role::MONITOR,
        rest: &[ntls::BINDING.resource(), ntls::INFORMATION.resource()],
        known: Known::Assumed("named by ntls_ssh_binding.htm; its output was not found"),
        run: call::<Show>(),
    },
];

/// What the product says after a change that waits for a restart, known from `ntls bind`.
pub(super) const RESTART: &str =
    "You must restart the NTLS service for the new settings to take effect.";

#[derive(Deserialize)]
struct Bind {
    netdevice: String,
}

impl Run<Session> for Bind {
    type View = Message;

    fn run(self, session: &mut Session) -> Result<Message, Failure> {
        let device = self.netdevice;
        let binding = ntls::NewBinding { device: device.clone() };
        session.call(&ntls::BIND, &[], &binding)?;
        Ok(Message::new(format!("NTLS binding set to network device {device}.\n{RESTART}")))
    }
}

#[derive(Deserialize)]
struct ResetInformation {}

impl Run<Session> for ResetInformation {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        session.call(&ntls::RESET_INFORMATION, &[], &Nothing {})?;
        Ok(Done { done: "ntls information reset" })
    }
}

#[derive(Deserialize)]
struct ShowInformation {}

/// The state of the service and its counters.
#[derive(Serialize)]
struct Information {
    up: bool,
    connected_clients: u64,
    links: u64,
    successful_connections: u64,
    failed_connections: u64,
}

impl Run<Session> for ShowInformation {
    type View = Information;

    fn run(self, session: &mut Session) -> Result<Information, Failure> {
        let shown = session.get(&ntls::INFORMATION, &[])?;
        Ok(Information {
            up: shown.up,
            connected_clients: shown.connected_clients,
            links: shown.links,
            successful_connections: shown.successful_connections,
            failed_connections: shown.failed_connections,
        })
    }
}

impl Text for Information {
    fn write(&self, page: &mut Page) {
        page.line("NTLS Information:");
        page.blank();
        page.line(format!("Operational Status: {}", status(self.up)));
        page.line(format!("Connected Clients: {}", self.connected_clients));
        page.line(format!("Links: {}", self.links));
        page.line(format!("Successful Client Connections: {}", self.successful_connections));
        page.line(format!("Failed Client Connections: {}", self.failed_connections));
    }
}

/// The numbers are those of the operational status in SNMP.
fn status(up: bool) -> &'static str {
    if up { "1 (up)" } else { "2 (down)" }
}

#[derive(Deserialize)]
struct Show {}

/// The network device and the state of the service.
#[derive(Serialize)]
struct State {
    device: String,
    up: bool,
    restart_needed: bool,
}

impl Run<Session> for Show {
    type View = State;

    fn run(self, session: &mut Session) -> Result<State, Failure> {
        let binding = session.get(&ntls::BINDING, &[])?;
        let up = session.get(&ntls::INFORMATION, &[])?.up;
        if binding.restart_needed {
            let active = &binding.active;
            session.ui().note(format!(
                "note: new settings wait for 'service restart ntls'; until then the device is \
                 {active}"
            ));
        }
        Ok(State { device: binding.device, up, restart_needed: binding.restart_needed })
    }
}

impl Text for State {
    fn write(&self, page: &mut Page) {
        page.line(format!("NTLS bound to network device: {}", self.device));
        page.line(format!("Operational Status: {}", status(self.up)));
    }
}
