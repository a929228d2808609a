//! `sysconf ssh`: the SSH server. Who may use it, by address or by public key, is in
//! `ssh_access.rs`.

use std::net::IpAddr;

use luna_rest::ssh::{
    ACT, BIND_ADDRESS, BindAddress, CHANGE, CIPHERS, ChangeSsh, REGENERATE_KEY, RESET_CIPHERS, SHOW,
};

use crate::prelude::*;
use crate::refusals::refused_in_detail;
use luna_rest::ssh;

pub(in super::super) const MENUS: &[Menu] = &[
    Menu { path: "sysconf ssh", help: "The SSH server" },
    Menu { path: "sysconf ssh ciphers", help: "Ciphers the SSH server accepts" },
    Menu { path: "sysconf ssh password", help: "Authentication by password" },
];

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "sysconf ssh ciphers reset",
        help: "Go back to the default ciphers",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[ssh::SHOW.resource(), ssh::ACT.resource()],
        known: Known::Documented("admin_appliance/network_config/setting_ssh_ciphers.htm"),
        run: call::<ResetCiphers>(),
    },
    Command {
        syntax: "sysconf ssh ciphers set -list <list>",
        help: "Set the ciphers",
        options: &[("-list", "Names of ciphers, separated by colons; letter case counts")],
        roles: Role::OPERATOR,
        rest: &[ssh::SHOW.resource(), ssh::CHANGE.resource()],
        known: Known::Documented("admin_appliance/network_config/setting_ssh_ciphers.htm"),
        run: call::<SetCiphers>(),
    },
    Command {
        syntax: "sysconf ssh ciphers show",
        help: "Show the available and the configured ciphers",
        options: &[],
        roles: Role::MONITOR,
        rest: &[ssh::SHOW.resource()],
        known: Known::Documented("admin_appliance/network_config/setting_ssh_ciphers.htm"),
        run: call::<ShowCiphers>(),
    },
    Command {
        syntax: "sysconf ssh device <netdevice:all|eth0|eth1|eth2|eth3|bond0|bond1>",
        help: "Let the SSH server listen on one network device, or on all",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[ssh::CHANGE.resource()],
        known: Known::Documented(
            "admin_appliance/client_connections/ssh_restrictions_setting_and_clearing.htm",
        ),
        run: call::<Device>(),
    },
    Command {
        syntax: "sysconf ssh ip <address>",
        help: "Let the SSH server listen on one address",
        options: &[("address", "IP address of the appliance")],
        roles: Role::OPERATOR,
        rest: &[ssh::BIND_ADDRESS.resource()],
        known: Known::Assumed("known by name only; as 'sysconf ssh device'"),
        run: call::<Ip>(),
    },
    Command {
        syntax: "sysconf ssh password disable",
        help: "Do not accept passwords",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[ssh::CHANGE.resource()],
        known: Known::Assumed("known by name only; as 'sysconf ssh publickey enable'"),
        run: call::<DisablePassword>(),
    },
    Command {
        syntax: "sysconf ssh password enable",
        help: "Accept passwords",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[ssh::CHANGE.resource()],
        known: Known::Assumed("known by name only; as 'sysconf ssh publickey enable'"),
        run: call::<EnablePassword>(),
    },
    Command {
        syntax: "sysconf ssh port <port:1-65535>",
        help: "Set the port the SSH server listens on",
        options: &[("port", "22, or one of 1024 to 65535")],
        roles: Role::OPERATOR,
        rest: &[ssh::CHANGE.resource()],
        known: Known::Assumed("known by name only; the range is that of the REST resource"),
        run: call::<Port>(),
    },
    Command {
        syntax: "sysconf ssh regenKeyPair [-force|-f]",
        help: "Make a new key for the SSH server",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[ssh::ACT.resource()],
        known: Known::Assumed("known by name only"),
        run: call::<RegenKeyPair>(),
    },
    Command {
        syntax: "sysconf ssh show",
        help: "Show port, restrictions and kinds of authentication",
        options: &[],
        roles: Role::MONITOR,
        rest: &[ssh::SHOW.resource()],
        known: Known::Documented(
            "admin_appliance/client_connections/using_public-key_authentication.htm",
        ),
        run: call::<Show>(),
    },
];

