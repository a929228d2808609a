//! `sysconf user password`: what the passwords of the appliance's accounts must be like.

use luna_rest::users::{CHANGE_PASSWORD_RULES, ChangePasswordRules, PASSWORD_ACT, Toggle};

use crate::prelude::*;
use crate::refusals::refused_in_detail;

pub(in super::super) const MENUS: &[Menu] = &[
    Menu { path: "sysconf user", help: "Settings for all accounts of the appliance" },
    Menu {
        path: "sysconf user password",
        help: "Rules for the passwords of accounts: life, history, length",
    },
];

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "sysconf user password expire|e {-days <days:1-365> | -disable}",
        help: "Set after how many days passwords expire (software 7.9.0 and newer)",
        options: &[
            ("-days", "Days from its last change until a password expires"),
            ("-disable", "Let passwords never expire"),
        ],
        roles: Role::ADMIN,
        rest: &[CHANGE_PASSWORD_RULES.resource(), PASSWORD_ACT.resource()],
        known: Known::Assumed(
            "sysconf_user_password.htm has name and shortcut, the REST resource the range; the \
             options' names and the output were chosen",
        ),
        run: call::<Expire>(),
    },
    Command {
        syntax: "sysconf user password history|h {-count <count:1-10> | -disable}",
        help: "Set how many former passwords are refused (software 7.9.0 and newer)",
        options: &[
            ("-count", "How many of the latest passwords may not be used again"),
            ("-disable", "Let former passwords be used again"),
        ],
        roles: Role::ADMIN,
        rest: &[CHANGE_PASSWORD_RULES.resource(), PASSWORD_ACT.resource()],
        known: Known::Assumed(
            "sysconf_user_password.htm has name and shortcut, the REST resource the range; the \
             options' names and the output were chosen",
        ),
        run: call::<History>(),
    },
    Command {
        syntax: "sysconf user password length|l -length <length:8-30>",
        help: "Set the shortest password that accounts may have (software 7.9.0 and newer)",
        options: &[("-length", "Characters that a new password has at least")],
        roles: Role::ADMIN,
        rest: &[CHANGE_PASSWORD_RULES.resource()],
        known: Known::Assumed(
            "sysconf_user_password.htm has name, shortcut and range; the option's name and the \
             output were chosen",
        ),
        run: call::<Length>(),
    },
];

/// Changes a rule and turns its check on, or only off where there is nothing to change.
fn apply(
    session: &Session,
    setting: &str,
    change: Option<ChangePasswordRules>,
) -> Result<(), Failure> {
    let client = session.client();
    if let Some(change) = &change {
        client.call(&CHANGE_PASSWORD_RULES, &[], change).map_err(refused_in_detail)?;
    }
    let action = if change.is_some() { "enable" } else { "disable" };
    let toggle = Toggle { settings_to_toggle: Some(vec![setting.to_owned()]) };
    client.call(&PASSWORD_ACT, &[action], &toggle).map_err(refused_in_detail)?;
    Ok(())
}

#[derive(Deserialize)]
struct Expire {
    days: Option<u32>,
    #[serde(rename = "disable")]
    _disable: bool,
}

/// How long passwords last.
#[derive(Serialize)]
struct Life {
    /// None: for ever.
    expiry_days: Option<u32>,
}

impl Run<Session> for Expire {
    type View = Life;

    fn run(self, session: &mut Session) -> Result<Life, Failure> {
        let change = |days| ChangePasswordRules { expiry_days: Some(days), ..Default::default() };
        apply(session, "expiryDays", self.days.map(change))?;
        Ok(Life { expiry_days: self.days })
    }
}

/// Assumed: the product's words were not found.
impl Text for Life {
    fn write(&self, page: &mut Page) {
        page.line(match self.expiry_days {
            Some(1) => "Password expiry set to 1 day".to_owned(),
            Some(days) => format!("Password expiry set to {days} days"),
            None => "Password expiry disabled".to_owned(),
        });
    }
}

#[derive(Deserialize)]
struct History {
    count: Option<u32>,
    #[serde(rename = "disable")]
    _disable: bool,
}

/// How many former passwords are refused.
#[derive(Serialize)]
struct Remembered {
    /// None: any may be used again.
    history: Option<u32>,
}

impl Run<Session> for History {
    type View = Remembered;

    fn run(self, session: &mut Session) -> Result<Remembered, Failure> {
        let change = |count| ChangePasswordRules { history: Some(count), ..Default::default() };
        apply(session, "history", self.count.map(change))?;
        Ok(Remembered { history: self.count })
    }
}

/// Assumed: the product's words were not found.
impl Text for Remembered {
    fn write(&self, page: &mut Page) {
        page.line(match self.history {
            Some(count) => format!("Password history set to {count}"),
            None => "Password history disabled".to_owned(),
        });
    }
}

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
