//! The attributes of objects: which class has which, their kinds and defaults, and who may set them.
//!
//! Values are as on the wire: flags, numbers, texts, and bytes in lower-case hexadecimal digits.

use luna_rest::objects::{Attributes, Value, refusal};

use crate::core::message::Failure;
use crate::cryptoki::refuse;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Flag,
    Number,
    Text,
    Bytes,
    /// `YYYYMMDD`, or nothing.
    Date,
    /// One of these names.
    Name(&'static [&'static str]),
}

/// Who gives an attribute its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    /// Whoever makes the object, and afterwards nobody.
    Once,
    /// Whoever makes the object; a modifiable one may be changed.
    Anytime,
    /// As `Anytime`, where the partition's policy 11 (Allow changing key attributes) is on too.
    ByPolicy,
    /// The token.
    Token,
}

/// The classes that have an attribute, as bits.
const DATA: u8 = 1;
const CERTIFICATE: u8 = 2;
const PUBLIC: u8 = 4;
const PRIVATE: u8 = 8;
const SECRET: u8 = 16;
const ALL: u8 = 31;
const KEYS: u8 = PUBLIC | PRIVATE | SECRET;

/// The classes.
pub const CLASSES: [&str; 5] =
    ["CKO_DATA", "CKO_CERTIFICATE", "CKO_PUBLIC_KEY", "CKO_PRIVATE_KEY", "CKO_SECRET_KEY"];
const KEY_TYPES: &[&str] =
    &["CKK_RSA", "CKK_EC", "CKK_EC_EDWARDS", "CKK_AES", "CKK_GENERIC_SECRET"];

struct Attribute {
    name: &'static str,
    /// PKCS#11's number.
    #[cfg_attr(not(test), expect(dead_code, reason = "for a PKCS#11 library to come"))]
    number: u32,
    kind: Kind,
    classes: u8,
    set: Set,
}

const fn of(number: u32, name: &'static str, kind: Kind, classes: u8, set: Set) -> Attribute {
    Attribute { name, number, kind, classes, set }
}

use Kind::{Bytes, Date, Flag, Name, Number, Text};
use Set::{Anytime, ByPolicy, Once, Token};

/// The attributes by number.
#[rustfmt::skip]
const ATTRIBUTES: &[Attribute] = &[
    of(0x0000, "CKA_CLASS", Name(&CLASSES), ALL, Once),
    of(0x0001, "CKA_TOKEN", Flag, ALL, Once),
    of(0x0002, "CKA_PRIVATE", Flag, ALL, Once),
    of(0x0003, "CKA_LABEL", Text, ALL, Anytime),
    of(0x0010, "CKA_APPLICATION", Text, DATA, Anytime),
    of(0x0011, "CKA_VALUE", Bytes, DATA | CERTIFICATE | SECRET, Once),
    of(0x0012, "CKA_OBJECT_ID", Bytes, DATA, Anytime),
    of(0x0080, "CKA_CERTIFICATE_TYPE", Name(&["CKC_X_509"]), CERTIFICATE, Once),
    of(0x0081, "CKA_ISSUER", Bytes, CERTIFICATE, Anytime),
    of(0x0082, "CKA_SERIAL_NUMBER", Bytes, CERTIFICATE, Anytime),
    of(0x0100, "CKA_KEY_TYPE", Name(KEY_TYPES), KEYS, Once),
    of(0x0101, "CKA_SUBJECT", Bytes, CERTIFICATE | PUBLIC | PRIVATE, Anytime),
    of(0x0102, "CKA_ID", Bytes, CERTIFICATE | KEYS, Anytime),
    of(0x0103, "CKA_SENSITIVE", Flag, PRIVATE | SECRET, ByPolicy),
    of(0x0104, "CKA_ENCRYPT", Flag, PUBLIC | SECRET, ByPolicy),
    of(0x0105, "CKA_DECRYPT", Flag, PRIVATE | SECRET, ByPolicy),
    of(0x0106, "CKA_WRAP", Flag, PUBLIC | SECRET, ByPolicy),
    of(0x0107, "CKA_UNWRAP", Flag, PRIVATE | SECRET, ByPolicy),
    of(0x0108, "CKA_SIGN", Flag, PRIVATE | SECRET, ByPolicy),
    of(0x010a, "CKA_VERIFY", Flag, PUBLIC | SECRET, ByPolicy),
    of(0x010c, "CKA_DERIVE", Flag, KEYS, ByPolicy),
    of(0x0110, "CKA_START_DATE", Date, CERTIFICATE | KEYS, Anytime),
    of(0x0111, "CKA_END_DATE", Date, CERTIFICATE | KEYS, Anytime),
    of(0x0120, "CKA_MODULUS", Bytes, PUBLIC | PRIVATE, Once),
    of(0x0121, "CKA_MODULUS_BITS", Number, PUBLIC | PRIVATE, Once),
    of(0x0122, "CKA_PUBLIC_EXPONENT", Bytes, PUBLIC | PRIVATE, Once),
    of(0x0161, "CKA_VALUE_LEN", Number, SECRET, Once),
    of(0x0162, "CKA_EXTRACTABLE", Flag, PRIVATE | SECRET, ByPolicy),
    of(0x0163, "CKA_LOCAL", Flag, KEYS, Token),
    of(0x0164, "CKA_NEVER_EXTRACTABLE", Flag, PRIVATE | SECRET, Token),
    of(0x0165, "CKA_ALWAYS_SENSITIVE", Flag, PRIVATE | SECRET, Token),
    of(0x0166, "CKA_KEY_GEN_MECHANISM", Text, KEYS, Token),
    of(0x0170, "CKA_MODIFIABLE", Flag, ALL, Once),
    of(0x0180, "CKA_EC_PARAMS", Bytes, PUBLIC | PRIVATE, Once),
    of(0x0181, "CKA_EC_POINT", Bytes, PUBLIC, Once),
];

