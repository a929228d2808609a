//! The rules of the appliance: a folder for each area, each file with its routes and what answers
//! them.

use crate::request::auth;
use crate::request::route::Routes;

pub mod account;
pub mod appliance;
pub mod cluster;
pub mod hsm;
pub mod network;
pub mod ntls;
pub mod partition;
pub mod status;
pub mod sysconf;
pub mod token;

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
        token::routes,
        ntls::routes,
        cluster::routes,
        sysconf::routes,
        appliance::routes,
    ] {
        area(&mut routes);
    }
    routes
}
