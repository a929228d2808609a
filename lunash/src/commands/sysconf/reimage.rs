//! `sysconf reimage`: back to the baseline of software and firmware, with nothing left.

use luna_rest::hsm;
use luna_rest::sysconf::REIMAGE;

use crate::commands::hsm::require_so_login;
use crate::prelude::*;

pub(in super::super) const MENUS: &[Menu] =
    &[Menu { path: "sysconf reimage", help: "Going back to the baseline of the appliance" }];

pub(in super::super) const COMMANDS: &[Command] = &[Command {
    syntax: "sysconf reimage start [-force|-f]",
    help: "Erase the appliance and its HSM, and go back to their baseline",
    options: &[],
    roles: Role::ADMIN,
    rest: &[hsm::SHOW.resource(), REIMAGE.resource()],
    known: Known::Assumed(
        "reimage.htm says what is erased, the command's own page was not found: it asks as \
         'sysconf config factoryReset' and wants the HSM SO where there is one",
    ),
    run: call::<Start>(),
}];

#[derive(Deserialize)]
struct Start {
    force: bool,
}

/// The appliance is on its way back.
#[derive(Serialize)]
struct Reimaged {
    action: &'static str,
}

impl Run<Session> for Start {
    type View = Reimaged;

    fn run(self, session: &mut Session) -> Result<Reimaged, Failure> {
        require_so_login(session)?;
        session.confirm_warning(
            self.force,
            "This command will format the appliance and zeroize its HSM. All accounts,\n\
             files, settings, roles, partitions and objects will be destroyed.",
        )?;
        session.call(&REIMAGE, &[], &Nothing {})?;
        Ok(Reimaged { action: "reimage" })
    }
}

impl Text for Reimaged {
    fn write(&self, page: &mut Page) {
        page.line("Re-imaging commencing. The appliance comes up with its factory settings.");
    }
}
