//! `user role`: roles of accounts, and custom roles made from a file of commands.
//!
//! A custom role is a list of LunaSH commands for the product's own shell, and a list of REST
//! resources for everybody else. This shell is one of the latter: what a command of the file calls
//! is what the role gets.

use std::collections::BTreeSet;

use luna_rest::{Resource, emulator, users};

use crate::files::FileSource;
use crate::prelude::*;
use crate::questions::allowed;
use crate::refusals::refused_value;
use crate::session::SESSION_CALLS;

pub(in super::super) const MENUS: &[Menu] =
    &[Menu { path: "user role|ro", help: "Roles of accounts" }];

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "user role add|a -username|-u <username> -role|-r <role_name>",
        help: "Give an account a role",
        options: &[("-role", "admin, operator, monitor, audit or an imported role")],
        roles: Role::ADMIN,
        rest: &[users::CHANGE.resource()],
        known: Known::Documented("lunash/commands/user/user_role_add.htm"),
        run: call::<Add>(),
    },
    Command {
        syntax: "user role clear|c -username|-u <username> [-force|-f]",
        help: "Take all roles from an account",
        options: &[],
        roles: Role::ADMIN,
        rest: &[users::ACT.resource()],
        known: Known::Documented("lunash/commands/user/user_role_clear.htm@7.2"),
        run: call::<Clear>(),
    },
    Command {
        syntax: "user role delete|d -role|-r <role_name> [-username|-u <username>]",
        help: "Take a role from an account, or remove an imported role",
        options: &[("-username", "The account; without it the imported role itself is removed")],
        roles: Role::ADMIN,
        rest: &[users::SHOW.resource(), users::DELETE_ROLE.resource(), users::CHANGE.resource()],
        known: Known::Documented(
            "lunash/commands/user/user_role_delete.htm@7.2; that an imported role is removed without \
             -username is assumed",
        ),
        run: call::<Delete>(),
    },
    Command {
        syntax: "user role import|i -file|-f <filename> -role|-r <rolename>",
        help: "Make a role from a file of allowed commands",
        options: &[
            ("-file", "File with a command a line; exit and help are to be listed too"),
            ("-role", "Name of the new role"),
        ],
        roles: Role::ADMIN,
        rest: &[
            emulator::CLOCK.resource(),
            users::FILES.resource(),
            users::DOWNLOAD.resource(),
            users::CREATE_ROLE.resource(),
            users::SET_RULES.resource(),
        ],
        known: Known::Documented("lunash/commands/user/user_role_import.htm"),
        run: call::<Import>(),
    },
    Command {
        syntax: "user role list|l [-username|-u <username>]",
        help: "List the roles that an account can get, or those that one has",
        options: &[("-username", "The account whose roles are listed")],
        roles: Role::ADMIN,
        rest: &[users::ROLES.resource(), users::SHOW.resource()],
        known: Known::Documented(
            "lunash/commands/user/user_role_list.htm@7.2; what -username shows is assumed",
        ),
        run: call::<List>(),
    },
];

/// An account whose role was changed.
#[derive(Serialize)]
struct Modified {
    user: String,
    role: String,
}

impl Text for Modified {
    fn write(&self, page: &mut Page) {
        page.line(format!("User {} was successfully modified.", self.user));
    }
}

#[derive(Deserialize)]
struct Add {
    username: String,
    role: String,
}

impl Run<Session> for Add {
    type View = Modified;

    fn run(self, session: &mut Session) -> Result<Modified, Failure> {
        set_role(session, self.username, self.role)
    }
}

fn set_role(session: &Session, user: String, role: String) -> Result<Modified, Failure> {
    let change = users::ChangeUser { role: Some(role.clone()), ..users::ChangeUser::default() };
    session.client().call(&users::CHANGE, &[&user], &change).map_err(refused_value)?;
    Ok(Modified { user, role })
}

#[derive(Deserialize)]
struct Clear {
    username: String,
    force: bool,
}

/// An account that lost its roles.
#[derive(Serialize)]
struct Cleared {
    user: String,
    role: String,
    #[serde(skip)]
    asked: bool,
}

impl Text for Cleared {
    fn write(&self, page: &mut Page) {
        if self.asked {
            page.line("Proceeding...");
        }
        page.line(format!("Role list cleared for user {}", self.user));
        page.blank();
    }
}

impl Run<Session> for Clear {
    type View = Cleared;

