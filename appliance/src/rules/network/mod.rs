//! The network: host name, devices, routes.

use crate::request::route::Routes;

pub mod devices;
pub mod host;
pub mod routing;

pub(crate) fn routes(r: &mut Routes) {
    devices::routes(r);
    host::routes(r);
    routing::routes(r);
}
