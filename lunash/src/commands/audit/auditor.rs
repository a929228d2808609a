//! `audit init`, `login`, `logout`, `changePwd`, `show`, `sync`: the Auditor of the HSM.

use luna_rest::audit;
use luna_shell::Counter;

use super::{NAME_ONLY, SERIAL, Silent, check_serial, state};
use crate::passwords::one_domain;
use crate::prelude::*;
use crate::questions::{allowed, caution, last_attempt, proceed, unknown_attempts};

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "audit changePwd [-serial|-s <serialnum>] [-oldpw|-o <old_password>] [-newpw|-n <new_password>]",
        help: "Change the password of the Auditor",
        options: &[SERIAL],
        roles: Role::AUDIT,
        rest: &[audit::SHOW.resource(), audit::CHANGE_PASSWORD.resource()],
        known: Known::Documented("lunash/commands/audit/audit_changepwd.htm@7.1"),
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
        known: Known::Assumed(
            "audit_init.htm is cut before its examples: its questions are worded as those of \
             'hsm init'",
        ),
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
        known: NAME_ONLY,
        run: call::<Logout>(),
    },
    Command {
        syntax: "audit show",
        help: "Show the Auditor, what is recorded, and how far the log is",
        options: &[],
        roles: Role::AUDIT,
        rest: &[audit::SHOW.resource()],
        known: Known::Assumed("the page was not found: a line a fact"),
        run: call::<Show>(),
    },
    Command {
        syntax: "audit sync",
        help: "Set the clock of the HSM to that of the appliance",
        options: &[],
        roles: Role::AUDIT,
        rest: &[audit::SYNC.resource()],
        known: NAME_ONLY,
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
                again: Some("\n  Please re-enter the new password:\n  > "),
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
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        check_serial(session, self.serial.as_deref())?;
        one_domain(self.domain.as_ref(), self.defaultdomain)?;
        let lines = match state(session)?.initialized {
            true => {
                "Are you sure you wish to re-initialize the Auditor?\n\
                 Records so far cannot be verified with the new log secret.\n"
            }
            false => "Are you sure you wish to initialize the Auditor?\n",
        };
        session.confirm(self.force, &caution(lines, &proceed("initialize the Auditor")))?;
        let first = session.lead();
        let password = session.ui().secret(
            self.password,
            Question {
                text: &format!("{first}  Please enter a password for the Auditor:\n  > "),
                again: Some("\n  Please re-enter password to confirm:\n  > "),
                variable: "AUDIT_PASSWORD",
                option: "-password",
            },
        )?;
        allowed(naming::PASSWORD, password.expose())?;
        let mut body =
            audit::Init { password, default_domain: self.defaultdomain, ..audit::Init::default() };
        if !self.defaultdomain {
            let first = session.lead();
            let domain = session.ui().secret(
                self.domain,
                Question {
                    text: &format!("{first}  Please enter a domain for the Auditor:\n  > "),
                    again: Some("\n  Please re-enter domain to confirm:\n  > "),
                    variable: "AUDIT_DOMAIN",
                    option: "-domain",
                },
            )?;
            allowed(naming::DOMAIN, domain.expose())?;
            body.domain = Some(domain);
        }
        session.call(&audit::INIT, &[], &body)?;
        Ok(Done { done: "audit init" })
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
        Ok(Silent { done: "audit login", asked: session.ui().has_output() })
    }
}

#[derive(Deserialize)]
struct Logout {}

impl Run<Session> for Logout {
    type View = Silent;

    fn run(self, session: &mut Session) -> Result<Silent, Failure> {
        session.call(&audit::LOGOUT, &[], &Nothing {})?;
        Ok(Silent { done: "audit logout", asked: session.ui().has_output() })
    }
}

#[derive(Deserialize)]
struct Show {}

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
            (true, until, _) if !until.is_empty() => format!("locked until {until}"),
            (true, _, true) => "logged in".to_owned(),
            (true, _, false) => "not logged in".to_owned(),
        };
        let configured = if self.events.is_empty() { "has not been" } else { "has been" };
        page.line("HSM Logging Status:");
        page.line(format!("   Logging {configured} configured"));
        page.line(format!("   HSM is currently storing {} log records.", self.waiting));
        page.line(format!("   The log has {} bytes of {}.", self.size, self.limit));
        page.line(format!("   The last record is number {}.", self.last_record));
        page.blank();
        page.field("HSM Audit Role:", 20, role);
        page.field("HSM Time:", 20, &self.hsm_time);
        page.field("HOST Time:", 20, &self.host_time);
        if let Some(serial) = &self.imported {
            page.field("Imported secret:", 20, format!("of HSM {serial}"));
        }
        page.blank();
        page.line("Current Logging Configuration");
        page.line("-----------------------------");
        let events = match &self.events[..] {
            [] => "none".to_owned(),
            events => events.join(","),
        };
        page.field("event mask:", 20, events);
        page.field("rotation interval:", 20, &self.rotation);
    }
}

#[derive(Deserialize)]
struct Sync {}

impl Run<Session> for Sync {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        session.call(&audit::SYNC, &[], &Nothing {})?;
        Ok(Done { done: "audit sync" })
    }
}
