//! `sysconf ssh`: the SSH server. Who may use it, by address or by public key, is in
//! `ssh_access.rs`.

use std::net::IpAddr;

use luna_rest::ssh::{
    ACT, BIND_ADDRESS, BindAddress, CHANGE, CIPHERS, ChangeSsh, REGENERATE_KEY, RESET_CIPHERS, SHOW,
};

use crate::commands::network::devices;
use crate::prelude::*;
use crate::questions::SURE;
use crate::refusals::refused_in_detail;
use luna_rest::{network, ssh};

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
        rest: &[ssh::CHANGE.resource(), network::DEVICE.resource()],
        known: Known::Documented("lunash/commands/sysconf/sysconf_ssh_device.htm@7.2"),
        run: call::<Device>(),
    },
    Command {
        syntax: "sysconf ssh ip <address>",
        help: "Let the SSH server listen on one address",
        options: &[("address", "IP address of the appliance")],
        roles: Role::OPERATOR,
        rest: &[
            ssh::BIND_ADDRESS.resource(),
            network::DEVICES.resource(),
            network::DEVICE.resource(),
        ],
        known: Known::Documented("lunash/commands/sysconf/sysconf_ssh_ip.htm@7.2"),
        run: call::<Ip>(),
    },
    Command {
        syntax: "sysconf ssh password disable",
        help: "Do not accept passwords",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[ssh::CHANGE.resource()],
        known: Known::Documented("lunash/commands/sysconf/sysconf_ssh_password_disable.htm@7.2"),
        run: call::<DisablePassword>(),
    },
    Command {
        syntax: "sysconf ssh password enable",
        help: "Accept passwords",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[ssh::CHANGE.resource()],
        known: Known::Documented("lunash/commands/sysconf/sysconf_ssh_password_enable.htm@7.2"),
        run: call::<EnablePassword>(),
    },
    Command {
        syntax: "sysconf ssh port <port:1-65535>",
        help: "Set the port the SSH server listens on",
        options: &[("port", "22, or one of 1024 to 65535")],
        roles: Role::ADMIN,
        rest: &[ssh::SHOW.resource(), ssh::CHANGE.resource()],
        known: Known::Documented("lunash/commands/sysconf/sysconf_ssh_port.htm@7.2"),
        run: call::<Port>(),
    },
    Command {
        syntax: "sysconf ssh regenKeyPair",
        help: "Make a new key for the SSH server",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[ssh::ACT.resource()],
        known: Known::Documented("lunash/commands/sysconf/sysconf_ssh_regenkeypair.htm@7.2"),
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
        let of_device = match self.netdevice.as_str() {
            "all" => None,
            device => address(session.get(&network::DEVICE, &[device])?),
        };
        Ok(Restricted { devices: vec![self.netdevice], ip: None, of_device })
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
        let has = |device: &network::Device| {
            let four = device.ip4.as_ref().is_some_and(|ip4| ip4.ip == ip);
            four || device.ip6.iter().any(|ip6| ip6.ip == ip)
        };
        let device = devices(session)?.into_iter().find(has).map(|device| device.id);
        Ok(Restricted { devices: Vec::new(), ip: Some(ip), of_device: device })
    }
}

/// The address of a device.
fn address(device: network::Device) -> Option<String> {
    let six = device.ip6.into_iter().map(|ip6| ip6.ip).next();
    device.ip4.map(|ip4| ip4.ip).or(six)
}

/// Where the server listens after a change.
#[derive(Serialize)]
struct Restricted {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    devices: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<String>,
    /// The address of the one device, or the device with that address.
    #[serde(skip)]
    of_device: Option<String>,
}

const RESTARTED: &str = "Stopping sshd:                                             [  OK  ]\n\n\
                         Starting sshd:                                             [  OK  ]\n";

impl Text for Restricted {
    /// Assumed: what is said where all devices serve, or an address is that of no device.
    fn write(&self, page: &mut Page) {
        let other = self.of_device.as_deref();
        let restricted = match (self.ip.as_deref(), self.devices.first().map(String::as_str)) {
            (Some("0.0.0.0" | "::"), _) | (None, Some("all") | None) => {
                "SSH now unrestricted.".to_owned()
            }
            (Some(ip), _) => match other {
                Some(device) => {
                    format!("SSH now restricted to ethernet device {device} (IP address {ip}).")
                }
                None => format!("SSH now restricted to IP address {ip}."),
            },
            (None, Some(device)) => format!(
                "SSH now restricted to ethernet device {device} (IP address {}).",
                other.unwrap_or("none")
            ),
        };
        page.line(format!("Success:  {restricted}\n          Restarting ssh service.\n"));
        page.line(RESTARTED);
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
    type View = Framed;

    fn run(self, session: &mut Session) -> Result<Framed, Failure> {
        set_password(session, false)
    }
}

#[derive(Deserialize)]
struct EnablePassword {}

impl Run<Session> for EnablePassword {
    type View = Framed;