/// Changes some settings.
pub(super) fn change(session: &Session, change: &ChangeSsh) -> Result<(), Failure> {
    session.client().call(&CHANGE, &[], change).map_err(refused_in_detail)?;
    Ok(())
}

#[derive(Deserialize)]
struct ResetCiphers {}

impl Run<Session> for ResetCiphers {
    type View = Ciphers;

    fn run(self, session: &mut Session) -> Result<Ciphers, Failure> {
        session.call(&ACT, &[RESET_CIPHERS], &Nothing {})?;
        configured(session)
    }
}

#[derive(Deserialize)]
struct SetCiphers {
    list: String,
}

impl Run<Session> for SetCiphers {
    type View = Ciphers;

    fn run(self, session: &mut Session) -> Result<Ciphers, Failure> {
        // Commas are what sshd itself writes between ciphers.
        let cipher_list = Some(self.list.replace(',', ":").replace(' ', ""));
        change(session, &ChangeSsh { cipher_list, ..ChangeSsh::default() })?;
        configured(session)
    }
}

#[derive(Deserialize)]
struct ShowCiphers {}

impl Run<Session> for ShowCiphers {
    type View = Ciphers;

    fn run(self, session: &mut Session) -> Result<Ciphers, Failure> {
        configured(session)
    }
}

/// The ciphers.
#[derive(Serialize)]
struct Ciphers {
    available: &'static [&'static str],
    configured: Vec<String>,
}

fn configured(session: &Session) -> Result<Ciphers, Failure> {
    let list = session.get(&SHOW, &[])?.cipher_list;
    let configured = list.split(':').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    Ok(Ciphers { available: &CIPHERS, configured })
}

/// That both lists are shown is documented, how is not.
impl Text for Ciphers {
    fn write(&self, page: &mut Page) {
        page.line("Available ciphers:");
        self.available.iter().for_each(|name| page.line(format!("   {name}")));
        page.blank();
        page.line("Configured ciphers:");
        self.configured.iter().for_each(|name| page.line(format!("   {name}")));
    }
}

#[derive(Deserialize)]
struct Device {
    netdevice: String,
}

impl Run<Session> for Device {
    type View = Restricted;

    fn run(self, session: &mut Session) -> Result<Restricted, Failure> {
        let network_devices = Some(vec![self.netdevice.clone()]);
        change(session, &ChangeSsh { network_devices, ..ChangeSsh::default() })?;
        Ok(Restricted { devices: vec![self.netdevice], ip: None })
    }
}

#[derive(Deserialize)]
struct Ip {
    address: IpAddr,
}

impl Run<Session> for Ip {
    type View = Restricted;

    fn run(self, session: &mut Session) -> Result<Restricted, Failure> {
        let ip = self.address.to_string();
        session
            .client()
            .call(&BIND_ADDRESS, &[], &BindAddress { ip: ip.clone() })
            .map_err(refused_in_detail)?;
        Ok(Restricted { devices: Vec::new(), ip: Some(ip) })
    }
}

/// Where the server listens after a change.
#[derive(Serialize)]
struct Restricted {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    devices: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<String>,
}

impl Text for Restricted {
    fn write(&self, page: &mut Page) {
        page.line(format!("Success: {}", restriction(&self.devices, self.ip.as_deref())));
    }
}

/// "SSH is unrestricted." is documented; the other two are made like it.
fn restriction(devices: &[String], ip: Option<&str>) -> String {
    if let Some(ip) = ip {
        return format!("SSH is restricted to ip address {ip}.");
    }
    if devices.is_empty() || devices.iter().any(|device| device == "all") {
        return "SSH is unrestricted.".to_owned();
    }
    format!("SSH is restricted to ethernet device {}.", devices.join(", "))
}

