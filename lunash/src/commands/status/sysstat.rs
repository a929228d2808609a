//! `status sysstat`: the operational state that the appliance's display shows too.

use luna_rest::{lunasa, network, services, time};

use crate::commands::network::devices;
use crate::prelude::*;

pub(in crate::commands) const MENUS: &[Menu] =
    &[Menu { path: "status sysstat", help: "Operational state of the appliance" }];

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "status sysstat code <status_code>",
        help: "Explain a status code, or all of them",
        options: &[("status_code", "A code of 'status sysstat show', or all")],
        roles: Role::MONITOR,
        rest: &[],
        known: Known::Documented("lunash/commands/status/status_sysstat_code.htm@7.2"),
        run: call::<Code>(),
    },
    Command {
        syntax: "status sysstat show",
        help: "Show the present state and its codes",
        options: &[],
        roles: Role::MONITOR,
        rest: &[
            lunasa::SHOW.resource(),
            services::SHOW.resource(),
            network::SHOW.resource(),
            network::DEVICES.resource(),
            network::DEVICE.resource(),
            time::SHOW.resource(),
        ],
        known: Known::Documented("lunash/commands/status/status_sysstat_show.htm@7.2"),
        run: call::<Show>(),
    },
];

const OFFLINE: &[&str] = &[
    "Run the command to restart the network service if it is not running.",
    "Run the command to show network status for more information.",
];

/// The codes, the state that each one means, what is amiss, and what to do: the product's words.
const CODES: &[(&str, &str, &str, &[&str])] = &[
    ("0", "ISO", "In service and operational.", &[]),
    (
        "15",
        "OOS",
        "The cluster service is not running.",
        &["Run \"cluster show\" and commands to view log files for more information."],
    ),
    (
        "20",
        "OOS",
        "The NTLS service is not running.",
        &["Run commands to display NTLS status for more information."],
    ),
    (
        "25",
        "OOS",
        "The NTLS is not bound to an Ethernet device.",
        &[
            "Run commands to display NTLS status and to view log files for more information.",
            "See help on how to bind an NTLS interface.",
        ],
    ),
    (
        "30",
        "OOS",
        "The HSM service has experienced one or more errors.",
        &[
            "Or the HSM service has experienced one or more critical events.",
            "Run \"hsm show\" and commands to view HSM log files for more information.",
        ],
    ),
    (
        "40",
        "OOS",
        "The cobradb service is not running.",
        &["Run commands to show network connection details and to view log files for more \
           information."],
    ),
    (
        "50",
        "OFL",
        "No Ethernet interfaces are connected to the network.",
        &["Run commands to display network status and to view log files for more information."],
    ),
    ("60", "ISO", "eth0 is offline.", OFFLINE),
    ("61", "ISO", "eth1 is offline.", OFFLINE),
    ("62", "ISO", "eth2 is offline.", OFFLINE),
    ("63", "ISO", "eth3 is offline.", OFFLINE),
    (
        "70",
        "IST",
        "The logging service is not running.",
        &[
            "Run commands to display the logging service status and to view log files for more \
             information.",
            "Run the command to restart the logging service if it is not running.",
        ],
    ),
    (
        "80",
        "ISO",
        "The STC service is not running.",
        &["Run commands to display STC status for more information."],
    ),
    (
        "90",
        "IST",
        "The SSH service is not running.",
        &[
            "Run commands to display the SSH service status and to view log files for more \
             information.",
            "Run the command to restart the SSH service if it is not running.",
        ],
    ),
    (
        "95",
        "ISO",
        "The webserver service is not running.",
        &["Run commands to display webserver status for more information."],
    ),
    (
        "100",
        "ISO",
        "The SNMP service is not running.",
        &[
            "Run commands to display the SNMP service status and to view log files for more \
             information.",
            "Run the command to restart the SNMP service if it is not running.",
        ],
    ),
    (
        "110",
        "IST",
        "One or more partitions on the disk drive are reaching maximum capacity.",
        &["Run commands to delete files and clear logs to free some disk space."],
    ),
];

/// A code, and what it means.
#[derive(Serialize)]
struct Entry {
    code: String,
    state: &'static str,
    meaning: &'static str,
    #[serde(skip)]
    advice: &'static [&'static str],
}

fn entries(wanted: impl Fn(&str) -> bool) -> Vec<Entry> {
    let known = CODES.iter().filter(|(code, ..)| wanted(code));
    let entry = |&(code, state, meaning, advice): &(&str, _, _, _)| Entry {
        code: code.to_owned(),
        state,
        meaning,
        advice,
    };
    known.map(entry).collect()
}

#[derive(Deserialize)]
struct Code {
    status_code: String,
}

/// The codes that were asked for.
#[derive(Serialize)]
struct Explained {
    codes: Vec<Entry>,
}

impl Run<Session> for Code {
    type View = Explained;

    fn run(self, _: &mut Session) -> Result<Explained, Failure> {
        let asked = self.status_code.to_ascii_lowercase();
        let all = !asked.is_empty() && "all".starts_with(&asked);
        let codes = entries(|code| all || code == asked);
        if codes.is_empty() {
            return Err(Failure::command(format!("There is no status code '{asked}'."))
                .hint("'status sysstat code all' explains all of them"));
        }
        Ok(Explained { codes })
    }
}

