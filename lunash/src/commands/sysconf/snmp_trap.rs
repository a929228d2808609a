//! `sysconf snmp trap`: where the appliance reports what it writes into its logs.

use luna_rest::snmp::{
    ADD_TRAP, CLEAR_TRAPS, DISABLE, ENABLE, NewTrap, SET_TRAP, SHOW, TEST_TRAP, TRAP, TRAP_ACT,
    TRAPS, TestTrap,
};

use super::snmp::{SECURITY, Said, passwords};
use crate::prelude::*;
use crate::refusals::refused_in_detail;

pub(in super::super) const MENUS: &[Menu] =
    &[Menu { path: "sysconf snmp trap", help: "Targets of SNMP traps on what the logs say" }];

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "sysconf snmp trap clear [-force|-f]",
        help: "Delete all trap targets",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[CLEAR_TRAPS.resource()],
        known: Known::Assumed("the page was not found: asks and answers as the clears of ntp"),
        run: call::<Clear>(),
    },
    Command {
        syntax: "sysconf snmp trap disable",
        help: "Send no traps",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[TRAP_ACT.resource()],
        known: Known::Assumed("the page was not found: the words of 'sysconf snmp enable'"),
        run: call::<Disable>(),
    },
    Command {
        syntax: "sysconf snmp trap enable",
        help: "Send traps",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[TRAP_ACT.resource()],
        known: Known::Assumed("the page was not found: the words of 'sysconf snmp enable'"),
        run: call::<Enable>(),
    },
    Command {
        syntax: "sysconf snmp trap set -host <address> -secName <name> -engineId <engine_id> [-authPassword <password>] [-privPassword <password>] [-authProtocol <protocol:SHA>] [-privProtocol <protocol:AES>] [-trapType <type:trap|inform>]",
        help: "Set a trap target, in place of the one of that address",
        options: &[
            ("-host", "Host name or address of the target"),
            SECURITY[0],
            ("-engineId", "Engine that sends the traps, 10, 12, 14 or 16 hexadecimal digits"),
            SECURITY[1],
            SECURITY[2],
            SECURITY[3],
            SECURITY[4],
            ("-trapType", "Whether the target confirms what it gets; trap when left out"),
        ],
        roles: Role::OPERATOR,
        rest: &[TRAPS.resource(), ADD_TRAP.resource(), SET_TRAP.resource()],
        known: Known::Assumed(
            "the page was not found: the fields of the REST resource, named as the options of \
             notification add; -host, as it may be a name",
        ),
        run: call::<Set>(),
    },
    Command {
        syntax: "sysconf snmp trap show",
        help: "Show the trap targets",
        options: &[],
        roles: Role::MONITOR,
        rest: &[SHOW.resource(), TRAPS.resource(), TRAP.resource()],
        known: Known::Assumed("the page was not found: the fields of the REST resource"),
        run: call::<Show>(),
    },
    Command {
        syntax: "sysconf snmp trap test -logFacility <facility:kern|user|daemon|auth|syslog|authpriv|cron|local0|local1|local2|local3|local4|local5|local6|local7> -logLevel <level:emergency|alert|critical|crit|error|err|warning|warn|notice|info|debug> -process <process> -message <message> [-pid]",
        help: "Write a line into the log that sets off a trap",
        options: &[
            ("-logFacility", "Facility of the line"),
            ("-logLevel", "Level of the line"),
            ("-process", "Process that the line is from"),
            ("-message", "Text of the line, up to 128 characters"),
            ("-pid", "Add a process number to the line"),
        ],
        roles: Role::OPERATOR,
        rest: &[TEST_TRAP.resource()],
        known: Known::Assumed("the page was not found: the fields of the REST resource"),
        run: call::<Test>(),
    },
];

#[derive(Deserialize)]
struct Clear {
    force: bool,
}

impl Run<Session> for Clear {
    type View = Said;

    fn run(self, session: &mut Session) -> Result<Said, Failure> {
        session.confirm_warning(self.force, "This command will delete all SNMP trap targets.")?;
        session.call(&CLEAR_TRAPS, &[], &Nothing {})?;
        Ok(Said::new("SNMP trap information cleared"))
    }
}

#[derive(Deserialize)]
struct Disable {}

impl Run<Session> for Disable {
    type View = Switched;

    fn run(self, session: &mut Session) -> Result<Switched, Failure> {
        switch(session, DISABLE)
    }
}

#[derive(Deserialize)]
struct Enable {}

impl Run<Session> for Enable {
    type View = Switched;

