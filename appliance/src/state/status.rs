//! When the appliance started.

use time::OffsetDateTime;

use crate::core::table::Cell;
use crate::state::area::{Area, FieldVisitor, Setup};

/// How long an appliance takes to start, in seconds: it is up that long when it first answers.
pub const START: i64 = 90;

/// What is kept of this area.
#[derive(Debug, Default)]
pub struct Status {
    /// When the appliance started, in seconds since 1970.
    pub booted: Cell<i64>,
}

impl Area for Status {
    fn fields(&mut self, visit: FieldVisitor<'_>) {
        visit("status/booted", &mut self.booted);
    }

    fn factory(&mut self, setup: &mut Setup<'_>) {
        self.reboot(setup.now);
    }
}

impl Status {
    /// When the appliance started, in seconds since 1970.
    pub fn booted(&self) -> i64 {
        *self.booted.get()
    }

    /// The appliance has started anew, and answers at `now`.
    pub fn reboot(&mut self, now: OffsetDateTime) {
        self.booted.set(now.unix_timestamp() - START);
    }

    /// The clock was set, by so many seconds: the appliance is up as long as before.
    pub fn clock_set(&mut self, by: i64) {
        let booted = self.booted.get_mut();
        *booted = booted.saturating_add(by);
    }
}
