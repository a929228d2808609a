//! `audit init`, `login`, `logout`, `changepw`: the Auditor, by the commands of older firmware.

use luna_rest::{audit, hsm};

use super::{require_auditor, state};
use crate::commands::Done;
use crate::commands::administrative::sure;
use crate::commands::role::{change_password, log_in, log_out, no_so};
use crate::prelude::*;

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "audit changepw [-oldpw <old_password>] [-newpw <new_password>]",
        help: "Change the password of the Auditor, as role changepw does",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[hsm::ROLE.resource(), audit::CHANGE_PASSWORD.resource()],
        known: Known::Assumed(
            "known by name only, of firmware before 6.22; the questions are role changepw's",
        ),
        run: call::<ChangePassword>(),
    },
    Command {
        syntax: "audit init|i [-domain <auditdomain> | -defaultdomain] [-password <password>] [-force|-f]",
        help: "Make the Auditor of the HSM, or make it anew with another log secret",
        options: &[
            ("-defaultdomain", "Take the default domain (deprecated)"),
            ("-password", "Password of the Auditor"),
        ],
        roles: Role::OPERATOR,
        rest: &[audit::SHOW.resource(), audit::INIT.resource()],
        known: Known::Assumed(
            "known by name only, of firmware before 6.22; the options are LunaSH's",
        ),
        run: call::<Init>(),
    },
    Command {
        syntax: "audit login|logi [-serial|-s <serialnum>] [-password|-p <password>]",
        help: "Log the Auditor in, as role login does",
        options: &[
            ("-serial", "Serial number of the HSM, which the current slot says already"),
            ("-password", "Password of the Auditor"),
        ],
        roles: Role::OPERATOR,
        rest: &[hsm::ROLE.resource(), audit::LOGIN.resource()],
        known: Known::Documented(
            "lunacm/commands/audit/audit_login.htm@6.2; its question is that of role login",
        ),
        run: call::<Login>(),
    },
    Command {
        syntax: "audit logout|logo",
        help: "Log the Auditor out, as role logout does",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[hsm::LOGOUT.resource()],
        known: Known::Assumed("known by name only, of firmware before 6.22"),
        run: call::<Logout>(),
    },
];

#[derive(Deserialize)]
struct ChangePassword {
    oldpw: Option<Secret>,
    newpw: Option<Secret>,
}

impl Run<Session> for ChangePassword {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        require_auditor(session)?;
        change_password(session, PartitionRole::Au, self.oldpw, self.newpw)?;
        Ok(Done::new("audit changepw"))
    }
}

#[derive(Deserialize)]
struct Init {
    domain: Option<Secret>,
    defaultdomain: bool,
    password: Option<Secret>,
    force: bool,
}

impl Run<Session> for Init {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        if state(session)?.initialized {
            let note = "note: records so far cannot be verified with the new log secret";
            session.ui().note(note);
        }
        no_so(session)?;
        sure(session, self.force, "initialize the Auditor", None)?;
        let domain = match self.defaultdomain {
            true => None,
            false => {
                let origin = ("AUDIT_DOMAIN", "-domain or -defaultdomain");
                Some(session.new_domain(self.domain, origin)?)
            }
        };
        let password = session.new_password(self.password, ("AUDIT_PASSWORD", "-password"))?;
        let init = audit::Init { password, default_domain: domain.is_none(), domain };
        let (client, _) = session.backup_hsm()?;
        client.call(&audit::INIT, &[], &init)?;
        session.logged_in(None);
        Ok(Done::new("audit init"))
    }
}

#[derive(Deserialize)]
struct Login {
    serial: Option<String>,
    password: Option<Secret>,
}

impl Run<Session> for Login {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let (_, own) = session.backup_hsm()?;
        if let Some(serial) = self.serial.filter(|serial| serial != own) {
            let text = format!("The current slot is the HSM {own}, not {serial}.");
            return Err(codes::failure(codes::ARGUMENTS_BAD, text)
                .hint("'slot set' makes another one the current one"));
        }
        log_in(session, PartitionRole::Au, self.password)?;
        Ok(Done::new("audit login"))
    }
}

#[derive(Deserialize)]
struct Logout {}

impl Run<Session> for Logout {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        require_auditor(session)?;
        log_out(session)?;
        Ok(Done::new("audit logout"))
    }
}
