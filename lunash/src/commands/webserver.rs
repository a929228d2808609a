//! `webserver`: the web server that serves the REST API. Here where it listens and whether it starts;
//! `certificate.rs` and `ciphers.rs` have its TLS.

pub(super) mod certificate;
pub(super) mod ciphers;

use luna_rest::{network, services, web_server};

use crate::commands::service;
use crate::prelude::*;
use luna_shell::key_of;

pub(super) const MENUS: &[Menu] =
    &[Menu { path: "webserver", help: "The web server of the REST API" }];

pub(super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "webserver bind -netdevice|-n <netdevice:eth0|eth1|eth2|eth3|all|bond0|bond1|all_ipv4> \
                 [-port|-p <port:1024-65535>] [-force|-f] [-restart|-r]",
        help: "Serve the REST API on one network device, or on all",
        options: &[
            // The page has no all_ipv4, and ports from 80 on; the API has these values.
            ("-netdevice", "A network device; all for IPv4 and IPv6, all_ipv4 for IPv4 alone"),
            ("-port", "Port; the present one without it"),
            ("-restart", "Restart the web server now"),
        ],
        roles: Role::ADMIN,
        rest: &[services::SHOW.resource(), web_server::CHANGE.resource(), services::ACT.resource()],
        known: Known::Documented("lunash/commands/webserver/webserver_bind.htm@7.2"),
        run: call::<Bind>(),
    },
    Command {
        syntax: "webserver disable [-force|-f]",
        help: "Stop the web server and do not start it with the appliance",
        options: &[],
        roles: Role::ADMIN,
        rest: &[services::CHANGE.resource(), services::ACT.resource()],
        known: Known::Documented("lunash/commands/webserver/webserver_disable.htm@7.2"),
        run: call::<Disable>(),
    },
    Command {
        syntax: "webserver enable [-force|-f]",
        help: "Start the web server with the appliance",
        options: &[],
        roles: Role::ADMIN,
        rest: &[services::CHANGE.resource()],
        known: Known::Documented("lunash/commands/webserver/webserver_enable.htm@7.2"),
        run: call::<Enable>(),
    },
    Command {
        syntax: "webserver show",
        help: "Show where the web server listens and whether it starts with the appliance",
        options: &[],
        roles: Role::ADMIN,
        rest: &[
            web_server::SHOW.resource(),
            services::SHOW.resource(),
            network::DEVICE.resource(),
            web_server::CERTIFICATE.resource(),
        ],
        known: Known::Documented("lunash/commands/webserver/webserver_show.htm@7.2"),
        run: call::<Show>(),
    },
];

const SERVICE: &str = "webserver";

/// The newest version of the API whose pages are known, which this shell speaks.
const API_VERSION: u32 = 14;

/// Asks as all commands of this menu do, and says that it goes on.
fn confirm(session: &mut Session, force: bool, operation: &str) -> Result<(), Failure> {
    session.confirm_aloud(
        force,
        &format!(
            "WARNING: This operation will {operation} !!!\n\n\
             Type 'proceed' to continue, or 'quit' to quit now.\n\n> "
        ),
    )?;
    if !force {
        session.ui().show("\n");
    }
    Ok(())
}

/// Restarts the web server, or says that it waits for that.
fn restart(session: &Session, now: bool) -> Result<&'static str, Failure> {
    if now {
        session.call(&services::ACT, &[SERVICE, "restart"], &services::ServiceAction::default())?;
        return Ok("Restarting REST API service...");
    }
    Ok("You chose not to restart REST API Service now.\n\
        The changes will be effective when REST API Service is restarted.\n\
        To restart it run: service restart webserver")
}

#[derive(Deserialize)]
struct Bind {
    netdevice: String,
    port: Option<u16>,
    force: bool,
    restart: bool,
}

impl Run<Session> for Bind {
    type View = Message;

