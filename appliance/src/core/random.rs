//! Emulated randomness: serial numbers, UUIDs, salts, cookies.
//!
//! SHA-256 over a seed and a counter. With a seed from outside everything drawn from it can be
//! repeated; the counter is kept in the store so that a restart does not repeat what it drew.

use ring::digest::{Context as Digest, SHA256};
use ring::error::Unspecified;
use ring::rand::{SecureRandom, SystemRandom};
use rsa::rand_core::{Infallible, TryCryptoRng, TryRng};
use serde::{Deserialize, Serialize};

/// A source of bytes that its seed decides.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Random {
    seed: [u8; 32],
    drawn: u64,
}

impl std::fmt::Debug for Random {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Random(***)")
    }
}

impl Random {
    /// A source from 32 unpredictable bytes.
    pub fn from_seed(seed: [u8; 32]) -> Random {
        Random { seed, drawn: 0 }
    }

    /// A source that nobody can foresee.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn fresh() -> Result<Random, Unspecified> {
        let mut seed = [0; 32];
        SystemRandom::new().fill(&mut seed)?;
        Ok(Random::from_seed(seed))
    }

    /// A repeatable source.
    pub fn from_number(seed: u64) -> Random {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        Random::from_seed(bytes)
    }

    /// The next 32 bytes.
    pub fn block(&mut self) -> [u8; 32] {
        let mut digest = Digest::new(&SHA256);
        digest.update(&self.seed);
        digest.update(&self.drawn.to_le_bytes());
        self.drawn += 1;
        let mut block = [0; 32];
        block.copy_from_slice(digest.finish().as_ref());
        block
    }

    /// The next `N` bytes, at most 32.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        const { assert!(N <= 32) };
        let mut bytes = [0; N];
        bytes.copy_from_slice(&self.block()[..N]);
        bytes
    }

    /// A number from `low` to `high`, both included.
    pub fn number(&mut self, low: u64, high: u64) -> u64 {
        let span = u128::from(high.saturating_sub(low)) + 1;
        let drawn = u128::from_le_bytes(self.bytes::<16>());
        low + u64::try_from(drawn % span).unwrap_or_default()
    }

    /// A version 4 UUID, lower case with dashes.
    pub fn uuid(&mut self) -> String {
        let mut bytes = self.bytes::<16>();
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let hex = hex(&bytes);
        [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
    }

    /// 64 hexadecimal digits that cannot be guessed: a cookie.
    pub fn token(&mut self) -> String {
        hex(&self.block())
    }
}

/// As cryptographic libraries ask for it.
impl TryRng for Random {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_le_bytes(self.bytes()))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_le_bytes(self.bytes()))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for part in bytes.chunks_mut(32) {
            part.copy_from_slice(&self.block()[..part.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for Random {}

/// Lower-case hexadecimal digits, two a byte.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of hexadecimal digits in either case; none where they are no such digits, or an odd number.
pub fn from_hex(digits: &str) -> Option<Vec<u8>> {
    let byte = |at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    (0..digits.len()).step_by(2).map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_read_from_their_digits() {
        assert_eq!(from_hex("80005c4d04").unwrap(), [0x80, 0, 0x5c, 0x4d, 4]);
        assert!(from_hex("8").is_none());
    }

    #[test]
    fn the_same_seed_draws_the_same() {
        let draw = |seed| {
            let mut random = Random::from_number(seed);
            (random.uuid(), random.number(1_000_000, 9_999_999))
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }

    #[test]
    fn numbers_stay_within_their_bounds() {
        let mut random = Random::from_number(7);
        assert!((0..1000).all(|_| (3..=5).contains(&random.number(3, 5))));
        assert_eq!(random.number(9, 9), 9);
    }

    #[test]
    fn a_uuid_says_its_version() {
        let uuid = Random::from_number(1).uuid();
        assert_eq!((uuid.len(), &uuid[14..15]), (36, "4"));
    }
}
