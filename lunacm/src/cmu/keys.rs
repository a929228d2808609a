//! `generatekeypair` and `importkey`: keys that are made here or come from a file.

use std::path::PathBuf;

use luna_rest::objects::{Attributes, Create, Generate, Mechanism, Operation, Use};
use luna_rest::{Secret, objects, partitions};
use luna_shell::{Failure, Kind, Known, Page, Role, Run, Text};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::cmu::list::{Done, Flag, Given, exponent};
use crate::cmu::select::token;
use crate::cmu::{Cmu, Function, call, x509};
use crate::token::{Token, encoded};

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        syntax: "generatekeypair|gen [-keyType <keytype>] [-modulusBits <length>] [-publicExponent|-publicExp <exponent>] [-keygenmech <number>] [-curvetype <number>] [-label <label>] [-labelPublic <label>] [-labelPrivate <label>] [-modifiable <bool>] [-encrypt <bool>] [-decrypt <bool>] [-sign <bool>] [-verify <bool>] [-wrap <bool>] [-unwrap <bool>] [-derive <bool>] [-extractable <bool>] [-id <hex>] [-startDate <date>] [-endDate <date>] [-subject <hex>] [-password <password>] [-slot <slotname>]",
        help: "Generate a key pair",
        options: &[
            ("-keyType", "RSA, ECDSA or ED25519"),
            ("-modulusBits", "Bits of an RSA key: 1024 to 4096, a multiple of 64"),
            ("-publicExponent", "3, 17 or 65537"),
            ("-keygenmech", "1 PKCS, 2 FIPS 186-3 only primes, 3 FIPS 186-3 auxiliary primes"),
            ("-curvetype", "3 P-256, 4 P-384, 5 P-521, or secp256k1"),
            ("-labelPublic", "Label of the public key"),
            ("-labelPrivate", "Label of the private key"),
        ],
        roles: Role::OPERATOR,
        rest: &[
            partitions::ROLE.resource(),
            partitions::LOGIN.resource(),
            objects::GENERATE.resource(),
        ],
        known: Known::Seen("cmu-generatekeypair-list-requestcertificate-7.1"),
        run: call::<GenerateKeyPair>(),
    },
    Function {
        syntax: "importkey -in <filename> [-keyalg <algorithm>] [-wrapkey <handle>] [-setkeyattr] [-PKCS8] [-PKCS12] [-label <label>] [-password <password>] [-slot <slotname>]",
        help: "Import a private key from a file",
        options: &[
            ("-in", "File with the key: PKCS#1 or PKCS#8, PEM or DER, not encrypted"),
            ("-keyalg", "RSA or ECDSA"),
            ("-wrapkey", "Handle of the key to wrap it with; one is made without it"),
            ("-setkeyattr", "Ask for the attributes"),
            ("-PKCS8", "The file is PKCS#8"),
            ("-PKCS12", "The file is PKCS#12"),
        ],
        roles: Role::OPERATOR,
        rest: &[
            partitions::ROLE.resource(),
            partitions::LOGIN.resource(),
            objects::GENERATE.resource(),
            objects::USE.resource(),
            objects::DESTROY.resource(),
        ],
        known: Known::Seen("cmu-importkey-lunacm-contents-k6"),
        run: call::<ImportKey>(),
    },
];

