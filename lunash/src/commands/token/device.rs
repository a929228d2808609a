//! `token backup list`, `show`, `init`, `login`, `logout`, `factoryReset`.

use luna_rest::hsm;
use luna_rest::tokens::{self, InitToken, Token, TokenLogin};

use super::{find, named_or_only, no_so, ready, so_password};
use crate::prelude::*;
use crate::questions::{allowed, caution, proceed_or};
use crate::views::attempts_before;

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "token backup factoryReset -serial|-s <serialnum> [-force|-f]",
        help: "Make a Backup HSM as it left the factory, which erases it",
        options: &[("-serial", "Serial number of the Backup HSM")],
        roles: Role::OPERATOR,
        rest: &[tokens::SHOW.resource(), tokens::RESET.resource()],
        known: Known::Documented("lunash/commands/token/token_backup_factoryreset.htm"),
        run: call::<FactoryReset>(),
    },
    Command {
        syntax: "token backup init -label|-l <label> [-serial|-s <serialnum>] [-domain|-d <domain>] [-tokenadminpw|-t <password>] [-force|-f]",
        help: "Initialize a Backup HSM, which erases it",
        options: &[
            ("-label", "Label of the Backup HSM"),
            ("-serial", "Serial number of the Backup HSM"),
            ("-domain", "Cloning domain of the Backup HSM"),
            ("-tokenadminpw", "Password of its SO"),
        ],
        roles: Role::OPERATOR,
        rest: &[tokens::LIST.resource(), tokens::SHOW.resource(), tokens::INIT.resource()],
        known: Known::Documented("lunash/commands/token/token_backup_init.htm@7.2"),
        run: call::<Init>(),
    },
    Command {
        syntax: "token backup list",
        help: "List the Backup HSMs at the appliance",
        options: &[],
        roles: Role::MONITOR,
        rest: &[tokens::LIST.resource()],
        known: Known::Documented("lunash/commands/token/token_backup_list.htm@7.2"),
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
        known: Known::Documented("lunash/commands/token/token_backup_login.htm@7.2"),
        run: call::<Login>(),
    },
    Command {
        syntax: "token backup logout -serial|-s <serialnum>",
        help: "Log the SO of a Backup HSM out",
        options: &[("-serial", "Serial number of the Backup HSM")],
        roles: Role::OPERATOR,
        rest: &[tokens::LOGOUT.resource()],
        known: Known::Documented("lunash/commands/token/token_backup_logout.htm@7.2"),
        run: call::<Logout>(),
    },
    Command {
        syntax: "token backup show [-serial|-s <serialnum>]",
        help: "Show the state of a Backup HSM",
        options: &[("-serial", "Serial number of the Backup HSM")],
        roles: Role::MONITOR,
        rest: &[tokens::LIST.resource(), tokens::SHOW.resource(), tokens::BACKUPS.resource()],
        known: Known::Documented("lunash/commands/token/token_backup_show.htm@7.2"),
        run: call::<Show>(),
    },
];

/// The Backup HSMs at the appliance.
#[derive(Serialize)]
struct Listed {
    tokens: Vec<ListedToken>,
}

#[derive(Serialize)]
struct ListedToken {
    #[serde(flatten)]
    details: Details,
    /// From 1 on, in the order of the list.
    slot: usize,
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
        let listed = |(slot, token): (usize, Token)| ListedToken { details: token.into(), slot };
        Ok(Listed { tokens: (1..).zip(tokens).map(listed).collect() })
    }
}

impl Text for Listed {
    fn write(&self, page: &mut Page) {
        if self.tokens.is_empty() {
            page.line("  There are no backup HSMs.");
        }
        for (place, ListedToken { details, slot }) in self.tokens.iter().enumerate() {
            if place > 0 {
                page.blank();
            }
            page.line("  Token Details:");
            page.line("  ============");
            page.field("  Token Label:", 38, &details.label);
            page.field("  Slot:", 38, slot);
            page.field("  Serial #:", 38, &details.serial);
            page.field("  Firmware:", 38, &details.firmware);
            page.field("  HSM Model:", 38, &details.model);
        }
        page.blank();
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
    licenses: Vec<License>,
}

#[derive(Serialize)]
struct Partition {
    serial: String,
    name: String,
}

#[derive(Serialize)]
struct License {
    id: String,
    description: String,
}

impl Run<Session> for Show {
    type View = Shown;

