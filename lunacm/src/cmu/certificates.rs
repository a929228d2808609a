//! `requestcertificate`, `selfsigncertificate`, `certify`, `import`, `export`: certificates of keys in
//! the slot.

use std::path::PathBuf;

use luna_rest::objects::Attributes;
use luna_rest::{Secret, objects, partitions};
use luna_shell::{Failure, Kind, Known, Page, Role, Run, Text};
use serde::{Deserialize, Serialize};

use crate::cmu::list::{Done, Flag};
use crate::cmu::select::{Named, object, token};
use crate::cmu::x509::{self, Algorithm, Contents, Name, PARTS};
use crate::cmu::{Cmu, Function, call, keys};
use crate::token::{Token, from_hex, hex};

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        syntax: "certify [-handle <handle>] -inputFile <filename> -startDate <date> -endDate <date> [-parentlabel <label>] [-serialNumber <hex>] [-label <label>] [-id <hex>] [-private <bool>] [-keyusage <uses>] [-sha1withrsa] [-sha224withrsa] [-sha256withrsa] [-sha384withrsa] [-sha512withrsa] [-sha1withecdsa] [-sha224withecdsa] [-sha256withecdsa] [-sha384withecdsa] [-sha512withecdsa] [-outputFile <filename>] [-binary] [-password <password>] [-slot <slotname>]",
        help: "Sign a certificate request with a key of the slot",
        options: &[
            ("-handle", "Handle of the certificate that signs"),
            ("-inputFile", "File with the request, PEM or DER"),
            ("-parentlabel", "Label of the certificate that signs"),
        ],
        roles: Role::OPERATOR,
        rest: &[
            partitions::ROLE.resource(),
            partitions::LOGIN.resource(),
            objects::FIND.resource(),
            objects::READ.resource(),
            objects::USE.resource(),
            objects::CREATE.resource(),
        ],
        known: Known::Documented("Utilities/cmu/cmu_certify.htm@7.2"),
        run: call::<Certify>(),
    },
    Function {
        syntax: "export [-handle <handle>] [-ouid <ouid>] [-label <label>] -outputFile <filename> [-key] [-binary] [-certdelete] [-password <password>] [-slot <slotname>]",
        help: "Write a certificate or a public key to a file",
        options: &[
            ("-key", "It is a public key"),
            ("-certdelete", "Delete the certificate afterwards"),
        ],
        roles: Role::OPERATOR,
        rest: &[
            partitions::ROLE.resource(),
            partitions::LOGIN.resource(),
            objects::FIND.resource(),
            objects::READ.resource(),
            objects::DESTROY.resource(),
        ],
        known: Known::Documented("Utilities/cmu/cmu_export.htm@7.2"),
        run: call::<Export>(),
    },
    Function {
        syntax: "import -inputFile|-in <filename> [-label <label>] [-pubkey <keytype>] [-private <bool>] [-password <password>] [-slot <slotname>]",
        help: "Import a certificate or a public key from a file",
        options: &[("-pubkey", "It is a public key of this type: rsa, ecdsa or ed25519")],
        roles: Role::OPERATOR,
        rest: &[
            partitions::ROLE.resource(),
            partitions::LOGIN.resource(),
            objects::CREATE.resource(),
        ],
        known: Known::Documented("Utilities/cmu/cmu_import.htm@7.2"),
        run: call::<Import>(),
    },
    Function {
        syntax: "requestcertificate [-publichandle <handle>] [-privatehandle <handle>] -outputFile <filename> [-sha1withrsa] [-sha224withrsa] [-sha256withrsa] [-sha384withrsa] [-sha512withrsa] [-sha1withecdsa] [-sha224withecdsa] [-sha256withecdsa] [-sha384withecdsa] [-sha512withecdsa] [-c <country>] [-s <state>] [-l <locality>] [-o <organization>] [-ou <unit>] [-cn <name>] [-e <address>] [-binary] [-password <password>] [-slot <slotname>]",
        help: "Write a certificate request for a key pair",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[
            partitions::ROLE.resource(),
            partitions::LOGIN.resource(),
            objects::FIND.resource(),
            objects::READ.resource(),
            objects::USE.resource(),
        ],
        known: Known::Seen("cmu-generatekeypair-list-requestcertificate-7.1"),
        run: call::<RequestCertificate>(),
    },
    Function {
        syntax: "selfsigncertificate|selfsign|self [-publichandle <handle>] [-privatehandle <handle>] [-private <bool>] -serialNumber <hex> -startDate <date> -endDate <date> [-label <label>] [-id <hex>] [-keyusage <uses>] [-sha1withrsa] [-sha224withrsa] [-sha256withrsa] [-sha384withrsa] [-sha512withrsa] [-sha1withecdsa] [-sha224withecdsa] [-sha256withecdsa] [-sha384withecdsa] [-sha512withecdsa] [-c <country>] [-s <state>] [-l <locality>] [-o <organization>] [-ou <unit>] [-cn <name>] [-e <address>] [-password <password>] [-slot <slotname>]",
        help: "Make a self-signed certificate for a key pair",
        options: &[],
        roles: Role::OPERATOR,
        rest: &[
            partitions::ROLE.resource(),
            partitions::LOGIN.resource(),
            objects::FIND.resource(),
            objects::READ.resource(),
            objects::USE.resource(),
            objects::CREATE.resource(),
        ],
        known: Known::Documented("Utilities/cmu/cmu_selfsigncertificate.htm@7.2"),
        run: call::<SelfSign>(),
    },
];

