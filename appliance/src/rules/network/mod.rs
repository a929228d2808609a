//! The network: host name, devices, routes, classes of traffic.

use crate::request::route::Routes;

pub mod devices;
pub mod host;
pub mod routing;
pub mod traffic;

pub(crate) fn routes(r: &mut Routes) {
    devices::routes(r);
    host::routes(r);
    routing::routes(r);
    traffic::routes(r);
}