/// The bytes of a value in hexadecimal digits.
///
/// # Errors
/// It has other characters, or half a byte.
pub fn bytes(digits: &str) -> Result<Vec<u8>, String> {
    let pairs = digits.as_bytes().chunks(2).map(|pair| {
        let pair = std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?;
        pair.chars().all(|c| c.is_ascii_hexdigit()).then(|| u8::from_str_radix(pair, 16).ok())?
    });
    pairs.collect::<Option<_>>().ok_or_else(|| "an even number of hexadecimal digits".to_owned())
}

fn find(name: &str) -> Result<&'static Attribute, Failure> {
    ATTRIBUTES.iter().find(|one| one.name == name).ok_or_else(|| {
        refuse(refusal::ATTRIBUTE_TYPE_INVALID, format!("There is no attribute '{name}'."))
    })
}

fn class_bit(class: &str) -> u8 {
    let place = CLASSES.iter().position(|known| *known == class);
    place.map_or(0, |place| 1 << place)
}

/// A value as it is kept: digits in lower case.
fn checked(attribute: &Attribute, value: &Value) -> Result<Value, Failure> {
    let wrong = |wanted: String| {
        let details = format!("{} takes {wanted}.", attribute.name);
        Err(refuse(refusal::ATTRIBUTE_VALUE_INVALID, details))
    };
    match (attribute.kind, value) {
        (Flag, Value::Flag(_)) | (Number, Value::Number(_)) => Ok(value.clone()),
        (Flag, _) => wrong("true or false".to_owned()),
        (Number, _) => wrong("a number".to_owned()),
        (Text, Value::Text(text)) if text.len() <= 255 && !text.contains(char::is_control) => {
            Ok(value.clone())
        }
        (Text, _) => wrong("at most 255 printable characters".to_owned()),
        (Bytes, Value::Text(digits)) => match bytes(digits) {
            Ok(bytes) if bytes.len() <= 8192 => Ok(digits.to_ascii_lowercase().into()),
            Ok(_) => wrong("at most 8192 bytes".to_owned()),
            Err(wanted) => wrong(wanted),
        },
        (Bytes, _) => wrong("bytes in hexadecimal digits".to_owned()),
        (Date, Value::Text(date)) if date.is_empty() || is_date(date) => Ok(value.clone()),
        (Date, _) => wrong("a date, YYYYMMDD".to_owned()),
        (Name(names), Value::Text(name)) if names.contains(&name.as_str()) => Ok(value.clone()),
        (Name(names), _) => wrong(names.join(", ")),
    }
}

