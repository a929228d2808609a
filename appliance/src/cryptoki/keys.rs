//! Key material: how keys are made, kept, read and encoded.
//!
//! The value of a private RSA key is its PKCS#8 form, that of one on a curve its scalar, that of an Edwards
//! key its seed, and that of a secret key its bytes. Public keys are attributes alone.

use luna_rest::objects::{Attributes, refusal};
use rsa::pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey};
use rsa::rand_core::TryRng;
use rsa::traits::PublicKeyParts;
use rsa::{BoxedUint, RsaPrivateKey, RsaPublicKey};
use zeroize::Zeroizing;

use crate::core::message::Failure;
use crate::core::random::{Random, hex};
use crate::cryptoki::attributes::bytes;
use crate::cryptoki::mechanisms::{RSA_SIZES, SECRET_SIZES};
use crate::cryptoki::refuse;

/// A secret value; wiped when dropped.
pub type Value = Zeroizing<Vec<u8>>;

/// A curve, by its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// NIST P-256.
    P256,
    /// NIST P-384.
    P384,
    /// NIST P-521.
    P521,
    /// The curve of SEC 2 with a Koblitz form.
    Secp256k1,
}

/// The curves: `CKA_EC_PARAMS` as DER in hexadecimal digits, bytes of a coordinate, and whether it is a NIST
/// curve.
const CURVES: [(Curve, &str, usize, bool); 4] = [
    (Curve::P256, "06082a8648ce3d030107", 32, true),
    (Curve::P384, "06052b81040022", 48, true),
    (Curve::P521, "06052b81040023", 66, true),
    (Curve::Secp256k1, "06052b8104000a", 32, false),
];
/// `CKA_EC_PARAMS` of Ed25519.
pub const ED25519: &str = "06032b6570";

/// Runs code for a curve, whose crate is `$curve` in it.
macro_rules! on_curve {
    ($which:expr, $curve:ident => $code:expr) => {
        match $which {
            Curve::P256 => {
                use p256 as $curve;
                $code
            }
            Curve::P384 => {
                use p384 as $curve;
                $code
            }
            Curve::P521 => {
                use p521 as $curve;
                $code
            }
            Curve::Secp256k1 => {
                use k256 as $curve;
                $code
            }
        }
    };
}
pub(crate) use on_curve;

impl Curve {
    /// The curve of `CKA_EC_PARAMS`.
    pub(crate) fn of(params: &str, fips: bool) -> Result<Curve, Failure> {
        let found = CURVES.iter().find(|(_, known, _, nist)| *known == params && (*nist || !fips));
        found.map(|(curve, ..)| *curve).ok_or_else(|| {
            refuse(
                refusal::ATTRIBUTE_VALUE_INVALID,
                "CKA_EC_PARAMS names no curve of this HSM: it has P-256, P-384 and P-521, and \
                 secp256k1 unless it is in FIPS mode.",
            )
        })
    }

    fn row(self) -> (&'static str, usize) {
        let found = CURVES.iter().find(|(curve, ..)| *curve == self);
        found.map_or(("", 0), |(_, params, size, _)| (params, *size))
    }

    /// Bytes of a coordinate.
    pub(crate) fn size(self) -> usize {
        self.row().1
    }
}

/// A key that can be computed with.
pub(crate) enum Key {
    Rsa(Box<RsaPrivateKey>),
    RsaPublic(Box<RsaPublicKey>),
    Ec(Curve, Value),
    /// The point, uncompressed.
    EcPublic(Curve, Vec<u8>),
    Edwards(Value),
    EdwardsPublic(Vec<u8>),
    Secret(Value),
}

/// What makes a key unusable, without a word about its value.
fn broken() -> Failure {
    refuse(refusal::ATTRIBUTE_VALUE_INVALID, "The value is no key of this type.")
}

