//! Services: `/api/lunasa/services`.

use super::route::Routes;
use super::state::{Area, Visit};

/// What is kept of this area.
#[derive(Debug, Default)]
pub struct Services {}

impl Area for Services {
    fn fields(&mut self, _visit: Visit<'_>) {}
}

pub(super) fn routes(_r: &mut Routes) {}
