//! `token backup list`, `show`, `init`, `login`, `logout`, `factoryReset`.

use luna_rest::tokens::{self, InitToken, Token, TokenLogin};

use super::{find, named_or_only, ready, so_password};
use crate::passwords::one_domain;
use crate::prelude::*;
use crate::questions::{allowed, caution, proceed, proceed_or};
use crate::views::attempts_before;

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "token backup factoryReset -serial|-s <serialnum> [-force|-f]",
        help: "Make a Backup HSM as it left the factory, which erases it",
        options: &[("-serial", "Serial number of the Backup HSM")],
        roles: Role::ADMIN,
        rest: &[tokens::SHOW.resource(), tokens::RESET.resource()],
        known: Known::Documented("lunash/commands/token/token_backup_factoryreset.htm"),
        run: call::<FactoryReset>(),
    },
    Command {
        syntax: "token backup init -label|-l <label> [-serial|-s <serialnum>] [-domain|-d <domain>] [-defaultdomain|-de] [-tokensopwd|-t <password>] [-force|-f]",
        help: "Initialize a Backup HSM, which erases it",
        options: &[
            ("-label", "Label of the Backup HSM"),
            ("-serial", "Serial number of the Backup HSM"),
            ("-domain", "Cloning domain of the Backup HSM"),
            ("-defaultdomain", "Take the default cloning domain, which is no longer recommended"),
            ("-tokensopwd", "Password of its SO"),
        ],
        roles: Role::ADMIN,
        rest: &[tokens::LIST.resource(), tokens::SHOW.resource(), tokens::INIT.resource()],
        known: Known::Assumed(
            "the cluster guide has -label, -serial and what is asked for; questions and caution \
             are made like those of hsm init",
        ),
        run: call::<Init>(),
    },
    Command {
        syntax: "token backup list",
        help: "List the Backup HSMs at the appliance",
        options: &[],
        roles: Role::MONITOR,
        rest: &[tokens::LIST.resource()],
        known: Known::Assumed("named in the cluster guide; output as the details of hsm show"),
        run: call::<List>(),
    },
    Command {
        syntax: "token backup login -serial|-s <serialnum> [-password|-p <password>]",
        help: "Log the SO of a Backup HSM in",
        options: &[
            ("-serial", "Serial number of the Backup HSM"),
            ("-password", "Password of its SO"),
        ],
        roles: Role::OPERATOR,
        rest: &[tokens::SHOW.resource(), tokens::LOGIN.resource()],
        known: Known::Assumed("known by name only; made like hsm login"),
        run: call::<Login>(),
    },
    Command {
        syntax: "token backup logout -serial|-s <serialnum>",
        help: "Log the SO of a Backup HSM out",
        options: &[("-serial", "Serial number of the Backup HSM")],
        roles: Role::OPERATOR,
        rest: &[tokens::LOGOUT.resource()],
        known: Known::Assumed("known by name only; made like hsm logout"),
        run: call::<Logout>(),
    },
    Command {
        syntax: "token backup show [-serial|-s <serialnum>]",
        help: "Show the state of a Backup HSM",
        options: &[("-serial", "Serial number of the Backup HSM")],
        roles: Role::MONITOR,
        rest: &[tokens::LIST.resource(), tokens::SHOW.resource(), tokens::BACKUPS.resource()],
        known: Known::Assumed("known by name only; made like hsm show"),
        run: call::<Show>(),
    },
];

/// The Backup HSMs at the appliance.
#[derive(Serialize)]
struct Listed {
    tokens: Vec<Details>,
}

/// What identifies a Backup HSM.
#[derive(Serialize)]
struct Details {
    label: String,
    serial: String,
    firmware: String,
    model: String,
}

impl From<Token> for Details {
    fn from(token: Token) -> Details {
        let Token { label, serial, firmware, model, .. } = token;
        Details { label, serial, firmware, model }
    }
}

impl Details {
    fn write(&self, page: &mut Page) {
        heading(page, "Token Details:");
        page.field("   Token Label:", 39, &self.label);
        page.field("   Serial #:", 39, &self.serial);
        page.field("   Firmware:", 39, &self.firmware);
        page.field("   HSM Model:", 39, &self.model);
    }
}

/// A heading and the line below it.
fn heading(page: &mut Page, text: &str) {
    page.line(format!("   {text}"));
    page.line(format!("   {}", "=".repeat(text.len())));
}

#[derive(Deserialize)]
struct List {}

impl Run<Session> for List {
    type View = Listed;

    fn run(self, session: &mut Session) -> Result<Listed, Failure> {
        let tokens = session.get(&tokens::LIST, &[])?.tokens;
        Ok(Listed { tokens: tokens.into_iter().map(Details::from).collect() })
    }
}

impl Text for Listed {
    fn write(&self, page: &mut Page) {
        if self.tokens.is_empty() {
            page.line("   There are no backup HSMs.");
        }
        for (place, token) in self.tokens.iter().enumerate() {
            if place > 0 {
                page.blank();
            }
            token.write(page);
        }
    }
}

#[derive(Deserialize)]
struct Show {
    serial: Option<String>,
}

/// A Backup HSM. A login attempt is one before zeroization.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    details: Details,
    initialized: bool,
    logged_in: bool,
    login_attempts_left: Option<u32>,
    partitions_allowed: u32,
    partitions: Vec<Partition>,
    storage_total: u64,
    storage_used: u64,
    storage_free: u64,
}

#[derive(Serialize)]
struct Partition {
    serial: String,
    name: String,
}

impl Run<Session> for Show {
    type View = Shown;

