//! `sysconf ntp symmetricAuth`, `sysconf ntp autokeyAuth`: how NTP servers are authenticated.

use luna_rest::ntp::{
    ADD_KEY, Autokey, CLEAR_KEYS, CLEAR_TRUST, DELETE_KEY, DISTRUST_KEY, GENERATE_AUTOKEY,
    INSTALL_SCHEME, KEYS, NewKey, Scheme, TRUST_KEY,
};

use crate::prelude::*;
use crate::questions::warning;
use crate::refusals::refused_in_detail;
use luna_rest::{ntp, users};

pub(in super::super) const MENUS: &[Menu] = &[
    Menu { path: "sysconf ntp autokeyAuth", help: "Authentication of servers by AutoKey" },
    Menu { path: "sysconf ntp symmetricAuth", help: "Authentication of servers by shared keys" },
    Menu { path: "sysconf ntp symmetricAuth key", help: "Shared keys" },
    Menu { path: "sysconf ntp symmetricAuth trustedkeys", help: "Shared keys that are trusted" },
];

const RESTART: &str = "'service restart ntp' makes it take effect";

pub(in super::super) const COMMANDS: &[Command] = &[
    Command {
        syntax: "sysconf ntp autokeyAuth generate [-password|-p <password>]",
        help: "Make the AutoKey key of this client",
        options: &[("-password", "Password that protects the key")],
        roles: Role::OPERATOR,
        rest: &[ntp::GENERATE_AUTOKEY.resource()],
        known: Known::Documented("manualshive: Appliance Administration Guide, p. 44 @7.3"),
        run: call::<Generate>(),
    },
    Command {
        syntax: "sysconf ntp autokeyAuth install -idscheme|-i <idscheme:IFF|GQ|MV> -keyfile|-k <filename>",
        help: "Install the identity scheme of a server",
        options: &[
            ("-idscheme", "Identity scheme"),
            ("-keyfile", "Name of a file that lies among your files on the appliance"),
        ],
        roles: Role::OPERATOR,
        rest: &[users::FILES.resource(), ntp::INSTALL_SCHEME.resource()],
        known: Known::Documented("manualshive: Appliance Administration Guide, p. 44 @7.3"),
        run: call::<Install>(),
    },
    Command {
        syntax: "sysconf ntp symmetricAuth key add -id|-i <keyid:1-65535> {-algorithm|-a <algorithm:SHA256|SHA384|SHA512|SHA3-224|SHA3-256|SHA3-384|SHA3-512|AES128|AES256> | -type|-t <keytype:M|S|A|N>} [-value|-v <ntp_secret> | -length|-l <length:128-4096>]",
        help: "Add a shared key",
        options: &[
            ("-id", "Number of the key, the same on the server"),
            ("-algorithm", "Algorithm of the key (software 7.9.0 and newer)"),
            (
                "-type",
                "Kind of the key (before 7.9.0): M and A are text, S and N are 64-bit numbers",
            ),
            ("-value", "The key; asked for when left out"),
            ("-length", "Bits of a key that the appliance makes itself"),
        ],
        roles: Role::OPERATOR,
        rest: &[ntp::ADD_KEY.resource()],
        known: Known::Documented("lunash/commands/sysconf/sysconf_ntp_symmetricauth_key_add.htm"),
        run: call::<KeyAdd>(),
    },
    Command {
        syntax: "sysconf ntp symmetricAuth key clear [-force|-f]",
        help: "Delete all shared keys",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[ntp::CLEAR_KEYS.resource()],
        known: Known::Documented(
            "lunash/commands/sysconf/sysconf_ntp_symmetricauth_key_clear.htm@7.2",
        ),
        run: call::<KeyClear>(),
    },
    Command {
        syntax: "sysconf ntp symmetricAuth key delete -id|-i <keyid:1-65535> [-force|-f]",
        help: "Delete a shared key",
        options: &[("-id", "Number of the key")],
        roles: Role::OPERATOR,
        rest: &[ntp::DELETE_KEY.resource()],
        known: Known::Documented(
            "lunash/commands/sysconf/sysconf_ntp_symmetricauth_key_delete.htm@7.2",
        ),
        run: call::<KeyDelete>(),
    },
    Command {
        syntax: "sysconf ntp symmetricAuth key list",
        help: "List the shared keys, without their values",
        options: &[],
        roles: Role::MONITOR,
        rest: &[ntp::KEYS.resource()],
        known: Known::Documented(
            "lunash/commands/sysconf/sysconf_ntp_symmetricauth_key_list.htm@7.2",
        ),
        run: call::<KeyList>(),
    },
    Command {
        syntax: "sysconf ntp symmetricAuth trustedkeys add -id|-i <keyid:1-65535>",
        help: "Trust a shared key",
        options: &[("-id", "Number of the key")],
        roles: Role::OPERATOR,
        rest: &[ntp::TRUST_KEY.resource()],
        known: Known::Documented(
            "lunash/commands/sysconf/sysconf_ntp_symmetricauth_trustedkeys_add.htm@7.2",
        ),
        run: call::<TrustAdd>(),
    },
    Command {
        syntax: "sysconf ntp symmetricAuth trustedkeys clear [-force|-f]",
        help: "Trust no shared key any longer",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[ntp::CLEAR_TRUST.resource()],
        known: Known::Documented(
            "lunash/commands/sysconf/sysconf_ntp_symmetricauth_trustedkeys_clear.htm@7.2",
        ),
        run: call::<TrustClear>(),
    },
    Command {
        syntax: "sysconf ntp symmetricAuth trustedkeys delete -id|-i <keyid:1-65535> [-force|-f]",
        help: "Trust a shared key no longer",
        options: &[("-id", "Number of the key")],
        roles: Role::OPERATOR,
        rest: &[ntp::DISTRUST_KEY.resource()],
        known: Known::Documented(
            "lunash/commands/sysconf/sysconf_ntp_symmetricauth_trustedkeys_delete.htm@7.2",
        ),
        run: call::<TrustDelete>(),
    },
    Command {
        syntax: "sysconf ntp symmetricAuth trustedkeys list",
        help: "List the shared keys that are trusted",
        options: &[],
        roles: Role::MONITOR,
        rest: &[ntp::KEYS.resource()],
        known: Known::Documented(
            "lunash/commands/sysconf/sysconf_ntp_symmetricauth_trustedkeys_list.htm@7.2",
        ),
        run: call::<TrustList>(),
    },
];

