//! `syslog remotehost`: hosts that the lines of the logs are sent to. The certificates for TLS with them
//! are in `certificate.rs`.

use luna_rest::services;
use luna_rest::syslog::{
    ADD_HOST, CLEAR_HOSTS, DELETE_HOST, HOST, HOSTS, NewRemoteHost, RemoteHost,
};
use luna_rest::tasks::Link;

use crate::commands::service::{Step, Steps, act};
use crate::prelude::*;
use crate::refusals::refused_in_detail;

pub(in crate::commands) const MENUS: &[Menu] =
    &[Menu { path: "syslog remotehost", help: "Hosts that the logs are sent to" }];

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "syslog remotehost add -host|-h <host> [-protocol|-pr <protocol:tcp|udp>] [-port|-po <port:1-65535>] \
                 [-tls] [-mode <mode:server|mutual>] [-name <name>]",
        help: "Send the logs to a host, too",
        options: &[
            ("-host", "Host name or address"),
            ("-protocol", "How lines are sent; udp when left out, tcp with -tls"),
            ("-port", "Port that the host listens on; 514 when left out"),
            ("-tls", "Speak TLS; the host's certificate must be signed by the installed CA"),
            ("-mode", "Who shows a certificate with TLS; the server alone when left out"),
            ("-name", "Name in the host's certificate; its address when left out"),
        ],
        roles: Role::OPERATOR,
        rest: &[ADD_HOST.resource(), services::SHOW.resource(), services::ACT.resource()],
        known: Known::Assumed(
            "syslog_remotehost_add.htm@7.2 has -host, -protocol and -port; what TLS takes is named as in REST, \
             the service's steps are those recorded of 5.3 (syslog-remotehost-5)",
        ),
        run: call::<Add>(),
    },
    Command {
        syntax: "syslog remotehost clear [-force|-f]",
        help: "Send the logs to no host any more",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[CLEAR_HOSTS.resource(), services::SHOW.resource(), services::ACT.resource()],
        known: Known::Assumed(
            "syslog_remotehost_clear.htm@7.2 shows it with -force alone: asks as the clears of ntp, the \
             service's steps are those recorded of delete",
        ),
        run: call::<Clear>(),
    },
    Command {
        syntax: "syslog remotehost delete -host|-h <host>",
        help: "Send the logs to a host no more, on none of its ports",
        options: &[("-host", "Host name or address, as it was added")],
        roles: Role::OPERATOR,
        rest: &[
            HOSTS.resource(),
            HOST.resource(),
            DELETE_HOST.resource(),
            services::SHOW.resource(),
            services::ACT.resource(),
        ],
        known: Known::Seen("syslog-remotehost-5"),
        run: call::<Delete>(),
    },
    Command {
        syntax: "syslog remotehost list",
        help: "List the hosts that the logs are sent to",
        options: &[],
        roles: Role::MONITOR,
        rest: &[HOSTS.resource(), HOST.resource()],
        known: Known::Seen("lunash-syslog-remotehost-list-5.3"),
        run: call::<List>(),
    },
];

#[derive(Deserialize)]
struct Add {
    host: String,
    protocol: Option<String>,
    port: Option<u16>,
    tls: bool,
    mode: Option<String>,
    name: Option<String>,
}

/// What became of the hosts and of the service.
#[derive(Serialize)]
struct Changed {
    #[serde(skip_serializing_if = "Option::is_none")]
    added: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted: Option<String>,
    service: Steps,
}

/// Restarts the service, as the product does to take up a change.
fn restarted(session: &Session) -> Result<Steps, Failure> {
    let mut service = act(session, "syslog".to_owned(), "restart")?;
    let step = "Saving firewall rules to /etc/sysconfig/iptables:".to_owned();
    service.steps.push(Step { step, ok: true });
    Ok(service)
}

impl Run<Session> for Add {
    type View = Changed;

    fn run(self, session: &mut Session) -> Result<Changed, Failure> {
        let Add { host, protocol, port, tls, mode, name } = self;
        let tls = tls.then_some(true);
        let new = NewRemoteHost { address: host, protocol, port, mode, name, tls };
        session.client().call(&ADD_HOST, &[], &new).map_err(refused_in_detail)?;
        Ok(Changed { added: Some(new.address), deleted: None, service: restarted(session)? })
    }
}

impl Text for Changed {
    fn write(&self, page: &mut Page) {
        self.service.write(page);
        if let Some(host) = &self.added {
            page.line(format!("{host} added successfully"));
            page.line(format!(
                "Make sure the rsyslog service on {host} is properly configured to receive the logs"
            ));
        }
    }
}

#[derive(Deserialize)]
struct Clear {
    force: bool,
}

impl Run<Session> for Clear {
    type View = Changed;

    fn run(self, session: &mut Session) -> Result<Changed, Failure> {
        session.confirm_warning(self.force, "This command will delete all remote hosts.")?;
        session.call(&CLEAR_HOSTS, &[], &Nothing {})?;
        Ok(Changed { added: None, deleted: None, service: restarted(session)? })
    }
}

#[derive(Deserialize)]
struct Delete {
    host: String,
}

impl Run<Session> for Delete {
    type View = Changed;

    fn run(self, session: &mut Session) -> Result<Changed, Failure> {
        let mut hosts = hosts(session)?;
        hosts.retain(|(_, host)| host.address == self.host);
        if hosts.is_empty() {
            return Err(Failure::command(format!("There is no remote host '{}'.", self.host))
                .hint("'syslog remotehost list' shows the hosts"));
        }
        for (id, _) in hosts {
            session.call(&DELETE_HOST, &[&id], &Nothing {})?;
        }
        Ok(Changed { added: None, deleted: Some(self.host), service: restarted(session)? })
    }
}

/// The hosts with their ids.
pub(super) fn hosts(session: &Session) -> Result<Vec<(String, RemoteHost)>, Failure> {
    let links = session.get(&HOSTS, &[])?.remote_hosts;
    let host = |link: Link| {
        let host = session.get(&HOST, &[&link.id])?;
        Ok((link.id, host))
    };
    links.into_iter().map(host).collect()
}

#[derive(Deserialize)]
struct List {}

/// The hosts that the logs are sent to.
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
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    tls: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Why lines wait for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

impl Run<Session> for List {
    type View = Hosts;

    fn run(self, session: &mut Session) -> Result<Hosts, Failure> {
        let host = |(_, host): (_, RemoteHost)| Host {
            host: host.address,
            port: host.port,
            protocol: host.protocol,
            tls: host.tls,
            mode: host.mode,
            name: host.name,
            problem: host.problem,
        };
        let hosts: Vec<Host> = hosts(session)?.into_iter().map(host).collect();
        for Host { host, port, problem, .. } in &hosts {
            if let Some(problem) = problem {
                session.ui().note(format!("note: lines wait for {host}:{port}: {problem}"));
            }
        }
        Ok(Hosts { hosts })
    }
}

impl Text for Hosts {
    fn write(&self, page: &mut Page) {
        page.line("Remote logging server(s):");
        page.line("=========================");
        page.blank();
        for Host { host, port, protocol, tls, .. } in &self.hosts {
            let tls = if *tls { ", tls" } else { "" };
            page.line(format!("  {host}:{port}, {protocol}{tls}"));
        }
    }
}
