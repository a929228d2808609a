//! `stm`: Secure Transport Mode, which shows whether an HSM was tampered with on its way.

use luna_rest::hsm;

use super::administrative::{forget_login, require_so_if_any, state, sure};
use crate::prelude::*;

pub(super) const MENUS: &[Menu] =
    &[Menu { path: "stm", help: "Secure Transport Mode (administrative slots)" }];

pub(super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "stm recover -randomuserstring|-r <string>",
        help: "End Secure Transport Mode",
        options: &[("-randomuserstring", "The string that 'stm transport' showed")],
        roles: Role::OPERATOR,
        rest: &[hsm::VERIFICATION.resource(), hsm::ACT.resource(), hsm::SHOW.resource()],
        known: Known::Documented(
            "lunacm/commands/stm/stm_recover.htm; its sample was not found: the words are those of \
             LunaSH (assumed), and no login is asked for, which the emulated HSM refuses in this mode",
        ),
        run: call::<Recover>(),
    },
    Command {
        syntax: "stm show",
        help: "Show whether the HSM is in Secure Transport Mode",
        options: &[],
        roles: Role::MONITOR,
        rest: &[hsm::SHOW.resource()],
        known: Known::Assumed("known by name only; its line is that of LunaSH"),
        run: call::<Show>(),
    },
    Command {
        syntax: "stm transport",
        help: "Put the HSM into Secure Transport Mode",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[hsm::SHOW.resource(), hsm::ACT.resource()],
        known: Known::Documented(
            "lunacm/commands/stm/stm_transport.htm@7.7.1, whose sample ends within 'HSM was successfully \
             conf'; the rest is assumed",
        ),
        run: call::<Transport>(),
    },
];

/// The last line of the question of `recover`.
const RECOVER: &str = "\
\x20       CAUTION:  If the verification string is not the one that was shown when the HSM was
                  put into Secure Transport Mode, the HSM may have been tampered with.
                  Type 'quit' to remain in Secure Transport Mode.";

#[derive(Deserialize)]
struct Recover {
    randomuserstring: String,
}

/// The verification string, to be compared with the one that was recorded.
#[derive(Serialize)]
struct Recovered {
    verification: String,
}

impl Run<Session> for Recover {
    type View = Recovered;

    fn run(self, session: &mut Session) -> Result<Recovered, Failure> {
        let (client, _) = session.backup_hsm()?;
        let body = hsm::Action { random_user_string: Some(self.randomuserstring) };
        let verification = client.call(&hsm::VERIFICATION, &[], &body)?.verification;
        session.ui().show(&format!(
            "        Calculating the verification string (may take a few seconds)...\n\n        \
             Verification String: {verification}\n"
        ));
        session.confirm(RECOVER, "--yes")?;
        let (client, serial) = session.backup_hsm()?;
        client.call(&hsm::ACT, &[serial, "stmRecover"], &body)?;
        session.refresh_slot()?;
        Ok(Recovered { verification })
    }
}

impl Text for Recovered {
    fn write(&self, page: &mut Page) {
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
        page.line(format!("        Secure Transport Mode: {value}"));
    }
}

#[derive(Deserialize)]
struct Transport {}

/// The strings to be recorded.
#[derive(Serialize)]
struct Strings {
    verification: String,
    random_user_string: String,
}

impl Run<Session> for Transport {
    type View = Strings;

    fn run(self, session: &mut Session) -> Result<Strings, Failure> {
        require_so_if_any(session)?;
        sure(session, false, "configure the HSM in STM", None)?;
        let (client, serial) = session.backup_hsm()?;
        let strings = client.call(&hsm::ACT, &[serial, "stmTransport"], &hsm::Action::default())?;
        forget_login(session)?;
        Ok(Strings {
            verification: strings.verification,
            random_user_string: strings.random_user_string,
        })
    }
}

impl Text for Strings {
    fn write(&self, page: &mut Page) {
        page.line("        Configuring the HSM for transport (may take a few seconds)...");
        page.blank();
        page.line("        HSM was successfully configured for transport.");
        page.blank();
        page.line("        Record both strings: they are needed to recover the HSM.");
        page.blank();
        page.line(format!("        Verification String: {}", self.verification));
        page.line(format!("        Random User String:  {}", self.random_user_string));
    }
}