#[derive(Deserialize)]
struct Generate {
    password: Option<Secret>,
}

impl Run<Session> for Generate {
    type View = Message;

    fn run(self, session: &mut Session) -> Result<Message, Failure> {
        let question = Question {
            text: "Please enter a password for the AutoKey key:\n> ",
            again: Some("Please enter it again:\n> "),
            variable: "NTP_PASSWORD",
            option: "-password",
        };
        let password = session.ui().secret(self.password, question)?;
        session
            .client()
            .call(&GENERATE_AUTOKEY, &[], &Autokey { password })
            .map_err(refused_in_detail)?;
        Ok(Message::new(format!("AutoKey key generated; {RESTART}.")))
    }
}

#[derive(Deserialize)]
struct Install {
    idscheme: String,
    keyfile: String,
}

impl Run<Session> for Install {
    type View = Message;

    fn run(self, session: &mut Session) -> Result<Message, Failure> {
        let file = session.provide(&self.keyfile)?;
        let scheme = Scheme { scheme: self.idscheme, file };
        session.client().call(&INSTALL_SCHEME, &[], &scheme).map_err(refused_in_detail)?;
        Ok(Message::new(format!("Identity scheme {} installed; {RESTART}.", scheme.scheme)))
    }
}

#[derive(Deserialize)]
struct KeyAdd {
    id: u16,
    algorithm: Option<String>,
    r#type: Option<String>,
    value: Option<Secret>,
    length: Option<u16>,
}

impl Run<Session> for KeyAdd {
    type View = Message;

    fn run(self, session: &mut Session) -> Result<Message, Failure> {
        let question = Question {
            text: "Please enter the key:\n> ",
            again: Some("Please enter it again:\n> "),
            variable: "NTP_KEY",
            option: "-value",
        };
        let value = match self.length {
            Some(_) => None,
            None => Some(session.ui().secret(self.value, question)?),
        };
        let kind = self.algorithm.or(self.r#type).unwrap_or_default();
        let key = NewKey { id: self.id, kind, value, length: self.length };
        session.client().call(&ADD_KEY, &[], &key).map_err(refused_in_detail)?;
        Ok(Message::new(format!("NTP symmetric key {} added.", self.id)))
    }
}

#[derive(Deserialize)]
struct KeyClear {
    force: bool,
}

impl Run<Session> for KeyClear {
    type View = Message;