/// The curves by the numbers of the utility; 1 and 2 are curves that the HSM has no more.
const CURVES: [(&str, &str); 4] = [
    ("3", "06082a8648ce3d030107"),
    ("4", "06052b81040022"),
    ("5", "06052b81040023"),
    // Not in the utility's list; the emulated HSM has it.
    ("secp256k1", "06052b8104000a"),
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GenerateKeyPair {
    key_type: Option<String>,
    modulus_bits: Option<u64>,
    public_exponent: Option<String>,
    keygenmech: Option<u8>,
    curvetype: Option<String>,
    label: Option<String>,
    label_public: Option<String>,
    label_private: Option<String>,
    modifiable: Option<Flag>,
    encrypt: Option<Flag>,
    decrypt: Option<Flag>,
    sign: Option<Flag>,
    verify: Option<Flag>,
    wrap: Option<Flag>,
    unwrap: Option<Flag>,
    derive: Option<Flag>,
    extractable: Option<Flag>,
    id: Option<String>,
    start_date: Option<String>,
    end_date: Option<String>,
    subject: Option<String>,
    password: Option<Secret>,
    slot: Option<String>,
}

/// The handles of a new pair.
#[derive(Serialize)]
struct Pair {
    private_handle: u32,
    public_handle: u32,
}

/// The product says nothing.
impl Text for Pair {
    fn write(&self, _: &mut Page) {}
}

fn bad(message: impl Into<String>) -> Failure {
    Failure::new(Kind::BadArguments, message)
}

impl GenerateKeyPair {
    /// The type, which other options tell where it is not given.
    fn kind(&self) -> Result<&'static str, Failure> {
        match self.key_type.as_deref().map(str::to_ascii_lowercase).as_deref() {
            Some("rsa") => Ok("rsa"),
            Some("ecdsa" | "ec") => Ok("ecdsa"),
            Some("ed25519" | "eddsa") => Ok("ed25519"),
            Some(other) => Err(bad(format!("-keyType has no '{other}': RSA, ECDSA, ED25519."))),
            None if self.curvetype.is_some() => Ok("ecdsa"),
            None => Ok("rsa"),
        }
    }
}

impl Run<Cmu> for GenerateKeyPair {
    type View = Pair;

    fn run(self, cmu: &mut Cmu) -> Result<Pair, Failure> {
        let kind = self.kind()?;
        let mut of_kind = Attributes::default();
        let mechanism = match kind {
            "rsa" => {
                // Documented: asked for, unless the line says it. The emulated HSM makes all keys alike.
                let number = match self.keygenmech {
                    Some(number) => number,
                    None => {
                        let text = "Select RSA Mechanism Type -\n[1] PKCS\n[2] FIPS 186-3 Only \
                                    Primes\n[3] FIPS 186-3 Auxiliary Primes\n(1, 2, 3) : ";
                        let answer = cmu.session.ui().ask(text, "-keygenmech")?;
                        answer.trim().parse().map_err(|_| bad("It is 1, 2 or 3."))?
                    }
                };
                if !(1..=3).contains(&number) {
                    return Err(bad("-keygenmech takes 1, 2 or 3."));
                }
                // Assumed: what the utility does without these options.
                of_kind.set("CKA_MODULUS_BITS", self.modulus_bits.unwrap_or(2048));
                let text = self.public_exponent.as_deref().unwrap_or("65537");
                of_kind.set("CKA_PUBLIC_EXPONENT", exponent(text)?);
                "CKM_RSA_PKCS_KEY_PAIR_GEN"
            }
            "ecdsa" => {
                let which = self.curvetype.as_deref().unwrap_or("3").to_ascii_lowercase();
                let curve = CURVES.iter().find(|(number, _)| *number == which);
                let (_, params) = curve.ok_or_else(|| {
                    bad("-curvetype takes 3 (P-256), 4 (P-384), 5 (P-521) or secp256k1.")
                })?;
                of_kind.set("CKA_EC_PARAMS", *params);
                "CKM_EC_KEY_PAIR_GEN"
            }
            _ => {
                of_kind.set("CKA_EC_PARAMS", "06032b6570");
                "CKM_EC_EDWARDS_KEY_PAIR_GEN"
            }
        };
        let (label, id) = (self.label, self.id);
        let mut common = Given::default();
        common
            .text("CKA_ID", id)
            .text("CKA_SUBJECT", self.subject)
            .text("CKA_START_DATE", self.start_date)
            .text("CKA_END_DATE", self.end_date)
            .flag("CKA_MODIFIABLE", self.modifiable);
        let (mut private, mut public) = (Given(common.0.clone()), Given(common.0));
        private
            .text("CKA_LABEL", self.label_private.or_else(|| label.clone()))
            .flag("CKA_DECRYPT", self.decrypt)
            .flag("CKA_SIGN", self.sign)
            .flag("CKA_UNWRAP", self.unwrap)
            .flag("CKA_DERIVE", self.derive)
            .flag("CKA_EXTRACTABLE", self.extractable);
        public
            .text("CKA_LABEL", self.label_public.or(label))
            .flag("CKA_ENCRYPT", self.encrypt)
            .flag("CKA_VERIFY", self.verify)
            .flag("CKA_WRAP", self.wrap);
        public.0.0.extend(of_kind.0);
        let token = token(cmu, self.slot.as_deref(), self.password)?;
        let made = token.generate(&Generate {
            mechanism: Mechanism::of(mechanism),
            template: private.0,
            public_template: public.0,
        })?;
        let public_handle = made.public_handle.unwrap_or_default();
        Ok(Pair { private_handle: made.handle, public_handle })
    }
}

