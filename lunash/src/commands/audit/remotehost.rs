//! `audit remotehost`: hosts that the records of the audit log are sent to.

use luna_rest::audit::{self, RemoteHost};

use super::NAME_ONLY;
use crate::prelude::*;
use crate::refusals::refused_in_detail;

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "audit remotehost add -host <host> [-protocol <protocol:tcp|udp>] [-port <port:1-65535>]",
        help: "Send the audit log to a host, too",
        options: &[
            ("-host", "Host name or address"),
            ("-protocol", "How records are sent; udp when left out"),
            ("-port", "Port that the host listens on; 514 when left out"),
        ],
        roles: Role::AUDIT,
        rest: &[audit::ADD_HOST.resource()],
        known: Known::Documented("admin_hsm/audit/audit-logging_remote.htm"),
        run: call::<Add>(),
    },
    Command {
        syntax: "audit remotehost clear [-force]",
        help: "Send the audit log to no host any more",
        options: &[],
        roles: Role::AUDIT,
        rest: &[audit::CLEAR_HOSTS.resource()],
        known: Known::Assumed("the page was not found: as 'syslog remotehost clear'"),
        run: call::<Clear>(),
    },
    Command {
        syntax: "audit remotehost delete -host <host>",
        help: "Send the audit log to a host no more, on none of its ports",
        options: &[("-host", "Host name or address, as it was added")],
        roles: Role::AUDIT,
        rest: &[audit::HOSTS.resource(), audit::DELETE_HOST.resource()],
        known: Known::Assumed("the page was not found: as 'syslog remotehost delete'"),
        run: call::<Delete>(),
    },
    Command {
        syntax: "audit remotehost list",
        help: "List the hosts that the audit log is sent to",
        options: &[],
        roles: Role::AUDIT,
        rest: &[audit::HOSTS.resource()],
        known: NAME_ONLY,
        run: call::<List>(),
    },
];

#[derive(Deserialize)]
struct Add {
    host: String,
    protocol: Option<String>,
    port: Option<u16>,
}

impl Run<Session> for Add {
    type View = Message;

    fn run(self, session: &mut Session) -> Result<Message, Failure> {
        let Add { host: address, protocol, port } = self;
        let (port, protocol) = (port.unwrap_or_default(), protocol.unwrap_or_default());
        let host = RemoteHost { address, port, protocol };
        session.client().call(&audit::ADD_HOST, &[], &host).map_err(refused_in_detail)?;
        Ok(Message::new(format!("{} added successfully", host.address)))
    }
}

#[derive(Deserialize)]
struct Clear {
    force: bool,
}

impl Run<Session> for Clear {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        session.confirm_warning(self.force, "This command will delete all remote hosts.")?;
        session.call(&audit::CLEAR_HOSTS, &[], &Nothing {})?;
        Ok(Done { done: "audit remotehost clear" })
    }
}

#[derive(Deserialize)]
struct Delete {
    host: String,
}

impl Run<Session> for Delete {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let mut hosts = session.get(&audit::HOSTS, &[])?.remote_hosts;
        hosts.retain(|host| host.address == self.host);
        if hosts.is_empty() {
            return Err(Failure::command(format!("There is no remote host '{}'.", self.host))
                .hint("'audit remotehost list' shows the hosts"));
        }
        for host in hosts {
            let id = format!("{}:{}", host.address, host.port);
            session.call(&audit::DELETE_HOST, &[&id], &Nothing {})?;
        }
        Ok(Done { done: "audit remotehost delete" })
    }
}

#[derive(Deserialize)]
struct List {}

/// The hosts that records are sent to.
#[derive(Serialize)]
struct Hosts {
    hosts: Vec<Host>,
}

/// A host.
#[derive(Serialize)]
struct Host {
    host: String,
    port: u16,
    protocol: String,
}

impl Run<Session> for List {
    type View = Hosts;

    fn run(self, session: &mut Session) -> Result<Hosts, Failure> {
        let host = |host: RemoteHost| Host {
            host: host.address,
            port: host.port,
            protocol: host.protocol,
        };
        let hosts = session.get(&audit::HOSTS, &[])?.remote_hosts;
        Ok(Hosts { hosts: hosts.into_iter().map(host).collect() })
    }
}

impl Text for Hosts {
    fn write(&self, page: &mut Page) {
        page.line("Remote logging server(s):");
        page.line("=========================");
        page.blank();
        for Host { host, port, protocol } in &self.hosts {
            page.line(format!("  {host}:{port}, {protocol}"));
        }
    }
}
