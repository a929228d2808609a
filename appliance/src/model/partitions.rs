//! Application partitions: `/api/lunasa/hsms/{hsmid}/partitions`.

use super::route::Routes;
use super::state::{Area, Visit};

/// What is kept of this area.
#[derive(Debug, Default)]
pub struct Partitions {}

impl Area for Partitions {
    fn fields(&mut self, _visit: Visit<'_>) {}
}

pub(super) fn routes(_r: &mut Routes) {}
