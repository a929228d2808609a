//! `sysconf snmp`: the SNMP agent and its users. Targets of notifications are in
//! `snmp_notification.rs`, those of traps in `snmp_trap.rs`.

use luna_rest::services::{self, ChangeService, ServiceAction};
use luna_rest::snmp::{ADD_USER, CLEAR_USERS, DELETE_USER, NewUser, SHOW, USERS};

use crate::prelude::*;
use crate::questions::warning;
use crate::refusals::refused_in_detail;

pub(in super::super) const MENUS: &[Menu] = &[
    Menu { path: "sysconf snmp", help: "The SNMP agent, its users and its targets" },
    Menu { path: "sysconf snmp user", help: "SNMP users" },
];

/// How options are called that two of the menus have.
pub(super) const SECURITY: [(&str, &str); 5] = [
    ("-secName", "Name of an SNMP user"),
    ("-authPassword", "Password that authenticates, 8 to 128 characters; asked for when left out"),
    ("-privPassword", "Password that encrypts, 8 to 128 characters; asked for when left out"),
    ("-authProtocol", "Protocol that authenticates"),
    ("-privProtocol", "Protocol that encrypts"),
];

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "sysconf snmp disable",
        help: "Stop the SNMP agent, now and when the appliance starts",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[SHOW.resource(), services::CHANGE.resource(), services::ACT.resource()],
        known: Known::Documented("lunash/commands/sysconf/sysconf_snmp_disable.htm@7.2"),
        run: call::<Disable>(),
    },
    Command {
        syntax: "sysconf snmp enable",
        help: "Start the SNMP agent, now and when the appliance starts",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[SHOW.resource(), services::CHANGE.resource(), services::ACT.resource()],
        known: Known::Seen("sysconf-snmp-5"),
        run: call::<Enable>(),
    },
    Command {
        syntax: "sysconf snmp show",
        help: "Show whether the SNMP agent runs",
        options: &[],
        roles: Role::MONITOR,
        rest: &[SHOW.resource()],
        known: Known::Seen("sysconf-snmp-5"),
        run: call::<Show>(),
    },
    Command {
        syntax: "sysconf snmp user add -secName|-s <name> [-authPassword|-authpa <password>] [-privPassword|-privpa <password>] [-authProtocol|-authpr <protocol:SHA>] [-privProtocol|-privpr <protocol:AES>]",
        help: "Add an SNMP user",
        options: &[
            ("-secName", "Name of the user, 4 to 32 characters"),
            SECURITY[1],
            SECURITY[2],
            SECURITY[3],
            SECURITY[4],
        ],
        roles: Role::OPERATOR,
        rest: &[ADD_USER.resource()],
        known: Known::Seen("sysconf-snmp-5"),
        run: call::<Add>(),
    },
    Command {
        syntax: "sysconf snmp user clear [-force|-f]",
        help: "Delete all SNMP users, with their notification and trap targets",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[CLEAR_USERS.resource()],
        known: Known::Documented("lunash/commands/sysconf/sysconf_snmp_user_clear.htm@7.2"),
        run: call::<Clear>(),
    },
    Command {
        syntax: "sysconf snmp user delete -secName|-s <name>",
        help: "Delete an SNMP user, with its notification and trap targets",
        options: &[SECURITY[0]],
        roles: Role::OPERATOR,
        rest: &[DELETE_USER.resource()],
        known: Known::Documented("lunash/commands/sysconf/sysconf_snmp_user_delete.htm@7.2"),
        run: call::<Delete>(),
    },
    Command {
        syntax: "sysconf snmp user list",
        help: "List the SNMP users",
        options: &[],
        roles: Role::MONITOR,
        rest: &[USERS.resource()],
        known: Known::Seen("sysconf-snmp-5"),
        run: call::<List>(),
    },
];

/// The service's name.
const SERVICE: &str = "snmp";

#[derive(Deserialize)]
struct Disable {}

impl Run<Session> for Disable {
    type View = Agent;

    fn run(self, session: &mut Session) -> Result<Agent, Failure> {
        switch(session, false)
    }
}

#[derive(Deserialize)]
struct Enable {}

impl Run<Session> for Enable {
    type View = Agent;

    fn run(self, session: &mut Session) -> Result<Agent, Failure> {
        switch(session, true)
    }
}

fn switch(session: &Session, on: bool) -> Result<Agent, Failure> {
    let ran = session.get(&SHOW, &[])?.is_running;
    session.call(&services::CHANGE, &[SERVICE], &ChangeService { on_boot: on })?;
    if ran != on {
        let action = if on { "start" } else { "stop" };
        session.call(&services::ACT, &[SERVICE, action], &ServiceAction::default())?;
    }
    Ok(Agent { enabled: on, running: on, acted: ran != on })
}

/// What became of the agent.
#[derive(Serialize)]
struct Agent {
    enabled: bool,
    running: bool,
    #[serde(skip)]
    acted: bool,
}