    fn run(self, session: &mut Session) -> Result<Shown, Failure> {
        let serial = named_or_only(session, self.serial)?;
        let token = find(session, &serial)?;
        let backups = session.get(&tokens::BACKUPS, &[&serial])?;
        let partition =
            |found: tokens::BackupPartition| Partition { serial: found.id, name: found.name };
        Ok(Shown {
            initialized: token.initialized,
            logged_in: token.so_logged_in,
            login_attempts_left: token.so_logins_left,
            partitions_allowed: token.partitions_allowed,
            partitions: backups.partitions.into_iter().map(partition).collect(),
            storage_total: token.storage_total,
            storage_used: token.storage_used,
            storage_free: token.storage_total.saturating_sub(token.storage_used),
            details: token.into(),
        })
    }
}

impl Text for Shown {
    fn write(&self, page: &mut Page) {
        self.details.write(page);
        let login = if self.logged_in { "Logged In" } else { "Not Logged In" };
        page.field("   Authentication Method:", 39, "Password");
        page.field("   Token Admin login status:", 39, login);
        let attempts = if self.initialized {
            attempts_before(self.login_attempts_left, "token zeroization!")
        } else {
            "TOKEN IS ZEROIZED !!!!".to_owned()
        };
        page.field("   Token Admin login attempts left:", 39, attempts);
        page.blank();
        heading(page, "Partitions created on token:");
        for partition in &self.partitions {
            page.line(format!("   Partition: {},     Name: {}", partition.serial, partition.name));
        }
        if self.partitions.is_empty() {
            page.line("   There are no partitions.");
        }
        page.blank();
        page.field("   Number of partitions allowed:", 42, self.partitions_allowed);
        page.field("   Number of partitions created:", 42, self.partitions.len());
        page.blank();
        heading(page, "Token Storage Information:");
        page.field("   Maximum Token Storage Space (Bytes):", 42, self.storage_total);
        page.field("   Space In Use (Bytes):", 42, self.storage_used);
        page.field("   Free Space Left (Bytes):", 42, self.storage_free);
    }
}

#[derive(Deserialize)]
struct Init {
    label: String,
    serial: Option<String>,
    domain: Option<Secret>,
    defaultdomain: bool,
    tokensopwd: Option<Secret>,
    force: bool,
}

impl Run<Session> for Init {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let serial = named_or_only(session, self.serial)?;
        let token = find(session, &serial)?;
        if token.initialized && !token.so_logged_in {
            return Err(Failure::command("The SO of the backup HSM must be logged in.").hint(
                "'token backup login' logs it in; 'token backup factoryReset' needs no login",
            ));
        }
        let label = session.label(naming::LABEL, self.label)?;
        let password = session.ui().secret(
            self.tokensopwd,
            Question {
                text: "  Please enter a password for the backup HSM's SO:\n  > ",
                again: Some("\n  Please re-enter password to confirm:\n  > "),
                variable: "BACKUP_SO_PASSWORD",
                option: "-tokensopwd",
            },
        )?;
        allowed(naming::PASSWORD, password.expose())?;
        one_domain(self.domain.as_ref(), self.defaultdomain)?;
        let domain = match (self.domain, self.defaultdomain) {
            (_, true) => Secret::from(DEFAULT_DOMAIN),
            (given, false) => {
                let lead = session.lead();
                let text = format!(
                    "{lead}  Please enter a cloning domain to use for initializing this backup \
                     HSM:\n  > "
                );
                let again = Some("\n  Please re-enter cloning domain to confirm:\n  > ");
                let (text, variable, option) = (text.as_str(), "DOMAIN", "-domain");
                session.ui().secret(given, Question { text, again, variable, option })?
            }
        };
        allowed(naming::DOMAIN, domain.expose())?;
        let lead = session.lead();
        if !self.force {
            let text = format!(
                "{lead}{}",
                caution(
                    "Are you sure you wish to initialize this backup token?\nAll data will be erased.\n",
                    &proceed("initialize the token")
                )
            );
            session.confirm(false, &text)?;
        } else if session.ui().has_output() {
            session.ui().show("\n");
        }
        let body = InitToken { label, password, domain };
        session.call(&tokens::INIT, &[&serial], &body)?;
        Ok(Done { done: "token backup init" })
    }
}

/// What the product calls the domain of `-defaultdomain`, as partitions have it.
pub(in super::super) const DEFAULT_DOMAIN: &str = "default";

#[derive(Deserialize)]
struct Login {
    serial: String,
    password: Option<Secret>,
}

impl Run<Session> for Login {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let token = ready(session, &self.serial)?;
        let (password, attempt) = so_password(session, &token, self.password, "-password")?;
        if session.ui().has_output() {
            session.ui().show("\n");
        }
        let login = TokenLogin { password };
        attempt.spend(session, |session| session.call(&tokens::LOGIN, &[&self.serial], &login))?;
        Ok(Done { done: "token backup login" })
    }
}

#[derive(Deserialize)]
struct Logout {
    serial: String,
}

impl Run<Session> for Logout {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let ids = [self.serial.as_str()];
        session.call(&tokens::LOGOUT, &ids, &Nothing {})?;
        Ok(Done { done: "token backup logout" })
    }
}

#[derive(Deserialize)]
struct FactoryReset {
    serial: String,
    force: bool,
}

impl Run<Session> for FactoryReset {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        find(session, &self.serial)?;
        if !self.force {
            session.confirm(
                false,
                &caution(
                    "Are you sure you wish to reset this backup token to\n\
                 factory default settings? All data will be erased.\n",
                    &proceed_or("return the token to factory default"),
                ),
            )?;
            session.ui().show("\n");
        }
        let ids = [self.serial.as_str()];
        session.call(&tokens::RESET, &ids, &Nothing {})?;
        Ok(Done { done: "token backup factoryReset" })
    }
}
