//! The REST API of a Luna Network HSM, written once for both ends.
//!
//! Every resource is a [`Call`]: method, path template, and the types of request and answer. The
//! client and the emulated appliance use the same constants. Each area of the API has a file with
//! its calls and types; no other crate knows a URL.
//!
//! For compatibility with newer and older appliances, unknown fields of an answer are ignored and
//! missing ones get their default; `answer.rs` has what is an answer at all.

mod answer;
mod call;
mod client;
mod error;
mod error_id;
mod files;
mod follow;
pub mod media;
mod one_line;
mod secret;
mod transport;
mod trust;

pub mod audit;
pub mod auth;
pub mod clusters;
pub mod config;
pub mod drift;
pub mod emulator;
pub mod hsm;
pub mod keyrings;
pub mod link;
pub mod lunasa;
pub mod network;
pub mod ntls;
pub mod ntp;
pub mod objects;
pub mod packages;
pub mod partitions;
pub mod peers;
pub mod radius;
pub mod services;
pub mod snmp;
pub mod ssh;
pub mod status;
pub mod stc;
pub mod sysconf;
pub mod syslog;
pub mod tasks;
pub mod time;
pub mod tls;
pub mod tokens;
pub mod users;
pub mod web_server;

pub use call::{Call, Method, Nothing, Resource};
pub use client::{Answer, CALLS, Client, CommandDeadline, Target};
pub use error::{ApiError, Error};
pub use error_id::ErrorId;
pub use files::unpack;
pub use secret::{Secret, guard_memory};
pub use trust::{Fingerprint, Identity, Trust};

/// Every resource of every area.
pub fn resources() -> impl Iterator<Item = Resource> {
    let areas = [
        audit::ALL,
        auth::ALL,
        clusters::ALL,
        config::ALL,
        drift::ALL,
        emulator::ALL,
        hsm::ALL,
        hsm::lunash::ALL,
        hsm::parts::ALL,
        hsm::ped::ALL,
        hsm::policies::ALL,
        keyrings::ALL,
        link::ALL,
        lunasa::ALL,
        network::ALL,
        ntls::ALL,
        ntls::server::ALL,
        ntp::ALL,
        objects::ALL,
        packages::ALL,
        partitions::ALL,
        peers::ALL,
        radius::ALL,
        services::ALL,
        snmp::ALL,
        ssh::ALL,
        status::ALL,
        stc::ALL,
        sysconf::ALL,
        syslog::ALL,
        syslog::certificates::ALL,
        tasks::ALL,
        time::ALL,
        tls::ALL,
        tokens::ALL,
        users::ALL,
        web_server::ALL,
    ];
    areas.into_iter().flatten().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_has_one_template() {
        let unnamed = |template: &'static str| {
            let placeholder = |segment: &'static str| match segment.starts_with('{') {
                true => "{}",
                false => segment,
            };
            template.split('/').map(placeholder).collect::<Vec<_>>().join("/")
        };
        let mut seen = std::collections::BTreeMap::new();
        for resource in resources() {
            let first = seen.entry((resource.method, unnamed(resource.template)));
            assert_eq!(*first.or_insert(resource), resource);
        }
    }
}