fn is_date(text: &str) -> bool {
    let format = time::macros::format_description!("[year][month][day]");
    text.len() == 8 && time::Date::parse(text, &format).is_ok()
}

/// How an object comes to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin<'m> {
    /// The token generated it, with this mechanism.
    Generated(&'m str),
    /// From a template.
    Created,
    /// From another object: unwrapped or derived.
    Made,
}

/// What a partition's policies say of attributes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// Policy 10: a key may have several uses.
    pub(crate) multipurpose: bool,
    /// Policy 11: the attributes of a key may be changed.
    pub(crate) changes: bool,
}

/// The whole attributes of a new object of a class: those of the template and those that follow from its
/// key, checked, with defaults for the rest.
///
/// Defaults: of uses and extractability as `cmu generatekeypair` documents them, that is none; keys are
/// private and sensitive, except that public keys are neither (assumed).
pub(crate) fn complete(
    class: &str,
    template: &Attributes,
    of_key: &Attributes,
    origin: Origin<'_>,
    rules: Rules,
) -> Result<Attributes, Failure> {
    let bit = class_bit(class);
    let inconsistent = |details: String| refuse(refusal::TEMPLATE_INCONSISTENT, details);
    let mut whole = Attributes::default();
    for (name, value) in &template.0 {
        let attribute = find(name)?;
        if attribute.classes & bit == 0 {
            return Err(inconsistent(format!("{class} has no {name}.")));
        }
        if attribute.set == Set::Token {
            return Err(refuse(refusal::ATTRIBUTE_READ_ONLY, format!("The token sets {name}.")));
        }
        let value = checked(attribute, value)?;
        if let Some(of_key) = of_key.get(name)
            && *of_key != value
        {
            return Err(inconsistent(format!("{name} is not that of the key.")));
        }
        whole.0.insert(name.clone(), value);
    }
    if whole.get("CKA_CLASS").is_some_and(|given| *given != Value::from(class)) {
        return Err(inconsistent(format!("CKA_CLASS must be {class} here.")));
    }
    if whole.get("CKA_TOKEN") == Some(&Value::Flag(false)) {
        let why = "CKA_TOKEN must be true: session objects are not emulated.";
        return Err(inconsistent(why.to_owned()));
    }
    whole.set("CKA_CLASS", class);
    for (name, value) in &of_key.0 {
        if find(name)?.classes & bit != 0 {
            whole.0.insert(name.clone(), value.clone());
        }
    }
    let is_key = bit & KEYS != 0;
    for attribute in ATTRIBUTES.iter().filter(|one| one.classes & bit != 0) {
        if whole.get(attribute.name).is_some() {
            continue;
        }
        let default = match (attribute.name, attribute.kind) {
            ("CKA_TOKEN" | "CKA_MODIFIABLE" | "CKA_SENSITIVE", _) => Value::Flag(true),
            ("CKA_PRIVATE", _) => Value::Flag(bit & (PUBLIC | CERTIFICATE) == 0),
            ("CKA_CERTIFICATE_TYPE", _) => "CKC_X_509".into(),
            (_, Flag) => Value::Flag(false),
            ("CKA_LABEL" | "CKA_ID" | "CKA_SUBJECT" | "CKA_APPLICATION", _) | (_, Date) => {
                "".into()
            }
            _ => continue,
        };
        whole.0.insert(attribute.name.to_owned(), default);
    }
    if is_key {
        let generated = matches!(origin, Origin::Generated(_));
        whole.set("CKA_LOCAL", generated);
        if let Origin::Generated(mechanism) = origin {
            whole.set("CKA_KEY_GEN_MECHANISM", mechanism);
        }
        if bit & PUBLIC == 0 {
            let (sensitive, extractable) =
                (whole.flag("CKA_SENSITIVE"), whole.flag("CKA_EXTRACTABLE"));
            whole.set("CKA_ALWAYS_SENSITIVE", generated && sensitive);
            whole.set("CKA_NEVER_EXTRACTABLE", generated && !extractable);
        }
    }
    check_uses(&whole, rules)?;
    Ok(whole)
}