    fn run(self, session: &mut Session) -> Result<Cleared, Failure> {
        session.confirm(
            self.force,
            &format!(
                "\nWARNING !!  This command will delete all {}'s role assignments.\n\
                 If you are sure that you wish to proceed, then enter 'proceed', otherwise this \
                 command will abort.\n\n> ",
                self.username
            ),
        )?;
        let body = users::UserAction::default();
        let ids = &[self.username.as_str(), "roleClear"];
        session.client().call(&users::ACT, ids, &body).map_err(refused_value)?;
        Ok(Cleared { user: self.username, role: String::new(), asked: !self.force })
    }
}

#[derive(Deserialize)]
struct Delete {
    role: String,
    username: Option<String>,
}

/// What a role was taken from: an account, or the appliance.
#[derive(Serialize)]
#[serde(untagged)]
enum Deleted {
    Account(Modified),
    Role { role: String },
}

impl Text for Deleted {
    fn write(&self, page: &mut Page) {
        match self {
            Deleted::Account(modified) => {
                page.blank();
                modified.write(page);
                page.blank();
            }
            Deleted::Role { role } => page.line(format!("\"{role}\" was successfully deleted.")),
        }
    }
}

impl Run<Session> for Delete {
    type View = Deleted;

    fn run(self, session: &mut Session) -> Result<Deleted, Failure> {
        let Some(user) = self.username else {
            session.call(&users::DELETE_ROLE, &[&self.role], &Nothing {})?;
            return Ok(Deleted::Role { role: self.role });
        };
        let present = session.client().get(&users::SHOW, &[&user]).map_err(refused_value)?.role;
        if present != self.role {
            return Err(Failure::command(format!(
                "User {user} does not have the role {}.",
                self.role
            ))
            .hint("'user list' shows who has which role"));
        }
        set_role(session, user, String::new()).map(Deleted::Account)
    }
}

#[derive(Deserialize)]
struct Import {
    file: String,
    role: String,
}

/// A role that was made.
#[derive(Serialize)]
struct Imported {
    role: String,
    file: String,
    commands: usize,
}

impl Text for Imported {
    fn write(&self, page: &mut Page) {
        page.line(format!("\"{}\" was successfully imported.", self.file));
    }
}

impl Run<Session> for Import {
    type View = Imported;

    fn run(self, session: &mut Session) -> Result<Imported, Failure> {
        allowed(naming::APPLIANCE_ROLE, &self.role)?;
        let user = session.connection().user.clone();
        let (content, mut on_appliance) = match session.find_file(&self.file)? {
            FileSource::Appliance => {
                (session.client().download(&user, &self.file).map_err(refused)?, true)
            }
            FileSource::Local(content) => (content, false),
        };
        let text = String::from_utf8(content).map_err(|_| {
            Failure::command(format!("The file '{}' is not a list of commands.", self.file))
        })?;
        let allowed = read(&text)?;
        if !on_appliance {
            // The product's own shell reads the file; over REST few names can be uploaded.
            on_appliance = session.client().upload(&user, &self.file, text.into_bytes()).is_ok();
        }
        let emulated = session.client().get(&emulator::CLOCK, &[]).is_ok();
        let rules: Vec<String> = allowed
            .rules
            .into_iter()
            .filter(|rule| emulated || !rule.contains(":/emulator/"))
            .collect();
        let role = users::NewRole {
            role_id: self.role.clone(),
            full_name: None,
            file: on_appliance.then(|| self.file.clone()),
        };
        session.client().call(&users::CREATE_ROLE, &[], &role).map_err(refused_value)?;
        let rules = format!("{}\n", rules.join("\n")).into_bytes();
        let set = session.client().call_with_file(&users::SET_RULES, &[&self.role], rules);
        if let Err(error) = set {
            // A role without rules is of no use; the first error is the one to report.
            let _ = session.client().call(&users::DELETE_ROLE, &[&self.role], &Nothing {});
            return Err(refused(error));
        }
        if !on_appliance {
            session.ui().note(format!(
                "note: the appliance does not take {} over REST, so in its own LunaSH the role may \
                 run 'exit' only; this shell is not limited by that",
                self.file
            ));
        }
        Ok(Imported { role: self.role, file: self.file, commands: allowed.commands })
    }
}

/// What a file of commands allows.
#[derive(Debug)]
struct Allowed {
    commands: usize,
    /// `METHOD:/template`, sorted.
    rules: Vec<String>,
}

/// The one action on accounts that every session may need; for one's own account only.
const CHANGE_PASSWORD: &str = "POST:/users/{userid}/actions/changePassword";

