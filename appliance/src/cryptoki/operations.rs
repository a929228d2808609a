//! What keys are used for: signatures and MACs, encryption, wrapping, agreement; and digests.
//!
//! Each takes the mechanism as the wire has it, a `Key` and bytes. That the object may be used so, and
//! that the mechanism fits the key, was checked before (`crate::rules::objects`).

use aes::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit, KeyIvInit, StreamCipher};
use aes_gcm::AesGcm;
use aes_gcm::aead::{Aead, Payload, consts::U12};
use aes_kw::{AesKw, AesKwp};
use cbc::cipher::block_padding::{NoPadding, Pkcs7};
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt};
use cmac::{Cmac, Mac};
use hmac::Hmac;
use luna_rest::objects::{Mechanism, refusal};
use p256::ecdsa::signature::hazmat::{PrehashSigner, PrehashVerifier};
use rsa::traits::PublicKeyParts;
use rsa::{BoxedUint, Oaep, Pkcs1v15Encrypt, Pkcs1v15Sign, Pss, RsaPrivateKey, RsaPublicKey};
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::core::message::Failure;
use crate::cryptoki::attributes::bytes;
use crate::cryptoki::keys::{Curve, Key, Value, fresh, octet_string, on_curve};
use crate::cryptoki::refuse;

/// Bytes of a block of AES.
const BLOCK: usize = 16;

/// A digest.
#[derive(Clone, Copy)]
enum Hash {
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

/// Runs code with the type of a digest as `$type`.
macro_rules! on_hash {
    ($which:expr, $type:ident => $code:expr) => {
        match $which {
            Hash::Sha1 => {
                type $type = Sha1;
                $code
            }
            Hash::Sha224 => {
                type $type = Sha224;
                $code
            }
            Hash::Sha256 => {
                type $type = Sha256;
                $code
            }
            Hash::Sha384 => {
                type $type = Sha384;
                $code
            }
            Hash::Sha512 => {
                type $type = Sha512;
                $code
            }
        }
    };
}

/// Runs code with AES for keys of this length as `$type`.
macro_rules! on_aes {
    ($key:expr, $type:ident => $code:expr) => {
        match $key.len() {
            16 => {
                type $type = aes::Aes128;
                $code
            }
            24 => {
                type $type = aes::Aes192;
                $code
            }
            _ => {
                type $type = aes::Aes256;
                $code
            }
        }
    };
}

impl Hash {
    /// The digest that the name of a mechanism has in it.
    fn of(name: &str) -> Option<Hash> {
        let names = [
            ("SHA1", Hash::Sha1),
            ("SHA_1", Hash::Sha1),
            ("SHA224", Hash::Sha224),
            ("SHA256", Hash::Sha256),
            ("SHA384", Hash::Sha384),
            ("SHA512", Hash::Sha512),
        ];
        names.into_iter().find(|(part, _)| name.contains(part)).map(|(_, hash)| hash)
    }

    /// The digest of PSS and OAEP: that of the mechanism, the one that was named, or SHA-1.
    fn named(mechanism: &Mechanism) -> Result<Hash, Failure> {
        match (Hash::of(&mechanism.name), mechanism.digest.as_str()) {
            (Some(hash), _) => Ok(hash),
            (None, "") => Ok(Hash::Sha1),
            (None, name) => Hash::of(name).ok_or_else(|| parameter("'digest' names no digest.")),
        }
    }

