//! The slot of a request, a partition or a keyring: who may do what with its objects, and where they
//! are kept.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use luna_rest::Secret;
use luna_rest::objects::{Attributes, Value as Attribute, refusal};
use luna_rest::partitions::refusal as partitions;
use zeroize::Zeroizing;

use crate::core::message::Failure;
use crate::core::random::hex;
use crate::cryptoki::attributes::Rules;
use crate::cryptoki::keys::{Key, Value};
use crate::cryptoki::refuse;
use crate::cryptoki::seal::SealingKey;
use crate::request::context::Context;
use crate::rules::cluster::access::require_writes;
use crate::rules::cluster::keyring_clients::{keyring, object_uid, require};
use crate::rules::cluster::keyrings::most_objects;
use crate::rules::partition::access::{not_allowed, partition, require_initialized, usable};
use crate::rules::partition::contents;
use crate::rules::partition::login::require_role;
use crate::rules::partition::objects::{TYPES, put};
use crate::state::hsm_policies::NON_FIPS;
use crate::state::objects::{AttributeRow, ContentsRow};
use crate::state::partition_policies::policy;
use crate::state::partitions::{ObjectRow, object_key};

/// Partition policy: a key may have several uses.
const MULTIPURPOSE: u32 = 10;
/// Partition policy: attributes of keys may be changed.
const CHANGES: u32 = 11;
/// Partition policy: algorithms that FIPS does not approve.
const PARTITION_NON_FIPS: u32 = 43;

/// What a slot is.
#[derive(Clone)]
pub(super) enum Slot {
    /// A partition, by its serial number.
    Partition(String),
    /// A keyring, by its UUID.
    Keyring(String),
}

/// How far a session may go.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// Nobody is logged in: public objects, to be seen and used.
    Public,
    /// The Crypto User: uses private objects too, and makes public ones.
    User,
    /// An officer: everything.
    Officer,
}

/// An object as it is kept.
pub(super) struct Kept<'s> {
    pub(super) handle: u32,
    label: Cow<'s, str>,
    kind: Cow<'s, str>,
    private: bool,
    uid: Cow<'s, str>,
    contents: Option<&'s ContentsRow>,
}

/// An object that is to be kept.
pub(super) struct New {
    pub(super) attributes: Attributes,
    pub(super) value: Option<Value>,
    /// That of the original where it is a clone.
    pub(super) uid: Option<String>,
}

/// The slot of a path, if this session may see it.
pub(super) fn slot(cx: &Context<'_>, ids: [&str; 2]) -> Result<Slot, Failure> {
    cx.require_operable()?;
    let [owner, slot] = ids;
    let of_cluster = !cx.session().client.is_empty();
    if of_cluster {
        return Ok(Slot::Keyring(keyring(cx, owner, slot)?.to_owned()));
    }
    let serial = usable(cx, owner, slot)?;
    require_initialized(partition(cx, serial)?)?;
    Ok(Slot::Partition(serial.to_owned()))
}

fn lost() -> Failure {
    Failure::internal("The value of an object cannot be decrypted.")
}

fn not_logged_in() -> Failure {
    Failure::new(401, partitions::NOT_LOGGED_IN, "The role is not logged in.")
        .details("The Crypto Officer, or the Crypto User, must be logged in.")
}

impl Slot {
    /// How far this session may go.
    ///
    /// # Errors
    /// A role is logged in whose password has to be changed first.
    pub(super) fn level(&self, cx: &mut Context<'_>) -> Result<Level, Failure> {
        let role = match self {
            Slot::Partition(serial) => cx.session().partition_logins.get(serial).cloned(),
            Slot::Keyring(uuid) => cx.session().keyring_logins.get(uuid).cloned(),
        };
        let Some(role) = role else { return Ok(Level::Public) };
        match self {
            Slot::Partition(serial) => require_role(cx, serial, &[&role])?,
            Slot::Keyring(uuid) => require(cx, uuid, &role)?,
        }
        Ok(match role.as_str() {
            // Assumed: the Limited Crypto Officer goes as far as the Crypto Officer with objects.
            "co" | "lco" => Level::Officer,
            "cu" => Level::User,
            _ => Level::Public,
        })
    }

    /// Goes on only where this session may change what is kept.
    pub(super) fn require_change(
        &self,
        cx: &mut Context<'_>,
        private: bool,
    ) -> Result<(), Failure> {
        let needed = if private { Level::Officer } else { Level::User };
        if self.level(cx)? < needed {
            let who = match (self, private) {
                (Slot::Keyring(_), _) => "The Keyring Crypto Officer",
                (_, true) => "The Crypto Officer or the Limited Crypto Officer",
                (_, false) => "The Crypto Officer or the Crypto User",
            };
            return Err(not_logged_in().details(format!("{who} must be logged in.")));
        }
        match self {
            Slot::Partition(_) => Ok(()),
            Slot::Keyring(_) => require_writes(cx),
        }
    }