impl Key {
    /// The key of an object: from its attributes, and from its value where it is not a public one.
    ///
    /// # Errors
    /// `CKR_ATTRIBUTE_VALUE_INVALID`: they make no key. `CKR_KEY_FUNCTION_NOT_PERMITTED`: it is none.
    pub(crate) fn read(attributes: &Attributes, value: Option<Value>) -> Result<Key, Failure> {
        let public = attributes.text("CKA_CLASS") == "CKO_PUBLIC_KEY";
        let kind = attributes.text("CKA_KEY_TYPE");
        if kind.is_empty() {
            let why = "The object is no key.";
            return Err(refuse(refusal::KEY_FUNCTION_NOT_PERMITTED, why));
        }
        let part = |name| bytes(attributes.text(name)).map_err(|_| broken());
        if public {
            return match kind {
                "CKK_RSA" => {
                    let number = |name| Ok(BoxedUint::from_be_slice_vartime(&part(name)?));
                    let (n, e) = (number("CKA_MODULUS")?, number("CKA_PUBLIC_EXPONENT")?);
                    let key = RsaPublicKey::new(n, e).map_err(|_| broken())?;
                    Ok(Key::RsaPublic(Box::new(key)))
                }
                "CKK_EC" => {
                    let curve = Curve::of(attributes.text("CKA_EC_PARAMS"), false)?;
                    let point = octet_string(&part("CKA_EC_POINT")?).ok_or_else(broken)?.to_vec();
                    on_curve!(curve, c => {
                        c::PublicKey::from_sec1_bytes(&point).map_err(|_| broken())?;
                    });
                    Ok(Key::EcPublic(curve, point))
                }
                _ => {
                    let point = octet_string(&part("CKA_EC_POINT")?).ok_or_else(broken)?.to_vec();
                    Ok(Key::EdwardsPublic(point))
                }
            };
        }
        let value = value.ok_or_else(|| {
            let why = "The object has no value: it was only counted in.";
            refuse(refusal::KEY_FUNCTION_NOT_PERMITTED, why)
        })?;
        match kind {
            "CKK_RSA" => {
                let key = RsaPrivateKey::from_pkcs8_der(&value).map_err(|_| broken())?;
                Ok(Key::Rsa(Box::new(key)))
            }
            "CKK_EC" => {
                let curve = Curve::of(attributes.text("CKA_EC_PARAMS"), false)?;
                on_curve!(curve, c => {
                    c::SecretKey::from_slice(&value).map_err(|_| broken())?;
                });
                Ok(Key::Ec(curve, value))
            }
            "CKK_EC_EDWARDS" => Ok(Key::Edwards(value)),
            _ => Ok(Key::Secret(value)),
        }
    }

    /// Bits of the key, or bytes where it is a symmetric one.
    pub(crate) fn size(&self) -> usize {
        let bits = |size: usize| if size == 66 { 521 } else { size * 8 };
        match self {
            Key::Rsa(key) => key.size() * 8,
            Key::RsaPublic(key) => key.size() * 8,
            Key::Ec(curve, _) | Key::EcPublic(curve, _) => bits(curve.size()),
            Key::Edwards(_) | Key::EdwardsPublic(_) => 256,
            Key::Secret(value) => value.len(),
        }
    }
}

/// What an object is made of, besides what its template says.
pub(crate) struct Parts {
    /// Attributes that follow from the key.
    pub(crate) attributes: Attributes,
    /// The secret value; none of a public key.
    pub(crate) value: Option<Value>,
}

/// A key that was made.
pub(crate) enum Generated {
    Secret(Parts),
    Pair { public: Parts, private: Parts },
}

/// Random bytes that nobody can foresee.
///
/// # Errors
/// The system has no randomness.
pub(crate) fn fresh() -> Result<Random, Failure> {
    Random::fresh().map_err(|_| Failure::internal("The system has no randomness."))
}

