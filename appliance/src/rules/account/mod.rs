//! Accounts: users, roles, passwords and lockouts, certificates, RADIUS, SSH public keys, files.

use crate::request::route::Routes;

pub mod acl;
pub mod certificates;
pub mod files;
pub mod public_keys;
pub mod radius;
pub mod roles;
pub mod settings;
pub mod ssh_key;
pub mod tokens;
pub mod users;

pub(crate) fn routes(r: &mut Routes) {
    acl::routes(r);
    certificates::routes(r);
    files::routes(r);
    public_keys::routes(r);
    radius::routes(r);
    roles::routes(r);
    settings::routes(r);
    tokens::routes(r);
    users::routes(r);
}