/// The uses of keys.
const USES: [&str; 7] = [
    "CKA_ENCRYPT",
    "CKA_DECRYPT",
    "CKA_SIGN",
    "CKA_VERIFY",
    "CKA_WRAP",
    "CKA_UNWRAP",
    "CKA_DERIVE",
];

/// Without policy 10 a key has one use; a secret key both directions of one.
fn check_uses(whole: &Attributes, rules: Rules) -> Result<(), Failure> {
    if rules.multipurpose {
        return Ok(());
    }
    let pairs = [&USES[0..2], &USES[2..4], &USES[4..6], &USES[6..7]];
    let used = pairs.iter().filter(|pair| pair.iter().any(|name| whole.flag(name))).count();
    if used <= 1 {
        return Ok(());
    }
    Err(refuse(
        refusal::TEMPLATE_INCONSISTENT,
        "The key has several uses: partition policy 10 (Allow multipurpose keys) is off.",
    ))
}

/// Changes attributes of an object.
///
/// # Errors
/// `CKR_ATTRIBUTE_READ_ONLY`, `CKR_ATTRIBUTE_TYPE_INVALID`, `CKR_ATTRIBUTE_VALUE_INVALID`.
pub(crate) fn change(
    whole: &mut Attributes,
    changes: &Attributes,
    rules: Rules,
) -> Result<(), Failure> {
    let bit = class_bit(whole.text("CKA_CLASS"));
    let read_only = |details: String| Err(refuse(refusal::ATTRIBUTE_READ_ONLY, details));
    if !whole.flag("CKA_MODIFIABLE") {
        return read_only("CKA_MODIFIABLE is false.".to_owned());
    }
    for (name, value) in &changes.0 {
        let attribute = find(name)?;
        if attribute.classes & bit == 0 {
            let details = format!("{} has no {name}.", whole.text("CKA_CLASS"));
            return Err(refuse(refusal::ATTRIBUTE_TYPE_INVALID, details));
        }
        let value = checked(attribute, value)?;
        match attribute.set {
            Once | Token => return read_only(format!("{name} cannot be changed.")),
            ByPolicy if !rules.changes => {
                return read_only(format!(
                    "{name}: partition policy 11 (Allow changing key attributes) is off."
                ));
            }
            _ => {}
        }
        // PKCS#11: once sensitive, always sensitive; once not extractable, never again.
        let one_way = [("CKA_SENSITIVE", false), ("CKA_EXTRACTABLE", true)];
        if one_way.iter().any(|(fixed, refused)| {
            name == fixed && value == Value::Flag(*refused) && whole.flag(name) != *refused
        }) {
            return read_only(format!("{name} cannot be changed back."));
        }
        whole.0.insert(name.clone(), value);
    }
    check_uses(whole, rules)
}

