//! `sysconf ntp`: network time servers and the service that follows them. Its status is written in
//! `ntp_status.rs`; authentication is in `ntp_auth.rs`.

use luna_rest::ntp::{
    ADD_SERVER, Association, DELETE_SERVER, LOCAL_CLOCK, LOG, NewServer, SERVER, SERVERS, SHOW,
    STATUS, SYNCHRONIZE, Server, Synchronize,
};
use luna_rest::services::{self, ChangeService, ServiceAction};

use super::ntp_status::{ShowStatus, enabled, running, write_associations};
use crate::commands::status::clock::Clock;
use luna_rest::{ntp, time};

use crate::prelude::*;
use crate::refusals::refused_in_detail;

pub(in super::super) const MENUS: &[Menu] = &[
    Menu { path: "sysconf ntp", help: "Network time" },
    Menu { path: "sysconf ntp log", help: "Log of the NTP service" },
];

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "sysconf ntp addserver <NTPserver> [-autokey|-a | -key|-k <key_id:1-65535>] [-burst|-b] [-iburst|-i] [-prefer|-p] [-version|-v <version:3|4>]",
        help: "Add an NTP server",
        options: &[
            ("NTPserver", "Host name or address of the server"),
            ("-autokey", "Authenticate the server with AutoKey"),
            ("-key", "Number of a trusted symmetric key to authenticate the server with"),
            ("-burst", "Send several packets at once while the server answers"),
            ("-iburst", "Send several packets at once until the server answers"),
            ("-prefer", "Follow this server before the others"),
            ("-version", "Version of the protocol"),
        ],
        roles: Role::OPERATOR,
        rest: &[
            ntp::SHOW.resource(),
            ntp::STATUS.resource(),
            ntp::ADD_SERVER.resource(),
            services::ACT.resource(),
        ],
        known: Known::Seen("lunash-sysconf-ntp-addserver-output-5"),
        run: call::<AddServer>(),
    },
    Command {
        syntax: "sysconf ntp deleteserver <NTPserver>",
        help: "Remove an NTP server",
        options: &[("NTPserver", "The server, as it was added")],
        roles: Role::OPERATOR,
        rest: &[
            ntp::SHOW.resource(),
            ntp::STATUS.resource(),
            ntp::DELETE_SERVER.resource(),
            services::ACT.resource(),
        ],
        known: Known::Seen("sysconf-ntp-deleteserver-5"),
        run: call::<DeleteServer>(),
    },
    Command {
        syntax: "sysconf ntp disable",
        help: "Stop NTP, now and when the appliance starts",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[
            ntp::SHOW.resource(),
            ntp::STATUS.resource(),
            services::CHANGE.resource(),
            services::ACT.resource(),
        ],
        known: Known::Documented("lunash/commands/sysconf/sysconf_ntp_disable.htm@7.2"),
        run: call::<Disable>(),
    },
    Command {
        syntax: "sysconf ntp enable",
        help: "Start NTP, now and when the appliance starts",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[
            ntp::SHOW.resource(),
            ntp::STATUS.resource(),
            services::CHANGE.resource(),
            services::ACT.resource(),
        ],
        known: Known::Documented("admin_appliance/network_config/about_ntp.htm"),
        run: call::<Enable>(),
    },
    Command {
        syntax: "sysconf ntp listservers",
        help: "List the NTP servers",
        options: &[],
        roles: Role::MONITOR,
        rest: &[ntp::SERVERS.resource(), ntp::SERVER.resource()],
        known: Known::Seen("sysconf-ntp-listservers-5"),
        run: call::<ListServers>(),
    },
    Command {
        syntax: "sysconf ntp log tail [-entries|-e <entries:0-2147483647>]",
        help: "Show the end of the log",
        options: &[("-entries", "How many lines; 20 when left out")],
        roles: Role::OPERATOR,
        rest: &[ntp::LOG.resource()],
        known: Known::Documented("lunash/commands/sysconf/sysconf_ntp_log_tail.htm@7.2"),
        run: call::<LogTail>(),
    },
    Command {
        syntax: "sysconf ntp ntpdate <NTPserver> [-key|-k <key_id:1-65535>] [-version|-v <version:3|4>]",
        help: "Set the clock by a server, once",
        options: &[
            ("NTPserver", "Host name or address of the server"),
            ("-key", "Number of a trusted symmetric key to authenticate the server with"),
            ("-version", "Version of the protocol"),
        ],
        roles: Role::OPERATOR,
        rest: &[time::SHOW.resource(), ntp::SYNCHRONIZE.resource()],
        known: Known::Documented("lunash/commands/sysconf/sysconf_ntp_ntpdate.htm@7.2"),
        run: call::<Ntpdate>(),
    },
    Command {
        syntax: "sysconf ntp show",
        help: "Show the settings of NTP",
        options: &[],
        roles: Role::MONITOR,
        rest: &[ntp::SHOW.resource(), ntp::SERVERS.resource(), ntp::SERVER.resource()],
        known: Known::Assumed(
            "sysconf_ntp_show.htm@7.2 has the daemon's version and all of its configuration, which the \
             appliance does not tell",
        ),
        run: call::<Show>(),
    },
    Command {
        syntax: "sysconf ntp status",
        help: "Show whether NTP runs, and whom it follows",
        options: &[],
        roles: Role::MONITOR,
        rest: &[ntp::STATUS.resource(), time::SHOW.resource()],
        known: Known::Seen("lunash-sysconf-ntp-status-5.1"),
        run: call::<ShowStatus>(),
    },
];