/// The next `length` bytes.
pub(crate) fn draw(random: &mut Random, length: usize) -> Value {
    let mut bytes = Zeroizing::new(vec![0; length]);
    random.try_fill_bytes(&mut bytes).unwrap_or_else(|never| match never {});
    bytes
}

/// Makes a key or a pair. It takes a moment: seconds for long RSA keys.
///
/// # Errors
/// `CKR_TEMPLATE_INCOMPLETE`, `CKR_KEY_SIZE_RANGE`, `CKR_ATTRIBUTE_VALUE_INVALID`.
pub(crate) fn generate(
    mechanism: &str,
    template: &Attributes,
    public: &Attributes,
    fips: bool,
    seed: [u8; 32],
) -> Result<Generated, Failure> {
    let mut random = Random::from_seed(seed);
    match mechanism {
        "CKM_RSA_PKCS_KEY_PAIR_GEN" => {
            let bits = usize::try_from(public.number("CKA_MODULUS_BITS")).unwrap_or(0);
            check_modulus(bits, fips)?;
            let exponent = match public.text("CKA_PUBLIC_EXPONENT") {
                "" => "010001",
                exponent => exponent,
            };
            let exponent = match exponent.trim_start_matches('0') {
                "3" => 3_u64,
                "11" => 17,
                "10001" => 65537,
                _ => {
                    let why = "CKA_PUBLIC_EXPONENT must be 3, 17 or 65537.";
                    return Err(refuse(refusal::ATTRIBUTE_VALUE_INVALID, why));
                }
            };
            let key = RsaPrivateKey::new_with_exp(&mut random, bits, BoxedUint::from(exponent));
            let key = key.map_err(|error| Failure::internal(error.to_string()))?;
            rsa_pair(&key)
        }
        "CKM_EC_KEY_PAIR_GEN" => {
            let curve = Curve::of(public.text("CKA_EC_PARAMS"), fips)?;
            let scalar: Value = on_curve!(curve, c => {
                use p256::elliptic_curve::Generate;
                Zeroizing::new(c::SecretKey::generate_from_rng(&mut random).to_bytes().to_vec())
            });
            Ok(ec_pair(curve, scalar))
        }
        "CKM_EC_EDWARDS_KEY_PAIR_GEN" => {
            if public.text("CKA_EC_PARAMS") != ED25519 {
                let why = format!("CKA_EC_PARAMS must be {ED25519}, Ed25519.");
                return Err(refuse(refusal::ATTRIBUTE_VALUE_INVALID, why));
            }
            edwards_pair(Zeroizing::new(random.block().to_vec()))
        }
        _ => {
            let length = usize::try_from(template.number("CKA_VALUE_LEN")).unwrap_or(usize::MAX);
            check_length(template.text("CKA_KEY_TYPE"), length)?;
            Ok(Generated::Secret(secret_parts(draw(&mut random, length))))
        }
    }
}

fn check_modulus(bits: usize, fips: bool) -> Result<(), Failure> {
    // As `cmu generatekeypair` has it documented: 2048 or 3072 in FIPS mode, else a multiple of 64.
    let (least, most) = RSA_SIZES;
    let allowed = match fips {
        true => [2048, 3072].contains(&bits),
        false => (least..=most).contains(&bits) && bits.is_multiple_of(64),
    };
    if allowed {
        return Ok(());
    }
    let sizes = match fips {
        true => "2048 or 3072 in FIPS mode".to_owned(),
        false => format!("{least} to {most}, a multiple of 64"),
    };
    Err(refuse(refusal::KEY_SIZE_RANGE, format!("CKA_MODULUS_BITS must be {sizes}.")))
}

/// Refuses a length that no secret key of this type has.
pub(crate) fn check_length(kind: &str, length: usize) -> Result<(), Failure> {
    let (least, most) = SECRET_SIZES;
    let (allowed, which) = match kind {
        "CKK_AES" => ([16, 24, 32].contains(&length), "16, 24 or 32".to_owned()),
        _ => ((least..=most).contains(&length), format!("{least} to {most}")),
    };
    if allowed {
        return Ok(());
    }
    Err(refuse(refusal::KEY_SIZE_RANGE, format!("CKA_VALUE_LEN must be {which}.")))
}