    /// Whether only approved algorithms are carried out.
    pub(super) fn fips(&self, cx: &Context<'_>) -> bool {
        let of_hsm = cx.state.hsm.policy(NON_FIPS) == 0;
        of_hsm || self.policy(cx, PARTITION_NON_FIPS) == 0
    }

    /// The value of a partition's policy; of a keyring that which a new partition has (assumed).
    pub(super) fn policy(&self, cx: &Context<'_>, number: u32) -> u32 {
        match self {
            Slot::Partition(serial) => partition(cx, serial).map_or(0, |row| policy(row, number)),
            Slot::Keyring(_) => policy(&Default::default(), number),
        }
    }

    /// Goes on only where a policy is on.
    pub(super) fn require_policy(
        &self,
        cx: &Context<'_>,
        number: u32,
        name: &str,
    ) -> Result<(), Failure> {
        if self.policy(cx, number) != 0 {
            return Ok(());
        }
        Err(not_allowed(format!("Partition policy {number} ({name}) is off.")))
    }

    /// What its policies say of attributes.
    pub(super) fn rules(&self, cx: &Context<'_>) -> Rules {
        Rules {
            multipurpose: self.policy(cx, MULTIPURPOSE) != 0,
            changes: self.policy(cx, CHANGES) != 0,
        }
    }

