//! `service`: the services of the appliance.

use luna_rest::services::{self, ServiceAction};

use crate::prelude::*;

pub(super) const MENUS: &[Menu] = &[Menu { path: "service", help: "Services of the appliance" }];

pub(super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "service list",
        help: "List the services",
        options: &[],
        roles: Role::MONITOR,
        rest: &[services::LIST.resource()],
        known: Known::Assumed("known by name only; a name and what it is a line"),
        run: call::<List>(),
    },
    Command {
        syntax: "service restart <service_name>",
        help: "Stop a service and start it again",
        options: &[("service_name", "Name of a service; 'service list' shows them")],
        roles: Role::OPERATOR,
        rest: &[services::SHOW.resource(), services::ACT.resource()],
        known: Known::Seen("service-restart-5"),
        run: call::<Restart>(),
    },
    Command {
        syntax: "service start <service_name>",
        help: "Start a service",
        options: &[("service_name", "Name of a service; 'service list' shows them")],
        roles: Role::OPERATOR,
        rest: &[services::SHOW.resource(), services::ACT.resource()],
        known: Known::Assumed("known by name only; the second half of a restart"),
        run: call::<Start>(),
    },
    Command {
        syntax: "service status <service_name>",
        help: "Show whether a service runs",
        options: &[("service_name", "Name of a service; 'service list' shows them")],
        roles: Role::MONITOR,
        rest: &[services::SHOW.resource()],
        known: Known::Seen("lunash-service-status-5.1"),
        run: call::<Status>(),
    },
    Command {
        syntax: "service stop <service_name>",
        help: "Stop a service",
        options: &[("service_name", "Name of a service; 'service list' shows them")],
        roles: Role::OPERATOR,
        rest: &[services::SHOW.resource(), services::ACT.resource()],
        known: Known::Assumed("known by name only; the first half of a restart"),
        run: call::<Stop>(),
    },
];

/// What each service is; an appliance may have others.
const MEANINGS: &[(&str, &str)] = &[
    ("cbs", "Callback service of a remote PED"),
    ("cluster", "Cluster of appliances"),
    ("clusteradmin", "Administration of the cluster"),
    ("ctc", "Trust links of cluster clients"),
    ("ismigration", "Migration into the cluster"),
    ("lsta", "SNMP trap agent"),
    ("network", "Network; ntls and ssh need it"),
    ("ntls", "Network trust links of clients"),
    ("ntp", "Time from network time servers"),
    ("snmp", "SNMP agent"),
    ("ssh", "Secure shell and file transfer"),
    ("stc", "Secure trusted channels of clients"),
    ("syslog", "System log"),
    ("sysstat", "System status and front panel"),
    ("webserver", "REST API"),
];

#[derive(Deserialize)]
struct List {}

/// The names of the services.
#[derive(Serialize)]
struct Services {
    services: Vec<String>,
}

impl Run<Session> for List {
    type View = Services;

    fn run(self, session: &mut Session) -> Result<Services, Failure> {
        let services = session.get(&services::LIST, &[])?.services;
        Ok(Services { services: services.into_iter().map(|service| service.id).collect() })
    }
}

impl Text for Services {
    fn write(&self, page: &mut Page) {
        for service in &self.services {
            let known = MEANINGS.iter().find(|(name, _)| name == service);
            page.field(&format!("   {service}"), 17, known.map_or("", |(_, meaning)| meaning));
        }
    }
}

#[derive(Deserialize)]
struct Status {
    service_name: String,
}

/// Whether a service runs.
#[derive(Serialize)]
struct State {
    service: String,
    running: bool,
    /// `running`, `starting` or `stopped`.
    state: &'static str,
    on_boot: bool,
}

impl Run<Session> for Status {
    type View = State;

    fn run(self, session: &mut Session) -> Result<State, Failure> {
        let service = show(session, &self.service_name)?;
        let (running, state) = (service.is_running(), service.phase());
        Ok(State { service: self.service_name, running, state, on_boot: service.on_boot })
    }
}

