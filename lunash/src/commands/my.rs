//! `my`: files, password and SSH keys of the account that is logged in.

use luna_rest::users;

use crate::commands::user::PasswordSet;
use crate::files::FileSource;
use crate::passwords;
use crate::prelude::*;
use crate::questions::{caution, proceed};
use luna_shell::has_private_key;

pub(super) const MENUS: &[Menu] = &[
    Menu { path: "my", help: "Your own files, password and SSH keys" },
    Menu { path: "my file", help: "Your files on the appliance" },
    Menu { path: "my password", help: "Your password" },
    Menu { path: "my password expiry", help: "When your password expires" },
    Menu { path: "my public-key", help: "Your SSH public keys" },
];

pub(super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "my file clear [-force|-f]",
        help: "Delete all your files",
        options: &[],
        roles: Role::ANY,
        rest: &[users::CLEAR_FILES.resource()],
        known: Known::Assumed("seen in use (Azure tutorial, appliance 7.2); texts not seen"),
        run: call::<FileClear>(),
    },
    Command {
        syntax: "my file delete <filename> [-force|-f]",
        help: "Delete one of your files",
        options: &[],
        roles: Role::ANY,
        rest: &[users::FILE.resource(), users::DELETE_FILE.resource()],
        known: Known::Assumed("known by name only; made like my file clear"),
        run: call::<FileDelete>(),
    },
    Command {
        syntax: "my file list",
        help: "List your files",
        options: &[],
        roles: Role::ANY,
        rest: &[users::FILES.resource(), users::FILE.resource()],
        known: Known::Assumed("named in role definition files; size, time and name, as ls shows"),
        run: call::<FileList>(),
    },
    Command {
        syntax: "my password expiry show",
        help: "Show when your password expires",
        options: &[],
        roles: Role::ANY,
        rest: &[users::SHOW.resource()],
        known: Known::Assumed("known by name only; the fields of the REST resource"),
        run: call::<Expiry>(),
    },
    Command {
        syntax: "my password set",
        help: "Change your password",
        options: &[],
        roles: Role::ANY,
        rest: &[users::PASSWORD_RULES.resource(), users::ACT.resource()],
        known: Known::Documented("lunash/commands/user/user_password.htm"),
        run: call::<PasswordSetOwn>(),
    },
    Command {
        syntax: "my public-key add <filename>",
        help: "Add an SSH public key",
        options: &[("filename", "The .pub file that ssh-keygen made")],
        roles: Role::ANY,
        rest: &[users::FILES.resource(), users::ADD_KEY.resource()],
        known: Known::Assumed("known by name only; a file, and the text that 5.x prints"),
        run: call::<KeyAdd>(),
    },
    Command {
        syntax: "my public-key clear [-force|-f]",
        help: "Delete all your SSH public keys",
        options: &[],
        roles: Role::ANY,
        rest: &[users::CLEAR_KEYS.resource()],
        known: Known::Assumed("seen in use (Azure tutorial, appliance 7.2); texts not seen"),
        run: call::<KeyClear>(),
    },
    Command {
        syntax: "my public-key delete <public_key>",
        help: "Delete an SSH public key",
        options: &[("public_key", "Name of the key, such as root@host")],
        roles: Role::ANY,
        rest: &[users::DELETE_KEY.resource()],
        known: Known::Assumed("known by name only; made like my public-key add"),
        run: call::<KeyDelete>(),
    },
    Command {
        syntax: "my public-key list",
        help: "List your SSH public keys",
        options: &[],
        roles: Role::ANY,
        rest: &[users::KEYS.resource()],
        known: Known::Documented(
            "admin_appliance/client_connections/using_public-key_authentication.htm@7.7.0",
        ),
        run: call::<KeyList>(),
    },
];

/// Asks whether to delete.
fn confirm(session: &mut Session, force: bool, what: &str) -> Result<(), Failure> {
    let lines = format!("Are you sure you wish to delete {what}?");
    session.confirm(force, &caution(&lines, &proceed("delete")))
}

