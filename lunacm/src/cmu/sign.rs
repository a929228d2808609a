//! `sign` and `verify`: a key of the slot used on a file. Not functions of the product's utility: an
//! emulated slot has no other program yet that signs. Signatures are files as openssl has them, those of
//! ECDSA in DER.

use std::path::PathBuf;
use std::time::Instant;

use luna_rest::objects::{Attributes, Mechanism, Operation, Use};
use luna_rest::{Secret, objects, partitions};
use luna_shell::{Failure, Kind, Known, Page, Role, Run, Text};
use serde::{Deserialize, Serialize};

use crate::cmu::list::Done;
use crate::cmu::select::{Named, object, token};
use crate::cmu::{Cmu, Function, call, x509};
use crate::token::encoded;

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        syntax: "sign [-handle <handle>] [-ouid <ouid>] [-label <label>] [-mechanism <mechanism>] -inputFile <filename> -outputFile <filename> [-repeat <number>] [-password <password>] [-slot <slotname>]",
        help: "Sign a file with a private key (not in the product's utility)",
        options: &[
            ("-inputFile", "File to sign"),
            ("-outputFile", "File for the signature"),
            ("-repeat", "How often it is signed, to measure or to watch a group of slots"),
        ],
        roles: Role::OPERATOR,
        rest: &[
            partitions::ROLE.resource(),
            partitions::LOGIN.resource(),
            objects::FIND.resource(),
            objects::READ.resource(),
            objects::USE.resource(),
        ],
        known: Known::Assumed(
            "the product's utility does not sign; the name is that of its attribute",
        ),
        run: call::<Sign>(),
    },
    Function {
        syntax: "verify [-handle <handle>] [-ouid <ouid>] [-label <label>] [-mechanism <mechanism>] -inputFile <filename> -signature <filename> [-password <password>] [-slot <slotname>]",
        help: "Verify a file's signature with a public key (not in the product's utility)",
        options: &[
            ("-inputFile", "File that was signed"),
            ("-signature", "File with the signature"),
        ],
        roles: Role::OPERATOR,
        rest: &[
            partitions::ROLE.resource(),
            partitions::LOGIN.resource(),
            objects::FIND.resource(),
            objects::READ.resource(),
            objects::USE.resource(),
        ],
        known: Known::Assumed("as for sign"),
        run: call::<Verify>(),
    },
];

