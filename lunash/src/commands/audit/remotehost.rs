//! `audit remotehost`: hosts that the records of the audit log are sent to.

use luna_rest::audit::{self, RemoteHost};

use super::PROCEED;
use crate::prelude::*;
use crate::refusals::refused_in_detail;

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "audit remotehost add -host|-h <hostnameoripaddress> [-protocol|-pr <protocol:tcp|udp>] [-port|-po <port:1-65535>]",
        help: "Send the audit log to a host, too",
        options: &[
            ("-host", "Host name or address"),
            ("-protocol", "How records are sent; udp when left out"),
            ("-port", "Port that the host listens on; 514 when left out"),
        ],
        roles: Role::AUDIT,
        rest: &[audit::ADD_HOST.resource()],
        known: Known::Documented("lunash/commands/audit/audit_remotehost_add.htm@7.2"),
        run: call::<Add>(),
    },
    Command {
        syntax: "audit remotehost clear [-force|-f]",
        help: "Send the audit log to no host any more",
        options: &[],
        roles: Role::AUDIT,
        rest: &[audit::CLEAR_HOSTS.resource()],
        known: Known::Documented("lunash/commands/audit/audit_remotehost_clear.htm@7.2"),
        run: call::<Clear>(),
    },
    Command {
        syntax: "audit remotehost delete -host|-h <hostnameoripaddress>",
        help: "Send the audit log to a host no more, on none of its ports",
        options: &[("-host", "Host name or address, as it was added")],
        roles: Role::AUDIT,
        rest: &[audit::HOSTS.resource(), audit::DELETE_HOST.resource()],
        known: Known::Documented("lunash/commands/audit/audit_remotehost_delete.htm@7.2"),
        run: call::<Delete>(),
    },
    Command {
        syntax: "audit remotehost list",
        help: "List the hosts that the audit log is sent to",
        options: &[],
        roles: Role::AUDIT,
        rest: &[audit::HOSTS.resource()],
        known: Known::Documented("lunash/commands/audit/audit_remotehost_list.htm@7.2"),
        run: call::<List>(),
    },
];

#[derive(Deserialize)]
struct Add {
    host: String,
    protocol: Option<String>,
    port: Option<u16>,
}

/// What became of the hosts.
#[derive(Default, Serialize)]
struct Changed {
    #[serde(skip_serializing_if = "Option::is_none")]
    added: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted: Option<String>,
    /// Whether a question stands before it.
    #[serde(skip)]
    asked: bool,
}

impl Text for Changed {
    /// The product restarts its system log to take up a change.
    fn write(&self, page: &mut Page) {
        if self.asked {
            page.blank();
        }
        page.field("Stopping syslog:", 59, "[  OK  ]");
        page.blank();
        page.field("Starting syslog:", 59, "[  OK  ]");
        page.line("iptables: Saving firewall rules to /etc/sysconfig/iptables:[  OK  ]");
    }
}

impl Run<Session> for Add {
    type View = Changed;

    fn run(self, session: &mut Session) -> Result<Changed, Failure> {
        let Add { host: address, protocol, port } = self;
        let (port, protocol) = (port.unwrap_or_default(), protocol.unwrap_or_default());
        let host = RemoteHost { address, port, protocol };
        session.client().call(&audit::ADD_HOST, &[], &host).map_err(refused_in_detail)?;
        Ok(Changed { added: Some(host.address), ..Changed::default() })
    }
}

#[derive(Deserialize)]
struct Clear {
    force: bool,
}

impl Run<Session> for Clear {
    type View = Changed;

    fn run(self, session: &mut Session) -> Result<Changed, Failure> {
        let question = format!(
            "        All remote hosts receiving the audit logs will be deleted.\n        \
             Are you sure you wish to continue?\n\n{PROCEED}"
        );
        session.confirm(self.force, &question)?;
        session.call(&audit::CLEAR_HOSTS, &[], &Nothing {})?;
        Ok(Changed { asked: session.ui().has_output(), ..Changed::default() })
    }
}

#[derive(Deserialize)]
struct Delete {
    host: String,
}

impl Run<Session> for Delete {
    type View = Changed;

    fn run(self, session: &mut Session) -> Result<Changed, Failure> {
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
        Ok(Changed { deleted: Some(self.host), ..Changed::default() })
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