#[derive(Deserialize)]
struct FileClear {
    force: bool,
}

impl Run<Session> for FileClear {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        confirm(session, self.force, "all your files")?;
        let user = session.connection().user.clone();
        session.call(&users::CLEAR_FILES, &[&user], &Nothing {})?;
        Ok(Done { done: "my file clear" })
    }
}

#[derive(Deserialize)]
struct FileDelete {
    filename: String,
    force: bool,
}

impl Run<Session> for FileDelete {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        let user = session.connection().user.clone();
        session.get(&users::FILE, &[&user, &self.filename])?;
        confirm(session, self.force, &format!("the file {}", self.filename))?;
        let ids = &[user.as_str(), self.filename.as_str()];
        session.call(&users::DELETE_FILE, ids, &Nothing {})?;
        Ok(Done { done: "my file delete" })
    }
}

#[derive(Deserialize)]
struct FileList {}

/// The files of an account.
#[derive(Serialize)]
struct Files {
    files: Vec<File>,
}

/// A file.
#[derive(Serialize)]
struct File {
    name: String,
    size: u64,
    updated: String,
}

impl Run<Session> for FileList {
    type View = Files;

    fn run(self, session: &mut Session) -> Result<Files, Failure> {
        let user = session.connection().user.clone();
        let mut files = Vec::new();
        for entry in session.get(&users::FILES, &[&user])?.files {
            let file = session.get(&users::FILE, &[&user, &entry.id])?;
            files.push(File { name: entry.id, size: file.size, updated: file.last_updated });
        }
        Ok(Files { files })
    }
}

impl Text for Files {
    fn write(&self, page: &mut Page) {
        if self.files.is_empty() {
            page.line("There are no files.");
        }
        for File { name, size, updated } in &self.files {
            page.line(format!("{size:>10}  {updated}  {name}"));
        }
    }
}

#[derive(Deserialize)]
struct Expiry {}

/// The age of a password.
#[derive(Serialize)]
struct Age {
    user: String,
    last_changed: String,
    /// None while passwords do not expire.
    days_remaining: Option<i64>,
}

impl Run<Session> for Expiry {
    type View = Age;

    fn run(self, session: &mut Session) -> Result<Age, Failure> {
        let user = session.connection().user.clone();
        let shown = session.get(&users::SHOW, &[&user])?;
        Ok(Age {
            user,
            last_changed: shown.password_last_changed,
            days_remaining: shown.password_expiry_days_remaining,
        })
    }
}

impl Text for Age {
    fn write(&self, page: &mut Page) {
        page.field("User:", 24, &self.user);
        page.field("Password last changed:", 24, &self.last_changed);
        let expires = match self.days_remaining {
            None => "never".to_owned(),
            Some(1) => "in 1 day".to_owned(),
            Some(days) => format!("in {days} days"),
        };
        page.field("Password expires:", 24, expires);
    }
}

#[derive(Deserialize)]
struct PasswordSetOwn {}

impl Run<Session> for PasswordSetOwn {
    type View = PasswordSet;

    fn run(self, session: &mut Session) -> Result<PasswordSet, Failure> {
        let user = session.connection().user.clone();
        let minimum = passwords::minimum(session);
        let new = passwords::choose(session, &user, minimum)?;
        passwords::set(session, &user, &new)?;
        Ok(PasswordSet { user })
    }
}

/// A public key: the text of a file of this machine, or the name of a file on the appliance. A name
/// such as id_rsa.pub cannot be uploaded over REST, so the text is sent.
pub(super) fn public_key(
    session: &mut Session,
    name: String,
) -> Result<(Option<String>, Option<String>), Failure> {
    match session.find_file(&name)? {
        FileSource::Appliance => Ok((None, Some(name))),
        FileSource::Local(content) if has_private_key(&content) => {
            Err(Failure::command(format!("'{name}' holds a private key; nothing was sent."))
                .hint("give the public key that belongs to it: its file ends in .pub"))
        }
        FileSource::Local(content) => {
            Ok((Some(String::from_utf8_lossy(&content).into_owned()), None))
        }
    }
}