#[derive(Deserialize)]
struct ImportKey {
    r#in: PathBuf,
    keyalg: Option<String>,
    wrapkey: Option<u32>,
    setkeyattr: bool,
    #[serde(rename = "PKCS8")]
    _pkcs8: bool,
    #[serde(rename = "PKCS12")]
    pkcs12: bool,
    label: Option<String>,
    password: Option<Secret>,
    slot: Option<String>,
}

/// A key that was imported.
#[derive(Serialize)]
struct Imported {
    /// The key that was made to wrap it; it is deleted afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    wrapping_handle: Option<u32>,
    handle: u32,
}

impl Text for Imported {
    fn write(&self, page: &mut Page) {
        if let Some(handle) = self.wrapping_handle {
            // Recorded of an older client, whose key is a 3DES one.
            page.line(format!("...Autogenerating an AES key for unwrapping -> Handle ({handle})"));
        }
        // The product's own spelling.
        page.line(format!(
            "...The key was sucessfully unwrapped onto the token -> Handle({})",
            self.handle
        ));
    }
}

/// The PKCS#8 form of the key in a file.
fn pkcs8(content: &[u8]) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let (label, der) = match pem::parse(content) {
        Ok(pem) => (pem.tag().to_owned(), Zeroizing::new(pem.into_contents())),
        Err(_) => (String::new(), Zeroizing::new(content.to_vec())),
    };
    if label == "ENCRYPTED PRIVATE KEY" {
        return Err(Failure::command("The key is encrypted.")
            .hint("openssl pkcs8 -in KEY -out PLAIN decrypts it"));
    }
    // Only the beginning differs: PKCS#1 and SEC 1 have no algorithm before the key.
    let wrapped = |algorithm: &dyn Fn(yasna::DERWriter<'_>)| {
        Zeroizing::new(yasna::construct_der(|writer| {
            writer.write_sequence(|writer| {
                writer.next().write_i8(0);
                algorithm(writer.next());
                writer.next().write_bytes(&der);
            });
        }))
    };
    let is_pkcs1 = label == "RSA PRIVATE KEY"
        || label.is_empty()
            && yasna::parse_der(&der, |reader| {
                reader.read_sequence(|reader| {
                    reader.next().read_i8()?;
                    // A modulus, where PKCS#8 has the algorithm.
                    reader.next().read_bigint_bytes()?;
                    while reader.read_optional(|reader| reader.read_der())?.is_some() {}
                    Ok(())
                })
            })
            .is_ok();
    if is_pkcs1 {
        return Ok(wrapped(&|writer| {
            writer.write_sequence(|writer| {
                let oid = [1, 2, 840, 113_549, 1, 1, 1];
                writer.next().write_oid(&yasna::models::ObjectIdentifier::from_slice(&oid));
                writer.next().write_null();
            });
        }));
    }
    if label == "EC PRIVATE KEY" {
        return Err(Failure::command("The key is in the form of SEC 1.")
            .hint("openssl pkcs8 -in KEY -nocrypt -topk8 -out PKCS8 makes PKCS#8 of it"));
    }
    Ok(der)
}

/// Asks whether a key may do something; without an answer it may.
fn ask(cmu: &mut Cmu, name: &str) -> Result<bool, Failure> {
    let text = format!("Set attribute {name} (1=true, 0=false) [1] : ");
    let answer = cmu.session.ui().ask(&text, "no -setkeyattr")?;
    Ok(!matches!(answer.trim(), "0" | "F" | "f" | "false"))
}

