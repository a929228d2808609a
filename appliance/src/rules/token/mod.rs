//! Backup HSMs at the USB ports, and the backups on them.

use crate::request::route::Routes;

pub mod backups;
pub mod devices;

pub(crate) fn routes(r: &mut Routes) {
    backups::routes(r);
    devices::routes(r);
}