    fn digest(self, data: &[u8]) -> Vec<u8> {
        on_hash!(self, H => H::digest(data).to_vec())
    }
}

fn parameter(details: impl Into<String>) -> Failure {
    refuse(refusal::MECHANISM_PARAM_INVALID, details)
}

fn length(details: impl Into<String>) -> Failure {
    refuse(refusal::DATA_LEN_RANGE, details)
}

fn wrong_type() -> Failure {
    refuse(refusal::KEY_TYPE_INCONSISTENT, "The mechanism has keys of another type.")
}

fn not_encrypted() -> Failure {
    refuse(refusal::ENCRYPTED_DATA_INVALID, "The data cannot be decrypted.")
}

/// Digests data.
pub(crate) fn digest(mechanism: &Mechanism, data: &[u8]) -> Result<Vec<u8>, Failure> {
    Hash::of(&mechanism.name).map(|hash| hash.digest(data)).ok_or_else(wrong_type)
}

/// Signs data, or makes its MAC.
pub(crate) fn sign(mechanism: &Mechanism, key: &Key, data: &[u8]) -> Result<Vec<u8>, Failure> {
    let name = mechanism.name.as_str();
    match key {
        Key::Rsa(key) => sign_rsa(mechanism, key, data),
        Key::Ec(curve, scalar) => {
            let digest = Hash::of(name).map_or_else(|| data.to_vec(), |hash| hash.digest(data));
            let digest = prehash(*curve, digest)?;
            on_curve!(*curve, c => {
                let key = c::ecdsa::SigningKey::from_slice(scalar).map_err(|_| wrong_type())?;
                let signature: Result<c::ecdsa::Signature, _> = key.sign_prehash(&digest);
                signature
                    .map(|signature| signature.to_bytes().to_vec())
                    .map_err(|_| length("The data cannot be signed."))
            })
        }
        Key::Edwards(seed) => {
            let pair = ring::signature::Ed25519KeyPair::from_seed_unchecked(seed);
            let pair = pair.map_err(|_| wrong_type())?;
            Ok(pair.sign(data).as_ref().to_vec())
        }
        Key::Secret(value) if name == "CKM_AES_CMAC" => on_aes!(value, A => {
            let mac = <Cmac<A> as KeyInit>::new_from_slice(value);
            Ok(mac.map_err(|_| wrong_type())?.chain_update(data).finalize().into_bytes().to_vec())
        }),
        Key::Secret(value) => {
            let hash = Hash::of(name).ok_or_else(wrong_type)?;
            on_hash!(hash, H => {
                let mac = <Hmac<H> as KeyInit>::new_from_slice(value);
                let mac = mac.map_err(|_| wrong_type())?.chain_update(data);
                Ok(mac.finalize().into_bytes().to_vec())
            })
        }
        _ => Err(wrong_type()),
    }
}

/// Checks a signature or MAC.
///
/// # Errors
/// `CKR_SIGNATURE_INVALID` where it is another one.
pub(crate) fn verify(
    mechanism: &Mechanism,
    key: &Key,
    data: &[u8],
    signature: &[u8],
) -> Result<(), Failure> {
    let name = mechanism.name.as_str();
    let good = match key {
        Key::RsaPublic(key) => verify_rsa(mechanism, key, data, signature)?,
        Key::EcPublic(curve, point) => {
            let digest = Hash::of(name).map_or_else(|| data.to_vec(), |hash| hash.digest(data));
            let digest = prehash(*curve, digest)?;
            on_curve!(*curve, c => {
                let key = c::ecdsa::VerifyingKey::from_sec1_bytes(point);
                let key = key.map_err(|_| wrong_type())?;
                let signature = c::ecdsa::Signature::from_slice(signature);
                signature.is_ok_and(|signature| key.verify_prehash(&digest, &signature).is_ok())
            })
        }
        Key::EdwardsPublic(point) => {
            use ring::signature::{ED25519, UnparsedPublicKey};
            UnparsedPublicKey::new(&ED25519, point).verify(data, signature).is_ok()
        }
        Key::Secret(_) => sign(mechanism, key, data)?.ct_eq(signature).into(),
        _ => return Err(wrong_type()),
    };
    if good {
        return Ok(());
    }
    Err(refuse(
        refusal::SIGNATURE_INVALID,
        "It was made with another key, of other data, or otherwise.",
    ))
}

/// A digest as long as a coordinate, as ECDSA takes it: one that is shorter stands for the same number.
fn prehash(curve: Curve, digest: Vec<u8>) -> Result<Vec<u8>, Failure> {
    if digest.is_empty() {
        return Err(length("There is nothing to sign."));
    }
    let missing = curve.size().saturating_sub(digest.len());
    Ok([vec![0; missing], digest].concat())
}

fn sign_rsa(mechanism: &Mechanism, key: &RsaPrivateKey, data: &[u8]) -> Result<Vec<u8>, Failure> {
    let name = mechanism.name.as_str();
    let failed = |_| length("The key is too short for this data.");
    if name == "CKM_RSA_X_509" {
        return raw_private(key, data);
    }
    if name.ends_with("PSS") {
        let (hash, digest) = pss_digest(mechanism, data)?;
        let mut random = fresh()?;
        return on_hash!(hash, H => {
            let salt = mechanism.salt.unwrap_or_else(<H as Digest>::output_size);
            key.sign_with_rng(&mut random, Pss::<H>::new_with_salt(salt), &digest).map_err(failed)
        });
    }
    match Hash::of(name) {
        Some(hash) => on_hash!(hash, H => {
            key.sign(Pkcs1v15Sign::new::<H>(), &H::digest(data)).map_err(failed)
        }),
        None => key.sign(Pkcs1v15Sign::new_unprefixed(), data).map_err(failed),
    }
}

fn verify_rsa(
    mechanism: &Mechanism,
    key: &RsaPublicKey,
    data: &[u8],
    signature: &[u8],
) -> Result<bool, Failure> {
    let name = mechanism.name.as_str();
    if name == "CKM_RSA_X_509" {
        let opened = raw_public(key, signature)?;
        let missing = opened.len().saturating_sub(data.len());
        return Ok(opened == [vec![0; missing], data.to_vec()].concat());
    }
    if name.ends_with("PSS") {
        let (hash, digest) = pss_digest(mechanism, data)?;
        return Ok(on_hash!(hash, H => {
            let salt = mechanism.salt.unwrap_or_else(<H as Digest>::output_size);
            key.verify(Pss::<H>::new_with_salt(salt), &digest, signature).is_ok()
        }));
    }
    Ok(match Hash::of(name) {
        Some(hash) => on_hash!(hash, H => {
            key.verify(Pkcs1v15Sign::new::<H>(), &H::digest(data), signature).is_ok()
        }),
        None => key.verify(Pkcs1v15Sign::new_unprefixed(), data, signature).is_ok(),
    })
}

/// The digest that PSS signs: of the data, or the data itself where the mechanism has no digest.
fn pss_digest(mechanism: &Mechanism, data: &[u8]) -> Result<(Hash, Vec<u8>), Failure> {
    let hash = Hash::named(mechanism)?;
    if Hash::of(&mechanism.name).is_some() {
        return Ok((hash, hash.digest(data)));
    }
    let wanted = on_hash!(hash, H => <H as Digest>::output_size());
    if data.len() != wanted {
        return Err(length(format!("The digest must have {wanted} bytes.")));
    }
    Ok((hash, data.to_vec()))
}

fn number_below_modulus(key: &impl PublicKeyParts, data: &[u8]) -> Result<BoxedUint, Failure> {
    let too_long =
        || length(format!("The data must be a number below the modulus, {} bytes.", key.size()));
    if data.len() > key.size() {
        return Err(too_long());
    }
    let number = BoxedUint::from_be_slice(data, key.n_bits_precision()).map_err(|_| too_long())?;
    if number >= *key.n().as_ref() {
        return Err(too_long());
    }
    Ok(number)
}

/// A number as long as the modulus.
fn padded(number: &BoxedUint, size: usize) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let bytes = &bytes[bytes.len().saturating_sub(size)..];
    [vec![0; size - bytes.len()], bytes.to_vec()].concat()
}

