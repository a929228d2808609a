//! `list`, `getattribute`, `setattribute`, `delete`: the objects that are there.

use std::fmt;
use std::path::PathBuf;

use luna_rest::objects::{Attributes, FoundObject, Value};
use luna_rest::{Secret, objects, partitions};
use luna_shell::{Failure, Kind, Known, Page, Role, Run, Text, replace_file};
use serde::{Deserialize, Deserializer, Serialize};

use crate::cmu::select::{Named, object, token};
use crate::cmu::{Cmu, Function, call};

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        syntax: "delete [-handle <handle>] [-ouid <ouid>] [-certlabel <label>] [-privatelabel <label>] [-publiclabel <label>] [-force] [-password <password>] [-slot <slotname>]",
        help: "Delete an object",
        options: &[
            ("-certlabel", "Label of a certificate"),
            ("-privatelabel", "Label of a private key"),
            ("-publiclabel", "Label of a public key"),
        ],
        roles: Role::OPERATOR,
        rest: &[
            partitions::ROLE.resource(),
            partitions::LOGIN.resource(),
            objects::FIND.resource(),
            objects::READ.resource(),
            objects::DESTROY.resource(),
        ],
        known: Known::Documented("Utilities/cmu/cmu_delete.htm@7.2; the question is assumed"),
        run: call::<Delete>(),
    },
    Function {
        syntax: "getattribute [-handle <handle>] [-ouid <ouid>] [-attributes <attributes>] [-outputFile <filename>] [-password <password>] [-slot <slotname>]",
        help: "Show the attributes of an object",
        options: &[("-attributes", "Names of attributes, with commas between them")],
        roles: Role::OPERATOR,
        rest: &[
            partitions::ROLE.resource(),
            partitions::LOGIN.resource(),
            objects::FIND.resource(),
            objects::READ.resource(),
        ],
        known: Known::Seen("cmu-list-getattribute-windows"),
        run: call::<GetAttribute>(),
    },
    Function {
        syntax: "list [-display <attributes>] [-class <class>] [-keyType <keytype>] [-certificateType <type>] [-label <label>] [-ouid <ouid>] [-application <application>] [-value <hex>] [-issuer <hex>] [-serialNumber <hex>] [-subject <hex>] [-id <hex>] [-token <bool>] [-modulusBits <length>] [-publicExponent <exponent>] [-private <bool>] [-sensitive <bool>] [-alwaysSensitive <bool>] [-extractable <bool>] [-neverExtractable <bool>] [-local <bool>] [-encrypt <bool>] [-decrypt <bool>] [-sign <bool>] [-verify <bool>] [-wrap <bool>] [-unwrap <bool>] [-derive <bool>] [-startDate <date>] [-endDate <date>] [-modifiable <bool>] [-password <password>] [-slot <slotname>]",
        help: "List the objects, all or those that fit",
        options: &[
            (
                "-display",
                "Columns, with commas between them: index, handle, ouid, class, keyType, label, id, value",
            ),
            ("-keyType", "rsa, ecdsa, ed25519, aes or generic"),
            ("-certificateType", "x.509"),
            ("-token", "Whether they are kept: 1 or 0"),
            ("-modulusBits", "Bits of the modulus"),
            ("-publicExponent", "3, 17 or 65537"),
            ("-alwaysSensitive", "Whether their values were never told: 1 or 0"),
            ("-neverExtractable", "Whether they never could leave: 1 or 0"),
            ("-local", "Whether they were made here: 1 or 0"),
        ],
        roles: Role::OPERATOR,
        rest: &[
            partitions::ROLE.resource(),
            partitions::LOGIN.resource(),
            objects::FIND.resource(),
        ],
        known: Known::Seen("cmu-generatekeypair-list-requestcertificate-7.1"),
        run: call::<List>(),
    },
    Function {
        syntax: "setattribute [-handle <handle>] [-ouid <ouid>] [-inputFile <filename>] [-label <label>] [-application <application>] [-value <hex>] [-issuer <hex>] [-serialNumber <hex>] [-subject <hex>] [-id <hex>] [-extractable <bool>] [-startDate <date>] [-endDate <date>] [-encrypt <bool>] [-decrypt <bool>] [-sign <bool>] [-verify <bool>] [-wrap <bool>] [-unwrap <bool>] [-derive <bool>] [-sensitive <bool>] [-password <password>] [-slot <slotname>]",
        help: "Change attributes of an object",
        options: &[("-inputFile", "File with a line name=value for each further attribute")],
        roles: Role::OPERATOR,
        rest: &[
            partitions::ROLE.resource(),
            partitions::LOGIN.resource(),
            objects::FIND.resource(),
            objects::CHANGE.resource(),
        ],
        known: Known::Documented("Utilities/cmu/cmu_setattribute.htm@7.2"),
        run: call::<SetAttribute>(),
    },
];