/// The option of the algorithm that was chosen.
macro_rules! chosen {
    ($line:expr) => {{
        let flags = [
            ($line.sha1withrsa, "sha1withrsa"),
            ($line.sha224withrsa, "sha224withrsa"),
            ($line.sha256withrsa, "sha256withrsa"),
            ($line.sha384withrsa, "sha384withrsa"),
            ($line.sha512withrsa, "sha512withrsa"),
            ($line.sha1withecdsa, "sha1withecdsa"),
            ($line.sha224withecdsa, "sha224withecdsa"),
            ($line.sha256withecdsa, "sha256withecdsa"),
            ($line.sha384withecdsa, "sha384withecdsa"),
            ($line.sha512withecdsa, "sha512withecdsa"),
        ];
        let mut set = flags.iter().filter(|(set, _)| *set).map(|(_, option)| *option);
        let first = set.next();
        match set.next() {
            Some(_) => Err(bad("Choose one algorithm.")),
            None => Ok(first),
        }
    }};
}

/// The name that the options of a line make.
macro_rules! name_of {
    ($line:expr) => {
        Name {
            parts: [
                ("-C", $line.c),
                ("-S", $line.s),
                ("-L", $line.l),
                ("-O", $line.o),
                ("-OU", $line.ou),
                ("-CN", $line.cn),
                ("-E", $line.e),
            ]
            .into_iter()
            .filter_map(|(option, text)| Some((option, text?)))
            .collect(),
        }
    };
}

fn bad(message: impl Into<String>) -> Failure {
    Failure::new(Kind::BadArguments, message)
}

fn of_class(class: &str) -> Attributes {
    Attributes::of([("CKA_CLASS", class.into())])
}

/// A key pair to be certified.
struct Pair {
    private: u32,
    private_key: Attributes,
    /// The SubjectPublicKeyInfo.
    info: Vec<u8>,
}

impl Pair {
    fn find(
        cmu: &mut Cmu,
        token: &Token,
        public: Option<u32>,
        private: Option<u32>,
    ) -> Result<Pair, Failure> {
        let mut signing = of_class("CKO_PRIVATE_KEY");
        signing.set("CKA_SIGN", true);
        let named = |handle| Named { handle, ..Named::default() };
        let private = object(cmu, token, &named(private), signing, "private key")?;
        let public = object(cmu, token, &named(public), of_class("CKO_PUBLIC_KEY"), "public key")?;
        let private_key = token.read(private)?;
        let mut public_key = token.read(public)?;
        // People mix the two handles up, as the recorded session does; a private RSA key tells both.
        let is_private = |key: &Attributes| key.text("CKA_CLASS") == "CKO_PRIVATE_KEY";
        if is_private(&public_key) && !is_private(&private_key) {
            return Err(bad(
                "-publichandle is the private key, and -privatehandle the public one.",
            ));
        }
        if is_private(&public_key) && public_key.text("CKA_KEY_TYPE") == "CKK_RSA" {
            public_key.set("CKA_CLASS", "CKO_PUBLIC_KEY");
        }
        let same = public_key.text("CKA_MODULUS") == private_key.text("CKA_MODULUS")
            && public_key.text("CKA_KEY_TYPE") == private_key.text("CKA_KEY_TYPE");
        if !same {
            return Err(bad("The two keys are no pair."));
        }
        let info = x509::public_key_info(&public_key)?;
        Ok(Pair { private, private_key, info })
    }