    fn run(self, session: &mut Session) -> Result<Framed, Failure> {
        set_password(session, true)
    }
}

fn set_password(session: &Session, enabled: bool) -> Result<Framed, Failure> {
    let is_password_authentication_enabled = Some(enabled);
    change(session, &ChangeSsh { is_password_authentication_enabled, ..ChangeSsh::default() })?;
    Ok(Framed(Authentication { authentication: "Password", enabled }))
}

/// The same between empty lines, as the pages have it.
#[derive(Serialize)]
#[serde(transparent)]
pub(super) struct Framed(pub(super) Authentication);

impl Text for Framed {
    fn write(&self, page: &mut Page) {
        page.blank();
        self.0.write(page);
        page.blank();
    }
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
    #[serde(skip)]
    before: u16,
}

impl Run<Session> for Port {
    type View = Listening;

    fn run(self, session: &mut Session) -> Result<Listening, Failure> {
        let before = session.get(&SHOW, &[])?.port;
        change(session, &ChangeSsh { port: Some(self.port), ..ChangeSsh::default() })?;
        Ok(Listening { port: self.port, before })
    }
}

impl Text for Listening {
    fn write(&self, page: &mut Page) {
        let Listening { port, before } = self;
        page.line(
            "\nThis command sets the SSHD listen port number.\n\
             Please make sure that you choose a new port number which is not used by other \
             services.\n\n",
        );
        page.line(format!("SSH Port Changed from {before} to: Port {port}\n"));
        page.line(RESTARTED);
    }
}

fn port_line(port: u16) -> String {
    let default = if port == 22 { " (Default)" } else { "" };
    format!("SSHD Listen Port: {port}{default}")
}

#[derive(Deserialize)]
struct RegenKeyPair {}

/// The SSH server has new keys.
#[derive(Serialize)]
struct Regenerated {
    done: &'static str,
}

impl Run<Session> for RegenKeyPair {
    type View = Regenerated;

    fn run(self, session: &mut Session) -> Result<Regenerated, Failure> {
        session.confirm_aloud(
            false,
            &format!(
                "WARNING !!  This command regenerates SSH keypair.\n\
                 WARNING !!  SSH will be restarted.\n\n{SURE}.\n> "
            ),
        )?;
        session.call(&ACT, &[REGENERATE_KEY], &Nothing {})?;
        Ok(Regenerated { done: "sysconf ssh regenKeyPair" })
    }
}

impl Text for Regenerated {
    fn write(&self, page: &mut Page) {
        for step in [
            "Stopping sshd:",
            "Generating SSH1 RSA host key:",
            "Generating SSH2 RSA host key:",
            "Generating SSH2 DSA host key:",
            "Starting sshd:",
        ] {
            page.field(step, 49, "[  OK  ]");
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use luna_shell::View;

    /// The examples of the pages.
    #[test]
    fn restriction_and_port_are_written_as_the_pages_have_them() {
        let sshd = "Stopping sshd:                                             [  OK  ]\n\n\
                    Starting sshd:                                             [  OK  ]\n\n";
        let restricted = Restricted {
            devices: vec!["eth0".into()],
            ip: None,
            of_device: Some("192.20.11.78".into()),
        };
        let page = format!(
            "Success:  SSH now restricted to ethernet device eth0 (IP address 192.20.11.78).\n          \
             Restarting ssh service.\n\n{sshd}"
        );
        assert_eq!(restricted.text(), page);
        let restricted = Restricted {
            devices: Vec::new(),
            ip: Some("192.20.11.78".into()),
            of_device: Some("eth0".into()),
        };
        assert_eq!(restricted.text(), page);
        assert_eq!(
            Listening { port: 1024, before: 22 }.text(),
            format!(
                "\nThis command sets the SSHD listen port number.\n\
                 Please make sure that you choose a new port number which is not used by other \
                 services.\n\n\nSSH Port Changed from 22 to: Port 1024\n\n{sshd}"
            )
        );
    }
}
