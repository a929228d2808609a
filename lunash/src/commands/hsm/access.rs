//! `hsm init`, `login`, `logout`, `changePw`.

use luna_rest::hsm;
use luna_shell::Counter;

use super::{Spaced, require_so, state};
use crate::passwords::one_domain;
use crate::prelude::*;
use crate::questions::{allowed, caution, proceed, unknown_attempts};

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "hsm changePw [-oldpw|-o <old_password>] [-newpw|-n <new_password>]",
        help: "Change the password of the HSM SO",
        options: &[],
        roles: Role::ADMIN,
        rest: &[hsm::SHOW.resource(), hsm::CHANGE_PASSWORD.resource()],
        known: Known::Documented("lunash/commands/hsm/hsm_changepw.htm"),
        run: call::<ChangePw>(),
    },
    Command {
        syntax: "hsm init -label|-l <hsm_label> [-domain|-d <hsm_domain>] [-password|-p <hsm_admin_password>] [-applytemplate|-ap <filename>] [-defaultdomain|-de] [-authtimeconfig|-a] [-force|-f]",
        help: "Initialize the HSM, which erases all partitions",
        options: &[
            ("-label", "Label of the HSM: letters, digits and underscores"),
            ("-password", "Password of the HSM SO"),
            ("-applytemplate", "File with the values of HSM policies"),
            ("-defaultdomain", "Take the default cloning domain, which is no longer recommended"),
            ("-authtimeconfig", "Let only the HSM SO change the time of the appliance"),
        ],
        roles: Role::ADMIN,
        rest: &[hsm::SHOW.resource(), hsm::INIT.resource()],
        known: Known::Seen("lunash-hsm-init-6.2"),
        run: call::<Init>(),
    },
    Command {
        syntax: "hsm login [-password|-p <hsm_admin_password>]",
        help: "Log the HSM SO in",
        options: &[("-password", "Password of the HSM SO")],
        roles: Role::OPERATOR,
        rest: &[hsm::SHOW.resource(), hsm::LOGIN.resource()],
        known: Known::Seen("lunash-hsm-fm-load-status-7.7"),
        run: call::<Login>(),
    },
    Command {
        syntax: "hsm logout",
        help: "Log the HSM SO out",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[hsm::LOGOUT.resource()],
        known: Known::Documented("lunash/commands/hsm/hsm_logout.htm@7.2"),
        run: call::<Logout>(),
    },
];

#[derive(Deserialize)]
struct ChangePw {
    oldpw: Option<Secret>,
    newpw: Option<Secret>,
}

impl Run<Session> for ChangePw {
    type View = Spaced;

    fn run(self, session: &mut Session) -> Result<Spaced, Failure> {
        let (_, attempt) = so_attempt(session)?;
        let first = session.lead();
        let old_password = session.ui().secret(
            self.oldpw,
            Question {
                text: &format!("{first}Please enter the HSM Administrators' current password:\n> "),
                again: None,
                variable: "HSM_PASSWORD",
                option: "-oldpw",
            },
        )?;
        let first = session.lead();
        let new_password = session.ui().secret(
            self.newpw,
            Question {
                text: &format!("{first}Please enter a new password for the HSM Administrator:\n> "),
                again: Some("\nPlease re-enter password to confirm:\n> "),
                variable: "NEW_HSM_PASSWORD",
                option: "-newpw",
            },
        )?;
        allowed(naming::PASSWORD, new_password.expose())?;
        let body = hsm::ChangePassword { old_password, new_password, ped: None };
        attempt.spend(session, |session| {
            let ids = [session.hsm()?, "so"];
            session.client().call(&hsm::CHANGE_PASSWORD, &ids, &body).map_err(wrong_password)
        })?;
        Ok(Spaced { done: "hsm changePw", asked: session.ui().has_output() })
    }
}

#[derive(Deserialize)]
struct Init {
    label: String,
    domain: Option<Secret>,
    password: Option<Secret>,
    applytemplate: Option<String>,
    defaultdomain: bool,
    authtimeconfig: bool,
    force: bool,
}