    fn run(self, session: &mut Session) -> Result<Message, Failure> {
        if !session.get(&services::SHOW, &[SERVICE])?.on_boot {
            return Err(Failure::command(
                "The REST API Service is not enabled.\n\
                 The REST API Service must be enabled in order to execute this command.",
            )
            .hint("'webserver enable' enables it"));
        }
        confirm(session, self.force, "modify REST API Server binding information")?;
        let (net_device, port) = (Some(self.netdevice), self.port);
        let change = web_server::ChangeWebServer { net_device, port, ..Default::default() };
        session.call(&web_server::CHANGE, &[], &change)?;
        Ok(Message::new(restart(session, self.restart)?))
    }
}

fn set_on_boot(session: &Session, on_boot: bool) -> Result<Untold<Message>, Failure> {
    session.call(&services::CHANGE, &[SERVICE], &services::ChangeService { on_boot })?;
    let state = if on_boot { "enabled" } else { "disabled" };
    Ok(Untold(Message::new(format!("REST API Service {state}."))))
}

#[derive(Deserialize)]
struct Disable {
    force: bool,
}

impl Run<Session> for Disable {
    type View = Untold<Message>;

    fn run(self, session: &mut Session) -> Result<Untold<Message>, Failure> {
        if session.connection().needs_web_server() {
            session.ui().note("note: this session goes over the web server, and ends with it");
        }
        confirm(session, self.force, "stop and disable REST API Service")?;
        let told = set_on_boot(session, false)?;
        service::stop_web_server(session)?;
        Ok(told)
    }
}

#[derive(Deserialize)]
struct Enable {
    force: bool,
}

impl Run<Session> for Enable {
    type View = Untold<Message>;

    fn run(self, session: &mut Session) -> Result<Untold<Message>, Failure> {
        confirm(session, self.force, "enable REST API Service")?;
        set_on_boot(session, true)
    }
}

#[derive(Deserialize)]
struct Show {}

/// Where the web server listens, and whether it starts with the appliance.
#[derive(Serialize)]
struct Settings {
    device: String,
    ip: String,
    port: u16,
    max_file_size: u64,
    running: bool,
    enabled: bool,
    key: Option<(String, usize)>,
}

impl Run<Session> for Show {
    type View = Settings;

    fn run(self, session: &mut Session) -> Result<Settings, Failure> {
        let shown = session.get(&web_server::SHOW, &[])?;
        let service = session.get(&services::SHOW, &[SERVICE])?;
        let certificate = session.get(&web_server::CERTIFICATE, &[])?.certificate;
        let ip = match shown.net_device.as_str() {
            "all" | "all_ipv4" => "0.0.0.0".to_owned(),
            device => session.get(&network::DEVICE, &[device])?.ip4.unwrap_or_default().ip,
        };
        Ok(Settings {
            device: shown.net_device,
            ip,
            port: shown.port,
            max_file_size: shown.max_file_size,
            running: service.is_running(),
            enabled: service.on_boot,
            key: key_of(&certificate),
        })
    }
}

impl Text for Settings {
    fn write(&self, page: &mut Page) {
        page.line("REST API Service:");
        page.line("==================");
        page.line(format!("API Version: {API_VERSION}"));
        page.line(format!("Configuration: {}", if self.enabled { "enabled" } else { "disabled" }));
        page.line(format!("Status: {}", if self.running { "running" } else { "stopped" }));
        page.line(format!("IP address: {}", self.ip));
        page.line(format!("Port: {}", self.port));
        if let Some((kind, size)) = &self.key {
            page.line(format!("Certificate Key Type: {kind}"));
            page.line(format!("Key Size: {size}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use luna_shell::View;

    /// The example of the page, but for the version of the API.
    #[test]
    fn the_settings_are_written_as_the_page_has_them() {
        let settings = Settings {
            device: "all".into(),
            ip: "0.0.0.0".into(),
            port: 8443,
            max_file_size: 0,
            running: true,
            enabled: true,
            key: Some(("rsa".into(), 2048)),
        };
        assert_eq!(
            settings.text(),
            format!(
                "REST API Service:\n==================\nAPI Version: {API_VERSION}\n\
                 Configuration: enabled\nStatus: running\nIP address: 0.0.0.0\nPort: 8443\n\
                 Certificate Key Type: rsa\nKey Size: 2048\n"
            )
        );
    }
}
