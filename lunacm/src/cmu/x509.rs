//! Certificates, requests and their parts in DER; and the files they come from and go to.

use std::path::Path;

use luna_rest::objects::{Attributes, Mechanism};
use luna_shell::{Failure, Kind, replace_file};
use yasna::models::{ObjectIdentifier, UTCTime};
use yasna::{DERWriter, Tag, construct_der};

use crate::token::from_hex;

/// What a name is made of, in the order in which it is written.
#[derive(Default)]
pub(super) struct Name {
    /// `-C`, `-S`, `-L`, `-O`, `-OU`, `-CN`, `-E`.
    pub(super) parts: Vec<(&'static str, String)>,
}

/// The parts of names: their option, the last number of their identifier below 2.5.4, and their question.
pub(super) const PARTS: [(&str, &[u64], &str); 7] = [
    ("-C", &[2, 5, 4, 6], "Enter Subject 2-letter Country Code (C) : "),
    ("-S", &[2, 5, 4, 8], "Enter Subject State or Province Name (S) : "),
    ("-L", &[2, 5, 4, 7], "Enter Subject Locality Name (L) : "),
    ("-O", &[2, 5, 4, 10], "Enter Subject Organization Name (O) : "),
    ("-OU", &[2, 5, 4, 11], "Enter Subject Organization Unit Name (OU) : "),
    ("-CN", &[2, 5, 4, 3], "Enter Subject Common Name (CN) : "),
    ("-E", &[1, 2, 840, 113_549, 1, 9, 1], "Enter EMAIL Address (E) : "),
];

impl Name {
    /// Its DER.
    pub(super) fn der(&self) -> Vec<u8> {
        construct_der(|writer| {
            writer.write_sequence(|writer| {
                for (option, text) in &self.parts {
                    let part = PARTS.iter().find(|(known, ..)| known == option);
                    let Some((_, oid, _)) = part else { continue };
                    writer.next().write_set(|writer| {
                        writer.next().write_sequence(|writer| {
                            writer.next().write_oid(&ObjectIdentifier::from_slice(oid));
                            match *option {
                                // The standards want these two in ASCII.
                                "-C" => writer.next().write_printable_string(text),
                                "-E" => writer.next().write_ia5_string(text),
                                _ => writer.next().write_utf8_string(text),
                            }
                        });
                    });
                }
            });
        })
    }

