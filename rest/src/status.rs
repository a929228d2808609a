//! Measured values: processor, memory, disk, sensors.

use crate::call::Method;

/// Every resource of this area.
pub const ALL: &[(Method, &str)] = &[];
