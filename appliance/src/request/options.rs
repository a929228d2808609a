//! What is decided when the process starts.

use std::net::IpAddr;

use luna_rest::Secret;
use time::OffsetDateTime;

use crate::core::random::Random;

/// What is decided when the process starts.
#[derive(Debug, Default)]
pub struct Options {
    /// The host name in factory state.
    pub hostname: String,
    /// Makes serial numbers and UUIDs repeatable.
    pub seed: Option<u64>,
    /// The time at which the clock is stopped; otherwise it runs with the system's.
    pub clock: Option<OffsetDateTime>,
    /// The key that opens a local session.
    pub local_key: Secret,
    /// The address that the web server listens on.
    pub address: Option<IpAddr>,
    /// The web server's certificate, PEM.
    pub certificate: String,
}

impl Options {
    /// Where the randomness of a factory-fresh appliance comes from.
    pub(crate) fn first_random(&self, secret: &mut Random) -> Random {
        match self.seed {
            Some(seed) => Random::from_number(seed),
            None => Random::from_seed(secret.block()),
        }
    }
}
