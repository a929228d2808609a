//! Networks of loopback addresses, each claimed by one rehearsal, so that they can run side by side.
//!
//! Members of a cluster find each other by address alone, on fixed ports. Scripts and transcripts
//! speak of 127.0.0.1, 127.0.0.2 and so on; behind them is a network that no other rehearsal on this
//! machine has. Its addresses are as long as those shown, so that tables keep their shape.
//! Tests of other crates include this file, to claim from the same networks.

use std::net::{IpAddr, TcpListener};

/// Whoever listens here has the network: an address no appliance gets, a port no service has.
const CLAIM: (u8, u16) = (254, 50_049);

/// A network of up to nine appliances.
#[derive(Debug)]
pub(crate) struct Network {
    middle: [u8; 2],
    _claim: Option<TcpListener>,
}

impl Network {
    /// The addresses that scripts speak of; others may use them at the same time.
    pub(crate) fn shared() -> Network {
        Network { middle: [0, 0], _claim: None }
    }

    /// A network that no other rehearsal has while this one lives; none if all are taken. The kernel
    /// holds the claim, so that it counts between processes and ends with the process.
    pub(crate) fn claim() -> Option<Network> {
        (10..100).find_map(|number| {
            let middle = [number / 10, number % 10];
            let (host, port) = CLAIM;
            let claim = TcpListener::bind((address(middle, host), port)).ok()?;
            Some(Network { middle, _claim: Some(claim) })
        })
    }

    /// The address of an appliance, counted from 1.
    pub(crate) fn address(&self, number: u8) -> IpAddr {
        address(self.middle, number)
    }

    /// That address as scripts write it.
    pub(crate) fn shown_address(number: u8) -> String {
        Network::shared().address(number).to_string()
    }

    /// What was typed, for the appliance.
    pub(crate) fn typed(&self, text: &str) -> String {
        text.replace(&Network::shared().prefix(), &self.prefix())
    }

    /// What the appliance shows, for the transcript.
    pub(crate) fn shown(&self, text: &str) -> String {
        text.replace(&self.prefix(), &Network::shared().prefix())
    }

    fn prefix(&self) -> String {
        let [high, low] = self.middle;
        format!("127.{high}.{low}.")
    }
}

fn address([high, low]: [u8; 2], number: u8) -> IpAddr {
    IpAddr::from([127, high, low, number])
}