/// A flag as the utility writes it: 1 or 0, T or F, True or False.
#[derive(Clone, Copy)]
pub(super) struct Flag(pub(super) bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Flag, D::Error> {
        let text = String::deserialize(from)?;
        flag(&text).map(Flag).ok_or_else(|| serde::de::Error::custom("it is 1 or 0, T or F"))
    }
}

fn flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "t" | "true" | "yes" => Some(true),
        "0" | "f" | "false" | "no" => Some(false),
        _ => None,
    }
}

/// The words of the utility for classes and types, and those of PKCS#11.
const CLASSES: [(&str, &str, &str); 5] = [
    ("data", "data", "CKO_DATA"),
    ("certificate", "certificate", "CKO_CERTIFICATE"),
    ("public", "publicKey", "CKO_PUBLIC_KEY"),
    ("private", "privateKey", "CKO_PRIVATE_KEY"),
    ("secret", "secretKey", "CKO_SECRET_KEY"),
];
const KEY_TYPES: [(&str, &str, &str); 5] = [
    ("rsa", "RSA", "CKK_RSA"),
    ("ecdsa", "ECDSA", "CKK_EC"),
    ("ed25519", "EDDSA", "CKK_EC_EDWARDS"),
    ("aes", "AES", "CKK_AES"),
    ("generic", "GENERIC", "CKK_GENERIC_SECRET"),
];

