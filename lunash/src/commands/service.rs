//! `service`: the services of the appliance.

use luna_rest::services::{self, ServiceAction};
use luna_rest::{network, ntls};

use crate::prelude::*;

pub(super) const MENUS: &[Menu] = &[Menu { path: "service", help: "Services of the appliance" }];

pub(super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "service list",
        help: "List the services",
        options: &[],
        roles: Role::MONITOR,
        rest: &[services::LIST.resource()],
        known: Known::Documented("lunash/commands/service/service_list.htm@7.2"),
        run: call::<List>(),
    },
    Command {
        syntax: "service restart <service_name> [-force|-f]",
        help: "Stop a service and start it again",
        options: &[("service_name", "Name of a service; 'service list' shows them")],
        roles: Role::OPERATOR,
        rest: &[services::SHOW.resource(), services::ACT.resource(), ntls::INFORMATION.resource()],
        known: Known::Seen("service-restart-5"),
        run: call::<Restart>(),
    },
    Command {
        syntax: "service start <service_name>",
        help: "Start a service",
        options: &[("service_name", "Name of a service; 'service list' shows them")],
        roles: Role::OPERATOR,
        rest: &[services::SHOW.resource(), services::ACT.resource()],
        known: Known::Documented("lunash/commands/service/service_start.htm@7.2"),
        run: call::<Start>(),
    },
    Command {
        syntax: "service status <service_name>",
        help: "Show whether a service runs",
        options: &[("service_name", "Name of a service; 'service list' shows them")],
        roles: Role::MONITOR,
        rest: &[services::SHOW.resource(), network::DEVICES.resource(), network::DEVICE.resource()],
        known: Known::Seen("lunash-service-status-5.1"),
        run: call::<Status>(),
    },
    Command {
        syntax: "service stop <service_name> [-force|-f]",
        help: "Stop a service",
        options: &[("service_name", "Name of a service; 'service list' shows them")],
        roles: Role::OPERATOR,
        rest: &[services::SHOW.resource(), services::ACT.resource(), ntls::INFORMATION.resource()],
        known: Known::Documented("lunash/commands/service/service_stop.htm@7.2"),
        run: call::<Stop>(),
    },
];

/// What each service is, in the product's words but for those of the cluster, which are newer than the
/// page. An appliance may have others.
const MEANINGS: &[(&str, &str)] = &[
    ("cbs", "HSM callback service"),
    ("cluster", "Cluster of appliances"),
    ("clusteradmin", "Administration of the cluster"),
    ("ctc", "Trust links of cluster clients"),
    ("ismigration", "Migration into the cluster"),
    ("lsta", "Luna SNMP trap agent service"),
    ("network", "Network service (Needed for ntls, ssh and scp)"),
    ("ntls", "Network trust link service"),
    ("ntp", "Network time protocol service"),
    ("snmp", "SNMP agent service"),
    ("ssh", "Secure shell service (Needed for ssh and scp)"),
    ("stc", "Secure trusted channel service"),
    ("syslog", "Syslog service"),
    ("sysstat", "System status monitoring (controls LCD)"),
    ("webserver", "REST API service"),
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
        page.blank();
        page.line("   The following are valid luna SA service names:");
        for service in &self.services {
            let known = MEANINGS.iter().find(|(name, _)| name == service);
            let meaning = known.map_or("", |(_, meaning)| meaning);
            page.line(format!("      {service:<9} - {meaning}").trim_end());
        }
        page.blank();
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
    /// Of the service `network` alone: the devices, and whether they are up.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    devices: Vec<(String, bool)>,
}

impl Run<Session> for Status {
    type View = State;

    fn run(self, session: &mut Session) -> Result<State, Failure> {
        let service = show(session, &self.service_name)?;
        let (running, state) = (service.is_running(), service.phase());
        let mut devices = Vec::new();
        if self.service_name == "network" {
            devices.extend(super::network::devices(session)?.into_iter().map(|it| (it.id, it.up)));
        }
        Ok(State { service: self.service_name, running, state, on_boot: service.on_boot, devices })
    }
}

impl Text for State {
    fn write(&self, page: &mut Page) {
        for (device, up) in &self.devices {
            page.line(format!("   {device} is {}", if *up { "up" } else { "down" }));
        }
        if !self.devices.is_empty() {
            return;
        }
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
    force: bool,
}

impl Run<Session> for Stop {
    type View = Steps;

    fn run(self, session: &mut Session) -> Result<Steps, Failure> {
        check_clients(session, &self.service_name, self.force)?;
        act(session, self.service_name, "stop")
    }
}

#[derive(Deserialize)]
struct Restart {
    service_name: String,
    force: bool,
}

impl Run<Session> for Restart {
    type View = Steps;

    fn run(self, session: &mut Session) -> Result<Steps, Failure> {
        check_clients(session, &self.service_name, self.force)?;
        act(session, self.service_name, "restart")
    }
}

/// Before NTLS is stopped: says whether clients are connected, and asks if there are.
fn check_clients(session: &mut Session, service: &str, force: bool) -> Result<(), Failure> {
    if service != "ntls" {
        return Ok(());
    }
    let count = session.get(&ntls::INFORMATION, &[])?.connected_clients;
    session.ui().show("Checking for connected clients before stopping NTLS service:\n\n");
    if count == 0 {
        session.ui().show("There are no connected clients.  Proceeding...\n");
        return Ok(());
    }
    let warning = format!(
        "WARNING !! There are {count} client(s) connected to this Luna SA\n\
         appliance.  It is recommended that you disconnect all clients\n\
         before stopping or restarting the NTLS service.\n\n"
    );
    if force {
        // Assumed: what is said without a question.
        session.ui().show(&warning);
        return Ok(());
    }
    let question = "If you are sure that you wish to proceed, then type 'proceed', otherwise type \
                    'quit'\n> ";
    session.confirm_aloud(false, &(warning + question))
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

/// Its task is not followed to the end: the web server would have to answer.
pub(super) fn stop_web_server(session: &Session) -> Result<(), Failure> {
    let (ids, stop) = (["webserver", "stop"], ServiceAction::default());
    session.client().send(&services::ACT, &ids, &stop).map(drop).map_err(refused)
}

pub(super) fn act(session: &Session, service: String, action: &str) -> Result<Steps, Failure> {
    let ran = show(session, &service)?.is_running();
    let ids = &[&service, action];
    if (service.as_str(), action) == ("webserver", "stop") {
        stop_web_server(session)?;
    } else {
        session.call(&services::ACT, ids, &ServiceAction::default())?;
    }
    // The two loggers are named by an older recording of a restart; the pages have one service.
    let (stopping, starting) = match (service.as_str(), action) {
        ("syslog", "start" | "stop") => {
            (vec!["Stopping syslog:".to_owned()], vec!["Starting syslog:".to_owned()])
        }
        (service, _) => words(service),
    };
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
        for (number, Step { step, ok }) in self.steps.iter().enumerate() {
            // The pages have an empty line between the halves of a restart.
            if number == 1 && self.steps.len() == 2 {
                page.blank();
            }
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
             \n\
             Starting snmpd:                                            [  OK  ]\n"
        );
    }
}
