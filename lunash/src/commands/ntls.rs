//! `ntls`: the network trust link service. This file has its binding and its state;
//! `certificate.rs`, `ciphers.rs`, `ipcheck.rs` and `tuning.rs` (timer, threads, keepalive) have
//! its sub-menus.

pub(super) mod certificate;
pub(super) mod ciphers;
pub(super) mod ipcheck;
pub(super) mod tuning;

use luna_rest::{network, ntls};

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
        known: Known::Documented("lunash/commands/ntls/ntls_information_reset.htm@7.2"),
        run: call::<ResetInformation>(),
    },
    Command {
        syntax: "ntls information show",
        help: "Show the state of the service and its counters",
        options: &[],
        roles: Role::MONITOR,
        rest: &[ntls::INFORMATION.resource()],
        known: Known::Documented("lunash/commands/ntls/ntls_information_show.htm@7.2"),
        run: call::<ShowInformation>(),
    },
    Command {
        syntax: "ntls show",
        help: "Show the network device that NTLS is bound to",
        options: &[],
        roles: Role::MONITOR,
        rest: &[ntls::BINDING.resource(), ntls::INFORMATION.resource(), network::DEVICE.resource()],
        known: Known::Documented("lunash/commands/ntls/ntls_show.htm@7.2"),
        run: call::<Show>(),
    },
];

/// What the product says after a change that waits for a restart.
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
    type View = Told;

    fn run(self, session: &mut Session) -> Result<Told, Failure> {
        session.call(&ntls::RESET_INFORMATION, &[], &Nothing {})?;
        Ok(Told::silent("ntls information reset"))
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
        // The numbers are those of the operational status in SNMP.
        let status = if self.up { "1 (up)" } else { "2 (down)" };
        page.field("  Operational Status:", 52, status);
        page.field("  Connected Clients:", 52, self.connected_clients);
        page.field("  Links:", 52, self.links);
        page.field("  Successful Client Connections:", 52, self.successful_connections);
        page.field("  Failed Client Connections:", 52, self.failed_connections);
    }
}

#[derive(Deserialize)]
struct Show {}

/// The network device, and the state of the service.
#[derive(Serialize)]
struct State {
    device: String,
    active: String,
    ip: String,
    up: bool,
    restart_needed: bool,
}

impl Run<Session> for Show {
    type View = State;

    fn run(self, session: &mut Session) -> Result<State, Failure> {
        let ntls::Binding { device, active, restart_needed } = session.get(&ntls::BINDING, &[])?;
        let up = session.get(&ntls::INFORMATION, &[])?.up;
        if restart_needed {
            session.ui().note("note: new settings wait for 'service restart ntls'");
        }
        let ip = match active.as_str() {
            "all" => "0.0.0.0".to_owned(),
            device => {
                let shown = session.get(&network::DEVICE, &[device])?;
                let six = shown.ip6.into_iter().map(|ip6| ip6.ip).next();
                shown.ip4.map(|ip4| ip4.ip).or(six).unwrap_or_default()
            }
        };
        Ok(State { device, active, ip, up, restart_needed })
    }
}

impl Text for State {
    fn write(&self, page: &mut Page) {
        let State { device, active, ip, .. } = self;
        page.blank();
        if device != active {
            page.line(format!(
                "NTLS is configured to bind to {device}, but it is not active at this time.\n\
                 NTLS will bind to {device} if it's active and has a valid IP address when NTLS \
                 restarts."
            ));
        }
        page.line(format!("NTLS is currently bound to IP Address: \"{ip}\" ({active})"));
        page.blank();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use luna_shell::View;

    /// The examples of the pages.
    #[test]
    fn counters_and_binding_are_written_as_the_pages_have_them() {
        let information = Information {
            up: true,
            connected_clients: 2,
            links: 2,
            successful_connections: 112,
            failed_connections: 1,
        };
        insta::assert_snapshot!(information.text(), @r"
        NTLS Information:

          Operational Status:                               1 (up)
          Connected Clients:                                2
          Links:                                            2
          Successful Client Connections:                    112
          Failed Client Connections:                        1
        ");
        let mut state = State {
            device: "eth1".into(),
            active: "eth0".into(),
            ip: "192.20.11.78".into(),
            up: true,
            restart_needed: true,
        };
        assert_eq!(
            state.text(),
            "\nNTLS is configured to bind to eth1, but it is not active at this time.\n\
             NTLS will bind to eth1 if it's active and has a valid IP address when NTLS restarts.\n\
             NTLS is currently bound to IP Address: \"192.20.11.78\" (eth0)\n\n"
        );
        state.device = "eth0".into();
        assert_eq!(
            state.text(),
            "\nNTLS is currently bound to IP Address: \"192.20.11.78\" (eth0)\n\n"
        );
    }
}