impl Run<Cmu> for ImportKey {
    type View = Imported;

    fn run(self, cmu: &mut Cmu) -> Result<Imported, Failure> {
        if self.pkcs12 {
            return Err(Failure::command("PKCS#12 files are not read.").hint(
                "openssl pkcs12 -in FILE -nocerts -nodes -out KEY writes the key; then import KEY",
            ));
        }
        let algorithm = match self.keyalg.as_deref().map(str::to_ascii_uppercase).as_deref() {
            None | Some("RSA") => "RSA",
            Some("ECDSA" | "EC") => "ECDSA",
            Some(other) => return Err(bad(format!("-keyalg has no '{other}': RSA, ECDSA."))),
        };
        let value = pkcs8(&Zeroizing::new(x509::read(&self.r#in)?))?;
        let mut template = Attributes::of([("CKA_CLASS", "CKO_PRIVATE_KEY".into())]);
        for name in ["CKA_DECRYPT", "CKA_SIGN", "CKA_EXTRACTABLE", "CKA_UNWRAP"] {
            // Keys on curves sign, and nothing else of this.
            let fits = algorithm == "RSA" || !["CKA_DECRYPT", "CKA_UNWRAP"].contains(&name);
            let set = fits && (!self.setkeyattr || ask(cmu, name)?);
            template.set(name, set);
        }
        let label = format!("CMU Unwrapped {algorithm} Private Key");
        template.set("CKA_LABEL", self.label.unwrap_or(label));
        let token = token(cmu, self.slot.as_deref(), self.password)?;
        let handle = match self.wrapkey {
            Some(wrapping) => {
                return Ok(Imported {
                    wrapping_handle: None,
                    handle: wrap_in(&token, wrapping, &value, template)?,
                });
            }
            None => {
                let generate = Generate {
                    mechanism: Mechanism::of("CKM_AES_KEY_GEN"),
                    template: Attributes::of([
                        ("CKA_VALUE_LEN", 32.into()),
                        ("CKA_LABEL", "CMU wrapping key".into()),
                        ("CKA_ENCRYPT", true.into()),
                        ("CKA_UNWRAP", true.into()),
                    ]),
                    public_template: Attributes::default(),
                };
                token.generate(&generate)?.handle
            }
        };
        let imported = wrap_in(&token, handle, &value, template);
        // The key was made for this alone.
        token.destroy(handle)?;
        Ok(Imported { wrapping_handle: Some(handle), handle: imported? })
    }
}

/// Has a key of the token encrypt a private key, and unwrap it as an object: no private key enters in
/// plain text where FIPS mode forbids that.
fn wrap_in(
    token: &Token,
    wrapping: u32,
    value: &[u8],
    template: Attributes,
) -> Result<u32, Failure> {
    let mechanism = Mechanism { iv: "00".repeat(16), ..Mechanism::of("CKM_AES_CBC_PAD") };
    let data = encoded(value).into();
    let close = Use { mechanism: mechanism.clone(), data, ..Use::default() };
    let data = token.use_object(wrapping, Operation::Encrypt, &close)?.data;
    let open = Use { mechanism, data, template, ..Use::default() };
    Ok(token.use_object(wrapping, Operation::Unwrap, &open)?.handle.unwrap_or_default())
}

/// Makes an object of a file's content.
pub(super) fn create(token: &Token, template: Attributes) -> Result<Done, Failure> {
    let made = token.create(&Create { template, value: None, clone: None })?;
    Ok(Done::new("import", made))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_key_is_told_apart() {
        let key = rcgen::KeyPair::generate().unwrap();
        assert_eq!(pkcs8(key.serialize_pem().as_bytes()).unwrap()[..], *key.serialized_der());
        assert_eq!(pkcs8(key.serialized_der()).unwrap()[..], *key.serialized_der());
        let encrypted =
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
        assert_eq!(pkcs8(encrypted.as_bytes()).unwrap_err().message, "The key is encrypted.");
    }
}
