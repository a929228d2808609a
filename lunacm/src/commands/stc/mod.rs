//! `stc`: the client's side of the Secure Trusted Channel. This file has its token and its identity,
//! `links.rs` the partitions it knows and the servers that it is on for.

pub(super) mod links;

use std::io;
use std::path::PathBuf;

use super::Done;
use super::clientconfig::read;
use crate::prelude::*;
use crate::soft_token::{Identity, KnownPartition, SoftToken, StcFolders, export};

pub(super) const MENUS: &[Menu] =
    &[Menu { path: "stc", help: "Secure Trusted Channel: this client's side" }];

const GUIDE: &str = "admin_partition/connections/stc/convert_ntls.htm; the output is ours";
const NAMED: Known = Known::Assumed("known by name only");

pub(super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "stc identitycreate -label <client_identity>",
        help: "Make the identity of this client, and export its public key",
        options: &[("-label", "Label of the identity, which names the exported file")],
        roles: Role::ANY,
        rest: &[],
        known: Known::Documented(GUIDE),
        run: call::<Create>(),
    },
    Command {
        syntax: "stc identitydelete [-force|-f]",
        help: "Delete the identity of this client, and what partitions it knows",
        options: &[],
        roles: Role::ANY,
        rest: &[],
        known: NAMED,
        run: call::<Delete>(),
    },
    Command {
        syntax: "stc identityexport [-file <filename>]",
        help: "Export the public key of this client again",
        options: &[("-file", "Where to; the folder of client identities without it")],
        roles: Role::ANY,
        rest: &[],
        known: NAMED,
        run: call::<Export>(),
    },
    Command {
        syntax: "stc identityinit -label <client_identity> [-force|-f]",
        help: "Give this client another key pair, which ends its channels",
        options: &[("-label", "Label of the identity, which names the exported file")],
        roles: Role::ANY,
        rest: &[],
        known: NAMED,
        run: call::<Init>(),
    },
    Command {
        syntax: "stc identityshow",
        help: "Show the identity of this client, its hash and the partitions it knows",
        options: &[],
        roles: Role::ANY,
        rest: &[],
        known: Known::Documented(GUIDE),
        run: call::<Show>(),
    },
    Command {
        syntax: "stc tokeninit -label <token_label> [-force|-f]",
        help: "Initialize the token that holds this client's identity",
        options: &[("-label", "Label of the token")],
        roles: Role::ANY,
        rest: &[],
        known: Known::Documented(GUIDE),
        run: call::<TokenInit>(),
    },
    Command {
        syntax: "stc tokenlist",
        help: "Show the token of this client",
        options: &[],
        roles: Role::ANY,
        rest: &[],
        known: Known::Documented(
            "admin_partition/connections/stc/multi_client.htm; the output is ours",
        ),
        run: call::<TokenList>(),
    },
];

/// The folders of the channel's files.
pub(super) fn folders(session: &Session) -> Result<StcFolders, Failure> {
    Ok(StcFolders::of(&read(session)?, &session.side().configuration))
}

/// A failure of the token's file or of one that is exported.
pub(super) fn at_files(error: io::Error) -> Failure {
    let failure = Failure::command(format!("{error}."));
    match error.kind() {
        io::ErrorKind::InvalidData => {
            failure.hint("'stc tokeninit -force' makes a new token once that file is moved away")
        }
        _ => failure,
    }
}

/// The token, which has to be there.
fn token(folders: &StcFolders) -> Result<SoftToken, Failure> {
    folders.read().map_err(at_files)?.ok_or_else(|| {
        codes::failure(codes::NOT_ALLOWED, "This client has no token.")
            .hint("'stc tokeninit' makes one")
    })
}

/// The identity on it, which has to be there.
fn identity(token: &SoftToken) -> Result<&Identity, Failure> {
    token.identity.as_ref().ok_or_else(|| {
        codes::failure(codes::NOT_ALLOWED, "The client's token has no identity.")
            .hint("'stc identitycreate' makes one")
    })
}

/// A label that is the name of a file as well.
fn file_label(session: &mut Session, label: String) -> Result<String, Failure> {
    let label = session.label(label)?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || " -_.".contains(c);
    if label.chars().all(allowed) && !label.starts_with(['.', ' ', '-']) {
        return Ok(label);
    }
    Err(codes::failure(
        codes::ARGUMENTS_BAD,
        "The label of an identity names a file: it takes letters, digits, blanks and - _ . , and begins \
         with a letter, a digit or _.",
    ))
}

/// Whether the lines of a warning may be passed over.
fn confirm(session: &mut Session, force: bool, warning: &str) -> Result<(), Failure> {
    match force {
        true => Ok(()),
        false => session.confirm(warning, "-force"),
    }
}

#[derive(Deserialize)]
struct TokenInit {
    label: String,
    force: bool,
}

impl Run<Session> for TokenInit {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let label = session.label(self.label)?;
        let folders = folders(session)?;
        if let Some(old) = folders.read().map_err(at_files)? {
            let warning = format!(
                "        The token '{}' is initialized already.\n        \
                 Its identity and the partitions it knows will be lost, and their channels end.\n        \
                 Are you sure you wish to continue?",
                old.label
            );
            confirm(session, self.force, &warning)?;
        }
        folders.write(&SoftToken::new(label)).map_err(at_files)?;
        Ok(Done::new("stc tokeninit"))
    }
}

#[derive(Deserialize)]
struct TokenList {}

/// The token, or that there is none.
#[derive(Serialize)]
struct Token {
    initialized: bool,
    label: Option<String>,
    folder: PathBuf,
}

