//! The rules of the appliance: a folder for each area, each file with its routes and what answers
//! them.
//!
//! Among the folders a file knows its own and those before it in this order: `account`, `network`,
//! `status`, `partition`, `hsm` (zeroizing the HSM erases the partitions), `audit`, `token`, `ntls`,
//! `cluster`, `objects`, `sysconf`, `appliance`. What two folders need, and neither may know the other for,
//! belongs below both: data to `state`, conditions of a request to `request::context`.

use crate::request::auth;
use crate::request::route::Routes;

pub mod account;
pub mod appliance;
pub mod audit;
pub mod cluster;
pub mod hsm;
pub mod network;
pub mod ntls;
pub mod objects;
pub mod partition;
pub mod status;
pub mod sysconf;
pub mod token;

/// The order of the folders, which `layers.rs` holds.
#[cfg(test)]
pub(crate) const ORDER: [&str; 12] = [
    "account",
    "network",
    "status",
    "partition",
    "hsm",
    "audit",
    "token",
    "ntls",
    "cluster",
    "objects",
    "sysconf",
    "appliance",
];

/// Every route of every area.
pub(crate) fn routes() -> Routes {
    let mut routes = Routes::default();
    for area in [
        auth::routes,
        account::routes,
        network::routes,
        status::routes,
        partition::routes,
        hsm::routes,
        audit::routes,
        token::routes,
        ntls::routes,
        cluster::routes,
        objects::routes,
        sysconf::routes,
        appliance::routes,
    ] {
        area(&mut routes);
    }
    routes
}