impl Text for State {
    fn write(&self, page: &mut Page) {
        let state = if self.state == "stopped" { "not running" } else { self.state };
        page.line(format!("   {} is {state}", self.service));
    }
}

fn show(session: &Session, service: &str) -> Result<services::Service, Failure> {
    session.get(&services::SHOW, &[service])
}

#[derive(Deserialize)]
struct Start {
    service_name: String,
}

impl Run<Session> for Start {
    type View = Steps;

    fn run(self, session: &mut Session) -> Result<Steps, Failure> {
        act(session, self.service_name, "start")
    }
}

#[derive(Deserialize)]
struct Stop {
    service_name: String,
}

impl Run<Session> for Stop {
    type View = Steps;

    fn run(self, session: &mut Session) -> Result<Steps, Failure> {
        act(session, self.service_name, "stop")
    }
}

#[derive(Deserialize)]
struct Restart {
    service_name: String,
}

impl Run<Session> for Restart {
    type View = Steps;

    fn run(self, session: &mut Session) -> Result<Steps, Failure> {
        act(session, self.service_name, "restart")
    }
}

/// What was done to a service, step by step.
#[derive(Serialize)]
pub(super) struct Steps {
    service: String,
    pub(super) running: bool,
    pub(super) steps: Vec<Step>,
}

/// A step.
#[derive(Serialize)]
pub(super) struct Step {
    pub(super) step: String,
    pub(super) ok: bool,
}

pub(super) fn act(session: &Session, service: String, action: &str) -> Result<Steps, Failure> {
    let ran = show(session, &service)?.is_running();
    let ids = &[&service, action];
    session.call(&services::ACT, ids, &ServiceAction::default())?;
    let (stopping, starting) = words(&service);
    // A service that does not run cannot be stopped; the product says so and goes on.
    let stop = stopping.into_iter().map(|step| Step { step, ok: ran });
    let start = starting.into_iter().map(|step| Step { step, ok: true });
    let steps = match action {
        "start" => start.collect(),
        "stop" => stop.collect(),
        _ => stop.chain(start).collect(),
    };
    Ok(Steps { service, running: action != "stop", steps })
}

/// What the product says when it stops and starts a service: of the system log both lines are seen,
/// of others the name of the daemon (sshd, snmpd).
fn words(service: &str) -> (Vec<String>, Vec<String>) {
    let daemon = match service {
        "syslog" => {
            let loggers = ["kernel logger", "system logger"];
            let line = |verb: &str, logger: &str| format!("{verb} {logger}:");
            return (
                loggers.iter().map(|logger| line("Shutting down", logger)).collect(),
                loggers.iter().rev().map(|logger| line("Starting", logger)).collect(),
            );
        }
        "ntp" | "snmp" | "ssh" | "sysstat" => format!("{service}d"),
        other => other.to_owned(),
    };
    (vec![format!("Stopping {daemon}:")], vec![format!("Starting {daemon}:")])
}

impl Text for Steps {
    fn write(&self, page: &mut Page) {
        for Step { step, ok } in &self.steps {
            page.field(step, 59, if *ok { "[  OK  ]" } else { "[FAILED]" });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use luna_shell::View;

    fn text(service: &str, ran: bool) -> String {
        let (stopping, starting) = words(service);
        let stop = stopping.into_iter().map(|step| Step { step, ok: ran });
        let start = starting.into_iter().map(|step| Step { step, ok: true });
        let steps = stop.chain(start).collect();
        Steps { service: service.into(), running: true, steps }.text()
    }

    /// Recorded from a Luna SA 5.x.
    #[test]
    fn a_restart_is_shown_in_the_words_of_the_product() {
        assert_eq!(
            text("syslog", true),
            "Shutting down kernel logger:                               [  OK  ]\n\
             Shutting down system logger:                               [  OK  ]\n\
             Starting system logger:                                    [  OK  ]\n\
             Starting kernel logger:                                    [  OK  ]\n"
        );
        assert_eq!(
            text("snmp", false),
            "Stopping snmpd:                                            [FAILED]\n\
             Starting snmpd:                                            [  OK  ]\n"
        );
    }
}
