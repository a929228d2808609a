//! Software packages: `/api/lunasa/packages`, `/api/lunasa/packageFiles`.

use super::route::Routes;
use super::state::{Area, Visit};

/// What is kept of this area.
#[derive(Debug, Default)]
pub struct Packages {}

impl Area for Packages {
    fn fields(&mut self, _visit: Visit<'_>) {}
}

pub(super) fn routes(_r: &mut Routes) {}
