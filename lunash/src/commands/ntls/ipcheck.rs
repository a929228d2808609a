//! `ntls ipcheck`: whether a client must come from the address it was registered with.

use luna_rest::ntls;

use crate::prelude::*;

pub(in crate::commands) const MENUS: &[Menu] =
    &[Menu { path: "ntls ipcheck", help: "The check of client addresses" }];

const SEEN: &str = "lunash-ntls-ipcheck-7";

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "ntls ipcheck disable",
        help: "Let clients come from any address, as behind NAT",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[ntls::SETTINGS.resource(), ntls::SET_SETTINGS.resource()],
        known: Known::Seen(SEEN),
        run: call::<Disable>(),
    },
    Command {
        syntax: "ntls ipcheck enable",
        help: "Let clients come from their own address only",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[ntls::SETTINGS.resource(), ntls::SET_SETTINGS.resource()],
        known: Known::Documented("lunash/commands/ntls/ntls_ipcheck_enable.htm@7.2"),
        run: call::<Enable>(),
    },
    Command {
        syntax: "ntls ipcheck show",
        help: "Show whether client addresses are checked",
        options: &[],
        roles: Role::MONITOR,
        rest: &[ntls::SETTINGS.resource()],
        known: Known::Seen(SEEN),
        run: call::<Show>(),
    },
];

#[derive(Deserialize)]
struct Disable {}

impl Run<Session> for Disable {
    type View = Switched;

    fn run(self, session: &mut Session) -> Result<Switched, Failure> {
        switch(session, false)
    }
}

#[derive(Deserialize)]
struct Enable {}

impl Run<Session> for Enable {
    type View = Switched;

    fn run(self, session: &mut Session) -> Result<Switched, Failure> {
        switch(session, true)
    }
}

/// That the check is on or off now, and whether that is new.
#[derive(Serialize)]
struct Switched {
    enabled: bool,
    changed: bool,
}

fn switch(session: &mut Session, enabled: bool) -> Result<Switched, Failure> {
    let settings = session.get(&ntls::SETTINGS, &[])?;
    let changed = settings.ip_check_enabled != enabled;
    if changed {
        let new = ntls::NewSettings { ip_check_enabled: enabled, ..settings.into() };
        session.call(&ntls::SET_SETTINGS, &[], &new)?;
    }
    Ok(Switched { enabled, changed })
}

impl Text for Switched {
    fn write(&self, page: &mut Page) {
        let already = if self.changed { "" } else { "is already " };
        let state = if self.enabled { "enabled" } else { "disabled" };
        page.line(format!("NTLS client source IP validation {already}{state}"));
    }
}

#[derive(Deserialize)]
struct Show {}

/// Whether client addresses are checked.
#[derive(Serialize)]
struct Checked {
    enabled: bool,
}

impl Run<Session> for Show {
    type View = Checked;

    fn run(self, session: &mut Session) -> Result<Checked, Failure> {
        let enabled = session.get(&ntls::SETTINGS, &[])?.ip_check_enabled;
        Ok(Checked { enabled })
    }
}

impl Text for Checked {
    fn write(&self, page: &mut Page) {
        let state = if self.enabled { "Enable" } else { "Disable" };
        page.line(format!("NTLS client source IP validation : {state}"));
    }
}
