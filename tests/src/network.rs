//! Addresses of a stage's own, so that scripts with clusters can be played side by side.
//!
//! Members find each other by address alone, on fixed ports. A script speaks of 127.0.0.1,
//! 127.0.0.2 and so on; behind each of them is an address of a network that no other stage on this
//! machine has, as long as the one it stands for, so that tables keep their shape.

use std::net::{IpAddr, TcpListener};

use anyhow::{Context, Result};

/// What addresses begin with in scripts and transcripts.
const SHOWN: &str = "127.0.0.";
/// Whoever listens here has the network: an address no appliance gets, a port no service has.
const CLAIM: (u8, u16) = (254, 50_049);

/// A network of up to nine appliances.
#[derive(Debug)]
pub(crate) struct Network {
    prefix: String,
    _claim: Option<TcpListener>,
}

impl Network {
    /// The addresses that scripts speak of; others may use them at the same time.
    pub(crate) fn shared() -> Network {
        Network { prefix: SHOWN.to_owned(), _claim: None }
    }

    /// A network that nobody else has while this one lives.
    ///
    /// # Errors
    /// All are taken.
    pub(crate) fn claim() -> Result<Network> {
        (10..100)
            .find_map(|number| {
                let prefix = format!("127.{}.{}.", number / 10, number % 10);
                let (host, port) = CLAIM;
                let claim = TcpListener::bind((format!("{prefix}{host}"), port)).ok()?;
                Some(Network { prefix, _claim: Some(claim) })
            })
            .context("all networks are taken")
    }

    /// The address of an appliance, counted from 1.
    pub(crate) fn address(&self, number: usize) -> Result<IpAddr> {
        Ok(format!("{}{number}", self.prefix).parse()?)
    }

    /// That address as scripts write it.
    pub(crate) fn shown_address(number: usize) -> String {
        format!("{SHOWN}{number}")
    }

    /// What was typed, for the appliance.
    pub(crate) fn typed(&self, text: &str) -> String {
        text.replace(SHOWN, &self.prefix)
    }

    /// What the appliance shows, for the transcript.
    pub(crate) fn shown(&self, text: &str) -> String {
        text.replace(&self.prefix, SHOWN)
    }
}
