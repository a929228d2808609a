//! The times that the appliance's clock can show.
//!
//! All of the appliance's times are among them, so that arithmetic with days and hours never leaves
//! what a date can be.

use time::OffsetDateTime;
use time::macros::datetime;

/// The first one.
pub const EARLIEST: OffsetDateTime = datetime!(1970-01-01 00:00:00 UTC);
/// The last one. Assumed, as the first.
pub const LATEST: OffsetDateTime = datetime!(2099-12-31 23:59:59 UTC);

/// Whether the clock can show a time.
pub fn holds(time: OffsetDateTime) -> bool {
    (EARLIEST..=LATEST).contains(&time)
}

/// The time that the clock shows for one that may be out of its range.
pub fn nearest(time: OffsetDateTime) -> OffsetDateTime {
    time.clamp(EARLIEST, LATEST)
}