    fn run(self, session: &mut Session) -> Result<Switched, Failure> {
        switch(session, ENABLE)
    }
}

fn switch(session: &Session, action: &str) -> Result<Switched, Failure> {
    session.client().call(&TRAP_ACT, &[action], &Nothing {}).map_err(refused_in_detail)?;
    Ok(Switched { traps_enabled: action == ENABLE })
}

/// Whether traps are sent.
#[derive(Serialize)]
struct Switched {
    traps_enabled: bool,
}

impl Text for Switched {
    fn write(&self, page: &mut Page) {
        page.blank();
        page.line(enabled(self.traps_enabled));
    }
}

fn enabled(enabled: bool) -> &'static str {
    if enabled { "SNMP trap is enabled" } else { "SNMP trap is disabled" }
}

#[derive(Deserialize)]
struct Set {
    host: String,
    secname: String,
    engineid: String,
    authpassword: Option<Secret>,
    privpassword: Option<Secret>,
    authprotocol: Option<String>,
    privprotocol: Option<String>,
    traptype: Option<String>,
}

impl Run<Session> for Set {
    type View = Said;

    fn run(self, session: &mut Session) -> Result<Said, Failure> {
        let (authentication, privacy) = passwords(session, self.authpassword, self.privpassword)?;
        let is_there = session.get(&TRAPS, &[])?.traps.iter().any(|trap| trap.id == self.host);
        let trap = NewTrap {
            address: self.host.clone(),
            authentication_password: authentication,
            authentication_protocol: self.authprotocol.unwrap_or_else(|| "SHA".to_owned()),
            engine_id: self.engineid,
            privacy_password: privacy,
            privacy_protocol: self.privprotocol.unwrap_or_else(|| "AES".to_owned()),
            security_name: self.secname,
            trap_type: Some(self.traptype.unwrap_or_else(|| "trap".to_owned())),
        };
        if is_there {
            session.client().call(&SET_TRAP, &[&self.host], &trap).map_err(refused_in_detail)?;
        } else {
            session.client().call(&ADD_TRAP, &[], &trap).map_err(refused_in_detail)?;
        }
        Ok(Said::new("SNMP trap information set"))
    }
}

#[derive(Deserialize)]
struct Show {}

/// Whether traps are sent, and to whom.
#[derive(Serialize)]
struct Traps {
    traps_enabled: bool,
    targets: Vec<Target>,
}

/// A target.
#[derive(Serialize)]
struct Target {
    host: String,
    port: u16,
    user: String,
    engine_id: String,
    auth_protocol: String,
    priv_protocol: String,
    security_level: String,
    r#type: String,
}

impl Run<Session> for Show {
    type View = Traps;

    fn run(self, session: &mut Session) -> Result<Traps, Failure> {
        let traps_enabled = session.get(&SHOW, &[])?.is_trap_enabled;
        let mut targets = Vec::new();
        for link in session.get(&TRAPS, &[])?.traps {
            let shown = session.get(&TRAP, &[&link.id])?;
            targets.push(Target {
                host: link.id,
                port: shown.port,
                user: shown.security_name,
                engine_id: shown.engine_id,
                auth_protocol: shown.authentication_protocol,
                priv_protocol: shown.privacy_protocol,
                security_level: shown.security_level,
                r#type: shown.trap_type,
            });
        }
        Ok(Traps { traps_enabled, targets })
    }
}

impl Text for Traps {
    fn write(&self, page: &mut Page) {
        page.blank();
        page.line(enabled(self.traps_enabled));
        page.blank();
        page.line("SNMP Trap Targets:");
        page.line("-".repeat(18));
        for target in &self.targets {
            let Target { host, port, user, engine_id, auth_protocol, priv_protocol, .. } = target;
            let security = format!("{auth_protocol} {priv_protocol} {}", target.r#type);
            page.field("", 0, format!("{host}:{port} \"{user}\" {engine_id} {security}"));
        }
        page.blank();
    }
}

#[derive(Deserialize)]
struct Test {
    logfacility: String,
    loglevel: String,
    process: String,
    message: String,
    pid: bool,
}

impl Run<Session> for Test {
    type View = ();

    fn run(self, session: &mut Session) -> Result<(), Failure> {
        let test = TestTrap {
            log_facility: self.logfacility,
            log_level: self.loglevel,
            message: self.message,
            pid: self.pid.then_some(true),
            process: self.process,
        };
        session.client().call(&TEST_TRAP, &[], &test).map_err(refused_in_detail)?;
        Ok(())
    }
}