impl Run<Session> for TokenList {
    type View = Token;

    fn run(self, session: &mut Session) -> Result<Token, Failure> {
        let folders = folders(session)?;
        let token = folders.read().map_err(at_files)?;
        Ok(Token {
            initialized: token.is_some(),
            label: token.map(|token| token.label),
            folder: folders.token,
        })
    }
}

impl Text for Token {
    fn write(&self, page: &mut Page) {
        page.field("        Token Label ->", 32, self.label.as_deref().unwrap_or_default());
        page.field("        Initialized ->", 32, if self.initialized { "Yes" } else { "No" });
        page.field("        Folder ->", 32, self.folder.display());
    }
}

/// An identity that was made or exported.
#[derive(Serialize)]
struct Exported {
    done: &'static str,
    label: String,
    hash: String,
    file: PathBuf,
}

impl Exported {
    fn write(done: &'static str, identity: &Identity, file: PathBuf) -> Result<Exported, Failure> {
        export(&file, &identity.exported().map_err(at_files)?).map_err(at_files)?;
        let (label, hash) = (identity.label.clone(), identity.hash().map_err(at_files)?);
        Ok(Exported { done, label, hash, file })
    }

    /// Makes an identity and puts it on the token. It knows no partition.
    fn make(
        done: &'static str,
        label: String,
        mut token: SoftToken,
        folders: &StcFolders,
    ) -> Result<Exported, Failure> {
        let file = folders.clients.join(&label);
        let identity = Identity::new(label).map_err(at_files)?;
        token.partitions.clear();
        token.identity = Some(identity);
        folders.write(&token).map_err(at_files)?;
        Exported::write(done, self::identity(&token)?, file)
    }
}

impl Text for Exported {
    fn write(&self, page: &mut Page) {
        page.field("        Client Identity ->", 40, &self.label);
        page.field("        Public Key SHA1 Hash ->", 40, &self.hash);
        page.field("        Exported to ->", 40, self.file.display());
    }
}

#[derive(Deserialize)]
struct Create {
    label: String,
}

impl Run<Session> for Create {
    type View = Exported;

    fn run(self, session: &mut Session) -> Result<Exported, Failure> {
        let label = file_label(session, self.label)?;
        let folders = folders(session)?;
        let token = token(&folders)?;
        if let Some(there) = &token.identity {
            return Err(codes::failure(
                codes::NOT_ALLOWED,
                format!("The client's token has the identity '{}' already.", there.label),
            )
            .hint(
                "'stc identityinit' gives it another key pair, 'stc identitydelete' removes it",
            ));
        }
        Exported::make("stc identitycreate", label, token, &folders)
    }
}

#[derive(Deserialize)]
struct Init {
    label: String,
    force: bool,
}

impl Run<Session> for Init {
    type View = Exported;

    fn run(self, session: &mut Session) -> Result<Exported, Failure> {
        let label = file_label(session, self.label)?;
        let folders = folders(session)?;
        let token = token(&folders)?;
        let there = &identity(&token)?.label;
        let warning = format!(
            "        The identity '{there}' will get another key pair.\n        \
             Partitions have to register it anew, and it knows none of them any more.\n        \
             Are you sure you wish to continue?"
        );
        confirm(session, self.force, &warning)?;
        Exported::make("stc identityinit", label, token, &folders)
    }
}

#[derive(Deserialize)]
struct Delete {
    force: bool,
}

impl Run<Session> for Delete {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let folders = folders(session)?;
        let mut token = token(&folders)?;
        let there = &identity(&token)?.label;
        let warning = format!(
            "        The identity '{there}' will be deleted, and its channels end.\n        \
             Are you sure you wish to continue?"
        );
        confirm(session, self.force, &warning)?;
        token.identity = None;
        token.partitions.clear();
        folders.write(&token).map_err(at_files)?;
        Ok(Done::new("stc identitydelete"))
    }
}

#[derive(Deserialize)]
struct Export {
    file: Option<PathBuf>,
}

impl Run<Session> for Export {
    type View = Exported;

    fn run(self, session: &mut Session) -> Result<Exported, Failure> {
        let folders = folders(session)?;
        let token = token(&folders)?;
        let identity = identity(&token)?;
        let file = self.file.unwrap_or_else(|| folders.clients.join(&identity.label));
        Exported::write("stc identityexport", identity, file)
    }
}

#[derive(Deserialize)]
struct Show {}

/// Who this client is, and which partitions it knows.
#[derive(Serialize)]
struct Shown {
    label: String,
    hash: String,
    partitions: Vec<KnownPartition>,
}

impl Run<Session> for Show {
    type View = Shown;

    fn run(self, session: &mut Session) -> Result<Shown, Failure> {
        let token = token(&folders(session)?)?;
        let identity = identity(&token)?;
        let (label, hash) = (identity.label.clone(), identity.hash().map_err(at_files)?);
        Ok(Shown { label, hash, partitions: token.partitions })
    }
}

impl Text for Shown {
    fn write(&self, page: &mut Page) {
        page.field("        Client Identity ->", 40, &self.label);
        page.field("        Public Key SHA1 Hash ->", 40, &self.hash);
        page.field("        Registered Partitions ->", 40, self.partitions.len());
        for KnownPartition { label, serial, hash } in &self.partitions {
            page.blank();
            page.field("        Partition Label ->", 40, label);
            page.field("        Serial Number ->", 40, serial);
            page.field("        Public Key SHA1 Hash ->", 40, hash);
        }
    }
}
