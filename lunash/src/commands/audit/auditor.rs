//! `audit init`, `login`, `logout`, `changePwd`, `show`, `sync`: the Auditor of the HSM.

use luna_rest::audit;
use luna_shell::Counter;

use super::{PROCEED, SERIAL, Silent, check_serial, state, times};
use crate::passwords::one_domain;
use crate::prelude::*;
use crate::questions::{allowed, last_attempt, unknown_attempts};

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "audit changePwd [-serial|-s <serialnum>] [-oldpw|-o <old_password>] [-newpw|-n <new_password>]",
        help: "Change the password of the Auditor",
        options: &[SERIAL],
        roles: Role::AUDIT,
        rest: &[audit::SHOW.resource(), audit::CHANGE_PASSWORD.resource()],
        known: Known::Documented("lunash/commands/audit/audit_changepwd.htm@7.2"),
        run: call::<ChangePwd>(),
    },
    Command {
        syntax: "audit init [-serial|-s <serialnum>] [-domain|-do <auditdomain>] [-defaultdomain|-de] [-password|-p <audit_password>] [-force|-f]",
        help: "Make the Auditor of the HSM, or make it anew with another log secret",
        options: &[
            SERIAL,
            ("-domain", "Domain of the Auditors that verify each other's logs"),
            ("-defaultdomain", "Take the default domain, which is no longer recommended"),
            ("-password", "Password of the Auditor"),
        ],
        roles: Role::AUDIT,
        rest: &[audit::SHOW.resource(), audit::INIT.resource()],
        known: Known::Documented("lunash/commands/audit/audit_init.htm@7.2"),
        run: call::<Init>(),
    },
    Command {
        syntax: "audit login [-serial|-s <serialnum>] [-password|-p <audit_password>]",
        help: "Log the Auditor in",
        options: &[SERIAL, ("-password", "Password of the Auditor")],
        roles: Role::AUDIT,
        rest: &[audit::SHOW.resource(), audit::LOGIN.resource()],
        known: Known::Documented("lunash/commands/audit/audit_login.htm"),
        run: call::<Login>(),
    },
    Command {
        syntax: "audit logout",
        help: "Log the Auditor out",
        options: &[],
        roles: Role::AUDIT,
        rest: &[audit::LOGOUT.resource()],
        known: Known::Documented("lunash/commands/audit/audit_logout.htm@7.2"),
        run: call::<Logout>(),
    },
    Command {
        syntax: "audit show [-serial|-s <serialnum>]",
        help: "Show the Auditor, the clocks, and what is recorded",
        options: &[SERIAL],
        roles: Role::AUDIT,
        rest: &[audit::SHOW.resource()],
        known: Known::Documented("lunash/commands/audit/audit_show.htm@7.2"),
        run: call::<Show>(),
    },
    Command {
        syntax: "audit sync",
        help: "Set the clock of the HSM to that of the appliance",
        options: &[],
        roles: Role::AUDIT,
        rest: &[audit::SYNC.resource()],
        known: Known::Documented("lunash/commands/audit/audit_sync.htm@7.2"),
        run: call::<Sync>(),
    },
];

/// An attempt at the Auditor's password.
fn attempt(session: &mut Session) -> Result<Attempt<Session>, Failure> {
    let left = state(session)?.logins_left;
    let counter = Counter {
        id: format!("hsm {} audit", session.hsm()?),
        last: last_attempt(
            "This is the LAST available login attempt of the Auditor.\n\
             If the password is wrong, the role is locked for ten minutes.\n",
        ),
        unknown: unknown_attempts(),
        left: Box::new(|session: &Session| Ok(state(session)?.logins_left)),
    };
    Attempt::begin(session, counter, left)
}

/// The product's words for a wrong password.
fn wrong_password(error: Error) -> Failure {
    match error.id() {
        Some(ErrorId::LUNA_RET_UM_PIN_INCORRECT) => {
            Failure::command("The password is not correct.")
                .code(0xA0_0000, ErrorId::LUNA_RET_UM_PIN_INCORRECT.as_str())
        }
        _ => refused(error),
    }
}

#[derive(Deserialize)]
struct ChangePwd {
    serial: Option<String>,
    oldpw: Option<Secret>,
    newpw: Option<Secret>,
}

impl Run<Session> for ChangePwd {
    type View = Silent;

