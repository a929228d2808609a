//! `sysconf appliance`: restart, power, what happens after a failure.

use luna_rest::sysconf::{
    HARD_REBOOT, POWER_OFF, REBOOT, REBOOT_ON_PANIC, SET_REBOOT_ON_PANIC, Toggle,
};
use luna_rest::{Call, sysconf, tasks};

use crate::prelude::*;

pub(in super::super) const MENUS: &[Menu] = &[
    Menu { path: "sysconf appliance", help: "Restart the appliance or switch it off" },
    Menu {
        path: "sysconf appliance rebootOnPanic",
        help: "Whether the appliance restarts after its kernel failed",
    },
];

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "sysconf appliance hardreboot [-force|-f]",
        help: "Restart the appliance at once, without stopping its services",
        options: &[],
        roles: Role::ADMIN,
        rest: &[sysconf::HARD_REBOOT.resource()],
        known: Known::Documented("lunash/commands/sysconf/sysconf_appliance_hardreboot.htm@7.2"),
        run: call::<HardReboot>(),
    },
    Command {
        syntax: "sysconf appliance poweroff [-force|-f]",
        help: "Shut the appliance down and switch it off",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[sysconf::POWER_OFF.resource(), tasks::ACT.resource()],
        known: Known::Assumed(
            "sysconf_appliance_poweroff.htm@7.2 has the support information and the message to all \
             terminals too, before the last lines",
        ),
        run: call::<PowerOff>(),
    },
    Command {
        syntax: "sysconf appliance reboot [-force|-f]",
        help: "Restart the appliance",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[sysconf::REBOOT.resource(), tasks::ACT.resource()],
        known: Known::Seen("sysconf-appliance-reboot-5"),
        run: call::<Reboot>(),
    },
    Command {
        syntax: "sysconf appliance rebootOnPanic disable",
        help: "Do not restart after a failure of the kernel",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[sysconf::SET_REBOOT_ON_PANIC.resource()],
        known: Known::Documented(
            "lunash/commands/sysconf/sysconf_appliance_rebootonpanic_disable.htm@7.2",
        ),
        run: call::<DisableOnPanic>(),
    },
    Command {
        syntax: "sysconf appliance rebootOnPanic enable",
        help: "Restart after a failure of the kernel",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[sysconf::SET_REBOOT_ON_PANIC.resource()],
        known: Known::Documented(
            "lunash/commands/sysconf/sysconf_appliance_rebootonpanic_enable.htm@7.2",
        ),
        run: call::<EnableOnPanic>(),
    },
    Command {
        syntax: "sysconf appliance rebootOnPanic show",
        help: "Show whether the appliance restarts after a failure of the kernel",
        options: &[],
        roles: Role::MONITOR,
        rest: &[sysconf::REBOOT_ON_PANIC.resource()],
        known: Known::Documented(
            "lunash/commands/sysconf/sysconf_appliance_rebootonpanic_show.htm@7.2",
        ),
        run: call::<ShowOnPanic>(),
    },
];

#[derive(Deserialize)]
struct HardReboot {
    force: bool,
}

impl Run<Session> for HardReboot {
    type View = GoingDown;

    fn run(self, session: &mut Session) -> Result<GoingDown, Failure> {
        session.confirm_warning(
            self.force,
            "This command will reboot the appliance without gracefully shutdown.\n            \
             All clients will be disconnected.",
        )?;
        session.call(&HARD_REBOOT, &[], &Nothing {})?;
        Ok(GoingDown { action: "reboot", begun: "Reboot" })
    }
}

#[derive(Deserialize)]
struct PowerOff {
    force: bool,
}

impl Run<Session> for PowerOff {
    type View = GoingDown;

    fn run(self, session: &mut Session) -> Result<GoingDown, Failure> {
        session.confirm_warning(
            self.force,
            "This command will power off the appliance.\n            \
             All clients will be disconnected and the appliance will require a manual power on for \
             further access.",
        )?;
        go_down(session, &POWER_OFF)?;
        Ok(GoingDown { action: "system halt", begun: "Power off" })
    }
}

#[derive(Deserialize)]
struct Reboot {
    force: bool,
}

impl Run<Session> for Reboot {
    type View = GoingDown;

    fn run(self, session: &mut Session) -> Result<GoingDown, Failure> {
        session.confirm_warning(
            self.force,
            "This command will reboot the appliance.\n            \
             All clients will be disconnected.",
        )?;
        go_down(session, &REBOOT)?;
        Ok(GoingDown { action: "reboot", begun: "Reboot" })
    }
}

/// Starts the waiting task without asking what became of it: the session ends with it.
fn go_down(session: &Session, call: &Call<Nothing, Nothing, 0>) -> Result<(), Failure> {
    let answer = session.client().send(call, &[], &Nothing {})?;
    let task = answer.location.as_deref().and_then(|path| path.strip_prefix("/tasks/"));
    if let Some(task) = task {
        session.call(&tasks::ACT, &[task, "start"], &Nothing {})?;
    }
    Ok(())
}

/// The appliance is on its way down.
#[derive(Serialize)]
struct GoingDown {
    action: &'static str,
    #[serde(skip)]
    begun: &'static str,
}

impl Text for GoingDown {
    fn write(&self, page: &mut Page) {
        page.line(format!("The system is going down for {} NOW!", self.action));
        page.line(format!("{} commencing", self.begun));
    }
}

#[derive(Deserialize)]
struct DisableOnPanic {}

impl Run<Session> for DisableOnPanic {
    type View = Untold<OnPanic>;

    fn run(self, session: &mut Session) -> Result<Untold<OnPanic>, Failure> {
        set_on_panic(session, false)
    }
}

#[derive(Deserialize)]
struct EnableOnPanic {}

impl Run<Session> for EnableOnPanic {
    type View = Untold<OnPanic>;

    fn run(self, session: &mut Session) -> Result<Untold<OnPanic>, Failure> {
        set_on_panic(session, true)
    }
}

fn set_on_panic(session: &Session, enabled: bool) -> Result<Untold<OnPanic>, Failure> {
    session.call(&SET_REBOOT_ON_PANIC, &[], &Toggle { enabled })?;
    Ok(Untold(OnPanic { reboot_on_panic: enabled }))
}

#[derive(Deserialize)]
struct ShowOnPanic {}

impl Run<Session> for ShowOnPanic {
    type View = OnPanic;

    fn run(self, session: &mut Session) -> Result<OnPanic, Failure> {
        let shown = session.get(&REBOOT_ON_PANIC, &[])?;
        Ok(OnPanic { reboot_on_panic: shown.enabled })
    }
}

/// Whether the appliance restarts after a failure.
#[derive(Serialize)]
struct OnPanic {
    reboot_on_panic: bool,
}

impl Text for OnPanic {
    fn write(&self, page: &mut Page) {
        let state = if self.reboot_on_panic { "enabled" } else { "disabled" };
        page.line(format!("System auto reboot on panic is {state}."));
    }
}
