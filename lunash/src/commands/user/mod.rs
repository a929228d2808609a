//! `user`: the accounts of the appliance.

pub(super) mod role;

use luna_rest::users;

use crate::passwords;
use crate::prelude::*;
use crate::refusals::refused_value;

pub(super) const MENUS: &[Menu] = &[Menu { path: "user", help: "Accounts of the appliance" }];

pub(super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "user add|a -username|-u <username>",
        help: "Create an account, which gets its role afterwards",
        options: &[("-username", "Name of the new account")],
        roles: Role::ADMIN,
        rest: &[
            users::PASSWORD_RULES.resource(),
            users::FILES.resource(),
            users::CREATE.resource(),
        ],
        known: Known::Documented("lunash/commands/user/user_add.htm"),
        run: call::<Add>(),
    },
    Command {
        syntax: "user delete|de -username|-u <username>",
        help: "Remove an account with its files",
        options: &[],
        roles: Role::ADMIN,
        rest: &[users::DELETE.resource()],
        known: Known::Documented("lunash/commands/user/user_delete.htm@7.2"),
        run: call::<Delete>(),
    },
    Command {
        syntax: "user disable|di -username|-u <username>",
        help: "Lock an account, which keeps its role",
        options: &[],
        roles: Role::ADMIN,
        rest: &[users::ACT.resource()],
        known: Known::Documented("administration/users_roles/appliance/activate_optional.htm@7.3"),
        run: call::<Disable>(),
    },
    Command {
        syntax: "user enable|e -username|-u <username>",
        help: "Unlock an account",
        options: &[],
        roles: Role::ADMIN,
        rest: &[users::ACT.resource()],
        known: Known::Documented("administration/users_roles/appliance/activate_optional.htm@7.3"),
        run: call::<Enable>(),
    },
    Command {
        syntax: "user list|l",
        help: "List the accounts",
        options: &[],
        roles: Role::ADMIN,
        rest: &[users::LIST.resource(), users::SHOW.resource()],
        known: Known::Documented("lunash/commands/user/user_add.htm"),
        run: call::<List>(),
    },
    Command {
        syntax: "user password|p <username>",
        help: "Set the password of an account",
        options: &[],
        roles: Role::ADMIN,
        rest: &[users::PASSWORD_RULES.resource(), users::SHOW.resource(), users::ACT.resource()],
        known: Known::Documented("administration/users_roles/appliance/change_password.htm@7.4"),
        run: call::<Password>(),
    },
    Command {
        syntax: "user radiusAdd|ra -username|-u <username>",
        help: "Create an account whose password a RADIUS server judges",
        options: &[("-username", "Name of the new account, the same on the RADIUS server")],
        roles: Role::ADMIN,
        rest: &[users::FILES.resource(), users::CREATE_RADIUS.resource()],
        known: Known::Documented("lunash/commands/user/user_radiusadd.htm@7.2"),
        run: call::<RadiusAdd>(),
    },
];

#[derive(Deserialize)]
struct Add {
    username: String,
}

/// An account whose password was set.
#[derive(Serialize)]
pub(super) struct PasswordSet {
    pub(super) user: String,
}

impl Text for PasswordSet {
    fn write(&self, page: &mut Page) {
        page.line(passwords::UPDATED);
    }
}

impl Run<Session> for Add {
    type View = PasswordSet;

    fn run(self, session: &mut Session) -> Result<PasswordSet, Failure> {
        check_new(session, &self.username)?;
        let minimum = passwords::minimum(session);
        session.ui().show(&passwords::rules(&self.username, minimum));
        let password = passwords::ask(session, passwords::OTHERS)?;
        let user = users::NewUser {
            user_id: self.username.clone(),
            full_name: None,
            email: None,
            role: String::new(),
            password,
        };
        session.client().call(&users::CREATE, &[], &user).map_err(refused_value)?;
        Ok(PasswordSet { user: self.username })
    }
}

/// Refuses a name that no account can get, before anybody types a password for it.
fn check_new(session: &Session, name: &str) -> Result<(), Failure> {
    let begins = |c: char| c.is_ascii_alphabetic() || c == '_';
    let allowed = |c: char| begins(c) || c.is_ascii_digit() || ".-".contains(c);
    if !name.starts_with(begins) || !name.chars().all(allowed) || name.len() > 32 {
        return Err(Failure::command(format!("The user name '{name}' is not allowed.")).hint(
            "a name has up to 32 letters, digits, dashes, dots and underscores, and does not begin \
             with a dash, a dot or a digit",
        ));
    }
    // The refusal to list the files of a name says whether an account or the system has it.
    match session.client().get(&users::FILES, &[name]) {
        Err(error) => match error.id() {
            Some(ErrorId::SERVERPLUGIN_USERID_RESERVED_FOR_SYSTEM_USE) => Err(Failure::command(
                format!("'{name}' is reserved for system use and cannot be added."),
            )
            .verbatim()),
            Some(ErrorId::SERVERPLUGIN_USERID_NOT_AUTHORIZED) => Err(exists(name)),
            // An older appliance may answer otherwise; it checks the name once more.
            _ => Ok(()),
        },
        Ok(_) => Err(exists(name)),
    }
}