fn raw_private(key: &RsaPrivateKey, data: &[u8]) -> Result<Vec<u8>, Failure> {
    let number = number_below_modulus(key, data)?;
    let mut random = fresh()?;
    let opened = rsa::hazmat::rsa_decrypt_and_check(key, Some(&mut random), &number);
    opened.map(|number| padded(&number, key.size())).map_err(|_| not_encrypted())
}

fn raw_public(key: &RsaPublicKey, data: &[u8]) -> Result<Vec<u8>, Failure> {
    let number = number_below_modulus(key, data)?;
    let closed = rsa::hazmat::rsa_encrypt(key, &number);
    closed.map(|number| padded(&number, key.size())).map_err(|_| not_encrypted())
}

/// Encrypts data; wrapping a key is the same with the key's bytes.
pub(crate) fn encrypt(mechanism: &Mechanism, key: &Key, data: &[u8]) -> Result<Vec<u8>, Failure> {
    match key {
        Key::RsaPublic(key) => {
            let mut random = fresh()?;
            let too_long = |_| length("The data is too long for this key.");
            match mechanism.name.as_str() {
                "CKM_RSA_X_509" => raw_public(key, data),
                "CKM_RSA_PKCS" => key.encrypt(&mut random, Pkcs1v15Encrypt, data).map_err(too_long),
                _ => on_hash!(Hash::named(mechanism)?, H => {
                    key.encrypt(&mut random, Oaep::<H>::new(), data).map_err(too_long)
                }),
            }
        }
        Key::Secret(value) => encrypt_aes(mechanism, value, data),
        _ => Err(wrong_type()),
    }
}

