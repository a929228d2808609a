//! `sysconf snmp notification`: where the SNMP agent sends its notifications.

use luna_rest::snmp::{
    ADD_NOTIFICATION, CLEAR_NOTIFICATIONS, DELETE_NOTIFICATION, NOTIFICATION, NOTIFICATIONS,
    NewNotification, PORT, USERS,
};

use super::snmp::{SECURITY, Said, passwords};
use crate::prelude::*;
use crate::questions::warning;
use crate::refusals::refused_in_detail;

pub(in super::super) const MENUS: &[Menu] =
    &[Menu { path: "sysconf snmp notification", help: "Targets of SNMP notifications" }];

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "sysconf snmp notification add -ipAddress|-i <ipaddress> -secName|-s <name> [-authPassword|-authpa <password>] [-privPassword|-privpa <password>] [-notifyType|-n <type:trap|inform>] [-udpPort|-u <port:0-65535>] [-authProtocol|-authpr <protocol:SHA>] [-privProtocol|-privpr <protocol:AES>] [-engineId|-e <engine_id>]",
        help: "Add a notification target",
        options: &[
            ADDRESS,
            SECURITY[0],
            SECURITY[1],
            SECURITY[2],
            ("-notifyType", "Whether the target confirms what it gets; trap when left out"),
            ("-udpPort", "Port that the target listens on; 162 when left out"),
            SECURITY[3],
            SECURITY[4],
            (
                "-engineId",
                "Engine of the target, 10, 12, 14 or 16 hexadecimal digits; not for inform",
            ),
        ],
        roles: Role::OPERATOR,
        rest: &[ADD_NOTIFICATION.resource()],
        known: Known::Seen("sysconf-snmp-5"),
        run: call::<Add>(),
    },
    Command {
        syntax: "sysconf snmp notification clear [-force|-f]",
        help: "Delete all notification targets",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[USERS.resource(), CLEAR_NOTIFICATIONS.resource()],
        known: Known::Documented("lunash/commands/sysconf/sysconf_snmp_notification_clear.htm@7.2"),
        run: call::<Clear>(),
    },
    Command {
        syntax: "sysconf snmp notification delete -ipAddress|-i <ipaddress> [-udpPort|-u <port:0-65535>]",
        help: "Delete the notification targets of an address and a port",
        options: &[ADDRESS, ("-udpPort", "Port of the targets; 162 when left out")],
        roles: Role::OPERATOR,
        rest: &[
            USERS.resource(),
            NOTIFICATIONS.resource(),
            NOTIFICATION.resource(),
            DELETE_NOTIFICATION.resource(),
        ],
        known: Known::Documented(
            "lunash/commands/sysconf/sysconf_snmp_notification_delete.htm@7.2",
        ),
        run: call::<Delete>(),
    },
    Command {
        syntax: "sysconf snmp notification list",
        help: "List the notification targets",
        options: &[],
        roles: Role::MONITOR,
        rest: &[USERS.resource(), NOTIFICATIONS.resource(), NOTIFICATION.resource()],
        known: Known::Seen("sysconf-snmp-5"),
        run: call::<List>(),
    },
];

const ADDRESS: (&str, &str) = ("-ipAddress", "IP address of the target");

#[derive(Deserialize)]
struct Add {
    ipaddress: String,
    secname: String,
    authpassword: Option<Secret>,
    privpassword: Option<Secret>,
    notifytype: Option<String>,
    udpport: Option<u16>,
    authprotocol: Option<String>,
    privprotocol: Option<String>,
    engineid: Option<String>,
}

impl Run<Session> for Add {
    type View = Said;

