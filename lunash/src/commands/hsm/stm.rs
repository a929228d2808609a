//! `hsm stm`: Secure Transport Mode, which shows whether the HSM was tampered with on its way.

use luna_rest::hsm;

use super::{require_so, state};
use crate::prelude::*;

pub(in super::super) const MENUS: &[Menu] =
    &[Menu { path: "hsm stm", help: "Secure Transport Mode" }];

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "hsm stm recover -randomuserstring|-r <string> [-force|-f]",
        help: "End Secure Transport Mode",
        options: &[("-randomuserstring", "The string that 'hsm stm transport' showed")],
        roles: Role::OPERATOR,
        rest: &[hsm::VERIFICATION.resource(), hsm::ACT.resource()],
        known: Known::Documented("lunash/commands/hsm/hsm_stm_recover.htm@7.2"),
        run: call::<Recover>(),
    },
    Command {
        syntax: "hsm stm show",
        help: "Show whether the HSM is in Secure Transport Mode",
        options: &[],
        roles: Role::MONITOR,
        rest: &[hsm::SHOW.resource()],
        known: Known::Documented("lunash/commands/hsm/hsm_stm_show.htm@7.2"),
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
    randomuserstring: String,
    force: bool,
}

/// The verification string, to be compared with the one that was recorded.
#[derive(Serialize)]
struct Recovered {
    verification: String,
    /// It was shown before the question.
    #[serde(skip)]
    shown: bool,
}

const RECOVER: &str = "\
CAUTION: You are attempting to recover the HSM from Secure Transport Mode. If the Verification
         string does not match the one you were provided out-of-band, there may be an issue
         with the HSM. Type 'quit' at the prompt to remain in Secure Transport Mode.

          If the verification strings match, or if you wish to bypass this check,
          type 'proceed' to recover from Secure Transport Mode.

          Type 'proceed' to continue, or 'quit' to quit now.
          > ";

fn calculated(verification: &str) -> String {
    format!(
        "        Attempting to recover from Secure Transport Mode...\n\
         \x20       Calculating the verification string (may take a few seconds)...\n\n\
         \x20       Verification String: {verification}\n\n"
    )
}

/// A real appliance's REST shows the verification string only once the HSM is recovered: there the
/// question comes first.
impl Run<Session> for Recover {
    type View = Recovered;

    fn run(self, session: &mut Session) -> Result<Recovered, Failure> {
        let body = hsm::Action { random_user_string: Some(self.randomuserstring) };
        let shown = session.client().is_emulated();
        if shown {
            let verification = session.call(&hsm::VERIFICATION, &[], &body)?.verification;
            session.ui().show(&calculated(&verification));
        }
        session.confirm(self.force, RECOVER)?;
        let answer = session.call(&hsm::ACT, &[session.hsm()?, "stmRecover"], &body)?;
        Ok(Recovered { verification: answer.verification, shown })
    }
}

impl Text for Recovered {
    fn write(&self, page: &mut Page) {
        if !self.shown {
            page.line(calculated(&self.verification).trim_end_matches('\n'));
            page.blank();
        }
        page.line("        Successfully recovered from Secure Transport Mode.");
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
        let value = if self.secure_transport_mode { "YES" } else { "NO" };
        page.line(format!("   Secure Transport Mode: {value}"));
        page.blank();
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