    fn run(self, session: &mut Session) -> Result<Silent, Failure> {
        check_serial(session, self.serial.as_deref())?;
        let attempt = attempt(session)?;
        let first = session.lead();
        let old_password = session.ui().secret(
            self.oldpw,
            Question {
                text: &format!("{first}  Please enter the old password:\n  > "),
                again: None,
                variable: "AUDIT_PASSWORD",
                option: "-oldpw",
            },
        )?;
        let first = session.lead();
        let new_password = session.ui().secret(
            self.newpw,
            Question {
                text: &format!("{first}  Please enter the new password:\n  > "),
                again: Some("\n\n  Please re-enter the new password:\n  > "),
                variable: "NEW_AUDIT_PASSWORD",
                option: "-newpw",
            },
        )?;
        allowed(naming::PASSWORD, new_password.expose())?;
        let body = audit::ChangePassword { old_password, new_password };
        attempt.spend(session, |session| {
            session.client().call(&audit::CHANGE_PASSWORD, &[], &body).map_err(wrong_password)
        })?;
        Ok(Silent { done: "audit changePwd", asked: session.ui().has_output() })
    }
}

#[derive(Deserialize)]
struct Init {
    serial: Option<String>,
    domain: Option<Secret>,
    defaultdomain: bool,
    password: Option<Secret>,
    force: bool,
}

impl Run<Session> for Init {
    type View = Silent;

    fn run(self, session: &mut Session) -> Result<Silent, Failure> {
        check_serial(session, self.serial.as_deref())?;
        one_domain(self.domain.as_ref(), self.defaultdomain)?;
        if state(session)?.initialized {
            let note = "note: records so far cannot be verified with the new log secret";
            session.ui().note(note);
        }
        let question = format!(
            "        The AUDIT role will be initialized.\n\n        \
             Are you sure you wish to continue?\n\n\n{PROCEED}"
        );
        session.confirm(self.force, &question)?;
        let mut body = audit::Init { default_domain: self.defaultdomain, ..audit::Init::default() };
        if !self.defaultdomain {
            let first = session.lead();
            let domain = session.ui().secret(
                self.domain,
                Question {
                    text: &format!(
                        "{first}  Please enter a domain to use for initializing the Audit role:\n  > "
                    ),
                    again: Some("\n  Please re-enter domain to confirm:\n  > "),
                    variable: "AUDIT_DOMAIN",
                    option: "-domain",
                },
            )?;
            allowed(naming::DOMAIN, domain.expose())?;
            body.domain = Some(domain);
        }
        let first = session.lead();
        body.password = session.ui().secret(
            self.password,
            Question {
                text: &format!("{first}  Please enter the password:\n  > "),
                again: Some("\n  Please re-enter password to confirm:\n  > "),
                variable: "AUDIT_PASSWORD",
                option: "-password",
            },
        )?;
        allowed(naming::PASSWORD, body.password.expose())?;
        session.call(&audit::INIT, &[], &body)?;
        Ok(Silent { done: "audit init", asked: session.ui().has_output() })
    }
}

#[derive(Deserialize)]
struct Login {
    serial: Option<String>,
    password: Option<Secret>,
}

impl Run<Session> for Login {
    type View = Silent;

    fn run(self, session: &mut Session) -> Result<Silent, Failure> {
        check_serial(session, self.serial.as_deref())?;
        let attempt = attempt(session)?;
        let first = session.lead();
        let password = session.ui().secret(
            self.password,
            Question {
                text: &format!("{first}  Please enter the password:\n  > "),
                again: None,
                variable: "AUDIT_PASSWORD",
                option: "-password",
            },
        )?;
        let body = audit::Login { password };
        attempt.spend(session, |session| {
            session.client().call(&audit::LOGIN, &[], &body).map_err(wrong_password)
        })?;
        Ok(Silent { done: "audit login", asked: false })
    }
}

#[derive(Deserialize)]
struct Logout {}

impl Run<Session> for Logout {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        session.call(&audit::LOGOUT, &[], &Nothing {})?;
        Ok(Done { done: "audit logout" })
    }
}

#[derive(Deserialize)]
struct Show {
    serial: Option<String>,
}