/// PKCS#11's name of a word.
fn named(table: &[(&str, &str, &'static str)], option: &str, word: &str) -> Result<Value, Failure> {
    let found = table.iter().find(|(typed, shown, _)| {
        typed.eq_ignore_ascii_case(word) || shown.eq_ignore_ascii_case(word)
    });
    found.map(|(_, _, name)| Value::from(*name)).ok_or_else(|| {
        let words: Vec<&str> = table.iter().map(|(typed, ..)| *typed).collect();
        Failure::new(Kind::BadArguments, format!("{option} takes {}.", words.join(", ")))
    })
}

/// How an attribute is shown, in the order of the recorded list; the places of those that were not in it are
/// assumed.
const SHOWN: [(&str, &str); 33] = [
    ("class", "CKA_CLASS"),
    ("token", "CKA_TOKEN"),
    ("private", "CKA_PRIVATE"),
    ("label", "CKA_LABEL"),
    ("application", "CKA_APPLICATION"),
    ("certificatetype", "CKA_CERTIFICATE_TYPE"),
    ("issuer", "CKA_ISSUER"),
    ("serialnumber", "CKA_SERIAL_NUMBER"),
    ("keytype", "CKA_KEY_TYPE"),
    ("subject", "CKA_SUBJECT"),
    ("id", "CKA_ID"),
    ("sensitive", "CKA_SENSITIVE"),
    ("encrypt", "CKA_ENCRYPT"),
    ("decrypt", "CKA_DECRYPT"),
    ("wrap", "CKA_WRAP"),
    ("unwrap", "CKA_UNWRAP"),
    ("sign", "CKA_SIGN"),
    ("verify", "CKA_VERIFY"),
    ("derive", "CKA_DERIVE"),
    ("startdate", "CKA_START_DATE"),
    ("enddate", "CKA_END_DATE"),
    ("modulus", "CKA_MODULUS"),
    ("modulusbits", "CKA_MODULUS_BITS"),
    ("publicexponent", "CKA_PUBLIC_EXPONENT"),
    ("ecparams", "CKA_EC_PARAMS"),
    ("ecpoint", "CKA_EC_POINT"),
    ("valuelen", "CKA_VALUE_LEN"),
    ("extractable", "CKA_EXTRACTABLE"),
    ("local", "CKA_LOCAL"),
    ("neverextractable", "CKA_NEVER_EXTRACTABLE"),
    ("alwayssensitive", "CKA_ALWAYS_SENSITIVE"),
    ("modifiable", "CKA_MODIFIABLE"),
    ("value", "CKA_VALUE"),
];

/// A value as the utility shows it.
fn shown(value: &Value) -> String {
    match value {
        Value::Flag(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Text(text) => {
            let names = CLASSES.iter().chain(&KEY_TYPES);
            let word = names.into_iter().find(|(_, _, name)| name == text);
            match (word, text.as_str()) {
                (Some((_, shown, _)), _) => (*shown).to_owned(),
                (None, "CKC_X_509") => "x.509".to_owned(),
                (None, text) => text.to_owned(),
            }
        }
    }
}

/// Attributes that were given in a line.
#[derive(Default)]
pub(super) struct Given(pub(super) Attributes);

impl Given {
    pub(super) fn text(&mut self, name: &str, value: Option<String>) -> &mut Given {
        value.into_iter().for_each(|value| self.0.set(name, value));
        self
    }

    pub(super) fn flag(&mut self, name: &str, value: Option<Flag>) -> &mut Given {
        value.into_iter().for_each(|Flag(value)| self.0.set(name, value));
        self
    }

    pub(super) fn number(&mut self, name: &str, value: Option<u64>) -> &mut Given {
        value.into_iter().for_each(|value| self.0.set(name, value));
        self
    }
}

/// The digits of a public exponent.
pub(super) fn exponent(text: &str) -> Result<&'static str, Failure> {
    match text {
        "3" => Ok("03"),
        "17" => Ok("11"),
        "65537" => Ok("010001"),
        _ => Err(Failure::new(Kind::BadArguments, "-publicExponent takes 3, 17 or 65537.")),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    display: Option<String>,
    class: Option<String>,
    key_type: Option<String>,
    #[serde(rename = "certificateType")]
    _certificate_type: Option<String>,
    label: Option<String>,
    ouid: Option<String>,
    application: Option<String>,
    value: Option<String>,
    issuer: Option<String>,
    serial_number: Option<String>,
    subject: Option<String>,
    id: Option<String>,
    token: Option<Flag>,
    modulus_bits: Option<u64>,
    public_exponent: Option<String>,
    private: Option<Flag>,
    sensitive: Option<Flag>,
    always_sensitive: Option<Flag>,
    extractable: Option<Flag>,
    never_extractable: Option<Flag>,
    local: Option<Flag>,
    encrypt: Option<Flag>,
    decrypt: Option<Flag>,
    sign: Option<Flag>,
    verify: Option<Flag>,
    wrap: Option<Flag>,
    unwrap: Option<Flag>,
    derive: Option<Flag>,
    start_date: Option<String>,
    end_date: Option<String>,
    modifiable: Option<Flag>,
    password: Option<Secret>,
    slot: Option<String>,
}

/// What was found.
#[derive(Serialize)]
struct Listed {
    objects: Vec<Object>,
    #[serde(skip)]
    columns: Vec<String>,
}

/// An object in the list.
#[derive(Serialize)]
struct Object {
    handle: u32,
    ouid: String,
    class: String,
    key_type: String,
    label: String,
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
}

impl Object {
    fn of(found: &FoundObject) -> Object {
        let text = |name| found.attributes.get(name).map(shown).unwrap_or_default();
        Object {
            handle: found.handle,
            ouid: text("CKA_OUID"),
            class: text("CKA_CLASS"),
            key_type: text("CKA_KEY_TYPE"),
            label: text("CKA_LABEL"),
            id: text("CKA_ID"),
            value: found.attributes.get("CKA_VALUE").map(shown),
        }
    }
}

impl Text for Listed {
    fn write(&self, page: &mut Page) {
        for (index, object) in self.objects.iter().enumerate() {
            let column = |name: &String| match name.as_str() {
                "index" => format!("index={index}"),
                "handle" => format!("handle={}", object.handle),
                "ouid" => format!("ouid={}", object.ouid),
                "class" => format!("class={}", object.class),
                "keytype" => format!("keyType={}", object.key_type),
                "id" => format!("id={}", object.id),
                "value" => format!("value={}", object.value.as_deref().unwrap_or_default()),
                _ => format!("label={}", object.label),
            };
            let columns: Vec<String> = self.columns.iter().map(column).collect();
            // Recorded: a handle is padded, an identifier is followed by a TAB.
            match &columns[..] {
                [handle, label] if self.columns == ["handle", "label"] => {
                    page.line(format!("{handle:<16}{label}"));
                }
                columns => page.line(columns.join("\t")),
            }
        }
    }
}

/// The columns that can be asked for.
const COLUMNS: [&str; 8] = ["index", "handle", "ouid", "class", "keytype", "label", "id", "value"];

impl Run<Cmu> for List {
    type View = Listed;

    fn run(self, cmu: &mut Cmu) -> Result<Listed, Failure> {
        // As recorded of client 10.5: who looks for a class and a label is told the unique identifier.
        let by_name = self.class.is_some() && self.label.is_some();
        let columns: Vec<String> = match &self.display {
            Some(names) => names.split(',').map(|name| name.trim().to_ascii_lowercase()).collect(),
            None if by_name => ["ouid", "label"].map(str::to_owned).to_vec(),
            None => ["handle", "label"].map(str::to_owned).to_vec(),
        };
        if let Some(unknown) = columns.iter().find(|name| !COLUMNS.contains(&name.as_str())) {
            let known = COLUMNS.join(", ");
            return Err(Failure::new(
                Kind::BadArguments,
                format!("-display has no '{unknown}': it takes {known}."),
            ));
        }
        let mut given = Given::default();
        if let Some(class) = &self.class {
            given.0.set("CKA_CLASS", named(&CLASSES, "-class", class)?);
        }
        if let Some(kind) = &self.key_type {
            given.0.set("CKA_KEY_TYPE", named(&KEY_TYPES, "-keyType", kind)?);
        }
        if let Some(text) = &self.public_exponent {
            given.0.set("CKA_PUBLIC_EXPONENT", exponent(text)?);
        }
        given
            .text("CKA_LABEL", self.label)
            .text("CKA_OUID", self.ouid.map(|ouid| ouid.to_ascii_lowercase()))
            .text("CKA_APPLICATION", self.application)
            .text("CKA_VALUE", self.value)
            .text("CKA_ISSUER", self.issuer)
            .text("CKA_SERIAL_NUMBER", self.serial_number)
            .text("CKA_SUBJECT", self.subject)
            .text("CKA_ID", self.id)
            .text("CKA_START_DATE", self.start_date)
            .text("CKA_END_DATE", self.end_date)
            .number("CKA_MODULUS_BITS", self.modulus_bits)
            .flag("CKA_TOKEN", self.token)
            .flag("CKA_PRIVATE", self.private)
            .flag("CKA_SENSITIVE", self.sensitive)
            .flag("CKA_ALWAYS_SENSITIVE", self.always_sensitive)
            .flag("CKA_EXTRACTABLE", self.extractable)
            .flag("CKA_NEVER_EXTRACTABLE", self.never_extractable)
            .flag("CKA_LOCAL", self.local)
            .flag("CKA_ENCRYPT", self.encrypt)
            .flag("CKA_DECRYPT", self.decrypt)
            .flag("CKA_SIGN", self.sign)
            .flag("CKA_VERIFY", self.verify)
            .flag("CKA_WRAP", self.wrap)
            .flag("CKA_UNWRAP", self.unwrap)
            .flag("CKA_DERIVE", self.derive)
            .flag("CKA_MODIFIABLE", self.modifiable);
        let token = token(cmu, self.slot.as_deref(), self.password)?;
        let names = ["CKA_OUID", "CKA_CLASS", "CKA_KEY_TYPE", "CKA_LABEL", "CKA_ID", "CKA_VALUE"];
        let mut found = token.find(&given.0, &names)?;
        // As recorded: the newest first.
        found.reverse();
        Ok(Listed { objects: found.iter().map(Object::of).collect(), columns })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GetAttribute {
    handle: Option<u32>,
    ouid: Option<String>,
    attributes: Option<String>,
    output_file: Option<PathBuf>,
    password: Option<Secret>,
    slot: Option<String>,
}

/// The attributes of an object.
#[derive(Serialize)]
struct Shown {
    attributes: Vec<(String, String)>,
    /// The file that they were written to.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<PathBuf>,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.attributes.iter().try_for_each(|(name, value)| writeln!(f, "{name}={value}"))
    }
}

impl Text for Shown {
    fn write(&self, page: &mut Page) {
        if self.file.is_none() {
            for (name, value) in &self.attributes {
                page.line(format!("{name}={value}"));
            }
        }
    }
}

impl Run<Cmu> for GetAttribute {
    type View = Shown;

    fn run(self, cmu: &mut Cmu) -> Result<Shown, Failure> {
        let wanted: Option<Vec<String>> = self
            .attributes
            .map(|names| names.split(',').map(|name| name.trim().to_ascii_lowercase()).collect());
        if let Some(unknown) = wanted
            .iter()
            .flatten()
            .find(|name| SHOWN.iter().all(|(known, _)| known != &name.as_str()))
        {
            return Err(Failure::new(
                Kind::BadArguments,
                format!("There is no attribute '{unknown}'."),
            ));
        }
        let token = token(cmu, self.slot.as_deref(), self.password)?;
        let named = Named { handle: self.handle, ouid: self.ouid.as_deref(), label: None };
        let handle = object(cmu, &token, &named, Attributes::default(), "object")?;
        let all = token.read(handle)?;
        let is_wanted =
            |name: &str| wanted.as_ref().is_none_or(|wanted| wanted.iter().any(|one| one == name));
        let attributes = SHOWN
            .iter()
            .filter(|(name, _)| is_wanted(name))
            .filter_map(|(name, full)| Some(((*name).to_owned(), shown(all.get(full)?))))
            .collect();
        let view = Shown { attributes, file: self.output_file };
        if let Some(file) = &view.file {
            replace_file(file, view.to_string().as_bytes())
                .map_err(|error| Failure::command(format!("{}: {error}", file.display())))?;
        }
        Ok(view)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SetAttribute {
    handle: Option<u32>,
    ouid: Option<String>,
    input_file: Option<PathBuf>,
    label: Option<String>,
    application: Option<String>,
    value: Option<String>,
    issuer: Option<String>,
    serial_number: Option<String>,
    subject: Option<String>,
    id: Option<String>,
    extractable: Option<Flag>,
    start_date: Option<String>,
    end_date: Option<String>,
    encrypt: Option<Flag>,
    decrypt: Option<Flag>,
    sign: Option<Flag>,
    verify: Option<Flag>,
    wrap: Option<Flag>,
    unwrap: Option<Flag>,
    derive: Option<Flag>,
    sensitive: Option<Flag>,
    password: Option<Secret>,
    slot: Option<String>,
}

/// The attributes of a file, one a line.
fn from_file(text: &str) -> Result<Attributes, Failure> {
    let mut attributes = Attributes::default();
    for (number, line) in (1..).zip(text.lines()) {
        let wrong = |why: &str| {
            Failure::new(Kind::BadArguments, format!("Line {number} of the file {why}."))
        };
        if line.trim().is_empty() {
            continue;
        }
        let (name, value) = line.split_once('=').ok_or_else(|| wrong("is not name=value"))?;
        let name = name.trim().to_ascii_lowercase();
        let known = SHOWN.iter().find(|(known, _)| *known == name);
        let (_, full) = known.ok_or_else(|| wrong("names no attribute"))?;
        let value = value.trim();
        let is_flag = ["encrypt", "decrypt", "sign", "verify", "wrap", "unwrap", "derive"]
            .iter()
            .chain(&["extractable", "sensitive", "modifiable", "private"])
            .any(|flag| *flag == name);
        match is_flag {
            true => attributes.set(full, flag(value).ok_or_else(|| wrong("is no flag: 1 or 0"))?),
            false => attributes.set(full, value),
        }
    }
    Ok(attributes)
}

/// That something was done which the product confirms with nothing.
#[derive(Serialize)]
pub(super) struct Done {
    done: &'static str,
    /// The object that it was done to, or that was made.
    handle: u32,
}

impl Done {
    pub(super) fn new(done: &'static str, handle: u32) -> Done {
        Done { done, handle }
    }
}

impl Text for Done {
    fn write(&self, _: &mut Page) {}
}

impl Run<Cmu> for SetAttribute {
    type View = Done;

    fn run(self, cmu: &mut Cmu) -> Result<Done, Failure> {
        let from_file = match &self.input_file {
            Some(path) => from_file(&String::from_utf8_lossy(&super::x509::read(path)?))?,
            None => Attributes::default(),
        };
        let mut given = Given(from_file);
        given
            .text("CKA_LABEL", self.label)
            .text("CKA_APPLICATION", self.application)
            .text("CKA_VALUE", self.value)
            .text("CKA_ISSUER", self.issuer)
            .text("CKA_SERIAL_NUMBER", self.serial_number)
            .text("CKA_SUBJECT", self.subject)
            .text("CKA_ID", self.id)
            .text("CKA_START_DATE", self.start_date)
            .text("CKA_END_DATE", self.end_date)
            .flag("CKA_EXTRACTABLE", self.extractable)
            .flag("CKA_ENCRYPT", self.encrypt)
            .flag("CKA_DECRYPT", self.decrypt)
            .flag("CKA_SIGN", self.sign)
            .flag("CKA_VERIFY", self.verify)
            .flag("CKA_WRAP", self.wrap)
            .flag("CKA_UNWRAP", self.unwrap)
            .flag("CKA_DERIVE", self.derive)
            .flag("CKA_SENSITIVE", self.sensitive);
        if given.0.0.is_empty() {
            return Err(Failure::new(Kind::BadArguments, "No attribute is given."));
        }
        let token = token(cmu, self.slot.as_deref(), self.password)?;
        let named = Named { handle: self.handle, ouid: self.ouid.as_deref(), label: None };
        let handle = object(cmu, &token, &named, Attributes::default(), "object")?;
        token.change(handle, given.0)?;
        Ok(Done::new("setattribute", handle))
    }
}

#[derive(Deserialize)]
struct Delete {
    handle: Option<u32>,
    ouid: Option<String>,
    certlabel: Option<String>,
    privatelabel: Option<String>,
    publiclabel: Option<String>,
    force: bool,
    password: Option<Secret>,
    slot: Option<String>,
}

impl Run<Cmu> for Delete {
    type View = Done;

    fn run(self, cmu: &mut Cmu) -> Result<Done, Failure> {
        let labels = [
            (self.certlabel, "CKO_CERTIFICATE"),
            (self.privatelabel, "CKO_PRIVATE_KEY"),
            (self.publiclabel, "CKO_PUBLIC_KEY"),
        ];
        let mut labels = labels.into_iter().filter_map(|(label, class)| Some((label?, class)));
        let by_label = labels.next();
        if labels.next().is_some() || by_label.is_some() && self.handle.is_some() {
            return Err(Failure::new(Kind::BadArguments, "Name one object: by handle or label."));
        }
        let token = token(cmu, self.slot.as_deref(), self.password)?;
        let mut template = Attributes::default();
        if let Some((_, class)) = &by_label {
            template.set("CKA_CLASS", *class);
        }
        let label = by_label.as_ref().map(|(label, _)| label.as_str());
        let named = Named { handle: self.handle, ouid: self.ouid.as_deref(), label };
        let handle = object(cmu, &token, &named, template, "object")?;
        // It is looked at first: a wrong handle needs no answer.
        let label = token.read(handle)?.text("CKA_LABEL").to_owned();
        if !self.force {
            let text = format!(
                "Are you sure you want to delete the object '{label}', handle {handle}? (y/n) "
            );
            let answer = cmu.session.ui().ask(&text, "-force")?;
            if !answer.trim().eq_ignore_ascii_case("y") {
                return Err(Failure::refused("Nothing was deleted."));
            }
        }
        token.destroy(handle)?;
        Ok(Done::new("delete", handle))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(columns: &[&str]) -> String {
        let object = Object {
            handle: 123,
            ouid: "8dac020013000002badb0800".into(),
            class: "privateKey".into(),
            key_type: "RSA".into(),
            label: "MY-PRIVATE".into(),
            id: "a0".into(),
            value: None,
        };
        let columns = columns.iter().map(|name| (*name).to_owned()).collect();
        let mut page = Page::new();
        Listed { objects: vec![object], columns }.write(&mut page);
        page.into_text()
    }

    #[test]
    fn a_line_of_the_list_is_byte_exact() {
        assert_eq!(listed(&["handle", "label"]), "handle=123      label=MY-PRIVATE\n");
        assert_eq!(listed(&["ouid", "label"]), "ouid=8dac020013000002badb0800\tlabel=MY-PRIVATE\n");
    }

    #[test]
    fn attributes_of_a_file_are_read_by_line() {
        let read = from_file("label=new\n\nsign=T\r\nid = A0\n").unwrap();
        assert_eq!((read.text("CKA_LABEL"), read.text("CKA_ID")), ("new", "A0"));
        assert!(read.flag("CKA_SIGN"));
        for (text, told) in [
            ("label", "Line 1 of the file is not name=value."),
            ("\nnonsense=1", "Line 2 of the file names no attribute."),
            ("sign=maybe", "Line 1 of the file is no flag: 1 or 0."),
        ] {
            assert_eq!(from_file(text).unwrap_err().message, told);
        }
    }
}
