//! Application partitions: their life, roles and logins, policies, domains, objects, channels.

use crate::request::route::Routes;

pub mod access;
pub mod contents;
pub mod domains;
pub mod indirect;
pub mod lifecycle;
pub mod login;
pub mod objects;
pub mod policies;
pub mod stc;

pub(crate) fn routes(r: &mut Routes) {
    domains::routes(r);
    indirect::routes(r);
    lifecycle::routes(r);
    login::routes(r);
    objects::routes(r);
    policies::routes(r);
    stc::routes(r);
}