    /// The common name; empty for none.
    pub(super) fn common_name(&self) -> &str {
        let found = self.parts.iter().find(|(option, _)| *option == "-CN");
        found.map_or("", |(_, text)| text)
    }
}

/// An algorithm of signatures.
#[derive(Clone, Copy)]
pub(super) struct Algorithm {
    /// Its option.
    pub(super) option: &'static str,
    /// The token's mechanism.
    pub(super) mechanism: &'static str,
    oid: &'static [u64],
    pub(super) key_type: &'static str,
}

const fn algorithm(
    option: &'static str,
    mechanism: &'static str,
    oid: &'static [u64],
    key_type: &'static str,
) -> Algorithm {
    Algorithm { option, mechanism, oid, key_type }
}

const RSA: &str = "CKK_RSA";
const EC: &str = "CKK_EC";

/// The algorithms by their options; that of Ed25519 has none.
#[rustfmt::skip]
const ALGORITHMS: [Algorithm; 11] = [
    algorithm("sha1withrsa", "CKM_SHA1_RSA_PKCS", &[1, 2, 840, 113_549, 1, 1, 5], RSA),
    algorithm("sha224withrsa", "CKM_SHA224_RSA_PKCS", &[1, 2, 840, 113_549, 1, 1, 14], RSA),
    algorithm("sha256withrsa", "CKM_SHA256_RSA_PKCS", &[1, 2, 840, 113_549, 1, 1, 11], RSA),
    algorithm("sha384withrsa", "CKM_SHA384_RSA_PKCS", &[1, 2, 840, 113_549, 1, 1, 12], RSA),
    algorithm("sha512withrsa", "CKM_SHA512_RSA_PKCS", &[1, 2, 840, 113_549, 1, 1, 13], RSA),
    algorithm("sha1withecdsa", "CKM_ECDSA_SHA1", &[1, 2, 840, 10_045, 4, 1], EC),
    algorithm("sha224withecdsa", "CKM_ECDSA_SHA224", &[1, 2, 840, 10_045, 4, 3, 1], EC),
    algorithm("sha256withecdsa", "CKM_ECDSA_SHA256", &[1, 2, 840, 10_045, 4, 3, 2], EC),
    algorithm("sha384withecdsa", "CKM_ECDSA_SHA384", &[1, 2, 840, 10_045, 4, 3, 3], EC),
    algorithm("sha512withecdsa", "CKM_ECDSA_SHA512", &[1, 2, 840, 10_045, 4, 3, 4], EC),
    algorithm("", "CKM_EDDSA", &[1, 3, 101, 112], "CKK_EC_EDWARDS"),
];

impl Algorithm {
    /// The one of an option, or else the default of the key's type. Documented: SHA-1 with RSA. For keys on
    /// curves no default is documented: SHA-256 (assumed).
    pub(super) fn choose(option: Option<&str>, key_type: &str) -> Result<Algorithm, Failure> {
        let wanted = match (option, key_type) {
            (Some(option), _) => option,
            (None, RSA) => "sha1withrsa",
            (None, EC) => "sha256withecdsa",
            (None, _) => "",
        };
        let found = ALGORITHMS.into_iter().find(|one| one.option == wanted);
        found.filter(|one| one.key_type == key_type).ok_or_else(|| {
            Failure::new(
                Kind::BadArguments,
                format!("-{wanted} does not sign with a key of the type {key_type}."),
            )
        })
    }

    /// What the token is asked for.
    pub(super) fn mechanism(&self) -> Mechanism {
        Mechanism::of(self.mechanism)
    }

    fn write(&self, writer: DERWriter<'_>) {
        writer.write_sequence(|writer| {
            writer.next().write_oid(&ObjectIdentifier::from_slice(self.oid));
            if self.key_type == RSA {
                writer.next().write_null();
            }
        });
    }

    /// A signature of the token as certificates hold it: ECDSA as two numbers.
    fn signature(&self, raw: &[u8]) -> Vec<u8> {
        if self.key_type == EC { ecdsa_der(raw) } else { raw.to_vec() }
    }