/// The parts of a secret key.
pub(crate) fn secret_parts(value: Value) -> Parts {
    let mut attributes = Attributes::default();
    attributes.set("CKA_VALUE_LEN", value.len() as u64);
    Parts { attributes, value: Some(value) }
}

/// The parts of a private key from its PKCS#8 form, which says itself what it is.
///
/// # Errors
/// `CKR_ATTRIBUTE_VALUE_INVALID`: it is no key that this HSM knows.
pub(crate) fn private_parts(pkcs8: &[u8], fips: bool) -> Result<Parts, Failure> {
    let Generated::Pair { private, .. } = pair_of(pkcs8, fips)? else { return Err(broken()) };
    Ok(private)
}

fn pair_of(pkcs8: &[u8], fips: bool) -> Result<Generated, Failure> {
    if let Ok(key) = RsaPrivateKey::from_pkcs8_der(pkcs8) {
        check_modulus(key.size() * 8, fips)?;
        return rsa_pair(&key);
    }
    for (curve, ..) in CURVES {
        let scalar = on_curve!(curve, c => {
            use p256::pkcs8::DecodePrivateKey as _;
            let key = c::SecretKey::from_pkcs8_der(pkcs8);
            key.ok().map(|key| Zeroizing::new(key.to_bytes().to_vec()))
        });
        if let Some(scalar) = scalar {
            Curve::of(curve.row().0, fips)?;
            return Ok(ec_pair(curve, scalar));
        }
    }
    match pkcs8.strip_prefix(ED25519_PKCS8) {
        Some(seed) if seed.len() == 32 => edwards_pair(Zeroizing::new(seed.to_vec())),
        _ => Err(broken()),
    }
}

