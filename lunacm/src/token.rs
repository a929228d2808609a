//! The objects of a slot, as applications work with them: found, made, used, deleted.

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use luna_rest::objects::{
    Attributes, CHANGE, CREATE, Change, Create, DESTROY, FIND, Find, FoundObject, GENERATE,
    Generate, Made, Mechanism, Operation, READ, USE, Use, Used,
};
use luna_rest::{Client, Error, Nothing};

use crate::group_token::Group;

/// A slot's objects: those of a partition or a keyring, or of an HA group.
#[derive(Clone)]
pub(crate) enum Token {
    One(Single),
    Group(Arc<Group>),
}

impl Token {
    /// Every object that has all of a template, by handle, with these of its attributes.
    pub(crate) fn find(
        &self,
        template: &Attributes,
        attributes: &[&str],
    ) -> Result<Vec<FoundObject>, Error> {
        match self {
            Token::One(slot) => slot.find(template, attributes),
            Token::Group(group) => group.find(template, attributes),
        }
    }

    /// The attributes of an object that may be read.
    pub(crate) fn read(&self, handle: u32) -> Result<Attributes, Error> {
        match self {
            Token::One(slot) => slot.read(handle),
            Token::Group(group) => group.read(handle),
        }
    }

    /// Makes an object.
    pub(crate) fn create(&self, object: &Create) -> Result<u32, Error> {
        match self {
            Token::One(slot) => slot.create(object),
            Token::Group(group) => group.create(object),
        }
    }

    /// Generates a key or a pair.
    pub(crate) fn generate(&self, generate: &Generate) -> Result<Made, Error> {
        match self {
            Token::One(slot) => slot.generate(generate),
            Token::Group(group) => group.generate(generate),
        }
    }

    /// Changes attributes of an object.
    pub(crate) fn change(&self, handle: u32, attributes: Attributes) -> Result<(), Error> {
        match self {
            Token::One(slot) => slot.change(handle, attributes),
            Token::Group(group) => group.change(handle, &attributes),
        }
    }

    /// Deletes an object.
    pub(crate) fn destroy(&self, handle: u32) -> Result<(), Error> {
        match self {
            Token::One(slot) => slot.destroy(handle),
            Token::Group(group) => group.destroy(handle),
        }
    }

    /// Uses an object.
    pub(crate) fn use_object(
        &self,
        handle: u32,
        operation: Operation,
        body: &Use,
    ) -> Result<Used, Error> {
        match self {
            Token::One(slot) => slot.use_object(handle, operation, body),
            Token::Group(group) => group.use_object(handle, operation, body),
        }
    }

    /// How many operations each member of an HA group has done, by serial number; empty without a group.
    pub(crate) fn load(&self) -> Vec<(String, u64)> {
        match self {
            Token::One(_) => Vec::new(),
            Token::Group(group) => group.load(),
        }
    }

    /// Signs data.
    pub(crate) fn sign(
        &self,
        handle: u32,
        mechanism: &Mechanism,
        data: &[u8],
    ) -> Result<Vec<u8>, Error> {
        let body =
            Use { mechanism: mechanism.clone(), data: encoded(data).into(), ..Use::default() };
        self.use_object(handle, Operation::Sign, &body).map(|used| bytes_of(&used))
    }
}

/// The objects of one partition or keyring.
#[derive(Clone)]
pub(crate) struct Single {
    client: Arc<Client>,
    /// HSM and partition, or cluster and keyring.
    ids: [String; 2],
}

impl Single {
    pub(crate) fn new(client: Arc<Client>, ids: [String; 2]) -> Single {
        Single { client, ids }
    }

    /// The serial number of the partition, or the UUID of the keyring.
    pub(crate) fn slot(&self) -> &str {
        &self.ids[1]
    }

    fn ids(&self) -> [&str; 2] {
        let [owner, slot] = &self.ids;
        [owner, slot]
    }

    /// Every object that has all of a template, by handle, with these of its attributes.
    pub(crate) fn find(
        &self,
        template: &Attributes,
        attributes: &[&str],
    ) -> Result<Vec<FoundObject>, Error> {
        let names: Vec<String> = attributes.iter().map(|name| (*name).to_owned()).collect();
        let mut objects: Vec<FoundObject> = Vec::new();
        loop {
            let after = objects.last().map(|object| object.handle);
            let find =
                Find { template: template.clone(), attributes: names.clone(), after, limit: None };
            let found = self.client.call(&FIND, &self.ids(), &find)?;
            objects.extend(found.objects);
            if !found.more {
                return Ok(objects);
            }
        }
    }

    /// The attributes of an object that may be read.
    pub(crate) fn read(&self, handle: u32) -> Result<Attributes, Error> {
        let [owner, slot] = self.ids();
        Ok(self.client.get(&READ, &[owner, slot, &handle.to_string()])?.attributes)
    }

    /// Makes an object.
    pub(crate) fn create(&self, object: &Create) -> Result<u32, Error> {
        Ok(self.client.call(&CREATE, &self.ids(), object)?.handle)
    }

    /// Generates a key or a pair.
    pub(crate) fn generate(&self, generate: &Generate) -> Result<Made, Error> {
        self.client.call(&GENERATE, &self.ids(), generate)
    }

    /// Changes attributes of an object.
    pub(crate) fn change(&self, handle: u32, attributes: Attributes) -> Result<(), Error> {
        let [owner, slot] = self.ids();
        let change = Change { attributes };
        self.client.call(&CHANGE, &[owner, slot, &handle.to_string()], &change).map(drop)
    }

    /// Deletes an object.
    pub(crate) fn destroy(&self, handle: u32) -> Result<(), Error> {
        let [owner, slot] = self.ids();
        self.client.call(&DESTROY, &[owner, slot, &handle.to_string()], &Nothing {}).map(drop)
    }

    /// Uses an object.
    pub(crate) fn use_object(
        &self,
        handle: u32,
        operation: Operation,
        body: &Use,
    ) -> Result<Used, Error> {
        let [owner, slot] = self.ids();
        let ids = [owner, slot, &handle.to_string(), operation.word()];
        self.client.call(&USE, &ids, body)
    }
}

/// Bytes in Base64.
pub(crate) fn encoded(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes)
}

/// The bytes that an operation gave; none where they are damaged, which no appliance sends.
pub(crate) fn bytes_of(used: &Used) -> Vec<u8> {
    BASE64_STANDARD.decode(used.data.expose()).unwrap_or_default()
}

/// Bytes in lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of hexadecimal digits.
pub(crate) fn from_hex(digits: &str) -> Option<Vec<u8>> {
    let pair = |pair: &[u8]| {
        let pair = std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?;
        u8::from_str_radix(pair, 16).ok()
    };
    digits.as_bytes().chunks(2).map(pair).collect()
}
