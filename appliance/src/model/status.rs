//! Measured values: processor, memory, disk, sensors.

use super::route::Routes;
use super::state::{Area, Visit};

/// What is kept of this area.
#[derive(Debug, Default)]
pub struct Status {}

impl Area for Status {
    fn fields(&mut self, _visit: Visit<'_>) {}
}

pub(super) fn routes(_r: &mut Routes) {}