    /// The objects that this session sees, by handle.
    pub(super) fn visible<'s>(
        &'s self,
        cx: &'s Context<'_>,
        level: Level,
    ) -> Box<dyn Iterator<Item = Kept<'s>> + 's> {
        let all = level > Level::Public;
        match self {
            Slot::Partition(serial) => Box::new(
                cx.state
                    .partitions
                    .objects_of(serial)
                    .filter(move |(_, row)| all || !row.private)
                    .map(|(handle, row)| of_row(handle, row)),
            ),
            Slot::Keyring(uuid) => {
                let objects = cx.state.keyrings.objects_of(uuid).map(|object| {
                    let kind = TYPES.get(usize::from(object.2)).map_or("", |(kind, _)| kind);
                    let contents = cx.state.keyrings.contents_of(uuid, object.0);
                    let private = contents.is_none_or(|row| {
                        row.attributes.get("CKA_PRIVATE") == Some(&AttributeRow::Flag(true))
                    });
                    Kept {
                        handle: object.0,
                        label: object.1.into(),
                        kind: kind.into(),
                        private,
                        uid: object_uid(uuid, object.0).into(),
                        contents,
                    }
                });
                Box::new(objects.filter(move |kept| all || !kept.private))
            }
        }
    }

    /// An object by its handle, if this session sees it.
    pub(super) fn find<'s>(
        &'s self,
        cx: &'s Context<'_>,
        level: Level,
        handle: &str,
    ) -> Result<Kept<'s>, Failure> {
        let none = || {
            let details = format!("There is no object with the handle {handle} to be seen.");
            refuse(refusal::OBJECT_HANDLE_INVALID, details)
        };
        let number: u32 = handle.parse().map_err(|_| none())?;
        let found = match self {
            Slot::Partition(serial) => {
                let key = object_key(serial, number);
                cx.state.partitions.objects.get(&key).map(|row| of_row(number, row))
            }
            Slot::Keyring(_) => self.visible(cx, level).find(|kept| kept.handle == number),
        };
        found.filter(|kept| level > Level::Public || !kept.private).ok_or_else(none)
    }

    /// The key that seals its values; made when it is first needed.
    fn key(&self, cx: &mut Context<'_>) -> Result<SealingKey, Failure> {
        match self {
            Slot::Partition(serial) => contents::key(cx, serial),
            Slot::Keyring(uuid) => {
                let row = cx.state.keyrings.keyrings.get(uuid);
                if row.is_some_and(|row| row.key.is_empty()) {
                    let key = Secret::from(BASE64_STANDARD.encode(cx.random().block()));
                    if let Some(row) = cx.state.keyrings.keyrings.get_mut(uuid) {
                        row.key = key;
                    }
                }
                let row = cx.state.keyrings.keyrings.get(uuid);
                contents::sealing(row.map_or("", |row| row.key.expose()))
            }
        }
    }

    /// The secret value of an object.
    pub(super) fn value(
        &self,
        cx: &mut Context<'_>,
        uid: &str,
        contents: &ContentsRow,
    ) -> Result<Option<Value>, Failure> {
        if contents.sealed.is_empty() {
            return Ok(None);
        }
        let opened = self.key(cx)?.open(uid, &contents.sealed);
        opened.map(Some).ok_or_else(lost)
    }

    /// Reads the key of an object, with nothing of the state: at once if it was used lately.
    ///
    /// # Errors
    /// The key that seals values is damaged.
    pub(super) fn key_reader(
        &self,
        cx: &mut Context<'_>,
        uid: String,
        sealed: String,
        own: Attributes,
    ) -> Result<impl FnOnce() -> Result<Arc<Key>, Failure> + Send + use<>, Failure> {
        let sealing = (!sealed.is_empty()).then(|| self.key(cx)).transpose()?;
        let keys = Arc::clone(cx.keys);
        Ok(move || match sealing {
            None => Key::read(&own, None).map(Arc::new),
            Some(sealing) => keys.key(&sealed, || {
                let value = sealing.open(&uid, &sealed).ok_or_else(lost)?;
                Key::read(&own, Some(value))
            }),
        })
    }

    /// Keeps a new object: its handle.
    pub(super) fn keep(&self, cx: &mut Context<'_>, new: New) -> Result<u32, Failure> {
        let label = new.attributes.text("CKA_LABEL").to_owned();
        let kind = kind_of(new.attributes.text("CKA_CLASS"));
        let size = size(kind, &new);
        let seal = |cx: &mut Context<'_>, uid: &str| {
            let sealed = match &new.value {
                Some(value) => self.key(cx)?.seal(uid, value)?,
                None => String::new(),
            };
            Ok(ContentsRow { attributes: stored(&new.attributes), sealed })
        };
        match self {
            Slot::Partition(serial) => {
                let (_, used) = cx.state.partitions.contents(serial);
                let free = partition(cx, serial)?.size.saturating_sub(used);
                if size > free {
                    let full = "The partition is full.";
                    return Err(Failure::new(409, partitions::NO_SPACE, full)
                        .details(format!("{free} bytes are free in the partition.")));
                }
                let uid = match new.uid.clone() {
                    Some(uid) => uid,
                    None => hex(&cx.random().bytes::<12>()),
                };
                let contents = seal(cx, &uid)?;
                let private = new.attributes.flag("CKA_PRIVATE");
                let row = ObjectRow { label, kind: kind.to_owned(), uid, private, size, contents };
                put(cx, serial, row)
            }
            Slot::Keyring(uuid) => {
                let there = cx.state.keyrings.keyrings.get(uuid).map_or(0, |row| row.objects);
                if let Some(most) = most_objects(cx).filter(|most| there >= *most) {
                    return Err(crate::rules::cluster::access::refuse(
                        luna_rest::clusters::refusal::LIMIT,
                        format!("A keyring holds at most {most} objects; there are {there}."),
                    ));
                }
                let number = TYPES.iter().zip(0_u8..).find(|((name, _), _)| *name == kind);
                let number = number.map_or(0, |(_, number)| number);
                let handle = cx.state.keyrings.add(uuid, vec![(label.clone(), number)]);
                let contents = seal(cx, &object_uid(uuid, handle))?;
                cx.state.keyrings.set_contents(uuid, handle, &label, contents);
                Ok(handle)
            }
        }
    }

    /// Puts new attributes in the place of those of an object.
    pub(super) fn change(
        &self,
        cx: &mut Context<'_>,
        handle: u32,
        contents: ContentsRow,
        label: &str,
    ) {
        match self {
            Slot::Partition(serial) => {
                let key = object_key(serial, handle);
                if let Some(row) = cx.state.partitions.objects.get_mut(&key) {
                    label.clone_into(&mut row.label);
                    row.contents = contents;
                }
            }
            Slot::Keyring(uuid) => cx.state.keyrings.set_contents(uuid, handle, label, contents),
        }
    }

    /// Removes an object.
    pub(super) fn remove(&self, cx: &mut Context<'_>, handle: u32) {
        match self {
            Slot::Partition(serial) => {
                cx.state.partitions.objects.remove(&object_key(serial, handle));
            }
            Slot::Keyring(uuid) => cx.state.keyrings.remove(uuid, handle),
        }
    }
}

fn of_row(handle: u32, row: &ObjectRow) -> Kept<'_> {
    Kept {
        handle,
        label: (&*row.label).into(),
        kind: (&*row.kind).into(),
        private: row.private,
        uid: (&*row.uid).into(),
        contents: Some(&row.contents).filter(|contents| !contents.attributes.is_empty()),
    }
}

