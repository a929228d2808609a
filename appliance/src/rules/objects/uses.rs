//! What an object is used for: signing, encrypting, wrapping, copies, clones.

use std::sync::Arc;

use luna_rest::objects::{Attributes, Operation, Use, Used, Value as Attribute, refusal};

use crate::core::message::Failure;
use crate::core::random::hex;
use crate::cryptoki::attributes::{self, Origin, complete};
use crate::cryptoki::keys::{Key, Parts, Value, check_length, private_parts, secret_parts};
use crate::cryptoki::mechanisms::{Mechanism, find as mechanism, flag};
use crate::cryptoki::{operations, refuse};
use crate::request::context::Context;
use crate::rules::objects::slot::{Level, New, Slot, decoded, wire};
use crate::rules::objects::{attest, clones, encoded};
use crate::state::objects::ContentsRow;

/// Partition policies, with their names.
const PRIVATE_WRAPPING: (u32, &str) = (1, "Allow private key wrapping");
const PRIVATE_UNWRAPPING: (u32, &str) = (2, "Allow private key unwrapping");
const SECRET_WRAPPING: (u32, &str) = (5, "Allow secret key wrapping");
const SECRET_UNWRAPPING: (u32, &str) = (6, "Allow secret key unwrapping");
const NON_LOCAL_SIGNING: (u32, &str) = (17, "Allow signing with non-local keys");
const RAW_RSA: (u32, &str) = (18, "Allow raw RSA operations");
const RSA_PKCS: (u32, &str) = (33, "Allow RSA PKCS mechanism");

/// Carries an operation out on the object of a handle.
pub(super) fn run(
    cx: &mut Context<'_>,
    slot: &Slot,
    handle: &str,
    operation: Operation,
    body: Use,
) -> Result<Used, Failure> {
    let level = slot.level(cx)?;
    let kept = slot.find(cx, level, handle)?;
    let (uid, contents, own) = (kept.uid().to_owned(), kept.contents(), kept.attributes());
    drop(kept);
    match operation {
        Operation::Copy => return copy(cx, slot, &uid, &contents, &body.template),
        Operation::Clone => return clones::give(cx, slot, uid, contents),
        Operation::Attest => {
            let key = slot.key_reader(cx, uid.clone(), contents.sealed, own.clone())?()?;
            let chain = attest::confirm(cx, &own, &uid, &key)?;
            return Ok(Used { data: encoded(&chain), handle: None });
        }
        _ => {}
    }
    let (needed, uses) = match operation {
        Operation::Sign => ("CKA_SIGN", flag::SIGN),
        Operation::Verify => ("CKA_VERIFY", flag::VERIFY),
        Operation::Encrypt => ("CKA_ENCRYPT", flag::ENCRYPT),
        Operation::Decrypt => ("CKA_DECRYPT", flag::DECRYPT),
        Operation::Wrap => ("CKA_WRAP", flag::WRAP),
        Operation::Unwrap => ("CKA_UNWRAP", flag::UNWRAP),
        _ => ("CKA_DERIVE", flag::DERIVE),
    };
    let found = mechanism(&body.mechanism.name, uses, slot.fips(cx))?;
    check_use(cx, slot, &own, needed, found)?;
    let (mechanism, data) = (body.mechanism.clone(), body.data.clone());
    let read = slot.key_reader(cx, uid, contents.sealed, own)?;
    let data = move || decoded("data", &data);
    let key = move || {
        let key = read()?;
        let (least, most) = found.sizes;
        if !(least..=most).contains(&key.size()) {
            let details = format!("{} takes keys from {least} to {most}.", found.name);
            return Err(refuse(refusal::KEY_SIZE_RANGE, details));
        }
        Ok(key)
    };
    match operation {
        Operation::Sign => {
            let signature =
                cx.compute(move || operations::sign(&mechanism, &*key()?, &data()?))??;
            Ok(Used { data: encoded(&signature), handle: None })
        }
        Operation::Verify => {
            let signature = decoded("signature", &body.signature.into())?;
            cx.compute(move || operations::verify(&mechanism, &*key()?, &data()?, &signature))??;
            Ok(Used::default())
        }
        Operation::Encrypt => {
            let closed =
                cx.compute(move || operations::encrypt(&mechanism, &*key()?, &data()?))??;
            Ok(Used { data: encoded(&closed), handle: None })
        }
        Operation::Decrypt => {
            let opened =
                cx.compute(move || operations::decrypt(&mechanism, &*key()?, &data()?))??;
            Ok(Used { data: encoded(&opened), handle: None })
        }
        Operation::Wrap => {
            let Some(handle) = body.key else {
                return Err(Failure::bad_request("'key' is required: the key to wrap."));
            };
            let wrapped = to_be_wrapped(cx, slot, level, handle)?;
            let closed = cx.compute(move || {
                let bytes = wrapped()?.to_wrap()?;
                operations::encrypt(&mechanism, &*key()?, &bytes)
            })??;
            Ok(Used { data: encoded(&closed), handle: None })
        }
        Operation::Unwrap => {
            check_new(cx, slot, &body.template, true)?;
            let opened = cx.compute(move || {
                let invalid = |failure: Failure| {
                    failure.renamed(
                        luna_rest::ErrorId::CKR_ENCRYPTED_DATA_INVALID,
                        luna_rest::ErrorId::CKR_WRAPPED_KEY_INVALID,
                    )
                };
                operations::decrypt(&mechanism, &*key()?, &data()?).map_err(invalid)
            })??;
            keep_made(cx, slot, &body.template, opened)
        }
        _ => {
            check_new(cx, slot, &body.template, false)?;
            let mut shared = cx.compute(move || operations::agree(&*key()?, &data()?))??;
            let length = body.template.number("CKA_VALUE_LEN");
            let length = usize::try_from(length).unwrap_or(0);
            if length > shared.len() {
                let details = format!("The secret has {} bytes.", shared.len());
                return Err(refuse(refusal::KEY_SIZE_RANGE, details));
            }
            if length > 0 {
                shared.truncate(length);
            }
            keep_made(cx, slot, &body.template, shared)
        }
    }
}

