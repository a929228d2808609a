//! Passwords as they are kept: hashed with argon2id, never shown.

use std::sync::{Mutex, MutexGuard, PoisonError};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

use crate::core::random::{Random, hex};

/// Memory and passes, one of the pairs OWASP names as equal in strength; the smaller memory keeps
/// the process small. The model's own tests hash by the thousand and take next to nothing.
const MEMORY_KIB: u32 = if cfg!(test) { 8 } else { 7168 };
const PASSES: u32 = if cfg!(test) { 1 } else { 5 };

/// A password's hash with its salt.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct PasswordHash {
    salt: [u8; 16],
    hash: [u8; 32],
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash(***)")
    }
}

impl PasswordHash {
    /// Hashes a password with a fresh salt.
    pub fn new(password: &str, random: &mut Random) -> PasswordHash {
        let salt = random.bytes();
        PasswordHash { salt, hash: derive(password, &salt).unwrap_or_default() }
    }

    /// Hashes a cloning domain. The same one has the same hash everywhere, as the key has that the
    /// product makes of it, so that two partitions can be compared without knowing it.
    pub fn of_domain(domain: &str) -> PasswordHash {
        let salt = *b"a cloning domain";
        PasswordHash { salt, hash: derive(domain, &salt).unwrap_or_default() }
    }

    /// The hash of a cloning domain as text, for members of a cluster to compare.
    pub fn domain_mark(&self) -> String {
        hex(&self.hash)
    }

    /// Whether both are hashes of one cloning domain.
    pub fn is_domain(&self, other: &PasswordHash) -> bool {
        is_same_secret(&self.salt, &other.salt) && is_same_secret(&self.hash, &other.hash)
    }

    /// Whether this is the password; takes as long either way.
    pub fn matches(&self, password: &str) -> bool {
        let Some(mut hash) = derive(password, &self.salt) else { return false };
        let same = is_same_secret(&hash, &self.hash);
        hash.zeroize();
        same
    }
}

/// The hash; nothing only for passwords of 4 GiB, which no request carries.
pub(crate) fn derive(password: &str, salt: &[u8; 16]) -> Option<[u8; 32]> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, Some(32)).ok()?;
    let mut hash = [0; 32];
    let mut blocks = free_memory().pop().unwrap_or_default();
    blocks.resize(params.block_count(), Block::new());
    let hashed = Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into_with_memory(password.as_bytes(), salt, &mut hash, &mut blocks[..]);
    free_memory().push(blocks);
    hashed.ok().map(|()| hash)
}

/// The memory of earlier hashes, for the next ones: as much as was ever used at the same time.
///
/// Were it freed each time, glibc would not find it again for the next hash, since it is aligned,
/// and the process would grow with every login.
fn free_memory() -> MutexGuard<'static, Vec<Vec<Block>>> {
    static FREE: Mutex<Vec<Vec<Block>>> = Mutex::new(Vec::new());
    FREE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether two secrets are the same. It takes as long for any two of one length, so that no one
/// learns from the time how far a guess was right.
pub fn is_same_secret(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

/// Whether a password of an appliance account follows the rules: length, and at least three of the
/// classes upper case, lower case, digit, other.
///
/// # Errors
/// Which rule it breaks, for people.
pub fn check(password: &str, minimum: usize) -> Result<(), String> {
    if password.chars().count() < minimum {
        return Err(format!("The password must be at least {minimum} characters long."));
    }
    if password.len() > 255 || !password.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Err("The password must be at most 255 printable ASCII characters.".to_owned());
    }
    let classes: [fn(u8) -> bool; 4] = [
        |byte| byte.is_ascii_uppercase(),
        |byte| byte.is_ascii_lowercase(),
        |byte| byte.is_ascii_digit(),
        |byte| !byte.is_ascii_alphanumeric(),
    ];
    if classes.into_iter().filter(|class| password.bytes().any(class)).count() < 3 {
        return Err("The password must contain characters from at least 3 of the 4 categories \
                    upper case, lower case, digit, other."
            .to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_matches_its_hash() {
        let hash = PasswordHash::new("PASSWORD", &mut Random::from_number(1));
        assert!(hash.matches("PASSWORD"));
        assert!(!hash.matches("password") && !hash.matches(""));
        assert!(!PasswordHash::default().matches(""), "a missing hash matches nothing");
    }

    #[test]
    fn a_domain_has_one_hash_everywhere() {
        let hash = PasswordHash::of_domain("domain");
        assert!(hash.is_domain(&PasswordHash::of_domain("domain")) && hash.matches("domain"));
        assert!(!hash.is_domain(&PasswordHash::of_domain("Domain")));
    }

    #[test]
    fn weak_passwords_are_refused() {
        let ok = |password| check(password, 8).is_ok();
        assert!(ok("Abcdef12") && ok("abc def1") && ok("abcdef1!"));
        assert!(!ok("Abc1!") && !ok("PASSWORD") && !ok("abcdefg1") && !ok("Abcdef1é"));
    }
}
