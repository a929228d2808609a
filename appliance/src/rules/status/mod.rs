//! What the appliance measures of itself: load, memory, disk, sensors, sockets.

use crate::request::route::Routes;

pub mod figures;
pub mod machine;
pub mod sensors;
pub mod smart;

pub(crate) fn routes(r: &mut Routes) {
    figures::routes(r);
}