    fn run(self, session: &mut Session) -> Result<Said, Failure> {
        let (authentication, privacy) = passwords(session, self.authpassword, self.privpassword)?;
        let target = NewNotification {
            address: self.ipaddress,
            port: self.udpport.unwrap_or(PORT),
            authentication_password: authentication,
            authentication_protocol: self.authprotocol,
            privacy_password: privacy,
            privacy_protocol: self.privprotocol,
            kind: self.notifytype.unwrap_or_else(|| "trap".to_owned()),
            engine_id: self.engineid,
        };
        session
            .client()
            .call(&ADD_NOTIFICATION, &[&self.secname], &target)
            .map_err(refused_in_detail)?;
        Ok(Said::new("SNMP notification target information added"))
    }
}

#[derive(Deserialize)]
struct Clear {
    force: bool,
}

impl Run<Session> for Clear {
    type View = Message;

    fn run(self, session: &mut Session) -> Result<Message, Failure> {
        let lines = "This command deletes all notification target information from the SNMP Agent.";
        session.confirm_aloud(self.force, &format!("\n{}", warning(lines)))?;
        for user in session.get(&USERS, &[])?.users {
            session.call(&CLEAR_NOTIFICATIONS, &[&user.id], &Nothing {})?;
        }
        Ok(Message::new("SNMP notification target information cleared"))
    }
}

#[derive(Deserialize)]
struct Delete {
    ipaddress: String,
    udpport: Option<u16>,
}

impl Run<Session> for Delete {
    type View = Message;

    fn run(self, session: &mut Session) -> Result<Message, Failure> {
        let port = self.udpport.unwrap_or(PORT);
        let mut targets = targets(session)?;
        targets.retain(|it| it.port == port && is_same(&it.address, &self.ipaddress));
        if targets.is_empty() {
            return Err(Failure::command(format!(
                "There is no SNMP notification target '{}' with the port {port}.",
                self.ipaddress
            ))
            .hint("'sysconf snmp notification list' shows the targets"));
        }
        for target in targets {
            let ids = &[target.user.as_str(), target.id.as_str()];
            session.call(&DELETE_NOTIFICATION, ids, &Nothing {})?;
        }
        Ok(Message::new("SNMP notification target information deleted"))
    }
}

/// Whether two texts are the same address.
fn is_same(one: &str, other: &str) -> bool {
    let address = |text: &str| text.parse::<std::net::IpAddr>().ok();
    one == other || address(one).is_some_and(|one| Some(one) == address(other))
}

#[derive(Deserialize)]
struct List {}

/// The targets.
#[derive(Serialize)]
struct Targets {
    targets: Vec<Target>,
}

/// A target.
#[derive(Serialize)]
struct Target {
    address: String,
    port: u16,
    user: String,
    auth_protocol: String,
    priv_protocol: String,
    r#type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    engine_id: Option<String>,
    #[serde(skip)]
    id: String,
}

/// The targets of all users.
fn targets(session: &Session) -> Result<Vec<Target>, Failure> {
    let mut targets = Vec::new();
    for user in session.get(&USERS, &[])?.users {
        for link in session.get(&NOTIFICATIONS, &[&user.id])?.notifications {
            let shown = session.get(&NOTIFICATION, &[&user.id, &link.id])?;
            targets.push(Target {
                address: shown.address,
                port: shown.port,
                user: user.id.clone(),
                auth_protocol: shown.authentication_protocol,
                priv_protocol: shown.privacy_protocol,
                r#type: shown.kind,
                engine_id: shown.engine_id,
                id: link.id,
            });
        }
    }
    Ok(targets)
}

impl Run<Session> for List {
    type View = Targets;

    fn run(self, session: &mut Session) -> Result<Targets, Failure> {
        Ok(Targets { targets: targets(session)? })
    }
}

impl Text for Targets {
    fn write(&self, page: &mut Page) {
        page.blank();
        page.line("SNMP Notification Targets:");
        page.line("-".repeat(26));
        for Target { address, port, user, auth_protocol, .. } in &self.targets {
            let address = match address.contains(':') {
                true => format!("[{address}]"),
                false => address.clone(),
            };
            page.field("", 0, format!("{address}:{port} \"{user}\" {auth_protocol}"));
        }
        page.blank();
    }
}
