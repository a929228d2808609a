//! `stcconfig client…` and `partitionid…`: the clients that a partition knows, and its own identity.

use std::path::PathBuf;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use luna_rest::Nothing;
use luna_rest::stc::{
    CLIENT, CLIENTS, DEREGISTER, IDENTITY, NewClient, PARTITION_IDENTITY, REGISTER,
};
use luna_shell::Table;

use super::Target;
use crate::commands::stc::{at_files, folders};
use crate::local_file;
use crate::prelude::*;
use crate::soft_token::export;

const NAMED: Known = Known::Assumed("known by name only");

pub(in crate::commands) const COMMANDS: &[Command] = &[
    Command {
        syntax: "stcconfig|stcc clientderegister -label <client_label>",
        help: "Forget a client, which ends its channel",
        options: &[("-label", "Label of the client")],
        roles: Role::OPERATOR,
        rest: &[CLIENTS.resource(), CLIENT.resource(), DEREGISTER.resource()],
        known: NAMED,
        run: call::<Deregister>(),
    },
    Command {
        syntax: "stcconfig|stcc clientlist",
        help: "List the clients that the partition knows",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[CLIENTS.resource(), CLIENT.resource()],
        known: NAMED,
        run: call::<ListClients>(),
    },
    Command {
        syntax: "stcconfig|stcc clientregister -label <client_label> -file <filename>",
        help: "Register a client by its public key",
        options: &[
            ("-label", "A label for the client"),
            ("-file", "The client's public key, which 'stc identityexport' writes"),
        ],
        roles: Role::OPERATOR,
        rest: &[REGISTER.resource(), CLIENTS.resource(), CLIENT.resource()],
        known: Known::Assumed(
            "admin_partition/connections/stc/convert_ntls.htm has the label and the file, not the names of \
             the options",
        ),
        run: call::<Register>(),
    },
    Command {
        syntax: "stcconfig|stcc partitionidexport",
        help: "Export the identity of the partition into SERIAL.pid",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[PARTITION_IDENTITY.resource()],
        known: Known::Documented(
            "admin_partition/connections/stc/convert_ntls.htm; the sentence is that of LunaSH's 'partition \
             stcIdentity export'",
        ),
        run: call::<IdExport>(),
    },
    Command {
        syntax: "stcconfig|stcc partitionidshow",
        help: "Show the identity of the partition and its hash",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[PARTITION_IDENTITY.resource()],
        known: NAMED,
        run: call::<IdShow>(),
    },
];

/// A client that a partition knows.
#[derive(Serialize)]
struct KnownClient {
    id: String,
    label: String,
    hash: String,
}

fn clients(target: &Target<'_>) -> Result<Vec<KnownClient>, Failure> {
    let [hsm, partition] = target.ids();
    let links = target.client.get(&CLIENTS, &[hsm, partition])?.clients;
    let shown = |link: luna_rest::tasks::Link| {
        let client = target.client.get(&CLIENT, &[hsm, partition, &link.id])?;
        Ok(KnownClient { id: link.id, label: client.label, hash: client.fingerprint })
    };
    links.into_iter().map(shown).collect()
}

#[derive(Deserialize)]
struct Register {
    label: String,
    file: PathBuf,
}

/// A public key is short; more than this is something else.
const MOST: u64 = 64 * 1024;

/// A client that was registered or forgotten.
#[derive(Serialize)]
struct Changed {
    slot: usize,
    #[serde(flatten)]
    client: KnownClient,
    #[serde(skip)]
    done: &'static str,
}

impl Run<Session> for Register {
    type View = Changed;

    fn run(self, session: &mut Session) -> Result<Changed, Failure> {
        let label = session.label(self.label)?;
        let target = Target::of(session, None)?;
        let content = local_file::read(&self.file, MOST)?;
        if !content.starts_with(IDENTITY.as_bytes()) {
            return Err(codes::failure(
                codes::ARGUMENTS_BAD,
                format!("{} has no identity of a client.", self.file.display()),
            )
            .hint("'stc identitycreate' and 'stc identityexport' write such a file"));
        }
        let body = NewClient { identity: BASE64_STANDARD.encode(content), label: label.clone() };
        target.client.call(&REGISTER, &target.ids(), &body)?;
        // The hash is the partition's own, to compare with that of the client.
        let known = clients(&target)?.into_iter().find(|client| client.label == label);
        let client = known.ok_or_else(|| {
            Failure::command("The appliance does not list the client that was registered.")
        })?;
        Ok(Changed { slot: target.slot, client, done: "registered" })
    }
}

