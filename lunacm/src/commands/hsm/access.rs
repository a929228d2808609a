//! `hsm init`, `login`, `logout`: the HSM's SO.

use std::path::PathBuf;

use luna_rest::{hsm, users};

use crate::carried;
use crate::commands::Done;
use crate::commands::administrative::{require_so_if_any, sure};
use crate::commands::role::log_in;
use crate::prelude::*;

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "hsm init -label|-l <label> [-domain|-d <domain> | -defaultdomain|-def] [-password|-p <password>] [-applytemplate|-at <template_file>] [-initwithpwd|-ipwd | -initwithped|-iped] [-auth|-a] [-force|-f]",
        help: "Initialize the HSM and its SO, which erases all partitions",
        options: &[
            ("-label", "Label of the HSM: letters, digits and underscores"),
            ("-applytemplate", "A file with values of HSM policies, on this machine"),
            ("-auth", "Log the SO in afterwards"),
            ("-defaultdomain", "Use the default cloning domain (deprecated)"),
            ("-initwithped", "Authenticate by PED keys (Backup HSMs)"),
            ("-initwithpwd", "Authenticate by passwords (Backup HSMs)"),
            ("-password", "Password of the SO"),
        ],
        roles: Role::OPERATOR,
        rest: &[
            hsm::SHOW.resource(),
            hsm::INIT.resource(),
            users::UPLOAD.resource(),
            users::DELETE_FILE.resource(),
            hsm::ROLE.resource(),
            hsm::LOGIN.resource(),
        ],
        known: Known::Assumed(
            "named by pages about Backup HSMs; the options are those of 'partition init' and of such \
             pages, its questions those of 'partition init'",
        ),
        run: call::<Init>(),
    },
    Command {
        syntax: "hsm login [-password|-p <password>]",
        help: "Log the SO in, as role login does",
        options: &[("-password", "Password of the SO")],
        roles: Role::OPERATOR,
        rest: &[hsm::SHOW.resource(), hsm::ROLE.resource(), hsm::LOGIN.resource()],
        known: Known::Assumed("known by name only; 'role login' took its place with release 7"),
        run: call::<Login>(),
    },
    Command {
        syntax: "hsm logout",
        help: "Log the role out that is logged in, as role logout does",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[hsm::LOGOUT.resource()],
        known: Known::Assumed("known by name only; 'role logout' took its place with release 7"),
        run: call::<Logout>(),
    },
];

#[derive(Deserialize)]
struct Init {
    label: String,
    domain: Option<Secret>,
    defaultdomain: bool,
    password: Option<Secret>,
    applytemplate: Option<PathBuf>,
    #[serde(rename = "initwithpwd")]
    _initwithpwd: bool,
    initwithped: bool,
    auth: bool,
    force: bool,
}

impl Run<Session> for Init {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        require_so_if_any(session)?;
        if self.initwithped {
            return Err(codes::failure(
                codes::NOT_ALLOWED,
                "PED keys need a PED, and none is attached; this HSM authenticates by passwords.",
            ));
        }
        let label = session.label_within(naming::HSM_LABEL, self.label)?;
        let template =
            self.applytemplate.map(|path| carried::read("template", &path)).transpose()?;
        let password = session.secret(
            self.password,
            "Enter password for SO",
            Some("Re-enter password for SO"),
            ("HSM_PASSWORD", "-password"),
        )?;
        codes::allowed(naming::PASSWORD, password.expose())?;
        let domain = match self.defaultdomain {
            true => None,
            false => {
                Some(session.new_domain(self.domain, ("DOMAIN", "-domain or -defaultdomain"))?)
            }
        };
        sure(
            session,
            self.force,
            "initialize the HSM",
            Some("All contents of the HSM will be destroyed."),
        )?;
        let mut body = hsm::Init {
            label,
            password: Some(password.clone()),
            default_domain: domain.is_none(),
            domain,
            ..hsm::Init::default()
        };
        let (client, serial) = session.backup_hsm()?;
        let init = |body: &hsm::Init| Ok(client.call(&hsm::INIT, &[serial], body)?);
        match template {
            None => init(&body)?,
            Some(content) => {
                let name = format!("lunacm-{serial}.txt");
                body.policy_template = Some(name.clone());
                let place = (session.backup_hsm_account()?, &*name);
                carried::lend(client, place, content, || init(&body))?
            }
        };
        session.logged_in(None);
        session.refresh_slot()?;
        if self.auth {
            log_in(session, PartitionRole::So, Some(password))?;
        }
        Ok(Done::new("hsm init"))
    }
}

#[derive(Deserialize)]
struct Login {
    password: Option<Secret>,
}

impl Run<Session> for Login {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        session.backup_hsm()?;
        log_in(session, PartitionRole::So, self.password)?;
        Ok(Done::new("hsm login"))
    }
}

#[derive(Deserialize)]
struct Logout {}

impl Run<Session> for Logout {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        session.backup_hsm()?;
        crate::commands::role::log_out(session)?;
        Ok(Done::new("hsm logout"))
    }
}
