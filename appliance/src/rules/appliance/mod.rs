//! The appliance as a whole: services, packages, power, re-imaging, tasks, and what only the emulator offers.

use crate::request::route::Routes;

pub mod emulator;
pub mod overview;
pub mod packages;
pub mod power;
pub mod reimage;
pub mod services;
pub mod tasks;

pub(crate) fn routes(r: &mut Routes) {
    emulator::routes(r);
    overview::routes(r);
    packages::routes(r);
    power::routes(r);
    reimage::routes(r);
    services::routes(r);
    tasks::routes(r);
}