/// The Auditor and its log.
#[derive(Serialize)]
struct Shown {
    initialized: bool,
    logged_in: bool,
    /// Wrong passwords until it is locked.
    logins_left: Option<u32>,
    /// Until when it is locked, RFC 3339; empty while it is not.
    locked_until: String,
    events: Vec<String>,
    rotation: String,
    last_record: u64,
    /// Records that the HSM holds because they cannot be written.
    waiting: u64,
    /// Bytes of all files.
    size: u64,
    /// Bytes that they may have.
    limit: u64,
    /// The HSM whose log secret was imported.
    imported: Option<String>,
    hsm_time: String,
    host_time: String,
}

impl Run<Session> for Show {
    type View = Shown;

    fn run(self, session: &mut Session) -> Result<Shown, Failure> {
        check_serial(session, self.serial.as_deref())?;
        let audit = state(session)?;
        Ok(Shown {
            initialized: audit.initialized,
            logged_in: audit.logged_in,
            logins_left: audit.logins_left,
            locked_until: audit.locked_until,
            events: audit.events,
            rotation: audit.rotation,
            last_record: audit.last_record,
            waiting: audit.waiting,
            size: audit.size,
            limit: audit.limit,
            imported: audit.imported,
            hsm_time: audit.hsm_time,
            host_time: audit.host_time,
        })
    }
}

impl Text for Shown {
    fn write(&self, page: &mut Page) {
        let role = match (self.initialized, &*self.locked_until, self.logged_in) {
            (false, ..) => "not initialized".to_owned(),
            (true, until, _) if !until.is_empty() => format!("locked until {}", times(until).0),
            (true, _, true) => "logged in".to_owned(),
            (true, _, false) => "logged out".to_owned(),
        };
        let configured = if self.events.is_empty() { "has not been" } else { "has been" };
        page.line("HSM Logging Status:");
        page.blank();
        page.line("HSM found logging daemon");
        page.line(format!("Logging {configured} configured"));
        page.line(format!("HSM is currently storing {} log records.", self.waiting));
        page.blank();
        page.line(format!("HSM Audit Role: {role}"));
        page.blank();
        page.line(format!("HSM Time  : {}", times(&self.hsm_time).0));
        page.line(format!("HOST Time : {}", times(&self.host_time).0));
        // Assumed: the page says that less is shown before the login, not what.
        if !self.logged_in {
            return;
        }
        page.blank();
        page.line("Current Logging Configuration");
        page.line("-----------------------------");
        page.line(format!("event mask        : {}", mask(&self.events)));
        page.line(format!("rotation interval : {}", self.rotation));
    }
}

/// What is recorded. Assumed: the wording of others than all.
fn mask(events: &[String]) -> String {
    match events {
        [] => "Log nothing".to_owned(),
        events if events.iter().any(|event| event == "all") => "Log everything".to_owned(),
        events => format!("Log {}", events.join(",")),
    }
}

#[derive(Deserialize)]
struct Sync {}

impl Run<Session> for Sync {
    type View = Silent;

    fn run(self, session: &mut Session) -> Result<Silent, Failure> {
        session.call(&audit::SYNC, &[], &Nothing {})?;
        Ok(Silent { done: "audit sync", asked: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use luna_shell::View;

    /// The example of audit_show.htm@7.2.
    #[test]
    fn the_status_is_shown_as_documented() {
        let shown = Shown {
            initialized: true,
            logged_in: true,
            logins_left: Some(3),
            locked_until: String::new(),
            events: vec!["all".to_owned()],
            rotation: "daily".to_owned(),
            last_record: 7,
            waiting: 0,
            size: 3192,
            limit: 67_108_864,
            imported: None,
            hsm_time: "2012-12-17T17:50:35Z".to_owned(),
            host_time: "2012-12-17T17:51:07Z".to_owned(),
        };
        assert_eq!(
            shown.text(),
            "HSM Logging Status:\n\
             \n\
             HSM found logging daemon\n\
             Logging has been configured\n\
             HSM is currently storing 0 log records.\n\
             \n\
             HSM Audit Role: logged in\n\
             \n\
             HSM Time  : Mon Dec 17 17:50:35 2012\n\
             HOST Time : Mon Dec 17 17:51:07 2012\n\
             \n\
             Current Logging Configuration\n\
             -----------------------------\n\
             event mask        : Log everything\n\
             rotation interval : daily\n"
        );
    }
}
