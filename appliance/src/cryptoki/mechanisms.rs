//! The mechanisms: names, numbers, sizes and flags of PKCS#11, as an emulated HSM carries them out.

use luna_rest::objects::{MechanismInfo, refusal};

use crate::core::message::Failure;
use crate::cryptoki::refuse;

/// The flags of `CK_MECHANISM_INFO`, by their `CKF_` bits.
pub mod flag {
    #![allow(missing_docs, reason = "the names are those of PKCS#11")]
    pub const ENCRYPT: u32 = 0x100;
    pub const DECRYPT: u32 = 0x200;
    pub const DIGEST: u32 = 0x400;
    pub const SIGN: u32 = 0x800;
    pub const VERIFY: u32 = 0x2000;
    pub const GENERATE: u32 = 0x8000;
    pub const GENERATE_KEY_PAIR: u32 = 0x1_0000;
    pub const WRAP: u32 = 0x2_0000;
    pub const UNWRAP: u32 = 0x4_0000;
    pub const DERIVE: u32 = 0x8_0000;
}

const FLAGS: [(u32, &str); 10] = [
    (flag::ENCRYPT, "encrypt"),
    (flag::DECRYPT, "decrypt"),
    (flag::DIGEST, "digest"),
    (flag::SIGN, "sign"),
    (flag::VERIFY, "verify"),
    (flag::GENERATE, "generate"),
    (flag::GENERATE_KEY_PAIR, "generate_key_pair"),
    (flag::WRAP, "wrap"),
    (flag::UNWRAP, "unwrap"),
    (flag::DERIVE, "derive"),
];

const CIPHER: u32 = flag::ENCRYPT | flag::DECRYPT;
const SIGNATURE: u32 = flag::SIGN | flag::VERIFY;
const WRAPPING: u32 = flag::WRAP | flag::UNWRAP;

/// A mechanism.
#[derive(Debug, PartialEq, Eq)]
pub struct Mechanism {
    /// Its number.
    pub number: u32,
    /// `CKM_…`.
    pub name: &'static str,
    /// Smallest and largest key: bits, or bytes of symmetric keys.
    pub sizes: (usize, usize),
    /// `CKF_` bits.
    pub flags: u32,
    /// The type of its keys; empty for digests.
    pub key_type: &'static str,
    /// Whether an HSM in FIPS mode has it. Assumed: what FIPS 140-3 approves.
    pub fips: bool,
}

const fn of(
    number: u32,
    name: &'static str,
    sizes: (usize, usize),
    flags: u32,
    key_type: &'static str,
) -> Mechanism {
    Mechanism { number, name, sizes, flags, key_type, fips: true }
}

const fn no_fips(mechanism: Mechanism) -> Mechanism {
    Mechanism { fips: false, ..mechanism }
}

/// Bits of RSA keys. The largest that the emulated HSM takes; the product has 8192 too.
pub const RSA_SIZES: (usize, usize) = (1024, 4096);
/// Bits of curves.
const EC_SIZES: (usize, usize) = (224, 521);
/// Bytes of AES keys.
const AES_SIZES: (usize, usize) = (16, 32);
/// Bytes of other secret keys.
pub const SECRET_SIZES: (usize, usize) = (1, 512);
const NO_KEY: (usize, usize) = (0, 0);

const RSA: &str = "CKK_RSA";
const EC: &str = "CKK_EC";
const EDWARDS: &str = "CKK_EC_EDWARDS";
const AES: &str = "CKK_AES";
const GENERIC: &str = "CKK_GENERIC_SECRET";

