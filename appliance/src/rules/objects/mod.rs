//! What applications do with objects: `/emulator/slots`, for partitions and keyrings alike.
//!
//! The rules of PKCS#11 are in `crate::cryptoki`; here is who may, by roles, policies and attributes, and
//! what is kept. Long work is done while other requests are answered (`Context::compute`).

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use luna_rest::objects::{
    Attributes, CHANGE, CREATE, Change, Create, DESTROY, DIGEST, FIND, Find, Found, FoundObject,
    GENERATE, GIVE_SMK, Generate, MECHANISMS, Made, Mechanisms, Operation, RANDOM, READ, Random,
    SmkClone, TAKE_SMK, USE, Use, Used, Value as Attribute, refusal,
};
use luna_rest::{Nothing, Secret};

use crate::core::message::{Failure, Reply};
use crate::core::random::hex;
use crate::cryptoki::attributes::{Origin, change as change_attributes, complete, query};
use crate::cryptoki::keys::{
    Generated, check_length, draw, fresh, generate, private_parts, secret_parts,
};
use crate::cryptoki::mechanisms::{MECHANISMS as TABLE, find as mechanism, flag};
use crate::cryptoki::{keys, operations, refuse};
use crate::request::context::Context;
use crate::request::route::{Ids, Routes, SLOT};
use crate::rules::objects::slot::{New, decoded, slot, stored};

mod attest;
mod clones;
mod slot;
mod uses;

/// How many objects one answer shows.
const MOST_FOUND: usize = 1_000;
/// How many random bytes one request draws.
const MOST_RANDOM: usize = 65_536;

pub(crate) fn routes(r: &mut Routes) {
    r.on(&FIND, SLOT, find);
    r.on(&CREATE, SLOT, create);
    r.on(&GENERATE, SLOT, generate_keys);
    r.on(&READ, SLOT, read);
    r.on(&CHANGE, SLOT, change);
    r.on(&DESTROY, SLOT, destroy);
    r.on(&USE, SLOT, use_object);
    r.on(&DIGEST, SLOT, digest);
    r.on(&RANDOM, SLOT, random);
    r.on(&MECHANISMS, SLOT, mechanisms);
    r.on(&GIVE_SMK, SLOT, give_smk);
    r.on(&TAKE_SMK, SLOT, take_smk);
}

fn find(cx: &mut Context<'_>, ids: &Ids<2>, body: Find) -> Result<Reply<Found>, Failure> {
    let slot = slot(cx, [&ids[0], &ids[1]])?;
    let level = slot.level(cx)?;
    let template = query(&body.template)?;
    let limit = body.limit.unwrap_or(MOST_FOUND).min(MOST_FOUND);
    let after = body.after.unwrap_or(0);
    let mut found =
        slot.visible(cx, level).filter(|kept| kept.handle > after && kept.matches(&template));
    let mut objects = Vec::new();
    for kept in found.by_ref().take(limit) {
        let mut attributes = Attributes::default();
        if !body.attributes.is_empty() {
            let all = kept.attributes();
            for name in &body.attributes {
                match all.get(name) {
                    Some(value) => attributes.set(name, value.clone()),
                    None if name == "CKA_OUID" => attributes.set(name, kept.uid()),
                    None => {}
                }
            }
        }
        objects.push(FoundObject { handle: kept.handle, attributes });
    }
    let more = found.next().is_some();
    Ok(Reply::ok(Found { objects, more }))
}

fn read(cx: &mut Context<'_>, ids: &Ids<3>, _: Nothing) -> Result<Reply<FoundObject>, Failure> {
    let slot = slot(cx, [&ids[0], &ids[1]])?;
    let level = slot.level(cx)?;
    let kept = slot.find(cx, level, &ids[2])?;
    let (handle, uid, contents) = (kept.handle, kept.uid().to_owned(), kept.contents());
    let mut attributes = kept.attributes();
    drop(kept);
    attributes.set("CKA_OUID", uid.as_str());
    // PKCS#11: a value is told that is not sensitive and may leave. Data has neither attribute.
    let class = attributes.text("CKA_CLASS");
    let readable = class == "CKO_DATA"
        || class == "CKO_SECRET_KEY"
            && !attributes.flag("CKA_SENSITIVE")
            && attributes.flag("CKA_EXTRACTABLE");
    if readable && let Some(value) = slot.value(cx, &uid, &contents)? {
        attributes.set("CKA_VALUE", hex(&value));
    }
    Ok(Reply::ok(FoundObject { handle, attributes }))
}

/// What stands in a template, in a value beside it, or in neither.
fn value_of(body: &mut Create) -> Result<Option<keys::Value>, Failure> {
    let given = body.template.0.remove("CKA_VALUE");
    match (&body.value, given) {
        (Some(value), None) => decoded("value", value).map(Some),
        (None, Some(Attribute::Text(digits))) => {
            let bytes = crate::cryptoki::attributes::bytes(&digits);
            let bytes = bytes.map_err(|wanted| {
                refuse(refusal::ATTRIBUTE_VALUE_INVALID, format!("CKA_VALUE takes {wanted}."))
            })?;
            Ok(Some(zeroize::Zeroizing::new(bytes)))
        }
        (None, None) => Ok(None),
        _ => Err(refuse(refusal::TEMPLATE_INCONSISTENT, "There are two values, or none of bytes.")),
    }
}

