//! `hsm setlegacydomain`, `showmechanism`, `smkrollover`: what the HSM computes, and what it keeps for it.

use luna_rest::hsm;

use crate::commands::Done;
use crate::commands::administrative::{require_so, state};
use crate::commands::partition::mechanisms::{Mechanisms, mechanisms};
use crate::prelude::*;

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "hsm setlegacydomain [-domain|-d <domain>]",
        help: "Set the cloning domain of older HSMs, to take keys from them",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[hsm::SET_LEGACY_DOMAIN.resource()],
        known: Known::Assumed(
            "known by name only; its questions are those of 'partition setlegacydomain'",
        ),
        run: call::<SetLegacyDomain>(),
    },
    Command {
        syntax: "hsm showmechanism [-m <mechanism>]",
        help: "List the mechanisms",
        options: &[("-m", "Hexadecimal number or name of a mechanism, to show it alone")],
        roles: Role::MONITOR,
        rest: &[hsm::SHOW.resource()],
        known: Known::Assumed("known by name only; it is that of 'partition showmechanism'"),
        run: call::<ShowMechanism>(),
    },
    Command {
        syntax: "hsm smkrollover {-start|-s | -end|-e}",
        help: "Replace the SKS master key in two steps",
        options: &[
            ("-start", "Make a new key beside the present one"),
            ("-end", "Give up the old key"),
        ],
        roles: Role::OPERATOR,
        rest: &[],
        known: Known::Documented(
            "lunacm/commands/hsm/hsm_smkrollover.htm; it is refused: the administrative partition of an \
             emulated HSM has no such key",
        ),
        run: call::<Rollover>(),
    },
];

#[derive(Deserialize)]
struct SetLegacyDomain {
    domain: Option<Secret>,
}

impl Run<Session> for SetLegacyDomain {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        require_so(session)?;
        let domain = session.new_domain(self.domain, ("LEGACY_DOMAIN", "-domain"))?;
        let (client, _) = session.backup_hsm()?;
        client.call(&hsm::SET_LEGACY_DOMAIN, &[], &hsm::LegacyDomain { domain })?;
        Ok(Done::new("hsm setlegacydomain"))
    }
}

#[derive(Deserialize)]
struct ShowMechanism {
    m: Option<String>,
}

impl Run<Session> for ShowMechanism {
    type View = Mechanisms;

    fn run(self, session: &mut Session) -> Result<Mechanisms, Failure> {
        state(session)?;
        mechanisms(self.m.as_deref())
    }
}

#[derive(Deserialize)]
struct Rollover {
    #[serde(rename = "start")]
    _start: bool,
    #[serde(rename = "end")]
    _end: bool,
}

impl Run<Session> for Rollover {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        require_so(session)?;
        Err(codes::failure(
            codes::NOT_SUPPORTED,
            "The administrative partition has no SKS master key to replace.",
        ))
    }
}
