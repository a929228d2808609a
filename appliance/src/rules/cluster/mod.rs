//! The cluster this appliance belongs to: service, members, clients, keyrings, backups.

use crate::request::route::Routes;

pub mod access;
pub mod backup;
pub mod keyring_clients;
pub mod keyrings;
pub mod lifecycle;
pub mod members;
pub mod service;

pub(crate) fn routes(r: &mut Routes) {
    backup::routes(r);
    keyring_clients::routes(r);
    keyrings::routes(r);
    lifecycle::routes(r);
    members::routes(r);
    service::routes(r);
}
