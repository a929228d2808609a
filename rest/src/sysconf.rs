//! Settings: time, NTP, SSH, web server, configuration backups.

use crate::call::Method;

/// Every resource of this area.
pub const ALL: &[(Method, &str)] = &[];
