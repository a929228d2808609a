//! `stc partitionregister` and `partitionderegister`, `enable`, `disable` and `status`: which partitions
//! this client knows, and the servers that the channel is on for.
//!
//! The shells call appliances over TLS, whatever is on: what is kept here is what an application of the
//! product reads, and what both ends would agree on.

use std::path::PathBuf;

use luna_rest::stc::{self as rest, CIPHERS, HMACS};
use luna_rest::{link, partitions};

use super::{at_files, confirm, folders, identity, token};
use crate::commands::clientconfig::{read, write};
use crate::commands::malformed;
use crate::deploy::host_of;
use crate::local_file;
use crate::prelude::*;
use crate::servers::{Server, servers, set_stc};
use crate::slot::Slot;
use crate::soft_token::{KnownPartition, partition_of};

/// What a session over links calls when it reads configuration and slots again.
const RESTART: &[luna_rest::Resource] = &[
    partitions::SHOW.resource(),
    partitions::CAPABILITIES.resource(),
    link::SHOW.resource(),
    partitions::LOGOUT.resource(),
];
const KEPT: &str = "known by name only; ServerStcNN of the configuration keeps it";

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "stc disable -id <server_id> [-force|-f]",
        help: "Turn the Secure Trusted Channel off for a server",
        options: &[("-id", "Number of the server, as 'clientconfig listservers' shows it")],
        roles: Role::ANY,
        rest: RESTART,
        known: Known::Assumed(KEPT),
        run: call::<Disable>(),
    },
    Command {
        syntax: "stc enable -id <server_id> [-force|-f]",
        help: "Turn the Secure Trusted Channel on for a server",
        options: &[("-id", "Number of the server, as 'clientconfig listservers' shows it")],
        roles: Role::ANY,
        rest: RESTART,
        known: Known::Documented(
            "public notes on Luna STC set-up (GitHub): LunaCM restarts; where the configuration keeps it, \
             and what is asked and printed, is assumed",
        ),
        run: call::<Enable>(),
    },
    Command {
        syntax: "stc partitionderegister -serial <serialnum> [-force|-f]",
        help: "Forget a partition, which ends its channel",
        options: &[("-serial", "Serial number of the partition")],
        roles: Role::ANY,
        rest: &[],
        known: Known::Assumed("known by name only"),
        run: call::<Deregister>(),
    },
    Command {
        syntax: "stc partitionregister -file <filename> [-label <partition_label>]",
        help: "Register a partition by its public key",
        options: &[
            ("-file", "The partition's public key, SERIAL.pid"),
            ("-label", "A label for it; its serial number without it"),
        ],
        roles: Role::ANY,
        rest: &[],
        known: Known::Documented(
            "admin_partition/connections/stc/convert_ntls.htm, the sentence from public notes on Luna STC \
             set-up (GitHub)",
        ),
        run: call::<Register>(),
    },
    Command {
        syntax: "stc status",
        help: "Show the state of the Secure Trusted Channel of every slot",
        options: &[],
        roles: Role::ANY,
        rest: &[rest::AGREE.resource()],
        known: Known::Documented("administration/ha/managing.htm@7.1; the output is ours"),
        run: call::<Status>(),
    },
];

#[derive(Deserialize)]
struct Register {
    file: PathBuf,
    label: Option<String>,
}

/// A partition that was registered.
#[derive(Serialize)]
struct Registered {
    #[serde(flatten)]
    partition: KnownPartition,
}

/// A `.pid` file is short; more than this is something else.
const MOST: u64 = 64 * 1024;

impl Run<Session> for Register {
    type View = Registered;

    fn run(self, session: &mut Session) -> Result<Registered, Failure> {
        let label = self.label.map(|label| session.label(label)).transpose()?;
        let folders = folders(session)?;
        let mut token = token(&folders)?;
        identity(&token)?;
        let content = local_file::read(&self.file, MOST)?;
        let (serial, hash) = partition_of(&self.file, &content).map_err(|why| {
            codes::failure(
                codes::ARGUMENTS_BAD,
                format!("{} cannot be registered: {why}.", self.file.display()),
            )
            .hint("'stcconfig partitionidexport', or 'partition stcIdentity export' in lunash, makes such a file")
        })?;
        if token.partitions.iter().any(|known| known.serial == serial) {
            return Err(codes::failure(
                codes::NOT_ALLOWED,
                format!("The partition {serial} is registered already."),
            )
            .hint("'stc partitionderegister' removes it"));
        }
        let partition = KnownPartition { label: label.unwrap_or(serial.clone()), serial, hash };
        token.partitions.push(partition.clone());
        folders.write(&token).map_err(at_files)?;
        Ok(Registered { partition })
    }
}

