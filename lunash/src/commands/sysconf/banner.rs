//! `sysconf banner`: the text that is shown at every login.

use luna_rest::sysconf::{CLEAR_BANNER, NewBanner, SET_BANNER};
use luna_rest::users;

use crate::prelude::*;
use crate::refusals::refused_in_detail;

pub(in super::super) const MENUS: &[Menu] =
    &[Menu { path: "sysconf banner", help: "Text that is shown at every login" }];

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "sysconf banner add -file|-f <filename>",
        help: "Show the text of a file at every login, in place of the one before",
        options: &[],
        roles: Role::ADMIN,
        rest: &[users::FILES.resource(), SET_BANNER.resource()],
        known: Known::Documented("lunash/commands/sysconf/sysconf_banner_add.htm@7.2"),
        run: call::<Add>(),
    },
    Command {
        syntax: "sysconf banner clear [-force|-f]",
        help: "Show no text of your own at login",
        options: &[],
        roles: Role::ADMIN,
        rest: &[CLEAR_BANNER.resource()],
        known: Known::Documented("lunash/commands/sysconf/sysconf_banner_clear.htm@7.2"),
        run: call::<Clear>(),
    },
];

#[derive(Deserialize)]
struct Add {
    file: String,
}

impl Run<Session> for Add {
    type View = Untold<Message>;

    fn run(self, session: &mut Session) -> Result<Untold<Message>, Failure> {
        let file = session.provide(&self.file)?;
        session.client().call(&SET_BANNER, &[], &NewBanner { file }).map_err(refused_in_detail)?;
        Ok(Untold(Message::new("Banner added; it is shown at the next login.")))
    }
}

#[derive(Deserialize)]
struct Clear {
    force: bool,
}

impl Run<Session> for Clear {
    type View = Untold<Message>;

    fn run(self, session: &mut Session) -> Result<Untold<Message>, Failure> {
        session.confirm_and_end(
            self.force,
            "WARNING !!  This command will clear the extended banner text.\n\
             If you are sure that you wish to proceed, then enter 'proceed', otherwise this \
             command will abort.\n\n> ",
        )?;
        session.call(&CLEAR_BANNER, &[], &Nothing {})?;
        Ok(Untold(Message::new("Banner cleared.")))
    }
}