    fn run(self, session: &mut Session) -> Result<Shown, Failure> {
        let serial = named_or_only(session, self.serial)?;
        let token = find(session, &serial)?;
        let backups = session.get(&tokens::BACKUPS, &[&serial])?;
        let partition =
            |found: tokens::BackupPartition| Partition { serial: found.id, name: found.name };
        let license = |found: &hsm::License| License {
            id: found.id.clone(),
            description: found.description.clone(),
        };
        Ok(Shown {
            licenses: token.licenses.iter().map(license).collect(),
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
        page.blank();
        page.line("   Token Details:");
        page.line("   ============");
        page.field("   Token Label:", 39, &self.details.label);
        page.field("   Serial #:", 39, &self.details.serial);
        page.field("   Firmware:", 39, &self.details.firmware);
        page.field("   HSM Model:", 39, &self.details.model);
        let login = if self.logged_in { "Logged In" } else { "Not Logged In" };
        page.field("   Authentication Method:", 39, "Password");
        page.field("   Token Admin login status:", 39, login);
        let attempts = if self.initialized {
            attempts_before(self.login_attempts_left, "Token zeroization!")
        } else {
            "TOKEN IS ZEROIZED !!!!".to_owned()
        };
        page.field("   Token Admin login attempts left:", 39, attempts);
        page.blank();
        heading(page, "Partition Information:");
        page.field("   Partitions licensed on token:", 39, self.partitions_allowed);
        page.field("   Partitions created on token:", 39, self.partitions.len());
        page.line(format!("   {}", "-".repeat(22)));
        for partition in &self.partitions {
            page.line(format!("   Partition: {},     Name: {}", partition.serial, partition.name));
        }
        if self.partitions.is_empty() {
            page.line("   There are no partitions.");
        }
        page.blank();
        heading(page, "Token Storage Information:");
        page.field("   Maximum Token Storage Space (Bytes):", 42, self.storage_total);
        page.field("   Space In Use (Bytes):", 42, self.storage_used);
        page.field("   Free Space Left (Bytes):", 42, self.storage_free);
        page.blank();
        heading(page, "License Information:");
        for license in &self.licenses {
            page.field(&format!("   {}", license.id), 19, &license.description);
        }
        page.blank();
    }
}

#[derive(Deserialize)]
struct Init {
    label: String,
    serial: Option<String>,
    domain: Option<Secret>,
    tokenadminpw: Option<Secret>,
    force: bool,
}

impl Run<Session> for Init {
    type View = Told;

    fn run(self, session: &mut Session) -> Result<Told, Failure> {
        let serial = named_or_only(session, self.serial)?;
        let token = find(session, &serial)?;
        if token.initialized && !token.so_logged_in {
            return Err(no_so().hint(
                "'token backup login' logs it in; 'token backup factoryReset' needs no login",
            ));
        }
        let label = session.label(naming::LABEL, self.label)?;
        let password = session.ui().secret(
            self.tokenadminpw,
            Question {
                text: "\n  Please enter a password for the Token Administrator:\n  > ",
                again: Some("\n  Please re-enter password to confirm:\n  > "),
                variable: "BACKUP_SO_PASSWORD",
                option: "-tokenadminpw",
            },
        )?;
        allowed(naming::PASSWORD, password.expose())?;
        let domain = session.ui().secret(
            self.domain,
            Question {
                text: "\n  Please enter a cloning domain used when initializing this HSM:\n  > ",
                again: Some("\n  Please re-enter cloning domain to confirm:\n  > "),
                variable: "DOMAIN",
                option: "-domain",
            },
        )?;
        allowed(naming::DOMAIN, domain.expose())?;
        let lead = session.lead();
        session.confirm(
            self.force,
            &format!(
                "{lead}CAUTION:  Are you sure you wish to initialize the backup\n\
                 \x20         token named:   {label}\n\
                 \x20         Type 'proceed' to continue, or 'quit' to quit now.\n\
                 \x20         > "
            ),
        )?;
        let body = InitToken { label, password, domain };
        session.call(&tokens::INIT, &[&serial], &body)?;
        let lead = session.lead();
        Ok(Told::new("token backup init", format!("{lead}'token backup init' successful.\n")))
    }
}

#[derive(Deserialize)]
struct Login {
    serial: String,
    password: Option<Secret>,
}

impl Run<Session> for Login {
    type View = Told;

    fn run(self, session: &mut Session) -> Result<Told, Failure> {
        let token = ready(session, &self.serial)?;
        let (password, attempt) = so_password(session, &token, self.password, ("\n", "-password"))?;
        if session.ui().has_output() {
            session.ui().show("\n");
        }
        let login = TokenLogin { password };
        attempt.spend(session, |session| session.call(&tokens::LOGIN, &[&self.serial], &login))?;
        Ok(Told::new("token backup login", "'token backup login' successful.\n"))
    }
}

#[derive(Deserialize)]
struct Logout {
    serial: String,
}

/// The page names another command than it ran.
impl Run<Session> for Logout {
    type View = Told;

    fn run(self, session: &mut Session) -> Result<Told, Failure> {
        let ids = [self.serial.as_str()];
        session.call(&tokens::LOGOUT, &ids, &Nothing {})?;
        Ok(Told::new("token backup logout", "\n'token logout' successful.\n"))
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

#[cfg(test)]
mod tests;
