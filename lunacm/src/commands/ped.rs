//! `ped`: the PED of the current slot. All slots here authenticate by password, and these commands say so.

use crate::prelude::*;

pub(super) const MENUS: &[Menu] = &[
    Menu { path: "ped", help: "The PED of the current slot" },
    Menu { path: "ped vector", help: "The remote PED vector, which the orange key holds" },
];

const KNOWN: Known = Known::Assumed(
    "known by name only; what a slot without a PED answers is ours, the options are those of LunaSH's \
     'hsm ped'",
);
const ADDRESS: &[(&str, &str)] =
    &[("-ip", "Address of the PED server"), ("-port", "Port of the PED server, 1503 without it")];

pub(super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "ped connect [-ip <address>] [-port <port:0-65535>] [-force|-f]",
        help: "Connect the HSM of the current slot to a remote PED",
        options: ADDRESS,
        roles: Role::ANY,
        rest: &[],
        known: KNOWN,
        run: refuse(no_ped),
    },
    Command {
        syntax: "ped disconnect [-force|-f]",
        help: "End the connection to the remote PED",
        options: &[],
        roles: Role::ANY,
        rest: &[],
        known: KNOWN,
        run: refuse(no_ped),
    },
    Command {
        syntax: "ped get",
        help: "Show which PED the HSM of the current slot listens to",
        options: &[],
        roles: Role::ANY,
        rest: &[],
        known: KNOWN,
        run: refuse(no_ped),
    },
    Command {
        syntax: "ped set [-ip <address>] [-port <port:0-65535>]",
        help: "Set the PED server to connect to",
        options: ADDRESS,
        roles: Role::ANY,
        rest: &[],
        known: KNOWN,
        run: refuse(no_ped),
    },
    Command {
        syntax: "ped show",
        help: "Show the connection to the remote PED",
        options: &[],
        roles: Role::ANY,
        rest: &[],
        known: KNOWN,
        run: refuse(no_ped),
    },
    Command {
        syntax: "ped vector erase [-force|-f]",
        help: "Erase the remote PED vector",
        options: &[],
        roles: Role::ANY,
        rest: &[],
        known: KNOWN,
        run: refuse(no_ped),
    },
    Command {
        syntax: "ped vector init [-force|-f]",
        help: "Make the remote PED vector",
        options: &[],
        roles: Role::ANY,
        rest: &[],
        known: KNOWN,
        run: refuse(no_ped),
    },
];

fn no_ped(session: &mut Session) -> Failure {
    match session.slot() {
        Ok(slot) => codes::failure(
            codes::NOT_SUPPORTED,
            format!(
                "Slot {} authenticates by password: its HSM has no PED, and takes passwords instead of \
                 PED keys.",
                slot.slot
            ),
        ),
        Err(failure) => failure,
    }
}