fn incomplete(what: &str) -> Failure {
    refuse(refusal::TEMPLATE_INCOMPLETE, format!("{what} is missing."))
}

fn give_smk(cx: &mut Context<'_>, ids: &Ids<2>, _: Nothing) -> Result<Reply<Used>, Failure> {
    let slot = slot(cx, [&ids[0], &ids[1]])?;
    clones::give_smk(cx, &slot).map(Reply::ok)
}

fn take_smk(cx: &mut Context<'_>, ids: &Ids<2>, body: SmkClone) -> Result<Reply<Nothing>, Failure> {
    let slot = slot(cx, [&ids[0], &ids[1]])?;
    clones::take_smk(cx, &slot, body.clone.expose())?;
    Ok(Reply::done())
}

fn create(cx: &mut Context<'_>, ids: &Ids<2>, mut body: Create) -> Result<Reply<Made>, Failure> {
    let slot = slot(cx, [&ids[0], &ids[1]])?;
    if let Some(clone) = &body.clone {
        let handle = clones::take(cx, &slot, clone)?;
        return Ok(Reply::ok(Made { handle, public_handle: None }));
    }
    let class = body.template.text("CKA_CLASS").to_owned();
    let value = value_of(&mut body)?;
    let fips = slot.fips(cx);
    let (of_key, value) = match class.as_str() {
        "CKO_DATA" => (Attributes::default(), Some(value.ok_or_else(|| incomplete("CKA_VALUE"))?)),
        "CKO_CERTIFICATE" => {
            let der = value.ok_or_else(|| incomplete("CKA_VALUE"))?;
            (uses::certificate(&der, &body.template)?, None)
        }
        "CKO_PUBLIC_KEY" => {
            if body.template.text("CKA_KEY_TYPE").is_empty() {
                return Err(incomplete("CKA_KEY_TYPE"));
            }
            let key = keys::Key::read(&body.template, None)?;
            let mut of_key = Attributes::default();
            if let keys::Key::RsaPublic(_) = key {
                of_key.set("CKA_MODULUS_BITS", key.size() as u64);
            }
            (of_key, None)
        }
        "CKO_PRIVATE_KEY" => {
            // Assumed: in FIPS mode a private key comes in wrapped alone, as on the product.
            if fips {
                let why = "In FIPS mode a private key has to be unwrapped.";
                return Err(refuse(refusal::TEMPLATE_INCONSISTENT, why));
            }
            let value = value.ok_or_else(|| incomplete("The key's PKCS#8 form"))?;
            let parts = private_parts(&value, fips)?;
            (parts.attributes, parts.value)
        }
        "CKO_SECRET_KEY" => {
            let value = value.ok_or_else(|| incomplete("CKA_VALUE"))?;
            let kind = body.template.text("CKA_KEY_TYPE");
            if kind.is_empty() {
                return Err(incomplete("CKA_KEY_TYPE"));
            }
            check_length(kind, value.len())?;
            let parts = secret_parts(value);
            (parts.attributes, parts.value)
        }
        _ => return Err(incomplete("CKA_CLASS")),
    };
    let attributes = complete(&class, &body.template, &of_key, Origin::Created, slot.rules(cx))?;
    slot.require_change(cx, attributes.flag("CKA_PRIVATE"))?;
    let handle = slot.keep(cx, New { attributes, value, uid: None })?;
    Ok(Reply::ok(Made { handle, public_handle: None }))
}

