//! `sysconf forceSOLogin`: whether changes need the HSM SO logged in.

use luna_rest::lunasa;
use luna_rest::sysconf;
use luna_rest::sysconf::{SET_FORCE_SO_LOGIN, Toggle};

use crate::prelude::*;
use crate::refusals::refused_in_detail;

pub(in super::super) const MENUS: &[Menu] = &[Menu {
    path: "sysconf forceSOLogin",
    help: "Whether commands on HSM, partitions and clients need the HSM SO logged in",
}];

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "sysconf forceSOLogin disable|d",
        help: "Do not require the HSM SO's login",
        options: &[],
        roles: Role::ADMIN,
        rest: &[sysconf::SET_FORCE_SO_LOGIN.resource()],
        known: Known::Documented("lunash/commands/sysconf/sysconf_forcesologin.htm"),
        run: call::<Disable>(),
    },
    Command {
        syntax: "sysconf forceSOLogin enable|e",
        help: "Require the HSM SO's login",
        options: &[],
        roles: Role::ADMIN,
        rest: &[sysconf::SET_FORCE_SO_LOGIN.resource()],
        known: Known::Documented("lunash/commands/sysconf/sysconf_forcesologin.htm"),
        run: call::<Enable>(),
    },
    Command {
        syntax: "sysconf forceSOLogin show|s",
        help: "Show whether the HSM SO's login is required",
        options: &[],
        roles: Role::MONITOR,
        rest: &[lunasa::SHOW.resource()],
        known: Known::Documented("lunash/commands/sysconf/sysconf_forcesologin.htm"),
        run: call::<Show>(),
    },
];

#[derive(Deserialize)]
struct Disable {}

impl Run<Session> for Disable {
    type View = Forced;

    fn run(self, session: &mut Session) -> Result<Forced, Failure> {
        set(session, false)
    }
}

#[derive(Deserialize)]
struct Enable {}

impl Run<Session> for Enable {
    type View = Forced;

    fn run(self, session: &mut Session) -> Result<Forced, Failure> {
        set(session, true)
    }
}

fn set(session: &Session, enabled: bool) -> Result<Forced, Failure> {
    session
        .client()
        .call(&SET_FORCE_SO_LOGIN, &[], &Toggle { enabled })
        .map_err(refused_in_detail)?;
    Ok(Forced { force_so_login: enabled })
}

#[derive(Deserialize)]
struct Show {}

impl Run<Session> for Show {
    type View = Forced;

    fn run(self, session: &mut Session) -> Result<Forced, Failure> {
        let appliance = session.get(&lunasa::SHOW, &[])?;
        Ok(Forced { force_so_login: appliance.force_so_login })
    }
}

/// Whether changes need the HSM SO logged in.
#[derive(Serialize)]
struct Forced {
    force_so_login: bool,
}

/// The product's words were not found.
impl Text for Forced {
    fn write(&self, page: &mut Page) {
        let state = if self.force_so_login { "enabled" } else { "disabled" };
        page.line(format!("SO login enforcement is {state}"));
    }
}
