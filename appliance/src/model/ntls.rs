//! Clients and their links: `/api/lunasa/ntls`.

use super::route::Routes;
use super::state::{Area, Visit};

/// What is kept of this area.
#[derive(Debug, Default)]
pub struct Ntls {}

impl Area for Ntls {
    fn fields(&mut self, _visit: Visit<'_>) {}
}

pub(super) fn routes(_r: &mut Routes) {}