/// Words and order as in the recorded 6.2 session; that each question begins with two blanks is
/// assumed from `hsm login`, whose blanks the same record lost.
impl Run<Session> for Init {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let hsm = state(session)?;
        require_so(&hsm)?;
        let label = session.label(naming::HSM_LABEL, self.label)?;
        let template = self.applytemplate.map(|file| session.provide(&file)).transpose()?;
        let mut body = hsm::Init {
            label,
            default_domain: self.defaultdomain,
            policy_template: template,
            auth_time_config: self.authtimeconfig.then_some(true),
            ..hsm::Init::default()
        };
        if hsm.authentication_method == "PED" {
            body.ped = "0".to_owned();
        } else {
            let password = session.ui().secret(
                self.password,
                Question {
                    text: "  Please enter a password for the HSM Administrator:\n  > ",
                    again: Some("\n  Please re-enter password to confirm:\n  > "),
                    variable: "HSM_PASSWORD",
                    option: "-password",
                },
            )?;
            allowed(naming::PASSWORD, password.expose())?;
            body.password = Some(password);
            one_domain(self.domain.as_ref(), self.defaultdomain)?;
            if !self.defaultdomain {
                let first = session.lead();
                let domain = session.ui().secret(
                    self.domain,
                    Question {
                        text: &format!(
                            "{first}  Please enter a cloning domain to use for initializing this \
                             HSM:\n  > "
                        ),
                        again: Some("\n  Please re-enter cloning domain to confirm:\n  > "),
                        variable: "DOMAIN",
                        option: "-domain",
                    },
                )?;
                allowed(naming::DOMAIN, domain.expose())?;
                body.domain = Some(domain);
            }
        }
        let first = session.lead();
        session.confirm(
            self.force,
            &format!(
                "{first}{}",
                caution(
                    "Are you sure you wish to initialize this HSM?\n",
                    &proceed("initialize the HSM")
                )
            ),
        )?;
        session.call(&hsm::INIT, &[session.hsm()?], &body)?;
        Ok(Done { done: "hsm init" })
    }
}

#[derive(Deserialize)]
struct Login {
    password: Option<Secret>,
}

const TWO_LEFT: &str = "\
Caution:  You have only TWO HSM Admin logins attempts left (including
          this one). If you fail two more consecutive login attempts
          (i.e. with no successful logins in between) the HSM will
          be ZEROIZED!!!
";

pub(crate) const LAST: &str = "\
Caution:  This is your LAST available HSM Admin login attempt.
          If the wrong HSM Admin password is provided the HSM will
          be ZEROIZED!!!

          Type 'proceed' if you are certain you have the right
          HSM Admin login credentials or 'quit' to quit now.
          > ";

/// An attempt of the HSM SO: says how few are left; at the last one a person confirms, and a script
/// is refused. Also what kind of HSM it is.
pub(in super::super) fn so_attempt(
    session: &mut Session,
) -> Result<(hsm::Hsm, Attempt<Session>), Failure> {
    let hsm = state(session)?;
    let left = hsm.attempts_left();
    if left == Some(2) {
        session.ui().show(TWO_LEFT);
    }
    let counter = Counter {
        id: format!("hsm {} so", session.hsm()?),
        last: LAST.to_owned(),
        unknown: unknown_attempts(),
        left: Box::new(|session: &Session| Ok(state(session)?.attempts_left())),
    };
    let attempt = Attempt::begin(session, counter, left)?;
    Ok((hsm, attempt))
}

impl Run<Session> for Login {
    type View = Spaced;

    fn run(self, session: &mut Session) -> Result<Spaced, Failure> {
        let (hsm, attempt) = so_attempt(session)?;
        let given = self.password.is_some();
        let mut body = hsm::Login { role: "so".to_owned(), ped: "0".to_owned(), password: None };
        if hsm.authentication_method == "PED" {
            session.ui().show(
                "Luna PED operation required to login as HSM Administrator - use Security Officer \
                 (blue) PED key.\n",
            );
        } else if !hsm.zeroized {
            let first = session.lead();
            body.password = Some(session.ui().secret(
                self.password,
                Question {
                    text: &format!("{first}  Please enter the HSM Administrators' password:\n  > "),
                    again: None,
                    variable: "HSM_PASSWORD",
                    option: "-password",
                },
            )?);
        }
        attempt.spend(session, |session| {
            let answer = session.client().call(&hsm::LOGIN, &[session.hsm()?], &body);
            answer.map_err(|error| {
                // The record has two empty lines between the answer and the error.
                if session.ui().has_output() {
                    session.ui().show(if given { "\n" } else { "\n\n" });
                }
                wrong_password(error)
            })
        })?;
        let asked = session.ui().has_output() && hsm.authentication_method != "PED";
        Ok(Spaced { done: "hsm login", asked })
    }
}

/// The product's words for a wrong password of the HSM SO.
fn wrong_password(error: Error) -> Failure {
    match error.id() {
        Some(ErrorId::LUNA_RET_UM_PIN_INCORRECT) => {
            Failure::command("The password is not correct.")
                .code(0xA0_0000, ErrorId::LUNA_RET_UM_PIN_INCORRECT.as_str())
        }
        // Recorded: two blanks more than elsewhere, and a result line of success.
        Some(ErrorId::LUNA_RET_SO_LOGIN_FAILURE_THRESHOLD) => {
            Failure::command("  The HSM is in the factory reset (zeroized) state.")
                .code(0x30_000F, ErrorId::LUNA_RET_SO_LOGIN_FAILURE_THRESHOLD.as_str())
                .reported_as_success()
        }
        _ => refused(error),
    }
}

#[derive(Deserialize)]
struct Logout {}

impl Run<Session> for Logout {
    type View = Spaced;

    fn run(self, session: &mut Session) -> Result<Spaced, Failure> {
        session.call(&hsm::LOGOUT, &[session.hsm()?], &Nothing {})?;
        Ok(Spaced { done: "hsm logout", asked: true })
    }
}