/// The service's name.
const SERVICE: &str = "ntp";

#[derive(Deserialize)]
struct AddServer {
    #[serde(rename = "NTPserver")]
    server: String,
    autokey: bool,
    key: Option<u16>,
    burst: bool,
    iburst: bool,
    prefer: bool,
    version: Option<u8>,
}

impl Run<Session> for AddServer {
    type View = Changed;

    fn run(self, session: &mut Session) -> Result<Changed, Failure> {
        let new = NewServer {
            address: self.server.clone(),
            is_autokey_enabled: self.autokey.then_some(true),
            key_id: self.key,
            is_burst_enabled: self.burst.then_some(true),
            is_initial_burst_enabled: self.iburst.then_some(true),
            is_preferred_server: self.prefer.then_some(true),
            protocol_version: self.version,
            ..NewServer::default()
        };
        session.client().call(&ADD_SERVER, &[], &new).map_err(refused_in_detail)?;
        let server = Server {
            address: self.server,
            key_id: self.key,
            is_autokey_enabled: self.autokey,
            is_burst_enabled: self.burst,
            is_initial_burst_enabled: self.iburst,
            is_preferred_server: self.prefer,
            protocol_version: self.version,
            ..Server::default()
        };
        let authenticated = self.key.is_some() || self.autokey;
        Ok(Changed {
            change: "added",
            line: Some(line(&server)),
            server: server.address,
            authenticated: Some(authenticated),
            service: apply(session)?,
        })
    }
}

#[derive(Deserialize)]
struct DeleteServer {
    #[serde(rename = "NTPserver")]
    server: String,
}

impl Run<Session> for DeleteServer {
    type View = Changed;

    fn run(self, session: &mut Session) -> Result<Changed, Failure> {
        session
            .client()
            .call(&DELETE_SERVER, &[&self.server], &Nothing {})
            .map_err(refused_in_detail)?;
        Ok(Changed {
            change: "deleted",
            server: self.server,
            line: None,
            authenticated: None,
            service: apply(session)?,
        })
    }
}

/// A server was added or deleted.
#[derive(Serialize)]
struct Changed {
    change: &'static str,
    server: String,
    #[serde(skip)]
    line: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authenticated: Option<bool>,
    service: Service,
}

impl Text for Changed {
    fn write(&self, page: &mut Page) {
        match &self.line {
            Some(line) => page.line(format!("NTP server '{line}' added.")),
            None => page.line(format!("NTP server {} deleted", self.server)),
        }
        if self.authenticated == Some(false) {
            page.line(format!("WARNING !! Server '{}' added without authentication.", self.server));
        }
        self.service.write(page);
    }
}