/// Decrypts data; unwrapping a key is the same.
///
/// # Errors
/// `CKR_ENCRYPTED_DATA_INVALID` where it was not encrypted so.
pub(crate) fn decrypt(mechanism: &Mechanism, key: &Key, data: &[u8]) -> Result<Value, Failure> {
    match key {
        Key::Rsa(key) => {
            let opened = match mechanism.name.as_str() {
                "CKM_RSA_X_509" => return raw_private(key, data).map(Zeroizing::new),
                "CKM_RSA_PKCS" => key.decrypt(Pkcs1v15Encrypt, data),
                _ => on_hash!(Hash::named(mechanism)?, H => key.decrypt(Oaep::<H>::new(), data)),
            };
            opened.map(Zeroizing::new).map_err(|_| not_encrypted())
        }
        Key::Secret(value) => decrypt_aes(mechanism, value, data).map(Zeroizing::new),
        _ => Err(wrong_type()),
    }
}

/// The initialization vector of a mechanism.
fn iv<const N: usize>(mechanism: &Mechanism) -> Result<[u8; N], Failure> {
    let bytes = bytes(&mechanism.iv).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(|| parameter(format!("'iv' must be {N} bytes in hexadecimal digits.")))
}

fn aad(mechanism: &Mechanism) -> Result<Vec<u8>, Failure> {
    bytes(&mechanism.aad).map_err(|wanted| parameter(format!("'aad' must be {wanted}.")))
}

fn whole_blocks(data: &[u8]) -> Result<(), Failure> {
    if data.len().is_multiple_of(BLOCK) {
        return Ok(());
    }
    Err(length(format!("The data must be whole blocks of {BLOCK} bytes.")))
}

fn count(key: &[u8], mechanism: &Mechanism, data: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut out = data.to_vec();
    let iv = iv::<BLOCK>(mechanism)?;
    on_aes!(key, A => {
        let cipher = ctr::Ctr128BE::<A>::new_from_slices(key, &iv);
        cipher.map_err(|_| wrong_type())?.apply_keystream(&mut out);
    });
    Ok(out)
}

fn encrypt_aes(mechanism: &Mechanism, key: &[u8], data: &[u8]) -> Result<Vec<u8>, Failure> {
    match mechanism.name.as_str() {
        "CKM_AES_ECB" => {
            whole_blocks(data)?;
            let mut out = data.to_vec();
            on_aes!(key, A => {
                let cipher = <A as KeyInit>::new_from_slice(key).map_err(|_| wrong_type())?;
                for block in out.chunks_exact_mut(BLOCK) {
                    if let Ok(block) = block.try_into() {
                        cipher.encrypt_block(block);
                    }
                }
            });
            Ok(out)
        }
        name @ ("CKM_AES_CBC" | "CKM_AES_CBC_PAD") => {
            let iv = iv::<BLOCK>(mechanism)?;
            let pads = name == "CKM_AES_CBC_PAD";
            if !pads {
                whole_blocks(data)?;
            }
            on_aes!(key, A => {
                let cipher = cbc::Encryptor::<A>::new_from_slices(key, &iv);
                let cipher = cipher.map_err(|_| wrong_type())?;
                Ok(match pads {
                    true => cipher.encrypt_padded_vec::<Pkcs7>(data),
                    false => cipher.encrypt_padded_vec::<NoPadding>(data),
                })
            })
        }
        "CKM_AES_CTR" => count(key, mechanism, data),
        "CKM_AES_GCM" => {
            let (iv, aad) = (iv::<12>(mechanism)?, aad(mechanism)?);
            on_aes!(key, A => {
                let cipher = <AesGcm<A, U12> as KeyInit>::new_from_slice(key);
                let payload = Payload { msg: data, aad: &aad };
                let closed = cipher.map_err(|_| wrong_type())?.encrypt(&iv.into(), payload);
                closed.map_err(|_| length("The data is too long."))
            })
        }
        "CKM_AES_KEY_WRAP" => {
            let mut out = vec![0; data.len() + 8];
            on_aes!(key, A => {
                let cipher = <AesKw<A> as KeyInit>::new_from_slice(key).map_err(|_| wrong_type())?;
                let closed = cipher.wrap_key(data, &mut out).map(<[u8]>::to_vec);
                closed.map_err(|_| length("The key must be a multiple of 8 bytes."))
            })
        }
        _ => {
            let mut out = vec![0; data.len().next_multiple_of(8) + 8];
            on_aes!(key, A => {
                let cipher = <AesKwp<A> as KeyInit>::new_from_slice(key);
                let closed = cipher.map_err(|_| wrong_type())?.wrap_key(data, &mut out).map(<[u8]>::to_vec);
                closed.map_err(|_| length("The key is too long."))
            })
        }
    }
}