impl Text for Explained {
    fn write(&self, page: &mut Page) {
        page.line("Code    State   Description");
        page.line("=============================");
        for Entry { code, state, meaning, advice } in &self.codes {
            page.line(format!("{code:<7} {state:<7} {meaning}"));
            advice.iter().for_each(|line| page.line(format!("{:16}{line}", "")));
        }
    }
}

#[derive(Deserialize)]
struct Show {}

/// The present state.
#[derive(Serialize)]
struct State {
    status: String,
    codes: Vec<Entry>,
    hostname: String,
    interfaces: Vec<(String, Option<String>)>,
    version: String,
    running: bool,
    enabled: bool,
    /// When it was checked: `HH:MM on DD/MM/YYYY`.
    checked: String,
    #[serde(skip)]
    numbers: String,
}

impl Run<Session> for Show {
    type View = State;

    fn run(self, session: &mut Session) -> Result<State, Failure> {
        let appliance = session.get(&lunasa::SHOW, &[])?;
        let service = session.get(&services::SHOW, &["sysstat"])?;
        let ports = devices(session)?.into_iter().filter(|device| device.members.is_empty());
        let address = |device: network::Device| {
            let six = device.ip6.into_iter().map(|ip6| ip6.ip).next();
            (device.id, device.ip4.map(|ip4| ip4.ip).or(six))
        };
        let numbers = appliance.system_status_codes.clone();
        let now = session.get(&time::SHOW, &[])?;
        let date: Vec<&str> = now.date.rsplit('-').collect();
        let minute: String = now.time.chars().take(5).collect();
        Ok(State {
            status: appliance.system_status.clone(),
            codes: entries(|code| numbers.split(',').any(|number| number.trim() == code)),
            hostname: session.get(&network::SHOW, &[])?.hostname,
            interfaces: ports.map(address).collect(),
            version: appliance.version,
            running: service.is_running(),
            enabled: service.on_boot,
            checked: format!("{minute} on {}", date.join("/")),
            numbers,
        })
    }
}

impl Text for State {
    fn write(&self, page: &mut Page) {
        let running = if self.running { "running" } else { "stopped" };
        page.line("Volatile State:");
        page.line(format!("sysstat is {running}"));
        page.line(format!("Service Status: sysstat is {running}"));
        page.blank();
        page.line("Non-volatile State:");
        page.line(if self.enabled { "Enabled" } else { "Disabled" });
        page.line("\n\n  System Status Monitor - Current Status");
        page.line("  ======================================");
        let mut field = |label: &str, value: &str| page.field(&format!("  {label}"), 23, value);
        field("Hostname:", &self.hostname);
        for (device, address) in &self.interfaces {
            let address = address.as_deref().unwrap_or("not configured");
            field(&format!("Interface {device}:"), address);
        }
        field("Software Version:", &format!("SA:{}", self.version));
        field("System Status:", self.status.split(' ').next().unwrap_or_default());
        field("System Status Code:", if self.numbers.is_empty() { "0" } else { &self.numbers });
        field("Status Check Time:", &self.checked);
        page.line("\n\nSystem State Description\n");
        for (state, meaning) in STATES {
            page.field(&format!("  {state}:"), 33, meaning);
        }
    }
}

/// The states: the product's words.
const STATES: [(&str, &str); 4] = [
    (
        "ISO (In Service Okay)",
        "The appliance is online and the necessary subsystems are operational.",
    ),
    (
        "IST (In Service with Trouble)",
        "The appliance is online and the necessary subsystems are operational with some troubles.",
    ),
    (
        "OFL (Off Line)",
        "The appliance is not currently connected to the Ethernet network and cannot provide service.",
    ),
    (
        "OOS (Out Of Service)",
        "The appliance is online but the necessary subsystems are NOT operational.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use luna_shell::View;

    /// The example of the page.
    #[test]
    fn the_state_is_written_as_the_page_has_it() {
        let interface = |name: &str, ip: Option<&str>| (name.to_owned(), ip.map(str::to_owned));
        let state = State {
            status: "ISO (In Service Okay)".into(),
            codes: Vec::new(),
            hostname: "sa7pw".into(),
            interfaces: vec![
                interface("eth0", Some("192.20.11.78")),
                interface("eth1", None),
                interface("eth2", None),
                interface("eth3", None),
            ],
            version: "7.0.0-880".into(),
            running: true,
            enabled: true,
            checked: "10:17 on 01/03/2017".into(),
            numbers: "100,61,62,63,95".into(),
        };
        insta::assert_snapshot!(state.text(), @r"
        Volatile State:
        sysstat is running
        Service Status: sysstat is running

        Non-volatile State:
        Enabled


          System Status Monitor - Current Status
          ======================================
          Hostname:            sa7pw
          Interface eth0:      192.20.11.78
          Interface eth1:      not configured
          Interface eth2:      not configured
          Interface eth3:      not configured
          Software Version:    SA:7.0.0-880
          System Status:       ISO
          System Status Code:  100,61,62,63,95
          Status Check Time:   10:17 on 01/03/2017


        System State Description

          ISO (In Service Okay):         The appliance is online and the necessary subsystems are operational.
          IST (In Service with Trouble): The appliance is online and the necessary subsystems are operational with some troubles.
          OFL (Off Line):                The appliance is not currently connected to the Ethernet network and cannot provide service.
          OOS (Out Of Service):          The appliance is online but the necessary subsystems are NOT operational.
        ");
    }
}