    /// The signed form of `content`.
    pub(super) fn sign(
        &self,
        content: &[u8],
        sign: impl FnOnce(&[u8]) -> Result<Vec<u8>, Failure>,
    ) -> Result<Vec<u8>, Failure> {
        let signature = self.signature(&sign(content)?);
        Ok(construct_der(|writer| {
            writer.write_sequence(|writer| {
                writer.next().write_der(content);
                self.write(writer.next());
                writer.next().write_bitvec_bytes(&signature, signature.len() * 8);
            });
        }))
    }
}

/// A signature of ECDSA in DER; tokens have its two numbers one behind the other.
pub(super) fn ecdsa_der(raw: &[u8]) -> Vec<u8> {
    let (r, s) = raw.split_at(raw.len() / 2);
    construct_der(|writer| {
        writer.write_sequence(|writer| {
            for number in [r, s] {
                writer.next().write_bigint_bytes(number, true);
            }
        });
    })
}

/// The same back, for a key on this curve (`CKA_EC_PARAMS`). What is no signature in DER stays as it is, for
/// the token to judge.
pub(super) fn ecdsa_raw(der: &[u8], params: &str) -> Vec<u8> {
    let size = match params {
        "06052b81040022" => 48,
        "06052b81040023" => 66,
        _ => 32,
    };
    let numbers = yasna::parse_der(der, |reader| {
        reader.read_sequence(|reader| {
            let (r, _) = reader.next().read_bigint_bytes()?;
            let (s, _) = reader.next().read_bigint_bytes()?;
            Ok([r, s])
        })
    });
    let Ok(numbers) = numbers else { return der.to_vec() };
    let padded = |number: &Vec<u8>| {
        let zeros = number.iter().take_while(|byte| **byte == 0).count();
        let number = &number[zeros..];
        [vec![0; size.max(number.len()) - number.len()], number.to_vec()].concat()
    };
    numbers.iter().flat_map(padded).collect()
}

/// The SubjectPublicKeyInfo of a public key object.
///
/// # Errors
/// The object is none of a known type.
pub(super) fn public_key_info(key: &Attributes) -> Result<Vec<u8>, Failure> {
    let part = |name| from_hex(key.text(name)).filter(|bytes: &Vec<u8>| !bytes.is_empty());
    let none = || Failure::command("The object is no public key of a known type.");
    let point = || {
        let der = part("CKA_EC_POINT").ok_or_else(none)?;
        yasna::parse_der(&der, |reader| reader.read_bytes()).map_err(|_| none())
    };
    let write = |write_algorithm: &dyn Fn(DERWriter<'_>), bits: &[u8]| {
        construct_der(|writer| {
            writer.write_sequence(|writer| {
                write_algorithm(writer.next());
                writer.next().write_bitvec_bytes(bits, bits.len() * 8);
            });
        })
    };
    match key.text("CKA_KEY_TYPE") {
        RSA => {
            let n = part("CKA_MODULUS").ok_or_else(none)?;
            let e = part("CKA_PUBLIC_EXPONENT").ok_or_else(none)?;
            let numbers = construct_der(|writer| {
                writer.write_sequence(|writer| {
                    writer.next().write_bigint_bytes(&n, true);
                    writer.next().write_bigint_bytes(&e, true);
                });
            });
            let algorithm = |writer: DERWriter<'_>| {
                writer.write_sequence(|writer| {
                    let oid = [1, 2, 840, 113_549, 1, 1, 1];
                    writer.next().write_oid(&ObjectIdentifier::from_slice(&oid));
                    writer.next().write_null();
                });
            };
            Ok(write(&algorithm, &numbers))
        }
        EC => {
            let params = part("CKA_EC_PARAMS").ok_or_else(none)?;
            let algorithm = |writer: DERWriter<'_>| {
                writer.write_sequence(|writer| {
                    let oid = [1, 2, 840, 10_045, 2, 1];
                    writer.next().write_oid(&ObjectIdentifier::from_slice(&oid));
                    writer.next().write_der(&params);
                });
            };
            Ok(write(&algorithm, &point()?))
        }
        "CKK_EC_EDWARDS" => {
            let algorithm = |writer: DERWriter<'_>| {
                writer.write_sequence(|writer| {
                    let oid = [1, 3, 101, 112];
                    writer.next().write_oid(&ObjectIdentifier::from_slice(&oid));
                });
            };
            Ok(write(&algorithm, &point()?))
        }
        _ => Err(none()),
    }
}

