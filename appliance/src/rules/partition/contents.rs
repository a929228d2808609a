//! The values of a partition's objects: the key that seals them there, and how they travel to a partition
//! or a backup of the same cloning domain.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use luna_rest::Secret;

use crate::core::message::Failure;
use crate::core::password::PasswordHash;
use crate::cryptoki::seal::SealingKey;
use crate::request::context::Context;
use crate::rules::partition::access::{partition, partition_mut};
use crate::state::partitions::ObjectRow;

/// The key from its stored form.
pub(crate) fn sealing(stored: &str) -> Result<SealingKey, Failure> {
    let bytes = BASE64_STANDARD.decode(stored).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.map(SealingKey::of).ok_or_else(|| Failure::internal("A key in the store is damaged."))
}

/// The key of a partition; made when it is first needed.
pub(crate) fn key(cx: &mut Context<'_>, serial: &str) -> Result<SealingKey, Failure> {
    if partition(cx, serial)?.key.is_empty() {
        let key = Secret::from(BASE64_STANDARD.encode(cx.random().block()));
        partition_mut(cx, serial)?.key = key;
    }
    sealing(partition(cx, serial)?.key.expose())
}

/// The key that every partition and backup of a cloning domain has.
pub(crate) fn of_domain(domain: &PasswordHash) -> SealingKey {
    SealingKey::derived("cloning", &domain.domain_mark())
}

fn lost() -> Failure {
    Failure::internal("The value of an object cannot be decrypted.")
}

/// An object of a partition as it leaves for its cloning domain.
pub(crate) fn give_out(
    cx: &mut Context<'_>,
    serial: &str,
    domain: &PasswordHash,
    mut object: ObjectRow,
) -> Result<ObjectRow, Failure> {
    if !object.contents.sealed.is_empty() {
        let value = key(cx, serial)?.open(&object.uid, &object.contents.sealed).ok_or_else(lost)?;
        object.contents.sealed = of_domain(domain).seal(&object.uid, &value)?;
    }
    Ok(object)
}

/// The same object as it is kept in a partition.
pub(crate) fn take_in(
    cx: &mut Context<'_>,
    serial: &str,
    domain: &PasswordHash,
    mut object: ObjectRow,
) -> Result<ObjectRow, Failure> {
    if !object.contents.sealed.is_empty() {
        let opened = of_domain(domain).open(&object.uid, &object.contents.sealed);
        object.contents.sealed = key(cx, serial)?.seal(&object.uid, &opened.ok_or_else(lost)?)?;
    }
    Ok(object)
}
