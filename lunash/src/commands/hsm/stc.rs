//! `hsm stc`: the Secure Trusted Channel between the appliance and its HSM. It is gone since
//! firmware 7.7.0, and REST never had a resource for it: these commands say so.

use super::{is_before_7_7, state};
use luna_rest::hsm;

use crate::prelude::*;

pub(in super::super) const MENUS: &[Menu] = &[
    Menu { path: "hsm stc", help: "Secure Trusted Channel to the HSM (firmware before 7.7.0)" },
    Menu { path: "hsm stc activationTimeOut", help: "Time limit of the channel's activation" },
];

const KNOWN: Known = Known::Documented("admin_partition/connections/stc/admin_channel.htm");
const TIME_OUT: Known = Known::Documented("admin_partition/connections/stc/configure.htm@10.2");

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "hsm stc activationTimeOut set -time <seconds>",
        help: "Set the time limit of the channel's activation",
        options: &[("-time", "Seconds")],
        roles: Role::OPERATOR,
        rest: &[hsm::SHOW.resource()],
        known: TIME_OUT,
        run: refuse(no_channel),
    },
    Command {
        syntax: "hsm stc activationTimeOut show",
        help: "Show the time limit of the channel's activation",
        options: &[],
        roles: Role::MONITOR,
        rest: &[hsm::SHOW.resource()],
        known: TIME_OUT,
        run: refuse(no_channel),
    },
    Command {
        syntax: "hsm stc disable",
        help: "Turn the channel off",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[hsm::SHOW.resource()],
        known: KNOWN,
        run: refuse(no_channel),
    },
    Command {
        syntax: "hsm stc enable",
        help: "Turn the channel on",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[hsm::SHOW.resource()],
        known: KNOWN,
        run: refuse(no_channel),
    },
];

fn no_channel(session: &mut Session) -> Failure {
    let firmware = match state(session) {
        Ok(hsm) => hsm.firmware,
        Err(failure) => return failure,
    };
    if is_before_7_7(&firmware) {
        return Failure::command(format!(
            "The REST API has no resource for the Secure Trusted Channel of firmware {firmware}."
        ))
        .hint("use the appliance's own LunaSH for it");
    }
    Failure::command(format!(
        "HSM firmware 7.7.0 and newer has no Secure Trusted Channel on the admin channel; this HSM \
         has {firmware}."
    ))
}