/// What became of the service after a change.
#[derive(Serialize)]
struct Service {
    enabled: bool,
    running: bool,
    #[serde(skip)]
    steps: Vec<(&'static str, bool)>,
    associations: Vec<Association>,
}

/// Restarts a service that runs or should run, so that it takes up what was changed.
fn apply(session: &Session) -> Result<Service, Failure> {
    let ntp = session.get(&SHOW, &[])?;
    if !ntp.is_enabled && !ntp.is_running {
        let (steps, associations) = Default::default();
        return Ok(Service { enabled: false, running: false, steps, associations });
    }
    act(session, "restart")?;
    let steps = vec![(STOPPING, ntp.is_running), (STARTING, true)];
    look(session, steps)
}

const STOPPING: &str = "Shutting down ntpd:";
const STARTING: &str = "Starting ntpd:";

fn act(session: &Session, action: &str) -> Result<(), Failure> {
    let ids = &[SERVICE, action];
    session.call(&services::ACT, ids, &ServiceAction::default())?;
    Ok(())
}

fn look(session: &Session, steps: Vec<(&'static str, bool)>) -> Result<Service, Failure> {
    let status = session.get(&STATUS, &[])?;
    Ok(Service {
        enabled: status.is_enabled,
        running: status.is_running,
        steps,
        associations: status.associations,
    })
}

impl Text for Service {
    fn write(&self, page: &mut Page) {
        page.line(enabled(self.enabled));
        for (step, ok) in &self.steps {
            page.field(step, 59, if *ok { "[  OK  ]" } else { "[FAILED]" });
        }
        if !self.running {
            return;
        }
        let rule = "=".repeat(59);
        page.line("Please wait to see the result ......");
        page.blank();
        page.line(running(true));
        page.line(&rule);
        page.line("NTP Associations Status:");
        page.blank();
        write_associations(page, &self.associations);
        page.line(&rule);
        page.line("Please look at the ntp log to see any potential problem.");
    }
}

#[derive(Deserialize)]
struct Disable {}

/// NTP was stopped.
#[derive(Serialize)]
#[serde(transparent)]
struct Disabled(Service);

impl Text for Disabled {
    fn write(&self, page: &mut Page) {
        self.0.write(page);
        page.line("NTP is stopped");
    }
}

impl Run<Session> for Disable {
    type View = Disabled;

    fn run(self, session: &mut Session) -> Result<Disabled, Failure> {
        let ran = session.get(&SHOW, &[])?.is_running;
        session.call(&services::CHANGE, &[SERVICE], &ChangeService { on_boot: false })?;
        let mut steps = Vec::new();
        if ran {
            act(session, "stop")?;
            // As the page has it; STOPPING is that of the recorded restarts.
            steps.push(("Stopping ntpd:", true));
        }
        Ok(Disabled(look(session, steps)?))
    }
}

#[derive(Deserialize)]
struct Enable {}

impl Run<Session> for Enable {
    type View = Service;

    fn run(self, session: &mut Session) -> Result<Service, Failure> {
        let ran = session.get(&SHOW, &[])?.is_running;
        session.call(&services::CHANGE, &[SERVICE], &ChangeService { on_boot: true })?;
        let mut steps = Vec::new();
        if !ran {
            act(session, "start")?;
            steps.push((STARTING, true));
        }
        look(session, steps)
    }
}

#[derive(Deserialize)]
struct ListServers {}

/// The servers; the appliance's own clock is the first of them.
#[derive(Serialize)]
struct Servers {
    servers: Vec<Entry>,
}

/// A server.
#[derive(Serialize)]
struct Entry {
    address: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<u16>,
    autokey: bool,
    preferred: bool,
    #[serde(skip)]
    line: String,
}

impl From<Server> for Entry {
    fn from(server: Server) -> Entry {
        Entry {
            line: line(&server),
            address: server.address,
            key: server.key_id,
            autokey: server.is_autokey_enabled,
            preferred: server.is_preferred_server,
        }
    }
}

/// A server as a line of the service's configuration.
fn line(server: &Server) -> String {
    let mut line = format!("server {}", server.address);
    if let Some(key) = server.key_id {
        line.push_str(&format!(" key {key}"));
    }
    if let Some(version) = server.protocol_version {
        line.push_str(&format!(" version {version}"));
    }
    for (given, word) in [
        (server.is_autokey_enabled, " autokey"),
        (server.nts, " nts"),
        (server.is_burst_enabled, " burst"),
        (server.is_initial_burst_enabled, " iburst"),
        (server.is_preferred_server, " prefer"),
    ] {
        if given {
            line.push_str(word);
        }
    }
    line
}

fn servers(session: &Session) -> Result<Servers, Failure> {
    let own = Server { address: LOCAL_CLOCK.to_owned(), ..Server::default() };
    let mut servers = vec![Entry::from(own)];
    for link in session.get(&SERVERS, &[])?.servers {
        // Where a server cannot be shown by itself, its name is what is known.
        let shown = session.client().get(&SERVER, &[&link.id]).unwrap_or_default();
        let address = if shown.address.is_empty() { link.id } else { shown.address.clone() };
        servers.push(Server { address, ..shown }.into());
    }
    Ok(Servers { servers })
}

impl Run<Session> for ListServers {
    type View = Servers;

    fn run(self, session: &mut Session) -> Result<Servers, Failure> {
        servers(session)
    }
}

impl Text for Servers {
    fn write(&self, page: &mut Page) {
        page.line("=".repeat(65));
        page.line("NTP Servers:");
        for server in &self.servers {
            page.line(&server.line);
        }
        page.line("=".repeat(65));
    }
}

#[derive(Deserialize)]
struct LogTail {
    entries: Option<usize>,
}

/// The end of the log.
#[derive(Serialize)]
struct Lines {
    lines: Vec<String>,
    /// What the product says that it runs.
    #[serde(skip)]
    entries: Option<usize>,
}

impl Run<Session> for LogTail {
    type View = Lines;

    fn run(self, session: &mut Session) -> Result<Lines, Failure> {
        let mut lines = session.get(&LOG, &[])?.lines;
        let surplus = lines.len().saturating_sub(self.entries.unwrap_or(20));
        lines.drain(..surplus);
        Ok(Lines { lines, entries: self.entries })
    }
}

impl Text for Lines {
    fn write(&self, page: &mut Page) {
        let rule = "=".repeat(78);
        let entries = self.entries.map(|entries| format!(" -e {entries}")).unwrap_or_default();
        page.line(&rule);
        page.line(format!("syslog tail -l ntp{entries}"));
        self.lines.iter().for_each(|line| page.line(line));
        page.line(&rule);
    }
}

#[derive(Deserialize)]
struct Ntpdate {
    #[serde(rename = "NTPserver")]
    server: String,
    key: Option<u16>,
    version: Option<u8>,
}

/// The clock before and after it was set.
#[derive(Serialize)]
struct Dates {
    server: String,
    before: String,
    after: String,
}

impl Run<Session> for Ntpdate {
    type View = Dates;

    fn run(self, session: &mut Session) -> Result<Dates, Failure> {
        let client = session.client();
        let before = Clock::from(client.get(&luna_rest::time::SHOW, &[])?).line();
        let body = Synchronize {
            server: Some(self.server.clone()),
            key_id: self.key,
            protocol_version: self.version,
            ..Synchronize::default()
        };
        client.call(&SYNCHRONIZE, &[], &body).map_err(|error| match error.id() {
            Some(ErrorId::SYSCONF_CONFIG_NTP_SERVICE_RUNNING) => {
                let message = "The NTP daemon is running.".to_owned();
                Failure { message, ..refused_in_detail(error) }
            }
            _ => refused_in_detail(error),
        })?;
        let after = Clock::from(client.get(&luna_rest::time::SHOW, &[])?).line();
        Ok(Dates { server: self.server, before, after })
    }
}

impl Text for Dates {
    fn write(&self, page: &mut Page) {
        page.blank();
        page.line(format!(
            "This command sets the date and time using ntp server \"{}\" if NTP daemon is not \
             running.\n",
            self.server
        ));
        page.line(format!("Current time before running ntpdate: {}", self.before));
        page.line(format!("Current time after running ntpdate: {}", self.after));
    }
}

#[derive(Deserialize)]
struct Show {}

/// The settings.
#[derive(Serialize)]
struct Settings {
    running: bool,
    enabled: bool,
    #[serde(flatten)]
    servers: Servers,
}

impl Run<Session> for Show {
    type View = Settings;

    fn run(self, session: &mut Session) -> Result<Settings, Failure> {
        let ntp = session.get(&SHOW, &[])?;
        let servers = servers(session)?;
        Ok(Settings { running: ntp.is_running, enabled: ntp.is_enabled, servers })
    }
}

impl Text for Settings {
    fn write(&self, page: &mut Page) {
        page.line(format!("{}\n\n{}\n", running(self.running), enabled(self.enabled)));
        self.servers.write(page);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_its_line_of_the_configuration() {
        let server = Server {
            address: "x".into(),
            key_id: Some(7),
            is_preferred_server: true,
            ..Server::default()
        };
        assert_eq!(line(&server), "server x key 7 prefer");
    }
}
