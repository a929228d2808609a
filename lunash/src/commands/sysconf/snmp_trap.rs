//! `sysconf snmp trap`: where the appliance reports what it writes into its logs.

use luna_rest::snmp::{
    ADD_TRAP, CLEAR_TRAPS, DISABLE, ENABLE, NewTrap, SET_TRAP, SHOW, TEST_TRAP, TRAP, TRAP_ACT,
    TRAPS, TestTrap,
};

use super::snmp::{SECURITY, passwords};
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
        known: Known::Documented("lunash/commands/sysconf/sysconf_snmp_trap_clear.htm@7.2"),
        run: call::<Clear>(),
    },
    Command {
        syntax: "sysconf snmp trap disable",
        help: "Send no traps",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[TRAP_ACT.resource()],
        known: Known::Documented("lunash/commands/sysconf/sysconf_snmp_trap_disable.htm@7.2"),
        run: call::<Disable>(),
    },
    Command {
        syntax: "sysconf snmp trap enable",
        help: "Send traps",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[TRAP_ACT.resource()],
        known: Known::Documented("lunash/commands/sysconf/sysconf_snmp_trap_enable.htm@7.2"),
        run: call::<Enable>(),
    },
    Command {
        syntax: "sysconf snmp trap set -host|-h <address> -secName|-s <name> -engineId|-e <engine_id> [-authProtocol|-authpr <protocol:SHA>] [-authPwd|-authpw <password>] [-privProtocol|-privpr <protocol:AES>] [-privPwd|-privpw <password>] [-trapType <type:trap|inform>]",
        help: "Set a trap target, in place of the one of that address",
        options: &[
            ("-host", "Host name or address of the target"),
            SECURITY[0],
            ("-engineId", "Engine that sends the traps, 10, 12, 14 or 16 hexadecimal digits"),
            SECURITY[3],
            ("-authPwd", SECURITY[1].1),
            SECURITY[4],
            ("-privPwd", SECURITY[2].1),
            // The page leaves out user and engine where they stay; the API wants both, and has this.
            ("-trapType", "Whether the target confirms what it gets; trap when left out"),
        ],
        roles: Role::OPERATOR,
        rest: &[TRAPS.resource(), ADD_TRAP.resource(), SET_TRAP.resource()],
        known: Known::Documented("lunash/commands/sysconf/sysconf_snmp_trap_set.htm@7.2"),
        run: call::<Set>(),
    },
    Command {
        syntax: "sysconf snmp trap show",
        help: "Show the trap targets",
        options: &[],
        roles: Role::MONITOR,
        rest: &[SHOW.resource(), TRAPS.resource(), TRAP.resource()],
        known: Known::Documented("lunash/commands/sysconf/sysconf_snmp_trap_show.htm@7.2"),
        run: call::<Show>(),
    },
    Command {
        syntax: "sysconf snmp trap test -logFacility|-logf <facility:kern|user|daemon|auth|syslog|authpriv|cron|local0|local1|local2|local3|local4|local5|local6|local7> -logLevel|-logl <level:emergency|alert|critical|crit|error|err|warning|warn|notice|info|debug> -process|-pr <process> -message|-m <message> [-pid|-pi]",
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
        known: Known::Documented("lunash/commands/sysconf/sysconf_snmp_trap_test.htm@7.2"),
        run: call::<Test>(),
    },
];

/// What is said after a change of the targets.
const RESTART: &str = "Please use 'service restart lsta' for the new configuration to take effect.";

#[derive(Deserialize)]
struct Clear {
    force: bool,
}

impl Run<Session> for Clear {
    type View = Message;

    fn run(self, session: &mut Session) -> Result<Message, Failure> {
        session.confirm_and_end(
            self.force,
            "If you are sure that you wish to clear snmp trap information, then enter 'proceed', \
             otherwise type 'quit'.\n\n> ",
        )?;
        session.call(&CLEAR_TRAPS, &[], &Nothing {})?;
        Ok(Message::new(RESTART))
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
        let step = |page: &mut Page, step: &str| page.field(step, 59, "[  OK  ]");
        if self.traps_enabled {
            page.line("SNMP trap agent is enabled");
            for name in ["Stopping syslog:", "Starting syslog:", "Starting lsta:"] {
                step(page, name);
            }
            page.line("\nSNMP trap agent is started");
        } else {
            page.line("SNMP trap agent is disabled");
            step(page, "Shutting down lsta:");
            page.line("SNMP trap agent is stopped");
        }
    }
}

#[derive(Deserialize)]
struct Set {
    host: String,
    secname: String,
    engineid: String,
    authpwd: Option<Secret>,
    privpwd: Option<Secret>,
    authprotocol: Option<String>,
    privprotocol: Option<String>,
    traptype: Option<String>,
}

impl Run<Session> for Set {
    type View = Message;

    fn run(self, session: &mut Session) -> Result<Message, Failure> {
        let (authentication, privacy) = passwords(session, self.authpwd, self.privpwd)?;
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
        Ok(Message::new(RESTART))
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
    /// Assumed: what is said of no target, and of each one after the first.
    fn write(&self, page: &mut Page) {
        page.blank();
        if self.targets.is_empty() {
            page.line("SNMP Trap is not configured.");
        }
        for target in &self.targets {
            page.line("SNMP Trap is configured as the following:");
            for (label, value) in [
                ("SNMP Trap Host", format!("{}:{}", target.host, target.port)),
                ("SNMP Version", "3".to_owned()),
                ("SNMP v3 Security Name", target.user.clone()),
                ("SNMP v3 Engine ID", format!("0x{}", target.engine_id)),
                ("SNMP v3 Security Level", target.security_level.clone()),
                ("SNMP v3 Authentication protocol", target.auth_protocol.clone()),
                ("SNMP v3 Privacy protocol", target.priv_protocol.clone()),
            ] {
                page.field(&format!("  {label}"), 34, format!(": {value}"));
            }
            page.blank();
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use luna_shell::View;

    /// The examples of the pages.
    #[test]
    fn traps_are_written_as_the_pages_have_them() {
        let target = Target {
            host: "mysnmphost".into(),
            port: 162,
            user: "admin".into(),
            engine_id: "800007c70300e05290ab60".into(),
            auth_protocol: "SHA".into(),
            priv_protocol: "AES".into(),
            security_level: "authPriv".into(),
            r#type: "trap".into(),
        };
        insta::assert_snapshot!(Traps { traps_enabled: true, targets: vec![target] }.text(), @r"

        SNMP Trap is configured as the following:
          SNMP Trap Host                  : mysnmphost:162
          SNMP Version                    : 3
          SNMP v3 Security Name           : admin
          SNMP v3 Engine ID               : 0x800007c70300e05290ab60
          SNMP v3 Security Level          : authPriv
          SNMP v3 Authentication protocol : SHA
          SNMP v3 Privacy protocol        : AES

        ");
        insta::assert_snapshot!(Switched { traps_enabled: true }.text(), @r"
        SNMP trap agent is enabled
        Stopping syslog:                                           [  OK  ]
        Starting syslog:                                           [  OK  ]
        Starting lsta:                                             [  OK  ]

        SNMP trap agent is started
        ");
        insta::assert_snapshot!(Switched { traps_enabled: false }.text(), @r"
        SNMP trap agent is disabled
        Shutting down lsta:                                        [  OK  ]
        SNMP trap agent is stopped
        ");
    }
}