    fn sign(
        &self,
        token: &Token,
        algorithm: Algorithm,
        content: &[u8],
    ) -> Result<Vec<u8>, Failure> {
        let mechanism = algorithm.mechanism();
        algorithm.sign(content, |content| Ok(token.sign(self.private, &mechanism, content)?))
    }
}

/// The subject's DER, and its common name: of the options, of the private key, or asked for.
fn subject(cmu: &mut Cmu, name: Name, key: &Attributes) -> Result<(Vec<u8>, String), Failure> {
    let name = match (name.parts.is_empty(), key.text("CKA_SUBJECT")) {
        (false, _) => name,
        (true, "") => {
            let mut asked = Name::default();
            for (option, _, text) in PARTS {
                let answer = cmu.session.ui().ask(text, option)?;
                if !answer.trim().is_empty() {
                    asked.parts.push((option, answer.trim().to_owned()));
                }
            }
            asked
        }
        (true, digits) => {
            let der = from_hex(digits).unwrap_or_default();
            return Ok((der, String::new()));
        }
    };
    if let Some((_, country)) = name.parts.iter().find(|(option, _)| *option == "-C")
        && (country.len() != 2 || !country.chars().all(|c| c.is_ascii_alphabetic()))
    {
        return Err(bad("-C takes two letters."));
    }
    if name.parts.is_empty() {
        return Err(bad("The subject is empty: give at least -CN."));
    }
    Ok((name.der(), name.common_name().to_owned()))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestCertificate {
    publichandle: Option<u32>,
    privatehandle: Option<u32>,
    output_file: PathBuf,
    sha1withrsa: bool,
    sha224withrsa: bool,
    sha256withrsa: bool,
    sha384withrsa: bool,
    sha512withrsa: bool,
    sha1withecdsa: bool,
    sha224withecdsa: bool,
    sha256withecdsa: bool,
    sha384withecdsa: bool,
    sha512withecdsa: bool,
    c: Option<String>,
    s: Option<String>,
    l: Option<String>,
    o: Option<String>,
    ou: Option<String>,
    cn: Option<String>,
    e: Option<String>,
    binary: bool,
    password: Option<Secret>,
    slot: Option<String>,
}

/// What was signed, and with what.
#[derive(Serialize)]
struct Signed {
    mechanism: &'static str,
    /// The file that was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<PathBuf>,
    /// The certificate that was kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    handle: Option<u32>,
}

impl Text for Signed {
    fn write(&self, page: &mut Page) {
        page.line(format!("Using \"{}\" Mechanism", self.mechanism));
    }
}

/// Says that SHA-1 was taken because nothing else was asked for.
fn note_old_default(cmu: &mut Cmu, chosen: Option<&str>, algorithm: Algorithm) {
    if chosen.is_none() && algorithm.option == "sha1withrsa" {
        cmu.session.ui().note(
            "note: signed with SHA-1, the utility's default, which most authorities refuse: \
             -sha256withrsa",
        );
    }
}

impl Run<Cmu> for RequestCertificate {
    type View = Signed;

    fn run(self, cmu: &mut Cmu) -> Result<Signed, Failure> {
        let chosen = chosen!(self)?;
        let name = name_of!(self);
        let token = token(cmu, self.slot.as_deref(), self.password)?;
        let pair = Pair::find(cmu, &token, self.publichandle, self.privatehandle)?;
        let algorithm = Algorithm::choose(chosen, pair.private_key.text("CKA_KEY_TYPE"))?;
        let (subject, _) = subject(cmu, name, &pair.private_key)?;
        let content = x509::request(&subject, &pair.info);
        let signed = pair.sign(&token, algorithm, &content)?;
        x509::write(&self.output_file, "CERTIFICATE REQUEST", &signed, self.binary)?;
        note_old_default(cmu, chosen, algorithm);
        Ok(Signed { mechanism: algorithm.mechanism, file: Some(self.output_file), handle: None })
    }
}

/// A serial number from hexadecimal digits.
fn serial_number(digits: &str) -> Result<Vec<u8>, Failure> {
    let even = match digits.len() % 2 {
        0 => digits.to_owned(),
        _ => format!("0{digits}"),
    };
    from_hex(&even)
        .filter(|bytes| (1..=20).contains(&bytes.len()))
        .ok_or_else(|| bad("-serialNumber takes 1 to 40 hexadecimal digits."))
}

/// Keeps a certificate in the slot.
fn keep(
    token: &Token,
    der: &[u8],
    label: &str,
    id: &str,
    private: Option<Flag>,
) -> Result<u32, Failure> {
    let mut template = of_class("CKO_CERTIFICATE");
    template.set("CKA_VALUE", hex(der));
    template.set("CKA_LABEL", label);
    template.set("CKA_ID", id);
    // Documented: private, unless the line says otherwise.
    template.set("CKA_PRIVATE", private.is_none_or(|Flag(private)| private));
    let create = luna_rest::objects::Create { template, ..Default::default() };
    Ok(token.create(&create)?)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SelfSign {
    publichandle: Option<u32>,
    privatehandle: Option<u32>,
    private: Option<Flag>,
    serial_number: String,
    start_date: String,
    end_date: String,
    label: Option<String>,
    id: Option<String>,
    keyusage: Option<String>,
    sha1withrsa: bool,
    sha224withrsa: bool,
    sha256withrsa: bool,
    sha384withrsa: bool,
    sha512withrsa: bool,
    sha1withecdsa: bool,
    sha224withecdsa: bool,
    sha256withecdsa: bool,
    sha384withecdsa: bool,
    sha512withecdsa: bool,
    c: Option<String>,
    s: Option<String>,
    l: Option<String>,
    o: Option<String>,
    ou: Option<String>,
    cn: Option<String>,
    e: Option<String>,
    password: Option<Secret>,
    slot: Option<String>,
}

impl Run<Cmu> for SelfSign {
    type View = Signed;

    fn run(self, cmu: &mut Cmu) -> Result<Signed, Failure> {
        let chosen = chosen!(self)?;
        let name = name_of!(self);
        let serial = serial_number(&self.serial_number)?;
        let usage = x509::key_usage(self.keyusage.as_deref().unwrap_or("keycertsign"))?;
        let token = token(cmu, self.slot.as_deref(), self.password)?;
        let pair = Pair::find(cmu, &token, self.publichandle, self.privatehandle)?;
        let algorithm = Algorithm::choose(chosen, pair.private_key.text("CKA_KEY_TYPE"))?;
        let (subject, common_name) = subject(cmu, name, &pair.private_key)?;
        let contents = Contents {
            serial,
            issuer: &subject,
            subject: &subject,
            start: &self.start_date,
            end: &self.end_date,
            key: &pair.info,
            usage,
        };
        let der = pair.sign(&token, algorithm, &contents.der(&algorithm)?)?;
        let label = self.label.unwrap_or(common_name);
        let id = self.id.unwrap_or_else(|| pair.private_key.text("CKA_ID").to_owned());
        let handle = keep(&token, &der, &label, &id, self.private)?;
        note_old_default(cmu, chosen, algorithm);
        Ok(Signed { mechanism: algorithm.mechanism, file: None, handle: Some(handle) })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Certify {
    handle: Option<u32>,
    input_file: PathBuf,
    start_date: String,
    end_date: String,
    parentlabel: Option<String>,
    serial_number: Option<String>,
    label: Option<String>,
    id: Option<String>,
    private: Option<Flag>,
    keyusage: Option<String>,
    sha1withrsa: bool,
    sha224withrsa: bool,
    sha256withrsa: bool,
    sha384withrsa: bool,
    sha512withrsa: bool,
    sha1withecdsa: bool,
    sha224withecdsa: bool,
    sha256withecdsa: bool,
    sha384withecdsa: bool,
    sha512withecdsa: bool,
    output_file: Option<PathBuf>,
    binary: bool,
    password: Option<Secret>,
    slot: Option<String>,
}

/// The private key of a certificate in the slot: that of the same identifier, or of the same modulus.
fn key_of(token: &Token, parent: &Attributes, info: &[u8]) -> Result<(u32, Attributes), Failure> {
    let mut template = of_class("CKO_PRIVATE_KEY");
    template.set("CKA_SIGN", true);
    let key = x509::public_key(info)?;
    template.set("CKA_KEY_TYPE", key.text("CKA_KEY_TYPE"));
    match key.get("CKA_MODULUS") {
        Some(modulus) => template.set("CKA_MODULUS", modulus.clone()),
        None => template.set("CKA_ID", parent.text("CKA_ID")),
    }
    let found = token.find(&template, &["CKA_KEY_TYPE", "CKA_ID"])?;
    match found.into_iter().next() {
        Some(first) => Ok((first.handle, first.attributes)),
        None => Err(Failure::command("The slot has no private key of the parent certificate.")),
    }
}

impl Run<Cmu> for Certify {
    type View = Signed;

    fn run(self, cmu: &mut Cmu) -> Result<Signed, Failure> {
        use x509_parser::prelude::FromDer;
        let chosen = chosen!(self)?;
        let usage = x509::key_usage(self.keyusage.as_deref().unwrap_or("keycertsign"))?;
        let given = self.serial_number.as_deref().map(serial_number).transpose()?;
        let request = x509::read_der(&self.input_file)?;
        let parsed =
            x509_parser::certification_request::X509CertificationRequest::from_der(&request);
        let broken = || {
            let file = self.input_file.display();
            Failure::command(format!("{file} is no certificate request."))
        };
        let (_, parsed) = parsed.map_err(|_| broken())?;
        // Its own signature proves that whoever asks has the key.
        parsed.verify_signature().map_err(|_| {
            Failure::command("The request is not signed with the key that it names.")
        })?;
        let asked = &parsed.certification_request_info;
        let token = token(cmu, self.slot.as_deref(), self.password)?;
        let named = Named { handle: self.handle, ouid: None, label: self.parentlabel.as_deref() };
        let parent = object(cmu, &token, &named, of_class("CKO_CERTIFICATE"), "certificate")?;
        let parent = token.read(parent)?;
        let der = from_hex(parent.text("CKA_VALUE")).unwrap_or_default();
        let Ok((_, of_parent)) = x509_parser::parse_x509_certificate(&der) else {
            return Err(bad("-handle is no certificate."));
        };
        let (private, key) = key_of(&token, &parent, of_parent.public_key().raw)?;
        let algorithm = Algorithm::choose(chosen, key.text("CKA_KEY_TYPE"))?;
        let serial = match given {
            Some(serial) => serial,
            // Assumed: a number of its own, as long as authorities make them.
            None => fresh_serial()?,
        };
        let contents = Contents {
            serial,
            issuer: of_parent.subject().as_raw(),
            subject: asked.subject.as_raw(),
            start: &self.start_date,
            end: &self.end_date,
            key: asked.subject_pki.raw,
            usage,
        };
        let content = contents.der(&algorithm)?;
        let mechanism = algorithm.mechanism();
        let signed =
            algorithm.sign(&content, |content| Ok(token.sign(private, &mechanism, content)?))?;
        let name = asked.subject.iter_common_name().next().and_then(|name| name.as_str().ok());
        let label = self.label.unwrap_or_else(|| name.unwrap_or_default().to_owned());
        let id = self.id.unwrap_or_else(|| key.text("CKA_ID").to_owned());
        let handle = keep(&token, &signed, &label, &id, self.private)?;
        if let Some(file) = &self.output_file {
            x509::write(file, "CERTIFICATE", &signed, self.binary)?;
        }
        note_old_default(cmu, chosen, algorithm);
        Ok(Signed { mechanism: algorithm.mechanism, file: self.output_file, handle: Some(handle) })
    }
}

fn fresh_serial() -> Result<Vec<u8>, Failure> {
    use ring::rand::{SecureRandom, SystemRandom};
    let mut bytes = vec![0; 16];
    let none = |_| Failure::command("The system has no randomness.");
    SystemRandom::new().fill(&mut bytes).map_err(none)?;
    // Positive, and not zero.
    bytes[0] = bytes[0] & 0x7f | 0x40;
    Ok(bytes)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Export {
    handle: Option<u32>,
    ouid: Option<String>,
    label: Option<String>,
    output_file: PathBuf,
    key: bool,
    binary: bool,
    certdelete: bool,
    password: Option<Secret>,
    slot: Option<String>,
}

impl Run<Cmu> for Export {
    type View = Done;

    fn run(self, cmu: &mut Cmu) -> Result<Done, Failure> {
        let token = token(cmu, self.slot.as_deref(), self.password)?;
        let (class, what) = match self.key {
            true => ("CKO_PUBLIC_KEY", "public key"),
            false => ("CKO_CERTIFICATE", "certificate"),
        };
        let named =
            Named { handle: self.handle, ouid: self.ouid.as_deref(), label: self.label.as_deref() };
        let handle = object(cmu, &token, &named, of_class(class), what)?;
        let found = token.read(handle)?;
        match found.text("CKA_CLASS") {
            "CKO_CERTIFICATE" => {
                let der = from_hex(found.text("CKA_VALUE")).unwrap_or_default();
                x509::write(&self.output_file, "CERTIFICATE", &der, self.binary)?;
                if self.certdelete {
                    token.destroy(handle)?;
                }
            }
            // A handle says what is meant, with or without -key.
            "CKO_PUBLIC_KEY" => {
                let info = x509::public_key_info(&found)?;
                x509::write(&self.output_file, "PUBLIC KEY", &info, self.binary)?;
            }
            _ => return Err(bad("Only certificates and public keys leave in plain text.")),
        }
        Ok(Done::new("export", handle))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Import {
    input_file: PathBuf,
    label: Option<String>,
    pubkey: Option<String>,
    private: Option<Flag>,
    password: Option<Secret>,
    slot: Option<String>,
}

impl Run<Cmu> for Import {
    type View = Done;

    fn run(self, cmu: &mut Cmu) -> Result<Done, Failure> {
        let der = x509::read_der(&self.input_file)?;
        let mut template = match &self.pubkey {
            Some(kind) => {
                let mut key = x509::public_key(&der)?;
                let wanted = match kind.to_ascii_lowercase().as_str() {
                    "rsa" => "CKK_RSA",
                    "ecdsa" => "CKK_EC",
                    "ed25519" | "eddsa" => "CKK_EC_EDWARDS",
                    _ => return Err(bad("-pubkey takes rsa, ecdsa or ed25519.")),
                };
                if key.text("CKA_KEY_TYPE") != wanted {
                    return Err(bad(format!("The file's key is not of the type {kind}.")));
                }
                key.set("CKA_CLASS", "CKO_PUBLIC_KEY");
                key.set("CKA_VERIFY", true);
                if wanted == "CKK_RSA" {
                    key.set("CKA_ENCRYPT", true);
                }
                key.set("CKA_LABEL", self.label.unwrap_or_default());
                key
            }
            None => {
                let Ok((_, parsed)) = x509_parser::parse_x509_certificate(&der) else {
                    let file = self.input_file.display();
                    return Err(Failure::command(format!("{file} is no certificate."))
                        .hint("for a public key give its type: -pubkey rsa"));
                };
                let name = parsed.subject().iter_common_name().next();
                let name = name.and_then(|name| name.as_str().ok()).unwrap_or_default();
                let mut template = of_class("CKO_CERTIFICATE");
                template.set("CKA_VALUE", hex(&der));
                template.set("CKA_LABEL", self.label.unwrap_or_else(|| name.to_owned()));
                template
            }
        };
        if let Some(Flag(private)) = self.private {
            template.set("CKA_PRIVATE", private);
        }
        let token = token(cmu, self.slot.as_deref(), self.password)?;
        keys::create(&token, template)
    }
}
