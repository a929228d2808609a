//! The HSM: its life, logins, policies, actions, parts, and what only LunaSH does with it.

use crate::request::route::Routes;

pub mod access;
pub mod actions;
pub mod certificate;
pub mod lifecycle;
pub mod login;
pub mod lunash;
pub mod parts;
pub mod policies;

pub(crate) fn routes(r: &mut Routes) {
    actions::routes(r);
    certificate::routes(r);
    lifecycle::routes(r);
    login::routes(r);
    lunash::routes(r);
    parts::routes(r);
    policies::routes(r);
}