impl Text for Agent {
    /// The empty line is the product's; the page of disable has none.
    fn write(&self, page: &mut Page) {
        if self.enabled {
            page.blank();
        }
        page.line(enabled(self.enabled));
        if self.acted {
            let step = if self.running { "Starting snmpd:" } else { "Stopping snmpd:" };
            page.field(step, 59, "[  OK  ]");
        }
        page.line(if self.running { "SNMP is started" } else { "SNMP is stopped" });
    }
}

fn enabled(enabled: bool) -> &'static str {
    if enabled { "SNMP is enabled" } else { "SNMP is disabled" }
}

#[derive(Deserialize)]
struct Show {}

/// Whether the agent runs.
#[derive(Serialize)]
struct State {
    running: bool,
    enabled: bool,
}

impl Run<Session> for Show {
    type View = State;

    fn run(self, session: &mut Session) -> Result<State, Failure> {
        let snmp = session.get(&SHOW, &[])?;
        Ok(State { running: snmp.is_running, enabled: snmp.is_enabled })
    }
}

impl Text for State {
    fn write(&self, page: &mut Page) {
        page.blank();
        page.line(if self.running { "SNMP is running" } else { "SNMP is not running" });
        page.blank();
        page.line(enabled(self.enabled));
        page.blank();
    }
}

/// The passwords of a user or target: given, or asked for.
pub(super) fn passwords(
    session: &mut Session,
    authentication: Option<Secret>,
    privacy: Option<Secret>,
) -> Result<(Secret, Secret), Failure> {
    let authentication = session.ui().secret(
        authentication,
        Question {
            text: "Please enter the authentication password:\n> ",
            again: Some("Please enter it again:\n> "),
            variable: "SNMP_AUTH_PASSWORD",
            option: "-authPassword",
        },
    )?;
    let privacy = session.ui().secret(
        privacy,
        Question {
            text: "Please enter the privacy password:\n> ",
            again: Some("Please enter it again:\n> "),
            variable: "SNMP_PRIV_PASSWORD",
            option: "-privPassword",
        },
    )?;
    Ok((authentication, privacy))
}

/// A sentence in the empty lines of this menu.
#[derive(Serialize)]
pub(super) struct Said {
    pub(super) message: String,
}

impl Said {
    pub(super) fn new(message: impl Into<String>) -> Said {
        Said { message: message.into() }
    }
}

impl Text for Said {
    fn write(&self, page: &mut Page) {
        page.blank();
        page.line(&self.message);
    }
}

#[derive(Deserialize)]
struct Add {
    secname: String,
    authpassword: Option<Secret>,
    privpassword: Option<Secret>,
    authprotocol: Option<String>,
    privprotocol: Option<String>,
}

impl Run<Session> for Add {
    type View = Said;

    fn run(self, session: &mut Session) -> Result<Said, Failure> {
        let (authentication, privacy) = passwords(session, self.authpassword, self.privpassword)?;
        let user = NewUser {
            security_name: self.secname,
            authentication_password: authentication,
            authentication_protocol: self.authprotocol,
            privacy_password: privacy,
            privacy_protocol: self.privprotocol,
        };
        session.client().call(&ADD_USER, &[], &user).map_err(refused_in_detail)?;
        Ok(Said::new("SNMP user account information added"))
    }
}

#[derive(Deserialize)]
struct Clear {
    force: bool,
}

impl Run<Session> for Clear {
    type View = Message;

    fn run(self, session: &mut Session) -> Result<Message, Failure> {
        let lines = "This command deletes all user account information from the SNMP Agent.";
        session.confirm_aloud(self.force, &format!("\n{}", warning(lines)))?;
        session.call(&CLEAR_USERS, &[], &Nothing {})?;
        Ok(Message::new("SNMP user account information cleared"))
    }
}

#[derive(Deserialize)]
struct Delete {
    secname: String,
}

impl Run<Session> for Delete {
    type View = Message;

    fn run(self, session: &mut Session) -> Result<Message, Failure> {
        session
            .client()
            .call(&DELETE_USER, &[&self.secname], &Nothing {})
            .map_err(refused_in_detail)?;
        Ok(Message::new(format!("SNMP user account \"{}\" deleted", self.secname)))
    }
}

#[derive(Deserialize)]
struct List {}

/// The names of the users.
#[derive(Serialize)]
struct Users {
    users: Vec<String>,
}

impl Run<Session> for List {
    type View = Users;

    fn run(self, session: &mut Session) -> Result<Users, Failure> {
        let users = session.get(&USERS, &[])?.users;
        Ok(Users { users: users.into_iter().map(|user| user.id).collect() })
    }
}

impl Text for Users {
    fn write(&self, page: &mut Page) {
        page.blank();
        page.line("SNMP Users:");
        page.line("-----------");
        for user in &self.users {
            page.field(user, 0, "");
        }
        page.blank();
    }
}