fn exists(name: &str) -> Failure {
    Failure::command(format!("The user '{name}' already exists."))
        .hint("'user list' shows the accounts")
}

#[derive(Deserialize)]
struct Delete {
    username: String,
}

/// What happened to an account.
#[derive(Serialize)]
struct Happened {
    user: String,
    done: &'static str,
}

impl Text for Happened {
    fn write(&self, page: &mut Page) {
        page.line(format!("{} was {} successfully.", self.user, self.done));
    }
}

/// The same, where the product prints an empty line.
#[derive(Serialize)]
struct Silent {
    user: String,
    done: &'static str,
}

impl Text for Silent {
    fn write(&self, page: &mut Page) {
        page.blank();
    }
}

impl Run<Session> for Delete {
    type View = Silent;

    fn run(self, session: &mut Session) -> Result<Silent, Failure> {
        session
            .client()
            .call(&users::DELETE, &[&self.username], &Nothing {})
            .map_err(refused_value)?;
        Ok(Silent { user: self.username, done: "deleted" })
    }
}

#[derive(Deserialize)]
struct Disable {
    username: String,
}

impl Run<Session> for Disable {
    type View = Happened;

    fn run(self, session: &mut Session) -> Result<Happened, Failure> {
        act(session, &self.username, "disable")?;
        Ok(Happened { user: self.username, done: "disabled" })
    }
}

#[derive(Deserialize)]
struct Enable {
    username: String,
}

impl Run<Session> for Enable {
    type View = Happened;

    fn run(self, session: &mut Session) -> Result<Happened, Failure> {
        act(session, &self.username, "enable")?;
        Ok(Happened { user: self.username, done: "enabled" })
    }
}

/// Runs an action that needs no words.
fn act(session: &Session, user: &str, action: &str) -> Result<(), Failure> {
    let body = users::UserAction::default();
    session.client().call(&users::ACT, &[user, action], &body).map(drop).map_err(refused_value)
}

#[derive(Deserialize)]
struct List {}

/// The accounts.
#[derive(Serialize)]
struct Accounts {
    users: Vec<Account>,
}

/// An account.
#[derive(Serialize)]
struct Account {
    user: String,
    role: String,
    status: String,
    radius: bool,
}

impl Run<Session> for List {
    type View = Accounts;

    fn run(self, session: &mut Session) -> Result<Accounts, Failure> {
        let mut accounts = Vec::new();
        for entry in session.get(&users::LIST, &[])?.users {
            let user = session.get(&users::SHOW, &[&entry.id])?;
            accounts.push(Account {
                user: entry.id,
                role: user.role,
                status: user.status,
                radius: user.radius,
            });
        }
        Ok(Accounts { users: accounts })
    }
}

impl Text for Accounts {
    fn write(&self, page: &mut Page) {
        let mut table = Table::new(0, 4, &[(20, true), (8, true), (8, true), (8, true)]);
        table.row(["Users", "Roles", "Status", "RADIUS"]);
        table.row(["--------------------", "--------", "--------", "--------"]);
        for account in &self.users {
            let radius = if account.radius { "yes" } else { "no" };
            table.row([&account.user, &account.role, &account.status, radius]);
        }
        page.table(&table);
    }
}

#[derive(Deserialize)]
struct Password {
    username: String,
}

impl Run<Session> for Password {
    type View = PasswordSet;

    fn run(self, session: &mut Session) -> Result<PasswordSet, Failure> {
        session.client().get(&users::SHOW, &[&self.username]).map_err(refused_value)?;
        let minimum = passwords::minimum(session);
        let new = passwords::choose(session, &self.username, minimum)?;
        passwords::set(session, &self.username, &new)?;
        Ok(PasswordSet { user: self.username })
    }
}

#[derive(Deserialize)]
struct RadiusAdd {
    username: String,
}

/// An account for RADIUS, for which the product starts its SSH server anew.
#[derive(Serialize)]
struct RadiusAdded {
    user: String,
    done: &'static str,
}

impl Text for RadiusAdded {
    fn write(&self, page: &mut Page) {
        page.field("Stopping sshd:", 59, "[  OK  ]");
        page.blank();
        page.field("Starting sshd:", 59, "[  OK  ]");
    }
}

impl Run<Session> for RadiusAdd {
    type View = RadiusAdded;

    fn run(self, session: &mut Session) -> Result<RadiusAdded, Failure> {
        check_new(session, &self.username)?;
        let user = users::NewRadiusUser { user_id: self.username.clone() };
        session.client().call(&users::CREATE_RADIUS, &[], &user).map_err(refused_value)?;
        Ok(RadiusAdded { user: self.username, done: "added" })
    }
}