impl Text for Registered {
    fn write(&self, page: &mut Page) {
        let serial = &self.partition.serial;
        page.line(format!("Partition identity {serial} successfully registered."));
    }
}

#[derive(Deserialize)]
struct Deregister {
    serial: String,
    force: bool,
}

/// A partition that was forgotten.
#[derive(Serialize)]
struct Deregistered {
    serial: String,
}

impl Run<Session> for Deregister {
    type View = Deregistered;

    fn run(self, session: &mut Session) -> Result<Deregistered, Failure> {
        let folders = folders(session)?;
        let mut token = token(&folders)?;
        let Some(at) = token.partitions.iter().position(|known| known.serial == self.serial) else {
            return Err(codes::failure(
                codes::ARGUMENTS_BAD,
                format!("The partition {} is not registered.", self.serial),
            )
            .hint("'stc identityshow' shows those that are"));
        };
        let warning = format!(
            "        The partition {} will be forgotten, and its channel ends.\n        \
             Are you sure you wish to continue?",
            self.serial
        );
        confirm(session, self.force, &warning)?;
        token.partitions.remove(at);
        folders.write(&token).map_err(at_files)?;
        Ok(Deregistered { serial: self.serial })
    }
}

impl Text for Deregistered {
    fn write(&self, page: &mut Page) {
        page.line(format!("Partition identity {} successfully deregistered.", self.serial));
    }
}

#[derive(Deserialize)]
struct Enable {
    id: u32,
    force: bool,
}

impl Run<Session> for Enable {
    type View = Switched;

    fn run(self, session: &mut Session) -> Result<Switched, Failure> {
        let token = token(&folders(session)?)?;
        identity(&token)?;
        if token.partitions.is_empty() {
            return Err(codes::failure(codes::NOT_ALLOWED, "This client knows no partition.")
                .hint("'stc partitionregister' registers one"));
        }
        switch(session, self.id, true, self.force)
    }
}

#[derive(Deserialize)]
struct Disable {
    id: u32,
    force: bool,
}

impl Run<Session> for Disable {
    type View = Switched;

    fn run(self, session: &mut Session) -> Result<Switched, Failure> {
        switch(session, self.id, false, self.force)
    }
}

/// A server that the channel was turned on or off for.
#[derive(Serialize)]
struct Switched {
    id: u32,
    server: String,
    enabled: bool,
    /// Whether this session read configuration and slots again.
    restarted: bool,
}

fn switch(session: &mut Session, id: u32, on: bool, force: bool) -> Result<Switched, Failure> {
    let old = read(session)?;
    let Some(found) = servers(&old).into_iter().find(|server| server.number == id) else {
        return Err(codes::failure(codes::ARGUMENTS_BAD, format!("There is no server {id}."))
            .hint("'clientconfig listservers' shows the servers"));
    };
    let word = if on { "on" } else { "off" };
    let Server { server, .. } = found;
    if found.stc == on {
        return Err(codes::failure(
            codes::NOT_ALLOWED,
            format!("The Secure Trusted Channel is {word} for server {server} already."),
        ));
    }
    let warning = format!(
        "        The Secure Trusted Channel will be turned {word} for server {server}.\n        \
         The logins of this session will be terminated.\n        \
         Are you sure you wish to continue?"
    );
    confirm(session, force, &warning)?;
    let mut new = old.clone();
    set_stc(&mut new, id, on).map_err(|error| malformed(session, &error))?;
    write(session, &old, &new)?;
    // The session of an account is no link, and stays as it is.
    let restarted = session.account().is_err();
    if restarted {
        session.restart()?;
    }
    Ok(Switched { id, server, enabled: on, restarted })
}

