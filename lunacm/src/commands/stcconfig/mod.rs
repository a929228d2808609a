//! `stcconfig`: settings of the Secure Trusted Channel of a partition, by its Partition SO. This file has
//! the numbers, `algorithms.rs` ciphers and message integrity, `identities.rs` the partition's identity
//! and those of its clients.

pub(super) mod algorithms;
pub(super) mod identities;

use luna_rest::Client;
use luna_rest::stc::{SET, SHOW, Stc};

use crate::prelude::*;

pub(super) const MENUS: &[Menu] =
    &[Menu { path: "stcconfig", help: "Secure Trusted Channel: settings of a partition" }];

/// Of commands whose LunaSH twin is documented.
const TWIN: Known =
    Known::Assumed("known by name only; range and sentence are those of LunaSH's 'stc' menu");

pub(super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "stcconfig|stcc activationtimeoutset -time <seconds:1-240>",
        help: "Set how long a client may take to open a channel",
        options: &[("-time", "Seconds")],
        roles: Role::OPERATOR,
        rest: &[SHOW.resource(), SET.resource()],
        known: Known::Documented(
            "admin_partition/connections/stc/configure.htm@10.2; the range and the sentence are assumed",
        ),
        run: call::<SetTimeout>(),
    },
    Command {
        syntax: "stcconfig|stcc activationtimeoutshow",
        help: "Show how long a client may take to open a channel",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[SHOW.resource()],
        known: Known::Documented(
            "admin_partition/connections/stc/configure.htm@10.2; the sentence is assumed",
        ),
        run: call::<ShowTimeout>(),
    },
    Command {
        syntax: "stcconfig|stcc rekeythresholdset -value <threshold:0-4000>",
        help: "Set after how many messages a channel gets another key",
        options: &[("-value", "Millions of messages; 0 never changes the key")],
        roles: Role::OPERATOR,
        rest: &[SHOW.resource(), SET.resource()],
        known: TWIN,
        run: call::<SetThreshold>(),
    },
    Command {
        syntax: "stcconfig|stcc rekeythresholdshow",
        help: "Show after how many messages a channel gets another key",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[SHOW.resource()],
        known: TWIN,
        run: call::<ShowThreshold>(),
    },
    Command {
        syntax: "stcconfig|stcc replaywindowset|rwse -size|-s|-m <number_of_packets:100-1000>",
        help: "Set how many packets the replay window has",
        options: &[("-size", "Packets, one for each command")],
        roles: Role::OPERATOR,
        rest: &[SHOW.resource(), SET.resource()],
        known: Known::Documented(
            "lunacm/commands/stcconfig/stcconfig_replaywindowset.htm@6.2 pci; without its -slot, which is \
             for admin partitions and has the short name that the page's example gives to -size",
        ),
        run: call::<SetWindow>(),
    },
    Command {
        syntax: "stcconfig|stcc replaywindowshow|rwsh [-slot|-s <slotnum>]",
        help: "Show how many packets the replay window has",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[SHOW.resource()],
        known: Known::Documented(
            "lunacm/commands/stcconfig/stcconfig_replaywindowshow.htm@6.2 pci",
        ),
        run: call::<ShowWindow>(),
    },
];

/// A partition whose channel is set, by the Partition SO.
struct Target<'s> {
    slot: usize,
    /// HSM and partition.
    ids: [String; 2],
    client: &'s Client,
}

impl Target<'_> {
    /// That of a slot, the current one if none is given. Whether the Partition SO is logged in to another
    /// slot than the current one, its appliance says.
    fn of(session: &Session, slot: Option<usize>) -> Result<Target<'_>, Failure> {
        let ids = session.partition(slot)?;
        let number = session.slot_or_current(slot)?.slot;
        if session.current() == Some(number) {
            session.require(&[PartitionRole::Po])?;
        }
        Ok(Target { slot: number, ids, client: session.client_of(slot)? })
    }

    fn ids(&self) -> [&str; 2] {
        self.ids.each_ref().map(String::as_str)
    }

    fn partition(&self) -> &str {
        &self.ids[1]
    }

    fn show(&self) -> Result<Stc, Failure> {
        Ok(self.client.get(&SHOW, &self.ids())?)
    }

    /// Changes the settings; those that stay are sent as they are.
    fn change(&self, change: impl FnOnce(&mut Stc)) -> Result<(), Failure> {
        let mut stc = self.show()?;
        change(&mut stc);
        self.client.call(&SET, &self.ids(), &stc)?;
        Ok(())
    }
}

/// A setting of a slot's channel, and the sentence for it.
#[derive(Serialize)]
struct Setting {
    slot: usize,
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
struct SetTimeout {
    time: u32,
}

impl Run<Session> for SetTimeout {
    type View = Setting;

    fn run(self, session: &mut Session) -> Result<Setting, Failure> {
        let target = Target::of(session, None)?;
        let (slot, value) = (target.slot, self.time);
        target.change(|stc| stc.activation_timeout = value)?;
        let text = format!(
            "Successfully changed the activation timeout for slot {slot} to {value} seconds."
        );
        Ok(Setting { slot, value, text })
    }
}

#[derive(Deserialize)]
struct ShowTimeout {}

impl Run<Session> for ShowTimeout {
    type View = Setting;

    fn run(self, session: &mut Session) -> Result<Setting, Failure> {
        let target = Target::of(session, None)?;
        let (slot, value) = (target.slot, target.show()?.activation_timeout);
        let text = format!("The current activation timeout for slot {slot} is {value} seconds.");
        Ok(Setting { slot, value, text })
    }
}

#[derive(Deserialize)]
struct SetThreshold {
    value: u32,
}

impl Run<Session> for SetThreshold {
    type View = Setting;

    fn run(self, session: &mut Session) -> Result<Setting, Failure> {
        let target = Target::of(session, None)?;
        let (slot, value) = (target.slot, self.value);
        target.change(|stc| stc.rekey_threshold = value)?;
        let text = format!(
            "Successfully changed the rekey threshold for slot {slot} to {value} million messages."
        );
        Ok(Setting { slot, value, text })
    }
}

#[derive(Deserialize)]
struct ShowThreshold {}

impl Run<Session> for ShowThreshold {
    type View = Setting;

    fn run(self, session: &mut Session) -> Result<Setting, Failure> {
        let target = Target::of(session, None)?;
        let (slot, value) = (target.slot, target.show()?.rekey_threshold);
        let text = format!("Current rekey threshold for slot {slot} is {value} million messages.");
        Ok(Setting { slot, value, text })
    }
}

#[derive(Deserialize)]
struct SetWindow {
    size: u32,
}

impl Run<Session> for SetWindow {
    type View = Setting;

    fn run(self, session: &mut Session) -> Result<Setting, Failure> {
        let target = Target::of(session, None)?;
        let (slot, value) = (target.slot, self.size);
        target.change(|stc| stc.replay_window = value)?;
        let text = format!(
            "Successfully changed the replay window size for slot {slot} to {value} commands."
        );
        Ok(Setting { slot, value, text })
    }
}

#[derive(Deserialize)]
struct ShowWindow {
    slot: Option<usize>,
}

impl Run<Session> for ShowWindow {
    type View = Setting;

    fn run(self, session: &mut Session) -> Result<Setting, Failure> {
        let target = Target::of(session, self.slot)?;
        let (slot, value) = (target.slot, target.show()?.replay_window);
        let text = format!("The current replay window size for slot {slot} is {value} commands.");
        Ok(Setting { slot, value, text })
    }
}