/// The attributes of a public key from its SubjectPublicKeyInfo.
///
/// # Errors
/// It is none, or of a type that tokens do not take.
pub(super) fn public_key(info: &[u8]) -> Result<Attributes, Failure> {
    use x509_parser::prelude::FromDer;
    let wrong = || Failure::command("The file holds no public key of a known type.");
    let parsed = x509_parser::x509::SubjectPublicKeyInfo::from_der(info).map_err(|_| wrong())?.1;
    let hex = |bytes: &[u8]| crate::token::hex(bytes);
    let point = || {
        let bits = &parsed.subject_public_key.data;
        hex(&construct_der(|writer| writer.write_bytes(bits)))
    };
    let params = parsed.algorithm.parameters.as_ref();
    match parsed.algorithm.algorithm.to_id_string().as_str() {
        "1.2.840.113549.1.1.1" => match parsed.parsed().map_err(|_| wrong())? {
            x509_parser::public_key::PublicKey::RSA(key) => {
                let trimmed = |bytes: &[u8]| {
                    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
                    hex(&bytes[zeros..])
                };
                Ok(Attributes::of([
                    ("CKA_KEY_TYPE", RSA.into()),
                    ("CKA_MODULUS", trimmed(key.modulus).into()),
                    ("CKA_PUBLIC_EXPONENT", trimmed(key.exponent).into()),
                ]))
            }
            _ => Err(wrong()),
        },
        "1.2.840.10045.2.1" => {
            let oid = params.and_then(|any| any.as_oid().ok()).ok_or_else(wrong)?;
            let oid = oid.as_bytes();
            let length = u8::try_from(oid.len()).map_err(|_| wrong())?;
            Ok(Attributes::of([
                ("CKA_KEY_TYPE", EC.into()),
                ("CKA_EC_PARAMS", hex(&[&[6, length], oid].concat()).into()),
                ("CKA_EC_POINT", point().into()),
            ]))
        }
        "1.3.101.112" => Ok(Attributes::of([
            ("CKA_KEY_TYPE", "CKK_EC_EDWARDS".into()),
            ("CKA_EC_PARAMS", "06032b6570".into()),
            ("CKA_EC_POINT", point().into()),
        ])),
        _ => Err(wrong()),
    }
}

/// The uses of a key in a certificate, by their bits.
const KEY_USAGES: [&str; 9] = [
    "digitalsignature",
    "nonrepudiation",
    "keyencipherment",
    "dataencipherment",
    "keyagreement",
    "keycertsign",
    "crlsign",
    "encipheronly",
    "decipheronly",
];

/// The bits of a list of uses.
///
/// # Errors
/// A word is none of them.
pub(super) fn key_usage(words: &str) -> Result<u16, Failure> {
    let mut bits = 0;
    for word in words.split(',').map(str::trim) {
        let place = KEY_USAGES.iter().position(|known| known.eq_ignore_ascii_case(word));
        let place = place.ok_or_else(|| {
            let known = KEY_USAGES.join(", ");
            Failure::new(
                Kind::BadArguments,
                format!("-keyusage has no '{word}': it takes {known}."),
            )
        })?;
        bits |= 1 << place;
    }
    Ok(bits)
}

/// What a certificate says.
pub(super) struct Contents<'a> {
    pub(super) serial: Vec<u8>,
    /// DER of names.
    pub(super) issuer: &'a [u8],
    pub(super) subject: &'a [u8],
    /// Days, `YYYYMMDD`.
    pub(super) start: &'a str,
    pub(super) end: &'a str,
    /// DER of a SubjectPublicKeyInfo.
    pub(super) key: &'a [u8],
    pub(super) usage: u16,
}

/// Midnight of a day.
fn day(option: &str, text: &str) -> Result<(String, bool), Failure> {
    let format = time::macros::format_description!("[year][month][day]");
    let date = time::Date::parse(text, &format).map_err(|_| {
        Failure::new(Kind::BadArguments, format!("{option} takes a day, YYYYMMDD."))
    })?;
    // X.509: a year from 1950 to 2049 has two digits.
    let short = (1950..2050).contains(&date.year());
    Ok((format!("{text}000000Z"), short))
}