/// Refuses a use that attributes, dates or policies forbid.
fn check_use(
    cx: &Context<'_>,
    slot: &Slot,
    own: &Attributes,
    needed: &str,
    found: &Mechanism,
) -> Result<(), Failure> {
    let not_permitted = |details: String| Err(refuse(refusal::KEY_FUNCTION_NOT_PERMITTED, details));
    if own.text("CKA_KEY_TYPE").is_empty() {
        return not_permitted("The object is no key with a value.".to_owned());
    }
    if own.text("CKA_KEY_TYPE") != found.key_type {
        let details = format!("{} takes keys of the type {}.", found.name, found.key_type);
        return Err(refuse(refusal::KEY_TYPE_INCONSISTENT, details));
    }
    if !own.flag(needed) {
        return not_permitted(format!("{needed} of the key is false."));
    }
    let today = cx.now.date();
    let today = format!("{:04}{:02}{:02}", today.year(), u8::from(today.month()), today.day());
    let (start, end) = (own.text("CKA_START_DATE"), own.text("CKA_END_DATE"));
    // Policy 39 has the HSM itself look at the dates.
    if slot.policy(cx, 39) != 0
        && (!start.is_empty() && *today < *start || !end.is_empty() && *today > *end)
    {
        return not_permitted("Today is not between the dates of the key.".to_owned());
    }
    let require = |(number, name)| slot.require_policy(cx, number, name);
    if needed == "CKA_SIGN" && !own.flag("CKA_LOCAL") {
        require(NON_LOCAL_SIGNING)?;
    }
    match found.name {
        "CKM_RSA_X_509" => require(RAW_RSA),
        "CKM_RSA_PKCS" => require(RSA_PKCS),
        _ => Ok(()),
    }
}

/// A key that may be wrapped.
fn to_be_wrapped(
    cx: &mut Context<'_>,
    slot: &Slot,
    level: Level,
    handle: u32,
) -> Result<impl FnOnce() -> Result<Arc<Key>, Failure> + Send + use<>, Failure> {
    let kept = slot.find(cx, level, &handle.to_string())?;
    let (uid, contents, own) = (kept.uid().to_owned(), kept.contents(), kept.attributes());
    drop(kept);
    let (number, name) = match own.text("CKA_CLASS") {
        "CKO_PRIVATE_KEY" => PRIVATE_WRAPPING,
        "CKO_SECRET_KEY" => SECRET_WRAPPING,
        _ => {
            let details = "Only private and secret keys are wrapped.";
            return Err(refuse(refusal::KEY_UNEXTRACTABLE, details));
        }
    };
    slot.require_policy(cx, number, name)?;
    if !own.flag("CKA_EXTRACTABLE") {
        return Err(refuse(refusal::KEY_UNEXTRACTABLE, "CKA_EXTRACTABLE of the key is false."));
    }
    slot.key_reader(cx, uid, contents.sealed, own)
}