impl Text for Switched {
    fn write(&self, page: &mut Page) {
        let word = if self.enabled { "on" } else { "off" };
        page.line(format!("The Secure Trusted Channel is {word} for server {}.", self.server));
        if self.restarted {
            page.line("Configuration and slots were read again.");
        }
    }
}

#[derive(Deserialize)]
struct Status {}

/// The channels of the partitions that are slots.
#[derive(Serialize)]
struct Channels {
    channels: Vec<Channel>,
}

/// The channel of a slot.
#[derive(Serialize)]
struct Channel {
    slot: usize,
    label: String,
    serial: String,
    server: String,
    enabled: bool,
    partition_registered: bool,
    /// None where the appliance does not tell.
    client_registered: Option<bool>,
    cipher: Option<&'static str>,
    hmac: Option<&'static str>,
}

impl Run<Session> for Status {
    type View = Channels;

    fn run(self, session: &mut Session) -> Result<Channels, Failure> {
        let token = folders(session)?.read().map_err(at_files)?;
        let hash = match token.as_ref().and_then(|token| token.identity.as_ref()) {
            Some(identity) => Some(identity.hash().map_err(at_files)?),
            None => None,
        };
        let known = token.map(|token| token.partitions).unwrap_or_default();
        let servers = servers(&read(session)?);
        let mut channels = Vec::new();
        for slot in session.slots() {
            let Some(appliance) = session.appliance_of(slot) else { continue };
            let Slot { slot: number, label, serial, .. } = slot;
            let server = match &appliance.server {
                Some(server) => server.server.clone(),
                None => host_of(&appliance.client).to_owned(),
            };
            let is_on = |one: &Server| one.stc && one.server.eq_ignore_ascii_case(&server);
            // An appliance that has no such resource tells nothing.
            let agreed = hash.as_ref().map(|hash| {
                let offer = rest::Offer { fingerprint: hash.clone() };
                appliance.client.call(&rest::AGREE, &[serial], &offer).ok()
            });
            let client_registered = match &agreed {
                None => Some(false),
                Some(agreed) => agreed.as_ref().map(|agreed| agreed.registered),
            };
            let agreed = agreed.flatten().filter(|agreed| agreed.registered);
            channels.push(Channel {
                slot: *number,
                label: label.clone(),
                serial: serial.clone(),
                enabled: servers.iter().any(is_on),
                server,
                partition_registered: known.iter().any(|one| one.serial == *serial),
                client_registered,
                cipher: agreed.as_ref().map(|agreed| match agreed.cipher {
                    Some(number) => name(CIPHERS, number),
                    None => "none",
                }),
                hmac: agreed.as_ref().map(|agreed| name(HMACS, agreed.hmac)),
            });
        }
        if channels.iter().any(|channel| channel.enabled) {
            session
                .ui()
                .note("note: this shell calls appliances over TLS; what is on is for applications");
        }
        Ok(Channels { channels })
    }
}

/// What an algorithm is called.
fn name(algorithms: &[(u32, &'static str)], number: u32) -> &'static str {
    algorithms.iter().find(|(known, _)| *known == number).map_or("unknown", |(_, name)| name)
}

impl Text for Channels {
    fn write(&self, page: &mut Page) {
        if self.channels.is_empty() {
            page.line("        No slot of this client is a partition.");
        }
        let yes = |yes| if yes { "Yes" } else { "No" };
        for (place, channel) in self.channels.iter().enumerate() {
            if place > 0 {
                page.blank();
            }
            let mut line = |label: &str, value: &str| {
                page.field(&format!("        {label} ->"), 40, value);
            };
            line("Slot Id", &channel.slot.to_string());
            line("Label", &channel.label);
            line("Serial Number", &channel.serial);
            line("Server", &channel.server);
            line("Enabled", yes(channel.enabled));
            line("Partition registered here", yes(channel.partition_registered));
            line("Client registered there", channel.client_registered.map_or("unknown", yes));
            if let (Some(cipher), Some(hmac)) = (channel.cipher, channel.hmac) {
                line("Cipher", cipher);
                line("HMAC", hmac);
            }
        }
    }
}