#[derive(Deserialize)]
struct KeyAdd {
    filename: String,
}

impl Run<Session> for KeyAdd {
    type View = KeyAdded;

    fn run(self, session: &mut Session) -> Result<KeyAdded, Failure> {
        let user = session.connection().user.clone();
        let (key, file) = public_key(session, self.filename)?;
        let new = users::NewPublicKey { name: None, key, file };
        let key = session.call(&users::ADD_KEY, &[&user], &new)?;
        Ok(KeyAdded { user, key: key.into() })
    }
}

/// A key that was added.
#[derive(Serialize)]
struct KeyAdded {
    user: String,
    key: Key,
}

impl Text for KeyAdded {
    fn write(&self, page: &mut Page) {
        page.line("Public key added");
    }
}

#[derive(Deserialize)]
struct KeyClear {
    force: bool,
}

impl Run<Session> for KeyClear {
    type View = Done;

    fn run(self, session: &mut Session) -> Result<Done, Failure> {
        confirm(session, self.force, "all your public keys")?;
        let user = session.connection().user.clone();
        session.call(&users::CLEAR_KEYS, &[&user], &Nothing {})?;
        Ok(Done { done: "my public-key clear" })
    }
}

#[derive(Deserialize)]
struct KeyDelete {
    public_key: String,
}

impl Run<Session> for KeyDelete {
    type View = Message;

    fn run(self, session: &mut Session) -> Result<Message, Failure> {
        let user = session.connection().user.clone();
        let ids = &[user.as_str(), self.public_key.as_str()];
        session.call(&users::DELETE_KEY, ids, &Nothing {})?;
        Ok(Message::new("Public key deleted"))
    }
}

#[derive(Deserialize)]
struct KeyList {}

impl Run<Session> for KeyList {
    type View = Keys;

    fn run(self, session: &mut Session) -> Result<Keys, Failure> {
        Keys::of_session(session)
    }
}

/// The SSH public keys of an account.
#[derive(Serialize)]
pub(super) struct Keys {
    user: String,
    keys: Vec<Key>,
}

/// An SSH public key.
#[derive(Serialize)]
struct Key {
    name: String,
    r#type: String,
    bits: u32,
    fingerprint: String,
}

impl From<users::PublicKey> for Key {
    fn from(key: users::PublicKey) -> Key {
        let users::PublicKey { name, kind, bits, fingerprint } = key;
        Key { name, r#type: kind, bits, fingerprint }
    }
}

impl Keys {
    /// Those of the account that is logged in; `sysconf ssh publickey list` shows the same.
    pub(super) fn of_session(session: &mut Session) -> Result<Keys, Failure> {
        let user = session.connection().user.clone();
        let keys = session.get(&users::KEYS, &[&user])?.public_keys;
        Ok(Keys { user, keys: keys.into_iter().map(Key::from).collect() })
    }
}

impl Text for Keys {
    /// Head, column names and the rule of 68 dashes are seen; the widths are not.
    fn write(&self, page: &mut Page) {
        page.line(format!("SSH Public Keys for user '{}':", self.user));
        page.blank();
        let columns = [(16, false), (12, false), (5, true), (1, false)];
        let mut table = Table::new(0, 1, &columns);
        table.row(["Name", "Type", "Bits", "Fingerprint"]);
        let head = table.to_string();
        page.line(head.trim_end());
        page.line("-".repeat(68));
        let mut table = Table::new(0, 1, &columns);
        for key in &self.keys {
            table.row([&key.name, &key.r#type, &key.bits.to_string(), &key.fingerprint]);
        }
        page.table(&table);
    }
}
