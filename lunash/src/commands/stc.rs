//! `stc`: settings of a partition's Secure Trusted Channel, by the HSM SO. The vendor has them for
//! firmware before 7.7.0; since then the Partition SO sets them in LunaCM, which is said.

use luna_rest::stc::{SET, SHOW, Stc};
use luna_rest::{hsm, partitions};

use super::hsm::{is_before_7_7, state};
use crate::prelude::*;
use crate::refusals::refused_value;

pub(super) const MENUS: &[Menu] = &[
    Menu { path: "stc", help: "Secure Trusted Channel of partitions (firmware before 7.7.0)" },
    Menu { path: "stc rekeyThreshold", help: "How long a channel keeps its key" },
    Menu { path: "stc replaywindow", help: "How far packets may come out of order" },
];

pub(super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "stc rekeyThreshold set -partition|-p <partition_name> -value|-v <threshold:0-4000>",
        help: "Set after how many messages a channel gets another key",
        options: &[("-value", "Millions of messages; 0 never changes the key")],
        roles: Role::OPERATOR,
        rest: &[
            hsm::SHOW.resource(),
            partitions::LIST.resource(),
            partitions::SHOW.resource(),
            SHOW.resource(),
            SET.resource(),
        ],
        known: Known::Documented("lunash/commands/stc/stc_rekeythreshold_set.htm"),
        run: call::<SetThreshold>(),
    },
    Command {
        syntax: "stc rekeyThreshold show -partition|-p <partition_name>",
        help: "Show after how many messages a channel gets another key",
        options: &[],
        roles: Role::MONITOR,
        rest: &[
            hsm::SHOW.resource(),
            partitions::LIST.resource(),
            partitions::SHOW.resource(),
            SHOW.resource(),
        ],
        known: Known::Documented("lunash/commands/stc/stc_rekeythreshold_show.htm@7.2"),
        run: call::<ShowThreshold>(),
    },
    Command {
        syntax: "stc replaywindow set -partition|-p <partition_name> -size|-s <number_of_packets:100-1000>",
        help: "Set how many packets the replay window has",
        options: &[("-size", "Packets, one for each command")],
        roles: Role::OPERATOR,
        rest: &[
            hsm::SHOW.resource(),
            partitions::LIST.resource(),
            partitions::SHOW.resource(),
            SHOW.resource(),
            SET.resource(),
        ],
        known: Known::Documented("lunash/commands/stc/stc_replaywindow_set.htm@6.3"),
        run: call::<SetWindow>(),
    },
    Command {
        syntax: "stc replaywindow show -partition|-p <partition_name>",
        help: "Show how many packets the replay window has",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[
            hsm::SHOW.resource(),
            partitions::LIST.resource(),
            partitions::SHOW.resource(),
            SHOW.resource(),
        ],
        known: Known::Documented("lunash/commands/stc/stc_replaywindow_show.htm@6.3"),
        run: call::<ShowWindow>(),
    },
];

/// The serial numbers of the HSM and of the partition, and the settings of its channel.
fn settings(session: &mut Session, name: &str) -> Result<([String; 2], Stc), Failure> {
    let partition = session.partition(name)?.id;
    let ids = [session.hsm()?.to_owned(), partition];
    let stc = session.get(&SHOW, &[&ids[0], &ids[1]])?;
    let firmware = state(session)?.firmware;
    if !is_before_7_7(&firmware) {
        session.ui().note(format!(
            "note: with HSM firmware {firmware} this is the Partition SO's, who sets it with \
             'stcconfig' in lunacm"
        ));
    }
    Ok((ids, stc))
}

/// Changes the settings of a partition's channel.
fn set(session: &mut Session, name: &str, change: impl FnOnce(&mut Stc)) -> Result<(), Failure> {
    let (ids, mut stc) = settings(session, name)?;
    change(&mut stc);
    session.client().call(&SET, &[&ids[0], &ids[1]], &stc).map_err(refused_value)?;
    Ok(())
}

/// A setting of a partition's channel, and the sentence for it.
#[derive(Serialize)]
struct Setting {
    partition: String,
    value: u32,
    #[serde(skip)]
    text: String,
}

impl Text for Setting {
    fn write(&self, page: &mut Page) {
        page.line(&self.text);
    }
}

#[derive(Deserialize)]
struct SetThreshold {
    partition: String,
    value: u32,
}

impl Run<Session> for SetThreshold {
    type View = Setting;

    fn run(self, session: &mut Session) -> Result<Setting, Failure> {
        let SetThreshold { partition, value } = self;
        set(session, &partition, |stc| stc.rekey_threshold = value)?;
        // The empty line at its end is the product's.
        let text = format!(
            "Successfully changed the rekey threshold for partition {partition} to {value} million \
             messages.\n"
        );
        Ok(Setting { partition, value, text })
    }
}

#[derive(Deserialize)]
struct ShowThreshold {
    partition: String,
}

impl Run<Session> for ShowThreshold {
    type View = Setting;

    fn run(self, session: &mut Session) -> Result<Setting, Failure> {
        let partition = self.partition;
        let value = settings(session, &partition)?.1.rekey_threshold;
        let text = format!(
            "Current rekey threshold for partition {partition} is {value} million messages.\n"
        );
        Ok(Setting { partition, value, text })
    }
}

#[derive(Deserialize)]
struct SetWindow {
    partition: String,
    size: u32,
}

impl Run<Session> for SetWindow {
    type View = Setting;

    fn run(self, session: &mut Session) -> Result<Setting, Failure> {
        let SetWindow { partition, size: value } = self;
        set(session, &partition, |stc| stc.replay_window = value)?;
        let text = format!(
            "Successfully changed the size of the replay window for partition {partition} to \
             {value} commands."
        );
        Ok(Setting { partition, value, text })
    }
}

#[derive(Deserialize)]
struct ShowWindow {
    partition: String,
}

impl Run<Session> for ShowWindow {
    type View = Setting;

    fn run(self, session: &mut Session) -> Result<Setting, Failure> {
        let partition = self.partition;
        let value = settings(session, &partition)?.1.replay_window;
        let text = format!(
            "The current replay window size for partition {partition} is {value} commands."
        );
        Ok(Setting { partition, value, text })
    }
}