/// Refuses an object that may not be made, before there is a value of it.
fn check_new(
    cx: &mut Context<'_>,
    slot: &Slot,
    template: &Attributes,
    unwrapped: bool,
) -> Result<(), Failure> {
    let class = template.text("CKA_CLASS");
    let (number, name) = match class {
        "CKO_PRIVATE_KEY" if unwrapped => PRIVATE_UNWRAPPING,
        "CKO_SECRET_KEY" => SECRET_UNWRAPPING,
        _ => {
            let details = "CKA_CLASS must be CKO_PRIVATE_KEY or CKO_SECRET_KEY.";
            return Err(refuse(refusal::TEMPLATE_INCOMPLETE, details));
        }
    };
    if unwrapped {
        slot.require_policy(cx, number, name)?;
    }
    let private = template.get("CKA_PRIVATE") != Some(&Attribute::Flag(false));
    slot.require_change(cx, private)
}

/// Keeps a key whose value came out of another one.
fn keep_made(
    cx: &mut Context<'_>,
    slot: &Slot,
    template: &Attributes,
    value: Value,
) -> Result<Used, Failure> {
    let class = template.text("CKA_CLASS").to_owned();
    let Parts { attributes, value } = match class.as_str() {
        "CKO_PRIVATE_KEY" => private_parts(&value, slot.fips(cx)).map_err(|_| {
            refuse(refusal::WRAPPED_KEY_INVALID, "What was wrapped is no private key.")
        })?,
        _ => {
            check_length(template.text("CKA_KEY_TYPE"), value.len())?;
            secret_parts(value)
        }
    };
    if template.text("CKA_KEY_TYPE").is_empty() && class == "CKO_SECRET_KEY" {
        return Err(refuse(refusal::TEMPLATE_INCOMPLETE, "CKA_KEY_TYPE is missing."));
    }
    let attributes = complete(&class, template, &attributes, Origin::Made, slot.rules(cx))?;
    let handle = slot.keep(cx, New { attributes, value, uid: None })?;
    Ok(Used { handle: Some(handle), ..Used::default() })
}

fn copy(
    cx: &mut Context<'_>,
    slot: &Slot,
    uid: &str,
    contents: &ContentsRow,
    template: &Attributes,
) -> Result<Used, Failure> {
    let mut attributes = wire(contents);
    if contents.attributes.is_empty() {
        let why = "The object has no contents: it was only counted in.";
        return Err(refuse(refusal::OBJECT_HANDLE_INVALID, why));
    }
    slot.require_change(cx, attributes.flag("CKA_PRIVATE"))?;
    // A copy may be changed where its original may not.
    let fixed = !attributes.flag("CKA_MODIFIABLE");
    attributes.set("CKA_MODIFIABLE", true);
    attributes::change(&mut attributes, template, slot.rules(cx))?;
    attributes.set("CKA_MODIFIABLE", !fixed);
    let value = slot.value(cx, uid, contents)?;
    let handle = slot.keep(cx, New { attributes, value, uid: None })?;
    Ok(Used { handle: Some(handle), ..Used::default() })
}

/// What follows from a certificate in DER, where the template does not say it.
pub(super) fn certificate(der: &[u8], template: &Attributes) -> Result<Attributes, Failure> {
    let Ok((rest, parsed)) = x509_parser::parse_x509_certificate(der) else {
        let why = "CKA_VALUE is no X.509 certificate in DER.";
        return Err(refuse(refusal::ATTRIBUTE_VALUE_INVALID, why));
    };
    if !rest.is_empty() {
        let why = "Something follows the certificate in CKA_VALUE.";
        return Err(refuse(refusal::ATTRIBUTE_VALUE_INVALID, why));
    }
    let serial = parsed.raw_serial();
    let length = u8::try_from(serial.len()).unwrap_or(u8::MAX);
    let mut attributes = Attributes::of([("CKA_VALUE", hex(der).into())]);
    for (name, bytes) in [
        ("CKA_SUBJECT", parsed.subject().as_raw()),
        ("CKA_ISSUER", parsed.issuer().as_raw()),
        ("CKA_SERIAL_NUMBER", &[&[2, length], serial].concat()[..]),
    ] {
        if template.get(name).is_none() {
            attributes.set(name, hex(bytes));
        }
    }
    Ok(attributes)
}
