//! What travels between slots of one cloning domain: objects, and the SKS master keys of version 1
//! partitions. It is sealed under the domain, so it says nothing to anybody else.

use luna_rest::objects::Used;
use luna_rest::tokens::refusal::DOMAIN;
use serde::{Deserialize, Serialize};

use crate::core::message::Failure;
use crate::cryptoki::seal::SealingKey;
use crate::request::context::Context;
use crate::rules::objects::slot::{New, Slot, wire};
use crate::rules::partition::access::{not_allowed, partition, partition_mut};
use crate::rules::partition::contents::of_domain;
use crate::state::objects::ContentsRow;
use crate::state::partition_policies::{PRIVATE_KEY_CLONING, SECRET_KEY_CLONING};

/// An object on its way to another slot of its cloning domain.
#[derive(Serialize, Deserialize)]
struct Clone {
    /// Its unique identifier, which the clone has too.
    uid: String,
    contents: ContentsRow,
}

/// The key of the first cloning domain of a partition.
fn domain_key(cx: &Context<'_>, serial: &str) -> Result<SealingKey, Failure> {
    let domain = partition(cx, serial)?.domains.first();
    let domain = domain.ok_or_else(|| not_allowed("The partition has no cloning domain."))?;
    Ok(of_domain(&domain.hash))
}

fn other_domain() -> Failure {
    Failure::new(422, DOMAIN, "The cloning domains differ.")
        .details("It comes from a partition of another cloning domain.")
}

/// The partition of a slot, and whether an object of this class may be cloned there.
fn cloning<'s>(cx: &Context<'_>, slot: &'s Slot, class: &str) -> Result<&'s str, Failure> {
    let Slot::Partition(serial) = slot else {
        // Assumed: the members of a cluster have the same keyrings already.
        return Err(not_allowed("Objects of keyrings are not cloned."));
    };
    if !cx.state.hsm.cloning_allowed() {
        return Err(not_allowed("HSM policy 7 (Allow cloning) is off."));
    }
    match class {
        "CKO_PRIVATE_KEY" => {
            slot.require_policy(cx, PRIVATE_KEY_CLONING, "Allow private key cloning")?;
        }
        "CKO_SECRET_KEY" => {
            slot.require_policy(cx, SECRET_KEY_CLONING, "Allow secret key cloning")?;
        }
        _ => {}
    }
    Ok(serial)
}

pub(super) fn give(
    cx: &mut Context<'_>,
    slot: &Slot,
    uid: String,
    mut contents: ContentsRow,
) -> Result<Used, Failure> {
    let attributes = wire(&contents);
    slot.require_change(cx, true)?;
    let serial = cloning(cx, slot, attributes.text("CKA_CLASS"))?;
    let value = slot.value(cx, &uid, &contents)?;
    let key = domain_key(cx, serial)?;
    if let Some(value) = value {
        contents.sealed = key.seal(&uid, &value)?;
    }
    let whole = serde_json::to_vec(&Clone { uid, contents });
    let whole = whole.map_err(|error| Failure::internal(error.to_string()))?;
    // Sealed as a whole: nothing of it can be changed on its way.
    let sealed = key.seal("clone", &whole)?;
    Ok(Used { data: sealed.into(), handle: None })
}

/// Keeps an object that another slot of the same cloning domain gave out: its handle, that of the object
/// that is there already where it was cloned before.
pub(super) fn take(cx: &mut Context<'_>, slot: &Slot, clone: &str) -> Result<u32, Failure> {
    slot.require_change(cx, true)?;
    let serial = cloning(cx, slot, "")?;
    let domains = partition(cx, serial)?.domains.clone();
    let opened = domains.iter().find_map(|domain| {
        let key = of_domain(&domain.hash);
        let whole = key.open("clone", clone)?;
        Some((key, serde_json::from_slice::<Clone>(&whole).ok()?))
    });
    let Some((key, Clone { uid, contents })) = opened else {
        return Err(other_domain());
    };
    let there = cx.state.partitions.objects_of(serial).find(|(_, row)| row.uid == uid);
    if let Some((handle, _)) = there {
        return Ok(handle);
    }
    let attributes = wire(&contents);
    cloning(cx, slot, attributes.text("CKA_CLASS"))?;
    let value = match contents.sealed.is_empty() {
        true => None,
        false => {
            let lost = || Failure::internal("The value of a clone cannot be decrypted.");
            Some(key.open(&uid, &contents.sealed).ok_or_else(lost)?)
        }
    };
    slot.keep(cx, New { attributes, value, uid: Some(uid) })
}

/// The partition of a slot, where it has SKS master keys.
fn version_1<'s>(cx: &mut Context<'_>, slot: &'s Slot) -> Result<&'s str, Failure> {
    slot.require_change(cx, true)?;
    let serial = cloning(cx, slot, "")?;
    match partition(cx, serial)?.version {
        1 => Ok(serial),
        _ => Err(not_allowed("Only partitions of version 1 have SKS master keys.")),
    }
}

/// Gives the SKS master key of a partition out.
pub(super) fn give_smk(cx: &mut Context<'_>, slot: &Slot) -> Result<Used, Failure> {
    let serial = version_1(cx, slot)?;
    let smk = partition(cx, serial)?.smk_id.clone();
    if smk.is_empty() {
        return Err(not_allowed("The partition has no SKS master key yet."));
    }
    let sealed = domain_key(cx, serial)?.seal("smk", smk.as_bytes())?;
    Ok(Used { data: sealed.into(), handle: None })
}

/// Puts the SKS master key of another slot in the place of this slot's.
pub(super) fn take_smk(cx: &mut Context<'_>, slot: &Slot, clone: &str) -> Result<(), Failure> {
    let serial = version_1(cx, slot)?;
    let domains = partition(cx, serial)?.domains.iter();
    let opened =
        domains.map(|domain| of_domain(&domain.hash)).find_map(|key| key.open("smk", clone));
    let smk =
        opened.and_then(|smk| String::from_utf8(smk.to_vec()).ok()).ok_or_else(other_domain)?;
    partition_mut(cx, serial)?.smk_id = smk;
    Ok(())
}