/// The mechanism of a line, or the common one of the key's type.
pub(super) fn mechanism(given: Option<String>, key: &Attributes) -> Result<Mechanism, Failure> {
    let name = match given {
        Some(name) => match name.to_ascii_uppercase() {
            name if name.starts_with("CKM_") => name,
            name => format!("CKM_{name}"),
        },
        None => match key.text("CKA_KEY_TYPE") {
            "CKK_RSA" => "CKM_SHA256_RSA_PKCS".to_owned(),
            "CKK_EC" => "CKM_ECDSA_SHA256".to_owned(),
            "CKK_EC_EDWARDS" => "CKM_EDDSA".to_owned(),
            _ => return Err(Failure::new(Kind::BadArguments, "-mechanism is needed here.")),
        },
    };
    Ok(Mechanism::of(&name))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sign {
    handle: Option<u32>,
    ouid: Option<String>,
    label: Option<String>,
    mechanism: Option<String>,
    input_file: PathBuf,
    output_file: PathBuf,
    repeat: Option<u32>,
    password: Option<Secret>,
    slot: Option<String>,
}

/// What was signed.
#[derive(Serialize)]
struct Signed {
    mechanism: String,
    file: PathBuf,
    /// How often it was signed.
    signatures: u32,
    /// How many did not come.
    failed: u32,
    /// The longest time from one signature to the next, in milliseconds.
    longest_ms: f64,
    seconds: f64,
    /// How many of them each member of an HA group made.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    load: Vec<Share>,
}

/// What a member of an HA group did.
#[derive(Serialize)]
struct Share {
    member: String,
    signatures: u64,
}

impl Text for Signed {
    fn write(&self, page: &mut Page) {
        page.line(format!("Using \"{}\" Mechanism", self.mechanism));
        if self.signatures + self.failed > 1 {
            page.line(format!(
                "{} signatures in {:.3} s, {} failed; the longest took {:.1} ms",
                self.signatures, self.seconds, self.failed, self.longest_ms
            ));
            for Share { member, signatures } in &self.load {
                page.line(format!("{signatures} of them at member {member}"));
            }
        }
    }
}

impl Run<Cmu> for Sign {
    type View = Signed;

    fn run(self, cmu: &mut Cmu) -> Result<Signed, Failure> {
        let data = x509::read(&self.input_file)?;
        let token = token(cmu, self.slot.as_deref(), self.password)?;
        let named =
            Named { handle: self.handle, ouid: self.ouid.as_deref(), label: self.label.as_deref() };
        let private = Attributes::of([("CKA_SIGN", true.into())]);
        let handle = object(cmu, &token, &named, private, "private key")?;
        let mechanism = mechanism(self.mechanism, &token.read(handle)?)?;
        let repeat = self.repeat.unwrap_or(1).max(1);
        let begun = Instant::now();
        let (mut signatures, mut failed, mut longest) = (0, 0, 0.0_f64);
        if repeat > 1 && cmu.session.ui().attended() {
            cmu.session.ui().note("note: signing; Ctrl-C ends it before its time");
        }
        let mut last = None;
        for _ in 0..repeat {
            if cmu.session.ui().interrupted() {
                break;
            }
            let started = Instant::now();
            match token.sign(handle, &mechanism, &data) {
                Ok(signature) => {
                    signatures += 1;
                    last = Some(signature);
                }
                // One that fails alone is a failure of the function.
                Err(error) if repeat == 1 => return Err(error.into()),
                Err(luna_rest::Error::Cancelled { .. }) => break,
                Err(_) => failed += 1,
            }
            longest = longest.max(started.elapsed().as_secs_f64() * 1000.0);
        }
        let none = || Failure::command("No signature was made.");
        let mut signature = last.ok_or_else(none)?;
        if mechanism.name.starts_with("CKM_ECDSA") {
            signature = x509::ecdsa_der(&signature);
        }
        x509::write(&self.output_file, "", &signature, true)?;
        Ok(Signed {
            mechanism: mechanism.name,
            file: self.output_file,
            signatures,
            failed,
            longest_ms: longest,
            seconds: begun.elapsed().as_secs_f64(),
            load: (token.load().into_iter())
                .map(|(member, signatures)| Share { member, signatures })
                .collect(),
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Verify {
    handle: Option<u32>,
    ouid: Option<String>,
    label: Option<String>,
    mechanism: Option<String>,
    input_file: PathBuf,
    signature: PathBuf,
    password: Option<Secret>,
    slot: Option<String>,
}

impl Run<Cmu> for Verify {
    type View = Done;

    fn run(self, cmu: &mut Cmu) -> Result<Done, Failure> {
        let (data, mut signature) = (x509::read(&self.input_file)?, x509::read(&self.signature)?);
        let token = token(cmu, self.slot.as_deref(), self.password)?;
        let named =
            Named { handle: self.handle, ouid: self.ouid.as_deref(), label: self.label.as_deref() };
        let public = Attributes::of([("CKA_VERIFY", true.into())]);
        let handle = object(cmu, &token, &named, public, "public key")?;
        let key = token.read(handle)?;
        let mechanism = mechanism(self.mechanism, &key)?;
        if mechanism.name.starts_with("CKM_ECDSA") {
            signature = x509::ecdsa_raw(&signature, key.text("CKA_EC_PARAMS"));
        }
        let body = Use {
            mechanism,
            data: encoded(&data).into(),
            signature: encoded(&signature),
            ..Use::default()
        };
        token.use_object(handle, Operation::Verify, &body)?;
        Ok(Done::new("verify", handle))
    }
}
