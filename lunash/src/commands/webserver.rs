//! `webserver`: the web server that serves the REST API. Here where it listens and whether it starts;
//! `certificate.rs` and `ciphers.rs` have its TLS.

pub(super) mod certificate;
pub(super) mod ciphers;

use luna_rest::{services, web_server};

use crate::prelude::*;
use crate::questions::{caution, proceed};

pub(super) const MENUS: &[Menu] =
    &[Menu { path: "webserver", help: "The web server of the REST API" }];

pub(super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "webserver bind <netdevice:eth0|eth1|eth2|eth3|bond0|bond1|all|all_ipv4> \
                 [-port <port:1024-65535>] [-force|-f]",
        help: "Serve the REST API on one network device, or on all",
        options: &[
            ("netdevice", "A network device; all for IPv4 and IPv6, all_ipv4 for IPv4 alone"),
            ("-port", "Port; the present one without it"),
        ],
        roles: Role::ADMIN,
        rest: &[web_server::CHANGE.resource()],
        known: Known::Assumed(
            "the page was not found: made after 'ntls bind' and PATCH /api/lunasa/webServer",
        ),
        run: call::<Bind>(),
    },
    Command {
        syntax: "webserver disable [-force|-f]",
        help: "Do not start the web server with the appliance",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[services::CHANGE.resource()],
        known: Known::Assumed(
            "the page was not found: made after the onBoot of the service 'webserver'",
        ),
        run: call::<Disable>(),
    },
    Command {
        syntax: "webserver enable",
        help: "Start the web server with the appliance",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[services::CHANGE.resource()],
        known: Known::Assumed(
            "the page was not found: made after the onBoot of the service 'webserver'",
        ),
        run: call::<Enable>(),
    },
    Command {
        syntax: "webserver show",
        help: "Show where the web server listens and whether it starts with the appliance",
        options: &[],
        roles: Role::MONITOR,
        rest: &[web_server::SHOW.resource(), services::SHOW.resource()],
        known: Known::Assumed(
            "the page was not found: the settings of /api/lunasa/webServer but for its ciphers",
        ),
        run: call::<Show>(),
    },
];

const SERVICE: &str = "webserver";

#[derive(Deserialize)]
struct Bind {
    netdevice: String,
    port: Option<u16>,
    force: bool,
}

impl Run<Session> for Bind {
    type View = Message;

    fn run(self, session: &mut Session) -> Result<Message, Failure> {
        let Bind { netdevice, port, force } = self;
        let lines = "Are you sure you wish to change where the web server listens?\n\
                     Clients of the REST API, this shell too, may not reach it there.";
        session.confirm(force, &caution(lines, &proceed("change it")))?;
        let at = port.map(|port| format!(", port {port}")).unwrap_or_default();
        let done = format!("Web server binding set to network device {netdevice}{at}.");
        let net_device = Some(netdevice);
        let change = web_server::ChangeWebServer { net_device, port, ..Default::default() };
        session.call(&web_server::CHANGE, &[], &change)?;
        Ok(Message::new(format!(
            "{done}\nYou must restart the web server for the new settings to take effect."
        )))
    }
}

fn set_on_boot(session: &Session, on_boot: bool) -> Result<(), Failure> {
    session.call(&services::CHANGE, &[SERVICE], &services::ChangeService { on_boot })?;
    Ok(())
}

#[derive(Deserialize)]
struct Disable {
    force: bool,
}

impl Run<Session> for Disable {
    type View = Message;

    fn run(self, session: &mut Session) -> Result<Message, Failure> {
        let lines = "Are you sure you wish to disable the web server?\n\
                     After the next start of the appliance no client of the REST API, nor\n\
                     this shell, can reach it.";
        session.confirm(self.force, &caution(lines, &proceed("disable it")))?;
        set_on_boot(session, false)?;
        Ok(Message::new("Web server disabled. It runs until the appliance is restarted."))
    }
}

#[derive(Deserialize)]
struct Enable {}

impl Run<Session> for Enable {
    type View = Message;

    fn run(self, session: &mut Session) -> Result<Message, Failure> {
        set_on_boot(session, true)?;
        Ok(Message::new("Web server enabled. It starts with the appliance."))
    }
}

#[derive(Deserialize)]
struct Show {}

/// Where the web server listens, and whether it starts with the appliance.
#[derive(Serialize)]
struct Settings {
    device: String,
    port: u16,
    max_file_size: u64,
    running: bool,
    enabled: bool,
}

impl Run<Session> for Show {
    type View = Settings;

    fn run(self, session: &mut Session) -> Result<Settings, Failure> {
        let shown = session.get(&web_server::SHOW, &[])?;
        let service = session.get(&services::SHOW, &[SERVICE])?;
        Ok(Settings {
            device: shown.net_device,
            port: shown.port,
            max_file_size: shown.max_file_size,
            running: service.is_running(),
            enabled: service.on_boot,
        })
    }
}

impl Text for Settings {
    fn write(&self, page: &mut Page) {
        page.line("Web Server Settings:");
        page.blank();
        for (label, value) in [
            ("Network Device:", self.device.clone()),
            ("Port:", self.port.to_string()),
            ("Largest File:", format!("{} bytes", self.max_file_size)),
            ("State:", if self.running { "running" } else { "stopped" }.to_owned()),
            ("At Start:", if self.enabled { "enabled" } else { "disabled" }.to_owned()),
        ] {
            page.field(&format!("   {label}"), 20, value);
        }
    }
}