#[derive(Deserialize)]
struct DisablePassword {}

impl Run<Session> for DisablePassword {
    type View = Authentication;

    fn run(self, session: &mut Session) -> Result<Authentication, Failure> {
        set_password(session, false)
    }
}

#[derive(Deserialize)]
struct EnablePassword {}

impl Run<Session> for EnablePassword {
    type View = Authentication;

    fn run(self, session: &mut Session) -> Result<Authentication, Failure> {
        set_password(session, true)
    }
}

fn set_password(session: &Session, enabled: bool) -> Result<Authentication, Failure> {
    let is_password_authentication_enabled = Some(enabled);
    change(session, &ChangeSsh { is_password_authentication_enabled, ..ChangeSsh::default() })?;
    Ok(Authentication { authentication: "Password", enabled })
}

/// A kind of authentication was turned on or off.
#[derive(Serialize)]
pub(super) struct Authentication {
    /// `Password` or `Public key`.
    pub(super) authentication: &'static str,
    pub(super) enabled: bool,
}

impl Text for Authentication {
    fn write(&self, page: &mut Page) {
        let state = if self.enabled { "enabled" } else { "disabled" };
        page.line(format!("{} authentication {state}", self.authentication));
    }
}

#[derive(Deserialize)]
struct Port {
    port: u16,
}

/// The port.
#[derive(Serialize)]
struct Listening {
    port: u16,
}

impl Run<Session> for Port {
    type View = Listening;

    fn run(self, session: &mut Session) -> Result<Listening, Failure> {
        change(session, &ChangeSsh { port: Some(self.port), ..ChangeSsh::default() })?;
        Ok(Listening { port: self.port })
    }
}

impl Text for Listening {
    fn write(&self, page: &mut Page) {
        page.line(port_line(self.port));
    }
}

fn port_line(port: u16) -> String {
    let default = if port == 22 { " (Default)" } else { "" };
    format!("SSHD Listen Port: {port}{default}")
}

#[derive(Deserialize)]
struct RegenKeyPair {
    force: bool,
}

impl Run<Session> for RegenKeyPair {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        session.confirm_warning(
            self.force,
            "This command will overwrite the current key pair of the SSH server.\n\
             SSH clients will have to accept the new key at their next connection.",
        )?;
        session.call(&ACT, &[REGENERATE_KEY], &Nothing {})?;
        Ok(Done { done: "sysconf ssh regenKeyPair" })
    }
}

#[derive(Deserialize)]
struct Show {}

/// The settings.
#[derive(Serialize)]
struct Settings {
    port: u16,
    devices: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<String>,
    password_authentication: bool,
    public_key_authentication: bool,
}

impl Run<Session> for Show {
    type View = Settings;

    fn run(self, session: &mut Session) -> Result<Settings, Failure> {
        let ssh = session.get(&SHOW, &[])?;
        Ok(Settings {
            port: ssh.port,
            devices: ssh.network_devices,
            ip: ssh.ip,
            password_authentication: ssh.is_password_authentication_enabled,
            public_key_authentication: ssh.is_key_authentication_enabled,
        })
    }
}

/// The guide has the first three items in one stored line; here each has its own, with the one
/// blank before it that the others have there.
impl Text for Settings {
    fn write(&self, page: &mut Page) {
        let state = |enabled| if enabled { "enabled" } else { "disabled" };
        page.line(" SSHD configuration:");
        page.line(format!(" {}", port_line(self.port)));
        page.line(format!(" {}", restriction(&self.devices, self.ip.as_deref())));
        page.line(format!(" Password   authentication is {}", state(self.password_authentication)));
        page.line(format!(
            " Public key authentication is {}",
            state(self.public_key_authentication)
        ));
    }
}
