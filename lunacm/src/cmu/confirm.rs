//! `getpkc` and `verifypkc`: public key confirmations, by which an HSM proves that it made a key.

use std::path::PathBuf;

use luna_rest::objects::{Attributes, Operation, Use};
use luna_rest::{Secret, objects, partitions};
use luna_shell::{Failure, Known, Page, Role, Run, Text};
use serde::{Deserialize, Serialize};
use x509_parser::prelude::X509Certificate;

use crate::cmu::list::{Done, Flag};
use crate::cmu::select::{Named, object, token};
use crate::cmu::{Cmu, Function, call, x509};
use crate::token::bytes_of;

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        syntax: "getpkc [-handle <handle>] [-ouid <ouid>] -outputFile <filename> [-pkctype <number>] [-verify <bool>] [-password <password>] [-slot <slotname>]",
        help: "Write the confirmation of a key pair to a file",
        options: &[
            ("-handle", "Handle of the private key"),
            ("-pkctype", "1 TC-TrustCenter, 2 Chrysalis-ITS"),
            ("-verify", "Whether it is verified too: 1 or 0"),
        ],
        roles: Role::OPERATOR,
        rest: &[
            partitions::ROLE.resource(),
            partitions::LOGIN.resource(),
            objects::FIND.resource(),
            objects::USE.resource(),
        ],
        known: Known::Seen("cmu-list-ouid-getpkc-verifypkc-10.5"),
        run: call::<GetPkc>(),
    },
    Function {
        syntax: "verifypkc -inputFile <filename> [-pkctype <number>] [-password <password>] [-slot <slotname>]",
        help: "Verify the confirmation of a key pair",
        options: &[("-pkctype", "1 TC-TrustCenter, 2 Chrysalis-ITS")],
        roles: Role::OPERATOR,
        rest: &[partitions::ROLE.resource(), partitions::LOGIN.resource()],
        known: Known::Seen("cmu-list-ouid-getpkc-verifypkc-10.5"),
        run: call::<VerifyPkc>(),
    },
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GetPkc {
    handle: Option<u32>,
    ouid: Option<String>,
    output_file: PathBuf,
    #[serde(rename = "pkctype")]
    _pkctype: Option<u8>,
    verify: Option<Flag>,
    password: Option<Secret>,
    slot: Option<String>,
}

impl Run<Cmu> for GetPkc {
    type View = Done;

    fn run(self, cmu: &mut Cmu) -> Result<Done, Failure> {
        let token = token(cmu, self.slot.as_deref(), self.password)?;
        let named = Named { handle: self.handle, ouid: self.ouid.as_deref(), label: None };
        let private = Attributes::of([("CKA_CLASS", "CKO_PRIVATE_KEY".into())]);
        let handle = object(cmu, &token, &named, private, "private key")?;
        let used = token.use_object(handle, Operation::Attest, &Use::default())?;
        let chain = bytes_of(&used);
        if self.verify.is_some_and(|Flag(verify)| verify) {
            verified(&chain)?;
        }
        x509::write(&self.output_file, "", &chain, true)?;
        Ok(Done::new("getpkc", handle))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct VerifyPkc {
    input_file: PathBuf,
    #[serde(rename = "pkctype")]
    _pkctype: Option<u8>,
    password: Option<Secret>,
    slot: Option<String>,
}

/// A confirmation that holds.
#[derive(Serialize)]
struct Confirmed {
    /// Which key.
    ouid: String,
    /// The HSM that made it.
    hsm: String,
    /// Who made the HSM.
    root: String,
}

/// Seen: the utility says nothing where it holds; what it confirms is a note.
impl Text for Confirmed {
    fn write(&self, _: &mut Page) {}
}

/// The certificates of a confirmation, which is a PKCS#7 structure without a signature.
fn certificates(pkcs7: &[u8]) -> Option<Vec<Vec<u8>>> {
    let read = yasna::parse_der(pkcs7, |reader| {
        reader.read_sequence(|reader| {
            reader.next().read_oid()?;
            reader.next().read_tagged(yasna::Tag::context(0), |reader| {
                reader.read_sequence(|reader| {
                    reader.next().read_i8()?;
                    reader.next().read_der()?;
                    reader.next().read_der()?;
                    let certificates =
                        reader.next().read_tagged_implicit(yasna::Tag::context(0), |reader| {
                            let mut certificates = Vec::new();
                            reader.read_sequence_of(|reader| {
                                certificates.push(reader.read_der()?);
                                Ok(())
                            })?;
                            Ok(certificates)
                        })?;
                    reader.next().read_der()?;
                    Ok(certificates)
                })
            })
        })
    });
    read.ok()
}

fn verified(pkcs7: &[u8]) -> Result<Confirmed, Failure> {
    let wrong = |why: &str| Failure::command(format!("The confirmation does not hold: {why}."));
    let certificates = certificates(pkcs7).ok_or_else(|| wrong("it cannot be read"))?;
    let parsed: Option<Vec<X509Certificate<'_>>> = certificates
        .iter()
        .map(|der| x509_parser::parse_x509_certificate(der).ok().map(|(_, parsed)| parsed))
        .collect();
    let parsed = parsed.ok_or_else(|| wrong("a certificate cannot be read"))?;
    let [key, hsm, root] = &parsed[..] else {
        return Err(wrong("it has not three certificates"));
    };
    for (one, by) in [(key, hsm), (hsm, root), (root, root)] {
        if one.issuer() != by.subject() || one.verify_signature(Some(by.public_key())).is_err() {
            return Err(wrong("a certificate is not signed by the next one"));
        }
    }
    let name = |of: &X509Certificate<'_>| {
        let name = of.subject().iter_common_name().next();
        name.and_then(|name| name.as_str().ok()).unwrap_or_default().to_owned()
    };
    Ok(Confirmed { ouid: name(key), hsm: name(hsm), root: name(root) })
}

impl Run<Cmu> for VerifyPkc {
    type View = Confirmed;

    fn run(self, cmu: &mut Cmu) -> Result<Confirmed, Failure> {
        let content = x509::read(&self.input_file)?;
        token(cmu, self.slot.as_deref(), self.password)?;
        let confirmed = verified(&content)?;
        let Confirmed { ouid, hsm, root } = &confirmed;
        cmu.session.ui().note(format!("note: the key {ouid} was made by {hsm} ({root})"));
        Ok(confirmed)
    }
}