impl Contents<'_> {
    /// The part of the certificate that is signed.
    pub(super) fn der(&self, algorithm: &Algorithm) -> Result<Vec<u8>, Failure> {
        let (start, end) = (day("-startDate", self.start)?, day("-endDate", self.end)?);
        let write_time = |writer: DERWriter<'_>, (text, short): &(String, bool)| {
            let parsed = short.then(|| UTCTime::parse(&text.as_bytes()[2..])).flatten();
            match parsed {
                Some(time) => writer.write_utctime(&time),
                None => {
                    let time = yasna::models::GeneralizedTime::parse(text.as_bytes());
                    if let Some(time) = time {
                        writer.write_generalized_time(&time);
                    }
                }
            }
        };
        let bits: Vec<bool> = (0..9).map(|bit| self.usage & (1 << bit) != 0).collect();
        let length = bits.iter().rposition(|bit| *bit).map_or(0, |last| last + 1);
        let mut bytes = vec![0_u8; length.div_ceil(8)];
        for (place, _) in bits.iter().enumerate().filter(|(_, bit)| **bit) {
            bytes[place / 8] |= 0x80 >> (place % 8);
        }
        let usage = construct_der(|writer| writer.write_bitvec_bytes(&bytes, length));
        Ok(construct_der(|writer| {
            writer.write_sequence(|writer| {
                writer.next().write_tagged(Tag::context(0), |writer| writer.write_i8(2));
                writer.next().write_bigint_bytes(&self.serial, true);
                algorithm.write(writer.next());
                writer.next().write_der(self.issuer);
                writer.next().write_sequence(|writer| {
                    write_time(writer.next(), &start);
                    write_time(writer.next(), &end);
                });
                writer.next().write_der(self.subject);
                writer.next().write_der(self.key);
                writer.next().write_tagged(Tag::context(3), |writer| {
                    writer.write_sequence(|writer| {
                        writer.next().write_sequence(|writer| {
                            let oid = ObjectIdentifier::from_slice(&[2, 5, 29, 15]);
                            writer.next().write_oid(&oid);
                            writer.next().write_bool(true);
                            writer.next().write_bytes(&usage);
                        });
                    });
                });
            });
        }))
    }
}

/// The part of a request that is signed.
pub(super) fn request(subject: &[u8], key: &[u8]) -> Vec<u8> {
    construct_der(|writer| {
        writer.write_sequence(|writer| {
            writer.next().write_i8(0);
            writer.next().write_der(subject);
            writer.next().write_der(key);
            writer.next().write_tagged_implicit(Tag::context(0), |writer| {
                writer.write_set(|_| {});
            });
        });
    })
}

/// A file as it is written: PEM, or DER where that was asked for.
pub(super) fn write(path: &Path, label: &str, der: &[u8], binary: bool) -> Result<(), Failure> {
    let content = match binary {
        true => der.to_vec(),
        false => pem(label, der).into_bytes(),
    };
    replace_file(path, &content)
        .map_err(|error| Failure::command(format!("{}: {error}", path.display())))
}

/// PEM, with the line ends of Unix.
pub(super) fn pem(label: &str, der: &[u8]) -> String {
    let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
    pem::encode_config(&pem::Pem::new(label, der), config)
}

/// The content of a file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::command(format!("{}: {error}", path.display())))
}

/// The DER in a file, whichever form it has.
pub(super) fn read_der(path: &Path) -> Result<Vec<u8>, Failure> {
    let content = read(path)?;
    match pem::parse(&content) {
        Ok(pem) => Ok(pem.into_contents()),
        Err(_) => Ok(content),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uses_are_bits_and_words_are_checked() {
        assert_eq!(key_usage("keycertsign").unwrap(), 1 << 5);
        assert_eq!(key_usage("digitalSignature, crlsign").unwrap(), 1 | 1 << 6);
        assert!(key_usage("everything").is_err());
    }

    #[test]
    fn a_signature_comes_back_from_der() {
        let raw: Vec<u8> = (0..64).map(|byte| if byte < 3 { 0 } else { 0x80 + byte }).collect();
        assert_eq!(ecdsa_raw(&ecdsa_der(&raw), "06082a8648ce3d030107"), raw);
        assert_eq!(ecdsa_raw(b"nonsense", ""), b"nonsense");
    }

    #[test]
    fn a_public_key_is_read_as_it_was_written() {
        let key = Attributes::of([
            ("CKA_KEY_TYPE", RSA.into()),
            ("CKA_MODULUS", "c0ffee".repeat(40).into()),
            ("CKA_PUBLIC_EXPONENT", "010001".into()),
        ]);
        let back = public_key(&public_key_info(&key).unwrap()).unwrap();
        assert_eq!(back, key);
        assert!(public_key(b"nonsense").is_err());
    }
}