/// The types of objects of the REST API, and their classes.
const KINDS: [(&str, &str); 5] = [
    ("Symmetric Key", "CKO_SECRET_KEY"),
    ("Private Key", "CKO_PRIVATE_KEY"),
    ("Public Key", "CKO_PUBLIC_KEY"),
    ("Certificate", "CKO_CERTIFICATE"),
    ("Data", "CKO_DATA"),
];

fn kind_of(class: &str) -> &'static str {
    KINDS.iter().find(|(_, known)| *known == class).map_or("Data", |(kind, _)| kind)
}

fn class_of(kind: &str) -> &'static str {
    KINDS.iter().find(|(known, _)| *known == kind).map_or("CKO_DATA", |(_, class)| class)
}

/// Bytes that an object takes: those that were recorded for a key of its kind (`TYPES`), and by how much its
/// own parts are longer or shorter than that key's. Assumed.
fn size(kind: &str, new: &New) -> u64 {
    let usual = TYPES.iter().find(|(known, _)| *known == kind).map_or(300, |(_, size)| *size);
    // Bytes of AES-256, of RSA-2048 in PKCS#8, of its modulus, of a common certificate.
    let (parts, of_usual) = match kind {
        "Symmetric Key" => (new.value.as_ref().map_or(0, |value| value.len()), 32),
        "Private Key" => (new.value.as_ref().map_or(0, |value| value.len()), 1218),
        "Public Key" => {
            let digits = new.attributes.text("CKA_MODULUS").len()
                + new.attributes.text("CKA_EC_POINT").len();
            (digits / 2, 256)
        }
        "Certificate" => (new.attributes.text("CKA_VALUE").len() / 2, 800),
        _ => (new.value.as_ref().map_or(0, |value| value.len()), 0),
    };
    (usual + parts as u64).saturating_sub(of_usual).max(64)
}

impl Kept<'_> {
    /// Its attributes; of an object that was only counted in those few that are known.
    pub(super) fn attributes(&self) -> Attributes {
        match self.contents {
            Some(contents) => wire(contents),
            None => Attributes::of([
                ("CKA_CLASS", class_of(&self.kind).into()),
                ("CKA_TOKEN", true.into()),
                ("CKA_PRIVATE", self.private.into()),
                ("CKA_LABEL", self.label.as_ref().into()),
            ]),
        }
    }

    /// Whether it has all that a template names.
    pub(super) fn matches(&self, template: &Attributes) -> bool {
        let Some(contents) = self.contents else {
            let own = self.attributes();
            return template.0.iter().all(|(name, value)| match name.as_str() {
                "CKA_OUID" => *value == Attribute::from(self.uid.as_ref()),
                _ => own.get(name) == Some(value),
            });
        };
        template.0.iter().all(|(name, value)| {
            let own = contents.attributes.get(name);
            match (own, value) {
                (Some(AttributeRow::Flag(own)), Attribute::Flag(value)) => own == value,
                (Some(AttributeRow::Number(own)), Attribute::Number(value)) => own == value,
                (Some(AttributeRow::Text(own)), Attribute::Text(value)) => own == value,
                (None, Attribute::Text(value)) => name == "CKA_OUID" && *value == self.uid,
                _ => false,
            }
        })
    }

    /// Its unique identifier.
    pub(super) fn uid(&self) -> &str {
        &self.uid
    }

    /// What it is made of; empty where it was only counted in.
    pub(super) fn contents(&self) -> ContentsRow {
        self.contents.cloned().unwrap_or_default()
    }
}

/// Attributes as they are kept.
pub(super) fn stored(attributes: &Attributes) -> BTreeMap<String, AttributeRow> {
    let row = |value: &Attribute| match value {
        Attribute::Flag(flag) => AttributeRow::Flag(*flag),
        Attribute::Number(number) => AttributeRow::Number(*number),
        Attribute::Text(text) => AttributeRow::Text(text.clone()),
    };
    attributes.0.iter().map(|(name, value)| (name.clone(), row(value))).collect()
}

/// Attributes as the wire has them.
pub(super) fn wire(contents: &ContentsRow) -> Attributes {
    let value = |row: &AttributeRow| match row {
        AttributeRow::Flag(flag) => Attribute::Flag(*flag),
        AttributeRow::Number(number) => Attribute::Number(*number),
        AttributeRow::Text(text) => Attribute::Text(text.clone()),
    };
    Attributes(contents.attributes.iter().map(|(name, row)| (name.clone(), value(row))).collect())
}

/// Bytes from Base64.
pub(super) fn decoded(name: &str, text: &Secret) -> Result<Value, Failure> {
    let bytes = BASE64_STANDARD.decode(text.expose()).map(Zeroizing::new);
    bytes.map_err(|_| Failure::bad_request(format!("'{name}' is not Base64.")))
}
