//! Settings: time, NTP, SSH, web server, configuration backups.

use super::route::Routes;
use super::state::{Area, Visit};

/// What is kept of this area.
#[derive(Debug, Default)]
pub struct Sysconf {}

impl Area for Sysconf {
    fn fields(&mut self, _visit: Visit<'_>) {}
}

pub(super) fn routes(_r: &mut Routes) {}