#[derive(Deserialize)]
struct Deregister {
    label: String,
}

impl Run<Session> for Deregister {
    type View = Changed;

    fn run(self, session: &mut Session) -> Result<Changed, Failure> {
        let target = Target::of(session, None)?;
        let known = clients(&target)?.into_iter().find(|client| client.label == self.label);
        let client = known.ok_or_else(|| {
            codes::failure(
                codes::ARGUMENTS_BAD,
                format!("The partition knows no client '{}'.", self.label),
            )
            .hint("'stcconfig clientlist' shows the clients")
        })?;
        let [hsm, partition] = target.ids();
        target.client.call(&DEREGISTER, &[hsm, partition, &client.id], &Nothing {})?;
        Ok(Changed { slot: target.slot, client, done: "deregistered" })
    }
}

impl Text for Changed {
    fn write(&self, page: &mut Page) {
        let Changed { slot, client, done } = self;
        page.line(format!("Successfully {done} the client {} for slot {slot}.", client.label));
        page.field("        Public Key SHA1 Hash ->", 40, &client.hash);
    }
}

#[derive(Deserialize)]
struct ListClients {}

/// The clients that a partition knows.
#[derive(Serialize)]
struct Clients {
    slot: usize,
    clients: Vec<KnownClient>,
}

impl Run<Session> for ListClients {
    type View = Clients;

    fn run(self, session: &mut Session) -> Result<Clients, Failure> {
        let target = Target::of(session, None)?;
        Ok(Clients { slot: target.slot, clients: clients(&target)? })
    }
}

impl Text for Clients {
    fn write(&self, page: &mut Page) {
        if self.clients.is_empty() {
            page.line(format!("        Slot {} has no registered clients.", self.slot));
            return;
        }
        let mut table = Table::new(8, 2, &[(32, false), (40, false)]);
        table.row(["Client Label", "Public Key SHA1 Hash"]);
        table.row(["=".repeat(32), "=".repeat(40)]);
        for KnownClient { label, hash, .. } in &self.clients {
            table.row([label, hash]);
        }
        page.table(&table);
    }
}

/// The identity of a partition.
#[derive(Serialize)]
struct OwnIdentity {
    slot: usize,
    serial: String,
    hash: String,
    /// Where it was exported to.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<PathBuf>,
}

impl Text for OwnIdentity {
    fn write(&self, page: &mut Page) {
        let OwnIdentity { slot, serial, hash, file } = self;
        match file {
            Some(file) => page.line(format!(
                "Successfully exported partition identity for slot {slot} to file: {}",
                file.display()
            )),
            None => {
                page.field("        Serial Number ->", 40, serial);
                page.field("        Public Key SHA1 Hash ->", 40, hash);
            }
        }
    }
}

#[derive(Deserialize)]
struct IdExport {}

impl Run<Session> for IdExport {
    type View = OwnIdentity;

    fn run(self, session: &mut Session) -> Result<OwnIdentity, Failure> {
        let target = Target::of(session, None)?;
        let shown = target.client.get(&PARTITION_IDENTITY, &[target.partition()])?;
        let content = BASE64_STANDARD.decode(shown.identity).map_err(|_| {
            Failure::command("The appliance answered with an identity that is not in base64.")
        })?;
        let (slot, serial) = (target.slot, target.partition().to_owned());
        let file = folders(session)?.partitions.join(format!("{serial}.pid"));
        export(&file, &content).map_err(at_files)?;
        Ok(OwnIdentity { slot, serial, hash: shown.fingerprint, file: Some(file) })
    }
}

#[derive(Deserialize)]
struct IdShow {}

impl Run<Session> for IdShow {
    type View = OwnIdentity;

    fn run(self, session: &mut Session) -> Result<OwnIdentity, Failure> {
        let target = Target::of(session, None)?;
        let shown = target.client.get(&PARTITION_IDENTITY, &[target.partition()])?;
        let serial = target.partition().to_owned();
        Ok(OwnIdentity { slot: target.slot, serial, hash: shown.fingerprint, file: None })
    }
}