/// A template to look for objects with, its values in the form in which they are kept.
///
/// # Errors
/// `CKR_ATTRIBUTE_TYPE_INVALID`, `CKR_ATTRIBUTE_VALUE_INVALID`.
pub(crate) fn query(template: &Attributes) -> Result<Attributes, Failure> {
    let mut found = Attributes::default();
    for (name, value) in &template.0 {
        let value = match name.as_str() {
            // The vendor's own: which object it is, wherever it is cloned to.
            "CKA_OUID" => value.clone(),
            _ => checked(find(name)?, value)?,
        };
        found.0.insert(name.clone(), value);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALLOWED: Rules = Rules { multipurpose: true, changes: true };

    fn key(pairs: &[(&str, Value)]) -> Result<Attributes, Failure> {
        let mut template = Attributes::default();
        pairs.iter().for_each(|(name, value)| template.set(name, value.clone()));
        let of_key = Attributes::of([("CKA_KEY_TYPE", "CKK_AES".into())]);
        let origin = Origin::Generated("CKM_AES_KEY_GEN");
        complete("CKO_SECRET_KEY", &template, &of_key, origin, ALLOWED)
    }

    #[test]
    fn attributes_are_in_the_order_of_their_numbers() {
        assert!(ATTRIBUTES.is_sorted_by(|a, b| a.number < b.number));
    }

    #[test]
    fn a_generated_key_tells_its_whole_life() {
        let key = key(&[("CKA_LABEL", "k".into()), ("CKA_ID", "A0".into())]).unwrap();
        for flag in ["CKA_SENSITIVE", "CKA_ALWAYS_SENSITIVE", "CKA_NEVER_EXTRACTABLE", "CKA_LOCAL"]
        {
            assert!(key.flag(flag), "{flag}");
        }
        assert!(!key.flag("CKA_SIGN"));
        assert_eq!(
            (key.text("CKA_ID"), key.text("CKA_KEY_GEN_MECHANISM")),
            ("a0", "CKM_AES_KEY_GEN")
        );
        assert_eq!(key.get("CKA_MODULUS"), None);
    }

    #[test]
    fn a_template_that_lies_is_refused() {
        let refused = |name, value| key(&[(name, value)]).unwrap_err().id().to_owned();
        assert_eq!(refused("CKA_NONSENSE", true.into()), refusal::ATTRIBUTE_TYPE_INVALID);
        assert_eq!(refused("CKA_SIGN", "yes".into()), refusal::ATTRIBUTE_VALUE_INVALID);
        assert_eq!(refused("CKA_ID", "a".into()), refusal::ATTRIBUTE_VALUE_INVALID);
        assert_eq!(refused("CKA_END_DATE", "20261332".into()), refusal::ATTRIBUTE_VALUE_INVALID);
        assert_eq!(refused("CKA_LOCAL", true.into()), refusal::ATTRIBUTE_READ_ONLY);
        assert_eq!(refused("CKA_MODULUS", "00".into()), refusal::TEMPLATE_INCONSISTENT);
        assert_eq!(refused("CKA_KEY_TYPE", "CKK_RSA".into()), refusal::TEMPLATE_INCONSISTENT);
        assert_eq!(refused("CKA_CLASS", "CKO_DATA".into()), refusal::TEMPLATE_INCONSISTENT);
        assert_eq!(refused("CKA_TOKEN", false.into()), refusal::TEMPLATE_INCONSISTENT);
    }

    #[test]
    fn what_was_given_up_does_not_come_back() {
        let mut key = key(&[("CKA_EXTRACTABLE", true.into())]).unwrap();
        assert!(!key.flag("CKA_NEVER_EXTRACTABLE"));
        let mut set =
            |name: &str, value: Value| change(&mut key, &Attributes::of([(name, value)]), ALLOWED);
        assert_eq!(set("CKA_EXTRACTABLE", false.into()), Ok(()));
        for (name, value) in [
            ("CKA_EXTRACTABLE", true.into()),
            ("CKA_SENSITIVE", false.into()),
            ("CKA_KEY_TYPE", "CKK_AES".into()),
            ("CKA_ALWAYS_SENSITIVE", true.into()),
        ] {
            assert_eq!(set(name, value).unwrap_err().id(), refusal::ATTRIBUTE_READ_ONLY, "{name}");
        }
        assert_eq!(set("CKA_LABEL", "new".into()), Ok(()));
        let fixed = Rules { changes: false, ..ALLOWED };
        let sign = Attributes::of([("CKA_SIGN", true.into())]);
        assert_eq!(change(&mut key, &sign, fixed).unwrap_err().id(), refusal::ATTRIBUTE_READ_ONLY);
    }

    #[test]
    fn without_its_policy_a_key_has_one_use() {
        let two = Attributes::of([("CKA_SIGN", true.into()), ("CKA_WRAP", true.into())]);
        let strict = Rules { multipurpose: false, changes: true };
        assert_eq!(check_uses(&two, strict).unwrap_err().id(), refusal::TEMPLATE_INCONSISTENT);
        let both = Attributes::of([("CKA_SIGN", true.into()), ("CKA_VERIFY", true.into())]);
        assert_eq!(check_uses(&both, strict), Ok(()));
    }
}