    fn run(self, session: &mut Session) -> Result<Message, Failure> {
        let question = warning("This command deletes all NTP symmetric keys.");
        session.confirm_aloud(self.force, &format!("\n\n{question}"))?;
        session.call(&CLEAR_KEYS, &[], &Nothing {})?;
        Ok(Message::new("You must restart NTP for the changes to take effect."))
    }
}

#[derive(Deserialize)]
struct KeyDelete {
    id: u16,
    /// Nothing is asked; the page has it.
    #[expect(dead_code, reason = "an option that changes nothing")]
    force: bool,
}

impl Run<Session> for KeyDelete {
    type View = Message;

    fn run(self, session: &mut Session) -> Result<Message, Failure> {
        let id = self.id.to_string();
        session.client().call(&DELETE_KEY, &[&id], &Nothing {}).map_err(refused_in_detail)?;
        Ok(Message::new(format!("{id} deleted")))
    }
}

#[derive(Deserialize)]
struct KeyList {}

/// The keys, without their values.
#[derive(Serialize)]
struct Keys {
    keys: Vec<Key>,
}

/// A key.
#[derive(Serialize)]
struct Key {
    id: u16,
    r#type: String,
    trusted: bool,
}

fn keys(session: &Session) -> Result<Keys, Failure> {
    let keys = session.get(&KEYS, &[])?.keys;
    let key = |key: luna_rest::ntp::Key| Key { id: key.id, r#type: key.kind, trusted: key.trusted };
    Ok(Keys { keys: keys.into_iter().map(key).collect() })
}

impl Run<Session> for KeyList {
    type View = Keys;

    fn run(self, session: &mut Session) -> Result<Keys, Failure> {
        keys(session)
    }
}

impl Text for Keys {
    fn write(&self, page: &mut Page) {
        let rule = "=".repeat(33);
        page.line(format!("NTP Symmetric Authentication Keys:\n{rule}\n"));
        page.line(format!("keyId keyType KeyValue\n{rule}"));
        self.keys.iter().for_each(|key| page.line(format!("{} {} *****", key.id, key.r#type)));
        page.line(rule);
    }
}

#[derive(Deserialize)]
struct TrustAdd {
    id: u16,
}

impl Run<Session> for TrustAdd {
    type View = Message;

    fn run(self, session: &mut Session) -> Result<Message, Failure> {
        let id = self.id.to_string();
        session.client().call(&TRUST_KEY, &[&id], &Nothing {}).map_err(refused_in_detail)?;
        Ok(Message::new(format!("NTP trusted key {id} added.")))
    }
}

#[derive(Deserialize)]
struct TrustClear {
    force: bool,
}

impl Run<Session> for TrustClear {
    type View = Untold<Message>;

    fn run(self, session: &mut Session) -> Result<Untold<Message>, Failure> {
        let question = warning("This command deletes all NTP symmetric trusted keys.");
        session.confirm_and_end(self.force, &question)?;
        session.call(&CLEAR_TRUST, &[], &Nothing {})?;
        Ok(Untold(Message::new("NTP trusted keys cleared.")))
    }
}

#[derive(Deserialize)]
struct TrustDelete {
    id: u16,
    /// Nothing is asked; the page has it.
    #[expect(dead_code, reason = "an option that changes nothing")]
    force: bool,
}

impl Run<Session> for TrustDelete {
    type View = Message;

    fn run(self, session: &mut Session) -> Result<Message, Failure> {
        let id = self.id.to_string();
        session.client().call(&DISTRUST_KEY, &[&id], &Nothing {}).map_err(refused_in_detail)?;
        Ok(Message::new(format!("{id} deleted")))
    }
}

#[derive(Deserialize)]
struct TrustList {}

/// The numbers of the trusted keys.
#[derive(Serialize)]
struct Trusted {
    keys: Vec<u16>,
}

impl Run<Session> for TrustList {
    type View = Trusted;

    fn run(self, session: &mut Session) -> Result<Trusted, Failure> {
        let keys = keys(session)?.keys;
        Ok(Trusted { keys: keys.iter().filter(|key| key.trusted).map(|key| key.id).collect() })
    }
}

impl Text for Trusted {
    /// Assumed: the numbers, as the daemon's configuration has them.
    fn write(&self, page: &mut Page) {
        let keys: String = self.keys.iter().map(|key| format!(" {key}")).collect();
        page.line(format!("current trustedkeys:{keys}"));
    }
}
