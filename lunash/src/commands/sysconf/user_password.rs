//! `sysconf user password`: what the passwords of the appliance's accounts must be like.

use luna_rest::users::{CHANGE_PASSWORD_RULES, ChangePasswordRules};

use crate::prelude::*;
use crate::refusals::refused_in_detail;

pub(in super::super) const MENUS: &[Menu] = &[
    Menu { path: "sysconf user", help: "Settings for all accounts of the appliance" },
    Menu {
        path: "sysconf user password",
        help: "Rules for the passwords of accounts: life, history, length",
    },
];

pub(in super::super) const COMMANDS: &[Command] = &[Command {
    syntax: "sysconf user password length|l -length <length:8-30>",
    help: "Set the shortest password that accounts may have (software 7.9.0 and newer)",
    options: &[("-length", "Characters that a new password has at least")],
    roles: Role::ADMIN,
    rest: &[CHANGE_PASSWORD_RULES.resource()],
    known: Known::Assumed(
        "sysconf_user_password.htm has name, shortcut and range; the option's name and the output \
         were chosen",
    ),
    run: call::<Length>(),
}];

#[derive(Deserialize)]
struct Length {
    length: u32,
}

/// The shortest password that is allowed.
#[derive(Serialize)]
struct Shortest {
    /// Characters.
    minimum_length: u32,
}

impl Run<Session> for Length {
    type View = Shortest;

    fn run(self, session: &mut Session) -> Result<Shortest, Failure> {
        let minimum_length = self.length;
        let change =
            ChangePasswordRules { minimum_length: Some(minimum_length), ..Default::default() };
        session.client().call(&CHANGE_PASSWORD_RULES, &[], &change).map_err(refused_in_detail)?;
        Ok(Shortest { minimum_length })
    }
}

/// Assumed: the product's words were not found.
impl Text for Shortest {
    fn write(&self, page: &mut Page) {
        page.line(format!("Minimum password length set to {}", self.minimum_length));
    }
}