fn decrypt_aes(mechanism: &Mechanism, key: &[u8], data: &[u8]) -> Result<Vec<u8>, Failure> {
    let bad = |_| not_encrypted();
    match mechanism.name.as_str() {
        "CKM_AES_ECB" => {
            whole_blocks(data)?;
            let mut out = data.to_vec();
            on_aes!(key, A => {
                let cipher = <A as KeyInit>::new_from_slice(key).map_err(|_| wrong_type())?;
                for block in out.chunks_exact_mut(BLOCK) {
                    if let Ok(block) = block.try_into() {
                        cipher.decrypt_block(block);
                    }
                }
            });
            Ok(out)
        }
        name @ ("CKM_AES_CBC" | "CKM_AES_CBC_PAD") => {
            let iv = iv::<BLOCK>(mechanism)?;
            whole_blocks(data)?;
            on_aes!(key, A => {
                let cipher = cbc::Decryptor::<A>::new_from_slices(key, &iv);
                let cipher = cipher.map_err(|_| wrong_type())?;
                match name {
                    "CKM_AES_CBC" => cipher.decrypt_padded_vec::<NoPadding>(data).map_err(bad),
                    _ => cipher.decrypt_padded_vec::<Pkcs7>(data).map_err(bad),
                }
            })
        }
        "CKM_AES_CTR" => count(key, mechanism, data),
        "CKM_AES_GCM" => {
            let (iv, aad) = (iv::<12>(mechanism)?, aad(mechanism)?);
            on_aes!(key, A => {
                let cipher = <AesGcm<A, U12> as KeyInit>::new_from_slice(key);
                let payload = Payload { msg: data, aad: &aad };
                let opened = cipher.map_err(|_| wrong_type())?.decrypt(&iv.into(), payload);
                opened.map_err(|_| not_encrypted())
            })
        }
        "CKM_AES_KEY_WRAP" => {
            let mut out = vec![0; data.len()];
            on_aes!(key, A => {
                let cipher = <AesKw<A> as KeyInit>::new_from_slice(key).map_err(|_| wrong_type())?;
                cipher.unwrap_key(data, &mut out).map(<[u8]>::to_vec).map_err(|_| not_encrypted())
            })
        }
        _ => {
            let mut out = vec![0; data.len()];
            on_aes!(key, A => {
                let cipher = <AesKwp<A> as KeyInit>::new_from_slice(key);
                let opened = cipher.map_err(|_| wrong_type())?.unwrap_key(data, &mut out).map(<[u8]>::to_vec);
                opened.map_err(|_| not_encrypted())
            })
        }
    }
}

/// The secret that a private key and the other side's public key (its point, plain or as an OCTET STRING)
/// have in common: ECDH without a derivation function.
pub(crate) fn agree(key: &Key, point: &[u8]) -> Result<Value, Failure> {
    let Key::Ec(curve, scalar) = key else { return Err(wrong_type()) };
    let point = octet_string(point).unwrap_or(point);
    on_curve!(*curve, c => {
        let other = c::PublicKey::from_sec1_bytes(point);
        let other = other.map_err(|_| parameter("'data' must be a point of the key's curve."))?;
        let own = c::SecretKey::from_slice(scalar).map_err(|_| wrong_type())?;
        let shared = own.diffie_hellman(&other);
        Ok(Zeroizing::new(shared.raw_secret_bytes().to_vec()))
    })
}

#[cfg(test)]
mod tests;
