//! NTLS, the network trust link service: settings, clients, certificates.

use crate::request::route::Routes;

pub mod certificates;
pub mod clients;
pub mod link;
pub mod server;
pub mod settings;

pub(crate) fn routes(r: &mut Routes) {
    clients::routes(r);
    link::routes(r);
    server::routes(r);
    settings::routes(r);
}
