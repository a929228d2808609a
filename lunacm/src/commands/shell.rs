//! Commands of the shell itself.

use crate::prelude::*;

pub(super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "help [<command>]...",
        help: "Show what can be typed, here or behind a command",
        options: &[("command", "The command to explain")],
        roles: Role::ANY,
        rest: &[],
        known: Known::Documented("lunacm/using/lunacm_features.htm"),
        run: call::<Help>(),
    },
    Command {
        syntax: "exit",
        help: "Leave the shell",
        options: &[],
        roles: Role::ANY,
        rest: &[],
        known: Known::Seen("lunacm-no-slots-exit-tct-7.11"),
        run: call::<Exit>(),
    },
];

/// `help` is answered from the declarations before any command runs; this is its place in them.
#[derive(Deserialize)]
struct Help {
    #[serde(default, rename = "command")]
    _command: Vec<String>,
}

impl Run<Session> for Help {
    type View = ();

    fn run(self, _: &mut Session) -> Result<(), Failure> {
        Ok(())
    }
}

#[derive(Deserialize)]
struct Exit {}

impl Run<Session> for Exit {
    type View = ();

    fn run(self, session: &mut Session) -> Result<(), Failure> {
        session.ui().leave();
        Ok(())
    }
}