fn generate_keys(
    cx: &mut Context<'_>,
    ids: &Ids<2>,
    body: Generate,
) -> Result<Reply<Made>, Failure> {
    let slot = slot(cx, [&ids[0], &ids[1]])?;
    let name = body.mechanism.name.clone();
    let fips = slot.fips(cx);
    let found = mechanism(&name, flag::GENERATE | flag::GENERATE_KEY_PAIR, fips)?;
    let pair = found.flags & flag::GENERATE_KEY_PAIR != 0;
    let (rules, kind) = (slot.rules(cx), found.key_type);
    // What can be refused is refused before the key is made.
    let private = match pair {
        true => {
            body.template.get("CKA_PRIVATE").is_none_or(|value| *value == Attribute::Flag(true))
        }
        false => body.template.get("CKA_PRIVATE") != Some(&Attribute::Flag(false)),
    };
    slot.require_change(cx, private || pair)?;
    let class = if pair { "CKO_PRIVATE_KEY" } else { "CKO_SECRET_KEY" };
    let (mut template, mut public) = (body.template, body.public_template);
    template.0.entry("CKA_KEY_TYPE".to_owned()).or_insert_with(|| kind.into());
    let origin = Origin::Generated(&name);
    let of_type = Attributes::of([("CKA_KEY_TYPE", kind.into())]);
    complete(class, &template, &of_type, origin, rules)?;
    if pair {
        public.0.entry("CKA_KEY_TYPE".to_owned()).or_insert_with(|| kind.into());
        complete("CKO_PUBLIC_KEY", &public, &of_type, origin, rules)?;
    }
    let seed = match cx.work_is_done() {
        true => [0; 32],
        false => cx.random().block(),
    };
    let (of_private, of_public, called) = (template.clone(), public.clone(), name.clone());
    let made = cx.compute(move || generate(&called, &of_private, &of_public, fips, seed))??;
    let mut keep = |class: &str, template: &Attributes, parts: keys::Parts| {
        let attributes = complete(class, template, &parts.attributes, origin, rules)?;
        slot.keep(cx, New { attributes, value: parts.value, uid: None })
    };
    let made = match made {
        Generated::Secret(parts) => {
            Made { handle: keep(class, &template, parts)?, public_handle: None }
        }
        Generated::Pair { public: of_public, private } => {
            let public_handle = Some(keep("CKO_PUBLIC_KEY", &public, of_public)?);
            Made { handle: keep(class, &template, private)?, public_handle }
        }
    };
    Ok(Reply::ok(made))
}

fn change(cx: &mut Context<'_>, ids: &Ids<3>, body: Change) -> Result<Reply<Nothing>, Failure> {
    let slot = slot(cx, [&ids[0], &ids[1]])?;
    let level = slot.level(cx)?;
    let kept = slot.find(cx, level, &ids[2])?;
    let (handle, mut contents) = (kept.handle, kept.contents());
    let mut attributes = kept.attributes();
    drop(kept);
    slot.require_change(cx, attributes.flag("CKA_PRIVATE"))?;
    if contents.attributes.is_empty() {
        let why = "The object has no contents: it was only counted in.";
        return Err(refuse(refusal::ATTRIBUTE_READ_ONLY, why));
    }
    change_attributes(&mut attributes, &body.attributes, slot.rules(cx))?;
    contents.attributes = stored(&attributes);
    slot.change(cx, handle, contents, attributes.text("CKA_LABEL"));
    Ok(Reply::done())
}

fn destroy(cx: &mut Context<'_>, ids: &Ids<3>, _: Nothing) -> Result<Reply<Nothing>, Failure> {
    let slot = slot(cx, [&ids[0], &ids[1]])?;
    let level = slot.level(cx)?;
    let kept = slot.find(cx, level, &ids[2])?;
    let (handle, private) = (kept.handle, kept.attributes().flag("CKA_PRIVATE"));
    drop(kept);
    slot.require_change(cx, private)?;
    slot.remove(cx, handle);
    Ok(Reply::done())
}

fn use_object(cx: &mut Context<'_>, ids: &Ids<4>, body: Use) -> Result<Reply<Used>, Failure> {
    let Some(operation) = Operation::of(&ids[3]) else {
        let details = format!("Objects have no operation '{}'.", &ids[3]);
        return Err(Failure::no_resource(details));
    };
    let slot = slot(cx, [&ids[0], &ids[1]])?;
    uses::run(cx, &slot, &ids[2], operation, body).map(Reply::ok)
}

fn digest(cx: &mut Context<'_>, ids: &Ids<2>, body: Use) -> Result<Reply<Used>, Failure> {
    let slot = slot(cx, [&ids[0], &ids[1]])?;
    mechanism(&body.mechanism.name, flag::DIGEST, slot.fips(cx))?;
    let sum = operations::digest(&body.mechanism, &decoded("data", &body.data)?)?;
    Ok(Reply::ok(Used { data: encoded(&sum), handle: None }))
}

fn random(cx: &mut Context<'_>, ids: &Ids<2>, body: Random) -> Result<Reply<Used>, Failure> {
    slot(cx, [&ids[0], &ids[1]])?;
    if !(1..=MOST_RANDOM).contains(&body.length) {
        return Err(Failure::bad_request(format!("'length' must be 1 to {MOST_RANDOM}.")));
    }
    Ok(Reply::ok(Used { data: encoded(&draw(&mut fresh()?, body.length)), handle: None }))
}

fn mechanisms(
    cx: &mut Context<'_>,
    ids: &Ids<2>,
    _: Nothing,
) -> Result<Reply<Mechanisms>, Failure> {
    let fips = slot(cx, [&ids[0], &ids[1]])?.fips(cx);
    let there = TABLE.iter().filter(|one| one.fips || !fips);
    Ok(Reply::ok(Mechanisms { mechanisms: there.map(|one| one.info()).collect() }))
}

fn encoded(bytes: &[u8]) -> Secret {
    Secret::from(BASE64_STANDARD.encode(bytes))
}

#[cfg(test)]
mod tests;
