//! `my public-key`: the SSH keys of the account that is logged in.

use luna_rest::users;
use luna_shell::has_private_key;

use super::confirm;
use crate::files::FileSource;
use crate::prelude::*;

pub(in super::super) const MENUS: &[Menu] =
    &[Menu { path: "my public-key", help: "Your SSH public keys" }];

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "my public-key add <filename>",
        help: "Add an SSH public key",
        options: &[("filename", "The .pub file that ssh-keygen made")],
        roles: Role::ANY,
        rest: &[users::FILES.resource(), users::ADD_KEY.resource()],
        known: Known::Documented("lunash/commands/my/my_public-key_add.htm@7.2"),
        run: call::<KeyAdd>(),
    },
    Command {
        syntax: "my public-key clear [-force|-f]",
        help: "Delete all your SSH public keys",
        options: &[],
        roles: Role::ANY,
        rest: &[users::CLEAR_KEYS.resource()],
        known: Known::Documented("lunash/commands/my/my_public-key_clear.htm@7.2"),
        run: call::<KeyClear>(),
    },
    Command {
        syntax: "my public-key delete <public_key>",
        help: "Delete an SSH public key",
        options: &[("public_key", "Name of the key, such as root@host")],
        roles: Role::ANY,
        rest: &[users::DELETE_KEY.resource()],
        known: Known::Documented("lunash/commands/my/my_public-key_delete.htm@7.2"),
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

/// A public key: the text of a file of this machine, or the name of a file on the appliance. A name
/// such as id_rsa.pub cannot be uploaded over REST, so the text is sent.
pub(in super::super) fn public_key(
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
    fn write(&self, _: &mut Page) {}
}

#[derive(Deserialize)]
struct KeyClear {
    force: bool,
}

impl Run<Session> for KeyClear {
    type View = Told;

    fn run(self, session: &mut Session) -> Result<Told, Failure> {
        let what = ("my public-key clear", "User SSH Public Keys");
        let told = confirm(session, self.force, what)?;
        let user = session.connection().user.clone();
        session.call(&users::CLEAR_KEYS, &[&user], &Nothing {})?;
        Ok(told)
    }
}

#[derive(Deserialize)]
struct KeyDelete {
    public_key: String,
}

impl Run<Session> for KeyDelete {
    type View = Told;

    fn run(self, session: &mut Session) -> Result<Told, Failure> {
        let user = session.connection().user.clone();
        let ids = &[user.as_str(), self.public_key.as_str()];
        session.call(&users::DELETE_KEY, ids, &Nothing {})?;
        Ok(Told::silent("my public-key delete"))
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
pub(in super::super) struct Keys {
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
    pub(in super::super) fn of_session(session: &mut Session) -> Result<Keys, Failure> {
        let user = session.connection().user.clone();
        let keys = session.get(&users::KEYS, &[&user])?.public_keys;
        Ok(Keys { user, keys: keys.into_iter().map(Key::from).collect() })
    }
}

impl Text for Keys {
    /// The rule of 68 dashes is seen; the widths are those of 7.2, whose rule has 78.
    fn write(&self, page: &mut Page) {
        page.line(format!("SSH Public Keys for user '{}':", self.user));
        page.blank();
        let columns = [(11, false), (8, false), (7, false), (1, false)];
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

#[cfg(test)]
mod tests {
    use super::*;
    use luna_shell::View;

    /// From the product's page of `my public-key list`.
    #[test]
    fn a_key_is_listed_in_the_columns_of_the_product() {
        let [name, r#type, fingerprint] =
            ["pub1", "ssh-rsa", "08:95:7b:9c:57:27:2e:cc:6f:f2:99:e4:19:41:1c:e9"]
                .map(str::to_owned);
        let keys = Keys {
            user: "admin".to_owned(),
            keys: vec![Key { name, r#type, bits: 1024, fingerprint }],
        };
        let text = keys.text();
        assert!(text.contains("\nName        Type     Bits    Fingerprint\n"), "{text}");
        assert!(
            text.contains(
                "\npub1        ssh-rsa  1024    08:95:7b:9c:57:27:2e:cc:6f:f2:99:e4:19:41:1c:e9\n"
            ),
            "{text}"
        );
    }
}
