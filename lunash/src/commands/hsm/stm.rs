//! `hsm stm`: Secure Transport Mode, which shows whether the HSM was tampered with on its way.

use luna_rest::hsm;

use super::{require_so, state};
use crate::prelude::*;
use crate::questions::{caution, proceed};

pub(in super::super) const MENUS: &[Menu] =
    &[Menu { path: "hsm stm", help: "Secure Transport Mode" }];

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "hsm stm recover [-randomuserstring|-r <string>] [-force|-f]",
        help: "End Secure Transport Mode",
        options: &[("-randomuserstring", "The string that 'hsm stm transport' showed")],
        roles: Role::OPERATOR,
        rest: &[hsm::ACT.resource()],
        known: Known::Assumed(
            "the page was not found: option and order of 'stm recover' of LunaCM, but REST shows the \
             verification string only once the HSM is recovered",
        ),
        run: call::<Recover>(),
    },
    Command {
        syntax: "hsm stm show",
        help: "Show whether the HSM is in Secure Transport Mode",
        options: &[],
        roles: Role::MONITOR,
        rest: &[hsm::SHOW.resource()],
        known: Known::Assumed("the page was not found: the line of 'hsm show'"),
        run: call::<Show>(),
    },
    Command {
        syntax: "hsm stm transport [-force|-f]",
        help: "Put the HSM into Secure Transport Mode",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[hsm::SHOW.resource(), hsm::ACT.resource()],
        known: Known::Documented("lunash/commands/hsm/hsm_stm_transport.htm"),
        run: call::<Transport>(),
    },
];

#[derive(Deserialize)]
struct Recover {
    randomuserstring: Option<String>,
    force: bool,
}

/// The verification string, to be compared with the one that was recorded.
#[derive(Serialize)]
struct Recovered {
    verification: String,
}

impl Run<Session> for Recover {
    type View = Recovered;

    fn run(self, session: &mut Session) -> Result<Recovered, Failure> {
        let entered = match self.randomuserstring {
            Some(entered) => entered,
            None => {
                let text = "Please enter the random user string:\n> ";
                session.ui().ask(text, "-randomuserstring")?
            }
        };
        let first = session.lead();
        session.confirm(
            self.force,
            &format!(
                "{first}{}",
                caution(
                    "Are you sure you wish to recover the HSM from\nSecure Transport Mode?\n",
                    &proceed("recover the HSM")
                )
            ),
        )?;
        let body = hsm::Action { random_user_string: Some(entered.trim().to_owned()) };
        let answer = session.call(&hsm::ACT, &[session.hsm()?, "stmRecover"], &body)?;
        Ok(Recovered { verification: answer.verification })
    }
}

impl Text for Recovered {
    fn write(&self, page: &mut Page) {
        page.line(format!("        Verification String: {}", self.verification));
        page.blank();
        page.line("HSM is no longer in Secure Transport Mode.");
        page.line("If the string is not the one that was recorded, the HSM may have been altered.");
    }
}

#[derive(Deserialize)]
struct Show {}

/// Whether the HSM is in Secure Transport Mode.
#[derive(Serialize)]
struct Mode {
    secure_transport_mode: bool,
}

impl Run<Session> for Show {
    type View = Mode;

    fn run(self, session: &mut Session) -> Result<Mode, Failure> {
        Ok(Mode { secure_transport_mode: state(session)?.secure_transport_mode })
    }
}

impl Text for Mode {
    fn write(&self, page: &mut Page) {
        let value = if self.secure_transport_mode { "Yes" } else { "No" };
        page.field("   Secure Transport Mode:", 39, value);
    }
}

#[derive(Deserialize)]
struct Transport {
    force: bool,
}

/// The strings to be recorded.
#[derive(Serialize)]
struct Strings {
    verification: String,
    random_user_string: String,
}

impl Run<Session> for Transport {
    type View = Strings;

    fn run(self, session: &mut Session) -> Result<Strings, Failure> {
        require_so(&state(session)?)?;
        session.confirm(self.force, "\nWARNING !!  You are about to configure the HSM in secure transport mode.\n\
             \x20           If you proceed, the HSM will be inoperable until it is recovered with hsm stm recover command.\n\
             \x20           If you are sure that you wish to proceed, then type 'proceed', otherwise type 'quit'.\n\
             \n\
             > ",
        )?;
        let ids = [session.hsm()?, "stmTransport"];
        let strings = session.call(&hsm::ACT, &ids, &hsm::Action::default())?;
        Ok(Strings {
            verification: strings.verification,
            random_user_string: strings.random_user_string,
        })
    }
}

impl Text for Strings {
    fn write(&self, page: &mut Page) {
        page.line("Proceeding...");
        page.blank();
        page.line("Configuring the HSM for secure transport mode...");
        page.blank();
        page.line(
            "Record the displayed verification & random user strings. These are required to recover \
             from Secure Transport Mode.",
        );
        page.blank();
        page.blank();
        page.line(format!("        Verification String: {}", self.verification));
        page.blank();
        page.blank();
        page.line(format!("        Random User  String: {}", self.random_user_string));
        page.blank();
        page.line("HSM is now in Secure Transport Mode.");
        page.blank();
    }
}