/// The mechanisms by number. Those of the vendor's extensions that do the same under a number of their
/// own are left out.
#[rustfmt::skip]
pub const MECHANISMS: &[Mechanism] = &[
    of(0x0000, "CKM_RSA_PKCS_KEY_PAIR_GEN", RSA_SIZES, flag::GENERATE_KEY_PAIR, RSA),
    of(0x0001, "CKM_RSA_PKCS", RSA_SIZES, CIPHER | SIGNATURE | WRAPPING, RSA),
    no_fips(of(0x0003, "CKM_RSA_X_509", RSA_SIZES, CIPHER | SIGNATURE, RSA)),
    no_fips(of(0x0006, "CKM_SHA1_RSA_PKCS", RSA_SIZES, SIGNATURE, RSA)),
    of(0x0009, "CKM_RSA_PKCS_OAEP", RSA_SIZES, CIPHER | WRAPPING, RSA),
    of(0x000d, "CKM_RSA_PKCS_PSS", RSA_SIZES, SIGNATURE, RSA),
    no_fips(of(0x000e, "CKM_SHA1_RSA_PKCS_PSS", RSA_SIZES, SIGNATURE, RSA)),
    of(0x0040, "CKM_SHA256_RSA_PKCS", RSA_SIZES, SIGNATURE, RSA),
    of(0x0041, "CKM_SHA384_RSA_PKCS", RSA_SIZES, SIGNATURE, RSA),
    of(0x0042, "CKM_SHA512_RSA_PKCS", RSA_SIZES, SIGNATURE, RSA),
    of(0x0043, "CKM_SHA256_RSA_PKCS_PSS", RSA_SIZES, SIGNATURE, RSA),
    of(0x0044, "CKM_SHA384_RSA_PKCS_PSS", RSA_SIZES, SIGNATURE, RSA),
    of(0x0045, "CKM_SHA512_RSA_PKCS_PSS", RSA_SIZES, SIGNATURE, RSA),
    of(0x0046, "CKM_SHA224_RSA_PKCS", RSA_SIZES, SIGNATURE, RSA),
    of(0x0047, "CKM_SHA224_RSA_PKCS_PSS", RSA_SIZES, SIGNATURE, RSA),
    of(0x0220, "CKM_SHA_1", NO_KEY, flag::DIGEST, ""),
    of(0x0221, "CKM_SHA_1_HMAC", SECRET_SIZES, SIGNATURE, GENERIC),
    of(0x0250, "CKM_SHA256", NO_KEY, flag::DIGEST, ""),
    of(0x0251, "CKM_SHA256_HMAC", SECRET_SIZES, SIGNATURE, GENERIC),
    of(0x0255, "CKM_SHA224", NO_KEY, flag::DIGEST, ""),
    of(0x0256, "CKM_SHA224_HMAC", SECRET_SIZES, SIGNATURE, GENERIC),
    of(0x0260, "CKM_SHA384", NO_KEY, flag::DIGEST, ""),
    of(0x0261, "CKM_SHA384_HMAC", SECRET_SIZES, SIGNATURE, GENERIC),
    of(0x0270, "CKM_SHA512", NO_KEY, flag::DIGEST, ""),
    of(0x0271, "CKM_SHA512_HMAC", SECRET_SIZES, SIGNATURE, GENERIC),
    of(0x0350, "CKM_GENERIC_SECRET_KEY_GEN", SECRET_SIZES, flag::GENERATE, GENERIC),
    of(0x1040, "CKM_EC_KEY_PAIR_GEN", EC_SIZES, flag::GENERATE_KEY_PAIR, EC),
    of(0x1041, "CKM_ECDSA", EC_SIZES, SIGNATURE, EC),
    no_fips(of(0x1042, "CKM_ECDSA_SHA1", EC_SIZES, SIGNATURE, EC)),
    of(0x1043, "CKM_ECDSA_SHA224", EC_SIZES, SIGNATURE, EC),
    of(0x1044, "CKM_ECDSA_SHA256", EC_SIZES, SIGNATURE, EC),
    of(0x1045, "CKM_ECDSA_SHA384", EC_SIZES, SIGNATURE, EC),
    of(0x1046, "CKM_ECDSA_SHA512", EC_SIZES, SIGNATURE, EC),
    of(0x1050, "CKM_ECDH1_DERIVE", EC_SIZES, flag::DERIVE, EC),
    no_fips(of(0x1055, "CKM_EC_EDWARDS_KEY_PAIR_GEN", (256, 256), flag::GENERATE_KEY_PAIR, EDWARDS)),
    no_fips(of(0x1057, "CKM_EDDSA", (256, 256), SIGNATURE, EDWARDS)),
    of(0x1080, "CKM_AES_KEY_GEN", AES_SIZES, flag::GENERATE, AES),
    of(0x1081, "CKM_AES_ECB", AES_SIZES, CIPHER, AES),
    of(0x1082, "CKM_AES_CBC", AES_SIZES, CIPHER, AES),
    of(0x1085, "CKM_AES_CBC_PAD", AES_SIZES, CIPHER | WRAPPING, AES),
    of(0x1086, "CKM_AES_CTR", AES_SIZES, CIPHER, AES),
    of(0x1087, "CKM_AES_GCM", AES_SIZES, CIPHER | WRAPPING, AES),
    of(0x108a, "CKM_AES_CMAC", AES_SIZES, SIGNATURE, AES),
    of(0x2109, "CKM_AES_KEY_WRAP", AES_SIZES, WRAPPING, AES),
    of(0x210a, "CKM_AES_KEY_WRAP_PAD", AES_SIZES, WRAPPING, AES),
];

/// The mechanism of a name, for one of these uses.
///
/// # Errors
/// `CKR_MECHANISM_INVALID`: there is none, it does something else, or FIPS mode forbids it.
pub(crate) fn find(name: &str, uses: u32, fips: bool) -> Result<&'static Mechanism, Failure> {
    let invalid = |why: &str| refuse(refusal::MECHANISM_INVALID, format!("{name}: {why}"));
    let found = MECHANISMS.iter().find(|one| one.name == name);
    let found = found.ok_or_else(|| invalid("no such mechanism."))?;
    if found.flags & uses == 0 {
        let uses: Vec<&str> = words(found.flags).collect();
        return Err(invalid(&format!("it is for {}.", uses.join(", "))));
    }
    if fips && !found.fips {
        return Err(invalid("it is not approved for FIPS mode (HSM policy 12 is off)."));
    }
    Ok(found)
}

fn words(flags: u32) -> impl Iterator<Item = &'static str> {
    FLAGS.iter().filter(move |(bit, _)| flags & bit != 0).map(|(_, word)| *word)
}

impl Mechanism {
    /// As the wire has it.
    pub(crate) fn info(&self) -> MechanismInfo {
        MechanismInfo {
            name: self.name.to_owned(),
            number: self.number,
            least: self.sizes.0,
            most: self.sizes.1,
            flags: words(self.flags).map(str::to_owned).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mechanisms_are_in_the_order_of_their_numbers() {
        assert!(MECHANISMS.is_sorted_by(|a, b| a.number < b.number));
    }

    #[test]
    fn a_mechanism_is_found_for_its_use_alone() {
        assert_eq!(find("CKM_AES_GCM", flag::WRAP, true).unwrap().number, 0x1087);
        let refused = |name, uses, fips| find(name, uses, fips).unwrap_err().id().to_owned();
        assert_eq!(refused("CKM_AES_GCM", flag::SIGN, false), refusal::MECHANISM_INVALID);
        assert_eq!(refused("CKM_SHA1_RSA_PKCS", flag::SIGN, true), refusal::MECHANISM_INVALID);
        assert_eq!(refused("CKM_MD5", flag::DIGEST, false), refusal::MECHANISM_INVALID);
    }
}