/// `scp` in a role's file: files of one's own, both ways.
const SCP: [Resource; 4] = [
    users::FILES.resource(),
    users::UPLOAD.resource(),
    users::FILE.resource(),
    users::DOWNLOAD.resource(),
];

/// The access rule for a resource.
fn rule(resource: &Resource) -> String {
    format!("{}:{}", resource.method, resource.template)
}

/// Reads a role's file: a command a line, in its exact spelling; audit's are not for custom roles.
///
/// # Errors
/// Lines that cannot be allowed, all of them with the reason.
fn read(text: &str) -> Result<Allowed, Failure> {
    let catalogue = crate::catalogue();
    let mut rules: BTreeSet<String> = SESSION_CALLS.iter().map(rule).collect();
    rules.insert(CHANGE_PASSWORD.to_owned());
    let mut commands = BTreeSet::new();
    let mut rejected = Vec::new();
    for (number, line) in (1..).zip(text.split('\n')) {
        let mut reject = |why: &str| {
            rejected.push(format!("  {} (line {number}{why})", line.trim_end().escape_debug()));
        };
        if line.is_empty() {
            continue;
        }
        if line.ends_with('\r') {
            reject(": not a UNIX line end");
            continue;
        }
        if line == "scp" {
            rules.extend(SCP.iter().map(rule));
            commands.insert(line);
            continue;
        }
        let spelt = |other: &str| other.eq_ignore_ascii_case(line);
        match catalogue.commands.iter().find(|command| spelt(&command.path())) {
            Some(command) if command.path() != line => {
                reject(&format!(": spelt '{}'", command.path()));
            }
            Some(command) if !command.roles.contains(&Role::Admin) => {
                reject(": audit commands cannot be granted");
            }
            Some(command) => {
                rules.extend(command.rest.iter().map(rule));
                commands.insert(line);
            }
            None => reject(""),
        }
    }
    if !rejected.is_empty() {
        // Assumed: that they are named is documented, the words are not.
        return Err(Failure::command(format!(
            "These commands cannot be imported:\n{}",
            rejected.join("\n")
        ))
        .hint("a line holds one command in its exact spelling; no role was made"));
    }
    if commands.is_empty() {
        return Err(Failure::command("The file names no command."));
    }
    Ok(Allowed { commands: commands.len(), rules: rules.into_iter().collect() })
}

#[derive(Deserialize)]
struct List {
    username: Option<String>,
}

/// The roles.
#[derive(Serialize)]
struct Roles {
    roles: Vec<String>,
    #[serde(skip)]
    title: String,
}

impl Run<Session> for List {
    type View = Roles;

    fn run(self, session: &mut Session) -> Result<Roles, Failure> {
        if let Some(user) = self.username {
            let role = session.client().get(&users::SHOW, &[&user]).map_err(refused_value)?.role;
            let roles = Some(role).filter(|role| !role.is_empty());
            return Ok(Roles {
                roles: roles.into_iter().collect(),
                title: format!("Roles of user {user}:"),
            });
        }
        let roles = session.get(&users::ROLES, &[])?.roles;
        let mut roles: Vec<String> = roles.into_iter().map(|role| role.id).collect();
        roles.sort();
        Ok(Roles { roles, title: "Available  Roles:".to_owned() })
    }
}

impl Text for Roles {
    fn write(&self, page: &mut Page) {
        page.line(&self.title);
        page.line("-".repeat(50));
        for role in &self.roles {
            page.line(role);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_gets_what_its_commands_call() {
        let allowed = read("exit\nhelp\nscp\nuser list\nmy file list\n").unwrap();
        assert_eq!(allowed.commands, 5);
        for rule in ["POST:/auth/session", "GET:/users/{userid}", "POST:/users/{userid}/files"] {
            assert!(allowed.rules.iter().any(|known| known == rule), "{rule}");
        }
        assert!(!allowed.rules.iter().any(|rule| rule == "DELETE:/users/{userid}"));
    }

    #[test]
    fn rejected_lines_are_all_named() {
        let failure = read("exit\nuser lisst\nUser list\nuser list\r\nuser\n").unwrap_err();
        assert_eq!(
            failure.message,
            "These commands cannot be imported:\n\
             \x20 user lisst (line 2)\n\
             \x20 User list (line 3: spelt 'user list')\n\
             \x20 user list (line 4: not a UNIX line end)\n\
             \x20 user (line 5)"
        );
        assert!(read("\n\n").is_err());
    }
}