/// What stands before the seed in the PKCS#8 form of an Ed25519 key (RFC 8410).
const ED25519_PKCS8: &[u8] = &[
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// What stands before the point in the SubjectPublicKeyInfo of an Ed25519 key (RFC 8410).
const ED25519_SPKI: &[u8] =
    &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

impl Key {
    /// The bytes that wrapping encrypts: PKCS#8 of a private key, the value of a secret one.
    pub(crate) fn to_wrap(&self) -> Result<Value, Failure> {
        let encoded = |der: Result<rsa::pkcs8::SecretDocument, _>| {
            let der =
                der.map_err(|error: rsa::pkcs8::Error| Failure::internal(error.to_string()))?;
            Ok(Zeroizing::new(der.as_bytes().to_vec()))
        };
        match self {
            Key::Rsa(key) => encoded(key.to_pkcs8_der()),
            Key::Ec(curve, scalar) => on_curve!(*curve, c => {
                use p256::pkcs8::EncodePrivateKey as _;
                let key = c::SecretKey::from_slice(scalar).map_err(|_| broken())?;
                encoded(key.to_pkcs8_der())
            }),
            Key::Edwards(seed) => Ok(Zeroizing::new([ED25519_PKCS8, seed].concat())),
            Key::Secret(value) => Ok(value.clone()),
            _ => Err(refuse(refusal::KEY_UNEXTRACTABLE, "A public key is not wrapped.")),
        }
    }

    /// The SubjectPublicKeyInfo of a public key, or of the public half of a private one, in DER.
    pub(crate) fn public_info(&self) -> Result<Vec<u8>, Failure> {
        let internal = |error: rsa::pkcs8::spki::Error| Failure::internal(error.to_string());
        let of_rsa = |key: &RsaPublicKey| Ok(key.to_public_key_der().map_err(internal)?.into_vec());
        match self {
            Key::Rsa(key) => of_rsa(key.as_public_key()),
            Key::RsaPublic(key) => of_rsa(key),
            Key::Ec(curve, scalar) => on_curve!(*curve, c => {
                let key = c::SecretKey::from_slice(scalar).map_err(|_| broken())?;
                let key = key.public_key();
                Ok(key.to_public_key_der().map_err(internal)?.into_vec())
            }),
            Key::EcPublic(curve, point) => on_curve!(*curve, c => {
                let key = c::PublicKey::from_sec1_bytes(point).map_err(|_| broken())?;
                Ok(key.to_public_key_der().map_err(internal)?.into_vec())
            }),
            Key::Edwards(seed) => Ok([ED25519_SPKI, &edwards_point(seed)?].concat()),
            Key::EdwardsPublic(point) => Ok([ED25519_SPKI, point].concat()),
            Key::Secret(_) => {
                Err(refuse(refusal::KEY_TYPE_INCONSISTENT, "A secret key is no pair."))
            }
        }
    }
}

fn rsa_pair(key: &RsaPrivateKey) -> Result<Generated, Failure> {
    let der = key.to_pkcs8_der().map_err(|error| Failure::internal(error.to_string()))?;
    let exponent = key.e_bytes();
    let exponent = match &*exponent {
        [1, 0, 1] => "010001".to_owned(),
        other => hex(other),
    };
    let attributes = Attributes::of([
        ("CKA_KEY_TYPE", "CKK_RSA".into()),
        ("CKA_MODULUS", hex(&key.n_bytes()).into()),
        ("CKA_MODULUS_BITS", (key.size() as u64 * 8).into()),
        ("CKA_PUBLIC_EXPONENT", exponent.into()),
    ]);
    Ok(Generated::Pair {
        public: Parts { attributes: attributes.clone(), value: None },
        private: Parts { attributes, value: Some(Zeroizing::new(der.as_bytes().to_vec())) },
    })
}

fn ec_pair(curve: Curve, scalar: Value) -> Generated {
    let point = on_curve!(curve, c => {
        use p256::elliptic_curve::sec1::ToSec1Point;
        c::SecretKey::from_slice(&scalar)
            .map(|key| key.public_key().to_sec1_point(false).as_bytes().to_vec())
            .unwrap_or_default()
    });
    curve_pair("CKK_EC", curve.row().0, &point, scalar)
}

fn edwards_point(seed: &[u8]) -> Result<Vec<u8>, Failure> {
    use ring::signature::{Ed25519KeyPair, KeyPair};
    let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| broken())?;
    Ok(pair.public_key().as_ref().to_vec())
}

fn edwards_pair(seed: Value) -> Result<Generated, Failure> {
    let point = edwards_point(&seed)?;
    Ok(curve_pair("CKK_EC_EDWARDS", ED25519, &point, seed))
}

fn curve_pair(kind: &str, params: &str, point: &[u8], value: Value) -> Generated {
    let private = Attributes::of([("CKA_KEY_TYPE", kind.into()), ("CKA_EC_PARAMS", params.into())]);
    let mut public = private.clone();
    public.set("CKA_EC_POINT", hex(&to_octet_string(point)));
    Generated::Pair {
        public: Parts { attributes: public, value: None },
        private: Parts { attributes: private, value: Some(value) },
    }
}

/// The DER form of an OCTET STRING; a point has at most 133 bytes.
pub(crate) fn to_octet_string(content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).unwrap_or(u8::MAX);
    let head: &[u8] = if length < 0x80 { &[4, length] } else { &[4, 0x81, length] };
    [head, content].concat()
}

/// The content of an OCTET STRING in DER.
pub(crate) fn octet_string(der: &[u8]) -> Option<&[u8]> {
    match der {
        [4, length, content @ ..] if usize::from(*length) == content.len() && *length < 0x80 => {
            Some(content)
        }
        [4, 0x81, length, content @ ..] if usize::from(*length) == content.len() => Some(content),
        _ => None,
    }
}
